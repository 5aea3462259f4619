//! The names by which people and files reach a program: flags of its command
//! line and keys of its configuration.
//!
//! Flags are told by the calls and attributes of the libraries that parse them,
//! keys by the types that a configuration is read into.

use assay_source::{RepoPath, Span};
use assay_syntax::{Field, NodeRef, Role, SyntaxTree};

use crate::pattern::{last_name, plain_string, segments};
use crate::query::is_test_path;

/// Names of one file.
const NAMES_MAX: usize = 5_000;

/// What a name is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum OutwardKind {
    /// A flag of a command line.
    Flag,
    /// A key of a configuration.
    Key,
}

/// A name by which a program is reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutwardName {
    /// What it is for.
    pub kind: OutwardKind,
    /// The name: `--verbose`, `Settings.timeout`.
    pub name: String,
    /// Where it is declared.
    pub span: Span,
    /// Whether it said that it will go, or is hidden from help.
    pub is_announced: bool,
}

/// Words without which a text declares no name of this kind.
const WORDS: &[&str] = &[
    "argument",
    "option",
    "Option",
    "flag",
    "Flag",
    "long",
    ".on(",
    "signature",
    "BaseSettings",
    "Deserialize",
    "yaml:",
    "mapstructure:",
    "toml:",
    "koanf:",
    "env:",
];

/// Returns whether a text may declare a flag or a key; nearly none does, and
/// need not be parsed.
pub fn may_be_outward(text: &str) -> bool {
    WORDS.iter().any(|word| text.contains(word))
}

/// Lists the flags and keys that a file declares.
pub fn outward_names(path: &RepoPath, tree: &SyntaxTree) -> Vec<OutwardName> {
    if is_test_path(path) {
        return Vec::new();
    }
    let mut found = Vec::new();
    let read: fn(NodeRef<'_>, &mut Vec<OutwardName>) = match tree.language().id().as_str() {
        "python" => python,
        "javascript" | "typescript" | "tsx" => script,
        "go" => go,
        "java" | "kotlin" => jvm,
        "rust" => rust,
        "ruby" => ruby,
        "php" => php,
        "c-sharp" => c_sharp,
        _ => return found,
    };
    for node in tree.nodes() {
        read(node, &mut found);
        if found.len() >= NAMES_MAX {
            break;
        }
    }
    found
}

fn push(found: &mut Vec<OutwardName>, kind: OutwardKind, name: &str, node: NodeRef<'_>) {
    let said = node.text().to_ascii_lowercase();
    let is_announced = [
        "deprecated",
        "suppress",
        "hide = true",
        "hidden = true",
        "hidden: true",
        "hidden=true",
    ]
    .iter()
    .any(|word| said.contains(word));
    found.push(OutwardName {
        kind,
        name: name.to_owned(),
        span: node.span(),
        is_announced,
    });
}

/// Returns the strings that a call is given in their places.
fn strings(call: NodeRef<'_>) -> Vec<Option<&str>> {
    let list = call
        .children()
        .find(|child| child.has(Role::Arguments) || child.field() == Field::Arguments);
    list.into_iter()
        .flat_map(NodeRef::named_children)
        .map(plain_string)
        .collect()
}

/// A flag as it is typed, without what stands for its value.
fn flags_in(text: &str) -> impl Iterator<Item = &str> {
    text.split([' ', ',', '|', '/'])
        .filter(|word| word.starts_with('-') && word.len() > 1)
        .map(|word| word.split(['=', '[', '<']).next().unwrap_or(word))
}

fn python(node: NodeRef<'_>, found: &mut Vec<OutwardName>) {
    if node.has(Role::Call) {
        let name = last_name(node).unwrap_or_default();
        let is_flag = match name {
            "add_argument" | "add_option" => true,
            // `@click.option`, `typer.Option`.
            "option" | "Option" => segments(node).len() > 1,
            _ => false,
        };
        if is_flag {
            for text in strings(node).into_iter().flatten() {
                for flag in flags_in(text) {
                    push(found, OutwardKind::Flag, flag, node);
                }
            }
        }
        return;
    }
    // pydantic: `class Settings(BaseSettings)`.
    if node.kind() == "class_definition" {
        let parents = node.child(Field::Superclass).map_or("", NodeRef::text);
        let (Some(class), true) = (node.name(), parents.contains("BaseSettings")) else {
            return;
        };
        let body = node.child(Field::Body);
        for statement in body.into_iter().flat_map(NodeRef::named_children) {
            let field = statement
                .named_children()
                .next()
                .filter(|inner| inner.kind() == "assignment");
            let (Some(field), text) = (field, statement.text()) else {
                continue;
            };
            let name = field.child(Field::Left).map_or("", NodeRef::text);
            let is_field =
                text.contains(':') && name.chars().all(|c| c.is_alphanumeric() || c == '_');
            if !is_field || name.starts_with('_') || name == "model_config" {
                continue;
            }
            push(found, OutwardKind::Key, &format!("{class}.{name}"), field);
            // Other names by which the same field is read.
            let aliases = field
                .subtree()
                .filter(|part| part.kind() == "string_content");
            for alias in aliases.filter(|_| text.contains("alias")) {
                push(
                    found,
                    OutwardKind::Key,
                    &format!("{class}.{}", alias.text()),
                    field,
                );
            }
        }
    }
}

