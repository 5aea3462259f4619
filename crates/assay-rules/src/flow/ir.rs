//! The intermediate representation: what every language is lowered to, and
//! all that the solver knows of a program.
//!
//! Instructions have at most one result and name their operands by slot. The
//! control flow stays structured (conditionals, loops, handlers), so that a
//! state flows through it from the top down and joins where branches meet:
//! a variable read after a join is what a phi would be.

use std::sync::Arc;

use assay_source::{RepoPath, SourceText, Span};

use super::hash::HashMap;
use super::model::Models;
use super::place::Place;

/// A name or a text. Shared, because the same names come up all the time.
pub(crate) type Name = Arc<str>;

/// A register of one function: a variable or an intermediate result.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Slot(pub(crate) u32);

impl Slot {
    pub(crate) fn index(self) -> usize {
        self.0 as usize
    }
}

/// A function of a unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct FunctionId(pub(crate) u32);

impl FunctionId {
    /// What stands at the top level of the file; every unit has it.
    pub(crate) const TOP: Self = Self(0);

    pub(crate) fn index(self) -> usize {
        self.0 as usize
    }
}

/// What jumps name: a loop or a labelled block.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Label(pub(crate) u32);

/// One file, lowered.
#[derive(Debug)]
pub(crate) struct Unit {
    pub(crate) language: &'static str,
    /// What is known of the language's libraries.
    pub(crate) models: Arc<Models>,
    pub(crate) path: RepoPath,
    pub(crate) text: Arc<SourceText>,
    /// What the names that the file declares are prefixed with to be known in
    /// other files: a package, a namespace, a module path. May be empty.
    pub(crate) package: Name,
    /// Another name of its top level, under which other files run it; may be
    /// empty.
    pub(crate) module: Name,
    pub(crate) functions: Vec<Function>,
    pub(crate) classes: Vec<Class>,
    /// Other names under which the file hands out what goes by a qualified
    /// name: the new name, and the one that it means. Both may end in `.*`.
    pub(crate) aliases: Vec<(Name, Name)>,
    /// Whether types are open: an interface is met by whatever has its methods,
    /// calling a type converts a value to it, and of several results the last
    /// tells whether it went well.
    pub(crate) open_types: bool,
    /// Whether it is a template: its only function beside the top level puts out
    /// what it is given by name.
    pub(crate) is_template: bool,
    /// What was cut or not understood, for the ledger.
    pub(crate) notes: Vec<String>,
    /// Whether texts and variables are written to through pointers: a call
    /// that is not known may change what it is given.
    pub(crate) has_pointers: bool,
}

/// A class, structure, interface or trait.
#[derive(Debug)]
pub(crate) struct Class {
    /// The qualified name, `package.Outer.Inner`.
    pub(crate) name: Name,
    /// The qualified names of what it extends or implements.
    pub(crate) supertypes: Vec<Name>,
    pub(crate) methods: Vec<FunctionId>,
    /// Sets the fields of a new object; runs before the constructor.
    pub(crate) initializer: Option<FunctionId>,
    pub(crate) fields: Vec<Field>,
    pub(crate) annotations: Vec<Annotation>,
    pub(crate) is_abstract: bool,
}

/// A field that a class declares.
#[derive(Debug)]
pub(crate) struct Field {
    pub(crate) name: Name,
    pub(crate) ty: Option<Name>,
    pub(crate) annotations: Vec<Annotation>,
}

/// A decorator, annotation or attribute with its constant arguments.
#[derive(Clone, Debug)]
pub(crate) struct Annotation {
    /// The qualified name where it is known, else as written.
    pub(crate) name: Name,
    /// Names (empty when by position) and constant values.
    pub(crate) arguments: Vec<(Name, Name)>,
}

