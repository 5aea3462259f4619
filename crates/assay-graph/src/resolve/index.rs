//! The tables in which names are looked up: members of files, types and
//! packages, parents of types, definitions by name alone.

use crate::extract::plan::Family;
use crate::facts::{Definition, DefinitionKind, ExpressionId, ImportKind, LocalId, Visibility};
use crate::graph::Graph;
use crate::layout::{Layout, split};
use crate::name::{Name, QuickMap};

use crate::resolve::evaluate::{Evaluation, Value};
use crate::resolve::module::is_header;
use crate::resolve::ruby::Spaces;

/// No definition.
pub(crate) const NONE: u32 = u32::MAX;
/// A scope above this is a package and no definition.
const PACKAGES: u32 = 1 << 31;

/// By what constructors are found, whatever the language calls them.
pub(crate) const CONSTRUCTOR: Name = Name(u32::MAX);

/// A type has so many parents at most; more are not followed.
const PARENTS_MAX: usize = 64;

/// The tables.
pub(crate) struct Index<'g> {
    pub(crate) graph: &'g Graph,
    pub(crate) layout: &'g Layout,
    /// The first entry for a name in a scope.
    members: QuickMap<u64, u32>,
    /// Whether a definition has members at all: most have none.
    has_members: Vec<bool>,
    /// A definition, and the next entry for the same name in the same scope.
    entries: Vec<(u32, u32)>,
    packages: QuickMap<(Family, String), u32>,
    package_names: Vec<String>,
    /// The packages in a package.
    subpackages: QuickMap<(u32, Name), u32>,
    /// The package of each file; [`NONE`] for those without.
    pub(crate) package_of: Vec<u32>,
    /// The type of what adds to a type elsewhere.
    pub(crate) owner: QuickMap<u32, u32>,
    /// The parents of each type, and whether all of them are known.
    pub(crate) parents: QuickMap<u32, (Vec<u32>, bool)>,
    /// Callable definitions and types by their names alone.
    pub(crate) by_name: QuickMap<Name, Vec<u32>>,
    /// Rust: the module that a file is declared in.
    pub(crate) module_parent: QuickMap<u32, u32>,
    /// Rust: the file of a declared module.
    pub(crate) module_file: QuickMap<(u32, Name), u32>,
    /// C#: extension methods by their names.
    pub(crate) extensions: QuickMap<Name, Vec<u32>>,
    /// Ruby and PHP: who takes a module or trait in.
    pub(crate) users: QuickMap<u32, Vec<u32>>,
    /// Ruby: classes and modules by their whole names.
    pub(crate) ruby: Spaces,
}

fn key(scope: u32, name: Name) -> u64 {
    u64::from(scope) << 32 | u64::from(name.0)
}

impl<'g> Index<'g> {
    pub(crate) fn new(graph: &'g Graph, layout: &'g Layout) -> Self {
        let mut index = Self {
            graph,
            layout,
            members: QuickMap::default(),
            has_members: vec![false; graph.file_of.len()],
            entries: Vec::with_capacity(graph.file_of.len()),
            packages: QuickMap::default(),
            package_names: Vec::new(),
            subpackages: QuickMap::default(),
            package_of: Vec::with_capacity(graph.files.len()),
            owner: QuickMap::default(),
            parents: QuickMap::default(),
            by_name: QuickMap::default(),
            module_parent: QuickMap::default(),
            module_file: QuickMap::default(),
            extensions: QuickMap::default(),
            users: QuickMap::default(),
            ruby: Spaces::new(graph),
        };
        for file in 0..graph.files.len() as u32 {
            index.add_file(file);
        }
        index.find_rust_modules();
        index.find_owners();
        index.find_parents();
        index.find_ruby_parents();
        index.find_users();
        index
    }

