//! `mix.exs` and `mix.lock`. <https://hexdocs.pm/mix/Mix.Tasks.Deps.html>

use std::collections::HashMap;

use assay_source::Span;

use crate::document::span;
use crate::graph;
use crate::package::{Ecosystem, Package, PackageSource};

use super::Reading;
use super::go::lines;

/// Reads lines of `"name": {:hex, :name, "1.0.0", "hash", [...], [{:other, "~> 1", ...}], ...}`.
pub(super) fn read_lock(reading: &mut Reading<'_>) {
    let mut index: HashMap<String, u32> = HashMap::new();
    let mut asks: Vec<(u32, String)> = Vec::new();
    for (line, place) in lines(reading.text) {
        let trimmed = line.trim();
        if trimmed.is_empty() || matches!(trimmed, "%{" | "}") {
            continue;
        }
        let Some((key, value)) = trimmed
            .strip_prefix('"')
            .and_then(|rest| rest.split_once("\":"))
            .map(|(key, value)| (key, value.trim()))
        else {
            reading.problem(place, "this line is not understood; run `mix deps.get`");
            continue;
        };
        let texts = texts(value);
        let mut package = Package::new(Ecosystem::Hex, key, place);
        if let Some(rest) = value.strip_prefix("{:hex,") {
            let name = rest.trim_start().strip_prefix(':').unwrap_or(rest);
            let end = name.find(|c: char| !c.is_ascii_alphanumeric() && c != '_');
            package.name = name[..end.unwrap_or(name.len())].to_owned();
            package.version = texts.first().map(|text| (*text).to_owned());
        } else if value.starts_with("{:git,") {
            let revision = texts.get(1).copied().unwrap_or("");
            package.source =
                PackageSource::Git(format!("{}#{revision}", texts.first().unwrap_or(&"")));
        } else {
            reading.problem(place, format!("the source of `{key}` is not known here"));
        }
        let Some(at) = reading.add(package) else {
            break;
        };
        index.insert(key.to_owned(), at);
        // What it asks for begins with `{:name,` again.
        for part in value.strip_prefix('{').unwrap_or(value).split("{:").skip(1) {
            let end = part.find(',').unwrap_or(part.len());
            asks.push((at, part[..end].to_owned()));
        }
    }
    for (from, name) in asks {
        if let Some(&to) = index.get(&name) {
            reading.link(from, to);
        }
    }
    let Some((_, manifest)) = reading.beside("mix.exs") else {
        graph::mark_unasked_direct(&mut reading.packages);
        return;
    };
    let (mut others, mut dev) = (Vec::new(), Vec::new());
    for wanted in dependencies(&manifest) {
        let Some(&at) = index.get(&wanted.name) else {
            continue;
        };
        if let Some(package) = reading.get_mut(at) {
            package.direct = true;
        }
        if wanted.dev { &mut dev } else { &mut others }.push(at);
    }
    graph::mark_dev(&mut reading.packages, others, dev);
}

pub(super) fn read_manifest(reading: &mut Reading<'_>) {
    for package in dependencies(reading.text) {
        reading.add(package);
    }
}

/// Finds `{:name, "~> 1.0", only: :test}` and `{:name, git: "..."}`.
fn dependencies(text: &str) -> Vec<Package> {
    let mut out = Vec::new();
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        let code = line.split('#').next().unwrap_or(line);
        let mut from = 0;
        while let Some(open) = code[from..].find("{:").map(|at| at + from) {
            let end = code[open..]
                .find('}')
                .map_or(code.trim_end().len(), |at| open + at + 1);
            let end = end.max(open + 2);
            let inner = code[open + 2..end].trim_end_matches('}');
            if let Some(package) = dependency(inner, span(start + open, start + end)) {
                out.push(package);
            }
            from = end;
        }
        start += line.len();
    }
    out
}

fn dependency(inner: &str, place: Span) -> Option<Package> {
    let (name, rest) = inner.split_once(',')?;
    let is_name = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_';
    if name.is_empty() || !name.bytes().all(is_name) {
        return None;
    }
    let rest = rest.trim();
    let mut package = Package::new(Ecosystem::Hex, name, place);
    package.direct = true;
    let option = |key: &str| {
        rest.find(&format!("{key}: "))
            .map(|at| rest[at + key.len() + 2..].trim_start())
    };
    let text = |value: &str| {
        value
            .strip_prefix('"')
            .and_then(|value| value.split('"').next())
            .map(str::to_owned)
    };
    if rest.starts_with('"') {
        let requirement = text(rest).unwrap_or_default();
        let bare = requirement.trim_start_matches(['=', ' ']);
        if bare.starts_with(|c: char| c.is_ascii_digit()) && !bare.contains(' ') {
            package.version = Some(bare.to_owned());
        }
        package.requirement = Some(requirement);
    }
    if let Some(git) = option("git").and_then(text) {
        package.source = PackageSource::Git(git);
    } else if let Some(github) = option("github").and_then(text) {
        package.source = PackageSource::Git(format!("https://github.com/{github}"));
    } else if let Some(path) = option("path").and_then(text) {
        package.source = PackageSource::Path(path);
    } else if option("in_umbrella").is_some_and(|value| value.starts_with("true")) {
        package.source = PackageSource::Path(format!("../{name}"));
    } else if package.requirement.is_none() {
        // A tuple that is no dependency, such as a child of a supervisor.
        return None;
    }
    package.dev = option("only").is_some_and(|value| {
        let value = value.split("runtime").next().unwrap_or(value);
        (value.contains(":dev") || value.contains(":test")) && !value.contains(":prod")
    });
    Some(package)
}

fn texts(value: &str) -> Vec<&str> {
    value.split('"').skip(1).step_by(2).collect()
}

#[cfg(test)]
mod tests {
    use crate::read::testing::{check, check_beside};

    const LOCK: &str = r#"%{
  "a": {:hex, :real_a, "1.0.0", "hash", [:mix], [{:b, "~> 1.0", [hex: :b, repo: "hexpm", optional: false]}], "hexpm", "hash"},
  "b": {:hex, :b, "1.2.3", "hash", [:mix], [], "hexpm", "hash"},
  "g": {:git, "https://github.com/u/g.git", "abc", [tag: "v1"]},
  broken
}
"#;

    #[test]
    fn lockfiles_are_read() {
        check_beside(
            "mix.lock",
            LOCK,
            &[(
                "mix.exs",
                "defp deps do\n[{:a, \"~> 1.0\"}, {:g, github: \"u/g\", only: [:dev, :test]}]\nend",
            )],
            "2 real_a 1.0.0 direct
             3 b 1.2.3 <real_a
             4 g - direct dev git:https://github.com/u/g.git#abc
             ! 5 not understood",
        );
    }

    #[test]
    fn manifests_are_read() {
        check(
            "mix.exs",
            r#"  defp deps do
    [
      {:phoenix, "~> 1.7.0"}, # {:no, "1"}
      {:exact, "1.2.3", only: :test, runtime: false},
      {:own, path: "../own"},
      {:core, in_umbrella: true}
    ]
  end
  {:ok, pid}
"#,
            "3 phoenix - [~> 1.7.0] direct
             4 exact 1.2.3 [1.2.3] direct dev
             5 own - direct path:../own
             6 core - direct path:../core",
        );
    }
}
