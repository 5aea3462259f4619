//! Finds the rules: each file `src/<pack>/<rule>.rs` that opens with a `//! #`
//! title is one, and so is each `rules/<pack>/<rule>.md`, whose front matter
//! says what it looks for. Writes the registry with each rule's id and
//! documentation, so that adding a rule is one file (and one `mod` line for
//! one in Rust).
//!
//! The detectors of secrets are data, `secrets/<detector>.toml`: each becomes a
//! rule as well, documented from its file.
#![expect(
    clippy::disallowed_methods,
    reason = "a build script reads the crate's folder"
)]

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs};

use toml::{Table, Value};

/// A rule with the Rust expression of its specification.
struct Found {
    id: String,
    documentation: String,
    spec: String,
    /// Statics that the expression names.
    statics: String,
}

fn main() {
    println!("cargo::rerun-if-changed=src");
    println!("cargo::rerun-if-changed=rules");
    println!("cargo::rerun-if-changed=secrets");
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=models");
    models();
    let mut rules = coded_rules();
    for pack in entries(Path::new("rules")) {
        for file in entries(&pack) {
            if file.extension().is_some_and(|ext| ext == "md") {
                rules.push(data_rule(&stem(&pack), &file));
            }
        }
    }
    rules.extend(secret::detectors());
    rules.sort_by(|a, b| a.id.cmp(&b.id));
    let statics: Vec<&str> = rules.iter().map(|rule| rule.statics.as_str()).collect();
    let mut out = statics.concat();
    writeln!(out, "pub(crate) static RULES: [Rule; {}] = [", rules.len())
        .expect("a string takes all");
    for Found {
        id,
        documentation,
        spec,
        ..
    } in &rules
    {
        writeln!(out, "    Rule::new({id:?}, {documentation:?}, &{spec}),")
            .expect("a string takes all");
    }
    out.push_str("];\n");
    let path = Path::new(&env::var("OUT_DIR").expect("cargo sets OUT_DIR")).join("registry.rs");
    fs::write(path, out).expect("OUT_DIR can be written");
}

fn coded_rules() -> Vec<Found> {
    let mut rules = Vec::new();
    for pack in entries(Path::new("src")) {
        // A rule pack says so in its first line; other folders hold engines.
        let header = fs::read_to_string(pack.join("mod.rs")).unwrap_or_default();
        if !header.starts_with("//! Rule pack") {
            continue;
        }
        for file in entries(&pack) {
            let (pack, name) = (stem(&pack), stem(&file));
            if file.extension().is_some_and(|ext| ext == "rs") && name != "mod" {
                rules.push(Found {
                    id: format!("{pack}/{name}").replace('_', "-"),
                    documentation: documentation(&file),
                    spec: format!("crate::{pack}::{name}::RULE"),
                    statics: String::new(),
                });
            }
        }
    }
    rules
}

/// Embeds the files of models: the language, the file's name, its text.
fn models() {
    let mut files: Vec<PathBuf> = Vec::new();
    for language in fs::read_dir("models").expect("models/ is part of the crate") {
        let language = language.expect("models/ can be listed").path();
        files.extend(entries(&language));
    }
    files.retain(|file| file.extension().is_some_and(|ext| ext == "toml"));
    files.sort();
    let root = env::var("CARGO_MANIFEST_DIR").expect("cargo sets it");
    let mut out = String::from("static FILES: &[(&str, &str, &str)] = &[\n");
    for file in files {
        let language = stem(file.parent().expect("a file is in a folder"));
        let name = stem(&file);
        let path = Path::new(&root).join(&file);
        writeln!(out, "    ({language:?}, {name:?}, include_str!({path:?})),")
            .expect("a string takes all");
    }
    out.push_str("];\n");
    let path = Path::new(&env::var("OUT_DIR").expect("cargo sets OUT_DIR")).join("models.rs");
    fs::write(path, out).expect("OUT_DIR can be written");
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    let mut paths: Vec<_> = fs::read_dir(folder)
        .expect("the folder is part of the crate")
        .map(|entry| entry.expect("the folder can be listed").path())
        .collect();
    let is_root = folder == Path::new("src") || folder == Path::new("rules");
    paths.retain(|path| !is_root || path.is_dir());
    paths.sort();
    paths
}

