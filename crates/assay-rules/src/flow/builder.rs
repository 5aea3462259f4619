//! Builds the intermediate representation of a file: what makes lowerers short.
//!
//! Variables go by name and scope; blocks are opened, filled and closed; each
//! instruction is told the place that it stands for. Limits on depth and size
//! are kept here, so that a lowerer cannot forget them.

use std::sync::Arc;

use assay_source::{RepoPath, SourceText, Span};
use assay_syntax::NodeRef;

use super::hash::{HashMap, HashSet};
use super::ir::{
    Annotation, Arg, Arm, BinaryOp, Block, Callee, Capture, Class, EachKind, Function, FunctionId,
    FunctionKind, Handler, Label, Literal, LogicalOp, Name, Op, Param, ParamKind, Slot, SlotInfo,
    Stmt, StmtKind, UnaryOp, Unit,
};
use super::model::Models;
use super::place::Places;

/// Expressions and statements nest at most so deep; what is deeper is unknown.
const DEPTH_MAX: u32 = 160;

/// So many statements of one file are lowered; the rest is left out.
const STATEMENTS_MAX: u32 = 400_000;

/// Where something stands: a span, or a node with its span.
pub(crate) trait At: Copy {
    /// Returns the span.
    fn at(self) -> Span;
}

impl At for Span {
    fn at(self) -> Span {
        self
    }
}

impl At for NodeRef<'_> {
    fn at(self) -> Span {
        self.span()
    }
}

/// A function as it begins.
#[derive(Debug)]
pub(crate) struct Signature {
    pub(crate) name: Name,
    pub(crate) kind: FunctionKind,
    pub(crate) class: Option<usize>,
    pub(crate) result: Option<Name>,
    pub(crate) annotations: Vec<Annotation>,
    /// Whether anyone may call it, where the language says so.
    pub(crate) is_public: bool,
    /// Whether only its own file knows it.
    pub(crate) is_local: bool,
    /// Whether its result tells if it went well.
    pub(crate) can_fail: bool,
}

impl Signature {
    /// A function with a name and nothing else.
    pub(crate) fn new(name: impl Into<Name>, kind: FunctionKind) -> Self {
        Self {
            name: name.into(),
            kind,
            class: None,
            result: None,
            annotations: Vec::new(),
            is_public: false,
            is_local: false,
            can_fail: false,
        }
    }
}

/// A loop as its blocks are known.
#[derive(Debug, Default)]
pub(crate) struct LoopParts {
    /// Computes the condition.
    pub(crate) head: Block,
    /// The condition; none: the loop ends by jumps only.
    pub(crate) cond: Option<Slot>,
    pub(crate) body: Block,
    pub(crate) step: Block,
    /// `do ... while`.
    pub(crate) body_first: bool,
}

/// Puts a unit together.
pub(crate) struct Builder {
    /// The names that were used: each is kept once.
    names: HashSet<Name>,
    unit: Unit,
    frames: Vec<Frame>,
    labels: u32,
    depth: u32,
    statements: u32,
    is_cut: bool,
    /// The place that everything stands for, while what is lowered was written
    /// elsewhere.
    pinned: Option<Span>,
}

/// A function that is being built.
struct Frame {
    id: FunctionId,
    signature: Signature,
    params: Vec<Param>,
    slots: Vec<SlotInfo>,
    places: Places,
    captures: Vec<Capture>,
    scopes: Vec<HashMap<Name, Slot>>,
    blocks: Vec<Block>,
    jumps: Vec<Jump>,
    span: Span,
    size: u32,
}

/// What `break` and `continue` can name.
struct Jump {
    label: Label,
    name: Option<Name>,
    is_loop: bool,
    /// Whether a `break` without a name leaves it.
    takes_break: bool,
}

