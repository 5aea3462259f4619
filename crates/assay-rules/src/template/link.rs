//! What leads to a value that a template puts out: the variables of its loops and
//! assignments, and the templates that it includes. Read by words, as everything here
//! is: what is not seen is a value less, never a wrong one.

use std::sync::OnceLock;

use aho_corasick::AhoCorasick;
use assay_source::Span;

use super::engine::Engine;
use super::expression::values_in;
use super::token::{Kind, Token, closing, tokens};

/// Variables of one template that are followed.
const VARIABLES_MAX: usize = 200;
/// Templates that one includes.
const INCLUDES_MAX: usize = 100;
/// Bytes of a statement that are looked at.
const STATEMENT_BYTES_MAX: usize = 600;

/// A variable that the template itself sets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Variable<'t> {
    /// Where that is.
    pub(crate) span: Span,
    /// Its name; none: the members of what it is are named by themselves.
    pub(crate) name: Option<&'t str>,
    /// What it is set to, as the names that lead there.
    pub(crate) values: Vec<Vec<&'t str>>,
    /// Whether it is one element of that after the other.
    pub(crate) is_element: bool,
}

/// Another template that a template includes, with what it is given besides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Include<'t> {
    pub(crate) span: Span,
    pub(crate) name: &'t str,
    pub(crate) given: Vec<(&'t str, Vec<Vec<&'t str>>)>,
}

/// How a statement says which variable it sets.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    /// `for NAME in VALUE`, `for KEY, NAME in VALUE`.
    In(&'static str),
    /// `foreach (VALUE as KEY => NAME)`.
    As,
    /// `VALUE.each do |NAME|`: the opener stands after the value.
    Block,
    /// `NAME : ${VALUE}` in quotes.
    Attribute,
    /// `set NAME = VALUE`.
    Set,
    /// `#each VALUE`, `range $i, $NAME := VALUE`.
    Context,
    /// `<c:forEach var="NAME" items="${VALUE}">`: the attributes in any order.
    Element(&'static str),
}

const FORMS: &[(&str, &str, Form, bool)] = &[
    ("python", "{% for ", Form::In(" in "), true),
    ("python", "{%- for ", Form::In(" in "), true),
    ("python", "{% set ", Form::Set, false),
    ("python", "{%- set ", Form::Set, false),
    ("python", "{% with ", Form::Set, false),
    ("php", "{% for ", Form::In(" in "), true),
    ("php", "{%- for ", Form::In(" in "), true),
    ("php", "{% set ", Form::Set, false),
    ("php", "@foreach", Form::As, true),
    ("php", "@forelse", Form::As, true),
    ("php", "@php", Form::Set, false),
    ("ruby", ".each do |", Form::Block, true),
    ("ruby", ".each { |", Form::Block, true),
    ("ruby", ".each_with_index do |", Form::Block, true),
    ("ruby", "<% ", Form::Set, false),
    ("javascript", ".forEach(function", Form::Block, true),
    ("javascript", ".forEach((", Form::Block, true),
    ("javascript", ".forEach(", Form::Block, true),
    ("javascript", "for (const ", Form::In(" of "), true),
    ("javascript", "for (let ", Form::In(" of "), true),
    ("javascript", "for (var ", Form::In(" of "), true),
    ("javascript", "for(const ", Form::In(" of "), true),
    ("javascript", "for(let ", Form::In(" of "), true),
    ("javascript", "for(var ", Form::In(" of "), true),
    ("javascript", "<% const ", Form::Set, false),
    ("javascript", "<% let ", Form::Set, false),
    ("javascript", "<% var ", Form::Set, false),
    ("javascript", "each ", Form::In(" in "), true),
    ("javascript", "{% for ", Form::In(" in "), true),
    ("javascript", "{{#each ", Form::Context, true),
    ("javascript", "{{#with ", Form::Context, false),
    ("go", "{{range ", Form::Context, true),
    ("go", "{{- range ", Form::Context, true),
    ("go", "{{with ", Form::Context, false),
    ("go", "{{- with ", Form::Context, false),
    ("csharp", "foreach (var ", Form::In(" in "), true),
    ("csharp", "foreach(var ", Form::In(" in "), true),
    ("csharp", "@{ var ", Form::Set, false),
    ("java", "th:each=", Form::Attribute, true),
    ("java", "th:with=", Form::Set, false),
    ("java", "<c:forEach ", Form::Element("items"), true),
    ("java", "<c:set ", Form::Element("value"), false),
];

/// Returns whether a text has anything that sets a variable, includes another template or
/// sends the browser on: most do not, and one search tells.
pub(super) fn has_links(language: &str, text: &str) -> bool {
    static SEARCHES: OnceLock<Vec<(&str, AhoCorasick)>> = OnceLock::new();
    let searches = SEARCHES.get_or_init(|| {
        let mut languages: Vec<&str> = FORMS.iter().map(|form| form.0).collect();
        languages.sort_unstable();
        languages.dedup();
        let search = |language| {
            let forms = FORMS.iter().filter(|form| form.0 == language);
            let includes = INCLUDES.iter().filter(|include| include.0 == language);
            let openers = forms.map(|form| form.1).chain(includes.map(|one| one.1));
            AhoCorasick::new(openers.chain(REDIRECTS.iter().copied())).ok()
        };
        let searches = languages.into_iter();
        searches
            .filter_map(|language| Some((language, search(language)?)))
            .collect()
    });
    let search = searches.iter().find(|(known, _)| *known == language);
    search.is_none_or(|(_, search)| search.is_match(text))
}

/// Where a statement ends, whatever it is.
const ENDS: &[&str] = &["%}", "%>", "}}", "\n", ";"];

/// Returns the variables that a template sets, in the order of the text.
pub(super) fn variables<'t>(language: &str, engine: &Engine, text: &'t str) -> Vec<Variable<'t>> {
    let mut found: Vec<Variable<'t>> = Vec::new();
    for (_, opener, form, is_element) in FORMS.iter().filter(|known| known.0 == language) {
        for (at, _) in text.match_indices(opener) {
            if found.len() == VARIABLES_MAX {
                break;
            }
            let after = at + opener.len();
            let parts = match form {
                Form::Block => of_block(text, at, after),
                Form::Element(value) => of_element(near(&text[after..]), value),
                form => of_statement(*form, statement(text, after)),
            };
            let Some((name, value)) = parts else { continue };
            let values = values_in(value, engine);
            if values.is_empty() || name.is_some_and(|name| !is_name(name)) {
                continue;
            }
            found.push(Variable {
                span: Span::new(at as u32, after as u32),
                name: name.map(plain),
                values,
                is_element: *is_element,
            });
        }
    }
    found.sort_by_key(|variable| variable.span.start);
    found
}

