//! Reviews a change in a child process: the same program, asked to review two
//! commits of a bare repository. Whatever the code under review does to it, it
//! ends in time, takes no more memory than it may, and knows no secret.

use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::{Duration, UNIX_EPOCH};

use assay_source::ErrorKind;
use assay_store::OutsideImport;
use serde::Serialize;
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt as _, AsyncRead, AsyncReadExt as _, BufReader};
use tokio::process::Command;

use crate::heard::{HEARD_BYTES_MAX, HeardLine, Hearing};
use crate::model_talk::{ModelTalk, converse};
use crate::remarks::{Remarks, RemarksError};

/// The program that reviews, and how far it may go.
#[derive(Clone, Debug)]
pub struct ReviewProcess {
    /// The program: this one.
    pub program: PathBuf,
    /// Where it keeps what it need not work out again.
    pub cache_folder: PathBuf,
    /// Where its reports stand until they are read.
    pub work_folder: PathBuf,
    /// The most it may take.
    pub limits: ProcessLimits,
}

/// The most that one review may take.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProcessLimits {
    /// Until then it has to be done.
    pub time_max: Duration,
    /// Bytes of memory.
    pub memory_bytes_max: u64,
    /// Bytes of one report.
    pub report_bytes_max: u64,
    /// Threads; none means one for each processor.
    pub threads: Option<u16>,
}

impl Default for ProcessLimits {
    fn default() -> Self {
        Self {
            time_max: Duration::from_secs(600),
            memory_bytes_max: 2 * 1024 * 1024 * 1024,
            report_bytes_max: 256 * 1024 * 1024,
            threads: None,
        }
    }
}

/// What is to be reviewed: two commits of a bare repository, by their full
/// names. The base is where the head left the branch of `base`.
#[derive(Clone, Copy, Debug)]
pub struct ReviewOrder<'a> {
    /// The repository.
    pub repository: &'a Path,
    /// A commit of the branch that the change goes to.
    pub base: &'a str,
    /// The last commit of the change.
    pub head: &'a str,
    /// What was rejected in earlier reviews.
    pub rejected: &'a [Rejection],
    /// Rules that are switched off on the pull request.
    pub without: &'a [String],
    /// What other tools found in the head.
    pub imports: &'a [OutsideImport],
}

/// A finding that somebody rejected.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Rejection {
    /// Which one.
    pub fingerprint: String,
    /// Of which rule.
    pub rule: String,
    /// What makes it the same when another of equal ones has its number.
    pub identity: Option<String>,
    /// Where it was.
    pub path: Option<String>,
    /// Why, and from where that is known.
    pub reason: Option<String>,
}

/// What a review came to.
#[derive(Clone, Debug, PartialEq)]
pub struct ReviewOutcome {
    /// What is to be said on the pull request.
    pub remarks: Remarks,
    /// The whole report, as the format `json` has it.
    pub report: Vec<u8>,
}

/// Why there is no review.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ProcessError {
    /// The order makes no sense.
    #[error("`{name}` is not the full name of a commit")]
    Commit {
        /// What was given.
        name: String,
    },
    /// The program could not be started, or its reports not be read.
    #[error("the process that reviews: {what}")]
    Io {
        /// What was being done.
        what: &'static str,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// It took too long and was ended.
    #[error("the review took longer than {} seconds and was ended", time_max.as_secs())]
    Late {
        /// The limit.
        time_max: Duration,
    },
    /// It could not review the change, and says why.
    #[error("the change cannot be reviewed: {message}")]
    Refused {
        /// What it said.
        message: String,
    },
    /// It ended without saying anything, as at the limit of memory.
    #[error("the process that reviews ended early ({status}): {message}")]
    Died {
        /// How it ended.
        status: ExitStatus,
        /// The end of what it said.
        message: String,
    },
    /// A report is larger than the limit.
    #[error("the report has {bytes} bytes, more than the limit of {bytes_max}")]
    TooLarge {
        /// Its size.
        bytes: u64,
        /// The limit.
        bytes_max: u64,
    },
    /// What it wants said cannot be read.
    #[error(transparent)]
    Remarks(#[from] RemarksError),
}

impl ProcessError {
    /// Returns which of the closed set of kinds the error is.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Commit { .. } | Self::Refused { .. } => ErrorKind::Invalid,
            Self::Late { .. } | Self::TooLarge { .. } => ErrorKind::Denied,
            Self::Io { .. } | Self::Died { .. } | Self::Remarks(_) => ErrorKind::Internal,
        }
    }
}

