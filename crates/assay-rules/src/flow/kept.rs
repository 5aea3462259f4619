//! Lowered files as bytes, so that who calls a file need not parse it again: every
//! field in order, nothing optional, nothing tagged. Names stand once, at the
//! beginning. Bytes that are not what was written give nothing.
//!
//! The bytes hold texts of the file: whoever keeps them has to hide them.

use std::sync::Arc;

use assay_source::{RepoPath, SourceText, Span};

use super::hash::HashMap;
use super::ir::{
    Annotation, Arg, Arm, BinaryOp, Callee, Capture, Class, EachKind, Field, Function, FunctionId,
    FunctionKind, Handler, Label, Literal, LogicalOp, Name, Op, Param, ParamKind, Slot, SlotInfo,
    Stmt, StmtKind, UnaryOp, Unit,
};
use super::lower::is_modelled;
use super::model::FlowModels;
use super::place::Place;

/// Statements that stand deeper in each other are not written.
const NESTING_MAX: u32 = 400;

/// Writes the units of a file; none when they are too deep.
pub(super) fn write<'u>(units: impl Iterator<Item = &'u Unit>) -> Option<Vec<u8>> {
    let mut out = Out::default();
    let mut count = 0_u32;
    for unit in units {
        count += 1;
        out.name(&Name::from(unit.language));
        unit.package.put(&mut out);
        unit.module.put(&mut out);
        unit.functions.put(&mut out);
        unit.classes.put(&mut out);
        unit.aliases.put(&mut out);
        unit.open_types.put(&mut out);
        unit.is_template.put(&mut out);
        unit.notes.put(&mut out);
        unit.has_pointers.put(&mut out);
    }
    if out.deepest > NESTING_MAX {
        return None;
    }
    let mut all = Vec::with_capacity(out.bytes.len() + 16 * out.names.len());
    put_number(count.into(), &mut all);
    put_number(out.names.len() as u64, &mut all);
    for name in &out.names {
        put_number(name.len() as u64, &mut all);
        all.extend_from_slice(name.as_bytes());
    }
    all.append(&mut out.bytes);
    Some(all)
}

/// Reads the units of a file that [`write`] wrote.
pub(super) fn read(
    models: &FlowModels,
    path: &RepoPath,
    text: &Arc<SourceText>,
    bytes: &[u8],
) -> Option<Vec<Unit>> {
    let mut input = In {
        bytes,
        names: Vec::new(),
        depth: 0,
        at: 0,
    };
    let count = input.number()?;
    let names = input.number()? as usize;
    input.names.reserve(names.min(bytes.len()));
    for _ in 0..names {
        let name = Name::from(std::str::from_utf8(input.taken()?).ok()?);
        input.names.push(name);
    }
    let mut units = Vec::new();
    for _ in 0..count {
        let language = Name::take(&mut input)?;
        let models = is_modelled(&language).then(|| models.of(&language))?;
        units.push(Unit {
            language: models.language,
            models,
            path: path.clone(),
            text: Arc::clone(text),
            package: Kept::take(&mut input)?,
            module: Kept::take(&mut input)?,
            functions: Kept::take(&mut input)?,
            classes: Kept::take(&mut input)?,
            aliases: Kept::take(&mut input)?,
            open_types: Kept::take(&mut input)?,
            is_template: Kept::take(&mut input)?,
            notes: Kept::take(&mut input)?,
            has_pointers: Kept::take(&mut input)?,
        });
    }
    input.bytes.is_empty().then_some(units)
}

/// What is being written.
#[derive(Default)]
struct Out {
    bytes: Vec<u8>,
    names: Vec<Name>,
    numbers: HashMap<Name, u32>,
    depth: u32,
    deepest: u32,
    /// Where the last place began: the next one is near.
    at: u32,
}

impl Out {
    fn name(&mut self, name: &Name) {
        let number = match self.numbers.get(name) {
            Some(known) => *known,
            None => {
                let next = self.names.len() as u32;
                self.names.push(Name::clone(name));
                self.numbers.insert(Name::clone(name), next);
                next
            }
        };
        number.put(self);
    }
}

/// What is being read.
struct In<'b> {
    bytes: &'b [u8],
    names: Vec<Name>,
    depth: u32,
    at: u32,
}

impl<'b> In<'b> {
    fn byte(&mut self) -> Option<u8> {
        let (&byte, rest) = self.bytes.split_first()?;
        self.bytes = rest;
        Some(byte)
    }

    fn number(&mut self) -> Option<u64> {
        let mut value = 0;
        for shift in (0..70).step_by(7) {
            let byte = self.byte()?;
            value |= u64::from(byte & 0x7f).checked_shl(shift)?;
            if byte < 0x80 {
                return Some(value);
            }
        }
        None
    }

    fn taken(&mut self) -> Option<&'b [u8]> {
        let length = usize::try_from(self.number()?).ok()?;
        let (taken, rest) = self.bytes.split_at_checked(length)?;
        self.bytes = rest;
        Some(taken)
    }
}

