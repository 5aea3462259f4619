//! Cuts text into tokens without a grammar: fast, and driven only by the comment
//! and quote markers, the words and the case rule of a [`Language`].
//!
//! A token is one 32-bit [`Code`]; comments, white space and import statements
//! are left out. Nothing is allocated for a token, and the time is linear in the
//! text whatever the text is.

use assay_source::LineMap;
use assay_syntax::{BlockComment, Language, Quote};

use super::import::ImportFilter;

/// What a token is, in 32 bits: two for its class, thirty for its text.
///
/// Keywords and punctuation are `Fixed`. Punctuation is its own bytes;
/// everything else is a hash, so equal codes are verified against the text
/// before anything is reported.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub(crate) struct Code(u32);

/// The classes of tokens: in renamed copies only `Fixed` tokens stay equal.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Class {
    /// A keyword or punctuation.
    Fixed,
    /// A name.
    Identifier,
    /// A number.
    Number,
    /// A string or a character.
    String,
}

const CLASS_SHIFT: u32 = 30;
const TEXT_MASK: u32 = (1 << CLASS_SHIFT) - 1;
/// Set in the codes of keywords, so that they are no punctuation.
const KEYWORD_BIT: u32 = 1 << 29;

impl Code {
    pub(crate) const fn new(class: Class, text: u32) -> Self {
        let class = match class {
            Class::Fixed => 0,
            Class::Identifier => 1,
            Class::Number => 2,
            Class::String => 3,
        };
        Self((class << CLASS_SHIFT) | (text & TEXT_MASK))
    }

    const fn keyword(hash: u32) -> Self {
        Self::new(Class::Fixed, hash | KEYWORD_BIT)
    }

    pub(crate) const fn class(self) -> Class {
        match self.0 >> CLASS_SHIFT {
            0 => Class::Fixed,
            1 => Class::Identifier,
            2 => Class::Number,
            _ => Class::String,
        }
    }

    pub(crate) const fn is_identifier(self) -> bool {
        self.0 >> CLASS_SHIFT == 1
    }

    pub(crate) const fn value(self) -> u32 {
        self.0
    }

    /// Returns the code with the text taken away from names and literals: what
    /// is equal in renamed copies.
    pub(crate) const fn normal(self) -> u32 {
        if self.0 >> CLASS_SHIFT == 0 {
            self.0
        } else {
            self.0 & !TEXT_MASK
        }
    }

    /// Returns whether the token is one of these single bytes.
    pub(crate) fn is_any(self, bytes: &[u8]) -> bool {
        self.0 < 0x80 && bytes.contains(&(self.0 as u8))
    }
}

/// One token with its place.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Token {
    pub(crate) code: Code,
    pub(crate) start: u32,
    pub(crate) end: u32,
    /// Whether it is the first one on its line.
    pub(crate) leads: bool,
}

/// The tokens of a text with their places.
#[derive(Default)]
pub(crate) struct Lexed {
    pub(crate) codes: Vec<Code>,
    pub(crate) starts: Vec<u32>,
    pub(crate) ends: Vec<u32>,
    /// The line of each token, once they were asked for.
    pub(crate) lines: Vec<u32>,
}

impl Lexed {
    pub(crate) fn clear(&mut self) {
        self.codes.clear();
        self.starts.clear();
        self.ends.clear();
        self.lines.clear();
    }

    /// Works out the line of each token.
    pub(crate) fn number_lines(&mut self, map: &LineMap) {
        self.lines.clear();
        let mut line = 1;
        let mut end = map.line_span(line).end;
        for &start in &self.starts {
            while end <= start && line < map.line_count() {
                line += 1;
                end = map.line_span(line).end;
            }
            self.lines.push(line);
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.codes.len()
    }
}

/// What a byte can begin.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Byte {
    Space,
    Newline,
    Word,
    Digit,
    Punctuation,
}

enum Marker {
    Line(&'static str),
    Block(BlockComment),
    Quote(Quote),
}

impl Marker {
    fn start(&self) -> &'static [u8] {
        match self {
            Self::Line(start) => start.as_bytes(),
            Self::Block(block) => block.start.as_bytes(),
            Self::Quote(quote) => quote.start.as_bytes(),
        }
    }
}

/// How one language is read, worked out once.
pub(crate) struct Lexicon {
    bytes: [Byte; 256],
    /// Whether a marker begins with the byte.
    marks: [bool; 256],
    /// Longest first.
    markers: Vec<Marker>,
    keywords: Keywords,
    fold_case: bool,
    has_single_quote: bool,
    pub(crate) imports: ImportFilter,
}

