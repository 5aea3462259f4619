//! The dataflow engine on its fixtures: one file a language and construct.
//! Lines that must be reported end in a comment `<- rule/id`, lines that must
//! not in `<- safe`. Renaming everything that a fixture declares must not change
//! a verdict, and the table of what each language can do is made of them.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use assay_rules::{
    Engine, FlowModels, FlowUnit, Properties, RuleSettings, add_properties, flow_begins,
    flow_findings, flow_templates, flow_units, has_properties,
};
use assay_source::{RepoPath, SourceText};
use assay_syntax::{Language, NodeRef, ParseLimits, Role, RoleSet, SyntaxTree, detect, parse};

/// The constructs of `docs/dev/add-a-lowerer.md`, in its order.
const CONSTRUCTS: &[&str] = &[
    "assignment",
    "branches",
    "switch",
    "loops",
    "strings",
    "lists",
    "maps",
    "fields",
    "calls",
    "recursion",
    "closures",
    "classes",
    "destructuring",
    "exceptions",
    "generators",
    "async",
    "guards",
    "sanitizers",
    "constants",
    "modules",
    "places",
    "entries",
    "results",
    "types",
    "elements",
    "pages",
    "templates",
];

pub(crate) fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/flow")
}

/// A fixture: the files that are analysed together.
struct Fixture {
    language: String,
    construct: String,
    files: Vec<(String, String)>,
}

fn fixtures() -> Vec<Fixture> {
    let mut found = Vec::new();
    for language in children(&folder()) {
        for path in children(&language) {
            let construct = name(&path).split('.').next().unwrap_or("").to_owned();
            let root = match path.is_dir() {
                true => path.clone(),
                false => language.clone(),
            };
            let files = files_in(&path)
                .iter()
                .map(|path| {
                    let text = std::fs::read_to_string(path).expect("a fixture can be read");
                    let own = path.strip_prefix(&root).expect("a file of the fixture");
                    (own.to_str().expect("a UTF-8 name").to_owned(), text)
                })
                .collect();
            found.push(Fixture {
                language: name(&language),
                construct,
                files,
            });
        }
    }
    found
}

fn files_in(path: &Path) -> Vec<PathBuf> {
    match path.is_dir() {
        true => children(path)
            .iter()
            .flat_map(|path| files_in(path))
            .collect(),
        false => vec![path.to_owned()],
    }
}

pub(crate) fn children(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).expect("a folder of fixtures");
    let mut paths: Vec<PathBuf> = entries
        .map(|entry| entry.expect("a fixture").path())
        .collect();
    paths.sort();
    paths
}

pub(crate) fn name(path: &Path) -> String {
    let name = path.file_name().and_then(|name| name.to_str());
    name.expect("a UTF-8 name").to_owned()
}

/// What is found or expected: file, line and rule.
pub(crate) type Verdicts = BTreeSet<(String, u32, String)>;

fn expected(files: &[(String, String)]) -> Verdicts {
    let mut verdicts = Verdicts::new();
    for (file, text) in files {
        for (at, line) in text.lines().enumerate() {
            let Some((_, marks)) = line.rsplit_once("<- ") else {
                continue;
            };
            for rule in marks.split_whitespace().filter(|word| word.contains('/')) {
                if !rule.starts_with("*/") {
                    verdicts.insert((file.clone(), at as u32 + 1, rule.to_owned()));
                }
            }
        }
    }
    verdicts
}

fn trees(files: &[(String, String)]) -> Vec<(RepoPath, Arc<SourceText>, assay_syntax::ParsedFile)> {
    files
        .iter()
        .filter_map(|(file, text)| {
            let path = RepoPath::from_bytes(file);
            let language: &Language = detect(&path, text)?;
            let text = Arc::new(SourceText::from_text(text));
            let parsed = parse(&text, language, &ParseLimits::default());
            Some((path, text, parsed))
        })
        .collect()
}

