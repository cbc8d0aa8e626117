//! The settings of a room: topic and description, who may write, who can see it, archiving; its
//! files, and who is online.

use fantoccini::key::Key;
use serde_json::json;

use super::WRITES;
use crate::support::{Browser, Driver, Person, Proxy, RoomPlan, Server, people};

/// Stands in place of the composer.
const NOTICE: &str = ".cannot-write";

impl Browser {
    /// Chooses from the menu of the room, whose details are shown.
    async fn chooses(&self, item: &str) {
        self.click("room-details .room-menu").await;
        self.click(&format!("row-menu .{item}")).await;
    }
}

/// A public room whose admin is Ann, with Bob as a member.
async fn scene() -> (Server, [Person; 2], String) {
    let server = Server::start().await;
    let [ann, bob] = people(&server, ["ann", "bob"]).await;
    let room = ann.room_like(&[&bob], RoomPlan { name: Some("Harbour"), public: true }).await;
    ann.say(&room, "welcome").await;
    (server, [ann, bob], room)
}

/// Both look at the room, Ann with its details.
async fn both(
    driver: &Driver,
    server: &Server,
    [ann, bob]: &[Person; 2],
    room: &str,
) -> [Browser; 2] {
    let pages = [
        Browser::at_home(driver, "settings", server.address(), "1440,900", ann).await,
        Browser::at_home(driver, "settings-bob", server.address(), "390,844", bob).await,
    ];
    for page in &pages {
        page.go(&format!("#/{room}")).await;
        page.shows(&["welcome"]).await;
    }
    pages[0].click("room-header .count").await;
    pages[0].has("room-details .room-menu").await;
    pages
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_topic_stands_above_the_conversation_and_is_edited_there() {
    let (server, people, room) = scene().await;
    let driver = Driver::start();
    let [page, other] = both(&driver, &server, &people, &room).await;
    page.click("room-details .rename").await;
    page.fill("#room-topic", "Release on Friday").await;
    page.fill("#room-description", "Everything that concerns all of us.").await;
    page.picture("form").await;
    page.click("room-dialog button[type=submit]").await;
    page.reads("room-header .topic", "Release on Friday").await;
    page.reads("room-details .description", "Everything that concerns all of us.").await;
    // A member sees the topic as well, without being asked to edit it.
    other.reads("room-header span.topic", "Release on Friday").await;
    other.picture("topic").await;
    assert_eq!(people[0].see(&room).await["topic"], "Release on Friday");

    page.click("room-header button.topic").await;
    page.focuses("#room-topic").await;
    page.key(Key::Backspace).await;
    page.press("Release on Monday").await;
    page.key(Key::Enter).await;
    other.reads("room-header .topic", "Release on Monday").await;
    // Only what was changed was sent.
    assert_eq!(people[0].see(&room).await["name"], "Harbour");
    page.click("room-header button.topic").await;
    page.focuses("#room-topic").await;
    page.run(&format!("document.activeElement.value = {}", json!("x".repeat(1025)))).await;
    page.key(Key::Enter).await;
    page.has("#room-topic[aria-invalid]").await;
    page.run("document.activeElement.value = ''").await;
    page.key(Key::Enter).await;
    page.lacks("room-header .topic").await;
    other.lacks("room-header .topic").await;
    // The page that opens later has it from the answer of the server.
    people[0].patch(&format!("/api/chatrooms/{room}"), json!({"topic": "Later"})).await.is(200);
    other.page.refresh().await.unwrap();
    other.reads("room-header .topic", "Later").await;
    page.close().await;
    other.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_room_for_announcements_lets_only_admins_write() {
    let (server, people, room) = scene().await;
    let driver = Driver::start();
    let [page, other] = both(&driver, &server, &people, &room).await;
    other.fill(WRITES, "half a thought").await;
    page.chooses("read-only").await;
    other.reads(NOTICE, "Only admins can write in this room").await;
    other.hides("message-composer").await;
    other.reads("room-header .tag", "Read-only").await;
    other.picture("read-only").await;
    // A member may still react, but not answer.
    other.has("message-item").await;
    other.lacks("message-item .tools .reply").await;
    other.has("message-item .tools .react").await;
    page.has(WRITES).await;
    page.say("news").await;
    other.shows(&["welcome", "news"]).await;
    page.click("room-details .room-menu").await;
    page.has("row-menu .read-only[aria-checked=true]").await;
    page.picture("menu").await;
    page.click("row-menu .read-only").await;
    other.hides(NOTICE).await;
    other
        .wait(
            "what was written before",
            &format!("return document.querySelector('{WRITES}').value === 'half a thought'"),
        )
        .await;

    // Who can see it is asked before it changes.
    page.chooses("visibility").await;
    page.reads("room-dialog dialog[open] h2", "Make this room private?").await;
    page.key(Key::Escape).await;
    assert_eq!(people[0].see(&room).await["visibility"], "public");
    page.chooses("visibility").await;
    page.click("room-dialog dialog[open] button[type=submit]").await;
    page.reads("room-details dd", "Private room").await;
    assert_eq!(people[0].see(&room).await["visibility"], "private");
    page.chooses("visibility").await;
    page.reads("room-dialog dialog[open] h2", "Make this room public?").await;
    page.click("room-dialog dialog[open] button[type=submit]").await;
    page.reads("room-details dd", "Public room").await;
    page.close().await;
    other.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_archived_room_is_read_only_folded_away_and_can_be_restored() {
    let (server, people, room) = scene().await;
    let driver = Driver::start();
    let [page, other] = both(&driver, &server, &people, &room).await;
    page.chooses("archive").await;
    page.reads("room-dialog dialog[open] h2", "Archive this room?").await;
    page.click("room-dialog dialog[open] button[type=submit]").await;
    for browser in [&page, &other] {
        browser.reads(NOTICE, "This room is archived").await;
        browser.hides("message-composer").await;
        browser.reads("room-header .tag", "Archived").await;
        browser.lacks("message-item .tools .react").await;
    }
    page.picture("archived").await;
    other.lacks(&format!("{NOTICE} .restore")).await;
    other.picture("archived").await;
    page.hides("room-details .rename").await;

    // Bob leaves it: his list has it at its end, when he wants to see it.
    other.go("#/rooms").await;
    other.reads("room-list .archived", "Show 1 archived room").await;
    other.lacks("room-list a.row").await;
    other.picture("list").await;
    other.click("room-list .archived").await;
    other.reads("room-list a.row .name", "Harbour").await;
    other.reads("room-list .archived", "Hide archived rooms").await;
    other.picture("list-shown").await;
    other.click("room-list .archived").await;
    other.lacks("room-list a.row").await;

    page.click(&format!("{NOTICE} .restore")).await;
    page.hides(NOTICE).await;
    page.has(WRITES).await;
    // He is told, although he does not look at it.
    other.reads("room-list a.row .name", "Harbour").await;
    other.hides("room-list .archived").await;
    page.close().await;
    other.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn conversations_of_two_say_whether_the_other_is_online() {
    let server = Server::start().await;
    let [ann, bob] = people(&server, ["ann", "bob"]).await;
    let body = json!({"targetUserIds": ["bob"], "direct": true});
    let room = ann.post("/api/chatrooms", body).await.is(201)["roomId"].clone();
    let room = room.as_str().unwrap();
    ann.say(room, "hello").await;
    let proxy = Proxy::to(server.address()).await;
    let driver = Driver::start();
    let page = Browser::at_home(&driver, "online", proxy.address(), "1440,900", &ann).await;
    page.has("room-list a.row").await;
    page.lacks("room-list a.row [data-presence=here]").await;

    // Bob only has his list of rooms open.
    let other = Browser::at_home(&driver, "online-bob", server.address(), "1280,800", &bob).await;
    page.has("room-list a.row [data-presence=here]").await;
    other.has("room-list a.row [data-presence=here]").await;
    page.go(&format!("#/{room}")).await;
    page.reads("room-header .presence", "Online").await;
    page.click("room-header .count").await;
    page.reads("member-list h3", "Online 2").await;
    page.picture("here").await;

    // Without a connection nobody knows.
    proxy.cut();
    page.connection_is("offline").await;
    page.lacks("room-list a.row [data-presence=here]").await;
    page.lacks("room-header .presence").await;
    page.reads("member-list h3", "Status unknown 2").await;
    page.picture("unknown").await;
    proxy.heal();
    page.reads("room-header .presence", "Online").await;
    page.has("room-list a.row [data-presence=here]").await;

    other.close().await;
    page.reads("room-header .presence", "Offline").await;
    page.lacks("room-list a.row [data-presence=here]").await;
    page.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_files_and_links_of_a_room_are_found_in_its_details() {
    let server = Server::start_with(&[("LIMITS__ENABLED", "false")]).await;
    let [ann, bob] = people(&server, ["ann", "bob"]).await;
    let room = ann.room_like(&[&bob], RoomPlan { name: Some("Harbour"), public: true }).await;
    let empty = ann.public_room("Empty").await;
    let sent = ann.post("/api/media?fileName=report.txt", "numbers").await.is(201);
    let body = json!({"content": "see", "mediaIds": [sent["id"]]});
    let message = ann.post(&format!("/api/chatrooms/{room}/messages"), body).await.is(201);
    bob.say(&room, "and https://example.org/plan").await;
    let driver = Driver::start();
    let page = Browser::at_home(&driver, "files", server.address(), "1440,900", &ann).await;
    page.go(&format!("#/{room}")).await;
    page.has("message-item").await;
    page.click("room-header .count").await;
    page.click("room-details summary").await;
    page.wait(
        "the link and the file, the latest first",
        "return JSON.stringify([...document.querySelectorAll('room-files li .what a')].map((a) => \
         a.textContent)) === JSON.stringify(['https://example.org/plan', 'report.txt'])",
    )
    .await;
    page.picture("found").await;
    page.hides("room-files .button").await;
    page.click(&format!("room-files a.at[href$='{}']", message["messageId"].as_str().unwrap()))
        .await;
    page.has("message-item.is-target .file").await;
    page.go(&format!("#/{empty}")).await;
    page.has("main empty-state").await;
    page.hides("room-files").await;
    page.click("room-details summary").await;
    page.reads("room-files", "No files or links yet").await;
    page.close().await;
}
