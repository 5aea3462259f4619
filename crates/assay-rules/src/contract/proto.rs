//! Protocol Buffers: what was written with the old numbers and types must mean
//! the same with the new ones.
//!
//! The rules are those of the language guide's chapter on updating a message
//! type: numbers are for ever, some types share their form on the wire.

use std::collections::BTreeMap;

use assay_finding::{Confidence, Severity};
use assay_source::Span;
use assay_syntax::{NodeRef, SyntaxTree};

use super::{CHANGED, Losses, REMOVED, REUSED, STRICTER, UNRESERVED, WEAKER};

/// Messages within messages.
const NESTED_MAX: usize = 32;
/// The highest number that a field can have, for `max`.
const NUMBER_MAX: i64 = 536_870_911;

/// Scalar types that may be read where the other was written.
const ALIKE: &[&[&str]] = &[
    &["int32", "uint32", "int64", "uint64", "bool"],
    &["sint32", "sint64"],
    &["string", "bytes"],
    &["fixed32", "sfixed32"],
    &["fixed64", "sfixed64"],
];
const SCALARS: &[&str] = &[
    "double", "float", "int32", "int64", "uint32", "uint64", "sint32", "sint64", "fixed32",
    "fixed64", "sfixed32", "sfixed64", "bool", "string", "bytes",
];

#[derive(Default)]
struct File<'t> {
    package: Option<(&'t str, Span)>,
    messages: BTreeMap<String, Message<'t>>,
    enums: BTreeMap<String, Enumeration<'t>>,
    services: BTreeMap<&'t str, Service<'t>>,
}

struct Message<'t> {
    span: Span,
    fields: BTreeMap<i64, Field<'t>>,
    reserved: Reserved,
}

struct Field<'t> {
    name: &'t str,
    type_text: String,
    label: Label,
    /// The group of which one field at most is set.
    one_of: Option<&'t str>,
    is_deprecated: bool,
    span: Span,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Label {
    Single,
    Required,
    Repeated,
}

/// Numbers that nothing may have, first and last.
#[derive(Default)]
struct Reserved(Vec<(i64, i64)>);

struct Enumeration<'t> {
    span: Span,
    values: BTreeMap<&'t str, (i64, Span)>,
    reserved: Reserved,
}

struct Service<'t> {
    span: Span,
    methods: BTreeMap<&'t str, Method<'t>>,
}

