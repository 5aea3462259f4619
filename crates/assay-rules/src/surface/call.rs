//! Whether a call fits a function: what the call hands in, what the function takes.
//!
//! Both are read off the syntax tree. A call that hands over a list of unknown length,
//! and a language whose rules are not known here, fit everything.

use assay_source::Span;
use assay_syntax::{Field, NodeRef, ParsedFile, Role, SyntaxTree};

use super::header::split_default;

/// What a function takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Callable {
    language: &'static str,
    parameters: Vec<Taken>,
    /// Whether something around it may change how it is called: a decorator.
    pub is_wrapped: bool,
}

/// What a call hands in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallShape {
    /// The whole call.
    pub span: Span,
    /// Arguments without a name.
    positional: usize,
    named: Vec<String>,
    /// Whether there may be more than can be seen: a spread, a block.
    is_open: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Taken {
    name: String,
    is_required: bool,
    /// `*args`, `...rest`: any number by place.
    is_variadic: bool,
    /// `**options`: any number by name.
    takes_names: bool,
    by_place: bool,
    by_name: bool,
}

/// Languages in which a call with too many arguments runs.
const LENIENT: &[&str] = &["javascript", "php"];
/// Languages whose calls are understood.
const READ: &[&str] = &[
    "python",
    "javascript",
    "typescript",
    "tsx",
    "java",
    "go",
    "rust",
    "php",
    "c-sharp",
    "ruby",
    "kotlin",
    "c",
    "cpp",
];
/// Decorators that leave a function's parameters alone.
const HARMLESS: &[&str] = &[
    "staticmethod",
    "classmethod",
    "abstractmethod",
    "override",
    "overload",
    "final",
    "cache",
    "lru_cache",
    "wraps",
    "deprecated",
];

/// Reads what the function takes whose name starts at a byte.
pub fn callable_at(parsed: &ParsedFile, name: u32) -> Option<Callable> {
    let tree = tree_at(parsed, name)?;
    let language = tree.language().id().as_str();
    if !READ.contains(&language) {
        return None;
    }
    let node = tree.covering(Span::new(name, name + 1));
    let function = std::iter::once(node)
        .chain(node.ancestors())
        .take(ABOVE_MAX)
        .find_map(function_of)?;
    let nodes = match language {
        "python" => function
            .child_with(Role::Parameters)?
            .named_children()
            .filter(|child| {
                !child.has_any(assay_syntax::RoleSet::of(&[Role::Receiver, Role::Comment]))
            })
            .collect(),
        _ => function.parameters(),
    };
    let mut parameters = Vec::new();
    let mut only_named = false;
    for node in nodes {
        let text = node.text().trim();
        match (language, text) {
            ("python", "*") => only_named = true,
            ("python", "/") => {
                for taken in &mut parameters {
                    let taken: &mut Taken = taken;
                    taken.by_name = false;
                }
            }
            ("c" | "cpp", "void") => {}
            _ => {
                let mut taken = read_parameter(node, text, language)?;
                taken.by_place &= !only_named;
                only_named |= language == "python" && taken.is_variadic;
                parameters.push(taken);
            }
        }
    }
    Some(Callable {
        language,
        parameters,
        is_wrapped: is_wrapped(function),
    })
}

/// Reads the call whose callee's last name starts at a byte.
pub fn call_at(parsed: &ParsedFile, name: u32) -> Option<CallShape> {
    let tree = tree_at(parsed, name)?;
    let language = tree.language().id().as_str();
    let node = tree.covering(Span::new(name, name + 1));
    let call = std::iter::once(node)
        .chain(node.ancestors())
        .take(ABOVE_MAX)
        .find(|node| {
            is_call(*node) && arguments_of(*node).is_none_or(|list| name < list.span().start)
        })?;
    let mut shape = CallShape {
        span: call.span(),
        positional: 0,
        named: Vec::new(),
        is_open: false,
    };
    let Some(list) = arguments_of(call) else {
        return Some(shape);
    };
    // `f(x for x in xs)` hands in one thing.
    if list.has(Role::Comprehension) {
        shape.positional = 1;
        return Some(shape);
    }
    let lists: Vec<NodeRef<'_>> = match list.kind() {
        "call_suffix" => {
            // What stands behind the list is one more argument, a function.
            shape.is_open = list
                .named_children()
                .any(|child| child.kind().contains("lambda"));
            list.named_children()
                .filter(|child| child.kind() == "value_arguments")
                .collect()
        }
        _ => vec![list],
    };
    let is_followed = |node: NodeRef<'_>| node.kind().contains("lambda") || node.has(Role::Lambda);
    shape.is_open |= language == "kotlin" && call.named_children().any(is_followed);
    for argument in lists.iter().flat_map(|list| list.named_children()) {
        shape.add(argument, language);
    }
    let alone = shape.positional == 1 && shape.named.is_empty();
    if language == "go" && alone {
        // `f(g())` hands in all that `g` gives back.
        let is_result = |node: NodeRef<'_>| node.has(Role::Call);
        shape.is_open |= list.named_children().any(is_result);
    }
    Some(shape)
}

