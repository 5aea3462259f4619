//! `assay prompt`: shows what language models are told, checks templates of one's own, and
//! shows in what they differ from those that they take the place of.

use std::fmt::Write as _;
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context as _, bail};
use assay_review::{
    ModelOptions, Prompt, PromptError, PromptSet, TEMPLATE_BYTES_MAX, prompt_variables,
};
use assay_source::{SourceText, unified_diff};
use serde_json::{Value, json};

use crate::arguments::{
    PromptCheckArguments, PromptCommand, PromptDiffArguments, PromptListArguments,
    PromptShowArguments, PromptSourceArguments, TextFormat,
};
use crate::config::read_limited;
use crate::model::settings::{ModelSettings, prompts_of};
use crate::output;

/// Exit status when a template is not sound, or templates differ.
const EXIT_FAILED: u8 = 1;

pub(crate) fn run(command: &PromptCommand) -> anyhow::Result<ExitCode> {
    match command {
        PromptCommand::List(own) => list(own),
        PromptCommand::Show(own) => show(own),
        PromptCommand::Check(own) => check(own),
        PromptCommand::Diff(own) => diff(own),
    }
}

/// Returns the templates that hold: the program's, and over them those of a folder.
fn prompts(arguments: &PromptSourceArguments) -> anyhow::Result<PromptSet> {
    match (&arguments.folder, &arguments.model_config) {
        (Some(folder), _) => prompts_of(folder),
        (None, Some(file)) => Ok(ModelSettings::load_options(file)?.0.prompts),
        (None, None) => Ok(ModelOptions::default().prompts),
    }
}

fn list(arguments: &PromptListArguments) -> anyhow::Result<ExitCode> {
    let set = prompts(&arguments.source)?;
    let mut all: Vec<&Prompt> = set.all().iter().collect();
    all.sort_by(|one, other| (&one.name, &one.models).cmp(&(&other.name, &other.models)));
    output::print(match arguments.format {
        TextFormat::Json => {
            let items: Vec<Value> = all.iter().map(|prompt| to_json(prompt)).collect();
            format!("{:#}\n", json!({ "prompts": items }))
        }
        TextFormat::Text => {
            let mut out = String::new();
            for prompt in all {
                let models = match &prompt.models[..] {
                    [] => "all models".to_owned(),
                    models => models.join(" "),
                };
                // Writing to a string cannot fail.
                let _ = writeln!(
                    out,
                    "{:<10} {:>4}  {:<8} {models}",
                    prompt.name,
                    prompt.version,
                    prompt.origin.name()
                );
            }
            out
        }
    })?;
    Ok(ExitCode::SUCCESS)
}

fn to_json(prompt: &Prompt) -> Value {
    let variables = prompt_variables(&prompt.name).unwrap_or_default();
    let variables = variables
        .iter()
        .map(|one| json!({"name": one.name, "what": one.what, "required": one.is_required}));
    json!({
        "name": prompt.name,
        "version": prompt.version,
        "models": prompt.models,
        "origin": prompt.origin.name(),
        "tag": prompt.tag(),
        "variables": variables.collect::<Vec<_>>(),
    })
}

fn show(arguments: &PromptShowArguments) -> anyhow::Result<ExitCode> {
    let set = prompts(&arguments.source)?;
    let prompt = find(&set, &arguments.name, arguments.model.as_deref())?;
    if !arguments.rendered {
        output::print(prompt.to_text())?;
        return Ok(ExitCode::SUCCESS);
    }
    let sample = prompt.sample().map_err(anyhow::Error::msg)?;
    output::print(format!("{}\n=== user\n{}", sample.system, sample.user))?;
    Ok(ExitCode::SUCCESS)
}

fn find<'s>(set: &'s PromptSet, name: &str, model: Option<&str>) -> anyhow::Result<&'s Prompt> {
    set.find(name, model).with_context(|| {
        let mut known: Vec<&str> = set.all().iter().map(|one| one.name.as_str()).collect();
        known.sort_unstable();
        known.dedup();
        format!("there is no prompt `{name}` (known: {})", known.join(", "))
    })
}

fn check(arguments: &PromptCheckArguments) -> anyhow::Result<ExitCode> {
    let (mut out, mut wrong, mut items) = (String::new(), 0, Vec::new());
    for file in &arguments.files {
        let name = file.display().to_string();
        match Prompt::parse(&read(file)?) {
            Ok(prompt) => {
                let _ = writeln!(out, "ok    {name}  {}", prompt.tag());
                items.push(json!({"file": name, "tag": prompt.tag(), "faults": []}));
            }
            Err(error) => {
                wrong += 1;
                put_faults(&mut out, &name, &error);
                items.push(faults_json(&name, &error));
            }
        }
    }
    output::print(match arguments.format {
        TextFormat::Json => format!("{:#}\n", json!({ "files": items })),
        TextFormat::Text => out,
    })?;
    Ok(match wrong {
        0 => ExitCode::SUCCESS,
        _ => ExitCode::from(EXIT_FAILED),
    })
}

fn put_faults(out: &mut String, file: &str, error: &PromptError) {
    for fault in &error.faults {
        let place = match fault.line {
            Some(line) => format!("{file}:{line}"),
            None => file.to_owned(),
        };
        let _ = writeln!(out, "WRONG {place}  {}", fault.what);
    }
}

fn faults_json(file: &str, error: &PromptError) -> Value {
    let faults = error.faults.iter().map(|fault| {
        json!({
            "line": fault.line,
            "variable": fault.variable,
            "nearest": fault.nearest,
            "message": fault.what,
        })
    });
    json!({"file": file, "faults": faults.collect::<Vec<_>>()})
}

fn diff(arguments: &PromptDiffArguments) -> anyhow::Result<ExitCode> {
    let one = parsed(&arguments.file)?;
    let (before, after) = match &arguments.other {
        Some(other) => (one, parsed(other)?),
        None => {
            let set = prompts(&arguments.source)?;
            let base = set.exact(&one.name, &one.models);
            let base = base.or_else(|| set.find(&one.name, None)).cloned();
            (
                base.context("there is no prompt that it takes the place of")?,
                one,
            )
        }
    };
    let text = |prompt: &Prompt| SourceText::from_text(prompt.to_text());
    let name = format!("{}.md", after.name);
    let diff = unified_diff(&name, &text(&before), &text(&after));
    let is_same = diff.is_empty();
    output::print(diff)?;
    Ok(match is_same {
        true => ExitCode::SUCCESS,
        false => ExitCode::from(EXIT_FAILED),
    })
}

fn parsed(file: &Path) -> anyhow::Result<Prompt> {
    match Prompt::parse(&read(file)?) {
        Ok(prompt) => Ok(prompt),
        Err(error) => bail!("{}: {error}", file.display()),
    }
}

fn read(file: &Path) -> anyhow::Result<String> {
    read_limited(file, TEMPLATE_BYTES_MAX as u64)
}
