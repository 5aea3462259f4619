//! Chooses the few token sequences of a text by which copies are looked for.
//!
//! Every sequence of `gram` tokens has a hash that does not change when names
//! are changed consistently: a name counts as the distance to its previous use
//! in the sequence (Baker's parameterised matching), a literal as its class. Of
//! each `window` neighbouring hashes the least is kept (winnowing), so that two
//! texts which share `gram + window - 1` tokens share a kept hash.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

use super::lex::{Class, Code};

/// How sequences are chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Sampling {
    /// Tokens in a sequence.
    pub(crate) gram: usize,
    /// Sequences of which one is kept.
    pub(crate) window: usize,
    /// Whether names and literals count by their text.
    pub(crate) by_text: bool,
}

/// Sequences are no longer than this, also for large minima: a copy with small
/// changes has whole runs of this length.
const GRAM_MAX: usize = 20;
const GRAM_MIN: usize = 8;
const WINDOW_MAX: usize = 16;

/// A sequence with fewer different tokens (names and literals taken as equal)
/// is a list, and found everywhere.
const DISTINCT_MIN: usize = 5;

impl Sampling {
    /// Chooses so that every run of `tokens_min` tokens has a kept sequence.
    pub(crate) fn new(tokens_min: u32, by_text: bool) -> Self {
        let tokens_min = tokens_min as usize;
        let gram = (tokens_min / 2).clamp(GRAM_MIN, GRAM_MAX);
        let window = (tokens_min + 1).saturating_sub(gram).clamp(1, WINDOW_MAX);
        Self {
            gram,
            window,
            by_text,
        }
    }
}

impl Sampling {
    /// Returns a hash of the text of the sequence at `at`.
    pub(crate) fn text_hash(self, codes: &[Code], at: u32) -> u32 {
        let sequence = &codes[at as usize..at as usize + self.gram];
        let hash = sequence.iter().fold(0u64, |hash, code| {
            hash.wrapping_mul(BASE)
                .wrapping_add(u64::from(code.value()))
        });
        (scramble(hash) >> 32) as u32
    }
}

/// The memory of [`Winnower::select`], kept between texts.
pub(crate) struct Winnower {
    sampling: Sampling,
    powers: Vec<u64>,
    last: HashMap<u32, u32, BuildHasherDefault<CodeHasher>>,
    /// The next use of the name at each token.
    next: Vec<u32>,
    ring: Vec<u64>,
}

const BASE: u64 = 0x5851_f42d_4c95_7f2d;
const NONE: u32 = u32::MAX;
/// What a name counts as when it is not in the sequence yet.
const FIRST: u64 = 0x2545_f491_4f6c_dd1d;

impl Winnower {
    pub(crate) fn new(sampling: Sampling) -> Self {
        let powers = std::iter::successors(Some(1u64), |power| Some(power.wrapping_mul(BASE)));
        Self {
            sampling,
            powers: powers.take(sampling.gram).collect(),
            last: HashMap::default(),
            next: Vec::new(),
            ring: vec![0; sampling.window],
        }
    }

    /// Calls `sink` with the hash and the first token of each kept sequence,
    /// in order. `salt` keeps languages apart.
    pub(crate) fn select(&mut self, codes: &[Code], salt: u32, mut sink: impl FnMut(u32, u32)) {
        let window = self.sampling.window;
        let mut ring = std::mem::take(&mut self.ring);
        let mut least: Option<usize> = None;
        let gram = self.sampling.gram;
        let salt = u64::from(salt).wrapping_mul(BASE);
        let (mut count, mut sent) = (0usize, None);
        self.roll(codes, |at, hash| {
            let hash = scramble(hash ^ salt);
            ring[at % window] = hash;
            count = at + 1;
            match least {
                // An equal later hash does not take over: in a repetitive text
                // one sequence a window is enough.
                Some(index) if index + window > at => {
                    if hash < ring[index % window] {
                        least = Some(at);
                    }
                }
                _ => {
                    let from = (at + 1).saturating_sub(window);
                    least = (from..=at).min_by_key(|&i| (ring[i % window], usize::MAX - i));
                }
            }
            if at + 1 >= window && sent != least {
                sent = least;
                if let Some(index) = least
                    && is_varied(&codes[index..index + gram])
                {
                    sink((ring[index % window] >> 32) as u32, index as u32);
                }
            }
        });
        // A text with less than one window of sequences still has one.
        if count > 0
            && sent.is_none()
            && let Some(index) = least
            && is_varied(&codes[index..index + gram])
        {
            sink((ring[index % window] >> 32) as u32, index as u32);
        }
        self.ring = ring;
    }

