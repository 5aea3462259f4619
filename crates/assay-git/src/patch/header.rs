//! The headers of patches: which file, what happened to it, which lines.

use assay_source::LineRange;
use gix::bstr::{BString, ByteSlice};

use super::parse::{Action, Body, FilePatch, TextHunk, wrong};
use crate::error::Error;

/// A name after `--- ` or `+++ `.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Name {
    /// None for `/dev/null`.
    pub(super) path: Option<BString>,
    /// The time stands for a file that is not there.
    is_epoch: bool,
}

/// Reads the name on a line that begins with `--- ` or `+++ `.
pub(super) fn name(line: &[u8]) -> Name {
    let text = line.get(4..).unwrap_or_default();
    let (path, rest) = match unquote(text) {
        Some((path, used)) => (path, &text[used..]),
        None => match text.find_byte(b'\t') {
            Some(tab) => (text[..tab].to_vec(), &text[tab..]),
            None => split_time(text),
        },
    };
    let time = rest.trim_ascii_start();
    let is_epoch = time.starts_with(b"1970-01-01 ") || time.starts_with(b"1969-12-31 ");
    let path = (path != b"/dev/null").then(|| BString::from(path));
    Name { path, is_epoch }
}

/// Splits a time off a name that no tab ends: `name 2024-01-31 12:00:00.0 +0000`.
fn split_time(text: &[u8]) -> (Vec<u8>, &[u8]) {
    let is_date = |text: &[u8]| {
        text.len() >= 20
            && text
                .iter()
                .zip(b"dddd-dd-dd dd:dd:dd")
                .all(|(found, pattern)| match pattern {
                    b'd' => found.is_ascii_digit(),
                    pattern => found == pattern,
                })
    };
    for (at, _) in text.iter().enumerate().filter(|&(_, &b)| b == b' ') {
        if is_date(&text[at + 1..]) {
            return (text[..at].to_vec(), &text[at..]);
        }
    }
    (text.to_vec(), b"")
}

/// Reads a C-style quoted name; returns it and how many bytes it took.
fn unquote(text: &[u8]) -> Option<(Vec<u8>, usize)> {
    let (path, used) = gix::quote::ansi_c::undo(text.as_bstr()).ok()?;
    text.starts_with(b"\"").then(|| (path.to_vec(), used))
}

/// Reads a name that may be quoted and fills the line.
pub(super) fn unquote_all(text: &[u8]) -> Vec<u8> {
    unquote(text).map_or_else(|| text.to_vec(), |(path, _)| path)
}

/// Reads `@@ -LINE,COUNT +LINE,COUNT @@`.
pub(super) fn hunk(line: &[u8]) -> Option<(LineRange, LineRange)> {
    let (base, rest) = range(line.strip_prefix(b"@@ -")?)?;
    let (head, rest) = range(rest.strip_prefix(b" +")?)?;
    rest.starts_with(b" @@").then_some((base, head))
}

fn range(text: &[u8]) -> Option<(LineRange, &[u8])> {
    let (start, rest) = number(text)?;
    let (count, rest) = match rest.strip_prefix(b",") {
        Some(rest) => number(rest)?,
        None => (1, rest),
    };
    // An empty range names the line before it.
    let start = if count == 0 {
        start.checked_add(1)?
    } else {
        start
    };
    start.checked_add(count)?;
    let range = LineRange {
        start: start.max(1),
        count,
    };
    Some((range, rest))
}

fn number(text: &[u8]) -> Option<(u32, &[u8])> {
    let digits = text.iter().take_while(|b| b.is_ascii_digit()).count();
    let number = std::str::from_utf8(&text[..digits]).ok()?.parse().ok()?;
    Some((number, &text[digits..]))
}

/// Returns whether a line begins a mail in a mailbox:
/// `From 0123abc Mon Sep 17 00:00:00 2001`.
pub(super) fn is_mailbox_line(line: &[u8]) -> bool {
    let mut words = line.fields();
    let is_from = words.next() == Some(b"From");
    let _sender = words.next();
    let is_day = words.next().is_some_and(|day| day.len() == 3);
    let year = words.nth(3);
    is_from
        && is_day
        && year.is_some_and(|year| year.len() == 4 && year.iter().all(u8::is_ascii_digit))
}

