//! Halstead's counts: operators and operands, all and different ones, for every
//! function, class and file in the same walk.
//!
//! Each token's text is looked up once. What it was last seen at tells for every
//! open frame whether it is new there: a frame that began later has not seen it.

use crate::role::{Role, RoleSet};
use crate::tree::{NodeRef, SyntaxTree};

use super::frame::Frame;
use super::value::Halstead;

const TOKEN: RoleSet = RoleSet::of(&[
    Role::Operator,
    Role::Identifier,
    Role::TypeName,
    Role::SelfReference,
    Role::Number,
    Role::String,
    Role::Boolean,
    Role::Null,
]);
/// Names are operands where they are single tokens.
const NAME: RoleSet = RoleSet::of(&[Role::Identifier, Role::TypeName, Role::SelfReference]);
/// Literals are one operand each, whatever the grammar puts inside.
const LITERAL: RoleSet = RoleSet::of(&[Role::Number, Role::String, Role::Boolean, Role::Null]);

/// The counts of one frame.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Tally {
    /// The position of the first token that is in the frame.
    start: u32,
    operators_before: u32,
    operands_before: u32,
    // What was new to a frame inside may not be new here: the difference is
    // taken off here first, so the numbers can be below zero for a while.
    operators_distinct: i32,
    operands_distinct: i32,
}

impl Tally {
    pub(super) fn absorb(&mut self, inner: &Tally) {
        self.operators_distinct += inner.operators_distinct;
        self.operands_distinct += inner.operands_distinct;
    }
}

/// What has been seen of the tokens of a tree. Made once and used for many.
#[derive(Debug, Default)]
pub(super) struct Vocabulary {
    /// Where each token without a name was seen last, by its kind; 0 is never.
    tokens: Vec<u32>,
    /// The same for everything else, by its text.
    texts: LastSeen,
    operators: u32,
    operands: u32,
    /// Nodes before this one are parts of a literal that is counted.
    skip_until: u32,
}

impl Vocabulary {
    /// Forgets everything; the next tokens are of this tree.
    pub(super) fn begin(&mut self, tree: &SyntaxTree) {
        self.tokens.clear();
        self.tokens.resize(tree.language().kind_count(), 0);
        self.texts.clear(tree.len() / 16);
        self.operators = 0;
        self.operands = 0;
        self.skip_until = 0;
    }

    /// Begins the counts of a frame.
    pub(super) fn open(&self) -> Tally {
        Tally {
            start: self.operators + self.operands + 1,
            operators_before: self.operators,
            operands_before: self.operands,
            ..Tally::default()
        }
    }

    /// Returns the counts of a frame that closes now.
    pub(super) fn close(&self, tally: &Tally) -> Halstead {
        Halstead {
            operators_distinct: tally.operators_distinct.max(0).unsigned_abs(),
            operands_distinct: tally.operands_distinct.max(0).unsigned_abs(),
            operators: self.operators - tally.operators_before,
            operands: self.operands - tally.operands_before,
        }
    }

    /// Counts a node if it is an operator or operand.
    #[inline]
    pub(super) fn token(&mut self, node: NodeRef<'_>, roles: RoleSet, frames: &mut [Frame]) {
        if roles.intersects(TOKEN) && node.id().0 >= self.skip_until {
            self.count(node, roles, frames);
        }
    }

    fn count(&mut self, node: NodeRef<'_>, roles: RoleSet, frames: &mut [Frame]) {
        let is_operand = if roles.intersects(LITERAL) {
            if !roles.has(Role::Interpolation) {
                self.skip_until = node.id().0 + node.subtree_len() as u32;
            }
            true
        } else if node.is_leaf() {
            roles.intersects(NAME)
        } else {
            return;
        };
        let at = self.operators + self.operands + 1;
        let last = if !is_operand && !node.is_named() {
            let last = self.tokens.get_mut(node.kind_id() as usize);
            last.map_or(0, |last| std::mem::replace(last, at))
        } else {
            self.texts.replace(node.text().as_bytes(), is_operand, at)
        };
        if is_operand {
            self.operands += 1;
        } else {
            self.operators += 1;
        }
        note(last, is_operand, frames);
    }
}

