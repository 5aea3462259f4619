//! Which roles a node has: by its kind first, then refined by what is in it
//! and where it stands. Grammars of languages in which everything is a call
//! (Elixir) or a command (shell) say little by kind alone; the refinements in
//! `language.toml` say the rest, so that no code knows a language.

use tree_sitter::Language as Grammar;

use crate::language::Spec;
use crate::role::{Field, Role, RoleSet};
use crate::tree::NodeRef;

/// Changes the roles of kinds of nodes where content or context says so. The
/// first refinement of a kind that holds is taken.
pub(crate) struct RefinementSpec {
    pub(crate) kinds: &'static [&'static str],
    pub(crate) test: RefinementTest,
    pub(crate) add: &'static [Role],
    pub(crate) remove: &'static [Role],
    /// The part that the node plays from now on, as if the grammar had said so.
    pub(crate) becomes: Option<&'static str>,
}

/// When a refinement holds: all parts that are given must. Nodes are refined
/// from the root down, so the tests see the final roles and fields of ancestors.
pub(crate) struct RefinementTest {
    /// A way down: names of fields, or empty for the first child, with `/`
    /// between steps; or `.` for the node itself. The text there is one of these.
    pub(crate) field: Option<&'static str>,
    pub(crate) texts: &'static [&'static str],
    /// The node has a child of one of these kinds.
    pub(crate) child_kinds: &'static [&'static str],
    /// The node plays one of these parts in its parent.
    pub(crate) own_fields: &'static [&'static str],
    /// A sibling before the node is of one of these kinds.
    pub(crate) after_kinds: &'static [&'static str],
    /// Ancestors of these kinds are passed over: the nearest other one is what
    /// the tests below call the parent.
    pub(crate) through_kinds: &'static [&'static str],
    /// The parent is of one of these kinds.
    pub(crate) parent_kinds: &'static [&'static str],
    /// The parent has one of these roles.
    pub(crate) parent_roles: &'static [Role],
    /// The parent plays one of these parts in its own parent.
    pub(crate) parent_fields: &'static [&'static str],
}

/// The roles and fields of a grammar's nodes, and how they are refined.
pub(crate) struct RoleTable {
    /// Role sets: one for each kind, then one for each refinement.
    pub(crate) roles: Vec<RoleSet>,
    pub(crate) fields: Vec<Field>,
    /// The refinements of each kind: a part of `refinements`.
    by_kind: Vec<(u16, u16)>,
    refinements: Vec<Refinement>,
}

/// A refinement of one kind with its names looked up.
struct Refinement {
    becomes: Option<Field>,
    path: Option<Vec<Step>>,
    own_fields: Vec<Field>,
    parent_roles: RoleSet,
    parent_fields: Vec<Field>,
    case_insensitive: bool,
    test: &'static RefinementTest,
}

/// One step down from a node.
enum Step {
    First,
    Child(Field),
}

/// What a refinement says about a node.
#[derive(Clone, Copy)]
pub(crate) struct Refined {
    /// Where the node's roles are in the table.
    pub(crate) class: u16,
    /// The part that the node plays, if that changes.
    pub(crate) field: Option<Field>,
}

impl RoleTable {
    pub(crate) fn new(spec: &'static Spec, grammar: &Grammar, kinds: &[&'static str]) -> Self {
        let mut by_name: std::collections::HashMap<&str, RoleSet> =
            std::collections::HashMap::new();
        for (role, names) in spec.roles {
            for name in *names {
                let set = by_name.entry(name).or_default();
                *set = set.with(*role);
            }
        }
        let is_named = |kind: usize| grammar.node_kind_is_named(kind as u16);
        let mut roles: Vec<RoleSet> = (0..kinds.len())
            .map(|kind| {
                if is_named(kind) {
                    by_name.get(kinds[kind])
                } else {
                    by_name.get(format!("'{}'", kinds[kind]).as_str())
                }
                .copied()
                .unwrap_or_default()
            })
            .collect();
        let mut by_kind = Vec::with_capacity(kinds.len());
        let mut refinements = Vec::new();
        for kind in 0..kinds.len() {
            let first = refinements.len() as u16;
            for refinement in spec.refinements {
                let named = refinement.kinds.iter().any(|name| match unquoted(name) {
                    Some(token) => !is_named(kind) && token == kinds[kind],
                    None => is_named(kind) && *name == kinds[kind],
                });
                if named {
                    roles.push(
                        roles[kind]
                            .without(RoleSet::of(refinement.remove))
                            .union(RoleSet::of(refinement.add)),
                    );
                    refinements.push(Refinement::new(refinement, spec.case_insensitive));
                }
            }
            by_kind.push((first, refinements.len() as u16));
        }
        let fields = (0..=grammar.field_count() as u16)
            .map(|id| {
                grammar
                    .field_name_for_id(id)
                    .map_or(Field::None, Field::from_grammar)
            })
            .collect();
        Self {
            roles,
            fields,
            by_kind,
            refinements,
        }
    }

    /// Returns whether nodes of the kind may be refined.
    pub(crate) fn is_refined(&self, kind: u16) -> bool {
        self.by_kind
            .get(kind as usize)
            .is_some_and(|(first, end)| first < end)
    }

    /// Returns what the first refinement that holds says about the node.
    pub(crate) fn refine(&self, node: NodeRef<'_>) -> Option<Refined> {
        let (first, end) = *self.by_kind.get(node.kind_id() as usize)?;
        let position = (first..end).find(|&at| self.refinements[at as usize].holds(node))?;
        Some(Refined {
            class: self.by_kind.len() as u16 + position,
            field: self.refinements[position as usize].becomes,
        })
    }
}

