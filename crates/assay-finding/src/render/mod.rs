//! Reports in every output format: each a pure function of the report.
//!
//! The same report and options give the same bytes (guarantee G3): nothing here
//! asks for the time, the terminal or a path on disk. All text in a report that
//! came from the reviewed code is hostile until the format's own escaping is
//! done, and each format has one file that does it.

mod digest;
mod github;
mod gitlab;
mod html;
mod indented;
mod json;
mod junit;
mod markdown;
mod rdjson;
mod remarks;
mod sarif;
mod terminal;
mod text;

use std::io;

use crate::finding::named_enum;
use crate::report::Report;

pub use json::{SCHEMA_NAME as JSON_SCHEMA_NAME, schema as json_schema};
pub use remarks::{SCHEMA_NAME as REMARKS_SCHEMA_NAME, schema as remarks_schema};
pub use text::one_line;

named_enum! {
    /// An output format.
    Format {
        /// For people at a terminal.
        Terminal = "terminal",
        /// The whole report as JSON with a published schema.
        Json = "json",
        /// SARIF 2.1.0, for code-scanning services and editors.
        Sarif = "sarif",
        /// A comment on a pull request.
        Markdown = "markdown",
        /// One self-contained page.
        Html = "html",
        /// Workflow commands, for annotations in GitHub Actions.
        GithubAnnotations = "github-annotations",
        /// Code quality issues, for merge requests in GitLab.
        GitlabCodeQuality = "gitlab-code-quality",
        /// JUnit XML, for build servers.
        Junit = "junit",
        /// Reviewdog's diagnostic format.
        Rdjson = "rdjson",
        /// What a forge is told: a summary, and a remark for each finding, as JSON.
        Remarks = "remarks",
    }
}

impl Format {
    /// Returns the usual ending of a file in the format, without the dot.
    pub const fn extension(self) -> &'static str {
        match self {
            Self::Terminal | Self::GithubAnnotations => "txt",
            Self::Json | Self::GitlabCodeQuality | Self::Rdjson | Self::Remarks => "json",
            Self::Sarif => "sarif",
            Self::Markdown => "md",
            Self::Html => "html",
            Self::Junit => "xml",
        }
    }
}

named_enum! {
    /// How much the formats for people tell.
    Verbosity {
        /// One line a finding; nothing when the change is clean.
        Quiet = "quiet",
        /// Findings with their code and a summary; one line when clean.
        Normal = "normal",
        /// Also the ledger by file, the metrics, and what is silenced.
        Verbose = "verbose",
    }
}

/// How a report is rendered. Only the formats for people look at most of it.
#[derive(Clone, Debug)]
pub struct RenderOptions {
    /// Whether the terminal shows colour.
    pub colour: bool,
    /// Whether the terminal shows more than ASCII.
    pub unicode: bool,
    /// The width of the terminal in columns; see [`WIDTH_MIN`] and
    /// [`WIDTH_MAX`].
    pub width: usize,
    /// What stands before a path to make it a link (OSC 8), such as
    /// `file:///home/me/project/`; none for no links.
    pub hyperlink_root: Option<String>,
    /// How much is told.
    pub verbosity: Verbosity,
    /// Whether findings are shown that the base has as well.
    pub show_existing: bool,
    /// How many findings are shown in full; the rest is listed.
    pub findings_max: usize,
    /// What of the report the terminal shows now.
    pub part: Part,
}

/// What of a report is shown: all of it, or what is known first and then the rest.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Part {
    /// All of it.
    #[default]
    Whole,
    /// The findings, without a summary, because more may come.
    Findings,
    /// The findings of one pack, which came later, and the summary of all.
    Rest(&'static str),
}

/// The narrowest terminal that is laid out for.
pub const WIDTH_MIN: usize = 40;
/// The widest terminal that is laid out for: longer lines are hard to read.
pub const WIDTH_MAX: usize = 120;

impl Default for RenderOptions {
    fn default() -> Self {
        Self {
            colour: false,
            unicode: true,
            width: 100,
            hyperlink_root: None,
            verbosity: Verbosity::Normal,
            show_existing: false,
            findings_max: 20,
            part: Part::Whole,
        }
    }
}

/// Writes the report in the format.
///
/// # Errors
///
/// Only those of `out`.
pub fn render(
    report: &Report,
    format: Format,
    options: &RenderOptions,
    out: &mut dyn io::Write,
) -> io::Result<()> {
    match format {
        Format::Terminal => terminal::write(report, options, out),
        Format::Json => json::write(report, out),
        Format::Sarif => sarif::write(report, options, out),
        Format::Markdown => markdown::write(report, options, out),
        Format::Html => html::write(report, options, out),
        Format::GithubAnnotations => github::write(report, options, out),
        Format::GitlabCodeQuality => gitlab::write(report, options, out),
        Format::Junit => junit::write(report, options, out),
        Format::Rdjson => rdjson::write(report, options, out),
        Format::Remarks => remarks::write(report, out),
    }
}
