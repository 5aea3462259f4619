//! Puts the built pages of `web/` into the program: writes a table of what is in
//! `web/dist/app`, which `src/pages.rs` includes, over copies: pages that are built meanwhile do not
//! disturb. Without the pages the table is empty, and the program builds all the same.
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
    let built = here.join(PAGES).join("app");
    let folder = out.join("pages");
    if folder.is_dir() {
        fs::remove_dir_all(&folder)?;
    }
    let mut files = Vec::new();
    if built.is_dir() {
        copy(&built, &folder, &mut files)?;
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

/// Copies the files of a folder, and names the copies.
fn copy(from: &Path, to: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let (path, copied) = (entry.path(), to.join(entry.file_name()));
        if path.is_dir() {
            copy(&path, &copied, files)?;
        } else {
            fs::copy(&path, &copied)?;
            files.push(copied);
        }
    }
    Ok(())
}

/// Returns whether a file is another one, packed.
fn is_packed(path: &Path) -> bool {
    path.extension()
        .is_some_and(|ending| ending == "br" || ending == "gz")
}
