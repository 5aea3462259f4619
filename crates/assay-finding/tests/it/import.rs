//! Every format of other tools: what is read of it, what is left out, and what is
//! refused with a place and a way to mend it.

use assay_finding::import::{
    IMPORT_BYTES_MAX, IMPORT_FINDINGS_MAX, IMPORT_MESSAGE_CHARS_MAX, ImportFormat, ImportOptions,
    Imported, import,
};
use proptest::prelude::{ProptestConfig, any, prop_oneof, proptest};
use proptest::strategy::Strategy as _;

fn options() -> ImportOptions {
    ImportOptions {
        roots: vec!["/ci/work".to_owned()],
        tool: None,
    }
}

fn read(format: ImportFormat, text: &str) -> Imported {
    import(format, text.as_bytes(), &options()).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

/// Writes a finding as `tool rule severity category path:line:column-line:column [cwe] message`.
fn lines(imported: &Imported) -> Vec<String> {
    let place = |one: &assay_finding::import::OutsideFinding| match one.place {
        None => String::new(),
        Some(place) => {
            let column = |column: Option<u32>| column.map_or(String::new(), |at| format!(":{at}"));
            format!(
                ":{}{}-{}{}",
                place.line,
                column(place.column),
                place.end_line,
                column(place.end_column)
            )
        }
    };
    let findings = imported.findings.iter().map(|one| {
        format!(
            "{} {} {} {} {}{} {:?} {}",
            one.tool,
            one.rule.as_deref().unwrap_or("-"),
            one.severity,
            one.category.map_or("-", |category| category.as_str()),
            one.path,
            place(one),
            one.cwe,
            one.message.replace('\n', " | ")
        )
    });
    let notes = imported.notes.iter().map(|note| format!("note: {note}"));
    let problems = imported
        .problems
        .iter()
        .map(|one| format!("problem: {one}"));
    findings.chain(notes).chain(problems).collect()
}

#[track_caller]
fn check(format: ImportFormat, text: &str, expected: &[&str]) {
    assert_eq!(lines(&read(format, text)), expected, "{format}");
}

#[test]
fn sarif() {
    let text = r#"{
      "$schema": "https://json.schemastore.org/sarif-2.1.0.json", "version": "2.1.0",
      "runs": [{
        "tool": {"driver": {"name": "Semgrep OSS", "rules": [
          {"id": "py.sql", "shortDescription": {"text": "SQL from input"}, "helpUri": "https://example.org/sql",
           "defaultConfiguration": {"level": "error"},
           "properties": {"tags": ["CWE-89: SQL injection", "security"], "security-severity": "9.8"}},
          {"id": "py.style", "relationships": [{"target": {"id": "1004", "toolComponent": {"name": "CWE"}}}]}
        ]}},
        "originalUriBaseIds": {"SRC": {"uri": "file:///ci/work/src/"}, "OUT": {"uri": "file:///else/"}},
        "invocations": [{"executionSuccessful": true}],
        "results": [
          {"ruleId": "py.sql", "message": {"text": "Built from input"}, "locations": [{"physicalLocation": {
             "artifactLocation": {"uri": "app/a%20b.py"}, "region": {"startLine": 3, "startColumn": 5, "endLine": 3, "endColumn": 20}}}]},
          {"ruleIndex": 1, "level": "note", "message": {"text": "Odd"}, "baselineState": "unchanged", "locations": [{"physicalLocation": {
             "artifactLocation": {"uri": "b.py", "uriBaseId": "SRC"}, "region": {"startLine": 1}}}]},
          {"ruleId": "x", "message": {"text": "Root"}, "locations": [{"physicalLocation": {
             "artifactLocation": {"uri": "c.py", "uriBaseId": "OUT"}}}]},
          {"ruleId": "x", "kind": "pass", "message": {"text": "fine"}},
          {"ruleId": "x", "message": {"text": "quiet"}, "suppressions": [{"kind": "inSource"}], "locations": []},
          {"ruleId": "x", "message": {"text": "away"}, "locations": [{"physicalLocation": {"artifactLocation": {"uri": "file:///etc/passwd"}}}]},
          {"ruleId": "x", "message": {"text": "up"}, "locations": [{"physicalLocation": {"artifactLocation": {"uri": "%2e%2e/a"}}}]},
          {"ruleId": "x", "message": {"text": "nowhere"}}
        ]
      }, {
        "tool": {"driver": {"name": "other"}},
        "invocations": [{"executionSuccessful": false, "toolExecutionNotifications": [
          {"level": "error", "message": {"text": "could not parse a.py"}}, {"level": "warning", "message": {"text": "slow"}}]}]
      }]}"#;
    check(
        ImportFormat::Sarif,
        text,
        &[
            "Semgrep OSS py.sql critical security app/a b.py:3:5-3:20 [89] Built from input",
            "Semgrep OSS py.style low - src/b.py:1-1 [1004] Odd",
            "Semgrep OSS x medium - c.py [] Root",
            "note: 1 finding left out, outside of the repository (if it was elsewhere when the tool ran, say where), \
             the first of `file:///etc/passwd`",
            "note: 2 findings left out, at a path that is no path of a repository, the first of `%2e%2e/a`",
            "note: 1 finding left out, that the tool itself calls settled, the first of `x`",
            "problem: other: could not parse a.py",
        ],
    );
}

