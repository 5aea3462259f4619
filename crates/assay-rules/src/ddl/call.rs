//! Reads the steps of a migration from the calls of migration libraries: Rails,
//! Django, Alembic, Knex, Sequelize, TypeORM, Laravel, Entity Framework.

use assay_source::Span;
use assay_syntax::{NodeRef, Role, SyntaxTree};

use super::{Action, Dialect, NewColumn, NewDefault, Rewrite, Step, sql};
use crate::pattern::{Constant, Facts, Site, constant, last_name, segments};

/// What contains a call is looked for so far up.
const AROUND_MAX: usize = 40;

/// Functions and keys that hold the way back.
const BACKWARDS: &[&str] = &[
    "down",
    "downgrade",
    "reverse",
    "rollback",
    "reverse_sql",
    "state_operations",
    "reverse_code",
];

/// Methods of Laravel's table that add a column.
const LARAVEL_COLUMNS: &[&str] = &[
    "string",
    "text",
    "char",
    "integer",
    "bigInteger",
    "smallInteger",
    "tinyInteger",
    "mediumInteger",
    "unsignedInteger",
    "unsignedBigInteger",
    "unsignedSmallInteger",
    "unsignedTinyInteger",
    "foreignId",
    "foreignUuid",
    "boolean",
    "date",
    "dateTime",
    "timestamp",
    "json",
    "jsonb",
    "uuid",
    "decimal",
    "float",
    "double",
    "enum",
    "binary",
    "longText",
    "mediumText",
];

/// Reads a tree of code.
pub(super) fn read(tree: &SyntaxTree) -> (Vec<Step>, Dialect) {
    let mut reader = Reader {
        facts: Facts::new(tree),
        language: tree.language().id().as_str(),
        steps: Vec::new(),
        dialect: Dialect::Unknown,
    };
    for node in tree.nodes().filter(|node| node.has(Role::Call)) {
        if !is_backwards(node) {
            reader.call(node);
        }
    }
    (reader.steps, reader.dialect)
}

/// Whether a call stands where a migration is taken back.
fn is_backwards(node: NodeRef<'_>) -> bool {
    node.ancestors().take(AROUND_MAX).any(|around| {
        let own = around.name();
        let named = match around.has_any(assay_syntax::RoleSet::of(&[
            Role::Function,
            Role::Method,
            Role::Lambda,
            Role::Pair,
            Role::Assignment,
        ])) || around.kind() == "keyword_argument"
        {
            true => own.or_else(|| {
                let first = around.named_children().next()?;
                first.text().rsplit('.').next()
            }),
            false => None,
        };
        named.is_some_and(|name| {
            let name = name.trim_matches(['"', '\'', ':']);
            BACKWARDS.contains(&name.to_ascii_lowercase().as_str())
        })
    })
}

struct Reader<'t> {
    facts: Facts<'t>,
    language: &'static str,
    steps: Vec<Step>,
    dialect: Dialect,
}

/// The arguments of one call, as a migration gives them.
struct Given<'t, 'f> {
    site: Site<'t, 'f>,
}

impl<'t> Given<'t, '_> {
    fn node(&self, place: i32, names: &[&str]) -> Option<NodeRef<'t>> {
        names
            .iter()
            .find_map(|name| self.site.argument_node(None, Some(name)))
            .or_else(|| {
                self.site
                    .argument_node(Some(place), None)
                    .filter(|_| place >= 0)
            })
    }

    fn text(&self, place: i32, names: &[&str]) -> Option<String> {
        self.of(self.node(place, names)?)
    }

    fn of(&self, node: NodeRef<'t>) -> Option<String> {
        match constant(node, self.site.facts)? {
            Constant::Text(text) => Some(text.to_ascii_lowercase()),
            _ => None,
        }
    }

    fn has(&self, name: &str) -> bool {
        self.node(-1, &[name]).is_some()
    }

    /// Whether an option is given with this value.
    fn is(&self, name: &str, value: &str) -> bool {
        self.node(-1, &[name]).is_some_and(|node| {
            node.text()
                .trim_matches([':', '"', '\''])
                .eq_ignore_ascii_case(value)
        })
    }
}

