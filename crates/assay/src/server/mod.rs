//! `assay serve`: the platform, put together over a database, answering HTTP and
//! doing tasks until it is asked to stop.

mod admin;
pub(crate) mod audit;
mod database;
mod demo;
mod forge;
mod log;
mod probe;
mod prompts;
mod settings;
mod telemetry;
mod token;
pub(crate) mod world;

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use assay_app::{
    App, AppOptions, ForgeClient, ForgeTools, KeptExaminers, KeptLimits, Mirrors, ModelDesk,
    ProcessLimits, ReviewProcess, SharedEtags, Tools, Worker, WorkerModels, WorkerOptions,
};
use assay_forge::OutgoingClient;
use assay_server::{ServeLimits, ServerOptions};
use assay_store::{Cache, Rates, Spread};
use secrecy::ExposeSecret as _;
use tokio::sync::watch;
use tracing_subscriber::fmt::format;

pub(crate) use self::forge::{etags, world};
use self::log::Numbered;
pub(crate) use self::settings::is_local;
use self::settings::{Given, LogFormat, Settings};
use crate::arguments::{Role, ServeArguments, WorkerArguments};
use crate::output;

pub(crate) use self::admin::run as admin;
pub(crate) use self::database::{backup, migrate, restore};
pub(crate) use self::demo::run as demo;

/// So much memory may a process have that examines a text of a caller.
const EXAMINE_BYTES_MAX: u64 = 512 * 1024 * 1024;
/// So long may it take for one text; the caller waits.
const EXAMINE_TIME_MAX: Duration = Duration::from_secs(15);
/// So many bytes may the report on one have.
const EXAMINE_REPORT_BYTES_MAX: u64 = 32 * 1024 * 1024;

/// The stack of a thread. Without optimisation the work on a task takes more than the usual 2 MiB.
const THREAD_STACK_BYTES: usize = 8 * 1024 * 1024;

/// `assay serve`.
pub(crate) fn run(arguments: &ServeArguments) -> anyhow::Result<ExitCode> {
    run_as(Settings::load(&Given {
        role: arguments.role,
        listen: arguments.listen.as_deref(),
        ..Given::place(&arguments.place)
    })?)
}

/// `assay worker`.
pub(crate) fn run_worker(arguments: &WorkerArguments) -> anyhow::Result<ExitCode> {
    run_as(Settings::load(&Given {
        role: Some(Role::Worker),
        capabilities: &arguments.capabilities,
        ..Given::place(&arguments.place)
    })?)
}

fn run_as(settings: Settings) -> anyhow::Result<ExitCode> {
    log(&settings);
    block_on(serve(&settings))?;
    Ok(ExitCode::SUCCESS)
}

