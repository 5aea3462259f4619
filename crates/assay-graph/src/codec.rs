//! Facts as bytes and back: small numbers in few bytes, nothing but numbers and
//! one table of texts.
//!
//! Invariant: bytes that do not give valid facts give none. Every reference is
//! checked when it is read, so that nothing later has to doubt it.

use crate::extract::FACTS_VERSION;
use crate::facts::{
    Binding, Definition, DefinitionKind, Entry, EntryKind, Expression, ExpressionId, Facts, Import,
    ImportKind, LocalId, Parameter, Place, Usage, UsageKind, Visibility,
};
use crate::name::{Name, Names};

/// Turns facts into bytes.
pub fn encode(facts: &Facts) -> Vec<u8> {
    let mut out = Writer(Vec::with_capacity(
        facts.names.text.len() + facts.expressions.len() * 4,
    ));
    out.number(FACTS_VERSION);
    out.number(facts.names.ends.len() as u32);
    let mut before = 0;
    for &end in &facts.names.ends {
        out.number(end - before);
        before = end;
    }
    out.0.extend_from_slice(facts.names.text.as_bytes());
    for number in [facts.language.0, facts.package.0, facts.lines] {
        out.number(number);
    }
    out.number(facts.expressions.len() as u32);
    for expression in &facts.expressions {
        out.expression(*expression);
    }
    out.number(facts.definitions.len() as u32);
    for definition in &facts.definitions {
        out.definition(definition);
    }
    out.number(facts.parameters.len() as u32);
    for parameter in &facts.parameters {
        out.number(parameter.name.0);
        out.number(parameter.type_text.0);
        out.number(parameter.default_text.0);
        let flags = u32::from(parameter.is_variadic) | u32::from(parameter.is_optional) << 1;
        out.number(flags);
    }
    out.number(facts.supers.len() as u32);
    for parent in &facts.supers {
        out.number(parent.0);
    }
    out.number(facts.bindings.len() as u32);
    for binding in &facts.bindings {
        for number in [
            binding.scope.0,
            binding.name.0,
            binding.from,
            binding.value.0,
        ] {
            out.number(number);
        }
    }
    out.number(facts.usages.len() as u32);
    for usage in &facts.usages {
        out.number(usage.kind as u32);
        out.number(usage.target.0);
        out.number(usage.arguments);
        out.number(usage.given.0);
        out.number(usage.given.1 - usage.given.0);
        out.number(usage.within.0);
        out.place(usage.place);
    }
    out.number(facts.arguments.len() as u32);
    for argument in &facts.arguments {
        out.number(argument.0);
    }
    out.number(facts.imports.len() as u32);
    for import in &facts.imports {
        out.number(import.kind as u32 | u32::from(import.is_exported) << 4);
        for number in [
            import.module.0,
            import.item.0,
            import.alias.0,
            import.scope.0,
        ] {
            out.number(number);
        }
        out.place(import.place);
    }
    out.number(facts.entries.len() as u32);
    for entry in &facts.entries {
        out.number(entry.kind as u32);
        for number in [entry.label.0, entry.handler.0, entry.within.0] {
            out.number(number);
        }
        out.place(entry.place);
    }
    out.0
}

