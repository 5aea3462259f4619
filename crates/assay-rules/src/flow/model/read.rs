//! Reads a file of models. What is wrong in it becomes a problem with the
//! name of the file; the rest of the file counts.

use toml::{Table, Value as Toml};

use super::{
    Condition, Effect, Entry, Fill, Fills, Models, Operand, Render, ResultSink, Source, Test,
};
use crate::flow::ir::{Literal, Name};
use crate::flow::kind::{KINDS, Kinds};
use crate::flow::solve::is_operation;
use crate::flow::value::Doubt;
use crate::rule::rule_by_id;

/// Adds what a file that a project wrote says. It may not change how the language
/// itself is read.
pub(super) fn read_own(models: &mut Models, file: &str, table: &Table) {
    let includes = models.includes.take();
    let reads_getters = models.reads_getters;
    read_table(models, file, table);
    let set = [
        ("includes", models.includes.is_some()),
        ("getters", models.reads_getters != reads_getters),
    ];
    for (key, _) in set.iter().filter(|(_, is_set)| *is_set) {
        let problem = format!("{file}: `{key}` is not for the models of a project");
        models.problems.push(problem);
    }
    models.includes = includes;
    models.reads_getters = reads_getters;
}

/// Adds what a file says.
pub(super) fn read(models: &mut Models, file: &str, text: &str) {
    match text.parse() {
        Ok(table) => read_table(models, file, &table),
        Err(error) => models.problems.push(format!("{file}: {error}")),
    }
}

fn read_table(models: &mut Models, file: &str, table: &Table) {
    let mut reader = Reader { models, file };
    for (section, value) in table {
        match section.as_str() {
            "library" | "documentation" | "language" => {}
            "getters" => reader.models.reads_getters = value.as_bool().unwrap_or(false),
            "packages" => reader.packages(value),
            "includes" => reader.models.includes = value.as_str().map(str::to_owned),
            _ => match value.as_array() {
                Some(entries) => {
                    for entry in entries {
                        match entry.as_table() {
                            Some(entry) => reader.entry(section, entry),
                            None => reader.problem(section, "is no table"),
                        }
                    }
                }
                None => reader.problem(section, "is written with two brackets"),
            },
        }
    }
}

struct Reader<'m> {
    models: &'m mut Models,
    file: &'m str,
}

