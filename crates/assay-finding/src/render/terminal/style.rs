//! Colour, links, glyphs and wrapping: how text is laid out on a terminal.
//!
//! Everything that comes from a report goes through [`Canvas::clean`] before it
//! is measured or written, so that no escape sequence of the reviewed code
//! reaches the terminal.

use std::borrow::Cow;

use anstyle::{AnsiColor, Style};
use assay_source::RepoPath;
use unicode_width::UnicodeWidthChar;

use crate::finding::Severity;
use crate::render::text::{is_hidden, one_line, push_visible};
use crate::render::{RenderOptions, WIDTH_MAX, WIDTH_MIN};

/// What a piece of text is, which decides its style.
#[derive(Clone, Copy)]
pub(super) enum Role {
    Plain,
    Strong,
    Faint,
    Path,
    Good,
    Removed,
    Bad,
    Warn,
    Severity(Severity),
}

impl Role {
    fn style(self) -> Style {
        let colour = |colour: AnsiColor| Style::new().fg_color(Some(colour.into()));
        match self {
            Self::Plain => Style::new(),
            Self::Strong => Style::new().bold(),
            Self::Faint => Style::new().dimmed(),
            Self::Path => colour(AnsiColor::Cyan),
            Self::Good => colour(AnsiColor::Green),
            Self::Removed => colour(AnsiColor::Red),
            Self::Bad => colour(AnsiColor::Red).bold(),
            Self::Warn => colour(AnsiColor::Yellow),
            Self::Severity(Severity::Critical) => colour(AnsiColor::Magenta).bold(),
            Self::Severity(Severity::High) => colour(AnsiColor::Red).bold(),
            Self::Severity(Severity::Medium) => colour(AnsiColor::Yellow).bold(),
            Self::Severity(Severity::Low) => colour(AnsiColor::Blue).bold(),
            Self::Severity(Severity::Info) => colour(AnsiColor::Cyan),
        }
    }
}

/// The drawing characters.
pub(super) struct Glyphs {
    pub(super) dot: &'static str,
    pub(super) bar: &'static str,
    pub(super) changed: &'static str,
    pub(super) under: &'static str,
    pub(super) gap: &'static str,
    pub(super) ellipsis: &'static str,
    pub(super) separator: &'static str,
    pub(super) rule: &'static str,
    pub(super) good: &'static str,
    pub(super) bad: &'static str,
    pub(super) warn: &'static str,
    pub(super) arrow: &'static str,
    pub(super) minus: &'static str,
    pub(super) dash: &'static str,
}

const UNICODE: Glyphs = Glyphs {
    dot: "●",
    bar: "│",
    changed: "▌",
    under: "▔",
    gap: "⋮",
    ellipsis: "…",
    separator: " · ",
    rule: "─",
    good: "✓",
    bad: "✗",
    warn: "!",
    arrow: "→",
    minus: "−",
    dash: "–",
};

const ASCII: Glyphs = Glyphs {
    dot: "*",
    bar: "|",
    changed: "+",
    under: "^",
    gap: ":",
    ellipsis: "...",
    separator: " - ",
    rule: "-",
    good: "ok",
    bad: "x",
    warn: "!",
    arrow: "->",
    minus: "-",
    dash: "-",
};

/// A run of text in one role.
pub(super) type Piece = (Role, String);

/// Collects the output.
pub(super) struct Canvas<'a> {
    pub(super) out: String,
    pub(super) glyphs: &'static Glyphs,
    pub(super) width: usize,
    pub(super) options: &'a RenderOptions,
}

impl<'a> Canvas<'a> {
    pub(super) fn new(options: &'a RenderOptions) -> Self {
        Self {
            out: String::new(),
            glyphs: if options.unicode { &UNICODE } else { &ASCII },
            width: options.width.clamp(WIDTH_MIN, WIDTH_MAX),
            options,
        }
    }

    /// Returns the text as one line that the terminal can be trusted with.
    pub(super) fn clean<'t>(&self, text: &'t str) -> Cow<'t, str> {
        let text = one_line(text);
        if self.options.unicode || text.is_ascii() {
            return text;
        }
        let mut out = String::with_capacity(text.len() + 8);
        for c in text.chars() {
            if c.is_ascii() {
                out.push(c);
            } else {
                push_visible(&mut out, c);
            }
        }
        Cow::Owned(out)
    }

    /// Writes clean text in a role.
    pub(super) fn put(&mut self, role: Role, text: &str) {
        let style = role.style();
        if self.options.colour && style != Style::new() && !text.is_empty() {
            self.out.push_str(&format!("{style}{text}{style:#}"));
        } else {
            self.out.push_str(text);
        }
    }

    pub(super) fn end_line(&mut self) {
        let kept = self.out.trim_end_matches(' ').len();
        self.out.truncate(kept);
        self.out.push('\n');
    }

    /// Writes `path:line:column`, as a link when links are on.
    pub(super) fn put_place(&mut self, path: &RepoPath, place: &str) {
        let text = format!("{}{place}", self.clean(&path.to_display()));
        let Some(root) = &self.options.hyperlink_root else {
            return self.put(Role::Path, &text);
        };
        if root.chars().any(is_hidden) {
            return self.put(Role::Path, &text);
        }
        let uri = format!("{root}{}", path.to_uri());
        self.out.push_str(&format!("\x1b]8;;{uri}\x1b\\"));
        self.put(Role::Path, &text);
        self.out.push_str("\x1b]8;;\x1b\\");
    }

    /// Writes pieces after each other, with line breaks where the width ends.
    /// The first line starts at column `at`, the others at `indent`. Pieces
    /// hold clean text.
    pub(super) fn put_wrapped(&mut self, pieces: &[Piece], at: usize, indent: usize) {
        let mut column = at;
        for (role, text) in pieces {
            let mut line = String::new();
            for word in split_words(text) {
                let word_width = width(word.trim_end());
                if column + word_width > self.width && column > indent {
                    self.put(*role, line.trim_end());
                    line.clear();
                    self.end_line();
                    self.out.push_str(&" ".repeat(indent));
                    column = indent;
                    if word.trim().is_empty() {
                        continue;
                    }
                }
                for c in word.chars() {
                    let wide = char_width(c);
                    if column + wide > self.width && c != ' ' {
                        self.put(*role, &line);
                        line.clear();
                        self.end_line();
                        self.out.push_str(&" ".repeat(indent));
                        column = indent;
                    }
                    line.push(c);
                    column += wide;
                }
            }
            self.put(*role, &line);
        }
        self.end_line();
    }
}

/// Returns the words of a text, each with the spaces after it.
fn split_words(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let word = rest.find(' ').unwrap_or(rest.len());
        let spaces = rest[word..].len() - rest[word..].trim_start_matches(' ').len();
        let (head, tail) = rest.split_at(word + spaces);
        rest = tail;
        Some(head)
    })
}

/// Returns how many columns a character takes.
pub(super) fn char_width(c: char) -> usize {
    UnicodeWidthChar::width(c).unwrap_or(0)
}

/// Returns how many columns a text takes.
pub(super) fn width(text: &str) -> usize {
    text.chars().map(char_width).sum()
}