/// Turns bytes into facts; none when they are not what [`encode`] writes.
pub fn decode(bytes: &[u8]) -> Option<Facts> {
    let mut input = Reader { bytes, at: 0 };
    if input.number()? != FACTS_VERSION {
        return None;
    }
    let names = input.names()?;
    let name_count = names.ends.len() as u32;
    let mut facts = Facts {
        language: input.name(name_count)?,
        package: input.name(name_count)?,
        lines: input.number()?,
        names,
        expressions: Vec::new(),
        definitions: Vec::new(),
        parameters: Vec::new(),
        supers: Vec::new(),
        bindings: Vec::new(),
        usages: Vec::new(),
        arguments: Vec::new(),
        imports: Vec::new(),
        entries: Vec::new(),
    };
    let count = input.count()?;
    facts.expressions.reserve(count);
    let mut locals_max = 0;
    for index in 0..count as u32 {
        let expression = input.expression(index, name_count)?;
        if let Expression::Definition(local) = expression {
            locals_max = locals_max.max(local.0);
        }
        facts.expressions.push(expression);
    }
    let check = Check {
        names: name_count,
        expressions: count as u32,
    };
    let count = input.count()?;
    if count == 0 || locals_max >= count as u32 || facts.expressions.is_empty() {
        return None;
    }
    let locals = count as u32;
    facts.definitions.reserve(count);
    for index in 0..locals {
        facts.definitions.push(input.definition(index, check)?);
    }
    for _ in 0..input.count()? {
        let (name, type_text) = (input.name(name_count)?, input.name(name_count)?);
        let default_text = input.name(name_count)?;
        let flags = input.number()?;
        facts.parameters.push(Parameter {
            name,
            type_text,
            default_text,
            is_variadic: flags & 1 != 0,
            is_optional: flags & 2 != 0,
        });
    }
    for _ in 0..input.count()? {
        facts.supers.push(input.id(check)?);
    }
    for _ in 0..input.count()? {
        facts.bindings.push(Binding {
            scope: input.local(locals)?,
            name: input.name(name_count)?,
            from: input.number()?,
            value: input.id(check)?,
        });
    }
    let count = input.count()?;
    facts.usages.reserve(count);
    for _ in 0..count {
        facts.usages.push(Usage {
            kind: *[UsageKind::Call, UsageKind::New, UsageKind::Mention]
                .get(input.number()? as usize)?,
            target: input.id(check)?,
            arguments: input.number()?,
            given: input.range()?,
            within: input.local(locals)?,
            place: input.place()?,
        });
    }
    for _ in 0..input.count()? {
        facts.arguments.push(input.id(check)?);
    }
    for _ in 0..input.count()? {
        let kind = input.number()?;
        const KINDS: [ImportKind; 4] = [
            ImportKind::Module,
            ImportKind::Item,
            ImportKind::Wildcard,
            ImportKind::Part,
        ];
        facts.imports.push(Import {
            kind: *KINDS.get(kind as usize & 15)?,
            module: input.name(name_count)?,
            item: input.name(name_count)?,
            alias: input.name(name_count)?,
            scope: input.local(locals)?,
            is_exported: kind & 16 != 0,
            place: input.place()?,
        });
    }
    for _ in 0..input.count()? {
        facts.entries.push(Entry {
            kind: *[EntryKind::Route, EntryKind::Command, EntryKind::Job]
                .get(input.number()? as usize)?,
            label: input.name(name_count)?,
            handler: input.id(check)?,
            within: input.local(locals)?,
            place: input.place()?,
        });
    }
    (input.at == bytes.len()).then_some(facts)
}

struct Writer(Vec<u8>);

impl Writer {
    fn number(&mut self, mut number: u32) {
        while number >= 0x80 {
            self.0.push(number as u8 | 0x80);
            number >>= 7;
        }
        self.0.push(number as u8);
    }

    fn place(&mut self, place: Place) {
        self.number(place.start);
        self.number(place.line);
        self.number(place.column);
    }

    fn expression(&mut self, expression: Expression) {
        let (tag, first, second) = match expression {
            Expression::Unknown => (0, None, None),
            Expression::Literal => (1, None, None),
            Expression::Name(name) => (2, Some(name.0), None),
            Expression::Member(object, name) => (3, Some(object.0), Some(name.0)),
            Expression::Call(callee, count) => (4, Some(callee.0), Some(count)),
            Expression::New(written, count) => (5, Some(written.0), Some(count)),
            Expression::Instance(written) => (6, Some(written.0), None),
            Expression::Element(held) => (7, Some(held.0), None),
            Expression::Unwrap(held) => (8, Some(held.0), None),
            Expression::Generic(base, argument) => (9, Some(base.0), Some(argument.0)),
            Expression::This => (10, None, None),
            Expression::Super => (11, None, None),
            Expression::Module(module) => (12, Some(module.0), None),
            Expression::Definition(local) => (13, Some(local.0), None),
        };
        self.0.push(tag);
        for number in [first, second].into_iter().flatten() {
            self.number(number);
        }
    }

    fn definition(&mut self, definition: &Definition) {
        let flags = u32::from(definition.is_abstract)
            | u32::from(definition.is_static) << 1
            | u32::from(definition.is_test) << 2
            | (definition.visibility as u32) << 3
            | (definition.kind as u32) << 5;
        self.number(flags);
        for number in [
            definition.name.0,
            definition.container.0,
            definition.start,
            definition.end - definition.start,
            definition.last_line,
            definition.owner.0,
            definition.value.0,
            definition.type_text.0,
            definition.parameters.0,
            definition.parameters.1 - definition.parameters.0,
            definition.supers.0,
            definition.supers.1 - definition.supers.0,
        ] {
            self.number(number);
        }
        self.place(definition.place);
    }
}

