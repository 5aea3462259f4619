//! The numbers: what is measured of a function, a class or a file, and the
//! list of metrics by which reports, thresholds and deltas go over them.

/// The numbers of one function, class or file.
///
/// What each means, and what each construct adds to it, is in `docs/metrics.md`.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Metrics {
    /// McCabe's number; the sum over the functions for a class or a file.
    pub cyclomatic: u32,
    /// SonarSource's cognitive complexity.
    pub cognitive: u32,
    /// How many control structures lie in each other at most.
    pub nesting: u32,
    /// The parameters that callers write; the most of any function for a class
    /// or a file.
    pub parameters: u32,
    /// The statements and operators that leave the function.
    pub exits: u32,
    /// The statements.
    pub statements: u32,
    /// The functions, this one and nested ones included.
    pub functions: u32,
    /// The classes, this one and nested ones included.
    pub classes: u32,
    /// The lines.
    pub lines: Lines,
    /// Halstead's counts, when they were asked for.
    pub halstead: Option<Halstead>,
    /// The original maintainability index, when Halstead's counts are there.
    pub maintainability: Option<f64>,
}

/// Lines by what is on them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Lines {
    /// All lines.
    pub physical: u32,
    /// Lines with code on them, also when a comment follows.
    pub source: u32,
    /// Lines with a comment on them, also when code goes before.
    pub comment: u32,
    /// Lines with nothing but white space, outside comments and strings.
    pub blank: u32,
}

/// Halstead's four counts; everything else of his follows from them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Halstead {
    /// Different operators: n1.
    pub operators_distinct: u32,
    /// Different operands: n2.
    pub operands_distinct: u32,
    /// Operators: N1.
    pub operators: u32,
    /// Operands: N2.
    pub operands: u32,
}

impl Metrics {
    /// Adds the metrics of another part of the same file.
    pub(super) fn add(&mut self, part: &Metrics) {
        self.cyclomatic = self.cyclomatic.saturating_add(part.cyclomatic);
        self.cognitive = self.cognitive.saturating_add(part.cognitive);
        self.nesting = self.nesting.max(part.nesting);
        self.parameters = self.parameters.max(part.parameters);
        self.exits = self.exits.saturating_add(part.exits);
        self.statements = self.statements.saturating_add(part.statements);
        self.functions += part.functions;
        self.classes += part.classes;
        self.halstead = match (self.halstead, part.halstead) {
            (Some(left), Some(right)) => Some(left.plus(right)),
            (left, right) => left.or(right),
        };
    }
}

/// Elementary mental discriminations a second (Stroud's number), by which
/// Halstead turns effort into time.
const STROUD_NUMBER: f64 = 18.0;
/// The volume that holds one error, by Halstead.
const VOLUME_PER_BUG: f64 = 3000.0;

impl Halstead {
    /// Adds the counts of a part in another language: its words are others.
    fn plus(self, other: Self) -> Self {
        Self {
            operators_distinct: self.operators_distinct + other.operators_distinct,
            operands_distinct: self.operands_distinct + other.operands_distinct,
            operators: self.operators + other.operators,
            operands: self.operands + other.operands,
        }
    }

    /// Returns the number of different operators and operands: n.
    pub fn vocabulary(self) -> u32 {
        self.operators_distinct
            .saturating_add(self.operands_distinct)
    }

    /// Returns the number of operators and operands: N.
    pub fn length(self) -> u32 {
        self.operators.saturating_add(self.operands)
    }

    /// Returns the volume: N log2 n.
    pub fn volume(self) -> f64 {
        f64::from(self.length()) * f64::from(self.vocabulary().max(1)).log2()
    }

    /// Returns the difficulty: n1 / 2 * N2 / n2.
    pub fn difficulty(self) -> f64 {
        f64::from(self.operators_distinct) / 2.0 * f64::from(self.operands)
            / f64::from(self.operands_distinct.max(1))
    }

    /// Returns the effort: difficulty times volume.
    pub fn effort(self) -> f64 {
        self.difficulty() * self.volume()
    }

    /// Returns the time to write it, in seconds: effort / 18.
    pub fn time_seconds(self) -> f64 {
        self.effort() / STROUD_NUMBER
    }

    /// Returns the number of errors to expect: volume / 3000.
    pub fn bugs(self) -> f64 {
        self.volume() / VOLUME_PER_BUG
    }
}

/// Returns the maintainability index of Oman and Hagemeister, without bounds.
pub(super) fn maintainability(volume: f64, cyclomatic: f64, lines: f64) -> f64 {
    171.0 - 5.2 * volume.max(1.0).ln() - 0.23 * cyclomatic - 16.2 * lines.max(1.0).ln()
}

