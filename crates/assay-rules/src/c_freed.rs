//! Which pointers of a C or C++ function were freed on the ways to a place.
//!
//! Variables are followed by [`faults`]; a walk over the statements keeps the freed pointers: variables of the function
//! and members that are reached through them. There, what is freed on one branch alone
//! counts only where the other branches do not come back, so that a flag that goes
//! with the pointer is never in the way.

use std::collections::BTreeMap;

use assay_syntax::{Field, NodeRef, Role};

use crate::c_call::NO_RETURN;
use crate::c_memory::{FUNCTION_NODES_MAX, bare, call, locals};
use crate::c_states::{Fault, faults};
use crate::context::Context;

/// Statements nest at most so deep; deeper ones forget everything.
const DEPTH_MAX: usize = 64;

/// A freed pointer that is touched again.
pub(crate) struct Touched<'t> {
    pub(crate) node: NodeRef<'t>,
    /// The call or expression that freed it.
    pub(crate) freed: NodeRef<'t>,
    pub(crate) is_freed_again: bool,
}

/// The pointers that are freed, by how they are written; none where no way
/// leads to.
type State<'t> = Option<BTreeMap<String, NodeRef<'t>>>;

/// Finds the freed pointers of a function that are used or freed again.
pub(crate) fn touched<'t>(
    function: NodeRef<'t>,
    context: &mut Context<'_, 't>,
) -> Vec<Touched<'t>> {
    let text = function.text();
    let frees = FREES.iter().any(|name| text.contains(name)) || text.contains("delete");
    let mut found = touched_on_all_ways(function, frees);
    if !frees {
        return found;
    }
    for wrong in faults(function, context).iter() {
        let is_freed_again = match wrong.fault {
            Fault::FreedTwice => true,
            Fault::UsedAfterFree => false,
            _ => continue,
        };
        let is_known = found
            .iter()
            .any(|known| known.node.encloses(wrong.node) || wrong.node.encloses(known.node));
        if let (Some(freed), false) = (wrong.since, is_known) {
            found.push(Touched {
                node: wrong.node,
                freed,
                is_freed_again,
            });
        }
    }
    found
}

/// The same for variables and members that were freed on all ways to a place.
fn touched_on_all_ways(function: NodeRef<'_>, frees: bool) -> Vec<Touched<'_>> {
    let body = function.child(Field::Body);
    let Some(body) = body.filter(|_| frees && function.subtree_len() <= FUNCTION_NODES_MAX) else {
        return Vec::new();
    };
    let mut walk = Walk {
        names: locals(function)
            .into_iter()
            .filter(|local| !local.is_static && !local.is_reference() && !local.is_array())
            .map(|local| local.name)
            .collect(),
        found: Vec::new(),
        state: Some(BTreeMap::new()),
        depth: 0,
    };
    // A pointer whose address is known may change anywhere.
    let addressed: Vec<&str> = function
        .subtree()
        .filter(|node| node.kind() == "pointer_expression" && node.text().starts_with('&'))
        .filter_map(|node| node.named_children().next())
        .map(|of| bare(of).text())
        .collect();
    walk.names.retain(|name| !addressed.contains(name));
    walk.statement(body);
    walk.found
}

/// Functions that free their only argument.
const FREES: &[&str] = &["free", "kfree", "vfree", "g_free", "xfree", "curl_free"];

struct Walk<'t> {
    names: Vec<&'t str>,
    found: Vec<Touched<'t>>,
    state: State<'t>,
    depth: usize,
}

