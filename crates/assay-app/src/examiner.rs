//! Texts of callers are examined by processes that are kept for the next text: what
//! such a text does to whoever reads it, it does to a process without a secret, with
//! a limit of memory, and with an end that does not depend on it.
//!
//! A request and its answer are a line with the number of bytes, and the bytes; before
//! an answer a process may say how far it is and what it found, in the same form. A process ends after some
//! number of texts, after some time without one, and at once when anything goes wrong;
//! the next text begins another. One that has seen texts of an organisation sees none of
//! another.

use std::collections::VecDeque;
use std::future::Future;
use std::io::{self, BufRead as _, Read as _};
use std::pin::Pin;
use std::process::Stdio;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::process::{Child, ChildStdin, ChildStdout};
use tokio::time::Instant;

use crate::error::Error;
use crate::examine::{ExamineRequest, ExamineRules, ExaminedFile};
use crate::heard::{HEARD_BYTES_MAX, HeardLine, Hearing};
use crate::job::JobFile;
use crate::review_process::{ProcessError, ReviewProcess, io_error};

/// Bytes of the line that says how many bytes follow.
const LENGTH_LINE_BYTES_MAX: u64 = 24;
/// The first letter of the line before a report.
const REPORT: char = 'r';
/// The first letter of the line before a reason.
const REFUSED: char = 'e';
/// The first letter of the line before a word on how far it is, or what it found.
const STEP: char = 'p';
/// So many words there are before an answer at most.
const STEPS_MAX: usize = 100_000;

/// What becomes of a text: a report in JSON.
pub type Examined<'a> = Pin<Box<dyn Future<Output = Result<Vec<u8>, ProcessError>> + Send + 'a>>;

/// Examines texts, somewhere.
pub trait Examiner: Send + Sync {
    /// Returns the report on a request of an owner that was checked.
    fn examine<'a>(&'a self, owner: &'a str, request: &'a ExamineRequest) -> Examined<'a>;
}

/// A request as it is written to a kept process.
#[derive(Debug, Serialize, Deserialize)]
struct WireRequest {
    rules: WireRules,
    base: String,
    head: String,
    files: Vec<JobFile>,
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum WireRules {
    All,
    Secrets,
}

impl ExamineRequest {
    /// Reads a request that [`KeptExaminers`] wrote.
    pub fn read(bytes: &[u8]) -> Result<Self, Error> {
        let wire: WireRequest = serde_json::from_slice(bytes)
            .map_err(|why| Error::invalid("request", why.to_string()))?;
        let file = |file: JobFile| ExaminedFile {
            path: file.path,
            base: file.base,
            head: file.head,
        };
        let request = Self {
            base: wire.base,
            head: wire.head,
            files: wire.files.into_iter().map(file).collect(),
            rules: match wire.rules {
                WireRules::All => ExamineRules::All,
                WireRules::Secrets => ExamineRules::Secrets,
            },
        };
        request.check()?;
        Ok(request)
    }

