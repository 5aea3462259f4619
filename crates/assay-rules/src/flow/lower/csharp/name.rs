//! What names mean in a C# file: usings, namespaces, types of the file.
//!
//! A type that the file does not declare and no library is known to have may
//! stand in any file of the project: it is written `*.Name`, and found by its
//! simple name when the files are linked.

use std::collections::HashMap;
use std::sync::Arc;

use assay_syntax::{Field, NodeRef};

use crate::flow::ir::Name;
use crate::flow::model::Models;

/// The names of a file that stand for types and static members.
#[derive(Default)]
pub(super) struct Names {
    /// What is known of libraries.
    models: Arc<Models>,
    /// Namespaces whose types are seen.
    namespaces: Vec<String>,
    /// `using Alias = Some.Type`.
    aliases: HashMap<String, String>,
    /// Types whose static members are seen.
    pub(super) member_types: Vec<String>,
    declared: HashMap<String, String>,
}

/// Namespaces that projects see without saying so (implicit usings).
const IMPLICIT: &[&str] = &[
    "System",
    "System.Collections.Generic",
    "System.IO",
    "System.Linq",
    "System.Net.Http",
    "System.Threading",
    "System.Threading.Tasks",
    "Microsoft.AspNetCore.Builder",
    "Microsoft.AspNetCore.Http",
    "Microsoft.AspNetCore.Routing",
    "Microsoft.Extensions.Logging",
];

impl Names {
    pub(super) fn new(models: &Arc<Models>) -> Self {
        Self {
            models: Arc::clone(models),
            ..Self::default()
        }
    }

    pub(super) fn using(&mut self, node: NodeRef<'_>) {
        let alias = node.child(Field::Alias).or(node.child(Field::Name));
        let target = node
            .named_children()
            .find(|child| Some(*child) != alias && child.kind() != "comment");
        let Some(target) = target else { return };
        let path = dotted(target);
        if let Some(alias) = alias {
            self.aliases.insert(alias.text().to_owned(), path);
        } else if node.children().any(|child| child.kind() == "static") {
            let ty = self.resolve(&path);
            self.member_types.push(ty);
        } else {
            self.namespaces.push(path);
        }
    }

    /// Makes the types of a namespace and those around it seen.
    pub(super) fn enter_namespace(&mut self, name: &str) {
        let mut rest = name;
        loop {
            self.namespaces.push(rest.to_owned());
            let Some((outer, _)) = rest.rsplit_once('.') else {
                break;
            };
            rest = outer;
        }
    }

    /// A type of the file; an inner one of the same name stays behind.
    pub(super) fn declare(&mut self, simple: &str, qualified: &str) {
        self.declared
            .entry(simple.to_owned())
            .or_insert_with(|| qualified.to_owned());
    }

    /// Returns the qualified name of a type as written, dotted.
    pub(super) fn resolve(&self, written: &str) -> String {
        let written = written.strip_prefix("global.").unwrap_or(written);
        if let Some(language_type) = keyword(written) {
            return language_type.to_owned();
        }
        let (first, rest) = match written.split_once('.') {
            Some((first, rest)) => (first, Some(rest)),
            None => (written, None),
        };
        let known = self.declared.get(first).or_else(|| self.aliases.get(first));
        if let Some(known) = known {
            let known = keyword(known).unwrap_or(known);
            return match rest {
                Some(rest) => format!("{known}.{rest}"),
                None => known.to_owned(),
            };
        }
        if let Some(name) = self.library(written) {
            return name;
        }
        if rest.is_some() && self.models.knows_type(written) {
            return written.to_owned();
        }
        if let Some((owner, member)) = written.rsplit_once('.')
            && let Some(owner) = self.library(owner)
        {
            return format!("{owner}.{member}");
        }
        match rest {
            // A namespace written out: what matters is the type.
            Some(rest) if !first.is_empty() && rest.contains('.') => written.to_owned(),
            _ => format!("*.{written}"),
        }
    }

    /// Returns whether models mention the type.
    pub(super) fn is_known(&self, qualified: &str) -> bool {
        self.models.knows_type(qualified)
    }

