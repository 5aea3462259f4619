//! How the files of a repository make modules: the manifests that say where a
//! package begins and by what name others know it.

use std::collections::HashMap;

use serde_json::Value as Json;

/// A manifest of the repository, with its text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Manifest {
    /// Where it lies.
    pub path: String,
    /// What it says.
    pub text: String,
}

/// Larger manifests are not read.
pub const MANIFEST_BYTES_MAX: u64 = 1 << 20;
/// A configuration extends another one so many times at most.
const EXTENDS_MAX: usize = 8;

/// Returns whether a file of this name says how modules are found.
pub fn is_manifest(file_name: &str) -> bool {
    matches!(
        file_name,
        "go.mod" | "package.json" | "Cargo.toml" | "jsconfig.json"
    ) || file_name.starts_with("tsconfig") && file_name.ends_with(".json")
}

/// What the manifests say, with the files that there are.
#[derive(Debug, Default)]
pub(crate) struct Layout {
    /// The place of each file by its path.
    pub(crate) files: HashMap<String, u32>,
    /// Go: the module's name and its folder, the longest name first.
    pub(crate) go_modules: Vec<(String, String)>,
    /// The packages of a workspace by name.
    packages: HashMap<String, ScriptPackage>,
    /// The folders with a configuration of paths, the deepest first.
    script_paths: Vec<ScriptPaths>,
    /// Rust: the crates by the names that code uses.
    pub(crate) crates: HashMap<String, String>,
    /// The folders from which Python modules are found.
    pub(crate) python_roots: Vec<String>,
}

#[derive(Debug)]
struct ScriptPackage {
    folder: String,
    /// Subpath (`.` is the package) and what it leads to.
    exports: Vec<(String, String)>,
}

#[derive(Debug)]
struct ScriptPaths {
    folder: String,
    base: Option<String>,
    /// Pattern and targets, relative to the base.
    paths: Vec<(String, Vec<String>)>,
}

impl Layout {
    pub(crate) fn new(paths: &[String], manifests: &[Manifest]) -> Self {
        let mut layout = Self {
            files: (0_u32..)
                .zip(paths)
                .map(|(index, path)| (path.clone(), index))
                .collect(),
            ..Self::default()
        };
        let texts: HashMap<&str, &str> = manifests
            .iter()
            .map(|manifest| (manifest.path.as_str(), manifest.text.as_str()))
            .collect();
        for manifest in manifests {
            let (folder, name) = split(&manifest.path);
            match name {
                "go.mod" => layout.read_go(folder, &manifest.text),
                "package.json" => layout.read_package(folder, &manifest.text),
                "Cargo.toml" => layout.read_cargo(folder, &manifest.text),
                _ => layout.read_tsconfig(folder, &manifest.path, &texts),
            }
        }
        layout
            .go_modules
            .sort_by_key(|(name, _)| std::cmp::Reverse(name.len()));
        layout
            .script_paths
            .sort_by_key(|one| std::cmp::Reverse(one.folder.len()));
        layout.find_python_roots(paths);
        layout
    }

    fn read_go(&mut self, folder: &str, text: &str) {
        let name = text
            .lines()
            .find_map(|line| line.trim().strip_prefix("module "))
            .map(|name| name.trim().trim_matches('"'));
        if let Some(name) = name {
            self.go_modules.push((name.to_owned(), folder.to_owned()));
        }
    }

    fn read_package(&mut self, folder: &str, text: &str) {
        let Ok(Json::Object(json)) = serde_json::from_str::<Json>(text) else {
            return;
        };
        let Some(name) = json.get("name").and_then(Json::as_str) else {
            return;
        };
        let mut exports = Vec::new();
        match json.get("exports") {
            Some(Json::Object(map)) if map.keys().any(|key| key.starts_with('.')) => {
                for (key, value) in map {
                    exports.extend(target(value).map(|target| (key.clone(), target)));
                }
            }
            Some(value) => exports.extend(target(value).map(|target| (".".to_owned(), target))),
            None => {}
        }
        for key in ["source", "types", "module", "main"] {
            if let Some(main) = json.get(key).and_then(Json::as_str) {
                exports.push((".".to_owned(), main.to_owned()));
            }
        }
        let package = ScriptPackage {
            folder: folder.to_owned(),
            exports,
        };
        self.packages.insert(name.to_owned(), package);
    }

