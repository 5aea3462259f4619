//! What reviewers look for, and which of it is worth asking about a part of a change.

use assay_finding::{Category, Confidence, RuleId, RuleMeta, Severity};

/// What a reviewer looks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Concern {
    /// Wrong behaviour.
    Correctness,
    /// What an attacker can use.
    Security,
    /// Slowness and waste.
    Performance,
    /// What makes the next change go wrong.
    Maintainability,
    /// Tests that do not test.
    Tests,
}

impl Concern {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::Correctness,
        Self::Security,
        Self::Performance,
        Self::Maintainability,
        Self::Tests,
    ];

    /// Those that are looked for unless somebody says otherwise.
    pub const USUAL: [Self; 4] = [
        Self::Correctness,
        Self::Security,
        Self::Performance,
        Self::Tests,
    ];

    /// Returns the name in the configuration and in answers.
    pub fn name(self) -> &'static str {
        match self {
            Self::Correctness => "correctness",
            Self::Security => "security",
            Self::Performance => "performance",
            Self::Maintainability => "maintainability",
            Self::Tests => "tests",
        }
    }

    /// Reads a name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.name() == name)
    }

    /// Returns the rule of its findings.
    pub fn rule(self) -> &'static str {
        match self {
            Self::Correctness => "model/correctness",
            Self::Security => "model/security",
            Self::Performance => "model/performance",
            Self::Maintainability => "model/maintainability",
            Self::Tests => "model/tests",
        }
    }

    pub(super) fn category(self) -> Category {
        match self {
            Self::Correctness => Category::Correctness,
            Self::Security => Category::Security,
            Self::Performance => Category::Performance,
            Self::Maintainability => Category::Maintainability,
            Self::Tests => Category::Test,
        }
    }

    fn title(self) -> &'static str {
        match self {
            Self::Correctness => "Mistake that a language model sees",
            Self::Security => "Weakness that a language model sees",
            Self::Performance => "Waste that a language model sees",
            Self::Maintainability => "Trap for the next change that a language model sees",
            Self::Tests => "Weak test that a language model sees",
        }
    }

    fn summary(self) -> &'static str {
        match self {
            Self::Correctness => "A language model says that the change does something wrong.",
            Self::Security => "A language model says that an attacker can use the change.",
            Self::Performance => {
                "A language model says that the change does more work than it needs to."
            }
            Self::Maintainability => {
                "A language model says that the change will make another one go wrong."
            }
            Self::Tests => "A language model says that a test does not test what it should.",
        }
    }

    /// Returns the texts about its rule.
    pub(super) fn meta(self) -> RuleMeta {
        RuleMeta {
            id: RuleId::new(self.rule()),
            title: self.title().to_owned(),
            summary: self.summary().to_owned(),
            description: "A language model was shown the changed functions with what they use and who uses them. The remark quotes code that \
                is there, what can be looked up was looked up, and a second question had the remark judged by itself. Whether it is right is for \
                the reader to judge, so its confidence is never high.\n"
                .to_owned(),
            severity: Severity::Medium,
            confidence: Confidence::Medium,
            category: self.category(),
            cwe: Vec::new(),
            tags: vec!["model".to_owned()],
        }
    }
}

/// Returns the texts about all rules of models.
pub fn model_rules() -> Vec<RuleMeta> {
    Concern::ALL.into_iter().map(Concern::meta).collect()
}

/// Words in code or paths by which it is about security.
const SECURITY_WORDS: &[&str] = &[
    "auth",
    "login",
    "session",
    "passw",
    "token",
    "secret",
    "crypt",
    "hash",
    "sign",
    "verify",
    "permission",
    "admin",
    "role",
    "cookie",
    "header",
    "request",
    "query",
    "sql",
    "exec",
    "eval",
    "shell",
    "command",
    "process",
    "path",
    "file",
    "open",
    "url",
    "http",
    "redirect",
    "html",
    "template",
    "render",
    "escape",
    "xml",
    "yaml",
    "pickle",
    "deserial",
    "unsafe",
    "random",
    "key",
    "cert",
    "tls",
    "upload",
    "input",
    "param",
];

/// Words by which work may grow.
const PERFORMANCE_WORDS: &[&str] = &[
    "for ", "for(", "while", "loop", "each", "map(", "filter(", "select", "query", "fetch",
    "await", "async", "lock", "sleep", "sort", "append", "push", "concat", "read", "cache",
    "regex", "compile(",
];

/// Returns which concerns are worth asking about, of those that are wanted: what code
/// never touches need not be paid for.
pub(super) fn worth(
    wanted: &[Concern],
    added: &str,
    (is_risky, has_tests, has_code): (bool, bool, bool),
) -> Vec<Concern> {
    let added = added.to_lowercase();
    let has = |words: &[&str]| words.iter().any(|word| added.contains(word));
    let is_worth = |concern: &Concern| match concern {
        Concern::Correctness => true,
        Concern::Security => has_code && (is_risky || has(SECURITY_WORDS)),
        Concern::Performance => has_code && has(PERFORMANCE_WORDS),
        Concern::Maintainability => has_code,
        Concern::Tests => has_tests,
    };
    let mut found: Vec<Concern> = Concern::ALL
        .into_iter()
        .filter(|one| wanted.contains(one))
        .filter(is_worth)
        .collect();
    if found.is_empty() {
        found.extend(wanted.iter().copied().take(1));
    }
    found
}
