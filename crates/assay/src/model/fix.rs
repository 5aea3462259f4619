//! Fixes that a language model writes, with the models of the user's configuration and,
//! where the user names one, a test command.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use anyhow::Context as _;
use assay_app::fix_with_model;
use assay_finding::{Finding, Identity, Report, RuleId};
use assay_llm::{Model, Recorder};
use assay_review::{FixOrder, FixTest, Mending, ModelMended, Settings, Subject};
use assay_source::{FileTree, RepoPath, SourceText};

use super::ModelStep;
use crate::output;
use crate::tool::Trial;

/// What is mended, and from what.
pub(crate) struct Mend<'m> {
    /// Files that were mended without a model.
    pub(crate) texts: &'m BTreeMap<RepoPath, Arc<SourceText>>,
    /// The review.
    pub(crate) report: &'m Report,
    /// Which findings.
    pub(crate) is_wanted: &'m dyn Fn(&Finding) -> bool,
    /// The tests that have to pass, as somebody typed them.
    pub(crate) test: Option<&'m str>,
}

/// What makes a finding the same in another run over the same code.
pub(super) fn key(finding: &Finding) -> (RuleId, Identity) {
    (finding.rule.clone(), finding.identity)
}

/// Returns the findings of a review that are offered fixes.
pub(super) fn offered(report: &Report) -> BTreeSet<(RuleId, Identity)> {
    let wanted = report
        .findings
        .iter()
        .filter(|one| one.counts() && one.fix.is_none());
    wanted.map(key).collect()
}

impl ModelStep {
    /// Lets models mend what was found. Returns what came of it and who was asked, or why
    /// nobody could be.
    ///
    /// # Errors
    ///
    /// A test command that makes no sense, and the transcript's file.
    pub(crate) fn fix(
        self,
        both: (Subject<'_>, &Settings),
        mend: &Mend<'_>,
    ) -> anyhow::Result<Result<(ModelMended, String), String>> {
        let options = self.options.clone();
        let trial = Trial::prepare(self.trial.clone(), mend.test)?;
        let from = (mend.texts, mend.report);
        let mending = Mending::new(both, from, options, FixOrder::Together, mend.is_wanted);
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .context("the runtime cannot be started")?;
        let transcript = self.transcript.clone();
        let opened = match self.open() {
            Ok(opened) => opened,
            Err(why) => return Ok(Err(why)),
        };
        let recorder = Arc::new(Recorder::new(opened.model));
        let asked: Arc<dyn Model> = Arc::<Recorder<_>>::clone(&recorder);
        let hint = Some(opened.hint.as_str());
        let mended = match &trial {
            None => runtime.block_on(fix_with_model(mending, asked, hint, None)),
            Some(trial) => {
                let mut run = |tree: &dyn FileTree| trial.run(tree);
                let test: &mut FixTest<'_> = &mut run;
                runtime.block_on(fix_with_model(mending, asked, hint, Some(test)))
            }
        };
        if let Some(path) = &transcript {
            let text = recorder.transcript();
            output::write_file(path, |out| out.write_all(text.as_bytes()))?;
        }
        Ok(Ok(mended))
    }
}
