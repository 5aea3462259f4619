//! What is counted, in the text format that Prometheus reads.
//!
//! The families are a closed list with their labels, so that nobody invents a
//! series by a slip; each has a limit of series, so that nothing from outside
//! makes them grow.

use std::collections::{BTreeMap, HashMap};
use std::fmt::Write as _;
use std::hash::BuildHasher as _;
use std::sync::{Mutex, MutexGuard, PoisonError};

use foldhash::fast::FixedState;

/// So many series may a family have; what comes after is counted as `other`.
const SERIES_MAX: usize = 1_000;
/// So many labels has a family at most.
const LABELS_MAX: usize = 4;
/// What stands for a label that is one too many.
const OTHER: &str = "other";
/// Upper bounds of the buckets of durations, in seconds.
const BUCKETS: [f64; 14] = [
    0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0, 60.0, 600.0,
];

/// What the numbers of a family are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// It only grows.
    Counter,
    /// It is what it is now.
    Gauge,
    /// Durations in seconds.
    Histogram,
}

/// A family of series: a name, what it means, and its labels.
#[derive(Clone, Copy, Debug)]
pub struct Family {
    /// The name.
    pub name: &'static str,
    /// What is counted.
    pub help: &'static str,
    /// What the numbers are.
    pub kind: Kind,
    /// The labels, in their order.
    pub labels: &'static [&'static str],
}

/// The families.
pub mod family {
    use super::{Family, Kind};

    macro_rules! families {
        ($($constant:ident = $kind:ident $name:literal [$($label:literal),*] $help:literal;)+) => {
            $(
                #[doc = $help]
                pub const $constant: Family = Family {
                    name: $name,
                    help: $help,
                    kind: Kind::$kind,
                    labels: &[$($label),*],
                };
            )+
            /// All of them, sorted by name.
            pub const ALL: &[Family] = &[$($constant),+];
        };
    }

    families! {
        BUILD = Gauge "assay_build_info" ["version"] "The version that runs; the number is 1.";
        CACHE = Counter "assay_cache_requests_total" ["outcome"] "What was asked of the cache, by how it was answered.";
        DATABASE_UP = Gauge "assay_database_up" [] "Whether the database answered the last time it was asked.";
        DISK_FREE = Gauge "assay_disk_free_bytes" [] "What is left where the server's data is.";
        ERRORS = Counter "assay_errors_total" ["kind"] "Operations that failed, by kind.";
        BODIES = Gauge "assay_http_bodies_bytes" [] "Bytes of bodies that are held, in all.";
        REQUEST_DURATION = Histogram "assay_http_request_duration_seconds" ["method", "route"] "How long requests took.";
        REQUESTS = Counter "assay_http_requests_total" ["method", "route", "status"] "Requests that were answered.";
        LIVE = Gauge "assay_live_connections" [] "Connections to live sessions of reviews.";
        MEMORY = Gauge "assay_memory_bytes" [] "What the process has of the machine's memory.";
        MODEL_CALLS = Counter "assay_model_calls_total" ["provider", "model", "outcome"] "Calls of language models.";
        MODEL_SAVED = Counter "assay_model_saved_dollars_total" [] "What answers to similar questions cost when they were given, each time that one was found.";
        MODEL_SIMILAR = Counter "assay_model_similar_total" ["outcome"] "Looks for an answer to a similar question, by whether one was found.";
        REVIEW_DURATION = Histogram "assay_review_duration_seconds" ["origin"] "How long reviews took, from the start of the work.";
        REVIEWS = Counter "assay_reviews_total" ["origin", "outcome"] "Reviews that ended.";
        SERVICE_UP = Gauge "assay_service_up" ["service"] "Whether an outside service is asked: 0 while it failed so often that it is left alone.";
        TASK_DURATION = Histogram "assay_task_duration_seconds" ["kind"] "How long attempts at tasks took.";
        TASKS = Gauge "assay_tasks" ["kind", "state", "priority"] "Tasks that are not over, and those that are dead.";
        TASKS_ENDED = Counter "assay_tasks_ended_total" ["kind", "outcome"] "Attempts at tasks that ended.";
        TASKS_AGE = Gauge "assay_tasks_oldest_waiting_seconds" ["kind"] "For how long the oldest waiting task could have run.";
        TASKS_READY = Gauge "assay_tasks_ready" ["capability"] "Tasks that could run now, if a worker were free: what to scale workers by.";
        WEBHOOKS = Counter "assay_webhooks_total" ["forge", "outcome"] "Webhooks that came in.";
        GITHUB_REMAINING = Gauge "github_rate_limit_remaining" ["identity", "resource"] "Calls of GitHub that are left in its hour.";
    }
}

