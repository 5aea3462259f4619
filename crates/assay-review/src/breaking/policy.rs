//! Decides whether code is offered to others: by the manifest of the package that
//! it is in, never by how it looks.

use std::collections::BTreeMap;

use assay_source::{FileTree, FileVersion, RepoPath, SourceText};

/// Bytes of a manifest or module that is read.
const BYTES_MAX: u64 = 1 << 20;
/// Folders above a file.
const FOLDERS_MAX: usize = 64;

/// The tree of the head, with what was read of it.
pub(super) struct Packages<'a> {
    tree: &'a dyn FileTree,
    files: BTreeMap<String, FileVersion>,
}

impl<'a> Packages<'a> {
    pub(super) fn new(tree: &'a dyn FileTree) -> Self {
        let listed = tree.list().unwrap_or_default();
        let named = |file: FileVersion| Some((file.path.as_str()?.to_owned(), file));
        Self {
            tree,
            files: listed.into_iter().filter_map(named).collect(),
        }
    }

    /// Returns the files of the tree, by their paths.
    pub(super) fn listed(&self) -> Vec<FileVersion> {
        self.files.values().cloned().collect()
    }

    fn text(&self, path: &str) -> Option<String> {
        let bytes = self.tree.read(self.files.get(path)?, BYTES_MAX).ok()?;
        Some(SourceText::decode(bytes).ok()?.as_str().to_owned())
    }

    fn has(&self, path: &str) -> bool {
        self.files.contains_key(path)
    }

    /// Returns the nearest folder, from that of the file upwards, with a manifest.
    fn nearest(&self, path: &str, names: &[&str]) -> Option<(String, String)> {
        let mut folder = path;
        for _ in 0..FOLDERS_MAX {
            folder = folder.rsplit_once('/').map_or("", |(around, _)| around);
            for name in names {
                if let Some(text) = self.text(&join(folder, name)) {
                    return Some((folder.to_owned(), text));
                }
            }
            if folder.is_empty() {
                break;
            }
        }
        None
    }

    /// Returns whether users of a package can reach a name of the file.
    pub(super) fn offers(&self, path: &RepoPath, language: &str, name: &str) -> bool {
        let Some(path) = path.as_str() else {
            return false;
        };
        match language {
            "python" => {
                let found = self.nearest(path, &["pyproject.toml", "setup.py", "setup.cfg"]);
                !self.is_copied(path)
                    && found.is_some_and(|(_, text)| {
                        let is_package = [
                            "[project]",
                            "[tool.poetry]",
                            "[tool.flit",
                            "setup(",
                            "[metadata]",
                        ]
                        .iter()
                        .any(|mark| text.contains(mark));
                        let is_private = text.contains("Private :: Do Not Upload")
                            || text.contains("package-mode = false");
                        is_package && !is_private
                    })
            }
            "javascript" | "typescript" | "tsx" => {
                let found = self.nearest(path, &["package.json"]);
                found.is_some_and(|(_, text)| {
                    let plain: String = text.split_whitespace().collect();
                    let published = plain.contains("\"name\":") && plain.contains("\"version\":");
                    published && !plain.contains("\"private\":true")
                })
            }
            "java" | "kotlin" | "scala" => self.offers_java(path),
            "go" => self.nearest(path, &["go.mod"]).is_some_and(|(folder, _)| {
                // A module with a command is an application.
                let commands = join(&folder, "cmd/");
                !self.has(&join(&folder, "main.go"))
                    && self
                        .files
                        .range(commands.clone()..)
                        .next()
                        .is_none_or(|(name, _)| !name.starts_with(&commands))
            }),
            "rust" => self.offers_rust(path, name),
            "c" | "cpp" => path.starts_with("include/") || path.contains("/include/"),
            "php" => self
                .nearest(path, &["composer.json"])
                .is_some_and(|(_, text)| {
                    let plain: String = text.split_whitespace().collect();
                    plain.contains("\"name\":") && !plain.contains("\"type\":\"project\"")
                }),
            // What is required lies in `lib`, of the one gem or of one of several.
            "ruby" => {
                let folder = match path.rfind("/lib/") {
                    _ if path.starts_with("lib/") => Some(""),
                    Some(at) => Some(&path[..at]),
                    None => None,
                };
                folder.is_some_and(|folder| {
                    let of_gem = |name: &String| {
                        let around = name.rsplit_once('/').map_or("", |(around, _)| around);
                        name.ends_with(".gemspec") && around == folder
                    };
                    self.files.keys().any(of_gem)
                })
            }
            "c-sharp" => self.files.iter().any(|(name, _)| {
                let folder = name.rsplit_once('/').map_or("", |(folder, _)| folder);
                name.ends_with(".csproj")
                    && path.starts_with(folder)
                    && self.text(name).is_some_and(|text| {
                        text.contains("<PackageId>") || text.contains("<IsPackable>true")
                    })
            }),
            "swift" => self
                .text("Package.swift")
                .is_some_and(|text| text.contains(".library(")),
            _ => false,
        }
    }

