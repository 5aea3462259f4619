//! Qualified names in Python: modules, imports, types as annotations write
//! them, and what decorators say.

use std::collections::HashSet;

use assay_source::RepoPath;
use assay_syntax::{Field, NodeRef};

use super::scope::{Binding, Module, ScopeKind, join};
use super::{Python, items};
use crate::flow::ir::{Annotation, Name};
use crate::flow::model::Models;

/// Folders that a source tree may start with and that imports do not name.
const ROOTS: &[&str] = &["src", "lib", "python"];

/// What the type of an HTTP request is known by in Django.
const DJANGO_REQUEST: &str = "django.http.HttpRequest";

/// Members that requests of Django have and nothing else.
const REQUEST_MEMBERS: &[&str] = &["COOKIES", "FILES", "GET", "META", "POST"];

/// Returns the module that a path is.
pub(super) fn module_at(path: &RepoPath) -> Module {
    let text = path.to_string();
    let text = text.strip_suffix(".py").unwrap_or(&text);
    let mut parts: Vec<&str> = text.split('/').filter(|part| !part.is_empty()).collect();
    if parts.len() > 1 && ROOTS.contains(&parts[0]) {
        parts.remove(0);
    }
    let is_package = parts.last() == Some(&"__init__");
    if is_package {
        parts.pop();
    }
    Module {
        name: parts.join("."),
        is_package,
        own: HashSet::new(),
    }
}

/// Returns whether a module of the name may be the project's own: none that the
/// language comes with, and none that models or the lowerer know.
pub(super) fn may_be_own(first: &str, models: &Models) -> bool {
    const OTHERS: &[&str] = &[
        "abc",
        "asyncio",
        "attr",
        "attrs",
        "collections",
        "contextlib",
        "dataclasses",
        "django",
        "enum",
        "functools",
        "msgspec",
        "pydantic",
        "quart",
        "rest_framework",
        "sqlmodel",
        "typing",
        "typing_extensions",
    ];
    !first.is_empty() && OTHERS.binary_search(&first).is_err() && !models.knows_root(first)
}

/// Returns the module that `from ... import` names.
pub(super) fn module_of(source: NodeRef<'_>, module: &Module) -> String {
    if source.kind() != "relative_import" {
        return module.imported(dotted(source));
    }
    let dots = items(source)
        .find(|child| child.kind() == "import_prefix")
        .map_or(1, |prefix| prefix.text().matches('.').count());
    let name = items(source).find(|child| child.kind() == "dotted_name");
    let mut parts: Vec<&str> = module.name.split('.').filter(|p| !p.is_empty()).collect();
    let up = dots - usize::from(module.is_package);
    parts.truncate(parts.len().saturating_sub(up));
    let base = parts.join(".");
    match name {
        Some(name) => join(&base, &dotted(name)),
        None => base,
    }
}

/// Returns a dotted name; empty when it is something else.
pub(super) fn dotted(node: NodeRef<'_>) -> String {
    match node.kind() {
        "identifier" => node.text().to_owned(),
        "dotted_name" => items(node).map(NodeRef::text).collect::<Vec<_>>().join("."),
        "attribute" => {
            let mut parts = Vec::new();
            let mut at = node;
            while at.kind() == "attribute" {
                let (Some(object), Some(name)) =
                    (at.child(Field::Object), at.child(Field::Property))
                else {
                    return String::new();
                };
                parts.push(name.text());
                at = object;
            }
            if at.kind() != "identifier" {
                return String::new();
            }
            parts.push(at.text());
            parts.reverse();
            parts.join(".")
        }
        _ => String::new(),
    }
}

