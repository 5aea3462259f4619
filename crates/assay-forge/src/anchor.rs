//! Which lines of a change a forge lets us comment, read from the change as the
//! forge shows it. A remark on any other line is refused, and takes all others
//! of its review with it.

use std::collections::BTreeMap;

use crate::post::{Place, Side};

/// Files and hunks of one change that are read; the rest cannot be commented.
const HUNKS_MAX: usize = 200_000;

/// A run of lines, both ends included; empty when the first is after the last.
type Lines = (u32, u32);

#[derive(Clone, Debug, PartialEq, Eq)]
struct HunkLines {
    old: Lines,
    new: Lines,
    /// Runs of unchanged lines: the first in the old file, in the new one, and
    /// how many.
    unchanged: Vec<(u32, u32, u32)>,
}

impl HunkLines {
    fn side(&self, side: Side) -> Lines {
        match side {
            Side::Old => self.old,
            Side::New => self.new,
        }
    }
}

/// The lines that can be commented: in each hunk those of the new file (added
/// and context) and those of the old file (deleted and context).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Anchors {
    files: BTreeMap<String, Vec<HunkLines>>,
    /// What renamed files were called.
    renamed: BTreeMap<String, String>,
    hunks: usize,
}

impl Anchors {
    /// Reads a diff in the unified format of git.
    pub fn from_diff(diff: &[u8]) -> Self {
        let text = String::from_utf8_lossy(diff);
        let mut this = Self::default();
        let mut lines = text.split('\n').peekable();
        let mut old_path = None;
        let mut path = None;
        while let Some(line) = lines.next() {
            let line = line.strip_suffix('\r').unwrap_or(line);
            if line.starts_with("diff --git ") {
                (old_path, path) = (None, None);
            } else if let Some(name) = line.strip_prefix("--- ") {
                old_path = file_name(name, "a/");
            } else if let Some(name) = line.strip_prefix("+++ ") {
                path = file_name(name, "b/").or_else(|| old_path.take());
            } else if let Some(mut hunk) = hunk_header(line)
                && let Some(path) = &path
            {
                read_body(&mut hunk, &mut lines);
                this.add(path, hunk);
            }
        }
        this
    }

    /// Adds the hunks of one file, as lists of files have them.
    pub fn add_patch(&mut self, path: &str, patch: &str) {
        let mut lines = patch.split('\n').peekable();
        while let Some(line) = lines.next() {
            if let Some(mut hunk) = hunk_header(line) {
                read_body(&mut hunk, &mut lines);
                self.add(path, hunk);
            }
        }
    }

    fn add(&mut self, path: &str, hunk: HunkLines) {
        if self.hunks < HUNKS_MAX {
            self.hunks += 1;
            let hunks = self.files.entry(path.to_owned()).or_default();
            hunks.push(hunk);
        }
    }

    /// Notes what a file was called before.
    pub fn add_renamed(&mut self, path: &str, old_path: &str) {
        if path != old_path && self.renamed.len() < HUNKS_MAX {
            self.renamed.insert(path.to_owned(), old_path.to_owned());
        }
    }

    /// Returns what a file was called before the change.
    pub(crate) fn old_path<'a>(&'a self, path: &'a str) -> &'a str {
        self.renamed.get(path).map_or(path, String::as_str)
    }

    /// Returns the number of the last line of a place in the old and in the new
    /// file; an unchanged line is in both.
    pub(crate) fn pair(&self, place: &Place) -> (Option<u32>, Option<u32>) {
        let line = place.last_line;
        let hunks = self.files.get(&place.path).into_iter().flatten();
        let mut runs = hunks.flat_map(|hunk| &hunk.unchanged);
        let found = runs.find_map(|&(old, new, count)| {
            let first = match place.side {
                Side::Old => old,
                Side::New => new,
            };
            let step = line.checked_sub(first).filter(|step| *step < count)?;
            Some((Some(old + step), Some(new + step)))
        });
        found.unwrap_or(match place.side {
            Side::Old => (Some(line), None),
            Side::New => (None, Some(line)),
        })
    }

