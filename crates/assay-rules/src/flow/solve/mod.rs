//! The solver: runs a function on abstract values.
//!
//! Constants and taint are followed together, so that a branch that cannot be
//! taken carries nothing. Calls of the project's functions are run where they
//! stand, with what is known of their arguments; calls of libraries do what
//! models say. Every loop has a limit, and what was cut is noted.

use std::collections::VecDeque;
use std::rc::Rc;

use assay_source::Span;
use smallvec::SmallVec;

use super::heap::{Heap, Object, Shape, State};
use super::ir::{Function, FunctionId, FunctionKind, Label, Name, Param, ParamKind, Slot};
use super::kind::Kinds;
use super::model::{Models, Source};
use super::project::{Project, Target};
use super::reach::Worth;
use super::value::{Doubt, Mark, ObjectId, Step, StepKind, Taint, Value};
use crate::flow::hash::{HashMap, HashSet};
use crate::query::is_test_path;

mod call;
mod container;
mod evaluate;
mod fold;
mod format_c;
mod guard;
mod known;
mod library;
mod memo;
mod memory;
mod operation;
mod outcome;
mod pattern;
mod render;
mod schema;
mod sequence;
mod statement;

pub(crate) use known::Known;
use known::{Meaning, Top};
pub(crate) use render::Seen;

pub(crate) use operation::is_operation;

/// Calls are followed so deep.
const DEPTH_MAX: usize = 7;

/// Blocks are run inside each other so deep, over all calls: each takes a part
/// of the stack.
const NESTING_MAX: u32 = 220;

/// Statements that are run for one function with all that it calls.
const STEPS_MAX: u32 = 40_000;

/// Statements that are run for the functions of one file.
const STEPS_OF_UNIT_MAX: u32 = 120_000;

/// The same where only people at the machine can do harm.
const BRIEF_STEPS_MAX: u32 = 5_000;

/// The same for the functions of one file.
const BRIEF_STEPS_OF_UNIT_MAX: u32 = 15_000;

/// Something dangerous reached a place where it does harm.
#[derive(Clone, Debug)]
pub(crate) struct Hit {
    pub(crate) rule: Name,
    /// What is said about it.
    pub(crate) message: Name,
    pub(crate) unit: u32,
    pub(crate) span: Span,
    pub(crate) doubt: Doubt,
    /// The last step of the path; rules about configuration have none.
    pub(crate) path: Option<Rc<Step>>,
    /// The call through which it came to the function of the place, when it
    /// came from another: each such call is a finding of its own.
    pub(crate) way: Option<(u32, Span)>,
}

/// What came of analysing one file.
#[derive(Debug, Default)]
pub(crate) struct Solution {
    pub(crate) hits: Vec<Hit>,
    pub(crate) notes: Vec<String>,
    /// What was seen of the places where templates put values out.
    pub(crate) put_out: HashMap<(u32, Span), Seen>,
}

/// Analyses all functions of a file, in a project; with `local` also those in
/// which only people at the machine can do harm.
pub(crate) fn solve(project: &Project, unit: u32, local: bool, known: &mut Known) -> Solution {
    let mut solver = Solver::new(project, unit, std::mem::take(known));
    solver.follows_local = local;
    solver.run_unit(unit);
    *known = solver.known;
    Solution {
        hits: solver.hits,
        notes: solver.notes,
        put_out: solver.put_out,
    }
}

pub(super) struct Solver<'p> {
    project: &'p Project,
    models: &'p Models,
    state: State,
    /// Whether any path reaches the current point.
    live: bool,
    frames: Vec<Frame<'p>>,
    ids: Sites,
    steps: u32,
    steps_of_unit: u32,
    /// Whether what is being run is followed for fewer steps, and those that
    /// such functions of the file took.
    is_brief: bool,
    /// Whether those functions are run at all.
    follows_local: bool,
    brief_steps: u32,
    nesting: u32,
    hits: Vec<Hit>,
    known_hits: HashSet<HitKey>,
    put_out: HashMap<(u32, Span), Seen>,
    notes: Vec<String>,
    known: Known,
    /// The top levels that are being run, and those that ran with less than all
    /// that they need: that of another file may be in the middle of its own.
    tops: HashMap<u32, Option<Rc<Top>>>,
    /// How often a top level met another that could not be run to its end, or
    /// came to a limit that lies outside of it.
    unsettled: u32,
    /// Whether a top level is being run: it has steps of its own.
    is_at_top: bool,
    executed: HashSet<Target>,
    /// What calls came to.
    memos: HashMap<Target, VecDeque<memo::Memo>>,
    /// How often that was remembered.
    memos_made: u32,
    /// What the top level of the file that is being run left behind, and which
    /// file that is; none while top levels are run.
    base: Heap,
    base_of: Option<u32>,
    /// How often a call was not followed because it was too deep.
    cuts: u32,
}

