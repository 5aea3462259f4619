//! Parameters: of functions, of methods with their receiver, and of lambdas, with
//! what the text says that they hold.

use assay_syntax::{Field, NodeRef, Role, RoleSet};

use crate::extract::Extractor;
use crate::extract::bind::cut;
use crate::extract::define::NAME_BYTES_MAX;
use crate::extract::expression::arguments_of;
use crate::extract::plan::Family;
use crate::extract::type_text::read_type;
use crate::facts::{DefinitionKind, Expression, ExpressionId, LocalId, Parameter};
use crate::name::Name;

/// Lines of a comment that are read for types.
const COMMENT_LINES_MAX: usize = 60;

/// What of a written parameter counts.
pub(crate) struct Read {
    pub(crate) parameter: Parameter,
    /// What it holds.
    pub(crate) value: ExpressionId,
    /// Whether it also makes a field of its class.
    pub(crate) is_field: bool,
}

impl<'t> Extractor<'t> {
    /// Reads a parameter.
    pub(crate) fn read_parameter(&mut self, node: NodeRef<'t>) -> Read {
        let name_node = node
            .child(Field::Name)
            .or_else(|| node.child(Field::Pattern))
            .or_else(|| node.child(Field::Left))
            .or_else(|| match node.child(Field::Declarator) {
                Some(_) => node.name_node(),
                None => None,
            });
        let first_name = || {
            node.subtree()
                .find(|part| part.has(Role::Identifier) && part.field() != Field::Type)
        };
        let name_node = name_node.or_else(first_name);
        let text = name_node.map_or("_", NodeRef::text);
        let text = text.trim_start_matches(['*', '&', '$', '.']);
        let text = if text.len() > 200 { "_" } else { text };
        let name = self.intern(text);
        // In `a, b int` the type stands beside the names.
        let typed = node
            .child(Field::Type)
            .or_else(|| node.parent()?.child(Field::Type).filter(|_| node.is_leaf()))
            .or_else(|| {
                node.children().find(|child| {
                    child.has_any(const { RoleSet::of(&[Role::Type, Role::TypeName]) })
                        || matches!(child.kind(), "user_type" | "nullable_type")
                })
            });
        let type_text = typed.map_or("", |typed| typed.text().trim_start_matches([':', ' ']));
        let default = node
            .child(Field::Value)
            .or_else(|| node.child(Field::Right))
            .or_else(|| {
                let mut after = node.children().skip_while(|child| child.text() != "=");
                after.next()?;
                after.next()
            });
        let default_text = default.map_or("", NodeRef::text);
        let value = match type_text {
            "" => default.map_or(ExpressionId::UNKNOWN, |default| self.lower(default)),
            type_text => self.instance_of_type(type_text),
        };
        let is_variadic = matches!(
            node.kind(),
            "list_splat_pattern"
                | "dictionary_splat_pattern"
                | "spread_parameter"
                | "variadic_parameter_declaration"
                | "variadic_parameter"
                | "rest_pattern"
                | "splat_parameter"
                | "hash_splat_parameter"
                | "block_parameter"
        ) || node.text().starts_with('*')
            || node.text().starts_with("...");
        let value = match is_variadic {
            true => ExpressionId::UNKNOWN,
            false => value,
        };
        let is_field = node.children().any(|child| {
            matches!(
                child.kind(),
                "accessibility_modifier" | "visibility_modifier"
            ) || matches!(child.text(), "val" | "var" | "readonly") && !child.has(Role::Identifier)
        });
        let type_name = self.intern(cut(type_text));
        let default_name = self.intern(cut(default_text));
        Read {
            parameter: Parameter {
                name,
                type_text: type_name,
                default_text: default_name,
                is_variadic,
                is_optional: default.is_some() || node.kind() == "optional_parameter",
            },
            value,
            is_field,
        }
    }

    pub(crate) fn read_parameters(&mut self, node: NodeRef<'t>, id: LocalId) {
        let start = self.facts.parameters.len() as u32;
        let lambda = match node.has(Role::Lambda) {
            true => self.lambda_argument(node),
            false => ExpressionId::UNKNOWN,
        };
        let is_constructor = self.facts.definitions[id.index()].kind == DefinitionKind::Constructor;
        for (index, parameter) in node.parameters().into_iter().enumerate() {
            let read = self.read_parameter(parameter);
            let value = match (index, read.value) {
                (0, ExpressionId::UNKNOWN) => lambda,
                (_, value) => value,
            };
            let value = match read.parameter.type_text.is_empty() && !read.parameter.is_variadic {
                true => self
                    .documented_parameter(node, read.parameter.name)
                    .unwrap_or(value),
                false => value,
            };
            let from = parameter.span().start;
            let name = read.parameter.name;
            let bound = self.spoken_name(name);
            self.bind_name(id, bound, from, value);
            self.bind_parts(id, parameter, name);
            if read.is_field && is_constructor {
                let class = self.facts.definitions[id.index()].container;
                let text = self.names.get(read.parameter.type_text).to_owned();
                self.define_field_of(class, parameter, name, value, &text);
            }
            self.facts.parameters.push(read.parameter);
        }
        let end = self.facts.parameters.len() as u32;
        self.facts.definitions[id.index()].parameters = (start, end);
        if !self.read_extended(node, id) {
            self.bind_receiver(node, id);
        }
    }

    /// Returns a parameter's name as the code of its function has it: PHP marks it.
    fn spoken_name(&mut self, name: Name) -> Name {
        if self.plan.family != Family::Php {
            return name;
        }
        let text = format!("${}", self.names.get(name));
        self.intern(&text)
    }