/// Does something that waits for others.
fn block_on<T>(work: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<T> {
    set_up_tls();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .thread_stack_size(THREAD_STACK_BYTES)
        .build()
        .context("the runtime cannot be started")?;
    runtime.block_on(work)
}

/// Whatever library speaks TLS takes this one implementation of it.
pub(crate) fn set_up_tls() {
    let _ = rustls::crypto::ring::default_provider().install_default();
}

fn log(settings: &Settings) {
    let builder = tracing_subscriber::fmt()
        .with_max_level(settings.log_level)
        .with_writer(std::io::stderr)
        .with_ansi(false);
    let format = settings.log_format;
    match format {
        LogFormat::Json => {
            let lines = Numbered::new(format::json(), format);
            builder
                .fmt_fields(format::JsonFields::new())
                .event_format(lines)
                .init();
        }
        LogFormat::Text => {
            let lines = format::Format::default().with_ansi(false);
            builder.event_format(Numbered::new(lines, format)).init();
        }
    }
}

async fn serve(settings: &Settings) -> anyhow::Result<()> {
    make_folders(settings)?;
    let (app, github) = platform(settings).await?;
    let (stop, stopped) = watch::channel(false);
    let mut parts = tokio::task::JoinSet::new();
    if settings.role != Role::Worker {
        show_first_key(&app).await?;
    }
    let address = match settings.role {
        Role::Worker => settings.worker.listen.as_ref(),
        Role::All | Role::Api => Some(&settings.listen),
    };
    if let Some(address) = address {
        let listener = tokio::net::TcpListener::bind(address)
            .await
            .with_context(|| format!("nothing can listen at {address}"))?;
        let address = listener.local_addr()?;
        output::print(format!("assay listens at http://{address}\n"))?;
        if !address.ip().is_loopback() && settings.public_url.is_none() {
            tracing::warn!(
                %address,
                "others than this machine can reach the server, which speaks no TLS: put a proxy before it and set http.public_url"
            );
        }
        let router = assay_server::router(app.clone(), server_options(settings));
        let mut stopped = stopped.clone();
        let limits = ServeLimits {
            address_connections_max: settings.http.address_connections_max,
            proxies: settings.proxies.clone(),
            ..ServeLimits::default()
        };
        parts.spawn(async move {
            let stop = async move {
                let _ = stopped.wait_for(|is_stopped| *is_stopped).await;
            };
            let served = assay_server::serve(listener, router, limits, stop).await;
            served.context("connections cannot be answered")
        });
    }
    if let Some(url) = settings.queue_url.clone() {
        let (store, does) = (app.store().clone(), spread(settings.role));
        let mut stopped = stopped.clone();
        parts.spawn(async move {
            tokio::select! {
                spread = store.task_spread(&url, does) => spread.context("the queue"),
                _ = stopped.wait_for(|is_stopped| *is_stopped) => Ok(()),
            }
        });
    }
    let prompts = settings.model.as_ref();
    if let Some(folder) = prompts.and_then(|model| model.prompts.clone()) {
        let (app, mut stopped) = (app.clone(), stopped.clone());
        parts.spawn(async move {
            tokio::select! {
                () = prompts::follow(app, folder) => {}
                _ = stopped.wait_for(|is_stopped| *is_stopped) => {}
            }
            Ok(())
        });
    }
    if let Some(address) = settings.telemetry.statsd.clone() {
        let own = &settings.telemetry;
        let numbers =
            telemetry::send_numbers(app.clone(), address, own.statsd_tags, own.statsd_every_ms);
        let mut stopped = stopped.clone();
        parts.spawn(async move {
            tokio::select! {
                sent = numbers => sent,
                _ = stopped.wait_for(|is_stopped| *is_stopped) => Ok(()),
            }
        });
    }
    if settings.role != Role::Api {
        let worker = worker(settings, &app, github)?;
        if settings.role == Role::Worker {
            let capabilities = settings.worker.capabilities.join(", ");
            output::print(format!("assay takes tasks: {capabilities}\n"))?;
        }
        let stopped = stopped.clone();
        parts.spawn(async move {
            worker.run(stopped).await;
            Ok(())
        });
    }
    tokio::select! {
        () = asked_to_stop() => {}
        Some(ended) = parts.join_next() => {
            stop.send_replace(true);
            ended??;
        }
    }
    stop.send_replace(true);
    while let Some(ended) = parts.join_next().await {
        ended??;
    }
    app.store().close().await;
    Ok(())
}

/// Makes the folders that work needs.
fn make_folders(settings: &Settings) -> anyhow::Result<()> {
    for folder in ["cache", "mirrors", "work"] {
        let folder = settings.data.join(folder);
        std::fs::create_dir_all(&folder)
            .with_context(|| format!("{} cannot be made", folder.display()))?;
    }
    Ok(())
}

/// Shows the key that a platform without any is given.
async fn show_first_key(app: &App) -> anyhow::Result<()> {
    if let Some(first) = app.first_key().await? {
        output::print(format!(
            "The first administrator's key, shown this once:\n\n  {}\n\n\
             Another is made at this machine: assay admin key make --name NAME\n\n",
            first.text.expose_secret()
        ))?;
    }
    Ok(())
}

/// Puts the platform together, with the way to GitHub if there is one.
async fn platform(settings: &Settings) -> anyhow::Result<(App, Option<ForgeTools>)> {
    let store = database::open(settings).await?;
    store
        .migrate()
        .await
        .context("the tables of the database cannot be brought up to date")?;
    let cache = store
        .cache(&settings.cache)
        .context("the cache cannot be opened")?;
    let github = settings.github.as_ref();
    let etags = Arc::new(SharedEtags::new(cache.clone()));
    let github = github.map(|own| forge::github(own, settings.resilience.github, etags));
    let github = github.transpose()?.flatten();
    let mut options = app_options(settings, cache)?;
    options
        .probes
        .push(Box::new(probe::Disk(settings.data.clone())));
    options.probes.push(Box::new(probe::Memory));
    if let Some(ForgeClient::GitHub(client)) = github.as_ref().map(|tools| &tools.client) {
        options.probes.push(Box::new(probe::Forge(client.clone())));
    }
    options.listeners = telemetry::listeners(&settings.telemetry)?;
    let app = App::new(store, options);
    Ok((app, github))
}

/// Who does no tasks is not told of them: others would miss the word.
fn spread(role: Role) -> Spread {
    match role {
        Role::Api => Spread::Tell,
        Role::All | Role::Worker => Spread::TellAndHear,
    }
}

/// Waits until somebody at the terminal, or whoever runs the machine, wants an end.
async fn asked_to_stop() {
    let interrupt = tokio::signal::ctrl_c();
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminate) = signal(SignalKind::terminate()) {
            tokio::select! {
                _ = interrupt => {}
                _ = terminate.recv() => {}
            }
            return;
        }
    }
    let _ = interrupt.await;
}