/// What tells hits apart: the rule, the place, and the call that led there.
type HitKey = (Name, u32, Span, Option<(u32, Span)>);

/// Where an object is made: the calls that led there, and the place.
type Site = (u64, u32, Span, u32);

/// The numbers of objects by where they are made: those that the top level of
/// the file made, and those made since.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sites {
    of_top: Rc<HashMap<Site, ObjectId>>,
    own: HashMap<Site, ObjectId>,
}

impl Sites {
    fn number(&mut self, site: Site) -> ObjectId {
        if let Some(known) = self.of_top.get(&site) {
            return *known;
        }
        let next = ObjectId(self.len() as u32);
        *self.own.entry(site).or_insert(next)
    }

    fn len(&self) -> usize {
        self.of_top.len() + self.own.len()
    }

    /// Keeps what there is for those who go on from here.
    fn kept(self) -> Self {
        let mut all = Rc::unwrap_or_clone(self.of_top);
        all.extend(self.own);
        Self {
            of_top: Rc::new(all),
            own: HashMap::default(),
        }
    }
}

/// A function that is being run.
struct Frame<'p> {
    unit: u32,
    id: FunctionId,
    function: &'p Function,
    /// Tells apart the objects that different calls make.
    context: u64,
    /// The call, in the function that made it.
    site: Span,
    jumps: Vec<Jump>,
    tries: Vec<Try>,
    returns: Option<Returned>,
    yields: Option<Value>,
    /// Variables that hold a part which decides for another variable.
    wholes: HashMap<Slot, (Slot, Kinds)>,
    /// What it throws to its caller.
    thrown: Taint,
}

struct Jump {
    label: Label,
    breaks: Option<State>,
    continues: Option<State>,
}

/// A `try` whose body is being run.
struct Try {
    /// What a handler may find.
    state: Option<State>,
    /// What was joined into it last.
    last: Option<State>,
    thrown: Value,
}

/// What the paths that left a function brought.
struct Returned {
    value: Value,
    heap: Heap,
    /// For each parameter: what is left of its danger where the result is
    /// true, and where it is false.
    kinds: Vec<(Kinds, Kinds)>,
}

impl<'p> Solver<'p> {
    fn new(project: &'p Project, unit: u32, known: Known) -> Self {
        Self {
            project,
            models: project.models(unit),
            state: State::default(),
            live: true,
            frames: Vec::new(),
            ids: Sites::default(),
            steps: 0,
            steps_of_unit: 0,
            is_brief: false,
            follows_local: true,
            brief_steps: 0,
            nesting: 0,
            hits: Vec::new(),
            known_hits: HashSet::default(),
            put_out: HashMap::default(),
            notes: Vec::new(),
            known,
            tops: HashMap::default(),
            unsettled: 0,
            is_at_top: false,
            executed: HashSet::default(),
            memos: HashMap::default(),
            memos_made: 0,
            base: Heap::default(),
            base_of: None,
            cuts: 0,
        }
    }

    fn run_unit(&mut self, unit: u32) {
        // Tests send themselves what they want: such findings are held back, and
        // worked out only when those are asked for.
        let is_test = is_test_path(&self.project.unit(unit).path);
        let among = match is_test && !self.follows_local {
            true => Kinds::WRONG,
            false => Kinds::ANY,
        };
        let reach = &self.project.reach;
        let worth = reach.worth_of_unit(unit, among);
        if worth == Worth::Nothing || worth == Worth::Little && !self.follows_local {
            return;
        }
        self.is_brief = worth == Worth::Little;
        self.top(unit);
        let functions = &self.project.unit(unit).functions;
        let all = (1..functions.len() as u32).map(FunctionId);
        let is_root = |id: &FunctionId| {
            let function = &functions[id.index()];
            function.class.is_some() || function.parent == Some(FunctionId::TOP)
        };
        let worth = |id: FunctionId| reach.worth(unit, id.index(), among);
        let follows_local = self.follows_local;
        let is_worth = |id: &FunctionId| match worth(*id) {
            Worth::Nothing => false,
            Worth::Little => follows_local,
            _ => true,
        };
        for function in all.clone().filter(is_root).filter(is_worth) {
            self.is_brief = worth(function) == Worth::Little;
            self.run_root(Target { unit, function });
        }
        // Functions inside others are run where they are called; those that
        // were never called are run as if by a stranger's hand.
        for function in all.filter(|id| !is_root(id) && is_worth(id)) {
            let target = Target { unit, function };
            if !self.executed.contains(&target) {
                self.is_brief = worth(function) == Worth::Little;
                self.run_root(target);
            }
        }
    }

