//! The rules of this program, and what came of them in an organisation: how often each
//! found something that a change brought, and what people thought of it.

use std::collections::HashMap;

use assay_auth::Permission;
use assay_finding::RuleMeta;
use assay_review::model_rules;
use assay_rules::{Rule, rule_by_id, rules};
use assay_store::{RuleFigures, Verdict};

use crate::app::App;
use crate::caller::Caller;
use crate::error::Error;

/// Figures are of so many days.
pub const RULE_FIGURE_DAYS: i64 = 90;
const DAY_MS: i64 = 86_400_000;

/// A rule.
#[derive(Clone, Debug)]
pub struct RuleView {
    /// What reports say about it.
    pub meta: RuleMeta,
    /// Whether it runs when nobody says otherwise.
    pub is_on: bool,
    /// Whether its findings can come with a fix.
    pub has_fix: bool,
    /// The languages that it reads, by id; none means every text.
    pub languages: &'static [&'static str],
    /// Whether a language model says it and not the program.
    pub is_of_model: bool,
    /// What came of it.
    pub figures: RuleCounts,
}

/// What came of a rule.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RuleCounts {
    /// How often it found something that a change brought.
    pub introduced: i64,
    /// How often somebody agreed.
    pub accepted: i64,
    /// How often somebody did not.
    pub rejected: i64,
    /// How often the code was changed for it.
    pub fixed: i64,
    /// How often nothing was done.
    pub ignored: i64,
}

/// A rule with the rest of its documentation.
#[derive(Clone, Debug)]
pub struct RuleDetail {
    /// The rule.
    pub rule: RuleView,
    /// Its examples: the kind, the language, the text.
    pub examples: Vec<(&'static str, String, String)>,
    /// The numbers that can be set for it.
    pub options: &'static [assay_rules::NumberOption],
}

impl App {
    /// Lists the rules, sorted by id.
    pub async fn rule_list(&self, caller: &Caller) -> Result<Vec<RuleView>, Error> {
        let scope = caller.authorise(Permission::ReviewRead)?;
        let figures = self.rule_figures(&scope).await?;
        let mut found: Vec<_> = rules().iter().map(view).collect();
        found.extend(model_rules().into_iter().map(said));
        found.sort_by(|one, other| one.meta.id.as_str().cmp(other.meta.id.as_str()));
        for rule in &mut found {
            rule.figures = figures
                .get(rule.meta.id.as_str())
                .copied()
                .unwrap_or_default();
        }
        Ok(found)
    }

    /// Returns a rule with its examples.
    pub async fn rule_get(&self, caller: &Caller, id: &str) -> Result<RuleDetail, Error> {
        let scope = caller.authorise(Permission::ReviewRead)?;
        let mut detail = match rule_by_id(id) {
            Some(rule) => RuleDetail {
                rule: view(rule),
                examples: examples(rule),
                options: rule.options(),
            },
            None => {
                let said = model_rules()
                    .into_iter()
                    .find(|meta| meta.id.as_str() == id)
                    .map(said);
                RuleDetail {
                    rule: said.ok_or(assay_store::Error::NotFound("rule"))?,
                    examples: Vec::new(),
                    options: &[],
                }
            }
        };
        let figures = self.rule_figures(&scope).await?;
        detail.rule.figures = figures.get(id).copied().unwrap_or_default();
        Ok(detail)
    }

    async fn rule_figures(
        &self,
        scope: &assay_auth::Scope,
    ) -> Result<HashMap<String, RuleCounts>, Error> {
        let since_ms = self.now_ms().saturating_sub(RULE_FIGURE_DAYS * DAY_MS);
        let mut tx = self.store().read_lagging().await?;
        let RuleFigures { found, judged } = tx.rule_figures(scope, since_ms).await?;
        let mut figures: HashMap<String, RuleCounts> = HashMap::new();
        for (rule, count) in found {
            figures.entry(rule).or_default().introduced = count;
        }
        for (rule, verdict, count) in judged {
            let counts = figures.entry(rule).or_default();
            let place = match verdict {
                Verdict::Accepted => &mut counts.accepted,
                Verdict::Rejected => &mut counts.rejected,
                Verdict::Fixed => &mut counts.fixed,
                Verdict::Ignored => &mut counts.ignored,
            };
            *place = count;
        }
        Ok(figures)
    }
}

fn view(rule: &'static Rule) -> RuleView {
    RuleView {
        meta: rule.meta(),
        is_on: rule.is_on_by_default(),
        has_fix: rule.has_fix(),
        languages: rule.languages(),
        is_of_model: false,
        figures: RuleCounts::default(),
    }
}

/// A kind of remark that language models make, when they are asked.
fn said(meta: RuleMeta) -> RuleView {
    RuleView {
        meta,
        is_on: false,
        has_fix: false,
        languages: &[],
        is_of_model: true,
        figures: RuleCounts::default(),
    }
}

fn examples(rule: &'static Rule) -> Vec<(&'static str, String, String)> {
    use assay_rules::ExampleKind;
    let examples = rule.document().examples.iter();
    let examples = examples.map(|example| {
        let kind = match example.kind {
            ExampleKind::Bad => "bad",
            ExampleKind::Good => "good",
            ExampleKind::Fixed => "fixed",
        };
        (kind, example.language.clone(), example.text.clone())
    });
    examples.collect()
}
