//! Experiments with prompts: their arms, which of them a review was of, and what came of it.

use assay_auth::Scope;

use crate::transaction::{Page, organisation_of};
use crate::value::{Row, args};
use crate::word::words;
use crate::{
    Error, ExperimentId, ModelQualityRow, PromptId, PromptVersion, RepositoryId, ReviewId,
    ReviewState, Tx, Verdict,
};

/// Experiments of an organisation.
pub const EXPERIMENTS_MAX: i64 = 500;
/// Reviews of an experiment that are looked at, the first ones.
pub const EXPERIMENT_REVIEWS_MAX: i64 = 20_000;
/// Judgements of an experiment that are looked at.
const JUDGED_MAX: i64 = 100_000;
/// Arms of an experiment.
const ARMS_MAX: i64 = 16;

words! {
    /// How far an experiment is.
    ExperimentState as "state of an experiment" {
        /// Reviews are of its arms.
        Running = "running",
        /// It is over.
        Stopped = "stopped",
    }
}

/// An experiment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Experiment {
    /// Which one.
    pub id: ExperimentId,
    /// What it asks.
    pub asked: NewExperiment,
    /// How far it is.
    pub state: ExperimentState,
    /// The arm whose version was activated.
    pub promoted: Option<i64>,
    /// How often it was changed: what a change refers to.
    pub version: i64,
    /// Who started it.
    pub created_by: String,
    /// When.
    pub created_ms: i64,
    /// When it was stopped.
    pub stopped_ms: Option<i64>,
}

/// An experiment that is started.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewExperiment {
    /// With which prompt.
    pub prompt: PromptId,
    /// What it is to find out.
    pub title: String,
    /// The difference of shares that is to be seen, in points of a hundred.
    pub smallest: i64,
    /// So many judgements each arm needs for that.
    pub planned: i64,
}

/// An arm of an experiment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ExperimentArm {
    /// Its number, from 0: the first is what the others are compared with.
    pub arm: i64,
    /// The version of the prompt.
    pub number: i64,
    /// How large its part is to that of the others.
    pub weight: i64,
}

/// An arm of a running experiment with its template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunningArm {
    /// The experiment.
    pub experiment: ExperimentId,
    /// The prompt.
    pub prompt: PromptId,
    /// The arm.
    pub arm: ExperimentArm,
    /// Its template.
    pub version: PromptVersion,
}

/// A review of an arm.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExperimentReview {
    /// Of which arm.
    pub arm: i64,
    /// Which review.
    pub review: ReviewId,
    /// Of which repository.
    pub repository: Option<RepositoryId>,
    /// Of which pull request.
    pub pull_request: Option<i64>,
    /// How far it is.
    pub state: ReviewState,
    /// How long it took.
    pub duration_ms: Option<i64>,
    /// What its calls of models cost, in billionths of a dollar.
    pub cost_nanos: Option<i64>,
    /// What was counted of the answers.
    pub quality: Option<ModelQualityRow>,
}

/// A remark of a model in a review of an arm, with a judgement of it if there is one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExperimentRemark {
    /// Of which arm.
    pub arm: i64,
    /// Of which repository.
    pub repository: Option<RepositoryId>,
    /// Of which pull request.
    pub pull_request: Option<i64>,
    /// Which finding.
    pub fingerprint: String,
    /// Of which rule.
    pub rule: String,
    /// What somebody thought of it.
    pub verdict: Option<Verdict>,
}

const EXPERIMENT: &str = "experiment";

fn experiment(row: &Row) -> Result<Experiment, Error> {
    Ok(Experiment {
        id: row.id("id")?,
        asked: NewExperiment {
            prompt: row.id("prompt_id")?,
            title: row.get("title")?,
            smallest: row.get("smallest")?,
            planned: row.get("planned")?,
        },
        state: ExperimentState::parse(&row.get::<String>("state")?)?,
        promoted: row.get("promoted")?,
        version: row.get("version")?,
        created_by: row.get("created_by")?,
        created_ms: row.get("created_ms")?,
        stopped_ms: row.get("stopped_ms")?,
    })
}

fn arm(row: &Row) -> Result<ExperimentArm, Error> {
    Ok(ExperimentArm {
        arm: row.get("arm")?,
        number: row.get("number")?,
        weight: row.get("weight")?,
    })
}

fn running(row: &Row) -> Result<RunningArm, Error> {
    Ok(RunningArm {
        experiment: row.id("experiment_id")?,
        prompt: row.id("prompt_id")?,
        arm: arm(row)?,
        version: PromptVersion {
            number: row.get("number")?,
            text: row.get("text")?,
            note: row.get("note")?,
            author: row.get("author")?,
            created_ms: row.get("created_ms")?,
        },
    })
}

