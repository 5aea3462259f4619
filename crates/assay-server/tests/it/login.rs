//! Log-ins that somebody else vouches for, with a provider that enforces its rules:
//! who comes in, who does not, and what attackers try on the way.

use std::sync::Arc;

use assay_app::Admission;
use assay_auth::FieldKeys;
use assay_testkit::http::{Answer, Request};
use assay_testkit::identity::{FakePerson, FakeProvider, Spoiled};
use assay_testkit::on_both_engines;
use assay_testkit::server::TestServer;
use assay_testkit::store::TestStore;
use serde_json::{Value, json};

on_both_engines!(
    people_of_a_named_domain_come_in,
    people_of_a_named_organisation_of_github_come_in,
    spoiled_identities_are_refused,
    what_was_not_begun_here_is_refused,
    browsers_are_sent_to_pages_of_this_server_only,
    the_first_person_looks_after_the_platform,
    invited_people_are_who_they_were_invited_as,
    keys_of_a_provider_may_change,
    who_was_put_out_stays_out,
);

const CLIENT: (&str, &str) = ("assay client", "a secret & more");
const PUBLIC: &str = "https://assay.test";

/// A server with a provider, under two names: of OpenID Connect and as GitHub.
struct World {
    server: TestServer,
    provider: FakeProvider,
}

impl World {
    async fn start(test: &TestStore, admission: Admission) -> Self {
        let provider = FakeProvider::start(Arc::clone(&test.clock) as _, CLIENT);
        let named = |named| provider.login_provider(named, PUBLIC, admission.clone());
        let providers = vec![named(("issuer", true)), named(("github", false))];
        let server = TestServer::start_with(test.store.clone(), |options, http, _| {
            options.login_providers = providers;
            options.field_keys = Some(field_keys());
            http.public_url = Some(PUBLIC.to_owned());
        })
        .await;
        for (id, login, domain, is_verified) in [
            (1, "Ada", "acme.example", true),
            (2, "bob", "acme.example", false),
            (3, "eve", "evil.example", true),
            (4, "ada", "acme.example", true),
        ] {
            provider.person(FakePerson {
                id,
                login: login.to_owned(),
                email: format!("{}@{domain}", login.to_lowercase()),
                is_verified,
                organisations: vec![format!("org-{domain}")],
            });
        }
        Self { server, provider }
    }

    /// Goes to a place that begins a log-in.
    async fn begin(&self, path: &str) -> Away {
        let answer = Request::get(path).send(self.server.address).await;
        assert_eq!(answer.status, 303, "{}", answer.text());
        Away {
            cookie: cookie(&answer, "__Host-assay-login"),
            address: answer.header("location").unwrap().to_owned(),
        }
    }

    /// Logs in at the provider as somebody, and returns where it sends the browser.
    async fn vouch(&self, away: &Away, person: i64) -> String {
        let path = away.address.strip_prefix(&self.provider.base()).unwrap();
        let request = Request::get(&format!("{path}&person={person}"));
        let answer = request.send(self.provider.address()).await;
        assert_eq!(answer.status, 302, "{}", answer.text());
        let back = answer.header("location").unwrap();
        back.strip_prefix(PUBLIC).unwrap().to_owned()
    }

    async fn back(&self, path: &str, cookie: &str) -> Answer {
        let request = Request::get(path).header("cookie", cookie);
        request.send(self.server.address).await
    }

    async fn log_in(&self, provider: &str, person: i64) -> Answer {
        let away = self.begin(&format!("/auth/login/{provider}")).await;
        let back = self.vouch(&away, person).await;
        self.back(&back, &away.cookie).await
    }

    async fn profile(&self, answer: &Answer) -> Value {
        assert_eq!(answer.status, 303, "{}", answer.text());
        let session = cookie(answer, "__Host-assay-session");
        let profile = self.back("/api/v1/user/profile", &session).await;
        assert_eq!(profile.status, 200, "{}", profile.text());
        profile.json()
    }

    async fn admin(&self, method: &str, path: &str, body: Option<Value>, status: u16) -> Value {
        let request = Request::new(method, path).bearer(&self.server.admin);
        let request = match &body {
            Some(body) => request.json(body),
            None => request,
        };
        let answer = request.send(self.server.address).await;
        assert_eq!(answer.status, status, "{method} {path}: {}", answer.text());
        match answer.body.is_empty() {
            true => Value::Null,
            false => answer.json(),
        }
    }
}

struct Away {
    cookie: String,
    address: String,
}

fn field_keys() -> FieldKeys {
    let name = assay_auth::KeyName::parse("f1").unwrap();
    FieldKeys::new([(name, vec![9_u8; 32].into())]).unwrap()
}

