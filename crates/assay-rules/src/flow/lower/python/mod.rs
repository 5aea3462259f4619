//! Lowers Python: modules, classes, functions, and what is in them.
//!
//! Variables of a module are those of its top level; members of classes go by
//! their qualified names and are copied into new objects by the class's
//! initializer. Properties are methods named `get x` and `set x`.

use std::collections::HashSet;

use assay_syntax::{Field, NodeId, NodeRef, SyntaxTree};

use super::Lowerer;
use crate::flow::builder::{Builder, Signature};
use crate::flow::ir::{
    Annotation, Block, Class, Field as ClassField, FunctionId, FunctionKind, Name, Op, ParamKind,
    Slot,
};

mod assign;
mod call;
mod entry;
mod expression;
mod format;
mod literal;
mod name;
mod scope;
mod statement;

use crate::flow::lower::walk::Walk;
use scope::{Binding, Module, Scope, ScopeKind, imported, join};

pub(super) static LOWERER: Lowerer = Lowerer {
    languages: &["python"],
    models: "python",
    lower: |tree, builder| Python::new(builder).file(tree),
};

/// The lowerer of one file.
struct Python<'b> {
    b: &'b mut Builder,
    module: Module,
    scopes: Vec<Scope>,
    /// Modules that are imported whole.
    stars: Vec<String>,
    /// Whether the file imports something of Django.
    is_django: bool,
    /// Whether the file imports a framework that sends texts which views
    /// return as pages.
    is_flask: bool,
    /// Functions that the file hands to `path` and the like.
    routed: HashSet<String>,
    /// Parameters of views that the paths of routes declare as numbers.
    numbers: HashSet<String>,
    /// Functions that are handed what a lambda is handed.
    lambdas: HashSet<NodeId>,
    /// The file's functions that run before each of its views.
    before: Vec<String>,
    /// The classes whose bodies are being lowered.
    classes: Vec<OpenClass>,
    /// The function that is being lowered.
    inside: Inside,
}

/// A class whose body is being lowered.
struct OpenClass {
    class: usize,
    qualified: String,
    supertypes: Vec<Name>,
    is_enum: bool,
    has_constructor: bool,
    /// Members that are set in the body, with the value that it declares.
    members: Vec<String>,
    /// Members with a type, which make the parameters of a constructor that
    /// is not written: name, type, whether they have a value.
    declared: Vec<(String, Option<String>, bool)>,
}

/// What a function is being lowered as.
#[derive(Default)]
struct Inside {
    /// The name of the receiver.
    receiver: Option<String>,
    /// The loops around: what leaves those with an `else`.
    loops: Vec<Option<String>>,
    /// Whether it is a view whose text is sent as a page.
    is_page: bool,
    /// Whether what it gives back is the answer of a lambda.
    is_lambda: bool,
    /// Where a context manager written as a generator keeps what it yields.
    context: Option<Slot>,
}

/// What a function is to its class.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Method {
    Plain,
    Static,
    /// Its first parameter is the class.
    OfClass,
    Getter,
    Setter,
}

/// Returns the named children that are no comments.
fn items(node: NodeRef<'_>) -> impl Iterator<Item = NodeRef<'_>> {
    node.named_children()
        .filter(|child| !matches!(child.kind(), "comment" | "line_continuation"))
}

impl Walk for Python<'_> {
    fn builder(&mut self) -> &mut Builder {
        self.b
    }

    fn expression_inside(&mut self, node: NodeRef<'_>) -> Slot {
        self.lower_expression(node)
    }

    fn statement_inside(&mut self, node: NodeRef<'_>) {
        self.lower_statement(node);
    }

    fn loop_statement(&mut self, node: NodeRef<'_>, _label: Option<&str>) -> bool {
        match node.kind() {
            "while_statement" => self.while_statement(node),
            "for_statement" => self.for_loop(node),
            _ => return false,
        }
        true
    }

    /// A block has no scope of its own.
    fn block(&mut self, node: Option<NodeRef<'_>>) -> Block {
        self.b.open();
        if let Some(node) = node {
            self.statements(node);
        }
        self.b.close()
    }

    fn children(&mut self, node: NodeRef<'_>) -> Vec<Slot> {
        items(node).map(|child| self.expression(child)).collect()
    }
}