fn reviewed(row: &Row) -> Result<ExperimentReview, Error> {
    let quality = match row.get::<Option<i64>>("asked")? {
        None => None,
        Some(asked) => Some(ModelQualityRow {
            asked,
            whole: row.get("whole")?,
            remarks: row.get("remarks")?,
            wrong: row.get("wrong")?,
            beside: row.get("beside")?,
            kept: row.get("kept")?,
            actionable: row.get("actionable")?,
        }),
    };
    Ok(ExperimentReview {
        arm: row.get("arm")?,
        review: row.id("id")?,
        repository: row.id_or_none("repository_id")?,
        pull_request: row.get("pull_request")?,
        state: ReviewState::parse(&row.get::<String>("state")?)?,
        duration_ms: row.get("duration_ms")?,
        cost_nanos: row.get("cost_nanos")?,
        quality,
    })
}

fn remarked(row: &Row) -> Result<ExperimentRemark, Error> {
    let verdict = row.get::<Option<String>>("verdict")?;
    Ok(ExperimentRemark {
        arm: row.get("arm")?,
        repository: row.id_or_none("repository_id")?,
        pull_request: row.get("pull_request")?,
        fingerprint: row.get("fingerprint")?,
        rule: row.get("rule")?,
        verdict: verdict.as_deref().map(Verdict::parse).transpose()?,
    })
}

impl Tx {
    /// Starts an experiment. While one runs with the prompt there is no other.
    pub async fn experiment_insert(
        &mut self,
        scope: &Scope,
        new: &NewExperiment,
        arms: &[ExperimentArm],
    ) -> Result<ExperimentId, Error> {
        let organisation = organisation_of(scope)?;
        self.prompt_get(scope, new.prompt).await?;
        let id = ExperimentId::new(self.store.clock(), self.store.randomness());
        let sql = "INSERT INTO experiment (id, organisation_id, prompt_id, title, smallest, \
                   planned, state, version, created_by, created_ms) \
                   SELECT $1, $2, $3, $4, $5, $6, 'running', 1, $7, $8 \
                   WHERE (SELECT count(*) FROM experiment WHERE organisation_id = $2) < $9 \
                   ON CONFLICT DO NOTHING";
        let args = args![
            id,
            organisation,
            new.prompt,
            &new.title,
            new.smallest,
            new.planned,
            scope.actor().to_string(),
            self.now_ms(),
            EXPERIMENTS_MAX,
        ];
        self.insert_new(EXPERIMENT, sql, args).await?;
        for one in arms {
            let sql = "INSERT INTO experiment_arm (organisation_id, experiment_id, arm, number, \
                       weight) VALUES ($1, $2, $3, $4, $5)";
            let args = args![organisation, id, one.arm, one.number, one.weight];
            self.execute(sql, args).await?;
        }
        Ok(id)
    }

    /// Returns an experiment.
    pub async fn experiment_get(
        &mut self,
        scope: &Scope,
        id: ExperimentId,
    ) -> Result<Experiment, Error> {
        let organisation = organisation_of(scope)?;
        let sql = "SELECT * FROM experiment WHERE id = $1 AND organisation_id = $2";
        let found = self.find(sql, args![id, organisation], experiment).await?;
        found.ok_or(Error::NotFound(EXPERIMENT))
    }

    /// Returns the experiment that runs with a prompt.
    pub async fn experiment_running(
        &mut self,
        scope: &Scope,
        prompt: PromptId,
    ) -> Result<Option<Experiment>, Error> {
        let organisation = organisation_of(scope)?;
        let sql = "SELECT * FROM experiment WHERE prompt_id = $1 AND organisation_id = $2 \
                   AND state = 'running'";
        self.find(sql, args![prompt, organisation], experiment)
            .await
    }

    /// Lists the experiments of the scope's organisation, the newest first.
    pub async fn experiment_list(
        &mut self,
        scope: &Scope,
        page: Page<ExperimentId>,
    ) -> Result<Vec<Experiment>, Error> {
        let organisation = organisation_of(scope)?;
        let sql = "SELECT * FROM experiment WHERE organisation_id = $1 \
                   AND ($2 IS NULL OR id < $2) ORDER BY id DESC LIMIT $3";
        self.list(
            sql,
            args![organisation, page.after, page.limit()],
            experiment,
        )
        .await
    }

    /// Lists the arms of an experiment.
    pub async fn experiment_arm_list(
        &mut self,
        scope: &Scope,
        id: ExperimentId,
    ) -> Result<Vec<ExperimentArm>, Error> {
        let organisation = organisation_of(scope)?;
        let sql = "SELECT * FROM experiment_arm WHERE experiment_id = $1 \
                   AND organisation_id = $2 ORDER BY arm LIMIT $3";
        self.list(sql, args![id, organisation, ARMS_MAX], arm).await
    }

