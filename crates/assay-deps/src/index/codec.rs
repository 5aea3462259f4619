//! The bytes of a package's advisories: lengths and numbers as varints, texts as
//! UTF-8 after their length. Reading never panics and never takes more memory
//! than there are bytes.

use crate::advisory::{Advisory, AdvisoryKind, Event};
use crate::cvss::Rating;

/// Writes values one after the other.
#[derive(Default)]
pub(super) struct Writer {
    bytes: Vec<u8>,
}

impl Writer {
    pub(super) fn finish(self) -> Vec<u8> {
        self.bytes
    }

    pub(super) fn byte(&mut self, byte: u8) {
        self.bytes.push(byte);
    }

    pub(super) fn number(&mut self, mut number: u64) {
        while number >= 0x80 {
            self.bytes.push((number as u8) | 0x80);
            number >>= 7;
        }
        self.bytes.push(number as u8);
    }

    pub(super) fn text(&mut self, text: &str) {
        self.number(text.len() as u64);
        self.bytes.extend_from_slice(text.as_bytes());
    }

    pub(super) fn texts(&mut self, texts: &[String]) {
        self.number(texts.len() as u64);
        for text in texts {
            self.text(text);
        }
    }

    pub(super) fn advisory(&mut self, advisory: &Advisory) {
        self.text(&advisory.id);
        self.texts(&advisory.aliases);
        self.text(&advisory.modified);
        self.text(&advisory.summary);
        self.byte(advisory.kind as u8);
        self.byte(u8::from(advisory.disputed) | (u8::from(advisory.release.is_some()) << 1));
        self.texts(&advisory.vectors);
        self.byte(advisory.rating as u8);
        self.texts(&advisory.alias_vectors);
        self.byte(advisory.alias_rating as u8);
        if let Some(release) = &advisory.release {
            self.text(release);
        }
        self.number(advisory.ranges.len() as u64);
        for range in &advisory.ranges {
            self.number(range.len() as u64);
            for event in range {
                let (tag, version) = match event {
                    Event::Introduced(version) => (0, version),
                    Event::Fixed(version) => (1, version),
                    Event::LastAffected(version) => (2, version),
                    Event::Limit(version) => (3, version),
                };
                self.byte(tag);
                self.text(version);
            }
        }
        self.texts(&advisory.versions);
    }
}

/// Reads what [`Writer`] wrote; none where the bytes are not such.
pub(super) struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    pub(super) fn is_at_end(&self) -> bool {
        self.rest.is_empty()
    }

    pub(super) fn byte(&mut self) -> Option<u8> {
        let (&first, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(first)
    }

    pub(super) fn number(&mut self) -> Option<u64> {
        let mut number = 0_u64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            number |= u64::from(byte & 0x7f).checked_shl(shift)?;
            if byte < 0x80 {
                return Some(number);
            }
        }
        None
    }

    /// Reads a count of things that take at least one byte each.
    pub(super) fn count(&mut self) -> Option<usize> {
        let count = usize::try_from(self.number()?).ok()?;
        (count <= self.rest.len()).then_some(count)
    }

    pub(super) fn text(&mut self) -> Option<&'a str> {
        let len = self.count()?;
        let (text, rest) = self.rest.split_at(len);
        self.rest = rest;
        std::str::from_utf8(text).ok()
    }

    pub(super) fn string(&mut self) -> Option<String> {
        self.text().map(str::to_owned)
    }

    pub(super) fn strings(&mut self) -> Option<Vec<String>> {
        let count = self.count()?;
        (0..count).map(|_| self.string()).collect()
    }

    pub(super) fn advisory(&mut self) -> Option<Advisory> {
        let id = self.string()?;
        let aliases = self.strings()?;
        let modified = self.string()?;
        let summary = self.string()?;
        let kind = *AdvisoryKind::ALL.get(usize::from(self.byte()?))?;
        let flags = self.byte()?;
        let vectors = self.strings()?;
        let rating = self.rating()?;
        let alias_vectors = self.strings()?;
        let alias_rating = self.rating()?;
        let release = match flags & 2 {
            0 => None,
            _ => Some(self.string()?),
        };
        let count = self.count()?;
        let ranges = (0..count).map(|_| self.range()).collect::<Option<_>>()?;
        Some(Advisory {
            id,
            aliases,
            modified,
            summary,
            kind,
            disputed: flags & 1 != 0,
            vectors,
            rating,
            alias_vectors,
            alias_rating,
            release,
            ranges,
            versions: self.strings()?,
        })
    }

    fn rating(&mut self) -> Option<Rating> {
        Rating::ALL.get(usize::from(self.byte()?)).copied()
    }

    fn range(&mut self) -> Option<Vec<Event>> {
        let count = self.count()?;
        (0..count)
            .map(|_| {
                let tag = self.byte()?;
                let version = self.string()?;
                Some(match tag {
                    0 => Event::Introduced(version),
                    1 => Event::Fixed(version),
                    2 => Event::LastAffected(version),
                    3 => Event::Limit(version),
                    _ => return None,
                })
            })
            .collect()
    }
}
