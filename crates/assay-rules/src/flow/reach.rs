//! Which functions are worth running by themselves: those from which a source
//! and a sink can be reached, or a call that is wrong by itself.
//!
//! That is judged by names alone, over all files at once: what a function
//! mentions, and what the functions of these names mention. A name stands for
//! all that go by it, so that more is run than needed, never less.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::hash::{HashMap, HashSet};
use super::ir::{
    Annotation, Block, Callee, Function, FunctionId, FunctionKind, Literal, Name, Op, Slot,
    StmtKind, Unit,
};
use super::kind::Kinds;
use super::model::{Models, Source};
use super::project::{Project, each_block};

/// Calls are followed so deep, as the solver does.
const ROUNDS_MAX: usize = 8;

/// What the program itself makes, keeps secret or does wrong is looked for so many calls
/// away. Variables of the environment and random numbers are read at the bottom
/// of most libraries, and logs are written everywhere: farther away nearly all of
/// a library would be run for nothing.
const OWN_ROUNDS_MAX: usize = 2;

/// What can be reached, by kinds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Reached {
    /// What comes in.
    pub(crate) sources: Kinds,
    /// What comes in from people at the machine.
    pub(crate) local: Kinds,
    /// What comes in where functions are called back.
    pub(crate) callbacks: Kinds,
    /// Where it does harm.
    pub(crate) sinks: Kinds,
}

impl Reached {
    /// Something that is wrong by itself.
    pub(crate) const WRONG: Self = Self {
        sources: Kinds::WRONG,
        local: Kinds::NONE,
        callbacks: Kinds::NONE,
        sinks: Kinds::WRONG,
    };

    pub(crate) fn or(self, other: Self) -> Self {
        Self {
            sources: self.sources.or(other.sources),
            local: self.local.or(other.local),
            callbacks: self.callbacks.or(other.callbacks),
            sinks: self.sinks.or(other.sinks),
        }
    }

    /// Returns what there is of these kinds.
    pub(crate) fn only(self, kinds: Kinds) -> Self {
        Self {
            sources: self.sources.and(kinds),
            local: self.local.and(kinds),
            callbacks: self.callbacks.and(kinds),
            sinks: self.sinks.and(kinds),
        }
    }

    /// Lets what fills templates put out what it is given.
    fn with_templates(mut self) -> Self {
        if !self.sinks.and(Kinds::FILLS).is_empty() {
            self.sinks = self.sinks.or(Kinds::PAGE).or(Kinds::ADDRESS);
        }
        self
    }

    /// Lets a secret come in where a text tells that it is one.
    fn with_told_secrets(mut self) -> Self {
        let told = Kinds::SECRET_IF_TOLD.or(Kinds::TELLS_SECRET);
        if self.sources.and(told) == told {
            self.sources = self.sources.or(Kinds::SECRET);
        }
        self
    }

    /// Returns whether something can come in.
    pub(crate) fn begins(self) -> bool {
        !self.sources.or(self.local).or(self.callbacks).is_empty()
    }

    /// Returns what it is worth to run a function.
    fn worth(self) -> Worth {
        if !self.sources.or(self.callbacks).and(self.sinks).is_empty() {
            Worth::Much
        } else if !self.local.and(self.sinks).is_empty() {
            Worth::Little
        } else {
            Worth::Nothing
        }
    }
}

/// What it is worth to run a function.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Worth {
    /// Nothing can be found.
    Nothing,
    /// Only people at the machine can do harm.
    Little,
    /// Strangers can.
    Much,
}

/// For each file and function what can be reached from it.
#[derive(Debug, Default)]
pub(crate) struct Reach(Vec<Vec<Reached>>);

impl Reach {
    /// Returns what it is worth to run a function, among these kinds.
    pub(crate) fn worth(&self, unit: u32, function: usize, among: Kinds) -> Worth {
        let unit = self.0.get(unit as usize);
        let reached = unit.and_then(|unit| unit.get(function));
        reached.map_or(Worth::Much, |reached| reached.only(among).worth())
    }

    /// Returns what it is worth to run the functions of a file, among these kinds.
    pub(crate) fn worth_of_unit(&self, unit: u32, among: Kinds) -> Worth {
        let all = self.0.get(unit as usize).into_iter().flatten();
        let most = all.map(|reached| reached.only(among).worth()).max();
        most.unwrap_or(Worth::Nothing)
    }

