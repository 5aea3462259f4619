//! Expressions of C and C++.

use assay_syntax::{Field, NodeRef};

use super::Lower;
use super::literal::{literal, text_of};
use super::name::{dotted, join};
use super::ty::{declared, is_class, is_scalar, pointed};
use crate::flow::builder::Signature;
use crate::flow::ir::{
    Arg, BinaryOp, Callee, FunctionKind, Literal, LogicalOp, Name, Op, Slot, UnaryOp,
};
use crate::flow::lower::walk::Walk;
use crate::flow::project::local_name;

impl Lower<'_> {
    pub(super) fn expression_by_kind(&mut self, node: NodeRef<'_>) -> Slot {
        match node.kind() {
            "identifier" | "field_identifier" | "type_identifier" => self.name(node, node.text()),
            "this" => self.b.read(node, "this"),
            "qualified_identifier" | "template_function" => self.qualified(node),
            "concatenated_string" => self.adjacent(node),
            "parenthesized_expression" | "extension_expression" => self.parenthesized(node),
            "condition_clause" => self.condition(node),
            "declaration" => {
                self.declaration(node, false);
                let name = node.child(Field::Declarator).and_then(|d| declared(d).name);
                match name {
                    Some(name) => self.name(node, name.text()),
                    None => self.b.unknown(node),
                }
            }
            "assignment_expression" => self.assignment(node),
            "update_expression" => self.update(node),
            "binary_expression" => self.binary(node),
            "unary_expression" => self.unary(node),
            "pointer_expression" => self.pointer(node),
            "conditional_expression" => self.conditional(node),
            "cast_expression" => self.cast(node),
            "call_expression" => self.call(node),
            "field_expression" => self.field(node),
            "subscript_expression" => self.subscript(node),
            "comma_expression" => {
                self.operand(node, Field::Left);
                self.operand(node, Field::Right)
            }
            "sizeof_expression" => self.size(node),
            "compound_literal_expression" => self.compound_literal(node),
            "initializer_list" => {
                let items = self.children(node).into_iter().map(Arg::plain).collect();
                self.b.list(node, items)
            }
            "new_expression" => self.creation(node),
            "delete_expression" => {
                let args = self.children(node).into_iter().map(Arg::plain).collect();
                self.b.call_global(node, "operator delete", args)
            }
            "lambda_expression" => self.lambda(node),
            "co_await_expression" => {
                let value = self.first(node);
                self.b.emit(node, Op::Await(value))
            }
            "user_defined_literal" | "subscript_argument_list" | "generic_expression" => {
                self.first(node)
            }
            "compound_statement" => {
                self.statement(node);
                self.b.unknown(node)
            }
            "type_descriptor"
            | "primitive_type"
            | "alignof_expression"
            | "offsetof_expression"
            | "preproc_defined"
            | "comment"
            | "gnu_asm_expression" => self.b.unknown(node),
            _ => match literal(node) {
                Some(constant) => self.b.constant(node, constant),
                None => self.anything(node),
            },
        }
    }

    /// Lowers a name that stands alone.
    pub(super) fn name(&mut self, node: NodeRef<'_>, name: &str) -> Slot {
        if let Some(slot) = self.b.lookup(name) {
            if self.references.contains(&(self.b.current(), slot)) {
                let first = self.b.int(node, 0);
                return self.b.load_index(node, slot, first);
            }
            return slot;
        }
        if let Some(value) = self.expanded_name(node, name) {
            return value;
        }
        if let Some(value) = self.names.constants.get(name).copied() {
            return self.b.int(node, value);
        }
        match name {
            "TRUE" | "true" => return self.b.constant(node, Literal::Bool(true)),
            "FALSE" | "false" => return self.b.constant(node, Literal::Bool(false)),
            "NULL" => return self.b.null(node),
            _ => {}
        }
        if self.is_member(name) {
            let this = self.b.read(node, "this");
            return self.b.load(node, this, name);
        }
        let global = self.global_name(name);
        self.b.global(node, &global)
    }

    /// Returns whether a name that nothing declares is a data member of the
    /// class whose method is being lowered.
    pub(super) fn is_member(&self, name: &str) -> bool {
        let Some(class) = self.this.as_ref() else {
            return false;
        };
        let Some(known) = self.names.classes.get(class) else {
            return false;
        };
        if known.is_whole {
            return known.fields.iter().any(|(own, _)| own == name);
        }
        // The class is declared elsewhere: what looks like a variable may be its.
        let is_variable = name.chars().any(char::is_lowercase);
        is_variable && !self.names.called(name, &self.space).1
    }

    /// Returns what a function or variable of no scope goes by.
    pub(super) fn global_name(&self, name: &str) -> String {
        let (qualified, is_own) = self.names.called(name, &self.space);
        let known = self.names.functions.get(&qualified).filter(|_| is_own);
        match known.is_some_and(|known| known.is_local) {
            true => local_name(self.b.path(), &qualified).to_string(),
            false => qualified,
        }
    }

    fn qualified(&mut self, node: NodeRef<'_>) -> Slot {
        let name = dotted(node.text().split('<').next().unwrap_or(""));
        let last = name.rsplit('.').next().unwrap_or(&name);
        if let Some(value) = self.names.constants.get(last).copied() {
            return self.b.int(node, value);
        }
        let global = self.global_name(&name);
        self.b.global(node, &global)
    }

    fn adjacent(&mut self, node: NodeRef<'_>) -> Slot {
        let mut parts = Vec::new();
        for part in node
            .named_children()
            .filter(|part| part.kind() != "comment")
        {
            parts.push(match text_of(part) {
                Some(text) => self.b.string(part, &text),
                None => self.expression(part),
            });
        }
        self.b.text(node, parts)
    }

    fn parenthesized(&mut self, node: NodeRef<'_>) -> Slot {
        let inner = node
            .named_children()
            .find(|inner| inner.kind() != "comment");
        // A block whose last statement is its value.
        if let Some(block) = inner.filter(|inner| inner.kind() == "compound_statement") {
            self.b.enter_scope();
            let mut value = None;
            for statement in block.named_children() {
                let only = statement.named_children().next();
                match (statement.kind(), only) {
                    ("expression_statement", Some(only)) => value = Some(self.expression(only)),
                    _ => self.statement(statement),
                }
            }
            self.b.leave_scope();
            return value.unwrap_or_else(|| self.b.unknown(node));
        }
        self.optional(node, inner)
    }

    fn condition(&mut self, node: NodeRef<'_>) -> Slot {
        if let Some(first) = node.child(Field::Initializer) {
            self.statement(first);
        }
        self.operand(node, Field::Value)
    }

    /// Lowers a binary operation. Long sums nest to the left: their operands
    /// are collected in a loop.
    fn binary(&mut self, node: NodeRef<'_>) -> Slot {
        match operator(node) {
            "&&" | "and" => return self.logical(node, LogicalOp::And),
            "||" | "or" => return self.logical(node, LogicalOp::Or),
            _ => {}
        }
        if let Some(value) = self.spanned(node) {
            return value;
        }
        let mut spine = vec![node];
        let mut left = node.child(Field::Left);
        while let Some(next) = left {
            if next.kind() != "binary_expression"
                || matches!(operator(next), "&&" | "||" | "and" | "or")
            {
                break;
            }
            spine.push(next);
            left = next.child(Field::Left);
        }
        let is_stream = self.is_cpp && self.is_stream(left, &spine);
        let mut ty = left.and_then(|left| self.type_of(left));
        let mut value = self.optional(node, left);
        for part in spine.into_iter().rev() {
            let sign = operator(part);
            if is_stream && matches!(sign, "<<" | ">>") {
                value = self.streamed(part, value, sign);
                continue;
            }
            let right_node = part.child(Field::Right);
            let right_ty = right_node.and_then(|right| self.type_of(right));
            let right = self.optional(part, right_node);
            let is_text = |ty: &Option<String>| ty.as_ref().is_some_and(|ty| is_class(ty));
            let is_pointer = |ty: &Option<String>| ty.as_ref().is_some_and(|ty| ty.ends_with("[]"));
            let is_number = |ty: &Option<String>, node: Option<NodeRef<'_>>| {
                ty.as_ref().is_some_and(|ty| is_scalar(ty))
                    || node.is_some_and(|node| node.kind() == "number_literal")
            };
            let sure = !self.is_cpp || is_number(&right_ty, right_node);
            value = match sign {
                "+" if is_text(&ty) && self.is_cpp => {
                    self.b.binary(part, BinaryOp::Add, value, right)
                }
                "+" if is_pointer(&ty) && !is_text(&right_ty) && sure => {
                    self.b.emit(part, Op::Offset(value, right))
                }
                "+" if is_pointer(&right_ty) && !self.is_cpp => {
                    self.b.emit(part, Op::Offset(right, value))
                }
                "-" if is_pointer(&ty) && !is_pointer(&right_ty) => {
                    self.b.emit(part, Op::Offset(value, right))
                }
                _ => match binary_op(sign) {
                    Some(op) => self.b.binary(part, op, value, right),
                    None => self.b.mix(part, vec![value, right]),
                },
            };
            let keeps = matches!(sign, "+" | "-")
                && (is_pointer(&ty) != is_pointer(&right_ty) || is_text(&ty));
            ty = keeps
                .then(|| if is_pointer(&right_ty) { right_ty } else { ty })
                .flatten();
        }
        value
    }

    /// `strspn(s, set) == strlen(s)` and `s[strspn(s, set)] == 0`: all of the
    /// text is of these characters.
    fn spanned(&mut self, node: NodeRef<'_>) -> Option<Slot> {
        let is_equal = match operator(node) {
            "==" => true,
            "!=" => false,
            _ => return None,
        };
        let (left, right) = (node.child(Field::Left)?, node.child(Field::Right)?);
        let span_of = |node: NodeRef<'_>| {
            node.subtree()
                .take(12)
                .find(|n| {
                    n.kind() == "call_expression"
                        && n.child(Field::Function)
                            .is_some_and(|f| f.text() == "strspn")
                })
                .map(|call| call.id())
        };
        let (call, other) = match (span_of(left), span_of(right)) {
            (Some(call), None) => (call, right),
            (None, Some(call)) => (call, left),
            _ => return None,
        };
        let call = node.tree().node(call);
        let is_whole =
            other.text().contains("strlen") || matches!(other.text(), "0" | "'\\0'" | "NULL");
        let mut args = call.child(Field::Arguments)?.named_children();
        let (text, set) = (args.next()?, args.next()?);
        if !is_whole {
            return None;
        }
        let set = text_of(set)?;
        let escaped: String = set
            .chars()
            .flat_map(|c| {
                let escape = matches!(c, '-' | ']' | '[' | '\\' | '^').then_some('\\');
                escape.into_iter().chain([c])
            })
            .collect();
        let text = self.expression(text);
        let pattern = self.b.string(call, &format!("^[{escaped}]*$"));
        let found = self.b.binary(node, BinaryOp::Match, text, pattern);
        Some(match is_equal {
            true => found,
            false => self.b.unary(node, UnaryOp::Not, found),
        })
    }

    fn unary(&mut self, node: NodeRef<'_>) -> Slot {
        let operand = self.operand(node, Field::Operand);
        let op = match operator(node) {
            "!" | "not" => UnaryOp::Not,
            "-" => UnaryOp::Minus,
            "~" | "compl" => UnaryOp::BitNot,
            _ => UnaryOp::Plus,
        };
        self.b.unary(node, op, operand)
    }

    /// `*p` and `&x`.
    fn pointer(&mut self, node: NodeRef<'_>) -> Slot {
        let Some(of) = node.child(Field::Operand) else {
            return self.b.unknown(node);
        };
        if operator(node) == "*" {
            if self.type_of(of).is_some_and(|ty| is_class(&ty)) {
                return self.expression(of);
            }
            let (base, index) = self.place(of);
            return self.b.load_index(node, base, index);
        }
        self.address(node, of)
    }

    /// Returns the pointer and the place of what `*of` means.
    pub(super) fn place(&mut self, of: NodeRef<'_>) -> (Slot, Slot) {
        let inner = unwrapped(of);
        if inner.kind() == "binary_expression" && operator(inner) == "+" {
            let base = inner.child(Field::Left);
            if base
                .and_then(|base| self.type_of(base))
                .is_some_and(|ty| ty.ends_with("[]"))
            {
                let base = self.optional(inner, base);
                let index = self.operand(inner, Field::Right);
                return (base, index);
            }
        }
        let base = self.expression(of);
        let index = self.b.int(of, 0);
        (base, index)
    }

    /// A pointer to something.
    pub(super) fn address(&mut self, node: NodeRef<'_>, of: NodeRef<'_>) -> Slot {
        let of = unwrapped(of);
        match of.kind() {
            "identifier" => {
                let Some(slot) = self.b.lookup(of.text()) else {
                    return self.expression(of);
                };
                let is_reference = self.references.contains(&(self.b.current(), slot));
                if is_reference || self.is_direct(of.text(), slot) {
                    return slot;
                }
                self.b.address_of(node, slot)
            }
            "subscript_expression" => {
                let base = of.child(Field::Operand);
                let ty = base.and_then(|base| self.type_of(base));
                if ty
                    .as_ref()
                    .is_some_and(|ty| ty.strip_suffix("[]").is_some_and(is_class))
                {
                    return self.expression(of);
                }
                let base = self.optional(of, base);
                let index = self.operand(of, Field::Index);
                self.b.emit(node, Op::Offset(base, index))
            }
            "pointer_expression" if operator(of) == "*" => self.operand(of, Field::Operand),
            _ => self.expression(of),
        }
    }

    fn cast(&mut self, node: NodeRef<'_>) -> Slot {
        let ty = node.child(Field::Type);
        let value = self.operand(node, Field::Value);
        self.seen_as(node, value, ty)
    }

    /// A value seen as a type. A pointer to numbers stays what it is.
    pub(super) fn seen_as(
        &mut self,
        node: NodeRef<'_>,
        value: Slot,
        ty: Option<NodeRef<'_>>,
    ) -> Slot {
        let base = self.names.base(ty);
        let ty = pointed(&base.name, base.pointers, base.arrays);
        match ty {
            Some(ty) if is_scalar(&ty) || self.names.classes.contains_key(&ty) => {
                self.b.emit(node, Op::Cast(value, Name::from(ty)))
            }
            _ => value,
        }
    }

    pub(super) fn field(&mut self, node: NodeRef<'_>) -> Slot {
        let object = self.operand(node, Field::Operand);
        let name = node.child(Field::Property).map_or("", NodeRef::text);
        self.b.load(node, object, name)
    }

    fn subscript(&mut self, node: NodeRef<'_>) -> Slot {
        let base = node.child(Field::Operand);
        let ty = base.and_then(|base| self.type_of(base));
        let object = self.optional(node, base);
        let index = self.operand(node, Field::Index);
        if self.is_pointer_to_object(ty.as_deref()) {
            return self.b.emit(node, Op::Offset(object, index));
        }
        self.b.load_index(node, object, index)
    }

    /// Returns whether a type is a pointer to a structure, and no container.
    pub(super) fn is_pointer_to_object(&self, ty: Option<&str>) -> bool {
        let Some(ty) = ty.filter(|ty| is_class(ty)) else {
            return false;
        };
        let known = self.names.classes.get(ty);
        !self.is_cpp || known.is_some_and(|known| !known.methods.contains_key("operator[]"))
    }

    fn size(&mut self, node: NodeRef<'_>) -> Slot {
        let value = node.child(Field::Value).map(unwrapped);
        let named = value.filter(|value| matches!(value.kind(), "identifier" | "field_expression"));
        if let Some(value) = named {
            let ty = self.type_of(value);
            let is_array = match value.kind() {
                "identifier" => self
                    .b
                    .lookup(value.text())
                    .is_some_and(|slot| self.is_direct(value.text(), slot)),
                _ => true,
            };
            if is_array && ty.as_ref().is_some_and(|ty| ty.ends_with("[]")) {
                let array = self.expression(value);
                return self.b.load(node, array, crate::flow::heap::BYTES);
            }
        }
        let ty = match (value, node.child(Field::Type)) {
            (Some(value), _) => self.type_of(value),
            (None, ty) => {
                let base = self.names.base(ty);
                pointed(&base.name, base.pointers, base.arrays)
            }
        };
        let size = ty.and_then(|ty| crate::flow::heap::size_of(&ty));
        match size {
            Some(size) => self.b.int(node, size),
            None => self.b.unknown(node),
        }
    }

    fn compound_literal(&mut self, node: NodeRef<'_>) -> Slot {
        let base = self.names.base(node.child(Field::Type));
        let Some(list) = node.child(Field::Value) else {
            return self.b.unknown(node);
        };
        if list.kind() != "initializer_list" {
            return self.expression(list);
        }
        match (base.arrays > 0, is_class(&base.name)) {
            (true, _) => {
                let element = pointed(&base.name, base.pointers, base.arrays - 1);
                self.listed_array(list, element.as_deref().unwrap_or("?"), None)
            }
            (_, true) => self.listed_object(list, &base.name),
            _ => self.first(list),
        }
    }

    fn creation(&mut self, node: NodeRef<'_>) -> Slot {
        let base = self.names.base(node.child(Field::Type));
        let array = node
            .child(Field::Declarator)
            .filter(|d| d.kind() == "new_declarator");
        if let Some(array) = array {
            let size = self.first(array);
            self.b
                .call_global(array, "operator new[]", vec![Arg::plain(size)]);
            let element = pointed(&base.name, base.pointers, 0).unwrap_or_else(|| "?".to_owned());
            return self
                .b
                .emit(node, Op::Array(Name::from(element), Some(size)));
        }
        let args = node.child(Field::Arguments);
        let args: Vec<Arg> = args
            .into_iter()
            .flat_map(|list| self.children(list))
            .map(Arg::plain)
            .collect();
        if is_class(&base.name) && base.pointers == 0 {
            return self.b.call(node, Callee::New(Name::from(base.name)), args);
        }
        let values = args.into_iter().map(|arg| arg.value).collect();
        self.b.mix(node, values)
    }

    fn lambda(&mut self, node: NodeRef<'_>) -> Slot {
        // `[x = value]` is a variable of its own.
        let captures = node
            .children()
            .find(|n| n.kind() == "lambda_capture_specifier");
        self.b.enter_scope();
        for capture in captures.into_iter().flat_map(NodeRef::named_children) {
            if let (Some(name), Some(value)) =
                (capture.child(Field::Left), capture.child(Field::Right))
            {
                let value = self.expression(value);
                let slot = self.b.declare(name.text(), None);
                self.b.assign(capture, slot, value);
            }
        }
        self.b
            .begin_function(node, Signature::new("", FunctionKind::Closure));
        let list = node
            .child(Field::Declarator)
            .and_then(|declarator| declarator.child(Field::Parameters));
        if let Some(list) = list {
            self.parameters(list, false);
        }
        if let Some(body) = node.child(Field::Body) {
            self.statement(body);
        }
        let function = self.b.end_function();
        self.b.leave_scope();
        self.b.emit(node, Op::Closure(function))
    }

    /// Returns the type of an expression, as far as declarations tell.
    pub(super) fn type_of(&mut self, node: NodeRef<'_>) -> Option<String> {
        let node = unwrapped(node);
        match node.kind() {
            "identifier" => {
                if let Some(slot) = self.b.lookup(node.text()) {
                    return self.b.slot_info(slot).ty.as_deref().map(str::to_owned);
                }
                let class = self.this.as_ref()?;
                self.member_type(class, node.text())
            }
            "this" => self.this.clone(),
            "field_expression" => {
                let object = self.type_of(node.child(Field::Operand)?)?;
                self.member_type(&object, node.child(Field::Property)?.text())
            }
            "subscript_expression" => {
                let array = self.type_of(node.child(Field::Operand)?)?;
                match array.strip_suffix("[]") {
                    Some(element) => Some(element.to_owned()),
                    None => self.is_pointer_to_object(Some(&array)).then_some(array),
                }
            }
            "pointer_expression" => {
                let ty = self.type_of(node.child(Field::Operand)?)?;
                match operator(node) {
                    "*" => Some(ty.strip_suffix("[]").map_or(ty.clone(), str::to_owned)),
                    _ if is_class(&ty) => Some(ty),
                    _ => Some(format!("{ty}[]")),
                }
            }
            "cast_expression" | "compound_literal_expression" => {
                let base = self.names.base(node.child(Field::Type));
                pointed(&base.name, base.pointers, base.arrays)
            }
            "call_expression" => {
                let function = node.child(Field::Function)?;
                match function.kind() {
                    "identifier" | "qualified_identifier" => {
                        let name = dotted(function.text());
                        let ty = self.names.class_called(&name, &self.space);
                        if self.is_type(&ty) {
                            return Some(ty);
                        }
                        let name = self.names.called(&name, &self.space).0;
                        self.names.functions.get(&name)?.result.clone()
                    }
                    "field_expression" => {
                        let object = self.type_of(function.child(Field::Operand)?)?;
                        let name = join(&object, function.child(Field::Property)?.text());
                        self.names.functions.get(&name)?.result.clone()
                    }
                    _ => None,
                }
            }
            "string_literal" | "concatenated_string" => Some("char[]".to_owned()),
            "char_literal" => Some("char".to_owned()),
            "update_expression" => self.type_of(node.child(Field::Operand)?),
            "assignment_expression" => self.type_of(node.child(Field::Left)?),
            "binary_expression" if matches!(operator(node), "+" | "-") => {
                let left = self.type_of(node.child(Field::Left)?);
                let right = self.type_of(node.child(Field::Right)?);
                let is_pointer =
                    |ty: &Option<String>| ty.as_ref().is_some_and(|ty| ty.ends_with("[]"));
                match (is_pointer(&left), is_pointer(&right)) {
                    (true, true) => None,
                    (false, true) if left.as_ref().is_none_or(|ty| !is_class(ty)) => right,
                    _ => left.filter(|ty| ty.ends_with("[]") || is_class(ty)),
                }
            }
            "conditional_expression" => self.type_of(node.child(Field::Consequence)?),
            _ => None,
        }
    }

    fn member_type(&self, class: &str, member: &str) -> Option<String> {
        let known = self.names.classes.get(class)?;
        known
            .fields
            .iter()
            .find(|(own, _)| own == member)?
            .1
            .clone()
    }
}