/// Operators of more than one byte that are one token. Those that white space
/// can take apart without a change of meaning (`>>`, `&*`) are not among them.
const OPERATORS: &[&[u8]] = &[
    b"===", b"!==", b"...", b"<=>", b"==", b"!=", b"<=", b">=", b"&&", b"||", b"->", b"=>", b"::",
    b"++", b"--", b"+=", b"-=", b"*=", b"/=", b"%=", b"|=", b"&=", b"^=", b"..", b":=", b"??",
    b"?.", b"|>",
];

/// The longest text of a character in single quotes, where those are no strings.
const CHARACTER_BYTES_MAX: usize = 12;

impl Lexicon {
    /// Makes the lexicon of a language. The keywords are those of its whole
    /// family, so that a word is the same token in each of them.
    pub(crate) fn new(language: &Language, keywords: impl Iterator<Item = &'static str>) -> Self {
        let mut markers: Vec<Marker> = Vec::new();
        markers.extend(language.line_comments().iter().copied().map(Marker::Line));
        markers.extend(language.block_comments().iter().copied().map(Marker::Block));
        markers.extend(language.quotes().iter().copied().map(Marker::Quote));
        markers.retain(|marker| !marker.start().is_empty());
        markers.sort_by_key(|marker| std::cmp::Reverse(marker.start().len()));
        let mut marks = [false; 256];
        for marker in &markers {
            marks[marker.start()[0] as usize] = true;
        }
        let mut bytes = [Byte::Punctuation; 256];
        for (value, byte) in bytes.iter_mut().enumerate() {
            *byte = match value as u8 {
                b'\n' => Byte::Newline,
                0..=b' ' | 0x7f => Byte::Space,
                b'0'..=b'9' => Byte::Digit,
                b'a'..=b'z' | b'A'..=b'Z' | b'_' | b'$' | 0x80.. => Byte::Word,
                _ => Byte::Punctuation,
            };
        }
        let has_single_quote = marks[b'\'' as usize];
        Self {
            bytes,
            marks,
            markers,
            keywords: Keywords::new(keywords, language.is_case_insensitive()),
            fold_case: language.is_case_insensitive(),
            has_single_quote,
            imports: ImportFilter::new(language),
        }
    }

    /// Reads the tokens of `text` until `sink` returns `false`.
    pub(crate) fn lex(&self, text: &str, mut sink: impl FnMut(Token) -> bool) {
        let mut filter = self.imports.state(text.as_bytes());
        self.lex_all(text, |token| {
            !filter.passes(&self.imports, token) || sink(token)
        });
    }

    /// Reads at most `tokens_max` tokens into `lexed`; returns whether that was all.
    pub(crate) fn lex_into(&self, text: &str, tokens_max: usize, lexed: &mut Lexed) -> bool {
        lexed.clear();
        let mut whole = true;
        self.lex(text, |token| {
            whole = lexed.codes.len() < tokens_max;
            if whole {
                lexed.codes.push(token.code);
                lexed.starts.push(token.start);
                lexed.ends.push(token.end);
            }
            whole
        });
        whole
    }

    fn lex_all(&self, text: &str, mut sink: impl FnMut(Token) -> bool) {
        let mut scan = Scan {
            bytes: text.as_bytes(),
            unterminated: vec![0; self.markers.len()],
        };
        let bytes = scan.bytes;
        let mut at = 0;
        let mut leads = true;
        while let Some(&byte) = bytes.get(at) {
            let start = at;
            let kind = self.bytes[byte as usize];
            if kind == Byte::Space || kind == Byte::Newline {
                leads |= kind == Byte::Newline;
                at += 1;
                continue;
            }
            let mut code = None;
            if self.marks[byte as usize] {
                match self.marker_at(&mut scan, at) {
                    Some((end, false)) => {
                        // A comment that ends a line leaves the line end to be
                        // seen; one over several lines begins a new one.
                        leads |= memchr::memchr(b'\n', &bytes[start..end]).is_some();
                        at = end;
                        continue;
                    }
                    Some((end, true)) => {
                        at = end;
                        code = Some(Code::new(Class::String, hash(&bytes[start..end])));
                    }
                    None => {}
                }
            }
            let code = match code {
                Some(code) => code,
                None if kind == Byte::Word => {
                    at = self.word_end(bytes, at);
                    self.word(&bytes[start..at])
                }
                None if kind == Byte::Digit => {
                    at = number_end(bytes, at);
                    Code::new(Class::Number, hash(&bytes[start..at]))
                }
                None => {
                    if let Some(end) = self.character_end(bytes, at) {
                        at = end;
                        Code::new(Class::String, hash(&bytes[start..at]))
                    } else {
                        let length = operator_len(&bytes[at..]);
                        at += length;
                        operator(&bytes[start..at])
                    }
                }
            };
            let token = Token {
                code,
                start: start as u32,
                end: at as u32,
                leads,
            };
            leads = false;
            if !sink(token) {
                return;
            }
        }
    }