/// Counts a token as new in every frame that began after it was last seen.
fn note(last: u32, is_operand: bool, frames: &mut [Frame]) {
    let add = |frame: Option<&mut Frame>, difference: i32| {
        if let Some(frame) = frame {
            if is_operand {
                frame.tally.operands_distinct += difference;
            } else {
                frame.tally.operators_distinct += difference;
            }
        }
    };
    let innermost = frames.last_mut();
    if innermost
        .as_ref()
        .is_none_or(|frame| frame.tally.start <= last)
    {
        return;
    }
    add(innermost, 1);
    // Frames pass their counts on to those around: the first one that has seen
    // the token before takes it off again.
    if last > 0 {
        let later = frames.partition_point(|frame| frame.tally.start <= last);
        add(later.checked_sub(1).and_then(|at| frames.get_mut(at)), -1);
    }
}

/// A table from texts to the position at which each was seen last.
///
/// Texts are told apart by 64 bits of hash: two of a file's texts share them
/// with a chance of one in billions, and then a count is off by one.
#[derive(Debug, Default)]
struct LastSeen {
    /// Open addressing; a position of 0 marks a free slot.
    slots: Vec<(u64, u32)>,
    used: usize,
}

const SLOTS_MIN: usize = 1024;

impl LastSeen {
    /// Empties the table and makes room for about so many texts.
    fn clear(&mut self, texts: usize) {
        let slots = (texts * 2).next_power_of_two().max(SLOTS_MIN);
        self.slots.clear();
        self.slots.resize(slots, (0, 0));
        self.used = 0;
    }

    /// Sets the position of a text and returns the one before, or 0.
    fn replace(&mut self, text: &[u8], salt: bool, at: u32) -> u32 {
        let hash = hash(text) ^ u64::from(salt);
        let slot = self.find(hash);
        let before = std::mem::replace(&mut self.slots[slot], (hash, at)).1;
        if before == 0 {
            self.used += 1;
            if self.used * 4 > self.slots.len() * 3 {
                self.grow();
            }
        }
        before
    }

    fn find(&self, hash: u64) -> usize {
        let mask = self.slots.len() - 1;
        let mut slot = (hash >> 32) as usize & mask;
        while self.slots[slot].1 != 0 && self.slots[slot].0 != hash {
            slot = (slot + 1) & mask;
        }
        slot
    }

    fn grow(&mut self) {
        let slots = vec![(0, 0); self.slots.len() * 2];
        for (hash, at) in std::mem::replace(&mut self.slots, slots) {
            if at != 0 {
                let slot = self.find(hash);
                self.slots[slot] = (hash, at);
            }
        }
    }
}

/// Mixes bytes into 64 bits, eight at a time: fast, and the same everywhere.
pub(super) fn hash(bytes: &[u8]) -> u64 {
    const FACTOR: u64 = 0x9e37_79b9_7f4a_7c15;
    let mut state = (bytes.len() as u64).wrapping_mul(FACTOR);
    let mut mix = |word: u64| {
        let product = u128::from(state ^ word) * u128::from(FACTOR);
        state = (product as u64) ^ (product >> 64) as u64 ^ word.rotate_left(29);
    };
    let mut chunks = bytes.chunks_exact(8);
    for chunk in &mut chunks {
        mix(u64::from_le_bytes(
            chunk.try_into().expect("chunks of eight"),
        ));
    }
    let mut rest = [0; 8];
    rest[..chunks.remainder().len()].copy_from_slice(chunks.remainder());
    mix(u64::from_le_bytes(rest));
    let product = u128::from(state) * u128::from(FACTOR);
    (product as u64) ^ (product >> 64) as u64
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::{LastSeen, hash};

    #[test]
    fn hashes_of_similar_texts_differ() {
        let texts = (0..200_000).map(|n| format!("name{n}"));
        let short = (0..=255u8).map(|n| String::from(n as char));
        let hashes: HashSet<u64> = texts
            .chain(short)
            .map(|text| hash(text.as_bytes()))
            .collect();
        assert_eq!(hashes.len(), 200_256);
        assert_ne!(hash(b""), hash(b"\0"));
    }

    #[test]
    fn the_table_remembers_the_last_position_while_it_grows() {
        let mut table = LastSeen::default();
        table.clear(0);
        for at in 1..=10_000u32 {
            let text = format!("t{}", at % 5_000);
            let before = table.replace(text.as_bytes(), false, at);
            assert_eq!(before, at.saturating_sub(5_000));
        }
        assert_eq!(table.replace(b"t1", true, 1), 0);
    }
}
