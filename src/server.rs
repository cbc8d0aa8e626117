//! Assembly: store → live → chat → api. The only file that knows every part.

use std::future::Future;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, watch};
use tracing::{error, info, warn};

use crate::admin::backup;
use crate::api::metrics::{Metrics, alone};
use crate::api::{self, Context, accept};
use crate::chat::{Chat, Dispatcher, EVENT_QUEUE, Parts};
use crate::config::{self, Config};
use crate::live::{Hub, LocalBus};
use crate::model::EventSink;
use crate::store::files::Files;
use crate::store::sqlite::{OpenError, Options, Sqlite};
use crate::store::{Store, StoreError};

/// Why the server could not start.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The database cannot be used.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// An address cannot be listened on, or TLS cannot be used.
    #[error(transparent)]
    Bind(#[from] accept::BindError),
    /// The database was opened but does not answer.
    #[error("the database does not answer: {0}")]
    Store(#[from] StoreError),
    /// Counting could not begin.
    #[error("cannot count: {0}")]
    Metrics(String),
    /// The chat could not be put together.
    #[error("cannot start: {0}")]
    Start(#[from] crate::model::Error),
}

/// Serves until `shutdown` ends, then stops gracefully: accepts nothing more, closes sockets with 1001, finishes and commits what is queued.
/// `ready` is told the addresses once everything listens.
pub async fn run(config: Config, database: PathBuf, ready: impl FnOnce(&[String]), shutdown: impl Future<Output = ()>) -> Result<(), ServeError> {
    let config = Arc::new(config);
    let metrics = Metrics::install().map_err(|error| ServeError::Metrics(error.to_string()))?;
    // Bound first: a busy port is found before a database is touched.
    let listeners = accept::bind(&config.server).await?;
    let own = config::Server { listen: vec![config.metrics.listen.clone()], tls_cert: None, tls_key: None, ..config.server.clone() };
    let for_metrics = if config.metrics.listen.is_empty() { Vec::new() } else { accept::bind(&own).await? };
    let (events, receiver) = mpsc::channel(EVENT_QUEUE);
    let for_bus = events.clone();
    let sink = EventSink::new(move |event| {
        // The writer waits while the dispatcher is behind; without a dispatcher the process is ending.
        drop(events.blocking_send(event));
    });
    let directory = config.server.data_dir.join(&config.media.directory);
    let (media, data, backups) = (directory.clone(), config.server.data_dir.clone(), config.server.data_dir.join(&config.backup.directory));
    let opened = tokio::task::spawn_blocking(move || {
        backup::sweep(&data, &backups).map_err(|why| OpenError::Io { path: data, why })?;
        Files::open(&directory).map_err(|why| OpenError::Io { path: directory, why })
    });
    let files = opened.await.map_err(|_| StoreError::Unavailable)??;
    let options = Options { readers: config.database.readers };
    let store = tokio::task::spawn_blocking(move || Sqlite::open(&database, &options, sink)).await.map_err(|_| StoreError::Unavailable)??;
    let settings = store.settings().await?;
    let hub = Hub::new(&config.rooms, &config.limits);
    // Presence and typing are hints: where the queue is full they are left out.
    let bus = Arc::new(LocalBus::new(EventSink::new(move |event| {
        if for_bus.try_send(event).is_err() {
            warn!("a hint was left out: the dispatcher is behind");
        }
    })));
    let parts = Parts { store: Arc::new(store.clone()), sessions: Arc::new(store.clone()), bus, hub, files, settings };
    let chat = Chat::new(parts, &config)?;
    chat.settle_digests().await?;
    let dispatcher = tokio::spawn(Dispatcher::new(chat.clone(), receiver).run());
    let collector = tokio::spawn(collect(chat.clone()));
    let backups = schedule(&config, &chat, &store, media).map(|schedule| tokio::spawn(schedule.run()));
    let context = Context::new(chat.clone(), Arc::clone(&config), &metrics);
    let (stop, stopped) = watch::channel(false);
    for listener in &for_metrics {
        info!("Metrics on {}.", listener.address);
    }
    let upkeep = metrics.clone();
    let upkeep = tokio::spawn(async move { upkeep.keep().await });
    let measured = tokio::spawn(accept::serve(for_metrics, alone(&metrics), config.limits.clone(), stopped.clone()));
    let addresses: Vec<String> = listeners.iter().map(|listener| listener.address.clone()).collect();
    let serving = tokio::spawn(accept::serve(listeners, api::filter(&context), config.limits.clone(), stopped));
    info!("Server {} started on {}.", chat.server_id(), addresses.join(", "));
    ready(&addresses);

    shutdown.await;
    info!("Server is stopping.");
    let grace = Duration::from_secs(config.server.shutdown_grace_seconds);
    stop.send_replace(true);
    let ended = tokio::time::timeout(grace, async {
        context.sockets.close().await;
        drop(serving.await);
        drop(measured.await);
    });
    if ended.await.is_err() {
        warn!("Some connections did not end within {} s.", grace.as_secs());
    }
    collector.abort();
    if let Some(backups) = backups {
        backups.abort();
    }
    upkeep.abort();
    // What was acknowledged is on the disk already; this finishes what still waits for the writer.
    store.close().await;
    dispatcher.abort();
    if let Err(failed) = dispatcher.await
        && failed.is_panic()
    {
        error!("the dispatcher has panicked");
    }
    info!("Server stopped.");
    Ok(())
}

/// The backups that the configuration wants.
fn schedule(config: &Config, chat: &Chat, store: &Sqlite, media: PathBuf) -> Option<backup::schedule::Schedule> {
    let hours = config.backup.every_hours?;
    let data = config.server.data_dir.clone();
    Some(backup::schedule::Schedule {
        chat: chat.clone(),
        store: store.clone(),
        directory: data.join(&config.backup.directory),
        data,
        media,
        every: Duration::from_secs(hours.saturating_mul(3600)),
        keep: config.backup.keep.map(|keep| usize::try_from(keep).unwrap_or(usize::MAX)),
    })
}

/// Removes files that nothing refers to, now and every hour.
async fn collect(chat: Chat) {
    let mut hours = tokio::time::interval(Duration::from_hours(1));
    hours.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        hours.tick().await;
        // What failed has been logged; the next hour tries again.
        drop(chat.collect_media().await);
    }
}
