//! Which file or package a module is that an import names.

use crate::extract::plan::Family;
use crate::facts::{DefinitionKind, LocalId, Visibility};
use crate::layout::split;
use crate::name::Name;
use crate::resolve::evaluate::{Evaluation, Value};
use crate::resolve::index::{Index, NONE};

/// A path through modules has so many parts at most.
const PARTS_MAX: usize = 32;

impl<'g> Index<'g> {
    /// Finds what a module is as a place in a file names it.
    pub(crate) fn module(
        &self,
        file_id: u32,
        scope: LocalId,
        module: &str,
        evaluation: &mut Evaluation<'_, 'g>,
    ) -> Value {
        let file = &self.graph.files[file_id as usize];
        let found = |found: Option<u32>| {
            found.map_or(Value::External, |found| {
                Value::Definition(self.graph.files[found as usize].base)
            })
        };
        match file.family {
            Family::Python => match self.layout.python(&file.text_path, module) {
                None if module.starts_with('.') => Value::Unknown,
                other => found(other),
            },
            Family::Script => found(self.layout.script(&file.text_path, module)),
            Family::Go => {
                let folder = self.layout.go_folder(module);
                let package = folder.and_then(|folder| self.find_package(Family::Go, &folder));
                package.map_or(Value::External, Value::Package)
            }
            Family::Ruby => found(self.layout.included(&file.text_path, module, &["", ".rb"])),
            Family::Jvm | Family::Php | Family::CSharp => {
                self.dotted(file.family, module, evaluation)
            }
            Family::Rust => self.rust_path(file_id, scope, module, evaluation),
            Family::C => found(self.layout.included(&file.text_path, module, &[""])),
            Family::Other => {
                let ends = ["", ".lua", ".dart", ".sh", ".zig", ".swift", ".ex", ".hs"];
                let path = module.trim_start_matches("package:");
                let slashes = path.replace('.', "/");
                let direct = self.layout.included(&file.text_path, path, &ends);
                found(direct.or_else(|| self.layout.included(&file.text_path, &slashes, &ends)))
            }
        }
    }

    /// Follows a dotted name through packages and types.
    fn dotted(&self, family: Family, path: &str, evaluation: &mut Evaluation<'_, 'g>) -> Value {
        if let Some(package) = self.find_package(family, path) {
            return Value::Package(package);
        }
        // The longest package that is there, then types in it.
        let mut end = path.len();
        while let Some(dot) = path[..end].rfind('.') {
            end = dot;
            let Some(package) = self.find_package(family, &path[..end]) else {
                continue;
            };
            let mut value = Value::Package(package);
            for part in path[end + 1..].split('.').take(PARTS_MAX) {
                let Some(name) = self.graph.names.find(part) else {
                    return Value::External;
                };
                value = evaluation.member_of(value, name);
            }
            return match value {
                Value::Unknown => Value::External,
                value => value,
            };
        }
        Value::External
    }

    /// Returns the package that a module block stands for.
    pub(crate) fn package_of_block(&self, id: u32) -> Option<(u32, Family)> {
        let file_id = self.file_of(id);
        let file = &self.graph.files[file_id as usize];
        let mut parts = Vec::new();
        let mut at = id;
        while self.kind(at) != DefinitionKind::File && parts.len() < PARTS_MAX {
            parts.push(file.facts.text(self.definition(at).name));
            at = self.container(at);
        }
        let package = file.facts.text(file.facts.package);
        if !package.is_empty() {
            parts.push(package);
        }
        parts.reverse();
        let found = self.find_package(file.family, &parts.join("."))?;
        Some((found, file.family))
    }

    /// Returns the module that a place in a Rust file is in: a block of it, or
    /// the file.
    pub(crate) fn rust_module(&self, file_id: u32, scope: LocalId) -> u32 {
        let base = self.graph.files[file_id as usize].base;
        let mut id = base + scope.0;
        while !matches!(self.kind(id), DefinitionKind::File | DefinitionKind::Module) {
            id = self.container(id);
        }
        id
    }

    /// Returns the module around a module.
    pub(crate) fn rust_parent(&self, module: u32) -> Option<u32> {
        if self.kind(module) == DefinitionKind::File {
            return self.module_parent.get(&module).copied();
        }
        let file = self.file_of(module);
        let base = self.graph.files[file as usize].base;
        Some(self.rust_module(file, LocalId(self.container(module) - base)))
    }