/// A function, method, lambda, or the top level of a file.
#[derive(Debug)]
pub(crate) struct Function {
    /// The bare name; lambdas have none.
    pub(crate) name: Name,
    /// The place in `Unit::classes` of the class that it is a method of.
    pub(crate) class: Option<usize>,
    pub(crate) kind: FunctionKind,
    /// Whether only its own file knows it: others go by
    /// [`local_name`](super::project::local_name).
    pub(crate) is_local: bool,
    /// The function that it stands in; the top level stands in none.
    pub(crate) parent: Option<FunctionId>,
    /// The parameters; of a method the receiver is first, also when the
    /// language does not write it.
    pub(crate) params: Vec<Param>,
    pub(crate) result: Option<Name>,
    pub(crate) annotations: Vec<Annotation>,
    /// Whether anyone may call it, where the language says so.
    pub(crate) is_public: bool,
    /// Whether its result tells if it went well: a failure and what is missing
    /// are values.
    pub(crate) can_fail: bool,
    pub(crate) slots: Vec<SlotInfo>,
    /// The places that several instructions read, by what they read into.
    pub(crate) places: HashMap<Slot, Place>,
    /// What holds the host of an address, and what holds that address.
    pub(crate) hosts: HashMap<Slot, Vec<Slot>>,
    /// Variables of functions around it that it uses.
    pub(crate) captures: Vec<Capture>,
    pub(crate) body: Block,
    pub(crate) span: Span,
    /// How many statements there are, to judge what an analysis costs.
    pub(crate) size: u32,
}

/// How a function is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FunctionKind {
    /// The top level of a file.
    Top,
    /// Without a receiver.
    Plain,
    /// With a receiver as its first parameter.
    Method,
    /// Makes an object: the receiver is its first parameter and its result.
    Constructor,
    /// A function or lambda inside another; the receiver is a captured variable.
    Closure,
}

/// A parameter.
#[derive(Debug)]
pub(crate) struct Param {
    pub(crate) slot: Slot,
    pub(crate) name: Name,
    pub(crate) ty: Option<Name>,
    pub(crate) kind: ParamKind,
    pub(crate) annotations: Vec<Annotation>,
}

/// The name of the argument and the parameter that the block of a call goes by,
/// where the language has such.
pub(crate) const BLOCK: &str = "&";

/// How arguments get into a parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ParamKind {
    /// The object that the method is called on.
    Receiver,
    /// What the function is called on as if it were its method, or the first
    /// argument (extension methods).
    Extended,
    /// By position or by name.
    Plain,
    /// By name only.
    Named,
    /// Takes the remaining arguments as a list.
    Rest,
    /// Takes the remaining named arguments as a map.
    NamedRest,
}

/// What is known of a slot before anything runs.
#[derive(Clone, Debug, Default)]
pub(crate) struct SlotInfo {
    /// The variable's name; intermediate results have none.
    pub(crate) name: Option<Name>,
    /// The qualified name of the declared type.
    pub(crate) ty: Option<Name>,
    /// Whether a function inside uses it, or it is of a function around: it
    /// then lives in the heap.
    pub(crate) shared: bool,
}

/// A variable of the function around and the slot that stands for it inside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Capture {
    pub(crate) outer: Slot,
    pub(crate) inner: Slot,
}

/// Statements in order.
pub(crate) type Block = Vec<Stmt>;

/// A statement: an instruction, or control flow with blocks in it.
#[derive(Debug)]
pub(crate) struct Stmt {
    pub(crate) span: Span,
    pub(crate) kind: StmtKind,
}

/// What a statement does.
#[derive(Debug)]
pub(crate) enum StmtKind {
    /// Computes a value into a slot.
    Let(Slot, Op),
    /// Stores into a named member of an object.
    Store {
        object: Slot,
        key: Name,
        value: Slot,
    },
    /// Stores into an element: `object[index] = value`; without an index it is
    /// added at the end.
    StoreIndex {
        object: Slot,
        index: Option<Slot>,
        value: Slot,
    },
    /// Stores into a variable that no scope of the file declares, or into a
    /// static member: `package.Class.field`.
    StoreGlobal { name: Name, value: Slot },
    /// Runs one of two blocks.
    If {
        cond: Slot,
        then: Block,
        otherwise: Block,
    },
    /// `result = left && { right; value }` and the like: the right block runs
    /// only where the left operand does not decide.
    Logical {
        result: Slot,
        op: LogicalOp,
        left: Slot,
        right: Block,
        value: Slot,
    },
    /// Runs `head`, leaves when `cond` is false, runs the body, then `step`.
    Loop {
        label: Label,
        /// Runs before each test and computes `cond`.
        head: Block,
        /// Without one the loop ends by jumps only.
        cond: Option<Slot>,
        body: Block,
        /// Runs after the body and after `continue`.
        step: Block,
        /// Whether the body runs once before the first test.
        body_first: bool,
    },
    /// Runs the body for each element of a collection, string, stream or
    /// generator. The body begins with what binds `item` and `key`.
    Each {
        label: Label,
        subject: Slot,
        /// The element (of a map: the value, see [`EachKind`]).
        item: Slot,
        /// The position or key, where the statement binds it too.
        key: Option<Slot>,
        kind: EachKind,
        body: Block,
    },
    /// Runs the arm whose tests hold the subject.
    Switch {
        /// What `break` leaves.
        label: Label,
        subject: Slot,
        arms: Vec<Arm>,
        /// Runs when no arm does; its place among the arms is `default_at`
        /// (for falling through).
        default: Option<usize>,
    },
    /// Runs a block with handlers for what it throws.
    Try {
        body: Block,
        handlers: Vec<Handler>,
        /// Runs when the body ends without a throw.
        otherwise: Block,
        /// Runs last, whatever happened.
        finally: Block,
    },
    /// A block that `break` can leave.
    Labelled { label: Label, body: Block },
    /// Runs the block when the parameter was given no argument: it computes
    /// `value`, which becomes the parameter's.
    Default {
        param: Slot,
        body: Block,
        value: Slot,
    },
    /// Leaves the function.
    Return(Option<Slot>),
    /// Throws.
    Throw(Slot),
    /// Leaves a loop, switch or labelled block.
    Break(Label),
    /// Goes on with the next round of a loop.
    Continue(Label),
}

