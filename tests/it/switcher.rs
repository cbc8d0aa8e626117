//! Finding rooms and people in the web UI, by keyboard: the quick switcher, the results of a
//! search, the list of rooms and the shortcuts.

use fantoccini::key::Key;
use serde_json::json;

use crate::support::{Browser, Driver, Person, RoomPlan, Server, people};

const FIELD: &str = "quick-switcher dialog[open] input";

impl Browser {
    /// Presses a key with others held down.
    async fn chord(&self, held: &[Key], key: &str) {
        let held: String = held.iter().map(|key| char::from(*key)).collect();
        self.press(&format!("{held}{key}")).await;
    }

    async fn is_at(&self, hash: &str) {
        self.wait(hash, &format!("return location.hash === {}", json!(hash))).await;
    }

    /// Waits until the chosen row of the switcher begins with this name.
    async fn offers(&self, name: &str) {
        self.wait(
            &format!("{name} to be chosen"),
            &format!(
                "const field = document.querySelector('{FIELD}');
                 const row = document.getElementById(field?.getAttribute('aria-activedescendant'));
                 return row?.ariaSelected === 'true' && \
                 row.querySelector('.name').textContent.startsWith({})",
                json!(name)
            ),
        )
        .await;
    }
}

async fn named(person: &Person, name: &str) {
    person.patch("/api/users/me", json!({"name": name})).await.is(200);
}

