//! The same answers as git itself, on histories made at random.

use std::collections::BTreeSet;
use std::path::PathBuf;

use assay_git::{Input, Opened};
use assay_source::{ChangeStatus, FileKind, FileVersion};
use assay_testkit::GitRepo;

use crate::support::{opened, range, working_tree};

/// A generator of numbers that are the same on every machine.
struct Random(u64);

impl Random {
    fn below(&mut self, below: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % below as u64).expect("it fits")
    }

    fn pick<T: Clone>(&mut self, from: &[T]) -> T {
        from[self.below(from.len())].clone()
    }

    fn text(&mut self) -> Vec<u8> {
        let lines = self.pick(&[0, 1, 3, 10, 30, 60]);
        let mut text = Vec::new();
        for _ in 0..lines {
            let word = self.below(200);
            text.extend_from_slice(format!("line number {word} of a text\n").as_bytes());
        }
        match self.below(12) {
            0 => text.push(b'x'),
            1 => text.extend_from_slice(b"\0binary\xff"),
            _ => {}
        }
        text
    }

    fn edit(&mut self, text: &[u8]) -> Vec<u8> {
        let mut lines: Vec<Vec<u8>> = text
            .split_inclusive(|&b| b == b'\n')
            .map(<[u8]>::to_vec)
            .collect();
        for _ in 0..=self.below(1 + lines.len() / 3) {
            let at = self.below(lines.len() + 1);
            match self.below(3) {
                0 if at < lines.len() => drop(lines.remove(at)),
                1 if at < lines.len() => {
                    lines[at] = format!("edited {}\n", self.below(1000)).into_bytes()
                }
                _ => lines.insert(at, format!("new {}\n", self.below(1000)).into_bytes()),
            }
        }
        lines.concat()
    }

    fn path(&mut self) -> String {
        let name = self.pick(&[
            "a", "b", "c.rs", "d.txt", "sp ace", "mod.rs", "e-1", "e.1", "e",
        ]);
        let folder = self.pick(&["", "", "x/", "y/", "x/z/", "e/", "long/er/", "e.d/"]);
        format!("{folder}{name}")
    }
}

fn files_of(repo: &GitRepo) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = repo
        .git(["ls-files", "-z", "--cached", "--others"])
        .split('\0')
        .filter(|path| !path.is_empty())
        .map(PathBuf::from)
        .filter(|path| {
            repo.root()
                .join(path)
                .symlink_metadata()
                .is_ok_and(|metadata| !metadata.is_dir())
        })
        .collect();
    files.sort();
    files.dedup();
    files
}

/// Makes room for a file: whatever is there, or is a file where a folder is
/// needed, goes.
fn clear(repo: &GitRepo, path: &str) {
    let mut at = PathBuf::new();
    for part in path.split('/') {
        at.push(part);
        let metadata = repo.root().join(&at).symlink_metadata();
        let is_last = at.as_os_str() == path;
        if metadata.is_ok_and(|metadata| is_last || !metadata.is_dir()) {
            repo.remove(&at);
        }
    }
}

fn change_something(repo: &GitRepo, random: &mut Random) {
    let files = files_of(repo);
    let path = random.path();
    if files.is_empty() || random.below(4) == 0 {
        clear(repo, &path);
        repo.write(&path, random.text());
        return;
    }
    let old = random.pick(&files);
    let full = repo.root().join(&old);
    let content = std::fs::read(&full).unwrap_or_default();
    let is_link = full.is_symlink();
    match random.below(8) {
        0 => drop(repo.remove(&old)),
        1 if !is_link => drop(repo.set_executable(&old, random.below(2) == 0)),
        2 | 3 => {
            // A rename, often with changes.
            let content = if random.below(2) == 0 {
                random.edit(&content)
            } else {
                content
            };
            repo.remove(&old);
            clear(repo, &path);
            repo.write(&path, content);
        }
        4 => {
            clear(repo, &path);
            repo.write(&path, random.edit(&content));
        }
        5 => {
            clear(repo, &path);
            repo.symlink(&path, &old);
        }
        _ if !is_link => drop(repo.write(&old, random.edit(&content))),
        _ => {}
    }
}

