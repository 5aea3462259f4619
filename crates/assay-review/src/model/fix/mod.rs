//! Mending findings by a language model, as a function of what it says: which findings,
//! what it is shown, which of its patches hold, and what it is told of those that do not.
//! Who asks the models, and who runs a test command, is not known here.
//!
//! Invariant: a patch is kept only when it quotes lines that were shown, touches files of
//! the change and none that configures anything, parses, and the review of the patched
//! change has one finding less and none more.

mod overlay;
mod patch;
mod proof;
mod remembered;
mod shown;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use assay_finding::{Edit, Finding, Fix, FixSafety, Report, RuleId, Severity};
use assay_source::{BlobKey, FileTree, LineMapping, RepoPath, SourceText, diff_lines};
use assay_syntax::detect;

use self::overlay::Overlay;
use self::patch::{ShownText, is_guarded, resolve};
use self::proof::{Judged, key, prove};
use self::remembered::Remembered;
use self::shown::{Texts, failed_text, finding_text, shown};
use super::convention::conventions;
use super::prompt::{PromptValue, Rendered};
use super::reading::Reader;
use super::remark::{clean, is_remark};
use super::{MODEL_PACK, ModelOptions, ModelWeight};
use crate::advice;
use crate::cache::ReviewCache;
use crate::frame;
use crate::gate::counted;
use crate::mend::shown_difference;
use crate::pipeline::Subject;
use crate::settings::Settings;

pub use self::patch::FixRefusal;

/// Characters of what a rule says.
const ADVICE_CHARS_MAX: usize = 4_000;
/// Characters of a title.
const TITLE_CHARS: std::ops::RangeInclusive<usize> = 8..=160;
/// The pack of secrets: no model is shown the lines that would have to change.
const SECRET_PACK: &str = "secret";

/// How much models may mend.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FixLimits {
    /// Patches that are tried for one finding.
    pub attempts_max: usize,
    /// Findings of one run, the worst first.
    pub findings_max: usize,
}

impl Default for FixLimits {
    fn default() -> Self {
        Self {
            attempts_max: 2,
            findings_max: 5,
        }
    }
}

impl FixLimits {
    /// Attempts at most, whatever is configured.
    pub const ATTEMPTS_MAX: usize = 5;
    /// Findings at most, whatever is configured.
    pub const FINDINGS_MAX: usize = 50;
}

/// One edit of a patch. All of it is untrusted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FixEdit {
    /// The file as the question named it.
    pub path: String,
    /// The first line that is replaced.
    pub line: u32,
    /// The lines as they are.
    pub old: String,
    /// The lines as they are to be.
    pub new: String,
}

/// What came of one question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FixReply {
    /// A patch of the form that was asked for.
    Patch {
        /// What it does.
        summary: String,
        /// Its edits.
        edits: Vec<FixEdit>,
        /// Who wrote it.
        by: String,
    },
    /// None; why.
    Failed(String),
}

/// One question: how a finding can be mended.
pub struct FixQuestion {
    /// How much thought it wants.
    pub weight: ModelWeight,
    values: BTreeMap<&'static str, PromptValue>,
}

/// A finding that a model mended.
#[derive(Clone, Debug)]
pub struct ModelFix {
    /// The finding, as it was when it was mended.
    pub finding: Finding,
    /// What the patch does, in a sentence that is safe to show.
    pub title: String,
    /// Who wrote it.
    pub by: String,
    /// How many patches were tried, this one among them.
    pub attempts: usize,
    /// Whether a test command passed with it.
    pub is_tested: bool,
    /// What it changes in each file.
    pub edits: BTreeMap<RepoPath, Vec<Edit>>,
}

impl ModelFix {
    /// Returns what was checked, in words.
    pub fn checks(&self) -> &'static str {
        match self.is_tested {
            true => "applies, parses, the finding is gone, nothing new is found, tests pass",
            false => "applies, parses, the finding is gone, nothing new is found",
        }
    }
}

/// A finding that no model mended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModelLeft {
    /// The rule.
    pub rule: RuleId,
    /// The file.
    pub path: RepoPath,
    /// The line.
    pub line: u32,
    /// Why not.
    pub why: String,
}

/// What came of mending.
pub struct ModelMended {
    /// What was mended.
    pub fixes: Vec<ModelFix>,
    /// What was not.
    pub left: Vec<ModelLeft>,
    /// The files as they are with all fixes; empty when each stands for itself.
    pub texts: BTreeMap<RepoPath, Arc<SourceText>>,
    /// What differs between these and the head, as a unified diff with secrets masked.
    pub diff: String,
}

