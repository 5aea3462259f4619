//! A small ledger of deposits and withdrawals.
#![forbid(unsafe_code)]

extern crate alloc;

use std::collections::{BTreeMap, HashMap as Map};
use std::fmt;

mod storage;

/// The largest amount of one entry.
pub const LIMIT: i64 = 10_000;
static NAMES: &[&str] = &["a", r#"raw "b""#];
type Amount = i64;

/** One line of the ledger. */
#[derive(Clone, Debug)]
pub struct Entry<'a, T: Copy = u8> {
    /// How much.
    pub amount: Amount,
    note: Option<&'a str>,
    extra: [T; 2],
}

pub struct Pair(pub i32, String);

union Bits {
    whole: u32,
    half: f32,
}

#[derive(PartialEq)]
enum Kind {
    Deposit,
    Withdrawal { fee: i64 },
    Other(u8) = 3,
}

trait Describe {
    const WIDTH: usize;
    type Unit;

    fn describe(&self, width: usize) -> String;

    fn short(&self) -> String {
        self.describe(8)
    }
}

impl<'a, T: Copy> Entry<'a, T> {
    // Entries begin without a note.
    pub fn new(amount: Amount, extra: [T; 2]) -> Self {
        Self { amount, note: None, extra }
    }

    fn rename(&mut self, note: &'a str, (first, _): (u8, u8)) -> bool {
        self.note = Some(note);
        first as i64 > self.amount
    }
}

impl<T: Copy> fmt::Display for Entry<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}\n", self.amount)
    }
}

fn classify(kind: &Kind, amount: i64) -> Result<char, Box<dyn std::error::Error>> {
    if amount < 0 && *kind == Kind::Deposit || !NAMES.is_empty() {
        return Err("negative".into());
    } else if let Some(name) = NAMES.first() {
        println!("{name}");
    } else {
        let parsed: i64 = "12".parse()?;
        drop(parsed);
    }
    let Some(_last) = NAMES.last() else {
        return Ok('n');
    };
    Ok(match kind {
        Kind::Deposit => 'd',
        Kind::Withdrawal { fee } if *fee > 3 && amount > 1 => 'w',
        Kind::Withdrawal { .. } => '\'',
        Kind::Other(1 | 2) => 'o',
        Kind::Other(n @ 3..=9) => (b'0' + n) as char,
        _ => unreachable!("all kinds"),
    })
}

async fn totals<F>(entries: &[Entry<'_>], by: F, _: ()) -> BTreeMap<i64, f64>
where
    F: Fn(&Entry<'_>) -> i64,
{
    let mut found = Map::new();
    'outer: for (index, entry) in entries.iter().enumerate() {
        let mut left = entry.amount;
        while left > 0 {
            left -= 1;
            if left % 2 == 0 {
                continue 'outer;
            }
            loop {
                break;
            }
        }
        *found.entry(by(entry)).or_insert(0.5) += index as f64;
    }
    let _all = entries.iter().filter(|entry| entry.amount > 1).map(move |e: &Entry<'_>| -> i64 { -e.amount });
    let text = concat!("a", 'b', true, 1_u8);
    let _range = (0..text.len(), [1, 2], false, &NAMES[0], 1 << 2 ^ 3);
    fetch(text).await;
    found.into_iter().collect()
}

async fn fetch(_source: &str) {}

unsafe extern "C" {
    fn strlen(text: *const u8, ...) -> usize;
}

macro_rules! twice {
    ($e:expr) => {
        $e + $e
    };
}

/* Block comments /* nest */ here. */
#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_have_letters() {
        fn inner() -> i32 {
            twice!(2)
        }
        assert_eq!(classify(&Kind::Deposit, 1).unwrap(), 'd');
        assert_eq!(inner(), 4);
    }
}
