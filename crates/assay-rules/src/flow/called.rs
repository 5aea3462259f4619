//! Which files may hold what a file calls: the names that a file uses on one
//! side, those by which others know a file on the other.
//!
//! Files of different families of languages never call each other. In Go and
//! JavaScript the path of a file tells the qualified names of what it declares,
//! so that a use leads to the very files that can be meant; elsewhere the name
//! of the file is one part of a qualified name.

use std::collections::BTreeSet;

use assay_source::RepoPath;
use assay_syntax::Language;

use super::ir::{Block, Callee, Literal, Op, StmtKind, Unit};
use super::lower::{lowerer, module_of_script};
use super::project::each_block;
use super::properties::Properties;

/// What stands behind a module in a qualified name: a member, or a class or
/// namespace with its member.
const MEMBERS_MAX: usize = 3;

/// A package meets the interfaces of so many that it stands in.
const OUTER_PACKAGES_MAX: usize = 2;

/// Texts that may name a file are at most so long.
const TEXT_BYTES_MAX: usize = 200;

/// Returns the name of the languages whose files call each other.
pub fn flow_family(language: &Language) -> Option<&'static str> {
    lowerer(language.id().as_str()).map(|lowerer| family(lowerer.models))
}

/// Returns the same by the name of a language's models.
pub(super) fn family(models: &'static str) -> &'static str {
    match models {
        "kotlin" => "java",
        "cpp" => "c",
        models => models,
    }
}

/// Returns the names by which files of the same family use what is in a file of
/// this path. The properties say where modules are.
pub fn flow_called_by(
    language: &Language,
    path: &RepoPath,
    properties: &Properties,
) -> Vec<String> {
    let Some(text) = path.as_str() else {
        return Vec::new();
    };
    let (folder, name) = text.rsplit_once('/').unwrap_or(("", text));
    match flow_family(language) {
        // Nothing calls tests.
        Some("go") if name.ends_with("_test.go") => Vec::new(),
        Some("go") => packages_of(folder, properties),
        Some("javascript") => vec![module_of_script(text)],
        Some(_) => {
            let stem = name.split('.').next().filter(|stem| !stem.is_empty());
            stem.map(str::to_owned).into_iter().collect()
        }
        None => Vec::new(),
    }
}

/// Returns the names of the packages that lead to a folder of Go: its own, and
/// those that it stands in, whose interfaces it often meets.
fn packages_of(folder: &str, properties: &Properties) -> Vec<String> {
    std::iter::successors(Some(folder), |folder| Some(folder.rsplit_once('/')?.0))
        .take(1 + OUTER_PACKAGES_MAX)
        .flat_map(|folder| [Some(folder.to_owned()), module_of(folder, properties)])
        .flatten()
        .collect()
}

/// Returns the path by which a folder of Go is imported.
fn module_of(folder: &str, properties: &Properties) -> Option<String> {
    let mut root = Some(folder);
    while let Some(at) = root {
        let manifest = match at {
            "" => "go.mod".to_owned(),
            at => format!("{at}/go.mod"),
        };
        if let Some(module) = properties
            .get(&manifest)
            .and_then(|pairs| pairs.get("module"))
        {
            return Some(match folder[at.len()..].trim_start_matches('/') {
                "" => module.clone(),
                rest => format!("{module}/{rest}"),
            });
        }
        root = match at {
            "" => None,
            at => Some(at.rsplit_once('/').map_or("", |(outer, _)| outer)),
        };
    }
    None
}

/// Returns the names by which a file uses what may be in others.
pub(super) fn names_used(unit: &Unit) -> BTreeSet<&str> {
    let mut used = Used {
        form: match family(unit.language) {
            "go" => Form::Package,
            "javascript" => Form::Module,
            _ => Form::Parts,
        },
        names: BTreeSet::new(),
    };
    if unit.open_types {
        // All files of a package see each other.
        used.names.insert(&unit.package);
    }
    for function in &unit.functions {
        used.block(&function.body);
        let types = function.slots.iter().filter_map(|slot| slot.ty.as_deref());
        types.for_each(|ty| used.add(ty));
    }
    for class in &unit.classes {
        class.supertypes.iter().for_each(|name| used.add(name));
        let types = class.fields.iter().filter_map(|field| field.ty.as_deref());
        types.for_each(|ty| used.add(ty));
    }
    if let Form::Module = used.form {
        // What a module hands on is in the one that it has it from.
        for (_, meant) in &unit.aliases {
            used.add(meant);
        }
    }
    used.names
}

/// What of a qualified name tells the file.
#[derive(Clone, Copy)]
enum Form {
    /// All of it, or the path before a dot.
    Package,
    /// All but a few parts at its end.
    Module,
    /// Any of its last parts.
    Parts,
}

struct Used<'u> {
    form: Form,
    names: BTreeSet<&'u str>,
}

