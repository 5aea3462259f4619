//! The syntax tree: all nodes of a file in one flat array, in pre-order.
//!
//! One walk over the parser's tree fills the array; everything afterwards
//! (metrics, rules, symbols) is a scan over contiguous memory. A node knows
//! where its subtree ends, so skipping one is an addition.

use std::ops::ControlFlow;
use std::sync::Arc;

use assay_source::{SourceText, Span};

use crate::language::Language;
use crate::refine::RoleTable;
use crate::role::{Field, Role, RoleSet};

/// The place of a node in its tree's pre-order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeId(pub(crate) u32);

impl NodeId {
    /// Returns the place as an index into tables of the tree's length.
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// The parser's number for text that it did not understand.
const ERROR_KIND: u16 = u16::MAX;

const NAMED: u8 = 1;
const ERROR: u8 = 2;
const MISSING: u8 = 4;

#[derive(Clone, Copy, Debug)]
struct Record {
    span: Span,
    parent: u32,
    /// One past the last node of the subtree.
    next: u32,
    kind: u16,
    /// Index into the language's table of role sets.
    class: u16,
    field: Field,
    flags: u8,
}

// The array is what every analysis reads: its size is memory and time.
const _: () = assert!(size_of::<Record>() == 24);

/// The tree of one language over one text (or over the parts of it that are in
/// that language).
#[derive(Debug)]
pub struct SyntaxTree {
    language: &'static Language,
    roles: &'static [RoleSet],
    text: Arc<SourceText>,
    records: Vec<Record>,
    errors: Vec<Span>,
}

impl SyntaxTree {
    /// Copies a parser's tree. Stops at `nodes_max` nodes and then says `true`.
    pub(crate) fn build(
        language: &'static Language,
        text: Arc<SourceText>,
        tree: &tree_sitter::Tree,
        nodes_max: u32,
    ) -> (Self, bool) {
        let table = &language.tables().roles;
        let mut this = Self {
            language,
            roles: &table.roles,
            records: Vec::with_capacity(tree.root_node().byte_range().len() / 4 + 8),
            text,
            errors: Vec::new(),
        };
        let mut refined = Vec::new();
        let mut cursor = tree.walk();
        let mut parent = u32::MAX;
        let mut cut = false;
        'walk: loop {
            if this.records.len() as u32 >= nodes_max {
                cut = true;
                break;
            }
            let index = this.records.len() as u32;
            let kind = this.push(&cursor, parent, table);
            let around = this.records.get(parent as usize).map(|parent| parent.kind);
            if table.is_refined(kind, around) {
                refined.push(index);
            }
            if cursor.goto_first_child() {
                parent = index;
                continue;
            }
            let mut closed = index;
            loop {
                this.close(closed);
                if cursor.goto_next_sibling() {
                    break;
                }
                if !cursor.goto_parent() {
                    break 'walk;
                }
                closed = parent;
                parent = this.records[closed as usize].parent;
            }
        }
        if cut {
            while parent != u32::MAX {
                this.close(parent);
                parent = this.records[parent as usize].parent;
            }
        }
        this.refine(&refined, table);
        if table.has_statements_by_place() {
            this.mark_statements(table);
        }
        (this, cut)
    }

    /// Copies one node and returns its kind. Each question to the parser is a
    /// call into C: what the kind tells is looked up instead.
    fn push(
        &mut self,
        cursor: &tree_sitter::TreeCursor<'_>,
        parent: u32,
        table: &RoleTable,
    ) -> u16 {
        let node = cursor.node();
        let kind = node.kind_id();
        // The parser may have been given a line end that the text lacks.
        let end = self.text.as_str().len();
        let (start, end) = (node.start_byte().min(end), node.end_byte().min(end));
        let span = Span::new(start as u32, end as u32);
        let mut flags = 0;
        if table.is_named(kind) {
            flags |= NAMED;
        }
        if kind == ERROR_KIND {
            flags |= ERROR;
            self.push_error(span);
        }
        if span.is_empty() && node.is_missing() {
            flags |= MISSING;
            self.push_error(span);
        }
        self.records.push(Record {
            span,
            parent,
            next: self.records.len() as u32 + 1,
            kind,
            class: if kind == ERROR_KIND { 0 } else { kind },
            field: Some(cursor)
                .filter(|_| table.plays_part(kind))
                .and_then(tree_sitter::TreeCursor::field_id)
                .map_or(Field::None, |id| table.fields[id.get() as usize]),
            flags,
        });
        kind
    }

