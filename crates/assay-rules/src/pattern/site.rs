//! One place that a matcher looks at: a call, a setting, a comparison, with its
//! parts, and whether conditions hold there.

use std::borrow::Cow;
use std::cell::OnceCell;

use assay_source::{RepoPath, SourceText, Span};
use assay_syntax::{Field, NodeRef, Role};

use crate::pattern::condition::{Claim, Condition, Extent, Place, Subject, Test};
use crate::pattern::fact::{Facts, Path, by_token, is_setting, settings};
use crate::pattern::path::{is_list_of_arguments, last_name, segments};
use crate::pattern::value::{
    Constant, constant, entry, is_built, is_constant, key_text, unwrapped,
};
use crate::query::{is_test_path, sides};

/// An argument of a call.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Argument<'t> {
    pub(crate) name: Option<&'t str>,
    pub(crate) value: NodeRef<'t>,
}

/// A place.
pub(crate) struct Site<'t, 'f> {
    pub(crate) node: NodeRef<'t>,
    pub(crate) facts: &'f Facts<'t>,
    /// The full name of the node: many matchers ask for the same.
    path: OnceCell<Path>,
    pub(crate) arguments: Vec<Argument<'t>>,
    /// Whether arguments are there that the text does not show.
    is_open: bool,
    /// What is set, when the place sets something.
    pub(crate) target: Option<NodeRef<'t>>,
    /// What it is set to.
    pub(crate) value: Option<NodeRef<'t>>,
    /// The line, when the place is a word in one.
    pub(crate) line: Option<Span>,
}

