//! The index of the matchers of one language: by the last name of what they look
//! for, and which classes of nodes have such names at all.

use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasherDefault, Hasher};

use assay_source::{RepoPath, Span};
use assay_syntax::{Field, Language, NodeRef, Role, RoleSet, SyntaxTree};

use crate::context::Context;
use crate::pattern::condition::{Condition, LazyRegex, Subject, parse_subject};
use crate::pattern::credential::{Credential, credential};
use crate::pattern::fact::{Facts, is_setting, settings};
use crate::pattern::path::{last_name, plain_string};
use crate::pattern::report::report;
use crate::pattern::site::Site;
use crate::pattern::value::key_text;
use crate::pattern::{Matcher, Shape};
use crate::query::operator;
use crate::rule::{Check, Rule};

/// A matcher, ready to be asked.
pub(crate) struct Entry {
    pub(crate) rule: u16,
    pub(crate) matcher: &'static Matcher,
    pub(crate) name: &'static str,
    pub(crate) conditions: Vec<Condition>,
    /// The part that must be a credential, and what of it is one.
    secret: Option<(Subject, Option<LazyRegex>)>,
}

type ByName = HashMap<&'static str, Vec<Entry>, BuildHasherDefault<NameHasher>>;

/// The matchers of one language.
#[derive(Default)]
pub(crate) struct PatternTable {
    /// By the class of a node: the shapes to look for there.
    events: Vec<u16>,
    by_shape: [ByName; SHAPES.len()],
    /// The entries that look for words in the text.
    pub(crate) texts: Vec<Entry>,
    /// The last names of the modules in `Shape::Import`.
    modules: HashSet<&'static str>,
}

const SHAPES: [Shape; 8] = [
    Shape::Call,
    Shape::Set,
    Shape::Reference,
    Shape::Annotation,
    Shape::Function,
    Shape::Operation,
    Shape::Kind,
    Shape::Import,
];

/// FNV-1a: names are short, and the table is made of the rules alone, so nobody
/// outside chooses what collides.
pub(crate) struct NameHasher(u64);

impl Default for NameHasher {
    fn default() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }
}

impl Hasher for NameHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x100_0000_01b3);
        }
    }
}

impl PatternTable {
    /// Takes the matchers of the active rules that read the language.
    pub(crate) fn new(rules: &'static [Rule], active: &[u16], language: &Language) -> Self {
        let mut table = Self::default();
        let id = language.id();
        for &rule in active {
            let Check::Pattern(matchers) = rules[usize::from(rule)].spec().check else {
                continue;
            };
            for matcher in matchers {
                if matcher.languages.contains(&id.as_str()) {
                    table.add(rule, matcher);
                }
            }
        }
        table.events = (0..language.class_count() as u16)
            .map(|class| {
                table.events_of(language.class_kind_name(class), language.class_roles(class))
            })
            .collect();
        table
    }

    fn add(&mut self, rule: u16, matcher: &'static Matcher) {
        for &name in matcher.names {
            // A line that cannot be read would make the matcher match too much;
            // a test reads them all.
            let conditions: Result<Vec<_>, _> = matcher
                .when
                .iter()
                .map(|line| Condition::parse(line))
                .collect();
            let Ok(conditions) = conditions else { continue };
            let secret = match matcher.secret {
                "" => None,
                subject => match parse_subject(subject) {
                    Ok(subject) => Some((subject, within(matcher))),
                    Err(_) => continue,
                },
            };
            let entry = Entry {
                rule,
                matcher,
                name,
                conditions,
                secret,
            };
            match matcher.shape {
                Shape::Text => self.texts.push(entry),
                shape => {
                    let at = SHAPES.iter().position(|other| *other == shape);
                    let last = name.rsplit(['.', '/']).next().unwrap_or(name);
                    let key = match shape {
                        Shape::Kind | Shape::Operation | Shape::Function => name,
                        Shape::Import => {
                            self.modules.insert(last);
                            name
                        }
                        // Keys are known without the mark of variables.
                        Shape::Set => last_of(name).trim_start_matches('$'),
                        _ => last_of(name),
                    };
                    let place = at.expect("every other shape is in the list");
                    self.by_shape[place].entry(key).or_default().push(entry);
                }
            }
        }
    }

    fn events_of(&self, kind: &str, roles: RoleSet) -> u16 {
        let mut events = 0;
        for (at, shape) in SHAPES.iter().enumerate() {
            let is_wanted = !self.by_shape[at].is_empty()
                || *shape == Shape::Import && !self.by_shape[CALLS].is_empty();
            if !is_wanted {
                continue;
            }
            let wanted = match shape {
                Shape::Call => roles.has(Role::Call) && kind != "infix_expression",
                Shape::Set => is_setting_kind(kind),
                Shape::Reference => {
                    roles.has(Role::Member)
                        || roles.has(Role::Identifier)
                        || matches!(kind, "scoped_identifier" | "qualified_identifier")
                }
                Shape::Annotation => roles.has(Role::Annotation),
                Shape::Function => roles.has(Role::Function),
                Shape::Operation => roles.has(Role::Comparison) || roles.has(Role::Binary),
                Shape::Kind => self.by_shape[at].contains_key(kind),
                Shape::Import => roles.has(Role::Import),
                Shape::Text => false,
            };
            events |= u16::from(wanted) << at;
        }
        events
    }

