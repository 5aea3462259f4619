//! What one file says by itself: definitions, expressions that call or name
//! something, local bindings, imports, entry points.
//!
//! Facts come from the syntax tree alone, so they are the same wherever the
//! file lies and can be kept by its content. What a name means is worked out
//! over all files, in the graph.

use crate::name::{Name, Names};

/// The place of an expression in [`Facts::expressions`]; 0 is [`Expression::Unknown`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ExpressionId(pub(crate) u32);

impl ExpressionId {
    /// The expression of which nothing is known.
    pub const UNKNOWN: ExpressionId = ExpressionId(0);

    pub(crate) fn index(self) -> usize {
        self.0 as usize
    }
}

/// The place of a definition in [`Facts::definitions`]; 0 is the file itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LocalId(pub(crate) u32);

impl LocalId {
    /// The file itself.
    pub const FILE: LocalId = LocalId(0);

    /// Returns the place as an index.
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// What is known of an expression: enough to find out what it calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expression {
    /// Something else.
    Unknown,
    /// A literal, or what only the language's own library can be.
    Literal,
    /// A bare name.
    Name(Name),
    /// A member of something: `a.b`, `a::b`, `a->b`.
    Member(ExpressionId, Name),
    /// A call with so many arguments.
    Call(ExpressionId, u32),
    /// A new value of a type: `new A()`, `A { .. }`.
    New(ExpressionId, u32),
    /// A value of a type, because an annotation or a cast says so.
    Instance(ExpressionId),
    /// One of the values that something holds: `a[i]`, the variable of a loop.
    Element(ExpressionId),
    /// What is in a wrapper: `await a`, `a?`.
    Unwrap(ExpressionId),
    /// A type applied to another one: `List<A>`, `[]A`.
    Generic(ExpressionId, ExpressionId),
    /// The object that a method belongs to.
    This,
    /// The same object, as its parent.
    Super,
    /// A module that is loaded by an expression: `require("a")`.
    Module(Name),
    /// A function or class that is written where it is used.
    Definition(LocalId),
}

/// What a definition is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum DefinitionKind {
    /// A file.
    File,
    /// A module, namespace or package block.
    Module,
    /// A class, structure, enumeration, union or object.
    Class,
    /// An interface, trait or protocol.
    Interface,
    /// A block that adds to a type that is defined elsewhere (`impl`).
    Extension,
    /// A function that belongs to no type.
    Function,
    /// A function that belongs to a type.
    Method,
    /// A constructor.
    Constructor,
    /// A field, property or constant of a type.
    Field,
    /// A variable or constant of a file or module.
    Variable,
    /// A type that is another name.
    Alias,
    /// A macro.
    Macro,
}

impl DefinitionKind {
    pub(crate) const ALL: [Self; 12] = [
        Self::File,
        Self::Module,
        Self::Class,
        Self::Interface,
        Self::Extension,
        Self::Function,
        Self::Method,
        Self::Constructor,
        Self::Field,
        Self::Variable,
        Self::Alias,
        Self::Macro,
    ];

    /// Returns the word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::File => "file",
            Self::Module => "module",
            Self::Class => "class",
            Self::Interface => "interface",
            Self::Extension => "extension",
            Self::Function => "function",
            Self::Method => "method",
            Self::Constructor => "constructor",
            Self::Field => "field",
            Self::Variable => "variable",
            Self::Alias => "alias",
            Self::Macro => "macro",
        }
    }

    /// Returns whether it is code that is called.
    pub fn is_callable(self) -> bool {
        matches!(
            self,
            Self::Function | Self::Method | Self::Constructor | Self::Macro
        )
    }

    /// Returns whether it is a type with members.
    pub fn is_type(self) -> bool {
        matches!(self, Self::Class | Self::Interface | Self::Extension)
    }
}

/// Who may use a definition, as far as its own file says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Visibility {
    /// Only what is around it: private, or not exported.
    Private,
    /// The type and those derived from it.
    Protected,
    /// The package, crate or assembly.
    Internal,
    /// Everybody.
    Public,
}

impl Visibility {
    pub(crate) const ALL: [Self; 4] =
        [Self::Private, Self::Protected, Self::Internal, Self::Public];

    /// Returns the word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Private => "private",
            Self::Protected => "protected",
            Self::Internal => "internal",
            Self::Public => "public",
        }
    }
}

