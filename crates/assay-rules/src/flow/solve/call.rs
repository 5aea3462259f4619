//! Calls: what is called, and functions of the project run where they are
//! called.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::rc::Rc;

use assay_source::Span;

use super::operation::{found_in_list, is_named_list};
use super::statement::mix;
use super::{DEPTH_MAX, Solver};
use crate::flow::heap::{Object, Shape, State};
use crate::flow::ir::{
    Arg, BLOCK, Callee, Capture, EachKind, Function, FunctionId, FunctionKind, Literal, Name,
    Param, ParamKind, Slot,
};
use crate::flow::kind::Kinds;
use crate::flow::model::{Effect, Entry};
use crate::flow::project::Target;
use crate::flow::template::INCLUDED;
use crate::flow::value::{Consts, Doubt, Facts, ObjectId, Refine, StepKind, Taint, Value};

/// A function may be on the stack so often.
const RECURSIONS_MAX: usize = 2;

/// Methods that tell whether a list has an element.
const MEMBERSHIP: &[&str] = &[
    "include?",
    "member?",
    "key?",
    "includes",
    "has",
    "contains",
    "containsKey",
    "Contains",
    "ContainsKey",
];

/// An argument: its value, and the variable that holds it.
#[derive(Clone, Debug)]
pub(super) struct Argument {
    pub(super) value: Value,
    pub(super) slot: Option<Slot>,
}

/// What a call is given.
#[derive(Clone, Debug, Default)]
pub(super) struct Arguments {
    pub(super) receiver: Option<Argument>,
    pub(super) positional: Vec<Argument>,
    pub(super) named: Vec<(Name, Argument)>,
    /// The elements of spread collections that are not known one by one.
    pub(super) rest: Option<Value>,
}

impl Arguments {
    /// Arguments by position.
    pub(super) fn of(values: Vec<Value>) -> Self {
        let positional = values
            .into_iter()
            .map(|value| Argument { value, slot: None })
            .collect();
        Self {
            positional,
            ..Self::default()
        }
    }

    /// Returns every value.
    pub(super) fn values(&self) -> impl Iterator<Item = &Value> {
        let receiver = self.receiver.iter().map(|argument| &argument.value);
        let positional = self.positional.iter().map(|argument| &argument.value);
        let named = self.named.iter().map(|(_, argument)| &argument.value);
        receiver.chain(positional).chain(named).chain(&self.rest)
    }

    pub(super) fn arity(&self) -> usize {
        self.positional.len()
    }
}

