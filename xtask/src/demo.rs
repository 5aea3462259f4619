//! Shows the main job on a real change: a repository is made on the spot from
//! the files in `examples/`, and `assay review` reads it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;

use crate::run::{cargo, run as run_command, words};

pub(crate) const SAMPLE: &str = "examples/order-service";
const README: &str = "README.md";
const PROFILE: &str = "release";
pub(crate) const BRANCH: &str = "vouchers";
/// The commits of the sample are the same on every machine.
const DATE: &str = "2024-03-01T12:00:00+00:00";
/// `assay review` ends with this when the gate fails, as it does here.
const GATE_FAILED: i32 = 1;

/// Builds assay, makes the sample, reviews it, and says what to try next.
pub(crate) fn run(root: &Path) -> Result<()> {
    let (program, sample) = prepare(root)?;
    show(&program, &sample)
}

/// Runs the demo, and compares what it shows with what README.md says that it
/// shows. `UPDATE_GOLDEN=1` rewrites README.md.
pub(crate) fn check(root: &Path) -> Result<()> {
    let (program, sample) = prepare(root)?;
    show(&program, &sample)?;
    let mut command = review(&program, &sample);
    command.args(["--color", "never"]).env("LC_ALL", "C.UTF-8");
    let output = command.output().context("cannot start assay")?;
    ensure!(
        output.status.code() == Some(GATE_FAILED),
        "the gate did not fail: {}\n{}",
        output.status,
        String::from_utf8_lossy(&output.stderr)
    );
    let shown = String::from_utf8(output.stdout).context("the report is not UTF-8")?;
    let path = root.join(README);
    let readme = fs::read_to_string(&path)?;
    let current = with_sample(&readme, &shown)?;
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        fs::write(&path, current)?;
        return Ok(());
    }
    ensure!(
        readme == current,
        "the sample in {README} is stale; `UPDATE_GOLDEN=1 cargo xtask demo --check` rewrites it"
    );
    Ok(())
}

/// Returns the document with what is shown as the content of its sample.
fn with_sample(readme: &str, shown: &str) -> Result<String> {
    let open = "```console\n$ assay review\n";
    let start = readme.find(open).context("README.md has no sample")? + open.len();
    let end = readme[start..]
        .find("```")
        .context("the sample never ends")?
        + start;
    let lines: Vec<&str> = shown.lines().map(str::trim_end).collect();
    Ok(format!(
        "{}{}\n{}",
        &readme[..start],
        lines.join("\n").trim_end(),
        &readme[end..]
    ))
}

fn show(program: &Path, sample: &Path) -> Result<()> {
    println!("$ assay review\n");
    let status = review(program, sample)
        .status()
        .context("cannot start assay")?;
    ensure!(
        status.success() || status.code() == Some(GATE_FAILED),
        "assay review failed: {status}"
    );
    println!(
        "\nThe sample is a git repository in\n    {}\nPlay on there; this task makes it anew each time. The program is\n    {}",
        sample.display(),
        program.display()
    );
    Ok(())
}

/// Builds the program and makes the repository; returns where both are.
fn prepare(root: &Path) -> Result<(PathBuf, PathBuf)> {
    let target = build(root)?;
    let program = target
        .join(PROFILE)
        .join(format!("assay{}", std::env::consts::EXE_SUFFIX));
    let sample = target.join("demo").join("order-service");
    make_repository(&root.join(SAMPLE), &sample)
        .with_context(|| format!("cannot make the sample in {}", sample.display()))?;
    Ok((program, sample))
}

/// Builds the program and returns the build folder.
fn build(root: &Path) -> Result<PathBuf> {
    let mut command = cargo();
    command.args(["build", "--locked", "--package", "assay"]);
    command.args(["--profile", PROFILE]);
    run_command(command.current_dir(root))?;
    build_folder(root)
}

