//! Cuts a stream of bytes into events: server-sent events, or one JSON value a line.
//! Pieces may end anywhere, also within a character or between CR and LF; only whole
//! lines are looked at.

use crate::error::LlmError;

/// Bytes of one event.
pub(crate) const EVENT_BYTES_MAX: usize = 8 << 20;

/// One event.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Event {
    /// Its name; empty when it has none.
    pub(crate) name: String,
    /// Its data.
    pub(crate) data: String,
}

/// How events follow one another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Framing {
    /// Server-sent events.
    Events,
    /// One a line.
    Lines,
}

/// Collects pieces until an event is whole.
#[derive(Debug)]
pub(crate) struct Decoder {
    framing: Framing,
    /// The line that is not yet whole.
    line: Vec<u8>,
    /// A line ended with CR; a LF that follows belongs to it.
    after_cr: bool,
    is_first_line: bool,
    event: Event,
    has_data: bool,
}

impl Decoder {
    pub(crate) fn new(framing: Framing) -> Self {
        Self {
            framing,
            line: Vec::new(),
            after_cr: false,
            is_first_line: true,
            event: Event::default(),
            has_data: false,
        }
    }

    /// Takes a piece and adds the events that are whole now.
    pub(crate) fn push(&mut self, mut piece: &[u8], out: &mut Vec<Event>) -> Result<(), LlmError> {
        while !piece.is_empty() {
            if std::mem::take(&mut self.after_cr)
                && let Some(rest) = piece.strip_prefix(b"\n")
            {
                piece = rest;
                continue;
            }
            let end = memchr::memchr2(b'\n', b'\r', piece);
            let (line, rest) = piece.split_at(end.unwrap_or(piece.len()));
            if self.line.len() + self.event.data.len() + line.len() > EVENT_BYTES_MAX {
                return Err(LlmError::TooLarge {
                    bytes_max: EVENT_BYTES_MAX,
                });
            }
            self.line.extend_from_slice(line);
            let Some((&terminator, rest)) = rest.split_first() else {
                break;
            };
            self.after_cr = terminator == b'\r';
            piece = rest;
            self.end_line(out)?;
        }
        Ok(())
    }

    /// Takes the end of the stream. A line without an end may still be a value; an
    /// event without its empty line is none.
    pub(crate) fn finish(mut self, out: &mut Vec<Event>) -> Result<(), LlmError> {
        if self.framing == Framing::Lines && !self.line.is_empty() {
            self.end_line(out)?;
        }
        Ok(())
    }

    fn end_line(&mut self, out: &mut Vec<Event>) -> Result<(), LlmError> {
        let mut bytes = std::mem::take(&mut self.line);
        if std::mem::take(&mut self.is_first_line) && bytes.starts_with(b"\xef\xbb\xbf") {
            bytes.drain(..3);
        }
        let line = String::from_utf8(bytes)
            .map_err(|_| LlmError::Unreadable("the stream is not UTF-8".into()))?;
        match self.framing {
            Framing::Lines => {
                if !line.trim().is_empty() {
                    out.push(Event {
                        name: String::new(),
                        data: line,
                    });
                }
            }
            Framing::Events => self.field(&line, out),
        }
        Ok(())
    }