/// Returns a cookie that an answer sets, as a browser sends it.
fn cookie(answer: &Answer, name: &str) -> String {
    let set = answer.headers.iter();
    let mut set = set.filter(|(key, value)| key == "set-cookie" && value.starts_with(name));
    let (_, text) = set
        .next()
        .unwrap_or_else(|| panic!("no {name}: {}", answer.text()));
    for part in ["HttpOnly", "Secure", "SameSite=Lax", "Path=/"] {
        assert!(text.contains(part), "{text}");
    }
    text.split(';').next().unwrap().to_owned()
}

fn domain(name: &str) -> Admission {
    Admission {
        domains: vec![name.to_owned()],
        ..Admission::default()
    }
}

async fn people_of_a_named_domain_come_in(test: TestStore) {
    let world = World::start(&test, domain("acme.example")).await;
    let list = Request::get("/api/v1/auth/providers")
        .send(world.server.address)
        .await;
    assert_eq!(list.json()["items"][0]["path"], "/auth/login/issuer");
    let away = world
        .begin("/auth/login/issuer?return=/reviews?state%3Ddone")
        .await;
    for part in [
        "code_challenge_method=S256",
        "scope=openid",
        "nonce=",
        "state=",
    ] {
        assert!(away.address.contains(part), "{}", away.address);
    }
    let back = world.vouch(&away, 1).await;
    let answer = world.back(&back, &away.cookie).await;
    assert_eq!(answer.header("location"), Some("/reviews?state=done"));
    let profile = world.profile(&answer).await;
    assert_eq!(profile["login"], "ada");
    let developer = assay_auth::BuiltInRole::Developer.permissions();
    assert_eq!(profile["permissions"], json!(developer.names()));
    // The same person is the same person, whatever they are called by now.
    let again = world.log_in("issuer", 1).await;
    assert_eq!(world.profile(&again).await["actor"], profile["actor"]);
    // Another with the same name is another.
    let other = world.log_in("issuer", 4).await;
    assert_eq!(world.profile(&other).await["login"], "ada-2");
    for (person, why) in [(2, "nobody checked the address"), (3, "another domain")] {
        let answer = world.log_in("issuer", person).await;
        assert_eq!(answer.status, 401, "{why}");
        assert_eq!(answer.header("set-cookie"), None, "{why}");
    }
    let away = world.begin("/auth/login/issuer").await;
    let back = world.vouch(&away, 99).await;
    assert_eq!(
        world.back(&back, &away.cookie).await.status,
        401,
        "who says no"
    );
    let users = world.admin("GET", "/api/v1/users", None, 200).await;
    assert!(!users.to_string().contains("acme.example"));
    let system = assay_auth::Scope::system("test");
    let mut tx = world.server.app.store().read().await.unwrap();
    let ada = tx.user_find(&system, "ada").await.unwrap();
    let sealed = String::from_utf8(ada.email_sealed.unwrap()).unwrap();
    assert!(sealed.starts_with("v1.f1.") && !sealed.contains("acme"));
    let log = tx.audit_list(&system, 0, 100).await.unwrap();
    let failed = log.iter().filter(|one| one.event.action == "login.fail");
    assert_eq!(failed.count(), 3);
    drop(tx);
    world.server.stop().await;
}

async fn people_of_a_named_organisation_of_github_come_in(test: TestStore) {
    let admission = Admission {
        organisations: vec!["Org-ACME.example".to_owned()],
        role: "team-lead".to_owned(),
        ..Admission::default()
    };
    let world = World::start(&test, admission).await;
    let answer = world.log_in("github", 2).await;
    let profile = world.profile(&answer).await;
    assert_eq!(profile["login"], "bob");
    assert_eq!(world.log_in("github", 3).await.status, 401);
    // A code is shown with its verifier, and is good once.
    let away = world.begin("/auth/login/github").await;
    let back = world.vouch(&away, 2).await;
    let other = world.begin("/auth/login/github").await;
    let state = |address: &str| {
        let (_, rest) = address.split_once("state=").unwrap();
        rest.split('&').next().unwrap().to_owned()
    };
    let injected = back.replace(&state(&back), &state(&other.address));
    let answer = world.back(&injected, &other.cookie).await;
    assert_eq!(answer.status, 401, "another's code has another verifier");
    // An issuer says nothing of organisations: nobody comes in by them there.
    assert_eq!(world.log_in("issuer", 1).await.status, 401);
    world.server.stop().await;
}