/// Returns the name of a variable as it is given.
pub(crate) fn plain(name: &str) -> &str {
    name.trim_start_matches('$')
}

fn is_name(name: &str) -> bool {
    let name = name.trim_start_matches(['$', '@']);
    !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || c == '_')
}

/// Returns a statement from a place on to its end.
fn statement(text: &str, from: usize) -> &str {
    let rest = near(&text[from..]);
    let ends = ENDS.iter().filter_map(|end| rest.find(end));
    &rest[..ends.min().unwrap_or(rest.len())]
}

fn near(text: &str) -> &str {
    let mut limit = text.len().min(STATEMENT_BYTES_MAX);
    while !text.is_char_boundary(limit) {
        limit -= 1;
    }
    &text[..limit]
}

type Parts<'t> = Option<(Option<&'t str>, &'t str)>;

fn of_statement<'t>(form: Form, text: &'t str) -> Parts<'t> {
    let last_name = |names: &'t str| names.rsplit(',').next().map(str::trim);
    match form {
        Form::In(word) => {
            let (names, value) = text.split_once(word)?;
            let value = match closing(value, 1) {
                // `for (const x of xs) {`.
                Some(end) => &value[..end],
                None => value,
            };
            Some((Some(last_name(names)?), value))
        }
        Form::As => {
            let inner = text.trim_start().strip_prefix('(')?;
            let inner = &inner[..closing(inner, 1)?];
            let (value, names) = inner.rsplit_once(" as ")?;
            let name = names.rsplit("=>").next()?;
            Some((Some(name.trim()), value))
        }
        Form::Set => {
            let text = text.trim_start().trim_start_matches('"');
            let (name, value) = text.split_once('=')?;
            let is_test = value.starts_with(['=', '~', '>']) || name.ends_with(['!', '<', '>']);
            (!is_test).then(|| (Some(name.trim()), value.trim_end_matches('-')))
        }
        Form::Attribute => {
            let (name, value) = text.trim_start_matches(['"', '\'']).split_once(':')?;
            Some((Some(name.trim()), value.split('"').next()?))
        }
        Form::Context => match text.split_once(":=") {
            Some((names, value)) => Some((Some(last_name(names)?), value)),
            None => match text.split_once(" as |") {
                Some((value, names)) => {
                    let name = names.split(['|', ' ']).next()?;
                    Some((Some(name), value))
                }
                None => Some((None, text)),
            },
        },
        Form::Block | Form::Element(_) => None,
    }
}