    pub(crate) fn rust_root(&self, mut module: u32) -> u32 {
        for _ in 0..PARTS_MAX {
            match self.rust_parent(module) {
                Some(parent) => module = parent,
                None => break,
            }
        }
        module
    }

    /// Follows `crate::a::b`, `super::a`, `a::b`.
    fn rust_path(
        &self,
        file_id: u32,
        scope: LocalId,
        path: &str,
        evaluation: &mut Evaluation<'_, 'g>,
    ) -> Value {
        let here = self.rust_module(file_id, scope);
        let mut parts = path
            .split("::")
            .map(str::trim)
            .filter(|part| !part.is_empty());
        let Some(first) = parts.next() else {
            return Value::Definition(here);
        };
        let mut value = match first {
            "crate" | "$crate" => Value::Definition(self.rust_root(here)),
            "self" => Value::Definition(here),
            "super" => match self.rust_parent(here) {
                Some(parent) => Value::Definition(parent),
                None => return Value::Unknown,
            },
            first => {
                let Some(name) = self.graph.names.find(first) else {
                    return Value::External;
                };
                let beside = self
                    .member(here, name)
                    .or_else(|| self.module_file.get(&(here, name)).copied());
                match (beside, self.layout.crates.get(first)) {
                    (Some(beside), _) => Value::Definition(beside),
                    (None, Some(root)) => match self.layout.file(root) {
                        Some(file) => Value::Definition(self.graph.files[file as usize].base),
                        None => return Value::External,
                    },
                    // A name that another import makes known.
                    (None, None) => {
                        let base = Value::Definition(here);
                        match evaluation.member_of(base, name) {
                            Value::Unknown => return Value::External,
                            value => value,
                        }
                    }
                }
            }
        };
        for part in parts.take(PARTS_MAX) {
            if part == "super" {
                value = match value {
                    Value::Definition(module) => match self.rust_parent(module) {
                        Some(parent) => Value::Definition(parent),
                        None => return Value::Unknown,
                    },
                    value => return value,
                };
                continue;
            }
            let Some(name) = self.graph.names.find(part) else {
                return Value::External;
            };
            // A function may have the name of the module beside it.
            let module = match value {
                Value::Definition(around) => self.module_file.get(&(around, name)),
                _ => None,
            };
            value = match module {
                Some(&module) => Value::Definition(module),
                None => evaluation.member_of(value, name),
            };
        }
        value
    }

    fn is_in_header(&self, id: u32) -> bool {
        is_header(&self.graph.files[self.file_of(id) as usize].text_path)
    }

    /// C and C++: functions are found by their names when the program is linked;
    /// what the file itself has comes first, what it includes before the rest.
    pub(crate) fn linked(&self, file_id: u32, name: Name) -> Value {
        let file = &self.graph.files[file_id as usize];
        let own = self.member(file.base, name);
        if let Some(own) = own
            && !self.definition(own).is_abstract
        {
            return Value::Definition(own);
        }
        let package = self.package_of[file_id as usize];
        let candidates: Vec<u32> = match package {
            NONE => Vec::new(),
            package => self
                .members(package, name)
                // A macro or a `static` function of a source file is nobody else's.
                .filter(|&id| {
                    let is_own = self.definition(id).visibility == Visibility::Private
                        || self.kind(id) == DefinitionKind::Macro;
                    !is_own || self.is_in_header(id)
                })
                .collect(),
        };
        let with_body: Vec<u32> = candidates
            .iter()
            .copied()
            .filter(|&id| !self.definition(id).is_abstract)
            .collect();
        let (folder, _) = split(&file.text_path);
        let near = |ids: &[u32]| match ids {
            [] => None,
            [only] => Some(*only),
            several => several.iter().copied().find(|&id| {
                split(&self.graph.files[self.file_of(id) as usize].text_path).0 == folder
            }),
        };
        let found = near(&with_body).or(own).or_else(|| near(&candidates));
        match found {
            Some(found) => Value::Definition(found),
            None if candidates.is_empty() => Value::External,
            None => Value::Unknown,
        }
    }
}

/// Whether other files take a file of C in as it is.
pub(crate) fn is_header(path: &str) -> bool {
    let end = path.rsplit('.').next().unwrap_or(path);
    !matches!(end, "c" | "cc" | "cpp" | "cxx")
}
