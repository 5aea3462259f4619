//! GitHub workflows and actions: what their `uses:` and images name.
//! <https://docs.github.com/actions/reference/workflows-and-actions/workflow-syntax>

use assay_source::Span;

use crate::document::{Entry, Node, parse_yaml};
use crate::package::{Ecosystem, Package};

use super::{Reading, docker};

pub(super) fn read(reading: &mut Reading<'_>) {
    let (root, flaw) = parse_yaml(reading.text);
    reading.flaw(flaw);
    for job in root.get("jobs").map_or(&[][..], Node::entries) {
        if let Some(entry) = job.value.entry("uses") {
            add(reading, entry);
        }
        image(reading, job.value.get("container"));
        for service in job.value.get("services").map_or(&[][..], Node::entries) {
            image(reading, Some(&service.value));
        }
        steps(reading, &job.value);
    }
    if let Some(runs) = root.get("runs") {
        steps(reading, runs);
        if let Some(entry) = runs.entry("image")
            && entry
                .value
                .text()
                .is_some_and(|text| text.starts_with("docker://"))
        {
            add(reading, entry);
        }
    }
}

fn steps(reading: &mut Reading<'_>, holder: &Node<'_>) {
    for step in holder.get("steps").map_or(&[][..], Node::items) {
        if let Some(entry) = step.entry("uses") {
            add(reading, entry);
        }
    }
}

fn image(reading: &mut Reading<'_>, holder: Option<&Node<'_>>) {
    let node = holder.and_then(|holder| holder.get("image").or(Some(holder)));
    if let Some((node, text)) = node.and_then(|node| Some((node, node.text()?)))
        && let Some(package) = docker::image(text, node.span)
    {
        reading.add(package);
    }
}

fn add(reading: &mut Reading<'_>, entry: &Entry<'_>) {
    let Some(uses) = entry.value.text() else {
        reading.problem(entry.span(), "`uses` is not a text");
        return;
    };
    let span = entry.span();
    if uses.starts_with("./") || uses.starts_with("../") {
        return;
    }
    if let Some(name) = uses.strip_prefix("docker://") {
        if let Some(package) = docker::image(name, span) {
            reading.add(package);
        }
        return;
    }
    let comment = comment_after(reading.text, span);
    match action(uses, comment, span) {
        Some(package) => {
            reading.add(package);
        }
        None if uses.contains("${{") => {}
        None => reading.problem(span, "this `uses` is not `owner/repository@revision`"),
    }
}

/// Returns the comment on the line of a place: who pins a commit notes there
/// which version it is.
fn comment_after(text: &str, span: Span) -> &str {
    let rest = text.get(span.end as usize..).unwrap_or("");
    let line = rest.lines().next().unwrap_or("");
    let line = line.trim_start_matches(['"', '\'']);
    line.trim().strip_prefix('#').map_or("", str::trim)
}

fn action(uses: &str, comment: &str, span: Span) -> Option<Package> {
    let (path, revision) = uses.split_once('@')?;
    let mut parts = path.split('/');
    let (owner, repository) = (parts.next()?, parts.next()?);
    if owner.is_empty() || repository.is_empty() || revision.is_empty() {
        return None;
    }
    let mut package = Package::new(
        Ecosystem::GitHubActions,
        format!("{owner}/{repository}"),
        span,
    );
    package.direct = true;
    package.requirement = Some(revision.to_owned());
    let is_commit = revision.len() >= 40 && revision.bytes().all(|b| b.is_ascii_hexdigit());
    let version = if is_commit {
        comment.split_whitespace().find_map(full_version)
    } else {
        full_version(revision)
    };
    package.version = version.map(str::to_owned);
    Some(package)
}

/// Returns a version with at least two numbers; `v4` moves with each release
/// and says nothing about which one runs.
fn full_version(text: &str) -> Option<&str> {
    let text = text.rsplit('/').next().unwrap_or(text);
    let text = text.rsplit('@').next().unwrap_or(text);
    let bare = text.strip_prefix('v').unwrap_or(text);
    let mut numbers = bare.split(['.', '-', '+']);
    let is_number = |part: Option<&str>| {
        part.is_some_and(|part| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit()))
    };
    (is_number(numbers.next()) && bare.contains('.') && is_number(numbers.next())).then_some(bare)
}

#[cfg(test)]
mod tests {
    use crate::read::testing::check;

    #[test]
    fn workflows_are_read() {
        check(
            ".github/workflows/ci.yml",
            "on: push
jobs:
  a:
    runs-on: ubuntu-latest
    container: node:20.1
    services:
      db: {image: 'postgres:16'}
    steps:
      - uses: actions/checkout@v4
      - uses: actions/setup-node@v4.0.2
      - uses: tj-actions/changed-files@0123456789012345678901234567890123456789 # v45.0.7
      - uses: \"github/codeql-action/init@main\"
      - uses: ./.github/actions/own
      - uses: docker://ghcr.io/u/i@sha256:00
      - run: |
          echo uses: no/thing@v1
      - uses: nonsense
  b:
    uses: org/repo/.github/workflows/x.yml@v1.0.0
",
            "5 node 20.1 direct
             7 postgres 16 direct
             9 actions/checkout - [v4] direct
             10 actions/setup-node 4.0.2 [v4.0.2] direct
             11 tj-actions/changed-files 45.0.7 [0123456789012345678901234567890123456789] direct
             12 github/codeql-action - [main] direct
             14 ghcr.io/u/i - [sha256:00] direct
             19 org/repo 1.0.0 [v1.0.0] direct
             ! 17 not `owner",
        );
        check(
            "x/action.yml",
            "runs:\n  using: composite\n  steps:\n    - uses: a/b@v1.2\n",
            "4 a/b 1.2 [v1.2] direct",
        );
    }
}
