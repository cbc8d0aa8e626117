//! The newest page of a room, which the server may keep in memory: what was acknowledged on one
//! connection is part of the next response on each other one, in every dialect with history.

use futures_util::future::join_all;
use serde_json::json;

use crate::support::{Ctl, Json, Person, Server, number, people};

/// Messages of the page: all that these tests post.
const LIMIT: usize = 200;

/// Returns the paths of a room's newest page, of `chatrooms` and of `v1`.
fn paths(room: &str) -> [String; 2] {
    [
        format!("/api/chatrooms/{room}/messages?limit={LIMIT}"),
        format!("/v1/rooms/{}/messages?limit={LIMIT}", number(room)),
    ]
}

/// The newest page in both dialects.
struct Pages {
    chatrooms: Vec<Json>,
    v1: Vec<Json>,
}

/// Reads both pages.
async fn read(person: &Person, room: &str) -> Pages {
    let [chatrooms, v1] = paths(room);
    let list = |value: &Json| value.as_array().expect("a list").clone();
    let chatrooms = list(&person.get(&chatrooms).await.is(200)["messages"]);
    Pages { chatrooms, v1: list(&person.get(&v1).await.is(200)) }
}

/// Reads both pages often enough that the next read finds them in memory.
async fn warm(person: &Person, room: &str) {
    for _ in 0..2 {
        read(person, room).await;
    }
}

impl Pages {
    /// Returns the texts in `chatrooms`, None for a deleted message; and in `v1`, which shows no
    /// deleted ones.
    fn contents(&self) -> (Vec<Option<String>>, Vec<String>) {
        let text = |value: &Json| value.as_str().map(str::to_owned);
        (
            self.chatrooms.iter().map(|message| text(&message["content"])).collect(),
            self.v1.iter().filter_map(|message| text(&message["text"])).collect(),
        )
    }
}

/// Fails unless both dialects show these texts next; None: a deleted message.
async fn shows(person: &Person, room: &str, texts: &[Option<&str>]) -> Pages {
    let pages = read(person, room).await;
    let all: Vec<_> = texts.iter().map(|text| text.map(str::to_owned)).collect();
    assert_eq!(pages.contents(), (all.clone(), all.into_iter().flatten().collect()));
    pages
}

