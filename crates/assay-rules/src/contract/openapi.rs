//! OpenAPI 3.x and Swagger 2: paths, operations, parameters, bodies, responses
//! and what a caller must prove.

use std::collections::BTreeMap;

use assay_finding::{Confidence, Severity};
use assay_source::Span;

use super::shape::{Comparer, Direction, resolve};
use super::{Losses, REMOVED, SECURED, STRICTER, SchemaLoss};
use crate::config::{Entry, Model, ValueId};

const METHODS: &[&str] = &[
    "get", "put", "post", "delete", "options", "head", "patch", "trace",
];

/// Compares two descriptions.
pub(super) fn compare(old: &Model<'_>, new: &Model<'_>, losses: &mut Losses) {
    let (Some(&was), Some(&now)) = (old.roots.first(), new.roots.first()) else {
        return;
    };
    let paths = |model: &Model<'_>, root| resolve(model, model.get(root, "paths")?);
    let (Some(was_paths), Some(now_paths)) = (paths(old, was), paths(new, now)) else {
        return;
    };
    // A new major version says itself that it breaks.
    let major = |model: &Model<'_>, root| {
        let version = model.text(model.get(root, "info")?, "version")?;
        let version = version.trim_start_matches('v');
        version.split('.').next()?.parse::<u32>().ok()
    };
    if let (Some(was), Some(now)) = (major(old, was), major(new, now))
        && now > was
        && was > 0
    {
        return;
    }
    let mut api = Api {
        roots: [was, now],
        comparer: Comparer::new(old, new),
        losses,
    };
    let moved = api.base_path();
    if !moved {
        api.paths(was_paths, now_paths);
    }
}

struct Api<'a, 't, 'l> {
    roots: [ValueId; 2],
    comparer: Comparer<'a, 't>,
    losses: &'l mut Losses,
}

/// One parameter of an operation.
#[derive(Clone, Copy)]
struct Parameter {
    value: ValueId,
    span: Span,
    is_required: bool,
}

/// `/users/{id}` and `/users/{user}` are one path.
fn template(path: &str) -> String {
    let mut out = String::new();
    let mut depth = 0u32;
    for c in path.trim_end_matches('/').chars() {
        match c {
            '{' => {
                depth += 1;
                out.push('{');
            }
            '}' => {
                depth = depth.saturating_sub(1);
                out.push('}');
            }
            _ if depth == 0 => out.push(c),
            _ => {}
        }
    }
    out
}

