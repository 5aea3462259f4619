//! Paths as tools write them, brought into the repository or refused.

use assay_source::RepoPath;

use super::IMPORT_PATH_BYTES_MAX;

/// Why a path is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum BadPath {
    /// It is absolute and not below the root, or an address of something else.
    Outside,
    /// It climbs with `..`, or is empty, too long, or has a NUL.
    Refused,
}

/// Brings a path of the file system into the repository.
pub(super) fn of_file(text: &str, roots: &[String]) -> Result<RepoPath, BadPath> {
    if let Some(rest) = strip_scheme(text, "file:") {
        return of_uri_path(rest, roots);
    }
    inside(text.as_bytes(), roots)
}

/// Brings a URI reference (RFC 3986) into the repository.
pub(super) fn of_uri(text: &str, roots: &[String]) -> Result<RepoPath, BadPath> {
    if let Some(rest) = strip_scheme(text, "file:") {
        return of_uri_path(rest, roots);
    }
    if has_scheme(text) {
        return Err(BadPath::Outside);
    }
    let text = text.split(['#', '?']).next().unwrap_or(text);
    inside(&percent_decoded(text), roots)
}

/// Returns what an absolute `file:` address points to, for a base of others.
pub(super) fn base_of_uri(text: &str, roots: &[String]) -> Option<RepoPath> {
    of_uri(text, roots).ok()
}

fn of_uri_path(rest: &str, roots: &[String]) -> Result<RepoPath, BadPath> {
    // `//host/path`: the host is this machine, whatever it calls itself.
    let path = match rest.strip_prefix("//") {
        Some(rest) => &rest[rest.find('/').unwrap_or(rest.len())..],
        None => rest,
    };
    let bytes = percent_decoded(path);
    // `/C:/ci` is `C:/ci`.
    let bytes = match bytes.as_slice() {
        [b'/', rest @ ..] if is_drive(rest) => rest,
        all => all,
    };
    inside(bytes, roots)
}

fn strip_scheme<'t>(text: &'t str, scheme: &str) -> Option<&'t str> {
    let head = text.get(..scheme.len())?;
    head.eq_ignore_ascii_case(scheme)
        .then(|| &text[scheme.len()..])
}

/// Returns whether a text begins with a scheme of more than one letter: one letter
/// is a drive.
fn has_scheme(text: &str) -> bool {
    text.split_once(':').is_some_and(|(scheme, _)| {
        let is_fit = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.');
        scheme.len() > 1 && scheme.as_bytes()[0].is_ascii_alphabetic() && scheme.bytes().all(is_fit)
    })
}

fn is_drive(bytes: &[u8]) -> bool {
    matches!(bytes, [letter, b':', rest @ ..]
        if letter.is_ascii_alphabetic() && matches!(rest.first(), Some(b'/' | b'\\')))
}

fn percent_decoded(text: &str) -> Vec<u8> {
    let bytes = text.as_bytes();
    let digit = |at: usize| {
        bytes
            .get(at)
            .and_then(|&byte| char::from(byte).to_digit(16))
    };
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        if let (b'%', Some(high), Some(low)) = (bytes[at], digit(at + 1), digit(at + 2)) {
            out.push((high * 16 + low) as u8);
            at += 3;
        } else {
            out.push(bytes[at]);
            at += 1;
        }
    }
    out
}

fn inside(path: &[u8], roots: &[String]) -> Result<RepoPath, BadPath> {
    if path.len() > IMPORT_PATH_BYTES_MAX || path.contains(&0) {
        return Err(BadPath::Refused);
    }
    let path = slashed(path);
    let is_absolute = path.first() == Some(&b'/') || is_drive(&path);
    let relative = match is_absolute {
        false => path.as_slice(),
        true => below_any(&path, roots).ok_or(BadPath::Outside)?,
    };
    let mut parts: Vec<&[u8]> = Vec::new();
    for part in relative.split(|&byte| byte == b'/') {
        match part {
            b"" | b"." => {}
            b".." => return Err(BadPath::Refused),
            part => parts.push(part),
        }
    }
    if parts.is_empty() {
        return Err(BadPath::Refused);
    }
    Ok(RepoPath::from_bytes(parts.join(&b'/')))
}