/// Whether fixes build on each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FixOrder {
    /// Each is made for what the ones before left.
    Together,
    /// Each is made for the head as it is, to be taken by itself.
    Apart,
}

/// Runs the tests of a patched tree; the error is what they said.
pub type FixTest<'t> = dyn FnMut(&dyn FileTree) -> Result<(), String> + Send + 't;

/// A patch that was refused.
#[derive(Clone)]
struct Failure {
    refusal: FixRefusal,
    edits: Vec<FixEdit>,
}

/// A finding that is still to be mended.
struct Open {
    finding: Finding,
    failed: Vec<Failure>,
}

/// Findings of a change while they are mended.
pub struct Mending<'a> {
    overlay: Overlay<'a>,
    judged: Judged,
    settings: Settings,
    options: ModelOptions,
    order: FixOrder,
    conventions: String,
    advice: BTreeMap<RuleId, String>,
    open: Vec<Open>,
    fixes: Vec<ModelFix>,
    left: Vec<ModelLeft>,
}

impl<'a> Mending<'a> {
    /// Begins to mend the findings of a change that count, are wanted and have no fix of
    /// their own. `texts` are files that were mended already, and `report` is the review
    /// that says what the rules are.
    pub fn new(
        (subject, settings): (Subject<'a>, &Settings),
        (texts, report): (&Texts, &Report),
        options: ModelOptions,
        order: FixOrder,
        is_wanted: &dyn Fn(&Finding) -> bool,
    ) -> Self {
        let mut settings = settings.clone();
        // Other tools do not read what is patched, and each finding is one of its own.
        settings.outside = None;
        settings.fold = false;
        // A patch brings nothing in that is elsewhere held back for being of this machine.
        settings.local_input = true;
        // Each patch is reviewed with the whole change, of which it leaves most as it is.
        settings.cache.get_or_insert_with(|| ReviewCache {
            store: Arc::new(Remembered::default()),
            settings: BlobKey::default(),
        });
        let overlay = Overlay::new(subject);
        let overlay = overlay.with(texts).unwrap_or(overlay);
        let judged = Judged::of(&overlay, &settings);
        let said = conventions(
            &Reader::new(subject, &settings),
            options.limits.question_bytes_max / 6,
        );
        let advice = report.rules.iter().map(|rule| {
            let text: String = rule.description.chars().take(ADVICE_CHARS_MAX).collect();
            (rule.id.clone(), format!("{}\n\n{text}", rule.summary))
        });
        let mut mending = Self {
            conventions: said.text,
            advice: advice.collect(),
            overlay,
            judged,
            settings,
            options,
            order,
            open: Vec::new(),
            fixes: Vec::new(),
            left: Vec::new(),
        };
        mending.begin(is_wanted);
        mending
    }

    fn begin(&mut self, is_wanted: &dyn Fn(&Finding) -> bool) {
        let mut known = BTreeSet::new();
        let wanted = self.judged.findings.iter().filter(|one| {
            one.counts() && one.fix.is_none() && is_wanted(one) && known.insert(key(one))
        });
        let wanted: Vec<Finding> = wanted.cloned().collect();
        let findings_max = self.options.fixes.findings_max;
        for finding in wanted {
            let why = match self.excluded(&finding) {
                Some(why) => why.to_owned(),
                None if self.open.len() >= findings_max => {
                    format!(
                        "models mend at most {} a time",
                        counted(findings_max, "finding")
                    )
                }
                None => {
                    let failed = Vec::new();
                    self.open.push(Open { finding, failed });
                    continue;
                }
            };
            self.leave(&finding, why);
        }
    }

    /// Returns why a finding is not given to models.
    fn excluded(&self, finding: &Finding) -> Option<&'static str> {
        let path = &finding.location.path;
        match finding.rule.pack() {
            SECRET_PACK => return Some("no model is shown the secret that it is about"),
            MODEL_PACK => return Some("nothing but a model could say that it is gone"),
            _ => {}
        }
        if is_guarded(path) {
            return Some("its file says how code is built or reviewed");
        }
        let text = self.overlay.text(path, self.settings.limits.file_bytes_max);
        let Some(text) = text else {
            return Some("its file is no text");
        };
        let language = self.settings.language_for(path);
        let language = language.or_else(|| detect(path, text.as_str()));
        match language.is_some_and(|language| !language.is_data_only()) {
            true => None,
            false => Some("models mend only code"),
        }
    }

