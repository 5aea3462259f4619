//! From the bytes of a webhook to its JSON: with limits, and out of a form where
//! the webhook is set up to send one.

use std::borrow::Cow;

use serde::de::DeserializeOwned;

use crate::error::ForgeError;
use crate::name::{CommitSha, RepoName};

/// GitHub sends no larger payload; larger ones are refused.
pub const PAYLOAD_BYTES_MAX: usize = 25 << 20;
/// Payloads are nested less than ten deep; deeper ones are refused.
pub const PAYLOAD_DEPTH_MAX: usize = 64;
const FORM: &str = "application/x-www-form-urlencoded";
const WHY_CHARS_MAX: usize = 200;

/// Returns the JSON of a body, whose kind the header `Content-Type` says.
pub(super) fn json_of<'a>(
    content_type: Option<&str>,
    body: &'a [u8],
) -> Result<Cow<'a, [u8]>, ForgeError> {
    if body.len() > PAYLOAD_BYTES_MAX {
        return Err(ForgeError::PayloadTooLarge {
            bytes_max: PAYLOAD_BYTES_MAX,
        });
    }
    let kind = content_type.unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim();
    let json = if kind.eq_ignore_ascii_case(FORM) {
        Cow::Owned(form_value(body, b"payload").ok_or_else(|| wrong("the form has no `payload`"))?)
    } else {
        Cow::Borrowed(body)
    };
    check_depth(&json)?;
    Ok(json)
}

/// Reads JSON as a payload.
pub(super) fn read<T: DeserializeOwned>(json: &[u8]) -> Result<T, ForgeError> {
    serde_json::from_slice(json).map_err(|error| {
        let why: String = error.to_string().chars().take(WHY_CHARS_MAX).collect();
        wrong(&why)
    })
}

pub(super) fn wrong(why: &str) -> ForgeError {
    ForgeError::Payload(why.to_owned())
}

/// Reads the hash of a commit.
pub(super) fn commit(text: &str) -> Result<CommitSha, ForgeError> {
    CommitSha::parse(text).ok_or_else(|| wrong("a commit is no hash"))
}

/// Reads the hash of a commit that may be none.
pub(super) fn some_commit(text: &str) -> Result<Option<CommitSha>, ForgeError> {
    Ok(Some(commit(text)?).filter(|commit| !commit.is_zero()))
}

/// Reads the name of a repository.
pub(super) fn repo_name(text: &str) -> Result<RepoName, ForgeError> {
    RepoName::parse(text).ok_or_else(|| wrong("a repository's name is none"))
}

fn check_depth(json: &[u8]) -> Result<(), ForgeError> {
    let (mut depth, mut is_text, mut is_escaped) = (0usize, false, false);
    for byte in json {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' if is_text => is_escaped = true,
            b'"' => is_text = !is_text,
            b'{' | b'[' if !is_text => depth += 1,
            b'}' | b']' if !is_text => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > PAYLOAD_DEPTH_MAX {
            return Err(wrong("it is nested too deeply"));
        }
    }
    Ok(())
}

fn form_value(body: &[u8], name: &[u8]) -> Option<Vec<u8>> {
    let mut pairs = body.split(|&byte| byte == b'&');
    let value = pairs.find_map(|pair| pair.strip_prefix(name)?.strip_prefix(b"="))?;
    let mut out = Vec::with_capacity(value.len());
    let mut rest = value;
    while let Some((&byte, tail)) = rest.split_first() {
        rest = tail;
        out.push(match byte {
            b'+' => b' ',
            b'%' => {
                let digits = std::str::from_utf8(tail.get(..2)?).ok()?;
                rest = &tail[2..];
                u8::from_str_radix(digits, 16).ok()?
            }
            other => other,
        });
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::{PAYLOAD_BYTES_MAX, PAYLOAD_DEPTH_MAX, json_of};

    fn check(content_type: &str, body: &str, expected: Option<&str>) {
        let json = json_of(Some(content_type), body.as_bytes()).ok();
        let text = json.map(|json| String::from_utf8(json.into_owned()).unwrap());
        assert_eq!(text.as_deref(), expected, "{body}");
    }

    #[test]
    fn bodies_are_json_or_forms() {
        let form = "application/x-www-form-urlencoded; charset=utf-8";
        check("application/json", "{}", Some("{}"));
        check("", "{}", Some("{}"));
        check(
            form,
            "a=b&payload=%7B%22a%22%3A+%22%2B%C3%BC%22%7D",
            Some("{\"a\": \"+ü\"}"),
        );
        check(form, "payload=", Some(""));
        for broken in ["", "payloads=x", "payload=%4", "payload=%zz"] {
            check(form, broken, None);
        }
    }

    #[test]
    fn size_and_depth_have_an_edge() {
        let deep = |depth: usize| format!("{}\"[\\\"[\"{}", "[".repeat(depth), "]".repeat(depth));
        assert!(json_of(None, deep(PAYLOAD_DEPTH_MAX).as_bytes()).is_ok());
        assert!(json_of(None, deep(PAYLOAD_DEPTH_MAX + 1).as_bytes()).is_err());
        assert!(json_of(None, &vec![b' '; PAYLOAD_BYTES_MAX]).is_ok());
        assert!(json_of(None, &vec![b' '; PAYLOAD_BYTES_MAX + 1]).is_err());
    }
}
