//! Silences findings by comments in the code and by the configuration, and
//! finds the comments that silence nothing, give no reason, or have run out.

use std::collections::HashSet;
use std::sync::Arc;

use assay_finding::{
    Directive, DirectiveError, DirectiveOutcome, DirectiveTarget, Finding, Fingerprint, Frame,
    IdentityHasher, Location, PlacedDirective, RuleId, RulePattern, Severity, State, Suppressed,
    SuppressedBy, apply_directives, parse_directives,
};
use assay_source::{RepoPath, SourceText, Span};
use assay_syntax::{Language, NodeRef, ParsedFile, Role};
use globset::GlobMatcher;
use jiff::civil::Date;

use crate::engine::{Engine, FileInput};
use crate::identity::{add_text, qualified_name};
use crate::rule::{Check, Rule, rule_by_id, rules};
use crate::settings::nearest;

const UNUSED: &str = "review/unused-suppression";
const WITHOUT_REASON: &str = "review/suppression-without-reason";
const EXPIRED: &str = "review/expired-suppression";

/// So many directives of one file are read; a file with more is a test of this.
const DIRECTIVES_PER_FILE_MAX: usize = 1_000;

/// Findings that the configuration silences.
#[derive(Clone, Debug)]
pub struct ConfiguredSuppression {
    /// The rules, as a glob over ids.
    pub rule: GlobMatcher,
    /// The paths; none means all.
    pub paths: Vec<GlobMatcher>,
    /// Why.
    pub reason: String,
    /// The last day on which it holds.
    pub until: Option<Date>,
}

impl ConfiguredSuppression {
    /// Returns whether it is about the path.
    pub fn holds_in(&self, path: &RepoPath) -> bool {
        let in_path = |name: &str| self.paths.iter().any(|glob| glob.is_match(name));
        self.paths.is_empty() || path.as_str().is_some_and(in_path)
    }

    /// Returns whether the engine by itself finds all that it is about, so that
    /// what silences nothing is of no use. Other rules compare versions or files.
    pub fn is_of_engine(&self, engine: &Engine) -> bool {
        let mut about = rules().iter().filter(|rule| self.rule.is_match(rule.id()));
        about.all(|rule| is_by_engine(rule) && engine.is_enabled(rule, None))
    }

    fn is_about(&self, rule: &RuleId, path: &RepoPath) -> bool {
        self.rule.is_match(rule.as_str()) && self.holds_in(path)
    }
}

/// Silences the findings that the configuration says, and returns what became
/// of each of its statements. A finding that is silenced keeps its record.
pub fn suppress_configured(
    findings: &mut [Finding],
    configured: &[ConfiguredSuppression],
    today: Date,
) -> Vec<DirectiveOutcome> {
    let mut outcomes = Vec::with_capacity(configured.len());
    for statement in configured {
        let holds = statement.until.is_none_or(|day| today <= day);
        let mut count = 0;
        for finding in findings.iter_mut() {
            if !statement.is_about(&finding.rule, &finding.location.path) {
                continue;
            }
            count += 1;
            if holds && finding.suppressed.is_none() {
                finding.suppressed = Some(Suppressed {
                    by: SuppressedBy::Configuration,
                    reason: Some(statement.reason.clone()),
                    until: statement.until,
                });
            }
        }
        outcomes.push(match (holds, count) {
            (false, count) => DirectiveOutcome::Expired(count),
            (true, 0) => DirectiveOutcome::Unused,
            (true, count) => DirectiveOutcome::Used(count),
        });
    }
    outcomes
}

/// Returns the directives of a file's comments, to silence what was found by something
/// else than an engine.
pub fn placed_directives(
    path: &RepoPath,
    text: &Arc<SourceText>,
    parsed: &ParsedFile,
) -> Vec<PlacedDirective> {
    if memchr::memmem::find(text.as_str().as_bytes(), b"assay:").is_none() {
        return Vec::new();
    }
    let input = FileInput::new(path, text, Some(parsed));
    let found = read(&input);
    let code = code_lines(&input, !found.is_empty());
    found
        .iter()
        .filter_map(|one| place(&input, one, one.result.as_ref().ok()?, &code))
        .collect()
}

