use std::sync::Arc;

use assay_source::{RepoPath, SourceText};
use assay_syntax::{ParseLimits, detect, parse};

use super::{Action, Dialect, Step, is_migration, liquibase, sql};

/// Reads SQL; steps as `table: what`.
fn check(text: &str, expected: &[&str]) {
    let mut steps = Vec::new();
    sql::read(text, 0, &mut steps);
    let shown: Vec<String> = steps.iter().map(shown).collect();
    assert_eq!(shown, expected, "{text}");
}

fn shown(step: &Step) -> String {
    let what = match &step.action {
        Action::DropColumn(name) => format!("drop {name}"),
        Action::RenameTable(name) => format!("rename to {name}"),
        Action::RenameColumn(was, now) => format!("rename {was} to {now}"),
        Action::ChangeType(name, rewrite) => format!("type of {name} {rewrite:?}"),
        Action::AddColumn(new) => {
            let required = if new.is_required { " required" } else { "" };
            format!("add {} {:?}{required}", new.name, new.default)
        }
        Action::SetNotNull(name) => format!("require {name}"),
        Action::CreateIndex { is_concurrent } => format!("index {is_concurrent}"),
        Action::AddConstraint(kind) => (*kind).to_owned(),
        Action::Lock(what) | Action::EveryRow(what) => (*what).to_owned(),
        Action::CreateTable => "create".to_owned(),
        Action::DropTable => "drop".to_owned(),
    };
    format!("{}: {what}", step.table)
}

#[test]
fn statements_of_all_dialects_are_read() {
    for (text, expected) in [
        (
            "ALTER TABLE public.\"Books\" DROP COLUMN IF EXISTS a, ADD b int NOT NULL DEFAULT 1;",
            &["books: drop a", "books: add b Constant required"][..],
        ),
        (
            "alter table `a` modify `b` bigint, change `c` `d` int, change e e text;",
            &[
                "a: type of b Unlikely",
                "a: rename c to d",
                "a: type of e Unlikely",
            ],
        ),
        (
            "ALTER TABLE a DROP CONSTRAINT b, DROP INDEX c, DROP PRIMARY KEY;",
            &[],
        ),
        ("ALTER TABLE a DROP b;", &["a: drop b"]),
        (
            "ALTER TABLE ONLY a ALTER b TYPE jsonb USING b::jsonb;",
            &["a: type of b Sure"],
        ),
        (
            "ALTER TABLE a ALTER COLUMN b SET DATA TYPE bigint;",
            &["a: type of b Likely"],
        ),
        (
            "ALTER TABLE a ALTER COLUMN b SET DEFAULT 1, ALTER c DROP NOT NULL;",
            &[],
        ),
        ("ALTER TABLE a ALTER b SET NOT NULL;", &["a: require b"]),
        (
            "ALTER TABLE a RENAME TO b; ALTER TABLE b RENAME c TO d;",
            &["a: rename to b", "b: rename c to d"],
        ),
        (
            "ALTER TABLE a ADD (b int, c uuid DEFAULT uuid() NOT NULL);",
            &["a: add b None", "a: add c Computed required"],
        ),
        ("ALTER TABLE a ADD COLUMN b serial;", &["a: add b Computed"]),
        (
            "ALTER TABLE a ADD CONSTRAINT b CHECK (c > 0) NOT VALID;",
            &[],
        ),
        (
            "ALTER TABLE a ADD CONSTRAINT b CHECK (c > 0);",
            &["a: check"],
        ),
        ("ALTER TABLE a ADD CONSTRAINT b UNIQUE USING INDEX c;", &[]),
        (
            "CREATE UNIQUE INDEX IF NOT EXISTS a ON ONLY b USING gin (c);",
            &["b: index false"],
        ),
        ("CREATE INDEX CONCURRENTLY ON b (c);", &["b: index true"]),
        (
            "DROP TABLE IF EXISTS a, b CASCADE;",
            &["a: drop", "b: drop"],
        ),
        (
            "CREATE TEMP TABLE a (b int); CREATE VIEW c AS SELECT 1;",
            &["a: create"],
        ),
        (
            "UPDATE a SET b = 1; UPDATE a SET b = 1 WHERE c; DELETE FROM a; TRUNCATE TABLE a;",
            &["a: UPDATE", "a: DELETE", "a: TRUNCATE"],
        ),
        (
            "INSERT INTO a VALUES ('it''s; DROP TABLE a;', $$ DROP TABLE b; $$); -- DROP TABLE c;",
            &[],
        ),
        (
            "/* DROP TABLE a; */ LOCK TABLE a IN SHARE MODE;",
            &["a: LOCK TABLE"],
        ),
        (
            "CREATE TRIGGER a AFTER INSERT ON b BEGIN UPDATE c SET d = CASE WHEN 1 THEN 2 END; DELETE FROM c; END; DROP TABLE d;",
            &["d: drop"],
        ),
        (
            "CREATE FUNCTION a() RETURNS trigger AS $$ BEGIN DELETE FROM b; END $$ LANGUAGE plpgsql; DROP TABLE d;",
            &["d: drop"],
        ),
        (
            "-- +goose Up\nCREATE TABLE a (b int);\n-- +goose Down\nDROP TABLE a;",
            &["a: create"],
        ),
        (
            "-- migrate:down\nDROP TABLE a;\n-- migrate:up\nDROP TABLE b;",
            &["b: drop"],
        ),
        ("RENAME TABLE a TO b;", &["a: rename to b"]),
        (
            "ALTER TABLE [dbo].[a] ALTER COLUMN [b] nvarchar(50) NOT NULL",
            &["a: type of b Unlikely"],
        ),
    ] {
        check(text, expected);
    }
}

