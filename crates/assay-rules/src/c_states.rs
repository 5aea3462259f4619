//! What the local variables of a C or C++ function hold on the ways through it,
//! and what is wrong with that: pointers that are null or freed, numbers that are
//! zero, memory that nobody frees.
//!
//! A variable has a set of states, those of all ways that lead to a place. What
//! holds on some of the ways counts until a condition decides again, because that
//! condition may be the one that keeps these ways apart.

use std::rc::Rc;

use assay_syntax::NodeRef;

use crate::c_paths::{Edge, Event, Given, Paths};
use crate::context::Context;

/// Blocks are gone through at most so often, each.
const ROUNDS_MAX: usize = 16;

/// What is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    UsedAfterFree,
    FreedTwice,
    /// It is null, or may be.
    NullFollowed,
    /// Nobody looked whether there was memory.
    Unchecked,
    NeverSet,
    DividedByZero,
    /// The divisor came from outside.
    DividedUnchecked,
    /// Nobody frees it any more.
    Lost,
}

/// A place where something is wrong.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wrong<'t> {
    pub(crate) fault: Fault,
    pub(crate) name: &'t str,
    pub(crate) node: NodeRef<'t>,
    /// Where it came to be as it is.
    pub(crate) since: Option<NodeRef<'t>>,
}

const UNSET: u8 = 1;
const NULL: u8 = 2;
/// New memory that may be null, and new memory.
const FRESH: u8 = 4;
const OWNED: u8 = 8;
const FREED: u8 = 16;
const ZERO: u8 = 32;
const OUTSIDE: u8 = 64;
const OTHER: u8 = 128;

/// The states of a variable, and where it was set, freed or found null.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct States<'t> {
    bits: u8,
    since: Option<NodeRef<'t>>,
}

impl<'t> States<'t> {
    const KNOWN: Self = Self {
        bits: OTHER,
        since: None,
    };

    fn new(bits: u8, since: NodeRef<'t>) -> Self {
        Self {
            bits,
            since: Some(since),
        }
    }

    fn has(self, bits: u8) -> bool {
        self.bits & bits != 0
    }

    /// Takes states away; something else is left when none is.
    fn drop(&mut self, bits: u8) {
        self.bits &= !bits;
        if self.bits == 0 {
            self.bits = OTHER;
        }
    }

    /// Returns whether it holds memory on all ways.
    fn is_held(self) -> bool {
        self.bits & !(FRESH | OWNED) == 0
    }

    /// What is new is not null.
    fn found(&mut self) {
        if self.has(FRESH) {
            self.bits = self.bits & !FRESH | OWNED;
        }
    }
}

/// What is wrong in the function of a file that was looked at last: several rules
/// ask for it one after the other.
pub(crate) struct Last<'t> {
    function: NodeRef<'t>,
    found: Rc<[Wrong<'t>]>,
}

