//! Says which steps of a migration are dangerous on a table that is in use.

use std::collections::HashSet;

use assay_finding::{Confidence, IdentityHasher};
use assay_source::Span;

use super::{
    Action, Dialect, NewDefault, Rewrite, Step, call, dialect_of_path, is_inner, is_migration,
    liquibase, sql,
};
use crate::context::{Basis, Context};

/// Bytes of a migration; a dump of data is none.
const BYTES_MAX: usize = 1 << 20;

/// What a rule is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Danger {
    RemovedTable,
    RemovedColumn,
    Renamed,
    Rewritten,
    Required,
    BlockingIndex,
    BlockingConstraint,
    Locked,
    EveryRow,
}

struct Verdict {
    span: Span,
    message: String,
    confidence: Confidence,
}

/// Reports what is dangerous in the way of the rule.
pub(crate) fn check(danger: Danger, context: &mut Context<'_, '_>) {
    let text = context.text().as_str();
    let Some((mut steps, own)) = read(text, context) else {
        return;
    };
    steps.sort_by_key(|step| step.span.start);
    let named = dialect_of_path(context.path().as_str().unwrap_or(""));
    let dialect = match named {
        Dialect::Unknown => own,
        named => named,
    };
    let old_postgres = danger == Danger::Rewritten && context.number("postgres") < 11;
    let lenient = context.language() == "php";
    for verdict in judge(danger, &steps, dialect, old_postgres, lenient) {
        // What it is about is in its words: layout is no part of it.
        let mut hasher = IdentityHasher::new(context.rule.id());
        hasher.part(&verdict.message);
        let draft = context.report_span(verdict.span, verdict.message);
        draft.confidence = verdict.confidence;
        draft.basis = Basis::Own(hasher.finish());
    }
}

/// Reads the steps of a migration; none of a file that is none.
fn read(text: &str, context: &Context<'_, '_>) -> Option<(Vec<Step>, Dialect)> {
    if text.len() > BYTES_MAX {
        return None;
    }
    let path = context.path().as_str()?;
    let language = context.language();
    let mut steps = Vec::new();
    let is_changelog = !is_inner(path) && liquibase::is_changelog(path, text);
    if is_changelog && language != "sql" {
        let tree = context.tree.filter(|_| !path.ends_with(".xml"));
        let dialect = liquibase::read(text, tree, &mut steps);
        return Some((steps, dialect));
    }
    let tree = context.tree?;
    if !is_changelog && !is_migration(context.path()) {
        return None;
    }
    Some(match language {
        "sql" => {
            let dialect = sql::read(text, 0, &mut steps);
            (steps, dialect)
        }
        _ => call::read(tree),
    })
}

/// Tables that no other program uses yet, or under that name no longer.
fn own_tables(steps: &[Step]) -> HashSet<&str> {
    let mut own: HashSet<&str> = steps
        .iter()
        .filter(|step| step.action == Action::CreateTable)
        .map(|step| step.table.as_str())
        .collect();
    // A table that is built anew: the copy takes the name, or the old one
    // is put aside.
    let renames: Vec<(&str, &str)> = steps
        .iter()
        .filter_map(|step| match &step.action {
            Action::RenameTable(new) => Some((step.table.as_str(), new.as_str())),
            _ => None,
        })
        .collect();
    for _ in 0..2 {
        for (was, now) in &renames {
            if own.contains(was) {
                own.insert(now);
            }
        }
    }
    own.remove("");
    own
}

