//! Commands in comments: who may give them, what they change, and what is answered.
//! What has to be asked of the forge is asked first; the changes are then made in
//! the transaction that ends the delivery, with the answer queued in the same one.

use assay_auth::Scope;
use assay_forge::{
    COMMANDS, Command, CommentEvent, PullId, RepositoryRef, Verb, is_ours, parse_commands,
};
use assay_rules::rule_by_id;
use assay_store::{Finding, RepositoryId, Tx, Verdict};
use serde_json::json;

use super::Worker;
use super::answer::AnswerComment;
use super::forge::{ForgeClient, Pull};
use super::ignored;
use super::mend::MendPull;
use super::pull_request::{Asked, ask};
use super::question::AskPull;
use super::remembered::{self, On, Opinion, number_of};
use super::trouble::Trouble;
use crate::app::{App, audit};
use crate::job::Job as _;

/// A shorter beginning of a fingerprint means nothing.
const FINGERPRINT_CHARS_MIN: usize = 8;

/// The commands of one comment.
pub(super) struct Orders {
    number: u64,
    comment: u64,
    /// Where it stands, as the forge calls it; none is the conversation.
    thread: Option<String>,
    actor: String,
    pull: Pull,
    /// The commands, and whether they may be given.
    commands: Vec<(Command, bool)>,
}

/// What a command is about.
enum Meant {
    Rule(String),
    Finding(Box<Finding>),
}

impl Worker {
    /// Reads the commands of a comment and asks the forge who gives them.
    pub(super) async fn orders(
        &self,
        client: &ForgeClient,
        read: &assay_forge::Delivery,
        repository: &RepositoryRef,
        comment: &CommentEvent,
    ) -> Result<Option<Orders>, Trouble> {
        let commands = parse_commands(&comment.body);
        // A program's word is no command, least of all our own.
        if commands.is_empty() || read.is_from_bot() || is_ours(&comment.body) {
            return Ok(None);
        }
        let Some(sender) = &read.sender else {
            return Ok(None);
        };
        if read.is_from(&client.name().await?) {
            return Ok(None);
        }
        let id = PullId {
            repo: repository.name.clone(),
            number: comment.number,
        };
        let pull = client.pull(&id).await?;
        let is_author = pull.author.as_ref() == Some(&sender.login);
        let permission = client.permission_of(&id.repo, sender).await?;
        let commands = commands.into_iter().map(|command| {
            let verb = command.verb;
            let may = verb.is_some_and(|verb| verb.is_allowed(permission, is_author));
            (command, may)
        });
        let thread = comment.discussion.clone().or_else(|| {
            let first = comment.in_reply_to.unwrap_or(comment.comment);
            comment.place.as_ref().map(|_| first.to_string())
        });
        Ok(Some(Orders {
            number: comment.number,
            comment: comment.comment,
            thread,
            actor: sender.login.clone(),
            commands: commands.collect(),
            pull,
        }))
    }
}

impl Orders {
    /// Does what is asked, and queues the answer.
    pub(super) async fn follow(
        &self,
        app: &App,
        tx: &mut Tx,
        scope: &Scope,
        repository: RepositoryId,
    ) -> Result<(), Trouble> {
        let on = (repository, self.number);
        let (mut said, mut refused, mut unknown) = (Vec::new(), Vec::new(), Vec::new());
        let mut is_queued = false;
        for (index, (command, may)) in self.commands.iter().enumerate() {
            match command.verb {
                None => unknown.push(format!("`{}`", command.word.replace('`', ""))),
                Some(verb) if !may => refused.push(format!("`{}`", verb.rule().word)),
                Some(Verb::Fix) => {
                    let key = format!("{}-{index}", self.comment);
                    self.mend(tx, scope, on, command, key, &mut said).await?;
                    is_queued = true;
                }
                Some(Verb::Ask) if !command.argument.trim().is_empty() => {
                    let job = AskPull {
                        repository: on.0.to_string(),
                        number: on.1,
                        thread: self.thread.clone(),
                        key: format!("{}-{index}", self.comment),
                        question: command.argument.clone(),
                        login: Some(self.actor.clone()),
                    };
                    tx.task_enqueue(scope, &job.task()?).await?;
                    is_queued = true;
                }
                Some(verb) => said.push(self.one((app, &mut *tx, scope), on, verb, command).await?),
            }
        }
        // What is not understood or not allowed is said once on a pull request.
        let key = match (said.is_empty(), refused.is_empty()) {
            (false, _) => self.comment.to_string(),
            (true, false) => format!("refused-{}", self.actor),
            (true, true) => "unknown".to_owned(),
        };
        if !refused.is_empty() {
            let words = refused.join(", ");
            let actor = &self.actor;
            said.push(format!("{words}: {actor} may not do that here."));
        }
        if !unknown.is_empty() && said.is_empty() && !is_queued {
            let words = unknown.join(", ");
            said.push(format!("There is no command {words}.\n\n{}", help()));
        }
        if said.is_empty() {
            return Ok(());
        }
        let answer = AnswerComment {
            repository: repository.to_string(),
            number: self.number,
            thread: self.thread.clone(),
            key,
            text: said.join("\n\n"),
        };
        answer.queue(tx, scope).await
    }

