//! Who asks and how much: signatures of the app, tokens that end, quotas,
//! secondary limits, entity tags, renamed repositories.

use std::hash::{DefaultHasher, Hash, Hasher};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::state::{State, Token, Who, refusal};
use crate::forge::server::{Exchange, Reply};

const HOUR_MS: i64 = 3_600_000;
const TOKEN_MS: i64 = HOUR_MS;

impl State {
    /// Answers a request with everything around what it asks for.
    pub(super) fn answer(
        &mut self,
        exchange: &Exchange,
        limited: Option<&Option<String>>,
    ) -> Reply {
        let date = jiff::Timestamp::from_millisecond(self.server_ms()).expect("a time");
        let date = jiff::fmt::rfc2822::DateTimePrinter::new()
            .timestamp_to_rfc9110_string(&date)
            .expect("a date");
        self.admit(exchange, limited).with("date", date)
    }

    pub(super) fn server_ms(&self) -> i64 {
        self.now_ms + self.rules.skew_ms
    }

    fn admit(&mut self, exchange: &Exchange, limited: Option<&Option<String>>) -> Reply {
        if exchange.header("user-agent").is_none() {
            return refusal(403, "Request forbidden by administrative rules.");
        }
        if exchange.header("x-github-api-version").is_none() {
            self.violations
                .push(format!("no version: {}", exchange.path));
        }
        let who = match self.who(exchange) {
            Ok(who) => who,
            Err(reply) => return reply,
        };
        if let Some(retry_after) = limited {
            let message = "You have exceeded a secondary rate limit.";
            let reply = refusal(403, message).with("x-ratelimit-remaining", "4000");
            return match retry_after {
                Some(value) => reply.with("retry-after", value.as_str()),
                None => reply,
            };
        }
        if let Some(reply) = self.over_limit(exchange, &who) {
            return reply;
        }
        let reply = match self.moved(exchange) {
            Some(reply) => reply,
            None => self.dispatch(exchange, &who),
        };
        self.finish(exchange, &who, reply)
    }

    /// Adds what is left of the quota, and answers 304 for free when nothing
    /// changed.
    fn finish(&mut self, exchange: &Exchange, who: &Who, mut reply: Reply) -> Reply {
        if exchange.method == "GET" && reply.status == 200 {
            let mut hasher = DefaultHasher::new();
            reply.body.hash(&mut hasher);
            let etag = format!("W/\"{:016x}\"", hasher.finish());
            if exchange.header("if-none-match") == Some(&etag) {
                reply = Reply {
                    status: 304,
                    ..Reply::default()
                };
            }
            reply = reply.with("etag", etag);
        }
        let quota = self.rules.quota;
        let now_ms = self.now_ms;
        let skew_ms = self.rules.skew_ms;
        let Some(token) = self.tokens.get_mut(&who.key) else {
            return reply;
        };
        if now_ms - token.window_ms >= HOUR_MS {
            token.window_ms = now_ms;
            token.used = 0;
        }
        if reply.status != 304 {
            token.used += 1;
        }
        let resets_s = (token.window_ms + HOUR_MS + skew_ms) / 1_000;
        reply
            .with("x-ratelimit-limit", quota.to_string())
            .with(
                "x-ratelimit-remaining",
                quota.saturating_sub(token.used).to_string(),
            )
            .with("x-ratelimit-reset", resets_s.to_string())
    }

    fn over_limit(&mut self, exchange: &Exchange, who: &Who) -> Option<Reply> {
        let rules = self.rules.clone();
        let now_ms = self.now_ms;
        let is_content = exchange.method == "POST"
            && ["/comments", "/reviews", "/replies", "/pulls", "/events"]
                .iter()
                .any(|end| exchange.path.ends_with(end));
        let token = self.tokens.get_mut(&who.key)?;
        if now_ms < token.closed_until_ms {
            let wait_s = (token.closed_until_ms - now_ms).div_euclid(1_000) + 1;
            self.violations.push("asked again before the time".into());
            let reply = refusal(429, "You have exceeded a secondary rate limit.");
            return Some(reply.with("retry-after", wait_s.to_string()));
        }
        if now_ms - token.window_ms < HOUR_MS && token.used >= rules.quota {
            let resets_s = (token.window_ms + HOUR_MS + rules.skew_ms).div_euclid(1_000) + 1;
            let reply = refusal(403, "API rate limit exceeded for user ID 1.");
            return Some(
                reply
                    .with("x-ratelimit-limit", rules.quota.to_string())
                    .with("x-ratelimit-remaining", "0")
                    .with("x-ratelimit-reset", resets_s.to_string()),
            );
        }
        if !is_content {
            return None;
        }
        if token
            .content
            .last()
            .is_some_and(|last| now_ms - last < 1_000)
        {
            self.violations
                .push(format!("content too fast: {}", exchange.path));
        }
        token.content.push(now_ms);
        let within = |window_ms: i64| {
            let young = token.content.iter().filter(|at| now_ms - **at < window_ms);
            young.count()
        };
        if within(60_000) > rules.content_per_minute || within(HOUR_MS) > rules.content_per_hour {
            token.closed_until_ms = now_ms + 60_000;
            let reply = refusal(403, "You have exceeded a secondary rate limit.");
            return Some(reply.with("retry-after", "60"));
        }
        None
    }

