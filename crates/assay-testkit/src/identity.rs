//! A fake of those who vouch for people: an issuer of OpenID Connect and GitHub's
//! log-in, over HTTP on this machine. It keeps state and enforces the rules that the
//! real ones enforce: clients, addresses to the letter, PKCE, codes that are good once
//! and not for long. What it signs can be spoiled as attackers would.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use assay_app::{Admission, LoginProvider, ProviderKind};
use assay_auth::{KeyName, SigningKey};
use assay_forge::{Endpoint, IdentityClient};
use assay_source::Clock;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use rsa::sha2::{Digest as _, Sha256};
use secrecy::{ExposeSecret as _, SecretSlice};
use serde_json::{Value, json};

use crate::forge::server::{Answers, Exchange, Reply, Server, decode, held};
use crate::pem::{curve_pem, rsa_pem};

/// So long is a code good.
const CODE_MS: i64 = 60_000;
const TOKEN_S: i64 = 3_600;

/// Somebody whom the provider knows.
#[derive(Clone, Debug)]
pub struct FakePerson {
    /// Their number, which never changes.
    pub id: i64,
    /// Their name there.
    pub login: String,
    /// Their address.
    pub email: String,
    /// Whether that was checked.
    pub is_verified: bool,
    /// The organisations that they are in.
    pub organisations: Vec<String>,
}

/// How an identity token is spoiled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spoiled {
    /// Its algorithm is `none`, and nobody signed it.
    Unsigned,
    /// It is signed by HMAC with the public key as the secret.
    Confused,
    /// It is signed by another key of the same name.
    OtherKey,
    /// It is for somebody else.
    Audience,
    /// It is for several, of whom another asked.
    Party,
    /// Somebody else made it.
    Issuer,
    /// It was made for another attempt.
    Nonce,
    /// It says nothing of the attempt.
    NoNonce,
    /// It is over.
    Expired,
    /// It was made long ago.
    Old,
    /// It is not good yet.
    Early,
    /// It is about nobody.
    Nobody,
}

impl Spoiled {
    /// All of them.
    pub const ALL: [Self; 12] = [
        Self::Unsigned,
        Self::Confused,
        Self::OtherKey,
        Self::Audience,
        Self::Party,
        Self::Issuer,
        Self::Nonce,
        Self::NoNonce,
        Self::Expired,
        Self::Old,
        Self::Early,
        Self::Nobody,
    ];
}

#[derive(Clone)]
struct Code {
    person: i64,
    redirect: String,
    challenge: String,
    nonce: Option<String>,
    until_ms: i64,
}

struct State {
    base: String,
    client: (String, String),
    redirects: Vec<String>,
    people: BTreeMap<i64, FakePerson>,
    codes: BTreeMap<String, Code>,
    tokens: BTreeMap<String, i64>,
    key: SigningKey,
    keys: Vec<Value>,
    made: u64,
    spoiled: Option<Spoiled>,
}

struct Provider {
    clock: Arc<dyn Clock>,
    state: Arc<Mutex<State>>,
}

/// The provider; it serves until it is dropped.
pub struct FakeProvider {
    server: Server,
    state: Arc<Mutex<State>>,
}

impl FakeProvider {
    /// Starts it with one client.
    ///
    /// # Panics
    /// When the machine has no free port.
    pub fn start(clock: Arc<dyn Clock>, client: (&str, &str)) -> Self {
        let key = named_key("k0", rsa_pem());
        let state = Arc::new(Mutex::new(State {
            base: String::new(),
            client: (client.0.to_owned(), client.1.to_owned()),
            redirects: Vec::new(),
            people: BTreeMap::new(),
            codes: BTreeMap::new(),
            tokens: BTreeMap::new(),
            keys: key.to_public_jwk().into_iter().collect(),
            key,
            made: 0,
            spoiled: None,
        }));
        let answers = Provider {
            clock,
            state: Arc::clone(&state),
        };
        let server = Server::start(Box::new(answers));
        held(&state).base = format!("http://{}", server.address());
        Self { server, state }
    }

