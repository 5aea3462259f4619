//! Whether and when a question is asked again after an error, by what the provider
//! says: status, headers, and its word for the error.

use reqwest::header::{DATE, HeaderMap, RETRY_AFTER};
use serde_json::Value;

use crate::error::{LlmError, shorten};

/// Nobody is left alone for longer because of a header.
const WAIT_MS_MAX: u64 = 24 * 60 * 60 * 1_000;

/// Words of providers for "there is no money left": asking again changes nothing.
const UNPAID: [&str; 3] = [
    "insufficient_quota",
    "billing_hard_limit_reached",
    "insufficient_balance",
];

/// Makes an error of an answer whose status is no success.
pub(crate) fn status_error(status: u16, headers: &HeaderMap, body: &[u8], now_ms: i64) -> LlmError {
    let value: Value = serde_json::from_slice(body).unwrap_or_default();
    let (code, mut message) = words(&value);
    if message.is_empty() {
        message = shorten(&String::from_utf8_lossy(&body[..body.len().min(4_096)]));
    }
    let is_passing = matches!(status, 408 | 409 | 429) || status >= 500;
    let may_retry = match header(headers, "x-should-retry") {
        Some("true") => true,
        Some("false") => false,
        _ => is_passing,
    };
    let is_unpaid = UNPAID.contains(&code.as_str());
    LlmError::Status {
        status,
        may_retry: may_retry && !is_unpaid,
        is_begun: false,
        wait_ms: wait_ms(headers, now_ms),
        code,
        message,
    }
}

/// Makes an error of one that came within the stream, after a good status.
pub(crate) fn stream_error(value: &Value, status: Option<u16>) -> LlmError {
    let (code, message) = words(value);
    let status = status.unwrap_or(match code.as_str() {
        "overloaded_error" => 529,
        "rate_limit_error" | "rate_limit_exceeded" | "insufficient_quota" => 429,
        "api_error" | "server_error" | "internal_error" => 500,
        "timeout_error" => 504,
        "authentication_error" => 401,
        "permission_error" => 403,
        "not_found_error" => 404,
        "invalid_request_error" | "request_too_large" => 400,
        // A server that breaks off with an unknown word is in trouble.
        _ => 500,
    });
    let may_retry =
        (matches!(status, 408 | 409 | 429) || status >= 500) && !UNPAID.contains(&code.as_str());
    LlmError::Status {
        status,
        code,
        message,
        may_retry,
        is_begun: true,
        wait_ms: None,
    }
}

/// Returns the provider's word for an error and its message, wherever they stand.
fn words(value: &Value) -> (String, String) {
    // Gemini puts the object into a list when it answers without a stream.
    let value = value.get(0).unwrap_or(value);
    let error = value.get("error").unwrap_or(value);
    let text = |key: &str| error.get(key).and_then(Value::as_str);
    let code = text("code")
        .or(text("type"))
        .or(text("status"))
        .unwrap_or_default();
    let message = text("message").or(error.as_str()).unwrap_or_default();
    (shorten(code), shorten(message))
}

fn header<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    Some(headers.get(name)?.to_str().ok()?.trim())
}

/// Returns after what time the provider wants to be asked again: by
/// `retry-after-ms`, else by `retry-after` in seconds or as a date.
fn wait_ms(headers: &HeaderMap, now_ms: i64) -> Option<u64> {
    let number = |text: &str| {
        text.parse::<f64>()
            .ok()
            .filter(|value| value.is_finite() && *value >= 0.0)
    };
    let limited = |ms: f64| (ms.ceil() as u64).min(WAIT_MS_MAX);
    if let Some(ms) = header(headers, "retry-after-ms").and_then(number) {
        return Some(limited(ms));
    }
    let text = header(headers, RETRY_AFTER.as_str())?;
    if let Some(seconds) = number(text) {
        return Some(limited(seconds * 1_000.0));
    }
    // Measured by the server's own clock when it shows it.
    let now_ms = header(headers, DATE.as_str())
        .and_then(date_ms)
        .unwrap_or(now_ms);
    let wait_ms = date_ms(text)?.saturating_sub(now_ms).max(0);
    Some((wait_ms as u64).min(WAIT_MS_MAX))
}

