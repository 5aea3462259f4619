//! What somebody sends who means no good, to `assay serve` as it runs; more of it
//! is in the tests of the crates that refuse it (docs/attacks.md).

use std::io::ErrorKind;
use std::net::TcpListener;

use assay_store::{DeliveryState, Page};
use serde_json::Value;

use crate::serve::{Platform, REPOSITORY};

/// Puts another address in the place of each that a payload names.
fn redirect(value: &mut Value, to: &str) {
    match value {
        Value::String(text) if text.contains("://") => *text = to.to_owned(),
        Value::Array(items) => items.iter_mut().for_each(|item| redirect(item, to)),
        Value::Object(members) => members.values_mut().for_each(|member| redirect(member, to)),
        _ => {}
    }
}

#[test]
fn addresses_of_a_payload_are_not_followed() {
    let platform = Platform::start(None);
    let trap = TcpListener::bind("127.0.0.1:0").unwrap();
    trap.set_nonblocking(true).unwrap();
    let address = format!("http://{}/x.git", trap.local_addr().unwrap());
    let body = platform.forge.pull_request_payload(REPOSITORY, 1, "opened");
    let mut payload: Value = serde_json::from_slice(&body).unwrap();
    for name in ["clone_url", "git_url", "ssh_url", "url", "html_url"] {
        payload["repository"][name] = address.as_str().into();
        payload["pull_request"]["head"]["repo"][name] = address.as_str().into();
    }
    redirect(&mut payload, &address);
    let body = payload.to_string().into_bytes();
    assert_eq!(platform.send("pull_request", "d-1", &body), 202);
    platform.wait("the review", |comments, _| comments.len() == 1);
    let asked = trap.accept().map(|(_, caller)| caller);
    assert_eq!(asked.unwrap_err().kind(), ErrorKind::WouldBlock);
}

#[test]
fn a_webhook_that_is_replayed_under_another_number_says_nothing_twice() {
    let platform = Platform::start(None);
    let body = platform.forge.pull_request_payload(REPOSITORY, 1, "opened");
    for number in ["d-1", "d-2", "d-3"] {
        assert_eq!(platform.send("pull_request", number, &body), 202);
    }
    platform.wait("the review", |comments, statuses| {
        !comments.is_empty() && !statuses.is_empty()
    });
    assert_eq!(platform.send("pull_request", "d-4", &body), 202);
    platform.wait("the end of all work", |_, _| {
        platform.ask(async |tx, scope| {
            let open = Some(DeliveryState::Accepted);
            let open = tx.delivery_list(scope, open, Page::first(10)).await;
            open.unwrap().is_empty()
        })
    });
    assert_eq!(platform.reviews().len(), 1);
    assert_eq!(platform.forge.comments(REPOSITORY, 1).len(), 1);
}

#[test]
fn names_of_repositories_that_lead_elsewhere_are_not_asked_for() {
    let platform = Platform::start(None);
    let body = platform.forge.pull_request_payload(REPOSITORY, 1, "opened");
    let names = [
        "../../etc",
        "acme/../admin",
        "acme/shop?x=",
        "acme/shop/..",
        "acme/%2e%2e",
    ];
    for (at, name) in names.iter().enumerate() {
        let mut payload: Value = serde_json::from_slice(&body).unwrap();
        payload["repository"]["full_name"] = (*name).into();
        let body = payload.to_string().into_bytes();
        assert_eq!(
            platform.send("pull_request", &format!("bad-{at}"), &body),
            202
        );
    }
    assert_eq!(platform.deliver("opened", "good"), 202);
    platform.wait("the review", |comments, _| comments.len() == 1);
    for exchange in platform.forge.exchanges() {
        let path = &exchange.path;
        let is_ours = path.starts_with(&format!("/repos/{REPOSITORY}/"));
        assert!(
            is_ours || ["/user", "/graphql"].contains(&path.as_str()),
            "{path}"
        );
    }
}