    /// Returns its address, which is its name as an issuer as well.
    pub fn base(&self) -> String {
        held(&self.state).base.clone()
    }

    /// Returns where it listens.
    pub fn address(&self) -> std::net::SocketAddr {
        self.server.address()
    }

    /// Returns it as a server knows it that people reach at an address: as an issuer of
    /// OpenID Connect, or as GitHub.
    ///
    /// # Panics
    /// Never: its address is one.
    pub fn login_provider(
        &self,
        (name, is_openid): (&str, bool),
        public_url: &str,
        admission: Admission,
    ) -> LoginProvider {
        let base = self.base();
        let endpoint = Endpoint {
            allow_plain: true,
            ..Endpoint::new(base.clone())
        };
        let client = IdentityClient::new(&endpoint).expect("an address");
        let kind = match is_openid {
            true => ProviderKind::OpenId { issuer: base },
            false => ProviderKind::GitHub {
                api: format!("{base}/api"),
                web: base,
            },
        };
        let mut state = held(&self.state);
        let callback = format!("{public_url}/auth/callback/{name}");
        state.redirects.push(callback);
        let (id, secret) = state.client.clone();
        let known = (id, secret.into());
        LoginProvider::new(name, kind, known, public_url, admission, client)
    }

    /// Lets somebody be known, or changes them.
    pub fn person(&self, person: FakePerson) {
        held(&self.state).people.insert(person.id, person);
    }

    /// Spoils the identity tokens from now on.
    pub fn spoil(&self, spoiled: Option<Spoiled>) {
        held(&self.state).spoiled = spoiled;
    }

    /// Signs with a new key on a curve from now on; the old one is gone.
    ///
    /// # Panics
    /// Never: the key was just made.
    pub fn rotate(&self) {
        let mut state = held(&self.state);
        state.made += 1;
        let name = format!("k{}", state.made);
        state.key = named_key(&name, curve_pem());
        state.keys = state.key.to_public_jwk().into_iter().collect();
    }

    /// Returns what was asked.
    pub fn seen(&self) -> Vec<Exchange> {
        self.server.seen()
    }
}

fn named_key(name: &str, pem: String) -> SigningKey {
    let name = KeyName::parse(name).expect("a name");
    SigningKey::private_pem(name, &pem.into()).expect("a key")
}

impl Answers for Provider {
    fn answer(&self, exchange: &Exchange, _: Option<&Option<String>>) -> Reply {
        let now_ms = self.clock.now_ms();
        let mut state = held(&self.state);
        match (exchange.method.as_str(), exchange.path.as_str()) {
            ("GET", "/.well-known/openid-configuration") => state.discovery(),
            ("GET", "/keys") => Reply::json(200, &json!({ "keys": state.keys })),
            ("GET", "/authorize") => state.authorize(exchange, true, now_ms),
            ("GET", "/login/oauth/authorize") => state.authorize(exchange, false, now_ms),
            ("POST", "/token") => match state.redeem(exchange, now_ms) {
                Ok(code) => state.identity_token(&code, now_ms),
                Err(error) => Reply::json(400, &json!({ "error": error })),
            },
            ("POST", "/login/oauth/access_token") => match state.redeem(exchange, now_ms) {
                Ok(code) => state.access_token(&code),
                // GitHub refuses under status 200.
                Err(_) => Reply::json(200, &json!({ "error": "bad_verification_code" })),
            },
            ("GET", path) if path.starts_with("/api/") => state.api(exchange),
            _ => Reply::json(404, &json!({ "error": "not_found" })),
        }
    }

    fn now_ms(&self) -> i64 {
        self.clock.now_ms()
    }
}

