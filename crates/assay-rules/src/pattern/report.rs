//! What a rule that is data says at a match, and how it mends it.

use std::fmt::Write as _;

use assay_finding::{Confidence, Edit};
use assay_source::Span;
use assay_syntax::{NodeRef, Role};

use crate::context::{Basis, Context, replace};
use crate::pattern::credential::Credential;
use crate::pattern::path::{last_name_node, segments};
use crate::pattern::site::Site;
use crate::pattern::{Entry, FixSpec, Shape};
use crate::query::{first_line, is_silenced_elsewhere, is_test_path};

/// A part of the code is shown in a message up to so many characters.
const SHOWN_CHARS_MAX: usize = 60;

pub(crate) fn report<'t>(
    entry: &Entry,
    site: &Site<'t, '_>,
    credential: Option<Credential>,
    context: &mut Context<'_, 't>,
) {
    let span = shown_span(entry, site);
    let is_shown =
        credential.as_ref().is_some_and(Credential::is_word) && is_shown_path(context.path());
    let identity = credential.map(|credential| {
        let name = part("call", site).unwrap_or_default();
        let identity = credential.identity(context.rule.id(), &name);
        context
            .run
            .add_credential(context.rule_index, span, credential.spans);
        identity
    });
    if context.run.has_reported(context.rule_index, span) {
        return;
    }
    let message = filled(entry.matcher.message, site, shown);
    let fix = entry
        .matcher
        .fix
        .as_ref()
        .and_then(|fix| Some((fix, edit(fix, site)?)));
    let is_meant = is_shown || is_test_path(context.path()) || is_silenced_elsewhere(site.node);
    let draft = context.report(site.node, message);
    draft.at(span);
    if let Some(identity) = identity {
        draft.basis = Basis::Own(identity);
    }
    if let Some(severity) = entry.matcher.severity {
        draft.severity(severity);
    }
    if let Some(confidence) = entry.matcher.confidence {
        draft.confidence = confidence;
    }
    // What is wrong in a program is often meant in its tests, and where another
    // tool was told to be silent somebody has decided.
    if is_meant {
        draft.confidence = Confidence::Low;
    }
    match fix {
        Some((fix, edit)) if fix.is_safe => {
            draft.safe_fix(fix.title, vec![edit]);
        }
        Some((fix, edit)) => {
            draft.unsafe_fix(fix.title, vec![edit]);
        }
        None => {}
    }
}

/// Returns whether a file shows how something is used.
fn is_shown_path(path: &assay_source::RepoPath) -> bool {
    let mut folders = path.as_str().unwrap_or("").split('/').rev().skip(1);
    folders.any(|folder| {
        matches!(
            folder.to_ascii_lowercase().as_str(),
            "doc" | "docs" | "example" | "examples" | "sample" | "samples" | "demo" | "demos"
        )
    })
}

/// A finding is shown on one line: from the last name of a chain of calls that
/// goes over several.
fn shown_span(entry: &Entry, site: &Site<'_, '_>) -> Span {
    let node = site.node;
    if let Some(line) = site.line {
        let text = site.text();
        let start = line.start + (text.len() - text.trim_start().len()) as u32;
        return Span::new(start, start + text.trim().len() as u32);
    }
    let whole = first_line(node);
    if entry.matcher.shape != Shape::Call {
        return whole;
    }
    match last_name_node(node) {
        Some(name) if name.line() != node.line() => {
            let text = node.tree().text();
            let rest = Span::new(name.span().start, node.span().end);
            let line = text.slice(rest);
            let end = line.find('\n').unwrap_or(line.len());
            Span::new(rest.start, rest.start + line[..end].trim_end().len() as u32)
        }
        _ => whole,
    }
}

/// Fills the parts of the place into a text.
fn filled(template: &str, site: &Site<'_, '_>, as_: fn(&str) -> String) -> String {
    let mut out = String::with_capacity(template.len() + 32);
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        out.push_str(before);
        let Some((name, after)) = after.split_once('}') else {
            rest = after;
            break;
        };
        match part(name, site) {
            Some(text) => out.push_str(&as_(&text)),
            None => {
                let _ = write!(out, "{{{name}}}");
            }
        }
        rest = after;
    }
    out.push_str(rest);
    out
}

fn part(name: &str, site: &Site<'_, '_>) -> Option<String> {
    match name {
        "call" => Some(segments(site.node).join(".").replace(".!", "!")),
        "name" => last_name_node(site.node).map(|name| name.text().to_owned()),
        "target" => site.target_name().map(str::to_owned),
        "value" => site.value.map(|value| value.text().to_owned()),
        "text" => Some(site.text().to_owned()),
        _ => argument(name, site).map(|node| node.text().to_owned()),
    }
}

fn argument<'t>(name: &str, site: &Site<'t, '_>) -> Option<NodeRef<'t>> {
    let (position, name) = match name.split_once(':') {
        Some((position, name)) => (position, Some(name)),
        None => (name, None),
    };
    site.argument_node(position.parse().ok(), name)
}

fn shown(text: &str) -> String {
    let mut words = text.split_whitespace();
    let mut out = words.next().unwrap_or("").to_owned();
    for word in words {
        out.push(' ');
        out.push_str(word);
    }
    if out.chars().count() > SHOWN_CHARS_MAX {
        out = out.chars().take(SHOWN_CHARS_MAX).collect();
        out.push('…');
    }
    out.replace('`', "'")
}

fn edit(fix: &FixSpec, site: &Site<'_, '_>) -> Option<Edit> {
    let span = match fix.part {
        "match" => site.node.span(),
        "value" => site.value?.span(),
        "name" => last_name_node(site.node)?.span(),
        "callee" => {
            let name = last_name_node(site.node)?;
            Span::new(site.node.span().start, name.span().end)
        }
        "arguments" => {
            let list = site.node.child_with(Role::Arguments)?;
            let end = list.span().end.checked_sub(1)?;
            if !list.text().ends_with(')') {
                return None;
            }
            let text = list.text();
            let inside = text.trim_end_matches(')').trim_end();
            let comma = match inside.chars().last() {
                Some('(' | ',') => "",
                _ => ", ",
            };
            return Some(replace(
                Span::new(end, end),
                format!("{comma}{}", filled(fix.with, site, str::to_owned)),
            ));
        }
        name => argument(name, site)?.span(),
    };
    Some(replace(span, filled(fix.with, site, str::to_owned)))
}