/// Status and code in both dialects.
type Refusal = [(u16, &'static str); 2];
const UNKNOWN: Refusal = [(404, "room_not_found"), (422, "room_not_found")];
const ENDED: Refusal = [(401, "invalid_token"), (401, "unauthorized")];

/// Fails unless both dialects refuse the page next.
async fn refuses(person: &Person, room: &str, refusal: Refusal) {
    let [chatrooms, v1] = paths(room);
    person.get(&chatrooms).await.fails(refusal[0].0, refusal[0].1);
    person.get(&v1).await.fails_v1(refusal[1].0, refusal[1].1);
}

#[tokio::test]
async fn the_next_response_shows_each_change_whether_or_not_somebody_is_in_the_room() {
    let server = Server::start().await;
    let [ann, ben] = people(&server, ["ann", "ben"]).await;
    for live in [false, true] {
        let cyd = Person::new(&server, &format!("cyd{live}")).await;
        let room = ann.room(&[&ben, &cyd]).await;
        let mut socket = if live { Some(ann.enter(&room).await) } else { None };
        let at = |rest: &str| format!("/api/chatrooms/{room}{rest}");
        cyd.say(&room, "of cyd").await;
        warm(&ben, &room).await;

        let key = ann.say(&room, "one").await["messageId"].as_str().unwrap().to_owned();
        shows(&ben, &room, &[Some("of cyd"), Some("one")]).await;
        if let Some(socket) = &mut socket {
            warm(&ben, &room).await;
            socket.say("from a socket").await;
            shows(&ben, &room, &[Some("of cyd"), Some("one"), Some("from a socket")]).await;
        }
        let more: &[Option<&str>] = if live { &[Some("from a socket")] } else { &[] };
        let with = |texts: &[Option<&'static str>]| [texts, more].concat();
        warm(&ben, &room).await;
        ann.patch(&at(&format!("/messages/{key}")), json!({"newContent": "uno"})).await.is(200);
        shows(&ben, &room, &with(&[Some("of cyd"), Some("uno")])).await;

        warm(&ben, &room).await;
        let like = json!({"reactionType": "like"});
        ann.post(&at(&format!("/messages/{key}/reactions")), like).await.is(201);
        let pages = shows(&ben, &room, &with(&[Some("of cyd"), Some("uno")])).await;
        let liked = json!([{"reactionType": "like", "userIds": ["ann"]}]);
        assert_eq!(pages.chatrooms[1]["reactions"], liked);
        warm(&ben, &room).await;
        ann.delete(&at(&format!("/messages/{key}/reactions/like"))).await.is(204);
        let pages = read(&ben, &room).await;
        assert_eq!(pages.chatrooms[1].get("reactions"), None);

        warm(&ben, &room).await;
        ann.delete(&at(&format!("/messages/{key}"))).await.is(204);
        shows(&ben, &room, &with(&[Some("of cyd"), None])).await;

        warm(&ben, &room).await;
        cyd.delete("/api/users/me").await.is(204);
        let pages = shows(&ben, &room, &with(&[Some("of cyd"), None])).await;
        assert_eq!(
            (&pages.chatrooms[0]["userId"], &pages.v1[0]["user_id"]),
            (&json!(""), &json!(0))
        );

        warm(&ben, &room).await;
        ann.delete(&at("/participants/ben")).await.is(204);
        refuses(&ben, &room, UNKNOWN).await;
        warm(&ann, &room).await;
        ann.post(&at("/participants"), json!({"userId": "ben"})).await.is(201);
        shows(&ben, &room, &with(&[Some("of cyd"), None])).await;

        warm(&ben, &room).await;
        ann.delete(&at("")).await.is(204);
        refuses(&ben, &room, UNKNOWN).await;
    }
}

#[tokio::test]
async fn a_page_in_memory_is_for_open_sessions_of_participants_only() {
    let server = Server::start().await;
    let [ann, ben, eve] = people(&server, ["ann", "ben", "eve"]).await;
    let room = ann.room(&[&ben]).await;
    ann.say(&room, "secret").await;
    let gone = ben.again().await;
    warm(&gone, &room).await;
    gone.post("/api/logout", json!({})).await.is(204);
    refuses(&gone, &room, ENDED).await;
    warm(&ben, &room).await;
    for _ in 0..2 {
        refuses(&eve, &room, UNKNOWN).await;
        shows(&ben, &room, &[Some("secret")]).await;
    }
    Ctl::of(&server).run(&["user", "disable", "ben"]).ends(0);
    refuses(&ben, &room, ENDED).await;
    shows(&ann, &room, &[Some("secret")]).await;
}

#[tokio::test]
async fn what_several_connections_post_at_once_is_part_of_the_next_response() {
    const POSTS: usize = 40;
    let server = Server::start().await;
    let [ann, ben, cyd, dan, eve] = people(&server, ["ann", "ben", "cyd", "dan", "eve"]).await;
    let room = ann.room(&[&ben, &cyd, &dan, &eve]).await;
    let mut socket = ann.enter(&room).await;
    let writers = [&ann, &ben, &cyd, &dan].map(|writer| {
        let (room, eve) = (&room, &eve);
        async move {
            // Each has a reader with a connection of its own.
            let reader = eve.again().await;
            for number in 1..=POSTS {
                let text = format!("{number} of {}", writer.login);
                writer.say(room, &text).await;
                let (chatrooms, v1) = read(&reader, room).await.contents();
                assert!(chatrooms.contains(&Some(text.clone())), "{text} is not in {chatrooms:?}");
                assert!(v1.contains(&text), "{text} is not in {v1:?}");
            }
        }
    });
    join_all(writers).await;
    let (chatrooms, v1) = read(&eve, &room).await.contents();
    assert_eq!((chatrooms.len(), v1.len()), (4 * POSTS, 4 * POSTS));
    socket.say("the last").await;
    assert_eq!(read(&eve, &room).await.contents().1.len(), 4 * POSTS + 1);
}
