//! Lists of numbers: Haskell's `Data.Version` (dots) and R's `package_version`
//! (dots and hyphens). A list that another begins with comes before it.

use std::cmp::Ordering;

use super::{compare_numbers, is_number};

pub(super) fn compare(a: &str, b: &str, separators: &[char]) -> Ordering {
    let (mut a, mut b) = (a.split(separators), b.split(separators));
    loop {
        let order = match (a.next(), b.next()) {
            (None, None) => return Ordering::Equal,
            (Some(a), Some(b)) => compare_part(a, b),
            (a, b) => a.is_some().cmp(&b.is_some()),
        };
        if order.is_ne() {
            return order;
        }
    }
}

/// What is no number is no version there; it comes before the numbers.
fn compare_part(a: &str, b: &str) -> Ordering {
    match (is_number(a), is_number(b)) {
        (true, true) => compare_numbers(a, b),
        (false, false) => a.cmp(b),
        (a, b) => a.cmp(&b),
    }
}
