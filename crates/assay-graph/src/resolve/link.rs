//! From uses to edges, and how sure each of them is.

use crate::extract::plan::Family;
use crate::extract::ruby::camel_case;
use crate::facts::{DefinitionKind, Expression, ExpressionId, LocalId, Usage, UsageKind};
use crate::graph::{
    Certainty, DefinitionId, Edge, EdgeKind, EntryPoint, FileId, ImportTarget, Outcome,
};
use crate::name::Name;
use crate::resolve::evaluate::{Evaluation, Value};
use crate::resolve::extension::extensions;
use crate::resolve::index::{CONSTRUCTOR, Index};
use crate::resolve::known::is_everywhere;
use crate::resolve::overload::overloads;

/// A name that more definitions share says nothing about which is meant.
const CANDIDATES_MAX: usize = 8;

/// What came of the uses of one file.
pub(crate) struct Linked {
    pub(crate) edges: Vec<Edge>,
    pub(crate) outcomes: Vec<Outcome>,
    pub(crate) imports: Vec<ImportTarget>,
    pub(crate) entries: Vec<EntryPoint>,
}

/// Looks up every use of a file.
pub(crate) fn link(evaluation: &mut Evaluation<'_, '_>) -> Linked {
    let file = evaluation.source(evaluation.file);
    let mut linked = Linked {
        edges: Vec::new(),
        outcomes: Vec::with_capacity(file.facts.usages.len()),
        imports: Vec::with_capacity(file.facts.imports.len()),
        entries: Vec::new(),
    };
    for usage in &file.facts.usages {
        let outcome = link_usage(evaluation, usage, &mut linked.edges);
        linked.outcomes.push(outcome);
    }
    for import in &file.facts.imports {
        let target = match evaluation.import_target(import) {
            Value::Definition(id) | Value::Instance(id) => {
                ImportTarget::Definition(DefinitionId(id))
            }
            Value::Package(_) => ImportTarget::Package,
            Value::External => ImportTarget::External,
            Value::Unknown | Value::Holder(_) | Value::Parent(_) => ImportTarget::Unknown,
        };
        linked.imports.push(target);
    }
    for entry in &file.facts.entries {
        let value = evaluation.evaluate(entry.handler, entry.within, u32::MAX);
        let handler = match value {
            Value::Definition(id) | Value::Instance(id) => id,
            _ => handler_by_name(evaluation, entry.handler).unwrap_or(file.base + entry.within.0),
        };
        linked.entries.push(EntryPoint {
            kind: entry.kind,
            label: file.facts.text(entry.label).to_owned(),
            handler: DefinitionId(handler),
            file: FileId(evaluation.file),
            place: entry.place,
        });
    }
    linked
}

/// Routes of Rails name controllers without the modules around them: the only
/// class of the name is meant, or its method.
fn handler_by_name(evaluation: &mut Evaluation<'_, '_>, handler: ExpressionId) -> Option<u32> {
    let index = evaluation.index;
    let file = evaluation.source(evaluation.file);
    if file.family != Family::Ruby {
        return None;
    }
    let (class, method) = match file.facts.expression(handler) {
        Expression::Name(class) => (class, None),
        Expression::Member(object, method) => match file.facts.expression(object) {
            Expression::Name(class) => (class, Some(method)),
            _ => return None,
        },
        _ => return None,
    };
    let mut classes = index
        .by_name
        .get(&file.names[class.index()])?
        .iter()
        .filter(|&&id| index.kind(id).is_type());
    let (&class, None) = (classes.next()?, classes.next()) else {
        return None;
    };
    let method = method.and_then(|name| index.type_member(class, file.names[name.index()]).0);
    Some(method.unwrap_or(class))
}

