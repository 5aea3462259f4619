//! Calls of libraries: what models say happens.

use std::rc::Rc;

use assay_source::Span;

use super::Solver;
use super::call::{Argument, Arguments};
use crate::flow::heap::Shape;
use crate::flow::ir::{Annotation, BLOCK, Function, Literal, Name, Slot};
use crate::flow::kind::{KINDS, Kinds};
use crate::flow::model::{
    Condition, Effect, Entry, Operand, ResultSink, Source, Test, is_like, rule_of,
};
use crate::flow::project::Target;
use crate::flow::value::{Const, Consts, Doubt, Facts, Refine, StepKind, Taint, Value};

/// Lists of records nest so deep.
const LISTS_MAX: u32 = 2;

/// A call of a library as operations see it.
pub(super) struct LibraryCall<'a> {
    pub(super) span: Span,
    pub(super) name: &'a Name,
    /// The type that is made or returned.
    pub(super) ty: Option<Name>,
    /// The receiver, if there is one, and the arguments.
    pub(super) operands: Vec<Argument>,
    pub(super) arguments: &'a Arguments,
}

impl Solver<'_> {
    /// Does what models say of a call; nothing when they do not know it.
    /// `path` is the qualified name of a function, `name` that of a method.
    pub(super) fn call_library(
        &mut self,
        span: Span,
        path: &Name,
        name: &Name,
        receiver: Option<Argument>,
        arguments: &Arguments,
    ) -> Option<Value> {
        let models = self.models;
        let types = match &receiver {
            Some(receiver) => self.types_of(&receiver.value),
            None => Vec::new(),
        };
        let by_path = match path.is_empty() {
            true => &[],
            false => models.function(&models.canonical(path)),
        };
        let by_type = models.method(name).iter();
        let by_type = by_type
            .filter(|entry| entry.is_for(&types) && (receiver.is_some() || entry.is_for_any()));
        let mut entries: Vec<&Entry> = by_path
            .iter()
            .chain(by_type)
            .filter(|entry| entry.arity.is_none_or(|arity| arity == arguments.arity()))
            .collect();
        let ty = self.result_type(&types, path, name);
        if entries.is_empty() && ty.is_none() {
            return None;
        }
        let full = Arguments {
            receiver: receiver.clone(),
            ..arguments.clone()
        };
        entries.retain(|entry| {
            let mut when = entry.when.iter();
            when.all(|condition| self.holds(condition, &full))
        });
        if entries.is_empty() {
            let ty = ty?;
            // Of a known type, but not modelled: the result depends on all.
            let mut value = Value::of_type(Some(ty));
            for given in full.values() {
                value.add_taint(&self.state.heap.content_taint(given));
            }
            self.step(&mut value, span, &StepKind::Through(name.clone()));
            return Some(value);
        }
        let is_static = receiver.as_ref().is_none_or(|receiver| {
            receiver.value.objects.is_empty() && receiver.value.symbol.is_some()
        });
        let mut operands = Vec::new();
        if !is_static {
            operands.extend(receiver.clone());
        }
        operands.extend(arguments.positional.iter().cloned());
        // A block comes after all other arguments.
        let blocks = arguments.named.iter().filter(|(name, _)| &**name == BLOCK);
        operands.extend(blocks.map(|(_, block)| block.clone()));
        let call = LibraryCall {
            span,
            name,
            ty: if &**name == "new" {
                types.first().cloned().or(ty.clone())
            } else {
                ty.clone()
            },
            operands,
            arguments: &full,
        };
        let mut value = self.run_entries(&entries, &types, &call);
        if value.ty.is_none() {
            value.set_type(ty);
        }
        Some(value)
    }

    fn result_type(&self, types: &[Name], path: &str, name: &str) -> Option<Name> {
        let models = self.models;
        let by_type = types
            .iter()
            .find_map(|ty| models.types.get(ty)?.returns.get(name));
        let by_path = || {
            // What a function of that name returns, when it is called itself.
            let own = models.types.get(path).and_then(|ty| ty.returns.get("()"));
            let member = || {
                let (owner, name) = path.rsplit_once('.')?;
                models.types.get(owner)?.returns.get(name)
            };
            own.or_else(member)
        };
        let found = by_type.or_else(by_path)?;
        match &**found {
            // What it is called on.
            "Self" => types.first().cloned(),
            _ => Some(found.clone()),
        }
    }

    fn run_entries(&mut self, entries: &[&Entry], types: &[Name], call: &LibraryCall<'_>) -> Value {
        let mut result: Option<Value> = None;
        let mut taint = Taint::default();
        let mut facts = Facts::default();
        // The entry for the nearest type says what the result is.
        let nearest = entries
            .iter()
            .filter(|entry| matches!(entry.effect, Effect::Op(_) | Effect::Sanitize(_)))
            .min_by_key(|entry| {
                let place = types
                    .iter()
                    .position(|ty| entry.is_for(std::slice::from_ref(ty)));
                // A condition that holds says more.
                (place, entry.when.is_empty())
            });
        if let Some(entry) = nearest {
            result = Some(match &entry.effect {
                Effect::Op(op) => self.operation(op, call),
                Effect::Sanitize(kinds) => self.sanitized(*kinds, call),
                _ => Value::unknown(),
            });
        }
        for entry in entries {
            match &entry.effect {
                Effect::Source(source) => self.bring(source, call, &mut taint),
                Effect::Sink {
                    kind,
                    args,
                    fixed_by_prefix,
                } => {
                    for operand in args {
                        self.sink(*kind, operand, *fixed_by_prefix, call);
                    }
                }
                Effect::Guard { arg, kinds, when } => {
                    for argument in self.operands(arg, call.arguments) {
                        if let Some(slot) = argument.slot {
                            let list = if *when {
                                &mut facts.when_true
                            } else {
                                &mut facts.when_false
                            };
                            list.push((slot, Refine::Clear(*kinds)));
                        }
                    }
                }
                Effect::Callback {
                    arg,
                    params,
                    source,
                } => {
                    let given: Vec<Value> = params
                        .iter()
                        .map(|ty| self.callback_value(ty, call))
                        .collect();
                    for function in self.operands(arg, call.arguments) {
                        let given = match source {
                            Some(source) => {
                                self.set_by_stranger(&function.value, (source, params), call)
                            }
                            None => given.clone(),
                        };
                        self.call_back(call.span, &function.value, &given);
                    }
                }
                Effect::Misuse {
                    rule,
                    message,
                    member,
                } => self.misuse(rule, message, member.as_ref(), call),
                Effect::Fill(fill) => self.fill_argument(fill, call),
                Effect::Render(render) => self.render(render, call),
                Effect::Op(_) | Effect::Sanitize(_) | Effect::Part(_) | Effect::Nothing => {}
            }
        }
        let calls_back = |entry: &&&Entry| {
            matches!(
                entry.effect,
                Effect::Op(_) | Effect::Callback { .. } | Effect::Sanitize(_)
            )
        };
        if !entries.iter().any(|entry| calls_back(&entry)) {
            // What they are given is not known, but they may be called.
            self.call_functions(call.span, call.arguments, &Value::unknown());
        }
        let mut value = result.unwrap_or_else(Value::unknown);
        value.add_taint(&taint);
        if !facts.when_true.is_empty() || !facts.when_false.is_empty() {
            value.facts = Some(Rc::new(facts));
        }
        value
    }

    /// Returns the project's function that a value is.
    fn function_of(&self, value: &Value) -> Option<Target> {
        let closure = value
            .objects
            .iter()
            .find_map(|id| match &self.state.heap.get(*id)?.shape {
                Shape::Closure { unit, function, .. } => Some(Target {
                    unit: *unit,
                    function: *function,
                }),
                _ => None,
            });
        closure.or_else(|| self.named_function(value))
    }

    /// Returns the function outside of classes, or the method of a class, that
    /// a value names.
    pub(super) fn named_function(&self, value: &Value) -> Option<Target> {
        let symbol = Name::clone(&self.meaning(value.symbol.as_ref()?).meant);
        let free = self.meaning(&symbol).function;
        free.or_else(|| {
            let (class, name) = symbol.rsplit_once('.')?;
            let class = self.meaning(&Name::from(class));
            self.project.method_named(&class.meant, name)
        })
    }

    /// Returns what a library hands to a function whose parameters a stranger
    /// sets, where their types do not say otherwise.
    fn set_by_stranger(
        &self,
        function: &Value,
        (source, otherwise): (&Source, &[Name]),
        call: &LibraryCall<'_>,
    ) -> Vec<Value> {
        let Some(target) = self.function_of(function) else {
            return Vec::new();
        };
        let params = self.project.function(target).params.iter();
        params
            .enumerate()
            .map(|(at, param)| {
                if let (None, Some(ty)) = (&param.ty, otherwise.get(at)) {
                    return Value::of_type(Some(ty.clone()));
                }
                let mut value = Value::of_type(param.ty.clone());
                let by_annotation = param.annotations.iter().find_map(|a| {
                    let name = self.models.canonical(&self.project.meant(&a.name));
                    self.models.param_annotations.get(&name)
                });
                let by_type = param
                    .ty
                    .as_ref()
                    .and_then(|ty| self.models.param_types.get(&self.models.canonical(ty)));
                let own = by_annotation.or(by_type);
                if own.is_some() || self.models.may_be_set(param.ty.as_ref()) {
                    value.set_taint(self.source_taint(own.unwrap_or(source), call.span));
                }
                value
            })
            .collect()
    }

    /// Returns what a library hands to a function: a value of the type, which
    /// a stranger sets when models say so.
    fn callback_value(&mut self, ty: &Name, call: &LibraryCall<'_>) -> Value {
        let mut value = Value::of_type(Some(ty.clone()));
        if let Some(source) = self.models.param_types.get(ty) {
            value.set_taint(self.source_taint(source, call.span));
        }
        value
    }

    /// Returns the arguments that an operand stands for.
    pub(super) fn operands(&self, operand: &Operand, arguments: &Arguments) -> Vec<Argument> {
        let rest = || {
            arguments.rest.iter().map(|value| Argument {
                value: value.clone(),
                slot: None,
            })
        };
        match operand {
            Operand::Receiver => arguments.receiver.iter().cloned().collect(),
            Operand::Result => Vec::new(),
            Operand::Arg(at) => match arguments.positional.get(*at) {
                Some(argument) => vec![argument.clone()],
                None => rest().collect(),
            },
            Operand::Rest => rest().collect(),
            Operand::All => {
                let named = arguments.named.iter().map(|(_, argument)| argument.clone());
                arguments
                    .positional
                    .iter()
                    .cloned()
                    .chain(named)
                    .chain(rest())
                    .collect()
            }
            Operand::From(at) => arguments
                .positional
                .iter()
                .skip(*at)
                .cloned()
                .chain(rest())
                .collect(),
            Operand::Named(name) => arguments
                .named
                .iter()
                .filter(|(own, _)| own == name)
                .map(|(_, argument)| argument.clone())
                .collect(),
            Operand::Member(at, name) => {
                let object = arguments.positional.get(*at);
                let member = object.and_then(|object| self.own_member(&object.value, name));
                let plain = |value| Argument { value, slot: None };
                member.map(plain).into_iter().collect()
            }
        }
    }

    /// Returns a member of an object whose members the program names; dots lead to
    /// the members of members.
    fn own_member(&self, value: &Value, name: &str) -> Option<Value> {
        if let Some((first, rest)) = name.split_once('.') {
            return self.own_member(&self.own_member(value, first)?, rest);
        }
        let object = self.state.heap.get(*value.objects.first()?)?;
        match &object.shape {
            Shape::Map { entries, .. } => {
                let mut entries = entries.iter();
                let is_own = |key: &Const| matches!(key, Literal::Str(key) if **key == *name);
                let own = entries.find(|(key, _)| is_own(key));
                own.map(|(_, value)| value.clone())
            }
            _ => object.fields.get(name).cloned(),
        }
    }

    /// Returns whether a condition on constant arguments holds.
    pub(super) fn holds(&self, condition: &Condition, arguments: &Arguments) -> bool {
        let given = self.operands(&condition.arg, arguments);
        if let Test::Present = condition.test {
            return given.is_empty() == condition.not;
        }
        let Some(argument) = given.first() else {
            return condition.unknown;
        };
        let mut value = self.text_of(&argument.value);
        if let Some(member) = &condition.member {
            let Some(own) = self.own_member(&value, member) else {
                return condition.unknown;
            };
            value = own;
            // A member of a library, such as a name of an enumeration.
            if let (Some(symbol), Consts::Any) = (&value.symbol, &value.consts) {
                value = Value::text(symbol);
            }
        }
        if let Some(truth) = self.has_shape(&condition.test, &value) {
            return truth != condition.not;
        }
        let Some(constants) = value.as_consts() else {
            return condition.unknown;
        };
        // A value that may be wrong on some path is wrong.
        constants
            .iter()
            .any(|constant| passes(&condition.test, constant) != condition.not)
    }

    /// Returns whether a value passes a test of what it is, not of which
    /// constant.
    fn has_shape(&self, test: &Test, value: &Value) -> Option<bool> {
        let only_objects = !value.objects.is_empty()
            && matches!(&value.consts, Consts::Few(few) if few.is_empty());
        Some(match test {
            Test::Begins(starts) => {
                let constant = value.as_text().or(value.prefix.as_ref());
                let text = constant.map_or(String::new(), |text| text.trim_start().to_lowercase());
                starts.iter().any(|start| text.starts_with(start.as_str()))
            }
            Test::FirstLike(_) => {
                let [id] = value.objects.as_slice() else {
                    return Some(false);
                };
                let first = match self.state.heap.get(*id).map(|object| &object.shape) {
                    // A constant of a library goes by its name.
                    Some(Shape::List { items, .. }) => {
                        let first = items.first()?;
                        first.as_text().or(first.symbol.as_ref())?
                    }
                    _ => return Some(false),
                };
                passes(test, &Literal::Str(first.clone()))
            }
            // What came back from an unknown call is as likely an object.
            Test::Text => {
                let is_guess = value.prefix.is_none()
                    && !value.taint.is_empty()
                    && value
                        .taint
                        .marks()
                        .iter()
                        .all(|mark| mark.doubt == Doubt::Unknown);
                !only_objects && !is_guess
            }
            Test::Object => only_objects && !self.is_function(value),
            Test::Function => self.is_function(value),
            Test::Prefix(prefix) => value.prefix.as_ref() == Some(prefix),
            Test::Length(length) => self.elements(value).is_some_and(|all| all.len() == *length),
            Test::Type(ty) => self.types_of(value).contains(ty),
            Test::Has(member) => value.objects.iter().any(|id| {
                let object = self.state.heap.get(*id);
                object.is_some_and(|object| match &object.shape {
                    Shape::Map { entries, .. } => {
                        let key = Literal::Str(member.clone());
                        entries.iter().any(|(own, _)| *own == key)
                    }
                    _ => object.fields.contains_key(member),
                })
            }),
            _ => return None,
        })
    }

    fn is_function(&self, value: &Value) -> bool {
        value.objects.iter().any(|id| {
            let object = self.state.heap.get(*id);
            object.is_some_and(|o| matches!(o.shape, Shape::Closure { .. } | Shape::Bound(..)))
        })
    }

    fn bring(&mut self, source: &Source, call: &LibraryCall<'_>, taint: &mut Taint) {
        let own = self.source_taint(source, call.span);
        match &source.to {
            Operand::Result => taint.join(&own),
            operand => {
                for argument in self.operands(operand, call.arguments) {
                    self.add_taint(&argument, &own);
                }
            }
        }
    }

    /// Makes what a variable holds dangerous.
    pub(super) fn add_taint(&mut self, argument: &Argument, taint: &Taint) {
        for id in &argument.value.objects {
            if let Some(object) = self.state.heap.get_mut(*id) {
                let taint = &super::memory::held(object, taint);
                if let Shape::Cell(value) = &mut object.shape {
                    value.forget();
                    value.add_taint(taint);
                    continue;
                }
                let others = &mut object.others;
                if others.is_nothing() {
                    *others = Value::unknown();
                }
                others.add_taint(taint);
                if let Shape::Text(text) = &mut object.shape {
                    text.forget();
                    text.add_taint(taint);
                }
                if let crate::flow::heap::Shape::List { rest, .. } = &mut object.shape {
                    rest.get_or_insert_with(Value::unknown).add_taint(taint);
                }
            }
        }
        if let Some(slot) = argument.slot {
            self.taint_slot(slot, taint);
        }
    }

    pub(super) fn taint_slot(&mut self, slot: Slot, taint: &Taint) {
        if taint.is_empty() {
            return;
        }
        let mut value = self.get(slot);
        value.add_taint(taint);
        self.set(slot, value);
    }

    /// Reports when what reaches a sink is dangerous to it.
    fn sink(
        &mut self,
        kind: usize,
        operand: &Operand,
        fixed_by_prefix: bool,
        call: &LibraryCall<'_>,
    ) {
        for argument in self.operands(operand, call.arguments) {
            let shown = shown_name(call);
            // The name of a header and its value: each begins for itself.
            let parts = self.elements(&argument.value);
            if let (true, Some(parts)) = (fixed_by_prefix, parts) {
                for part in parts {
                    self.sink_value(kind, &part, true, (call.span, &shown));
                }
                continue;
            }
            self.sink_value(kind, &argument.value, fixed_by_prefix, (call.span, &shown));
        }
    }

    /// Reports when a value is dangerous to the place that it reaches, which is
    /// shown as the text.
    pub(super) fn sink_value(
        &mut self,
        kind: usize,
        value: &Value,
        fixed_by_prefix: bool,
        (span, shown): (Span, &str),
    ) {
        let bit = Kinds::named(KINDS[kind].0).unwrap_or(Kinds(1 << kind));
        let value = self.text_of(value);
        let taint = match bit == Kinds::FIELDS {
            true => self.taint_of_unnamed(&value, LISTS_MAX),
            false => self.state.heap.content_taint(&value),
        };
        let marks = taint.marks().iter();
        let dangerous = marks.filter(|mark| !mark.kinds.and(bit).is_empty());
        let Some(mark) = dangerous.min_by_key(|mark| mark.doubt) else {
            return;
        };
        let prefix = value.prefix.as_ref();
        if fixed_by_prefix && prefix.is_some_and(|prefix| fixes_origin(prefix)) {
            return;
        }
        // After an empty line comes the text of a mail.
        let is_text = |prefix: &Name| prefix.contains("\n\n") || prefix.contains("\r\n\r\n");
        if bit == Kinds::MAIL && prefix.is_some_and(is_text) {
            return;
        }
        let source = match &mark.step.first().what {
            StepKind::Source(what) => what.clone(),
            _ => Name::from("an input"),
        };
        let what = KINDS[kind].2;
        let message = format!("{} reaches {what} through `{shown}`", capitalised(&source));
        let rule = Name::from(rule_of(kind));
        self.report(&rule, Name::from(message), span, Some(mark));
    }

    /// Returns the taint of the fields of a record that the program does not name: what it
    /// names it chose to be set. Lists of records are looked into so deep.
    fn taint_of_unnamed(&self, value: &Value, depth: u32) -> Taint {
        let mut taint = value.taint.clone();
        let objects = value.objects.iter();
        for object in objects.filter_map(|id| self.state.heap.get(*id)) {
            match &object.shape {
                Shape::Map { rest, .. } => {
                    let rest = rest.iter().flat_map(|(key, value)| [key, value]);
                    rest.for_each(|part| taint.join(&self.state.heap.content_taint(part)));
                }
                Shape::List { items, rest } if depth > 0 => {
                    let items = items.iter().chain(rest);
                    items.for_each(|item| taint.join(&self.taint_of_unnamed(item, depth - 1)));
                }
                _ => taint.join(&object.others.taint),
            }
        }
        taint
    }

    /// Reports what is dangerous to store into a member, or into a global.
    pub(super) fn stored(&mut self, span: Span, object: Option<&Value>, key: &Name, value: &Value) {
        let models = self.models;
        let entries = match object {
            Some(_) => models.field(key),
            None => models.function(key),
        };
        let is_sink = |entry: &&Entry| matches!(entry.effect, Effect::Sink { .. });
        let sinks: Vec<&Entry> = entries.iter().filter(is_sink).collect();
        if sinks.is_empty() {
            return;
        }
        let types = object.map_or_else(Vec::new, |object| self.types_of(object));
        let arguments = Arguments {
            receiver: object.map(|object| Argument {
                value: object.clone(),
                slot: None,
            }),
            ..Arguments::of(vec![value.clone()])
        };
        for entry in sinks {
            let mut when = entry.when.iter();
            if !when.all(|condition| self.holds(condition, &arguments)) {
                continue;
            }
            if let Effect::Sink {
                kind,
                fixed_by_prefix,
                args,
            } = &entry.effect
                && args.contains(&Operand::Named(Name::from("value")))
                && (object.is_none() || entry.is_for(&types))
            {
                self.sink_value(*kind, value, *fixed_by_prefix, (span, key));
            }
        }
    }

    /// Returns the kind of sink that what the current function gives back
    /// reaches: only functions that a library calls count.
    fn result_kind(&self, value: &Value) -> Option<usize> {
        let [frame] = self.frames.as_slice() else {
            return None;
        };
        let function = frame.function;
        let class = function
            .class
            .map(|class| &self.project.unit(frame.unit).classes[class]);
        let around = class.map_or(&[][..], |class| &class.annotations[..]);
        let models = self.models;
        let result = function.result.as_ref().map(|ty| models.canonical(ty));
        function.annotations.iter().find_map(|annotation| {
            let sinks = models.results.get(&models.canonical(&annotation.name))?;
            let holds = |sink: &&ResultSink| {
                let besides = || {
                    let all = function.annotations.iter().chain(around);
                    all.filter(|other| sink.also.contains(&models.canonical(&other.name)))
                };
                let has_type = sink.types.is_empty()
                    || result.as_ref().is_some_and(|ty| sink.types.contains(ty));
                let texts = || {
                    let own = annotation.arguments.iter();
                    own.chain(besides().flat_map(|other| &other.arguments))
                };
                let says = |word: &str| texts().any(|(_, text)| text.to_lowercase().contains(word));
                // A page of another kind is declared as such.
                let mut declared = texts().filter(|(key, _)| &**key == "produces").peekable();
                let is_other = declared.peek().is_some()
                    && !declared.any(|(_, text)| text.to_lowercase().contains("html"));
                let is_other = is_other || self.is_declared_other(sink, function, around);
                let is_text = || self.has_shape(&Test::Text, &self.text_of(value)) == Some(true);
                has_type
                    && (!sink.is_text || is_text())
                    && (sink.also.is_empty() || besides().next().is_some())
                    && sink.says.as_ref().is_none_or(|word| says(word))
                    && !is_other
                    && sink.begins.as_ref().is_none_or(|start| {
                        let known = value.as_text().or(value.prefix.as_ref());
                        known.is_some_and(|text| text.starts_with(start.as_str()))
                    })
            };
            sinks.iter().find(holds).map(|sink| sink.kind)
        })
    }

    /// Returns whether annotations set a header that says that the result is no page.
    fn is_declared_other(
        &self,
        sink: &ResultSink,
        function: &Function,
        around: &[Annotation],
    ) -> bool {
        let says = |annotation: &Annotation, word: &str| {
            let mut texts = annotation.arguments.iter();
            texts.any(|(_, text)| text.to_lowercase().contains(word))
        };
        let all = function.annotations.iter().chain(around);
        let mut typed = all.filter(|annotation| {
            sink.typed_by
                .contains(&self.models.canonical(&annotation.name))
                && says(annotation, "content-type")
        });
        typed.any(|annotation| !says(annotation, "html"))
    }

    /// Reports what a function that a library calls gives back, when it is
    /// dangerous where the library sends it; fills the template that it names.
    pub(super) fn returned(&mut self, span: Span, value: &Value) {
        self.fill_returned(span, value);
        if value.taint.is_empty() && value.objects.is_empty() {
            return;
        }
        if let Some(kind) = self.result_kind(value) {
            let is_address = !Kinds(1 << kind).and(Kinds::ADDRESS).is_empty();
            self.sink_value(kind, value, is_address, (span, "return"));
        }
    }

    /// Reports a call that is wrong by itself or for want of a setting.
    fn misuse(
        &mut self,
        rule: &Name,
        message: &Name,
        member: Option<&(Operand, Name, Literal)>,
        call: &LibraryCall<'_>,
    ) {
        if let Some((operand, name, must_be)) = member {
            let arguments = self.operands(operand, call.arguments);
            let Some(argument) = arguments.first() else {
                return;
            };
            // Of an object that came from elsewhere nothing can be said.
            let objects: Vec<_> = argument
                .value
                .objects
                .iter()
                .filter_map(|id| self.state.heap.get(*id))
                .collect();
            if objects.is_empty() {
                return;
            }
            let is_right = objects.iter().all(|object| match object.fields.get(name) {
                Some(value) => value.as_const() == Some(must_be) || value.as_consts().is_none(),
                None => {
                    !object.others.is_nothing()
                        && object.others.as_consts().is_none()
                        && !object.single
                }
            });
            if is_right {
                return;
            }
        }
        let mut text = message.to_string();
        if text.contains("{0}") {
            let first = call.arguments.positional.first();
            let constant = first.and_then(|a| super::fold::shown(a.value.as_consts()?.first()?));
            text = text.replace("{0}", &constant.unwrap_or_default());
        }
        self.report(rule, Name::from(text), call.span, None);
    }

    fn sanitized(&mut self, kinds: Kinds, call: &LibraryCall<'_>) -> Value {
        let mut taint = Taint::default();
        for operand in &call.operands {
            taint.join(&self.state.heap.content_taint(&operand.value));
        }
        let mut value = Value::unknown();
        value.set_taint(taint.filtered(|own| own.without(kinds)));
        self.step(&mut value, call.span, &StepKind::Through(call.name.clone()));
        value
    }
}

