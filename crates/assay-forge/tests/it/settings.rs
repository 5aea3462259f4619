//! What is refused before anything is sent.

use std::sync::Arc;

use assay_forge::{Endpoint, GitHub, Identity, NoEtags, Policies, RuntimeSleeper, Secret, World};
use assay_testkit::{SeededRandomness, SettableClock};

fn check(base: &str, allow_plain: bool, tokens: &[&str], expected: Option<&str>) {
    let mut endpoint = Endpoint::new(base);
    endpoint.allow_plain = allow_plain;
    let world = World {
        clock: Arc::new(SettableClock::default()),
        randomness: Arc::new(SeededRandomness::new(1)),
        sleeper: Arc::new(RuntimeSleeper),
    };
    let identity = Identity::Tokens(tokens.iter().map(Secret::new).collect());
    let made = GitHub::new(
        &endpoint,
        identity,
        Policies::default(),
        world,
        Arc::new(NoEtags),
    );
    let error = made.err().map(|error| error.to_string());
    assert_eq!(error.as_deref(), expected, "{base}");
}

#[test]
fn a_base_that_is_no_forge_is_refused() {
    check("http://127.0.0.1:1", true, &["t"], None);
    check("http://127.0.0.1:1", true, &[], Some("there is no token"));
    let plain = "`http://127.0.0.1:1` does not begin with `https://`";
    check("http://127.0.0.1:1", false, &["t"], Some(plain));
    let file = "`file:///etc/passwd` does not begin with `https://`";
    check("file:///etc/passwd", true, &["t"], Some(file));
    check("github", true, &["t"], Some("`github` is no address"));
    let user = "`https://a:b@example.com` holds a name or a password; set a token instead";
    check("https://a:b@example.com", true, &["t"], Some(user));
    let query = "`https://example.com/?a` is no address to put paths behind";
    check("https://example.com/?a", true, &["t"], Some(query));
}
