//! What is known of libraries: sources, sinks, sanitisers, and what calls do
//! to values. All of it is data, one file a library, under `models/`.
//!
//! `docs/dev/add-a-model.md` says what the files can say.

use std::hash::BuildHasherDefault;
use std::sync::{Arc, OnceLock};

use aho_corasick::AhoCorasick;
use toml::{Table, Value};

use super::hash::{HashMap, HashSet};
use super::ir::{Literal, Name};
use super::kind::{KINDS, Kinds};
use super::reach::{Libraries, Reached};
use super::value::Doubt;
use crate::pattern::NameHasher;

mod read;

include!(concat!(env!("OUT_DIR"), "/models.rs"));

/// What is found by a name. The names are those of models, so that nobody
/// outside chooses what collides.
pub(crate) type ByName<T> = std::collections::HashMap<Name, T, BuildHasherDefault<NameHasher>>;

/// The models of one language.
#[derive(Debug, Default)]
pub(crate) struct Models {
    /// The folder of the files.
    pub(crate) language: &'static str,
    pub(crate) types: ByName<TypeModel>,
    /// By the name of the method; constructors are named `new`.
    methods: ByName<Vec<Entry>>,
    /// By the qualified name of the function.
    functions: ByName<Vec<Entry>>,
    /// By the name of the member.
    fields: ByName<Vec<Entry>>,
    /// Parameters that a stranger sets, by annotation of the parameter.
    pub(crate) param_annotations: ByName<Source>,
    /// Methods all of whose parameters a stranger sets, by annotation.
    pub(crate) method_annotations: ByName<Source>,
    /// Parameters that a stranger sets, by their type.
    pub(crate) param_types: ByName<Source>,
    /// What annotated functions give back and a library sends on.
    pub(crate) results: ByName<Vec<ResultSink>>,
    /// Functions that give back the name of a template, by annotation.
    pub(crate) fills: ByName<Fills>,
    /// Packages that are other names of the same.
    packages: Vec<(String, String)>,
    mentioned: HashSet<Name>,
    /// Qualified names by their last part, where only one has it.
    by_last_part: HashMap<Name, Option<Name>>,
    /// Parameters that a stranger sets: those of public methods of these types.
    class_entries: ByName<Source>,
    /// The same for types that are generated, by patterns of their names.
    class_patterns: Vec<(String, Source)>,
    /// Types of parameters that are not set by a stranger, as patterns.
    not_set: Vec<String>,
    /// Another language whose models count too.
    includes: Option<String>,
    /// Whether members are read with methods: `x.name` is `x.getName()`.
    pub(crate) reads_getters: bool,
    /// The folders that were read: its own, and those that these include.
    chain: Vec<String>,
    search: OnceLock<Option<AhoCorasick>>,
    search_for_wrong: OnceLock<Option<AhoCorasick>>,
    /// How the names of libraries begin.
    roots: OnceLock<HashSet<Name>>,
    /// What was wrong with the files.
    pub(crate) problems: Vec<String>,
}

/// What functions with an annotation give back reaches a sink.
#[derive(Clone, Debug)]
pub(crate) struct ResultSink {
    /// A place in [`KINDS`].
    pub(crate) kind: usize,
    /// The result has one of these types; none: any.
    pub(crate) types: Vec<Name>,
    /// The function or its class has one of these annotations besides; none:
    /// none is needed.
    pub(crate) also: Vec<Name>,
    /// An argument of the annotations must hold this text, whatever the case.
    pub(crate) says: Option<String>,
    /// The result must begin with this text, which is no part of the target.
    pub(crate) begins: Option<String>,
    /// The result must be a text.
    pub(crate) is_text: bool,
    /// Annotations that may say what kind of page it is.
    pub(crate) typed_by: Vec<Name>,
}

/// What functions with an annotation give back is the name of a template.
#[derive(Clone, Debug)]
pub(crate) struct Fills {
    /// Neither the function nor its class has one of these annotations.
    pub(crate) not_also: Vec<Name>,
    /// The types of the parameters that hold what it is filled with.
    pub(crate) params: Vec<Name>,
}

