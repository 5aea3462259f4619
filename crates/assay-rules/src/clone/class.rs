//! Gathers pairs of copies into classes: all copies of one block together.

use std::collections::HashMap;
use std::ops::Range;

use super::pair::{Block, Pair};
use super::{CloneClass, CloneCopy};

/// Blocks of one file that overlap by this share of the longer one are one.
const SAME_SHARE: f64 = 0.8;
/// A block with this share of it in another one is part of that one.
const PART_SHARE: f64 = 0.9;

fn overlap(a: &Range<u32>, b: &Range<u32>) -> u32 {
    a.end.min(b.end).saturating_sub(a.start.max(b.start))
}

/// Returns whether two blocks are the same place.
fn is_same(a: &Block, b: &Block) -> bool {
    let longer = a.tokens.len().max(b.tokens.len()) as f64;
    a.file == b.file && f64::from(overlap(&a.tokens, &b.tokens)) >= SAME_SHARE * longer
}

/// Returns whether the first block is part of the second one.
fn is_part(part: &Block, whole: &Block) -> bool {
    let length = part.tokens.len() as f64;
    part.file == whole.file
        && f64::from(overlap(&part.tokens, &whole.tokens)) >= PART_SHARE * length
}

/// Returns the classes of a tree: pairs that share a block belong together, and
/// a class whose blocks are all part of larger ones is left out.
pub(crate) fn classes_of_tree(pairs: Vec<Pair>) -> Vec<CloneClass> {
    let mut groups = Groups::new(pairs.len() * 2);
    // Block 2n is the first one of pair n, block 2n + 1 the second.
    let block = |index: usize| {
        let pair = &pairs[index / 2];
        if index.is_multiple_of(2) {
            &pair.a
        } else {
            &pair.b
        }
    };
    for pair in 0..pairs.len() {
        groups.join(pair * 2, pair * 2 + 1);
    }
    let mut order: Vec<usize> = (0..pairs.len() * 2).collect();
    order.sort_by_key(|&index| {
        let block = block(index);
        (block.file, block.tokens.start, block.tokens.end, index)
    });
    for (at, &x) in order.iter().enumerate() {
        for &y in &order[at + 1..] {
            if block(y).file != block(x).file || block(y).tokens.start >= block(x).tokens.end {
                break;
            }
            if is_same(block(x), block(y)) {
                groups.join(x, y);
                // Those further on are the same as this one, if they are at all.
                break;
            }
        }
    }
    let mut members: HashMap<usize, Vec<usize>> = HashMap::new();
    for &index in &order {
        members.entry(groups.root(index)).or_default().push(index);
    }
    let mut classes: Vec<Vec<usize>> = members.into_values().collect();
    let size = |class: &[usize]| class.iter().map(|&index| block(index).tokens.len()).max();
    classes.sort_by_key(|class| (std::cmp::Reverse(size(class)), class[0]));
    let mut taken: HashMap<u32, Vec<&Block>> = HashMap::new();
    let mut out = Vec::new();
    for class in &classes {
        let blocks = distinct(class, &block);
        let is_new = |index: &usize| {
            let block = block(*index);
            let others = taken.get(&block.file);
            !others.is_some_and(|others| others.iter().any(|other| is_part(block, other)))
        };
        if blocks.len() < 2 || !blocks.iter().any(is_new) {
            continue;
        }
        for &index in &blocks {
            let block = block(index);
            taken.entry(block.file).or_default().push(block);
        }
        let first = block(blocks[0]);
        let copies = blocks[1..].iter().map(|&index| {
            let pair = best_pair(&pairs, block(index), class);
            CloneCopy {
                block: block(index).block.clone(),
                kind: pair.kind,
                similarity: pair.similarity,
            }
        });
        let copies: Vec<CloneCopy> = copies.collect();
        // The least identity does not depend on which copy comes first.
        let identity = blocks.iter().map(|&index| block(index).identity).min();
        out.push((
            (first.file, first.tokens.start, first.tokens.end),
            CloneClass {
                subject: first.block.clone(),
                copies,
                identity: identity.unwrap_or(first.identity),
            },
        ));
    }
    out.sort_by_key(|(place, _)| *place);
    out.into_iter().map(|(_, class)| class).collect()
}

