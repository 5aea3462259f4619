//! Runs the rules about configuration over one file: reads its values once when
//! any rule wants a file of its kind, and asks each rule.

use std::sync::OnceLock;

use assay_finding::{Confidence, IdentityHasher, Severity};
use assay_source::Span;
use assay_syntax::SyntaxTree;

use super::condition::Condition;
use super::kind::{Kind, Subject, guess, pair, subjects};
use super::model::{Model, Scalar, Shape};
use super::path::{Path, Place};
use super::predicate::Predicate;
use super::{dockerfile, hcl, json, nginx, properties, yaml};
use crate::context::{Basis, Context, Draft, replace};
use crate::engine::FileInput;

/// One way in which a rule finds something, as its file says it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ConfigMatch {
    /// The kinds of files.
    pub(crate) documents: &'static [&'static str],
    /// The kinds of resources; none means whole documents.
    pub(crate) resources: &'static [&'static str],
    /// Where to look; each value there is judged.
    pub(crate) each: &'static str,
    /// What must hold there.
    pub(crate) when: &'static [&'static str],
    /// What to look for in the text there; each hit is a finding.
    pub(crate) find: &'static str,
    /// Where to report, from there; the nearest place that is there counts.
    pub(crate) report: &'static str,
    /// What stands before the version of the thing that is reported, if that is no
    /// part of what it is: another version has the same problem, not a new one.
    pub(crate) version: Option<char>,
    /// What to say, with `{value}`, `{name}`, `{key}` and `{hit}`.
    pub(crate) message: &'static str,
    /// How bad it is, when that is not what the rule says.
    pub(crate) severity: Option<Severity>,
    /// How sure it is, when that is not what the rule says.
    pub(crate) confidence: Option<Confidence>,
    /// How to mend it.
    pub(crate) fix: Option<ConfigFix>,
}

/// Puts another value in the place of the one that is reported.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ConfigFix {
    /// What the fix does.
    pub(crate) title: &'static str,
    /// The new value.
    pub(crate) with: &'static str,
    /// Whether it never changes what was right.
    pub(crate) is_safe: bool,
}

/// The rule's ways, as its file has them and as they are run.
pub(crate) struct ConfigCheck {
    matches: &'static [ConfigMatch],
    read: OnceLock<Result<Vec<Matcher>, String>>,
}

struct Matcher {
    source: &'static ConfigMatch,
    kinds: Vec<Kind>,
    each: Path,
    when: Vec<Condition>,
    find: Option<Predicate>,
    report: Path,
}

impl ConfigCheck {
    pub(crate) const fn new(matches: &'static [ConfigMatch]) -> Self {
        Self {
            matches,
            read: OnceLock::new(),
        }
    }

    fn matchers(&self) -> &Result<Vec<Matcher>, String> {
        self.read
            .get_or_init(|| self.matches.iter().map(Matcher::read).collect())
    }

    /// Returns what is wrong with the rule's file, if anything.
    pub(crate) fn fault(&self) -> Option<&str> {
        self.matchers().as_ref().err().map(String::as_str)
    }

    /// Returns the names of the kinds of files that it is about.
    pub(crate) fn documents(&self) -> Vec<&'static str> {
        let all = self.matches.iter().flat_map(|one| one.documents);
        let mut names: Vec<&str> = all.copied().collect();
        names.sort_unstable();
        names.dedup();
        names
    }

    /// Returns whether it is about files of the kind; reads nothing for that.
    fn wants(&self, kind: Kind) -> bool {
        let name = kind.name();
        self.matches.iter().any(|one| one.documents.contains(&name))
    }
}

impl Matcher {
    fn read(source: &'static ConfigMatch) -> Result<Self, String> {
        let path = |text: &str| Path::parse(text).ok_or(format!("no path: {text:?}"));
        let kinds = source.documents.iter().map(|name| {
            Kind::by_name(name).ok_or_else(|| format!("no kind of document: {name:?}"))
        });
        Ok(Self {
            source,
            kinds: kinds.collect::<Result<_, _>>()?,
            each: path(source.each)?,
            when: source
                .when
                .iter()
                .map(|line| Condition::parse(line))
                .collect::<Result<_, _>>()?,
            find: match source.find {
                "" => None,
                find => Some(Predicate::parse(find)?),
            },
            report: path(source.report)?,
        })
    }
}

