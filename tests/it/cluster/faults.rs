//! What goes wrong: each fault is made and healed again, while everybody chats.

use std::process::Command;
use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::json;
use tokio::task::block_in_place;
use tokio::time::sleep;

use super::dice::Dice;
use super::plan::Plan;
use super::report::Row;
use super::world::{SERVERS, World, until_answered};
use super::{clock, hot, network, nodes};
use crate::support::{Body, Heard, Redis};

/// A fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Fault {
    /// A chat server is killed and starts again.
    ServerDies,
    /// A chat server stands still for some seconds.
    ServerStandsStill,
    /// Redis is killed and starts again, empty.
    RedisDies,
    /// Redis forgets everything.
    RedisForgets,
    /// Redis dies, and a replica takes its place that lacks what came last.
    RedisFailsOver,
    /// One server does not reach Redis.
    CutFromRedis,
    /// The subscriptions of all servers are cut again and again.
    SubscriptionsCut,
    /// One of several nodes of Cassandra is killed and starts again.
    NodeDies,
    /// A majority of the nodes is killed and starts again.
    MostNodesDie,
    /// All nodes are killed at once and start again.
    AllNodesDie,
    /// Answers of Cassandra to conditional writes are lost, late or wrong.
    UnsureAnswers,
    /// Two of the three servers stand still in turn.
    MostStandStill,
    /// A user logs out on one server, with sockets open on the others.
    LogOut,
    /// Many more post into one room, through all servers.
    HotRoom,
    /// The servers are stopped and started again one after the other.
    RollingRestart,
    /// One server does not reach Cassandra, or is not reached by its answers.
    CutFromNodes,
    /// Two of three nodes of Cassandra do not reach each other.
    NodesCutApart,
    /// The clocks of servers and nodes are wrong.
    ClocksDiffer,
    /// A node joins and leaves while many post into one room.
    NodeJoins,
}

const ALL: [Fault; 19] = [
    Fault::ServerDies,
    Fault::ServerStandsStill,
    Fault::RedisDies,
    Fault::RedisForgets,
    Fault::RedisFailsOver,
    Fault::CutFromRedis,
    Fault::SubscriptionsCut,
    Fault::NodeDies,
    Fault::MostNodesDie,
    Fault::AllNodesDie,
    Fault::UnsureAnswers,
    Fault::MostStandStill,
    Fault::LogOut,
    Fault::HotRoom,
    Fault::RollingRestart,
    Fault::CutFromNodes,
    Fault::NodesCutApart,
    Fault::ClocksDiffer,
    Fault::NodeJoins,
];

impl Fault {
    fn is_possible(self, plan: &Plan) -> bool {
        let named = plan.only.contains(&format!("{self:?}"));
        // The data of a node is moved for minutes where everything runs on one machine.
        let wanted = named || (plan.only.is_empty() && self != Self::NodeJoins);
        let of_three = [Self::NodeDies, Self::MostNodesDie, Self::NodesCutApart, Self::NodeJoins];
        wanted && (plan.nodes > 2 || !of_three.contains(&self))
    }

