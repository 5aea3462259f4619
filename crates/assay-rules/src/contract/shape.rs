//! Compares two schemas of JSON by what they let through: whoever sends must be
//! able to send what was right before, whoever reads must not get what was
//! impossible before.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use assay_finding::{Confidence, Severity};
use assay_source::Span;

use super::{CHANGED, Losses, REMOVED, STRICTER, WEAKER};
use crate::config::{Model, ScalarKind, Shape, ValueId};

/// References that follow each other, and `allOf` within `allOf`.
const REFERENCES_MAX: usize = 32;
/// Schemas within schemas.
const DEPTH_MAX: usize = 48;
/// Pairs of schemas that one file compares.
const PAIRS_MAX: usize = 50_000;

/// Who is bound by a schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Direction {
    /// Others send it: it may become wider.
    In,
    /// Others read it: it may become narrower.
    Out,
}

/// Two documents and what was compared of them.
pub(super) struct Comparer<'a, 't> {
    pub(super) old: &'a Model<'t>,
    pub(super) new: &'a Model<'t>,
    seen: HashSet<(u32, u32, Direction)>,
}

/// Compares two documents that are JSON Schemas.
pub(super) fn compare_roots(old: &Model<'_>, new: &Model<'_>, losses: &mut Losses) {
    let (Some(&was), Some(&now)) = (old.roots.first(), new.roots.first()) else {
        return;
    };
    let mut comparer = Comparer::new(old, new);
    comparer.compare(was, now, Direction::In, "", losses, 0);
    for key in ["definitions", "$defs"] {
        let (Some(was), Some(now)) = (old.get(was, key), new.get(now, key)) else {
            continue;
        };
        for entry in old.entries(was) {
            if let Some(now) = new.get(now, &entry.key) {
                comparer.compare(entry.value, now, Direction::In, &entry.key, losses, 0);
            }
        }
    }
}

/// Follows a reference; none for one to a file that was not read.
pub(super) fn resolve(model: &Model<'_>, mut value: ValueId) -> Option<ValueId> {
    for _ in 0..REFERENCES_MAX {
        let Some(target) = model.text(value, "$ref") else {
            return Some(value);
        };
        let (file, pointer) = target.split_once('#').unwrap_or((target, ""));
        let mut at = model.root_for(value, file)?;
        for part in pointer.split('/').skip(1) {
            let part = part
                .replace("%7B", "{")
                .replace("%7D", "}")
                .replace("~1", "/")
                .replace("~0", "~");
            at = match &model.value(at).shape {
                Shape::Sequence(items) => *items.get(part.parse::<usize>().ok()?)?,
                _ => model.get(at, &part)?,
            };
        }
        value = at;
    }
    None
}

/// What a schema says after its references and `allOf` are put together.
#[derive(Default)]
struct Flat<'m> {
    types: BTreeSet<&'m str>,
    format: Option<&'m str>,
    values: Option<(BTreeSet<&'m str>, Span)>,
    properties: BTreeMap<&'m str, (ValueId, Span)>,
    required: BTreeMap<&'m str, Span>,
    items: Option<ValueId>,
    additional: Option<ValueId>,
    /// Numbers such as `maxLength`.
    limits: BTreeMap<&'static str, (f64, Span)>,
    pattern: Option<(&'m str, Span)>,
    choices: Vec<ValueId>,
    /// Whether something was said that is not understood here.
    is_open: bool,
    /// Where the type is said.
    type_span: Option<Span>,
    is_nullable: bool,
}

const LIMITS: &[(&str, bool)] = &[
    ("maxLength", true),
    ("maximum", true),
    ("exclusiveMaximum", true),
    ("maxItems", true),
    ("maxProperties", true),
    ("minLength", false),
    ("minimum", false),
    ("exclusiveMinimum", false),
    ("minItems", false),
    ("minProperties", false),
];

fn flatten<'m>(model: &'m Model<'_>, value: ValueId, flat: &mut Flat<'m>, depth: usize) {
    let Some(value) = resolve(model, value).filter(|_| depth < REFERENCES_MAX) else {
        flat.is_open = true;
        return;
    };
    let Shape::Mapping(entries) = &model.value(value).shape else {
        flat.is_open = true;
        return;
    };
    for entry in entries {
        let span = entry.key_span;
        let scalar = model.scalar(entry.value);
        let text = scalar.map(|scalar| &*scalar.text);
        match &*entry.key {
            "type" => {
                flat.type_span = Some(span);
                let items = model.items(entry.value);
                let names = items.into_iter().filter_map(|item| model.scalar(item));
                flat.types.extend(names.map(|scalar| &*scalar.text));
            }
            "format" => flat.format = text,
            "nullable" | "x-nullable" => flat.is_nullable = text == Some("true"),
            "enum" | "const" => {
                let items = model.items(entry.value);
                let names = items.into_iter().filter_map(|item| model.scalar(item));
                let names: BTreeSet<&str> = names.map(|scalar| &*scalar.text).collect();
                flat.values
                    .get_or_insert((BTreeSet::new(), span))
                    .0
                    .extend(names);
            }
            "properties" => {
                for property in model.entries(entry.value) {
                    flat.properties
                        .insert(&property.key, (property.value, property.key_span));
                }
            }
            "required" => {
                for item in model.items(entry.value) {
                    if let Some(name) = model
                        .scalar(item)
                        .filter(|name| name.kind == ScalarKind::Text)
                    {
                        flat.required.insert(&name.text, model.value(item).span);
                    }
                }
            }
            "items" => flat.items = Some(entry.value),
            "additionalProperties" => flat.additional = Some(entry.value),
            "pattern" => flat.pattern = text.map(|text| (text, span)),
            "allOf" => {
                for part in model.items(entry.value) {
                    flatten(model, part, flat, depth + 1);
                }
            }
            "oneOf" | "anyOf" => flat.choices.extend(model.items(entry.value)),
            "not" | "if" | "$dynamicRef" | "$recursiveRef" | "unevaluatedProperties" => {
                flat.is_open = true;
            }
            key => {
                let limit = LIMITS.iter().find(|(name, _)| *name == key);
                let number = text.and_then(|text| text.parse::<f64>().ok());
                if let (Some((name, _)), Some(number)) = (limit, number) {
                    flat.limits.insert(name, (number, span));
                }
            }
        }
    }
    if flat.types.remove("null") {
        flat.is_nullable = true;
    }
}

