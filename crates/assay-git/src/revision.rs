//! From the names of revisions to commits: suggestions for wrong ones, merge
//! bases, and the branch that a change is compared with.

use gix::bstr::{BStr, ByteSlice};
use gix::hash::ObjectId;
use gix::objs::Kind;

use crate::error::Error;
use crate::repo::Repo;

/// References that are looked at to suggest one for a misspelt name.
const SUGGESTION_REFS_MAX: usize = 20_000;
/// Bytes of a revision's name.
const SPEC_BYTES_MAX: usize = 4096;
/// Names that default branches go by, besides what is configured.
const DEFAULT_BRANCHES: [&str; 5] = ["main", "master", "trunk", "develop", "default"];

/// A revision that was found: a commit with its tree, or a tree alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Revision {
    pub(crate) commit: Option<ObjectId>,
    pub(crate) tree: ObjectId,
}

impl Revision {
    /// Returns the id by which the revision is known.
    pub(crate) fn id(&self) -> ObjectId {
        self.commit.unwrap_or(self.tree)
    }
}

/// Finds what a revision names.
pub(crate) fn resolve(repo: &Repo, spec: &str) -> Result<Revision, Error> {
    let wrong = |problem: String, suggestion| Error::Revision {
        spec: spec.chars().take(200).collect(),
        problem,
        suggestion,
    };
    if spec.is_empty() || spec.len() > SPEC_BYTES_MAX {
        return Err(wrong("it is empty or too long".to_owned(), None));
    }
    let id = match repo.inner.rev_parse_single(BStr::new(spec)) {
        Ok(id) => id.detach(),
        Err(error) => {
            let problem = explain(repo, spec, &error);
            return Err(wrong(problem, suggest(repo, spec)));
        }
    };
    peel(repo, id)?.ok_or_else(|| {
        wrong(
            "it names a file, and a commit or a tree is needed".to_owned(),
            None,
        )
    })
}

/// Follows tags to a commit or a tree; none for a blob.
fn peel(repo: &Repo, id: ObjectId) -> Result<Option<Revision>, Error> {
    let mut id = id;
    // Tags of tags are possible; chains of them are not sensible.
    for _ in 0..32 {
        let damaged = |error: gix::Error| Error::object(format!("object {id}"), error);
        let object = repo.inner.find_object(id).map_err(damaged)?;
        match object.kind {
            Kind::Commit => {
                let tree = repo.commit_tree(id)?;
                return Ok(Some(Revision {
                    commit: Some(id),
                    tree,
                }));
            }
            Kind::Tree => {
                return Ok(Some(Revision {
                    commit: None,
                    tree: id,
                }));
            }
            Kind::Blob => return Ok(None),
            Kind::Tag => {
                id = object
                    .try_into_tag()
                    .and_then(|tag| tag.target_id().map(gix::Id::detach))
                    .map_err(damaged)?;
            }
        }
    }
    Ok(None)
}

fn explain(repo: &Repo, spec: &str, error: &gix::Error) -> String {
    let is_head = matches!(spec.split(['~', '^', '@', ':']).next(), Some("HEAD" | ""));
    if is_head && head_commit(repo).ok().flatten().is_none() {
        return "the repository has no commit yet".to_owned();
    }
    if repo.is_shallow() && spec.contains(['~', '^']) {
        return "the clone is shallow and may not reach that far; `git fetch --unshallow` fetches the rest"
            .to_owned();
    }
    if repo
        .work_tree
        .as_ref()
        .is_some_and(|root| root.join(spec).exists())
    {
        return "it is a path; `assay scan` reviews a file or folder".to_owned();
    }
    if error.to_string().contains("mbiguous") {
        return "several objects begin with it; give more digits".to_owned();
    }
    let tip = spec.split(['~', '^', '@', ':']).next().unwrap_or(spec);
    if tip != spec && repo.inner.rev_parse_single(BStr::new(tip)).is_ok() {
        return format!("`{tip}` exists, but not what follows it");
    }
    "there is no branch, tag or commit of that name".to_owned()
}