/// commander: `.option("-p, --port <n>")`; yargs: `.option("port", {})`.
fn script(node: NodeRef<'_>, found: &mut Vec<OutwardName>) {
    if !node.has(Role::Call) {
        return;
    }
    if !matches!(
        last_name(node),
        Some("option" | "requiredOption" | "addOption" | "Option")
    ) {
        return;
    }
    let Some(text) = strings(node).first().copied().flatten() else {
        return;
    };
    let arguments = node
        .children()
        .find(|child| child.has(Role::Arguments))
        .unwrap_or(node);
    let is_table = || arguments.named_children().nth(1).map(NodeRef::kind) == Some("object");
    if is_word(text) && is_table() && node.tree().text().as_str().contains("yargs") {
        push(found, OutwardKind::Flag, &format!("--{text}"), arguments);
    }
    for flag in flags_in(text) {
        push(found, OutwardKind::Flag, flag, arguments);
    }
}

/// Whether a text can stand after the dashes of a flag.
fn is_word(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'))
}

/// Types of flags in `flag`, pflag and cobra.
const GO_TYPES: &[&str] = &[
    "String",
    "Bool",
    "Int",
    "Int32",
    "Int64",
    "Uint",
    "Uint16",
    "Uint32",
    "Uint64",
    "Float32",
    "Float64",
    "Duration",
    "StringSlice",
    "StringArray",
    "StringToString",
    "IntSlice",
    "Count",
    "IP",
    "BoolFunc",
    "Func",
    "Text",
];

fn go(node: NodeRef<'_>, found: &mut Vec<OutwardName>) {
    if node.has(Role::Call) {
        let Some(name) = last_name(node) else { return };
        let bare = name.strip_suffix('P').unwrap_or(name);
        let (bare, place) = match bare.strip_suffix("Var") {
            Some(bare) => (bare, 1),
            None => (bare, 0),
        };
        if !GO_TYPES.contains(&bare) {
            return;
        }
        let head = node
            .text()
            .split('(')
            .next()
            .unwrap_or("")
            .to_ascii_lowercase();
        let given = strings(node);
        let whole = node.text().to_ascii_lowercase();
        let of_flags =
            head.contains("flag") || whole.contains("flags().") || head.starts_with("fs.");
        if let (true, Some(Some(text))) = (of_flags, given.get(place)) {
            push(found, OutwardKind::Flag, &format!("--{text}"), node);
        }
        return;
    }
    // urfave/cli: `cli.StringFlag{Name: "port, p"}`.
    if node.kind() == "composite_literal" {
        let kind = node.child(Field::Type).map_or("", NodeRef::text);
        if kind.starts_with("cli.") && kind.ends_with("Flag") {
            let fields = node.subtree().filter(|part| part.kind() == "keyed_element");
            let mut named = fields.filter(|field| field.text().starts_with("Name"));
            let value = named.next().and_then(|field| field.named_children().nth(1));
            let text = value.and_then(plain_string).unwrap_or_default();
            let name = text.split(',').next().unwrap_or_default();
            if is_word(name) {
                push(found, OutwardKind::Flag, &format!("--{name}"), node);
            }
        }
        return;
    }
    // `Port int `yaml:"port"`` in a structure that a configuration is read into.
    if node.kind() == "field_declaration" {
        let owner = node
            .ancestors()
            .take(4)
            .find(|around| around.kind() == "type_spec")
            .and_then(NodeRef::name);
        let tag = node
            .named_children()
            .find(|child| child.kind() == "raw_string_literal");
        if let (Some(owner), Some(tag)) = (owner.filter(|name| is_configuration(name)), tag) {
            let key = [
                "yaml:\"",
                "mapstructure:\"",
                "toml:\"",
                "koanf:\"",
                "env:\"",
            ]
            .iter()
            .find_map(|mark| tag.text().split(mark).nth(1))
            .and_then(|rest| rest.split(['"', ',']).next())
            .filter(|key| !key.is_empty() && *key != "-");
            if let Some(key) = key {
                push(found, OutwardKind::Key, &format!("{owner}.{key}"), node);
            }
        }
    }
}

