//! What is public, language by language.

use std::collections::HashSet;

use assay_source::{RepoPath, Span};
use assay_syntax::{Field, NodeRef, Role, Symbol, SymbolKind, SyntaxTree};

use super::header::is_body;

/// Parts of a path that hold nothing for others.
const INNER_PARTS: &[&str] = &[
    "test",
    "tests",
    "testing",
    "__tests__",
    "spec",
    "specs",
    "testdata",
    "fixtures",
    "example",
    "examples",
    "demo",
    "demos",
    "sample",
    "samples",
    "bench",
    "benches",
    "benchmark",
    "benchmarks",
    "doc",
    "docs",
    "scripts",
    "tools",
    "internal",
    "cmd",
    "vendor",
    "third_party",
    "node_modules",
    "migrations",
    "e2e",
    "it",
    "build-tools",
    "site-packages",
    "src-test",
    "vendored",
    "extern",
    "externals",
    "thirdparty",
    "third-party",
    "mock",
    "mocks",
    "testutil",
    "testutils",
    "jmh",
    "integration-tests",
];
/// Files that hold nothing for others.
const INNER_FILES: &[&str] = &[
    "setup.py",
    "conftest.py",
    "manage.py",
    "noxfile.py",
    "build.rs",
    "main.rs",
    "main.go",
    "gulpfile.js",
    "Gruntfile.js",
    "Rakefile",
    "Gemfile",
    "Guardfile",
    "Capfile",
    "Vagrantfile",
];

/// How publicness is said in a language.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Idea {
    /// A leading underscore hides.
    Underscore,
    /// What is exported.
    Export,
    /// What says `public` or `protected`.
    Said,
    /// What does not say `private` or `internal`.
    NotHidden,
    /// A capital letter.
    Capital,
    /// What says `pub` alone.
    Pub,
    /// What stands in a header.
    Header,
}

/// The rules of one file.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rules {
    idea: Idea,
    language: &'static str,
}

/// Returns the rules for a file; none when nothing in it is for others.
pub(super) fn rules_of(language: &str, path: &RepoPath) -> Option<Rules> {
    let name = path.as_str()?;
    let (folders, file) = name.rsplit_once('/').unwrap_or(("", name));
    // `wasmTest` and its like are source sets of Kotlin and Gradle.
    let inner = |part: &str| {
        INNER_PARTS.contains(&part.to_ascii_lowercase().as_str()) || part.ends_with("Test")
    };
    if folders.split('/').any(inner) || INNER_FILES.contains(&file) || is_test_file(file) {
        return None;
    }
    let (idea, language) = match language {
        "python" => {
            let hidden = |part: &str| part.starts_with('_') && !part.starts_with("__");
            if folders.split('/').any(hidden) || hidden(file) || file == "__main__.py" {
                return None;
            }
            (Idea::Underscore, "python")
        }
        "javascript" => (Idea::Export, "javascript"),
        "typescript" => (Idea::Export, "typescript"),
        "tsx" => (Idea::Export, "tsx"),
        "java" => (Idea::Said, "java"),
        "c-sharp" => (Idea::Said, "c-sharp"),
        "swift" => (Idea::Said, "swift"),
        "kotlin" => (Idea::NotHidden, "kotlin"),
        "php" => (Idea::NotHidden, "php"),
        "ruby" => (Idea::NotHidden, "ruby"),
        "go" => (Idea::Capital, "go"),
        "rust" => (Idea::Pub, "rust"),
        "c" | "cpp"
            if [".h", ".hh", ".hpp", ".hxx"]
                .iter()
                .any(|end| file.ends_with(end)) =>
        {
            (Idea::Header, "c")
        }
        _ => return None,
    };
    Some(Rules { idea, language })
}

fn is_test_file(file: &str) -> bool {
    let stem = file.split('.').next().unwrap_or(file);
    let lower = file.to_ascii_lowercase();
    stem.starts_with("test_")
        || stem.ends_with("_test")
        || stem.ends_with("_spec")
        || stem.ends_with("Test")
        || stem.ends_with("Tests")
        || lower.contains("_test.")
        || lower.contains(".test.")
        || lower.contains(".spec.")
        || lower.contains(".stories.")
}

