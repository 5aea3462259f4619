//! The command line: what can be said, and what it is called.

mod admin;
mod prompt;
mod search;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use serde::Deserialize;

pub(crate) use self::admin::{
    AdminArguments, AdminCommand, CopyArguments, KeyCommand, KeyMakeArguments, MigrateArguments,
    OrganisationArguments, TaskCommand, TaskRetryArguments, UserCommand,
};

pub(crate) use self::prompt::{
    PromptCheckArguments, PromptCommand, PromptDiffArguments, PromptListArguments,
    PromptShowArguments, PromptSourceArguments,
};
pub(crate) use self::search::{
    AskArguments, DiscussArguments, KnowledgeAddArguments, KnowledgeCommand,
    KnowledgeListArguments, KnowledgeRemoveArguments, KnowledgeSearchArguments, VectorArguments,
};

/// Reviews code changes: finds what a change made worse, and proves it.
#[derive(Debug, Parser)]
#[command(
    name = "assay",
    version,
    about,
    propagate_version = true,
    disable_help_subcommand = true,
    after_help = "Exit status: 0 clean, 1 the gate failed, 2 an error."
)]
pub(crate) struct Arguments {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Where help lists what every command takes.
const EVERYWHERE: &str = "Options of every command";

/// Options of every command.
#[derive(Clone, Debug, Args)]
pub(crate) struct Global {
    /// Work as if started in this folder
    #[arg(short = 'C', long = "directory", value_name = "DIR", global = true, help_heading = EVERYWHERE)]
    pub(crate) directory: Option<PathBuf>,
    /// Read this configuration instead of the repository's assay.toml
    #[arg(long, value_name = "FILE", global = true, help_heading = EVERYWHERE)]
    pub(crate) config: Option<PathBuf>,
    /// When to use colour: auto (on a terminal, unless NO_COLOR is set), always
    /// or never
    #[arg(long, hide_possible_values = true, value_enum, default_value_t = When::Auto, value_name = "WHEN", global = true, help_heading = EVERYWHERE)]
    pub(crate) color: When,
    /// Say only what fails
    #[arg(short, long, global = true, help_heading = EVERYWHERE, conflicts_with = "verbose")]
    pub(crate) quiet: bool,
    /// Say more: the ledger file by file, metrics, timing
    #[arg(short, long, global = true, help_heading = EVERYWHERE)]
    pub(crate) verbose: bool,
    /// Use so many threads (default: one for each core)
    #[arg(long, value_name = "N", global = true, help_heading = EVERYWHERE, value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub(crate) threads: Option<u16>,
}

/// When to use colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum When {
    /// On a terminal, unless NO_COLOR is set
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

/// The commands.
#[derive(Debug, Subcommand)]
#[expect(
    clippy::large_enum_variant,
    reason = "there is one, made once: what was said at the start"
)]
pub(crate) enum Command {
    /// Review a change: the working tree, the index, commits or a patch
    Review(ReviewArguments),
    /// Read a whole tree, inside or outside git
    Scan(ScanArguments),
    /// Ask the code graph: callers, callees, a file, the way between two symbols
    Graph(GraphArguments),
    /// Find the passages of a repository that answer a question
    Ask(AskArguments),
    /// Let two agents, a coder and a reviewer, talk about a change
    Discuss(DiscussArguments),
    /// Search best practices, and keep documents of your own beside them
    #[command(subcommand)]
    Knowledge(KnowledgeCommand),
    /// Show, check and compare what language models are told
    #[command(subcommand)]
    Prompt(PromptCommand),
    /// Show what a change reaches: callers, tests, entry points
    Impact(ImpactArguments),
    /// Mend what has a fix: show the difference, or write it
    Fix(FixArguments),
    /// Explain a rule, or the complexity of a function line by line
    Explain(ExplainArguments),
    /// Work on the rules that the project wrote, in .assay/rules
    #[command(subcommand)]
    Rule(RuleCommand),
    /// List the rules
    Rules(RulesArguments),
    /// List the languages and how their files are recognised
    Languages(ListArguments),
    /// Show the configuration that is in force, or its JSON schema
    Config(ConfigArguments),
    /// Write an assay.toml with every setting explained
    Init(InitArguments),
    /// Accept the findings of the tree as existing
    Baseline(BaselineArguments),
    /// Show what the past says of files: hot spots, owners, what changes together
    History(HistoryArguments),
    /// Say what a change is about: parts, risk, reading order, reviewers
    Summary(SummaryArguments),
    /// List the packages that a tree depends on, as a bill of materials
    Sbom(SbomArguments),
    /// Show or clear what is kept between runs
    #[command(subcommand)]
    Cache(CacheCommand),
    /// Show what language models cost: by review, repository, model, task, day or month
    Usage(UsageArguments),
    /// Questions to language models that wait in batches
    #[command(subcommand)]
    Batch(BatchCommand),
    /// Keep the local database of advisories about packages
    Advisories(AdvisoriesArguments),
    /// Answer webhooks and the API, and review what they bring
    Serve(ServeArguments),
    /// Fill a server with reviews of past commits, to see its pages
    Demo(DemoArguments),
    /// Do the tasks of a server, beside it or on another machine
    Worker(WorkerArguments),
    /// Bring a server's tables up to date
    Migrate(MigrateArguments),
    /// Copy a server's database to a file, while it is used
    Backup(CopyArguments),
    /// Bring a copy of a server's database back, into an empty one
    Restore(CopyArguments),
    /// Look after a server: keys, tasks, people
    Admin(AdminArguments),
    /// Check, export and report what a server wrote down of who did what
    #[command(subcommand)]
    Audit(AuditCommand),
    /// Look after what a server encrypted
    #[command(subcommand)]
    Encryption(EncryptionCommand),
    /// Review texts that a server hands over
    #[command(hide = true)]
    Examine,
    /// Print the completions of a shell
    Completions(CompletionsArguments),
    /// Print the manual page
    Man,
}