impl State {
    fn discovery(&self) -> Reply {
        let base = &self.base;
        let said = json!({
            "issuer": base,
            "authorization_endpoint": format!("{base}/authorize"),
            "token_endpoint": format!("{base}/token"),
            "jwks_uri": format!("{base}/keys"),
            "response_types_supported": ["code"],
            "id_token_signing_alg_values_supported": ["RS256", "ES256"],
            "code_challenge_methods_supported": ["S256"],
            "authorization_response_iss_parameter_supported": true,
        });
        Reply::json(200, &said)
    }

    /// Asks the person of the parameter `person` and sends the browser back.
    fn authorize(&mut self, exchange: &Exchange, is_openid: bool, now_ms: i64) -> Reply {
        let value = |name: &str| field(&exchange.query, name);
        let refuse = |why: &str| Reply::json(400, &json!({ "error": why }));
        // A wrong client or address is told to nobody by a redirect.
        if value("client_id").as_ref() != Some(&self.client.0) {
            return refuse("unauthorized_client");
        }
        let Some(redirect) = value("redirect_uri").filter(|one| self.redirects.contains(one))
        else {
            return refuse("redirect_uri_mismatch");
        };
        let challenge = value("code_challenge").filter(|text| text.len() == 43);
        let is_hashed = value("code_challenge_method").as_deref() == Some("S256");
        let (Some(challenge), true) = (challenge, is_hashed) else {
            return refuse("invalid_request");
        };
        if value("response_type").as_deref() != Some("code") {
            return refuse("unsupported_response_type");
        }
        let scope = value("scope").unwrap_or_default();
        if is_openid && !scope.split(' ').any(|one| one == "openid") {
            return refuse("invalid_scope");
        }
        let state = value("state").unwrap_or_default();
        let person = value("person").and_then(|id| id.parse().ok());
        let back = match person.filter(|id| self.people.contains_key(id)) {
            None => format!("{redirect}?error=access_denied&state={state}"),
            Some(person) => {
                self.made += 1;
                let code = format!("code-{}", self.made);
                let kept = Code {
                    person,
                    redirect: redirect.clone(),
                    challenge,
                    nonce: value("nonce"),
                    until_ms: now_ms + CODE_MS,
                };
                self.codes.insert(code.clone(), kept);
                format!("{redirect}?code={code}&state={state}")
            }
        };
        let back = match is_openid {
            true => format!("{back}&iss={}", self.base),
            false => back,
        };
        Reply {
            status: 302,
            ..Reply::default()
        }
        .with("location", back)
    }