fn stem(path: &Path) -> String {
    let stem = path.file_stem().and_then(|stem| stem.to_str());
    stem.expect("a UTF-8 file name").to_owned()
}

/// Returns the Markdown of the `//!` lines that a file opens with.
fn documentation(file: &Path) -> String {
    let text = fs::read_to_string(file).expect("a rule can be read");
    let lines: Vec<_> = text
        .lines()
        .map_while(|line| line.strip_prefix("//!"))
        .map(|line| line.strip_prefix(' ').unwrap_or(line))
        .collect();
    lines.join("\n")
}

const RULE_KEYS: &[&str] = &[
    "category",
    "severity",
    "confidence",
    "cwe",
    "owasp",
    "tags",
    "on",
    "message",
    "match",
    "config",
    "flow",
];
const MATCH_KEYS: &[&str] = &[
    "languages",
    "when",
    "message",
    "severity",
    "confidence",
    "fix",
    "secret",
    "within",
    "call",
    "set",
    "reference",
    "import",
    "annotation",
    "function",
    "operation",
    "kind",
    "text",
];
const CONFIG_KEYS: &[&str] = &[
    "documents",
    "resources",
    "each",
    "when",
    "find",
    "report",
    "version",
    "message",
    "severity",
    "confidence",
    "fix",
];
const FIX_KEYS: &[&str] = &["title", "part", "with", "safe"];

/// The keys that say what a matcher looks for, with the names of the shapes.
const SHAPES: &[(&str, &str)] = &[
    ("call", "Call"),
    ("set", "Set"),
    ("reference", "Reference"),
    ("import", "Import"),
    ("annotation", "Annotation"),
    ("function", "Function"),
    ("operation", "Operation"),
    ("kind", "Kind"),
    ("text", "Text"),
];

/// Short names for languages that share their libraries.
const FAMILIES: &[(&str, &[&str])] = &[
    ("js", &["javascript", "typescript", "tsx"]),
    ("c-family", &["c", "cpp"]),
];

/// The languages that models are for, where it is not the one that their
/// folder is named after.
const MODELS: &[(&str, &[&str])] = &[
    ("c", &["c", "cpp"]),
    ("java", &["java", "kotlin"]),
    ("javascript", &["javascript", "typescript", "tsx"]),
];

/// Returns the languages whose models know a sink of a kind.
fn languages_of_sinks(kind: &str) -> Vec<String> {
    let mut languages = Vec::new();
    for folder in entries(Path::new("models")) {
        let has_sink = entries(&folder).iter().any(|file| {
            let text = fs::read_to_string(file).expect("models can be read");
            let table: Table = text.parse().expect("models are TOML");
            let sinks = table.get("sink").and_then(Value::as_array);
            let mut sinks = sinks.into_iter().flatten().filter_map(Value::as_table);
            // What is written to may have too little room.
            let writes = kind == "buffer" && table.contains_key("fill");
            writes || sinks.any(|sink| strings(sink, "kind") == [kind])
        });
        if has_sink {
            let name = stem(&folder);
            let shared = MODELS.iter().find(|models| models.0 == name);
            match shared {
                Some((_, of)) => languages.extend(of.iter().map(|&language| language.to_owned())),
                None => languages.push(name),
            }
        }
    }
    assert!(
        !languages.is_empty(),
        "no model has a sink of kind `{kind}`"
    );
    languages
}

