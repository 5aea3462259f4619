//! Reads the facts of one file off its syntax tree, in one walk in the order of
//! the text.
//!
//! What a language is comes from its roles; what is left to say about single
//! kinds of nodes is in [`plan`].

pub(crate) mod argument;
mod bind;
mod define;
mod entry;
mod expression;
mod field;
mod import;
mod parameter;
pub(crate) mod plan;
pub(crate) mod ruby;
mod token;
mod type_text;
mod visibility;

use std::collections::HashSet;
use std::rc::Rc;

use assay_source::Span;
use assay_syntax::{Field, NodeRef, ParsedFile, Role, RoleSet, SyntaxTree};

use crate::extract::plan::{Family, Plan};
use crate::facts::{
    Binding, Definition, DefinitionKind, Expression, ExpressionId, Facts, LocalId, Place, Usage,
    UsageKind, Visibility,
};
use crate::name::{Interner, Name, Names};

/// Grows whenever the same text would give other facts: what was kept from
/// before is then not taken.
pub const FACTS_VERSION: u32 = 5;

/// More of anything than this is not kept of one file.
const FACTS_MAX: usize = 2_000_000;

/// Returns the facts of a parsed file: of its own language, or when that is
/// markup, of the first part in a language with functions.
pub fn extract(file: &ParsedFile) -> Option<Facts> {
    let tree = file
        .trees
        .iter()
        .find(|tree| !tree.language().is_data_only() && !is_markup(tree))?;
    Some(extract_tree(tree))
}

/// Returns whether a tree only holds trees of other languages.
fn is_markup(tree: &SyntaxTree) -> bool {
    matches!(
        tree.language().id().as_str(),
        "vue" | "svelte" | "html" | "css" | "dockerfile" | "sql"
    )
}

/// Returns the facts of one tree.
pub fn extract_tree(tree: &SyntaxTree) -> Facts {
    let mut extractor = Extractor::new(tree);
    extractor.walk();
    extractor.finish()
}

/// The walk and what it has found so far.
pub(crate) struct Extractor<'t> {
    pub(crate) tree: &'t SyntaxTree,
    pub(crate) plan: Rc<Plan>,
    pub(crate) facts: Facts,
    pub(crate) names: Interner,
    /// The expression of each node; `u32::MAX` where there is none yet.
    pub(crate) memo: Vec<u32>,
    /// The definitions that the walk is inside of, with one past their last node.
    open: Vec<(LocalId, u32)>,
    /// The fields that each class has, inferred ones included.
    pub(crate) fields: HashSet<(LocalId, Name)>,
    /// What was mentioned already in each definition.
    mentioned: HashSet<(LocalId, Name, Name)>,
    /// The visibility that a line such as `private:` gives to what follows.
    pub(crate) access: Vec<(LocalId, Visibility)>,
    /// Where the value ends that names are given.
    pub(crate) given_at: u32,
    /// The nodes that are no mention: names of definitions, callees, keys.
    passed: Vec<bool>,
    /// Names that the file exports apart from their definitions.
    pub(crate) exported: HashSet<Name>,
    /// What annotations say of the function or class that follows them.
    pub(crate) pending: entry::Pending,
    /// The modules of Ruby and traits of PHP that classes take in, in the order of
    /// the text.
    pub(crate) mixed_in: Vec<(LocalId, ExpressionId)>,
}

impl type_text::Build for Extractor<'_> {
    fn name(&mut self, text: &str) -> Name {
        self.intern(text)
    }

    fn expression(&mut self, expression: Expression) -> ExpressionId {
        self.push(expression)
    }
}

