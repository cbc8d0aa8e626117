//! What this server tells administrators of the cluster: that it is there, and how it is.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::MissedTickBehavior;

use crate::admin;
use crate::admin::cluster::report::HEARTBEAT;
use crate::chat::Chat;
use crate::config::Config;
use crate::live::Hub;
use crate::model::Timestamp;
use crate::store::engine::{Cluster, Engine, Member};

/// Time for taking leave at the stop.
const LEAVING: Duration = Duration::from_secs(2);

/// Tells of this server until it is dropped.
pub(super) async fn announce(
    engine: Engine,
    config: Arc<Config>,
    chat: Chat,
    hub: Arc<Hub>,
    addresses: Vec<String>,
) {
    let Some(cluster) = engine.cluster() else { return };
    let mut times = tokio::time::interval(HEARTBEAT);
    times.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut member = Member {
        id: chat.server_id().to_owned(),
        host: admin::status::host(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        addresses,
        started: Timestamp::now(),
        seen: Timestamp::now(),
        sockets: 0,
        bus: None,
    };
    loop {
        times.tick().await;
        member.seen = Timestamp::now();
        member.sockets = hub.numbers().1 as u64;
        if !config.cluster.redis.is_empty() {
            member.bus = Some(chat.hears());
        }
        // The store says when it does not respond; the next beat tries again.
        drop(cluster.announce(&member).await);
    }
}

/// Takes this server off the list.
pub(super) async fn leave(cluster: &Cluster, id: &str) {
    // If that fails, it is shown as one that does not respond.
    drop(tokio::time::timeout(LEAVING, cluster.retire(id)).await);
}