impl Reader<'_> {
    fn problem(&mut self, section: &str, what: &str) {
        let problem = format!("{}: [[{section}]] {what}", self.file);
        self.models.problems.push(problem);
    }

    fn packages(&mut self, value: &Toml) {
        for (from, to) in value.as_table().into_iter().flatten() {
            let to = to.as_str().unwrap_or_default().to_owned();
            self.models.packages.push((from.clone(), to));
        }
    }

    fn entry(&mut self, section: &str, entry: &Table) {
        let Some((_, own)) = SECTIONS.iter().find(|known| known.0 == section) else {
            return self.problem(section, "is no known section");
        };
        for (key, value) in entry {
            match KEYS.iter().find(|known| known.0 == key) {
                Some((_, form)) if own.split(' ').any(|own| own == key) => {
                    if !form.is_met_by(value) {
                        self.problem(section, &format!("`{key}` is to be {}", form.said()));
                    }
                }
                _ => self.problem(section, &format!("does not know `{key}`")),
            }
        }
        match section {
            "type" => self.ty(entry),
            "op" => self.ops(entry),
            "entry" => self.entry_point(entry),
            "result" => self.result(entry),
            "fills" => self.fills(entry),
            _ => match self.effect(section, entry) {
                Ok(effect) => self.place(section, entry, &effect),
                Err(what) => self.problem(section, &what),
            },
        }
    }

    fn mention(&mut self, name: &str) -> Name {
        let name = Name::from(name);
        if self.models.mentioned.insert(name.clone()) {
            let last = name.rsplit(['.', '#']).next().unwrap_or(&name);
            let known = self.models.by_last_part.entry(Name::from(last));
            known
                .and_modify(|known| *known = None)
                .or_insert_with(|| Some(name.clone()));
        }
        name
    }

    fn ty(&mut self, entry: &Table) {
        let names = strings(entry.get("name"));
        if names.is_empty() {
            self.problem("type", "has no name");
        }
        for name in names {
            let name = self.mention(&name);
            let supertypes: Vec<Name> = strings(entry.get("extends"))
                .iter()
                .map(|name| self.mention(name))
                .collect();
            let mut returns = Vec::new();
            for (method, ty) in entry
                .get("returns")
                .and_then(Toml::as_table)
                .into_iter()
                .flatten()
            {
                let ty = ty.as_str().unwrap_or_default();
                returns.push((Name::from(method.as_str()), self.mention(ty)));
            }
            let model = self.models.types.entry(name).or_default();
            model.supertypes.extend(supertypes);
            model.returns.extend(returns);
            model.is_object |= flag(entry, "object");
        }
    }

    fn ops(&mut self, entry: &Table) {
        for (method, op) in entry
            .get("ops")
            .and_then(Toml::as_table)
            .into_iter()
            .flatten()
        {
            let op = op.as_str().unwrap_or_default();
            if !is_operation(op) {
                self.problem("op", &format!("does not know the operation `{op}`"));
                continue;
            }
            let effect = Effect::Op(Name::from(op));
            // `put/2` is the one with two arguments.
            let (name, arity) = match method.split_once('/') {
                Some((name, arity)) => (name, arity.parse().ok()),
                None => (method.as_str(), None),
            };
            self.place_one("op", entry, name, arity, &effect);
        }
    }

    fn entry_point(&mut self, entry: &Table) {
        let source = match self.source(entry) {
            Ok(source) => source,
            Err(what) => return self.problem("entry", &what),
        };
        let not_set = strings(entry.get("not-types"));
        self.models.not_set.extend(not_set);
        for (key, of) in [("param", 0), ("method", 1), ("param-type", 2), ("class", 3)] {
            for name in strings(entry.get(key)) {
                if of == 3 && name.contains('*') {
                    self.models.class_patterns.push((name, source.clone()));
                    continue;
                }
                let name = self.mention(&name);
                let map = match of {
                    0 => &mut self.models.param_annotations,
                    1 => &mut self.models.method_annotations,
                    3 => &mut self.models.class_entries,
                    _ => &mut self.models.param_types,
                };
                map.insert(name, source.clone());
            }
        }
    }

    fn result(&mut self, entry: &Table) {
        let kind = text(entry, "kind").unwrap_or_default();
        let Some(kind) = KINDS.iter().position(|known| known.0 == kind) else {
            return self.problem("result", &format!("does not know the kind `{kind}`"));
        };
        let annotations = strings(entry.get("annotations"));
        if annotations.is_empty() {
            self.problem("result", "names no annotations");
        }
        let types = strings(entry.get("type"));
        let also = strings(entry.get("also"));
        let typed_by = strings(entry.get("typed-by"));
        let sink = ResultSink {
            kind,
            types: types.iter().map(|name| self.mention(name)).collect(),
            also: also.iter().map(|name| self.mention(name)).collect(),
            says: text(entry, "says").map(str::to_lowercase),
            begins: text(entry, "begins").map(str::to_owned),
            is_text: flag(entry, "text"),
            typed_by: typed_by.iter().map(|name| self.mention(name)).collect(),
        };
        for name in annotations {
            let name = self.mention(&name);
            let sinks = self.models.results.entry(name).or_default();
            sinks.push(sink.clone());
        }
    }

    fn fills(&mut self, entry: &Table) {
        let mut names = |key| -> Vec<Name> {
            let names = strings(entry.get(key));
            names.iter().map(|name| self.mention(name)).collect()
        };
        let (annotations, not_also, params) =
            (names("annotations"), names("not-also"), names("params"));
        for name in annotations {
            let fills = Fills {
                not_also: not_also.clone(),
                params: params.clone(),
            };
            self.models.fills.insert(name, fills);
        }
    }

    fn source(&mut self, entry: &Table) -> Result<Source, String> {
        let doubt = match entry.get("trust").and_then(Toml::as_str) {
            None => Doubt::None,
            Some("local") => Doubt::Local,
            Some(other) => return Err(format!("does not know the trust `{other}`")),
        };
        Ok(Source {
            kinds: kinds(entry, "kinds")?
                .unwrap_or(Kinds::INPUT)
                .without(kinds(entry, "without")?.unwrap_or(Kinds::NONE)),
            doubt,
            what: Name::from(text(entry, "what").unwrap_or("an input")),
            to: operands(entry.get("to"))?
                .first()
                .cloned()
                .unwrap_or(Operand::Result),
        })
    }

    fn effect(&mut self, section: &str, entry: &Table) -> Result<Effect, String> {
        Ok(match section {
            "source" => Effect::Source(self.source(entry)?),
            "sink" => {
                let kind = text(entry, "kind").ok_or("has no kind")?;
                let at = KINDS.iter().position(|known| known.0 == kind);
                Effect::Sink {
                    kind: at.ok_or_else(|| format!("does not know the kind `{kind}`"))?,
                    args: match entry.get("args") {
                        None => vec![Operand::Arg(0)],
                        args => operands(args)?,
                    },
                    fixed_by_prefix: flag(entry, "fixed-by-prefix"),
                }
            }
            "sanitizer" => Effect::Sanitize(kinds(entry, "kinds")?.ok_or("has no kinds")?),
            "guard" => Effect::Guard {
                arg: operands(entry.get("args"))?
                    .first()
                    .cloned()
                    .unwrap_or(Operand::Arg(0)),
                kinds: kinds(entry, "kinds")?.ok_or("has no kinds")?,
                when: !flag(entry, "when-false"),
            },
            "callback" => Effect::Callback {
                source: match entry.contains_key("what") {
                    true => Some(self.source(entry)?),
                    false => None,
                },
                arg: operands(entry.get("args"))?
                    .first()
                    .cloned()
                    .unwrap_or(Operand::All),
                params: strings(entry.get("params"))
                    .iter()
                    .map(|name| self.mention(name))
                    .collect(),
            },
            "misuse" => Effect::Misuse {
                rule: match text(entry, "rule").ok_or("has no rule")? {
                    rule if rule_by_id(rule).is_some() => Name::from(rule),
                    rule => return Err(format!("does not know the rule `{rule}`")),
                },
                message: Name::from(text(entry, "message").ok_or("has no message")?),
                member: match (text(entry, "member"), entry.get("must-be")) {
                    (Some(member), Some(value)) => {
                        let args = operands(entry.get("args"))?;
                        let of = args.first().cloned().unwrap_or(Operand::Arg(0));
                        let value = literal(value).ok_or("has no constant in `must-be`")?;
                        Some((of, Name::from(member), value))
                    }
                    _ => None,
                },
            },
            "part" => Effect::Part(kinds(entry, "kinds")?.ok_or("has no kinds")?),
            "fill" => Effect::Fill(Fill {
                to: operands(entry.get("to"))?
                    .first()
                    .cloned()
                    .ok_or("does not say what it writes `to`")?,
                from: operands(entry.get("from"))?,
                adds: flag(entry, "adds"),
                format: place(entry, "format"),
                limit: place(entry, "limit"),
                without: kinds(entry, "without")?.unwrap_or(Kinds::NONE),
                is_unbounded: flag(entry, "unbounded"),
            }),
            "render" => Effect::Render(Render {
                template: operands(entry.get("template"))?,
                values: operands(entry.get("values"))?,
                root: text(entry, "root").map(Name::from),
                is_pair: flag(entry, "pair"),
                members: names_of(entry, "members"),
                spread: names_of(entry, "spread"),
            }),
            "unmodelled" => Effect::Nothing,
            _ => return Err("is no known section".to_owned()),
        })
    }

    /// Puts an effect where its methods, functions and members are looked up.
    fn place(&mut self, section: &str, entry: &Table, effect: &Effect) {
        let arity = entry.get("arity").and_then(Toml::as_integer);
        let arity = arity.map(|arity| arity as usize);
        let mut placed = false;
        for name in strings(entry.get("methods")) {
            placed = true;
            self.place_one(section, entry, &name, arity, effect);
        }
        if flag(entry, "new") {
            placed = true;
            self.place_one(section, entry, "new", arity, effect);
        }
        let Some(made) = self.make(section, entry, arity, effect) else {
            return;
        };
        for name in strings(entry.get("functions")) {
            placed = true;
            let name = self.mention(&name);
            let entries = self.models.functions.entry(name).or_default();
            entries.push(made.clone());
        }
        for name in strings(entry.get("fields")) {
            placed = true;
            let entries = self.models.fields.entry(Name::from(name)).or_default();
            entries.push(made.clone());
        }
        if !placed {
            self.problem(section, "names no methods, functions or fields");
        }
    }

    fn place_one(
        &mut self,
        section: &str,
        entry: &Table,
        name: &str,
        arity: Option<usize>,
        effect: &Effect,
    ) {
        let Some(made) = self.make(section, entry, arity, effect) else {
            return;
        };
        let by_type = entry.contains_key("type");
        let names = if by_type {
            &mut self.models.methods
        } else {
            &mut self.models.functions
        };
        names.entry(Name::from(name)).or_default().push(made);
    }

    fn make(
        &mut self,
        section: &str,
        entry: &Table,
        arity: Option<usize>,
        effect: &Effect,
    ) -> Option<Entry> {
        let types = strings(entry.get("type"));
        let types = types.iter().map(|name| self.mention(name)).collect();
        let mut when = Vec::new();
        for condition in entry
            .get("when")
            .and_then(Toml::as_array)
            .into_iter()
            .flatten()
        {
            match condition.as_table().map(condition_of) {
                Some(Ok(condition)) => when.push(condition),
                Some(Err(what)) => {
                    self.problem(section, &what);
                    return None;
                }
                None => self.problem(section, "has a condition that is no table"),
            }
        }
        Some(Entry {
            types,
            arity,
            when,
            effect: effect.clone(),
        })
    }
}

