//! The uses that a change left behind: they led to what it took away, and lead
//! nowhere now, or to what they no longer fit.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use assay_finding::Confidence;
use assay_graph::{
    Certainty, DefinitionId, DefinitionKind, Edge, EdgeKind, Expression, ExpressionId, Facts,
    FileId, GraphFile, Import, ImportKind, ImportTarget, Name, Outcome, Pair, Place,
};
use assay_rules::{call_at, callable_at, misfit};
use assay_source::{RepoPath, SourceText, Span};
use assay_syntax::{ParsedFile, detect};

use super::candidate::{Taken, TakenDefinition};
use super::{CALLER, Left, REFERENCE};
use crate::engines::Engines;
use crate::file::Examined;
use crate::place::{At, Places, Use};

/// Uses of one thing that are looked at.
const USES_MAX: usize = 200;
/// Lines above an import in which a condition around it may begin.
const CONDITION_LINES_MAX: u32 = 6;
/// How far the parents of a type are followed.
const PARENTS_MAX: usize = 64;

/// Members that a library or the language gives to types, so that one that is gone may
/// be there all the same.
const GIVEN: &[&str] = &[
    "clone",
    "default",
    "eq",
    "ne",
    "cmp",
    "partial_cmp",
    "hash",
    "fmt",
    "from",
    "into",
    "try_from",
    "try_into",
    "deref",
    "deref_mut",
    "drop",
    "next",
    "as_ref",
    "as_mut",
    "to_string",
    "borrow",
    "toString",
    "equals",
    "hashCode",
    "name",
    "values",
    "valueOf",
    "ordinal",
    "copy",
    "ToString",
    "Equals",
    "GetHashCode",
    "String",
    "Error",
    "constructor",
    "new",
    "initialize",
];
/// Names that the languages know without a definition or an import, so that what is gone
/// may have stood before them.
const GLOBAL: &[&str] = &[
    "open",
    "print",
    "input",
    "range",
    "map",
    "filter",
    "zip",
    "bytes",
    "str",
    "unicode",
    "next",
    "sorted",
    "type",
    "id",
    "hash",
    "list",
    "dict",
    "set",
    "iter",
    "len",
    "min",
    "max",
    "sum",
    "any",
    "all",
    "exec",
    "reduce",
    "chr",
    "round",
    "abs",
    "Buffer",
    "Promise",
    "URL",
    "URLSearchParams",
    "fetch",
    "Map",
    "Set",
    "WeakMap",
    "Symbol",
    "Proxy",
    "Reflect",
    "setTimeout",
    "setInterval",
    "setImmediate",
    "structuredClone",
    "queueMicrotask",
    "AbortController",
    "AbortSignal",
    "Event",
    "EventTarget",
    "Blob",
    "File",
    "FormData",
    "Headers",
    "Request",
    "Response",
    "TextEncoder",
    "TextDecoder",
    "crypto",
    "performance",
    "process",
    "console",
    "atob",
    "btoa",
    "require",
    "WebSocket",
    "global",
    "globalThis",
    "self",
    "clear",
    "append",
    "drop",
    "Record",
    "assert",
    "strlcpy",
    "strlcat",
    "strnlen",
    "strndup",
    "strcasecmp",
    "memmem",
    "TimeoutError",
    "ConnectionError",
    "FileNotFoundError",
    "PermissionError",
    "ModuleNotFoundError",
];
/// Members with which a type answers for names that it does not define.
const DYNAMIC: &[&str] = &[
    "__getattr__",
    "__getattribute__",
    "__call",
    "__callStatic",
    "__get",
    "method_missing",
    "respond_to_missing?",
];
/// Words of code that makes members at run time or when it is compiled.
const MAKERS: &[&str] = &[
    "lombok",
    "setattr(",
    "define_method",
    "new Proxy(",
    "partial class",
    "macro_rules!",
    "Object.assign(",
    "defineProperty",
    "class_eval",
    "instance_eval",
];

/// Finds what was left behind in code.
pub(crate) fn find(
    pair: &Pair,
    taken: &Taken,
    examined: &[Examined],
    places: &Places<'_>,
    engines: &Engines<'_>,
) -> Vec<Left> {
    let looking = Looking {
        engines,
        pair,
        taken,
        examined,
        places,
    };
    let imports = looking.broken_imports();
    let mut left = looking.files(&imports);
    for one in &taken.definitions {
        left.extend(match one.head {
            None => looking.gone(one, &imports),
            Some(_) => looking.different(one),
        });
    }
    left
}

