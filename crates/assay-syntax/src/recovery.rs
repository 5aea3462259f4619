//! Texts at whose end the parser fills the memory. After an error it keeps
//! several readings of what follows, and when they are never settled it takes
//! all ways through them at the end of the text, within one step that no limit
//! reaches: `x=<` a few thousand times takes gigabytes in C. So a parser that meets many
//! errors is tried on growing beginnings of the text, and given up when their
//! ends get dear. All is counted in steps, so that it is the same everywhere.

use tree_sitter::{Parser, Tree};

use crate::run::{Heard, Run, STEPS_PER_CALLBACK, Stand, Task, heard, listen};

/// So many steps pass between two looks at the errors, each one callback long.
const STEPS_PER_LOOK: u64 = 6_400;
/// So many errors in the looks make a text suspect: about 65 times as many in
/// the text.
const ERRORS_SEEN_MAX: u64 = 12;
/// The first beginning that is tried ends so far behind the first errors; each
/// further one is twice as long.
const TRIAL_BYTES: usize = 1024;
/// The parser is listened to from so far before the end of a beginning.
const TAIL_BYTES: usize = 1024;
/// Choices between trees that cost nothing worth speaking of.
const CHOICES_FREE: u64 = 500;
/// Choices times bytes between which they are; their product with a few bytes is
/// the memory that the end takes.
const CHOICE_BYTES_MAX: u64 = 16_000_000;

/// What came of a text.
pub(crate) enum Outcome {
    Tree(Tree),
    /// It took more steps than the limit, or its end would take too much.
    TooMuch,
    Interrupted,
}

/// Parses a text and watches how many errors the parser meets. `fresh` makes a
/// parser like this one.
pub(crate) fn parse_watched(
    parser: &mut Parser,
    task: Task<'_>,
    fresh: impl FnOnce() -> Parser,
) -> Outcome {
    let mut run = Run::new(task);
    let mut fresh = Some(fresh);
    let mut errors_seen = 0;
    // Where the parser was before it met the first error that was seen.
    let mut calm_until = 0;
    loop {
        let look_at = run.steps + STEPS_PER_LOOK;
        let is_watched = fresh.is_some();
        let at = match run.go(parser, |steps, _| is_watched && steps >= look_at) {
            Stand::Paused(at) => at,
            stand => return outcome(stand, run.interrupted),
        };
        listen(parser);
        let stand = run.go(parser, |_, _| true);
        errors_seen += heard(parser).errors;
        if !matches!(stand, Stand::Paused(_)) {
            return outcome(stand, run.interrupted);
        }
        if errors_seen == 0 {
            calm_until = at;
        }
        if errors_seen > ERRORS_SEEN_MAX
            && let Some(fresh) = fresh.take()
        {
            let task = Task {
                steps_before: run.steps,
                ..task
            };
            if let Some(outcome) = try_beginnings(&mut fresh(), task, calm_until) {
                parser.reset();
                return outcome;
            }
        }
    }
}

fn outcome(stand: Stand, interrupted: bool) -> Outcome {
    match stand {
        Stand::Done(tree) => Outcome::Tree(tree),
        _ if interrupted => Outcome::Interrupted,
        _ => Outcome::TooMuch,
    }
}

/// Parses growing beginnings of the text; returns why not to parse the whole.
fn try_beginnings(parser: &mut Parser, task: Task<'_>, calm_until: usize) -> Option<Outcome> {
    let mut steps = 0;
    let mut more = TRIAL_BYTES;
    while calm_until + more < task.bytes.len() {
        let end = calm_until + more;
        // All beginnings together may be as much work as the text.
        let mut run = Run::new(Task {
            bytes: &task.bytes[..end],
            after: &[],
            steps_max: task.steps_max.saturating_sub(steps),
            steps_before: task.steps_before + steps,
            ..task
        });
        let Some(Heard { choices, .. }) = end_heard(parser, &mut run, end) else {
            return Some(outcome(Stand::GivenUp, run.interrupted));
        };
        if choices > CHOICES_FREE && choices * more as u64 > CHOICE_BYTES_MAX {
            return Some(Outcome::TooMuch);
        }
        steps += run.steps + STEPS_PER_CALLBACK;
        more *= 2;
    }
    None
}

/// Returns what the parser tells at the end of a beginning, or `None` when a
/// limit was hit.
fn end_heard(parser: &mut Parser, run: &mut Run<'_>, end: usize) -> Option<Heard> {
    match run.go(parser, |_, at| at + TAIL_BYTES >= end) {
        Stand::Paused(_) => {}
        // One long comment at the end, say: there was no time to listen, and
        // nothing dear either, or it would be dear again.
        Stand::Done(_) => return Some(Heard::default()),
        Stand::GivenUp => return None,
    }
    listen(parser);
    let stand = run.go(parser, |_, _| false);
    let heard = heard(parser);
    matches!(stand, Stand::Done(_)).then_some(heard)
}