/// The sections, and the keys of their entries.
const SECTIONS: &[(&str, &str)] = &[
    ("type", "name extends returns object"),
    ("op", "type ops when"),
    (
        "entry",
        "what kinds without trust to param method param-type class not-types",
    ),
    (
        "result",
        "kind annotations type also says begins text typed-by",
    ),
    ("fills", "annotations not-also params"),
    (
        "source",
        "what kinds without trust to type methods new functions fields arity when",
    ),
    (
        "sink",
        "kind args fixed-by-prefix type methods new functions fields arity when",
    ),
    (
        "sanitizer",
        "kinds type methods new functions fields arity when",
    ),
    (
        "guard",
        "args kinds when-false type methods new functions fields arity when",
    ),
    ("part", "kinds type methods new functions fields arity when"),
    (
        "fill",
        "to from adds format limit without unbounded type methods new functions arity when",
    ),
    (
        "callback",
        "args params what kinds without trust to type methods new functions fields arity when",
    ),
    (
        "misuse",
        "rule message member must-be args type methods new functions fields arity when",
    ),
    (
        "render",
        "template values root pair members spread type methods new functions arity when",
    ),
    ("unmodelled", "type methods new functions fields arity when"),
];

/// What a key holds.
#[derive(Clone, Copy)]
enum Form {
    Flag,
    Number,
    Text,
    Texts,
    /// Places and names of arguments.
    Operands,
    /// A table of texts.
    Names,
    Conditions,
    Constant,
}