    fn word_end(&self, bytes: &[u8], from: usize) -> usize {
        let rest = &bytes[from..];
        let length = rest
            .iter()
            .position(|&byte| !matches!(self.bytes[byte as usize], Byte::Word | Byte::Digit))
            .unwrap_or(rest.len());
        from + length
    }

    fn word(&self, word: &[u8]) -> Code {
        let hash = if self.fold_case {
            hash_folded(word)
        } else {
            hash(word)
        };
        if self.keywords.contains(hash, word, self.fold_case) {
            Code::keyword(hash)
        } else {
            Code::new(Class::Identifier, hash)
        }
    }

    /// Returns where the comment or string that begins at `at` ends, and
    /// whether it is a string.
    fn marker_at(&self, scan: &mut Scan<'_>, at: usize) -> Option<(usize, bool)> {
        for (index, marker) in self.markers.iter().enumerate() {
            if !scan.bytes[at..].starts_with(marker.start()) {
                continue;
            }
            match marker {
                Marker::Line(start) => {
                    // `$#` and `${#x}` of shells are no comments.
                    let before = at.checked_sub(1).map(|before| scan.bytes[before]);
                    if *start == "#" && matches!(before, Some(b'$' | b'{')) {
                        continue;
                    }
                    return Some((scan.line_end(at), false));
                }
                Marker::Block(block) => return Some((scan.block_end(block, at), false)),
                Marker::Quote(quote) => {
                    if let Some(end) = scan.quote_end(quote, index, at) {
                        return Some((end, true));
                    }
                }
            }
        }
        None
    }

    /// Returns where a character such as `'"'` ends, in languages where single
    /// quotes begin no string: its quote must not be taken for one.
    fn character_end(&self, bytes: &[u8], at: usize) -> Option<usize> {
        if bytes[at] != b'\'' || self.has_single_quote {
            return None;
        }
        let rest = &bytes[at + 1..];
        let first = *rest.first()?;
        if first == b'\\' {
            let near = &rest[..rest.len().min(CHARACTER_BYTES_MAX)];
            let close = memchr::memchr(b'\'', near.get(2..)?)?;
            return Some(at + 1 + 2 + close + 1);
        }
        let length = match first {
            b'\n' | b'\'' => return None,
            0..0x80 => 1,
            0xf0.. => 4,
            0xe0.. => 3,
            _ => 2,
        };
        (rest.get(length) == Some(&b'\'')).then_some(at + 1 + length + 1)
    }
}

/// A text with what is known of the strings in it.
struct Scan<'t> {
    bytes: &'t [u8],
    /// For each marker: a string that begins before this place has no end
    /// before it either. Keeps the time linear.
    unterminated: Vec<usize>,
}

impl Scan<'_> {
    fn line_end(&self, from: usize) -> usize {
        memchr::memchr(b'\n', &self.bytes[from..]).map_or(self.bytes.len(), |length| from + length)
    }

    /// An unterminated comment goes to the end of the text.
    fn block_end(&self, block: &BlockComment, at: usize) -> usize {
        let (start, end) = (block.start.as_bytes(), block.end.as_bytes());
        let Some(&last) = end.first() else {
            return self.bytes.len();
        };
        let mut from = at + start.len();
        let mut depth = 1;
        while let Some(step) = memchr::memchr2(start[0], last, &self.bytes[from..]) {
            let rest = &self.bytes[from + step..];
            if rest.starts_with(end) {
                from += step + end.len();
                depth -= 1;
                if depth == 0 {
                    return from;
                }
            } else if block.nested && rest.starts_with(start) {
                from += step + start.len();
                depth += 1;
            } else {
                from += step + 1;
            }
        }
        self.bytes.len()
    }

    /// Returns nothing for a quote that nothing closes: it is then no string.
    fn quote_end(&mut self, quote: &Quote, index: usize, at: usize) -> Option<usize> {
        let body = at + quote.start.len();
        if body <= self.unterminated[index] {
            return None;
        }
        let end = quote.end.as_bytes();
        let last = *end.first()?;
        // An escape of more than one byte does not occur.
        let escape = quote.escape.map_or(last, |escape| escape as u8);
        let mut from = body;
        loop {
            let stop = if quote.multiline { last } else { b'\n' };
            // An escape at the very end leads out of the text.
            let rest = self.bytes.get(from..).unwrap_or_default();
            let Some(step) = memchr::memchr3(last, escape, stop, rest) else {
                self.unterminated[index] = self.bytes.len();
                return None;
            };
            let found = from + step;
            if quote.escape.is_some() && self.bytes[found] == escape && escape != last {
                from = found + 2;
            } else if self.bytes[found..].starts_with(end) {
                // A doubled quote stands for itself where it is its own escape.
                let after = found + end.len();
                let is_doubled = quote.escape.is_some()
                    && escape == last
                    && self.bytes[after..].starts_with(end);
                if !is_doubled {
                    return Some(after);
                }
                from = after + end.len();
            } else if !quote.multiline && self.bytes[found] == b'\n' {
                self.unterminated[index] = found;
                return None;
            } else {
                from = found + 1;
            }
        }
    }
}

