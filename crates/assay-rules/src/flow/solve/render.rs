//! Templates that functions fill: a value goes by its name to the template and is
//! followed to where it is put out as it is.

use std::collections::BTreeMap;

use assay_source::Span;

use super::call::{Argument, Arguments};
use super::is_number;
use super::library::LibraryCall;
use super::{DEPTH_MAX, Solver};
use crate::flow::heap::{Object, Shape};
use crate::flow::ir::{FunctionId, Literal, Name, ParamKind};
use crate::flow::kind::{KINDS, Kinds};
use crate::flow::model::{Operand, Render};
use crate::flow::project::Target;
use crate::flow::template::{SENT_ON, names_of};
use crate::flow::value::{Consts, StepKind, Value};

/// The member under which what stands for a filled template keeps its name.
const TEMPLATE: &str = "\0template";

/// What was seen of what a template puts out at a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Seen {
    /// Only what the program itself wrote.
    Own,
    /// Something else, or something of which nothing is known.
    Other,
}

impl Solver<'_> {
    /// Fills the template that a call names.
    pub(super) fn render(&mut self, render: &Render, call: &LibraryCall<'_>) {
        if self.project.templates.is_empty() {
            return;
        }
        let mut given = Arguments::default();
        if render.is_pair
            && let [.., key, value] = call.arguments.positional.as_slice()
            && let Some(name) = self.text_of(&key.value).as_text()
        {
            given.named.push((name.clone(), value.clone()));
        } else {
            for operand in &render.values {
                self.take_values(operand, render, call.arguments, &mut given);
            }
        }
        let receiver = call.arguments.receiver.as_ref();
        if let Some(receiver) = receiver.map(|receiver| receiver.value.clone()) {
            for name in &render.members {
                let value = self.load_member(call.span, &receiver, name);
                let argument = Argument { value, slot: None };
                given.named.push((name.clone(), argument));
            }
            for name in &render.spread {
                let value = self.load_member(call.span, &receiver, name);
                self.give(&value, &mut given);
            }
        }
        let mut names: Vec<Option<Name>> = Vec::new();
        for operand in &render.template {
            for argument in self.operands(operand, call.arguments) {
                names.extend(self.names_in(&argument.value).into_iter().map(Some));
            }
        }
        if names.is_empty() {
            names.push(None);
        }
        let (unit, function) = (self.project.unit(self.unit()), self.function());
        for name in names {
            let names = names_of(unit, function, name.as_deref());
            let targets = self.project.templates.named(&names, unit);
            self.fill_templates(call.span, &targets, &given);
        }
    }

    /// Returns what stands for a template that is yet to be filled.
    pub(super) fn template_of(&mut self, call: &LibraryCall<'_>) -> Value {
        let mut object = Object::new(Shape::Record);
        object.ty.clone_from(&call.ty);
        if let Some(name) = call.arguments.positional.first() {
            object
                .fields
                .insert(Name::from(TEMPLATE), name.value.clone());
        }
        self.make(call.span, 0, object)
    }

    fn take_values(
        &mut self,
        operand: &Operand,
        render: &Render,
        arguments: &Arguments,
        given: &mut Arguments,
    ) {
        if *operand == Operand::Named(Name::from("*")) {
            given.named.extend(arguments.named.iter().cloned());
            self.give_rest(arguments.rest.clone(), given);
            return;
        }
        for argument in self.operands(operand, arguments) {
            match &render.root {
                Some(root) => given.named.push((root.clone(), argument)),
                None => self.give(&argument.value, given),
            }
        }
    }

    /// Returns the names of templates that a value is, or that it stands for.
    fn names_in(&self, value: &Value) -> Vec<Name> {
        let value = self.text_of(value);
        let of_object = value.objects.iter().filter_map(|id| {
            let object = self.state.heap.get(*id)?;
            object.fields.get(TEMPLATE)
        });
        let values = of_object.chain([&value]);
        values
            .filter_map(|value| value.as_consts())
            .flatten()
            .filter_map(|constant| match constant {
                Literal::Str(name) => Some(name.clone()),
                _ => None,
            })
            .collect()
    }

    /// Gives a template the members of a value by their names.
    fn give(&self, value: &Value, given: &mut Arguments) {
        let mut add = |name: &Name, value: &Value| {
            let argument = Argument {
                value: value.clone(),
                slot: None,
            };
            given.named.push((name.clone(), argument));
        };
        let mut rest = Vec::new();
        for id in &value.objects {
            let Some(object) = self.state.heap.get(*id) else {
                continue;
            };
            for (name, value) in &object.fields {
                add(name, value);
            }
            rest.push(object.others.clone());
            if let Shape::Map {
                entries,
                rest: more,
            } = &object.shape
            {
                for (key, value) in entries {
                    if let Literal::Str(name) = key {
                        add(name, value);
                    }
                }
                rest.extend(more.iter().map(|(_, value)| value.clone()));
            }
        }
        if value.objects.is_empty() {
            rest.push(value.clone());
        }
        for value in rest {
            self.give_rest(Some(value), given);
        }
    }

    /// Gives a template what any name may stand for, when that is a stranger's.
    fn give_rest(&self, value: Option<Value>, given: &mut Arguments) {
        let Some(value) = value.filter(|value| !value.taint.is_empty()) else {
            return;
        };
        match &mut given.rest {
            Some(rest) => rest.join(&value),
            none => *none = Some(value),
        }
    }

    /// Fills the template that goes by the action which was run.
    pub(super) fn render_implied(&mut self, target: Target) {
        let unit = self.project.unit(target.unit);
        let function = self.project.function(target);
        let Some(name) = self.project.templates.implied(unit, function) else {
            return;
        };
        let receiver = function.params.first();
        let receiver = receiver.filter(|param| param.kind == ParamKind::Receiver);
        let (Some(receiver), Some(returned)) = (receiver, &self.frame().returns) else {
            return;
        };
        self.state.heap = returned.heap.clone();
        self.live = true;
        let mut given = Arguments::default();
        self.give(&self.get(receiver.slot), &mut given);
        let head = unit.text.slice(function.span).lines().next().unwrap_or("");
        let start = function.span.start;
        let span = Span::new(start, start + head.len() as u32);
        let targets = self.project.templates.named(&[name], unit);
        self.fill_templates(span, &targets, &given);
    }

    /// Fills the template that a function names which a library calls, with what its
    /// parameters hold.
    pub(super) fn fill_returned(&mut self, span: Span, value: &Value) {
        let ([frame], false) = (self.frames.as_slice(), self.models.fills.is_empty()) else {
            return;
        };
        if self.project.templates.is_empty() {
            return;
        }
        let (models, function) = (self.models, frame.function);
        let unit = self.project.unit(frame.unit);
        let known = |name: &Name| models.canonical(&self.project.meant(name));
        let around = function.class.map(|class| &unit.classes[class].annotations);
        let all = || {
            function
                .annotations
                .iter()
                .chain(around.into_iter().flatten())
        };
        let mut fills = function.annotations.iter();
        let Some(fills) = fills.find_map(|own| models.fills.get(&known(&own.name))) else {
            return;
        };
        if all().any(|own| fills.not_also.contains(&known(&own.name))) {
            return;
        }
        let mut given = Arguments::default();
        for param in &function.params {
            let ty = param.ty.as_ref().map(|ty| self.lineage(&known(ty)));
            let is_model = |ty: &[Name]| ty.iter().any(|ty| fills.params.contains(ty));
            if ty.is_some_and(|ty| is_model(&ty)) {
                self.give(&self.get(param.slot), &mut given);
            }
        }
        for name in self.names_in(value) {
            let targets = self.project.templates.named(&[name.to_string()], unit);
            self.fill_templates(span, &targets, &given);
        }
    }

    /// Fills a template that another one includes.
    pub(super) fn include(&mut self, span: Span, name: &str, arguments: &Arguments) {
        let unit = self.project.unit(self.unit());
        let targets = self.project.templates.named(&[name.to_owned()], unit);
        self.fill_templates(span, &targets, arguments);
    }

    fn fill_templates(&mut self, span: Span, targets: &[Target], given: &Arguments) {
        let mut given = given.clone();
        given.receiver = None;
        given.positional.clear();
        for (name, argument) in &mut given.named {
            argument.slot = None;
            let what = StepKind::Passed(name.clone());
            self.step(&mut argument.value, span, &what);
        }
        for target in targets {
            let before = self.state.clone();
            match target.function {
                FunctionId::TOP => self.run_script(span, *target, &given),
                _ => {
                    self.invoke(*target, given.clone(), &[], span);
                }
            }
            self.state = before;
            self.live = !self.is_exhausted();
        }
    }

    /// Runs a script that is a template with what it is given as its variables.
    fn run_script(&mut self, span: Span, target: Target, given: &Arguments) {
        let recursions = self.frames.iter().filter(|f| f.unit == target.unit).count();
        if self.frames.len() >= DEPTH_MAX || recursions > 0 {
            self.cuts += 1;
            return;
        }
        let variables = given.named.iter();
        let mut variables: BTreeMap<Name, Value> = variables
            .map(|(name, argument)| {
                let mut value = argument.value.clone();
                // As with templates: records are the program's.
                value.set_taint(value.taint.without_unknown());
                (name.clone(), value)
            })
            .collect();
        self.run_module(span, target, &Arguments::default(), &mut variables);
    }

    /// Reports what is dangerous where a template puts it out as it is, and takes
    /// notice of what is not.
    pub(super) fn put_out(&mut self, span: Span, value: &Value, how: &Name) {
        // What a stranger's key was looked up with is a record, which the program keeps:
        // what is said of templates without dataflow is said of it.
        let taint = self.state.heap.content_taint(&self.text_of(value));
        let mut sure = Value::unknown().with_taint(taint.without_unknown());
        sure.prefix.clone_from(&value.prefix);
        let kind = if &**how == SENT_ON { "redirect" } else { "xss" };
        let kind = KINDS.iter().position(|known| known.0 == kind).unwrap_or(0);
        self.sink_value(kind, &sure, &**how == SENT_ON, (span, &**how));
        let seen = match self.is_own(value) {
            true => Seen::Own,
            false => Seen::Other,
        };
        let unit = self.unit();
        let known = self.put_out.entry((unit, span)).or_insert(seen);
        *known = (*known).max(seen);
    }

    /// Returns whether a value is what the program itself wrote: constants and
    /// numbers.
    fn is_own(&self, value: &Value) -> bool {
        let value = self.text_of(value);
        let taint = self.state.heap.content_taint(&value);
        if !taint.kinds().and(Kinds::PAGE).is_empty() {
            return false;
        }
        let is_constant = match &value.consts {
            Consts::Few(few) => {
                !few.is_empty() && few.iter().all(|constant| *constant != Literal::Null)
            }
            Consts::Any => false,
        };
        is_constant && value.objects.is_empty() || value.ty.as_deref().is_some_and(is_number)
    }
}
