//! What an expression of a template puts out, judged by its words: a constant or
//! something clean, markup that the program made, a value, a request's own value.
//!
//! The reading is the same for all engines: paths (`a.b`, `$a->b`, `@a[:b]`), calls,
//! filters, conditions. What it cannot read it takes for a value.

use std::cell::RefCell;

use super::engine::{Bypass, Engine, Syntax};
use super::token::{Kind, Token, closing, holes, tokens};
use super::word::{
    is_clean, is_keyword, is_list_maker, is_number, is_own_markup, is_request, is_translation,
    is_transparent,
};

/// How deep brackets and literals are read.
const DEPTH_MAX: usize = 12;

/// Values of one expression that are followed.
const VALUES_MAX: usize = 12;

/// What an expression that is no constant says of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Weight {
    /// By its names the program made it as markup.
    Own,
    /// Any value.
    Value,
    /// A request brought it.
    Request,
}

/// The values that an expression puts out, by the names that lead to each.
type Values<'t> = RefCell<Vec<Vec<&'t str>>>;

/// Weighs an expression; nothing for what is constant or clean.
pub(super) fn judge(expression: &str, engine: &Engine) -> Option<Weight> {
    judge_with(expression, engine, &Values::default())
}

/// Returns the values that an expression puts out: what weighs something.
pub(super) fn values_in<'t>(expression: &'t str, engine: &Engine) -> Vec<Vec<&'t str>> {
    let values = Values::default();
    judge_with(expression, engine, &values);
    let mut values = values.into_inner();
    values.retain(|names| !names.is_empty());
    values.sort_unstable();
    values.dedup();
    values.truncate(VALUES_MAX);
    values
}

fn judge_with<'t>(expression: &'t str, engine: &Engine, values: &Values<'t>) -> Option<Weight> {
    let syntax = engine.syntax;
    if syntax == Syntax::Holes {
        return braced(expression)
            .into_iter()
            .filter_map(|value| weigh(&tokens(value), Syntax::Plain, 0, values))
            .max();
    }
    let expression = expression
        .trim()
        .trim_end_matches(['-', ';', '~'])
        .trim_start_matches(['-', '~']);
    weigh(&tokens(expression), syntax, 0, values)
}

/// The values of `text ${value} text *{value}`.
fn braced(text: &str) -> Vec<&str> {
    let mut out = Vec::new();
    let mut at = 0;
    while let Some(found) = text[at..].find(['$', '*']) {
        let start = at + found + 1;
        at = start;
        if let Some(body) = text[start..].strip_prefix('{')
            && let Some(end) = closing(body, 1)
        {
            out.push(&body[..end]);
            at = start + 1 + end;
        }
    }
    out
}

/// Returns the parts of a tag that are taken out of the escaping, with the words
/// that do it.
pub(super) fn bypasses<'t>(body: &'t str, ways: &'static [Bypass]) -> Vec<(&'t str, &'static str)> {
    let names = |way: &Bypass| match way {
        Bypass::Function(name)
        | Bypass::Method(name)
        | Bypass::Filter(name)
        | Bypass::Pipe(name)
        | Bypass::Attribute(name) => *name,
    };
    if !ways.iter().any(|way| body.contains(names(way))) {
        return Vec::new();
    }
    let mut out = Vec::new();
    for way in ways {
        if let Bypass::Attribute(name) = way
            && body.contains(name)
        {
            out.extend(braced(body).into_iter().map(|value| (value, *name)));
        }
    }
    let all = tokens(body);
    for (at, token) in all
        .iter()
        .enumerate()
        .filter(|(_, token)| token.kind == Kind::Word)
    {
        let before = at.checked_sub(1).and_then(|before| all.get(before));
        for way in ways.iter().filter(|way| names(way) == token.text) {
            let part = match way {
                Bypass::Function(_) => {
                    let is_free = !before.is_some_and(|before| {
                        before.is_joiner() || before.is("|") || before.is("|>")
                    });
                    is_free.then(|| arguments(&all, at + 1)).flatten()
                }
                Bypass::Method(_) => before
                    .is_some_and(Token::is_joiner)
                    .then(|| (start_of_chain(&all, at - 1, false), at - 1)),
                Bypass::Filter(_) => before
                    .is_some_and(|before| before.is("|"))
                    .then(|| (start_of_chain(&all, at - 1, true), at - 1)),
                Bypass::Pipe(_) => before
                    .is_some_and(|before| before.is("|") || before.is("|>"))
                    .then(|| (after_assignment(&all[..at - 1]), at - 1)),
                Bypass::Attribute(_) => None,
            };
            if let Some((from, to)) = part
                && from < to
            {
                out.push((slice(body, &all[from..to]), names(way)));
            }
        }
    }
    out
}

