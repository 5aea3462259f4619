//! What a delivery of a forge asks for: a repository that is new, a pull request
//! that was pushed to, a review that is wanted again.

use assay_auth::{OrganisationId, Scope};
use assay_forge::{
    CheckRunEvent, Event, InstallationAction, PullAction, PullEvent, PullId, RepositoryRef,
    TextAction, parse_github, parse_gitlab,
};
use assay_source::ErrorKind;
use assay_store::{
    Claim, Delivery, DeliveryId, ForgeInstallationId, ForgeName, InstallationState,
    NewForgeInstallation, NewRepository, Page, RepositoryId, ReviewId, Tx,
};

use super::command::Orders;
use super::forge::{ForgeClient, ForgeTools};
use super::pull_request::ask;
use super::trouble::Trouble;
use super::{Worker, feedback, ignored};
use crate::job::{HandleDelivery, Job as _};

/// Pull requests of one check that are looked at.
const PULLS_MAX: usize = 20;

/// A commit of a pull request that is to be reviewed.
struct Wish {
    number: u64,
    base: String,
    head: String,
    /// Whether somebody asked for it by hand, so that it is reviewed although it
    /// was before.
    is_again: bool,
}

/// What is to be done about a delivery.
#[derive(Default)]
struct Asked {
    wishes: Vec<Wish>,
    orders: Option<Orders>,
    /// Who we are, where it matters that it was not us.
    me: Option<String>,
}

impl Worker {
    pub(super) async fn handle_delivery(&self, claim: &Claim) -> Result<(), Trouble> {
        let job = HandleDelivery::read(&claim.payload, claim.payload_version)?;
        let id = DeliveryId::parse(&job.delivery)?;
        let system = &self.0.scope;
        let delivery = {
            let mut tx = self.0.app.store().read().await?;
            tx.delivery_get(system, id).await?
        };
        let read = read(&delivery)?;
        if let (ForgeName::GitHub, Event::PullRequest(_), Some(repository)) =
            (delivery.forge, &read.event, &read.repository)
        {
            let (host, body) = (&delivery.host, &delivery.body);
            self.pull_warm(host, &repository.name, body).await;
        }
        // What has to be asked of the forge is asked before anything is locked.
        let asked = self.asked(&delivery, &read).await?;
        let mut tx = self.0.app.store().begin().await?;
        tx.task_hold(system, claim.lease).await?;
        self.keep(&mut tx, &delivery, &read, &asked).await?;
        tx.delivery_finish(system, id, None).await?;
        tx.task_complete(system, claim.lease, None).await?;
        tx.commit().await?;
        Ok(())
    }

    /// Returns what is to be done.
    async fn asked(
        &self,
        delivery: &Delivery,
        read: &assay_forge::Delivery,
    ) -> Result<Asked, Trouble> {
        let mut asked = Asked::default();
        let (Some(tools), Some(repository)) = (self.tools(delivery.forge), &read.repository) else {
            return Ok(asked);
        };
        if let Event::PullRequest(pull) = &read.event {
            asked.wishes.extend(of_pull(pull, tools));
        }
        if !asks(&read.event, tools) {
            return Ok(asked);
        }
        let installation = read.installation;
        let client = tools.client.for_repository(&repository.name, installation);
        let client = client.await?;
        match &read.event {
            Event::CheckSuite(suite) if suite.is_again => {
                asked.wishes = of_numbers(&client, repository, &suite.pulls).await?;
            }
            Event::CheckRun(run) if run.name == tools.check_name => {
                let pulls = self.pulls_of_run(run).await?;
                asked.wishes = of_numbers(&client, repository, &pulls).await?;
            }
            Event::IssueComment(comment) | Event::ReviewComment(comment)
                if comment.is_pull && comment.action == TextAction::Created =>
            {
                asked.orders = self.orders(&client, read, repository, comment).await?;
            }
            Event::ReviewComment(comment) if comment.action == TextAction::Deleted => {
                asked.me = Some(client.name().await?);
            }
            Event::ReviewThread(_) => asked.me = Some(client.name().await?),
            _ => {}
        }
        Ok(asked)
    }

