//! Ruby's methods and blocks as functions: parameters, what they return.

use assay_syntax::{Field, NodeRef};

use super::{Inside, Out, Ruby, items};
use crate::flow::builder::Signature;
use crate::flow::ir::{Annotation, BLOCK, FunctionId, FunctionKind, Name, Op, ParamKind, Slot};
use crate::flow::lower::walk::Walk;

impl Ruby<'_> {
    /// `def name`, wherever it stands.
    pub(super) fn method_statement(&mut self, node: NodeRef<'_>) {
        let Some(name) = node.child(Field::Name) else {
            return;
        };
        let name = match name.kind() {
            "setter" => format!("set {}", name.text().trim_end_matches('=')),
            _ => match name.text() {
                "[]" => "get []".to_owned(),
                "[]=" => "set []".to_owned(),
                other => other.to_owned(),
            },
        };
        let is_singleton = node.kind() == "singleton_method";
        let is_static = is_singleton || self.modules.last().is_some_and(|m| m.is_static);
        self.method_of(node, &name, is_static);
    }

    /// Lowers a method of the class around, or a function where there is none.
    pub(super) fn method_of(&mut self, node: NodeRef<'_>, name: &str, is_static: bool) {
        if !self.b.descend() {
            return;
        }
        let class = self.class_around().map(|(class, _)| class);
        let (name, kind) = match (class, is_static, name) {
            (Some(_), false, "initialize") => ("<init>", FunctionKind::Constructor),
            (Some(_), false, name) => (name, FunctionKind::Method),
            (_, _, name) => (name, FunctionKind::Plain),
        };
        let mut signature = Signature::new(name, kind);
        signature.class = class;
        signature.is_public =
            class.is_some() && self.modules.last().is_some_and(|module| module.is_public);
        let filters = match kind {
            FunctionKind::Method => self.filters_of(name),
            _ => Vec::new(),
        };
        let function = self.function(node, signature, &filters);
        if let Some(class) = class {
            self.b.class(class).methods.push(function);
        } else if self.b.function_depth() > 1 {
            // Inside another method: it is known by its name from then on.
            let value = self.b.emit(node, Op::Closure(function));
            self.b.store_global(node, name, value);
        }
        self.b.ascend();
    }

    /// Lowers a method.
    fn function(
        &mut self,
        node: NodeRef<'_>,
        signature: Signature,
        filters: &[String],
    ) -> FunctionId {
        let (kind, name) = (signature.kind, signature.name.clone());
        let class = self.class_around();
        self.b.begin_function(node, signature);
        let outer = std::mem::replace(
            &mut self.inside,
            Inside {
                method: name.to_string(),
                has_members: class.is_some(),
                ..Inside::default()
            },
        );
        self.enter_scope(false);
        match (kind, &class) {
            (FunctionKind::Method | FunctionKind::Constructor, Some((_, owner))) => {
                self.b.param("self", ParamKind::Receiver, Some(owner));
            }
            (_, Some((class, _))) => {
                let this = self.b.declare("self", None);
                self.b.emit_into(node, this, Op::Class(*class));
            }
            _ if self.declared.has_routes => {
                let this = self.b.declare("self", Some("Sinatra.Base"));
                let unknown = self.b.unknown(node);
                let app = Op::Cast(unknown, Name::from("Sinatra.Base"));
                self.b.emit_into(node, this, app);
            }
            _ => {}
        }
        let list = node.child(Field::Parameters);
        let params: Vec<NodeRef<'_>> = list.into_iter().flat_map(items).collect();
        self.parameters(&params, &name);
        if uses_block(node) {
            self.block_parameter(None);
        }
        for filter in filters {
            self.call_own(node, filter, Vec::new());
        }
        if let Some(body) = node.child(Field::Body) {
            // The body of a lambda is a block.
            let body = body
                .child(Field::Body)
                .filter(|_| is_block(body))
                .unwrap_or(body);
            match (kind, body.kind()) {
                (FunctionKind::Constructor, _) => self.body(body, Out::Drop),
                (_, "body_statement" | "block_body") => self.body(body, Out::Return),
                _ => self.last(body, Out::Return),
            }
        }
        self.scopes.pop();
        self.inside = outer;
        self.b.end_function()
    }

    /// Declares the parameters and what they are without an argument.
    pub(super) fn parameters(&mut self, params: &[NodeRef<'_>], method: &str) {
        let mut defaults = Vec::new();
        let mut patterns = Vec::new();
        for param in params {
            let name = match param.kind() {
                "identifier" => Some(*param),
                _ => param.child(Field::Name),
            };
            let name = name.map_or("", NodeRef::text);
            if param.field() == Field::Local {
                self.declare(name);
                continue;
            }
            let kind = match param.kind() {
                "identifier" | "optional_parameter" => ParamKind::Plain,
                "keyword_parameter" => ParamKind::Named,
                "splat_parameter" => ParamKind::Rest,
                "hash_splat_parameter" => ParamKind::NamedRest,
                "block_parameter" => {
                    self.block_parameter(Some(name));
                    continue;
                }
                "destructured_parameter" => {
                    let slot = self.b.param("", ParamKind::Plain, None);
                    patterns.push((*param, slot));
                    continue;
                }
                "forward_parameter" => {
                    for (name, kind) in [("*", ParamKind::Rest), ("**", ParamKind::NamedRest)] {
                        self.scope().names.insert(name.to_owned());
                        self.b.param(name, kind, None);
                    }
                    self.block_parameter(None);
                    continue;
                }
                _ => continue,
            };
            let name = match (name, kind) {
                ("", ParamKind::Rest) => "*",
                ("", ParamKind::NamedRest) => "**",
                (name, _) => name,
            };
            let annotations = self.param_annotations(name, method);
            self.scope().names.insert(name.to_owned());
            self.inside.params.push((name.to_owned(), kind));
            let slot = self.b.annotated_param(name, kind, None, annotations);
            if let Some(value) = param.child(Field::Value) {
                defaults.push((slot, value));
            }
        }
        for (slot, value) in defaults {
            self.b.open();
            let default = self.expression(value);
            let body = self.b.close();
            self.b.default(value, slot, body, default);
        }
        for (pattern, slot) in patterns {
            let parts: Vec<NodeRef<'_>> = items(pattern).collect();
            self.take_apart(pattern, &parts, slot);
        }
    }

    /// `call(env)` of what a server runs.
    fn param_annotations(&self, name: &str, method: &str) -> Vec<Annotation> {
        let is_env = name == "env" || self.inside.params.is_empty() && self.declared.is_server;
        match (is_env, method, self.modules.is_empty()) {
            (true, "call" | "_call" | "call!", false) => vec![Annotation {
                name: Name::from("rack.env"),
                arguments: Vec::new(),
            }],
            _ => Vec::new(),
        }
    }

    /// Declares the parameter that a block goes to.
    fn block_parameter(&mut self, name: Option<&str>) {
        if self.b.local_in_scope(BLOCK).is_none() {
            self.scope().names.insert(BLOCK.to_owned());
            self.b.param(BLOCK, ParamKind::Named, None);
        }
        if let (Some(name), Some(slot)) = (name, self.b.local_in_scope(BLOCK))
            && !name.is_empty()
        {
            self.scope().names.insert(name.to_owned());
            self.b.bind(name, slot);
        }
    }

    /// Lowers a block or lambda to a function as a value.
    pub(super) fn closure(&mut self, node: NodeRef<'_>) -> Slot {
        self.closure_with(node, None)
    }

    /// Lowers a block whose `self` is something else.
    pub(super) fn closure_with(&mut self, node: NodeRef<'_>, this: Option<Slot>) -> Slot {
        if let Some(this) = this {
            // The function inside captures it as a variable.
            self.b.enter_scope();
            let own = self.b.declare("self", None);
            self.b.assign(node, own, this);
        }
        let function = self.closure_function(node);
        if this.is_some() {
            self.b.leave_scope();
        }
        self.b.emit(node, Op::Closure(function))
    }

    fn closure_function(&mut self, node: NodeRef<'_>) -> FunctionId {
        self.b
            .begin_function(node, Signature::new("", FunctionKind::Closure));
        let has_members = self.inside.has_members;
        let method = self.inside.method.clone();
        let params = self.inside.params.clone();
        let outer = std::mem::replace(
            &mut self.inside,
            Inside {
                method,
                has_members,
                ..Inside::default()
            },
        );
        self.enter_scope(true);
        let list = node.child(Field::Parameters);
        let listed: Vec<NodeRef<'_>> = list.into_iter().flat_map(items).collect();
        self.parameters(&listed, "");
        if listed.is_empty() {
            self.implied_parameters(node);
        }
        self.inside.params = params;
        let body = match node.kind() {
            "lambda" => node.child(Field::Body).and_then(|b| b.child(Field::Body)),
            _ => node.child(Field::Body),
        };
        if let Some(body) = body {
            self.body(body, Out::Return);
        }
        self.scopes.pop();
        self.inside = outer;
        self.b.end_function()
    }

    /// `_1` and `it` in a block without parameters.
    pub(super) fn implied_parameter(node: NodeRef<'_>) -> Option<&'static str> {
        let mut names = node.subtree().filter(|n| n.kind() == "identifier");
        names.find_map(|name| match name.text() {
            "_1" => Some("_1"),
            "it" if name
                .parent()
                .is_some_and(|p| p.child(Field::Property) != Some(name)) =>
            {
                Some("it")
            }
            _ => None,
        })
    }

    fn implied_parameters(&mut self, node: NodeRef<'_>) {
        if let Some(name) = Self::implied_parameter(node)
            && !self.is_variable(name)
        {
            self.scope().names.insert(name.to_owned());
            self.b.param(name, ParamKind::Plain, None);
        }
    }
}

/// Returns whether a node is a block of braces or `do`.
pub(super) fn is_block(node: NodeRef<'_>) -> bool {
    matches!(node.kind(), "block" | "do_block")
}

/// Returns whether a method calls the block that it is given.
fn uses_block(node: NodeRef<'_>) -> bool {
    let mut found = false;
    node.visit(|inner| {
        use std::ops::ControlFlow::{Break, Continue};
        match inner.kind() {
            "method" | "singleton_method" | "class" | "module" if inner != node => Break(()),
            "yield" => {
                found = true;
                Break(())
            }
            _ => Continue(()),
        }
    });
    found
}
