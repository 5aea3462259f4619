//! What the benches of the command share: processor time, and texts of every
//! language.

use std::fs;
use std::path::Path;
use std::time::Instant;

use assay_syntax::{Language, languages};

const ROUNDS: usize = 3;

/// Seconds of a piece of work.
#[derive(Clone, Copy)]
pub(crate) struct Cost {
    pub(crate) processor: f64,
    pub(crate) wall: f64,
}

/// Does the work a few times; the cheapest time counts.
pub(crate) fn best(work: impl Fn()) -> Cost {
    (0..ROUNDS)
        .map(|_| cost(&work))
        .min_by(|a, b| a.processor.total_cmp(&b.processor))
        .expect("there is at least one round")
}

fn cost(work: impl FnOnce()) -> Cost {
    let (started, before) = (Instant::now(), processor_seconds());
    work();
    Cost {
        processor: processor_seconds() - before,
        wall: started.elapsed().as_secs_f64(),
    }
}

/// The day of every review.
pub(crate) fn today() -> jiff::civil::Date {
    jiff::civil::date(2026, 1, 1)
}

/// The fixtures of all languages: the language, the file's ending, the text.
pub(crate) fn fixtures() -> Vec<(&'static str, String, String)> {
    languages().iter().filter_map(fixture).collect()
}

fn fixture(language: &Language) -> Option<(&'static str, String, String)> {
    let id = language.id().as_str();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../assay-syntax/languages")
        .join(id);
    let path = fs::read_dir(folder)
        .ok()?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .find(|path| path.file_stem().is_some_and(|stem| stem == "fixture"))?;
    let ending = path.extension()?.to_str()?.to_owned();
    Some((id, ending, fs::read_to_string(path).ok()?))
}

/// User and system time in hundredths (proc(5)).
fn processor_seconds() -> f64 {
    let stat = fs::read_to_string("/proc/self/stat").expect("benches run on Linux");
    let (_, fields) = stat.rsplit_once(')').expect("the name is in parentheses");
    let fields: Vec<f64> = fields
        .split_whitespace()
        .skip(11)
        .take(2)
        .filter_map(|field| field.parse().ok())
        .collect();
    fields.iter().sum::<f64>() / 100.0
}