/// What a server's process does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Role {
    /// Answer, and do tasks
    All,
    /// Answer only
    Api,
    /// Do tasks only
    Worker,
}

/// Arguments of `assay serve`.
#[derive(Debug, Args)]
pub(crate) struct ServeArguments {
    /// What this process does: all, api or worker
    #[arg(long, value_enum, hide_possible_values = true, value_name = "ROLE")]
    pub(crate) role: Option<Role>,
    /// Where to listen, such as 127.0.0.1:8420 (the default) or 0.0.0.0:80; also
    /// ASSAY_LISTEN
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) listen: Option<String>,
    #[command(flatten)]
    pub(crate) place: PlaceArguments,
}

/// Arguments of `assay worker`.
#[derive(Debug, Args)]
pub(crate) struct WorkerArguments {
    /// What its tasks need that it does, such as review,any (default: all)
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    pub(crate) capabilities: Vec<String>,
    #[command(flatten)]
    pub(crate) place: PlaceArguments,
}

/// Where a server keeps everything: what each command about one takes.
#[derive(Clone, Debug, Args)]
pub(crate) struct PlaceArguments {
    /// The folder of everything that the server keeps; also ASSAY_DATA
    #[arg(long, value_name = "DIR")]
    pub(crate) data: Option<PathBuf>,
    /// The database, `sqlite:FILE` or `postgres://...`; also ASSAY_DATABASE_URL
    #[arg(long, value_name = "URL")]
    pub(crate) database: Option<String>,
    /// The settings of the server
    #[arg(long, value_name = "FILE")]
    pub(crate) server_config: Option<PathBuf>,
}