    /// Judges all functions.
    pub(crate) fn new(project: &Project) -> Self {
        let units = &project.units;
        let models = |unit| project.models(unit);
        let mut names = Names::default();
        let mut all: Vec<Vec<Mentions>> = Vec::new();
        let mut packages: HashMap<&str, u32> = HashMap::default();
        for (at, unit) in units.iter().enumerate() {
            packages.entry(&unit.package).or_insert(at as u32);
            packages.entry(&unit.module).or_insert(at as u32);
        }
        packages.remove("");
        let mut libraries: BTreeMap<&str, Libraries> = BTreeMap::new();
        for (at, unit) in units.iter().enumerate() {
            let models = models(at as u32);
            names.language = family(unit.language);
            let libraries = libraries
                .entry(unit.language)
                .or_insert_with(|| Libraries::of_language(unit.language));
            libraries.of_declarations(unit, models);
            let of_function = |function: &Function| {
                let mut collector = Collector {
                    unit,
                    project,
                    models,
                    libraries: &mut *libraries,
                    names: &mut names,
                    packages: &packages,
                    found: Mentions {
                        flags: entry_flags(function, unit, project, models),
                        ..Mentions::default()
                    },
                    functions: HashMap::default(),
                    texts: HashMap::default(),
                };
                collector.block(&function.body);
                collector.finish(function)
            };
            let mut own: Vec<Mentions> = unit.functions.iter().map(of_function).collect();
            for class in &unit.classes {
                let initializer = class.initializer.map(|id| own[id.index()].names.clone());
                for method in &class.methods {
                    let names = &mut own[method.index()].names;
                    names.extend(initializer.iter().flatten());
                }
            }
            all.push(own);
        }
        let mut words: BTreeMap<&str, Vec<Reached>> = BTreeMap::new();
        let mut telling: BTreeMap<&str, (HashSet<u32>, HashSet<u32>)> = BTreeMap::new();
        for (at, (unit, own)) in units.iter().zip(&mut all).enumerate() {
            let language = unit.language;
            let words = words.entry(language).or_insert_with(|| {
                names.language = family(language);
                let mut flags = vec![Reached::default(); names.count()];
                let is_word = |word: &str| names.known(word).is_some();
                for (word, of) in models(at as u32).words(&libraries[language], is_word) {
                    if let Some(number) = names.known(word) {
                        let of = match project.templates.is_empty() {
                            true => of,
                            false => of.with_templates(),
                        };
                        let flags = &mut flags[number as usize];
                        *flags = flags.or(of);
                    }
                }
                flags
            });
            let (texts, members) = telling.entry(language).or_insert_with(|| {
                names.language = family(language);
                let (texts, members) = models(at as u32).telling_of_secrets();
                (names.like(&texts), names.like(&members))
            });
            for mentions in own {
                let told = mentions.texts.iter().any(|text| texts.contains(text))
                    || mentions.loads.iter().any(|member| members.contains(member));
                if told {
                    let sources = &mut mentions.flags.sources;
                    *sources = sources.or(Kinds::TELLS_SECRET);
                }
                let named = mentions.names.iter().chain(&mentions.set);
                let flags = named.map(|name| words[*name as usize]);
                mentions.flags = flags.fold(mentions.flags, Reached::or);
            }
        }
        let links = Links::new(units, &mut names, &all);
        let strangers = links.spread(units, &all, (Kinds::OWN.others(), ROUNDS_MAX, false));
        let own = links.spread(units, &all, (Kinds::OWN, OWN_ROUNDS_MAX, true));
        let both = |(a, b): (Vec<Reached>, Vec<Reached>)| {
            let pairs = a.into_iter().zip(b);
            pairs.map(|(a, b)| a.or(b).with_told_secrets()).collect()
        };
        Self(strangers.into_iter().zip(own).map(both).collect())
    }
}

/// The libraries that files mention, by how their names begin. Where every
/// type goes by its whole name, they are types.
#[derive(Debug, Default)]
pub(crate) struct Libraries {
    mentioned: HashSet<Box<str>>,
    are_types: bool,
    are_all: bool,
}

