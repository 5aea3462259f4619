//! Bundler's `Gemfile` and `Gemfile.lock`, and the literal lines of `*.gemspec`.
//! <https://bundler.io/man/gemfile.5.html>

use std::collections::HashMap;

use assay_source::Span;

use crate::document::span;
use crate::graph;
use crate::package::{Ecosystem, Package, PackageSource};

use super::Reading;
use super::go::lines;

/// A gem of the lockfile while its lines are read.
struct Locked<'a> {
    name: &'a str,
    /// None for a folder of the project itself.
    index: Option<u32>,
    asks: Vec<&'a str>,
}

pub(super) fn read_lock(reading: &mut Reading<'_>) {
    let mut section = "";
    let (mut remote, mut revision) = ("", "");
    let mut locked: Vec<Locked<'_>> = Vec::new();
    let mut wanted: Vec<&str> = Vec::new();
    let mut by_id: HashMap<(&str, &str), Option<u32>> = HashMap::new();
    for (line, place) in lines(reading.text) {
        let indent = line.len() - line.trim_start().len();
        let trimmed = line.trim();
        if indent == 0 {
            section = trimmed;
            (remote, revision) = ("", "");
            if trimmed.starts_with(['<', '=', '>']) {
                reading.problem(place, "this line is not understood; run `bundle lock`");
            }
            continue;
        }
        let is_source = matches!(section, "GEM" | "GIT" | "PATH" | "PLUGIN SOURCE");
        match (section, indent) {
            _ if is_source && indent == 2 => {
                if let Some(value) = trimmed.strip_prefix("remote:") {
                    remote = value.trim();
                } else if let Some(value) = trimmed.strip_prefix("revision:") {
                    revision = value.trim();
                }
            }
            _ if is_source && indent == 4 => {
                let Some((name, version)) = gem(trimmed) else {
                    reading.problem(place, "this gem is not understood; run `bundle lock`");
                    continue;
                };
                // One gem is there once for each platform: `1.0-x86_64-linux`.
                let version = version.split('-').next().unwrap_or(version);
                let index = *by_id.entry((name, version)).or_insert_with(|| {
                    if section == "PATH" {
                        return None;
                    }
                    let mut package = Package::new(Ecosystem::RubyGems, name, place);
                    package.version = Some(version.to_owned());
                    package.source = match section {
                        "GIT" => PackageSource::Git(format!("{remote}#{revision}")),
                        _ if remote.is_empty() || remote.contains("://rubygems.org") => {
                            PackageSource::Registry
                        }
                        _ => PackageSource::Url(remote.to_owned()),
                    };
                    reading.add(package)
                });
                locked.push(Locked {
                    name,
                    index,
                    asks: Vec::new(),
                });
            }
            _ if is_source && indent == 6 => {
                if let Some(last) = locked.last_mut() {
                    last.asks
                        .push(trimmed.split([' ', '!']).next().unwrap_or(trimmed));
                }
            }
            ("DEPENDENCIES", 2) => wanted.push(trimmed.split([' ', '!']).next().unwrap_or(trimmed)),
            _ => {}
        }
    }
    link(reading, &locked, &wanted);
}

fn gem(text: &str) -> Option<(&str, &str)> {
    let (name, rest) = text.split_once(" (")?;
    Some((name, rest.strip_suffix(')')?))
}

fn link(reading: &mut Reading<'_>, locked: &[Locked<'_>], wanted: &[&str]) {
    let names: HashMap<&str, Option<u32>> =
        locked.iter().map(|gem| (gem.name, gem.index)).collect();
    let find = |name: &str| names.get(name).copied().flatten();
    let mut roots: Vec<(u32, &str)> = Vec::new();
    for gem in locked {
        for name in &gem.asks {
            let Some(to) = find(name) else { continue };
            match gem.index {
                Some(from) => reading.link(from, to),
                None => roots.push((to, name)),
            }
        }
    }
    roots.extend(wanted.iter().filter_map(|name| Some((find(name)?, *name))));
    let dev_names: Vec<String> = reading
        .beside("Gemfile")
        .map_or_else(Vec::new, |(_, text)| {
            let dev = gems(&text).into_iter().filter(|gem| gem.package.dev);
            dev.map(|gem| gem.package.name).collect()
        });
    let (mut others, mut dev) = (Vec::new(), Vec::new());
    for (at, name) in roots {
        if let Some(package) = reading.get_mut(at) {
            package.direct = true;
        }
        let is_dev = dev_names.iter().any(|dev| dev == name);
        if is_dev { &mut dev } else { &mut others }.push(at);
    }
    if others.is_empty() && dev.is_empty() {
        graph::mark_unasked_direct(&mut reading.packages);
    }
    graph::mark_dev(&mut reading.packages, others, dev);
}