/// A server on which Ann has the rooms Deploys and Design with Bob, who also has a public room.
async fn scene() -> (Server, [Person; 3], [String; 3]) {
    let server = Server::start_with(&[("LIMITS__ENABLED", "false")]).await;
    let [ann, bob, kim] = people(&server, ["ann", "bob", "kim"]).await;
    named(&bob, "Bob Müller").await;
    named(&kim, "김민준").await;
    let both =
        async |name| bob.room_like(&[&ann], RoomPlan { name: Some(name), public: false }).await;
    let rooms = [both("Deploys").await, both("Design").await, bob.public_room("Open house").await];
    (server, [ann, bob, kim], rooms)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rooms_and_people_are_a_few_letters_away() {
    let (server, [ann, bob, _kim], [deploys, design, open]) = scene().await;
    bob.say(&deploys, "about the house").await;
    let driver = Driver::start();
    let page = Browser::at_home(&driver, "switcher", server.address(), "1280,800", &ann).await;

    // Without a word: where something happened last.
    page.has("room-list a.row").await;
    page.chord(&[Key::Control], "k").await;
    page.focuses(FIELD).await;
    page.offers("Deploys").await;
    page.key(Key::Down).await;
    page.offers("Design").await;
    page.key(Key::Up).await;
    page.key(Key::Up).await;
    page.offers("Design").await;
    page.picture("recent").await;
    page.key(Key::Enter).await;
    page.is_at(&format!("#/{design}")).await;
    page.has("message-composer textarea").await;

    // The focus returns to where it was.
    page.page
        .execute("document.querySelector('message-composer textarea').focus()", Vec::new())
        .await
        .unwrap();
    for close in [Key::Escape, Key::Null] {
        page.chord(&[Key::Control], "k").await;
        page.focuses(FIELD).await;
        match close {
            Key::Null => page.chord(&[Key::Control], "k").await,
            key => page.key(key).await,
        }
        page.focuses("message-composer textarea").await;
    }

    // A part of a name, without accents.
    page.chord(&[Key::Control], "k").await;
    page.focuses(FIELD).await;
    page.press("mull").await;
    page.offers("Bob Müller").await;
    page.wait(
        "what matches is marked",
        "return document.querySelector('quick-switcher mark')?.textContent === 'Müll'",
    )
    .await;
    page.picture("part").await;
    page.press(&char::from(Key::Backspace).to_string().repeat(4)).await;
    page.press("ploy").await;
    page.offers("Deploys").await;
    page.key(Key::Enter).await;
    page.is_at(&format!("#/{deploys}")).await;

    // Somebody with whom Ann shares no room, by initial consonants.
    page.chord(&[Key::Control], "k").await;
    page.focuses(FIELD).await;
    page.press("kim").await;
    page.offers("김민준").await;
    page.press(&char::from(Key::Backspace).to_string().repeat(3)).await;
    page.press("ㄱㅁㅈ").await;
    page.offers("김민준").await;
    page.picture("initials").await;
    page.key(Key::Enter).await;
    page.wait(
        "a conversation with them",
        "return document.querySelector('room-header h1')?.textContent === '김민준'",
    )
    .await;

    // Somebody who does not exist.
    page.chord(&[Key::Control], "k").await;
    page.focuses(FIELD).await;
    page.press("zzz").await;
    page.has("quick-switcher .none:not([hidden])").await;
    page.key(Key::Enter).await;
    page.focuses(FIELD).await;

    // A public room, which can be joined; the same by its address.
    page.press(&char::from(Key::Backspace).to_string().repeat(3)).await;
    page.press("open").await;
    page.offers("Open house").await;
    page.key(Key::Enter).await;
    page.is_at(&format!("#/{open}")).await;
    page.has("main empty-state .join").await;
    page.picture("preview").await;
    page.page.refresh().await.unwrap();
    page.click("main empty-state .join").await;
    page.has("message-composer textarea").await;
    assert_eq!(ann.see(&open).await["userCount"], json!(2));

    // A search finds them too, before messages.
    page.page.execute("location.hash = '#/search?q=house'", Vec::new()).await.unwrap();
    page.has("search-results a.hit.place").await;
    page.has("search-results a.hit:not(.place)").await;
    page.picture("search").await;
    page.page
        .execute("document.querySelector('search-results input').focus()", Vec::new())
        .await
        .unwrap();
    page.key(Key::Down).await;
    page.focuses("search-results a.hit.place").await;
    page.key(Key::Down).await;
    page.focuses("search-results a.hit:not(.place)").await;
    page.key(Key::Up).await;
    page.key(Key::Enter).await;
    page.is_at(&format!("#/{open}")).await;
    page.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keys_lead_through_the_rooms() {
    let (server, [ann, bob, _kim], [deploys, design, _]) = scene().await;
    let third = bob.room_like(&[&ann], RoomPlan { name: Some("Third"), public: false }).await;
    for room in [&third, &design, &deploys] {
        bob.say(room, "hello").await;
    }
    // Deploys, Design, Third.
    let driver = Driver::start();
    let page = Browser::at_home(&driver, "roving", server.address(), "1280,800", &ann).await;
    page.wait(
        "three rooms, of which one is in the tab order",
        "const all = document.querySelectorAll('room-list a.row'); return all.length === 3 && \
         document.querySelectorAll('room-list a.row[tabindex=\"0\"]').length === 1",
    )
    .await;
    let row = |room: &str| format!("room-list a[href='#/{room}']");
    page.go_to(Key::Tab, &row(&deploys)).await;
    for (key, room) in [
        (Key::Down, &design),
        (Key::Down, &third),
        (Key::Down, &third),
        (Key::Home, &deploys),
        (Key::End, &third),
        (Key::Up, &design),
    ] {
        page.key(key).await;
        page.focuses(&row(room)).await;
    }
    page.key(Key::Enter).await;
    page.is_at(&format!("#/{design}")).await;
    page.has("message-item").await;

    // From anywhere, also while writing. With Shift, rooms without anything unread are skipped.
    page.page
        .execute("document.querySelector('message-composer textarea').focus()", Vec::new())
        .await
        .unwrap();
    page.wait(
        "nothing unread in the open room",
        &format!("return document.querySelector(\"{} .badges\") === null", row(&design)),
    )
    .await;
    page.chord(&[Key::Alt], &char::from(Key::Up).to_string()).await;
    page.is_at(&format!("#/{deploys}")).await;
    page.has("message-item").await;
    page.wait(
        "nothing unread here either",
        &format!("return document.querySelector(\"{} .badges\") === null", row(&deploys)),
    )
    .await;
    page.chord(&[Key::Alt, Key::Shift], &char::from(Key::Down).to_string()).await;
    page.is_at(&format!("#/{third}")).await;
    page.wait(
        "nothing unread anywhere",
        "return document.querySelector('room-list .badges') === null",
    )
    .await;

    // Everything is read, after a question.
    page.page.execute("location.hash = '#/profile'", Vec::new()).await.unwrap();
    page.has("settings-page button.shortcuts").await;
    for room in [&design, &deploys] {
        bob.say(room, "more").await;
    }
    page.wait("two unread", "return document.title.startsWith('(2)')").await;
    page.page.execute("document.activeElement.blur()", Vec::new()).await.unwrap();
    page.chord(&[Key::Shift], &char::from(Key::Escape).to_string()).await;
    page.has("room-dialog dialog[open]").await;
    page.picture("read-all").await;
    assert_eq!(ann.card(&design).await["unreadCount"], json!(1));
    page.click("room-dialog button[type=submit]").await;
    page.wait("nothing unread", "return !document.title.startsWith('(')").await;
    for room in [&design, &deploys] {
        assert_eq!(ann.card(room).await["unreadCount"], json!(0));
    }

    // The help, by key and by button.
    page.page.execute("document.activeElement.blur()", Vec::new()).await.unwrap();
    page.press("?").await;
    page.has("shortcut-help dialog[open] kbd").await;
    page.picture("help").await;
    page.key(Key::Escape).await;
    page.click("settings-page button.shortcuts").await;
    page.has("shortcut-help dialog[open]").await;
    page.key(Key::Escape).await;

    // A message has letters of its own.
    page.page.execute(&format!("location.hash = '#/{third}'"), Vec::new()).await.unwrap();
    page.has("message-composer textarea").await;
    page.say("mine").await;
    page.has("message-item[data-state=sent][data-client-id]").await;
    for (key, text) in [("r", ""), ("e", "mine")] {
        page.page
            .execute("document.querySelector('message-item[data-client-id]').focus()", Vec::new())
            .await
            .unwrap();
        page.press(key).await;
        page.has("message-composer .context").await;
        page.focuses("message-composer textarea").await;
        let there = page.page.active_element().await.unwrap().prop("value").await.unwrap();
        assert_eq!(there.as_deref(), Some(text), "{key}");
        page.key(Key::Escape).await;
        page.wait(
            "an empty composer",
            "return document.querySelector('message-composer .context') === null && \
             document.querySelector('message-composer textarea').value === ''",
        )
        .await;
    }

    // What is typed while nothing has the focus goes into the message.
    page.page.execute(&format!("location.hash = '#/{third}'"), Vec::new()).await.unwrap();
    page.has("message-composer textarea").await;
    page.page.execute("document.activeElement.blur()", Vec::new()).await.unwrap();
    page.press("hi").await;
    page.wait(
        "the letters in the field",
        "return document.querySelector('message-composer textarea').value === 'hi'",
    )
    .await;
    page.close().await;
}
