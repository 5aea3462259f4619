//! Finds the rules: each file `src/<pack>/<rule>.rs` that opens with a `//! #`
//! title is one. Writes the registry with each rule's id and documentation, so
//! that adding a rule is one file and one `mod` line.
#![expect(
    clippy::disallowed_methods,
    reason = "a build script reads the crate's folder"
)]

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs};

fn main() {
    println!("cargo::rerun-if-changed=src");
    println!("cargo::rerun-if-changed=build.rs");
    let mut rules = Vec::new();
    for pack in entries(Path::new("src")) {
        // A rule pack says so in its first line; other folders hold engines.
        let header = fs::read_to_string(pack.join("mod.rs")).unwrap_or_default();
        if !header.starts_with("//! Rule pack") {
            continue;
        }
        for file in entries(&pack) {
            let name = stem(&file);
            if file.extension().is_some_and(|ext| ext == "rs") && name != "mod" {
                rules.push((stem(&pack), name, documentation(&file)));
            }
        }
    }
    rules.sort();
    let mut out = format!("pub(crate) static RULES: [Rule; {}] = [\n", rules.len());
    for (pack, name, documentation) in &rules {
        let id = format!("{pack}/{name}").replace('_', "-");
        writeln!(
            out,
            "    Rule::new({id:?}, {documentation:?}, &crate::{pack}::{name}::RULE),"
        )
        .expect("a string takes all");
    }
    out.push_str("];\n");
    let path = Path::new(&env::var("OUT_DIR").expect("cargo sets OUT_DIR")).join("registry.rs");
    fs::write(path, out).expect("OUT_DIR can be written");
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    let mut paths: Vec<_> = fs::read_dir(folder)
        .expect("src/ is part of the crate")
        .map(|entry| entry.expect("src/ can be listed").path())
        .collect();
    paths.retain(|path| folder != Path::new("src") || path.is_dir());
    paths
}

fn stem(path: &Path) -> String {
    let stem = path.file_stem().and_then(|stem| stem.to_str());
    stem.expect("a UTF-8 file name").to_owned()
}

/// Returns the Markdown of the `//!` lines that a file opens with.
fn documentation(file: &Path) -> String {
    let text = fs::read_to_string(file).expect("a rule can be read");
    let lines: Vec<_> = text
        .lines()
        .map_while(|line| line.strip_prefix("//!"))
        .map(|line| line.strip_prefix(' ').unwrap_or(line))
        .collect();
    lines.join("\n")
}