/// `a: Type | null` is often written as a choice with nothing.
fn unwrap_nullable<'m>(model: &'m Model<'_>, mut flat: Flat<'m>, depth: usize) -> Flat<'m> {
    let is_null = |choice: &ValueId| model.text(*choice, "type") == Some("null");
    if !flat.choices.iter().any(is_null) {
        return flat;
    }
    flat.choices.retain(|choice| !is_null(choice));
    flat.is_nullable = true;
    if let [only] = flat.choices[..] {
        flat.choices.clear();
        flatten(model, only, &mut flat, depth + 1);
        flat.is_nullable = true;
    }
    flat
}

/// Returns how schemas in a choice are told apart.
fn choice_name<'m>(model: &'m Model<'_>, value: ValueId) -> Option<&'m str> {
    ["$ref", "title", "type", "const"]
        .iter()
        .find_map(|key| model.text(value, key))
}

/// Whether all that one type lets through is in one of the others.
fn is_within(name: &str, types: &BTreeSet<&str>) -> bool {
    types.contains(name) || name == "integer" && types.contains("number")
}

fn shown(names: &BTreeSet<&str>) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    quoted.join(" or ")
}

fn joined(path: &str, part: &str) -> String {
    match path {
        "" => part.to_owned(),
        path => format!("{path}.{part}"),
    }
}

fn shown_path(path: &str) -> &str {
    match path {
        "" => "the document",
        path => path,
    }
}

impl<'a, 't> Comparer<'a, 't> {
    pub(super) fn new(old: &'a Model<'t>, new: &'a Model<'t>) -> Self {
        Self {
            old,
            new,
            seen: HashSet::new(),
        }
    }

    /// Compares two schemas, and what is in them.
    pub(super) fn compare(
        &mut self,
        was: ValueId,
        now: ValueId,
        direction: Direction,
        path: &str,
        losses: &mut Losses,
        depth: usize,
    ) {
        let (Some(was), Some(now)) = (resolve(self.old, was), resolve(self.new, now)) else {
            return;
        };
        let is_new = self.seen.len() < PAIRS_MAX
            && self.seen.insert((was.number(), now.number(), direction));
        if !is_new || depth > DEPTH_MAX {
            return;
        }
        let [mut before, mut after] = [Flat::default(), Flat::default()];
        flatten(self.old, was, &mut before, 0);
        flatten(self.new, now, &mut after, 0);
        let before = unwrap_nullable(self.old, before, 0);
        let after = unwrap_nullable(self.new, after, 0);
        let place = self.new.value(now).span;
        let at = Span::new(place.start, place.start);
        if before.is_open || after.is_open {
            return;
        }
        if !self.types(&before, &after, direction, path, at, losses) {
            return;
        }
        values(&before, &after, direction, path, losses);
        if direction == Direction::In {
            limits(&before, &after, path, losses);
        }
        self.properties(&before, &after, direction, path, losses, depth);
        if let (Some(was), Some(now)) = (before.items, after.items) {
            let inner = format!("{path}[]");
            self.compare(was, now, direction, &inner, losses, depth + 1);
        }
        if let (Some(was), Some(now)) = (before.additional, after.additional) {
            self.compare(was, now, direction, &joined(path, "*"), losses, depth + 1);
        }
        self.choices(&before, &after, direction, path, at, losses, depth);
    }