impl Libraries {
    /// All there are.
    pub(crate) fn all() -> Self {
        Self {
            are_all: true,
            ..Self::default()
        }
    }

    fn of_language(language: &str) -> Self {
        Self {
            are_types: language == "java",
            ..Self::default()
        }
    }

    /// Returns whether something of the library of a qualified name may be used.
    pub(crate) fn have(&self, name: &str) -> bool {
        if self.are_all || self.are_types {
            return self.are_all || self.mentioned.contains(name);
        }
        let library = library(name);
        self.mentioned.contains(library)
            || library
                .match_indices(SEPARATORS)
                .any(|(at, _)| self.mentioned.contains(&library[..at]))
    }

    fn add(&mut self, name: &str) {
        let mut name = match self.are_types {
            true => name,
            false => library(name),
        };
        while !self.mentioned.contains(name) {
            self.mentioned.insert(name.into());
            match name.rfind('.') {
                // A static member mentions its type.
                Some(at) if self.are_types => name = &name[..at],
                _ => break,
            }
        }
    }

    /// Adds what the declarations of a file mention.
    fn of_declarations(&mut self, unit: &Unit, models: &Models) {
        let annotations = |annotations: &'_ [Annotation]| -> Vec<Name> {
            annotations
                .iter()
                .map(|annotation| annotation.name.clone())
                .collect()
        };
        let mut names: Vec<Name> = Vec::new();
        for function in &unit.functions {
            names.extend(function.result.clone());
            names.extend(annotations(&function.annotations));
            for param in &function.params {
                names.extend(param.ty.clone());
                names.extend(annotations(&param.annotations));
            }
            names.extend(function.slots.iter().filter_map(|slot| slot.ty.clone()));
        }
        for class in &unit.classes {
            names.extend(class.supertypes.iter().cloned());
            names.extend(annotations(&class.annotations));
            for field in &class.fields {
                names.extend(field.ty.clone());
                names.extend(annotations(&field.annotations));
            }
        }
        for name in names {
            self.add(&models.canonical(&name));
        }
    }
}

