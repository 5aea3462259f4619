//! Decoded text: from the bytes of a file to UTF-8 with a line map.

use std::borrow::Cow;

use crate::span::{LineMap, Position, Span};

/// How the bytes of a file encode its text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// UTF-8 without a byte order mark.
    Utf8,
    /// UTF-8 after a byte order mark.
    Utf8Bom,
    /// UTF-16 little endian, told by its byte order mark.
    Utf16Le,
    /// UTF-16 big endian, told by its byte order mark.
    Utf16Be,
    /// Not valid UTF-8 and no NUL byte: read as Windows-1252 (the superset of
    /// Latin-1 that every byte has a meaning in).
    Latin1,
}

impl Encoding {
    /// Returns the name that reports show.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Utf8 => "UTF-8",
            Self::Utf8Bom => "UTF-8 with byte order mark",
            Self::Utf16Le => "UTF-16 little endian",
            Self::Utf16Be => "UTF-16 big endian",
            Self::Latin1 => "Latin-1",
        }
    }
}

/// How the lines of a text end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LineEnding {
    /// There is no line end.
    None,
    /// Every line ends with `\n`.
    Lf,
    /// Every line ends with `\r\n`.
    Crlf,
    /// Every line ends with a lone `\r`.
    Cr,
    /// Several kinds occur.
    Mixed,
}

/// Why bytes are not text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// A NUL byte outside UTF-16, or UTF-16 that is not well formed.
    #[error("binary content")]
    Binary,
    /// More than 4 GiB: spans count bytes in 32 bits.
    #[error("text of 4 GiB or more")]
    TooLong,
}

/// Text under review: always UTF-8, whatever the file was encoded in.
#[derive(Clone, Debug)]
pub struct SourceText {
    text: String,
    encoding: Encoding,
    lines: LineMap,
}

impl SourceText {
    /// Decodes the bytes of a file. A byte order mark is not part of the text.
    pub fn decode(bytes: Vec<u8>) -> Result<Self, DecodeError> {
        if bytes.len() >= u32::MAX as usize {
            return Err(DecodeError::TooLong);
        }
        let (text, encoding) = if let Some(rest) = bytes.strip_prefix(b"\xef\xbb\xbf") {
            (utf8_or_latin1(rest.to_vec())?.0, Encoding::Utf8Bom)
        } else if bytes.starts_with(b"\xff\xfe") {
            (
                utf16(encoding_rs::UTF_16LE, &bytes[2..])?,
                Encoding::Utf16Le,
            )
        } else if bytes.starts_with(b"\xfe\xff") {
            (
                utf16(encoding_rs::UTF_16BE, &bytes[2..])?,
                Encoding::Utf16Be,
            )
        } else {
            utf8_or_latin1(bytes)?
        };
        if text.len() >= u32::MAX as usize {
            return Err(DecodeError::TooLong);
        }
        Ok(Self::with_encoding(text, encoding))
    }

    /// Wraps text that is already decoded.
    pub fn from_text(text: impl Into<String>) -> Self {
        Self::with_encoding(text.into(), Encoding::Utf8)
    }

    /// Makes a text that is encoded as this one is.
    pub fn with_text(&self, text: impl Into<String>) -> Self {
        Self::with_encoding(text.into(), self.encoding)
    }

    /// Returns the bytes of the file, with its byte order mark; nothing when a
    /// character has none in the encoding.
    pub fn encode(&self) -> Option<Vec<u8>> {
        const MARK: char = '\u{feff}';
        let units = || std::iter::once(MARK).chain(self.text.chars());
        let pairs = |bytes: fn(u16) -> [u8; 2]| -> Vec<u8> {
            let mut buffer = [0; 2];
            units()
                .flat_map(|c| c.encode_utf16(&mut buffer).to_vec())
                .flat_map(bytes)
                .collect()
        };
        Some(match self.encoding {
            Encoding::Utf8 => self.text.clone().into_bytes(),
            Encoding::Utf8Bom => units().collect::<String>().into_bytes(),
            Encoding::Utf16Le => pairs(u16::to_le_bytes),
            Encoding::Utf16Be => pairs(u16::to_be_bytes),
            Encoding::Latin1 => {
                let (bytes, _, is_lossy) = encoding_rs::WINDOWS_1252.encode(&self.text);
                return (!is_lossy).then(|| bytes.into_owned());
            }
        })
    }