/// The values of a file with what they are for.
pub(crate) struct ConfigFile<'t> {
    kind: Kind,
    model: Model<'t>,
    subjects: Vec<Subject>,
}

impl<'t> ConfigFile<'t> {
    /// Reads a file that any of the rules wants; nothing for all others.
    pub(crate) fn read<'r>(
        input: &FileInput<'t>,
        tree: Option<&'t SyntaxTree>,
        mut rules: impl Iterator<Item = &'r ConfigCheck>,
    ) -> Option<Self> {
        let language = tree.map_or("", |tree| tree.language().id().as_str());
        let kind = guess(input.path, language, input.text.as_str())?;
        if !rules.any(|rule| rule.wants(kind)) {
            return None;
        }
        let model = match (language, tree) {
            ("yaml", Some(tree)) => yaml::read(tree),
            ("json", Some(tree)) => json::read(tree),
            ("hcl", Some(tree)) => hcl::read(tree),
            ("dockerfile", Some(tree)) => dockerfile::read(tree),
            ("", _) if kind == Kind::Nginx => nginx::read(input.text)?,
            ("", _) => properties::read(input.text),
            _ => return None,
        };
        let subjects = subjects(kind, &model);
        Some(Self {
            kind,
            model,
            subjects,
        })
    }
}

/// Asks a rule about a file.
pub(crate) fn check<'t>(rule: &ConfigCheck, file: &ConfigFile<'t>, context: &mut Context<'_, 't>) {
    if !rule.wants(file.kind) {
        return;
    }
    let matchers = rule.matchers().as_deref().unwrap_or(&[]);
    for matcher in matchers {
        if matcher.kinds.contains(&file.kind) {
            matcher.run(file, context);
        }
    }
}

impl Matcher {
    fn run<'t>(&self, file: &ConfigFile<'t>, context: &mut Context<'_, 't>) {
        let model = &file.model;
        let wanted = self.source.resources;
        for subject in &file.subjects {
            let is_wanted = match wanted {
                [] => subject.resource.is_empty() || file.kind == Kind::Kubernetes,
                wanted => wanted.contains(&&*subject.resource),
            };
            if !is_wanted {
                continue;
            }
            let root = Place::root(subject.root);
            for place in self.each.find(model, &root).places {
                if self
                    .when
                    .iter()
                    .all(|condition| condition.holds(model, &place))
                {
                    self.report(file, subject, &place, context);
                }
            }
        }
    }

    fn report<'m, 't>(
        &self,
        file: &'m ConfigFile<'t>,
        subject: &Subject,
        place: &Place<'m, 't>,
        context: &mut Context<'_, 't>,
    ) {
        let model = &file.model;
        let mut shown = self.report.find(model, place).places;
        let shown = if shown.is_empty() {
            place.clone()
        } else {
            shown.swap_remove(0)
        };
        let address = address(model, subject, place);
        let Some(find) = &self.find else {
            let span = first_line(context, span_of(model, subject, &shown));
            let message = self.message(model, subject, &shown, place, "");
            let basis = self.basis(context.rule.id(), &address, model.scalar(shown.id()));
            let draft = context.report_span(span, message);
            draft.basis = basis;
            self.judge(draft, address);
            if let Some(fix) = &self.source.fix
                && let Some(scalar) = model.scalar(shown.id())
                && let Some(start) = scalar.text_start
            {
                let end = start + scalar.text.len() as u32;
                let edits = vec![replace(Span::new(start, end), fix.with)];
                match fix.is_safe {
                    true => draft.safe_fix(fix.title, edits),
                    false => draft.unsafe_fix(fix.title, edits),
                };
            }
            return;
        };
        let Some(scalar) = model.scalar(shown.id()) else {
            return;
        };
        for hit in find.all(&scalar.text) {
            let text = &scalar.text[hit.clone()];
            let span = match scalar.text_start {
                Some(start) => Span::new(start + hit.start as u32, start + hit.end as u32),
                None => span_of(model, subject, &shown),
            };
            let message = self.message(model, subject, &shown, place, text);
            let span = first_line(context, span);
            self.judge(context.report_span(span, message), address.clone());
        }
    }

    /// Returns what the finding is known by.
    fn basis(&self, rule: &str, address: &str, scalar: Option<&Scalar<'_>>) -> Basis {
        let (Some(mark), Some(scalar)) = (self.source.version, scalar) else {
            return Basis::Tokens;
        };
        let text = &*scalar.text;
        let name = text.rsplit_once(mark).map_or(text, |(name, _)| name);
        let mut hasher = IdentityHasher::new(rule);
        // The rule may say something worse of some versions.
        hasher.part(self.source.message).part(address).part(name);
        Basis::Own(hasher.finish())
    }

    fn judge(&self, draft: &mut Draft<'_>, address: String) {
        draft.within(address);
        if let Some(severity) = self.source.severity {
            draft.severity(severity);
        }
        if let Some(confidence) = self.source.confidence {
            draft.confidence = confidence;
        }
    }

    fn message<'m, 't>(
        &self,
        model: &'m Model<'t>,
        subject: &Subject,
        shown: &Place<'m, 't>,
        place: &Place<'m, 't>,
        hit: &str,
    ) -> String {
        let value = model.scalar(shown.id()).map_or("", |scalar| &*scalar.text);
        let key = shown.entry().map_or("", |entry| &*entry.key);
        self.source
            .message
            .replace("{value}", &short(value))
            .replace("{key}", &short(key))
            .replace("{hit}", &short(hit))
            .replace("{name}", &short(&name(model, subject, place)))
    }
}