#[test]
fn any_text_is_read_to_its_end() {
    for text in [
        "'",
        "\"",
        "$a$",
        "[a",
        "/*",
        "ALTER TABLE",
        "ALTER TABLE a ADD (",
        "é'é`é",
        "CREATE TRIGGER x BEGIN END END;;",
        "\\",
        "'\\",
    ] {
        let mut steps = Vec::new();
        sql::read(text, 0, &mut steps);
    }
}

#[test]
fn migrations_are_told_by_their_paths() {
    for (path, expected) in [
        ("db/migrate/20240101_a.rb", true),
        ("shop/migrations/0001_initial.py", true),
        ("store/migration/sqlite/0.25/00__a.sql", true),
        ("src/main/resources/db/V12__books.sql", true),
        ("src/main/resources/db/U12__books.sql", false),
        ("alembic/versions/8a_title.py", true),
        ("migrations/0001_a.down.sql", false),
        ("migrations/0001_a.up.sql", true),
        ("Data/Migrations/20240101_A.Designer.cs", false),
        ("tests/migrations/0001_a.sql", false),
        ("src/books.sql", false),
        ("src/validate.rb", false),
    ] {
        assert_eq!(is_migration(&RepoPath::from(path)), expected, "{path}");
    }
}

/// Reads a changelog; the database, and steps as `table: what`.
fn check_changelog(path: &str, text: &str, dialect: Dialect, expected: &[&str]) {
    assert!(liquibase::is_changelog(path, text), "{path}");
    let source = Arc::new(SourceText::from_text(text));
    let parsed = detect(&RepoPath::from(path), text)
        .filter(|_| !path.ends_with(".xml"))
        .map(|language| parse(&source, language, &ParseLimits::default()));
    let tree = parsed.as_ref().and_then(|parsed| parsed.trees.first());
    let mut steps = Vec::new();
    assert_eq!(liquibase::read(text, tree, &mut steps), dialect, "{path}");
    let shown: Vec<String> = steps.iter().map(shown).collect();
    assert_eq!(shown, expected, "{text}");
}

#[test]
fn changelogs_of_liquibase_are_read_in_all_notations() {
    let expected = &[
        "books: drop subtitle",
        "books: add pages None required",
        "books: rename title to name",
        "books: UPDATE",
        "old: drop",
    ];
    let xml = r#"<?xml version="1.0"?>
<databaseChangeLog xmlns="http://www.liquibase.org/xml/ns/dbchangelog">
  <!-- <dropTable tableName="a"/> -->
  <changeSet id="1" author="a" dbms="postgresql, h2">
    <preConditions><tableExists tableName="books"/></preConditions>
    <dropColumn tableName="books" columnName="subtitle"/>
    <addColumn tableName="books">
      <column name="pages" type="int"><constraints nullable="false"/></column>
    </addColumn>
    <renameColumn tableName="books" oldColumnName="title" newColumnName="name"/>
    <sql><![CDATA[ UPDATE books SET a = 1 ]]></sql>
    <dropTable tableName="old"/>
    <rollback><dropTable tableName="books"/></rollback>
  </changeSet>
</databaseChangeLog>
"#;
    check_changelog("db/changelog/1.xml", xml, Dialect::Postgres, expected);
    let yaml = "databaseChangeLog:
  - changeSet:
      id: 1
      author: a
      dbms: postgresql
      changes:
        - dropColumn:
            tableName: books
            columnName: subtitle
        - addColumn:
            tableName: books
            columns:
              - column:
                  name: pages
                  type: int
                  constraints:
                    nullable: false
        - renameColumn:
            tableName: books
            oldColumnName: title
            newColumnName: name
        - sql:
            sql: UPDATE books SET a = 1
        - dropTable:
            tableName: old
      rollback:
        - dropTable:
            tableName: books
";
    check_changelog("db/changelog/1.yaml", yaml, Dialect::Postgres, expected);
    let json = r#"{"databaseChangeLog": [{"changeSet": {"id": "1", "author": "a", "changes": [
        {"addColumn": {"tableName": "books", "columns": [
            {"column": {"name": "a", "type": "int", "defaultValueNumeric": 1, "constraints": {"nullable": false}}},
            {"column": {"name": "b", "type": "uuid", "defaultValueComputed": "gen_random_uuid()"}}]}},
        {"delete": {"tableName": "books", "where": "a = 1"}},
        {"createIndex": {"tableName": "books", "indexName": "c"}}]}}]}"#;
    check_changelog(
        "db/changelog/1.json",
        json,
        Dialect::Unknown,
        &[
            "books: add a Constant required",
            "books: add b Computed",
            "books: index false",
        ],
    );
}

#[test]
fn any_changelog_is_read_to_its_end() {
    for text in [
        "<databaseChangeLog",
        "<databaseChangeLog><a b='",
        "<databaseChangeLog><![CDATA[",
        "<databaseChangeLog></a></b><c/>",
        "<databaseChangeLog><é ü=\"&\"/>",
        "<databaseChangeLog><!-->",
    ] {
        liquibase::read(text, None, &mut Vec::new());
    }
    let deep = format!("<databaseChangeLog>{}", "<a>".repeat(100_000));
    liquibase::read(&deep, None, &mut Vec::new());
    assert!(liquibase::is_changelog(
        "a.sql",
        "-- Liquibase formatted SQL\n--changeset a:1\n"
    ));
    assert!(!liquibase::is_changelog("a.sql", "SELECT 1"));
}
