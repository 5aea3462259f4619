//! The conditions of a rule about configuration: one line each, such as
//! `securityContext.privileged is true` or `not uses ~ ^actions/`.
//!
//! A line is `[not] PATH OPERATOR [OPERAND]`. A condition holds when it holds
//! for any value at the path.

use regex_automata::meta::Regex;

use super::model::{Model, ScalarKind, Shape};
use super::path::{Path, Place};
use super::predicate::{Predicate, triggers};

/// One condition, read.
#[derive(Debug)]
pub(crate) struct Condition {
    negated: bool,
    subject: Subject,
    test: Test,
}

#[derive(Debug)]
enum Subject {
    At(Path),
    /// The key by which the place was reached.
    Key,
}

#[derive(Debug)]
enum Test {
    /// There is nothing, and that is certain.
    Absent,
    /// There is something.
    Present,
    /// Is one of the texts.
    Is(Vec<String>),
    /// Is a text that is none of these.
    Isnt(Vec<String>),
    /// The text matches.
    Matches(Box<Regex>),
    /// The text is known and does not match.
    Lacks(Box<Regex>),
    Below(f64),
    Above(f64),
    /// The predicate finds something in the text.
    Has(Predicate),
    /// Is an empty list or mapping, or nothing.
    Empty,
    /// The workflow runs at one of these events.
    TriggeredBy(Vec<String>),
}

impl Condition {
    /// Reads a line.
    pub(crate) fn parse(line: &str) -> Result<Self, String> {
        let (negated, rest) = match line.strip_prefix("not ") {
            Some(rest) => (true, rest.trim_start()),
            None => (false, line),
        };
        let (path, rest) = rest.split_once(' ').unwrap_or((rest, "present"));
        let (operator, operand) = rest.split_once(' ').unwrap_or((rest, ""));
        let operand = operand.trim();
        let words = || operand.split('|').map(str::to_owned).collect::<Vec<_>>();
        let number = || operand.parse::<f64>().map_err(|error| error.to_string());
        let test = match operator {
            "absent" => Test::Absent,
            "present" => Test::Present,
            "empty" => Test::Empty,
            "is" => Test::Is(words()),
            "isnt" => Test::Isnt(words()),
            "~" => Test::Matches(regex(operand)?),
            "!~" => Test::Lacks(regex(operand)?),
            "<" => Test::Below(number()?),
            ">" => Test::Above(number()?),
            "has" => Test::Has(Predicate::parse(operand)?),
            "triggered-by" => Test::TriggeredBy(words()),
            _ => return Err(format!("no operator {operator:?} in {line:?}")),
        };
        let subject = match path {
            ":key" => Subject::Key,
            path => Subject::At(Path::parse(path).ok_or(format!("no path {path:?}"))?),
        };
        Ok(Self {
            negated,
            subject,
            test,
        })
    }

    /// Returns whether it holds at a place.
    pub(crate) fn holds<'m, 't>(&self, model: &'m Model<'t>, place: &Place<'m, 't>) -> bool {
        let holds = match &self.subject {
            Subject::Key => place
                .entry()
                .is_some_and(|entry| self.test.holds_for_text(&entry.key)),
            Subject::At(path) => self.holds_at(path, model, place),
        };
        holds != self.negated
    }

    fn holds_at<'m, 't>(&self, path: &Path, model: &'m Model<'t>, place: &Place<'m, 't>) -> bool {
        let found = path.find(model, place);
        let is_nothing = |place: &&Place<'_, '_>| {
            model
                .scalar(place.id())
                .is_some_and(|scalar| scalar.kind == ScalarKind::Null)
        };
        match &self.test {
            Test::Absent => {
                let around = model.value(place.id()).span;
                !found.is_open
                    && found.places.iter().all(|p| is_nothing(&p))
                    && !model.is_broken(around)
            }
            Test::Present => !found.places.iter().all(|p| is_nothing(&p)),
            Test::Empty => found
                .places
                .iter()
                .any(|place| match &model.value(place.id()).shape {
                    Shape::Mapping(entries) => entries.is_empty(),
                    Shape::Sequence(items) => items.is_empty(),
                    Shape::Scalar(scalar) => scalar.kind == ScalarKind::Null,
                    Shape::Unknown => false,
                }),
            Test::TriggeredBy(events) => found.places.iter().any(|place| {
                let all = triggers(model, place.id());
                all.iter().any(|event| events.contains(event))
            }),
            Test::Is(words) => found.places.iter().any(|place| {
                let scalar = model.scalar(place.id());
                scalar.is_some_and(|scalar| words.iter().any(|word| scalar.is(word)))
            }),
            Test::Isnt(words) => found.places.iter().any(|place| {
                let scalar = model.scalar(place.id());
                scalar.is_some_and(|scalar| {
                    is_literal(&scalar.text) && !words.iter().any(|word| scalar.is(word))
                })
            }),
            test => found.places.iter().any(|place| {
                let scalar = model.scalar(place.id());
                scalar.is_some_and(|scalar| test.holds_for_text(&scalar.text))
            }),
        }
    }
}

impl Test {
    fn holds_for_text(&self, text: &str) -> bool {
        let number = || text.trim().parse::<f64>().ok();
        match self {
            Self::Is(words) => words.iter().any(|word| word == text),
            Self::Isnt(words) => !words.iter().any(|word| word == text),
            Self::Matches(regex) => regex.is_match(text),
            Self::Lacks(regex) => is_literal(text) && !regex.is_match(text),
            Self::Below(limit) => number().is_some_and(|number| number < *limit),
            Self::Above(limit) => number().is_some_and(|number| number > *limit),
            Self::Has(predicate) => predicate.first(text).is_some(),
            Self::Present => true,
            Self::Absent | Self::Empty | Self::TriggeredBy(_) => false,
        }
    }
}

/// Returns whether a text is what it says: no part is put in later.
pub(crate) fn is_literal(text: &str) -> bool {
    !text.contains("${") && !text.contains("{{") && !text.starts_with('$')
}

/// Reads a regular expression.
pub(crate) fn regex(pattern: &str) -> Result<Box<Regex>, String> {
    let regex = Regex::new(pattern).map_err(|error| format!("{pattern:?}: {error}"))?;
    Ok(Box::new(regex))
}
