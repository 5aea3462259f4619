//! `go.mod` and `go.sum`. <https://go.dev/ref/mod>

use std::collections::HashMap;

use assay_source::Span;

use crate::document::span;
use crate::package::{Ecosystem, Package, PackageSource};

use super::Reading;

/// A line of `go.mod` that says what a module is replaced by.
struct Replacement<'a> {
    version: Option<&'a str>,
    name: &'a str,
    /// None for a folder.
    with: Option<&'a str>,
}

pub(super) fn read_mod(reading: &mut Reading<'_>) {
    let text = reading.text;
    let mut required: Vec<(Vec<&str>, bool, Span)> = Vec::new();
    let mut replaced: HashMap<&str, Vec<Replacement<'_>>> = HashMap::new();
    let mut excluded: Vec<(&str, &str)> = Vec::new();
    let mut block: Option<&str> = None;
    for (line, place) in lines(text) {
        let (code, comment) = line.split_once("//").unwrap_or((line, ""));
        let mut words: Vec<&str> = code.split_whitespace().map(unquote).collect();
        if words.is_empty() {
            continue;
        }
        if words == [")"] {
            block = None;
            continue;
        }
        let verb = match block {
            Some(verb) => verb,
            None => {
                let verb = words.remove(0);
                let verb = verb.strip_suffix('(').unwrap_or(verb);
                if words == ["("] || (words.is_empty() && code.trim_end().ends_with('(')) {
                    block = Some(verb);
                    continue;
                }
                verb
            }
        };
        match (verb, &words[..]) {
            ("require", [_, _]) => {
                let indirect = comment
                    .trim()
                    .split(';')
                    .any(|part| part.trim() == "indirect");
                required.push((words, indirect, place));
            }
            ("replace", [old, rest @ ..]) => {
                let (version, rest) = match rest {
                    ["=>", rest @ ..] => (None, rest),
                    [version, "=>", rest @ ..] => (Some(*version), rest),
                    _ => (None, rest),
                };
                let [name, with @ ..] = rest else {
                    reading.problem(place, "this replacement is not understood");
                    continue;
                };
                replaced.entry(old).or_default().push(Replacement {
                    version,
                    name,
                    with: with.first().copied(),
                });
            }
            ("exclude", [name, version]) => excluded.push((name, version)),
            ("toolchain", [toolchain]) => {
                if let Some(version) = toolchain.strip_prefix("go") {
                    let version = version.split('-').next().unwrap_or(version);
                    let mut package = Package::new(Ecosystem::Go, "stdlib", place);
                    package.version = Some(version.to_owned());
                    package.direct = true;
                    reading.add(package);
                }
            }
            ("module" | "go" | "retract" | "godebug" | "tool" | "ignore", _) => {}
            _ => reading.problem(place, "this line is not understood"),
        }
    }
    for (words, indirect, place) in required {
        let (name, version) = (words[0], words[1]);
        if excluded.contains(&(name, version)) {
            continue;
        }
        let package = module(name, version, replaced.get(name), place);
        reading.add(Package {
            direct: !indirect,
            ..package
        });
    }
}

fn module(
    name: &str,
    version: &str,
    replaced: Option<&Vec<Replacement<'_>>>,
    place: Span,
) -> Package {
    let mut package = Package::new(Ecosystem::Go, name, place);
    package.version = Some(version.to_owned());
    let replacements = replaced.map_or(&[][..], Vec::as_slice);
    // One for the exact version goes before one for all.
    let chosen = replacements
        .iter()
        .find(|replacement| replacement.version == Some(version))
        .or_else(|| {
            replacements
                .iter()
                .find(|replacement| replacement.version.is_none())
        });
    match chosen {
        Some(Replacement {
            name,
            with: Some(with),
            ..
        }) => {
            package.name = (*name).to_owned();
            package.version = Some((*with).to_owned());
        }
        Some(Replacement {
            name, with: None, ..
        }) => {
            package.version = None;
            package.source = PackageSource::Path((*name).to_owned());
        }
        None => {}
    }
    package
}