/// Arguments of `assay demo`.
#[derive(Debug, Args)]
pub(crate) struct DemoArguments {
    /// A repository on this machine; may be given several times
    #[arg(long, value_name = "PATH", required = true)]
    pub(crate) repo: Vec<PathBuf>,
    /// So many of its newest commits are reviewed
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub(crate) commits: u32,
    /// The organisation, when there are several
    #[arg(long, value_name = "NAME")]
    pub(crate) organisation: Option<String>,
    #[command(flatten)]
    pub(crate) place: PlaceArguments,
}

/// What is asked of the audit log.
#[derive(Debug, Subcommand)]
pub(crate) enum AuditCommand {
    /// Check that no entry was changed, removed or put in; exit status 1 when one was
    Verify(VerifyArguments),
    /// Print the entries as lines of JSON
    Export(ExportArguments),
    /// Print who may do what and what was done, as JSON
    Report(AuditReportArguments),
}

/// Arguments of `assay audit verify`.
#[derive(Debug, Args)]
pub(crate) struct VerifyArguments {
    #[command(flatten)]
    pub(crate) place: PlaceArguments,
}

/// Arguments of `assay audit export`.
#[derive(Debug, Args)]
pub(crate) struct ExportArguments {
    #[command(flatten)]
    pub(crate) place: PlaceArguments,
    /// Whose entries, by the organisation's name; without it the platform's own
    #[arg(long, value_name = "NAME")]
    pub(crate) organisation: Option<String>,
    /// Only entries after this number
    #[arg(long, value_name = "NUMBER", default_value_t = 0)]
    pub(crate) after: i64,
}

/// Arguments of `assay audit report`.
#[derive(Debug, Args)]
pub(crate) struct AuditReportArguments {
    #[command(flatten)]
    pub(crate) place: PlaceArguments,
    /// Of which organisation, by its name
    #[arg(long, value_name = "NAME", default_value = "default")]
    pub(crate) organisation: String,
}

/// What is done with encrypted fields.
#[derive(Debug, Subcommand)]
pub(crate) enum EncryptionCommand {
    /// Encrypt with the newest key what older ones encrypted
    Rotate(RotateArguments),
}

/// Arguments of `assay encryption rotate`.
#[derive(Debug, Args)]
pub(crate) struct RotateArguments {
    #[command(flatten)]
    pub(crate) place: PlaceArguments,
}

/// What is done with batches.
#[derive(Debug, Subcommand)]
pub(crate) enum BatchCommand {
    /// Show the batches that are not known to be over; nothing is sent
    List,
    /// Take the answers that came, and the money back that was not spent
    Collect(BatchArguments),
    /// Stop a batch; what is done costs what it costs
    Cancel(BatchCancelArguments),
}

/// Arguments of `assay batch collect`.
#[derive(Debug, Args)]
pub(crate) struct BatchArguments {
    /// The configuration that names models [default: assay/config.toml in the user's
    /// configuration folder]
    #[arg(long, value_name = "FILE")]
    pub(crate) model_config: Option<PathBuf>,
}

/// Arguments of `assay batch cancel`.
#[derive(Debug, Args)]
pub(crate) struct BatchCancelArguments {
    /// The batch, as `assay batch list` shows it
    #[arg(value_name = "ID")]
    pub(crate) id: String,
    #[command(flatten)]
    pub(crate) own: BatchArguments,
}

/// Arguments of `assay review`.
#[derive(Debug, Args)]
pub(crate) struct ReviewArguments {
    #[command(flatten)]
    pub(crate) change: ChangeArguments,
    /// Show in full only what the last review with this option did not say of the
    /// same change; what it did say is counted, also by the gate. NAME tells changes
    /// apart (default: the branch)
    #[arg(
        long,
        value_name = "NAME",
        num_args = 0..=1,
        require_equals = true,
        value_parser = clap::builder::NonEmptyStringValueParser::new()
    )]
    pub(crate) since_last: Option<Option<String>>,
    /// Show the review on the pull request, as a server would; needs a token in
    /// GITHUB_TOKEN or GITLAB_TOKEN
    #[arg(long)]
    pub(crate) post: bool,
    /// Let the questions to models wait in a batch, for about half the price: the same
    /// command, run again later, takes the answers
    #[arg(long, requires = "model", conflicts_with_all = ["no_cache", "post"])]
    pub(crate) batch: bool,
    #[command(flatten)]
    pub(crate) model: ModelArguments,
    #[command(flatten)]
    pub(crate) report: ReportArguments,
}