/// An import that leads nowhere any more.
struct Broken {
    /// What it led to.
    target: DefinitionId,
    one: Use,
}

struct Looking<'a> {
    engines: &'a Engines<'a>,
    pair: &'a Pair,
    taken: &'a Taken,
    examined: &'a [Examined],
    places: &'a Places<'a>,
}

impl Looking<'_> {
    fn parsed(&self, path: &RepoPath, text: &Arc<SourceText>) -> Option<Arc<ParsedFile>> {
        let language = detect(path, text.as_str())?;
        Some(self.engines.parse(text, language))
    }

    /// Finds the imports that led to something in a changed file and lead nowhere now.
    fn broken_imports(&self) -> Vec<Broken> {
        let (base, head) = (&self.pair.base, &self.pair.head);
        let changed: HashSet<&RepoPath> = self
            .taken
            .files
            .iter()
            .map(|file| &file.path)
            .chain(
                self.taken
                    .definitions
                    .iter()
                    .filter_map(|one| self.path_of(one)),
            )
            .collect();
        let mut broken = Vec::new();
        for id in base.file_ids() {
            let file = base.file(id);
            let imports = file.facts.imports.iter().zip(file.imports());
            for (import, target) in imports {
                let ImportTarget::Definition(target) = *target else {
                    continue;
                };
                if !changed.contains(base.path_of(target)) {
                    continue;
                }
                let Some((path, line)) = self.places.head_of(&file.path, import.place.line) else {
                    continue;
                };
                let now = head.file_at(&path).and_then(|now| {
                    let now = head.file(now);
                    import_at(now, line, &file.facts, import)
                });
                let is_broken = matches!(now, Some(ImportTarget::Unknown | ImportTarget::External));
                if is_broken
                    && !self.is_conditional(&path, line)
                    && self.is_certain(target, file, import)
                {
                    broken.push(Broken {
                        target,
                        one: Use {
                            path,
                            line,
                            span: None,
                        },
                    });
                }
            }
        }
        broken
    }

    fn path_of(&self, one: &TakenDefinition) -> Option<&RepoPath> {
        let file = &self.examined[one.file];
        Some(file.entry.base_path.as_ref().unwrap_or(&file.entry.path))
    }

    /// Whether nothing but the definition or the file can be what an import meant.
    fn is_certain(&self, target: DefinitionId, file: &GraphFile, import: &Import) -> bool {
        let base = &self.pair.base;
        let path = base.path_of(target);
        if let Some(gone) = self.taken.files.iter().find(|one| one.path == *path) {
            return !self.has_sibling(&gone.path) && !is_made_in_build(path);
        }
        if import.kind != ImportKind::Item || base.definition(target).kind == DefinitionKind::File {
            return false;
        }
        let item = file.facts.text(import.item);
        let Some(at) =
            self.taken.definitions.iter().find(|one| {
                self.path_of(one) == Some(path) && one.head.is_none() && one.name == item
            })
        else {
            return false;
        };
        self.is_gone_for_good(at, &HashSet::new())
    }

    /// Whether another file of the same name may stand in for one that is gone.
    fn has_sibling(&self, path: &RepoPath) -> bool {
        let Some(path) = path.as_str() else {
            return true;
        };
        let stem = |path: &str| {
            let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
            let stem = name.split('.').next().unwrap_or(name);
            format!("{folder}/{stem}")
        };
        let wanted = stem(path);
        self.places.files().iter().any(|other| {
            other.path.as_str().is_some_and(|other| {
                stem(other) == wanted
                    || format!("/{other}")
                        .starts_with(&format!("/{}/", wanted.trim_start_matches('/')))
            })
        })
    }

    /// Whether a condition or a handler stands around an import.
    fn is_conditional(&self, path: &RepoPath, line: u32) -> bool {
        let Some(text) = self.places.text(path) else {
            return true;
        };
        let written = text.line(line);
        let indent = written.len() - written.trim_start().len();
        if indent == 0 {
            return false;
        }
        let first = line.saturating_sub(CONDITION_LINES_MAX).max(1);
        (first..line).any(|above| {
            let above = text.line(above);
            let start = above.trim_start();
            let outer = above.len() - start.len() < indent;
            outer
                && ["try", "if ", "#if", "except", "else", "} catch"]
                    .iter()
                    .any(|word| start.starts_with(word))
        })
    }

    /// Files that are gone and still imported.
    fn files(&self, imports: &[Broken]) -> Vec<Left> {
        let base = &self.pair.base;
        let mut found = Vec::new();
        for file in &self.taken.files {
            let mut uses: Vec<Use> = imports
                .iter()
                .filter(|broken| *base.path_of(broken.target) == file.path)
                .map(|broken| broken.one.clone())
                .collect();
            uses.sort();
            uses.dedup();
            if uses.is_empty() {
                continue;
            }
            let head = self.examined[file.file].entry.path.to_display();
            let path = file.path.to_display();
            let says = match head == path {
                true => format!("`{path}` is gone"),
                false => format!("`{path}` is now `{head}`"),
            };
            found.push(Left {
                rule: REFERENCE,
                name: path,
                says,
                severity: None,
                confidence: Confidence::High,
                from: None,
                uses,
            });
        }
        found
    }

    /// Uses of a definition that is gone.
    fn gone(&self, one: &TakenDefinition, imports: &[Broken]) -> Option<Left> {
        let base = &self.pair.base;
        let (file, id) = self.base_id(one)?;
        let mut uses: Vec<Use> = imports
            .iter()
            .filter(|broken| broken.target == id)
            .map(|broken| broken.one.clone())
            .collect();
        let has_import = !uses.is_empty();
        let language = base.file(file).facts.text(base.file(file).facts.language);
        let is_static = is_compiled(language);
        // Where names need no declaration, a variable that is gone may be another one.
        let looks_further = is_static || one.kind != DefinitionKind::Variable;
        // What an import brings is said at the import.
        let told: HashSet<&RepoPath> = imports
            .iter()
            .filter(|broken| base.file_of(broken.target) == file)
            .map(|broken| &broken.one.path)
            .collect();
        let mut edges = 0;
        let mut others = Vec::new();
        for edge in base.incoming(id).take(USES_MAX).filter(|_| looks_further) {
            if edge.certainty != Certainty::Resolved || !is_use(edge) {
                continue;
            }
            edges += 1;
            let user = base.file(base.file_of(edge.from));
            let Some((path, line)) = self.places.head_of(&user.path, edge.place.line) else {
                continue;
            };
            if told.contains(&path) {
                continue;
            }
            let head = &self.pair.head;
            let Some(now) = head.file_at(&path) else {
                continue;
            };
            if let Some(place) = self.leads_nowhere(head.file(now), line, edge, &one.name) {
                others.push((path, place));
            }
        }
        let sites: HashSet<(RepoPath, u32)> = others
            .iter()
            .map(|(path, place)| (path.clone(), place.line))
            .collect();
        // That some uses still lead somewhere says that the name is there.
        if !others.is_empty() && edges > 0 && self.is_gone_for_good(one, &sites) {
            let length = one.name.len() as u32;
            uses.extend(others.into_iter().map(|(path, place)| Use {
                path,
                line: place.line,
                span: Some(Span::new(place.start, place.start + length)),
            }));
        }
        uses.sort();
        uses.dedup();
        if uses.is_empty() {
            return None;
        }
        let start = base.definition(id).place.start;
        Some(Left {
            rule: CALLER,
            name: one.qualified.clone(),
            says: format!("The {} `{}` is gone", word(one.kind), one.qualified),
            severity: None,
            confidence: if is_static || has_import {
                Confidence::High
            } else {
                Confidence::Medium
            },
            from: Some((one.file, At::Base(start))),
            uses,
        })
    }

    /// Returns where in the head a use is that leads nowhere now, for no other reason than
    /// that what it led to is gone.
    fn leads_nowhere(&self, file: &GraphFile, line: u32, edge: &Edge, name: &str) -> Option<Place> {
        let facts = &file.facts;
        let usages = facts.usages.iter().zip(file.outcomes());
        let (usage, outcome) = usages
            .filter(|(usage, _)| {
                usage.place.line == line && usage.place.column == edge.place.column
            })
            .max_by_key(|(_, outcome)| **outcome)?;
        let is_member = matches!(facts.expression(usage.target), Expression::Member(..));
        let root = root_name(facts, usage.target);
        // A member of what an import brings from a library is in the library.
        let is_foreign = is_member && root.is_some_and(|root| is_from_outside(file, root));
        let is_lost = match outcome {
            Outcome::Unknown => true,
            Outcome::External => !is_foreign,
            Outcome::Found(_) => false,
        };
        let text = self.places.text(&file.path)?;
        let after = text
            .as_str()
            .get(usage.place.start as usize + name.len()..)?
            .trim_start();
        // The key of a literal or of an argument is no use of what has the same name.
        let is_key = edge.kind == EdgeKind::Mention
            && (after.starts_with(':') && !after.starts_with("::")
                || after.starts_with('=') && !after.starts_with("=="));
        let is_bound_anew = root.is_some_and(|root| self.is_bound_anew(file, &text, root));
        (is_lost && !is_key && !is_bound_anew).then_some(usage.place)
    }

    /// Whether the change gave a name of a file another meaning: by an import, a variable
    /// or a parameter in a line that it altered.
    fn is_bound_anew(&self, file: &GraphFile, text: &SourceText, root: Name) -> bool {
        let Some(examined) = self.places.examined(&file.path) else {
            return false;
        };
        let mapping = &examined.versions.mapping;
        let facts = &file.facts;
        let imported = facts.imports.iter().any(|import| {
            let fits = import.alias == root || import.kind == ImportKind::Wildcard;
            fits && mapping.is_changed(import.place.line)
        });
        let bound = facts.bindings.iter().any(|binding| {
            binding.name == root && mapping.is_changed(text.lines().line_of(binding.from))
        });
        let defined = facts
            .definitions
            .iter()
            .skip(1)
            .any(|one| one.name == root && mapping.is_changed(one.place.line));
        imported || bound || defined
    }

    /// Whether nothing in the head can stand in for what is gone.
    fn is_gone_for_good(&self, one: &TakenDefinition, sites: &HashSet<(RepoPath, u32)>) -> bool {
        let (head, base) = (&self.pair.head, &self.pair.base);
        let Some((_, id)) = self.base_id(one) else {
            return false;
        };
        let name = one.name.as_str();
        if self.taken.new_names.contains(name) || GIVEN.contains(&name) || GLOBAL.contains(&name) {
            return false;
        }
        if self.pair.is_narrow && !head.find(&one.name).is_empty() {
            return false;
        }
        let file = &self.examined[one.file];
        let path = &file.entry.path;
        // The file is gone as a whole.
        let Some(kept) = file.kept.as_ref().filter(|_| file.facts[1].is_some()) else {
            return file.facts[1].is_none() && !is_made_in_build(path);
        };
        let text = kept.head.as_str();
        if MAKERS.iter().any(|maker| text.contains(maker)) {
            return false;
        }
        let is_static = is_compiled(kept.language.id().as_str());
        if is_still_said(&kept.head, &one.name, path, sites, is_static) {
            return false;
        }
        let facts = base.facts_of(id);
        let definition = base.definition(id);
        let container = &facts.definitions[definition.container.index()];
        let owner = match container.kind.is_type() {
            true => facts.text(container.name).to_owned(),
            false => facts.path(definition.owner).unwrap_or("").to_owned(),
        };
        match owner.is_empty() {
            true => !self.hands_on_unknown(path, text),
            false => self.is_known_whole(path, &owner),
        }
    }

    /// Whether a module may give names that its text does not say.
    fn hands_on_unknown(&self, path: &RepoPath, text: &str) -> bool {
        let head = &self.pair.head;
        let Some(file) = head.file_at(path).map(|id| head.file(id)) else {
            return true;
        };
        let unknown = file
            .facts
            .imports
            .iter()
            .zip(file.imports())
            .any(|(import, target)| {
                import.kind == ImportKind::Wildcard
                    && matches!(target, ImportTarget::Unknown | ImportTarget::External)
                    && (import.is_exported
                        || matches!(
                            file.facts.text(file.facts.language),
                            "python" | "ruby" | "php" | "c" | "cpp"
                        ))
            });
        let dynamic = text.contains("def __getattr__") || text.contains("globals()");
        dynamic || unknown && !matches!(file.facts.text(file.facts.language), "c" | "cpp")
    }

    /// Whether a type of the head and all that it extends are known, and none of them
    /// answers for names that it does not define.
    fn is_known_whole(&self, path: &RepoPath, owner: &str) -> bool {
        let head = &self.pair.head;
        let Some(file) = head.file_at(path) else {
            return false;
        };
        let named =
            |id: &DefinitionId| head.definition(*id).kind.is_type() && head.name(*id) == owner;
        let mut queue: Vec<DefinitionId> = head.definitions_of(file).filter(named).collect();
        if queue.is_empty() {
            // Methods of Go and blocks of Rust stand in other files than their type.
            queue = head
                .find(owner)
                .into_iter()
                .filter(|id| head.definition(*id).kind.is_type())
                .collect();
            if queue.len() != 1 {
                return false;
            }
        }
        let mut at = 0;
        while at < queue.len() {
            if queue.len() > PARENTS_MAX {
                return false;
            }
            let class = queue[at];
            at += 1;
            let facts = head.facts_of(class);
            let parents: Vec<DefinitionId> = head
                .outgoing(class)
                .iter()
                .filter(|edge| edge.kind == EdgeKind::Inherit)
                .map(|edge| edge.to)
                .collect();
            let written = facts.supers_of(head.definition(class)).len();
            if parents.len() < written {
                return false;
            }
            let answers = head
                .definitions_of(head.file_of(class))
                .any(|id| head.container(id) == Some(class) && DYNAMIC.contains(&head.name(id)));
            if answers {
                return false;
            }
            for parent in parents {
                if !queue.contains(&parent) {
                    queue.push(parent);
                }
            }
        }
        true
    }

    /// Calls that do not fit what a function takes now.
    fn different(&self, one: &TakenDefinition) -> Option<Left> {
        let (base, head) = (&self.pair.base, &self.pair.head);
        let (_, id) = self.base_id(one)?;
        let file = &self.examined[one.file];
        let kept = file.kept.as_ref()?;
        let now = head.file_at(&file.entry.path)?;
        let now_id = head.definition_in(now, one.head?)?;
        let old = self.places.base_text(one.file)?;
        let taken = callable_at(
            &*self.parsed(&file.entry.path, old)?,
            base.definition(id).place.start,
        )?;
        let name_start = head.definition(now_id).place.start;
        let takes = callable_at(&*self.parsed(&file.entry.path, &kept.head)?, name_start)?;
        let before: HashSet<(RepoPath, u32)> = base
            .incoming(id)
            .filter(|edge| edge.certainty == Certainty::Resolved)
            .map(|edge| (base.path_of(edge.from).clone(), edge.place.line))
            .collect();
        let mut calls: BTreeMap<RepoPath, Vec<Place>> = BTreeMap::new();
        for edge in head.incoming(now_id).take(USES_MAX) {
            let is_call = matches!(edge.kind, EdgeKind::Call | EdgeKind::New);
            if !is_call || edge.certainty != Certainty::Resolved {
                continue;
            }
            let user = head.file(head.file_of(edge.from));
            let was = self.places.base_of(&user.path, edge.place.line);
            if was.is_some_and(|was| before.contains(&was)) {
                let sites = calls.entry(user.path.clone()).or_default();
                sites.push(edge.place);
            }
        }
        let mut reasons: BTreeMap<String, Vec<Use>> = BTreeMap::new();
        for (path, sites) in calls {
            let Some(tree) = self
                .places
                .text(&path)
                .and_then(|text| self.parsed(&path, &text))
            else {
                continue;
            };
            for place in sites {
                let Some(call) = call_at(&tree, place.start) else {
                    continue;
                };
                if let Some(reason) = misfit(&call, &taken, &takes) {
                    reasons.entry(reason).or_default().push(Use {
                        path: path.clone(),
                        line: place.line,
                        span: Some(call.span),
                    });
                }
            }
        }
        let (reason, _) = reasons.iter().max_by_key(|(_, uses)| uses.len())?;
        let says = format!("The {} `{}` {reason}", word(one.kind), one.qualified);
        let mut uses: Vec<Use> = reasons.into_values().flatten().collect();
        uses.sort();
        uses.dedup();
        Some(Left {
            rule: CALLER,
            name: one.qualified.clone(),
            says,
            severity: None,
            confidence: if takes.is_wrapped {
                Confidence::Low
            } else {
                Confidence::High
            },
            from: Some((one.file, At::Head(name_start))),
            uses,
        })
    }

    /// Returns a definition in the graph of the base.
    fn base_id(&self, one: &TakenDefinition) -> Option<(FileId, DefinitionId)> {
        let file = self.pair.base.file_at(self.path_of(one)?)?;
        Some((file, self.pair.base.definition_in(file, one.base)?))
    }
}

