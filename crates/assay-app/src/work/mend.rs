//! The command `fix`: a patch of all fixes that were applied to what a pull request
//! introduced, parsed and analysed again, as an answer that anybody can apply. Where the
//! organisation lets models write fixes, they do for what has none.

use std::fmt::Write as _;

use assay_auth::Scope;
use assay_store::{Claim, Priority, Repository, Tx};
use serde::{Deserialize, Serialize};

use super::Worker;
use super::answer::AnswerComment;
use super::models::{Seat, SeatFor};
use super::spoken::harmless;
use super::trouble::Trouble;
use crate::fix_outcome::FixOutcome;
use crate::job::Job;
use crate::review_process::ReviewOrder;

/// Characters of a patch that fit into a comment.
const PATCH_CHARS_MAX: usize = 50_000;
/// Findings that are spoken of one by one.
const LINES_MAX: usize = 20;
/// Characters of a reason.
const WHY_CHARS_MAX: usize = 300;

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
    /// Who asks, as the forge calls them.
    #[serde(default)]
    pub login: Option<String>,
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
        let scope = self.0.scope.within(organisation)?;
        let seat = self.seat_for_fixes(&scope, &job, &repository).await?;
        let talk = seat.as_ref().map(|seat| seat.talk(None));
        let process = &self.0.tools.process;
        let mended = process.mend(order, job.rule.as_deref(), talk).await;
        if let Some(seat) = &seat {
            self.leave_seat(&scope, seat).await;
        }
        let (patch, outcome) = mended?;
        let outcome = FixOutcome::read(&outcome)
            .map_err(|error| Trouble::broken(format!("what was mended: {error}")))?;
        let text = answer(&String::from_utf8_lossy(&patch), &outcome, &fetched.head);
        let (client, id) = (&reached.client, &reached.id);
        client
            .answer(id, job.thread.as_deref(), &job.key, &text)
            .await?;
        self.complete(claim, None).await
    }

    async fn seat_for_fixes(
        &self,
        scope: &Scope,
        job: &MendPull,
        repository: &Repository,
    ) -> Result<Option<Seat>, Trouble> {
        let asked = SeatFor {
            key: format!("fix:{}:{}:{}", job.repository, job.number, job.key),
            name: "these fixes",
            review: None,
            repository,
            user: None,
            login: job.login.clone(),
            change: None,
            is_wanted: |setting| setting.fix,
            cast: None,
        };
        self.seat(scope, asked).await
    }
}

fn answer(patch: &str, outcome: &FixOutcome, head: &str) -> String {
    let commit: String = head.chars().take(7).collect();
    let by_models = said_of_models(outcome);
    if patch.trim().is_empty() {
        return format!(
            "Nothing that {commit} introduces has a fix that holds: one is offered only when the \
             mended code was parsed and analysed again.{by_models}"
        );
    }
    if patch.chars().count() > PATCH_CHARS_MAX {
        return format!(
            "The fixes for {commit} are too long for a comment. `assay fix --apply` writes them \
             into a working tree.{by_models}"
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
         patch and run `git apply`.{by_models}\n\n{fence}diff\n{}\n{fence}",
        patch.trim_end()
    )
}

/// Returns what models mended and what they did not; empty when none was asked.
fn said_of_models(outcome: &FixOutcome) -> String {
    let mut out = String::new();
    let by_models = || outcome.mended.iter().filter(|one| one.by.is_some());
    // Writing to a string cannot fail.
    if by_models().next().is_some() {
        out.push_str("\n\nWritten by a model, so read them before you apply them:\n");
    }
    for one in by_models().take(LINES_MAX) {
        let by = one.by.as_deref().unwrap_or_default();
        let (title, checks) = (harmless(&one.title), &one.checks);
        let (place, rule) = (plain(&one.path), plain(&one.rule));
        let (line, by) = (one.line, plain(by));
        let _ = write!(
            out,
            "\n- `{place}:{line}` `{rule}`: {title} (`{by}`: {checks})"
        );
    }
    let is_asked = outcome.about.is_some();
    let left: Vec<_> = { outcome.left.iter() }
        .filter(|one| is_asked || one.path.is_none())
        .collect();
    if !left.is_empty() {
        out.push_str("\n\nNot mended:\n");
    }
    for one in left.iter().take(LINES_MAX) {
        let why = harmless(&one.why.chars().take(WHY_CHARS_MAX).collect::<String>());
        let _ = match (&one.path, one.line, &one.rule) {
            (Some(path), Some(line), Some(rule)) => {
                let (path, rule) = (plain(path), plain(rule));
                write!(out, "\n- `{path}:{line}` `{rule}`: {why}")
            }
            (Some(path), ..) => write!(out, "\n- `{}`: {why}", plain(path)),
            (None, ..) => write!(out, "\n- {why}"),
        };
    }
    if left.len() > LINES_MAX {
        let _ = write!(out, "\n- and {} more", left.len() - LINES_MAX);
    }
    out
}

/// Returns a text that cannot end its code span.
fn plain(text: &str) -> String {
    let is_plain = |c: &char| *c != '`' && !c.is_control();
    text.chars().filter(is_plain).collect()
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
    use assay_forge::parse_commands;

    use super::{PATCH_CHARS_MAX, answer};
    use crate::fix_outcome::{FixOutcome, FixedLine, UnfixedLine};

    #[test]
    fn a_patch_cannot_end_its_block() {
        let head = "0123456789".repeat(4);
        for (patch, expected) in [
            ("", "Nothing that 0123456 introduces"),
            ("--- a/x\n+++ b/x\n+```\n", "\n\n````diff\n--- a/x"),
            ("--- a/x\n+++ b/x\n+x\n", "in 1 file;"),
            (&"x".repeat(PATCH_CHARS_MAX + 1), "too long for a comment"),
        ] {
            let text = answer(patch, &FixOutcome::default(), &head);
            assert!(text.contains(expected), "{text}");
        }
    }

    #[test]
    fn what_models_did_is_told_and_acts_nowhere() {
        let mut outcome = FixOutcome::default();
        outcome.about = Some("mine/m-1".to_owned());
        outcome.mended.push(FixedLine {
            path: "a`.py".to_owned(),
            line: 3,
            rule: "smell/x".to_owned(),
            title: "Mend it @all ![x](https://bad.test)".to_owned(),
            by: Some("mine/m-1".to_owned()),
            attempts: 2,
            checks: "applies, parses".to_owned(),
        });
        outcome.left.push(UnfixedLine {
            path: Some("b.py".to_owned()),
            line: Some(7),
            rule: Some("smell/y".to_owned()),
            why: "refused\n/assay ignore smell/y".to_owned(),
        });
        let text = answer("--- a/x\n+++ b/x\n+x\n", &outcome, "0123456");
        assert!(text.contains("\n- `a.py:3` `smell/x`: Mend it"), "{text}");
        assert!(text.contains("\n- `b.py:7` `smell/y`: refused"), "{text}");
        for acting in ["@all", "![x", "](https", "\n/assay"] {
            assert!(!text.contains(acting), "{acting}: {text}");
        }
        assert_eq!(parse_commands(&text), []);
        assert!(answer("", &outcome, "0123456").contains("Not mended:"));
    }
}
