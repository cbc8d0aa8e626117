//! State notifications, as described in `sd_notify(3)`.

use std::future::Future;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use sd_notify::NotifyState;
use tracing::warn;

/// How much longer the service manager is asked to wait for work that takes long.
const EXTENSION: Duration = Duration::from_mins(1);
/// How often it is asked: well before the previous extension ends.
const ASK_AGAIN: Duration = Duration::from_secs(20);
/// A service manager that does not read its socket delays the server by no more than this.
const PATIENCE: Duration = Duration::from_secs(1);

/// State of the server, as told to the service manager.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// Requests are answered.
    Ready,
    /// The configuration is being loaded again; [`State::Ready`] must follow.
    Reloading,
    /// The stop has begun.
    Stopping,
    /// The server responds; expected by the watchdog.
    Alive,
    /// The current step takes longer than the configured time limit.
    Extend,
}

/// Tells the service manager a state, with a text for `systemctl status` unless it is empty.
pub async fn tell(state: State, status: impl Into<String>) {
    let status = status.into();
    // Sending blocks while the queue of the service manager is full.
    let sent = tokio::task::spawn_blocking(move || send(&state, &status));
    if let Ok(Ok(Err(error))) = tokio::time::timeout(PATIENCE, sent).await {
        static TOLD: AtomicBool = AtomicBool::new(false);
        if !TOLD.swap(true, Ordering::Relaxed) {
            warn!("The service manager could not be notified (NOTIFY_SOCKET): {error}.");
        }
    }
}

/// Asks the service manager for more time until `work` is done.
pub async fn extend_during<T>(work: impl Future<Output = T>, status: &str) -> T {
    let mut asks = tokio::time::interval(ASK_AGAIN);
    let mut work = std::pin::pin!(work);
    loop {
        tokio::select! {
            biased;
            done = &mut work => return done,
            _ = asks.tick() => tell(State::Extend, status).await,
        }
    }
}

fn send(state: &State, status: &str) -> std::io::Result<()> {
    let mut message = match state {
        State::Ready => vec![NotifyState::Ready],
        State::Reloading => vec![NotifyState::Reloading, NotifyState::monotonic_usec_now()?],
        State::Stopping => vec![NotifyState::Stopping],
        State::Alive => vec![NotifyState::Watchdog],
        State::Extend => {
            let microseconds = u32::try_from(EXTENSION.as_micros()).unwrap_or(u32::MAX);
            vec![NotifyState::ExtendTimeoutUsec(microseconds)]
        }
    };
    if !status.is_empty() {
        message.push(NotifyState::Status(status));
    }
    sd_notify::notify(&message)
}