/// A binary operation that evaluates its right operand only sometimes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LogicalOp {
    /// The right operand where the left is true.
    And,
    /// The right operand where the left is false.
    Or,
    /// The right operand where the left is null.
    Coalesce,
}

/// What a loop over a collection binds to its item.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum EachKind {
    /// Elements of lists, values of maps (`for of`, `foreach`, Go's second).
    Values,
    /// Elements of lists, but keys of maps (Python's `for`, Java's `keySet`).
    Elements,
    /// Keys and positions (`for in` of JavaScript).
    Keys,
    /// Elements of lists, but pairs of maps (C#, Kotlin).
    Entries,
}

/// One arm of a switch.
#[derive(Debug)]
pub(crate) struct Arm {
    /// Computes the tests.
    pub(crate) head: Block,
    /// The arm runs when the subject equals one of these. Empty: the default,
    /// or a pattern that the lowerer could not say (may or may not run).
    pub(crate) tests: Vec<Slot>,
    pub(crate) body: Block,
    /// Whether the next arm runs after this one when nothing jumps.
    pub(crate) falls_through: bool,
}

/// A handler of what is thrown.
#[derive(Debug)]
pub(crate) struct Handler {
    /// The variable that what was thrown is bound to.
    pub(crate) slot: Option<Slot>,
    /// The qualified names of the types that it takes; none: all.
    pub(crate) types: Vec<Name>,
    pub(crate) body: Block,
}

/// How a value is computed.
#[derive(Debug)]
pub(crate) enum Op {
    /// A constant.
    Const(Literal),
    /// The value of another slot.
    Copy(Slot),
    /// A unary operation.
    Unary(UnaryOp, Slot),
    /// A binary operation.
    Binary(BinaryOp, Slot, Slot),
    /// A string put together of parts: templates, interpolation, adjacent
    /// literals.
    Text(Vec<Slot>),
    /// A call.
    Call(Callee, Vec<Arg>),
    /// Reads a named member of an object.
    Load(Slot, Name),
    /// Reads an element: `object[index]`.
    LoadIndex(Slot, Slot),
    /// One of several results. What is no list is itself the first of them; one
    /// that only tells whether it went well is clean.
    Part { of: Slot, at: u32, is_status: bool },
    /// A part of a collection: `object[from..to]`, a rest pattern.
    Slice(Slot, Option<Slot>, Option<Slot>),
    /// A variable that no scope of the file declares, a class, an imported
    /// thing, a static member: the qualified name where it is known.
    Global(Name),
    /// A new list, array, tuple or set of the elements.
    List(Vec<Arg>),
    /// A new map, dictionary, record or object literal. Without a key an entry
    /// is a spread of another map.
    Map(Vec<(Option<Slot>, Slot)>),
    /// A function as a value.
    Closure(FunctionId),
    /// A class of this unit as a value: its place in `Unit::classes`.
    Class(usize),
    /// The value seen as a type: `(T) x`, `x as T`.
    Cast(Slot, Name),
    /// Whether the value is of a type.
    IsType(Slot, Name),
    /// A pointer to a variable of the function.
    Ref(Slot),
    /// A pointer to a place further on in what the first slot points to.
    Offset(Slot, Slot),
    /// A new array of elements of the type: a text where these are characters.
    /// With its length, where that is written.
    Array(Name, Option<Slot>),
    /// A copy of an object with its members: the value of a structure.
    Clone(Slot),
    /// Waits for a promise or future.
    Await(Slot),
    /// Gives a value out of a generator (delegated: each of a collection); the
    /// result is what is sent back in.
    Yield(Slot, bool),
    /// Puts a value into a page as it is; the text says how.
    PutOut(Slot, Name),
    /// A value of which nothing is known.
    Unknown,
    /// A value that depends on others in a way that is not modelled: what is
    /// known of them is joined, constants are lost.
    Mix(Vec<Slot>),
}

