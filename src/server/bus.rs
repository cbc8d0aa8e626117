//! Assembles the bus: that of several servers if the data is shared and Redis is named, otherwise
//! that of one.

use std::sync::Arc;

use tokio::sync::{Semaphore, mpsc, oneshot};
use tokio::task::JoinHandle;

use super::ServeError;
use crate::admin::cluster::connect::redis_options;
use crate::chat::{EVENT_QUEUE, PushInbox};
use crate::config::{self, Config};
use crate::live::{Asked, Bus, LocalBus, RedisBus, forward};
use crate::model::{Event, EventSink, RoomId};
use crate::store::engine::{Cluster, PeerReply, Peers};

/// Requests of other servers that are worked on at the same time; the others wait.
const REQUESTS: usize = 256;

/// The bus, and what passes the events of the store to it.
pub(super) struct Opened {
    /// The bus.
    pub(super) bus: Arc<dyn Bus>,
    /// Where the store sends its events.
    pub(super) sink: EventSink,
    /// The other servers, for the store.
    pub(super) peers: Option<Arc<dyn Peers>>,
    /// What ends with the bus.
    pub(super) shared: Option<Shared>,
}

/// A bus of several servers.
pub(super) struct Shared {
    redis: Arc<RedisBus>,
    forwarding: JoinHandle<()>,
    stop: oneshot::Sender<()>,
    answering: Option<JoinHandle<()>>,
}

/// Opens the bus, which passes events to the dispatcher, and those of this server to `push`.
pub(super) fn open(
    config: &Config,
    dispatcher: EventSink,
    push: PushInbox,
) -> Result<Opened, ServeError> {
    let cluster = &config.cluster;
    if config.database.engine != config::Engine::Cluster || cluster.redis.is_empty() {
        let bus = Arc::new(LocalBus::new(dispatcher.clone()));
        return Ok(Opened { bus, sink: dispatcher, peers: None, shared: None });
    }
    let options = redis_options(config).map_err(ServeError::RedisFile)?;
    let redis = Arc::new(RedisBus::start(&options, dispatcher.clone())?);
    let bus: Arc<dyn Bus> = Arc::clone(&redis) as _;
    let (sink, committed) = mpsc::channel(EVENT_QUEUE);
    let (stop, stopped) = oneshot::channel();
    let tell = move |event: &Event| push.committed(event);
    let forwarding = forward(Arc::clone(&bus), committed, dispatcher, stopped, tell);
    let forwarding = tokio::spawn(forwarding);
    let peers: Arc<dyn Peers> = Arc::new(Others(Arc::clone(&redis)));
    let shared = Some(Shared { redis, forwarding, stop, answering: None });
    Ok(Opened { bus, sink, peers: Some(peers), shared })
}

/// The other servers, over Redis.
struct Others(Arc<RedisBus>);

impl Peers for Others {
    fn writer(&self, room: RoomId) -> Option<u64> {
        self.0.writer(room)
    }

    fn ask(&self, server: u64, request: Vec<u8>) -> PeerReply<'_> {
        Box::pin(self.0.ask(server, request))
    }

    fn pass_over(&self, server: u64) {
        self.0.pass_over(server);
    }
}

/// Has the store answer what other servers ask, until the bus is closed.
async fn answer(bus: Arc<RedisBus>, mut requests: mpsc::Receiver<Asked>, store: Cluster) {
    let places = Arc::new(Semaphore::new(REQUESTS));
    while let (Some(asked), Ok(place)) =
        (requests.recv().await, Arc::clone(&places).acquire_owned().await)
    {
        let (bus, store) = (Arc::clone(&bus), store.clone());
        tokio::spawn(async move {
            if let Some(answer) = store.forwarded(&asked.request).await {
                bus.answer(&asked, answer);
            }
            drop(place);
        });
    }
}

impl Shared {
    /// Answers what other servers ask the store.
    pub(super) fn serve(&mut self, store: Cluster) {
        let requests = self.redis.requests();
        self.answering = Some(tokio::spawn(answer(Arc::clone(&self.redis), requests, store)));
    }

    /// Tells the other servers that this one is being stopped.
    pub(super) fn leave(&self) {
        self.redis.leave();
    }

    /// Passes on what the closed store has committed, and stops.
    pub(super) async fn close(self) {
        if let Some(answering) = self.answering {
            answering.abort();
        }
        drop(self.stop);
        // It ends by itself, after the events that wait.
        drop(self.forwarding.await);
        self.redis.close().await;
    }
}