impl Builder {
    /// Starts a unit; its top-level function is open.
    pub(crate) fn new(models: Arc<Models>, path: &RepoPath, text: &Arc<SourceText>) -> Self {
        let span = Span::new(0, text.as_str().len() as u32);
        let unit = Unit {
            language: models.language,
            models,
            path: path.clone(),
            text: Arc::clone(text),
            package: Name::from(""),
            module: Name::from(""),
            functions: Vec::new(),
            classes: Vec::new(),
            aliases: Vec::new(),
            open_types: false,
            is_template: false,
            notes: Vec::new(),
            has_pointers: false,
        };
        let mut this = Self {
            names: HashSet::default(),
            unit,
            frames: Vec::new(),
            labels: 0,
            depth: 0,
            statements: 0,
            is_cut: false,
            pinned: None,
        };
        this.begin_function(span, Signature::new("", FunctionKind::Top));
        this
    }

    /// Returns a name; the same text is kept once.
    pub(crate) fn name(&mut self, text: &str) -> Name {
        if let Some(known) = self.names.get(text) {
            return known.clone();
        }
        let name = Name::from(text);
        self.names.insert(name.clone());
        name
    }

    /// Ends the unit.
    pub(crate) fn finish(mut self) -> Unit {
        debug_assert_eq!(self.frames.len(), 1, "a function was not ended");
        while !self.frames.is_empty() {
            self.end_function();
        }
        self.unit.functions.shrink_to_fit();
        self.unit.classes.shrink_to_fit();
        self.unit
    }

    /// Sets what the file's names are prefixed with in other files.
    pub(crate) fn set_package(&mut self, package: &str) {
        self.unit.package = Name::from(package);
    }

    /// Says that the language's types are open, see [`Unit::open_types`].
    pub(crate) fn set_open_types(&mut self) {
        self.unit.open_types = true;
    }

    /// Sets the name under which other files run this one.
    pub(crate) fn set_module(&mut self, module: &str) {
        self.unit.module = Name::from(module);
    }

    /// Says that it is a template.
    pub(crate) fn set_template(&mut self) {
        self.unit.is_template = true;
    }

    /// Returns what is known of the language's libraries.
    pub(crate) fn models(&self) -> &Arc<Models> {
        &self.unit.models
    }

    /// Returns the package that was set.
    pub(crate) fn package(&self) -> &str {
        &self.unit.package
    }

    /// Says that calls may write to what they are given.
    pub(crate) fn set_pointers(&mut self) {
        self.unit.has_pointers = true;
    }

    /// Returns the path of the file.
    pub(crate) fn path(&self) -> &RepoPath {
        &self.unit.path
    }

    /// Hands out under a qualified name what goes by another: exports under
    /// another name, and what another file declares.
    pub(crate) fn alias(&mut self, name: &str, meant: &str) {
        if name != meant {
            self.unit
                .aliases
                .push((Name::from(name), Name::from(meant)));
        }
    }

    /// Says what was cut or not understood.
    pub(crate) fn note(&mut self, note: &str) {
        if !self.unit.notes.iter().any(|known| known == note) {
            self.unit.notes.push(note.to_owned());
        }
    }

    /// Makes everything stand for one place: what a macro expands to. Returns
    /// what was so before.
    pub(crate) fn pin(&mut self, at: Option<Span>) -> Option<Span> {
        std::mem::replace(&mut self.pinned, at)
    }

    /// Returns the place that everything stands for.
    pub(crate) fn pinned(&self) -> Option<Span> {
        self.pinned
    }

    /// Goes one level down; `false` means too deep: lower to [`Builder::unknown`]
    /// and do not call [`Builder::ascend`].
    pub(crate) fn descend(&mut self) -> bool {
        if self.depth >= DEPTH_MAX {
            self.note("code nested deeper than the dataflow limit was not followed");
            return false;
        }
        self.depth += 1;
        true
    }

    /// Comes back up.
    pub(crate) fn ascend(&mut self) {
        self.depth -= 1;
    }
}

