//! Measures functions and files. It fails nothing: a forced split is worse
//! than a long function.

use std::fmt::Write as _;

use super::rust::mask;
use super::tree::Tree;

/// The aims of `STYLE.md`, in lines: what to aim for, when to think again.
const FUNCTION_AIM: (usize, usize) = (40, 80);
const FILE_AIM: (usize, usize) = (300, 700);
/// How many of the longest are printed.
const SHOWN: usize = 15;

/// A function or a file and how many lines it has.
struct Measured {
    lines: usize,
    place: String,
}

/// Returns what `--sizes` prints.
pub(super) fn report(tree: &Tree) -> String {
    let mut functions = Vec::new();
    let mut files = Vec::new();
    for (file, text) in tree.rust_files().filter(|(file, _)| !file.is_test()) {
        let code = mask(text).code;
        let shipped = without_tests(&code);
        files.push(Measured {
            lines: shipped.lines().count(),
            place: file.path.clone(),
        });
        for (line, lines, name) in functions_of(shipped) {
            functions.push(Measured {
                lines,
                place: format!("{}:{line}: {name}", file.path),
            });
        }
    }
    let mut out = String::new();
    table(&mut out, "functions", &mut functions, FUNCTION_AIM);
    table(&mut out, "files, without tests", &mut files, FILE_AIM);
    out
}

fn table(out: &mut String, title: &str, measured: &mut [Measured], aim: (usize, usize)) {
    measured.sort_by(|a, b| b.lines.cmp(&a.lines).then_with(|| a.place.cmp(&b.place)));
    let at = |percent: usize| {
        let index = measured.len() * (100 - percent) / 100;
        measured.get(index).map_or(0, |found| found.lines)
    };
    let (aim, again) = aim;
    let over = measured.iter().filter(|found| found.lines > again).count();
    let _ = writeln!(
        out,
        "{} {title}: median {} lines, 95th percentile {}; aim {aim}, think again above {again} ({over})",
        measured.len(),
        at(50),
        at(95),
    );
    for found in measured.iter().take(SHOWN) {
        let _ = writeln!(out, "{:6} {}", found.lines, found.place);
    }
}

/// Returns the code above the module of tests.
fn without_tests(code: &str) -> &str {
    let marks = ["#[cfg(test)]\nmod ", "#[cfg(test)]\n#[expect("];
    let end = marks.iter().filter_map(|mark| code.find(mark)).min();
    &code[..end.unwrap_or(code.len())]
}

/// Returns each function with a body: its line, its length, its name.
fn functions_of(code: &str) -> Vec<(usize, usize, &str)> {
    let mut found = Vec::new();
    for (at, mark) in code.match_indices("fn ") {
        let before = code[..at].chars().next_back();
        let rest = &code[at + mark.len()..];
        let length = rest
            .find(|c: char| !c.is_alphanumeric() && c != '_')
            .unwrap_or(rest.len());
        if length == 0 || before.is_some_and(|c| c.is_alphanumeric() || c == '_') {
            continue;
        }
        if let Some(lines) = body_lines(&code[at..]) {
            let line = 1 + code[..at].matches('\n').count();
            found.push((line, lines, &rest[..length]));
        }
    }
    found
}

/// Returns how many lines a function has from its `fn` to its last brace; none
/// for one without a body.
fn body_lines(code: &str) -> Option<usize> {
    let mut nesting = 0_usize;
    let mut braces = 0_usize;
    for (at, c) in code.char_indices() {
        match c {
            '(' | '[' => nesting += 1,
            ')' | ']' => nesting = nesting.saturating_sub(1),
            ';' if nesting == 0 && braces == 0 => return None,
            '{' => braces += 1,
            '}' => {
                braces = braces.saturating_sub(1);
                if braces == 0 {
                    return Some(1 + code[..at].matches('\n').count());
                }
            }
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::functions_of;

    #[test]
    fn functions_are_measured_to_their_last_brace() {
        let code = "fn one() {}\n\
            pub(crate) fn two(x: [u8; 3]) -> Option<u8> {\n    if x {\n    }\n}\n\
            trait T {\n    fn three();\n    fn four() {\n    }\n}\n\
            type F = fn(u8);\n";
        let expected = [(1, 1, "one"), (2, 4, "two"), (8, 2, "four")];
        assert_eq!(functions_of(code), expected);
    }
}