/// Returns whether a constant passes a test.
fn passes(test: &Test, constant: &Const) -> bool {
    match test {
        Test::Is(values) => values
            .iter()
            .any(|value| super::guard::same(value, constant)),
        Test::Like(patterns) | Test::FirstLike(patterns) => match constant {
            Literal::Str(text) => {
                let text = text.to_lowercase();
                patterns.iter().any(|pattern| is_like(&text, pattern))
            }
            _ => false,
        },
        Test::Below(limit) => matches!(constant, Literal::Int(value) if value < limit),
        Test::Present
        | Test::Begins(_)
        | Test::Text
        | Test::Object
        | Test::Function
        | Test::Length(_)
        | Test::Type(_)
        | Test::Prefix(_)
        | Test::Has(_) => true,
    }
}

/// Stands for the beginning of an address that the program chose, though the
/// code does not say which: `settings.url + "/items/"`.
pub(super) const OWN_HOST: &str = "\u{1}/";

/// Tells from the parts of an address, one after the other, whether its host
/// is the program's own.
#[derive(Debug, Default)]
pub(super) struct Host {
    is_open: bool,
    has_unknown: bool,
    /// A path or a query has begun, and nothing before it came from outside.
    pub(super) is_chosen: bool,
}

impl Host {
    pub(super) fn add(&mut self, part: &Value, taint: &Taint) {
        self.is_open |= !taint.kinds().and(Kinds::ADDRESS).is_empty();
        if self.is_open {
            return;
        }
        let Some(text) = part.as_text() else {
            self.has_unknown = true;
            self.is_chosen |= part.prefix.as_deref() == Some(OWN_HOST);
            return;
        };
        let rest = text.rsplit("//").next().unwrap_or(text);
        self.is_chosen |= self.has_unknown && rest.contains(['/', '?', '#']);
    }
}

