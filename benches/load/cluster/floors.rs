//! What Cassandra and Redis take for the same without a server.

use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::StreamExt;
use redis::AsyncCommands;
use scylla::client::session::Session;
use scylla::client::session_builder::SessionBuilder;
use scylla::statement::batch::{Batch, BatchType};

use super::services::Redis;
use crate::TEXT;

/// Bytes of a row of the log beside the text, roughly.
const BESIDE: usize = 100;
/// Bytes of an event between servers.
const EVENT: usize = 500;

/// What was measured.
#[derive(Clone, Copy, Debug)]
pub(super) struct Floor {
    pub(super) per_second: f64,
    /// Milliseconds.
    pub(super) median: f64,
}

/// Conditional writes as those of a room's log: the head moves if it is still there, and a row is
/// inserted.
pub(super) struct Commits {
    session: Arc<Session>,
    batch: Arc<Batch>,
}

impl Commits {
    pub(super) async fn connect(node: &str) -> Self {
        let session = SessionBuilder::new().known_node(node).build().await.unwrap();
        for statement in [
            "CREATE KEYSPACE IF NOT EXISTS floor WITH replication = {'class': \
             'NetworkTopologyStrategy', 'datacenter1': 1}",
            "CREATE TABLE IF NOT EXISTS floor.log (room bigint, rev bigint, body blob, head bigint \
             STATIC, PRIMARY KEY (room, rev))",
        ] {
            session.query_unpaged(statement, ()).await.unwrap();
        }
        let mut batch = Batch::new(BatchType::Unlogged);
        for statement in [
            "UPDATE floor.log SET head = ? WHERE room = ? IF head = ?",
            "INSERT INTO floor.log (room, rev, body) VALUES (?, ?, ?) USING TTL 2592000",
        ] {
            batch.append_statement(session.prepare(statement).await.unwrap());
        }
        Self { session: Arc::new(session), batch: Arc::new(batch) }
    }

    /// Writes into so many logs at once, one write after the other into each.
    pub(super) async fn measure(&self, logs: usize, span: Duration) -> Floor {
        let began = Instant::now();
        let writers: Vec<_> = (0..logs)
            .map(|_| {
                let (session, batch) = (Arc::clone(&self.session), Arc::clone(&self.batch));
                let room = i64::from(getrandom::u32().unwrap());
                tokio::spawn(async move {
                    let (mut head, mut times) = (None, Vec::new());
                    let body = vec![7_u8; TEXT + BESIDE];
                    while began.elapsed() < span {
                        let next: i64 = head.unwrap_or(0) + 1;
                        let values = ((next, room, head), (room, next, body.clone()));
                        let at = Instant::now();
                        session.batch(&batch, values).await.unwrap();
                        times.push(at.elapsed());
                        head = Some(next);
                    }
                    times
                })
            })
            .collect();
        let mut times = Vec::new();
        for writer in writers {
            times.extend(writer.await.unwrap());
        }
        floor(times, began.elapsed())
    }
}

/// Messages from one client of Redis to another.
pub(super) struct Publishing;

impl Publishing {
    pub(super) async fn measure(redis: &Redis, span: Duration) -> Floor {
        let client = redis::Client::open(format!("redis://127.0.0.1:{}", redis.port)).unwrap();
        let mut publisher = client.get_multiplexed_async_connection().await.unwrap();
        let mut subscriber = client.get_async_pubsub().await.unwrap();
        subscriber.subscribe("floor").await.unwrap();
        let mut heard = subscriber.on_message();
        let payload = vec![7_u8; EVENT];
        let (began, mut times) = (Instant::now(), Vec::new());
        while began.elapsed() < span {
            let at = Instant::now();
            let _: i64 = publisher.publish("floor", &payload).await.unwrap();
            heard.next().await.unwrap();
            times.push(at.elapsed());
        }
        let alone = floor(times, began.elapsed());
        let (began, mut count) = (Instant::now(), 0_u32);
        while began.elapsed() < span {
            let mut pipe = redis::pipe();
            for _ in 0..64 {
                pipe.publish("floor", &payload).ignore();
            }
            let () = pipe.query_async(&mut publisher).await.unwrap();
            for _ in 0..64 {
                heard.next().await.unwrap();
            }
            count += 64;
        }
        Floor { per_second: f64::from(count) / began.elapsed().as_secs_f64(), ..alone }
    }
}

fn floor(mut times: Vec<Duration>, took: Duration) -> Floor {
    times.sort_unstable();
    Floor {
        per_second: times.len() as f64 / took.as_secs_f64(),
        median: times[times.len() / 2].as_secs_f64() * 1e3,
    }
}
