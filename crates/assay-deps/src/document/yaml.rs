//! YAML with places, from the events of `granit-parser`. Aliases are replaced by
//! what they stand for, up to a limit; a second document in a text is ignored.

use std::borrow::Cow;
use std::collections::BTreeMap;

use granit_parser::{Event, Parser, ScalarStyle};

use super::{DEPTH_MAX, Entry, Flaw, Node, Value, span};

/// How many values aliases may add to a text: against the text of nine lines
/// that stands for a thousand million values.
const ALIAS_NODES_MAX: usize = 100_000;

/// Parses the first document of a text; after a fault the tree holds what came
/// before it.
pub(crate) fn parse_yaml(text: &str) -> (Node<'_>, Option<Flaw>) {
    let mut builder = Builder {
        text,
        open: Vec::new(),
        root: None,
        anchors: BTreeMap::new(),
        alias_nodes: 0,
        flaw: None,
    };
    for event in Parser::new_from_str(text) {
        match event {
            Ok((Event::DocumentEnd, _)) => break,
            Ok((event, place)) => {
                let range = place.byte_range().unwrap_or(0..0);
                builder.take(event, range);
                if builder.flaw.is_some() {
                    break;
                }
            }
            Err(error) => {
                let at = error.marker().byte_offset().unwrap_or(0).min(text.len());
                builder.flaw = Some(Flaw::new(at, error.info()));
                break;
            }
        }
    }
    builder.finish()
}

/// A list or a map that is not closed yet.
struct Open<'a> {
    start: usize,
    anchor: usize,
    value: Value<'a>,
    /// In a map, the key that waits for its value.
    key: Option<Node<'a>>,
}

struct Builder<'a> {
    text: &'a str,
    open: Vec<Open<'a>>,
    root: Option<Node<'a>>,
    anchors: BTreeMap<usize, Node<'a>>,
    alias_nodes: usize,
    flaw: Option<Flaw>,
}

impl<'a> Builder<'a> {
    fn take(&mut self, event: Event<'a>, range: std::ops::Range<usize>) {
        match event {
            Event::Scalar(text, style, anchor, _) => {
                let node = Node {
                    span: span(range.start, range.end),
                    value: scalar(text, style),
                };
                self.push(node, anchor);
            }
            Event::SequenceStart(_, anchor, _) => {
                self.begin(range.start, anchor, Value::List(Vec::new()));
            }
            Event::MappingStart(_, anchor, _) => {
                self.begin(range.start, anchor, Value::Map(Vec::new()));
            }
            Event::SequenceEnd | Event::MappingEnd => self.end(range.end),
            Event::Alias(anchor) => {
                let target = self.anchors.get(&anchor).cloned();
                let mut node = target.unwrap_or_else(|| Node::null(span(0, 0)));
                self.alias_nodes += count(&node);
                if self.alias_nodes > ALIAS_NODES_MAX {
                    self.flaw = Some(Flaw::new(range.start, "aliases stand for too many values"));
                    return;
                }
                node.span = span(range.start, range.end);
                self.push(node, 0);
            }
            _ => {}
        }
    }

    fn begin(&mut self, start: usize, anchor: usize, value: Value<'a>) {
        if self.open.len() == DEPTH_MAX {
            self.flaw = Some(Flaw::new(start, "lists and maps are nested too deep"));
            return;
        }
        self.open.push(Open {
            start,
            anchor,
            value,
            key: None,
        });
    }

    fn end(&mut self, end: usize) {
        let Some(open) = self.open.pop() else { return };
        // A block ends where the next one begins; the blanks between are nobody's.
        let end = end.min(self.text.len()).max(open.start);
        let inner = self.text.get(open.start..end).unwrap_or("");
        let node = Node {
            span: span(open.start, open.start + inner.trim_end().len()),
            value: open.value,
        };
        self.push(node, open.anchor);
    }

    fn push(&mut self, node: Node<'a>, anchor: usize) {
        if anchor != 0 {
            self.anchors.insert(anchor, node.clone());
        }
        let Some(open) = self.open.last_mut() else {
            self.root.get_or_insert(node);
            return;
        };
        match (&mut open.value, open.key.take()) {
            (Value::List(items), _) => items.push(node),
            (Value::Map(entries), Some(key)) => add(entries, key, node),
            (_, _) => open.key = Some(node),
        }
    }