/// What is known of a type.
#[derive(Debug, Default)]
pub(crate) struct TypeModel {
    pub(crate) supertypes: Vec<Name>,
    /// The types of what methods return and members hold.
    pub(crate) returns: ByName<Name>,
    /// Whether what is set on a parameter of the type matters.
    pub(crate) is_object: bool,
}

/// Something that happens at a call or a member.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    /// The types that it holds for; `*` is any, also when nothing is known.
    types: Vec<Name>,
    /// The number of arguments, when only that one is meant.
    pub(crate) arity: Option<usize>,
    /// What constant arguments must be.
    pub(crate) when: Vec<Condition>,
    pub(crate) effect: Effect,
}

/// What a constant argument must be for an entry to hold.
#[derive(Clone, Debug)]
pub(crate) struct Condition {
    pub(crate) arg: Operand,
    /// The member of the argument that is tested, and not the argument.
    pub(crate) member: Option<Name>,
    pub(crate) test: Test,
    /// Whether the test must fail.
    pub(crate) not: bool,
    /// What counts when nothing is known of the argument.
    pub(crate) unknown: bool,
}

/// A test of a constant.
#[derive(Clone, Debug)]
pub(crate) enum Test {
    /// It is one of these.
    Is(Vec<Literal>),
    /// It matches one of these patterns (`*` and `?`), whatever the case.
    Like(Vec<String>),
    /// It is a number below this one.
    Below(i64),
    /// There is such an argument.
    Present,
    /// It begins with one of these, whatever the case and the space before it;
    /// the rest need not be constant.
    Begins(Vec<String>),
    /// It is a list whose first element matches one of these patterns.
    FirstLike(Vec<String>),
    /// It may be a text: it is not known to be an object or a list, and not
    /// just what an unknown call gave back.
    Text,
    /// It is an object or a list.
    Object,
    /// It is a function.
    Function,
    /// It is an object with this member.
    Has(Name),
    /// It is a list of so many elements.
    Length(usize),
    /// It is of this type.
    Type(Name),
    /// What it begins with is known, and just this.
    Prefix(Name),
}

/// A part of a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Operand {
    Receiver,
    Result,
    /// An argument by position; a named one may stand for it.
    Arg(usize),
    /// Every argument.
    All,
    /// Every argument from this one on.
    From(usize),
    /// A named argument.
    Named(Name),
    /// A member of an argument that is an object.
    Member(usize, Name),
    /// What is given by name or place from a collection whose elements are not
    /// known: `**fields`.
    Rest,
}

/// Where something comes in.
#[derive(Clone, Debug)]
pub(crate) struct Source {
    pub(crate) kinds: Kinds,
    pub(crate) doubt: Doubt,
    /// What it is, such as `a request parameter`.
    pub(crate) what: Name,
    pub(crate) to: Operand,
}

/// What an entry does.
#[derive(Clone, Debug)]
pub(crate) enum Effect {
    Source(Source),
    Sink {
        /// A place in [`KINDS`].
        kind: usize,
        args: Vec<Operand>,
        /// A text that must not be constant at the beginning: a prefix that
        /// ends the danger (an origin that is fixed).
        fixed_by_prefix: bool,
    },
    /// The result is the operand without the danger to these kinds.
    Sanitize(Kinds),
    /// Where the result is true (or false), the operand is not dangerous.
    Guard {
        arg: Operand,
        kinds: Kinds,
        when: bool,
    },
    /// A part that decides for the whole: where it passed a check, the whole is
    /// not dangerous to these kinds.
    Part(Kinds),
    /// What happens to values, by the name of an operation.
    Op(Name),
    /// Calls the function that is an argument, with values of these types.
    Callback {
        arg: Operand,
        params: Vec<Name>,
        /// A stranger sets the parameters, but for those whose type says
        /// otherwise.
        source: Option<Source>,
    },
    /// It is wrong to call this at all (under the conditions).
    Misuse {
        rule: Name,
        message: Name,
        /// A member of the operand that must be this constant.
        member: Option<(Operand, Name, Literal)>,
    },
    /// It writes to what an argument points to.
    Fill(Fill),
    /// It fills a template.
    Render(Render),
    /// It does nothing to values: its result is unknown and clean.
    Nothing,
}

