//! Ruby's modules and classes: what they declare, by themselves and through
//! calls in their bodies (`attr_accessor`, `include`, `scope`).

use assay_syntax::{Field, NodeRef};

use super::literal::constant_text;
use super::{OpenModule, Out, Ruby, first_item, items};
use crate::flow::builder::Signature;
use crate::flow::ir::{Arg, Class, FunctionKind, Name, Op, ParamKind, Slot};
use crate::flow::lower::walk::Walk;

/// A method that is run before others.
pub(super) struct Filter {
    method: String,
    /// The methods that it is run before; none: all.
    only: Vec<String>,
    except: Vec<String>,
}

/// Folders whose files declare parts of a controller or of a page, and what
/// such a class or module is then.
const FOLDERS: &[(&str, &str)] = &[
    ("controllers/", "ActionController.Base"),
    ("helpers/", "ActionView.Base"),
    ("mailers/", "ActionMailer.Base"),
];

/// Ends of names that tell the same.
const ENDS: &[(&str, &str)] = &[
    ("Controller", "ActionController.Base"),
    ("Helper", "ActionView.Base"),
];

impl Ruby<'_> {
    /// Lowers a class or module.
    pub(super) fn module(&mut self, node: NodeRef<'_>) {
        let Some(name) = node.child(Field::Name) else {
            return;
        };
        let qualified = self.own_name(name.text());
        let superclass = node.child(Field::Superclass).and_then(first_item);
        let mut supertypes = Vec::new();
        let mut record = None;
        if let Some(superclass) = superclass {
            match self.constant_path(superclass) {
                Some(path) => supertypes.push(path),
                None => record = self.record_fields(superclass),
            }
        }
        self.open_module(node, &qualified, supertypes, |this| {
            if let Some((fields, by_name)) = record {
                this.record(node, &fields, by_name);
            }
            if let Some(body) = node.child(Field::Body) {
                this.body(body, Out::Drop);
            }
        });
    }

    /// Declares a class and lowers what is in it.
    fn open_module(
        &mut self,
        node: NodeRef<'_>,
        qualified: &str,
        mut supertypes: Vec<String>,
        inside: impl FnOnce(&mut Self),
    ) {
        let path = self.b.path().as_str().unwrap_or("");
        let known = FOLDERS.iter().filter(|(folder, _)| path.contains(folder));
        let ends = |end: &str| {
            let parent = supertypes.first();
            qualified.ends_with(end) || parent.is_some_and(|parent| parent.ends_with(end))
        };
        let named = ENDS.iter().filter(|(end, _)| ends(end));
        let told: Vec<String> = named
            .map(|(_, ty)| (*ty).to_owned())
            .chain(known.map(|(_, ty)| (*ty).to_owned()))
            .take(1)
            .collect();
        supertypes.extend(told);
        let class = self.b.add_class(Class {
            name: Name::from(qualified),
            supertypes: supertypes.into_iter().map(Name::from).collect(),
            methods: Vec::new(),
            initializer: None,
            fields: Vec::new(),
            annotations: Vec::new(),
            is_abstract: false,
        });
        self.modules.push(OpenModule {
            class,
            qualified: qualified.to_owned(),
            is_static: false,
            is_public: true,
            filters: Vec::new(),
        });
        let outer = std::mem::take(&mut self.inside);
        self.enter_scope(false);
        self.b.enter_scope();
        let this = self.b.declare("self", None);
        self.b.emit_into(node, this, Op::Class(class));
        inside(self);
        self.b.leave_scope();
        self.scopes.pop();
        self.inside = outer;
        self.modules.pop();
    }

    /// `class << self`
    pub(super) fn singleton_class(&mut self, node: NodeRef<'_>) {
        let Some(body) = node.child(Field::Body) else {
            return;
        };
        let before = self.modules.last_mut().map(|module| {
            let before = (module.is_static, module.is_public);
            (module.is_static, module.is_public) = (true, true);
            before
        });
        self.body(body, Out::Drop);
        if let (Some(module), Some(before)) = (self.modules.last_mut(), before) {
            (module.is_static, module.is_public) = before;
        }
    }

    /// Lowers a call in the body of a class that declares something; returns
    /// whether it is one.
    pub(super) fn declaration(&mut self, node: NodeRef<'_>, name: &str) -> bool {
        if self.modules.is_empty() || !self.inside.method.is_empty() {
            return false;
        }
        let list = node.child(Field::Arguments);
        let args: Vec<NodeRef<'_>> = list.into_iter().flat_map(items).collect();
        match name {
            "private" | "protected" | "public" if args.is_empty() => {
                if let Some(module) = self.modules.last_mut() {
                    module.is_public = name == "public";
                }
            }
            "private" | "protected" | "public" | "private_class_method" | "public_class_method"
                if args.iter().any(|arg| is_method(*arg)) =>
            {
                for arg in args {
                    self.statement(arg);
                }
            }
            "module_function" if args.is_empty() => {
                if let Some(module) = self.modules.last_mut() {
                    module.is_static = true;
                }
            }
            "module_function" => {
                let before = self
                    .modules
                    .last_mut()
                    .map(|module| std::mem::replace(&mut module.is_static, true));
                for arg in args {
                    self.statement(arg);
                }
                if let (Some(module), Some(before)) = (self.modules.last_mut(), before) {
                    module.is_static = before;
                }
            }
            "attr_reader" | "attr_writer" | "attr_accessor" | "attr" | "cattr_accessor"
            | "mattr_accessor" | "cattr_reader" | "mattr_reader" => {
                let names: Vec<String> = args.iter().filter_map(|a| constant_text(*a)).collect();
                let is_static = name.starts_with(['c', 'm']);
                for member in &names {
                    self.accessors(node, member, name, is_static);
                }
            }
            "include" | "prepend" => {
                for arg in args {
                    let Some(path) = self.constant_path(arg) else {
                        continue;
                    };
                    let class = self.modules.last().map(|module| module.class);
                    if let Some(class) = class {
                        let supertypes = &mut self.b.class(class).supertypes;
                        supertypes.push(Name::from(path));
                    }
                }
            }
            "extend" if args.iter().any(|arg| arg.kind() != "self") => {
                // Its methods are those of the class itself: a call through the
                // class finds them among those of what it is.
                for arg in args {
                    let path = self.constant_path(arg);
                    let class = self.modules.last().map(|module| module.class);
                    if let (Some(path), Some(class)) = (path, class) {
                        let supertypes = &mut self.b.class(class).supertypes;
                        supertypes.push(Name::from(path));
                    }
                }
            }
            "extend" => {}
            "scope" | "define_method" | "define_singleton_method" => {
                return self.method_by_call(node, name, &args);
            }
            "before_action"
            | "before_filter"
            | "prepend_before_action"
            | "append_before_action"
            | "before" => {
                let is_block = node.child(Field::Body).is_some();
                self.note_filters(&args);
                return !is_block && !args.is_empty();
            }
            _ => return false,
        }
        true
    }

    /// Notes the methods that are run before others.
    fn note_filters(&mut self, args: &[NodeRef<'_>]) {
        let (mut only, mut except) = (Vec::new(), Vec::new());
        for pair in args.iter().filter(|arg| arg.kind() == "pair") {
            let key = pair.child(Field::Key).map_or("", NodeRef::text);
            let listed: Vec<String> = pair
                .child(Field::Value)
                .into_iter()
                .flat_map(NodeRef::subtree)
                .filter_map(constant_text)
                .collect();
            match key {
                "only" => only = listed,
                "except" => except = listed,
                _ => {}
            }
        }
        let Some(module) = self.modules.last_mut() else {
            return;
        };
        for method in args.iter().filter_map(|arg| constant_text(*arg)) {
            module.filters.push(Filter {
                method,
                only: only.clone(),
                except: except.clone(),
            });
        }
    }

    /// Returns the methods of the class that are run before one.
    pub(super) fn filters_of(&self, method: &str) -> Vec<String> {
        let Some(module) = self.modules.last().filter(|module| module.is_public) else {
            return Vec::new();
        };
        if module.is_static || module.filters.iter().any(|f| f.method == method) {
            return Vec::new();
        }
        let runs = |filter: &&Filter| {
            self.declared.methods.contains(&filter.method)
                && (filter.only.is_empty() || filter.only.iter().any(|name| name == method))
                && !filter.except.iter().any(|name| name == method)
        };
        let filters = module.filters.iter().filter(runs);
        filters.map(|filter| filter.method.clone()).collect()
    }

    /// `scope :name, ->(x) { }`, `define_method(:name) { |x| }`.
    fn method_by_call(&mut self, node: NodeRef<'_>, call: &str, args: &[NodeRef<'_>]) -> bool {
        let Some(name) = args.first().and_then(|arg| constant_text(*arg)) else {
            return false;
        };
        let function = args.iter().copied().find(|arg| arg.kind() == "lambda");
        let Some(function) = function.or_else(|| node.child(Field::Body)) else {
            return false;
        };
        let is_static = call != "define_method";
        self.method_of(function, &name, is_static);
        true
    }

    /// Declares the methods that read and set a member.
    fn accessors(&mut self, node: NodeRef<'_>, member: &str, call: &str, is_static: bool) {
        let Some(module) = self.modules.last() else {
            return;
        };
        let is_static = is_static || module.is_static;
        let key = match is_static {
            true => format!("{}.@@{member}", module.qualified),
            false => format!("@{member}"),
        };
        if call != "attr_writer" {
            self.small_method(node, member, is_static, |this, receiver| {
                let value = match receiver {
                    Some(receiver) => this.b.load(node, receiver, &key),
                    None => this.b.global(node, &key),
                };
                Some(value)
            });
        }
        if call == "attr_writer" || call.ends_with("accessor") {
            self.small_method(
                node,
                &format!("set {member}"),
                is_static,
                |this, receiver| {
                    let value = this.b.param("value", ParamKind::Plain, None);
                    match receiver {
                        Some(receiver) => this.b.store(node, receiver, &key, value),
                        None => this.b.store_global(node, &key, value),
                    }
                    None
                },
            );
        }
    }

    /// Adds a method that nothing writes out.
    fn small_method(
        &mut self,
        node: NodeRef<'_>,
        name: &str,
        is_static: bool,
        body: impl FnOnce(&mut Self, Option<Slot>) -> Option<Slot>,
    ) {
        let Some((class, owner)) = self.class_around() else {
            return;
        };
        let kind = match (is_static, name) {
            (true, _) => FunctionKind::Plain,
            (false, "<init>") => FunctionKind::Constructor,
            (false, _) => FunctionKind::Method,
        };
        let mut signature = Signature::new(name, kind);
        signature.class = Some(class);
        self.b.begin_function(node, signature);
        let receiver =
            (!is_static).then(|| self.b.param("self", ParamKind::Receiver, Some(&owner)));
        let value = body(self, receiver);
        if value.is_some() {
            self.b.return_value(node, value);
        }
        let function = self.b.end_function();
        self.b.class(class).methods.push(function);
    }

    /// Returns the class around and its name.
    pub(super) fn class_around(&self) -> Option<(usize, String)> {
        let module = self.modules.last()?;
        Some((module.class, module.qualified.clone()))
    }

    /// Returns the members that `Struct.new(:a, :b)` makes a class of, and
    /// whether they are given by name.
    pub(super) fn record_fields(&self, node: NodeRef<'_>) -> Option<(Vec<String>, bool)> {
        if node.kind() != "call" {
            return None;
        }
        let owner = node.child(Field::Object)?.text();
        let name = node.child(Field::Property)?.text();
        if !matches!((owner, name), ("Struct", "new") | ("Data", "define")) {
            return None;
        }
        let list = node.child(Field::Arguments)?;
        let fields: Vec<String> = items(list).filter_map(constant_text).collect();
        let by_name = items(list).any(|arg| {
            arg.kind() == "pair"
                && arg.child(Field::Key).map_or("", NodeRef::text) == "keyword_init"
                && arg.child(Field::Value).map_or("", NodeRef::text) == "true"
        });
        (!fields.is_empty()).then_some((fields, by_name))
    }

    /// `Point = Struct.new(:x, :y) do ... end`; returns whether it is one.
    pub(super) fn record_constant(&mut self, left: NodeRef<'_>, right: NodeRef<'_>) -> bool {
        let Some((fields, by_name)) = self.record_fields(right) else {
            return false;
        };
        let qualified = self.own_name(left.text());
        self.open_module(right, &qualified, Vec::new(), |this| {
            this.record(right, &fields, by_name);
            if let Some(body) = right.child(Field::Body).and_then(|b| b.child(Field::Body)) {
                this.body(body, Out::Drop);
            }
        });
        true
    }

    /// Adds the constructor and the readers of a record.
    fn record(&mut self, node: NodeRef<'_>, fields: &[String], by_name: bool) {
        for field in fields {
            self.accessors(node, field, "attr_accessor", false);
        }
        self.small_method(node, "<init>", false, |this, receiver| {
            let kind = if by_name {
                ParamKind::Named
            } else {
                ParamKind::Plain
            };
            let slots: Vec<Slot> = fields
                .iter()
                .map(|field| this.b.param(field, kind, None))
                .collect();
            for (field, slot) in fields.iter().zip(slots) {
                if let Some(receiver) = receiver {
                    this.b.store(node, receiver, &format!("@{field}"), slot);
                }
            }
            None
        });
    }

    /// Calls a method of the object by its name.
    pub(super) fn call_own(&mut self, node: NodeRef<'_>, name: &str, args: Vec<Arg>) -> Slot {
        match self.receiver() {
            Some(receiver) => self.b.method(node, receiver, name, args),
            None => self.b.call_global(node, name, args),
        }
    }
}

fn is_method(node: NodeRef<'_>) -> bool {
    matches!(node.kind(), "method" | "singleton_method")
}
