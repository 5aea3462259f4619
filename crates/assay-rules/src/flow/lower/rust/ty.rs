//! Types as Rust writes them: what is around a value (references, boxes, locks,
//! results, what a framework takes a request apart into) is left out.

use assay_syntax::{Field, NodeRef};

use super::Rust;
use super::name::parts;
use crate::flow::ir::Annotation;
use crate::flow::ir::Name;

/// Types in types are followed so deep.
const DEPTH_MAX: u32 = 12;

/// Types that are what they hold.
const WRAPPERS: &[&str] = &[
    "Arc",
    "ArcSwap",
    "Atomic",
    "BodyJson",
    "Box",
    "Cell",
    "Cow",
    "Data",
    "Depends",
    "Extension",
    "Extract",
    "Form",
    "FormParam",
    "Guard",
    "Header",
    "HostState",
    "Inject",
    "Instrumented",
    "JsonBody",
    "JsonParam",
    "Json",
    "JsonLossy",
    "Lazy",
    "LazyCell",
    "LazyLock",
    "LenientForm",
    "Mutex",
    "MutexGuard",
    "OnceCell",
    "OnceLock",
    "Option",
    "Path",
    "PathParam",
    "PathParams",
    "Pin",
    "Poll",
    "Qs",
    "QsForm",
    "QsQuery",
    "Query",
    "QueryParam",
    "QueryParams",
    "Rc",
    "Ref",
    "RefCell",
    "RefMut",
    "ReqData",
    "Result",
    "RwLock",
    "RwLockReadGuard",
    "RwLockWriteGuard",
    "State",
    "ThinData",
    "TypedHeader",
    "UnsafeCell",
    "Valid",
    "Validated",
    "Weak",
    "WithRejection",
    "Xml",
];

/// Types that hold many of what they are of.
const LISTS: &[&str] = &[
    "Vec",
    "VecDeque",
    "HashSet",
    "BTreeSet",
    "IndexSet",
    "LinkedList",
    "BinaryHeap",
    "SmallVec",
    "Iter",
    "IntoIter",
    "Stream",
    "Iterator",
    "IntoIterator",
];

/// Types that hold values under keys.
const MAPS: &[&str] = &["HashMap", "BTreeMap", "IndexMap", "DashMap", "FxHashMap"];

impl Rust<'_, '_> {
    /// Returns the qualified name of a type; lists and maps are named after
    /// their elements.
    pub(super) fn ty(&self, node: NodeRef<'_>) -> Option<String> {
        self.ty_inside(node, 0)
    }

    fn ty_inside(&self, node: NodeRef<'_>, depth: u32) -> Option<String> {
        if depth > DEPTH_MAX {
            return None;
        }
        let within = |node: NodeRef<'_>| self.ty_inside(node, depth + 1);
        match node.kind() {
            "primitive_type" => Some(node.text().to_owned()),
            "type_identifier" | "identifier" | "self" => self.named_type(node.text()),
            "scoped_type_identifier" | "scoped_identifier" => {
                let parts = parts(node);
                match parts.as_slice() {
                    ["Self", "Error" | "Err"] => None,
                    _ => Some(self.type_path(&parts)),
                }
            }
            "reference_type" | "pointer_type" => within(node.child(Field::Type)?),
            "generic_type" | "generic_type_with_turbofish" => {
                let base = field_type(node)?;
                let simple = *parts(base).last()?;
                let mut inner = arguments(node);
                if WRAPPERS.contains(&simple) {
                    return within(inner.next()?);
                }
                if LISTS.contains(&simple) {
                    return Some(format!("{}[]", within(inner.next()?)?));
                }
                if MAPS.contains(&simple) {
                    return Some(format!("{}[]", within(inner.last()?)?));
                }
                within(base)
            }
            "array_type" => Some(format!("{}[]", within(node.named_children().next()?)?)),
            "dynamic_type" | "abstract_type" => {
                let bound = node.child(Field::Superclass);
                self.bound(bound.or_else(|| node.named_children().next())?, depth)
            }
            "bounded_type" => within(node.named_children().find(|n| n.kind() != "lifetime")?),
            _ => None,
        }
    }

    /// Returns what is known of a value of which only a trait is named.
    fn bound(&self, node: NodeRef<'_>, depth: u32) -> Option<String> {
        if node.kind() == "bounded_type" {
            let first = node.named_children().find(|n| n.kind() != "lifetime")?;
            return self.bound(first, depth + 1);
        }
        let base = match node.kind() {
            "generic_type" => field_type(node)?,
            _ => node,
        };
        match *parts(base).last()? {
            "AsRef" | "Into" | "Borrow" | "From" => {
                self.ty_inside(arguments(node).next()?, depth + 1)
            }
            "ToString" | "Display" => Some("str".to_owned()),
            "Fn" | "FnMut" | "FnOnce" | "Send" | "Sync" | "Sized" | "Future" => None,
            "Iterator" | "IntoIterator" | "Stream" => {
                let binding = node.subtree().find(|n| n.kind() == "type_binding")?;
                let item = self.ty_inside(binding.child(Field::Type)?, depth + 1)?;
                Some(format!("{item}[]"))
            }
            _ => self.ty_inside(node, depth + 1),
        }
    }

