//! A strict reader of the XML that the formats write: elements, attributes in
//! double quotes, text. It knows no comments, sections or entities of its own,
//! because nothing of the kind may appear.

/// An element with its attributes, as it opens.
#[derive(Debug)]
pub(crate) struct Element {
    /// The names of the elements around it, outermost first, and its own.
    pub(crate) path: Vec<String>,
    /// Its attributes.
    pub(crate) attributes: Vec<(String, String)>,
    /// The text directly in it.
    pub(crate) text: String,
}

impl Element {
    pub(crate) fn name(&self) -> &str {
        self.path.last().expect("an element has a name")
    }

    pub(crate) fn attribute(&self, name: &str) -> Option<&str> {
        let found = self.attributes.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }
}

/// Reads a document without its first line and returns its elements, or says
/// where it is not well formed.
pub(crate) fn elements(text: &str) -> Result<Vec<Element>, String> {
    let mut found: Vec<Element> = Vec::new();
    let mut open: Vec<usize> = Vec::new();
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        let at = text.len() - rest.len();
        let wrong = |what: &str| {
            Err(format!(
                "{what} at byte {at}: {:?}",
                rest.get(..40).unwrap_or(rest)
            ))
        };
        let Some(tag) = rest.strip_prefix('<') else {
            let end = rest.find('<').unwrap_or(rest.len());
            match open.last() {
                Some(&index) => found[index].text.push_str(&unescaped(&rest[..end])?),
                None if rest[..end].trim().is_empty() => {}
                None => return wrong("text outside the root"),
            }
            rest = &rest[end..];
            continue;
        };
        let Some((tag, after)) = tag.split_once('>') else {
            return wrong("open tag");
        };
        if let Some(name) = tag.strip_prefix('/') {
            match open.pop() {
                Some(index) if found[index].name() == name => {}
                _ => return wrong("end tag that fits nothing"),
            }
        } else {
            let (tag, is_empty) = tag
                .strip_suffix('/')
                .map_or((tag, false), |tag| (tag, true));
            if open.is_empty() && !found.is_empty() {
                return wrong("second root");
            }
            let element = element(tag, open.last().map(|&index| &found[index]))?;
            if !is_empty {
                open.push(found.len());
            }
            let is_style = element.name() == "style";
            found.push(element);
            if is_style {
                // Styles are ours and hold what is no markup.
                let Some((_, after)) = after.split_once("</style>") else {
                    return wrong("open style");
                };
                open.pop();
                rest = after;
                continue;
            }
        }
        rest = after;
    }
    if open.is_empty() {
        Ok(found)
    } else {
        Err("open elements at the end".to_owned())
    }
}

fn element(tag: &str, parent: Option<&Element>) -> Result<Element, String> {
    let is_name = |name: &str| {
        let is_part = |c: char| c.is_ascii_alphanumeric() || "-:".contains(c);
        !name.is_empty() && name.chars().all(is_part)
    };
    let (name, mut rest) = tag.split_at(tag.find(' ').unwrap_or(tag.len()));
    if !is_name(name) {
        return Err(format!("bad element name {name:?}"));
    }
    let mut path = parent.map(|parent| parent.path.clone()).unwrap_or_default();
    path.push(name.to_owned());
    let mut attributes: Vec<(String, String)> = Vec::new();
    while !rest.trim().is_empty() {
        rest = rest.trim_start();
        let parts = rest.split_once("=\"").and_then(|(name, rest)| {
            rest.split_once('"')
                .map(|(value, rest)| (name, value, rest))
        });
        let Some((name, value, after)) = parts else {
            return Err(format!("bad attribute in {tag:?}"));
        };
        if !is_name(name)
            || value.contains('<')
            || attributes.iter().any(|(known, _)| known == name)
        {
            return Err(format!("bad attribute {name:?} in {tag:?}"));
        }
        attributes.push((name.to_owned(), unescaped(value)?));
        rest = after;
    }
    Ok(Element {
        path,
        attributes,
        text: String::new(),
    })
}

/// Resolves the entities that may appear, and refuses characters that XML 1.0
/// cannot hold.
fn unescaped(text: &str) -> Result<String, String> {
    let is_bad = |c: char| {
        (c < ' ' && !"\n\t".contains(c))
            || matches!(c, '\u{7f}'..='\u{9f}' | '\u{fffe}' | '\u{ffff}')
    };
    if let Some(bad) = text.chars().find(|&c| is_bad(c)) {
        return Err(format!("character U+{:04X}", u32::from(bad)));
    }
    let mut out = String::new();
    let mut pieces = text.split('&');
    out.push_str(pieces.next().unwrap_or(""));
    for piece in pieces {
        let (name, rest) = piece
            .split_once(';')
            .ok_or_else(|| format!("open entity {piece:?}"))?;
        out.push(match name {
            "amp" => '&',
            "lt" => '<',
            "gt" => '>',
            "quot" => '"',
            "apos" | "#39" => '\'',
            "#10" => '\n',
            "#9" => '\t',
            _ => return Err(format!("entity {name:?}")),
        });
        out.push_str(rest);
    }
    Ok(out)
}
