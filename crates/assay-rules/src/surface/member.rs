//! What is public, or can be reached, and is no symbol of its own: exports, members of
//! enumerations, types and variables of Go, names that Ruby makes with a call.

use assay_source::Span;
use assay_syntax::{NodeRef, Role, SyntaxTree};

use super::complete::is_non_exhaustive;
use super::public::Exports;

type Further = (&'static str, String, Option<String>, Span);

/// The kinds of members that whoever implements or handles the owner must have.
pub(super) const DEMANDED: &[&str] = &["interface method", "variant"];

/// A `match` in Rust must name every variant, unless the enumeration forbids it.
fn kind_of_member(node: NodeRef<'_>) -> &'static str {
    let owner = node
        .ancestors()
        .take(4)
        .find(|around| around.kind() == "enum_item");
    let Some(owner) = owner else {
        return "enumeration member";
    };
    if is_non_exhaustive(owner) {
        return "enumeration member";
    }
    "variant"
}

/// The methods of an interface of Go that others may implement.
fn interface_methods(node: NodeRef<'_>, owner: &str, found: &mut Vec<Further>) {
    let Some(interface) = node
        .named_children()
        .find(|child| child.kind() == "interface_type")
    else {
        return;
    };
    let methods: Vec<(&str, Span)> = interface
        .named_children()
        .filter(|part| matches!(part.kind(), "method_elem" | "method_spec"))
        .filter_map(|part| Some((part.name()?, part.span())))
        .collect();
    // With a method of its own nobody else can implement it.
    let is_open = methods
        .iter()
        .all(|(name, _)| name.starts_with(char::is_uppercase));
    for (name, span) in methods.into_iter().filter(|_| is_open) {
        let owner_name = Some(owner.to_owned());
        found.push((
            "interface method",
            format!("{owner}.{name}"),
            owner_name,
            span,
        ));
    }
}

/// Lists what is public and is no symbol: exports, members of enumerations, types of Go.
pub(super) fn further(tree: &SyntaxTree, language: &str, exports: &Exports) -> Vec<Further> {
    let mut found: Vec<Further> = Vec::new();
    let hidden = |name: &str| name.starts_with('_');
    for (name, span) in &exports.handed_on {
        let listed = exports.all.as_ref().is_none_or(|all| all.contains(name));
        if !hidden(name) && listed {
            found.push(("export", name.clone(), None, *span));
        }
    }
    for (name, span) in &exports.members {
        found.push(("member", name.clone(), None, *span));
    }
    for node in tree.nodes() {
        let is_member = matches!(
            node.kind(),
            "enum_constant"
                | "enum_variant"
                | "enum_member_declaration"
                | "enum_assignment"
                | "enum_entry"
                | "enum_case"
        );
        if is_member {
            let owner = node
                .ancestors()
                .take(6)
                .find(|around| around.has(Role::Class));
            let name = node
                .name()
                .or_else(|| node.named_children().next().map(NodeRef::text));
            if let (Some(owner), Some(name)) = (owner.and_then(NodeRef::name), name) {
                found.push((
                    kind_of_member(node),
                    format!("{owner}.{name}"),
                    Some(owner.to_owned()),
                    node.span(),
                ));
            }
        }
        if node.kind() == "type_alias_declaration"
            && node
                .parent()
                .is_some_and(|around| around.kind() == "export_statement")
        {
            let name = node.name().map(str::to_owned);
            found.extend(name.map(|name| ("type", name, None, node.span())));
        }
        if language == "go"
            && node.kind() == "type_spec"
            && node
                .ancestors()
                .take(3)
                .any(|around| around.kind() == "source_file")
        {
            let name = node
                .name()
                .filter(|name| name.starts_with(char::is_uppercase));
            if let Some(name) = name {
                found.push(("type", name.to_owned(), None, node.span()));
                interface_methods(node, name, &mut found);
            }
        }
    }
    if language == "go" {
        found.extend(tree.nodes().flat_map(variables_of_go));
    }
    found
}

/// The variables and constants of a package: a function may become one, and is called alike.
fn variables_of_go(node: NodeRef<'_>) -> Vec<Further> {
    let kind = match node.kind() {
        "var_spec" => "variable",
        "const_spec" => "constant",
        _ => return Vec::new(),
    };
    let is_outside = node
        .ancestors()
        .take(3)
        .any(|around| around.kind() == "source_file");
    let names = node
        .named_children()
        .take_while(|child| child.kind() == "identifier");
    names
        .filter(|name| is_outside && name.text().starts_with(char::is_uppercase))
        .map(|name| (kind, name.text().to_owned(), None, name.span()))
        .collect()
}

/// Lists what can be reached under a name that no declaration has: it is not gone.
pub(super) fn reached(tree: &SyntaxTree, language: &str) -> Vec<String> {
    match language {
        "ruby" => tree.nodes().flat_map(made_by_ruby).collect(),
        "php" => tree.nodes().filter_map(promoted).collect(),
        _ => Vec::new(),
    }
}

/// Calls of Ruby that make methods of the names that they are given.
const MAKERS: &[&str] = &[
    "alias_method",
    "define_method",
    "def_delegator",
    "def_delegators",
    "def_instance_delegator",
    "def_instance_delegators",
    "delegate",
    "attr_reader",
    "attr_writer",
    "attr_accessor",
    "attr",
];
/// Names that one call makes.
const MADE_MAX: usize = 64;

/// `alias a b`, `alias_method :a, :b`, `Error = Other`.
fn made_by_ruby(node: NodeRef<'_>) -> Vec<String> {
    let within = || {
        let mut owners: Vec<&str> = node
            .ancestors()
            .filter(|around| matches!(around.kind(), "class" | "module"))
            .filter_map(NodeRef::name)
            .collect();
        owners.reverse();
        owners.join(".").replace("::", ".")
    };
    let names: Vec<&str> = match node.kind() {
        "alias" => node.named_children().take(1).map(NodeRef::text).collect(),
        "assignment" => {
            let left = node.named_children().next();
            left.filter(|left| left.kind() == "constant")
                .map(NodeRef::text)
                .into_iter()
                .collect()
        }
        "call" => {
            let mut parts = node.named_children();
            let is_maker = parts
                .next()
                .is_some_and(|name| MAKERS.contains(&name.text()));
            let given = parts.filter(|_| is_maker).flat_map(NodeRef::named_children);
            given
                .take(MADE_MAX)
                .filter(|name| matches!(name.kind(), "simple_symbol" | "string"))
                .map(|name| name.text().trim_matches([':', '"', '\'']))
                .collect()
        }
        _ => return Vec::new(),
    };
    let owner = match names.is_empty() {
        true => return Vec::new(),
        false => within(),
    };
    let whole = |name: &str| match owner.as_str() {
        "" => name.to_owned(),
        owner => format!("{owner}.{name}"),
    };
    names
        .into_iter()
        .flat_map(|name| [whole(name), whole(&format!("{name}="))])
        .collect()
}

/// `__construct(public $a)` declares a property.
fn promoted(node: NodeRef<'_>) -> Option<String> {
    if node.kind() != "property_promotion_parameter" {
        return None;
    }
    let is_hidden = ["private", "protected"]
        .iter()
        .any(|word| node.text().starts_with(word));
    let name = node
        .text()
        .split(['=', ','])
        .next()?
        .trim()
        .rsplit(' ')
        .next()?;
    let class = node.ancestor_with(Role::Class).and_then(NodeRef::name)?;
    (!is_hidden).then(|| format!("{class}.{}", name.trim_start_matches('&')))
}