struct Method<'t> {
    span: Span,
    /// The request and the response: type, and whether it is a stream.
    sides: [(&'t str, bool); 2],
    is_deprecated: bool,
}

/// Compares two files.
pub(super) fn compare(old: &SyntaxTree, new: &SyntaxTree, losses: &mut Losses) {
    let (before, after) = (read(old), read(new));
    losses.declares = after
        .messages
        .keys()
        .chain(after.enums.keys())
        .cloned()
        .chain(after.services.keys().map(|name| (*name).to_owned()))
        .collect();
    if let (Some((was, base)), Some((now, head))) = (before.package, after.package)
        && was != now
    {
        let detail = format!("is no longer the package: it is `{now}` now");
        losses.add(REMOVED, was, detail, Some(base), Some(head));
        return;
    }
    let first = losses.found.len();
    for (name, was) in &before.messages {
        match after.messages.get(name) {
            Some(now) => messages(name, was, now, losses),
            None => gone(name, was.span, &after.messages, losses),
        }
    }
    for (name, was) in &before.enums {
        match after.enums.get(name) {
            Some(now) => enums(name, was, now, losses),
            None => gone(name, was.span, &after.messages, losses),
        }
    }
    for (name, was) in &before.services {
        match after.services.get(name) {
            Some(now) => services(name, was, now, losses),
            None => {
                let loss = losses.add(REMOVED, *name, "is gone", Some(was.span), None);
                loss.moves_as(name);
            }
        }
    }
    let package = before.package.map_or("", |(name, _)| name);
    let is_doubtful = new.errors().len() > old.errors().len();
    if is_unstable(package) || is_doubtful {
        for loss in &mut losses.found[first..] {
            loss.confidence(Confidence::Low);
        }
    }
}

/// `v1alpha1` and its like say that they may change.
fn is_unstable(package: &str) -> bool {
    package
        .split('.')
        .any(|part| part.starts_with('v') && (part.contains("alpha") || part.contains("beta")))
}

fn gone(name: &str, span: Span, after: &BTreeMap<String, Message<'_>>, losses: &mut Losses) {
    // What went with the message around it is told with that.
    if let Some((around, _)) = name.rsplit_once('.')
        && !after.contains_key(around)
    {
        return;
    }
    losses
        .add(REMOVED, name, "is gone", Some(span), None)
        .moves_as(name);
}

impl Reserved {
    fn has(&self, number: i64) -> bool {
        self.0
            .iter()
            .any(|(first, last)| (*first..=*last).contains(&number))
    }
}

fn messages(message: &str, was: &Message<'_>, now: &Message<'_>, losses: &mut Losses) {
    for (number, one) in &was.fields {
        let shown = format!("{message}.{}", one.name);
        let elsewhere = now.fields.iter().find(|(_, other)| other.name == one.name);
        match now.fields.get(number) {
            Some(other) => field(&shown, *number, one, other, was, now, losses),
            None => match elsewhere {
                Some((other_number, other)) => {
                    let detail = format!("has the number {other_number} and had {number}");
                    losses.add(REUSED, shown, detail, Some(one.span), Some(other.span));
                }
                None if now.reserved.has(*number) => {}
                None => {
                    let detail = format!(
                        "is gone, and its number {number} is not reserved: a new field may take it"
                    );
                    let loss = losses.add(UNRESERVED, shown, detail, Some(one.span), None);
                    if one.is_deprecated {
                        loss.severity(Severity::Low);
                    }
                }
            },
        }
    }
    for (number, other) in &now.fields {
        if was.fields.contains_key(number) {
            continue;
        }
        let shown = format!("{message}.{}", other.name);
        if was.reserved.has(*number) {
            let detail = format!("takes the number {number}, which was reserved");
            losses.add(REUSED, shown, detail, None, Some(other.span));
        } else if other.label == Label::Required {
            losses.add(
                STRICTER,
                shown,
                "is new and required",
                None,
                Some(other.span),
            );
        }
    }
}

fn field(
    shown: &str,
    number: i64,
    was: &Field<'_>,
    now: &Field<'_>,
    before: &Message<'_>,
    after: &Message<'_>,
    losses: &mut Losses,
) {
    let places = (Some(was.span), Some(now.span));
    let alike = how_alike(&was.type_text, &now.type_text);
    if was.name != now.name {
        let is_other = alike == Alike::No
            || after.fields.values().any(|other| other.name == was.name)
            || before.fields.values().any(|other| other.name == now.name);
        if is_other {
            let detail = format!(
                "gave its number {number} to `{}`: what was written as the one is read as the other",
                now.name
            );
            losses.add(REUSED, shown, detail, places.0, places.1);
        } else {
            let detail = format!(
                "is called `{}` now: JSON and generated code know it by its name",
                now.name
            );
            losses
                .add(REMOVED, shown, detail, places.0, places.1)
                .severity(Severity::Low);
        }
        return;
    }
    if alike != Alike::Same {
        let detail = format!("is `{}` and was `{}`", now.type_text, was.type_text);
        let loss = losses.add(CHANGED, shown, detail, places.0, places.1);
        loss.severity(match alike {
            Alike::OnWire => Severity::Low,
            _ => Severity::High,
        });
        return;
    }
    match (was.label, now.label) {
        (Label::Repeated, Label::Repeated) => {}
        (Label::Repeated, _) | (_, Label::Repeated) => {
            let word = |label| match label {
                Label::Repeated => "repeated",
                _ => "single",
            };
            let detail = format!("is {} and was {}", word(now.label), word(was.label));
            losses.add(CHANGED, shown, detail, places.0, places.1);
        }
        (Label::Single, Label::Required) => {
            let detail = "is required and was optional";
            losses.add(STRICTER, shown, detail, places.0, places.1);
        }
        (Label::Required, Label::Single) => {
            let detail =
                "is no longer always there: readers that demand it refuse what is written now";
            losses.add(WEAKER, shown, detail, places.0, places.1);
        }
        _ => {}
    }
    if let (None, Some(group)) = (was.one_of, now.one_of) {
        let in_group = |message: &Message<'_>| {
            let fields = message.fields.iter();
            let grouped = fields.filter(|(number, field)| {
                field.one_of == Some(group) && before.fields.contains_key(number)
            });
            grouped.count()
        };
        if in_group(after) > 1 {
            let detail =
                format!("is in `oneof {group}` now: setting another field of it clears this one");
            losses.add(CHANGED, shown, detail, places.0, places.1);
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Alike {
    Same,
    /// Another type in code, the same form on the wire.
    OnWire,
    No,
}

fn how_alike(was: &str, now: &str) -> Alike {
    if was == now {
        return Alike::Same;
    }
    let is_scalar = |name: &str| SCALARS.contains(&name);
    if !is_scalar(was) && !is_scalar(now) && !was.starts_with("map<") && !now.starts_with("map<") {
        // A name may be written with more or less of its package.
        let (was, now) = (was.trim_start_matches('.'), now.trim_start_matches('.'));
        let ends = |long: &str, short: &str| {
            long.strip_suffix(short)
                .is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
        };
        let last = |name: &'_ str| name.rsplit('.').next().unwrap_or_default().to_owned();
        return match (ends(was, now) || ends(now, was), last(was) == last(now)) {
            (true, _) => Alike::Same,
            // It moved to another package.
            (false, true) => Alike::OnWire,
            (false, false) => Alike::No,
        };
    }
    let alike = ALIKE
        .iter()
        .any(|group| group.contains(&was) && group.contains(&now));
    // An enumeration is written as a number, a message as bytes.
    let number = |name: &str| matches!(name, "int32" | "int64" | "uint32" | "uint64");
    let mixed = (is_scalar(was) != is_scalar(now))
        && (number(was) || number(now) || was == "bytes" || now == "bytes")
        && !was.starts_with("map<")
        && !now.starts_with("map<");
    match alike || mixed {
        true => Alike::OnWire,
        false => Alike::No,
    }
}

fn enums(name: &str, was: &Enumeration<'_>, now: &Enumeration<'_>, losses: &mut Losses) {
    for (value, (number, span)) in &was.values {
        let shown = format!("{name}.{value}");
        if let Some((other, at)) = now.values.get(value) {
            if other != number {
                let detail = format!("has the number {other} and had {number}");
                losses.add(REUSED, shown, detail, Some(*span), Some(*at));
            }
            continue;
        }
        let taken = now
            .values
            .iter()
            .find(|(_, (other, _))| other == number)
            .map(|(name, (_, span))| (*name, *span));
        let aliased = was.values.iter().any(|(other, (another, _))| {
            another == number && other != value && now.values.contains_key(other)
        });
        match taken {
            _ if aliased => {}
            Some((other, at)) => {
                let detail =
                    format!("is called `{other}` now: JSON and generated code know it by its name");
                losses
                    .add(REMOVED, shown, detail, Some(*span), Some(at))
                    .severity(Severity::Low);
            }
            None if now.reserved.has(*number) => {}
            None if *number == 0 => {
                let detail =
                    "is gone: nothing stands for 0, which is what is read when nothing was written";
                losses.add(REMOVED, shown, detail, Some(*span), None);
            }
            None => {
                let detail = format!(
                    "is gone, and its number {number} is not reserved: a new value may take it"
                );
                losses.add(UNRESERVED, shown, detail, Some(*span), None);
            }
        }
    }
}

fn services(name: &str, was: &Service<'_>, now: &Service<'_>, losses: &mut Losses) {
    for (method, one) in &was.methods {
        let shown = format!("{name}.{method}");
        let Some(other) = now.methods.get(method) else {
            let loss = losses.add(REMOVED, shown, "is gone", Some(one.span), None);
            if one.is_deprecated {
                loss.severity(Severity::Low).confidence(Confidence::Low);
            }
            continue;
        };
        for (side, word) in ["takes", "answers"].iter().enumerate() {
            let ((before, was_stream), (after, is_stream)) = (one.sides[side], other.sides[side]);
            if how_alike(before, after) != Alike::Same {
                let detail = format!("{word} `{after}` and {} `{before}`", past(word));
                losses.add(CHANGED, &shown, detail, Some(one.span), Some(other.span));
            } else if was_stream != is_stream {
                let count = |stream| if stream { "a stream" } else { "one message" };
                let detail = format!(
                    "{word} {} and {} {}",
                    count(is_stream),
                    past(word),
                    count(was_stream)
                );
                losses.add(CHANGED, &shown, detail, Some(one.span), Some(other.span));
            }
        }
    }
}

fn past(word: &str) -> &'static str {
    match word {
        "takes" => "took",
        _ => "answered",
    }
}

fn read(tree: &SyntaxTree) -> File<'_> {
    let mut file = File::default();
    for node in tree.root().named_children() {
        match node.kind() {
            "package" => {
                file.package = child_of(node, "full_ident").map(|name| (name.text(), name.span()));
            }
            "message" => read_message(node, "", &mut file, 0),
            "enum" => read_enum(node, "", &mut file),
            "service" => read_service(node, &mut file),
            _ => {}
        }
    }
    file
}

fn child_of<'t>(node: NodeRef<'t>, kind: &str) -> Option<NodeRef<'t>> {
    node.named_children().find(|child| child.kind() == kind)
}