fn link_usage(
    evaluation: &mut Evaluation<'_, '_>,
    usage: &Usage,
    edges: &mut Vec<Edge>,
) -> Outcome {
    let file = evaluation.source(evaluation.file);
    let value = evaluation.evaluate(usage.target, usage.within, usage.place.start);
    let value = match (usage.kind, value) {
        (UsageKind::New, Value::Parent(_) | Value::Instance(_)) => value,
        (UsageKind::New, value) => evaluation.settled_type(value),
        (_, value) => value,
    };
    let kind = match usage.kind {
        UsageKind::Call => EdgeKind::Call,
        UsageKind::New => EdgeKind::New,
        UsageKind::Mention => EdgeKind::Mention,
    };
    let mut add = |to: u32, certainty: Certainty| {
        let edge = Edge {
            from: DefinitionId(file.base + usage.within.0),
            to: DefinitionId(to),
            kind,
            certainty,
            place: usage.place,
        };
        // What a definition says of itself is no edge, but a call is.
        if edge.from != edge.to || kind == EdgeKind::Call {
            edges.push(edge);
        }
    };
    let is_own = matches!(value, Value::Definition(_) | Value::Package(_));
    if usage.kind == UsageKind::Call
        && !is_own
        && let Some((found, certainty)) = extensions(evaluation, usage, value)
    {
        for to in found.into_iter().take(CANDIDATES_MAX) {
            add(to, certainty);
        }
        return Outcome::Found(certainty);
    }
    let index = evaluation.index;
    let found = match value {
        Value::Definition(id) => called(evaluation, id, usage),
        // The constructor of the own type, or of the parent.
        Value::Instance(class) if usage.kind == UsageKind::New => {
            constructor(evaluation, class, usage)
        }
        Value::Parent(class) if usage.kind == UsageKind::New => index
            .parents
            .get(&class)
            .and_then(|(parents, _)| parents.first())
            .map_or_else(Vec::new, |&parent| constructor(evaluation, parent, usage)),
        Value::External | Value::Holder(_) | Value::Parent(_) => return Outcome::External,
        Value::Package(_) => return Outcome::Unknown,
        Value::Unknown | Value::Instance(_) => {
            return match usage.kind {
                UsageKind::Mention => Outcome::Unknown,
                _ => by_name(evaluation, usage, &mut add),
            };
        }
    };
    match found.as_slice() {
        [] => Outcome::External,
        [only] => {
            add(*only, Certainty::Resolved);
            Outcome::Found(Certainty::Resolved)
        }
        several => {
            for &to in several.iter().take(CANDIDATES_MAX) {
                add(to, Certainty::Ambiguous);
            }
            Outcome::Found(Certainty::Ambiguous)
        }
    }
}

/// Returns what runs when a definition is called, or the definition itself when
/// it is only named.
fn called(evaluation: &mut Evaluation<'_, '_>, id: u32, usage: &Usage) -> Vec<u32> {
    let index = evaluation.index;
    let kind = index.kind(id);
    if usage.kind == UsageKind::Mention {
        // A file that is named is no use of what is in it.
        return match kind {
            DefinitionKind::File | DefinitionKind::Module => Vec::new(),
            _ => vec![id],
        };
    }
    match kind {
        kind if kind.is_type() => constructor(evaluation, id, usage),
        kind if kind.is_callable() => overloads(evaluation, id, usage),
        DefinitionKind::Variable | DefinitionKind::Alias | DefinitionKind::File => {
            called_through(evaluation, id, usage)
        }
        _ => vec![id],
    }
}

/// Follows variables, other names and modules that are called as a whole
/// (`const a = require("b"); a()`) to what runs.
fn called_through(evaluation: &mut Evaluation<'_, '_>, id: u32, usage: &Usage) -> Vec<u32> {
    /// From a name over some modules to the function.
    const STEPS_MAX: usize = 8;
    let index = evaluation.index;
    let mut at = id;
    for _ in 0..STEPS_MAX {
        let next = match index.kind(at) {
            DefinitionKind::File => index.whole(at),
            kind if kind.is_type() => return constructor(evaluation, at, usage),
            kind if kind.is_callable() => return overloads(evaluation, at, usage),
            _ => match evaluation.settled_type(Value::Definition(at)) {
                Value::Definition(other) if other != at => Some(other),
                _ => None,
            },
        };
        match next {
            Some(next) => at = next,
            None => break,
        }
    }
    // What a variable holds is not known: it is the variable that is called.
    match index.kind(at) {
        DefinitionKind::File => Vec::new(),
        _ => vec![at],
    }
}

/// Returns the constructors of a type that take so many arguments; the type when
/// it has none.
fn constructor(evaluation: &mut Evaluation<'_, '_>, class: u32, usage: &Usage) -> Vec<u32> {
    let index = evaluation.index;
    let file = &index.graph.files[index.file_of(class) as usize];
    let is_inherited = matches!(
        file.family,
        Family::Python | Family::Script | Family::Php | Family::Ruby
    );
    let found = match is_inherited {
        true => index.type_member(class, CONSTRUCTOR).0,
        false => index
            .parts(class)
            .into_iter()
            .find_map(|part| index.member(part, CONSTRUCTOR)),
    };
    match found {
        Some(found) => overloads(evaluation, found, usage),
        None => vec![class],
    }
}