    /// Does what one command asks; returns what is answered.
    async fn one(
        &self,
        (app, tx, scope): (&App, &mut Tx, &Scope),
        on: On,
        verb: Verb,
        command: &Command,
    ) -> Result<String, Trouble> {
        Ok(match verb {
            Verb::Help => help(),
            Verb::Ask => {
                "Write the question behind the command: `/assay ask where is ...?`".to_owned()
            }
            Verb::Review => self.review((app, tx, scope), on).await?,
            Verb::Pause => {
                ignored::pause(tx, scope, on, true).await?;
                "Pushes to this pull request are not reviewed until `/assay resume`.".to_owned()
            }
            Verb::Resume => {
                ignored::pause(tx, scope, on, false).await?;
                self.review((app, tx, scope), on).await?
            }
            Verb::Explain => match self.meant(tx, scope, on, &command.argument).await? {
                Ok(meant) => explained(&meant),
                Err(why) => why,
            },
            Verb::Ignore => match self.meant(tx, scope, on, &command.argument).await? {
                Ok(meant) => {
                    let reason = command.reason.as_deref();
                    self.ignore((app, tx, scope), on, &meant, reason).await?
                }
                Err(why) => why,
            },
            Verb::Fix => String::new(),
        })
    }

    async fn review(
        &self,
        (app, tx, scope): (&App, &mut Tx, &Scope),
        on: On,
    ) -> Result<String, Trouble> {
        if !self.pull.is_open {
            return Ok("The pull request is closed, so it is not reviewed.".to_owned());
        }
        let revisions = (self.pull.base.as_str(), self.pull.head.as_str());
        let asked = ask(app, tx, scope, on.0, on.1, revisions, true).await?;
        let commit: String = self.pull.head.chars().take(7).collect();
        Ok(match asked {
            Asked::Known | Asked::Queued => format!("{commit} is being reviewed again."),
            Asked::Later(_) => {
                format!("{commit} is reviewed again when the organisation has quota again.")
            }
        })
    }

    async fn ignore(
        &self,
        (app, tx, scope): (&App, &mut Tx, &Scope),
        on: On,
        meant: &Meant,
        reason: Option<&str>,
    ) -> Result<String, Trouble> {
        let because = reason.map_or_else(String::new, |reason| format!(" ({reason})"));
        let details = json!({
            "pull_request": self.number,
            "by": self.actor,
            "reason": reason,
        });
        let said = match meant {
            Meant::Rule(rule) => {
                ignored::switch_off(tx, scope, on, rule).await?;
                audit(tx, scope, "rule.ignore", rule.clone(), details).await?;
                format!("`{rule}` is not spoken of on this pull request any more{because}.")
            }
            Meant::Finding(finding) => {
                let fingerprint = &finding.found.fingerprint;
                let opinion = Opinion {
                    verdict: Verdict::Rejected,
                    source: "command",
                    actor: &self.actor,
                    note: reason,
                };
                remembered::refuse(tx, scope, on, fingerprint, &opinion).await?;
                audit(tx, scope, "finding.ignore", fingerprint.clone(), details).await?;
                let rule = &finding.found.rule;
                format!(
                    "This finding of `{rule}` is not spoken of in this repository any more, also \
                     when its code moves{because}."
                )
            }
        };
        // The gate and the threads follow.
        if self.pull.is_open {
            self.review((app, tx, scope), on).await?;
        }
        Ok(said)
    }