/// Arguments of the part of a review that a language model does.
#[derive(Debug, Default, Args)]
pub(crate) struct ModelArguments {
    /// Let a language model look for mistakes too: one of those that the user's
    /// configuration names, or PROVIDER/NAME. Code is sent to it, secrets are not
    #[arg(
        long,
        value_name = "PROVIDER/NAME",
        num_args = 0..=1,
        require_equals = true,
        value_parser = clap::builder::NonEmptyStringValueParser::new()
    )]
    pub(crate) model: Option<Option<String>>,
    /// The configuration that names models [default: assay/config.toml in the user's
    /// configuration folder]
    #[arg(long, value_name = "FILE")]
    pub(crate) model_config: Option<PathBuf>,
    /// Write down what the model was asked and answered
    #[arg(long, value_name = "FILE")]
    pub(crate) transcript: Option<PathBuf>,
    /// Take the model's answers from what was written down; nothing is sent
    #[arg(long, value_name = "FILE", conflicts_with = "model")]
    pub(crate) replay: Option<PathBuf>,
    /// Ask the process that started this one, as the file says
    #[arg(long, value_name = "FILE", hide = true, conflicts_with_all = ["model", "replay"])]
    pub(crate) ask_parent: Option<PathBuf>,
    /// Where remarks are written before models are asked
    #[arg(long, value_name = "FILE", hide = true, requires = "ask_parent")]
    pub(crate) first_remarks: Option<PathBuf>,
}

/// Which change is meant.
#[derive(Debug, Args)]
pub(crate) struct ChangeArguments {
    /// What to review: BASE..HEAD, BASE...HEAD or one commit; of `review` also a pull
    /// request: owner/repo#12, group/project!12 or its address (default: the working
    /// tree against the merge base with the default branch)
    #[arg(value_name = "CHANGE", conflicts_with_all = ["staged", "patch", "base"])]
    pub(crate) change: Option<String>,
    /// Review what is staged for commit
    #[arg(long, conflicts_with_all = ["patch", "base"])]
    pub(crate) staged: bool,
    /// Compare the working tree with this revision
    #[arg(long, value_name = "REV", conflicts_with = "patch")]
    pub(crate) base: Option<String>,
    /// Review a patch from a file, or from standard input with `-`
    #[arg(long, value_name = "FILE")]
    pub(crate) patch: Option<PathBuf>,
}

/// Arguments of `assay summary`.
#[derive(Debug, Args)]
pub(crate) struct SummaryArguments {
    #[command(flatten)]
    pub(crate) change: ChangeArguments,
    /// The format
    #[arg(long, value_enum, default_value_t = SummaryFormat::Text, value_name = "FORMAT")]
    pub(crate) format: SummaryFormat,
    /// Neither read nor write what is kept between runs
    #[arg(long)]
    pub(crate) no_cache: bool,
}

/// Formats of a summary.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum SummaryFormat {
    /// For people
    Text,
    /// For a pull request
    Markdown,
    /// For programs
    Json,
}

/// Arguments of `assay scan`.
#[derive(Debug, Args)]
pub(crate) struct ScanArguments {
    /// The folder or file
    #[arg(default_value = ".")]
    pub(crate) path: PathBuf,
    /// Read the whole tree of this revision, also of a bare repository, and not what is
    /// on disk
    #[arg(long, value_name = "REV", conflicts_with = "path")]
    pub(crate) rev: Option<String>,
    #[command(flatten)]
    pub(crate) report: ReportArguments,
}

