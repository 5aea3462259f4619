//! Everything that is printed or written: reports, errors, and where they go.

use std::fmt;
use std::io::{self, IsTerminal as _, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, bail};
use assay_finding::Report;
use assay_finding::render::{Format, Part, RenderOptions, Verbosity, WIDTH_MAX, WIDTH_MIN, render};
use assay_git::Opened;

use crate::arguments::{Global, ReportArguments, When};
use assay_source::nearest_word;

/// The most outputs of one run.
const OUTPUTS_MAX: usize = 16;
/// The width when standard output is no terminal.
const WIDTH_DEFAULT: usize = 100;

/// Where the reports go.
pub(crate) struct Outputs {
    list: Vec<(Format, Option<PathBuf>)>,
}

impl Outputs {
    /// Reads `FORMAT` and `FORMAT=FILE`; nothing said is the terminal report.
    pub(crate) fn parse(words: &[String]) -> anyhow::Result<Self> {
        if words.is_empty() {
            return Ok(Self {
                list: vec![(Format::Terminal, None)],
            });
        }
        if words.len() > OUTPUTS_MAX {
            bail!(
                "--output: {} outputs; the limit is {OUTPUTS_MAX}",
                words.len()
            );
        }
        let mut list = Vec::new();
        for word in words {
            let (name, file) = match word.split_once('=') {
                Some((name, "")) => bail!("--output {name}=: the file is missing"),
                Some((name, file)) => (name, Some(PathBuf::from(file))),
                None => (word.as_str(), None),
            };
            let format = Format::from_name(name).with_context(|| {
                let names = Format::ALL.iter().map(|format| format.as_str());
                let hint = nearest_word(name, names.clone())
                    .map_or_else(String::new, |right| format!("; did you mean `{right}`?"));
                let known: Vec<&str> = names.collect();
                format!(
                    "--output: there is no format `{name}`{hint} (known: {})",
                    known.join(", ")
                )
            })?;
            list.push((format, file));
        }
        if list.iter().filter(|(_, file)| file.is_none()).count() > 1 {
            bail!("--output: only one report can go to standard output; give the others a file");
        }
        Ok(Self { list })
    }

    /// Writes every report.
    pub(crate) fn write(
        &self,
        global: &Global,
        arguments: &ReportArguments,
        opened: &Opened,
        report: &Report,
        part: Part,
    ) -> anyhow::Result<()> {
        for (format, file) in &self.list {
            let mut options = render_options(global, arguments, opened, file.is_none());
            if file.is_none() {
                options.part = part;
            }
            match file {
                Some(path) => write_file(path, |out| render(report, *format, &options, out))?,
                None => to_stdout(report, *format, &options)?,
            }
        }
        Ok(())
    }

    /// Writes the findings that are there to a reader who reads while more is looked
    /// for. Other formats, and files, are written once.
    pub(crate) fn write_first(
        &self,
        global: &Global,
        arguments: &ReportArguments,
        opened: &Opened,
        report: &Report,
    ) -> anyhow::Result<()> {
        let mut list = self.list.iter();
        if list.any(|(format, file)| *format == Format::Terminal && file.is_none()) {
            let mut options = render_options(global, arguments, opened, true);
            options.part = Part::Findings;
            to_stdout(report, Format::Terminal, &options)?;
        }
        Ok(())
    }
}

/// Writes what a review says on a pull request into a file.
pub(crate) fn write_remarks(file: &Path, report: &Report) -> anyhow::Result<()> {
    let options = RenderOptions::default();
    write_file(file, |out| render(report, Format::Remarks, &options, out))
}

fn to_stdout(report: &Report, format: Format, options: &RenderOptions) -> anyhow::Result<()> {
    let mut out = io::BufWriter::new(io::stdout().lock());
    let written = render(report, format, options, &mut out).and_then(|()| out.flush());
    // A reader who has seen enough neither stops the other reports nor turns a failed
    // gate into a passed one.
    match written {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        written => Ok(written?),
    }
}

fn render_options(
    global: &Global,
    arguments: &ReportArguments,
    opened: &Opened,
    to_stdout: bool,
) -> RenderOptions {
    let colour = to_stdout && wants_colour(global.color);
    let terminal = to_stdout && io::stdout().is_terminal();
    let width = terminal_size::terminal_size().map(|(width, _)| usize::from(width.0));
    let hyperlink_root = opened
        .root
        .as_ref()
        .filter(|_| colour && terminal && knows_links())
        .and_then(|root| root.canonicalize().ok())
        .map(|root| format!("file://{}/", root.display()));
    RenderOptions {
        colour,
        unicode: speaks_unicode(),
        width: width
            .filter(|_| terminal)
            .unwrap_or(WIDTH_DEFAULT)
            .clamp(WIDTH_MIN, WIDTH_MAX),
        hyperlink_root,
        verbosity: match (global.quiet, global.verbose) {
            (true, _) => Verbosity::Quiet,
            (_, true) => Verbosity::Verbose,
            _ => Verbosity::Normal,
        },
        show_existing: arguments.all,
        findings_max: arguments.max_findings,
        part: Part::Whole,
    }
}

