//! Who is present on which server: a hash for each room, with a field for each user and server.
//!
//! Each server counts its own sockets, and writes a field when a user's first socket enters and
//! removes it when the last one leaves, so that writing twice is harmless and everything can be
//! announced again. A server that lives renews a key each second. If it expires, the server that
//! is next (rendezvous hashing) removes the fields and tells the rooms.

use std::collections::HashMap;
use std::sync::atomic::Ordering;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use redis::{Script, pipe};
use tokio::sync::mpsc::Receiver;
use tokio::time::{MissedTickBehavior, interval};
use tracing::{debug, info};

use super::asking::ANSWERS;
use super::channel::Channel;
use super::present::Crossed;
use super::shared::Shared;
use super::{place, publish};
use crate::live::bus::{BusUnavailable, Elsewhere, wire};
use crate::model::{Event, Person, RoomId, Timestamp, UserId};

/// Time after which a server without a sign of life has stopped.
const LIFE_MILLIS: u64 = 5_000;
/// Seconds after which a server repeats the number of its last change of who is available.
const COMPARED_EVERY: u64 = 5;
/// Maximum number of users in one call of a script.
const BATCH: usize = 64;
/// Rooms that one call cleans up.
const ROOMS: usize = 16;
/// Maximum number of users named.
const NAMED: usize = 1_000;
/// Maximum number of leaves that are owed to Redis; more are removed all together.
const MOST_OWED: usize = 65_536;

static CROSS: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("scripts/cross.lua")));
static CLEAR: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("scripts/clear.lua")));
static ELSEWHERE: LazyLock<Script> =
    LazyLock::new(|| Script::new(include_str!("scripts/elsewhere.lua")));

/// State of the task.
struct Keeper {
    shared: Arc<Shared>,
    at: usize,
    /// Everything must be announced again.
    announce: bool,
    /// Leaves that Redis has not heard of.
    owed: HashMap<(RoomId, UserId), Person>,
    /// Too many leaves are owed.
    clear: bool,
    second: u64,
}

/// Keeps presence and the sign of life until the bus is closed.
pub(super) async fn keep(shared: Arc<Shared>, at: usize, mut queue: Receiver<Crossed>) {
    let mut keeper =
        Keeper { shared, at, announce: true, owed: HashMap::new(), clear: false, second: 0 };
    let mut seconds = interval(Duration::from_secs(1));
    seconds.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut batch = Vec::with_capacity(BATCH);
    loop {
        tokio::select! {
            // A sign of life comes before the first crossing: without one, others count this server
            // as stopped, and everything would be announced again.
            biased;
            _ = seconds.tick() => keeper.live().await,
            taken = queue.recv_many(&mut batch, BATCH) => {
                if taken == 0 {
                    return;
                }
                keeper.cross(std::mem::take(&mut batch), true).await;
            }
        }
    }
}

/// Removes what this server has announced, for its stop.
pub(super) async fn retire(shared: &Shared) {
    for at in 0..shared.shards.len() {
        clear_own(shared, at).await;
    }
}

/// Returns the users present in a room on other servers.
pub(super) async fn elsewhere(shared: &Shared, room: RoomId) -> Result<Elsewhere, BusUnavailable> {
    let instance = shared.shard(Channel::Room(room));
    let mut call = ELSEWHERE.prepare_invoke();
    call.arg(&shared.prefix).arg(format!("{:x}", shared.me)).arg(room.0).arg(NAMED);
    let found: Vec<redis::Value> = instance.link.run(&call).await?;
    let mut elsewhere = Elsewhere::default();
    for value in found {
        match value {
            redis::Value::Int(more) => elsewhere.more = u32::try_from(more).unwrap_or(u32::MAX),
            redis::Value::BulkString(bytes) => elsewhere.people.extend(wire::read_person(&bytes)),
            _ => (),
        }
    }
    Ok(elsewhere)
}

impl Keeper {
    /// Tells Redis of crossings; those that are crossings for all servers are told to this one too,
    /// if `locally`.
    async fn cross(&mut self, crossings: Vec<Crossed>, locally: bool) {
        for part in crossings.chunks(BATCH) {
            let shared = Arc::clone(&self.shared);
            let mut call = CROSS.prepare_invoke();
            call.arg(&shared.prefix).arg(format!("{:x}", shared.me));
            for one in part {
                add(&shared, &mut call, one);
            }
            let crossed: Result<Vec<i64>, _> = shared.shards[self.at].link.run(&call).await;
            // Without Redis, presence is that of this server.
            let crossed = crossed.unwrap_or_else(|_| {
                self.announce = true;
                for one in part {
                    if let Event::Left { person, .. } = &one.tell {
                        self.owed.insert((one.room, one.user), person.clone());
                    }
                }
                self.clear |= self.owed.len() > MOST_OWED;
                vec![1; part.len()]
            });
            for one in part.iter().zip(crossed).filter(|(_, crossed)| locally && *crossed == 1) {
                shared.offer(one.0.tell.clone());
            }
        }
    }

    /// Gives a sign of life, announces what Redis does not know, and cleans up after servers that
    /// have stopped.
    async fn live(&mut self) {
        self.second += 1;
        let shared = Arc::clone(&self.shared);
        let (prefix, name) = (&shared.prefix, format!("{:x}", shared.me));
        let mut sign = pipe();
        sign.cmd("SET").arg(format!("{prefix}srv:{name}")).arg(shared.asking.level());
        sign.arg("PX").arg(LIFE_MILLIS).arg("GET");
        sign.sadd(format!("{prefix}servers"), &name).ignore();
        sign.smembers(format!("{prefix}servers"));
        let signed: Result<(Option<i64>, Vec<String>), _> =
            shared.shards[self.at].link.run(&sign).await;
        let Ok((before, servers)) = signed else {
            self.announce = true;
            return;
        };
        let missed = shared.shards[self.at].present.missed.swap(false, Ordering::SeqCst);
        // Without an earlier sign, Redis has lost everything, or this server was thought to have
        // stopped.
        if self.announce || missed || before.is_none() {
            self.announce_all().await;
        }
        self.clean_up(servers).await;
    }