/// Arguments of `assay graph`.
#[derive(Debug, Args)]
pub(crate) struct GraphArguments {
    #[command(subcommand)]
    pub(crate) query: Option<GraphQuery>,
    /// The format
    #[arg(long, value_enum, default_value_t = GraphFormat::Text, value_name = "FORMAT", global = true)]
    pub(crate) format: GraphFormat,
    /// Write to this file instead of standard output
    #[arg(short, long, value_name = "FILE", global = true)]
    pub(crate) output: Option<PathBuf>,
    /// Follow calls so many steps
    #[arg(long, value_name = "N", default_value_t = 2, global = true)]
    pub(crate) depth: u32,
    /// Follow also what is ambiguous
    #[arg(long, global = true)]
    pub(crate) all: bool,
    /// Neither read nor write what is kept between runs
    #[arg(long, global = true)]
    pub(crate) no_cache: bool,
}

/// What is asked. A symbol is a name, the end of a qualified one
/// (`Class.method`), PATH:NAME or PATH:LINE.
#[derive(Debug, Subcommand)]
pub(crate) enum GraphQuery {
    /// Who uses a symbol
    Callers {
        /// The symbol: a name, Class.method, PATH:NAME or PATH:LINE
        symbol: String,
    },
    /// What a symbol uses
    Callees {
        /// The symbol: a name, Class.method, PATH:NAME or PATH:LINE
        symbol: String,
    },
    /// What a file defines, who uses that, and what it uses
    File {
        /// The path, from the root of the repository
        path: String,
    },
    /// Every call in a file, and where it leads
    Calls {
        /// The path, from the root of the repository (default: all files)
        path: Option<String>,
    },
    /// The shortest way along calls from one symbol to another
    Path {
        /// Where it begins
        from: String,
        /// Where it ends
        to: String,
    },
}

/// Formats of the code graph.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum GraphFormat {
    /// For people
    Text,
    /// For programs
    Json,
    /// For Graphviz
    Dot,
    /// A Mermaid flow chart
    Mermaid,
    /// A page that needs nothing else
    Html,
}

/// Arguments of `assay impact`.
#[derive(Debug, Args)]
pub(crate) struct ImpactArguments {
    #[command(flatten)]
    pub(crate) change: ChangeArguments,
    /// The format
    #[arg(long, value_enum, default_value_t = TextFormat::Text, value_name = "FORMAT")]
    pub(crate) format: TextFormat,
    /// Follow calls so many steps
    #[arg(long, value_name = "N", default_value_t = 12)]
    pub(crate) depth: u32,
    /// Follow also what is ambiguous
    #[arg(long)]
    pub(crate) all: bool,
    /// Show at most so many of each kind
    #[arg(long, value_name = "N", default_value_t = 20)]
    pub(crate) top: usize,
    /// Neither read nor write what is kept between runs
    #[arg(long)]
    pub(crate) no_cache: bool,
}

/// Arguments of `assay history`.
#[derive(Debug, Args)]
pub(crate) struct HistoryArguments {
    /// Only this file, or what is below this folder of the repository
    #[arg(value_name = "PATH")]
    pub(crate) path: Option<String>,
    /// The commit whose past is read
    #[arg(long, value_name = "REV", default_value = "HEAD")]
    pub(crate) rev: String,
    /// Take a merge as one commit that did all that its branch did
    #[arg(long)]
    pub(crate) first_parent: bool,
    /// The format
    #[arg(long, value_enum, default_value_t = TextFormat::Text, value_name = "FORMAT")]
    pub(crate) format: TextFormat,
    /// Show at most so many files and pairs
    #[arg(long, value_name = "N", default_value_t = 15)]
    pub(crate) top: usize,
    /// Neither read nor write what is kept between runs
    #[arg(long)]
    pub(crate) no_cache: bool,
}

/// Formats of what is no report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum TextFormat {
    /// For people
    Text,
    /// For programs
    Json,
}