/// The header lines of a file in `git diff`.
pub(super) struct GitHeader {
    /// What follows `diff --git `.
    both: Vec<u8>,
    renamed_from: Option<BString>,
    renamed_to: Option<BString>,
    copied: bool,
    new_file: bool,
    deleted: bool,
    old_mode: Option<u32>,
    new_mode: Option<u32>,
    similarity: Option<u8>,
    ids: Option<(String, String)>,
    names: Option<(Name, Name)>,
}

impl GitHeader {
    pub(super) fn new(line: &[u8]) -> Self {
        Self {
            both: line
                .strip_prefix(b"diff --git ")
                .unwrap_or_default()
                .to_vec(),
            renamed_from: None,
            renamed_to: None,
            copied: false,
            new_file: false,
            deleted: false,
            old_mode: None,
            new_mode: None,
            similarity: None,
            ids: None,
            names: None,
        }
    }

    /// Reads one line; returns whether it belongs to the header.
    pub(super) fn read(&mut self, line: &[u8], number: u64) -> Result<bool, Error> {
        let mode = |text: &[u8]| {
            std::str::from_utf8(text)
                .ok()
                .filter(|text| text.len() <= 6)
                .and_then(|text| u32::from_str_radix(text, 8).ok())
                .ok_or_else(|| wrong(number, "a mode is six octal digits, such as 100644"))
        };
        let path = |text: &[u8]| Some(BString::from(unquote_all(text)));
        let after = |words: &str| line.strip_prefix(words.as_bytes());
        if let Some(text) = after("old mode ") {
            self.old_mode = Some(mode(text)?);
        } else if let Some(text) = after("new mode ") {
            self.new_mode = Some(mode(text)?);
        } else if let Some(text) = after("new file mode ") {
            self.new_mode = Some(mode(text)?);
            self.new_file = true;
        } else if let Some(text) = after("deleted file mode ") {
            self.old_mode = Some(mode(text)?);
            self.deleted = true;
        } else if let Some(text) = after("rename from ").or_else(|| after("rename old ")) {
            self.renamed_from = path(text);
        } else if let Some(text) = after("rename to ").or_else(|| after("rename new ")) {
            self.renamed_to = path(text);
        } else if let Some(text) = after("copy from ") {
            self.renamed_from = path(text);
            self.copied = true;
        } else if let Some(text) = after("copy to ") {
            self.renamed_to = path(text);
            self.copied = true;
        } else if let Some(text) = after("similarity index ") {
            self.similarity = number_of_percent(text);
        } else if after("dissimilarity index ").is_some() {
            // The file was rewritten; what follows says how.
        } else if let Some(text) = after("index ") {
            self.index(text, &mode)?;
        } else {
            return Ok(false);
        }
        Ok(true)
    }

    /// Reads `0123abc..4567def 100644`.
    fn index(
        &mut self,
        text: &[u8],
        mode: &dyn Fn(&[u8]) -> Result<u32, Error>,
    ) -> Result<(), Error> {
        let mut words = text.fields();
        let ids = words.next().and_then(|ids| ids.split_once_str(".."));
        if let Some((old, new)) = ids {
            let id = |text: &[u8]| String::from_utf8_lossy(text).to_ascii_lowercase();
            self.ids = Some((id(old), id(new)));
        }
        if let Some(text) = words.next() {
            let both = mode(text)?;
            self.old_mode.get_or_insert(both);
            self.new_mode.get_or_insert(both);
        }
        Ok(())
    }

    pub(super) fn names(&mut self, old: Name, new: Name) {
        self.names = Some((old, new));
    }

    /// Returns whether any line but the first was there.
    pub(super) fn says_something(&self) -> bool {
        self.renamed_to.is_some()
            || self.old_mode.is_some()
            || self.new_mode.is_some()
            || self.ids.is_some()
    }