fn within(around: &str, name: &str) -> String {
    match around {
        "" => name.to_owned(),
        around => format!("{around}.{name}"),
    }
}

fn read_message<'t>(node: NodeRef<'t>, around: &str, file: &mut File<'t>, depth: usize) {
    let (Some(name), Some(body)) = (
        child_of(node, "message_name"),
        child_of(node, "message_body"),
    ) else {
        return;
    };
    if depth > NESTED_MAX {
        return;
    }
    let whole = within(around, name.text());
    let mut message = Message {
        span: name.span(),
        fields: BTreeMap::new(),
        reserved: Reserved::default(),
    };
    for part in body.named_children() {
        match part.kind() {
            "field" | "map_field" => message.fields.extend(read_field(part, None)),
            "oneof" => {
                let group = child_of(part, "identifier").map(NodeRef::text);
                let fields = part
                    .named_children()
                    .filter(|field| field.kind() == "oneof_field");
                message
                    .fields
                    .extend(fields.filter_map(|field| read_field(field, group)));
            }
            "reserved" | "extensions" => read_reserved(part, &mut message.reserved),
            "message" | "group" => read_message(part, &whole, file, depth + 1),
            "enum" => read_enum(part, &whole, file),
            _ => {}
        }
    }
    file.messages.insert(whole, message);
}

