//! The database on its bad day: a full disk, a file that is gone, a page that is damaged.

mod damaged;
mod full;
mod replaced;

use crate::support::{Client, PATIENCE, Server};

/// Waits until `/health` answers so.
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
