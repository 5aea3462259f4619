//! Templates as part of the program: a function that puts out what it is given by
//! name, and which templates a name means.
//!
//! A template is lowered by words: what it puts out unescaped, the variables of its
//! loops and assignments, and what it includes. The rest of it does nothing to values.

use std::collections::BTreeSet;
use std::sync::Arc;

use assay_source::{RepoPath, SourceText, Span};

use super::builder::{Builder, Signature};
use super::hash::HashMap;
use super::ir::{
    Arg, Block, Callee, Function, FunctionId, FunctionKind, Literal, Name, Op, ParamKind, Slot,
    StmtKind, Unit,
};
use super::model::FlowModels;
use super::project::{TARGETS_MAX, Target, each_block};
use crate::template::{Include, Page, Redirect, Unescaped, Variable, is_template, pages, plain};

/// What the name of an included template begins with as that of a module.
pub(crate) const INCLUDED: &str = "\0template:";

/// How a value is put out that the browser goes to.
pub(crate) const SENT_ON: &str = "location";

/// The function of a unit that is the template.
const FUNCTION: FunctionId = FunctionId(1);

/// Folders that the names of templates begin in.
const ROOTS: &[&str] = &[
    "templates",
    "template",
    "views",
    "view",
    "jinja2",
    "pages",
    "tmpl",
    "webapp",
    "web-inf",
    "jsp",
];

/// Templates that one file defines by name.
const DEFINED_MAX: usize = 100;

/// Texts that may name a template are at most so long.
const NAME_BYTES_MAX: usize = 120;

/// Lowers a template, once for each language whose programs may fill it.
pub(crate) fn lower(models: &FlowModels, path: &RepoPath, text: &Arc<SourceText>) -> Vec<Unit> {
    let pages = pages(path, text);
    let lower = |page: &Page<'_>| Template::lower(models, path, text, page);
    pages.iter().map(lower).collect()
}

/// A template that is being lowered.
struct Template<'t> {
    b: Builder,
    text: &'t str,
    language: &'static str,
    /// What it is given, by name.
    given: Slot,
    /// What the names inside of a stretch are members of.
    contexts: Vec<Slot>,
    /// The variables that it sets.
    variables: Vec<(Name, Slot)>,
}

/// Something that a template does.
enum Step<'p, 't> {
    Sets(&'p Variable<'t>),
    PutsOut(&'p Unescaped),
    Includes(&'p Include<'t>),
    Redirects(&'p Redirect<'t>),
}

impl<'t> Template<'t> {
    fn lower(
        models: &FlowModels,
        path: &RepoPath,
        text: &'t Arc<SourceText>,
        page: &Page<'t>,
    ) -> Unit {
        let mut b = Builder::new(models.of(page.language), path, text);
        b.set_template();
        let whole = Span::new(0, text.as_str().len() as u32);
        b.begin_function(whole, Signature::new("", FunctionKind::Plain));
        let given = b.param("given", ParamKind::NamedRest, None);
        let mut this = Self {
            b,
            text: text.as_str(),
            language: page.language,
            given,
            contexts: Vec::new(),
            variables: Vec::new(),
        };
        let mut steps: Vec<(u32, Step<'_, 't>)> = Vec::new();
        let sets = page.variables.iter();
        steps.extend(sets.map(|variable| (variable.span.start, Step::Sets(variable))));
        let outputs = page.outputs.iter();
        steps.extend(outputs.map(|output| (output.span.start, Step::PutsOut(output))));
        let includes = page.includes.iter();
        steps.extend(includes.map(|include| (include.span.start, Step::Includes(include))));
        let redirects = page.redirects.iter();
        steps.extend(redirects.map(|redirect| (redirect.span.start, Step::Redirects(redirect))));
        steps.sort_by_key(|(at, _)| *at);
        for (_, step) in steps {
            this.step(&step);
        }
        this.b.end_function();
        this.b.finish()
    }

