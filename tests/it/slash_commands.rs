//! Slash commands through the real binary, to a real HTTP program.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking, and helpers are tests too")]

mod failing;
mod later;

use std::collections::HashMap;

use serde_json::json;

use crate::outgoing::receiver::{Receiver, Request, says};
use crate::support::{Answer, Ctl, Json, Person, RoomPlan, Server, has_exactly, people};

/// Permits the addresses of these tests.
const OPEN: [(&str, &str); 1] = [("EGRESS__ALLOWED_NETWORKS", "127.0.0.0/8,::1")];

/// A server with the administrator `ann`, `bob`, their rooms `hall` and `attic`, and a program.
struct House {
    server: Server,
    ctl: Ctl,
    ann: Person,
    bob: Person,
    hall: String,
    attic: String,
    program: Receiver,
}

impl House {
    async fn new(settings: &[(&str, &str)]) -> Self {
        let server = Server::start_with(settings).await;
        let ctl = settings.iter().fold(Ctl::of(&server), |ctl, (key, value)| ctl.set(key, value));
        let [ann, bob] = people(&server, ["ann", "bob"]).await;
        let public = |name| RoomPlan { name: Some(name), public: true };
        let hall = ann.room_like(&[&bob], public("hall")).await;
        let attic = ann.room_like(&[&bob], public("attic")).await;
        let program = Receiver::start().await;
        Self { server, ctl, ann, bob, hall, attic, program }
    }

    /// Creates a command that is sent to the program; returns its secret.
    fn command(&self, name: &str, more: &[&str]) -> String {
        let url = self.program.url();
        let first = ["slash-command", "create", name, &url];
        let made = self.ctl.one(&[&first[..], more].concat());
        made["secret"].as_str().unwrap().to_owned()
    }
}

/// Sends a command in a room.
pub(crate) async fn send(person: &Person, room: &str, command: &str, text: &str) -> Answer {
    let body = json!({"command": command, "text": text});
    person.post(&format!("/api/chatrooms/{room}/commands"), body).await
}

/// The fields of a request.
pub(crate) fn fields(request: &Request) -> HashMap<String, String> {
    form_urlencoded::parse(request.text.as_bytes()).into_owned().collect()
}