    fn leave(&mut self, finding: &Finding, why: String) {
        self.left.push(ModelLeft {
            rule: finding.rule.clone(),
            path: finding.location.path.clone(),
            line: finding.location.start.line,
            why,
        });
    }

    /// Returns what is to be asked now, one question for each finding that is open; none
    /// when it is over.
    pub fn questions(&mut self) -> Vec<FixQuestion> {
        let mut questions = Vec::new();
        for mut open in std::mem::take(&mut self.open) {
            let Some(now) = self.judged.find(&open.finding) else {
                self.leave(&open.finding, "it went with another fix".to_owned());
                continue;
            };
            open.finding = now.clone();
            match self.question(&open) {
                Some(question) => {
                    questions.push(question);
                    self.open.push(open);
                }
                None => self.leave(
                    &open.finding,
                    "its code has no room in a question".to_owned(),
                ),
            }
        }
        questions
    }

    fn shown(&self, finding: &Finding) -> Option<(Vec<ShownText>, String)> {
        let bytes_max = self.options.limits.question_bytes_max;
        shown(finding, &self.overlay, &self.settings, bytes_max)
    }

    fn question(&self, open: &Open) -> Option<FixQuestion> {
        let finding = &open.finding;
        let (_, files) = self.shown(finding)?;
        let advice = self.advice.get(&finding.rule).cloned();
        let text = PromptValue::Text;
        Some(FixQuestion {
            weight: match finding.severity {
                Severity::Critical | Severity::High => ModelWeight::High,
                Severity::Medium => ModelWeight::Medium,
                _ => ModelWeight::Low,
            },
            values: [
                ("finding", text(finding_text(finding))),
                ("advice", text(advice.unwrap_or_default())),
                ("conventions", text(self.conventions.clone())),
                ("files", text(files)),
                ("failed", text(failed_text(&open.failed))),
            ]
            .into(),
        })
    }

    /// Puts a question into words, for a model when it is known.
    ///
    /// # Errors
    ///
    /// When the prompt cannot be rendered.
    pub fn render(&self, question: &FixQuestion, model: Option<&str>) -> Result<Rendered, String> {
        let prompt = self.options.prompts.find("fix", model);
        let prompt = prompt.ok_or("there is no prompt `fix`")?;
        prompt.render(&question.values)
    }

    /// Takes in the replies to the questions, one for each, and keeps the patches that
    /// hold; `test` runs the tests of a patched tree.
    pub fn hear(&mut self, replies: Vec<FixReply>, mut test: Option<&mut FixTest<'_>>) {
        let mut replies = replies.into_iter();
        for mut open in std::mem::take(&mut self.open) {
            let why = "no answer".to_owned();
            let (summary, edits, by) = match replies.next().unwrap_or(FixReply::Failed(why)) {
                FixReply::Failed(why) => {
                    self.leave(&open.finding, why);
                    continue;
                }
                FixReply::Patch { edits, by, .. } if edits.is_empty() => {
                    let why = format!("{by} sees no way to mend it");
                    self.leave(&open.finding, why);
                    continue;
                }
                FixReply::Patch { summary, edits, by } => (summary, edits, by),
            };
            let Some(now) = self.judged.find(&open.finding).cloned() else {
                self.leave(&open.finding, "it went with another fix".to_owned());
                continue;
            };
            let attempts = open.failed.len() + 1;
            let tried = match &mut test {
                Some(test) => self.attempt(&now, &edits, Some(&mut **test)),
                None => self.attempt(&now, &edits, None),
            };
            match tried {
                Ok(changes) => self.fixes.push(ModelFix {
                    title: self.title(&now, &summary),
                    finding: now,
                    by,
                    attempts,
                    is_tested: test.is_some(),
                    edits: changes,
                }),
                Err(refusal) if attempts >= self.options.fixes.attempts_max.max(1) => {
                    let why = match attempts {
                        1 => format!("the patch of {by} is refused: {refusal}"),
                        _ => format!(
                            "{attempts} patches of {by} are refused, the last one: {refusal}"
                        ),
                    };
                    self.leave(&now, why);
                }
                Err(refusal) => {
                    open.failed.push(Failure { refusal, edits });
                    self.open.push(open);
                }
            }
        }
    }