    fn read_cargo(&mut self, folder: &str, text: &str) {
        let Ok(table) = text.parse::<toml::Table>() else {
            return;
        };
        let text_at = |outer: &str, key: &str| {
            let value = table.get(outer)?.get(key)?.as_str()?;
            Some(value.to_owned())
        };
        let Some(package) = text_at("package", "name") else {
            return;
        };
        let name = text_at("lib", "name").unwrap_or(package).replace('-', "_");
        let named = text_at("lib", "path");
        let candidates = named
            .into_iter()
            .chain(["src/lib.rs".to_owned(), "src/main.rs".to_owned()]);
        let root = candidates
            .map(|path| join(folder, &path))
            .find(|path| self.files.contains_key(path));
        if let Some(root) = root {
            self.crates.insert(name, root);
        }
    }

    fn read_tsconfig(&mut self, folder: &str, path: &str, texts: &HashMap<&str, &str>) {
        let mut read = ScriptPaths {
            folder: folder.to_owned(),
            base: None,
            paths: Vec::new(),
        };
        let mut at = path.to_owned();
        for _ in 0..EXTENDS_MAX {
            let Some(json) = texts.get(at.as_str()).and_then(|text| lenient_json(text)) else {
                break;
            };
            let (here, _) = split(&at);
            let options = json.get("compilerOptions");
            let base = options
                .and_then(|options| options.get("baseUrl"))
                .and_then(Json::as_str);
            if read.base.is_none() {
                read.base = base.map(|base| normal(&join(here, base)));
            }
            let paths = options
                .and_then(|options| options.get("paths"))
                .and_then(Json::as_object);
            if read.paths.is_empty()
                && let Some(paths) = paths
            {
                let base = base.map_or_else(|| here.to_owned(), |base| normal(&join(here, base)));
                for (pattern, targets) in paths {
                    let targets = targets.as_array().into_iter().flatten();
                    let targets = targets
                        .filter_map(Json::as_str)
                        .map(|target| normal(&join(&base, target)))
                        .collect();
                    read.paths.push((pattern.clone(), targets));
                }
            }
            let Some(next) = json.get("extends").and_then(Json::as_str) else {
                break;
            };
            if !next.starts_with('.') {
                break;
            }
            let next = normal(&join(here, next));
            at = match texts.contains_key(next.as_str()) {
                true => next,
                false => format!("{next}.json"),
            };
        }
        if read.base.is_some() || !read.paths.is_empty() {
            self.script_paths.push(read);
        }
    }

    /// The folder of a topmost package is where its name is looked for.
    fn find_python_roots(&mut self, paths: &[String]) {
        let mut roots = vec![String::new()];
        for path in paths.iter().filter(|path| path.ends_with("/__init__.py")) {
            let (mut folder, _) = split(path);
            loop {
                let (parent, _) = split(folder);
                if parent.is_empty() || !self.files.contains_key(&format!("{parent}/__init__.py")) {
                    roots.push(parent.to_owned());
                    break;
                }
                folder = parent;
            }
        }
        roots.push("src".to_owned());
        roots.sort_unstable();
        roots.dedup();
        self.python_roots = roots;
    }

    pub(crate) fn file(&self, path: &str) -> Option<u32> {
        self.files.get(path).copied()
    }

    /// Finds the file of a Python module by its dotted name below a folder.
    pub(crate) fn python_below(&self, folder: &str, dotted: &str) -> Option<u32> {
        let path = join(folder, &dotted.replace('.', "/"));
        if dotted.is_empty() {
            return self.file(&join(folder, "__init__.py"));
        }
        ["/__init__.py", ".py", "/__init__.pyi", ".pyi"]
            .iter()
            .find_map(|end| self.file(&format!("{path}{end}")))
    }

