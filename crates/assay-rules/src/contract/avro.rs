//! Avro: what was written with one schema must be readable with the other.

use std::collections::HashMap;

use assay_source::Span;

use super::{CHANGED, Losses, REMOVED, STRICTER};
use crate::config::{Model, Shape, ValueId};

/// Types within types.
const DEPTH_MAX: usize = 48;

/// Which type may be read where another was written.
const PROMOTIONS: &[(&str, &[&str])] = &[
    ("int", &["long", "float", "double"]),
    ("long", &["float", "double"]),
    ("float", &["double"]),
    ("string", &["bytes"]),
    ("bytes", &["string"]),
];

/// Compares two schemas.
pub(super) fn compare(old: &Model<'_>, new: &Model<'_>, losses: &mut Losses) {
    if let (Some(&was), Some(&now)) = (old.roots.first(), new.roots.first()) {
        types(old, new, [was, now], "", losses, 0);
    }
}

/// Returns the type that is written, a name or the `type` of a definition.
fn name_of<'m>(model: &'m Model<'_>, value: ValueId) -> Option<&'m str> {
    match &model.value(value).shape {
        Shape::Scalar(scalar) => Some(&*scalar.text),
        Shape::Mapping(_) => model.text(value, "type"),
        _ => None,
    }
}

fn types(
    old: &Model<'_>,
    new: &Model<'_>,
    [was, now]: [ValueId; 2],
    path: &str,
    losses: &mut Losses,
    depth: usize,
) {
    if depth > DEPTH_MAX {
        return;
    }
    let [base, head] =
        [old.value(was).span, new.value(now).span].map(|span| Span::new(span.start, span.start));
    let union = |model: &Model<'_>, value| match &model.value(value).shape {
        Shape::Sequence(items) => Some(items.clone()),
        _ => None,
    };
    let before = union(old, was).unwrap_or_else(|| vec![was]);
    let after = union(new, now).unwrap_or_else(|| vec![now]);
    for &one in &before {
        let Some(name) = name_of(old, one) else {
            continue;
        };
        let promoted = PROMOTIONS
            .iter()
            .find(|(from, _)| *from == name)
            .map_or(&[][..], |(_, to)| to);
        let same = after
            .iter()
            .find(|other| name_of(new, **other) == Some(name));
        let fits = same.is_some()
            || after
                .iter()
                .any(|other| name_of(new, *other).is_some_and(|other| promoted.contains(&other)));
        if !fits {
            let shown = if path.is_empty() { "the schema" } else { path };
            let detail = format!("can no longer be read where it was written as `{name}`");
            losses.add(CHANGED, shown, detail, Some(base), Some(head));
        }
        let Some(&other) = same else { continue };
        match name {
            "record" => record(old, new, [one, other], losses, depth),
            "enum" => symbols(old, new, [one, other], losses),
            "array" | "map" => {
                let key = if name == "array" { "items" } else { "values" };
                if let (Some(was), Some(now)) = (old.get(one, key), new.get(other, key)) {
                    types(old, new, [was, now], path, losses, depth + 1);
                }
            }
            _ => {}
        }
    }
}

fn record(
    old: &Model<'_>,
    new: &Model<'_>,
    [was, now]: [ValueId; 2],
    losses: &mut Losses,
    depth: usize,
) {
    let record = new.text(now, "name").unwrap_or("record");
    let (Some(before), Some(after)) = (old.get(was, "fields"), new.get(now, "fields")) else {
        return;
    };
    let (before, after) = (old.items(before), new.items(after));
    let named: HashMap<&str, ValueId> = before
        .iter()
        .filter_map(|field| Some((old.text(*field, "name")?, *field)))
        .collect();
    let mut kept: Vec<&str> = Vec::new();
    for &field in &after {
        let Some(name) = new.text(field, "name") else {
            continue;
        };
        let aliases = new.get(field, "aliases").map(|list| new.items(list));
        let aliases = aliases.unwrap_or_default();
        let mut names = std::iter::once(name).chain(
            aliases
                .iter()
                .filter_map(|alias| Some(&*new.scalar(*alias)?.text)),
        );
        let shown = format!("{record}.{name}");
        match names.find_map(|name| named.get_key_value(name)) {
            Some((was_name, &was)) => {
                kept.push(was_name);
                if let (Some(was), Some(now)) = (old.get(was, "type"), new.get(field, "type")) {
                    types(old, new, [was, now], &shown, losses, depth + 1);
                }
            }
            None if new.get(field, "default").is_none() => {
                let at = new.value(field).span;
                let detail =
                    "is new and has no default: what was written before has no value for it";
                losses.add(STRICTER, shown, detail, None, Some(at));
            }
            None => {}
        }
    }
    for &field in &before {
        let Some(name) = old.text(field, "name") else {
            continue;
        };
        if !kept.contains(&name) && old.get(field, "default").is_none() {
            let at = old.value(field).span;
            let detail =
                "is gone and had no default: readers of the old schema have no value for it";
            losses.add(REMOVED, format!("{record}.{name}"), detail, Some(at), None);
        }
    }
}

fn symbols(old: &Model<'_>, new: &Model<'_>, [was, now]: [ValueId; 2], losses: &mut Losses) {
    let (Some(before), Some(after)) = (old.get(was, "symbols"), new.get(now, "symbols")) else {
        return;
    };
    if new.get(now, "default").is_some() {
        return;
    }
    let name = new.text(now, "name").unwrap_or("enum");
    let after = new.items(after);
    let has = |text: &str| {
        after
            .iter()
            .any(|item| new.scalar(*item).is_some_and(|one| one.text == text))
    };
    for item in old.items(before) {
        let Some(symbol) = old.scalar(item) else {
            continue;
        };
        if !has(&symbol.text) {
            let span = old.value(item).span;
            losses.add(
                REMOVED,
                format!("{name}.{}", symbol.text),
                "is gone",
                Some(span),
                None,
            );
        }
    }
}
