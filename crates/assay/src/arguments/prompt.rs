//! What `assay prompt` takes.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::TextFormat;

/// What `assay prompt` does.
#[derive(Debug, Subcommand)]
pub(crate) enum PromptCommand {
    /// List what language models are told, with versions and where each comes from
    List(PromptListArguments),
    /// Show a template, or what it makes
    Show(PromptShowArguments),
    /// Check templates: their heads, variables, and that they render
    Check(PromptCheckArguments),
    /// Show in what a template differs from the one whose place it takes, or from another
    Diff(PromptDiffArguments),
}

/// Which templates there are.
#[derive(Debug, Args)]
pub(crate) struct PromptSourceArguments {
    /// A folder with templates of your own, which go before the program's
    #[arg(long, value_name = "FOLDER", conflicts_with = "model_config")]
    pub(crate) folder: Option<PathBuf>,
    /// A configuration of models, whose `prompts` names such a folder
    #[arg(long, value_name = "FILE")]
    pub(crate) model_config: Option<PathBuf>,
}

/// Arguments of `assay prompt list`.
#[derive(Debug, Args)]
pub(crate) struct PromptListArguments {
    /// The format
    #[arg(long, value_enum, default_value_t = TextFormat::Text, value_name = "FORMAT")]
    pub(crate) format: TextFormat,
    #[command(flatten)]
    pub(crate) source: PromptSourceArguments,
}

/// Arguments of `assay prompt show`.
#[derive(Debug, Args)]
pub(crate) struct PromptShowArguments {
    /// What it is for: review, judge, reviewer or coder
    #[arg(value_name = "NAME")]
    pub(crate) name: String,
    /// The one that this model is told
    #[arg(long, value_name = "MODEL")]
    pub(crate) model: Option<String>,
    /// Show what it makes, with the names of its variables for their values
    #[arg(long)]
    pub(crate) rendered: bool,
    #[command(flatten)]
    pub(crate) source: PromptSourceArguments,
}

/// Arguments of `assay prompt check`.
#[derive(Debug, Args)]
pub(crate) struct PromptCheckArguments {
    /// The templates
    #[arg(value_name = "FILE", required = true)]
    pub(crate) files: Vec<PathBuf>,
    /// The format
    #[arg(long, value_enum, default_value_t = TextFormat::Text, value_name = "FORMAT")]
    pub(crate) format: TextFormat,
}

/// Arguments of `assay prompt diff`.
#[derive(Debug, Args)]
pub(crate) struct PromptDiffArguments {
    /// A template
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    /// Another, to compare with it
    #[arg(value_name = "OTHER")]
    pub(crate) other: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) source: PromptSourceArguments,
}
