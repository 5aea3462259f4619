//! Which language a file is in: by modeline, name, extension, `#!` line.

use std::collections::HashMap;
use std::sync::OnceLock;

use assay_source::RepoPath;

use crate::language::{Language, language_by_name, languages};

/// How far into a file, from its start and its end, a modeline is looked for.
const MODELINE_BYTES_MAX: usize = 512;
const MODELINE_LINES_MAX: usize = 5;

/// How long a name or extension may be to be looked up.
const NAME_BYTES_MAX: usize = 64;

/// Finds the language of a file: a modeline says it outright, then the file's
/// name, then its extension, then its `#!` line. A name does not count where
/// the text shows at once that it is something else.
pub fn detect(path: &RepoPath, text: &str) -> Option<&'static Language> {
    let mode = modeline(text);
    if let Some(language) = mode.and_then(language_by_name) {
        return Some(language);
    }
    if let Some(language) = by_path(path, text) {
        let start = text.trim_start();
        let is_other = language
            .starts_of_others()
            .iter()
            .any(|other| starts_with(start, other));
        return (!is_other).then_some(language);
    }
    // A mode that is not known here is still not what the `#!` line says: a
    // script often starts as shell to run itself in its own language.
    if mode.is_some() {
        return None;
    }
    interpreter(text).and_then(by_interpreter)
}

fn starts_with(text: &str, start: &str) -> bool {
    text.as_bytes()
        .get(..start.len())
        .is_some_and(|head| head.eq_ignore_ascii_case(start.as_bytes()))
}

/// Everything by which paths are told, looked up at once.
struct Names {
    /// The languages of an extension; those whose content must be proof first.
    extensions: HashMap<&'static str, Vec<&'static Language>>,
    folded_extensions: HashMap<String, Vec<&'static Language>>,
    file_names: HashMap<&'static str, &'static Language>,
    /// The same in lower case, without names in capitals only: `BUILD` is not
    /// `build`, but `rakefile` is `Rakefile`.
    folded_file_names: HashMap<String, &'static Language>,
    /// File names with one `*` in them.
    patterns: Vec<(&'static str, &'static str, &'static Language)>,
}

impl Names {
    fn new() -> Self {
        let mut names = Self {
            extensions: HashMap::new(),
            folded_extensions: HashMap::new(),
            file_names: HashMap::new(),
            folded_file_names: HashMap::new(),
            patterns: Vec::new(),
        };
        for language in languages() {
            for extension in language.extensions() {
                let exact = names.extensions.entry(extension).or_default();
                let folded = extension.to_ascii_lowercase();
                let folded = names.folded_extensions.entry(folded).or_default();
                let wants_proof = language
                    .disambiguation(extension)
                    .is_some_and(|rule| !rule.accept.is_empty());
                for languages in [exact, folded] {
                    let at = if wants_proof { 0 } else { languages.len() };
                    languages.insert(at, language);
                }
            }
            for name in language.file_names() {
                match name.split_once('*') {
                    Some((before, after)) => names.patterns.push((before, after, language)),
                    None => {
                        names.file_names.entry(name).or_insert(language);
                        if name.contains(|c: char| c.is_ascii_lowercase()) {
                            names
                                .folded_file_names
                                .entry(name.to_ascii_lowercase())
                                .or_insert(language);
                        }
                    }
                }
            }
        }
        names
    }

    fn of_all() -> &'static Names {
        static NAMES: OnceLock<Names> = OnceLock::new();
        NAMES.get_or_init(Names::new)
    }
}

fn by_path(path: &RepoPath, text: &str) -> Option<&'static Language> {
    let names = Names::of_all();
    let name = std::str::from_utf8(path.file_name()).ok();
    let name = name.filter(|name| name.len() <= NAME_BYTES_MAX);
    if let Some(name) = name
        && let Some(language) = names
            .file_names
            .get(name)
            .or_else(|| names.folded_file_names.get(&name.to_ascii_lowercase()))
    {
        return Some(language);
    }
    if let Some(extension) = path.extension()
        && extension.len() <= NAME_BYTES_MAX
        && let Ok(extension) = std::str::from_utf8(extension)
    {
        let folded = extension.to_ascii_lowercase();
        let exact = names.extensions.get(extension);
        let exact = exact.map(|known| (known, extension));
        let known = exact.or_else(|| {
            let known = names.folded_extensions.get(&folded)?;
            Some((known, folded.as_str()))
        });
        if let Some((known, extension)) = known {
            return known
                .iter()
                .find(|language| is_plausible(language, extension, text))
                .copied();
        }
    }
    let name = name?;
    let (_, _, language) = names
        .patterns
        .iter()
        .find(|(before, after, _)| matches_pattern(name, before, after))?;
    let is_excepted = language.file_names_excepted().iter().any(|pattern| {
        pattern
            .split_once('*')
            .is_some_and(|(before, after)| matches_pattern(name, before, after))
    });
    (!is_excepted).then_some(language)
}

/// How much of a file is read to tell languages of one extension apart.
const CONTENT_BYTES_MAX: usize = 64 * 1024;

