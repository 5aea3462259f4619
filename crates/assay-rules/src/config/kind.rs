//! Tells what a configuration file is for: by its path, then by words in its
//! text, and at last by what its values are.

use assay_source::{RepoPath, Span};

use super::model::{Entry, Model, Shape, ValueId};

/// What a configuration file is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A GitHub workflow.
    Workflow,
    /// A composite action, or one that runs in a container.
    Action,
    GitlabCi,
    Compose,
    Kubernetes,
    CloudFormation,
    Terraform,
    Dockerfile,
    /// `package.json` of npm.
    Package,
    /// `tsconfig.json` of TypeScript.
    TypeScript,
    /// `application.yml` or `application.properties` of Spring.
    Spring,
    Nginx,
}

const ALL: &[Kind] = &[
    Kind::Workflow,
    Kind::Action,
    Kind::GitlabCi,
    Kind::Compose,
    Kind::Kubernetes,
    Kind::CloudFormation,
    Kind::Terraform,
    Kind::Dockerfile,
    Kind::Package,
    Kind::TypeScript,
    Kind::Spring,
    Kind::Nginx,
];

impl Kind {
    /// Returns the name by which rules call it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Workflow => "workflow",
            Self::Action => "action",
            Self::GitlabCi => "gitlab-ci",
            Self::Compose => "compose",
            Self::Kubernetes => "kubernetes",
            Self::CloudFormation => "cloudformation",
            Self::Terraform => "terraform",
            Self::Dockerfile => "dockerfile",
            Self::Package => "package",
            Self::TypeScript => "typescript",
            Self::Spring => "spring",
            Self::Nginx => "nginx",
        }
    }

    /// Returns the kind that rules call by the name.
    pub(crate) fn by_name(name: &str) -> Option<Self> {
        ALL.iter().copied().find(|kind| kind.name() == name)
    }
}

/// Folders of files that tests read; what they hold runs nowhere.
const TEST_FOLDERS: &[&str] = &[
    "test",
    "tests",
    "testdata",
    "test-data",
    "test_data",
    "testing",
    "fixtures",
    "__tests__",
    "e2e",
    "spec",
    "mocks",
    "__fixtures__",
    "__mocks__",
    "snapshots",
    "golden",
];

impl Kind {
    /// Returns whether the file counts where it is: pipelines do everywhere,
    /// other files only outside the folders of tests.
    fn counts_in(self, folder: &str) -> bool {
        let is_pipeline = matches!(self, Self::Workflow | Self::Action | Self::GitlabCi);
        is_pipeline || !folder.split('/').any(|part| TEST_FOLDERS.contains(&part))
    }
}

/// How far into a file the words that tell its kind may be.
const WORDS_BYTES_MAX: usize = 256 * 1024;

/// Returns what a file seems to be for; its language is an empty text when it
/// has none. Costs a look at the path, and for YAML and JSON a search for a few
/// words.
pub(crate) fn guess(path: &RepoPath, language: &str, text: &str) -> Option<Kind> {
    let path = path.as_str()?;
    let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
    let kind = match language {
        "dockerfile" => Some(Kind::Dockerfile),
        "hcl" => {
            let is_terraform = [".tf", ".tofu"].iter().any(|end| name.ends_with(end));
            is_terraform.then_some(Kind::Terraform)
        }
        "yaml" => {
            let named = yaml_by_name(folder, name);
            named.or_else(|| by_words(text))
        }
        "json" => match name {
            "package.json" => Some(Kind::Package),
            _ if name.starts_with("tsconfig") || name.starts_with("jsconfig") => {
                Some(Kind::TypeScript)
            }
            _ => by_words(text),
        },
        "" => without_language(folder, name),
        _ => None,
    };
    kind.filter(|kind| kind.counts_in(folder))
}

fn yaml_by_name(folder: &str, name: &str) -> Option<Kind> {
    let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
    if folder == ".github/workflows"
        || folder.ends_with("/.github/workflows")
        || folder.ends_with(".gitea/workflows")
        || folder.ends_with(".forgejo/workflows")
    {
        return Some(Kind::Workflow);
    }
    if stem == "action" {
        return Some(Kind::Action);
    }
    if stem.ends_with(".gitlab-ci") || folder.starts_with(".gitlab/ci") {
        return Some(Kind::GitlabCi);
    }
    if stem.starts_with("docker-compose")
        || stem == "compose"
        || stem.starts_with("compose.")
        || stem.starts_with("compose-")
    {
        return Some(Kind::Compose);
    }
    is_spring(folder, stem).then_some(Kind::Spring)
}

fn is_spring(folder: &str, stem: &str) -> bool {
    let mut names = ["application", "bootstrap"].iter();
    folder.ends_with("resources")
        && names.any(|base| stem == *base || stem.starts_with(&format!("{base}-")))
}

/// Tells files by their path whose notation no grammar reads.
fn without_language(folder: &str, name: &str) -> Option<Kind> {
    if let Some(stem) = name.strip_suffix(".properties") {
        return is_spring(folder, stem).then_some(Kind::Spring);
    }
    let is_place = |part: &str| {
        part.contains("nginx") || matches!(part, "sites-available" | "sites-enabled" | "conf.d")
    };
    let is_nginx = name.ends_with(".nginx")
        || name.ends_with(".conf")
            && (name.contains("nginx") || folder.rsplit('/').take(2).any(is_place));
    is_nginx.then_some(Kind::Nginx)
}

