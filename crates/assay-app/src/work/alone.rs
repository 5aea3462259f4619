//! Who speaks on a pull request, one at a time: whoever lists what stands there and
//! then says what is missing must not be passed by another who does the same.

use assay_store::{Claim, Page, Task, TaskFilter, TaskState};
use serde::Deserialize;

use super::Worker;
use super::trouble::{Later, Trouble};

/// So many tasks of the kind are looked at in one go.
const OTHERS_PAGE: u32 = 100;
/// Who steps aside comes back after so long, or up to three times that.
const ASIDE_MS: i64 = 500;

/// What the payload of every task has that speaks on a pull request.
#[derive(Deserialize)]
struct OnPull {
    repository: String,
    number: u64,
}

impl Worker {
    /// Steps aside while another task of the kind speaks on the same pull request:
    /// what one has under way the other cannot see, and would say again.
    ///
    /// Invariant: both tasks are claimed before either looks, so of two at least one
    /// sees the other. When both do, both step aside, for different times.
    pub(super) async fn stand_alone(&self, claim: &Claim, of: (&str, u64)) -> Result<(), Trouble> {
        self.stand_aside(claim, &claim.kind, of).await
    }

    /// Steps aside as [`Worker::stand_alone`] does, for tasks of a kind. Of two kinds each
    /// has to step aside for the other.
    pub(super) async fn stand_aside(
        &self,
        claim: &Claim,
        kind: &str,
        (repository, number): (&str, u64),
    ) -> Result<(), Trouble> {
        let filter = TaskFilter {
            state: Some(TaskState::Leased),
            kind: Some(kind.to_owned()),
            is_platform: false,
        };
        let mut page = Page::first(OTHERS_PAGE);
        // Not a connection for reading: a replica may not know yet who else is there.
        let mut tx = self.0.app.store().begin().await?;
        loop {
            let others = tx.task_list(&self.0.scope, &filter, page).await?;
            let is_other = |other: &Task| {
                other.id != claim.lease.task
                    && serde_json::from_str::<OnPull>(&other.payload)
                        .is_ok_and(|other| other.repository == repository && other.number == number)
            };
            if others.iter().any(is_other) {
                let mut byte = [0];
                self.0.app.store().randomness().fill(&mut byte);
                let after_ms = ASIDE_MS + ASIDE_MS * i64::from(byte[0]) / 128;
                return Err(Trouble {
                    retry: Later::Aside(after_ms),
                    ..Trouble::broken("another speaks on the same pull request")
                });
            }
            match others.last() {
                Some(last) if others.len() >= OTHERS_PAGE as usize => {
                    page.after = Some(last.id);
                }
                _ => return Ok(()),
            }
        }
    }
}