/// Colour by the convention of no-color.org: a set and not empty NO_COLOR wins
/// over the terminal, the option wins over all.
fn wants_colour(when: When) -> bool {
    let is_set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    match when {
        When::Always => true,
        When::Never => false,
        When::Auto if is_set("NO_COLOR") => false,
        When::Auto if is_set("CLICOLOR_FORCE") => true,
        When::Auto => {
            io::stdout().is_terminal() && std::env::var_os("TERM").is_none_or(|term| term != "dumb")
        }
    }
}

/// Terminals that show OSC 8 links say so in one of these variables; others
/// may print the control sequence.
fn knows_links() -> bool {
    let names = [
        "VTE_VERSION",
        "WT_SESSION",
        "KITTY_WINDOW_ID",
        "WEZTERM_PANE",
        "ITERM_SESSION_ID",
        "KONSOLE_VERSION",
    ];
    names.iter().any(|name| std::env::var_os(name).is_some())
        || std::env::var("TERM_PROGRAM").is_ok_and(|name| {
            matches!(
                name.as_str(),
                "iTerm.app" | "vscode" | "WezTerm" | "ghostty"
            )
        })
}

/// Only a locale that says so otherwise is taken not to be UTF-8.
fn speaks_unicode() -> bool {
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"]
        .iter()
        .find_map(|name| std::env::var(name).ok().filter(|value| !value.is_empty()));
    match locale {
        Some(locale) => {
            let locale = locale.to_ascii_lowercase();
            locale.contains("utf-8") || locale.contains("utf8")
        }
        None => true,
    }
}

/// Writes a file wholly or not at all: beside it first, then over it.
pub(crate) fn write_file(
    path: &Path,
    write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> anyhow::Result<()> {
    let fail = || format!("{} cannot be written", path.display());
    // A device or a pipe is written to directly: it cannot be replaced.
    if path.exists() && !path.is_file() {
        let mut bytes = Vec::new();
        write(&mut bytes).with_context(fail)?;
        std::fs::write(path, bytes).with_context(fail)?;
        return Ok(());
    }
    let folder = match path.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    };
    let mut file = tempfile::NamedTempFile::new_in(folder)
        .map_err(plain)
        .with_context(fail)?;
    let mut out = io::BufWriter::new(file.as_file_mut());
    write(&mut out)
        .and_then(|()| out.flush())
        .with_context(fail)?;
    drop(out);
    keep_mode(path, &file);
    file.persist(path).with_context(fail)?;
    Ok(())
}

/// Takes the name of the file in between off what went wrong.
fn plain(error: io::Error) -> io::Error {
    let text = error.to_string();
    let (words, _) = text.split_once(" at path ").unwrap_or((&text, ""));
    io::Error::new(error.kind(), words)
}

/// Temporary files are private; a report has the mode of other new files.
#[cfg(unix)]
fn keep_mode(path: &Path, file: &tempfile::NamedTempFile) {
    use std::os::unix::fs::PermissionsExt as _;
    let mode = std::fs::metadata(path).map_or(0o644, |known| known.permissions().mode());
    // A file system without modes needs none.
    let _ = file
        .as_file()
        .set_permissions(std::fs::Permissions::from_mode(mode));
}

#[cfg(not(unix))]
fn keep_mode(_: &Path, _: &tempfile::NamedTempFile) {}

/// Returns 0 for a passed gate and 1 for a failed one.
pub(crate) fn exit_code(report: &Report) -> ExitCode {
    if report.gate.passed() {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(1)
    }
}

/// Prints a text on standard output.
pub(crate) fn print(text: impl fmt::Display) -> anyhow::Result<()> {
    let mut out = io::stdout().lock();
    write!(out, "{text}")?;
    out.flush()?;
    Ok(())
}

/// Gives standard output to what talks with the program that started this one.
pub(crate) fn to_program<T>(
    talk: impl FnOnce(&mut (dyn Write + Send)) -> io::Result<T>,
) -> anyhow::Result<T> {
    Ok(talk(&mut io::BufWriter::new(io::stdout()))?)
}

/// Returns `1 file`, `2 files`.
pub(crate) fn count(number: usize, noun: &str) -> String {
    let end = if number == 1 { "" } else { "s" };
    format!("{number} {noun}{end}")
}

/// Prints a remark on standard error.
pub(crate) fn remark(text: impl fmt::Display) {
    let _ = writeln!(io::stderr().lock(), "assay: {text}");
}

/// Prints an error with everything that led to it.
pub(crate) fn error(error: &anyhow::Error) {
    let _ = writeln!(io::stderr().lock(), "assay: {error:#}");
}

/// Returns whether the reader of the output went away, which is no error.
pub(crate) fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error
        .downcast_ref::<io::Error>()
        .is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
}
