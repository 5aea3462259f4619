//! The hidden marker by which a comment is known again:
//! `<!-- assay:v1 fingerprint=0123... -->`. It counts only at the very end of a
//! comment of ours; text under review cannot bring one in.

use assay_finding::Fingerprint;

const START: &str = "<!-- assay:v1 ";
const END: &str = " -->";
const ANSWER: &str = "answer=";
const SAID: &str = "said=";
/// So many remarks a summary names that had a comment.
pub(super) const SAID_MAX: usize = 400;

/// What a comment of ours is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Marker {
    /// A remark.
    Remark {
        fingerprint: Fingerprint,
        /// Whether the comment itself says that it is fixed, for want of the
        /// right to resolve its thread.
        is_fixed: bool,
    },
    /// The summary.
    Summary,
    /// A review.
    Review,
    /// An answer to somebody.
    Answer,
}

impl Marker {
    /// Reads the marker at the end of a comment.
    pub(crate) fn read(body: &str) -> Option<Self> {
        let rest = body.trim_end().strip_suffix(END)?;
        let (_, inside) = rest.rsplit_once(START)?;
        let mut words = inside.split_ascii_whitespace();
        let first = words.next()?;
        if first == "summary" {
            return Some(Self::Summary);
        }
        if first == "review" {
            return Some(Self::Review);
        }
        if first.starts_with(ANSWER) {
            return Some(Self::Answer);
        }
        let fingerprint = Fingerprint::from_hex(first.strip_prefix("fingerprint=")?)?;
        Some(Self::Remark {
            fingerprint,
            is_fixed: words.any(|word| word == "state=fixed"),
        })
    }

    /// Writes it.
    pub(crate) fn write(self) -> String {
        match self {
            Self::Remark {
                fingerprint,
                is_fixed,
            } => {
                let state = if is_fixed { " state=fixed" } else { "" };
                format!("{START}fingerprint={fingerprint}{state}{END}")
            }
            Self::Summary => format!("{START}summary{END}"),
            Self::Review => format!("{START}review{END}"),
            Self::Answer => Self::write_answer(""),
        }
    }

    /// Returns what the marker of a summary says had a comment.
    pub(crate) fn said(body: &str) -> Vec<Fingerprint> {
        let words = || {
            let rest = body.trim_end().strip_suffix(END)?;
            let (_, inside) = rest.rsplit_once(START)?;
            inside.strip_prefix("summary ")?.strip_prefix(SAID)
        };
        let all = words().unwrap_or_default().split(',');
        all.take(SAID_MAX)
            .filter_map(Fingerprint::from_hex)
            .collect()
    }

    /// Writes the marker of a summary that names what had a comment.
    pub(super) fn write_summary(said: &[Fingerprint]) -> String {
        if said.is_empty() {
            return Self::Summary.write();
        }
        let said: Vec<String> = said.iter().map(ToString::to_string).collect();
        format!("{START}summary {SAID}{}{END}", said.join(","))
    }

    /// Writes the marker of an answer; the key says to what.
    pub(crate) fn write_answer(key: &str) -> String {
        let is_fit = |c: &char| c.is_ascii_alphanumeric() || *c == '-';
        let key: String = key.chars().filter(is_fit).collect();
        format!("{START}{ANSWER}{key}{END}")
    }
}

/// Returns whether a comment was made by Assay, as far as its text says so.
pub fn is_ours(body: &str) -> bool {
    Marker::read(body).is_some()
}

/// Returns the marker of a review.
pub(crate) fn review_marker() -> String {
    Marker::Review.write()
}

/// Takes markers out of text that is not ours.
pub(super) fn disarm(text: &str) -> String {
    text.replace("<!-- assay:", "<!-- assay :")
}

#[cfg(test)]
mod tests {
    use assay_finding::Fingerprint;

    use super::{Marker, disarm, is_ours};

    #[test]
    fn a_summary_names_what_was_said() {
        let said = [1, 2].map(|byte: u8| Fingerprint::from_hex(&format!("{byte:032x}")).unwrap());
        let body = format!("text\n\n{}\n", Marker::write_summary(&said));
        assert_eq!(Marker::read(&body), Some(Marker::Summary));
        assert_eq!(Marker::said(&body), said);
        for body in [
            Marker::write_summary(&[]),
            disarm(&body),
            format!("{body} more"),
            Marker::Review.write(),
            "<!-- assay:v1 summary said=zz,, -->".to_owned(),
        ] {
            assert_eq!(Marker::said(&body), [], "{body}");
        }
    }

    #[test]
    fn markers_are_read_back_and_only_at_the_end() {
        let fingerprint = Fingerprint::from_hex(&"ab".repeat(16)).unwrap();
        for is_fixed in [false, true] {
            let marker = Marker::Remark {
                fingerprint,
                is_fixed,
            };
            let body = format!("text\n\n{}\n ", marker.write());
            assert_eq!(Marker::read(&body), Some(marker));
            assert_eq!(Marker::read(&format!("{body} more")), None);
            assert_eq!(Marker::read(&disarm(&body)), None);
        }
        for (body, expected) in [
            ("x <!-- assay:v1 summary -->", Some(Marker::Summary)),
            ("x <!-- assay:v1 review -->", Some(Marker::Review)),
            ("x <!-- assay:v1 answer=7-0 -->", Some(Marker::Answer)),
            ("<!-- assay:v1 fingerprint=zz -->", None),
            ("<!-- assay:v1 -->", None),
            ("<!-- assay:v2 summary -->", None),
            ("", None),
        ] {
            assert_eq!(Marker::read(body), expected, "{body}");
            assert_eq!(is_ours(body), expected.is_some());
        }
        assert_eq!(
            Marker::write_answer("7-0 -->"),
            "<!-- assay:v1 answer=7-0-- -->"
        );
    }
}