fn put_number(mut value: u64, out: &mut Vec<u8>) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// What can be written and read back.
trait Kept: Sized {
    fn put(&self, out: &mut Out);
    fn take(input: &mut In<'_>) -> Option<Self>;
}

impl Kept for u32 {
    fn put(&self, out: &mut Out) {
        put_number((*self).into(), &mut out.bytes);
    }

    fn take(input: &mut In<'_>) -> Option<Self> {
        input.number()?.try_into().ok()
    }
}

impl Kept for usize {
    fn put(&self, out: &mut Out) {
        put_number(*self as u64, &mut out.bytes);
    }

    fn take(input: &mut In<'_>) -> Option<Self> {
        input.number()?.try_into().ok()
    }
}

impl Kept for i64 {
    fn put(&self, out: &mut Out) {
        // Small numbers of either sign are short.
        put_number(((self << 1) ^ (self >> 63)) as u64, &mut out.bytes);
    }

    fn take(input: &mut In<'_>) -> Option<Self> {
        let value = input.number()?;
        Some((value >> 1) as Self ^ -((value & 1) as Self))
    }
}

impl Kept for f64 {
    fn put(&self, out: &mut Out) {
        out.bytes.extend_from_slice(&self.to_bits().to_le_bytes());
    }

    fn take(input: &mut In<'_>) -> Option<Self> {
        let (bits, rest) = input.bytes.split_first_chunk::<8>()?;
        input.bytes = rest;
        Some(Self::from_bits(u64::from_le_bytes(*bits)))
    }
}

impl Kept for bool {
    fn put(&self, out: &mut Out) {
        out.bytes.push(u8::from(*self));
    }

    fn take(input: &mut In<'_>) -> Option<Self> {
        match input.byte()? {
            0 => Some(false),
            1 => Some(true),
            _ => None,
        }
    }
}

impl Kept for char {
    fn put(&self, out: &mut Out) {
        u32::from(*self).put(out);
    }

    fn take(input: &mut In<'_>) -> Option<Self> {
        Self::from_u32(u32::take(input)?)
    }
}

impl Kept for Name {
    fn put(&self, out: &mut Out) {
        out.name(self);
    }

    fn take(input: &mut In<'_>) -> Option<Self> {
        let at = u32::take(input)? as usize;
        input.names.get(at).cloned()
    }
}

impl Kept for String {
    fn put(&self, out: &mut Out) {
        put_number(self.len() as u64, &mut out.bytes);
        out.bytes.extend_from_slice(self.as_bytes());
    }

    fn take(input: &mut In<'_>) -> Option<Self> {
        Some(std::str::from_utf8(input.taken()?).ok()?.to_owned())
    }
}

impl Kept for Span {
    fn put(&self, out: &mut Out) {
        (i64::from(self.start) - i64::from(out.at)).put(out);
        self.len().put(out);
        out.at = self.start;
    }

    fn take(input: &mut In<'_>) -> Option<Self> {
        let start = i64::from(input.at).checked_add(i64::take(input)?)?;
        let start = u32::try_from(start).ok()?;
        let end = start.checked_add(u32::take(input)?)?;
        input.at = start;
        Some(Self::new(start, end))
    }
}

impl<T: Kept> Kept for Option<T> {
    fn put(&self, out: &mut Out) {
        self.is_some().put(out);
        if let Some(value) = self {
            value.put(out);
        }
    }

    fn take(input: &mut In<'_>) -> Option<Self> {
        match bool::take(input)? {
            true => Some(Some(T::take(input)?)),
            false => Some(None),
        }
    }
}

impl<T: Kept> Kept for Vec<T> {
    fn put(&self, out: &mut Out) {
        self.len().put(out);
        for value in self {
            value.put(out);
        }
    }

    fn take(input: &mut In<'_>) -> Option<Self> {
        let count = usize::take(input)?;
        // Each value takes a byte at least: a count beyond that is damage.
        if count > input.bytes.len() {
            return None;
        }
        let mut values = Self::with_capacity(count);
        for _ in 0..count {
            values.push(T::take(input)?);
        }
        Some(values)
    }
}

impl<A: Kept, B: Kept> Kept for (A, B) {
    fn put(&self, out: &mut Out) {
        self.0.put(out);
        self.1.put(out);
    }

    fn take(input: &mut In<'_>) -> Option<Self> {
        Some((A::take(input)?, B::take(input)?))
    }
}

impl<T: Kept> Kept for HashMap<Slot, T> {
    fn put(&self, out: &mut Out) {
        let mut all: Vec<(&Slot, &T)> = self.iter().collect();
        all.sort_unstable_by_key(|(slot, _)| **slot);
        all.len().put(out);
        for (slot, value) in all {
            slot.put(out);
            value.put(out);
        }
    }

    fn take(input: &mut In<'_>) -> Option<Self> {
        let all = Vec::<(Slot, T)>::take(input)?;
        Some(all.into_iter().collect())
    }
}

impl Kept for Stmt {
    fn put(&self, out: &mut Out) {
        out.depth += 1;
        out.deepest = out.deepest.max(out.depth);
        self.span.put(out);
        self.kind.put(out);
        out.depth -= 1;
    }