/// Arguments of `assay sbom`.
#[derive(Debug, Args)]
pub(crate) struct SbomArguments {
    /// The folder or file
    #[arg(default_value = ".")]
    pub(crate) path: PathBuf,
    /// The format of the list
    #[arg(long, value_enum, default_value_t = SbomFormat::CyclonedxJson, value_name = "FORMAT")]
    pub(crate) format: SbomFormat,
    /// Write to this file instead of standard output
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
}

/// Formats of a bill of materials.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum SbomFormat {
    /// CycloneDX 1.6 as JSON
    CyclonedxJson,
}

/// Arguments of `assay fix`.
#[derive(Debug, Args)]
pub(crate) struct FixArguments {
    /// The folder or file whose findings are mended, with --all
    #[arg(default_value = ".", requires = "all", conflicts_with_all = ["base", "change"])]
    pub(crate) path: PathBuf,
    /// Mend all that is below PATH, not only what the working tree introduced
    #[arg(long)]
    pub(crate) all: bool,
    /// Compare the working tree with this revision (default: the merge base
    /// with the default branch)
    #[arg(long, value_name = "REV")]
    pub(crate) base: Option<String>,
    /// Mend what commits introduced, BASE..HEAD, BASE...HEAD or one commit; the
    /// difference is only shown
    #[arg(long, value_name = "CHANGE", conflicts_with_all = ["base", "all", "apply"])]
    pub(crate) change: Option<String>,
    /// Write the difference to this file instead of standard output
    #[arg(long, value_name = "FILE", conflicts_with = "apply")]
    pub(crate) file: Option<PathBuf>,
    /// Write the files; without it the difference is printed
    #[arg(long)]
    pub(crate) apply: bool,
    /// Apply also fixes that may change behaviour
    #[arg(long = "unsafe")]
    pub(crate) allow_unsafe: bool,
    /// Mend only findings of these rules (an id or a pack such as `smell/*`);
    /// may be given several times
    #[arg(long = "rule", value_name = "RULE")]
    pub(crate) rules: Vec<String>,
    /// Offer a fix of a model only when this command passes in a copy of the patched
    /// tree: a program and its arguments, without a shell
    #[arg(long, value_name = "COMMAND")]
    pub(crate) test: Option<String>,
    /// Write what was mended by whom, and what was not, to this file as JSON
    #[arg(long, hide = true, value_name = "FILE")]
    pub(crate) outcome: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) model: ModelArguments,
}