/// The exit statuses of a review: clean, and a gate that failed.
const REVIEWED: [i32; 2] = [0, 1];
/// The exit status of a review that says why it cannot be.
const REFUSED: i32 = 2;
/// Of what the process says so much is kept, from its end.
const SAID_BYTES_MAX: usize = 16 * 1024;
/// How the folder of a review is called.
const PREFIX: &str = "review-";
/// A folder is nobody's any more so long after its review had to end.
const LEFT_MS: i64 = 60 * 60_000;

impl ReviewProcess {
    /// Reviews a change. Dropping the future ends the process.
    ///
    /// # Errors
    ///
    /// See [`ProcessError`].
    pub async fn run(
        &self,
        order: ReviewOrder<'_>,
        heard: &Hearing,
    ) -> Result<ReviewOutcome, ProcessError> {
        self.run_with(order, heard, None).await
    }

    /// Reviews a change as [`ReviewProcess::run`] does, and answers what the process asks
    /// of models.
    ///
    /// # Errors
    ///
    /// See [`ProcessError`].
    pub async fn run_with(
        &self,
        order: ReviewOrder<'_>,
        heard: &Hearing,
        talk: Option<ModelTalk>,
    ) -> Result<ReviewOutcome, ProcessError> {
        let range = order.range()?;
        let folder = self.folder()?;
        let report = folder.path().join("report.json");
        let remarks = folder.path().join("remarks.json");
        let mut command = self.command(folder.path());
        command.arg("--directory").arg(order.repository).args([
            "review",
            "--tell-progress",
            "--keep-diff",
            &range,
        ]);
        for rule in order.without {
            command.arg("--without").arg(rule);
        }
        import(&mut command, folder.path(), order.imports).await?;
        let first = folder.path().join("first.json");
        if let Some(talk) = &talk {
            command
                .arg("--ask-parent")
                .arg(wish_file(folder.path(), talk).await?);
            command.arg("--first-remarks").arg(&first);
        }
        command
            .arg("--output")
            .arg(output("json", &report))
            .arg("--output")
            .arg(output("remarks", &remarks));
        reject(&mut command, folder.path(), order.rejected).await?;
        let input = match talk {
            None => Input::None,
            Some(talk) => Input::Models(Box::new(talk), first),
        };
        self.finish(command, input, heard).await?;
        let remarks = Remarks::read(&self.read(&remarks).await?)?;
        Ok(ReviewOutcome {
            remarks,
            report: self.read(&report).await?,
        })
    }

    /// Reads the whole tree of a commit of a bare repository. Returns the report.
    /// Dropping the future ends the process.
    ///
    /// # Errors
    ///
    /// See [`ProcessError`].
    pub async fn run_tree(
        &self,
        repository: &Path,
        commit: &str,
        rejected: &[Rejection],
        heard: &Hearing,
    ) -> Result<Vec<u8>, ProcessError> {
        check_commit(commit)?;
        let folder = self.folder()?;
        let report = folder.path().join("report.json");
        let mut command = self.command(folder.path());
        command
            .arg("--directory")
            .arg(repository)
            .args(["scan", "--tell-progress", "--rev", commit, "--output"])
            .arg(output("json", &report));
        reject(&mut command, folder.path(), rejected).await?;
        self.finish(command, Input::None, heard).await?;
        self.read(&report).await
    }