    async fn mend(
        &self,
        tx: &mut Tx,
        scope: &Scope,
        on: On,
        command: &Command,
        key: String,
        said: &mut Vec<String>,
    ) -> Result<(), Trouble> {
        let rule = match command.argument.as_str() {
            "" if self.thread.is_none() => None,
            argument => match self.meant(tx, scope, on, argument).await? {
                Ok(Meant::Rule(rule)) => Some(rule),
                Ok(Meant::Finding(finding)) => Some(finding.found.rule),
                Err(why) => {
                    said.push(why);
                    return Ok(());
                }
            },
        };
        let job = MendPull {
            repository: on.0.to_string(),
            number: on.1,
            thread: self.thread.clone(),
            key,
            rule,
            login: Some(self.actor.clone()),
        };
        tx.task_enqueue(scope, &job.task()?).await?;
        Ok(())
    }

    /// Finds out what a command is about: the finding of the thread that it stands
    /// in, one by its fingerprint, or a rule. Returns what to answer when it is
    /// about nothing.
    async fn meant(
        &self,
        tx: &mut Tx,
        scope: &Scope,
        on: On,
        argument: &str,
    ) -> Result<Result<Meant, String>, Trouble> {
        let argument = argument.trim_matches('`');
        let fingerprint = if argument.is_empty() {
            let remark = match &self.thread {
                Some(thread) => remembered::of_place(tx, scope, on, thread).await?,
                None => None,
            };
            match remark {
                Some(remark) => remark.fingerprint,
                None => {
                    let why = "Say which finding or rule is meant, or write it below a remark.";
                    return Ok(Err(why.to_owned()));
                }
            }
        } else {
            argument.to_ascii_lowercase()
        };
        let is_hex = fingerprint.bytes().all(|byte| byte.is_ascii_hexdigit());
        if is_hex && fingerprint.len() >= FINGERPRINT_CHARS_MIN {
            let found = tx
                .finding_find(scope, on.0, number_of(on), &fingerprint)
                .await?;
            return Ok(match found {
                Some(found) => Ok(Meant::Finding(Box::new(found))),
                None => Err("There is no such finding on this pull request.".to_owned()),
            });
        }
        if rule_by_id(&fingerprint).is_some() {
            return Ok(Ok(Meant::Rule(fingerprint)));
        }
        let shown: String = argument.chars().filter(|c| *c != '`').take(80).collect();
        Ok(Err(format!("There is no finding or rule `{shown}`.")))
    }
}

/// Returns what can be asked for, so that no line of it is a command itself.
fn help() -> String {
    let mut text = "| command | |\n| --- | --- |\n".to_owned();
    for rule in &COMMANDS {
        let argument = match rule.argument {
            "" => String::new(),
            argument => format!(" {argument}"),
        };
        let (word, help) = (rule.word, rule.help);
        text.push_str(&format!("| `/assay {word}{argument}` | {help} |\n"));
    }
    text
}

fn explained(meant: &Meant) -> String {
    let (id, said) = match meant {
        Meant::Rule(id) => (id.as_str(), String::new()),
        Meant::Finding(finding) => {
            let found = &finding.found;
            let path = String::from_utf8_lossy(&found.path).replace('`', "");
            let message = &found.message;
            let said = format!("`{path}:{}`: {message}\n\n", found.line_start);
            (found.rule.as_str(), said)
        }
    };
    let Some(rule) = rule_by_id(id) else {
        return format!("{said}The project's own rule `{id}` says no more.");
    };
    let meta = rule.meta();
    // Whoever asks knows the language; examples of all of them are for documents.
    let description = meta.description.split("\n## Examples").next();
    let cwe = meta.cwe.iter().map(|number| format!(", CWE-{number}"));
    let cwe: String = cwe.collect();
    format!(
        "{said}**{}** (`{id}`, severity {}, confidence {}{cwe})\n\n{}\n\n{}",
        meta.title,
        meta.severity,
        meta.confidence,
        meta.summary,
        description.unwrap_or_default().trim()
    )
}

#[cfg(test)]
mod tests {
    use assay_forge::parse_commands;

    use super::{Meant, explained, help};

    #[test]
    fn what_is_answered_holds_no_command() {
        assert_eq!(parse_commands(&help()), []);
        assert!(help().contains("`/assay ignore"));
    }

    #[test]
    fn a_rule_is_explained_in_its_own_words() {
        let text = explained(&Meant::Rule("injection/sql-injection".to_owned()));
        assert!(text.contains("CWE-89"), "{text}");
        let text = explained(&Meant::Rule("ours/no-such".to_owned()));
        assert!(text.contains("`ours/no-such`"), "{text}");
    }
}
