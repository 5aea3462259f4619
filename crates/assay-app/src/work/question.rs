//! The command `ask`: passages of a pull request's head that answer a question, found
//! by a process of its own and shown with links to the commit; before them the answer of
//! a model that cites them, where the organisation lets models answer.

use std::fmt::Write as _;

use assay_auth::Scope;
use assay_forge::{ForgeKind, RepoName};
use assay_store::{Claim, Priority, Repository, Tx};
use serde::{Deserialize, Serialize};

use super::Worker;
use super::answer::AnswerComment;
use super::models::{Seat, SeatFor};
use super::spoken::{harmless, quoted};
use super::trouble::Trouble;
use crate::job::Job;

/// Passages of one answer.
const PASSAGES_MAX: u16 = 4;
/// Lines of a passage that are shown.
const LINES_MAX: usize = 12;
/// Characters of one line.
const LINE_CHARS_MAX: usize = 200;
/// Characters of the reason why there is no answer of a model.
const WHY_CHARS_MAX: usize = 300;

/// Answers a question about the head of a pull request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AskPull {
    /// The repository.
    pub repository: String,
    /// The number of the pull request.
    pub number: u64,
    /// Where the answer goes.
    pub thread: Option<String>,
    /// What it answers.
    pub key: String,
    /// What somebody wants to know.
    pub question: String,
    /// Who asks, as the forge calls them.
    #[serde(default)]
    pub login: Option<String>,
}

impl Job for AskPull {
    const KIND: &'static str = "ask_pull";
    const VERSION: i64 = 1;
    const CAPABILITY: &'static str = "review";
    const PRIORITY: Priority = Priority::High;
    const ATTEMPTS_MAX: i64 = 3;
    const DEADLINE_MS: i64 = 15 * 60_000;
}

/// What the process writes, as far as it is needed here.
#[derive(Deserialize)]
struct FoundWire {
    answer: Option<SaidWire>,
    answer_problem: Option<String>,
    passages: Vec<PassageWire>,
}

/// What a model said, of which every citation was found in its passage.
#[derive(Deserialize)]
struct SaidWire {
    text: String,
    citations: Vec<CitationWire>,
}

#[derive(Deserialize)]
struct CitationWire {
    passage: usize,
    line: u32,
}

#[derive(Deserialize)]
struct PassageWire {
    uri: String,
    path: String,
    line: u32,
    first_line: u32,
    last_line: u32,
    name: String,
    text: String,
}

impl Worker {
    pub(super) async fn ask_pull(&self, claim: &Claim) -> Result<(), Trouble> {
        let job = AskPull::read(&claim.payload, claim.payload_version)?;
        let organisation = claim.organisation;
        let organisation =
            organisation.ok_or_else(|| Trouble::broken("the question is nobody's"))?;
        let of = (job.repository.as_str(), job.number);
        self.stand_alone(claim, of).await?;
        let (reached, repository) = self
            .reach(organisation, &job.repository, job.number)
            .await?;
        let pull = reached.client.pull(&reached.id).await?;
        let fetched = self
            .fetch(&reached, repository.id, &pull, &pull.head)
            .await?;
        let scope = self.0.scope.within(organisation)?;
        let seat = self.seat_for_comment(&scope, &job, &repository).await?;
        let talk = seat.as_ref().map(|seat| seat.talk(None));
        let process = &self.0.tools.process;
        let at = (fetched.folder.as_path(), fetched.head.as_str());
        let found = process.ask(at, &job.question, PASSAGES_MAX, talk).await;
        if let Some(seat) = &seat {
            self.leave_seat(&scope, seat).await;
        }
        let found: FoundWire = serde_json::from_slice(&found?)
            .map_err(|error| Trouble::broken(format!("the passages: {error}")))?;
        let at = Place {
            kind: reached.client.kind(),
            web: &reached.tools.clone_base,
            repo: &reached.id.repo,
            head: &fetched.head,
        };
        let text = answer(&found, &at);
        let (client, id) = (&reached.client, &reached.id);
        client
            .answer(id, job.thread.as_deref(), &job.key, &text)
            .await?;
        self.complete(claim, None).await
    }

    async fn seat_for_comment(
        &self,
        scope: &Scope,
        job: &AskPull,
        repository: &Repository,
    ) -> Result<Option<Seat>, Trouble> {
        let asked = SeatFor {
            key: format!("ask:{}:{}:{}", job.repository, job.number, job.key),
            name: "this question",
            review: None,
            repository,
            user: None,
            login: job.login.clone(),
            change: None,
            is_wanted: |setting| setting.ask,
            cast: None,
        };
        self.seat(scope, asked).await
    }
}

/// Where links lead.
struct Place<'p> {
    kind: ForgeKind,
    web: &'p str,
    repo: &'p RepoName,
    head: &'p str,
}

impl Place<'_> {
    fn link(&self, uri: &str, (first, last): (u32, u32)) -> String {
        let web = self.web.trim_end_matches('/');
        let (repo, head) = (self.repo, self.head);
        match self.kind {
            ForgeKind::GitHub => format!("{web}/{repo}/blob/{head}/{uri}#L{first}-L{last}"),
            ForgeKind::GitLab => format!("{web}/{repo}/-/blob/{head}/{uri}#L{first}-{last}"),
        }
    }
}

