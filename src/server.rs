//! Assembly: store → live → chat → api. The only file that knows every part.

mod bus;
mod engine;
mod member;

use std::future::Future;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::{mpsc, watch};
use tokio::task::{AbortHandle, JoinHandle, JoinSet};
use tracing::{error, info, warn};

use crate::admin::backup::{self, Schedule};
use crate::admin::certificate::Unusable;
use crate::admin::cluster::connect::Unreached;
use crate::admin::control::Control;
use crate::admin::doctor::Start;
use crate::admin::reload::{Reloader, Renew};
use crate::admin::{self, Admin, Running, acme, descriptors};
use crate::api::accept::{Certificate, Listener};
use crate::api::metrics::Metrics;
use crate::api::{self, Context, Target, accept};
use crate::chat::{Chat, Dispatcher, EVENT_QUEUE, Parts, PushInbox};
use crate::config::current::Current;
use crate::config::load::Flags;
use crate::config::{self, Config};
use crate::live::{Hub, InvalidAddress};
use crate::logging;
use crate::service::notify::{self, State};
use crate::service::sockets::Socket;
use crate::service::watchdog;
use crate::store::StoreError;
use crate::store::engine::{Engine, OpenError};
use crate::store::files::Files;

/// How long offline work waits for background jobs it has started.
const SETTLING: Duration = Duration::from_mins(5);

/// Time after which a task that panicked is started again.
const AFTER_PANIC: Duration = Duration::from_mins(5);

