//! Posting a review on GitHub: list what is there, do what is missing, look again
//! whenever an answer leaves open whether it was done.
//!
//! Invariant: a remark is sent only after a listing of the same call showed that
//! it is not there, and never again before the next listing once it was sent.

use std::collections::{HashMap, HashSet, VecDeque};

use crate::error::ForgeError;
use crate::name::CommitSha;
use crate::post::{
    Dialect, Draft, Marker, Place, Plan, PostOutcome, PostRequest, Posted, Progress, Resolver,
    fixed_body, put_summary, recall, review_marker,
};

use super::GitHub;
use super::model::{Account, AppIdentity, Review, ReviewThread, Verdict};
use super::talk::Conversation;

/// Requests that make comments in one call, after which it gives up.
const STEPS_MAX: usize = 400;

/// Why a post ended before its time.
enum Stop {
    Moved(String),
    Failed(ForgeError),
}

impl From<ForgeError> for Stop {
    fn from(error: ForgeError) -> Self {
        Self::Failed(error)
    }
}

/// What a refused review means.
#[derive(Debug, PartialEq, Eq)]
enum Refusal {
    /// There is a pending review of ours.
    Pending,
    /// It is our own pull request.
    Own,
    /// The commit is not the head any more.
    Commit,
    /// One of the comments is wrong.
    Comment,
}

impl Refusal {
    fn read(error: &ForgeError) -> Option<Self> {
        if error.status() != Some(422) {
            return None;
        }
        Some(if error.says("pending review") {
            Self::Pending
        } else if error.says("own pull request") {
            Self::Own
        } else if error.says("commit_id") || error.says("commit is not part") {
            Self::Commit
        } else {
            Self::Comment
        })
    }
}

/// What may be done about a pending review of ours.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Pending {
    /// There is none any more.
    Cleared,
    /// A person's draft, written with the same token.
    OfAPerson,
}

impl GitHub {
    /// Makes a pull request show the review. May be called any number of times
    /// and stopped at any moment: it goes on from what is there.
    pub async fn post_review(&self, request: &PostRequest<'_>) -> Result<PostOutcome, ForgeError> {
        let me = self.whoami().await?;
        let mut post = Post {
            github: self,
            request,
            me,
            verdict: request.verdict,
            progress: Progress::new(request, Dialect::GitHub),
        };
        match post.run().await {
            Ok(()) => Ok(PostOutcome::Posted(post.progress.posting)),
            Err(Stop::Moved(head)) => Ok(PostOutcome::HeadMoved { head }),
            Err(Stop::Failed(error)) => Err(error),
        }
    }
}

/// One call of it.
struct Post<'a> {
    github: &'a GitHub,
    request: &'a PostRequest<'a>,
    me: AppIdentity,
    verdict: Verdict,
    progress: Progress<'a>,
}