/// Returns whether a file with the extension can be in the language.
fn is_plausible(language: &Language, extension: &str, text: &str) -> bool {
    let Some(rule) = language.disambiguation(extension) else {
        return true;
    };
    let head = &text[..text.floor_char_boundary(CONTENT_BYTES_MAX)];
    (rule.accept.is_empty() || shows(language, head, rule.accept))
        && (rule.reject.is_empty() || !shows(language, head, rule.reject))
}

/// Returns whether a line of the text that is no comment shows a mark. Prose
/// may begin a line with `class` or `namespace`.
fn shows(language: &Language, text: &str, marks: &[&str]) -> bool {
    let mut comment_end = None;
    text.lines().any(|line| {
        let mut line = line.trim_start();
        if let Some(end) = comment_end {
            let Some((_, rest)) = line.split_once(end) else {
                return false;
            };
            line = rest.trim_start();
            comment_end = None;
        }
        for comment in language.block_comments() {
            if let Some((_, rest)) = line.rsplit_once(comment.start)
                && !rest.contains(comment.end)
            {
                comment_end = Some(comment.end);
            }
            if line.starts_with(comment.start) {
                return false;
            }
        }
        let mut comments = language.line_comments().iter();
        !comments.any(|comment| line.starts_with(comment))
            && marks.iter().any(|mark| match mark.strip_prefix('*') {
                Some(mark) => line.contains(mark),
                None => line.starts_with(mark),
            })
    })
}

/// Returns whether the name is `before`, at least one character, `after`.
fn matches_pattern(name: &str, before: &str, after: &str) -> bool {
    let name = name.as_bytes();
    name.len() > before.len() + after.len()
        && name[..before.len()].eq_ignore_ascii_case(before.as_bytes())
        && name[name.len() - after.len()..].eq_ignore_ascii_case(after.as_bytes())
}

fn by_interpreter(program: &str) -> Option<&'static Language> {
    // `python3.11` is `python3` is `python`.
    let bare = program.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.' || c == '-');
    languages().iter().find(|language| {
        language
            .interpreters()
            .iter()
            .any(|known| *known == program || *known == bare)
    })
}

/// Returns the program that a `#!` line names; `env` and its flags are passed
/// over, and so is a shell that at once runs the file in another program
/// (`exec scala "$0" "$@"`).
fn interpreter(text: &str) -> Option<&str> {
    let mut lines = text.strip_prefix("#!")?.lines();
    let mut words = lines.next()?.split_ascii_whitespace();
    let mut program = base_name(words.next()?)?;
    if program == "env" {
        program = base_name(words.find(|word| !word.starts_with('-') && !word.contains('='))?)?;
    }
    if program == "sh" {
        let runs = lines.take(MODELINE_LINES_MAX).find_map(|line| {
            let (_, command) = line.split_once("exec ")?;
            let is_whole = command.contains("$0") && command.contains("$@");
            is_whole.then(|| command.split_ascii_whitespace().next())?
        });
        program = runs.and_then(base_name).unwrap_or(program);
    }
    Some(program)
}

fn base_name(path: &str) -> Option<&str> {
    path.rsplit('/').next().filter(|name| !name.is_empty())
}

/// Returns the language that an Emacs (`-*- mode: x -*-`) or Vim
/// (`vim: set ft=x :`) modeline names in the first or last lines.
fn modeline(text: &str) -> Option<&str> {
    let head = &text[..text.floor_char_boundary(MODELINE_BYTES_MAX)];
    if let Some(mode) = head
        .lines()
        .take(MODELINE_LINES_MAX)
        .find_map(|line| emacs_mode(line).or_else(|| vim_mode(line)))
    {
        return Some(mode);
    }
    let tail = text.len().saturating_sub(MODELINE_BYTES_MAX);
    let tail = &text[text.ceil_char_boundary(tail)..];
    tail.lines()
        .rev()
        .take(MODELINE_LINES_MAX)
        .find_map(vim_mode)
}

fn emacs_mode(line: &str) -> Option<&str> {
    let inside = line.split("-*-").nth(1)?;
    let mode = inside
        .split(';')
        .find_map(|part| {
            let (key, value) = part.split_once(':')?;
            key.trim().eq_ignore_ascii_case("mode").then_some(value)
        })
        .unwrap_or(inside)
        .trim();
    let mode = mode.strip_suffix("-mode").unwrap_or(mode);
    (!mode.contains([':', ' ']) && !mode.is_empty()).then_some(mode)
}

fn vim_mode(line: &str) -> Option<&str> {
    let settings = ["vim:", "vi:", "ex:"].iter().find_map(|mark| {
        let at = line.find(mark)?;
        // `Levi:` is a name; the mark stands at the start or after a blank.
        let is_apart = line[..at]
            .chars()
            .next_back()
            .is_none_or(char::is_whitespace);
        is_apart.then(|| &line[at + mark.len()..])
    })?;
    settings.split([' ', ':', '\t']).find_map(|word| {
        ["ft=", "filetype=", "syntax="]
            .iter()
            .find_map(|key| word.strip_prefix(key))
            .filter(|mode| !mode.is_empty())
    })
}
