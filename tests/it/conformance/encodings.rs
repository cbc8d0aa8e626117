//! Costs of a message: one encoding per listening dialect, regardless of the number of sockets and
//! of user-specific views.

use serde_json::json;

use super::{Dialect, Talker, Talks, as_native, chatrooms, joins, leaves, talking};
use crate::support::{Client, Server, number};

/// Returns the number of frames encoded so far, by dialect in the order of [`talking`].
async fn encoded(client: &Client) -> Vec<u64> {
    let text = client.get("/metrics").await.text;
    let count = |dialect: &dyn Talks| {
        let name = format!("chatctl_encodings_total{{dialect=\"{}\"}} ", dialect.name());
        text.lines()
            .find_map(|line| line.strip_prefix(&name))
            .map_or(0, |count| count.parse().expect("a number"))
    };
    talking().iter().map(|dialect| count(dialect.as_ref())).collect()
}

/// Returns the number of frames encoded since then.
async fn encoded_since(client: &Client, before: &[u64]) -> Vec<u64> {
    encoded(client).await.iter().zip(before).map(|(now, then)| now - then).collect()
}

/// This number in each dialect.
fn by_each(count: u64) -> Vec<u64> {
    vec![count; talking().len()]
}

/// This number in one dialect, none in the others.
fn by_one(dialect: &str, count: u64) -> Vec<u64> {
    talking().iter().map(|other| if other.name() == dialect { count } else { 0 }).collect()
}

/// Creates a public room whose owner is not present.
async fn empty_room(server: &Server) -> (Client, i64) {
    let owner = chatrooms::Chatrooms.enrol(server, "owner").await;
    let native = as_native(server, &owner.credential());
    let room = native
        .post(
            "/api/chatrooms",
            json!({"targetUserIds": [], "name": "Everybody", "visibility": "public"}),
        )
        .await
        .is(201);
    (native, number(room["roomId"].as_str().expect("a key")))
}

/// Adds two users of each dialect, with one socket and with two; the second has an edited name in
/// the room, and has muted it.
async fn fill(server: &Server, room: i64) -> Vec<Vec<Box<dyn Talker>>> {
    let mut all = Vec::new();
    for dialect in talking() {
        let mut sockets =
            vec![dialect.enrol_talker(server, &format!("one-{}", dialect.name())).await];
        let two = dialect.enrol_talker(server, &format!("two-{}", dialect.name())).await;
        joins(server, two.as_ref(), room).await;
        let native = as_native(server, &two.credential());
        native
            .patch(
                &format!("/api/chatrooms/{room}/participants/{}/name", two.login()),
                json!({"edited_name": "Somebody"}),
            )
            .await
            .is(200);
        native.patch(&format!("/api/chatrooms/{room}/me"), json!({"muted": true})).await.is(200);
        sockets.extend([two.twin(), two]);
        for socket in &mut sockets {
            socket.enter(room).await;
        }
        all.push(sockets);
    }
    all
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_is_encoded_once_for_each_dialect_that_listens() {
    const BURST: u64 = 25;
    let server = Server::start().await;
    let client = Client::new(&server);
    let (owner, room) = empty_room(&server).await;
    let mut sockets = fill(&server, room).await;
    // All effects of entering are over when everybody has received a later message.
    owner
        .post(&format!("/api/chatrooms/{room}/messages"), json!({"content": "all are here"}))
        .await
        .is(201);
    for socket in sockets.iter_mut().flatten() {
        socket.hears_until("all are here").await;
    }

    for speaker in 0..sockets.len() {
        for count in [1, BURST] {
            let before = encoded(&client).await;
            let (login, id) = (sockets[speaker][0].login().to_owned(), sockets[speaker][0].id());
            for n in 0..count {
                sockets[speaker][0].post(&format!("{count}: {n}")).await;
            }
            for socket in sockets.iter_mut().flatten() {
                for n in 0..count {
                    socket.hears(room, (&login, id), &format!("{count}: {n}")).await;
                }
            }
            assert_eq!(encoded_since(&client, &before).await, by_each(count), "{count} of {login}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_encoded_for_a_dialect_that_has_no_socket_there_or_no_word_for_it() {
    let server = Server::start().await;
    let client = Client::new(&server);
    let (owner, room) = empty_room(&server).await;
    let path = format!("/api/chatrooms/{room}");
    // Everybody is present, but in another room.
    let elsewhere = owner
        .post(
            "/api/chatrooms",
            json!({"targetUserIds": [], "name": "Elsewhere", "visibility": "public"}),
        )
        .await
        .is(201);
    let _present = fill(&server, number(elsewhere["roomId"].as_str().expect("a key"))).await;
    for dialect in talking() {
        let login = format!("only-{}", dialect.name());
        let mut only = dialect.enrol_talker(&server, &login).await;
        only.enter(room).await;
        owner.post(&format!("{path}/messages"), json!({"content": "has entered"})).await.is(201);
        only.hears_until("has entered").await;
        let before = encoded(&client).await;
        owner
            .post(&format!("{path}/messages"), json!({"content": "for one dialect"}))
            .await
            .is(201);
        only.hears(room, ("owner", 1), "for one dialect").await;
        assert_eq!(encoded_since(&client, &before).await, by_one(dialect.name(), 1));

        // The last event is a message, so that the others have been delivered before it.
        let message = owner
            .post(&format!("{path}/messages"), json!({"content": "to be edited"}))
            .await
            .is(201)["messageId"]
            .clone();
        let message = message.as_str().expect("a key");
        owner
            .patch(&format!("{path}/messages/{message}"), json!({"newContent": "edited"}))
            .await
            .is(200);
        owner
            .patch(&format!("{path}/name"), json!({"name": format!("Room of {login}")}))
            .await
            .is(200);
        owner
            .post(&format!("{path}/messages/{message}/reactions"), json!({"reactionType": "like"}))
            .await
            .is(201);
        owner.delete(&format!("{path}/messages/{message}")).await.is(204);
        owner.post(&format!("{path}/messages"), json!({"content": "that was all"})).await.is(201);
        let told = only.hears_until("that was all").await;
        let (said, other) = (2, told.len() as u64 - 1);
        assert_eq!(other, if dialect.name() == "chatrooms" { 4 } else { 0 }, "{told:?}");
        assert_eq!(encoded_since(&client, &before).await, by_one(dialect.name(), 1 + said + other));
        // After removal, its socket receives nothing more.
        leaves(&server, only.as_ref(), room).await;
        only.loses(room).await;
    }
}