/// Functions and classes.
impl Builder {
    /// Begins a function inside the current one. Its parameters come next.
    pub(crate) fn begin_function(&mut self, at: impl At, signature: Signature) -> FunctionId {
        let id = FunctionId(self.unit.functions.len() as u32);
        let empty = Function {
            name: signature.name.clone(),
            class: signature.class,
            kind: signature.kind,
            is_local: signature.is_local,
            parent: self.frames.last().map(|frame| frame.id),
            params: Vec::new(),
            result: None,
            annotations: Vec::new(),
            is_public: signature.is_public,
            can_fail: signature.can_fail,
            slots: Vec::new(),
            places: HashMap::default(),
            hosts: HashMap::default(),
            captures: Vec::new(),
            body: Vec::new(),
            span: at.at(),
            size: 0,
        };
        self.unit.functions.push(empty);
        self.frames.push(Frame {
            id,
            signature,
            params: Vec::new(),
            slots: Vec::new(),
            places: Places::default(),
            captures: Vec::new(),
            scopes: vec![HashMap::default()],
            blocks: vec![Vec::new()],
            jumps: Vec::new(),
            span: at.at(),
            size: 0,
        });
        id
    }

    /// Adds a parameter and declares its variable.
    pub(crate) fn param(&mut self, name: &str, kind: ParamKind, ty: Option<&str>) -> Slot {
        self.annotated_param(name, kind, ty, Vec::new())
    }

    /// Adds a parameter with annotations and declares its variable.
    pub(crate) fn annotated_param(
        &mut self,
        name: &str,
        kind: ParamKind,
        ty: Option<&str>,
        annotations: Vec<Annotation>,
    ) -> Slot {
        let slot = self.declare(name, ty);
        let (name, ty) = (self.name(name), ty.map(|ty| self.name(ty)));
        self.frame().params.push(Param {
            slot,
            name,
            ty,
            kind,
            annotations,
        });
        slot
    }

    /// Gives a parameter the value of a block when no argument is given.
    pub(crate) fn default(&mut self, at: impl At, param: Slot, body: Block, value: Slot) {
        self.push(at, StmtKind::Default { param, body, value });
    }

    /// Ends the function.
    pub(crate) fn end_function(&mut self) -> FunctionId {
        let mut frame = self.frames.pop().expect("a function is open");
        debug_assert_eq!(frame.blocks.len(), 1, "a block was not closed");
        let function = &mut self.unit.functions[frame.id.index()];
        // What a scan keeps of every function takes no more room than it needs.
        frame.params.shrink_to_fit();
        frame.slots.shrink_to_fit();
        frame.captures.shrink_to_fit();
        let mut body = frame.blocks.swap_remove(0);
        for block in frame.blocks.drain(..) {
            body.extend(block);
        }
        body.shrink_to_fit();
        function.params = frame.params;
        function.result = frame.signature.result;
        function.annotations = frame.signature.annotations;
        function.slots = frame.slots;
        (function.places, function.hosts) = frame.places.finish();
        function.captures = frame.captures;
        function.body = body;
        function.size = frame.size;
        function.span = frame.span;
        frame.id
    }

    /// Returns the function that is being built.
    pub(crate) fn current(&self) -> FunctionId {
        self.frames.last().expect("a function is open").id
    }

    /// Returns how many functions are open; the top level is one.
    pub(crate) fn function_depth(&self) -> usize {
        self.frames.len()
    }

    /// Adds a class and returns its place; its methods are added as they are
    /// built, with [`Builder::class`].
    pub(crate) fn add_class(&mut self, class: Class) -> usize {
        self.unit.classes.push(class);
        self.unit.classes.len() - 1
    }

    /// Returns a class that was added.
    pub(crate) fn class(&mut self, class: usize) -> &mut Class {
        &mut self.unit.classes[class]
    }

    /// Returns the classes that were added.
    pub(crate) fn classes(&self) -> &[Class] {
        &self.unit.classes
    }
}

/// Variables.
impl Builder {
    fn frame(&mut self) -> &mut Frame {
        self.frames.last_mut().expect("a function is open")
    }

    /// Opens a scope: what is declared in it ends with it.
    pub(crate) fn enter_scope(&mut self) {
        self.frame().scopes.push(HashMap::default());
    }

    /// Closes the innermost scope.
    pub(crate) fn leave_scope(&mut self) {
        let scopes = &mut self.frame().scopes;
        if scopes.len() > 1 {
            scopes.pop();
        }
    }