/// Returns the lines of a file that hold anything but white space and comments.
pub fn lines_with_code(
    path: &RepoPath,
    text: &Arc<SourceText>,
    parsed: &ParsedFile,
) -> HashSet<u32> {
    code_lines(&FileInput::new(path, text, Some(parsed)), true)
}

/// A directive or what was wrong with it, with the comment that holds it.
struct Found<'t> {
    comment: NodeRef<'t>,
    span: Span,
    result: Result<Directive, DirectiveError>,
}

impl Engine {
    /// Silences the findings of one file by its comments, and adds findings
    /// about those comments. Returns the comments' directives, to silence what
    /// is found later by comparing files.
    pub fn suppress(
        &self,
        input: &FileInput<'_>,
        findings: &mut Vec<Finding>,
        today: Date,
    ) -> Vec<PlacedDirective> {
        // Nearly every file ends here.
        if memchr::memmem::find(input.text.as_str().as_bytes(), b"assay:").is_none() {
            return Vec::new();
        }
        let found = read(input);
        let code = code_lines(input, !found.is_empty());
        let mut about = Vec::new();
        let mut placed = Vec::new();
        let mut places = Vec::new();
        for one in &found {
            match &one.result {
                Ok(directive) => match place(input, one, directive, &code) {
                    Some(directive) => {
                        placed.push(directive);
                        places.push(one);
                    }
                    None => about.extend(self.unused(input, one, directive)),
                },
                Err(error) => {
                    let message = format!("this comment silences nothing: {error}");
                    about.extend(self.report(input, UNUSED, one, message));
                }
            }
        }
        let outcomes = apply_directives(findings, &placed, today);
        for ((one, placed), outcome) in places.into_iter().zip(&placed).zip(outcomes) {
            let directive = &placed.directive;
            match outcome {
                DirectiveOutcome::Unused => about.extend(self.unused(input, one, directive)),
                DirectiveOutcome::Expired(_) => {
                    let day = directive
                        .until
                        .map_or_else(String::new, |day| day.to_string());
                    let message = format!("this suppression held until {day}");
                    about.extend(self.report(input, EXPIRED, one, message));
                }
                DirectiveOutcome::Used(_) => {}
            }
            if directive.reason.is_none() && outcome != DirectiveOutcome::Unused {
                let message = "this suppression does not say why; a reason comes after `--`";
                about.extend(self.report(input, WITHOUT_REASON, one, message.to_owned()));
            }
        }
        apply_directives(&mut about, &placed, today);
        findings.append(&mut about);
        placed
    }

    /// Reports a directive that silences nothing, unless what it names may be
    /// found by something else than this engine.
    fn unused(
        &self,
        input: &FileInput<'_>,
        one: &Found<'_>,
        directive: &Directive,
    ) -> Option<Finding> {
        let language = one.comment.tree().language();
        let mut names = Vec::new();
        for pattern in &directive.rules {
            match self.judge(pattern, language) {
                Judgement::NothingThere => names.push(format!("`{pattern}`")),
                Judgement::NoSuchRule(meant) => {
                    let meant = meant.map_or_else(
                        || "; `assay rules` lists those there are".to_owned(),
                        |meant| format!("; did you mean `{meant}`?"),
                    );
                    let message = format!("there is no rule `{pattern}`{meant}");
                    return self.report(input, UNUSED, one, message);
                }
                Judgement::CannotTell => return None,
            }
        }
        let names = names.join(", ");
        self.report(
            input,
            UNUSED,
            one,
            format!("there is no finding of {names} to silence here"),
        )
    }

    fn judge(&self, pattern: &RulePattern, language: &Language) -> Judgement {
        let runs = |rule: &Rule| {
            is_by_engine(rule) && rule.reads(language) && self.is_enabled(rule, Some(language))
        };
        match pattern {
            RulePattern::Rule(id) => match rule_by_id(id.as_str()) {
                Some(rule) if runs(rule) => Judgement::NothingThere,
                Some(_) => Judgement::CannotTell,
                None => match nearest(id.as_str(), rules().iter().map(Rule::id)) {
                    None if !rules().iter().any(|rule| rule.pack() == id.pack()) => {
                        Judgement::CannotTell
                    }
                    meant => Judgement::NoSuchRule(meant),
                },
            },
            RulePattern::Pack(pack) => {
                let mut known = rules().iter().filter(|rule| rule.pack() == pack).peekable();
                if known.peek().is_some() && known.all(is_by_engine) {
                    Judgement::NothingThere
                } else {
                    Judgement::CannotTell
                }
            }
            // Other analyzers' findings may be meant.
            RulePattern::All => Judgement::CannotTell,
        }
    }

