//! Lowers C and C++: declarations and functions, and what is in them.
//!
//! Arrays of characters are texts that calls write to; a variable whose address
//! is taken lives in the heap; a structure is an object, and so is what points
//! to it.

use std::collections::{HashMap, HashSet};

use assay_syntax::{Field, NodeRef, SyntaxTree};

use super::Lowerer;
use super::walk::Walk;
use crate::flow::builder::{Builder, Signature};
use crate::flow::ir::{
    Annotation, Arg, Block, Callee, Class, FunctionId, FunctionKind, Name, ParamKind, Slot,
};

mod assign;
mod call;
mod declaration;
mod expression;
mod literal;
mod macros;
mod name;
mod statement;
#[cfg(test)]
mod tests;
mod ty;

use name::{ClassNames, Names, dotted, inside, join};
use ty::declared;

pub(super) static C: Lowerer = Lowerer {
    languages: &["c"],
    models: "c",
    lower: |tree, builder| Lower::new(builder).file(tree),
};

pub(super) static CPP: Lowerer = Lowerer {
    languages: &["cpp"],
    models: "cpp",
    lower: |tree, builder| Lower::new(builder).file(tree),
};

/// What is lowered of a file: first its variables, then its functions.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Phase {
    Variables,
    Functions,
}

/// The lowerer of one file.
struct Lower<'b> {
    b: &'b mut Builder,
    is_cpp: bool,
    names: Names,
    /// The namespace that is being lowered.
    space: String,
    /// The class whose method is being lowered.
    this: Option<String>,
    /// Variables that are their object and no pointer to one.
    direct: HashSet<(FunctionId, Slot)>,
    /// The same at the top of the file, by name.
    direct_globals: HashSet<String>,
    /// Variables that are other names of numbers or pointers.
    references: HashSet<(FunctionId, Slot)>,
    /// Parameters that a function moves on, by the variables that move: what is
    /// found out of the text on the way is told of the parameter.
    walked: HashMap<(FunctionId, Slot), Slot>,
    /// Labels that are jumped back to.
    retries: Vec<String>,
    /// How many macros are being expanded, and have been.
    expanding: u32,
    expanded: u32,
}

impl Walk for Lower<'_> {
    fn builder(&mut self) -> &mut Builder {
        self.b
    }

    fn expression_inside(&mut self, node: NodeRef<'_>) -> Slot {
        self.expression_by_kind(node)
    }

    fn statement_inside(&mut self, node: NodeRef<'_>) {
        self.statement_by_kind(node);
    }

    fn loop_statement(&mut self, node: NodeRef<'_>, label: Option<&str>) -> bool {
        self.loop_by_kind(node, label)
    }
}

impl<'b> Lower<'b> {
    fn new(b: &'b mut Builder) -> Self {
        b.set_pointers();
        Self {
            is_cpp: b.models().language == "cpp",
            names: Names::new(b.models()),
            b,
            space: String::new(),
            this: None,
            direct: HashSet::new(),
            direct_globals: HashSet::new(),
            references: HashSet::new(),
            walked: HashMap::new(),
            retries: Vec::new(),
            expanding: 0,
            expanded: 0,
        }
    }

    fn file(&mut self, tree: &SyntaxTree) {
        self.names.gather(tree, self.b);
        for phase in [Phase::Variables, Phase::Functions] {
            self.items(tree.root(), phase);
        }
    }

    /// Lowers what stands at the top of a file or namespace.
    fn items(&mut self, node: NodeRef<'_>, phase: Phase) {
        if !self.b.descend() {
            return;
        }
        for item in node.named_children() {
            self.item(item, phase);
        }
        self.b.ascend();
    }

