//! `package.json`: the modules and commands that a package of npm offers.

use std::collections::BTreeMap;

use assay_source::Span;

use super::Losses;
use crate::config::{Model, Shape, ValueId};

/// The rule for what a package no longer offers.
const REMOVED: &str = "api/removed-symbol";

/// Compares two manifests.
pub(super) fn compare(old: &Model<'_>, new: &Model<'_>, losses: &mut Losses) {
    let (Some(&was), Some(&now)) = (old.roots.first(), new.roots.first()) else {
        return;
    };
    let is_private = new.text(now, "private") == Some("true");
    if is_private || new.text(now, "name").is_none() || breaks(old, was, new, now) {
        return;
    }
    let (before, after) = (modules(old, was), modules(new, now));
    match (before, after) {
        (Some(before), Some(after)) => {
            for (path, span) in before {
                if !after.contains_key(path) && !after.keys().any(|other| covers(other, path)) {
                    losses.add(
                        REMOVED,
                        path,
                        "is no longer among the exports",
                        Some(span),
                        None,
                    );
                }
            }
        }
        (None, Some(after)) if !after.contains_key("./*") => {
            let at = new.entry(now, "exports").map(|entry| entry.key_span);
            let detail = "are new: no other file of the package can be imported any longer";
            losses.add(REMOVED, "exports", detail, None, at);
        }
        _ => {}
    }
    let commands = |model: &Model<'_>, root| {
        let list = model.get(root, "bin").map(|list| model.entries(list));
        let named = list.into_iter().flatten();
        named
            .map(|entry| (entry.key.to_string(), entry.key_span))
            .collect::<BTreeMap<String, Span>>()
    };
    let after = commands(new, now);
    for (name, span) in commands(old, was) {
        if !after.contains_key(&name) {
            losses.add(
                REMOVED,
                name,
                "is no longer among the commands",
                Some(span),
                None,
            );
        }
    }
}

/// Whether the version says itself that it breaks.
fn breaks(old: &Model<'_>, was: ValueId, new: &Model<'_>, now: ValueId) -> bool {
    let version = |model: &Model<'_>, root| {
        let mut parts = model.text(root, "version")?.split('.');
        let mut next = || parts.next()?.parse::<u32>().ok();
        Some((next()?, next()?))
    };
    match (version(old, was), version(new, now)) {
        (Some((0, was)), Some((0, now))) => now > was,
        (Some((was, _)), Some((now, _))) => now > was,
        // A manifest without a version is not published.
        _ => true,
    }
}

fn modules<'m>(model: &'m Model<'_>, root: ValueId) -> Option<BTreeMap<&'m str, Span>> {
    let exports = model.entry(root, "exports")?;
    let mut found = BTreeMap::new();
    if let Shape::Mapping(entries) = &model.value(exports.value).shape {
        for entry in entries.iter().filter(|entry| entry.key.starts_with('.')) {
            // `null` closes a path.
            let is_closed = model
                .scalar(entry.value)
                .is_some_and(|value| value.is("null"));
            if !is_closed {
                found.insert(&*entry.key, entry.key_span);
            }
        }
    }
    if found.is_empty() {
        found.insert(".", exports.key_span);
    }
    Some(found)
}

/// `./features/*` offers `./features/a`.
fn covers(pattern: &str, path: &str) -> bool {
    pattern.split_once('*').is_some_and(|(start, end)| {
        path.len() >= start.len() + end.len() && path.starts_with(start) && path.ends_with(end)
    })
}
