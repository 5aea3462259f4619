//! Which types of Rust others may build or match as a whole: every new part of them is
//! a change for those who do.

use assay_syntax::{NodeRef, Role};

/// Returns whether others may build a structure, or match all of an enumeration.
pub(super) fn is_complete(node: NodeRef<'_>) -> bool {
    match node.kind() {
        "enum_item" => !is_non_exhaustive(node),
        "struct_item" => !is_non_exhaustive(node) && has_public_fields_alone(node),
        _ => false,
    }
}

/// Returns whether an attribute says that more may come.
pub(super) fn is_non_exhaustive(node: NodeRef<'_>) -> bool {
    let mut before = node.previous_sibling();
    while let Some(sibling) = before {
        if sibling.kind() != "attribute_item" && !sibling.has(Role::Comment) {
            return false;
        }
        if sibling.text().contains("non_exhaustive") {
            return true;
        }
        before = sibling.previous_sibling();
    }
    false
}

fn has_public_fields_alone(node: NodeRef<'_>) -> bool {
    let is_pub = |node: NodeRef<'_>| node.kind() == "visibility_modifier" && node.text() == "pub";
    node.named_children().all(|part| match part.kind() {
        "field_declaration_list" => part
            .named_children()
            .filter(|field| field.kind() == "field_declaration")
            .all(|field| field.named_children().any(is_pub)),
        "ordered_field_declaration_list" => {
            let fields = part
                .named_children()
                .filter(|child| child.kind() != "attribute_item" && !child.has(Role::Comment));
            let (marks, types): (Vec<_>, Vec<_>) =
                fields.partition(|child| child.kind() == "visibility_modifier");
            marks.len() == types.len() && marks.into_iter().all(is_pub)
        }
        _ => true,
    })
}
