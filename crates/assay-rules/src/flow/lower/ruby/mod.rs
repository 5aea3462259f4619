//! Lowers Ruby: files, modules, classes, methods, blocks, and what is in them.
//!
//! A name without a receiver is a variable once it was assigned, and a call
//! before. The receiver is a variable named `self`; what `@name` holds is its
//! member of that name. A block is a function that goes to a call as its
//! argument `&`; blocks of methods that go over a collection are loops.
//! Constants are looked up in the modules around, from the inside out.

use std::collections::{HashMap, HashSet};

use assay_syntax::{Field, NodeId, NodeRef, SyntaxTree};

use super::Lowerer;
use super::walk::Walk;
use crate::flow::builder::Builder;
use crate::flow::ir::{Block, Name, Op, ParamKind, Slot};

mod assign;
mod block;
mod call;
mod class;
mod expression;
mod literal;
mod method;
mod name;
mod pattern;
mod statement;
#[cfg(test)]
mod tests;

pub(super) static LOWERER: Lowerer = Lowerer {
    languages: &["ruby"],
    models: "ruby",
    lower: |tree, builder| Ruby::new(builder).file(tree),
};

/// The lowerer of one file.
struct Ruby<'b> {
    b: &'b mut Builder,
    /// What the whole file declares.
    declared: Declared,
    /// The bodies of heredocs, by where they are announced.
    heredocs: HashMap<NodeId, NodeId>,
    /// Modules and classes around, by qualified name.
    modules: Vec<OpenModule>,
    /// The variables of the functions around.
    scopes: Vec<Scope>,
    /// The function that is being lowered.
    inside: Inside,
}

/// What a file declares, wherever it stands.
#[derive(Default)]
struct Declared {
    /// Methods of classes and modules, by bare name.
    methods: HashSet<String>,
    /// Methods outside of classes.
    functions: HashSet<String>,
    /// Qualified names of classes, modules and constants.
    constants: HashSet<String>,
    /// Constants that were looked for in the modules around.
    sought: HashSet<String>,
    /// Whether classes may be what a server calls: the file speaks of Rack.
    is_server: bool,
    /// Whether blocks may answer requests: the file uses Sinatra or the like.
    has_routes: bool,
}

/// A module or class whose body is being lowered.
struct OpenModule {
    class: usize,
    qualified: String,
    /// Whether methods without a receiver are those of the class itself.
    is_static: bool,
    is_public: bool,
    /// Methods that are run before others.
    filters: Vec<class::Filter>,
}

/// Variables that are known by name.
struct Scope {
    names: HashSet<String>,
    /// Variables that hold a text which this function made.
    texts: HashSet<String>,
    /// Whether the variables around are seen.
    sees_outer: bool,
}

/// What a function is being lowered as.
#[derive(Default)]
struct Inside {
    /// The name of the method.
    method: String,
    /// Whether `self` is an object whose members are kept.
    has_members: bool,
    /// The names of the method's parameters, for `super` without arguments.
    params: Vec<(String, ParamKind)>,
    /// The loops around.
    loops: Vec<Round>,
    /// The text and the pattern of the last match.
    matched: Option<(Slot, Slot)>,
}

/// A round of a loop that is being lowered.
#[derive(Clone, Default)]
struct Round {
    /// Where its value goes.
    value: Option<Slot>,
    /// What `next` leaves; none: it goes on with the loop.
    label: Option<String>,
}

/// Where the value of statements goes.
#[derive(Clone, Copy)]
enum Out {
    /// Nowhere.
    Drop,
    /// Into a slot.
    Into(Slot),
    /// Out of the function.
    Return,
}

