//! Templates of pages as text: which engine a file is for, where its tags stand,
//! and what a tag puts out as it is. The engines are data (`engine`); what is put
//! out is judged by its words (`expression`). No grammar is needed, so that a file of
//! any engine is read, also inside another language.

mod engine;
mod expression;
mod line;
mod link;
mod token;
mod word;

use std::sync::OnceLock;

use aho_corasick::{AhoCorasick, MatchKind};
use assay_source::{RepoPath, SourceText, Span};

use engine::{Bypass, Close, ENGINES, Engine, Output, Tag};
pub(crate) use expression::Weight;
use expression::{bypasses, judge, values_in};
use line::outputs_of_lines;
pub(crate) use link::{Include, Redirect, Variable, plain};

/// Bytes of one expression that are looked at.
const EXPRESSION_BYTES_MAX: usize = 4_096;
/// The mechanism of a stretch in which nothing is escaped.
const STRETCH: &str = "autoescape";
/// Bytes of a template that are looked at.
const TEMPLATE_BYTES_MAX: usize = 1 << 20;

/// Something that a template puts out without escaping it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Unescaped {
    /// The expression.
    pub(crate) span: Span,
    /// What the expression says of itself.
    pub(crate) weight: Weight,
    /// How the engine is told not to escape.
    pub(crate) mechanism: &'static str,
    /// What to write instead.
    pub(crate) advice: &'static str,
    /// Whether values are put out in that way as a rule.
    pub(crate) is_usual: bool,
    engine: usize,
}

impl Unescaped {
    /// Returns the language of the programs that fill the template.
    pub(crate) fn language(&self) -> Option<&'static str> {
        ENGINES[self.engine].language
    }

    /// Returns the values that are put out, as the names that lead to each. The
    /// text is that of the template.
    pub(crate) fn values<'t>(&self, text: &'t str) -> Vec<Vec<&'t str>> {
        let engine = &ENGINES[self.engine];
        let own = &text[self.span.start as usize..self.span.end as usize];
        if self.mechanism != STRETCH {
            return values_in(own, engine);
        }
        // The span is that of the tag which opens it.
        let rest = &text[self.span.end as usize..];
        let stretch = &rest[..rest.find("endautoescape").unwrap_or(rest.len())];
        let tags = stretch.split("{{").skip(1);
        tags.filter_map(|tag| tag.split_once("}}"))
            .flat_map(|(body, _)| values_in(body, engine))
            .collect()
    }
}

/// Returns everything that is put out unescaped and is no constant, in the order
/// of the text for each engine that the file may be for.
pub(crate) fn unescaped_outputs(path: &RepoPath, text: &SourceText) -> Vec<Unescaped> {
    let mut found = Vec::new();
    let name = String::from_utf8_lossy(path.file_name()).to_ascii_lowercase();
    let text = text.as_str();
    if text.len() > TEMPLATE_BYTES_MAX {
        return found;
    }
    for (at, engine) in ENGINES.iter().enumerate() {
        let Some(stem) = engine.endings.iter().find_map(|end| name.strip_suffix(end)) else {
            continue;
        };
        if writes_page(stem, engine, text) {
            let before = found.len();
            scan(engine, search_of(at), text, &mut found);
            outputs_of_lines(engine, text, &mut found);
            for output in &mut found[before..] {
                output.engine = at;
            }
        }
    }
    if is_mail(path)
        && let Some(page) = text.find('<')
    {
        // What stands before the markup is the subject.
        found.retain(|output| output.span.start as usize > page);
    }
    found.sort_by_key(|output| (output.span.start, output.span.end));
    found.dedup_by_key(|output| output.span);
    found
}

/// Returns whether a file may be a template that programs fill.
pub(crate) fn is_template(path: &RepoPath) -> bool {
    let name = String::from_utf8_lossy(path.file_name()).to_ascii_lowercase();
    let engines = ENGINES.iter().filter(|engine| engine.language.is_some());
    let mut endings = engines.flat_map(|engine| engine.endings);
    endings.any(|end| name.ends_with(end))
}

/// A template as programs in one language fill it.
#[derive(Clone, Debug)]
pub(crate) struct Page<'t> {
    /// The language, by its id.
    pub(crate) language: &'static str,
    pub(crate) outputs: Vec<Unescaped>,
    pub(crate) variables: Vec<Variable<'t>>,
    pub(crate) includes: Vec<Include<'t>>,
    pub(crate) redirects: Vec<Redirect<'t>>,
}