    /// Makes the patch of the file; none when it has no name.
    pub(super) fn finish(self, body: Body, line: u64) -> Option<FilePatch> {
        let (old, new) = self.paths()?;
        let action = match (&self.renamed_from, &old, &new) {
            (Some(_), ..) if self.copied => Action::Copy,
            (Some(_), ..) => Action::Rename,
            (None, _, Some(_)) if self.new_file => Action::Add,
            (None, Some(_), _) if self.deleted => Action::Delete,
            (None, None, _) => Action::Add,
            (None, _, None) => Action::Delete,
            _ => Action::Modify,
        };
        let (old_id, new_id) = self.ids.unzip();
        let is_id = |id: &String| id.len() >= 4 && id.bytes().all(|b| b.is_ascii_hexdigit());
        let is_null = |id: &String| id.bytes().all(|b| b == b'0');
        Some(FilePatch {
            line,
            unit: 0,
            action,
            old: old.filter(|_| action != Action::Add),
            new: new.filter(|_| action != Action::Delete),
            old_mode: self.old_mode,
            new_mode: self.new_mode,
            similarity: self.similarity,
            old_id: old_id.filter(|id| is_id(id) && !is_null(id)),
            new_id: new_id.filter(|id| is_id(id) && !is_null(id)),
            body,
        })
    }

    /// Returns the paths, with the `a/` and `b/` of git (or what the user's
    /// settings make of them) taken off.
    fn paths(&self) -> Option<(Option<BString>, Option<BString>)> {
        if let (Some(from), Some(to)) = (&self.renamed_from, &self.renamed_to) {
            return Some((Some(from.clone()), Some(to.clone())));
        }
        let both = split_both(&self.both);
        if let Some((old, new)) = &self.names {
            return match (&old.path, &new.path) {
                (Some(old), Some(new)) => {
                    let (old, new) = strip_pair(old, new);
                    Some((Some(old), Some(new)))
                }
                (None, None) => None,
                (Some(one), None) | (None, Some(one)) => {
                    // The prefix of one name is known from the pair of both.
                    let path = match &both {
                        Some((old, new, stripped)) if one == old || one == new => stripped.clone(),
                        _ => strip_known(one),
                    };
                    Some((
                        old.path.is_some().then(|| path.clone()),
                        new.path.is_some().then_some(path),
                    ))
                }
            };
        }
        let (_, _, path) = both?;
        Some((Some(path.clone()), Some(path)))
    }
}

fn number_of_percent(text: &[u8]) -> Option<u8> {
    let (percent, rest) = number(text)?;
    (rest == b"%" && percent <= 100)
        .then(|| u8::try_from(percent).ok())
        .flatten()
}

/// Splits `a/name b/name`, which may hold spaces, where both halves are the
/// same file; returns both and the name.
fn split_both(both: &[u8]) -> Option<(BString, BString, BString)> {
    if let Some((old, used)) = unquote(both) {
        let new = unquote_all(both.get(used + 1..)?);
        let stripped = same_file(&old, &new)?;
        return Some((old.into(), new.into(), stripped));
    }
    if let Some(quote) = both.find(b" \"") {
        let (old, new) = (&both[..quote], unquote_all(&both[quote + 1..]));
        let stripped = same_file(old, &new)?;
        return Some((old.into(), new.into(), stripped));
    }
    // Both halves are as long, give or take a prefix: the middle is the place,
    // and it is found from there outwards.
    let middle = both.len() / 2;
    let spaces: Vec<usize> = both.find_iter(b" ").collect();
    let mut nearest: Vec<usize> = spaces
        .into_iter()
        .filter(|space| space.abs_diff(middle) <= PREFIX_BYTES_MAX)
        .collect();
    nearest.sort_by_key(|space| space.abs_diff(middle));
    nearest.into_iter().find_map(|space| {
        let (old, new) = (&both[..space], &both[space + 1..]);
        let stripped = same_file(old, new)?;
        Some((old.into(), new.into(), stripped))
    })
}

