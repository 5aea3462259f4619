//! Reads the instructions of a Dockerfile as values: stages with what they are
//! made from, what they run, copy, set and expose, and as whom they run.
//!
//! `stages` lists the stages, `final` is the last one. A stage has one entry
//! for each instruction, under the instruction's name in lower case, and
//! `last_user`: the user at its end, also when it comes from an earlier stage.

use std::borrow::Cow;
use std::collections::HashMap;

use assay_source::Span;
use assay_syntax::{NodeRef, SyntaxTree};

use super::model::{Entry, Model, ScalarKind, Shape, ValueId};

/// Substitutions of one text.
const SUBSTITUTIONS_MAX: usize = 32;

/// What variables stand for, where the file says so.
type Variables = HashMap<String, String>;

/// Reads a file.
pub(crate) fn read(tree: &SyntaxTree) -> Model<'_> {
    let mut reader = Reader {
        model: Model::of(tree),
        global: Variables::new(),
        stage: None,
        done: Vec::new(),
    };
    for node in tree.root().named_children() {
        reader.instruction(node);
    }
    reader.finish(tree.root().span())
}

/// A stage that is being read.
struct Stage<'t> {
    span: Span,
    entries: Vec<Entry<'t>>,
    variables: Variables,
    alias: Option<String>,
    last_user: Option<(Span, ValueId)>,
}

struct Finished {
    id: ValueId,
    alias: Option<String>,
    last_user: Option<(Span, ValueId)>,
}

struct Reader<'t> {
    model: Model<'t>,
    /// `ARG`s before the first stage, for the images of all stages.
    global: Variables,
    stage: Option<Stage<'t>>,
    done: Vec<Finished>,
}

