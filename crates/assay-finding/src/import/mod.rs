//! What other tools found: one reader a format, one form for all of them.
//!
//! Start at [`import`]. A reader says what a tool said and where; it does not know
//! whether the place is there, nor what the change is. Fixes are left behind: nobody
//! could run the tool again to see whether they hold.
//!
//! Invariant: no bytes make a reader panic; what is over a limit, or names a place
//! outside of the repository, is counted in [`Imported::notes`].

mod checkstyle;
mod clippy;
mod coderabbit;
mod collect;
mod copilot;
mod error;
mod eslint;
mod golangci;
mod json;
mod markdown;
mod path;
mod rdjson;
mod review_comment;
mod ruff;
mod sarif;
mod tsc;
mod typescript_check;

use assay_source::RepoPath;

use crate::finding::{Category, Confidence, Severity, named_enum};

use self::collect::Collector;
pub use self::error::ImportError;

/// The largest output of a tool that is read.
pub const IMPORT_BYTES_MAX: usize = 32 << 20;
/// Findings that are taken from one output; more are counted.
pub const IMPORT_FINDINGS_MAX: usize = 10_000;
/// Characters of a message; a longer one is cut.
pub const IMPORT_MESSAGE_CHARS_MAX: usize = 2_000;
/// Characters of a tool's or a rule's name; a longer one is cut.
pub const IMPORT_NAME_CHARS_MAX: usize = 120;
/// Characters of an address; a longer one is left out.
pub const IMPORT_URL_CHARS_MAX: usize = 500;
/// Bytes of a path.
pub const IMPORT_PATH_BYTES_MAX: usize = 4_096;
/// The highest line or column that is believed.
pub const IMPORT_LINE_MAX: u32 = 100_000_000;

named_enum! {
    /// A form in which a tool says what it found.
    ImportFormat {
        /// SARIF 2.1.0, of any tool.
        Sarif = "sarif",
        /// Reviewdog's diagnostic format, one document.
        Rdjson = "rdjson",
        /// Reviewdog's diagnostic format, a diagnostic a line.
        Rdjsonl = "rdjsonl",
        /// Checkstyle's XML, which many linters write.
        Checkstyle = "checkstyle",
        /// `eslint --format json`.
        Eslint = "eslint",
        /// `ruff check --output-format json`.
        Ruff = "ruff",
        /// `cargo clippy --message-format=json`, and any other of cargo's checks.
        Clippy = "clippy",
        /// `golangci-lint run` with its output as JSON.
        Golangci = "golangci",
        /// What `tsc` prints.
        Tsc = "tsc",
        /// Diagnostics of TypeScript as JSON: of its compiler, its server or an editor.
        TypescriptCheck = "typescript-check",
        /// CodeRabbit's comments, as GitHub lists the comments of a pull request.
        Coderabbit = "coderabbit",
        /// Copilot's comments, as GitHub lists the comments of a pull request.
        Copilot = "copilot",
    }
}

/// What a reader has to be told.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ImportOptions {
    /// Absolute paths of the repository's root as tools may know it: paths below are
    /// taken, other absolute paths are not.
    pub roots: Vec<String>,
    /// The name of the tool where the format names none.
    pub tool: Option<String>,
}

/// What a column counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ColumnUnit {
    /// Characters.
    Char,
    /// Units of UTF-16, as editors and JavaScript count.
    Utf16,
    /// Bytes of UTF-8.
    Byte,
}

/// A place as a tool gives it: from 1, and not checked against any text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OutsidePlace {
    /// The first line.
    pub line: u32,
    /// The column in it.
    pub column: Option<u32>,
    /// The last line; not before the first.
    pub end_line: u32,
    /// The column after the last character.
    pub end_column: Option<u32>,
    /// What the columns count.
    pub unit: ColumnUnit,
}

/// What a tool knows of whether a finding is new.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OutsideState {
    /// It was there in the run that the tool compares with.
    Unchanged,
    /// It was not.
    New,
}

/// One thing that a tool found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutsideFinding {
    /// The tool, such as `eslint`.
    pub tool: String,
    /// The rule as the tool names it.
    pub rule: Option<String>,
    /// The rule in a few words, when the tool says them.
    pub title: Option<String>,
    /// A page about the rule, or the comment itself.
    pub url: Option<String>,
    /// What is wrong.
    pub message: String,
    /// How bad it is.
    pub severity: Severity,
    /// How sure it is.
    pub confidence: Confidence,
    /// What it is about, when that is known.
    pub category: Option<Category>,
    /// Common Weakness Enumeration numbers, ascending.
    pub cwe: Vec<u32>,
    /// The file.
    pub path: RepoPath,
    /// Where in it; none for the file as a whole.
    pub place: Option<OutsidePlace>,
    /// Whether the tool says that it is new.
    pub state: Option<OutsideState>,
}

/// What an output holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Imported {
    /// What was found, in the order of the output.
    pub findings: Vec<OutsideFinding>,
    /// What was left out, and why.
    pub notes: Vec<String>,
    /// What the tool says it could not do: a review with these is not whole.
    pub problems: Vec<String>,
}

/// Reads what a tool said.
///
/// # Errors
///
/// When the bytes are not of the format; where, and what to do.
pub fn import(
    format: ImportFormat,
    bytes: &[u8],
    options: &ImportOptions,
) -> Result<Imported, ImportError> {
    if bytes.len() > IMPORT_BYTES_MAX {
        let message = format!(
            "{} bytes, and at most {IMPORT_BYTES_MAX} are read",
            bytes.len()
        );
        let mend = "let the tool look at fewer files, or only at those that changed";
        return Err(ImportError::new(format, None, message, mend));
    }
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let before = &bytes[..error.valid_up_to()];
        let line = memchr_lines(before) + 1;
        let message = "a byte that is no UTF-8".to_owned();
        let mend = "the output has to be UTF-8; in PowerShell, write it with `-Encoding utf8`";
        ImportError::new(format, Some((line, None)), message, mend)
    })?;
    let text = text.trim_start_matches('\u{feff}');
    let mut collector = Collector::new(options);
    match format {
        ImportFormat::Sarif => sarif::read(text, &mut collector),
        ImportFormat::Rdjson => rdjson::read(text, &mut collector),
        ImportFormat::Rdjsonl => rdjson::read_lines(text, &mut collector),
        ImportFormat::Checkstyle => checkstyle::read(text, &mut collector),
        ImportFormat::Eslint => eslint::read(text, &mut collector),
        ImportFormat::Ruff => ruff::read(text, &mut collector),
        ImportFormat::Clippy => clippy::read(text, &mut collector),
        ImportFormat::Golangci => golangci::read(text, &mut collector),
        ImportFormat::Tsc => tsc::read(text, &mut collector),
        ImportFormat::TypescriptCheck => typescript_check::read(text, &mut collector),
        ImportFormat::Coderabbit => coderabbit::read(text, &mut collector),
        ImportFormat::Copilot => copilot::read(text, &mut collector),
    }?;
    Ok(collector.finish())
}

fn memchr_lines(bytes: &[u8]) -> usize {
    bytes.iter().filter(|&&byte| byte == b'\n').count()
}