/// Returns the longest of those blocks that overlap, in order of place.
fn distinct<'p>(class: &[usize], block: &impl Fn(usize) -> &'p Block) -> Vec<usize> {
    let mut out: Vec<usize> = Vec::new();
    for &index in class {
        let this = block(index);
        match out.last_mut() {
            Some(last)
                if block(*last).file == this.file
                    && overlap(&block(*last).tokens, &this.tokens) > 0 =>
            {
                if this.tokens.len() > block(*last).tokens.len() {
                    *last = index;
                }
            }
            _ => out.push(index),
        }
    }
    out
}

/// Returns the pair of the class that shows the block best.
fn best_pair<'p>(pairs: &'p [Pair], block: &Block, class: &[usize]) -> &'p Pair {
    class
        .iter()
        .map(|&index| &pairs[index / 2])
        .filter(|pair| is_same(&pair.a, block) || is_same(&pair.b, block))
        .min_by(|x, y| {
            x.kind
                .cmp(&y.kind)
                .then(y.similarity.total_cmp(&x.similarity))
        })
        .expect("a block of a class is in one of its pairs")
}

/// Sets of indices that are joined step by step.
struct Groups {
    parents: Vec<usize>,
}

impl Groups {
    fn new(count: usize) -> Self {
        Self {
            parents: (0..count).collect(),
        }
    }

    fn root(&mut self, mut index: usize) -> usize {
        while self.parents[index] != index {
            self.parents[index] = self.parents[self.parents[index]];
            index = self.parents[index];
        }
        index
    }

    fn join(&mut self, a: usize, b: usize) {
        let (a, b) = (self.root(a), self.root(b));
        // The least index is the root, so that the result has one order.
        self.parents[a.max(b)] = a.min(b);
    }
}

/// The least part of a subject that a further copy must cover.
const COPY_SHARE: f64 = 0.5;

/// Returns the classes of a change: the first block of each pair is what the
/// change added. What is told of one block is not told again of its copies.
pub(crate) fn classes_of_change(mut pairs: Vec<Pair>) -> Vec<(Block, Vec<Pair>)> {
    pairs.sort_by(|x, y| {
        let size = |pair: &Pair| std::cmp::Reverse(pair.a.tokens.len());
        let place = |block: &Block| (block.file, block.tokens.start, block.tokens.end);
        size(x)
            .cmp(&size(y))
            .then(x.kind.cmp(&y.kind))
            .then(place(&x.a).cmp(&place(&y.a)))
            .then(place(&x.b).cmp(&place(&y.b)))
    });
    let mut classes: Vec<(Block, Vec<Pair>)> = Vec::new();
    for pair in pairs {
        let length = pair.a.tokens.len() as f64;
        let near = classes.iter_mut().find(|(subject, _)| {
            subject.file == pair.a.file
                && f64::from(overlap(&subject.tokens, &pair.a.tokens)) >= COPY_SHARE * length
        });
        match near {
            Some((subject, copies)) => {
                let is_large = length >= COPY_SHARE * subject.tokens.len() as f64;
                let is_known = copies.iter().any(|copy| {
                    copy.b.file == pair.b.file && overlap(&copy.b.tokens, &pair.b.tokens) > 0
                });
                if is_large && !is_known {
                    copies.push(pair);
                }
            }
            None => {
                let is_told = classes
                    .iter()
                    .any(|(_, copies)| copies.iter().any(|copy| is_part(&pair.a, &copy.b)));
                if !is_told {
                    classes.push((pair.a.clone(), vec![pair]));
                }
            }
        }
    }
    classes.sort_by_key(|(subject, _)| (subject.file, subject.tokens.start, subject.tokens.end));
    classes
}