fn app_options(settings: &Settings, cache: Cache) -> anyhow::Result<AppOptions> {
    let mut options = AppOptions::new(
        env!("CARGO_PKG_VERSION"),
        token::token_keys(&settings.tokens, &settings.data)?,
    );
    options.cache = Some(cache);
    if let Some(model) = &settings.model {
        options.prompts = model.options.prompts.clone();
    }
    if let Some(url) = &settings.cache.redis_url {
        options.rates = Rates::shared(url).context("the cache cannot be opened")?;
    }
    let limits = ProcessLimits {
        time_max: EXAMINE_TIME_MAX,
        memory_bytes_max: EXAMINE_BYTES_MAX,
        report_bytes_max: EXAMINE_REPORT_BYTES_MAX,
        threads: Some(1),
    };
    let examiners = KeptExaminers::new(process(settings, limits)?, KeptLimits::default());
    options.examiner = Some(Arc::new(examiners));
    let github = settings.github.as_ref();
    options.github = github.and_then(|github| forge::intake(&github.forge));
    let gitlab = settings.gitlab.as_ref();
    options.gitlab = gitlab.and_then(|gitlab| forge::intake(&gitlab.forge));
    options.login_providers = settings.login_providers.clone();
    options.field_keys = Some(settings.field_keys()?);
    let allowed = settings.outgoing_allowed.clone();
    options.outgoing = OutgoingClient::new(Arc::new(move |address| {
        !allowed.is_empty() && allowed.contains(address)
    }));
    Ok(options)
}

fn server_options(settings: &Settings) -> ServerOptions {
    let usual = ServerOptions::default();
    ServerOptions {
        proxies: settings.proxies.clone(),
        inside: settings.inside.clone().unwrap_or(usual.inside),
        cors_origins: settings.cors_origins.clone(),
        is_inside_only: settings.role == Role::Worker,
        public_url: settings.public_url.clone(),
        path_prefix: settings.path_prefix.clone(),
        body_ms: settings.http.body_ms,
        bodies_bytes_max: settings.http.bodies_bytes_max,
        address_bodies_bytes_max: settings.http.address_bodies_bytes_max,
        address_requests_max: settings.http.address_connections_max,
        ..usual
    }
}

fn worker(settings: &Settings, app: &App, github: Option<ForgeTools>) -> anyhow::Result<Worker> {
    let limits = ProcessLimits {
        time_max: settings.worker.review_time_max,
        memory_bytes_max: settings.worker.review_memory_bytes_max,
        ..ProcessLimits::default()
    };
    let etags = Arc::new(SharedEtags::new(app.cache().clone()));
    let gitlab = settings.gitlab.as_ref();
    let gitlab = gitlab.map(|own| forge::gitlab(own, settings.resilience.gitlab, etags));
    let process = process(settings, limits)?;
    let kept = KeptLimits {
        idle_max: settings.worker.jobs_max,
        ..KeptLimits::default()
    };
    let tools = Tools {
        examiners: KeptExaminers::new(process.clone(), kept),
        process,
        mirrors: Mirrors {
            folder: settings.data.join("mirrors"),
            limits: assay_git::FetchLimits::default(),
        },
        github,
        gitlab: gitlab.transpose()?.flatten(),
        models: models(settings)?,
    };
    let options = WorkerOptions {
        capabilities: settings.worker.capabilities.clone(),
        jobs_max: settings.worker.jobs_max,
        look_ms: settings.worker.look_ms,
        drain_ms: settings.worker.drain_ms,
        keeping: settings.keeping,
        listens: settings.queue_url.is_none(),
        feedback_ms: settings.worker.feedback_ms,
        ..WorkerOptions::new(world::worker_name())
    };
    Ok(Worker::new(app.clone(), tools, options))
}

/// Makes language models ready, when some are named.
fn models(settings: &Settings) -> anyhow::Result<Option<WorkerModels>> {
    let Some(own) = &settings.model else {
        return Ok(None);
    };
    let desk = ModelDesk::new(own.desk.clone(), &crate::model::world())?;
    Ok(Some(WorkerModels {
        desk,
        options: own.options.clone(),
    }))
}

/// Returns this program, as the process that reads what is under review.
fn process(settings: &Settings, limits: ProcessLimits) -> anyhow::Result<ReviewProcess> {
    Ok(ReviewProcess {
        program: std::env::current_exe().context("this program cannot be found")?,
        cache_folder: settings.data.join("cache"),
        work_folder: settings.data.join("work"),
        limits,
    })
}