    fn written(&self) -> Result<Vec<u8>, ProcessError> {
        let file = |file: &ExaminedFile| JobFile {
            path: file.path.clone(),
            base: file.base.clone(),
            head: file.head.clone(),
        };
        let wire = WireRequest {
            rules: match self.rules {
                ExamineRules::All => WireRules::All,
                ExamineRules::Secrets => WireRules::Secrets,
            },
            base: self.base.clone(),
            head: self.head.clone(),
            files: self.files.iter().map(file).collect(),
        };
        let bytes = serde_json::to_vec(&wire);
        bytes.map_err(|why| io_error("writing the request")(why.into()))
    }
}

/// Is told how far the work on a request is, and what it found so far.
pub type TellHeard<'a> = &'a (dyn Fn(&HeardLine) + Sync);

/// Answers requests on one stream with reports on another until there is no more:
/// the side of the process that is kept. `report` makes the report of a request.
///
/// # Errors
///
/// When the other side does not keep to the form.
pub fn answer_requests(
    mut input: impl io::BufRead,
    output: impl io::Write + Send,
    request_bytes_max: u64,
    report: impl Fn(&[u8], TellHeard<'_>) -> Result<Vec<u8>, String>,
) -> io::Result<()> {
    let output = Mutex::new(output);
    let write = |kind: char, bytes: &[u8]| {
        let mut output = output.lock().unwrap_or_else(PoisonError::into_inner);
        writeln!(output, "{kind}{}", bytes.len())?;
        output.write_all(bytes)?;
        output.flush()
    };
    let tell = |said: &HeardLine| {
        if let Some(line) = said.line() {
            // Whoever does not listen any more is not there for the answer either.
            let _ = write(STEP, line.as_bytes());
        }
    };
    loop {
        let mut line = String::new();
        io::Read::take(&mut input, LENGTH_LINE_BYTES_MAX).read_line(&mut line)?;
        if line.is_empty() {
            return Ok(());
        }
        let length: u64 = line.trim_end().parse().map_err(io::Error::other)?;
        if length > request_bytes_max {
            return Err(io::Error::other("the request is too large"));
        }
        let mut request = Vec::new();
        io::Read::take(&mut input, length).read_to_end(&mut request)?;
        match report(&request, &tell) {
            Ok(bytes) => write(REPORT, &bytes)?,
            Err(why) => write(REFUSED, why.as_bytes())?,
        }
    }
}

/// How long kept processes are kept.
#[derive(Clone, Copy, Debug)]
pub struct KeptLimits {
    /// After so many texts a process ends.
    pub texts_max: u32,
    /// So many processes wait for a text at most; others end at once.
    pub idle_max: usize,
    /// After so long without a text a process ends.
    pub idle_time_max: Duration,
}

impl Default for KeptLimits {
    fn default() -> Self {
        Self {
            texts_max: 500,
            idle_max: 2,
            idle_time_max: Duration::from_secs(60),
        }
    }
}

/// Processes that examine one text after the other.
#[derive(Clone)]
pub struct KeptExaminers(Arc<Pool>);

struct Pool {
    process: ReviewProcess,
    limits: KeptLimits,
    idle: Mutex<VecDeque<Kept>>,
}

/// A process that is kept. Dropping it ends it.
struct Kept {
    /// Whose texts it has seen.
    owner: String,
    // Dropped first: the folder goes when nobody is in it any more.
    _child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
    texts: u32,
    idle_since: Instant,
    _folder: TempDir,
}

impl KeptExaminers {
    /// Returns examiners that start `process` when there is a text to examine.
    pub fn new(process: ReviewProcess, limits: KeptLimits) -> Self {
        Self(Arc::new(Pool {
            process,
            limits,
            idle: Mutex::new(VecDeque::new()),
        }))
    }

    /// Returns how many processes wait for a text.
    pub fn idle(&self) -> usize {
        self.0.idle().len()
    }

    /// Returns the report on a request of an owner, and tells meanwhile how far it is.
    ///
    /// # Errors
    ///
    /// See [`ProcessError`].
    pub async fn examine_telling(
        &self,
        owner: &str,
        request: &ExamineRequest,
        heard: &Hearing,
    ) -> Result<Vec<u8>, ProcessError> {
        let bytes = request.written()?;
        if let Some(kept) = self.0.take(owner) {
            match self.ask(kept, &bytes, heard).await {
                // It ended while it waited, or it has had enough: another begins anew.
                Err(ProcessError::Io { .. }) => {}
                answer => return answer,
            }
        }
        let kept = self.0.start(owner)?;
        self.ask(kept, &bytes, heard).await
    }

    async fn ask(
        &self,
        mut kept: Kept,
        bytes: &[u8],
        heard: &Hearing,
    ) -> Result<Vec<u8>, ProcessError> {
        let time_max = self.0.process.limits.time_max;
        let bytes_max = self.0.process.limits.report_bytes_max;
        let asked = tokio::time::timeout(time_max, kept.ask(bytes, bytes_max, heard)).await;
        let answer = asked.map_err(|_| ProcessError::Late { time_max })?;
        // After an answer of either kind the process is as good as before; a process
        // that gave none ends here.
        if matches!(answer, Ok(_) | Err(ProcessError::Refused { .. })) {
            self.give_back(kept);
        }
        answer
    }

    fn give_back(&self, mut kept: Kept) {
        let limits = self.0.limits;
        kept.texts += 1;
        kept.idle_since = Instant::now();
        if kept.texts >= limits.texts_max || limits.idle_max == 0 {
            return;
        }
        let mut idle = self.0.idle();
        idle.push_back(kept);
        // The one that was not wanted for the longest time makes room.
        let over = (idle.len() > limits.idle_max).then(|| idle.pop_front());
        drop(idle);
        drop(over);
        let pool = Arc::downgrade(&self.0);
        tokio::spawn(async move {
            tokio::time::sleep(limits.idle_time_max).await;
            let Some(pool) = pool.upgrade() else { return };
            pool.idle()
                .retain(|kept| kept.idle_since.elapsed() < limits.idle_time_max);
        });
    }
}

impl Examiner for KeptExaminers {
    fn examine<'a>(&'a self, owner: &'a str, request: &'a ExamineRequest) -> Examined<'a> {
        Box::pin(async move {
            let heard = Hearing::default();
            self.examine_telling(owner, request, &heard).await
        })
    }
}

