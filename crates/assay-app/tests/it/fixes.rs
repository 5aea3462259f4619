//! Fixes that a model writes, in several languages: a patch that holds is taken, and each
//! that does not is refused with its reason, also when the model obeys hostile text.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use assay_app::{fix_with_model, offer_fixes};
use assay_finding::Finding;
use assay_llm::{
    Answer, Ask, Boxed, Call, Content, LlmError, Message, Model, ModelId, Outcome, Recorder, Replay,
};
use assay_review::{
    FixLimits, FixOrder, FixTest, Mending, ModelMended, ModelOptions, NoProgress, Settings,
    Subject, review,
};
use assay_source::FileTree;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::texts::Texts;

#[derive(Deserialize)]
struct Cases {
    case: Vec<Case>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    name: String,
    rule: String,
    #[serde(default)]
    mended: bool,
    why: Option<String>,
    attempts: usize,
    title: Option<String>,
    test: Option<String>,
    #[serde(default)]
    orders: bool,
    file: Vec<CaseFile>,
    answer: Vec<CaseAnswer>,
}

#[derive(Deserialize)]
struct CaseFile {
    path: String,
    base: Option<String>,
    head: String,
}

#[derive(Deserialize)]
struct CaseAnswer {
    summary: String,
    #[serde(default)]
    edits: Vec<CaseEdit>,
}

#[derive(Deserialize)]
struct CaseEdit {
    path: String,
    line: u32,
    old: String,
    new: String,
}

impl CaseAnswer {
    fn value(&self) -> Value {
        let edits = self.edits.iter().map(
            |edit| json!({"path": edit.path, "line": edit.line, "old": edit.old, "new": edit.new}),
        );
        json!({"summary": self.summary, "edits": edits.collect::<Vec<_>>()})
    }
}

/// A model that gives its answers in turn, the last one for ever.
struct Scripted {
    id: ModelId,
    answers: Vec<Value>,
    asked: Mutex<Vec<String>>,
}

impl Scripted {
    fn new(answers: Vec<Value>) -> Self {
        Self {
            id: ModelId::new("scripted", "mender"),
            answers,
            asked: Mutex::default(),
        }
    }
}

impl Model for Scripted {
    fn id(&self) -> &ModelId {
        &self.id
    }

    fn ask<'a>(&'a self, ask: &'a Ask, call: Call<'a>) -> Boxed<'a, Result<Answer, LlmError>> {
        assert!(ask.tools.is_empty(), "the model has no tools");
        assert_eq!(call.purpose.task, "fix");
        let mut asked = self.asked.lock().unwrap();
        let at = asked.len().min(self.answers.len() - 1);
        match ask.messages.first() {
            Some(Message::User(text)) => asked.push(text.clone()),
            other => panic!("{other:?}"),
        }
        let content = Content {
            text: self.answers[at].to_string(),
            calls: Vec::new(),
        };
        let answer = Answer {
            model: self.id.clone(),
            outcome: Outcome::Complete(content),
            usage: None,
            cost: None,
            attempts: 1,
        };
        Box::pin(async move { Ok(answer) })
    }
}

fn settings() -> Settings {
    Settings::new("test", jiff::civil::date(2026, 1, 1))
}

fn texts_of(case: &Case) -> Texts {
    let files = case.file.iter();
    Texts::new(files.map(|one| (one.path.as_str(), one.base.as_deref(), one.head.as_str())))
}

fn subject(texts: &Texts) -> Subject<'_> {
    Subject {
        change: &texts.0,
        tree: texts,
        is_scan: false,
    }
}

fn run<T>(work: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().build();
    runtime.unwrap().block_on(work)
}

