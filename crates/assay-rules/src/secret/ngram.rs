//! How odd a text is as a word: trigrams of letters, counted over source code
//! and prose by `cargo xtask train-secrets`.

use std::sync::OnceLock;

/// Letters and the edge of a word.
const SYMBOLS: usize = 27;
/// So many steps of the table are one bit.
const STEPS_PER_BIT: f32 = 2.5;

/// One digit in base 36 for each trigram: the bits that its last letter costs.
const TABLE: &str = include_str!("../../model/secret-ngram.txt");

fn table() -> &'static [u8] {
    static COSTS: OnceLock<Vec<u8>> = OnceLock::new();
    COSTS.get_or_init(|| {
        TABLE
            .bytes()
            .filter_map(|byte| char::from(byte).to_digit(36))
            .map(|digit| digit as u8)
            .collect()
    })
}

fn symbol(byte: u8) -> usize {
    match byte.to_ascii_lowercase() {
        letter @ b'a'..=b'z' => usize::from(letter - b'a'),
        _ => SYMBOLS - 1,
    }
}

/// What a text costs as words.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Oddness {
    /// Bits for each letter.
    pub(crate) mean: f32,
    /// Bits for each letter of the oddest five in a row.
    pub(crate) worst: f32,
    /// Letters that a run of letters has, on average.
    pub(crate) run_length: f32,
}

/// Letters that are looked at together for the worst place.
const WINDOW: usize = 5;
/// Longer values tell nothing more.
const LETTERS_MAX: usize = 256;

/// Measures the words of a value; a change of case starts another word.
pub(crate) fn oddness(value: &[u8]) -> Oddness {
    let costs = table();
    let (mut before, mut last) = (SYMBOLS - 1, SYMBOLS - 1);
    let (mut sum, mut letters, mut runs) = (0.0_f32, 0_usize, 0_usize);
    let mut window = [0.0_f32; WINDOW];
    let mut worst = 0.0_f32;
    let mut previous = b' ';
    for &byte in value.iter().take(LETTERS_MAX) {
        let next = symbol(byte);
        let is_new_word = byte.is_ascii_uppercase() && previous.is_ascii_lowercase();
        if is_new_word {
            (before, last) = (SYMBOLS - 1, SYMBOLS - 1);
        }
        if next < SYMBOLS - 1 {
            if last == SYMBOLS - 1 {
                runs += 1;
            }
            let cost = costs
                .get((before * SYMBOLS + last) * SYMBOLS + next)
                .copied()
                .unwrap_or(0);
            let cost = f32::from(cost) / STEPS_PER_BIT;
            sum += cost;
            window[letters % WINDOW] = cost;
            letters += 1;
            let width = letters.min(WINDOW) as f32;
            worst = worst.max(window.iter().sum::<f32>() / width.max(3.0));
        }
        (before, last) = match next == SYMBOLS - 1 {
            true => (SYMBOLS - 1, SYMBOLS - 1),
            false => (last, next),
        };
        previous = byte;
    }
    if letters == 0 {
        return Oddness::default();
    }
    Oddness {
        mean: sum / letters as f32,
        worst,
        run_length: letters as f32 / runs.max(1) as f32,
    }
}
