//! What a person wants to hear of: levels, favourites and sections, saved messages, messages marked
//! as unread, on all of their devices.

use fantoccini::key::Key;
use serde_json::json;

use super::WRITES;
use crate::support::{Browser, Driver, Person, RoomPlan, Server, people};

/// What the title counts, 0 for nothing.
const COUNTED: &str = "return Number(/^\\((\\d+)\\)/.exec(document.title)?.[1] ?? 0)";

impl Browser {
    /// Opens the menu of a row in the list of rooms by a right click.
    async fn options_of(&self, room: &str) {
        let row = format!("room-list a.row[href='#/{room}']");
        self.has(&row).await;
        self.run(&format!(
            "document.querySelector({}).dispatchEvent(new MouseEvent('contextmenu', {{bubbles: \
             true, cancelable: true}}))",
            json!(row)
        ))
        .await;
        self.focuses("row-menu [role^=menuitem]").await;
    }

    /// Waits until the list of rooms has these rows and headings, from the top.
    async fn lists(&self, wanted: &[&str]) {
        let script = format!(
            "const rows = [...document.querySelectorAll('room-list li')]
                 .sort((a, b) => a.ariaPosInSet - b.ariaPosInSet)
                 .map((li) => li.querySelector('[data-section]')?.dataset.section ?? \
             li.querySelector('.name .truncate').textContent);
             return JSON.stringify(rows) === {}",
            json!(json!(wanted).to_string())
        );
        self.wait(&format!("the rows {wanted:?}"), &script).await;
    }

    /// Waits until the title counts so many.
    async fn counts(&self, n: u32) {
        let script = format!("{COUNTED} === {n}");
        self.wait(&format!("{n} in the title"), &script).await;
    }

    /// Opens the menu of a message, and chooses an item.
    async fn choose(&self, message: &str, item: &str) {
        let place = format!("message-item[data-message-id={message}]");
        self.has(&place).await;
        self.point_at(&place).await;
        self.click(&format!("{place} .tools .more")).await;
        self.focuses("row-menu [role^=menuitem]").await;
        self.click(&format!("row-menu .{item}")).await;
    }
}