/// What a subject turned out to be.
enum Found<'t> {
    Node(NodeRef<'t>),
    Text(Cow<'t, str>),
    Number(f64),
    Nothing,
    /// It may be there; the text does not say.
    Unknown,
}

impl<'t, 'f> Site<'t, 'f> {
    pub(crate) fn new(node: NodeRef<'t>, facts: &'f Facts<'t>) -> Self {
        let (arguments, is_open) = arguments(node);
        Self {
            node,
            facts,
            path: OnceCell::new(),
            arguments,
            is_open,
            target: None,
            value: None,
            line: None,
        }
    }

    pub(crate) fn setting(
        node: NodeRef<'t>,
        facts: &'f Facts<'t>,
        target: NodeRef<'t>,
        value: NodeRef<'t>,
    ) -> Self {
        Self {
            node,
            facts,
            path: OnceCell::new(),
            arguments: Vec::new(),
            is_open: false,
            target: Some(target),
            value: Some(value),
            line: None,
        }
    }

    pub(crate) fn of_line(node: NodeRef<'t>, facts: &'f Facts<'t>, line: Span) -> Self {
        Self {
            node,
            facts,
            path: OnceCell::new(),
            arguments: Vec::new(),
            is_open: false,
            target: None,
            value: None,
            line: Some(line),
        }
    }

    /// Returns the full name of the node.
    pub(crate) fn path(&self) -> &Path {
        self.path.get_or_init(|| self.facts.path(self.node))
    }

    pub(crate) fn with_value(mut self, value: NodeRef<'t>) -> Self {
        self.value = Some(value);
        self
    }

    /// Returns whether a condition holds here.
    pub(crate) fn holds(&self, condition: &Condition, path: &RepoPath, text: &SourceText) -> bool {
        let holds = match &condition.claim {
            Claim::Place(place) => self.is_in(place, path, text),
            Claim::Of(Subject::Any, test) => self
                .arguments
                .iter()
                .any(|argument| self.passes(&Found::Node(argument.value), test)),
            Claim::Of(subject, test) => {
                let found = self.find(subject, path);
                if let (Found::Unknown, Test::Present) = (&found, test) {
                    // Neither `present` nor `absent` can be said.
                    return false;
                }
                self.passes(&found, test)
            }
        };
        holds != condition.negated
    }

    /// Returns the part of the place that a subject names.
    pub(crate) fn node_of(&self, subject: &Subject) -> Option<NodeRef<'t>> {
        match *subject {
            Subject::Argument {
                position,
                name,
                key,
            } => match self.argument(position, name, key) {
                Found::Node(node) => Some(node),
                _ => None,
            },
            Subject::Value => self.value,
            Subject::Left | Subject::Right => {
                let (left, right) = sides(self.node)?;
                Some(if *subject == Subject::Left {
                    left
                } else {
                    right
                })
            }
            _ => None,
        }
    }

    /// Returns the text of the place: its node, or its line.
    pub(crate) fn text(&self) -> &'t str {
        match self.line {
            Some(line) => self.node.tree().text().slice(line),
            None => self.node.text(),
        }
    }

    fn find(&self, subject: &Subject, path: &RepoPath) -> Found<'t> {
        let node = |node: Option<NodeRef<'t>>| node.map_or(Found::Nothing, Found::Node);
        let text = |text: Option<&'t str>| {
            text.map_or(Found::Nothing, |text| Found::Text(Cow::Borrowed(text)))
        };
        match subject {
            Subject::Argument {
                position,
                name,
                key,
            } => self.argument(*position, *name, *key),
            Subject::Any => Found::Nothing,
            Subject::Count if self.is_open => Found::Unknown,
            Subject::Count => Found::Number(self.arguments.len() as f64),
            Subject::Value => node(self.value),
            Subject::Receiver => self.receiver(),
            Subject::Target => text(self.target_name()),
            Subject::Function => text(
                // A block or lambda belongs to the function that it stands in.
                self.node
                    .ancestors()
                    .filter(|around| around.has(Role::Function))
                    .find_map(|function| function.name()),
            ),
            Subject::Class => text(
                self.node
                    .ancestor_with(Role::Class)
                    .and_then(|class| class.name()),
            ),
            Subject::Path => path
                .as_str()
                .map_or(Found::Nothing, |path| Found::Text(path.to_owned().into())),
            Subject::Left => node(sides(self.node).map(|(left, _)| left)),
            Subject::Right => node(sides(self.node).map(|(_, right)| right)),
            Subject::Text => Found::Text(self.text().into()),
            Subject::Container => self.container(),
            Subject::Around => {
                let call = self.node.ancestor_with(Role::Call);
                call.map_or(Found::Nothing, |call| {
                    Found::Text(self.facts.path(call).text.into())
                })
            }
        }
    }

    fn argument(&self, position: Option<i32>, name: Option<&str>, key: Option<&str>) -> Found<'t> {
        let Some(value) = self.argument_node(position, name) else {
            return if self.is_open {
                Found::Unknown
            } else {
                Found::Nothing
            };
        };
        match key {
            None => Found::Node(value),
            Some(key) => match entry(value, key, self.facts) {
                Ok(Some(value)) => Found::Node(value),
                Ok(None) => Found::Nothing,
                Err(()) => Found::Unknown,
            },
        }
    }

    /// Returns an argument by name, else by position.
    pub(crate) fn argument_node(
        &self,
        position: Option<i32>,
        name: Option<&str>,
    ) -> Option<NodeRef<'t>> {
        let by_name = name.and_then(|name| {
            self.arguments
                .iter()
                .find(|argument| argument.name == Some(name))
        });
        // In Swift every argument has a label and a place.
        let labels_have_places = self.node.tree().language().id().as_str() == "swift";
        let by_position = || {
            let at = position?;
            let mut list = self
                .arguments
                .iter()
                .filter(|argument| argument.name.is_none() || labels_have_places);
            if at < 0 {
                list.rev().nth(at.unsigned_abs() as usize - 1)
            } else {
                list.nth(at as usize)
            }
        };
        by_name.or_else(by_position).map(|argument| argument.value)
    }

    fn receiver(&self) -> Found<'t> {
        let names = segments(self.node);
        match names.split_last() {
            Some((_, [])) | None => Found::Nothing,
            Some((_, before)) => Found::Text(before.join(".").into()),
        }
    }

    /// Returns the name that is set, or that the result is given to: by an
    /// assignment around the call, or as a key.
    pub(crate) fn target_name(&self) -> Option<&'t str> {
        if let Some(target) = self.target {
            return Some(key_text(target));
        }
        /// A result passes through so many expressions to its name.
        const EXPRESSIONS_MAX: usize = 8;
        for around in self.node.ancestors().take(EXPRESSIONS_MAX) {
            if is_setting(around) {
                let (target, value) = settings(around).into_iter().next()?;
                return value.encloses(self.node).then(|| key_text(target));
            }
            if around.has(Role::Function) || around.has(Role::Block) {
                return None;
            }
        }
        None
    }

    /// Returns the path of what the literal belongs to that holds the setting:
    /// the type of a composite literal, else the call around it.
    fn container(&self) -> Found<'t> {
        if let Some(target) = self.target
            && target.has(Role::Member)
        {
            let path = self.facts.path(target).text;
            let of = path.rsplit_once('.').map_or("", |(of, _)| of);
            return Found::Text(of.to_owned().into());
        }
        for around in self.node.ancestors().take(8) {
            if around.has(Role::Call)
                || matches!(around.kind(), "composite_literal" | "struct_expression")
            {
                return Found::Text(self.facts.path(around).text.into());
            }
            if around.has(Role::Function) {
                break;
            }
        }
        Found::Nothing
    }

    fn passes(&self, found: &Found<'t>, test: &Test) -> bool {
        let node = match found {
            Found::Nothing | Found::Unknown => return false,
            Found::Node(node) => Some(*node),
            _ => None,
        };
        if let Test::Present = test {
            return true;
        }
        if let Some(node) = node {
            match test {
                Test::Source(regex) => {
                    return regex.is_match(node.text())
                        || regex.is_match(&on_one_line(node.text()));
                }
                Test::Constant => return is_constant(node, self.facts),
                Test::Built => return is_built(node, self.facts),
                Test::Text => return is_text(node, self.facts),
                Test::Is(paths) => {
                    let node = unwrapped(node);
                    let path = self.facts.path(node);
                    return paths.iter().any(|wanted| self.facts.is(&path, wanted));
                }
                _ => {}
            }
        }
        let constant = match found {
            Found::Node(node) => match constant(*node, self.facts) {
                Some(constant) => constant,
                None => return false,
            },
            Found::Text(text) => Constant::Text(text.clone()),
            Found::Number(number) => Constant::Number(*number),
            Found::Nothing | Found::Unknown => return false,
        };
        match test {
            Test::In(list) => {
                let text = constant.as_text();
                list.iter().any(|item| item.eq_ignore_ascii_case(&text))
            }
            Test::Equals(wanted) => constant.as_text() == *wanted,
            Test::Matches(regex) | Test::Source(regex) => {
                let text = constant.as_text();
                regex.is_match(&text)
                    || matches!(found, Found::Text(_)) && regex.is_match(&on_one_line(&text))
            }
            Test::Is(list) => {
                let text = constant.as_text();
                list.iter().any(|wanted| match wanted.strip_prefix('*') {
                    Some(end) => text.ends_with(end),
                    None => text == *wanted,
                })
            }
            Test::Below(limit) => matches!(constant, Constant::Number(n) if n < *limit),
            Test::Above(limit) => matches!(constant, Constant::Number(n) if n > *limit),
            Test::Bits(bits) => {
                matches!(constant, Constant::Number(n) if n >= 0.0 && n as u64 & bits != 0)
            }
            Test::Present | Test::Constant => true,
            Test::Built | Test::Text => false,
        }
    }

    fn is_in(&self, place: &Place, path: &RepoPath, file: &SourceText) -> bool {
        match place {
            Place::Loop => is_repeated(self.node),
            Place::Async => is_async(self.node),
            Place::Test => is_test_path(path),
            Place::Top => !self
                .node
                .ancestors()
                .any(|node| node.has(Role::Function) || node.has(Role::Class)),
            Place::Statement => {
                let around = self.node.parent();
                around.is_some_and(|around| around.kind().contains("expression_statement"))
            }
            Place::Accumulation => accumulates(self.node),
            Place::Catch => self.node.ancestor_with(Role::Catch).is_some(),
            Place::Has(extent, words) => {
                let around = match extent {
                    Extent::File => None,
                    Extent::Class => {
                        let parts = parts_of_class(self.node);
                        let text = parts.unwrap_or_else(|| vec![file.as_str()]);
                        return text.into_iter().any(|text| has_word(text, words));
                    }
                    Extent::Function => self.node.ancestor_with(Role::Function),
                    Extent::Statement => {
                        self.node.ancestors().find(|node| node.has(Role::Statement))
                    }
                };
                has_word(around.map_or(file.as_str(), NodeRef::text), words)
            }
        }
    }
}