impl<'a, 't> Api<'a, 't, '_> {
    fn base(&self) -> &'a Model<'t> {
        self.comparer.old
    }

    fn head(&self) -> &'a Model<'t> {
        self.comparer.new
    }

    /// Returns whether all paths of Swagger 2 begin with something else.
    fn base_path(&mut self) -> bool {
        let (Some(was), Some(now)) = (
            self.base().entry(self.roots[0], "basePath"),
            self.head().entry(self.roots[1], "basePath"),
        ) else {
            return false;
        };
        let text = |model: &Model<'_>, entry: &Entry<'_>| {
            let scalar = model.scalar(entry.value)?;
            Some(scalar.text.trim_end_matches('/').to_owned())
        };
        let (before, after) = (text(self.base(), was), text(self.head(), now));
        let is_moved = before.is_some() && after.is_some() && before != after;
        if is_moved {
            let after = after.unwrap_or_default();
            self.losses.add(
                REMOVED,
                before.unwrap_or_default(),
                format!("is no longer where all paths begin: it is `{after}` now"),
                Some(was.key_span),
                Some(now.key_span),
            );
        }
        is_moved
    }

    fn paths(&mut self, was: ValueId, now: ValueId) {
        let (old, new) = (self.base(), self.head());
        // Names of variables do not count, but where they tell paths apart.
        let mut by_template: BTreeMap<String, Vec<&Entry<'_>>> = BTreeMap::new();
        for entry in new.entries(now) {
            by_template
                .entry(template(&entry.key))
                .or_default()
                .push(entry);
        }
        let mut known: BTreeMap<String, usize> = BTreeMap::new();
        for entry in old.entries(was) {
            *known.entry(template(&entry.key)).or_default() += 1;
        }
        for entry in old.entries(was) {
            let path = &*entry.key;
            if path.starts_with("x-") {
                continue;
            }
            let key = template(path);
            let other = new.entry(now, path).or_else(|| {
                let only = by_template
                    .get(&key)
                    .filter(|list| list.len() == 1)?
                    .first()?;
                (known.get(&key) == Some(&1)).then_some(*only)
            });
            let Some(other) = other else {
                let operations = old.entries(entry.value);
                let is_announced = operations
                    .iter()
                    .filter(|one| METHODS.contains(&&*one.key))
                    .all(|one| is_deprecated(old, one.value));
                let loss = self
                    .losses
                    .add(REMOVED, path, "is gone", Some(entry.key_span), None);
                announced(loss, is_announced && !operations.is_empty());
                continue;
            };
            let (Some(was), Some(now)) = (resolve(old, entry.value), resolve(new, other.value))
            else {
                continue;
            };
            self.operations(path, was, now);
        }
    }

    fn operations(&mut self, path: &str, was: ValueId, now: ValueId) {
        let (old, new) = (self.base(), self.head());
        for entry in old.entries(was) {
            let method = &*entry.key;
            if !METHODS.contains(&method) {
                continue;
            }
            let name = format!("{} {path}", method.to_ascii_uppercase());
            let Some(other) = new.entry(now, method) else {
                let is_announced = is_deprecated(old, entry.value);
                let loss = self
                    .losses
                    .add(REMOVED, &name, "is gone", Some(entry.key_span), None);
                announced(loss, is_announced);
                continue;
            };
            let is_internal =
                |model: &Model<'_>, value| model.text(value, "x-internal") == Some("true");
            if is_internal(old, entry.value) || is_internal(new, other.value) {
                continue;
            }
            self.parameters(
                &name,
                [was, entry.value],
                [now, other.value],
                other.key_span,
            );
            self.body(&name, entry.value, other.value, other.key_span);
            self.responses(&name, entry.value, other.value);
            self.security(&name, entry, other);
        }
    }

    fn read_parameters(
        model: &Model<'_>,
        places: [ValueId; 2],
    ) -> BTreeMap<(String, String), Parameter> {
        let mut found = BTreeMap::new();
        for place in places {
            let Some(list) = model.entry(place, "parameters") else {
                continue;
            };
            for item in model.items(list.value) {
                let span = model.value(item).span;
                let Some(value) = resolve(model, item) else {
                    continue;
                };
                let (Some(name), Some(within)) =
                    (model.text(value, "name"), model.text(value, "in"))
                else {
                    continue;
                };
                // Names of headers have no case; parts of the path are told by place.
                let name = match within {
                    "header" => name.to_ascii_lowercase(),
                    _ => name.to_owned(),
                };
                let parameter = Parameter {
                    value,
                    span: Span::new(span.start, span.start),
                    is_required: model.text(value, "required") == Some("true"),
                };
                found.insert((within.to_owned(), name), parameter);
            }
        }
        found
    }

    fn parameters(&mut self, name: &str, was: [ValueId; 2], now: [ValueId; 2], at: Span) {
        let (old, new) = (self.base(), self.head());
        let before = Self::read_parameters(old, was);
        let after = Self::read_parameters(new, now);
        let schema = |model: &Model<'_>, value: ValueId| model.get(value, "schema");
        let body = |map: &BTreeMap<(String, String), Parameter>| {
            let found = map.iter().find(|((within, _), _)| within == "body");
            found.map(|(_, parameter)| *parameter)
        };
        for ((within, parameter), one) in &before {
            if within == "body" || within == "path" {
                continue;
            }
            let shown = format!("the {within} parameter `{parameter}`");
            let Some(other) = after.get(&(within.clone(), parameter.clone())) else {
                let is_announced = is_deprecated(old, one.value);
                let loss = self.losses.add(
                    REMOVED,
                    name,
                    format!("no longer takes {shown}"),
                    Some(one.span),
                    Some(at),
                );
                announced(loss, is_announced);
                continue;
            };
            if other.is_required && !one.is_required {
                let detail = format!("demands {shown}, which was optional");
                self.losses
                    .add(STRICTER, name, detail, Some(one.span), Some(other.span));
            }
            let was = schema(old, one.value).unwrap_or(one.value);
            let now = schema(new, other.value).unwrap_or(other.value);
            let inner = format!("{name} `{parameter}`");
            self.comparer
                .compare(was, now, Direction::In, &inner, self.losses, 0);
        }
        for ((within, parameter), other) in &after {
            let is_known = before.contains_key(&(within.clone(), parameter.clone()));
            let checked = !matches!(within.as_str(), "path" | "body");
            if checked && !is_known && other.is_required {
                let detail = format!("demands the {within} parameter `{parameter}`, which is new");
                self.losses
                    .add(STRICTER, name, detail, None, Some(other.span));
            }
        }
        match (body(&before), body(&after)) {
            (Some(was), Some(now)) => {
                if let (Some(was), Some(now)) = (schema(old, was.value), schema(new, now.value)) {
                    let inner = format!("{name} request");
                    self.comparer
                        .compare(was, now, Direction::In, &inner, self.losses, 0);
                }
            }
            (None, Some(now)) if now.is_required => {
                self.losses.add(
                    STRICTER,
                    name,
                    "demands a body, which is new",
                    None,
                    Some(now.span),
                );
            }
            _ => {}
        }
    }

    fn body(&mut self, name: &str, was: ValueId, now: ValueId, at: Span) {
        let (old, new) = (self.base(), self.head());
        let after = new.entry(now, "requestBody");
        let Some(after) =
            after.and_then(|entry| Some((resolve(new, entry.value)?, entry.key_span)))
        else {
            return;
        };
        let is_required = |model: &Model<'_>, body| model.text(body, "required") == Some("true");
        let before = old
            .entry(was, "requestBody")
            .and_then(|entry| resolve(old, entry.value));
        let Some(before) = before else {
            // `openapi` before 3 had none of these.
            if is_required(new, after.0) && old.get(self.roots[0], "openapi").is_some() {
                let detail = "demands a body, which is new";
                self.losses.add(STRICTER, name, detail, None, Some(after.1));
            }
            return;
        };
        if is_required(new, after.0) && !is_required(old, before) {
            self.losses.add(
                STRICTER,
                name,
                "demands a body, which was optional",
                None,
                Some(after.1),
            );
        }
        let inner = format!("{name} request");
        self.content(name, &inner, before, after.0, Direction::In, at);
    }

    /// Compares what is sent by media type.
    fn content(
        &mut self,
        name: &str,
        inner: &str,
        was: ValueId,
        now: ValueId,
        direction: Direction,
        at: Span,
    ) {
        let (old, new) = (self.base(), self.head());
        let (Some(was), Some(now)) = (old.get(was, "content"), new.get(now, "content")) else {
            return;
        };
        let plain = |key: &str| key.split(';').next().unwrap_or(key).trim().to_owned();
        for entry in old.entries(was) {
            let other = new
                .entries(now)
                .iter()
                .find(|other| plain(&other.key) == plain(&entry.key));
            let Some(other) = other else {
                let takes_any = new.entries(now).iter().any(|other| other.key == "*/*");
                if !takes_any {
                    let detail = match direction {
                        Direction::In => format!("no longer takes `{}`", entry.key),
                        Direction::Out => format!("no longer gives `{}`", entry.key),
                    };
                    self.losses
                        .add(REMOVED, name, detail, Some(entry.key_span), Some(at));
                }
                continue;
            };
            let schemas = (
                old.get(entry.value, "schema"),
                new.get(other.value, "schema"),
            );
            if let (Some(was), Some(now)) = schemas {
                self.comparer
                    .compare(was, now, direction, inner, self.losses, 0);
            }
        }
    }

    fn responses(&mut self, name: &str, was: ValueId, now: ValueId) {
        let (old, new) = (self.base(), self.head());
        let (Some(was), Some(now)) = (old.get(was, "responses"), new.get(now, "responses")) else {
            return;
        };
        let is_good = |key: &str| key.starts_with('2') || key == "default";
        for entry in old.entries(was) {
            let status = &*entry.key;
            if !is_good(status) {
                continue;
            }
            let Some(other) = new.entry(now, status) else {
                // Another good answer in its place is what most readers take.
                let another = new.entries(now).iter().any(|other| is_good(&other.key));
                if status != "default" {
                    let detail = format!("no longer answers {status}");
                    let loss = self
                        .losses
                        .add(REMOVED, name, detail, Some(entry.key_span), None);
                    if another {
                        loss.severity(Severity::Low);
                    }
                }
                continue;
            };
            let at = other.key_span;
            let (Some(was), Some(now)) = (resolve(old, entry.value), resolve(new, other.value))
            else {
                continue;
            };
            let inner = format!("{name} {status}");
            self.content(name, &inner, was, now, Direction::Out, at);
            // Swagger 2 has the schema right here.
            if let (Some(was), Some(now)) = (old.get(was, "schema"), new.get(now, "schema")) {
                self.comparer
                    .compare(was, now, Direction::Out, &inner, self.losses, 0);
            }
        }
    }

    fn security(&mut self, name: &str, was: &Entry<'_>, now: &Entry<'_>) {
        let demands = |model: &Model<'_>, root: ValueId, operation: ValueId| {
            let own = model.entry(operation, "security");
            let listed = own.or_else(|| model.entry(root, "security"))?;
            let ways = model.items(listed.value);
            let is_free = ways.is_empty() || ways.iter().any(|way| model.entries(*way).is_empty());
            (!is_free).then_some(listed.key_span)
        };
        let before = demands(self.base(), self.roots[0], was.value);
        let after = demands(self.head(), self.roots[1], now.value);
        if before.is_none()
            && let Some(at) = after
        {
            self.losses.add(
                SECURED,
                name,
                "demands that the caller proves who it is, and did not",
                Some(was.key_span),
                Some(at),
            );
        }
    }
}

fn is_deprecated(model: &Model<'_>, value: ValueId) -> bool {
    model.text(value, "deprecated") == Some("true")
}

/// What was marked as going for a while is no surprise.
fn announced(loss: &mut SchemaLoss, is_announced: bool) {
    if is_announced {
        loss.severity(Severity::Low).confidence(Confidence::Low);
    }
}
