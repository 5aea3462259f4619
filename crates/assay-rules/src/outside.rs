//! Names by which people reach a program from outside: options of its command line,
//! variables of its environment, as code defines or reads them.
//!
//! Read off the text with one expression for each language: what counts is the call of a
//! library that everybody knows, with the name as a plain string.

use std::collections::HashMap;
use std::sync::OnceLock;

use assay_source::{SourceText, Span};
use assay_syntax::Language;
use regex_automata::meta::Regex;

/// A name that people outside use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutsideName {
    /// The name, of an option without its dashes.
    pub name: String,
    /// Where it is written.
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
pub fn environment_reads(text: &SourceText, language: &Language) -> Vec<OutsideName> {
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

/// Lists the long options that a text defines.
pub fn option_definitions(text: &SourceText, language: &Language) -> Vec<OutsideName> {
    static PATTERNS: OnceLock<Patterns> = OnceLock::new();
    let name = "([a-z][a-z0-9]+(?:-[a-z0-9]+)*)";
    let patterns = PATTERNS.get_or_init(|| {
        compile(&[
            (
                &["python"],
                &format!(r#"(?:\.add_argument|\boption|\.Option|\bOption)\((?:\s*["']-\w["'],)?\s*["']--{name}["'/]"#),
            ),
            (
                &["javascript", "typescript", "tsx"],
                &format!(
                    r#"(?:\.(?:option|requiredOption)|new Option)\(\s*["'`](?:-\w, ?)?--{name}\b|\.option\(\s*["']{name}["']\s*,\s*\{{"#
                ),
            ),
            (
                &["go"],
                &format!(
                    r#"(?:\b[fF]lags?\(\)|\b[pP]ersistentFlags\(\)|\bPersistentFlags\(\)|\bflag|\bfs|\bflags|\bflagSet)\.(?:String|Bool|Int|Uint|Float|Duration|Count|IP)\w*\(\s*(?:&[\w.]+,\s*)?"{name}"|cli\.\w+Flag\{{\s*Name:\s*"{name}""#
                ),
            ),
            (
                &["rust"],
                &format!(
                    r#"\.long\(\s*"{name}"\s*\)|\blong\s*=\s*"{name}"|#\[(?:arg|clap|structopt)\([^\]]*\blong\b\s*[,)][^\]]*\]\s*(?:pub(?:\([^)]*\))?\s+)?([a-z][a-z0-9_]*)\s*:"#
                ),
            ),
            (&["java", "kotlin"], &format!(r#"\bnames\s*=\s*[\{{\[]?[^\}}\])]*?"--{name}""#)),
            (&["ruby"], &format!(r#"\.on\(\s*(?:["']-\w[^"']*["'],\s*)?["']--(?:\[no-\])?{name}"#)),
            (&["php"], &format!(r#"->addOption\(\s*['"]{name}['"]"#)),
            (&["c-sharp"], &format!(r#"new\s+Option(?:<[^>]+>)?\(\s*(?:new\s*\[\]\s*\{{\s*)?"--{name}""#)),
        ])
    });
    let mut found = patterns.find(text, language);
    for one in &mut found {
        one.name = one.name.replace('_', "-");
    }
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
    fn find(&self, text: &SourceText, language: &Language) -> Vec<OutsideName> {
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
                found.push(OutsideName {
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

    use super::{OutsideName, environment_reads, option_definitions};

    fn names(found: &[OutsideName]) -> Vec<&str> {
        found.iter().map(|one| one.name.as_str()).collect()
    }

    fn check(language: &str, text: &str, variables: &[&str], options: &[&str]) {
        let language = language_by_name(language).unwrap();
        let text = SourceText::from_text(text);
        assert_eq!(names(&environment_reads(&text, language)), variables);
        assert_eq!(names(&option_definitions(&text, language)), options);
    }

    #[test]
    fn names_are_read_in_each_language() {
        check(
            "python",
            "a = os.environ['APP_URL']\nb = os.getenv(\"APP_KEY\", 'x')\n# os.getenv('APP_OLD')\nos.environ['APP_SET'] = 1\np.add_argument('-v', '--very-verbose')\n@click.option('--size/--no-size')\n",
            &["APP_URL", "APP_KEY", "APP_SET"],
            &["very-verbose", "size"],
        );
        check(
            "typescript",
            "const a = process.env.APP_URL || 1;\nprocess.env.APP_SET = 'b';\nprocess.env['APP_KEY'];\nprogram.option('-p, --port <n>');\nyargs.option('size', { type: 'number' });\nx.option('a', 'b');\n",
            &["APP_URL", "APP_KEY"],
            &["port", "size"],
        );
        check(
            "go",
            "a := os.Getenv(\"APP_URL\")\nb, ok := os.LookupEnv(\"PATH\")\ncmd.Flags().StringVarP(&x, \"out-file\", \"o\", \"\", \"\")\nflag.Bool(\"fast\", false, \"\")\n",
            &["APP_URL"],
            &["out-file", "fast"],
        );
        check(
            "rust",
            "let a = std::env::var(\"APP_URL\");\n#[arg(short, long)]\npub max_depth: u32,\n#[arg(long = \"other\")]\nx: u8,\nArg::new(\"a\").long(\"third\")\n",
            &["APP_URL"],
            &["max-depth", "other", "third"],
        );
        check(
            "ruby",
            "ENV['APP_URL']\nENV.fetch('APP_KEY')\nopts.on('-v', '--[no-]verbose') { }\n",
            &["APP_URL", "APP_KEY"],
            &["verbose"],
        );
        check(
            "php",
            "<?php env('APP_URL', 1);\n$this->addOption('size', null);\n",
            &["APP_URL"],
            &["size"],
        );
        check(
            "java",
            "System.getenv(\"APP_URL\");\n@Option(names = {\"-s\", \"--size\"})\n",
            &["APP_URL"],
            &["size"],
        );
        check(
            "c-sharp",
            "Environment.GetEnvironmentVariable(\"APP_URL\");\nnew Option<int>(\"--size\");\n",
            &["APP_URL"],
            &["size"],
        );
    }
}