impl<'t> Walk<'t> {
    fn statement(&mut self, node: NodeRef<'t>) {
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            self.state = Some(BTreeMap::new());
        } else {
            self.one(node);
        }
        self.depth -= 1;
    }

    fn one(&mut self, node: NodeRef<'t>) {
        match node.kind() {
            "compound_statement" => {
                for inside in node.named_children() {
                    self.statement(inside);
                }
            }
            "if_statement" => self.branch(node),
            "while_statement" | "for_statement" | "do_statement" | "for_range_loop" => {
                self.repeat(node);
            }
            "switch_statement" => self.choose(node),
            "return_statement"
            | "break_statement"
            | "continue_statement"
            | "goto_statement"
            | "throw_statement"
            | "co_return_statement" => {
                self.expression(node);
                self.state = None;
            }
            // Other ways come in at a label, and out of what a macro or the
            // compiler decides.
            "labeled_statement" => {
                self.state = Some(BTreeMap::new());
                for inside in node.named_children().skip(1) {
                    self.statement(inside);
                }
            }
            kind if kind.starts_with("preproc_") || kind == "ERROR" => self.forget(node),
            "try_statement" | "seh_try_statement" => self.forget(node),
            "expression_statement" | "declaration" => {
                self.expression(node);
                let ends = node
                    .subtree()
                    .any(|part| call(part).is_some_and(|(name, _)| NO_RETURN.contains(&name)));
                if ends {
                    self.state = None;
                }
            }
            "else_clause" => {
                for inside in node.named_children() {
                    self.statement(inside);
                }
            }
            _ => self.expression(node),
        }
    }

    fn branch(&mut self, node: NodeRef<'t>) {
        if let Some(condition) = node.child(Field::Condition) {
            self.expression(condition);
        }
        let before = self.state.clone();
        if let Some(then) = node.child(Field::Consequence) {
            self.statement(then);
        }
        let after_then = std::mem::replace(&mut self.state, before);
        if let Some(other) = node.child(Field::Alternative) {
            self.statement(other);
        }
        self.state = both(after_then, self.state.take());
    }

    /// A loop may run never or often: what it sets is forgotten before and after.
    fn repeat(&mut self, node: NodeRef<'t>) {
        let is_do = node.kind() == "do_statement";
        for field in [Field::Initializer, Field::Left, Field::Right] {
            if let Some(part) = node.child(field) {
                self.expression(part);
            }
        }
        self.clear_set(node);
        let before = self.state.clone();
        if let (Some(condition), false) = (node.child(Field::Condition), is_do) {
            self.expression(condition);
        }
        if let Some(body) = node.child(Field::Body) {
            self.statement(body);
        }
        for field in [Field::Update, Field::Condition] {
            let is_asked = field == Field::Update || is_do;
            if let (Some(part), true) = (node.child(field), is_asked) {
                self.expression(part);
            }
        }
        self.state = before;
    }

    fn choose(&mut self, node: NodeRef<'t>) {
        if let Some(condition) = node.child(Field::Condition) {
            self.expression(condition);
        }
        let before = self.state.clone();
        let body = node.child(Field::Body);
        for case in body.into_iter().flat_map(NodeRef::named_children) {
            self.state.clone_from(&before);
            for inside in case.named_children() {
                self.statement(inside);
            }
        }
        self.state = before;
        self.clear_set(node);
    }

    /// Takes a part whose ways are not known: nothing is found in it, and what it
    /// sets is forgotten.
    fn forget(&mut self, node: NodeRef<'t>) {
        if self.state.is_none() {
            self.state = Some(BTreeMap::new());
        }
        self.clear_set(node);
    }

    /// Forgets what a part sets or hands on.
    fn clear_set(&mut self, node: NodeRef<'t>) {
        for part in node.subtree() {
            match part.kind() {
                "assignment_expression" => {
                    if let Some(left) = part.child(Field::Left) {
                        self.clear(left.text());
                    }
                }
                "update_expression" => {
                    if let Some(of) = part.named_children().next() {
                        self.clear(of.text());
                    }
                }
                "init_declarator" => {
                    if let Some(of) = part.child(Field::Declarator) {
                        self.clear(of.text().trim_start_matches(['*', ' ']));
                    }
                }
                "call_expression" => {
                    if let Some((name, arguments)) = call(part)
                        && !FREES.contains(&name)
                    {
                        arguments.iter().for_each(|arg| self.hand_on(*arg));
                    }
                }
                _ => {}
            }
        }
    }

    /// Walks an expression: uses first, then what it frees, then what it sets.
    fn expression(&mut self, node: NodeRef<'t>) {
        if self.state.is_none() {
            return;
        }
        if self.state.as_ref().is_some_and(|state| !state.is_empty()) {
            self.uses(node);
        }
        // What only one side of a condition frees is not freed for sure.
        let is_sure = |part: NodeRef<'t>| {
            !part
                .ancestors()
                .take_while(|around| *around != node)
                .any(|around| {
                    around.has(Role::Logical)
                        || matches!(
                            around.kind(),
                            "conditional_expression" | "lambda_expression" | "comma_expression"
                        )
                })
        };
        self.clear_set(node);
        for part in node.subtree() {
            let of = match part.kind() {
                "call_expression" => match call(part) {
                    Some((name, arguments)) if FREES.contains(&name) && arguments.len() == 1 => {
                        Some(bare(arguments[0]))
                    }
                    _ => None,
                },
                "delete_expression" => part.named_children().last().map(bare),
                _ => None,
            };
            if let (Some(path), Some(state), true) = (
                of.and_then(|of| self.path(of)),
                &mut self.state,
                is_sure(part),
            ) {
                state.insert(path, part);
            }
        }
    }

    /// Reports the freed pointers that an expression uses.
    fn uses(&mut self, node: NodeRef<'t>) {
        let mut hits = Vec::new();
        for part in node.subtree() {
            if !matches!(part.kind(), "identifier" | "field_expression") {
                continue;
            }
            let Some(state) = &self.state else { return };
            let Some(freed) = state.get(part.text()).copied() else {
                continue;
            };
            let is_measured = part
                .ancestors()
                .take(4)
                .any(|around| around.kind() == "sizeof_expression");
            if freed.encloses(part) || is_measured {
                continue;
            }
            if let Some(is_freed_again) = use_of(part) {
                hits.push((part, freed, is_freed_again));
            }
        }
        for (part, freed, is_freed_again) in hits {
            self.found.push(Touched {
                node: part,
                freed,
                is_freed_again,
            });
            self.clear(part.text());
        }
    }

    /// Returns how a pointer is written, when nobody else can change it.
    fn path(&self, node: NodeRef<'t>) -> Option<String> {
        let mut base = node;
        while base.kind() == "field_expression" {
            base = base.child(Field::Operand)?;
        }
        (base.kind() == "identifier" && self.names.contains(&base.text()))
            .then(|| node.text().to_owned())
    }

    /// Forgets a pointer and everything that is reached through it.
    fn clear(&mut self, path: &str) {
        let Some(state) = &mut self.state else { return };
        state.retain(|freed, _| {
            freed != path
                && !(freed.starts_with(path) && freed[path.len()..].starts_with(['-', '.']))
        });
    }

    /// What is handed to a function may be changed by it: the members, not the
    /// variable itself.
    fn hand_on(&mut self, argument: NodeRef<'t>) {
        let Some(state) = &mut self.state else { return };
        let text = bare(argument).text().trim_start_matches(['&', '*', ' ']);
        let base = text.split(['-', '.', '[', ' ']).next().unwrap_or(text);
        state.retain(|freed, _| {
            !(freed.starts_with(base) && freed[base.len()..].starts_with(['-', '.']))
        });
    }
}