#[derive(Clone, Copy)]
struct Check {
    names: u32,
    expressions: u32,
}

struct Reader<'b> {
    bytes: &'b [u8],
    at: usize,
}

impl Reader<'_> {
    fn byte(&mut self) -> Option<u8> {
        let byte = *self.bytes.get(self.at)?;
        self.at += 1;
        Some(byte)
    }

    fn number(&mut self) -> Option<u32> {
        let mut number = 0_u32;
        for shift in [0, 7, 14, 21, 28] {
            let byte = self.byte()?;
            number |= u32::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Some(number);
            }
        }
        None
    }

    /// Reads how many follow; each takes a byte at least.
    fn count(&mut self) -> Option<usize> {
        let count = self.number()? as usize;
        (count <= self.bytes.len() - self.at).then_some(count)
    }

    fn names(&mut self) -> Option<Names> {
        let count = self.count()?;
        let mut ends = Vec::with_capacity(count);
        let mut end = 0_u32;
        for _ in 0..count {
            end = end.checked_add(self.number()?)?;
            ends.push(end);
        }
        let text = self
            .bytes
            .get(self.at..self.at.checked_add(end as usize)?)?;
        let text = std::str::from_utf8(text).ok()?;
        self.at += end as usize;
        let begins = ends.first() == Some(&0);
        begins.then(|| Names {
            text: text.to_owned(),
            ends,
        })
    }

    fn name(&mut self, count: u32) -> Option<Name> {
        let number = self.number()?;
        (number < count).then_some(Name(number))
    }

    fn local(&mut self, count: u32) -> Option<LocalId> {
        let number = self.number()?;
        (number < count).then_some(LocalId(number))
    }

    fn range(&mut self) -> Option<(u32, u32)> {
        let start = self.number()?;
        Some((start, start.checked_add(self.number()?)?))
    }

    fn id(&mut self, check: Check) -> Option<ExpressionId> {
        let number = self.number()?;
        (number < check.expressions).then_some(ExpressionId(number))
    }

    fn place(&mut self) -> Option<Place> {
        Some(Place {
            start: self.number()?,
            line: self.number()?,
            column: self.number()?,
        })
    }

    /// Reads an expression; its parts must come before it.
    fn expression(&mut self, index: u32, names: u32) -> Option<Expression> {
        let before = Check {
            names,
            expressions: index,
        };
        Some(match self.byte()? {
            0 => Expression::Unknown,
            1 => Expression::Literal,
            2 => Expression::Name(self.name(names)?),
            3 => Expression::Member(self.id(before)?, self.name(names)?),
            4 => Expression::Call(self.id(before)?, self.number()?),
            5 => Expression::New(self.id(before)?, self.number()?),
            6 => Expression::Instance(self.id(before)?),
            7 => Expression::Element(self.id(before)?),
            8 => Expression::Unwrap(self.id(before)?),
            9 => Expression::Generic(self.id(before)?, self.id(before)?),
            10 => Expression::This,
            11 => Expression::Super,
            12 => Expression::Module(self.name(names)?),
            13 => Expression::Definition(LocalId(self.number()?)),
            _ => return None,
        })
    }

    fn definition(&mut self, index: u32, check: Check) -> Option<Definition> {
        let flags = self.number()?;
        let name = self.name(check.names)?;
        let container = self.local(index.max(1))?;
        let start = self.number()?;
        let end = start.checked_add(self.number()?)?;
        let last_line = self.number()?;
        let owner = self.id(check)?;
        let value = self.id(check)?;
        let type_text = self.name(check.names)?;
        let parameters = self.range()?;
        let supers = self.range()?;
        Some(Definition {
            kind: *DefinitionKind::ALL.get((flags >> 5) as usize)?,
            name,
            container,
            visibility: Visibility::ALL[(flags >> 3 & 3) as usize],
            is_abstract: flags & 1 != 0,
            is_static: flags & 2 != 0,
            is_test: flags & 4 != 0,
            start,
            end,
            last_line,
            place: self.place()?,
            owner,
            value,
            type_text,
            parameters,
            supers,
        })
    }
}