    fn item(&mut self, node: NodeRef<'_>, phase: Phase) {
        match node.kind() {
            "function_definition" if phase == Phase::Functions => self.function(node, None),
            "declaration" => {
                if phase == Phase::Variables {
                    self.declaration(node, true);
                }
                self.class_in(node, phase);
            }
            "type_definition" => self.class_in(node, phase),
            "class_specifier" | "struct_specifier" | "union_specifier" => self.class(node, phase),
            "namespace_definition" => {
                let outer = std::mem::replace(&mut self.space, inside(node, true));
                if let Some(body) = node.child(Field::Body) {
                    self.items(body, phase);
                }
                self.space = outer;
            }
            // The file that a header goes with may hold what is called.
            "preproc_include" if phase == Phase::Variables => {
                if let Some(path) = node
                    .child(Field::Source)
                    .filter(|n| n.kind() == "string_literal")
                {
                    self.b.string(path, path.text().trim_matches('"'));
                }
            }
            "preproc_if"
                if node
                    .child(Field::Condition)
                    .is_some_and(|c| c.text() == "0") =>
            {
                if let Some(other) = node.child(Field::Alternative) {
                    self.items(other, phase);
                }
            }
            "linkage_specification" | "declaration_list" | "template_declaration" => {
                self.items(node, phase);
            }
            kind if kind.starts_with("preproc_") || kind == "ERROR" => self.items(node, phase),
            _ => {}
        }
    }

    /// Lowers the class that is the type of a declaration.
    fn class_in(&mut self, node: NodeRef<'_>, phase: Phase) {
        if let Some(ty) = node
            .child(Field::Type)
            .filter(|ty| ty.child(Field::Body).is_some())
        {
            self.class(ty, phase);
        }
    }

    /// Lowers the methods of a class, and what its members are at first.
    fn class(&mut self, node: NodeRef<'_>, phase: Phase) {
        let Some(body) = node.child(Field::Body) else {
            return;
        };
        if phase == Phase::Variables || !self.b.descend() {
            return;
        }
        let name = name::class_name(node);
        self.initializer(node, &name);
        self.members(body, &name);
        self.b.ascend();
    }

    fn members(&mut self, body: NodeRef<'_>, class: &str) {
        for member in body.named_children() {
            match member.kind() {
                "function_definition" => self.function(member, Some(class)),
                "field_declaration" => self.class_in(member, Phase::Functions),
                "template_declaration" => self.members(member, class),
                kind if kind.starts_with("preproc_") => self.members(member, class),
                _ => {}
            }
        }
    }

    /// Members that are arrays or objects exist from the beginning.
    fn initializer(&mut self, node: NodeRef<'_>, class: &str) {
        let Some(at) = self.names.classes.get(class).map(|known| known.class) else {
            return;
        };
        let body = node.child(Field::Body);
        let members: Vec<NodeRef<'_>> = body
            .into_iter()
            .flat_map(NodeRef::named_children)
            .filter(|member| {
                member.kind() == "field_declaration" && !name::has_word(*member, "static")
            })
            .collect();
        if members.is_empty() {
            return;
        }
        let mut signature = Signature::new("<fields>", FunctionKind::Method);
        signature.class = Some(at);
        self.b.begin_function(node, signature);
        let this = self.b.param("this", ParamKind::Receiver, Some(class));
        for member in members {
            let base = self.names.base(member.child(Field::Type));
            let default = member.children().find(|child| {
                child.is_named()
                    && child.field() == Field::Other
                    && child.kind() != "bitfield_clause"
            });
            for declarator in name::declarators(member) {
                let inner = declared(declarator);
                let Some(field) = inner.name.filter(|_| inner.function.is_none()) else {
                    continue;
                };
                if let Some(value) = self.first_value(declarator, &inner, &base, default) {
                    self.b.store(declarator, this, field.text(), value);
                }
            }
        }
        let function = self.b.end_function();
        self.b.class(at).initializer = Some(function);
    }