    fn field(&mut self, line: &str, out: &mut Vec<Event>) {
        if line.is_empty() {
            let event = std::mem::take(&mut self.event);
            if std::mem::take(&mut self.has_data) {
                out.push(event);
            }
            return;
        }
        let (name, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match name {
            "event" => value.clone_into(&mut self.event.name),
            "data" => {
                if self.has_data {
                    self.event.data.push('\n');
                }
                self.event.data.push_str(value);
                self.has_data = true;
            }
            // A comment has no name; the others (`id`, `retry`) are not needed.
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{ProptestConfig, any, prop_assert_eq, proptest};

    use super::{Decoder, EVENT_BYTES_MAX, Event, Framing};

    fn decode(framing: Framing, pieces: &[&[u8]]) -> Vec<(String, String)> {
        let mut decoder = Decoder::new(framing);
        let mut out = Vec::new();
        for piece in pieces {
            decoder.push(piece, &mut out).unwrap();
        }
        decoder.finish(&mut out).unwrap();
        out.into_iter()
            .map(|Event { name, data }| (name, data))
            .collect()
    }

    /// Whatever the pieces are, the events are the same.
    fn check(framing: Framing, text: &str, expected: &[(&str, &str)]) {
        let bytes = text.as_bytes();
        let expected: Vec<_> = expected
            .iter()
            .map(|(n, d)| ((*n).to_owned(), (*d).to_owned()))
            .collect();
        assert_eq!(decode(framing, &[bytes]), expected, "{text:?}");
        let single: Vec<_> = bytes.chunks(1).collect();
        assert_eq!(decode(framing, &single), expected, "{text:?} byte by byte");
        for at in 0..=bytes.len() {
            let (one, other) = bytes.split_at(at);
            assert_eq!(decode(framing, &[one, other]), expected, "{text:?} at {at}");
        }
    }

    #[test]
    fn events_survive_any_cut() {
        let events = Framing::Events;
        check(events, "data: a\n\ndata: b\n\n", &[("", "a"), ("", "b")]);
        check(
            events,
            "data: a\r\n\r\ndata:b\r\rdata:  c\n\n",
            &[("", "a"), ("", "b"), ("", " c")],
        );
        check(
            events,
            ": hello\n\nevent: ping\ndata: {}\n\n",
            &[("ping", "{}")],
        );
        check(
            events,
            "data: one\ndata: two\ndata\n\n",
            &[("", "one\ntwo\n")],
        );
        check(
            events,
            "\u{feff}data: \u{e4}\u{1f980}\n\n",
            &[("", "\u{e4}\u{1f980}")],
        );
        check(
            events,
            "id: 7\nretry: 5\nevent: x\n\ndata: y\n\n",
            &[("", "y")],
        );
        check(events, "data: whole\n\ndata: not whole\n", &[("", "whole")]);
        check(
            events,
            "data: \u{2028}\u{85}x\n\n",
            &[("", "\u{2028}\u{85}x")],
        );
        check(events, "", &[]);
    }

    #[test]
    fn lines_survive_any_cut() {
        let lines = Framing::Lines;
        check(
            lines,
            "{\"a\":1}\n\r\n{\"b\":\"\u{e4}\"}\r\n",
            &[("", "{\"a\":1}"), ("", "{\"b\":\"\u{e4}\"}")],
        );
        check(lines, "{}\n{\"last\"", &[("", "{}"), ("", "{\"last\"")]);
    }

    #[test]
    fn what_is_no_text_or_has_no_end_is_refused() {
        let mut out = Vec::new();
        let mut decoder = Decoder::new(Framing::Events);
        assert!(decoder.push(b"data: \xff\n\n", &mut out).is_err());
        let mut decoder = Decoder::new(Framing::Events);
        assert!(decoder.push(&vec![b'x'; EVENT_BYTES_MAX], &mut out).is_ok());
        assert!(decoder.push(b"x", &mut out).is_err());
        let mut decoder = Decoder::new(Framing::Events);
        let line = [b"data: ".as_slice(), &vec![b'x'; 1 << 20], b"\n"].concat();
        assert!((0..9).any(|_| decoder.push(&line, &mut out).is_err()));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn no_bytes_make_it_panic_and_pieces_do_not_matter(
            bytes in proptest::collection::vec(any::<u8>(), 0..200), at in 0usize..200,
        ) {
            let whole = {
                let (mut out, mut decoder) = (Vec::new(), Decoder::new(Framing::Events));
                decoder.push(&bytes, &mut out).map(|()| out).ok()
            };
            let parts = {
                let (mut out, mut decoder) = (Vec::new(), Decoder::new(Framing::Events));
                let (one, other) = bytes.split_at(at.min(bytes.len()));
                decoder.push(one, &mut out).and_then(|()| decoder.push(other, &mut out)).map(|()| out).ok()
            };
            prop_assert_eq!(whole, parts);
        }
    }
}