    async fn announce_all(&mut self) {
        self.announce = false;
        let shared = Arc::clone(&self.shared);
        let present = &shared.shards[self.at].present;
        if std::mem::take(&mut self.clear) {
            self.owed.clear();
            clear_own(&shared, self.at).await;
        }
        let all = present.all();
        debug!("Announcing {} users present.", all.len());
        self.cross(all, false).await;
        let at = Timestamp::now();
        let left: Vec<Crossed> = std::mem::take(&mut self.owed)
            .into_iter()
            .filter(|((room, user), _)| !present.has(*room, *user))
            .map(|((room, user), person)| {
                let tell = Event::Left { room, person, at };
                Crossed { room, user, here: false, alone: false, tell }
            })
            .collect();
        self.cross(left, false).await;
    }

    /// Removes what stopped servers have left behind, if that is up to this server.
    async fn clean_up(&self, servers: Vec<String>) {
        let shared = &self.shared;
        let ids: Vec<u64> =
            servers.iter().filter_map(|name| u64::from_str_radix(name, 16).ok()).collect();
        let mut pipe = pipe();
        for id in &ids {
            pipe.get(format!("{}srv:{id:x}", shared.prefix));
        }
        let levels: Result<Vec<Option<i64>>, _> = shared.shards[self.at].link.run(&pipe).await;
        let Ok(levels) = levels else { return };
        let (mut living, mut stopped, mut answering) = (Vec::new(), Vec::new(), Vec::new());
        for (id, level) in ids.into_iter().zip(levels) {
            if level.is_some() { &mut living } else { &mut stopped }.push(id);
            if level >= Some(ANSWERS) {
                answering.push(id);
            }
        }
        // Servers hear what is for them over the first instance.
        if self.at == 0 {
            shared.asking.seen(answering);
            self.compare(&living);
        }
        for gone in stopped {
            if place::chosen(living.iter().copied(), gone) == Some(shared.me) {
                info!("Server {gone:x} has stopped; removing its users from rooms.");
                clear(shared, self.at, gone).await;
            }
        }
    }
}

impl Keeper {
    /// Tells which change of its users was the last, asks servers for what was missed, and forgets
    /// the users of those that have stopped.
    fn compare(&self, living: &[u64]) {
        let shared = &self.shared;
        if self.second.is_multiple_of(COMPARED_EVERY) {
            shared.say_available(Channel::All, &shared.available.version());
        }
        let others: Vec<u64> = living.iter().copied().filter(|id| *id != shared.me).collect();
        let (gone, ask) = shared.available.living(&others);
        for server in ask {
            // One that does not fit is asked again.
            let _sent = shared.tell(server, wire::ask_available(shared.me));
        }
        if !gone.is_empty() {
            shared.offer(Event::AvailableElsewhere { users: gone });
        }
    }
}

/// Adds a crossing to a call of the script.
fn add(shared: &Shared, call: &mut redis::ScriptInvocation<'_>, one: &Crossed) {
    let person = match &one.tell {
        Event::Entered { person, .. } => wire::person(person),
        _ => Vec::new(),
    };
    call.arg(if one.here { "+" } else { "-" })
        .arg(one.room.0)
        .arg(one.user.0)
        .arg(person)
        .arg(u8::from(one.alone))
        .arg(wire::event(shared.me, shared.next(), &one.tell).unwrap_or_default());
}

/// Removes all fields of a stopped server, and tells the rooms who left.
async fn clear(shared: &Shared, at: usize, gone: u64) {
    let instance = &shared.shards[at];
    loop {
        let mut call = CLEAR.prepare_invoke();
        call.arg(&shared.prefix).arg(format!("{gone:x}")).arg(ROOMS);
        let cleared: Result<Vec<redis::Value>, _> = instance.link.run(&call).await;
        let Ok(cleared) = cleared else { return };
        let mut values = cleared.into_iter();
        let Some(redis::Value::Int(left)) = values.next() else { return };
        let now = Timestamp::now();
        let mut messages = Vec::new();
        while let (Some(room), Some(person)) = (values.next(), values.next()) {
            let (Some(room), Some(person)) = (number(&room), person_of(&person)) else { continue };
            let left = Event::Left { room: RoomId(room), person, at: now };
            messages.extend(publish::encoded(shared, Channel::Room(RoomId(room)), &left));
            if gone != shared.me {
                shared.offer(left);
            }
        }
        publish::send(shared, at, &messages).await;
        if left <= 0 {
            return;
        }
    }
}

/// Removes all fields of this server, which are announced again afterwards.
async fn clear_own(shared: &Shared, at: usize) {
    let mut delete = redis::cmd("DEL");
    delete.arg(format!("{}srv:{:x}", shared.prefix, shared.me));
    let removed: Result<(), _> = shared.shards[at].link.run(&delete).await;
    if removed.is_ok() {
        clear(shared, at, shared.me).await;
    }
}

fn number(value: &redis::Value) -> Option<i64> {
    match value {
        redis::Value::BulkString(bytes) => std::str::from_utf8(bytes).ok()?.parse().ok(),
        redis::Value::Int(number) => Some(*number),
        _ => None,
    }
}

fn person_of(value: &redis::Value) -> Option<Person> {
    match value {
        redis::Value::BulkString(bytes) => wire::read_person(bytes),
        _ => None,
    }
}
