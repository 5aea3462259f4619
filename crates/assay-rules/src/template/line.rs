//! Engines whose tags are lines: Haml, Slim and Pug.

use assay_source::Span;

use super::engine::Engine;
use super::expression::{bypasses, judge};
use super::token::closing;
use super::{EXPRESSION_BYTES_MAX, Unescaped};

/// Adds what the lines of the template put out as it is.
pub(super) fn outputs_of_lines(engine: &Engine, text: &str, found: &mut Vec<Unescaped>) {
    let Some(lines) = &engine.lines else { return };
    let mut start = 0;
    // A comment goes on as long as the lines stand further right than it.
    let mut comment: Option<usize> = None;
    for line in text.split_inclusive('\n') {
        let from = start;
        start += line.len();
        let content = line.trim_start();
        let indent = line.len() - content.len();
        if content.is_empty() || line.len() > EXPRESSION_BYTES_MAX {
            continue;
        }
        if comment.is_some_and(|column| indent > column) {
            continue;
        }
        let is_comment = lines
            .comments
            .iter()
            .any(|opener| content.starts_with(opener));
        comment = is_comment.then_some(indent);
        if is_comment {
            continue;
        }
        let rest = &content[head_length(content)..];
        let mut push = |part: &str, mechanism| {
            if let Some(weight) = judge(part, engine) {
                let at = from + (part.as_ptr() as usize - line.as_ptr() as usize);
                found.push(Unescaped {
                    span: Span::new(at as u32, (at + part.len()) as u32),
                    weight,
                    mechanism,
                    advice: engine.advice,
                    is_usual: false,
                    engine: 0,
                });
            }
        };
        if let Some(code) = rest.strip_prefix(lines.raw) {
            push(code.trim(), lines.raw);
        } else if let Some(code) = lines.code.iter().find_map(|code| rest.strip_prefix(code)) {
            for (part, mechanism) in bypasses(code, lines.ways) {
                push(part, mechanism);
            }
        }
    }
}

/// Returns the length of the element at the beginning of a line: name, class and id,
/// attributes in brackets.
fn head_length(line: &str) -> usize {
    let is_name = |c: char| c.is_alphanumeric() || matches!(c, '%' | '.' | '#' | '-' | '_' | ':');
    let starts = line.starts_with(|c: char| c.is_alphabetic() || matches!(c, '%' | '.' | '#'));
    if !starts {
        return 0;
    }
    let mut at = line.find(|c| !is_name(c)).unwrap_or(line.len());
    while let Some(rest) = line
        .get(at..)
        .filter(|rest| rest.starts_with(['(', '{', '[']))
    {
        let Some(end) = closing(&rest[1..], 1) else {
            return line.len();
        };
        at += end + 2;
    }
    // Slim's attributes without brackets, and `a = b`, are left alone.
    at
}
