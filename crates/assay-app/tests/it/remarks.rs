use assay_app::Remarks;
use serde_json::{Value, json};

/// What `assay-finding` writes for its sample report.
const SAMPLE: &str = include_str!("../../../assay-finding/tests/golden/remarks.json");

#[test]
fn what_a_review_writes_is_read() {
    let remarks = Remarks::read(SAMPLE.as_bytes()).expect("it is the format");
    assert!(!remarks.passed);
    assert!(!remarks.complete);
    assert_eq!(remarks.remarks.len(), 4);
    let first = &remarks.remarks[0];
    assert_eq!(first.path.as_deref(), Some("app/users.py"));
    assert_eq!((first.start_line, first.end_line), (9, 9));
    let suggestion = remarks
        .remarks
        .iter()
        .find_map(|one| one.suggestion.as_ref());
    assert!(suggestion.is_some_and(|lines| lines.before != lines.after));
}

#[test]
fn what_makes_no_sense_is_refused() {
    let cases: &[(&str, Value, &str)] = &[
        (
            "/schema",
            json!("assay.remarks/2"),
            "schema `assay.remarks/2`",
        ),
        ("/passed", json!("yes"), "cannot be read"),
        (
            "/summary",
            json!("x".repeat(70_000)),
            "a summary of 70000 bytes",
        ),
        ("/remarks/0/fingerprint", json!(""), "no fingerprint"),
        ("/remarks/0/fingerprint", json!("--> x"), "no fingerprint"),
        (
            "/remarks/0/body",
            json!("x".repeat(61_000)),
            "a remark of 61000 bytes",
        ),
        ("/remarks/0/start_line", json!(0), "lines 0 to 9"),
        ("/remarks/0/end_line", json!(8), "lines 9 to 8"),
        ("/remarks/2/suggestion/end_line", json!(1), "lines 3 to 1"),
        ("/remarks/0/start_line", json!(-1), "cannot be read"),
    ];
    for (place, value, wanted) in cases {
        let mut json: Value = serde_json::from_str(SAMPLE).expect("it is JSON");
        *json.pointer_mut(place).expect("the place is there") = value.clone();
        let error = Remarks::read(json.to_string().as_bytes()).expect_err(place);
        assert!(error.to_string().contains(wanted), "{place}: {error}");
    }
    assert!(Remarks::read(&SAMPLE.as_bytes()[..500]).is_err());
    assert!(Remarks::read(b"").is_err());
}