    async fn make(self, world: &mut World, dice: &mut Dice) {
        match self {
            Self::ServerDies => {
                let n = dice.below(SERVERS);
                world.servers[n].kill9();
                some_time(dice, 0, 3_000).await;
                world.restart(n).await;
            }
            Self::ServerStandsStill => {
                let process = world.servers[dice.below(SERVERS)].pid().to_string();
                signal("-STOP", &process);
                some_time(dice, 1_000, 12_000).await;
                signal("-CONT", &process);
            }
            Self::RedisDies => {
                world.redis.kill();
                some_time(dice, 1_000, 6_000).await;
                block_in_place(|| world.redis.restart());
            }
            Self::RedisForgets => {
                for _ in 0..5 {
                    world.redis.command(&["FLUSHALL"]);
                    some_time(dice, 0, 500).await;
                }
            }
            Self::RedisFailsOver => redis_fails_over(world, dice).await,
            Self::CutFromRedis => {
                let n = dice.below(SERVERS);
                world.ways[n].cut();
                some_time(dice, 2_000, 15_000).await;
                world.ways[n].heal();
            }
            Self::SubscriptionsCut => {
                for _ in 0..20 {
                    world.redis.command(&["CLIENT", "KILL", "TYPE", "pubsub"]);
                    some_time(dice, 50, 600).await;
                }
            }
            Self::NodeDies => nodes::die(world, dice, 1).await,
            Self::MostNodesDie => nodes::die(world, dice, 2).await,
            Self::AllNodesDie => {
                let all = world.ring.nodes.len();
                nodes::die(world, dice, all).await;
            }
            Self::UnsureAnswers => {
                let before = world.unsure.turn(true);
                some_time(dice, 10_000, 20_000).await;
                let spoilt = world.unsure.turn(false) - before;
                assert!(spoilt > 0, "nothing was written under a condition");
                world.notes.push(format!("unsure answers: {spoilt} were spoilt"));
            }
            Self::MostStandStill => most_stand_still(world, dice).await,
            Self::LogOut => log_out(world, dice).await,
            Self::HotRoom => {
                let measured = hot::heat(world, dice).await;
                eprintln!("        {measured}");
                world.notes.push(measured);
            }
            Self::RollingRestart => {
                for n in 0..SERVERS {
                    let status = world.servers[n].terminate().await;
                    assert_eq!(status.code(), Some(0), "a server stops gracefully");
                    world.restart(n).await;
                    some_time(dice, 500, 1_500).await;
                }
            }
            Self::CutFromNodes => network::cut_from_nodes(world, dice).await,
            Self::NodesCutApart => network::nodes_cut_apart(world, dice).await,
            Self::ClocksDiffer => clock::differ(world, dice).await,
            Self::NodeJoins => nodes::join(world, dice).await,
        }
    }
}

/// Makes faults in random order, for as long as is planned and each at least once; posts go on after
/// each.
pub(super) async fn all(world: &mut World, plan: &Plan, dice: &mut Dice) -> Vec<Row> {
    let mut rows = vec![calm(world, "none").await];
    let mut first = true;
    while first || world.shared.time() < plan.time {
        let mut order: Vec<_> = ALL.into_iter().filter(|fault| fault.is_possible(plan)).collect();
        dice.shuffle(&mut order);
        for fault in order {
            if !first && world.shared.time() >= plan.time {
                break;
            }
            eprintln!("{:>6.1?}: {fault:?}", world.shared.time());
            world.shared.take_pulse();
            let begun = Instant::now();
            fault.make(world, dice).await;
            let took = begun.elapsed();
            progress(world, fault).await;
            rows.push(Row::new(&format!("{fault:?}"), took, world.shared.take_pulse()));
            some_time(dice, 1_000, 3_000).await;
        }
        first = false;
    }
    rows
}

/// Some seconds without a fault.
async fn calm(world: &World, name: &str) -> Row {
    world.shared.take_pulse();
    let begun = Instant::now();
    sleep(Duration::from_secs(5)).await;
    Row::new(name, begun.elapsed(), world.shared.take_pulse())
}

/// Waits until more is acknowledged after a fault was healed.
async fn progress(world: &World, fault: Fault) {
    let wanted = world.shared.count() + 20;
    until_answered(&format!("after {fault:?}"), async || {
        (world.shared.count() >= wanted).then_some(())
    })
    .await;
}

pub(super) async fn some_time(dice: &mut Dice, least: u64, most: u64) {
    sleep(Duration::from_millis(dice.between(least, most))).await;
}

fn signal(name: &str, process: &str) {
    let sent = Command::new("kill").args([name, process]).status().unwrap();
    assert!(sent.success(), "{name} to {process}");
}

/// Lets a replica of Redis stand still, ends a session, which the replica does not hear of any
/// more, kills Redis and lets the replica take its place.
async fn redis_fails_over(world: &mut World, dice: &mut Dice) {
    let replica = block_in_place(Redis::start);
    let port = world.redis.url().rsplit_once(':').map(|(_, port)| port.to_owned()).unwrap();
    replica.command(&["REPLICAOF", "127.0.0.1", &port]);
    until_answered("a replica of Redis", async || {
        replica.command(&["INFO", "replication"]).contains("master_link_status:up").then_some(())
    })
    .await;
    replica.pause();
    some_time(dice, 500, 2_000).await;
    log_out(world, dice).await;
    world.redis.kill();
    replica.resume();
    replica.command(&["REPLICAOF", "NO", "ONE"]);
    for way in &world.ways {
        way.lead_to(replica.url().trim_start_matches("redis://"));
    }
    world.redis = replica;
}