    fn take(input: &mut In<'_>) -> Option<Self> {
        input.depth += 1;
        if input.depth > NESTING_MAX {
            return None;
        }
        let span = Kept::take(input)?;
        let kind = Kept::take(input)?;
        input.depth -= 1;
        Some(Self { span, kind })
    }
}

/// Numbers with a name.
macro_rules! numbers {
    ($($name:ident)+) => {$(
        impl Kept for $name {
            fn put(&self, out: &mut Out) {
                self.0.put(out);
            }

            fn take(input: &mut In<'_>) -> Option<Self> {
                Some(Self(u32::take(input)?))
            }
        }
    )+};
}

numbers! { Slot FunctionId Label }

/// Structs, field by field.
macro_rules! fields {
    ($($name:ident { $($field:ident)+ })+) => {$(
        impl Kept for $name {
            fn put(&self, out: &mut Out) {
                $(self.$field.put(out);)+
            }

            fn take(input: &mut In<'_>) -> Option<Self> {
                $(let $field = Kept::take(input)?;)+
                Some(Self { $($field),+ })
            }
        }
    )+};
}

fields! {
    Annotation { name arguments }
    Arg { value name spread }
    Arm { head tests body falls_through }
    Capture { outer inner }
    Class { name supertypes methods initializer fields annotations is_abstract }
    Field { name ty annotations }
    Function {
        name class kind is_local parent params result annotations is_public can_fail slots
        places hosts captures body span size
    }
    Handler { slot types body }
    Param { slot name ty kind annotations }
    Place { id root }
    SlotInfo { name ty shared }
}

/// Enums: the number of the variant, then its parts.
macro_rules! variants {
    ($($name:ident {
        $($tag:literal $variant:ident $(($($item:ident)+))? $({$($field:ident)+})?;)+
    })+) => {$(
        impl Kept for $name {
            fn put(&self, out: &mut Out) {
                match self {
                    $(Self::$variant $(($($item),+))? $({ $($field),+ })? => {
                        out.bytes.push($tag);
                        $($($item.put(out);)+)?
                        $($($field.put(out);)+)?
                    })+
                }
            }

            fn take(input: &mut In<'_>) -> Option<Self> {
                Some(match input.byte()? {
                    $($tag => {
                        $($(let $item = Kept::take(input)?;)+)?
                        $($(let $field = Kept::take(input)?;)+)?
                        Self::$variant $(($($item),+))? $({ $($field),+ })?
                    })+
                    _ => return None,
                })
            }
        }
    )+};
}

variants! {
    FunctionKind { 0 Top; 1 Plain; 2 Method; 3 Constructor; 4 Closure; }
    ParamKind { 0 Receiver; 1 Extended; 2 Plain; 3 Named; 4 Rest; 5 NamedRest; }
    LogicalOp { 0 And; 1 Or; 2 Coalesce; }
    EachKind { 0 Values; 1 Elements; 2 Keys; 3 Entries; }
    UnaryOp { 0 Not; 1 Minus; 2 Plus; 3 BitNot; 4 TypeOf; }
    BinaryOp {
        0 Add; 1 Concat; 2 Sub; 3 Mul; 4 Div; 5 FloorDiv; 6 Rem; 7 Pow; 8 Shl; 9 Shr; 10 UShr;
        11 BitAnd; 12 BitOr; 13 BitXor; 14 Eq; 15 Ne; 16 Is; 17 IsNot; 18 Lt; 19 Le; 20 Gt; 21 Ge;
        22 In; 23 NotIn; 24 Compare; 25 Match;
    }
    Literal { 0 Null; 1 Bool(is); 2 Int(value); 3 Float(value); 4 Char(value); 5 Str(text); }
    Callee {
        0 Value(of); 1 Method(of name); 2 Known(function); 3 New(name); 4 Module(name);
        5 Super(name);
    }
    Op {
        0 Const(literal); 1 Copy(of); 2 Unary(op of); 3 Binary(op left right); 4 Text(parts);
        5 Call(callee args); 6 Load(of name); 7 LoadIndex(of index); 8 Part { of at is_status };
        9 Slice(of from to); 10 Global(name); 11 List(items); 12 Map(entries);
        13 Closure(function); 14 Class(at); 15 Cast(of ty); 16 IsType(of ty); 17 Ref(of);
        18 Offset(of by); 19 Array(ty length); 20 Clone(of); 21 Await(of); 22 Yield(of all);
        23 Unknown; 24 Mix(all);
        25 PutOut(of how);
    }
    StmtKind {
        0 Let(slot op); 1 Store { object key value }; 2 StoreIndex { object index value };
        3 StoreGlobal { name value }; 4 If { cond then otherwise };
        5 Logical { result op left right value };
        6 Loop { label head cond body step body_first };
        7 Each { label subject item key kind body }; 8 Switch { label subject arms default };
        9 Try { body handlers otherwise finally }; 10 Labelled { label body };
        11 Default { param body value }; 12 Return(value); 13 Throw(value); 14 Break(label);
        15 Continue(label);
    }
}

#[cfg(test)]
mod tests;
