//! Migrations, step by step over rows of each step, and the two engines beside
//! each other.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use assay_source::ErrorKind;
use assay_store::{Page, ReviewFilter, Store, TaskFilter, database_create, database_drop};
use assay_testkit::services::Services;
use assay_testkit::{SettableClock, store};
use sqlx::{AssertSqlSafe, Connection as _, PgConnection, Row as _, SqliteConnection};

use crate::kit::system;

/// A database with nothing in it.
struct Empty {
    url: String,
    folder: tempfile::TempDir,
    server: Option<(String, String)>,
}

impl Empty {
    async fn make(is_postgres: bool) -> Self {
        let folder = tempfile::tempdir().unwrap();
        if !is_postgres {
            let url = format!("sqlite:{}", folder.path().join("empty.db").display());
            return Self {
                url,
                folder,
                server: None,
            };
        }
        let server = Services::of_workspace().postgres_url;
        let name = format!("assay_empty_{}", std::process::id());
        database_drop(&server, &name).await.unwrap();
        database_create(&server, &name, None).await.unwrap();
        Self {
            url: format!("{server}{name}"),
            folder,
            server: Some((server, name)),
        }
    }

    async fn remove(self) {
        if let Some((server, name)) = self.server {
            database_drop(&server, &name).await.unwrap();
        }
        self.folder.close().unwrap();
    }
}

fn steps(engine: &str) -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../migrations");
    let entries = std::fs::read_dir(root.join(engine)).unwrap();
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| !path.to_string_lossy().ends_with(".sample.sql"));
    paths.sort();
    paths
}

async fn run_text(url: &str, text: String) {
    let text = AssertSqlSafe(text);
    if url.starts_with("sqlite:") {
        let mut connection = SqliteConnection::connect(url).await.unwrap();
        sqlx::raw_sql(text).execute(&mut connection).await.unwrap();
        connection.close().await.unwrap();
    } else {
        let mut connection = PgConnection::connect(url).await.unwrap();
        sqlx::raw_sql(text).execute(&mut connection).await.unwrap();
        connection.close().await.unwrap();
    }
}

/// Returns table, column, type and whether it may be empty; and the indexes.
async fn schema(url: &str) -> BTreeSet<(String, String, String, bool)> {
    let mut found = BTreeSet::new();
    let mut add = |table: String, column: String, kind: &str, is_null: bool| {
        let kind = match kind.to_lowercase().as_str() {
            "uuid" | "bytea" | "blob" => "bytes",
            "bigint" | "boolean" | "integer" => "integer",
            "double precision" | "real" => "real",
            "text" => "text",
            "index" => "index",
            other => panic!("{table}.{column} is of type {other}"),
        };
        found.insert((table, column, kind.to_owned(), is_null));
    };
    if url.starts_with("sqlite:") {
        let mut connection = SqliteConnection::connect(url).await.unwrap();
        let sql = "SELECT m.name AS place, p.name AS part, p.type AS kind, p.\"notnull\" = 0 \
                   AS is_null FROM sqlite_master AS m, pragma_table_info(m.name) AS p \
                   WHERE m.type = 'table' UNION ALL SELECT tbl_name, name, 'index', FALSE \
                   FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL";
        for row in sqlx::query(sql).fetch_all(&mut connection).await.unwrap() {
            let kind: String = row.get("kind");
            add(row.get("place"), row.get("part"), &kind, row.get("is_null"));
        }
    } else {
        let mut connection = PgConnection::connect(url).await.unwrap();
        let sql = "SELECT table_name::text AS place, column_name::text AS part, \
                   data_type::text AS kind, is_nullable = 'YES' AS is_null \
                   FROM information_schema.columns WHERE table_schema = 'public' \
                   AND NOT EXISTS (SELECT 1 FROM pg_class WHERE relname = table_name \
                   AND relispartition) \
                   UNION ALL SELECT tablename::text, indexname::text, 'index', FALSE \
                   FROM pg_indexes WHERE schemaname = 'public' AND NOT EXISTS \
                   (SELECT 1 FROM pg_constraint WHERE conname = indexname) \
                   AND NOT EXISTS (SELECT 1 FROM pg_class WHERE relname = tablename \
                   AND relispartition)";
        for row in sqlx::query(sql).fetch_all(&mut connection).await.unwrap() {
            let kind: String = row.get("kind");
            add(row.get("place"), row.get("part"), &kind, row.get("is_null"));
        }
    }
    found
}

