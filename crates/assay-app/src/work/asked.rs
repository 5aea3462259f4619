//! The answer to a question that the API was asked: the repository is fetched at a
//! revision, passages are found by a process of its own, and a model answers from them
//! where the organisation lets it.

use assay_auth::{OrganisationId, Scope};
use assay_store::{Claim, Question, QuestionId, Repository, Tx};
use serde::Deserialize;

use super::Worker;
use super::models::SeatFor;
use super::trouble::Trouble;
use crate::job::{AnswerQuestion, Job as _};
use crate::question::{QuestionAnswer, QuestionCitation, QuestionPassage, SaidAnswer};

/// What the process writes, as far as it is kept.
#[derive(Deserialize)]
struct FoundWire {
    answer: Option<SaidWire>,
    answer_problem: Option<String>,
    passages: Vec<QuestionPassage>,
}

#[derive(Deserialize)]
struct SaidWire {
    text: String,
    citations: Vec<QuestionCitation>,
}

impl From<FoundWire> for QuestionAnswer {
    fn from(found: FoundWire) -> Self {
        let said = |said: SaidWire| SaidAnswer {
            text: said.text,
            citations: said.citations,
        };
        Self {
            said: found.answer.map(said),
            model_problem: found.answer_problem,
            passages: found.passages,
        }
    }
}

/// What a task ends with whose question was removed meanwhile.
const GONE: &str = "the question is gone";

impl Worker {
    pub(super) async fn answer_question(&self, claim: &Claim) -> Result<(), Trouble> {
        let job = AnswerQuestion::read(&claim.payload, claim.payload_version)?;
        let organisation = claim.organisation;
        let organisation =
            organisation.ok_or_else(|| Trouble::broken("the question is nobody's"))?;
        let scope = self.0.scope.within(organisation)?;
        let id = QuestionId::parse(&job.question)?;
        let Some(question) = self.begin_question(&scope, id).await? else {
            return self.complete(claim, Some(GONE)).await;
        };
        let (head, answer) = self
            .find_answer(organisation, &scope, &job, &question)
            .await?;
        let answer = serde_json::to_string(&answer)
            .map_err(|error| Trouble::broken(format!("an answer: {error}")))?;
        let mut tx = self.0.app.store().begin().await?;
        tx.task_hold(&self.0.scope, claim.lease).await?;
        match tx.question_finish(&scope, id, (&head, &answer)).await {
            Ok(()) | Err(assay_store::Error::NotFound(_)) => {}
            Err(error) => return Err(error.into()),
        }
        tx.task_complete(&self.0.scope, claim.lease, None).await?;
        tx.commit().await?;
        Ok(())
    }

    /// Says that the work on a question began; none when it is gone or over.
    async fn begin_question(
        &self,
        scope: &Scope,
        id: QuestionId,
    ) -> Result<Option<Question>, Trouble> {
        let mut tx = self.0.app.store().begin().await?;
        match tx.question_start(scope, id).await {
            Ok(()) => {}
            Err(assay_store::Error::NotFound(_)) => return Ok(None),
            Err(error) => return Err(error.into()),
        }
        let question = tx.question_get(scope, id).await?;
        tx.commit().await?;
        Ok(Some(question))
    }

    /// Returns the commit that was looked at, and what was found there.
    async fn find_answer(
        &self,
        organisation: OrganisationId,
        scope: &Scope,
        job: &AnswerQuestion,
        question: &Question,
    ) -> Result<(String, QuestionAnswer), Trouble> {
        let asked = &question.asked;
        // No pull request has the number: only the way to the repository is wanted.
        let name = asked.repository.to_string();
        let (reached, repository) = self.reach(organisation, &name, 0).await?;
        let (folder, head) = self
            .fetch_revision(&reached, &repository, &asked.revision)
            .await?;
        let seat = match job.asks_model {
            true => {
                let seat = self.seat_for_question(scope, question, &repository);
                seat.await?
            }
            false => None,
        };
        let talk = seat.as_ref().map(|seat| seat.talk(None));
        let process = &self.0.tools.process;
        let at = (folder.as_path(), head.as_str());
        let found = process.ask(at, &asked.text, job.passages_max, talk).await;
        if let Some(seat) = &seat {
            self.leave_seat(scope, seat).await;
        }
        let found: FoundWire = serde_json::from_slice(&found?)
            .map_err(|error| Trouble::broken(format!("the passages: {error}")))?;
        Ok((head, found.into()))
    }

    async fn seat_for_question(
        &self,
        scope: &Scope,
        question: &Question,
        repository: &Repository,
    ) -> Result<Option<super::models::Seat>, Trouble> {
        let login = match question.asked.user {
            None => None,
            Some(user) => {
                let mut tx = self.0.app.store().read().await?;
                // Who is not there any more has no budget of their own.
                tx.user_get(scope, user).await.ok().map(|user| user.login)
            }
        };
        let asked = SeatFor {
            key: format!("question:{}", question.id),
            name: "this question",
            review: None,
            repository,
            user: question.asked.user,
            login,
            change: None,
            is_wanted: |setting| setting.ask,
            cast: None,
        };
        self.seat(scope, asked).await
    }
}

/// Says that there will be no answer.
pub(super) async fn give_up(
    tx: &mut Tx,
    scope: &Scope,
    claim: &Claim,
    trouble: &Trouble,
) -> Result<(), assay_store::Error> {
    let Ok(job) = AnswerQuestion::read(&claim.payload, claim.payload_version) else {
        return Ok(());
    };
    let id = QuestionId::parse(&job.question);
    let scope = claim.organisation.map(|id| scope.within(id));
    if let (Ok(id), Some(Ok(scope))) = (id, scope) {
        let problem = trouble.public.as_deref().unwrap_or(&trouble.problem);
        tx.question_abandon(&scope, id, problem).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{FoundWire, QuestionAnswer};

    #[test]
    fn what_the_process_writes_is_read() {
        let passage = r#"{"path":"a.py","uri":"a.py","line":3,"first_line":2,"last_line":5,"kind":"function","name":"check","score":1.5,"reasons":["words"],"text":"def check():"}"#;
        for (answer, is_said) in [
            ("null", false),
            (
                r#"{"text":"There [1].","citations":[{"passage":1,"path":"a.py","line":3}]}"#,
                true,
            ),
        ] {
            let text = format!(
                r#"{{"version":1,"question":"q","answer":{answer},"answer_problem":null,"passages":[{passage}],"index":{{}}}}"#
            );
            let found: FoundWire = serde_json::from_str(&text).unwrap();
            let answer = QuestionAnswer::from(found);
            assert_eq!(answer.said.is_some(), is_said);
            assert_eq!(answer.passages[0].line, 3);
        }
    }
}
