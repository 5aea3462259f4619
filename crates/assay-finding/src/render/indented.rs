//! JSON with indented lines, as `serde_json::to_writer_pretty` writes it: a report
//! of a repository is tens of megabytes, most of which are line ends and blanks,
//! so these are written in one piece.

use std::io::{self, BufWriter, Write};

use serde::Serialize;
use serde_json::ser::Formatter;

/// Bytes that are handed on at once.
const PIECE_BYTES: usize = 64 * 1024;

/// What is between two values at this depth and above, in one piece.
const BETWEEN: &[u8] = b",\n                                ";

/// Blanks of a level.
const STEP: usize = 2;

/// Writes a value as indented JSON, without a line end after it.
pub(super) fn write(value: &impl Serialize, out: &mut dyn Write) -> io::Result<()> {
    let mut out = BufWriter::with_capacity(PIECE_BYTES, out);
    let mut serializer = serde_json::Serializer::with_formatter(&mut out, Indented::default());
    value.serialize(&mut serializer)?;
    out.flush()
}

/// Two blanks a level; what is empty stays on its line.
#[derive(Default)]
struct Indented {
    depth: usize,
    has_value: bool,
}

impl Indented {
    fn open<W: ?Sized + Write>(&mut self, out: &mut W, mark: &[u8]) -> io::Result<()> {
        self.depth += 1;
        self.has_value = false;
        out.write_all(mark)
    }

    fn close<W: ?Sized + Write>(&mut self, out: &mut W, mark: &[u8]) -> io::Result<()> {
        self.depth -= 1;
        if self.has_value {
            self.line(out, true)?;
        }
        out.write_all(mark)
    }

    /// Begins a line, after a comma unless it is the first.
    fn line<W: ?Sized + Write>(&self, out: &mut W, first: bool) -> io::Result<()> {
        let mut blanks = self.depth * STEP;
        let most = BETWEEN.len() - b",\n".len();
        let here = blanks.min(most);
        out.write_all(&BETWEEN[usize::from(first)..b",\n".len() + here])?;
        blanks -= here;
        while blanks > 0 {
            let more = blanks.min(most);
            out.write_all(&BETWEEN[b",\n".len()..][..more])?;
            blanks -= more;
        }
        Ok(())
    }
}

impl Formatter for Indented {
    fn begin_array<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.open(out, b"[")
    }

    fn end_array<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.close(out, b"]")
    }

    fn begin_array_value<W: ?Sized + Write>(&mut self, out: &mut W, first: bool) -> io::Result<()> {
        self.line(out, first)
    }

    fn end_array_value<W: ?Sized + Write>(&mut self, _: &mut W) -> io::Result<()> {
        self.has_value = true;
        Ok(())
    }

    fn begin_object<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.open(out, b"{")
    }

    fn end_object<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.close(out, b"}")
    }

    fn begin_object_key<W: ?Sized + Write>(&mut self, out: &mut W, first: bool) -> io::Result<()> {
        self.line(out, first)
    }

    fn begin_object_value<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        out.write_all(b": ")
    }

    fn end_object_value<W: ?Sized + Write>(&mut self, _: &mut W) -> io::Result<()> {
        self.has_value = true;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::write;

    #[test]
    fn it_is_what_the_library_writes() {
        let mut deep = json!(1);
        for at in 0..40 {
            deep = match at % 2 {
                0 => json!([deep, {}]),
                _ => json!({"a": deep, "b": [], "c": "\"\n"}),
            };
        }
        for value in [json!(null), json!([]), json!({}), json!([[], {}]), deep] {
            let mut written = Vec::new();
            write(&value, &mut written).expect("a vector takes everything");
            let expected = serde_json::to_string_pretty::<Value>(&value).expect("it is JSON");
            assert_eq!(String::from_utf8_lossy(&written), expected);
        }
    }
}
