//! `[[tools]]` of `assay.toml`, checked.

use std::collections::BTreeSet;
use std::time::Duration;

use assay_finding::import::{IMPORT_BYTES_MAX, ImportFormat};
use assay_source::nearest_word;
use assay_syntax::{Language, language_by_name};
use globset::GlobMatcher;

use super::file::ToolTable;
use super::parse::ConfigError;
use super::settings::{Origin, path_glob};

/// Tools of one configuration.
const TOOLS_MAX: usize = 50;
/// Arguments of one command.
const ARGUMENTS_MAX: usize = 200;
const TIMEOUT_SECONDS: u64 = 120;
const TIMEOUT_SECONDS_MAX: u64 = 3_600;
const MEMORY_MB: u64 = 2_048;
const MEMORY_MB_MIN: u64 = 16;
const MEMORY_MB_MAX: u64 = 65_536;
const OUTPUT_MB_MAX: u64 = (IMPORT_BYTES_MAX >> 20) as u64;

/// Another tool, and how it is run.
#[derive(Clone, Debug)]
pub(crate) struct Tool {
    /// What it is called.
    pub(crate) name: String,
    /// The program and its arguments; never empty.
    pub(crate) command: Vec<String>,
    /// How its output is read.
    pub(crate) format: ImportFormat,
    /// Of which languages a file is for it; none means of any.
    pub(crate) languages: Vec<&'static Language>,
    /// At which paths; none means at any.
    pub(crate) paths: Vec<GlobMatcher>,
    /// When it is ended.
    pub(crate) time_max: Duration,
    /// Bytes of memory of each of its processes.
    pub(crate) memory_bytes_max: u64,
    /// Bytes that it may write.
    pub(crate) output_bytes_max: usize,
    /// Exit statuses by which it says that it did its work.
    pub(crate) exit_codes: Vec<i32>,
    /// Further variables that it may see.
    pub(crate) environment: Vec<String>,
}

/// Checks what the configuration says of other tools.
pub(super) fn tools(tables: &[ToolTable], origin: &Origin<'_>) -> Result<Vec<Tool>, ConfigError> {
    if tables.len() > TOOLS_MAX {
        let message = format!("{} tools, and at most {TOOLS_MAX} are run", tables.len());
        return Err(origin.error("tools", message));
    }
    let mut names = BTreeSet::new();
    let mut tools = Vec::with_capacity(tables.len());
    for table in tables {
        if !names.insert(table.name.as_str()) {
            let message = format!("there are two tools `{}`", table.name);
            return Err(origin.error(&table.name, message));
        }
        tools.push(tool(table, origin)?);
    }
    Ok(tools)
}

fn tool(table: &ToolTable, origin: &Origin<'_>) -> Result<Tool, ConfigError> {
    let name = table.name.trim();
    let is_fit = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    if name.is_empty() || name.len() > 60 || !name.chars().all(is_fit) {
        let message = format!("`{name}` is no name of a tool: letters, digits, `-`, `_` and `.`");
        return Err(origin.error(&table.name, message));
    }
    let has_program = table
        .command
        .first()
        .is_some_and(|program| !program.is_empty());
    if !has_program || table.command.len() > ARGUMENTS_MAX {
        let message =
            format!("the command of `{name}` is a program and at most {ARGUMENTS_MAX} arguments");
        return Err(origin.error("command", message));
    }
    Ok(Tool {
        name: name.to_owned(),
        command: table.command.clone(),
        format: format(&table.format, origin)?,
        languages: table
            .languages
            .iter()
            .map(|word| language(word, origin))
            .collect::<Result<_, _>>()?,
        paths: table
            .paths
            .iter()
            .map(|pattern| path_glob(pattern, origin))
            .collect::<Result<_, _>>()?,
        time_max: Duration::from_secs(within(
            ("timeout-seconds", table.timeout_seconds),
            TIMEOUT_SECONDS,
            (1, TIMEOUT_SECONDS_MAX),
            origin,
        )?),
        memory_bytes_max: within(
            ("memory-mb", table.memory_mb),
            MEMORY_MB,
            (MEMORY_MB_MIN, MEMORY_MB_MAX),
            origin,
        )? << 20,
        output_bytes_max: (within(
            ("output-mb", table.output_mb),
            OUTPUT_MB_MAX,
            (1, OUTPUT_MB_MAX),
            origin,
        )? as usize)
            << 20,
        exit_codes: table.exit_codes.clone().unwrap_or_else(|| vec![0, 1]),
        environment: table.environment.clone(),
    })
}

/// Reads the format of a tool's output. What people or bots said on a forge is none:
/// it is given with `--import`.
fn format(word: &str, origin: &Origin<'_>) -> Result<ImportFormat, ConfigError> {
    let is_of_tool =
        |format: &ImportFormat| !matches!(format, ImportFormat::Coderabbit | ImportFormat::Copilot);
    let found = ImportFormat::from_name(word).filter(is_of_tool);
    found.ok_or_else(|| {
        let all = ImportFormat::ALL.iter().filter(|format| is_of_tool(format));
        let names: Vec<&str> = all.map(|format| format.as_str()).collect();
        let hint = match nearest_word(word, names.iter().copied()) {
            Some(right) => format!("did you mean `{right}`?"),
            None => format!("there are {}", names.join(", ")),
        };
        origin.error(
            word,
            format!("there is no format `{word}` of tools; {hint}"),
        )
    })
}

fn language(word: &str, origin: &Origin<'_>) -> Result<&'static Language, ConfigError> {
    language_by_name(word).ok_or_else(|| {
        let message = format!("there is no language `{word}`; `assay languages` lists them");
        origin.error(word, message)
    })
}

fn within(
    (key, value): (&str, Option<u64>),
    default: u64,
    (least, most): (u64, u64),
    origin: &Origin<'_>,
) -> Result<u64, ConfigError> {
    let value = value.unwrap_or(default);
    if (least..=most).contains(&value) {
        return Ok(value);
    }
    Err(origin.error(key, format!("{value} is not from {least} to {most}")))
}
