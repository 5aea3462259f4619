//! Variables and members as they are declared: arrays, objects, references,
//! and what they are at first.

use assay_syntax::{Field, NodeRef};

use super::Lower;
use super::literal::text_of;
use super::name::{Base, declarators, has_word, is_reference_to_value};
use super::ty::{self, Declared, declared, pointed};
use crate::flow::ir::{Arg, Callee, Name, Op, Slot};
use crate::flow::lower::walk::Walk;

impl Lower<'_> {
    /// Lowers a declaration of variables.
    pub(super) fn declaration(&mut self, node: NodeRef<'_>, is_top: bool) {
        let is_const = has_word(node, "const") || has_word(node, "constexpr");
        if has_word(node, "extern") && is_top {
            return;
        }
        let is_static = has_word(node, "static");
        let base = self.names.base(node.child(Field::Type));
        let all: Vec<NodeRef<'_>> = declarators(node).collect();
        for declarator in all {
            let mut inner = declared(declarator);
            inner.value = inner.value.or_else(|| node.child(Field::Value));
            if inner.function.is_some() {
                if self.is_cpp && !is_top {
                    self.constructed(declarator, &inner, &base);
                }
                continue;
            }
            // What other functions set between two calls is not known.
            let is_plain = base.pointers + inner.pointers > 0 || !ty::is_class(&base.name);
            let is_plain = is_plain && inner.arrays.is_empty();
            let is_exact = is_const || !is_top && !is_static || is_static && is_top && is_plain;
            self.variable(declarator, &inner, &base, is_exact, is_top);
        }
    }

    fn variable(
        &mut self,
        at: NodeRef<'_>,
        inner: &Declared<'_>,
        base: &Base,
        is_exact: bool,
        is_top: bool,
    ) {
        let Some(name) = inner.name else { return };
        if name.kind() == "structured_binding_declarator" {
            let value = self.optional(at, inner.value);
            self.bind_parts(name, value);
            return;
        }
        let is_reference = inner.is_reference && is_reference_to_value(base, inner);
        let value = match (is_reference, inner.value) {
            (true, Some(value)) => Some(self.referred(value)),
            _ if !is_exact => self.changing_value(at, inner, base),
            _ => self.first_value(at, inner, base, None),
        };
        let ty = base.with(inner);
        let slot = self.b.declare(name.text(), ty.as_deref());
        let key = (self.b.current(), slot);
        let is_pointer = inner.pointers + base.pointers > 0 && inner.arrays.is_empty();
        let is_direct = !is_pointer
            && ty
                .as_ref()
                .is_some_and(|ty| ty.ends_with("[]") || ty::is_class(ty));
        if is_reference {
            self.references.insert(key);
        } else if is_direct {
            self.direct.insert(key);
            if is_top {
                self.direct_globals.insert(name.text().to_owned());
            }
        }
        if let Some(value) = value {
            self.b.assign(at, slot, value);
        }
    }

    /// Binds the names of `auto [a, b]`.
    pub(super) fn bind_parts(&mut self, names: NodeRef<'_>, value: Slot) {
        for (at, name) in names.named_children().enumerate() {
            let index = self.b.int(name, at as i64);
            let part = self.b.load_index(name, value, index);
            let slot = self.b.declare(name.text(), None);
            self.b.assign(name, slot, part);
        }
    }

    /// A reference to a variable, number or pointer.
    pub(super) fn referred(&mut self, value: NodeRef<'_>) -> Slot {
        if value.kind() == "identifier"
            && let Some(slot) = self.b.lookup(value.text())
        {
            let key = (self.b.current(), slot);
            if self.references.contains(&key) {
                return slot;
            }
            if !self.is_direct(value.text(), slot) {
                return self.b.address_of(value, slot);
            }
        }
        self.expression(value)
    }

    /// Returns whether a variable is its object, and no pointer to one.
    pub(super) fn is_direct(&self, name: &str, slot: Slot) -> bool {
        let is_global = self.b.local(name).is_none() || self.b.function_depth() == 1;
        self.direct.contains(&(self.b.current(), slot))
            || is_global && self.direct_globals.contains(name)
    }

    /// What a variable is at first that may have changed since.
    fn changing_value(
        &mut self,
        at: NodeRef<'_>,
        inner: &Declared<'_>,
        base: &Base,
    ) -> Option<Slot> {
        let is_array = !inner.arrays.is_empty() || base.arrays > 0;
        let is_object = base.pointers + inner.pointers == 0 && ty::is_class(&base.name);
        if !is_array && !is_object {
            return Some(self.b.unknown(at));
        }
        let bare = Declared {
            arrays: inner.arrays.clone(),
            pointers: inner.pointers,
            ..Declared::default()
        };
        let value = self.first_value(at, &bare, base, None)?;
        if is_array {
            let (index, content) = (self.b.unknown(at), self.b.unknown(at));
            self.b.store_index(at, value, Some(index), content);
        }
        Some(value)
    }

    /// Lowers what a variable or member is at first.
    pub(super) fn first_value(
        &mut self,
        at: NodeRef<'_>,
        inner: &Declared<'_>,
        base: &Base,
        default: Option<NodeRef<'_>>,
    ) -> Option<Slot> {
        let value = inner.value.or(default);
        if inner.is_reference || inner.is_function_pointer {
            return value.map(|value| self.expression(value));
        }
        if base.arrays + inner.arrays.len() > 0 {
            return Some(self.array(at, inner, base, value));
        }
        let pointers = base.pointers + inner.pointers;
        if pointers == 0 && self.is_object(&base.name, value) {
            return Some(self.object(at, &base.name, value));
        }
        value.map(|value| match value.kind() {
            "argument_list" | "initializer_list" => self.first(value),
            _ => self.expression(value),
        })
    }

    /// Returns whether a variable of the type is an object, as far as that can
    /// be told.
    fn is_object(&self, name: &str, value: Option<NodeRef<'_>>) -> bool {
        if !ty::is_class(name) {
            return false;
        }
        let is_known = self.names.classes.contains_key(name) || self.names.models.knows_type(name);
        let is_listed =
            value.is_none_or(|value| matches!(value.kind(), "initializer_list" | "argument_list"));
        // Names that end so are mostly those of numbers.
        is_known || is_listed && (self.is_cpp || !name.ends_with("_t"))
    }

    /// Returns whether a value of the type is an object that copies are made of.
    pub(super) fn makes_copy(&self, name: &str) -> bool {
        self.is_cpp && name.starts_with("std.") && self.names.models.knows_type(name)
    }

    fn object(&mut self, at: NodeRef<'_>, name: &str, value: Option<NodeRef<'_>>) -> Slot {
        let new = |args| Op::Call(Callee::New(Name::from(name)), args);
        let Some(value) = value else {
            return self.b.emit(at, new(Vec::new()));
        };
        match value.kind() {
            "argument_list" => {
                let args = self.children(value).into_iter().map(Arg::plain).collect();
                self.b.emit(at, new(args))
            }
            "initializer_list" => self.listed_object(value, name),
            _ if self.makes_copy(name) => {
                let own = self.expression(value);
                self.b.emit(at, new(vec![Arg::plain(own)]))
            }
            kind => {
                let is_place = matches!(
                    kind,
                    "identifier"
                        | "field_expression"
                        | "subscript_expression"
                        | "pointer_expression"
                );
                let own = self.expression(value);
                match is_place {
                    true => self.b.emit(at, Op::Clone(own)),
                    false => own,
                }
            }
        }
    }

    /// Lowers `{ ... }` for an object of a class.
    pub(super) fn listed_object(&mut self, list: NodeRef<'_>, name: &str) -> Slot {
        let simple = name.rsplit('.').next().unwrap_or(name);
        let known = self.names.classes.get(name);
        let has_constructor = known.is_some_and(|known| known.methods.contains_key(simple));
        let fields = known.map(|known| known.fields.clone()).unwrap_or_default();
        let is_library = self.names.models.knows_type(name);
        if has_constructor || is_library {
            let values: Vec<Slot> = self.children(list);
            let args = match is_library && values.len() > 1 {
                // A container of the values.
                true => {
                    let items = values.into_iter().map(Arg::plain).collect();
                    vec![Arg::plain(self.b.list(list, items))]
                }
                false => values.into_iter().map(Arg::plain).collect(),
            };
            return self.b.call(list, Callee::New(Name::from(name)), args);
        }
        let object = self.b.call(list, Callee::New(Name::from(name)), Vec::new());
        let mut place = 0;
        for item in list
            .named_children()
            .filter(|item| item.kind() != "comment")
        {
            let (key, value) = self.designated(item);
            if let Some(key) = key {
                place = fields
                    .iter()
                    .position(|(own, _)| *own == key)
                    .unwrap_or(place);
                let ty = fields.get(place).and_then(|field| field.1.clone());
                let value = self.listed_value(value, ty.as_deref());
                self.b.store(item, object, &key, value);
            } else {
                let field = fields.get(place).cloned();
                let value = self.listed_value(value, field.as_ref().and_then(|f| f.1.as_deref()));
                let key = field.map_or_else(|| format!("@{place}"), |field| field.0);
                self.b.store(item, object, &key, value);
            }
            place += 1;
        }
        object
    }

    /// Returns the member that an item of a list names, and its value.
    fn designated<'t>(&mut self, item: NodeRef<'t>) -> (Option<String>, NodeRef<'t>) {
        if item.kind() != "initializer_pair" {
            return (None, item);
        }
        let name = item
            .named_children()
            .next()
            .filter(|n| n.kind() == "field_designator");
        let name = name.map(|name| name.text().trim_start_matches('.').trim().to_owned());
        (name, item.child(Field::Value).unwrap_or(item))
    }

    /// Lowers a value that a list gives to a member of the type.
    fn listed_value(&mut self, value: NodeRef<'_>, ty: Option<&str>) -> Slot {
        let element = ty.and_then(|ty| ty.strip_suffix("[]"));
        match (value.kind(), element) {
            ("initializer_list", Some(element)) => {
                let element = element.to_owned();
                self.listed_array(value, &element, None)
            }
            ("initializer_list", None) if ty.is_some_and(ty::is_class) => {
                self.listed_object(value, ty.unwrap_or_default())
            }
            _ => self.expression(value),
        }
    }

    fn array(
        &mut self,
        at: NodeRef<'_>,
        inner: &Declared<'_>,
        base: &Base,
        value: Option<NodeRef<'_>>,
    ) -> Slot {
        let arrays = base.arrays + inner.arrays.len();
        let pointers = base.pointers + inner.pointers;
        let element = pointed(&base.name, pointers, arrays - 1).unwrap_or_else(|| "?".to_owned());
        let size = inner.arrays.last().copied().flatten();
        let size = size.map(|size| self.expression(size));
        // A list of rows says less of their size than the brackets do.
        let is_of_rows =
            |value: &NodeRef<'_>| arrays > 1 && pointers == 0 && value.kind() == "initializer_list";
        if let Some(value) = value.filter(|value| !is_of_rows(value)) {
            if value.kind() == "initializer_list" {
                return self.listed_array(value, &element, size);
            }
            if let Some(text) = text_of(value) {
                let size = size.unwrap_or_else(|| self.b.int(value, text.len() as i64 + 1));
                let array = self.b.emit(at, Op::Array(Name::from(element), Some(size)));
                let text = self.b.string(value, &text);
                self.b.store_index(at, array, None, text);
                return array;
            }
            let own = self.expression(value);
            let array = self.b.emit(at, Op::Array(Name::from(element), size));
            self.b.store_index(at, array, None, own);
            return array;
        }
        let array = self
            .b
            .emit(at, Op::Array(Name::from(element.as_str()), size));
        // The elements are objects of their own, of which one stands for all.
        let inner_size = inner.arrays.iter().rev().nth(1).copied().flatten();
        let make = |this: &mut Self| {
            if pointers == 0 && arrays == 1 && this.is_object(&element, None) {
                let callee = Callee::New(Name::from(element.as_str()));
                return Some(this.b.call(at, callee, Vec::new()));
            }
            if arrays == 2 && pointers == 0 {
                let size = inner_size.map(|size| this.expression(size));
                let inner = element.strip_suffix("[]").unwrap_or(&element);
                let ty = Name::from(inner);
                return Some(this.b.emit(inner_size.unwrap_or(at), Op::Array(ty, size)));
            }
            None
        };
        let one = make(self);
        if let Some(again) = one.and_then(|_| make(self)) {
            let index = self.b.unknown(at);
            self.b.store_index(at, array, Some(index), again);
        }
        array
    }

    /// Lowers `{ ... }` for an array.
    pub(super) fn listed_array(
        &mut self,
        list: NodeRef<'_>,
        element: &str,
        size: Option<Slot>,
    ) -> Slot {
        let items: Vec<NodeRef<'_>> = list
            .named_children()
            .filter(|n| n.kind() != "comment")
            .collect();
        let is_text = matches!(element, "char" | "wchar" | "uint8" | "int8");
        let size = size.unwrap_or_else(|| self.b.int(list, items.len() as i64));
        let array = self
            .b
            .emit(list, Op::Array(Name::from(element), Some(size)));
        if is_text {
            let parts: Vec<Slot> = items.iter().map(|item| self.expression(*item)).collect();
            if parts.len() > 1 {
                let (index, content) = (self.b.unknown(list), self.b.mix(list, parts));
                self.b.store_index(list, array, Some(index), content);
            }
            return array;
        }
        for (place, item) in items.into_iter().enumerate() {
            let designator = item.named_children().next();
            let designator = designator.filter(|n| n.kind() == "subscript_designator");
            let index = match designator {
                Some(designator) => self.first(designator),
                None => self.b.int(item, place as i64),
            };
            let (_, value) = self.designated(item);
            let value = match ty::is_class(element) && value.kind() == "initializer_list" {
                true => self.listed_object(value, element),
                false => self.listed_value(value, Some(element)),
            };
            self.b.store_index(item, array, Some(index), value);
        }
        array
    }

    /// `Type name(a, b)` in a function, which reads like a function's
    /// declaration: an object when what is in the parentheses are variables.
    fn constructed(&mut self, at: NodeRef<'_>, inner: &Declared<'_>, base: &Base) {
        let list = inner
            .function
            .and_then(|function| function.child(Field::Parameters));
        let names: Option<Vec<&str>> = list
            .into_iter()
            .flat_map(NodeRef::named_children)
            .map(|param| {
                let ty = param.child(Field::Type)?;
                let is_name =
                    ty.kind() == "type_identifier" && param.child(Field::Declarator).is_none();
                is_name.then(|| ty.text())
            })
            .collect();
        let (Some(names), Some(name)) = (names.filter(|names| !names.is_empty()), inner.name)
        else {
            return;
        };
        let args: Vec<Option<Slot>> = names.iter().map(|name| self.b.lookup(name)).collect();
        if args.iter().any(Option::is_none) {
            return;
        }
        let args = args.into_iter().flatten().map(Arg::plain).collect();
        let value = self
            .b
            .call(at, Callee::New(Name::from(base.name.as_str())), args);
        let slot = self.b.declare(name.text(), Some(&base.name));
        self.direct.insert((self.b.current(), slot));
        self.b.assign(at, slot, value);
    }
}