fn data_rule(pack: &str, file: &Path) -> Found {
    let name = file.display().to_string();
    let text = fs::read_to_string(file).expect("a rule can be read");
    let rest = text
        .strip_prefix("+++\n")
        .unwrap_or_else(|| panic!("{name} does not open with +++"));
    let (front, documentation) = rest
        .split_once("\n+++\n")
        .unwrap_or_else(|| panic!("{name} does not close its front matter with +++"));
    let table: Table = front
        .parse()
        .unwrap_or_else(|error| panic!("{name}: {error}"));
    check_keys(&name, &table, RULE_KEYS);
    let matches: Vec<&Table> = match table.get("match") {
        Some(Value::Array(items)) => items.iter().filter_map(Value::as_table).collect(),
        _ => Vec::new(),
    };
    let configs: Vec<&Table> = match table.get("config") {
        Some(Value::Array(items)) => items.iter().filter_map(Value::as_table).collect(),
        _ => Vec::new(),
    };
    // What the dataflow engine reports: a kind of sink.
    let flow = strings(&table, "flow");
    assert!(
        matches.is_empty() as u8 + configs.is_empty() as u8 + flow.is_empty() as u8 == 2,
        "{name} has either [[match]], [[config]] or `flow`"
    );
    let mut languages: BTreeSet<String> = flow
        .iter()
        .flat_map(|kind| languages_of_sinks(kind))
        .collect();
    let mut matchers = String::new();
    let mut has_fix = false;
    for table_of_match in matches {
        check_keys(&name, table_of_match, MATCH_KEYS);
        let own = languages_of(&name, table_of_match);
        languages.extend(own.clone());
        has_fix |= table_of_match.contains_key("fix");
        matcher(&name, &mut matchers, &table, table_of_match, &own);
    }
    let mut config = String::new();
    for table_of_config in configs {
        check_keys(&name, table_of_config, CONFIG_KEYS);
        languages.extend(languages_of_documents(&name, table_of_config));
        has_fix |= table_of_config.contains_key("fix");
        config_match(&name, &mut config, &table, table_of_config);
    }
    let id = format!("{pack}/{}", stem(file));
    let (check, statics) = match config.is_empty() {
        true if !flow.is_empty() => ("Check::Elsewhere".to_owned(), String::new()),
        true => (format!("Check::Pattern(&[{matchers}])"), String::new()),
        false => {
            let constant = id.to_uppercase().replace(['-', '/'], "_");
            let check = format!("Check::Config(&{constant})");
            let type_ = "crate::config::ConfigCheck";
            (
                check,
                format!("static {constant}: {type_} = {type_}::new(&[{config}]);\n"),
            )
        }
    };
    let mut tags = strings(&table, "tags");
    if let Some(owasp) = table.get("owasp") {
        let owasp = owasp.as_str().expect("`owasp` is a string");
        tags.push(format!(
            "owasp-{}",
            owasp.to_ascii_lowercase().replace(':', "-")
        ));
    }
    let cwe: Vec<i64> = table
        .get("cwe")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .map(|number| number.as_integer().expect("`cwe` is a list of numbers"))
        .collect();
    let languages: Vec<String> = languages.into_iter().collect();
    let spec = format!(
        "RuleSpec {{ confidence: assay_finding::Confidence::{}, on: {}, fix: {has_fix}, languages: &{languages:?}, \
         cwe: &{cwe:?}, tags: &{tags:?}, ..RuleSpec::new(assay_finding::Category::{}, assay_finding::Severity::{}, \
         {check}) }}",
        camel(&word(&name, &table, "confidence")),
        table.get("on").and_then(Value::as_bool).unwrap_or(true),
        camel(&word(&name, &table, "category")),
        camel(&word(&name, &table, "severity")),
    );
    Found {
        id,
        documentation: documentation.trim().to_owned(),
        spec,
        statics,
    }
}