impl<'t> Reader<'t> {
    fn finish(mut self, span: Span) -> Model<'t> {
        self.close();
        let stages: Vec<ValueId> = self.done.iter().map(|stage| stage.id).collect();
        let start = Span::new(span.start, span.start);
        let mut entries = Vec::new();
        if let Some(&last) = stages.last() {
            entries.push(entry("final", start, last));
        }
        let stages = self.model.add(span, Shape::Sequence(stages));
        entries.push(entry("stages", start, stages));
        let root = self.model.add(span, Shape::Mapping(entries));
        self.model.roots.push(root);
        self.model
    }

    fn close(&mut self) {
        let Some(mut stage) = self.stage.take() else {
            return;
        };
        if let Some((span, user)) = stage.last_user {
            stage.entries.push(entry("last_user", span, user));
        }
        let id = self.model.add(stage.span, Shape::Mapping(stage.entries));
        self.done.push(Finished {
            id,
            alias: stage.alias,
            last_user: stage.last_user,
        });
    }

    fn instruction(&mut self, node: NodeRef<'t>) {
        if !self.model.has_room() {
            return;
        }
        let span = node.span();
        let (name, value) = match node.kind() {
            "from_instruction" => return self.from(node),
            "arg_instruction" => ("arg", self.pairs(node, "arg_pair")),
            _ if self.stage.is_none() => return,
            "env_instruction" => ("env", self.pairs(node, "env_pair")),
            "label_instruction" => ("label", self.pairs(node, "label_pair")),
            "run_instruction" => ("run", self.command(node)),
            "cmd_instruction" => ("cmd", self.command(node)),
            "entrypoint_instruction" => ("entrypoint", self.command(node)),
            "healthcheck_instruction" => ("healthcheck", self.command(node)),
            "add_instruction" => ("add", self.copy(node)),
            "copy_instruction" => ("copy", self.copy(node)),
            "user_instruction" => ("user", self.user(node)),
            "workdir_instruction" => ("workdir", self.rest(node)),
            "volume_instruction" => ("volume", self.rest(node)),
            "shell_instruction" => ("shell", self.rest(node)),
            "expose_instruction" => ("expose", self.ports(node)),
            _ => return,
        };
        if let Some(stage) = &mut self.stage {
            stage.span = Span::new(stage.span.start, span.end);
            stage.entries.push(entry(name, span, value));
        }
    }

    fn from(&mut self, node: NodeRef<'t>) {
        self.close();
        let span = node.span();
        let mut entries = Vec::new();
        let (mut alias, mut last_user, mut name) = (None, None, None);
        for part in node.named_children() {
            match part.kind() {
                "image_spec" => {
                    let image = substitute(part.text(), &[&self.global]);
                    let (image_name, tag, digest) = image_parts(&image);
                    for (key, text) in
                        [("name", Some(image_name)), ("tag", tag), ("digest", digest)]
                    {
                        if let Some(text) = text {
                            let text = Cow::Owned(text.to_owned());
                            let value = self.scalar(part.span(), text);
                            entries.push(entry(key, part.span(), value));
                        }
                    }
                    name = Some(image_name.to_owned());
                    let value = self.scalar(part.span(), Cow::Owned(image));
                    entries.push(entry("image", part.span(), value));
                }
                "image_alias" => {
                    alias = Some(part.text().to_ascii_lowercase());
                    let value = self.model.add_text(part.span(), part.text());
                    entries.push(entry("alias", part.span(), value));
                }
                "param" => entries.extend(self.flag(part)),
                _ => {}
            }
        }
        let earlier = name.map(|name| name.to_ascii_lowercase());
        let earlier = earlier.and_then(|name| {
            let is = |stage: &&Finished| stage.alias.as_ref() == Some(&name);
            self.done.iter().rev().find(is)
        });
        if let Some(stage) = earlier {
            last_user = stage.last_user;
            entries.push(entry("stage", span, stage.id));
        }
        let from = self.model.add(span, Shape::Mapping(entries));
        self.stage = Some(Stage {
            span,
            entries: vec![entry("from", span, from)],
            variables: Variables::new(),
            alias,
            last_user,
        });
    }

    fn scalar(&mut self, span: Span, text: Cow<'t, str>) -> ValueId {
        self.model.add_scalar(span, text, ScalarKind::Text, None)
    }

    /// Reads `--name=value`.
    fn flag(&mut self, node: NodeRef<'t>) -> Option<Entry<'t>> {
        let text = node.text().trim_start_matches('-');
        let (name, value) = text.split_once('=').unwrap_or((text, "true"));
        let id = self.scalar(node.span(), Cow::Borrowed(value));
        Some(entry(name, node.span(), id))
    }

    fn flags(&mut self, node: NodeRef<'t>) -> Vec<Entry<'t>> {
        let mut entries = Vec::new();
        for part in node.named_children() {
            if matches!(part.kind(), "param" | "mount_param") {
                entries.extend(self.flag(part));
            }
        }
        entries
    }

    /// Reads the names and values of `ARG`, `ENV` and `LABEL`.
    fn pairs(&mut self, node: NodeRef<'t>, kind: &str) -> ValueId {
        let mut entries = Vec::new();
        for pair in node.named_children().filter(|part| part.kind() == kind) {
            let mut parts = pair.named_children();
            let Some(name) = parts.next() else { continue };
            let value = parts.next();
            let text = value.map(|value| unquoted(value.text()));
            if let Some(text) = text
                && kind != "label_pair"
            {
                let known = self.expand(text).into_owned();
                let variables = match &mut self.stage {
                    Some(stage) => &mut stage.variables,
                    None => &mut self.global,
                };
                variables.insert(name.text().to_owned(), known);
            }
            let id = match (value, text) {
                (Some(value), Some(text)) => {
                    let at = value.text().find(text).unwrap_or(0) as u32;
                    let start = Some(value.span().start + at);
                    self.model.add_scalar(
                        value.span(),
                        Cow::Borrowed(text),
                        ScalarKind::Text,
                        start,
                    )
                }
                _ => self
                    .model
                    .add_scalar(name.span(), Cow::Borrowed(""), ScalarKind::Null, None),
            };
            entries.push(Entry {
                key: Cow::Borrowed(name.text()),
                key_span: pair.span(),
                value: id,
            });
        }
        self.model.add(node.span(), Shape::Mapping(entries))
    }

    fn expand(&self, text: &'t str) -> Cow<'t, str> {
        if !text.contains('$') {
            return Cow::Borrowed(text);
        }
        let stage = self.stage.as_ref().map(|stage| &stage.variables);
        let all: Vec<&Variables> = stage.into_iter().chain([&self.global]).collect();
        Cow::Owned(substitute(text, &all))
    }

    /// Reads `RUN` and the like: the flags, and the command under `script` with
    /// blanks where comments and continued lines were.
    fn command(&mut self, node: NodeRef<'t>) -> ValueId {
        let mut entries = self.flags(node);
        let is_flag = |part: &NodeRef<'_>| matches!(part.kind(), "param" | "mount_param");
        let first = node.named_children().find(|part| !is_flag(part));
        if let Some(first) = first {
            let span = Span::new(first.span().start, node.span().end);
            let text = node.tree().text().slice(span);
            let mut blanked = text.as_bytes().to_vec();
            for part in node.subtree() {
                if matches!(part.kind(), "comment" | "line_continuation") {
                    let from = (part.span().start.max(span.start) - span.start) as usize;
                    let to = (part.span().end.max(span.start) - span.start) as usize;
                    let to = to.min(blanked.len());
                    if let Some(hole) = blanked.get_mut(from..to) {
                        hole.fill(b' ');
                    }
                }
            }
            let text = match String::from_utf8(blanked) {
                Ok(blanked) => Cow::Owned(blanked),
                Err(_) => Cow::Borrowed(text),
            };
            let script = self
                .model
                .add_scalar(span, text, ScalarKind::Text, Some(span.start));
            entries.push(entry("script", span, script));
        }
        self.model.add(node.span(), Shape::Mapping(entries))
    }

    /// Reads `ADD` and `COPY`: each `source` and the `destination`.
    fn copy(&mut self, node: NodeRef<'t>) -> ValueId {
        let mut entries = self.flags(node);
        let mut paths = Vec::new();
        for part in node.named_children() {
            match part.kind() {
                "path" => paths.push((part.span(), part.text())),
                "json_string_array" => {
                    let strings = part.named_children();
                    paths.extend(strings.map(|text| (text.span(), unquoted(text.text()))));
                }
                _ => {}
            }
        }
        let count = paths.len();
        for (index, (span, text)) in paths.into_iter().enumerate() {
            let name = match index + 1 == count {
                true => "destination",
                false => "source",
            };
            let text = self.expand(text);
            let id = self.scalar(span, text);
            entries.push(entry(name, span, id));
        }
        self.model.add(node.span(), Shape::Mapping(entries))
    }

    fn user(&mut self, node: NodeRef<'t>) -> ValueId {
        let text = node.text();
        let name = text.get("USER".len()..).unwrap_or("").trim();
        let name = self.expand(unquoted(name));
        let id = self.scalar(node.span(), name);
        if let Some(stage) = &mut self.stage {
            stage.last_user = Some((node.span(), id));
        }
        id
    }

    fn rest(&mut self, node: NodeRef<'t>) -> ValueId {
        let text = node.text();
        let at = text.find(char::is_whitespace).unwrap_or(text.len());
        self.scalar(node.span(), Cow::Borrowed(text[at..].trim()))
    }

    fn ports(&mut self, node: NodeRef<'t>) -> ValueId {
        let ports: Vec<_> = node
            .named_children()
            .map(|port| (port.span(), self.expand(port.text())))
            .collect();
        let items = ports
            .into_iter()
            .map(|(span, text)| self.scalar(span, text))
            .collect();
        self.model.add(node.span(), Shape::Sequence(items))
    }
}

fn entry<'t>(key: &'t str, key_span: Span, value: ValueId) -> Entry<'t> {
    Entry {
        key: Cow::Borrowed(key),
        key_span,
        value,
    }
}

