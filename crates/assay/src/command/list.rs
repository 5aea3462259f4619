//! `assay rules` and `assay languages`: what there is.

use std::fmt::Write as _;
use std::process::ExitCode;

use anyhow::bail;
use assay_rules::Rule;
use assay_syntax::Language;
use serde::Serialize;

use crate::arguments::{ListArguments, RulesArguments};
use crate::output;

/// A rule as `assay rules --json` shows it.
#[derive(Serialize)]
struct RuleRow {
    id: &'static str,
    title: String,
    summary: String,
    severity: &'static str,
    category: &'static str,
    enabled: bool,
    fix: bool,
    cwe: Vec<u32>,
    languages: &'static [&'static str],
    options: Vec<OptionRow>,
}

/// An option of a rule.
#[derive(Serialize)]
struct OptionRow {
    name: &'static str,
    summary: &'static str,
    default: u32,
    min: u32,
    max: u32,
}

pub(crate) fn rules(arguments: &RulesArguments) -> anyhow::Result<ExitCode> {
    let filter = arguments.filter.as_deref().unwrap_or("").to_lowercase();
    let chosen: Vec<&Rule> = assay_rules::rules()
        .iter()
        .filter(|rule| {
            let document = rule.document();
            [rule.id(), &document.title, &document.summary]
                .iter()
                .any(|text| text.to_lowercase().contains(&filter))
        })
        .collect();
    if arguments.json {
        let rows: Vec<RuleRow> = chosen.into_iter().map(rule_row).collect();
        output::print(serde_json::to_string_pretty(&rows)? + "\n")?;
        return Ok(ExitCode::SUCCESS);
    }
    if chosen.is_empty() {
        bail!("no rule has `{filter}` in its id, title or summary");
    }
    let width = chosen.iter().map(|rule| rule.id().len()).max().unwrap_or(0);
    let mut out = String::new();
    for rule in &chosen {
        let state = if rule.is_on_by_default() {
            rule.severity().as_str()
        } else {
            "off"
        };
        let fix = if rule.has_fix() { "fix" } else { "" };
        writeln!(
            out,
            "{:width$}  {state:8}  {fix:3}  {}",
            rule.id(),
            rule.document().title
        )?;
    }
    let on = chosen.iter().filter(|rule| rule.is_on_by_default()).count();
    writeln!(
        out,
        "\n{} rules, {on} on by default. `assay explain RULE` tells more.",
        chosen.len()
    )?;
    output::print(out)?;
    Ok(ExitCode::SUCCESS)
}

fn rule_row(rule: &Rule) -> RuleRow {
    let meta = rule.meta();
    RuleRow {
        id: rule.id(),
        title: meta.title,
        summary: meta.summary,
        severity: rule.severity().as_str(),
        category: meta.category.as_str(),
        enabled: rule.is_on_by_default(),
        fix: rule.has_fix(),
        cwe: meta.cwe,
        languages: rule.languages(),
        options: rule
            .options()
            .iter()
            .map(|option| OptionRow {
                name: option.name,
                summary: option.summary,
                default: option.default,
                min: option.min,
                max: option.max,
            })
            .collect(),
    }
}

/// A language as `assay languages --json` shows it.
#[derive(Serialize)]
struct LanguageRow {
    id: &'static str,
    name: &'static str,
    aliases: &'static [&'static str],
    extensions: &'static [&'static str],
    file_names: &'static [&'static str],
    interpreters: &'static [&'static str],
    has_functions: bool,
}

pub(crate) fn languages(arguments: &ListArguments) -> anyhow::Result<ExitCode> {
    let all = assay_syntax::languages();
    if arguments.json {
        let rows: Vec<LanguageRow> = all.iter().map(language_row).collect();
        output::print(serde_json::to_string_pretty(&rows)? + "\n")?;
        return Ok(ExitCode::SUCCESS);
    }
    let mut out = String::new();
    for language in all {
        let endings = language
            .extensions()
            .iter()
            .map(|ending| format!(".{ending}"));
        let names = language.file_names().iter().map(|name| (*name).to_owned());
        let files: Vec<String> = endings.chain(names).collect();
        let kind = if language.is_data_only() {
            "data"
        } else {
            "code"
        };
        writeln!(out, "{:12} {kind}  {}", language.name(), files.join(" "))?;
    }
    writeln!(
        out,
        "\n{} languages. Files are recognised by modeline, name, ending and #! line.",
        all.len()
    )?;
    output::print(out)?;
    Ok(ExitCode::SUCCESS)
}

fn language_row(language: &Language) -> LanguageRow {
    LanguageRow {
        id: language.id().as_str(),
        name: language.name(),
        aliases: language.aliases(),
        extensions: language.extensions(),
        file_names: language.file_names(),
        interpreters: language.interpreters(),
        has_functions: !language.is_data_only(),
    }
}
