//! What to do at each class of node of a language, worked out once: the walk
//! looks a number up instead of asking for roles and comparing names of kinds.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use assay_syntax::{Language, Role, RoleSet};

/// Languages that resolve names alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Family {
    /// Python.
    Python,
    /// JavaScript, TypeScript, and what embeds them.
    Script,
    /// Java, Kotlin, Scala: packages, and members by their bare names.
    Jvm,
    /// Go.
    Go,
    /// Rust.
    Rust,
    /// C and C++.
    C,
    /// PHP.
    Php,
    /// Ruby.
    Ruby,
    /// C#.
    CSharp,
    /// The others: by names and files.
    Other,
}

impl Family {
    pub(crate) fn of(language: &str) -> Self {
        match language {
            "python" => Self::Python,
            "javascript" | "typescript" | "tsx" | "vue" | "svelte" => Self::Script,
            "java" | "kotlin" | "scala" => Self::Jvm,
            "go" => Self::Go,
            "rust" => Self::Rust,
            "c" | "cpp" => Self::C,
            "php" => Self::Php,
            "ruby" => Self::Ruby,
            "c-sharp" => Self::CSharp,
            _ => Self::Other,
        }
    }

    /// Returns whether a method calls the other members of its type by their
    /// bare names.
    pub(crate) fn has_implicit_this(self) -> bool {
        matches!(
            self,
            Self::Jvm | Self::C | Self::Ruby | Self::CSharp | Self::Other
        )
    }
}

pub(crate) const CLASS: u32 = 1;
pub(crate) const MODULE: u32 = 1 << 1;
pub(crate) const FUNCTION: u32 = 1 << 2;
pub(crate) const FIELD: u32 = 1 << 3;
pub(crate) const BIND: u32 = 1 << 4;
pub(crate) const LOOP: u32 = 1 << 5;
pub(crate) const CALL: u32 = 1 << 6;
pub(crate) const IMPORT: u32 = 1 << 7;
pub(crate) const NAME: u32 = 1 << 8;
pub(crate) const MEMBER: u32 = 1 << 9;
pub(crate) const RETURN: u32 = 1 << 10;
pub(crate) const ANNOTATION: u32 = 1 << 11;
pub(crate) const ALIAS: u32 = 1 << 12;
pub(crate) const ACCESS: u32 = 1 << 13;
pub(crate) const PACKAGE: u32 = 1 << 14;
pub(crate) const MACRO: u32 = 1 << 15;
pub(crate) const NEW: u32 = 1 << 16;
pub(crate) const EXPORT: u32 = 1 << 17;
pub(crate) const SKIP: u32 = 1 << 18;
pub(crate) const AS_NAME: u32 = 1 << 19;
pub(crate) const CONSTANT: u32 = 1 << 20;
pub(crate) const TOKENS: u32 = 1 << 21;
pub(crate) const VARIANT: u32 = 1 << 22;
pub(crate) const TRAITS: u32 = 1 << 23;

/// What to do at the nodes of a language.
pub(crate) struct Plan {
    pub(crate) family: Family,
    actions: Vec<u32>,
}

impl Plan {
    /// Returns the plan of a language.
    pub(crate) fn of(language: &'static Language) -> Rc<Plan> {
        thread_local! {
            static PLANS: RefCell<HashMap<&'static str, Rc<Plan>>> = RefCell::default();
        }
        PLANS.with_borrow_mut(|plans| {
            let make = || Rc::new(Plan::new(language));
            Rc::clone(plans.entry(language.id().as_str()).or_insert_with(make))
        })
    }

    fn new(language: &'static Language) -> Self {
        let actions = (0..language.class_count() as u16)
            .map(|class| {
                by_roles(language.class_roles(class)) | by_kind(language.class_kind_name(class))
            })
            .collect();
        Self {
            family: Family::of(language.id().as_str()),
            actions,
        }
    }

    pub(crate) fn actions(&self, class: u16) -> u32 {
        self.actions.get(class as usize).copied().unwrap_or(0)
    }
}

fn by_roles(roles: RoleSet) -> u32 {
    const TABLE: &[(Role, u32)] = &[
        (Role::Class, CLASS),
        (Role::Module, MODULE),
        (Role::Function, FUNCTION),
        (Role::Signature, FUNCTION),
        (Role::FieldDeclaration, FIELD),
        (Role::Variable, BIND),
        (Role::Assignment, BIND),
        (Role::ForLoop, LOOP),
        (Role::ComprehensionFor, LOOP),
        (Role::Call, CALL),
        (Role::Import, IMPORT),
        (Role::Identifier, NAME),
        (Role::TypeName, NAME),
        (Role::Member, MEMBER),
        (Role::Annotation, ANNOTATION),
        (Role::Export, EXPORT),
        (Role::Comment, SKIP),
    ];
    TABLE
        .iter()
        .filter(|(role, _)| roles.has(*role))
        .fold(0, |actions, (_, action)| actions | action)
}

fn by_kind(kind: &str) -> u32 {
    match kind {
        "return_statement" | "return_expression" => RETURN,
        "let_condition" => BIND,
        "as_pattern" | "catch_formal_parameter" => AS_NAME,
        "range_clause" | "for_in_clause" | "foreach_statement" => LOOP,
        "alias"
        | "type_alias_declaration"
        | "type_item"
        | "type_alias"
        | "type_spec"
        | "alias_declaration"
        | "type_definition"
        | "type_alias_statement" => ALIAS,
        "access_specifier" => ACCESS,
        "package_clause"
        | "package_declaration"
        | "package_header"
        | "file_scoped_namespace_declaration"
        | "namespace_definition" => PACKAGE,
        "macro_definition" | "preproc_function_def" => MACRO,
        "struct_expression" | "composite_literal" => NEW,
        "const_item" | "static_item" => CONSTANT,
        "token_tree" => TOKENS,
        "tuple_struct_pattern" => VARIANT,
        "use_declaration" => TRAITS,
        _ => 0,
    }
}
