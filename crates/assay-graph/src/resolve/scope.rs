//! What a bare name means: local names, the definitions around a place, imports,
//! packages, and what every file of a language knows.

use crate::extract::plan::Family;
use crate::facts::{Binding, DefinitionKind, ExpressionId, Import, ImportKind, LocalId};
use crate::graph::GraphFile;
use crate::name::Name;
use crate::resolve::evaluate::{DEPTH_MAX, Evaluation, STEPS_MAX, Spoken, Standing, Value};
use crate::resolve::index::NONE;

impl<'g> Evaluation<'_, 'g> {
    /// Returns the type that the code belongs to.
    pub(crate) fn this(&self, here: Standing) -> Option<u32> {
        let file = self.source(here.file);
        let mut scope = here.scope;
        loop {
            let id = file.base + scope.0;
            let kind = self.index.kind(id);
            let adds = kind == DefinitionKind::Extension || kind.is_callable();
            if let Some(&owner) = self.index.owner.get(&id).filter(|_| adds) {
                return Some(owner);
            }
            if kind.is_type() && kind != DefinitionKind::Extension {
                return Some(id);
            }
            if scope == LocalId::FILE {
                return None;
            }
            scope = self.index.definition(id).container;
        }
    }

    pub(crate) fn rust_parent(&self, here: Standing) -> Value {
        let module = self.index.rust_module(here.file, here.scope);
        self.index
            .rust_parent(module)
            .map_or(Value::Unknown, Value::Definition)
    }

    /// Looks a bare name up, from the inside out.
    pub(crate) fn name(&mut self, spoken: Spoken, here: Standing) -> Value {
        let file = self.source(here.file);
        let name = spoken.everywhere;
        if file.family == Family::Ruby {
            return self.ruby_name(spoken, here);
        }
        if self.text(name) == "Self" || file.family == Family::Php && self.text(name) == "static" {
            return self.this(here).map_or(Value::Unknown, Value::Definition);
        }
        if file.family == Family::Rust && matches!(self.text(name), "crate" | "super") {
            return match self.text(name) {
                "super" => self.rust_parent(here),
                _ => {
                    let module = self.index.rust_module(here.file, here.scope);
                    Value::Definition(self.index.rust_root(module))
                }
            };
        }
        let mut scope = here.scope;
        loop {
            let id = file.base + scope.0;
            let kind = self.index.kind(id);
            // No local variable is a type, whatever it is called.
            if !here.is_type
                && let Some(found) = self.local(spoken, scope, here)
            {
                return found;
            }
            let looks_here = match kind {
                kind if kind.is_type() => scope == here.scope || file.family.has_implicit_this(),
                _ => scope != LocalId::FILE,
            };
            if looks_here {
                let found = match kind.is_type() {
                    true => {
                        let class = self.index.owner.get(&id).copied().unwrap_or(id);
                        self.index.type_member(class, name).0
                    }
                    false => self
                        .index
                        .member(id, name)
                        .or_else(|| self.in_module(id, name)),
                };
                // `fn f()` in an `impl` is no bare name inside of it, and the type
                // of a field is none of the fields beside it (`Color Color`).
                let counts = |found: &u32| {
                    kind != DefinitionKind::Extension
                        && !(here.is_type && self.index.kind(*found) == DefinitionKind::Field)
                };
                if let Some(found) = found.filter(counts) {
                    return Value::Definition(found);
                }
            }
            if kind.is_callable()
                && file.family.has_implicit_this()
                && let Some(&owner) = self.index.owner.get(&id)
                && let (Some(found), _) = self.index.type_member(owner, name)
            {
                return Value::Definition(found);
            }
            if kind == DefinitionKind::Module
                && let Some(found) = self.imported(name, here, Some(scope))
            {
                return found;
            }
            if scope == LocalId::FILE {
                break;
            }
            // The names of an inline module of Rust end at it.
            if kind == DefinitionKind::Module && file.family == Family::Rust {
                return self.rust_crate(name);
            }
            scope = self.index.definition(id).container;
        }
        if let Some(&known) = self.names.get(&(here.file, name)) {
            return known;
        }
        let found = self.name_of_file(name, here);
        self.names.insert((here.file, name), found);
        found
    }

    /// What is in the package of a module block.
    pub(crate) fn in_module(&self, id: u32, name: Name) -> Option<u32> {
        if self.index.kind(id) != DefinitionKind::Module {
            return None;
        }
        let (package, _) = self.index.package_of_block(id)?;
        self.index.member(package, name)
    }

    /// What a local name holds; none when it is no local name.
    pub(crate) fn local(
        &mut self,
        spoken: Spoken,
        scope: LocalId,
        here: Standing,
    ) -> Option<Value> {
        let binding = self.binding(spoken, scope, here)?;
        if binding.value == ExpressionId::UNKNOWN {
            return Some(Value::Unknown);
        }
        let standing = Standing {
            scope,
            at: binding.from,
            is_type: false,
            ..here
        };
        // An instance of a type stays what it is; a name stands for its value.
        Some(self.value(binding.value, standing))
    }

    /// Returns what is known of a local name of a scope at a place.
    pub(crate) fn binding(
        &self,
        spoken: Spoken,
        scope: LocalId,
        here: Standing,
    ) -> Option<&'g Binding> {
        if scope == LocalId::FILE && self.source(here.file).family != Family::Ruby {
            return None;
        }
        // They are sorted by scope, name and place.
        let bindings = &self.source(here.file).facts.bindings;
        let key = (scope, spoken.here);
        let start = bindings.partition_point(|binding| (binding.scope, binding.name) < key);
        let named = bindings[start..]
            .iter()
            .take_while(|binding| (binding.scope, binding.name) == key);
        let mut before: Option<&Binding> = None;
        let mut first: Option<&Binding> = None;
        for binding in named {
            // What a name is given (`store := store.New()`) speaks of another.
            if binding.from != here.at {
                first = first.or(Some(binding));
            }
            if binding.from >= here.at {
                break;
            }
            before = Some(binding);
        }
        // Where functions see what is declared further down, or loops come back.
        let sees_later = matches!(
            self.source(here.file).family,
            Family::Python | Family::Script | Family::Ruby | Family::Php
        );
        before.or(first.filter(|_| sees_later))
    }

    /// Looks a name up at the top of a file: what it defines, what it imports,
    /// what its package has, what every file knows.
    fn name_of_file(&mut self, name: Name, here: Standing) -> Value {
        let file = self.source(here.file);
        if file.family == Family::C {
            return self.index.linked(here.file, name);
        }
        if let Some(found) = self.index.member(file.base, name) {
            return Value::Definition(found);
        }
        if let Some(found) = self.imported(name, here, None) {
            return found;
        }
        let package = self.index.package_of[here.file as usize];
        if let Some(found) = self.in_packages_around(package, name, file.family) {
            return found;
        }
        match file.family {
            Family::Rust => self.rust_crate(name),
            Family::Python | Family::Script | Family::Go | Family::Jvm => Value::External,
            Family::Php | Family::Ruby | Family::CSharp => {
                match self.index.find_package(file.family, "") {
                    Some(root) => match self.index.member(root, name) {
                        Some(found) => Value::Definition(found),
                        None => self
                            .index
                            .subpackage(root, name)
                            .map_or(Value::External, Value::Package),
                    },
                    None => Value::External,
                }
            }
            _ => Value::Unknown,
        }
    }

    fn rust_crate(&self, name: Name) -> Value {
        let root = self.index.layout.crates.get(self.text(name));
        let root = root.and_then(|path| self.index.layout.file(path));
        root.map_or(Value::External, |file| {
            Value::Definition(self.source(file).base)
        })
    }

    /// Looks in a package and in those around it.
    fn in_packages_around(&self, package: u32, name: Name, family: Family) -> Option<Value> {
        if package == NONE {
            return None;
        }
        if let Some(found) = self.index.member(package, name) {
            return Some(Value::Definition(found));
        }
        let nests = matches!(family, Family::CSharp | Family::Ruby | Family::Jvm);
        if !nests {
            return None;
        }
        let mut around = self.index.package_name(package);
        loop {
            let found = self.index.find_package(family, around)?;
            // A class of a package around is only known in C#, Scala and Ruby;
            // in Java a name would have to be imported.
            if family != Family::Jvm
                && let Some(found) = self.index.member(found, name)
            {
                return Some(Value::Definition(found));
            }
            if let Some(found) = self.index.subpackage(found, name) {
                return Some(Value::Package(found));
            }
            if around.is_empty() {
                return None;
            }
            around = around.rsplit_once('.').map_or("", |(before, _)| before);
        }
    }

    /// Looks a name up in the imports of a file; with a scope, only in those of
    /// this block.
    pub(crate) fn imported(
        &mut self,
        name: Name,
        here: Standing,
        scope: Option<LocalId>,
    ) -> Option<Value> {
        let file = self.source(here.file);
        let here = here.deeper();
        if here.depth > DEPTH_MAX {
            return None;
        }
        for import in &file.facts.imports {
            let fits = file.names[import.alias.index()] == name && !import.alias.is_empty();
            if !fits || scope.is_some_and(|scope| scope != import.scope) {
                continue;
            }
            return Some(self.import(import, here));
        }
        for import in &file.facts.imports {
            let fits = import.kind == ImportKind::Wildcard;
            if !fits
                || scope.is_some_and(|scope| scope != import.scope)
                || scope.is_none() && import.scope != LocalId::FILE
            {
                continue;
            }
            self.steps += 1;
            let module = file.facts.text(import.module);
            let value = self.index.module(here.file, import.scope, module, self);
            let is_inside = matches!(value, Value::Definition(_) | Value::Package(_));
            if !is_inside || self.steps > STEPS_MAX {
                continue;
            }
            let found = self.member(value, name, here);
            if matches!(found, Value::Definition(_)) {
                return Some(found);
            }
        }
        None
    }

    /// What one import of a file leads to; of a wildcard the module.
    fn import(&mut self, import: &Import, here: Standing) -> Value {
        let file = self.source(here.file);
        let module = file.facts.text(import.module);
        if import.kind == ImportKind::Part {
            let parent = file.base + import.scope.0;
            let name = file.names[import.alias.index()];
            let child = self.index.module_file.get(&(parent, name));
            return child.map_or(Value::Unknown, |&child| Value::Definition(child));
        }
        let value = self.index.module(here.file, import.scope, module, self);
        if matches!(import.kind, ImportKind::Module | ImportKind::Wildcard) {
            return value;
        }
        let item = file.names[import.item.index()];
        if file.family == Family::Rust && module.is_empty() {
            // `use a;` names a crate or what is beside it.
            return self.rust_crate(item);
        }
        match self.member(value, item, here) {
            Value::Unknown => self.item_as_module(file, import.module, item, here),
            found => found,
        }
    }

    /// Returns what an import of the file leads to.
    pub(crate) fn import_target(&mut self, import: &Import) -> Value {
        self.begin();
        self.import(import, Standing::new(self.file, import.scope, u32::MAX))
    }

    /// `from a import b`, where `b` is a module of the package `a`; `import a.B`
    /// where `a` is outside.
    fn item_as_module(
        &mut self,
        file: &GraphFile,
        module: Name,
        item: Name,
        here: Standing,
    ) -> Value {
        let module = file.facts.text(module);
        let separator = match file.family {
            Family::Rust => "::",
            _ if module.ends_with('.') => "",
            _ => ".",
        };
        if !matches!(
            file.family,
            Family::Python | Family::Jvm | Family::Php | Family::CSharp
        ) {
            return Value::Unknown;
        }
        let whole = format!("{module}{separator}{}", self.text(item));
        self.index.module(here.file, here.scope, &whole, self)
    }
}
