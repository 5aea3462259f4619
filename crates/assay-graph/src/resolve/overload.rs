//! Which of several functions of one name a call means: those that take so many
//! arguments, and of these the one whose parameters fit the types best.
//!
//! Types are compared as far as they are known: a literal, a declared variable, a
//! new value, the result of a method. What is not known rules nothing out, and
//! where it could decide, all that fit are named.

use crate::extract::argument::{FUNCTION, NOTHING};
use crate::extract::plan::Family;
use crate::facts::{Definition, DefinitionKind, Expression, ExpressionId, LocalId, Usage};
use crate::resolve::evaluate::{Evaluation, Spoken, Standing, Value};
use crate::resolve::index::{CONSTRUCTOR, Index};

/// A type is looked for through so many names and calls.
const DEPTH_MAX: u32 = 12;
/// Only so many functions of one name are compared.
const CANDIDATES_MAX: usize = 64;

/// What is known of the type of an argument or parameter.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Type<'g> {
    Unknown,
    /// `null`
    Nothing,
    /// A lambda, or the name of a method.
    Function,
    /// A parameter of a generic type: takes any object.
    Variable,
    Array(Box<Type<'g>>),
    Class(u32),
    /// Of a library or of the language, by its bare name.
    Other(&'g str),
}

/// Returns the definitions of the same name in the same place that a call may
/// mean.
pub(crate) fn overloads(evaluation: &mut Evaluation<'_, '_>, id: u32, usage: &Usage) -> Vec<u32> {
    let index = evaluation.index;
    let family = index.graph.files[index.file_of(id) as usize].family;
    let has_overloads = matches!(
        family,
        Family::Jvm | Family::CSharp | Family::C | Family::Other
    );
    if !has_overloads {
        return vec![id];
    }
    let all = of_one_name(index, id);
    if all.len() < 2 {
        return vec![id];
    }
    let exact: Vec<u32> = all
        .iter()
        .copied()
        .filter(|&id| takes(index, id, usage.arguments as usize))
        .collect();
    let mut fitting = if exact.is_empty() { all } else { exact };
    // A declaration and its definition are one function.
    if family != Family::Jvm {
        let has_body = |id: &u32| !index.definition(*id).is_abstract;
        if fitting.iter().any(has_body) {
            fitting.retain(has_body);
        }
    }
    if fitting.len() > 1 && fitting.len() <= CANDIDATES_MAX && usage.given.0 < usage.given.1 {
        fitting = evaluation.by_arguments(fitting, usage);
    }
    fitting
}

/// Returns the functions of the name of one that are called like it: those
/// beside it, and those of the parents that none of these stands in for.
fn of_one_name(index: &Index<'_>, id: u32) -> Vec<u32> {
    let file = &index.graph.files[index.file_of(id) as usize];
    let is_constructor = index.kind(id) == DefinitionKind::Constructor;
    let name = match is_constructor {
        true => CONSTRUCTOR,
        false => file.names[index.definition(id).name.index()],
    };
    let callable = |scope: u32| {
        index
            .members(scope, name)
            .filter(|&other| index.kind(other).is_callable())
    };
    let mut all: Vec<u32> = Vec::new();
    let Some(class) = index.type_of(id) else {
        for part in index.parts(index.container(id)) {
            all.extend(callable(part));
        }
        all.sort_unstable();
        all.dedup();
        return all;
    };
    let inherits = !is_constructor && matches!(file.family, Family::Jvm | Family::CSharp);
    let line = match inherits {
        true => index.lineage(class),
        false => index.parts(class),
    };
    for class in line {
        let known = all.len();
        for other in callable(class) {
            let is_overridden = all[..known]
                .iter()
                .any(|&nearer| parameter_types(index, nearer).eq(parameter_types(index, other)));
            if !is_overridden && !all.contains(&other) {
                all.push(other);
            }
        }
    }
    all.sort_unstable();
    all
}

fn parameter_types<'g>(index: &Index<'g>, id: u32) -> impl Iterator<Item = &'g str> + use<'g> {
    let facts = &index.graph.files[index.file_of(id) as usize].facts;
    facts
        .parameters_of(index.definition(id))
        .iter()
        .map(|parameter| head(facts.text(parameter.type_text)))
}

/// Returns whether a function takes so many arguments.
pub(crate) fn takes(index: &Index<'_>, id: u32, count: usize) -> bool {
    let facts = &index.graph.files[index.file_of(id) as usize].facts;
    let parameters = facts.parameters_of(index.definition(id));
    let needed = parameters
        .iter()
        .filter(|parameter| !parameter.is_optional && !parameter.is_variadic)
        .count();
    let is_variadic = parameters.iter().any(|parameter| parameter.is_variadic);
    needed <= count && (is_variadic || count <= parameters.len())
}