fn date_ms(text: &str) -> Option<i64> {
    let parser = jiff::fmt::rfc2822::DateTimeParser::new();
    Some(parser.parse_timestamp(text).ok()?.as_millisecond())
}

#[cfg(test)]
mod tests {
    use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
    use serde_json::json;

    use super::{LlmError, status_error, stream_error};

    /// 21 October 2015, 07:20:00 UTC.
    const NOW_MS: i64 = 1_445_412_000_000;

    fn check(status: u16, named: &[(&str, &str)], body: &str, expected: (bool, Option<u64>)) {
        let mut headers = HeaderMap::new();
        for (name, value) in named {
            let name = HeaderName::from_bytes(name.as_bytes()).unwrap();
            headers.insert(name, HeaderValue::from_str(value).unwrap());
        }
        let LlmError::Status {
            may_retry, wait_ms, ..
        } = status_error(status, &headers, body.as_bytes(), NOW_MS)
        else {
            panic!("another error");
        };
        assert_eq!((may_retry, wait_ms), expected, "{status} {named:?} {body}");
    }

    #[test]
    fn what_is_asked_again_and_when() {
        for (status, again) in [
            (400, false),
            (401, false),
            (403, false),
            (404, false),
            (413, false),
            (422, false),
            (408, true),
            (409, true),
            (429, true),
            (500, true),
            (502, true),
            (503, true),
            (529, true),
        ] {
            check(status, &[], "", (again, None));
            check(status, &[("x-should-retry", "false")], "", (false, None));
            check(status, &[("x-should-retry", "true")], "", (true, None));
        }
        let unpaid = r#"{"error":{"code":"insufficient_quota","message":"pay"}}"#;
        check(429, &[], unpaid, (false, None));
        check(429, &[("x-should-retry", "true")], unpaid, (false, None));
        check(
            429,
            &[("retry-after-ms", "1500"), ("retry-after", "9")],
            "",
            (true, Some(1_500)),
        );
        check(429, &[("retry-after", "2")], "", (true, Some(2_000)));
        check(429, &[("retry-after", "0.25")], "", (true, Some(250)));
        check(
            429,
            &[("retry-after", "Wed, 21 Oct 2015 07:22:00 GMT")],
            "",
            (true, Some(120_000)),
        );
        let theirs = [
            ("retry-after", "Wed, 21 Oct 2015 07:22:00 GMT"),
            ("date", "Wed, 21 Oct 2015 07:21:30 GMT"),
        ];
        check(503, &theirs, "", (true, Some(30_000)));
        check(
            503,
            &[("retry-after", "Wed, 21 Oct 2015 07:00:00 GMT")],
            "",
            (true, Some(0)),
        );
        check(503, &[("retry-after", "-4")], "", (true, None));
        check(503, &[("retry-after", "NaN")], "", (true, None));
        check(503, &[("retry-after", "soon")], "", (true, None));
        check(
            503,
            &[("retry-after", "1e300")],
            "",
            (true, Some(86_400_000)),
        );
    }

    #[test]
    fn errors_in_the_stream_have_a_status() {
        for (value, status, again) in [
            (
                json!({"error": {"type": "overloaded_error", "message": "m"}}),
                529,
                true,
            ),
            (
                json!({"error": {"type": "invalid_request_error", "message": "m"}}),
                400,
                false,
            ),
            (
                json!({"error": {"code": "insufficient_quota", "message": "m"}}),
                429,
                false,
            ),
            (json!({"error": "unexpected EOF"}), 500, true),
        ] {
            let error = stream_error(&value, None);
            let LlmError::Status {
                status: found,
                may_retry,
                ..
            } = &error
            else {
                panic!("another error")
            };
            assert_eq!((*found, *may_retry), (status, again), "{value}");
        }
    }

    #[test]
    fn words_of_a_provider_are_one_short_line() {
        let long = format!(
            "{{\"error\":{{\"message\":\"a\\nb\\u001b[31m{}\"}}}}",
            "x".repeat(9_999)
        );
        let said = status_error(400, &HeaderMap::new(), long.as_bytes(), 0).to_string();
        assert!(
            said.starts_with("the provider answered 400: a b [31mx"),
            "{said}"
        );
        assert!(said.len() < 400);
    }
}
