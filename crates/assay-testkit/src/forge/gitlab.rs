//! A GitLab in memory: positions that must fit line by line, discussions, notes,
//! statuses with their transitions, limits, moved projects.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use assay_source::Clock;
use serde_json::{Value, json};

use super::lines::PatchLines;
use super::server::{Answers, Exchange, Fault, Reply, Server, held};

const NOTE_CHARS_MAX: usize = 1_000_000;
const PAGE_MAX: usize = 100;

/// A discussion on a line, as it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DiscussionSeen {
    /// Its identifier.
    pub id: String,
    /// Who wrote the first note.
    pub author: String,
    /// What it says.
    pub body: String,
    /// The old and the new line.
    pub lines: (Option<u64>, Option<u64>),
    /// Whether it is resolved.
    pub is_resolved: bool,
}

#[derive(Clone)]
struct NoteKept {
    id: u64,
    author: String,
    body: String,
    position: Option<Value>,
    discussion: String,
    resolved_by: Option<String>,
    awards: Vec<Value>,
}

#[derive(Default)]
struct Merge {
    head: String,
    base: String,
    files: Vec<(String, String, String)>,
    notes: Vec<NoteKept>,
}

#[derive(Default)]
struct State {
    base: String,
    now_ms: i64,
    /// Header and token of each user.
    tokens: BTreeMap<(String, String), String>,
    merges: BTreeMap<(String, u64), Merge>,
    moved: BTreeMap<String, String>,
    members: BTreeMap<u64, u32>,
    files: BTreeMap<(String, String), Vec<u8>>,
    statuses: Vec<[String; 3]>,
    may_resolve: bool,
    last_id: u64,
}

struct Fake {
    clock: Arc<dyn Clock>,
    state: Mutex<State>,
}

impl Answers for Arc<Fake> {
    fn answer(&self, exchange: &Exchange, limited: Option<&Option<String>>) -> Reply {
        let mut state = held(&self.state);
        state.now_ms = self.clock.now_ms();
        if let Some(retry_after) = limited {
            let reply = refusal(429, &"Retry later".into());
            return reply.with("retry-after", retry_after.clone().unwrap_or("60".into()));
        }
        let resets_s = state.now_ms / 1_000 + 60;
        state
            .answer(exchange)
            .with("ratelimit-limit", "2000")
            .with("ratelimit-remaining", "1900")
            .with("ratelimit-reset", resets_s.to_string())
    }

    fn now_ms(&self) -> i64 {
        self.clock.now_ms()
    }
}

/// A GitLab that answers on loopback until it is dropped.
pub struct FakeGitLab {
    server: Server,
    fake: Arc<Fake>,
}

fn user(name: &str) -> Value {
    let id = name
        .bytes()
        .fold(7u64, |sum, byte| (sum * 31 + u64::from(byte)) % 1_000_003);
    json!({ "id": id, "username": name, "name": name })
}

fn refusal(status: u16, message: &Value) -> Reply {
    Reply::json(status, &json!({ "message": message }))
}

impl FakeGitLab {
    /// Starts an empty one whose time is the clock's.
    pub fn start(clock: Arc<dyn Clock>) -> Self {
        let state = State {
            may_resolve: true,
            ..State::default()
        };
        let fake = Arc::new(Fake {
            clock,
            state: Mutex::new(state),
        });
        let server = Server::start(Box::new(Arc::clone(&fake)));
        held(&fake.state).base = format!("http://{}/api/v4", server.address());
        Self { server, fake }
    }

    /// Returns the address of its interface.
    pub fn base(&self) -> String {
        held(&self.fake.state).base.clone()
    }

    /// Decides for each request how it fails.
    pub fn plan(&self, plan: impl FnMut(&Exchange) -> Option<Fault> + Send + 'static) {
        self.server.plan(Box::new(plan));
    }

    /// Returns everything that was asked.
    pub fn exchanges(&self) -> Vec<Exchange> {
        self.server.seen()
    }

    /// Makes a token of a user: `header` is how it is to be shown, such as
    /// `private-token`, and `value` what stands in it.
    pub fn token(&self, header: &str, value: &str, login: &str) {
        let key = (header.to_owned(), value.to_owned());
        held(&self.fake.state).tokens.insert(key, login.into());
    }

    /// Opens a merge request, or pushes to it: its head and its files by old
    /// path, new path and hunks.
    pub fn push(
        &self,
        project: &str,
        number: u64,
        base: &str,
        head: &str,
        files: Vec<(String, String, String)>,
    ) {
        let mut state = held(&self.fake.state);
        let merge = state.merges.entry((project.into(), number)).or_default();
        merge.base = base.into();
        merge.head = head.into();
        merge.files = files;
    }