    fn finish(mut self) -> (Node<'a>, Option<Flaw>) {
        while !self.open.is_empty() {
            self.end(self.text.len());
        }
        let root = self.root.unwrap_or_else(|| Node::null(span(0, 0)));
        (root, self.flaw)
    }
}

/// Adds an entry; `<<` merges the entries of another map below those here.
fn add<'a>(entries: &mut Vec<Entry<'a>>, key: Node<'a>, value: Node<'a>) {
    let key_span = key.span;
    let key = match key.value {
        Value::Text(text) | Value::Number(text) => text,
        Value::Bool(flag) => Cow::Borrowed(if flag { "true" } else { "false" }),
        _ => Cow::Borrowed(""),
    };
    if key == "<<" && value.is_map() {
        entries.splice(0..0, value.entries().to_vec());
        return;
    }
    entries.push(Entry {
        key,
        key_span,
        value,
    });
}

fn scalar(text: Cow<'_, str>, style: ScalarStyle) -> Value<'_> {
    if style != ScalarStyle::Plain {
        return Value::Text(text);
    }
    match &*text {
        "" | "~" | "null" | "Null" | "NULL" => Value::Null,
        "true" | "True" | "TRUE" => Value::Bool(true),
        "false" | "False" | "FALSE" => Value::Bool(false),
        // Numbers stay text: `1.10` is a version and must keep its last digit.
        _ => Value::Text(text),
    }
}

fn count(node: &Node<'_>) -> usize {
    let items: usize = node.items().iter().map(count).sum();
    let entries: usize = node.entries().iter().map(|entry| count(&entry.value)).sum();
    1 + items + entries
}

#[cfg(test)]
mod tests {
    use super::parse_yaml;

    #[test]
    fn values_know_their_places() {
        let text = "a:\n  - uses: actions/checkout@v4 # x\n  - 'é': {v: 1.10}\nb: |\n  text\n";
        let (root, flaw) = parse_yaml(text);
        assert_eq!(flaw, None);
        let uses = root.get("a").unwrap().items()[0].entry("uses").unwrap();
        assert_eq!(&text[uses.span().range()], "uses: actions/checkout@v4");
        let inner = root.get("a").unwrap().items()[1].get("é").unwrap();
        assert_eq!(inner.text_of("v"), Some("1.10"));
        assert_eq!(&text[inner.span.range()], "{v: 1.10}");
        assert_eq!(root.text_of("b"), Some("text\n"));
    }

    #[test]
    fn aliases_and_merges_are_followed_up_to_a_limit() {
        let (root, flaw) = parse_yaml("x: &x {a: 1, b: 2}\ny:\n  <<: *x\n  b: 3\nz: *x\n");
        assert_eq!(flaw, None);
        let merged = root.get("y").unwrap();
        assert_eq!(
            (merged.text_of("a"), merged.text_of("b")),
            (Some("1"), Some("3"))
        );
        assert_eq!(root.at(&["z", "b"]).and_then(|n| n.scalar()), Some("2"));

        let mut bomb = String::from("a0: &a0 [1,1,1,1,1,1,1,1,1]\n");
        for i in 1..12 {
            let item = format!("*a{}", i - 1);
            bomb += &format!("a{i}: &a{i} [{}]\n", [item.as_str(); 9].join(","));
        }
        let (_, flaw) = parse_yaml(&bomb);
        assert!(flaw.unwrap().message.contains("aliases"));
    }

    #[test]
    fn a_fault_keeps_what_came_before_it() {
        let text = "a: 1\nb:\n  c: 2\n<<<<<<< HEAD\n  d: [\n";
        let (root, flaw) = parse_yaml(text);
        assert!(flaw.is_some());
        assert_eq!(root.text_of("a"), Some("1"));
        let (_, flaw) = parse_yaml(&"[".repeat(100_000));
        assert!(flaw.is_some());
    }
}