fn by_words(text: &str) -> Option<Kind> {
    let head = &text[..text.floor_char_boundary(WORDS_BYTES_MAX)];
    let has = |word: &str| memchr::memmem::find(head.as_bytes(), word.as_bytes()).is_some();
    if has("apiVersion") && has("kind") {
        Some(Kind::Kubernetes)
    } else if has("AWS::") && has("Resources") {
        Some(Kind::CloudFormation)
    } else {
        None
    }
}

/// One thing that rules look at: a whole document, or one resource in it.
pub(crate) struct Subject {
    /// Its values.
    pub(crate) root: ValueId,
    /// What it is, such as `Deployment`, `aws_s3_bucket`, `AWS::S3::Bucket`;
    /// nothing for a whole document.
    pub(crate) resource: String,
    /// What it is called.
    pub(crate) name: String,
    /// Where it is named, for what it lacks.
    pub(crate) head: Option<Span>,
}

/// A file has at most so many resources.
const SUBJECTS_MAX: usize = 10_000;

/// Returns what rules look at in a file; nothing when the file is of another
/// kind than it seemed.
pub(crate) fn subjects(kind: Kind, model: &Model<'_>) -> Vec<Subject> {
    let mut found = Vec::new();
    for &root in &model.roots {
        match kind {
            Kind::Kubernetes => kubernetes(model, root, &mut found, 0),
            Kind::CloudFormation => cloudformation(model, root, &mut found),
            Kind::Terraform => terraform(model, root, &mut found),
            _ => {
                if is_kind(kind, model, root) {
                    found.push(whole(root));
                }
            }
        }
    }
    found
}

fn whole(root: ValueId) -> Subject {
    Subject {
        root,
        resource: String::new(),
        name: String::new(),
        head: None,
    }
}

fn is_kind(kind: Kind, model: &Model<'_>, root: ValueId) -> bool {
    let has = |key: &str| model.get(root, key).is_some();
    match kind {
        Kind::Workflow => has("jobs"),
        Kind::Action => has("runs"),
        Kind::Compose => has("services"),
        _ => matches!(model.value(root).shape, Shape::Mapping(_)),
    }
}

fn kubernetes(model: &Model<'_>, root: ValueId, found: &mut Vec<Subject>, depth: usize) {
    let (Some(_), Some(kind)) = (model.text(root, "apiVersion"), model.text(root, "kind")) else {
        return;
    };
    if kind.ends_with("List") && depth == 0 {
        if let Some(items) = model.get(root, "items") {
            for item in model.items(items).into_iter().take(SUBJECTS_MAX) {
                kubernetes(model, item, found, depth + 1);
            }
        }
        return;
    }
    let metadata = model.get(root, "metadata");
    let name = metadata.and_then(|metadata| model.entry(metadata, "name"));
    let text = name.and_then(|name| model.scalar(name.value));
    let kind_entry = model.entry(root, "kind");
    let head = name.or(kind_entry).map(|entry| pair(model, entry));
    found.push(Subject {
        root,
        resource: kind.to_owned(),
        name: text.map_or(kind, |text| &*text.text).to_owned(),
        head,
    });
}

fn cloudformation(model: &Model<'_>, root: ValueId, found: &mut Vec<Subject>) {
    let Some(resources) = model.get(root, "Resources") else {
        return;
    };
    let is_template = |entry: &Entry<'_>| {
        let kind = model.text(entry.value, "Type");
        kind.is_some_and(|kind| kind.contains("::"))
    };
    let entries = model.entries(resources);
    for entry in entries.iter().filter(|entry| is_template(entry)) {
        if found.len() >= SUBJECTS_MAX {
            break;
        }
        let kind = model.text(entry.value, "Type").unwrap_or("");
        let root = model.get(entry.value, "Properties").unwrap_or(entry.value);
        found.push(Subject {
            root,
            resource: kind.to_owned(),
            name: entry.key.to_string(),
            head: Some(entry.key_span),
        });
    }
    if !entries.is_empty() {
        found.push(whole(root));
    }
}

fn terraform(model: &Model<'_>, root: ValueId, found: &mut Vec<Subject>) {
    for block in model.entries(root) {
        let depth = match &*block.key {
            "resource" => 2,
            "data" => 2,
            "module" | "provider" | "variable" | "output" => 1,
            "terraform" => 0,
            _ => continue,
        };
        let (mut names, mut at) = (Vec::new(), block);
        while names.len() < depth {
            let Some(inner) = model.entries(at.value).first() else {
                break;
            };
            names.push(inner.key.to_string());
            at = inner;
        }
        if names.len() < depth || found.len() >= SUBJECTS_MAX {
            continue;
        }
        let kind = match (&*block.key, depth) {
            ("resource", _) => names[0].clone(),
            ("data", _) => format!("data.{}", names[0]),
            (kind, 1) => format!("{kind}.{}", names[0]),
            (kind, _) => kind.to_owned(),
        };
        found.push(Subject {
            root: at.value,
            resource: kind,
            name: names.last().cloned().unwrap_or_default(),
            head: Some(block.key_span),
        });
    }
    found.push(whole(root));
}

/// Returns the span of a key with its value when that is a scalar on one line.
pub(crate) fn pair(model: &Model<'_>, entry: &Entry<'_>) -> Span {
    let value = model.value(entry.value);
    let ends_later = value.span.end >= entry.key_span.end;
    match value.shape {
        // An alias stands elsewhere.
        Shape::Scalar(_) | Shape::Unknown
            if ends_later && value.span.start >= entry.key_span.start =>
        {
            Span::new(entry.key_span.start, value.span.end)
        }
        _ => entry.key_span,
    }
}
