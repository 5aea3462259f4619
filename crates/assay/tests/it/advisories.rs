//! The advisory database: made from folders and archives, from a mirror and from
//! the query API, both played by a server that remembers what it was asked.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::sync::{Arc, Mutex};

use assay_testkit::GitRepo;
use serde_json::{Value, json};

use crate::run::{Run, assay};

fn advisory(id: &str, ecosystem: &str, name: &str, fixed: &str, modified: &str) -> Value {
    json!({
        "id": id,
        "modified": modified,
        "summary": format!("{name} is bad"),
        "severity": [{"type": "CVSS_V3", "score": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:N/A:N"}],
        "affected": [{
            "package": {"ecosystem": ecosystem, "name": name},
            "ranges": [{"type": "SEMVER", "events": [{"introduced": "0"}, {"fixed": fixed}]}],
        }],
    })
}

fn archive(documents: &[Value]) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let options = zip::write::SimpleFileOptions::default();
    for document in documents {
        let name = format!("{}.json", document["id"].as_str().unwrap());
        writer.start_file(name, options).unwrap();
        writer.write_all(document.to_string().as_bytes()).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

/// A server of files and of the query API.
struct Server {
    url: String,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    files: BTreeMap<String, Vec<u8>>,
    advisories: Vec<Value>,
    /// Paths in the order in which they were asked for, with the status.
    asked: Vec<String>,
}

impl Server {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let state = Arc::new(Mutex::new(State::default()));
        let own = Arc::clone(&state);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let state = Arc::clone(&own);
                std::thread::spawn(move || serve(&stream.unwrap(), &state));
            }
        });
        Self { url, state }
    }

    fn put(&self, path: &str, bytes: Vec<u8>) {
        self.state
            .lock()
            .unwrap()
            .files
            .insert(path.to_owned(), bytes);
    }

    /// Returns what was asked for since the last time.
    fn asked(&self) -> Vec<String> {
        std::mem::take(&mut self.state.lock().unwrap().asked)
    }
}

/// Answers the requests of one connection.
fn serve(stream: &TcpStream, state: &Mutex<State>) {
    let mut reader = BufReader::new(stream);
    loop {
        let mut first = String::new();
        if reader.read_line(&mut first).unwrap_or(0) == 0 {
            return;
        }
        let (mut length, mut known) = (0, String::new());
        loop {
            let mut line = String::new();
            reader.read_line(&mut line).unwrap();
            let line = line.trim();
            if line.is_empty() {
                break;
            }
            let (name, value) = line.split_once(':').unwrap();
            match name.to_ascii_lowercase().as_str() {
                "content-length" => length = value.trim().parse().unwrap(),
                "if-none-match" => known = value.trim().to_owned(),
                _ => {}
            }
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body).unwrap();
        let path = first.split_whitespace().nth(1).unwrap().to_owned();
        let mut state = state.lock().unwrap();
        let content = state.answer(&path, &body);
        let etag = content.as_ref().map(|bytes| format!("\"{}\"", bytes.len()));
        let (status, content) = match content {
            Some(_) if etag.as_deref() == Some(&known) => ("304 Not Modified", Vec::new()),
            Some(content) => ("200 OK", content),
            None => ("404 Not Found", Vec::new()),
        };
        state.asked.push(format!("{} {path}", &status[..3]));
        let head = format!(
            "HTTP/1.1 {status}\r\nContent-Length: {}\r\nETag: {}\r\n\r\n",
            content.len(),
            etag.unwrap_or_default()
        );
        let mut out = stream;
        out.write_all(head.as_bytes()).unwrap();
        out.write_all(&content).unwrap();
    }
}

impl State {
    fn answer(&self, path: &str, body: &[u8]) -> Option<Vec<u8>> {
        if path == "/v1/querybatch" {
            let body: Value = serde_json::from_slice(body).unwrap();
            let queries = body["queries"].as_array().unwrap().iter();
            let results: Vec<Value> = queries.map(|query| self.result(query)).collect();
            return Some(json!({"results": results}).to_string().into_bytes());
        }
        if let Some(id) = path.strip_prefix("/v1/vulns/") {
            let found = self.advisories.iter().find(|one| one["id"] == *id);
            return found.map(|one| one.to_string().into_bytes());
        }
        self.files.get(path).cloned()
    }

    /// One advisory a page.
    fn result(&self, query: &Value) -> Value {
        let about = |one: &&Value| one["affected"][0]["package"] == query["package"];
        let page: usize = query["page_token"]
            .as_str()
            .map_or(0, |page| page.parse().unwrap());
        let mut all = self.advisories.iter().filter(about).skip(page);
        let Some(one) = all.next() else {
            return json!({});
        };
        let mut result = json!({"vulns": [{"id": one["id"], "modified": one["modified"]}]});
        if all.next().is_some() {
            result["next_page_token"] = (page + 1).to_string().into();
        }
        result
    }
}

fn write(path: &Path, bytes: &[u8]) {
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, bytes).unwrap();
}

const LOCK: &str = "version = 4\n\n[[package]]\nname = \"bad\"\nversion = \"1.5.0\"\nsource = \"registry+https://github.com/rust-lang/crates.io-index\"\n";

