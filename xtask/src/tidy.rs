//! Checks what the compiler and clippy do not: the floors, the manifests, the
//! documents and the habits of `STYLE.md`.
//!
//! Start at [`run`]. Each check is one module with a function that takes what
//! it reads and reports [`Problem`]s; none of them changes a file. The floor
//! table itself is read from `ARCHITECTURE.md`, so that the document and the
//! check cannot disagree.

mod code;
mod floors;
mod manifest;
mod markdown;
mod modules;
mod rust;
mod sizes;
mod table;
mod text;
mod tree;
mod unused;
mod workspace;

use std::fmt;
use std::path::Path;

use anyhow::{Result, bail};

use tree::Tree;
use workspace::Workspace;

/// Something that is not tidy, where it is, and how to mend it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Problem {
    path: String,
    line: usize,
    what: String,
    mend: &'static str,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            path,
            line,
            what,
            mend,
        } = self;
        write!(f, "{path}:{line}: {what}; {mend}")
    }
}

/// The problems found so far.
#[derive(Default)]
struct Problems(Vec<Problem>);

impl Problems {
    fn add(&mut self, path: &str, line: usize, what: impl Into<String>, mend: &'static str) {
        self.0.push(Problem {
            path: path.to_owned(),
            line,
            what: what.into(),
            mend,
        });
    }
}

/// Runs every check and prints what is not tidy.
pub(crate) fn run(root: &Path) -> Result<()> {
    let tree = Tree::read(root)?;
    let problems = check(&tree)?;
    for problem in &problems {
        println!("{problem}");
    }
    match problems.len() {
        0 => {
            println!("tidy: {} files, nothing to mend", tree.files.len());
            Ok(())
        }
        1 => bail!("tidy: 1 problem"),
        count => bail!("tidy: {count} problems"),
    }
}

/// Prints the longest functions and files; fails nothing.
pub(crate) fn print_sizes(root: &Path) -> Result<()> {
    print!("{}", sizes::report(&Tree::read(root)?));
    Ok(())
}

fn check(tree: &Tree) -> Result<Vec<Problem>> {
    let mut problems = Problems::default();
    text::check(tree, &mut problems);
    code::check(tree, &mut problems);
    modules::check(tree, &mut problems);
    markdown::check(tree, &mut problems);
    if tree.file("Cargo.toml").is_some() {
        let workspace = Workspace::read(&tree.root)?;
        manifest::check(tree, &workspace, &mut problems);
        floors::check(tree, &workspace, &mut problems);
        unused::check(tree, &workspace, &mut problems);
    }
    problems.0.sort();
    problems.0.dedup();
    Ok(problems.0)
}

#[cfg(test)]
mod tests;
