//! Markdown for comments on pull requests: short, with the details folded.
//!
//! Everything that comes from the reviewed code stands in HTML elements, where
//! no Markdown is read, or in a fenced block with a fence longer than any in it;
//! mentions, references and bare links in it are broken up. The whole stays
//! under the size that forges accept, and says what was left out.

use std::fmt::Write as _;
use std::io;

use super::RenderOptions;
use super::digest::{
    CoverageDigest, about_texts, also_text, delta_text, failures, fixed_lines, grade, main_lines,
    measure_text, package_lines, related_line, severity_counts, shown_anew, since_text, tools_text,
};
use super::text::{count, cut, is_hidden, number, one_line, push_visible};
use crate::finding::{Confidence, Finding, State};
use crate::fix::FixSafety;
use crate::report::Report;

/// The size that forges accept is 65,536 characters; the rest is for what a
/// caller puts around the report.
const BYTES_MAX: usize = 64_000;
/// The part of it that is kept for what comes after the findings.
const TAIL_BYTES_MAX: usize = 12_000;
/// The longest text of a message, a name or a path in characters.
const MESSAGE_CHARS_MAX: usize = 500;
/// The longest line of code in characters.
const CODE_CHARS_MAX: usize = 300;
/// The most items of one list.
const ITEMS_MAX: usize = 10;
/// The size at which a list takes no further item.
const LIST_BYTES_MAX: usize = 6_000;
/// The most related places of a finding.
const RELATED_MAX: usize = 8;

pub(super) fn write(
    report: &Report,
    options: &RenderOptions,
    out: &mut dyn io::Write,
) -> io::Result<()> {
    let mut text = String::new();
    push_head(&mut text, report);
    let tail = tail(report);
    let budget = BYTES_MAX.saturating_sub(tail.len());
    push_findings(&mut text, report, options, budget);
    text.push_str(&tail);
    out.write_all(text.as_bytes())
}

fn push_head(text: &mut String, report: &Report) {
    let verdict = match (report.gate.passed(), report.introduced().next().is_some()) {
        (false, _) => "gate failed",
        (true, true) => "gate passed",
        (true, false) => "no findings",
    };
    let score = number(report.score.value);
    let _ = writeln!(
        text,
        "## Assay: {verdict}, score {score} ({})\n",
        grade(&report.score)
    );
    let counts: Vec<_> = severity_counts(report)
        .into_iter()
        .map(|(severity, n)| format!("<b>{n} {severity}</b>"))
        .collect();
    let overview = &report.overview;
    let counts = if counts.is_empty() {
        String::new()
    } else {
        counts.join(", ") + " in "
    };
    let (base, head) = overview.short_names();
    let what = if overview.is_scan {
        format!(
            "{} of {}",
            count(overview.files, "file"),
            code(&overview.head)
        )
    } else {
        format!(
            "{} (+{} −{}), {} → {}",
            count(overview.files, "file"),
            overview.lines_added,
            overview.lines_removed,
            code(base),
            code(head)
        )
    };
    let digest = CoverageDigest::new(&report.ledger);
    let _ = write!(text, "<p>{counts}{what}<br>{}", digest.headline());
    if let Some((parts, numbers)) = about_texts(report) {
        let _ = write!(text, "<br>{parts}; {numbers}");
    }
    if let Some(since) = since_text(report) {
        let _ = write!(text, "<br>Since the last review: <b>{since}</b>");
    }
    text.push_str("</p>\n\n");
    let failed = report
        .gate
        .conditions
        .iter()
        .filter(|condition| !condition.passed);
    let failed = failed.map(|condition| format!("{}: {}", condition.demand, condition.actual));
    push_list(
        text,
        "The gate fails",
        failed.map(|text| inline(&text)).collect(),
    );
    let gaps = failures(report).into_iter().map(|(path, what)| match path {
        Some(path) => format!("{}: {}", code(&path.to_display()), inline(&what)),
        None => inline(&what),
    });
    push_list(text, "The review is incomplete", gaps.collect());
    let first = report.recommendations.iter().map(|text| inline(text));
    push_list(text, "To do first", first.collect());
    let packages = package_lines(report, "→");
    let packages = packages.iter().map(|line| inline(line));
    push_list(text, "Packages", packages.collect());
    push_list(
        text,
        "Note",
        overview.notes.iter().map(|note| inline(note)).collect(),
    );
}

