//! # Assignment to itself
//!
//! A variable or field is assigned its own value, which does nothing.
//!
//! ## Why it matters
//!
//! The value was most likely meant to come from somewhere else: a parameter, another object.
//!
//! ## Not reported
//!
//! - Properties whose assignment has an effect in browsers (`location.href`, `innerHTML`, ...).
//! - Named arguments and object initialisers, where the two names are different things.
//! - Assignments in the body of a class or module, which give an outer name again; plain variables
//!   in C and Ruby, where it silences a warning.
//!
//! ## Examples
//!
//! ```python bad
//! def resize(self, width, height):
//!     self.width = width
//!     self.height = self.height  # <- here
//! ```
//!
//! ```python fixed
//! def resize(self, width, height):
//!     self.width = width
//! ```
//!
//! ```python good
//! def resize(self, width, height):
//!     self.width = width
//!     self.child.height = self.height
//!     draw(width=width)
//! ```
//!
//! ```javascript bad
//! function resize(width, height) {
//!   this.width = width;
//!   height = height; // <- here
//! }
//! ```
//!
//! ```javascript good
//! function refresh(element, i) {
//!   element.innerHTML = element.innerHTML;
//!   rows[i++] = rows[i++];
//! }
//! ```
//!
//! ```java bad
//! class Box {
//!     Box(int width) {
//!         width = width; // <- here
//!     }
//! }
//! ```
//!
//! ```java good
//! class Box {
//!     Box(int width) {
//!         this.width = width;
//!     }
//! }
//! ```
//!
//! ```go bad
//! package box
//!
//! func (b *Box) resize(w int) {
//!     b.w = b.w // <- here
//! }
//! ```
//!
//! ```go good
//! package box
//!
//! func (b *Box) resize(w int) {
//!     b.w = w
//! }
//! ```
//!
//! ```rust bad
//! fn resize(b: &mut Area, w: u32) {
//!     b.width = b.width; // <- here
//! }
//! ```
//!
//! ```rust good
//! fn resize(b: &mut Area, w: u32) {
//!     b.width = w;
//!     let w = w;
//! }
//! ```
//!
//! ```c bad
//! void resize(struct box *b, int w) {
//!     b->w = b->w; // <- here
//! }
//! ```
//!
//! ```c good
//! void resize(struct box *b, int w) {
//!     b->w = w;
//! }
//! ```
//!
//! ```c-sharp bad
//! class Box {
//!     void Resize(int width) {
//!         width = width; // <- here
//!     }
//! }
//! ```
//!
//! ```c-sharp good
//! class Box {
//!     Size Of(int width) {
//!         Width = width;
//!         return new Size { Width = Width };
//!     }
//! }
//! ```
//!
//! ```php bad
//! <?php
//! function resize($width) {
//!     $width = $width; // <- here
//! }
//! ```
//!
//! ```php good
//! <?php
//! function resize($width) {
//!     $this->width = $width;
//! }
//! ```
//!
//! ```ruby bad
//! def resize(width)
//!   @width = @width # <- here
//! end
//! ```
//!
//! ```ruby good
//! def resize(width)
//!   @width = width
//! end
//! ```
//!
//! ```kotlin bad
//! fun resize(box: Box, width: Int) {
//!     box.width = box.width // <- here
//! }
//! ```
//!
//! ```kotlin good
//! fun resize(box: Box, width: Int) {
//!     box.width = width
//!     draw(width = width)
//! }
//! ```

use assay_finding::{Category, Severity};
use assay_syntax::{NodeRef, Role, RoleSet};

use crate::context::{Context, replace};
use crate::query::{bare, is_pure, operator, same_code, sides, statements, whole_lines};
use crate::rule::{Check, RuleSpec, Trigger};

pub(crate) const RULE: RuleSpec = RuleSpec {
    cwe: &[1164],
    fix: true,
    languages: &[
        "c",
        "c-sharp",
        "cpp",
        "go",
        "java",
        "javascript",
        "kotlin",
        "php",
        "python",
        "ruby",
        "rust",
        "tsx",
        "typescript",
    ],
    ..RuleSpec::new(
        Category::Correctness,
        Severity::High,
        Check::Node {
            on: Trigger::roles(&[Role::Assignment]),
            check,
        },
    )
};

/// Properties whose assignment does something although the value is the same.
const EFFECTIVE: &[&str] = &[
    "href",
    "src",
    "innerHTML",
    "outerHTML",
    "value",
    "scrollTop",
    "location",
    "hash",
    "className",
    "cssText",
    "length",
];

fn check<'t>(node: NodeRef<'t>, context: &mut Context<'_, 't>) {
    if operator(node) != "=" {
        return;
    }
    let Some((left, right)) = sides(node) else {
        return;
    };
    let (left, right) = (bare(left), bare(right));
    if !same_code(left, right) || !is_pure(left) || has_own_meaning(node) {
        return;
    }
    // What silences a compiler (C, Ruby) or gives a name again (Python).
    let is_idiom = left.has(Role::Identifier)
        && match context.language() {
            "c" | "cpp" => true,
            "ruby" => !left.text().starts_with('@'),
            "python" => left.ancestor_with(Role::Function).is_none(),
            _ => false,
        };
    if is_idiom {
        return;
    }
    let last = left
        .subtree()
        .filter(|part| part.has(Role::Identifier))
        .last();
    if last.is_some_and(|last| last != left && EFFECTIVE.contains(&last.text())) {
        return;
    }
    let name = left.text();
    let fix = removable(node).map(|statement| vec![replace(whole_lines(statement), "")]);
    let draft = context.report(node, format!("`{name}` is assigned to itself"));
    if let Some(edits) = fix {
        draft.unsafe_fix("Remove the assignment", edits);
    }
}

/// Named arguments, initialisers and class bodies look like assignments.
fn has_own_meaning(node: NodeRef<'_>) -> bool {
    const ARGUMENTS: RoleSet = RoleSet::of(&[Role::Arguments, Role::Collection]);
    const SCOPES: RoleSet = RoleSet::of(&[Role::Function, Role::Class]);
    let in_arguments = node.parent().is_some_and(|parent| {
        parent.has_any(ARGUMENTS)
            || parent.kind().contains("initializer")
            || parent.kind().contains("argument")
    });
    in_arguments
        || node
            .ancestors()
            .find(|ancestor| ancestor.has_any(SCOPES))
            .is_some_and(|scope| scope.has(Role::Class) && !scope.has(Role::Function))
}

/// Returns the statement that can go: one that is the assignment alone, in a
/// block that has others.
fn removable(node: NodeRef<'_>) -> Option<NodeRef<'_>> {
    let statement = node.parent().filter(|parent| {
        parent.kind() == "expression_statement" && parent.named_children().count() == 1
    })?;
    let block = statement
        .parent()
        .filter(|parent| parent.has(Role::Block))?;
    (statements(block).count() > 1).then_some(statement)
}
