//! Metrics of a change: per function and file in the base and the head, and
//! the totals of both.

use std::collections::HashMap;

use assay_finding::{FileMetrics, FunctionMetrics, MetricDelta, MetricValues};
use assay_source::{LineMapping, RepoPath};
use assay_syntax::{Language, Metric, MetricOptions, MetricTotals, Metrics, ParsedFile, measure};

/// Measures all trees of a file.
pub(crate) fn measure_file(parsed: &ParsedFile) -> assay_syntax::FileMetrics {
    measure(&parsed.trees, MetricOptions { halstead: true })
}

/// What is kept of what was measured in a file.
#[derive(Clone)]
pub(crate) struct Measured {
    /// The file as a whole.
    pub(crate) file: Metrics,
    /// Its functions, in the order of the text.
    pub(crate) functions: Vec<MeasuredFunction>,
}

/// What was measured in a function.
#[derive(Clone)]
pub(crate) struct MeasuredFunction {
    /// The name after those of the modules, classes and functions around it.
    pub(crate) name: String,
    /// The first line, from 1.
    pub(crate) first_line: u32,
    /// The last line, from 1.
    pub(crate) last_line: u32,
    /// The numbers.
    pub(crate) metrics: Metrics,
}

impl From<assay_syntax::FileMetrics> for Measured {
    fn from(measured: assay_syntax::FileMetrics) -> Self {
        let functions = measured.functions.into_iter();
        Self {
            file: measured.file,
            functions: functions
                .map(|function| MeasuredFunction {
                    name: function.qualified_name.into(),
                    first_line: function.first_line,
                    last_line: function.last_line,
                    metrics: function.metrics,
                })
                .collect(),
        }
    }
}

/// The totals of the base and of the head.
#[derive(Debug, Default)]
pub(crate) struct Totals {
    base: MetricTotals,
    head: MetricTotals,
}

impl Totals {
    /// Adds one file.
    pub(crate) fn add(&mut self, base: Option<&Metrics>, head: Option<&Metrics>) {
        let sides = [(&mut self.base, base), (&mut self.head, head)];
        for (totals, measured) in sides {
            if let Some(measured) = measured {
                totals.add(measured);
            }
        }
    }

    /// Returns every metric that either side has.
    pub(crate) fn deltas(&self) -> Vec<MetricDelta> {
        deltas(
            |metric| self.base.get(metric),
            |metric| self.head.get(metric),
        )
    }

    /// Returns the source lines of the head.
    pub(crate) fn source_lines(&self) -> u64 {
        self.head.get(Metric::SourceLines).unwrap_or(0.0) as u64
    }
}

fn deltas(
    base: impl Fn(Metric) -> Option<f64>,
    head: impl Fn(Metric) -> Option<f64>,
) -> Vec<MetricDelta> {
    Metric::ALL
        .iter()
        .map(|&metric| MetricDelta {
            metric: metric.id(),
            base: base(metric),
            head: head(metric),
        })
        .filter(|delta| delta.base.is_some() || delta.head.is_some())
        .collect()
}

/// One function of a version, found again by its name and its number among the
/// functions of that name.
type Key<'m> = (&'m str, usize);

fn functions(measured: Option<&Measured>) -> Vec<(Key<'_>, &MeasuredFunction)> {
    let mut seen: HashMap<&str, usize> = HashMap::new();
    measured
        .iter()
        .flat_map(|measured| &measured.functions)
        .map(|function| {
            let count = seen.entry(function.name.as_str()).or_default();
            *count += 1;
            ((function.name.as_str(), *count), function)
        })
        .collect()
}

/// Compares the two versions of a file. Of its functions those are listed that
/// are new, gone, touched by the change, or measured differently.
pub(crate) fn compare(
    path: &RepoPath,
    language: &Language,
    base: Option<&Measured>,
    head: Option<&Measured>,
    mapping: &LineMapping,
) -> Option<FileMetrics> {
    if base.is_none() && head.is_none() {
        return None;
    }
    let base_functions = functions(base);
    let head_functions = functions(head);
    let mut by_key: HashMap<Key<'_>, &MeasuredFunction> = base_functions.iter().copied().collect();
    let mut rows = Vec::new();
    for (key, function) in head_functions {
        let before = by_key.remove(&key);
        let touched = mapping.touches(function.first_line, function.last_line);
        let same = before.is_some_and(|before| before.metrics == function.metrics);
        if !same || touched {
            rows.push(row(
                function,
                before.map(|before| &before.metrics),
                Some(&function.metrics),
            ));
        }
    }
    for (key, function) in base_functions {
        if by_key.contains_key(&key) {
            rows.push(row(function, Some(&function.metrics), None));
        }
    }
    Some(FileMetrics {
        path: path.clone(),
        language: language.name(),
        metrics: deltas(
            |metric| base.and_then(|base| metric.value(&base.file)),
            |metric| head.and_then(|head| metric.value(&head.file)),
        ),
        functions: rows,
    })
}

fn row(
    function: &MeasuredFunction,
    base: Option<&Metrics>,
    head: Option<&Metrics>,
) -> FunctionMetrics {
    FunctionMetrics {
        name: function.name.as_str().into(),
        line: function.first_line,
        metrics: MetricValues::new(
            Metric::IDS,
            |at| base.and_then(|metrics| Metric::ALL[at].value(metrics)),
            |at| head.and_then(|metrics| Metric::ALL[at].value(metrics)),
        ),
    }
}
