//! The command `fix`: a patch of all fixes that were applied to what a pull request
//! introduced, parsed and analysed again, as an answer that anybody can apply.

use assay_auth::Scope;
use assay_store::{Claim, Priority, Tx};
use serde::{Deserialize, Serialize};

use super::Worker;
use super::answer::AnswerComment;
use super::trouble::Trouble;
use crate::job::Job;
use crate::review_process::ReviewOrder;

/// Characters of a patch that fit into a comment.
const PATCH_CHARS_MAX: usize = 50_000;

/// Answers with what mends a pull request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MendPull {
    /// The repository.
    pub repository: String,
    /// The number of the pull request.
    pub number: u64,
    /// Where the answer goes.
    pub thread: Option<String>,
    /// What it answers.
    pub key: String,
    /// Fixes of this rule alone.
    pub rule: Option<String>,
}

impl Job for MendPull {
    const KIND: &'static str = "mend_pull";
    const VERSION: i64 = 1;
    const CAPABILITY: &'static str = "review";
    const PRIORITY: Priority = Priority::High;
    const ATTEMPTS_MAX: i64 = 3;
    const DEADLINE_MS: i64 = 15 * 60_000;
}

impl Worker {
    pub(super) async fn mend_pull(&self, claim: &Claim) -> Result<(), Trouble> {
        let job = MendPull::read(&claim.payload, claim.payload_version)?;
        let organisation = claim.organisation;
        let organisation = organisation.ok_or_else(|| Trouble::broken("the wish is nobody's"))?;
        let of = (job.repository.as_str(), job.number);
        self.stand_alone(claim, of).await?;
        let (reached, repository) = self
            .reach(organisation, &job.repository, job.number)
            .await?;
        let pull = reached.client.pull(&reached.id).await?;
        let fetched = self
            .fetch(&reached, repository.id, &pull, &pull.head)
            .await?;
        let order = ReviewOrder {
            repository: &fetched.folder,
            base: &fetched.base,
            head: &fetched.head,
            rejected: &[],
            without: &[],
            imports: &[],
        };
        let patch = self.0.tools.process.mend(order, job.rule.as_deref());
        let text = answer(&String::from_utf8_lossy(&patch.await?), &fetched.head);
        let (client, id) = (&reached.client, &reached.id);
        client
            .answer(id, job.thread.as_deref(), &job.key, &text)
            .await?;
        self.complete(claim, None).await
    }
}

fn answer(patch: &str, head: &str) -> String {
    let commit: String = head.chars().take(7).collect();
    if patch.trim().is_empty() {
        return format!(
            "Nothing that {commit} introduces has a fix that holds: one is offered only when the \
             mended code was parsed and analysed again."
        );
    }
    if patch.chars().count() > PATCH_CHARS_MAX {
        return format!(
            "The fixes for {commit} are too long for a comment. `assay fix --apply` writes them \
             into a working tree."
        );
    }
    let longest = patch.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat((longest + 1).max(3));
    let files = patch
        .lines()
        .filter(|line| line.starts_with("+++ "))
        .count();
    let files = match files {
        1 => "1 file".to_owned(),
        count => format!("{count} files"),
    };
    format!(
        "Fixes for {commit} in {files}; each was applied, parsed and analysed again. Save the \
         patch and run `git apply`.\n\n{fence}diff\n{}\n{fence}",
        patch.trim_end()
    )
}

pub(super) async fn give_up(
    tx: &mut Tx,
    scope: &Scope,
    claim: &Claim,
    trouble: &Trouble,
) -> Result<(), assay_store::Error> {
    let Ok(job) = MendPull::read(&claim.payload, claim.payload_version) else {
        return Ok(());
    };
    let why = trouble.public.as_deref().map_or_else(String::new, |why| {
        format!("\n\n```text\n{}\n```", why.replace("```", "'''"))
    });
    let answer = AnswerComment {
        repository: job.repository,
        number: job.number,
        thread: job.thread,
        key: job.key,
        text: format!("The fixes could not be worked out.{why}"),
    };
    if let (Ok(task), Some(organisation)) = (answer.task(), claim.organisation)
        && let Ok(scope) = scope.within(organisation)
    {
        tx.task_enqueue(&scope, &task).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{PATCH_CHARS_MAX, answer};

    #[test]
    fn a_patch_cannot_end_its_block() {
        let head = "0123456789".repeat(4);
        for (patch, expected) in [
            ("", "Nothing that 0123456 introduces"),
            ("--- a/x\n+++ b/x\n+```\n", "\n\n````diff\n--- a/x"),
            ("--- a/x\n+++ b/x\n+x\n", "in 1 file;"),
            (&"x".repeat(PATCH_CHARS_MAX + 1), "too long for a comment"),
        ] {
            let text = answer(patch, &head);
            assert!(text.contains(expected), "{text}");
        }
    }
}