type Labels = Vec<String>;

/// The series of a family, by a hash of their labels, so that counting takes no memory;
/// of two with one hash the second is at the next free place.
type Known = HashMap<u64, (Labels, Series), FixedState>;
type Families = BTreeMap<&'static str, Known>;

#[derive(Debug, Default)]
struct Series {
    value: f64,
    count: u64,
    buckets: [u64; BUCKETS.len()],
}

/// The numbers of all families.
#[derive(Debug, Default)]
pub struct Metrics {
    families: Mutex<Families>,
}

impl Metrics {
    /// Adds one to a counter.
    pub fn count(&self, family: Family, labels: &[&str]) {
        self.with(family, labels, |series| series.value += 1.0);
    }

    /// Sets a gauge.
    pub fn set(&self, family: Family, labels: &[&str], value: f64) {
        self.with(family, labels, |series| series.value = value);
    }

    /// Takes all series of a gauge away, before those that are there now are set.
    pub fn clear(&self, family: Family) {
        self.lock().remove(family.name);
    }

    /// Adds a duration to a histogram.
    pub fn observe_ms(&self, family: Family, labels: &[&str], duration_ms: f64) {
        let seconds = duration_ms / 1000.0;
        self.with(family, labels, |series| {
            series.value += seconds;
            series.count += 1;
            for (bucket, bound) in series.buckets.iter_mut().zip(BUCKETS) {
                *bucket += u64::from(seconds <= bound);
            }
        });
    }

    /// Returns the number of each series now: its family, its labels, its value (of a
    /// histogram the sum of seconds), and how often a histogram was told.
    pub fn samples(&self) -> Vec<(&'static Family, Vec<String>, f64, u64)> {
        let families = self.lock();
        let mut samples = Vec::new();
        for family in family::ALL {
            for (labels, series) in sorted(families.get(family.name)) {
                samples.push((family, labels.clone(), series.value, series.count));
            }
        }
        samples
    }

    /// Returns all series in the text format. Families without series are left out,
    /// but for those without labels, which are zero.
    pub fn text(&self) -> String {
        let families = self.lock();
        let mut out = String::new();
        for family in family::ALL {
            let series = sorted(families.get(family.name));
            if series.is_empty() {
                continue;
            }
            let kind = match family.kind {
                Kind::Counter => "counter",
                Kind::Gauge => "gauge",
                Kind::Histogram => "histogram",
            };
            // Writing to a string does not fail.
            let _ = writeln!(out, "# HELP {} {}", family.name, family.help);
            let _ = writeln!(out, "# TYPE {} {kind}", family.name);
            for (labels, series) in series {
                write_series(family, labels, series, &mut out);
            }
        }
        out
    }

    fn with(&self, family: Family, labels: &[&str], change: impl FnOnce(&mut Series)) {
        debug_assert_eq!(family.labels.len(), labels.len(), "{}", family.name);
        let mut families = self.lock();
        let known = families.entry(family.name).or_default();
        let mut place = place_of(known, labels);
        let others: [&str; LABELS_MAX] = [OTHER; LABELS_MAX];
        let mut labels = labels;
        if known.len() >= SERIES_MAX && !known.contains_key(&place) {
            labels = &others[..labels.len()];
            place = place_of(known, labels);
        }
        let (_, series) = known.entry(place).or_insert_with(|| {
            let labels = labels.iter().map(|&label| label.to_owned());
            (labels.collect(), Series::default())
        });
        change(series);
    }

