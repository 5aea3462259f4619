//! How far the posting of a review is: the same on every forge.

use std::collections::{BTreeSet, HashSet};

use assay_finding::Fingerprint;

use crate::error::ForgeError;
use crate::world::World;

use super::marker::SAID_MAX;
use super::plan::{Plan, PlanRules, Posted, plan};
use super::talk::{SETTLE_MS, UNCLEAR_MAX};
use super::{Dialect, PostRequest, Posting};

/// Problems that are reported.
const PROBLEMS_MAX: usize = 20;

/// What was done so far in one call.
pub(crate) struct Progress<'a> {
    pub(crate) request: &'a PostRequest<'a>,
    pub(crate) dialect: Dialect,
    /// What the forge refused although it looked right.
    pub(crate) refused: HashSet<Fingerprint>,
    /// What had a comment before.
    pub(crate) said: HashSet<Fingerprint>,
    pub(crate) posting: Posting,
    unclear: usize,
}

impl<'a> Progress<'a> {
    pub(crate) fn new(request: &'a PostRequest<'a>, dialect: Dialect) -> Self {
        Self {
            request,
            dialect,
            refused: HashSet::new(),
            said: request.said.remarks.clone(),
            posting: Posting::default(),
            unclear: 0,
        }
    }

    /// Returns what is left to do when this stands there.
    pub(crate) fn plan(&self, posted: &[Posted]) -> Plan {
        let rules = PlanRules {
            anchors: self.request.anchors,
            unexamined: &self.request.unexamined,
            inline_max: self.request.rules.inline_max,
            dialect: self.dialect,
            refused: &self.refused,
            said: &self.said,
        };
        plan(self.request.remarks, posted, &rules)
    }

    /// Returns what a summary is to name as said, in an order that does not change: what
    /// stands there, and what did before as far as there is room.
    pub(crate) fn said_by_now(&self) -> Vec<Fingerprint> {
        if !self.request.said.is_on_forge {
            return Vec::new();
        }
        let inline = self.posting.inline.iter().map(|one| one.fingerprint);
        let standing: BTreeSet<Fingerprint> = inline.collect();
        let before = self.said.iter().filter(|one| !standing.contains(one));
        let mut before: Vec<Fingerprint> = before.copied().collect();
        before.sort_unstable();
        let all = standing.into_iter().chain(before);
        let mut said: Vec<Fingerprint> = all.take(SAID_MAX).collect();
        said.sort_unstable();
        said
    }

    pub(crate) fn problem(&mut self, what: impl Into<String>) {
        if self.posting.problems.len() < PROBLEMS_MAX {
            self.posting.problems.push(what.into());
        }
    }

    /// Waits until what may have been made is listed, or gives up.
    pub(crate) async fn unclear(
        &mut self,
        error: ForgeError,
        world: &World,
    ) -> Result<(), ForgeError> {
        self.unclear += 1;
        if self.unclear > UNCLEAR_MAX {
            return Err(error);
        }
        world.sleeper.sleep(SETTLE_MS).await;
        Ok(())
    }
}
