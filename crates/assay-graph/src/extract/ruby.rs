//! Ruby: calls that declare something, as `include`, `attr_reader` and `require` do,
//! and what a method gives without saying `return`.

use assay_syntax::{Field, NodeRef, Role};

use crate::extract::Extractor;
use crate::extract::define::NAME_BYTES_MAX;
use crate::extract::expression::{arguments_of, string_text};
use crate::extract::plan::Family;
use crate::facts::{
    Definition, DefinitionKind, Expression, ExpressionId, LocalId, Usage, UsageKind, Visibility,
};
use crate::name::Name;

/// A declaration names so many things at most.
const NAMES_MAX: usize = 64;
/// The last value of a body is looked for under so many statements.
const TAIL_DEPTH_MAX: usize = 12;

impl<'t> Extractor<'t> {
    /// Returns whether the file is one of Ruby.
    pub(crate) fn is_ruby(&self) -> bool {
        self.plan.family == Family::Ruby
    }

    /// Returns what stands before the last name of `class A::B`.
    pub(crate) fn ruby_path(&mut self, name: NodeRef<'t>) -> ExpressionId {
        match name.child(Field::Object).filter(|_| self.is_ruby()) {
            Some(around) => self.lower(around),
            None => ExpressionId::UNKNOWN,
        }
    }

    /// Returns the place that names without anything around them are looked up in:
    /// `::A`.
    pub(crate) fn ruby_root(&mut self) -> ExpressionId {
        let root = self.intern("::");
        self.push(Expression::Module(root))
    }

    /// `super`: the same method as the parents have it.
    pub(crate) fn ruby_super(&mut self, node: NodeRef<'t>) -> ExpressionId {
        let parent = self.push(Expression::Super);
        let method = node
            .ancestors()
            .find(|around| matches!(around.kind(), "method" | "singleton_method"))
            .and_then(NodeRef::name_node)
            .filter(|name| name.text().len() <= NAME_BYTES_MAX);
        match method {
            Some(method) => {
                let name = self.intern(method.text());
                self.push(Expression::Member(parent, name))
            }
            None => parent,
        }
    }

    /// Returns whether a method belongs to its class and not to its values.
    pub(crate) fn is_ruby_singleton(&self, node: NodeRef<'t>) -> bool {
        node.kind() == "singleton_method"
            || node
                .ancestors()
                .find(|around| matches!(around.kind(), "class" | "module" | "singleton_class"))
                .is_some_and(|around| around.kind() == "singleton_class")
    }

    /// Returns the object of `def object.name` unless that is the class itself.
    pub(crate) fn ruby_singleton_owner(&mut self, node: NodeRef<'t>) -> ExpressionId {
        match node.child(Field::Object) {
            Some(object) if node.kind() == "singleton_method" && object.kind() != "self" => {
                self.lower(object)
            }
            _ => ExpressionId::UNKNOWN,
        }
    }

    /// Returns what the last statement of a body gives.
    pub(crate) fn ruby_result(&mut self, function: NodeRef<'t>) -> ExpressionId {
        let Some(mut at) = function.child(Field::Body) else {
            return ExpressionId::UNKNOWN;
        };
        for _ in 0..TAIL_DEPTH_MAX {
            let inner = match at.kind() {
                "body_statement"
                | "block_body"
                | "then"
                | "begin"
                | "do"
                | "parenthesized_statements"
                | "block"
                | "do_block" => {
                    let statements = at.named_children().filter(|child| {
                        !child.has(Role::Comment)
                            && !matches!(
                                child.kind(),
                                "rescue" | "ensure" | "else" | "block_parameters"
                            )
                    });
                    statements.last()
                }
                "if_modifier" | "unless_modifier" | "rescue_modifier" => {
                    at.child(Field::Body).or_else(|| at.named_children().next())
                }
                "if" | "unless" | "conditional" => at.child(Field::Consequence),
                "binary"
                    if at
                        .child(Field::Operator)
                        .is_some_and(|operator| matches!(operator.text(), "||" | "or")) =>
                {
                    at.child(Field::Left)
                }
                "return" => at.named_children().next(),
                "argument_list" => at.named_children().next(),
                _ => return self.lower(at),
            };
            match inner {
                Some(inner) => at = inner,
                None => return ExpressionId::UNKNOWN,
            }
        }
        ExpressionId::UNKNOWN
    }