#[test]
fn reviewdog() {
    let text = r#"{"source": {"name": "shellcheck"}, "severity": "WARNING", "diagnostics": [
      {"message": "Quote this", "location": {"path": "/ci/work/a.sh", "range": {"start": {"line": 2, "column": 6}, "end": {"line": 2, "column": 9}}},
       "code": {"value": "SC2086", "url": "https://example.org/SC2086"}},
      {"message": "Bad", "severity": "ERROR", "source": {"name": "own"}, "location": {"path": "b.sh"}},
      {"message": "", "location": {"path": "b.sh"}}]}"#;
    check(
        ImportFormat::Rdjson,
        text,
        &[
            "shellcheck SC2086 medium - a.sh:2:6-2:9 [] Quote this",
            "own - high - b.sh [] Bad",
            "note: 1 finding left out, without a message, the first of `b.sh`",
        ],
    );
    let text = "{\"message\": \"One\", \"location\": {\"path\": \"a\", \"range\": {\"start\": {\"line\": 4}}}, \"severity\": 3}\n\n\
                {\"message\": \"Two\", \"location\": {\"path\": \"b\", \"range\": {\"start\": {\"line\": 9}, \"end\": {\"line\": 2}}}, \"code\": {\"value\": 12}}\n";
    check(
        ImportFormat::Rdjsonl,
        text,
        &[
            "rdjson - low - a:4-4 [] One",
            "rdjson 12 medium - b:9-9 [] Two",
        ],
    );
}

#[test]
fn checkstyle() {
    let text = r#"<?xml version="1.0" encoding="utf-8"?>
<checkstyle version="10.12">
  <file name="/ci/work/src/A.java">
    <error line="7" column="3" severity="error" message="&apos;x&apos; is a magic number &amp; more" source="com.puppycrawl.tools.checkstyle.checks.coding.MagicNumberCheck"/>
    <error line="0" severity="warning" message="No end of line" source="eslint.rules.eol-last"/>
    <error line="2" severity="ignore" message="hidden"/>
  </file>
  <file name="b.sh"><error line="5" severity="info" message="Quote" source="ShellCheck.SC2086"/></file>
</checkstyle>"#;
    check(
        ImportFormat::Checkstyle,
        text,
        &[
            "checkstyle MagicNumber medium - src/A.java:7:3-7 [] 'x' is a magic number & more",
            "eslint eol-last low - src/A.java [] No end of line",
            "ShellCheck SC2086 info - b.sh:5-5 [] Quote",
        ],
    );
}

#[test]
fn eslint() {
    let text = r#"[{"filePath": "/ci/work/web/a.ts", "messages": [
      {"ruleId": "no-eval", "severity": 2, "message": "eval can be harmful.", "line": 3, "column": 9, "endLine": 3, "endColumn": 13},
      {"ruleId": "security/detect-object-injection", "severity": 1, "message": "Sink", "line": 4, "column": 1},
      {"ruleId": null, "fatal": true, "severity": 2, "message": "Parsing error: Unexpected token", "line": 9, "column": 2},
      {"ruleId": null, "severity": 1, "message": "File ignored because of a matching ignore pattern."}
    ], "errorCount": 2, "warningCount": 2, "usedDeprecatedRules": []}]"#;
    check(
        ImportFormat::Eslint,
        text,
        &[
            "eslint no-eval medium - web/a.ts:3:9-3:13 [] eval can be harmful.",
            "eslint security/detect-object-injection low security web/a.ts:4:1-4 [] Sink",
            "eslint syntax-error high correctness web/a.ts:9:2-9 [] Parsing error: Unexpected token",
            "note: 1 finding left out, that the tool itself calls settled, the first of `/ci/work/web/a.ts`",
        ],
    );
}

