//! `assay demo`: fills a platform with reviews of past commits of repositories on this machine, so
//! that every page of the dashboard has something to show.

use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use assay_app::{AnalyzeWish, App, Caller, ExaminedFile, Paging};
use assay_auth::Identifier;
use assay_git::{Input, Opened, Options};
use assay_source::{FileKind, FileVersion};
use tokio::sync::watch;

use super::settings::{Given, Settings};
use super::{block_on, platform, worker};
use crate::arguments::DemoArguments;
use crate::output;

/// Larger files are left out: a request to review has room for 4 MB in all.
const FILE_BYTES_MAX: u64 = 512 * 1024;
/// How often it is looked whether the reviews are done.
const LOOK: Duration = Duration::from_millis(200);
/// The branch that such repositories say they have.
const BRANCH: &str = "main";
/// How a commit is called among reviews.
const ID_CHARS: usize = 12;

/// `assay demo`.
pub(crate) fn run(arguments: &DemoArguments) -> anyhow::Result<ExitCode> {
    let settings = Settings::load(&Given::place(&arguments.place))?;
    block_on(fill(arguments, &settings))?;
    Ok(ExitCode::SUCCESS)
}

async fn fill(arguments: &DemoArguments, settings: &Settings) -> anyhow::Result<()> {
    super::make_folders(settings)?;
    let (app, github) = platform(settings).await?;
    super::show_first_key(&app).await?;
    let caller = app.operator(arguments.organisation.as_deref()).await;
    let caller = caller.context("the organisation")?;
    let (stop, stopped) = watch::channel(false);
    let worker = worker(settings, &app, github)?;
    let working = tokio::spawn(async move { worker.run(stopped).await });
    let filled = async {
        for folder in &arguments.repo {
            let asked = ask(&app, &caller, folder, arguments.commits).await?;
            let done = wait(&app, &caller, &asked).await?;
            let name = folder.display();
            output::print(format!(
                "{name}: {done} of {} commits reviewed\n",
                asked.len()
            ))?;
        }
        anyhow::Ok(())
    };
    let filled = filled.await;
    stop.send_replace(true);
    working.await.context("the worker")?;
    app.store().close().await;
    filled?;
    output::print("`assay serve` with the same arguments shows them\n".to_owned())
}

/// Asks for the reviews of a repository's newest commits, the oldest of them first.
async fn ask(
    app: &App,
    caller: &Caller,
    folder: &Path,
    commits: u32,
) -> anyhow::Result<Vec<Identifier>> {
    let whole = folder
        .canonicalize()
        .with_context(|| format!("{} cannot be opened", folder.display()))?;
    let name = whole.file_name().unwrap_or(whole.as_os_str());
    let name = name.to_string_lossy();
    let repository = app.repository_put_local(caller, &name, BRANCH).await?;
    let mut asked = Vec::new();
    let mut problem = None;
    for back in (0..commits).rev() {
        let input = Input::Commit(format!("HEAD~{back}"));
        let opened = match assay_git::open(&whole, &input, &Options::default()) {
            Ok(opened) => opened,
            // The history is shorter than that.
            Err(error) => {
                problem = Some(error);
                continue;
            }
        };
        let Some(wish) = wish(&opened, repository) else {
            continue;
        };
        match app.review_analyze(caller, wish).await {
            Ok(analyzed) => asked.push(analyzed.review),
            Err(error) if error.kind() == assay_source::ErrorKind::Invalid => {
                output::remark(format!("a commit is left out: {error}"));
            }
            Err(error) => return Err(error.into()),
        }
    }
    if let (true, Some(problem)) = (asked.is_empty(), problem) {
        return Err(problem).with_context(|| folder.display().to_string());
    }
    ensure!(
        !asked.is_empty(),
        "{}: no commit changes a text",
        folder.display()
    );
    Ok(asked)
}

/// Returns what is to be reviewed of a commit: the texts that differ.
fn wish(opened: &Opened, repository: Identifier) -> Option<AnalyzeWish> {
    let text = |version: &Option<FileVersion>| {
        let version = version.as_ref()?;
        let is_file = matches!(version.kind, FileKind::File | FileKind::Executable);
        let bytes = opened.tree.read(version, FILE_BYTES_MAX).ok()?;
        String::from_utf8(bytes).ok().filter(|_| is_file)
    };
    let files = opened.change.files.iter().filter_map(|file| {
        let (base, head) = (text(&file.base), text(&file.head));
        let path = file.path().as_str()?.to_owned();
        (base.is_some() || head.is_some()).then_some(ExaminedFile { path, base, head })
    });
    let files: Vec<_> = files.collect();
    let name = |revision: &str| revision.chars().take(ID_CHARS).collect();
    (!files.is_empty()).then(|| AnalyzeWish {
        repository: Some(repository),
        base: name(&opened.change.base),
        head: name(&opened.change.head),
        files,
        idempotency_key: None,
    })
}

/// Waits until reviews ended; returns how many are done.
async fn wait(app: &App, caller: &Caller, reviews: &[Identifier]) -> anyhow::Result<usize> {
    let mut done = 0;
    for review in reviews {
        let paging = || Paging {
            after: None,
            rows_max: 1,
        };
        loop {
            let view = app.review_get(caller, *review, paging()).await?;
            match view.review.state {
                "queued" | "running" => tokio::time::sleep(LOOK).await,
                "done" => {
                    done += 1;
                    break;
                }
                _ => break,
            }
        }
    }
    Ok(done)
}
