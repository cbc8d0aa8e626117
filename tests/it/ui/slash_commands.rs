//! Slash commands in the composer, and in the page for administrators.

use fantoccini::key::Key;
use serde_json::json;

use crate::outgoing::receiver::{Receiver, answer, says};
use crate::slash_commands::fields;
use crate::support::{Browser, Client, Ctl, Driver, Person, Server};

/// Writes into the composer of the conversation.
const COMPOSER: &str = "main message-composer textarea";

async fn value(page: &Browser) -> String {
    let script = "return document.querySelector('message-composer textarea').value";
    page.wait("the field", script).await.as_str().unwrap_or_default().to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_command_is_completed_sent_and_answered_to_its_sender() {
    let server = Server::start_with(&[("EGRESS__ALLOWED_NETWORKS", "127.0.0.1")]).await;
    let ctl = Ctl::of(&server);
    let ada = Person::new(&server, "ada").await;
    let room = ada.public_room("Builds").await;
    let mut program = Receiver::start().await;
    let url = program.url();
    for (name, description) in [("deploy", "Deploy a service"), ("status", "What runs where")] {
        let more = ["--description", description, "--hint", "[service]"];
        ctl.one(&[&["slash-command", "create", name, &url][..], &more].concat());
    }
    let driver = Driver::start();
    let page = Browser::at_home(&driver, "slash", server.address(), "1440,900", &ada).await;
    // Those of the time before the log-in.
    page.errors().await;
    page.go(&format!("#/{room}")).await;
    page.has("message-composer textarea").await;
    page.fill(COMPOSER, "/").await;
    page.reads("text-completion li:nth-child(2)", "What runs where").await;
    page.picture("completion").await;
    page.fill(COMPOSER, "dep").await;
    page.reads("text-completion li", "/deploy [service]").await;
    page.lacks("text-completion li:nth-child(2)").await;
    page.key(Key::Enter).await;
    assert_eq!(value(&page).await, "/deploy ");
    program.answers(&says(&json!({"text": "*Deploying* api"})));
    page.fill(COMPOSER, "api").await;
    page.key(Key::Enter).await;
    page.reads("command-answers .card[data-command=deploy] .text strong", "Deploying").await;
    page.reads("command-answers", "Only visible to you").await;
    let sent = fields(&program.next().await);
    assert_eq!((&*sent["command"], &*sent["text"]), ("/deploy", "api"));
    assert_eq!(value(&page).await, "");
    // Later, to the sender, and to everybody.
    let path = sent["response_url"].split_once(server.address()).unwrap().1.to_owned();
    Client::new(&server).post(&path, json!({"text": "Almost done"})).await.is_text(200);
    page.reads("command-answers .card:nth-last-child(1 of .card) .text", "Almost done").await;
    page.picture("answers").await;
    let everybody = json!({"text": "All done", "response_type": "in_channel"});
    Client::new(&server).post(&path, everybody).await.is_text(200);
    page.reads("message-list message-item", "All done").await;
    assert_eq!(ada.contents(&room).await, ["All done"]);
    // The program fails: the text comes back.
    program.answers(&answer(500, ""));
    page.fill(COMPOSER, "/deploy web").await;
    page.key(Key::Enter).await;
    page.reads("command-answers .error", "The program answered with error 500.").await;
    page.wait(
        "the text",
        "return document.querySelector('message-composer textarea').value !== ''",
    )
    .await;
    assert_eq!(value(&page).await, "/deploy web");
    page.clear(COMPOSER).await;
    page.click("command-answers .card:nth-last-child(1 of .card) .icon-button").await;
    page.lacks("command-answers .error").await;
    // Escape closes the last one, a button all of them.
    page.has("command-answers .card:nth-child(2)").await;
    page.key(Key::Escape).await;
    page.lacks("command-answers .card:nth-child(2)").await;
    page.lacks("command-answers .close-all").await;
    program.answers(&says(&json!({"text": "Again"})));
    page.fill(COMPOSER, "/deploy api").await;
    page.key(Key::Enter).await;
    page.reads("command-answers .card", "Again").await;
    page.click("command-answers .close-all").await;
    page.hides("command-answers").await;
    page.focuses("message-composer textarea").await;
    assert_eq!(page.errors().await, [""; 0]);
    page.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_text_that_is_no_command_is_sent_after_a_question() {
    let server = Server::start().await;
    let ada = Person::new(&server, "ada").await;
    let room = ada.public_room("Builds").await;
    let driver = Driver::start();
    let page = Browser::at_home(&driver, "no-command", server.address(), "390,844", &ada).await;
    page.errors().await;
    page.go(&format!("#/{room}")).await;
    page.has("message-composer textarea").await;
    page.fill(COMPOSER, "/etc/hosts is wrong").await;
    page.key(Key::Enter).await;
    page.reads("command-answers", "There is no command /etc/hosts in this room.").await;
    assert_eq!(value(&page).await, "/etc/hosts is wrong");
    page.picture("offer").await;
    page.click("command-answers .post").await;
    page.reads("message-list message-item", "/etc/hosts is wrong").await;
    page.lacks("command-answers .card").await;
    assert_eq!(value(&page).await, "");
    // Whoever writes on is no longer asked.
    page.fill(COMPOSER, "/nosuch").await;
    page.key(Key::Enter).await;
    page.reads("command-answers", "There is no command /nosuch in this room.").await;
    page.fill(COMPOSER, "!").await;
    page.hides("command-answers").await;
    page.clear(COMPOSER).await;
    // A space before the slash says that it is meant as a message.
    page.fill(COMPOSER, " /me too").await;
    page.key(Key::Enter).await;
    page.reads("message-list", "/me too").await;
    assert_eq!(ada.contents(&room).await, ["/etc/hosts is wrong", "/me too"]);
    assert_eq!(page.errors().await, [""; 0]);
    page.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_administrator_creates_and_deletes_commands() {
    let server = Server::start_with(&[("EGRESS__ALLOWED_NETWORKS", "127.0.0.1")]).await;
    let ctl = Ctl::of(&server);
    ctl.create("ada", &["--admin"]);
    let ada = Person::known(&server, "ada").await;
    let room = ada.public_room("Builds").await;
    let mut program = Receiver::start().await;
    let driver = Driver::start();
    let page = Browser::at_home(&driver, "commands", server.address(), "1440,900", &ada).await;
    page.errors().await;
    page.go("#/server/integrations").await;
    page.reads("server-commands", "No slash commands yet.").await;
    page.click(".add-command").await;
    page.fill("room-dialog #command-name", "De ploy").await;
    page.fill("room-dialog #command-url", "ops.example.org").await;
    page.click("room-dialog .foot .primary").await;
    page.has("room-dialog #command-name[aria-invalid]").await;
    page.has("room-dialog #command-url[aria-invalid]").await;
    page.clear("room-dialog #command-name").await;
    page.fill("room-dialog #command-name", "/deploy").await;
    page.clear("room-dialog #command-url").await;
    page.fill("room-dialog #command-url", &program.url()).await;
    page.fill("room-dialog #command-description", "Deploy a service").await;
    page.fill("room-dialog #command-hint", "[service]").await;
    page.click(&format!("room-dialog input[value={room}]")).await;
    page.picture("new").await;
    page.click("room-dialog .foot .primary").await;
    let script = "return document.querySelector('room-dialog #new-secret')?.value";
    let secret = page.wait("the secret", script).await.as_str().unwrap().to_owned();
    page.click("room-dialog .foot .button").await;
    page.lacks("dialog[open]").await;
    page.reads("tr[data-command=deploy]", "Builds").await;
    page.picture("list").await;
    crate::slash_commands::send(&ada, &room, "deploy", "").await.is(200);
    program.next().await.check_signature(&secret);
    page.click("tr[data-command=deploy] .more").await;
    page.click("row-menu .delete-command").await;
    page.click("room-dialog .foot .primary").await;
    page.lacks("tr[data-command=deploy]").await;
    assert!(ctl.all(&["slash-command", "list"]).is_empty());
    assert_eq!(page.errors().await, [""; 0]);
    page.close().await;
}
