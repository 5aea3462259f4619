//! What other tools found: read from files that the user names, and from tools that run
//! while Assay reads, when the user says so.
//!
//! Invariant: a command of a configuration runs only when whoever typed the command
//! line asked for it, from the base revision's configuration, and never in the process
//! of a server: that one says neither `--tools` nor `ASSAY_TOOLS`.

mod process;
mod trial;

use std::io::Read as _;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use anyhow::{Context as _, bail, ensure};
use assay_finding::import::{IMPORT_BYTES_MAX, ImportFormat, ImportOptions, import};
use assay_git::{Input, Opened};
use assay_review::{OutsideFindings, OutsideRun, Settings};
use assay_source::{RepoPath, nearest_word};
use assay_syntax::detect;

use crate::arguments::ReportArguments;
use crate::config::Tool;

pub(crate) use self::trial::{Trial, TrialSettings};

/// Files that are taken in.
const IMPORTS_MAX: usize = 100;
/// Bytes of the names that one command is given.
const FILES_BYTES_MAX: usize = 96 * 1024;
/// The variable that turns the tools on for a user.
const VARIABLE: &str = "ASSAY_TOOLS";
/// Set for the processes of a server.
const NEVER: &str = "ASSAY_PARENT_PROCESS";

/// Files that were read, and tools that run.
struct Outside {
    read: Vec<OutsideRun>,
    running: Mutex<Running>,
}

enum Running {
    Started(JoinHandle<Vec<OutsideRun>>),
    Ended(Vec<OutsideRun>),
}

impl OutsideFindings for Outside {
    fn bring(&self) -> Vec<OutsideRun> {
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        let before = std::mem::replace(&mut *running, Running::Ended(Vec::new()));
        let ended = match before {
            Running::Ended(runs) => runs,
            Running::Started(thread) => thread.join().unwrap_or_else(|_| {
                vec![OutsideRun {
                    source: "tools".to_owned(),
                    result: Err("what runs them stopped; please report this".to_owned()),
                }]
            }),
        };
        *running = Running::Ended(ended.clone());
        self.read.iter().cloned().chain(ended).collect()
    }
}

/// Reads the files that are named, and starts the tools that are wanted.
pub(crate) fn outside(
    arguments: &ReportArguments,
    input: &Input,
    opened: &Opened,
    settings: &Settings,
    tools: Vec<Tool>,
) -> anyhow::Result<Option<Arc<dyn OutsideFindings>>> {
    let roots = roots(arguments, opened);
    let read = files(&arguments.imports, &roots)?;
    let is_wanted = arguments.tools
        || std::env::var(VARIABLE).is_ok_and(|value| value == "1")
            && is_on_disk(input)
            && opened.root.is_some();
    let is_server = std::env::var_os(NEVER).is_some();
    ensure!(
        !(is_server && arguments.tools),
        "a server runs no tools: their findings come in by its API"
    );
    let mut running = Running::Ended(Vec::new());
    if is_wanted && !is_server {
        ensure!(
            is_on_disk(input),
            "--tools is for the working tree and for `assay scan FOLDER`: tools read the files on disk; \
             give what they found elsewhere with --import"
        );
        let root = opened.root.as_deref();
        let root = root.context("--tools needs a folder to run the tools in")?;
        ensure!(
            !tools.is_empty() || !arguments.tools,
            "--tools: there is no [[tools]] in assay.toml of the base revision"
        );
        let orders = orders(tools, opened, settings);
        if !orders.is_empty() {
            let root = root
                .canonicalize()
                .with_context(|| format!("{} cannot be opened", root.display()))?;
            running = Running::Started(process::start(orders, root, roots)?);
        }
    }
    if read.is_empty() && matches!(running, Running::Ended(_)) {
        return Ok(None);
    }
    let running = Mutex::new(running);
    Ok(Some(Arc::new(Outside { read, running })))
}

/// Returns whether what is reviewed is what is on disk.
fn is_on_disk(input: &Input) -> bool {
    matches!(input, Input::WorkingTree { .. } | Input::Scan { .. })
}

