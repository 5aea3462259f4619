//! Which roles a node has: by its kind first, then refined by what is in it
//! and where it stands. Grammars of languages in which everything is a call
//! (Elixir) or a command (shell) say little by kind alone; the refinements in
//! `language.toml` say the rest, so that no code knows a language.

use std::collections::HashMap;

use assay_source::Span;
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
    /// A way down, with `/` between steps: the name of a field, a kind in `<>`
    /// for the first child of that kind, nothing for the first child, `$` for the
    /// last; or `.` for the node itself. The tests of text are for what is there;
    /// without a way, for a child of the kinds below; without those, for the
    /// node itself.
    pub(crate) field: Option<&'static str>,
    /// What is there is of one of these kinds.
    pub(crate) field_kinds: &'static [&'static str],
    /// The text is one of these.
    pub(crate) texts: &'static [&'static str],
    /// The text starts with one of these.
    pub(crate) prefixes: &'static [&'static str],
    /// There is something at the end of one of these ways down.
    pub(crate) has: &'static [&'static str],
    /// The node has a child of one of these kinds.
    pub(crate) child_kinds: &'static [&'static str],
    /// The node has no child of any of these kinds.
    pub(crate) lacking_kinds: &'static [&'static str],
    /// The node has no child in any of these fields.
    pub(crate) lacking_fields: &'static [&'static str],
    /// The node is the first named child that is no comment.
    pub(crate) first: bool,
    /// The node plays one of these parts in its parent.
    pub(crate) own_fields: &'static [&'static str],
    /// A sibling before the node is of one of these kinds.
    pub(crate) after_kinds: &'static [&'static str],
    /// The sibling right after the node is of one of these kinds.
    pub(crate) next_kinds: &'static [&'static str],
    /// The node begins its line, and on the next line follows a sibling of one
    /// of these kinds; comments between are passed over.
    pub(crate) before_kinds: &'static [&'static str],
    /// Ancestors of these kinds are passed over: the nearest other one is what
    /// the tests below call the parent.
    pub(crate) through_kinds: &'static [&'static str],
    /// The parent is of one of these kinds; `a/b` is a `b` whose parent is an `a`.
    pub(crate) parent_kinds: &'static [&'static str],
    /// The parent has one of these roles.
    pub(crate) parent_roles: &'static [Role],
    /// The parent plays one of these parts in its own parent.
    pub(crate) parent_fields: &'static [&'static str],
}

/// What stands among statements and is none: definitions, and clauses of what
/// is around them.
const NEVER_STATEMENT: RoleSet = RoleSet::of(&[
    Role::Comment,
    Role::Function,
    Role::Class,
    Role::Module,
    Role::Else,
    Role::ElseIf,
    Role::Case,
    Role::DefaultCase,
    Role::Catch,
    Role::Finally,
    Role::Block,
    Role::Parameters,
    Role::RawText,
]);

/// The roles and fields of a grammar's nodes, and how they are refined.
pub(crate) struct RoleTable {
    /// Role sets: one for each kind, then one for each refinement; then, if the
    /// grammar does not say what is a statement, the same for statements.
    pub(crate) roles: Vec<RoleSet>,
    /// Whether what is directly in a kind of node is a statement.
    statements_in: Vec<bool>,
    pub(crate) fields: Vec<Field>,
    /// The refinements of each kind: a part of `refinements`.
    by_kind: Vec<(u16, u16)>,
    /// For each kind that is refined only in certain parents, their kinds.
    refined_in: Vec<Option<KindSet>>,
    /// Whether nodes of a kind can play a part in their parent.
    plays_part: Vec<bool>,
    named: Vec<bool>,
    refinements: Vec<Refinement>,
}

/// A set of kinds: a bit for each.
struct KindSet(Vec<u64>);

impl KindSet {
    fn has(&self, kind: u16) -> bool {
        let word = self.0.get(kind as usize / 64).copied().unwrap_or(0);
        word >> (kind % 64) & 1 == 1
    }

    fn insert(&mut self, kind: u16) {
        let word = kind as usize / 64;
        if self.0.len() <= word {
            self.0.resize(word + 1, 0);
        }
        self.0[word] |= 1 << (kind % 64);
    }
}

