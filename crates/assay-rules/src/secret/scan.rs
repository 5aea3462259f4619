//! The pass over a text: one search for all keywords, then each detector at
//! its own hits, then one hit for each place.

use std::sync::OnceLock;

use assay_finding::Confidence;
use assay_source::{RepoPath, SourceText, Span};
use regex_automata::meta::Regex;
use regex_automata::util::syntax;
use regex_automata::{Anchored, Input};

use super::assignment::{Candidate, candidate};
use super::check::{entropy, is_placeholder};
use super::context::PathContext;
use super::decode::{Decoded, decoded};
use super::detector::{DETECTORS, Detector, Place};
use super::feature::{FEATURE_COUNT, features};
use super::keyword::{Keyword, KeywordSearch};
use super::model::{Model, model};
use super::other::is_other_thing;
use super::{pem, scheme, url};

/// Bytes before a keyword that belong to the window of a detector whose
/// keyword stands inside the value.
const WINDOW_BEFORE: usize = 96;
/// Bytes after a keyword that belong to its window.
const WINDOW_AFTER: usize = 1_024;
/// Bytes of a token that begins with its keyword.
const TOKEN_BYTES_MAX: usize = 8_192;
/// Bytes between a name with the keyword and its value.
const NAMED_GAP: usize = 64;
/// Bytes of a named value's window.
const NAMED_WINDOW: usize = 320;
/// Hits in one text. A text with more is made of secrets; the first tell so.
const HITS_MAX: usize = 20_000;

/// A place where a secret stands.
#[derive(Clone, Debug)]
pub struct SecretHit {
    pub(super) detector: usize,
    /// Where the finding is shown.
    pub span: Span,
    /// What must not be shown.
    pub masked: Span,
    /// The name that the value was given.
    pub(super) name: Option<Span>,
    /// How sure it is that it is a secret, from 0 to 1.
    pub probability: f32,
    pub(super) confidence: Confidence,
    /// Whether it is sure enough to be reported and not only masked.
    pub is_reported: bool,
    pub(super) is_in_test: bool,
    pub(super) encoding: Option<&'static str>,
    /// What speaks for it most, when the model judged.
    pub(super) reasons: Vec<&'static str>,
}

impl SecretHit {
    /// Returns the id of the rule.
    pub fn rule(&self) -> &'static str {
        self.detector().id
    }

    pub(super) fn detector(&self) -> &'static Detector {
        &DETECTORS[self.detector]
    }

    /// Makes a hit that needs no model.
    pub(super) fn sure(detector: usize, span: Span) -> Self {
        Self {
            detector,
            span,
            masked: span,
            name: None,
            probability: 1.0,
            confidence: Confidence::High,
            is_reported: true,
            is_in_test: false,
            encoding: None,
            reasons: Vec::new(),
        }
    }
}

/// A value that the model judges is masked from this probability on, so that
/// what is too doubtful to report is not shown either.
const MASKED_PROBABILITY_MIN: f32 = 0.3;

/// Finds the secrets of a text, in its order. No two of them overlap.
pub fn find_secrets(path: &RepoPath, text: &SourceText) -> Vec<SecretHit> {
    let context = PathContext::new(path);
    let (mut hits, candidates) = collect(text.as_str());
    let model = model();
    for candidate in &candidates {
        hits.extend(judge(text.as_str(), candidate, context, model));
    }
    for one in decoded(text.as_str()) {
        hits.extend(inside(&one, context, model));
    }
    for hit in &mut hits {
        hit.is_in_test = context.is_test;
    }
    without_overlaps(hits)
}

/// Finds the surest secret of a text that was encoded; its place is the run.
fn inside(decoded: &Decoded, context: PathContext, model: &Model) -> Option<SecretHit> {
    let (mut hits, candidates) = collect(&decoded.text);
    for candidate in &candidates {
        hits.extend(judge(&decoded.text, candidate, context, model));
    }
    hits.retain(|hit| hit.is_reported);
    let best = hits
        .into_iter()
        .max_by(|a, b| a.probability.total_cmp(&b.probability))?;
    let range = &decoded.range;
    let span = Span::new(range.start as u32, range.end as u32);
    Some(SecretHit {
        span,
        masked: span,
        name: None,
        encoding: Some(decoded.encoding),
        ..best
    })
}