    /// Takes a code, which is good once.
    fn redeem(&mut self, exchange: &Exchange, now_ms: i64) -> Result<Code, &'static str> {
        let body = String::from_utf8_lossy(&exchange.body).into_owned();
        let value = |name: &str| field(&body, name);
        let basic = exchange.header("authorization").and_then(|text| {
            let digits = text.strip_prefix("Basic ")?;
            let both = String::from_utf8(STANDARD.decode(digits).ok()?).ok()?;
            let (id, secret) = both.split_once(':')?;
            Some((form_text(id), form_text(secret)))
        });
        let client = basic.or_else(|| value("client_id").zip(value("client_secret")));
        if client.as_ref() != Some(&self.client) {
            return Err("invalid_client");
        }
        let code = value("code").and_then(|code| self.codes.remove(&code));
        let code = code.ok_or("invalid_grant")?;
        let verifier = value("code_verifier").unwrap_or_default();
        let hash = URL_SAFE_NO_PAD.encode(Sha256::digest(verifier.as_bytes()));
        let is_same =
            hash == code.challenge && value("redirect_uri").as_ref() == Some(&code.redirect);
        match is_same && now_ms < code.until_ms {
            true => Ok(code),
            false => Err("invalid_grant"),
        }
    }

    fn identity_token(&self, code: &Code, now_ms: i64) -> Reply {
        let person = &self.people[&code.person];
        let now_s = now_ms / 1_000;
        let mut claims = json!({
            "iss": self.base,
            "aud": self.client.0,
            "sub": person.id.to_string(),
            "iat": now_s,
            "exp": now_s + TOKEN_S,
            "nonce": code.nonce,
            "email": person.email,
            "email_verified": person.is_verified,
            "preferred_username": person.login,
            "name": person.login.to_uppercase(),
        });
        match self.spoiled {
            Some(Spoiled::Audience) => claims["aud"] = "another-client".into(),
            Some(Spoiled::Party) => {
                claims["aud"] = json!([self.client.0, "another-client"]);
                claims["azp"] = "another-client".into();
            }
            Some(Spoiled::Issuer) => claims["iss"] = "https://evil.example".into(),
            Some(Spoiled::Nonce) => claims["nonce"] = "another".into(),
            Some(Spoiled::NoNonce) => claims["nonce"] = Value::Null,
            Some(Spoiled::Expired) => claims["exp"] = (now_s - 61).into(),
            Some(Spoiled::Old) => claims["iat"] = (now_s - 24 * 3_600).into(),
            Some(Spoiled::Early) => claims["nbf"] = (now_s + 3_600).into(),
            Some(Spoiled::Nobody) => claims["sub"] = "".into(),
            Some(Spoiled::Unsigned | Spoiled::Confused | Spoiled::OtherKey) | None => {}
        }
        let token = match self.spoiled {
            Some(Spoiled::Unsigned) => {
                let header = json!({"alg": "none", "kid": self.key.name().as_str()});
                let encode = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
                format!("{}.{}.", encode(&header), encode(&claims))
            }
            Some(Spoiled::Confused) => {
                let public = self.keys[0].to_string().into_bytes();
                let secret: SecretSlice<u8> = public.into();
                let name = self.key.name().clone();
                let key = SigningKey::shared(name, &secret).expect("a long secret");
                signed(&key, &claims)
            }
            Some(Spoiled::OtherKey) => {
                signed(&named_key(self.key.name().as_str(), curve_pem()), &claims)
            }
            _ => signed(&self.key, &claims),
        };
        let answer = json!({"token_type": "Bearer", "access_token": "none", "id_token": token});
        Reply::json(200, &answer)
    }

    fn access_token(&mut self, code: &Code) -> Reply {
        self.made += 1;
        let token = format!("gho_{}", self.made);
        self.tokens.insert(token.clone(), code.person);
        let answer = json!({"token_type": "bearer", "access_token": token, "scope": ""});
        Reply::json(200, &answer)
    }

    fn api(&self, exchange: &Exchange) -> Reply {
        let token = exchange.header("authorization");
        let token = token.and_then(|text| text.strip_prefix("Bearer "));
        let id = token.and_then(|token| self.tokens.get(token));
        let Some(person) = id.and_then(|id| self.people.get(id)) else {
            return Reply::json(401, &json!({ "message": "Bad credentials" }));
        };
        match exchange.path.as_str() {
            "/api/user" => {
                let name = person.login.to_uppercase();
                Reply::json(
                    200,
                    &json!({"id": person.id, "login": person.login, "name": name}),
                )
            }
            "/api/user/emails" => Reply::json(
                200,
                &json!([
                    {"email": "old@elsewhere.example", "primary": false, "verified": true},
                    {"email": person.email, "primary": true, "verified": person.is_verified},
                ]),
            ),
            "/api/user/orgs" => {
                let named = person.organisations.iter();
                let named: Vec<_> = named.map(|login| json!({ "login": login })).collect();
                Reply::json(200, &json!(named))
            }
            _ => Reply::json(404, &json!({ "message": "Not Found" })),
        }
    }
}

/// Returns a field of a form or a query.
fn field(text: &str, name: &str) -> Option<String> {
    let mut pairs = text.split('&').filter_map(|pair| pair.split_once('='));
    let found = pairs.find(|(key, _)| *key == name);
    found.map(|(_, value)| form_text(value))
}

fn form_text(text: &str) -> String {
    decode(&text.replace('+', " "))
}

fn signed(key: &SigningKey, claims: &Value) -> String {
    let token = key.sign(claims).expect("a key that signs");
    token.expose_secret().to_owned()
}
