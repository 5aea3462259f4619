//! Rules for secrets that a project wrote for gitleaks: the `[[rules]]` of its
//! `.gitleaks.toml`, matched and judged as gitleaks does it, beside Assay's own
//! detectors. What such a rule finds is masked like any other secret.

use aho_corasick::AhoCorasick;
use assay_finding::{
    Category, Confidence, Finding, Fingerprint, Frame, Location, RuleId, RuleMeta, Severity, State,
};
use assay_source::{RepoPath, SourceText, Span};
use regex_automata::meta::Regex;
use toml::{Table, Value};

use super::allow::{Found, List, entries, expression, read_table};
use super::check::entropy;
use super::context::PathContext;
use super::finding::identity_of;
use super::mask::mask;
use crate::engine::FileInput;

/// The pack of the ids of these rules.
pub(super) const PACK: &str = "gitleaks";

/// Rules of one file.
const RULES_MAX: usize = 1_000;
/// Findings of one rule in one text.
const FINDINGS_MAX: usize = 200;
/// Matches of one rule in one text that are looked at.
const MATCHES_MAX: usize = 10_000;

/// The rules that a project wrote for gitleaks.
#[derive(Clone, Debug, Default)]
pub struct SecretRules {
    rules: Vec<Custom>,
    /// The keywords of all rules, and the rule of each.
    search: Option<AhoCorasick>,
    owners: Vec<usize>,
    /// What was read over, for the notes of the report.
    pub notes: Vec<String>,
}

#[derive(Clone, Debug)]
struct Custom {
    /// The id as findings have it.
    id: String,
    description: String,
    pattern: Option<Regex>,
    path: Option<Regex>,
    /// The group that is the secret; none for the first that matched.
    group: Option<usize>,
    entropy: f32,
    has_keywords: bool,
    lists: Vec<List>,
    tags: Vec<String>,
    /// Whether it reports; what it finds is masked either way.
    reports: bool,
}

/// Where a rule matched.
struct Match {
    rule: usize,
    secret: Span,
}

impl SecretRules {
    /// Reads the rules of a `.gitleaks.toml`.
    ///
    /// # Errors
    ///
    /// A sentence about what is wrong: no TOML, a rule without id or expression,
    /// an expression that is none, or more than the limits.
    pub fn parse(text: &str) -> Result<Self, String> {
        let table = read_table(text)?;
        let mut out = Self::default();
        let tables = table.get("rules").and_then(Value::as_array);
        let (mut keywords, mut owners) = (Vec::new(), Vec::new());
        for rule in tables.into_iter().flatten().filter_map(Value::as_table) {
            if out.rules.len() >= RULES_MAX {
                return Err(format!("it has more than {RULES_MAX} rules"));
            }
            let own = entries(rule, "keywords")?;
            let Some(custom) = Custom::read(rule, !own.is_empty())? else {
                // A rule of gitleaks that is only changed: there is nothing of it here.
                let id = rule.get("id").and_then(Value::as_str).unwrap_or_default();
                out.notes.push(format!(
                    "`.gitleaks.toml`: the rule `{id}` has neither `regex` nor `path` and was not read"
                ));
                continue;
            };
            owners.extend(own.iter().map(|_| out.rules.len()));
            keywords.extend(own.iter().map(|word| word.to_ascii_lowercase()));
            out.rules.push(custom);
        }
        for list in List::tables(&table)? {
            let targets = entries(list, "targetRules")?;
            for rule in &mut out.rules {
                if targets.iter().any(|id| rule.own_id() == *id) {
                    rule.lists.push(List::read(list)?);
                }
            }
        }
        if !keywords.is_empty() {
            let search = AhoCorasick::builder()
                .ascii_case_insensitive(true)
                .build(&keywords);
            out.search = Some(search.map_err(|_| "its keywords are too long".to_owned())?);
            out.owners = owners;
        }
        Ok(out)
    }

    /// Returns the ids as findings have them, such as `gitleaks/own-token`.
    pub fn rule_ids(&self) -> impl Iterator<Item = &str> {
        self.rules.iter().map(|rule| rule.id.as_str())
    }

