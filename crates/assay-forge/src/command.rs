//! Commands in comments: `/assay review`, `/assay ignore <fingerprint>`. A command
//! stands at the beginning of a line; code and quotes hold none, so that one may
//! write about them.

use crate::github::Permission;

/// The word that commands begin with.
pub const COMMAND_WORD: &str = "/assay";
/// Commands of one comment that are read.
pub const COMMANDS_MAX: usize = 10;
/// Text of one comment that is looked at.
const BODY_BYTES_MAX: usize = 256 << 10;
const ARGUMENT_CHARS_MAX: usize = 4_000;

/// What somebody asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Verb {
    /// Review the change again.
    Review,
    /// Show the fixes that hold.
    Fix,
    /// Answer a question.
    Ask,
    /// Explain a finding.
    Explain,
    /// Never say it again.
    Ignore,
    /// Review no more of this pull request.
    Pause,
    /// Review it again.
    Resume,
    /// Say what there is.
    Help,
}

/// One row for each command: its word, who may use it, and what it does. Help and
/// the checks are made of it.
#[derive(Clone, Copy, Debug)]
pub struct CommandRule {
    /// What is asked for.
    pub verb: Verb,
    /// How it is written.
    pub word: &'static str,
    /// What whoever uses it must be allowed in the repository.
    pub needs: Permission,
    /// Whether the author of the pull request may use it anyway.
    pub author_may: bool,
    /// What comes behind it.
    pub argument: &'static str,
    /// What it does, as a sentence without a full stop.
    pub help: &'static str,
}

/// All commands.
pub const COMMANDS: [CommandRule; 8] = [
    CommandRule {
        verb: Verb::Review,
        word: "review",
        needs: Permission::Triage,
        author_may: true,
        argument: "",
        help: "Review the change again",
    },
    CommandRule {
        verb: Verb::Fix,
        word: "fix",
        needs: Permission::Triage,
        author_may: true,
        argument: "[fingerprint or rule]",
        help: "Show a patch of the fixes that were applied and analysed again",
    },
    CommandRule {
        verb: Verb::Ask,
        word: "ask",
        needs: Permission::Read,
        author_may: true,
        argument: "<question>",
        help: "Answer a question about the code",
    },
    CommandRule {
        verb: Verb::Explain,
        word: "explain",
        needs: Permission::Read,
        author_may: true,
        argument: "[fingerprint or rule]",
        help: "Explain a finding",
    },
    CommandRule {
        verb: Verb::Ignore,
        word: "ignore",
        needs: Permission::Write,
        author_may: false,
        argument: "[fingerprint or rule] [-- reason]",
        help: "Do not say this again: a finding in the repository, a rule on this pull request",
    },
    CommandRule {
        verb: Verb::Pause,
        word: "pause",
        needs: Permission::Triage,
        author_may: true,
        argument: "",
        help: "Review no further pushes of this pull request",
    },
    CommandRule {
        verb: Verb::Resume,
        word: "resume",
        needs: Permission::Triage,
        author_may: true,
        argument: "",
        help: "Review further pushes again",
    },
    CommandRule {
        verb: Verb::Help,
        word: "help",
        needs: Permission::Read,
        author_may: true,
        argument: "",
        help: "Say what can be asked for",
    },
];

impl Verb {
    /// Returns the row of the command.
    pub fn rule(self) -> &'static CommandRule {
        let found = COMMANDS.iter().find(|rule| rule.verb == self);
        found.expect("each command has a row; a test looks")
    }

    /// Returns whether somebody with a permission may use it.
    pub fn is_allowed(self, permission: Permission, is_author: bool) -> bool {
        let rule = self.rule();
        permission >= rule.needs || is_author && rule.author_may
    }
}

/// A command that was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Command {
    /// What is asked for; none when there is no such command.
    pub verb: Option<Verb>,
    /// The word as it was written.
    pub word: String,
    /// What stands behind it.
    pub argument: String,
    /// The reason behind ` -- `.
    pub reason: Option<String>,
}

/// Returns the commands of a comment, in their order.
pub fn parse_commands(body: &str) -> Vec<Command> {
    let body = &body[..body.floor_char_boundary(BODY_BYTES_MAX)];
    let mut commands = Vec::new();
    let mut fence: Option<(char, usize)> = None;
    let mut is_comment = false;
    for line in body.lines() {
        let indent = line.len() - line.trim_start_matches(' ').len();
        let text = line.trim();
        if let Some(mark) = fence {
            if closes(text, mark) {
                fence = None;
            }
            continue;
        }
        if is_comment {
            is_comment = !text.contains("-->");
            continue;
        }
        if let Some(mark) = opens(text) {
            fence = Some(mark);
            continue;
        }
        if let Some(at) = text.find("<!--") {
            is_comment = !text[at..].contains("-->");
        }
        // Four blanks or a tab make code, `>` makes a quote.
        let is_code = indent >= 4 || line.starts_with('\t') || line.starts_with(" \t");
        if is_code || text.starts_with('>') {
            continue;
        }
        if let Some(command) = command_of(text) {
            commands.push(command);
            if commands.len() == COMMANDS_MAX {
                break;
            }
        }
    }
    commands
}

