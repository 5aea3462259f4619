//! Leaves import statements out: every file of a project begins with the same
//! ones, and that is no duplication anybody can remove.
//!
//! An import is told by the first word of its line, and by nothing else than
//! the table below; it goes to the end of the statement.

use assay_syntax::Language;

use super::lex::{Class, Code, Token, hash};

/// The words that begin an import statement, and for some languages those that
/// begin a declaration which is an import when the line also has the call.
struct Words {
    languages: &'static [&'static str],
    first: &'static [&'static str],
    declaration: &'static [&'static str],
    call: &'static str,
}

const TABLE: &[Words] = &[
    words(&["python"], &["import", "from"]),
    Words {
        languages: &["javascript", "typescript", "tsx", "vue", "svelte"],
        first: &["import"],
        declaration: &["const", "let", "var", "export"],
        call: "require(",
    },
    words(
        &["java", "kotlin", "scala", "go", "groovy"],
        &["import", "package"],
    ),
    words(&["haskell", "swift"], &["import", "module"]),
    words(&["dart"], &["import", "export", "part", "library"]),
    words(&["rust"], &["use", "extern", "pub"]),
    words(&["c", "cpp", "objc"], &["#", "using", "import"]),
    words(&["c-sharp"], &["using", "global"]),
    words(
        &["ruby"],
        &["require", "require_relative", "load", "autoload"],
    ),
    words(
        &["php"],
        &[
            "use",
            "namespace",
            "require",
            "require_once",
            "include",
            "include_once",
        ],
    ),
    words(&["elixir"], &["alias", "import", "require", "use"]),
    words(&["bash"], &["source"]),
    Words {
        languages: &["lua"],
        first: &["require"],
        declaration: &["local"],
        call: "require",
    },
    Words {
        languages: &["zig"],
        first: &[],
        declaration: &["const", "pub"],
        call: "@import(",
    },
];

const fn words(languages: &'static [&'static str], first: &'static [&'static str]) -> Words {
    Words {
        languages,
        first,
        declaration: &[],
        call: "",
    }
}

/// No import statement is longer; a bracket that is never closed ends here.
const IMPORT_LINES_MAX: u32 = 400;

/// Which tokens begin an import in one language.
#[derive(Default)]
pub(crate) struct ImportFilter {
    first: Vec<u32>,
    declaration: Vec<u32>,
    call: &'static str,
}

impl ImportFilter {
    pub(crate) fn new(language: &Language) -> Self {
        let id = language.id();
        let Some(words) = TABLE
            .iter()
            .find(|words| words.languages.contains(&id.as_str()))
        else {
            return Self::default();
        };
        let texts = |words: &[&str]| words.iter().map(|word| text_hash(word)).collect();
        Self {
            first: texts(words.first),
            declaration: texts(words.declaration),
            call: words.call,
        }
    }

    pub(crate) fn state<'t>(&self, bytes: &'t [u8]) -> FilterState<'t> {
        FilterState {
            bytes,
            skipping: None,
        }
    }
}

/// The part of a code that stands for its text, whether it is a keyword or not.
fn text_hash(word: &str) -> u32 {
    match word.as_bytes() {
        &[byte] if byte.is_ascii_punctuation() => u32::from(byte),
        bytes => hash(bytes) & 0x1fff_ffff,
    }
}

fn text_of(code: Code) -> u32 {
    code.value() & 0x1fff_ffff
}

/// Where the filter is in a text.
pub(crate) struct FilterState<'t> {
    bytes: &'t [u8],
    skipping: Option<Skip>,
}

struct Skip {
    depth: u32,
    lines: u32,
    /// The last token wants more: a comma, an operator, `from`.
    is_open: bool,
}

impl FilterState<'_> {
    /// Returns whether the token is part of the program and not of an import.
    #[inline]
    pub(crate) fn passes(&mut self, filter: &ImportFilter, token: Token) -> bool {
        if self.skipping.is_none() && !token.leads {
            return true;
        }
        self.step(filter, token)
    }

    fn step(&mut self, filter: &ImportFilter, token: Token) -> bool {
        if let Some(skip) = &mut self.skipping
            && token.leads
        {
            skip.lines += 1;
            if (skip.depth == 0 && !skip.is_open) || skip.lines > IMPORT_LINES_MAX {
                self.skipping = None;
            }
        }
        if let Some(skip) = &mut self.skipping {
            if token.code.is_any(b"([{") {
                skip.depth += 1;
            } else if token.code.is_any(b")]}") {
                skip.depth = skip.depth.saturating_sub(1);
            } else if token.code.is_any(b";") && skip.depth == 0 {
                self.skipping = None;
                return false;
            }
            skip.is_open = token.code.is_any(b",\\.") && skip.depth == 0;
            return false;
        }
        if token.leads && self.begins_import(filter, token) {
            self.skipping = Some(Skip {
                depth: 0,
                lines: 0,
                is_open: false,
            });
            return false;
        }
        true
    }

    fn begins_import(&self, filter: &ImportFilter, token: Token) -> bool {
        if !matches!(token.code.class(), Class::Fixed | Class::Identifier) {
            return false;
        }
        let text = text_of(token.code);
        let rest = &self.bytes[token.end as usize..];
        if filter.first.contains(&text) {
            return is_import(&self.bytes[token.start as usize..token.end as usize], rest);
        }
        if !filter.declaration.contains(&text) {
            return false;
        }
        let line = &rest[..memchr::memchr(b'\n', rest).unwrap_or(rest.len())];
        let rest = line.trim_ascii_start();
        match &self.bytes[token.start as usize..token.end as usize] {
            // `export { a } from "./a"` and `export * from "./b"`.
            b"export" => rest.starts_with(b"{") || rest.starts_with(b"*"),
            _ => memchr::memmem::find(line, filter.call.as_bytes()).is_some(),
        }
    }
}

/// Words that begin other things as well are told apart by what follows.
fn is_import(word: &[u8], rest: &[u8]) -> bool {
    let rest = rest.trim_ascii_start();
    match word {
        b"#" => rest.starts_with(b"include") || rest.starts_with(b"import"),
        b"pub" => rest.starts_with(b"use ") || rest.starts_with(b"extern crate "),
        b"extern" => rest.starts_with(b"crate "),
        b"global" => rest.starts_with(b"using "),
        // A block that disposes (`using (...) {`), a call (`import(...)`).
        b"using" | b"import" => !rest.starts_with(b"(") || is_import_list(rest),
        _ => true,
    }
}

/// The `import (` of Go stands alone on its line.
fn is_import_list(rest: &[u8]) -> bool {
    rest[1..]
        .iter()
        .find(|byte| !matches!(byte, b' ' | b'\t' | b'\r'))
        == Some(&b'\n')
}