    /// Finds the file of a Python module as `from` names it.
    pub(crate) fn python(&self, from: &str, module: &str) -> Option<u32> {
        let dots = module.len() - module.trim_start_matches('.').len();
        let name = &module[dots..];
        let (folder, _) = split(from);
        if dots > 0 {
            let mut folder = folder;
            for _ in 1..dots {
                folder = split(folder).0;
            }
            return self.python_below(folder, name);
        }
        // The roots around the file come first, the nearest of them before.
        let mut around: Vec<&str> = self
            .python_roots
            .iter()
            .map(String::as_str)
            .filter(|root| is_below(from, root))
            .collect();
        around.sort_by_key(|root| std::cmp::Reverse(root.len()));
        let others = self
            .python_roots
            .iter()
            .map(String::as_str)
            .filter(|root| !is_below(from, root));
        around
            .into_iter()
            .chain(std::iter::once(folder))
            .chain(others)
            .find_map(|root| self.python_below(root, name))
    }

    /// Finds the file of a JavaScript or TypeScript module.
    pub(crate) fn script(&self, from: &str, module: &str) -> Option<u32> {
        let (folder, _) = split(from);
        if module.starts_with('.') || module.starts_with('/') {
            let path = normal(&join(folder, module.trim_start_matches('/')));
            return self
                .code_beside(from, &path)
                .or_else(|| self.script_file(&path));
        }
        for config in self
            .script_paths
            .iter()
            .filter(|one| is_below(from, &one.folder))
        {
            for (pattern, targets) in &config.paths {
                let Some(rest) = fits(pattern, module) else {
                    continue;
                };
                let found = targets
                    .iter()
                    .find_map(|target| self.script_file(&target.replacen('*', rest, 1)));
                if found.is_some() {
                    return found;
                }
            }
            let found = config
                .base
                .as_ref()
                .and_then(|base| self.script_file(&join(base, module)));
            if found.is_some() {
                return found;
            }
        }
        self.script_package(module)
    }

    /// Finds the file that a package of the workspace gives for a name.
    fn script_package(&self, module: &str) -> Option<u32> {
        let parts = if module.starts_with('@') { 2 } else { 1 };
        let end = module
            .match_indices('/')
            .nth(parts - 1)
            .map_or(module.len(), |(at, _)| at);
        let package = self.packages.get(&module[..end])?;
        let rest = module[end..].trim_start_matches('/');
        let subpath = if rest.is_empty() {
            ".".to_owned()
        } else {
            format!("./{rest}")
        };
        for (key, target) in &package.exports {
            let Some(star) = fits(key, &subpath) else {
                continue;
            };
            let target = target.replacen('*', star, 1);
            let path = normal(&join(&package.folder, &target));
            let found = self.script_file(&path).or_else(|| {
                // What is built lies beside its source.
                let source = ["dist", "lib", "build", "out"].iter().find_map(|built| {
                    let rest = path.strip_prefix(&format!("{}/", join(&package.folder, built)))?;
                    Some(join(&package.folder, &format!("src/{rest}")))
                })?;
                self.script_file(&source)
            });
            if found.is_some() {
                return found;
            }
        }
        let below = |path: &str| self.script_file(&normal(&join(&package.folder, path)));
        match rest {
            "" => ["src/index", "index", "src/main", "lib/index"]
                .iter()
                .find_map(|path| below(path)),
            rest => below(rest).or_else(|| below(&format!("src/{rest}"))),
        }
    }

    /// Finds what code of JavaScript runs where a declaration of its types lies beside it.
    fn code_beside(&self, from: &str, path: &str) -> Option<u32> {
        const CODE: &[&str] = &[".js", ".mjs", ".cjs", ".jsx"];
        let is_code = CODE.iter().any(|end| from.ends_with(end));
        let has_types = is_code && self.file(&format!("{path}.d.ts")).is_some();
        let mut ends = CODE.iter().filter(|_| has_types);
        ends.find_map(|end| self.file(&format!("{path}{end}")))
    }