/// Returns the bare name of a written type: without what is before its last
/// point, its arguments and its annotations.
fn head(text: &str) -> &str {
    let text = text.trim();
    let text = text.strip_prefix("final ").unwrap_or(text).trim_start();
    let text = match text.strip_prefix('@') {
        Some(annotated) => annotated.split_once(' ').map_or("", |(_, rest)| rest),
        None => text,
    };
    let end = text
        .find(|c: char| {
            matches!(c, '<' | '[' | ' ' | '?' | '!') || c == '.' && text.contains("...")
        })
        .unwrap_or(text.len());
    let path = &text[..end];
    path.rsplit('.').next().unwrap_or(path)
}

/// Returns how many array brackets a written type has.
fn brackets(text: &str) -> usize {
    let outer = text.rsplit('>').next().unwrap_or(text);
    outer.matches('[').count()
}

/// Returns whether a name is one of a parameter of a generic type.
pub(crate) fn is_variable(name: &str) -> bool {
    let mut letters = name.chars();
    letters
        .next()
        .is_some_and(|first| first.is_ascii_uppercase())
        && letters.all(|rest| rest.is_ascii_digit())
}

/// Returns the common name of a simple type, which has another one in each
/// language and, on the JVM, one for its objects.
fn simple(name: &str) -> Option<(&'static str, bool)> {
    Some(match name {
        "boolean" | "bool" => ("boolean", true),
        "byte" => ("byte", true),
        "char" => ("char", true),
        "short" => ("short", true),
        "int" => ("int", true),
        "long" => ("long", true),
        "float" => ("float", true),
        "double" => ("double", true),
        "Boolean" => ("boolean", false),
        "Byte" => ("byte", false),
        "Character" | "Char" => ("char", false),
        "Short" => ("short", false),
        "Integer" | "Int" => ("int", false),
        "Long" => ("long", false),
        "Float" => ("float", false),
        "Double" => ("double", false),
        _ => return None,
    })
}

/// How far a number goes without a cast: `byte` to `double`.
fn width(name: &str) -> Option<u32> {
    const WIDTHS: &[&str] = &["byte", "short", "int", "long", "float", "double"];
    match name {
        "char" => Some(1),
        name => (0..)
            .zip(WIDTHS)
            .find_map(|(at, one)| (*one == name).then_some(at)),
    }
}

/// Types from which nothing else is derived.
fn is_final(name: &str) -> bool {
    simple(name).is_some() || matches!(name, "String" | "string" | "Class" | "Type")
}

/// Types of the language's library with those that they are, the nearest first.
const DERIVED: &[(&str, &[&str])] = &[
    ("String", &["CharSequence", "Comparable", "Serializable"]),
    ("StringBuilder", &["CharSequence", "Appendable"]),
    ("StringWriter", &["Writer", "Appendable", "Closeable"]),
    ("StringReader", &["Reader", "Readable", "Closeable"]),
    ("InputStreamReader", &["Reader", "Readable", "Closeable"]),
    ("ByteArrayInputStream", &["InputStream", "Closeable"]),
    ("ByteArrayOutputStream", &["OutputStream", "Closeable"]),
    ("ArrayList", &["List", "Collection", "Iterable"]),
    (
        "LinkedList",
        &["List", "Deque", "Queue", "Collection", "Iterable"],
    ),
    ("List", &["Collection", "Iterable"]),
    ("HashSet", &["Set", "Collection", "Iterable"]),
    ("LinkedHashSet", &["Set", "Collection", "Iterable"]),
    ("TreeSet", &["SortedSet", "Set", "Collection", "Iterable"]),
    ("Set", &["Collection", "Iterable"]),
    ("Collection", &["Iterable"]),
    ("HashMap", &["Map"]),
    ("LinkedHashMap", &["HashMap", "Map"]),
    ("TreeMap", &["SortedMap", "Map"]),
    ("ConcurrentHashMap", &["ConcurrentMap", "Map"]),
    ("BigDecimal", &["Number", "Comparable"]),
    ("BigInteger", &["Number", "Comparable"]),
    ("Method", &["Executable", "Member", "AnnotatedElement"]),
    ("Constructor", &["Executable", "Member", "AnnotatedElement"]),
    ("Field", &["Member", "AnnotatedElement"]),
    ("Class", &["Type", "GenericDeclaration", "AnnotatedElement"]),
    ("ParameterizedType", &["Type"]),
];

