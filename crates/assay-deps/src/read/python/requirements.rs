//! pip's requirements files and constraints, with what `pip-compile` notes in
//! its comments. <https://pip.pypa.io/en/stable/reference/requirements-file-format/>

use std::collections::HashMap;

use assay_source::Span;

use super::{Requirement, normal_name, source_of};
use crate::document::span;
use crate::package::{Ecosystem, Package};
use crate::read::Reading;

/// How many other files one file may include.
const INCLUDES_MAX: usize = 50;

/// Returns whether a file name is one of a requirements file.
pub(in crate::read) fn claims(file: &str, parent: &str) -> bool {
    let lower = file.to_ascii_lowercase();
    let Some(stem) = [".txt", ".in", ".pip"]
        .iter()
        .find_map(|end| lower.strip_suffix(end))
    else {
        return false;
    };
    stem.contains("requirements")
        || stem.contains("constraints")
        || matches!(parent, "requirements" | "constraints")
}

pub(in crate::read) fn read(reading: &mut Reading<'_>) {
    let file = String::from_utf8_lossy(reading.path.as_bytes()).to_ascii_lowercase();
    let dev = ["dev", "test", "lint", "docs", "ci"].iter().any(|word| {
        let file = file.rsplit('/').next().unwrap_or("");
        file.split(|c: char| !c.is_ascii_alphanumeric())
            .any(|part| part == *word || part.trim_end_matches('s') == *word)
    });
    let is_constraints = file.contains("constraints");
    let mut notes = Notes::default();
    let mut pins: HashMap<String, String> = HashMap::new();
    let mut includes = 0;
    for line in logical_lines(reading.text) {
        if let Some(comment) = line.comment {
            notes.take(comment, line.code.is_empty());
        }
        let code = line.code.trim();
        if code.is_empty() {
            continue;
        }
        notes.finish(reading);
        if let Some((option, value)) = option(code) {
            match option {
                "-r" | "--requirement" | "-c" | "--constraint" if includes == INCLUDES_MAX => {
                    reading.problem(
                        line.place,
                        "too many files are included; this one was not read",
                    );
                }
                "-r" | "--requirement" => {
                    includes += 1;
                    include(reading, value, line.place, dev);
                }
                "-c" | "--constraint" => {
                    includes += 1;
                    constrain(reading, value, line.place, &mut pins);
                }
                "-e" | "--editable" => {
                    if let Some(package) = unnamed(value, line.place) {
                        notes.begin(add(reading, package, dev, is_constraints));
                    }
                }
                _ => {}
            }
            continue;
        }
        // What follows a requirement on its line are options of pip.
        let code = code.split(" --").next().unwrap_or(code).trim();
        match package(code, line.place) {
            Some(package) => notes.begin(add(reading, package, dev, is_constraints)),
            None => reading.problem(line.place, "this requirement is not understood (PEP 508)"),
        }
    }
    notes.finish(reading);
    notes.link(reading);
    for package in &mut reading.packages {
        if package.version.is_none() {
            package.version = pins.get(&package.name).cloned();
        }
    }
}

fn add(
    reading: &mut Reading<'_>,
    package: Package,
    dev: bool,
    is_constraints: bool,
) -> Option<u32> {
    reading.add(Package {
        direct: !is_constraints,
        dev,
        ..package
    })
}

/// A line with those that it goes on to.
struct Line<'a> {
    code: String,
    comment: Option<&'a str>,
    /// The first of its lines.
    place: Span,
}

fn logical_lines(text: &str) -> Vec<Line<'_>> {
    let mut out: Vec<Line<'_>> = Vec::new();
    let mut goes_on = false;
    for (line, place) in crate::read::go::lines(text) {
        let trimmed = line.trim();
        let comment_at = match trimmed.starts_with('#') {
            true => Some(0),
            false => trimmed
                .find(" #")
                .or_else(|| trimmed.find("\t#"))
                .map(|at| at + 1),
        };
        let (code, comment) = match comment_at {
            Some(at) => (
                &trimmed[..at],
                Some(trimmed[at..].trim_start_matches('#').trim()),
            ),
            None => (trimmed, None),
        };
        let (code, next_goes_on) = match code.strip_suffix('\\') {
            Some(code) => (code, true),
            None => (code, false),
        };
        match out.last_mut() {
            Some(last) if goes_on => {
                last.code.push(' ');
                last.code.push_str(code.trim());
                last.comment = last.comment.or(comment);
            }
            _ => out.push(Line {
                code: code.trim().to_owned(),
                comment,
                place: span(
                    place.start as usize,
                    place.start as usize + code.trim().len(),
                ),
            }),
        }
        goes_on = next_goes_on;
    }
    out
}

