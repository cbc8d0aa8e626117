//! Topics, pins, posting rights and guests: imported from Slack and Mattermost, and read through
//! the API.

use std::path::Path;

use serde_json::json;

use super::{
    arrive, ends, import, mattermost_lines, mattermost_user, pack, room, slack_channel,
    slack_export, slack_message, slack_user, stopped, with,
};
use crate::support::{Json, Person, Server, texts};

/// Creates a Slack export with a room of each kind.
fn slack(zip: &Path) {
    let users = json!([
        slack_user("U1", "ann"),
        slack_user("U2", "ben"),
        with(slack_user("U3", "visitor"), &json!({"is_restricted": true})),
    ]);
    let channel = |id: &str, name: &str, more: Json| {
        with(slack_channel(id, name, &json!(["U1", "U2", "U3"])), &more)
    };
    let channels = json!([
        channel(
            "C1",
            "town",
            json!({
                "topic": {"value": "today: 책"},
                "purpose": {"value": "what we read"},
                "pins": [{"id": "1704100001.000100"}],
            })
        ),
        channel("C2", "attic", json!({"is_archived": true})),
        channel("C3", "news", json!({"is_read_only": true})),
        slack_channel("C4", "hall", &json!(["U1", "U2"])),
    ]);
    let day = |texts: &[&str]| {
        let say = |(at, text): (usize, &&str)| {
            slack_message(&format!("170410000{at}.000100"), "U1", text)
        };
        json!(texts.iter().enumerate().map(say).collect::<Vec<_>>())
    };
    let days = [
        ("town/2024-01-01", day(&["first", "pinned", "last"])),
        ("attic/2024-01-01", day(&["old words"])),
        ("news/2024-01-01", day(&["hear ye"])),
    ];
    slack_export(zip, &users, &channels, &[], &days);
}

/// Creates the same for Mattermost, which has no read-only channels.
fn mattermost(file: &Path) {
    let channel = |name: &str, more: Json| {
        let plain = json!({"team": "t", "name": name, "display_name": name, "type": "O"});
        ("channel", with(plain, &more))
    };
    let all = [("town", "channel_user"), ("attic", "channel_user")];
    let post = |channel: &str, at: i64, text: &str, pinned: bool| {
        let post = json!({
            "team": "t", "channel": channel, "user": "ann", "message": text,
            "create_at": 1_704_100_000_000_i64 + at, "is_pinned": pinned,
        });
        ("post", post)
    };
    let guest =
        mattermost_user("visitor", &[("town", "channel_guest"), ("attic", "channel_guest")]);
    let lines = mattermost_lines(&[
        channel("town", json!({"header": "today: 책", "purpose": "what we read"})),
        channel("attic", json!({"deleted_at": 1_704_200_000_000_i64})),
        channel("hall", json!({})),
        ("user", mattermost_user("ann", &[all[0], all[1], ("hall", "channel_user")])),
        ("user", mattermost_user("ben", &[all[0], all[1], ("hall", "channel_user")])),
        ("user", with(guest, &json!({"roles": "system_guest"}))),
        post("town", 0, "first", false),
        post("town", 1, "pinned", true),
        post("town", 2, "last", false),
        post("attic", 0, "old words", false),
    ]);
    pack(file, &[("import.jsonl".to_owned(), lines)]);
}

/// Sets passwords, starts the server and logs in.
async fn arrive_all(server: &mut Server, logins: [&str; 3]) -> [Person; 3] {
    for login in &logins[1..] {
        let password = server.data().join("password");
        std::fs::write(&password, format!("secret of {login}\n")).unwrap();
        let file = password.to_str().unwrap();
        ends(0, server.data(), &["user", "passwd", login, "--password-file", file]);
    }
    let first = arrive(server, logins[0]).await;
    let (second, third) =
        (Person::known(server, logins[1]).await, Person::known(server, logins[2]).await);
    [first, second, third]
}

fn path(card: &Json) -> String {
    format!("/api/chatrooms/{}", card["roomId"].as_str().unwrap())
}

async fn is_as_it_was(server: &Server, people: &[Person; 3]) {
    let [ann, ben, visitor] = people;
    let town = path(&room(ann, "town").await);
    let shown = ben.get(&town).await.is(200);
    assert_eq!(
        (&shown["topic"], &shown["description"], &shown["visibility"]),
        (&json!("today: 책"), &json!("what we read"), &json!("public"))
    );
    let pins = ben.get(&format!("{town}/pins")).await.is(200);
    let pinned = pins["pins"].as_array().unwrap();
    assert_eq!((pinned.len(), &pinned[0]["message"]["content"]), (1, &json!("pinned")));

    // Archived: private, readable for its participants, and not writable.
    let attic = room(ben, "attic").await;
    assert_eq!((&attic["visibility"], &attic["archived"]), (&json!("private"), &json!(true)));
    let messages = format!("{}/messages", path(&attic));
    assert_eq!(ben.get(&messages).await.is(200)["messages"][0]["content"], "old words");
    for person in people {
        person.post(&messages, json!({"content": "new"})).await.fails(403, "forbidden");
    }
    let stranger = Person::new(server, "stranger").await;
    stranger.get(&path(&attic)).await.fails(404, "room_not_found");

    // A guest is in their former rooms, as a member, and finds no others.
    let own = visitor.get(&town).await.is(200);
    let entry =
        own["participants"].as_array().unwrap().iter().find(|p| p["userId"] == "visitor").unwrap();
    assert_eq!((&entry["role"], &entry["guest"]), (&json!("member"), &json!(true)));
    visitor.post(&format!("{town}/messages"), json!({"content": "hello"})).await.is(201);
    let hall = path(&room(ann, "hall").await);
    visitor.get(&hall).await.fails(404, "room_not_found");
    visitor.post(&format!("{hall}/join"), json!({})).await.fails(404, "room_not_found");
    let found = visitor.get("/api/chatrooms?visibility=public").await.is(200);
    assert!(!texts(&found["chatrooms"], "name").contains(&"hall"), "{found}");
}

#[tokio::test]
async fn what_slack_says_of_rooms_holds_in_the_api() {
    let mut server = stopped().await;
    let zip = server.data().join("slack.zip");
    slack(&zip);
    import(server.data(), &zip, &[]);
    let people = arrive_all(&mut server, ["ann", "ben", "visitor"]).await;
    is_as_it_was(&server, &people).await;
    let [ann, ben, _] = &people;
    let news = room(ben, "news").await;
    assert_eq!(news["readOnly"], true, "{news}");
    let messages = format!("{}/messages", path(&news));
    ben.post(&messages, json!({"content": "me too"})).await.fails(403, "forbidden");
    ann.post(&messages, json!({"content": "more"})).await.is(201);
}

#[tokio::test]
async fn what_mattermost_says_of_rooms_holds_in_the_api() {
    let mut server = stopped().await;
    let zip = server.data().join("mattermost.zip");
    mattermost(&zip);
    import(server.data(), &zip, &[]);
    let people = arrive_all(&mut server, ["ann", "ben", "visitor"]).await;
    is_as_it_was(&server, &people).await;
}
