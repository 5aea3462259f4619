//! The progress bar: on standard error, only on a terminal, only for work that
//! takes over a second. For a program that started this one, lines of JSON instead.

use std::collections::HashSet;
use std::io::IsTerminal as _;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use assay_app::{FOUND_MAX, FoundHeard, HeardLine, StepHeard, TellHeard};
use assay_finding::Finding;
use assay_review::Progress;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::output;

/// Work that is done sooner shows no bar.
const QUIET_TIME: Duration = Duration::from_secs(1);

/// A progress bar that appears late.
pub(crate) struct Bar {
    started: Instant,
    enabled: bool,
    state: Mutex<State>,
    done: AtomicUsize,
}

#[derive(Default)]
struct State {
    step: &'static str,
    parts: usize,
    bar: Option<ProgressBar>,
}

impl Bar {
    /// Makes a bar; a quiet one never appears.
    pub(crate) fn new(quiet: bool) -> Self {
        Self {
            started: Instant::now(),
            enabled: !quiet && std::io::stderr().is_terminal(),
            state: Mutex::new(State::default()),
            done: AtomicUsize::new(0),
        }
    }

    /// Takes the bar off the screen.
    pub(crate) fn finish(&self) {
        if let Ok(state) = self.state.lock()
            && let Some(bar) = &state.bar
        {
            bar.finish_and_clear();
        }
    }
}

impl Progress for Bar {
    fn begin(&self, step: &'static str, parts: usize) {
        self.done.store(0, Ordering::Relaxed);
        if let Ok(mut state) = self.state.lock() {
            if let Some(bar) = state.bar.take() {
                bar.finish_and_clear();
            }
            *state = State {
                step,
                parts,
                bar: None,
            };
        }
    }

    fn advance(&self) {
        let done = self.done.fetch_add(1, Ordering::Relaxed) + 1;
        if !self.enabled || self.started.elapsed() < QUIET_TIME {
            return;
        }
        // Another thread that draws is as good as this one.
        let Ok(mut state) = self.state.try_lock() else {
            return;
        };
        let (step, parts) = (state.step, state.parts);
        let bar = state.bar.get_or_insert_with(|| {
            let bar = ProgressBar::with_draw_target(
                Some(parts as u64),
                ProgressDrawTarget::stderr_with_hz(10),
            );
            let style = ProgressStyle::with_template("{msg} [{bar:30}] {pos}/{len} {eta}");
            bar.set_style(
                style
                    .unwrap_or_else(|_| ProgressStyle::default_bar())
                    .progress_chars("=> "),
            );
            bar.set_message(step);
            bar
        });
        bar.set_position(done as u64);
    }
}

/// A line comes so often at most.
const LINE_TIME: Duration = Duration::from_millis(200);

/// Says how far the work is and what was found to the program that started this one: lines
/// of JSON on standard output, or as it is told to.
pub(crate) struct Lines<'a> {
    state: Mutex<Said>,
    tell: TellHeard<'a>,
    /// Whether each step is told, however short it is.
    tells_each: bool,
}

struct Said {
    started: Instant,
    step: StepHeard,
    /// When a step was told last.
    at: Instant,
    /// Findings that were told or wait to be, by their names.
    known: HashSet<String>,
    /// Findings that wait until it is clear that the work is not done at once.
    held: Vec<FoundHeard>,
}

impl Said {
    fn new() -> Mutex<Self> {
        let now = Instant::now();
        Mutex::new(Self {
            started: now,
            step: StepHeard::default(),
            at: now,
            known: HashSet::new(),
            held: Vec::new(),
        })
    }
}

impl Lines<'static> {
    /// Makes one that has said nothing.
    pub(crate) fn new() -> Self {
        Self {
            state: Said::new(),
            tell: &say,
            tells_each: true,
        }
    }
}

impl<'a> Lines<'a> {
    /// Makes one that says nothing of work that is done at once.
    pub(crate) fn seldom(tell: TellHeard<'a>) -> Self {
        Self {
            state: Said::new(),
            tell,
            tells_each: false,
        }
    }

    fn tell_step(&self, state: &mut Said) {
        state.at = Instant::now();
        (self.tell)(&HeardLine::Step(state.step.clone()));
    }

    fn tell_found(&self, state: &mut Said) {
        if self.tells_each || state.started.elapsed() >= LINE_TIME {
            for found in state.held.drain(..) {
                let found = Box::new(found);
                (self.tell)(&HeardLine::Found { found });
            }
        }
    }
}

fn say(said: &HeardLine) {
    if let Some(line) = said.line() {
        // Whoever does not listen any more misses nothing but this.
        let _ = output::print(format!("{line}\n"));
    }
}

impl Progress for Lines<'_> {
    fn begin(&self, step: &'static str, parts: usize) {
        if let Ok(mut state) = self.state.lock() {
            state.step = StepHeard {
                step: step.to_owned(),
                done: 0,
                of: parts as u64,
            };
            if self.tells_each || state.at.elapsed() >= LINE_TIME {
                self.tell_step(&mut state);
            }
        }
    }

    fn advance(&self) {
        if let Ok(mut state) = self.state.lock() {
            state.step.done += 1;
            if state.at.elapsed() >= LINE_TIME {
                self.tell_step(&mut state);
            }
        }
    }

    fn wants_findings(&self) -> bool {
        true
    }

    fn found(&self, findings: &[Finding]) {
        if let Ok(mut state) = self.state.lock() {
            for finding in findings {
                if state.known.len() < FOUND_MAX && state.known.insert(FoundHeard::id_of(finding)) {
                    state.held.push(FoundHeard::of(finding));
                }
            }
            self.tell_found(&mut state);
        }
    }

    fn settled(&self, findings: &[Finding]) {
        let counting = || findings.iter().filter(|finding| finding.counts());
        let ids: HashSet<String> = counting().map(FoundHeard::id_of).collect();
        if let Ok(mut state) = self.state.lock() {
            let state = &mut *state;
            let (held, known) = (&mut state.held, &mut state.known);
            held.retain(|found| ids.contains(&found.id) || !known.remove(&found.id));
            let mut gone: Vec<_> = known.difference(&ids).cloned().collect();
            gone.sort_unstable();
            for gone in gone {
                (self.tell)(&HeardLine::Gone { gone });
            }
        }
        for finding in counting() {
            self.found(std::slice::from_ref(finding));
        }
    }
}