/// How a call writes to what an argument points to.
#[derive(Clone, Debug)]
pub(crate) struct Fill {
    /// What is written to.
    pub(crate) to: Operand,
    /// What is written.
    pub(crate) from: Vec<Operand>,
    /// Whether it is added to what was there.
    pub(crate) adds: bool,
    /// The argument that is a format of C for those in `from`.
    pub(crate) format: Option<usize>,
    /// The argument that says how much is written at most.
    pub(crate) limit: Option<usize>,
    /// What is written is not dangerous to these.
    pub(crate) without: Kinds,
    /// Whether nothing says how much is written at most.
    pub(crate) is_unbounded: bool,
}

/// Which template a call fills, and with what.
#[derive(Clone, Debug)]
pub(crate) struct Render {
    /// What may be the name of the template; where none of it is a text, it is the
    /// one that goes by the function.
    pub(crate) template: Vec<Operand>,
    /// What its names stand for: members and entries of these.
    pub(crate) values: Vec<Operand>,
    /// The name under which it knows what it is given, where it is one.
    pub(crate) root: Option<Name>,
    /// Whether the last two arguments are a name and what it stands for.
    pub(crate) is_pair: bool,
    /// Members of the receiver that it knows by their names.
    pub(crate) members: Vec<Name>,
    /// Members of the receiver whose own members it knows by name.
    pub(crate) spread: Vec<Name>,
}

impl Models {
    /// Returns the entries for a method by its name.
    pub(crate) fn method(&self, name: &str) -> &[Entry] {
        self.methods.get(name).map_or(&[], Vec::as_slice)
    }

    /// Returns the entries for a function by its qualified name.
    pub(crate) fn function(&self, name: &str) -> &[Entry] {
        self.functions.get(name).map_or(&[], Vec::as_slice)
    }

    /// Returns the entries for a member by its name.
    pub(crate) fn field(&self, name: &str) -> &[Entry] {
        self.fields.get(name).map_or(&[], Vec::as_slice)
    }

    /// Returns the name of the method that gives a member, where members are
    /// read with methods.
    pub(crate) fn getter(&self, member: &str) -> Option<String> {
        let mut letters = member.chars();
        let first = letters.next().filter(|_| self.reads_getters)?;
        Some(format!("get{}{}", first.to_uppercase(), letters.as_str()))
    }

    /// Returns the name under which models know what goes by this one. Of a
    /// name that begins with `*.` it is not known where it is declared.
    pub(crate) fn canonical(&self, name: &Name) -> Name {
        if let Some(last) = name.strip_prefix("*.") {
            let known = self.by_last_part.get(last).cloned().flatten();
            return known.map_or_else(|| name.clone(), |name| self.canonical(&name));
        }
        for (from, to) in &self.packages {
            if let Some(rest) = name.strip_prefix(from.as_str())
                && rest.starts_with('.')
            {
                return Name::from(format!("{to}{rest}"));
            }
        }
        name.clone()
    }

    /// Returns whether a file mentions the type.
    pub(crate) fn knows_type(&self, name: &str) -> bool {
        self.mentioned.contains(name)
            || self.packages.iter().any(|(from, to)| {
                name.strip_prefix(from.as_str())
                    .is_some_and(|rest| self.mentioned.contains(format!("{to}{rest}").as_str()))
            })
    }

    /// Returns whether a model is about a function of this qualified name.
    pub(crate) fn knows_function(&self, name: &str) -> bool {
        self.functions.contains_key(name)
    }

    /// Returns whether the name of a library that models know begins so.
    pub(crate) fn knows_root(&self, name: &str) -> bool {
        let roots = self.roots.get_or_init(|| {
            let names = self.functions.keys().chain(&self.mentioned);
            names
                .map(|name| Name::from(name.split('.').next().unwrap_or(name)))
                .collect()
        });
        roots.contains(name)
    }

