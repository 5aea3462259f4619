//! Turns `languages/<id>/language.toml` into the tables of `src/language.rs`,
//! so that a language is one folder and nothing is read at run time.
#![expect(
    clippy::disallowed_methods,
    reason = "a build script reads the crate's folder"
)]

use std::fmt::Write as _;
use std::path::Path;
use std::{env, fs};

use toml::{Table, Value};

fn main() {
    println!("cargo::rerun-if-changed=languages");
    println!("cargo::rerun-if-changed=build.rs");
    let mut folders: Vec<_> = fs::read_dir("languages")
        .expect("languages/ is part of the crate")
        .map(|entry| entry.expect("languages/ can be listed").path())
        .filter(|path| path.join("language.toml").is_file())
        .collect();
    folders.sort();
    let mut out = String::new();
    for folder in &folders {
        let id = folder
            .file_name()
            .and_then(|name| name.to_str())
            .expect("a UTF-8 folder name");
        let mut table = read_table(folder);
        if let Some(base) = table.get("extends").and_then(Value::as_str) {
            let base = read_table(&folder.with_file_name(base));
            extend(&mut table, base);
        }
        write_language(&mut out, id, &table);
    }
    writeln!(out, "static LANGUAGES: [Language; {}] = [", folders.len())
        .expect("a string takes all");
    for folder in &folders {
        let id = folder
            .file_name()
            .and_then(|name| name.to_str())
            .expect("checked above");
        writeln!(out, "    Language::new(&{}),", constant(id)).expect("a string takes all");
    }
    out.push_str("];\n");
    let path = Path::new(&env::var("OUT_DIR").expect("cargo sets OUT_DIR")).join("languages.rs");
    fs::write(path, out).expect("OUT_DIR can be written");
}

fn read_table(folder: &Path) -> Table {
    let file = folder.join("language.toml");
    let text = fs::read_to_string(&file).expect("language.toml can be read");
    text.parse()
        .unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}

/// Gives a language the syntax of the one that it extends: its marks where it
/// has none of its own, its roles and, after its own, its refinements. The
/// kinds of nodes in `extends-except` are not in this language's grammar.
fn extend(table: &mut Table, base: Table) {
    let except = string_list(table, "extends-except");
    for (key, mut value) in base {
        if let ("roles", Value::Table(roles)) = (key.as_str(), &mut value) {
            for kinds in roles
                .iter_mut()
                .filter_map(|(_, kinds)| kinds.as_array_mut())
            {
                kinds.retain(|kind| !except.iter().any(|other| kind.as_str() == Some(other)));
            }
        }
        match key.as_str() {
            "line-comments" | "block-comments" | "quotes" | "conventions" => {
                table.entry(key).or_insert(value);
            }
            "roles" | "refine" => {
                let own = table.remove(&key);
                table.insert(key, joined(own, value));
            }
            _ => {}
        }
    }
}

fn joined(own: Option<Value>, base: Value) -> Value {
    match (own, base) {
        (Some(Value::Array(own)), Value::Array(base)) => {
            Value::Array(own.into_iter().chain(base).collect())
        }
        (Some(Value::Table(mut own)), Value::Table(base)) => {
            for (key, value) in base {
                let joined = joined(own.remove(&key), value);
                own.insert(key, joined);
            }
            Value::Table(own)
        }
        (_, base) => base,
    }
}

const KEYS: &[&str] = &[
    "name",
    "extends",
    "extends-except",
    "grammar",
    "aliases",
    "extensions",
    "file-names",
    "file-names-excepted",
    "starts-of-others",
    "disambiguate",
    "interpreters",
    "line-comments",
    "comments-after-blank",
    "block-comments",
    "quotes",
    "roles",
    "statements-in",
    "refine",
    "embedded",
    "holes",
    "solid",
    "indents-max",
    "heredoc-word-max",
    "ends-line",
    "data-only",
    "case-insensitive",
    "conventions",
];