fn judge(
    danger: Danger,
    steps: &[Step],
    dialect: Dialect,
    old_postgres: bool,
    lenient: bool,
) -> Vec<Verdict> {
    let own = own_tables(steps);
    let added: HashSet<(&str, &str)> = steps
        .iter()
        .filter_map(|step| match &step.action {
            Action::AddColumn(new) => Some((step.table.as_str(), new.name.as_str())),
            _ => None,
        })
        .collect();
    let is_own = |step: &Step| match &step.action {
        Action::DropColumn(name) | Action::RenameColumn(name, _) => {
            added.contains(&(step.table.as_str(), name.as_str()))
        }
        _ => false,
    };
    let mut found = Vec::new();
    let is_used = |step: &&Step| !own.contains(step.table.as_str()) && !is_own(step);
    for step in steps.iter().filter(is_used) {
        let table = match step.table.as_str() {
            "" => "the table",
            table => table,
        };
        let column = |name: &str| match step.table.as_str() {
            "" => name.to_owned(),
            table => format!("{table}.{name}"),
        };
        let verdict = match (danger, &step.action) {
            (Danger::RemovedTable, Action::DropTable) => Some((
                format!("Drops `{table}`: what runs of the previous release still reads it, and the rows are gone for good"),
                Confidence::Medium,
            )),
            (Danger::RemovedColumn, Action::DropColumn(name)) => Some((
                format!("Drops `{}`: what runs of the previous release still reads it, and the values are gone for good", column(name)),
                Confidence::Medium,
            )),
            (Danger::Renamed, Action::RenameTable(new)) => (!own.contains(new.as_str())).then(|| (
                format!("Renames `{table}` to `{new}`: what runs of the previous release knows the old name only"),
                Confidence::Medium,
            )),
            (Danger::Renamed, Action::RenameColumn(was, now)) => Some((
                format!("Renames `{}` to `{now}`: what runs of the previous release knows the old name only", column(was)),
                Confidence::Medium,
            )),
            (Danger::Rewritten, action) => rewritten(action, &column, dialect, old_postgres),
            (Danger::Required, action) => required(action, &column, dialect, lenient),
            (Danger::BlockingIndex, Action::CreateIndex { is_concurrent: false }) => {
                on_postgres(dialect, format!("Builds an index while nobody can write to `{table}`: use `CONCURRENTLY`, outside a transaction"))
            }
            (Danger::BlockingConstraint, Action::AddConstraint(kind)) => {
                let way = match *kind {
                    "unique" | "primary key" => "build the index concurrently first and add the constraint `USING INDEX`",
                    _ => "add it `NOT VALID` and `VALIDATE` it in a migration of its own",
                };
                on_postgres(dialect, format!("Checks every row of `{table}` for a {kind} constraint while nobody can write to it: {way}"))
            }
            (Danger::Locked, Action::Lock(what)) => (dialect != Dialect::Sqlite).then(|| (
                format!("`{what}` keeps everybody else out of `{table}` until the migration ends"),
                Confidence::Medium,
            )),
            (Danger::EveryRow, Action::EveryRow(what)) => Some((
                match *what {
                    "UPDATE" => format!("Writes every row of `{table}` in one statement: locks, and a log as large as the table"),
                    what => format!("`{what}` takes every row of `{table}` away"),
                },
                Confidence::Medium,
            )),
            _ => None,
        };
        if let Some((message, confidence)) = verdict {
            found.push(Verdict {
                span: step.span,
                message,
                confidence,
            });
        }
    }
    found
}

type Judged = Option<(String, Confidence)>;

/// Other databases build an index while others write, or write one at a time anyway.
fn on_postgres(dialect: Dialect, message: String) -> Judged {
    match dialect {
        Dialect::Postgres => Some((message, Confidence::Medium)),
        Dialect::Unknown => Some((message, Confidence::Low)),
        _ => None,
    }
}

fn rewritten(
    action: &Action,
    column: &dyn Fn(&str) -> String,
    dialect: Dialect,
    old_postgres: bool,
) -> Judged {
    // SQLite does not change types, and is used by one program at a time.
    if dialect == Dialect::Sqlite {
        return None;
    }
    match action {
        Action::ChangeType(name, rewrite) => {
            let confidence = match (rewrite, dialect) {
                (Rewrite::Sure, _) | (Rewrite::Likely, Dialect::Postgres) => Confidence::Medium,
                _ => Confidence::Low,
            };
            let name = column(name);
            Some((
                format!(
                    "Changes the type of `{name}`: the whole table may be written anew while nobody can read it"
                ),
                confidence,
            ))
        }
        Action::AddColumn(new) => {
            let name = column(&new.name);
            match new.default {
                NewDefault::Computed if dialect != Dialect::MySql => Some((
                    format!(
                        "Gives every row its own value for the new `{name}`: the whole table is written anew while nobody can read it"
                    ),
                    if dialect == Dialect::Postgres {
                        Confidence::Medium
                    } else {
                        Confidence::Low
                    },
                )),
                NewDefault::Constant if old_postgres => Some((
                    format!(
                        "Adds `{name}` with a default: before PostgreSQL 11 the whole table is written anew while nobody can read it"
                    ),
                    if dialect == Dialect::Postgres {
                        Confidence::Medium
                    } else {
                        Confidence::Low
                    },
                )),
                _ => None,
            }
        }
        _ => None,
    }
}

fn required(
    action: &Action,
    column: &dyn Fn(&str) -> String,
    dialect: Dialect,
    lenient: bool,
) -> Judged {
    match action {
        Action::AddColumn(new) if new.is_required && new.default == NewDefault::None => {
            // MySQL puts in a zero or an empty text by itself.
            let confidence = match dialect {
                Dialect::MySql => return None,
                Dialect::Unknown if lenient => Confidence::Low,
                _ => Confidence::Medium,
            };
            let name = column(&new.name);
            Some((
                format!(
                    "`{name}` must have a value and has no default: it cannot be added to a table with rows, and the previous release does not fill it in"
                ),
                confidence,
            ))
        }
        Action::SetNotNull(name) => {
            let confidence = match dialect {
                Dialect::Postgres => Confidence::Medium,
                _ => Confidence::Low,
            };
            let name = column(name);
            Some((
                format!(
                    "Makes `{name}` required: every row is checked while nobody can read the table; add a `CHECK ... NOT VALID` and validate it first"
                ),
                confidence,
            ))
        }
        _ => None,
    }
}
