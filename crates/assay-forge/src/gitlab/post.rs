//! Posting a review on GitLab. Each remark is a discussion of its own, so there
//! is nothing to bisect; the rest is as on GitHub: list, do what is missing, look
//! again whenever an answer leaves open whether it was done.

use crate::error::ForgeError;
use crate::post::{
    Dialect, Draft, Marker, Plan, PostOutcome, PostRequest, Posted, Progress, Resolver, fixed_body,
    put_summary, recall,
};

use super::GitLab;
use super::model::{DiffRefs, Discussion, GitLabUser};
use super::talk::Conversation;

/// Times that what was made is looked for, in one call.
const STEPS_MAX: usize = 4;

impl GitLab {
    /// Makes a merge request show the review. May be called any number of times
    /// and stopped at any moment: it goes on from what is there. GitLab knows no
    /// request for changes; what the review says on the whole is the commit
    /// status.
    pub async fn post_review(&self, request: &PostRequest<'_>) -> Result<PostOutcome, ForgeError> {
        let found = self.pull(request.pull).await?;
        let head = found.sha.unwrap_or_default();
        if head != request.commit.as_str() {
            return Ok(PostOutcome::HeadMoved { head });
        }
        let refs = found.diff_refs.filter(|refs| refs.head_sha == head);
        let mut post = Post {
            gitlab: self,
            request,
            me: self.whoami().await?,
            refs: refs.ok_or_else(|| {
                ForgeError::Unreadable("GitLab has not worked out the change yet".into())
            })?,
            progress: Progress::new(request, Dialect::GitLab),
        };
        post.run().await?;
        Ok(PostOutcome::Posted(post.progress.posting))
    }
}

/// One call of it.
struct Post<'a> {
    gitlab: &'a GitLab,
    request: &'a PostRequest<'a>,
    me: GitLabUser,
    refs: DiffRefs,
    progress: Progress<'a>,
}

impl Post<'_> {
    async fn run(&mut self) -> Result<(), ForgeError> {
        let talk = Conversation {
            gitlab: self.gitlab,
            pull: self.request.pull,
            me: &self.me,
            discussion: None,
        };
        recall(&mut self.progress, &talk).await?;
        let mut posted = self.posted().await?;
        let mut plan = self.progress.plan(&posted);
        if !plan.create.is_empty() {
            self.create(&plan.create).await?;
            posted = self.posted().await?;
            plan = self.progress.plan(&posted);
            if !plan.create.is_empty() {
                return Err(ForgeError::TooManySteps {
                    what: "posting a review",
                    steps_max: STEPS_MAX,
                });
            }
        }
        self.update(&plan, &posted).await?;
        if self.request.rules.is_addition {
            plan.account(self.request.remarks, &posted, &mut self.progress.posting);
            return Ok(());
        }
        self.resolve(&plan, &posted).await?;
        plan.account(self.request.remarks, &posted, &mut self.progress.posting);
        self.summary(&plan).await
    }

    async fn posted(&self) -> Result<Vec<Posted>, ForgeError> {
        let listed = self.gitlab.discussions(self.request.pull).await?;
        if !listed.is_complete {
            let why = "the merge request has more discussions than are read";
            return Err(ForgeError::Setting(why.into()));
        }
        let items = listed.items.into_iter();
        Ok(items.filter_map(|found| self.posted_one(found)).collect())
    }

    fn posted_one(&self, discussion: Discussion) -> Option<Posted> {
        let note = discussion.notes.into_iter().next()?;
        let Marker::Remark {
            fingerprint,
            is_fixed,
        } = Marker::read(&note.body)?
        else {
            return None;
        };
        let position = note.position.filter(|_| note.author.id == self.me.id)?;
        let resolver = match (note.resolved, note.resolved_by) {
            (false, _) => Resolver::Nobody,
            (true, Some(by)) if by.id == self.me.id => Resolver::Us,
            // Without a name it was a push, which is no opinion.
            (true, None) => Resolver::Us,
            (true, Some(_)) => Resolver::Another,
        };
        Some(Posted {
            fingerprint,
            comment: note.id,
            body: note.body,
            thread: Some(discussion.id),
            resolver,
            // A suggestion says itself how many lines above go too.
            lines: (None, position.new_line),
            is_outdated: position.head_sha.as_deref() != Some(self.refs.head_sha.as_str()),
            is_marked_fixed: is_fixed,
        })
    }

    async fn create(&mut self, drafts: &[Draft]) -> Result<(), ForgeError> {
        let request = self.request;
        for draft in drafts {
            loop {
                let made = self
                    .gitlab
                    .discussion_create(
                        request.pull,
                        &self.refs,
                        request.anchors,
                        &draft.place,
                        &draft.body,
                    )
                    .await;
                match made {
                    Ok(_) => {}
                    Err(error) if error.maybe_done() => {
                        self.progress.unclear(error, self.gitlab.world()).await?;
                        let posted = self.posted().await?;
                        if !posted.iter().any(|p| p.fingerprint == draft.fingerprint) {
                            continue;
                        }
                    }
                    Err(error) if matches!(error.status(), Some(400 | 422)) => {
                        self.progress
                            .problem(format!("{}: {error}", draft.place.path));
                        self.progress.refused.insert(draft.fingerprint);
                        break;
                    }
                    Err(error) => return Err(error),
                }
                self.progress.posting.created += 1;
                break;
            }
        }
        Ok(())
    }

    async fn update(&mut self, plan: &Plan, posted: &[Posted]) -> Result<(), ForgeError> {
        for (at, body) in &plan.update {
            self.update_one(&posted[*at], body).await?;
            self.progress.posting.updated += 1;
        }
        Ok(())
    }

    async fn update_one(&self, posted: &Posted, body: &str) -> Result<(), ForgeError> {
        let pull = self.request.pull;
        match self.gitlab.note_update(pull, posted.comment, body).await {
            // Somebody deleted it meanwhile.
            Err(error) if error.status() == Some(404) => Ok(()),
            result => result.map(drop),
        }
    }

    async fn resolve(&mut self, plan: &Plan, posted: &[Posted]) -> Result<(), ForgeError> {
        let steps = plan.reopen.iter().map(|at| (*at, false));
        let steps = steps.chain(plan.resolve.iter().map(|at| (*at, true)));
        for (at, is_resolved) in steps {
            let posted = &posted[at];
            let discussion = posted.thread.as_deref().unwrap_or_default();
            let pull = self.request.pull;
            let set = self
                .gitlab
                .discussion_resolve(pull, discussion, is_resolved);
            match set.await {
                Ok(()) => {}
                Err(error) if matches!(error.status(), Some(401 | 403)) => {
                    self.progress
                        .problem(format!("a discussion cannot be resolved: {error}"));
                    if !is_resolved {
                        continue;
                    }
                    let commit = self.request.commit.short();
                    let body = fixed_body(posted.fingerprint, &posted.body, commit);
                    self.update_one(posted, &body).await?;
                }
                Err(error) if error.status() == Some(404) => continue,
                Err(error) => return Err(error),
            }
            let list = if is_resolved {
                &mut self.progress.posting.resolved
            } else {
                &mut self.progress.posting.reopened
            };
            list.push(posted.fingerprint);
        }
        Ok(())
    }

    async fn summary(&mut self, plan: &Plan) -> Result<(), ForgeError> {
        let talk = Conversation {
            gitlab: self.gitlab,
            pull: self.request.pull,
            me: &self.me,
            discussion: None,
        };
        put_summary(&mut self.progress, &talk, plan).await
    }
}