impl Post<'_> {
    async fn run(&mut self) -> Result<(), Stop> {
        self.check_head().await?;
        let talk = Conversation {
            github: self.github,
            pull: self.request.pull,
            me: &self.me,
        };
        recall(&mut self.progress, &talk).await?;
        let threads = self.threads().await?;
        let mut posted = self.posted(&threads).await?;
        let mut plan = self.progress.plan(&posted);
        if !plan.create.is_empty() {
            if self.clear_pending().await? == Pending::OfAPerson {
                self.progress
                    .problem("a draft of a review is open, so remarks stand in the summary");
                self.progress
                    .refused
                    .extend(plan.create.iter().map(|draft| draft.fingerprint));
            } else {
                self.create(&plan).await?;
            }
            posted = self.posted(&threads).await?;
            plan = self.progress.plan(&posted);
            if !plan.create.is_empty() {
                // What was made is not listed yet; whoever calls again will see it.
                return Err(Stop::Failed(ForgeError::TooManySteps {
                    what: "posting a review",
                    steps_max: STEPS_MAX,
                }));
            }
        }
        self.update(&plan, &posted).await?;
        if self.request.rules.is_addition {
            plan.account(self.request.remarks, &posted, &mut self.progress.posting);
            return Ok(());
        }
        self.resolve(&plan, &posted).await?;
        plan.account(self.request.remarks, &posted, &mut self.progress.posting);
        self.summary(&plan).await?;
        self.state_verdict().await
    }

    async fn check_head(&self) -> Result<(), Stop> {
        let pull = self.github.pull(self.request.pull).await?;
        if pull.head.sha == self.request.commit.as_str() {
            return Ok(());
        }
        Err(Stop::Moved(pull.head.sha))
    }

    fn is_me(&self, account: Option<&Account>) -> bool {
        self.me.is(account)
    }

    /// Returns the threads by their first comments. Without the right to see
    /// them none count as resolved.
    async fn threads(&mut self) -> Result<HashMap<u64, ReviewThread>, Stop> {
        let listed = match self.github.review_threads(self.request.pull).await {
            Ok(listed) => listed,
            Err(error @ (ForgeError::Query { .. } | ForgeError::Refused { .. })) => {
                self.progress
                    .problem(format!("threads cannot be read: {error}"));
                return Ok(HashMap::new());
            }
            Err(error) => return Err(error.into()),
        };
        let by_comment = listed.items.into_iter().filter_map(|thread| {
            let comment = thread.first_comment?;
            Some((comment, thread))
        });
        Ok(by_comment.collect())
    }

    async fn posted(&mut self, threads: &HashMap<u64, ReviewThread>) -> Result<Vec<Posted>, Stop> {
        let listed = self.github.review_comments(self.request.pull).await?;
        if !listed.is_complete {
            // Without the whole list something might be said twice.
            let why = "the pull request has more comments than are read";
            return Err(Stop::Failed(ForgeError::Setting(why.into())));
        }
        let mut posted = Vec::new();
        for comment in listed.items {
            let Some(Marker::Remark {
                fingerprint,
                is_fixed,
            }) = Marker::read(&comment.body)
            else {
                continue;
            };
            if comment.in_reply_to_id.is_some() || !self.is_me(comment.user.as_ref()) {
                continue;
            }
            let thread = threads.get(&comment.id);
            posted.push(Posted {
                fingerprint,
                comment: comment.id,
                body: comment.body,
                thread: thread.map(|thread| thread.id.clone()),
                resolver: self.resolver(thread),
                lines: (comment.start_line.or(comment.line), comment.line),
                is_outdated: comment.line.is_none(),
                is_marked_fixed: is_fixed,
            });
        }
        Ok(posted)
    }

    fn resolver(&self, thread: Option<&ReviewThread>) -> Resolver {
        let Some(thread) = thread.filter(|thread| thread.is_resolved) else {
            return Resolver::Nobody;
        };
        let bare = |login: &str| login.trim_end_matches("[bot]").to_ascii_lowercase();
        match &thread.resolved_by {
            Some(login) if bare(login) == bare(&self.me.login) => Resolver::Us,
            _ => Resolver::Another,
        }
    }

    /// Deletes what an earlier call left pending. A person's draft is left alone.
    async fn clear_pending(&mut self) -> Result<Pending, Stop> {
        let reviews = self.github.reviews(self.request.pull).await?.items;
        for review in reviews {
            if review.state != "PENDING" || !self.is_me(review.user.as_ref()) {
                continue;
            }
            if !self.me.is_app && !self.is_ours(&review).await? {
                return Ok(Pending::OfAPerson);
            }
            self.github
                .review_delete_pending(self.request.pull, review.id)
                .await?;
        }
        Ok(Pending::Cleared)
    }

    async fn is_ours(&self, review: &Review) -> Result<bool, Stop> {
        if review.body.as_deref().and_then(Marker::read).is_some() {
            return Ok(true);
        }
        let comments = self
            .github
            .review_own_comments(self.request.pull, review.id)
            .await?;
        let is_marked = |body: &str| Marker::read(body).is_some();
        let comments = comments.items;
        Ok(!comments.is_empty() && comments.iter().all(|comment| is_marked(&comment.body)))
    }

    /// Makes the comments of a plan in batches.
    async fn create(&mut self, plan: &Plan) -> Result<(), Stop> {
        let batch_max = self.request.rules.batch_max.clamp(1, 50);
        let mut batches: VecDeque<Vec<Draft>> = plan
            .create
            .chunks(batch_max)
            .map(<[Draft]>::to_vec)
            .collect();
        let mut pending_left = 2;
        for _ in 0..STEPS_MAX {
            let Some(batch) = batches.pop_front() else {
                return Ok(());
            };
            let verdict = if batches.is_empty() {
                self.verdict
            } else {
                Verdict::Comment
            };
            let Err(error) = self.send_batch(&batch, verdict).await else {
                self.progress.posting.created += batch.len();
                continue;
            };
            if error.maybe_done() {
                self.unclear(error).await?;
                batches.push_front(batch);
                self.drop_standing(&mut batches).await?;
                continue;
            }
            match Refusal::read(&error) {
                None => return Err(error.into()),
                Some(Refusal::Pending) if pending_left > 0 => {
                    pending_left -= 1;
                    batches.push_front(batch);
                    if self.clear_pending().await? == Pending::OfAPerson {
                        self.refuse(&batches, "a draft of a review is open");
                        return Ok(());
                    }
                }
                Some(Refusal::Pending) => {
                    batches.push_front(batch);
                    self.refuse(&batches, "a pending review is in the way");
                    return Ok(());
                }
                Some(Refusal::Own) if self.verdict != Verdict::Comment => {
                    self.verdict = Verdict::Comment;
                    batches.push_front(batch);
                }
                Some(Refusal::Commit) => {
                    self.check_head().await?;
                    return Err(error.into());
                }
                Some(Refusal::Own | Refusal::Comment) => self.split(batch, &mut batches).await?,
            }
        }
        Err(Stop::Failed(ForgeError::TooManySteps {
            what: "posting a review",
            steps_max: STEPS_MAX,
        }))
    }

    async fn send_batch(&self, batch: &[Draft], verdict: Verdict) -> Result<(), ForgeError> {
        let comments: Vec<(Place, String)> = batch
            .iter()
            .map(|draft| (draft.place.clone(), draft.body.clone()))
            .collect();
        let body = self.review_body(batch.len());
        let request = self.request;
        self.github
            .review_create(request.pull, request.commit, verdict, &body, &comments)
            .await
            .map(drop)
    }

    fn review_body(&self, remarks: usize) -> String {
        let commit = self.request.commit.short();
        let what = match remarks {
            0 => "Reviewed".to_owned(),
            1 => "1 remark on".to_owned(),
            count => format!("{count} remarks on"),
        };
        format!("{what} {commit}.\n\n{}", review_marker())
    }

    /// Narrows a refused batch down: halves, then the comment by itself, then the
    /// summary.
    async fn split(
        &mut self,
        mut batch: Vec<Draft>,
        batches: &mut VecDeque<Vec<Draft>>,
    ) -> Result<(), Stop> {
        if batch.len() > 1 {
            let rest = batch.split_off(batch.len() / 2);
            batches.push_front(rest);
            batches.push_front(batch);
            return Ok(());
        }
        let Some(draft) = batch.pop() else {
            return Ok(());
        };
        let request = self.request;
        let made = self
            .github
            .review_comment_create(request.pull, request.commit, &draft.place, &draft.body)
            .await;
        match made {
            Ok(_) => self.progress.posting.created += 1,
            Err(error) if error.maybe_done() => {
                self.unclear(error).await?;
                batches.push_front(vec![draft]);
                self.drop_standing(batches).await?;
            }
            Err(error) if error.status() == Some(422) => {
                self.progress
                    .problem(format!("{}: {error}", draft.place.path));
                self.progress.refused.insert(draft.fingerprint);
            }
            Err(error) => return Err(error.into()),
        }
        Ok(())
    }

    fn refuse(&mut self, batches: &VecDeque<Vec<Draft>>, why: &str) {
        self.progress
            .problem(format!("{why}, so remarks stand in the summary"));
        let drafts = batches.iter().flatten();
        self.progress
            .refused
            .extend(drafts.map(|draft| draft.fingerprint));
    }

    /// Waits until what may have been made is listed, or gives up.
    async fn unclear(&mut self, error: ForgeError) -> Result<(), Stop> {
        let world = self.github.world();
        Ok(self.progress.unclear(error, world).await?)
    }

    /// Takes out of the batches what stands there by now.
    async fn drop_standing(&mut self, batches: &mut VecDeque<Vec<Draft>>) -> Result<(), Stop> {
        let posted = self.posted(&HashMap::new()).await?;
        let standing: HashSet<_> = posted.iter().map(|posted| posted.fingerprint).collect();
        for batch in batches.iter_mut() {
            let before = batch.len();
            batch.retain(|draft| !standing.contains(&draft.fingerprint));
            self.progress.posting.created += before - batch.len();
        }
        batches.retain(|batch| !batch.is_empty());
        Ok(())
    }

    async fn update(&mut self, plan: &Plan, posted: &[Posted]) -> Result<(), Stop> {
        for (at, body) in &plan.update {
            let repo = &self.request.pull.repo;
            let comment = posted[*at].comment;
            let changed = self.github.review_comment_update(repo, comment, body).await;
            match changed {
                Ok(_) => self.progress.posting.updated += 1,
                // Somebody deleted it meanwhile.
                Err(error) if error.status() == Some(404) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    async fn resolve(&mut self, plan: &Plan, posted: &[Posted]) -> Result<(), Stop> {
        for &at in &plan.reopen {
            let Some(thread) = &posted[at].thread else {
                continue;
            };
            match self.github.thread_unresolve(thread).await {
                Ok(()) => self.progress.posting.reopened.push(posted[at].fingerprint),
                Err(error @ ForgeError::Query { .. }) => {
                    self.progress
                        .problem(format!("a thread cannot be opened again: {error}"));
                }
                Err(error) => return Err(error.into()),
            }
        }
        for &at in &plan.resolve {
            self.resolve_one(&posted[at]).await?;
        }
        Ok(())
    }

    async fn resolve_one(&mut self, posted: &Posted) -> Result<(), Stop> {
        if let Some(thread) = &posted.thread {
            match self.github.thread_resolve(thread).await {
                Ok(()) => {
                    self.progress.posting.resolved.push(posted.fingerprint);
                    return Ok(());
                }
                Err(error @ ForgeError::Query { .. }) => {
                    self.progress
                        .problem(format!("a thread cannot be resolved: {error}"));
                }
                Err(error) => return Err(error.into()),
            }
        }
        // Without the right to resolve it, the comment itself says so.
        let commit = self.request.commit.short();
        let body = fixed_body(posted.fingerprint, &posted.body, commit);
        let repo = &self.request.pull.repo;
        let changed = self
            .github
            .review_comment_update(repo, posted.comment, &body)
            .await;
        match changed {
            Ok(_) => self.progress.posting.resolved.push(posted.fingerprint),
            Err(error) if error.status() == Some(404) => {}
            Err(error) => return Err(error.into()),
        }
        Ok(())
    }

    async fn summary(&mut self, plan: &Plan) -> Result<(), Stop> {
        let talk = Conversation {
            github: self.github,
            pull: self.request.pull,
            me: &self.me,
        };
        Ok(put_summary(&mut self.progress, &talk, plan).await?)
    }

    /// Makes the last word of our reviews the one that is wanted.
    async fn state_verdict(&mut self) -> Result<(), Stop> {
        let request = self.request;
        loop {
            let reviews = self.github.reviews(request.pull).await?.items;
            let last = reviews.iter().rev().find(|review| {
                self.is_me(review.user.as_ref())
                    && matches!(review.state.as_str(), "APPROVED" | "CHANGES_REQUESTED")
            });
            let stated = match last {
                Some(last) if self.verdict == Verdict::Comment => {
                    // Requests of an earlier review do not hold any more.
                    let why = format!("Superseded by the review of {}.", request.commit.short());
                    self.github
                        .review_dismiss(request.pull, last.id, &why)
                        .await
                }
                Some(last) if is_said(last, self.verdict, request.commit) => return Ok(()),
                None if self.verdict == Verdict::Comment => return Ok(()),
                _ => {
                    let body = self.review_body(0);
                    self.github
                        .review_create(request.pull, request.commit, self.verdict, &body, &[])
                        .await
                }
            };
            match stated {
                Ok(_) => return Ok(()),
                Err(error) if error.maybe_done() => {
                    self.unclear(error).await?;
                }
                Err(error) if Refusal::read(&error) == Some(Refusal::Own) => {
                    self.verdict = Verdict::Comment;
                    self.progress
                        .problem("a pull request of our own is only commented");
                    return Ok(());
                }
                Err(error) if matches!(error.status(), Some(403 | 404 | 422)) => {
                    self.progress
                        .problem(format!("the verdict could not be set: {error}"));
                    return Ok(());
                }
                Err(error) => return Err(error.into()),
            }
        }
    }
}

fn is_said(review: &Review, verdict: Verdict, commit: &CommitSha) -> bool {
    let is_at_head = review.commit_id.as_deref() == Some(commit.as_str());
    // A request for changes holds over pushes; an approval is of one commit.
    review.state == verdict.state() && (is_at_head || verdict == Verdict::RequestChanges)
}