    /// Returns whether the types have something in common.
    fn types(
        &self,
        before: &Flat<'_>,
        after: &Flat<'_>,
        direction: Direction,
        path: &str,
        at: Span,
        losses: &mut Losses,
    ) -> bool {
        let at = after.type_span.unwrap_or(at);
        let (base, head) = (before.type_span, Some(at));
        let name = shown_path(path);
        if !before.types.is_empty() && !after.types.is_empty() {
            let lost: BTreeSet<&str> = before
                .types
                .iter()
                .filter(|one| !is_within(one, &after.types))
                .copied()
                .collect();
            let gained: BTreeSet<&str> = after
                .types
                .iter()
                .filter(|one| !is_within(one, &before.types))
                .copied()
                .collect();
            if lost.len() == before.types.len() && gained.len() == after.types.len() {
                let detail = format!(
                    "is {} and was {}",
                    shown(&after.types),
                    shown(&before.types)
                );
                losses.add(CHANGED, name, detail, base, head);
                return false;
            }
            if direction == Direction::In && !lost.is_empty() {
                let detail = format!("no longer accepts {}", shown(&lost));
                losses.add(STRICTER, name, detail, base, head);
            }
            if direction == Direction::Out && !gained.is_empty() {
                let detail = format!("may now be {}", shown(&gained));
                losses.add(WEAKER, name, detail, base, head);
            }
        }
        let formats = (before.format, after.format);
        if let (Some(was), Some(now)) = formats
            && was != now
            && before.types == after.types
        {
            let wider = [("int32", "int64"), ("float", "double")];
            let harmless = match direction {
                Direction::In => wider.contains(&(was, now)),
                Direction::Out => wider.contains(&(now, was)),
            };
            if !harmless {
                let detail = format!("has the format `{now}` and had `{was}`");
                losses
                    .add(CHANGED, name, detail, base, head)
                    .severity(Severity::Low);
            }
        }
        let typed = !before.types.is_empty() || !before.properties.is_empty();
        if direction == Direction::In && before.is_nullable && !after.is_nullable && typed {
            losses.add(STRICTER, name, "no longer accepts `null`", base, head);
        }
        if direction == Direction::Out && !before.is_nullable && after.is_nullable && typed {
            losses.add(WEAKER, name, "may now be `null`", base, head);
        }
        true
    }

