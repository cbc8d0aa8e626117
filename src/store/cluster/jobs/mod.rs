//! Jobs: what follows from a change of a user in each of their rooms. Any server can do it, and go
//! on with what another one has begun.
//!
//! A job is ordered before the change that it belongs to, so that none is lost, and does nothing
//! until the user has reached the version that the change writes. Each room is one commit, which
//! brings the room to what the user's row says: to repeat it does no harm.

#[cfg(test)]
mod model_tests;
mod queue;
mod steps;
mod worker;

use std::time::Duration;

use futures_util::future::join_all;

use super::Cluster;

pub(super) use queue::{farewells, order};
pub(super) use worker::{Workers, start, stop, wake};

/// What is to be done in each room of a user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Work {
    /// Tell the name, picture and flags of the user.
    Name,
    /// Pass on what only this user administers, who cannot any more.
    Succession,
    /// Leave, with the names that the user had, and pass on what they administered and owned.
    Farewell {
        /// The login name.
        login: String,
        /// The display name.
        name: String,
    },
}

/// Interval at which [`settle`] looks.
const SETTLING: Duration = Duration::from_millis(20);

/// Waits until no jobs wait, of any server, or they cannot be read. Without end if one cannot be
/// done.
pub(super) async fn settle(at: &Cluster) {
    loop {
        let shards = join_all((0..queue::SHARDS).map(|shard| queue::waiting(at, shard))).await;
        let Ok(jobs) = shards.into_iter().collect::<Result<Vec<_>, _>>() else { return };
        if jobs.iter().all(Vec::is_empty) {
            return;
        }
        tokio::time::sleep(SETTLING).await;
    }
}
