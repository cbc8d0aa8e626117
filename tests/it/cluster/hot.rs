//! A hot room: twenty users post into one room, through all servers, at a rate that no server would
//! bear if they all wrote by themselves.

use std::collections::{BTreeMap, VecDeque};
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use serde_json::json;

use super::dice::Dice;
use super::journal::{Entry, Journal, Kind};
use super::resuming::{integer, key};
use super::shared::{ANSWER, Member};
use super::world::{SERVERS, World};
use crate::support::{Client, Heard, Person, Socket};

/// Users who post.
pub(super) const WRITERS: usize = 20;
/// Time between two posts of one of them: 500 a second in all.
const PACE: Duration = Duration::from_millis(40);
/// For how long they post.
const HEAT: Duration = Duration::from_secs(10);
/// Posts of one writer that wait for an answer; more wait for them.
const OPEN: usize = 32;

/// What a writer has seen.
struct Written {
    journal: Journal,
    latencies: Vec<Duration>,
}

/// Heats the first room; returns what was measured, and keeps the journals of the writers.
pub(super) async fn heat(world: &mut World, dice: &mut Dice) -> String {
    world.heats += 1;
    let before = figures(world).await;
    let begun = Instant::now();
    let (room, times) = (world.rooms[0], world.heats);
    let writers = world.writers.iter().enumerate().map(|(n, who)| {
        let name = format!("hot{n}x{times}");
        let member = Member::new(&name, Kind::Resumes, &world.shared, dice);
        let address = world.shared.address(n % SERVERS);
        tokio::spawn(write(member, who.at(&address), room))
    });
    let written = join_all(writers.collect::<Vec<_>>()).await;
    let took = begun.elapsed();
    let after = figures(world).await;
    let (mut latencies, mut sent) = (Vec::new(), 0);
    for one in written {
        let one = one.expect("a writer");
        let is_sent = |(_, entry): &&(_, Entry)| matches!(entry, Entry::Sent { .. });
        sent += one.journal.entries.iter().filter(is_sent).count();
        latencies.extend(one.latencies);
        world.journals.push(one.journal);
    }
    latencies.sort_unstable();
    let grown = |name: &str| {
        let of = |figures: &BTreeMap<String, u64>| {
            figures.iter().filter(|(line, _)| line.starts_with(name)).map(|(_, n)| n).sum::<u64>()
        };
        of(&after).saturating_sub(of(&before))
    };
    let (commits, lost) =
        (grown("chatctl_room_commits_total"), grown("chatctl_room_commits_total{result=\"lost\"}"));
    let (answered, alone) = (
        grown("chatctl_forwarded_posts_total{result=\"answered\"}"),
        grown("chatctl_forwarded_posts_total{result=\"unanswered\"}"),
    );
    let percentile = |percent: usize| {
        let place = (latencies.len() * percent / 100).min(latencies.len().saturating_sub(1));
        latencies.get(place).copied().unwrap_or_default().as_millis()
    };
    #[expect(clippy::cast_precision_loss, reason = "rounded anyway")]
    let per_write = latencies.len() as f64 / commits.max(1) as f64;
    format!(
        "hot room: {sent} sent in {:.1} s, {} acknowledged, p50 {} ms, p99 {} ms; {per_write:.1} \
         messages for each of {commits} conditional writes into rooms, {lost} of which lost; \
         {answered} forwarded, {alone} without an answer",
        took.as_secs_f64(),
        latencies.len(),
        percentile(50),
        percentile(99),
    )
}

/// Posts at a steady rate until the time is over and everything is answered.
async fn write(mut member: Member, who: Person, room: i64) -> Written {
    let mut latencies = Vec::new();
    let mut open: VecDeque<(String, Instant)> = VecDeque::new();
    let begun = Instant::now();
    let opened = tokio::time::timeout(ANSWER, who.try_socket(member.name(), "/chat")).await;
    let Ok(Ok(mut socket)) = opened else {
        member.strange("no socket in a hot room");
        return Written { journal: member.journal, latencies };
    };
    let (mut next, mut last) = (Instant::now(), 0);
    while begun.elapsed() < HEAT || !open.is_empty() {
        if open.front().is_some_and(|(_, since)| since.elapsed() > ANSWER) {
            break;
        }
        let now = Instant::now();
        if begun.elapsed() < HEAT && now >= next && open.len() < OPEN {
            // Not when it could be sent at last: waiting for answers is part of the delay.
            let text = member.new_text();
            if !post(&mut member, &mut socket, room, &text).await {
                break;
            }
            open.push_back((text, next));
            next += PACE;
            continue;
        }
        let pause = next.saturating_duration_since(now).clamp(Duration::from_millis(1), PACE);
        let frame = match socket.listen(pause).await {
            Heard::Frame(frame) => frame,
            Heard::Nothing => continue,
            Heard::End(_) => break,
        };
        if frame["type"] == "message_sent" {
            let Some(place) = open.iter().position(|(text, _)| frame["ref"] == **text) else {
                continue;
            };
            let Some((text, since)) = open.remove(place) else { continue };
            latencies.push(since.elapsed());
            let (seq, rev) = (integer(&frame["seq"]), integer(&frame["rev"]));
            if seq <= last {
                member.strange(format!("{text} has seq {seq} after {last} of the same socket"));
            }
            last = seq;
            member.acknowledged(room, &text, Some((seq, rev)));
        } else if frame["error"].is_string() {
            // Not done, or perhaps done: it is not sent again here.
            let of = open.iter().position(|(text, _)| frame["ref"] == **text);
            drop(of.and_then(|place| open.remove(place)));
        }
    }
    Written { journal: member.journal, latencies }
}

async fn post(member: &mut Member, socket: &mut Socket, room: i64, text: &str) -> bool {
    member.log(Entry::Sent { room, text: text.to_owned() });
    let frame = json!({
        "type": "chat_message", "room_id": key(room), "content": text, "client_id": text,
        "ref": text,
    });
    socket.try_send(frame).await
}

/// Counters of all servers, added up.
async fn figures(world: &World) -> BTreeMap<String, u64> {
    let mut sums = BTreeMap::new();
    for n in 0..SERVERS {
        let text = Client::new(&world.servers[n]).get("/metrics").await.text;
        for line in text.lines().filter(|line| !line.starts_with('#')) {
            if let Some((name, value)) = line.rsplit_once(' ')
                && let Ok(value) = value.parse::<u64>()
            {
                *sums.entry(name.to_owned()).or_insert(0) += value;
            }
        }
    }
    sums
}