/// Lets a model mend the findings of a rule.
fn mend(case: &Case, texts: &Texts, model: Arc<dyn Model>) -> ModelMended {
    let settings = settings();
    let report = review(subject(texts), &settings, &NoProgress);
    let is_wanted = |finding: &Finding| finding.rule.as_str() == case.rule;
    let mending = Mending::new(
        (subject(texts), &settings),
        (&BTreeMap::new(), &report),
        ModelOptions::default(),
        FixOrder::Together,
        &is_wanted,
    );
    let Some(part) = &case.test else {
        return run(fix_with_model(mending, model, None, None)).0;
    };
    let mut holds = |tree: &dyn FileTree| {
        let files = tree.list().unwrap();
        let mut texts = files.iter().map(|file| tree.read(file, 1 << 20).unwrap());
        let is_there = texts.any(|text| String::from_utf8(text).unwrap().contains(part));
        is_there.then_some(()).ok_or(format!("no {part}"))
    };
    let test: &mut FixTest<'_> = &mut holds;
    run(fix_with_model(mending, model, None, Some(test))).0
}

/// Returns what came of each finding, and the whole patch.
fn told(mended: &ModelMended) -> Vec<String> {
    let fixes = mended.fixes.iter().map(|fix| {
        let place = &fix.finding.location;
        let (path, line) = (place.path.to_display(), place.start.line);
        format!(
            "{path}:{line} {} {} {}",
            fix.finding.rule, fix.title, fix.attempts
        )
    });
    let left = mended.left.iter().map(|left| {
        let path = left.path.to_display();
        format!("{path}:{} {}", left.line, left.why)
    });
    fixes.chain(left).chain([mended.diff.clone()]).collect()
}

fn check(case: &Case) -> Result<(), String> {
    let texts = texts_of(case);
    let answers = case.answer.iter().map(CaseAnswer::value).collect();
    let model = Arc::new(Scripted::new(answers));
    let recorder = Arc::new(Recorder::new(
        Arc::<Scripted>::clone(&model) as Arc<dyn Model>
    ));
    let mended = mend(
        case,
        &texts,
        Arc::<Recorder<_>>::clone(&recorder) as Arc<dyn Model>,
    );
    let said = told(&mended);
    let asked = model.asked.lock().unwrap().clone();
    if asked.len() != case.attempts {
        return Err(format!("{} questions: {said:#?}", asked.len()));
    }
    match (&mended.fixes[..], &mended.left[..], &case.why) {
        ([fix], [], None) if case.mended => {
            if let Some(title) = &case.title
                && fix.title != *title
            {
                return Err(format!("the title is {}", fix.title));
            }
            if fix.is_tested != case.test.is_some() || fix.attempts != case.attempts {
                return Err(format!("{} attempts, {}", fix.attempts, fix.checks()));
            }
            if !mended.diff.starts_with("--- a/") || mended.texts.is_empty() {
                return Err(format!("the patch is {}", mended.diff));
            }
        }
        ([], [left], Some(why)) if left.why.contains(why.as_str()) => {
            if !mended.diff.is_empty() || !mended.texts.is_empty() {
                return Err(format!("a refused patch is left: {}", mended.diff));
            }
        }
        _ => return Err(format!("{said:#?}")),
    }
    if let Some(second) = asked.get(1)
        && !second.contains("ATTEMPT 1: ")
    {
        return Err(format!("it is not told what failed: {second}"));
    }
    // The same answers again give the same, byte for byte.
    let replay = Replay::parse(&recorder.transcript()).map_err(|why| why.to_string())?;
    let again = told(&mend(case, &texts, Arc::new(replay)));
    match again == said {
        true => Ok(()),
        false => Err(format!("again it is {again:#?}")),
    }
}

fn cases() -> Vec<Case> {
    let text = include_str!("../../../../evals/fix/cases.toml");
    toml::from_str::<Cases>(text).unwrap().case
}

#[test]
fn a_patch_that_holds_is_taken_and_every_other_refused_with_its_reason() {
    let cases = cases();
    assert!(cases.iter().filter(|case| case.mended).count() >= 10);
    assert!(cases.iter().filter(|case| case.orders).count() >= 10);
    let next = Mutex::new(cases.iter());
    let failed = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                loop {
                    let Some(case) = next.lock().unwrap().next() else {
                        break;
                    };
                    if let Err(why) = check(case) {
                        failed.lock().unwrap().push(format!("{}: {why}", case.name));
                    }
                }
            });
        }
    });
    let failed = failed.into_inner().unwrap();
    let count = cases.len();
    assert!(
        failed.is_empty(),
        "{} of {count} failed; {failed:#?}",
        failed.len()
    );
}