/// Looks for definitions of the name alone, where what it is called on is not
/// known.
fn by_name(
    evaluation: &Evaluation<'_, '_>,
    usage: &Usage,
    add: &mut impl FnMut(u32, Certainty),
) -> Outcome {
    let index = evaluation.index;
    let file = evaluation.source(evaluation.file);
    let (name, has_object) = match file.facts.expression(usage.target) {
        Expression::Name(name) => (name, false),
        Expression::Member(_, name) => (name, true),
        _ => return Outcome::Unknown,
    };
    // A local name that holds something unknown is no function of that name.
    if !has_object && file.facts.is_local(name, usage.within) {
        return Outcome::Unknown;
    }
    if let Some(found) = by_name_of_object(evaluation, usage, file.names[name.index()]) {
        add(found, Certainty::ByName);
        return Outcome::Found(Certainty::ByName);
    }
    // `unwrap`, `get`, `clone`: what every library has says nothing.
    if has_object && is_everywhere(file.facts.text(name)) {
        return Outcome::Unknown;
    }
    // Who takes a module of Ruby in is not known; outside of classes and modules
    // only what is outside as well is called.
    let is_inside = file.family == Family::Ruby && usage.within != LocalId::FILE;
    let name = file.names[name.index()];
    let Some(all) = index.by_name.get(&name) else {
        return Outcome::External;
    };
    let candidates: Vec<u32> = all
        .iter()
        .copied()
        .filter(|&id| {
            let other = &index.graph.files[index.file_of(id) as usize];
            let kind = index.kind(id);
            let is_member = index.type_of(id).is_some();
            let fits = match has_object {
                true => is_member && kind.is_callable(),
                false => !is_member || is_inside && kind.is_callable(),
            };
            // What a test has for itself is not meant elsewhere.
            let is_near = !other.is_test || index.file_of(id) == evaluation.file;
            fits && is_near && other.family == file.family
        })
        .take(CANDIDATES_MAX + 1)
        .collect();
    match candidates.as_slice() {
        [] => Outcome::Unknown,
        [only] => {
            add(*only, Certainty::ByName);
            Outcome::Found(Certainty::ByName)
        }
        several if several.len() <= CANDIDATES_MAX => {
            for &to in several {
                add(to, Certainty::Ambiguous);
            }
            Outcome::Found(Certainty::Ambiguous)
        }
        _ => Outcome::Unknown,
    }
}

/// Ruby: the method of the class that what it is called on is named after
/// (`line_item.total`).
fn by_name_of_object(evaluation: &Evaluation<'_, '_>, usage: &Usage, name: Name) -> Option<u32> {
    let file = evaluation.source(evaluation.file);
    if file.family != Family::Ruby {
        return None;
    }
    let Expression::Member(object, _) = file.facts.expression(usage.target) else {
        return None;
    };
    let mut said = file.facts.expression(object);
    if let Expression::Call(callee, 0) = said {
        said = file.facts.expression(callee);
    }
    let (Expression::Name(said) | Expression::Member(_, said)) = said else {
        return None;
    };
    let said = file.facts.text(said).trim_start_matches('@');
    if said.starts_with(char::is_uppercase) {
        return None;
    }
    let class = evaluation.index.graph.names.find(&camel_case(said))?;
    evaluation.index.ruby_method_of_named(class, name)
}

/// Returns the edges from types to their parents, and from methods to those
/// that they are there in place of.
pub(crate) fn inherited(index: &Index<'_>) -> Vec<Edge> {
    let mut classes: Vec<(&u32, &(Vec<u32>, bool))> = index.parents.iter().collect();
    classes.sort_unstable_by_key(|(class, _)| **class);
    let mut edges = Vec::new();
    for (&class, (parents, _)) in classes {
        let place = index.definition(class).place;
        for &parent in parents {
            edges.push(Edge {
                from: DefinitionId(class),
                to: DefinitionId(parent),
                kind: EdgeKind::Inherit,
                certainty: Certainty::Resolved,
                place,
            });
        }
    }
    for id in 0..index.graph.file_of.len() as u32 {
        let definition = index.definition(id);
        if definition.kind != DefinitionKind::Method {
            continue;
        }
        let Some(class) = index.type_of(id) else {
            continue;
        };
        let file = &index.graph.files[index.file_of(id) as usize];
        let name = file.names[definition.name.index()];
        let (Some(overridden), _) = index.parent_member(class, name) else {
            continue;
        };
        if index.kind(overridden).is_callable() && overridden != id {
            edges.push(Edge {
                from: DefinitionId(id),
                to: DefinitionId(overridden),
                kind: EdgeKind::Override,
                certainty: Certainty::Resolved,
                place: definition.place,
            });
        }
    }
    edges
}