impl<'t> Reader<'t> {
    fn call(&mut self, node: NodeRef<'t>) {
        let Some(name) = last_name(node) else { return };
        let facts = std::mem::replace(&mut self.facts, Facts::new(node.tree()));
        let given = Given {
            site: Site::new(node, &facts),
        };
        let read = match self.language {
            "ruby" => rails(name, node, &given),
            "python" => python(name, node, &given),
            "javascript" | "typescript" | "tsx" => script(name, node, &given),
            "php" => laravel(name, node, &given),
            "c-sharp" => entity_framework(name, &given),
            _ => Vec::new(),
        };
        let span = first_line(node);
        for (action, table) in read {
            let table = table.unwrap_or_default();
            self.steps.push(Step {
                action,
                table,
                span,
            });
        }
        if matches!(
            name,
            "execute" | "RunSQL" | "raw" | "query" | "statement" | "unprepared" | "Sql" | "text"
        ) {
            self.embedded(&given);
        }
        if matches!(name, "disable_ddl_transaction!" | "AddIndexConcurrently") {
            self.dialect = Dialect::Postgres;
        }
        self.facts = facts;
    }

    /// Reads SQL that a call runs.
    fn embedded(&mut self, given: &Given<'t, '_>) {
        let Some(node) = given.node(0, &["sql", "sqltext"]) else {
            return;
        };
        let Some(Constant::Text(text)) = constant(node, given.site.facts) else {
            return;
        };
        let (span, whole) = (node.span(), node.text());
        // A text that is put together has no place of its own for each part.
        let start = whole.find(&*text).map(|at| span.start + at as u32);
        let first = self.steps.len();
        let dialect = sql::read(&text, start.unwrap_or(0), &mut self.steps);
        if start.is_none() {
            for step in &mut self.steps[first..] {
                step.span = first_line(node);
            }
        }
        if dialect != Dialect::Unknown {
            self.dialect = dialect;
        }
    }
}

fn first_line(node: NodeRef<'_>) -> Span {
    let span = node.span();
    let length = node.text().find('\n').unwrap_or(node.text().len());
    Span::new(span.start, span.start + length as u32)
}

/// Returns the table of the block that a call is in, and how the block is named.
fn block<'t>(node: NodeRef<'t>, facts: &Facts<'t>) -> Option<(&'t str, Option<String>)> {
    const BLOCKS: &[&str] = &[
        "create_table",
        "change_table",
        "create",
        "table",
        "createTable",
        "createTableIfNotExists",
        "alterTable",
    ];
    let call = node.ancestors().take(AROUND_MAX).find(|around| {
        around.has(Role::Call) && last_name(*around).is_some_and(|name| BLOCKS.contains(&name))
    })?;
    let given = Given {
        site: Site::new(call, facts),
    };
    Some((last_name(call)?, given.text(0, &[])))
}

/// Returns the names of what is called on the result of a call, and on that.
fn chain(node: NodeRef<'_>) -> Vec<&str> {
    let mut names = Vec::new();
    for around in node.ancestors().take(AROUND_MAX) {
        if around.has(Role::Call) {
            names.extend(last_name(around));
        } else if !around.has(Role::Member) && !around.kind().contains("navigation") {
            break;
        }
    }
    names
}

type Read = Vec<(Action, Option<String>)>;

fn rails<'t>(name: &str, node: NodeRef<'t>, given: &Given<'t, '_>) -> Read {
    let table = || given.text(0, &[]);
    let second = || given.text(1, &[]);
    let one = |action: Option<Action>| action.map(|action| (action, table())).into_iter().collect();
    let column = |name: String| {
        Action::AddColumn(NewColumn {
            name,
            is_required: given.is("null", "false"),
            default: match given.has("default") && !given.is("default", "nil") {
                true => NewDefault::Constant,
                false => NewDefault::None,
            },
        })
    };
    match name {
        "create_table" | "create_join_table" => one(Some(Action::CreateTable)),
        "drop_table" | "drop_join_table" => one(Some(Action::DropTable)),
        "remove_column" => one(second().map(Action::DropColumn)),
        "remove_columns" => (1..20)
            .map_while(|at| given.text(at, &[]))
            .map(|column| (Action::DropColumn(column), table()))
            .collect(),
        "remove_reference" | "remove_belongs_to" => {
            one(second().map(|name| Action::DropColumn(format!("{name}_id"))))
        }
        "rename_table" => one(second().map(Action::RenameTable)),
        "rename_column" => one(second()
            .zip(given.text(2, &[]))
            .map(|(a, b)| Action::RenameColumn(a, b))),
        "change_column" => {
            let kind = given.text(2, &[]).unwrap_or_default();
            let rewrite = match kind.as_str() {
                "string" | "text" => Rewrite::Unlikely,
                _ => Rewrite::Likely,
            };
            one(second().map(|name| Action::ChangeType(name, rewrite)))
        }
        "change_column_null" => {
            let to_null = given.node(2, &[]).is_some_and(|node| node.text() == "true");
            one(second().filter(|_| !to_null).map(Action::SetNotNull))
        }
        "add_column" => one(second().map(column)),
        "add_reference" | "add_belongs_to" => {
            one(second().map(|name| column(format!("{name}_id"))))
        }
        "add_index" => one(Some(Action::CreateIndex {
            is_concurrent: given.is("algorithm", "concurrently"),
        })),
        "add_foreign_key" if !given.is("validate", "false") => {
            one(Some(Action::AddConstraint("foreign key")))
        }
        "add_check_constraint" if !given.is("validate", "false") => {
            one(Some(Action::AddConstraint("check")))
        }
        "remove" | "rename" => match block(node, given.site.facts) {
            Some(("change_table", of)) => {
                let action = match (given.text(0, &[]), given.text(1, &[])) {
                    (Some(was), Some(now)) if name == "rename" => Action::RenameColumn(was, now),
                    (Some(was), _) if name == "remove" => Action::DropColumn(was),
                    _ => return Vec::new(),
                };
                vec![(action, of)]
            }
            _ => Vec::new(),
        },
        _ => Vec::new(),
    }
}

