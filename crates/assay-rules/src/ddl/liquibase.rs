//! Reads the steps of a migration from a changelog of Liquibase in XML, YAML or JSON.
//!
//! Each change is said again as the statement that Liquibase makes of it, and that is
//! read as SQL is: one reading of what a statement does, whatever notation it has.

use assay_source::Span;
use assay_syntax::SyntaxTree;

use super::{Dialect, Step, sql};
use crate::config::{Model, ValueId, json, yaml};

/// What says that a file is a changelog.
const MARK: &str = "databaseChangeLog";
const SQL_MARK: &str = "--liquibase formatted sql";
/// Bytes at the beginning of a file in which that is looked for.
const HEAD_BYTES_MAX: usize = 4_096;
/// Elements of one changelog, and elements in elements.
const PARTS_MAX: usize = 50_000;
const DEPTH_MAX: usize = 64;

/// Parts that are no changes: the way back, conditions, and what is said about others.
const NO_CHANGES: &[&str] = &[
    "rollback",
    "preConditions",
    "validCheckSum",
    "comment",
    "modifySql",
];

/// Returns whether a file is a changelog, by its name and the beginning of its text.
pub(super) fn is_changelog(path: &str, text: &str) -> bool {
    let head = &text[..text.floor_char_boundary(HEAD_BYTES_MAX)];
    match path.rsplit('.').next().unwrap_or("") {
        "xml" | "yaml" | "yml" | "json" => head.contains(MARK),
        "sql" => {
            let first = head
                .trim_start_matches('\u{feff}')
                .trim_start()
                .lines()
                .next();
            let plain = |line: &str| line.to_ascii_lowercase().replace("-- ", "--");
            first.is_some_and(|line| plain(line).starts_with(SQL_MARK))
        }
        _ => false,
    }
}

/// One element, whatever notation it was written in.
#[derive(Debug, Default)]
struct Part {
    name: String,
    values: Vec<(String, String)>,
    text: String,
    parts: Vec<Part>,
    span: Span,
}

/// Reads a changelog; `tree` is of YAML or JSON, and without one it is XML.
pub(super) fn read(text: &str, tree: Option<&SyntaxTree>, steps: &mut Vec<Step>) -> Dialect {
    let root = match tree {
        None => xml(text),
        Some(tree) => {
            let model = match tree.language().id().as_str() {
                "yaml" => yaml::read(tree),
                _ => json::read(tree),
            };
            let mut root = Part::default();
            let mut left = PARTS_MAX;
            for &document in &model.roots {
                put_values(&model, document, &mut root, 0, &mut left);
            }
            root
        }
    };
    let mut dialect = Dialect::Unknown;
    change(&root, steps, &mut dialect);
    dialect
}

impl Part {
    fn value(&self, name: &str) -> Option<&str> {
        let found = self.values.iter().find(|(known, _)| known == name)?;
        Some(found.1.trim())
    }

    /// A name that is safe in a statement.
    fn name_in(&self, key: &str) -> Option<String> {
        let name = self.value(key)?;
        let is_plain = |c: char| c.is_alphanumeric() || matches!(c, '_' | '$' | ' ' | '-');
        (!name.is_empty() && name.chars().all(is_plain)).then(|| format!("\"{name}\""))
    }

    fn columns(&self) -> impl Iterator<Item = &Part> {
        let lists = self.parts.iter().filter(|part| part.name == "columns");
        let all = lists.flat_map(|list| &list.parts).chain(&self.parts);
        all.filter(|part| part.name == "column")
    }
}

/// Reads the changes of a part and of what it holds.
fn change(part: &Part, steps: &mut Vec<Step>, dialect: &mut Dialect) {
    if NO_CHANGES.contains(&part.name.as_str()) {
        return;
    }
    if let (Dialect::Unknown, Some(names)) = (*dialect, part.value("dbms")) {
        *dialect = dialect_of(names);
    }
    let before = steps.len();
    match part.name.as_str() {
        "sql" => {
            let inner = part.value("sql").unwrap_or(&part.text);
            let own = sql::read(inner, part.span.start, steps);
            if *dialect == Dialect::Unknown {
                *dialect = own;
            }
        }
        _ => {
            for statement in statements(part) {
                sql::read(&statement, 0, steps);
            }
        }
    }
    for step in &mut steps[before..] {
        step.span = part.span;
    }
    if steps.len() == before {
        for inner in &part.parts {
            change(inner, steps, dialect);
        }
    }
}