/// A place in the text of a file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// The first byte.
    pub start: u32,
    /// The line, from 1.
    pub line: u32,
    /// The column in characters, from 1.
    pub column: u32,
}

/// One thing that a file defines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Definition {
    /// What it is.
    pub kind: DefinitionKind,
    /// Its own name.
    pub name: Name,
    /// The definition around it; the file for what is at the top.
    pub container: LocalId,
    /// Who may use it.
    pub visibility: Visibility,
    /// Whether it has no body: an abstract method, a prototype.
    pub is_abstract: bool,
    /// Whether it belongs to the type and not to its values.
    pub is_static: bool,
    /// Whether it is a test, or a class of tests, by what its file says.
    pub is_test: bool,
    /// The first byte.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
    /// The last line.
    pub last_line: u32,
    /// Where its name stands.
    pub place: Place,
    /// The type that it adds to or is a method of, when that is not around it.
    pub owner: ExpressionId,
    /// What it gives: the value of a variable, the type of a field, what a
    /// function returns.
    pub value: ExpressionId,
    /// What it returns or is, as it is written; empty when nothing is.
    pub type_text: Name,
    /// The range of its parameters in [`Facts::parameters`].
    pub parameters: (u32, u32),
    /// The range of the types that it extends in [`Facts::supers`].
    pub supers: (u32, u32),
}

/// One parameter of a function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Parameter {
    /// Its name; the whole pattern when it is taken apart at once.
    pub name: Name,
    /// Its type as it is written; empty when there is none.
    pub type_text: Name,
    /// Its default as it is written; empty when there is none.
    pub default_text: Name,
    /// Whether it takes any number of arguments.
    pub is_variadic: bool,
    /// Whether a call may leave it out.
    pub is_optional: bool,
}

/// A local name and what it holds from a place on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Binding {
    /// The function (or file) whose name it is.
    pub scope: LocalId,
    /// The name.
    pub name: Name,
    /// From which byte on.
    pub from: u32,
    /// What it holds.
    pub value: ExpressionId,
}

/// What a use of a name is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum UsageKind {
    /// A call.
    Call,
    /// A new value of a type.
    New,
    /// The name is only mentioned: a function as a value, a type, a decorator.
    Mention,
}

/// One place where a file uses what may be defined elsewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Usage {
    /// What kind of use it is.
    pub kind: UsageKind,
    /// What is used: the callee of a call, the type of a new value.
    pub target: ExpressionId,
    /// The number of arguments of a call.
    pub arguments: u32,
    /// The range of the arguments in [`Facts::arguments`]; empty where functions
    /// of one name are not told apart by the types of their arguments.
    pub given: (u32, u32),
    /// The definition that it stands in.
    pub within: LocalId,
    /// Where the last name of the target stands.
    pub place: Place,
}

/// How an import makes names known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum ImportKind {
    /// The module itself goes by a name.
    Module,
    /// One thing of the module goes by a name.
    Item,
    /// Everything of the module is known.
    Wildcard,
    /// A module that lies in a file of its own is part of this one (`mod a;`).
    Part,
}

/// One name, or all names, that a file takes from elsewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Import {
    /// How it makes names known.
    pub kind: ImportKind,
    /// The module as it is written.
    pub module: Name,
    /// The thing in the module; empty for a whole module.
    pub item: Name,
    /// By what name it goes here; empty for a wildcard.
    pub alias: Name,
    /// The definition that it stands in.
    pub scope: LocalId,
    /// Whether others may take it from here.
    pub is_exported: bool,
    /// Where it stands.
    pub place: Place,
}

/// What kind of way into a program an entry point is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum EntryKind {
    /// A request over HTTP.
    Route,
    /// A command, or a program's main function.
    Command,
    /// A job, task or listener that something starts later.
    Job,
}

impl EntryKind {
    /// Returns the word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Route => "route",
            Self::Command => "command",
            Self::Job => "job",
        }
    }
}

/// A way into a program from outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// What kind of way it is.
    pub kind: EntryKind,
    /// What is called from outside: `GET /users`, `main`.
    pub label: Name,
    /// The code that runs: a definition of this file, or an expression.
    pub handler: ExpressionId,
    /// The definition that the registration stands in.
    pub within: LocalId,
    /// Where it is registered.
    pub place: Place,
}