    /// Moves a project.
    pub fn rename(&self, from: &str, to: &str) {
        let mut state = held(&self.fake.state);
        state.moved.insert(from.into(), to.into());
        let merges = std::mem::take(&mut state.merges);
        let moved = merges.into_iter().map(|((project, number), merge)| {
            let project = if project == from { to.into() } else { project };
            ((project, number), merge)
        });
        state.merges = moved.collect();
    }

    /// Returns the number of a user.
    pub fn user_id(&self, login: &str) -> u64 {
        user(login)["id"].as_u64().unwrap_or_default()
    }

    /// Writes a note in the conversation as somebody, or in a discussion.
    pub fn say(
        &self,
        project: &str,
        number: u64,
        discussion: Option<&str>,
        login: &str,
        body: &str,
    ) -> u64 {
        let mut state = held(&self.fake.state);
        state.last_id += 1;
        let id = state.last_id;
        let merge = state.merges.get_mut(&(project.into(), number));
        merge
            .expect("there is a merge request")
            .notes
            .push(NoteKept {
                id,
                author: login.into(),
                body: body.into(),
                position: None,
                discussion: discussion.map_or_else(|| format!("{id:040x}"), str::to_owned),
                resolved_by: None,
                awards: Vec::new(),
            });
        id
    }

    /// Deletes a note as a person may: the first one of a discussion.
    pub fn delete_discussion(&self, project: &str, number: u64, discussion: &str) {
        let mut state = held(&self.fake.state);
        let merge = state.merges.get_mut(&(project.into(), number));
        let notes = &mut merge.expect("there is a merge request").notes;
        notes.retain(|note| note.discussion != discussion);
    }

    /// Gives the first note of a discussion an emoji as somebody.
    pub fn award(&self, project: &str, number: u64, discussion: &str, login: &str, name: &str) {
        let mut state = held(&self.fake.state);
        let merge = state.merges.get_mut(&(project.into(), number));
        let notes = &mut merge.expect("there is a merge request").notes;
        let first = notes.iter_mut().find(|note| note.discussion == discussion);
        let award = json!({ "id": 1, "name": name, "user": user(login) });
        first.expect("there is a discussion").awards.push(award);
    }

    /// Returns the payload of a `Merge Request Hook`, as the real one sends it.
    pub fn merge_request_payload(
        &self,
        project: &str,
        number: u64,
        action: &str,
        before: Option<&str>,
    ) -> Vec<u8> {
        let state = held(&self.fake.state);
        let merge = &state.merges[&(project.to_owned(), number)];
        let mut payload = json!({
            "object_kind": "merge_request",
            "event_type": "merge_request",
            "user": user("author"),
            "project": project_wire(project),
            "object_attributes": {
                "iid": number, "title": "A merge request", "action": action, "state": "opened",
                "draft": false, "source_branch": "cart", "target_branch": "main",
                "author_id": user("author")["id"],
                "last_commit": { "id": merge.head },
                "source": project_wire(project),
            },
            "changes": {},
        });
        if let Some(before) = before {
            payload["object_attributes"]["oldrev"] = before.into();
        }
        payload.to_string().into_bytes()
    }

    /// Returns the payload of a `Note Hook` about a note of a merge request.
    pub fn note_payload(&self, project: &str, number: u64, note: u64) -> Vec<u8> {
        let state = held(&self.fake.state);
        let merge = &state.merges[&(project.to_owned(), number)];
        let found = merge.notes.iter().find(|found| found.id == note);
        let found = found.expect("there is a note");
        let payload = json!({
            "object_kind": "note",
            "event_type": "note",
            "user": user(&found.author),
            "project": project_wire(project),
            "object_attributes": {
                "id": found.id, "note": found.body, "action": "create", "system": false,
                "noteable_type": "MergeRequest", "discussion_id": found.discussion,
                "position": found.position,
            },
            "merge_request": { "iid": number },
        });
        payload.to_string().into_bytes()
    }

    /// Says what a user may do, as GitLab's number.
    pub fn member(&self, user: u64, access_level: u32) {
        held(&self.fake.state).members.insert(user, access_level);
    }

    /// Puts a file at a commit.
    pub fn file(&self, commit: &str, path: &str, content: &[u8]) {
        let key = (commit.to_owned(), path.to_owned());
        held(&self.fake.state).files.insert(key, content.to_vec());
    }

    /// Says whether discussions may be resolved.
    pub fn may_resolve(&self, may: bool) {
        held(&self.fake.state).may_resolve = may;
    }

