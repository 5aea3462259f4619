//! Paths to values: `spec.containers[].image`, with `*` for any key, `**` for
//! any depth, `a|b` for either key, `^` for what is around, `spec(containers)`
//! for one that has the key. `@pod`, `@containers`, `@jobs` and `@steps` are
//! where different documents have these.
//!
//! A key looks into each item of a sequence, and `[]` takes a single value for
//! a list of one: files may write one where others write several.

use super::model::{Entry, Model, Shape, ValueId};

/// Values that one path may look at in one file.
const VISITS_MAX: usize = 50_000;

/// One path, read.
#[derive(Debug)]
pub(crate) struct Path {
    /// From the root of the subject and not from the place.
    pub(crate) from_root: bool,
    /// Any of these leads there.
    alternatives: Vec<Vec<Step>>,
}

/// Short names of places that depend on what the document is.
const SHORT_NAMES: &[(&str, &[&str])] = &[
    (
        "@pod",
        &[
            "spec.template.spec(containers)",
            "spec.jobTemplate.spec.template.spec(containers)",
            "spec(containers)",
        ],
    ),
    (
        "@containers",
        &[
            "spec.template.spec(containers).containers|initContainers|ephemeralContainers[]",
            "spec.jobTemplate.spec.template.spec(containers).containers|initContainers[]",
            "spec(containers).containers|initContainers|ephemeralContainers[]",
        ],
    ),
    ("@jobs", &["jobs.*"]),
    ("@steps", &["jobs.*.steps[]", "runs.steps[]"]),
    ("@services", &["services.*"]),
];

#[derive(Debug)]
enum Step {
    Keys(Vec<String>),
    AnyKey,
    Items,
    Descend,
    Up,
    Having(String),
}

/// A value with the way to it.
#[derive(Clone, Debug)]
pub(crate) struct Place<'m, 't> {
    /// The value of each step, and the entry by which it was reached.
    way: Vec<(ValueId, Option<&'m Entry<'t>>)>,
}

impl<'m, 't> Place<'m, 't> {
    /// The start of all ways.
    pub(crate) fn root(id: ValueId) -> Self {
        Self {
            way: vec![(id, None)],
        }
    }

    /// Returns the value.
    pub(crate) fn id(&self) -> ValueId {
        self.way[self.way.len() - 1].0
    }

    /// Returns the entry whose value it is; none for an item or a root.
    pub(crate) fn entry(&self) -> Option<&'m Entry<'t>> {
        self.way[self.way.len() - 1].1
    }

    /// Returns the way from the root to the value.
    pub(crate) fn way(&self) -> &[(ValueId, Option<&'m Entry<'t>>)] {
        &self.way
    }
}

impl Path {
    /// Reads a path; nothing when it is none.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (from_root, text) = match text.strip_prefix('/') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let short = text.split(['.', '[']).next().unwrap_or("");
        let known = SHORT_NAMES.iter().find(|(name, _)| *name == short);
        let rest = text.get(short.len()..).unwrap_or("");
        let alternatives = match known {
            Some((_, meanings)) => meanings
                .iter()
                .map(|meaning| steps(&format!("{meaning}{rest}")))
                .collect::<Option<Vec<_>>>()?,
            None if short.starts_with('@') => return None,
            None => vec![steps(text)?],
        };
        Some(Self {
            from_root: from_root || known.is_some(),
            alternatives,
        })
    }

    /// Finds the values at the path from a place.
    pub(crate) fn find<'m, 't>(&self, model: &'m Model<'t>, from: &Place<'m, 't>) -> Found<'m, 't> {
        let way = match self.from_root {
            true => from.way[..1].to_vec(),
            false => from.way.clone(),
        };
        let mut walk = Walk {
            model,
            way,
            visits: 0,
            found: Found {
                places: Vec::new(),
                is_open: false,
            },
        };
        for steps in &self.alternatives {
            walk.step(steps);
        }
        walk.found
    }
}