pub(crate) fn found(files: &[(String, String)]) -> Verdicts {
    let engine = Engine::new(&RuleSettings::default()).expect("the settings are right");
    let mut units: Vec<FlowUnit> = Vec::new();
    let mut wanted = Vec::new();
    for (path, text, parsed) in trees(files) {
        let language = parsed.trees[0].language();
        let own = flow_units(&FlowModels::default(), &path, &text, &parsed);
        // As in a review: a file without a source is not looked into.
        wanted.resize(
            units.len() + own.len(),
            flow_begins(&FlowModels::default(), language, &path, text.as_str(), true),
        );
        units.extend(own);
    }
    for (file, text) in files {
        let text = Arc::new(SourceText::from_text(text));
        let path = RepoPath::from_bytes(file);
        units.extend(flow_templates(&FlowModels::default(), &path, &text));
    }
    wanted.resize(units.len(), false);
    let mut properties = Properties::new();
    for (file, text) in files {
        let path = RepoPath::from_bytes(file);
        if has_properties(&path) {
            add_properties(&mut properties, &path, text);
        }
    }
    let found = flow_findings(&units, |at| wanted[at], true, properties, |_| &engine);
    found
        .findings
        .iter()
        .map(|finding| {
            let path = finding.location.path.as_str().expect("UTF-8").to_owned();
            let rule = finding.rule.as_str().to_owned();
            (path, finding.location.start.line, rule)
        })
        .collect()
}

fn check(what: &str, fixture: &Fixture, files: &[(String, String)], failures: &mut Vec<String>) {
    let (expected, found) = (expected(files), found(files));
    for (file, line, rule) in expected.difference(&found) {
        failures.push(format!(
            "{}/{file}:{line}: {what}{rule} is missed",
            fixture.language
        ));
    }
    for (file, line, rule) in found.difference(&expected) {
        failures.push(format!(
            "{}/{file}:{line}: {what}{rule} is a false alarm",
            fixture.language
        ));
    }
}

#[test]
fn fixtures_are_judged_as_marked() {
    let mut failures = Vec::new();
    for fixture in fixtures() {
        check("", &fixture, &fixture.files, &mut failures);
    }
    assert!(failures.is_empty(), "\n{}", failures.join("\n"));
}

#[test]
fn fixtures_are_of_known_constructs_and_show_both_sides() {
    for fixture in fixtures() {
        let (language, construct) = (&fixture.language, &fixture.construct);
        assert!(
            CONSTRUCTS.contains(&construct.as_str()),
            "{language}/{construct}"
        );
        let safe = fixture
            .files
            .iter()
            .map(|(_, text)| text.matches("<- safe").count());
        let (safe, bad) = (safe.sum::<usize>(), expected(&fixture.files).len());
        assert!(
            bad > 0 && safe >= bad,
            "{language}/{construct}: {bad} bad, {safe} safe"
        );
    }
}

#[test]
fn other_names_do_not_change_a_verdict() {
    let mut failures = Vec::new();
    for fixture in fixtures() {
        let renamed: Vec<(String, String)> = fixture
            .files
            .iter()
            .map(|(file, text)| (file.clone(), renamed(file, text)))
            .collect();
        check("after renaming, ", &fixture, &renamed, &mut failures);
    }
    assert!(failures.is_empty(), "\n{}", failures.join("\n"));
}

/// Functions, methods and classes are found by what they do: those that a
/// fixture declares and uses itself, and that no library calls, may go by any name.
#[test]
fn other_names_of_functions_and_classes_do_not_change_a_verdict() {
    const NAMES_MIN: usize = 150;
    let models = words_of_models();
    let mut failures = Vec::new();
    let mut count = 0;
    for fixture in fixtures() {
        let trees = trees(&fixture.files);
        let names = own_names(&trees, &models);
        count += names.len();
        let renamed: Vec<(String, String)> = fixture
            .files
            .iter()
            .map(|(file, text)| {
                let path = RepoPath::from_bytes(file);
                let parsed = trees.iter().find(|(known, _, _)| *known == path);
                let text = match parsed {
                    Some((_, _, parsed)) => with_prefix(&parsed.trees[0], text, &names),
                    None => text.clone(),
                };
                (file.clone(), text)
            })
            .collect();
        let what = "after renaming what it declares, ";
        check(what, &fixture, &renamed, &mut failures);
    }
    assert!(failures.is_empty(), "\n{}", failures.join("\n"));
    assert!(count >= NAMES_MIN, "only {count} names were changed");
}

