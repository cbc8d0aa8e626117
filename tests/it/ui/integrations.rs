//! Bots, API tokens and webhooks in the page for administrators.

use serde_json::json;

use crate::outgoing::receiver::{Receiver, answer};
use crate::support::{Browser, Client, Ctl, Driver, Person, Server, texts};

async fn choose(page: &Browser, row: &str, item: &str) {
    page.click(&format!("{row} .more")).await;
    page.click(&format!("row-menu .{item}")).await;
}

/// Waits for the secret that a dialog shows, and closes the dialog.
async fn secret(page: &Browser) -> String {
    let script = "return document.querySelector('room-dialog #new-secret')?.value";
    let found = page.wait("the secret", script).await.as_str().unwrap().to_owned();
    page.has("room-dialog .copy").await;
    page.click("room-dialog .foot .button").await;
    page.lacks("dialog[open]").await;
    found
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn programs_get_their_secrets_once_and_lose_them_at_once() {
    let server = Server::start().await;
    let ctl = Ctl::of(&server);
    ctl.create("ada", &["--admin"]);
    let ada = Person::known(&server, "ada").await;
    let room = ada.public_room("Builds").await;
    let driver = Driver::start();
    let page = Browser::at_home(&driver, "programs", server.address(), "1440,900", &ada).await;
    // Those of the time before the log-in.
    page.errors().await;
    page.go("#/server/integrations").await;
    page.reads("server-webhooks", "No webhooks yet.").await;

    page.click(".add-webhook").await;
    page.fill("room-dialog #hook-name", "CI").await;
    page.click("room-dialog .foot .primary").await;
    let url = secret(&page).await;
    assert!(url.starts_with(&format!("http://{}/hooks/cct_", server.address())), "{url}");
    page.has("tr[data-webhook=CI]").await;
    let path = url.split_once(server.address()).unwrap().1;
    let program = Client::new(&server);
    program.post(path, json!({"text": "passed"})).await.is_text(200);
    let read = ada.get(&format!("/api/chatrooms/{room}/messages")).await.is(200);
    assert_eq!(texts(&read["messages"], "content"), ["passed"]);
    // A second one of this name.
    page.click(".add-webhook").await;
    page.fill("room-dialog #hook-name", "CI").await;
    page.click("room-dialog .foot .primary").await;
    page.has("room-dialog #hook-name[aria-invalid]").await;
    let refused = page.errors().await;
    assert!(refused.iter().all(|error| error.contains("409")), "{refused:?}");
    page.click("room-dialog .foot .button").await;
    page.lacks("dialog[open]").await;

    page.click(".add-bot").await;
    page.fill("room-dialog #bot-user", "deploy").await;
    page.fill("room-dialog #bot-name", "Deployments").await;
    page.click("room-dialog .foot .primary").await;
    page.reads("tr[data-bot=deploy] th", "Deployments").await;
    choose(&page, "tr[data-bot=deploy]", "add-token").await;
    page.fill("room-dialog #token-name", "main").await;
    page.picture("token").await;
    page.click("room-dialog .foot .primary").await;
    let token = secret(&page).await;
    page.has("tr[data-token=main][data-owner=deploy]").await;
    page.picture("all").await;
    let bearer = program.bearer(&token);
    assert_eq!(bearer.get("/api/users/me").await.is(200)["userId"], "deploy");
    bearer.post("/api/chatrooms", json!({"targetUserIds": []})).await.is(403);

    choose(&page, "tr[data-webhook=CI]", "delete-webhook").await;
    page.click("room-dialog .foot .primary").await;
    page.lacks("tr[data-webhook=CI]").await;
    program.post(path, json!({"text": "late"})).await.is_text(404);
    choose(&page, "tr[data-bot=deploy]", "delete-bot").await;
    page.reads("room-dialog .facts", "API tokens revoked1").await;
    page.click("room-dialog .foot .primary").await;
    page.lacks("tr[data-bot=deploy]").await;
    page.lacks("tr[data-token=main]").await;
    bearer.get("/api/users/me").await.is(401);
    assert_eq!(page.errors().await, [""; 0]);
    page.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_outgoing_webhook_is_created_tried_and_stopped() {
    let server = Server::start_with(&[("EGRESS__ALLOWED_NETWORKS", "127.0.0.1")]).await;
    let ctl = Ctl::of(&server);
    ctl.create("ada", &["--admin"]);
    let ada = Person::known(&server, "ada").await;
    let room = ada.public_room("Builds").await;
    let other = ada.public_room("Releases").await;
    let mut receiver = Receiver::start().await;
    let driver = Driver::start();
    let page = Browser::at_home(&driver, "outgoing", server.address(), "1440,900", &ada).await;
    // Those of the time before the log-in.
    page.errors().await;
    page.go("#/server/integrations").await;
    page.reads("server-outgoing", "No outgoing webhooks yet.").await;

    page.click(".add-outgoing").await;
    page.fill("room-dialog #outgoing-name", "CI").await;
    page.fill("room-dialog #outgoing-url", "ci.example.org").await;
    page.click("room-dialog .foot .primary").await;
    page.has("room-dialog #outgoing-url[aria-invalid]").await;
    // An address that the server refuses.
    page.clear("room-dialog #outgoing-url").await;
    page.fill("room-dialog #outgoing-url", "http://10.0.0.1/").await;
    page.click("room-dialog .foot .primary").await;
    page.reads("room-dialog .content", "Choose at least one room.").await;
    for room in [&room, &other] {
        page.click(&format!("room-dialog input[value={room}]")).await;
    }
    page.click("room-dialog .foot .primary").await;
    page.reads("room-dialog .content", "The server does not send to this address.").await;
    let refused = page.errors().await;
    assert!(refused.iter().all(|error| error.contains("400")), "{refused:?}");
    page.clear("room-dialog #outgoing-url").await;
    page.fill("room-dialog #outgoing-url", &receiver.url()).await;
    page.picture("new").await;
    page.click("room-dialog .foot .primary").await;
    let secret = secret(&page).await;
    page.has("tr[data-outgoing=CI][data-state=active]").await;
    page.reads("tr[data-outgoing=CI]", "Builds, Releases").await;
    ada.say(&room, "passed").await;
    let request = receiver.next().await;
    request.check(&secret);
    assert_eq!(request.body()["data"]["message"]["text"], "passed");

    choose(&page, "tr[data-outgoing=CI]", "test-outgoing").await;
    page.reads("server-outgoing .said", "accepted the test: status 200").await;
    receiver.next().await.check(&secret);
    choose(&page, "tr[data-outgoing=CI]", "disable-outgoing").await;
    page.has("tr[data-outgoing=CI][data-state=disabled]").await;
    page.reads("tr[data-outgoing=CI] .state", "by ada").await;
    page.picture("disabled").await;
    ada.say(&room, "missed").await;
    choose(&page, "tr[data-outgoing=CI]", "skip-outgoing").await;
    page.has("tr[data-outgoing=CI][data-state=active]").await;
    ada.say(&room, "heard").await;
    assert_eq!(receiver.next().await.body()["data"]["message"]["text"], "heard");
    receiver.answers(&answer(404, ""));
    choose(&page, "tr[data-outgoing=CI]", "test-outgoing").await;
    page.reads("server-outgoing .said", "did not accept the test: the receiver answered 404").await;

    // One for all public rooms, which sends who joins.
    page.click(".add-outgoing").await;
    page.fill("room-dialog #outgoing-name", "Archive").await;
    page.fill("room-dialog #outgoing-url", &receiver.url()).await;
    page.has(&format!("room-dialog fieldset:not([hidden]) input[value={room}]")).await;
    page.click("room-dialog #outgoing-all").await;
    page.lacks(&format!("room-dialog fieldset:not([hidden]) input[value={room}]")).await;
    for event in ["posted", "edited", "deleted", "joined"] {
        page.click(&format!("room-dialog #outgoing-events input[value={event}]")).await;
    }
    page.picture("all").await;
    page.click("room-dialog .foot .primary").await;
    self::secret(&page).await;
    page.reads("tr[data-outgoing=Archive]", "All public rooms").await;
    let shown = ctl.one(&["outgoing-webhook", "show", "Archive"]);
    assert_eq!((&shown["events"], &shown["all_public_rooms"]), (&json!(["joined"]), &json!(true)));
    ctl.run(&["outgoing-webhook", "delete", "Archive", "--yes"]).ends(0);

    choose(&page, "tr[data-outgoing=CI]", "delete-outgoing").await;
    page.click("room-dialog .foot .primary").await;
    page.lacks("tr[data-outgoing=CI]").await;
    assert!(ctl.all(&["outgoing-webhook", "list"]).is_empty());
    assert_eq!(page.errors().await, [""; 0]);
    page.close().await;
}