    /// Runs the top level of a file, once.
    fn top(&mut self, unit: u32) -> Option<Rc<Top>> {
        if let Some(known) = self.tops.get(&unit) {
            let known = known.clone();
            self.unsettled += u32::from(known.as_ref().is_none_or(|top| !top.is_settled));
            return known;
        }
        let known = self.known.top(unit).cloned();
        let top = match known {
            Some(known) => known,
            None => Rc::new(self.run_top(unit)?),
        };
        self.take_notice(unit, &top);
        self.known.keep_top(unit, &top);
        self.tops.insert(unit, Some(Rc::clone(&top)));
        Some(top)
    }

    /// Takes over what was found on the way through a top level.
    fn take_notice(&mut self, unit: u32, top: &Top) {
        for hit in &top.hits {
            let key = (hit.rule.clone(), hit.unit, hit.span, hit.way);
            if self.known_hits.insert(key) {
                self.hits.push(hit.clone());
            }
        }
        for note in &top.notes {
            self.note(note);
        }
        debug_assert!(top.executed.iter().all(|target| target.unit == unit));
        self.executed.extend(&top.executed);
        self.unsettled += u32::from(!top.is_settled);
    }

    /// Runs the top level of a file by itself; nothing when too much was run.
    fn run_top(&mut self, unit: u32) -> Option<Top> {
        if self.steps_of_unit > STEPS_OF_UNIT_MAX {
            self.unsettled += 1;
            return None;
        }
        // While it runs, files that need each other find nothing.
        self.tops.insert(unit, None);
        let outer = self.suspend(unit);
        let found = Found {
            hits: std::mem::take(&mut self.hits),
            known_hits: std::mem::take(&mut self.known_hits),
            notes: std::mem::take(&mut self.notes),
            executed: std::mem::take(&mut self.executed),
            nesting: std::mem::take(&mut self.nesting),
            unsettled: std::mem::take(&mut self.unsettled),
            is_brief: std::mem::take(&mut self.is_brief),
            is_at_top: std::mem::replace(&mut self.is_at_top, true),
        };
        let target = Target {
            unit,
            function: FunctionId::TOP,
        };
        let function = self.project.function(target);
        self.state = State::new(function.slots.len(), Heap::default());
        self.enter(target, 0);
        for param in &function.params {
            self.set(param.slot, Value::nothing());
        }
        self.run_body();
        let frame = self.frames.pop();
        if let (false, Some(returned)) = (self.live, frame.and_then(|frame| frame.returns)) {
            self.state.heap = returned.heap;
        }
        let cells = self.cells_of_top(function);
        self.forget_changing();
        let executed = self.executed.drain();
        let top = Top {
            heap: std::mem::take(&mut self.state.heap),
            cells,
            ids: std::mem::take(&mut self.ids).kept(),
            hits: std::mem::replace(&mut self.hits, found.hits),
            notes: std::mem::replace(&mut self.notes, found.notes),
            executed: executed.filter(|target| target.unit == unit).collect(),
            is_settled: self.unsettled == 0,
        };
        self.known_hits = found.known_hits;
        self.executed = found.executed;
        self.nesting = found.nesting;
        self.unsettled = found.unsettled;
        self.is_brief = found.is_brief;
        self.is_at_top = found.is_at_top;
        self.resume(outer);
        Some(top)
    }

    /// Returns the cells of a top level's variables. Those that functions set
    /// may hold anything when other functions are called.
    fn cells_of_top(&mut self, function: &Function) -> HashMap<Slot, ObjectId> {
        let mut cells = HashMap::default();
        for at in 0..function.slots.len() as u32 {
            let slot = Slot(at);
            let value = self
                .state
                .get(slot)
                .filter(|_| function.slots[slot.index()].shared);
            if let Some(&cell) = value.and_then(|value| value.objects.first()) {
                cells.insert(slot, cell);
                let name = function.slots[slot.index()].name.as_ref();
                if name.is_some_and(|name| self.project.changing.contains(name))
                    && let Some(Object {
                        shape: Shape::Cell(value),
                        ..
                    }) = self.state.heap.get_mut(cell)
                {
                    value.join(&Value::unknown());
                }
            }
        }
        cells
    }

    /// Lets global variables that functions set hold anything.
    fn forget_changing(&mut self) {
        let changing: Vec<Name> = self
            .state
            .heap
            .globals()
            .map(|(name, _)| name.clone())
            .filter(|name| self.project.changing.contains(name))
            .collect();
        for name in changing {
            let mut value = self.state.heap.global(&name).cloned().unwrap_or_default();
            value.join(&Value::unknown());
            self.state.heap.set_global(&name, value);
        }
    }

