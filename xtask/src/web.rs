//! The dashboard: `cargo xtask web` builds it with npm, and the next build of the program has it
//! within; `cargo xtask web-test` tries it.
//!
//! Packages come by `package-lock.json` alone, and none of their install scripts runs.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, ensure};
use assay_testkit::services::PrivatePostgres;

use crate::demo::build_folder;
use crate::run::{cargo, run as run_command};

/// The oldest Node that builds the pages.
const NODE_MIN: u32 = 20;

/// Installs what is missing and builds the pages.
pub(crate) fn build(root: &Path) -> Result<()> {
    install(root)?;
    npm(root, &["run", "--silent", "build"])
}

/// Checks the types, tries the parts, builds the pages and the program, and tries every page in a
/// browser against the program on each database.
pub(crate) fn test(root: &Path) -> Result<()> {
    check(root)?;
    let mut build = cargo();
    build.args(["build", "--locked", "--package", "assay"]);
    run_command(build.current_dir(root))?;
    let program = format!("debug/assay{}", std::env::consts::EXE_SUFFIX);
    let program = build_folder(root)?.join(program);
    let chromium = chromium()?;
    let postgres = PrivatePostgres::start();
    let mut tests = Command::new("npm");
    tests
        .args(["run", "--silent", "e2e"])
        .current_dir(root.join("web"))
        .env("ASSAY_CHROMIUM", chromium)
        .env("ASSAY_PROGRAM", program)
        .env("ASSAY_WEB_POSTGRES", format!("{}/postgres", postgres.url()));
    run_command(&mut tests)
}

/// Checks the types, tries the parts and builds the pages: what needs no program.
pub(crate) fn check(root: &Path) -> Result<()> {
    install(root)?;
    npm(root, &["run", "--silent", "check"])?;
    npm(root, &["run", "--silent", "test"])?;
    npm(root, &["run", "--silent", "build"])
}

/// Returns a browser, which Debian's package brings where there is none.
fn chromium() -> Result<PathBuf> {
    const PLACES: [&str; 3] = [
        "/usr/bin/chromium",
        "/usr/bin/chromium-browser",
        "/usr/bin/google-chrome",
    ];
    let find = || {
        let named = std::env::var_os("ASSAY_CHROMIUM").map(PathBuf::from);
        let known = PLACES.iter().map(PathBuf::from);
        named.into_iter().chain(known).find(|path| path.is_file())
    };
    if let Some(found) = find() {
        return Ok(found);
    }
    println!("installing chromium");
    run_command(Command::new("apt-get").args(["update", "-qq"]))?;
    let arguments = [
        "install",
        "-y",
        "-qq",
        "--no-install-recommends",
        "chromium",
    ];
    let mut install = Command::new("apt-get");
    run_command(
        install
            .args(arguments)
            .env("DEBIAN_FRONTEND", "noninteractive"),
    )?;
    find().context("there is no Chromium; install one, or name it with ASSAY_CHROMIUM")
}

fn npm(root: &Path, arguments: &[&str]) -> Result<()> {
    let mut command = Command::new("npm");
    run_command(command.args(arguments).current_dir(root.join("web")))
}

/// Installs the packages, unless those of the lock file are there.
fn install(root: &Path) -> Result<()> {
    check_node()?;
    let web = root.join("web");
    let mark = web.join("node_modules/.assay-lock");
    let lock = std::fs::read(web.join("package-lock.json")).context("web/package-lock.json")?;
    if std::fs::read(&mark).is_ok_and(|installed| installed == lock) {
        return Ok(());
    }
    let arguments = ["ci", "--ignore-scripts", "--no-audit", "--no-fund"];
    npm(root, &arguments)?;
    std::fs::write(&mark, lock).with_context(|| format!("cannot write {}", mark.display()))
}

fn check_node() -> Result<()> {
    const HOW: &str = "the dashboard is built with Node 20 or newer, which Debian has as `apt-get install nodejs npm`";
    let output = Command::new("node").arg("--version").output();
    let output = output.context(HOW)?;
    let text = String::from_utf8_lossy(&output.stdout);
    let major = text.trim().trim_start_matches('v').split('.').next();
    let major: u32 = major
        .and_then(|text| text.parse().ok())
        .with_context(|| format!("node says of its version `{}`", text.trim()))?;
    ensure!(major >= NODE_MIN, "{HOW}; here is {}", text.trim());
    Ok(())
}
