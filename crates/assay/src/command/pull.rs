//! `assay review owner/repo#12`: a pull request of a forge, fetched here and reviewed
//! like any change; with `--post` it is shown there what a server would show.

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::atomic::AtomicBool;

use anyhow::{Context as _, bail, ensure};
use assay_app::{ForgeClient, ForgeTools, PullRequestNow, Remarks, post_remarks};
use assay_forge::{
    Checkout, Endpoint, ForgeError, ForgeKind, GitHub, GitLab, GitLabToken, Identity, OnBroken,
    Policies, PullId, RepoName, Secret, pull_reference,
};
use assay_git::{FetchLimits, FetchReference, FetchRequest, Input};

use super::review::conclude;
use crate::arguments::{Global, ReportArguments, ReviewArguments};
use crate::model::ModelStep;
use crate::{cache, output, server};

/// Bytes of what is to be said on a pull request.
const REMARKS_BYTES_MAX: u64 = 256 * 1024 * 1024;
/// What the check is called, as a server calls it.
const CHECK_NAME: &str = "Assay";

/// A pull request as somebody names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PullAddress {
    kind: ForgeKind,
    /// None: the usual one.
    host: Option<String>,
    id: PullId,
}

impl PullAddress {
    /// Reads `owner/repo#12`, `group/project!12`, or the address of its page;
    /// nothing for anything else.
    pub(crate) fn parse(text: &str) -> Option<anyhow::Result<Self>> {
        let of = |kind, host: Option<&str>, repo: &str, number: &str| {
            Some(Self {
                kind,
                host: host.map(str::to_owned),
                id: PullId {
                    repo: RepoName::parse(repo)?,
                    number: number.parse().ok().filter(|number| *number > 0)?,
                },
            })
        };
        if let Some((scheme, rest)) = text.split_once("://") {
            let wrong = || anyhow::anyhow!("`{text}` is not the address of a pull request");
            if !matches!(scheme, "http" | "https") {
                return Some(Err(wrong()));
            }
            let rest = rest.split(['?', '#']).next().unwrap_or_default();
            let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
            let first = |rest: &str| rest.split('/').next().unwrap_or_default().to_owned();
            let found = if let Some((repo, rest)) = path.split_once("/-/merge_requests/") {
                of(ForgeKind::GitLab, Some(host), repo, &first(rest))
            } else if let Some((repo, rest)) = path.split_once("/pull/") {
                of(ForgeKind::GitHub, Some(host), repo, &first(rest))
            } else {
                None
            };
            return Some(found.ok_or_else(wrong));
        }
        let short = |mark: char, kind| {
            let (repo, number) = text.rsplit_once(mark)?;
            of(kind, None, repo, number)
        };
        short('#', ForgeKind::GitHub)
            .filter(|found| found.id.repo.as_str().matches('/').count() == 1)
            .or_else(|| short('!', ForgeKind::GitLab))
            .map(Ok)
    }
}

/// A forge that may be asked, and what it is shown.
struct Forge {
    kind: ForgeKind,
    api: String,
    web: String,
    token: Option<Secret>,
}

impl Forge {
    /// Finds the forge of an address. Only those that are known are asked: an
    /// address from anywhere must not lead to a machine of somebody's network, and
    /// no token to a stranger.
    fn of(address: &PullAddress) -> anyhow::Result<Self> {
        let (prefix, name, api, web) = match address.kind {
            ForgeKind::GitHub => (
                "ASSAY_GITHUB",
                "GITHUB_TOKEN",
                "https://api.github.com",
                "https://github.com",
            ),
            ForgeKind::GitLab => (
                "ASSAY_GITLAB",
                "GITLAB_TOKEN",
                "https://gitlab.com/api/v4",
                "https://gitlab.com",
            ),
        };
        let variable = |name: String| std::env::var(name).ok().filter(|value| !value.is_empty());
        let web = variable(format!("{prefix}_CLONE")).unwrap_or_else(|| web.to_owned());
        let api = variable(format!("{prefix}_API")).unwrap_or_else(|| api.to_owned());
        let known = web.split_once("://").map_or("", |(_, rest)| rest);
        let known = known.trim_end_matches('/');
        if let Some(host) = &address.host
            && !host.eq_ignore_ascii_case(known)
        {
            bail!(
                "`{host}` is not asked: the forge that is known is `{known}`; another is named by \
                 {prefix}_CLONE and {prefix}_API"
            );
        }
        let token = variable(name.to_owned()).or_else(|| variable(format!("{prefix}_TOKEN")));
        Ok(Self {
            kind: address.kind,
            api,
            web,
            token: token.map(Secret::new),
        })
    }