    /// Finds a file with one of the endings, or the index of a folder.
    fn script_file(&self, path: &str) -> Option<u32> {
        const ENDS: &[&str] = &[
            "",
            ".ts",
            ".tsx",
            ".d.ts",
            ".js",
            ".jsx",
            ".mjs",
            ".cjs",
            ".mts",
            ".cts",
            ".vue",
            ".svelte",
            "/index.ts",
            "/index.tsx",
            "/index.js",
            "/index.jsx",
            "/index.mjs",
            "/index.d.ts",
            "/index.vue",
        ];
        // The folder may be the root itself.
        let found = ENDS
            .iter()
            .find_map(|end| self.file(format!("{path}{end}").trim_start_matches('/')));
        found.or_else(|| {
            // TypeScript names the file that will be built: `./a.js` is `./a.ts`.
            let stem = [".js", ".jsx", ".mjs", ".cjs", ".d.ts"]
                .iter()
                .find_map(|end| path.strip_suffix(end))?;
            [".ts", ".tsx", ".mts", ".cts", ".js"]
                .iter()
                .find_map(|end| self.file(&format!("{stem}{end}")))
        })
    }

    /// Finds an included file: beside, or by the end of its path when only one
    /// file ends so.
    pub(crate) fn included(&self, from: &str, path: &str, ends: &[&str]) -> Option<u32> {
        let (folder, _) = split(from);
        let beside = normal(&join(folder, path));
        ends.iter()
            .find_map(|end| self.file(&format!("{beside}{end}")))
            .or_else(|| {
                ends.iter().find_map(|end| {
                    ["", "include/", "src/", "lib/"]
                        .iter()
                        .find_map(|root| self.file(&normal(&format!("{root}{path}{end}"))))
                })
            })
    }

    /// Returns the folder of a Go package in this repository.
    pub(crate) fn go_folder(&self, path: &str) -> Option<String> {
        self.go_modules.iter().find_map(|(name, folder)| {
            let rest = path.strip_prefix(name.as_str())?;
            match rest {
                "" => Some(folder.clone()),
                rest => Some(join(folder, rest.strip_prefix('/')?)),
            }
        })
    }
}

/// Returns what a `*` in the pattern stands for when it fits.
fn fits<'a>(pattern: &str, text: &'a str) -> Option<&'a str> {
    match pattern.split_once('*') {
        Some((before, after)) => text.strip_prefix(before)?.strip_suffix(after),
        None => (pattern == text).then_some(""),
    }
}

/// Returns the file that an entry of `exports` leads to, the source before what
/// is built.
fn target(value: &Json) -> Option<String> {
    match value {
        Json::String(text) => Some(text.clone()),
        Json::Array(list) => list.iter().find_map(target),
        Json::Object(map) => [
            "source", "types", "import", "module", "require", "node", "default",
        ]
        .iter()
        .find_map(|key| map.get(*key).and_then(target)),
        _ => None,
    }
}

/// Reads JSON with comments and commas too many, as configurations have them.
fn lenient_json(text: &str) -> Option<Json> {
    if let Ok(json) = serde_json::from_str(text) {
        return Some(json);
    }
    let mut plain = String::with_capacity(text.len());
    let mut letters = text.chars().peekable();
    let mut in_string = false;
    while let Some(letter) = letters.next() {
        match letter {
            '"' => {
                in_string = !in_string;
                plain.push(letter);
            }
            '\\' if in_string => {
                plain.push(letter);
                plain.extend(letters.next());
            }
            '/' if !in_string && letters.peek() == Some(&'/') => {
                for skipped in letters.by_ref() {
                    if skipped == '\n' {
                        break;
                    }
                }
            }
            '/' if !in_string && letters.peek() == Some(&'*') => {
                let mut last = ' ';
                letters.next();
                for skipped in letters.by_ref() {
                    if last == '*' && skipped == '/' {
                        break;
                    }
                    last = skipped;
                }
            }
            '}' | ']' if !in_string => {
                let kept = plain.trim_end();
                if let Some(kept) = kept.strip_suffix(',') {
                    plain.truncate(kept.len());
                }
                plain.push(letter);
            }
            _ => plain.push(letter),
        }
    }
    serde_json::from_str(&plain).ok()
}