/// Ann in two rooms with Bob, and in a conversation with him.
async fn scene() -> (Server, [Person; 2], [String; 3]) {
    let server = Server::start().await;
    let [ann, bob] = people(&server, ["ann", "bob"]).await;
    let one = bob.room_like(&[&ann], RoomPlan { name: Some("One"), public: false }).await;
    let two = bob.room_like(&[&ann], RoomPlan { name: Some("Two"), public: false }).await;
    let direct = bob.room(&[&ann]).await;
    (server, [ann, bob], [one, two, direct])
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn favourites_stand_on_top_on_every_device() {
    let (server, [ann, bob], [one, two, direct]) = scene().await;
    for room in [&one, &two, &direct] {
        bob.say(room, "hello").await;
    }
    let driver = Driver::start();
    let page = Browser::at_home(&driver, "sections", server.address(), "1280,800", &ann).await;
    page.errors().await;
    let phone = Browser::at_home(&driver, "sections", server.address(), "390,844", &ann).await;
    phone.errors().await;
    page.lists(&["rooms", "Two", "One", "people", "bob"]).await;
    page.options_of(&one).await;
    page.picture("menu").await;
    page.click("row-menu .favourite").await;
    let starred = ["favourites", "One", "rooms", "Two", "people", "bob"];
    page.lists(&starred).await;
    phone.lists(&starred).await;
    page.picture("favourite").await;
    // Folded, a section keeps what is unread, and is still folded after a reload.
    page.click("room-list [data-section=rooms]").await;
    page.lists(&starred).await;
    page.options_of(&two).await;
    page.click("row-menu .read").await;
    page.lists(&["favourites", "One", "rooms", "people", "bob"]).await;
    page.page.refresh().await.unwrap();
    page.lists(&["favourites", "One", "rooms", "people", "bob"]).await;
    page.picture("folded").await;
    page.run("document.querySelector('room-list a.row').focus()").await;
    page.go_to(Key::Down, "room-list [data-section=rooms]:focus").await;
    page.press(" ").await;
    page.lists(&starred).await;
    page.options_of(&one).await;
    page.click("row-menu .favourite").await;
    phone.lists(&["rooms", "Two", "One", "people", "bob"]).await;
    for browser in [page, phone] {
        assert_eq!(browser.errors().await, [""; 0]);
        browser.close().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn levels_decide_what_counts() {
    let (server, [ann, bob], [one, two, _]) = scene().await;
    let driver = Driver::start();
    let page = Browser::at_home(&driver, "levels", server.address(), "1280,800", &ann).await;
    page.errors().await;
    page.go("#/profile").await;
    page.has("attention-form #notify-level").await;
    page.run(
        "const form = document.querySelector('attention-form');
         form.querySelector('#notify-level').value = 'mentions';
         form.querySelector('#keywords').value = '배포, release';
         form.querySelector('#quiet').click()",
    )
    .await;
    page.picture("profile").await;
    page.run("document.querySelector('attention-form #quiet').click()").await;
    page.click("attention-form button[type=submit]").await;
    page.reads("attention-form [role=status]", "Saved.").await;
    let kept = ann.get("/api/users/me/settings").await.is(200);
    assert_eq!(kept, json!({"notify": "mentions", "keywords": ["배포", "release"]}));

    bob.say(&one, "nothing of interest").await;
    page.has(&format!("room-list a[href='#/{one}'] .badge.quiet")).await;
    page.counts(0).await;
    bob.say(&one, "@ann님 잠깐만요").await;
    page.counts(1).await;
    // A room's own level wins, here chosen in its details.
    page.go(&format!("#/{two}")).await;
    page.has(WRITES).await;
    page.click("room-header .count").await;
    page.has("room-details #notify").await;
    page.run(
        "const level = document.querySelector('room-details #notify');
         level.value = 'all'; level.dispatchEvent(new Event('change'))",
    )
    .await;
    page.go("#/profile").await;
    bob.say(&two, "anything").await;
    page.counts(2).await;
    page.options_of(&one).await;
    page.click("row-menu .notify-nothing").await;
    page.has("room-list a.muted-room").await;
    page.counts(1).await;
    page.page.refresh().await.unwrap();
    page.counts(1).await;
    assert_eq!(ann.card(&one).await["notify"], "nothing");
    assert_eq!(page.errors().await, [""; 0]);
    page.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn messages_are_saved_for_later() {
    let (server, [ann, bob], [one, two, _]) = scene().await;
    let first = bob.say_all(&one, &["the address", "another"]).await;
    let second = bob.say_all(&two, &["the plan"]).await;
    let driver = Driver::start();
    let page = Browser::at_home(&driver, "saved", server.address(), "1280,800", &ann).await;
    page.errors().await;
    page.click("room-list .places .saved").await;
    page.reads("saved-list", "No saved messages").await;
    page.go(&format!("#/{one}")).await;
    page.choose(&first[0], "message-keep").await;
    page.reads(".toast", "Saved for later").await;
    page.go(&format!("#/{two}")).await;
    page.choose(&second[0], "message-keep").await;
    page.go("#/saved").await;
    page.wait(
        "both, the latest first",
        "return [...document.querySelectorAll('saved-list .said')].map((p) => \
         p.textContent).join() === 'the plan,the address'",
    )
    .await;
    page.picture("list").await;
    // What is saved elsewhere appears in the open list, and goes again.
    let elsewhere = format!("/api/chatrooms/{one}/messages/{}/saved", first[1]);
    ann.put(&elsewhere).await.is(204);
    page.reads("saved-list", "another").await;
    ann.delete(&elsewhere).await.is(204);
    page.wait("two are left", "return document.querySelectorAll('saved-list .saved').length === 2")
        .await;
    let phone = Browser::at_home(&driver, "saved", server.address(), "390,844", &ann).await;
    phone.errors().await;
    phone.click("room-list .places .saved").await;
    phone.reads("saved-list", "the address").await;
    phone.picture("phone").await;
    phone.click("saved-list a.saved").await;
    phone.has("message-item.is-target").await;
    // Removed on one device, it is gone on the other, whose menu offers it again.
    page.click("saved-list .remove").await;
    page.wait("one is left", "return document.querySelectorAll('saved-list .saved').length === 1")
        .await;
    page.go(&format!("#/{one}")).await;
    page.choose(&first[0], "message-unkeep").await;
    page.go("#/saved").await;
    page.reads("saved-list", "No saved messages").await;
    for browser in [page, phone] {
        assert_eq!(browser.errors().await, [""; 0]);
        browser.close().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_marked_as_unread_waits_until_the_room_is_opened_again() {
    let (server, [ann, bob], [one, two, _]) = scene().await;
    let keys = bob.say_all(&one, &["one", "two", "three"]).await;
    let driver = Driver::start();
    let page = Browser::at_home(&driver, "unread", server.address(), "1280,800", &ann).await;
    page.errors().await;
    page.counts(3).await;
    page.go(&format!("#/{one}")).await;
    page.counts(0).await;
    page.choose(&keys[1], "message-unread").await;
    page.counts(2).await;
    bob.say(&one, "four").await;
    page.shows(&["one", "two", "three", "four"]).await;
    page.counts(3).await;
    assert_eq!(ann.card(&one).await["unreadCount"], 3);
    page.go(&format!("#/{two}")).await;
    page.has(WRITES).await;
    page.counts(3).await;
    page.go(&format!("#/{one}")).await;
    page.has("message-list .unread").await;
    page.counts(0).await;
    page.wait("the end is read", "return document.title[0] !== '('").await;
    page.close().await;
    let left = Browser::at_home(&driver, "unread", server.address(), "1280,800", &ann).await;
    left.counts(0).await;
    left.close().await;
}