/// Prefixes such as `a/` are short.
const PREFIX_BYTES_MAX: usize = 64;

fn same_file(old: &[u8], new: &[u8]) -> Option<BString> {
    let (old, new) = strip_pair(old, new);
    (old == new && !old.is_empty()).then_some(old)
}

/// Takes the first part off both names when it is a prefix: the parts differ
/// and the rest is the same, or they are `a` and `b`.
fn strip_pair(old: &[u8], new: &[u8]) -> (BString, BString) {
    let halves = (old.split_once_str("/"), new.split_once_str("/"));
    if let (Some((old_first, old_rest)), Some((new_first, new_rest))) = halves {
        let is_prefix = (old_first == b"a" && new_first == b"b")
            || (old_first != new_first && old_rest == new_rest)
            // `git diff -R` swaps them.
            || (old_first == b"b" && new_first == b"a");
        if is_prefix {
            return (clean(old_rest), clean(new_rest));
        }
    }
    (clean(old), clean(new))
}

/// Takes off the prefix of a single name.
fn strip_known(name: &[u8]) -> BString {
    let prefix = name.split_once_str("/").filter(|(first, _)| {
        // By default `a/` and `b/`; with diff.mnemonicPrefix the others.
        matches!(first, [b'a' | b'b' | b'i' | b'w' | b'c' | b'o'])
    });
    clean(prefix.map_or(name, |(_, rest)| rest))
}

/// Makes a path relative, and takes `./` off.
fn clean(path: &[u8]) -> BString {
    let mut path = path;
    loop {
        path = match (path.strip_prefix(b"/"), path.strip_prefix(b"./")) {
            (Some(rest), _) | (None, Some(rest)) => rest,
            (None, None) => return path.into(),
        };
    }
}

/// Makes the patch of a file from the header of `diff -u`; none when both
/// names are `/dev/null`.
pub(super) fn plain(old: &Name, new: &Name, hunks: Vec<TextHunk>, line: u64) -> Option<FilePatch> {
    let is_whole = |text: fn(&TextHunk) -> &[u8]| hunks.len() == 1 && text(&hunks[0]).is_empty();
    let is_added = old.path.is_none() || (old.is_epoch && is_whole(|hunk| &hunk.hunk.base_text));
    let is_deleted = new.path.is_none() || (new.is_epoch && is_whole(|hunk| &hunk.hunk.head_text));
    let (old_path, new_path) = match (&old.path, &new.path) {
        (Some(old), Some(new)) => strip_pair(old, new),
        (Some(one), None) | (None, Some(one)) => (strip_known(one), strip_known(one)),
        (None, None) => return None,
    };
    // `diff -u file.orig file`: the shorter name is the file's own.
    let (old_path, new_path) = match (is_added, is_deleted) {
        (false, false) => {
            let path = if old_path.len() < new_path.len() {
                old_path
            } else {
                new_path
            };
            (Some(path.clone()), Some(path))
        }
        (true, _) => (None, Some(new_path)),
        (false, true) => (Some(old_path), None),
    };
    let action = match (&old_path, &new_path) {
        (None, _) => Action::Add,
        (_, None) => Action::Delete,
        _ => Action::Modify,
    };
    Some(FilePatch {
        line,
        unit: 0,
        action,
        old: old_path,
        new: new_path,
        old_mode: None,
        new_mode: None,
        similarity: None,
        old_id: None,
        new_id: None,
        body: Body::Text(hunks),
    })
}

#[cfg(test)]
mod tests {
    use super::{GitHeader, hunk, is_mailbox_line, name};

    fn check_names(first: &str, lines: &[&str], expected: (Option<&str>, Option<&str>)) {
        let mut header = GitHeader::new(first.as_bytes());
        for line in lines.iter().filter(|line| !line.starts_with(['-', '+'])) {
            assert!(
                header.read(line.as_bytes(), 1).expect("well formed"),
                "{line}"
            );
        }
        let names: Vec<_> = lines
            .iter()
            .filter(|line| line.starts_with(['-', '+']))
            .collect();
        if let [old, new] = names[..] {
            header.names(name(old.as_bytes()), name(new.as_bytes()));
        }
        let (old, new) = header.paths().expect("it has a name");
        let text = |path: Option<gix::bstr::BString>| path.map(|path| path.to_string());
        assert_eq!(
            (text(old).as_deref(), text(new).as_deref()),
            expected,
            "{first}"
        );
    }