async fn spoiled_identities_are_refused(test: TestStore) {
    let world = World::start(&test, domain("acme.example")).await;
    for spoiled in Spoiled::ALL {
        // An address may not try more often.
        test.clock.advance(60_000);
        world.provider.spoil(Some(spoiled));
        let answer = world.log_in("issuer", 1).await;
        assert_eq!(answer.status, 401, "{spoiled:?}: {}", answer.text());
        assert_eq!(answer.header("set-cookie"), None, "{spoiled:?}");
    }
    test.clock.advance(60_000);
    world.provider.spoil(None);
    assert_eq!(world.log_in("issuer", 1).await.status, 303);
    world.server.stop().await;
}

async fn what_was_not_begun_here_is_refused(test: TestStore) {
    let world = World::start(&test, domain("acme.example")).await;
    let away = world.begin("/auth/login/issuer").await;
    let victim = world.begin("/auth/login/issuer").await;
    let back = world.vouch(&away, 1).await;
    let (_, query) = back.split_once('?').unwrap();
    let with = |from: &str, to: &str| {
        let pairs = query.split('&').map(|pair| match pair.split_once('=') {
            Some((name, _)) if name == from => to.to_owned(),
            _ => pair.to_owned(),
        });
        let pairs: Vec<_> = pairs.filter(|pair| !pair.is_empty()).collect();
        format!("/auth/callback/issuer?{}", pairs.join("&"))
    };
    let other_state = format!("state={}", "A".repeat(43));
    for (name, path, cookie, status) in [
        ("another browser", back.clone(), &victim.cookie, 401),
        // What was shown once is worth nothing again, even in the right browser.
        ("after that", back.clone(), &away.cookie, 401),
        (
            "another state",
            with("state", &other_state),
            &away.cookie,
            401,
        ),
        ("no state", with("state", ""), &away.cookie, 401),
        (
            "a malformed state",
            with("state", "state=x"),
            &away.cookie,
            401,
        ),
    ] {
        let answer = world.back(&path, cookie).await;
        assert_eq!(answer.status, status, "{name}: {}", answer.text());
    }
    test.clock.advance(60_000);
    for (name, change, cookie) in [
        ("no cookie", None, Some("a=b")),
        (
            "another issuer",
            Some(("iss", "iss=https://evil.example")),
            None,
        ),
        ("no issuer", Some(("iss", "")), None),
        ("no code", Some(("code", "")), None),
        ("another code", Some(("code", "code=guessed")), None),
    ] {
        let away = world.begin("/auth/login/issuer").await;
        let back = world.vouch(&away, 1).await;
        let (_, query) = back.split_once('?').unwrap();
        let query = query
            .split('&')
            .filter_map(|pair| match (change, pair.split_once('=')) {
                (Some((from, to)), Some((name, _))) if name == from => {
                    Some(to).filter(|to| !to.is_empty())
                }
                _ => Some(pair),
            });
        let query: Vec<_> = query.collect();
        let path = format!("/auth/callback/issuer?{}", query.join("&"));
        let cookie = cookie.unwrap_or(&away.cookie);
        let answer = world.back(&path, cookie).await;
        assert_eq!(answer.status, 401, "{name}: {}", answer.text());
    }
    // At another provider's address the attempt is not one of that provider.
    test.clock.advance(60_000);
    let away = world.begin("/auth/login/issuer").await;
    let back = world.vouch(&away, 1).await;
    let swapped = back.replace("/callback/issuer", "/callback/github");
    assert_eq!(world.back(&swapped, &away.cookie).await.status, 401);
    // Later than an attempt is good for.
    let away = world.begin("/auth/login/issuer").await;
    test.clock.advance(10 * 60_000);
    let back = world.vouch(&away, 1).await;
    assert_eq!(world.back(&back, &away.cookie).await.status, 401);
    assert_eq!(world.log_in("issuer", 1).await.status, 303);
    world.server.stop().await;
}

async fn browsers_are_sent_to_pages_of_this_server_only(test: TestStore) {
    let world = World::start(&test, domain("acme.example")).await;
    for path in [
        "https://evil.example",
        "//evil.example",
        "/%5Cevil.example",
        "/%0d%0aset-cookie:%20a=b",
        "javascript:alert(1)",
        "",
    ] {
        let request = Request::get(&format!("/auth/login/issuer?return={path}"));
        let answer = request.send(world.server.address).await;
        assert_eq!(answer.status, 400, "{path}: {}", answer.text());
    }
    let nobody = Request::get("/auth/login/nobody")
        .send(world.server.address)
        .await;
    assert_eq!(nobody.status, 404);
    world.server.stop().await;
}