    /// Lets only the rules report whose ids, as findings have them, are named.
    pub fn keep_only(&mut self, rule_ids: &[String]) {
        for rule in &mut self.rules {
            rule.reports = rule_ids.contains(&rule.id);
        }
    }

    /// Returns what reports say about the rule of a finding.
    pub fn meta(&self, id: &RuleId) -> Option<RuleMeta> {
        let rule = self.rules.iter().find(|rule| rule.id == id.as_str())?;
        Some(RuleMeta {
            id: id.clone(),
            title: rule.own_id().to_owned(),
            summary: rule.description.clone(),
            description: format!(
                "The rule `{}` of this project's `.gitleaks.toml`. A secret that was committed is known to everybody \
                 who can read the repository: revoke it.",
                rule.own_id()
            ),
            severity: Severity::High,
            confidence: Confidence::High,
            category: Category::Security,
            cwe: vec![798],
            tags: rule.tags.clone(),
        })
    }

    /// Returns where values stand that must not be shown.
    pub fn spans(&self, path: &RepoPath, text: &SourceText) -> Vec<Span> {
        let matches = self.matches(path, text.as_str());
        let spans = matches.iter().map(|found| found.secret);
        spans.filter(|span| !span.is_empty()).collect()
    }

    /// Runs the rules over a file. What `known` covers has been reported.
    pub fn run(&self, input: &FileInput<'_>, known: &[Finding]) -> Vec<Finding> {
        let mut counts = vec![0; self.rules.len()];
        let context = PathContext::new(input.path);
        let mut findings = Vec::new();
        for found in self.matches(input.path, input.text.as_str()) {
            let overlaps = |finding: &Finding| {
                let other = finding.location.span;
                !found.secret.is_empty()
                    && finding.rule.as_str().starts_with("secret/")
                    && other.start < found.secret.end
                    && found.secret.start < other.end
            };
            let rule = &self.rules[found.rule];
            if !rule.reports || known.iter().any(overlaps) {
                continue;
            }
            counts[found.rule] += 1;
            if counts[found.rule] <= FINDINGS_MAX {
                findings.push(rule.finding(input, found.secret, context.is_test));
            }
        }
        findings
    }

    fn matches(&self, path: &RepoPath, text: &str) -> Vec<Match> {
        if self.rules.is_empty() {
            return Vec::new();
        }
        let mut is_awake: Vec<bool> = self.rules.iter().map(|rule| !rule.has_keywords).collect();
        let words = self
            .search
            .iter()
            .flat_map(|search| search.find_overlapping_iter(text));
        for word in words {
            is_awake[self.owners[word.pattern().as_usize()]] = true;
        }
        let path = path.to_display();
        let mut found = Vec::new();
        for (at, rule) in self
            .rules
            .iter()
            .enumerate()
            .filter(|(at, _)| is_awake[*at])
        {
            if rule
                .path
                .as_ref()
                .is_some_and(|wanted| !wanted.is_match(path.as_bytes()))
            {
                continue;
            }
            let secrets = rule.secrets(&path, text);
            found.extend(secrets.into_iter().map(|secret| Match { rule: at, secret }));
        }
        found
    }
}