/// What one file says by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Facts {
    /// The id of the language; empty when nothing was read.
    pub language: Name,
    /// The names that the rest speaks of.
    pub names: Names,
    /// The package or namespace that the whole file is in.
    pub package: Name,
    /// The number of lines.
    pub lines: u32,
    /// The expressions; a part comes before the whole.
    pub expressions: Vec<Expression>,
    /// The definitions in the order of the text, the file first.
    pub definitions: Vec<Definition>,
    /// The parameters of the definitions.
    pub parameters: Vec<Parameter>,
    /// The types that definitions extend.
    pub supers: Vec<ExpressionId>,
    /// Local names, sorted by scope, name and place.
    pub bindings: Vec<Binding>,
    /// The uses, in the order of the text.
    pub usages: Vec<Usage>,
    /// The arguments of calls, where they are of use.
    pub arguments: Vec<ExpressionId>,
    /// The imports, in the order of the text.
    pub imports: Vec<Import>,
    /// The entry points, in the order of the text.
    pub entries: Vec<Entry>,
}

impl Facts {
    /// Returns the expression at a place; unknown past the end.
    pub fn expression(&self, id: ExpressionId) -> Expression {
        self.expressions
            .get(id.index())
            .copied()
            .unwrap_or(Expression::Unknown)
    }

    /// Returns the places of all definitions, the file first.
    pub fn local_ids(&self) -> impl Iterator<Item = LocalId> + use<> {
        (0..self.definitions.len() as u32).map(LocalId)
    }

    /// Returns the text of a name.
    pub fn text(&self, name: Name) -> &str {
        self.names.get(name)
    }

    /// Returns the parameters of a definition.
    pub fn parameters_of(&self, definition: &Definition) -> &[Parameter] {
        let (start, end) = definition.parameters;
        self.parameters
            .get(start as usize..end as usize)
            .unwrap_or_default()
    }

    /// Returns the arguments of a call; none where they are not kept.
    pub fn arguments_of(&self, usage: &Usage) -> &[ExpressionId] {
        let (start, end) = usage.given;
        self.arguments
            .get(start as usize..end as usize)
            .unwrap_or_default()
    }

    /// Returns the types that a definition extends.
    pub fn supers_of(&self, definition: &Definition) -> &[ExpressionId] {
        let (start, end) = definition.supers;
        self.supers
            .get(start as usize..end as usize)
            .unwrap_or_default()
    }

    /// Returns whether a name is local where a definition uses it.
    pub(crate) fn is_local(&self, name: Name, within: LocalId) -> bool {
        // In Ruby nobody sees the local names of what is around.
        let is_closed = self.text(self.language) == "ruby";
        let mut scope = within;
        while scope != LocalId::FILE || is_closed {
            let from = self
                .bindings
                .partition_point(|binding| (binding.scope, binding.name) < (scope, name));
            let is_bound = self
                .bindings
                .get(from)
                .is_some_and(|binding| (binding.scope, binding.name) == (scope, name));
            if is_bound || is_closed {
                return is_bound;
            }
            scope = self.definitions[scope.index()].container;
        }
        false
    }

    /// Returns the names from the outermost definition to this one, joined with
    /// `.`; the file is left out.
    pub fn qualified_name(&self, id: LocalId) -> String {
        /// Deeper nesting shows its innermost names.
        const DEPTH_MAX: usize = 32;
        let mut parts = Vec::new();
        let mut at = id;
        while at != LocalId::FILE && parts.len() < DEPTH_MAX {
            let Some(definition) = self.definitions.get(at.index()) else {
                break;
            };
            parts.push(self.text(definition.name));
            match definition.kind {
                DefinitionKind::Extension => {}
                // Ruby: `class A::B::C`.
                DefinitionKind::Class | DefinitionKind::Module => {
                    let mut around = definition.owner;
                    while let Some(name) = self.path(around)
                        && parts.len() < DEPTH_MAX
                    {
                        parts.push(name);
                        around = match self.expression(around) {
                            Expression::Member(object, _) => object,
                            _ => break,
                        };
                    }
                }
                _ => parts.extend(self.path(definition.owner)),
            }
            at = definition.container;
        }
        parts.reverse();
        parts.join(".")
    }

    /// Returns the last name of an expression that is a path.
    pub fn path(&self, id: ExpressionId) -> Option<&str> {
        match self.expression(id) {
            Expression::Name(name) | Expression::Member(_, name) => Some(self.text(name)),
            Expression::Generic(base, _) => match self.expression(base) {
                Expression::Name(name) | Expression::Member(_, name) => Some(self.text(name)),
                _ => None,
            },
            _ => None,
        }
    }
}