    /// Returns the shapes to look for at a node of the class.
    pub(crate) fn events(&self, class: u16) -> u16 {
        self.events.get(usize::from(class)).copied().unwrap_or(0)
    }

    /// Looks at a node; `ask` is called with each matcher that may match there.
    pub(crate) fn visit<'s, 't>(
        &'s self,
        node: NodeRef<'t>,
        facts: &'s Facts<'t>,
        mut ask: impl FnMut(&'s Entry, &Site<'t, '_>),
    ) {
        let mut events = self.events(node.class());
        while events != 0 {
            let at = events.trailing_zeros() as usize;
            events &= events - 1;
            let (place, name) = match SHAPES[at] {
                Shape::Call | Shape::Reference => (node, last_name(node)),
                Shape::Annotation => {
                    let call = node.named_children().next().filter(|c| c.has(Role::Call));
                    let place = call.unwrap_or(node);
                    (place, last_name(place))
                }
                Shape::Function => (node, node.name()),
                Shape::Operation => (node, Some(operator(node))),
                Shape::Kind => (node, Some(node.kind())),
                Shape::Set => {
                    self.visit_settings(node, facts, &mut ask);
                    continue;
                }
                Shape::Import => {
                    self.visit_import(node, facts, &mut ask);
                    continue;
                }
                Shape::Text => continue,
            };
            let Some(name) = name else { continue };
            let by_original = || {
                // References by another name are rare, and names are many.
                if SHAPES[at] == Shape::Reference {
                    return None;
                }
                let original = facts.original_name(name)?;
                self.by_shape[at].get(original)
            };
            let Some(entries) = self.by_shape[at].get(name).or_else(by_original) else {
                continue;
            };
            if SHAPES[at] == Shape::Reference && !is_reference(node) {
                continue;
            }
            let mut site = Site::new(place, facts);
            if SHAPES[at] == Shape::Function
                && let Some(body) = node.child(Field::Body)
            {
                site = site.with_value(body);
            }
            for entry in entries {
                ask(entry, &site);
            }
        }
    }

    fn visit_settings<'s, 't>(
        &'s self,
        node: NodeRef<'t>,
        facts: &'s Facts<'t>,
        ask: &mut impl FnMut(&'s Entry, &Site<'t, '_>),
    ) {
        if !is_setting(node) {
            return;
        }
        for (target, value) in settings(node) {
            let name = if target.has(Role::String) {
                plain_string(target).map(|key| key.trim_start_matches('$'))
            } else if !target.is_leaf() && target.kind() != "variable_name" {
                last_name(target).or_else(|| Some(key_text(target)))
            } else {
                Some(key_text(target))
            };
            let entries = name.and_then(|name| self.by_shape[SETTINGS].get(name));
            for entry in entries.into_iter().flatten() {
                ask(entry, &Site::setting(node, facts, target, value));
            }
        }
    }

    /// Looks at an import; what it imports is worked out when a name in it is
    /// the last of a module that is looked for.
    fn visit_import<'s, 't>(
        &'s self,
        node: NodeRef<'t>,
        facts: &'s Facts<'t>,
        ask: &mut impl FnMut(&'s Entry, &Site<'t, '_>),
    ) {
        facts.note_import(node);
        /// Names beyond these in one import are not looked at.
        const PARTS_MAX: usize = 256;
        let is_hit = node.subtree().take(PARTS_MAX).any(|part| {
            let name = if part.has(Role::String) {
                plain_string(part).unwrap_or("")
            } else {
                part.text()
            };
            let last = name.rsplit(['.', '/']).next().unwrap_or(name);
            part != node && self.modules.contains(last)
        });
        if !is_hit {
            return;
        }
        for (module, _) in facts.modules().iter().filter(|(_, at)| *at == node) {
            let entries = self.by_shape[IMPORTS].get(module.as_str());
            for entry in entries.into_iter().flatten() {
                ask(entry, &Site::new(node, facts));
            }
        }
    }
}

const CALLS: usize = 0;
const SETTINGS: usize = 1;
const IMPORTS: usize = 7;
const _: () = assert!(matches!(SHAPES[CALLS], Shape::Call));
const _: () = assert!(matches!(SHAPES[SETTINGS], Shape::Set));
const _: () = assert!(matches!(SHAPES[IMPORTS], Shape::Import));

fn last_of(path: &str) -> &str {
    path.rsplit('.').next().unwrap_or(path)
}

/// Returns the expression that a matcher wants of what it calls a credential.
fn within(matcher: &'static Matcher) -> Option<LazyRegex> {
    (!matcher.within.is_empty()).then(|| LazyRegex::new(matcher.within))
}

/// Asks one matcher about one place; reports when all of it holds.
pub(crate) fn examine<'t>(entry: &Entry, site: &Site<'t, '_>, context: &mut Context<'_, 't>) {
    let holds = names_match(entry, site)
        && entry
            .conditions
            .iter()
            .all(|condition| site.holds(condition, context.path(), context.text()));
    if !holds {
        return;
    }
    if entry.secret.is_none() {
        report(entry, site, None, context);
    } else if let Some(credential) = credential_of(entry, site) {
        report(entry, site, Some(credential), context);
    }
}

fn credential_of(entry: &Entry, site: &Site<'_, '_>) -> Option<Credential> {
    let (subject, within) = entry.secret.as_ref()?;
    let node = site.node_of(subject)?;
    credential(node, within.as_ref(), site.facts)
}

/// Returns where the credentials of a tree stand that its matchers know.
pub(crate) fn credential_spans(
    table: &PatternTable,
    tree: &SyntaxTree,
    path: &RepoPath,
) -> Vec<Span> {
    let facts = Facts::new(tree);
    let mut spans = Vec::new();
    for node in tree.nodes().filter(|node| table.events(node.class()) != 0) {
        table.visit(node, &facts, |entry, site| {
            let holds = |condition| site.holds(condition, path, tree.text());
            if names_match(entry, site) && entry.conditions.iter().all(holds) {
                let found = credential_of(entry, site);
                spans.extend(found.into_iter().flat_map(|found| found.spans));
            }
        });
    }
    spans
}

/// Asks a matcher of texts about a word: the line around it is the place.
pub(crate) fn examine_text<'t>(
    entry: &Entry,
    facts: &Facts<'t>,
    tree: &'t SyntaxTree,
    at: u32,
    context: &mut Context<'_, 't>,
) {
    let text = tree.text();
    let line = text.lines().line_of(at);
    let node = tree.covering(Span::new(at, at + entry.name.len() as u32));
    let is_comment = node.has(Role::Comment)
        || node
            .ancestors()
            .take(3)
            .any(|around| around.has(Role::Comment));
    if is_comment {
        return;
    }
    let site = Site::of_line(node, facts, text.lines().line_span(line));
    examine(entry, &site, context);
}

fn names_match(entry: &Entry, site: &Site<'_, '_>) -> bool {
    let wanted = entry.name;
    match entry.matcher.shape {
        Shape::Call | Shape::Reference | Shape::Annotation => site.facts.is(site.path(), wanted),
        Shape::Set => {
            !wanted.contains('.')
                || site
                    .target
                    .is_some_and(|target| site.facts.is(&site.facts.path(target), wanted))
        }
        // The table has found these by the whole name.
        Shape::Import | Shape::Function | Shape::Operation | Shape::Kind | Shape::Text => true,
    }
}

/// A reference is no part of a longer path, no callee, and declares nothing.
fn is_reference(node: NodeRef<'_>) -> bool {
    let Some(parent) = node.parent() else {
        return true;
    };
    if parent.has(Role::Import) || parent.has(Role::Member) || node.has(Role::Call) {
        return false;
    }
    if matches!(
        parent.kind(),
        "scoped_identifier" | "qualified_identifier" | "import_specifier"
    ) {
        return false;
    }
    let declares = is_setting(parent)
        && settings(parent)
            .first()
            .is_some_and(|(target, _)| *target == node);
    let is_callee =
        parent.has(Role::Call) && node.field() != Field::None && node.field() != Field::Operand;
    !declares && !is_callee && !parent.has(Role::Parameter)
}

fn is_setting_kind(kind: &str) -> bool {
    kind.contains("assignment")
        || kind.contains("declarator")
        || kind.contains("pair")
        || kind.contains("element")
        || kind.contains("field")
        || kind.contains("item")
        || kind.contains("spec")
        || kind.contains("argument")
        || kind.contains("declaration")
        || kind.contains("definition")
        || kind.contains("initialize")
        || kind == "jsx_attribute"
}

#[cfg(test)]
mod tests {
    use crate::pattern::condition::{Claim, Condition, Subject, Test};
    use crate::rule::{Check, rules};

    #[test]
    fn every_condition_can_be_read_and_every_expression_compiles() {
        let mut wrong = Vec::new();
        for rule in rules() {
            let Check::Pattern(matchers) = rule.spec().check else {
                continue;
            };
            for line in matchers.iter().flat_map(|matcher| matcher.when) {
                match Condition::parse(line) {
                    Err(error) => wrong.push(format!("{}: {error}", rule.id())),
                    Ok(condition) => {
                        if let Claim::Of(_, Test::Matches(regex) | Test::Source(regex)) =
                            &condition.claim
                            && regex.regex().is_none()
                        {
                            wrong.push(format!("{}: {line}", rule.id()));
                        }
                        // Whether something is in a list of arguments has no one answer.
                        if let Claim::Of(Subject::Any, Test::Present) = condition.claim {
                            wrong.push(format!("{}: {line}", rule.id()));
                        }
                    }
                }
            }
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }
}