/// The words of all models: a library may know what goes by them.
fn words_of_models() -> BTreeSet<String> {
    let mut words = BTreeSet::new();
    for language in children(&Path::new(env!("CARGO_MANIFEST_DIR")).join("models")) {
        for path in children(&language) {
            let text = std::fs::read_to_string(path).expect("models can be read");
            let all = text.split(|c: char| !(c.is_alphanumeric() || c == '_'));
            words.extend(all.map(str::to_owned));
        }
    }
    words
}

/// The names of the functions and classes that files declare and use, and that
/// stand in no text: a framework finds those.
fn own_names(
    trees: &[(RepoPath, Arc<SourceText>, assay_syntax::ParsedFile)],
    models: &BTreeSet<String>,
) -> BTreeSet<String> {
    const DECLARING: RoleSet = RoleSet::of(&[Role::Function, Role::Class]);
    /// What languages and servers call by these names.
    const CALLED: &[&str] = &[
        "main",
        "Main",
        "init",
        "constructor",
        "initialize",
        "call",
        "run",
    ];
    let nodes = || {
        trees
            .iter()
            .flat_map(|(_, _, parsed)| parsed.trees[0].nodes())
    };
    let mut uses: BTreeMap<&str, usize> = BTreeMap::new();
    for leaf in nodes().filter(|node| node.is_leaf()) {
        *uses.entry(leaf.text()).or_default() += 1;
    }
    let texts: Vec<&str> = nodes()
        .filter(|node| node.is_leaf() && !node.has(Role::Comment) && !is_word(node.text()))
        .map(NodeRef::text)
        .collect();
    let in_text = |name: &str| {
        let mut words = texts
            .iter()
            .flat_map(|text| text.split(|c: char| !(c.is_alphanumeric() || c == '_')));
        words.any(|word| word == name)
    };
    nodes()
        .filter(|node| node.has_any(DECLARING) && !node.has(Role::Lambda))
        .filter_map(NodeRef::name_node)
        .map(NodeRef::text)
        .filter(|name| is_word(name) && !name.starts_with('_') && name.len() > 1)
        .filter(|name| !CALLED.contains(name) && !models.contains(*name))
        .filter(|name| uses.get(name).is_some_and(|uses| *uses > 1) && !in_text(name))
        .map(str::to_owned)
        .collect()
}