/// Returns the reference whose name is closest to a misspelt one.
fn suggest(repo: &Repo, spec: &str) -> Option<String> {
    let end = spec.find(['~', '^', '@', ':']).unwrap_or(spec.len());
    let (name, suffix) = spec.split_at(end);
    // The name is right; what follows it leads nowhere.
    if repo.inner.rev_parse_single(BStr::new(name)).is_ok() {
        return None;
    }
    let distance_max = (name.len() / 3).clamp(1, 4);
    let references = repo.inner.references().ok()?;
    references
        .all()
        .ok()?
        .take(SUGGESTION_REFS_MAX)
        .filter_map(Result::ok)
        .filter_map(|reference| {
            let short = reference.name().shorten().to_str().ok()?.to_owned();
            // `feature` is as good a guess for `origin/feature`.
            let bare = short.rsplit_once('/').map_or("", |(_, last)| last);
            let distance = distance(name, &short).min(distance(name, bare));
            (distance <= distance_max).then_some((distance, short))
        })
        .min()
        .map(|(_, short)| short + suffix)
}

/// The least number of insertions, removals, replacements and swaps of
/// neighbours that make one name the other.
fn distance(left: &str, right: &str) -> usize {
    let (left, right): (Vec<char>, Vec<char>) = (left.chars().collect(), right.chars().collect());
    if left.len().abs_diff(right.len()) > 4 || left.len().max(right.len()) > 256 {
        return usize::MAX;
    }
    let mut rows = vec![(0..=right.len()).collect::<Vec<_>>()];
    for i in 1..=left.len() {
        let mut row = vec![i];
        for j in 1..=right.len() {
            let same = usize::from(left[i - 1] != right[j - 1]);
            let mut best = (rows[i - 1][j] + 1)
                .min(row[j - 1] + 1)
                .min(rows[i - 1][j - 1] + same);
            if i > 1 && j > 1 && left[i - 1] == right[j - 2] && left[i - 2] == right[j - 1] {
                best = best.min(rows[i - 2][j - 2] + 1);
            }
            row.push(best);
        }
        rows.push(row);
    }
    rows[left.len()][right.len()]
}

/// Returns the commit of HEAD; none before the first commit.
pub(crate) fn head_commit(repo: &Repo) -> Result<Option<ObjectId>, Error> {
    let damaged = |error: gix::Error| Error::damaged("HEAD", error);
    let mut head = repo.inner.head().map_err(damaged)?;
    if head.is_unborn() {
        return Ok(None);
    }
    let commit = head.peel_to_commit().map_err(damaged)?;
    Ok(Some(commit.id))
}

/// Where two histories part.
pub(crate) struct MergeBase {
    /// The commit; none when the histories have none in common here.
    pub(crate) commit: Option<ObjectId>,
    /// What the reader must know about it.
    pub(crate) note: Option<String>,
}

/// Finds the merge base of two commits.
pub(crate) fn merge_base(repo: &Repo, one: ObjectId, other: ObjectId) -> Result<MergeBase, Error> {
    let bases = repo
        .inner
        .merge_bases_many(one, &[other])
        .map_err(|error| Error::damaged(format!("the history of {one} and {other}"), error))?;
    let commit = bases.first().map(|id| id.detach());
    let note = match &bases[..] {
        [_] => None,
        [first, ..] => Some(format!(
            "{} and {} have {} merge bases; {} is taken",
            short(one),
            short(other),
            bases.len(),
            short(first.detach())
        )),
        [] if repo.is_shallow() => Some(format!(
            "the clone is shallow and does not hold the merge base of {} and {}, so they are compared directly; \
             `git fetch --unshallow` fetches the rest of the history",
            short(one),
            short(other)
        )),
        [] => Some(format!(
            "{} and {} have no common history, so they are compared directly",
            short(one),
            short(other)
        )),
    };
    Ok(MergeBase { commit, note })
}