    /// Declares a variable in the innermost scope.
    pub(crate) fn declare(&mut self, name: &str, ty: Option<&str>) -> Slot {
        self.declare_in(name, ty, true)
    }

    /// Declares a variable for the whole function (`var`, Python, PHP, Ruby);
    /// one that the function has already is returned.
    pub(crate) fn declare_in_function(&mut self, name: &str, ty: Option<&str>) -> Slot {
        match self.local(name) {
            Some(slot) => slot,
            None => self.declare_in(name, ty, false),
        }
    }

    fn declare_in(&mut self, name: &str, ty: Option<&str>, innermost: bool) -> Slot {
        let name = self.name(name);
        let ty = ty.map(|ty| self.name(ty));
        let slot = self.slot(SlotInfo {
            name: Some(name.clone()),
            ty,
            shared: false,
        });
        let scopes = &mut self.frame().scopes;
        let at = if innermost { scopes.len() - 1 } else { 0 };
        scopes[at].insert(name, slot);
        slot
    }

    fn slot(&mut self, info: SlotInfo) -> Slot {
        let slots = &mut self.frame().slots;
        slots.push(info);
        Slot(slots.len() as u32 - 1)
    }

    /// Makes a slot for a value that several branches compute.
    pub(crate) fn temp(&mut self) -> Slot {
        self.slot(SlotInfo::default())
    }

    /// Makes a name mean a slot in the innermost scope.
    pub(crate) fn bind(&mut self, name: &str, slot: Slot) {
        let name = self.name(name);
        let scopes = &mut self.frame().scopes;
        let last = scopes.len() - 1;
        scopes[last].insert(name, slot);
    }

    /// Returns the variable of the current function.
    pub(crate) fn local(&self, name: &str) -> Option<Slot> {
        let frame = self.frames.last()?;
        find(&frame.scopes, name)
    }

    /// Returns the variable that the innermost scope declares.
    pub(crate) fn local_in_scope(&self, name: &str) -> Option<Slot> {
        let scopes = &self.frames.last()?.scopes;
        scopes.last()?.get(name).copied()
    }

    /// Returns the variable, also of functions around the current one, which
    /// is thereby captured.
    pub(crate) fn lookup(&mut self, name: &str) -> Option<Slot> {
        let found = (0..self.frames.len())
            .rev()
            .find_map(|at| Some((at, find(&self.frames[at].scopes, name)?)));
        let (at, slot) = found?;
        Some(self.capture(at, slot, name))
    }

    /// Returns the variable of the file's top level (`global` of Python and
    /// PHP), declaring it there if need be.
    pub(crate) fn lookup_top(&mut self, name: &str) -> Slot {
        let slot = match find(&self.frames[0].scopes, name) {
            Some(slot) => slot,
            None => {
                let name = self.name(name);
                let top = &mut self.frames[0];
                top.slots.push(SlotInfo {
                    name: Some(name.clone()),
                    ..SlotInfo::default()
                });
                let slot = Slot(top.slots.len() as u32 - 1);
                top.scopes[0].insert(name, slot);
                slot
            }
        };
        self.capture(0, slot, name)
    }

    /// Hands a variable of the frame `at` down to the current one.
    fn capture(&mut self, at: usize, mut slot: Slot, name: &str) -> Slot {
        let name = self.name(name);
        for inner in at + 1..self.frames.len() {
            let info = &mut self.frames[inner - 1].slots[slot.index()];
            info.shared = true;
            let ty = info.ty.clone();
            let frame = &mut self.frames[inner];
            let known = frame.captures.iter().find(|capture| capture.outer == slot);
            slot = match known {
                Some(capture) => capture.inner,
                None => {
                    frame.slots.push(SlotInfo {
                        name: Some(name.clone()),
                        ty,
                        shared: true,
                    });
                    let own = Slot(frame.slots.len() as u32 - 1);
                    frame.captures.push(Capture {
                        outer: slot,
                        inner: own,
                    });
                    own
                }
            };
        }
        slot
    }

