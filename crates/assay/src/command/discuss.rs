//! `assay discuss`: two agents, a coder and a reviewer, talk about a change until they
//! agree, one of them ends it, or all turns are taken.

use std::fmt::Write as _;
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context as _, bail};
use assay_app::{Discussed, ToldMessage};
use assay_finding::Report;
use assay_finding::render::one_line;
use assay_git::Options;
use assay_review::{
    AGENTS_BYTES_MAX, AgentMessage, Agents, Ending, NoProgress, Point, PointState, Subject, review,
};
use serde_json::{Value, json};

use super::review::change_input;
use crate::arguments::{DiscussArguments, Global, TextFormat};
use crate::config::{self, Loaded};
use crate::model::{ModelStep, Talked};
use crate::{cache, output, past};

pub(crate) fn run(global: &Global, arguments: &DiscussArguments) -> anyhow::Result<ExitCode> {
    let agents = agents(arguments)?;
    let model = ModelStep::prepare(&arguments.model, global.verbose)?;
    let Some(model) = model else {
        bail!(
            "agents need models: --model asks those of the user's configuration, --replay a transcript"
        );
    };
    let input = change_input(&arguments.change)?;
    let directory = global.directory.as_deref().unwrap_or(Path::new("."));
    let options = Options {
        threads: global.threads.map(usize::from),
        ..Options::default()
    };
    let opened = assay_git::open(directory, &input, &options)?;
    let Loaded { mut settings, .. } = config::load(global, directory, &opened, false)?;
    settings.facts = cache::facts(&opened).filter(|_| !arguments.no_cache);
    settings.past = past::of(directory, &opened, &options, arguments.no_cache);
    let subject = Subject {
        change: &opened.change,
        tree: &*opened.tree,
        is_scan: false,
    };
    let mut report = review(subject, &settings, &NoProgress);
    let model = model.of(opened.root.as_deref(), !arguments.no_cache);
    let is_shown = arguments.format == TextFormat::Text && arguments.output.is_none();
    let mut hear = |message: &AgentMessage| {
        // A talk that nobody reads any more goes on to its end.
        if is_shown {
            drop(output::print(said(message)));
        } else if arguments.tell_talk {
            drop(output::print(ToldMessage::of(message).line()));
        }
    };
    let talked = model.discuss((subject, &settings), &agents, &mut hear, &mut report)?;
    let talk = match talked {
        Talked::Nothing => None,
        Talked::Refused(why) => bail!("nobody can be asked: {why}"),
        Talked::Talk(talk) => Some(talk),
    };
    let text = match arguments.format {
        TextFormat::Json => format!("{:#}\n", to_json(talk.as_deref(), &report)),
        TextFormat::Text => match &talk {
            None => "there is nothing in the change to talk about\n".to_owned(),
            Some(talk) if is_shown => concluded(talk, &report),
            Some(talk) => {
                let all: String = talk.said.iter().map(said).collect();
                all + &concluded(talk, &report)
            }
        },
    };
    match &arguments.output {
        Some(file) => output::write_file(file, |out| out.write_all(text.as_bytes()))?,
        None => output::print(text)?,
    }
    Ok(exit_code(talk.as_deref()))
}

fn agents(arguments: &DiscussArguments) -> anyhow::Result<Agents> {
    let mut agents = match &arguments.agents {
        None => Agents::default(),
        Some(file) => {
            let text = read(file).with_context(|| file.display().to_string())?;
            Agents::parse(&text).with_context(|| file.display().to_string())?
        }
    };
    if let Some(turns) = arguments.turns {
        agents.turns_max = u32::from(turns);
    }
    Ok(agents)
}

fn read(file: &Path) -> anyhow::Result<String> {
    use std::io::Read as _;
    let mut text = String::new();
    // One byte more, so that what is too long is told as such.
    std::fs::File::open(file)?
        .take(AGENTS_BYTES_MAX as u64 + 1)
        .read_to_string(&mut text)?;
    Ok(text)
}

/// Nothing agreed is clean; a talk that broke off is not.
fn exit_code(talk: Option<&Discussed>) -> ExitCode {
    let is_clean = talk
        .is_none_or(|talk| talk.concluded.agreed == 0 && !matches!(talk.ending, Ending::Failed(_)));
    match is_clean {
        true => ExitCode::SUCCESS,
        false => ExitCode::from(1),
    }
}

fn said(message: &AgentMessage) -> String {
    let mut out = format!("{}. {}\n", message.number, one_line(&message.name));
    for line in message.text.lines() {
        let _ = writeln!(out, "   {}", one_line(line));
    }
    out.push('\n');
    out
}

fn concluded(talk: &Discussed, report: &Report) -> String {
    let mut out = format!("It is over: {}.\n", one_line(&talk.ending.to_string()));
    for state in [PointState::Agreed, PointState::Contested, PointState::Open] {
        let mut points = talk
            .points
            .iter()
            .filter(|point| point.state == state)
            .peekable();
        if points.peek().is_none() {
            continue;
        }
        let _ = writeln!(out, "\n{}:", state.name());
        for point in points {
            let at = &point.finding.location;
            let _ = writeln!(
                out,
                "  {}:{} ({}, {}) {}",
                at.path.to_display(),
                at.start.line,
                point.finding.rule,
                point.finding.severity,
                one_line(&point.finding.message)
            );
        }
    }
    let _ = writeln!(out, "\n{}", one_line(&numbers(talk)));
    for note in left_out(report) {
        let _ = writeln!(out, "{}", one_line(&note));
    }
    out
}

fn numbers(talk: &Discussed) -> String {
    let done = talk.concluded;
    format!(
        "{} in {} turns: {} agreed, {} not settled, {} withdrawn, {} dropped",
        talk.about,
        talk.said.len(),
        done.agreed,
        done.unsettled,
        done.withdrawn,
        done.dropped
    )
}

/// Returns what the agents were not shown.
fn left_out(report: &Report) -> Vec<String> {
    let mut out = Vec::new();
    for file in &report.ledger.files {
        let notes = file
            .notes
            .iter()
            .filter(|note| note.starts_with("the model"));
        out.extend(notes.map(|note| format!("{}: {note}", file.path.to_display())));
    }
    out
}

fn to_json(talk: Option<&Discussed>, report: &Report) -> Value {
    let Some(talk) = talk else {
        return json!({
            "version": 1, "ending": "nothing", "problem": null, "messages": [], "points": [],
            "about": null, "dropped": 0, "not_shown": left_out(report),
        });
    };
    let message = |one: &AgentMessage| {
        json!({
            "number": one.number,
            "role": one.side.name(),
            "name": one.name,
            "text": one.text,
        })
    };
    let point = |(at, point): (usize, &Point)| {
        let finding = &point.finding;
        json!({
            "number": at + 1,
            "state": point.state.name(),
            "rule": finding.rule.to_string(),
            "severity": finding.severity.to_string(),
            "path": finding.location.path.to_display(),
            "line": finding.location.start.line,
            "message": finding.message,
            "reason": point.reason.as_ref().map(|(_, reason)| reason),
        })
    };
    let problem = match &talk.ending {
        Ending::Failed(why) => Some(why),
        _ => None,
    };
    json!({
        "version": 1,
        "ending": talk.ending.name(),
        "problem": problem,
        "messages": talk.said.iter().map(message).collect::<Vec<_>>(),
        "points": talk.points.iter().enumerate().map(point).collect::<Vec<_>>(),
        "about": talk.about,
        "dropped": talk.concluded.dropped,
        "not_shown": left_out(report),
    })
}