/// Returns the first digits of an id, for messages.
pub(crate) fn short(id: ObjectId) -> String {
    id.to_hex_with_len(10).to_string()
}

/// What the working tree is compared with.
pub(crate) struct DefaultBase {
    /// The name of the branch, for people.
    pub(crate) name: String,
    pub(crate) commit: ObjectId,
}

/// Finds the branch that work is compared with: on another branch the default
/// branch (of the remote, if there is one), on the default branch itself what
/// it tracks. None when there is no such branch; then HEAD is what is left.
pub(crate) fn default_base(repo: &Repo) -> Option<DefaultBase> {
    let current = repo.inner.head_name().ok().flatten();
    let current_short = current
        .as_ref()
        .and_then(|name| name.shorten().to_str().ok());
    let found = default_branch(repo);
    let on_default = match (&found, current_short) {
        (Some((_, short_name, _)), Some(current)) => short_name == current,
        _ => false,
    };
    if (on_default || found.is_none())
        && let Some(current) = &current
        && let Some(upstream) = upstream(repo, current.as_ref())
    {
        return Some(upstream);
    }
    found.map(|(name, _, commit)| DefaultBase { name, commit })
}

/// Returns the branch that another one tracks.
fn upstream(repo: &Repo, name: &gix::refs::FullNameRef) -> Option<DefaultBase> {
    let tracking = repo
        .inner
        .branch_remote_tracking_ref_name(name, gix::remote::Direction::Fetch)?
        .ok()?;
    commit_of(repo, tracking.as_bstr()).map(|commit| DefaultBase {
        name: tracking.shorten().to_string(),
        commit,
    })
}

/// Returns the default branch: its name, its name without the remote, and its tip.
fn default_branch(repo: &Repo) -> Option<(String, String, ObjectId)> {
    let mut remotes: Vec<String> = ["origin", "upstream"].map(str::to_owned).to_vec();
    let configured = repo.inner.remote_names();
    if let (Some(only), 1) = (configured.iter().next(), configured.len()) {
        remotes.push(only.to_string());
    }
    for remote in &remotes {
        let head = format!("refs/remotes/{remote}/HEAD");
        let Ok(Some(head)) = repo.inner.try_find_reference(head.as_str()) else {
            continue;
        };
        if let Some(target) = head.target().try_name()
            && let Some(commit) = commit_of(repo, target.as_bstr())
        {
            let name = target.shorten().to_string();
            let branch = name
                .strip_prefix(&format!("{remote}/"))
                .unwrap_or(&name)
                .to_owned();
            return Some((name, branch, commit));
        }
    }
    let configured = repo
        .string("init.defaultBranch")
        .map(|name| name.to_string());
    let names = || configured.as_deref().into_iter().chain(DEFAULT_BRANCHES);
    for remote in &remotes {
        for name in names() {
            if let Some(commit) = commit_of(
                repo,
                format!("refs/remotes/{remote}/{name}").as_str().into(),
            ) {
                return Some((format!("{remote}/{name}"), name.to_owned(), commit));
            }
        }
    }
    names().find_map(|name| {
        let commit = commit_of(repo, format!("refs/heads/{name}").as_str().into())?;
        Some((name.to_owned(), name.to_owned(), commit))
    })
}

/// Returns the commit at a reference, if both exist.
fn commit_of(repo: &Repo, name: &BStr) -> Option<ObjectId> {
    let mut reference = repo.inner.try_find_reference(name).ok()??;
    let commit = reference.peel_to_commit().ok()?;
    Some(commit.id)
}

#[cfg(test)]
mod tests {
    use super::distance;

    #[test]
    fn distance_counts_slips_of_the_hand() {
        for (left, right, expected) in [
            ("main", "main", 0),
            ("mian", "main", 1),
            ("mai", "main", 1),
            ("masters", "master", 1),
            ("feature", "faeture", 1),
            ("abc", "xyz", 3),
            ("a", "abcdefgh", usize::MAX),
        ] {
            assert_eq!(distance(left, right), expected, "{left} {right}");
        }
    }
}