/// Which way a metric gets better.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Better {
    /// Less is better.
    Lower,
    /// More is better.
    Higher,
    /// Neither: it only says how much there is.
    Neither,
}

/// How the values of several files make the value of all of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Total {
    /// They are added up.
    Sum,
    /// The largest counts.
    Max,
    /// The mean of the files counts.
    Mean,
}

/// Declares the metrics once: the enum and the table of their properties.
macro_rules! metrics {
    ($($(#[doc = $doc:literal])+ $variant:ident = $id:literal, $title:literal, $unit:literal, $better:ident, $total:ident, |$m:ident| $value:expr;)+) => {
        /// One metric.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Metric {
            $($(#[doc = $doc])+ $variant,)+
        }

        impl Metric {
            /// Every metric, in the order of reports.
            pub const ALL: &'static [Metric] = &[$(Metric::$variant,)+];

            /// The names of all, in the same order.
            pub const IDS: &'static [&'static str] = &[$($id,)+];

            /// Returns the name in configuration and in data.
            pub const fn id(self) -> &'static str {
                match self { $(Metric::$variant => $id,)+ }
            }

            /// Returns the name for people.
            pub const fn title(self) -> &'static str {
                match self { $(Metric::$variant => $title,)+ }
            }

            /// Returns the unit, in the plural; empty for a bare number.
            pub const fn unit(self) -> &'static str {
                match self { $(Metric::$variant => $unit,)+ }
            }

            /// Returns which way the metric gets better.
            pub const fn better(self) -> Better {
                match self { $(Metric::$variant => Better::$better,)+ }
            }

            /// Returns how the values of files are put together.
            pub const fn total(self) -> Total {
                match self { $(Metric::$variant => Total::$total,)+ }
            }

            /// Returns the value, or nothing when it was not measured.
            pub fn value(self, metrics: &Metrics) -> Option<f64> {
                match self { $(Metric::$variant => { let $m = metrics; $value })+ }
            }
        }
    };
}

metrics! {
    /// McCabe's cyclomatic complexity.
    Cyclomatic = "cyclomatic", "cyclomatic complexity", "", Lower, Sum, |m| Some(f64::from(m.cyclomatic));
    /// SonarSource's cognitive complexity.
    Cognitive = "cognitive", "cognitive complexity", "", Lower, Sum, |m| Some(f64::from(m.cognitive));
    /// The deepest nesting of control structures.
    Nesting = "nesting", "nesting depth", "levels", Lower, Max, |m| Some(f64::from(m.nesting));
    /// The parameters.
    Parameters = "parameters", "parameters", "parameters", Lower, Max, |m| Some(f64::from(m.parameters));
    /// The ways out.
    Exits = "exits", "exits", "exits", Lower, Sum, |m| Some(f64::from(m.exits));
    /// The statements.
    Statements = "statements", "statements", "statements", Lower, Sum, |m| Some(f64::from(m.statements));
    /// All lines.
    Lines = "lines", "lines", "lines", Lower, Sum, |m| Some(f64::from(m.lines.physical));
    /// The lines with code.
    SourceLines = "source-lines", "source lines", "lines", Lower, Sum, |m| Some(f64::from(m.lines.source));
    /// The lines with comments.
    CommentLines = "comment-lines", "comment lines", "lines", Neither, Sum, |m| Some(f64::from(m.lines.comment));
    /// The blank lines.
    BlankLines = "blank-lines", "blank lines", "lines", Neither, Sum, |m| Some(f64::from(m.lines.blank));
    /// The functions.
    Functions = "functions", "functions", "functions", Neither, Sum, |m| Some(f64::from(m.functions));
    /// The classes.
    Classes = "classes", "classes", "classes", Neither, Sum, |m| Some(f64::from(m.classes));
    /// Halstead's vocabulary.
    HalsteadVocabulary = "halstead-vocabulary", "Halstead vocabulary", "", Lower, Sum, |m| m.halstead.map(|h| f64::from(h.vocabulary()));
    /// Halstead's length.
    HalsteadLength = "halstead-length", "Halstead length", "", Lower, Sum, |m| m.halstead.map(|h| f64::from(h.length()));
    /// Halstead's volume.
    HalsteadVolume = "halstead-volume", "Halstead volume", "bits", Lower, Sum, |m| m.halstead.map(Halstead::volume);
    /// Halstead's difficulty.
    HalsteadDifficulty = "halstead-difficulty", "Halstead difficulty", "", Lower, Max, |m| m.halstead.map(Halstead::difficulty);
    /// Halstead's effort.
    HalsteadEffort = "halstead-effort", "Halstead effort", "", Lower, Sum, |m| m.halstead.map(Halstead::effort);
    /// The time that Halstead expects the writing to take.
    HalsteadTime = "halstead-time", "Halstead time", "seconds", Lower, Sum, |m| m.halstead.map(Halstead::time_seconds);
    /// The errors that Halstead expects.
    HalsteadBugs = "halstead-bugs", "Halstead bugs", "bugs", Lower, Sum, |m| m.halstead.map(Halstead::bugs);
    /// The maintainability index: 171 and less, without a lower bound.
    Maintainability = "maintainability", "maintainability index", "", Higher, Mean, |m| m.maintainability;
    /// The maintainability index from 0 to 100.
    MaintainabilityPercent = "maintainability-percent", "maintainability index (0-100)", "%", Higher, Mean, |m| m.maintainability.map(|index| (index * 100.0 / 171.0).clamp(0.0, 100.0));
}