impl Solver<'_> {
    pub(super) fn call(&mut self, span: Span, callee: &Callee, args: &[Arg]) -> Value {
        let mut arguments = self.arguments(args);
        match callee {
            Callee::Known(function) => {
                let target = Target {
                    unit: self.unit(),
                    function: *function,
                };
                if self.project.function(target).kind != FunctionKind::Plain
                    && !arguments.positional.is_empty()
                {
                    arguments.receiver = Some(arguments.positional.remove(0));
                }
                self.invoke_all(&[target], &arguments, span)
            }
            Callee::Value(slot) => {
                let value = self.get(*slot);
                self.call_value(span, &value, arguments)
            }
            Callee::Method(slot, name) => {
                let value = self.get(*slot);
                let receiver = Argument {
                    value,
                    slot: Some(*slot),
                };
                self.call_method(span, receiver, name, arguments)
            }
            Callee::New(ty) => {
                let ty = self.models.canonical(&self.meaning(ty).meant);
                self.construct(span, &ty, arguments)
            }
            Callee::Module(name) => self.call_module(span, name, &arguments),
            Callee::Super(name) => self.call_super(span, name, arguments),
        }
    }

    fn arguments(&mut self, args: &[Arg]) -> Arguments {
        let mut arguments = Arguments::default();
        for arg in args {
            let value = self.get(arg.value);
            let argument = Argument {
                value,
                slot: Some(arg.value),
            };
            match (&arg.name, arg.spread) {
                (Some(name), false) => arguments.named.push((name.clone(), argument)),
                (None, false) if arguments.rest.is_none() => arguments.positional.push(argument),
                (None, false) => {
                    let rest = arguments.rest.get_or_insert_with(Value::nothing);
                    rest.join(&argument.value);
                }
                (None, true) => match self.elements(&argument.value) {
                    Some(elements) if arguments.rest.is_none() => {
                        let each = elements
                            .into_iter()
                            .map(|value| Argument { value, slot: None });
                        arguments.positional.extend(each);
                    }
                    _ => {
                        let item =
                            self.any_element(&argument.value, EachKind::Elements, Span::new(0, 0));
                        arguments
                            .rest
                            .get_or_insert_with(Value::nothing)
                            .join(&item.1);
                    }
                },
                (Some(_), true) => self.spread_named(&argument.value, &mut arguments),
            }
        }
        arguments
    }

    fn spread_named(&mut self, value: &Value, arguments: &mut Arguments) {
        for object in value
            .objects
            .iter()
            .filter_map(|id| self.state.heap.get(*id))
        {
            let Shape::Map { entries, rest } = &object.shape else {
                continue;
            };
            for (key, value) in entries {
                if let Literal::Str(name) = key {
                    let argument = Argument {
                        value: value.clone(),
                        slot: None,
                    };
                    arguments.named.push((name.clone(), argument));
                }
            }
            if let Some((_, value)) = rest {
                arguments
                    .rest
                    .get_or_insert_with(Value::nothing)
                    .join(value);
            }
        }
        if value.objects.is_empty() {
            arguments
                .rest
                .get_or_insert_with(Value::nothing)
                .join(value);
        }
    }

    /// Calls a value: a function, a class, something of a library.
    pub(super) fn call_value(&mut self, span: Span, value: &Value, arguments: Arguments) -> Value {
        let mut result: Option<Value> = None;
        let start = self.state.clone();
        let mut after: Option<State> = None;
        for id in value.objects.clone() {
            self.state = start.clone();
            self.live = true;
            let Some(object) = self.state.heap.get(id) else {
                continue;
            };
            let one = match object.shape.clone() {
                Shape::Closure {
                    unit,
                    function,
                    cells,
                } => self.invoke(Target { unit, function }, arguments.clone(), &cells, span),
                Shape::Bound(receiver, name) => {
                    let receiver = Argument {
                        value: *receiver,
                        slot: None,
                    };
                    self.call_method(span, receiver, &name, arguments.clone())
                }
                _ => continue,
            };
            match &mut result {
                Some(result) => result.join(&one),
                none => *none = Some(one),
            }
            if self.live {
                crate::flow::heap::join_into(&mut after, &self.state);
            }
        }
        if let Some(result) = result {
            self.live = after.is_some();
            self.state = after.unwrap_or(start);
            return result;
        }
        self.state = start;
        if let Some(symbol) = &value.symbol {
            let symbol = Name::clone(&self.meaning(symbol).meant);
            if let (Some(name), false) = (
                self.method_of_trait(&symbol),
                arguments.positional.is_empty(),
            ) {
                // Whatever the object's own type does.
                let mut arguments = arguments;
                let own = arguments.positional.remove(0);
                return self.call_method(span, own, &name, arguments);
            }
            if let Some(target) = self.named_function(value) {
                return self.invoke_all(&[target], &arguments, span);
            }
            if let Some(unit) = self.meaning(&symbol).class {
                return match arguments.positional.first() {
                    Some(given) if self.project.has_open_types(unit) => {
                        self.typed(given.value.clone(), Some(&symbol))
                    }
                    _ => self.construct(span, &symbol, arguments),
                };
            }
            if let Some((owner, name)) = symbol.rsplit_once('.') {
                let is_class = self.project.class(owner).is_some();
                if is_class || self.models.types.contains_key(owner) {
                    let receiver = Argument {
                        value: Value::symbol(Name::from(owner)),
                        slot: None,
                    };
                    let name = Name::from(name);
                    let known = self.call_library(span, &symbol, &name, Some(receiver), &arguments);
                    if let Some(value) = known {
                        return value;
                    }
                }
            }
            let name = symbol
                .rsplit('.')
                .next()
                .map_or_else(|| symbol.clone(), Name::from);
            let known = self.call_library(span, &symbol, &name, None, &arguments);
            if let Some(value) = known {
                return value;
            }
            return self.opaque(span, &name, &arguments);
        }
        let mut arguments = arguments;
        arguments.receiver = Some(Argument {
            value: value.clone(),
            slot: None,
        });
        self.opaque(span, &Name::from("a function"), &arguments)
    }

    /// Calls a method.
    pub(super) fn call_method(
        &mut self,
        span: Span,
        receiver: Argument,
        name: &Name,
        mut arguments: Arguments,
    ) -> Value {
        let value = &receiver.value;
        // What a variable of a library or a class goes by names the callee.
        if let (true, Some(symbol)) = (value.objects.is_empty(), value.symbol.clone()) {
            let arity = arguments.arity();
            let targets = self.methods(&symbol, name, arity, true);
            if !targets.is_empty() {
                return self.call_static(span, &targets, value.clone(), arguments);
            }
            let path = Name::from(format!("{symbol}.{name}"));
            let meaning = self.meaning(&path);
            if let Some(target) = meaning.function {
                return self.invoke_all(&[target], &arguments, span);
            }
            let meant = Name::clone(&meaning.meant);
            let stored = self.state.heap.global(&path).cloned();
            let stored = stored.or_else(|| self.state.heap.global(&meant).cloned());
            let stored = stored.or_else(|| self.foreign_global(span, &path));
            if let Some(value) = stored.or_else(|| self.foreign_global(span, &meant)) {
                return self.call_value(span, &value, arguments);
            }
            let path = meant;
            let class = self.meaning(&path).class;
            if class.is_some_and(|unit| self.project.has_open_types(unit)) {
                return self.call_value(span, &Value::symbol(path), arguments);
            }
            if let (true, [item]) = (MEMBERSHIP.contains(&&**name), &arguments.positional[..])
                && is_named_list(value)
            {
                return found_in_list(item.slot);
            }
            let known = self.call_library(span, &path, name, Some(receiver.clone()), &arguments);
            if let Some(value) = known {
                return value;
            }
            // `Type::method` as a function: the argument is the receiver.
            if arguments.arity() == 1 && self.meaning(&symbol).class.is_none() {
                let own = arguments.positional[0].clone();
                let types = [symbol.clone()];
                let entries = self.models.method(name).iter();
                if entries.clone().any(|e| e.is_for(&self.lineage(&types[0]))) {
                    let mut own = own;
                    own.value.ty.get_or_insert(symbol);
                    return self.call_method(span, own, name, Arguments::default());
                }
            }
            arguments.receiver = Some(receiver);
            return self.opaque(span, name, &arguments);
        }
        if let Some(value) = self.call_closure(span, value, &arguments) {
            return value;
        }
        if let Some(value) = self.call_member(span, value, name, &arguments) {
            return value;
        }
        let targets = self.targets(value, name, arguments.arity());
        if !targets.is_empty() {
            arguments.receiver = Some(receiver);
            return self.invoke_all(&targets, &arguments, span);
        }
        // A method is no function of that name.
        let no_path = Name::from("");
        let known = self.call_library(span, &no_path, name, Some(receiver.clone()), &arguments);
        if let Some(value) = known {
            return value;
        }
        let types = self.types_of(&receiver.value);
        let targets = self.project.extensions(name, &types, arguments.arity());
        // What a method without a receiver gives back is seldom what the object
        // happens to hold.
        if !self.is_implied(&receiver) || !targets.is_empty() {
            arguments.receiver = Some(receiver);
        }
        if !targets.is_empty() {
            return self.invoke_all(&targets, &arguments, span);
        }
        self.opaque(span, name, &arguments)
    }

    /// Returns whether a receiver is not written, in a language where methods
    /// are called by their name alone.
    fn is_implied(&self, receiver: &Argument) -> bool {
        let slots = &self.function().slots;
        let slot = receiver.slot.and_then(|slot| slots.get(slot.index()));
        self.is_ruby(self.unit()) && slot.is_some_and(|slot| slot.name.as_deref() == Some("self"))
    }

    pub(super) fn is_ruby(&self, unit: u32) -> bool {
        self.project.unit(unit).language == "ruby"
    }

    /// Returns the method of a trait that a qualified name is: `Trait::method`.
    fn method_of_trait(&self, symbol: &Name) -> Option<Name> {
        if self.project.unit(self.unit()).language != "rust" {
            return None;
        }
        let (owner, name) = symbol.rsplit_once('.')?;
        let target = self.project.method_named(owner, name)?;
        let is_trait = self
            .project
            .class(owner)
            .is_some_and(|(_, own)| own.is_abstract);
        let is_method = self.project.function(target).kind == FunctionKind::Method;
        (is_trait && is_method).then(|| Name::from(name))
    }

    /// Calls methods through their class: static ones, or with the receiver as
    /// first argument.
    fn call_static(
        &mut self,
        span: Span,
        targets: &[Target],
        class: Value,
        mut arguments: Arguments,
    ) -> Value {
        let is_method = targets
            .iter()
            .any(|target| self.project.function(*target).kind == FunctionKind::Method);
        if is_method {
            let symbol = class.symbol.clone();
            arguments.receiver = Some(Argument {
                value: Value::of_type(symbol),
                slot: None,
            });
        }
        self.invoke_all(targets, &arguments, span)
    }

    /// Calls a function object by whatever method its interface has.
    fn call_closure(&mut self, span: Span, value: &Value, arguments: &Arguments) -> Option<Value> {
        let is_closure = |id: &ObjectId| {
            let object = self.state.heap.get(*id);
            matches!(
                object.map(|o| &o.shape),
                Some(Shape::Closure { .. } | Shape::Bound(..))
            )
        };
        if value.objects.is_empty() || !value.objects.iter().all(is_closure) {
            return None;
        }
        Some(self.call_value(span, value, arguments.clone()))
    }

    /// Calls a function that is a member of an object.
    fn call_member(
        &mut self,
        span: Span,
        value: &Value,
        name: &Name,
        arguments: &Arguments,
    ) -> Option<Value> {
        let [id] = value.objects.as_slice() else {
            return None;
        };
        let object = self.state.heap.get(*id)?;
        let member = object
            .fields
            .get(name)
            .cloned()
            .or_else(|| match &object.shape {
                Shape::Map { entries, .. } => {
                    let entry = entries
                        .iter()
                        .find(|(key, _)| *key == Literal::Str(name.clone()));
                    entry.map(|(_, value)| value.clone())
                }
                _ => None,
            })?;
        let is_function = member.objects.iter().any(|id| {
            let object = self.state.heap.get(*id);
            matches!(
                object.map(|o| &o.shape),
                Some(Shape::Closure { .. } | Shape::Bound(..))
            )
        });
        is_function.then(|| self.call_value(span, &member, arguments.clone()))
    }

    /// Returns the project's methods that a call reaches.
    pub(super) fn targets(&self, value: &Value, name: &str, arity: usize) -> Vec<Target> {
        if !self.project.has_method(name) {
            return Vec::new();
        }
        let mut found: Vec<Target> = Vec::new();
        let mut add = |ty: &Name, is_exact: bool| {
            for target in self.methods(ty, name, arity, is_exact).iter() {
                if !found.contains(target) {
                    found.push(*target);
                }
            }
        };
        for id in &value.objects {
            let object = self.state.heap.get(*id);
            if let Some(ty) = object.and_then(|object| object.ty.as_ref()) {
                // An object from outside may be of a subclass.
                let is_outside = object.is_some_and(|o| !o.others.is_nothing());
                add(ty, !is_outside);
            }
        }
        if value.objects.is_empty()
            && let Some(ty) = &value.ty
        {
            add(ty, false);
        }
        found.truncate(crate::flow::project::TARGETS_MAX);
        found
    }

    /// Returns the methods that a call reaches: on exactly this class, or on
    /// something of it.
    fn methods(&self, class: &Name, name: &str, arity: usize, is_exact: bool) -> Rc<[Target]> {
        if !self.project.has_method(name) {
            return Rc::default();
        }
        let asked = (class, name);
        self.known
            .methods(self.project, self.models, asked, arity, is_exact)
    }

    /// Makes an object of a class.
    pub(super) fn construct(&mut self, span: Span, ty: &Name, mut arguments: Arguments) -> Value {
        let known = self.meaning(ty).class;
        let Some((unit, class)) = known.and_then(|_| self.project.class(ty)) else {
            let name = Name::from("new");
            let receiver = Argument {
                value: Value::symbol(ty.clone()),
                slot: None,
            };
            let known = self.call_library(span, ty, &name, Some(receiver), &arguments);
            let mut value = match known {
                Some(value) => value,
                None => {
                    let simple = ty.rsplit('.').next().unwrap_or(ty);
                    let mut value = self.opaque(span, &Name::from(simple), &arguments);
                    // What an object of a library does with its arguments is
                    // not known, but it is such an object.
                    let mut object = Object::new(Shape::Record);
                    object.ty = Some(ty.clone());
                    object.others = Value::unknown().with_taint(value.taint.clone());
                    let made = self.make(span, 0, object);
                    value.objects.clone_from(&made.objects);
                    value.consts = Consts::NONE;
                    value
                }
            };
            value.symbol = None;
            if value.ty.is_none() {
                value.set_type(Some(ty.clone()));
            }
            return value;
        };
        if class.is_abstract && self.project.has_open_types(unit) {
            return Value::of_type(Some(ty.clone()));
        }
        let mut object = Object::new(Shape::Record);
        object.ty = Some(ty.clone());
        let methods = &self.project.unit(unit).functions;
        for method in &class.methods {
            for capture in &methods[method.index()].captures {
                if let Some(cell) = self.cell_if_own(capture.outer, unit, *method) {
                    let name = captured_name(capture.outer);
                    object.fields.insert(name, Value::object(cell));
                }
            }
        }
        let value = self.make(span, 0, object);
        arguments.receiver = Some(Argument {
            value: value.clone(),
            slot: None,
        });
        self.initialize(ty, &value, span, 0);
        let constructors = self.project.methods(ty, "<init>", arguments.arity());
        if !constructors.is_empty() {
            self.invoke_all(&constructors, &arguments, span);
            return value;
        }
        self.reach_constructor(span, ty, &arguments);
        // What a constructor of a library keeps of its arguments is not known.
        let mut taint = Taint::default();
        for given in arguments
            .positional
            .iter()
            .chain(arguments.named.iter().map(|(_, a)| a))
        {
            taint.join(&self.state.heap.content_taint(&given.value));
        }
        if let ([id], false) = (value.objects.as_slice(), taint.is_empty())
            && let Some(object) = self.state.heap.get_mut(*id)
        {
            object.others = Value::unknown().with_taint(taint.doubted(Doubt::Unknown));
        }
        value
    }

    /// Reports what is dangerous to the constructor that a class has of a library.
    fn reach_constructor(&mut self, span: Span, ty: &Name, arguments: &Arguments) {
        let name = Name::from("new");
        let entries = self.models.method(&name).iter();
        let lineage = self.lineage(ty);
        let is_sink =
            |entry: &Entry| matches!(entry.effect, Effect::Sink { .. }) && entry.is_for(&lineage);
        if entries.into_iter().any(is_sink) {
            let receiver = Argument {
                value: Value::symbol(ty.clone()),
                slot: None,
            };
            self.call_library(span, &Name::from(""), &name, Some(receiver), arguments);
        }
    }

    /// Runs the initial values of a class's fields, those of its ancestors
    /// first.
    fn initialize(&mut self, ty: &Name, object: &Value, span: Span, depth: u32) {
        const HIERARCHY_MAX: u32 = 8;
        let Some((unit, class)) = self.project.class(ty) else {
            return;
        };
        if depth < HIERARCHY_MAX {
            for supertype in &class.supertypes {
                self.initialize(supertype, object, span, depth + 1);
            }
        }
        if let Some(function) = class.initializer {
            let arguments = Arguments {
                receiver: Some(Argument {
                    value: object.clone(),
                    slot: None,
                }),
                ..Arguments::default()
            };
            self.invoke(Target { unit, function }, arguments, &[], span);
        }
    }

    /// Returns the cell of a variable when the class was declared in the
    /// function that is being run.
    fn cell_if_own(
        &mut self,
        outer: Slot,
        unit: u32,
        method: crate::flow::ir::FunctionId,
    ) -> Option<ObjectId> {
        let frame = self.frames.last()?;
        let parent = self.project.unit(unit).functions[method.index()].parent;
        if frame.unit != unit || parent != Some(frame.id) {
            return None;
        }
        self.cell(outer)
    }

    fn call_super(&mut self, span: Span, name: &Name, mut arguments: Arguments) -> Value {
        if arguments.positional.is_empty() {
            return Value::unknown();
        }
        let receiver = arguments.positional.remove(0);
        let function = self.function();
        let class = function
            .class
            .map(|class| &self.project.unit(self.unit()).classes[class]);
        let mut targets = Vec::new();
        let mut outside = None;
        for supertype in class.into_iter().flat_map(|class| &class.supertypes) {
            targets = self.project.methods(supertype, name, arguments.arity());
            if !targets.is_empty() {
                break;
            }
            outside.get_or_insert(supertype);
        }
        if !targets.is_empty() {
            arguments.receiver = Some(receiver);
            return self.invoke_all(&targets, &arguments, span);
        }
        if let (Some(ty), true) = (outside, &**name != "<init>") {
            let mut known = receiver.clone();
            known.value.set_type(Some(self.models.canonical(ty)));
            known.value.objects.clear();
            let no_path = Name::from("");
            let known = self.call_library(span, &no_path, name, Some(known), &arguments);
            if let Some(value) = known {
                return value;
            }
        }
        arguments.receiver = Some(receiver);
        self.opaque(span, name, &arguments)
    }

    /// Calls each of the targets from the same state and joins what comes of it.
    pub(super) fn invoke_all(
        &mut self,
        targets: &[Target],
        arguments: &Arguments,
        span: Span,
    ) -> Value {
        if let [target] = targets {
            return self.invoke_bound(*target, arguments, span);
        }
        let start = self.state.clone();
        let mut result = Value::nothing();
        let mut after: Option<State> = None;
        for target in targets {
            self.state = start.clone();
            self.live = true;
            let value = self.invoke_bound(*target, arguments, span);
            if self.live {
                result.join(&value);
                crate::flow::heap::join_into(&mut after, &self.state);
            }
        }
        self.live = after.is_some();
        self.state = after.unwrap_or(start);
        result
    }

    /// Calls a method with the variables that its class captured.
    fn invoke_bound(&mut self, target: Target, arguments: &Arguments, span: Span) -> Value {
        let function = self.project.function(target);
        let mut cells = Vec::new();
        if let Some(receiver) = &arguments.receiver {
            for capture in &function.captures {
                let name = captured_name(capture.outer);
                let cell = receiver.value.objects.iter().find_map(|id| {
                    let object = self.state.heap.get(*id)?;
                    object.fields.get(&name)?.objects.first().copied()
                });
                cells.extend(cell.map(|cell| (capture.inner, cell)));
            }
        }
        self.invoke(target, arguments.clone(), &cells, span)
    }

    /// Runs a function with arguments and returns its result.
    pub(super) fn invoke(
        &mut self,
        target: Target,
        arguments: impl Into<Arguments>,
        cells: &[(Slot, ObjectId)],
        span: Span,
    ) -> Value {
        let arguments = arguments.into();
        let function = self.project.function(target);
        let on_stack =
            |frame: &&super::Frame<'_>| frame.unit == target.unit && frame.id == target.function;
        let recursions = self.frames.iter().filter(on_stack).count();
        if self.frames.len() >= DEPTH_MAX || recursions >= RECURSIONS_MAX {
            self.cuts += 1;
            return self.opaque(span, &function.name, &arguments);
        }
        let cells = &*self.with_cells_of_top(target, cells);
        let watch = self.watch(function, &arguments, cells);
        if let Some(watch) = &watch
            && let Some(known) = self.remembered(target, watch, span)
        {
            return known.unwrap_or_else(Value::nothing);
        }
        let caller = self.unit();
        let context = self.frames.last().map_or(0, |frame| frame.context);
        let context = mix(
            mix(context, u64::from(span.start) << 1),
            u64::from(target.unit),
        );
        let initial = std::mem::take(&mut self.state);
        self.state = State::new(function.slots.len(), initial.heap.clone());
        let kinds: Vec<_> = self.bind(target, function, &arguments, cells, context, span);
        self.run_body();
        let frame = self.frames.pop();
        self.models = self.project.models(caller);
        self.state = initial;
        let thrown = frame.as_ref().map(|frame| frame.thrown.clone());
        let thrown = thrown.filter(|thrown| !thrown.is_empty());
        let watch = watch.filter(|_| thrown.is_none());
        if let Some(thrown) = thrown {
            self.take_thrown(&thrown);
        }
        let (returned, yields) = frame.map_or((None, None), |frame| (frame.returns, frame.yields));
        if let (Some(watch), None) = (watch, &yields) {
            let before = self.state.heap.clone();
            let returned = returned
                .as_ref()
                .map(|returned| (returned, kinds.as_slice()));
            self.remember(target, watch, &before, returned);
        }
        let Some(returned) = returned else {
            self.live = false;
            return Value::nothing();
        };
        self.live = true;
        self.state.heap = returned.heap;
        let mut value = self.told(target, &arguments, &kinds, returned.value, &returned.kinds);
        if let Some(items) = yields {
            let mut object = Object::list(Vec::new());
            object.shape = Shape::List {
                items: Vec::new(),
                rest: Some(items),
            };
            value = self.make(span, 3, object);
        }
        self.step_returned(&mut value, function, span);
        value
    }

    /// Adds the variables of its file's top level to those that a function was given:
    /// whoever calls it from elsewhere has none of them.
    fn with_cells_of_top<'c>(
        &mut self,
        target: Target,
        cells: &'c [(Slot, ObjectId)],
    ) -> Cow<'c, [(Slot, ObjectId)]> {
        let function = self.project.function(target);
        let captures = function.captures.iter();
        let is_given = |slot: Slot| cells.iter().any(|(known, _)| *known == slot);
        let left: Vec<&Capture> = captures.filter(|own| !is_given(own.inner)).collect();
        if left.is_empty() || function.parent != Some(FunctionId::TOP) {
            return Cow::Borrowed(cells);
        }
        // While a top level is run, what it has so far is not to be seen from outside.
        if self
            .frames
            .first()
            .is_some_and(|frame| frame.unit == target.unit && frame.id == FunctionId::TOP)
        {
            return Cow::Borrowed(cells);
        }
        let Some(top) = self.top(target.unit) else {
            return Cow::Borrowed(cells);
        };
        let mut all = cells.to_vec();
        for capture in left {
            let Some(cell) = top.cells.get(&capture.outer).copied() else {
                continue;
            };
            let cell = match self.base_of == Some(target.unit) {
                true => cell,
                false => self.foreign_cell(target.unit, &top.heap, cell),
            };
            all.push((capture.inner, cell));
        }
        Cow::Owned(all)
    }

    /// Takes over what a function threw.
    fn take_thrown(&mut self, thrown: &Taint) {
        let Some(caller) = self.frames.last_mut() else {
            return;
        };
        match caller.tries.last_mut() {
            Some(innermost) => {
                let value = Value::unknown().with_taint(thrown.clone());
                innermost.thrown.join(&value);
            }
            None => caller.thrown.join(thrown),
        }
    }

    /// Runs the top level of a file with variables of the caller; returns a map
    /// of the variables after it. Of a file that is not known nothing changes.
    fn call_module(&mut self, span: Span, name: &Name, arguments: &Arguments) -> Value {
        if let Some(template) = name.strip_prefix(INCLUDED) {
            self.include(span, template, arguments);
            return Value::unknown();
        }
        let mut variables: BTreeMap<Name, Value> = arguments
            .named
            .iter()
            .map(|(name, argument)| (name.clone(), argument.value.clone()))
            .collect();
        if let Some(unit) = self.project.module(name) {
            let target = Target {
                unit,
                function: FunctionId::TOP,
            };
            let recursions = self.frames.iter().filter(|f| f.unit == unit).count();
            if self.frames.len() < DEPTH_MAX && recursions < RECURSIONS_MAX {
                let value = self.run_module(span, target, arguments, &mut variables);
                variables.insert(Name::from("return"), value);
            }
        }
        let entries = variables
            .into_iter()
            .map(|(name, value)| (Literal::Str(name), value))
            .collect();
        let object = Object::new(Shape::Map {
            entries,
            rest: None,
        });
        self.make(span, 5, object)
    }

    /// Runs the top level of a file, takes over its variables and returns what
    /// it returned.
    pub(super) fn run_module(
        &mut self,
        span: Span,
        target: Target,
        arguments: &Arguments,
        variables: &mut BTreeMap<Name, Value>,
    ) -> Value {
        let function = self.project.function(target);
        let caller = self.unit();
        let context = self.frames.last().map_or(0, |frame| frame.context);
        let context = mix(
            mix(context, u64::from(span.start) << 1),
            u64::from(target.unit),
        );
        let initial = std::mem::take(&mut self.state);
        self.state = State::new(function.slots.len(), initial.heap.clone());
        self.bind(target, function, arguments, &[], context, span);
        let named = |at: usize| Some((Slot(at as u32), function.slots[at].name.as_ref()?));
        for (slot, name) in (0..function.slots.len()).filter_map(named) {
            let is_param = function.params.iter().any(|param| param.slot == slot);
            if let (false, Some(value)) = (is_param, variables.get(name)) {
                self.set(slot, value.clone());
            }
        }
        self.run_body();
        let returned = self.frame().returns.take();
        let mut value = Value::unknown();
        let heap = match returned {
            Some(returned) => {
                self.live = true;
                self.state.heap = returned.heap;
                value = returned.value;
                for (slot, name) in (0..function.slots.len()).filter_map(named) {
                    if self.state.get(slot).is_some() {
                        let value = self.get(slot);
                        variables.insert(name.clone(), value.with_facts(None));
                    }
                }
                std::mem::take(&mut self.state.heap)
            }
            None => {
                self.live = false;
                initial.heap.clone()
            }
        };
        self.frames.pop();
        self.models = self.project.models(caller);
        self.state = initial;
        self.state.heap = heap;
        value.set_facts(None);
        value
    }

    /// Returns whether nothing at all is known of what a function is given.
    fn is_plain(&self, function: &Function, arguments: &Arguments) -> bool {
        function.kind == FunctionKind::Plain
            && !function.params.is_empty()
            && function.captures.is_empty()
            && arguments.values().all(|value| {
                value.objects.is_empty()
                    && value.consts == Consts::Any
                    && value.taint.is_empty()
                    && value.symbol.is_none()
            })
    }

    /// Begins a call: puts the arguments into the parameters. Returns the kinds
    /// that each is dangerous to.
    fn bind(
        &mut self,
        target: Target,
        function: &Function,
        arguments: &Arguments,
        cells: &[(Slot, ObjectId)],
        context: u64,
        span: Span,
    ) -> Vec<Kinds> {
        let caller = self.unit();
        self.enter(target, context);
        self.frame().site = span;
        for (slot, cell) in cells {
            self.state.set(*slot, Value::object(*cell));
        }
        let mut positional = arguments.positional.iter();
        let mut kinds = Vec::new();
        for param in &function.params {
            let by_name = arguments.named.iter().find(|(name, _)| *name == param.name);
            let value = match param.kind {
                ParamKind::Receiver | ParamKind::Extended => match &arguments.receiver {
                    Some(argument) => Some(argument.value.clone()),
                    None => positional.next().map(|argument| argument.value.clone()),
                },
                ParamKind::Plain => match by_name {
                    Some((_, argument)) => Some(argument.value.clone()),
                    None => match positional.next() {
                        Some(argument) => Some(argument.value.clone()),
                        None => self.options(target, function, arguments, span, param.slot),
                    },
                },
                ParamKind::Named => by_name.map(|(_, argument)| argument.value.clone()),
                ParamKind::Rest => {
                    let items: Vec<Value> = positional.by_ref().map(|a| a.value.clone()).collect();
                    // An array may be given instead of the elements.
                    if let [one] = items.as_slice()
                        && self.elements(one).is_some()
                        && self.project.unit(target.unit).language == "java"
                    {
                        Some(one.clone())
                    } else {
                        let mut object = Object::list(items);
                        if let (Some(more), Shape::List { rest, .. }) =
                            (&arguments.rest, &mut object.shape)
                        {
                            rest.get_or_insert_with(Value::nothing).join(more);
                        }
                        Some(self.make(span, 1_000 + param.slot.0, object))
                    }
                }
                ParamKind::NamedRest => {
                    Some(self.named_rest(function, arguments, span, param.slot))
                }
            };
            let value = value.or_else(|| arguments.rest.clone());
            let mut value = value.unwrap_or_else(Value::nothing);
            kinds.push(self.dangers(&value));
            if !value.taint.is_empty() && param.kind != ParamKind::Receiver {
                let what = StepKind::Passed(param.name.clone());
                value.set_taint(value.taint.stepped(caller, span, &what));
            }
            value.set_facts(None);
            let value = self.typed_param(value, param.ty.as_ref());
            let value = self.object_of_type(value, function.span, param.slot.0);
            self.set(param.slot, value);
        }
        kinds
    }

    fn typed_param(&self, value: Value, ty: Option<&Name>) -> Value {
        if value.is_nothing() {
            return value;
        }
        self.typed(value, ty)
    }

    /// Returns the named arguments as a map, which a parameter takes where no
    /// other does.
    fn options(
        &mut self,
        target: Target,
        function: &Function,
        arguments: &Arguments,
        span: Span,
        slot: Slot,
    ) -> Option<Value> {
        let takes_names = |param: &Param| match param.kind {
            ParamKind::NamedRest => true,
            ParamKind::Named => &*param.name != BLOCK,
            _ => false,
        };
        let is_given = arguments.named.iter().any(|(name, _)| &**name != BLOCK);
        if !is_given || !self.is_ruby(target.unit) || function.params.iter().any(takes_names) {
            return None;
        }
        Some(self.named_rest(function, arguments, span, slot))
    }

    fn named_rest(
        &mut self,
        function: &Function,
        arguments: &Arguments,
        span: Span,
        slot: Slot,
    ) -> Value {
        let is_param = |name: &Name| function.params.iter().any(|param| param.name == *name);
        let entries = arguments
            .named
            .iter()
            .filter(|(name, _)| !is_param(name) && &**name != BLOCK)
            .map(|(name, argument)| (Literal::Str(name.clone()), argument.value.clone()))
            .collect();
        let rest = arguments.rest.clone().map(|rest| (Value::unknown(), rest));
        let object = Object::new(Shape::Map { entries, rest });
        self.make(span, 2_000 + slot.0, object)
    }

    /// Returns a function's result with what it tells of the arguments, of which
    /// the kinds that each is dangerous to are known before and after.
    pub(super) fn told(
        &mut self,
        target: Target,
        arguments: &Arguments,
        before: &[Kinds],
        mut value: Value,
        after: &[(Kinds, Kinds)],
    ) -> Value {
        let function = self.project.function(target);
        let assigned = &self.project.signature(target).assigned;
        let mut facts = Facts::default();
        let mut positional = arguments.positional.iter();
        for (at, param) in function.params.iter().enumerate() {
            let argument = match param.kind {
                ParamKind::Plain => positional.next(),
                ParamKind::Extended => match &arguments.receiver {
                    Some(receiver) => Some(receiver),
                    None => positional.next(),
                },
                _ => continue,
            };
            let (Some(slot), Some((when_true, when_false))) =
                (argument.and_then(|a| a.slot), after.get(at))
            else {
                continue;
            };
            if before[at].is_empty() || assigned[at] {
                continue;
            }
            // Where it came back at all, the argument passed the check.
            let passed = before[at].without(when_true.or(*when_false));
            if !passed.is_empty() {
                self.apply(slot, &Refine::Clear(passed));
                continue;
            }
            let lists = [
                (&mut facts.when_true, when_true),
                (&mut facts.when_false, when_false),
            ];
            for (list, left) in lists {
                let cleared = before[at].without(*left);
                if !cleared.is_empty() {
                    list.push((slot, Refine::Clear(cleared)));
                }
            }
        }
        value.set_facts(None);
        if !facts.when_true.is_empty() || !facts.when_false.is_empty() {
            value.facts = Some(Rc::new(facts));
        }
        value
    }

    /// Calls something that is not known: its result depends on everything
    /// that it is given, and functions among that may be called.
    pub(super) fn opaque(&mut self, span: Span, name: &Name, arguments: &Arguments) -> Value {
        let mut taint = Taint::default();
        let receiver = arguments.receiver.as_ref().map(|own| &own.value);
        for value in arguments.values() {
            let own = self.state.heap.content_taint(value);
            // What a key opens is not the key.
            let is_key = receiver.is_some_and(|receiver| std::ptr::eq(receiver, value));
            taint.join(&match is_key {
                true => own,
                false => own.filtered(|kinds| kinds.without(Kinds::SECRET)),
            });
        }
        let mut value = Value::unknown();
        value.set_taint(taint.doubted(Doubt::Unknown));
        self.step(&mut value, span, &StepKind::Through(name.clone()));
        if self.project.unit(self.unit()).has_pointers {
            self.may_write(arguments, &value.taint);
        }
        let given = Value::unknown().with_taint(value.taint.clone());
        let taint = self.call_functions(span, arguments, &given);
        value.add_taint(&taint);
        value
    }

    /// Calls the functions among the arguments of a call of which it is not
    /// known what it does, and returns what comes back.
    pub(super) fn call_functions(
        &mut self,
        span: Span,
        arguments: &Arguments,
        given: &Value,
    ) -> Taint {
        let named = arguments.named.iter().map(|(_, argument)| argument);
        let functions: Vec<Value> = arguments
            .positional
            .iter()
            .chain(named)
            .map(|argument| argument.value.clone())
            .filter(|value| {
                value.objects.iter().any(|id| {
                    let object = self.state.heap.get(*id);
                    matches!(object.map(|o| &o.shape), Some(Shape::Closure { .. }))
                })
            })
            .collect();
        let mut taint = Taint::default();
        for function in functions {
            let result = self.call_back(span, &function, std::slice::from_ref(given));
            taint.join(&result.taint);
        }
        taint
    }

    /// Calls a function that was handed to a library; it may not be called at
    /// all.
    pub(super) fn call_back(&mut self, span: Span, function: &Value, given: &[Value]) -> Value {
        let start = self.state.clone();
        let arity = function
            .objects
            .iter()
            .filter_map(|id| match &self.state.heap.get(*id)?.shape {
                Shape::Closure { unit, function, .. } => {
                    let target = Target {
                        unit: *unit,
                        function: *function,
                    };
                    Some(self.project.function(target).params.len())
                }
                _ => None,
            })
            .max()
            .unwrap_or(given.len());
        let mut values = given.to_vec();
        let more = given.last().cloned().unwrap_or_default();
        values.resize(arity.max(given.len()), more);
        values.truncate(arity.max(1));
        let result = self.call_value(span, function, Arguments::of(values));
        if self.live {
            self.state.join(&start);
        } else {
            self.state = start;
            self.live = true;
        }
        result
    }
}

impl From<Vec<Value>> for Arguments {
    /// The first value is the receiver.
    fn from(values: Vec<Value>) -> Self {
        let mut arguments = Self::of(values);
        if !arguments.positional.is_empty() {
            arguments.receiver = Some(arguments.positional.remove(0));
        }
        arguments
    }
}

/// The member under which an object keeps a variable that its class captured.
fn captured_name(slot: Slot) -> Name {
    Name::from(format!("\0{}", slot.0))
}