    /// Returns what is known of a slot of the current function.
    pub(crate) fn slot_info(&mut self, slot: Slot) -> &mut SlotInfo {
        &mut self.frame().slots[slot.index()]
    }

    /// Reads a name: a variable, or else the global of that name.
    pub(crate) fn read(&mut self, at: impl At, name: &str) -> Slot {
        match self.lookup(name) {
            Some(slot) => slot,
            None => self.global(at, name),
        }
    }

    /// Sets a variable.
    pub(crate) fn assign(&mut self, at: impl At, variable: Slot, value: Slot) {
        self.push(at, StmtKind::Let(variable, Op::Copy(value)));
    }
}

fn find(scopes: &[HashMap<Name, Slot>], name: &str) -> Option<Slot> {
    scopes
        .iter()
        .rev()
        .find_map(|scope| scope.get(name))
        .copied()
}

/// Instructions.
impl Builder {
    fn push(&mut self, at: impl At, kind: StmtKind) {
        self.statements += 1;
        if self.statements > STATEMENTS_MAX {
            if !self.is_cut {
                self.is_cut = true;
                self.note("the file has more statements than the dataflow limit");
            }
            return;
        }
        let span = self.pinned.unwrap_or_else(|| at.at());
        let frame = self.frame();
        frame.size += 1;
        match &kind {
            StmtKind::Let(slot, op) => frame.places.note(*slot, op),
            StmtKind::Store { key, .. } => frame.places.store(key),
            StmtKind::StoreIndex { index, .. } => frame.places.store_element(*index),
            _ => {}
        }
        let block = frame.blocks.last_mut().expect("a block is open");
        block.push(Stmt { span, kind });
    }

    /// Computes a value into a new slot.
    pub(crate) fn emit(&mut self, at: impl At, op: Op) -> Slot {
        let slot = self.temp();
        self.push(at, StmtKind::Let(slot, op));
        slot
    }

    /// Computes a value into a slot.
    pub(crate) fn emit_into(&mut self, at: impl At, slot: Slot, op: Op) {
        self.push(at, StmtKind::Let(slot, op));
    }

    /// A constant.
    pub(crate) fn constant(&mut self, at: impl At, literal: Literal) -> Slot {
        self.emit(at, Op::Const(literal))
    }

    /// A constant text.
    pub(crate) fn string(&mut self, at: impl At, text: &str) -> Slot {
        let text = self.name(text);
        self.constant(at, Literal::Str(text))
    }

    /// A constant number.
    pub(crate) fn int(&mut self, at: impl At, value: i64) -> Slot {
        self.constant(at, Literal::Int(value))
    }

    /// Null.
    pub(crate) fn null(&mut self, at: impl At) -> Slot {
        self.constant(at, Literal::Null)
    }

    /// A value of which nothing is known.
    pub(crate) fn unknown(&mut self, at: impl At) -> Slot {
        self.emit(at, Op::Unknown)
    }

    /// A value that depends on the others in a way that is not modelled.
    pub(crate) fn mix(&mut self, at: impl At, parts: Vec<Slot>) -> Slot {
        self.emit(at, Op::Mix(parts))
    }

    /// A copy of a value, for what must not change with its variable.
    pub(crate) fn copy(&mut self, at: impl At, value: Slot) -> Slot {
        self.emit(at, Op::Copy(value))
    }

    /// A unary operation.
    pub(crate) fn unary(&mut self, at: impl At, op: UnaryOp, operand: Slot) -> Slot {
        self.emit(at, Op::Unary(op, operand))
    }

    /// A binary operation.
    pub(crate) fn binary(&mut self, at: impl At, op: BinaryOp, left: Slot, right: Slot) -> Slot {
        self.emit(at, Op::Binary(op, left, right))
    }

    /// A text put together of parts.
    pub(crate) fn text(&mut self, at: impl At, parts: Vec<Slot>) -> Slot {
        self.emit(at, Op::Text(parts))
    }

    /// A call.
    pub(crate) fn call(&mut self, at: impl At, callee: Callee, args: Vec<Arg>) -> Slot {
        self.emit(at, Op::Call(callee, args))
    }

