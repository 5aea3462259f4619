//! The variables of the environment that code reads.
//!
//! Read off the text with one expression for each language: what counts is the call of a
//! library that everybody knows, with the name as a plain string.

use std::collections::HashMap;
use std::sync::OnceLock;

use assay_source::{SourceText, Span};
use assay_syntax::Language;
use regex_automata::meta::Regex;

/// A variable where it is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EnvironmentRead {
    /// Its name.
    pub name: String,
    /// Where the name is written.
    pub span: Span,
}

/// Names of one file.
const NAMES_MAX: usize = 2_000;

/// Variables that the system or every tool knows.
const COMMON: &[&str] = &[
    "PATH",
    "HOME",
    "USER",
    "USERNAME",
    "LOGNAME",
    "SHELL",
    "PWD",
    "TMPDIR",
    "TEMP",
    "TMP",
    "TERM",
    "LANG",
    "LC_ALL",
    "EDITOR",
    "VISUAL",
    "PAGER",
    "TZ",
    "CI",
    "NODE_ENV",
    "DISPLAY",
    "HOSTNAME",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "NO_PROXY",
    "NO_COLOR",
    "COLORTERM",
    "XDG_CONFIG_HOME",
    "XDG_CACHE_HOME",
    "XDG_DATA_HOME",
    "APPDATA",
    "LOCALAPPDATA",
    "USERPROFILE",
    "GITHUB_ACTIONS",
    "GOPATH",
    "JAVA_HOME",
    "PYTHONPATH",
    "VIRTUAL_ENV",
    "DEV",
    "PROD",
    "SSR",
    "MODE",
    "BASE_URL",
];

/// Lists the variables of the environment that a text reads.
pub fn environment_reads(text: &SourceText, language: &Language) -> Vec<EnvironmentRead> {
    static PATTERNS: OnceLock<Patterns> = OnceLock::new();
    let name = r"([A-Z][A-Z0-9_]{2,})";
    let patterns = PATTERNS.get_or_init(|| {
        let script = format!(
            r#"(?:process\.env|import\.meta\.env)\.{name}\b(?:\s*(?:==|!=|\|\||\?\?|&&|[,;)\]}}\n.?:]))|(?:process\.env\[|Deno\.env\.get\()["']{name}["']"#
        );
        compile(&[
            (&["python"], &format!(r#"os\.(?:environ(?:\.get\(|\[)|getenv\()\s*["']{name}["']\s*[\]),]"#)),
            (&["javascript", "typescript", "tsx", "vue", "svelte"], &script),
            (&["go"], &format!(r#"os\.(?:Getenv|LookupEnv)\("{name}"\)"#)),
            (&["java", "kotlin", "scala"], &format!(r#"System\.getenv\("{name}"\)"#)),
            (&["ruby"], &format!(r#"ENV(?:\[|\.fetch\()\s*["']{name}["']"#)),
            (&["php"], &format!(r#"(?:\bgetenv\(|\benv\(|\$_ENV\[)\s*['"]{name}['"]"#)),
            (&["rust"], &format!(r#"env::var(?:_os)?\(\s*"{name}"\s*\)"#)),
            (&["c-sharp"], &format!(r#"GetEnvironmentVariable\(\s*"{name}""#)),
            (&["c", "cpp"], &format!(r#"\bgetenv\(\s*"{name}"\s*\)"#)),
        ])
    });
    let mut found = patterns.find(text, language);
    found.retain(|one| !COMMON.contains(&one.name.as_str()));
    found
}

struct Patterns(HashMap<&'static str, Regex>);

fn compile(patterns: &[(&[&'static str], &str)]) -> Patterns {
    let mut compiled = HashMap::new();
    for (languages, pattern) in patterns {
        let regex = Regex::new(pattern).expect("the expressions of this file are well formed");
        for &language in *languages {
            compiled.insert(language, regex.clone());
        }
    }
    Patterns(compiled)
}

impl Patterns {
    fn find(&self, text: &SourceText, language: &Language) -> Vec<EnvironmentRead> {
        let Some(regex) = self.0.get(language.id().as_str()) else {
            return Vec::new();
        };
        let whole = text.as_str();
        let mut found = Vec::new();
        for captures in regex.captures_iter(whole).take(NAMES_MAX) {
            let groups = 1..captures.group_len();
            let Some(group) = groups.filter_map(|at| captures.get_group(at)).next() else {
                continue;
            };
            let span = Span::new(group.start as u32, group.end as u32);
            let line = text.line(text.lines().line_of(span.start)).trim_start();
            let is_comment = line.starts_with("//")
                || line.starts_with('*')
                || line.starts_with("# ")
                || line.starts_with("--");
            if !is_comment {
                found.push(EnvironmentRead {
                    name: whole[group.start..group.end].to_owned(),
                    span,
                });
            }
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use assay_source::SourceText;
    use assay_syntax::language_by_name;

    use super::environment_reads;

    fn check(language: &str, text: &str, variables: &[&str]) {
        let language = language_by_name(language).expect("a language");
        let text = SourceText::from_text(text);
        let found = environment_reads(&text, language);
        let names: Vec<&str> = found.iter().map(|one| one.name.as_str()).collect();
        assert_eq!(names, variables);
    }

    #[test]
    fn names_are_read_in_each_language() {
        check(
            "python",
            "a = os.environ['APP_URL']\nb = os.getenv(\"APP_KEY\", 'x')\n# os.getenv('APP_OLD')\nos.environ['APP_SET'] = 1\n",
            &["APP_URL", "APP_KEY", "APP_SET"],
        );
        check(
            "typescript",
            "const a = process.env.APP_URL || 1;\nprocess.env.APP_SET = 'b';\nprocess.env['APP_KEY'];\n",
            &["APP_URL", "APP_KEY"],
        );
        check(
            "go",
            "a := os.Getenv(\"APP_URL\")\nb, ok := os.LookupEnv(\"PATH\")\n",
            &["APP_URL"],
        );
        check(
            "rust",
            "let a = std::env::var(\"APP_URL\");\n",
            &["APP_URL"],
        );
        check(
            "ruby",
            "ENV['APP_URL']\nENV.fetch('APP_KEY')\n",
            &["APP_URL", "APP_KEY"],
        );
        check("php", "<?php env('APP_URL', 1);\n", &["APP_URL"]);
        check("java", "System.getenv(\"APP_URL\");\n", &["APP_URL"]);
        check(
            "c-sharp",
            "Environment.GetEnvironmentVariable(\"APP_URL\");\n",
            &["APP_URL"],
        );
    }
}
