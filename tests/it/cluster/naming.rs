//! Clients of `chats`, which has no messages: they create rooms and rename one.

use std::time::Instant;

use reqwest::Method;
use serde_json::json;
use tokio::time::{sleep, timeout};

use super::journal::{Entry, Journal};
use super::shared::{ANSWER, Member, Phase};
use crate::support::{Body, Chats, Json};

/// All rooms of a client fit into a page.
const MOST_ROOMS: usize = 80;

/// Creates and renames rooms until the run is over; `room` is its own.
pub(super) async fn run(mut member: Member, who: Chats, room: i64) -> Journal {
    let mut rooms = 0;
    while member.shared.phase() == Phase::Posting {
        let next = member.next_post();
        let (_, address) = member.any_server();
        let there = who.moved_to(&address);
        let name = member.new_text();
        let creates = rooms < MOST_ROOMS && member.dice.one_in(10);
        let (method, path, of) = if creates {
            rooms += 1;
            (Method::POST, "/chats".to_owned(), 0)
        } else {
            (Method::PATCH, format!("/chats/{room}"), room)
        };
        let mut body = json!({"name": name});
        if creates {
            body["userIds"] = json!([who.id]);
        }
        member.log(Entry::Sent { room: of, text: name.clone() });
        match timeout(ANSWER, there.try_request(method, &path, body)).await {
            Ok(Ok(answer)) if answer.status == 200 => member.acknowledged(of, &name, None),
            Ok(Ok(answer)) if answer.status != 503 => {
                member.strange(format!("{path} was answered with {}", answer.text));
            }
            // Perhaps done.
            _ => (),
        }
        sleep(next.saturating_duration_since(Instant::now())).await;
    }
    member.settle();
    member.journal
}

/// Returns id and name of all rooms of a client, as a server shows them.
pub(super) async fn rooms(who: &Chats, address: &str) -> Vec<(i64, String)> {
    let there = who.moved_to(address);
    let list = super::world::until_answered("the rooms of a user", async || {
        let asked = there.try_request(Method::GET, "/chats?page[size]=100", Body::Nothing);
        let answer = asked.await.ok()?;
        (answer.status == 200).then(|| answer.json())
    })
    .await;
    let entry = |chat: &Json| {
        let name = chat["name"].as_str().unwrap_or_default().to_owned();
        (chat["id"].as_i64().unwrap_or(-1), name)
    };
    list["data"].as_array().into_iter().flatten().map(entry).collect()
}