    /// Mends what a change introduces, by one rule or all, and answers what the process
    /// asks of models. Returns the difference, and what came of each finding. Dropping the
    /// future ends the process.
    ///
    /// # Errors
    ///
    /// See [`ProcessError`].
    pub async fn mend(
        &self,
        order: ReviewOrder<'_>,
        rule: Option<&str>,
        talk: Option<ModelTalk>,
    ) -> Result<(Vec<u8>, Vec<u8>), ProcessError> {
        let range = order.range()?;
        let folder = self.folder()?;
        let patch = folder.path().join("mended.patch");
        let outcome = folder.path().join("outcome.json");
        let mut command = self.command(folder.path());
        command.arg("--directory").arg(order.repository);
        command
            .args(["fix", "--change", &range, "--file"])
            .arg(&patch)
            .arg("--outcome")
            .arg(&outcome);
        if let Some(rule) = rule {
            command.args(["--rule", rule]);
        }
        let input = match talk {
            None => Input::None,
            Some(talk) => {
                command
                    .arg("--ask-parent")
                    .arg(wish_file(folder.path(), &talk).await?);
                Input::Models(Box::new(talk), folder.path().join("first.json"))
            }
        };
        let heard = Hearing::default();
        self.finish(command, input, &heard).await?;
        Ok((self.read(&patch).await?, self.read(&outcome).await?))
    }

    /// Finds the passages of a commit of a bare repository that answer a question;
    /// returns them as JSON, with the answer of a model when one may be asked. Dropping
    /// the future ends the process.
    ///
    /// # Errors
    ///
    /// See [`ProcessError`].
    pub async fn ask(
        &self,
        (repository, commit): (&Path, &str),
        question: &str,
        passages_max: u16,
        talk: Option<ModelTalk>,
    ) -> Result<Vec<u8>, ProcessError> {
        check_commit(commit)?;
        let folder = self.folder()?;
        let answer = folder.path().join("answer.json");
        let mut command = self.command(folder.path());
        command
            .arg("--directory")
            .arg(repository)
            .args(["ask", "--rev", commit, "--format", "json", "--top"])
            .arg(passages_max.to_string())
            .arg("--output")
            .arg(&answer);
        let input = match talk {
            None => Input::None,
            Some(talk) => {
                command
                    .arg("--ask-parent")
                    .arg(wish_file(folder.path(), &talk).await?);
                Input::Models(Box::new(talk), folder.path().join("first.json"))
            }
        };
        // No argument can hold a NUL.
        command.arg("--").arg(question.replace('\0', " "));
        let heard = Hearing::default();
        self.finish(command, input, &heard).await?;
        self.read(&answer).await
    }

    /// Lets two agents talk about a change; returns what came of it as JSON. Dropping the
    /// future ends the process.
    ///
    /// # Errors
    ///
    /// See [`ProcessError`].
    pub async fn discuss(
        &self,
        order: ReviewOrder<'_>,
        agents: &str,
        talk: ModelTalk,
    ) -> Result<Vec<u8>, ProcessError> {
        let range = order.range()?;
        let folder = self.folder()?;
        let conclusion = folder.path().join("conclusion.json");
        let mut command = self.command(folder.path());
        command
            .arg("--directory")
            .arg(order.repository)
            .args([
                "discuss",
                "--tell-talk",
                "--format",
                "json",
                &range,
                "--output",
            ])
            .arg(&conclusion)
            .arg("--ask-parent")
            .arg(wish_file(folder.path(), &talk).await?);
        if !agents.is_empty() {
            let file = folder.path().join("agents.yaml");
            let written = tokio::fs::write(&file, agents).await;
            written.map_err(io_error("writing who talks"))?;
            command.arg("--agents").arg(file);
        }
        let heard = Hearing::default();
        let input = Input::Models(Box::new(talk), folder.path().join("first.json"));
        self.finish(command, input, &heard).await?;
        self.read(&conclusion).await
    }