fn has_word(text: &str, words: &[&str]) -> bool {
    let has =
        |text: &str, word: &str| memchr::memmem::find(text.as_bytes(), word.as_bytes()).is_some();
    if words.iter().any(|word| has(text, word)) {
        return true;
    }
    // Words of several tokens may be laid out over several lines.
    let is_name = |c: char| c.is_alphanumeric() || c == '_';
    if words.iter().all(|word| word.chars().all(is_name)) {
        return false;
    }
    let line = on_one_line(text);
    words.iter().any(|word| has(&line, word))
}

/// Returns the parts of the class around a place that may be about what stands there:
/// the function, those that it names and that name it, and what is in no function. What
/// another function does to a thing of its own says nothing.
fn parts_of_class(node: NodeRef<'_>) -> Option<Vec<&str>> {
    let class = node.ancestor_with(Role::Class)?;
    let own = node.ancestor_with(Role::Function);
    let Some(own) = own.filter(|function| class.encloses(*function)) else {
        return Some(vec![class.text()]);
    };
    let (start, text) = (class.span().start as usize, class.text());
    let mut parts = vec![own.text()];
    let mut at = 0;
    for function in class.subtree().filter(|node| node.has(Role::Function)) {
        let (from, to) = (function.span().start as usize, function.span().end as usize);
        if from < start + at {
            continue;
        }
        parts.push(&text[at..from - start]);
        at = to - start;
        let named = |function: NodeRef<'_>, other: NodeRef<'_>| {
            let name = function.name().filter(|name| !name.is_empty());
            name.is_some_and(|name| has_word(other.text(), &[name]))
        };
        if function.span() != own.span() && (named(function, own) || named(own, function)) {
            parts.push(function.text());
        }
    }
    parts.push(&text[at..]);
    Some(parts)
}