/// What is reported, where and how.
#[derive(Clone, Debug, Args)]
pub(crate) struct ReportArguments {
    /// Say on standard output how far it is
    #[arg(long, hide = true)]
    pub(crate) tell_progress: bool,
    /// Write the changed lines into reports of the format json
    #[arg(long, hide = true)]
    pub(crate) keep_diff: bool,
    /// Findings that were rejected before, by fingerprint
    #[arg(long, hide = true, value_name = "FILE")]
    pub(crate) rejected: Option<PathBuf>,
    /// Report as FORMAT, or FORMAT=FILE; may be given several times. Formats:
    /// terminal, json, sarif, markdown, html, github-annotations,
    /// gitlab-code-quality, junit, rdjson, remarks
    #[arg(short, long = "output", value_name = "FORMAT[=FILE]")]
    pub(crate) outputs: Vec<String>,
    /// Show also what was there before the change, and what is suppressed
    #[arg(long)]
    pub(crate) all: bool,
    /// Fail at findings of this severity or worse (info, low, medium, high,
    /// critical, or never); goes before the configuration
    #[arg(long, value_name = "SEVERITY")]
    pub(crate) fail_on: Option<String>,
    /// Report findings that are at least so sure (low, medium, high); goes
    /// before the configuration
    #[arg(long, value_name = "CONFIDENCE")]
    pub(crate) confidence: Option<String>,
    /// Run only these rules (an id or a pack such as `complexity/*`), and report
    /// also what they are not sure of; may be given several times
    #[arg(long = "rule", value_name = "RULE")]
    pub(crate) rules: Vec<String>,
    /// Findings in this file are accepted (default: assay-baseline.json of the
    /// base revision, when it is there)
    #[arg(long, value_name = "FILE")]
    pub(crate) baseline: Option<PathBuf>,
    /// Findings of this rule are accepted; may be given several times
    #[arg(long, value_name = "RULE", hide = true)]
    pub(crate) without: Vec<String>,
    /// Coverage of the tests (lcov, Cobertura or JaCoCo), for the gate; may be
    /// given several times
    #[arg(long = "coverage", value_name = "FILE")]
    pub(crate) coverage: Vec<PathBuf>,
    /// Take in what another tool found, as FORMAT=FILE; may be given several times.
    /// Formats: sarif, rdjson, rdjsonl, checkstyle, eslint, ruff, clippy, golangci,
    /// tsc, typescript-check, coderabbit, copilot
    #[arg(long = "import", value_name = "FORMAT=FILE")]
    pub(crate) imports: Vec<String>,
    /// Where the repository was when the tools ran whose findings are taken in, when
    /// that was elsewhere; may be given several times
    #[arg(long = "import-root", value_name = "DIR")]
    pub(crate) import_roots: Vec<String>,
    /// Run the tools of the configuration meanwhile: this executes the commands in
    /// `[[tools]]` of assay.toml; also ASSAY_TOOLS=1
    #[arg(long)]
    pub(crate) tools: bool,
    /// Look packages up in this advisory database (default: the one of `assay
    /// advisories update`); `off` looks nothing up
    #[arg(long, value_name = "FILE")]
    pub(crate) advisories: Option<PathBuf>,
    /// Show at most so many findings in full on the terminal
    #[arg(long, value_name = "N", default_value_t = 20)]
    pub(crate) max_findings: usize,
    /// Work everything out anew, and keep nothing for the next review
    #[arg(long)]
    pub(crate) no_cache: bool,
}

/// Arguments of `assay explain`.
#[derive(Debug, Args)]
pub(crate) struct ExplainArguments {
    /// The rule's id, such as `complexity/cognitive`
    #[arg(required_unless_present = "at", conflicts_with = "at")]
    pub(crate) rule: Option<String>,
    /// Explain the complexity of the function at FILE:LINE
    #[arg(long, value_name = "FILE:LINE")]
    pub(crate) at: Option<String>,
}

/// What `assay rule` does.
#[derive(Debug, Subcommand)]
pub(crate) enum RuleCommand {
    /// Run the tests of the rules (.assay/rules/tests)
    Test(RuleTestArguments),
}

/// Arguments of `assay rule test`.
#[derive(Debug, Args)]
pub(crate) struct RuleTestArguments {
    /// The folder of the rules (default: .assay/rules, here or in a folder above)
    #[arg(value_name = "FOLDER")]
    pub(crate) folder: Option<PathBuf>,
}

