//! The bytes of what is kept: every field in order, nothing optional, nothing
//! tagged. Bytes that are not what was written give nothing.

use assay_finding::{
    Attribution, Category, Confidence, Directive, DirectiveScope, DirectiveTarget, Edit, Finding,
    Fingerprint, Fix, FixSafety, Frame, FrameLine, Identity, Location, Measure, PlacedDirective,
    Related, RuleId, RulePattern, Severity, State, Suppressed, SuppressedBy,
};
use assay_rules::{Signature, Surface, SurfaceItem, SurfaceParameter};
use assay_source::{Position, RepoPath, Span};
use assay_syntax::{Halstead, Language, Lines, Metrics, language_by_name};
use jiff::civil::Date;

use super::Followed;
use crate::metrics::{Measured, MeasuredFunction};
use crate::version::Seen;

/// Turns a value into bytes.
pub(crate) fn encode<T: Wire>(value: &T) -> Vec<u8> {
    let mut out = Vec::new();
    value.put(&mut out);
    out
}

/// Turns bytes into a value; none when they are not what [`encode`] writes.
pub(crate) fn decode<T: Wire>(mut bytes: &[u8]) -> Option<T> {
    let value = T::take(&mut bytes)?;
    bytes.is_empty().then_some(value)
}

/// What can be written and read back.
pub(crate) trait Wire: Sized {
    fn put(&self, out: &mut Vec<u8>);
    fn take(input: &mut &[u8]) -> Option<Self>;
}

impl Wire for u32 {
    fn put(&self, out: &mut Vec<u8>) {
        let mut rest = *self;
        while rest >= 0x80 {
            out.push(rest as u8 | 0x80);
            rest >>= 7;
        }
        out.push(rest as u8);
    }

    fn take(input: &mut &[u8]) -> Option<Self> {
        let mut value = 0_u32;
        for shift in (0..35).step_by(7) {
            let (&byte, rest) = input.split_first()?;
            *input = rest;
            value |= u32::from(byte & 0x7f).checked_shl(shift)?;
            if byte < 0x80 {
                return Some(value);
            }
        }
        None
    }
}

impl Wire for bool {
    fn put(&self, out: &mut Vec<u8>) {
        out.push(u8::from(*self));
    }

    fn take(input: &mut &[u8]) -> Option<Self> {
        match u32::take(input)? {
            0 => Some(false),
            1 => Some(true),
            _ => None,
        }
    }
}

impl Wire for f64 {
    fn put(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.to_bits().to_le_bytes());
    }

    fn take(input: &mut &[u8]) -> Option<Self> {
        let (bits, rest) = input.split_first_chunk::<8>()?;
        *input = rest;
        Some(Self::from_bits(u64::from_le_bytes(*bits)))
    }
}

fn put_bytes(bytes: &[u8], out: &mut Vec<u8>) {
    (bytes.len() as u32).put(out);
    out.extend_from_slice(bytes);
}

fn take_bytes<'i>(input: &mut &'i [u8]) -> Option<&'i [u8]> {
    let length = u32::take(input)? as usize;
    let (bytes, rest) = input.split_at_checked(length)?;
    *input = rest;
    Some(bytes)
}

fn take_text<'i>(input: &mut &'i [u8]) -> Option<&'i str> {
    std::str::from_utf8(take_bytes(input)?).ok()
}

impl Wire for String {
    fn put(&self, out: &mut Vec<u8>) {
        put_bytes(self.as_bytes(), out);
    }

    fn take(input: &mut &[u8]) -> Option<Self> {
        Some(take_text(input)?.to_owned())
    }
}

impl<T: Wire> Wire for Option<T> {
    fn put(&self, out: &mut Vec<u8>) {
        self.is_some().put(out);
        if let Some(value) = self {
            value.put(out);
        }
    }

    fn take(input: &mut &[u8]) -> Option<Self> {
        match bool::take(input)? {
            true => Some(Some(T::take(input)?)),
            false => Some(None),
        }
    }
}

impl<T: Wire> Wire for Vec<T> {
    fn put(&self, out: &mut Vec<u8>) {
        (self.len() as u32).put(out);
        for value in self {
            value.put(out);
        }
    }

    fn take(input: &mut &[u8]) -> Option<Self> {
        let count = u32::take(input)? as usize;
        // Each value takes a byte at least: a count beyond that is damage.
        let mut values = Self::with_capacity(count.min(input.len()));
        for _ in 0..count {
            values.push(T::take(input)?);
        }
        Some(values)
    }
}

impl<A: Wire, B: Wire> Wire for (A, B) {
    fn put(&self, out: &mut Vec<u8>) {
        self.0.put(out);
        self.1.put(out);
    }

    fn take(input: &mut &[u8]) -> Option<Self> {
        Some((A::take(input)?, B::take(input)?))
    }
}

/// Values that are written as their text and read back from it.
macro_rules! as_text {
    ($($name:ty: $write:expr, $read:expr;)+) => {$(
        impl Wire for $name {
            fn put(&self, out: &mut Vec<u8>) {
                let write: fn(&Self) -> String = $write;
                write(self).put(out);
            }

            fn take(input: &mut &[u8]) -> Option<Self> {
                let read: fn(&str) -> Option<Self> = $read;
                read(take_text(input)?)
            }
        }
    )+};
}