/// The languages that documents of a kind are written in; none for kinds that
/// no grammar reads, whose rules are asked about every text.
const DOCUMENTS: &[(&str, &[&str])] = &[
    ("workflow", &["yaml"]),
    ("action", &["yaml"]),
    ("gitlab-ci", &["yaml"]),
    ("compose", &["yaml"]),
    ("kubernetes", &["yaml"]),
    ("spring", &[]),
    ("nginx", &[]),
    ("cloudformation", &["json", "yaml"]),
    ("terraform", &["hcl"]),
    ("dockerfile", &["dockerfile"]),
    ("package", &["json"]),
    ("typescript", &["json"]),
];

fn languages_of_documents(name: &str, table: &Table) -> BTreeSet<String> {
    let of = |kind: String| {
        let known = DOCUMENTS.iter().find(|(known, _)| *known == kind);
        let known = known.unwrap_or_else(|| panic!("{name}: no kind of document {kind:?}"));
        known.1.iter().map(|&language| language.to_owned())
    };
    let documents = strings(table, "documents");
    assert!(
        !documents.is_empty(),
        "{name}: a [[config]] without documents"
    );
    let languages: Vec<BTreeSet<String>> = documents
        .into_iter()
        .map(|kind| of(kind).collect())
        .collect();
    assert!(
        languages.iter().all(BTreeSet::is_empty) || !languages.iter().any(BTreeSet::is_empty),
        "{name}: documents with and without a language"
    );
    languages.into_iter().flatten().collect()
}

/// Writes one way of finding something in configuration.
fn config_match(name: &str, out: &mut String, rule: &Table, table: &Table) {
    let text = |key: &str| table.get(key).and_then(Value::as_str).unwrap_or("");
    let message = match text("message") {
        "" => word(name, rule, "message"),
        message => message.to_owned(),
    };
    let level = |key: &str, type_: &str| match text(key) {
        "" => "None".to_owned(),
        level => format!("Some(assay_finding::{type_}::{})", camel(level)),
    };
    let version = match text("version").chars().collect::<Vec<char>>()[..] {
        [] => None,
        [mark] => Some(mark),
        _ => panic!("{name}: `version` is the one character before a version"),
    };
    let fix = match table.get("fix").and_then(Value::as_table) {
        None => "None".to_owned(),
        Some(fix) => format!(
            "Some(crate::config::ConfigFix {{ title: {:?}, with: {:?}, is_safe: {} }})",
            word(name, fix, "title"),
            word(name, fix, "with"),
            fix.get("safe").and_then(Value::as_bool).unwrap_or(false),
        ),
    };
    write!(
        out,
        "crate::config::ConfigMatch {{ documents: &{:?}, resources: &{:?}, each: {:?}, when: &{:?}, find: {:?}, \
         report: {:?}, version: {version:?}, message: {message:?}, severity: {}, confidence: {}, fix: {} }}, ",
        strings(table, "documents"),
        strings(table, "resources"),
        text("each"),
        strings(table, "when"),
        text("find"),
        text("report"),
        level("severity", "Severity"),
        level("confidence", "Confidence"),
        fix,
    )
    .expect("a string takes all");
}