/// Returns what a template puts out unescaped or has from others, once for each
/// language whose programs may fill it.
pub(crate) fn pages<'t>(path: &RepoPath, text: &'t SourceText) -> Vec<Page<'t>> {
    let name = String::from_utf8_lossy(path.file_name()).to_ascii_lowercase();
    if text.as_str().len() > TEMPLATE_BYTES_MAX || is_mail(path) {
        return Vec::new();
    }
    let mut pages: Vec<Page<'t>> = Vec::new();
    for engine in ENGINES {
        let stem = engine.endings.iter().find_map(|end| name.strip_suffix(end));
        let (Some(stem), Some(language)) = (stem, engine.language) else {
            continue;
        };
        let is_known = pages.iter().any(|page| page.language == language);
        if !is_known && writes_page(stem, engine, text.as_str()) {
            let mut page = Page {
                language,
                outputs: Vec::new(),
                variables: Vec::new(),
                includes: Vec::new(),
                redirects: Vec::new(),
            };
            if link::has_links(language, text.as_str()) {
                page.variables = link::variables(language, engine, text.as_str());
                page.includes = link::includes(language, engine, text.as_str());
                page.redirects = link::redirects(language, engine, text.as_str());
            }
            pages.push(page);
        }
    }
    if pages.is_empty() {
        return pages;
    }
    for output in unescaped_outputs(path, text) {
        let page = pages
            .iter_mut()
            .find(|p| Some(p.language) == output.language());
        if let Some(page) = page {
            page.outputs.push(output);
        }
    }
    pages.retain(|page| {
        !(page.outputs.is_empty() && page.includes.is_empty() && page.redirects.is_empty())
    });
    pages
}

fn is_mail(path: &RepoPath) -> bool {
    let folders = path.as_str().unwrap_or("").split('/').rev().skip(1);
    folders
        .into_iter()
        .any(|folder| matches!(folder, "mail" | "mails" | "email" | "emails" | "mailer"))
}

/// Returns whether the template makes a page: many engines write mails in plain
/// text, configuration and source code as well.
fn writes_page(stem: &str, engine: &Engine, text: &str) -> bool {
    /// Inner endings of what a browser shows: `show.html.erb`.
    const PAGES: &[&str] = &["html", "htm", "xhtml", "mjml", "svg", "turbo_stream"];
    /// Ends of elements that source code and prose about it do not hold.
    const SIGNS: &[&str] = &[
        "</div>",
        "</a>",
        "</span>",
        "</td>",
        "</li>",
        "</p>",
        "</h1>",
        "</h2>",
        "</h3>",
        "</h4>",
        "</html>",
        "</body>",
        "</script>",
        "</form>",
        "</button>",
        "</section>",
        "</strong>",
        "</label>",
        "</option>",
        "<br",
        "<img ",
        "<input ",
        "<meta ",
    ];
    if !engine.is_of_any_text {
        return true;
    }
    match stem.rsplit_once('.') {
        Some((_, inner)) if PAGES.contains(&inner) => true,
        Some((_, inner))
            if inner
                .bytes()
                .all(|byte| byte.is_ascii_alphabetic() || byte == b'_') =>
        {
            false
        }
        _ => SIGNS.iter().any(|sign| text.contains(sign)),
    }
}

/// The openers of an engine's tags, all searched for at once.
fn search_of(engine: usize) -> Option<&'static AhoCorasick> {
    static SEARCHES: OnceLock<Vec<Option<AhoCorasick>>> = OnceLock::new();
    let searches = SEARCHES.get_or_init(|| {
        let search = |engine: &Engine| {
            AhoCorasick::builder()
                .match_kind(MatchKind::LeftmostLongest)
                .build(engine.tags.iter().map(|tag| tag.open))
                .ok()
        };
        ENGINES.iter().map(search).collect()
    });
    searches.get(engine)?.as_ref()
}

/// A stretch in which the engine does not escape at all.
struct Open {
    span: Span,
    weight: Option<Weight>,
}