/// A tree that uses `bad` 1.5.0.
fn repo() -> GitRepo {
    let repo = GitRepo::new();
    write(&repo.root().join("Cargo.lock"), LOCK.as_bytes());
    repo
}

/// What a scan finds, by rule and identifier, and what it notes.
fn scan(repo: &GitRepo) -> (Vec<String>, Vec<String>) {
    let run = assay(repo, &["scan", "--output", "json"]);
    let report: Value = serde_json::from_str(&run.out).unwrap();
    let texts = |values: &Value, key: Option<&str>| -> Vec<String> {
        let text = |value: &Value| match key {
            Some(key) => value[key].as_str().unwrap().to_owned(),
            None => value.as_str().unwrap().to_owned(),
        };
        values.as_array().unwrap().iter().map(text).collect()
    };
    (
        texts(&report["findings"], Some("message")),
        texts(&report["overview"]["notes"], None),
    )
}

fn update(repo: &GitRepo, arguments: &[&str]) -> Run {
    let mut all = vec!["advisories", "update"];
    all.extend(arguments);
    assay(repo, &all)
}

const FOUND: &str =
    "`bad` 1.5.0 has a known vulnerability: bad is bad (T-1); high, CVSS 3.1 7.5; fixed in 2.0.0";

#[test]
fn folders_and_archives_make_a_database_that_reviews_use() {
    let repo = repo();
    let (findings, notes) = scan(&repo);
    assert!(findings.is_empty());
    assert!(
        notes[0].contains("there is no advisory database"),
        "{notes:?}"
    );
    let status = assay(&repo, &["advisories", "status"]);
    assert!(status.out.starts_with("There is no advisory database at "));

    let folder = repo.outside().join("export");
    let first = advisory("T-1", "crates.io", "bad", "2.0.0", "2026-01-01T00:00:00Z");
    let other = advisory("T-2", "npm", "other", "2.0.0", "2026-01-01T00:00:00Z");
    write(&folder.join("one/T-1.json"), first.to_string().as_bytes());
    write(&folder.join("npm/all.zip"), &archive(&[other]));
    write(&folder.join("broken.json"), b"{");
    let folder = folder.to_str().unwrap();
    let run = update(&repo, &["--from", folder]);
    assert_eq!(run.code, 0, "{run:?}");
    assert!(
        run.out.starts_with(
            "2 advisories new or changed, 0 unchanged, 0 taken back, 1 could not be read\n"
        ),
        "{run:?}"
    );
    assert!(
        run.err.contains("broken.json: it is no OSV document"),
        "{run:?}"
    );
    assert_eq!(scan(&repo), (vec![FOUND.to_owned()], vec![]));

    let run = update(&repo, &["--from", folder]);
    assert!(
        run.out
            .starts_with("0 advisories new or changed, 2 unchanged"),
        "{run:?}"
    );
    let status = assay(&repo, &["advisories", "status", "--verify"]);
    assert!(
        status.out.contains("every byte as it was written"),
        "{status:?}"
    );
    let status = assay(&repo, &["advisories", "status", "--json"]);
    let status: Value = serde_json::from_str(&status.out).unwrap();
    assert_eq!(
        status["ecosystems"][0],
        json!({"name": "crates.io", "whole": true, "packages": 1, "advisories": 1})
    );

    // Damage is said, the rest is reviewed, and there is a way out.
    let database = status["database"].as_str().unwrap().to_owned();
    write(
        Path::new(&database),
        b"ASSAYADV and no more than this is here",
    );
    let (findings, notes) = scan(&repo);
    assert!(
        findings.is_empty() && notes[0].contains("cannot be used"),
        "{notes:?}"
    );
    assert_eq!(update(&repo, &["--from", folder]).code, 2);
    assert_eq!(update(&repo, &["--fresh", "--from", folder]).code, 0);
    assert_eq!(scan(&repo).0, [FOUND]);
}