fn matcher(name: &str, out: &mut String, rule: &Table, table: &Table, languages: &[String]) {
    let shapes: Vec<_> = SHAPES
        .iter()
        .filter(|(key, _)| table.contains_key(*key))
        .collect();
    let [(key, shape)] = shapes[..] else {
        panic!("{name}: a [[match]] says exactly one thing to look for");
    };
    let names: Vec<String> = strings(table, key)
        .iter()
        .flat_map(|path| expanded(path))
        .collect();
    let message = table
        .get("message")
        .or_else(|| rule.get("message"))
        .and_then(Value::as_str)
        .unwrap_or_else(|| panic!("{name}: a [[match]] without a message"));
    let text = |key: &str| table.get(key).and_then(Value::as_str).unwrap_or("");
    let level = |key: &str, type_: &str| match table.get(key).and_then(Value::as_str) {
        Some(level) => format!("Some(assay_finding::{type_}::{})", camel(level)),
        None => "None".to_owned(),
    };
    let fix = match table.get("fix").and_then(Value::as_table) {
        None => "None".to_owned(),
        Some(fix) => {
            check_keys(name, fix, FIX_KEYS);
            format!(
                "Some(crate::pattern::FixSpec {{ title: {:?}, part: {:?}, with: {:?}, is_safe: {} }})",
                word(name, fix, "title"),
                word(name, fix, "part"),
                word(name, fix, "with"),
                fix.get("safe").and_then(Value::as_bool).unwrap_or(false),
            )
        }
    };
    write!(
        out,
        "Matcher {{ languages: &{languages:?}, shape: crate::pattern::Shape::{shape}, names: &{names:?}, \
         when: &{:?}, message: {message:?}, severity: {}, confidence: {}, secret: {:?}, within: {:?}, fix: {fix} }}, ",
        strings(table, "when"),
        level("severity", "Severity"),
        level("confidence", "Confidence"),
        text("secret"),
        text("within"),
    )
    .expect("a string takes all");
}

fn check_keys(name: &str, table: &Table, known: &[&str]) {
    for key in table.keys() {
        assert!(known.contains(&key.as_str()), "{name}: unknown key `{key}`");
    }
}

fn languages_of(name: &str, table: &Table) -> Vec<String> {
    let mut languages = Vec::new();
    for language in strings(table, "languages") {
        match FAMILIES.iter().find(|(family, _)| *family == language) {
            Some((_, members)) => languages.extend(members.iter().map(|&m| m.to_owned())),
            None => languages.push(language),
        }
    }
    assert!(
        !languages.is_empty(),
        "{name}: a [[match]] without languages"
    );
    languages
}

/// Writes `a.{b,c}` out as `a.b` and `a.c`.
fn expanded(path: &str) -> Vec<String> {
    let Some((before, rest)) = path.split_once('{') else {
        return vec![path.to_owned()];
    };
    let (inside, after) = rest.split_once('}').expect("a closed brace");
    let mut paths = Vec::new();
    for item in inside.split(',') {
        paths.extend(expanded(&format!("{before}{}{after}", item.trim())));
    }
    paths
}

fn word(name: &str, table: &Table, key: &str) -> String {
    table
        .get(key)
        .and_then(Value::as_str)
        .unwrap_or_else(|| panic!("{name} says no `{key}`"))
        .to_owned()
}

/// Returns a list of strings; one string is a list of one.
fn strings(table: &Table, key: &str) -> Vec<String> {
    match table.get(key) {
        None => Vec::new(),
        Some(Value::String(only)) => vec![only.clone()],
        Some(Value::Array(items)) => items
            .iter()
            .map(|item| item.as_str().expect("a list of strings").to_owned())
            .collect(),
        Some(_) => panic!("`{key}` is a string or a list of strings"),
    }
}

fn camel(word: &str) -> String {
    let (first, rest) = word.split_at(1);
    first.to_uppercase() + rest
}

/// Detectors of secrets: from data files to a table and documentation.
mod secret {
    use std::fmt::Write as _;
    use std::path::Path;
    use std::{env, fs};

    use toml::{Table, Value};