    /// A call of a method.
    pub(crate) fn method(
        &mut self,
        at: impl At,
        receiver: Slot,
        name: &str,
        args: Vec<Arg>,
    ) -> Slot {
        let name = self.name(name);
        self.call(at, Callee::Method(receiver, name), args)
    }

    /// A call of something that goes by a qualified name.
    pub(crate) fn call_global(&mut self, at: impl At, name: &str, args: Vec<Arg>) -> Slot {
        let callee = self.global(at, name);
        self.call(at, Callee::Value(callee), args)
    }

    /// A pointer to a variable, which lives in the heap from now on.
    pub(crate) fn address_of(&mut self, at: impl At, variable: Slot) -> Slot {
        self.slot_info(variable).shared = true;
        self.emit(at, Op::Ref(variable))
    }

    /// Reads a member.
    pub(crate) fn load(&mut self, at: impl At, object: Slot, key: &str) -> Slot {
        let key = self.name(key);
        self.emit(at, Op::Load(object, key))
    }

    /// Stores into a member.
    pub(crate) fn store(&mut self, at: impl At, object: Slot, key: &str, value: Slot) {
        let key = self.name(key);
        self.push(at, StmtKind::Store { object, key, value });
    }

    /// Reads an element.
    pub(crate) fn load_index(&mut self, at: impl At, object: Slot, index: Slot) -> Slot {
        self.emit(at, Op::LoadIndex(object, index))
    }

    /// Stores into an element, or at the end.
    pub(crate) fn store_index(
        &mut self,
        at: impl At,
        object: Slot,
        index: Option<Slot>,
        value: Slot,
    ) {
        self.push(
            at,
            StmtKind::StoreIndex {
                object,
                index,
                value,
            },
        );
    }

    /// Reads what goes by a qualified name: an import, a class, a builtin, a
    /// static member.
    pub(crate) fn global(&mut self, at: impl At, name: &str) -> Slot {
        let name = self.name(name);
        self.emit(at, Op::Global(name))
    }

    /// Stores into what goes by a qualified name.
    pub(crate) fn store_global(&mut self, at: impl At, name: &str, value: Slot) {
        let name = self.name(name);
        self.push(at, StmtKind::StoreGlobal { name, value });
    }

    /// A list of values.
    pub(crate) fn list(&mut self, at: impl At, items: Vec<Arg>) -> Slot {
        self.emit(at, Op::List(items))
    }
}

/// Control flow.
impl Builder {
    /// Opens a block: what is emitted goes into it until it is closed.
    pub(crate) fn open(&mut self) {
        self.frame().blocks.push(Vec::new());
    }

    /// Closes the block that was opened last.
    pub(crate) fn close(&mut self) -> Block {
        let blocks = &mut self.frame().blocks;
        debug_assert!(blocks.len() > 1, "no block is open");
        if blocks.len() > 1 {
            let mut block = blocks.pop().unwrap_or_default();
            block.shrink_to_fit();
            block
        } else {
            Block::new()
        }
    }

    /// Runs one of two blocks.
    pub(crate) fn branch(&mut self, at: impl At, cond: Slot, then: Block, otherwise: Block) {
        self.push(
            at,
            StmtKind::If {
                cond,
                then,
                otherwise,
            },
        );
    }

    /// `left op right`, where `right` with the value `value` runs only when it
    /// is needed.
    pub(crate) fn logical(
        &mut self,
        at: impl At,
        op: LogicalOp,
        left: Slot,
        right: Block,
        value: Slot,
    ) -> Slot {
        let result = self.temp();
        self.push(
            at,
            StmtKind::Logical {
                result,
                op,
                left,
                right,
                value,
            },
        );
        result
    }

    /// Announces a loop, before its blocks are built: jumps can name it.
    pub(crate) fn begin_loop(&mut self, name: Option<&str>) -> Label {
        self.jump_target(name, true, true)
    }

    /// Announces a switch that `break` leaves.
    pub(crate) fn begin_switch(&mut self, name: Option<&str>) -> Label {
        self.jump_target(name, false, true)
    }

