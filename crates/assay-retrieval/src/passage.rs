//! The text of what was found, read from the files again, with secrets masked.

use std::collections::HashMap;
use std::sync::Arc;

use assay_source::{FileTree, FileVersion, RepoPath, SourceText};

use crate::code_index::Hit;
use crate::load::Veil;

/// Bytes of a file that is read for a passage.
const FILE_BYTES_MAX: u64 = 1 << 20;
/// Characters of one line of a passage; the rest of it is left out.
const LINE_CHARS_MAX: usize = 400;

/// A chunk with its text.
#[derive(Clone, Debug, PartialEq)]
pub struct Passage {
    /// Where it is and why it was found.
    pub hit: Hit,
    /// Its lines.
    pub lines: Vec<String>,
    /// The lines that hold most words of the question, as a place in `lines`.
    pub best_line: usize,
}

impl Passage {
    /// Returns the number of the line (from 1) that holds most words of the question.
    pub fn line(&self) -> u32 {
        self.hit.first_line + self.best_line as u32
    }
}

/// Reads the passages of hits. A file that is no longer there has none.
pub fn passages(
    tree: &dyn FileTree,
    veil: &dyn Veil,
    question: &str,
    hits: Vec<Hit>,
) -> Vec<Passage> {
    let Ok(files) = tree.list() else {
        return Vec::new();
    };
    let versions: HashMap<&RepoPath, &FileVersion> =
        files.iter().map(|file| (&file.path, file)).collect();
    let mut texts: HashMap<RepoPath, Option<Arc<SourceText>>> = HashMap::new();
    let wanted: std::collections::HashSet<String> =
        crate::word::terms(question).into_iter().collect();
    hits.into_iter()
        .filter_map(|hit| {
            let text = texts.entry(hit.path.clone()).or_insert_with(|| {
                let bytes = tree.read(versions.get(&hit.path)?, FILE_BYTES_MAX).ok()?;
                let text = Arc::new(SourceText::decode(bytes).ok()?);
                Some(veil.mask(&hit.path, &text))
            });
            let text = text.as_ref()?;
            let last = hit.last_line.min(text.lines().line_count());
            let lines: Vec<String> = (hit.first_line..=last)
                .map(|line| {
                    text.line(line)
                        .trim_end()
                        .chars()
                        .take(LINE_CHARS_MAX)
                        .collect()
                })
                .collect();
            let best_line = best_line(&lines, &wanted);
            Some(Passage {
                hit,
                lines,
                best_line,
            })
        })
        .collect()
}

/// Returns the line with the most different words of the question; the first of equals.
fn best_line(lines: &[String], wanted: &std::collections::HashSet<String>) -> usize {
    let count = |line: &String| {
        let mut met: Vec<String> = crate::word::terms(line);
        met.retain(|term| wanted.contains(term));
        met.sort_unstable();
        met.dedup();
        met.len()
    };
    let counts: Vec<usize> = lines.iter().map(count).collect();
    let best = counts.iter().copied().max().unwrap_or(0);
    counts.iter().position(|count| *count == best).unwrap_or(0)
}
