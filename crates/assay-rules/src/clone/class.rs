//! Gathers pairs of copies into classes: all copies of one block together.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::ops::Range;

use super::pair::{Block, Pair};
use super::{CloneClass, CloneCopy};

/// Blocks of one file that overlap by this share of the longer one are one.
const SAME_SHARE: f64 = 0.8;
/// A block with this share of it in another one is part of that one.
const PART_SHARE: f64 = 0.9;

/// Blocks of a class are two copies when less than this share of the shorter
/// one is in both.
const DISTINCT_SHARE: f64 = 0.3;

/// The least length of a member of a class, as a share of its first block.
const CORE_SHARE: f64 = 0.7;

fn overlap(a: &Range<u32>, b: &Range<u32>) -> u32 {
    a.end.min(b.end).saturating_sub(a.start.max(b.start))
}

/// Returns whether two blocks of one file are the same place.
fn is_same(a: &Range<u32>, b: &Range<u32>) -> bool {
    let longer = a.len().max(b.len()) as f64;
    f64::from(overlap(a, b)) >= SAME_SHARE * longer
}

/// Returns whether the first block is part of the second one.
fn is_part(part: &Block, whole: &Block) -> bool {
    let length = part.tokens.len() as f64;
    part.file == whole.file
        && f64::from(overlap(&part.tokens, &whole.tokens)) >= PART_SHARE * length
}

/// Returns the classes of a tree: pairs that share a block belong together, and
/// a class whose blocks are all part of larger ones is left out.
pub(crate) fn classes_of_tree(mut pairs: Vec<Pair>) -> Vec<CloneClass> {
    // The largest first, so that a class is made around its largest blocks.
    pairs.sort_by_cached_key(|pair| {
        let size = pair.a.tokens.len().min(pair.b.tokens.len());
        (Reverse(size), pair.kind, place(&pair.a), place(&pair.b))
    });
    let mut groups = Groups::default();
    for (index, pair) in pairs.iter().enumerate() {
        groups.add(index as u32, pair);
    }
    let mut taken: HashMap<u32, Vec<&Block>> = HashMap::new();
    let mut out = Vec::new();
    for group in &groups.groups {
        let is_new = |member: &Member| {
            let others = taken.get(&member.block.file);
            !others.is_some_and(|others| others.iter().any(|other| is_part(&member.block, other)))
        };
        if !group.members.iter().any(is_new) {
            continue;
        }
        for member in &group.members {
            let blocks = taken.entry(member.block.file).or_default();
            blocks.push(&member.block);
        }
        out.push(class_of(group, &pairs));
    }
    out.sort_by_key(|(place, _)| *place);
    out.into_iter().map(|(_, class)| class).collect()
}

/// Returns the class of a group with the place of its subject.
fn class_of(group: &Group, pairs: &[Pair]) -> ((u32, u32, u32), CloneClass) {
    let mut members: Vec<&Member> = group.members.iter().collect();
    members.sort_by_key(|member| place(&member.block));
    let first = &members[0].block;
    let copies = members[1..].iter().map(|member| {
        let pair = &pairs[member.pair as usize];
        CloneCopy {
            block: member.block.block.clone(),
            kind: pair.kind,
            similarity: pair.similarity,
        }
    });
    let class = CloneClass {
        subject: first.block.clone(),
        copies: copies.collect(),
        // The least identity does not depend on which copy comes first.
        identity: members
            .iter()
            .map(|member| member.block.identity)
            .min()
            .unwrap_or(first.identity),
    };
    (place(first), class)
}

fn place(block: &Block) -> (u32, u32, u32) {
    (block.file, block.tokens.start, block.tokens.end)
}

/// Cuts a block where another copy begins or ends.
fn keep_apart(block: &mut Block, other: &Block) {
    let (location, edge) = (&mut block.block.location, &other.block.location);
    if block.tokens.start < other.tokens.start {
        block.tokens.end = other.tokens.start;
        location.span.end = edge.span.start;
        location.end = edge.start;
    } else {
        block.tokens.start = other.tokens.end;
        location.span.start = edge.span.end;
        location.start = edge.end;
    }
    block.block.tokens = block.tokens.end - block.tokens.start;
}

/// Copies of one block.
#[derive(Default)]
struct Group {
    /// The length of the first block; the others have at least
    /// [`CORE_SHARE`] of it.
    core: usize,
    members: Vec<Member>,
}

/// A block of a group, with the pair that it came with.
struct Member {
    block: Block,
    pair: u32,
}

/// The groups while they are made.
#[derive(Default)]
struct Groups {
    groups: Vec<Group>,
    /// For each file, the blocks of groups in it and the number of the group.
    by_file: HashMap<u32, Vec<(Range<u32>, u32)>>,
}

impl Groups {
    fn add(&mut self, number: u32, pair: &Pair) {
        match (self.find(&pair.a), self.find(&pair.b)) {
            (None, None) => {
                let group = self.groups.len() as u32;
                self.groups.push(Group {
                    core: pair.a.tokens.len(),
                    members: Vec::new(),
                });
                self.push(group, pair.a.clone(), number);
                self.push(group, pair.b.clone(), number);
            }
            (Some(group), None) => self.push(group, pair.b.clone(), number),
            (None, Some(group)) => self.push(group, pair.a.clone(), number),
            (Some(x), Some(y)) if x != y => self.merge(x.min(y), x.max(y)),
            _ => {}
        }
    }

    /// Returns the group that has the block as a member.
    fn find(&self, block: &Block) -> Option<u32> {
        let near = self.by_file.get(&block.file)?;
        near.iter()
            .find(|(member, group)| {
                let core = self.groups[*group as usize].core as f64;
                is_same(member, &block.tokens) && block.tokens.len() as f64 >= CORE_SHARE * core
            })
            .map(|(_, group)| *group)
    }

    fn push(&mut self, number: u32, block: Block, pair: u32) {
        let group = &mut self.groups[number as usize];
        let (file, tokens) = (block.file, block.tokens.clone());
        let mut own = block;
        for member in &group.members {
            let shared = f64::from(match member.block.file == own.file {
                true => overlap(&member.block.tokens, &own.tokens),
                false => 0,
            });
            let shorter = member.block.tokens.len().min(own.tokens.len());
            if shared > 0.0 && shared >= DISTINCT_SHARE * shorter as f64 {
                return;
            }
            if shared > 0.0 {
                keep_apart(&mut own, &member.block);
            }
        }
        group.members.push(Member { block: own, pair });
        self.by_file.entry(file).or_default().push((tokens, number));
    }

    fn merge(&mut self, into: u32, from: u32) {
        let members = std::mem::take(&mut self.groups[from as usize].members);
        for member in &members {
            if let Some(near) = self.by_file.get_mut(&member.block.file) {
                near.retain(|(_, group)| *group != from);
            }
        }
        for member in members {
            self.push(into, member.block, member.pair);
        }
    }
}

/// The least part of a subject that a further copy must cover.
const COPY_SHARE: f64 = 0.5;

/// Returns the classes of a change: the first block of each pair is what the
/// change added. What is told of one block is not told again of its copies.
pub(crate) fn classes_of_change(mut pairs: Vec<Pair>) -> Vec<(Block, Vec<Pair>)> {
    pairs.sort_by(|x, y| {
        let size = |pair: &Pair| Reverse(pair.a.tokens.len());
        size(x)
            .cmp(&size(y))
            .then(x.kind.cmp(&y.kind))
            // The last copy is the one that names all the others.
            .then(place(&y.a).cmp(&place(&x.a)))
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
