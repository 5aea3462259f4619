//! Test coverage of new code, from the reports that test runners write: lcov
//! tracefiles, Cobertura XML and JaCoCo XML.
//!
//! A report names files as the build saw them, so a file of the change is
//! matched by the longest common ending of the path, which must be at least
//! the file name and unambiguous.

use std::collections::BTreeMap;

use assay_source::{LineMapping, RepoPath};
use quick_xml::events::{BytesStart, Event};

/// The largest coverage report that is read.
pub const COVERAGE_BYTES_MAX: u64 = 256 * 1024 * 1024;

/// Lines with the number of times that tests ran them, by file name as the
/// reports give it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CoverageReport {
    files: BTreeMap<String, BTreeMap<u32, u64>>,
}

/// Why a coverage report could not be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CoverageError {
    /// None of the known formats.
    #[error("is no lcov, Cobertura or JaCoCo report")]
    UnknownFormat,
    /// A line of an lcov tracefile that does not say what it must.
    #[error("line {line}: expected `{expected}`")]
    BadLine {
        /// The line, from 1.
        line: usize,
        /// The form it should have.
        expected: &'static str,
    },
    /// XML that is not well formed.
    #[error("byte {at}: {message}")]
    BadXml {
        /// The byte offset.
        at: u64,
        /// What the parser says.
        message: String,
    },
}

/// How much of the new code tests ran.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct NewCode {
    /// New lines that can be run.
    pub(crate) coverable: u64,
    /// Of these, the ones that were.
    pub(crate) covered: u64,
}

impl NewCode {
    /// Returns the share in percent; all of nothing is covered.
    pub(crate) fn percent(self) -> f64 {
        if self.coverable == 0 {
            return 100.0;
        }
        self.covered as f64 * 100.0 / self.coverable as f64
    }
}

impl CoverageReport {
    /// Reads a report in any of the formats and adds it to this one. A line
    /// that several reports have counts the runs of all.
    ///
    /// # Errors
    ///
    /// When the text is in none of the formats, or not well formed.
    pub fn add(&mut self, text: &str) -> Result<(), CoverageError> {
        let start = text.trim_start_matches('\u{feff}').trim_start();
        if start.starts_with('<') {
            self.add_xml(text)
        } else if start.starts_with("TN:") || start.starts_with("SF:") || start.starts_with('#') {
            self.add_lcov(text)
        } else {
            Err(CoverageError::UnknownFormat)
        }
    }

    fn add_lcov(&mut self, text: &str) -> Result<(), CoverageError> {
        let mut file: Option<String> = None;
        for (index, line) in text.lines().enumerate() {
            let line = line.trim();
            if let Some(name) = line.strip_prefix("SF:") {
                file = Some(name.replace('\\', "/"));
            } else if line == "end_of_record" {
                file = None;
            } else if let Some(data) = line.strip_prefix("DA:") {
                let bad = CoverageError::BadLine {
                    line: index + 1,
                    expected: "DA:LINE,COUNT",
                };
                let mut parts = data.split(',');
                let number = parts.next().and_then(|part| part.parse::<u32>().ok());
                // A count may be `-` or negative where the tool lost it.
                let count = parts.next().map(|part| part.parse::<u64>().unwrap_or(0));
                let (Some(number), Some(count), Some(file)) = (number, count, &file) else {
                    return Err(bad);
                };
                self.hit(file, number, count);
            }
        }
        Ok(())
    }

    fn add_xml(&mut self, text: &str) -> Result<(), CoverageError> {
        let mut reader = quick_xml::Reader::from_str(text);
        let mut package = String::new();
        let mut file = String::new();
        let mut known = false;
        loop {
            let event = reader.read_event().map_err(|error| CoverageError::BadXml {
                at: reader.error_position(),
                message: error.to_string(),
            })?;
            let element = match &event {
                Event::Start(element) | Event::Empty(element) => element,
                Event::Eof => break,
                _ => continue,
            };
            let get = |name: &str| attribute(element, name);
            match element.name().as_ref() {
                b"coverage" | b"report" => known = true,
                b"package" => package = get("name").unwrap_or_default(),
                b"sourcefile" => {
                    let name = get("name").unwrap_or_default();
                    file = if package.is_empty() {
                        name
                    } else {
                        format!("{package}/{name}")
                    };
                }
                b"class" => {
                    if let Some(name) = get("filename") {
                        file = name.replace('\\', "/");
                    }
                }
                b"line" => {
                    let number = |name| get(name).and_then(|value| value.parse::<u64>().ok());
                    let at = number("number").or_else(|| number("nr"));
                    let hits = number("hits").or_else(|| number("ci"));
                    if let (Some(at), Some(hits), false) = (at, hits, file.is_empty()) {
                        self.hit(&file, u32::try_from(at).unwrap_or(u32::MAX), hits);
                    }
                }
                _ => {}
            }
        }
        if known {
            Ok(())
        } else {
            Err(CoverageError::UnknownFormat)
        }
    }

