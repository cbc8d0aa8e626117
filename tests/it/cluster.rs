//! Several servers lose nothing and double nothing, whatever dies: clients of all dialects write down
//! what they were told, while servers, Redis and Cassandra are killed; a checker compares that with
//! what servers show afterwards.
//!
//! `tests/cluster/run` starts it; otherwise only the checker is tested.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking, and helpers are tests too")]

mod checker;
mod clock;
mod dice;
mod faults;
mod finals;
mod hearing;
mod hot;
mod journal;
mod naming;
mod network;
mod nodes;
mod plan;
mod report;
mod resuming;
mod shared;
mod unsure;
mod ways;
mod world;

use std::fmt::Write as _;
use std::sync::atomic::Ordering;
use std::time::Duration;

use reqwest::Method;
use serde_json::json;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep};

use self::dice::Dice;
use self::hearing::Listener;
use self::journal::{END, Entry, Journal, Kind};
use self::plan::Plan;
use self::resuming::{integer, key};
use self::shared::{Member, Phase};
use self::world::{Crowd, World, until_answered};
use crate::support::Chats;

/// Longer than anything takes that is not broken.
const A_WHILE: Duration = Duration::from_mins(2);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn several_servers_lose_nothing_and_double_nothing() {
    let Some(plan) = Plan::wanted() else { return };
    eprintln!("CHATCTL_TEST_SEED={}", plan.seed);
    let mut dice = Dice::new(plan.seed);
    let mut world = World::start(&plan).await;
    let crowd = world.crowd(&plan).await;
    let (clients, naming) = begin(&world, crowd, &mut dice);
    let rows = faults::all(&mut world, &plan, &mut dice).await;
    let mut journals = end(&world, clients, &mut dice).await;
    journals.append(&mut world.journals);
    let revived = faults::ended_stays_ended(&world).await;
    let finals = finals::collect(&world, &naming).await;
    let mut verdict = checker::check(&journals, &finals);
    verdict.strange.extend(revived);
    for n in 0..world.servers.len() {
        world.keep_output(n);
    }
    eprintln!(
        "\nCHATCTL_TEST_SEED={}\n{}",
        plan.seed,
        report::table(&rows, &world.notes, &verdict)
    );
    if !verdict.is_good() {
        journals.sort_by(|a, b| a.client.cmp(&b.client));
        for journal in &journals {
            keep(&world, journal);
        }
        panic!("promises were broken; journals and logs are in {}", world.kept.display());
    }
    std::fs::remove_dir_all(&world.kept).unwrap();
}

/// Lets everybody begin to chat; returns those without messages, too.
fn begin(
    world: &World,
    crowd: Crowd,
    dice: &mut Dice,
) -> (Vec<JoinHandle<Journal>>, Vec<(Chats, String)>) {
    let (mut clients, mut naming) = (Vec::new(), Vec::new());
    for (who, rooms) in crowd.native {
        let member = Member::new(&who.login, Kind::Resumes, &world.shared, dice);
        clients.push(tokio::spawn(resuming::run(member, who, rooms)));
    }
    let rooms = crowd.rooms.into_iter().map(|(who, room)| (Listener::Rooms(who), room));
    let v1 = crowd.v1.into_iter().map(|(who, room)| (Listener::V1(who), room));
    let realtime = crowd.realtime.into_iter().map(|(who, room)| (Listener::Realtime(who), room));
    for (who, room) in rooms.chain(v1).chain(realtime) {
        let member = Member::new(who.login(), who.kind(), &world.shared, dice);
        clients.push(tokio::spawn(hearing::run(member, who, room)));
    }
    for (who, room) in crowd.chats {
        let member = Member::new(&who.login, Kind::Names, &world.shared, dice);
        naming.push((who.clone(), who.login.clone()));
        clients.push(tokio::spawn(naming::run(member, who, room)));
    }
    (clients, naming)
}

/// Lets everybody finish, and hear the end of each room.
async fn end(world: &World, clients: Vec<JoinHandle<Journal>>, dice: &mut Dice) -> Vec<Journal> {
    let shared = &world.shared;
    shared.enter(Phase::Settling);
    until_answered("clients finish what they have begun", async || {
        (shared.settled.load(Ordering::SeqCst) == clients.len()).then_some(())
    })
    .await;
    shared.enter(Phase::Ending);
    let mut owner = Member::new("owner", Kind::Names, shared, dice);
    let until = Instant::now() + A_WHILE;
    for n in 1.. {
        for room in &world.rooms {
            ends(world, &mut owner, *room, &format!("{END}{n}")).await;
        }
        // Those who were not connected hear the next one.
        let next = Instant::now() + Duration::from_secs(10);
        while Instant::now() < next && !clients.iter().all(JoinHandle::is_finished) {
            sleep(Duration::from_millis(50)).await;
        }
        if clients.iter().all(JoinHandle::is_finished) || Instant::now() > until {
            break;
        }
    }
    shared.enter(Phase::Over);
    let mut journals = vec![Journal { kind: Kind::Resumes, ..owner.journal }];
    for client in clients {
        journals.push(client.await.expect("a client"));
    }
    journals
}

/// Posts a message that ends a room.
async fn ends(world: &World, owner: &mut Member, room: i64, text: &str) {
    owner.log(Entry::Sent { room, text: text.to_owned() });
    let path = format!("/api/chatrooms/{}/messages", key(room));
    let message = until_answered("the end of a room", async || {
        let (_, address) = owner.any_server();
        let there = world.owner.at(&address);
        let body = json!({"content": text, "clientId": text});
        let answer = there.try_request(Method::POST, &path, body).await.ok()?;
        matches!(answer.status, 200 | 201).then(|| answer.json())
    })
    .await;
    let place = (integer(&message["seq"]), integer(&message["rev"]));
    owner.acknowledged(room, text, Some(place));
}

/// Keeps a journal for those who look for what went wrong.
fn keep(world: &World, journal: &Journal) {
    let mut text = String::new();
    for (at, entry) in &journal.entries {
        writeln!(text, "{:>9.3} {entry:?}", at.as_secs_f64()).unwrap();
    }
    std::fs::write(world.kept.join(format!("{}.journal", journal.client)), text).unwrap();
}
