//! The conditions of a rule that is data: one line each, such as
//! `1:algorithm in md5|sha1`, read into a small tree.
//!
//! A line is `[not] SUBJECT OPERATOR OPERAND` or `[not] PLACE`. What cannot be
//! read is an error that a test of all rules shows.

use std::sync::OnceLock;

use regex_automata::meta::Regex;

/// One condition of a matcher.
#[derive(Debug)]
pub(crate) struct Condition {
    pub(crate) negated: bool,
    pub(crate) claim: Claim,
}

/// What a condition claims.
#[derive(Debug)]
pub(crate) enum Claim {
    /// Something about a part of the place.
    Of(Subject, Test),
    /// The place is inside of something, or that has a word in it.
    Place(Place),
}

/// The part of the place that a condition is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Subject {
    /// An argument of the call, by position (from the end when negative) or
    /// name, then a key in it when it is a literal of keys and values.
    Argument {
        position: Option<i32>,
        name: Option<&'static str>,
        key: Option<&'static str>,
    },
    /// Any argument of the call.
    Any,
    /// How many arguments the call has.
    Count,
    /// The value that is set, the operand that is no name, the whole text.
    Value,
    /// What the call is made on.
    Receiver,
    /// The name of what is set, or of what the result is given to.
    Target,
    /// The name of the function around the place.
    Function,
    /// The name of the class around the place.
    Class,
    /// The path of the file.
    Path,
    /// The left and the right operand.
    Left,
    /// See `Left`.
    Right,
    /// The text of the whole place.
    Text,
    /// What the literal of keys and values belongs to.
    Container,
    /// The path of the call that uses the place.
    Around,
}

