//! A report with a rich variety: every severity, state and kind of evidence.

use assay_finding::{
    About, AboutPart, Category, Condition, Confidence, Coverage, Edit, FileDiff, FileEntry,
    FileMetrics, Finding, Fingerprint, Fix, FixSafety, Frame, FrameLine, FunctionMetrics, Gate,
    HunkEntry, IdentityHasher, Ledger, Location, Measure, MetricDelta, MetricValues, MetricsReport,
    Overview, PackageDifference, PackageStep, Problem, Related, Report, RuleId, RuleMeta, Score,
    ScorePart, Severity, SkipReason, State, Suppressed, SuppressedBy, number_fingerprints,
};
use assay_source::{ChangeStatus, LineRange, Position, RepoPath, SourceText, Span};

const USERS: &str = "\
import sqlite3
from flask import request


class UserStore:
    def find(self):
        name = request.args[\"name\"]
        where = \"name = '\" + name + \"'\"
        return self.db.execute(\"SELECT * FROM users WHERE \" + where)

    def remove(self, user):
        try:
            self.db.delete(user)
        except Exception:
            pass
";

const BILLING: &str = "\
export function total(cart) {
\tfor (const item of cart) {
\t\tif (item.kind == \"gift\" && item.price > 0 && item.owner !== null && item.owner.country === \"DE\" && item.taxes.length) {
\t\t\tsum += item.price;
\t\t}
\t}
}
";

fn lines_of(text: &str, first: u32, last: u32, changed: &[u32]) -> Frame {
    let source = SourceText::from_text(text);
    let lines = (first..=last)
        .map(|number| {
            let text = source.line(number);
            let start = source.lines().line_span(number).start;
            FrameLine {
                number,
                span: Span::new(start, start + text.len() as u32),
                text: text.to_owned(),
                changed: changed.contains(&number),
            }
        })
        .collect();
    Frame { lines }
}

/// Returns where `needle` stands in `text`.
fn place(path: &str, text: &str, needle: &str) -> Location {
    let source = SourceText::from_text(text);
    let start = text.find(needle).expect("the needle is in the text") as u32;
    let span = Span::new(start, start + needle.len() as u32);
    Location {
        path: RepoPath::from(path),
        span,
        start: source.position(span.start),
        end: source.position(span.end),
    }
}

fn finding(rule: &str, severity: Severity, category: Category, message: &str) -> Finding {
    let mut hasher = IdentityHasher::new(rule);
    hasher.part(message);
    Finding {
        rule: RuleId::new(rule),
        severity,
        confidence: Confidence::High,
        category,
        message: message.to_owned(),
        location: Location {
            path: RepoPath::from("src/unplaced"),
            span: Span::default(),
            start: Position { line: 1, column: 1 },
            end: Position { line: 1, column: 1 },
        },
        related: Vec::new(),
        measure: None,
        symbol: None,
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

fn injection() -> Finding {
    let path = "app/users.py";
    let message = "The query is built from the request parameter `name`";
    let rule = "security/sql-injection";
    let source = place(path, USERS, "request.args[\"name\"]");
    let step = place(
        "lib/query builder.py",
        "return prefix + where\n",
        "prefix + where",
    );
    Finding {
        confidence: Confidence::Medium,
        location: place(path, USERS, "\"SELECT * FROM users WHERE \" + where"),
        related: vec![
            Related {
                location: source,
                message: "`name` comes from the request".to_owned(),
                frame: Frame::default(),
            },
            Related {
                location: step,
                message: "joined to the query here".to_owned(),
                frame: lines_of("return prefix + where\n", 1, 1, &[]),
            },
        ],
        symbol: Some("UserStore.find".to_owned()),
        frame: lines_of(USERS, 6, 10, &[7, 8, 9]),
        ..finding(rule, Severity::Critical, Category::Security, message)
    }
}

fn complexity() -> Finding {
    let message = "`total` is too complex: 27 paths, more than 20";
    let rule = "complexity/cyclomatic";
    Finding {
        location: place("web/billing.ts", BILLING, BILLING.trim_end()),
        measure: Some(Measure {
            metric: "cyclomatic".to_owned(),
            value: 27.0,
            threshold: 20.0,
            base: Some(14.0),
        }),
        symbol: Some("total".to_owned()),
        frame: lines_of(BILLING, 1, 4, &[3]),
        ..finding(rule, Severity::High, Category::Complexity, message)
    }
}

fn loose_equality() -> Finding {
    let message = "`==` converts its operands; compare with `===`";
    let rule = "correctness/loose-equality";
    let at = place("web/billing.ts", BILLING, "==");
    Finding {
        fix: Some(Fix {
            title: "Compare with `===`".to_owned(),
            safety: FixSafety::Unsafe,
            edits: vec![Edit {
                span: at.span,
                text: "===".to_owned(),
            }],
        }),
        location: at,
        symbol: Some("total".to_owned()),
        frame: lines_of(BILLING, 2, 4, &[3]),
        ..finding(rule, Severity::Medium, Category::Correctness, message)
    }
}

fn empty_catch() -> Finding {
    let rule = "maintainability/empty-catch";
    let at = place("app/users.py", USERS, "pass\n");
    let end = at.span.end - 1;
    Finding {
        confidence: Confidence::Low,
        fix: Some(Fix {
            title: "Raise the exception again".to_owned(),
            safety: FixSafety::Safe,
            edits: vec![Edit {
                span: Span::new(at.span.start, end),
                text: "raise".to_owned(),
            }],
        }),
        location: place("app/users.py", USERS, "except Exception:\n            pass"),
        symbol: Some("UserStore.remove".to_owned()),
        frame: lines_of(USERS, 13, 15, &[14, 15]),
        ..finding(
            rule,
            Severity::Low,
            Category::Maintainability,
            "The exception is swallowed",
        )
    }
}

fn silenced(by: SuppressedBy, state: State) -> Finding {
    let message = format!("The file is too long ({})", by.as_str());
    Finding {
        location: place("app/users.py", USERS, "import sqlite3"),
        state,
        suppressed: Some(Suppressed {
            by,
            reason: (by != SuppressedBy::Baseline).then(|| "generated next year".to_owned()),
            until: (by == SuppressedBy::Comment).then(|| jiff::civil::date(2027, 1, 31)),
        }),
        ..finding(
            "maintainability/long-file",
            Severity::Info,
            Category::Maintainability,
            &message,
        )
    }
}

fn existing() -> Finding {
    Finding {
        location: place("app/users.py", USERS, "import sqlite3"),
        state: State::Existing,
        frame: lines_of(USERS, 1, 3, &[]),
        ..finding(
            "maintainability/unused-import",
            Severity::Low,
            Category::Maintainability,
            "`sqlite3` is imported and not used",
        )
    }
}

fn rule(id: &str, title: &str, severity: Severity, category: Category, cwe: &[u32]) -> RuleMeta {
    RuleMeta {
        id: RuleId::new(id),
        title: title.to_owned(),
        summary: format!("Finds {}.", title.to_lowercase()),
        description: format!("{title}: why it matters.\n\n```text\nbad\n```\n"),
        severity,
        confidence: Confidence::High,
        category,
        cwe: cwe.to_vec(),
        tags: vec!["sample".to_owned()],
    }
}

fn rules() -> Vec<RuleMeta> {
    use Category::{Complexity, Correctness, Maintainability, Security};
    use Severity::{Critical, High, Info, Low, Medium};
    vec![
        rule(
            "complexity/cyclomatic",
            "Too many paths",
            High,
            Complexity,
            &[1121],
        ),
        rule(
            "correctness/loose-equality",
            "Loose equality",
            Medium,
            Correctness,
            &[],
        ),
        rule(
            "maintainability/empty-catch",
            "Empty catch",
            Low,
            Maintainability,
            &[390],
        ),
        rule(
            "maintainability/long-file",
            "Long file",
            Info,
            Maintainability,
            &[],
        ),
        rule(
            "maintainability/unused-import",
            "Unused import",
            Low,
            Maintainability,
            &[],
        ),
        rule(
            "security/sql-injection",
            "Query built from input",
            Critical,
            Security,
            &[89],
        ),
    ]
}

fn file(
    path: &str,
    status: ChangeStatus,
    language: Option<&'static str>,
    coverage: Coverage,
    hunks: &[(u32, u32, u32, u32)],
) -> FileEntry {
    FileEntry {
        path: RepoPath::from(path),
        base_path: None,
        diff: FileDiff::default(),
        status,
        language,
        hunks: hunks
            .iter()
            .map(|&(base, removed, head, added)| HunkEntry {
                base: LineRange {
                    start: base,
                    count: removed,
                },
                head: LineRange {
                    start: head,
                    count: added,
                },
                coverage: coverage.clone(),
            })
            .collect(),
        coverage,
        notes: Vec::new(),
    }
}

fn ledger() -> Ledger {
    let read = || Coverage::Analysed(vec!["metrics", "smells"]);
    let partial = Coverage::Partial(vec!["metrics"], "syntax error at line 5".to_owned());
    let failed = Coverage::Skipped(SkipReason::Budget("10 s for one file".to_owned()));
    let modified = ChangeStatus::Modified;
    let mut renamed = file(
        "web/billing.ts",
        ChangeStatus::Renamed { similarity: 87 },
        Some("typescript"),
        partial,
        &[(3, 1, 3, 1)],
    );
    renamed.base_path = Some(RepoPath::from("web/cart.ts"));
    renamed.notes.push("mixed line ends".to_owned());
    Ledger {
        files: vec![
            file(
                "app/users.py",
                modified,
                Some("python"),
                read(),
                &[(6, 2, 7, 3), (14, 0, 14, 2)],
            ),
            file(
                "assets/logo.png",
                ChangeStatus::Added,
                None,
                Coverage::Skipped(SkipReason::Binary),
                &[],
            ),
            file(
                "data/huge.json",
                modified,
                Some("json"),
                failed,
                &[(1, 0, 1, 90_000)],
            ),
            renamed,
        ],
    }
}

fn packages() -> Vec<PackageDifference> {
    let package = |name: &str, step, before: &[&str], after: &[&str], direct| PackageDifference {
        path: "Cargo.lock".into(),
        ecosystem: "crates.io",
        name: name.to_owned(),
        step,
        before: before.iter().map(ToString::to_string).collect(),
        after: after.iter().map(ToString::to_string).collect(),
        direct,
    };
    vec![
        package("itoa", PackageStep::Added, &[], &["1.0.1"], false),
        package("serde", PackageStep::Added, &[], &["1.0.200"], true),
        package(
            "syn",
            PackageStep::Upgraded,
            &["1.0.1"],
            &["1.0.9", "2.0.1"],
            false,
        ),
        package(
            "time",
            PackageStep::Downgraded,
            &["0.3.1"],
            &["0.2.0"],
            false,
        ),
        package(
            "<b>old</b>\u{1b}[31m",
            PackageStep::Removed,
            &["0.1.0"],
            &[],
            false,
        ),
    ]
}

fn metrics() -> MetricsReport {
    let delta = |metric, base, head| MetricDelta { metric, base, head };
    MetricsReport {
        change: vec![
            delta("cyclomatic", Some(31.0), Some(44.0)),
            delta("cognitive", Some(20.0), Some(20.0)),
            delta("maintainability", Some(71.4), Some(63.25)),
        ],
        files: vec![FileMetrics {
            path: RepoPath::from("web/billing.ts"),
            language: "typescript",
            metrics: vec![delta("lines", Some(5.0), Some(7.0))],
            functions: vec![FunctionMetrics {
                name: "total".into(),
                line: 1,
                metrics: MetricValues::new(
                    &["cyclomatic", "cognitive", "nesting"],
                    |at| [Some(14.0), None, None][at],
                    |at| [Some(27.0), None, Some(2.0)][at],
                ),
            }],
        }],
    }
}

/// Returns the report.
pub(crate) fn sample_report() -> Report {
    let mut findings = vec![
        injection(),
        complexity(),
        loose_equality(),
        empty_catch(),
        existing(),
        silenced(SuppressedBy::Comment, State::Introduced),
        silenced(SuppressedBy::Configuration, State::Introduced),
        silenced(SuppressedBy::Baseline, State::Existing),
    ];
    number_fingerprints(&mut findings);
    let part = |name: &str, points, findings| ScorePart {
        name: name.to_owned(),
        points,
        findings,
    };
    Report {
        version: "0.1.0".to_owned(),
        overview: Overview {
            base: "main (4e312ef)".to_owned(),
            head: "working tree".to_owned(),
            is_scan: false,
            files: 4,
            lines_added: 90_006,
            lines_removed: 3,
            notes: vec!["shallow clone: the base is the oldest commit that is here".to_owned()],
        },
        about: Some(About {
            parts: vec![AboutPart {
                kind: "logic",
                files: 4,
                lines_added: 90_006,
                lines_removed: 3,
            }],
            risk: 62,
            risk_word: "high",
            reasons: vec!["90009 lines of code".to_owned()],
            effort: 5,
        }),
        since: None,
        findings,
        rules: rules(),
        ledger: ledger(),
        metrics: metrics(),
        packages: packages(),
        score: Score {
            value: 58.5,
            grade: 'D',
            parts: vec![
                part("security", 25.0, 1),
                part("complexity", 10.5, 1),
                part("other", 6.0, 2),
            ],
        },
        gate: Gate {
            conditions: vec![
                Condition {
                    demand: "no finding of severity high or worse".to_owned(),
                    actual: "2 findings".to_owned(),
                    passed: false,
                },
                Condition {
                    demand: "score of 50 or more".to_owned(),
                    actual: "58.5".to_owned(),
                    passed: true,
                },
            ],
        },
        recommendations: vec![
            "Bind `name` as a parameter of the query before anything else".to_owned(),
        ],
        problems: vec![Problem {
            what: "clones".to_owned(),
            path: Some(RepoPath::from("data/huge.json")),
            message: "stopped at the limit of 2,000,000 tokens".to_owned(),
        }],
    }
}

/// Returns a report with one finding that has everything, for golden files.
pub(crate) fn small_report() -> Report {
    let mut report = sample_report();
    report.findings.truncate(1);
    let injection = &mut report.findings[0];
    injection.frame.lines.retain(|line| line.number == 9);
    injection.fix = Some(Fix {
        title: "Bind the value".to_owned(),
        safety: FixSafety::Unsafe,
        edits: vec![Edit {
            span: injection.location.span,
            text: "QUERY, [name]".to_owned(),
        }],
    });
    injection.suppressed = Some(Suppressed {
        by: SuppressedBy::Comment,
        reason: Some("behind the firewall".to_owned()),
        until: Some(jiff::civil::date(2027, 1, 31)),
    });
    report
        .rules
        .retain(|rule| rule.id.as_str() == "security/sql-injection");
    report.ledger.files.remove(0);
    report.ledger.files.remove(0);
    report.metrics.files[0].functions[0].metrics =
        MetricValues::new(&["cyclomatic"], |_| Some(14.0), |_| Some(27.0));
    report.metrics.change.truncate(1);
    report
}

/// Returns the report of a change in which nothing was found.
pub(crate) fn clean_report() -> Report {
    let mut report = sample_report();
    report.findings.clear();
    report.rules.clear();
    report.ledger.files.truncate(2);
    report.problems.clear();
    report.recommendations.clear();
    report.overview.notes.clear();
    report.overview.files = 2;
    report.score = Score {
        value: 100.0,
        grade: 'A',
        parts: Vec::new(),
    };
    report
        .gate
        .conditions
        .iter_mut()
        .for_each(|condition| condition.passed = true);
    report
}
