//! Which functions of a file take part in a recursion.
//!
//! Calls are resolved by name within the file, and only where the name can mean
//! one function: a bare name that is in scope, or a method of the object or class
//! that the caller itself belongs to. What is called on another object is not
//! followed; a cycle that is not sure is none.

use std::collections::HashMap;

use crate::language::Convention;
use crate::role::{Field, Role, RoleSet};
use crate::tree::{NodeId, NodeRef, SyntaxTree};

use super::{ClassMetrics, FileMetrics, FunctionMetrics};

/// A call, and the function that it is in.
#[derive(Clone, Copy, Debug)]
pub(super) struct CallSite {
    pub(super) caller: u32,
    pub(super) node: NodeId,
}

/// The functions and classes among which calls are resolved.
struct Scopes<'t> {
    tree: &'t SyntaxTree,
    functions: &'t [FunctionMetrics],
    classes: &'t [ClassMetrics],
    nameless: &'t [bool],
    implicit_self: bool,
    by_name: HashMap<&'t str, Vec<u32>>,
    /// A bit for each first byte and length that a name has.
    filter: [u64; 32],
}

/// Returns the functions of a tree that call themselves, directly or not.
pub(super) fn recursive_functions(
    tree: &SyntaxTree,
    file: &FileMetrics,
    nameless: &[bool],
    calls: &[CallSite],
    first: usize,
) -> Vec<u32> {
    let functions = &file.functions;
    let mut scopes = Scopes {
        tree,
        functions,
        classes: &file.classes,
        nameless,
        implicit_self: tree.language().follows(Convention::ImplicitSelf),
        by_name: HashMap::new(),
        filter: [0; 32],
    };
    for (index, function) in functions.iter().enumerate().skip(first) {
        if let Some(name) = function.name.as_deref() {
            let (word, bit) = filter_bit(name);
            scopes.filter[word] |= bit;
            scopes.by_name.entry(name).or_default().push(index as u32);
        }
    }
    if scopes.by_name.is_empty() {
        return Vec::new();
    }
    let mut edges: Vec<(u32, u32)> = calls
        .iter()
        .filter_map(|call| scopes.resolve(call))
        .collect();
    edges.sort_unstable();
    edges.dedup();
    in_cycles(&edges)
}

fn filter_bit(name: &str) -> (usize, u64) {
    let first = name.bytes().next().unwrap_or(0) as usize;
    (first % 32, 1 << (name.len() % 64))
}

impl<'t> Scopes<'t> {
    /// Returns the caller and the function that the call is sure to mean.
    fn resolve(&self, call: &CallSite) -> Option<(u32, u32)> {
        let node = self.tree.node(call.node);
        let (object, name) = callee(node)?;
        let (word, bit) = filter_bit(name.text());
        if self.filter[word] & bit == 0 {
            return None;
        }
        let candidates = self.by_name.get(name.text())?;
        let caller = self.named(call.caller)?;
        let fits = |candidate: &u32| match object {
            Some(object) => self.is_on_self(caller, object) && self.is_sibling(caller, *candidate),
            None => self.is_in_scope(caller, *candidate),
        };
        let found: Vec<u32> = candidates.iter().copied().filter(fits).collect();
        let callee = match found[..] {
            [] => return None,
            [only] => Some(only).filter(|&only| self.takes(only, argument_count(node)))?,
            _ => self.narrow(&found, node)?,
        };
        Some((caller, callee))
    }

    /// Among several functions of the name, finds the one that is meant: the
    /// innermost, or the one with as many parameters as there are arguments.
    fn narrow(&self, found: &[u32], call: NodeRef<'_>) -> Option<u32> {
        let depth = |function: u32| self.around(function).count();
        let deepest = found.iter().map(|&function| depth(function)).max()?;
        let arguments = argument_count(call);
        let innermost = || {
            found
                .iter()
                .copied()
                .filter(|&function| depth(function) == deepest)
        };
        let mut fitting = innermost().filter(|&function| {
            self.functions[function as usize].metrics.parameters as usize == arguments
        });
        let mut all = innermost();
        match (all.next(), all.next()) {
            (Some(only), None) => Some(only),
            _ => match (fitting.next(), fitting.next()) {
                (Some(only), None) => Some(only),
                _ => None,
            },
        }
    }