    /// Whether a module of Python lies in a package for copies of other libraries:
    /// `requests/packages/urllib3`.
    fn is_copied(&self, path: &str) -> bool {
        path.match_indices("/packages/").any(|(at, _)| {
            let folder = &path[..at + "/packages".len()];
            self.has(&join(folder, "__init__.py"))
        })
    }

    fn offers_java(&self, path: &str) -> bool {
        let found = self.nearest(path, &["pom.xml", "build.gradle", "build.gradle.kts"]);
        found.is_some_and(|(_, text)| {
            let is_application = [
                "spring-boot-maven-plugin",
                "org.springframework.boot",
                "com.android.application",
                "<packaging>war",
                "id 'application'",
                "id(\"application\")",
            ]
            .iter()
            .any(|mark| text.contains(mark));
            let is_library = text.contains("<project")
                || ["java-library", "maven-publish", "vanniktech", "publishing"]
                    .iter()
                    .any(|mark| text.contains(mark));
            is_library && !is_application
        })
    }

    /// In Rust every module on the way must be `pub`, or hand the name on.
    fn offers_rust(&self, path: &str, name: &str) -> bool {
        let Some((folder, manifest)) = self.nearest(path, &["Cargo.toml"]) else {
            return false;
        };
        let root = join(&folder, "src/lib.rs");
        if manifest.contains("publish = false")
            || !manifest.contains("[package]")
            || !self.has(&root)
        {
            return false;
        }
        let Some(inner) = path
            .strip_prefix(&join(&folder, "src/"))
            .and_then(|path| path.strip_suffix(".rs"))
        else {
            return false;
        };
        let inner = inner.strip_suffix("/mod").unwrap_or(inner);
        if inner == "lib" {
            return true;
        }
        let first = name.split('.').next().unwrap_or(name);
        let mut file = root;
        let mut folder = join(&folder, "src");
        for part in inner.split('/') {
            let Some(text) = self.text(&file) else {
                return false;
            };
            let is_public = text.contains(&format!("pub mod {part};"));
            let handed_on = text.lines().any(|line| {
                line.contains("pub use")
                    && (line.contains(&format!("{part}::*"))
                        || words(line).any(|word| word == first))
            });
            let listed = text.contains("pub use")
                && words(&text).filter(|word| *word == first).count() > 0
                && handed_in_braces(&text, first);
            if !is_public && !handed_on && !listed {
                return false;
            }
            folder = join(&folder, part);
            let flat = format!("{folder}.rs");
            file = if self.has(&flat) {
                flat
            } else {
                join(&folder, "mod.rs")
            };
        }
        true
    }
}

/// Whether a `pub use` over several lines holds the name.
fn handed_in_braces(text: &str, name: &str) -> bool {
    text.split("pub use ").skip(1).any(|rest| {
        rest.split(';')
            .next()
            .is_some_and(|list| words(list).any(|word| word == name))
    })
}

pub(super) fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_alphanumeric() && c != '_')
        .filter(|word| !word.is_empty())
}

fn join(folder: &str, name: &str) -> String {
    match folder {
        "" => name.to_owned(),
        folder => format!("{folder}/{name}"),
    }
}