    /// Returns the parts of a call of this name that it may write to.
    pub(crate) fn written(&self, name: &str) -> Vec<Operand> {
        let entries = self.function(name).iter().chain(self.method(name));
        let target = |entry: &Entry| match &entry.effect {
            Effect::Fill(fill) => Some(fill.to.clone()),
            Effect::Source(source) => Some(source.to.clone()),
            Effect::Op(op) if matches!(&**op, "append" | "insert" | "reset") => {
                Some(Operand::Receiver)
            }
            _ => None,
        };
        entries
            .filter_map(target)
            .filter(|operand| *operand != Operand::Result)
            .collect()
    }

    /// Returns the search for the words that [`Models::starts`] names.
    pub(crate) fn search(&self, wrong_only: bool) -> Option<&AhoCorasick> {
        let search = match wrong_only {
            true => &self.search_for_wrong,
            false => &self.search,
        };
        let make = || {
            let words = self.starts(wrong_only);
            AhoCorasick::new(&words).ok().filter(|_| !words.is_empty())
        };
        search.get_or_init(make).as_ref()
    }

    /// Returns whether public methods of some types are called by strangers.
    pub(crate) fn has_class_entries(&self) -> bool {
        !(self.class_entries.is_empty() && self.class_patterns.is_empty())
    }

    /// Returns what a stranger sets in calling the public methods of a type.
    pub(crate) fn class_entry(&self, ty: &Name) -> Option<&Source> {
        let by_pattern = || {
            let mut patterns = self.class_patterns.iter();
            patterns.find(|(pattern, _)| is_like(ty, pattern))
        };
        let by_name = self.class_entries.get(ty);
        by_name.or_else(|| by_pattern().map(|(_, source)| source))
    }

    /// Returns whether a parameter of the type may be set by a stranger, where
    /// the types of parameters decide.
    pub(crate) fn may_be_set(&self, ty: Option<&Name>) -> bool {
        let simple = ty.map_or("", |ty| ty.rsplit('.').next().unwrap_or(ty));
        !self.not_set.iter().any(|pattern| is_like(simple, pattern))
    }

