//! Counts which letters follow which in words, for telling words from noise.

use std::path::Path;

use anyhow::Result;

use super::data::texts_under;

const SYMBOLS: usize = 27;
const EDGE: usize = SYMBOLS - 1;
/// Steps of the table that are one bit; `assay-rules` reads them so.
const STEPS_PER_BIT: f64 = 2.5;
/// A trigram that was never seen counts as seen so often.
const UNSEEN: f64 = 0.5;

/// Writes the table of the texts under a folder.
pub(super) fn write(folder: &Path, file: &Path) -> Result<()> {
    let mut counts = vec![0_u64; SYMBOLS * SYMBOLS * SYMBOLS];
    for (_, text) in texts_under(folder)? {
        count(text.as_bytes(), &mut counts);
    }
    let mut out = String::new();
    for pair in counts.chunks(SYMBOLS) {
        let total: f64 = pair.iter().map(|&count| count as f64 + UNSEEN).sum();
        let digits = pair.iter().map(|&count| {
            let bits = -((count as f64 + UNSEEN) / total).log2();
            let step = (bits * STEPS_PER_BIT).round().clamp(0.0, 35.0) as u32;
            char::from_digit(step, 36).unwrap_or('z')
        });
        out.extend(digits);
        out.push('\n');
    }
    std::fs::write(file, out)?;
    println!("{} letters counted", counts.iter().sum::<u64>());
    Ok(())
}

fn count(text: &[u8], counts: &mut [u64]) {
    let (mut before, mut last, mut previous) = (EDGE, EDGE, b' ');
    for &byte in text {
        let next = match byte.to_ascii_lowercase() {
            letter @ b'a'..=b'z' => usize::from(letter - b'a'),
            _ => EDGE,
        };
        if byte.is_ascii_uppercase() && previous.is_ascii_lowercase() {
            (before, last) = (EDGE, EDGE);
        }
        if next != EDGE {
            counts[(before * SYMBOLS + last) * SYMBOLS + next] += 1;
        }
        (before, last) = match next == EDGE {
            true => (EDGE, EDGE),
            false => (last, next),
        };
        previous = byte;
    }
}