    /// Sets what is being run aside, to run something by itself.
    fn suspend(&mut self, unit: u32) -> Suspended<'p> {
        let models = std::mem::replace(&mut self.models, self.project.models(unit));
        Suspended {
            state: std::mem::take(&mut self.state),
            live: std::mem::replace(&mut self.live, true),
            frames: std::mem::take(&mut self.frames),
            ids: std::mem::take(&mut self.ids),
            steps: std::mem::take(&mut self.steps),
            models,
            base: std::mem::take(&mut self.base),
            base_of: self.base_of.take(),
        }
    }

    fn resume(&mut self, outer: Suspended<'p>) {
        self.state = outer.state;
        self.live = outer.live;
        self.frames = outer.frames;
        self.ids = outer.ids;
        self.steps = outer.steps;
        self.models = outer.models;
        self.base = outer.base;
        self.base_of = outer.base_of;
    }

    /// Runs a function of which it is not known who calls it.
    fn run_root(&mut self, target: Target) -> Value {
        let top = self.top(target.unit);
        let outer = self.suspend(target.unit);
        let function = self.project.function(target);
        if let Some(top) = &top {
            self.ids = top.ids.clone();
            self.base = top.heap.clone();
            self.base_of = Some(target.unit);
        }
        self.state = State::new(function.slots.len(), self.base.clone());
        self.enter(target, 0);
        if function.parent == Some(FunctionId::TOP) {
            for capture in &function.captures {
                let cell = top.as_ref().and_then(|top| top.cells.get(&capture.outer));
                let value = cell.map_or_else(Value::nothing, |cell| Value::object(*cell));
                self.state.set(capture.inner, value);
            }
        } else {
            self.capture_by_type(function);
        }
        for param in &function.params {
            let value = self.entry_value(target, function, param);
            self.set(param.slot, value);
        }
        self.run_body();
        self.render_implied(target);
        let returned = self.frames.pop().and_then(|frame| frame.returns);
        let (value, left) = returned.map_or_else(
            || (Value::unknown(), None),
            |returned| (returned.value, Some(returned.heap)),
        );
        let taint = self.state.heap.content_taint(&value);
        if let Some(heap) = left {
            self.run_handed_out(&value, &heap);
        }
        self.resume(outer);
        let mut value = value.with_facts(None).with_taint(taint);
        if !value.objects.is_empty() {
            value.objects = SmallVec::new();
            value.consts = super::value::Consts::Any;
        }
        value
    }

    /// Sets the variables that a function took along from another, of which only
    /// the declared types are known.
    fn capture_by_type(&mut self, function: &Function) {
        for capture in &function.captures {
            if let Some(ty) = &function.slots[capture.inner.index()].ty {
                let known = self.models.canonical(&self.project.meant(ty));
                self.set(capture.inner, Value::of_type(Some(known)));
            }
        }
    }

    /// Runs the functions that a function handed out and nobody called yet, with
    /// the variables that they took along.
    fn run_handed_out(&mut self, value: &Value, heap: &Heap) {
        for id in &value.objects {
            let Some(Shape::Closure {
                unit,
                function,
                cells,
            }) = heap.get(*id).map(|object| &object.shape)
            else {
                continue;
            };
            let target = Target {
                unit: *unit,
                function: *function,
            };
            if self.executed.contains(&target) {
                continue;
            }
            let function = self.project.function(target);
            self.state = State::new(function.slots.len(), heap.clone());
            self.enter(target, 0);
            for (slot, cell) in cells {
                self.state.set(*slot, Value::object(*cell));
            }
            for param in &function.params {
                let value = self.entry_value(target, function, param);
                self.set(param.slot, value);
            }
            self.run_body();
            self.frames.pop();
        }
    }

    /// Returns what a parameter is when a stranger calls the function.
    fn entry_value(&mut self, target: Target, function: &Function, param: &Param) -> Value {
        let models = self.models;
        if param.kind == ParamKind::Receiver {
            return self.entry_receiver(target, param);
        }
        let known = |name: &Name| models.canonical(&self.project.meant(name));
        let mut value = Value::of_type(param.ty.as_ref().map(known));
        let by_param = param
            .annotations
            .iter()
            .find_map(|a| models.param_annotations.get(&known(&a.name)));
        let may_be_set = models.may_be_set(param.ty.as_ref());
        let by_method = || {
            let mut annotations = function.annotations.iter().filter(|_| may_be_set);
            annotations.find_map(|a| models.method_annotations.get(&known(&a.name)))
        };
        let by_class = || {
            if !function.is_public || !may_be_set || !models.has_class_entries() {
                return None;
            }
            let class = &self.project.unit(target.unit).classes[function.class?];
            let lineage = self.lineage(&class.name);
            let by_type = lineage.iter().find_map(|ty| models.class_entry(ty));
            by_type.or_else(|| {
                let mut annotations = class.annotations.iter();
                annotations.find_map(|a| models.class_entry(&known(&a.name)))
            })
        };
        let by_type = || models.param_types.get(value.ty.as_ref()?);
        let source = by_param
            .or_else(by_type)
            .or_else(by_method)
            .or_else(by_class);
        if let Some(source) = source {
            let source = source.clone();
            let mut checked = self.checked_kinds(param, function.span);
            // The framework turns away what is no text.
            if value.ty.as_deref() == Some("str") {
                checked = checked.or(Kinds::NOSQL);
            }
            let taint = self.source_taint(&source, function.span);
            value.set_taint(taint.filtered(|kinds| kinds.without(checked)));
        } else if self.project.unit(target.unit).has_pointers {
            self.point_somewhere(&mut value, param);
        }
        let value = self.typed(value, param.ty.as_ref());
        self.object_of_type(value, function.span, param.slot.0)
    }

    /// Returns the kinds that no value of a parameter is dangerous to, because the
    /// framework turns away what does not match the pattern in its annotation.
    fn checked_kinds(&mut self, param: &Param, span: Span) -> Kinds {
        let is_check = |name: &str| {
            let last = name.rsplit('.').next().unwrap_or(name);
            matches!(last, "RegularExpression" | "Pattern")
        };
        let is_pattern = |is_whole: bool, key: &str| match is_whole {
            true => matches!(key, "" | "regexp" | "pattern"),
            // What says where the parameter is from may say that too.
            false => matches!(key, "pattern" | "regex"),
        };
        let argument = param.annotations.iter().find_map(|annotation| {
            let is_whole = is_check(&annotation.name);
            let mut arguments = annotation.arguments.iter();
            let found = arguments.find(|(key, _)| is_pattern(is_whole, key))?;
            Some((is_whole, &found.1))
        });
        let Some((is_whole, text)) = argument else {
            return Kinds::NONE;
        };
        let constant = match text.rsplit_once('.') {
            Some((owner, member)) if !text.starts_with('^') => {
                let owner = self.project.meant(&Name::from(owner));
                let name = Name::from(format!("{owner}.{member}"));
                let own = self.state.heap.global(&name).cloned();
                own.or_else(|| self.foreign_global(span, &name))
            }
            _ => None,
        };
        let pattern = constant.as_ref().and_then(Value::as_text);
        pattern::cleared_kinds(pattern.unwrap_or(text), is_whole)
    }

    /// Makes a parameter or a member an object, where models follow what is set on
    /// those of its type.
    fn object_of_type(&mut self, mut value: Value, span: Span, part: u32) -> Value {
        if self.is_followed(&value) {
            let mut object = Object::new(Shape::Record);
            object.ty.clone_from(&value.ty);
            object.others = Value::unknown().with_taint(value.taint.clone());
            let made = self.make(span, 3_000 + part, object);
            value.objects.clone_from(&made.objects);
            value.consts = made.consts.clone();
        }
        value
    }

    /// Returns whether models follow what is set on the members of a value, and it is no
    /// object yet.
    fn is_followed(&self, value: &Value) -> bool {
        let model = value.ty.as_ref().and_then(|ty| self.models.types.get(ty));
        value.objects.is_empty() && model.is_some_and(|model| model.is_object)
    }

    /// Returns the object that a method is called on by a stranger: its fields
    /// hold what they are declared with, unless methods set them.
    fn entry_receiver(&mut self, target: Target, param: &Param) -> Value {
        let mut object = Object::new(Shape::Record);
        object.ty = param.ty.clone();
        object.others = Value::unknown();
        let id = self.object_id(Span::new(0, 0), 0);
        self.state.heap.put(id, object);
        let mut value = Value::object(id);
        value.set_type(param.ty.clone());
        let class = param.ty.as_ref().and_then(|ty| self.project.class(ty));
        let initializer = class.and_then(|(unit, class)| {
            let function = class.initializer?;
            Some(Target { unit, function })
        });
        if let Some(initializer) = initializer.filter(|initializer| *initializer != target) {
            self.invoke(initializer, vec![value.clone()], &[], Span::new(0, 0));
            let stored = &self.project.stored;
            if let Some(object) = self.state.heap.get_mut(id) {
                for (name, value) in &mut object.fields {
                    if stored.contains(name) {
                        value.join(&Value::unknown());
                    }
                }
            }
        }
        value
    }

    /// Begins to run a function; its state is set up by the caller.
    fn enter(&mut self, target: Target, context: u64) {
        self.executed.insert(target);
        self.models = self.project.models(target.unit);
        self.frames.push(Frame {
            unit: target.unit,
            id: target.function,
            function: self.project.function(target),
            context,
            site: Span::new(0, 0),
            jumps: Vec::new(),
            tries: Vec::new(),
            returns: None,
            yields: None,
            wholes: HashMap::default(),
            thrown: Taint::default(),
        });
    }

    fn frame(&mut self) -> &mut Frame<'p> {
        self.frames.last_mut().expect("a function is being run")
    }

    fn function(&self) -> &'p Function {
        self.frames
            .last()
            .expect("a function is being run")
            .function
    }

    fn unit(&self) -> u32 {
        self.frames.last().expect("a function is being run").unit
    }

    /// Runs the body of the current function to its end; what it returns is in
    /// the frame.
    fn run_body(&mut self) {
        self.live = true;
        let function = self.function();
        self.block(&function.body);
        if self.live {
            let value = match function.kind {
                FunctionKind::Constructor => function
                    .params
                    .first()
                    .map_or_else(Value::unknown, |param| self.get(param.slot)),
                _ => Value::constant(super::ir::Literal::Null),
            };
            self.return_with(value);
        }
    }

    /// Returns the number of the object that is made at a place.
    fn object_id(&mut self, span: Span, part: u32) -> ObjectId {
        let frame = self.frames.last();
        let (context, unit) = frame.map_or((0, 0), |frame| (frame.context, frame.unit));
        self.ids.number((context, unit, span, part))
    }

    /// Makes an object.
    fn make(&mut self, span: Span, part: u32, object: Object) -> Value {
        let id = self.object_id(span, part);
        let ty = object.ty.clone();
        self.state.heap.put(id, object);
        let mut value = Value::object(id);
        value.set_type(ty);
        value
    }

    /// Reads a slot.
    fn get(&self, slot: Slot) -> Value {
        let info = &self.function().slots[slot.index()];
        let Some(value) = self.state.get(slot) else {
            return Value::unknown();
        };
        if !info.shared {
            return value.clone();
        }
        let cell = value
            .objects
            .first()
            .and_then(|cell| self.state.heap.get(*cell));
        match cell.map(|object| &object.shape) {
            // It may have been set in another function, with its variables.
            Some(Shape::Cell(value)) => value.clone().with_facts(None),
            _ => Value::unknown(),
        }
    }

    /// Writes a slot.
    fn set(&mut self, slot: Slot, value: Value) {
        let info = &self.function().slots[slot.index()];
        if !info.shared {
            self.state.set(slot, value);
            return;
        }
        let known = self
            .state
            .get(slot)
            .and_then(|value| value.objects.first().copied());
        match known {
            Some(cell) => {
                if let Some(object) = self.state.heap.get_mut(cell)
                    && let Shape::Cell(own) = &mut object.shape
                {
                    if object.single {
                        *own = value;
                    } else {
                        own.join(&value);
                    }
                }
            }
            None => {
                let span = self.function().span;
                let cell = self.object_id(span, 1 + slot.0);
                let mut object = Object::new(Shape::Cell(value));
                object.ty.clone_from(&info.ty);
                self.state.heap.put(cell, object);
                self.state.set(slot, Value::object(cell));
            }
        }
    }

    /// Returns the taint that a source brings.
    fn source_taint(&self, source: &Source, span: Span) -> Taint {
        let unit = self.unit();
        Taint::new(Mark {
            origin: (unit, span.start),
            kinds: source.kinds,
            doubt: source.doubt,
            step: Step::source(unit, span, source.what.clone()),
        })
    }

    /// Returns the value as a variable of the type holds it.
    fn typed(&self, mut value: Value, ty: Option<&Name>) -> Value {
        let Some(ty) = ty else { return value };
        if is_number(ty) {
            value.set_taint(value.taint.filtered(Kinds::of_number));
            if self.has_pointers() {
                value.set_type(Some(ty.clone()));
            }
            return value;
        }
        if !value.taint.is_empty() && self.is_enumeration(ty) {
            value.set_taint(value.taint.filtered(Kinds::of_number));
        }
        let keeps = value
            .ty
            .as_ref()
            .is_some_and(|own| own.contains('#') || self.is_kind_of(own, ty));
        if !keeps {
            value.set_type(Some(self.models.canonical(&self.meaning(ty).meant)));
        }
        value
    }

    /// Returns what a qualified name means.
    fn meaning(&self, name: &Name) -> Rc<Meaning> {
        self.known.meaning(self.project, name)
    }

    /// Returns the type and all that it is a kind of.
    fn lineage(&self, name: &Name) -> Rc<[Name]> {
        self.known.lineage(self.project, self.models, name)
    }

    /// Returns whether a type has few values, all of which the program names.
    fn is_enumeration(&self, ty: &Name) -> bool {
        let lineage = self.lineage(ty);
        lineage[1..].iter().any(|name| {
            matches!(
                &**name,
                "System.Enum" | "java.lang.Enum" | "enum.Enum" | "enum.IntEnum" | "enum.StrEnum"
            )
        })
    }

    /// Returns whether one type is a kind of the other.
    fn is_kind_of(&self, name: &Name, of: &str) -> bool {
        self.lineage(name).iter().any(|known| &**known == of)
    }

    /// Notes a step on the value's paths.
    fn step(&self, value: &mut Value, span: Span, what: &StepKind) {
        if !value.taint.is_empty() {
            value.set_taint(value.taint.stepped(self.unit(), span, what));
        }
    }

    fn note(&mut self, what: &str) {
        if !self.notes.iter().any(|known| known == what) {
            self.notes.push(what.to_owned());
        }
    }

    /// Reports that dangerous values reach a place.
    fn report(&mut self, rule: &Name, message: Name, span: Span, mark: Option<&Mark>) {
        let unit = self.unit();
        let doubt = mark.map_or(Doubt::None, |mark| mark.doubt);
        let way = mark.and_then(|mark| self.way(&mark.step));
        if !self.known_hits.insert((rule.clone(), unit, span, way)) {
            let known = self.hits.iter_mut().find(|hit| {
                hit.rule == *rule && hit.unit == unit && hit.span == span && hit.way == way
            });
            // The surer path is shown.
            if let Some(known) = known.filter(|known| doubt < known.doubt) {
                known.doubt = doubt;
                known.path = mark.map(|mark| Rc::clone(&mark.step));
            }
            return;
        }
        self.hits.push(Hit {
            rule: rule.clone(),
            message,
            unit,
            span,
            doubt,
            path: mark.map(|mark| Rc::clone(&mark.step)),
            way,
        });
    }

    /// Returns the outermost call through which a path came to the current
    /// function as an argument.
    fn way(&self, path: &Rc<Step>) -> Option<(u32, Span)> {
        let mut passed = HashSet::default();
        let mut at = Some(&**path);
        while let Some(step) = at {
            if matches!(step.what, StepKind::Passed(_)) {
                passed.insert((step.unit, step.span));
            }
            at = step.previous.as_deref();
        }
        let calls = self.frames.windows(2).rev();
        calls
            .map(|pair| (pair[0].unit, pair[1].site))
            .take_while(|call| passed.contains(call))
            .last()
    }

    /// Counts a step; when there were too many nothing more is run.
    fn spend(&mut self) -> bool {
        self.steps += 1;
        self.steps_of_unit += 1;
        self.brief_steps += u32::from(self.is_brief);
        self.stop_if_exhausted();
        self.live
    }

    /// Counts steps that need not be run, because what they come to is known: which
    /// functions a limit cuts does not depend on that.
    fn charge(&mut self, steps: u32) {
        self.steps = self.steps.saturating_add(steps);
        self.steps_of_unit = self.steps_of_unit.saturating_add(steps);
        if self.is_brief {
            self.brief_steps = self.brief_steps.saturating_add(steps);
        }
        self.stop_if_exhausted();
    }

    /// Returns how far the solver has come.
    fn progress(&self) -> Progress {
        Progress {
            steps: self.steps,
            objects: self.ids.len(),
            memos: self.memos_made,
        }
    }

    fn stop_if_exhausted(&mut self) {
        if self.is_exhausted() {
            self.note("dataflow: a function takes more steps than the limit and was not followed to its end");
            self.live = false;
        }
    }

    /// Returns whether no more statements are run.
    fn is_exhausted(&self) -> bool {
        if self.is_at_top {
            // What was run before is not its concern.
            return self.steps > STEPS_MAX;
        }
        let is_brief_spent =
            self.steps > BRIEF_STEPS_MAX || self.brief_steps > BRIEF_STEPS_OF_UNIT_MAX;
        self.steps > STEPS_MAX
            || self.steps_of_unit > STEPS_OF_UNIT_MAX
            || self.is_brief && is_brief_spent
    }

    /// Leaves the current function with a value.
    fn return_with(&mut self, value: Value) {
        let told = self.status_of(&value);
        let kinds = self.remaining_kinds(told.as_ref().unwrap_or(&value));
        let heap = self.state.heap.clone();
        let frame = self.frame();
        match &mut frame.returns {
            Some(known) => {
                known.value.join(&value);
                known.heap.join(&heap);
                for (known, new) in known.kinds.iter_mut().zip(kinds) {
                    known.0 = known.0.or(new.0);
                    known.1 = known.1.or(new.1);
                }
            }
            none => {
                *none = Some(Returned { value, heap, kinds });
            }
        }
        self.live = false;
    }

    /// Returns the last of several results, where it tells whether it went well:
    /// an error, or whether there is a value.
    fn status_of(&self, value: &Value) -> Option<Value> {
        if self.function().can_fail {
            return Some(self.told_of_outcome(value));
        }
        if !self.project.has_open_types(self.unit()) {
            return None;
        }
        let mut status = match self.elements(value).as_deref() {
            Some([_, .., last]) => last.clone(),
            _ => value.clone(),
        };
        // An error is true in a condition as other objects are not.
        let is_object = !status.objects.is_empty()
            && matches!(&status.consts, super::value::Consts::Few(few) if few.is_empty());
        if is_object {
            let facts = status.facts.take();
            status = Value::constant(super::ir::Literal::Bool(true));
            status.set_facts(facts);
        }
        Some(status)
    }

    /// Notes what a handler may find at this point.
    fn may_throw(&mut self) {
        if let Some(frame) = self.frames.last_mut()
            && let Some(innermost) = frame.tries.last_mut()
        {
            let earlier = innermost.last.replace(self.state.clone());
            match &mut innermost.state {
                Some(known) => {
                    known.join_since(&self.state, earlier.as_ref());
                }
                none => *none = Some(self.state.clone()),
            }
        }
    }
}