/// Returns the language by whose names those of a language go: files of the two
/// call each other.
fn family(language: &'static str) -> &'static str {
    match language {
        "kotlin" => "java",
        "cpp" => "c",
        language => language,
    }
}

const SEPARATORS: [char; 4] = ['.', '/', ':', '\\'];

/// Beginnings of names that many libraries share.
const SHARED: &[(&str, usize)] = &[
    ("java", 2),
    ("javax", 2),
    ("jakarta", 2),
    ("org", 2),
    ("com", 2),
    ("io", 2),
    ("net", 2),
    ("System", 2),
    ("Microsoft", 2),
    ("github", 4),
    ("golang", 4),
];

/// Returns how the names of a library's things begin.
fn library(name: &str) -> &str {
    let mut ends = name.match_indices(SEPARATORS).map(|(at, _)| at);
    let Some(first) = ends.next() else {
        return name;
    };
    let parts = SHARED.iter().find(|(shared, _)| *shared == &name[..first]);
    let count = parts.map_or(1, |(_, count)| *count);
    let end = match count {
        1 => Some(first),
        count => ends.nth(count - 2),
    };
    end.map_or(name, |end| &name[..end])
}

/// How functions lead to each other.
struct Links {
    /// The name by which each function is called.
    declared: Vec<Vec<Option<u32>>>,
    /// Names and what they stand for.
    aliases: Vec<(u32, u32)>,
    /// How many names there are.
    count: usize,
}

impl Links {
    fn new(units: &[Arc<Unit>], names: &mut Names, all: &[Vec<Mentions>]) -> Self {
        let mut declared: Vec<Vec<Option<u32>>> = Vec::new();
        let mentions = all.iter().flatten();
        let mut aliases: Vec<(u32, u32)> = mentions.flat_map(|own| own.kept.clone()).collect();
        aliases.retain(|(name, own)| name != own);
        for unit in units {
            names.language = family(unit.language);
            let name = |function: &Function| names.declared(unit, function);
            declared.push(unit.functions.iter().map(name).collect());
            let own = unit.aliases.iter();
            aliases.extend(
                own.map(|(name, meant)| (names.number(last(name)), names.number(last(meant)))),
            );
        }
        Self {
            declared,
            aliases,
            count: names.count(),
        }
    }

    /// Lets the kinds go from functions to those that name them. With `hops` each
    /// round is one call; without, it is at least one.
    fn spread(
        &self,
        units: &[Arc<Unit>],
        all: &[Vec<Mentions>],
        (kinds, rounds, hops): (Kinds, usize, bool),
    ) -> Vec<Vec<Reached>> {
        let own = |function: &Mentions| function.flags.only(kinds);
        let own = |unit: &Vec<Mentions>| unit.iter().map(own).collect();
        let mut flags: Vec<Vec<Reached>> = all.iter().map(own).collect();
        let mut by_name = vec![Reached::default(); self.count];
        let mut of_units = vec![Reached::default(); units.len()];
        for round in 0..=rounds {
            let mut has_changed = round == 0;
            let known = hops.then(|| (by_name.clone(), of_units.clone()));
            for (at, unit) in units.iter().enumerate() {
                let top = flags[at].first().copied().unwrap_or_default();
                let top = Reached {
                    sources: top.sources,
                    local: top.local,
                    ..Reached::default()
                };
                // Inner functions come after those that they stand in.
                for function in (0..unit.functions.len()).rev() {
                    let mentions = &all[at][function];
                    let mut reached = flags[at][function];
                    // What functions reach by themselves is told in the first.
                    if round > 0 {
                        let (by_name, of_units) = match &known {
                            Some((by_name, of_units)) => (by_name, of_units),
                            None => (&by_name, &of_units),
                        };
                        let named = mentions.names.iter().map(|name| by_name[*name as usize]);
                        let modules = mentions.units.iter();
                        let modules = modules.map(|unit| of_units[*unit as usize]);
                        reached = named.chain(modules).fold(reached.or(top), Reached::or);
                    }
                    has_changed |= reached != flags[at][function];
                    flags[at][function] = reached;
                    if is_left_behind(unit, function) {
                        of_units[at] = of_units[at].or(reached);
                    }
                    if let Some(name) = self.declared[at][function] {
                        let known = &mut by_name[name as usize];
                        // Those that call it may have been judged before.
                        has_changed |= known.or(reached) != *known;
                        *known = known.or(reached);
                    }
                    let parent = unit.functions[function].parent;
                    if let Some(parent) = parent.filter(|parent| *parent != FunctionId::TOP) {
                        let around = &mut flags[at][parent.index()];
                        *around = around.or(reached);
                    }
                }
            }
            for (name, meant) in &self.aliases {
                by_name[*name as usize] = by_name[*name as usize].or(by_name[*meant as usize]);
            }
            if !has_changed {
                break;
            }
        }
        flags
    }
}

/// Returns whether whoever has a file as a value may run the function without
/// its name: the top level, and functions without one that it leaves behind.
fn is_left_behind(unit: &Unit, function: usize) -> bool {
    let (at, function) = (function, &unit.functions[function]);
    at == FunctionId::TOP.index()
        || function.parent == Some(FunctionId::TOP) && function.name.is_empty()
}

/// What a function mentions.
#[derive(Debug, Default)]
struct Mentions {
    flags: Reached,
    names: Vec<u32>,
    /// The texts and the members among them.
    texts: Vec<u32>,
    loads: Vec<u32>,
    /// Names of things outside that it sets.
    set: Vec<u32>,
    /// Names under which it keeps functions, and their own.
    kept: Vec<(u32, u32)>,
    /// Files of which it names something.
    units: Vec<u32>,
}

/// Names by number: each language has its own.
#[derive(Debug, Default)]
struct Names {
    /// The language whose names are asked for.
    language: &'static str,
    of: HashMap<&'static str, HashMap<Box<str>, u32>>,
    count: u32,
}

impl Names {
    fn count(&self) -> usize {
        self.count as usize
    }

    fn known(&self, name: &str) -> Option<u32> {
        self.of.get(self.language)?.get(name).copied()
    }

    /// Returns the numbers of the language's names that may match a pattern.
    fn like(&self, patterns: &[&str]) -> HashSet<u32> {
        let all = self.of.get(self.language).into_iter().flatten();
        let like = all.filter(|(name, _)| patterns.iter().any(|p| may_be_like(name, p)));
        like.map(|(_, number)| *number).collect()
    }

    fn number(&mut self, name: &str) -> u32 {
        let of = self.of.entry(self.language).or_default();
        if let Some(known) = of.get(name) {
            return *known;
        }
        let next = self.count;
        self.count += 1;
        of.insert(name.into(), next);
        next
    }

    /// Returns the name by which a function is called.
    fn declared(&mut self, unit: &Unit, function: &Function) -> Option<u32> {
        let name = match &*function.name {
            "<init>" | "<fields>" => last(&unit.classes[function.class?].name),
            name => name.rsplit([' ', '.']).next().unwrap_or(name),
        };
        (!name.is_empty()).then(|| self.number(name))
    }
}

/// Collects what a function mentions.
struct Collector<'c> {
    unit: &'c Unit,
    project: &'c Project,
    models: &'c Models,
    libraries: &'c mut Libraries,
    names: &'c mut Names,
    packages: &'c HashMap<&'c str, u32>,
    found: Mentions,
    /// What is a function or a text for certain.
    functions: HashMap<Slot, FunctionId>,
    texts: HashMap<Slot, Name>,
}

