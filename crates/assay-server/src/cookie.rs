//! The cookie of a session, and how a page of ours is told from a page of others.
//!
//! Over TLS its name begins with `__Host-`: a browser takes it from this host alone,
//! for all of it, and never without TLS. A request that changes something and shows
//! a cookie has to come from a page of this server (`Origin`) and to know the
//! session's token (`X-CSRF-Token`), which pages of others cannot read.

use assay_auth::SessionToken;
use axum::http::header::{COOKIE, HOST, ORIGIN};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode};
use secrecy::ExposeSecret as _;

use crate::context::ServerOptions;
use crate::extract::header;
use crate::problem::Problem;

const SESSION: &str = "assay-session";
const CSRF: &str = "x-csrf-token";
/// Further cookies are not looked at.
const COOKIES_MAX: usize = 64;

impl ServerOptions {
    /// Returns whether people reach the server over TLS.
    fn is_secure(&self) -> bool {
        self.public_url
            .as_deref()
            .is_some_and(|url| url.starts_with("https://"))
    }

    /// Returns the name that a cookie has here.
    pub(crate) fn cookie_name(&self, name: &str) -> String {
        match self.is_secure() {
            true => format!("__Host-{name}"),
            false => name.to_owned(),
        }
    }

    /// Writes a cookie that scripts do not see and that pages of others do not send
    /// along with what they send.
    pub(crate) fn set_cookie(
        &self,
        name: &str,
        value: &str,
        seconds: i64,
    ) -> Result<HeaderValue, Problem> {
        let secure = if self.is_secure() { "; Secure" } else { "" };
        let name = self.cookie_name(name);
        let text =
            format!("{name}={value}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Lax{secure}");
        let mut value = HeaderValue::from_str(&text)
            .map_err(|_| Problem::invalid("a cookie of that text cannot be set"))?;
        value.set_sensitive(true);
        Ok(value)
    }

    /// Writes the cookie of a session.
    pub(crate) fn session_cookie(
        &self,
        token: &SessionToken,
        seconds: i64,
    ) -> Result<HeaderValue, Problem> {
        self.set_cookie(SESSION, token.text().expose_secret(), seconds)
    }

    /// Writes a cookie that takes the session's place and is over.
    pub(crate) fn no_session_cookie(&self) -> Result<HeaderValue, Problem> {
        self.set_cookie(SESSION, "", 0)
    }

    /// Returns what a browser shows; a text that is none of ours is nothing.
    pub(crate) fn session_token(&self, headers: &HeaderMap) -> Option<SessionToken> {
        let text = self.cookie(headers, SESSION)?;
        SessionToken::parse(text).ok()
    }

    /// Returns a cookie. Of two of one name, which somebody else may have set, neither
    /// counts.
    pub(crate) fn cookie<'a>(&self, headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
        let name = self.cookie_name(name);
        let texts = headers.get_all(COOKIE).iter();
        let texts = texts.filter_map(|value| value.to_str().ok());
        let pairs = texts.flat_map(|text| text.split(';')).take(COOKIES_MAX);
        let mut found = pairs.filter_map(|pair| {
            let (known, value) = pair.trim().split_once('=')?;
            (known == name).then_some(value)
        });
        match (found.next(), found.next()) {
            (Some(value), None) => Some(value),
            _ => None,
        }
    }

    /// Checks that a request with a cookie, if it changes anything, was sent by a page
    /// of this server.
    pub(crate) fn check_page(
        &self,
        method: &Method,
        headers: &HeaderMap,
        token: &SessionToken,
    ) -> Result<(), Problem> {
        if matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS) {
            return Ok(());
        }
        self.check_origin(headers)?;
        let given = header(headers, CSRF)?.unwrap_or_default();
        let checked = token.check_form_token(given);
        checked.map_err(|_| {
            forbidden("a session sends its token as `X-CSRF-Token` with whatever changes something")
        })
    }

    /// Checks that a page of this server sent the request, if a page did.
    pub(crate) fn check_origin(&self, headers: &HeaderMap) -> Result<(), Problem> {
        let site = header(headers, "sec-fetch-site")?;
        let is_same = match header(headers, ORIGIN.as_str())? {
            Some(origin) => self.is_own_origin(origin, header(headers, HOST.as_str())?),
            // Browsers say where it comes from in one way or the other; others have
            // no cookie that a page could make them send.
            None => site.is_none_or(|site| matches!(site, "same-origin" | "none")),
        };
        match is_same {
            true => Ok(()),
            false => Err(forbidden("a page of another origin sent this")),
        }
    }

    fn is_own_origin(&self, origin: &str, host: Option<&str>) -> bool {
        match &self.public_url {
            Some(url) => url.trim_end_matches('/') == origin,
            None => {
                let scheme = origin.split_once("://");
                scheme.is_some_and(|(scheme, authority)| {
                    matches!(scheme, "http" | "https") && Some(authority) == host
                })
            }
        }
    }
}