    fn add_file(&mut self, file_id: u32) {
        let file = &self.graph.files[file_id as usize];
        let facts = &file.facts;
        let package = self.package_of_file(file_id);
        self.package_of.push(package);
        // The package of what is directly in each module block.
        let mut blocks: QuickMap<u32, u32> = QuickMap::default();
        for (local, definition) in (0_u32..).zip(&facts.definitions).skip(1) {
            let id = file.base + local;
            let name = file.names[definition.name.index()];
            // What `it("...")` calls a test is no name that code could say.
            if definition.is_test && file.family == Family::Script {
                continue;
            }
            let container = file.base + definition.container.0;
            let outer = match definition.container {
                LocalId::FILE => package,
                LocalId(around) => blocks.get(&around).copied().unwrap_or(NONE),
            };
            let merges = matches!(
                file.family,
                Family::C | Family::Php | Family::Ruby | Family::CSharp | Family::Jvm
            );
            if definition.kind == DefinitionKind::Module && merges {
                let text = facts.text(definition.name);
                let whole = match self.package_name(outer) {
                    "" => text.to_owned(),
                    before => format!("{before}.{text}"),
                };
                let block = self.package(file.family, &whole);
                blocks.insert(local, block);
            }
            if definition.owner == ExpressionId::UNKNOWN || definition.kind.is_type() {
                let text = facts.text(definition.name);
                let is_constructor = definition.kind == DefinitionKind::Constructor
                    || matches!(text, "__construct" | "initialize")
                        && definition.kind.is_callable();
                if is_constructor {
                    self.insert(container, CONSTRUCTOR, id);
                }
                // Where it has the name of its type, that name is the type's.
                let is_type_name = is_constructor
                    && definition.container != LocalId::FILE
                    && definition.name == facts.definitions[definition.container.index()].name;
                if is_type_name {
                    continue;
                }
                // What stands in an object is reached through it alone.
                let is_in_object = file.family == Family::Script
                    && definition.kind == DefinitionKind::Method
                    && !facts.definitions[definition.container.index()]
                        .kind
                        .is_type();
                if is_in_object {
                    self.by_name.entry(name).or_default().push(id);
                    continue;
                }
                self.insert(container, name, id);
                // What a header keeps to itself goes to each file that includes it.
                let is_own = file.family == Family::C
                    && definition.visibility == Visibility::Private
                    && !is_header(&file.text_path);
                if outer != NONE && !is_own {
                    self.insert(outer, name, id);
                }
            }
            if file.family == Family::CSharp
                && definition.kind.is_callable()
                && !facts.supers_of(definition).is_empty()
            {
                self.extensions.entry(name).or_default().push(id);
            }
            if definition.kind.is_callable() || definition.kind.is_type() {
                self.by_name.entry(name).or_default().push(id);
            }
        }
    }

    fn package_of_file(&mut self, file_id: u32) -> u32 {
        let file = &self.graph.files[file_id as usize];
        match file.family {
            Family::Go => {
                let (folder, _) = split(&file.text_path);
                let mut folder = folder.to_owned();
                // Tests of a package from outside are a package of their own.
                if file.facts.text(file.facts.package).ends_with("_test") {
                    folder.push_str(":test");
                }
                self.package(Family::Go, &folder)
            }
            Family::Jvm | Family::Php | Family::CSharp | Family::Ruby | Family::C => {
                let name = file.facts.text(file.facts.package).to_owned();
                self.package(file.family, &name)
            }
            _ => NONE,
        }
    }

    /// Returns the package of a name, with those around it.
    fn package(&mut self, family: Family, name: &str) -> u32 {
        if let Some(&known) = self.packages.get(&(family, name.to_owned())) {
            return known;
        }
        let id = PACKAGES + self.packages.len() as u32;
        self.packages.insert((family, name.to_owned()), id);
        self.package_names.push(name.to_owned());
        if family != Family::Go && !name.is_empty() {
            let (before, last) = name.rsplit_once('.').unwrap_or(("", name));
            let outer = self.package(family, before);
            // A part that no file says is no name that is looked up.
            if let Some(last) = self.graph.names.find(last) {
                self.subpackages.insert((outer, last), id);
            }
        }
        id
    }

    /// Returns the name of a package.
    pub(crate) fn package_name(&self, package: u32) -> &str {
        let place = package.checked_sub(PACKAGES).unwrap_or(NONE);
        self.package_names
            .get(place as usize)
            .map_or("", String::as_str)
    }

    pub(crate) fn find_package(&self, family: Family, name: &str) -> Option<u32> {
        self.packages.get(&(family, name.to_owned())).copied()
    }

    pub(crate) fn subpackage(&self, package: u32, name: Name) -> Option<u32> {
        self.subpackages.get(&(package, name)).copied()
    }