async fn the_first_person_looks_after_the_platform(test: TestStore) {
    let admission = Admission {
        first_is_admin: true,
        ..Admission::default()
    };
    let world = World::start(&test, admission).await;
    let first = world.log_in("github", 3).await;
    let profile = world.profile(&first).await;
    let all = assay_auth::PermissionSet::ALL.names();
    assert_eq!(profile["permissions"], json!(all));
    assert_eq!(
        world.log_in("github", 1).await.status,
        401,
        "they are not first"
    );
    world.server.stop().await;
}

async fn invited_people_are_who_they_were_invited_as(test: TestStore) {
    let world = World::start(&test, Admission::default()).await;
    let wish = json!({"login": "grace", "display_name": "Grace", "role": "team-lead"});
    let made = world.admin("POST", "/api/v1/users", Some(wish), 201).await;
    let user = format!("/api/v1/users/{}", made["id"].as_str().unwrap());
    let invite = format!("{user}/invitation");
    let old = world.admin("POST", &invite, None, 201).await;
    let new = world.admin("POST", &invite, None, 201).await;
    let path = |invitation: &Value| invitation["paths"][0].as_str().unwrap().to_owned();
    let replaced = Request::get(&path(&old)).send(world.server.address).await;
    assert_eq!(replaced.status, 401, "a new one takes its place");
    let away = world.begin(&path(&new)).await;
    let back = world.vouch(&away, 3).await;
    let answer = world.back(&back, &away.cookie).await;
    let profile = world.profile(&answer).await;
    assert_eq!(profile["login"], "grace");
    let used = Request::get(&path(&new)).send(world.server.address).await;
    assert_eq!(used.status, 401, "it is good for one");
    world.admin("POST", &invite, None, 400).await;
    assert_eq!(world.log_in("issuer", 3).await.status, 303);
    // By then they may say themselves who else knows them.
    let session = cookie(&answer, "__Host-assay-session");
    let page = world.back("/api/v1/auth/session", &session).await.json();
    let link = Request::new("POST", "/api/v1/auth/link/github").header("cookie", &session);
    let strange = link.clone().send(world.server.address).await;
    assert_eq!(strange.status, 403, "a page of others");
    let link = link.header("origin", PUBLIC);
    let link = link.header("x-csrf-token", page["csrf_token"].as_str().unwrap());
    let link = link.send(world.server.address).await;
    let away = Away {
        cookie: cookie(&link, "__Host-assay-login"),
        address: link.json()["address"].as_str().unwrap().to_owned(),
    };
    let back = world.vouch(&away, 2).await;
    let linked = world.back(&back, &away.cookie).await;
    assert_eq!(world.profile(&linked).await["login"], "grace");
    let again = world.log_in("github", 2).await;
    assert_eq!(world.profile(&again).await["login"], "grace");
    world.server.stop().await;
}

async fn keys_of_a_provider_may_change(test: TestStore) {
    let world = World::start(&test, domain("acme.example")).await;
    assert_eq!(world.log_in("issuer", 1).await.status, 303);
    world.provider.rotate();
    test.clock.advance(61_000);
    assert_eq!(
        world.log_in("issuer", 1).await.status,
        303,
        "a key on a curve"
    );
    let asked = world.provider.seen();
    let asked = asked.iter().filter(|one| one.path == "/keys").count();
    assert_eq!(asked, 2, "keys are kept until one is unknown");
    // Forged names of keys do not have the provider asked each time.
    world.provider.rotate();
    for _ in 0..3 {
        assert_eq!(world.log_in("issuer", 1).await.status, 401);
    }
    let asked = world.provider.seen();
    assert_eq!(asked.iter().filter(|one| one.path == "/keys").count(), 2);
    world.server.stop().await;
}

async fn who_was_put_out_stays_out(test: TestStore) {
    let world = World::start(&test, domain("acme.example")).await;
    let answer = world.log_in("issuer", 1).await;
    let profile = world.profile(&answer).await;
    let session = cookie(&answer, "__Host-assay-session");
    let id = profile["actor"]
        .as_str()
        .unwrap()
        .strip_prefix("user:")
        .unwrap();
    let path = format!("/api/v1/users/{id}");
    let ended = world
        .admin("DELETE", &format!("{path}/sessions"), None, 200)
        .await;
    assert_eq!(ended["ended"], 1);
    assert_eq!(world.back("/api/v1/reviews", &session).await.status, 401);
    let session = cookie(&world.log_in("issuer", 1).await, "__Host-assay-session");
    assert_eq!(world.back("/api/v1/reviews", &session).await.status, 200);
    world.admin("DELETE", &path, None, 204).await;
    assert_eq!(world.back("/api/v1/reviews", &session).await.status, 404);
    assert_eq!(world.log_in("issuer", 1).await.status, 401);
    world.server.stop().await;
}
