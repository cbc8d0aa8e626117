//! The state of the database of a cluster, of Redis and of its servers, for `cluster status` and
//! `doctor`.

use std::time::Duration;

use serde_json::{Value, json};

use super::connect::{Redis, database, redis};
use super::{Failure, configured};
use crate::config::Config;
use crate::model::Timestamp;
use crate::model::rules::count;
use crate::store::engine::cql::{Checkup, Node};
use crate::store::engine::upkeep::Census;
use crate::store::engine::{Member, cluster_tables, latest_census, members};

/// How often a server says that it is there.
pub const HEARTBEAT: Duration = Duration::from_secs(10);
/// A server that has said nothing for this time is not there.
const SILENT: Duration = Duration::from_secs(30);

/// A part of the cluster: a node, the keyspace, a Redis server, a server.
pub struct Part {
    /// `cassandra`, `keyspace`, `redis` or `server`.
    pub part: &'static str,
    /// Its address or name.
    pub name: String,
    /// Whether it can be used.
    pub up: bool,
    /// What is known of it.
    pub details: String,
    /// What scripts may want to know besides.
    pub more: Value,
}

impl Part {
    fn json(self) -> Value {
        let Self { part, name, up, details, more } = self;
        let mut all = json!({"part": part, "name": name, "up": up, "details": details});
        if let (Value::Object(all), Value::Object(more)) = (&mut all, more) {
            all.extend(more);
        }
        all
    }
}

/// Everything that answers, or does not.
pub struct State {
    /// The nodes and the keyspace.
    pub checkup: Checkup,
    /// What the keyspace lacks.
    pub missing: Vec<String>,
    /// Each Redis server of the configuration.
    pub redis: Vec<(String, Result<Redis, String>)>,
    /// Servers of the last day that were not stopped.
    pub servers: Vec<Member>,
    /// Numbers of accounts and rooms, as counted last.
    pub census: Option<Census>,
}

/// Asks all of them. Fails if no node of the database can be used.
pub async fn state(config: &Config) -> Result<State, Failure> {
    configured(config)?;
    let cql = database(config, None).await?;
    let checkup = cql.checkup().await?;
    let missing = match checkup.replication {
        Some(_) => cql.differences(cluster_tables()).await?,
        None => Vec::new(),
    };
    let mut instances = Vec::new();
    for url in &config.cluster.redis {
        instances.push((url.clone(), redis(config, url).await));
    }
    // Without the keyspace, or with that of an older version, there is nothing to read.
    let (servers, census) = (members(&cql).await, latest_census(&cql).await);
    let (servers, census) = (servers.unwrap_or_default(), census.ok().flatten());
    Ok(State { checkup, missing, redis: instances, servers, census })
}

/// The parts, one item each.
pub async fn status(config: &Config) -> Result<Vec<Value>, Failure> {
    let state = state(config).await?;
    let nodes = state.checkup.nodes.iter().map(of_node);
    let keyspace = Part {
        part: "keyspace",
        name: config.cluster.keyspace.clone(),
        up: state.checkup.replication.is_some() && state.missing.is_empty(),
        details: match (&state.checkup.replication, state.missing.first()) {
            (None, _) => "does not exist".to_owned(),
            (_, Some(first)) => first.clone(),
            (_, None) => {
                let replicas = format!("replicas {}", replicas(&state.checkup));
                [Some(replicas), state.census.as_ref().map(counted)]
                    .into_iter()
                    .flatten()
                    .collect::<Vec<_>>()
                    .join(", ")
            }
        },
        more: match state.census {
            Some(Census { users, public_rooms, private_rooms }) => json!({
                "users": users, "public_rooms": public_rooms, "private_rooms": private_rooms,
            }),
            None => Value::Null,
        },
    };
    let redis = state.redis.iter().map(|(url, found)| Part {
        part: "redis",
        name: url.clone(),
        up: found.is_ok(),
        details: match found {
            Ok(redis) => format!(
                "Redis {}, {} MiB, {}",
                redis.version,
                redis.memory.div_ceil(1 << 20),
                redis.policy
            ),
            Err(why) => why.clone(),
        },
        more: Value::Null,
    });
    let now = Timestamp::now();
    let servers = state.servers.iter().map(|member| of_member(member, now));
    Ok(nodes.chain([keyspace]).chain(redis).chain(servers).map(Part::json).collect())
}

fn counted(census: &Census) -> String {
    let rooms = census.public_rooms + census.private_rooms;
    format!("{}, {}", count(census.users, "account"), count(rooms, "room"))
}

/// A server, as it last said of itself.
fn of_member(member: &Member, now: Timestamp) -> Part {
    let up = now <= member.seen.plus(SILENT);
    // Its clock may be a little ahead.
    let ago = Duration::from_millis(now.0.saturating_sub(member.seen.0).max(0).unsigned_abs());
    let mut details = vec![format!("chatctl {}", member.version)];
    if up {
        details.push(count(member.sockets, "socket"));
    }
    if up && member.bus == Some(false) {
        details.push("does not hear other servers".to_owned());
    }
    let ago = humantime::format_duration(Duration::from_secs(ago.as_secs()));
    details.push(format!("last heartbeat {ago} ago"));
    let host = &member.host;
    Part {
        part: "server",
        name: if host.is_empty() { member.id.clone() } else { format!("{} ({host})", member.id) },
        up,
        details: details.join(", "),
        more: json!({
            "server_id": member.id,
            "host": host,
            "version": member.version,
            "addresses": member.addresses,
            "sockets": member.sockets,
            "bus": member.bus.map(|hears| if hears { "ok" } else { "failing" }),
            "started": member.started.seconds(),
            "last_heartbeat": member.seen.seconds(),
        }),
    }
}

fn of_node(node: &Node) -> Part {
    let datacenter = node.datacenter.as_deref().map(|name| format!("data centre {name}"));
    let sync = node.commitlog_sync.as_deref().map(|sync| format!("commitlog_sync {sync}"));
    let known = [node.engine.clone(), datacenter, sync];
    Part {
        part: "cassandra",
        name: node.address.clone(),
        up: node.engine.is_some(),
        details: known.into_iter().flatten().collect::<Vec<_>>().join(", "),
        more: Value::Null,
    }
}

/// The replicas of the keyspace by data centre, such as `dc1: 3`.
pub fn replicas(checkup: &Checkup) -> String {
    let known = checkup.replication.iter().flatten().filter(|(key, _)| *key != "class");
    known.map(|(name, number)| format!("{name}: {number}")).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_is_up_while_its_heartbeat_is_fresh() {
        let member = Member {
            id: "3f9a01c2".to_owned(),
            host: "chat1".to_owned(),
            version: "1.2.3".to_owned(),
            addresses: Vec::new(),
            started: Timestamp(0),
            seen: Timestamp(100_000),
            sockets: 1,
            bus: Some(false),
        };
        let of = |now| {
            let part = of_member(&member, Timestamp(now));
            (part.up, part.details)
        };
        assert_eq!(of(99_000), of(100_000));
        let fresh = "chatctl 1.2.3, 1 socket, does not hear other servers, last heartbeat 29s ago";
        assert_eq!(of(129_000), (true, fresh.to_owned()));
        assert_eq!(of(190_500), (false, "chatctl 1.2.3, last heartbeat 1m 30s ago".to_owned()));
        assert_eq!(of_member(&member, Timestamp(0)).name, "3f9a01c2 (chat1)");
    }
}