pub(super) fn read_manifest(reading: &mut Reading<'_>) {
    for gem in gems(reading.text) {
        reading.add(gem.package);
    }
}

struct Gem {
    package: Package,
}

/// The groups that are for development.
const DEV_GROUPS: &[&str] = &[
    "development",
    "test",
    "dev",
    "ci",
    "lint",
    "rubocop",
    "docs",
    "doc",
];

fn gems(text: &str) -> Vec<Gem> {
    let mut out = Vec::new();
    // For each open block whether it is of groups for development only.
    let mut blocks: Vec<bool> = Vec::new();
    for (line, place) in lines(text) {
        let code = without_comment(line);
        let code = code.trim();
        if let Some(arguments) = call(code, "gem") {
            if let Some(package) = gem_line(arguments, place, blocks.contains(&true)) {
                out.push(Gem { package });
            }
        } else if let Some((_, arguments)) = [
            "add_dependency",
            "add_runtime_dependency",
            "add_development_dependency",
        ]
        .iter()
        .find_map(|name| Some((name, call(code.split_once('.')?.1, name)?)))
        {
            let dev = code.contains("add_development_dependency");
            if let Some(package) = gem_line(arguments, place, dev) {
                out.push(Gem { package });
            }
        }
        let opens = code.ends_with(" do") || code.ends_with('|') && code.contains(" do |");
        let first = code.split([' ', '(']).next().unwrap_or("");
        if opens {
            let is_dev = call(code, "group").is_some_and(is_development);
            blocks.push(is_dev);
        } else if matches!(first, "if" | "unless" | "case" | "begin" | "def" | "while") {
            blocks.push(false);
        } else if first == "end" {
            blocks.pop();
        }
    }
    out
}

fn without_comment(line: &str) -> &str {
    let mut quote = None;
    for (at, c) in line.char_indices() {
        match (quote, c) {
            (None, '#') => return &line[..at],
            (None, '"' | '\'') => quote = Some(c),
            (Some(open), c) if open == c => quote = None,
            _ => {}
        }
    }
    line
}

/// Returns the arguments of `name arguments` or `name(arguments)`.
fn call<'a>(code: &'a str, name: &str) -> Option<&'a str> {
    let rest = code.strip_prefix(name)?;
    rest.strip_prefix('(')
        .or_else(|| rest.strip_prefix([' ', '\t']))
}

fn is_development(groups: &str) -> bool {
    let mut symbols = groups
        .split([',', ' ', '[', ']', '(', ')'])
        .filter_map(|part| {
            let name = part
                .strip_prefix(':')
                .or_else(|| part.strip_prefix(['"', '\'']));
            name.map(|name| name.trim_matches(['"', '\'']))
        });
    let mut any = false;
    symbols.all(|name| {
        any = true;
        DEV_GROUPS.contains(&name)
    }) && any
}