/// Returns a text as if it stood on one line: an end of line is a space, and
/// nothing next to a bracket or before a point.
fn on_one_line(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for (at, line) in text.lines().enumerate() {
        let line = if at == 0 { line } else { line.trim_start() };
        let line = line.trim_end();
        let is_open = out.ends_with(['(', '[', '{']) || out.is_empty();
        if !is_open && !line.starts_with([')', ']', '}', '.']) && at > 0 {
            out.push(' ');
        }
        out.push_str(line);
    }
    out
}

fn is_text<'t>(node: NodeRef<'t>, facts: &Facts<'t>) -> bool {
    unwrapped(node).has(Role::String)
        || matches!(constant(node, facts), Some(Constant::Text(_)))
        || is_built(node, facts)
}

/// Returns the arguments of a call, and whether there may be others.
fn arguments<'t>(call: NodeRef<'t>) -> (Vec<Argument<'t>>, bool) {
    let mut list = Vec::new();
    let mut is_open = false;
    let mut add = |child: NodeRef<'t>| {
        let kind = child.kind();
        is_open |=
            kind.contains("splat") || kind.contains("spread") || kind == "variadic_unpacking";
        let labelled = matches!(
            kind,
            "argument" | "value_argument" | "named_argument" | "attribute_argument"
        ) && (child.child(Field::Name).is_some()
            || child
                .children()
                .any(|part| !part.is_named() && matches!(part.kind(), "=" | ":" | "=>")));
        if is_setting(child) && kind != "assignment_expression" || labelled {
            let pair = settings(child)
                .into_iter()
                .next()
                .or_else(|| by_token(child));
            if let Some((target, value)) = pair {
                list.push(Argument {
                    name: Some(key_text(target)),
                    value,
                });
                return;
            }
        }
        list.push(Argument {
            name: None,
            value: unwrapped_argument(child),
        });
    };
    if call.kind() == "command" {
        call.named_children().skip(1).for_each(&mut add);
        return (list, is_open);
    }
    let found = call
        .children()
        .find(|child| child.has(Role::Arguments) || child.field() == Field::Arguments)
        .or_else(|| {
            call.children()
                .filter(|child| child.kind() == "call_suffix")
                .find_map(|suffix| suffix.child_with(Role::Arguments))
        })
        .or_else(|| {
            call.children()
                .find(|child| is_list_of_arguments(*child) && !child.kind().starts_with("type_"))
        });
    if let Some(arguments) = found {
        // Elixir keeps its `key: value` arguments in a list of their own.
        for child in arguments.named_children() {
            if child.kind() == "keywords" {
                child.named_children().for_each(&mut add);
            } else {
                add(child);
            }
        }
    }
    (list, is_open)
}