const KEYS: &[(&str, Form)] = &[
    ("adds", Form::Flag),
    ("also", Form::Texts),
    ("annotations", Form::Texts),
    ("args", Form::Operands),
    ("arity", Form::Number),
    ("begins", Form::Text),
    ("class", Form::Texts),
    ("extends", Form::Texts),
    ("fields", Form::Texts),
    ("fixed-by-prefix", Form::Flag),
    ("format", Form::Number),
    ("from", Form::Operands),
    ("functions", Form::Texts),
    ("kind", Form::Text),
    ("kinds", Form::Texts),
    ("limit", Form::Number),
    ("member", Form::Text),
    ("members", Form::Texts),
    ("message", Form::Text),
    ("method", Form::Texts),
    ("methods", Form::Texts),
    ("must-be", Form::Constant),
    ("name", Form::Texts),
    ("new", Form::Flag),
    ("not-also", Form::Texts),
    ("not-types", Form::Texts),
    ("object", Form::Flag),
    ("ops", Form::Names),
    ("param", Form::Texts),
    ("pair", Form::Flag),
    ("param-type", Form::Texts),
    ("params", Form::Texts),
    ("returns", Form::Names),
    ("root", Form::Text),
    ("rule", Form::Text),
    ("says", Form::Text),
    ("spread", Form::Texts),
    ("template", Form::Operands),
    ("text", Form::Flag),
    ("to", Form::Operands),
    ("trust", Form::Text),
    ("type", Form::Texts),
    ("typed-by", Form::Texts),
    ("unbounded", Form::Flag),
    ("values", Form::Operands),
    ("what", Form::Text),
    ("when", Form::Conditions),
    ("when-false", Form::Flag),
    ("without", Form::Texts),
];