fn read_field<'t>(node: NodeRef<'t>, one_of: Option<&'t str>) -> Option<(i64, Field<'t>)> {
    let name = child_of(node, "identifier")?;
    let number = number(child_of(node, "field_number")?.text())?;
    let type_text: String = match node.kind() {
        "map_field" => {
            let inner = [child_of(node, "key_type")?, child_of(node, "type")?];
            format!("map<{}, {}>", inner[0].text(), inner[1].text())
        }
        _ => child_of(node, "type")?.text().split_whitespace().collect(),
    };
    let label = node
        .children()
        .take_while(|child| child.kind() != "type")
        .find_map(|child| match child.text() {
            "repeated" => Some(Label::Repeated),
            "required" => Some(Label::Required),
            _ => None,
        });
    let options = child_of(node, "field_options");
    let is_deprecated = options.is_some_and(|list| {
        let text: String = list.text().split_whitespace().collect();
        text.contains("deprecated=true")
    });
    let field = Field {
        name: name.text(),
        type_text,
        label: label.unwrap_or(Label::Single),
        one_of,
        is_deprecated,
        span: name.span(),
    };
    Some((number, field))
}

fn read_reserved(node: NodeRef<'_>, reserved: &mut Reserved) {
    for part in node.subtree().filter(|part| part.kind() == "range") {
        let mut ends = part.named_children().filter_map(|end| number(end.text()));
        if let Some(first) = ends.next() {
            let last = match part.text().ends_with("max") {
                true => NUMBER_MAX,
                false => ends.next().unwrap_or(first),
            };
            reserved.0.push((first, last));
        }
    }
}

