//! Names as numbers: a table of texts, each of them once.
//!
//! A repository says the same few thousand names millions of times. Inside the
//! facts of a file and inside the graph a name is four bytes, and comparing two
//! is comparing numbers.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

/// A name in a [`Names`] table; 0 is the empty name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Name(pub(crate) u32);

impl Name {
    /// The empty name, which is in every table.
    pub const EMPTY: Name = Name(0);

    /// Returns whether it is the empty name.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    pub(crate) fn index(self) -> usize {
        self.0 as usize
    }
}

/// A hasher for short keys that come from no enemy who could gain by it: tables
/// are only iterated in orders of their own, and a slow table is all that
/// chosen names could bring about.
#[derive(Default)]
pub(crate) struct QuickHasher(u64);

const SEED: u64 = 0x51_7c_c1_b7_27_22_0a_95;

impl QuickHasher {
    fn add(&mut self, word: u64) {
        self.0 = (self.0.rotate_left(5) ^ word).wrapping_mul(SEED);
    }
}

impl Hasher for QuickHasher {
    fn finish(&self) -> u64 {
        self.0 ^ (self.0 >> 29)
    }

    fn write(&mut self, bytes: &[u8]) {
        let mut chunks = bytes.chunks_exact(8);
        for chunk in &mut chunks {
            let word: [u8; 8] = chunk.try_into().expect("a chunk has eight bytes");
            self.add(u64::from_le_bytes(word));
        }
        let rest = chunks.remainder();
        let mut word = [0; 8];
        word[..rest.len()].copy_from_slice(rest);
        self.add(u64::from_le_bytes(word) ^ ((rest.len() as u64) << 56));
    }

    fn write_u8(&mut self, value: u8) {
        self.add(u64::from(value));
    }

    fn write_u32(&mut self, value: u32) {
        self.add(u64::from(value));
    }

    fn write_u64(&mut self, value: u64) {
        self.add(value);
    }

    fn write_usize(&mut self, value: usize) {
        self.add(value as u64);
    }
}

/// A map with the quick hasher.
pub(crate) type QuickMap<K, V> = HashMap<K, V, BuildHasherDefault<QuickHasher>>;

pub(crate) fn quick_hash(bytes: &[u8]) -> u64 {
    let mut hasher = QuickHasher::default();
    hasher.write(bytes);
    hasher.finish()
}

/// A table of texts: one string with the places where each ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Names {
    pub(crate) text: String,
    pub(crate) ends: Vec<u32>,
}

impl Default for Names {
    fn default() -> Self {
        Self {
            text: String::new(),
            ends: vec![0],
        }
    }
}

impl Names {
    /// Returns the text of a name; a name of another table may give `""`.
    pub fn get(&self, name: Name) -> &str {
        let Some(&end) = self.ends.get(name.index()) else {
            return "";
        };
        let start = match name.index() {
            0 => 0,
            index => self.ends[index - 1],
        };
        self.text
            .get(start as usize..end as usize)
            .unwrap_or_default()
    }

    /// Returns how many names there are, the empty one included.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Returns whether there is no name, which never happens.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// Returns every text in the order of the table.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        (0..self.ends.len() as u32).map(|index| self.get(Name(index)))
    }
}

/// A table of texts that grows.
#[derive(Default)]
pub(crate) struct Interner {
    names: Names,
    /// By hash of the text; texts whose hash is taken go to the next number.
    places: QuickMap<u64, u32>,
}

impl Interner {
    /// Returns the name of a text, a new one when the table does not hold it.
    pub(crate) fn intern(&mut self, text: &str) -> Name {
        if text.is_empty() {
            return Name::EMPTY;
        }
        let mut hash = quick_hash(text.as_bytes());
        loop {
            match self.places.get(&hash) {
                Some(&index) if self.names.get(Name(index)) == text => return Name(index),
                Some(_) => hash = hash.wrapping_add(1),
                None => break,
            }
        }
        let index = self.names.ends.len() as u32;
        self.names.text.push_str(text);
        self.names.ends.push(self.names.text.len() as u32);
        self.places.insert(hash, index);
        Name(index)
    }

    /// Returns the name of a text that the table holds.
    pub(crate) fn find(&self, text: &str) -> Option<Name> {
        if text.is_empty() {
            return Some(Name::EMPTY);
        }
        let mut hash = quick_hash(text.as_bytes());
        loop {
            match self.places.get(&hash) {
                Some(&index) if self.names.get(Name(index)) == text => return Some(Name(index)),
                Some(_) => hash = hash.wrapping_add(1),
                None => return None,
            }
        }
    }

    pub(crate) fn get(&self, name: Name) -> &str {
        self.names.get(name)
    }

    pub(crate) fn finish(self) -> Names {
        self.names
    }
}

#[cfg(test)]
mod tests {
    use super::{Interner, Name};

    #[test]
    fn a_text_has_one_name() {
        let mut names = Interner::default();
        let texts = ["", "a", "ab", "b", "a", "a longer name", "äö", "ab"];
        let all: Vec<Name> = texts.iter().map(|text| names.intern(text)).collect();
        assert_eq!(all[1], all[4]);
        assert_eq!(all[2], all[7]);
        assert_eq!(all[0], Name::EMPTY);
        for (text, name) in texts.iter().zip(&all) {
            assert_eq!(names.find(text), Some(*name));
            assert_eq!(names.get(*name), *text);
        }
        assert_eq!(names.find("c"), None);
        assert_eq!(names.finish().len(), 6);
    }
}