fn write_language(out: &mut String, id: &str, table: &Table) {
    for key in table.keys() {
        assert!(
            KEYS.contains(&key.as_str()),
            "{id}: unknown key `{key}` in language.toml"
        );
    }
    let text = |key: &str| {
        table
            .get(key)
            .and_then(Value::as_str)
            .unwrap_or_else(|| panic!("{id}: `{key}` is missing"))
    };
    let conventions: Vec<String> = string_list(table, "conventions")
        .iter()
        .map(|name| format!("Convention::{}", camel(name)))
        .collect();
    let flag = |key: &str| table.get(key).and_then(Value::as_bool).unwrap_or(false);
    let number = |key: &str| table.get(key).and_then(Value::as_integer).unwrap_or(0);
    let block_comments: Vec<String> = list(table, "block-comments")
        .iter()
        .map(|item| {
            let parts = strings(item);
            let nested = parts.get(2).is_some_and(|word| word == "nested");
            format!(
                "BlockComment {{ start: {:?}, end: {:?}, nested: {nested} }}",
                parts[0], parts[1]
            )
        })
        .collect();
    let mut quotes: Vec<&Table> = list(table, "quotes")
        .iter()
        .filter_map(Value::as_table)
        .collect();
    quotes.sort_by_key(|quote| std::cmp::Reverse(quote["start"].as_str().map_or(0, str::len)));
    let quotes: Vec<String> = quotes.iter().map(|quote| {
        let start = quote["start"].as_str().expect("a quote starts with text");
        let end = quote.get("end").and_then(Value::as_str).unwrap_or(start);
        let escape = quote.get("escape").and_then(Value::as_str).and_then(|text| text.chars().next());
        let multiline = quote.get("multiline").and_then(Value::as_bool).unwrap_or(false);
        format!("Quote {{ start: {start:?}, end: {end:?}, escape: {escape:?}, multiline: {multiline} }}")
    }).collect();
    let roles: Vec<String> = table
        .get("roles")
        .and_then(Value::as_table)
        .into_iter()
        .flatten()
        .map(|(role, kinds)| format!("(Role::{}, &{:?})", camel(role), strings(kinds)))
        .collect();
    let refinements: Vec<String> = list(table, "refine")
        .iter()
        .filter_map(Value::as_table)
        .map(|refine| refinement(id, refine))
        .collect();
    let embeddings: Vec<String> = list(table, "embedded")
        .iter()
        .filter_map(Value::as_table)
        .map(|embedded| embedding(id, embedded))
        .collect();
    let disambiguations: Vec<String> = list(table, "disambiguate")
        .iter()
        .filter_map(Value::as_table)
        .map(|item| {
            format!(
                "Disambiguation {{ extension: {}, accept: &{:?}, reject: &{:?} }}",
                item["extension"],
                string_list(item, "accept"),
                string_list(item, "reject"),
            )
        })
        .collect();
    writeln!(
        out,
        "static {}: Spec = Spec {{ id: {id:?}, name: {:?}, grammar: || {}.into(), aliases: &{:?}, extensions: &{:?}, \
         file_names: &{:?}, file_names_excepted: &{:?}, starts_of_others: &{:?}, disambiguations: &[{}], interpreters: &{:?}, line_comments: &{:?}, comments_after_blank: {}, block_comments: &[{}], quotes: &[{}], \
         roles: &[{}], statements_in: &{:?}, refinements: &[{}], embeddings: &[{}], holes: &{:?}, solid: &{:?}, guard: Guard {{ indents_max: {}, heredoc_word_max: {}, ends_line: {} }}, data_only: {}, case_insensitive: {}, conventions: &[{}] }};",
        constant(id), text("name"), text("grammar"), string_list(table, "aliases"), string_list(table, "extensions"),
        string_list(table, "file-names"), string_list(table, "file-names-excepted"),
        string_list(table, "starts-of-others"), disambiguations.join(", "), string_list(table, "interpreters"), string_list(table, "line-comments"),
        flag("comments-after-blank"),
        block_comments.join(", "), quotes.join(", "), roles.join(", "), string_list(table, "statements-in"),
        refinements.join(", "),
        embeddings.join(", "), pairs(table, "holes"), pairs(table, "solid"), number("indents-max"),
        number("heredoc-word-max"), flag("ends-line"), flag("data-only"), flag("case-insensitive"),
        conventions.join(", "),
    )
    .expect("a string takes all");
}

