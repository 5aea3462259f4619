//! # Unused private method or field
//!
//! A private method is never called in the only file that can call it.
//!
//! ## Why it matters
//!
//! Nothing runs it, and whoever changes the class keeps it working all the same.
//!
//! ## Not reported
//!
//! - Methods with an annotation, which a framework may call, and those of Java's serialisation.
//! - Python names with two underscores at both ends; names that occur in a string.
//! - C# partial classes; test files, whose methods are named in annotations.
//!
//! ## References
//!
//! - [CWE-561](https://cwe.mitre.org/data/definitions/561.html): dead code
//!
//! ## Examples
//!
//! ```java bad
//! class Shop {
//!     private int tax() { // <- here
//!         return 2;
//!     }
//! }
//! ```
//!
//! ```java good
//! class Shop {
//!     int price() {
//!         return tax() + list.map(this::net);
//!     }
//!     private int tax() {
//!         return 2;
//!     }
//!     private int net(int x) {
//!         return x;
//!     }
//!     @PostConstruct
//!     private void start() {
//!     }
//! }
//! ```
//!
//! ```javascript bad
//! class Shop {
//!   #tax() { // <- here
//!     return 2;
//!   }
//! }
//! ```
//!
//! ```javascript good
//! class Shop {
//!   price() {
//!     return this.#tax();
//!   }
//!   #tax() {
//!     return 2;
//!   }
//! }
//! ```
//!
//! ```typescript bad
//! class Shop {
//!   private tax(): number { // <- here
//!     return 2;
//!   }
//! }
//! ```
//!
//! ```typescript good
//! class Shop {
//!   price(): number {
//!     return this["tax"]() + this.net();
//!   }
//!   private tax(): number {
//!     return 2;
//!   }
//!   private net(): number {
//!     return 2;
//!   }
//! }
//! ```
//!
//! ```python bad
//! class Shop:
//!     def __tax(self):  # <- here
//!         return 2
//! ```
//!
//! ```python good
//! class Shop:
//!     def price(self):
//!         return self.__tax()
//!
//!     def __tax(self):
//!         return 2
//!
//!     def __len__(self):
//!         return 1
//! ```
//!
//! ```c-sharp bad
//! class Shop {
//!     private int Tax() { // <- here
//!         return 2;
//!     }
//! }
//! ```
//!
//! ```c-sharp good
//! class Shop {
//!     int Price() { return Tax(); }
//!     private int Tax() {
//!         return 2;
//!     }
//! }
//! ```
//!
//! ```kotlin bad
//! class Shop {
//!     private fun tax(): Int { // <- here
//!         return 2
//!     }
//! }
//! ```
//!
//! ```kotlin good
//! class Shop {
//!     fun price(): Int = tax()
//!     private fun tax(): Int {
//!         return 2
//!     }
//! }
//! ```
//!
//! ```php bad
//! <?php
//! class Shop {
//!     private function tax() { // <- here
//!         return 2;
//!     }
//! }
//! ```
//!
//! ```php good
//! <?php
//! class Shop {
//!     function price() {
//!         return $this->tax();
//!     }
//!     private function tax() {
//!         return 2;
//!     }
//! }
//! ```

use std::collections::HashMap;

use assay_finding::{Category, Severity};
use assay_syntax::{NodeRef, Role, RoleSet, SyntaxTree};

use crate::context::Context;
use crate::query::{is_silenced_elsewhere, is_test_path};
use crate::rule::{Check, RuleSpec};

pub(crate) const RULE: RuleSpec = RuleSpec {
    cwe: &[561],
    languages: &[
        "c-sharp",
        "java",
        "javascript",
        "kotlin",
        "php",
        "python",
        "tsx",
        "typescript",
    ],
    ..RuleSpec::new(Category::Maintainability, Severity::Low, Check::Tree(check))
};

/// Methods that the language's own machinery calls by name.
const CALLED: &[&str] = &[
    "readObject",
    "writeObject",
    "readResolve",
    "writeReplace",
    "readObjectNoData",
    "finalize",
    "main",
    "constructor",
];

fn check<'t>(tree: &'t SyntaxTree, context: &mut Context<'_, 't>) {
    if !tree.errors().is_empty() || is_test_path(context.path()) {
        return;
    }
    let mut private: HashMap<&'t str, NodeRef<'t>> = HashMap::new();
    for node in tree
        .nodes()
        .filter(|node| node.has(Role::Function) && !node.has(Role::Lambda))
    {
        let Some(name) = node
            .name_node()
            .filter(|_| is_private(node, context.language()))
        else {
            continue;
        };
        if !CALLED.contains(&name.text()) && !is_silenced_elsewhere(node) {
            private.entry(name.text()).or_insert(name);
        }
    }
    if private.is_empty() {
        return;
    }
    for node in tree.nodes() {
        if node.has(Role::String) {
            let words = node
                .text()
                .split(|c: char| !c.is_alphanumeric() && c != '_' && c != '#');
            for word in words {
                private.remove(word);
            }
        } else if node.is_leaf()
            && node.is_named()
            && private
                .get(node.text())
                .is_some_and(|name| *name != node && !is_declaration(node))
        {
            private.remove(node.text());
        }
    }
    let mut unused: Vec<_> = private.into_iter().collect();
    unused.sort_by_key(|(_, name)| name.span().start);
    for (text, name) in unused {
        context.report(name, format!("nothing calls the private method `{text}`"));
    }
}

/// An overload has the name too, and is no call.
fn is_declaration(name: NodeRef<'_>) -> bool {
    name.parent()
        .is_some_and(|parent| parent.has(Role::Function) && parent.name_node() == Some(name))
}

fn is_private(function: NodeRef<'_>, language: &str) -> bool {
    let Some(name) = function.name() else {
        return false;
    };
    let in_class = function.ancestor_with(Role::Class).is_some();
    match language {
        // `__construct`, `__clone` and the like are called by the language.
        "php" if name.starts_with("__") => false,
        "python" => {
            in_class
                && name.starts_with("__")
                && !name.ends_with("__")
                && function
                    .parent()
                    .is_none_or(|parent| parent.kind() != "decorated_definition")
        }
        "javascript" => name.starts_with('#'),
        _ => {
            name.starts_with('#')
                || in_class && has_word(function, "private") && !is_called_from_outside(function)
        }
    }
}

fn has_word(function: NodeRef<'_>, word: &str) -> bool {
    let name_start = function.name_node().map_or(0, |name| name.span().start);
    function
        .subtree()
        .take_while(|part| part.span().start < name_start)
        .any(|part| part.is_leaf() && part.text() == word)
}

/// Annotated methods and partial classes are called by code that is not here.
fn is_called_from_outside(function: NodeRef<'_>) -> bool {
    const MARKS: RoleSet = RoleSet::of(&[Role::Annotation]);
    let name_start = function.name_node().map_or(0, |name| name.span().start);
    let is_annotated = function
        .subtree()
        .take_while(|part| part.span().start < name_start)
        .any(|part| part.has_any(MARKS))
        || function
            .previous_sibling()
            .is_some_and(|before| before.has_any(MARKS));
    let is_partial = function
        .ancestors()
        .filter(|around| around.has(Role::Class))
        .any(|class| class.children().any(|child| child.text() == "partial"));
    let is_overriding = has_word(function, "override")
        || has_word(function, "native")
        || has_word(function, "operator");
    is_annotated || is_partial || is_overriding || function.has(Role::Constructor)
}