fn mode(version: &Option<FileVersion>) -> &'static str {
    match version.as_ref().map(|version| version.kind) {
        None => "000000",
        Some(FileKind::File) => "100644",
        Some(FileKind::Executable) => "100755",
        Some(FileKind::Symlink) => "120000",
        Some(FileKind::Submodule) => "160000",
    }
}

/// What we found, in the words of `git diff --raw`.
pub(crate) fn found(opened: &Opened) -> BTreeSet<String> {
    let lines = opened.change.files.iter().map(|file| {
        let path = file.path().as_str().expect("paths are text here");
        let base = file
            .base
            .as_ref()
            .and_then(|base| base.path.as_str())
            .unwrap_or_default();
        let status = match file.status {
            // Git does not look for copies unless it is told to.
            ChangeStatus::Added | ChangeStatus::Copied { .. } => format!("A {path}"),
            ChangeStatus::Deleted => format!("D {path}"),
            ChangeStatus::Modified => format!("M {path}"),
            ChangeStatus::TypeChanged => format!("T {path}"),
            ChangeStatus::Renamed { similarity } => format!("R{similarity:03} {base} {path}"),
            ChangeStatus::Unmerged => format!("U {path}"),
        };
        let is_copy = matches!(file.status, ChangeStatus::Copied { .. });
        let base = if is_copy { "000000" } else { mode(&file.base) };
        format!("{base} {} {status}", mode(&file.head))
    });
    lines.collect()
}

/// What git finds.
pub(crate) fn expected(repo: &GitRepo, arguments: &[&str]) -> BTreeSet<String> {
    let mut words = vec!["diff", "--raw", "-M", "-z"];
    words.extend(arguments);
    let output = repo.git(words);
    let mut fields = output.split('\0').filter(|field| !field.is_empty());
    let mut lines = BTreeSet::new();
    while let Some(header) = fields.next() {
        let words: Vec<&str> = header.trim_start_matches(':').split(' ').collect();
        let (old, new, status) = (words[0], words[1], words[4]);
        let path = fields.next().expect("a path follows");
        let line = if status.starts_with('R') {
            format!(
                "{old} {new} {status} {path} {}",
                fields.next().expect("another path follows")
            )
        } else {
            format!("{old} {new} {status} {path}")
        };
        lines.insert(line);
    }
    lines
}

#[test]
fn random_histories_differ_as_git_says() {
    for seed in 1..=3u64 {
        let mut random = Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let repo = GitRepo::new();
        for _ in 0..12 {
            change_something(&repo, &mut random);
        }
        let mut last = repo.commit("first");
        for round in 0..8 {
            let context = format!("seed {seed}, round {round}");
            for _ in 0..=random.below(10) {
                change_something(&repo, &mut random);
            }
            // A part is staged, more is changed.
            for path in files_of(&repo) {
                if random.below(3) == 0 {
                    repo.git([std::ffi::OsStr::new("add"), path.as_os_str()]);
                }
            }
            assert_eq!(
                found(&opened(&repo, &Input::Staged)),
                expected(&repo, &["--cached"]),
                "staged, {context}"
            );
            change_something(&repo, &mut random);
            let on_disk = found(&opened(&repo, &working_tree()));
            repo.git(["add", "--all"]);
            let staged = expected(&repo, &["--cached"]);
            assert_eq!(on_disk, staged, "working tree, {context}");
            // With everything staged, the two are the same.
            assert_eq!(
                found(&opened(&repo, &working_tree())),
                staged,
                "all staged, {context}"
            );
            if random.below(2) == 0 {
                repo.git(["repack", "-adq"]);
            }
            let next = repo.commit_staged("next");
            assert_eq!(
                found(&opened(&repo, &range(&last, &next))),
                staged,
                "commit, {context}"
            );
            let back = expected(&repo, &[&next, &last]);
            assert_eq!(
                found(&opened(&repo, &range(&next, &last))),
                back,
                "backwards, {context}"
            );
            last = next;
        }
    }
}