impl<'b> Python<'b> {
    fn new(b: &'b mut Builder) -> Self {
        Self {
            b,
            module: Module::default(),
            scopes: Vec::new(),
            stars: Vec::new(),
            is_django: false,
            is_flask: false,
            routed: HashSet::new(),
            numbers: HashSet::new(),
            lambdas: HashSet::new(),
            before: Vec::new(),
            classes: Vec::new(),
            inside: Inside::default(),
        }
    }

    fn file(&mut self, tree: &SyntaxTree) {
        let root = tree.root();
        self.module = name::module_at(self.b.path());
        let package = self.module.name.clone();
        self.b.set_package(&package);
        self.survey(root);
        let mut scope = Scope::new(ScopeKind::Module, &package);
        scope.scan(root, &self.module);
        self.scopes.push(scope);
        self.declare_variables();
        self.suite(root);
        self.scopes.pop();
    }

    /// Looks for what changes how the whole file is read.
    fn survey(&mut self, root: NodeRef<'_>) {
        for node in root.subtree() {
            match node.kind() {
                "wildcard_import" => {
                    if let Some(source) = node.parent().and_then(|n| n.child(Field::Source)) {
                        self.stars.push(name::module_of(source, &self.module));
                    }
                }
                "import_statement" | "import_from_statement" => {
                    self.survey_import(node);
                    for (_, path) in imported(node, &self.module) {
                        match path.split('.').next().unwrap_or("") {
                            "django" | "rest_framework" => self.is_django = true,
                            "flask" | "quart" | "bottle" => self.is_flask = true,
                            _ => {}
                        }
                    }
                }
                "call" => {
                    let callee = node.child(Field::Function).map_or("", NodeRef::text);
                    let callee = callee.rsplit('.').next().unwrap_or(callee);
                    if matches!(callee, "path" | "re_path" | "url") {
                        let view = node.child(Field::Arguments).and_then(|a| items(a).nth(1));
                        if let Some(view) = view.filter(|view| view.kind() == "identifier") {
                            self.routed.insert(view.text().to_owned());
                        }
                    }
                    if matches!(callee, "add_url_rule" | "add_resource") {
                        let texts = node.child(Field::Arguments).into_iter().flat_map(items);
                        let texts = texts.filter_map(literal::constant_text);
                        let numbers = texts.flat_map(|text| name::numbers_of_path(&text));
                        self.numbers.extend(numbers);
                    }
                }
                "string" if entry::is_of_lambda(node.text()) => {
                    let around = node.ancestors().find(|n| n.kind() == "function_definition");
                    self.lambdas.extend(around.map(|node| node.id()));
                }
                _ => {}
            }
        }
    }