#[test]
fn a_mirror_is_asked_only_for_what_changed() {
    let (repo, server) = (repo(), Server::start());
    let old = advisory("T-1", "crates.io", "bad", "1.0.0", "2026-01-01T00:00:00Z");
    let gone = advisory("T-0", "crates.io", "bad", "9.0.0", "2026-01-01T00:00:00Z");
    let list = |lines: &[&str]| lines.join("\n").into_bytes();
    server.put("/crates.io/all.zip", archive(&[old.clone(), gone.clone()]));
    server.put(
        "/crates.io/modified_id.csv",
        list(&["2026-01-01T00:00:00Z,T-1", "2026-01-01T00:00:00Z,T-0"]),
    );
    let arguments = ["--from", &server.url, "--ecosystem", "crates.io"];
    let run = update(&repo, &arguments);
    assert_eq!((run.code, run.err.as_str()), (0, ""), "{run:?}");
    assert_eq!(server.asked(), ["200 /crates.io/all.zip"]);
    assert_eq!(scan(&repo).0.len(), 1);

    update(&repo, &arguments);
    assert_eq!(server.asked(), ["200 /crates.io/modified_id.csv"]);

    let mut taken_back = gone;
    taken_back["withdrawn"] = "2026-02-02T00:00:00Z".into();
    taken_back["modified"] = "2026-02-02T00:00:00Z".into();
    let changed = advisory("T-1", "crates.io", "bad", "2.0.0", "2026-02-01T00:00:00Z");
    server.put("/crates.io/T-1.json", changed.to_string().into_bytes());
    server.put("/crates.io/T-0.json", taken_back.to_string().into_bytes());
    server.put(
        "/crates.io/modified_id.csv",
        list(&["2026-02-02T00:00:00Z,T-0", "2026-02-01T00:00:00Z,T-1"]),
    );
    let run = update(&repo, &arguments);
    assert!(
        run.out
            .starts_with("1 advisories new or changed, 0 unchanged, 1 taken back\n"),
        "{run:?}"
    );
    assert_eq!(
        server.asked(),
        [
            "200 /crates.io/modified_id.csv",
            "200 /crates.io/T-1.json",
            "200 /crates.io/T-0.json"
        ]
    );
    assert_eq!(scan(&repo).0, [FOUND]);

    // One ecosystem fails: the others are brought, and the exit code says it.
    let run = update(
        &repo,
        &[
            "--from",
            &server.url,
            "--ecosystem",
            "crates.io",
            "--ecosystem",
            "GitHub Actions",
        ],
    );
    assert_eq!(run.code, 2);
    assert!(
        run.err
            .contains("/GitHub%20Actions/all.zip: there is no such archive"),
        "{run:?}"
    );
    assert_eq!(scan(&repo).0, [FOUND]);
}

#[test]
fn an_archive_is_fetched_again_only_when_it_is_another_one() {
    let (repo, server) = (repo(), Server::start());
    let one = advisory("T-1", "crates.io", "bad", "2.0.0", "2026-01-01T00:00:00Z");
    server.put("/crates.io/all.zip", archive(&[one]));
    let arguments = ["--from", &server.url, "--ecosystem", "crates.io"];
    update(&repo, &arguments);
    update(&repo, &arguments);
    // Without a list of changes the archive's own version decides.
    assert_eq!(
        server.asked(),
        [
            "200 /crates.io/all.zip",
            "404 /crates.io/modified_id.csv",
            "304 /crates.io/all.zip"
        ]
    );
    assert_eq!(scan(&repo).0, [FOUND]);
    // What is in it no more goes.
    let other = advisory(
        "T-12",
        "crates.io",
        "elsewhere",
        "2.0.0",
        "2026-01-02T00:00:00Z",
    );
    server.put("/crates.io/all.zip", archive(&[other]));
    update(&repo, &arguments);
    assert!(scan(&repo).0.is_empty());
}

#[test]
fn the_query_api_is_asked_for_the_packages_of_the_tree() {
    let (repo, server) = (repo(), Server::start());
    server.state.lock().unwrap().advisories = vec![
        advisory("T-0", "crates.io", "bad", "1.0.0", "2026-01-01T00:00:00Z"),
        advisory("T-1", "crates.io", "bad", "2.0.0", "2026-01-01T00:00:00Z"),
        advisory(
            "T-9",
            "crates.io",
            "unused",
            "2.0.0",
            "2026-01-01T00:00:00Z",
        ),
    ];
    let run = update(&repo, &["--osv-api", &server.url]);
    assert_eq!(run.code, 0, "{run:?}");
    assert_eq!(
        server.asked(),
        [
            "200 /v1/querybatch",
            "200 /v1/querybatch",
            "200 /v1/vulns/T-0",
            "200 /v1/vulns/T-1"
        ]
    );
    assert_eq!(scan(&repo), (vec![FOUND.to_owned()], vec![]));
    update(&repo, &["--osv-api", &server.url]);
    assert_eq!(server.asked(), ["200 /v1/querybatch", "200 /v1/querybatch"]);
    // A package that was not asked for is not taken for one without advisories.
    write(
        &repo.root().join("Cargo.lock"),
        LOCK.replace("bad", "new").as_bytes(),
    );
    let run = assay(&repo, &["scan", "--verbose"]);
    assert!(
        run.out
            .contains("the advisory database has no answer about them (crates.io)"),
        "{run:?}"
    );
}

#[test]
fn without_a_network_the_database_stays_as_it_was() {
    let repo = repo();
    let folder = repo.outside().join("export");
    let one = advisory("T-1", "crates.io", "bad", "2.0.0", "2026-01-01T00:00:00Z");
    write(&folder.join("T-1.json"), one.to_string().as_bytes());
    update(&repo, &["--from", folder.to_str().unwrap()]);
    // A port on which nobody listens.
    let port = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let url = format!("http://127.0.0.1:{port}");
    for arguments in [["--from", &url], ["--osv-api", &url]] {
        let run = update(&repo, &arguments);
        assert_eq!(run.code, 2);
        assert!(
            run.err
                .contains("cannot be reached; on a machine without a network"),
            "{run:?}"
        );
    }
    assert_eq!(scan(&repo).0, [FOUND]);
}