    /// Returns a value of the type that the comment above a function gives a parameter.
    fn documented_parameter(&mut self, function: NodeRef<'t>, name: Name) -> Option<ExpressionId> {
        let text = format!("${}", self.names.get(name));
        let written = self.documented(function, "@param", &text)?;
        Some(self.instance_of_type(written))
    }

    /// Returns the type that the comment above a declaration of PHP says: `@return A`,
    /// `@var A`, `@param A $a`; none when it is none of a class.
    pub(crate) fn documented(&self, node: NodeRef<'t>, tag: &str, name: &str) -> Option<&'t str> {
        if self.plan.family != Family::Php {
            return None;
        }
        let comment = node
            .previous_sibling()
            .filter(|before| before.text().starts_with("/**"))?;
        let lines = comment.text().lines().take(COMMENT_LINES_MAX);
        let mut said = lines.filter_map(|line| line.split_once(tag)?.1.strip_prefix(' '));
        let rest =
            said.find(|rest| name.is_empty() || rest.split_whitespace().any(|word| word == name))?;
        let written = rest.split_whitespace().next()?;
        let named = written.trim_start_matches(['?', '\\']);
        // `static` and `$this` are what the code gives back itself.
        named.starts_with(char::is_uppercase).then_some(written)
    }

    /// Binds the names in a parameter that is taken apart at once.
    fn bind_parts(&mut self, id: LocalId, parameter: NodeRef<'t>, whole: Name) {
        let names: Vec<NodeRef<'t>> = parameter
            .subtree()
            .filter(|part| part.has(Role::Identifier) && part.is_leaf())
            .take(NAME_BYTES_MAX)
            .collect();
        if names.len() < 2 {
            return;
        }
        for node in names {
            if matches!(node.field(), Field::Type | Field::Value) {
                continue;
            }
            let name = self.intern(node.text());
            if name != whole && parameter.kind().contains("pattern") {
                self.bind_name(id, name, node.span().start, ExpressionId::UNKNOWN);
            }
        }
    }

    /// C#: `this A a` as the first parameter, which calls have before the dot; its
    /// type stands where a class has its parents.
    fn read_extended(&mut self, function: NodeRef<'t>, id: LocalId) -> bool {
        let parameter = function
            .children()
            .filter(|child| child.has(Role::Parameters))
            .flat_map(NodeRef::children)
            .find(|child| child.kind() == "parameter" && child.text().starts_with("this "));
        let Some(parameter) = parameter.filter(|_| self.plan.family == Family::CSharp) else {
            return false;
        };
        let (Some(written), Some(name)) = (parameter.child(Field::Type), parameter.name_node())
        else {
            return false;
        };
        let mut extended = read_type(written.text(), self);
        if let Expression::Generic(base, _) = self.facts.expressions[extended.index()]
            && base != ExpressionId::UNKNOWN
        {
            extended = base;
        }
        let start = self.facts.supers.len() as u32;
        self.facts.supers.push(extended);
        self.facts.definitions[id.index()].supers = (start, start + 1);
        let value = self.instance_of_type(written.text());
        let text = self.intern(name.text());
        self.bind_name(id, text, name.span().start, value);
        true
    }

    /// Binds the name of the receiver: `self`, or in Go any name.
    fn bind_receiver(&mut self, node: NodeRef<'t>, id: LocalId) {
        let mut receivers = node.children().chain(
            node.children()
                .filter(|child| child.has(Role::Parameters))
                .flat_map(NodeRef::children),
        );
        let Some(receiver) = receivers.find(|child| child.has(Role::Receiver)) else {
            return;
        };
        let name = receiver.subtree().find(|part| {
            part.has(Role::Identifier) && part.is_leaf() && part.field() != Field::Type
        });
        let Some(name) = name else { return };
        let this = self.push(Expression::This);
        let text = self.intern(name.text());
        self.bind_name(id, text, name.span().start, this);
    }

    pub(crate) fn bind_parameters_of_lambda(&mut self, node: NodeRef<'t>) {
        let held = self.lambda_argument(node);
        let scope = self.scope();
        for (index, parameter) in node.parameters().into_iter().enumerate() {
            let read = self.read_parameter(parameter);
            let value = match (index, read.value) {
                (0, ExpressionId::UNKNOWN) => held,
                (_, value) => value,
            };
            self.bind_name(scope, read.parameter.name, parameter.span().start, value);
            self.bind_parts(scope, parameter, read.parameter.name);
        }
    }

    /// Returns what the first parameter of a lambda holds: what is in the object
    /// whose method it is given to.
    pub(crate) fn lambda_argument(&mut self, lambda: NodeRef<'t>) -> ExpressionId {
        let mut parent = lambda.parent();
        /// A lambda stands in the list of arguments, sometimes in a wrapper.
        const STEPS_MAX: usize = 4;
        for _ in 0..STEPS_MAX {
            match parent {
                Some(node) if node.has(Role::Call) => break,
                Some(node) => parent = node.parent(),
                None => return ExpressionId::UNKNOWN,
            }
        }
        let Some(call) = parent.filter(|node| node.has(Role::Call)) else {
            return ExpressionId::UNKNOWN;
        };
        let is_given = arguments_of(call).is_some_and(|arguments| arguments.encloses(lambda))
            || self.is_ruby() && call.child(Field::Body) == Some(lambda);
        if !is_given {
            return ExpressionId::UNKNOWN;
        }
        let call = self.lower(call);
        let Expression::Call(callee, _) = self.facts.expressions[call.index()] else {
            return ExpressionId::UNKNOWN;
        };
        match self.facts.expressions[callee.index()] {
            Expression::Member(object, _) => self.push(Expression::Element(object)),
            _ => ExpressionId::UNKNOWN,
        }
    }
}