fn dialect_of(names: &str) -> Dialect {
    let has = |word: &str| names.split(',').any(|name| name.trim() == word);
    if has("postgresql") {
        Dialect::Postgres
    } else if has("mysql") || has("mariadb") {
        Dialect::MySql
    } else if has("sqlite") {
        Dialect::Sqlite
    } else if has("mssql") {
        Dialect::SqlServer
    } else {
        Dialect::Unknown
    }
}

/// Says a change as Liquibase does to the database; nothing for what is no change or
/// harms nobody.
fn statements(part: &Part) -> Vec<String> {
    let table = || part.name_in("tableName");
    let column = || part.name_in("columnName");
    let one = match part.name.as_str() {
        "createTable" => table().map(|table| format!("CREATE TABLE {table} (a int)")),
        "dropTable" => table().map(|table| format!("DROP TABLE {table}")),
        "renameTable" => part
            .name_in("oldTableName")
            .zip(part.name_in("newTableName"))
            .map(|(was, now)| format!("ALTER TABLE {was} RENAME TO {now}")),
        "renameColumn" => table()
            .zip(part.name_in("oldColumnName"))
            .zip(part.name_in("newColumnName"))
            .map(|((table, was), now)| format!("ALTER TABLE {table} RENAME COLUMN {was} TO {now}")),
        "modifyDataType" => {
            table()
                .zip(column())
                .zip(part.value("newDataType"))
                .map(|((table, column), kind)| {
                    format!(
                        "ALTER TABLE {table} ALTER COLUMN {column} TYPE {}",
                        plain(kind)
                    )
                })
        }
        "addNotNullConstraint" => table().zip(column()).map(|(table, column)| {
            format!("ALTER TABLE {table} ALTER COLUMN {column} SET NOT NULL")
        }),
        "createIndex" => table().map(|table| format!("CREATE INDEX a ON {table} (a)")),
        "addUniqueConstraint" => {
            table().map(|table| format!("ALTER TABLE {table} ADD CONSTRAINT a UNIQUE (a)"))
        }
        "addPrimaryKey" => {
            table().map(|table| format!("ALTER TABLE {table} ADD CONSTRAINT a PRIMARY KEY (a)"))
        }
        "addForeignKeyConstraint" => part.name_in("baseTableName").map(|table| {
            format!("ALTER TABLE {table} ADD CONSTRAINT a FOREIGN KEY (a) REFERENCES b (a)")
        }),
        "delete" | "update" => table().map(|table| {
            let has_where = part.parts.iter().any(|inner| inner.name == "where")
                || part.value("where").is_some();
            let condition = if has_where { " WHERE a" } else { "" };
            match part.name.as_str() {
                "delete" => format!("DELETE FROM {table}{condition}"),
                _ => format!("UPDATE {table} SET a = 1{condition}"),
            }
        }),
        "dropColumn" => {
            let Some(table) = table() else {
                return Vec::new();
            };
            let nested = part.columns().filter_map(|one| one.name_in("name"));
            let names = column().into_iter().chain(nested);
            return names
                .map(|column| format!("ALTER TABLE {table} DROP COLUMN {column}"))
                .collect();
        }
        "addColumn" => {
            let Some(table) = table() else {
                return Vec::new();
            };
            return part
                .columns()
                .filter_map(|one| new_column(&table, one))
                .collect();
        }
        _ => None,
    };
    one.into_iter().collect()
}

fn new_column(table: &str, column: &Part) -> Option<String> {
    let name = column.name_in("name")?;
    let kind = plain(column.value("type").unwrap_or("int"));
    let is_true = |value: Option<&str>| value == Some("true");
    let of_rules = |key: &str| {
        let rules = column
            .parts
            .iter()
            .find(|part| part.name == "constraints")?;
        rules.value(key)
    };
    let is_required = of_rules("nullable") == Some("false") || is_true(of_rules("primaryKey"));
    // What the rows get by an update of their own counts as a default.
    let has_constant = column.values.iter().any(|(key, _)| {
        key.starts_with("value") || key.starts_with("defaultValue") && key != "defaultValueComputed"
    });
    let default = match column
        .value("defaultValueComputed")
        .or(column.value("valueComputed"))
    {
        Some(computed) => format!(" DEFAULT {}", plain(computed)),
        None if is_true(column.value("autoIncrement")) => " DEFAULT nextval()".to_owned(),
        None if has_constant => " DEFAULT 1".to_owned(),
        None => String::new(),
    };
    let required = if is_required { " NOT NULL" } else { "" };
    Some(format!(
        "ALTER TABLE {table} ADD COLUMN {name} {kind}{default}{required}"
    ))
}

