//! What the server is told: arguments over the environment over `assay-server.toml`
//! over what is usual. Checked here once; the rest of the program reads values.

mod cache;
mod database;
mod encryption;
mod forge;
mod github;
mod gitlab;
mod http;
mod log;
mod login;
mod outgoing;
mod queue;
mod resilience;
mod retention;
mod sources;
mod telemetry;
mod token;
mod worker;

use std::path::{Path, PathBuf};

use anyhow::{Context as _, anyhow, ensure};
use assay_app::{Keeping, LoginProvider};
use assay_auth::{FieldKeys, Networks};
use assay_store::{CacheOptions, StoreOptions};
use clap::ValueEnum as _;
use serde::Deserialize;
use tracing_subscriber::filter::LevelFilter;

use self::cache::CacheFile;
use self::database::DatabaseFile;
use self::encryption::EncryptionFile;
pub(super) use self::forge::ForgeSettings;
use self::github::GitHubFile;
pub(super) use self::github::{GitHubAccess, GitHubSettings};
use self::gitlab::GitLabFile;
pub(super) use self::gitlab::GitLabSettings;
use self::http::HttpFile;
pub(super) use self::http::HttpLimits;
use self::log::LogFile;
pub(super) use self::log::LogFormat;
use self::login::LoginFile;
use self::outgoing::OutgoingFile;
use self::queue::QueueFile;
use self::resilience::{ResilienceFile, ResilienceSettings};
use self::retention::RetentionFile;
pub(crate) use self::sources::is_local;
use self::sources::{read_limited, variable};
use self::telemetry::TelemetryFile;
pub(super) use self::telemetry::TelemetrySettings;
use self::token::TokensFile;
pub(super) use self::token::{TokenKeySettings, TokenSettings};
use self::worker::{WorkerFile, WorkerSettings};
use crate::arguments::{PlaceArguments, Role};
use crate::model::settings::{ModelFile, ModelSettings};

/// Where the server listens when nothing else is said: on this machine only.
const LISTEN: &str = "127.0.0.1:8420";

/// Everything that the server is told, checked.
pub(super) struct Settings {
    pub(super) listen: String,
    pub(super) role: Role,
    pub(super) data: PathBuf,
    pub(super) database: StoreOptions,
    pub(super) cache: CacheOptions,
    /// The broker that tells workers of work, if there is one.
    pub(super) queue_url: Option<String>,
    pub(super) github: Option<GitHubSettings>,
    pub(super) gitlab: Option<GitLabSettings>,
    pub(super) worker: WorkerSettings,
    /// Language models, when some are named.
    pub(super) model: Option<ModelSettings>,
    pub(super) keeping: Keeping,
    pub(super) resilience: ResilienceSettings,
    pub(super) tokens: TokenSettings,
    pub(super) login_providers: Vec<LoginProvider>,
    encryption: EncryptionFile,
    /// Networks that are told things although they are not public.
    pub(super) outgoing_allowed: Networks,
    pub(super) proxies: Networks,
    pub(super) http: HttpLimits,
    /// None: the usual.
    pub(super) inside: Option<Networks>,
    pub(super) cors_origins: Vec<String>,
    pub(super) public_url: Option<String>,
    pub(super) path_prefix: String,
    pub(super) telemetry: TelemetrySettings,
    pub(super) log_format: LogFormat,
    pub(super) log_level: LevelFilter,
}

/// What the command line says.
pub(super) struct Given<'a> {
    pub(super) role: Option<Role>,
    pub(super) listen: Option<&'a str>,
    pub(super) capabilities: &'a [String],
    pub(super) place: &'a PlaceArguments,
}