/// The cost of a parameter that takes the argument as what it is.
const EXACT: u32 = 0;
/// The cost of one that takes an object of a simple type, or the other way.
const BOXED: u32 = 40;
/// The cost of one that takes every object.
const ANYTHING: u32 = 30;
/// The cost of one of which it is not known whether it takes the argument.
const PERHAPS: u32 = 20;
/// The cost of one that takes any number of arguments.
const VARIADIC: u32 = 60;

impl<'g> Evaluation<'_, 'g> {
    /// Leaves those functions that the types of the arguments fit, and only the
    /// best where it is known.
    fn by_arguments(&mut self, fitting: Vec<u32>, usage: &Usage) -> Vec<u32> {
        let facts = &self.source(self.file).facts;
        let here = Standing::new(self.file, usage.within, usage.place.start);
        let arguments: Vec<Type<'g>> = facts
            .arguments_of(usage)
            .iter()
            .map(|&argument| {
                self.begin();
                self.type_of_value(argument, here)
            })
            .collect();
        let rows: Vec<(u32, Vec<Type<'g>>, Vec<u32>)> = fitting
            .iter()
            .filter_map(|&id| {
                let (parameters, is_variadic) = self.parameter_row(id, arguments.len());
                let mut costs = Vec::with_capacity(arguments.len() + 1);
                for (argument, parameter) in arguments.iter().zip(&parameters) {
                    costs.push(self.cost(argument, parameter)?);
                }
                costs.push(if is_variadic { VARIADIC } else { EXACT });
                Some((id, parameters, costs))
            })
            .collect();
        match rows.as_slice() {
            [] => return fitting,
            [(only, ..)] => return vec![*only],
            _ => {}
        }
        // Where an unknown argument could decide, nothing is decided.
        let decides = (0..arguments.len()).any(|at| {
            let column = |row: &(u32, Vec<Type<'g>>, Vec<u32>)| row.1.get(at).cloned();
            arguments[at] == Type::Unknown && rows.iter().any(|row| column(row) != column(&rows[0]))
        });
        let best = rows.iter().find(|(id, _, costs)| {
            let is_known = !costs.contains(&PERHAPS);
            let beats = |other: &[u32]| {
                costs.iter().zip(other).all(|(own, other)| own <= other) && *costs != other
            };
            is_known && rows.iter().all(|(other, _, row)| other == id || beats(row))
        });
        match best.filter(|_| !decides) {
            Some((best, ..)) => vec![*best],
            None => rows.into_iter().map(|(id, ..)| id).collect(),
        }
    }

    /// Returns the types of the parameters that so many arguments are given to,
    /// and whether the last ones stand for any number.
    fn parameter_row(&mut self, id: u32, count: usize) -> (Vec<Type<'g>>, bool) {
        let file = self.index.file_of(id);
        let facts = &self.source(file).facts;
        let definition = self.index.definition(id);
        let parameters = facts.parameters_of(definition);
        let last = parameters.last();
        let is_variadic = last.is_some_and(|last| last.is_variadic);
        let scope = LocalId(id - self.source(file).base);
        let row = (0..count)
            .map(|at| match parameters.get(at).or(last) {
                Some(parameter) => {
                    self.begin();
                    let text = facts.text(parameter.type_text);
                    self.written(text, Standing::new(file, scope, definition.start))
                }
                None => Type::Unknown,
            })
            .collect();
        (row, is_variadic)
    }

    /// Returns the type that a text writes.
    fn written(&mut self, text: &'g str, here: Standing) -> Type<'g> {
        let name = head(text);
        let mut of = self.named(name, here);
        for _ in 0..brackets(text).min(4) {
            of = Type::Array(Box::new(of));
        }
        of
    }

    fn named(&mut self, name: &'g str, here: Standing) -> Type<'g> {
        match name {
            "" | "var" | "val" | "dynamic" => return Type::Unknown,
            NOTHING => return Type::Nothing,
            FUNCTION => return Type::Function,
            name if is_variable(name) => return Type::Variable,
            _ => {}
        }
        let found = match self.index.graph.names.find(name) {
            Some(known) => self.name(Spoken::defined(known), here.of_type()),
            None => Value::External,
        };
        match found {
            Value::Definition(id) if self.index.kind(id).is_type() => Type::Class(id),
            Value::Definition(_) => Type::Unknown,
            _ => Type::Other(name),
        }
    }

    /// Returns the type of an expression.
    fn type_of_value(&mut self, id: ExpressionId, here: Standing) -> Type<'g> {
        if here.depth > DEPTH_MAX {
            return Type::Unknown;
        }
        let here = here.deeper();
        let file = self.source(here.file);
        match file.facts.expression(id) {
            Expression::Instance(written) | Expression::New(written, _) => {
                self.type_of_written(written, here)
            }
            Expression::Name(name) => self.type_of_name(Spoken::of(file, name), id, here),
            Expression::Member(..) => match self.value(id, here) {
                Value::Definition(found) => self.type_of_definition(found, here),
                _ => Type::Unknown,
            },
            Expression::Call(callee, _) => match self.value(callee, here) {
                Value::Definition(found) if self.index.kind(found).is_type() => Type::Class(found),
                Value::Definition(found) => self.type_of_definition(found, here),
                _ => Type::Unknown,
            },
            Expression::This => match self.value(id, here) {
                Value::Instance(class) => Type::Class(class),
                _ => Type::Unknown,
            },
            Expression::Element(held) => match self.type_of_value(held, here) {
                Type::Array(element) => *element,
                _ => Type::Unknown,
            },
            _ => Type::Unknown,
        }
    }

    fn type_of_written(&mut self, written: ExpressionId, here: Standing) -> Type<'g> {
        if here.depth > DEPTH_MAX {
            return Type::Unknown;
        }
        let here = here.deeper();
        let facts = &self.source(here.file).facts;
        match facts.expression(written) {
            Expression::Generic(ExpressionId::UNKNOWN, element) => {
                Type::Array(Box::new(self.type_of_written(element, here)))
            }
            Expression::Generic(base, _) => self.type_of_written(base, here),
            Expression::Name(name) => self.named(facts.text(name), here),
            Expression::Member(_, name) => match self.value(written, here) {
                Value::Definition(id) if self.index.kind(id).is_type() => Type::Class(id),
                Value::External => Type::Other(facts.text(name)),
                _ => Type::Unknown,
            },
            _ => Type::Unknown,
        }
    }

    /// Returns the type of what a name stands for: a local one as it was
    /// declared, else what is defined.
    fn type_of_name(&mut self, name: Spoken, id: ExpressionId, here: Standing) -> Type<'g> {
        let base = self.source(here.file).base;
        let mut scope = here.scope;
        while scope != LocalId::FILE {
            if let Some(binding) = self.binding(name, scope, here) {
                if binding.value == ExpressionId::UNKNOWN {
                    return Type::Unknown;
                }
                let there = Standing {
                    scope,
                    at: binding.from,
                    ..here
                };
                return self.type_of_value(binding.value, there);
            }
            scope = self.index.definition(base + scope.0).container;
        }
        match self.value(id, here) {
            Value::Definition(found) => self.type_of_definition(found, here),
            _ => Type::Unknown,
        }
    }

    fn type_of_definition(&mut self, id: u32, here: Standing) -> Type<'g> {
        let definition: &'g Definition = self.index.definition(id);
        let file = self.index.file_of(id);
        let facts = &self.source(file).facts;
        let text = facts.text(definition.type_text);
        let local = LocalId(id - self.source(file).base);
        let there = Standing {
            file,
            scope: definition.container,
            at: definition.end,
            ..here
        };
        if definition.kind.is_type() {
            return Type::Unknown;
        }
        if text.is_empty() {
            let scope = match definition.kind.is_callable() {
                true => local,
                false => definition.container,
            };
            return self.type_of_value(definition.value, Standing { scope, ..there });
        }
        match self.written(text, there) {
            // What a generic method gives is not followed.
            Type::Variable => Type::Unknown,
            known => known,
        }
    }

    /// Returns what it costs to give an argument to a parameter; none when it
    /// does not take it.
    fn cost(&self, argument: &Type<'g>, parameter: &Type<'g>) -> Option<u32> {
        match (argument, parameter) {
            (Type::Unknown, _) | (_, Type::Unknown) => Some(PERHAPS),
            (Type::Nothing, Type::Other(name)) => match simple(name) {
                Some((_, true)) => None,
                _ if is_object(name) => Some(ANYTHING),
                _ => Some(EXACT + 1),
            },
            (Type::Nothing, _) => Some(EXACT + 1),
            (Type::Function, Type::Class(class)) => {
                (self.index.kind(*class) == DefinitionKind::Interface).then_some(EXACT)
            }
            (Type::Function, Type::Other(name)) => {
                (!is_final(name) && !is_object(name)).then_some(EXACT)
            }
            (Type::Function, _) => None,
            (Type::Other(name), Type::Variable) => match simple(name) {
                Some((_, true)) => Some(BOXED + 1),
                _ => Some(ANYTHING),
            },
            (_, Type::Variable) => Some(ANYTHING),
            (Type::Array(one), Type::Array(other)) => match one == other {
                true => Some(EXACT),
                false => self
                    .cost(one, other)
                    .filter(|_| !matches!(&**one, Type::Other(name) if simple(name).is_some())),
            },
            (Type::Array(_), Type::Other(name)) => is_object(name).then_some(ANYTHING),
            (Type::Array(_), _) | (_, Type::Array(_)) => None,
            (Type::Class(one), Type::Class(other)) => self.derived(*one, *other),
            (Type::Class(class), Type::Other(name)) => self.class_to_other(*class, name),
            (Type::Other(_), Type::Class(_)) => None,
            (Type::Other(one), Type::Other(other)) => other_cost(one, other),
            (Type::Variable, _) | (_, Type::Nothing | Type::Function) => Some(PERHAPS),
        }
    }

    /// Returns how far a type is from one that it may be derived from.
    fn derived(&self, class: u32, parent: u32) -> Option<u32> {
        let line = self.index.lineage(class);
        match line.iter().position(|&one| one == parent) {
            Some(distance) => Some((distance as u32).min(PERHAPS - 1)),
            None => (!self.index.is_known_whole(&line)).then_some(PERHAPS),
        }
    }

    fn class_to_other(&self, class: u32, name: &str) -> Option<u32> {
        if is_object(name) {
            return Some(ANYTHING);
        }
        if is_final(name) {
            return None;
        }
        let line = self.index.lineage(class);
        let mut is_open = false;
        for (distance, &one) in (1_u32..).zip(&line) {
            let file = self.source(self.index.file_of(one));
            for &parent in file.facts.supers_of(self.index.definition(one)) {
                let path = file.facts.path(parent).unwrap_or("");
                match other_cost(path, name) {
                    Some(PERHAPS) => is_open |= !self.index.is_own_name(one, path),
                    Some(_) => return Some(distance.min(PERHAPS - 1)),
                    None => {}
                }
            }
        }
        // An exception is something that can be thrown, whatever it extends.
        let is_thrown = |name: &str| name.ends_with("Exception") || name.ends_with("Error");
        if name == "Throwable" {
            let thrown = line.iter().any(|&one| {
                let file = self.source(self.index.file_of(one));
                let supers = file.facts.supers_of(self.index.definition(one));
                supers
                    .iter()
                    .any(|&parent| file.facts.path(parent).is_some_and(is_thrown))
            });
            return thrown.then_some(2);
        }
        is_open.then_some(PERHAPS)
    }
}

