//! Who may use a definition, as its modifiers, its name and the line above say.

use assay_syntax::{Field, NodeRef, Role};

use crate::extract::Extractor;
use crate::extract::plan::Family;
use crate::facts::{DefinitionKind, Visibility};
use crate::name::Name;

impl<'t> Extractor<'t> {
    /// Returns the words that stand before a declaration.
    pub(crate) fn modifiers(&self, node: NodeRef<'t>) -> impl Iterator<Item = &'t str> + use<'t> {
        node.children()
            .filter(|child| {
                matches!(
                    child.kind(),
                    "modifiers"
                        | "modifier"
                        | "visibility_modifier"
                        | "accessibility_modifier"
                        | "storage_class_specifier"
                        | "static_modifier"
                        | "static"
                        | "abstract_modifier"
                        | "access_modifier"
                        | "private"
                        | "public"
                        | "protected"
                )
            })
            .flat_map(|child| child.text().split_whitespace())
    }

    pub(crate) fn visibility(
        &self,
        node: NodeRef<'t>,
        kind: DefinitionKind,
        name: Name,
    ) -> Visibility {
        let text = self.names.get(name);
        let container = self.scope();
        let around = self.kind_of(container);
        for word in self.modifiers(node) {
            match word {
                "private" | "fileprivate" => return Visibility::Private,
                "protected" => return Visibility::Protected,
                "internal" => return Visibility::Internal,
                "public" | "open" | "pub" => return Visibility::Public,
                word if word.starts_with("pub(") => return Visibility::Internal,
                "static" if self.plan.family == Family::C && !around.is_type() => {
                    return Visibility::Private;
                }
                _ => {}
            }
        }
        // `private def a`
        if self.is_ruby()
            && let Some(call) = node
                .parent()
                .filter(|parent| parent.has(Role::Arguments))
                .and_then(NodeRef::parent)
            && let Some(word) = call.child(Field::Property)
        {
            match word.text() {
                "private" => return Visibility::Private,
                "protected" => return Visibility::Protected,
                _ => {}
            }
        }
        let said = self.access.iter().rfind(|(class, _)| *class == container);
        if let Some((_, visibility)) = said {
            return *visibility;
        }
        match self.plan.family {
            Family::Python if text.starts_with('_') && !text.ends_with("__") => Visibility::Private,
            Family::Python | Family::Ruby | Family::Php | Family::C => Visibility::Public,
            Family::Go if text.starts_with(char::is_uppercase) => Visibility::Public,
            Family::Go => Visibility::Internal,
            Family::Rust if around == DefinitionKind::Interface => Visibility::Public,
            Family::Rust if around == DefinitionKind::Extension && self.is_trait_impl(node) => {
                Visibility::Public
            }
            Family::Rust => Visibility::Private,
            Family::Script if text.starts_with('#') => Visibility::Private,
            Family::Script if around.is_type() => Visibility::Public,
            Family::Script if around == DefinitionKind::File => {
                let is_exported = node
                    .ancestors()
                    .take(3)
                    .any(|parent| parent.has(Role::Export));
                if is_exported {
                    Visibility::Public
                } else {
                    Visibility::Private
                }
            }
            Family::Script => Visibility::Private,
            Family::CSharp if kind.is_type() => Visibility::Internal,
            Family::CSharp | Family::Jvm if around == DefinitionKind::Interface => {
                Visibility::Public
            }
            Family::CSharp => Visibility::Private,
            Family::Jvm if self.tree.language().id().as_str() == "java" => Visibility::Internal,
            Family::Jvm | Family::Other => Visibility::Public,
        }
    }

    fn is_trait_impl(&self, node: NodeRef<'t>) -> bool {
        node.ancestors()
            .find(|around| around.kind() == "impl_item")
            .is_some_and(|block| block.child(Field::Superclass).is_some())
    }

    /// `private:` in C++, `private` in Ruby: what follows is so.
    pub(crate) fn set_access(&mut self, text: &str) {
        let visibility = match text.trim_end_matches(':').trim() {
            "private" => Visibility::Private,
            "protected" => Visibility::Protected,
            "public" => Visibility::Public,
            _ => return,
        };
        let scope = self.scope();
        self.access.retain(|(class, _)| *class != scope);
        self.access.push((scope, visibility));
    }
}