fn python<'t>(name: &str, node: NodeRef<'t>, given: &Given<'t, '_>) -> Read {
    let path = segments(node);
    let is_alembic = path
        .first()
        .is_some_and(|first| matches!(*first, "op" | "batch_op"));
    match is_alembic {
        true => alembic(name, path[0] == "batch_op", given),
        false => django(name, given),
    }
}

fn alembic<'t>(name: &str, in_batch: bool, given: &Given<'t, '_>) -> Read {
    // Inside a batch the table is said by what is around.
    let shift = i32::from(!in_batch);
    let table = match in_batch {
        true => None,
        false => given.text(0, &["table_name"]),
    };
    let one = |action: Option<Action>| {
        action
            .map(|action| (action, table.clone()))
            .into_iter()
            .collect()
    };
    let column = || given.text(shift, &["column_name"]);
    match name {
        "create_table" => one(Some(Action::CreateTable)),
        "drop_table" => one(Some(Action::DropTable)),
        "drop_column" => one(column().map(Action::DropColumn)),
        "rename_table" => one(given.text(1, &["new_table_name"]).map(Action::RenameTable)),
        "alter_column" => {
            let Some(column) = column() else {
                return Vec::new();
            };
            let mut found: Read = Vec::new();
            if let Some(new) = given.text(-1, &["new_column_name"]) {
                found.push((Action::RenameColumn(column.clone(), new), table.clone()));
            }
            if given.is("nullable", "False") {
                found.push((Action::SetNotNull(column.clone()), table.clone()));
            }
            if let Some(kind) = given.node(-1, &["type_"]) {
                let text = kind.text();
                let is_text = ["Text", "String", "Unicode"]
                    .iter()
                    .any(|word| text.contains(word));
                let rewrite = if is_text {
                    Rewrite::Unlikely
                } else {
                    Rewrite::Likely
                };
                found.push((Action::ChangeType(column, rewrite), table.clone()));
            }
            found
        }
        "add_column" => {
            let Some(inner) = given.node(shift, &["column"]) else {
                return Vec::new();
            };
            let inner = Given {
                site: Site::new(inner, given.site.facts),
            };
            one(inner.text(0, &["name"]).map(|name| {
                Action::AddColumn(NewColumn {
                    name,
                    is_required: inner.is("nullable", "False"),
                    default: match inner.has("server_default") {
                        true => NewDefault::Constant,
                        false => NewDefault::None,
                    },
                })
            }))
        }
        "create_index" => {
            let is_concurrent = given.is("postgresql_concurrently", "True");
            let table = given.text(shift, &["table_name"]);
            vec![(Action::CreateIndex { is_concurrent }, table)]
        }
        "create_foreign_key" if !given.is("postgresql_not_valid", "True") => {
            vec![(
                Action::AddConstraint("foreign key"),
                given.text(1, &["source_table"]),
            )]
        }
        "create_unique_constraint" => {
            vec![(
                Action::AddConstraint("unique"),
                given.text(shift, &["table_name"]),
            )]
        }
        _ => Vec::new(),
    }
}