    fn insert(&mut self, scope: u32, name: Name, id: u32) {
        if name.is_empty() {
            return;
        }
        if let Some(has) = self.has_members.get_mut(scope as usize) {
            *has = true;
        }
        let first = self.members.entry(key(scope, name)).or_insert(NONE);
        self.entries.push((id, *first));
        *first = self.entries.len() as u32 - 1;
    }

    /// Returns the definitions of a name in a scope, the last one first; more
    /// than so many of one name are left out.
    pub(crate) fn members(&self, scope: u32, name: Name) -> impl Iterator<Item = u32> + '_ {
        const CHAIN_MAX: usize = 256;
        let is_bare = self.has_members.get(scope as usize) == Some(&false);
        let mut at = match is_bare {
            true => NONE,
            false => self.members.get(&key(scope, name)).copied().unwrap_or(NONE),
        };
        std::iter::from_fn(move || {
            let &(id, next) = self.entries.get(at as usize)?;
            at = next;
            Some(id)
        })
        .take(CHAIN_MAX)
    }

    /// Returns the definition of a name in a scope that counts: one that is
    /// called or is a type before a variable, one with a body before one
    /// without.
    pub(crate) fn member(&self, scope: u32, name: Name) -> Option<u32> {
        self.members(scope, name).max_by_key(|&id| {
            let definition = self.definition(id);
            let kind = match definition.kind {
                DefinitionKind::Extension => 0,
                DefinitionKind::Field | DefinitionKind::Variable => 1,
                _ => 2,
            };
            // In Python a later definition takes the place of an earlier one.
            let file = &self.graph.files[self.file_of(id) as usize];
            let order = match file.family {
                Family::Python => i64::from(id),
                _ => -i64::from(id),
            };
            (kind, !definition.is_abstract, order)
        })
    }

    /// Returns what a file of JavaScript exports as a whole: `module.exports = a`,
    /// `export default a`.
    pub(crate) fn whole(&self, file: u32) -> Option<u32> {
        ["module.exports", "default"]
            .iter()
            .find_map(|text| self.member(file, self.graph.names.find(text)?))
    }

    pub(crate) fn definition(&self, id: u32) -> &'g crate::facts::Definition {
        let file = &self.graph.files[self.graph.file_of[id as usize] as usize];
        &file.facts.definitions[(id - file.base) as usize]
    }

    pub(crate) fn kind(&self, id: u32) -> DefinitionKind {
        self.definition(id).kind
    }

    pub(crate) fn file_of(&self, id: u32) -> u32 {
        self.graph.file_of[id as usize]
    }

    pub(crate) fn container(&self, id: u32) -> u32 {
        let base = self.graph.files[self.file_of(id) as usize].base;
        base + self.definition(id).container.0
    }

    /// Returns the type that a definition belongs to.
    pub(crate) fn type_of(&self, id: u32) -> Option<u32> {
        if let Some(&owner) = self.owner.get(&id) {
            return Some(owner);
        }
        let container = self.container(id);
        match self.kind(container) {
            DefinitionKind::Extension => self.owner.get(&container).copied(),
            kind if kind.is_type() => Some(container),
            DefinitionKind::Module => self.ruby.space(container).map(|_| container),
            _ => None,
        }
    }

    /// Returns the definitions that are the same type: parts of it, reopened
    /// ones, its declaration and its definition.
    pub(crate) fn parts(&self, class: u32) -> Vec<u32> {
        let file = &self.graph.files[self.file_of(class) as usize];
        if let Some(parts) = self.ruby.parts(class) {
            return parts.to_vec();
        }
        let merges = matches!(file.family, Family::CSharp | Family::C);
        if !merges {
            return vec![class];
        }
        let definition = self.definition(class);
        let name = file.names[definition.name.index()];
        let scope = match definition.container {
            LocalId::FILE => self.package_of[self.file_of(class) as usize],
            _ => self.container(class),
        };
        let mut parts = vec![class];
        let others = self
            .members(scope, name)
            .filter(|&id| id != class && self.kind(id).is_type());
        parts.extend(others.take(PARENTS_MAX));
        parts
    }

    /// Follows `mod a;` to the files.
    fn find_rust_modules(&mut self) {
        for (file_id, file) in (0_u32..).zip(&self.graph.files) {
            if file.family != Family::Rust {
                continue;
            }
            let (folder, name) = split(&file.text_path);
            let stem = name.strip_suffix(".rs").unwrap_or(name);
            let is_root = matches!(stem, "lib" | "main" | "mod")
                || self
                    .layout
                    .crates
                    .values()
                    .any(|root| *root == file.text_path)
                || folder.ends_with("tests")
                || folder.ends_with("benches")
                || folder.ends_with("examples")
                || folder.ends_with("bin");
            for import in &file.facts.imports {
                if import.kind != ImportKind::Part {
                    continue;
                }
                let text = file.facts.text(import.module);
                let mut inner = String::new();
                let mut scope = import.scope;
                while scope != LocalId::FILE {
                    let block = &file.facts.definitions[scope.index()];
                    inner = format!("{}/{inner}", file.facts.text(block.name));
                    scope = block.container;
                }
                let below = format!("{inner}{text}");
                let folders = match is_root {
                    true => [folder.to_owned(), crate::layout::join(folder, stem)],
                    false => [crate::layout::join(folder, stem), folder.to_owned()],
                };
                let found = folders.iter().find_map(|folder| {
                    let path = crate::layout::join(folder, &below);
                    self.layout
                        .file(&format!("{path}.rs"))
                        .or_else(|| self.layout.file(&format!("{path}/mod.rs")))
                });
                let Some(found) = found else { continue };
                let child = self.graph.files[found as usize].base;
                let parent = file.base + import.scope.0;
                self.module_parent.entry(child).or_insert(parent);
                let name = file.names[import.alias.index()];
                self.module_file.insert((parent, name), child);
            }
            let _ = file_id;
        }
    }

    /// Finds the types to which blocks and functions add.
    fn find_owners(&mut self) {
        let mut found = Vec::new();
        for (file_id, file) in (0_u32..).zip(&self.graph.files) {
            let adds = |definition: &Definition| definition.owner != ExpressionId::UNKNOWN;
            if !file.facts.definitions.iter().any(adds) {
                continue;
            }
            let mut evaluation = Evaluation::new(self, file_id);
            for (local, definition) in (0_u32..).zip(&file.facts.definitions) {
                // `class A::B` of Ruby is where its whole name says.
                let is_opened = self.ruby.space(file.base + local).is_some();
                if definition.owner == ExpressionId::UNKNOWN || is_opened {
                    continue;
                }
                let value =
                    evaluation.evaluate(definition.owner, definition.container, definition.end);
                let owner = match (value, evaluation.settled_type(value)) {
                    // What stands in an object belongs to it and not to its type.
                    (Value::Definition(object), Value::Instance(_) | Value::Holder(_))
                        if file.family == Family::Script =>
                    {
                        object
                    }
                    (_, Value::Definition(owner) | Value::Instance(owner)) => owner,
                    _ => continue,
                };
                found.push((file.base + local, owner));
            }
        }
        for (id, owner) in found {
            self.owner.insert(id, owner);
            let file = &self.graph.files[self.file_of(id) as usize];
            let local = id - file.base;
            if self.kind(id) != DefinitionKind::Extension {
                let name = file.names[self.definition(id).name.index()];
                self.insert(owner, name, id);
                continue;
            }
            // What is in a block comes after it, up to its end.
            let end = file.facts.definitions[local as usize].end;
            for (inner, definition) in (0_u32..)
                .zip(&file.facts.definitions)
                .skip(local as usize + 1)
            {
                if definition.start >= end {
                    break;
                }
                if definition.container.0 == local {
                    let name = file.names[definition.name.index()];
                    self.insert(owner, name, file.base + inner);
                }
            }
        }
    }

    fn find_parents(&mut self) {
        let mut found: Vec<(u32, Vec<u32>, bool)> = Vec::new();
        for (file_id, file) in (0_u32..).zip(&self.graph.files) {
            if file.facts.supers.is_empty() || file.family == Family::Ruby {
                continue;
            }
            let mut evaluation = Evaluation::new(self, file_id);
            for (local, definition) in (0_u32..).zip(&file.facts.definitions) {
                let supers = file.facts.supers_of(definition);
                // What an extension method of C# adds to is no parent.
                if supers.is_empty() || definition.kind.is_callable() {
                    continue;
                }
                let id = file.base + local;
                let class = match definition.kind {
                    DefinitionKind::Extension => match self.owner.get(&id) {
                        Some(&owner) => owner,
                        None => continue,
                    },
                    _ => id,
                };
                let mut parents = Vec::new();
                let mut all_known = true;
                for &parent in supers.iter().take(PARENTS_MAX) {
                    let value = evaluation.evaluate(parent, definition.container, definition.start);
                    match evaluation.settled_type(value) {
                        Value::Definition(parent) | Value::Instance(parent) if parent != class => {
                            parents.push(parent);
                        }
                        _ => all_known = false,
                    }
                }
                found.push((class, parents, all_known));
            }
        }
        for (class, parents, all_known) in found {
            let entry = self.parents.entry(class).or_insert((Vec::new(), true));
            entry.0.extend(parents);
            entry.0.dedup();
            entry.1 &= all_known;
        }
    }

    /// Finds who takes modules and traits in.
    fn find_users(&mut self) {
        let mut users: QuickMap<u32, Vec<u32>> = QuickMap::default();
        for (&class, (parents, _)) in &self.parents {
            let family = self.graph.files[self.file_of(class) as usize].family;
            if !matches!(family, Family::Ruby | Family::Php) {
                continue;
            }
            for &parent in parents {
                let parent = self.first_part(parent);
                if matches!(
                    self.kind(parent),
                    DefinitionKind::Interface | DefinitionKind::Module
                ) {
                    users.entry(parent).or_default().push(class);
                }
            }
        }
        for users in users.values_mut() {
            users.sort_unstable();
        }
        self.users = users;
    }

    /// Returns the definition that stands for a type in several parts.
    pub(crate) fn first_part(&self, class: u32) -> u32 {
        let parts = self.ruby.parts(class);
        parts
            .and_then(|parts| parts.first().copied())
            .unwrap_or(class)
    }

    /// Returns a type with its parts and all that it extends, the nearest first.
    pub(crate) fn lineage(&self, class: u32) -> Vec<u32> {
        let mut line = self.parts(class);
        let mut at = 0;
        while at < line.len() && line.len() <= PARENTS_MAX {
            if let Some((parents, _)) = self.parents.get(&line[at]) {
                for &parent in parents {
                    if !line.contains(&parent) {
                        line.push(parent);
                    }
                }
            }
            at += 1;
        }
        line
    }

    /// Returns whether all parents of some types are in the repository.
    pub(crate) fn is_known_whole(&self, classes: &[u32]) -> bool {
        classes
            .iter()
            .all(|class| self.parents.get(class).is_none_or(|(_, known)| *known))
    }

    /// Returns whether one of the parents of a type goes by a name, so that it is
    /// no type of a library.
    pub(crate) fn is_own_name(&self, class: u32, name: &str) -> bool {
        let Some((parents, _)) = self.parents.get(&class) else {
            return false;
        };
        parents.iter().any(|&parent| {
            let facts = &self.graph.files[self.file_of(parent) as usize].facts;
            facts.text(self.definition(parent).name) == name
        })
    }

    /// Finds a member of a type or of those that it extends, the nearest first;
    /// also tells whether every parent is known.
    pub(crate) fn type_member(&self, class: u32, name: Name) -> (Option<u32>, bool) {
        self.search(vec![class], name)
    }

    /// The same in the parents alone.
    pub(crate) fn parent_member(&self, class: u32, name: Name) -> (Option<u32>, bool) {
        let mut parents = Vec::new();
        let mut all_known = true;
        for part in self.parts(class) {
            if let Some((found, known)) = self.parents.get(&part) {
                parents.extend_from_slice(found);
                all_known &= known;
            }
        }
        let (found, known) = self.search(parents, name);
        (found, known && all_known)
    }

    fn search(&self, mut queue: Vec<u32>, name: Name) -> (Option<u32>, bool) {
        let mut all_known = true;
        let mut at = 0;
        while at < queue.len() && queue.len() <= PARENTS_MAX {
            let class = queue[at];
            at += 1;
            for part in self.parts(class) {
                if let Some(found) = self.member(part, name) {
                    return (Some(found), all_known);
                }
                if let Some((parents, known)) = self.parents.get(&part) {
                    all_known &= known;
                    for &parent in parents {
                        if !queue.contains(&parent) {
                            queue.push(parent);
                        }
                    }
                }
            }
        }
        (None, all_known)
    }
}