    /// Tries a patch; returns what it changes when it holds.
    fn attempt(
        &mut self,
        finding: &Finding,
        edits: &[FixEdit],
        test: Option<&mut FixTest<'_>>,
    ) -> Result<BTreeMap<RepoPath, Vec<Edit>>, FixRefusal> {
        let room = || FixRefusal::NotShown(finding.location.path.to_display());
        let (files, _) = self.shown(finding).ok_or_else(room)?;
        let changes = resolve(edits, &files)?;
        let mut texts = Texts::new();
        for (path, edits) in &changes {
            let text = self.overlay.text(path, self.settings.limits.file_bytes_max);
            let fix = fix_of(String::new(), edits);
            let patched = text.and_then(|text| {
                let patched = fix.apply(text.as_str())?;
                Some(Arc::new(text.with_text(patched)))
            });
            texts.insert(path.clone(), patched.ok_or(FixRefusal::Overlap)?);
        }
        let now = (&self.overlay, &self.judged);
        let (patched, judged) = prove(finding, now, &texts, &self.settings)?;
        if let Some(test) = test {
            test(&patched).map_err(FixRefusal::TestFails)?;
        }
        if self.order == FixOrder::Together {
            self.overlay = patched;
            self.judged = judged;
        }
        Ok(changes)
    }

    /// Returns what a patch does: in the model's words when they are plain, else in ours.
    fn title(&self, finding: &Finding, summary: &str) -> String {
        let own = format!("Mend {}", finding.rule);
        let Some((files, _)) = self.shown(finding) else {
            return own;
        };
        let masked = &files[0].masked;
        let said = clean(summary, masked);
        let said = said.trim_end_matches('.');
        let fits = TITLE_CHARS.contains(&said.chars().count());
        match fits && is_remark(said, &masked.text, &self.options.prompts) {
            true => said.to_owned(),
            false => own,
        }
    }

    /// Ends it; what is still open is left.
    pub fn finish(mut self) -> ModelMended {
        for open in std::mem::take(&mut self.open) {
            self.leave(&open.finding, "nobody was asked".to_owned());
        }
        let mut diff = String::new();
        for (path, text) in self.overlay.patched() {
            let bytes_max = self.settings.limits.file_bytes_max;
            if let Some(before) = self.overlay.original(path, bytes_max) {
                diff.push_str(&shown_difference(path, &before, text, &self.settings));
            }
        }
        ModelMended {
            fixes: self.fixes,
            left: self.left,
            texts: self.overlay.patched().clone(),
            diff,
        }
    }
}

fn fix_of(title: String, edits: &[Edit]) -> Fix {
    Fix {
        title,
        safety: FixSafety::Unsafe,
        edits: edits.to_vec(),
    }
}

/// Puts fixes that stand each for itself into a report, where a format can show them: in
/// the finding's own file. `about` tells who was asked and at what cost.
pub fn attach_fixes(
    (subject, settings): (Subject<'_>, &Settings),
    mended: &ModelMended,
    about: &str,
    report: &mut Report,
) {
    let mut attached = 0;
    for fix in &mended.fixes {
        let path = &fix.finding.location.path;
        let own = fix.edits.get(path).filter(|_| fix.edits.len() == 1);
        let Some(edits) = own else { continue };
        let finding = report.findings.iter_mut().find(|one| {
            key(one) == key(&fix.finding)
                && one.location.span == fix.finding.location.span
                && one.location.path == *path
        });
        if let Some(finding) = finding {
            finding.fix = Some(fix_of(fix.title.clone(), edits));
            show_fix((subject, settings), finding);
            attached += 1;
        }
    }
    let asked = mended.fixes.len() + mended.left.len();
    if asked > 0 {
        let note = format!(
            "{about} mended {attached} of {}; each fix was applied, parsed and analysed again",
            counted(asked, "finding")
        );
        report.overview.notes.push(note);
    }
    report.recommendations = advice::recommendations(report);
}

/// Cuts the lines that a fix changes out of the finding's file.
fn show_fix((subject, settings): (Subject<'_>, &Settings), finding: &mut Finding) {
    let overlay = Overlay::new(subject);
    let path = finding.location.path.clone();
    let bytes_max = settings.limits.file_bytes_max;
    let Some(text) = overlay.text(&path, bytes_max) else {
        return;
    };
    let file = subject.change.files.iter().find(|file| {
        let head = file.head.as_ref();
        head.is_some_and(|head| head.path == path)
    });
    let base = file.and_then(|file| file.base.as_ref()).and_then(|base| {
        let bytes = subject.tree.read(base, bytes_max).ok()?;
        SourceText::decode(bytes).ok()
    });
    let base = base.unwrap_or_else(|| SourceText::from_text(""));
    let mapping = LineMapping::new(diff_lines(&base, &text));
    let masked = crate::redact::mask_file(&path, &text, None, &settings.secret_rules);
    frame::fill(finding, &masked.text, &mapping);
}