/// Returns what is in parentheses.
pub(super) fn unwrapped(mut node: NodeRef<'_>) -> NodeRef<'_> {
    const PARENTHESES_MAX: usize = 16;
    for _ in 0..PARENTHESES_MAX {
        if node.kind() != "parenthesized_expression" {
            break;
        }
        match node
            .named_children()
            .find(|inner| inner.kind() != "comment")
        {
            Some(inner) if inner.kind() != "compound_statement" => node = inner,
            _ => break,
        }
    }
    node
}

pub(super) fn operator<'t>(node: NodeRef<'t>) -> &'t str {
    node.child(Field::Operator).map_or("", NodeRef::text)
}

pub(super) fn binary_op(operator: &str) -> Option<BinaryOp> {
    Some(match operator {
        "+" => BinaryOp::Add,
        "-" => BinaryOp::Sub,
        "*" => BinaryOp::Mul,
        "/" => BinaryOp::Div,
        "%" => BinaryOp::Rem,
        "<<" => BinaryOp::Shl,
        ">>" => BinaryOp::Shr,
        "&" | "bitand" => BinaryOp::BitAnd,
        "|" | "bitor" => BinaryOp::BitOr,
        "^" | "xor" => BinaryOp::BitXor,
        "==" => BinaryOp::Eq,
        "!=" | "not_eq" => BinaryOp::Ne,
        "<" => BinaryOp::Lt,
        "<=" => BinaryOp::Le,
        ">" => BinaryOp::Gt,
        ">=" => BinaryOp::Ge,
        "<=>" => BinaryOp::Compare,
        _ => return None,
    })
}