    #[test]
    fn names_are_found_in_the_headers_of_git() {
        let both = |path| (Some(path), Some(path));
        check_names(
            "diff --git a/x.rs b/x.rs",
            &["old mode 100644"],
            both("x.rs"),
        );
        check_names("diff --git a/a b/c b/a b/c", &[], both("a b/c"));
        check_names("diff --git a/x y z b/x y z", &[], both("x y z"));
        check_names("diff --git x.rs x.rs", &[], both("x.rs"));
        check_names(
            "diff --git src/x.rs src/x.rs",
            &["--- src/x.rs", "+++ src/x.rs"],
            both("src/x.rs"),
        );
        check_names(
            "diff --git i/src/x w/src/x",
            &["--- i/src/x", "+++ w/src/x"],
            both("src/x"),
        );
        check_names(
            "diff --git a/n b/n",
            &["--- /dev/null", "+++ b/n"],
            (None, Some("n")),
        );
        check_names(
            "diff --git n n",
            &["--- n", "+++ /dev/null"],
            (Some("n"), None),
        );
        check_names(
            "diff --git a/b/n a/b/n",
            &["--- /dev/null", "+++ a/b/n"],
            (None, Some("a/b/n")),
        );
        check_names(
            r#"diff --git "a/\303\244\n" "b/\303\244\n""#,
            &[],
            both("ä\n"),
        );
        check_names(
            r#"diff --git a/x "b/\t""#,
            &["rename from x", r#"rename to "\t""#],
            (Some("x"), Some("\t")),
        );
        check_names(
            "diff --git a/x y b/x y",
            &["--- a/x y\t", "+++ b/x y\t"],
            both("x y"),
        );
    }

    #[test]
    fn times_are_not_part_of_names() {
        for (line, expected) in [
            ("--- a/x.c\t2024-01-31 12:00:00.000000000 +0100", "a/x.c"),
            ("--- x y.c 2024-01-31 12:00:00.000000000 +0100", "x y.c"),
            ("--- x 2024.c", "x 2024.c"),
            ("+++ \"x\\ty\"\t2024-01-31", "x\ty"),
        ] {
            let found = name(line.as_bytes()).path.expect("it is a name");
            assert_eq!(found, expected, "{line}");
        }
        assert!(name(b"--- x\t1970-01-01 00:00:00.000000000 +0000").is_epoch);
        assert_eq!(name(b"--- /dev/null").path, None);
    }

    #[test]
    fn ranges_are_read() {
        let read = |line: &str| {
            hunk(line.as_bytes())
                .map(|(base, head)| (base.start, base.count, head.start, head.count))
        };
        for (line, expected) in [
            ("@@ -1,3 +1,4 @@ fn main() {", Some((1, 3, 1, 4))),
            ("@@ -1 +2 @@", Some((1, 1, 2, 1))),
            ("@@ -0,0 +1,2 @@", Some((1, 0, 1, 2))),
            ("@@ -5,0 +6 @@", Some((6, 0, 6, 1))),
            ("@@ -1,3 +1,4", None),
            ("@@ -4294967295,2 +1,4 @@", None),
            ("@@ -99999999999,2 +1,4 @@", None),
            ("@@ -,2 +1,4 @@", None),
        ] {
            assert_eq!(read(line), expected, "{line}");
        }
    }

    #[test]
    fn mailboxes_are_told_from_sentences() {
        assert!(is_mailbox_line(
            b"From 0123456789abcdef Mon Sep 17 00:00:00 2001"
        ));
        assert!(!is_mailbox_line(
            b"From here on it is all text and more of it"
        ));
    }
}
