//! What servers show after the run: one in the native dialect, another one in `v1`, a third one as
//! changes.

use super::journal::{Finals, Seen, Stored};
use super::naming;
use super::resuming::{integer, key, seen};
use super::world::{World, read};
use crate::support::{Chats, Json};

/// Reads everything.
pub(super) async fn collect(world: &World, naming: &[(Chats, String)]) -> Finals {
    let mut finals = Finals::default();
    for (n, room) in world.rooms.iter().enumerate() {
        let server = |of: usize| world.shared.address((n + of) % world.servers.len());
        let history = history(world, *room, &server(0)).await;
        let texts = texts(world, *room, &server(1)).await;
        finals.rooms.push((*room, history, texts));
        finals.changes.push((*room, changes(world, *room, &server(2)).await));
    }
    for (n, (who, client)) in naming.iter().enumerate() {
        let address = world.shared.address(n % world.servers.len());
        finals.names.push((client.clone(), naming::rooms(who, &address).await));
    }
    finals
}

async fn history(world: &World, room: i64, address: &str) -> Vec<Stored> {
    let there = world.owner.at(address);
    let mut all: Vec<Stored> = Vec::new();
    loop {
        let after = all.last().map_or(0, |stored| stored.seq);
        let path = format!("/api/chatrooms/{}/messages?after={after}&limit=200", key(room));
        let page = read(&there, &path).await;
        let page = page["messages"].as_array().expect("a list");
        if page.is_empty() {
            return all;
        }
        all.extend(page.iter().map(stored));
    }
}

fn stored(message: &Json) -> Stored {
    let Seen { seq, rev, text } = seen(message);
    let at = message["createdAt"].as_str().expect("a time").to_owned();
    Stored { seq, rev, text, at }
}

/// Texts as `v1` shows them, oldest first.
async fn texts(world: &World, room: i64, address: &str) -> Vec<String> {
    let there = world.reader.moved_to(address);
    let mut pages: Vec<Vec<String>> = Vec::new();
    loop {
        let offset: usize = pages.iter().map(Vec::len).sum();
        let path = format!("/v1/rooms/{room}/messages?limit=500&offset={offset}");
        let page = read(&there, &path).await;
        let text = |message: &Json| message["text"].as_str().unwrap_or_default().to_owned();
        let page: Vec<_> = page.as_array().expect("a list").iter().map(text).collect();
        if page.is_empty() {
            return pages.into_iter().rev().flatten().collect();
        }
        pages.push(page);
    }
}

/// All messages in the order of their latest change.
async fn changes(world: &World, room: i64, address: &str) -> Vec<Seen> {
    let there = world.owner.at(address);
    let (mut all, mut since) = (Vec::new(), 0);
    loop {
        let path = format!("/api/chatrooms/{}/changes?since={since}&limit=200", key(room));
        let page = read(&there, &path).await;
        all.extend(page["messages"].as_array().expect("a list").iter().map(seen));
        since = integer(&page["rev"]);
        if page["more"] != true {
            return all;
        }
    }
}