/// Makes slashes of backslashes where they part names: in paths of Windows. Elsewhere
/// a backslash may be part of a name.
fn slashed(path: &[u8]) -> Vec<u8> {
    let is_windows = is_drive(path) || (path.contains(&b'\\') && !path.contains(&b'/'));
    let slash = |&byte: &u8| match byte {
        b'\\' if is_windows => b'/',
        byte => byte,
    };
    path.iter().map(slash).collect()
}

fn below_any<'p>(path: &'p [u8], roots: &[String]) -> Option<&'p [u8]> {
    roots.iter().find_map(|root| below(path, root))
}

fn below<'p>(path: &'p [u8], root: &str) -> Option<&'p [u8]> {
    let root = slashed(root.as_bytes());
    let end = root.iter().rposition(|&byte| byte != b'/')? + 1;
    let root = &root[..end];
    let head = path.get(..root.len())?;
    let is_same = match is_drive(path) {
        true => head.eq_ignore_ascii_case(root),
        false => head == root,
    };
    let rest = &path[root.len()..];
    (is_same && rest.first() == Some(&b'/')).then_some(rest)
}

#[cfg(test)]
mod tests {
    use super::{BadPath, of_file, of_uri};

    #[test]
    fn paths_come_into_the_repository_or_are_refused() {
        let roots = ["/ci/repo/".to_owned(), r"C:\ci\Repo".to_owned()];
        let outside = Err(BadPath::Outside);
        let refused = Err(BadPath::Refused);
        for (text, expected) in [
            ("src/a.rs", Ok("src/a.rs")),
            ("./src//a.rs", Ok("src/a.rs")),
            ("/ci/repo/src/a.rs", Ok("src/a.rs")),
            ("/ci/repository/src/a.rs", outside),
            ("/ci/repo", outside),
            ("/etc/passwd", outside),
            ("/ci/repo/../../etc/passwd", refused),
            ("../a.rs", refused),
            ("src/../../a.rs", refused),
            ("", refused),
            (".", refused),
            ("a\0b", refused),
            (r"src\a.ts", Ok("src/a.ts")),
            (r"c:\CI\repo\src\a.ts", Ok("src/a.ts")),
            (r"D:\ci\Repo\a.ts", outside),
            ("file:///ci/repo/a%20b.rs", Ok("a b.rs")),
            ("a%20b.rs", Ok("a%20b.rs")),
        ] {
            let found = of_file(text, &roots).map(|path| path.to_string());
            assert_eq!(
                found.as_deref().map_err(|why| *why),
                expected.as_ref().map(|path| *path).map_err(|why| *why),
                "{text}"
            );
        }
    }

    #[test]
    fn addresses_are_decoded_before_they_are_judged() {
        let roots = ["/ci/repo".to_owned(), "C:/ci".to_owned()];
        let outside = Err(BadPath::Outside);
        let refused = Err(BadPath::Refused);
        for (text, expected) in [
            ("src/a%20b.rs", Ok("src/a b.rs")),
            ("src/a.rs#L3", Ok("src/a.rs")),
            ("%2e%2e/a.rs", refused),
            ("src%2F..%2F..%2Fa.rs", refused),
            ("a%00b", refused),
            ("file:///ci/repo/src/a.rs", Ok("src/a.rs")),
            ("FILE://host/ci/repo/src/a.rs", Ok("src/a.rs")),
            ("file:///C:/ci/src/a.rs", Ok("src/a.rs")),
            ("file:///etc/passwd", outside),
            ("file:", refused),
            ("file://", refused),
            ("https://example.org/a.rs", outside),
            ("src/100%.rs", Ok("src/100%.rs")),
            ("a%", Ok("a%")),
        ] {
            let found = of_uri(text, &roots).map(|path| path.to_string());
            assert_eq!(
                found.as_deref().map_err(|why| *why),
                expected.as_ref().map(|path| *path).map_err(|why| *why),
                "{text}"
            );
        }
    }
}
