//! Assembles the bus: that of several servers if the data is shared and Redis is named, otherwise
//! that of one.

use std::sync::Arc;

use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

use super::ServeError;
use crate::chat::EVENT_QUEUE;
use crate::config::{self, Config};
use crate::live::{Bus, LocalBus, RedisBus, RedisOptions, forward};
use crate::model::EventSink;

/// The bus, and what passes the events of the store to it.
pub(super) struct Opened {
    /// The bus.
    pub(super) bus: Arc<dyn Bus>,
    /// Where the store sends its events.
    pub(super) sink: EventSink,
    /// What ends with the bus.
    pub(super) shared: Option<Shared>,
}

/// A bus of several servers.
pub(super) struct Shared {
    redis: Arc<RedisBus>,
    forwarding: JoinHandle<()>,
    stop: oneshot::Sender<()>,
}

/// Opens the bus, which passes events to the dispatcher.
#[expect(clippy::result_large_err, reason = "called once, at the start")]
pub(super) fn open(config: &Config, dispatcher: EventSink) -> Result<Opened, ServeError> {
    let cluster = &config.cluster;
    if config.database.engine != config::Engine::Cluster || cluster.redis.is_empty() {
        let bus = Arc::new(LocalBus::new(dispatcher.clone()));
        return Ok(Opened { bus, sink: dispatcher, shared: None });
    }
    let options = RedisOptions {
        urls: cluster.redis.clone(),
        password: cluster.redis_password.as_ref().map(|password| password.0.clone()),
        // Several clusters may share an instance.
        prefix: cluster.keyspace.clone(),
        ..RedisOptions::default()
    };
    let redis = Arc::new(RedisBus::start(&options, dispatcher.clone())?);
    let bus: Arc<dyn Bus> = Arc::clone(&redis) as _;
    let (sink, committed) = mpsc::channel(EVENT_QUEUE);
    let (stop, stopped) = oneshot::channel();
    let forwarding = tokio::spawn(forward(Arc::clone(&bus), committed, dispatcher, stopped));
    Ok(Opened { bus, sink, shared: Some(Shared { redis, forwarding, stop }) })
}

impl Shared {
    /// Passes on what the closed store has committed, and stops.
    pub(super) async fn close(self) {
        drop(self.stop);
        // It ends by itself, after the events that wait.
        drop(self.forwarding.await);
        self.redis.close().await;
    }
}