    /// Returns the patterns of the texts that tell secrets from other values, and
    /// of the members that do.
    pub(crate) fn telling_of_secrets(&self) -> (Vec<&str>, Vec<&str>) {
        fn patterns<'m>(named: impl Iterator<Item = &'m Vec<Entry>>) -> Vec<&'m str> {
            let entries = named.flatten().filter(|entry| {
                let reached = entry.reached();
                !reached.sources.and(Kinds::SECRET_IF_TOLD).is_empty()
            });
            let mut patterns: Vec<&str> = entries
                .flat_map(Entry::told_by)
                .map(String::as_str)
                .collect();
            patterns.sort_unstable();
            patterns.dedup();
            patterns
        }
        let members = patterns(self.fields.values());
        let mut texts = patterns(self.methods.values().chain(self.functions.values()));
        texts.extend(&members);
        (texts, members)
    }

    /// Returns the words of which a file must hold one for a path to begin in
    /// it: those of sources, and of calls that are wrong by themselves; or of
    /// the latter alone.
    pub(crate) fn starts(&self, wrong_only: bool) -> Vec<&str> {
        let among = match wrong_only {
            true => Kinds::WRONG,
            false => Kinds::ANY.or(Kinds::OWN),
        };
        let words = self.words(&Libraries::all(), |_| true).into_iter();
        let mut starts: Vec<&str> = words
            .filter(|(_, reached)| reached.only(among).begins())
            .map(|(word, _)| word)
            .collect();
        if wrong_only {
            return starts;
        }
        let annotations = self
            .param_annotations
            .iter()
            .chain(&self.method_annotations)
            .chain(&self.class_entries)
            .chain(&self.param_types)
            .filter(|(_, source)| !source.kinds.is_empty());
        starts.extend(annotations.map(|(name, _)| last_part(name)));
        let patterns = self.class_patterns.iter();
        starts.extend(patterns.filter_map(|(pattern, _)| {
            let parts = pattern.split(['*', '.']);
            parts.max_by_key(|part| part.len())
        }));
        starts.sort_unstable();
        starts.dedup();
        starts
    }

    /// Returns what the last parts of the names that models know stand for,
    /// where the libraries are there and, of types without a library, the word.
    pub(crate) fn words(
        &self,
        libraries: &Libraries,
        is_word: impl Fn(&str) -> bool,
    ) -> HashMap<&str, Reached> {
        let types = self.types_of(libraries, is_word);
        let mut below: HashMap<&Name, Vec<&Name>> = HashMap::default();
        for (name, model) in &self.types {
            for supertype in &model.supertypes {
                below.entry(supertype).or_default().push(name);
            }
        }
        let mut words: HashMap<&str, Reached> = HashMap::default();
        let named = self
            .methods
            .iter()
            .chain(&self.functions)
            .chain(&self.fields);
        for (name, entries) in named {
            for entry in entries {
                let reached = entry.reached();
                if reached == Reached::default() {
                    continue;
                }
                let is_there = match entry.types.is_empty() {
                    true => libraries.have(name),
                    false => entry.types.iter().any(|ty| types.contains(ty)),
                };
                if !is_there {
                    continue;
                }
                let mut add = |word| {
                    let known: &mut Reached = words.entry(word).or_default();
                    *known = known.or(reached);
                };
                match &**name {
                    // What makes a type makes what extends it.
                    "new" => {
                        let mut made: Vec<&Name> = entry.types.iter().collect();
                        let mut at = 0;
                        while let Some(ty) = made.get(at).copied() {
                            at += 1;
                            add(last_part(ty));
                            let own = below.get(ty).into_iter().flatten().copied();
                            let new: Vec<&Name> = own.filter(|ty| !made.contains(ty)).collect();
                            made.extend(new);
                        }
                    }
                    // Members of any name go by the type.
                    "*" => entry.types.iter().for_each(|ty| add(last_part(ty))),
                    name if entry.types.is_empty() && reached.begins() => add(telling_part(name)),
                    name => add(last_part(name)),
                }
            }
        }
        words
    }

    /// Returns the types of which there may be values: those of libraries that
    /// are there, and what comes of them. In Python a type whose name is one word
    /// is there where the word is: it is a module, such as `flask`. Elsewhere files
    /// use a library that only another one names: handlers of `express`.
    fn types_of(&self, libraries: &Libraries, is_word: impl Fn(&str) -> bool) -> HashSet<Name> {
        let is_there = |name: &Name| {
            let is_module = self.language == "python" && !name.contains(['#', '[']);
            match name.contains('.') {
                true => libraries.have(name),
                // What operations make has a mark in its name.
                false => !is_module || libraries.have(name) || is_word(name),
            }
        };
        let mut found: HashSet<Name> = self
            .mentioned
            .iter()
            .filter(|n| is_there(n))
            .cloned()
            .collect();
        found.insert(Name::from("*"));
        let mut given: HashMap<&Name, Vec<&Name>> = HashMap::default();
        for (name, entries) in self.methods.iter().chain(&self.functions) {
            for entry in entries {
                if let Effect::Callback { params, .. } = &entry.effect {
                    for from in entry.types.iter().chain([name]) {
                        given.entry(from).or_default().extend(params);
                    }
                }
            }
        }
        let mut left: Vec<Name> = found.iter().cloned().collect();
        while let Some(name) = left.pop() {
            let model = self.types.get(&name);
            let returns = model.into_iter().flat_map(|model| model.returns.values());
            let above = model.into_iter().flat_map(|model| &model.supertypes);
            let params = given.get(&name).into_iter().flatten().copied();
            for next in returns.chain(above).chain(params) {
                if found.insert(next.clone()) {
                    left.push(next.clone());
                }
            }
        }
        found
    }
}