fn unwrapped_argument(node: NodeRef<'_>) -> NodeRef<'_> {
    match node.kind() {
        "argument" | "value_argument" | "attribute_argument" => {
            node.named_children().last().unwrap_or(node)
        }
        _ => node,
    }
}

/// Functions that call what they are given for each element.
const ITERATORS: &[&str] = &[
    "forEach",
    "map",
    "flatMap",
    "each",
    "each_with_index",
    "for_each",
    "ForEach",
    "filter",
    "collect",
    "select",
    "array_map",
    "array_walk",
    "find_each",
    "times",
];

/// Returns whether a node is in what a loop repeats.
pub(crate) fn is_repeated(node: NodeRef<'_>) -> bool {
    let mut inside = node;
    for around in node.ancestors() {
        if around.has(Role::Loop) {
            // What is iterated over is evaluated once; what else stands in the
            // head of a `for` that counts is small.
            let is_head = around.has(Role::ForLoop)
                && inside.field() != Field::Body
                && !inside.has(Role::Block)
                && around.child(Field::Body).is_some();
            if !is_head {
                return true;
            }
        }
        if around.has(Role::Comprehension) {
            let is_first_source = inside.has(Role::ComprehensionFor);
            if !is_first_source {
                return true;
            }
        }
        if around.has(Role::Function) {
            if !around.has(Role::Lambda) {
                return false;
            }
            let call = around.ancestors().take(4).find(|node| node.has(Role::Call));
            let is_given = call
                .is_some_and(|call| last_name(call).is_some_and(|name| ITERATORS.contains(&name)));
            return is_given;
        }
        if matches!(around.kind(), "do_block" | "block")
            && let Some(call) = around.parent().filter(|parent| parent.kind() == "call")
            && last_name(call).is_some_and(|name| ITERATORS.contains(&name))
        {
            return true;
        }
        if around.has(Role::Class) {
            return false;
        }
        inside = around;
    }
    false
}

/// Returns whether an assignment in a loop adds to what was there before it:
/// nothing else in the loop sets the variable, and the loop does not declare it.
fn accumulates(node: NodeRef<'_>) -> bool {
    /// Loops longer than this are not looked through.
    const NODES_MAX: usize = 10_000;
    let Some((target, _)) = settings(node).into_iter().next() else {
        return false;
    };
    let Some(around) = node.ancestor_with(Role::Loop) else {
        return false;
    };
    if around.subtree_len() > NODES_MAX || !is_repeated(node) {
        return false;
    }
    let name = target.text();
    let is_other = |part: NodeRef<'_>| {
        part != node
            && is_setting(part)
            && settings(part)
                .iter()
                .any(|(other, _)| other.text().trim_end() == name)
    };
    let head = around
        .children()
        .filter(|child| child.field() != Field::Body);
    let is_declared = |part: NodeRef<'_>| part.has(Role::Identifier) && part.text() == name;
    !around.subtree().any(is_other)
        && !head
            .filter(|child| !child.has(Role::Block))
            .any(|child| child.subtree().any(is_declared))
}

/// Returns whether a node runs in an asynchronous function.
fn is_async(node: NodeRef<'_>) -> bool {
    let Some(function) = node.ancestor_with(Role::Function) else {
        return false;
    };
    let body = function
        .child(Field::Body)
        .map_or(function.span().end, |body| body.span().start);
    let head = Span::new(function.span().start, body.max(function.span().start));
    // Dart says it where the body begins.
    if function
        .child(Field::Body)
        .is_some_and(|body| body.text().starts_with("async"))
    {
        return true;
    }
    node.tree()
        .text()
        .slice(head)
        .split(|c: char| !c.is_alphanumeric())
        .any(|word| matches!(word, "async" | "suspend"))
}
