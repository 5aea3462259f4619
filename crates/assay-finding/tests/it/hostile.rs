//! Reports full of what must not get out of its place: every format stays
//! valid, and the same report gives the same bytes.

use assay_finding::render::{Format, RenderOptions, Verbosity};
use assay_finding::{
    Coverage, Edit, Finding, FrameLine, Location, MetricValues, Problem, Report, RuleId,
    SkipReason, number_fingerprints,
};
use assay_source::{LineRange, Position, RepoPath, Span};
use proptest::prelude::{Just, ProptestConfig, Strategy, any, prop_oneof, proptest};

use crate::formats::rendered;
use crate::sample::sample_report;
use crate::valid::check;

/// What breaks out of one format or another.
const TRICKS: &[&str] = &[
    "\x1b[31m",
    "\x1b]8;;http://evil\x07",
    "\u{9b}2J",
    "\u{202e}txt.exe",
    "\u{200b}",
    "\u{feff}",
    "\r\n",
    "\n\n",
    "\n::error::x",
    "::set-output name=a::b",
    "##[add-mask]x",
    "%0A",
    "%",
    "```",
    "````````",
    "~~~",
    "`",
    "</details>",
    "</code></pre></article>",
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "\"><svg onload=x>",
    "' onclick='x",
    "]]>",
    "<![CDATA[",
    "&",
    "&#10;",
    "-->",
    "<!--",
    "@octocat",
    "#12",
    "!12",
    "$x$",
    "owner/repo#1",
    "https://evil.example",
    "www.evil.example",
    "[x](javascript:y)",
    "![x](http://y)",
    "|",
    "||",
    "\\",
    "\\\"",
    "{\"a\":1}",
    "\0",
    "\u{7f}",
    "\u{ffff}",
    "\u{fffe}",
    "\u{10ffff}",
    "\u{e0041}",
    "\t",
    "字",
    "👩‍👩‍👧",
    "e\u{301}\u{301}\u{301}",
    "AC/DC",
    "GH-1",
    "",
];

fn text() -> impl Strategy<Value = String> {
    let trick = (0..TRICKS.len()).prop_map(|index| TRICKS[index].to_owned());
    let piece = prop_oneof![
        4 => trick,
        2 => any::<String>(),
        2 => "[a-z ]{1,12}",
        1 => (0..TRICKS.len(), 1..120usize).prop_map(|(index, times)| TRICKS[index].repeat(times)),
        1 => Just("x".repeat(1_500)),
    ];
    proptest::collection::vec(piece, 0..6).prop_map(|pieces| pieces.concat())
}

/// Hands out texts and numbers, around and around.
struct Source {
    texts: Vec<String>,
    numbers: Vec<u32>,
    at: usize,
}

impl Source {
    fn text(&mut self) -> String {
        self.at += 1;
        self.texts[self.at % self.texts.len()].clone()
    }

    fn number(&mut self) -> u32 {
        self.at += 1;
        self.numbers[self.at % self.numbers.len()]
    }

    fn path(&mut self) -> RepoPath {
        let mut bytes = self.text().into_bytes();
        let number = self.number();
        bytes.extend(number.to_le_bytes());
        RepoPath::from_bytes(bytes)
    }

    fn float(&mut self) -> f64 {
        match self.number() % 7 {
            0 => f64::NAN,
            1 => f64::INFINITY,
            2 => -1.5,
            3 => f64::MAX,
            n => f64::from(n) * 10.25,
        }
    }

    fn span(&mut self) -> Span {
        let (a, b) = (self.number(), self.number());
        Span::new(a.min(b), a.max(b))
    }

    fn location(&mut self, location: &mut Location) {
        let number = self.number();
        if !number.is_multiple_of(3) {
            location.path = self.path();
        }
        if number.is_multiple_of(4) {
            location.span = self.span();
            location.start = Position {
                line: self.number(),
                column: self.number(),
            };
            location.end = Position {
                line: self.number(),
                column: self.number(),
            };
        }
    }

    fn lines(&mut self, lines: &mut [FrameLine]) {
        for line in lines.iter_mut() {
            if self.number().is_multiple_of(3) {
                line.text = self.text();
            }
            match self.number() % 5 {
                0 => line.number = self.number(),
                1 => line.span = self.span(),
                _ => {}
            }
        }
        if self.number().is_multiple_of(6) {
            lines.reverse();
        }
    }

    fn finding(&mut self, finding: &mut Finding) {
        finding.message = self.text();
        if self.number().is_multiple_of(5) {
            finding.rule = RuleId::new(&self.text());
        }
        finding.symbol = Some(self.text());
        self.location(&mut finding.location);
        self.lines(&mut finding.frame.lines);
        for related in &mut finding.related {
            related.message = self.text();
            self.location(&mut related.location);
            self.lines(&mut related.frame.lines);
        }
        if let Some(measure) = &mut finding.measure {
            measure.metric = self.text();
            (measure.value, measure.threshold) = (self.float(), self.float());
            measure.base = Some(self.float());
        }
        if let Some(fix) = &mut finding.fix {
            fix.title = self.text();
            if self.number().is_multiple_of(2) {
                fix.edits.push(Edit {
                    span: self.span(),
                    text: self.text(),
                });
            }
            fix.edits[0].text = self.text();
        }
        if let Some(suppressed) = &mut finding.suppressed {
            suppressed.reason = Some(self.text());
        }
    }

