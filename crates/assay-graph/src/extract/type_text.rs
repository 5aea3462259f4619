//! Reads a written type, whatever the language: `Optional[List[a.B]]`,
//! `&'a mut Vec<Box<dyn B>>`, `map[string]*a.B`, `B[] | null`.
//!
//! Types of all languages are paths, arguments in brackets, and marks around
//! them. What matters here is which named type the value is of, or holds.

use crate::facts::{Expression, ExpressionId};

/// Makes expressions and names; implemented by the extractor.
pub(crate) trait Build {
    fn name(&mut self, text: &str) -> crate::name::Name;
    fn expression(&mut self, expression: Expression) -> ExpressionId;
}

/// A type nested deeper than this is read up to here.
const DEPTH_MAX: usize = 12;
/// A longer type is not read.
const BYTES_MAX: usize = 2_000;

/// Words that say how a type is held and not what it is.
const WORDS: &[&str] = &[
    "mut",
    "const",
    "dyn",
    "impl",
    "ref",
    "out",
    "in",
    "readonly",
    "final",
    "volatile",
    "struct",
    "enum",
    "union",
    "class",
    "typename",
    "unsigned",
    "signed",
    "static",
    "inout",
    "borrowing",
    "chan",
    "override",
    "keyof",
    "extends",
    "where",
    "unsafe",
    "params",
    "this",
    "is",
    "asserts",
];

/// Reads a type; unknown when it says nothing that can be looked up.
pub(crate) fn read_type(text: &str, build: &mut impl Build) -> ExpressionId {
    if text.len() > BYTES_MAX {
        return ExpressionId::UNKNOWN;
    }
    let mut reader = Reader {
        bytes: text.as_bytes(),
        text,
        at: 0,
    };
    reader.union(build, 0)
}

struct Reader<'t> {
    bytes: &'t [u8],
    text: &'t str,
    at: usize,
}