/// Splits a path into its folder and its last part.
pub(crate) fn split(path: &str) -> (&str, &str) {
    path.rsplit_once('/').unwrap_or(("", path))
}

pub(crate) fn join(folder: &str, path: &str) -> String {
    match folder {
        "" => path.to_owned(),
        folder => format!("{folder}/{path}"),
    }
}

fn is_below(path: &str, folder: &str) -> bool {
    folder.is_empty()
        || path
            .strip_prefix(folder)
            .is_some_and(|rest| rest.starts_with('/'))
}

/// Takes `.` and `..` out of a path.
pub(crate) fn normal(path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    parts.join("/")
}

#[cfg(test)]
mod tests {
    use super::{Layout, Manifest, fits, lenient_json, normal};

    fn layout(files: &[&str], manifests: &[(&str, &str)]) -> Layout {
        let files: Vec<String> = files.iter().map(|&file| file.to_owned()).collect();
        let manifests: Vec<Manifest> = manifests
            .iter()
            .map(|(path, text)| Manifest {
                path: (*path).to_owned(),
                text: (*text).to_owned(),
            })
            .collect();
        Layout::new(&files, &manifests)
    }

    #[test]
    fn script_modules_are_found_as_the_compiler_does() {
        let layout = layout(
            &[
                "app/src/a.ts",
                "app/src/lib/index.ts",
                "app/src/lib/b.tsx",
                "packages/core/src/index.ts",
                "packages/core/src/deep/x.ts",
                "index.js",
            ],
            &[
                (
                    "app/tsconfig.json",
                    r#"{ // comment
                    "extends": "./tsconfig.base.json", }"#,
                ),
                (
                    "app/tsconfig.base.json",
                    r#"{"compilerOptions": {"baseUrl": "src", "paths": {"@lib/*": ["lib/*"]}}}"#,
                ),
                (
                    "packages/core/package.json",
                    r#"{"name": "@me/core", "exports": {".": "./dist/index.js", "./deep/*": "./src/deep/*.ts"}}"#,
                ),
            ],
        );
        let check = |module: &str, file: Option<u32>| {
            assert_eq!(layout.script("app/src/a.ts", module), file, "{module}");
        };
        check("./lib", Some(1));
        check("./lib/b", Some(2));
        check("./lib/b.js", Some(2));
        check("@lib/b", Some(2));
        check("lib/b", Some(2));
        check("@me/core", Some(3));
        check("@me/core/deep/x", Some(4));
        check("react", None);
        check("../../", Some(5));
    }

    #[test]
    fn python_modules_are_found_from_their_roots() {
        let layout = layout(
            &[
                "src/p/__init__.py",
                "src/p/a.py",
                "src/p/q/__init__.py",
                "src/p/q/b.py",
                "tool.py",
            ],
            &[],
        );
        let check = |from: &str, module: &str, file: Option<u32>| {
            assert_eq!(layout.python(from, module), file, "{from} {module}");
        };
        check("tool.py", "p.a", Some(1));
        check("src/p/q/b.py", "..a", Some(1));
        check("src/p/q/b.py", ".", Some(2));
        check("src/p/a.py", ".q.b", Some(3));
        check("src/p/a.py", "tool", Some(4));
        check("src/p/a.py", "os", None);
    }

    #[test]
    fn small_parts_of_it() {
        assert_eq!(fits("@a/*", "@a/b/c"), Some("b/c"));
        assert_eq!(fits("a", "b"), None);
        assert_eq!(normal("a/./b/../c"), "a/c");
        assert!(lenient_json("{\"a\": [1, 2,], /* x */ \"b\": \"//\",}").is_some());
    }
}