/// Writes a list under a bold line; nothing for an empty one. Items are HTML.
fn push_list(text: &mut String, title: &str, items: Vec<String>) {
    if items.is_empty() {
        return;
    }
    let _ = write!(text, "<p><b>{title}</b></p>\n<ul>\n");
    let start = text.len();
    let mut left = items.len();
    for item in items.iter().take(ITEMS_MAX) {
        if text.len() - start + item.len() > LIST_BYTES_MAX {
            break;
        }
        left -= 1;
        let _ = writeln!(text, "<li>{item}</li>");
    }
    if left > 0 {
        let _ = writeln!(text, "<li>and {left} more</li>");
    }
    text.push_str("</ul>\n\n");
}

/// Writes the findings in full as long as they fit, then as a list, then how
/// many are left out.
fn push_findings(text: &mut String, report: &Report, options: &RenderOptions, budget: usize) {
    let findings = shown_anew(report, options);
    let note = |left: usize| {
        format!(
            "<p><b>{} more</b> are not shown here.</p>\n\n",
            count(left, "finding")
        )
    };
    let reserve = note(findings.len()).len() + "<ul>\n</ul>\n\n".len();
    let mut left = findings.as_slice();
    let mut room = options.findings_max;
    while let Some((finding, rest)) = left.split_first() {
        let block = finding_block(finding);
        if room == 0 || text.len() + block.len() + reserve > budget {
            break;
        }
        room -= 1;
        text.push_str(&block);
        left = rest;
    }
    let mut is_open = false;
    while let Some((finding, rest)) = left.split_first() {
        let item = format!("<li>{}</li>\n", heading(finding));
        if text.len() + item.len() + reserve > budget {
            break;
        }
        if !is_open {
            text.push_str("<ul>\n");
            is_open = true;
        }
        text.push_str(&item);
        left = rest;
    }
    if is_open {
        text.push_str("</ul>\n\n");
    }
    if !left.is_empty() {
        text.push_str(&note(left.len()));
    }
}

/// Returns severity, message and place as HTML.
fn heading(finding: &Finding) -> String {
    let start = finding.location.start;
    let place = format!("{}:{}", finding.location.path.to_display(), start.line);
    let existing = match finding.state {
        State::Introduced => "",
        State::Existing => ", existing",
    };
    let message = cut(&finding.message, MESSAGE_CHARS_MAX);
    format!(
        "<b>{}</b>{existing}: {} {}",
        finding.severity,
        inline(&message),
        code(&place)
    )
}

fn finding_block(finding: &Finding) -> String {
    let mut text = format!("<details><summary>{}</summary>\n\n", heading(finding));
    let lines: Vec<_> = main_lines(finding)
        .into_iter()
        .map(|line| {
            let mark = if line.changed { '+' } else { ' ' };
            format!("{mark}{:>5}  {}", line.number, code_line(&line.text))
        })
        .collect();
    push_fence(&mut text, "diff", &lines);
    push_proof(&mut text, finding);
    push_fix_title(&mut text, finding);
    if let Some(fixed) = fixed_lines(finding) {
        let removed = fixed
            .before
            .iter()
            .map(|line| format!("-{}", code_line(line)));
        let added = fixed
            .after
            .iter()
            .map(|line| format!("+{}", code_line(line)));
        push_fence(&mut text, "diff", &removed.chain(added).collect::<Vec<_>>());
    }
    text.push_str("</details>\n\n");
    text
}

/// Returns what is said beside the lines that a finding is about: no place and
/// no code, but all that proves it.
pub(super) fn remark(finding: &Finding) -> String {
    let message = inline(&cut(&finding.message, MESSAGE_CHARS_MAX));
    let mut text = format!("<p><b>{}</b>: {message}</p>\n\n", finding.severity);
    push_proof(&mut text, finding);
    push_fix_title(&mut text, finding);
    text
}