    fn report(&mut self) -> Report {
        let mut report = sample_report();
        let overview = &mut report.overview;
        (overview.base, overview.head) = (self.text(), self.text());
        overview.notes = vec![self.text(), self.text()];
        overview.is_scan = self.number().is_multiple_of(4);
        for _ in 0..self.number() % 2 {
            report.findings.extend_from_within(..);
        }
        for finding in &mut report.findings {
            self.finding(finding);
        }
        number_fingerprints(&mut report.findings);
        for rule in &mut report.rules {
            (rule.title, rule.summary, rule.description) = (self.text(), self.text(), self.text());
            rule.tags = vec![self.text(), self.text()];
        }
        for file in &mut report.ledger.files {
            file.path = self.path();
            file.base_path = Some(self.path());
            file.notes = vec![self.text()];
            file.coverage = match self.number() % 4 {
                0 => Coverage::Skipped(SkipReason::Failed(self.text())),
                1 => Coverage::Partial(vec!["metrics"], self.text()),
                2 => Coverage::Skipped(SkipReason::Generated(self.text())),
                _ => Coverage::Analysed(Vec::new()),
            };
            for hunk in &mut file.hunks {
                hunk.head = LineRange {
                    start: self.number(),
                    count: self.number(),
                };
            }
        }
        for file in &mut report.metrics.files {
            file.path = self.path();
            file.functions[0].name = self.text().into();
            file.functions[0].line = self.number();
            let (base, head) = (self.float(), self.float());
            file.functions[0].metrics =
                MetricValues::new(&["cyclomatic"], |_| Some(base), |_| Some(head));
        }
        report.metrics.change[0].base = Some(self.float());
        report.score.value = self.float();
        report.score.grade = self.text().chars().next().unwrap_or('A');
        report.score.parts[0].name = self.text();
        report.score.parts[0].points = self.float();
        for condition in &mut report.gate.conditions {
            (condition.demand, condition.actual) = (self.text(), self.text());
        }
        report.recommendations = vec![self.text(), self.text()];
        let path = Some(self.path());
        report.problems = vec![Problem {
            what: self.text(),
            path,
            message: self.text(),
        }];
        report.version = self.text();
        report
    }
}

fn source() -> impl Strategy<Value = Source> {
    let number = prop_oneof![4 => 0..40u32, 1 => any::<u32>(), 1 => Just(u32::MAX)];
    let texts = proptest::collection::vec(text(), 5..20);
    let numbers = proptest::collection::vec(number, 7..40);
    (texts, numbers).prop_map(|(texts, numbers)| Source {
        texts,
        numbers,
        at: 0,
    })
}

impl std::fmt::Debug for Source {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "texts {:?} numbers {:?}", self.texts, self.numbers)
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_text_breaks_out_of_any_format(mut source in source()) {
        let report = source.report();
        let options = RenderOptions {
            show_existing: source.number().is_multiple_of(2),
            width: source.number() as usize,
            findings_max: (source.number() % 9) as usize,
            ..RenderOptions::default()
        };
        for &format in Format::ALL {
            let text = rendered(&report, format, &options);
            if let Err(error) = check(format, &text) {
                panic!("{format}: {error}");
            }
            assert_eq!(text, rendered(&report, format, &options), "{format} differs");
        }
        for verbosity in Verbosity::ALL {
            for (colour, unicode) in [(false, false), (true, true)] {
                let options = RenderOptions {
                    verbosity: *verbosity,
                    colour,
                    unicode,
                    hyperlink_root: colour.then(|| "file:///root/".to_owned()),
                    ..options.clone()
                };
                let text = rendered(&report, Format::Terminal, &options);
                if let Err(error) = check(Format::Terminal, &text) {
                    panic!("terminal: {error}");
                }
                assert!(unicode || text.is_ascii(), "not ASCII");
            }
        }
    }
}

#[test]
fn the_sample_is_valid_in_every_format() {
    let options = RenderOptions {
        show_existing: true,
        ..RenderOptions::default()
    };
    for &format in Format::ALL {
        for report in [
            sample_report(),
            crate::sample::clean_report(),
            crate::sample::small_report(),
        ] {
            let text = rendered(&report, format, &options);
            assert_eq!(check(format, &text), Ok(()), "{format}");
        }
    }
}

/// A review with more findings than any format takes keeps to the limits and
/// says what is left out.
#[test]
fn huge_reports_are_cut_and_say_so() {
    let mut report = sample_report();
    let mut finding = report.findings[0].clone();
    finding.related.clear();
    finding.frame.lines.clear();
    report.findings = vec![finding; 26_000];
    number_fingerprints(&mut report.findings);
    let options = RenderOptions::default();
    let cases: [(Format, &[&str]); 5] = [
        (
            Format::Sarif,
            &[
                "25000 of 26000 findings are in this file.",
                "GitHub keeps the 5000 worst of 26000 findings.",
            ],
        ),
        (Format::Markdown, &["findings more</b> are not shown here."]),
        (
            Format::Html,
            &["20500 further findings are in the JSON report."],
        ),
        (
            Format::GithubAnnotations,
            &["25991 of the findings are only in the log"],
        ),
        (Format::Terminal, &["25980 findings more, one line each"]),
    ];
    for (format, said) in cases {
        let text = rendered(&report, format, &options);
        // The schema of 25,000 results would take most of the time of all tests.
        if format != Format::Sarif {
            assert_eq!(check(format, &text), Ok(()), "{format}");
        }
        for said in said {
            assert!(text.contains(said), "{format} does not say {said:?}");
        }
    }
}
