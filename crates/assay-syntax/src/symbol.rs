//! What a file declares and what it imports: one linear pass over its tree.
//!
//! A symbol's qualified name goes through the classes, modules and functions
//! around it, so that it stays the same when lines move. Fingerprints, metrics
//! and the code graph start from these.

use assay_source::Span;

use crate::role::{Field, Role, RoleSet};
use crate::tree::{NodeId, NodeRef, SyntaxTree};

/// What a symbol is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SymbolKind {
    /// A function with a body that belongs to no class.
    Function,
    /// A function with a body that belongs to a class.
    Method,
    /// A constructor with a body.
    Constructor,
    /// A function that is a value.
    Lambda,
    /// A signature without a body: an abstract method, a prototype.
    Signature,
    /// A class, structure, interface, trait, enumeration or object.
    Class,
    /// A module, namespace or package block.
    Module,
    /// A field, property or constant of a class.
    Field,
}

impl SymbolKind {
    /// Returns the word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Function => "function",
            Self::Method => "method",
            Self::Constructor => "constructor",
            Self::Lambda => "lambda",
            Self::Signature => "signature",
            Self::Class => "class",
            Self::Module => "module",
            Self::Field => "field",
        }
    }

    /// Returns whether it is code with a body that runs.
    pub fn is_function(self) -> bool {
        matches!(
            self,
            Self::Function | Self::Method | Self::Constructor | Self::Lambda
        )
    }
}

/// One declared thing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Symbol {
    /// What it is.
    pub kind: SymbolKind,
    /// Its own name; empty when it has none.
    pub name: String,
    /// The name through everything around it, joined with `.`; a nameless part
    /// goes by its kind: `<lambda>`, `<class>`.
    pub qualified_name: String,
    /// All of it.
    pub span: Span,
    /// The name in the text.
    pub name_span: Option<Span>,
    /// The names of the parameters in order, the receiver excluded; one that
    /// has no name is `_`.
    pub parameters: Vec<String>,
    /// The node in the tree.
    pub node: NodeId,
    /// The index of the symbol around it in the same list.
    pub enclosing: Option<usize>,
}

/// One module that a file imports, includes or requires.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Import {
    /// The module, path or name as the text gives it, without quotes.
    pub module: String,
    /// Where that stands.
    pub span: Span,
    /// The import in the tree.
    pub node: NodeId,
}

/// A qualified name that grew longer than this starts anew, so that names stay
/// linear in the size of a file that nests without end.
const QUALIFIED_NAME_BYTES_MAX: usize = 512;

const SYMBOL_ROLES: RoleSet = RoleSet::of(&[
    Role::Function,
    Role::Signature,
    Role::Class,
    Role::Module,
    Role::FieldDeclaration,
]);

/// Returns what a tree declares, in the order of the text.
pub fn symbols(tree: &SyntaxTree) -> Vec<Symbol> {
    let mut found: Vec<Symbol> = Vec::new();
    // The symbols that the walk is inside of.
    let mut open: Vec<usize> = Vec::new();
    for node in tree.nodes() {
        if !node.has_any(SYMBOL_ROLES) {
            continue;
        }
        while let Some(&last) = open.last()
            && !tree.node(found[last].node).encloses(node)
        {
            open.pop();
        }
        let mut enclosing = open.last().copied();
        if let Some(field) = enclosing
            && found[field].kind == SymbolKind::Field
            && node.has(Role::Lambda)
            && node.name_node().map(NodeRef::span) == found[field].name_span
        {
            // A lambda that is the value of a field shares the field's name.
            enclosing = found[field].enclosing;
        }
        let kind = kind_of(node, enclosing.map(|index| found[index].kind));
        if kind == SymbolKind::Field {
            for name in node.declared_names() {
                found.push(symbol(node, kind, Some(name), &found, enclosing));
                open.push(found.len() - 1);
            }
            continue;
        }
        let made = symbol(node, kind, node.name_node(), &found, enclosing);
        open.push(found.len());
        found.push(made);
    }
    found
}

fn kind_of(node: NodeRef<'_>, enclosing: Option<SymbolKind>) -> SymbolKind {
    if node.has(Role::Class) {
        SymbolKind::Class
    } else if node.has(Role::Module) {
        SymbolKind::Module
    } else if node.has(Role::FieldDeclaration) && !node.has(Role::Function) {
        SymbolKind::Field
    } else if node.has(Role::Signature) {
        SymbolKind::Signature
    } else if node.has(Role::Lambda) {
        SymbolKind::Lambda
    } else if node.has(Role::Constructor) {
        SymbolKind::Constructor
    } else if node.has(Role::Method)
        || matches!(enclosing, Some(SymbolKind::Class | SymbolKind::Field))
    {
        SymbolKind::Method
    } else {
        SymbolKind::Function
    }
}