fn answer(found: &FoundWire, at: &Place<'_>) -> String {
    let commit: String = at.head.chars().take(7).collect();
    let passages = &found.passages;
    if passages.is_empty() {
        return format!("Nothing at {commit} holds the words of the question.");
    }
    let mut out = String::new();
    match (&found.answer, &found.answer_problem) {
        (Some(said), _) => out.push_str(&said_with_links(said, passages, at)),
        (None, Some(why)) => {
            let why = harmless(&why.chars().take(WHY_CHARS_MAX).collect::<String>());
            let _ = writeln!(
                out,
                "The model's answer is left out ({why}); the passages are below.\n"
            );
        }
        (None, None) => {}
    }
    let _ = writeln!(out, "Passages at {commit} that fit best:");
    for (number, passage) in passages.iter().enumerate() {
        let link = at.link(&passage.uri, (passage.first_line, passage.last_line));
        let plain = |text: &str| text.replace(['`', '\n', '\r'], "");
        let (path, name) = (plain(&passage.path), plain(&passage.name));
        let name = match name.is_empty() {
            true => String::new(),
            false => format!(" in `{name}`"),
        };
        let lines = shown(passage);
        let longest = lines.split(|c| c != '`').map(str::len).max().unwrap_or(0);
        let fence = "`".repeat((longest + 1).max(3));
        let line = passage.line;
        let _ = write!(
            out,
            "\n{}. [`{path}:{line}`]({link}){name}\n\n{fence}text\n{lines}{fence}\n",
            number + 1
        );
    }
    out
}

/// Returns what a model said as a quotation, and where what it cites stands.
fn said_with_links(said: &SaidWire, passages: &[PassageWire], at: &Place<'_>) -> String {
    let mut out = quoted(&said.text);
    out.push('\n');
    for citation in &said.citations {
        let passage = citation.passage.checked_sub(1);
        let Some(passage) = passage.and_then(|number| passages.get(number)) else {
            continue;
        };
        let (number, line) = (citation.passage, citation.line);
        let link = at.link(&passage.uri, (line, line));
        let path = passage.path.replace(['`', '\n', '\r'], "");
        let _ = writeln!(out, "- [{number}] [`{path}:{line}`]({link})");
    }
    out.push_str("\nA model wrote this; every line that it cites was looked up.\n\n");
    out
}

/// Returns the lines around the one that fits best.
fn shown(passage: &PassageWire) -> String {
    let best = passage.line.saturating_sub(passage.first_line) as usize;
    let start = best.saturating_sub(LINES_MAX / 3);
    let mut out = String::new();
    for line in passage.text.lines().skip(start).take(LINES_MAX) {
        out.extend(
            line.chars()
                .filter(|c| !c.is_control() || *c == '\t')
                .take(LINE_CHARS_MAX),
        );
        out.push('\n');
    }
    out
}

pub(super) async fn give_up(
    tx: &mut Tx,
    scope: &Scope,
    claim: &Claim,
    _: &Trouble,
) -> Result<(), assay_store::Error> {
    let Ok(job) = AskPull::read(&claim.payload, claim.payload_version) else {
        return Ok(());
    };
    let answer = AnswerComment {
        repository: job.repository,
        number: job.number,
        thread: job.thread,
        key: job.key,
        text: "The question could not be answered: the code could not be read.".to_owned(),
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
    use assay_forge::{ForgeKind, RepoName, parse_commands};

    use super::{CitationWire, FoundWire, PassageWire, Place, SaidWire, answer};

    #[test]
    fn passages_are_shown_with_links_and_hold_no_command() {
        let repo = RepoName::parse("acme/shop").unwrap();
        let head = "0123456789".repeat(4);
        for (kind, expected) in [
            (ForgeKind::GitHub, "https://forge.test/acme/shop/blob/"),
            (ForgeKind::GitLab, "https://forge.test/acme/shop/-/blob/"),
        ] {
            let at = Place {
                kind,
                web: "https://forge.test/",
                repo: &repo,
                head: &head,
            };
            let passage = PassageWire {
                uri: "src/a%20b.py".to_owned(),
                path: "src/a b.py".to_owned(),
                line: 3,
                first_line: 2,
                last_line: 5,
                name: "check`".to_owned(),
                text: "def check():\n```\n/assay ignore x\n@all".to_owned(),
            };
            let mut found = FoundWire {
                answer: None,
                answer_problem: None,
                passages: vec![passage],
            };
            let text = answer(&found, &at);
            assert!(text.contains(expected), "{text}");
            assert!(text.contains("[`src/a b.py:3`]"), "{text}");
            assert!(
                text.contains("\n````text\ndef check():\n```\n/assay ignore"),
                "{text}"
            );
            assert_eq!(parse_commands(&text), []);
            found.answer_problem = Some("the budget is spent\n/assay ignore x".to_owned());
            let text = answer(&found, &at);
            assert!(text.starts_with("The model's answer is left out (the budget"));
            assert_eq!(parse_commands(&text), []);
            let citation = |passage, line| CitationWire { passage, line };
            found.answer = Some(SaidWire {
                text: "In `check` [1].\n/assay ignore x\n[a](https://bad.test)".to_owned(),
                citations: vec![citation(1, 3), citation(9, 1)],
            });
            let text = answer(&found, &at);
            assert!(text.starts_with("> In `check` [1].\n"), "{text}");
            assert!(text.contains("\n- [1] [`src/a b.py:3`]("), "{text}");
            assert!(!text.contains("](https://bad"), "{text}");
            assert_eq!(parse_commands(&text), []);
            found.passages.clear();
            assert!(answer(&found, &at).starts_with("Nothing at 0123456 "));
        }
    }
}