impl<'u> Used<'u> {
    fn add(&mut self, name: &'u str) {
        match self.form {
            Form::Package => {
                self.names.insert(name);
                // The path of a package may itself have a dot.
                let last = name.rfind('/').map_or(0, |slash| slash + 1);
                let dots = name[last..].match_indices('.');
                let ends = dots.map(|(at, _)| &name[..last + at]);
                self.names.extend(ends.take(MEMBERS_MAX));
            }
            Form::Module => {
                let dots = name.rmatch_indices('.').map(|(at, _)| &name[..at]);
                self.names.insert(name);
                self.names.extend(dots.take(MEMBERS_MAX));
            }
            Form::Parts => self.names.extend(parts(name)),
        }
    }

    fn block(&mut self, block: &'u Block) {
        for stmt in block {
            if let StmtKind::Let(_, op) = &stmt.kind {
                match op {
                    Op::Global(name)
                    | Op::Cast(_, name)
                    | Op::Call(Callee::New(name) | Callee::Module(name), _) => self.add(name),
                    Op::Const(Literal::Str(text)) if text.len() < TEXT_BYTES_MAX => {
                        if let Form::Parts = self.form {
                            self.add(text);
                        }
                    }
                    _ => {}
                }
            }
            each_block(stmt, &mut |inner| self.block(inner));
        }
    }
}

/// Returns the last parts of a qualified name.
fn parts(name: &str) -> impl Iterator<Item = &str> {
    name.rsplit(['.', '/', ':', '\\'])
        .take(3)
        .filter(|part| !part.is_empty())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use assay_source::{RepoPath, SourceText};
    use assay_syntax::{ParseLimits, detect, parse};

    use super::{family, flow_called_by, flow_family, names_used};
    use crate::flow::lower::lower;
    use crate::flow::model::FlowModels;
    use crate::flow::properties::{Properties, add_properties};

    /// Checks which of other files a file is said to use.
    fn check(path: &str, code: &str, used: &[&str], others: &[&str]) {
        let mut properties = Properties::new();
        for (manifest, module) in [
            ("go.mod", "module example.org/shop"),
            ("api/go.mod", "module example.org/wire.go/v2"),
        ] {
            add_properties(&mut properties, &RepoPath::from_bytes(manifest), module);
        }
        let own = RepoPath::from_bytes(path);
        let text = Arc::new(SourceText::from_text(code));
        let language = detect(&own, code).expect("a language");
        let parsed = parse(&text, language, &ParseLimits::default());
        let models = FlowModels::default();
        let unit = lower(&models, &own, &text, &parsed.trees[0]).expect("a lowerer");
        let names = names_used(&unit);
        let is_used = |other: &&&str| {
            let other = RepoPath::from_bytes(*other);
            let language = detect(&other, "").expect("a language");
            flow_family(language) == Some(family(unit.language))
                && flow_called_by(language, &other, &properties)
                    .iter()
                    .any(|name| names.contains(name.as_str()))
        };
        let all: Vec<&&str> = used.iter().chain(others).collect();
        let found: Vec<&&str> = all.into_iter().filter(is_used).collect();
        assert_eq!(found, used.iter().collect::<Vec<_>>(), "{names:?}");
    }

    #[test]
    fn packages_of_go_are_found_by_their_import() {
        let code = "package web\n\nimport (\n\t\"example.org/shop/store\"\n\t\"example.org/wire.go/v2\"\n\t\"example.org/wire.go/v2/form\"\n)\n\nfunc Show(f form.Form) string {\n\twire.Write(f)\n\treturn store.Get(f)\n}\n";
        check(
            "web/show.go",
            code,
            &[
                "store/db.go",
                "store/in/sql/a.go",
                "web/other.go",
                "api/form/form.go",
            ],
            &[
                "lib/store/db.go",
                "store/db_test.go",
                "store/in/sql/old/a.go",
                "store.go",
                "store/store.js",
            ],
        );
        let named = code.replace(
            "\"example.org/wire.go/v2\"",
            "wire \"example.org/wire.go/v2\"",
        );
        check("web/show.go", &named, &["api/wire.go"], &["wire/wire.go"]);
    }

    #[test]
    fn modules_of_scripts_are_found_by_their_path() {
        check(
            "src/routes/show.ts",
            "import { get } from '../db/users';\nimport form from './form.js';\nimport * as all from '@/all';\nexport * from './handed';\nexport const show = (id) => form(get(id), all.of(id));\n",
            &[
                "src/db/users.ts",
                "src/routes/form.tsx",
                "src/all.js",
                "src/routes/handed.ts",
            ],
            &[
                "lib/db/users.ts",
                "src/users.ts",
                "src/routes/form/other.ts",
                "src/db/users.py",
            ],
        );
        check(
            "lib/show.js",
            "const db = require('./db');\nexports.show = (id) => db.pool.get(id);\n",
            &["lib/db.js", "lib/db/index.js"],
            &["db.js", "lib/pool.js"],
        );
    }

    #[test]
    fn elsewhere_a_file_goes_by_its_name() {
        check(
            "web/show.py",
            "from shop import store\n\ndef show(id):\n    return store.get(id)\n",
            &["shop/store.py", "other/store.py"],
            &["shop/form.py", "shop/store.rb"],
        );
        check(
            "Show.kt",
            "import shop.Store\n\nfun show(id: String) = Store().get(id)\n",
            &["shop/Store.java", "shop/Store.kt"],
            &["shop/Form.java", "shop/Store.cs"],
        );
    }
}
