//! The stop of the server, as connections see it.

use tokio::sync::watch;

/// Waits for the stop; a dropped sender counts as stopped.
pub(super) async fn stopped(stop: &mut watch::Receiver<bool>) {
    drop(stop.wait_for(|stop| *stop).await);
}
