//! Texts at whose end the parser fills the memory. After an error it keeps
//! several readings of what follows, and when they are never settled it takes
//! all ways through them at the end of the text, within one step that no limit
//! reaches: `x=<` a few thousand times takes gigabytes in C. So a parser that meets many
//! errors is tried on growing beginnings of the text, and given up when their
//! ends get dear. All is counted in steps, so that it is the same everywhere.
//!
//! What people write has a dozen choices at the end of any beginning, and the
//! texts above hundreds for each kilobyte. So one short beginning is enough while
//! there are few: each is parsed from the start of the text, which is dear.

use tree_sitter::{Parser, Tree};

use crate::run::{Heard, Run, STEPS_PER_CALLBACK, Stand, Task, heard, listen};

/// So many steps pass between two looks at the errors, each one callback long.
const STEPS_PER_LOOK: u64 = 6_400;
/// So many errors in the looks make a text suspect: about 65 times as many in
/// the text.
const ERRORS_SEEN_MAX: u64 = 12;
/// Then so many times as many.
const ERRORS_GROWTH: u64 = 4;
/// Errors in one look, from which on they stand as close as where none is ever
/// settled.
const ERRORS_DENSE_MIN: u64 = 9;
/// So many errors in dense looks make a text suspect.
const DENSE_SEEN_MAX: u64 = 2 * ERRORS_DENSE_MIN;
/// Then so many times as many.
const DENSE_GROWTH: u64 = 2;
/// The first beginning that is tried ends so far behind the first errors; each
/// further one is twice as long.
const TRIAL_BYTES: usize = 1024;
/// The parser is listened to from so far before the end of a beginning.
const TAIL_BYTES: usize = 1024;
/// With so few choices at its end no longer beginning is tried.
const CHOICES_FEW: u64 = 50;
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
    fresh: impl Fn() -> Parser,
) -> Outcome {
    let mut run = Run::new(task);
    let mut suspicion = Suspicion::new();
    loop {
        let look_at = run.steps + STEPS_PER_LOOK;
        let at = match run.go(parser, |steps, _| steps >= look_at) {
            Stand::Paused(at) => at,
            stand => return outcome(stand, run.interrupted),
        };
        listen(parser);
        let stand = run.go(parser, |_, _| true);
        let errors = heard(parser).errors;
        if !matches!(stand, Stand::Paused(_)) {
            return outcome(stand, run.interrupted);
        }
        if let Some(start) = suspicion.look(at, errors) {
            let task = Task {
                steps_before: run.steps,
                ..task
            };
            if let Some(outcome) = try_beginnings(&mut fresh(), task, start) {
                parser.reset();
                return outcome;
            }
        }
    }
}

/// What the looks at the errors have shown so far.
struct Suspicion {
    errors_seen: u64,
    errors_max: u64,
    /// Of the errors those in dense looks.
    dense_seen: u64,
    dense_max: u64,
    /// Where the parser was in the last look that saw none, or when beginnings
    /// were tried.
    calm_until: usize,
}

impl Suspicion {
    fn new() -> Self {
        Self {
            errors_seen: 0,
            errors_max: ERRORS_SEEN_MAX,
            dense_seen: 0,
            dense_max: DENSE_SEEN_MAX,
            calm_until: 0,
        }
    }

    /// Counts a look; returns from where on beginnings must be tried.
    fn look(&mut self, at: usize, errors: u64) -> Option<usize> {
        if errors == 0 {
            self.calm_until = at;
            return None;
        }
        self.errors_seen += errors;
        if errors >= ERRORS_DENSE_MIN {
            self.dense_seen += errors;
        }
        if self.errors_seen <= self.errors_max && self.dense_seen <= self.dense_max {
            return None;
        }
        self.errors_max = self.errors_max.max(self.errors_seen * ERRORS_GROWTH);
        self.dense_max = self.dense_max.max(self.dense_seen * DENSE_GROWTH);
        Some(std::mem::replace(&mut self.calm_until, at))
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
fn try_beginnings(parser: &mut Parser, task: Task<'_>, start: usize) -> Option<Outcome> {
    let mut steps = 0;
    let mut more = TRIAL_BYTES;
    while start + more < task.bytes.len() {
        let end = start + more;
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
        if choices <= CHOICES_FEW {
            return None;
        }
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
