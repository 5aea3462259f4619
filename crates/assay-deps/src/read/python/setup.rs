//! `setup.cfg`, and the lists that stand as text in `setup.py`.
//! <https://setuptools.pypa.io/en/latest/userguide/declarative_config.html>

use super::take;
use crate::document::span;
use crate::read::Reading;
use crate::read::go::lines;

pub(in crate::read) fn read_cfg(reading: &mut Reading<'_>) {
    let mut section = String::new();
    let mut key = String::new();
    for (line, place) in lines(reading.text) {
        let trimmed = line.trim();
        if trimmed.is_empty() || trimmed.starts_with(['#', ';']) {
            continue;
        }
        let is_indented = line.starts_with([' ', '\t']);
        if !is_indented && let Some(name) = trimmed.strip_prefix('[') {
            section = name.trim_end_matches(']').trim().to_owned();
            key.clear();
            continue;
        }
        let mut value = trimmed;
        let mut place = place;
        if !is_indented {
            let Some((name, rest)) = trimmed.split_once('=') else {
                continue;
            };
            key = name.trim().to_owned();
            value = rest.trim();
            place = span(place.end as usize - value.len(), place.end as usize);
        }
        let dev = match (section.as_str(), key.as_str()) {
            ("options", "install_requires") => false,
            ("options", "setup_requires" | "tests_require") => true,
            ("options.extras_require", key) => {
                matches!(key, "dev" | "test" | "tests" | "testing" | "docs" | "lint")
            }
            _ => continue,
        };
        // A `file:` names files that are read by themselves.
        if value.is_empty() || value.starts_with("file:") {
            continue;
        }
        let value = value.split(" #").next().unwrap_or(value).trim();
        take(reading, value, place, dev);
    }
}

/// The keyword arguments of `setup()` that hold requirements.
const LISTS: &[(&str, bool)] = &[
    ("install_requires", false),
    ("setup_requires", true),
    ("tests_require", true),
    ("extras_require", false),
];

pub(in crate::read) fn read_py(reading: &mut Reading<'_>) {
    let text = reading.text;
    for (name, dev) in LISTS {
        let Some(at) = text
            .find(&format!("{name}="))
            .or_else(|| text.find(&format!("{name} =")))
        else {
            continue;
        };
        let after = at + text[at..].find('=').unwrap_or(0) + 1;
        let value = text[after..].trim_start();
        let start = text.len() - value.len();
        let is_map = value.starts_with('{');
        if !value.starts_with(['[', '(', '{']) {
            if value.starts_with(|c: char| c.is_alphabetic()) {
                let message = format!("`{name}` is computed: what it names is not known");
                reading.problem(span(at, after), message);
            }
            continue;
        }
        for (part, place, is_key) in strings(text, start) {
            if !(is_map && is_key) {
                take(reading, part, place, *dev);
            }
        }
    }
}

/// Returns the texts in quotes from a bracket to the one that closes it, and
/// whether a `:` follows.
fn strings(text: &str, start: usize) -> Vec<(&str, assay_source::Span, bool)> {
    let bytes = text.as_bytes();
    let mut out = Vec::new();
    let mut depth = 0_usize;
    let mut at = start;
    while let Some(&byte) = bytes.get(at) {
        match byte {
            b'[' | b'(' | b'{' => depth += 1,
            b']' | b')' | b'}' => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    break;
                }
            }
            b'#' => {
                let rest = &bytes[at..];
                at += memchr::memchr(b'\n', rest).unwrap_or(rest.len());
                continue;
            }
            b'"' | b'\'' => {
                let inner = &bytes[at + 1..];
                let end = memchr::memchr(byte, inner).unwrap_or(inner.len());
                let after = bytes[(at + end + 2).min(bytes.len())..].iter();
                let next = after.copied().find(|b| !b.is_ascii_whitespace());
                let part = &text[at + 1..at + 1 + end];
                out.push((part, span(at + 1, at + 1 + end), next == Some(b':')));
                at += end + 1;
            }
            _ => {}
        }
        at += 1;
    }
    out
}

#[cfg(test)]
mod tests {
    use crate::read::testing::check;

    #[test]
    fn configuration_is_read() {
        check(
            "setup.cfg",
            "[metadata]\nname = x\n[options]\ninstall_requires =\n    requests>=2; python_version < '3'\n    importlib; python_version == '2.6'\nsetup_requires = wheel==0.3\n[options.extras_require]\npdf = ReportLab>=1.2; x\ntest =\n  pytest\n[flake8]\nignore = E1\n",
            "5 requests - [>=2] direct
             6 importlib - [] direct
             7 wheel 0.3 [==0.3] direct dev
             9 reportlab - [>=1.2] direct
             11 pytest - [] direct dev",
        );
    }

    #[test]
    fn literal_lists_are_read() {
        check(
            "setup.py",
            "from setuptools import setup\nsetup(\n  install_requires=[\n    'a==1.0',  # 'no'\n    \"b\",\n  ],\n  extras_require={'x': ['c>1']},\n  tests_require=tests,\n)\n",
            "4 a 1.0 [==1.0] direct
             5 b - [] direct
             7 c - [>1] direct
             ! 8 `tests_require` is computed",
        );
    }
}
