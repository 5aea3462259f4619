//! Fields, properties, indexers, methods and constructors of C#.

use assay_syntax::{Field, NodeRef};

use super::{
    CSharp, declaration, declarators, declared_name, declared_value, is_static, member_nodes,
    modifiers, primary_parameters,
};
use crate::flow::builder::Signature;
use crate::flow::ir::{
    Arg, Callee, Field as ClassField, FunctionId, FunctionKind, Name, ParamKind, Slot,
};
use crate::flow::lower::walk::Walk;

impl CSharp<'_> {
    /// Lowers the values of fields and properties: static ones where the file
    /// begins, those of objects in the class's initializer.
    pub(super) fn fields(&mut self, node: NodeRef<'_>, class: usize) {
        let qualified = self.b.class(class).name.clone();
        let mut own: Vec<(NodeRef<'_>, String, NodeRef<'_>, Option<NodeRef<'_>>)> = Vec::new();
        let mut next = 0;
        for member in member_nodes(node) {
            match member.kind() {
                "field_declaration" | "event_field_declaration" => {
                    let ty = declaration(member).and_then(|d| d.child(Field::Type));
                    for declarator in declarators(member) {
                        let Some(name) = declared_name(declarator) else {
                            continue;
                        };
                        self.class_field(class, name, ty, member);
                        if let Some(value) = declared_value(declarator) {
                            own.push((member, name.to_owned(), value, ty));
                        }
                    }
                }
                "property_declaration" => {
                    let ty = member.child(Field::Type);
                    let name = member.child(Field::Name).map_or("_", NodeRef::text);
                    self.class_field(class, name, ty, member);
                    let value = member.child(Field::Value);
                    let value = value.filter(|v| v.kind() != "arrow_expression_clause");
                    if let Some(value) = value {
                        own.push((member, name.to_owned(), value, ty));
                    }
                }
                "enum_member_declaration" => self.enum_member(member, &qualified, &mut next),
                _ => {}
            }
        }
        let (statics, own): (Vec<_>, Vec<_>) = own.into_iter().partition(|f| is_static(f.0));
        for (_, name, value, ty) in statics {
            let want = self.want(ty);
            let slot = self.wanted(value, &want);
            self.b
                .store_global(value, &format!("{qualified}.{name}"), slot);
        }
        if own.is_empty() {
            return;
        }
        self.begin_method(node, "<fields>", class);
        for (_, name, value, ty) in own {
            let want = self.want(ty);
            let slot = self.wanted(value, &want);
            let this = self.b.read(value, "this");
            self.b.store(value, this, &name, slot);
        }
        self.has_this = false;
        let function = self.b.end_function();
        self.b.class(class).initializer = Some(function);
    }

    fn class_field(
        &mut self,
        class: usize,
        name: &str,
        ty: Option<NodeRef<'_>>,
        member: NodeRef<'_>,
    ) {
        let ty = ty.map(|ty| self.names.ty(ty));
        let annotations = self.annotations(member);
        self.b.class(class).fields.push(ClassField {
            name: Name::from(name),
            ty,
            annotations,
        });
    }

    /// Members of enumerations are constants that differ.
    fn enum_member(&mut self, node: NodeRef<'_>, class: &Name, next: &mut i64) {
        let Some(name) = node.child(Field::Name) else {
            return;
        };
        let value = match node.child(Field::Value) {
            Some(value) => self.expression(value),
            None => self.b.int(node, *next),
        };
        *next += 1;
        self.b
            .store_global(node, &format!("{class}.{}", name.text()), value);
    }

    /// Begins a method of a class that is not written as one.
    fn begin_method(&mut self, node: NodeRef<'_>, name: &str, class: usize) -> Slot {
        let qualified = self.b.class(class).name.clone();
        let kind = match name {
            "<init>" => FunctionKind::Constructor,
            _ => FunctionKind::Method,
        };
        let mut signature = Signature::new(name, kind);
        signature.class = Some(class);
        self.b.begin_function(node, signature);
        let this = self.b.param("this", ParamKind::Receiver, Some(&qualified));
        self.bind_outer_this(this);
        self.has_this = true;
        this
    }

    /// The constructor that a type declares behind its name.
    pub(super) fn primary_constructor(&mut self, node: NodeRef<'_>, class: usize) {
        let Some(list) = primary_parameters(node) else {
            return;
        };
        for param in list.named_children().filter(|n| n.kind() == "parameter") {
            if let Some(name) = param.child(Field::Name) {
                self.class_field(class, name.text(), param.child(Field::Type), param);
            }
        }
        let had = self.has_this;
        let this = self.begin_method(node, "<init>", class);
        let slots = self.parameters(Some(list));
        for (name, slot) in slots {
            self.b.store(node, this, &name, slot);
        }
        let base = node
            .named_children()
            .find(|n| n.kind() == "base_list")
            .into_iter()
            .flat_map(NodeRef::named_children)
            .flat_map(|n| match n.kind() {
                "primary_constructor_base_type" => n.named_children().collect(),
                _ => vec![n],
            })
            .find(|n| n.kind() == "argument_list");
        if let Some(arguments) = base {
            let mut args = vec![Arg::plain(this)];
            args.extend(self.arguments(Some(arguments)).args);
            self.b.call(node, Callee::Super(Name::from("<init>")), args);
        }
        self.has_this = had;
        let function = self.b.end_function();
        self.b.class(class).methods.push(function);
    }

    /// Lowers a member that holds code.
    pub(super) fn member(&mut self, node: NodeRef<'_>, class: usize) {
        match node.kind() {
            "method_declaration"
            | "constructor_declaration"
            | "operator_declaration"
            | "conversion_operator_declaration" => {
                let function = self.method(node, Some(class));
                self.b.class(class).methods.push(function);
            }
            "property_declaration" | "indexer_declaration" | "event_declaration" => {
                self.property(node, class);
            }
            _ => {}
        }
    }

    /// Lowers the code of a property's accessors.
    fn property(&mut self, node: NodeRef<'_>, class: usize) {
        let is_static = is_static(node);
        let is_indexer = node.kind() == "indexer_declaration";
        let name = match node.child(Field::Name) {
            Some(name) if !is_indexer => name.text(),
            _ => "[]",
        };
        let mut bodies: Vec<(&str, NodeRef<'_>)> = Vec::new();
        if let Some(value) = node.child(Field::Value)
            && value.kind() == "arrow_expression_clause"
        {
            bodies.push(("get", value));
        }
        let list = node
            .named_children()
            .find(|child| child.kind() == "accessor_list");
        for accessor in list.into_iter().flat_map(NodeRef::named_children) {
            let Some(body) = accessor.child(Field::Body) else {
                continue;
            };
            match accessor.child(Field::Name).map(NodeRef::text) {
                Some("get") => bodies.push(("get", body)),
                Some("set" | "init") => bodies.push(("set", body)),
                _ => {}
            }
        }
        for (word, body) in bodies {
            let accessor = format!("{word} {name}");
            let kind = match is_static {
                true => FunctionKind::Plain,
                false => FunctionKind::Method,
            };
            let mut signature = Signature::new(accessor.as_str(), kind);
            signature.class = Some(class);
            signature.result = (word == "get")
                .then(|| node.child(Field::Type).map(|ty| self.names.ty(ty)))
                .flatten();
            self.b.begin_function(body, signature);
            let outer = self.begin_code(!is_static, node.child(Field::Type), class);
            if is_indexer {
                self.parameters(node.child(Field::Parameters));
            }
            if word == "set" {
                let ty = node.child(Field::Type).map(|ty| self.names.ty(ty));
                self.b.param("value", ParamKind::Plain, ty.as_deref());
            }
            self.body(Some(body));
            self.end_code(outer);
            let function = self.b.end_function();
            self.b.class(class).methods.push(function);
            // What a static property gives is read by its name.
            if is_static && word == "get" {
                let qualified = self.b.class(class).name.clone();
                let owner = self.b.global(node, &qualified);
                let value = self.b.method(node, owner, &accessor, Vec::new());
                self.b
                    .store_global(node, &format!("{qualified}.{name}"), value);
            }
        }
    }

    /// Sets up what the code of a function sees; [`CSharp::end_code`] undoes it.
    fn begin_code(
        &mut self,
        has_this: bool,
        result: Option<NodeRef<'_>>,
        class: usize,
    ) -> (bool, super::Want, std::collections::HashSet<String>) {
        if has_this {
            let qualified = self.b.class(class).name.clone();
            let this = self.b.param("this", ParamKind::Receiver, Some(&qualified));
            self.bind_outer_this(this);
        }
        let want = self.want(result);
        (
            std::mem::replace(&mut self.has_this, has_this),
            std::mem::replace(&mut self.result, want),
            std::mem::take(&mut self.boxed),
        )
    }

    fn end_code(&mut self, outer: (bool, super::Want, std::collections::HashSet<String>)) {
        (self.has_this, self.result, self.boxed) = outer;
    }

    /// Lowers a method or constructor.
    pub(super) fn method(&mut self, node: NodeRef<'_>, class: Option<usize>) -> FunctionId {
        let is_constructor = node.kind() == "constructor_declaration" && !is_static(node);
        let kind = match (is_constructor, class.is_none() || is_static(node)) {
            (true, _) => FunctionKind::Constructor,
            (_, true) => FunctionKind::Plain,
            _ => FunctionKind::Method,
        };
        let name = match node.child(Field::Name) {
            Some(_) if is_constructor => "<init>",
            Some(name) => name.text(),
            None => "operator",
        };
        let result = node
            .child(Field::ReturnType)
            .or_else(|| node.child(Field::Type));
        let mut signature = Signature::new(name, kind);
        signature.class = class;
        signature.result = result.map(|ty| self.result_type(ty));
        signature.annotations = self.annotations(node);
        signature.is_public = modifiers(node).any(|word| word == "public");
        self.b.begin_function(node, signature);
        let outer = self.begin_code(kind != FunctionKind::Plain, result, class.unwrap_or(0));
        self.parameters(node.child(Field::Parameters));
        let first = node
            .named_children()
            .find(|child| child.kind() == "constructor_initializer");
        if let Some(initializer) = first {
            self.constructor_call(initializer);
        }
        match node.child(Field::Body) {
            Some(body) => self.body(Some(body)),
            // Without a body nothing is known of what it does.
            None => {
                let value = self.b.unknown(node);
                self.b.return_value(node, Some(value));
            }
        }
        self.end_code(outer);
        self.b.end_function()
    }

    /// Returns the type of a result: what a task brings, not the task.
    fn result_type(&self, ty: NodeRef<'_>) -> Name {
        if ty.kind() == "generic_name" {
            let name = super::name::dotted(ty);
            let inner = ty
                .named_children()
                .find(|child| child.kind() == "type_argument_list")
                .and_then(|list| list.named_children().next());
            if let (Some(inner), "Task" | "ValueTask" | "ActionResult") = (inner, name.as_str()) {
                return self.names.ty(inner);
            }
        }
        self.names.ty(ty)
    }

    fn constructor_call(&mut self, node: NodeRef<'_>) {
        let list = node.named_children().next();
        let given = self.arguments(list);
        let this = self.b.read(node, "this");
        if node.children().any(|child| child.kind() == "base") {
            let mut all = vec![Arg::plain(this)];
            all.extend(given.args);
            self.b.call(node, Callee::Super(Name::from("<init>")), all);
        } else {
            self.b.method(node, this, "<init>", given.args);
        }
    }

    /// Lowers the body of a function: a block, or `=> expression`.
    pub(super) fn body(&mut self, body: Option<NodeRef<'_>>) {
        let Some(body) = body else { return };
        match body.kind() {
            "block" => self.statements(body),
            "arrow_expression_clause" => {
                if let Some(value) = body.named_children().next() {
                    self.return_expression(body, value);
                }
            }
            _ => self.return_expression(body, body),
        }
    }

    fn return_expression(&mut self, node: NodeRef<'_>, value: NodeRef<'_>) {
        let want = self.result.clone();
        let value = self.wanted(value, &want);
        self.b.return_value(node, Some(value));
    }

    /// Declares parameters; returns their names and variables.
    pub(super) fn parameters(&mut self, list: Option<NodeRef<'_>>) -> Vec<(String, Slot)> {
        let mut found = Vec::new();
        let Some(list) = list else { return found };
        if list.kind() != "parameter_list" && list.kind() != "bracketed_parameter_list" {
            // `x => ...`
            let slot = self.b.param(list.text(), ParamKind::Plain, None);
            return vec![(list.text().to_owned(), slot)];
        }
        for node in list.named_children() {
            if node.kind() == "parameter" {
                let name = node.child(Field::Name).map_or("_", NodeRef::text);
                found.push((name.to_owned(), self.parameter(node, name)));
            } else if node.field() == Field::Name {
                // `params string[] rest`
                let slot = self.b.param(node.text(), ParamKind::Rest, None);
                found.push((node.text().to_owned(), slot));
            }
        }
        found
    }

    fn parameter(&mut self, node: NodeRef<'_>, name: &str) -> Slot {
        let ty = self.want(node.child(Field::Type)).ty;
        let has = |word: &str| {
            node.children()
                .any(|child| matches!(child.kind(), k if k == word) || child.text() == word)
        };
        let kind = match (has("this"), has("params")) {
            (true, _) => ParamKind::Extended,
            (_, true) => ParamKind::Rest,
            _ => ParamKind::Plain,
        };
        let is_boxed = has("ref") || has("out");
        let ty = ty.filter(|_| !is_boxed && kind != ParamKind::Rest);
        let annotations = self.annotations(node);
        let slot = self
            .b
            .annotated_param(name, kind, ty.as_deref(), annotations);
        if is_boxed {
            self.boxed.insert(name.to_owned());
        } else {
            self.boxed.remove(name);
        }
        if let Some(default) = declared_value(node) {
            self.b.open();
            let value = self.expression(default);
            let body = self.b.close();
            self.b.default(default, slot, body, value);
        }
        slot
    }
}