/// Returns the report without its findings, for a comment beside which each
/// finding has one of its own.
pub(super) fn summary(report: &Report) -> String {
    let mut text = String::new();
    push_head(&mut text, report);
    text.push_str(&tail(report));
    text
}

/// Writes the places that prove a finding, its rule and its numbers.
fn push_proof(text: &mut String, finding: &Finding) {
    push_related(text, finding);
    let mut facts = vec![code(finding.rule.as_str())];
    if let Some(symbol) = &finding.symbol {
        facts.push(format!("in {}", code(symbol)));
    }
    if let Some(measure) = &finding.measure {
        facts.push(inline(&measure_text(measure)));
    }
    if finding.confidence != Confidence::High {
        facts.push(format!("{} confidence", finding.confidence));
    }
    if let Some(tools) = tools_text(finding) {
        facts.push(inline(&tools));
    }
    let _ = writeln!(text, "<p>{}</p>\n", facts.join(" · "));
}

fn push_fix_title(text: &mut String, finding: &Finding) {
    if let Some(fix) = &finding.fix {
        let safety = match fix.safety {
            FixSafety::Safe => "",
            FixSafety::Unsafe => " (may change behaviour: look first)",
        };
        let title = inline(&fix.title);
        let _ = writeln!(text, "<p><b>Fix</b>: {title}{safety}</p>\n");
    }
}

fn push_related(text: &mut String, finding: &Finding) {
    if finding.related.is_empty() {
        return;
    }
    text.push_str("<ol>\n");
    for related in finding.related.iter().take(RELATED_MAX) {
        let at = &related.location;
        let place = format!("{}:{}", at.path.to_display(), at.start.line);
        let message = inline(&related.message);
        let _ = write!(text, "<li>{}: {message}", code(&place));
        if let Some(line) = related_line(finding, related) {
            let _ = write!(text, "<br>{}", code(code_line(&line.text).trim()));
        }
        text.push_str("</li>\n");
    }
    if finding.related.len() > RELATED_MAX {
        let rest = count(finding.related.len() - RELATED_MAX, "further place");
        let _ = writeln!(text, "<li>{rest}</li>");
    }
    text.push_str("</ol>\n\n");
}

/// Returns what comes after the findings: score, metrics, coverage, counts.
fn tail(report: &Report) -> String {
    let mut text = String::from("<details><summary>Score, metrics and coverage</summary>\n\n");
    let parts: Vec<_> = report
        .score
        .parts
        .iter()
        .take(ITEMS_MAX)
        .map(|part| {
            let (points, n) = (number(part.points), count(part.findings, "finding"));
            format!("{} −{points} ({n})", inline(&part.name))
        })
        .collect();
    push_list(&mut text, "What lowered the score", parts);
    let deltas = report
        .metrics
        .change
        .iter()
        .filter_map(|delta| delta_text(delta, "→"));
    push_list(
        &mut text,
        "Metrics of the change",
        deltas.map(|text| inline(&text)).collect(),
    );
    let digest = CoverageDigest::new(&report.ledger);
    let mut coverage = vec![digest.headline()];
    coverage.extend(digest.skip_texts().iter().map(|text| inline(text)));
    push_list(&mut text, "Coverage", coverage);
    if let Some(also) = also_text(report) {
        let _ = writeln!(text, "<p>Not counted: {}</p>\n", inline(&also));
    }
    let _ = writeln!(text, "<p>Assay {}</p>\n", inline(&report.version));
    text.push_str("</details>\n");
    if text.len() > TAIL_BYTES_MAX {
        // Only hostile paths and notes are this long.
        return format!(
            "<p>Coverage: {}. The details are too long for a comment.</p>\n",
            digest.headline()
        );
    }
    text
}

/// Writes lines in a fenced block whose fence is longer than any run of
/// back-ticks in them.
fn push_fence(text: &mut String, language: &str, lines: &[String]) {
    if lines.is_empty() {
        return;
    }
    let longest = lines
        .iter()
        .map(|line| longest_run(line, '`'))
        .max()
        .unwrap_or(0);
    let fence = "`".repeat((longest + 1).max(3));
    let _ = writeln!(text, "{fence}{language}");
    for line in lines {
        text.push_str(line);
        text.push('\n');
    }
    let _ = writeln!(text, "{fence}\n");
}

