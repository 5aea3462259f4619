use assay_finding::{Rejected, SuppressedBy, number_fingerprints};

use crate::sample::sample_report;

#[test]
fn what_was_rejected_is_silenced_with_its_reason() {
    let mut findings = sample_report().findings;
    number_fingerprints(&mut findings);
    let at = findings
        .iter()
        .position(|finding| finding.suppressed.is_none())
        .unwrap();
    let fingerprint = findings[at].fingerprint;
    let list = format!(r#"{{"findings": [{{"fingerprint": "{fingerprint}", "reason": "ours"}}]}}"#);
    let rejected = Rejected::from_json(list.as_bytes()).unwrap();
    let before = findings.iter().filter(|one| one.counts()).count();
    assert!(rejected.apply(&mut findings));
    let silenced = findings[at].suppressed.as_ref().unwrap();
    assert_eq!(silenced.by, SuppressedBy::Feedback);
    assert_eq!(silenced.reason.as_deref(), Some("ours"));
    assert_eq!(
        findings.iter().filter(|one| one.counts()).count(),
        before - 1
    );
    assert!(!rejected.apply(&mut findings), "it is silenced once");
    assert!(!Rejected::default().apply(&mut findings));
}

#[test]
fn what_is_no_list_is_refused() {
    for text in [
        "",
        "[]",
        r#"{"findings": [{"fingerprint": "00"}]}"#,
        r#"{"findings": [{"fingerprint": "zz000000000000000000000000000000"}]}"#,
        r#"{"findings": [], "more": 1}"#,
    ] {
        assert!(Rejected::from_json(text.as_bytes()).is_err(), "{text}");
    }
}