/// Splits `-r file`, `--requirement=file` and `-rfile`.
fn option(code: &str) -> Option<(&str, &str)> {
    if !code.starts_with('-') {
        return None;
    }
    if !code.starts_with("--") && code.len() > 2 && code.is_char_boundary(2) {
        let (option, value) = code.split_at(2);
        return Some((option, value.trim_start_matches('=').trim()));
    }
    let end = code.find(['=', ' ', '\t']).unwrap_or(code.len());
    let value = code[end..].trim_start_matches(['=', ' ', '\t']);
    Some((&code[..end], value))
}

fn package(code: &str, place: Span) -> Option<Package> {
    match Requirement::parse(code) {
        Some(requirement) if !is_file(code) => Some(requirement.into_package(place)),
        _ if code.contains("://") || code.starts_with(['.', '/']) || is_file(code) => {
            Some(unnamed(code, place).unwrap_or_else(|| {
                let mut package = Package::new(Ecosystem::PyPi, "", place);
                package.source = source_of(code);
                package
            }))
        }
        _ => None,
    }
    .filter(|package| {
        !package.name.is_empty() || package.source != crate::package::PackageSource::Registry
    })
}

fn is_file(code: &str) -> bool {
    let path = code.split(['#', ';', '[']).next().unwrap_or("").trim();
    !path.contains([' ', '@', '='])
        && [".whl", ".tar.gz", ".zip"]
            .iter()
            .any(|end| path.ends_with(end))
}

/// Makes the package of a URL or a path; its name is in `#egg=` or in the name
/// of the file. A folder of the project itself is none.
fn unnamed(text: &str, place: Span) -> Option<Package> {
    let text = text.trim();
    if let Some(requirement) =
        Requirement::parse(text).filter(|requirement| requirement.url.is_some())
    {
        return Some(requirement.into_package(place));
    }
    let (url, fragment) = text.split_once('#').unwrap_or((text, ""));
    let egg = fragment
        .split('&')
        .find_map(|part| part.strip_prefix("egg="));
    let file = url.rsplit('/').next().unwrap_or("");
    let mut package = Package::new(Ecosystem::PyPi, "", place);
    package.source = source_of(url);
    if let Some(egg) = egg {
        package.name = normal_name(egg.split('[').next().unwrap_or(egg));
    } else if let Some(wheel) = file.strip_suffix(".whl") {
        let mut parts = wheel.split('-');
        package.name = normal_name(parts.next()?);
        package.version = parts.next().map(str::to_owned);
    } else if let Some(stem) = [".tar.gz", ".zip"]
        .iter()
        .find_map(|end| file.strip_suffix(end))
    {
        let (name, version) = stem.rsplit_once('-')?;
        package.name = normal_name(name);
        package.version = Some(version.to_owned());
    } else if url.contains("://") {
        let repository = file.split('@').next().unwrap_or(file);
        package.name = normal_name(repository.strip_suffix(".git").unwrap_or(repository));
    }
    (!package.name.is_empty()).then_some(package)
}

/// Reads an included file that nobody else reads, because of its name.
fn include(reading: &mut Reading<'_>, file: &str, place: Span, dev: bool) {
    let name = file.rsplit('/').next().unwrap_or(file);
    let parent = file.rsplit('/').nth(1).unwrap_or("");
    if claims(name, parent) {
        return;
    }
    let Some((_, text)) = reading.beside(file) else {
        reading.problem(
            place,
            format!("`{file}` was not found, its requirements were not read"),
        );
        return;
    };
    for line in logical_lines(&text) {
        let code = line.code.trim();
        if code.is_empty() {
            continue;
        }
        if matches!(option(code), Some(("-r" | "--requirement", _))) {
            let message = format!("`{file}` includes further files, which were not read");
            reading.problem(place, message);
            continue;
        }
        let code = code.split(" --").next().unwrap_or(code).trim();
        if let Some(package) = package(code, place) {
            add(reading, package, dev, false);
        }
    }
}

fn constrain(
    reading: &mut Reading<'_>,
    file: &str,
    place: Span,
    pins: &mut HashMap<String, String>,
) {
    let Some((_, text)) = reading.beside(file) else {
        if !file.contains("://") {
            reading.problem(
                place,
                format!("`{file}` was not found, its versions are not known"),
            );
        }
        return;
    };
    for line in logical_lines(&text) {
        if let Some(requirement) = Requirement::parse(line.code.split(" --").next().unwrap_or(""))
            && let Some(version) = requirement.exact()
        {
            pins.insert(normal_name(requirement.name), version.to_owned());
        }
    }
}