/// A type or an expression without what would end the statement.
fn plain(text: &str) -> String {
    text.chars()
        .map(|c| {
            if matches!(c, ';' | '\'' | '"' | '`' | '$' | '{' | '}') {
                ' '
            } else {
                c
            }
        })
        .collect()
}

/// Puts a value of YAML or JSON into a part: mappings are elements, and what a list holds
/// belongs to what the list belongs to.
fn put_values(model: &Model<'_>, id: ValueId, into: &mut Part, depth: usize, left: &mut usize) {
    if depth > DEPTH_MAX || *left == 0 {
        return;
    }
    for entry in model.entries(id) {
        if let Some(scalar) = model.scalar(entry.value) {
            into.values
                .push((entry.key.to_string(), scalar.text.to_string()));
            continue;
        }
        *left = left.saturating_sub(1);
        let mut part = Part {
            name: entry.key.to_string(),
            span: entry.key_span,
            ..Part::default()
        };
        for item in model.items(entry.value) {
            put_values(model, item, &mut part, depth + 1, left);
        }
        into.parts.push(part);
    }
}

/// Reads elements with their attributes; what is no element is skipped.
fn xml(text: &str) -> Part {
    let mut open = vec![Part::default()];
    let mut left = PARTS_MAX;
    let mut at = 0;
    while let Some(found) = text[at..].find('<').filter(|_| left > 0) {
        let start = at + found;
        if let Some(part) = open.last_mut() {
            part.text.push_str(&decoded(&text[at..start]));
        }
        let rest = &text[start..];
        if let Some(inner) = rest.strip_prefix("<![CDATA[") {
            let length = inner.find("]]>").unwrap_or(inner.len());
            if let Some(part) = open.last_mut() {
                part.text.push_str(&inner[..length]);
            }
            at = (start + "<![CDATA[".len() + length + "]]>".len()).min(text.len());
            continue;
        }
        let end = match rest.strip_prefix("<!--") {
            Some(inner) => inner.find("-->").map(|end| end + "<!---->".len()),
            None => tag_end(rest),
        };
        let Some(end) = end else { break };
        at = start + end;
        let tag = &rest[1..end - 1];
        if tag.starts_with(['!', '?']) {
            continue;
        }
        if tag.starts_with('/') {
            close(&mut open);
            continue;
        }
        left -= 1;
        let is_empty = tag.ends_with('/');
        open.push(element(
            tag.trim_end_matches('/'),
            Span::new(start as u32, at as u32),
        ));
        if is_empty || open.len() > DEPTH_MAX {
            close(&mut open);
        }
    }
    while open.len() > 1 {
        close(&mut open);
    }
    open.pop().unwrap_or_default()
}

fn close(open: &mut Vec<Part>) {
    if open.len() > 1
        && let Some(part) = open.pop()
        && let Some(around) = open.last_mut()
    {
        around.parts.push(part);
    }
}

/// Returns where a tag ends: its `>` that stands in no quotes.
fn tag_end(rest: &str) -> Option<usize> {
    let mut quote = None;
    for (at, byte) in rest.bytes().enumerate() {
        match (quote, byte) {
            (None, b'"' | b'\'') => quote = Some(byte),
            (Some(open), byte) if open == byte => quote = None,
            (None, b'>') => return Some(at + 1),
            _ => {}
        }
    }
    None
}

fn element(tag: &str, span: Span) -> Part {
    let (name, mut rest) = tag.split_once(char::is_whitespace).unwrap_or((tag, ""));
    let mut part = Part {
        name: name.rsplit(':').next().unwrap_or(name).to_owned(),
        span,
        ..Part::default()
    };
    while let Some((key, after)) = rest.split_once('=') {
        let after = after.trim_start();
        let Some(quote) = after.chars().next().filter(|c| matches!(c, '"' | '\'')) else {
            break;
        };
        let Some((value, left)) = after[1..].split_once(quote) else {
            break;
        };
        part.values.push((key.trim().to_owned(), decoded(value)));
        rest = left;
    }
    part
}

fn decoded(text: &str) -> String {
    if !text.contains('&') {
        return text.to_owned();
    }
    let known = [
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&quot;", "\""),
        ("&apos;", "'"),
        ("&amp;", "&"),
    ];
    known
        .iter()
        .fold(text.to_owned(), |text, (from, to)| text.replace(from, to))
}
