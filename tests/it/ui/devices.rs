//! What follows a person from device to device, and what they see of others: drafts and statuses.

use std::time::Duration;

use fantoccini::key::Key;
use serde_json::json;

use super::WRITES;
use crate::support::{Browser, Driver, PATIENCE, Person, Proxy, RoomPlan, Server, people};

/// The text field of the thread.
const ANSWERS: &str = "thread-panel message-composer textarea";

impl Browser {
    /// Waits until a text field has this text.
    async fn holds(&self, field: &str, text: &str) {
        let script =
            format!("return document.querySelector({})?.value === {}", json!(field), json!(text));
        self.wait(&format!("{text:?} in {field}"), &script).await;
    }
}

/// Waits until the server has these drafts of the person, by text.
async fn drafts_are(person: &Person, texts: &[&str]) {
    let list = async {
        loop {
            let page = person.get("/api/users/me/drafts").await.is(200);
            let drafts = page["drafts"].as_array().unwrap();
            let mut found: Vec<&str> =
                drafts.iter().map(|draft| draft["content"].as_str().unwrap()).collect();
            found.sort_unstable();
            if found == texts {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(PATIENCE, list).await.expect("the drafts follow");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn drafts_follow_and_what_was_sent_does_not_come_back() {
    let server = Server::start().await;
    let [ann, bob] = people(&server, ["ann", "bob"]).await;
    let one = bob.room_like(&[&ann], RoomPlan { name: Some("One"), public: false }).await;
    bob.say(&one, "Who brings cake?").await;
    let driver = Driver::start();
    let laptop = Browser::at_home(&driver, "laptop", server.address(), "1280,800", &ann).await;
    let phone = Browser::at_home(&driver, "phone", server.address(), "1280,800", &ann).await;
    for browser in [&laptop, &phone] {
        browser.connection_is("online").await;
        browser.errors().await;
    }
    // Written on one device, continued on the other, in both directions.
    laptop.go(&format!("#/{one}")).await;
    laptop.fill(WRITES, "I bring").await;
    phone.reads(&format!("room-list a[href='#/{one}'] .snippet"), "I bring").await;
    phone.has(&format!("room-list a[href='#/{one}'] .snippet [aria-label=Draft]")).await;
    phone.picture("listed").await;
    phone.go(&format!("#/{one}")).await;
    phone.holds(WRITES, "I bring").await;
    phone.fill(WRITES, " 케이크").await;
    laptop.holds(WRITES, "I bring 케이크").await;
    // Sent here, gone there, although it is open.
    laptop.key(Key::Enter).await;
    laptop.shows(&["Who brings cake?", "I bring 케이크"]).await;
    phone.shows(&["Who brings cake?", "I bring 케이크"]).await;
    phone.holds(WRITES, "").await;
    drafts_are(&ann, &[]).await;
    for browser in [&laptop, &phone] {
        browser.page.refresh().await.unwrap();
        browser.shows(&["Who brings cake?", "I bring 케이크"]).await;
        browser.connection_is("online").await;
        browser.holds(WRITES, "").await;
    }
    for browser in [laptop, phone] {
        assert_eq!(browser.errors().await, [""; 0]);
        browser.close().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn drafts_go_on_answering_what_they_answer() {
    let server = Server::start().await;
    let [ann, bob] = people(&server, ["ann", "bob"]).await;
    let one = bob.room_like(&[&ann], RoomPlan { name: Some("One"), public: false }).await;
    let asked = bob.say_all(&one, &["Who brings cake?"]).await.remove(0);
    let driver = Driver::start();
    let laptop = Browser::at_home(&driver, "answer", server.address(), "1280,800", &ann).await;
    let phone = Browser::at_home(&driver, "goes-on", server.address(), "1280,800", &ann).await;
    for browser in [&laptop, &phone] {
        browser.connection_is("online").await;
        browser.errors().await;
    }
    laptop.go(&format!("#/{one}")).await;
    let message = format!("message-item[data-message-id={asked}]");
    laptop.has(&message).await;
    laptop.point_at(&message).await;
    laptop.click(&format!("{message} .tools .reply")).await;
    laptop.fill(WRITES, "with cherries").await;
    phone.reads(&format!("room-list a[href='#/{one}'] .snippet"), "with cherries").await;
    phone.go(&format!("#/{one}")).await;
    phone.holds(WRITES, "with cherries").await;
    phone.reads("main message-composer .context", "Who brings cake?").await;
    phone.picture("reply").await;
    phone.click(WRITES).await;
    phone.key(Key::Enter).await;
    phone.has("message-list message-item .quote").await;
    laptop.has("message-list message-item .quote").await;
    laptop.holds(WRITES, "").await;
    laptop.lacks("main message-composer .context").await;
    // One for the thread besides that of its room.
    laptop.go(&format!("#/{one}/{asked}/thread")).await;
    laptop.focuses(ANSWERS).await;
    laptop.fill(ANSWERS, "in the thread").await;
    drafts_are(&ann, &["in the thread"]).await;
    phone.go(&format!("#/{one}/{asked}/thread")).await;
    phone.holds(ANSWERS, "in the thread").await;
    phone.holds(WRITES, "").await;
    // The driver's way to clear a field does not tell the page of it.
    phone
        .run(&format!(
            "const field = document.querySelector({}); field.value = ''; field.dispatchEvent(new \
             InputEvent('input', {{bubbles: true}}))",
            json!(ANSWERS)
        ))
        .await;
    laptop.holds(ANSWERS, "").await;
    drafts_are(&ann, &[]).await;
    for browser in [laptop, phone] {
        assert_eq!(browser.errors().await, [""; 0]);
        browser.close().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_written_or_sent_without_a_connection_wins_afterwards() {
    let server = Server::start().await;
    let [ann, bob] = people(&server, ["ann", "bob"]).await;
    let room = bob.room_like(&[&ann], RoomPlan { name: Some("One"), public: false }).await;
    let proxy = Proxy::to(server.address()).await;
    let driver = Driver::start();
    let page = Browser::at_home(&driver, "cut-off", proxy.address(), "1280,800", &ann).await;
    page.go(&format!("#/{room}")).await;
    page.connection_is("online").await;
    page.fill(WRITES, "first words").await;
    drafts_are(&ann, &["first words"]).await;
    // Another device writes meanwhile: what is being written here is not replaced.
    proxy.cut();
    page.connection_is("offline").await;
    page.fill(WRITES, " and more").await;
    let elsewhere = json!({"type": "save_draft", "room_id": room, "content": "from elsewhere"});
    ann.open().await.ask(elsewhere).await;
    proxy.heal();
    page.connection_is("online").await;
    drafts_are(&ann, &["first words and more"]).await;
    page.holds(WRITES, "first words and more").await;
    // What was sent does not come back with the connection.
    proxy.cut();
    page.connection_is("offline").await;
    page.key(Key::Enter).await;
    page.holds(WRITES, "").await;
    drafts_are(&ann, &["first words and more"]).await;
    proxy.heal();
    page.connection_is("online").await;
    page.shows(&["first words and more"]).await;
    drafts_are(&ann, &[]).await;
    page.page.refresh().await.unwrap();
    page.shows(&["first words and more"]).await;
    page.connection_is("online").await;
    page.holds(WRITES, "").await;
    page.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_status_stands_beside_the_name_until_it_ends() {
    let server = Server::start().await;
    let [ann, bob] = people(&server, ["ann", "bob"]).await;
    let direct = bob.room(&[&ann]).await;
    bob.say_all(&direct, &["hello"]).await;
    let driver = Driver::start();
    let page = Browser::at_home(&driver, "statuses", server.address(), "1280,800", &ann).await;
    page.errors().await;
    page.go(&format!("#/{direct}")).await;
    page.shows(&["hello"]).await;
    page.connection_is("online").await;
    page.click("room-header .count").await;
    page.reads("member-list", "bob").await;
    let places = [
        &format!("room-list a[href='#/{direct}'] .name .status"),
        "message-item header .status",
        "member-list [data-user=bob] .status",
    ];
    page.lacks(places[0]).await;
    let lunch = json!({"status": {"emoji": "🍜", "text": "at lunch"}});
    bob.patch("/api/users/me", lunch).await.is(200);
    for place in places {
        page.reads(place, "🍜").await;
        page.has(&format!("{place}[title='🍜 at lunch'][aria-label='🍜 at lunch']")).await;
    }
    page.picture("shown").await;
    // After a reload it is fetched.
    page.page.refresh().await.unwrap();
    page.reads(places[0], "🍜").await;
    bob.patch("/api/users/me", json!({"status": null})).await.is(200);
    page.lacks(places[0]).await;
    bob.patch("/api/users/me", json!({"status": {"emoji": "🏖️", "text": "away"}})).await.is(200);
    page.reads(places[0], "🏖️").await;
    // Nobody says when it ends: the page knows.
    let soon = page.run("return new Date(Date.now() + 3000).toISOString()").await;
    let short = json!({"status": {"emoji": "☎️", "text": "on the phone", "until": soon}});
    bob.patch("/api/users/me", short).await.is(200);
    for place in places {
        page.lacks(place).await;
    }
    // One's own is told on all devices, and beside one's own messages.
    ann.patch("/api/users/me", json!({"status": {"emoji": "📚", "text": "reading"}})).await.is(200);
    page.has("member-list [data-user=ann] .status[title='📚 reading']").await;
    assert_eq!(page.errors().await, [""; 0]);
    page.close().await;
}