    /// Lowers a function or method.
    fn function(&mut self, node: NodeRef<'_>, class: Option<&str>) {
        let Some(declarator) = node.child(Field::Declarator) else {
            return;
        };
        let inner = declared(declarator);
        let Some(body) = node.child(Field::Body) else {
            return;
        };
        let written = match inner.name {
            Some(name) => dotted(name.text().split('<').next().unwrap_or("")),
            None => "operator".to_owned(),
        };
        let (owner, name) = match (class, written.rsplit_once('.')) {
            (Some(class), _) => (Some(class.to_owned()), written.clone()),
            (None, Some((scope, name))) => {
                let scope_name = join(&self.space, scope);
                match self.names.is_namespace(&scope_name) || self.names.is_namespace(scope) {
                    true => (None, join(&scope_name, name)),
                    false => (Some(self.owner(node, scope)), name.to_owned()),
                }
            }
            (None, None) => (None, join(&self.space, &written)),
        };
        let known = owner
            .as_ref()
            .and_then(|owner| self.names.classes.get(owner));
        let at = known.map(|known| known.class);
        let is_static = name::has_word(node, "static")
            || known.is_some_and(|known| known.methods.get(&name) == Some(&true));
        let simple = owner
            .as_ref()
            .map(|owner| owner.rsplit('.').next().unwrap_or(owner));
        let kind = match &owner {
            None => FunctionKind::Plain,
            Some(_) if simple == Some(name.as_str()) => FunctionKind::Constructor,
            Some(_) if is_static => FunctionKind::Plain,
            Some(_) => FunctionKind::Method,
        };
        let own_name = match kind {
            FunctionKind::Constructor => "<init>",
            _ => name.as_str(),
        };
        let mut signature = Signature::new(own_name, kind);
        signature.class = at;
        let base = self.names.base(node.child(Field::Type));
        let result = ty::pointed(&base.name, base.pointers + inner.pointers, base.arrays);
        signature.result = result.map(Name::from);
        signature.is_local = owner.is_none()
            && self
                .names
                .functions
                .get(&name)
                .is_some_and(|known| known.is_local);
        self.b.begin_function(node, signature);
        let outer = std::mem::replace(&mut self.this, owner.clone());
        if kind != FunctionKind::Plain {
            let this = self.b.param("this", ParamKind::Receiver, owner.as_deref());
            self.direct.insert((self.b.current(), this));
        }
        if let Some(list) = inner
            .function
            .and_then(|function| function.child(Field::Parameters))
        {
            self.parameters(list, name == "main" || name == "wmain");
        }
        if kind == FunctionKind::Constructor {
            self.initializers(node);
        }
        self.moved_parameters(body);
        self.statement(body);
        self.this = outer;
        let function = self.b.end_function();
        if let Some(at) = at {
            self.b.class(at).methods.push(function);
        }
    }

    /// Returns the class that a method written outside of it belongs to.
    fn owner(&mut self, node: NodeRef<'_>, scope: &str) -> String {
        let name = self.names.class_called(scope, &self.space);
        if self.names.classes.contains_key(&name) {
            return name;
        }
        let name = join(&self.space, scope);
        if !self.names.classes.contains_key(&name) {
            let class = self.b.add_class(Class {
                name: Name::from(name.as_str()),
                supertypes: Vec::new(),
                methods: Vec::new(),
                initializer: None,
                fields: Vec::new(),
                annotations: Vec::new(),
                is_abstract: false,
            });
            let _ = node;
            let known = ClassNames {
                class,
                ..ClassNames::default()
            };
            self.names.classes.insert(name.clone(), known);
        }
        name
    }