/// The names of the commands that somebody may send in a room.
async fn known(person: &Person, room: &str) -> Vec<String> {
    let list = person.get(&format!("/api/chatrooms/{room}/commands")).await.is(200);
    let commands = list["commands"].as_array().unwrap();
    commands.iter().map(|command| command["name"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_command_is_sent_as_slack_sends_it_and_answered_to_its_sender() {
    let mut house = House::new(&OPEN).await;
    let secret =
        house.command("/deploy", &["--description", "Deploy a service", "--hint", "[service]"]);
    let listed = house.ctl.all(&["slash-command", "list"]);
    assert_eq!((&listed[0]["name"], &listed[0]["bot"]), (&json!("deploy"), &json!("hook-deploy")));
    assert!(listed[0].get("secret").is_none(), "{listed:?}");
    house.program.answers(&says(&json!({"text": "*Done*: <http://a.example|log>"})));
    let mut listening = house.bob.enter(&house.hall).await;
    let outcome = send(&house.ann, &house.hall, "deploy", " api & <web>  ").await.is(200);
    has_exactly(&outcome, &["command", "result", "content"]);
    assert_eq!(
        (&outcome["command"], &outcome["result"], &outcome["content"]),
        (&json!("deploy"), &json!("ephemeral"), &json!("**Done**: [log](http://a.example)"))
    );
    let request = house.program.next().await;
    request.check_signature(&secret);
    assert_eq!(request.kind, "application/x-www-form-urlencoded");
    let mut sent = fields(&request);
    let url = sent.remove("response_url").unwrap();
    assert!(url.starts_with(&format!("{}/hooks/commands/", house.server.url())), "{url}");
    let id = house.ctl.one(&["user", "show", "ann"])["id"].to_string();
    for (name, value) in [
        ("command", "/deploy"),
        ("text", "api & <web>"),
        ("user_name", "ann"),
        ("user_id", &id),
        ("channel_name", "hall"),
        ("channel_id", &house.hall),
    ] {
        assert_eq!(sent.remove(name).as_deref(), Some(value), "{name}");
    }
    assert!(!sent.remove("team_domain").unwrap().is_empty());
    assert!(sent.is_empty(), "{sent:?}");
    // Nothing of it was posted, and nobody else has heard of it.
    house.bob.say(&house.hall, "next").await;
    listening.hears("next").await;
    assert_eq!(house.ann.contents(&house.hall).await, ["next"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_for_everybody_is_posted_by_the_bot_of_the_command() {
    let mut house = House::new(&OPEN).await;
    house.command("deploy", &[]);
    let said = json!({
        "response_type": "in_channel", "text": "Deployed @bob",
        "attachments": [{"title": "Build 7", "title_link": "http://a.example"}],
    });
    house.program.answers(&says(&said));
    let mut listening = house.bob.enter(&house.hall).await;
    let outcome = send(&house.ann, &house.hall, "/Deploy", "").await.is(200);
    has_exactly(&outcome, &["command", "result", "message"]);
    assert_eq!(outcome["result"], "in_channel");
    assert_eq!(outcome["message"]["userId"], "hook-deploy");
    let text = "Deployed @bob\n**[Build 7](http://a.example)**";
    let message = listening.hears(text).await;
    assert_eq!(message["sender_id"], "hook-deploy", "{message}");
    assert_eq!(house.bob.card(&house.hall).await["mentionCount"], 1);
    // The bot is no participant, neither there nor in a conversation of two.
    let direct = house.ann.room(&[&house.bob]).await;
    send(&house.ann, &direct, "deploy", "").await.is(200);
    assert_eq!(house.ann.contents(&direct).await, [text]);
    assert_eq!(house.ann.see(&direct).await["participants"].as_array().unwrap().len(), 2);
    for room in [house.program.next().await, house.program.next().await].map(|sent| fields(&sent)) {
        let direct = room["channel_id"] == direct;
        let name = if direct { "directmessage" } else { "hall" };
        assert_eq!(room["channel_name"], name);
    }
    // In answer to a message.
    let first = house.bob.say(&house.hall, "What is new?").await;
    let body = json!({"command": "deploy", "replyTo": first["messageId"]});
    let path = format!("/api/chatrooms/{}/commands", house.hall);
    let replied = house.ann.post(&path, body).await.is(200);
    assert_eq!(replied["message"]["replyTo"], first["messageId"]);
    let body = json!({"command": "deploy", "replyTo": "msg999"});
    house.ann.post(&path, body).await.fails(404, "message_not_found");

    house.ctl.run(&["slash-command", "delete", "deploy", "--yes"]).ends(0);
    send(&house.ann, &house.hall, "deploy", "").await.fails(404, "command_not_found");
    assert_eq!(house.ctl.one(&["user", "show", "hook-deploy"])["disabled"], true);
    assert_eq!(house.ann.contents(&house.hall).await.len(), 3, "its messages stay");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_command_works_in_its_rooms_for_those_who_may_write_there() {
    let mut house = House::new(&OPEN).await;
    house.command("everywhere", &[]);
    house.command("here", &["--room", "hall"]);
    assert_eq!(known(&house.ann, &house.hall).await, ["everywhere", "here"]);
    assert_eq!(known(&house.ann, &house.attic).await, ["everywhere"]);
    send(&house.ann, &house.attic, "here", "").await.fails(404, "command_not_found");
    for unknown in ["nothing", "", "a b", "//everywhere"] {
        send(&house.ann, &house.hall, unknown, "").await.fails(404, "command_not_found");
    }
    let outcome = send(&house.ann, &house.hall, "here", "").await.is(200);
    assert_eq!(outcome, json!({"command": "here", "result": "none"}));
    house.program.next().await;
    let long = "x".repeat(4001);
    send(&house.ann, &house.hall, "here", &long).await.blames("text");
    // Who is not in the room, and who may only read it.
    let cyd = Person::new(&house.server, "cyd").await;
    send(&cyd, &house.hall, "here", "").await.fails(403, "forbidden");
    cyd.get(&format!("/api/chatrooms/{}/commands", house.hall)).await.fails(403, "forbidden");
    house.ctl.run(&["room", "read-only", "hall"]).ends(0);
    send(&house.bob, &house.hall, "here", "").await.fails(403, "forbidden");
    assert_eq!(known(&house.bob, &house.hall).await, [""; 0]);
    send(&house.ann, &house.hall, "here", "").await.is(200);
    house.program.next().await;
    house.ctl.run(&["room", "archive", "hall"]).ends(0);
    send(&house.ann, &house.hall, "here", "").await.fails(403, "forbidden");
    // A token that may only read.
    let reader = house.bob.with_token(&house.ctl, "reader", "read");
    send(&reader, &house.attic, "everywhere", "").await.fails(403, "forbidden");
    // A message that begins with a slash is one.
    house.bob.say(&house.attic, "/everywhere now").await;
    assert_eq!(house.bob.contents(&house.attic).await, ["/everywhere now"]);
    assert!(house.program.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn commands_are_created_with_names_of_their_own_and_deleted() {
    let house = House::new(&OPEN).await;
    house.command("deploy", &["--room", "hall"]);
    let ctl = &house.ctl;
    let url = house.program.url();
    ctl.run(&["slash-command", "create", "/deploy", &url]).ends(4);
    let there = ctl.one(&["slash-command", "create", "/deploy", &url, "--if-not-exists"]);
    assert!(there.get("secret").is_none() && there["rooms"] == json!([house.hall]), "{there}");
    for (name, url, why) in [
        ("Deploy", &*url, "name"),
        ("a b", &url, "name"),
        ("", &url, "name"),
        ("other", "ftp://a.example", "url"),
        ("other", "http://10.0.0.1/", "url"),
        ("other", "https://u:p@a.example/", "url"),
    ] {
        ctl.run(&["slash-command", "create", name, url]).fails(2, why);
    }
    ctl.run(&["slash-command", "create", "x", &url, "--room", "nowhere"]).ends(3);
    ctl.run(&["slash-command", "create", "x", &url, "--hint", "a\nb"]).fails(2, "hint");
    // What was refused has left no bot.
    let bots = ctl.all(&["bot", "list"]);
    assert_eq!(bots.len(), 1, "{bots:?}");
    ctl.run(&["slash-command", "delete", "nothing", "--yes"]).ends(3);
    ctl.run(&["slash-command", "delete", "nothing", "--yes", "--if-exists"]).ends(0);
    ctl.run(&["slash-command", "delete", "/deploy", "--yes"]).ends(0);
    assert!(ctl.all(&["slash-command", "list"]).is_empty());
    let log = ctl.all(&["audit", "list", "--action", "slash_command"]);
    let told = |entry: &Json| {
        let text = entry.to_string();
        assert!(!text.contains("SECRET") && !text.contains("whsec_"), "{text}");
        entry["action"].as_str().unwrap().to_owned()
    };
    let actions: Vec<_> = log.iter().map(told).collect();
    assert!(actions.starts_with(&["slash_command.delete".to_owned()]), "{actions:?}");
    assert!(actions.contains(&"slash_command.create".to_owned()), "{actions:?}");
}
