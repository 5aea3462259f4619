//! Reads how a function is called from the text of its head.

use assay_syntax::{Field, NodeRef, Role, Symbol};

use super::raised::raised;
use super::{Signature, SurfaceParameter};

/// Words before a name that are no part of the result's type.
const MODIFIERS: &[&str] = &[
    "public",
    "protected",
    "private",
    "internal",
    "static",
    "final",
    "abstract",
    "synchronized",
    "native",
    "default",
    "virtual",
    "override",
    "async",
    "sealed",
    "extern",
    "inline",
    "constexpr",
    "explicit",
    "unsafe",
    "partial",
    "new",
    "strictfp",
    "readonly",
    "function",
    "fun",
    "func",
    "fn",
    "def",
    "pub",
    "open",
    "operator",
    "suspend",
    "export",
    "const",
];

/// Languages whose functions say the result before the name.
const TYPE_FIRST: &[&str] = &["java", "c", "cpp", "c-sharp"];
/// Languages in which what is written as a type must hold.
const TYPED: &[&str] = &[
    "java", "c", "cpp", "c-sharp", "go", "rust", "kotlin", "swift",
];
/// Languages in which a caller may name any parameter.
const BY_NAME: &[&str] = &["python", "kotlin", "c-sharp", "swift", "php"];

/// Reads the signature of a function.
pub(super) fn signature(node: NodeRef<'_>, symbol: &Symbol, language: &str) -> Signature {
    let parameters = node.parameters();
    let read = |(at, parameter): (usize, &NodeRef<'_>)| {
        let name = symbol.parameters.get(at).map_or("_", String::as_str);
        read_parameter(*parameter, name, language)
    };
    let (before, after) = around_name(node, symbol);
    let rest = after_parameters(after);
    let type_first = TYPE_FIRST.contains(&language);
    let mut stand_ins = StandIns::of(node, symbol, language);
    // Every method of Ruby takes a block, whether it names it or not.
    let is_block = |node: &NodeRef<'_>| language == "ruby" && node.text().starts_with('&');
    let mut parameters: Vec<SurfaceParameter> = parameters
        .iter()
        .enumerate()
        .filter(|(_, node)| !is_block(node))
        .map(read)
        .collect();
    for parameter in &mut parameters {
        parameter.type_text = stand_ins.put_in(&parameter.type_text);
    }
    let result = match type_first {
        true => result_before(before),
        false => result_after(rest, language),
    };
    Signature {
        parameters,
        result: result.map(|text| stand_ins.put_in(&text)),
        throws: throws(rest),
        raises: match language {
            "python" => raised(node),
            _ => Vec::new(),
        },
        by_name: BY_NAME.contains(&language),
        is_typed: TYPED.contains(&language),
    }
}

/// Names in a signature that stand for something else: what they are called
/// is nothing to callers.
struct StandIns {
    /// A name and what stands for it; none for a type parameter that was not met yet.
    names: Vec<(String, Option<String>)>,
    /// Type parameters that were met.
    met: usize,
    language: &'static str,
}

/// Classes around a member whose parameters are looked at.
const CLASSES_MAX: usize = 12;

impl StandIns {
    /// Collects the type parameters of a function and of the classes around it.
    fn of(node: NodeRef<'_>, symbol: &Symbol, language: &str) -> Self {
        let mut names = Vec::new();
        let around = std::iter::once(node).chain(node.ancestors().take(CLASSES_MAX));
        for node in around {
            let list = node
                .children()
                .find(|child| matches!(child.kind(), "type_parameters" | "type_parameter_list"));
            let Some(list) = list else { continue };
            for parameter in list.named_children() {
                let text = parameter.text().trim_start_matches(['\'', '@']);
                let name = text
                    .split(|c: char| !c.is_alphanumeric() && c != '_')
                    .next()
                    .unwrap_or(text);
                if !name.is_empty() && !names.iter().any(|(known, _)| known == name) {
                    names.push((name.to_owned(), None));
                }
            }
        }
        let owner = symbol.qualified_name.rsplit('.').nth(1);
        if let (Some(owner), "rust") = (owner, language) {
            names.push(("Self".to_owned(), Some(owner.to_owned())));
        }
        let language = match language {
            "rust" => "rust",
            "java" => "java",
            _ => "",
        };
        Self {
            names,
            met: 0,
            language,
        }
    }

    /// Returns what stands for a word. Type parameters are counted as they are met: it is
    /// nothing to callers whether the function or its class declares them.
    fn of_word<'w>(&'w mut self, word: &'w str) -> &'w str {
        let Some((_, stands_for)) = self.names.iter_mut().find(|(name, _)| name == word) else {
            return word;
        };
        let met = &mut self.met;
        stands_for.get_or_insert_with(|| {
            *met += 1;
            format!("type{met}")
        })
    }