/// A constant.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Literal {
    /// Null, nil, none, undefined.
    Null,
    /// True or false.
    Bool(bool),
    /// An integer.
    Int(i64),
    /// Any other number.
    Float(f64),
    /// A character of a language that tells them from strings.
    Char(char),
    /// A string, with its escapes resolved.
    Str(Name),
}

/// Operations of one operand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum UnaryOp {
    /// `!`, `not`.
    Not,
    /// `-`.
    Minus,
    /// `+`: a number of it.
    Plus,
    /// `~`.
    BitNot,
    /// `typeof` and the like: a text that says nothing of the value.
    TypeOf,
}

/// Operations of two operands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BinaryOp {
    /// `+`: numbers are added, anything with a string is joined as text.
    Add,
    /// Joins as text whatever the operands are (`.` of PHP, `..` of Lua).
    Concat,
    /// `-`.
    Sub,
    /// `*`.
    Mul,
    /// `/` as the language divides integers.
    Div,
    /// `//`: rounds down.
    FloorDiv,
    /// `%`; with a text on the left it may be formatting: the lowerer says so
    /// with a call instead.
    Rem,
    /// `**`.
    Pow,
    /// `<<`.
    Shl,
    /// `>>`.
    Shr,
    /// `>>>`.
    UShr,
    /// `&`.
    BitAnd,
    /// `|`.
    BitOr,
    /// `^`.
    BitXor,
    /// `==` by value.
    Eq,
    /// `!=` by value.
    Ne,
    /// `==` by identity, where the language tells them apart (strings of Java).
    Is,
    /// The opposite of `Is`.
    IsNot,
    /// `<`.
    Lt,
    /// `<=`.
    Le,
    /// `>`.
    Gt,
    /// `>=`.
    Ge,
    /// Whether the left operand is an element, key or part of the right.
    In,
    /// The opposite of `In`.
    NotIn,
    /// A three-way comparison.
    Compare,
    /// Whether the left operand, a text, matches the right, a pattern.
    Match,
}

/// What is called.
#[derive(Clone, Debug)]
pub(crate) enum Callee {
    /// A value: a variable that holds a function, a global, a class.
    Value(Slot),
    /// A method of a value; of a module or class it is a static one.
    Method(Slot, Name),
    /// A function or method of this unit that the lowerer knows: the receiver
    /// is the first argument.
    Known(FunctionId),
    /// The constructor of a type, by its qualified name.
    New(Name),
    /// The top level of a file, by its name: it is run with the variables that
    /// are named arguments, and the result is a map of the variables after it
    /// and of what it returned (`return`).
    Module(Name),
    /// The method of the superclass; the receiver is the first argument. A
    /// constructor's name is empty.
    Super(Name),
}

/// An argument or an element.
#[derive(Clone, Debug)]
pub(crate) struct Arg {
    /// The value.
    pub(crate) value: Slot,
    /// By name.
    pub(crate) name: Option<Name>,
    /// Whether it stands for each of its elements: `*args`, `...list`; for
    /// named ones (`**options`) the name is empty.
    pub(crate) spread: bool,
}

impl Arg {
    /// An argument by position.
    pub(crate) fn plain(value: Slot) -> Self {
        Self {
            value,
            name: None,
            spread: false,
        }
    }

    /// An argument by name.
    pub(crate) fn named(name: impl Into<Name>, value: Slot) -> Self {
        Self {
            value,
            name: Some(name.into()),
            spread: false,
        }
    }

    /// All elements of a collection as arguments.
    pub(crate) fn spread(value: Slot) -> Self {
        Self {
            value,
            name: None,
            spread: true,
        }
    }
}
