//! What the commands that look things up take.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::{ChangeArguments, ModelArguments, TextFormat};

/// Arguments of `assay ask`.
#[derive(Debug, Args)]
pub(crate) struct AskArguments {
    /// What you want to know, such as "where is the session token validated?"
    #[arg(value_name = "QUESTION", value_parser = clap::builder::NonEmptyStringValueParser::new())]
    pub(crate) question: String,
    /// Ask about this revision instead of the working tree
    #[arg(long, value_name = "REV")]
    pub(crate) rev: Option<String>,
    /// Show at most so many passages
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u16).range(1..=100))]
    pub(crate) top: u16,
    /// The format
    #[arg(long, value_enum, default_value_t = TextFormat::Text, value_name = "FORMAT")]
    pub(crate) format: TextFormat,
    /// Write to this file instead of standard output
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) vectors: VectorArguments,
    /// Neither read nor write what is kept between runs
    #[arg(long)]
    pub(crate) no_cache: bool,
    #[command(flatten)]
    pub(crate) model: ModelArguments,
}

/// Arguments of `assay discuss`.
#[derive(Debug, Args)]
pub(crate) struct DiscussArguments {
    #[command(flatten)]
    pub(crate) change: ChangeArguments,
    /// Who talks: a coder and a reviewer, as YAML
    #[arg(long, value_name = "FILE")]
    pub(crate) agents: Option<PathBuf>,
    /// Take at most so many turns, both agents' together
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=20))]
    pub(crate) turns: Option<u16>,
    /// The format
    #[arg(long, value_enum, default_value_t = TextFormat::Text, value_name = "FORMAT")]
    pub(crate) format: TextFormat,
    /// Write to this file instead of standard output
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// Neither read nor write what is kept between runs
    #[arg(long)]
    pub(crate) no_cache: bool,
    /// Write each message to standard output as a line of JSON as soon as it is there
    #[arg(long, hide = true, requires = "output")]
    pub(crate) tell_talk: bool,
    #[command(flatten)]
    pub(crate) model: ModelArguments,
}

/// A model for vectors.
#[derive(Clone, Debug, Args)]
pub(crate) struct VectorArguments {
    /// Compare meanings too, by the model in this folder: config.json, tokenizer.json
    /// and model.safetensors of a MiniLM or of a model2vec table
    #[arg(long, value_name = "FOLDER")]
    pub(crate) vectors: Option<PathBuf>,
}

/// What `assay knowledge` does.
#[derive(Debug, Subcommand)]
pub(crate) enum KnowledgeCommand {
    /// Search best practices: the shipped ones, and documents that were added
    Search(KnowledgeSearchArguments),
    /// Add documents: Markdown or text, files or folders of them
    Add(KnowledgeAddArguments),
    /// List the documents that were added
    List(KnowledgeListArguments),
    /// Remove a document that was added
    Remove(KnowledgeRemoveArguments),
}

/// Arguments of `assay knowledge search`.
#[derive(Debug, Args)]
pub(crate) struct KnowledgeSearchArguments {
    /// What you want to know
    #[arg(value_name = "QUESTION", value_parser = clap::builder::NonEmptyStringValueParser::new())]
    pub(crate) question: String,
    /// Show at most so many entries
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u16).range(1..=100))]
    pub(crate) top: u16,
    /// The format
    #[arg(long, value_enum, default_value_t = TextFormat::Text, value_name = "FORMAT")]
    pub(crate) format: TextFormat,
    /// Where added documents are [default: knowledge in the user's data folder]
    #[arg(long, value_name = "FOLDER")]
    pub(crate) folder: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) vectors: VectorArguments,
}

/// Arguments of `assay knowledge add`.
#[derive(Debug, Args)]
pub(crate) struct KnowledgeAddArguments {
    /// The documents
    #[arg(value_name = "PATH", required = true)]
    pub(crate) paths: Vec<PathBuf>,
    /// Where added documents are [default: knowledge in the user's data folder]
    #[arg(long, value_name = "FOLDER")]
    pub(crate) folder: Option<PathBuf>,
}

/// Arguments of `assay knowledge list`.
#[derive(Debug, Args)]
pub(crate) struct KnowledgeListArguments {
    /// The format
    #[arg(long, value_enum, default_value_t = TextFormat::Text, value_name = "FORMAT")]
    pub(crate) format: TextFormat,
    /// Where added documents are [default: knowledge in the user's data folder]
    #[arg(long, value_name = "FOLDER")]
    pub(crate) folder: Option<PathBuf>,
}

/// Arguments of `assay knowledge remove`.
#[derive(Debug, Args)]
pub(crate) struct KnowledgeRemoveArguments {
    /// The document's name, as `assay knowledge list` shows it
    #[arg(value_name = "NAME")]
    pub(crate) name: String,
    /// Where added documents are [default: knowledge in the user's data folder]
    #[arg(long, value_name = "FOLDER")]
    pub(crate) folder: Option<PathBuf>,
}