/// How far a solver has come.
struct Progress {
    steps: u32,
    /// How many objects were made, and how many calls were remembered.
    objects: usize,
    memos: u32,
}

impl Progress {
    /// Returns whether what is run again from the same state takes the same steps
    /// and comes to the same.
    fn is_like(&self, later: &Self) -> bool {
        self.objects == later.objects && self.memos == later.memos
    }
}

/// What was set aside.
struct Suspended<'p> {
    state: State,
    live: bool,
    frames: Vec<Frame<'p>>,
    ids: Sites,
    steps: u32,
    models: &'p Models,
    base: Heap,
    base_of: Option<u32>,
}

/// What was found before a top level was run.
struct Found {
    hits: Vec<Hit>,
    known_hits: HashSet<HitKey>,
    notes: Vec<String>,
    executed: HashSet<Target>,
    nesting: u32,
    unsettled: u32,
    is_brief: bool,
    is_at_top: bool,
}

/// Returns whether values of the type are numbers or the like: no text.
fn is_number(ty: &str) -> bool {
    matches!(
        ty,
        "int"
            | "long"
            | "short"
            | "byte"
            | "float"
            | "double"
            | "boolean"
            | "bool"
            | "java.lang.Integer"
            | "java.lang.Long"
            | "java.lang.Short"
            | "java.lang.Double"
            | "java.lang.Float"
            | "java.lang.Boolean"
            | "java.math.BigInteger"
            | "java.math.BigDecimal"
            | "java.util.UUID"
            | "System.Guid"
            | "System.DateTime"
            | "System.DateTimeOffset"
            | "System.TimeSpan"
            | "i8"
            | "i16"
            | "i32"
            | "i64"
            | "u8"
            | "u16"
            | "u32"
            | "u64"
            | "usize"
            | "isize"
            | "f32"
            | "f64"
            | "int8"
            | "int16"
            | "int32"
            | "int64"
            | "uint"
            | "uint8"
            | "uint16"
            | "uint32"
            | "uint64"
            | "float32"
            | "float64"
            | "number"
            | "decimal"
            | "Int"
            | "Long"
            | "Double"
            | "Float"
            | "Boolean"
            | "size_t"
            | "rune"
            | "uintptr"
            | "i128"
            | "u128"
            | "uuid.Uuid"
            | "std.net.IpAddr"
            | "std.net.Ipv4Addr"
            | "std.net.SocketAddr"
            | "chrono.NaiveDate"
            | "chrono.NaiveDateTime"
            | "chrono.DateTime"
            | "datetime.date"
            | "datetime.datetime"
            | "datetime.time"
            | "datetime.timedelta"
            | "decimal.Decimal"
            | "ipaddress.IPv4Address"
            | "pydantic.NonNegativeInt"
            | "pydantic.PositiveInt"
            | "pydantic.UUID4"
            | "typing.Literal"
            | "typing_extensions.Literal"
            | "uuid.UUID"
    )
}