    fn properties(
        &mut self,
        before: &Flat<'_>,
        after: &Flat<'_>,
        direction: Direction,
        path: &str,
        losses: &mut Losses,
        depth: usize,
    ) {
        let closed = |model: &Model<'_>, flat: &Flat<'_>| {
            flat.additional
                .and_then(|value| model.scalar(value))
                .is_some_and(|scalar| scalar.is("false"))
        };
        let skipped = match direction {
            Direction::In => "readOnly",
            Direction::Out => "writeOnly",
        };
        let is_skipped = |model: &Model<'_>, value: ValueId| {
            model.text(value, skipped) == Some("true")
                || resolve(model, value)
                    .is_some_and(|value| model.text(value, skipped) == Some("true"))
        };
        let is_closed_now = closed(self.new, after);
        for (name, (was, span)) in &before.properties {
            if is_skipped(self.old, *was) {
                continue;
            }
            let inner = joined(path, name);
            let Some((now, now_span)) = after.properties.get(name) else {
                if !after.choices.is_empty() {
                    continue;
                }
                let announced = self.old.text(*was, "deprecated") == Some("true");
                let loss = match direction {
                    Direction::In if is_closed_now => {
                        losses.add(STRICTER, &inner, "is no longer accepted", Some(*span), None)
                    }
                    Direction::In
                        if !before.types.contains("object") && before.types.is_empty() =>
                    {
                        continue;
                    }
                    _ => losses.add(REMOVED, &inner, "is gone", Some(*span), None),
                };
                if announced {
                    loss.confidence(Confidence::Low);
                }
                continue;
            };
            let was_promised = before.required.contains_key(name);
            if direction == Direction::Out && was_promised && !after.required.contains_key(name) {
                losses.add(
                    WEAKER,
                    &inner,
                    "is no longer always there",
                    Some(*span),
                    Some(*now_span),
                );
            }
            self.compare(*was, *now, direction, &inner, losses, depth + 1);
        }
        if direction == Direction::Out {
            return;
        }
        for (name, span) in &after.required {
            if before.required.contains_key(name) {
                continue;
            }
            let property = after.properties.get(name);
            if property.is_some_and(|(value, _)| is_skipped(self.new, *value)) {
                continue;
            }
            let was = before.properties.get(name);
            let detail = match was {
                Some(_) => "is required and was optional",
                None => "is new and required",
            };
            let base = was.map(|(_, span)| *span);
            losses.add(STRICTER, joined(path, name), detail, base, Some(*span));
        }
        if is_closed_now && !closed(self.old, before) && !before.properties.is_empty() {
            let at = after.additional.map(|value| self.new.value(value).span);
            losses.add(
                STRICTER,
                shown_path(path),
                "no longer accepts properties that it does not name",
                None,
                at,
            );
        }
    }

    #[expect(clippy::too_many_arguments, reason = "one comparison in parts")]
    fn choices(
        &mut self,
        before: &Flat<'_>,
        after: &Flat<'_>,
        direction: Direction,
        path: &str,
        at: Span,
        losses: &mut Losses,
        depth: usize,
    ) {
        if before.choices.is_empty() || after.choices.is_empty() {
            return;
        }
        let named =
            |model: &'a Model<'t>, choices: &[ValueId]| -> Option<BTreeMap<&'a str, ValueId>> {
                let names: BTreeMap<&str, ValueId> = choices
                    .iter()
                    .filter_map(|choice| Some((choice_name(model, *choice)?, *choice)))
                    .collect();
                (names.len() == choices.len()).then_some(names)
            };
        let (Some(was), Some(now)) = (
            named(self.old, &before.choices),
            named(self.new, &after.choices),
        ) else {
            return;
        };
        let last = |name: &str| name.rsplit('/').next().unwrap_or(name).to_owned();
        for (name, choice) in &was {
            match now.get(name) {
                Some(other) => self.compare(*choice, *other, direction, path, losses, depth + 1),
                None if direction == Direction::In => {
                    let detail = format!("no longer accepts `{}`", last(name));
                    let span = self.old.value(*choice).span;
                    losses.add(STRICTER, shown_path(path), detail, Some(span), Some(at));
                }
                None => {}
            }
        }
        if direction == Direction::Out {
            for (name, choice) in &now {
                if !was.contains_key(name) {
                    let detail = format!("may now be `{}`", last(name));
                    let span = self.new.value(*choice).span;
                    losses
                        .add(WEAKER, shown_path(path), detail, None, Some(span))
                        .confidence(Confidence::Low);
                }
            }
        }
    }
}

fn values(
    before: &Flat<'_>,
    after: &Flat<'_>,
    direction: Direction,
    path: &str,
    losses: &mut Losses,
) {
    let name = shown_path(path);
    match (direction, &before.values, &after.values) {
        (Direction::In, Some((was, base)), Some((now, head))) => {
            for value in was.difference(now) {
                let detail = format!("no longer accepts `{value}`");
                losses.add(STRICTER, name, detail, Some(*base), Some(*head));
            }
        }
        (Direction::In, None, Some((_, head))) if !before.types.is_empty() => {
            let detail = "accepts certain values only and accepted every one";
            losses.add(STRICTER, name, detail, before.type_span, Some(*head));
        }
        // Readers are told to expect more values; many do not.
        (Direction::Out, Some((was, base)), Some((now, head))) => {
            for value in now.difference(was) {
                let detail = format!("may now be `{value}`");
                losses
                    .add(WEAKER, name, detail, Some(*base), Some(*head))
                    .confidence(Confidence::Low);
            }
        }
        _ => {}
    }
}

fn limits(before: &Flat<'_>, after: &Flat<'_>, path: &str, losses: &mut Losses) {
    for (key, is_upper) in LIMITS {
        let Some((now, head)) = after.limits.get(key) else {
            continue;
        };
        let was = before.limits.get(key);
        let tighter = match was {
            Some((was, _)) if *is_upper => now < was,
            Some((was, _)) => now > was,
            None => *is_upper || *now > 0.0 || !key.starts_with("min") || key.ends_with("imum"),
        };
        if !tighter || before.types.is_empty() {
            continue;
        }
        let detail = match was {
            Some((was, _)) => format!("has `{key}` {now} and had {was}"),
            None => format!("has `{key}` {now}, which is new"),
        };
        let base = was.map(|(_, span)| *span);
        losses
            .add(STRICTER, shown_path(path), detail, base, Some(*head))
            .severity(Severity::Low);
    }
    if let Some((now, head)) = after.pattern
        && before.pattern.is_none_or(|(was, _)| was != now)
        && !before.types.is_empty()
    {
        let loss = losses.add(
            STRICTER,
            shown_path(path),
            "must match another pattern",
            before.pattern.map(|(_, span)| span),
            Some(head),
        );
        loss.severity(Severity::Low);
        if before.pattern.is_some() {
            loss.confidence(Confidence::Low);
        }
    }
}