/// Reads `'name', '~> 1.0', '< 2', key: value`.
fn gem_line(arguments: &str, place: Span, dev: bool) -> Option<Package> {
    let mut texts = Vec::new();
    let mut rest = arguments.trim();
    loop {
        let quote = rest.chars().next().filter(|c| matches!(c, '"' | '\''));
        let Some(quote) = quote else { break };
        let inner = &rest[1..];
        let end = inner.find(quote)?;
        let after = inner[end + 1..].trim_start();
        // `'key' => value` begins the options.
        if after.starts_with("=>") {
            break;
        }
        texts.push(&inner[..end]);
        let after = after.strip_suffix(".freeze").unwrap_or(after);
        match after
            .trim_start_matches(".freeze")
            .trim_start()
            .strip_prefix(',')
        {
            Some(next) => rest = next.trim_start_matches([' ', '[']),
            None => {
                rest = "";
                break;
            }
        }
    }
    let name = texts
        .first()
        .filter(|name| !name.is_empty() && !name.contains("#{"))?;
    let option = |key: &str| {
        let at = [
            format!("{key}:"),
            format!(":{key} =>"),
            format!("'{key}' =>"),
        ]
        .iter()
        .find_map(|key| rest.find(key.as_str()).map(|at| at + key.len()))?;
        Some(rest[at..].trim_start())
    };
    let text = |value: &str| {
        let quote = value.chars().next().filter(|c| matches!(c, '"' | '\''))?;
        value[1..].split(quote).next().map(str::to_owned)
    };
    let mut package = Package::new(Ecosystem::RubyGems, *name, place);
    package.direct = true;
    package.dev = dev
        || ["group", "groups"]
            .iter()
            .find_map(|key| option(key))
            .is_some_and(|groups| {
                let end = groups
                    .find(']')
                    .or_else(|| groups.find(','))
                    .map_or(groups.len(), |at| at + 1);
                is_development(&groups[..end])
            });
    let requirement = texts[1..].join(", ");
    let bare = requirement.trim_start_matches(['=', ' ']);
    if bare.starts_with(|c: char| c.is_ascii_digit()) && !bare.contains(',') {
        package.version = Some(bare.to_owned());
    }
    package.requirement = Some(requirement);
    if let Some(path) = option("path").and_then(text) {
        package.source = PackageSource::Path(path);
    } else if let Some(git) = option("git").and_then(text) {
        package.source = PackageSource::Git(git);
    } else if let Some(github) = option("github").and_then(text) {
        package.source = PackageSource::Git(format!("https://github.com/{github}"));
    }
    let width = place
        .len()
        .min(u32::try_from(arguments.len()).unwrap_or(u32::MAX) + 200);
    package.span = span(place.start as usize, (place.start + width) as usize);
    Some(package)
}

#[cfg(test)]
mod tests {
    use crate::read::testing::{check, check_beside};

    const LOCK: &str = "GIT
  remote: https://github.com/u/g.git
  revision: abc
  tag: v1
  specs:
    g (0.1.0)
      a (>= 1)

PATH
  remote: .
  specs:
    own (1.0)
      b

GEM
  remote: https://rubygems.org/
  specs:
    a (1.0.0)
      b (~> 2.0)
    b (2.0.1)
    n (1.15.0)
    n (1.15.0-x86_64-linux)
    t (3.0.pre.1)

PLATFORMS
  ruby

DEPENDENCIES
  g!
  n
  own!
  t (~> 3)

BUNDLED WITH
   2.4.1
";

    #[test]
    fn lockfiles_are_read() {
        check_beside(
            "Gemfile.lock",
            LOCK,
            &[("Gemfile", "group :test do\n  gem 't'\nend\ngem 'n'\n")],
            "6 g 0.1.0 direct git:https://github.com/u/g.git#abc
             18 a 1.0.0 <g
             20 b 2.0.1 direct <a
             21 n 1.15.0 direct
             23 t 3.0.pre.1 direct dev",
        );
    }

    #[test]
    fn manifests_are_read() {
        check(
            "Gemfile",
            r##"source 'https://rubygems.org'
gem 'rails', '~> 7.0', '>= 7.0.1' # comment 'x'
gem "pinned", "= 1.2.3", require: false
gem 'p', path: '../p'
gem 'g', :git => 'https://github.com/u/g.git', branch: 'main'
gem 'gh', github: 'u/gh'
gem 'd', group: [:development, :test]
gem 'w', groups: %i[x]
if RUBY_VERSION > '3'
  gem 'i'
end
group :development, :test do
  platforms :ruby do
    gem('rspec')
  end
end
group :production do
  gem 'puma'
end
gem "#{x}"
"##,
            "2 rails - [~> 7.0, >= 7.0.1] direct
             3 pinned 1.2.3 [= 1.2.3] direct
             4 p - [] direct path:../p
             5 g - [] direct git:https://github.com/u/g.git
             6 gh - [] direct git:https://github.com/u/gh
             7 d - [] direct dev
             8 w - [] direct
             10 i - [] direct
             14 rspec - [] direct dev
             18 puma - [] direct",
        );
        check(
            "x.gemspec",
            "Gem::Specification.new do |s|\n  s.add_dependency 'a', '~> 1'\n  s.add_development_dependency(\"b\".freeze, [\">= 0\".freeze])\nend\n",
            "2 a - [~> 1] direct
             3 b - [>= 0] direct dev",
        );
    }
}