    fn lock(&self) -> MutexGuard<'_, Families> {
        // Numbers are whole after each statement, whoever panicked.
        self.families.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Returns where the series of some labels is, or would be.
fn place_of(known: &Known, labels: &[&str]) -> u64 {
    let mut place = FixedState::default().hash_one(labels);
    while known.get(&place).is_some_and(|(there, _)| there != labels) {
        place = place.wrapping_add(1);
    }
    place
}

/// Returns the series of a family in the order of their labels.
fn sorted(known: Option<&Known>) -> Vec<(&Labels, &Series)> {
    let series = known.into_iter().flat_map(|known| known.values());
    let mut series: Vec<_> = series.map(|(labels, series)| (labels, series)).collect();
    series.sort_by_key(|(labels, _)| *labels);
    series
}

fn write_series(family: &Family, labels: &Labels, series: &Series, out: &mut String) {
    let pairs = || {
        family
            .labels
            .iter()
            .copied()
            .zip(labels.iter().map(String::as_str))
    };
    let mut line = |suffix: &str, extra: Option<(&str, &str)>, value: f64| {
        out.push_str(family.name);
        out.push_str(suffix);
        let all: Vec<_> = pairs().chain(extra).collect();
        if !all.is_empty() {
            let written: Vec<_> = all
                .iter()
                .map(|(name, value)| format!("{name}=\"{}\"", escape(value)))
                .collect();
            let _ = write!(out, "{{{}}}", written.join(","));
        }
        let _ = writeln!(out, " {value}");
    };
    match family.kind {
        Kind::Counter | Kind::Gauge => line("", None, series.value),
        Kind::Histogram => {
            for (count, bound) in series.buckets.iter().zip(BUCKETS) {
                line("_bucket", Some(("le", &bound.to_string())), *count as f64);
            }
            line("_bucket", Some(("le", "+Inf")), series.count as f64);
            line("_sum", None, series.value);
            line("_count", None, series.count as f64);
        }
    }
}

fn escape(value: &str) -> String {
    value
        .replace('\\', "\\\\")
        .replace('"', "\\\"")
        .replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use super::{Metrics, family};

    #[test]
    fn families_are_sorted_and_named_as_the_format_wants() {
        for pair in family::ALL.windows(2) {
            assert!(pair[0].name < pair[1].name, "{}", pair[1].name);
        }
    }

    #[test]
    fn numbers_are_written_as_prometheus_reads_them() {
        let metrics = Metrics::default();
        metrics.count(family::ERRORS, &["busy"]);
        metrics.count(family::ERRORS, &["busy"]);
        metrics.count(family::ERRORS, &["a\"b\\c\nd"]);
        metrics.set(family::DATABASE_UP, &[], 1.0);
        metrics.observe_ms(family::REVIEW_DURATION, &["api"], 30.0);
        let text = metrics.text();
        for line in [
            "# TYPE assay_errors_total counter",
            "assay_errors_total{kind=\"busy\"} 2",
            "assay_errors_total{kind=\"a\\\"b\\\\c\\nd\"} 1",
            "assay_database_up 1",
            "assay_review_duration_seconds_bucket{origin=\"api\",le=\"0.025\"} 0",
            "assay_review_duration_seconds_bucket{origin=\"api\",le=\"0.05\"} 1",
            "assay_review_duration_seconds_bucket{origin=\"api\",le=\"+Inf\"} 1",
            "assay_review_duration_seconds_sum{origin=\"api\"} 0.03",
            "assay_review_duration_seconds_count{origin=\"api\"} 1",
        ] {
            assert!(text.lines().any(|one| one == line), "{line}\n{text}");
        }
    }

    #[test]
    fn nothing_from_outside_makes_the_series_grow() {
        let metrics = Metrics::default();
        for number in 0..5_000 {
            metrics.count(family::ERRORS, &[&number.to_string()]);
        }
        let text = metrics.text();
        assert_eq!(text.lines().count(), 2 + 1_000 + 1);
        assert!(text.contains("assay_errors_total{kind=\"other\"} 4000"));
    }
}