    /// Notes a span that the grammar did not understand, unless it is within one.
    fn push_error(&mut self, span: Span) {
        let is_known = self.errors.last().is_some_and(|last| last.contains(span));
        if !is_known {
            self.errors.push(span);
        }
    }

    /// Sets where the subtree ends.
    fn close(&mut self, index: u32) {
        self.records[index as usize].next = self.records.len() as u32;
    }

    /// Refines the roles of the nodes by what is in and around them, from the
    /// root down.
    fn refine(&mut self, nodes: &[u32], table: &RoleTable) {
        for &index in nodes {
            let Some(refined) = table.refine(self.node(NodeId(index))) else {
                continue;
            };
            let record = &mut self.records[index as usize];
            record.class = refined.class;
            record.field = refined.field.unwrap_or(record.field);
        }
    }

    /// Gives statements their role where the grammar has no kind for them.
    fn mark_statements(&mut self, table: &RoleTable) {
        for index in 1..self.records.len() {
            let record = self.records[index];
            if record.flags & (NAMED | ERROR) != NAMED
                || !matches!(record.field, Field::None | Field::Other)
            {
                continue;
            }
            let parent = self.records[record.parent as usize].kind;
            if let Some(class) = table.as_statement(record.class, parent) {
                self.records[index].class = class;
            }
        }
    }

    /// Returns the language of the tree.
    pub fn language(&self) -> &'static Language {
        self.language
    }

    /// Returns the text that the spans count in.
    pub fn text(&self) -> &Arc<SourceText> {
        &self.text
    }

    /// Returns the spans that the grammar did not understand.
    pub fn errors(&self) -> &[Span] {
        &self.errors
    }

    /// Returns the number of nodes; there is at least one.
    pub fn len(&self) -> usize {
        self.records.len()
    }

    /// Returns whether the tree has no node, which never happens.
    pub fn is_empty(&self) -> bool {
        self.records.is_empty()
    }

    /// Returns the root.
    pub fn root(&self) -> NodeRef<'_> {
        self.node(NodeId(0))
    }

    /// Returns a node by its place.
    pub fn node(&self, id: NodeId) -> NodeRef<'_> {
        NodeRef { tree: self, id }
    }

    /// Returns all nodes in pre-order.
    pub fn nodes(&self) -> impl Iterator<Item = NodeRef<'_>> {
        (0..self.records.len() as u32).map(|id| self.node(NodeId(id)))
    }

    /// Returns the smallest node whose span holds `span`.
    pub fn covering(&self, span: Span) -> NodeRef<'_> {
        let mut node = self.root();
        while let Some(child) = node.children().find(|child| child.span().contains(span)) {
            node = child;
        }
        node
    }
}

/// A node in its tree. Copying it is free.
#[derive(Clone, Copy)]
pub struct NodeRef<'t> {
    tree: &'t SyntaxTree,
    id: NodeId,
}

impl PartialEq for NodeRef<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.id == other.id && std::ptr::eq(self.tree, other.tree)
    }
}

impl Eq for NodeRef<'_> {}

impl std::fmt::Debug for NodeRef<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}@{:?}", self.kind(), self.span())
    }
}