impl Custom {
    /// Reads a rule; none when it has nothing to look for.
    fn read(rule: &Table, has_keywords: bool) -> Result<Option<Self>, String> {
        let text = |key: &str| rule.get(key).and_then(Value::as_str);
        let id = text("id").ok_or("a rule has no `id`")?;
        let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        if id.is_empty() || !id.chars().all(is_plain) {
            return Err(format!(
                "`{id}` is no id of a rule: letters, digits, `-`, `_` and `.`"
            ));
        }
        let compile = |key: &str| {
            text(key)
                .map(|pattern| expression(key, pattern))
                .transpose()
        };
        let (pattern, path) = (compile("regex")?, compile("path")?);
        if pattern.is_none() && path.is_none() {
            return Ok(None);
        }
        let group = rule.get("secretGroup").and_then(Value::as_integer);
        let group = group
            .and_then(|group| usize::try_from(group).ok())
            .filter(|group| *group > 0);
        if let (Some(group), Some(pattern)) = (group, &pattern)
            && group >= pattern.group_info().group_len(0.into())
        {
            return Err(format!(
                "the rule `{id}` has `secretGroup = {group}` and not so many groups"
            ));
        }
        let entropy = rule.get("entropy").and_then(|value| {
            let whole = value.as_integer().map(|value| value as f64);
            value.as_float().or(whole)
        });
        let lists = List::tables(rule)?.into_iter().map(List::read);
        Ok(Some(Self {
            id: format!("{PACK}/{id}"),
            description: text("description").unwrap_or(id).to_owned(),
            pattern,
            path,
            group,
            entropy: entropy.unwrap_or(0.0) as f32,
            has_keywords,
            lists: lists.collect::<Result<_, _>>()?,
            tags: entries(rule, "tags")?
                .into_iter()
                .map(str::to_owned)
                .collect(),
            reports: true,
        }))
    }

    /// Returns the id as the file has it.
    fn own_id(&self) -> &str {
        self.id.split_once('/').map_or("", |(_, id)| id)
    }

    /// Returns the secrets of a text; for a rule about paths alone, its start.
    fn secrets(&self, path: &str, text: &str) -> Vec<Span> {
        let Some(pattern) = &self.pattern else {
            let found = Found {
                path,
                line: "",
                matched: "",
                value: "",
            };
            let is_wanted = self.path.is_some() && !self.is_allowed(found);
            return is_wanted.then(|| Span::new(0, 0)).into_iter().collect();
        };
        let mut secrets = Vec::new();
        for captures in pattern.captures_iter(text).take(MATCHES_MAX) {
            let Some(whole) = captures.get_match() else {
                continue;
            };
            let groups = 1..captures.group_len();
            let first = groups
                .filter_map(|at| captures.get_group(at))
                .find(|group| !group.is_empty());
            let secret = match self.group {
                Some(group) => captures.get_group(group),
                None => first.or(Some(whole.span())),
            };
            let Some(value) = secret.and_then(|span| text.get(span.range())) else {
                continue;
            };
            let found = Found {
                path,
                line: lines_around(text, whole.start(), whole.end()),
                matched: text.get(whole.range()).unwrap_or(""),
                value,
            };
            let is_random = self.entropy == 0.0 || entropy(value.as_bytes()) > self.entropy;
            if let (Some(span), true) = (secret, is_random && !value.is_empty())
                && !self.is_allowed(found)
            {
                secrets.push(Span::new(span.start as u32, span.end as u32));
            }
        }
        secrets
    }

    fn is_allowed(&self, found: Found<'_>) -> bool {
        self.lists.iter().any(|list| list.allows(found))
    }

    fn finding(&self, input: &FileInput<'_>, secret: Span, is_test: bool) -> Finding {
        let value = input.text.get(secret).unwrap_or("");
        let name = String::from_utf8_lossy(input.path.file_name());
        let (message, identity) = if secret.is_empty() {
            let message = format!("{}: a file of this name must not be here", self.description);
            (message, identity_of(&self.id, &name, ""))
        } else {
            let message = format!("{}: `{}`", self.description, mask(value, 0));
            (message, identity_of(&self.id, "", value))
        };
        Finding {
            rule: RuleId::new(&self.id),
            severity: if is_test {
                Severity::Low
            } else {
                Severity::High
            },
            confidence: Confidence::High,
            category: Category::Security,
            message,
            location: Location {
                path: input.path.clone(),
                span: secret,
                start: input.text.position(secret.start),
                end: input.text.position(secret.end),
            },
            related: Vec::new(),
            measure: None,
            symbol: None,
            identity,
            alias: None,
            tools: Vec::new(),
            fingerprint: Fingerprint::default(),
            state: State::Introduced,
            suppressed: None,
            fix: None,
            frame: Frame::default(),
        }
    }
}