impl Effect {
    /// Returns what comes in or does harm.
    fn reached(&self) -> Reached {
        let mut reached = Reached::default();
        match self {
            Self::Source(source) if source.doubt == Doubt::Local => reached.local = source.kinds,
            Self::Source(source) => reached.sources = source.kinds,
            Self::Callback { .. } => reached.callbacks = Kinds::INPUT,
            Self::Sink { kind, .. } => reached.sinks = Kinds(1 << kind),
            Self::Misuse { .. } => reached = Reached::WRONG,
            Self::Render(_) => reached.sinks = Kinds::FILLS,
            // It may write more than there is room for.
            Self::Fill(fill) if fill.is_unbounded || fill.limit.is_some() => {
                reached.sinks = Kinds::named("buffer").unwrap_or(Kinds::NONE);
            }
            _ => {}
        }
        reached
    }
}

/// Returns the part of a function's qualified name that whoever calls it
/// mentions and others seldom do: of `os.environ.get` the middle.
fn telling_part(name: &str) -> &str {
    let mut parts = name.rsplit(['.', ':', '/', '\\']);
    let last = parts.next().unwrap_or(name);
    match (parts.next(), parts.next()) {
        (Some(owner), Some(_)) => owner,
        _ => last,
    }
}

/// Returns the last part of a qualified name.
fn last_part(name: &str) -> &str {
    name.rsplit(['.', ':', '#', '/', '\\'])
        .next()
        .unwrap_or(name)
}

impl Entry {
    /// Returns what comes in or does harm. A secret that only a text tells from
    /// other values is one where there is such a text.
    fn reached(&self) -> Reached {
        let mut reached = self.effect.reached();
        if self.told_by().next().is_some() && !reached.sources.and(Kinds::SECRET).is_empty() {
            let others = reached.sources.without(Kinds::SECRET);
            reached.sources = others.or(Kinds::SECRET_IF_TOLD);
        }
        reached
    }

    /// Returns the patterns of which a constant argument must match one.
    fn told_by(&self) -> impl Iterator<Item = &String> {
        let must = self.when.iter().filter(|when| !when.not && !when.unknown);
        let patterns = must.filter_map(|when| match &when.test {
            Test::Like(patterns) => Some(patterns),
            _ => None,
        });
        patterns.flatten()
    }

    /// Returns whether the entry holds for any of the types, or for any type.
    pub(crate) fn is_for(&self, types: &[Name]) -> bool {
        self.types
            .iter()
            .any(|own| &**own == "*" || types.contains(own))
    }

    /// Returns whether the entry holds whatever the type is.
    pub(crate) fn is_for_any(&self) -> bool {
        self.types.iter().any(|own| &**own == "*")
    }
}

/// What is known of libraries, for all languages: the models that come with
/// Assay, and those that a project wrote.
#[derive(Clone, Debug, Default)]
pub struct FlowModels {
    /// The languages of which the project knows more.
    own: Vec<Arc<Models>>,
}

impl FlowModels {
    /// Adds what a project wrote, each file a name and a text, to the models that
    /// come with Assay. The second are the errors, which name their files.
    pub fn with(files: &[(String, String)]) -> (Self, Vec<String>) {
        let (mut own, mut problems) = (Vec::new(), Vec::new());
        let mut told: Vec<Own<'_>> = Vec::new();
        for (name, text) in files {
            match Own::read(name, text) {
                Ok(file) => told.push(file),
                Err(problem) => problems.push(problem),
            }
        }
        for language in languages().filter(|_| !told.is_empty()) {
            // A language that includes another knows what it knows.
            let models = read_all(language, &told);
            let is_told = |file: &Own<'_>| models.chain.iter().any(|of| of == file.language);
            if told.iter().any(is_told) {
                problems.extend(models.problems.iter().cloned());
                own.push(Arc::new(models));
            }
        }
        problems.sort();
        problems.dedup();
        (Self { own }, problems)
    }

    /// Returns the models of a language.
    pub(crate) fn of(&self, language: &str) -> Arc<Models> {
        let own = self.own.iter().find(|models| models.language == language);
        Arc::clone(own.unwrap_or_else(|| shipped(language)))
    }
}