    fn parameters(&mut self, list: NodeRef<'_>, is_main: bool) {
        for (at, param) in list
            .named_children()
            .filter(|n| n.kind() != "comment")
            .enumerate()
        {
            if param.kind().starts_with("variadic") {
                let name = param
                    .child(Field::Declarator)
                    .and_then(|d| declared(d).name);
                self.b
                    .param(name.map_or("...", NodeRef::text), ParamKind::Rest, None);
                continue;
            }
            let base = self.names.base(param.child(Field::Type));
            let inner = param
                .child(Field::Declarator)
                .map(declared)
                .unwrap_or_default();
            let name = inner.name.map_or("", NodeRef::text);
            if name.is_empty() && base.name == "void" {
                continue;
            }
            let ty = base.with(&inner);
            let annotations = match (is_main, at) {
                (true, 1) => vec![annotation("argument.main")],
                (true, 2) => vec![annotation("environment.main")],
                _ => Vec::new(),
            };
            let slot = self
                .b
                .annotated_param(name, ParamKind::Plain, ty.as_deref(), annotations);
            let key = (self.b.current(), slot);
            if inner.is_reference && name::is_reference_to_value(&base, &inner) {
                self.references.insert(key);
            } else if inner.pointers == 0 && base.pointers == 0 && ty::is_class(&base.name) {
                self.direct.insert(key);
            }
            let default = param
                .children()
                .find(|child| child.is_named() && child.field() == Field::Other);
            if let Some(default) =
                default.filter(|_| param.kind() == "optional_parameter_declaration")
            {
                self.b.open();
                let value = self.expression(default);
                let body = self.b.close();
                self.b.default(param, slot, body, value);
            }
        }
    }

    /// A parameter that walks a text is a variable of its own, so that the
    /// parameter stays what the caller gave.
    fn moved_parameters(&mut self, body: NodeRef<'_>) {
        let moved = body
            .subtree()
            .filter(|n| n.kind() == "update_expression")
            .filter_map(|n| n.child(Field::Operand))
            .filter(|n| n.kind() == "identifier");
        for name in moved {
            let Some(slot) = self.b.local(name.text()) else {
                continue;
            };
            let ty = self.b.slot_info(slot).ty.clone();
            let key = (self.b.current(), slot);
            let is_text = ty.as_ref().is_some_and(|ty| ty.ends_with("[]"));
            if !is_text || self.references.contains(&key) || self.walked.contains_key(&key) {
                continue;
            }
            let own = self.b.declare(name.text(), ty.as_deref());
            self.b.assign(name, own, slot);
            self.walked.insert((key.0, own), slot);
        }
    }

    /// Lowers what comes between a constructor's parameters and its body.
    fn initializers(&mut self, node: NodeRef<'_>) {
        let Some(list) = node
            .named_children()
            .find(|n| n.kind() == "field_initializer_list")
        else {
            return;
        };
        for one in list
            .named_children()
            .filter(|n| n.kind() == "field_initializer")
        {
            let mut parts = one.named_children();
            let (Some(name), Some(values)) = (parts.next(), parts.next()) else {
                continue;
            };
            let this = self.b.read(one, "this");
            let args: Vec<Arg> = self.children(values).into_iter().map(Arg::plain).collect();
            let field = dotted(name.text().split('<').next().unwrap_or(""));
            let class = self.this.clone().unwrap_or_default();
            if self.names.class_called(&field, &self.space) == class {
                self.b.method(one, this, "<init>", args);
                continue;
            }
            let known = self.names.classes.get(&class);
            let ty = known.and_then(|known| {
                let own = known.fields.iter().find(|(own, _)| *own == field)?;
                Some(own.1.clone())
            });
            let is_base = known.is_some_and(|known| known.is_whole) && ty.is_none();
            if is_base {
                let mut all = vec![Arg::plain(this)];
                all.extend(args);
                self.b.call(one, Callee::Super(Name::from("<init>")), all);
                continue;
            }
            let value = match (ty.flatten().filter(|ty| ty::is_class(ty)), args.as_slice()) {
                (Some(ty), args) if self.makes_copy(&ty) || args.len() != 1 => {
                    self.b.call(one, Callee::New(Name::from(ty)), args.to_vec())
                }
                (_, [one]) => one.value,
                (_, args) => {
                    let all = args.iter().map(|arg| arg.value).collect();
                    self.b.mix(one, all)
                }
            };
            self.b.store(one, this, &field, value);
        }
    }

    /// Lowers a statement or expression into a block of its own.
    fn in_block(&mut self, lower: impl FnOnce(&mut Self)) -> Block {
        self.b.open();
        self.b.enter_scope();
        lower(self);
        self.b.leave_scope();
        self.b.close()
    }
}

fn annotation(name: &str) -> Annotation {
    Annotation {
        name: Name::from(name),
        arguments: Vec::new(),
    }
}