async fn migrate_over_samples(is_postgres: bool) -> BTreeSet<(String, String, String, bool)> {
    let empty = Empty::make(is_postgres).await;
    let clock = std::sync::Arc::new(SettableClock::default());
    let opened = store::open(&empty.url, clock).await;
    let engine = if is_postgres { "postgres" } else { "sqlite" };
    let steps = steps(engine);
    assert_eq!(steps.len(), Store::migrations_known());
    for (number, path) in (1..).zip(&steps) {
        let applied = opened.migrate_to(number).await.unwrap();
        let name = path.file_stem().unwrap().to_string_lossy();
        assert_eq!(applied, [&*name]);
        let sample = std::fs::read_to_string(path.with_extension("sample.sql"));
        run_text(&empty.url, sample.unwrap()).await;
    }
    assert!(opened.migrate().await.unwrap().is_empty());
    assert!(opened.migrations_missing().await.unwrap().is_empty());
    check_samples(&opened).await;
    let found = schema(&empty.url).await;
    let nothing = if is_postgres { "'\\x00'" } else { "X'00'" };
    let sql = format!("UPDATE schema_migration SET checksum = {nothing}");
    run_text(&empty.url, sql).await;
    let error = opened.migrate().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Internal);
    assert!(error.to_string().contains("migration 1"), "{error}");
    opened.close().await;
    empty.remove().await;
    found
}

/// The rows of the samples are read as what they were.
async fn check_samples(opened: &Store) {
    let mut tx = opened.begin().await.unwrap();
    let organisations = tx
        .organisation_list(&system(), Page::first(10))
        .await
        .unwrap();
    let names: Vec<&str> = organisations.iter().map(|one| one.name.as_str()).collect();
    assert_eq!(names, ["globex", "acme"]);
    let scope = system().within(organisations[1].id).unwrap();
    let first = 10;
    let scope_of_all = system();
    assert_eq!(
        tx.key_list(&scope, None, Page::first(first))
            .await
            .unwrap()
            .len(),
        1
    );
    assert_eq!(
        tx.member_list(&scope, Page::first(first))
            .await
            .unwrap()
            .len(),
        2
    );
    assert_eq!(
        tx.repository_list(&scope, Page::first(first))
            .await
            .unwrap()
            .len(),
        1
    );
    assert_eq!(
        tx.delivery_list(&system(), None, Page::first(first))
            .await
            .unwrap()
            .len(),
        2
    );
    let reviews = tx.review_list(&scope, ReviewFilter::default(), Page::first(first));
    let reviews = reviews.await.unwrap();
    assert_eq!(reviews.len(), 2);
    assert_eq!(reviews[1].score, Some(91.5));
    let repository = reviews[1].repository.unwrap();
    assert_eq!(
        tx.remark_list(&scope, repository, 7).await.unwrap().len(),
        1
    );
    assert_eq!(
        tx.metric_list(&scope, reviews[1].id).await.unwrap(),
        [("lines".to_owned(), 12.5)]
    );
    // What a command had kept as a setting is feedback like what came over the API.
    let rejected = tx.feedback_rejected(&scope, repository).await.unwrap();
    let rejected: Vec<_> = rejected
        .iter()
        .map(|one| (one.rule.as_str(), one.source.as_str(), one.note.as_deref()))
        .collect();
    assert_eq!(
        rejected,
        [
            (
                "injection/sql-injection",
                "command",
                Some("only we call this")
            ),
            ("security/sql-injection", "reaction", None),
            ("smell/magic-number", "command", None),
        ]
    );
    let filter = TaskFilter::default();
    let tasks = tx.task_list(&scope_of_all, &filter, Page::first(first));
    assert_eq!(tasks.await.unwrap().len(), 4);
    let claims = tx
        .task_claim(&system(), "w", &["any"], 1_000, 10)
        .await
        .unwrap();
    assert_eq!(claims.len(), 1);
    assert_eq!(claims[0].attempt, 2);
    let other = system().within(organisations[0].id).unwrap();
    let others = tx.review_list(&other, ReviewFilter::default(), Page::first(first));
    assert_eq!(others.await.unwrap().len(), 1);
    let settings = tx.setting_list(&system()).await.unwrap();
    assert_eq!(settings[0].name, "retention");
    tx.commit().await.unwrap();
}

#[test]
fn steps_go_over_the_rows_of_each_step_and_both_engines_agree() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let sqlite = runtime.block_on(migrate_over_samples(false));
    let postgres = runtime.block_on(migrate_over_samples(true));
    let only_sqlite: Vec<_> = sqlite.difference(&postgres).collect();
    let only_postgres: Vec<_> = postgres.difference(&sqlite).collect();
    assert!(
        only_sqlite.is_empty() && only_postgres.is_empty(),
        "only SQLite: {only_sqlite:#?}\nonly PostgreSQL: {only_postgres:#?}"
    );
    assert!(sqlite.len() > 200);
}
