//! What the lines that differ cost, against the algorithm alone.
//!
//! `cargo bench -p assay-source --bench diff` compares [`diff_lines`] with
//! `imara-diff` over the same bytes in the same run, in turns, for texts with few,
//! with many and with only differences. A ratio over its limit is an error.
#![expect(
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a bench reads the clock and prints what it measured"
)]

use std::fmt::Write as _;
use std::hint::black_box;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use assay_source::{SourceText, diff_lines};
use imara_diff::{Algorithm, Diff, InternedInput};

/// Our lines may cost so many times those of the algorithm's own reader.
const RATIO_MAX: f64 = 1.25;
const LINES: usize = 20_000;
const ROUNDS: usize = 15;

fn main() -> ExitCode {
    let base = text(|_| Change::None);
    let cases = [
        ("one line in a thousand", text(|line| edit(line, 1_000))),
        ("one line in ten", text(|line| edit(line, 10))),
        ("every line", text(|_| Change::Other)),
    ];
    println!("{LINES} lines            imara-diff    diff_lines   ratio");
    let mut sums = [Duration::ZERO; 2];
    for (name, head) in &cases {
        let times = compare(&base, head);
        let [alone, ours] = times.map(|time| time.as_secs_f64() * 1000.0);
        println!(
            "{name:24} {alone:7.2} ms   {ours:7.2} ms   {:.2}",
            ours / alone
        );
        sums[0] += times[0];
        sums[1] += times[1];
    }
    let ratio = sums[1].as_secs_f64() / sums[0].as_secs_f64();
    println!("together: {ratio:.2} (limit {RATIO_MAX})");
    if ratio <= RATIO_MAX {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

/// What happens to a line.
enum Change {
    None,
    Other,
    Gone,
    More,
}

fn edit(line: usize, period: usize) -> Change {
    match (line % period, line / period % 3) {
        (5, 0) => Change::Other,
        (5, 1) => Change::Gone,
        (5, _) => Change::More,
        _ => Change::None,
    }
}

/// Makes lines that repeat as those of code do.
fn text(change: impl Fn(usize) -> Change) -> String {
    let mut out = String::new();
    for line in 0..LINES {
        let code = match line % 7 {
            0 => format!("fn part_{line}(value: u32) -> u32 {{"),
            1 | 2 => format!("    let name_{line} = value * {line};"),
            3 => "    if value > 3 {".to_owned(),
            4 => "        return value;".to_owned(),
            5 => "    }".to_owned(),
            _ => "}".to_owned(),
        };
        let _ = match change(line) {
            Change::None => writeln!(out, "{code}"),
            Change::Other => writeln!(out, "{code} // changed {line}"),
            Change::Gone => Ok(()),
            Change::More => writeln!(out, "{code}\n    added({line});"),
        };
    }
    out
}

fn compare(base: &str, head: &str) -> [Duration; 2] {
    let (base_text, head_text) = (SourceText::from_text(base), SourceText::from_text(head));
    let mut best = [Duration::MAX; 2];
    for _ in 0..ROUNDS {
        let start = Instant::now();
        let input = InternedInput::new(base, head);
        let mut diff = Diff::compute(Algorithm::Histogram, &input);
        diff.postprocess_lines(&input);
        let alone = black_box(diff.hunks().count());
        best[0] = best[0].min(start.elapsed());
        let start = Instant::now();
        let ours = black_box(diff_lines(&base_text, &head_text));
        best[1] = best[1].min(start.elapsed());
        assert_eq!(alone, ours.len());
    }
    best
}