    /// Deletes the folders of reviews whose server was killed: those that are older
    /// than any review can be.
    pub(crate) async fn clear(&self, now_ms: i64) -> io::Result<()> {
        let age_ms = i64::try_from(self.limits.time_max.as_millis()).unwrap_or(i64::MAX);
        let oldest_ms = now_ms.saturating_sub(age_ms.saturating_add(LEFT_MS));
        let mut entries = tokio::fs::read_dir(&self.work_folder).await?;
        while let Some(entry) = entries.next_entry().await? {
            let is_ours = entry
                .file_name()
                .as_encoded_bytes()
                .starts_with(PREFIX.as_bytes());
            let metadata = entry.metadata().await?;
            let since = metadata
                .modified()?
                .duration_since(UNIX_EPOCH)
                .unwrap_or_default();
            let made_ms = i64::try_from(since.as_millis()).unwrap_or(i64::MAX);
            if is_ours && metadata.is_dir() && made_ms < oldest_ms {
                tokio::fs::remove_dir_all(entry.path()).await?;
            }
        }
        Ok(())
    }

    pub(crate) fn folder(&self) -> Result<TempDir, ProcessError> {
        tempfile::Builder::new()
            .prefix(PREFIX)
            .tempdir_in(&self.work_folder)
            .map_err(io_error("making its folder"))
    }

    /// Runs the program to its end.
    async fn finish(
        &self,
        mut command: Command,
        input: Input,
        heard: &Hearing,
    ) -> Result<(), ProcessError> {
        if !matches!(input, Input::None) {
            command.stdin(Stdio::piped());
        }
        command.stdout(Stdio::piped());
        let mut child = command.spawn().map_err(io_error("starting it"))?;
        let told = child.stdout.take().expect("standard output is piped");
        let said = child.stderr.take().expect("standard error is piped");
        let stdin = child.stdin.take();
        let deadline = tokio::time::Instant::now() + self.limits.time_max;
        let ended = async {
            let talking = async {
                match (stdin, input) {
                    (Some(stdin), Input::Models(talk, first)) => {
                        converse(told, stdin, heard, *talk, (&first, deadline)).await;
                    }
                    _ => hear(told, heard).await,
                }
            };
            let ((), said, status) = tokio::join!(talking, read_end(said), child.wait());
            Ok::<_, io::Error>((said?, status?))
        };
        let time_max = self.limits.time_max;
        let (said, status) = match tokio::time::timeout(time_max, ended).await {
            Ok(ended) => ended.map_err(io_error("waiting for it"))?,
            Err(_) => {
                child.kill().await.map_err(io_error("ending it"))?;
                return Err(ProcessError::Late { time_max });
            }
        };
        let message = String::from_utf8_lossy(&said).trim().to_owned();
        match status.code() {
            Some(code) if REVIEWED.contains(&code) => Ok(()),
            Some(REFUSED) => Err(ProcessError::Refused { message }),
            _ => Err(ProcessError::Died { status, message }),
        }
    }

    /// Returns the program with nothing of whoever started the server.
    pub(crate) fn command(&self, home: &Path) -> Command {
        let mut command = Command::new(&self.program);
        command.arg("--quiet");
        if let Some(threads) = self.limits.threads {
            command.arg("--threads").arg(threads.to_string());
        }
        command
            // No token, no user, no setting of whoever started the server.
            .env_clear()
            .env("HOME", home)
            .env("ASSAY_CACHE_DIR", &self.cache_folder)
            .env(
                "ASSAY_MEMORY_BYTES_MAX",
                self.limits.memory_bytes_max.to_string(),
            )
            // When this process is killed nobody sees to its limits any more.
            .env("ASSAY_PARENT_PROCESS", std::process::id().to_string())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        // What ends the server from its terminal leaves it time to finish.
        #[cfg(unix)]
        command.process_group(0);
        command
    }

    async fn read(&self, file: &Path) -> Result<Vec<u8>, ProcessError> {
        let reading = io_error("reading its report");
        let bytes_max = self.limits.report_bytes_max;
        let metadata = tokio::fs::metadata(file).await;
        let bytes = metadata.map_err(io_error("reading its report"))?.len();
        if bytes > bytes_max {
            return Err(ProcessError::TooLarge { bytes, bytes_max });
        }
        tokio::fs::read(file).await.map_err(reading)
    }
}