    fn tools(&self) -> anyhow::Result<ForgeTools> {
        let endpoint = Endpoint {
            allow_plain: server::is_local(&self.api),
            ..Endpoint::new(self.api.clone())
        };
        let (policies, world, etags) = (Policies::default(), server::world(), server::etags());
        let client = match (self.kind, &self.token) {
            (ForgeKind::GitHub, token) => {
                let identity = match token {
                    Some(token) => Identity::Tokens(vec![token.clone()]),
                    None => Identity::Anonymous,
                };
                GitHub::new(&endpoint, identity, policies, world, etags).map(ForgeClient::GitHub)
            }
            (ForgeKind::GitLab, token) => {
                let token = match token {
                    Some(token) => GitLabToken::Access(token.clone()),
                    None => GitLabToken::None,
                };
                GitLab::new(&endpoint, &token, policies, world, etags).map(ForgeClient::GitLab)
            }
        };
        Ok(ForgeTools {
            client: client.context("the client of the forge")?,
            clone_base: self.web.clone(),
            check_name: CHECK_NAME.to_owned(),
            on_broken: OnBroken::default(),
            reviews_drafts: true,
        })
    }

    /// Says what an error of the forge means for whoever typed the command.
    fn explained(&self, error: ForgeError, id: &PullId) -> anyhow::Error {
        let name = match self.kind {
            ForgeKind::GitHub => "GITHUB_TOKEN",
            ForgeKind::GitLab => "GITLAB_TOKEN",
        };
        let hint = match (&self.token, error.status()) {
            (None, Some(401 | 403 | 404)) => {
                format!("{id} is not there, or only for those who show a token; set {name}")
            }
            (Some(_), Some(404)) => {
                format!("{id} is not there, or the token of {name} may not see it")
            }
            (Some(_), Some(401 | 403)) => format!("the token of {name} is refused"),
            _ => match &error {
                ForgeError::RateLimited { wait_ms } => {
                    let hint = match self.token {
                        Some(_) => String::new(),
                        None => format!("; with {name} there is more"),
                    };
                    format!(
                        "the forge's limit is reached for {} s{hint}",
                        wait_ms / 1_000
                    )
                }
                _ => format!("{id} cannot be asked for"),
            },
        };
        anyhow::Error::new(error).context(hint)
    }
}

/// Reviews a pull request.
pub(crate) fn run(
    global: &Global,
    arguments: &ReviewArguments,
    address: &PullAddress,
) -> anyhow::Result<ExitCode> {
    ensure!(
        arguments.since_last.is_none(),
        "--since-last is for a change on this machine; on a forge nothing is said twice anyway"
    );
    ensure!(
        !arguments.report.tools,
        "--tools would run the commands of the repository under review; run them where its code \
         may run, and give what they found with --import"
    );
    let model = ModelStep::prepare(&arguments.model, global.verbose)?;
    let forge = Forge::of(address)?;
    if arguments.post && forge.token.is_none() {
        bail!("--post needs a token: set GITHUB_TOKEN or GITLAB_TOKEN");
    }
    server::set_up_tls();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .context("the runtime cannot be started")?;
    let tools = forge.tools()?;
    let id = &address.id;
    let now = runtime.block_on(PullRequestNow::ask(&tools.client, id));
    let now = now.map_err(|error| forge.explained(error, id))?;
    ensure!(
        now.is_open,
        "{id} is closed; review its commits by their names instead"
    );
    let folder = folder(&forge, id)?;
    let (base, head) = fetch(&forge, &folder, id, &now)?;
    ensure!(
        head == now.head,
        "there was a push to {id} meanwhile; run it again"
    );
    if !global.quiet {
        output::remark(format!("{id} at {}", &head[..head.len().min(12)]));
    }
    let global = Global {
        directory: Some(folder),
        ..global.clone()
    };
    let input = Input::from_revision(&format!("{base}...{head}"));
    if !arguments.post {
        return conclude(&global, &arguments.report, &input, None, model);
    }
    let kept = tempfile::tempdir().context("a temporary folder cannot be made")?;
    let file = kept.path().join("remarks.json");
    let report = with_remarks(&arguments.report, &file);
    let code = conclude(&global, &report, &input, None, model)?;
    let size = std::fs::metadata(&file)?.len();
    ensure!(size <= REMARKS_BYTES_MAX, "there is too much to say");
    let remarks = Remarks::read(&std::fs::read(&file)?)?;
    let posted = runtime.block_on(post_remarks(&tools, id, &head, remarks));
    let posted = posted.map_err(|why| anyhow::anyhow!("the review was not posted: {why}"))?;
    output::remark(posted);
    Ok(code)
}