impl Python<'_> {
    /// Returns what a name is bound to, and how many scopes further out. Inside
    /// functions the names of classes around cannot be seen.
    pub(super) fn binding(&self, name: &str) -> Option<(usize, Binding)> {
        let mut is_inside = false;
        for (at, scope) in self.scopes.iter().enumerate().rev() {
            let hidden = scope.kind == ScopeKind::Class && is_inside;
            is_inside |= scope.kind == ScopeKind::Function;
            if hidden {
                continue;
            }
            match scope.names.get(name) {
                Some(Binding::Nonlocal) | None => {}
                Some(Binding::Global) => {
                    let at_top = self.scopes[0].names.get(name);
                    let binding = at_top.cloned().unwrap_or(Binding::Global);
                    return Some((0, binding));
                }
                Some(binding) => return Some((at, binding.clone())),
            }
        }
        None
    }

    /// Returns the qualified name of what no scope of the file binds.
    pub(super) fn outside(&self, name: &str) -> String {
        let is_builtin = BUILTINS.binary_search(&name).is_ok();
        if is_builtin || self.stars.is_empty() {
            return name.to_owned();
        }
        let known = self
            .stars
            .iter()
            .map(|module| join(module, name))
            .find(|path| self.b.models().knows_type(path));
        match (known, self.stars.as_slice()) {
            (Some(path), _) => path,
            (None, [module]) => join(module, name),
            _ => name.to_owned(),
        }
    }

    /// Returns the qualified name of a dotted path that begins with an import,
    /// a class or a name of the language.
    pub(super) fn qualified(&self, node: NodeRef<'_>) -> Option<String> {
        self.qualified_text(&dotted(node))
    }

    fn qualified_text(&self, path: &str) -> Option<String> {
        let (first, rest) = match path.split_once('.') {
            Some((first, rest)) => (first, Some(rest)),
            None => (path, None),
        };
        if first.is_empty() {
            return None;
        }
        let head = match self.binding(first) {
            None => self.outside(first),
            Some((_, Binding::Import(name) | Binding::Class(name))) => name,
            Some((at, Binding::Member)) => join(&self.scopes[at].prefix, first),
            Some(_) => return None,
        };
        Some(match rest {
            Some(rest) => format!("{head}.{rest}"),
            None => head,
        })
    }

    /// Returns the qualified name of a path as far as it can be told: a
    /// variable that a call made counts as what was called.
    pub(super) fn described(&self, node: NodeRef<'_>) -> String {
        let path = dotted(node);
        if let Some(name) = self.qualified_text(&path) {
            return name;
        }
        let (first, rest) = match path.split_once('.') {
            Some((first, rest)) => (first, Some(rest)),
            None => (path.as_str(), None),
        };
        let made = self.binding(first).and_then(|(at, _)| {
            let callee = self.scopes[at].made_by.get(first)?;
            self.qualified_text(callee)
        });
        match (made, rest) {
            (Some(made), Some(rest)) => format!("{made}.{rest}"),
            (Some(made), None) => made,
            (None, _) => path,
        }
    }

    /// Returns the qualified name of a type as annotations write it.
    pub(super) fn ty(&self, node: NodeRef<'_>) -> Option<String> {
        self.ty_within(node, 0)
    }

    fn ty_within(&self, node: NodeRef<'_>, depth: u32) -> Option<String> {
        const DEPTH_MAX: u32 = 16;
        if depth > DEPTH_MAX {
            return None;
        }
        let inner = |node| self.ty_within(node, depth + 1);
        match node.kind() {
            "type" | "parenthesized_expression" => inner(items(node).next()?),
            "identifier" | "attribute" => {
                let name = self.described(node);
                (!matches!(name.as_str(), "" | "None" | "Any" | "typing.Any" | "object"))
                    .then_some(name)
            }
            "string" => {
                let text = super::literal::constant_text(node)?;
                let is_name = |c: char| c.is_alphanumeric() || c == '_' || c == '.';
                if text.is_empty() || !text.chars().all(is_name) {
                    return None;
                }
                self.qualified_text(&text)
            }
            "member_type" => {
                let mut parts = items(node);
                let object = inner(parts.next()?)?;
                Some(format!("{object}.{}", parts.next()?.text()))
            }
            "binary_operator" | "union_type" => {
                let mut types = items(node).filter(|part| part.text() != "None");
                let (first, second) = (types.next()?, types.next());
                if second.is_some() {
                    return None;
                }
                inner(first)
            }
            "subscript" | "generic_type" => self.generic(node, depth),
            _ => None,
        }
    }

    fn generic(&self, node: NodeRef<'_>, depth: u32) -> Option<String> {
        let mut parts = items(node);
        let base = self.ty_within(parts.next()?, depth + 1)?;
        let arguments: Vec<NodeRef<'_>> = parts
            .flat_map(|part| {
                let inner = (part.kind() == "type_parameter").then(|| items(part));
                let own = inner.is_none().then_some(part);
                own.into_iter().chain(inner.into_iter().flatten())
            })
            .collect();
        let simple = base.rsplit('.').next().unwrap_or(&base);
        let first = || self.ty_within(*arguments.first()?, depth + 1);
        match simple {
            "Optional" | "Annotated" | "ClassVar" | "Final" | "Required" | "NotRequired" => first(),
            "Union" => {
                let mut types = arguments.iter().filter(|part| part.text() != "None");
                let (first, second) = (types.next()?, types.next());
                match second {
                    Some(_) => None,
                    None => self.ty_within(*first, depth + 1),
                }
            }
            "AsyncIterator" | "Collection" | "FrozenSet" | "Iterable" | "Iterator" | "List"
            | "Sequence" | "Set" | "Tuple" | "frozenset" | "list" | "set" | "tuple" => {
                first().map(|element| format!("{element}[]"))
            }
            "Dict" | "Mapping" | "DefaultDict" | "OrderedDict" => Some("dict".to_owned()),
            _ => Some(base),
        }
    }

    /// Returns a decorator, or a call that says what a parameter is.
    pub(super) fn annotation(&self, node: NodeRef<'_>) -> Option<Annotation> {
        let (callee, list) = match node.kind() {
            "call" => (node.child(Field::Function)?, node.child(Field::Arguments)),
            _ => (node, None),
        };
        let name = self.described(callee);
        if name.is_empty() {
            return None;
        }
        let mut arguments = Vec::new();
        for argument in list.into_iter().flat_map(items) {
            let (key, value) = match argument.kind() {
                "keyword_argument" => (
                    argument.child(Field::Name).map_or("", NodeRef::text),
                    argument.child(Field::Value).unwrap_or(argument),
                ),
                _ => ("", argument),
            };
            let text = super::literal::constant_text(value);
            let text = text.unwrap_or_else(|| value.text().to_owned());
            arguments.push((Name::from(key), Name::from(text)));
        }
        Some(Annotation {
            name: Name::from(name),
            arguments,
        })
    }

    /// Returns the decorators of a definition. One that gives a path
    /// (`@anything.route("/users")`) is also known by its last name alone,
    /// because applications are made in other files.
    pub(super) fn annotations(&self, decorators: &[NodeRef<'_>]) -> Vec<Annotation> {
        let mut found = Vec::new();
        for decorator in decorators {
            let Some(expression) = items(*decorator).next() else {
                continue;
            };
            let Some(annotation) = self.annotation(expression) else {
                continue;
            };
            let is_path = expression.kind() == "call"
                && annotation.arguments.first().is_some_and(|(key, value)| {
                    key.is_empty() && (value.starts_with('/') || value.is_empty())
                });
            if let (true, Some((_, last))) = (is_path, annotation.name.rsplit_once('.')) {
                found.push(Annotation {
                    name: Name::from(format!("*.{last}")),
                    arguments: annotation.arguments.clone(),
                });
            }
            found.push(annotation);
        }
        found
    }

    /// Returns whether the first parameter of a function is a request of
    /// Django: by its name in a file of Django, or by the members that it has.
    pub(super) fn is_django_request(&self, name: &str, body: Option<NodeRef<'_>>) -> bool {
        if self.is_django && name == "request" {
            return true;
        }
        body.into_iter().flat_map(NodeRef::subtree).any(|node| {
            node.kind() == "attribute"
                && node.child(Field::Object).is_some_and(|o| o.text() == name)
                && node
                    .child(Field::Property)
                    .is_some_and(|member| REQUEST_MEMBERS.contains(&member.text()))
        })
    }

    /// Returns the type of a request of Django.
    pub(super) fn django_request() -> String {
        DJANGO_REQUEST.to_owned()
    }
}