/// Whether a type is named as what a configuration is read into.
fn is_configuration(name: &str) -> bool {
    ["Config", "Configuration", "Settings", "Conf"]
        .iter()
        .any(|end| name.ends_with(end))
}

/// picocli: `@Option(names = {"-p", "--port"})`; Clikt: `by option("--port")`.
fn jvm(node: NodeRef<'_>, found: &mut Vec<OutwardName>) {
    if node.has(Role::Call) {
        if last_name(node) == Some("option") {
            push_flags(found, node);
        }
        return;
    }
    let text = node.text();
    if !node.has(Role::Annotation)
        || !text.starts_with("@Option") && !text.starts_with("@CommandLine.Option")
    {
        return;
    }
    for part in node.subtree().filter(|part| part.has(Role::String)) {
        let Some(text) = plain_string(part).filter(|text| text.starts_with('-')) else {
            continue;
        };
        for flag in flags_in(text) {
            push(found, OutwardKind::Flag, flag, node);
        }
    }
}

/// Adds the flags among the strings that a call is given.
fn push_flags(found: &mut Vec<OutwardName>, call: NodeRef<'_>) {
    for text in strings(call).into_iter().flatten() {
        for flag in flags_in(text) {
            push(found, OutwardKind::Flag, flag, call);
        }
    }
}

/// OptionParser: `.on("-p", "--[no-]port N")`; Thor: `option :port`.
fn ruby(node: NodeRef<'_>, found: &mut Vec<OutwardName>) {
    if !node.has(Role::Call) {
        return;
    }
    match last_name(node) {
        Some("on") => {
            for text in strings(node).into_iter().flatten() {
                for flag in flags_in(&text.replace("[no-]", "")) {
                    push(found, OutwardKind::Flag, flag, node);
                }
            }
        }
        Some("option" | "method_option" | "class_option") => {
            let list = node.children().find(|child| child.has(Role::Arguments));
            let first = list.and_then(|list| list.named_children().next());
            let name = first
                .filter(|first| first.kind() == "simple_symbol")
                .map(|first| first.text().trim_start_matches(':').replace('_', "-"));
            if let Some(name) = name
                && node.tree().text().as_str().contains("Thor")
            {
                push(found, OutwardKind::Flag, &format!("--{name}"), node);
            }
        }
        _ => {}
    }
}

/// Symfony: `->addOption("port")`; Laravel: `$signature = "serve {--port=}"`.
fn php(node: NodeRef<'_>, found: &mut Vec<OutwardName>) {
    if node.has(Role::Call) {
        if let (Some("addOption"), Some(Some(name))) = (last_name(node), strings(node).first()) {
            push(found, OutwardKind::Flag, &format!("--{name}"), node);
        }
        return;
    }
    if node.kind() != "property_element" || !node.text().starts_with("$signature") {
        return;
    }
    for part in node.text().split("{--").skip(1) {
        let word = part.split(['=', '}', ' ', ':', '?', '*']).next();
        // `{--p|port}`.
        let name = word.and_then(|word| word.rsplit('|').next()).unwrap_or("");
        if is_word(name) {
            push(found, OutwardKind::Flag, &format!("--{name}"), node);
        }
    }
}

/// System.CommandLine: `new Option<int>("--port")`; CommandLineParser:
/// `[Option('p', "port")]`.
fn c_sharp(node: NodeRef<'_>, found: &mut Vec<OutwardName>) {
    if node.kind() == "object_creation_expression" {
        let kind = node.child(Field::Type).map_or("", NodeRef::text);
        if kind == "Option" || kind.starts_with("Option<") {
            for part in node.subtree().filter(|part| part.has(Role::String)) {
                let text = plain_string(part).filter(|text| text.starts_with('-'));
                for flag in text.into_iter().flat_map(flags_in) {
                    push(found, OutwardKind::Flag, flag, node);
                }
            }
        }
        return;
    }
    if node.kind() == "attribute" && node.text().starts_with("Option(") {
        let mut strings = node
            .subtree()
            .filter(|part| part.kind() == "string_literal");
        if let Some(name) = strings
            .next()
            .and_then(plain_string)
            .filter(|name| is_word(name))
        {
            push(found, OutwardKind::Flag, &format!("--{name}"), node);
        }
    }
}

