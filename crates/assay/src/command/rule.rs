//! `assay rule test`: runs the tests that a project wrote for its own rules, and
//! reads its models of libraries.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, bail};
use assay_rules::TestFailure;
use assay_syntax::StructuralTest;

use crate::arguments::{Global, RuleTestArguments};
use crate::config::project::{
    MODELS_FOLDER, RULE_BYTES_MAX, RULE_FILES_MAX, RULES_FOLDER, is_model_file, is_rule_file, read,
    read_models,
};
use crate::config::read_limited;
use crate::output;

/// The folder of the tests, below that of the rules.
const TESTS_FOLDER: &str = "tests";

/// Exit status when a test fails.
const EXIT_FAILED: u8 = 1;

pub(crate) fn test(global: &Global, arguments: &RuleTestArguments) -> anyhow::Result<ExitCode> {
    let directory = global.directory.as_deref().unwrap_or(Path::new("."));
    let folder = match &arguments.folder {
        Some(folder) => directory.join(folder),
        None => find_folder(directory)?,
    };
    let files = read_folder(&folder, is_rule_file)?;
    // The models lie beside the rules.
    let models = match (MODELS_FOLDER.rsplit('/').next(), folder.parent()) {
        (Some(name), Some(above)) => read_folder(&above.join(name), is_model_file)?,
        _ => Vec::new(),
    };
    if files.is_empty() && models.is_empty() {
        bail!("{} has no rule files (*.yml, *.yaml)", folder.display());
    }
    read_models(&models)?;
    let rules = read(&files)?;
    let tests = read_tests(&folder.join(TESTS_FOLDER))?;
    let mut untested: Vec<&str> = rules.ids().collect();
    let (mut out, mut failed) = (String::new(), 0);
    for (name, test) in &tests {
        let Some(failures) = rules.test(test) else {
            bail!("{name}: there is no rule `{}`, or it is off", test.id);
        };
        untested.retain(|id| *id != test.id);
        failed += usize::from(!failures.is_empty());
        put_test(&mut out, test, &failures);
    }
    for id in &untested {
        // Writing to a string cannot fail.
        let _ = writeln!(out, "none  {id}  no test; write {TESTS_FOLDER}/{id}.yml");
    }
    let _ = writeln!(
        out,
        "{} rules, {} tests, {failed} failed",
        rules.ids().count(),
        tests.len()
    );
    if !models.is_empty() {
        let _ = writeln!(out, "{} model files, without errors", models.len());
    }
    output::print(out)?;
    Ok(match failed {
        0 => ExitCode::SUCCESS,
        _ => ExitCode::from(EXIT_FAILED),
    })
}

fn put_test(out: &mut String, test: &StructuralTest, failures: &[TestFailure]) {
    let word = if failures.is_empty() { "ok" } else { "FAIL" };
    let _ = writeln!(
        out,
        "{word:<4}  {}  {} valid, {} invalid",
        test.id,
        test.valid.len(),
        test.invalid.len()
    );
    for failure in failures {
        let (what, code) = match failure {
            TestFailure::Noisy(code) => ("matches code that is valid", code),
            TestFailure::Missing(code) => ("does not match code that is invalid", code),
        };
        let _ = writeln!(out, "      {what}:");
        for line in code.lines() {
            let _ = writeln!(out, "        {line}");
        }
    }
}

/// Looks for the folder of the rules here and in the folders above.
fn find_folder(directory: &Path) -> anyhow::Result<PathBuf> {
    let full = directory
        .canonicalize()
        .with_context(|| format!("{} cannot be opened", directory.display()))?;
    full.ancestors()
        .find(|above| above.join(RULES_FOLDER).is_dir() || above.join(MODELS_FOLDER).is_dir())
        .map(|above| above.join(RULES_FOLDER))
        .with_context(|| {
            format!("there is no {RULES_FOLDER} and no {MODELS_FOLDER} here or in a folder above")
        })
}

/// Reads the wanted files of a folder, sorted by name; none when it is not there.
fn read_folder(
    folder: &Path,
    is_wanted: fn(&str) -> bool,
) -> anyhow::Result<Vec<(String, String)>> {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return Ok(Vec::new());
    };
    let mut paths: Vec<PathBuf> = entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.is_file() && path.to_str().is_some_and(is_wanted))
        .collect();
    paths.sort();
    if paths.len() > RULE_FILES_MAX {
        bail!(
            "{}: {} files; the limit is {RULE_FILES_MAX}",
            folder.display(),
            paths.len()
        );
    }
    let texts = paths.into_iter().map(|path| {
        let text = read_limited(&path, RULE_BYTES_MAX)?;
        Ok((path.display().to_string(), text))
    });
    texts.collect()
}

fn read_tests(folder: &Path) -> anyhow::Result<Vec<(String, StructuralTest)>> {
    let mut tests = Vec::new();
    for (name, text) in read_folder(folder, is_rule_file)? {
        let read = StructuralTest::read_all(&text).with_context(|| name.clone())?;
        tests.extend(read.into_iter().map(|test| (name.clone(), test)));
    }
    Ok(tests)
}
