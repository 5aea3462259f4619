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

/// Of two equal findings the second has another number when the first is gone: it is
/// the same still, by its identity. A third one is not.
#[test]
fn what_has_another_number_by_now_is_rejected_still() {
    let mut findings = sample_report().findings;
    let at = findings
        .iter()
        .position(|finding| finding.suppressed.is_none())
        .unwrap();
    let one = findings.swap_remove(at);
    let mut both = vec![one.clone(), one.clone()];
    number_fingerprints(&mut both);
    let second = &both[1];
    let list = format!(
        r#"{{"findings": [{{"fingerprint": "{}", "rule": "{}", "identity": "{}", "path": "b.py", "reason": "ours"}}]}}"#,
        second.fingerprint,
        second.rule.as_str(),
        second.identity
    );
    let rejected = Rejected::from_json(list.as_bytes()).unwrap();
    for (count, silenced) in [(1, vec![true]), (2, vec![false, true])] {
        let mut found = vec![one.clone(); count];
        number_fingerprints(&mut found);
        assert!(rejected.apply(&mut found));
        let seen: Vec<bool> = found.iter().map(|one| one.suppressed.is_some()).collect();
        assert_eq!(seen, silenced);
    }
    // Another rule's finding of the same identity is another one.
    let other = list.replace(second.rule.as_str(), "other/rule");
    let rejected = Rejected::from_json(other.as_bytes()).unwrap();
    let mut found = vec![one];
    number_fingerprints(&mut found);
    assert!(!rejected.apply(&mut found));
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
