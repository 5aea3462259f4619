//! The dataflow engine: where what a stranger sends ends up.
//!
//! A file is lowered ([`lower`]) to an intermediate representation ([`ir`]);
//! after that nothing knows a language.
#![expect(
    dead_code,
    reason = "the intermediate representation holds what lowerers of further languages need"
)]

mod builder;
mod ir;
mod lower;
mod model;
#[cfg(test)]
mod print;