as_text! {
    Identity: |value| value.to_string(), Self::from_hex;
    Fingerprint: |value| value.to_string(), Self::from_hex;
    RuleId: |value| value.as_str().to_owned(), |text| Some(Self::new(text));
    RulePattern: |value| value.to_string(), Self::parse;
    Date: |value| value.to_string(), |text| text.parse().ok();
    &'static Language: |value| value.id().as_str().to_owned(), language_by_name;
    Severity: |value| value.as_str().to_owned(), Self::from_name;
    Confidence: |value| value.as_str().to_owned(), Self::from_name;
    Category: |value| value.as_str().to_owned(), Self::from_name;
    State: |value| value.as_str().to_owned(), Self::from_name;
    SuppressedBy: |value| value.as_str().to_owned(), Self::from_name;
}

impl Wire for RepoPath {
    fn put(&self, out: &mut Vec<u8>) {
        put_bytes(self.as_bytes(), out);
    }

    fn take(input: &mut &[u8]) -> Option<Self> {
        Some(Self::from_bytes(take_bytes(input)?))
    }
}

/// Enums without values, by their number.
macro_rules! as_number {
    ($($name:ty: [$($variant:ident)+];)+) => {$(
        impl Wire for $name {
            fn put(&self, out: &mut Vec<u8>) {
                let all = [$(Self::$variant),+];
                let at = all.iter().position(|one| one == self);
                (at.expect("all variants are listed") as u32).put(out);
            }

            fn take(input: &mut &[u8]) -> Option<Self> {
                [$(Self::$variant),+].into_iter().nth(u32::take(input)? as usize)
            }
        }
    )+};
}

as_number! {
    FixSafety: [Safe Unsafe];
    DirectiveScope: [Line NextLine File];
}

impl Wire for DirectiveTarget {
    fn put(&self, out: &mut Vec<u8>) {
        let line = match self {
            Self::Line(line) => Some(*line),
            Self::File => None,
        };
        line.put(out);
    }

    fn take(input: &mut &[u8]) -> Option<Self> {
        let line = <Option<u32> as Wire>::take(input)?;
        Some(line.map_or(Self::File, Self::Line))
    }
}

impl Wire for std::ops::Range<usize> {
    fn put(&self, out: &mut Vec<u8>) {
        (self.start as u32, self.end as u32).put(out);
    }

    fn take(input: &mut &[u8]) -> Option<Self> {
        let (start, end) = <(u32, u32)>::take(input)?;
        Some(start as usize..end as usize)
    }
}

/// Structs, field by field.
macro_rules! as_fields {
    ($($name:ty { $($field:ident)+ })+) => {$(
        impl Wire for $name {
            fn put(&self, out: &mut Vec<u8>) {
                $(self.$field.put(out);)+
            }

            fn take(input: &mut &[u8]) -> Option<Self> {
                $(let $field = Wire::take(input)?;)+
                Some(Self { $($field),+ })
            }
        }
    )+};
}

as_fields! {
    Span { start end }
    Position { line column }
    Location { path span start end }
    Related { location message frame }
    Frame { lines }
    FrameLine { number span text changed }
    Measure { metric value threshold base }
    Suppressed { by reason until }
    Edit { span text }
    Fix { title safety edits }
    Attribution { tool rule url }
    Finding {
        rule severity confidence category message location related measure symbol identity alias
        tools fingerprint state suppressed fix frame
    }
    Directive { scope rules until reason range }
    PlacedDirective { path target directive }
    Lines { physical source comment blank }
    Halstead { operators_distinct operands_distinct operators operands }
    Metrics {
        cyclomatic cognitive nesting parameters exits statements functions classes lines halstead
        maintainability
    }
    MeasuredFunction { name first_line last_line metrics }
    Measured { file functions }
    SurfaceParameter { name type_text default is_variadic }
    Signature { parameters result throws raises by_name is_typed }
    Surface { items names handed_on is_open }
    Seen {
        language is_parsed not_understood doubts measured findings directives notes secrets surface
        flow
    }
    Followed { findings cleared notes }
}

/// What a public name can be; another word is not read back.
const SURFACE_KINDS: [&str; 18] = [
    "function",
    "method",
    "constructor",
    "lambda",
    "signature",
    "class",
    "module",
    "field",
    "interface",
    "trait",
    "enumeration",
    "structure",
    "export",
    "member",
    "type",
    "enumeration member",
    "interface method",
    "variant",
];

impl Wire for SurfaceItem {
    fn put(&self, out: &mut Vec<u8>) {
        put_bytes(self.kind.as_bytes(), out);
        self.name.put(out);
        self.owner.put(out);
        self.is_required.put(out);
        self.signature.put(out);
        self.heritage.put(out);
        self.is_complete.put(out);
        self.is_deprecated.put(out);
        self.span.put(out);
    }

    fn take(input: &mut &[u8]) -> Option<Self> {
        let kind = take_text(input)?;
        Some(Self {
            kind: SURFACE_KINDS.into_iter().find(|known| *known == kind)?,
            name: Wire::take(input)?,
            owner: Wire::take(input)?,
            is_required: Wire::take(input)?,
            signature: Wire::take(input)?,
            heritage: Wire::take(input)?,
            is_complete: Wire::take(input)?,
            is_deprecated: Wire::take(input)?,
            span: Wire::take(input)?,
        })
    }
}