    /// Returns whether a function can take so many arguments. Fewer than its
    /// parameters may be defaults; more need a parameter that takes the rest.
    fn takes(&self, function: u32, arguments: usize) -> bool {
        // The receiver may be given before the dot or as the first argument.
        let receivers = usize::from(self.receiver(function).is_some());
        let function = &self.functions[function as usize];
        let parameters = function.metrics.parameters as usize;
        arguments <= parameters + receivers || {
            let all = self.tree.node(function.node).parameters();
            all.last()
                .is_some_and(|last| last.text().contains("...") || last.text().contains('*'))
        }
    }

    /// Returns the function and those around it.
    fn around(&self, function: u32) -> impl Iterator<Item = u32> {
        std::iter::successors(Some(function), |&function| {
            self.functions[function as usize]
                .parent
                .map(|parent| parent as u32)
        })
    }

    /// Returns the nearest function with a name of its own.
    fn named(&self, function: u32) -> Option<u32> {
        self.around(function)
            .find(|&function| !self.nameless[function as usize])
    }

    /// Returns whether a bare name in the caller can mean the function.
    fn is_in_scope(&self, caller: u32, function: u32) -> bool {
        let function = &self.functions[function as usize];
        let is_visible = function
            .parent
            .is_none_or(|parent| self.around(caller).any(|around| around as usize == parent));
        is_visible
            && match function.class.filter(|_| function.is_method) {
                // A method whose receiver says that it is one.
                None => !self.tree.node(function.node).has(Role::Method),
                Some(class) => {
                    self.implicit_self
                        && self.functions[caller as usize]
                            .class
                            .is_some_and(|of| self.class_chain(of).any(|around| around == class))
                }
            }
    }

    fn class_chain(&self, class: usize) -> impl Iterator<Item = usize> {
        std::iter::successors(Some(class), |&class| self.classes[class].parent)
    }

    /// Returns whether two methods belong to the same type.
    fn is_sibling(&self, caller: u32, function: u32) -> bool {
        let (caller, function) = (
            &self.functions[caller as usize],
            &self.functions[function as usize],
        );
        match (caller.class, function.class) {
            (Some(left), Some(right)) => {
                left == right
                    || self.classes[left].name.is_some()
                        && self.classes[left].name == self.classes[right].name
            }
            (None, None) => {
                let scope = |function: &'t FunctionMetrics| {
                    function
                        .qualified_name
                        .rsplit_once('.')
                        .map(|(scope, _)| scope)
                };
                scope(caller).is_some() && scope(caller) == scope(function)
            }
            _ => false,
        }
    }

    /// Returns whether the object of a call is the caller's own.
    fn is_on_self(&self, caller: u32, object: NodeRef<'_>) -> bool {
        if object.has(Role::SelfReference) {
            return true;
        }
        let text = object.text();
        let function = &self.functions[caller as usize];
        let is_class = function
            .class
            .is_some_and(|class| self.classes[class].name.as_deref() == Some(text));
        is_class
            || self
                .around(caller)
                .any(|function| self.receiver_name(function) == Some(text))
    }

    /// Returns the receiver of a method.
    fn receiver(&self, function: u32) -> Option<NodeRef<'t>> {
        let node = self.tree.node(self.functions[function as usize].node);
        let is_receiver = |child: &NodeRef<'t>| child.has(Role::Receiver);
        node.children().find(is_receiver).or_else(|| {
            node.child_with(Role::Parameters)?
                .children()
                .find(is_receiver)
        })
    }

    /// Returns the name by which a method calls its receiver.
    fn receiver_name(&self, function: u32) -> Option<&'t str> {
        self.receiver(function)?
            .subtree()
            .find(|part| part.is_leaf() && part.has(Role::Identifier))
            .map(NodeRef::text)
    }
}

/// Counts the arguments of a call; some grammars put their list into a suffix.
fn argument_count(call: NodeRef<'_>) -> usize {
    call.children()
        .find_map(|child| match child.has(Role::Arguments) {
            true => Some(child),
            false => child
                .child_with(Role::Arguments)
                .filter(|_| !child.has(Role::Call)),
        })
        .map_or(0, |arguments| arguments.named_children().count())
}

const NAME: RoleSet = RoleSet::of(&[Role::Identifier, Role::TypeName]);