/// Returns what is wrong with the variables of a function, by place.
pub(crate) fn faults<'t>(function: NodeRef<'t>, context: &mut Context<'_, 't>) -> Rc<[Wrong<'t>]> {
    let last = context.run.c_faults.as_ref();
    if let Some(last) = last.filter(|last| last.function == function) {
        return Rc::clone(&last.found);
    }
    let found: Rc<[Wrong<'t>]> = find(function).into();
    context.run.c_faults = Some(Last {
        function,
        found: Rc::clone(&found),
    });
    found
}

/// Reports what is wrong in a function where there is something to say: a message,
/// and how the variable came to be as it is.
pub(crate) fn report<'t>(
    function: NodeRef<'t>,
    context: &mut Context<'_, 't>,
    say: impl Fn(Fault, &str) -> Option<(String, &'static str)>,
) {
    for wrong in faults(function, context).iter() {
        let Some((message, since_said)) = say(wrong.fault, wrong.name) else {
            continue;
        };
        let finding = context.report(wrong.node, message);
        if let Some(since) = wrong.since {
            finding.related(since.span(), since_said);
        }
    }
}

fn find(function: NodeRef<'_>) -> Vec<Wrong<'_>> {
    let Some(paths) = Paths::of(function) else {
        return Vec::new();
    };
    let Some(before) = settled(&paths) else {
        return Vec::new();
    };
    let mut found = Vec::new();
    for (at, state) in before.into_iter().enumerate() {
        let Some(state) = state else { continue };
        let mut walk = Walk::new(&paths, state);
        walk.block(at);
        found.append(&mut walk.found);
    }
    found.sort_by_key(|wrong| wrong.node.span().start);
    found
}

/// What holds before each block; nothing where no way leads.
type Before<'t> = Vec<Option<Vec<States<'t>>>>;

/// Works out what holds before each block; nothing when it does not settle.
fn settled<'t>(paths: &Paths<'t>) -> Option<Before<'t>> {
    let order = order(paths);
    let mut place = vec![usize::MAX; paths.blocks.len()];
    for (at, block) in order.iter().enumerate() {
        place[*block] = at;
    }
    let mut before: Before<'t> = Vec::new();
    let mut back: Vec<(usize, Vec<States<'t>>)> = Vec::new();
    // What is dropped at a condition depends on all ways that lead there: each
    // round begins anew, with what the ways back brought in the round before.
    for _ in 0..ROUNDS_MAX {
        let mut next: Before<'t> = vec![None; paths.blocks.len()];
        next[0] = Some(vec![States::KNOWN; paths.variables.len()]);
        for (to, state) in back.drain(..) {
            arrive(&mut next[to], state);
        }
        for &at in &order {
            let Some(state) = next[at].clone() else {
                continue;
            };
            let mut walk = Walk::new(paths, state);
            walk.block(at);
            for edge in &paths.blocks[at].next {
                let after = along(&walk.state, edge);
                match place[edge.to] > place[at] {
                    true => arrive(&mut next[edge.to], after),
                    false => back.push((edge.to, after)),
                }
            }
        }
        if is_same(&before, &next) {
            return Some(next);
        }
        before = next;
    }
    None
}

/// Returns the blocks that ways lead to, each behind those before it.
fn order(paths: &Paths<'_>) -> Vec<usize> {
    let mut seen = vec![false; paths.blocks.len()];
    let mut order = Vec::new();
    // A block, and how many of the ways out of it were followed.
    let mut open = vec![(0, 0)];
    seen[0] = true;
    while let Some((block, followed)) = open.pop() {
        match paths.blocks[block].next.get(followed) {
            Some(edge) => {
                open.push((block, followed + 1));
                if !std::mem::replace(&mut seen[edge.to], true) {
                    open.push((edge.to, 0));
                }
            }
            None => order.push(block),
        }
    }
    order.reverse();
    order
}

fn is_same(a: &Before<'_>, b: &Before<'_>) -> bool {
    let bits = |state: &Option<Vec<States<'_>>>| -> Option<Vec<u8>> {
        Some(state.as_ref()?.iter().map(|own| own.bits).collect())
    };
    a.len() == b.len() && a.iter().zip(b).all(|(a, b)| bits(a) == bits(b))
}

/// Adds what one way brings to what the others brought.
fn arrive<'t>(known: &mut Option<Vec<States<'t>>>, more: Vec<States<'t>>) {
    let Some(known) = known else {
        *known = Some(more);
        return;
    };
    for (own, other) in known.iter_mut().zip(more) {
        // What is wrong on one of the ways is told.
        if own.bits == OTHER && other.bits != OTHER || own.since.is_none() {
            own.since = other.since;
        }
        own.bits |= other.bits;
    }
}

/// Returns what holds on the other end of a way.
fn along<'t>(state: &[States<'t>], edge: &Edge) -> Vec<States<'t>> {
    let mut after = state.to_vec();
    if edge.is_choice {
        for own in &mut after {
            if own.bits.count_ones() > 1 {
                own.drop(UNSET | NULL | FREED | ZERO);
            }
        }
    }
    if let Some((variable, is_null)) = edge.told {
        let own = &mut after[variable];
        if is_null {
            own.bits = NULL;
        } else {
            own.drop(NULL);
            own.found();
        }
    }
    after
}

struct Walk<'p, 't> {
    paths: &'p Paths<'t>,
    state: Vec<States<'t>>,
    found: Vec<Wrong<'t>>,
}