/// Returns whether every object is of a type of the name.
fn is_object(name: &str) -> bool {
    matches!(name, "Object" | "object" | "Any" | "AnyRef")
}

/// Returns what it costs to give a value of one library type to another.
fn other_cost(one: &str, other: &str) -> Option<u32> {
    let text = |name: &str| name.eq_ignore_ascii_case("string");
    if one == other || text(one) && text(other) {
        return Some(EXACT);
    }
    match (simple(one), simple(other)) {
        (Some((one, is_plain)), Some((other, is_other_plain))) => {
            let boxing = if is_plain == is_other_plain { 0 } else { BOXED };
            if one == other {
                return Some(boxing);
            }
            let (from, to) = (width(one)?, width(other)?);
            return (from < to && is_other_plain).then(|| boxing + to - from);
        }
        (Some((name, is_plain)), None) => {
            let boxing = if is_plain { BOXED } else { 0 };
            return match other {
                other if is_object(other) => Some(boxing + ANYTHING),
                "Number" => width(name).filter(|_| name != "char").map(|_| boxing + 1),
                "Comparable" | "Serializable" => Some(boxing + 2),
                _ => None,
            };
        }
        // Only an object of the simple type, or what may hold one, is unpacked.
        (None, Some((_, true))) => return None,
        _ => {}
    }
    if is_object(other) {
        return Some(ANYTHING);
    }
    let known = DERIVED
        .iter()
        .find(|(name, _)| text(name) && text(one) || *name == one);
    if let Some((_, parents)) = known {
        let place = parents.iter().position(|parent| *parent == other);
        return match place {
            Some(place) => Some(place as u32 + 1),
            None if is_final(one) || is_final(other) => None,
            None => Some(PERHAPS),
        };
    }
    let is_thrown = |name: &str| name.ends_with("Exception") || name.ends_with("Error");
    match other {
        "Throwable" if is_thrown(one) => Some(2),
        "Exception" if one.ends_with("Exception") => Some(1),
        other if is_final(other) => None,
        _ => Some(PERHAPS),
    }
}
