//! Red Hat's versions, `[epoch:]version[-release]`, as `rpmvercmp` and its manual
//! compare them: runs of digits and of letters, other characters only between
//! them, `~` before the end and `^` after it.

use std::cmp::Ordering;

use super::{compare_numbers, is_number, split_digits};

pub(super) fn compare(a: &str, b: &str) -> Ordering {
    let (a, b) = (split(a), split(b));
    compare_numbers(a.0, b.0)
        .then_with(|| compare_part(a.1, b.1))
        .then_with(|| compare_part(a.2, b.2))
}

fn split(text: &str) -> (&str, &str, &str) {
    let (epoch, text) = match text.split_once(':') {
        Some((epoch, text)) if epoch.is_empty() || is_number(epoch) => (epoch, text),
        _ => ("", text),
    };
    let (version, release) = text.rsplit_once('-').unwrap_or((text, ""));
    (epoch, version, release)
}

fn compare_part(mut a: &str, mut b: &str) -> Ordering {
    let is_separator = |c: char| !c.is_ascii_alphanumeric() && c != '~' && c != '^';
    loop {
        a = a.trim_start_matches(is_separator);
        b = b.trim_start_matches(is_separator);
        match (a.strip_prefix('~'), b.strip_prefix('~')) {
            (Some(after_a), Some(after_b)) => {
                (a, b) = (after_a, after_b);
                continue;
            }
            (None, None) => {}
            (a, b) => return b.is_some().cmp(&a.is_some()),
        }
        match (a.strip_prefix('^'), b.strip_prefix('^')) {
            (Some(after_a), Some(after_b)) => {
                (a, b) = (after_a, after_b);
                continue;
            }
            (None, None) => {}
            // After the end, and before everything else.
            (Some(_), None) if b.is_empty() => return Ordering::Greater,
            (None, Some(_)) if a.is_empty() => return Ordering::Less,
            (a, b) => return b.is_some().cmp(&a.is_some()),
        }
        if a.is_empty() || b.is_empty() {
            return b.is_empty().cmp(&a.is_empty());
        }
        let digits = |text: &str| text.as_bytes()[0].is_ascii_digit();
        let order = match (digits(a), digits(b)) {
            (true, true) => {
                let (a_run, b_run) = (split_digits(a), split_digits(b));
                (a, b) = (a_run.1, b_run.1);
                compare_numbers(a_run.0, b_run.0)
            }
            (false, false) => {
                let (a_run, b_run) = (split_letters(a), split_letters(b));
                (a, b) = (a_run.1, b_run.1);
                a_run.0.cmp(b_run.0)
            }
            // A number is later than a word.
            (a, b) => a.cmp(&b),
        };
        if order.is_ne() {
            return order;
        }
    }
}

fn split_letters(text: &str) -> (&str, &str) {
    let end = text
        .bytes()
        .position(|byte| !byte.is_ascii_alphabetic())
        .unwrap_or(text.len());
    text.split_at(end)
}