#[test]
fn ruff() {
    let text = r#"[
      {"cell": null, "code": "S608", "filename": "/ci/work/a.py", "location": {"row": 2, "column": 5}, "end_location": {"row": 2, "column": 9},
       "message": "Possible SQL injection", "url": "https://example.org/s608", "fix": null, "noqa_row": 2},
      {"code": "F401", "filename": "a.py", "location": {"row": 1, "column": 8}, "end_location": {"row": 1, "column": 10}, "message": "`os` imported but unused"},
      {"code": null, "filename": "b.py", "location": {"row": 3, "column": 1}, "message": "SyntaxError: Expected an expression"}]"#;
    check(
        ImportFormat::Ruff,
        text,
        &[
            "ruff S608 medium security a.py:2:5-2:9 [] Possible SQL injection",
            "ruff F401 medium correctness a.py:1:8-1:10 [] `os` imported but unused",
            "ruff invalid-syntax high correctness b.py:3:1-3 [] SyntaxError: Expected an expression",
        ],
    );
}

#[test]
fn clippy() {
    let text = concat!(
        r#"{"reason":"compiler-artifact","package_id":"x"}"#,
        "\n",
        r#"{"reason":"compiler-message","message":{"message":"unneeded `return`","code":{"code":"clippy::needless_return","explanation":null},"level":"warning","spans":[{"file_name":"src/lib.rs","line_start":3,"line_end":3,"column_start":5,"column_end":13,"is_primary":true,"expansion":null}]}}"#,
        "\n",
        r#"{"reason":"compiler-message","message":{"message":"mismatched types","code":{"code":"E0308","explanation":"long"},"level":"error","spans":[{"file_name":"/registry/m.rs","line_start":1,"line_end":1,"column_start":1,"column_end":2,"is_primary":true,"expansion":{"span":{"file_name":"src/a.rs","line_start":8,"line_end":9,"column_start":1,"column_end":2,"is_primary":false,"expansion":null}}}]}}"#,
        "\n",
        r#"{"reason":"compiler-message","message":{"message":"aborting due to 1 previous error","code":null,"level":"error","spans":[]}}"#,
        "\n",
        r#"{"reason":"build-finished","success":false}"#,
        "\n"
    );
    check(
        ImportFormat::Clippy,
        text,
        &[
            "clippy needless_return low - src/lib.rs:3:5-3:13 [] unneeded `return`",
            "rustc E0308 high correctness src/a.rs:8:1-9:2 [] mismatched types",
        ],
    );
    check(
        ImportFormat::Clippy,
        r#"{"reason":"build-finished","success":false}"#,
        &["problem: cargo could not build what it was to look at"],
    );
}

#[test]
fn golangci() {
    let text = r#"{"Issues":[
      {"FromLinter":"staticcheck","Text":"SA4006: this value of `err` is never used","Severity":"","SourceLines":["x"],"Pos":{"Filename":"pkg/a.go","Offset":1,"Line":12,"Column":2},"LineRange":{"From":12,"To":13},"ExpectNoLint":false},
      {"FromLinter":"gosec","Text":"G401: Use of weak cryptographic primitive (CWE-328)","Severity":"medium","Pos":{"Filename":"pkg/b.go","Line":4,"Column":0}},
      {"FromLinter":"errcheck","Text":"Error return value of `f.Close` is not checked","Severity":"warning","Pos":{"Filename":"pkg/b.go","Line":9,"Column":3}}
    ],"Report":{"Linters":[{"Name":"errcheck"}]}}"#;
    let expected = [
        "golangci-lint staticcheck-SA4006 medium correctness pkg/a.go:12:2-13 [] this value of `err` is never used",
        "golangci-lint gosec-G401 medium security pkg/b.go:4-4 [328] Use of weak cryptographic primitive (CWE-328)",
        "golangci-lint errcheck low correctness pkg/b.go:9:3-9 [] Error return value of `f.Close` is not checked",
    ];
    check(ImportFormat::Golangci, text, &expected);
    let in_a_line = text.replace('\n', "");
    check(
        ImportFormat::Golangci,
        &format!("level=warning msg=\"slow\"\n{in_a_line}\n3 issues:\n* errcheck: 1\n"),
        &expected,
    );
    check(
        ImportFormat::Golangci,
        r#"{"Issues":null,"Report":{"Error":"typechecking error"}}"#,
        &["problem: golangci-lint: typechecking error"],
    );
}