    /// Resolves a discussion as somebody.
    pub fn resolve(&self, project: &str, number: u64, discussion: &str, login: &str) {
        let mut state = held(&self.fake.state);
        let merge = state.merges.get_mut(&(project.into(), number));
        let notes = &mut merge.expect("there is a merge request").notes;
        for note in notes
            .iter_mut()
            .filter(|note| note.discussion == discussion)
        {
            note.resolved_by = Some(login.into());
        }
    }

    /// Returns the discussions on lines.
    pub fn discussions(&self, project: &str, number: u64) -> Vec<DiscussionSeen> {
        let state = held(&self.fake.state);
        let notes = &state.merges[&(project.to_owned(), number)].notes;
        let placed = notes.iter().filter_map(|note| {
            let position = note.position.as_ref()?;
            Some(DiscussionSeen {
                id: note.discussion.clone(),
                author: note.author.clone(),
                body: note.body.clone(),
                lines: (position["old_line"].as_u64(), position["new_line"].as_u64()),
                is_resolved: note.resolved_by.is_some(),
            })
        });
        placed.collect()
    }

    /// Returns the notes of the conversation: author and text.
    pub fn notes(&self, project: &str, number: u64) -> Vec<(String, String)> {
        let state = held(&self.fake.state);
        let notes = &state.merges[&(project.to_owned(), number)].notes;
        let bare = notes.iter().filter(|note| note.position.is_none());
        bare.map(|note| (note.author.clone(), note.body.clone()))
            .collect()
    }

    /// Returns the commit statuses: commit, name, state.
    pub fn statuses(&self) -> Vec<[String; 3]> {
        held(&self.fake.state).statuses.clone()
    }
}

impl State {
    fn answer(&mut self, exchange: &Exchange) -> Reply {
        let shown = exchange
            .headers
            .iter()
            .find_map(|pair| self.tokens.get(pair));
        let Some(login) = shown.cloned() else {
            return refusal(401, &"401 Unauthorized".into());
        };
        let segments = exchange.segments();
        let parts: Vec<&str> = segments.iter().map(String::as_str).collect();
        match (exchange.method.as_str(), parts.as_slice()) {
            ("GET", ["api", "v4", "user"]) => Reply::json(200, &user(&login)),
            (_, ["api", "v4", "projects", project, rest @ ..]) => {
                if let Some(to) = self.moved.get(*project) {
                    return self.moved_to(exchange, project, to);
                }
                self.in_project(exchange, &login, project, rest)
            }
            _ => refusal(404, &"404 Not Found".into()),
        }
    }

    /// Only reading is sent on.
    fn moved_to(&self, exchange: &Exchange, from: &str, to: &str) -> Reply {
        if exchange.method != "GET" {
            return refusal(
                405,
                &"Non GET methods are not allowed for moved projects".into(),
            );
        }
        let root = self.base.trim_end_matches("/api/v4");
        let encode = |name: &str| name.replace('/', "%2F");
        let path = exchange.path.replacen(&encode(from), &encode(to), 1);
        let query = &exchange.query;
        Reply::json(301, &Value::Null).with("location", format!("{root}{path}?{query}"))
    }

    fn in_project(
        &mut self,
        exchange: &Exchange,
        login: &str,
        project: &str,
        rest: &[&str],
    ) -> Reply {
        let missing = || refusal(404, &"404 Not found".into());
        match (exchange.method.as_str(), rest) {
            ("GET", []) => Reply::json(
                200,
                &json!({ "id": 15, "path_with_namespace": project, "default_branch": "main" }),
            ),
            ("GET", ["members", "all", id]) => {
                match id.parse().ok().and_then(|id: u64| self.members.get(&id)) {
                    Some(level) => Reply::json(200, &json!({ "access_level": level })),
                    None => missing(),
                }
            }
            ("GET", ["repository", "files", path, "raw"]) => {
                let commit = exchange.query_value("ref").unwrap_or_default();
                match self.files.get(&(commit, (*path).to_owned())) {
                    Some(content) => Reply {
                        status: 200,
                        headers: Vec::new(),
                        body: content.clone(),
                    },
                    None => missing(),
                }
            }
            ("POST", ["statuses", commit]) => self.status(exchange, commit),
            ("GET", ["repository", "commits", commit, "statuses"]) => {
                let name = exchange.query_value("name");
                let is_it = |status: &&[String; 3]| {
                    status[0] == *commit && name.as_ref().is_none_or(|name| *name == status[1])
                };
                let wires = self.statuses.iter().filter(is_it);
                let wires: Vec<_> = wires
                    .map(|status| json!({ "name": status[1], "status": status[2] }))
                    .collect();
                Reply::json(200, &Value::from(wires))
            }
            (_, ["merge_requests", number, rest @ ..]) => {
                let key = (project.to_owned(), number.parse().unwrap_or_default());
                let Some(mut merge) = self.merges.remove(&key) else {
                    return missing();
                };
                let reply = self.in_merge(exchange, login, key.1, &mut merge, rest);
                self.merges.insert(key, merge);
                reply
            }
            _ => missing(),
        }
    }