impl Collector<'_> {
    fn name(&mut self, name: &str) {
        let number = self.names.number(name);
        self.found.names.push(number);
    }

    fn path(&mut self, path: &Name) {
        for part in parts(path) {
            self.name(part);
        }
        if self.packages.is_empty() {
            return;
        }
        let ends = path
            .char_indices()
            .filter(|(_, c)| *c == '.')
            .map(|(at, _)| at);
        for end in ends.chain([path.len()]) {
            if let Some(unit) = self.packages.get(&path[..end]) {
                self.found.units.push(*unit);
            }
        }
    }

    /// Something of a library or of another file.
    fn outside(&mut self, name: &Name) {
        let found = self.project.found_from_folder(name);
        let name = found.as_ref().unwrap_or(name);
        self.libraries.add(&self.models.canonical(name));
        self.path(name);
    }

    /// The place in an array may be a stranger's number.
    fn index(&mut self) {
        if self.unit.has_pointers {
            let sinks = &mut self.found.flags.sinks;
            *sinks = sinks.or(Kinds::named("memory").unwrap_or(Kinds::NONE));
        }
    }

    fn block(&mut self, block: &Block) {
        for stmt in block {
            match &stmt.kind {
                StmtKind::Let(slot, op) => {
                    self.op(op);
                    self.note(*slot, op);
                }
                StmtKind::Store { key, value, .. } => {
                    self.name(key);
                    self.keep(key, *value);
                }
                StmtKind::StoreIndex { .. } => {
                    self.name("[]=");
                    self.index();
                }
                // What is set is not called.
                StmtKind::StoreGlobal { name, value } => {
                    self.keep(last(name), *value);
                    for part in parts(name) {
                        let number = self.names.number(part);
                        self.found.set.push(number);
                    }
                }
                _ => {}
            }
            each_block(stmt, &mut |block| self.block(block));
        }
    }

    /// Takes notice of what is a function, and of members that are.
    fn note(&mut self, slot: Slot, op: &Op) {
        match op {
            Op::Closure(function) => {
                self.functions.insert(slot, *function);
            }
            Op::Copy(of) => {
                if let Some(function) = self.functions.get(of) {
                    self.functions.insert(slot, *function);
                }
            }
            Op::Const(Literal::Str(text)) => {
                self.texts.insert(slot, text.clone());
            }
            Op::Map(entries) => {
                for (key, value) in entries {
                    let key = key.and_then(|key| self.texts.get(&key).cloned());
                    if let Some(key) = key {
                        self.keep(&key, *value);
                    }
                }
            }
            _ => {}
        }
    }

    /// Takes notice of a function that is kept under a name.
    fn keep(&mut self, name: &str, value: Slot) {
        let function = self.functions.get(&value);
        let Some(function) = function.map(|id| &self.unit.functions[id.index()]) else {
            return;
        };
        if let Some(own) = self.names.declared(self.unit, function) {
            let name = self.names.number(name);
            self.found.kept.push((name, own));
        }
    }

    fn op(&mut self, op: &Op) {
        match op {
            Op::Load(_, name) => {
                self.path(name);
                self.found.loads.extend(self.found.names.last().copied());
                if let Some(getter) = self.models.getter(name) {
                    self.name(&getter);
                }
            }
            Op::LoadIndex(..) => {
                self.name("[]");
                self.index();
            }
            Op::Global(name) => self.outside(name),
            Op::Cast(_, name) | Op::IsType(_, name) => {
                self.libraries.add(&self.models.canonical(name));
            }
            Op::Call(callee, _) => match callee {
                Callee::New(name) => self.outside(name),
                Callee::Method(_, name) | Callee::Super(name) | Callee::Module(name) => {
                    self.path(name);
                }
                Callee::Known(function) => {
                    let function = &self.unit.functions[function.index()];
                    self.path(&function.name);
                }
                Callee::Value(_) => {}
            },
            // `object["name"]`.
            Op::Const(Literal::Str(text)) if text.len() <= 40 => {
                self.name(text);
                self.found.texts.extend(self.found.names.last().copied());
                // An operator of a query, which may be a sink.
                if text.starts_with('$') {
                    self.libraries.add(text);
                }
            }
            _ => {}
        }
    }

    fn finish(mut self, function: &Function) -> Mentions {
        // A constructor calls that of the class above.
        let class = function.class.map(|class| &self.unit.classes[class]);
        for supertype in class.iter().flat_map(|class| &class.supertypes) {
            if function.kind == FunctionKind::Constructor {
                self.path(supertype);
            }
        }
        // Functions of the same file may be variables that others take along.
        for capture in &function.captures {
            let slot = &function.slots[capture.inner.index()];
            if let Some(name) = &slot.name {
                self.name(name);
            }
        }
        self.found.names.sort_unstable();
        self.found.names.dedup();
        self.found.units.sort_unstable();
        self.found.units.dedup();
        self.found
    }
}