/// Why the server could not start.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The database cannot be used.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// An address cannot be listened on.
    #[error(transparent)]
    Bind(#[from] accept::BindError),
    /// The TLS certificate or its key cannot be used.
    #[error(transparent)]
    Certificate(#[from] Unusable),
    /// The control socket cannot be created.
    #[error("cannot create the control socket {path}: {why}")]
    Control {
        /// Path of the socket.
        path: PathBuf,
        /// Error of the operating system.
        why: std::io::Error,
    },
    /// There is no address to redirect to.
    #[error(
        "[server] redirect_listen requires a public_url with https, or a TCP address that the \
         server listens on"
    )]
    Redirect,
    /// The database of the cluster cannot be reached.
    #[error(transparent)]
    Cluster(#[from] Unreached),
    /// The database of the cluster lacks tables.
    #[error("{0}")]
    Tables(admin::Failure),
    /// The place of uploaded files is described wrongly.
    #[error("{0}")]
    Media(admin::Failure),
    /// The database was opened but does not respond.
    #[error("the database does not respond: {0}")]
    Store(#[from] StoreError),
    /// The metrics recorder could not be installed.
    #[error("cannot install the metrics recorder: {0}")]
    Metrics(String),
    /// Redis cannot be used.
    #[error("[cluster] redis: {0}")]
    Redis(#[from] InvalidAddress),
    /// A file that the connections to Redis need cannot be read.
    #[error("[cluster] {0}")]
    RedisFile(String),
    /// The chat could not be assembled.
    #[error("cannot start: {0}")]
    Start(#[from] crate::model::Error),
}

impl ServeError {
    /// The failure of the command, whose kind tells a mistake in the configuration from others.
    pub fn into_failure(self) -> admin::Failure {
        match self {
            Self::Media(failure) => failure,
            other => admin::Failure::failed(other.to_string()),
        }
    }
}

/// Information passed on once everything listens.
pub struct Ready<'a> {
    /// Addresses listened on.
    pub addresses: &'a [String],
    /// Invitation of the first administrator, while there is none.
    pub invitation: Option<&'a str>,
}

/// What the process brings along.
pub struct Process {
    /// Controls its log.
    pub log: logging::Control,
    /// Sockets opened by the service manager; they replace `[server] listen`.
    pub sockets: Vec<Socket>,
    /// Options of the command line, for loading the configuration again.
    pub flags: Flags,
    /// The configuration file, if one is used.
    pub file: Option<PathBuf>,
}

/// Store, live rooms and chat: the parts needed with and without listeners.
struct World {
    chat: Chat,
    engine: Engine,
    files: Files,
    hub: Arc<Hub>,
    /// What connects it with other servers.
    shared: Option<bus::Shared>,
    dispatcher: JoinHandle<()>,
}

impl World {
    async fn open(current: &Current, database: PathBuf, quiet: bool) -> Result<Self, ServeError> {
        let config = &*current.get();
        let (events, receiver) = mpsc::channel(EVENT_QUEUE);
        let (data, backups) =
            (config.server.data_dir.clone(), config.server.data_dir.join(&config.backup.directory));
        let (files, spool) = (admin::media::files_or_none(config), admin::media::spool(config));
        let (opening, directory) = (files.clone(), data.join(&config.media.directory));
        let opened = tokio::task::spawn_blocking(move || {
            backup::sweep(&data, &backups).map_err(|why| OpenError::Io { path: data, why })?;
            opening.prepare(spool).map_err(|why| OpenError::Io { path: directory, why })
        });
        opened.await.map_err(|_| StoreError::Unavailable)??;
        let push = PushInbox::default();
        let bus::Opened { bus, sink, peers, shared } = bus::open(config, events, push.clone())?;
        let (engine, server_id) = engine::open(config, database, quiet, sink, peers).await?;
        let settings = engine.store().settings().await?;
        let hub = Hub::new(current, Arc::clone(&bus));
        let parts = Parts {
            store: engine.store(),
            sessions: engine.sessions(),
            bus,
            hub: Arc::clone(&hub),
            push,
            files: files.clone(),
            settings,
            server_id,
        };
        let chat = Chat::new(parts, current.clone())?;
        chat.settle_digests().await?;
        let dispatcher = tokio::spawn(Dispatcher::new(chat.clone(), receiver).run());
        Ok(Self { chat, engine, files, hub, shared, dispatcher })
    }

    /// Opens it and asks the service manager for more time while the database is migrated.
    async fn open_patiently(current: &Current, database: PathBuf) -> Result<Self, ServeError> {
        let config = current.get();
        let plan = tokio::task::spawn_blocking(move || admin::database::migrations(&config));
        // What cannot be examined cannot be opened either, and opening it explains why.
        let plan = plan.await.ok().and_then(Result::ok);
        // Large, as is what it awaits.
        let opening = Box::pin(Self::open(current, database, false));
        match plan.filter(|plan| plan.schema > 0 && !plan.migrations.is_empty()) {
            Some(plan) => {
                let status =
                    format!("Migrating the database from schema {} to {}", plan.schema, plan.known);
                notify::extend_during(opening, &status).await
            }
            None => opening.await,
        }
    }

    /// Answers what other servers ask of the store.
    fn serve_others(&mut self) {
        if let (Some(shared), Engine::Cluster(cluster)) = (&mut self.shared, &self.engine) {
            shared.serve(cluster.clone());
        }
    }

    /// Tells other servers that this one is being stopped.
    fn leave(&self) {
        if let Some(shared) = &self.shared {
            shared.leave();
        }
    }

    /// Returns whether tasks still run and the store still answers; an error is an answer, since a
    /// restart does not help against a full disk.
    async fn responds(chat: Chat, dispatcher: AbortHandle) -> bool {
        // In a task of its own, so that the scheduler is part of the check.
        tokio::spawn(async move { chat.health().await }).await.is_ok() && !dispatcher.is_finished()
    }

    /// Completes queued work of the writer; acknowledged data is on disk already.
    async fn close(self) {
        self.engine.close().await;
        if let Some(shared) = self.shared {
            shared.close().await;
        }
        self.dispatcher.abort();
        if let Err(failed) = self.dispatcher.await
            && failed.is_panic()
        {
            error!("the dispatcher has panicked");
        }
    }
}

/// Works on the data of a stopped server, under its lock. Background jobs started by the work are
/// completed before closing; `quiet` work starts none, and leaves existing ones to the next start.
pub async fn offline<T>(
    config: Config,
    database: PathBuf,
    quiet: bool,
    work: impl AsyncFnOnce(&Admin) -> T,
) -> Result<T, ServeError> {
    let config = Current::new(config);
    let world = World::open(&config, database.clone(), quiet).await?;
    let parts = admin::Parts {
        chat: world.chat.clone(),
        engine: world.engine.clone(),
        database,
        files: world.files.clone(),
        config,
        running: None,
    };
    let done = work(&Admin::new(parts)).await;
    // Jobs that fail on a full disk are resumed at the next start.
    drop(tokio::time::timeout(SETTLING, world.engine.settle()).await);
    world.close().await;
    Ok(done)
}

/// Serves until `shutdown` completes, then stops gracefully: accepts nothing more, closes sockets
/// with 1001, completes and commits queued work.
#[expect(clippy::too_many_lines, reason = "one sequence: what starts first stops last")]
pub async fn run(
    config: Config,
    database: PathBuf,
    process: Process,
    ready: impl FnOnce(Ready<'_>),
    shutdown: impl Future<Output = ()>,
) -> Result<(), ServeError> {
    let given = config.clone();
    let current = Current::new(descriptors::fit(config));
    let config = current.get();
    let metrics = Metrics::install().map_err(|error| ServeError::Metrics(error.to_string()))?;
    // Bound first: a busy port is found before a database is opened.
    let certificate = Certificate::load(&config.server)?;
    let Process { log, sockets, flags, file } = process;
    let listeners = if sockets.is_empty() {
        accept::bind(&config.server, certificate.as_ref()).await?
    } else {
        info!("Using the sockets of the service manager instead of [server] listen.");
        accept::adopt(sockets, certificate.as_ref())?
    };
    let own =
        config::Server { listen: vec![config.metrics.listen.clone()], ..config.server.clone() };
    let for_metrics = if config.metrics.listen.is_empty() {
        Vec::new()
    } else {
        accept::bind(&own, None).await?
    };
    let redirecting = accept::bind(
        &config::Server { listen: config.server.redirect_listen.clone(), ..config.server.clone() },
        None,
    )
    .await?;
    let https_port = api::best_port(listeners.iter().filter_map(Listener::tls_address));
    if https_port.is_none() && !redirecting.is_empty() && !config.server.has_https_url() {
        return Err(ServeError::Redirect);
    }
    let control_path = config.server.control_path();
    let control = Control::bind(&control_path, config.server.control_socket_group.as_deref())
        .map_err(|why| ServeError::Control { path: control_path, why })?;
    let addresses: Vec<String> =
        listeners.iter().map(|listener| listener.address.clone()).collect();

    admin::media::probe(&config).await.map_err(ServeError::Media)?;
    let mut world = Box::pin(World::open_patiently(&current, database.clone())).await?;
    world.serve_others();
    let chat = world.chat.clone();
    chat.listens_at(&addresses);
    // Failures have been logged, and as long as the owner of the uploads is unknown, none is
    // removed.
    drop(chat.claim_media().await);
    let invitation = chat.invite_administrator().await?;
    // They are refused anyway: a failure only leaves them in the list.
    if let Err(error) = chat.enforce_second_factors().await {
        warn!(%error, "Sessions without a second factor were not ended");
    }
    let renew = renewal(certificate.clone());
    let (stop, stopped) = watch::channel(false);
    metrics.name(chat.server_id(), &admin::status::host());
    let counted = metrics.clone();
    let running = Running {
        log: log.clone(),
        hub: Arc::clone(&world.hub),
        addresses: addresses.clone(),
        since: Instant::now(),
        start: Start::now(),
        metrics: Arc::new(move || counted.text()),
        reloader: Arc::new(Reloader::new(flags, file, given, Arc::clone(&renew))),
        stop: stopped.clone(),
    };
    let admin = Admin::new(admin::Parts {
        chat: chat.clone(),
        engine: world.engine.clone(),
        database,
        files: world.files.clone(),
        config: current.clone(),
        running: Some(running),
    });
    let alerts = {
        let (log, current) = (log.clone(), current.clone());
        tokio::spawn(async move { log.send_alerts(current).await })
    };
    let shipping = log.ship(current.clone(), chat.server_id().to_owned());
    let reloads = tokio::spawn(reload_at_signals(admin.clone()));
    let renewals = config
        .server
        .has_tls()
        .then(|| tokio::spawn(watch_certificates(Arc::clone(&renew), current.clone())));
    let orders = certificate.as_ref().map(|certificate| {
        let challenges = certificate.challenges().clone();
        let (renew, now) = (Arc::clone(&renew), current.clone());
        let load = Arc::new(move || renew(&now.get().server));
        let current = current.clone();
        tokio::spawn(unbroken(move || {
            acme::keep(current.clone(), challenges.clone(), Arc::clone(&load) as _)
        }))
    });
    let collector = tokio::spawn(collect(chat.clone()));
    let expiring = tokio::spawn(expire(chat.clone()));
    let sending = {
        let chat = chat.clone();
        tokio::spawn(unbroken(move || chat.clone().send_webhooks()))
    };
    let pushing = {
        let chat = chat.clone();
        tokio::spawn(unbroken(move || chat.clone().send_pushes()))
    };
    let comparing = {
        let chat = chat.clone();
        tokio::spawn(unbroken(move || chat.clone().watch_directory()))
    };
    let backups = match world.engine.embedded() {
        Some(store) => Schedule::of(&config, &chat, store).await?,
        None => None,
    };
    let backups = backups.map(|schedule| tokio::spawn(schedule.run()));
    let context = Context::new(chat.clone(), admin.clone(), current.clone(), &metrics);
    for listener in &for_metrics {
        info!("Metrics on {}.", listener.address);
    }
    let upkeep = metrics.clone();
    let upkeep = tokio::spawn(async move { upkeep.keep().await });
    let gauges = tokio::spawn(admin::measure::keep(current.clone(), world.engine.clone()));
    let announced = tokio::spawn(member::announce(
        world.engine.clone(),
        Arc::clone(&config),
        chat.clone(),
        Arc::clone(&world.hub),
        addresses.clone(),
    ));
    let measured = tokio::spawn(accept::serve(
        for_metrics,
        api::metrics_door(&context, &metrics),
        stopped.clone(),
    ));
    let redirected = certificate.map(|certificate| {
        let target = Target {
            public_url: config.server.public_url.clone(),
            certificate,
            port: https_port.unwrap_or_default(),
        };
        for listener in &redirecting {
            info!("Redirecting {} to https.", listener.address);
        }
        let door = api::redirect_door(&context, target);
        tokio::spawn(accept::serve(redirecting, door, stopped.clone()))
    });
    let controlled = tokio::spawn(control.serve(admin.clone(), stopped.clone()));
    let serving = tokio::spawn(accept::serve(listeners, api::door(&context, &addresses), stopped));
    info!("Server {} started on {}.", chat.server_id(), addresses.join(", "));
    ready(Ready { addresses: &addresses, invitation: invitation.as_deref() });
    let watchdog = watchdog::limit().map(|limit| {
        let (chat, dispatcher) = (chat.clone(), world.dispatcher.abort_handle());
        let check = move || World::responds(chat.clone(), dispatcher.clone());
        tokio::spawn(watchdog::keep(limit, check, || notify::tell(State::Alive, "")))
    });
    notify::tell(State::Ready, format!("Listening on {}", addresses.join(", "))).await;

    shutdown.await;
    info!("Server is stopping.");
    let grace = Duration::from_secs(current.get().server.shutdown_grace_seconds);
    // A reload that hangs does not delay the stop for longer.
    drop(tokio::time::timeout(grace, admin.end_reloads()).await);
    notify::tell(State::Stopping, "Waiting for open requests and connections").await;
    world.leave();
    stop.send_replace(true);
    let ended = tokio::time::timeout(grace, async {
        context.sockets.close().await;
        drop(serving.await);
        drop(measured.await);
        if let Some(redirected) = redirected {
            drop(redirected.await);
        }
        drop(controlled.await);
    });
    if ended.await.is_err() {
        warn!("Some connections did not end within {} s.", grace.as_secs());
    }
    collector.abort();
    expiring.abort();
    sending.abort();
    pushing.abort();
    comparing.abort();
    alerts.abort();
    reloads.abort();
    for task in [renewals, orders].into_iter().flatten() {
        task.abort();
    }
    if let Some(backups) = backups {
        backups.abort();
    }
    upkeep.abort();
    gauges.abort();
    announced.abort();
    if let Some(cluster) = world.engine.cluster() {
        // So that no beat comes after it.
        drop(announced.await);
        member::leave(cluster, chat.server_id()).await;
    }
    if let Some(watchdog) = watchdog {
        watchdog.abort();
    }
    world.close().await;
    info!("Server stopped.");
    log.end_shipping(shipping).await;
    Ok(())
}

/// Reads changed certificates again, if TLS is used.
fn renewal(certificate: Option<Certificate>) -> Renew {
    Arc::new(move |server| {
        if let Some(certificate) = &certificate {
            certificate.refresh(server);
            admin::measure::certificate_end(server);
        }
    })
}

/// Looks every minute whether certificates have changed.
async fn watch_certificates(renew: Renew, current: Current) {
    // They have just been read.
    let minute = Duration::from_mins(1);
    let mut minutes = tokio::time::interval_at(tokio::time::Instant::now() + minute, minute);
    loop {
        minutes.tick().await;
        let (renew, config) = (Arc::clone(&renew), current.get());
        // The outcome is logged; the next minute tries again.
        drop(tokio::task::spawn_blocking(move || renew(&config.server)).await);
    }
}

/// Loads the configuration and the certificate again at each SIGHUP; connections continue.
async fn reload_at_signals(admin: Admin) {
    let Ok(mut hang_up) = signal(SignalKind::hangup()) else { return };
    while hang_up.recv().await.is_some() {
        admin.reload_at_signal().await;
    }
}

/// Removes expired messages when that is due, which is looked at now and every hour.
async fn expire(chat: Chat) {
    let mut hours = tokio::time::interval(Duration::from_hours(1));
    hours.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        hours.tick().await;
        if let Err(error) = chat.keep_retention().await {
            // The next hour tries again.
            warn!("Expired messages could not be deleted: {error}");
        }
    }
}

/// Removes unused files, now and every hour.
async fn collect(chat: Chat) {
    let mut hours = tokio::time::interval(Duration::from_hours(1));
    hours.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        hours.tick().await;
        // Failures have been logged; the next hour tries again.
        drop(chat.collect_media().await);
        chat.trim_previews().await;
    }
}

/// Runs a task again some minutes after a panic in it, which has been logged.
async fn unbroken<F: Future<Output = ()> + Send + 'static>(task: impl Fn() -> F) {
    loop {
        // Ends the task when this one is aborted.
        let mut running = JoinSet::new();
        running.spawn(task());
        match running.join_next().await {
            Some(Err(error)) if error.is_panic() => tokio::time::sleep(AFTER_PANIC).await,
            _ => return,
        }
    }
}