/// Returns the lines that a match stands in.
fn lines_around(text: &str, start: usize, end: usize) -> &str {
    let from = text[..start].rfind('\n').map_or(0, |at| at + 1);
    let to = text[end..].find('\n').map_or(text.len(), |at| end + at);
    &text[from..to]
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use assay_finding::RuleId;
    use assay_source::{RepoPath, SourceText};

    use super::SecretRules;
    use crate::engine::FileInput;

    const RULES: &str = r#"
        [[rules]]
        id = "own-token"
        description = "A token of ours"
        regex = '''own_([a-z0-9]{12})'''
        keywords = ["OWN_"]
        tags = ["ours"]
        [[rules.allowlists]]
        regexTarget = "match"
        regexes = ['''^own_0''']
        [[rules]]
        id = "second-group"
        regex = '''(user|login):(\S+)'''
        secretGroup = 2
        entropy = 2.5
        path = '''[.]conf$'''
        [[rules]]
        id = "no-dumps"
        description = "A dump"
        path = '''[.]dump$'''
        [[allowlists]]
        targetRules = ["own-token"]
        paths = ["^docs/"]
    "#;

    fn found(path: &str, text: &str) -> Vec<(String, String)> {
        let rules = SecretRules::parse(RULES).expect("right");
        let (path, text) = (RepoPath::from(path), Arc::new(SourceText::from_text(text)));
        let findings = rules.run(&FileInput::new(&path, &text, None), &[]);
        let masked = rules.spans(&path, &text);
        for finding in &findings {
            let span = finding.location.span;
            assert!(span.is_empty() || masked.contains(&span));
            assert!(span.is_empty() || !finding.message.contains(text.slice(span)));
        }
        findings
            .iter()
            .map(|finding| {
                let value = text.slice(finding.location.span).to_owned();
                (finding.rule.as_str().to_owned(), value)
            })
            .collect()
    }

    #[test]
    fn rules_find_what_gitleaks_would() {
        let check = |path: &str, text: &str, expected: &[(&str, &str)]| {
            let found = found(path, text);
            let found: Vec<_> = found
                .iter()
                .map(|(a, b)| (a.as_str(), b.as_str()))
                .collect();
            assert_eq!(found, expected, "{path} {text}");
        };
        let token = "a = own_abc123def456";
        check("a.py", token, &[("gitleaks/own-token", "abc123def456")]);
        check("docs/a.py", token, &[]);
        check("a.py", "a = own_0bc123def456", &[]);
        check("a.py", "a = nobody_abc123def456", &[]);
        let pairs = "user:aaaaaaaaaa\nlogin:q8Zr2LmV0xTn";
        check(
            "a.conf",
            pairs,
            &[("gitleaks/second-group", "q8Zr2LmV0xTn")],
        );
        check("a.txt", pairs, &[]);
        check("x/y.dump", "anything", &[("gitleaks/no-dumps", "")]);
    }

    #[test]
    fn what_is_wrong_is_said() {
        for (text, expected) in [
            ("= 1", "no TOML"),
            ("[[rules]]\nregex = 'a'", "no `id`"),
            ("[[rules]]\nid = 'a b'\nregex = 'a'", "no id of a rule"),
            ("[[rules]]\nid = 'a'\nregex = '('", "no regular expression"),
            (
                "[[rules]]\nid = 'a'\nregex = 'a'\nsecretGroup = 1",
                "not so many groups",
            ),
        ] {
            let problem = SecretRules::parse(text).expect_err("wrong");
            assert!(problem.contains(expected), "{problem}");
        }
        let rules = SecretRules::parse("[[rules]]\nid = 'a'\nentropy = 3").expect("right");
        assert_eq!(rules.notes.len(), 1);
        let rules = SecretRules::parse(RULES).expect("right");
        let meta = rules
            .meta(&RuleId::new("gitleaks/own-token"))
            .expect("known");
        assert_eq!(
            (meta.summary.as_str(), &meta.tags[..]),
            ("A token of ours", &["ours".to_owned()][..])
        );
    }
}