/// What `pip-compile` and `uv pip compile` note below a package: who asks for it.
#[derive(Default)]
struct Notes {
    current: Option<u32>,
    in_via: bool,
    sources: Vec<String>,
    found: Vec<(u32, Vec<String>)>,
}

impl Notes {
    fn begin(&mut self, package: Option<u32>) {
        self.current = package;
    }

    fn take(&mut self, comment: &str, alone: bool) {
        if let Some(rest) = comment.strip_prefix("via") {
            self.in_via = true;
            let rest = rest.trim();
            if !rest.is_empty() {
                self.sources
                    .extend(rest.split(',').map(|name| name.trim().to_owned()));
            }
        } else if self.in_via && alone && !comment.is_empty() {
            self.sources.push(comment.to_owned());
        }
    }

    fn finish(&mut self, _: &Reading<'_>) {
        if let Some(package) = self.current.take()
            && !self.sources.is_empty()
        {
            self.found
                .push((package, std::mem::take(&mut self.sources)));
        }
        self.sources.clear();
        self.in_via = false;
    }

    fn link(self, reading: &mut Reading<'_>) {
        let names: HashMap<String, u32> = reading
            .packages
            .iter()
            .enumerate()
            .map(|(at, package)| (package.name.clone(), at as u32))
            .collect();
        for (package, sources) in self.found {
            let mut direct = false;
            for source in sources {
                // Else it is a file, `-r file`, or the project itself.
                match names.get(&normal_name(&source)) {
                    Some(&parent) => reading.link(parent, package),
                    None => direct = true,
                }
            }
            if let Some(package) = reading.get_mut(package) {
                package.direct = direct;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::claims;
    use crate::read::testing::{check, check_beside};

    #[test]
    fn lines_of_every_kind_are_read() {
        check(
            "requirements.txt",
            r#"# comment
--index-url https://pypi.org/simple
Flask==2.0.1  # pinned
requests[security] >= 2.8.1, == 2.8.* ; python_version < "2.7"
urllib3 @ https://example.org/urllib3-1.26.0.zip
django==4.2 \
    --hash=sha256:00 \
    --hash=sha256:11
-e git+https://github.com/u/own.git@v1.0#egg=Own_Pkg
-e .
./local/thing-1.0-py3-none-any.whl
https://example.org/pkg-2.0.tar.gz
zope.interface
? what
"#,
            "3 flask 2.0.1 [==2.0.1] direct
             4 requests - [>= 2.8.1, == 2.8.*] direct
             5 urllib3 - direct url:https://example.org/urllib3-1.26.0.zip
             6 django 4.2 [==4.2] direct
             9 own-pkg - direct git:git+https://github.com/u/own.git@v1.0
             11 thing 1.0 direct path:./local/thing-1.0-py3-none-any.whl
             12 pkg 2.0 direct url:https://example.org/pkg-2.0.tar.gz
             13 zope-interface - [] direct
             ! 14 not understood",
        );
    }

    #[test]
    fn compiled_files_say_who_asks() {
        check(
            "requirements/dev.txt",
            "flask==2.0 # via -r dev.in\njinja2==3.0\n    # via flask\nmarkupsafe==2.0\n    # via\n    #   jinja2\n    #   -r dev.in\n",
            "1 flask 2.0 [==2.0] direct dev
             2 jinja2 3.0 [==3.0] dev <flask
             4 markupsafe 2.0 [==2.0] direct dev <jinja2",
        );
    }

    #[test]
    fn other_files_are_looked_into() {
        check_beside(
            "a/requirements.txt",
            "-r more.list\n-r requirements-dev.txt\n-c ../constraints.txt\nb\n-r gone.list\n",
            &[
                ("a/more.list", "x==1\n-r y.list\n"),
                ("constraints.txt", "B==3.0\n"),
            ],
            "1 x 1 [==1] direct
             4 b 3.0 [] direct
             ! 1 includes further files
             ! 5 was not found",
        );
    }

    #[test]
    fn names_of_files() {
        for (file, parent, is_one) in [
            ("requirements.txt", "", true),
            ("dev-requirements.in", "", true),
            ("requirements_test.txt", "", true),
            ("base.txt", "requirements", true),
            ("constraints.txt", "", true),
            ("robots.txt", "", false),
            ("requirements.md", "", false),
        ] {
            assert_eq!(claims(file, parent), is_one, "{file}");
        }
    }
}