    /// Returns the type of a library that a using makes seen.
    fn library(&self, written: &str) -> Option<String> {
        let implicit = IMPLICIT.iter().copied();
        self.namespaces
            .iter()
            .map(String::as_str)
            .chain(implicit)
            .map(|namespace| format!("{namespace}.{written}"))
            .find(|name| self.models.knows_type(name))
    }

    /// Returns the qualified name of an attribute, which may leave out the
    /// end of its name.
    pub(super) fn attribute(&self, written: &str) -> String {
        self.resolve(written.strip_suffix("Attribute").unwrap_or(written))
    }

    /// Returns the qualified name of a type node; arrays end in `[]`.
    pub(super) fn ty(&self, node: NodeRef<'_>) -> Name {
        match node.kind() {
            "array_type" => {
                let element = node.child(Field::Type);
                let element = element.map_or_else(|| Name::from(""), |node| self.ty(node));
                Name::from(format!("{element}[]"))
            }
            "nullable_type" | "pointer_type" | "ref_type" | "scoped_type" => node
                .child(Field::Type)
                .or_else(|| node.named_children().next())
                .map_or_else(|| Name::from(""), |inner| self.ty(inner)),
            "tuple_type" => Name::from("tuple"),
            _ => Name::from(self.resolve(&dotted(node))),
        }
    }

    /// Returns whether a name written in an expression is a type, as far as
    /// the file and the models tell.
    pub(super) fn is_type(&self, simple: &str) -> bool {
        self.declared.contains_key(simple)
            || self.aliases.contains_key(simple)
            || keyword(simple).is_some()
            || self.library(simple).is_some()
    }

    /// Returns whether some type of a library has a member of the name, which
    /// classes derived from it see by its bare name.
    pub(super) fn is_inherited(&self, name: &str) -> bool {
        let types = &self.models.types;
        types
            .iter()
            .any(|(ty, model)| is_base(ty) && model.returns.contains_key(name))
    }
}

/// Types that programs derive theirs from.
fn is_base(ty: &str) -> bool {
    let simple = ty.rsplit('.').next().unwrap_or(ty);
    simple.starts_with("Controller")
        || simple.ends_with("Controller")
        || simple.starts_with("Page")
        || simple.ends_with("Base")
        || matches!(
            simple,
            "DbContext" | "UserControl" | "Hub" | "HttpApplication"
        )
}

/// The library's names of the language's own types; numbers keep theirs.
fn keyword(name: &str) -> Option<&'static str> {
    Some(match name {
        "string" | "String" => "System.String",
        "object" => "System.Object",
        "dynamic" => "System.Object",
        "int" | "Int32" | "System.Int32" | "nint" => "int",
        "long" | "Int64" | "System.Int64" => "long",
        "short" | "Int16" | "System.Int16" => "short",
        "byte" | "Byte" | "System.Byte" | "sbyte" => "byte",
        "uint" | "UInt32" | "nuint" | "ushort" => "uint",
        "ulong" | "UInt64" => "uint64",
        "float" | "Single" | "System.Single" => "float",
        "double" | "Double" | "System.Double" => "double",
        "decimal" | "Decimal" | "System.Decimal" => "decimal",
        "bool" | "Boolean" | "System.Boolean" => "bool",
        "char" | "Char" | "System.Char" => "char",
        "Guid" | "System.Guid" => "System.Guid",
        "void" => "void",
        "var" => "var",
        _ => return None,
    })
}

/// Returns a dotted name without white space, comments and type arguments.
pub(super) fn dotted(node: NodeRef<'_>) -> String {
    match node.kind() {
        "qualified_name" | "alias_qualified_name" | "member_access_expression" => {
            let left = node
                .named_children()
                .next()
                .filter(|left| node.child(Field::Name) != Some(*left));
            let right = node.child(Field::Name).map_or_else(String::new, dotted);
            match left {
                Some(left) => format!("{}.{right}", dotted(left)),
                None => right,
            }
        }
        "generic_name" => {
            let name = node
                .named_children()
                .find(|child| child.kind() == "identifier");
            name.map_or_else(String::new, |name| dotted(name))
        }
        _ if node.is_leaf() => node
            .text()
            .strip_prefix('@')
            .unwrap_or(node.text())
            .to_owned(),
        _ => node.text().split_whitespace().collect(),
    }
}
