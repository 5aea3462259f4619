//! Puts the built pages of `web/` into the program: writes a table of what is in
//! `web/dist/app`, which `src/pages.rs` includes. Without the pages the table is empty, and the
//! program builds all the same.
#![expect(
    clippy::disallowed_methods,
    reason = "a build script reads the workspace"
)]

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

const PAGES: &str = "../../web/dist";

fn main() -> io::Result<()> {
    println!("cargo:rerun-if-changed={PAGES}");
    let variable = |name| env::var_os(name).map(PathBuf::from);
    let here = variable("CARGO_MANIFEST_DIR").unwrap_or_default();
    let out = variable("OUT_DIR").unwrap_or_default();
    let folder = here.join(PAGES).join("app");
    let mut files = Vec::new();
    if folder.is_dir() {
        list(&folder, &mut files)?;
    }
    files.sort();
    let mut table = String::from("&[\n");
    for file in &files {
        let name = file.strip_prefix(&folder).unwrap_or(file);
        let name = name.to_string_lossy().replace('\\', "/");
        if is_packed(file) {
            continue;
        }
        let packed = |ending: &str| {
            let mut path = file.clone().into_os_string();
            path.push(ending);
            let path = PathBuf::from(path);
            match files.binary_search(&path) {
                Ok(_) => format!("Some(include_bytes!({path:?}))"),
                Err(_) => "None".to_owned(),
            }
        };
        let (brotli, gzip) = (packed(".br"), packed(".gz"));
        let written = writeln!(
            table,
            "    Asset {{ name: {name:?}, plain: include_bytes!({file:?}), brotli: {brotli}, gzip: {gzip} }},"
        );
        written.map_err(io::Error::other)?;
    }
    table.push(']');
    fs::write(out.join("pages.rs"), table)
}

fn list(folder: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        match path.is_dir() {
            true => list(&path, files)?,
            false => files.push(path),
        }
    }
    Ok(())
}

/// Returns whether a file is another one, packed.
fn is_packed(path: &Path) -> bool {
    path.extension()
        .is_some_and(|ending| ending == "br" || ending == "gz")
}