fn scan(engine: &Engine, search: Option<&AhoCorasick>, text: &str, found: &mut Vec<Unescaped>) {
    let Some(search) = search else { return };
    let mut at = 0;
    let mut open: Option<Open> = None;
    while let Some(hit) = text.get(at..).and_then(|rest| search.find(rest)) {
        let (start, inner) = (at + hit.start(), at + hit.end());
        let tag = &engine.tags[hit.pattern().as_usize()];
        let body = match is_opener(tag, text, start) {
            true => body_of(tag, &text[inner..]),
            false => None,
        };
        let Some((body, length)) = body else {
            at = inner;
            continue;
        };
        at = inner + length;
        let is_usual = matches!(tag.output, Output::Usual(_));
        let mut push = |part: &str, weight, mechanism| {
            let from = part.as_ptr() as usize - text.as_ptr() as usize;
            found.push(Unescaped {
                span: Span::new(from as u32, (from + part.len()) as u32),
                weight,
                mechanism,
                advice: engine.advice,
                is_usual,
                engine: 0,
            });
        };
        match tag.output {
            Output::Nothing => {}
            Output::Raw(mechanism) | Output::Usual(mechanism) => {
                let body = body.trim_end_matches(['-', '~']).trim();
                if let Some(weight) = judge(body, engine) {
                    push(body, weight, mechanism);
                }
            }
            Output::Escaped(ways) => {
                if let Some(open) = &mut open {
                    open.weight = open.weight.max(judge(body, engine));
                }
                take_bypasses(body, ways, engine, &mut push);
            }
            Output::Statement(ways) => {
                let words = body.trim_matches(['-', '+', ' ', '\n', '\t']);
                let mut words = words.split_whitespace();
                match (words.next(), words.next()) {
                    (Some("autoescape"), Some("off" | "false")) => {
                        open = Some(Open {
                            span: Span::new(start as u32, at as u32),
                            weight: None,
                        });
                    }
                    (Some("endautoescape"), _) => close_stretch(engine, open.take(), found),
                    // What decides is not put out.
                    (Some("if" | "elif" | "elseif" | "unless"), _) => {}
                    _ => take_bypasses(body, ways, engine, &mut push),
                }
            }
        }
    }
    close_stretch(engine, open, found);
}

fn close_stretch(engine: &Engine, open: Option<Open>, found: &mut Vec<Unescaped>) {
    if let Some(Open {
        span,
        weight: Some(weight),
    }) = open
    {
        found.push(Unescaped {
            span,
            weight,
            mechanism: STRETCH,
            advice: engine.advice,
            is_usual: false,
            engine: 0,
        });
    }
}

fn take_bypasses(
    body: &str,
    ways: &'static [Bypass],
    engine: &Engine,
    push: &mut impl FnMut(&str, Weight, &'static str),
) {
    for (part, mechanism) in bypasses(body, ways) {
        if let Some(weight) = judge(part, engine) {
            push(part, weight, mechanism);
        }
    }
}

/// Returns whether an opener stands where it can be one: an attribute after a
/// space, a call not within a longer name, a tag that no `@` or `\` makes text.
fn is_opener(tag: &Tag, text: &str, start: usize) -> bool {
    let before = text[..start].bytes().next_back();
    match tag.close {
        Close::Quote => before.is_some_and(|byte| byte.is_ascii_whitespace()),
        Close::Bracket if tag.open.starts_with(|c: char| c.is_ascii_alphabetic()) => {
            !before.is_some_and(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
        }
        _ => !(before == Some(b'\\') || tag.open.starts_with('{') && before == Some(b'@')),
    }
}

/// Returns what the tag holds, and how many bytes it has with its end.
fn body_of<'t>(tag: &Tag, rest: &'t str) -> Option<(&'t str, usize)> {
    let mut limit = rest.len().min(match tag.output {
        Output::Nothing => rest.len(),
        _ => EXPRESSION_BYTES_MAX,
    });
    while !rest.is_char_boundary(limit) {
        limit -= 1;
    }
    let near = &rest[..limit];
    match tag.close {
        Close::Text(close) => {
            let end = near.find(close)?;
            Some((&rest[..end], end + close.len()))
        }
        Close::Quote => {
            let quote = near.chars().next().filter(|c| matches!(c, '"' | '\''))?;
            let end = near[1..].find(quote)? + 1;
            Some((&rest[1..end], end + 1))
        }
        Close::Bracket => {
            let end = token::closing(near, 1)?;
            Some((&rest[..end], end + 1))
        }
    }
}

#[cfg(test)]
mod tests;