/// Runs the model on a candidate.
fn judge(
    text: &str,
    candidate: &Candidate,
    context: PathContext,
    model: &Model,
) -> Option<SecretHit> {
    if context.is_translation || is_other_thing(text, candidate, context) {
        return None;
    }
    let class = owns()[candidate.detector].class();
    let features = features(text, candidate, context, class);
    let probability = model.probability(&features);
    if probability < MASKED_PROBABILITY_MIN.min(model.threshold) {
        return None;
    }
    let is_reported = probability >= model.threshold;
    Some(SecretHit {
        name: (!candidate.name.is_empty()).then_some(candidate.name),
        probability,
        confidence: match probability {
            0.9.. if !context.is_test => Confidence::High,
            0.6.. => Confidence::Medium,
            _ => Confidence::Low,
        },
        is_reported,
        reasons: match is_reported {
            true => model.reasons(&features),
            false => Vec::new(),
        },
        ..SecretHit::sure(candidate.detector, candidate.value)
    })
}

/// A place in a text for training the model: either it is a secret by its own
/// format, or the model has to decide.
#[derive(Clone, Debug)]
pub struct SecretSample {
    /// Where the value stands.
    pub value: Span,
    /// What the model sees; none when no model is needed.
    pub features: Option<[f32; FEATURE_COUNT]>,
    /// The id of the rule.
    pub rule: &'static str,
}

/// Returns everything in a text that could be a secret.
pub fn secret_samples(path: &RepoPath, text: &SourceText) -> Vec<SecretSample> {
    let context = PathContext::new(path);
    let (hits, candidates) = collect(text.as_str());
    let sure = hits.iter().map(|hit| SecretSample {
        value: Span::new(hit.span.start, hit.masked.end),
        features: None,
        rule: hit.rule(),
    });
    let judged = candidates.iter().map(|candidate| {
        let class = owns()[candidate.detector].class();
        SecretSample {
            value: candidate.value,
            features: Some(features(text.as_str(), candidate, context, class)),
            rule: DETECTORS[candidate.detector].id,
        }
    });
    sure.chain(judged).collect()
}

/// Returns what needs no judgement, and what the model has to judge.
fn collect(text: &str) -> (Vec<SecretHit>, Vec<Candidate>) {
    let mut pass = Pass {
        scanner: scanner(),
        text,
        candidates: Vec::new(),
        hits: Vec::new(),
        done_to: vec![0; DETECTORS.len()],
    };
    pass.run();
    let mut candidates = pass.candidates;
    let class = |one: &Candidate| owns()[one.detector].class();
    candidates.sort_by(|a, b| {
        let key = |one: &Candidate| (one.value.start, one.value.end);
        key(a).cmp(&key(b)).then(class(a).total_cmp(&class(b)))
    });
    candidates.dedup_by_key(|one| (one.value.start, one.value.end));
    (pass.hits, candidates)
}

/// Of hits that overlap the surer one stays, then the one that covers more.
fn without_overlaps(mut hits: Vec<SecretHit>) -> Vec<SecretHit> {
    hits.sort_by(|a, b| {
        b.is_reported
            .cmp(&a.is_reported)
            .then_with(|| b.probability.total_cmp(&a.probability))
            .then_with(|| b.masked.len().cmp(&a.masked.len()))
            .then_with(|| a.masked.start.cmp(&b.masked.start))
            .then_with(|| a.detector.cmp(&b.detector))
    });
    let mut taken = std::collections::BTreeMap::new();
    hits.retain(|hit| {
        let before = taken.range(..hit.masked.end).next_back();
        if before.is_some_and(|(_, &end)| end > hit.masked.start) {
            return false;
        }
        taken.insert(hit.masked.start, hit.masked.end);
        true
    });
    hits.sort_by_key(|hit| (hit.span.start, hit.span.end));
    hits
}

/// The search for all keywords, and the compiled patterns.
struct Scanner {
    search: KeywordSearch,
    /// By keyword: the detectors that it belongs to.
    owners: Vec<Vec<u16>>,
    /// Compiled when a keyword of the detector is first seen.
    patterns: Vec<OnceLock<Option<Regex>>>,
}

fn scanner() -> &'static Scanner {
    static SCANNER: OnceLock<Scanner> = OnceLock::new();
    SCANNER.get_or_init(Scanner::new)
}