    fn report(
        &self,
        input: &FileInput<'_>,
        rule: &str,
        one: &Found<'_>,
        message: String,
    ) -> Option<Finding> {
        let rule = rule_by_id(rule)?;
        let language = one.comment.tree().language();
        let resolved = self.resolve(rule, Some(language));
        if !resolved.enabled {
            return None;
        }
        let symbol = qualified_name(one.comment);
        let mut hasher = IdentityHasher::new(rule.id());
        hasher.part(symbol.as_deref().unwrap_or(""));
        add_text(&mut hasher, input.text.slice(one.span));
        Some(finding(
            input,
            rule,
            resolved.severity,
            one.span,
            message,
            symbol,
            hasher,
        ))
    }
}

fn is_by_engine(rule: &Rule) -> bool {
    !matches!(rule.spec().check, Check::Elsewhere)
}

enum Judgement {
    /// The rules run here and found nothing.
    NothingThere,
    /// No rule has the name; the one that was probably meant.
    NoSuchRule(Option<String>),
    /// Something else may find it, such as a rule of the project.
    CannotTell,
}

fn finding(
    input: &FileInput<'_>,
    rule: &Rule,
    severity: Option<Severity>,
    span: Span,
    message: String,
    symbol: Option<String>,
    hasher: IdentityHasher,
) -> Finding {
    Finding {
        rule: RuleId::new(rule.id()),
        severity: severity.unwrap_or(rule.severity()),
        confidence: rule.spec().confidence,
        category: rule.spec().category,
        message,
        location: Location {
            path: input.path.clone(),
            span,
            start: input.text.position(span.start),
            end: input.text.position(span.end),
        },
        related: Vec::new(),
        measure: None,
        symbol,
        identity: hasher.finish(),
        alias: None,
        tools: Vec::new(),
        fingerprint: Fingerprint::default(),
        state: State::Introduced,
        suppressed: None,
        fix: None,
        frame: Frame::default(),
    }
}

fn read<'t>(input: &FileInput<'t>) -> Vec<Found<'t>> {
    let trees = input.parsed.map_or(&[][..], |parsed| &parsed.trees[..]);
    let mut found = Vec::new();
    for comment in trees
        .iter()
        .flat_map(|tree| tree.nodes())
        .filter(|node| node.has(Role::Comment))
    {
        let start = comment.span().start;
        for result in parse_directives(comment.text()) {
            let range = match &result {
                Ok(directive) => &directive.range,
                Err(error) => &error.range,
            };
            let span = Span::new(start + range.start as u32, start + range.end as u32);
            found.push(Found {
                comment,
                span,
                result,
            });
            if found.len() == DIRECTIVES_PER_FILE_MAX {
                return found;
            }
        }
    }
    found
}

/// Returns the lines that hold anything but white space and comments.
fn code_lines(input: &FileInput<'_>, is_wanted: bool) -> HashSet<u32> {
    let mut lines = HashSet::new();
    let trees = input.parsed.map_or(&[][..], |parsed| &parsed.trees[..]);
    for tree in trees.iter().filter(|_| is_wanted) {
        let mut past = 0;
        for node in tree.nodes() {
            let span = node.span();
            if node.has(Role::Comment) {
                past = past.max(span.end);
            } else if node.is_leaf() && span.start >= past && !node.text().trim().is_empty() {
                lines.extend(node.line()..=node.last_line());
            }
        }
    }
    lines
}

fn place(
    input: &FileInput<'_>,
    one: &Found<'_>,
    directive: &Directive,
    code: &HashSet<u32>,
) -> Option<PlacedDirective> {
    let lines = input.text.lines();
    let last = lines.line_of(one.comment.span().end.saturating_sub(1));
    let target = directive.target(one.comment.line(), last, lines.line_count(), |line| {
        code.contains(&line)
    })?;
    debug_assert!(matches!(
        target,
        DirectiveTarget::File | DirectiveTarget::Line(_)
    ));
    Some(PlacedDirective {
        path: input.path.clone(),
        target,
        directive: directive.clone(),
    })
}