    /// Returns the pull requests of a check run. For one of a fork the forge names
    /// none, but we know which review it is.
    async fn pulls_of_run(&self, run: &CheckRunEvent) -> Result<Vec<u64>, Trouble> {
        if !run.pulls.is_empty() {
            return Ok(run.pulls.clone());
        }
        let review = run.external_id.as_deref();
        let Some(Ok(review)) = review.map(ReviewId::parse) else {
            return Ok(Vec::new());
        };
        let mut tx = self.0.app.store().read().await?;
        let review = tx.review_get(&self.0.scope, review).await?;
        let number = review
            .pull_request
            .and_then(|number| number.try_into().ok());
        Ok(number.into_iter().collect())
    }

    async fn keep(
        &self,
        tx: &mut Tx,
        delivery: &Delivery,
        read: &assay_forge::Delivery,
        asked: &Asked,
    ) -> Result<(), Trouble> {
        let organisation = self.owner(tx, delivery, read).await?;
        let scope = self.0.scope.within(organisation)?;
        tx.delivery_assign(&self.0.scope, delivery.id, organisation)
            .await?;
        let installation = installation(tx, (&self.0.scope, &scope), delivery, read).await?;
        let Some(repository) = &read.repository else {
            return Ok(());
        };
        let repository = put(tx, &scope, delivery, repository, installation).await?;
        if !tx.repository_get(&scope, repository).await?.is_enabled {
            return Ok(());
        }
        for wish in &asked.wishes {
            let on = (repository, wish.number);
            if !wish.is_again && ignored::is_paused(tx, &scope, on).await? {
                continue;
            }
            let revisions = (wish.base.as_str(), wish.head.as_str());
            ask(
                &self.0.app,
                tx,
                &scope,
                repository,
                wish.number,
                revisions,
                wish.is_again,
            )
            .await?;
        }
        if let Some(orders) = &asked.orders {
            orders.follow(&self.0.app, tx, &scope, repository).await?;
        }
        feedback::told(tx, &scope, repository, read, asked.me.as_deref()).await
    }

    /// Returns whose a delivery is: that of its installation, or of who was there
    /// first.
    async fn owner(
        &self,
        tx: &mut Tx,
        delivery: &Delivery,
        read: &assay_forge::Delivery,
    ) -> Result<OrganisationId, Trouble> {
        if let Some(installation) = read.installation {
            let id = installation.0.to_string();
            let known = tx
                .forge_installation_find(&self.0.scope, delivery.forge, &delivery.host, &id)
                .await?;
            if let Some(known) = known {
                return Ok(known.organisation);
            }
        }
        let first = tx
            .organisation_list(&self.0.scope, Page::first(1))
            .await?
            .into_iter()
            .next();
        let first = first.map(|organisation| organisation.id);
        first.ok_or_else(|| Trouble::new(ErrorKind::Unavailable, "there is no organisation yet"))
    }
}

/// Returns whether the forge has to be asked what an event means.
fn asks(event: &Event, tools: &ForgeTools) -> bool {
    match event {
        Event::CheckSuite(suite) => suite.is_again,
        Event::CheckRun(run) => run.name == tools.check_name,
        Event::IssueComment(comment) | Event::ReviewComment(comment) => comment.is_pull,
        Event::ReviewThread(_) => true,
        _ => false,
    }
}

/// Reads what was kept of a webhook: its event, its number, and its JSON.
fn read(delivery: &Delivery) -> Result<assay_forge::Delivery, Trouble> {
    let header = |name: &str| match name {
        "x-github-event" | "x-gitlab-event" => Some(delivery.event.as_str()),
        "x-github-delivery" | "idempotency-key" => Some(delivery.external_id.as_str()),
        "content-type" => Some("application/json"),
        _ => None,
    };
    Ok(match delivery.forge {
        ForgeName::GitHub => parse_github(header, &delivery.body)?,
        ForgeName::GitLab => parse_gitlab(header, &delivery.body)?,
    })
}