fn is_word(text: &str) -> bool {
    text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

/// Puts a prefix before names wherever they stand; whether a name begins with a
/// capital, and how it ends, means something in some languages.
fn with_prefix(tree: &SyntaxTree, text: &str, names: &BTreeSet<String>) -> String {
    let mut out = String::new();
    let mut at = 0;
    for leaf in tree.nodes().filter(|node| node.is_leaf()) {
        let name = leaf.text();
        let start = leaf.span().start as usize;
        if start >= at && names.contains(name) {
            let is_capital = name.starts_with(|c: char| c.is_ascii_uppercase());
            let prefix = if is_capital { "Zq" } else { "zq" };
            let _ = write!(out, "{}{prefix}{name}", &text[at..start]);
            at = start + name.len();
        }
    }
    out.push_str(&text[at..]);
    out
}

/// Gives every variable and parameter of a text another name.
fn renamed(file: &str, text: &str) -> String {
    let files = [(file.to_owned(), text.to_owned())];
    let Some((_, _, parsed)) = trees(&files).pop() else {
        return text.to_owned();
    };
    let tree = &parsed.trees[0];
    let names = variables(tree);
    let mut out = String::new();
    let mut at = 0;
    for leaf in tree.nodes().filter(|node| node.is_leaf()) {
        if leaf.kind() == "string_content" && tree.language().id().as_str() == "rust" {
            for end in captured(leaf.text(), &names) {
                let end = leaf.span().start as usize + end;
                let _ = write!(out, "{}Zq", &text[at..end]);
                at = end;
            }
            continue;
        }
        let is_name = leaf.has(Role::Identifier) || is_in_template(leaf);
        let end = leaf.text().find(|c: char| !c.is_alphanumeric() && c != '_');
        let name = match leaf.has(Role::Identifier) {
            true => leaf.text(),
            false => &leaf.text()[..end.unwrap_or(leaf.text().len())],
        };
        if is_name && names.contains(name) {
            let start = leaf.span().start as usize;
            out.push_str(&text[at..start]);
            let _ = write!(out, "{name}Zq");
            at = start + name.len();
        }
    }
    out.push_str(&text[at..]);
    out
}

/// Where names end that stand in braces in a format of Rust.
fn captured(text: &str, names: &BTreeSet<&str>) -> Vec<usize> {
    let starts = text.match_indices('{').map(|(at, _)| at + 1);
    let ends = starts.filter_map(|start| {
        let length = text[start..].find([':', '}'])?;
        let is_known = names.contains(&text[start..start + length]);
        is_known.then_some(start + length)
    });
    ends.collect()
}

/// Whether a text begins with the name of Kotlin's `$name`, which is no node.
fn is_in_template(leaf: NodeRef<'_>) -> bool {
    leaf.kind() == "string_content"
        && leaf
            .previous_sibling()
            .is_some_and(|before| before.kind() == "string_content" && before.text() == "$")
}

/// The names of variables and parameters that are names of nothing else.
fn variables(tree: &SyntaxTree) -> BTreeSet<&str> {
    const DECLARING: RoleSet = RoleSet::of(&[Role::Parameter, Role::Variable]);
    let mut names: BTreeSet<&str> = BTreeSet::new();
    for node in tree.nodes().filter(|node| node.has_any(DECLARING)) {
        names.extend(node.declared_names().iter().map(|name| name.text()));
    }
    // A member, a method or a named argument may be a library's.
    for leaf in tree.nodes().filter(|node| node.is_leaf()) {
        let before = leaf.previous_sibling().map_or("", |sibling| sibling.text());
        let parent = leaf.parent();
        // `{name}` is a member and a variable at once.
        let is_shorthand = leaf.kind().contains("shorthand");
        let is_member = is_shorthand
            || matches!(before, "." | "->" | "::" | "?.")
            || parent.is_some_and(|parent| parent.has(Role::Member) && !before.is_empty())
            || leaf
                .next_sibling()
                .is_some_and(|next| matches!(next.text(), "=" | ":"))
                && parent.is_some_and(|p| {
                    !p.has_any(DECLARING)
                        && !p.has(Role::Assignment)
                        && p.kind() != "variable_declarator"
                });
        if is_member {
            names.remove(leaf.text());
        }
    }
    names.retain(|name| {
        name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') && name.len() > 1
    });
    names
}

/// The table of constructs by language.
fn capabilities() -> String {
    let mut languages: BTreeMap<String, BTreeMap<String, (usize, usize)>> = BTreeMap::new();
    for fixture in fixtures() {
        let safe = fixture
            .files
            .iter()
            .map(|(_, text)| text.matches("<- safe").count());
        let counts = (expected(&fixture.files).len(), safe.sum());
        let known = languages.entry(fixture.language).or_default();
        known.insert(fixture.construct, counts);
    }
    let mut out = String::from(
        "# What the dataflow engine follows\n\n\
         The table is made by a test of the fixtures in `crates/assay-rules/fixtures/flow`; do not edit it. Each cell\n\
         counts the places that are reported and those that look alike and are not; an empty cell has no fixture.\n\n",
    );
    let names: Vec<&str> = languages.keys().map(String::as_str).collect();
    let _ = writeln!(out, "| construct | {} |", names.join(" | "));
    let _ = writeln!(out, "| --- |{}", " --- |".repeat(names.len()));
    for construct in CONSTRUCTS {
        let cells: Vec<String> = languages
            .values()
            .map(|known| match known.get(*construct) {
                Some((bad, safe)) => format!("{bad} / {safe}"),
                None => String::new(),
            })
            .collect();
        let _ = writeln!(out, "| {construct} | {} |", cells.join(" | "));
    }
    out.replace("|  |", "| |").replace("|  |", "| |")
}

#[test]
fn the_table_of_capabilities_is_fresh() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/dataflow.md");
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    // What people wrote comes after the table.
    let written = kept.find("\n## ").map_or("", |at| &kept[at..]);
    let fresh = capabilities() + written;
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&path, &fresh).expect("docs/ can be written");
        return;
    }
    assert!(
        kept == fresh,
        "docs/dataflow.md is stale; run this test with UPDATE_GOLDEN=1"
    );
}