impl<'a> Given<'a> {
    /// Says where everything is, and nothing else.
    pub(super) fn place(place: &'a PlaceArguments) -> Self {
        Self {
            role: None,
            listen: None,
            capabilities: &[],
            place,
        }
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct File {
    listen: Option<String>,
    role: Option<Role>,
    data: Option<PathBuf>,
    database: DatabaseFile,
    cache: CacheFile,
    queue: QueueFile,
    github: GitHubFile,
    gitlab: GitLabFile,
    worker: WorkerFile,
    model: Option<ModelFile>,
    retention: RetentionFile,
    resilience: ResilienceFile,
    tokens: TokensFile,
    login: LoginFile,
    encryption: EncryptionFile,
    outgoing: OutgoingFile,
    http: HttpFile,
    telemetry: TelemetryFile,
    log: LogFile,
}

impl Settings {
    /// Reads the settings.
    pub(super) fn load(given: &Given<'_>) -> anyhow::Result<Self> {
        let place = given.place;
        let file = match &place.server_config {
            Some(path) => read_file(path)?,
            None => File::default(),
        };
        let folder = place.server_config.as_deref().and_then(Path::parent);
        let folder = folder.unwrap_or(Path::new(".")).to_owned();
        let data = place
            .data
            .clone()
            .or_else(|| variable("ASSAY_DATA").map(Into::into));
        let data = data.or(file.data).or_else(data_folder).context(
            "there is no folder for the server's data; name one with --data or ASSAY_DATA",
        )?;
        std::fs::create_dir_all(&data)
            .with_context(|| format!("{} cannot be made", data.display()))?;
        let data = data
            .canonicalize()
            .with_context(|| format!("{} cannot be opened", data.display()))?;
        let database = database::read(place.database.clone(), file.database, &data)?;
        let listen = given.listen.map(str::to_owned);
        let listen = listen
            .or_else(|| variable("ASSAY_LISTEN"))
            .or(file.listen)
            .unwrap_or_else(|| LISTEN.to_owned());
        let role = variable("ASSAY_ROLE").map(|name| {
            Role::from_str(&name, false)
                .map_err(|_| anyhow!("ASSAY_ROLE: `{name}`, but it is all, api or worker"))
        });
        let role = role.transpose()?;
        let http = http::limits(&file.http)?;
        let public_url = http::public_url(file.http.public_url)?;
        let path_prefix = http::path_prefix(&file.http.path_prefix)?;
        let place_of_logins = public_url.as_ref().map(|url| format!("{url}{path_prefix}"));
        Ok(Self {
            listen,
            role: given.role.or(role).or(file.role).unwrap_or(Role::All),
            data,
            database,
            cache: cache::read(file.cache)?,
            queue_url: queue::url(file.queue)?,
            github: github::read(file.github)?,
            gitlab: gitlab::read(file.gitlab)?,
            worker: worker::read(given.capabilities, file.worker)?,
            model: file
                .model
                .map(|model| server_models(model, &folder).context("model"))
                .transpose()?,
            keeping: retention::read(&file.retention)?,
            resilience: resilience::read(&file.resilience)?,
            tokens: token::read(file.tokens)?,
            http,
            proxies: http::networks("http.proxies", &file.http.proxies)?,
            inside: file
                .http
                .inside
                .map(|texts| http::networks("http.inside", &texts))
                .transpose()?,
            cors_origins: file.http.cors_origins,
            login_providers: login::read(file.login, place_of_logins.as_deref())?,
            encryption: file.encryption,
            outgoing_allowed: outgoing::read(&file.outgoing)?,
            public_url,
            path_prefix,
            telemetry: telemetry::read(file.telemetry)?,
            log_format: file.log.format,
            log_level: log::level(file.log.level.as_deref())?,
        })
    }
}

impl Settings {
    /// Returns the keys that fields are encrypted with, made where there are none.
    pub(super) fn field_keys(&self) -> anyhow::Result<FieldKeys> {
        encryption::read(&self.encryption, &self.data)
    }
}

/// Returns the folder of the user's data, as the XDG base directory specification
/// says.
fn data_folder() -> Option<PathBuf> {
    let base = variable("XDG_DATA_HOME").map(PathBuf::from);
    let base = base.or_else(|| variable("HOME").map(|home| Path::new(&home).join(".local/share")));
    base.map(|base| base.join("assay"))
}

fn read_file(path: &Path) -> anyhow::Result<File> {
    let text = read_limited(path)?;
    toml::from_str(&text).with_context(|| format!("{} is not as it should be", path.display()))
}

fn server_models(file: ModelFile, folder: &Path) -> anyhow::Result<ModelSettings> {
    let settings = ModelSettings::check(file, folder)?;
    // What is under review is never executed here, not even its tests.
    ensure!(
        settings.trial.command.is_empty(),
        "`fix.test` is for the command line: a server runs no tests of what it reviews"
    );
    Ok(settings)
}