fn steps(text: &str) -> Option<Vec<Step>> {
    let mut steps = Vec::new();
    let mut rest = text.trim_start_matches('.');
    while !rest.is_empty() {
        if let Some(after) = rest.strip_prefix("[]") {
            steps.push(Step::Items);
            rest = after.strip_prefix('.').unwrap_or(after);
            continue;
        }
        if let Some(after) = rest.strip_prefix('(') {
            let (key, after) = after.split_once(')')?;
            steps.push(Step::Having(key.to_owned()));
            rest = after.strip_prefix('.').unwrap_or(after);
            continue;
        }
        // A key with dots in it stands in double quotes.
        let (name, after) = match rest.strip_prefix('"') {
            Some(inner) => inner.split_once('"')?,
            None => rest.split_at(rest.find(['.', '[', '(']).unwrap_or(rest.len())),
        };
        steps.push(match name {
            "" => return None,
            "*" => Step::AnyKey,
            "**" => Step::Descend,
            "^" => Step::Up,
            names if rest.starts_with('"') => Step::Keys(vec![names.to_owned()]),
            names => Step::Keys(names.split('|').map(str::to_owned).collect()),
        });
        rest = after.strip_prefix('.').unwrap_or(after);
    }
    Some(steps)
}

/// What stands at a path.
pub(crate) struct Found<'m, 't> {
    /// The values.
    pub(crate) places: Vec<Place<'m, 't>>,
    /// Whether there may be more: something on the way is not known.
    pub(crate) is_open: bool,
}

struct Walk<'m, 't> {
    model: &'m Model<'t>,
    way: Vec<(ValueId, Option<&'m Entry<'t>>)>,
    visits: usize,
    found: Found<'m, 't>,
}

impl<'m, 't> Walk<'m, 't> {
    fn step(&mut self, steps: &[Step]) {
        self.visits += 1;
        if self.visits > VISITS_MAX {
            self.found.is_open = true;
            return;
        }
        let (id, _) = self.way[self.way.len() - 1];
        let Some((step, rest)) = steps.split_first() else {
            let way = self.way.clone();
            self.found.places.push(Place { way });
            return;
        };
        let model = self.model;
        match (step, &model.value(id).shape) {
            (Step::Up, _) => {
                if self.way.len() > 1
                    && let Some(last) = self.way.pop()
                {
                    self.step(rest);
                    self.way.push(last);
                }
            }
            (_, Shape::Unknown) => self.found.is_open = true,
            (Step::Having(key), _) => {
                if model.get(id, key).is_some() {
                    self.step(rest);
                }
            }
            (Step::Keys(keys), Shape::Mapping(entries)) => {
                for entry in entries {
                    if keys.iter().any(|key| *key == entry.key) {
                        self.enter(entry.value, Some(entry), rest);
                    } else if entry.key == "Fn::Transform" || entry.key == "Fn::If" {
                        self.found.is_open = true;
                    }
                }
            }
            (Step::AnyKey, Shape::Mapping(entries)) => {
                for entry in entries {
                    self.enter(entry.value, Some(entry), rest);
                }
            }
            (Step::Keys(_) | Step::AnyKey, Shape::Sequence(items)) => {
                for &item in items {
                    self.enter(item, None, steps);
                }
            }
            (Step::Items, Shape::Sequence(items)) => {
                for &item in items {
                    self.enter(item, None, rest);
                }
            }
            (Step::Items, _) => self.step(rest),
            (Step::Descend, shape) => {
                // A key looks into the items of a list by itself.
                let is_seen_below = matches!(shape, Shape::Sequence(_))
                    && matches!(rest.first(), Some(Step::Keys(_) | Step::AnyKey));
                if !is_seen_below {
                    self.step(rest);
                }
                match shape {
                    Shape::Mapping(entries) => {
                        for entry in entries {
                            self.enter(entry.value, Some(entry), steps);
                        }
                    }
                    Shape::Sequence(items) => {
                        for &item in items {
                            self.enter(item, None, steps);
                        }
                    }
                    _ => {}
                }
            }
            (_, Shape::Scalar(_)) => {}
        }
    }

    fn enter(&mut self, id: ValueId, entry: Option<&'m Entry<'t>>, steps: &[Step]) {
        // An alias cannot lead back to where it stands, but the way has an end.
        if self.way.len() > super::model::DEPTH_MAX * 2 {
            return;
        }
        self.way.push((id, entry));
        self.step(steps);
        self.way.pop();
    }
}