fn unquoted(text: &str) -> &str {
    let text = text.trim();
    for quote in ['"', '\''] {
        let inner = text.strip_prefix(quote);
        if let Some(inner) = inner.and_then(|inner| inner.strip_suffix(quote)) {
            return inner;
        }
    }
    text
}

/// Returns the name, tag and digest of an image's reference.
pub(crate) fn image_parts(image: &str) -> (&str, Option<&str>, Option<&str>) {
    let (rest, digest) = match image.split_once('@') {
        Some((rest, digest)) => (rest, Some(digest)),
        None => (image, None),
    };
    // A colon before the last slash is a registry's port.
    let path = rest.rfind('/').map_or(0, |at| at + 1);
    match rest[path..].find(':') {
        Some(at) => (&rest[..path + at], Some(&rest[path + at + 1..]), digest),
        None => (rest, None, digest),
    }
}

/// Puts in what variables stand for, as far as it is known.
fn substitute(text: &str, variables: &[&Variables]) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    for _ in 0..SUBSTITUTIONS_MAX {
        let Some(at) = rest.find('$') else { break };
        out.push_str(&rest[..at]);
        let after = &rest[at + 1..];
        let (inside, length) = match after.strip_prefix('{') {
            Some(inner) => {
                let Some(end) = inner.find('}') else {
                    rest = &rest[at..];
                    break;
                };
                (&inner[..end], end + 2)
            }
            None => {
                let end = after
                    .find(|c: char| !c.is_ascii_alphanumeric() && c != '_')
                    .unwrap_or(after.len());
                (&after[..end], end)
            }
        };
        let (name, default) = match inside.split_once(":-") {
            Some((name, default)) => (name, Some(default)),
            None => (inside, None),
        };
        let known = variables.iter().find_map(|known| known.get(name));
        let known = known.map(String::as_str).filter(|text| !text.is_empty());
        match known.or(default) {
            Some(known) => out.push_str(known),
            None => out.push_str(&rest[at..at + 1 + length]),
        }
        rest = &after[length..];
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::{Variables, image_parts, substitute};

    #[test]
    fn images_have_a_name_a_tag_and_a_digest() {
        for (image, parts) in [
            ("ubuntu", ("ubuntu", None, None)),
            ("ubuntu:22.04", ("ubuntu", Some("22.04"), None)),
            ("host:5000/a/b", ("host:5000/a/b", None, None)),
            ("host:5000/a:1", ("host:5000/a", Some("1"), None)),
            ("a:1@sha256:ab", ("a", Some("1"), Some("sha256:ab"))),
        ] {
            assert_eq!(image_parts(image), parts, "{image}");
        }
    }

    #[test]
    fn variables_are_put_in_where_they_are_known() {
        let known = Variables::from([("A".to_owned(), "1".to_owned())]);
        for (text, expected) in [
            ("x:$A", "x:1"),
            ("x:${A}-y", "x:1-y"),
            ("x:${B:-2}", "x:2"),
            ("x:${B}", "x:${B}"),
            ("x:$B-y", "x:$B-y"),
            ("x:${B", "x:${B"),
            ("$", "$"),
        ] {
            assert_eq!(substitute(text, &[&known]), expected, "{text}");
        }
    }
}
