//! Check `cluster`: settings of the shared database and of Redis under which acknowledged messages,
//! or who is online, would be lost.

use std::time::Duration;

use tokio::runtime::Handle;

use super::Installation;
use super::report::{Report, count};
use crate::admin::cluster::connect::Redis;
use crate::admin::cluster::is_cluster;
use crate::admin::cluster::report::{State, state};
use crate::store::engine::cql::{Checkup, Node};

/// A difference of clocks that is reported.
const SECOND: Duration = Duration::from_secs(1);

pub(super) fn look(ground: &Installation, report: &mut Report) {
    if !is_cluster(&ground.config) {
        return report.skip("the data is in a file of this server");
    }
    let config = &ground.config;
    let asked = match Handle::try_current() {
        Ok(runtime) => runtime.block_on(state(config)),
        Err(_) => match tokio::runtime::Runtime::new() {
            Ok(runtime) => runtime.block_on(state(config)),
            Err(error) => return report.skip(format!("cannot be asked: {error}")),
        },
    };
    match asked {
        Err(failure) => report.fail(
            failure.to_string(),
            "Start the nodes, and check [cluster] cassandra, user and password.",
        ),
        Ok(state) => judge(&state, report),
    }
}

fn judge(state: &State, report: &mut Report) {
    keyspace(state, report);
    for node in &state.checkup.nodes {
        of_node(node, report);
    }
    if state.redis.is_empty() {
        report.warn(
            "[cluster] redis is empty: messages reach sockets of other servers late",
            "Name a Redis server in [cluster] redis.",
        );
    }
    for (url, found) in &state.redis {
        match found {
            Err(why) => report.warn(
                format!("{url} does not answer: {why}"),
                "Start it; until then messages reach sockets of other servers late.",
            ),
            Ok(redis) => of_redis(url, redis, report),
        }
    }
    if report.is_empty() {
        let nodes = count(state.checkup.nodes.len() as u64, "node");
        let redis = count(state.redis.len() as u64, "Redis server");
        report.ok(format!("{nodes} and {redis} answer"));
    }
}

fn keyspace(state: &State, report: &mut Report) {
    let Checkup { replication, durable_writes, .. } = &state.checkup;
    let Some(replication) = replication else {
        return report.fail("the keyspace does not exist", "Create it: chatctl cluster init.");
    };
    for missing in &state.missing {
        report.fail(missing.as_str(), "Add what is missing: chatctl cluster init.");
    }
    if !durable_writes {
        report.fail(
            "the keyspace is not written to the commit log (durable_writes = false)",
            "Set durable_writes = true with ALTER KEYSPACE.",
        );
    }
    let least = replication.values().filter_map(|number| number.parse::<u32>().ok()).min();
    match least {
        Some(number) if number >= 3 => (),
        number => report.warn(
            format!(
                "the keyspace has {}: without three, data becomes unavailable, or is lost, with one \
                 node",
                count(u64::from(number.unwrap_or(0)), "replica")
            ),
            "With three nodes or more: ALTER KEYSPACE … WITH replication, then nodetool repair.",
        ),
    }
}

fn of_node(node: &Node, report: &mut Report) {
    let address = &node.address;
    if node.engine.is_none() {
        return report.warn(format!("{address} does not answer"), "Start the node.");
    }
    if node.syncs_first() == Some(false) {
        report.fail(
            format!(
                "{address} acknowledges before it has written to disk (commitlog_sync {})",
                node.commitlog_sync.as_deref().unwrap_or("unknown")
            ),
            "Set commitlog_sync: group (or batch) in cassandra.yaml and restart the node.",
        );
    }
    if node.clock_off.is_some_and(|off| off > SECOND) {
        report.warn(
            format!("the clock of {address} differs from this machine's by more than a second"),
            "Run an NTP client on all machines.",
        );
    }
}

fn of_redis(url: &str, redis: &Redis, report: &mut Report) {
    if redis.max_memory > 0 && redis.policy != "noeviction" {
        report.warn(
            format!(
                "{url} removes keys when its memory is full (maxmemory-policy {}), which makes \
                 people appear offline",
                redis.policy
            ),
            "Set maxmemory-policy noeviction.",
        );
    }
}