    /// Calls `sink` with the hash of the sequence at every token.
    pub(crate) fn every(&mut self, codes: &[Code], mut sink: impl FnMut(usize, u32)) {
        self.roll(codes, |at, hash| sink(at, (scramble(hash) >> 32) as u32));
    }

    fn roll(&mut self, codes: &[Code], mut sink: impl FnMut(usize, u64)) {
        let gram = self.sampling.gram;
        if codes.len() < gram {
            return;
        }
        self.link(codes);
        let top = self.powers[gram - 1];
        let mut hash = 0u64;
        // The distances back are found while going: `previous[p]` is written
        // when the use before it is passed.
        for at in 0..codes.len() {
            if at >= gram {
                let out = at - gram;
                hash = hash.wrapping_sub(self.first_value(codes[out]).wrapping_mul(top));
                let next = self.next[out];
                if next != NONE && (next as usize) < at {
                    // The use that pointed at the leaving one is now the first.
                    let change = FIRST.wrapping_sub(distance_value(next as usize - out));
                    hash =
                        hash.wrapping_add(change.wrapping_mul(self.powers[at - 1 - next as usize]));
                }
            }
            let value = self.value(codes, at);
            hash = hash.wrapping_mul(BASE).wrapping_add(value);
            if at + 1 >= gram {
                sink(at + 1 - gram, hash);
            }
        }
    }

    /// Finds for each name where it is used next, and keeps in `last` nothing.
    fn link(&mut self, codes: &[Code]) {
        self.next.clear();
        self.next.resize(codes.len(), NONE);
        if self.sampling.by_text {
            return;
        }
        self.last.clear();
        for (at, code) in codes.iter().enumerate() {
            if code.is_identifier()
                && let Some(before) = self.last.insert(code.value(), at as u32)
            {
                self.next[before as usize] = at as u32;
            }
        }
        self.last.clear();
    }

    fn first_value(&self, code: Code) -> u64 {
        match code.class() {
            _ if self.sampling.by_text => text_value(code),
            Class::Identifier => FIRST,
            _ => text_value_normal(code),
        }
    }

    fn value(&mut self, codes: &[Code], at: usize) -> u64 {
        let code = codes[at];
        if self.sampling.by_text || !code.is_identifier() {
            return self.first_value(code);
        }
        let before = self.last.insert(code.value(), at as u32);
        match before {
            Some(before) if at - (before as usize) < self.sampling.gram => {
                distance_value(at - before as usize)
            }
            _ => FIRST,
        }
    }
}

fn text_value(code: Code) -> u64 {
    scramble(u64::from(code.value()) + 1)
}

fn text_value_normal(code: Code) -> u64 {
    scramble(u64::from(code.normal()) + 1)
}

fn distance_value(distance: usize) -> u64 {
    scramble(FIRST ^ distance as u64)
}

/// Spreads every bit over all (the finaliser of SplitMix64).
fn scramble(value: u64) -> u64 {
    let value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}

fn is_varied(codes: &[Code]) -> bool {
    let mut seen = [0u32; DISTINCT_MIN];
    let mut count = 0;
    for code in codes {
        let code = code.normal();
        if !seen[..count].contains(&code) {
            seen[count] = code;
            count += 1;
            if count == DISTINCT_MIN {
                return true;
            }
        }
    }
    false
}

/// Codes are hashes already.
#[derive(Default)]
pub(crate) struct CodeHasher(u64);

impl Hasher for CodeHasher {
    fn write(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.write_u32(u32::from(byte));
        }
    }

    fn write_u32(&mut self, value: u32) {
        self.write_u64(u64::from(value));
    }

    fn write_u64(&mut self, value: u64) {
        self.0 = (self.0 ^ value).wrapping_mul(BASE);
    }

    fn finish(&self) -> u64 {
        self.0 ^ (self.0 >> 32)
    }
}
