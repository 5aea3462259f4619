//! What an expression is: which definition, or a value of which type.
//!
//! One small evaluator for all languages. It follows local names to what they
//! hold, members to types, calls to results, imports to other files; what it
//! cannot follow is unknown, and what leads out of the repository external.

use crate::extract::plan::Family;
use crate::facts::{DefinitionKind, Expression, ExpressionId, LocalId};
use crate::graph::GraphFile;
use crate::name::{Name, QuickMap};
use crate::resolve::index::Index;
use crate::resolve::known::{ITSELF, MAKES, RELATIONS, SAME, TRANSPARENT, gives_element};

/// What an expression is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Value {
    Unknown,
    /// Of a library or of the language.
    External,
    /// The definition itself: a function, a class, a file.
    Definition(u32),
    /// A value of a type.
    Instance(u32),
    /// Something that holds values of a type.
    Holder(u32),
    /// An object of a type, as its parents see it.
    Parent(u32),
    Package(u32),
}

/// Finding out what one use means takes so many steps at most.
pub(crate) const STEPS_MAX: u32 = 600;
pub(crate) const DEPTH_MAX: u32 = 40;

pub(crate) struct Evaluation<'i, 'g> {
    pub(crate) index: &'i Index<'g>,
    /// The file whose uses are looked up.
    pub(crate) file: u32,
    /// What is known of the expressions of that file.
    memo: Vec<Option<Value>>,
    pub(crate) names: QuickMap<(u32, Name), Value>,
    pub(crate) steps: u32,
}

/// A name as a file says it: by its number there, and by that of the graph.
#[derive(Clone, Copy)]
pub(crate) struct Spoken {
    pub(crate) here: Name,
    pub(crate) everywhere: Name,
}

impl Spoken {
    pub(crate) fn of(file: &GraphFile, name: Name) -> Self {
        Self {
            here: name,
            everywhere: file.names[name.index()],
        }
    }

    /// A name that no local one can be: it is looked up in what is defined.
    pub(crate) fn defined(name: Name) -> Self {
        Self {
            here: Name::EMPTY,
            everywhere: name,
        }
    }
}

/// Where an expression stands: a file, a scope in it, and up to which byte the
/// names of that scope are known.
#[derive(Clone, Copy)]
pub(crate) struct Standing {
    pub(crate) file: u32,
    pub(crate) scope: LocalId,
    pub(crate) at: u32,
    pub(crate) depth: u32,
    /// Whether what is looked up is a written type, which no field is.
    pub(crate) is_type: bool,
    /// Whether it is code of a value, although it stands in the body of the class.
    pub(crate) is_of_value: bool,
}

impl Standing {
    /// Stands in a scope of a file, at a byte of it.
    pub(crate) fn new(file: u32, scope: LocalId, at: u32) -> Self {
        Self {
            file,
            scope,
            at,
            depth: 0,
            is_type: false,
            is_of_value: false,
        }
    }

    /// The same place, where a type is written.
    pub(crate) fn of_type(self) -> Self {
        Self {
            is_type: true,
            ..self
        }
    }

    pub(crate) fn deeper(self) -> Self {
        Self {
            depth: self.depth + 1,
            ..self
        }
    }
}

impl<'i, 'g> Evaluation<'i, 'g> {
    pub(crate) fn new(index: &'i Index<'g>, file: u32) -> Self {
        let count = index.graph.files[file as usize].facts.expressions.len();
        Self {
            index,
            file,
            memo: vec![None; count],
            names: QuickMap::default(),
            steps: 0,
        }
    }

