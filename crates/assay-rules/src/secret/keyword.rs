//! The search for the keywords of all detectors.
//!
//! Few places of a text begin like a keyword, so a small table of three-byte
//! beginnings sorts out most places with one look each, and these looks do not
//! wait for each other as the steps of an automaton do.

/// A keyword and how it is to be written in the text.
#[derive(Clone, Copy, Debug)]
pub(super) struct Keyword {
    /// The keyword, in ASCII.
    pub(super) text: &'static str,
    /// Whether its letters count as they are; else in either case.
    pub(super) is_exact: bool,
}

impl Keyword {
    fn begins(self, bytes: &[u8]) -> bool {
        let own = self.text.as_bytes();
        bytes
            .get(..own.len())
            .is_some_and(|head| match self.is_exact {
                true => head == own,
                false => head.eq_ignore_ascii_case(own),
            })
    }
}

/// A place where a keyword stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Found {
    pub(super) end: usize,
    pub(super) start: usize,
    /// Which keyword.
    pub(super) keyword: usize,
}

/// Bits of the number that stands for a beginning.
const BITS: u32 = 17;
/// Places for the first two bytes of keywords.
const PAIRS: usize = 1 << 10;
/// Bytes of a beginning.
const HEAD: usize = 3;

/// All keywords, ready to be looked for.
pub(super) struct KeywordSearch {
    keywords: Vec<Keyword>,
    /// A bit for each beginning that some keyword has.
    begins: Vec<u64>,
    /// By the first two bytes: the keywords.
    by_pair: Vec<Vec<u16>>,
}

impl KeywordSearch {
    /// Takes keywords of two bytes and more.
    pub(super) fn new(keywords: Vec<Keyword>) -> Self {
        let mut begins = vec![0; 1 << (BITS - u64::BITS.trailing_zeros())];
        let mut by_pair = vec![Vec::new(); PAIRS];
        for (at, keyword) in keywords.iter().enumerate() {
            let bytes = keyword.text.as_bytes();
            debug_assert!(bytes.len() + 1 >= HEAD, "{keyword:?} is too short");
            by_pair[pair(bytes[0], bytes[1])].push(at as u16);
            let ways = |at: usize| -> Vec<u8> {
                match bytes.get(at) {
                    // Anything may stand behind a short keyword, also the end.
                    None => (0..=u8::MAX).collect(),
                    Some(&byte) if keyword.is_exact => vec![byte],
                    Some(byte) => vec![byte.to_ascii_lowercase(), byte.to_ascii_uppercase()],
                }
            };
            for first in ways(0) {
                for second in ways(1) {
                    for third in ways(2) {
                        let place = place(head(head(head(0, first), second), third));
                        begins[place / 64] |= 1 << (place % 64);
                    }
                }
            }
        }
        Self {
            keywords,
            begins,
            by_pair,
        }
    }

    /// Returns the keywords.
    pub(super) fn keywords(&self) -> &[Keyword] {
        &self.keywords
    }

    /// Returns where keywords stand, in the order of their ends; of those that end
    /// at the same place the longest comes first.
    pub(super) fn find(&self, text: &str) -> Vec<Found> {
        let bytes = text.as_bytes();
        let mut found = Vec::new();
        let mut seen = 0;
        // Behind the end there is nothing, which the table knows as zeros.
        let behind = [0; HEAD - 1];
        for (at, &byte) in bytes.iter().chain(&behind).enumerate() {
            seen = head(seen, byte);
            let place = place(seen);
            if self.begins[place / 64] & 1 << (place % 64) != 0 && at + 1 >= HEAD {
                self.look(bytes, at + 1 - HEAD, &mut found);
            }
        }
        found.sort_unstable();
        found
    }

    fn look(&self, bytes: &[u8], start: usize, found: &mut Vec<Found>) {
        let Some(&[first, second]) = bytes.get(start..start + 2) else {
            return;
        };
        for &keyword in &self.by_pair[pair(first, second)] {
            let keyword = usize::from(keyword);
            if self.keywords[keyword].begins(&bytes[start..]) {
                found.push(Found {
                    end: start + self.keywords[keyword].text.len(),
                    start,
                    keyword,
                });
            }
        }
    }
}

/// The last three bytes, with one more.
fn head(seen: u32, byte: u8) -> u32 {
    (seen << 8 | u32::from(byte)) & 0xff_ff_ff
}

/// The place of a beginning in the table; several may share one.
fn place(head: u32) -> usize {
    (head.wrapping_mul(0x9e37_79b1) >> (u32::BITS - BITS)) as usize
}

/// Where the keywords are that begin with two bytes, in either case; several
/// pairs may share a place.
fn pair(first: u8, second: u8) -> usize {
    let [first, second] = [first, second].map(|byte| usize::from(byte.to_ascii_lowercase()));
    (first * 31 + second) % PAIRS
}

#[cfg(test)]
mod tests {
    use super::{Keyword, KeywordSearch};

    #[test]
    fn keywords_are_found_where_they_stand() {
        let search = KeywordSearch::new(
            [
                ("key", false),
                ("AC", true),
                ("my_key", false),
                ("sk_", true),
            ]
            .map(|(text, is_exact)| Keyword { text, is_exact })
            .into(),
        );
        let check = |text: &str, expected: &[(usize, &str)]| {
            let found = search.find(text);
            let found: Vec<(usize, &str)> = found
                .iter()
                .map(|one| (one.start, search.keywords()[one.keyword].text))
                .collect();
            assert_eq!(found, expected, "{text:?}");
        };
        check("", &[]);
        check("k", &[]);
        check("ke", &[]);
        check("KEY", &[(0, "key")]);
        check("MY_Key", &[(0, "my_key"), (3, "key")]);
        check("AC", &[(0, "AC")]);
        check("xAC", &[(1, "AC")]);
        check("ac Ac aC AC1", &[(9, "AC")]);
        check("sk_ SK_ sk", &[(0, "sk_")]);
        check("\u{e9}keykey", &[(2, "key"), (5, "key")]);
    }
}