fn rust(node: NodeRef<'_>, found: &mut Vec<OutwardName>) {
    if node.has(Role::Call) {
        // `Arg::new("port").long("port").visible_alias("p")`.
        let is_flag = matches!(last_name(node), Some("long" | "visible_alias" | "alias"));
        let head = node.text().trim_start();
        let of_clap = head.starts_with("Arg::") || head.starts_with("clap::Arg");
        if let (true, Some(Some(text))) = (is_flag && of_clap, strings(node).first()) {
            push(found, OutwardKind::Flag, &format!("--{text}"), node);
        }
        return;
    }
    if node.kind() != "field_declaration" {
        return;
    }
    let Some(name) = node.name() else { return };
    let owner = node
        .ancestors()
        .take(4)
        .find(|around| around.kind() == "struct_item");
    let Some(owner) = owner else { return };
    let attributes = attributes_before(node);
    let said = attributes.concat();
    let derives = attributes_before(owner).concat();
    let is_parser = ["Parser", "Args", "Subcommand", "StructOpt"]
        .iter()
        .any(|word| derives.contains(word));
    let marks = ["arg(", "clap(", "structopt("];
    if is_parser && marks.iter().any(|mark| said.contains(mark)) && said.contains("long") {
        let own = value_of(&said, "long")
            .unwrap_or_else(|| name.trim_start_matches("r#").replace('_', "-"));
        let mut names = vec![own];
        for key in ["alias", "visible_alias"] {
            names.extend(value_of(&said, key));
        }
        let is_hidden = said.contains("hide");
        for flag in names {
            push(found, OutwardKind::Flag, &format!("--{flag}"), node);
            if let (true, Some(last)) = (is_hidden, found.last_mut()) {
                last.is_announced = true;
            }
        }
        return;
    }
    let class = owner.name().unwrap_or_default();
    if derives.contains("Deserialize") && is_configuration(class) && !said.contains("serde(skip") {
        let renames_all = value_of(&derives, "rename_all");
        let own = value_of(&said, "rename").unwrap_or_else(|| match renames_all.as_deref() {
            Some("kebab-case") => name.replace('_', "-"),
            _ => name.to_owned(),
        });
        let mut names = vec![own];
        // One attribute may give several.
        names.extend(said.split("alias").skip(1).filter_map(|rest| {
            let (_, rest) = rest.split_once('"')?;
            Some(rest.split('"').next()?.to_owned())
        }));
        for key in names {
            push(found, OutwardKind::Key, &format!("{class}.{key}"), node);
        }
    }
}

fn attributes_before(node: NodeRef<'_>) -> Vec<&str> {
    let mut found = Vec::new();
    let mut before = node.previous_sibling();
    while let Some(sibling) = before {
        if sibling.kind() == "attribute_item" {
            found.push(sibling.text());
        } else if !sibling.has(Role::Comment) {
            break;
        }
        before = sibling.previous_sibling();
    }
    found
}

