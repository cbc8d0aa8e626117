//! Limits of lists: how many rooms and users are shown if there are more.

use std::fmt::Write as _;

use serde_json::{Value, json};

use crate::support::{Client, Ctl, Person, Rooms, Server, each};

/// Starts a server with this export of Mattermost, in which its user `ann` can log in.
async fn holding(lines: impl Iterator<Item = Value>) -> Server {
    let mut server = Server::start_with(&[("LIMITS__ENABLED", "false")]).await;
    server.terminate().await;
    let mut text = String::from("{\"type\":\"version\",\"version\":1}\n");
    for line in lines {
        writeln!(text, "{line}").expect("text grows");
    }
    let file = server.data().join("export.jsonl");
    std::fs::write(&file, text).expect("a file");
    let ctl = Ctl::of(&server);
    ctl.run(&["import", file.to_str().expect("a path"), "--yes"]).ends(0);
    ctl.run_with(&["user", "passwd", "ann", "--password-stdin"], "secret of ann\n").ends(0);
    server.restart().await;
    server
}

fn channel(name: &str) -> Value {
    json!({"type": "channel", "channel": {"team": "t", "name": name, "type": "O"}})
}

fn user(name: &str, channels: &[String]) -> Value {
    let channels: Vec<_> = channels.iter().map(|name| json!({"name": name})).collect();
    json!({
        "type": "user", "user": {"username": name, "teams": [{"name": "t", "channels": channels}]},
    })
}

#[tokio::test]
async fn rooms_beyond_ten_thousand_are_left_out_of_every_list() {
    const MOST: usize = 10_000;
    let names: Vec<String> = (0..MOST + 5).map(|number| format!("room{number:05}x")).collect();
    let lines = names.iter().map(|name| channel(name)).chain([user("ann", &names)]);
    let server = holding(lines).await;
    let ann = Person::known(&server, "ann").await;
    let rooms = |list: &Value| list.as_array().expect("a list").len();
    for scope in ["mine", "public"] {
        let list = ann.get(&format!("/api/chatrooms?scope={scope}")).await.is(200);
        assert_eq!(rooms(&list["chatrooms"]), MOST, "{scope}");
    }
    for path in ["/rooms", "/Room", "/v1/rooms"] {
        assert_eq!(rooms(&ann.get(path).await.is(200)), MOST, "{path}");
    }
    // Pages reach all of them.
    let last =
        ann.get(&format!("/chats?page[size]=100&page[index]={}", MOST / 100)).await.succeeds();
    assert_eq!(rooms(&last), 5);
}

#[tokio::test]
async fn the_first_thousand_of_a_room_are_shown_to_who_enters() {
    const MOST: usize = 1_000;
    let lobby = ["lobby".to_owned()];
    let lines = [channel("lobby")]
        .into_iter()
        .chain([user("ann", &lobby)])
        .chain((0..MOST + 5).map(|number| user(&format!("user{number:04}"), &lobby)));
    let server = holding(lines).await;
    let ann = Rooms::log_in(&Client::new(&server), "ann", "secret of ann").await;
    let list = ann.get("/rooms").await.is(200);
    let room = each(&list, "room_id")[0].as_str().expect("a key").to_owned();
    let (_socket, entered) = ann.enter(&room).await;
    let shown = each(&entered["users"], "user_id");
    assert_eq!(shown.len(), MOST);
    // `chatrooms` names ten of them in a list, and all of them for the room itself.
    let native = ann.native();
    let card = native.get("/api/chatrooms").await.is(200)["chatrooms"][0].clone();
    assert_eq!(
        (card["participants"].as_array().map(Vec::len), &card["userCount"]),
        (Some(10), &json!(MOST + 6))
    );
    let whole = native.get(&format!("/api/chatrooms/{room}")).await.is(200);
    assert_eq!(whole["participants"].as_array().map(Vec::len), Some(MOST + 6));
}