#[test]
fn tsc() {
    check(
        ImportFormat::Tsc,
        "src/a (b).ts(12,5): error TS2322: Type 'string' is not assignable to type 'number'.\n  The types differ.\n\
         src/c.ts(1,1): warning TS6133: 'x' is declared.\nerror TS18003: No inputs were found.\n",
        &[
            "tsc TS2322 high correctness src/a (b).ts:12:5-12 [] Type 'string' is not assignable to type 'number'. | The types differ.",
            "tsc TS6133 medium correctness src/c.ts:1:1-1 [] 'x' is declared.",
            "problem: tsc: TS18003: No inputs were found.",
        ],
    );
    check(
        ImportFormat::Tsc,
        "\u{1b}[96msrc/a.ts\u{1b}[0m:\u{1b}[93m2\u{1b}[0m:\u{1b}[93m7\u{1b}[0m - \u{1b}[91merror\u{1b}[0m\u{1b}[90m TS2304: \u{1b}[0mCannot find name 'y'.\n\n\
         \u{1b}[7m2\u{1b}[0m const x = y;\n  ~\n\nFound 1 error in src/a.ts:2\n",
        &["tsc TS2304 high correctness src/a.ts:2:7-2 [] Cannot find name 'y'."],
    );
    check(ImportFormat::Tsc, "", &[]);
    check(
        ImportFormat::Tsc,
        "Found 0 errors. Watching for file changes.\n",
        &[],
    );
}

#[test]
fn typescript_check() {
    let in_words_of_the_compiler = r#"{"diagnostics": [
      {"file": {"fileName": "/ci/work/src/a.ts"}, "line": 3, "column": 5, "code": 2322, "category": 1,
       "messageText": {"messageText": "Type differs.", "next": [{"messageText": "Deeper."}]}},
      {"fileName": "src/b.ts", "start": {"line": 7, "offset": 2}, "end": {"line": 7, "offset": 4}, "code": 6133, "category": "suggestion", "text": "Unused."},
      {"code": 5023, "category": 1, "messageText": "Unknown compiler option."}]}"#;
    check(
        ImportFormat::TypescriptCheck,
        in_words_of_the_compiler,
        &[
            "tsc TS2322 high correctness src/a.ts:3:5-3 [] Type differs. | Deeper.",
            "tsc TS6133 info correctness src/b.ts:7:2-7:4 [] Unused.",
            "problem: TypeScript: TS5023: Unknown compiler option.",
        ],
    );
    let in_words_of_editors = r#"[{"uri": "file:///ci/work/src/a.ts", "diagnostics": [
      {"range": {"start": {"line": 0, "character": 4}, "end": {"line": 0, "character": 9}}, "severity": 2, "code": "6133", "source": "ts", "message": "'a' is never read."}]}]"#;
    check(
        ImportFormat::TypescriptCheck,
        in_words_of_editors,
        &["tsc TS6133 medium correctness src/a.ts:1:5-1:10 [] 'a' is never read."],
    );
}

fn comment(login: &str, path: &str, more: &str, body: &str) -> String {
    let body = serde_json::to_string(body).expect("JSON");
    format!(
        r#"{{"id": 1, "path": "{path}", "user": {{"login": "{login}"}}, "side": "RIGHT", "html_url": "https://example.org/c", {more}, "body": {body}}}"#
    )
}