impl Rules {
    pub(super) fn is_public(
        self,
        node: NodeRef<'_>,
        symbol: &Symbol,
        owner: Option<&Symbol>,
        exports: &Exports,
    ) -> bool {
        let words = || words_before_name(node, symbol);
        let says = |word: &str| words().contains(&word);
        match self.idea {
            Idea::Underscore => {
                let is_special = symbol.name.starts_with("__") && symbol.name.ends_with("__");
                let hidden = symbol.name.starts_with('_') && symbol.name != "__init__";
                let listed = owner.is_some()
                    || exports
                        .all
                        .as_ref()
                        .is_none_or(|all| all.contains(symbol.name.as_str()));
                let is_code = symbol.kind != SymbolKind::Lambda
                    && (symbol.kind != SymbolKind::Field || owner.is_some());
                let is_named = symbol.name == "__init__" || !is_special && !hidden;
                is_code && is_named && listed && !exports.is_stand_in(node, &symbol.name)
            }
            Idea::Export if owner.is_some() => {
                !symbol.name.starts_with(['_', '#']) && !says("private") && !says("protected")
            }
            Idea::Export => {
                exports.names.contains(symbol.name.as_str())
                    || node
                        .ancestors()
                        .take(3)
                        .any(|around| around.kind() == "export_statement")
                    || node.kind() == "export_statement"
            }
            Idea::Said => {
                let in_interface = owner.is_some()
                    && node.ancestors().take(3).any(|around| {
                        around.kind() == "interface_declaration"
                            || around.kind() == "protocol_declaration"
                    });
                let shown = says("public") || says("protected") || says("open");
                shown || in_interface && !says("private")
            }
            Idea::NotHidden => {
                !says("private")
                    && !says("protected")
                    && !says("internal")
                    && !symbol.name.starts_with('_')
                    && (self.language != "ruby" || !is_after_private(node))
                    && !matches!(symbol.kind, SymbolKind::Lambda)
            }
            Idea::Capital => symbol
                .qualified_name
                .split('.')
                .all(|part| part.starts_with(|c: char| c.is_uppercase())),
            Idea::Pub => {
                let in_trait = node
                    .ancestors()
                    .take(3)
                    .any(|around| around.kind() == "trait_item");
                let is_block = node.kind() == "impl_item";
                let of_trait = node.ancestors().take(3).any(|around| {
                    around.kind() == "impl_item"
                        && around
                            .text()
                            .split('{')
                            .next()
                            .is_some_and(|head| head.contains(" for "))
                });
                is_block || in_trait || !of_trait && is_pub(node)
            }
            Idea::Header => {
                !says("static")
                    && !symbol.name.starts_with('_')
                    && owner.is_none_or(|owner| owner.kind != SymbolKind::Class)
            }
        }
    }

    pub(super) fn kind_of(self, node: NodeRef<'_>, symbol: &Symbol) -> &'static str {
        match node.kind() {
            "interface_declaration" | "protocol_declaration" => "interface",
            "trait_item" | "trait_declaration" => "trait",
            "enum_declaration" | "enum_item" => "enumeration",
            "struct_item" | "struct_declaration" => "structure",
            _ => symbol.kind.as_str(),
        }
    }

    /// Returns whether an implementation of the owner must have the member.
    pub(super) fn is_required(
        self,
        node: NodeRef<'_>,
        symbol: &Symbol,
        owner: NodeRef<'_>,
    ) -> bool {
        let is_bare = symbol.kind == SymbolKind::Signature
            && !node.children().any(|child| child.has(Role::Block));
        let says_default = words_before_name(node, symbol)
            .iter()
            .any(|word| matches!(*word, "default" | "static"));
        is_bare
            && !says_default
            && matches!(
                owner.kind(),
                "interface_declaration" | "trait_item" | "protocol_declaration"
            )
            && matches!(self.language, "java" | "rust" | "c-sharp" | "php" | "swift")
    }
}

/// Returns the words of a declaration before its name, annotations left out.
fn words_before_name<'t>(node: NodeRef<'t>, symbol: &Symbol) -> Vec<&'t str> {
    let start = node.span().start;
    let name = symbol.name_span.map_or(start, |name| name.start);
    let text = node.text();
    let mut rest = text
        .get(..name.saturating_sub(start) as usize)
        .unwrap_or("");
    let mut words = Vec::new();
    let mut depth = 0u32;
    while let Some(c) = rest.chars().next() {
        let is_word = |c: char| c.is_alphanumeric() || c == '_';
        let marked = matches!(c, '@' | '#');
        let from = if marked { c.len_utf8() } else { 0 };
        let length = rest[from..]
            .find(|c| !is_word(c))
            .unwrap_or(rest.len() - from);
        match c {
            '(' | '[' => depth += 1,
            ')' | ']' => depth = depth.saturating_sub(1),
            _ if length > 0 && depth == 0 && !marked => words.push(&rest[..length]),
            _ => {}
        }
        rest = &rest[(from + length).max(c.len_utf8())..];
    }
    words
}

/// What is written about a declaration, beside its code.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Remark {
    /// It says that it will go, or that it is not settled yet.
    pub(super) is_deprecated: bool,
    /// It says that it is not for others.
    pub(super) is_internal: bool,
}