impl<'t> Extractor<'t> {
    fn new(tree: &'t SyntaxTree) -> Self {
        let mut names = Interner::default();
        let language = names.intern(tree.language().id().as_str());
        let text = tree.text();
        let length = text.as_str().len() as u32;
        let file = Definition {
            kind: DefinitionKind::File,
            name: Name::EMPTY,
            container: LocalId::FILE,
            visibility: Visibility::Public,
            is_abstract: false,
            is_static: true,
            is_test: false,
            start: 0,
            end: length,
            last_line: text.lines().line_count().max(1),
            place: Place {
                start: 0,
                line: 1,
                column: 1,
            },
            owner: ExpressionId::UNKNOWN,
            value: ExpressionId::UNKNOWN,
            type_text: Name::EMPTY,
            parameters: (0, 0),
            supers: (0, 0),
        };
        Self {
            tree,
            plan: Plan::of(tree.language()),
            facts: Facts {
                language,
                names: Names::default(),
                package: Name::EMPTY,
                lines: text.lines().line_count(),
                expressions: vec![Expression::Unknown],
                definitions: vec![file],
                parameters: Vec::new(),
                supers: Vec::new(),
                bindings: Vec::new(),
                usages: Vec::new(),
                arguments: Vec::new(),
                imports: Vec::new(),
                entries: Vec::new(),
            },
            names,
            memo: vec![u32::MAX; tree.len()],
            open: vec![(LocalId::FILE, tree.len() as u32)],
            fields: HashSet::new(),
            mentioned: HashSet::new(),
            access: Vec::new(),
            given_at: 0,
            passed: vec![false; tree.len()],
            exported: HashSet::new(),
            pending: entry::Pending::default(),
            mixed_in: Vec::new(),
        }
    }

    pub(crate) fn intern(&mut self, text: &str) -> Name {
        self.names.intern(text)
    }

    pub(crate) fn push(&mut self, expression: Expression) -> ExpressionId {
        if self.facts.expressions.len() >= FACTS_MAX {
            return ExpressionId::UNKNOWN;
        }
        self.facts.expressions.push(expression);
        ExpressionId(self.facts.expressions.len() as u32 - 1)
    }

    /// Returns the innermost open definition.
    pub(crate) fn scope(&self) -> LocalId {
        self.open.last().map_or(LocalId::FILE, |(id, _)| *id)
    }

    pub(crate) fn kind_of(&self, id: LocalId) -> DefinitionKind {
        self.facts.definitions[id.index()].kind
    }

    /// Returns the nearest definition around a scope, itself included, that is
    /// of one of the kinds.
    pub(crate) fn around(&self, fits: impl Fn(DefinitionKind) -> bool) -> Option<LocalId> {
        self.open
            .iter()
            .rev()
            .map(|(id, _)| *id)
            .find(|id| fits(self.kind_of(*id)))
    }

    pub(crate) fn enter(&mut self, id: LocalId, node: NodeRef<'t>) {
        let end = node.id().index() + node.subtree_len();
        self.open.push((id, end as u32));
    }

    pub(crate) fn place(&self, span: Span) -> Place {
        let position = self.tree.text().position(span.start);
        Place {
            start: span.start,
            line: position.line,
            column: position.column,
        }
    }

    /// Notes that a node is looked at elsewhere and mentions nothing.
    pub(crate) fn pass(&mut self, node: NodeRef<'t>) {
        self.passed[node.id().index()] = true;
    }

    fn walk(&mut self) {
        let tree = self.tree;
        let plan = Rc::clone(&self.plan);
        let mut at = 0;
        while at < tree.len() {
            while let Some((_, end)) = self.open.last()
                && at as u32 >= *end
                && self.open.len() > 1
            {
                let (closed, _) = self.open.pop().expect("there are more than one");
                self.access.retain(|(class, _)| *class != closed);
            }
            let node = tree
                .root()
                .subtree_node(at)
                .expect("the place is in the tree");
            at += 1;
            let actions = plan.actions(node.class());
            if actions == 0 {
                continue;
            }
            if self.facts.usages.len() >= FACTS_MAX {
                break;
            }
            if actions & plan::SKIP != 0 {
                at = node.id().index() + node.subtree_len();
                continue;
            }
            if self.visit(node, actions) {
                at = node.id().index() + node.subtree_len();
            }
        }
    }