#[test]
fn no_rule_or_model_names_the_benchmark() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    // Put together here, so that this file does not hold them either.
    let words = [
        ["Benchmark", "Test"],
        ["owasp.", "benchmark"],
        ["Thing", "Factory"],
    ]
    .map(|parts| parts.concat());
    let mut left = vec![
        root.join("models"),
        root.join("rules"),
        root.join("fixtures"),
        root.join("src"),
    ];
    while let Some(path) = left.pop() {
        if path.is_dir() {
            left.extend(children(&path));
        } else if let Ok(text) = std::fs::read_to_string(&path) {
            for word in &words {
                assert!(
                    !text.contains(word.as_str()),
                    "{} has {word}",
                    path.display()
                );
            }
        }
    }
}

/// Code that nests without end must neither end the process nor take for ever.
#[test]
fn hostile_code_is_cut() {
    let page = |body: &str, more: &str| {
        format!(
            "import javax.servlet.http.*;\nclass Page extends HttpServlet {{\n\
             void doGet(HttpServletRequest request) {{\nString input = request.getParameter(\"q\");\n{body}\n}}\n{more}\n}}\n"
        )
    };
    let nested = |open: &str, close: &str, count: usize| open.repeat(count) + &close.repeat(count);
    let chain: String = (0..12)
        .map(|at| {
            let call = format!("f{}(x);", at + 1);
            format!(
                "void f{at}(String x) {{ {}{call}{} }}\n",
                "if (x != null) {".repeat(150),
                "}".repeat(150)
            )
        })
        .collect();
    let wide: String = (0..24)
        .map(|at| {
            format!(
                "String g{at}(String x) {{ return g{0}(x + 1) + g{0}(x + 2) + g{0}(x + 3); }}\n",
                at + 1
            )
        })
        .collect();
    for text in [
        page(&nested("if (input != null) {", "}", 3_000), ""),
        page(
            &format!(
                "String x = {}input{};",
                "f(".repeat(3_000),
                ")".repeat(3_000)
            ),
            "",
        ),
        page(
            &format!("String x = {}input;", "input + ".repeat(20_000)),
            "",
        ),
        page(
            &nested("for (int i = 0; i < input.length(); i++) {", "}", 300),
            "",
        ),
        page("f0(input);", &chain),
        page("g0(input);", &wide),
        page(&nested("Runnable r = () -> {", "};", 400), ""),
    ] {
        found(&[("Page.java".to_owned(), text)]);
    }
    let rounds = "a += b; b += a;\n".repeat(200);
    let page = format!(
        "void f(int c) {{ unsigned a, b; recv(c, &a, sizeof a, 0); recv(c, &b, sizeof b, 0);\n{rounds}malloc(b); }}\n"
    );
    found(&[("page.c".to_owned(), page)]);
}