fn longest_run(text: &str, wanted: char) -> usize {
    let (mut longest, mut run) = (0, 0);
    for c in text.chars() {
        run = if c == wanted { run + 1 } else { 0 };
        longest = longest.max(run);
    }
    longest
}

/// Returns a line of code without hidden characters, tabs kept, cut.
fn code_line(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in cut(text, CODE_CHARS_MAX).chars() {
        match c {
            '\t' => out.push(c),
            c if is_hidden(c) => push_visible(&mut out, c),
            c => out.push(c),
        }
    }
    out
}

/// Returns text as an HTML code element, where forges look for no mentions.
fn code(text: &str) -> String {
    let mut out = String::from("<code>");
    for c in cut(&one_line(text), MESSAGE_CHARS_MAX).chars() {
        push_escaped(&mut out, c);
    }
    out.push_str("</code>");
    out
}

fn push_escaped(out: &mut String, c: char) {
    match c {
        '&' => out.push_str("&amp;"),
        '<' => out.push_str("&lt;"),
        '>' => out.push_str("&gt;"),
        '"' => out.push_str("&quot;"),
        '\'' => out.push_str("&#39;"),
        c => out.push(c),
    }
}

/// Breaks a word up for the forge and looks unbroken to the reader.
const BREAK: &str = "&#8203;";

/// Returns text as HTML: pairs of back-ticks become code, and what a forge
/// would make a mention, a reference or a link of is broken up.
fn inline(text: &str) -> String {
    let text = one_line(text);
    let text = cut(&text, MESSAGE_CHARS_MAX);
    let pieces: Vec<_> = text.split('`').collect();
    if pieces.len() % 2 == 0 {
        // A back-tick without its partner is only a character.
        return plain(&text);
    }
    let mut out = String::new();
    for (index, piece) in pieces.into_iter().enumerate() {
        match piece {
            piece if index % 2 == 0 => out.push_str(&plain(piece)),
            // Nothing between two back-ticks is no code and would be gone.
            "" => out.push_str("``"),
            piece => out.push_str(&code(piece)),
        }
    }
    out
}

fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text.char_indices().peekable();
    while let Some((at, c)) = rest.next() {
        push_escaped(&mut out, c);
        let next = rest.peek().map(|(_, next)| *next);
        let starts_word = next.is_some_and(|next| next.is_alphanumeric() || "_\"[".contains(next));
        let is_reference = "@#!~%$&^".contains(c) && starts_word;
        let tail = &text[at + c.len_utf8()..];
        let is_link = c == ':' && tail.starts_with("//");
        // `www.`, `GH-12` and `PROJ-12` are known by their last letter.
        let is_word_end = c.is_ascii_alphabetic()
            && (tail.starts_with('-') && tail[1..].starts_with(|c: char| c.is_ascii_digit())
                || tail.starts_with('.') && c.eq_ignore_ascii_case(&'w'));
        if is_reference || is_link || is_word_end {
            out.push_str(BREAK);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::{code, inline};

    #[test]
    fn text_is_made_harmless() {
        for (text, expected) in [
            ("plain, with *stars* | pipes", "plain, with *stars* | pipes"),
            ("`a|b` is <b>", "<code>a|b</code> is &lt;b&gt;"),
            ("one ` alone", "one ` alone"),
            ("@``user", "@``user"),
            ("@user and #12", "@&#8203;user and #&#8203;12"),
            (
                "see https://x.y or www.x.y",
                "see https:&#8203;//x.y or www&#8203;.x.y",
            ),
            ("GH-12 and a-b", "GH&#8203;-12 and a-b"),
            ("a\n\n## b", "a  ## b"),
            ("`<!--`", "<code>&lt;!--</code>"),
        ] {
            assert_eq!(inline(text), expected, "{text:?}");
        }
        assert_eq!(code("@user</code>"), "<code>@user&lt;/code&gt;</code>");
    }
}