/// The keys of a condition.
const CONDITION_KEYS: &[&str] = &[
    "arg",
    "begins",
    "below",
    "first-like",
    "function",
    "has",
    "is",
    "length",
    "like",
    "member",
    "not",
    "object",
    "prefix",
    "present",
    "text",
    "type",
    "unknown",
];

impl Form {
    fn is_met_by(self, value: &Toml) -> bool {
        let texts = |value: &Toml| value.is_str();
        match self {
            Self::Flag => value.is_bool(),
            Self::Number => value.as_integer().is_some_and(|number| number >= 0),
            Self::Text => value.is_str(),
            Self::Texts => {
                value.is_str() || value.as_array().is_some_and(|all| all.iter().all(texts))
            }
            Self::Operands => operands(Some(value)).is_ok(),
            Self::Names => value.as_table().is_some_and(|all| all.values().all(texts)),
            Self::Conditions => value
                .as_array()
                .is_some_and(|all| all.iter().all(Toml::is_table)),
            Self::Constant => literal(value).is_some(),
        }
    }

    fn said(self) -> &'static str {
        match self {
            Self::Flag => "true or false",
            Self::Number => "a number",
            Self::Text => "a text",
            Self::Texts => "a text, or a list of texts",
            Self::Operands => "places (0) and names (\"sql\") of arguments",
            Self::Names => "a table of texts",
            Self::Conditions => "a list of tables",
            Self::Constant => "a constant",
        }
    }
}

fn condition_of(table: &Table) -> Result<Condition, String> {
    if let Some(key) = table
        .keys()
        .find(|key| !CONDITION_KEYS.contains(&key.as_str()))
    {
        return Err(format!("has a condition that does not know `{key}`"));
    }
    let arg = match table.get("arg") {
        Some(arg) => operand(arg)?,
        None => Operand::Arg(0),
    };
    let test = if let Some(values) = table.get("is") {
        let values = match values {
            Toml::Array(values) => values.iter().filter_map(literal).collect(),
            one => literal(one).into_iter().collect(),
        };
        Test::Is(values)
    } else if table.contains_key("like") {
        let patterns = strings(table.get("like"));
        Test::Like(patterns.iter().map(|p| p.to_lowercase()).collect())
    } else if table.contains_key("first-like") {
        let patterns = strings(table.get("first-like"));
        Test::FirstLike(patterns.iter().map(|p| p.to_lowercase()).collect())
    } else if let Some(limit) = table.get("below").and_then(Toml::as_integer) {
        Test::Below(limit)
    } else if table.contains_key("begins") {
        let starts = strings(table.get("begins"));
        Test::Begins(starts.iter().map(|s| s.to_lowercase()).collect())
    } else if table.contains_key("text") {
        Test::Text
    } else if table.contains_key("object") {
        Test::Object
    } else if table.contains_key("function") {
        Test::Function
    } else if let Some(member) = table.get("has").and_then(Toml::as_str) {
        Test::Has(Name::from(member))
    } else if let Some(length) = table.get("length").and_then(Toml::as_integer) {
        Test::Length(usize::try_from(length).unwrap_or(usize::MAX))
    } else if let Some(ty) = table.get("type").and_then(Toml::as_str) {
        Test::Type(Name::from(ty))
    } else if let Some(prefix) = table.get("prefix").and_then(Toml::as_str) {
        Test::Prefix(Name::from(prefix))
    } else if table.contains_key("present") {
        Test::Present
    } else {
        return Err("has a condition without `is`, `like`, `below` or `present`".to_owned());
    };
    Ok(Condition {
        member: table.get("member").and_then(Toml::as_str).map(Name::from),
        arg,
        test,
        not: flag(table, "not"),
        unknown: flag(table, "unknown"),
    })
}

