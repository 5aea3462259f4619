//! Debian's versions, `[epoch:]upstream[-revision]`, by Debian Policy 5.6.12:
//! runs of other characters and of digits by turns, letters before the other
//! characters, and `~` before everything, even the end.

use std::cmp::Ordering;

use super::{compare_numbers, is_number, split_digits};

pub(super) fn compare(a: &str, b: &str) -> Ordering {
    let (a, b) = (split(a), split(b));
    compare_numbers(a.0, b.0)
        .then_with(|| compare_part(a.1, b.1))
        .then_with(|| compare_part(a.2, b.2))
}

/// Returns epoch, upstream version and revision; a missing epoch or revision is 0.
fn split(text: &str) -> (&str, &str, &str) {
    let (epoch, text) = match text.split_once(':') {
        Some((epoch, text)) if is_number(epoch) => (epoch, text),
        _ => ("", text),
    };
    let (upstream, revision) = text.rsplit_once('-').unwrap_or((text, ""));
    (epoch, upstream, revision)
}

fn compare_part(mut a: &str, mut b: &str) -> Ordering {
    while !a.is_empty() || !b.is_empty() {
        let (a_other, b_other) = (split_other(a), split_other(b));
        let order = compare_other(a_other.0, b_other.0);
        if order.is_ne() {
            return order;
        }
        let (a_digits, b_digits) = (split_digits(a_other.1), split_digits(b_other.1));
        let order = compare_numbers(a_digits.0, b_digits.0);
        if order.is_ne() {
            return order;
        }
        (a, b) = (a_digits.1, b_digits.1);
    }
    Ordering::Equal
}

fn split_other(text: &str) -> (&str, &str) {
    let end = text
        .bytes()
        .position(|byte| byte.is_ascii_digit())
        .unwrap_or(text.len());
    text.split_at(end)
}

fn compare_other(a: &str, b: &str) -> Ordering {
    let weight = |byte: Option<&u8>| match byte {
        Some(b'~') => -1,
        None => 0,
        Some(byte) if byte.is_ascii_alphabetic() => i32::from(*byte),
        Some(byte) => i32::from(*byte) + 256,
    };
    let (a, b) = (a.as_bytes(), b.as_bytes());
    (0..a.len().max(b.len()))
        .map(|at| weight(a.get(at)).cmp(&weight(b.get(at))))
        .find(|order| order.is_ne())
        .unwrap_or(Ordering::Equal)
}
