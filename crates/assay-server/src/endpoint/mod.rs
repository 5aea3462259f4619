//! The endpoints, one file for each thing that they are about: wire types, handler,
//! documentation. How to add one is in `docs/dev/add-an-endpoint.md`.

pub(crate) mod ask;
pub(crate) mod audit;
pub(crate) mod discussion;
pub(crate) mod events;
pub(crate) mod experiment;
pub(crate) mod finding;
pub(crate) mod health;
pub(crate) mod key;
pub(crate) mod knowledge;
pub(crate) mod live;
pub(crate) mod login;
pub(crate) mod metrics;
pub(crate) mod model;
pub(crate) mod organisation;
pub(crate) mod outgoing;
pub(crate) mod prompt;
pub(crate) mod repository;
pub(crate) mod review;
pub(crate) mod review_talk;
pub(crate) mod rule;
pub(crate) mod scan;
pub(crate) mod session;
pub(crate) mod setting;
pub(crate) mod task;
pub(crate) mod team;
pub(crate) mod team_activity;
pub(crate) mod token;
pub(crate) mod user;
pub(crate) mod webhook;