/// Returns where cargo puts what it builds.
pub(crate) fn build_folder(root: &Path) -> Result<PathBuf> {
    let mut command = cargo();
    let output = command
        .args(["metadata", "--format-version", "1", "--no-deps"])
        .current_dir(root)
        .output()?;
    let metadata: Value = serde_json::from_slice(&output.stdout)?;
    let target = metadata["target_directory"].as_str();
    Ok(PathBuf::from(
        target.context("cargo metadata names no build folder")?,
    ))
}

/// Makes a repository whose default branch is `base/` and whose branch
/// replaces the files of `change/`.
pub(crate) fn make_repository(files: &Path, sample: &Path) -> Result<()> {
    if sample.exists() {
        fs::remove_dir_all(sample)?;
    }
    fs::create_dir_all(sample)?;
    git(sample, &["init", "--quiet", "--initial-branch", "main"])?;
    copy(&files.join("base"), sample)?;
    git(sample, &["add", "--all"])?;
    git(
        sample,
        &[
            "commit",
            "--quiet",
            "--message",
            "Take orders, price them, ship them",
        ],
    )?;
    git(sample, &["switch", "--quiet", "--create", BRANCH])?;
    copy(&files.join("change"), sample)?;
    git(sample, &["add", "--all"])?;
    git(
        sample,
        &[
            "commit",
            "--quiet",
            "--message",
            "Vouchers, imports from partners, CSV export",
        ],
    )
}

/// Runs git without any setting of the machine or the user.
pub(crate) fn git(folder: &Path, arguments: &[&str]) -> Result<()> {
    let mut command = Command::new("git");
    command.args(arguments).current_dir(folder).env_clear();
    for name in ["PATH", "SYSTEMROOT", "TMPDIR", "TEMP"] {
        if let Some(value) = std::env::var_os(name) {
            command.env(name, value);
        }
    }
    command
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env(
            "GIT_CONFIG_GLOBAL",
            if cfg!(windows) { "NUL" } else { "/dev/null" },
        )
        .env("HOME", folder)
        .env("LC_ALL", "C");
    for role in ["AUTHOR", "COMMITTER"] {
        command
            .env(format!("GIT_{role}_NAME"), "Demo")
            .env(format!("GIT_{role}_EMAIL"), "demo@example.org")
            .env(format!("GIT_{role}_DATE"), DATE);
    }
    let output = command
        .output()
        .context("the demo needs the git program, which does not start")?;
    ensure!(
        output.status.success(),
        "{} failed: {}",
        words(&command),
        String::from_utf8_lossy(&output.stderr).trim()
    );
    Ok(())
}

/// Copies the files of a folder over those of another.
fn copy(from: &Path, to: &Path) -> Result<()> {
    for entry in fs::read_dir(from).with_context(|| format!("cannot list {}", from.display()))? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            fs::create_dir_all(&target)?;
            copy(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}

fn review(program: &Path, sample: &Path) -> Command {
    let mut command = Command::new(program);
    command.arg("review").current_dir(sample);
    command
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::{BRANCH, SAMPLE, git, make_repository, with_sample};

    #[test]
    fn the_sample_is_the_same_repository_everywhere() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"))
            .parent()
            .expect("xtask is in the workspace");
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let commit = |name: &str| {
            let sample = folder.path().join(name);
            make_repository(&root.join(SAMPLE), &sample).expect("the sample can be made");
            git(&sample, &["diff", "--exit-code", "HEAD"]).expect("nothing is left over");
            git(&sample, &["rev-parse", "main"]).expect("there is a default branch");
            fs::read_to_string(sample.join(format!(".git/refs/heads/{BRANCH}")))
                .expect("there is the branch")
        };
        let first = commit("one");
        assert_eq!(first, commit("two"));
        assert_eq!(first, commit("one"), "an older sample is replaced");
    }

    #[test]
    fn the_sample_in_a_document_is_replaced() {
        let before = "# x\n\n```console\n$ assay review\nold\n```\n\nmore\n";
        let after = "# x\n\n```console\n$ assay review\na\n\nb\n```\n\nmore\n";
        let replaced = with_sample(before, "a  \n\nb\n\n").expect("there is a sample");
        assert_eq!(replaced, after);
        assert!(with_sample("# x\n", "a").is_err());
    }
}