/// Returns the variable of an element, and the value of the attribute that it is set to.
fn of_element<'t>(text: &'t str, value: &str) -> Parts<'t> {
    let name = attribute(text, "var")?;
    let value = attribute(text, value)?;
    let inner = value.strip_prefix("${")?.strip_suffix('}')?;
    Some((Some(name), inner))
}

/// Returns the value of an attribute of the element whose inside begins here.
fn attribute<'t>(text: &'t str, name: &str) -> Option<&'t str> {
    let mut rest = text;
    loop {
        rest = rest.trim_start();
        let sign = rest.find(['=', '>'])?;
        let (own, after) = (rest[..sign].trim_end(), &rest[sign..]);
        let after = after.strip_prefix('=')?.trim_start();
        let quote = after.chars().next().filter(|c| matches!(c, '"' | '\''))?;
        let end = after[1..].find(quote)? + 1;
        if own == name {
            return Some(&after[1..end]);
        }
        rest = &after[end + 1..];
    }
}

/// Returns the parameter of a block, and the value before the call that has it.
fn of_block(text: &str, at: usize, after: usize) -> Parts<'_> {
    let head = statement(text, after).trim_start_matches([' ', '(']);
    let name = head.split(|c: char| !(c.is_alphanumeric() || c == '_' || c == '$'));
    let name = name.into_iter().next().filter(|name| !name.is_empty())?;
    let line = text[..at]
        .rfind(['\n', '%', ';', '{'])
        .map_or(0, |at| at + 1);
    let value = text[line..at].trim_start_matches(['-', '=', ' ', '_']);
    Some((Some(name), value))
}

/// What opens an include; the name is the first text or word after it.
const INCLUDES: &[(&str, &str)] = &[
    ("python", "{% include "),
    ("python", "{%- include "),
    ("python", "{% extends "),
    ("php", "{% include "),
    ("php", "{% extends "),
    ("php", "{{ include("),
    ("php", "@include("),
    ("php", "@extends("),
    ("php", "@component("),
    ("ruby", "render "),
    ("ruby", "render("),
    ("javascript", "include("),
    ("javascript", "include "),
    ("javascript", "extends "),
    ("javascript", "{{> "),
    ("javascript", "{{>"),
    ("go", "{{template "),
    ("go", "{{- template "),
    ("java", "th:replace="),
    ("java", "th:insert="),
    ("java", "th:include="),
    ("java", "<jsp:include page="),
    ("java", "<%@ include file="),
    ("java", "<%@include file="),
    ("csharp", "<partial name="),
    ("csharp", "Html.Partial("),
    ("csharp", "Html.PartialAsync("),
    ("csharp", "Html.RenderPartialAsync("),
];

/// Returns the templates that a template includes, in the order of the text.
pub(super) fn includes<'t>(language: &str, engine: &Engine, text: &'t str) -> Vec<Include<'t>> {
    let mut found: Vec<Include<'t>> = Vec::new();
    for (_, opener) in INCLUDES.iter().filter(|known| known.0 == language) {
        for (at, _) in text.match_indices(opener) {
            let before = text[..at].chars().next_back();
            let is_part = before.is_some_and(|c| c.is_alphanumeric() || matches!(c, '_' | '.'));
            if found.len() == INCLUDES_MAX || is_part {
                continue;
            }
            let rest = statement(text, at + opener.len());
            let Some((name, rest)) = included(language, rest) else {
                continue;
            };
            if found.iter().any(|known| known.span.start == at as u32) {
                continue;
            }
            found.push(Include {
                span: Span::new(at as u32, (at + opener.len() + 1) as u32),
                name,
                given: pairs(rest, engine),
            });
        }
    }
    found.sort_by_key(|include| include.span.start);
    found
}

/// Returns the name of what is included, and the rest of the statement.
fn included<'t>(language: &str, text: &'t str) -> Option<(&'t str, &'t str)> {
    let mut text = text.trim_start();
    for key in ["partial:", ":partial =>", "(", "\"~{", "~{", "$"] {
        text = text.strip_prefix(key).unwrap_or(text).trim_start();
    }
    let quote = text.chars().next().filter(|c| matches!(c, '"' | '\''));
    if quote.is_none() && matches!(language, "ruby" | "python" | "php" | "csharp" | "go") {
        return None;
    }
    let inner = text.trim_start_matches(['"', '\'']);
    let end =
        inner.find(|c: char| matches!(c, '"' | '\'' | ')' | '}' | ',' | '#') || c.is_whitespace());
    let (name, rest) = inner.split_at(end.unwrap_or(inner.len()));
    let name = name.split("::").next()?.trim();
    let is_path = |c: char| c.is_alphanumeric() || matches!(c, '/' | '.' | '_' | '-' | '@' | ':');
    let rest = rest.strip_prefix(['"', '\'']).unwrap_or(rest);
    (!name.is_empty() && name.chars().all(is_path)).then_some((name, rest))
}