/// Returns what the root of the repository may be called.
fn roots(arguments: &ReportArguments, opened: &Opened) -> Vec<String> {
    let mut roots = arguments.import_roots.clone();
    if let Some(root) = &opened.root {
        let real = root.canonicalize();
        for path in [Some(root.clone()), real.ok()].into_iter().flatten() {
            roots.extend(path.to_str().map(str::to_owned));
        }
    }
    roots.retain(|root| Path::new(root).is_absolute() || root.contains(':'));
    roots.dedup();
    roots
}

fn files(named: &[String], roots: &[String]) -> anyhow::Result<Vec<OutsideRun>> {
    ensure!(
        named.len() <= IMPORTS_MAX,
        "--import: {} files, and at most {IMPORTS_MAX} are taken in",
        named.len()
    );
    named.iter().map(|one| file(one, roots)).collect()
}

/// Reads one file. That it is not there is an error of the command; that it is not what
/// it should be is a problem of the review.
fn file(named: &str, roots: &[String]) -> anyhow::Result<OutsideRun> {
    let names = || ImportFormat::ALL.iter().map(|format| format.as_str());
    let Some((word, path)) = named.split_once('=') else {
        bail!(
            "--import: `{named}` is not FORMAT=FILE; formats are {}",
            names().collect::<Vec<_>>().join(", ")
        );
    };
    let Some(format) = ImportFormat::from_name(word) else {
        let hint = match nearest_word(word, names()) {
            Some(right) => format!("did you mean `{right}`?"),
            None => format!("there are {}", names().collect::<Vec<_>>().join(", ")),
        };
        bail!("--import: there is no format `{word}`; {hint}");
    };
    let mut bytes = Vec::new();
    let opened = std::fs::File::open(path);
    opened
        .and_then(|file| {
            file.take(IMPORT_BYTES_MAX as u64 + 1)
                .read_to_end(&mut bytes)
        })
        .with_context(|| format!("--import: {path} cannot be read"))?;
    let options = ImportOptions {
        roots: roots.to_vec(),
        tool: None,
    };
    // A report does not say where on this machine something lay.
    let name = Path::new(path).file_name().unwrap_or_default();
    Ok(OutsideRun {
        source: name.to_string_lossy().into_owned(),
        result: import(format, &bytes, &options).map_err(|error| error.to_string()),
    })
}

/// A tool, and the files that it is for.
struct Order {
    tool: Tool,
    files: Vec<String>,
    /// Files that it is not given, since there are too many.
    left: usize,
}

/// Returns the tools that have something to look at.
fn orders(tools: Vec<Tool>, opened: &Opened, settings: &Settings) -> Vec<Order> {
    let excluded = &settings.exclude;
    let heads = opened
        .change
        .files
        .iter()
        .filter_map(|file| file.head.as_ref());
    let paths: Vec<&RepoPath> = heads
        .map(|head| &head.path)
        .filter(|path| {
            let name = path.as_str().unwrap_or_default();
            !excluded.iter().any(|(_, glob)| glob.is_match(name))
        })
        .collect();
    let mut orders = Vec::new();
    for tool in tools {
        let mut order = Order {
            files: Vec::new(),
            left: 0,
            tool,
        };
        let mut bytes = 0;
        for path in &paths {
            let Some(name) = path.as_str().filter(|_| is_for(&order.tool, path)) else {
                continue;
            };
            bytes += name.len() + 3;
            if bytes > FILES_BYTES_MAX {
                order.left += 1;
            } else {
                // A name that begins with a dash is no option.
                order.files.push(format!("./{name}"));
            }
        }
        if !order.files.is_empty() {
            orders.push(order);
        }
    }
    orders
}

fn is_for(tool: &Tool, path: &RepoPath) -> bool {
    let name = path.as_str().unwrap_or_default();
    let at_path = tool.paths.is_empty() || tool.paths.iter().any(|glob| glob.is_match(name));
    at_path
        && (tool.languages.is_empty()
            || detect(path, "")
                .is_some_and(|found| tool.languages.iter().any(|one| std::ptr::eq(*one, found))))
}
