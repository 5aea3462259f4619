//! TOML with places, on the `toml` crate's own parser, which goes on after a
//! fault.

use std::borrow::Cow;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::{DEPTH_MAX, Entry, Flaw, Node, Value, span};

/// Parses a text; after a fault the tree holds what could be read.
pub(crate) fn parse_toml(text: &str) -> (Node<'_>, Option<Flaw>) {
    let (table, errors) = DeTable::parse_recoverable(text);
    let mut flaw = errors.first().map(|error| {
        let at = error.span().map_or(0, |span| span.start);
        Flaw::new(at.min(text.len()), error.message())
    });
    let root = Node {
        span: span(0, text.len()),
        value: map(table.into_inner(), 1, &mut flaw),
    };
    (root, flaw)
}

fn map<'a>(table: DeTable<'a>, depth: usize, flaw: &mut Option<Flaw>) -> Value<'a> {
    let mut entries: Vec<Entry<'a>> = table
        .into_iter()
        .map(|(key, value)| Entry {
            key_span: span(key.span().start, key.span().end),
            value: node(value, depth, flaw),
            key: key.into_inner(),
        })
        .collect();
    // The table is sorted by key; readers want the order of the file.
    entries.sort_by_key(|entry| entry.key_span);
    Value::Map(entries)
}

fn node<'a>(value: Spanned<DeValue<'a>>, depth: usize, flaw: &mut Option<Flaw>) -> Node<'a> {
    let place = span(value.span().start, value.span().end);
    if depth == DEPTH_MAX {
        flaw.get_or_insert_with(|| {
            Flaw::new(
                place.start as usize,
                "tables and arrays are nested too deep",
            )
        });
        return Node::null(place);
    }
    let value = match value.into_inner() {
        DeValue::String(text) => Value::Text(text),
        DeValue::Integer(number) => Value::Number(Cow::Owned(number.to_string())),
        DeValue::Float(number) => Value::Number(Cow::Owned(number.to_string())),
        DeValue::Boolean(flag) => Value::Bool(flag),
        DeValue::Datetime(date) => Value::Number(Cow::Owned(date.to_string())),
        DeValue::Array(items) => Value::List(
            items
                .into_iter()
                .map(|item| node(item, depth + 1, flaw))
                .collect(),
        ),
        DeValue::Table(table) => map(table, depth + 1, flaw),
    };
    Node { span: place, value }
}

#[cfg(test)]
mod tests {
    use super::parse_toml;

    #[test]
    fn values_know_their_places_and_keep_their_order() {
        let text = "[z]\nname = \"b\"\n[a]\nserde = { version = '1' }\n[[p]]\nn = 1\n";
        let (root, flaw) = parse_toml(text);
        assert_eq!(flaw, None);
        let keys: Vec<_> = root.entries().iter().map(|entry| &*entry.key).collect();
        assert_eq!(keys, ["z", "a", "p"]);
        let entry = root.get("a").unwrap().entry("serde").unwrap();
        assert_eq!(&text[entry.span().range()], "serde = { version = '1' }");
        assert_eq!(root.get("p").unwrap().items()[0].text_of("n"), Some("1"));
    }

    #[test]
    fn a_fault_is_placed() {
        let (root, flaw) = parse_toml("a = 1\nb = \nc = 3\n");
        assert!((10..=11).contains(&flaw.unwrap().span.start));
        assert_eq!(root.text_of("a"), Some("1"));
        assert_eq!(root.text_of("c"), Some("3"));
    }
}