impl Scanner {
    fn new() -> Self {
        let mut keywords: Vec<Keyword> = Vec::new();
        let mut owners: Vec<Vec<u16>> = Vec::new();
        for (at, detector) in DETECTORS.iter().enumerate() {
            // The prefix of a token is written one way.
            let is_exact = detector.place == Place::Start;
            for &text in detector.keywords {
                let same = keywords.iter().position(|known| known.text == text);
                let known = same.unwrap_or_else(|| {
                    keywords.push(Keyword { text, is_exact });
                    owners.push(Vec::new());
                    keywords.len() - 1
                });
                keywords[known].is_exact &= is_exact;
                owners[known].push(at as u16);
            }
        }
        let search = KeywordSearch::new(keywords);
        Self {
            search,
            owners,
            patterns: DETECTORS.iter().map(|_| OnceLock::new()).collect(),
        }
    }

    fn pattern(&self, detector: usize) -> Option<&Regex> {
        self.patterns[detector]
            .get_or_init(|| compile(DETECTORS[detector].pattern))
            .as_ref()
    }
}

fn compile(pattern: &str) -> Option<Regex> {
    Regex::builder()
        .syntax(syntax::Config::new().unicode(false).utf8(false))
        .build(pattern)
        .ok()
}

/// The keywords of all detectors, as the one search looks for them.
pub fn keywords() -> Vec<&'static str> {
    let keywords = scanner().search.keywords().iter();
    keywords.map(|keyword| keyword.text).collect()
}

/// One pass over one text.
struct Pass<'a> {
    scanner: &'static Scanner,
    text: &'a str,
    hits: Vec<SecretHit>,
    candidates: Vec<Candidate>,
    /// By detector: up to where its matches were found.
    done_to: Vec<usize>,
}

impl Pass<'_> {
    fn run(&mut self) {
        let scanner = self.scanner;
        for found in scanner.search.find(self.text) {
            for &owner in &scanner.owners[found.keyword] {
                let detector = usize::from(owner);
                self.at(detector, found.keyword, found.start, found.end);
            }
            if self.hits.len() + self.candidates.len() >= HITS_MAX {
                return;
            }
        }
    }

    fn at(&mut self, detector: usize, keyword: usize, start: usize, end: usize) {
        let place = DETECTORS[detector].place;
        if place == Place::Own {
            self.own(detector, start, end);
            return;
        }
        let bytes = self.text.as_bytes();
        let exact = self.scanner.search.keywords()[keyword].text.as_bytes();
        if start < self.done_to[detector] {
            return;
        }
        let (from, to, anchored) = match place {
            // The keyword is also another's, which takes it in either case.
            Place::Start if &bytes[start..end] != exact => return,
            Place::Start => (start, end + TOKEN_BYTES_MAX, Anchored::Yes),
            Place::Inside => (
                start.saturating_sub(WINDOW_BEFORE),
                end + WINDOW_AFTER,
                Anchored::No,
            ),
            Place::Named => (end, end + NAMED_WINDOW, Anchored::No),
            Place::Own => return,
        };
        let to = to.min(bytes.len());
        let to = match place {
            Place::Named => memchr::memchr(b'\n', &bytes[from..to]).map_or(to, |at| from + at),
            _ => to,
        };
        let from = match place {
            Place::Inside => memchr::memrchr(b'\n', &bytes[from..start])
                .map_or(from, |at| from + at + 1)
                .max(self.done_to[detector]),
            _ => from,
        };
        if place == Place::Start && !is_boundary_before(bytes, start) {
            return;
        }
        let Some(pattern) = self.scanner.pattern(detector) else {
            return;
        };
        let mut from = from;
        while from < to {
            let input = Input::new(bytes).range(from..to).anchored(anchored);
            let Some(found) = pattern.search(&input) else {
                return;
            };
            let range = found.range();
            if self.accept(detector, range.clone(), end) {
                self.done_to[detector] = range.end;
                return;
            }
            if anchored == Anchored::Yes {
                return;
            }
            from = range.start + 1;
        }
    }

    /// Takes a match of a detector's pattern when its surroundings and the
    /// checks allow.
    fn accept(&mut self, at: usize, range: std::ops::Range<usize>, keyword_end: usize) -> bool {
        let bytes = self.text.as_bytes();
        let detector = &DETECTORS[at];
        let Some(value) = self.text.get(range.clone()) else {
            return false;
        };
        if !is_boundary_before(bytes, range.start) || !is_boundary_after(bytes, range.end) {
            return false;
        }
        if detector.place == Place::Named && !is_named(self.text, keyword_end, range.start) {
            return false;
        }
        let random = &value[detector.shown.min(value.len())..];
        if entropy(random.as_bytes()) < detector.entropy
            || is_placeholder(random)
            || !detector.check.holds(value)
        {
            return false;
        }
        let span = Span::new(range.start as u32, range.end as u32);
        self.hits.push(SecretHit::sure(at, span));
        true
    }

    fn own(&mut self, detector: usize, start: usize, end: usize) {
        match owns()[detector] {
            Own::No => {}
            Own::PrivateKey => {
                if start >= self.done_to[detector]
                    && let Some(hit) = pem::private_key(self.text, detector, start)
                {
                    self.done_to[detector] = hit.masked.end as usize;
                    self.hits.push(hit);
                }
            }
            Own::Url => self
                .candidates
                .extend(url::credentials(self.text, detector, start, end)),
            Own::Basic => self.hits.extend(scheme::basic(self.text, detector, end)),
            Own::Bearer => self
                .candidates
                .extend(scheme::bearer(self.text, detector, start, end)),
            Own::Named(_) => self
                .candidates
                .extend(candidate(self.text, detector, start, end)),
        }
    }
}

