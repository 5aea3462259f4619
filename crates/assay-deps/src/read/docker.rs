//! Container images: `Dockerfile` and compose files.
//! <https://docs.docker.com/reference/dockerfile/>

use std::collections::HashMap;

use assay_source::Span;

use crate::document::{Node, parse_yaml, span};
use crate::package::{Ecosystem, Package};

use super::Reading;

/// How often a variable may stand in one image's name.
const VARIABLES_MAX: usize = 8;

pub(super) fn claims(file: &str) -> bool {
    let lower = file.to_ascii_lowercase();
    ["dockerfile", "containerfile"].iter().any(|name| {
        lower == *name
            || lower.starts_with(&format!("{name}."))
            || lower.ends_with(&format!(".{name}"))
    })
}

pub(super) fn claims_compose(file: &str) -> bool {
    let stem = file
        .strip_suffix(".yml")
        .or_else(|| file.strip_suffix(".yaml"));
    stem.is_some_and(|stem| {
        ["docker-compose", "compose"]
            .iter()
            .any(|name| stem == *name || stem.starts_with(&format!("{name}.")))
    })
}

pub(super) fn read(reading: &mut Reading<'_>) {
    let mut variables: HashMap<String, String> = HashMap::new();
    let mut stages: Vec<String> = Vec::new();
    for (code, place) in instructions(reading.text) {
        let mut words = code.split_whitespace();
        let instruction = words.next().unwrap_or("").to_ascii_uppercase();
        match instruction.as_str() {
            "ARG" => {
                for word in words {
                    let (name, value) = word.split_once('=').unwrap_or((word, ""));
                    let value = value.trim_matches(['"', '\'']);
                    if !value.is_empty() {
                        variables.insert(name.to_owned(), value.to_owned());
                    }
                }
            }
            "FROM" => {
                let words: Vec<&str> = words.filter(|word| !word.starts_with("--")).collect();
                let Some(name) = words.first() else {
                    reading.problem(place, "`FROM` names no image");
                    continue;
                };
                add(reading, &expand(name, &variables), place, &stages);
                if let [_, r#as, stage, ..] = words[..]
                    && r#as.eq_ignore_ascii_case("as")
                {
                    stages.push(stage.to_lowercase());
                }
            }
            "COPY" | "ADD" => {
                if let Some(name) = words.find_map(|word| word.strip_prefix("--from=")) {
                    add(reading, &expand(name, &variables), place, &stages);
                }
            }
            "RUN" => {
                for mount in words.take_while(|word| word.starts_with("--")) {
                    let options = mount.strip_prefix("--mount=").unwrap_or("");
                    if let Some(name) = options
                        .split(',')
                        .find_map(|part| part.strip_prefix("from="))
                    {
                        add(reading, &expand(name, &variables), place, &stages);
                    }
                }
            }
            _ => {}
        }
    }
}

fn add(reading: &mut Reading<'_>, name: &str, place: Span, stages: &[String]) {
    let lower = name.to_lowercase();
    let is_stage = stages.contains(&lower) || name.bytes().all(|b| b.is_ascii_digit());
    if is_stage || lower == "scratch" {
        return;
    }
    match image(name, place) {
        Some(package) => {
            let known = reading.packages.iter().any(|other| {
                (&other.name, &other.version, &other.requirement)
                    == (&package.name, &package.version, &package.requirement)
            });
            if !known {
                reading.add(package);
            }
        }
        None => reading.problem(
            place,
            format!("the image `{name}` is known only when it is built"),
        ),
    }
}

/// Returns the instructions, each with the place of its first line; lines that
/// go on are joined.
fn instructions(text: &str) -> Vec<(String, Span)> {
    let mut out: Vec<(String, Span)> = Vec::new();
    let mut goes_on = false;
    for (line, place) in super::go::lines(text) {
        let trimmed = line.trim();
        if trimmed.is_empty() || trimmed.starts_with('#') {
            continue;
        }
        let code = trimmed.trim_end_matches(['\\', '`']);
        let next_goes_on = code.len() < trimmed.len();
        match out.last_mut() {
            Some((whole, _)) if goes_on => {
                whole.push(' ');
                whole.push_str(code);
            }
            _ => out.push((
                code.to_owned(),
                span(place.start as usize, place.end as usize),
            )),
        }
        goes_on = next_goes_on;
    }
    out
}

/// Puts in the defaults of variables: `$x`, `${x}`, `${x:-default}`.
fn expand(text: &str, variables: &HashMap<String, String>) -> String {
    let mut text = text.trim_matches(['"', '\'']).to_owned();
    for _ in 0..VARIABLES_MAX {
        let Some(start) = text.find('$') else { break };
        let rest = &text[start + 1..];
        let (inner, len) = match rest.strip_prefix('{') {
            Some(inner) => {
                let Some(end) = inner.find('}') else { break };
                (&inner[..end], end + 3)
            }
            None => {
                let is_end = |c: char| !c.is_ascii_alphanumeric() && c != '_';
                let end = rest.find(is_end).unwrap_or(rest.len());
                (&rest[..end], end + 1)
            }
        };
        let (name, default) = inner
            .split_once(":-")
            .or_else(|| inner.split_once('-'))
            .unwrap_or((inner, ""));
        let value = variables
            .get(name)
            .map_or(default, String::as_str)
            .to_owned();
        if value.is_empty() || value.len() > 512 {
            break;
        }
        text.replace_range(start..start + len, &value);
    }
    text
}

/// Makes the package of `registry/name:tag@digest`; none when a part of it is
/// not known before it runs.
pub(super) fn image(text: &str, place: Span) -> Option<Package> {
    if text.is_empty() || text.contains(['$', '{', ' ']) {
        return None;
    }
    let (name, digest) = match text.split_once('@') {
        Some((name, digest)) => (name, Some(digest)),
        None => (text, None),
    };
    // A `:` before the last slash is the port of a registry.
    let last = name.rfind('/').map_or(0, |at| at + 1);
    let (name, tag) = match name[last..].find(':') {
        Some(at) => (&name[..last + at], Some(&name[last + at + 1..])),
        None => (name, None),
    };
    let mut package = Package::new(Ecosystem::Docker, name, place);
    package.direct = true;
    match (tag, digest) {
        (tag, Some(digest)) => {
            package.version = tag.map(str::to_owned);
            package.requirement = Some(digest.to_owned());
        }
        (Some("latest"), None) => package.requirement = Some("latest".to_owned()),
        (Some(tag), None) => package.version = Some(tag.to_owned()),
        (None, None) => package.requirement = Some(String::new()),
    }
    Some(package)
}

pub(super) fn read_compose(reading: &mut Reading<'_>) {
    let (root, flaw) = parse_yaml(reading.text);
    reading.flaw(flaw);
    for service in root.get("services").map_or(&[][..], Node::entries) {
        let Some(entry) = service.value.entry("image") else {
            continue;
        };
        // With a build beside it the image is what this project makes.
        if service.value.get("build").is_some() {
            continue;
        }
        let text = expand(entry.value.text().unwrap_or(""), &HashMap::new());
        if let Some(package) = image(&text, entry.span()) {
            reading.add(package);
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::read::testing::check;

    #[test]
    fn dockerfiles_are_read() {
        check(
            "docker/Dockerfile.prod",
            "# syntax=docker/dockerfile:1
ARG VERSION=3.12
ARG UNSET
FROM --platform=linux/amd64 python:${VERSION}-slim AS base
FROM base AS build
COPY --from=golang:1.22 /go /go
COPY --from=base --chown=x /a \\
  /b
FROM registry.example.org:5000/team/app
FROM gcr.io/x/y:${TAG:-v1}@sha256:00
FROM node:$UNSET
FROM scratch
RUN --mount=type=bind,from=alpine:3.19,target=/x true
COPY --from=0 /a /b
FROM ubuntu:latest
",
            "4 python 3.12-slim direct
             6 golang 1.22 direct
             9 registry.example.org:5000/team/app - [] direct
             10 gcr.io/x/y v1 [sha256:00] direct
             13 alpine 3.19 direct
             15 ubuntu - [latest] direct
             ! 11 known only when",
        );
    }

    #[test]
    fn compose_files_are_read() {
        check(
            "docker-compose.dev.yml",
            "services:\n  db:\n    image: postgres:16\n  own:\n    image: own:1\n    build: .\n",
            "3 postgres 16 direct",
        );
    }
}
