//! `assay audit` and `assay encryption` over the data of a server.

use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

use crate::serve::Server;

fn run(data: &Path, words: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_assay"))
        .args(words)
        .arg("--data")
        .arg(data)
        .env_remove("ASSAY_DATABASE_URL")
        .output()
        .unwrap()
}

fn text(output: &Output) -> String {
    let error = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{error}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
fn the_log_of_a_server_is_checked_exported_and_reported() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path();
    let before = run(data, &["audit", "verify"]);
    assert_eq!(before.status.code(), Some(2), "there are no tables yet");
    let server = Server::start(data, &[]);
    let key = server.key.clone().unwrap();
    let profile = server.get("/api/v1/user/profile", &key);
    assert_eq!(profile["quotas"].as_array().unwrap().len(), 6);
    // They need no server, and mind none that runs.
    let checked = text(&run(data, &["audit", "verify"]));
    let lines: Vec<_> = checked.lines().collect();
    assert!(
        lines[0].starts_with("platform: 0 entries, intact"),
        "{checked}"
    );
    assert!(
        lines[1].starts_with("organisation default: 1 entries, intact, ends with "),
        "{checked}"
    );
    drop(server);
    let exported = text(&run(
        data,
        &["audit", "export", "--organisation", "default"],
    ));
    let entry: Value = serde_json::from_str(exported.trim()).unwrap();
    assert_eq!(entry["action"], "key.create");
    assert!(lines[1].ends_with(entry["hash"].as_str().unwrap()));
    assert_eq!(text(&run(data, &["audit", "export"])), "");
    let report = text(&run(data, &["audit", "report"]));
    let report: Value = serde_json::from_str(&report).unwrap();
    assert_eq!(report["organisation"]["name"], "default");
    assert_eq!(report["keys"][0]["is_good"], true);
    let nobody = run(data, &["audit", "report", "--organisation", "nobody"]);
    assert_eq!(nobody.status.code(), Some(2));
    let rotated = text(&run(data, &["encryption", "rotate"]));
    assert!(rotated.starts_with("0 encrypted fields"), "{rotated}");
    let checked = text(&run(data, &["audit", "verify"]));
    assert!(checked.starts_with("platform: 1 entries"), "{checked}");
}