fn literal(value: &Toml) -> Option<Literal> {
    Some(match value {
        Toml::String(text) if text == "null" => Literal::Null,
        Toml::String(text) => Literal::Str(Name::from(text.as_str())),
        Toml::Integer(value) => Literal::Int(*value),
        Toml::Boolean(value) => Literal::Bool(*value),
        Toml::Float(value) => Literal::Float(*value),
        _ => return None,
    })
}

fn kinds(entry: &Table, key: &str) -> Result<Option<Kinds>, String> {
    let Some(value) = entry.get(key) else {
        return Ok(None);
    };
    let mut kinds = Kinds::NONE;
    for name in strings(Some(value)) {
        let kind = Kinds::named(&name).ok_or_else(|| format!("does not know the kind `{name}`"))?;
        kinds = kinds.or(kind);
    }
    Ok(Some(kinds))
}

fn operands(value: Option<&Toml>) -> Result<Vec<Operand>, String> {
    match value {
        None => Ok(Vec::new()),
        Some(Toml::Array(values)) => values.iter().map(operand).collect(),
        Some(one) => Ok(vec![operand(one)?]),
    }
}

fn operand(value: &Toml) -> Result<Operand, String> {
    match value {
        Toml::Integer(at) if *at >= 0 => Ok(Operand::Arg(*at as usize)),
        Toml::String(text) => match text.as_str() {
            "receiver" => Ok(Operand::Receiver),
            "result" => Ok(Operand::Result),
            "all" => Ok(Operand::All),
            "rest" => Ok(Operand::Rest),
            name => match (
                name.strip_suffix("..").map(str::parse),
                name.split_once('.'),
            ) {
                (Some(Ok(from)), _) => Ok(Operand::From(from)),
                (_, Some((at, member))) => match at.parse() {
                    Ok(at) => Ok(Operand::Member(at, Name::from(member))),
                    Err(_) => Ok(Operand::Named(Name::from(name))),
                },
                _ => Ok(Operand::Named(Name::from(name))),
            },
        },
        _ => Err("has an argument that is neither a place nor a name".to_owned()),
    }
}

fn text<'t>(entry: &'t Table, key: &str) -> Option<&'t str> {
    entry.get(key).and_then(Toml::as_str)
}

fn place(entry: &Table, key: &str) -> Option<usize> {
    let at = entry.get(key).and_then(Toml::as_integer)?;
    usize::try_from(at).ok()
}

fn flag(entry: &Table, key: &str) -> bool {
    entry.get(key).and_then(Toml::as_bool).unwrap_or(false)
}

fn names_of(entry: &Table, key: &str) -> Vec<Name> {
    let names = strings(entry.get(key)).into_iter();
    names.map(Name::from).collect()
}

fn strings(value: Option<&Toml>) -> Vec<String> {
    match value {
        Some(Toml::String(text)) => vec![text.clone()],
        Some(Toml::Array(values)) => {
            let texts = values.iter().filter_map(Toml::as_str);
            texts.map(str::to_owned).collect()
        }
        _ => Vec::new(),
    }
}