fn django<'t>(name: &str, given: &Given<'t, '_>) -> Read {
    let model = given.text(0, &["model_name"]);
    let field = given.text(1, &["name"]);
    let of_model = |action: Option<Action>| {
        action
            .map(|action| (action, model.clone()))
            .into_iter()
            .collect()
    };
    match name {
        "CreateModel" => vec![(Action::CreateTable, given.text(0, &["name"]))],
        "DeleteModel" => vec![(Action::DropTable, given.text(0, &["name"]))],
        "RemoveField" => of_model(field.map(Action::DropColumn)),
        "RenameField" => {
            let names = given
                .text(1, &["old_name"])
                .zip(given.text(2, &["new_name"]));
            of_model(names.map(|(was, now)| Action::RenameColumn(was, now)))
        }
        "RenameModel" => {
            let new = given.text(1, &["new_name"]);
            let old = given.text(0, &["old_name"]);
            new.map(|new| (Action::RenameTable(new), old))
                .into_iter()
                .collect()
        }
        "AddField" => {
            let Some(inner) = given.node(2, &["field"]) else {
                return Vec::new();
            };
            let kind = last_name(inner).unwrap_or_default();
            let inner = Given {
                site: Site::new(inner, given.site.facts),
            };
            let is_text = matches!(kind, "CharField" | "TextField") && inner.is("blank", "True");
            let stored_elsewhere = matches!(kind, "ManyToManyField" | "GenericRelation");
            of_model(field.filter(|_| !stored_elsewhere).map(|name| {
                Action::AddColumn(NewColumn {
                    name,
                    is_required: !inner.is("null", "True") && !is_text,
                    default: match inner.has("default")
                        || inner.has("db_default")
                        || inner.has("auto_now")
                        || inner.has("auto_now_add")
                    {
                        true => NewDefault::Constant,
                        false => NewDefault::None,
                    },
                })
            }))
        }
        "AddIndex" => of_model(Some(Action::CreateIndex {
            is_concurrent: false,
        })),
        _ => Vec::new(),
    }
}

fn script<'t>(name: &str, node: NodeRef<'t>, given: &Given<'t, '_>) -> Read {
    let first = given.text(0, &[]);
    let second = given.text(1, &[]);
    let around = || block(node, given.site.facts);
    let is_altered = |of: &Option<(&str, Option<String>)>| {
        of.as_ref()
            .is_some_and(|(name, _)| matches!(*name, "table" | "alterTable"))
    };
    match name {
        "createTable" | "createTableIfNotExists" => vec![(Action::CreateTable, first)],
        "dropTable" | "dropTableIfExists" => vec![(Action::DropTable, first)],
        "renameTable" => second
            .map(|new| (Action::RenameTable(new), first))
            .into_iter()
            .collect(),
        "removeColumn" => second
            .map(|name| (Action::DropColumn(name), first))
            .into_iter()
            .collect(),
        "dropColumn" | "dropColumns" => match (first, second) {
            (first, Some(column)) if name == "dropColumn" => {
                vec![(Action::DropColumn(column), first)]
            }
            (Some(column), _) => {
                let of = around();
                is_altered(&of)
                    .then(|| (Action::DropColumn(column), of.and_then(|(_, table)| table)))
                    .into_iter()
                    .collect()
            }
            _ => Vec::new(),
        },
        "renameColumn" => match (first, second, given.text(2, &[])) {
            (table, Some(was), Some(now)) => vec![(Action::RenameColumn(was, now), table)],
            (Some(was), Some(now), None) => {
                vec![(
                    Action::RenameColumn(was, now),
                    around().and_then(|(_, table)| table),
                )]
            }
            _ => Vec::new(),
        },
        "changeColumn" => second
            .map(|name| (Action::ChangeType(name, Rewrite::Unlikely), first))
            .into_iter()
            .collect(),
        "notNullable" => not_nullable(node, given, &around()),
        _ => Vec::new(),
    }
}

/// Knex: `table.string("a").notNullable()` on a table that is there.
fn not_nullable<'t>(
    node: NodeRef<'t>,
    given: &Given<'t, '_>,
    around: &Option<(&str, Option<String>)>,
) -> Read {
    let Some(("table" | "alterTable", table)) = around.as_ref().map(|(name, table)| (*name, table))
    else {
        return Vec::new();
    };
    let inner = node
        .subtree()
        .filter(|part| part.has(Role::Call))
        .last()
        .filter(|inner| *inner != node);
    let before: Vec<&str> = node
        .subtree()
        .filter(|part| part.has(Role::Call))
        .filter_map(last_name)
        .collect();
    let after = chain(node);
    let has = |name: &str| before.contains(&name) || after.contains(&name);
    let Some(inner) = inner.filter(|_| !has("defaultTo")) else {
        return Vec::new();
    };
    let inner = Given {
        site: Site::new(inner, given.site.facts),
    };
    let Some(name) = inner.text(0, &[]) else {
        return Vec::new();
    };
    let action = match has("alter") {
        true => Action::SetNotNull(name),
        false => Action::AddColumn(NewColumn {
            name,
            is_required: true,
            default: NewDefault::None,
        }),
    };
    vec![(action, table.clone())]
}