/// The reserved words of a language, found by their hash.
struct Keywords {
    slots: Vec<Option<&'static [u8]>>,
}

impl Keywords {
    fn new(words: impl Iterator<Item = &'static str>, fold: bool) -> Self {
        let mut words: Vec<&'static [u8]> = words.map(str::as_bytes).collect();
        words.sort_unstable();
        words.dedup();
        let mut slots = vec![None; (words.len() * 4).next_power_of_two().max(4)];
        for word in words {
            let hash = if fold { hash_folded(word) } else { hash(word) };
            let mut slot = hash as usize & (slots.len() - 1);
            while slots[slot].is_some() {
                slot = (slot + 1) & (slots.len() - 1);
            }
            slots[slot] = Some(word);
        }
        Self { slots }
    }

    fn contains(&self, hash: u32, word: &[u8], fold: bool) -> bool {
        let mut slot = hash as usize & (self.slots.len() - 1);
        while let Some(known) = self.slots[slot] {
            if known == word || (fold && known.eq_ignore_ascii_case(word)) {
                return true;
            }
            slot = (slot + 1) & (self.slots.len() - 1);
        }
        false
    }
}

fn operator_len(rest: &[u8]) -> usize {
    if rest.len() < 2 || !is_operator(rest[0]) || !(is_operator(rest[1])) {
        return 1;
    }
    OPERATORS
        .iter()
        .find(|operator| rest.starts_with(operator))
        .map_or(1, |operator| operator.len())
}

fn is_operator(byte: u8) -> bool {
    matches!(
        byte,
        b'!' | b'%'
            | b'&'
            | b'*'
            | b'+'
            | b'-'
            | b'.'
            | b'/'
            | b':'
            | b'<'
            | b'='
            | b'>'
            | b'?'
            | b'^'
            | b'|'
    )
}

fn operator(bytes: &[u8]) -> Code {
    let packed = bytes
        .iter()
        .rev()
        .fold(0u32, |packed, &byte| (packed << 8) | u32::from(byte));
    Code::new(Class::Fixed, packed)
}

/// Digits with everything that sticks to them: `0xff_u8`, `1.5e-3`.
fn number_end(bytes: &[u8], from: usize) -> usize {
    let mut at = from + 1;
    while let Some(&byte) = bytes.get(at) {
        let next_is_digit = || bytes.get(at + 1).is_some_and(u8::is_ascii_digit);
        let goes_on = match byte {
            b'_' => true,
            b'.' => next_is_digit(),
            b'+' | b'-' => {
                matches!(bytes[at - 1], b'e' | b'E')
                    && next_is_digit()
                    && !bytes[from..].starts_with(b"0x")
            }
            byte => byte.is_ascii_alphanumeric(),
        };
        if !goes_on {
            break;
        }
        at += 1;
    }
    at
}

const SEED: u64 = 0x9e37_79b9_7f4a_7c15;

/// Thirty bits of the text. Not against an adversary: what is reported is
/// verified on the text itself.
pub(crate) fn hash(bytes: &[u8]) -> u32 {
    let mut state = SEED ^ bytes.len() as u64;
    let (chunks, rest) = bytes.as_chunks::<8>();
    for chunk in chunks {
        state = mix(state, u64::from_le_bytes(*chunk));
    }
    if !rest.is_empty() {
        let word = rest
            .iter()
            .rev()
            .fold(0u64, |word, &byte| (word << 8) | u64::from(byte));
        state = mix(state, word);
    }
    finish(state)
}

fn hash_folded(bytes: &[u8]) -> u32 {
    let mut state = SEED ^ bytes.len() as u64;
    for chunk in bytes.chunks(8) {
        let word = chunk.iter().rev().fold(0u64, |word, byte| {
            (word << 8) | u64::from(byte.to_ascii_lowercase())
        });
        state = mix(state, word);
    }
    finish(state)
}

fn mix(state: u64, word: u64) -> u64 {
    let product = u128::from(state ^ word) * u128::from(0xd6e8_feb8_6659_fd93_u64);
    (product as u64) ^ ((product >> 64) as u64)
}

/// Keywords have one bit less than names.
fn finish(state: u64) -> u32 {
    ((state ^ (state >> 29)) as u32) & TEXT_MASK
}