/// Returns the name that an expression begins with.
fn root_name(facts: &Facts, mut id: ExpressionId) -> Option<Name> {
    /// A chain of calls and members that is longer is not followed.
    const STEPS_MAX: usize = 64;
    for _ in 0..STEPS_MAX {
        id = match facts.expression(id) {
            Expression::Name(name) => return Some(name),
            Expression::Member(inner, _)
            | Expression::Call(inner, _)
            | Expression::New(inner, _)
            | Expression::Instance(inner)
            | Expression::Element(inner)
            | Expression::Unwrap(inner)
            | Expression::Generic(inner, _) => inner,
            _ => return None,
        };
    }
    None
}

/// Whether an import gives a name to something outside of the repository.
fn is_from_outside(file: &GraphFile, root: Name) -> bool {
    let imports = file.facts.imports.iter().zip(file.imports());
    imports
        .filter(|(import, _)| import.alias == root)
        .any(|(_, target)| matches!(target, ImportTarget::External | ImportTarget::Unknown))
}

fn is_use(edge: &Edge) -> bool {
    matches!(
        edge.kind,
        EdgeKind::Call | EdgeKind::New | EdgeKind::Mention
    )
}

/// Returns what the same import leads to in another version of its file.
fn import_at(file: &GraphFile, line: u32, facts: &Facts, import: &Import) -> Option<ImportTarget> {
    let same = |other: &Import| {
        let text = |facts: &Facts, one: &Import| {
            [one.module, one.item, one.alias].map(|name| facts.text(name).to_owned())
        };
        other.place.line == line
            && other.kind == import.kind
            && text(&file.facts, other) == text(facts, import)
    };
    let at = file.facts.imports.iter().position(same)?;
    file.imports().get(at).copied()
}