fn laravel<'t>(name: &str, node: NodeRef<'t>, given: &Given<'t, '_>) -> Read {
    let first = given.text(0, &[]);
    let second = given.text(1, &[]);
    let is_schema =
        node.text().starts_with("Schema::") || node.text().contains("Schema::connection");
    match name {
        "create" if is_schema => vec![(Action::CreateTable, first)],
        "drop" | "dropIfExists" if is_schema => vec![(Action::DropTable, first)],
        "rename" if is_schema => second
            .map(|new| (Action::RenameTable(new), first))
            .into_iter()
            .collect(),
        _ => {
            let Some(("table", table)) = block(node, given.site.facts) else {
                return Vec::new();
            };
            let of = |action| vec![(action, table.clone())];
            match name {
                "dropColumn" => {
                    let list = given.node(0, &[]);
                    let names: Vec<String> = match (first, list) {
                        (Some(first), _) => vec![first],
                        (None, Some(list)) => list
                            .named_children()
                            .filter_map(|item| {
                                given
                                    .of(item)
                                    .or_else(|| given.of(item.named_children().next()?))
                            })
                            .collect(),
                        _ => Vec::new(),
                    };
                    let table = &table;
                    names
                        .into_iter()
                        .map(|name| (Action::DropColumn(name), table.clone()))
                        .collect()
                }
                "renameColumn" => first
                    .zip(second)
                    .map_or_else(Vec::new, |(was, now)| of(Action::RenameColumn(was, now))),
                _ if LARAVEL_COLUMNS.contains(&name) => {
                    let after = chain(node);
                    let has = |name: &str| after.contains(&name);
                    let Some(column) = first.filter(|_| !has("change")) else {
                        return Vec::new();
                    };
                    of(Action::AddColumn(NewColumn {
                        name: column,
                        is_required: !has("nullable"),
                        default: match has("default") || has("useCurrent") || has("storedAs") {
                            true => NewDefault::Constant,
                            false => NewDefault::None,
                        },
                    }))
                }
                _ => Vec::new(),
            }
        }
    }
}

fn entity_framework<'t>(name: &str, given: &Given<'t, '_>) -> Read {
    let own = given.text(0, &["name"]);
    let table = given.text(1, &["table"]);
    let column = |action: fn(String) -> Action| {
        own.clone()
            .map(|name| (action(name), table.clone()))
            .into_iter()
            .collect()
    };
    match name.split('<').next().unwrap_or(name) {
        "CreateTable" => vec![(Action::CreateTable, own)],
        "DropTable" => vec![(Action::DropTable, own)],
        "DropColumn" => column(Action::DropColumn),
        "RenameColumn" => {
            let names = own.clone().zip(given.text(2, &["newName"]));
            let rename = names.map(|(was, now)| (Action::RenameColumn(was, now), table.clone()));
            rename.into_iter().collect()
        }
        "RenameTable" => {
            let new = given.text(-1, &["newName"]);
            new.map(|new| (Action::RenameTable(new), own))
                .into_iter()
                .collect()
        }
        "AlterColumn" => {
            let kinds = given.text(-1, &["type"]).zip(given.text(-1, &["oldType"]));
            let mut found: Read = Vec::new();
            if kinds.is_some_and(|(now, was)| now != was) {
                found.extend(
                    own.clone()
                        .map(|name| (Action::ChangeType(name, Rewrite::Likely), table.clone())),
                );
            }
            if given.is("nullable", "false")
                && given.is("oldNullable", "true")
                && !given.has("defaultValue")
            {
                found.extend(own.map(|name| (Action::SetNotNull(name), table)));
            }
            found
        }
        "AddColumn" => {
            let default = match given.has("defaultValue") || given.has("defaultValueSql") {
                true => NewDefault::Constant,
                false => NewDefault::None,
            };
            let is_required = given.is("nullable", "false");
            let action = own.map(|name| {
                Action::AddColumn(NewColumn {
                    name,
                    is_required,
                    default,
                })
            });
            action.map(|action| (action, table)).into_iter().collect()
        }
        "CreateIndex" => vec![(
            Action::CreateIndex {
                is_concurrent: false,
            },
            table,
        )],
        "AddForeignKey" => vec![(Action::AddConstraint("foreign key"), table)],
        _ => Vec::new(),
    }
}