/// Returns what is given by name: `a: b`, `a => b`, `a=b`.
fn pairs<'t>(text: &'t str, engine: &Engine) -> Vec<(&'t str, Vec<Vec<&'t str>>)> {
    let all = tokens(text);
    let mut found = Vec::new();
    let mut at = 0;
    while let (Some(key), Some(sign)) = (all.get(at), all.get(at + 1)) {
        let is_key = key.kind != Kind::Operator && key.kind != Kind::Number;
        if !is_key || !(sign.is(":") || sign.is("=>") || sign.is("=")) {
            at += 1;
            continue;
        }
        let end = end_of_value(&all, at + 2);
        if let (Some(first), Some(last)) = (all.get(at + 2), all.get(end.saturating_sub(1)))
            && end > at + 2
        {
            let offset = |token: &Token<'_>| token.text.as_ptr() as usize - text.as_ptr() as usize;
            let value = &text[offset(first)..offset(last) + last.text.len()];
            // What holds further pairs is no value itself.
            if first.opens() {
                at += 3;
                continue;
            }
            let name = key.text.trim_matches(['"', '\'', ':']);
            found.push((name, values_in(value, engine)));
        }
        at = end.max(at + 2);
    }
    found.retain(|(_, values)| !values.is_empty());
    found
}

fn end_of_value(all: &[Token<'_>], from: usize) -> usize {
    let mut depth = 0_usize;
    for (at, token) in all.iter().enumerate().skip(from) {
        if token.opens() {
            depth += 1;
        } else if token.closes() {
            match depth.checked_sub(1) {
                Some(less) => depth = less,
                None => return at,
            }
        } else if depth == 0 && token.is(",") {
            return at;
        }
    }
    all.len()
}

/// A place of a template where the browser is sent on to what stands there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Redirect<'t> {
    pub(crate) span: Span,
    pub(crate) values: Vec<Vec<&'t str>>,
}

/// What stands before the address that the browser is sent to.
const REDIRECTS: &[&str] = &[
    "location.href",
    "location.replace(",
    "location.assign(",
    "window.location",
    "http-equiv=\"refresh\"",
    "http-equiv='refresh'",
];

/// How engines of a language put a value out, escaped or not.
const HOLES: &[(&str, &str, &str)] = &[
    ("python", "{{", "}}"),
    ("php", "{!!", "!!}"),
    ("php", "{{", "}}"),
    ("ruby", "<%=", "%>"),
    ("javascript", "<%=", "%>"),
    ("javascript", "<%-", "%>"),
    ("javascript", "{{{", "}}}"),
    ("javascript", "{{", "}}"),
    ("go", "{{", "}}"),
    ("java", "[[", "]]"),
    ("java", "<%=", "%>"),
];

/// Returns where the browser is sent to a value from its first letter on: escaping
/// leaves an address as it is.
pub(super) fn redirects<'t>(language: &str, engine: &Engine, text: &'t str) -> Vec<Redirect<'t>> {
    let mut found: Vec<Redirect<'t>> = Vec::new();
    for opener in REDIRECTS {
        for (at, _) in text.match_indices(opener) {
            let from = at + opener.len();
            let line = near(&text[from..]).lines().next().unwrap_or("");
            let holes = HOLES.iter().filter(|hole| hole.0 == language);
            let first = holes.filter_map(|hole| Some((line.find(hole.1)?, hole)));
            let Some((start, (_, open, close))) = first.min_by_key(|(start, _)| *start) else {
                continue;
            };
            let before = line[..start].trim_end_matches(['"', '\'', '`']);
            let before = before.trim_end().to_ascii_lowercase();
            // Nothing of the address stands before it, and it is set and not compared.
            let is_first = before.ends_with(['=', '(']) && !before.ends_with("==");
            let Some(end) = line[start..].find(close).filter(|_| is_first) else {
                continue;
            };
            let body = &line[start + open.len()..start + end];
            let values = values_in(body.trim_matches(['-', '~']), engine);
            let place = from + start + open.len();
            if !values.is_empty() && found.len() < INCLUDES_MAX {
                found.push(Redirect {
                    span: Span::new(place as u32, (place + body.len()) as u32),
                    values,
                });
            }
        }
    }
    found.sort_by_key(|redirect| redirect.span);
    found.dedup_by_key(|redirect| redirect.span);
    found
}