fn read_enum<'t>(node: NodeRef<'t>, around: &str, file: &mut File<'t>) {
    let (Some(name), Some(body)) = (child_of(node, "enum_name"), child_of(node, "enum_body"))
    else {
        return;
    };
    let mut found = Enumeration {
        span: name.span(),
        values: BTreeMap::new(),
        reserved: Reserved::default(),
    };
    for part in body.named_children() {
        match part.kind() {
            "enum_field" => {
                let value = child_of(part, "identifier");
                let digits =
                    child_of(part, "int_lit").and_then(|number_node| number(number_node.text()));
                let is_negative = part.children().any(|child| child.kind() == "-");
                if let (Some(value), Some(digits)) = (value, digits) {
                    let signed = if is_negative { -digits } else { digits };
                    found.values.insert(value.text(), (signed, value.span()));
                }
            }
            "reserved" => read_reserved(part, &mut found.reserved),
            _ => {}
        }
    }
    file.enums.insert(within(around, name.text()), found);
}

fn read_service<'t>(node: NodeRef<'t>, file: &mut File<'t>) {
    let Some(name) = child_of(node, "service_name") else {
        return;
    };
    let mut service = Service {
        span: name.span(),
        methods: BTreeMap::new(),
    };
    for rpc in node.named_children().filter(|part| part.kind() == "rpc") {
        let Some(method) = child_of(rpc, "rpc_name") else {
            continue;
        };
        let mut sides: Vec<(&str, bool)> = Vec::new();
        let mut is_stream = false;
        for part in rpc.children() {
            match part.kind() {
                "stream" => is_stream = true,
                "message_or_enum_type" => {
                    sides.push((part.text(), std::mem::take(&mut is_stream)));
                }
                _ => {}
            }
        }
        if let [request, response] = sides[..] {
            let options: String = rpc.text().split_whitespace().collect();
            let found = Method {
                span: method.span(),
                sides: [request, response],
                is_deprecated: options.contains("optiondeprecated=true"),
            };
            service.methods.insert(method.text(), found);
        }
    }
    file.services.insert(name.text(), service);
}

/// Reads a number of any base; none for what is none.
fn number(text: &str) -> Option<i64> {
    let text = text.trim();
    let (text, sign) = match text.strip_prefix('-') {
        Some(rest) => (rest.trim(), -1),
        None => (text, 1),
    };
    let value = match text.get(..2) {
        Some("0x" | "0X") => i64::from_str_radix(&text[2..], 16).ok()?,
        _ if text.len() > 1 && text.starts_with('0') => i64::from_str_radix(text, 8).ok()?,
        _ => text.parse().ok()?,
    };
    Some(value * sign)
}

#[cfg(test)]
mod tests {
    use super::{Alike, how_alike};

    #[test]
    fn types_are_alike_by_their_form_on_the_wire() {
        for (was, now, expected) in [
            ("Author", "shop.v1.Author", Alike::Same),
            ("shop.v1.Author", "people.v1.Author", Alike::OnWire),
            ("shop.v1.Author", "shop.v1.Writer", Alike::No),
            ("int32", "int64", Alike::OnWire),
            ("int32", "string", Alike::No),
        ] {
            assert_eq!(how_alike(was, now), expected, "{was} to {now}");
        }
    }
}