    /// Returns whether nothing can be commented.
    pub fn is_empty(&self) -> bool {
        self.files.is_empty()
    }

    /// Returns whether exactly this place can be commented.
    pub fn holds(&self, place: &Place) -> bool {
        self.fit(place).as_ref() == Some(place)
    }

    /// Returns the part of the place that can be commented: the lines within
    /// the first hunk that has some of them.
    pub fn fit(&self, place: &Place) -> Option<Place> {
        let hunks = self.files.get(&place.path)?;
        hunks.iter().find_map(|hunk| {
            let (first, last) = hunk.side(place.side);
            let first_line = place.first_line.max(first);
            let last_line = place.last_line.min(last);
            (first_line >= 1 && first_line <= last_line).then(|| Place {
                first_line,
                last_line,
                ..place.clone()
            })
        })
    }

    /// Returns whether the change has lines of the file that can be commented.
    pub fn contains_file(&self, path: &str) -> bool {
        self.files.contains_key(path)
    }
}

/// Reads `@@ -1,2 +3,4 @@`.
fn hunk_header(line: &str) -> Option<HunkLines> {
    let rest = line.strip_prefix("@@ -")?;
    let (old, rest) = rest.split_once(" +")?;
    let (new, _) = rest.split_once(" @@")?;
    let range = |text: &str| -> Option<Lines> {
        let (start, count) = text.split_once(',').unwrap_or((text, "1"));
        let (start, count): (u32, u32) = (start.parse().ok()?, count.parse().ok()?);
        let end = start.checked_add(count)?;
        // A side without lines names the line before it.
        Some(if count == 0 { (1, 0) } else { (start, end - 1) })
    };
    Some(HunkLines {
        old: range(old)?,
        new: range(new)?,
        unchanged: Vec::new(),
    })
}

/// Reads the lines of a hunk by their number: a removed line `-- x` looks like
/// the beginning of a file.
fn read_body<'a>(
    hunk: &mut HunkLines,
    lines: &mut std::iter::Peekable<impl Iterator<Item = &'a str>>,
) {
    let ((mut old, old_last), (mut new, new_last)) = (hunk.old, hunk.new);
    while old <= old_last || new <= new_last {
        let Some(line) = lines.peek() else { return };
        match line.as_bytes().first() {
            Some(b'-') if old <= old_last => old += 1,
            Some(b'+') if new <= new_last => new += 1,
            Some(b'\\') => {}
            // An empty context line may have lost its space on the way.
            Some(b' ' | b'\r') | None if old <= old_last && new <= new_last => {
                match hunk.unchanged.last_mut() {
                    Some(run) if run.0 + run.2 == old && run.1 + run.2 == new => run.2 += 1,
                    _ => hunk.unchanged.push((old, new, 1)),
                }
                old += 1;
                new += 1;
            }
            _ => return,
        }
        lines.next();
    }
}

/// Reads the name of a file after `--- ` or `+++ `; none for `/dev/null`.
fn file_name(text: &str, prefix: &str) -> Option<String> {
    let text = text.split('\t').next().unwrap_or_default();
    let name = match text.strip_prefix('"') {
        Some(quoted) => unquote(quoted.strip_suffix('"')?)?,
        None => text.to_owned(),
    };
    if name == "/dev/null" {
        return None;
    }
    Some(name.strip_prefix(prefix).unwrap_or(&name).to_owned())
}