    /// Looks at a node; returns whether all in it is done.
    fn visit(&mut self, node: NodeRef<'t>, actions: u32) -> bool {
        if actions & plan::TRAITS != 0 && self.plan.family == Family::Php {
            self.traits(node);
            return false;
        }
        if actions & plan::IMPORT != 0 && actions & plan::CALL == 0 && self.import(node) {
            return true;
        }
        if actions & plan::EXPORT != 0 {
            self.export(node);
        }
        if actions & plan::PACKAGE != 0 {
            self.package(node);
        }
        if actions & plan::ANNOTATION != 0 {
            self.annotation(node);
        }
        if actions & plan::CALL != 0 || actions & plan::NEW != 0 {
            self.call(node);
        }
        if actions & (plan::CLASS | plan::MODULE) != 0 {
            self.define_container(node, actions);
        } else if actions & plan::FUNCTION != 0 {
            self.define_function(node);
        } else if actions & (plan::ALIAS | plan::MACRO | plan::CONSTANT) != 0 {
            self.define_other(node, actions);
        } else if actions & plan::FIELD != 0 {
            self.define_fields(node);
        } else if actions & plan::BIND != 0 {
            self.bind(node);
        }
        if actions & plan::LOOP != 0 {
            self.bind_loop(node);
        }
        if actions & plan::AS_NAME != 0 {
            self.bind_as(node);
        }
        if actions & plan::TOKENS != 0 {
            self.tokens(node);
        }
        if actions & plan::VARIANT != 0 {
            self.bind_variant(node);
        }
        if actions & plan::RETURN != 0 {
            self.bind_return(node);
        }
        if actions & plan::ACCESS != 0 {
            self.set_access(node.text());
        }
        if actions & plan::MEMBER != 0 && actions & plan::CALL == 0 {
            self.mention_member(node);
        } else if actions & plan::NAME != 0 {
            self.mention_name(node);
        }
        false
    }

    fn call(&mut self, node: NodeRef<'t>) {
        let expression = self.lower(node);
        let (kind, target, arguments) = match self.facts.expressions[expression.index()] {
            Expression::Call(target, arguments) => (UsageKind::Call, target, arguments),
            Expression::New(target, arguments) => (UsageKind::New, target, arguments),
            Expression::Member(..) if node.has(Role::Call) => (UsageKind::Call, expression, 0),
            Expression::Module(module) => {
                self.import_expression(node, module);
                return;
            }
            _ => return,
        };
        let is_directive = self.plan.family == Family::Ruby
            && (self.ruby_directive(node) || self.ruby_require(node));
        if is_directive {
            return;
        }
        let name = self.called_name(node);
        self.pass_callee(node, name);
        let place = self.place(name.span());
        let within = self.scope();
        let given = self.arguments(node);
        let target = self.ruby_setter(node, target);
        self.facts.usages.push(Usage {
            kind,
            target,
            arguments,
            given,
            within,
            place,
        });
        self.call_entry(node, expression);
    }

