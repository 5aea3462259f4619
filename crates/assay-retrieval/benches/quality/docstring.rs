//! Questions made of a repository itself: each function's documentation, taken out of
//! the code, must find the function again.

use std::collections::HashMap;
use std::sync::Arc;

use assay_source::{ContentId, RepoPath, SourceText, Span};
use assay_syntax::{Field, NodeRef, ParseLimits, Role, detect, parse, symbols};

use crate::tree::FolderTree;

/// Functions with fewer lines say too little.
const LINES_MIN: u32 = 3;
/// Documentation with fewer words says too little.
const WORDS_MIN: usize = 3;

/// A question and the function that it must find.
pub(crate) struct Question {
    pub(crate) text: String,
    pub(crate) path: RepoPath,
    pub(crate) first_line: u32,
    pub(crate) last_line: u32,
}

/// Takes every documentation out of the Python files of a tree and makes questions of
/// the first paragraphs of those that belong to functions. As is usual for such sets,
/// tests, special methods and short functions are left out, and so are questions that
/// more than one function answers.
pub(crate) fn take_out(tree: &mut FolderTree) -> Vec<Question> {
    let mut questions = Vec::new();
    for file in &mut tree.files {
        let ContentId::Memory(bytes) = &file.content else {
            continue;
        };
        let Ok(text) = SourceText::decode(bytes.to_vec()) else {
            continue;
        };
        let text = Arc::new(text);
        let language = detect(&file.path, text.as_str());
        let Some(language) = language.filter(|one| one.id().as_str() == "python") else {
            continue;
        };
        let parsed = parse(&text, language, &ParseLimits::default());
        let mut blanked = text.as_str().as_bytes().to_vec();
        for tree in &parsed.trees {
            let mut strings: Vec<Span> = Vec::new();
            strings.extend(documentation(tree.root()));
            for symbol in symbols(tree) {
                let node = tree.node(symbol.node);
                let Some(string) = node.child(Field::Body).and_then(documentation) else {
                    continue;
                };
                strings.push(string);
                let doc = first_paragraph(text.slice(string));
                let lines = node.last_line() - node.line() + 1;
                let doc_lines = text.slice(string).lines().count() as u32;
                let is_asked = symbol.kind.is_function()
                    && lines.saturating_sub(doc_lines) >= LINES_MIN
                    && doc.split_whitespace().count() >= WORDS_MIN
                    && !symbol.name.starts_with("__")
                    && !symbol.name.to_lowercase().contains("test")
                    && !file.path.to_display().contains("test");
                if is_asked {
                    questions.push(Question {
                        text: doc,
                        path: file.path.clone(),
                        first_line: node.line(),
                        last_line: node.last_line(),
                    });
                }
            }
            for string in strings {
                for byte in &mut blanked[string.range()] {
                    if *byte != b'\n' {
                        *byte = b' ';
                    }
                }
            }
        }
        file.content = ContentId::Memory(blanked.into());
    }
    let mut counts: HashMap<String, usize> = HashMap::new();
    for question in &questions {
        *counts.entry(question.text.clone()).or_default() += 1;
    }
    questions.retain(|question| counts[&question.text] == 1);
    questions
}

/// Returns the string that is the first statement.
fn documentation(block: NodeRef<'_>) -> Option<Span> {
    let first = block
        .named_children()
        .find(|node| !node.has(Role::Comment))?;
    if first.has(Role::String) {
        return Some(first.span());
    }
    let inner = first.named_children().next()?;
    (inner.has(Role::String) && inner.span() == first.span()).then(|| inner.span())
}

fn first_paragraph(string: &str) -> String {
    let text = string
        .trim_start_matches(|c: char| c.is_ascii_alphabetic())
        .trim_matches(['"', '\'']);
    let lines = text
        .trim()
        .lines()
        .map(str::trim)
        .take_while(|line| !line.is_empty());
    lines.collect::<Vec<_>>().join(" ")
}