impl Reader<'_> {
    fn peek(&self) -> u8 {
        self.bytes.get(self.at).copied().unwrap_or(0)
    }

    fn blank(&mut self) {
        while self.peek().is_ascii_whitespace() {
            self.at += 1;
        }
    }

    /// Reads alternatives; the first that names a type counts.
    fn union(&mut self, build: &mut impl Build, depth: usize) -> ExpressionId {
        let mut found = ExpressionId::UNKNOWN;
        loop {
            let one = self.one(build, depth);
            if found == ExpressionId::UNKNOWN {
                found = one;
            }
            self.blank();
            match self.peek() {
                b'|' | b'&' | b'+' => self.at += 1,
                _ => return found,
            }
        }
    }

    fn one(&mut self, build: &mut impl Build, depth: usize) -> ExpressionId {
        if depth > DEPTH_MAX {
            self.at = self.bytes.len();
            return ExpressionId::UNKNOWN;
        }
        let mut is_array = false;
        loop {
            self.blank();
            match self.peek() {
                b':' | b'&' | b'*' | b'?' | b'\'' | b'"' | b'|' | b'@' | b'!' | b'~' => {
                    let is_lifetime =
                        self.peek() == b'\'' && !self.bytes[self.at + 1..].contains(&b'\'');
                    self.at += 1;
                    if is_lifetime {
                        self.word();
                    }
                }
                b'[' => {
                    is_array = true;
                    self.at += 1;
                    let inner = self.blank_and_peek();
                    if inner == b']' || inner.is_ascii_digit() || inner == b'.' {
                        self.skip_to(b']');
                        continue;
                    }
                    // `[B]`, `[B; 3]`: the type is inside.
                    let element = self.union(build, depth + 1);
                    self.skip_to(b']');
                    return array(build, element);
                }
                b'(' => {
                    self.at += 1;
                    let mut inner = self.union(build, depth + 1);
                    // `(name Type, ...)`: results of Go may have names.
                    if !matches!(self.blank_and_peek(), b',' | b')' | b':' | 0) {
                        inner = self.union(build, depth + 1);
                    }
                    self.skip_to(b')');
                    let is_function =
                        self.blank_and_peek() == b'=' || self.text[self.at..].starts_with("->");
                    if is_function {
                        self.at = self.bytes.len();
                        return ExpressionId::UNKNOWN;
                    }
                    // Of several results the first is what a call is worth.
                    return self.suffix(build, inner, is_array);
                }
                _ => break,
            }
        }
        let start = self.at;
        let word = self.word();
        if word.is_empty() {
            self.at = start.max(self.at);
            return ExpressionId::UNKNOWN;
        }
        if WORDS.contains(&word) {
            let inner = self.one(build, depth + 1);
            return match is_array {
                true => array(build, inner),
                false => inner,
            };
        }
        if matches!(
            word,
            "func" | "fn" | "Fn" | "FnMut" | "FnOnce" | "function" | "typeof"
        ) {
            self.at = self.bytes.len();
            return ExpressionId::UNKNOWN;
        }
        let is_nothing = matches!(
            word,
            "None"
                | "null"
                | "undefined"
                | "void"
                | "nil"
                | "never"
                | "any"
                | "unknown"
                | "object"
                | "auto"
                | "var"
                | "let"
                | "val"
                | "_"
        );
        let name = build.name(word);
        let mut path = match is_nothing {
            true => ExpressionId::UNKNOWN,
            false => build.expression(Expression::Name(name)),
        };
        let is_map = word == "map";
        loop {
            let rest = &self.text[self.at..];
            let mark = ["::", ".", "\\"]
                .into_iter()
                .find(|mark| rest.starts_with(mark));
            let Some(mark) = mark else { break };
            self.at += mark.len();
            let word = self.word();
            if word.is_empty() {
                break;
            }
            let name = build.name(word);
            path = build.expression(Expression::Member(path, name));
        }
        let path = self.arguments(build, path, is_map, depth);
        self.suffix(build, path, is_array)
    }

    fn blank_and_peek(&mut self) -> u8 {
        self.blank();
        self.peek()
    }

    /// Reads `<...>` or `[...]` after a name; the first argument counts, of maps
    /// the last.
    fn arguments(
        &mut self,
        build: &mut impl Build,
        base: ExpressionId,
        is_map: bool,
        depth: usize,
    ) -> ExpressionId {
        let close = match self.peek() {
            b'<' => b'>',
            b'[' => b']',
            _ => return base,
        };
        if self.bytes.get(self.at + 1) == Some(&b']') {
            return base;
        }
        self.at += 1;
        let mut arguments = Vec::new();
        loop {
            let before = self.at;
            arguments.push(self.union(build, depth + 1));
            match self.blank_and_peek() {
                b',' => self.at += 1,
                _ if self.peek() == close || self.at == before => break,
                0 => break,
                _ => {
                    self.skip_to_any(&[b',', close]);
                    if self.peek() == b',' {
                        self.at += 1;
                    }
                }
            }
            if self.peek() == close || arguments.len() > DEPTH_MAX {
                break;
            }
        }
        self.skip_to(close);
        if is_map {
            // `map[K]V`: what is held comes after the bracket.
            let value = self.one(build, depth + 1);
            return build.expression(Expression::Generic(base, value));
        }
        let is_known = |argument: &&ExpressionId| **argument != ExpressionId::UNKNOWN;
        let argument = match arguments.len() {
            2 => arguments.iter().rfind(is_known),
            _ => arguments.iter().find(is_known),
        };
        match argument {
            Some(&argument) => build.expression(Expression::Generic(base, argument)),
            None => base,
        }
    }

    /// Reads what stands after a type: `[]`, `?`, `!`.
    fn suffix(
        &mut self,
        build: &mut impl Build,
        mut path: ExpressionId,
        is_array: bool,
    ) -> ExpressionId {
        let mut is_array = is_array;
        loop {
            match self.peek() {
                b'[' => {
                    self.at += 1;
                    self.skip_to(b']');
                    is_array = true;
                }
                b'?' | b'!' | b'*' | b'\'' | b'"' => self.at += 1,
                _ => break,
            }
        }
        if is_array {
            path = array(build, path);
        }
        path
    }

    fn word(&mut self) -> &str {
        let start = self.at;
        let rest = &self.text[start..];
        let end = rest
            .find(|c: char| !(c.is_alphanumeric() || c == '_' || c == '$'))
            .unwrap_or(rest.len());
        self.at += end;
        &self.text[start..start + end]
    }

    /// Goes past the bracket that closes; brackets in between are counted.
    fn skip_to(&mut self, close: u8) {
        self.skip_to_any(&[close]);
        if self.peek() == close {
            self.at += 1;
        }
    }

    fn skip_to_any(&mut self, ends: &[u8]) {
        let mut depth = 0_usize;
        while self.at < self.bytes.len() {
            let byte = self.peek();
            if depth == 0 && ends.contains(&byte) {
                return;
            }
            match byte {
                b'(' | b'[' | b'<' | b'{' => depth += 1,
                b')' | b']' | b'>' | b'}' => depth = depth.saturating_sub(1),
                _ => {}
            }
            self.at += 1;
        }
        while !self.text.is_char_boundary(self.at) {
            self.at += 1;
        }
    }
}

fn array(build: &mut impl Build, element: ExpressionId) -> ExpressionId {
    match element {
        ExpressionId::UNKNOWN => element,
        element => build.expression(Expression::Generic(ExpressionId::UNKNOWN, element)),
    }
}