fn slice<'t>(body: &'t str, part: &[Token<'t>]) -> &'t str {
    let offset = |text: &str| text.as_ptr() as usize - body.as_ptr() as usize;
    match (part.first(), part.last()) {
        (Some(first), Some(last)) => &body[offset(first.text)..offset(last.text) + last.text.len()],
        _ => "",
    }
}

/// The arguments of a call whose name stands before the token: in brackets, or
/// the next one without.
fn arguments(all: &[Token<'_>], from: usize) -> Option<(usize, usize)> {
    let next = all.get(from)?;
    if next.is("(") {
        return Some((from + 1, matching(all, from)));
    }
    if !next.spaced || next.kind == Kind::Operator && !next.opens() && !next.is(".") {
        return None;
    }
    let mut at = from;
    while let Some(token) = all.get(at) {
        let is_modifier = token.kind == Kind::Word && matches!(token.text, "if" | "unless" | "do");
        if token.closes() || token.is(",") || is_modifier {
            break;
        }
        at = if token.opens() {
            matching(all, at) + 1
        } else {
            at + 1
        };
    }
    Some((from, at.min(all.len())))
}

/// Returns where the value begins of `name := value`, `= value` and `value`.
fn after_assignment(all: &[Token<'_>]) -> usize {
    let last = all.iter().rposition(|token| token.is("="));
    last.map_or(0, |last| last + 1)
}

/// Whether the brace at the place opens a block of Ruby: `{ |item| ... }`.
fn opens_block(all: &[Token<'_>], at: usize) -> bool {
    let is = |at: usize, operator| {
        all.get(at)
            .is_some_and(|token: &Token<'_>| token.is(operator))
    };
    is(at, "{") && is(at + 1, "|")
}

/// Returns where the bracket at `open` is closed, or the end.
fn matching(all: &[Token<'_>], open: usize) -> usize {
    let mut depth = 0_usize;
    for (at, token) in all.iter().enumerate().skip(open) {
        if token.opens() {
            depth += 1;
        } else if token.closes() {
            depth = depth.saturating_sub(1);
            if depth == 0 {
                return at;
            }
        }
    }
    all.len()
}

/// Returns where the path begins that ends before the token `end`.
fn start_of_chain(all: &[Token<'_>], end: usize, filters: bool) -> usize {
    let mut at = end;
    while at > 0 {
        at -= 1;
        if all[at].closes() {
            let mut depth = 1_usize;
            while at > 0 && depth > 0 {
                at -= 1;
                depth = if all[at].closes() {
                    depth + 1
                } else {
                    depth - usize::from(all[at].opens())
                };
            }
            let is_called = at > 0
                && (!all[at].spaced || opens_block(all, at))
                && (all[at - 1].kind == Kind::Word || all[at - 1].closes());
            if is_called {
                continue;
            }
        }
        let joins = at > 0 && (all[at - 1].is_joiner() || filters && all[at - 1].is("|"));
        if !joins {
            break;
        }
        at -= 1;
    }
    at
}

/// Weighs a list of expressions: the worst of them.
fn weigh<'t>(
    all: &[Token<'t>],
    syntax: Syntax,
    depth: usize,
    values: &Values<'t>,
) -> Option<Weight> {
    if depth > DEPTH_MAX {
        return Some(Weight::Own);
    }
    let reader = Reader {
        all,
        syntax,
        depth,
        values,
    };
    let (mut worst, mut current) = (None, None);
    // What stood before may turn out to be a condition.
    let mut mark = reader.mark();
    let (mut at, mut choices) = (0, 0_usize);
    while let Some(token) = all.get(at) {
        let next = all.get(at + 1);
        let is_key = next.is_some_and(|next| {
            next.is("=>")
                || next.is(":") && !next.spaced && choices == 0
                || next.is("=") && !next.spaced
        });
        match token.kind {
            Kind::Word if matches!(token.text, "if" | "unless") => {
                at = reader.after_condition(at + 1)
            }
            Kind::Word | Kind::Text if is_key => at += 2,
            Kind::Word if is_keyword(token.text) && !next.is_some_and(Token::is_joiner) => at += 1,
            Kind::Word if token.text == "else" => at += 1,
            Kind::Word | Kind::Text => {
                let (weight, after) = reader.chain(at);
                current = current.max(weight);
                at = after.max(at + 1);
            }
            Kind::Number | Kind::Symbol => at += 1,
            Kind::Operator if token.opens() || token.is(".") => {
                let (weight, after) = reader.chain(at);
                current = current.max(weight);
                at = after.max(at + 1);
            }
            Kind::Operator => {
                match token.text {
                    "," | ";" => {
                        worst = worst.max(current);
                        current = None;
                        mark = reader.mark();
                    }
                    // What stood before was the condition.
                    "?" => {
                        current = None;
                        reader.forget(mark);
                        choices += 1;
                    }
                    "&&" => {
                        current = None;
                        reader.forget(mark);
                    }
                    // How often something is repeated.
                    "*" => {
                        at = reader.skipped(at + 1);
                        continue;
                    }
                    ":" => choices = choices.saturating_sub(1),
                    "==" | "!=" | "===" | "!==" | "<" | ">" | "<=" | ">=" => {
                        current = None;
                        at = reader.skipped(at + 1);
                        reader.forget(mark);
                        continue;
                    }
                    _ => {}
                }
                at += 1;
            }
        }
    }
    worst.max(current)
}

/// A value that is being read.
enum Value<'t> {
    /// Names joined to each other.
    Path(Vec<&'t str>),
    /// Something else, already weighed.
    Weighed(Option<Weight>),
}

struct Reader<'a, 't> {
    all: &'a [Token<'t>],
    syntax: Syntax,
    depth: usize,
    values: &'a Values<'t>,
}

impl<'t> Reader<'_, 't> {
    /// Returns how many values there are so far.
    fn mark(&self) -> usize {
        self.values.borrow().len()
    }

    /// Takes back the values since a mark: they are not put out.
    fn forget(&self, mark: usize) {
        self.values.borrow_mut().truncate(mark);
    }

    fn put_out(&self, names: &[&'t str]) {
        self.values.borrow_mut().push(names.to_vec());
    }

    /// Reads a value that is not put out; returns where it ends.
    fn skipped(&self, at: usize) -> usize {
        let mark = self.mark();
        let after = self.chain(at).1.max(at);
        self.forget(mark);
        after
    }

    /// Skips the condition of `a if b` and of `a if b else c`.
    fn after_condition(&self, from: usize) -> usize {
        let mut at = from;
        while let Some(token) = self.all.get(at) {
            if token.kind == Kind::Word && token.text == "else" || token.is(",") {
                return at;
            }
            at = if token.opens() {
                matching(self.all, at) + 1
            } else {
                at + 1
            };
        }
        self.all.len()
    }

    fn inside(&self, from: usize, to: usize) -> Option<Weight> {
        self.part(from, to, self.syntax)
    }

    fn given(&self, from: usize, to: usize) -> Option<Weight> {
        let syntax = match self.syntax {
            Syntax::Words => Syntax::Given,
            other => other,
        };
        self.part(from, to, syntax)
    }

    fn part(&self, from: usize, to: usize, syntax: Syntax) -> Option<Weight> {
        let part = self.all.get(from..to.min(self.all.len())).unwrap_or(&[]);
        weigh(part, syntax, self.depth + 1, self.values)
    }

    /// Weighs one value with its members, calls and filters; returns where it ends.
    fn chain(&self, from: usize) -> (Option<Weight>, usize) {
        let Some(first) = self.all.get(from) else {
            return (None, from);
        };
        let mut at = from + 1;
        let mark = self.mark();
        let mut value = match first.kind {
            Kind::Word => {
                let (value, after) = self.named(first.text, None, at);
                at = after;
                value
            }
            Kind::Text => Value::Weighed(self.literal(from)),
            Kind::Operator if first.opens() => {
                let end = matching(self.all, from);
                at = end + 1;
                Value::Weighed(self.inside(from + 1, end))
            }
            // `.Name` of Go.
            Kind::Operator if first.is(".") => Value::Path(Vec::new()),
            _ => Value::Weighed(None),
        };
        if first.is(".") {
            at = from;
        }
        while let Some(token) = self.all.get(at) {
            let next = self.all.get(at + 1);
            let name = next.filter(|next| next.kind == Kind::Word);
            if token.is_joiner() && !(self.syntax == Syntax::Given && token.spaced) {
                // The dot of PHP joins texts.
                let Some(name) = name
                    .filter(|name| !(name.spaced || token.is(".") && name.text.starts_with('$')))
                else {
                    break;
                };
                (value, at) = self.named(name.text, Some(value), at + 2);
            } else if token.is("|") || token.is("|>") {
                let Some(name) = name else { break };
                (value, at) = self.filter(name.text, value, at + 2);
            } else if self.syntax == Syntax::Ruby && self.is_block(at) {
                let end = matching(self.all, at);
                value = self.block(value, at, end);
                at = end + 1;
            } else if token.is("[") && !token.spaced {
                let end = matching(self.all, at);
                value = self.indexed(value, at + 1, end);
                at = end + 1;
            } else {
                break;
            }
        }
        let weight = self.weight_of(value);
        if weight.is_none() {
            self.forget(mark);
        }
        (weight, at)
    }

    /// Whether a brace opens a block: after the name or the brackets of a call.
    fn is_block(&self, at: usize) -> bool {
        self.all[at].is("{")
            && at > 0
            && (self.all[at - 1].kind == Kind::Word || self.all[at - 1].is(")"))
    }

    /// What a call gives with its block: the list that the block makes, or what
    /// the call gives anyway.
    fn block(&self, value: Value<'t>, at: usize, end: usize) -> Value<'t> {
        let is_list = match &value {
            Value::Path(path) => path.last().is_some_and(|name| is_list_maker(name)),
            Value::Weighed(_) => false,
        };
        if !is_list {
            return value;
        }
        let parameters = self.all[at + 2..end.max(at + 2).min(self.all.len())]
            .iter()
            .position(|token| token.is("|"));
        let from = match parameters {
            Some(length) if opens_block(self.all, at) => at + 3 + length,
            _ => at + 1,
        };
        Value::Weighed(self.inside(from, end))
    }

    fn weight_of(&self, value: Value<'t>) -> Option<Weight> {
        let segments = match value {
            Value::Weighed(weight) => return weight,
            Value::Path(segments) => segments,
        };
        let last = segments.last()?;
        let weight = if is_request(&segments) {
            Some(Weight::Request)
        } else if is_number(last)
            || self.syntax == Syntax::Ruby && segments.len() == 1 && is_clean(last)
        {
            None
        } else if is_own_markup(&segments) {
            Some(Weight::Own)
        } else {
            Some(Weight::Value)
        };
        if weight.is_some() {
            self.put_out(&segments);
        }
        weight
    }

    fn literal(&self, at: usize) -> Option<Weight> {
        let text = self.all[at].text;
        let before = at.checked_sub(1).map(|before| self.all[before]);
        let is_open = before
            .is_some_and(|before| matches!(before.text, "$" | "f" | "$@") && !self.all[at].spaced);
        let values = holes(text, is_open).into_iter();
        values
            .filter_map(|value| weigh(&tokens(value), self.syntax, self.depth + 1, self.values))
            .max()
    }

    /// Reads what follows a name: nothing, or the arguments of a call.
    fn named(&self, name: &'t str, receiver: Option<Value<'t>>, at: usize) -> (Value<'t>, usize) {
        if let Some(next) = self.all.get(at) {
            if next.is("(") && !next.spaced {
                let end = matching(self.all, at);
                return (
                    Value::Weighed(self.call(name, receiver, at + 1, end)),
                    end + 1,
                );
            }
            let is_command = match self.syntax {
                Syntax::Ruby => matches!(
                    next.kind,
                    Kind::Text | Kind::Symbol | Kind::Word | Kind::Number
                ),
                Syntax::Words => next.kind != Kind::Operator || next.is(".") || next.is("("),
                Syntax::Plain | Syntax::Given | Syntax::Holes => false,
            };
            let is_modifier = matches!(
                next.text,
                "if" | "unless" | "do" | "and" | "or" | "else" | "in"
            );
            if is_command && next.spaced && !is_modifier {
                let end = self.all.len();
                return (Value::Weighed(self.call(name, receiver, at, end)), end);
            }
        }
        let value = match receiver {
            None => Value::Path(vec![name]),
            // A method of Ruby does without brackets.
            Some(_) if self.syntax == Syntax::Ruby && is_clean(name) => Value::Weighed(None),
            Some(receiver) if self.syntax == Syntax::Ruby && is_transparent(name) => receiver,
            Some(Value::Path(mut path)) => {
                path.push(name);
                Value::Path(path)
            }
            Some(Value::Weighed(Some(Weight::Own))) => Value::Weighed(Some(Weight::Value)),
            Some(weighed) => weighed,
        };
        (value, at)
    }

    fn indexed(&self, value: Value<'t>, from: usize, to: usize) -> Value<'t> {
        let Value::Path(mut path) = value else {
            return value;
        };
        if let [index] = self.all.get(from..to).unwrap_or(&[]) {
            path.push(match index.kind {
                Kind::Text => index.text.trim_matches(['"', '\'', '`']),
                Kind::Symbol => index.text.trim_start_matches(':'),
                _ => "item",
            });
        } else {
            path.push("item");
        }
        Value::Path(path)
    }

    fn filter(&self, name: &'t str, value: Value<'t>, at: usize) -> (Value<'t>, usize) {
        let (mut given, mut after) = (None, at);
        if let Some(next) = self.all.get(at) {
            if next.is("(") && !next.spaced {
                after = matching(self.all, at) + 1;
                given = self.inside(at + 1, after - 1);
            } else if next.is(":") {
                // `|default:x` of Django.
                let end = (at + 2).min(self.all.len());
                given = self.inside(at + 1, end);
                after = end;
            }
        }
        let weight = if is_clean(name) {
            None
        } else if is_translation(name) {
            given
        } else if is_transparent(name) {
            given.max(self.weight_of(value))
        } else {
            self.weight_of(value).or(given).map(|_| Weight::Own)
        };
        (Value::Weighed(weight), after)
    }

    fn call(
        &self,
        name: &'t str,
        receiver: Option<Value<'t>>,
        from: usize,
        to: usize,
    ) -> Option<Weight> {
        /// Functions that read the request.
        const READS: &[&str] = &["request", "old", "input", "get_query_var", "query_param"];
        if is_clean(name) {
            return None;
        }
        if is_translation(name) {
            return self.given(self.after_first(from, to), to);
        }
        let given = self.given(from, to);
        let has_arguments = from < to;
        match receiver {
            None if READS.contains(&name) && has_arguments => Some(Weight::Request),
            None if is_transparent(name) => given,
            Some(Value::Path(mut path)) => {
                let own = is_own_markup(&path);
                path.push(name);
                if is_request(&path) {
                    return Some(Weight::Request);
                }
                if !is_transparent(name) {
                    self.put_out(&path);
                }
                path.pop();
                if own && path.len() == 1 {
                    // `$errors->first(...)`, `Form::select(...)`.
                    return Some(Weight::Own);
                }
                if is_transparent(name) {
                    return given.max(self.weight_of(Value::Path(path)));
                }
                let is_getter =
                    name.starts_with("get") && !has_arguments && !own && !is_own_markup(&[name]);
                self.of_unknown(given, is_getter)
            }
            Some(Value::Weighed(weight)) if is_transparent(name) => given.max(weight),
            // A method of something clean or constant.
            Some(Value::Weighed(None)) if given.is_none() => None,
            _ => self.of_unknown(given, false),
        }
    }

    /// What a call gives that nobody knows: markup of its own, unless a request's
    /// value went in or its name says that it reads a value.
    fn of_unknown(&self, given: Option<Weight>, is_getter: bool) -> Option<Weight> {
        let is_value = is_getter || given == Some(Weight::Request);
        Some(if is_value { Weight::Value } else { Weight::Own })
    }

    /// Returns where the second argument begins.
    fn after_first(&self, from: usize, to: usize) -> usize {
        let mut at = from;
        while at < to {
            let token = &self.all[at];
            if token.is(",") {
                return at + 1;
            }
            let is_command = self.syntax == Syntax::Words && at > from && token.spaced;
            if is_command {
                return at;
            }
            at = if token.opens() {
                matching(self.all, at) + 1
            } else {
                at + 1
            };
        }
        to
    }
}