/// Arguments of `assay rules`.
#[derive(Debug, Args)]
pub(crate) struct RulesArguments {
    /// Only rules whose id or text holds this
    pub(crate) filter: Option<String>,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// Arguments of lists.
#[derive(Debug, Args)]
pub(crate) struct ListArguments {
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// Arguments of `assay config`.
#[derive(Debug, Args)]
pub(crate) struct ConfigArguments {
    /// Print the JSON schema of assay.toml, for editors
    #[arg(long)]
    pub(crate) schema: bool,
    /// Show the settings for this file, with the overrides of its path
    #[arg(long = "for", value_name = "PATH")]
    pub(crate) path: Option<PathBuf>,
}

/// Arguments of `assay init`.
#[derive(Debug, Args)]
pub(crate) struct InitArguments {
    /// Replace an existing assay.toml
    #[arg(long)]
    pub(crate) force: bool,
}

/// Arguments of `assay baseline`.
#[derive(Debug, Args)]
pub(crate) struct BaselineArguments {
    /// The folder whose findings are accepted
    #[arg(default_value = ".")]
    pub(crate) path: PathBuf,
    /// Where to write the baseline (default: assay-baseline.json in the folder)
    #[arg(long, value_name = "FILE")]
    pub(crate) file: Option<PathBuf>,
    /// Only take out what is no longer found; accept nothing new
    #[arg(long)]
    pub(crate) prune: bool,
}

/// Arguments of `assay advisories`.
#[derive(Debug, Args)]
pub(crate) struct AdvisoriesArguments {
    #[command(subcommand)]
    pub(crate) command: AdvisoriesCommand,
}

/// The commands of `assay advisories`.
#[derive(Debug, Subcommand)]
pub(crate) enum AdvisoriesCommand {
    /// Bring the database up to date
    Update(AdvisoriesUpdateArguments),
    /// Say what is in the database, and how old it is
    Status(AdvisoriesStatusArguments),
}

/// Arguments of `assay advisories update`.
#[derive(Debug, Args)]
pub(crate) struct AdvisoriesUpdateArguments {
    /// Take advisories in the OSV format from here: a folder, a zip archive, a
    /// document, or the URL of a mirror of OSV's export; may be given several
    /// times (default: OSV's export)
    #[arg(long, value_name = "PATH|URL")]
    pub(crate) from: Vec<String>,
    /// Take only this ecosystem from a mirror, as OSV names it; may be given
    /// several times (default: all whose package files Assay reads)
    #[arg(long = "ecosystem", value_name = "NAME")]
    pub(crate) ecosystems: Vec<String>,
    /// Ask this service of OSV's query API for the packages of a tree, instead of
    /// fetching everything: its names go over the network
    #[arg(long, value_name = "URL", conflicts_with_all = ["from", "ecosystems"])]
    pub(crate) osv_api: Option<String>,
    /// The tree whose packages are asked for
    #[arg(long, value_name = "DIR", default_value = ".", requires = "osv_api")]
    pub(crate) packages_of: PathBuf,
    /// Begin with an empty database
    #[arg(long)]
    pub(crate) fresh: bool,
    /// The database (default: in the user's cache, or ASSAY_ADVISORIES)
    #[arg(long, value_name = "FILE")]
    pub(crate) database: Option<PathBuf>,
}

/// Arguments of `assay advisories status`.
#[derive(Debug, Args)]
pub(crate) struct AdvisoriesStatusArguments {
    /// Read every byte, in order to find damage
    #[arg(long)]
    pub(crate) verify: bool,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
    /// The database (default: in the user's cache, or ASSAY_ADVISORIES)
    #[arg(long, value_name = "FILE")]
    pub(crate) database: Option<PathBuf>,
}

/// What `assay usage` shows.
#[derive(Debug, Args)]
pub(crate) struct UsageArguments {
    /// By what calls are added up
    #[arg(long, value_enum, default_value = "day")]
    pub(crate) by: UsageBy,
    /// Only calls from this day on, such as 2026-02-01, in UTC
    #[arg(long, value_name = "DAY")]
    pub(crate) since: Option<String>,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// By what calls of models are added up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum UsageBy {
    /// Each call by itself.
    Call,
    /// Reviews, by the time at which they began.
    Review,
    /// Repositories, by the name of their folder.
    Repository,
    /// Models.
    Model,
    /// What was asked for.
    Task,
    /// Days, in UTC.
    Day,
    /// Months, in UTC.
    Month,
}

/// What `assay cache` does.
#[derive(Debug, Subcommand)]
pub(crate) enum CacheCommand {
    /// Say where it is, and how much there is of each kind
    Status,
    /// Delete it: what is needed is worked out anew, and `--since-last` begins anew
    Clear,
}

/// Arguments of `assay completions`.
#[derive(Debug, Args)]
pub(crate) struct CompletionsArguments {
    /// The shell
    #[arg(value_enum)]
    pub(crate) shell: clap_complete::Shell,
}