    fn status(&mut self, exchange: &Exchange, commit: &str) -> Reply {
        let wire = exchange.json();
        let text = |field: &str| wire[field].as_str().unwrap_or_default().to_owned();
        let (name, state) = (text("name"), text("state"));
        let known = [
            "pending", "running", "success", "failed", "canceled", "skipped",
        ];
        if !known.contains(&state.as_str()) || text("description").chars().count() > 255 {
            return refusal(400, &"state does not have a valid value".into());
        }
        let same = self
            .statuses
            .iter_mut()
            .find(|s| s[0] == commit && s[1] == name);
        if let Some(found) = same {
            if found[2] == state {
                let why = format!("Cannot transition status via :run from :{state}");
                return refusal(400, &why.into());
            }
            found[2] = state;
        } else {
            self.statuses.push([commit.to_owned(), name, state]);
        }
        Reply::json(201, &json!({ "id": 1 }))
    }

    fn in_merge(
        &mut self,
        exchange: &Exchange,
        login: &str,
        number: u64,
        merge: &mut Merge,
        rest: &[&str],
    ) -> Reply {
        let wire = exchange.json();
        let body = wire["body"].as_str().unwrap_or_default().to_owned();
        let is_bad = body.is_empty() || body.chars().count() > NOTE_CHARS_MAX;
        match (exchange.method.as_str(), rest) {
            ("GET", []) => Reply::json(200, &merge_wire(number, merge)),
            ("GET", ["diffs"]) => {
                let files = merge.files.iter().map(|(old, new, diff)| {
                    json!({ "old_path": old, "new_path": new, "diff": diff, "renamed_file": old != new })
                });
                self.page(exchange, &files.collect::<Vec<_>>())
            }
            ("GET", ["versions"]) => {
                let version = json!({
                    "id": 1, "head_commit_sha": merge.head,
                    "base_commit_sha": merge.base, "start_commit_sha": merge.base,
                });
                self.page(exchange, &[version])
            }
            ("GET", ["discussions"]) => {
                let mut grouped: BTreeMap<&str, Vec<Value>> = BTreeMap::new();
                for note in &merge.notes {
                    let notes = grouped.entry(&note.discussion).or_default();
                    notes.push(note_wire(note));
                }
                let wires = grouped
                    .into_iter()
                    .map(|(id, notes)| json!({ "id": id, "notes": notes }));
                self.page(exchange, &wires.collect::<Vec<_>>())
            }
            ("GET", ["notes"]) => {
                let wires: Vec<_> = merge.notes.iter().map(note_wire).collect();
                self.page(exchange, &wires)
            }
            ("GET", ["notes", id, "award_emoji"]) => {
                let id: u64 = id.parse().unwrap_or_default();
                let found = merge.notes.iter().find(|note| note.id == id);
                self.page(exchange, found.map_or(&[], |note| note.awards.as_slice()))
            }
            ("POST" | "PUT", ["discussions" | "notes", ..])
                if is_bad && wire["resolved"].is_null() =>
            {
                refusal(400, &json!({ "note": ["can't be blank"] }))
            }
            ("POST", ["discussions"]) => {
                if let Some(why) = objection(merge, &wire["position"]) {
                    return refusal(400, &format!("400 Bad request - Note {{{why}}}").into());
                }
                self.note(merge, login, body, Some(wire["position"].clone()), true)
            }
            ("POST", ["discussions", id, "notes"]) => {
                if !merge.notes.iter().any(|note| note.discussion == *id) {
                    return refusal(404, &"404 Discussion Not Found".into());
                }
                let reply = self.note(merge, login, body, None, false);
                if let Some(note) = merge.notes.last_mut() {
                    note.discussion = (*id).to_owned();
                }
                reply
            }
            ("POST", ["notes"]) => self.note(merge, login, body, None, false),
            ("PUT", ["discussions", id]) => {
                if !self.may_resolve {
                    return refusal(403, &"403 Forbidden".into());
                }
                let is_resolved = wire["resolved"] == true;
                let mut found = false;
                for note in merge.notes.iter_mut().filter(|note| note.discussion == *id) {
                    found = true;
                    note.resolved_by = is_resolved.then(|| login.to_owned());
                }
                if found {
                    Reply::json(200, &json!({ "id": id }))
                } else {
                    refusal(404, &"404 Discussion Not Found".into())
                }
            }
            ("PUT", ["notes", id]) => {
                let id: u64 = id.parse().unwrap_or_default();
                match merge.notes.iter_mut().find(|note| note.id == id) {
                    Some(note) if note.author == login => {
                        note.body = body;
                        Reply::json(200, &note_wire(note))
                    }
                    Some(_) => refusal(403, &"403 Forbidden".into()),
                    None => refusal(404, &"404 Note Not Found".into()),
                }
            }
            _ => refusal(404, &"404 Not Found".into()),
        }
    }

