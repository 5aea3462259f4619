//! Classes, objects, functions and properties of Kotlin.

use assay_syntax::{Field, NodeRef};

use super::{
    Kotlin, Members, bare, declared_name, is_type, modifiers, parts, qualified, statement,
};
use crate::flow::builder::Signature;
use crate::flow::ir::{
    Annotation, Arg, Callee, Class, Field as ClassField, FunctionId, FunctionKind, Name, Op,
    ParamKind, Slot,
};
use crate::flow::lower::walk::Walk;

impl Kotlin<'_> {
    /// Makes a class and those in it known, before any code is lowered.
    pub(super) fn declare_class(
        &mut self,
        node: NodeRef<'_>,
        prefix: &str,
        outer: Option<usize>,
    ) -> usize {
        let is_companion = node.kind() == "companion_object";
        let simple = match declared_name(node) {
            Some(name) => name.to_owned(),
            None if is_companion => "Companion".to_owned(),
            None => {
                self.anonymous += 1;
                format!("{}", self.anonymous)
            }
        };
        // What a companion has goes by the name of its class.
        let name = match is_companion {
            true => prefix.to_owned(),
            false => qualified(prefix, &simple),
        };
        let known = match is_companion {
            true => qualified(prefix, &simple),
            false => name.clone(),
        };
        if !is_companion {
            self.names.declare(&simple, &name);
            if outer.is_none() {
                self.b.alias(&format!("*.{simple}"), &name);
            }
        }
        let class = self.b.add_class(Class {
            name: Name::from(known),
            supertypes: Vec::new(),
            methods: Vec::new(),
            initializer: None,
            fields: Vec::new(),
            annotations: Vec::new(),
            is_abstract: node.children().any(|child| child.kind() == "interface"),
        });
        let at = self.members.len();
        let is_object = matches!(node.kind(), "object_declaration" | "companion_object");
        self.members.push(Members {
            class,
            qualified: name.clone(),
            outer,
            is_object,
            has_supertypes: node
                .named_children()
                .any(|child| child.kind() == "delegation_specifiers"),
            fields: Default::default(),
            methods: Default::default(),
        });
        for param in class_parameters(node) {
            self.members[at]
                .fields
                .extend(parameter_name(param).map(str::to_owned));
        }
        for member in member_nodes(node) {
            match member.kind() {
                "class_declaration" | "object_declaration" | "companion_object" => {
                    self.declare_class(member, &name, Some(at));
                }
                "property_declaration" => {
                    let fields = &mut self.members[at].fields;
                    fields.extend(declared_name(member).map(str::to_owned));
                }
                "enum_entry" => {
                    let entry = member.named_children().find(|n| n.kind() == "identifier");
                    let fields = &mut self.members[at].fields;
                    fields.extend(entry.map(|entry| entry.text().to_owned()));
                }
                "function_declaration" => {
                    if let Some(method) = declared_name(member) {
                        let count = parameters(member).count();
                        let methods = &mut self.members[at].methods;
                        methods.insert(method.to_owned(), count);
                    }
                }
                _ => {}
            }
        }
        at
    }

    /// Lowers what is in a class.
    pub(super) fn class_body(&mut self, node: NodeRef<'_>, at: usize) {
        if !self.b.descend() {
            return;
        }
        let class = self.members[at].class;
        let supertypes = self.supertypes(node);
        let annotations = self.annotations(node);
        let known = self.b.class(class);
        known.supertypes = supertypes;
        known.annotations = annotations;
        known.is_abstract |= modifiers(node).any(|word| word == "abstract");
        self.inside.push(at);
        let has_this = std::mem::replace(&mut self.has_this, false);
        if self.members[at].is_object {
            self.object_fields(node, at);
        } else {
            self.fields(node, at);
        }
        let mut nested = (at + 1..self.members.len())
            .filter(|inner| self.members[*inner].outer == Some(at))
            .collect::<Vec<_>>()
            .into_iter();
        for member in member_nodes(node) {
            match member.kind() {
                "class_declaration" | "object_declaration" | "companion_object" => {
                    if let Some(inner) = nested.next() {
                        self.class_body(member, inner);
                    }
                }
                "function_declaration" | "secondary_constructor" => {
                    let function = self.function(member, Some(at));
                    let owner = self.owner_of_methods(at);
                    self.b.class(owner).methods.push(function);
                }
                "property_declaration" => self.accessors(member, at),
                "enum_entry" => self.enum_entry(member, at),
                _ => {}
            }
        }
        if modifiers(node).any(|word| word == "data") {
            self.data_methods(node, at);
        }
        self.has_this = has_this;
        self.inside.pop();
        self.b.ascend();
    }

    /// Returns the class that has the methods: those of a companion are the
    /// class's around it.
    fn owner_of_methods(&self, at: usize) -> usize {
        let members = &self.members[at];
        match members.outer {
            Some(outer)
                if members.is_object && members.qualified == self.members[outer].qualified =>
            {
                self.members[outer].class
            }
            _ => members.class,
        }
    }

    fn supertypes(&self, node: NodeRef<'_>) -> Vec<Name> {
        let list = node
            .named_children()
            .find(|child| child.kind() == "delegation_specifiers");
        let is_enum = modifiers(node).any(|word| word == "enum")
            || node.children().any(|child| child.kind() == "enum");
        let all = is_enum.then(|| Name::from("java.lang.Enum"));
        let written = list
            .into_iter()
            .flat_map(NodeRef::named_children)
            .filter_map(|specifier| specifier.subtree().find(|part| part.kind() == "user_type"))
            .map(|ty| self.names.ty(ty));
        all.into_iter().chain(written).collect()
    }

    /// The fields of an object go by its name.
    fn object_fields(&mut self, node: NodeRef<'_>, at: usize) {
        let name = self.members[at].qualified.clone();
        for member in member_nodes(node) {
            match member.kind() {
                "property_declaration" => {
                    let value = self.property_value(member);
                    if let (Some(field), Some(value)) = (declared_name(member), value) {
                        self.b
                            .store_global(member, &format!("{name}.{field}"), value);
                    }
                }
                "anonymous_initializer" => {
                    for block in member.named_children() {
                        self.statement(block);
                    }
                }
                _ => {}
            }
        }
    }

    fn field(&mut self, class: usize, name: &str, ty: Option<NodeRef<'_>>) {
        let ty = ty.map(|ty| self.names.ty(ty));
        self.b.class(class).fields.push(ClassField {
            name: Name::from(name),
            ty,
            annotations: Vec::new(),
        });
    }

    /// Lowers the constructor behind the class's name and the values of its
    /// properties: those that need the constructor's parameters are set there.
    fn fields(&mut self, node: NodeRef<'_>, at: usize) {
        let class = self.members[at].class;
        let params: Vec<NodeRef<'_>> = class_parameters(node).collect();
        let names: Vec<&str> = params.iter().filter_map(|p| parameter_name(*p)).collect();
        for param in &params {
            if let Some(name) = parameter_name(*param) {
                self.field(class, name, type_of(*param));
            }
        }
        let mut early = Vec::new();
        let mut late = Vec::new();
        for member in member_nodes(node) {
            let needs = member
                .subtree()
                .any(|part| part.kind() == "identifier" && names.contains(&part.text()));
            match member.kind() {
                "property_declaration" => {
                    if let Some(name) = declared_name(member) {
                        let variable = member
                            .named_children()
                            .find(|child| child.kind() == "variable_declaration");
                        self.field(class, name, variable.and_then(type_of));
                    }
                    match needs {
                        true => late.push(member),
                        false => early.push(member),
                    }
                }
                "anonymous_initializer" => late.push(member),
                _ => {}
            }
        }
        let name = self.members[at].qualified.clone();
        if !early.is_empty() {
            let mut signature = Signature::new("<fields>", FunctionKind::Method);
            signature.class = Some(class);
            self.b.begin_function(node, signature);
            self.receiver_param(ParamKind::Receiver, Some(&name));
            self.has_this = true;
            self.initial_values(early);
            self.has_this = false;
            let function = self.b.end_function();
            self.b.class(class).initializer = Some(function);
        }
        let has_constructor = node
            .named_children()
            .any(|child| child.kind() == "primary_constructor");
        if !has_constructor && late.is_empty() {
            return;
        }
        let mut signature = Signature::new("<init>", FunctionKind::Constructor);
        signature.class = Some(class);
        self.b.begin_function(node, signature);
        self.receiver_param(ParamKind::Receiver, Some(&name));
        self.has_this = true;
        for param in params {
            let slot = self.parameter(param, ParamKind::Plain);
            if let Some(name) = parameter_name(param) {
                let this = self.b.read(param, "this");
                self.b.store(param, this, name, slot);
            }
        }
        self.super_constructor(node);
        self.initial_values(late);
        self.has_this = false;
        let function = self.b.end_function();
        self.b.class(class).methods.push(function);
    }

    fn super_constructor(&mut self, node: NodeRef<'_>) {
        let invocation = node
            .named_children()
            .find(|child| child.kind() == "delegation_specifiers")
            .and_then(|list| {
                list.subtree()
                    .find(|part| part.kind() == "constructor_invocation")
            });
        let Some(invocation) = invocation else { return };
        let list = invocation
            .named_children()
            .find(|child| child.kind() == "value_arguments");
        let this = self.b.read(invocation, "this");
        let mut args = vec![Arg::plain(this)];
        args.extend(self.arguments(list));
        self.b
            .call(invocation, Callee::Super(Name::from("<init>")), args);
    }

    fn initial_values(&mut self, members: Vec<NodeRef<'_>>) {
        for member in members {
            if member.kind() == "anonymous_initializer" {
                for block in member.named_children() {
                    self.statement(block);
                }
                continue;
            }
            let value = match statement::initial(member) {
                Some(value) => self.expression(value),
                None => match member
                    .named_children()
                    .find(|n| n.kind() == "property_delegate")
                {
                    Some(delegate) => self.delegate(delegate),
                    None => continue,
                },
            };
            if let Some(name) = declared_name(member) {
                let this = self.b.read(member, "this");
                self.b.store(member, this, name, value);
            }
        }
    }

    /// `by lazy { value }` is the value; of other delegates nothing is known.
    pub(super) fn delegate(&mut self, node: NodeRef<'_>) -> Slot {
        let lambda = node.subtree().find(|part| part.kind() == "lambda_literal");
        match lambda {
            Some(lambda) if node.text().contains("lazy") => {
                let function = self.expression(lambda);
                self.b.call(node, Callee::Value(function), Vec::new())
            }
            _ => self.first(node),
        }
    }

    /// Lowers getters and setters with code to methods.
    fn accessors(&mut self, node: NodeRef<'_>, at: usize) {
        if self.members[at].is_object {
            return;
        }
        let Some(property) = declared_name(node) else {
            return;
        };
        let class = self.members[at].class;
        let name = self.members[at].qualified.clone();
        for accessor in node.named_children() {
            let word = match accessor.kind() {
                "getter" => "get",
                "setter" => "set",
                _ => continue,
            };
            if !accessor
                .named_children()
                .any(|n| n.kind() == "function_body")
            {
                continue;
            }
            let method = format!("{word} {property}");
            let mut signature = Signature::new(method, FunctionKind::Method);
            signature.class = Some(class);
            self.b.begin_function(accessor, signature);
            self.receiver_param(ParamKind::Receiver, Some(&name));
            let had = std::mem::replace(&mut self.has_this, true);
            if word == "set" {
                let param = accessor.named_children().find(|n| n.kind() == "identifier");
                self.b
                    .param(param.map_or("value", NodeRef::text), ParamKind::Plain, None);
            }
            self.function_body(accessor);
            self.has_this = had;
            let function = self.b.end_function();
            self.b.class(class).methods.push(function);
        }
    }

    fn enum_entry(&mut self, node: NodeRef<'_>, at: usize) {
        let Some(name) = node.named_children().find(|n| n.kind() == "identifier") else {
            return;
        };
        let list = node
            .named_children()
            .find(|child| child.kind() == "value_arguments");
        let args = self.arguments(list);
        let class = self.members[at].qualified.clone();
        let value = self
            .b
            .call(node, Callee::New(Name::from(class.as_str())), args);
        let text = self.b.string(name, name.text());
        self.b.store(node, value, "name", text);
        self.b
            .store_global(node, &format!("{class}.{}", name.text()), value);
    }

    /// Lowers a function, method or secondary constructor.
    pub(super) fn function(&mut self, node: NodeRef<'_>, at: Option<usize>) -> FunctionId {
        let is_constructor = node.kind() == "secondary_constructor";
        let extended = extended_type(node);
        let is_static = at.is_none_or(|at| self.members[at].is_object);
        let kind = match (is_constructor, extended, is_static) {
            (true, ..) => FunctionKind::Constructor,
            (_, Some(_), _) | (_, _, true) => FunctionKind::Plain,
            _ => FunctionKind::Method,
        };
        let name = match is_constructor {
            true => "<init>",
            false => declared_name(node).unwrap_or(""),
        };
        let mut signature = Signature::new(name, kind);
        signature.class = at.map(|at| self.owner_of_methods(at));
        signature.result = result_type(node).map(|ty| self.names.ty(ty));
        signature.annotations = self.annotations(node);
        signature.is_public =
            !modifiers(node).any(|word| matches!(word, "private" | "protected" | "internal"));
        self.b.begin_function(node, signature);
        let mut has_this = true;
        if let Some(extended) = extended {
            let ty = self.names.ty(extended);
            self.b.param("this", ParamKind::Extended, Some(&ty));
        } else if kind == FunctionKind::Plain {
            has_this = false;
        } else {
            let owner = at.map(|at| self.members[at].qualified.clone());
            self.receiver_param(ParamKind::Receiver, owner.as_deref());
        }
        let had = std::mem::replace(&mut self.has_this, has_this);
        self.parameters(node);
        if is_constructor {
            self.delegated_constructor(node);
        }
        let has_body = node
            .named_children()
            .any(|child| matches!(child.kind(), "function_body" | "block"));
        if has_body {
            self.function_body(node);
        } else if !is_constructor {
            // Without a body nothing is known of what it does.
            let value = self.b.unknown(node);
            self.b.return_value(node, Some(value));
        }
        self.has_this = had;
        self.b.end_function()
    }

    fn delegated_constructor(&mut self, node: NodeRef<'_>) {
        let Some(call) = node
            .named_children()
            .find(|child| child.kind() == "constructor_delegation_call")
        else {
            return;
        };
        let list = call.named_children().next();
        let args = self.arguments(list);
        let this = self.b.read(call, "this");
        if call.text().starts_with("super") {
            let mut all = vec![Arg::plain(this)];
            all.extend(args);
            self.b.call(call, Callee::Super(Name::from("<init>")), all);
        } else {
            self.b.method(call, this, "<init>", args);
        }
    }

    /// Lowers the body: a block, or `= expression`.
    pub(super) fn function_body(&mut self, node: NodeRef<'_>) {
        for body in node
            .named_children()
            .filter(|child| matches!(child.kind(), "function_body" | "block"))
        {
            let inner = match body.kind() {
                "function_body" => parts(body).next(),
                _ => Some(body),
            };
            match inner {
                Some(block) if block.kind() == "block" => self.statements(block),
                Some(value) => {
                    let slot = self.expression(value);
                    self.b.return_value(value, Some(slot));
                }
                None => {}
            }
        }
    }

    pub(super) fn parameters(&mut self, node: NodeRef<'_>) {
        let list = node
            .named_children()
            .find(|child| child.kind() == "function_value_parameters");
        let Some(list) = list else { return };
        let mut modifiers: Option<NodeRef<'_>> = None;
        let mut last = None;
        for child in list.named_children() {
            match child.kind() {
                "parameter_modifiers" => modifiers = Some(child),
                "parameter" => {
                    let is_rest = modifiers.is_some_and(|words| {
                        words.named_children().any(|word| word.text() == "vararg")
                    });
                    let kind = match is_rest {
                        true => ParamKind::Rest,
                        false => ParamKind::Plain,
                    };
                    last = Some(self.declare_parameter(child, kind, modifiers.take()));
                }
                // The value without an argument stands after its parameter.
                _ => {
                    if let Some(slot) = last.take() {
                        self.default_value(child, slot);
                    }
                }
            }
        }
    }

    fn default_value(&mut self, node: NodeRef<'_>, slot: Slot) {
        self.b.open();
        let value = self.expression(node);
        let body = self.b.close();
        self.b.default(node, slot, body, value);
    }

    /// Declares a parameter of a class, whose default value is in it.
    fn parameter(&mut self, node: NodeRef<'_>, kind: ParamKind) -> Slot {
        let modifiers = node.named_children().find(|n| n.kind() == "modifiers");
        let slot = self.declare_parameter(node, kind, modifiers);
        let mut after = node.children().skip_while(|child| child.kind() != "=");
        after.next();
        if let Some(value) = after.find(|child| child.is_named()) {
            self.default_value(value, slot);
        }
        slot
    }

    pub(super) fn declare_parameter(
        &mut self,
        node: NodeRef<'_>,
        kind: ParamKind,
        modifiers: Option<NodeRef<'_>>,
    ) -> Slot {
        let name = parameter_name(node).unwrap_or("_");
        let ty = type_of(node).map(|ty| self.names.ty(ty));
        let ty = ty.filter(|_| kind != ParamKind::Rest);
        let annotations = modifiers.map_or_else(Vec::new, |list| self.annotations_in(list));
        self.b
            .annotated_param(name, kind, ty.as_deref(), annotations)
    }

    /// Returns the annotations of a declaration with their constant arguments.
    pub(super) fn annotations(&self, node: NodeRef<'_>) -> Vec<Annotation> {
        let lists = node
            .named_children()
            .filter(|child| child.kind() == "modifiers");
        let mut all: Vec<Annotation> = lists.flat_map(|list| self.annotations_in(list)).collect();
        // The grammar takes several annotations of a class, of which the last has
        // arguments, for an expression of its own that stands before it.
        let mut before = node.previous_sibling();
        while let Some(around) = before.filter(|node| node.kind() == "annotated_expression") {
            all.extend(self.annotations_in(around));
            before = around.named_children().last();
        }
        all
    }

    fn annotations_in(&self, list: NodeRef<'_>) -> Vec<Annotation> {
        list.named_children()
            .filter(|child| child.kind() == "annotation")
            .filter_map(|annotation| {
                let ty = annotation.subtree().find(|n| n.kind() == "user_type")?;
                let arguments = annotation
                    .subtree()
                    .filter(|n| n.kind() == "value_argument")
                    .filter_map(|argument| {
                        let value = argument.named_children().last()?;
                        let key = argument.named_children().next().filter(|k| *k != value);
                        let text = super::literal::string_of(value)
                            .unwrap_or_else(|| value.text().to_owned());
                        let key = key.map_or("", NodeRef::text);
                        Some((Name::from(key), Name::from(text)))
                    })
                    .collect();
                Some(Annotation {
                    name: self.names.ty(ty),
                    arguments,
                })
            })
            .collect()
    }

    /// Lowers an object without a name, or a class inside a function.
    pub(super) fn local_class(&mut self, node: NodeRef<'_>) -> usize {
        let prefix = self.current_class();
        let outer = self.inside.last().copied();
        let members = self.declare_class(node, &prefix, outer);
        self.class_body(node, members);
        members
    }

    /// Lowers a function inside another to a variable that holds it.
    pub(super) fn local_function(&mut self, node: NodeRef<'_>) {
        let name = declared_name(node).unwrap_or("_");
        let slot = self.b.declare(name, None);
        let value = self.closure(node);
        self.b.assign(node, slot, value);
    }

    /// Lowers a function as a value.
    pub(super) fn closure(&mut self, node: NodeRef<'_>) -> Slot {
        self.b
            .begin_function(node, Signature::new("", FunctionKind::Closure));
        self.parameters(node);
        self.function_body(node);
        let function = self.b.end_function();
        self.b.emit(node, Op::Closure(function))
    }
}

