//! Entry points: where a framework, a shell or a scheduler calls into the code.
//!
//! Routes are told by how they are registered (a call with a path, a decorator,
//! an annotation), commands and jobs by their names and annotations.

use assay_syntax::{Field, NodeId, NodeRef, Role};

use crate::extract::Extractor;
use crate::extract::expression::{arguments_of, string_text};
use crate::extract::plan::Family;
use crate::facts::{DefinitionKind, Entry, EntryKind, Expression, ExpressionId, LocalId, Place};
use crate::name::Name;

/// What annotations say of what follows them.
#[derive(Default)]
pub(crate) struct Pending {
    /// Entry points whose function comes next.
    entries: Vec<(EntryKind, String, Place)>,
    /// Whether the function that comes next is a test.
    is_test: bool,
    /// The path that all routes of the class that comes next begin with.
    prefix: Option<String>,
    /// The same for the classes that are open.
    prefixes: Vec<(LocalId, String)>,
    /// Functions that are written where they are registered, by their nodes, with
    /// the places of their entries.
    inline: Vec<(NodeId, usize)>,
}

/// Methods of HTTP as libraries name their functions.
const VERBS: &[&str] = &["get", "post", "put", "delete", "patch", "head", "options"];

/// Annotations that make a job of a function, in lower case.
const JOBS: &[&str] = &[
    "task",
    "shared_task",
    "actor",
    "periodic_task",
    "scheduled",
    "eventlistener",
    "kafkalistener",
    "rabbitlistener",
    "jmslistener",
    "sqslistener",
    "streamlistener",
    "cron",
    "interval",
    "timeout",
    "process",
    "eventpattern",
    "messagepattern",
    "onevent",
    "job",
    "subscribe",
    "receiver",
];

impl<'t> Extractor<'t> {
    fn add_entry(&mut self, kind: EntryKind, label: &str, handler: ExpressionId, place: Place) {
        let entry = Entry {
            kind,
            label: self.intern(label),
            handler,
            within: self.scope(),
            place,
        };
        self.facts.entries.push(entry);
    }

    /// Looks whether a call registers an entry point.
    pub(crate) fn call_entry(&mut self, node: NodeRef<'t>, expression: ExpressionId) {
        let Some(arguments) = arguments_of(node) else {
            return;
        };
        let callee = match self.facts.expressions[expression.index()] {
            Expression::Call(callee, _) => callee,
            Expression::Member(..) => expression,
            _ => return,
        };
        let (name, has_object) = match self.facts.expressions[callee.index()] {
            Expression::Member(_, name) => (name, true),
            Expression::Name(name) => (name, false),
            _ => return,
        };
        if name == Name::EMPTY {
            return;
        }
        let text = self.names.get(name).to_owned();
        let Some(first) = arguments.named_children().next() else {
            return;
        };
        let place = self.place(node.span());
        let last = arguments
            .named_children()
            .last()
            .filter(|last| *last != first);
        match self.plan.family {
            Family::Python => self.python_entry(&text, first, arguments, place),
            Family::Ruby => self.rails_entry(&text, first, last, place),
            _ => {
                let (path, last) = match string_text(first) {
                    Some(path) => (path, last),
                    None => match self.chained_path(node) {
                        Some(path) => (path, arguments.named_children().last()),
                        None => return,
                    },
                };
                let lower = text.to_ascii_lowercase();
                let verb = lower.strip_prefix("map").unwrap_or(&lower);
                let is_verb = VERBS.contains(&verb) || matches!(verb, "any" | "all");
                let is_handle = matches!(&*lower, "handlefunc" | "handle" | "route" | "method");
                // `"GET /path"` of Go's own router names the method itself.
                let is_path = path.starts_with('/')
                    || path.is_empty()
                    || self.plan.family == Family::Php
                    || self.plan.family == Family::Go && path.contains(" /");
                let Some(last) = last.filter(|_| is_path && (is_verb || is_handle)) else {
                    return;
                };
                if !has_object || is_handle && self.plan.family == Family::Script {
                    return;
                }
                if self.plan.family == Family::Php && !node.text().starts_with("Route") {
                    return;
                }
                if self.plan.family == Family::Rust {
                    self.axum_entries(path, last, place);
                    return;
                }
                let verb = if is_verb {
                    verb.to_ascii_uppercase()
                } else {
                    "ANY".to_owned()
                };
                let root = match self.plan.family == Family::Php && !path.starts_with('/') {
                    true => "/",
                    false => "",
                };
                let label = match path.contains(' ') {
                    true => path.to_owned(),
                    false => format!("{verb} {root}{path}"),
                };
                let handler = self.handler(last);
                self.add_entry(EntryKind::Route, &label, handler, place);
            }
        }
    }