    /// Lists the arms of all running experiments of the scope's organisation with their
    /// templates.
    pub async fn experiment_arms_running(
        &mut self,
        scope: &Scope,
    ) -> Result<Vec<RunningArm>, Error> {
        let organisation = organisation_of(scope)?;
        let sql = "SELECT a.experiment_id, e.prompt_id, a.arm, a.number, a.weight, v.text, \
                   v.note, v.author, v.created_ms FROM experiment AS e \
                   JOIN experiment_arm AS a ON a.experiment_id = e.id \
                   JOIN prompt_version AS v ON v.prompt_id = e.prompt_id AND v.number = a.number \
                   WHERE e.organisation_id = $1 AND e.state = 'running' \
                   ORDER BY e.id, a.arm LIMIT $2";
        let rows_max = ARMS_MAX * crate::prompt::PROMPTS_MAX;
        self.list(sql, args![organisation, rows_max], running).await
    }

    /// Stops an experiment. One that is over stays as it is.
    pub async fn experiment_stop(&mut self, scope: &Scope, id: ExperimentId) -> Result<(), Error> {
        let organisation = organisation_of(scope)?;
        let sql = "UPDATE experiment SET state = 'stopped', stopped_ms = $3, \
                   version = version + 1 WHERE id = $1 AND organisation_id = $2 \
                   AND state = 'running'";
        let args = args![id, organisation, self.now_ms()];
        self.touch(EXPERIMENT, sql, args).await
    }

    /// Says which arm's version was activated.
    pub async fn experiment_promoted(
        &mut self,
        scope: &Scope,
        id: ExperimentId,
        arm: i64,
    ) -> Result<(), Error> {
        let organisation = organisation_of(scope)?;
        let sql = "UPDATE experiment SET promoted = $3, version = version + 1 \
                   WHERE id = $1 AND organisation_id = $2";
        self.touch(EXPERIMENT, sql, args![id, organisation, arm])
            .await
    }

    /// Lists the reviews that were of an experiment, the oldest first, at most
    /// [`EXPERIMENT_REVIEWS_MAX`].
    pub async fn experiment_review_list(
        &mut self,
        scope: &Scope,
        id: ExperimentId,
    ) -> Result<Vec<ExperimentReview>, Error> {
        let organisation = organisation_of(scope)?;
        let since_ms = self.experiment_get(scope, id).await?.created_ms;
        let sql = "SELECT u.arm, r.id, r.repository_id, r.pull_request, r.state, \
                   r.finished_ms - r.started_ms AS duration_ms, c.cost_nanos, q.asked, q.whole, \
                   q.remarks, q.wrong, q.beside, q.kept, q.actionable FROM review_prompt AS u \
                   JOIN review AS r ON r.organisation_id = u.organisation_id \
                   AND r.id = u.review_id \
                   LEFT JOIN model_quality AS q ON q.review_id = u.review_id \
                   LEFT JOIN (SELECT review_id, CAST(sum(cost_nanos) AS BIGINT) AS cost_nanos \
                   FROM model_usage WHERE organisation_id = $1 AND created_ms >= $3 \
                   GROUP BY review_id) AS c ON c.review_id = u.review_id \
                   WHERE u.organisation_id = $1 AND u.experiment_id = $2 \
                   ORDER BY r.id LIMIT $4";
        let args = args![organisation, id, since_ms, EXPERIMENT_REVIEWS_MAX];
        self.list(sql, args, reviewed).await
    }

    /// Lists what models said in reviews of an experiment, each remark once for each
    /// judgement of it and once if there is none, the oldest judgements first.
    pub async fn experiment_remark_list(
        &mut self,
        scope: &Scope,
        id: ExperimentId,
    ) -> Result<Vec<ExperimentRemark>, Error> {
        let organisation = organisation_of(scope)?;
        let sql = "SELECT DISTINCT u.arm, r.repository_id, r.pull_request, f.fingerprint, \
                   f.rule, b.verdict, b.created_ms, b.id FROM review_prompt AS u \
                   JOIN review AS r ON r.organisation_id = u.organisation_id \
                   AND r.id = u.review_id \
                   JOIN finding AS f ON f.organisation_id = u.organisation_id \
                   AND f.review_id = u.review_id AND f.origin = 'introduced' \
                   AND f.rule LIKE 'model/%' \
                   LEFT JOIN (SELECT g.id, g.fingerprint, g.rule, g.verdict, g.created_ms, \
                   coalesce(m.repository_id, g.repository_id) AS repository_id, m.pull_request \
                   FROM feedback AS g LEFT JOIN remark AS m ON m.id = g.remark_id \
                   WHERE g.organisation_id = $1) AS b ON b.fingerprint = f.fingerprint \
                   AND b.rule = f.rule \
                   AND (b.repository_id IS NULL OR b.repository_id = r.repository_id) \
                   AND (b.pull_request IS NULL OR b.pull_request = r.pull_request) \
                   WHERE u.organisation_id = $1 AND u.experiment_id = $2 \
                   ORDER BY b.created_ms, b.id, f.fingerprint LIMIT $3";
        self.list(sql, args![organisation, id, JUDGED_MAX], remarked)
            .await
    }
}