impl<'t> NodeRef<'t> {
    fn record(self) -> &'t Record {
        &self.tree.records[self.id.index()]
    }

    /// Returns the place in pre-order.
    pub fn id(self) -> NodeId {
        self.id
    }

    /// Returns the tree.
    pub fn tree(self) -> &'t SyntaxTree {
        self.tree
    }

    /// Returns the grammar's name for the kind of node; for a token without a
    /// name this is its text.
    pub fn kind(self) -> &'static str {
        self.tree.language.kind_name(self.record().kind)
    }

    /// Returns the grammar's number for the kind of node.
    pub fn kind_id(self) -> u16 {
        self.record().kind
    }

    /// Returns the node's class: a number below [`Language::class_count`] that
    /// stands for its kind and its roles together, to index tables with.
    pub fn class(self) -> u16 {
        self.record().class
    }

    /// Returns what the node is for.
    pub fn roles(self) -> RoleSet {
        self.tree.roles[self.record().class as usize]
    }

    /// Returns whether the node has the role.
    pub fn has(self, role: Role) -> bool {
        self.roles().has(role)
    }

    /// Returns whether the node has any of the roles.
    pub fn has_any(self, roles: RoleSet) -> bool {
        self.roles().intersects(roles)
    }

    /// Returns the part that the node plays in its parent.
    pub fn field(self) -> Field {
        self.record().field
    }

    /// Returns where the node is.
    pub fn span(self) -> Span {
        self.record().span
    }

    /// Returns the node's text.
    pub fn text(self) -> &'t str {
        self.tree.text.slice(self.span())
    }

    /// Returns the line (from 1) of the node's first byte.
    pub fn line(self) -> u32 {
        self.tree.text.lines().line_of(self.span().start)
    }

    /// Returns the line (from 1) of the node's last byte.
    pub fn last_line(self) -> u32 {
        let span = self.span();
        self.tree
            .text
            .lines()
            .line_of(span.end.saturating_sub(1).max(span.start))
    }

    /// Returns whether the grammar gives the node a name (it is no mere token).
    pub fn is_named(self) -> bool {
        self.record().flags & NAMED != 0
    }

    /// Returns whether the node is text that the grammar did not understand.
    pub fn is_error(self) -> bool {
        self.record().flags & ERROR != 0
    }

    /// Returns whether the parser put the node in where the text lacks it.
    pub fn is_missing(self) -> bool {
        self.record().flags & MISSING != 0
    }

    /// Returns whether the node has no children.
    pub fn is_leaf(self) -> bool {
        self.record().next == self.id.0 + 1
    }

    /// Returns the parent; the root has none.
    pub fn parent(self) -> Option<NodeRef<'t>> {
        let parent = self.record().parent;
        (parent != u32::MAX).then(|| self.tree.node(NodeId(parent)))
    }

    /// Returns the ancestors from the parent to the root.
    pub fn ancestors(self) -> impl Iterator<Item = NodeRef<'t>> {
        std::iter::successors(self.parent(), |node| node.parent())
    }

    /// Returns the nearest ancestor with the role.
    pub fn ancestor_with(self, role: Role) -> Option<NodeRef<'t>> {
        self.ancestors().find(|node| node.has(role))
    }

    /// Returns the children, tokens included.
    pub fn children(self) -> Children<'t> {
        Children {
            tree: self.tree,
            next: self.id.0 + 1,
            end: self.record().next,
        }
    }

    /// Returns the children that have a name and are no comment.
    pub fn named_children(self) -> impl Iterator<Item = NodeRef<'t>> {
        self.children()
            .filter(|child| child.is_named() && !child.has(Role::Comment))
    }

    /// Returns the first child that plays the part.
    pub fn child(self, field: Field) -> Option<NodeRef<'t>> {
        self.children().find(|child| child.field() == field)
    }

    /// Returns the first child with the role.
    pub fn child_with(self, role: Role) -> Option<NodeRef<'t>> {
        self.children().find(|child| child.has(role))
    }

    /// Returns the sibling after this node.
    pub fn next_sibling(self) -> Option<NodeRef<'t>> {
        let next = self.record().next;
        let end = self.parent()?.record().next;
        (next < end).then(|| self.tree.node(NodeId(next)))
    }

    /// Returns the sibling before this node. Costs a scan of the siblings.
    pub fn previous_sibling(self) -> Option<NodeRef<'t>> {
        self.parent()?
            .children()
            .take_while(|&sibling| sibling != self)
            .last()
    }

    /// Returns whether no named sibling but comments comes before.
    pub(crate) fn is_first_named(self) -> bool {
        /// More comments than this before a first statement are not looked past.
        const SIBLINGS_MAX: usize = 64;
        let Some(parent) = self.parent() else {
            return true;
        };
        let first = parent
            .children()
            .take(SIBLINGS_MAX)
            .find(|sibling| sibling.is_named() && !sibling.has(Role::Comment));
        first == Some(self)
    }

    /// Returns this node and everything under it, in pre-order.
    pub fn subtree(self) -> impl Iterator<Item = NodeRef<'t>> {
        let tree = self.tree;
        (self.id.0..self.record().next).map(move |id| tree.node(NodeId(id)))
    }

    /// Returns a node of the subtree by its place in it; 0 is this node.
    pub fn subtree_node(self, place: usize) -> Option<NodeRef<'t>> {
        (place < self.subtree_len()).then(|| self.tree.node(NodeId(self.id.0 + place as u32)))
    }

    /// Returns how many nodes the subtree has, this one included.
    pub fn subtree_len(self) -> usize {
        (self.record().next - self.id.0) as usize
    }

    /// Returns whether `other` is this node or under it.
    pub fn encloses(self, other: NodeRef<'_>) -> bool {
        self.id <= other.id && other.id.0 < self.record().next
    }

    /// Visits the subtree in pre-order; the callback says for each node whether
    /// to go into it (`Continue`) or past it (`Break`).
    pub fn visit(self, mut callback: impl FnMut(NodeRef<'t>) -> ControlFlow<()>) {
        let end = self.record().next;
        let mut at = self.id.0;
        while at < end {
            let node = self.tree.node(NodeId(at));
            at = match callback(node) {
                ControlFlow::Continue(()) => at + 1,
                ControlFlow::Break(()) => node.record().next,
            };
        }
    }

    /// Returns the name of what the node declares: the text of its `name`
    /// field, of the identifier inside its declarator, or of the variable,
    /// property or pair that a nameless function is given to.
    pub fn name(self) -> Option<&'t str> {
        self.name_node().map(NodeRef::text)
    }

    /// Returns the node that holds the name, as [`NodeRef::name`] finds it.
    pub fn name_node(self) -> Option<NodeRef<'t>> {
        if let Some(name) = self.child(Field::Name) {
            return Some(name);
        }
        if self.has(Role::Lambda) {
            return self.given_name();
        }
        if let Some(declarator) = self.child(Field::Declarator) {
            return declarator.declarator_name();
        }
        if self.has_any(const { RoleSet::of(&[Role::Identifier, Role::TypeName]) }) {
            return Some(self);
        }
        if self.has(Role::Class) {
            if let Some(named) = self.child(Field::Type) {
                // A block that implements a type goes by the type's bare name.
                return Some(named.child(Field::Type).unwrap_or(named));
            }
            if self.field() == Field::Type {
                // `typedef struct { ... } name;`
                return self.parent()?.child(Field::Declarator)?.declarator_name();
            }
            if self.field() == Field::Value {
                return self.given_name();
            }
        }
        if let Some(operator) = self.child(Field::Operator)
            && self.has(Role::Function)
        {
            return Some(operator);
        }
        self.children().find(|child| {
            child.has(Role::Identifier)
                && !(self.has(Role::FieldDeclaration) && child.field() == Field::Value)
        })
    }

    /// Returns the variable, property or key that something nameless becomes.
    fn given_name(self) -> Option<NodeRef<'t>> {
        const ASSIGNMENT: RoleSet = RoleSet::of(&[Role::Assignment, Role::Variable]);
        let parent = self.parent()?;
        let is_operand = parent.has(Role::Binary) && !parent.has_any(ASSIGNMENT);
        let is_value = |node: NodeRef<'_>| matches!(node.field(), Field::Value | Field::Right);
        let is_given = is_value(self) || self.field() == Field::None && is_value(parent);
        if !is_given || is_operand {
            return None;
        }
        let declared = || parent.child(Field::Declarator)?.declarator_name();
        // In `a, b = f, g` names and values are two lists in step.
        let listed = || {
            let assignment = parent.parent().filter(|node| node.has_any(ASSIGNMENT))?;
            let position = parent.named_children().position(|value| value == self)?;
            let names = assignment.named_children().next()?;
            (names != parent).then(|| names.named_children().nth(position))?
        };
        parent
            .child(Field::Name)
            .or_else(|| parent.child(Field::Left))
            .or_else(|| parent.child(Field::Key))
            .or_else(|| parent.child(Field::Property))
            .or_else(declared)
            .or_else(listed)
            .filter(|node| !node.text().contains('\n'))
    }

    /// Returns the nodes that hold the names of what the node declares, for
    /// declarations of several things at once (`int a, *b;`).
    pub fn declared_names(self) -> Vec<NodeRef<'t>> {
        let mut names = Vec::new();
        for child in self.children() {
            match child.field() {
                Field::Name => names.push(child),
                Field::Declarator => {
                    let inner = child.children();
                    let several = inner.filter(|inner| inner.field() == Field::Declarator);
                    if several.clone().count() > 1 {
                        names.extend(several.filter_map(NodeRef::declarator_name));
                    } else {
                        names.extend(child.declarator_name());
                    }
                }
                _ => {}
            }
        }
        if names.is_empty()
            && let Some(arguments) = self.child_with(Role::Arguments)
        {
            // `attr_reader :name, :limit`
            names.extend(
                arguments
                    .subtree()
                    .filter(|node| node.field() == Field::Name),
            );
        }
        if names.is_empty() {
            names.extend(self.name_node());
        }
        names
    }

    /// Goes down declarators (`*name[3]`, `(*name)(int)`) to the name.
    fn declarator_name(self) -> Option<NodeRef<'t>> {
        let mut node = self;
        for _ in 0..DECLARATOR_DEPTH_MAX {
            if let Some(name) = node.child(Field::Name) {
                // `Scope::name` is the name as a whole.
                let is_scoped = node.child(Field::Object).is_some();
                return Some(if is_scoped { node } else { name });
            }
            if node.is_leaf() || node.has(Role::Identifier) {
                return Some(node);
            }
            node = node.child(Field::Declarator).or_else(|| {
                node.named_children().find(|child| {
                    !child.has_any(const { RoleSet::of(&[Role::Parameters, Role::Annotation]) })
                        && child.field() != Field::Type
                })
            })?;
        }
        None
    }

    /// Returns the parameters of a function, signature or class, the receiver
    /// excluded.
    pub fn parameters(self) -> Vec<NodeRef<'t>> {
        let mut found = Vec::new();
        let mut holder = self;
        for _ in 0..DECLARATOR_DEPTH_MAX {
            // In `int (*f(int a))(int b)` the parameters are those next to the name.
            let mut here = Vec::new();
            for child in holder.children() {
                if child.has(Role::Parameter) {
                    here.push(child);
                } else if child.has(Role::Parameters) && !child.has(Role::Receiver) {
                    child.parameters_in(&mut here);
                }
            }
            if !here.is_empty() {
                found = here;
            }
            let inner = holder.child(Field::Declarator).or_else(|| {
                (holder != self).then(|| {
                    holder
                        .named_children()
                        .find(|child| child.field() == Field::None && !child.is_leaf())
                })?
            });
            match inner {
                Some(inner) => holder = inner,
                None => break,
            }
        }
        found
    }

    /// Collects the parameters in a list, at any depth; those in the types and
    /// values of parameters do not count.
    fn parameters_in(self, found: &mut Vec<NodeRef<'t>>) {
        const OTHERS: RoleSet = RoleSet::of(&[Role::Parameters, Role::Receiver]);
        for child in self.children() {
            child.visit(|part| {
                if part.has(Role::Parameter) {
                    found.push(part);
                    return ControlFlow::Break(());
                }
                if part.has_any(OTHERS) {
                    return ControlFlow::Break(());
                }
                ControlFlow::Continue(())
            });
        }
    }
}

/// A declarator nests as deep as the type does; real ones stay below.
const DECLARATOR_DEPTH_MAX: usize = 32;

/// The children of a node.
#[derive(Clone)]
pub struct Children<'t> {
    tree: &'t SyntaxTree,
    next: u32,
    end: u32,
}

impl<'t> Iterator for Children<'t> {
    type Item = NodeRef<'t>;

    fn next(&mut self) -> Option<NodeRef<'t>> {
        if self.next >= self.end {
            return None;
        }
        let node = self.tree.node(NodeId(self.next));
        self.next = node.record().next;
        Some(node)
    }
}