/// A file that a project wrote.
struct Own<'t> {
    name: &'t str,
    language: &'static str,
    table: Table,
}

impl<'t> Own<'t> {
    fn read(name: &'t str, text: &str) -> Result<Self, String> {
        let table: Table = text.parse().map_err(|error| format!("{name}: {error}"))?;
        let written = table.get("language").and_then(Value::as_str);
        let language = languages().find(|known| written == Some(*known));
        let known = || languages().collect::<Vec<_>>().join(", ");
        Ok(Self {
            name,
            language: language.ok_or_else(|| match written {
                Some(written) => format!(
                    "{name}: there are no models for `{written}`; `language` is one of {}",
                    known()
                ),
                None => format!("{name}: `language` is missing, one of {}", known()),
            })?,
            table,
        })
    }
}

/// Returns the languages that have models.
fn languages() -> impl Iterator<Item = &'static str> {
    FILES.chunk_by(|a, b| a.0 == b.0).map(|files| files[0].0)
}

/// Returns the models that come with Assay.
fn shipped(language: &str) -> &'static Arc<Models> {
    type Read = (&'static str, OnceLock<Arc<Models>>);
    static ALL: OnceLock<Vec<Read>> = OnceLock::new();
    static NONE: OnceLock<Arc<Models>> = OnceLock::new();
    let all = ALL.get_or_init(|| languages().map(|name| (name, OnceLock::new())).collect());
    match all.iter().find(|(name, _)| *name == language) {
        Some((name, models)) => models.get_or_init(|| Arc::new(read_all(name, &[]))),
        None => NONE.get_or_init(Arc::default),
    }
}

/// Reads all models of a language.
fn read_all(language: &'static str, own: &[Own<'_>]) -> Models {
    let mut models = Models {
        language,
        ..Models::default()
    };
    let mut next = Some(language.to_owned());
    while let Some(language) = next.take() {
        for (_, file, text) in FILES.iter().filter(|file| file.0 == language) {
            read::read(&mut models, file, text);
        }
        next = models.includes.take();
        models.chain.push(language);
    }
    for file in own {
        if models.chain.iter().any(|of| of == file.language) {
            read::read_own(&mut models, file.name, &file.table);
        }
    }
    models
}

/// Returns whether a text matches a pattern of `*` and `?`.
pub(crate) fn is_like(text: &str, pattern: &str) -> bool {
    let (text, pattern): (Vec<char>, Vec<char>) =
        (text.chars().collect(), pattern.chars().collect());
    let (mut t, mut p) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while t < text.len() {
        if p < pattern.len() && pattern[p] == '*' {
            star = Some((p, t));
            p += 1;
        } else if p < pattern.len() && (pattern[p] == '?' || pattern[p] == text[t]) {
            p += 1;
            t += 1;
        } else if let Some((at, from)) = star {
            star = Some((at, from + 1));
            p = at + 1;
            t = from + 1;
        } else {
            return false;
        }
    }
    pattern[p..].iter().all(|c| *c == '*')
}

/// Returns the rule that reports a kind of sink.
pub(crate) fn rule_of(kind: usize) -> &'static str {
    KINDS[kind].1
}

#[cfg(test)]
mod tests {
    use super::{FlowModels, is_like, languages};

    #[test]
    fn patterns_match_as_a_whole() {
        for (text, pattern, expected) in [
            ("des/ecb/pkcs5padding", "des/*", true),
            ("desede/cbc", "des", false),
            ("aes/ecb/x", "*/ecb/*", true),
            ("", "*", true),
            ("a", "??", false),
        ] {
            assert_eq!(is_like(text, pattern), expected, "{text} {pattern}");
        }
    }

    #[test]
    fn all_models_can_be_read() {
        for language in languages() {
            let models = FlowModels::default().of(language);
            let problems = &models.problems;
            assert!(problems.is_empty(), "{language}: {}", problems.join("\n"));
        }
    }
}