    /// Calls that declare something; returns whether nothing is called.
    pub(crate) fn ruby_directive(&mut self, node: NodeRef<'t>) -> bool {
        let Some(method) = node.child(Field::Property) else {
            return false;
        };
        if node.child(Field::Object).is_some() {
            return false;
        }
        let text = method.text();
        if matches!(text, "let" | "let!" | "subject") {
            return self.ruby_let(node, text);
        }
        let scope = self.scope();
        if !matches!(
            self.kind_of(scope),
            DefinitionKind::Class | DefinitionKind::Module
        ) {
            return false;
        }
        if text == "class_methods" && node.child(Field::Body).is_some() {
            let name = self.intern("ClassMethods");
            let definition = self.definition(DefinitionKind::Module, node, method, name);
            let id = self.add(definition);
            self.enter(id, node);
            return true;
        }
        let Some(arguments) = arguments_of(node) else {
            return false;
        };
        let given: Vec<NodeRef<'t>> = arguments.named_children().take(NAMES_MAX).collect();
        match text {
            "include" | "prepend" | "extend" => {
                for one in given {
                    let written = self.lower(one);
                    self.ruby_mix_in(scope, written, text == "extend");
                    let last = one.child(Field::Name).unwrap_or(one);
                    self.mention(written, last);
                }
            }
            "module_function" => {
                let this = self.push(Expression::This);
                self.ruby_mix_in(scope, this, true);
            }
            "private" | "protected" | "public" => {
                let said = match text {
                    "private" => Visibility::Private,
                    "protected" => Visibility::Protected,
                    _ => Visibility::Public,
                };
                for name in given.into_iter().filter_map(symbol) {
                    let name = self.intern(name);
                    let members = self.facts.definitions.iter_mut().rev();
                    for member in members.filter(|one| one.container == scope && one.name == name) {
                        member.visibility = said;
                    }
                }
            }
            "attr_accessor" | "attr_reader" | "attr_writer" | "attr" => {
                self.ruby_accessors(&given, false);
            }
            "class_attribute"
            | "mattr_accessor"
            | "cattr_accessor"
            | "mattr_reader"
            | "cattr_reader"
            | "thread_mattr_accessor" => {
                self.ruby_accessors(&given, false);
                self.ruby_accessors(&given, true);
            }
            "alias_method" => {
                if let [new, old] = given[..]
                    && let Some(old) = symbol(old)
                {
                    self.ruby_forward(new, old, None);
                }
            }
            "delegate" => self.ruby_delegate(&given),
            "define_method" => {
                if let Some(name) = given.first().copied().filter(|one| symbol(*one).is_some()) {
                    let id = self.ruby_method(name, ExpressionId::UNKNOWN, false);
                    self.enter(id, node);
                }
            }
            "scope" => {
                if let Some(name) = given.first().copied().filter(|one| symbol(*one).is_some()) {
                    let class = self.named("Self");
                    let held = self.push(Expression::Generic(ExpressionId::UNKNOWN, class));
                    let value = self.instance(held);
                    self.ruby_method(name, value, true);
                }
            }
            "belongs_to" | "has_one" | "has_many" | "has_and_belongs_to_many" => {
                self.ruby_association(text, &given);
            }
            _ => return false,
        }
        true
    }

    /// Notes that a class takes in a module; as its own object when it is extended.
    fn ruby_mix_in(&mut self, class: LocalId, module: ExpressionId, extends: bool) {
        if module == ExpressionId::UNKNOWN || self.mixed_in.len() > crate::extract::FACTS_MAX {
            return;
        }
        let module = match extends {
            // The class is then a value of the module.
            true => self.push(Expression::Instance(module)),
            false => module,
        };
        self.mixed_in.push((class, module));
    }

    /// Puts what classes take in among what they extend, the last one first and
    /// before the parent.
    pub(crate) fn lay_mixed_in(&mut self) {
        if self.mixed_in.is_empty() {
            return;
        }
        self.mixed_in.sort_by_key(|(class, _)| *class);
        let mut supers = Vec::with_capacity(self.facts.supers.len() + self.mixed_in.len());
        for (at, definition) in (0_u32..).zip(&mut self.facts.definitions) {
            let (from, to) = definition.supers;
            let id = LocalId(at);
            let start = supers.len() as u32;
            let first = self.mixed_in.partition_point(|(class, _)| *class < id);
            let mixed = self.mixed_in[first..]
                .iter()
                .take_while(|(class, _)| *class == id)
                .map(|(_, module)| *module);
            supers.extend(mixed);
            supers[start as usize..].reverse();
            supers.extend_from_slice(&self.facts.supers[from as usize..to as usize]);
            definition.supers = (start, supers.len() as u32);
        }
        self.facts.supers = supers;
    }