/// Longer texts are cut in messages.
const SHORT_CHARS_MAX: usize = 60;

fn short(text: &str) -> String {
    let line = text.trim().lines().next().unwrap_or("").trim_end();
    match line.char_indices().nth(SHORT_CHARS_MAX) {
        Some((at, _)) => format!("{}...", &line[..at]),
        None => line.to_owned(),
    }
}

/// Returns what the innermost thing around a place that has a name is called.
fn name(model: &Model<'_>, subject: &Subject, place: &Place<'_, '_>) -> String {
    for (id, entry) in place.way().iter().skip(1).rev() {
        if let Some(name) = model.text(*id, "name") {
            return name.to_owned();
        }
        if let Some(entry) = entry
            && matches!(model.value(*id).shape, Shape::Mapping(_))
            && place.way().len() > 2
        {
            return entry.key.to_string();
        }
    }
    subject.name.clone()
}

/// An address has at most so many parts.
const ADDRESS_PARTS_MAX: usize = 12;

/// Returns where a place is in words that survive moves: keys and names, no
/// numbers of items.
fn address(model: &Model<'_>, subject: &Subject, place: &Place<'_, '_>) -> String {
    let mut parts: Vec<&str> = [&*subject.resource, &*subject.name]
        .into_iter()
        .filter(|part| !part.is_empty())
        .collect();
    for (id, entry) in place.way().iter().skip(1).take(ADDRESS_PARTS_MAX) {
        match entry {
            Some(entry) => parts.push(&entry.key),
            None => parts.extend(model.text(*id, "name").or_else(|| model.text(*id, "id"))),
        }
    }
    parts.join(".")
}

/// Returns what to show of a place: a key with its value, the name of an item,
/// the head of a resource.
fn span_of(model: &Model<'_>, subject: &Subject, place: &Place<'_, '_>) -> Span {
    if let Some(entry) = place.entry() {
        return pair(model, entry);
    }
    let value = model.value(place.id());
    if place.way().len() == 1
        && let Some(head) = subject.head
    {
        return head;
    }
    match &value.shape {
        Shape::Mapping(entries) => {
            let named = ["name", "uses", "image", "run"];
            let named = named.iter().find_map(|key| model.entry(place.id(), key));
            let first = named.or_else(|| entries.first());
            first.map_or(value.span, |entry| pair(model, entry))
        }
        _ => value.span,
    }
}

/// Returns the part of a span that is on its first line.
fn first_line(context: &Context<'_, '_>, span: Span) -> Span {
    let text = context.text().slice(span);
    let length = text.find('\n').unwrap_or(text.len());
    Span::new(
        span.start,
        span.start + text[..length].trim_end().len() as u32,
    )
}