fn forbidden(detail: &'static str) -> Problem {
    Problem::new(StatusCode::FORBIDDEN, "denied", detail)
}

#[cfg(test)]
mod tests {
    use axum::http::header::COOKIE;
    use axum::http::{HeaderMap, HeaderName, HeaderValue};

    use crate::context::ServerOptions;

    fn options(public_url: Option<&str>) -> ServerOptions {
        ServerOptions {
            public_url: public_url.map(str::to_owned),
            ..ServerOptions::default()
        }
    }

    #[test]
    fn a_cookie_is_what_one_of_its_name_says() {
        for (text, found) in [
            ("a=1", Some("1")),
            ("b=2; a=1; c=3", Some("1")),
            ("a=1; a=2", None),
            ("A=1", None),
            ("a", None),
            ("xa=1", None),
            ("a=1=2", Some("1=2")),
            ("", None),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(COOKIE, HeaderValue::from_str(text).unwrap());
            assert_eq!(options(None).cookie(&headers, "a"), found, "{text}");
        }
        let tls = options(Some("https://assay.example"));
        let mut headers = HeaderMap::new();
        headers.insert(COOKIE, HeaderValue::from_static("a=1; __Host-a=2"));
        assert_eq!(tls.cookie(&headers, "a"), Some("2"));
        let set = tls.set_cookie("a", "2", 60).unwrap();
        let wanted = "__Host-a=2; Path=/; Max-Age=60; HttpOnly; SameSite=Lax; Secure";
        assert_eq!(set.to_str().unwrap(), wanted);
    }

    #[test]
    fn pages_of_others_are_told_from_ours() {
        for (url, headers, ok) in [
            (
                None,
                &[("origin", "http://here:1"), ("host", "here:1")][..],
                true,
            ),
            (
                None,
                &[("origin", "http://evil"), ("host", "here:1")],
                false,
            ),
            (None, &[("origin", "null"), ("host", "here:1")], false),
            (None, &[("sec-fetch-site", "cross-site")], false),
            (None, &[("sec-fetch-site", "same-site")], false),
            (None, &[("sec-fetch-site", "same-origin")], true),
            (None, &[], true),
            (
                Some("https://a.example"),
                &[("origin", "https://a.example")],
                true,
            ),
            (
                Some("https://a.example/"),
                &[("origin", "https://a.example")],
                true,
            ),
            (
                Some("https://a.example"),
                &[("origin", "http://a.example")],
                false,
            ),
            (
                Some("https://a.example"),
                &[("origin", "https://evil.example"), ("host", "evil.example")],
                false,
            ),
            (
                Some("https://a.example"),
                &[("origin", "https://a.example.evil.example")],
                false,
            ),
        ] {
            let mut map = HeaderMap::new();
            for (name, value) in headers {
                let name = HeaderName::from_static(name);
                map.insert(name, HeaderValue::from_static(value));
            }
            let checked = options(url).check_origin(&map);
            assert_eq!(checked.is_ok(), ok, "{url:?} {headers:?}");
        }
    }
}