/// Returns the named children that are no comments.
fn items(node: NodeRef<'_>) -> impl Iterator<Item = NodeRef<'_>> {
    node.named_children().filter(|child| {
        !matches!(
            child.kind(),
            "comment" | "empty_statement" | "heredoc_body" | "uninterpreted"
        )
    })
}

/// Returns the first named child that is no comment.
fn first_item(node: NodeRef<'_>) -> Option<NodeRef<'_>> {
    items(node).next()
}

impl Walk for Ruby<'_> {
    fn builder(&mut self) -> &mut Builder {
        self.b
    }

    fn expression_inside(&mut self, node: NodeRef<'_>) -> Slot {
        self.lower_expression(node)
    }

    fn statement_inside(&mut self, node: NodeRef<'_>) {
        self.lower_statement(node, Out::Drop);
    }

    fn loop_statement(&mut self, node: NodeRef<'_>, _label: Option<&str>) -> bool {
        self.lower_loop(node)
    }

    /// A block of statements is no scope.
    fn block(&mut self, node: Option<NodeRef<'_>>) -> Block {
        self.b.open();
        if let Some(node) = node {
            self.body(node, Out::Drop);
        }
        self.b.close()
    }

    fn children(&mut self, node: NodeRef<'_>) -> Vec<Slot> {
        items(node).map(|child| self.expression(child)).collect()
    }
}

impl<'b> Ruby<'b> {
    fn new(b: &'b mut Builder) -> Self {
        Self {
            b,
            declared: Declared::default(),
            heredocs: HashMap::new(),
            modules: Vec::new(),
            scopes: Vec::new(),
            inside: Inside::default(),
        }
    }

    fn file(&mut self, tree: &SyntaxTree) {
        let root = tree.root();
        self.survey(root);
        let path = self.b.path().as_str().unwrap_or("").to_owned();
        self.b.set_module(&path);
        self.enter_scope(false);
        const SERVERS: &[&str] = &[
            "Rack::",
            "@app.call(",
            "REQUEST_METHOD",
            "PATH_INFO",
            "QUERY_STRING",
        ];
        self.declared.is_server = SERVERS.iter().any(|word| root.text().contains(word));
        if self.declared.has_routes {
            let slot = self.b.declare("self", Some("Sinatra.Base"));
            let unknown = self.b.unknown(root);
            let app = Op::Cast(unknown, Name::from("Sinatra.Base"));
            self.b.emit_into(root, slot, app);
        }
        self.body(root, Out::Drop);
        self.scopes.pop();
    }

    /// Looks for what is known of the whole file.
    fn survey(&mut self, root: NodeRef<'_>) {
        let (mut begun, mut bodies) = (Vec::new(), Vec::new());
        for node in root.subtree() {
            match node.kind() {
                "heredoc_beginning" => begun.push(node.id()),
                "heredoc_body" => bodies.push(node.id()),
                "method" | "singleton_method" => {
                    let name = node.child(Field::Name).map_or("", NodeRef::text);
                    let is_inner = node
                        .ancestors()
                        .any(|n| matches!(n.kind(), "class" | "module" | "singleton_class"));
                    let known = match is_inner {
                        true => &mut self.declared.methods,
                        false => &mut self.declared.functions,
                    };
                    known.insert(name.to_owned());
                }
                "class" | "module" | "assignment" => self.note_constant(node),
                "call" => self.note_call(node),
                _ => {}
            }
        }
        self.heredocs = begun.into_iter().zip(bodies).collect();
    }

    fn note_call(&mut self, node: NodeRef<'_>) {
        let name = node.child(Field::Property).map_or("", NodeRef::text);
        let Some(list) = node.child(Field::Arguments) else {
            return;
        };
        match name {
            "require" => {
                let first = first_item(list).and_then(literal::constant_text);
                self.declared.has_routes |= first.is_some_and(|name| {
                    matches!(name.split('/').next(), Some("sinatra" | "roda" | "padrino"))
                });
            }
            "attr_reader" | "attr_accessor" | "attr" | "delegate" | "let" | "let!"
            | "define_method" | "attribute" => {
                for item in items(list) {
                    if let Some(name) = literal::constant_text(item) {
                        self.declared.methods.insert(name);
                    }
                }
            }
            _ => {}
        }
    }

    /// Notes a class, a module or a constant under its qualified name.
    fn note_constant(&mut self, node: NodeRef<'_>) {
        let own = match node.kind() {
            "assignment" => node.child(Field::Left),
            _ => node.child(Field::Name),
        };
        let Some(own) = own.filter(|n| matches!(n.kind(), "constant" | "scope_resolution")) else {
            return;
        };
        let mut parts = vec![name::dotted(own.text())];
        for around in node.ancestors() {
            if matches!(around.kind(), "class" | "module")
                && let Some(name) = around.child(Field::Name)
            {
                parts.push(name::dotted(name.text()));
            }
        }
        parts.reverse();
        self.declared.constants.insert(parts.join("."));
    }

    fn enter_scope(&mut self, sees_outer: bool) {
        self.scopes.push(Scope {
            names: HashSet::new(),
            texts: HashSet::new(),
            sees_outer,
        });
    }

    fn scope(&mut self) -> &mut Scope {
        self.scopes.last_mut().expect("a scope is open")
    }

    /// Returns whether a name is a variable where it stands.
    fn is_variable(&self, name: &str) -> bool {
        for scope in self.scopes.iter().rev() {
            if scope.names.contains(name) {
                return true;
            }
            if !scope.sees_outer {
                break;
            }
        }
        false
    }

    /// Returns whether a variable holds a text that this function made.
    fn is_text(&self, name: &str) -> bool {
        self.scopes
            .last()
            .is_some_and(|scope| scope.texts.contains(name))
    }

    /// Reads a variable that is known.
    fn variable(&mut self, name: &str) -> Option<Slot> {
        match self.is_variable(name) {
            true => self.b.lookup(name),
            false => None,
        }
    }

    /// Declares a variable of the innermost scope.
    fn declare(&mut self, name: &str) -> Slot {
        self.scope().names.insert(name.to_owned());
        self.b.declare(name, None)
    }

    /// Returns the receiver; nothing outside of classes.
    fn receiver(&mut self) -> Option<Slot> {
        self.b.lookup("self")
    }

    /// Lowers statements in order; the value of the last goes where it is told.
    fn body(&mut self, node: NodeRef<'_>, out: Out) {
        let is_protected = items(node).any(|n| matches!(n.kind(), "rescue" | "ensure"));
        if is_protected {
            self.protected(node, out);
            return;
        }
        let statements: Vec<NodeRef<'_>> = items(node).collect();
        self.sequence(node, &statements, out);
    }

    fn sequence(&mut self, at: NodeRef<'_>, statements: &[NodeRef<'_>], out: Out) {
        let Some((last, before)) = statements.split_last() else {
            self.give_nothing(at, out);
            return;
        };
        for statement in before {
            self.statement(*statement);
        }
        self.last(*last, out);
    }

    /// Lowers the statement whose value is that of those before it.
    fn last(&mut self, node: NodeRef<'_>, out: Out) {
        if !self.b.descend() {
            self.give_nothing(node, out);
            return;
        }
        self.lower_statement(node, out);
        self.b.ascend();
    }

    /// Puts a value where it goes.
    fn give(&mut self, at: NodeRef<'_>, value: Slot, out: Out) {
        match out {
            Out::Drop => {}
            Out::Into(slot) => self.b.assign(at, slot, value),
            Out::Return => self.b.return_value(at, Some(value)),
        }
    }

    fn give_nothing(&mut self, at: NodeRef<'_>, out: Out) {
        if !matches!(out, Out::Drop) {
            let null = self.b.null(at);
            self.give(at, null, out);
        }
    }
}