/// Returns the pull requests as they are now.
async fn of_numbers(
    client: &ForgeClient,
    repository: &RepositoryRef,
    numbers: &[u64],
) -> Result<Vec<Wish>, Trouble> {
    let mut wishes = Vec::new();
    for &number in numbers.iter().take(PULLS_MAX) {
        let repo = repository.name.clone();
        let pull = client.pull(&PullId { repo, number }).await?;
        wishes.push(Wish {
            number,
            base: pull.base,
            head: pull.head,
            is_again: true,
        });
    }
    Ok(wishes)
}

fn of_pull(pull: &PullEvent, tools: &ForgeTools) -> Option<Wish> {
    let changes = match pull.action {
        PullAction::Opened
        | PullAction::Synchronize { .. }
        | PullAction::Reopened
        | PullAction::ReadyForReview => true,
        PullAction::Edited { base_changed } => base_changed,
        PullAction::ConvertedToDraft | PullAction::Labeled { .. } | PullAction::Closed { .. } => {
            false
        }
    };
    (changes && (tools.reviews_drafts || !pull.is_draft)).then(|| Wish {
        number: pull.number,
        base: pull
            .base
            .as_ref()
            .map_or_else(String::new, |sha| sha.as_str().to_owned()),
        head: pull.head.as_str().to_owned(),
        // Against another branch it is another change.
        is_again: matches!(pull.action, PullAction::Edited { .. }),
    })
}

/// Keeps the installation of a delivery. Whose one is, only the system knows.
async fn installation(
    tx: &mut Tx,
    (system, scope): (&Scope, &Scope),
    delivery: &Delivery,
    read: &assay_forge::Delivery,
) -> Result<Option<ForgeInstallationId>, Trouble> {
    let Some(number) = read.installation else {
        return Ok(None);
    };
    let external_id = number.0.to_string();
    let known = tx
        .forge_installation_find(system, delivery.forge, &delivery.host, &external_id)
        .await?;
    let change = match &read.event {
        Event::Installation(change) => Some(change),
        _ => None,
    };
    if let (Some(known), None) = (&known, change) {
        return Ok(Some(known.id));
    }
    let account = change.and_then(|change| change.account.as_ref());
    let account = account.map(|account| account.login.clone());
    let owner = || {
        let repository = read.repository.as_ref();
        repository.map_or_else(String::new, |it| it.name.owner().to_owned())
    };
    let new = NewForgeInstallation {
        forge: delivery.forge,
        host: delivery.host.clone(),
        external_id,
        account: account.unwrap_or_else(owner),
    };
    let id = tx.forge_installation_put(scope, &new).await?;
    if let Some(change) = change {
        let state = match change.action {
            InstallationAction::Deleted => InstallationState::Deleted,
            InstallationAction::Suspended => InstallationState::Suspended,
            InstallationAction::Created
            | InstallationAction::Unsuspended
            | InstallationAction::NewPermissions
            | InstallationAction::Repositories => InstallationState::Active,
        };
        tx.forge_installation_set_state(scope, id, state).await?;
    }
    Ok(Some(id))
}

async fn put(
    tx: &mut Tx,
    scope: &Scope,
    delivery: &Delivery,
    repository: &RepositoryRef,
    installation: Option<ForgeInstallationId>,
) -> Result<RepositoryId, Trouble> {
    let new = NewRepository {
        installation,
        forge: delivery.forge,
        host: delivery.host.clone(),
        external_id: repository.id.to_string(),
        owner: repository.name.owner().to_owned(),
        name: repository.name.name().to_owned(),
        default_branch: repository.default_branch.clone().unwrap_or_default(),
        is_private: repository.is_private,
    };
    Ok(tx.repository_put(scope, &new).await?)
}

/// Says that a delivery's work failed, so that a delivery of the same number is
/// taken for new.
pub(super) async fn give_up(
    tx: &mut Tx,
    scope: &Scope,
    claim: &Claim,
    trouble: &Trouble,
) -> Result<(), assay_store::Error> {
    if let Ok(job) = HandleDelivery::read(&claim.payload, claim.payload_version)
        && let Ok(id) = DeliveryId::parse(&job.delivery)
    {
        tx.delivery_finish(scope, id, Some(&trouble.problem))
            .await?;
    }
    Ok(())
}