    fn put_in(&mut self, text: &str) -> String {
        // `<T extends A> List<T>`: bounds are no part of the result.
        let text = match self.language {
            "java" if text.starts_with('<') => after_angles(text),
            _ => text,
        };
        let mut out = String::new();
        let mut rest = text;
        while let Some(c) = rest.chars().next() {
            let is_word = |c: char| c.is_alphanumeric() || c == '_';
            let length = rest.find(|c| !is_word(c)).unwrap_or(rest.len());
            if length == 0 {
                out.push(c);
                rest = &rest[c.len_utf8()..];
                continue;
            }
            let word = &rest[..length];
            rest = &rest[length..];
            out.push_str(self.of_word(word));
        }
        match self.language {
            "rust" => without_paths(&without_lifetimes(&out), "::"),
            "java" => without_paths(&out, "."),
            _ => out,
        }
    }
}

/// Returns what follows the angle brackets that a text begins with.
fn after_angles(text: &str) -> &str {
    let mut depth = 0i32;
    for (at, c) in text.char_indices() {
        match c {
            '<' => depth += 1,
            '>' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return text[at + 1..].trim_start();
        }
    }
    text
}

/// `&'a str` is `&str` to callers; layout has made a double quote of the mark.
fn without_lifetimes(text: &str) -> String {
    let mut parts = text.split('"');
    let mut out = parts.next().unwrap_or("").to_owned();
    for part in parts {
        let rest = part.trim_start_matches(|c: char| c.is_alphanumeric() || c == '_');
        out.push_str(rest.trim_start_matches([' ', ',']));
    }
    out.replace("<>", "")
}

/// A type may be written with more or less of where it is.
fn without_paths(text: &str, separator: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find(separator) {
        let before = &rest[..at];
        let kept = before.trim_end_matches(|c: char| c.is_alphanumeric() || c == '_');
        // `...` takes any number of values, and is no path.
        let end = rest.len() - rest[at..].trim_start_matches('.').len();
        let is_path = kept.len() < before.len() && (separator != "." || end == at + 1);
        let end = if is_path {
            at + separator.len()
        } else {
            end.max(at + separator.len())
        };
        out.push_str(if is_path { kept } else { &rest[..end] });
        rest = &rest[end..];
    }
    out.push_str(rest);
    out
}

/// Returns what a class says that it extends.
pub(super) fn heritage(node: NodeRef<'_>, symbol: &Symbol) -> String {
    plain(around_name(node, symbol).1)
}

/// Whether a part of a declaration is what it holds.
pub(super) fn is_body(child: NodeRef<'_>) -> bool {
    // Kotlin's bodies have neither a field nor, when they are an expression, a block.
    let of_kotlin = matches!(
        child.kind(),
        "function_body" | "class_body" | "enum_class_body"
    );
    of_kotlin || child.field() == Field::Body || child.has(Role::Block)
}

/// Returns the text of the head before and after the name.
fn around_name<'t>(node: NodeRef<'t>, symbol: &Symbol) -> (&'t str, &'t str) {
    let text = node.text();
    let start = node.span().start;
    let body = node
        .children()
        .find(|child| is_body(*child))
        .map_or(node.span().end, |body| body.span().start);
    let head = text.get(..(body - start) as usize).unwrap_or(text);
    let name = symbol.name_span.unwrap_or(symbol.span);
    if name.start < start {
        return ("", head);
    }
    let at = |place: u32| ((place - start) as usize).min(head.len());
    (
        head.get(..at(name.start)).unwrap_or(""),
        head.get(at(name.end)..).unwrap_or(""),
    )
}

/// Returns what follows the list of parameters.
fn after_parameters(text: &str) -> &str {
    let mut depth = 0i32;
    for (at, c) in text.char_indices() {
        match c {
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => {
                depth -= 1;
                if depth == 0 && c == ')' {
                    return &text[at + 1..];
                }
            }
            _ => {}
        }
    }
    ""
}

fn result_before(text: &str) -> Option<String> {
    let text = without_annotations(text);
    let lines = text
        .lines()
        .filter(|line| !line.trim_start().starts_with(['/', '*', '[', '#']));
    let words: Vec<&str> = lines
        .flat_map(str::split_whitespace)
        .filter(|word| !MODIFIERS.contains(word))
        .collect();
    let joined = plain(&words.join(" "));
    (!joined.is_empty()).then_some(joined)
}

/// Takes out `@Name` and `@Name(...)`.
fn without_annotations(text: &str) -> String {
    let mut out = String::new();
    let mut parts = text.split('@');
    out.push_str(parts.next().unwrap_or(""));
    for part in parts {
        let rest = part.trim_start_matches(|c: char| c.is_alphanumeric() || matches!(c, '_' | '.'));
        out.push(' ');
        match rest.strip_prefix('(') {
            Some(_) => out.push_str(after_parameters(rest)),
            None => out.push_str(rest),
        }
    }
    out
}

fn result_after(text: &str, language: &str) -> Option<String> {
    let text = text.trim().trim_end_matches(['{', ';', '=']).trim_end();
    let text = match language {
        "python" => text
            .strip_suffix(':')
            .unwrap_or(text)
            .trim()
            .strip_prefix("->")?,
        "rust" => without_bounds(text.strip_prefix("->")?),
        "swift" => text.split_once("->")?.1,
        "go" => text,
        _ => text.strip_prefix(':')?,
    };
    let text = plain(text);
    let text = if language == "go" {
        unnamed(&text)
    } else {
        text
    };
    (!text.is_empty()).then_some(text)
}

