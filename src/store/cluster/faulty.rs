//! What tests of faults share.

use std::sync::Arc;

use super::Cluster;
use super::tables::memory::{Link, Memory};

/// Opens a server over tables that may fail. Its events go nowhere.
pub(super) async fn open(memory: &Memory) -> (Cluster, Link) {
    let link = memory.link();
    let (sink, mut events) = tokio::sync::mpsc::channel(1000);
    tokio::spawn(async move { while events.recv().await.is_some() {} });
    loop {
        if let Ok(cluster) = Cluster::open(Arc::new(link.clone()), sink.clone()).await {
            return (cluster, link);
        }
    }
}