impl Pool {
    fn idle(&self) -> std::sync::MutexGuard<'_, VecDeque<Kept>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes the process of an owner that was used last: it is the one that is warm.
    fn take(&self, owner: &str) -> Option<Kept> {
        let mut idle = self.idle();
        let at = idle.iter().rposition(|kept| kept.owner == owner)?;
        idle.remove(at)
    }

    fn start(&self, owner: &str) -> Result<Kept, ProcessError> {
        let folder = self.process.folder()?;
        let mut command = self.process.command(folder.path());
        command
            .arg("examine")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            // Nobody reads what it says: a full pipe would stop it.
            .stderr(Stdio::null());
        let mut child = command.spawn().map_err(io_error("starting it"))?;
        let input = child.stdin.take().expect("standard input is piped");
        let output = child.stdout.take().expect("standard output is piped");
        Ok(Kept {
            owner: owner.to_owned(),
            _child: child,
            input,
            output: BufReader::new(output),
            texts: 0,
            idle_since: Instant::now(),
            _folder: folder,
        })
    }
}

impl Kept {
    async fn ask(
        &mut self,
        request: &[u8],
        bytes_max: u64,
        heard: &Hearing,
    ) -> Result<Vec<u8>, ProcessError> {
        let telling = io_error("telling it the text");
        let told = async {
            let line = format!("{}\n", request.len());
            self.input.write_all(line.as_bytes()).await?;
            self.input.write_all(request).await?;
            self.input.flush().await
        };
        told.await.map_err(telling)?;
        for _ in 0..STEPS_MAX {
            let (kind, bytes) = self.part(bytes_max).await?;
            match kind {
                STEP => {
                    // What is no such word is passed over.
                    if let Some(said) = HeardLine::parse(&bytes) {
                        heard.hear(said);
                    }
                }
                REPORT => return Ok(bytes),
                REFUSED => {
                    return Err(ProcessError::Refused {
                        message: String::from_utf8_lossy(&bytes).into_owned(),
                    });
                }
                _ => return Err(unfit()),
            }
        }
        Err(unfit())
    }

    /// Reads one part of what it says: of which kind it is, and its bytes.
    async fn part(&mut self, bytes_max: u64) -> Result<(char, Vec<u8>), ProcessError> {
        let mut line = String::new();
        let mut start = (&mut self.output).take(LENGTH_LINE_BYTES_MAX);
        let read = start.read_line(&mut line).await;
        read.map_err(io_error("reading its answer"))?;
        let mut letters = line.trim_end().chars();
        let kind = letters.next().ok_or_else(unfit)?;
        let bytes: u64 = letters.as_str().parse().map_err(|_| unfit())?;
        if kind == STEP && bytes > HEARD_BYTES_MAX {
            return Err(unfit());
        }
        if bytes > bytes_max {
            return Err(ProcessError::TooLarge { bytes, bytes_max });
        }
        let mut part = Vec::new();
        let mut rest = (&mut self.output).take(bytes);
        let read = rest.read_to_end(&mut part).await;
        let read = read.map_err(io_error("reading its answer"))?;
        match read as u64 == bytes {
            true => Ok((kind, part)),
            false => Err(unfit()),
        }
    }
}

fn unfit() -> ProcessError {
    io_error("reading its answer")(io::ErrorKind::UnexpectedEof.into())
}