/// Returns whether a text that begins so goes to a fixed place: a host is
/// named, or a path of the same host.
pub(super) fn fixes_origin(prefix: &str) -> bool {
    if prefix == OWN_HOST {
        return true;
    }
    // The name of a header may stand before it.
    let prefix = match prefix.split_once(':') {
        Some((name, rest)) if name.eq_ignore_ascii_case("location") => rest.trim_start(),
        _ => prefix.strip_prefix("redirect:").unwrap_or(prefix),
    };
    if let Some((_, rest)) = prefix.split_once("://") {
        return rest.contains('/');
    }
    prefix.starts_with('/') && !prefix.starts_with("//") && prefix.len() > 1
}

fn capitalised(text: &str) -> String {
    let mut chars = text.chars();
    match chars.next() {
        Some(first) => first.to_uppercase().chain(chars).collect(),
        None => String::new(),
    }
}

/// Returns how a call is written, for messages.
fn shown_name(call: &LibraryCall<'_>) -> String {
    match (&**call.name, &call.ty) {
        ("new", Some(ty)) => format!("new {}", ty.rsplit(['.', '#']).next().unwrap_or(ty)),
        (name, _) => name.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::fixes_origin;

    #[test]
    fn a_fixed_host_or_path_ends_the_danger() {
        for (prefix, expected) in [
            ("https://example.org/", true),
            ("https://", false),
            ("https://example.org", false),
            ("/account/", true),
            ("//", false),
            ("/", false),
        ] {
            assert_eq!(fixes_origin(prefix), expected, "{prefix}");
        }
    }
}