/// Returns the arguments with one output more: what is said on the pull request.
fn with_remarks(arguments: &ReportArguments, file: &std::path::Path) -> ReportArguments {
    let mut report = arguments.clone();
    if report.outputs.is_empty() {
        report.outputs.push("terminal".to_owned());
    }
    report.outputs.push(format!("remarks={}", file.display()));
    report
}

/// Returns where the repository is kept, so that only what is new is fetched.
fn folder(forge: &Forge, id: &PullId) -> anyhow::Result<PathBuf> {
    let folder = cache::folder().context("there is no cache folder; name one: ASSAY_CACHE_DIR")?;
    let host = forge.web.split_once("://").map_or("", |(_, rest)| rest);
    let is_fit = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-');
    let host: String = host
        .chars()
        .map(|c| if is_fit(c) { c } else { '_' })
        .collect();
    let folder = folder
        .join("pulls")
        .join(host)
        .join(format!("{}.git", id.repo));
    let parent = folder.parent().context("a folder in a folder")?;
    std::fs::create_dir_all(parent)
        .with_context(|| format!("{} cannot be made", parent.display()))?;
    Ok(folder)
}

/// Fetches; returns a commit of the base and the head.
fn fetch(
    forge: &Forge,
    folder: &std::path::Path,
    id: &PullId,
    now: &PullRequestNow,
) -> anyhow::Result<(String, String)> {
    let (url, header) = match &forge.token {
        Some(token) => {
            let checkout = Checkout::new(forge.kind, &forge.web, &id.repo, token)?;
            (checkout.url.clone(), Some(checkout.header_line()))
        }
        None => (Checkout::address(&forge.web, &id.repo)?, None),
    };
    let names = [
        pull_reference(forge.kind, id.number),
        format!("refs/heads/{}", now.base_branch),
    ];
    let reference = |name: String| FetchReference {
        local: format!("refs/forge/{}", name.trim_start_matches("refs/")),
        remote: name,
    };
    let references = names.map(reference);
    let request = FetchRequest {
        url: &url,
        header: header.as_ref().map(Secret::expose),
        references: &references,
        limits: FetchLimits::default(),
    };
    let fetched = assay_git::fetch(folder, &request, &AtomicBool::new(false).into())
        .with_context(|| format!("{id} cannot be fetched"))?;
    match <[String; 2]>::try_from(fetched.commits) {
        Ok([head, base]) => Ok((base, head)),
        Err(_) => bail!("a fetch brought something else"),
    }
}

#[cfg(test)]
mod tests {
    use super::PullAddress;

    fn check(text: &str, expected: Option<&str>) {
        let shown = PullAddress::parse(text).map(|parsed| match parsed {
            Ok(found) => format!("{:?} {:?} {}", found.kind, found.host, found.id),
            Err(error) => error.to_string(),
        });
        assert_eq!(shown.as_deref(), expected, "{text}");
    }

    #[test]
    fn a_pull_request_is_named_in_short_or_by_its_page() {
        check("acme/shop#12", Some("GitHub None acme/shop#12"));
        check("acme/web/shop!3", Some("GitLab None acme/web/shop#3"));
        check("acme/shop!3", Some("GitLab None acme/shop#3"));
        check(
            "https://github.com/acme/shop/pull/12/files?w=1#diff",
            Some("GitHub Some(\"github.com\") acme/shop#12"),
        );
        check(
            "https://gitlab.com/acme/web/shop/-/merge_requests/4/diffs",
            Some("GitLab Some(\"gitlab.com\") acme/web/shop#4"),
        );
    }

    #[test]
    fn revisions_are_none_and_other_addresses_are_refused() {
        for revision in [
            "main..topic",
            "HEAD~3",
            "v1.0",
            "a/b",
            "a/b#x",
            "a/b/c#1",
            "x#1",
            "a/b#0",
        ] {
            check(revision, None);
        }
        for address in [
            "file:///etc/passwd",
            "ssh://git@github.com/a/b/pull/1",
            "https://github.com/acme/shop",
            "https://github.com/acme/../pull/1",
            "https://github.com/acme/shop/pull/x",
        ] {
            let why = format!("`{address}` is not the address of a pull request");
            check(address, Some(&why));
        }
    }
}