fn opens(text: &str) -> Option<(char, usize)> {
    let mark = text.chars().next().filter(|c| matches!(c, '`' | '~'))?;
    let count = text.chars().take_while(|c| *c == mark).count();
    // Backticks further on make it code in a line.
    let is_fence = count >= 3 && !(mark == '`' && text[count..].contains('`'));
    is_fence.then_some((mark, count))
}

fn closes(text: &str, (mark, count): (char, usize)) -> bool {
    text.chars().all(|c| c == mark) && text.chars().count() >= count
}

fn command_of(text: &str) -> Option<Command> {
    let start = text.get(..COMMAND_WORD.len())?;
    if !start.eq_ignore_ascii_case(COMMAND_WORD) {
        return None;
    }
    let rest = &text[COMMAND_WORD.len()..];
    if !rest.is_empty() && !rest.starts_with(char::is_whitespace) {
        return None;
    }
    let rest = rest.trim();
    let (word, argument) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
    let word = word.to_ascii_lowercase();
    let found = COMMANDS.iter().find(|rule| rule.word == word);
    let verb = match found {
        Some(rule) => Some(rule.verb),
        None if word.is_empty() => Some(Verb::Help),
        None => None,
    };
    let argument: String = argument.trim().chars().take(ARGUMENT_CHARS_MAX).collect();
    let (argument, reason) = match argument.split_once("--") {
        Some((before, reason)) if verb != Some(Verb::Ask) => {
            (before.trim().to_owned(), Some(reason.trim().to_owned()))
        }
        _ => (argument, None),
    };
    Some(Command {
        verb,
        word: word.chars().take(40).collect(),
        argument,
        reason: reason.filter(|reason| !reason.is_empty()),
    })
}

#[cfg(test)]
mod tests {
    use super::{COMMANDS, COMMANDS_MAX, Verb, parse_commands};
    use crate::github::Permission;

    fn check(body: &str, expected: &[&str]) {
        let commands = parse_commands(body);
        let found: Vec<_> = commands
            .iter()
            .map(|command| {
                let verb = command.verb.map_or("?", |verb| verb.rule().word);
                let reason = command.reason.as_deref().unwrap_or("-");
                format!("{verb}|{}|{reason}", command.argument)
            })
            .collect();
        assert_eq!(found, expected, "{body}");
    }

    #[test]
    fn commands_stand_at_the_beginning_of_a_line() {
        check("/assay review", &["review||-"]);
        check("  /Assay REVIEW  full \r\nthanks", &["review|full|-"]);
        check("/assay", &["help||-"]);
        check("/assay dance now", &["?|now|-"]);
        check("please /assay review", &[]);
        check("/assayreview", &[]);
        check("/assay ignore 0123 -- not ours", &["ignore|0123|not ours"]);
        check("/assay ignore -- generated", &["ignore||generated"]);
        check("/assay ask why `--force`?", &["ask|why `--force`?|-"]);
        check("/assay pause\n/assay help", &["pause||-", "help||-"]);
        check("/assay\u{a0}fix", &["fix||-"]);
    }

    #[test]
    fn code_quotes_and_hidden_text_hold_none() {
        check("```\n/assay fix\n```\n/assay help", &["help||-"]);
        check("~~~sh\n```\n/assay fix\n~~~~", &[]);
        check("````\n```\n/assay fix\n````", &[]);
        check("```\n/assay fix", &[]);
        check("``` a ` b\n/assay fix", &["fix||-"]);
        check("    /assay fix\n\t/assay fix", &[]);
        check("> /assay fix\n>> /assay fix", &[]);
        check("<!--\n/assay fix\n-->\n/assay help", &["help||-"]);
        check("`/assay fix`", &[]);
        check(&"/assay help\n".repeat(50), &["help||-"; COMMANDS_MAX]);
    }

    #[test]
    fn who_may_do_what_is_in_the_table() {
        for rule in &COMMANDS {
            assert_eq!(rule.verb.rule().word, rule.word);
        }
        for (verb, permission, is_author, expected) in [
            (Verb::Fix, Permission::Write, false, true),
            (Verb::Fix, Permission::Read, false, false),
            (Verb::Review, Permission::Read, false, false),
            (Verb::Review, Permission::None, true, true),
            (Verb::Ignore, Permission::Read, true, false),
            (Verb::Help, Permission::None, false, false),
        ] {
            assert_eq!(verb.is_allowed(permission, is_author), expected, "{verb:?}");
        }
    }
}
