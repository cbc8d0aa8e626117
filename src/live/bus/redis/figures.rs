//! Metrics of the connection to one instance of Redis.

use std::sync::{Mutex, PoisonError};

use metrics::{Counter, Gauge, Histogram, counter, gauge, histogram};
use redis::Client;
use tokio::time::Instant;

/// Metrics of the connection to one instance of Redis.
pub(super) struct Figures {
    published: Counter,
    unpublished: Counter,
    received: Counter,
    losses: Counter,
    connected: Gauge,
    subscriptions: Gauge,
    round_trip: Histogram,
    /// When this server last sent itself a message that it has not heard yet.
    sent: Mutex<Option<Instant>>,
}

impl Figures {
    /// Metrics without events, by the address of the instance.
    pub(super) fn new(client: &Client) -> Self {
        let redis = client.get_connection_info().addr().to_string();
        let counted = |name: &'static str| {
            let counter = counter!(name, "redis" => redis.clone());
            counter.absolute(0);
            counter
        };
        let gauged = |name: &'static str| {
            let gauge = gauge!(name, "redis" => redis.clone());
            gauge.set(0.0);
            gauge
        };
        Self {
            published: counted("chatctl_bus_published_total"),
            unpublished: counted("chatctl_bus_unpublished_total"),
            received: counted("chatctl_bus_received_total"),
            losses: counted("chatctl_bus_losses_total"),
            connected: gauged("chatctl_bus_connected"),
            subscriptions: gauged("chatctl_bus_subscriptions"),
            round_trip: histogram!("chatctl_bus_round_trip_seconds", "redis" => redis.clone()),
            sent: Mutex::default(),
        }
    }

    /// So many messages were published, or could not be.
    pub(super) fn published(&self, count: usize, done: bool) {
        let counter = if done { &self.published } else { &self.unpublished };
        counter.increment(count as u64);
    }

    /// A message of another server arrived.
    pub(super) fn received(&self) {
        self.received.increment(1);
    }

    /// Messages may have been lost.
    pub(super) fn lost(&self) {
        self.losses.increment(1);
    }

    /// The subscription was made, or is lost.
    pub(super) fn connected(&self, connected: bool) {
        self.connected.set(if connected { 1.0 } else { 0.0 });
        if !connected {
            self.subscriptions.set(0.0);
        }
    }

    /// So many channels are subscribed to.
    #[expect(clippy::cast_precision_loss, reason = "a number of channels")]
    pub(super) fn subscribed(&self, channels: usize) {
        self.subscriptions.set(channels as f64);
    }

    /// This server sends itself a message.
    pub(super) fn beat(&self) {
        self.lock().get_or_insert_with(Instant::now);
    }

    /// This server hears itself.
    pub(super) fn echo(&self) {
        if let Some(sent) = self.lock().take() {
            self.round_trip.record(sent.elapsed().as_secs_f64());
        }
    }

    /// What was sent over a connection that is lost does not count.
    pub(super) fn forget(&self) {
        *self.lock() = None;
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<Instant>> {
        self.sent.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