impl<'p, 't> Walk<'p, 't> {
    fn new(paths: &'p Paths<'t>, state: Vec<States<'t>>) -> Self {
        Self {
            paths,
            state,
            found: Vec::new(),
        }
    }

    fn block(&mut self, at: usize) {
        for event in &self.paths.blocks[at].events {
            self.happen(*event);
        }
    }

    fn happen(&mut self, event: Event<'t>) {
        match event {
            Event::Read(variable, node) => self.unset(variable, node),
            Event::Follow(variable, node) => {
                self.unset(variable, node);
                self.freed(variable, node, Fault::UsedAfterFree);
                if self.state[variable].has(NULL) {
                    self.wrong(Fault::NullFollowed, variable, node);
                } else if self.state[variable].has(FRESH) {
                    self.wrong(Fault::Unchecked, variable, node);
                }
                let own = &mut self.state[variable];
                own.drop(NULL);
                own.found();
            }
            Event::Pass(variable, node) => {
                self.unset(variable, node);
                self.freed(variable, node, Fault::UsedAfterFree);
            }
            Event::Free(variable, node) => {
                self.unset(variable, node);
                self.freed(variable, node, Fault::FreedTwice);
                self.state[variable] = States::new(FREED, node);
            }
            Event::Divide(variable, node) => {
                let own = self.state[variable];
                if own.has(ZERO) {
                    self.wrong(Fault::DividedByZero, variable, node);
                } else if own.has(OUTSIDE) {
                    self.wrong(Fault::DividedUnchecked, variable, node);
                }
                self.state[variable].drop(ZERO | OUTSIDE);
            }
            Event::Keep(variable) => self.state[variable].drop(FRESH | OWNED),
            Event::Fill(variable) => self.state[variable].drop(UNSET),
            Event::Forget(variable) => self.state[variable] = States::KNOWN,
            Event::Test(variable) => self.state[variable].drop(NULL | ZERO | OUTSIDE),
            Event::Call => {
                for own in self.state.iter_mut().filter(|own| own.bits == NULL) {
                    own.bits = OTHER;
                }
            }
            Event::Set(variable, node, given) => self.set(variable, node, given),
            Event::Leave(node) => self.leave(node),
        }
    }

    fn set(&mut self, variable: usize, node: NodeRef<'t>, given: Given) {
        let local = &self.paths.variables[variable];
        let mentions = |node: NodeRef<'t>| {
            let mut parts = node.subtree();
            parts.any(|part| part.kind() == "identifier" && part.text() == local.name)
        };
        let right = node.named_children().nth(1);
        if self.state[variable].is_held() && !right.is_some_and(mentions) {
            self.wrong(Fault::Lost, variable, node);
        }
        let is_pointer = local.is_pointer();
        let bits = match given {
            Given::Nothing => UNSET,
            Given::Zero if is_pointer => NULL,
            Given::Zero => ZERO,
            Given::Fresh if is_pointer => FRESH,
            Given::Owned if is_pointer => OWNED,
            Given::Outside if !is_pointer => OUTSIDE,
            _ => OTHER,
        };
        self.state[variable] = States::new(bits, node);
    }

    fn leave(&mut self, node: NodeRef<'t>) {
        for variable in 0..self.state.len() {
            if self.state[variable].is_held() {
                self.wrong(Fault::Lost, variable, node);
            }
        }
    }

    fn unset(&mut self, variable: usize, node: NodeRef<'t>) {
        if self.state[variable].has(UNSET) {
            self.wrong(Fault::NeverSet, variable, node);
            self.state[variable].drop(UNSET);
        }
    }

    fn freed(&mut self, variable: usize, node: NodeRef<'t>, fault: Fault) {
        if self.state[variable].has(FREED) {
            self.wrong(fault, variable, node);
            self.state[variable].drop(FREED);
        }
    }

    fn wrong(&mut self, fault: Fault, variable: usize, node: NodeRef<'t>) {
        self.found.push(Wrong {
            fault,
            name: self.paths.variables[variable].name,
            node,
            since: self.state[variable].since,
        });
    }
}