    fn moved(&self, exchange: &Exchange) -> Option<Reply> {
        let segments = exchange.segments();
        let [first, owner, name, rest @ ..] = segments.as_slice() else {
            return None;
        };
        let id = self.renamed.get(&format!("{owner}/{name}"))?;
        if first != "repos" || self.repos.contains_key(&format!("{owner}/{name}")) {
            return None;
        }
        let base = self.rules.moved_to.as_ref().unwrap_or(&self.base);
        let mut to = format!("{base}/repositories/{id}");
        for part in rest {
            to.push('/');
            to.push_str(part);
        }
        if !exchange.query.is_empty() {
            to.push('?');
            to.push_str(&exchange.query);
        }
        let reply = Reply::json(self.rules.moved_status, &json!({ "url": to }));
        Some(reply.with("location", to))
    }

    fn who(&mut self, exchange: &Exchange) -> Result<Who, Reply> {
        let bad = || refusal(401, "Bad credentials");
        let header = exchange.header("authorization").ok_or_else(bad)?;
        let token = header
            .strip_prefix("Bearer ")
            .or_else(|| header.strip_prefix("token "))
            .ok_or_else(bad)?;
        if let Some(found) = self.tokens.get(token) {
            let has_ended = found.expires_ms.is_some_and(|end| self.now_ms >= end);
            if has_ended {
                return Err(bad());
            }
            return Ok(Who {
                key: token.into(),
                login: found.login.clone(),
                is_app: found.installation.is_some(),
                is_jwt: false,
            });
        }
        if token.matches('.').count() == 2 && !token.starts_with("ghs_") {
            return self.who_signed(token);
        }
        Err(bad())
    }

    fn who_signed(&self, token: &str) -> Result<Who, Reply> {
        let bad = |why: &str| refusal(401, why);
        let broken = || bad("A JSON web token could not be decoded");
        let app = self.app.as_ref().ok_or_else(broken)?;
        let parts: Vec<&str> = token.split('.').collect();
        let json = |part: &str| -> Option<Value> {
            serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).ok()?).ok()
        };
        let header = json(parts[0]).ok_or_else(broken)?;
        let claims = json(parts[1]).ok_or_else(broken)?;
        let signature = URL_SAFE_NO_PAD.decode(parts[2]).map_err(|_| broken())?;
        let message = format!("{}.{}", parts[0], parts[1]);
        if header["alg"] != "RS256" || !(app.verify)(message.as_bytes(), &signature) {
            return Err(broken());
        }
        let now_s = self.server_ms() / 1_000;
        let issued_s = claims["iat"].as_i64().unwrap_or(i64::MAX);
        let expires_s = claims["exp"].as_i64().unwrap_or(0);
        if issued_s > now_s {
            return Err(bad(
                "'Issued at' claim ('iat') must be an Integer representing the time that the assertion was issued",
            ));
        }
        if expires_s <= now_s || expires_s > now_s + 600 {
            return Err(bad(
                "'Expiration time' claim ('exp') is too far in the future",
            ));
        }
        if claims["iss"].as_str() != Some(app.issuer.as_str()) {
            return Err(bad("'Issuer' claim ('iss') must be a String"));
        }
        Ok(Who {
            key: "app".into(),
            login: format!("{}[bot]", app.slug),
            is_app: true,
            is_jwt: true,
        })
    }

    /// Makes a token of an installation: an hour long, and long.
    pub(super) fn mint(&mut self, installation: &str, who: &Who) -> Reply {
        let known = installation.parse().ok();
        let known = known.filter(|id| self.installations.contains_key(id));
        let Some(installation) = known.filter(|_| who.is_jwt) else {
            return refusal(404, "Not Found");
        };
        let id = self.next_id();
        let token = format!(
            "ghs_{id}_{}.{}-{}",
            "a1".repeat(200),
            "b".repeat(60),
            "c".repeat(50)
        );
        let expires_ms = self.now_ms + TOKEN_MS;
        let made = Token {
            login: who.login.clone(),
            installation: Some(installation),
            expires_ms: Some(expires_ms),
            ..Token::default()
        };
        self.tokens.insert(token.clone(), made);
        let end = jiff::Timestamp::from_millisecond(expires_ms + self.rules.skew_ms);
        let end = end.expect("a time").to_string();
        Reply::json(201, &json!({ "token": token, "expires_at": end }))
    }
}