/// Splits what is called into the object that it is called on and the name.
fn callee<'t>(call: NodeRef<'t>) -> Option<(Option<NodeRef<'t>>, NodeRef<'t>)> {
    let target = match call.child(Field::Function) {
        Some(target) => target,
        None => match call
            .child(Field::Name)
            .or_else(|| call.child(Field::Property))
        {
            Some(name) => return Some((call.child(Field::Object), name)),
            None => call.named_children().next()?,
        },
    };
    if target.is_leaf() {
        return target.has_any(NAME).then_some((None, target));
    }
    if !target.has(Role::Member) {
        return None;
    }
    let object = target.children().next()?;
    let last = |node: NodeRef<'t>| node.named_children().last();
    let name = std::iter::successors(last(target), |&node| last(node)).last()?;
    (object != name).then_some((Some(object), name))
}

/// Returns the nodes of a graph that lie on a cycle, by Tarjan's algorithm
/// without recursion. The edges must be sorted.
fn in_cycles(edges: &[(u32, u32)]) -> Vec<u32> {
    let mut state: HashMap<u32, Visit> = HashMap::new();
    let (mut stack, mut path, mut found) = (Vec::new(), Vec::new(), Vec::new());
    for &(root, _) in edges {
        if state.contains_key(&root) {
            continue;
        }
        path.push(Visit::begin(root, edges, &mut state, &mut stack));
        while let Some(&mut (node, ref mut edge)) = path.last_mut() {
            let next = edges.get(*edge).filter(|&&(from, _)| from == node);
            *edge += 1;
            if let Some(&(_, to)) = next {
                match state.get(&to).copied() {
                    None => path.push(Visit::begin(to, edges, &mut state, &mut stack)),
                    Some(visit) if visit.on_stack => Visit::lower(&mut state, node, visit.order),
                    Some(_) => {}
                }
                continue;
            }
            path.pop();
            let visit = state[&node];
            if let Some(&(around, _)) = path.last() {
                Visit::lower(&mut state, around, visit.low);
            }
            if visit.low == visit.order {
                let from = stack.iter().rposition(|&on| on == node).unwrap_or(0);
                let component = stack.split_off(from);
                for member in &component {
                    if let Some(visit) = state.get_mut(member) {
                        visit.on_stack = false;
                    }
                }
                if component.len() > 1 || edges.binary_search(&(node, node)).is_ok() {
                    found.extend(component);
                }
            }
        }
    }
    found.sort_unstable();
    found
}

/// What Tarjan's algorithm knows of a node.
#[derive(Clone, Copy)]
struct Visit {
    order: u32,
    low: u32,
    on_stack: bool,
}

impl Visit {
    /// Begins with a node; returns it with its first edge.
    fn begin(
        node: u32,
        edges: &[(u32, u32)],
        state: &mut HashMap<u32, Visit>,
        stack: &mut Vec<u32>,
    ) -> (u32, usize) {
        let order = state.len() as u32;
        let visit = Visit {
            order,
            low: order,
            on_stack: true,
        };
        state.insert(node, visit);
        stack.push(node);
        (node, edges.partition_point(|&(from, _)| from < node))
    }

    fn lower(state: &mut HashMap<u32, Visit>, node: u32, low: u32) {
        if let Some(visit) = state.get_mut(&node) {
            visit.low = visit.low.min(low);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::in_cycles;

    fn check(edges: &[(u32, u32)], expected: &[u32]) {
        assert_eq!(in_cycles(edges), expected, "{edges:?}");
    }

    #[test]
    fn functions_on_cycles_are_found() {
        check(&[], &[]);
        check(&[(1, 2)], &[]);
        check(&[(1, 1)], &[1]);
        check(&[(0, 1), (1, 2), (2, 1), (2, 3)], &[1, 2]);
        check(
            &[(0, 1), (1, 2), (2, 0), (3, 0), (4, 4), (5, 6)],
            &[0, 1, 2, 4],
        );
        // Two cycles that share a node are one component.
        check(&[(0, 1), (1, 0), (1, 2), (2, 1)], &[0, 1, 2]);
    }

    #[test]
    fn long_chains_do_not_overflow_the_stack() {
        let mut edges: Vec<_> = (0..100_000).map(|n| (n, n + 1)).collect();
        assert!(in_cycles(&edges).is_empty());
        edges.push((100_000, 0));
        assert_eq!(in_cycles(&edges).len(), 100_001);
    }
}
