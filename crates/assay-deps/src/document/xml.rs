//! XML with places: elements with their attributes, text and children.

use std::borrow::Cow;

use assay_source::Span;
use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

use super::{DEPTH_MAX, Flaw, span};

/// An element and where it stands, from its opening tag to its closing one.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Element {
    /// The name without its prefix.
    pub(crate) name: String,
    pub(crate) attributes: Vec<(String, String)>,
    /// The text directly inside, trimmed.
    pub(crate) text: String,
    pub(crate) children: Vec<Element>,
    pub(crate) span: Span,
}

impl Element {
    /// Returns the first child with the name.
    pub(crate) fn child(&self, name: &str) -> Option<&Element> {
        self.children.iter().find(|child| child.name == name)
    }

    /// Returns the children with the name.
    pub(crate) fn children_of<'s>(&'s self, name: &'s str) -> impl Iterator<Item = &'s Element> {
        self.children.iter().filter(move |child| child.name == name)
    }

    /// Returns the element at the end of a path of names.
    pub(crate) fn at(&self, path: &[&str]) -> Option<&Element> {
        path.iter()
            .try_fold(self, |element, name| element.child(name))
    }

    /// Returns the text of the first child with the name, if it has any.
    pub(crate) fn text_of(&self, name: &str) -> Option<&str> {
        self.child(name)
            .map(|child| child.text.as_str())
            .filter(|text| !text.is_empty())
    }

    /// Returns an attribute, whatever the case of its name: MSBuild ignores it.
    pub(crate) fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes
            .iter()
            .find(|(key, _)| key.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }
}

/// Parses a text into its root element; after a fault the tree holds what came
/// before it. Entities other than the five of XML itself are kept as written:
/// nothing is fetched and nothing is expanded.
pub(crate) fn parse_xml(text: &str) -> (Element, Option<Flaw>) {
    let mut reader = Reader::from_str(text);
    reader.config_mut().check_end_names = true;
    let mut builder = Builder::default();
    loop {
        let before = position(&reader);
        match reader.read_event() {
            Ok(Event::Start(tag)) => {
                if builder.open.len() == DEPTH_MAX {
                    builder.flaw = Some(Flaw::new(before, "elements are nested too deep"));
                    break;
                }
                builder.open.push(element(&tag, before));
            }
            Ok(Event::Empty(tag)) => {
                builder.open.push(element(&tag, before));
                builder.close(position(&reader));
            }
            Ok(Event::End(_)) => builder.close(position(&reader)),
            Ok(Event::Text(inner)) => builder.text(&inner.decode().unwrap_or_default()),
            Ok(Event::CData(inner)) => builder.text(&inner.decode().unwrap_or_default()),
            Ok(Event::GeneralRef(name)) => {
                let name = name.decode().unwrap_or_default();
                builder.text(&entity(&name));
            }
            Ok(Event::Eof) => break,
            Ok(_) => {}
            Err(error) => {
                let at = usize::try_from(reader.error_position()).unwrap_or(before);
                builder.flaw = Some(Flaw::new(at.min(text.len()), error.to_string()));
                break;
            }
        }
    }
    builder.finish(text)
}

fn position(reader: &Reader<&[u8]>) -> usize {
    usize::try_from(reader.buffer_position()).unwrap_or(usize::MAX)
}

#[derive(Default)]
struct Builder {
    open: Vec<Element>,
    root: Option<Element>,
    flaw: Option<Flaw>,
}

impl Builder {
    fn text(&mut self, text: &str) {
        if let Some(element) = self.open.last_mut() {
            element.text.push_str(text);
        }
    }

    fn close(&mut self, end: usize) {
        let Some(mut element) = self.open.pop() else {
            return;
        };
        element.span = span(element.span.start as usize, end);
        let trimmed = element.text.trim();
        if trimmed.len() != element.text.len() {
            element.text = trimmed.to_owned();
        }
        match self.open.last_mut() {
            Some(parent) => parent.children.push(element),
            None => {
                self.root.get_or_insert(element);
            }
        }
    }

    fn finish(mut self, text: &str) -> (Element, Option<Flaw>) {
        if let Some(element) = self.open.last()
            && self.flaw.is_none()
        {
            let message = format!("the element `{}` is not closed", element.name);
            self.flaw = Some(Flaw::new(element.span.start as usize, message));
        }
        while !self.open.is_empty() {
            self.close(text.len());
        }
        let flaw = match (&self.root, self.flaw) {
            (None, None) => Some(Flaw::new(0, "there is no XML element")),
            (_, flaw) => flaw,
        };
        (self.root.unwrap_or_default(), flaw)
    }
}

fn element(tag: &BytesStart<'_>, start: usize) -> Element {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Element {
        name: text(tag.local_name().as_ref()),
        attributes: tag
            .attributes()
            .with_checks(false)
            .flatten()
            .map(|attribute| {
                let value = attribute
                    .unescape_value()
                    .map_or_else(|_| text(&attribute.value), Cow::into_owned);
                (text(attribute.key.local_name().as_ref()), value)
            })
            .collect(),
        span: span(start, start),
        ..Element::default()
    }
}

fn entity(name: &str) -> String {
    let number = name.strip_prefix('#').and_then(|digits| {
        let code = match digits.strip_prefix(['x', 'X']) {
            Some(hex) => u32::from_str_radix(hex, 16),
            None => digits.parse(),
        };
        code.ok().and_then(char::from_u32)
    });
    match (name, number) {
        (_, Some(c)) => c.to_string(),
        ("amp", _) => "&".to_owned(),
        ("lt", _) => "<".to_owned(),
        ("gt", _) => ">".to_owned(),
        ("quot", _) => "\"".to_owned(),
        ("apos", _) => "'".to_owned(),
        _ => format!("&{name};"),
    }
}

#[cfg(test)]
mod tests {
    use super::parse_xml;

    #[test]
    fn elements_know_their_places() {
        let text = "<?xml version='1.0'?>\n<p xmlns:x='y'>\n <x:d A=\"1 &amp; 2\"/>\n <v> a &lt;b </v>\n</p>\n";
        let (root, flaw) = parse_xml(text);
        assert_eq!(flaw, None);
        let empty = root.child("d").unwrap();
        assert_eq!(empty.attribute("a"), Some("1 & 2"));
        assert_eq!(&text[empty.span.range()], "<x:d A=\"1 &amp; 2\"/>");
        assert_eq!(root.text_of("v"), Some("a <b"));
        assert_eq!(
            &text[root.child("v").unwrap().span.range()],
            "<v> a &lt;b </v>"
        );
    }

    #[test]
    fn a_fault_keeps_what_came_before_it() {
        for (text, children) in [
            ("<p><a>1</a><b>", 2),
            ("<p><a>1</a></q>", 1),
            ("<p><a>1</a", 1),
            ("", 0),
            ("no xml", 0),
        ] {
            let (root, flaw) = parse_xml(text);
            assert!(flaw.is_some(), "{text}");
            assert_eq!(root.children.len(), children, "{text}");
        }
        let (_, flaw) = parse_xml(&"<a>".repeat(10_000));
        assert!(flaw.unwrap().message.contains("too deep"));
    }

    #[test]
    fn entities_of_the_text_are_not_expanded() {
        let text = "<!DOCTYPE p [<!ENTITY a 'b'>]><p><v>&a;</v></p>";
        let (root, _) = parse_xml(text);
        assert_eq!(root.text_of("v"), Some("&a;"));
    }
}