impl Refinement {
    fn new(spec: &'static RefinementSpec, case_insensitive: bool) -> Self {
        let fields = |names: &[&str]| names.iter().map(|name| Field::from_grammar(name)).collect();
        let test = &spec.test;
        Self {
            becomes: spec.becomes.map(Field::from_grammar),
            path: test.field.map(|path| match path {
                "." => Vec::new(),
                path => path
                    .split('/')
                    .map(|step| match step {
                        "" => Step::First,
                        name => Step::Child(Field::from_grammar(name)),
                    })
                    .collect(),
            }),
            own_fields: fields(test.own_fields),
            parent_roles: RoleSet::of(test.parent_roles),
            parent_fields: fields(test.parent_fields),
            case_insensitive,
            test,
        }
    }

    fn holds(&self, node: NodeRef<'_>) -> bool {
        self.own_fields_hold(node)
            && self.text_holds(node)
            && self.parent_holds(node)
            && self.kinds_hold(node)
    }

    fn own_fields_hold(&self, node: NodeRef<'_>) -> bool {
        self.own_fields.is_empty() || self.own_fields.contains(&node.field())
    }

    fn text_holds(&self, node: NodeRef<'_>) -> bool {
        let Some(path) = &self.path else { return true };
        let mut at = node;
        for step in path {
            let child = match step {
                Step::First => at.children().next(),
                Step::Child(field) => at.child(*field),
            };
            match child {
                Some(child) => at = child,
                None => return false,
            }
        }
        let text = at.text();
        self.test.texts.iter().any(|known| {
            *known == text || self.case_insensitive && known.eq_ignore_ascii_case(text)
        })
    }

    fn parent_holds(&self, node: NodeRef<'_>) -> bool {
        let test = self.test;
        if test.parent_kinds.is_empty()
            && self.parent_roles.is_empty()
            && self.parent_fields.is_empty()
        {
            return true;
        }
        let Some(parent) = node
            .ancestors()
            .find(|ancestor| !test.through_kinds.contains(&ancestor.kind()))
        else {
            return false;
        };
        (test.parent_kinds.is_empty() || test.parent_kinds.contains(&parent.kind()))
            && (self.parent_roles.is_empty() || parent.has_any(self.parent_roles))
            && (self.parent_fields.is_empty() || self.parent_fields.contains(&parent.field()))
    }

    fn kinds_hold(&self, node: NodeRef<'_>) -> bool {
        let is_one_of =
            |node: NodeRef<'_>, kinds: &[&str]| kinds.iter().any(|kind| is_kind(node, kind));
        let test = self.test;
        (test.child_kinds.is_empty()
            || node
                .children()
                .any(|child| is_one_of(child, test.child_kinds)))
            && (test.after_kinds.is_empty()
                || node.parent().is_some_and(|parent| {
                    parent
                        .children()
                        .take_while(|&sibling| sibling != node)
                        .any(|sibling| is_one_of(sibling, test.after_kinds))
                }))
    }
}

/// A name in quotes is a token, any other a named kind of node.
fn is_kind(node: NodeRef<'_>, name: &str) -> bool {
    match unquoted(name) {
        Some(token) => !node.is_named() && node.kind() == token,
        None => node.is_named() && node.kind() == name,
    }
}

/// Returns the token that a name in quotes stands for.
pub(crate) fn unquoted(name: &str) -> Option<&str> {
    // The token `'` is written `'''`.
    name.strip_prefix('\'')?.strip_suffix('\'')
}