/// A refinement of one kind with its names looked up.
struct Refinement {
    becomes: Option<Field>,
    path: Option<Vec<Step>>,
    has: Vec<Vec<Step>>,
    own_fields: Vec<Field>,
    field_kinds: Vec<u16>,
    child_kinds: Vec<u16>,
    lacking_kinds: Vec<u16>,
    lacking_fields: Vec<Field>,
    after_kinds: Vec<u16>,
    next_kinds: Vec<u16>,
    before_kinds: Vec<u16>,
    through_kinds: Vec<u16>,
    /// For each possible parent: its kinds, then those of its own parent, and so on.
    parent_kinds: Vec<Vec<Vec<u16>>>,
    parent_roles: RoleSet,
    parent_fields: Vec<Field>,
    case_insensitive: bool,
    test: &'static RefinementTest,
}

/// The numbers of the kinds of nodes by their names.
struct KindIndex(HashMap<(&'static str, bool), Vec<u16>>);

impl KindIndex {
    fn new(grammar: &Grammar, kinds: &[&'static str]) -> Self {
        let mut ids: HashMap<_, Vec<u16>> = HashMap::new();
        for (kind, name) in kinds.iter().enumerate() {
            let kind = kind as u16;
            let named = grammar.node_kind_is_named(kind);
            ids.entry((*name, named)).or_default().push(kind);
        }
        Self(ids)
    }

    /// Finds the kinds of a name: in quotes a token, otherwise a named kind.
    fn find(&self, name: &'static str) -> &[u16] {
        let key = unquoted(name).map_or((name, true), |token| (token, false));
        self.0.get(&key).map_or(&[], Vec::as_slice)
    }

    fn find_all(&self, names: &[&'static str]) -> Vec<u16> {
        let found = names.iter().flat_map(|name| self.find(name));
        found.copied().collect()
    }
}

/// One step down from a node.
enum Step {
    First,
    Last,
    Child(Field),
    Kinds(Vec<u16>),
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
        let index = KindIndex::new(grammar, kinds);
        let mut roles = vec![RoleSet::EMPTY; kinds.len()];
        for (role, names) in spec.roles {
            for kind in index.find_all(names) {
                let set = &mut roles[kind as usize];
                *set = set.with(*role);
            }
        }
        let mut of_kind: Vec<Vec<&'static RefinementSpec>> = vec![Vec::new(); kinds.len()];
        for refinement in spec.refinements {
            for kind in index.find_all(refinement.kinds) {
                of_kind[kind as usize].push(refinement);
            }
        }
        let mut by_kind = Vec::with_capacity(kinds.len());
        let mut refinements = Vec::new();
        for (kind, specs) in of_kind.iter().enumerate() {
            let first = refinements.len() as u16;
            for refinement in specs {
                roles.push(
                    roles[kind]
                        .without(RoleSet::of(refinement.remove))
                        .union(RoleSet::of(refinement.add)),
                );
                refinements.push(Refinement::new(refinement, spec.case_insensitive, &index));
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
        let mut statements_in = vec![false; kinds.len()];
        for kind in index.find_all(spec.statements_in) {
            statements_in[kind as usize] = true;
        }
        if !spec.statements_in.is_empty() {
            let as_statement = |roles: &RoleSet| match roles.intersects(NEVER_STATEMENT) {
                true => *roles,
                false => roles.with(Role::Statement),
            };
            let statements: Vec<_> = roles.iter().map(as_statement).collect();
            roles.extend(statements);
        }
        let refined_in = by_kind
            .iter()
            .map(|&(first, end)| parents(&refinements[first as usize..end as usize]))
            .collect();
        let named: Vec<_> = (0..kinds.len() as u16)
            .map(|kind| grammar.node_kind_is_named(kind))
            .collect();
        let plays_part = std::iter::zip(kinds, &named)
            .map(|(name, &named)| named || !is_punctuation(name))
            .collect();
        Self {
            roles,
            statements_in,
            fields,
            by_kind,
            refined_in,
            plays_part,
            named,
            refinements,
        }
    }

    /// Returns whether the grammar gives nodes of the kind a name.
    pub(crate) fn is_named(&self, kind: u16) -> bool {
        self.named.get(kind as usize).copied().unwrap_or(true)
    }

    /// Returns whether nodes of the kind can play a part in their parent.
    pub(crate) fn plays_part(&self, kind: u16) -> bool {
        self.plays_part.get(kind as usize).copied().unwrap_or(true)
    }

    /// Returns whether the language has statements that only their place shows.
    pub(crate) fn has_statements_by_place(&self) -> bool {
        self.roles.len() > self.by_kind.len() + self.refinements.len()
    }

    /// Returns the class of a statement that is of the class but for that, when
    /// what is directly in nodes of the parent's kind are statements.
    pub(crate) fn as_statement(&self, class: u16, parent: u16) -> Option<u16> {
        let is_statement = *self.statements_in.get(parent as usize)?;
        is_statement.then_some(class + self.class_count())
    }

    /// The number of classes without those of statements.
    fn class_count(&self) -> u16 {
        (self.by_kind.len() + self.refinements.len()) as u16
    }

    /// Returns whether nodes of the kind may be refined in such a parent.
    pub(crate) fn is_refined(&self, kind: u16, parent: Option<u16>) -> bool {
        let is_refined = |(first, end): &(u16, u16)| first < end;
        self.by_kind.get(kind as usize).is_some_and(is_refined)
            && self.refined_in[kind as usize]
                .as_ref()
                .is_none_or(|parents| parent.is_some_and(|parent| parents.has(parent)))
    }

    /// Returns the kind that nodes of the class are of.
    pub(crate) fn kind_of_class(&self, class: u16) -> u16 {
        let class = class.checked_sub(self.class_count()).unwrap_or(class);
        match class.checked_sub(self.by_kind.len() as u16) {
            // The refinements are in the order of their kinds.
            Some(position) => self.by_kind.partition_point(|&(_, end)| end <= position) as u16,
            None => class,
        }
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

/// Punctuation that grammars never give a part: most tokens are of it, and asking
/// the parser for the part of each costs more than the rest of copying it.
fn is_punctuation(token: &str) -> bool {
    matches!(token, "(" | ")" | "[" | "]" | "{" | "}" | "," | ";")
}

/// Returns the kinds of parents in which a kind is refined at all, when all of
/// its refinements name some.
fn parents(refinements: &[Refinement]) -> Option<KindSet> {
    let mut kinds = KindSet(Vec::new());
    for refinement in refinements {
        if refinement.parent_kinds.is_empty() || !refinement.through_kinds.is_empty() {
            return None;
        }
        let nearest = refinement
            .parent_kinds
            .iter()
            .filter_map(|path| path.first());
        nearest.flatten().for_each(|&kind| kinds.insert(kind));
    }
    Some(kinds)
}

impl Refinement {
    fn new(spec: &'static RefinementSpec, case_insensitive: bool, index: &KindIndex) -> Self {
        let fields = |names: &[&str]| names.iter().map(|name| Field::from_grammar(name)).collect();
        let test = &spec.test;
        let upward = |path: &&'static str| {
            path.rsplit('/')
                .map(|name| index.find(name).to_vec())
                .collect()
        };
        Self {
            becomes: spec.becomes.map(Field::from_grammar),
            path: test.field.map(|path| steps(path, index)),
            has: test.has.iter().map(|path| steps(path, index)).collect(),
            own_fields: fields(test.own_fields),
            field_kinds: index.find_all(test.field_kinds),
            child_kinds: index.find_all(test.child_kinds),
            lacking_kinds: index.find_all(test.lacking_kinds),
            lacking_fields: fields(test.lacking_fields),
            after_kinds: index.find_all(test.after_kinds),
            next_kinds: index.find_all(test.next_kinds),
            before_kinds: index.find_all(test.before_kinds),
            through_kinds: index.find_all(test.through_kinds),
            parent_kinds: test.parent_kinds.iter().map(upward).collect(),
            parent_roles: RoleSet::of(test.parent_roles),
            parent_fields: fields(test.parent_fields),
            case_insensitive,
            test,
        }
    }

    fn holds(&self, node: NodeRef<'_>) -> bool {
        (self.own_fields.is_empty() || self.own_fields.contains(&node.field()))
            && self.parent_holds(node)
            && self.text_and_kinds_hold(node)
            && (self.has.is_empty() || self.has.iter().any(|path| follow(node, path).is_some()))
            && self.siblings_hold(node)
    }

    fn parent_holds(&self, node: NodeRef<'_>) -> bool {
        if self.parent_kinds.is_empty()
            && self.parent_roles.is_empty()
            && self.parent_fields.is_empty()
        {
            return true;
        }
        let mut around = node
            .ancestors()
            .filter(|ancestor| !self.through_kinds.contains(&ancestor.kind_id()));
        let Some(parent) = around.next() else {
            return false;
        };
        (self.parent_kinds.is_empty() || self.parent_kinds.iter().any(|path| is_in(parent, path)))
            && (self.parent_roles.is_empty() || parent.has_any(self.parent_roles))
            && (self.parent_fields.is_empty() || self.parent_fields.contains(&parent.field()))
    }

    fn text_and_kinds_hold(&self, node: NodeRef<'_>) -> bool {
        let is_child = |child: &NodeRef<'_>| self.child_kinds.contains(&child.kind_id());
        match &self.path {
            Some(path) => {
                follow(node, path).is_some_and(|at| self.is_sought(at))
                    && (self.child_kinds.is_empty()
                        || node.children().any(|child| is_child(&child)))
            }
            None if self.child_kinds.is_empty() => self.text_holds(node),
            None => node
                .children()
                .filter(is_child)
                .any(|child| self.text_holds(child)),
        }
    }

    fn is_sought(&self, subject: NodeRef<'_>) -> bool {
        (self.field_kinds.is_empty() || self.field_kinds.contains(&subject.kind_id()))
            && self.text_holds(subject)
    }

    fn text_holds(&self, subject: NodeRef<'_>) -> bool {
        let RefinementTest {
            texts, prefixes, ..
        } = self.test;
        if texts.is_empty() && prefixes.is_empty() {
            return true;
        }
        let text = subject.text();
        let is = |known: &&str| {
            *known == text || self.case_insensitive && known.eq_ignore_ascii_case(text)
        };
        texts.iter().any(is) || prefixes.iter().any(|prefix| text.starts_with(prefix))
    }

    fn siblings_hold(&self, node: NodeRef<'_>) -> bool {
        (self.lacking_kinds.is_empty()
            || !node
                .children()
                .any(|child| self.lacking_kinds.contains(&child.kind_id())))
            && (self.lacking_fields.is_empty()
                || !node
                    .children()
                    .any(|child| self.lacking_fields.contains(&child.field())))
            && (!self.test.first || node.is_first_named())
            && (self.next_kinds.is_empty()
                || node
                    .next_sibling()
                    .is_some_and(|next| self.next_kinds.contains(&next.kind_id())))
            && (self.before_kinds.is_empty() || self.is_before(node))
            && (self.after_kinds.is_empty()
                || node.parent().is_some_and(|parent| {
                    parent
                        .children()
                        .take_while(|&sibling| sibling != node)
                        .any(|sibling| self.after_kinds.contains(&sibling.kind_id()))
                }))
    }
}

impl Refinement {
    fn is_before(&self, node: NodeRef<'_>) -> bool {
        /// A longer comment than this is not followed to its end.
        const SIBLINGS_MAX: usize = 256;
        let text = node.tree().text();
        let lines = text.lines();
        let start = node.span().start;
        let line_start = lines.line_span(lines.line_of(start)).start;
        let before = text.slice(Span::new(line_start, start));
        if before
            .chars()
            .next_back()
            .is_some_and(|c| !c.is_whitespace())
            || !before.trim().is_empty()
        {
            return false;
        }
        let mut at = node;
        for _ in 0..SIBLINGS_MAX {
            let Some(next) = at.next_sibling() else {
                return false;
            };
            if next.line() != at.last_line() + 1 {
                return false;
            }
            if !next.has(Role::Comment) {
                return self.before_kinds.contains(&next.kind_id());
            }
            at = next;
        }
        false
    }
}

/// Reads a way down.
fn steps(path: &'static str, index: &KindIndex) -> Vec<Step> {
    if path == "." {
        return Vec::new();
    }
    path.split('/')
        .map(|step| match (step, kind_of_step(step)) {
            ("", _) => Step::First,
            ("$", _) => Step::Last,
            (_, Some(kind)) => Step::Kinds(index.find(kind).to_vec()),
            (name, None) => Step::Child(Field::from_grammar(name)),
        })
        .collect()
}

/// Returns the kind that a step in `<>` names.
pub(crate) fn kind_of_step(step: &str) -> Option<&str> {
    step.strip_prefix('<')?.strip_suffix('>')
}

/// Goes the way down from a node.
fn follow<'t>(node: NodeRef<'t>, path: &[Step]) -> Option<NodeRef<'t>> {
    path.iter().try_fold(node, |at, step| match step {
        Step::First => at.children().next(),
        Step::Last => at.children().last(),
        Step::Child(field) => at.child(*field),
        Step::Kinds(kinds) => at.children().find(|child| kinds.contains(&child.kind_id())),
    })
}

/// Returns whether the node and its ancestors are of the kinds in the path.
fn is_in(node: NodeRef<'_>, path: &[Vec<u16>]) -> bool {
    let mut upward = std::iter::successors(Some(node), |node| node.parent());
    path.iter().all(|kinds| {
        upward
            .next()
            .is_some_and(|node| kinds.contains(&node.kind_id()))
    })
}

/// Returns the token that a name in quotes stands for.
pub(crate) fn unquoted(name: &str) -> Option<&str> {
    // The token `'` is written `'''`.
    name.strip_prefix('\'')?.strip_suffix('\'')
}
