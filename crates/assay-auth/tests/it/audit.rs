use assay_auth::{AuditEvent, AuditHash, AuditWalk, AuthError};
use serde_json::{Value, json};

fn event(action: &str, details: Value) -> AuditEvent {
    AuditEvent {
        at_ms: 1_767_225_600_000,
        organisation: None,
        actor: "system:test".to_owned(),
        action: action.to_owned(),
        target: "key:1".to_owned(),
        details,
    }
}

type Entry = (u64, AuditEvent, AuditHash);

fn chain() -> Vec<Entry> {
    let mut walk = AuditWalk::default();
    let mut entries = Vec::new();
    for (number, action) in (1..).zip(["key.create", "key.use", "key.revoke", "role.create"]) {
        let event = event(action, json!({"n": number}));
        let hash = event.hash(number, walk.hash()).unwrap();
        walk.step(number, &event, hash).unwrap();
        entries.push((number, event, hash));
    }
    entries
}

/// Returns the number of the entry at which the chain breaks.
fn broken_at(entries: &[Entry]) -> Option<u64> {
    let mut walk = AuditWalk::default();
    for (number, event, hash) in entries {
        match walk.step(*number, event, *hash) {
            Ok(()) => {}
            Err(AuthError::AuditChainBroken { number }) => return Some(number),
            Err(other) => panic!("{other}"),
        }
    }
    None
}

#[test]
fn whatever_is_changed_breaks_the_chain() {
    type Attack = fn(&mut Vec<Entry>);
    let attacks: [(&str, Attack, Option<u64>); 11] = [
        ("nothing", |_| {}, None),
        (
            "another actor",
            |all| all[1].1.actor = "user:x".to_owned(),
            Some(2),
        ),
        (
            "another action",
            |all| all[1].1.action = "key.uses".to_owned(),
            Some(2),
        ),
        ("another time", |all| all[0].1.at_ms += 1, Some(1)),
        (
            "other details",
            |all| all[2].1.details = json!({"n": 4}),
            Some(3),
        ),
        ("a removed entry", |all| drop(all.remove(1)), Some(3)),
        (
            "a removed entry, numbered again",
            |all| {
                all.remove(1);
                for (number, entry) in (1..).zip(all) {
                    entry.0 = number;
                }
            },
            Some(2),
        ),
        ("two entries swapped", |all| all.swap(1, 2), Some(3)),
        (
            "an entry twice",
            |all| all.insert(1, all[0].clone()),
            Some(1),
        ),
        ("another hash", |all| all[3].2 = AuditHash::START, Some(4)),
        (
            "a changed entry with a new hash",
            |all| {
                all[1].1.actor = "user:x".to_owned();
                all[1].2 = all[1].1.hash(2, all[0].2).unwrap();
            },
            Some(3),
        ),
    ];
    for (name, attack, expected) in attacks {
        let mut entries = chain();
        attack(&mut entries);
        assert_eq!(broken_at(&entries), expected, "{name}");
    }
}

#[test]
fn a_cut_end_shows_in_the_last_hash() {
    let entries = chain();
    let walk = |entries: &[Entry]| {
        let mut walk = AuditWalk::default();
        for (number, event, hash) in entries {
            walk.step(*number, event, *hash).unwrap();
        }
        (walk.number(), walk.hash())
    };
    let (number, hash) = walk(&entries);
    assert_eq!((number, hash), (4, entries[3].2));
    assert_ne!(walk(&entries[..3]).1, hash);
    let mut resumed = AuditWalk::after(3, entries[2].2);
    let (number, event, hash) = &entries[3];
    assert_eq!(resumed.step(*number, event, *hash), Ok(()));
    assert_eq!(AuditHash::parse(&hash.to_string()), Ok(*hash));
}

#[test]
fn an_event_has_one_text() {
    let details: Value =
        serde_json::from_str(r#"{"b":[1,{"z":null,"a":"é\n"}],"a":true,"A":-1}"#).unwrap();
    let text = event("role.create", details).canonical().unwrap();
    let expected = r#"{"action":"role.create","actor":"system:test","at_ms":1767225600000,"details":{"A":-1,"a":true,"b":[1,{"a":"é\n","z":null}]},"organisation":null,"target":"key:1"}"#;
    assert_eq!(text, expected);
    let mut deep = json!(1);
    for _ in 0..40 {
        deep = json!([deep]);
    }
    for unfit in [json!(0.5), json!({"a": [1e3]}), deep] {
        assert_eq!(
            event("x", unfit).canonical(),
            Err(AuthError::AuditDetailsUnfit)
        );
    }
}
