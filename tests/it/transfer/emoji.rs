//! Custom emoji in exports of Slack and Mattermost, and in our own.

use serde_json::{Value, json};

use super::native::body;
use super::{
    arrive, counts, ends, import, items, mattermost_lines, mattermost_user, pack, room,
    slack_channel, slack_message, slack_user, stopped, with,
};
use crate::support::{Body, Person, Server, picture, texts};

/// A WebP picture is none of these bytes.
const BROKEN: &[u8] = b"RIFF\0\0\0\0WEBPbroken";

fn names(all: &[Value]) -> Vec<&str> {
    all.iter().map(|emoji| emoji["name"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn emoji_of_slack_come_with_their_pictures_and_aliases() {
    let mut server = stopped().await;
    let zip = server.data().join("slack.zip");
    let chief = with(slack_user("U2", "dora"), &json!({"is_admin": true}));
    let message = with(
        slack_message("1752588730.000100", "U1", "ok :approve: and :our_parrot: `:approve:`"),
        &json!({"reactions": [
            {"name": "our_parrot", "users": ["U1"], "count": 1},
            {"name": "our_bird", "users": ["U1"], "count": 1},
            {"name": "approve", "users": ["U1"], "count": 1},
            {"name": "lost_one", "users": ["U1"], "count": 1},
            {"name": "Not A Name", "users": ["U1"], "count": 1},
        ]}),
    );
    let list = json!({
        "our_parrot": "https://emoji.example.org/parrot.gif",
        "our_birdie": "alias:our_parrot",
        "our_bird": "alias:our_birdie",
        "approve": "alias:thumbsup",
        "orphan": "alias:lost_one",
        "lost_one": "https://emoji.example.org/lost.png",
        "broken": "https://emoji.example.org/broken.webp",
        "tada": "https://emoji.example.org/tada.png",
    });
    let files = [
        ("users.json", json!([slack_user("U1", "carol"), chief]).to_string().into_bytes()),
        (
            "channels.json",
            json!([slack_channel("C1", "news", &json!(["U1"]))]).to_string().into_bytes(),
        ),
        ("news/2025-07-15.json", json!([message]).to_string().into_bytes()),
        ("emoji.json", json!({"ok": true, "emoji": list}).to_string().into_bytes()),
        ("emojis/our_parrot.png", picture(6, 6)),
        ("emojis/broken.webp", BROKEN.to_vec()),
        ("emojis/tada.png", picture(3, 3)),
        ("emojis/unlisted.png", picture(4, 4)),
    ];
    pack(&zip, &files.map(|(name, bytes)| (name.to_owned(), bytes)));
    let report = import(server.data(), &zip, &["--skip-bad"]);
    counts(&report, &[("emoji", 4, 0), ("reactions", 4, 0), ("messages", 1, 0)]);
    for (reason, example) in [
        ("bytes_missing", "picture of the emoji :lost_one:"),
        ("file_unreadable", "picture of the emoji :broken:"),
        ("emoji_left_out", ":tada:"),
        ("dangling", "emoji :orphan:, an alias of :lost_one:"),
    ] {
        assert_eq!(report[reason]["examples"], json!([example]), "{report:#?}");
    }
    assert_eq!(report["reaction_unknown"]["examples"], json!(["lost_one", "Not A Name"]));
    let again = import(server.data(), &zip, &["--skip-bad"]);
    counts(&again, &[("emoji", 0, 4), ("media", 0, 2)]);
    let listed = items(server.data(), &["emoji", "list"]);
    assert_eq!(names(&listed), ["our_bird", "our_birdie", "our_parrot", "unlisted"]);
    assert_eq!(texts(&json!(listed), "added_by"), ["dora"; 4]);
    assert_eq!(listed[0]["file"], listed[2]["file"]);

    let carol = arrive(&mut server, "carol").await;
    let card = room(&carol, "news").await;
    let history = carol.history(card["roomId"].as_str().unwrap()).await;
    assert_eq!(history[0]["content"], "ok 👍 and :our_parrot: `:approve:`");
    assert_eq!(
        texts(&history[0]["reactions"], "reactionType"),
        [":our_parrot:", ":our_bird:", "👍", ":lost_one:"]
    );
    let file = listed[2]["file"].as_str().unwrap();
    carol.get(&format!("/api/media/{file}")).await.is_text(200);
}

#[tokio::test]
async fn emoji_of_mattermost_come_with_their_pictures() {
    let server = stopped().await;
    let zip = server.data().join("mattermost.zip");
    let chief = with(mattermost_user("dora", &[]), &json!({"roles": "system_admin system_user"}));
    let lines = mattermost_lines(&[
        ("emoji", json!({"name": "our_parrot", "image": "exported_emoji/abc/image"})),
        ("emoji", json!({"name": "lost", "image": "exported_emoji/def/image"})),
        ("user", mattermost_user("carol", &[])),
        ("user", chief),
    ]);
    let files = [
        ("import.jsonl".to_owned(), lines),
        ("data/exported_emoji/abc/image".to_owned(), picture(6, 6)),
    ];
    pack(&zip, &files);
    let report = import(server.data(), &zip, &[]);
    counts(&report, &[("emoji", 1, 0), ("media", 1, 0)]);
    assert_eq!(report["bytes_missing"]["examples"], json!(["picture of the emoji :lost:"]));
    let listed = items(server.data(), &["emoji", "list"]);
    assert_eq!((names(&listed), &listed[0]["added_by"]), (vec!["our_parrot"], &json!("dora")));
    // Another server has another picture of this name.
    let other = [
        ("import.jsonl".to_owned(), {
            let line =
                ("emoji", json!({"name": "Our_Parrot", "image": "exported_emoji/abc/image"}));
            mattermost_lines(&[line, ("user", mattermost_user("eve", &[]))])
        }),
        ("data/exported_emoji/abc/image".to_owned(), picture(5, 5)),
    ];
    pack(&zip, &other);
    let report = import(server.data(), &zip, &["--source", "another"]);
    let example = json!([":our_parrot: has another picture here"]);
    assert_eq!(report["emoji_left_out"]["examples"], example);
    assert_eq!(items(server.data(), &["emoji", "list"]), listed, "the first one stays");
}

#[tokio::test]
async fn our_own_export_keeps_emoji_and_reactions_with_them() {
    let mut server = Server::start_with(&[("ROOMS__CUSTOM_EMOJI", "everyone")]).await;
    let ann = Person::new(&server, "ann").await;
    let added = ann.post("/api/emoji?name=our_parrot", Body::Raw(picture(9, 9))).await.is(201);
    let key = ann.public_room("Study").await;
    let said = ann.say(&key, "hi :our_parrot:").await;
    let path =
        format!("/api/chatrooms/{key}/messages/{}/reactions", said["messageId"].as_str().unwrap());
    ann.post(&path, json!({"reactionType": ":our_parrot:"})).await.is(201);
    server.terminate().await;
    let dir = tempfile::tempdir().unwrap();
    let (file, new) = (dir.path().join("all.jsonl"), dir.path().join("new"));
    ends(0, server.data(), &["export", file.to_str().unwrap()]);
    counts(&import(&new, &file, &[]), &[("emoji", 1, 0), ("reactions", 1, 0)]);
    let text = std::fs::read_to_string(&file).unwrap();
    assert_eq!(body(&ends(0, &new, &["export"])), body(&text));
    let mut moved = stopped().await;
    import(moved.data(), &file, &[]);
    moved.restart().await;
    let ann = Person::known(&moved, "ann").await;
    let list = ann.get("/api/emoji").await.is(200);
    assert_eq!(list["emoji"][0]["mediaName"], added["mediaName"]);
    let path = format!("/api/media/{}", added["mediaName"].as_str().unwrap());
    assert_eq!(ann.get(&path).await.bytes, picture(9, 9));
    assert_eq!(ann.history(&key).await[0]["reactions"][0]["reactionType"], ":our_parrot:");
}
