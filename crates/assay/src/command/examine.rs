//! `assay examine`, which a server starts and no person: answers each text that comes as
//! JSON on standard input with the report on it.

use std::io::stdin;
use std::process::ExitCode;

use assay_app::{ExamineRequest, TellHeard, answer_requests, examine_telling, report_json};

use crate::output;
use crate::progress::Lines;

/// Bytes of the request, a little more than a task may hold.
const REQUEST_BYTES_MAX: u64 = 16 * 1024 * 1024;

pub(crate) fn run() -> anyhow::Result<ExitCode> {
    let report = |bytes: &[u8], tell: TellHeard<'_>| {
        let reported = ExamineRequest::read(bytes).and_then(|request| {
            let today = jiff::Zoned::now().date();
            let version = env!("CARGO_PKG_VERSION");
            let lines = Lines::seldom(tell);
            report_json(&examine_telling(&request, version, today, &lines))
        });
        reported.map_err(|why| why.public_message())
    };
    output::to_program(|out| answer_requests(stdin().lock(), out, REQUEST_BYTES_MAX, report))?;
    Ok(ExitCode::SUCCESS)
}