/// Whether a file says a name in a way that may bring it about: apart from the uses
/// that are left behind and from comments; in a compiled language apart from calls.
fn is_still_said(
    text: &SourceText,
    name: &str,
    path: &RepoPath,
    sites: &HashSet<(RepoPath, u32)>,
    is_static: bool,
) -> bool {
    let whole = text.as_str();
    let is_word = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_');
    whole.match_indices(name).any(|(start, _)| {
        let end = start + name.len();
        if is_word(whole[..start].chars().next_back()) || is_word(whole[end..].chars().next()) {
            return false;
        }
        let line = text.lines().line_of(start as u32);
        let written = text.line(line).trim_start();
        let is_comment = ["#", "//", "*", "/*", "--", "\"\"\""]
            .iter()
            .any(|start| written.starts_with(start))
            && !written.starts_with("#[");
        let is_call = is_static && whole[end..].trim_start().starts_with('(');
        !is_comment && !is_call && !sites.contains(&(path.clone(), line))
    })
}

/// Whether code of such a name is often made when the project is built.
fn is_made_in_build(path: &RepoPath) -> bool {
    let path = path.to_display();
    [
        "generated",
        "gen/",
        ".pb.",
        "_pb2",
        ".g.",
        "_version.",
        "mocks/",
        "mock_",
        "dist/",
        "build/",
    ]
    .iter()
    .any(|part| path.contains(part))
}

fn is_compiled(language: &str) -> bool {
    matches!(
        language,
        "java"
            | "go"
            | "rust"
            | "c"
            | "cpp"
            | "c-sharp"
            | "kotlin"
            | "scala"
            | "swift"
            | "typescript"
            | "tsx"
    )
}

fn word(kind: DefinitionKind) -> &'static str {
    kind.as_str()
}