    fn step(&mut self, step: &Step<'_, 't>) {
        match step {
            Step::Sets(variable) => {
                let mut value = self.value(variable.span, &variable.values);
                if variable.is_element {
                    let index = self.b.unknown(variable.span);
                    value = self.b.load_index(variable.span, value, index);
                }
                let Some(name) = variable.name else {
                    self.contexts.push(value);
                    return;
                };
                let slot = self.b.declare_in_function(name, None);
                self.b.assign(variable.span, slot, value);
                let name = self.b.name(name);
                self.variables.retain(|(known, _)| *known != name);
                self.variables.push((name, slot));
            }
            Step::PutsOut(output) => {
                let values = output.values(self.text);
                if !values.is_empty() {
                    let value = self.value(output.span, &values);
                    let how = self.b.name(output.mechanism);
                    self.b.emit(output.span, Op::PutOut(value, how));
                }
            }
            Step::Redirects(redirect) => {
                let value = self.value(redirect.span, &redirect.values);
                let how = self.b.name(SENT_ON);
                self.b.emit(redirect.span, Op::PutOut(value, how));
            }
            Step::Includes(include) => {
                let mut args: Vec<Arg> = Vec::new();
                for (name, values) in &include.given {
                    let value = self.value(include.span, values);
                    args.push(self.named(name, value));
                }
                for (name, slot) in self.variables.clone() {
                    args.push(self.named(&name, slot));
                }
                let mut all = self.named("", self.given);
                all.spread = true;
                args.push(all);
                let name = Name::from(format!("{INCLUDED}{}", include.name));
                self.b.call(include.span, Callee::Module(name), args);
            }
        }
    }

    fn named(&mut self, name: &str, value: Slot) -> Arg {
        Arg {
            name: Some(self.b.name(name)),
            value,
            spread: false,
        }
    }