impl Remark {
    /// What is not for others in a class holds for its members.
    pub(super) fn within(self, around: Self) -> Self {
        Self {
            is_internal: self.is_internal || around.is_internal,
            ..self
        }
    }
}

/// Bytes of a declaration's remarks that are read.
const REMARK_BYTES_MAX: usize = 4_000;

/// Reads the comments, annotations and first words of a declaration.
pub(super) fn remark(node: NodeRef<'_>) -> Remark {
    let mut outer = node;
    while let Some(around) = outer.parent() {
        let wraps = matches!(
            around.kind(),
            "decorated_definition" | "export_statement" | "declaration_list_item"
        );
        if !wraps {
            break;
        }
        outer = around;
    }
    let mut start = outer.span().start;
    let mut before = outer.previous_sibling();
    while let Some(sibling) = before {
        let belongs = sibling.has(Role::Comment)
            || sibling.has(Role::Annotation)
            || sibling.kind().contains("attribute");
        if !belongs {
            break;
        }
        start = sibling.span().start;
        before = sibling.previous_sibling();
    }
    let source = node.tree().text().as_str();
    let body = node.children().find(|child| is_body(*child));
    let language = node.tree().language().id().as_str();
    let start = start as usize;
    let body_end = body.map_or(node.span().end, |body| body.span().end) as usize;
    let head_end = match body {
        // What a function of Python says of itself.
        Some(body) if language == "python" && node.has(Role::Function) => body.span().end as usize,
        // `class A < B # :nodoc:`.
        Some(_) if language == "ruby" => node.span().start as usize + first_line(node.text()),
        Some(body) => body.span().start as usize,
        None => body_end,
    };
    let lower = |end: usize| {
        let end = source.floor_char_boundary(end.min(start + REMARK_BYTES_MAX));
        source.get(start..end).unwrap_or("").to_ascii_lowercase()
    };
    let text = lower(head_end);
    let says = |words: &[&str]| words.iter().any(|word| text.contains(word));
    // The warning that a function gives when it is called.
    let warns = node.has(Role::Function)
        && matches!(
            language,
            "ruby" | "php" | "javascript" | "typescript" | "tsx"
        )
        && lower(body_end).contains("deprecat");
    Remark {
        is_deprecated: warns
            || says(&[
                "deprecated",
                "deprecationwarning",
                "@obsolete",
                "unstable",
                "experimental",
            ]),
        is_internal: says(&[
            "@internal",
            ":meta private:",
            "@hide",
            "doc(hidden)",
            "@api private",
            ":nodoc:",
            "internal use",
            "not part of the public api",
            "visiblefortesting",
        ]),
    }
}

/// Returns the bytes of the first line of a text.
fn first_line(text: &str) -> usize {
    text.find('\n').unwrap_or(text.len())
}

/// Whether a decorator makes a command of a function of Python: it is called by
/// words on a command line.
pub(super) fn is_command(node: NodeRef<'_>) -> bool {
    let around = node
        .parent()
        .filter(|around| around.kind() == "decorated_definition");
    around.is_some_and(|around| {
        let decorators = around
            .children()
            .filter(|child| child.has(Role::Annotation));
        decorators
            .into_iter()
            .any(|decorator| decorator.text().contains("command"))
    })
}

fn is_pub(node: NodeRef<'_>) -> bool {
    node.children()
        .any(|child| child.kind() == "visibility_modifier" && child.text().trim() == "pub")
}

/// In Ruby `private` alone hides what follows.
fn is_after_private(node: NodeRef<'_>) -> bool {
    let mut before = node.previous_sibling();
    while let Some(sibling) = before {
        match sibling.text().trim() {
            "private" | "protected" => return true,
            "public" => return false,
            _ => before = sibling.previous_sibling(),
        }
    }
    node.parent()
        .is_some_and(|parent| parent.text().starts_with("private "))
}

/// What a file says that it hands to others.
#[derive(Debug, Default)]
pub(super) struct Exports {
    /// Names of the file that it exports.
    names: HashSet<String>,
    /// The names in Python's `__all__`, when it is there.
    pub(super) all: Option<HashSet<String>>,
    /// Where each name is handed on from elsewhere, and what it is called outside.
    pub(super) handed_on: Vec<(String, Span)>,
    /// Members given to what is exported: `app.use = function`.
    pub(super) members: Vec<(String, Span)>,
    /// Names that a module of Python imports from anywhere.
    pub(super) imported: HashSet<String>,
    /// Attributes that methods give to their object: `Class.name`.
    pub(super) given: Vec<String>,
    /// Whether more may be handed on than the text names.
    pub(super) is_open: bool,
}

impl Exports {
    pub(super) fn of(tree: &SyntaxTree, language: &str) -> Self {
        let mut exports = Self::default();
        match language {
            "python" => exports.python(tree),
            "javascript" | "typescript" | "tsx" => exports.javascript(tree),
            _ => {}
        }
        exports
    }