const TWO: &str = "\
def size(count):
    if count > 100:
        return \"large\"
    elif count > 100:
        return \"medium\"
    return \"small\"


def age(years):
    if years > 60:
        return \"old\"
    elif years > 60:
        return \"middle\"
    return \"young\"
";

fn patch(line: u32, old: &str, new: &str) -> Value {
    json!({"summary": "Compare with a lower limit", "edits": [
        {"path": "two.py", "line": line, "old": old, "new": new},
    ]})
}

fn two_answers() -> Vec<Value> {
    vec![
        patch(4, "    elif count > 100:", "    elif count > 10:"),
        patch(12, "    elif years > 60:", "    elif years > 30:"),
    ]
}

#[test]
fn fixes_build_on_each_other_or_stand_each_for_itself() {
    let texts = Texts::new([("two.py", None, TWO)].into_iter());
    let settings = settings();
    let report = review(subject(&texts), &settings, &NoProgress);
    let both = (subject(&texts), &settings);
    for order in [FixOrder::Together, FixOrder::Apart] {
        let none = BTreeMap::new();
        let options = ModelOptions::default();
        let is_wanted = |one: &Finding| one.rule.as_str() == "correctness/duplicate-condition";
        let mending = Mending::new(both, (&none, &report), options, order, &is_wanted);
        let model = Arc::new(Scripted::new(two_answers()));
        let (mended, _) = run(fix_with_model(mending, model, None, None));
        assert_eq!(mended.fixes.len(), 2, "{:#?}", told(&mended));
        let text = mended.texts.values().next().map(|text| text.as_str());
        let is_together = order == FixOrder::Together;
        assert_eq!(text.is_some(), is_together);
        assert!(text.is_none_or(|text| text.contains("> 10:") && text.contains("> 30:")));
    }
}

#[test]
fn a_review_offers_fixes_with_the_lines_that_they_change() {
    let texts = Texts::new([("two.py", None, TWO)].into_iter());
    let settings = settings();
    let mut report = review(subject(&texts), &settings, &NoProgress);
    let both = (subject(&texts), &settings);
    let none = BTreeMap::new();
    let options = ModelOptions {
        fixes: FixLimits {
            findings_max: 1,
            ..FixLimits::default()
        },
        ..ModelOptions::default()
    };
    let is_wanted = |one: &Finding| one.rule.as_str() == "correctness/duplicate-condition";
    let from = (&none, &report);
    let mending = Mending::new(both, from, options, FixOrder::Apart, &is_wanted);
    let model: Arc<dyn Model> = Arc::new(Scripted::new(two_answers()));
    run(offer_fixes(both, mending, model, None, &mut report));
    let fixed: Vec<&Finding> = report
        .findings
        .iter()
        .filter(|one| one.fix.is_some())
        .collect();
    assert_eq!(fixed.len(), 1, "no more than is allowed");
    let fix = fixed[0].fix.as_ref().unwrap();
    assert_eq!(fix.title, "Compare with a lower limit");
    assert!(fix.apply(TWO).unwrap().contains("elif count > 10:"));
    let notes = report.overview.notes.join(" ");
    assert!(
        notes.contains("scripted/mender mended 1 of 2 findings"),
        "{notes}"
    );
    let mut out = Vec::new();
    let options = assay_finding::render::RenderOptions::default();
    let format = assay_finding::render::Format::Remarks;
    assay_finding::render::render(&report, format, &options, &mut out).unwrap();
    let remarks: Value = serde_json::from_slice(&out).unwrap();
    let remarks = remarks["remarks"].as_array().unwrap().iter();
    let suggested: Vec<&Value> = remarks
        .map(|remark| &remark["suggestion"])
        .filter(|suggestion| !suggestion.is_null())
        .collect();
    assert_eq!(
        suggested,
        [&json!({
            "start_line": 4, "end_line": 4,
            "before": ["    elif count > 100:"], "after": ["    elif count > 10:"],
        })]
    );
}