    /// Returns what runs: a name, a member, or `[Controller::class, 'method']`.
    fn handler(&mut self, node: NodeRef<'t>) -> ExpressionId {
        let node = match node.kind() {
            "argument" => node.named_children().last().unwrap_or(node),
            _ => node,
        };
        if self.plan.family == Family::Php && node.has(Role::Collection) {
            let mut parts = node.named_children();
            let class = parts.next().map_or("", NodeRef::text);
            let class = class.trim_end_matches("::class");
            let method = parts
                .next()
                .map_or("", NodeRef::text)
                .trim_matches(['"', '\'']);
            let class = self.named(class.rsplit('\\').next().unwrap_or(class));
            let method = self.intern(method);
            return self.push(Expression::Member(class, method));
        }
        if node.has(Role::Function) {
            // The code stands right here, and gets a definition when it is reached.
            let entry = self.facts.entries.len();
            self.pending.inline.push((node.id(), entry));
            return self.push(Expression::Definition(self.scope()));
        }
        self.lower(node)
    }

    /// Returns the path of `route("/a").get(f).post(g)`.
    fn chained_path(&self, call: NodeRef<'t>) -> Option<&'t str> {
        /// One path has so many methods at most.
        const STEPS_MAX: usize = 8;
        let mut at = call;
        for _ in 0..STEPS_MAX {
            let object = self.callee(at)?.child(Field::Object)?;
            if !object.has(Role::Call) {
                return None;
            }
            match self.called_name(object).text() {
                "route" => return self.first_string(object),
                verb if VERBS.contains(&verb) => at = object,
                _ => return None,
            }
        }
        None
    }

    /// Returns the entry that a function is written for, and how it is called from
    /// outside.
    pub(crate) fn inline_entry(&mut self, node: NodeRef<'t>) -> Option<(usize, Name)> {
        let inline = &mut self.pending.inline;
        let place = inline.iter().rposition(|(id, _)| *id == node.id())?;
        let (_, entry) = inline.swap_remove(place);
        Some((entry, self.facts.entries.get(entry)?.label))
    }

    /// Makes a function the handler of the entry that it is written for.
    pub(crate) fn set_handler(&mut self, entry: usize, id: LocalId) {
        let handler = self.push(Expression::Definition(id));
        if let Some(entry) = self.facts.entries.get_mut(entry) {
            entry.handler = handler;
        }
    }

    /// axum: `.route("/a", get(f).post(g))`.
    fn axum_entries(&mut self, path: &str, node: NodeRef<'t>, place: Place) {
        for call in node.subtree().filter(|part| part.has(Role::Call)) {
            let name = self.called_name(call).text();
            let Some(handler) =
                arguments_of(call).and_then(|arguments| arguments.named_children().next())
            else {
                continue;
            };
            if VERBS.contains(&name) || name == "any" {
                let handler = self.lower(handler);
                let label = format!("{} {path}", name.to_ascii_uppercase());
                self.add_entry(EntryKind::Route, &label, handler, place);
            }
        }
    }

    /// Django's `path("a/", view)`, argparse's `set_defaults(func=run)`.
    fn python_entry(
        &mut self,
        text: &str,
        first: NodeRef<'t>,
        arguments: NodeRef<'t>,
        place: Place,
    ) {
        let keyword = |name: &str| {
            arguments.named_children().find_map(|child| {
                let key = child.child(Field::Name)?;
                (key.text() == name).then(|| child.child(Field::Value))?
            })
        };
        match text {
            "path" | "re_path" | "url" => {
                let second = arguments.named_children().nth(1);
                let (Some(path), Some(view)) = (string_text(first), second) else {
                    return;
                };
                if view.text().starts_with("include") {
                    return;
                }
                // `View.as_view()` runs the view.
                let view = match view.has(Role::Call) {
                    true => view
                        .child(Field::Function)
                        .and_then(|callee| callee.child(Field::Object))
                        .unwrap_or(view),
                    false => view,
                };
                let handler = self.lower(view);
                self.add_entry(
                    EntryKind::Route,
                    &format!("ANY /{}", path.trim_start_matches('/')),
                    handler,
                    place,
                );
            }
            "add_url_rule" | "add_api_route" => {
                let Some(path) = string_text(first) else {
                    return;
                };
                let view = keyword("view_func").or_else(|| arguments.named_children().nth(2));
                let handler = self.lower_or_unknown(view);
                self.add_entry(EntryKind::Route, &format!("ANY {path}"), handler, place);
            }
            "set_defaults" => {
                let Some(run) = keyword("func").or_else(|| keyword("handler")) else {
                    return;
                };
                let handler = self.lower(run);
                let label = run.text().to_owned();
                self.add_entry(EntryKind::Command, &label, handler, place);
            }
            _ => {}
        }
    }

    /// Rails: `get "/a", to: "users#show"`, `resources :users`.
    fn rails_entry(
        &mut self,
        text: &str,
        first: NodeRef<'t>,
        last: Option<NodeRef<'t>>,
        place: Place,
    ) {
        if matches!(text, "resources" | "resource") {
            let name = first.text().trim_start_matches(':');
            let class = controller(name);
            let handler = self.named(&class);
            self.add_entry(EntryKind::Route, &format!("ANY /{name}"), handler, place);
            return;
        }
        if !VERBS.contains(&text) && text != "match" {
            return;
        }
        let Some(path) = string_text(first) else {
            return;
        };
        let target = last.and_then(|last| {
            last.subtree()
                .filter_map(string_text)
                .find(|text| text.contains('#'))
        });
        let Some((name, action)) = target.and_then(|target| target.split_once('#')) else {
            return;
        };
        let class = self.named(&controller(name));
        let action = self.intern(action);
        let handler = self.push(Expression::Member(class, action));
        let label = format!(
            "{} /{}",
            text.to_ascii_uppercase(),
            path.trim_start_matches('/')
        );
        self.add_entry(EntryKind::Route, &label, handler, place);
    }

    /// Looks whether an annotation makes an entry point or a test of something.
    pub(crate) fn annotation_entry(&mut self, node: NodeRef<'t>) {
        let text = node.text().trim_start_matches(['@', '#', '[', '!']);
        let end = text.find(['(', ']', ' ', '\n']).unwrap_or(text.len());
        let path = &text[..end];
        let last = path.rsplit(['.', ':', '\\']).next().unwrap_or(path);
        let name = last.to_ascii_lowercase();
        let string = node.subtree().find_map(string_text);
        let inside = node
            .ancestors()
            .take(3)
            .find(|around| around.has(Role::Function) || around.has(Role::Class));
        let is_test = matches!(
            &*name,
            "test"
                | "parameterizedtest"
                | "repeatedtest"
                | "fact"
                | "theory"
                | "testmethod"
                | "testcase"
                | "rstest"
                | "proptest"
                | "bench"
                | "test_case"
                | "dataprovider"
        );
        if is_test {
            match inside.is_some_and(|around| around.has(Role::Function)) {
                true => {
                    let scope = self.scope();
                    self.facts.definitions[scope.index()].is_test = true;
                }
                false => self.pending.is_test = true,
            }
            return;
        }
        let is_class = inside
            .is_some_and(|around| around.has(Role::Class) && !around.has(Role::Function))
            && node
                .parent()
                .is_some_and(|parent| !parent.kind().contains("body"));
        // What Spring and ASP.NET say in `@Controller` is no path.
        let begins_paths = match &*name {
            "requestmapping" | "path" | "route" => true,
            "controller" => self.plan.family == Family::Script,
            _ => false,
        };
        if begins_paths && (is_class || inside.is_none() && self.plan.family == Family::Script) {
            let prefix = string.unwrap_or("").to_owned();
            match is_class {
                true => self.pending.prefixes.push((self.scope(), prefix)),
                false => self.pending.prefix = Some(prefix),
            }
            return;
        }
        let Some((kind, label)) = self.annotated(&name, path, string, node.text()) else {
            return;
        };
        let place = self.place(node.span());
        let in_function = inside.is_some_and(|around| around.has(Role::Function))
            && self.kind_of(self.scope()).is_callable();
        if in_function
            && !matches!(
                self.plan.family,
                Family::Python | Family::Rust | Family::Script
            )
        {
            let label = match label.is_empty() {
                true => {
                    let definition = &self.facts.definitions[self.scope().index()];
                    self.names.get(definition.name).to_owned()
                }
                false => self.with_prefix(kind, &label),
            };
            let handler = self.push(Expression::Definition(self.scope()));
            self.add_entry(kind, &label, handler, place);
        } else {
            self.pending.entries.push((kind, label, place));
        }
    }

    fn annotated(
        &self,
        name: &str,
        path: &str,
        string: Option<&str>,
        text: &str,
    ) -> Option<(EntryKind, String)> {
        let route = |verb: &str| {
            let path = string.unwrap_or("");
            Some((
                EntryKind::Route,
                format!("{} {path}", verb.to_ascii_uppercase()),
            ))
        };
        let verb = ["mapping"]
            .iter()
            .find_map(|end| name.strip_suffix(end))
            .or_else(|| name.strip_prefix("http"))
            .unwrap_or(name);
        if VERBS.contains(&verb) {
            // `@get` of the standard library's `property` family is no route.
            let is_route = match self.plan.family {
                Family::Python => path.contains('.') && string.is_some(),
                Family::Rust => string.is_some(),
                _ => true,
            };
            return if is_route { route(verb) } else { None };
        }
        match name {
            "route" | "requestmapping" | "api_route" | "websocket" | "path" => {
                let path_text = string?;
                let verb = VERBS
                    .iter()
                    .find(|verb| text.contains(&verb.to_ascii_uppercase()))
                    .map_or_else(|| "ANY".to_owned(), |verb| verb.to_ascii_uppercase());
                Some((EntryKind::Route, format!("{verb} {path_text}")))
            }
            // In Rust it says how a structure is read from arguments.
            "command" | "group" if self.plan.family == Family::Rust => None,
            "command" | "group" => Some((EntryKind::Command, string.unwrap_or("").to_owned())),
            name if JOBS.contains(&name) => Some((EntryKind::Job, string.unwrap_or("").to_owned())),
            _ => None,
        }
    }

    fn with_prefix(&self, kind: EntryKind, label: &str) -> String {
        if kind != EntryKind::Route {
            return label.to_owned();
        }
        let class = self.around(DefinitionKind::is_type);
        let prefix = self
            .pending
            .prefixes
            .iter()
            .find(|(id, _)| Some(*id) == class)
            .map_or("", |(_, prefix)| prefix);
        let (verb, path) = label.split_once(' ').unwrap_or((label, ""));
        let mut whole = String::new();
        for part in [prefix, path] {
            let part = part.trim_matches('/');
            if !part.is_empty() {
                whole.push('/');
                whole.push_str(part);
            }
        }
        if whole.is_empty() {
            whole.push('/');
        }
        format!("{verb} {whole}")
    }

    /// Gives a class what the annotations before it said.
    pub(crate) fn begin_class_entries(&mut self, id: LocalId) {
        if let Some(prefix) = self.pending.prefix.take() {
            self.pending.prefixes.push((id, prefix));
        }
    }

    /// Gives a function what the annotations before it said, and knows main
    /// functions by their names.
    pub(crate) fn begin_function_entries(&mut self, id: LocalId) {
        if std::mem::take(&mut self.pending.is_test) {
            self.facts.definitions[id.index()].is_test = true;
        }
        let definition = self.facts.definitions[id.index()];
        for (kind, label, place) in std::mem::take(&mut self.pending.entries) {
            let label = self.with_prefix(kind, &label);
            let label = match label.is_empty() {
                true => self.names.get(definition.name).to_owned(),
                false => label,
            };
            let handler = self.push(Expression::Definition(id));
            self.add_entry(kind, &label, handler, place);
        }
        let is_main = matches!(self.names.get(definition.name), "main" | "Main");
        let at_top = definition.container == LocalId::FILE;
        let fits = match self.plan.family {
            Family::Go | Family::Rust | Family::C => at_top,
            Family::Jvm | Family::CSharp => definition.is_static || at_top,
            _ => false,
        };
        if is_main && fits {
            let handler = self.push(Expression::Definition(id));
            self.add_entry(EntryKind::Command, "main", handler, definition.place);
        }
        if matches!(self.names.get(definition.name), "perform" | "handle")
            && self.is_job(definition.container)
        {
            let handler = self.push(Expression::Definition(id));
            let class = self.facts.definitions[definition.container.index()].name;
            let label = self.names.get(class).to_owned();
            self.add_entry(EntryKind::Job, &label, handler, definition.place);
        }
    }

    fn is_job(&self, class: LocalId) -> bool {
        let (start, end) = self.facts.definitions[class.index()].supers;
        self.facts.supers[start as usize..end as usize]
            .iter()
            .any(|parent| match self.facts.expressions[parent.index()] {
                Expression::Name(name) | Expression::Member(_, name) => matches!(
                    self.names.get(name),
                    "ApplicationJob" | "Job" | "Worker" | "ShouldQueue" | "ActiveJob"
                ),
                _ => false,
            })
    }

    /// `if __name__ == "__main__":` makes a command of a file.
    pub(crate) fn main_entry(&mut self, node: NodeRef<'t>) {
        let is_compared = node
            .parent()
            .is_some_and(|parent| parent.text().contains("__main__"));
        if is_compared {
            let handler = self.push(Expression::Definition(LocalId::FILE));
            let place = self.place(node.span());
            self.add_entry(EntryKind::Command, "__main__", handler, place);
        }
    }

    /// Returns whether a function is a test by its name and what is around it.
    pub(crate) fn is_test(&self, node: NodeRef<'t>, text: &str) -> bool {
        match self.plan.family {
            Family::Python => text.starts_with("test_") || text == "test",
            Family::Go => {
                let rest = ["Test", "Benchmark", "Fuzz", "Example"]
                    .iter()
                    .find_map(|start| text.strip_prefix(start));
                rest.is_some_and(|rest| !rest.starts_with(char::is_lowercase))
                    && node.text().contains("testing.")
            }
            Family::Ruby => text.starts_with("test_"),
            Family::Php => text.starts_with("test"),
            _ => false,
        }
    }

    /// Returns whether a class is one of tests.
    pub(crate) fn is_test_class(&self, node: NodeRef<'t>, text: &str) -> bool {
        match self.plan.family {
            Family::Python => {
                text.starts_with("Test")
                    || node
                        .child(Field::Superclass)
                        .is_some_and(|parents| parents.text().contains("TestCase"))
            }
            Family::Rust => node.kind() == "mod_item" && matches!(text, "tests" | "test"),
            _ => false,
        }
    }
}

/// Returns the class that Rails runs for a name: `admin/users`.
fn controller(name: &str) -> String {
    let last = name.rsplit('/').next().unwrap_or(name);
    let mut class: String = last
        .split('_')
        .map(|word| {
            let mut letters = word.chars();
            let first = letters.next().map(|letter| letter.to_ascii_uppercase());
            first.into_iter().chain(letters).collect::<String>()
        })
        .collect();
    class.push_str("Controller");
    class
}