    /// Takes in how the modules begin that may be the project's own.
    fn survey_import(&mut self, node: NodeRef<'_>) {
        let source = match node.kind() {
            "import_from_statement" => node.child(Field::Source),
            _ => None,
        };
        let own = node.children().filter(|child| child.field() == Field::Name);
        let paths: Vec<NodeRef<'_>> = match source {
            Some(source) => vec![source],
            None => own.collect(),
        };
        for path in paths {
            let path = match path.kind() {
                "aliased_import" => path.child(Field::Name).map(name::dotted),
                "relative_import" => None,
                _ => Some(name::dotted(path)),
            };
            let path = path.unwrap_or_default();
            let first = path.split('.').next().unwrap_or("");
            if name::may_be_own(first, self.b.models()) {
                self.module.own.insert(first.to_owned());
            }
        }
    }

    fn scope(&mut self) -> &mut Scope {
        self.scopes.last_mut().expect("a scope is open")
    }

    /// Declares the variables that the innermost scope binds, in the order of
    /// their names, so that functions inside find them.
    fn declare_variables(&mut self) {
        let names = self.scope().names.iter();
        let mut names: Vec<String> = names
            .filter(|(_, binding)| **binding == Binding::Variable)
            .map(|(name, _)| name.clone())
            .collect();
        names.sort_unstable();
        for name in names {
            self.b.declare_in_function(&name, None);
        }
    }

    /// Lowers the statements of a module or function. Functions come first:
    /// they may be called before they stand.
    fn suite(&mut self, body: NodeRef<'_>) {
        if self.scopes.len() == 1 {
            self.before = entry::run_before_views(body);
        }
        for statement in items(body) {
            let function = match statement.kind() {
                "decorated_definition" => statement.child(Field::Definition),
                _ => Some(statement),
            };
            if let Some(function) = function.filter(|n| n.kind() == "function_definition") {
                self.function_statement(function, &decorators(statement));
            }
        }
        for statement in items(body) {
            match statement.kind() {
                "function_definition" => {}
                "decorated_definition" => self.decorated(statement, true),
                _ => self.statement(statement),
            }
        }
    }

    /// Lowers a decorated definition; a function may have been lowered before.
    fn decorated(&mut self, node: NodeRef<'_>, is_known: bool) {
        let decorators = decorators(node);
        let Some(definition) = node.child(Field::Definition) else {
            return;
        };
        match definition.kind() {
            "class_definition" => self.class(definition, &decorators),
            _ => {
                if !is_known {
                    self.function_statement(definition, &decorators);
                }
                self.wrap(definition, &decorators);
            }
        }
    }

    /// Applies the decorators that the file itself declares; others are taken
    /// to leave the function as it is.
    fn wrap(&mut self, definition: NodeRef<'_>, decorators: &[NodeRef<'_>]) {
        let Some(name) = definition.child(Field::Name).map(NodeRef::text) else {
            return;
        };
        for decorator in decorators.iter().rev() {
            let Some(expression) = items(*decorator).next() else {
                continue;
            };
            let callee = match expression.kind() {
                "call" => expression.child(Field::Function).unwrap_or(expression),
                _ => expression,
            };
            if callee.kind() != "identifier" || !self.is_own_function(callee.text()) {
                continue;
            }
            let function = self.read_name(definition, name);
            let wrapper = self.expression(expression);
            let args = vec![crate::flow::ir::Arg::plain(function)];
            let callee = crate::flow::ir::Callee::Value(wrapper);
            let value = self.b.call(*decorator, callee, args);
            self.assign_name(definition, name, value);
        }
    }

    fn is_own_function(&self, name: &str) -> bool {
        match self.binding(name) {
            Some((at, Binding::Variable)) => !self.scopes[at].made_by.contains_key(name),
            _ => false,
        }
    }

    /// Lowers a function and binds its name to it.
    fn function_statement(&mut self, node: NodeRef<'_>, decorators: &[NodeRef<'_>]) {
        if !self.b.descend() {
            return;
        }
        let function = self.function(node, decorators, None);
        let value = self.b.emit(node, Op::Closure(function));
        if let Some(name) = node.child(Field::Name) {
            self.assign_name(node, name.text(), value);
        }
        self.b.ascend();
    }

    /// Lowers a function; `class` is the one that it is a method of.
    fn function(
        &mut self,
        node: NodeRef<'_>,
        decorators: &[NodeRef<'_>],
        class: Option<(usize, Method)>,
    ) -> FunctionId {
        let written = node.child(Field::Name).map_or("", NodeRef::text);
        let mut annotations = self.annotations(decorators);
        let body = node.child(Field::Body);
        let (name, kind) = match class {
            Some((_, Method::Static | Method::OfClass)) => {
                (Name::from(written), FunctionKind::Plain)
            }
            Some((_, Method::Getter)) => {
                (Name::from(format!("get {written}")), FunctionKind::Method)
            }
            Some((_, Method::Setter)) => {
                (Name::from(format!("set {written}")), FunctionKind::Method)
            }
            Some((_, Method::Plain)) if written == "__init__" => {
                (Name::from("<init>"), FunctionKind::Constructor)
            }
            Some((_, Method::Plain)) => (Name::from(written), FunctionKind::Method),
            None if self.b.function_depth() == 1 => (Name::from(written), FunctionKind::Plain),
            None => (Name::from(written), FunctionKind::Closure),
        };
        let is_view = match class {
            None => self.is_routed(written),
            Some((_, Method::Plain)) => self.is_handler(written),
            Some(_) => false,
        };
        let is_flask_view = class.is_some_and(|(_, method)| method == Method::Plain)
            && self.is_handler_of_flask(written);
        let says = |name: &str| Annotation {
            name: Name::from(name),
            arguments: Vec::new(),
        };
        if is_view {
            annotations.push(says("django.view"));
        }
        if is_flask_view {
            annotations.push(says("flask.view"));
        }
        let is_lambda = class.is_none() && self.is_lambda(node, written);
        let is_context = annotations.iter().any(|a| {
            matches!(
                &*a.name,
                "contextlib.contextmanager" | "contextlib.asynccontextmanager"
            )
        });
        let is_route = self.is_flask
            && annotations.iter().any(|annotation| {
                matches!(
                    &*annotation.name,
                    "*.route" | "*.get" | "*.post" | "*.put" | "*.patch" | "*.delete"
                ) || annotation.name.starts_with("bottle.")
            });
        let answers_error = self.is_flask
            && annotations.iter().any(|annotation| {
                let last = annotation.name.rsplit('.').next();
                matches!(last, Some("errorhandler" | "app_errorhandler"))
            });
        let is_page = is_route || answers_error || is_flask_view && self.is_page_view();
        let mut numbers: Vec<String> = annotations
            .iter()
            .flat_map(|annotation| &annotation.arguments)
            .flat_map(|(_, text)| name::numbers_of_path(text))
            .collect();
        if is_flask_view {
            numbers.extend(self.numbers.iter().cloned());
        }
        let mut signature = Signature::new(name, kind);
        signature.class = class.map(|(class, _)| class);
        let result = node.child(Field::ReturnType);
        signature.result = result.and_then(|ty| self.ty(ty)).map(Name::from);
        signature.annotations = annotations;
        let prefix = join(&self.scope().prefix, written);
        self.b.begin_function(node, signature);
        let inside = std::mem::take(&mut self.inside);
        self.inside.is_page = is_page;
        self.inside.is_lambda = is_lambda;
        if class.is_none() {
            self.inside.receiver.clone_from(&inside.receiver);
        }
        let mut scope = Scope::new(ScopeKind::Function, &prefix);
        for parameter in node.child(Field::Parameters).into_iter().flat_map(items) {
            bind_parameter(parameter, &mut scope);
        }
        if let Some(body) = body {
            scope.scan(body, &self.module);
        }
        self.scopes.push(scope);
        let owner = class.map(|(class, method)| (self.b.class(class).name.clone(), class, method));
        self.parameters(node, owner, &numbers);
        self.declare_variables();
        if is_route || is_flask_view {
            self.run_before(node);
        }
        if is_context {
            let context = self.b.temp();
            self.inside.context = Some(context);
        }
        if let Some(body) = body {
            self.suite(body);
        }
        if let Some(context) = self.inside.context {
            self.b.return_value(node, Some(context));
        }
        self.scopes.pop();
        self.inside = inside;
        self.b.end_function()
    }

    /// Returns whether a function is a view of Django: the file routes to it,
    /// or it is a file of views.
    fn is_routed(&self, name: &str) -> bool {
        self.is_django
            && self.b.function_depth() == 1
            && (self.routed.contains(name) || self.module.name.split('.').any(|p| p == "views"))
    }

    /// Returns whether a method of the open class answers requests: it is named
    /// after a method of HTTP or an action, in a view of Django or its REST
    /// framework.
    fn is_handler(&self, name: &str) -> bool {
        const NAMES: &[&str] = &[
            "create",
            "delete",
            "destroy",
            "dispatch",
            "get",
            "head",
            "list",
            "options",
            "partial_update",
            "patch",
            "post",
            "put",
            "retrieve",
            "update",
        ];
        self.is_django
            && NAMES.contains(&name)
            && self.classes.last().is_some_and(|class| {
                let mut supertypes = class.supertypes.iter();
                supertypes.any(|ty| ty.ends_with("View") || ty.ends_with("ViewSet"))
            })
    }

    /// Declares the parameters and what they are without an argument.
    fn parameters(
        &mut self,
        node: NodeRef<'_>,
        owner: Option<(Name, usize, Method)>,
        numbers: &[String],
    ) {
        let body = node.child(Field::Body);
        let mut defaults = Vec::new();
        let mut kind = ParamKind::Plain;
        let mut is_first = true;
        let mut count = 0;
        for parameter in node.child(Field::Parameters).into_iter().flat_map(items) {
            match parameter.kind() {
                "keyword_separator" => {
                    kind = ParamKind::Named;
                    continue;
                }
                "positional_separator" => continue,
                _ => {}
            }
            let found = Parameter::of(parameter, kind);
            let Some(name) = found.name else {
                if let Some(pattern) = found.pattern {
                    let slot = self.b.param("", found.kind, None);
                    self.assign_target(pattern, slot);
                }
                continue;
            };
            if found.kind == ParamKind::Rest {
                kind = ParamKind::Named;
            }
            let was_first = std::mem::replace(&mut is_first, false);
            if let (true, Some((class, at, method))) = (was_first, &owner) {
                match method {
                    Method::Static => {}
                    Method::OfClass => {
                        let slot = self.b.declare(name, None);
                        self.b.emit_into(parameter, slot, Op::Class(*at));
                        self.inside.receiver = Some(name.to_owned());
                        continue;
                    }
                    _ => {
                        self.b.param(name, ParamKind::Receiver, Some(class));
                        self.inside.receiver = Some(name.to_owned());
                        continue;
                    }
                }
            }
            let mut ty = found.ty.and_then(|ty| self.ty(ty));
            if ty.is_none() && was_first && self.inside.is_lambda {
                ty = Some(entry::LAMBDA_EVENT.to_owned());
            }
            if ty.is_none() && numbers.iter().any(|number| number == name) {
                ty = Some("int".to_owned());
            }
            let is_request_place = match owner {
                Some(_) => count == 0,
                None => was_first,
            };
            count += 1;
            if ty.is_none() && is_request_place && self.is_django_request(name, body) {
                ty = Some(Self::django_request());
            }
            let annotations = self.param_annotations(&found);
            let slot = self
                .b
                .annotated_param(name, found.kind, ty.as_deref(), annotations);
            if let Some(value) = found.value {
                defaults.push((parameter, slot, value));
            }
        }
        for (parameter, slot, value) in defaults {
            self.b.open();
            let value = self.expression(value);
            let block = self.b.close();
            self.b.default(parameter, slot, block, value);
        }
    }

    /// Returns what says where a parameter comes from: `= Depends(f)`,
    /// `Annotated[str, Header()]`.
    fn param_annotations(&self, parameter: &Parameter<'_>) -> Vec<Annotation> {
        let from_value = parameter.value.filter(|value| value.kind() == "call");
        let from_type = parameter.ty.into_iter().flat_map(|ty| {
            let is_annotated = ty.subtree().any(|node| node.text() == "Annotated");
            ty.subtree()
                .filter(move |node| is_annotated && node.kind() == "call")
        });
        from_value
            .into_iter()
            .chain(from_type)
            .filter_map(|call| self.annotation(call))
            .collect()
    }

    /// Lowers a class: its members where it stands, its methods by themselves.
    fn class(&mut self, node: NodeRef<'_>, decorators: &[NodeRef<'_>]) {
        if !self.b.descend() {
            return;
        }
        let simple = node.child(Field::Name).map_or("", NodeRef::text);
        let qualified = join(&self.scope().prefix, simple);
        let mut supertypes = Vec::new();
        for supertype in node.child(Field::Superclass).into_iter().flat_map(items) {
            let supertype = match supertype.kind() {
                "call" => supertype.child(Field::Function),
                "subscript" => supertype.child(Field::Value),
                "keyword_argument" => None,
                _ => Some(supertype),
            };
            let name = supertype.map(|ty| self.described(ty)).unwrap_or_default();
            if !name.is_empty() {
                supertypes.push(Name::from(name));
            }
        }
        let annotations = self.annotations(decorators);
        let is_enum = supertypes.iter().any(|ty| {
            matches!(
                &**ty,
                "enum.Enum" | "enum.IntEnum" | "enum.StrEnum" | "enum.Flag" | "enum.IntFlag"
            )
        });
        let is_made = annotations.iter().any(|a| is_record_decorator(&a.name))
            || supertypes.iter().any(|ty| is_record_base(ty));
        let class = self.b.add_class(Class {
            name: Name::from(qualified.as_str()),
            supertypes: supertypes.clone(),
            methods: Vec::new(),
            initializer: None,
            fields: Vec::new(),
            annotations,
            is_abstract: supertypes.iter().any(|ty| &**ty == "abc.ABC"),
        });
        let mut scope = Scope::new(ScopeKind::Class, &qualified);
        if let Some(body) = node.child(Field::Body) {
            scope.scan(body, &self.module);
        }
        self.scopes.push(scope);
        self.classes.push(OpenClass {
            class,
            qualified,
            supertypes,
            is_enum,
            has_constructor: false,
            members: Vec::new(),
            declared: Vec::new(),
        });
        for statement in node.child(Field::Body).into_iter().flat_map(items) {
            self.class_statement(statement, class);
        }
        self.scopes.pop();
        if let Some(open) = self.classes.pop() {
            self.finish_class(node, open, is_made);
        }
        self.b.ascend();
    }

    fn class_statement(&mut self, statement: NodeRef<'_>, class: usize) {
        match statement.kind() {
            "function_definition" => self.method(statement, &[], class),
            "decorated_definition" => match statement.child(Field::Definition) {
                Some(function) if function.kind() == "function_definition" => {
                    self.method(function, &decorators(statement), class);
                }
                _ => self.decorated(statement, false),
            },
            _ => self.statement(statement),
        }
    }

    fn method(&mut self, node: NodeRef<'_>, decorators: &[NodeRef<'_>], class: usize) {
        if !self.b.descend() {
            return;
        }
        let mut method = Method::Plain;
        for decorator in decorators {
            let expression = items(*decorator).next();
            let text = expression.map_or("", NodeRef::text);
            let last = text.rsplit('.').next().unwrap_or(text);
            match last {
                "staticmethod" => method = Method::Static,
                "classmethod" => method = Method::OfClass,
                "property" | "cached_property" | "getter" | "abstractproperty"
                | "hybrid_property" => method = Method::Getter,
                "setter" => method = Method::Setter,
                "deleter" => {
                    self.b.ascend();
                    return;
                }
                // Pydantic's validators are methods of the class.
                _ if text.starts_with("validator(") || text.starts_with("field_validator(") => {
                    method = Method::OfClass;
                }
                _ => {}
            }
        }
        let written = node.child(Field::Name).map_or("", NodeRef::text);
        if written == "__init__"
            && let Some(open) = self.classes.last_mut()
        {
            open.has_constructor = true;
        }
        if matches!(
            written,
            "__new__" | "__init_subclass__" | "__class_getitem__"
        ) {
            method = Method::OfClass;
        }
        let function = self.function(node, decorators, Some((class, method)));
        self.b.class(class).methods.push(function);
        self.b.ascend();
    }

    /// Adds what a class does without saying so: new objects hold its members,
    /// records have a constructor.
    fn finish_class(&mut self, node: NodeRef<'_>, open: OpenClass, is_made: bool) {
        let OpenClass {
            class,
            qualified,
            members,
            declared,
            has_constructor,
            ..
        } = open;
        for (name, ty, _) in &declared {
            self.b.class(class).fields.push(ClassField {
                name: Name::from(name.as_str()),
                ty: ty.as_deref().map(Name::from),
                annotations: Vec::new(),
            });
        }
        if !members.is_empty() {
            let mut signature = Signature::new("<fields>", FunctionKind::Method);
            signature.class = Some(class);
            self.b.begin_function(node, signature);
            let this = self.b.param("self", ParamKind::Receiver, Some(&qualified));
            for member in &members {
                let value = self.b.global(node, &join(&qualified, member));
                self.b.store(node, this, member, value);
            }
            let function = self.b.end_function();
            self.b.class(class).initializer = Some(function);
        }
        if is_made && !has_constructor && !declared.is_empty() {
            let mut signature = Signature::new("<init>", FunctionKind::Constructor);
            signature.class = Some(class);
            self.b.begin_function(node, signature);
            let this = self.b.param("self", ParamKind::Receiver, Some(&qualified));
            for (name, ty, has_value) in &declared {
                let slot = self.b.param(name, ParamKind::Plain, ty.as_deref());
                if *has_value {
                    self.b.open();
                    let value = self.b.global(node, &join(&qualified, name));
                    let block = self.b.close();
                    self.b.default(node, slot, block, value);
                }
                self.b.store(node, this, name, slot);
            }
            let function = self.b.end_function();
            self.b.class(class).methods.push(function);
        }
    }
}