    fn named_type(&self, name: &str) -> Option<String> {
        match name {
            "Self" => return self.own_type.clone(),
            "_" => return None,
            "String" | "str" | "Str" | "CompactString" | "SmolStr" => {
                return Some("str".to_owned());
            }
            _ => {}
        }
        let param = self.type_params.iter().rev().find(|param| param.0 == name);
        if let Some((_, bound)) = param {
            return bound.clone();
        }
        Some(self.type_path(&[name]))
    }

    fn type_path(&self, path: &[&str]) -> String {
        if let ["Self", rest @ ..] = path {
            let own = self.own_type.clone().unwrap_or_default();
            return rest.iter().fold(own, |own, part| format!("{own}.{part}"));
        }
        match self.names.path(path).as_str() {
            "std.string.String" => "str".to_owned(),
            other => other.to_owned(),
        }
    }

    /// Returns the types around what a parameter holds as annotations: which
    /// part of a request it is taken from.
    pub(super) fn extractors(&self, node: NodeRef<'_>) -> Vec<Annotation> {
        let mut found = Vec::new();
        let mut at = Some(node);
        for _ in 0..DEPTH_MAX {
            let Some(node) = at.take() else { break };
            at = match node.kind() {
                "reference_type" => node.child(Field::Type),
                "generic_type" => {
                    let Some(base) = field_type(node) else { break };
                    let parts = parts(base);
                    if !parts.last().is_some_and(|last| WRAPPERS.contains(last)) {
                        break;
                    }
                    found.push(Annotation {
                        name: Name::from(self.type_path(&parts)),
                        arguments: Vec::new(),
                    });
                    arguments(node).next()
                }
                _ => None,
            };
        }
        found
    }

    /// Returns the types of the elements, where a type is a tuple, maybe in
    /// others.
    pub(super) fn tuple_types<'n>(&self, node: NodeRef<'n>) -> Option<Vec<NodeRef<'n>>> {
        let mut node = node;
        for _ in 0..DEPTH_MAX {
            match node.kind() {
                "tuple_type" => return Some(node.named_children().collect()),
                "reference_type" => node = node.child(Field::Type)?,
                "generic_type" => {
                    let simple = *parts(field_type(node)?).last()?;
                    if !WRAPPERS.contains(&simple) {
                        return None;
                    }
                    node = arguments(node).next()?;
                }
                _ => return None,
            }
        }
        None
    }

    /// Takes over the type parameters of a declaration.
    pub(super) fn open_type_params(&mut self, node: NodeRef<'_>) {
        let lists = node.named_children();
        let lists: Vec<NodeRef<'_>> = lists
            .filter(|child| child.kind() == "type_parameters")
            .collect();
        for param in lists.into_iter().flat_map(NodeRef::named_children) {
            let Some(name) = param
                .child(Field::Name)
                .filter(|_| param.kind() == "type_parameter")
            else {
                continue;
            };
            let bounds = param.named_children().find(|n| n.kind() == "trait_bounds");
            let bound = bounds.and_then(|bounds| bounds.named_children().next());
            let bound = bound.and_then(|bound| self.bound(bound, 0));
            self.type_params.push((name.text().to_owned(), bound));
        }
        let clause = node.named_children().find(|n| n.kind() == "where_clause");
        for predicate in clause.into_iter().flat_map(NodeRef::named_children) {
            let (Some(left), Some(bounds)) = (
                predicate.child(Field::Left),
                predicate
                    .named_children()
                    .find(|n| n.kind() == "trait_bounds"),
            ) else {
                continue;
            };
            let bound = bounds.named_children().next();
            let bound = bound.and_then(|bound| self.bound(bound, 0));
            let own = self.type_params.iter_mut().rev();
            for (name, known) in own {
                if name == left.text() && known.is_none() {
                    known.clone_from(&bound);
                }
            }
        }
    }
}

/// Returns whether a function with this result tells with it whether it went
/// well.
pub(super) fn can_fail(node: NodeRef<'_>) -> bool {
    let base = match node.kind() {
        "generic_type" => field_type(node),
        _ => Some(node),
    };
    let Some(base) = base else { return false };
    let is_name = matches!(
        base.kind(),
        "type_identifier" | "scoped_type_identifier" | "identifier"
    );
    is_name
        && parts(base)
            .last()
            .is_some_and(|last| *last == "Option" || last.ends_with("Result"))
}

/// Returns the type that type arguments are given to.
pub(super) fn field_type(node: NodeRef<'_>) -> Option<NodeRef<'_>> {
    node.child(Field::Type)
        .or_else(|| node.named_children().next())
}

/// Returns the types among type arguments.
pub(super) fn arguments(node: NodeRef<'_>) -> impl Iterator<Item = NodeRef<'_>> {
    let list = node
        .named_children()
        .find(|child| child.kind() == "type_arguments");
    list.into_iter()
        .flat_map(NodeRef::named_children)
        .filter(|child| child.kind() != "lifetime")
}