/// What is asked of a subject.
#[derive(Debug)]
pub(crate) enum Test {
    /// Is one of the constants, as text without regard to case.
    In(Vec<&'static str>),
    /// Is exactly the constant.
    Equals(&'static str),
    /// Its constant text matches; a name or path as it is written.
    Matches(LazyRegex),
    /// Its source text matches.
    Source(LazyRegex),
    /// Is a constant number in the order.
    Below(f64),
    /// See `Below`.
    Above(f64),
    /// Is a constant number with any of the bits.
    Bits(u64),
    /// Is there.
    Present,
    /// Is known when the program is written: a literal, or made of literals.
    Constant,
    /// Is a string with a part that is not known when the program is written.
    Built,
    /// Is a string of any kind.
    Text,
    /// Resolves to one of the paths.
    Is(Vec<&'static str>),
}

/// Where a place can be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// In what a loop repeats.
    Loop,
    /// In an asynchronous function.
    Async,
    /// In a test.
    Test,
    /// In a statement that stands at the top of the file.
    Top,
    /// All of a statement, so that nobody looks at the result.
    Statement,
    /// An assignment in a loop to what was there before the loop.
    Accumulation,
    /// In a handler of errors.
    Catch,
    /// In something whose text has one of the words.
    Has(Extent, Vec<&'static str>),
}

/// How far around a place words are looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Extent {
    File,
    Class,
    Function,
    Statement,
}

/// A regular expression that is compiled when it is first asked.
#[derive(Debug)]
pub(crate) struct LazyRegex {
    source: &'static str,
    compiled: OnceLock<Option<Regex>>,
}

impl LazyRegex {
    pub(crate) fn new(source: &'static str) -> Self {
        Self {
            source,
            compiled: OnceLock::new(),
        }
    }

    /// Returns the expression; nothing when it is none, which a test excludes.
    pub(crate) fn regex(&self) -> Option<&Regex> {
        self.compiled
            .get_or_init(|| Regex::new(self.source).ok())
            .as_ref()
    }

    pub(crate) fn is_match(&self, text: &str) -> bool {
        self.regex().is_some_and(|regex| regex.is_match(text))
    }
}

impl Condition {
    /// Reads one line.
    ///
    /// # Errors
    ///
    /// What is wrong with it.
    pub(crate) fn parse(line: &'static str) -> Result<Self, String> {
        let line = line.trim();
        let (negated, rest) = match line.strip_prefix("not ") {
            Some(rest) => (true, rest.trim_start()),
            None => (false, line),
        };
        if let Some(place) = parse_place(rest)? {
            return Ok(Self {
                negated,
                claim: Claim::Place(place),
            });
        }
        let (subject, rest) = rest
            .split_once(' ')
            .ok_or_else(|| format!("`{line}` has no operator"))?;
        let subject = parse_subject(subject)?;
        let (operator, operand) = match rest.trim_start().split_once(' ') {
            Some((operator, operand)) => (operator, operand.trim()),
            None => (rest.trim(), ""),
        };
        let (flips, test) = parse_test(operator, operand)?;
        Ok(Self {
            negated: negated != flips,
            claim: Claim::Of(subject, test),
        })
    }
}

fn parse_place(text: &'static str) -> Result<Option<Place>, String> {
    if let Some(place) = text.strip_prefix("in ") {
        return match place.trim() {
            "loop" => Ok(Some(Place::Loop)),
            "async" => Ok(Some(Place::Async)),
            "test" => Ok(Some(Place::Test)),
            "top" => Ok(Some(Place::Top)),
            "accumulation" => Ok(Some(Place::Accumulation)),
            "catch" => Ok(Some(Place::Catch)),
            "statement" => Ok(Some(Place::Statement)),
            other => Err(format!("`{other}` is no place")),
        };
    }
    let extents = [
        ("file has ", Extent::File),
        ("class has ", Extent::Class),
        ("function has ", Extent::Function),
        ("statement has ", Extent::Statement),
    ];
    for (prefix, extent) in extents {
        if let Some(words) = text.strip_prefix(prefix) {
            return Ok(Some(Place::Has(extent, alternatives(words))));
        }
    }
    Ok(None)
}

fn alternatives(text: &'static str) -> Vec<&'static str> {
    text.split('|').map(str::trim).collect()
}

pub(crate) fn parse_subject(text: &'static str) -> Result<Subject, String> {
    let named = [
        ("any", Subject::Any),
        ("args", Subject::Count),
        ("value", Subject::Value),
        ("receiver", Subject::Receiver),
        ("target", Subject::Target),
        ("function", Subject::Function),
        ("class", Subject::Class),
        ("path", Subject::Path),
        ("left", Subject::Left),
        ("right", Subject::Right),
        ("text", Subject::Text),
        ("container", Subject::Container),
        ("around", Subject::Around),
    ];
    if let Some((_, subject)) = named.iter().find(|(name, _)| *name == text) {
        return Ok(subject.clone());
    }
    let (argument, key) = match text.split_once('.') {
        Some((argument, key)) => (argument, Some(key)),
        None => (text, None),
    };
    let (position, name) = match argument.split_once(':') {
        Some((position, name)) => (position, Some(name)),
        None => (argument, None),
    };
    let position = match position {
        "" => None,
        digits => Some(
            digits
                .parse::<i32>()
                .map_err(|_| format!("`{text}` is no subject"))?,
        ),
    };
    if position.is_none() && name.is_none() {
        return Err(format!("`{text}` is no subject"));
    }
    Ok(Subject::Argument {
        position,
        name,
        key,
    })
}

/// Reads an operator with its operand; `true` when it says the contrary.
fn parse_test(operator: &str, operand: &'static str) -> Result<(bool, Test), String> {
    let number = || {
        operand
            .parse::<f64>()
            .map_err(|_| format!("`{operand}` is no number"))
    };
    let regex = || {
        operand
            .strip_prefix('/')
            .and_then(|rest| rest.strip_suffix('/'))
            .map(LazyRegex::new)
            .ok_or_else(|| format!("`{operand}` is no /expression/"))
    };
    Ok(match operator {
        "==" => (false, Test::Equals(operand)),
        "!=" => (true, Test::Equals(operand)),
        "in" => (false, Test::In(alternatives(operand))),
        "~" => (false, Test::Matches(regex()?)),
        "!~" => (true, Test::Matches(regex()?)),
        "source" => (false, Test::Source(regex()?)),
        "<" => (false, Test::Below(number()?)),
        ">=" => (false, Test::Above(number()? - f64::EPSILON)),
        ">" => (false, Test::Above(number()?)),
        "&" => {
            let bits = u64::from_str_radix(operand.trim_start_matches("0o"), 8);
            (false, Test::Bits(bits.map_err(|error| error.to_string())?))
        }
        "present" => (false, Test::Present),
        "absent" => (true, Test::Present),
        "constant" => (false, Test::Constant),
        "dynamic" => (true, Test::Constant),
        "built" => (false, Test::Built),
        "string" => (false, Test::Text),
        "is" => (false, Test::Is(alternatives(operand))),
        other => return Err(format!("`{other}` is no operator")),
    })
}

#[cfg(test)]
mod tests {
    use super::{Claim, Condition, Extent, Place, Subject, Test};

    #[test]
    fn lines_are_read() {
        let condition = Condition::parse("not 1:mode.deep == false").expect("a condition");
        assert!(condition.negated);
        let Claim::Of(subject, Test::Equals("false")) = condition.claim else {
            panic!("{condition:?}")
        };
        let expected = Subject::Argument {
            position: Some(1),
            name: Some("mode"),
            key: Some("deep"),
        };
        assert_eq!(subject, expected);
        let condition = Condition::parse("function has a|b").expect("a condition");
        let Claim::Place(place) = condition.claim else {
            panic!("{condition:?}")
        };
        assert_eq!(place, Place::Has(Extent::Function, vec!["a", "b"]));
        let condition = Condition::parse(":verify absent").expect("a condition");
        assert!(condition.negated);
        for wrong in [
            "",
            "0",
            "nowhere == 1",
            "0 like x",
            "in space",
            "0 ~ x",
            "0 < x",
        ] {
            assert!(Condition::parse(wrong).is_err(), "{wrong}");
        }
    }
}
