//! What a file offers to others, and what a change takes away from them.
//!
//! [`surface`] lists what is public by the language's own idea of it;
//! [`compare_surfaces`] says what users of the base cannot do with the head.

mod call;
mod compare;
mod complete;
mod header;
mod member;
mod public;
mod raised;

use assay_source::{RepoPath, Span};
use assay_syntax::{ParsedFile, Symbol, SymbolKind, symbols};

pub use call::{CallShape, Callable, call_at, callable_at, misfit};
use compare::any_case;
pub use compare::{Break, BreakKind, compare_surfaces};

/// Items of one file.
const ITEMS_MAX: usize = 20_000;

/// What one file offers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Surface {
    /// What is public, in the order of the text.
    pub items: Vec<SurfaceItem>,
    /// Every name that the file declares or hands on, public or not; sorted.
    pub names: Vec<String>,
    /// Names from elsewhere that can be reached through the file as well.
    pub handed_on: Vec<String>,
    /// Whether more may be reached through it than it names: `from a import *`.
    pub is_open: bool,
}

/// One thing that others may use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SurfaceItem {
    /// What it is, in a word.
    pub kind: &'static str,
    /// The name through the classes around it.
    pub name: String,
    /// The name of the class around it, when that is public as well.
    pub owner: Option<String>,
    /// Whether whoever implements the owner must provide it.
    pub is_required: bool,
    /// How it is called; none for what is not called.
    pub signature: Option<Signature>,
    /// For a class, what stands between its name and its body: what it extends.
    pub heritage: String,
    /// Whether others may build it, or match all of it, by its parts (Rust).
    pub is_complete: bool,
    /// Whether it said that it will go.
    pub is_deprecated: bool,
    /// Where it is declared.
    pub span: Span,
}

/// How a function is called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signature {
    /// What is handed in, in order.
    pub parameters: Vec<SurfaceParameter>,
    /// What comes back, as it is written; none when it is not.
    pub result: Option<String>,
    /// What it says that it throws.
    pub throws: Vec<String>,
    /// What it raises itself (Python).
    pub raises: Vec<String>,
    /// Whether callers name the parameters (Python, Kotlin, Ruby, ...).
    pub by_name: bool,
    /// Whether the types that are written must hold.
    pub is_typed: bool,
}

/// One parameter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SurfaceParameter {
    /// Its name.
    pub name: String,
    /// Its type as it is written; empty when it is not.
    pub type_text: String,
    /// Its default as it is written; empty for a parameter that is optional in
    /// another way.
    pub default: Option<String>,
    /// Whether it takes any number of values.
    pub is_variadic: bool,
}

/// Lists what a file offers; none for a language or a path that offers nothing.
pub fn surface(path: &RepoPath, parsed: &ParsedFile) -> Option<Surface> {
    let tree = parsed.trees.first()?;
    let language = tree.language().id().as_str();
    let rules = public::rules_of(language, path)?;
    let exports = public::Exports::of(tree, language);
    let mut surface = Surface::default();
    let mut found = symbols(tree);
    if language == "php" {
        without_namespaces(&mut found);
    }
    let mut is_public = vec![false; found.len()];
    let mut remarks = vec![public::Remark::default(); found.len()];
    for (at, symbol) in found.iter().enumerate().take(ITEMS_MAX) {
        let owner = symbol.enclosing.map(|around| &found[around]);
        let owner_is_public = symbol.enclosing.is_none_or(|around| is_public[around]);
        surface.names.push(symbol.qualified_name.clone());
        // What a function holds is its own.
        let is_inside = owner.is_some_and(|owner| owner.kind.is_function());
        let node = tree.node(symbol.node);
        is_public[at] = !is_inside
            && owner_is_public
            && !symbol.name.is_empty()
            && rules.is_public(node, symbol, owner, &exports);
        if !is_public[at] || matches!(symbol.kind, SymbolKind::Module) {
            continue;
        }
        let around = symbol.enclosing.map(|around| remarks[around]);
        let remark = public::remark(node).within(around.unwrap_or_default());
        remarks[at] = remark;
        if remark.is_internal {
            // It is there, also for whoever was told otherwise before.
            surface.handed_on.push(symbol.qualified_name.clone());
            continue;
        }
        surface.items.push(SurfaceItem {
            kind: rules.kind_of(node, symbol),
            name: symbol.qualified_name.clone(),
            owner: owner
                .filter(|owner| owner.kind == SymbolKind::Class)
                .map(|owner| owner.qualified_name.clone()),
            is_required: owner
                .is_some_and(|owner| rules.is_required(node, symbol, tree.node(owner.node))),
            heritage: match symbol.kind {
                // What a structure of Go holds is no class that it extends.
                SymbolKind::Class if !matches!(language, "go" | "rust" | "c") => {
                    header::heritage(node, symbol)
                }
                _ => String::new(),
            },
            is_complete: language == "rust" && complete::is_complete(node),
            is_deprecated: remark.is_deprecated,
            signature: (is_called(symbol) && !public::is_command(node))
                .then(|| header::signature(node, symbol, language)),
            span: symbol.name_span.unwrap_or(symbol.span),
        });
    }
    for (kind, name, owner, span) in member::further(tree, language, &exports) {
        surface.names.push(name.clone());
        // What a module of Python imports is offered by the face of its package.
        surface.handed_on.push(name.clone());
        let is_demanded = member::DEMANDED.contains(&kind);
        if let Some(item) = surface.items.iter_mut().find(|item| item.name == name) {
            item.is_required |= is_demanded;
            item.owner = item.owner.take().or(owner);
            continue;
        }
        let known = |owner: &String| surface.items.iter().any(|item| item.name == *owner);
        let is_face = language != "python" || path.file_name() == b"__init__.py";
        if is_face && owner.as_ref().is_none_or(known) {
            surface.items.push(SurfaceItem {
                kind,
                name,
                owner,
                is_required: is_demanded,
                heritage: String::new(),
                is_complete: false,
                is_deprecated: false,
                signature: None,
                span,
            });
        }
    }
    surface.is_open = exports.is_open;
    surface.handed_on.extend(exports.imported);
    surface.handed_on.extend(exports.given);
    surface.handed_on.extend(member::reached(tree, language));
    if language == "php" {
        let names = surface.items.iter().filter(|item| item.signature.is_some());
        surface
            .handed_on
            .extend(names.map(|item| any_case(&item.name)).collect::<Vec<_>>());
    }
    surface.names.sort_unstable();
    surface.names.dedup();
    Some(surface)
}

/// A namespace of PHP is written around its classes or before them, which is nothing to
/// those who use them.
fn without_namespaces(found: &mut [Symbol]) {
    for at in 0..found.len() {
        let mut outer = found[at].enclosing;
        while let Some(around) = outer {
            if found[around].kind == SymbolKind::Module {
                let name = found[at].qualified_name.clone();
                let rest = name
                    .strip_prefix(&found[around].qualified_name)
                    .and_then(|rest| rest.strip_prefix('.'));
                if let Some(rest) = rest {
                    found[at].qualified_name = rest.to_owned();
                }
            }
            outer = found[around].enclosing;
        }
    }
}

fn is_called(symbol: &Symbol) -> bool {
    symbol.kind.is_function() || symbol.kind == SymbolKind::Signature
}

#[cfg(test)]
mod tests;