    /// Returns what the names lead to.
    fn value(&mut self, at: Span, values: &[Vec<&'t str>]) -> Slot {
        let mut slots: Vec<Slot> = Vec::new();
        for names in values {
            slots.push(self.member(at, names));
        }
        match slots.as_slice() {
            [one] => *one,
            _ => self.b.mix(at, slots),
        }
    }

    fn member(&mut self, at: Span, names: &[&'t str]) -> Slot {
        let Some((first, rest)) = names.split_first() else {
            return self.b.unknown(at);
        };
        let mut value = match *first {
            // All that it is given.
            "$" | "locals" | "@root" | "requestScope" if !rest.is_empty() => self.given,
            "this" => self.contexts.last().copied().unwrap_or(self.given),
            name => self.named_value(at, plain(name)),
        };
        for name in rest {
            value = match (*name, self.language) {
                ("item", _) => {
                    let index = self.b.unknown(at);
                    self.b.load_index(at, value, index)
                }
                // Members are methods, or entries of what came in.
                (name, "ruby") => {
                    let entry = self.b.load(at, value, name);
                    let name = self.b.name(name);
                    let member = self.b.call(at, Callee::Method(value, name), Vec::new());
                    self.b.mix(at, vec![entry, member])
                }
                (name, _) => self.b.load(at, value, plain(name)),
            };
        }
        value
    }

    fn named_value(&mut self, at: Span, name: &str) -> Slot {
        if let Some(slot) = self.b.local(name) {
            return slot;
        }
        let own = self.b.load(at, self.given, name);
        if self.contexts.is_empty() {
            return own;
        }
        let mut all = vec![own];
        for context in self.contexts.clone() {
            all.push(self.b.load(at, context, name));
        }
        self.b.mix(at, all)
    }
}

/// The templates of a project.
#[derive(Debug, Default)]
pub(crate) struct Templates {
    /// By the name of the file without its endings.
    by_stem: HashMap<String, Vec<Known>>,
}

#[derive(Debug)]
struct Known {
    path: String,
    language: &'static str,
    target: Target,
}

impl Templates {
    pub(crate) fn is_empty(&self) -> bool {
        self.by_stem.is_empty()
    }

    /// Adds a template, or a script that may be one: what stands at its top level
    /// is run.
    pub(crate) fn add(&mut self, at: u32, unit: &Unit) {
        let path = unit.path.to_string();
        if !unit.is_template && !is_script(unit, &path) {
            return;
        }
        let target = Target {
            unit: at,
            function: match unit.is_template {
                true => FUNCTION,
                false => FunctionId::TOP,
            },
        };
        let folder = path.strip_suffix(file_of(&path)).unwrap_or("");
        let mut paths = vec![path.clone()];
        if unit.language == "go" {
            // A file may hold several, and the program calls them by these names.
            let defined = defined_in(unit.text.as_str());
            paths.extend(defined.map(|name| format!("{folder}{name}")));
        }
        for path in paths {
            let known = self.by_stem.entry(stem(file_of(&path))).or_default();
            known.push(Known {
                path,
                language: unit.language,
                target,
            });
        }
    }

    /// Returns the templates that the first of the names which means any means in
    /// a file.
    pub(crate) fn named(&self, names: &[String], unit: &Unit) -> Vec<Target> {
        let from = unit.path.to_string();
        let language = match unit.language {
            "kotlin" => "java",
            language => language,
        };
        let mut found = names.iter().map(|name| {
            let own = self.of_name(name, &from, language);
            match own.is_empty() && !name.contains('/') {
                // `posts.show` of Laravel.
                true => self.of_name(&name.replace('.', "/"), &from, language),
                false => own,
            }
        });
        found.find(|found| !found.is_empty()).unwrap_or_default()
    }

    fn of_name(&self, name: &str, from: &str, language: &str) -> Vec<Target> {
        let name = name.rsplit("::").next().unwrap_or(name);
        let is_part = |part: &&str| !part.is_empty() && !part.starts_with(['.', '@', '~']);
        let parts: Vec<&str> = name.split('/').filter(is_part).collect();
        let Some((file, folders)) = parts.split_last() else {
            return Vec::new();
        };
        let Some(known) = self.by_stem.get(&stem(file)) else {
            return Vec::new();
        };
        // What stands before the name in the path of each.
        let mut fitting: Vec<(&Known, Vec<&str>)> = Vec::new();
        for known in known {
            let mut all: Vec<&str> = known.path.split('/').collect();
            let own = all.pop().unwrap_or("");
            let has_file = !file.contains('.') || begins(own, file);
            let Some(before) = all.len().checked_sub(folders.len()) else {
                continue;
            };
            let is_in = all[before..].iter().zip(folders);
            if has_file && is_in.into_iter().all(|(a, b)| a.eq_ignore_ascii_case(b)) {
                all.truncate(before);
                fitting.push((known, all));
            }
        }
        prefer(&mut fitting, |(known, _)| known.language == language);
        prefer(&mut fitting, |(_, before)| {
            let last = before
                .last()
                .map_or(String::new(), |last| last.to_ascii_lowercase());
            ROOTS.contains(&last.as_str())
        });
        let near = |(_, before): &(&Known, Vec<&str>)| {
            let pairs = before.iter().zip(from.split('/'));
            pairs.take_while(|(a, b)| *a == b).count()
        };
        let nearest = fitting.iter().map(near).max().unwrap_or(0);
        prefer(&mut fitting, |one| near(one) == nearest);
        let targets = fitting.iter().map(|(known, _)| known.target);
        targets.take(TARGETS_MAX).collect()
    }

    /// Returns the name of the template that a framework fills when an action has
    /// run, where there is one.
    pub(crate) fn implied(&self, unit: &Unit, function: &Function) -> Option<String> {
        if self.is_empty() || unit.language != "ruby" || function.kind != FunctionKind::Method {
            return None;
        }
        if !self.by_stem.contains_key(&stem(&function.name)) {
            return None;
        }
        Some(format!("{}/{}", folder(unit, function)?, function.name))
    }
}

/// Returns the names of the templates that a file of Go defines.
fn defined_in(text: &str) -> impl Iterator<Item = &str> {
    let openers = ["{{define \"", "{{- define \"", "{{block \"", "{{- block \""];
    let all = openers
        .into_iter()
        .flat_map(|opener| text.split(opener).skip(1));
    let names = all.filter_map(|rest| rest.split('"').next());
    names
        .filter(|name| !name.is_empty() && name.len() <= NAME_BYTES_MAX)
        .take(DEFINED_MAX)
}

/// Returns whether a file is a script that programs run as a template.
fn is_script(unit: &Unit, path: &str) -> bool {
    let mut folders = path.split('/').rev().skip(1);
    unit.language == "php"
        && !path.ends_with(".blade.php")
        && folders.any(|folder| matches!(folder, "views" | "Views" | "view" | "templates"))
}

/// Keeps those for which it is true, when there are any.
fn prefer<T>(all: &mut Vec<T>, is_better: impl Fn(&T) -> bool) {
    if all.iter().any(&is_better) {
        all.retain(|one| is_better(one));
    }
}

fn begins(text: &str, start: &str) -> bool {
    text.get(..start.len())
        .is_some_and(|own| own.eq_ignore_ascii_case(start))
}

fn file_of(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// Returns the name of a file without its endings, as it is looked up: `show` of
/// `_show.html.erb`.
fn stem(file: &str) -> String {
    let file = file.trim_start_matches(['_', '.']);
    let stem = file.split('.').next().unwrap_or(file);
    stem.to_ascii_lowercase()
}

/// Returns the folder of the templates of a controller: `admin/users` of
/// `Admin::UsersController`.
fn folder(unit: &Unit, function: &Function) -> Option<String> {
    let class = &unit.classes[function.class?];
    let name = class.name.strip_suffix("Controller")?;
    match unit.language {
        "ruby" => Some(snake(&name.replace("::", "/").replace('.', "/"))),
        "csharp" => name.rsplit('.').next().map(str::to_owned),
        "php" => name.rsplit(['.', '\\']).next().map(snake),
        _ => None,
    }
}

fn snake(name: &str) -> String {
    let mut out = String::new();
    for c in name.chars() {
        if c.is_uppercase() && out.ends_with(|last: char| last.is_lowercase() || last.is_numeric())
        {
            out.push('_');
        }
        out.extend(c.to_lowercase());
    }
    out
}

/// Returns the names under which a function's framework looks for a template: the
/// one that is given, or the function's own, in the folder of its controller first.
pub(crate) fn names_of(unit: &Unit, function: &Function, given: Option<&str>) -> Vec<String> {
    let mut function = function;
    while let (None, Some(parent)) = (function.class, function.parent) {
        function = &unit.functions[parent.index()];
    }
    match (given, folder(unit, function)) {
        (Some(name), Some(folder)) if !name.contains('/') => {
            vec![
                format!("{folder}/{name}"),
                format!("Shared/{name}"),
                name.to_owned(),
            ]
        }
        (Some(name), _) => vec![name.to_owned()],
        (None, Some(folder)) => vec![format!("{folder}/{}", function.name)],
        (None, None) => Vec::new(),
    }
}

/// Returns the name by which functions call for a template, when the file is one.
pub(crate) fn called_by(path: &RepoPath) -> Option<String> {
    is_template(path).then(|| stem(file_of(&path.to_string())))
}

/// Returns the names of the templates that a file may fill or include: what
/// [`called_by`] says of these.
pub(crate) fn names_used(unit: &Unit) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for function in &unit.functions {
        texts(&function.body, &mut |text| {
            let last = text.rsplit(['/', ':']).next().unwrap_or(text);
            names.insert(stem(last));
            if let Some((_, last)) = last.rsplit_once('.') {
                names.insert(stem(last));
            }
        });
        if folder(unit, function).is_some() {
            names.insert(stem(&function.name));
        }
    }
    names.remove("");
    names
}

/// Calls back for each text that may name a template.
fn texts(block: &Block, callback: &mut impl FnMut(&str)) {
    for stmt in block {
        match &stmt.kind {
            StmtKind::Let(_, Op::Const(Literal::Str(text))) => {
                let is_name = |c: char| c.is_alphanumeric() || "/._-:@".contains(c);
                if text.len() <= NAME_BYTES_MAX && text.chars().all(is_name) {
                    callback(text);
                }
            }
            StmtKind::Let(_, Op::Call(Callee::Module(name), _)) => {
                if let Some(name) = name.strip_prefix(INCLUDED) {
                    callback(name);
                }
            }
            _ => {}
        }
        each_block(stmt, &mut |inner| texts(inner, callback));
    }
}

#[cfg(test)]
mod tests {
    use super::{snake, stem};

    #[test]
    fn templates_go_by_their_file_without_endings() {
        for (file, expected) in [
            ("show.html.erb", "show"),
            ("_form.html.erb", "form"),
            ("Index.cshtml", "index"),
        ] {
            assert_eq!(stem(file), expected);
        }
        assert_eq!(snake("Admin/UserGroups"), "admin/user_groups");
    }
}