/// Returns what comes in through a function's parameters, and what goes out as
/// its result.
fn entry_flags(function: &Function, unit: &Unit, project: &Project, models: &Models) -> Reached {
    let known = |name: &Name| models.canonical(&project.meant(name));
    let mut found = Reached::default();
    let mut comes_in = |source: Option<&Source>| {
        if let Some(source) = source {
            found.sources = found.sources.or(source.kinds);
        }
    };
    for annotation in &function.annotations {
        comes_in(models.method_annotations.get(&known(&annotation.name)));
    }
    for param in &function.params {
        let ty = param.ty.as_ref().map(known);
        comes_in(ty.and_then(|ty| models.param_types.get(&ty)));
        for annotation in &param.annotations {
            comes_in(models.param_annotations.get(&known(&annotation.name)));
        }
    }
    if let (true, Some(class)) = (function.is_public, function.class)
        && models.has_class_entries()
    {
        let class = &unit.classes[class];
        let lineage = project.lineage(models, &class.name).into_iter();
        let annotations = class.annotations.iter().map(|a| known(&a.name));
        for name in lineage.chain(annotations) {
            comes_in(models.class_entry(&name));
        }
    }
    if project.templates.implied(unit, function).is_some() {
        found.sinks = found.sinks.or(Kinds::PAGE);
    }
    for annotation in &function.annotations {
        let sinks = models.results.get(&known(&annotation.name));
        for sink in sinks.into_iter().flatten() {
            found.sinks = found.sinks.or(Kinds(1 << sink.kind));
        }
    }
    found
}

/// Returns the parts of a qualified name.
fn parts(name: &str) -> impl Iterator<Item = &str> {
    let parts = name.split(['.', ':', '/', '\\', '#']);
    parts.filter(|part| !part.is_empty())
}

/// Returns whether a text may match a pattern, whatever the case: whether it
/// has the parts between the stars.
fn may_be_like(text: &str, pattern: &str) -> bool {
    let text = text.to_ascii_lowercase();
    pattern.split(['*', '?']).all(|part| text.contains(part))
}

/// Returns the last part of a qualified name.
fn last(name: &str) -> &str {
    name.rsplit(SEPARATORS).next().unwrap_or(name)
}

#[cfg(test)]
mod tests;
