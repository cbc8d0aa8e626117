//! From one server to several and back: ids, seqs and revs stay.

use serde_json::json;

use super::Common;
use crate::store::cassandra::is_wanted;
use crate::support::{Client, Ctl, Json, Person, Server};
use crate::transfer::native::{body, world};
use crate::transfer::{slack_export, slack_user, stopped};

/// Everything that a user sees of their rooms, without the epoch.
async fn story(person: &Person) -> Vec<Json> {
    let mut seen = vec![person.get("/api/users/me").await.is(200)];
    let list = person.get("/api/chatrooms").await.is(200);
    for card in list["chatrooms"].as_array().unwrap() {
        let room = card["roomId"].as_str().unwrap();
        let history = person.history(room).await;
        let pins = person.get(&format!("/api/chatrooms/{room}/pins")).await.is(200);
        let readers = match history.last() {
            Some(newest) => {
                let message = newest["messageId"].as_str().unwrap();
                let path = format!("/api/chatrooms/{room}/messages/{message}/readers");
                person.get(&path).await.is(200)
            }
            None => Json::Null,
        };
        seen.extend([card.clone(), person.see(room).await, history.into(), pins, readers]);
    }
    seen
}

/// The records of an export in an order of their own.
fn sorted(export: &str) -> Vec<&str> {
    let mut records = body(export);
    records.sort_unstable();
    records
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn data_moves_into_a_cluster_and_back() {
    if !is_wanted() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let path = |name: &str| dir.path().join(name).to_str().unwrap().to_owned();
    let (zip, there, back) = (path("slack.zip"), path("there.jsonl"), path("back.jsonl"));
    let users = json!([slack_user("U1", "lea"), slack_user("U2", "max")]);
    slack_export(zip.as_ref(), &users, &json!([]), &[], &[]);
    let mut old = stopped().await;
    Ctl::of(&old).run(&["import", &zip, "--yes"]).ends(0);
    old.restart().await;
    let (ann, room) = world(&old).await;
    let messages = format!("/api/chatrooms/{room}/messages");
    let edited = ann.say(&room, "a draft").await["messageId"].as_str().unwrap().to_owned();
    ann.patch(&format!("{messages}/{edited}"), json!({"newContent": "a text"})).await.is(200);
    let like = json!({"reactionType": "like"});
    ann.post(&format!("{messages}/{edited}/reactions"), like).await.is(201);
    ann.put(&format!("/api/chatrooms/{room}/pins/{edited}")).await.is(204);
    let before = story(&ann).await;
    old.terminate().await;
    Ctl::of(&old).run(&["export", &there]).ends(0);

    let common = Common::new();
    let data = tempfile::tempdir().unwrap();
    let ctl = common.ctl(Ctl::at(data.path()));
    let slack = ctl.run(&["import", &zip, "--yes"]);
    assert_ne!(slack.code, 0, "{slack:?}");
    assert!(slack.err.contains("into a server with SQLite"), "{}", slack.err);
    ctl.run(&["import", &there, "--yes"]).ends(0);
    assert!(common.media().read_dir().unwrap().next().is_some(), "uploads were written");
    ctl.run(&["import", &there, "--yes"]).ends(4);
    let exported = ctl.run(&["export"]);
    exported.ends(0);
    assert_eq!(sorted(&exported.out), sorted(&std::fs::read_to_string(&there).unwrap()));

    let (mut one, mut two) = (common.server(&[]).await, common.server(&[]).await);
    let moved = Person::known(&one, "ann").await;
    assert_eq!(story(&moved).await, before);
    assert_eq!(story(&moved.at(two.address())).await, before);
    // Whoever had no password gets one, which holds on every server.
    let file = path("passwords.csv");
    let give = ["user", "passwd", "--all-without", "--generate", "--to", &file];
    Ctl::of(&one).run(&give).ends(0);
    let text = std::fs::read_to_string(&file).unwrap();
    let rows: Vec<Vec<&str>> = text.lines().skip(1).map(|row| row.split(',').collect()).collect();
    assert_eq!(rows.iter().map(|row| row[0]).collect::<Vec<_>>(), ["lea", "max"]);
    let log_in = json!({"userId": "max", "password": rows[1][1]});
    Client::new(&two).post("/api/login", log_in).await.is(200);
    assert_eq!(Ctl::of(&two).one(&give)["accounts"], 0);
    // What is new follows what was there.
    let newest = moved.say(&room, "in the cluster").await;
    let last = before.iter().find(|seen| seen["roomId"] == room.as_str()).unwrap();
    assert_eq!(newest["rev"].as_i64(), last["rev"].as_i64().map(|rev| rev + 1), "{last}");
    let after = story(&moved).await;
    one.terminate().await;
    two.terminate().await;

    ctl.run(&["export", &back]).ends(0);
    let home = tempfile::Builder::new().prefix("chatctl-").tempdir().unwrap();
    Ctl::at(home.path()).run(&["import", &back, "--yes"]).ends(0);
    let server = Server::start_in(home, &[]).await;
    assert_eq!(story(&Person::known(&server, "ann").await).await, after);
}