    /// Makes a method that is declared by its name.
    fn ruby_method(&mut self, place: NodeRef<'t>, value: ExpressionId, is_static: bool) -> LocalId {
        let name = self.intern(symbol(place).unwrap_or_default());
        let definition = Definition {
            is_static: is_static || self.is_ruby_singleton(place),
            value,
            ..self.definition(DefinitionKind::Method, place, place, name)
        };
        self.pass(place);
        self.add(definition)
    }

    fn ruby_accessors(&mut self, names: &[NodeRef<'t>], is_static: bool) {
        for &node in names {
            let Some(text) = symbol(node) else { continue };
            let this = self.push(Expression::This);
            let field = self.intern(&format!("@{text}"));
            let value = self.push(Expression::Member(this, field));
            self.ruby_method(node, value, is_static);
        }
    }

    /// A method that calls another one, of the same object or of what a member
    /// holds.
    fn ruby_forward(&mut self, place: NodeRef<'t>, name: &str, of: Option<&str>) {
        if symbol(place).is_none() {
            return;
        }
        let mut object = self.push(Expression::This);
        if let Some(of) = of {
            let of = self.intern(of);
            object = self.push(Expression::Member(object, of));
        }
        let name = self.intern(name);
        let callee = self.push(Expression::Member(object, name));
        let value = self.push(Expression::Call(callee, 0));
        let id = self.ruby_method(place, value, false);
        let place = self.place(place.span());
        self.facts.usages.push(Usage {
            kind: UsageKind::Call,
            target: callee,
            arguments: 0,
            given: (0, 0),
            within: id,
            place,
        });
    }

    /// `delegate :a, :b, to: :c`
    fn ruby_delegate(&mut self, given: &[NodeRef<'t>]) {
        let option = |key: &str| {
            let mut pairs = given.iter().filter(|one| one.kind() == "pair");
            pairs.find(|pair| {
                pair.child(Field::Key)
                    .is_some_and(|found| found.text().trim_matches(':') == key)
            })
        };
        let Some(to) = option("to").and_then(|pair| symbol(pair.child(Field::Value)?)) else {
            return;
        };
        if option("prefix").is_some() || to == "class" {
            return;
        }
        for &name in given.iter().filter(|one| one.kind() != "pair") {
            if let Some(text) = symbol(name) {
                self.ruby_forward(name, text, Some(to));
            }
        }
    }

    /// `belongs_to :project`, `has_many :issues, class_name: "Ticket"`
    fn ruby_association(&mut self, kind: &str, given: &[NodeRef<'t>]) {
        let Some((&node, options)) = given.split_first() else {
            return;
        };
        let Some(text) = symbol(node) else { return };
        let is_many = kind.starts_with("has_") && kind != "has_one";
        let named = options.iter().find_map(|pair| {
            let key = pair.child(Field::Key)?.text().trim_matches(':');
            string_text(pair.child(Field::Value)?).filter(|_| key == "class_name")
        });
        let class = match (named, is_many) {
            (Some(named), _) => named.to_owned(),
            (None, true) => camel_case(&singular(text)),
            (None, false) => camel_case(text),
        };
        let mut written = ExpressionId::UNKNOWN;
        for part in class.split("::").filter(|part| !part.is_empty()) {
            let name = self.intern(part);
            written = match written {
                ExpressionId::UNKNOWN => self.push(Expression::Name(name)),
                around => self.push(Expression::Member(around, name)),
            };
        }
        if is_many {
            written = self.push(Expression::Generic(ExpressionId::UNKNOWN, written));
        }
        let value = self.instance(written);
        self.ruby_method(node, value, false);
    }

    /// RSpec's `let(:name) { value }`: as good as a local name.
    fn ruby_let(&mut self, node: NodeRef<'t>, text: &str) -> bool {
        let Some(block) = node.child(Field::Body) else {
            return false;
        };
        if self.kind_of(self.scope()) != DefinitionKind::File {
            return false;
        }
        let named = arguments_of(node).and_then(|arguments| arguments.named_children().next());
        let name = match named.and_then(symbol) {
            Some(name) => name,
            None if text == "subject" => text,
            None => return false,
        };
        let value = match block.child(Field::Body) {
            Some(_) => self.ruby_result(block),
            None => ExpressionId::UNKNOWN,
        };
        let name = self.intern(name);
        self.bind_name(LocalId::FILE, name, node.span().start, value);
        true
    }

    /// `alias new old`
    pub(crate) fn ruby_alias(&mut self, node: NodeRef<'t>) {
        let (Some(new), Some(old)) = (node.child(Field::Name), node.child(Field::Alias)) else {
            return;
        };
        let old = symbol(old).unwrap_or_else(|| old.text());
        let scope = self.scope();
        if self.kind_of(scope) != DefinitionKind::File && old.len() <= NAME_BYTES_MAX {
            self.ruby_forward(new, old, None);
        }
    }

    /// `A = Struct.new(:b) do ... end`: a class of that name; returns whether it is
    /// one.
    pub(crate) fn ruby_class_of_value(
        &mut self,
        node: NodeRef<'t>,
        left: NodeRef<'t>,
        right: NodeRef<'t>,
    ) -> bool {
        if left.kind() != "constant" || right.kind() != "call" {
            return false;
        }
        let maker = right.child(Field::Object).map_or("", NodeRef::text);
        let method = right.child(Field::Property).map_or("", NodeRef::text);
        let kind = match (maker, method) {
            ("Struct" | "Class", "new") | ("Data", "define") => DefinitionKind::Class,
            ("Module", "new") => DefinitionKind::Module,
            _ => return false,
        };
        let given: Vec<NodeRef<'t>> = arguments_of(right).map_or_else(Vec::new, |arguments| {
            arguments.named_children().take(NAMES_MAX).collect()
        });
        let start = self.facts.supers.len() as u32;
        if maker == "Class"
            && let Some(parent) = given.first()
        {
            let parent = self.lower(*parent);
            self.facts.supers.push(parent);
        }
        self.pass(left);
        let name = self.intern(left.text());
        let definition = Definition {
            supers: (start, self.facts.supers.len() as u32),
            ..self.definition(kind, node, left, name)
        };
        let id = self.add(definition);
        self.enter(id, node);
        if maker != "Class" {
            self.ruby_accessors(&given, false);
        }
        true
    }

    /// `described_class` of RSpec: the class that the tests around it are of.
    pub(crate) fn ruby_described(&mut self, node: NodeRef<'t>) -> Option<ExpressionId> {
        let described = node.ancestors().find_map(|around| {
            let method = around.child(Field::Property)?.text();
            let is_group = around.kind() == "call" && matches!(method, "describe" | "context");
            let first = arguments_of(around).filter(|_| is_group)?;
            let first = first.named_children().next()?;
            matches!(first.kind(), "constant" | "scope_resolution").then_some(first)
        })?;
        Some(self.lower(described))
    }

    /// `a.b = c` calls `b=`; returns what is called.
    pub(crate) fn ruby_setter(&mut self, node: NodeRef<'t>, target: ExpressionId) -> ExpressionId {
        let is_given = node.field() == Field::Left
            && node
                .parent()
                .is_some_and(|parent| parent.kind() == "assignment");
        match self.facts.expressions[target.index()] {
            Expression::Member(object, name) if is_given && self.is_ruby() => {
                let setter = format!("{}=", self.names.get(name));
                let setter = self.intern(&setter);
                self.push(Expression::Member(object, setter))
            }
            _ => target,
        }
    }

    /// A bare name: a call without arguments, unless it turns out to be local;
    /// returns whether it was something of Ruby's own.
    pub(crate) fn ruby_name(&mut self, node: NodeRef<'t>) -> bool {
        let is_caught = node
            .parent()
            .is_some_and(|parent| parent.kind() == "exception_variable");
        if is_caught {
            let name = self.intern(node.text());
            let scope = self.scope();
            self.bind_name(scope, name, node.span().start, ExpressionId::UNKNOWN);
            return true;
        }
        let target = match (node.kind(), node.text()) {
            ("super", _) => self.ruby_super(node),
            ("identifier", "private" | "protected" | "public") => {
                self.set_access(node.text());
                return true;
            }
            ("identifier", "module_function") => {
                let this = self.push(Expression::This);
                let scope = self.scope();
                self.ruby_mix_in(scope, this, true);
                return true;
            }
            ("identifier", "new") => {
                let class = self.named("Self");
                self.push_use(UsageKind::New, class, node);
                return true;
            }
            ("identifier", _) => self.lower(node),
            _ => return false,
        };
        self.push_use(UsageKind::Call, target, node);
        true
    }

    /// Notes that something is only named.
    fn mention(&mut self, target: ExpressionId, node: NodeRef<'t>) {
        for part in node.subtree() {
            self.pass(part);
        }
        self.push_use(UsageKind::Mention, target, node);
    }

    fn push_use(&mut self, kind: UsageKind, target: ExpressionId, node: NodeRef<'t>) {
        let place = self.place(node.span());
        self.facts.usages.push(Usage {
            kind,
            target,
            arguments: 0,
            given: (0, 0),
            within: self.scope(),
            place,
        });
    }

    /// `require "a"`, `require_relative "a"`; returns whether it was one.
    pub(crate) fn ruby_require(&mut self, node: NodeRef<'t>) -> bool {
        let method = node.child(Field::Property).map_or("", NodeRef::text);
        if !matches!(method, "require" | "require_relative" | "load" | "autoload") {
            return false;
        }
        let last = arguments_of(node).and_then(|arguments| arguments.named_children().last());
        if let Some(path) = last.and_then(string_text) {
            let path = match method {
                "require_relative" => format!("./{path}"),
                _ => path.to_owned(),
            };
            self.import_all(node, &path);
        }
        true
    }

    /// A field that was given nothing that says what it is takes what it is given
    /// later.
    pub(crate) fn ruby_field_again(&mut self, class: LocalId, name: Name, value: ExpressionId) {
        let says_nothing = |facts: &crate::facts::Facts, value: ExpressionId| {
            matches!(
                facts.expression(value),
                Expression::Unknown | Expression::Literal
            )
        };
        if says_nothing(&self.facts, value) {
            return;
        }
        let place = self.facts.definitions.iter().rposition(|one| {
            one.container == class && one.name == name && one.kind == DefinitionKind::Field
        });
        if let Some(place) = place
            && says_nothing(&self.facts, self.facts.definitions[place].value)
        {
            self.facts.definitions[place].value = value;
        }
    }
}

/// Returns the text of a symbol or string that names something.
fn symbol(node: NodeRef<'_>) -> Option<&str> {
    let text = match node.kind() {
        "simple_symbol" => node.text().trim_start_matches(':'),
        "identifier" | "operator" | "setter" | "constant" => node.text(),
        _ => string_text(node)?,
    };
    (!text.is_empty() && text.len() <= NAME_BYTES_MAX).then_some(text)
}

/// `line_items` to `LineItems`, `admin/user` to `Admin::User`.
pub(crate) fn camel_case(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut starts = true;
    for c in text.chars() {
        match c {
            '_' => starts = true,
            '/' => {
                out.push_str("::");
                starts = true;
            }
            c if starts => {
                out.extend(c.to_uppercase());
                starts = false;
            }
            c => out.push(c),
        }
    }
    out
}

/// Returns the word for one of several, as far as endings tell.
pub(crate) fn singular(text: &str) -> String {
    const ENDS: &[(&str, &str)] = &[
        ("ies", "y"),
        ("sses", "ss"),
        ("shes", "sh"),
        ("ches", "ch"),
        ("xes", "x"),
        ("statuses", "status"),
        ("addresses", "address"),
        ("people", "person"),
        ("children", "child"),
        ("ss", "ss"),
        ("us", "us"),
        ("s", ""),
    ];
    let end = ENDS.iter().find(|(end, _)| text.ends_with(end));
    match end {
        Some((end, one)) => format!("{}{one}", &text[..text.len() - end.len()]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::{camel_case, singular};

    #[test]
    fn names_of_tables_become_names_of_classes() {
        for (many, class) in [
            ("issues", "Issue"),
            ("line_items", "LineItem"),
            ("categories", "Category"),
            ("statuses", "Status"),
            ("addresses", "Address"),
            ("boxes", "Box"),
            ("people", "Person"),
            ("news", "New"),
            ("admin/users", "Admin::User"),
            ("bus", "Bus"),
        ] {
            assert_eq!(camel_case(&singular(many)), class, "{many}");
        }
    }
}
