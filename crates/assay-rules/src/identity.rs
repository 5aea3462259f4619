//! What makes a finding the same when code moves: tokens without white space
//! and comments, and the names of the symbols around it.

use assay_finding::IdentityHasher;
use assay_syntax::{NodeRef, Role, RoleSet};

use crate::query::pieces;

/// So many tokens of a finding's code make its identity; the rest of a long
/// piece of code adds nothing that names and numbers do not tell apart.
const TOKENS_MAX: usize = 256;

/// A qualified name has at most so many parts; the outermost are left out.
const SYMBOL_PARTS_MAX: usize = 16;

/// The ancestors that are looked at for the symbols around a node.
const ANCESTORS_MAX: usize = 4_096;

const NAMED_PLACES: RoleSet = RoleSet::of(&[Role::Function, Role::Class, Role::Module]);

/// Adds the tokens under a node, so that another layout of the same code gives
/// the same identity: white space and comments do not count, nor do what
/// formatters add and take away (commas, semicolons, brackets around things),
/// nor the kind of quote. The name `without` is left out where it first stands.
pub(crate) fn add_tokens(hasher: &mut IdentityHasher, node: NodeRef<'_>, without: Option<&str>) {
    let mut token = String::new();
    let mut without = without;
    let mut left = TOKENS_MAX;
    for piece in pieces(node) {
        if without == Some(piece) {
            // The name stands first; later it is a call of itself.
            without = None;
            continue;
        }
        if normalise(piece, &mut token) {
            hasher.part(&token);
            left -= 1;
            if left == 0 {
                return;
            }
        }
    }
}

/// Adds a text without its white space.
pub(crate) fn add_text(hasher: &mut IdentityHasher, text: &str) {
    let mut token = String::new();
    if normalise(text, &mut token) {
        hasher.part(&token);
    }
}

/// Longer tokens (string contents) are cut.
const TOKEN_BYTES_MAX: usize = 512;

fn normalise(text: &str, token: &mut String) -> bool {
    token.clear();
    let text = &text[..text.floor_char_boundary(TOKEN_BYTES_MAX)];
    if matches!(text, "," | ";" | "(" | ")" | "\\") {
        return false;
    }
    token.extend(
        text.chars()
            .filter(|c| !c.is_whitespace())
            .map(|c| if c == '\'' { '"' } else { c }),
    );
    !token.is_empty()
}

/// Returns the qualified name of the innermost function, class or module that
/// has the node in it or is it, such as `Parser.parse`.
pub(crate) fn qualified_name(node: NodeRef<'_>) -> Option<String> {
    let mut parts: Vec<&str> = places(node)
        .map(|place| {
            place.name().unwrap_or(if place.has(Role::Function) {
                "<lambda>"
            } else {
                "<class>"
            })
        })
        .take(SYMBOL_PARTS_MAX)
        .collect();
    parts.reverse();
    (!parts.is_empty()).then(|| parts.join("."))
}

/// Returns the name of the innermost symbol around the node that has a name.
pub(crate) fn innermost_name<'t>(node: NodeRef<'t>) -> Option<&'t str> {
    places(node).find_map(NodeRef::name)
}

fn places<'t>(node: NodeRef<'t>) -> impl Iterator<Item = NodeRef<'t>> {
    std::iter::once(node)
        .chain(node.ancestors())
        .take(ANCESTORS_MAX)
        .filter(|place| place.has_any(NAMED_PLACES))
}