/// Returns the members of a class or object.
pub(super) fn member_nodes(node: NodeRef<'_>) -> impl Iterator<Item = NodeRef<'_>> {
    node.named_children()
        .filter(|child| matches!(child.kind(), "class_body" | "enum_class_body"))
        .flat_map(NodeRef::named_children)
}

pub(super) fn class_parameters(node: NodeRef<'_>) -> impl Iterator<Item = NodeRef<'_>> {
    node.named_children()
        .filter(|child| child.kind() == "primary_constructor")
        .flat_map(NodeRef::named_children)
        .filter(|child| child.kind() == "class_parameters")
        .flat_map(NodeRef::named_children)
        .filter(|child| child.kind() == "class_parameter")
}

fn parameters(node: NodeRef<'_>) -> impl Iterator<Item = NodeRef<'_>> {
    node.named_children()
        .filter(|child| child.kind() == "function_value_parameters")
        .flat_map(NodeRef::named_children)
        .filter(|child| child.kind() == "parameter")
}

pub(super) fn parameter_name(node: NodeRef<'_>) -> Option<&str> {
    let name = node
        .named_children()
        .find(|child| child.kind() == "identifier")?;
    Some(bare(name))
}

/// Returns the type that a parameter or variable declares.
pub(super) fn type_of(node: NodeRef<'_>) -> Option<NodeRef<'_>> {
    node.named_children().find(|child| is_type(*child))
}

/// Returns the type that a function is called on as if it were its method: it
/// stands before the name.
fn extended_type(node: NodeRef<'_>) -> Option<NodeRef<'_>> {
    let name = node.child(Field::Name)?;
    node.named_children()
        .take_while(|child| *child != name)
        .find(|child| is_type(*child))
}

/// Returns the type of the result: it stands after the parameters.
fn result_type(node: NodeRef<'_>) -> Option<NodeRef<'_>> {
    node.named_children()
        .skip_while(|child| child.kind() != "function_value_parameters")
        .find(|child| is_type(*child))
}
