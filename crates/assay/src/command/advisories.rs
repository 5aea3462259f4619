//! `assay advisories`: keeps the local database of advisories, and shows what is
//! in it.

use std::fmt::Write as _;
use std::path::Path;
use std::process::ExitCode;

use anyhow::Context as _;
use assay_deps::{IndexAbout, TreeFiles};
use assay_git::{Input, Options};
use serde_json::json;

use crate::EXIT_ERROR;
use crate::advisories::{self, OSV_EXPORT, Origin, Outcome, Request};
use crate::arguments::{
    AdvisoriesArguments, AdvisoriesCommand, AdvisoriesStatusArguments, AdvisoriesUpdateArguments,
    Global,
};
use crate::output;

pub(crate) fn run(global: &Global, arguments: &AdvisoriesArguments) -> anyhow::Result<ExitCode> {
    match &arguments.command {
        AdvisoriesCommand::Update(own) => update(global, own),
        AdvisoriesCommand::Status(own) => status(own),
    }
}

fn update(global: &Global, arguments: &AdvisoriesUpdateArguments) -> anyhow::Result<ExitCode> {
    let request = Request {
        database: advisories::database_path(arguments.database.as_deref())?,
        from: origins(global, arguments)?,
        ecosystems: arguments.ecosystems.clone(),
        fresh: arguments.fresh,
    };
    let outcome = advisories::update(&request)?;
    for complaint in &outcome.complaints {
        output::remark(complaint);
    }
    if !global.quiet {
        output::print(summary(&outcome, &request))?;
    }
    for failure in &outcome.failures {
        output::remark(format!("not brought up to date: {failure:#}"));
    }
    Ok(match outcome.failures.is_empty() {
        true => ExitCode::SUCCESS,
        false => ExitCode::from(EXIT_ERROR),
    })
}

fn origins(global: &Global, arguments: &AdvisoriesUpdateArguments) -> anyhow::Result<Vec<Origin>> {
    if let Some(base) = &arguments.osv_api {
        let directory = global.directory.as_deref().unwrap_or(Path::new("."));
        let input = Input::Scan {
            path: arguments.packages_of.clone(),
        };
        let opened = assay_git::open(directory, &input, &Options::default())?;
        let list = opened.tree.list().context("the files cannot be listed")?;
        let files = TreeFiles::new(&*opened.tree, &list).read_all();
        let base = base.clone();
        return Ok(vec![Origin::Api { base, files }]);
    }
    if arguments.from.is_empty() {
        return Ok(vec![Origin::Mirror(OSV_EXPORT.to_owned())]);
    }
    let origin = |from: &String| {
        if from.starts_with("http://") || from.starts_with("https://") {
            Origin::Mirror(from.clone())
        } else {
            Origin::Path(from.into())
        }
    };
    Ok(arguments.from.iter().map(origin).collect())
}

fn summary(outcome: &Outcome, request: &Request) -> String {
    let documents = outcome.summary;
    let mut text = format!(
        "{} advisories new or changed, {} unchanged, {} taken back",
        documents.added, documents.unchanged, documents.withdrawn
    );
    if documents.passed_over > 0 {
        let _ = write!(
            text,
            ", {} about nothing with versions",
            documents.passed_over
        );
    }
    if outcome.refused > 0 {
        let _ = write!(text, ", {} could not be read", outcome.refused);
    }
    let _ = writeln!(
        text,
        "\n{} is up to date ({:.1} MB)",
        request.database.display(),
        outcome.bytes as f64 / 1e6
    );
    text
}

fn status(arguments: &AdvisoriesStatusArguments) -> anyhow::Result<ExitCode> {
    let path = advisories::database_path(arguments.database.as_deref())?;
    let Some(index) = advisories::open(&path)? else {
        if arguments.json {
            output::print(format!("{}\n", json!({"database": path, "exists": false})))?;
        } else {
            output::print(format!(
                "There is no advisory database at {}.\n`assay advisories update` makes one.\n",
                path.display()
            ))?;
        }
        return Ok(ExitCode::SUCCESS);
    };
    if arguments.verify {
        index.verify()?;
    }
    let about = index.about();
    if arguments.json {
        output::print(format!("{:#}\n", to_json(&path, about)))?;
    } else {
        output::print(to_text(&path, about, arguments.verify))?;
    }
    Ok(ExitCode::SUCCESS)
}

fn to_json(path: &Path, about: &IndexAbout) -> serde_json::Value {
    json!({
        "database": path,
        "exists": true,
        "created": about.created,
        "sources": about.sources.iter().map(|source| json!({
            "ecosystem": source.ecosystem,
            "origin": source.origin,
            "newest": source.modified,
            "checked": source.checked,
        })).collect::<Vec<_>>(),
        "ecosystems": about.ecosystems.iter().map(|one| json!({
            "name": one.name,
            "whole": one.is_whole,
            "packages": one.packages,
            "advisories": one.advisories,
        })).collect::<Vec<_>>(),
    })
}

fn to_text(path: &Path, about: &IndexAbout, verified: bool) -> String {
    let mut text = format!("{}\nwritten {}", path.display(), about.created);
    if verified {
        text.push_str(", every byte as it was written");
    }
    text.push_str("\n\nSources\n");
    for source in &about.sources {
        let what = match source.ecosystem.as_str() {
            "" => String::new(),
            ecosystem => format!("{ecosystem}: "),
        };
        let _ = writeln!(
            text,
            "  {what}{}\n    checked {}, newest change {}",
            source.origin, source.checked, source.modified
        );
    }
    text.push_str("\nEcosystem                packages  advisories\n");
    for one in &about.ecosystems {
        let _ = writeln!(
            text,
            "{:<24} {:>8}  {:>10}{}",
            one.name,
            one.packages,
            one.advisories,
            if one.is_whole {
                ""
            } else {
                "  (only what was asked for)"
            }
        );
    }
    text
}
