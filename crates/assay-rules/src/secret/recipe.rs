//! Recipes of made-up secrets: examples are put together when a test runs, so
//! that the repository holds nothing that looks like a key.
//!
//! A recipe is literal text with parts in braces: `{hex*32}` is so many random
//! characters of an alphabet, `{crc}` the checksum that GitHub and npm put at the end
//! of a token (of what stands after its last `_`), `{enc:TEXT}` the URL-safe base64 of a text, `{b64:RECIPE}` the
//! standard base64 of what a recipe makes.

use assay_source::checksum_base_sixty_two;

use super::check::encode_base64;

/// So many characters can one part of a recipe make.
const PART_CHARS_MAX: usize = 4_096;

/// Replaces every `<key:RECIPE>` of a text by what the recipe makes.
pub(crate) fn expand(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("<key:") {
        let Some(end) = rest[at..].find("}>").map(|end| at + end + 1) else {
            break;
        };
        out.push_str(&rest[..at]);
        out.push_str(&make(&rest[at + 5..end]));
        rest = &rest[end + 1..];
    }
    out.push_str(rest);
    out
}

/// Makes the secret of a recipe; the same recipe always makes the same one.
fn make(recipe: &str) -> String {
    let mut random = Random::new(recipe);
    let mut out = String::new();
    let mut rest = recipe;
    while let Some(open) = rest.find('{') {
        out.push_str(&rest[..open]);
        let Some(close) = closing(&rest[open..]).map(|close| open + close) else {
            break;
        };
        let part = &rest[open + 1..close];
        if part == "crc" {
            let covered = out.rfind('_').map_or(0, |at| at + 1);
            let checksum = checksum_base_sixty_two(&out.as_bytes()[covered..]);
            out.push_str(&checksum);
        } else if let Some(text) = part.strip_prefix("enc:") {
            out.push_str(&encode_base64(text.as_bytes(), true));
        } else if let Some(inner) = part.strip_prefix("b64:") {
            out.push_str(&encode_base64(make(inner).as_bytes(), false));
        } else {
            random.fill(part, &mut out);
        }
        rest = &rest[close + 1..];
    }
    out.push_str(rest);
    out
}

/// Finds the brace that closes the first one.
fn closing(text: &str) -> Option<usize> {
    let mut depth = 0_u32;
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'{' => depth += 1,
            b'}' => {
                depth -= 1;
                if depth == 0 {
                    return Some(at);
                }
            }
            _ => {}
        }
    }
    None
}

const DIGITS: &str = "0123456789";
const LOWER: &str = "abcdefghijklmnopqrstuvwxyz";
const UPPER: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";

/// A small generator of pseudo-random numbers (xorshift).
struct Random(u64);

impl Random {
    fn new(seed: &str) -> Self {
        let mut state = 0xcbf2_9ce4_8422_2325_u64;
        for byte in seed.bytes() {
            state = (state ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
        Self(state | 1)
    }

    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33
    }

    /// Adds the characters of a part such as `hex*32`.
    fn fill(&mut self, part: &str, out: &mut String) {
        let (class, count) = part.split_once('*').unwrap_or((part, "1"));
        let alphabet = match class {
            "digit" => DIGITS.to_owned(),
            "lower" => LOWER.to_owned(),
            "upper" => UPPER.to_owned(),
            "hex" => "0123456789abcdef".to_owned(),
            "HEX" => "0123456789ABCDEF".to_owned(),
            "alnum" => [LOWER, DIGITS].concat(),
            "ALNUM" => [UPPER, DIGITS].concat(),
            "base32" => [UPPER, "234567"].concat(),
            "base58" => "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz".to_owned(),
            "base62" => [UPPER, LOWER, DIGITS].concat(),
            "base64" => [UPPER, LOWER, DIGITS, "+/"].concat(),
            "url" => [UPPER, LOWER, DIGITS, "-_"].concat(),
            _ => class.to_owned(),
        };
        let characters: Vec<char> = alphabet.chars().collect();
        let count = count.parse().unwrap_or(0).min(PART_CHARS_MAX);
        for _ in 0..count {
            let at = self.next() as usize % characters.len().max(1);
            out.extend(characters.get(at));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::expand;

    #[test]
    fn recipes_make_what_they_say() {
        let text = expand("a <key:ab{digit*3}_{hex*2}> b");
        assert_eq!(text.len(), "a ab000_00 b".len());
        assert_eq!(text, expand("a <key:ab{digit*3}_{hex*2}> b"));
        assert_eq!(expand("<key:{enc:{\"a\":1}}>"), "eyJhIjoxfQ");
        assert_eq!(expand("no <key: recipe"), "no <key: recipe");
    }
}