/// Returns the string that an attribute gives to a key: `long = "port"`.
fn value_of(attributes: &str, key: &str) -> Option<String> {
    let mut rest = attributes;
    while let Some(at) = rest.find(key) {
        let starts = !rest[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_');
        rest = &rest[at + key.len()..];
        let value = rest.trim_start().strip_prefix('=');
        if let (true, Some(value)) = (starts, value) {
            let inner = value.trim_start().strip_prefix('"')?;
            return Some(inner.split('"').next()?.to_owned());
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use assay_source::{RepoPath, SourceText};
    use assay_syntax::{ParseLimits, detect, parse};

    use super::outward_names;

    fn check(path: &str, text: &str, expected: &[&str]) {
        let path = RepoPath::from(path);
        let text = Arc::new(SourceText::from_text(text));
        let language = detect(&path, text.as_str()).expect("a language");
        let parsed = parse(&text, language, &ParseLimits::default());
        let names = outward_names(&path, &parsed.trees[0]);
        let shown: Vec<String> = names
            .iter()
            .map(|one| format!("{}{}", one.name, if one.is_announced { "?" } else { "" }))
            .collect();
        assert_eq!(shown, expected, "{text:?}");
    }

    #[test]
    fn flags_and_keys_are_read_where_libraries_take_them() {
        check(
            "a.py",
            "p.add_argument('-v', '--verbose', help='more')\n",
            &["-v", "--verbose"],
        );
        check("a.py", "p.add_argument('path')\nprint('--no')\n", &[]);
        check(
            "a.py",
            "p.add_argument('--old', help=argparse.SUPPRESS)\n",
            &["--old?"],
        );
        check(
            "a.py",
            "@click.option('--size/--no-size')\ndef f(): pass\n",
            &["--size", "--no-size"],
        );
        check(
            "a.py",
            "class Settings(BaseSettings):\n    port: int = 1\n    host: str = Field('a', alias='address')\n    x = 1\n",
            &[
                "Settings.port",
                "Settings.host",
                "Settings.a",
                "Settings.address",
            ],
        );
        check(
            "a.js",
            "program.option('-p, --port <n>', 'the port').option('--all')\n",
            &["--all", "-p", "--port"],
        );
        check(
            "a.ts",
            "import yargs from 'yargs';\nyargs.option('size', { type: 'number' });\nx.option('a', 'b');\n",
            &["--size"],
        );
        check("a.ts", "x.option('size', { type: 'number' });\n", &[]);
        check(
            "a.go",
            "package a\nvar f = []cli.Flag{&cli.StringFlag{Name: \"port, p\", Value: \"1\"}, cli.BoolFlag{Usage: \"x\", Name: \"all\"}, other.Flag{Name: \"no\"}}\n",
            &["--port", "--all"],
        );
        check(
            "a.rb",
            "opts.on('-v', '--[no-]verbose', 'more') { }\nsocket.on('message') { }\n",
            &["-v", "--verbose"],
        );
        check(
            "a.rb",
            "class A < Thor\n  option :dry_run, type: :boolean\n  def a; end\nend\n",
            &["--dry-run"],
        );
        check("a.rb", "class A\n  option :dry_run\nend\n", &[]);
        check(
            "a.php",
            "<?php $this->addOption('size', null);\n",
            &["--size"],
        );
        check(
            "a.php",
            "<?php class A { protected $signature = 'serve {port} {--H|host= : where} {--all}'; }\n",
            &["--host", "--all"],
        );
        check(
            "a.cs",
            "class A { void F() { new Option<int>(\"--size\"); new Option<int>(new[] { \"-a\", \"--all\" }); } }",
            &["--size", "-a", "--all"],
        );
        check(
            "a.cs",
            "class A { [Option('v', \"verbose\", HelpText = \"more\")] public bool V { get; set; } }",
            &["--verbose"],
        );
        check(
            "a.kt",
            "class A : CliktCommand() { val port by option(\"-p\", \"--port\", help = \"a\").int() }",
            &["-p", "--port"],
        );
        check(
            "a.go",
            "package a\nfunc f() { flag.String(\"port\", \"1\", \"\"); cmd.Flags().BoolVarP(&x, \"all\", \"a\", false, \"\") }\n",
            &["--port", "--all"],
        );
        check(
            "a.go",
            "package a\ntype Config struct {\n\tPort int `yaml:\"port,omitempty\"`\n\tX int\n}\n",
            &["Config.port"],
        );
        check(
            "A.java",
            "class A { @Option(names = {\"-p\", \"--port\"}, description = \"a - b\") int port; }",
            &["-p", "--port"],
        );
        check(
            "a.rs",
            "fn f() { Arg::new(\"a\").long(\"port\").visible_alias(\"p\"); x.long(\"no\"); }",
            &["--p", "--port"],
        );
        check(
            "a.rs",
            "#[derive(Parser)]\nstruct A { #[arg(long)] dry_run: bool, #[arg(short, long = \"to\", alias = \"out\")] b: u8, c: u8 }",
            &["--dry-run", "--to", "--out"],
        );
        check(
            "a.rs",
            "#[derive(Deserialize)]\n#[serde(rename_all = \"kebab-case\")]\nstruct Config { log_level: u8, #[serde(rename = \"b\", alias = \"c\")] a: u8, #[serde(skip)] d: u8 }",
            &["Config.log-level", "Config.b", "Config.c"],
        );
        check("tests/a.py", "p.add_argument('--verbose')\n", &[]);
    }
}