const REFINE_KEYS: &[&str] = &[
    "kind",
    "field",
    "is",
    "texts",
    "prefixes",
    "has",
    "child",
    "lacks",
    "lacks-field",
    "first",
    "as",
    "after",
    "next",
    "before",
    "through",
    "parent",
    "parent-roles",
    "parent-fields",
    "add",
    "remove",
    "becomes",
];

fn refinement(id: &str, refine: &Table) -> String {
    for key in refine.keys() {
        assert!(
            REFINE_KEYS.contains(&key.as_str()),
            "{id}: unknown key `{key}` in [[refine]]"
        );
    }
    let roles = |key| {
        let names: Vec<String> = string_list(refine, key)
            .iter()
            .map(|role| format!("Role::{}", camel(role)))
            .collect();
        format!("&[{}]", names.join(", "))
    };
    let kinds = match &refine["kind"] {
        Value::String(kind) => vec![kind.clone()],
        kinds => strings(kinds),
    };
    let text = |key| refine.get(key).and_then(Value::as_str);
    format!(
        "RefinementSpec {{ kinds: &{kinds:?}, test: RefinementTest {{ field: {:?}, field_kinds: &{:?}, texts: &{:?}, prefixes: &{:?}, has: &{:?}, \
         child_kinds: &{:?}, lacking_kinds: &{:?}, lacking_fields: &{:?}, first: {}, own_fields: &{:?}, after_kinds: &{:?}, next_kinds: &{:?}, before_kinds: &{:?}, through_kinds: &{:?}, parent_kinds: &{:?}, parent_roles: {}, \
         parent_fields: &{:?} }}, add: {}, remove: {}, becomes: {:?} }}",
        text("field"),
        string_list(refine, "is"),
        string_list(refine, "texts"),
        string_list(refine, "prefixes"),
        string_list(refine, "has"),
        string_list(refine, "child"),
        string_list(refine, "lacks"),
        string_list(refine, "lacks-field"),
        refine
            .get("first")
            .and_then(Value::as_bool)
            .unwrap_or(false),
        string_list(refine, "as"),
        string_list(refine, "after"),
        string_list(refine, "next"),
        string_list(refine, "before"),
        string_list(refine, "through"),
        string_list(refine, "parent"),
        roles("parent-roles"),
        string_list(refine, "parent-fields"),
        roles("add"),
        roles("remove"),
        text("becomes"),
    )
}

fn embedding(id: &str, embedded: &Table) -> String {
    for key in embedded.keys() {
        assert!(
            ["kind", "content", "language", "types", "combined"].contains(&key.as_str()),
            "{id}: unknown key `{key}` in [[embedded]]"
        );
    }
    let types: Vec<(&str, &str)> = embedded
        .get("types")
        .and_then(Value::as_table)
        .into_iter()
        .flatten()
        .map(|(name, language)| (name.as_str(), language.as_str().expect("a language's name")))
        .collect();
    format!(
        "Embedding {{ kind: {}, content: {:?}, language: {}, types: &{types:?}, combined: {} }}",
        embedded["kind"],
        embedded.get("content").and_then(Value::as_str),
        embedded["language"],
        embedded
            .get("combined")
            .and_then(Value::as_bool)
            .unwrap_or(false),
    )
}

fn pairs(table: &Table, key: &str) -> Vec<(String, String)> {
    list(table, key)
        .iter()
        .map(|pair| match strings(pair).as_slice() {
            [first, second] => (first.clone(), second.clone()),
            _ => panic!("`{key}` is a list of pairs"),
        })
        .collect()
}

fn list<'t>(table: &'t Table, key: &str) -> &'t [Value] {
    table
        .get(key)
        .and_then(Value::as_array)
        .map_or(&[], Vec::as_slice)
}

fn strings(value: &Value) -> Vec<String> {
    value
        .as_array()
        .expect("a list")
        .iter()
        .map(|item| item.as_str().expect("a list of strings").to_owned())
        .collect()
}

fn string_list(table: &Table, key: &str) -> Vec<String> {
    table.get(key).map(strings).unwrap_or_default()
}

fn constant(id: &str) -> String {
    id.to_uppercase().replace('-', "_")
}

fn camel(name: &str) -> String {
    name.split('-')
        .map(|part| {
            let (first, rest) = part.split_at(1);
            first.to_uppercase() + rest
        })
        .collect()
}