    fn with_encoding(text: String, encoding: Encoding) -> Self {
        let lines = LineMap::new(&text);
        Self {
            text,
            encoding,
            lines,
        }
    }

    /// Returns the whole text.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Returns the encoding that the file had.
    pub fn encoding(&self) -> Encoding {
        self.encoding
    }

    /// Returns the line map.
    pub fn lines(&self) -> &LineMap {
        &self.lines
    }

    /// Returns the text of a span, or nothing when it is not on character
    /// boundaries inside the text.
    pub fn get(&self, span: Span) -> Option<&str> {
        self.text.get(span.range())
    }

    /// Returns the text of a span; a span outside the text gives `""`.
    pub fn slice(&self, span: Span) -> &str {
        self.get(span).unwrap_or("")
    }

    /// Returns a line (from 1) without its line end; `""` past the last one.
    pub fn line(&self, line: u32) -> &str {
        self.slice(self.lines.line_span(line))
            .trim_end_matches(['\n', '\r'])
    }

    /// Returns the line and column of a byte offset.
    pub fn position(&self, offset: u32) -> Position {
        let line = self.lines.line_of(offset);
        let start = self.lines.line_span(line).start as usize;
        let end = self.text.floor_char_boundary(offset as usize).max(start);
        let column = self.text[start..end].chars().count() as u32 + 1;
        Position { line, column }
    }

    /// Returns how the lines end.
    pub fn line_ending(&self) -> LineEnding {
        let bytes = self.text.as_bytes();
        let (mut lf, mut crlf, mut cr) = (false, false, false);
        for at in memchr::memchr2_iter(b'\n', b'\r', bytes) {
            match bytes[at] {
                b'\r' if bytes.get(at + 1) == Some(&b'\n') => crlf = true,
                b'\r' => cr = true,
                _ if at > 0 && bytes[at - 1] == b'\r' => {}
                _ => lf = true,
            }
        }
        match (lf, crlf, cr) {
            (false, false, false) => LineEnding::None,
            (true, false, false) => LineEnding::Lf,
            (false, true, false) => LineEnding::Crlf,
            (false, false, true) => LineEnding::Cr,
            _ => LineEnding::Mixed,
        }
    }

    /// Returns whether the text ends with a line end; an empty text does.
    pub fn has_final_newline(&self) -> bool {
        self.text.is_empty() || self.text.ends_with(['\n', '\r'])
    }
}

fn utf8_or_latin1(bytes: Vec<u8>) -> Result<(String, Encoding), DecodeError> {
    if memchr::memchr(0, &bytes).is_some() {
        return Err(DecodeError::Binary);
    }
    match String::from_utf8(bytes) {
        Ok(text) => Ok((text, Encoding::Utf8)),
        Err(error) => {
            let bytes = error.into_bytes();
            // Text has few control bytes; media and compressed data have many.
            let controls = bytes
                .iter()
                .filter(|b| {
                    b.is_ascii_control() && !matches!(b, b'\t' | b'\n' | b'\r' | 0x0c | 0x1b)
                })
                .count();
            if controls * 100 > bytes.len() {
                return Err(DecodeError::Binary);
            }
            let (text, _) = encoding_rs::WINDOWS_1252.decode_without_bom_handling(&bytes);
            Ok((text.into_owned(), Encoding::Latin1))
        }
    }
}

fn utf16(encoding: &'static encoding_rs::Encoding, bytes: &[u8]) -> Result<String, DecodeError> {
    match encoding.decode_without_bom_handling_and_without_replacement(bytes) {
        Some(text) => Ok(Cow::into_owned(text)),
        None => Err(DecodeError::Binary),
    }
}
