//! What an operator does at the machine: tables, copies, keys, tasks, people.

use std::path::Path;
use std::process::Command;

use assay_testkit::services::PrivatePostgres;

/// Runs a command about a server; returns whether it went well and what it said.
fn say(data: &Path, database: Option<&str>, words: &[&str]) -> (bool, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_assay"));
    command.args(words).arg("--data").arg(data);
    if let Some(url) = database {
        command.args(["--database", url]);
    }
    let output = command.output().expect("the program starts");
    let said = [output.stdout, output.stderr].concat();
    (
        output.status.success(),
        String::from_utf8(said).expect("text"),
    )
}

fn check(databases: [Option<&str>; 2]) {
    let folder = tempfile::tempdir().unwrap();
    let (data, other) = (folder.path().join("data"), folder.path().join("other"));
    let ok = |words: &[&str]| {
        let (is_ok, said) = say(&data, databases[0], words);
        assert!(is_ok, "{words:?}: {said}");
        said
    };
    let refused = |words: &[&str]| {
        let (is_ok, said) = say(&data, databases[0], words);
        assert!(!is_ok, "{words:?}: {said}");
        said
    };
    // Nothing is there yet, and each command says what to do.
    assert!(refused(&["admin", "key", "list"]).contains("assay migrate"));
    assert!(refused(&["migrate", "--check"]).contains("missing 0001-access"));
    assert!(ok(&["migrate"]).contains("applied 0001-access"));
    assert_eq!(ok(&["migrate", "--check"]), "the tables are up to date\n");
    assert!(refused(&["admin", "key", "list"]).contains("assay serve"));
    // The first start makes the organisation.
    drop(crate::serve::Server::start(
        &data,
        &databases[0]
            .map(|url| ("ASSAY_DATABASE_URL", url.to_owned()))
            .into_iter()
            .collect::<Vec<_>>(),
    ));

    let made = ok(&[
        "admin",
        "key",
        "make",
        "--name",
        "ci",
        "--allow",
        "review:read",
        "--days",
        "9",
    ]);
    assert!(made.starts_with("assay_"), "{made}");
    let listed = ok(&["admin", "key", "list"]);
    let line = listed.lines().find(|line| line.contains("review:read"));
    let line = line.expect("the key is listed");
    assert!(
        line.contains("until 20") && !listed.contains(made.trim()),
        "{listed}"
    );
    let id = line.split(' ').next().unwrap();
    ok(&["admin", "key", "revoke", id]);
    assert!(ok(&["admin", "key", "list"]).contains("revoked"));
    assert!(
        refused(&["admin", "key", "make", "--name", "x", "--allow", "all"]).contains("--allow")
    );
    assert!(refused(&["admin", "key", "revoke", "x"]).contains("no identifier"));

    ok(&[
        "admin",
        "user",
        "add",
        "ada",
        "--role",
        "team-lead",
        "--name",
        "Ada L.",
    ]);
    ok(&["admin", "user", "role", "ada", "developer"]);
    let people = ok(&["admin", "user", "list"]);
    assert!(people.contains("ada    developer  Ada L."), "{people}");
    ok(&["admin", "user", "remove", "ada"]);
    assert!(refused(&["admin", "user", "remove", "ada"]).contains("`ada`"));
    assert!(refused(&["admin", "user", "list", "--organisation", "acme"]).contains("`acme`"));

    assert!(ok(&["admin", "task", "list"]).starts_with("id"));
    assert!(ok(&["admin", "task", "retry", "--all-dead"]).contains("0 tasks"));
    assert!(refused(&["admin", "task", "show", id]).contains(id));
    assert!(refused(&["admin", "task", "list", "--state", "asleep"]).contains("state"));

    // A copy, and its way back.
    let copy = folder.path().join("copy");
    let copy = copy.to_str().unwrap();
    ok(&["backup", copy]);
    assert!(refused(&["backup", copy]).contains("exists"));
    assert!(!say(&data, databases[0], &["restore", copy]).0);
    let (is_ok, said) = say(&other, databases[1], &["restore", copy]);
    assert!(is_ok, "{said}");
    let (_, listed) = say(&other, databases[1], &["admin", "key", "list"]);
    assert!(
        listed.contains("first administrator") && listed.contains(id),
        "{listed}"
    );
}

#[test]
fn an_operator_looks_after_a_server_on_sqlite() {
    check([None, None]);
}

#[test]
fn an_operator_looks_after_a_server_on_postgresql() {
    let (one, two) = (PrivatePostgres::start(), PrivatePostgres::start());
    let urls = [&one, &two].map(|server| format!("{}postgres", server.url()));
    check([Some(&urls[0]), Some(&urls[1])]);
}

/// Whoever did not see the first key makes another at the machine.
#[cfg(target_os = "linux")]
#[test]
fn a_first_key_that_nobody_saw_is_not_the_end() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    // Nothing can be printed, so the server ends where it would show the key, which is
    // kept by then.
    let full = std::fs::File::options().write(true).open("/dev/full");
    let mut silent = Command::new(env!("CARGO_BIN_EXE_assay"))
        .args(["serve", "--listen", "127.0.0.1:0", "--data"])
        .arg(&data)
        .stdout(full.unwrap())
        .stderr(std::process::Stdio::null())
        .spawn()
        .unwrap();
    assert!(!silent.wait().unwrap().success());
    let (_, listed) = say(&data, None, &["admin", "key", "list"]);
    assert!(listed.contains("first administrator"), "{listed}");
    let server = crate::serve::Server::start(&data, &[]);
    assert_eq!(server.key, None);
    let (is_ok, made) = say(&data, None, &["admin", "key", "make", "--name", "second"]);
    assert!(is_ok, "{made}");
    let profile = server.get("/api/v1/user/profile", made.trim());
    let permissions = profile["permissions"].as_array().unwrap();
    assert!(
        permissions.contains(&"organisation:manage".into()),
        "{profile}"
    );
    // The one that nobody saw is taken back.
    let lost = listed
        .lines()
        .find(|line| line.contains("first administrator"));
    let id = lost.unwrap().split(' ').next().unwrap();
    let (is_ok, said) = say(&data, None, &["admin", "key", "revoke", id]);
    assert!(is_ok, "{said}");
}
