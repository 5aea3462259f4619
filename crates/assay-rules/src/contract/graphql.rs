//! GraphQL schemas: what a query may ask for, what it must hand in, and what
//! may come back as nothing.

use std::collections::BTreeMap;

use assay_finding::{Confidence, Severity};
use assay_source::Span;
use assay_syntax::{NodeRef, SyntaxTree};

use super::{CHANGED, Losses, REMOVED, STRICTER, WEAKER};

/// Members of one schema.
const MEMBERS_MAX: usize = 100_000;

/// All that a file defines, extensions put to what they extend.
#[derive(Default)]
struct Schema<'t> {
    types: BTreeMap<&'t str, Type<'t>>,
    directives: BTreeMap<&'t str, Member<'t>>,
    roots: BTreeMap<&'t str, (&'t str, Span)>,
}

struct Type<'t> {
    kind: &'static str,
    span: Span,
    is_extended_only: bool,
    members: BTreeMap<&'t str, Member<'t>>,
    /// Members of a union or interfaces of a type.
    names: BTreeMap<&'t str, Span>,
    is_deprecated: bool,
}

/// A field, a value of an enumeration or an argument.
#[derive(Clone)]
struct Member<'t> {
    span: Span,
    kind: Option<NodeRef<'t>>,
    has_default: bool,
    is_deprecated: bool,
    arguments: BTreeMap<&'t str, Member<'t>>,
}

/// Compares two schemas.
pub(super) fn compare(old: &SyntaxTree, new: &SyntaxTree, losses: &mut Losses) {
    let (before, after) = (read(old), read(new));
    // What was not understood may hold what seems to be gone.
    let is_doubtful = new.errors().len() > old.errors().len();
    losses.declares = after.types.keys().map(|name| (*name).to_owned()).collect();
    for (name, was) in &before.types {
        let Some(now) = after.types.get(name) else {
            let loss = losses.add(REMOVED, *name, "is gone", Some(was.span), None);
            loss.moves_as(name);
            if was.is_deprecated || is_doubtful || was.is_extended_only {
                loss.confidence(Confidence::Low);
            }
            continue;
        };
        if was.kind != now.kind {
            let detail = format!("is now of the kind `{}` and was `{}`", now.kind, was.kind);
            losses.add(CHANGED, *name, detail, Some(was.span), Some(now.span));
            continue;
        }
        compare_types(name, was, now, &after, is_doubtful, losses);
    }
    for (name, was) in &before.directives {
        let shown = format!("@{name}");
        match after.directives.get(name) {
            Some(now) => arguments(&shown, was, now, losses),
            None => {
                let loss = losses.add(REMOVED, shown, "is gone", Some(was.span), None);
                loss.moves_as(&format!("@{name}"));
            }
        }
    }
    let all = after.directives.keys().map(|name| format!("@{name}"));
    losses.declares.extend(all);
    for (operation, (name, span)) in &before.roots {
        if !after.roots.is_empty() && !after.roots.contains_key(operation) {
            let detail = format!("is no longer where each {operation} begins");
            losses.add(REMOVED, *name, detail, Some(*span), None);
        }
    }
}

fn compare_types(
    name: &str,
    was: &Type<'_>,
    now: &Type<'_>,
    after: &Schema<'_>,
    is_doubtful: bool,
    losses: &mut Losses,
) {
    for (member, one) in &was.members {
        let shown = format!("{name}.{member}");
        let Some(other) = now.members.get(member) else {
            let detail = "is gone";
            let loss = losses.add(REMOVED, &shown, detail, Some(one.span), None);
            if one.is_deprecated {
                loss.severity(Severity::Low);
            }
            if is_doubtful || one.is_deprecated {
                loss.confidence(Confidence::Low);
            }
            continue;
        };
        if let (Some(before), Some(now)) = (one.kind, other.kind) {
            let places = (Some(one.span), Some(other.span));
            match was.kind {
                "input" => input(&shown, [before, now], other.has_default, places, losses),
                _ => output(&shown, [before, now], after, places, losses),
            }
        }
        arguments(&shown, one, other, losses);
    }
    for (member, other) in &now.members {
        let demanded = was.kind == "input"
            && !was.members.contains_key(member)
            && !other.has_default
            && other.kind.is_some_and(is_non_null);
        if demanded {
            let shown = format!("{name}.{member}");
            let detail = "is new and required";
            losses.add(STRICTER, shown, detail, None, Some(other.span));
        }
    }
    for (other, span) in &was.names {
        if !now.names.contains_key(other) {
            let detail = match was.kind {
                "union" => format!("no longer has `{other}` among its members"),
                _ => format!("no longer implements `{other}`"),
            };
            losses.add(REMOVED, name, detail, Some(*span), Some(now.span));
        }
    }
}

