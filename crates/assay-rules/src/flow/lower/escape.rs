//! Escapes in strings, and numbers with a base: each language says in data
//! which it has.

/// The escapes that a language has in its strings.
pub(super) struct Escapes {
    /// What a character after the backslash stands for.
    pub(super) letters: &'static [(char, char)],
    /// Characters that begin a number in base 16, and how many digits it has
    /// at the most.
    pub(super) hex: &'static [(char, usize)],
    /// Whether up to three digits are a number in base 8.
    pub(super) octal: bool,
    /// Whether `u{...}` has any number of digits in base 16.
    pub(super) braces: bool,
    /// Whether the backslash before any other character stays.
    pub(super) keeps_others: bool,
}

impl Escapes {
    /// The escapes of C and most of its descendants.
    pub(super) const LETTERS: &'static [(char, char)] = &[
        ('n', '\n'),
        ('t', '\t'),
        ('r', '\r'),
        ('a', '\u{7}'),
        ('b', '\u{8}'),
        ('f', '\u{c}'),
        ('v', '\u{b}'),
        ('\\', '\\'),
        ('\'', '\''),
        ('"', '"'),
    ];

    /// Resolves the escapes in a text. A number that is no character is the
    /// replacement character, a backslash at the end is nothing.
    pub(super) fn resolve(&self, text: &str) -> String {
        if !text.contains('\\') {
            return text.to_owned();
        }
        let mut out = String::with_capacity(text.len());
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('\\') {
            out.push_str(before);
            rest = self.escape(after, &mut out);
        }
        out.push_str(rest);
        out
    }

    /// Resolves one escape and returns what comes after it.
    fn escape<'t>(&self, text: &'t str, out: &mut String) -> &'t str {
        let mut chars = text.chars();
        let Some(c) = chars.next() else { return "" };
        let rest = chars.as_str();
        if self.braces
            && c == 'u'
            && let Some(digits) = rest.strip_prefix('{')
        {
            let (digits, rest) = digits.split_once('}').unwrap_or((digits, ""));
            out.push(character(digits, 16));
            return rest;
        }
        if let Some((_, digits_max)) = self.hex.iter().find(|hex| hex.0 == c) {
            // Java may repeat the letter.
            let rest = rest.trim_start_matches(c);
            let (digits, rest) = digits(rest, 16, *digits_max);
            out.push(character(digits, 16));
            return rest;
        }
        if self.octal && c.is_digit(8) {
            let (digits, rest) = digits(text, 8, if c > '3' { 2 } else { 3 });
            out.push(character(digits, 8));
            return rest;
        }
        match self.letters.iter().find(|letter| letter.0 == c) {
            Some((_, meant)) => out.push(*meant),
            None if c == '\n' => {}
            None if self.keeps_others => out.extend(['\\', c]),
            None => out.push(c),
        }
        rest
    }
}

fn digits(text: &str, radix: u32, count_max: usize) -> (&str, &str) {
    let count = text.chars().take(count_max);
    text.split_at(count.take_while(|c| c.is_digit(radix)).count())
}

fn character(digits: &str, radix: u32) -> char {
    let code = u32::from_str_radix(digits, radix).ok();
    code.and_then(char::from_u32).unwrap_or('\u{fffd}')
}

/// Returns the value of a whole number with a base before it (`0x`, `0o`, `0b`)
/// and separators between its digits. What has another suffix than those that
/// are given is none.
pub(super) fn integer(text: &str, suffixes: &[char]) -> Option<i64> {
    let digits: String = text.chars().filter(|c| !matches!(c, '_' | '\'')).collect();
    let digits = digits.to_ascii_lowercase();
    for (prefix, radix) in [("0x", 16), ("0o", 8), ("0b", 2)] {
        if let Some(rest) = digits.strip_prefix(prefix) {
            let rest = rest.trim_end_matches(|c| suffixes.contains(&c) && !c.is_digit(radix));
            return i64::from_str_radix(rest, radix).ok();
        }
    }
    digits.trim_end_matches(suffixes).parse().ok()
}

#[cfg(test)]
mod tests {
    use super::{Escapes, integer};

    #[test]
    fn escapes_are_resolved() {
        let all = Escapes {
            letters: Escapes::LETTERS,
            hex: &[('x', 2), ('u', 4), ('U', 8)],
            octal: true,
            braces: true,
            keeps_others: true,
        };
        for (written, meant) in [
            ("plain", "plain"),
            ("a\\tb\\\\n", "a\tb\\n"),
            ("\\x41\\u0042\\103\\U00000044\\u{45}", "ABCDE"),
            ("\\uuu0041", "A"),
            ("\\0\\400", "\0\u{20}0"),
            ("\\d+", "\\d+"),
            ("a\\\nb", "ab"),
            ("é\\é", "é\\é"),
            ("\\", ""),
            ("\\u{", "\u{fffd}"),
            ("\\x", "\u{fffd}"),
        ] {
            assert_eq!(all.resolve(written), meant, "{written}");
        }
    }

    #[test]
    fn integers_have_bases() {
        for (written, value) in [
            ("1_000", Some(1000)),
            ("0xFFl", Some(255)),
            ("0o17", Some(15)),
            ("0B101n", Some(5)),
            ("7L", Some(7)),
            ("1e3", None),
            ("99999999999999999999", None),
        ] {
            assert_eq!(integer(written, &['l', 'n']), value, "{written}");
        }
    }
}