    /// Writes the table and returns each detector's id, documentation and the
    /// specification.
    pub(super) fn detectors() -> Vec<super::Found> {
        let mut files = super::entries(Path::new("secrets"));
        files.retain(|file| file.extension().is_some_and(|ext| ext == "toml"));
        files.sort_by_key(|file| super::stem(file));
        let (mut table, mut specs, mut rules) = (String::new(), String::new(), Vec::new());
        for (at, file) in files.iter().enumerate() {
            let text = fs::read_to_string(file).expect("a detector can be read");
            let data: Table = text
                .parse()
                .unwrap_or_else(|error| panic!("{}: {error}", file.display()));
            let known = [
                "title",
                "provider",
                "severity",
                "keywords",
                "pattern",
                "place",
                "entropy",
                "check",
                "shown",
                "revoke",
                "reference",
                "bad",
                "good",
                "summary",
                "off",
            ];
            for key in data.keys() {
                assert!(
                    known.contains(&key.as_str()),
                    "{}: unknown key {key}",
                    file.display()
                );
            }
            let id = format!("secret/{}", super::stem(file));
            let keywords = list(&data, "keywords");
            let place = text_of(&data, "place", "start");
            let check = text_of(&data, "check", "none");
            let entropy = data.get("entropy").and_then(Value::as_float).unwrap_or(0.0);
            let shown = data.get("shown").and_then(Value::as_integer).unwrap_or(0);
            writeln!(
                table,
                "    Detector {{ id: {id:?}, title: {:?}, keywords: &{keywords:?}, pattern: {:?}, place: Place::{}, entropy: {entropy:?}, check: Check::{}, shown: {shown} }},",
                text_of(&data, "title", ""),
                text_of(&data, "pattern", ""),
                variant(place),
                variant(check),
            )
            .expect("a string takes all");
            let on = !data.contains_key("off");
            let severity = variant(text_of(&data, "severity", "high"));
            writeln!(specs, "    spec(Severity::{severity}, {on}),").expect("a string takes all");
            rules.push(super::Found {
                id,
                documentation: document(&data),
                spec: format!("crate::secret::SPECS[{at}]"),
                statics: String::new(),
            });
        }
        let out = format!(
            "pub(crate) static DETECTORS: [Detector; {0}] = [\n{table}];\n\npub(crate) static SPECS: [RuleSpec; {0}] = [\n{specs}];\n",
            files.len()
        );
        let path = Path::new(&env::var("OUT_DIR").expect("cargo sets OUT_DIR")).join("secrets.rs");
        fs::write(path, out).expect("OUT_DIR can be written");
        rules
    }

    fn text_of<'d>(data: &'d Table, key: &str, default: &'d str) -> &'d str {
        data.get(key).and_then(Value::as_str).unwrap_or(default)
    }

    fn list(data: &Table, key: &str) -> Vec<String> {
        let values = data.get(key).and_then(Value::as_array);
        let texts = values.into_iter().flatten().filter_map(Value::as_str);
        texts.map(str::to_owned).collect()
    }

    /// Turns `aws-key` into `AwsKey`.
    fn variant(name: &str) -> String {
        name.split('-')
            .map(|word| word[..1].to_uppercase() + &word[1..])
            .collect()
    }

    fn document(data: &Table) -> String {
        let title = text_of(data, "title", "");
        let summary = match text_of(data, "summary", "") {
            "" => format!("The text holds a {title}."),
            summary => summary.to_owned(),
        };
        let mut out = format!(
            "# {}{}\n\n{summary}\n\n## Why it matters\n\n\
             Whoever can read the repository, now or in its history, can use the secret. Removing it from the file does\n\
             not take it back: it has to be revoked.\n\n## What to do\n\n{}\n\n\
             Read it from the environment or a secret store where it is needed.\n",
            title[..1].to_uppercase(),
            &title[1..],
            text_of(data, "revoke", ""),
        );
        out.push_str("\n## References\n\n");
        let reference = text_of(data, "reference", "");
        if !reference.is_empty() {
            writeln!(out, "- <{reference}>").expect("a string takes all");
        }
        out.push_str(
            "- [CWE-798](https://cwe.mitre.org/data/definitions/798.html): use of hard-coded credentials\n\n\
             ## Examples\n\n`<key:...>` stands for a secret that is made up when the example runs.\n",
        );
        for (kind, key) in [("bad", "bad"), ("good", "good")] {
            for example in list(data, key) {
                let example = example.trim_end();
                write!(out, "\n```text {kind}\n{example}\n```\n").expect("a string takes all");
            }
        }
        out
    }
}