    /// Returns the node of the name by which something is called.
    pub(crate) fn called_name(&self, node: NodeRef<'t>) -> NodeRef<'t> {
        let mut name = node
            .child(Field::Property)
            .or_else(|| node.child(Field::Name))
            .or_else(|| node.child(Field::Type))
            .or_else(|| self.callee(node))
            .unwrap_or(node);
        /// A callee is a path of some names under some brackets.
        const DEPTH_MAX: usize = 8;
        for _ in 0..DEPTH_MAX {
            if name.is_leaf() || name.has(Role::Call) {
                break;
            }
            let inner = name
                .child(Field::Property)
                .or_else(|| name.child(Field::Name))
                .or_else(|| name.child(Field::Function))
                .or_else(
                    || match name.has(Role::Member) || name.kind().contains("navigation") {
                        true => name.named_children().last(),
                        false => name.named_children().next(),
                    },
                );
            match inner {
                Some(inner) => name = inner,
                None => break,
            }
        }
        name
    }

    fn pass_callee(&mut self, node: NodeRef<'t>, name: NodeRef<'t>) {
        self.pass(name);
        if let Some(callee) = self.callee(node) {
            self.pass(callee);
        }
    }

    /// Notes a member that is named and not called.
    fn mention_member(&mut self, node: NodeRef<'t>) {
        if self.passed[node.id().index()] {
            return;
        }
        let expression = self.lower(node);
        let Expression::Member(mut object, name) = self.facts.expressions[expression.index()]
        else {
            return;
        };
        let parent_is_member = node.parent().is_some_and(|parent| parent.has(Role::Member));
        if parent_is_member || self.is_assigned(node) {
            return;
        }
        let mut root = Name::EMPTY;
        for _ in 0..8 {
            match self.facts.expressions[object.index()] {
                Expression::Name(name) => {
                    root = name;
                    break;
                }
                Expression::Member(inner, _) => object = inner,
                Expression::This | Expression::Super => break,
                _ => return,
            }
        }
        if self.mentioned.insert((self.scope(), root, name)) {
            let last = last_leaf(node);
            let place = self.place(last.span());
            self.facts.usages.push(Usage {
                kind: UsageKind::Mention,
                target: expression,
                arguments: 0,
                given: (0, 0),
                within: self.scope(),
                place,
            });
        }
    }

    fn is_assigned(&self, node: NodeRef<'t>) -> bool {
        node.field() == Field::Left
            && node
                .parent()
                .is_some_and(|parent| parent.has(Role::Assignment))
    }

    /// Notes a bare name that is named and not called.
    fn mention_name(&mut self, node: NodeRef<'t>) {
        const NOT_A_USE: RoleSet = RoleSet::of(&[Role::Parameter, Role::Label]);
        if self.passed[node.id().index()] || node.has_any(NOT_A_USE) {
            return;
        }
        let Some(parent) = node.parent() else { return };
        let is_part = matches!(
            node.field(),
            Field::Property | Field::Label | Field::Key | Field::Alias
        );
        let is_member = parent.has(Role::Member)
            && node.field() != Field::Object
            && parent.named_children().next() != Some(node);
        let is_declared = matches!(
            node.field(),
            Field::Name | Field::Declarator | Field::Pattern
        ) && !parent.has(Role::Call);
        if is_part || is_member || is_declared || self.is_assigned(node) {
            return;
        }
        let text = node.text();
        if text.len() > 200 || text == "_" {
            return;
        }
        if self.is_ruby() && self.ruby_name(node) {
            return;
        }
        if text == "__name__" && self.plan.family == Family::Python {
            self.main_entry(node);
        }
        let name = self.intern(text);
        if !self.mentioned.insert((self.scope(), name, Name::EMPTY)) {
            return;
        }
        let target = self.lower(node);
        if !matches!(self.facts.expressions[target.index()], Expression::Name(_)) {
            return;
        }
        let place = self.place(node.span());
        self.facts.usages.push(Usage {
            kind: UsageKind::Mention,
            target,
            arguments: 0,
            given: (0, 0),
            within: self.scope(),
            place,
        });
    }

    fn finish(mut self) -> Facts {
        for definition in &mut self.facts.definitions[1..] {
            let is_top = definition.container == LocalId::FILE;
            if is_top && self.exported.contains(&definition.name) {
                definition.visibility = Visibility::Public;
            }
        }
        self.facts
            .bindings
            .sort_by_key(|binding: &Binding| (binding.scope, binding.name, binding.from));
        self.drop_local_mentions();
        self.lay_mixed_in();
        self.facts.names = self.names.finish();
        self.facts
    }

    /// Drops mentions of names that are local where they are mentioned.
    fn drop_local_mentions(&mut self) {
        let facts = &self.facts;
        let is_local = |usage: &Usage| {
            let Expression::Name(name) = facts.expression(usage.target) else {
                return false;
            };
            facts.is_local(name, usage.within)
        };
        // A bare name of Ruby is a call when it is not local.
        let is_ruby = self.is_ruby();
        let is_bare = |usage: &Usage| match usage.kind {
            UsageKind::Mention => true,
            UsageKind::Call => is_ruby && usage.arguments == 0,
            UsageKind::New => false,
        };
        let kept: Vec<Usage> = facts
            .usages
            .iter()
            .filter(|usage| !is_bare(usage) || !is_local(usage))
            .copied()
            .collect();
        self.facts.usages = kept;
    }
}

fn last_leaf(node: NodeRef<'_>) -> NodeRef<'_> {
    node.child(Field::Property)
        .or_else(|| node.child(Field::Name))
        .or_else(|| node.named_children().last())
        .unwrap_or(node)
}