/// Reads the escapes of C in which git writes unusual names.
fn unquote(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'\\' {
            bytes.push(byte);
            continue;
        }
        bytes.push(match rest.next()? {
            b'n' => b'\n',
            b't' => b'\t',
            b'r' => b'\r',
            b'a' => 7,
            b'b' => 8,
            b'v' => 11,
            b'f' => 12,
            digit @ b'0'..=b'3' => {
                let octal = |byte: u8| matches!(byte, b'0'..=b'7').then(|| byte - b'0');
                let (second, third) = (octal(rest.next()?)?, octal(rest.next()?)?);
                (digit - b'0') * 64 + second * 8 + third
            }
            other @ (b'"' | b'\\') => other,
            _ => return None,
        });
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::Anchors;
    use crate::post::{Place, Side};

    const DIFF: &str = "diff --git a/a.rs b/a.rs\n--- a/a.rs\n+++ b/a.rs\n\
        @@ -10,4 +10,5 @@ fn x()\n context\n--- gone\n+++ new\n+more\n context\n context\n\
        @@ -50,2 +51,0 @@\n-a\n-b\n\\ No newline at end of file\n\
        diff --git a/old.txt b/old.txt\ndeleted file mode 100644\n--- a/old.txt\n+++ /dev/null\n@@ -1 +0,0 @@\n-x\n\
        diff --git \"a/\\303\\274.txt\" \"b/\\303\\274.txt\"\nnew file mode 100644\n--- /dev/null\n+++ \"b/\\303\\274.txt\"\n@@ -0,0 +1,2 @@\n+x\n+y\n\
        diff --git a/x b/y\nsimilarity index 100%\nrename from x\nrename to y\n\
        diff --git a/logo.png b/logo.png\nBinary files a/logo.png and b/logo.png differ\n";

    fn check(path: &str, side: Side, lines: (u32, u32), expected: Option<(u32, u32)>) {
        let place = Place {
            path: path.into(),
            side,
            first_line: lines.0,
            last_line: lines.1,
        };
        let anchors = Anchors::from_diff(DIFF.as_bytes());
        let fit = anchors.fit(&place);
        let found = fit.map(|place| (place.first_line, place.last_line));
        assert_eq!(found, expected, "{path} {side:?} {lines:?}");
        assert_eq!(anchors.holds(&place), expected == Some(lines));
    }

    #[test]
    fn lines_within_hunks_can_be_commented() {
        use Side::{New, Old};
        check("a.rs", New, (10, 10), Some((10, 10)));
        check("a.rs", New, (14, 14), Some((14, 14)));
        check("a.rs", New, (15, 15), None);
        check("a.rs", New, (9, 9), None);
        check("a.rs", New, (1, 12), Some((10, 12)));
        check("a.rs", New, (13, 60), Some((13, 14)));
        check("a.rs", Old, (13, 13), Some((13, 13)));
        check("a.rs", Old, (14, 14), None);
        check("a.rs", Old, (50, 51), Some((50, 51)));
        check("a.rs", New, (51, 51), None);
        check("a.rs", New, (0, 0), None);
        check("old.txt", Old, (1, 1), Some((1, 1)));
        check("old.txt", New, (1, 1), None);
        check("ü.txt", New, (2, 2), Some((2, 2)));
        check("y", New, (1, 1), None);
        check("logo.png", New, (1, 1), None);
        check("new", New, (1, 1), None);
    }

    #[test]
    fn an_unchanged_line_has_both_numbers() {
        let anchors = Anchors::from_diff(DIFF.as_bytes());
        for (side, line, expected) in [
            (Side::New, 10, (Some(10), Some(10))),
            (Side::New, 11, (None, Some(11))),
            (Side::New, 13, (Some(12), Some(13))),
            (Side::Old, 11, (Some(11), None)),
            (Side::Old, 13, (Some(13), Some(14))),
        ] {
            let place = Place {
                path: "a.rs".into(),
                side,
                first_line: line,
                last_line: line,
            };
            assert_eq!(anchors.pair(&place), expected, "{side:?} {line}");
        }
    }

    #[test]
    fn nonsense_is_no_anchor() {
        for diff in [
            "",
            "@@ -1 +1 @@\n+x",
            "--- a/x\n+++ b/x\n@@ -4294967295,2 +1 @@\n",
            "--- a/x\n+++ b/x\n@@ -a +b @@\n",
            "+++ \"b/\\9\"\n@@ -1 +1 @@\n",
        ] {
            assert!(Anchors::from_diff(diff.as_bytes()).is_empty(), "{diff}");
        }
    }
}