fn symbol(
    node: NodeRef<'_>,
    kind: SymbolKind,
    name_node: Option<NodeRef<'_>>,
    found: &[Symbol],
    enclosing: Option<usize>,
) -> Symbol {
    // A module may be named by a string; a field, where it is named by a symbol
    // or a key, is `:name` or `name:`.
    let name = name_node.map_or("", |name| name.text().trim_matches(['"', '\'', ' ']));
    let name = match kind {
        SymbolKind::Field => name.trim_matches(':'),
        _ => name,
    };
    let own = match name {
        "" => format!("<{}>", kind.as_str()),
        name => name.replace("::", ".").replace('\\', "."),
    };
    let mut qualified_name = String::new();
    if let Some(around) = enclosing.map(|index| &found[index].qualified_name)
        && around.len() <= QUALIFIED_NAME_BYTES_MAX
    {
        qualified_name.push_str(around);
        qualified_name.push('.');
    }
    if let Some(receiver) = receiver_type(node) {
        qualified_name.push_str(receiver);
        qualified_name.push('.');
    }
    qualified_name.push_str(&own);
    let parameters = match kind {
        SymbolKind::Module | SymbolKind::Field => Vec::new(),
        _ => node
            .parameters()
            .into_iter()
            .map(|parameter| parameter_name(parameter).to_owned())
            .collect(),
    };
    Symbol {
        kind,
        name: name.to_owned(),
        qualified_name,
        span: node.span(),
        name_span: name_node.map(NodeRef::span),
        parameters,
        node: node.id(),
        enclosing,
    }
}

/// Returns the type that a function outside of its class says it belongs to
/// (`func (s *Server) Start()`).
fn receiver_type<'t>(node: NodeRef<'t>) -> Option<&'t str> {
    if !node.has_any(const { RoleSet::of(&[Role::Function, Role::Signature]) }) {
        return None;
    }
    node.children()
        .find(|child| child.has(Role::Receiver))?
        .subtree()
        .find(|part| part.has(Role::TypeName))
        .map(NodeRef::text)
}

fn parameter_name<'t>(parameter: NodeRef<'t>) -> &'t str {
    const NO_NAME: RoleSet = RoleSet::of(&[Role::Annotation, Role::TypeName, Role::Type]);
    let inside = || {
        let mut names = parameter
            .children()
            .filter(|child| !matches!(child.field(), Field::Type | Field::Value))
            .filter(|child| !child.has_any(NO_NAME))
            .filter_map(|child| child.subtree().find(|part| part.has(Role::Identifier)));
        let name = names.next()?;
        // What is taken apart at once goes by its whole pattern.
        Some(if names.next().is_some() {
            parameter
        } else {
            name
        })
    };
    let name = match parameter.child(Field::Declarator) {
        Some(_) => parameter.name_node(),
        None => parameter
            .child(Field::Name)
            .or_else(|| parameter.child(Field::Pattern))
            .or_else(|| parameter.child(Field::Left))
            .or_else(|| parameter.has(Role::Identifier).then_some(parameter))
            .or_else(inside),
    };
    name.map_or("_", NodeRef::text)
}

/// Returns what a tree imports, in the order of the text.
pub fn imports(tree: &SyntaxTree) -> Vec<Import> {
    let mut found = Vec::new();
    for node in tree.nodes().filter(|node| node.has(Role::Import)) {
        for span in imported(node) {
            let text = tree.text().slice(span);
            let mut words = text.split_whitespace();
            let mut module = words.next().unwrap_or("").to_owned();
            for word in words {
                module.push(' ');
                module.push_str(word);
            }
            if !module.is_empty() {
                found.push(Import {
                    module,
                    span,
                    node: node.id(),
                });
            }
        }
    }
    found
}

/// Finds the modules in an import: its source, else its first string, else the
/// names in it.
fn imported(node: NodeRef<'_>) -> Vec<Span> {
    let mut source = sources(node);
    if source.is_empty()
        && let Some(arguments) = node.child_with(Role::Arguments)
    {
        source = sources(arguments);
    }
    let source = source.into_iter().fold(None, |span: Option<Span>, child| {
        let start = span.map_or(child.span().start, |span| span.start);
        Some(Span::new(start, child.span().end.max(start)))
    });
    if let Some(span) = source {
        return vec![unquoted(node, span)];
    }
    let string = node.subtree().find(|part| part.has(Role::String));
    if let Some(string) = string {
        return vec![unquoted(node, string.span())];
    }
    if node.has(Role::Call) {
        return Vec::new();
    }
    let names: Vec<_> = node
        .children()
        .filter(|child| child.field() == Field::Name)
        .map(|child| child.child(Field::Name).unwrap_or(child).span())
        .collect();
    if !names.is_empty() {
        return names;
    }
    node.child(Field::Operand)
        .or_else(|| {
            node.named_children()
                .find(|child| !child.has(Role::Annotation) && child.field() != Field::Alias)
        })
        .map(NodeRef::span)
        .into_iter()
        .collect()
}

fn sources(node: NodeRef<'_>) -> Vec<NodeRef<'_>> {
    node.children()
        .filter(|child| child.field() == Field::Source)
        .collect()
}

/// Takes the quotes or angle brackets off.
fn unquoted(node: NodeRef<'_>, span: Span) -> Span {
    const MARKS: [char; 5] = ['"', '\'', '`', '<', '>'];
    let text = node.tree().text().slice(span);
    let start = text.len() - text.trim_start_matches(MARKS).len();
    let end = text.trim_end_matches(MARKS).len().max(start);
    Span::new(span.start + start as u32, span.start + end as u32)
}