/// Returns whether a decorator writes the constructor of a class.
fn is_record_decorator(name: &str) -> bool {
    matches!(
        name,
        "dataclasses.dataclass"
            | "attr.s"
            | "attr.attrs"
            | "attr.define"
            | "attr.frozen"
            | "attrs.define"
            | "attrs.frozen"
            | "pydantic.dataclasses.dataclass"
    )
}

/// Returns whether a base writes the constructors of its classes.
fn is_record_base(name: &str) -> bool {
    matches!(
        name,
        "typing.NamedTuple" | "pydantic.BaseModel" | "sqlmodel.SQLModel" | "msgspec.Struct"
    )
}

/// Returns the decorators of a decorated definition.
fn decorators(node: NodeRef<'_>) -> Vec<NodeRef<'_>> {
    items(node)
        .filter(|child| child.kind() == "decorator")
        .collect()
}

/// A parameter by its parts.
struct Parameter<'t> {
    name: Option<&'t str>,
    /// What it is taken apart by.
    pattern: Option<NodeRef<'t>>,
    kind: ParamKind,
    ty: Option<NodeRef<'t>>,
    value: Option<NodeRef<'t>>,
}

impl<'t> Parameter<'t> {
    fn of(node: NodeRef<'t>, kind: ParamKind) -> Self {
        let mut found = Self {
            name: None,
            pattern: None,
            kind,
            ty: node.child(Field::Type),
            value: node.child(Field::Value),
        };
        let mut named = match node.kind() {
            "default_parameter" | "typed_default_parameter" => node.child(Field::Name),
            "typed_parameter" => items(node).next(),
            _ => Some(node),
        };
        if let Some(splat) = named {
            match splat.kind() {
                "list_splat_pattern" => {
                    found.kind = ParamKind::Rest;
                    named = items(splat).next();
                }
                "dictionary_splat_pattern" => {
                    found.kind = ParamKind::NamedRest;
                    named = items(splat).next();
                }
                _ => {}
            }
        }
        match named {
            Some(name) if name.kind() == "identifier" => found.name = Some(name.text()),
            other => found.pattern = other,
        }
        found
    }
}

fn bind_parameter(node: NodeRef<'_>, scope: &mut Scope) {
    let found = Parameter::of(node, ParamKind::Plain);
    if let Some(name) = found.name {
        scope.variable(name);
    }
    for part in found.pattern.into_iter().flat_map(NodeRef::subtree) {
        if part.kind() == "identifier" {
            scope.variable(part.text());
        }
    }
}

#[cfg(test)]
mod tests;