    fn note(
        &mut self,
        merge: &mut Merge,
        login: &str,
        body: String,
        position: Option<Value>,
        is_discussion: bool,
    ) -> Reply {
        self.last_id += 1;
        let note = NoteKept {
            id: self.last_id,
            author: login.into(),
            body,
            position,
            discussion: format!("{:040x}", self.last_id),
            resolved_by: None,
            awards: Vec::new(),
        };
        let wire = note_wire(&note);
        let answer = if is_discussion {
            json!({ "id": note.discussion, "notes": [wire] })
        } else {
            wire
        };
        merge.notes.push(note);
        Reply::json(201, &answer)
    }

    fn page(&self, exchange: &Exchange, items: &[Value]) -> Reply {
        let number = |name: &str| exchange.query_value(name)?.parse::<usize>().ok();
        let size = number("per_page").unwrap_or(20).clamp(1, PAGE_MAX);
        // The cursor of a keyset: nobody may count pages.
        let first = number("cursor").unwrap_or(0).min(items.len());
        let last = (first + size).min(items.len());
        let reply = Reply::json(200, &Value::from(items[first..last].to_vec()));
        if last == items.len() {
            return reply;
        }
        let root = self.base.trim_end_matches("/api/v4");
        let path = &exchange.path;
        let link = format!("<{root}{path}?per_page={size}&cursor={last}>; rel=\"next\"");
        reply.with("link", link)
    }
}

fn merge_wire(number: u64, merge: &Merge) -> Value {
    json!({
        "iid": number, "title": "A merge request", "state": "opened", "sha": merge.head,
        "source_branch": "cart", "target_branch": "main", "source_project_id": null,
        "author": user("author"),
        "diff_refs": { "base_sha": merge.base, "start_sha": merge.base, "head_sha": merge.head },
    })
}

fn project_wire(project: &str) -> Value {
    json!({
        "id": 15, "path_with_namespace": project, "default_branch": "main",
        "visibility_level": 0,
    })
}

fn note_wire(note: &NoteKept) -> Value {
    let mut wire = json!({
        "id": note.id, "body": note.body, "author": user(&note.author), "system": false,
        "resolvable": note.position.is_some(), "position": note.position,
    });
    if note.position.is_some() {
        wire["resolved"] = note.resolved_by.is_some().into();
        wire["resolved_by"] = note.resolved_by.as_deref().map(user).into();
    }
    wire
}

/// Says why a position is none.
fn objection(merge: &Merge, position: &Value) -> Option<&'static str> {
    const LINE_CODE: &str = ":line_code=>[\"can't be blank\", \"must be a valid line code\"]";
    let shas = ["base_sha", "start_sha", "head_sha"];
    if shas.iter().any(|name| position[*name].is_null()) || position["position_type"] != "text" {
        return Some(":position=>[\"is incomplete\"]");
    }
    if position["head_sha"] != merge.head.as_str() || position["base_sha"] != merge.base.as_str() {
        return Some(LINE_CODE);
    }
    let file = merge.files.iter().find(|(old, new, _)| {
        position["new_path"] == new.as_str() && position["old_path"] == old.as_str()
    });
    let Some((_, _, diff)) = file else {
        return Some(LINE_CODE);
    };
    let lines = PatchLines::read(diff);
    let is_unchanged_old = |old: u64| lines.unchanged.values().any(|found| *found == old);
    let fits = match (position["old_line"].as_u64(), position["new_line"].as_u64()) {
        (Some(old), Some(new)) => lines.unchanged.get(&new) == Some(&old),
        (None, Some(new)) => lines.hunk(true, new).is_some() && !lines.unchanged.contains_key(&new),
        (Some(old), None) => lines.hunk(false, old).is_some() && !is_unchanged_old(old),
        (None, None) => false,
    };
    (!fits).then_some(LINE_CODE)
}