    pub(crate) fn source(&self, file: u32) -> &'g GraphFile {
        &self.index.graph.files[file as usize]
    }

    pub(crate) fn text(&self, name: Name) -> &'g str {
        self.index.graph.names.get(name)
    }

    /// Returns what an expression of the file is.
    pub(crate) fn evaluate(&mut self, id: ExpressionId, scope: LocalId, at: u32) -> Value {
        self.begin();
        self.value(id, Standing::new(self.file, scope, at))
    }

    /// Begins to look something else up: its steps are counted anew.
    pub(crate) fn begin(&mut self) {
        self.steps = 0;
    }

    pub(crate) fn value(&mut self, id: ExpressionId, here: Standing) -> Value {
        self.steps += 1;
        if self.steps > STEPS_MAX || here.depth > DEPTH_MAX {
            return Value::Unknown;
        }
        let own = here.file == self.file;
        if own && let Some(known) = self.memo[id.index()] {
            return known;
        }
        let value = self.work_out(id, here.deeper());
        if own && self.steps <= STEPS_MAX {
            self.memo[id.index()] = Some(value);
        }
        value
    }

    fn work_out(&mut self, id: ExpressionId, here: Standing) -> Value {
        let file = self.source(here.file);
        match file.facts.expression(id) {
            Expression::Unknown => Value::Unknown,
            Expression::Literal => Value::External,
            Expression::Name(name) => self.name(Spoken::of(file, name), here),
            Expression::Member(object, name) => {
                let name = file.names[name.index()];
                if file.family == Family::Ruby
                    && let Some(found) = self.ruby_member_expression(object, name, here)
                {
                    return found;
                }
                let object = self.value(object, here);
                self.member(object, name, here)
            }
            Expression::Call(callee, _) => self.call(callee, here),
            Expression::New(written, _) => {
                // Elsewhere a variable may hold the class.
                let is_type = matches!(
                    file.family,
                    Family::Go | Family::Rust | Family::Jvm | Family::CSharp
                );
                let class = self.value(written, Standing { is_type, ..here });
                match self.settled_type(class) {
                    Value::Definition(class) => Value::Instance(class),
                    other => other,
                }
            }
            Expression::Instance(written) => self.instance(written, here),
            Expression::Element(held) => {
                let held = self.value(held, here);
                match self.settled(held, here) {
                    Value::Holder(class) => Value::Instance(class),
                    Value::External => Value::External,
                    _ => Value::Unknown,
                }
            }
            Expression::Unwrap(held) => {
                let held = self.value(held, here);
                match self.settled(held, here) {
                    Value::Holder(class) => Value::Instance(class),
                    other => other,
                }
            }
            Expression::Generic(base, _) => self.value(base, here),
            Expression::This if file.family == Family::Ruby => self.ruby_this(here),
            Expression::This => self.this(here).map_or(Value::Unknown, Value::Instance),
            Expression::Super if file.family == Family::Rust => self.rust_parent(here),
            Expression::Super => self.this(here).map_or(Value::Unknown, Value::Parent),
            Expression::Module(module) => {
                self.index
                    .module(here.file, here.scope, file.facts.text(module), self)
            }
            Expression::Definition(local) => Value::Definition(file.base + local.0),
        }
    }

    /// Looks a member up.
    pub(crate) fn member_of(&mut self, object: Value, name: Name) -> Value {
        let here = Standing::new(self.file, LocalId::FILE, u32::MAX).deeper();
        self.member(object, name, here)
    }

    pub(crate) fn member(&mut self, object: Value, name: Name, here: Standing) -> Value {
        self.steps += 1;
        if self.steps > STEPS_MAX || here.depth > DEPTH_MAX {
            return Value::Unknown;
        }
        if let Value::Instance(id) | Value::Definition(id) | Value::Holder(id) = object
            && let Some(space) = self.index.ruby.space(id)
        {
            return self.ruby_member(object, space, name);
        }
        match object {
            Value::Unknown => Value::Unknown,
            Value::External | Value::Holder(_) => Value::External,
            Value::Package(package) => self.index.member(package, name).map_or_else(
                || {
                    let inner = self.index.subpackage(package, name);
                    inner.map_or(Value::Unknown, Value::Package)
                },
                Value::Definition,
            ),
            Value::Parent(class) => match self.index.parent_member(class, name) {
                (Some(found), _) => Value::Definition(found),
                (None, true) => Value::Unknown,
                (None, false) => Value::External,
            },
            Value::Instance(id) | Value::Definition(id) => {
                self.member_of_definition(id, name, here)
            }
        }
    }

    fn member_of_definition(&mut self, id: u32, name: Name, here: Standing) -> Value {
        let kind = self.index.kind(id);
        match kind {
            DefinitionKind::File => self.member_of_file(id, name, here),
            DefinitionKind::Module => {
                let found = self
                    .index
                    .member(id, name)
                    .or_else(|| self.in_module(id, name));
                if let Some(found) = found {
                    return Value::Definition(found);
                }
                if let Some((package, _)) = self.index.package_of_block(id)
                    && let Some(inner) = self.index.subpackage(package, name)
                {
                    return Value::Package(inner);
                }
                let file = self.index.file_of(id);
                let scope = LocalId(id - self.source(file).base);
                let there = Standing {
                    file,
                    scope,
                    ..here.deeper()
                };
                self.imported(name, there, Some(scope))
                    .unwrap_or(Value::Unknown)
            }
            kind if kind.is_type() => match self.index.type_member(id, name) {
                (Some(found), _) => Value::Definition(found),
                (None, all_known) => match self.embedded(id, name) {
                    Some(embedded) => Value::Instance(embedded),
                    None if all_known => Value::Unknown,
                    None => Value::External,
                },
            },
            DefinitionKind::Alias | DefinitionKind::Variable | DefinitionKind::Field => {
                if let Some(found) = self.index.member(id, name) {
                    return Value::Definition(found);
                }
                let value = self.settled(Value::Definition(id), here);
                match value == Value::Definition(id) {
                    true => Value::Unknown,
                    false => self.member(value, name, here.deeper()),
                }
            }
            _ => {
                if let Some(found) = self
                    .index
                    .member(id, name)
                    .filter(|&found| self.is_attached(found))
                {
                    return Value::Definition(found);
                }
                // A property: what the method gives.
                let value = self.settled(Value::Definition(id), here);
                match value {
                    Value::Definition(other) if other == id => Value::Unknown,
                    value => self.member(value, name, here.deeper()),
                }
            }
        }
    }

    /// Go: what is embedded goes by the name of its type.
    fn embedded(&self, class: u32, name: Name) -> Option<u32> {
        if self.source(self.index.file_of(class)).family != Family::Go {
            return None;
        }
        let (parents, _) = self.index.parents.get(&class)?;
        parents.iter().copied().find(|&parent| {
            let file = self.source(self.index.file_of(parent));
            file.names[self.index.definition(parent).name.index()] == name
        })
    }

    /// Whether a member of a function was given to it from outside
    /// (`f.prototype.g = ...`) and is no local function.
    fn is_attached(&self, id: u32) -> bool {
        self.index.owner.contains_key(&id)
    }

    fn member_of_file(&mut self, id: u32, name: Name, here: Standing) -> Value {
        if let Some(found) = self.index.member(id, name) {
            return Value::Definition(found);
        }
        let file_id = self.index.file_of(id);
        let file = self.source(file_id);
        let there = Standing {
            file: file_id,
            scope: LocalId::FILE,
            at: u32::MAX,
            ..here.deeper()
        };
        if let Some(found) = self.imported(name, there, None) {
            return found;
        }
        match file.family {
            Family::Python => {
                let folder = file
                    .text_path
                    .strip_suffix("__init__.py")
                    .map(|folder| folder.trim_end_matches('/'));
                let found = folder
                    .and_then(|folder| self.index.layout.python_below(folder, self.text(name)));
                found.map_or(Value::Unknown, |found| {
                    Value::Definition(self.source(found).base)
                })
            }
            Family::Script => match self.index.whole(id) {
                Some(whole) if self.text(name) == "default" => Value::Definition(whole),
                Some(whole) => self.member_of_definition(whole, name, here.deeper()),
                None => Value::Unknown,
            },
            _ => Value::Unknown,
        }
    }

    /// What a call gives.
    fn call(&mut self, callee: ExpressionId, here: Standing) -> Value {
        let file = self.source(here.file);
        if let Expression::Member(object, name) = file.facts.expression(callee) {
            let text = file.facts.text(name);
            let object = self.value(object, here);
            let object = self.settled(object, here);
            match object {
                Value::Holder(_) if SAME.contains(&text) => return object,
                Value::Holder(class) if gives_element(text) => return Value::Instance(class),
                Value::Holder(_) if file.family == Family::Ruby && RELATIONS.contains(&text) => {
                    return object;
                }
                Value::Holder(_) if file.family == Family::Ruby => {}
                Value::Holder(_) => return Value::External,
                Value::Instance(class) if file.family == Family::Ruby && text == "class" => {
                    return Value::Definition(class);
                }
                // A model of a database gives some of its values, or one.
                Value::Definition(class)
                    if file.family == Family::Ruby
                        && RELATIONS.contains(&text)
                        && self.index.kind(class).is_type() =>
                {
                    let name = file.names[name.index()];
                    if !matches!(self.member(object, name, here), Value::Definition(_)) {
                        return Value::Holder(class);
                    }
                }
                Value::Definition(class)
                    if matches!(file.family, Family::Ruby | Family::Php)
                        && MAKES.contains(&text)
                        && self.index.kind(class).is_type() =>
                {
                    let name = file.names[name.index()];
                    if !matches!(self.member(object, name, here), Value::Definition(_)) {
                        return Value::Instance(class);
                    }
                }
                Value::Instance(_) if ITSELF.contains(&text) => {
                    let name = file.names[name.index()];
                    if !matches!(self.member(object, name, here), Value::Definition(_)) {
                        return object;
                    }
                }
                _ => {}
            }
        }
        let callee = self.value(callee, here);
        self.result(callee, here)
    }

    fn result(&mut self, callee: Value, here: Standing) -> Value {
        match callee {
            Value::Definition(id) => {
                let kind = self.index.kind(id);
                if kind.is_type() {
                    return Value::Instance(id);
                }
                if kind == DefinitionKind::File {
                    return match self.index.whole(id) {
                        Some(whole) if here.depth < DEPTH_MAX => {
                            self.result(Value::Definition(whole), here.deeper())
                        }
                        _ => Value::Unknown,
                    };
                }
                if kind == DefinitionKind::Constructor {
                    return self
                        .index
                        .type_of(id)
                        .map_or(Value::Unknown, Value::Instance);
                }
                let value = self.settled(callee, here);
                match value {
                    // A variable that is a class or a function.
                    Value::Definition(other) if other != id && here.depth < DEPTH_MAX => {
                        match kind.is_callable() {
                            true => value,
                            false => self.result(value, here.deeper()),
                        }
                    }
                    Value::Definition(_) => Value::Unknown,
                    value => value,
                }
            }
            Value::External => Value::External,
            Value::Parent(class) => Value::Instance(class),
            _ => Value::Unknown,
        }
    }

    /// Returns what a definition stands for: the value of a variable, the result
    /// of a function; a type stays what it is.
    pub(crate) fn settled(&mut self, value: Value, here: Standing) -> Value {
        let Value::Definition(id) = value else {
            return value;
        };
        let definition = self.index.definition(id);
        let stays = definition.kind.is_type()
            || matches!(
                definition.kind,
                DefinitionKind::File | DefinitionKind::Module
            );
        if stays || here.depth > DEPTH_MAX {
            return value;
        }
        if definition.value == ExpressionId::UNKNOWN {
            return match definition.type_text.is_empty() {
                true => value,
                false => Value::External,
            };
        }
        let file_id = self.index.file_of(id);
        let file = self.source(file_id);
        let local = LocalId(id - file.base);
        // A written result does not see what is in the function.
        let scope = match definition.kind.is_callable() && definition.type_text.is_empty() {
            true => local,
            false => definition.container,
        };
        let there = Standing {
            file: file_id,
            scope,
            at: definition.end.max(1),
            is_type: false,
            // `@a = b`: a method of the class gives a value's field what it holds.
            is_of_value: definition.kind == DefinitionKind::Field
                && file.family == Family::Ruby
                && self
                    .text(file.names[definition.name.index()])
                    .starts_with('@'),
            ..here.deeper()
        };
        if definition.kind == DefinitionKind::Alias {
            return match self.instance(definition.value, there) {
                Value::Instance(class) => Value::Definition(class),
                other => other,
            };
        }
        // Looking at it from within itself would go round in circles.
        self.value(definition.value, there)
    }

    /// Returns the type that a value is or is of, through other names.
    pub(crate) fn settled_type(&mut self, value: Value) -> Value {
        let here = Standing::new(self.file, LocalId::FILE, u32::MAX).deeper();
        match value {
            Value::Definition(id) if self.index.kind(id).is_callable() => {
                // `new f()` of a function that makes objects.
                value
            }
            Value::Definition(_) => self.settled(value, here),
            value => value,
        }
    }

    /// Returns a value of a written type.
    fn instance(&mut self, written: ExpressionId, here: Standing) -> Value {
        let file = self.source(here.file);
        let here = here.deeper();
        if here.depth > DEPTH_MAX {
            return Value::Unknown;
        }
        if let Expression::Generic(base, argument) = file.facts.expression(written) {
            let held = |this: &mut Self| match this.instance(argument, here) {
                Value::Instance(class) | Value::Holder(class) => Value::Holder(class),
                other => other,
            };
            if base == ExpressionId::UNKNOWN {
                return held(self);
            }
            let text = file.facts.path(base).unwrap_or("");
            if TRANSPARENT.contains(&text) && (text != "Optional" || file.family == Family::Python)
            {
                return self.instance(argument, here);
            }
            return match self.instance(base, here) {
                Value::Instance(class) => Value::Instance(class),
                _ => match held(self) {
                    Value::Holder(class) => Value::Holder(class),
                    _ => Value::External,
                },
            };
        }
        let value = match file.facts.expression(written) {
            Expression::Name(name) => self.name(Spoken::of(file, name), here.of_type()),
            _ => self.value(written, here.of_type()),
        };
        match value {
            Value::Definition(id) => match self.index.kind(id) {
                kind if kind.is_type() => Value::Instance(id),
                DefinitionKind::Alias | DefinitionKind::Variable => match self.settled(value, here)
                {
                    Value::Definition(class) if class != id => Value::Instance(class),
                    Value::Definition(_) => Value::Unknown,
                    other => other,
                },
                DefinitionKind::Function => Value::Instance(id),
                _ => Value::Unknown,
            },
            other => other,
        }
    }
}
