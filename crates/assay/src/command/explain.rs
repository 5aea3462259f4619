//! `assay explain`: a rule, or the complexity of a function line by line.

use std::fmt::Write as _;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context as _, bail};
use assay_finding::RuleMeta;
use assay_review::model_rules;
use assay_rules::{Rule, rule_by_id, rules};
use assay_source::{RepoPath, SourceText};
use assay_syntax::{
    Explanation, FunctionMetrics, Increment, Metric, MetricOptions, ParseLimits, detect, explain,
    measure, parse,
};

use crate::arguments::{ExplainArguments, Global};
use crate::output;
use assay_source::nearest_word;

/// The largest file whose function is explained.
const FILE_BYTES_MAX: u64 = 16 * 1024 * 1024;

pub(crate) fn run(global: &Global, arguments: &ExplainArguments) -> anyhow::Result<ExitCode> {
    let text = match (&arguments.rule, &arguments.at) {
        (_, Some(at)) => at_place(global, at)?,
        (Some(rule), None) => of_rule(rule)?,
        (None, None) => bail!("name a rule, or a place with --at FILE:LINE"),
    };
    output::print(text)?;
    Ok(ExitCode::SUCCESS)
}

fn of_rule(id: &str) -> anyhow::Result<String> {
    if let Some(meta) = model_rules()
        .into_iter()
        .find(|meta| meta.id.as_str() == id)
    {
        return of_model(&meta);
    }
    let rule = rule_by_id(id).with_context(|| {
        let said = model_rules();
        let mut names: Vec<&str> = rules().iter().map(Rule::id).collect();
        names.extend(said.iter().map(|meta| meta.id.as_str()));
        let hint = nearest_word(id, names.into_iter())
            .map_or_else(String::new, |right| format!("; did you mean `{right}`?"));
        format!("there is no rule `{id}`{hint} (`assay rules` lists them)")
    })?;
    let meta = rule.meta();
    let mut out = String::new();
    writeln!(out, "# {}\n\n{}\n", meta.title, meta.summary)?;
    let state = if rule.is_on_by_default() { "on" } else { "off" };
    writeln!(
        out,
        "{id}: {state} by default, severity {}, confidence {}, category {}",
        meta.severity, meta.confidence, meta.category
    )?;
    if !meta.cwe.is_empty() {
        let list: Vec<String> = meta
            .cwe
            .iter()
            .map(|number| format!("CWE-{number}"))
            .collect();
        writeln!(out, "{}", list.join(", "))?;
    }
    if !rule.languages().is_empty() {
        writeln!(out, "Languages: {}", rule.languages().join(", "))?;
    }
    for option in rule.options() {
        writeln!(
            out,
            "Option `{}` (default {}, {} to {}): {}",
            option.name, option.default, option.min, option.max, option.summary
        )?;
    }
    writeln!(out, "\n{}", meta.description.trim())?;
    Ok(out)
}

/// Explains what a language model says.
fn of_model(meta: &RuleMeta) -> anyhow::Result<String> {
    let mut out = String::new();
    writeln!(out, "# {}\n\n{}\n", meta.title, meta.summary)?;
    writeln!(
        out,
        "{}: only with a language model (`assay review --model`), severity at most high, confidence at most {}, category {}",
        meta.id.as_str(),
        meta.confidence,
        meta.category
    )?;
    writeln!(out, "\n{}", meta.description.trim())?;
    Ok(out)
}

fn at_place(global: &Global, at: &str) -> anyhow::Result<String> {
    let (file, line) = at
        .rsplit_once(':')
        .and_then(|(file, line)| Some((file, line.parse::<u32>().ok()?)))
        .with_context(|| format!("--at {at}: write it as FILE:LINE, such as src/main.rs:42"))?;
    let folder = global.directory.as_deref().unwrap_or(Path::new(""));
    let path = folder.join(file);
    let size = std::fs::metadata(&path)
        .with_context(|| format!("{file} cannot be read"))?
        .len();
    if size > FILE_BYTES_MAX {
        bail!("{file} has {size} bytes; the limit is {FILE_BYTES_MAX}");
    }
    let bytes = std::fs::read(&path).with_context(|| format!("{file} cannot be read"))?;
    let text = Arc::new(SourceText::decode(bytes).with_context(|| format!("{file} is no text"))?);
    let name = RepoPath::from(file);
    let language = detect(&name, text.as_str())
        .with_context(|| format!("the language of {file} is not known (`assay languages`)"))?;
    let parsed = parse(&text, language, &ParseLimits::default());
    let metrics = measure(&parsed.trees, MetricOptions { halstead: true });
    let holds =
        |function: &&FunctionMetrics| function.first_line <= line && line <= function.last_line;
    // Functions are in the order of the text: the last that holds the line is
    // the innermost.
    let innermost = metrics.functions.iter().rfind(holds);
    // A lambda's increments count for the function around it.
    let function = std::iter::successors(innermost, |function| {
        function
            .name
            .is_none()
            .then_some(function.parent)
            .flatten()
            .map(|at| &metrics.functions[at])
    })
    .last()
    .with_context(|| format!("there is no function at {file}:{line}"))?;
    let explanation = explain(&parsed.trees[function.tree], function.node)
        .context("the function has no explanation")?;
    render(file, function, &explanation)
}

fn render(
    file: &str,
    function: &FunctionMetrics,
    explanation: &Explanation,
) -> anyhow::Result<String> {
    let mut out = String::new();
    writeln!(
        out,
        "{} at {file}:{}",
        function.qualified_name, function.first_line
    )?;
    let lists = [
        ("cyclomatic", &explanation.cyclomatic),
        ("cognitive", &explanation.cognitive),
    ];
    for (title, increments) in lists {
        let sum: u32 = increments.iter().map(|increment| increment.amount).sum();
        writeln!(out, "\n{title} {sum}")?;
        for increment in increments {
            let nesting = match increment.nesting {
                0 => String::new(),
                nesting => format!(", {nesting} of it for nesting"),
            };
            let Increment {
                amount,
                line,
                reason,
                ..
            } = increment;
            writeln!(
                out,
                "  +{amount:<3} line {line:<6} {}{nesting}",
                reason.as_str()
            )?;
        }
    }
    writeln!(out, "\nall metrics")?;
    for &metric in Metric::ALL {
        if let Some(value) = metric.value(&function.metrics) {
            let value = (value * 100.0).round() / 100.0;
            writeln!(out, "  {:32} {value} {}", metric.title(), metric.unit())?;
        }
    }
    Ok(out)
}