/// Reads the modules whose content was verified. It names also versions that
/// were not chosen in the end, so it only speaks where `go.mod` does not name
/// every module itself, which it does since Go 1.17.
pub(super) fn read_sum(reading: &mut Reading<'_>) {
    if let Some((_, manifest)) = reading.beside("go.mod")
        && names_everything(&manifest)
    {
        return;
    }
    for (line, place) in lines(reading.text) {
        if line.trim().is_empty() {
            continue;
        }
        let words: Vec<&str> = line.split_whitespace().collect();
        match words[..] {
            [_, version, _] if version.ends_with("/go.mod") => {}
            [name, version, hash] if hash.starts_with("h1:") => {
                let mut package = Package::new(Ecosystem::Go, name, place);
                package.version = Some(version.to_owned());
                reading.add(package);
            }
            _ => reading.problem(place, "this line is not understood; run `go mod tidy`"),
        }
    }
}

fn names_everything(manifest: &str) -> bool {
    let version = lines(manifest).find_map(|(line, _)| line.trim().strip_prefix("go "));
    let mut parts = version
        .unwrap_or("")
        .trim()
        .split('.')
        .map(str::parse::<u32>);
    match (parts.next(), parts.next()) {
        (Some(Ok(1)), Some(Ok(minor))) => minor >= 17,
        (Some(Ok(major)), _) => major > 1,
        _ => false,
    }
}

fn unquote(word: &str) -> &str {
    word.trim_matches(['"', '`'])
}

/// Returns the lines with the places of what is on them.
pub(super) fn lines(text: &str) -> impl Iterator<Item = (&str, Span)> {
    let mut start = 0;
    text.split_inclusive('\n').map(move |line| {
        let begin = start + line.len() - line.trim_start().len();
        let end = start + line.trim_end().len();
        start += line.len();
        (line.trim_end(), span(begin.min(end), end))
    })
}

#[cfg(test)]
mod tests {
    use crate::read::testing::{check, check_beside};

    #[test]
    fn a_module_file_is_read() {
        check(
            "go.mod",
            "module example.org/app // comment

go 1.21

toolchain go1.22.1

require github.com/a/b v1.2.3
require (
\tgithub.com/c/d/v2 v2.0.0+incompatible
\t\"golang.org/x/text\" v0.3.0 // indirect
\texample.org/old v1.0.0
\texample.org/local v0.0.0-00010101000000-000000000000 // indirect; kept
\texample.org/gone v1.0.0
)

replace (
\texample.org/old v1.0.0 => example.org/new v1.1.0
\texample.org/old => example.org/other v2.0.0
\texample.org/local => ./local
)
exclude example.org/gone v1.0.0
retract [v1.0.0, v1.1.0]
tool golang.org/x/tools/cmd/stringer
nonsense x
",
            "5 stdlib 1.22.1 direct
             7 github.com/a/b v1.2.3 direct
             9 github.com/c/d/v2 v2.0.0+incompatible direct
             10 golang.org/x/text v0.3.0
             11 example.org/new v1.1.0 direct
             12 example.org/local - path:./local
             ! 24 not understood",
        );
    }

    #[test]
    fn sums_speak_where_the_module_file_does_not() {
        let text = "a.org/b v1.0.0 h1:x=\na.org/b v1.0.0/go.mod h1:x=\na.org/c v0.1.0/go.mod h1:x=\nbroken\n";
        let expected = "1 a.org/b v1.0.0\n! 4 go mod tidy";
        check("go.sum", text, expected);
        check_beside(
            "go.sum",
            text,
            &[("go.mod", "module x\n\ngo 1.16\n")],
            expected,
        );
        check_beside("go.sum", text, &[("go.mod", "module x\n\ngo 1.17\n")], "");
    }
}