/// Stops two of the three servers, others each time.
async fn most_stand_still(world: &World, dice: &mut Dice) {
    for _ in 0..4 {
        let running = dice.below(SERVERS);
        let others = (0..SERVERS).filter(|n| *n != running);
        let others: Vec<_> = others.map(|n| world.servers[n].pid().to_string()).collect();
        for process in &others {
            signal("-STOP", process);
        }
        some_time(dice, 1_000, 5_000).await;
        for process in &others {
            signal("-CONT", process);
        }
        some_time(dice, 0, 2_000).await;
    }
}

/// A session that is ended on one server ends on all of them, and stays ended.
pub(super) async fn log_out(world: &mut World, dice: &mut Dice) {
    let visitor = world.visitors[dice.below(world.visitors.len())].clone();
    let here = dice.below(SERVERS);
    let place = |n: usize| world.shared.address(n);
    let at_home = visitor.bare().moved_to(&place(here));
    let body = json!({"userId": visitor.login, "password": visitor.password});
    let token = until_answered("a log-in", async || {
        let asked = at_home.try_request(Method::POST, "/api/login", body.clone());
        let answer = asked.await.ok().filter(|answer| answer.status == 200)?;
        answer.json()["token"].as_str().map(str::to_owned)
    })
    .await;
    let session = visitor.bearer(&token);
    let mut sockets = Vec::new();
    for n in 0..SERVERS {
        let there = session.moved_to(&place(n));
        let opened = until_answered("a socket", async || {
            let mut socket = there.try_socket(&visitor.login, "/chat").await.ok()?;
            let greeted = matches!(socket.listen(Duration::from_secs(10)).await, Heard::Frame(_));
            greeted.then_some(socket)
        });
        sockets.push(opened.await);
    }
    let out = session.moved_to(&place(here));
    until_answered("a log-out", async || {
        let answer = out.try_request(Method::POST, "/api/logout", json!({}));
        // Refused if it was done without an answer before.
        matches!(answer.await.ok()?.status, 204 | 401).then_some(())
    })
    .await;
    let begun = Instant::now();
    for (n, socket) in sockets.iter_mut().enumerate() {
        loop {
            match socket.listen(Duration::from_mins(1)).await {
                Heard::End(4401) => break,
                Heard::End(code) => panic!("a socket of an ended session was closed with {code}"),
                Heard::Frame(_) => (),
                Heard::Nothing => panic!("server {n} keeps a socket of an ended session"),
            }
        }
    }
    let closed = begun.elapsed();
    for n in 0..SERVERS {
        is_refused(&session, &place(n), n).await;
    }
    eprintln!(
        "        sockets closed after {closed:.1?}, all refused after {:.1?}",
        begun.elapsed()
    );
    world.ended.push(session);
}

/// Waits until a server refuses a session.
async fn is_refused(session: &crate::support::Client, address: &str, n: usize) {
    let there = session.moved_to(address);
    until_answered(&format!("server {n} refuses an ended session"), async || {
        let answer = there.try_request(Method::GET, "/api/users/me", Body::Nothing).await.ok()?;
        (answer.status == 401).then_some(())
    })
    .await;
}

/// No server knows any of the sessions that were ended, whatever has happened since.
pub(super) async fn ended_stays_ended(world: &World) -> Vec<String> {
    let mut revived = Vec::new();
    for session in &world.ended {
        for n in 0..SERVERS {
            let there = session.moved_to(&world.shared.address(n));
            let status = until_answered("a session", async || {
                let answer =
                    there.try_request(Method::GET, "/api/users/me", Body::Nothing).await.ok()?;
                (answer.status != 503).then_some(answer.status)
            })
            .await;
            if status != 401 {
                revived.push(format!("server {n} answers an ended session with {status}"));
            }
        }
    }
    revived
}
