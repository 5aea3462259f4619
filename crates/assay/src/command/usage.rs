//! `assay usage`: what language models cost this user, by review, repository, model,
//! task, day or month.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::process::ExitCode;

use anyhow::Context as _;
use assay_llm::Money;
use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::arguments::{UsageArguments, UsageBy};
use crate::model::spend::{SpendFolder, UsageRow};
use crate::output;

/// What many calls took.
#[derive(Default)]
struct Sum {
    calls: u64,
    failed: u64,
    input_tokens: u64,
    output_tokens: u64,
    cost: Money,
}

pub(crate) fn run(arguments: &UsageArguments) -> anyhow::Result<ExitCode> {
    let folder = SpendFolder::find().context("there is no home folder")?;
    let from = arguments.since.as_deref().unwrap_or_default();
    let mut sums: BTreeMap<String, Sum> = BTreeMap::new();
    let mut all = Sum::default();
    let rows = folder.calls();
    for row in rows.iter().filter(|row| time(row.time_ms).as_str() >= from) {
        for sum in [sums.entry(key(row, arguments.by)).or_default(), &mut all] {
            sum.calls += 1;
            sum.failed += u64::from(!row.is_answered);
            sum.input_tokens = sum.input_tokens.saturating_add(row.input_tokens);
            sum.output_tokens = sum.output_tokens.saturating_add(row.output_tokens);
            sum.cost = sum.cost.plus(Money::from_nanos(row.cost_nanos));
        }
    }
    let text = match arguments.json {
        true => json(&sums)?,
        false => table(&sums, &all),
    };
    output::print(text)?;
    Ok(ExitCode::SUCCESS)
}

fn key(row: &UsageRow, by: UsageBy) -> String {
    let time_of = |length: usize, ms: i64| time(ms).chars().take(length).collect();
    match by {
        UsageBy::Call => format!("{} {} {}", time(row.time_ms), row.model, row.task),
        UsageBy::Review => format!("{} {}", time(row.review), row.repository),
        UsageBy::Repository => row.repository.clone(),
        UsageBy::Model => row.model.clone(),
        UsageBy::Task => row.task.clone(),
        UsageBy::Day => time_of(10, row.time_ms),
        UsageBy::Month => time_of(7, row.time_ms),
    }
}

/// Returns a time in UTC such as `2026-02-01T12:30:00.123`.
fn time(ms: i64) -> String {
    let time = Timestamp::from_millisecond(ms).unwrap_or_default();
    let time = time.to_zoned(TimeZone::UTC).datetime();
    time.strftime("%Y-%m-%dT%H:%M:%S.%3f").to_string()
}

fn table(sums: &BTreeMap<String, Sum>, all: &Sum) -> String {
    if sums.is_empty() {
        return "no language model was asked\n".to_owned();
    }
    let width = sums
        .keys()
        .map(|key| key.chars().count())
        .max()
        .unwrap_or(0)
        .max(5);
    let mut out = format!(
        "{:width$} {:>7} {:>7} {:>12} {:>12} {:>12}\n",
        "", "calls", "failed", "tokens in", "tokens out", "cost"
    );
    let total = "total".to_owned();
    for (key, sum) in sums.iter().chain([(&total, all)]) {
        let _ = writeln!(
            out,
            "{key:width$} {:>7} {:>7} {:>12} {:>12} {:>12}",
            sum.calls,
            sum.failed,
            sum.input_tokens,
            sum.output_tokens,
            sum.cost.to_string()
        );
    }
    out
}

fn json(sums: &BTreeMap<String, Sum>) -> anyhow::Result<String> {
    let rows = sums.iter().map(|(key, sum)| {
        serde_json::json!({
            "key": key,
            "calls": sum.calls,
            "failed": sum.failed,
            "input_tokens": sum.input_tokens,
            "output_tokens": sum.output_tokens,
            "cost_nanos": sum.cost.nanos(),
        })
    });
    let rows: Vec<_> = rows.collect();
    let all = serde_json::json!({ "schema": "assay.usage/1", "rows": rows });
    Ok(serde_json::to_string_pretty(&all)? + "\n")
}
