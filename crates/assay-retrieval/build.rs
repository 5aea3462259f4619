//! Finds the guides: each file `knowledge/<topic>.md` of the repository. Adding one is
//! adding a file.
#![expect(
    clippy::disallowed_methods,
    reason = "a build script reads the repository's folder"
)]

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs};

fn main() {
    let manifest = env::var("CARGO_MANIFEST_DIR").expect("cargo says where the crate is");
    let folder = Path::new(&manifest).join("../../knowledge");
    println!("cargo::rerun-if-changed={}", folder.display());
    println!("cargo::rerun-if-changed=build.rs");
    let mut files: Vec<PathBuf> = fs::read_dir(&folder)
        .expect("the folder of the guides")
        .map(|entry| entry.expect("an entry of it").path())
        .filter(|path| path.extension().is_some_and(|end| end == "md"))
        .collect();
    files.sort();
    let mut out = String::from("pub(crate) static GUIDES: &[(&str, &str)] = &[\n");
    for file in files {
        let stem = file
            .file_stem()
            .and_then(|stem| stem.to_str())
            .expect("a plain name");
        let text = fs::read_to_string(&file).expect("a guide");
        writeln!(out, "    ({stem:?}, {text:?}),").expect("a string takes all");
    }
    out.push_str("];\n");
    let target = env::var("OUT_DIR").expect("cargo says where to write");
    fs::write(Path::new(&target).join("guides.rs"), out).expect("the list of guides");
}