    fn hit(&mut self, file: &str, line: u32, count: u64) {
        let lines = self.files.entry(file.to_owned()).or_default();
        // Cobertura lists a line under its class and again under its method,
        // so repeated counts are the same runs and are not added up.
        let runs = lines.entry(line).or_default();
        *runs = (*runs).max(count);
    }

    /// Counts the new lines of one file; nothing when no report has the file.
    pub(crate) fn new_code(&self, path: &RepoPath, mapping: &LineMapping) -> Option<NewCode> {
        let lines = self.lines_of(path)?;
        let mut sum = NewCode::default();
        for hunk in mapping.hunks() {
            for (_, &count) in lines.range(hunk.head.start..hunk.head.end()) {
                sum.coverable += 1;
                sum.covered += u64::from(count > 0);
            }
        }
        Some(sum)
    }

    fn lines_of(&self, path: &RepoPath) -> Option<&BTreeMap<u32, u64>> {
        let path: Vec<&[u8]> = path.parts().collect();
        let common = |name: &str| {
            let parts = name.split('/').map(str::as_bytes).rev();
            parts
                .zip(path.iter().rev())
                .take_while(|(a, b)| a == *b)
                .count()
        };
        let best = self
            .files
            .keys()
            .map(|name| common(name))
            .max()
            .filter(|&best| best > 0)?;
        let mut candidates = self.files.iter().filter(|(name, _)| common(name) == best);
        let (_, lines) = candidates.next()?;
        candidates.next().is_none().then_some(lines)
    }
}

fn attribute(element: &BytesStart<'_>, name: &str) -> Option<String> {
    let attribute = element.try_get_attribute(name).ok().flatten()?;
    attribute
        .unescape_value()
        .ok()
        .map(|value| value.into_owned())
}

#[cfg(test)]
mod tests {
    use assay_source::{Hunk, LineMapping, LineRange};

    use super::{CoverageError, CoverageReport, NewCode};

    fn added(lines: &[(u32, u32)]) -> LineMapping {
        let hunk = |&(start, count)| Hunk {
            base: LineRange { start: 1, count: 0 },
            head: LineRange { start, count },
        };
        LineMapping::new(lines.iter().map(hunk).collect())
    }

    fn check(report: &str, path: &str, expected: Option<(u64, u64)>) {
        let mut coverage = CoverageReport::default();
        coverage.add(report).unwrap();
        let found = coverage.new_code(&path.into(), &added(&[(2, 3)]));
        let expected = expected.map(|(covered, coverable)| NewCode { coverable, covered });
        assert_eq!(found, expected, "{report}");
    }

    #[test]
    fn lcov_counts_new_lines() {
        let report = "TN:\nSF:/build/src/a.c\nDA:1,5\nDA:2,5\nDA:3,0\nDA:9,1\nend_of_record\n";
        check(report, "src/a.c", Some((1, 2)));
        check(report, "src/b.c", None);
    }

    #[test]
    fn cobertura_counts_new_lines() {
        let report = r#"<?xml version="1.0"?><coverage><packages><package name="p"><classes>
            <class name="A" filename="src\a.py"><lines><line number="2" hits="1"/>
            <line number="4" hits="0"/></lines></class></classes></package></packages></coverage>"#;
        check(report, "src/a.py", Some((1, 2)));
    }

    #[test]
    fn jacoco_counts_new_lines() {
        let report = r#"<report name="x"><package name="com/acme"><sourcefile name="A.java">
            <line nr="2" mi="0" ci="3" mb="0" cb="0"/><line nr="3" mi="2" ci="0"/></sourcefile>
            </package></report>"#;
        check(report, "src/main/java/com/acme/A.java", Some((1, 2)));
    }

    #[test]
    fn ambiguous_names_are_not_guessed() {
        let report = "SF:one/a.c\nDA:2,1\nend_of_record\nSF:two/a.c\nDA:2,1\nend_of_record\n";
        check(report, "three/a.c", None);
        check(report, "two/a.c", Some((1, 1)));
    }

    #[test]
    fn bad_reports_are_errors() {
        for (text, expected) in [
            ("hello", CoverageError::UnknownFormat),
            (
                "SF:a\nDA:x,1\n",
                CoverageError::BadLine {
                    line: 2,
                    expected: "DA:LINE,COUNT",
                },
            ),
            ("<html></html>", CoverageError::UnknownFormat),
        ] {
            assert_eq!(CoverageReport::default().add(text), Err(expected));
        }
        let error = CoverageReport::default()
            .add("<coverage><a></b>")
            .unwrap_err();
        assert!(matches!(error, CoverageError::BadXml { .. }));
    }
}
