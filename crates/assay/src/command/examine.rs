//! `assay examine`, which a server starts and no person: reviews texts that come as
//! JSON on standard input. Either it writes the report on one to a file and ends, or
//! it stays and answers each text with its report.

use std::io::{Read as _, stdin};
use std::process::ExitCode;

use anyhow::{Context as _, ensure};
use assay_app::{
    ExamineRequest, Job as _, ReviewChange, answer_requests, examine_telling, report_json,
};
use assay_review::{NoProgress, Progress};

use crate::arguments::ExamineArguments;
use crate::output;
use crate::progress::Lines;

/// Bytes of the request, a little more than a task may hold.
const REQUEST_BYTES_MAX: u64 = 16 * 1024 * 1024;

pub(crate) fn run(arguments: &ExamineArguments) -> anyhow::Result<ExitCode> {
    let Some(file) = &arguments.file else {
        return stay();
    };
    let mut request = String::new();
    let mut input = stdin().lock().take(REQUEST_BYTES_MAX + 1);
    input
        .read_to_string(&mut request)
        .context("standard input")?;
    ensure!(
        request.len() as u64 <= REQUEST_BYTES_MAX,
        "standard input has more than {REQUEST_BYTES_MAX} bytes"
    );
    let request = ReviewChange::read(&request, ReviewChange::VERSION)?.request();
    request.check()?;
    let bytes = match arguments.tell_progress {
        true => reported(&request, &Lines::new())?,
        false => reported(&request, &NoProgress)?,
    };
    output::write_file(file, |out| out.write_all(&bytes))?;
    Ok(ExitCode::SUCCESS)
}

fn stay() -> anyhow::Result<ExitCode> {
    let report = |bytes: &[u8]| {
        let reported =
            ExamineRequest::read(bytes).and_then(|request| reported(&request, &NoProgress));
        reported.map_err(|why| why.public_message())
    };
    output::to_program(|out| answer_requests(stdin().lock(), out, REQUEST_BYTES_MAX, report))?;
    Ok(ExitCode::SUCCESS)
}

fn reported(
    request: &ExamineRequest,
    progress: &dyn Progress,
) -> Result<Vec<u8>, assay_app::Error> {
    let today = jiff::Zoned::now().date();
    let version = env!("CARGO_PKG_VERSION");
    report_json(&examine_telling(request, version, today, progress))
}
