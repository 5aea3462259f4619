//! Which lines of a patch can be commented, worked out line by line: on purpose
//! in another way than the code under test does it.

use std::collections::BTreeMap;

/// For each side (false for the old file) the lines with the number of their hunk.
#[derive(Clone, Debug, Default)]
pub(super) struct PatchLines {
    lines: BTreeMap<(bool, u64), usize>,
    /// The number of the old line of each unchanged new line.
    pub(super) unchanged: BTreeMap<u64, u64>,
}

impl PatchLines {
    pub(super) fn read(patch: &str) -> Self {
        let mut this = Self::default();
        let (mut old, mut new, mut hunk) = (0, 0, 0);
        for line in patch.lines() {
            match line.chars().next() {
                Some('@') => {
                    let numbers: Vec<u64> = line
                        .split(|c: char| !c.is_ascii_digit() && c != ',')
                        .filter(|word| !word.is_empty())
                        .filter_map(|word| word.split(',').next()?.parse().ok())
                        .collect();
                    (old, new) = (numbers[0], numbers[1]);
                    hunk += 1;
                }
                Some('+') => {
                    this.lines.insert((true, new), hunk);
                    new += 1;
                }
                Some('-') => {
                    this.lines.insert((false, old), hunk);
                    old += 1;
                }
                Some('\\') => {}
                _ => {
                    this.lines.insert((true, new), hunk);
                    this.lines.insert((false, old), hunk);
                    this.unchanged.insert(new, old);
                    old += 1;
                    new += 1;
                }
            }
        }
        this
    }

    /// Returns the hunk of a line.
    pub(super) fn hunk(&self, is_new: bool, line: u64) -> Option<usize> {
        self.lines.get(&(is_new, line)).copied()
    }

    /// Returns the number of lines of the patch.
    pub(super) fn count(patch: &str) -> usize {
        patch.lines().count()
    }
}
