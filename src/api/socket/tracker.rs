//! Tracks open sockets and tells them to end: their tasks are detached, so a graceful stop must
//! wait for them itself.

use std::sync::Arc;

use tokio::sync::watch;

/// All open sockets of this process.
#[derive(Clone)]
pub struct Sockets {
    stop: Arc<watch::Sender<bool>>,
    count: Arc<watch::Sender<usize>>,
}

/// Registration of one socket.
pub(super) struct SocketGuard {
    stop: watch::Receiver<bool>,
    count: Arc<watch::Sender<usize>>,
}

impl Default for Sockets {
    fn default() -> Self {
        Self { stop: Arc::new(watch::Sender::new(false)), count: Arc::new(watch::Sender::new(0)) }
    }
}

impl Sockets {
    pub(super) fn join(&self) -> SocketGuard {
        self.count.send_modify(|count| *count += 1);
        SocketGuard { stop: self.stop.subscribe(), count: Arc::clone(&self.count) }
    }

    /// Tells every socket to close with 1001 and waits until all have ended.
    pub async fn close(&self) {
        self.stop.send_replace(true);
        // The sender lives as long as `self`: waiting cannot fail.
        drop(self.count.subscribe().wait_for(|count| *count == 0).await);
    }

    /// Returns the number of open sockets.
    pub fn count(&self) -> usize {
        *self.count.borrow()
    }
}

impl SocketGuard {
    /// Waits for the stop of the server. Cancel safe.
    pub(super) async fn stopped(&mut self) {
        if self.stop.wait_for(|stop| *stop).await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

impl Drop for SocketGuard {
    fn drop(&mut self) {
        self.count.send_modify(|count| *count -= 1);
    }
}