    /// Whether a definition stands in for an import that failed, or for one of
    /// another version of the language.
    fn is_stand_in(&self, node: NodeRef<'_>, name: &str) -> bool {
        self.imported.contains(name)
            && node.ancestors().take(4).any(|around| {
                matches!(
                    around.kind(),
                    "except_clause" | "try_statement" | "if_statement" | "else_clause"
                )
            })
    }

    /// Reads what is imported and what methods give to their object.
    fn python_names(&mut self, tree: &SyntaxTree) {
        for node in tree.nodes() {
            match node.kind() {
                "import_from_statement" => {
                    for part in node.named_children().skip(1) {
                        match part.kind() {
                            "wildcard_import" => self.is_open = true,
                            "aliased_import" => {
                                let name = part.named_children().last();
                                self.imported
                                    .extend(name.map(|name| name.text().to_owned()));
                            }
                            _ => {
                                self.imported.insert(part.text().to_owned());
                            }
                        }
                    }
                }
                "assignment" => {
                    let name = node
                        .child(Field::Left)
                        .and_then(|left| left.text().strip_prefix("self."));
                    let class = node.ancestor_with(Role::Class).and_then(NodeRef::name);
                    if let (Some(name), Some(class)) = (name, class) {
                        self.given.push(format!("{class}.{name}"));
                    }
                }
                // A module that makes its names when they are asked for.
                "function_definition" if node.name() == Some("__getattr__") => {
                    self.is_open |= node.ancestor_with(Role::Class).is_none();
                }
                _ => {}
            }
        }
    }

    fn python(&mut self, tree: &SyntaxTree) {
        self.python_names(tree);
        for node in tree.root().children() {
            let text = node.text();
            if text.starts_with("__all__") {
                let listed = node
                    .subtree()
                    .filter(|part| part.kind() == "string_content");
                self.all
                    .get_or_insert_with(HashSet::new)
                    .extend(listed.map(|part| part.text().to_owned()));
            }
            // `from .app import Flask as Flask` hands a name on.
            if node.kind() == "import_from_statement" && text.starts_with("from .") {
                for part in node.named_children().skip(1) {
                    let name = match part.kind() {
                        "aliased_import" => part.named_children().last().map(NodeRef::text),
                        "dotted_name" => Some(part.text()),
                        _ => None,
                    };
                    self.handed_on
                        .extend(name.map(|name| (name.to_owned(), part.span())));
                }
            }
        }
    }

    fn javascript(&mut self, tree: &SyntaxTree) {
        let mut given = Vec::new();
        for node in tree.nodes() {
            match node.kind() {
                "export_specifier" => {
                    let mut parts = node.named_children();
                    let Some(own) = parts.next() else { continue };
                    let outer = parts.next().unwrap_or(own);
                    self.names.insert(own.text().to_owned());
                    self.handed_on.push((outer.text().to_owned(), node.span()));
                }
                "export_statement" if node.text().starts_with("export *") => {
                    self.is_open = true;
                }
                "export_statement" if node.text().starts_with("export default ") => {
                    let named = node
                        .named_children()
                        .filter(|child| child.kind() == "identifier");
                    self.names
                        .extend(named.map(|child| child.text().to_owned()));
                }
                "assignment_expression" => {
                    let mut parts = node.named_children();
                    let (Some(left), Some(right)) = (parts.next(), parts.next()) else {
                        continue;
                    };
                    given.push((left, right));
                }
                _ => {}
            }
        }
        let outer = |text: &str| matches!(text, "module.exports" | "exports");
        for (left, right) in &given {
            if outer(left.text()) {
                self.names
                    .extend((right.kind() == "identifier").then(|| right.text().to_owned()));
                let shared = right.named_children().filter(|_| right.kind() == "object");
                for pair in shared {
                    let key = pair.named_children().next().unwrap_or(pair);
                    self.handed_on.push((key.text().to_owned(), pair.span()));
                }
                // `var app = exports = module.exports = {}`.
                let holder = left
                    .ancestors()
                    .take(4)
                    .find(|around| around.kind() == "variable_declarator");
                self.names
                    .extend(holder.and_then(NodeRef::name).map(str::to_owned));
            }
        }
        for (left, right) in given {
            let text = left.text();
            let Some((object, member)) = text.rsplit_once('.') else {
                continue;
            };
            let object = object.strip_suffix(".prototype").unwrap_or(object);
            let is_ours = outer(object) || self.names.contains(object);
            if is_ours && !outer(text) && !member.starts_with('_') && right.kind() != "undefined" {
                self.members.push((member.to_owned(), left.span()));
            }
        }
    }
}
