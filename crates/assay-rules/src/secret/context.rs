//! What the path says about the text: tests, examples, documentation, and how
//! values are written in that kind of file.

use assay_source::RepoPath;

/// The kind of a file, by its name, as far as it decides how values are
/// written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FileKind {
    /// A programming language: texts are in quotes.
    Code,
    /// Settings, where a value may stand without quotes.
    Config,
    /// Shells and container files.
    Script,
    /// Prose with examples.
    Prose,
    /// JSON, CSV, logs and other data.
    Data,
    /// Keys and certificates.
    Key,
    /// Nothing known.
    Other,
}

const CONFIG: &[&str] = &[
    "yml",
    "yaml",
    "properties",
    "ini",
    "conf",
    "cfg",
    "env",
    "toml",
    "tf",
    "tfvars",
    "hcl",
    "config",
    "cnf",
    "example",
    "sample",
    "dist",
    "template",
    "tmpl",
    "tpl",
    "j2",
    "erb",
    "plist",
    "xml",
    "service",
    "repo",
    "desktop",
    "credentials",
    "netrc",
    "pgpass",
    "npmrc",
    "pypirc",
];
const SCRIPT: &[&str] = &[
    "sh",
    "bash",
    "zsh",
    "fish",
    "ksh",
    "bat",
    "cmd",
    "ps1",
    "psm1",
    "dockerfile",
    "mk",
    "make",
];
const PROSE: &[&str] = &[
    "md", "markdown", "rst", "txt", "adoc", "asciidoc", "textile", "org", "html", "htm", "slim",
    "haml", "mdx", "tex", "pod", "rdoc",
];
const DATA: &[&str] = &[
    "json", "jsonl", "ndjson", "csv", "tsv", "log", "tfstate", "sql", "har", "ipynb", "cast",
];
const KEY: &[&str] = &[
    "pem", "key", "crt", "cer", "p8", "pub", "asc", "gpg", "ppk", "csr",
];
const CODE: &[&str] = &[
    "py", "js", "jsx", "mjs", "cjs", "ts", "tsx", "java", "kt", "kts", "go", "rs", "c", "h", "cc",
    "cpp", "hpp", "cs", "rb", "php", "swift", "scala", "lua", "ex", "exs", "hs", "dart", "zig",
    "m", "mm", "vue", "svelte", "groovy", "gradle", "pl", "pm", "r", "jl", "clj", "erl", "vb",
    "sol", "graphql", "proto", "nix", "css", "scss", "less", "erl", "coffee", "ejs", "jsp",
];

/// What is known of a text by its path.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PathContext {
    pub(crate) kind: FileKind,
    /// Tests, fixtures, examples and documentation.
    pub(crate) is_test: bool,
    /// Texts for people in one of several languages: what stands beside
    /// `password` there is the word for it.
    pub(crate) is_translation: bool,
}

impl PathContext {
    pub(crate) fn new(path: &RepoPath) -> Self {
        let path = path.to_display().to_ascii_lowercase();
        let name = path.rsplit('/').next().unwrap_or("");
        Self {
            kind: kind(name),
            is_test: is_test(&path),
            is_translation: is_translation(&path),
        }
    }
}

fn kind(name: &str) -> FileKind {
    let extension = name.rsplit_once('.').map_or("", |(_, extension)| extension);
    let is = |known: &[&str]| known.contains(&extension);
    if is(CODE) {
        FileKind::Code
    } else if is(CONFIG) || name.starts_with(".env") {
        FileKind::Config
    } else if is(SCRIPT) || name.starts_with("dockerfile") || name == "makefile" {
        FileKind::Script
    } else if is(PROSE) || name.starts_with("readme") {
        FileKind::Prose
    } else if is(DATA) {
        FileKind::Data
    } else if is(KEY) {
        FileKind::Key
    } else {
        FileKind::Other
    }
}

/// Folders of translated texts.
const TRANSLATION_FOLDERS: &[&str] = &[
    "locale",
    "locales",
    "localization",
    "localisation",
    "i18n",
    "l10n",
    "lang",
    "langs",
    "language",
    "languages",
    "translation",
    "translations",
    "messages",
    "nls",
];

fn is_translation(path: &str) -> bool {
    let (folders, name) = path.rsplit_once('/').unwrap_or(("", path));
    let extension = name.rsplit_once('.').map_or("", |(_, extension)| extension);
    if matches!(
        extension,
        "po" | "pot" | "xliff" | "xlf" | "resx" | "arb" | "strings"
    ) {
        return true;
    }
    let is_data = matches!(
        extension,
        "json" | "yml" | "yaml" | "ini" | "properties" | "php" | "js" | "ts" | "xml" | "toml"
    );
    is_data
        && folders
            .split('/')
            .any(|part| TRANSLATION_FOLDERS.contains(&part))
}

/// Parts of a path, between separators of any kind, that say that its code is
/// not what runs.
const TEST_WORDS: &[&str] = &[
    "test",
    "tests",
    "testing",
    "testdata",
    "spec",
    "specs",
    "example",
    "examples",
    "sample",
    "samples",
    "fixture",
    "fixtures",
    "mock",
    "mocks",
    "demo",
    "demos",
    "doc",
    "docs",
    "e2e",
    "__tests__",
    "__mocks__",
    "tutorial",
    "tutorials",
    "readme",
    "changelog",
];

fn is_test(path: &str) -> bool {
    path.split(['/', '.', '_', '-'])
        .any(|part| TEST_WORDS.contains(&part) || part.ends_with("test") || part.ends_with("tests"))
}

#[cfg(test)]
mod tests {
    use super::{FileKind, PathContext};

    #[test]
    fn paths_tell_kind_and_purpose() {
        for (path, kind, is_test) in [
            ("src/Main.java", FileKind::Code, false),
            ("src/MainTest.java", FileKind::Code, true),
            ("config/.env.production", FileKind::Config, false),
            ("Dockerfile.dev", FileKind::Script, false),
            ("docs/setup.md", FileKind::Prose, true),
            ("latest/a.json", FileKind::Data, true),
            ("server.key", FileKind::Key, false),
            ("LICENSE", FileKind::Other, false),
        ] {
            let context = PathContext::new(&path.into());
            assert_eq!((context.kind, context.is_test), (kind, is_test), "{path}");
        }
        for (path, expected) in [
            ("web/src/locales/cs.json", true),
            ("conf/locale/locale_sv-SE.ini", true),
            ("po/de.po", true),
            ("src/lang/parser.rs", false),
            ("config/app.json", false),
        ] {
            assert_eq!(
                PathContext::new(&path.into()).is_translation,
                expected,
                "{path}"
            );
        }
    }
}
