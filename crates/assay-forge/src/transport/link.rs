//! The `Link` header, through which forges say where the next page is.

/// Returns the address whose relation is `next`.
pub(crate) fn next_page(header: &str) -> Option<&str> {
    let mut rest = header;
    while let Some(start) = rest.find('<') {
        let after = &rest[start + 1..];
        let end = after.find('>')?;
        let address = &after[..end];
        let parameters = &after[end + 1..];
        let stop = parameters.find('<').unwrap_or(parameters.len());
        let is_next = parameters[..stop].split([';', ',']).any(|parameter| {
            let Some((name, value)) = parameter.split_once('=') else {
                return false;
            };
            name.trim().eq_ignore_ascii_case("rel")
                && value
                    .trim()
                    .trim_matches('"')
                    .split_ascii_whitespace()
                    .any(|word| word == "next")
        });
        if is_next {
            return Some(address);
        }
        rest = &parameters[stop..];
    }
    None
}

#[cfg(test)]
mod tests {
    use super::next_page;

    #[test]
    fn the_next_page_is_found_by_its_relation() {
        for (header, expected) in [
            ("", None),
            (
                "<https://a/?page=2>; rel=\"next\"",
                Some("https://a/?page=2"),
            ),
            (
                "<https://a/?p=1>; rel=\"prev\", <https://a/?p=3,4>; rel=next, <https://a/?p=9>; rel=\"last\"",
                Some("https://a/?p=3,4"),
            ),
            ("<x>; title=\"next\"; rel=\"last\"", None),
            ("<x>; rel=\"last next\"", Some("x")),
            ("<x", None),
            ("<x>", None),
        ] {
            assert_eq!(next_page(header), expected, "{header}");
        }
    }
}