/// Returns the parameters that a route's path declares as numbers:
/// `"/users/<int:id>"`.
pub(super) fn numbers_of_path(path: &str) -> Vec<String> {
    let parts = path.split('<').skip(1);
    parts
        .filter_map(|part| {
            let (converter, name) = part.split('>').next()?.split_once(':')?;
            let converter = converter.split('(').next().unwrap_or(converter);
            matches!(converter, "int" | "float" | "uuid").then(|| name.trim().to_owned())
        })
        .collect()
}

/// The names of the language that need no import.
const BUILTINS: &[&str] = &[
    "ArithmeticError",
    "AssertionError",
    "AttributeError",
    "BaseException",
    "Ellipsis",
    "Exception",
    "False",
    "FileNotFoundError",
    "IOError",
    "ImportError",
    "IndexError",
    "KeyError",
    "KeyboardInterrupt",
    "LookupError",
    "NameError",
    "None",
    "NotImplemented",
    "NotImplementedError",
    "OSError",
    "OverflowError",
    "PermissionError",
    "RuntimeError",
    "StopIteration",
    "SystemExit",
    "TimeoutError",
    "True",
    "TypeError",
    "UnicodeDecodeError",
    "ValueError",
    "ZeroDivisionError",
    "__file__",
    "__import__",
    "__name__",
    "abs",
    "all",
    "any",
    "ascii",
    "bin",
    "bool",
    "breakpoint",
    "bytearray",
    "bytes",
    "callable",
    "chr",
    "classmethod",
    "compile",
    "complex",
    "delattr",
    "dict",
    "dir",
    "divmod",
    "enumerate",
    "eval",
    "exec",
    "exit",
    "filter",
    "float",
    "format",
    "frozenset",
    "getattr",
    "globals",
    "hasattr",
    "hash",
    "help",
    "hex",
    "id",
    "input",
    "int",
    "isinstance",
    "issubclass",
    "iter",
    "len",
    "list",
    "locals",
    "map",
    "max",
    "memoryview",
    "min",
    "next",
    "object",
    "oct",
    "open",
    "ord",
    "pow",
    "print",
    "property",
    "quit",
    "range",
    "repr",
    "reversed",
    "round",
    "set",
    "setattr",
    "slice",
    "sorted",
    "staticmethod",
    "str",
    "sum",
    "super",
    "tuple",
    "type",
    "vars",
    "zip",
];

#[cfg(test)]
mod tests {
    use assay_source::RepoPath;

    use super::{BUILTINS, module_at, numbers_of_path};

    #[test]
    fn names_of_the_language_are_sorted() {
        assert!(BUILTINS.is_sorted());
    }

    #[test]
    fn paths_are_modules() {
        for (path, name, is_package) in [
            ("app/views.py", "app.views", false),
            ("src/flask/__init__.py", "flask", true),
            ("setup.py", "setup", false),
        ] {
            let module = module_at(&RepoPath::from_bytes(path));
            assert_eq!(
                (module.name.as_str(), module.is_package),
                (name, is_package)
            );
        }
    }

    #[test]
    fn paths_of_routes_declare_numbers() {
        let path = "/a/<int:id>/<name>/<float(signed=True): x>/<string:s>";
        assert_eq!(numbers_of_path(path), ["id", "x"]);
    }
}