fn both<'t>(a: State<'t>, b: State<'t>) -> State<'t> {
    match (a, b) {
        (None, other) | (other, None) => other,
        (Some(mut a), Some(b)) => {
            a.retain(|path, _| b.contains_key(path));
            Some(a)
        }
    }
}

/// Returns whether a place uses what a pointer points to or hands it on, and
/// whether it frees it again; none for what is harmless.
fn use_of(node: NodeRef<'_>) -> Option<bool> {
    let mut around = node.parent()?;
    let mut inside = node;
    while matches!(
        around.kind(),
        "parenthesized_expression" | "cast_expression"
    ) {
        inside = around;
        around = around.parent()?;
    }
    match around.kind() {
        "argument_list" => {
            let (name, arguments) = call(around.parent()?)?;
            // What prints the address does not read what is there.
            let is_printed = name.contains("print") || name.contains("log");
            match FREES.contains(&name) && arguments.len() == 1 {
                true => Some(true),
                false if is_printed || name.chars().all(|c| !c.is_lowercase()) => None,
                false => Some(false),
            }
        }
        "delete_expression" => Some(true),
        "pointer_expression" => around.text().starts_with('*').then_some(false),
        "subscript_expression" => (around.child(Field::Operand) == Some(inside)).then_some(false),
        "field_expression" => {
            let is_arrow = around.children().any(|part| part.text() == "->");
            (is_arrow && around.child(Field::Operand) == Some(inside)).then_some(false)
        }
        _ => None,
    }
}
