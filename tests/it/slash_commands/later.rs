//! Programs that answer later, at the address that they were given.

use serde_json::json;

use super::{House, OPEN, fields, send};
use crate::outgoing::receiver::says;
use crate::support::{Answer, Client, has_exactly};

/// Sends a command and returns the path at which the program may answer later.
async fn path(house: &mut House) -> String {
    send(&house.ann, &house.hall, "deploy", "").await.is(200);
    let sent = fields(&house.program.next().await);
    sent["response_url"].strip_prefix(&house.server.url()).unwrap().to_owned()
}

async fn say(house: &House, path: &str, text: &str) -> Answer {
    Client::new(&house.server).post(path, json!({"text": text})).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_late_answer_reaches_the_sender_or_everybody_five_times() {
    let mut house = House::new(&OPEN).await;
    house.command("deploy", &[]);
    let (mut sender, mut other) = (house.ann.open().await, house.bob.enter(&house.hall).await);
    let path = path(&mut house).await;
    say(&house, &path, "").await.is_text(400);
    for number in 1..=3 {
        let answer = say(&house, &path, &format!("*Step* {number}")).await;
        assert_eq!((answer.status, &*answer.text), (200, "ok"));
        let told = sender.until("command_response").await;
        has_exactly(&told, &["type", "room_id", "command", "content", "timestamp"]);
        assert_eq!(
            (&told["room_id"], &told["command"], &told["content"]),
            (&json!(house.hall), &json!("deploy"), &json!(format!("**Step** {number}")))
        );
    }
    let program = Client::new(&house.server);
    let said = json!({"response_type": "in_channel", "text": "Done"});
    program.post(&path, said).await.is_text(200);
    let message = other.hears("Done").await;
    assert_eq!(message["sender_id"], "hook-deploy", "{message}");
    // One that is not accepted does not count.
    house.ctl.run(&["room", "archive", "hall"]).ends(0);
    let said = json!({"response_type": "in_channel", "text": "late"});
    program.post(&path, said).await.is_text(410);
    house.ctl.run(&["room", "unarchive", "hall"]).ends(0);
    say(&house, &path, "fifth").await.is_text(200);
    let sixth = say(&house, &path, "sixth").await;
    assert_eq!((sixth.status, &*sixth.text), (404, "no_service"));
    assert_eq!(house.ann.contents(&house.hall).await, ["Done"]);
    let broken = format!("{path}x");
    for wrong in ["/hooks/commands/x", &broken] {
        say(&house, wrong, "x").await.is_text(404);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_late_answer_is_accepted_after_a_crash_and_not_for_those_who_are_gone() {
    let mut house = House::new(&OPEN).await;
    house.command("deploy", &[]);
    let path = path(&mut house).await;
    house.server.kill9();
    house.server.restart().await;
    house.ann = house.ann.at(house.server.address());
    let mut sender = house.ann.open().await;
    say(&house, &path, "Back").await.is_text(200);
    assert_eq!(sender.until("command_response").await["content"], "Back");
    // Nobody takes a message from a sender who was removed.
    house.ctl.run(&["room", "role", "hall", "bob", "admin"]).ends(0);
    house.ctl.run(&["room", "remove", "hall", "ann"]).ends(0);
    let said = json!({"response_type": "in_channel", "text": "late"});
    let program = Client::new(&house.server);
    program.post(&path, said).await.is_text(403);
    say(&house, &path, "late").await.is_text(403);
    house.ctl.run(&["room", "add", "hall", "ann"]).ends(0);
    say(&house, &path, "Here").await.is_text(200);
    house.ctl.run(&["user", "disable", "ann"]).ends(0);
    say(&house, &path, "late").await.is_text(404);
    house.ctl.run(&["user", "enable", "ann"]).ends(0);
    house.ctl.run(&["slash-command", "delete", "deploy", "--yes"]).ends(0);
    say(&house, &path, "late").await.is_text(404);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn answers_are_counted_over_a_crash() {
    let mut house = House::new(&OPEN).await;
    house.command("deploy", &[]);
    let path = path(&mut house).await;
    for number in 1..=5 {
        if number == 4 {
            house.server.kill9();
            house.server.restart().await;
        }
        say(&house, &path, &format!("Step {number}")).await.is_text(200);
    }
    say(&house, &path, "sixth").await.is_text(404);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_to_a_deleted_message_is_posted_in_its_thread_or_alone() {
    let mut house = House::new(&OPEN).await;
    house.command("deploy", &[]);
    let messages = format!("/api/chatrooms/{}/messages", house.hall);
    let key = |said: crate::support::Json| said["messageId"].as_str().unwrap().to_owned();
    let reply = async |house: &House, text: &str, to: &str| {
        let body = json!({"content": text, "replyTo": to});
        key(house.ann.post(&messages, body).await.is(201))
    };
    let alone = key(house.ann.say(&house.hall, "alone").await);
    let root = key(house.ann.say(&house.hall, "root").await);
    let inner = reply(&house, "inner", &root).await;
    let begun = key(house.ann.say(&house.hall, "begun").await);
    let kept = reply(&house, "kept", &begun).await;
    for (deleted, wanted) in [(&alone, None), (&inner, Some(&root)), (&begun, Some(&kept))] {
        let body = json!({"command": "deploy", "text": "", "replyTo": deleted});
        let sent = house.ann.post(&format!("/api/chatrooms/{}/commands", house.hall), body).await;
        sent.is(200);
        let sent = fields(&house.program.next().await);
        let path = sent["response_url"].strip_prefix(&house.server.url()).unwrap().to_owned();
        house.ann.delete(&format!("{messages}/{deleted}")).await.is_text(204);
        let said = json!({"response_type": "in_channel", "text": format!("to {deleted}")});
        Client::new(&house.server).post(&path, said).await.is_text(200);
        let list = house.ann.get(&messages).await.is(200);
        let found = list["messages"].as_array().unwrap().iter();
        let mut found = found.filter(|it| it["content"] == format!("to {deleted}"));
        let answer = found.next().unwrap();
        assert_eq!(answer["replyTo"].as_str(), wanted.map(String::as_str), "{answer}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bot_that_is_disabled_posts_no_answers() {
    let mut house = House::new(&OPEN).await;
    house.command("deploy", &[]);
    let path = path(&mut house).await;
    house.ctl.run(&["user", "disable", "hook-deploy"]).ends(0);
    let said = json!({"response_type": "in_channel", "text": "late"});
    let program = Client::new(&house.server);
    program.post(&path, said.clone()).await.is_text(404);
    // Nor one that only the sender would see.
    program.post(&path, json!({"text": "late"})).await.is_text(404);
    house.program.answers(&says(&said));
    let outcome = send(&house.ann, &house.hall, "deploy", "").await.is(200);
    assert_eq!(outcome["result"], "failed", "{outcome}");
    house.program.next().await;
    house.ctl.run(&["user", "enable", "hook-deploy"]).ends(0);
    program.post(&path, said).await.is_text(200);
    assert_eq!(house.ann.contents(&house.hall).await, ["late"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn help_with_invisible_characters_is_refused() {
    let house = House::new(&OPEN).await;
    let url = house.program.url();
    let create = ["slash-command", "create"];
    for more in [
        &["deploy", &url, "--description", "a\u{200b}b"][..],
        &["deploy", &url, "--hint", "a\u{202e}b"],
        &["deploy\u{3164}", &url],
    ] {
        let refused = house.ctl.run(&[&create[..], more].concat());
        refused.ends(2);
    }
    house.ctl.create("ada", &["--admin"]);
    let root = crate::support::Person::known(&house.server, "ada").await;
    let wrong = json!({"slash_command.create": {
        "name": "deploy", "url": url, "description": "a\u{2066}b",
    }});
    root.post("/api/admin", wrong).await.is_text(400);
}
