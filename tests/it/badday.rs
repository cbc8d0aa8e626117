//! Database failures: a full disk, a removed file, a damaged page.

mod damaged;
mod full;
mod locked;
mod replaced;

use crate::support::{Client, PATIENCE, Server};

/// Waits until `/health` has this status and state.
async fn health_becomes(server: &Server, status: u16, store: &str) {
    let client = Client::new(server);
    let mut last = String::new();
    let looking = async {
        loop {
            let answer = client.get("/health").await;
            last.clone_from(&answer.text);
            if answer.status == status && answer.json()["store"] == store {
                return;
            }
            tokio::task::yield_now().await;
        }
    };
    let in_time = tokio::time::timeout(PATIENCE, looking).await.is_ok();
    assert!(in_time, "/health never is {status} with store {store}: {last}");
}