/// What a process is told while it runs.
enum Input {
    None,
    /// Answers of models, and where it writes the remarks that it has without them.
    Models(Box<ModelTalk>, PathBuf),
}

impl ReviewOrder<'_> {
    /// Returns the change as an argument.
    fn range(&self) -> Result<String, ProcessError> {
        for name in [self.base, self.head] {
            check_commit(name)?;
        }
        Ok(format!("{}...{}", self.base, self.head))
    }
}

/// Returns the argument for a report of a format in a file.
fn output(format: &str, file: &Path) -> OsString {
    let mut output = OsString::from(format!("{format}="));
    output.push(file);
    output
}

fn check_commit(name: &str) -> Result<(), ProcessError> {
    let is_full = matches!(name.len(), 40 | 64);
    match is_full && name.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        true => Ok(()),
        false => Err(ProcessError::Commit {
            name: name.to_owned(),
        }),
    }
}

/// Hands over what other tools found, each as a file that is called as it is. The names
/// and formats were checked when they came in.
async fn import(
    command: &mut Command,
    folder: &Path,
    imports: &[OutsideImport],
) -> Result<(), ProcessError> {
    let place = folder.join("imports");
    let made = tokio::fs::create_dir_all(&place).await;
    made.map_err(io_error("making a folder"))?;
    for one in imports {
        let file = place.join(&one.name);
        let written = tokio::fs::write(&file, &one.output).await;
        written.map_err(io_error("writing what other tools found"))?;
        command.arg("--import").arg(output(&one.format, &file));
        if let Some(root) = &one.root {
            command.arg("--import-root").arg(root);
        }
    }
    Ok(())
}

/// Writes down how models are asked; returns where.
async fn wish_file(folder: &Path, talk: &ModelTalk) -> Result<PathBuf, ProcessError> {
    let wish = folder.join("model.json");
    let written = tokio::fs::write(&wish, talk.wish.to_json()).await;
    written.map_err(io_error("writing how models are asked"))?;
    Ok(wish)
}

/// Tells the process what was rejected before.
async fn reject(
    command: &mut Command,
    folder: &Path,
    rejected: &[Rejection],
) -> Result<(), ProcessError> {
    if rejected.is_empty() {
        return Ok(());
    }
    let file = folder.join("rejected.json");
    let list = serde_json::json!({"findings": rejected}).to_string();
    let written = tokio::fs::write(&file, list).await;
    written.map_err(io_error("telling it what was rejected"))?;
    command.arg("--rejected").arg(file);
    Ok(())
}

pub(crate) fn io_error(what: &'static str) -> impl FnOnce(io::Error) -> ProcessError {
    move |source| ProcessError::Io { what, source }
}

/// Hears how far the process is, and what it found. What is no such line is passed over.
async fn hear(from: impl AsyncRead + Unpin, heard: &Hearing) {
    let mut from = BufReader::new(from);
    let mut line = Vec::new();
    loop {
        line.clear();
        let mut part = (&mut from).take(HEARD_BYTES_MAX);
        match part.read_until(b'\n', &mut line).await {
            Ok(0) | Err(_) => return,
            Ok(_) => {}
        }
        if let Some(said) = HeardLine::parse(&line) {
            heard.hear(said);
        }
    }
}

/// Reads to the end and keeps the end.
async fn read_end(mut from: impl AsyncRead + Unpin) -> io::Result<Vec<u8>> {
    let mut kept = Vec::new();
    let mut part = [0; 4096];
    loop {
        let count = from.read(&mut part).await?;
        if count == 0 {
            return Ok(kept);
        }
        kept.extend_from_slice(&part[..count]);
        let over = kept.len().saturating_sub(SAID_BYTES_MAX);
        kept.drain(..over);
    }
}