/// What a detector without a pattern looks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Own {
    No,
    PrivateKey,
    Url,
    Basic,
    Bearer,
    /// A value beside a telling name; the number orders them, most telling
    /// first.
    Named(u8),
}

impl Own {
    /// The number that the model knows the keyword by.
    fn class(self) -> f32 {
        match self {
            Self::Named(class) => f32::from(class),
            Self::Url => 6.0,
            Self::Bearer => 7.0,
            Self::No | Self::PrivateKey | Self::Basic => 8.0,
        }
    }
}

/// By detector: what it looks for.
fn owns() -> &'static [Own] {
    static OWNS: OnceLock<Vec<Own>> = OnceLock::new();
    OWNS.get_or_init(|| {
        let own = |detector: &Detector| match (detector.place, detector.id) {
            (Place::Own, "secret/private-key") => Own::PrivateKey,
            (Place::Own, "secret/url-credentials") => Own::Url,
            (Place::Own, "secret/basic-authorization") => Own::Basic,
            (Place::Own, "secret/bearer-token") => Own::Bearer,
            (Place::Own, "secret/hardcoded-password") => Own::Named(0),
            (Place::Own, "secret/hardcoded-secret") => Own::Named(1),
            (Place::Own, "secret/hardcoded-token") => Own::Named(2),
            (Place::Own, "secret/hardcoded-key") => Own::Named(3),
            (Place::Own, "secret/hardcoded-credential") => Own::Named(4),
            (Place::Own, "secret/hardcoded-salt") => Own::Named(5),
            _ => Own::No,
        };
        DETECTORS.iter().map(own).collect()
    })
}

/// Returns whether a token can begin here: not in the middle of a word, except
/// after an escape such as `\n`.
pub(super) fn is_boundary_before(bytes: &[u8], at: usize) -> bool {
    let Some(&before) = at.checked_sub(1).and_then(|at| bytes.get(at)) else {
        return true;
    };
    if !(before.is_ascii_alphanumeric() || before == b'_' || before == b'-') {
        return true;
    }
    let second = at.checked_sub(2).and_then(|at| bytes.get(at)).copied();
    match before {
        b'n' | b't' | b'r' => second == Some(b'\\'),
        b'D' | b'A' | b'2' | b'0' | b'7' => {
            // A percent escape such as `%3D`.
            at.checked_sub(3).and_then(|at| bytes.get(at)) == Some(&b'%')
        }
        _ => false,
    }
}

/// Returns whether a token can end here.
pub(super) fn is_boundary_after(bytes: &[u8], at: usize) -> bool {
    bytes
        .get(at)
        .is_none_or(|&after| !(after.is_ascii_alphanumeric() || after == b'_' || after == b'-'))
}

/// Words one of which is in the name of something secret.
const NAME_WORDS: &[&str] = &[
    "key", "token", "secret", "api", "pass", "pwd", "auth", "cred", "sid", "hook", "license",
    "bearer", "dsn",
];

/// Returns whether what stands between a keyword and a value is the rest of a
/// name and something that gives the name its value.
fn is_named(text: &str, keyword_end: usize, value_start: usize) -> bool {
    let Some(gap) = text.get(keyword_end..value_start) else {
        return false;
    };
    if gap.len() > NAMED_GAP || gap.contains([';', '{']) {
        return false;
    }
    let line = text[..keyword_end].rfind('\n').map_or(0, |at| at + 1);
    let from = text.floor_char_boundary(keyword_end.saturating_sub(NAMED_GAP).max(line));
    let name = text[from..value_start].to_ascii_lowercase();
    gap.contains(['=', ':', '(', ',', '>', '"', '\'', ' '])
        && NAME_WORDS.iter().any(|word| name.contains(word))
}