/// Says why a call that fitted does not fit any more; none when it does, or when it
/// did not before, so that the text is not what decides.
pub fn misfit(call: &CallShape, base: &Callable, head: &Callable) -> Option<String> {
    if call.is_open || base.check(call).is_some() {
        return None;
    }
    head.check(call).or_else(|| head.shifted(call, base))
}

/// How far above its name a function or a call may be.
const ABOVE_MAX: usize = 12;

fn tree_at(parsed: &ParsedFile, at: u32) -> Option<&SyntaxTree> {
    parsed.trees.iter().find(|tree| {
        !tree.language().is_data_only() && tree.root().span().contains(Span::new(at, at))
    })
}

fn function_of(node: NodeRef<'_>) -> Option<NodeRef<'_>> {
    if node.has(Role::Function) || node.has(Role::Signature) {
        return Some(node);
    }
    // `const f = (a) => a`
    let value = node.child(Field::Value)?;
    let is_name =
        node.has(Role::Variable) || node.kind().contains("declarator") || node.kind() == "pair";
    (is_name && value.has(Role::Function)).then_some(value)
}

fn is_wrapped(function: NodeRef<'_>) -> bool {
    let around = function.parent();
    let above = around
        .filter(|node| node.kind() == "decorated_definition")
        .unwrap_or(function);
    above
        .children()
        .filter(|child| child.kind() == "decorator")
        .any(|decorator| {
            let text = decorator.text().trim_start_matches('@');
            let end = text.find(|c: char| !c.is_alphanumeric() && c != '_' && c != '.');
            let name = &text[..end.unwrap_or(text.len())];
            !HARMLESS.contains(&name.rsplit('.').next().unwrap_or(name))
        })
}

fn is_call(node: NodeRef<'_>) -> bool {
    node.has(Role::Call)
        || node.kind().starts_with("new_expression")
        || node.kind() == "object_creation_expression"
}

fn arguments_of(call: NodeRef<'_>) -> Option<NodeRef<'_>> {
    call.child(Field::Arguments)
        .or_else(|| call.child_with(Role::Arguments))
        .or_else(|| {
            call.named_children()
                .find(|child| matches!(child.kind(), "call_suffix" | "value_arguments"))
        })
}

fn read_parameter(node: NodeRef<'_>, text: &str, language: &str) -> Option<Taken> {
    let (declared, default) = match split_default(text) {
        Some((declared, _)) => (declared.trim(), true),
        None => (text, false),
    };
    let mut taken = Taken {
        name: name_of(node, declared, language),
        is_required: !default,
        is_variadic: false,
        takes_names: false,
        by_place: true,
        by_name: matches!(language, "python" | "kotlin" | "c-sharp" | "php"),
    };
    match language {
        "python" | "ruby" => {
            taken.takes_names = declared.starts_with("**");
            taken.is_variadic = declared.starts_with('*') && !taken.takes_names;
            if language == "ruby" {
                if declared.starts_with('&') {
                    // The block is no argument in brackets.
                    taken.is_required = false;
                    taken.by_place = false;
                } else if let Some((name, value)) = declared.split_once(':') {
                    taken.name = name.trim().to_owned();
                    taken.is_required = value.trim().is_empty();
                    taken.by_place = false;
                    taken.by_name = true;
                }
            }
        }
        "kotlin" => {
            let modifiers = text.split(':').next().unwrap_or("");
            let before = node.previous_sibling().map_or("", NodeRef::text);
            taken.is_variadic = modifiers.contains("vararg ") || before.contains("vararg");
            let next = node.next_sibling().map_or("", NodeRef::text);
            taken.is_required &= next != "=";
        }
        "c-sharp" => {
            if declared.starts_with("this ") {
                return None;
            }
            taken.is_variadic = declared.split_whitespace().any(|word| word == "params");
        }
        "typescript" | "tsx" => {
            if declared.starts_with("this:") {
                return None;
            }
            let name = declared.split(':').next().unwrap_or("");
            taken.is_variadic = declared.starts_with("...");
            taken.is_required &= !name.trim_end().ends_with('?');
        }
        _ => taken.is_variadic = declared.contains("..."),
    }
    if taken.is_variadic || taken.takes_names {
        taken.is_required = false;
    }
    Some(taken)
}

fn name_of(node: NodeRef<'_>, declared: &str, language: &str) -> String {
    let named = node
        .name()
        .map(str::to_owned)
        .filter(|name| !name.is_empty());
    let before_colon = || {
        let end = declared.find([':', '=']).unwrap_or(declared.len());
        declared[..end]
            .split_whitespace()
            .last()
            .unwrap_or("")
            .to_owned()
    };
    let text = match language {
        "python" | "typescript" | "tsx" | "javascript" | "kotlin" | "rust" | "ruby" => {
            before_colon()
        }
        "go" => declared.split_whitespace().next().unwrap_or("").to_owned(),
        _ => named.unwrap_or_else(|| declared.split_whitespace().last().unwrap_or("").to_owned()),
    };
    text.trim_matches(|c: char| !c.is_alphanumeric() && c != '_')
        .to_owned()
}

impl CallShape {
    fn add(&mut self, argument: NodeRef<'_>, language: &str) {
        if argument.has(Role::Comment) || argument.has(Role::Annotation) {
            return;
        }
        let kind = argument.kind();
        let text = argument.text();
        let is_spread = matches!(
            kind,
            "list_splat"
                | "dictionary_splat"
                | "spread_element"
                | "variadic_argument"
                | "variadic_unpacking"
                | "variadic_placeholder"
                | "splat_argument"
                | "hash_splat_argument"
                | "forward_argument"
                | "parameter_pack_expansion"
                | "macro_invocation"
        ) || language == "php" && text.starts_with("...")
            || language == "kotlin" && text.starts_with('*');
        if is_spread {
            self.is_open = true;
            return;
        }
        if kind == "block_argument" {
            return;
        }
        match name_of_argument(argument, language) {
            Some(name) => self.named.push(name),
            None => self.positional += 1,
        }
    }
}

/// Returns the name that a call gives with an argument.
fn name_of_argument(argument: NodeRef<'_>, language: &str) -> Option<String> {
    let text = argument.text();
    let word = |text: &str| {
        let text = text.trim();
        let is_word = !text.is_empty() && text.chars().all(|c| c.is_alphanumeric() || c == '_');
        is_word.then(|| text.to_owned())
    };
    match (language, argument.kind()) {
        ("python", "keyword_argument") => word(text.split('=').next()?),
        ("ruby", "pair") => word(text.split(':').next()?),
        ("php", "argument") | ("c-sharp", "argument") => {
            let (name, rest) = text.split_once(':')?;
            (!rest.starts_with(':')).then(|| word(name))?
        }
        ("kotlin", "value_argument") => {
            let (name, rest) = text.split_once('=')?;
            (!rest.starts_with('=')).then(|| word(name))?
        }
        _ => None,
    }
}

impl Callable {
    /// Says why a call does not fit.
    fn check(&self, call: &CallShape) -> Option<String> {
        let takes_names = self.parameters.iter().any(|taken| taken.takes_names);
        let any = self.parameters.iter().any(|taken| taken.is_variadic);
        let has_keywords = takes_names || self.parameters.iter().any(|taken| taken.by_name);
        let (mut positional, mut named) = (call.positional, call.named.as_slice());
        if self.language == "ruby" && !named.is_empty() && !has_keywords {
            // Names without keywords to take them are one map.
            positional += 1;
            named = &[];
        }
        let places: Vec<&Taken> = self
            .parameters
            .iter()
            .filter(|taken| taken.by_place && !taken.is_variadic && !taken.takes_names)
            .collect();
        if positional > places.len() && !any && !LENIENT.contains(&self.language) {
            return Some(format!(
                "takes {} and is given {positional}",
                count(places.len())
            ));
        }
        for name in named {
            let is_taken = self
                .parameters
                .iter()
                .any(|taken| taken.by_name && taken.name == *name && !taken.is_variadic);
            if !is_taken && !takes_names {
                return Some(format!("has no parameter `{name}`"));
            }
            let place = places.iter().position(|taken| taken.name == *name);
            if place.is_some_and(|place| place < positional) {
                return Some(format!("is given `{name}` twice"));
            }
        }
        if self.language == "javascript" {
            return None;
        }
        self.parameters
            .iter()
            .filter(|taken| taken.is_required)
            .find(|taken| {
                let place = places.iter().position(|one| one.name == taken.name);
                let is_placed = taken.by_place && place.is_some_and(|place| place < positional);
                !is_placed && !named.contains(&taken.name)
            })
            .map(|taken| format!("demands `{}`, which is not given", taken.name))
    }

    /// Says which argument now goes to another parameter: the one that it went to is
    /// still there, at another place.
    fn shifted(&self, call: &CallShape, base: &Self) -> Option<String> {
        let at = |callable: &Self, name: &str| {
            callable
                .parameters
                .iter()
                .position(|taken| taken.name == name && taken.by_place)
        };
        let old = base.parameters.iter().take(call.positional).enumerate();
        for (place, before) in old {
            let now = self.parameters.get(place)?;
            if before.name.len() < 2 || before.is_variadic || now.name == before.name {
                continue;
            }
            if at(self, &before.name).is_some_and(|moved| moved != place)
                && at(base, &now.name) != Some(place)
            {
                return Some(format!(
                    "takes `{}` where it took `{}`",
                    now.name, before.name
                ));
            }
        }
        None
    }
}

fn count(number: usize) -> String {
    match number {
        0 => "no arguments".to_owned(),
        1 => "1 argument".to_owned(),
        number => format!("{number} arguments"),
    }
}