fn arguments(shown: &str, was: &Member<'_>, now: &Member<'_>, losses: &mut Losses) {
    for (argument, one) in &was.arguments {
        let name = format!("{shown}({argument})");
        match now.arguments.get(argument) {
            Some(other) => {
                if let (Some(before), Some(after)) = (one.kind, other.kind) {
                    let places = (Some(one.span), Some(other.span));
                    input(&name, [before, after], other.has_default, places, losses);
                }
            }
            None => {
                let loss = losses.add(REMOVED, name, "is gone", Some(one.span), Some(now.span));
                if one.is_deprecated {
                    loss.severity(Severity::Low).confidence(Confidence::Low);
                }
            }
        }
    }
    for (argument, other) in &now.arguments {
        let is_new = !was.arguments.contains_key(argument);
        if is_new && !other.has_default && other.kind.is_some_and(is_non_null) {
            let name = format!("{shown}({argument})");
            losses.add(
                STRICTER,
                name,
                "is new and required",
                None,
                Some(other.span),
            );
        }
    }
}

type Places = (Option<Span>, Option<Span>);

/// What comes back may become more exact: `T` to `T!`.
fn output(
    shown: &str,
    [was, now]: [NodeRef<'_>; 2],
    after: &Schema<'_>,
    places: Places,
    losses: &mut Losses,
) {
    let (before, now) = (plain(was), plain(now));
    match fits_output(&before, &now, after) {
        Fit::Same => {}
        Fit::Nullable => {
            let detail = format!("may now be nothing: it is `{now}` and was `{before}`");
            losses.add(WEAKER, shown, detail, places.0, places.1);
        }
        Fit::Other => {
            let detail = format!("is `{now}` and was `{before}`");
            losses.add(CHANGED, shown, detail, places.0, places.1);
        }
    }
}

/// What is handed in may become less exact: `T!` to `T`.
fn input(
    shown: &str,
    [was, now]: [NodeRef<'_>; 2],
    has_default: bool,
    places: Places,
    losses: &mut Losses,
) {
    let (before, now) = (plain(was), plain(now));
    // A default stands in for what is not handed in.
    let compared = match has_default {
        true => now.strip_suffix('!').unwrap_or(&now),
        false => &now,
    };
    match fits_input(&before, compared) {
        Fit::Same => {}
        Fit::Nullable => {
            let detail = format!("no longer accepts nothing: it is `{now}` and was `{before}`");
            losses.add(STRICTER, shown, detail, places.0, places.1);
        }
        Fit::Other => {
            let detail = format!("is `{now}` and was `{before}`");
            losses.add(CHANGED, shown, detail, places.0, places.1);
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fit {
    Same,
    Nullable,
    Other,
}

fn inner_of_list(text: &str) -> Option<&str> {
    text.strip_prefix('[')?.strip_suffix(']')
}

fn fits_output(was: &str, now: &str, after: &Schema<'_>) -> Fit {
    let (before, is_sure) = split(was);
    let (current, is_sure_now) = split(now);
    let fit = match (inner_of_list(before), inner_of_list(current)) {
        (Some(before), Some(now)) => fits_output(before, now, after),
        (None, None) if before == current => Fit::Same,
        (None, None) => {
            // One of the types that the wider one stands for is as good.
            let is_one = after
                .types
                .get(before)
                .is_some_and(|wide| wide.kind == "union" && wide.names.contains_key(current))
                || after.types.get(current).is_some_and(|narrow| {
                    narrow.kind != "union" && narrow.names.contains_key(before)
                });
            if is_one { Fit::Same } else { Fit::Other }
        }
        _ => Fit::Other,
    };
    match fit {
        Fit::Same if is_sure && !is_sure_now => Fit::Nullable,
        fit => fit,
    }
}

fn fits_input(was: &str, now: &str) -> Fit {
    let (before, is_sure) = split(was);
    let (current, is_sure_now) = split(now);
    let fit = match (inner_of_list(before), inner_of_list(current)) {
        (Some(before), Some(now)) => fits_input(before, now),
        (None, None) if before == current => Fit::Same,
        // A single value is taken as a list of one.
        (None, Some(inner)) if split(inner).0 == before => Fit::Same,
        _ => Fit::Other,
    };
    match fit {
        Fit::Same if !is_sure && is_sure_now => Fit::Nullable,
        fit => fit,
    }
}

fn split(text: &str) -> (&str, bool) {
    match text.strip_suffix('!') {
        Some(inner) => (inner, true),
        None => (text, false),
    }
}

fn plain(node: NodeRef<'_>) -> String {
    node.text()
        .chars()
        .filter(|c| !c.is_whitespace() && *c != ',')
        .collect()
}

fn is_non_null(node: NodeRef<'_>) -> bool {
    node.text().trim_end().ends_with('!')
}

fn read(tree: &SyntaxTree) -> Schema<'_> {
    let mut schema = Schema::default();
    let mut members = 0usize;
    for node in tree.nodes() {
        let kind = node.kind();
        if kind == "root_operation_type_definition" {
            let mut parts = node.named_children();
            if let (Some(operation), Some(name)) = (parts.next(), parts.next()) {
                schema
                    .roots
                    .insert(operation.text(), (name.text(), name.span()));
            }
            continue;
        }
        if kind == "directive_definition" {
            if let Some(member) = member(node) {
                schema.directives.insert(member.0, member.1);
            }
            continue;
        }
        let word = match kind {
            "scalar_type_definition" | "scalar_type_extension" => "scalar",
            "object_type_definition" | "object_type_extension" => "type",
            "interface_type_definition" | "interface_type_extension" => "interface",
            "union_type_definition" | "union_type_extension" => "union",
            "enum_type_definition" | "enum_type_extension" => "enum",
            "input_object_type_definition" | "input_object_type_extension" => "input",
            _ => continue,
        };
        let Some(name) = child_of(node, "name") else {
            continue;
        };
        let is_extension = kind.ends_with("_extension");
        let known = schema.types.entry(name.text()).or_insert_with(|| Type {
            kind: word,
            span: name.span(),
            is_extended_only: is_extension,
            members: BTreeMap::new(),
            names: BTreeMap::new(),
            is_deprecated: is_deprecated(node),
        });
        if !is_extension {
            known.span = name.span();
            known.is_extended_only = false;
        }
        for part in node.named_children() {
            match part.kind() {
                "fields_definition" | "input_fields_definition" | "enum_values_definition" => {
                    let inner = part.named_children().filter_map(member);
                    let room = MEMBERS_MAX.saturating_sub(members);
                    let before = known.members.len();
                    known.members.extend(inner.take(room));
                    members += known.members.len() - before;
                }
                "union_member_types" | "implements_interfaces" => {
                    let names = part.subtree().filter(|part| part.kind() == "named_type");
                    known
                        .names
                        .extend(names.map(|name| (name.text().trim(), name.span())));
                }
                _ => {}
            }
        }
    }
    schema
}

fn child_of<'t>(node: NodeRef<'t>, kind: &str) -> Option<NodeRef<'t>> {
    node.named_children().find(|child| child.kind() == kind)
}

fn is_deprecated(node: NodeRef<'_>) -> bool {
    child_of(node, "directives").is_some_and(|list| list.text().contains("@deprecated"))
}

fn member(node: NodeRef<'_>) -> Option<(&str, Member<'_>)> {
    let name = child_of(node, "name").or_else(|| child_of(node, "enum_value"))?;
    let arguments = child_of(node, "arguments_definition");
    let inner = arguments
        .into_iter()
        .flat_map(NodeRef::named_children)
        .filter_map(member);
    let read = Member {
        span: name.span(),
        kind: child_of(node, "type"),
        has_default: child_of(node, "default_value").is_some(),
        is_deprecated: is_deprecated(node),
        arguments: inner.collect(),
    };
    Some((name.text().trim(), read))
}