#[test]
fn coderabbit() {
    let login = "coderabbitai[bot]";
    let body = "_⚠️ Potential issue_ | _🟠 Major_\n\n**The lock is not released.**\n\nWhen `read` fails, it stays.\n\n\
                <details>\n<summary>Fix</summary>\n\n```diff\n-a\n```\n</details>\n\n<!-- fingerprint -->";
    let all = [
        comment(login, "a.rs", r#""start_line": 3, "line": 6"#, body),
        comment(
            login,
            "a.rs",
            r#""line": 9"#,
            "_🧹 Nitpick_\n\nRename this.",
        ),
        comment(login, "b.rs", r#""line": null, "original_line": 4"#, body),
        comment(
            login,
            "c.rs",
            r#""line": 2, "in_reply_to_id": 1"#,
            "Thanks!",
        ),
        comment(
            login,
            "d.rs",
            r#""line": 2"#,
            "_⚠️ Potential issue_\n\n**Old.**\n\n✅ Addressed in commit abc",
        ),
        comment("somebody", "e.rs", r#""line": 2"#, "I think so too"),
        comment(
            login,
            "f.rs",
            r#""line": null, "subject_type": "file""#,
            "_🎯 Functional Correctness_ | _🟡 Minor_ | _⚡ Quick win_\n\nThe whole file.",
        ),
    ];
    let expected = [
        "coderabbit potential-issue high correctness a.rs:3-6 [] The lock is not released. | When `read` fails, it stays.",
        "coderabbit nitpick info maintainability a.rs:9-9 [] Rename this.",
        "coderabbit functional-correctness low correctness f.rs [] The whole file.",
        "note: 1 finding left out, that the tool itself calls settled, the first of `d.rs`",
        "note: 1 finding left out, on a line that is there no more, the first of `b.rs`",
        "note: 1 finding left out, of somebody else",
    ];
    let joined = all.join(",");
    check(ImportFormat::Coderabbit, &format!("[{joined}]"), &expected);
    check(
        ImportFormat::Coderabbit,
        &format!("[[{joined}], []]"),
        &expected,
    );
    let (first, rest) = (all[0].clone(), all[1..].join(","));
    check(
        ImportFormat::Coderabbit,
        &format!("[{first}][{rest}]"),
        &expected,
    );
}

#[test]
fn copilot() {
    let text = format!(
        "[{}, {}]",
        comment(
            "Copilot",
            "a.ts",
            r#""line": 3"#,
            "The index may be negative.\n```suggestion\nx\n```"
        ),
        comment(
            "copilot-pull-request-reviewer[bot]",
            "a.ts",
            r#""line": 5"#,
            "[nitpick] A better name helps."
        ),
    );
    check(
        ImportFormat::Copilot,
        &text,
        &[
            "copilot comment medium - a.ts:3-3 [] The index may be negative.",
            "copilot nitpick info - a.ts:5-5 [] A better name helps.",
        ],
    );
}

#[test]
fn what_is_not_the_format_is_refused_with_a_place_and_a_way_to_mend_it() {
    let error = |format: ImportFormat, bytes: &[u8]| {
        import(format, bytes, &options()).unwrap_err().to_string()
    };
    for format in ImportFormat::ALL.iter().copied() {
        let said = error(format, b"this is no output of a tool\n");
        assert!(
            said.starts_with(&format!("not {format} as it should be: ")),
            "{said}"
        );
        assert!(said.contains("; "), "{said}");
        let said = error(format, b"one line\n\xff");
        assert!(said.contains("line 2: a byte that is no UTF-8"), "{said}");
    }
    for (format, text, part) in [
        (
            ImportFormat::Sarif,
            "{\"runs\": [\n{\"tool\": 3}]}",
            "line 2, column ",
        ),
        (
            ImportFormat::Sarif,
            "{\"version\": \"1.0.0\", \"runs\": []}",
            "version `1.0.0` is not read",
        ),
        (
            ImportFormat::Rdjsonl,
            "\n\n{\"message\": }",
            "line 3, column ",
        ),
        (
            ImportFormat::Checkstyle,
            "<checkstyle>\n<file name=\"a\">",
            "line 2: it ends before its elements do",
        ),
        (
            ImportFormat::Checkstyle,
            "<results/>",
            "there is no element <checkstyle>",
        ),
        (ImportFormat::Eslint, "{}", "line 1: "),
        (
            ImportFormat::Clippy,
            "{\"reason\":\"x\"}\n    Finished dev",
            "line 2, column ",
        ),
        (ImportFormat::Golangci, "", "there is no document"),
        (ImportFormat::TypescriptCheck, "[1]", "entry 1 is no object"),
        (
            ImportFormat::TypescriptCheck,
            "{}",
            "there is no list of diagnostics",
        ),
        (ImportFormat::Copilot, "", "there is no list of comments"),
    ] {
        let said = error(format, text.as_bytes());
        assert!(said.contains(part), "{said}");
    }
    let deep = "[".repeat(100_000);
    for format in ImportFormat::ALL.iter().copied() {
        if format != ImportFormat::Tsc {
            error(format, deep.as_bytes());
        }
    }
}

#[test]
fn everything_has_a_limit() {
    let large = vec![b' '; IMPORT_BYTES_MAX + 1];
    let error = import(ImportFormat::Sarif, &large, &options()).unwrap_err();
    assert!(error.to_string().contains("at most"), "{error}");

    let text = "a.ts(1,1): error TS1: x\n".repeat(IMPORT_FINDINGS_MAX + 2);
    let imported = read(ImportFormat::Tsc, &text);
    assert_eq!(imported.findings.len(), IMPORT_FINDINGS_MAX);
    assert_eq!(
        imported.notes,
        ["2 findings left out, over the limit, the first of `a.ts`"]
    );

    let long = "x".repeat(IMPORT_MESSAGE_CHARS_MAX * 3);
    let imported = read(
        ImportFormat::Tsc,
        &format!("a.ts(1,1): error TS1: {long}\n"),
    );
    let chars = imported.findings[0].message.chars().count();
    assert_eq!(
        chars,
        IMPORT_MESSAGE_CHARS_MAX + 1,
        "and a mark that it was cut"
    );

    let text = r#"[{"filePath": "a", "messages": [{"ruleId": "r", "message": "m", "severity": 1, "line": 4294967296, "column": -3}]}]"#;
    let imported = read(ImportFormat::Eslint, text);
    assert_eq!(imported.findings[0].place, None, "a line that no file has");
}

/// Pieces of the formats in any order reach further than bytes by chance.
fn pieces() -> impl proptest::strategy::Strategy<Value = String> {
    let known = proptest::sample::select(vec![
        "{",
        "}",
        "[",
        "]",
        ",",
        ":",
        "\"",
        "\\",
        "\n",
        "null",
        "true",
        "-1",
        "0",
        "99999999999999999999",
        "1e999",
        "\"runs\":",
        "\"results\":",
        "\"tool\":",
        "{\"driver\":{\"name\":\"x\"}}",
        "\"diagnostics\":",
        "\"message\":",
        "\"location\":",
        "\"path\":",
        "\"filePath\":",
        "\"messages\":",
        "<checkstyle>",
        "<file name=\"",
        "<error line=\"",
        "\"/>",
        "</file>",
        "</checkstyle>",
        "&amp;",
        "&#x110000;",
        "<!--",
        "-->",
        "<details>",
        "</details>",
        "**",
        "```",
        "_a_ | _b_",
        "error TS",
        "a(1,2): error TS1: ",
        "): ",
        " - ",
        "\u{1b}[",
        "\u{1b}[1m",
        "é",
        "\u{feff}",
        "\u{202e}",
        "cwe-",
        "../",
        "%2e",
        "%",
        "file:",
        "file://",
        "C:\\",
        "\"reason\":\"compiler-message\"",
        "\"spans\":",
        "\"Issues\":",
        "\"Pos\":",
        "\"user\":{\"login\":\"copilot\"}",
        "\"body\":",
        "\"line\":",
    ]);
    let piece = prop_oneof![known.prop_map(str::to_owned), ".{0,8}"];
    proptest::collection::vec(piece, 0..40).prop_map(|parts| parts.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, ..ProptestConfig::default() })]

    #[test]
    fn no_bytes_make_a_reader_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        for format in ImportFormat::ALL {
            let _ = import(*format, &bytes, &options());
        }
    }

    #[test]
    fn no_text_makes_a_reader_panic(text in pieces()) {
        for format in ImportFormat::ALL {
            if let Ok(imported) = import(*format, text.as_bytes(), &options()) {
                for one in imported.findings {
                    let path = one.path.as_bytes();
                    assert!(!path.is_empty() && path[0] != b'/', "{:?}", one.path);
                    assert!(one.path.parts().all(|part| !matches!(part, b"" | b"." | b"..")));
                }
            }
        }
    }
}
