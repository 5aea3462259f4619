//! Functions that are called like methods of a type that does not have them:
//! extension methods of C#, Kotlin and Scala, and in modules of Ruby and traits of
//! PHP what only those have that take them in.

use crate::extract::plan::Family;
use crate::facts::{DefinitionKind, Expression, ExpressionId, LocalId, Usage};
use crate::graph::Certainty;
use crate::name::Name;
use crate::resolve::evaluate::{Evaluation, Standing, Value};
use crate::resolve::known::is_everywhere;
use crate::resolve::overload::{is_variable, takes};

/// So many classes that take a module in are looked at.
const USERS_MAX: usize = 64;
/// A module is taken in by way of so many others at most.
const DEPTH_MAX: usize = 4;

/// Methods of LINQ and of texts: what every collection has says nothing.
const OF_LIBRARIES: &[&str] = &[
    "Aggregate",
    "Any",
    "Concat",
    "Contains",
    "Count",
    "Distinct",
    "EndsWith",
    "Except",
    "FindIndex",
    "IndexOf",
    "Join",
    "Last",
    "LastOrDefault",
    "Max",
    "Min",
    "OrderByDescending",
    "Query",
    "Replace",
    "Select",
    "SelectMany",
    "Skip",
    "Split",
    "StartsWith",
    "Substring",
    "Sum",
    "Take",
    "ToArray",
    "ToDictionary",
    "ToHashSet",
    "ToLower",
    "ToString",
    "ToUpper",
    "Trim",
    "Zip",
];

/// Finds the functions that a call means which no type has for itself.
pub(crate) fn extensions(
    evaluation: &mut Evaluation<'_, '_>,
    usage: &Usage,
    value: Value,
) -> Option<(Vec<u32>, Certainty)> {
    match (evaluation.source(evaluation.file).family, value) {
        (Family::Jvm, Value::External | Value::Holder(_)) => Some((
            vec![extension_of_library(evaluation, usage)?],
            Certainty::ByName,
        )),
        (Family::CSharp, _) => of_first_parameter(evaluation, usage),
        (Family::Php | Family::Ruby, Value::Unknown) => of_users(evaluation, usage),
        _ => None,
    }
}

/// Kotlin and Scala: the only function of a name that adds to a type of a library
/// (`fun String.encoded()`).
fn extension_of_library(evaluation: &Evaluation<'_, '_>, usage: &Usage) -> Option<u32> {
    let index = evaluation.index;
    let file = evaluation.source(evaluation.file);
    let Expression::Member(_, name) = file.facts.expression(usage.target) else {
        return None;
    };
    let mut found = index
        .by_name
        .get(&file.names[name.index()])?
        .iter()
        .copied()
        .filter(|id| {
            let definition = index.definition(*id);
            definition.kind == DefinitionKind::Method
                && definition.owner != ExpressionId::UNKNOWN
                && !index.owner.contains_key(id)
        });
    found.next().filter(|_| found.next().is_none())
}

/// C#: `static void f(this A a)` is called as `a.f()`.
fn of_first_parameter(
    evaluation: &mut Evaluation<'_, '_>,
    usage: &Usage,
) -> Option<(Vec<u32>, Certainty)> {
    let index = evaluation.index;
    let file = evaluation.source(evaluation.file);
    let Expression::Member(object, name) = file.facts.expression(usage.target) else {
        return None;
    };
    let candidates = index.extensions.get(&file.names[name.index()])?;
    let fitting: Vec<u32> = candidates
        .iter()
        .copied()
        .filter(|&id| takes(index, id, usage.arguments as usize))
        .collect();
    let value = evaluation.evaluate(object, usage.within, usage.place.start);
    let value = evaluation.settled(
        value,
        Standing::new(evaluation.file, usage.within, usage.place.start),
    );
    let class = match value {
        Value::Instance(class) => Some(class),
        Value::External | Value::Holder(_) | Value::Unknown => None,
        _ => return None,
    };
    let line = class.map(|class| index.lineage(class));
    let text = file.facts.text(name);
    let is_common = is_everywhere(text) || OF_LIBRARIES.contains(&text);
    let found: Vec<u32> = fitting
        .into_iter()
        .filter(|&id| match (extended(evaluation, id), &line) {
            (Value::Definition(extended), Some(line)) => line.contains(&extended),
            // A parameter of a generic type takes anything.
            (extended, Some(_)) => extended == Value::Unknown && !is_common,
            // What a library gives is of no type of the repository.
            (Value::Definition(_), None) => value == Value::Unknown && !is_common,
            (_, None) => !is_common,
        })
        .collect();
    let certainty = match (found.len(), class) {
        (0, _) => return None,
        (1, Some(_)) => Certainty::Resolved,
        (1, None) => Certainty::ByName,
        _ => Certainty::Ambiguous,
    };
    Some((found, certainty))
}

/// Returns the type that an extension method of C# adds to.
fn extended(evaluation: &mut Evaluation<'_, '_>, id: u32) -> Value {
    let index = evaluation.index;
    let file = index.file_of(id);
    let source = &index.graph.files[file as usize];
    let definition = index.definition(id);
    let Some(&written) = source.facts.supers_of(definition).first() else {
        return Value::Unknown;
    };
    if source.facts.path(written).is_some_and(is_variable) {
        return Value::Unknown;
    }
    let scope = LocalId(id - source.base);
    evaluation.begin();
    evaluation.value(written, Standing::new(file, scope, definition.start))
}

/// What a module or trait calls on its own object and does not have: a method that
/// all have that take it in.
fn of_users(evaluation: &mut Evaluation<'_, '_>, usage: &Usage) -> Option<(Vec<u32>, Certainty)> {
    let file = evaluation.source(evaluation.file);
    let is_this = |object| file.facts.expression(object) == Expression::This;
    let name = match file.facts.expression(usage.target) {
        Expression::Name(name) if file.family == Family::Ruby => name,
        Expression::Member(object, name) if is_this(object) => name,
        _ => return None,
    };
    if file.facts.is_local(name, usage.within) && usage.arguments == 0 {
        return None;
    }
    let name = file.names[name.index()];
    let index = evaluation.index;
    let mut module = file.base + usage.within.0;
    while !matches!(
        index.kind(module),
        DefinitionKind::Interface | DefinitionKind::Module
    ) {
        let kind = index.kind(module);
        if matches!(kind, DefinitionKind::File | DefinitionKind::Class)
            || kind.is_callable() && index.definition(module).is_static
        {
            return None;
        }
        module = index.container(module);
    }
    let mut users = vec![index.first_part(module)];
    let mut from = 0;
    for _ in 0..DEPTH_MAX {
        let to = users.len();
        for at in from..to {
            for &user in index.users.get(&users[at]).into_iter().flatten() {
                if users.len() < USERS_MAX && !users.contains(&user) {
                    users.push(user);
                }
            }
        }
        from = to;
    }
    let found = |class: u32, name: Name| match file.family {
        Family::Ruby => index.ruby_method_of(class, name),
        _ => index
            .type_member(class, name)
            .0
            .filter(|&id| index.kind(id).is_callable()),
    };
    let mut methods = Vec::new();
    for &user in users.iter().skip(1) {
        // A module between says nothing by what it lacks.
        if let Some(method) = found(user, name)
            && !methods.contains(&method)
        {
            methods.push(method);
        }
    }
    match methods.len() {
        0 => None,
        1 => Some((methods, Certainty::Resolved)),
        _ => Some((methods, Certainty::Ambiguous)),
    }
}