impl Metric {
    /// Returns the metric with the name.
    pub fn by_id(id: &str) -> Option<Metric> {
        Self::ALL.iter().copied().find(|metric| metric.id() == id)
    }
}

/// The values of several files, put together metric by metric.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct MetricTotals {
    /// For each metric the sum or the largest, and how many values went in.
    values: Vec<(f64, u32)>,
}

impl MetricTotals {
    /// Adds the metrics of one more file.
    pub fn add(&mut self, metrics: &Metrics) {
        self.values.resize(Metric::ALL.len(), (0.0, 0));
        for (slot, metric) in self.values.iter_mut().zip(Metric::ALL) {
            let Some(value) = metric.value(metrics) else {
                continue;
            };
            slot.0 = match metric.total() {
                Total::Max => slot.0.max(value),
                Total::Sum | Total::Mean => slot.0 + value,
            };
            slot.1 += 1;
        }
    }

    /// Returns the value over all files, or nothing when no file had one.
    pub fn get(&self, metric: Metric) -> Option<f64> {
        let &(value, count) = self.values.get(metric as usize)?;
        match (count, metric.total()) {
            (0, _) => None,
            (_, Total::Mean) => Some(value / f64::from(count)),
            (_, Total::Max | Total::Sum) => Some(value),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Halstead, Metric, MetricTotals, Metrics, maintainability};

    #[test]
    fn ids_are_unique_and_found_again() {
        for &metric in Metric::ALL {
            assert_eq!(Metric::by_id(metric.id()), Some(metric));
        }
    }

    #[test]
    fn halstead_follows_his_formulas() {
        // 10 and 6 different, 30 and 18 in all: n = 16, N = 48, V = 48 * 4.
        let halstead = Halstead {
            operators_distinct: 10,
            operands_distinct: 6,
            operators: 30,
            operands: 18,
        };
        assert_eq!(halstead.vocabulary(), 16);
        assert_eq!(halstead.length(), 48);
        assert_eq!(halstead.volume(), 192.0);
        assert_eq!(halstead.difficulty(), 15.0);
        assert_eq!(halstead.effort(), 2880.0);
        assert_eq!(halstead.time_seconds(), 160.0);
        assert_eq!(halstead.bugs(), 0.064);
        let empty = Halstead::default();
        assert_eq!(
            (empty.volume(), empty.difficulty(), empty.bugs()),
            (0.0, 0.0, 0.0)
        );
    }

    #[test]
    fn maintainability_has_no_lower_bound_but_its_percent_has() {
        assert_eq!(maintainability(0.0, 0.0, 0.0), 171.0);
        let awful = maintainability(1e9, 500.0, 1e5);
        assert!(awful < 0.0);
        let metrics = Metrics {
            maintainability: Some(awful),
            ..Metrics::default()
        };
        assert_eq!(Metric::MaintainabilityPercent.value(&metrics), Some(0.0));
    }

    #[test]
    fn totals_add_up_take_the_largest_or_the_mean() {
        let mut totals = MetricTotals::default();
        assert_eq!(totals.get(Metric::Cyclomatic), None);
        for (cyclomatic, nesting, maintainability) in [(3, 5, 100.0), (4, 2, 50.0)] {
            totals.add(&Metrics {
                cyclomatic,
                nesting,
                maintainability: Some(maintainability),
                ..Metrics::default()
            });
        }
        assert_eq!(totals.get(Metric::Cyclomatic), Some(7.0));
        assert_eq!(totals.get(Metric::Nesting), Some(5.0));
        assert_eq!(totals.get(Metric::Maintainability), Some(75.0));
        assert_eq!(totals.get(Metric::HalsteadVolume), None);
    }
}