/// Returns what stands before the word `where`.
fn without_bounds(text: &str) -> &str {
    let is_apart = |at: usize| {
        let (before, after) = (&text[..at], &text[at + "where".len()..]);
        before.ends_with(char::is_whitespace) && after.starts_with(char::is_whitespace)
    };
    let found = text.match_indices("where").find(|(at, _)| is_apart(*at));
    found.map_or(text, |(at, _)| &text[..at])
}

/// Results of Go may have names, which nobody who calls sees: `(n int, err error)`.
fn unnamed(text: &str) -> String {
    let Some(inner) = text
        .strip_prefix('(')
        .and_then(|text| text.strip_suffix(')'))
    else {
        return text.to_owned();
    };
    let parts: Vec<&str> = inner.split(',').collect();
    let types: Vec<&str> = parts
        .iter()
        .filter_map(|part| Some(part.split_once(' ')?.1))
        .collect();
    match types.as_slice() {
        [] if parts.len() == 1 => inner.to_owned(),
        [one] if parts.len() == 1 => (*one).to_owned(),
        types if types.len() == parts.len() => format!("({})", types.join(",")),
        _ => text.to_owned(),
    }
}

fn throws(text: &str) -> Vec<String> {
    let Some((_, names)) = text.split_once("throws ") else {
        return Vec::new();
    };
    let names = names.trim().trim_end_matches([';', '{']);
    let mut names: Vec<String> = names
        .split(',')
        .map(plain)
        .filter(|name| !name.is_empty())
        .collect();
    names.sort_unstable();
    names
}

fn read_parameter(node: NodeRef<'_>, name: &str, language: &str) -> SurfaceParameter {
    let text = node.text().trim();
    let (declared, default) = match split_default(text) {
        Some((declared, default)) => (declared, Some(plain(default))),
        None => (text, None),
    };
    let is_variadic = match language {
        "python" | "ruby" => declared.starts_with('*'),
        "kotlin" => declared.starts_with("vararg "),
        "c-sharp" => declared.starts_with("params "),
        _ => declared.contains("..."),
    };
    let optional = matches!(language, "typescript" | "tsx")
        && declared
            .split(':')
            .next()
            .is_some_and(|name| name.trim().ends_with('?'));
    let default = default.or_else(|| optional.then(String::new));
    let default = match language {
        // `name:` is a required keyword, `name: 1` has a default.
        "ruby" => default.or_else(|| {
            let (_, value) = declared.split_once(':')?;
            (!value.trim().is_empty()).then(|| plain(value))
        }),
        _ => default,
    };
    SurfaceParameter {
        name: name.trim_start_matches(['*', '&']).to_owned(),
        type_text: type_of(declared, name, language),
        default,
        is_variadic: is_variadic || declared.starts_with("**"),
    }
}

/// Splits at the `=` that gives a default: not `==`, `=>`, and none in brackets.
pub(super) fn split_default(text: &str) -> Option<(&str, &str)> {
    let bytes = text.as_bytes();
    let mut depth = 0i32;
    for (at, &byte) in bytes.iter().enumerate() {
        match byte {
            b'(' | b'[' | b'{' => depth += 1,
            b')' | b']' | b'}' => depth -= 1,
            b'=' if depth == 0 => {
                let next = bytes.get(at + 1);
                let before = at.checked_sub(1).map(|before| bytes[before]);
                if next != Some(&b'>')
                    && next != Some(&b'=')
                    && !matches!(before, Some(b'=' | b'!' | b'<' | b'>'))
                {
                    return Some((&text[..at], &text[at + 1..]));
                }
            }
            _ => {}
        }
    }
    None
}

fn type_of(declared: &str, name: &str, language: &str) -> String {
    let text = match language {
        "python" | "rust" | "kotlin" | "swift" | "typescript" | "tsx" | "scala" => {
            declared.split_once(':').map_or("", |(_, text)| text)
        }
        // `String name`, `const char *name`, `name int`.
        _ => {
            let words = declared.replace("final ", "");
            let kept: Vec<&str> = words
                .split_whitespace()
                .filter(|word| !word.starts_with('@') || word.contains('('))
                .collect();
            let joined = kept.join(" ");
            return match joined.rfind(name) {
                Some(at) if !name.is_empty() && name != "_" => {
                    plain(&format!("{} {}", &joined[..at], &joined[at + name.len()..]))
                }
                _ => plain(&joined),
            };
        }
    };
    plain(text)
}

/// Writes a piece of code so that its layout does not count.
fn plain(text: &str) -> String {
    let mut out = String::new();
    for c in text.trim().chars() {
        if !c.is_whitespace() {
            out.push(if c == '\'' { '"' } else { c });
        } else if out.ends_with(|c: char| c.is_alphanumeric()) {
            out.push(' ');
        }
    }
    let out = out.replace(",)", ")").replace(",]", "]");
    out.trim_end_matches([' ', ','])
        .replace("interface{}", "any")
}