    /// Announces a switch that `break` does not leave (Rust, Kotlin, Python),
    /// or a labelled block.
    pub(crate) fn begin_labelled(&mut self, name: Option<&str>) -> Label {
        self.jump_target(name, false, false)
    }

    fn jump_target(&mut self, name: Option<&str>, is_loop: bool, takes_break: bool) -> Label {
        let label = Label(self.labels);
        self.labels += 1;
        self.frame().jumps.push(Jump {
            label,
            name: name.map(Name::from),
            is_loop,
            takes_break,
        });
        label
    }

    fn end_jump_target(&mut self, label: Label) {
        let jumps = &mut self.frame().jumps;
        if let Some(at) = jumps.iter().rposition(|jump| jump.label == label) {
            jumps.truncate(at);
        }
    }

    /// Ends a loop that was announced.
    pub(crate) fn end_loop(&mut self, at: impl At, label: Label, parts: LoopParts) {
        self.end_jump_target(label);
        self.push(
            at,
            StmtKind::Loop {
                label,
                head: parts.head,
                cond: parts.cond,
                body: parts.body,
                step: parts.step,
                body_first: parts.body_first,
            },
        );
    }

    /// Ends a loop over a collection that was announced; the body binds
    /// variables from `item` and `key` (made by [`Builder::temp`]).
    pub(crate) fn end_each(
        &mut self,
        at: impl At,
        label: Label,
        (subject, kind): (Slot, EachKind),
        (item, key): (Slot, Option<Slot>),
        body: Block,
    ) {
        self.end_jump_target(label);
        self.push(
            at,
            StmtKind::Each {
                label,
                subject,
                item,
                key,
                kind,
                body,
            },
        );
    }

    /// Ends a switch that was announced. `default` is the place of the arm
    /// without tests that takes what is left.
    pub(crate) fn end_switch(
        &mut self,
        at: impl At,
        label: Label,
        subject: Slot,
        arms: Vec<Arm>,
        default: Option<usize>,
    ) {
        self.end_jump_target(label);
        self.push(
            at,
            StmtKind::Switch {
                label,
                subject,
                arms,
                default,
            },
        );
    }

    /// Ends a labelled block that was announced.
    pub(crate) fn end_labelled(&mut self, at: impl At, label: Label, body: Block) {
        self.end_jump_target(label);
        self.push(at, StmtKind::Labelled { label, body });
    }

    /// Runs a block with handlers.
    pub(crate) fn try_block(
        &mut self,
        at: impl At,
        body: Block,
        handlers: Vec<Handler>,
        otherwise: Block,
        finally: Block,
    ) {
        self.push(
            at,
            StmtKind::Try {
                body,
                handlers,
                otherwise,
                finally,
            },
        );
    }

    /// Leaves the function.
    pub(crate) fn return_value(&mut self, at: impl At, value: Option<Slot>) {
        self.push(at, StmtKind::Return(value));
    }

    /// Throws.
    pub(crate) fn throw(&mut self, at: impl At, value: Slot) {
        self.push(at, StmtKind::Throw(value));
    }

    /// Leaves the loop, switch or block of that name; without a name the
    /// innermost one that takes it. A jump to nowhere is left out.
    pub(crate) fn break_out(&mut self, at: impl At, name: Option<&str>) {
        let target = self.target(name, |jump| jump.takes_break);
        if let Some(label) = target {
            self.push(at, StmtKind::Break(label));
        }
    }

    /// Goes on with the loop of that name; without a name the innermost one.
    pub(crate) fn continue_loop(&mut self, at: impl At, name: Option<&str>) {
        let target = self.target(name, |jump| jump.is_loop);
        if let Some(label) = target {
            self.push(at, StmtKind::Continue(label));
        }
    }

    fn target(&mut self, name: Option<&str>, takes: fn(&Jump) -> bool) -> Option<Label> {
        let mut jumps = self.frame().jumps.iter().rev();
        let found = match name {
            Some(name) => jumps.find(|jump| jump.name.as_deref() == Some(name)),
            None => jumps.find(|jump| takes(jump)),
        };
        found.map(|jump| jump.label)
    }
}
