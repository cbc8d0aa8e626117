//! The menu of a message: by pointer, by keyboard and on a touch screen; copying, pins, links.

use fantoccini::key::Key;
use serde_json::{Value, json};

use super::WRITES;
use crate::support::{Browser, Driver, Person, RoomPlan, Server, people};

const ITEM: &str = "row-menu [role^=menuitem]";

impl Browser {
    /// Opens the menu of a message by its button, which is drawn again when somebody reads it.
    pub(super) async fn menu_of(&self, message: &str) {
        let more = format!("message-item[data-message-id={message}] .tools .more");
        self.wait(
            "the menu",
            &format!(
                "if (document.querySelector('row-menu :popover-open')) return true;
                 const more = document.querySelector('{more}'); more?.focus(); more?.click()"
            ),
        )
        .await;
        self.focuses(ITEM).await;
    }

    /// Returns the names of what the open menu offers.
    async fn offered(&self) -> Value {
        let script = format!(
            "return [...document.querySelectorAll('{ITEM}')].map((i) => i.classList.item(2))"
        );
        self.run(&script).await
    }

    /// Pastes into the composer; returns what it holds then, and empties it.
    async fn pasted(&self) -> Value {
        self.run(&format!("document.querySelector('{WRITES}').focus()")).await;
        self.press(&format!("{}v", char::from(Key::Control))).await;
        let script = format!("return document.querySelector('{WRITES}').value");
        let text = self.wait("what was copied", &script).await;
        self.run(&format!(
            "const box = document.querySelector('{WRITES}'); box.value = ''; box.dispatchEvent(new \
             Event('input', {{bubbles: true}}))"
        ))
        .await;
        text
    }
}

fn key_of(message: &Value) -> String {
    message["messageId"].as_str().unwrap().to_owned()
}

/// Ann and Bob in a room where each has said something.
async fn scene() -> (Server, [Person; 2], String, [String; 2]) {
    let server = Server::start().await;
    let [ann, bob] = people(&server, ["ann", "bob"]).await;
    let plan = RoomPlan { name: Some("Study"), public: false };
    let room = bob.room_like(&[&ann], plan).await;
    let bobs = key_of(&bob.say(&room, "the *plan*").await);
    let anns = key_of(&ann.say(&room, "mine").await);
    (server, [ann, bob], room, [bobs, anns])
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_has_a_menu_by_pointer_and_by_keyboard() {
    let (server, [ann, _bob], room, [bobs, anns]) = scene().await;
    let driver = Driver::start();
    let page = Browser::at_home(&driver, "menu", server.address(), "1280,800", &ann).await;
    page.go(&format!("#/{room}")).await;
    page.shows(&["the plan", "mine"]).await;

    page.point_at(&format!("message-item[data-message-id={bobs}]")).await;
    page.click(&format!("message-item[data-message-id={bobs}] .tools .more")).await;
    page.focuses(ITEM).await;
    assert_eq!(
        page.offered().await,
        json!([
            "message-react",
            "message-reply",
            "message-thread",
            "message-copy",
            "message-link",
            "message-pin",
            "message-keep",
            "message-unread",
            "message-readers",
        ])
    );
    page.picture("open").await;
    for (key, item) in [
        (Key::Down, "message-reply"),
        (Key::End, "message-readers"),
        (Key::Down, "message-react"),
        (Key::Up, "message-readers"),
        (Key::Home, "message-react"),
    ] {
        page.key(key).await;
        page.focuses(&format!("row-menu .{item}")).await;
    }
    page.key(Key::Escape).await;
    page.focuses(&format!("message-item[data-message-id={bobs}] .more")).await;

    // As it was written, and the address under which it is found.
    page.menu_of(&bobs).await;
    page.click("row-menu .message-copy").await;
    page.reads(".toast", "Text copied").await;
    assert_eq!(page.pasted().await, "the *plan*");
    page.menu_of(&bobs).await;
    page.click("row-menu .message-link").await;
    page.reads(".toast", "Link copied").await;
    let address = format!("http://{}/#/{room}/{bobs}", server.address());
    assert_eq!(page.pasted().await, address.as_str());
    // The time is that link too.
    let time = format!("message-item[data-message-id={bobs}] a.at");
    page.click(&time).await;
    page.has(&format!("message-item.is-target[data-message-id={bobs}]")).await;
    assert_eq!(page.run("return location.href").await, address.as_str());

    // The same from the keyboard, on the message in focus.
    let own = format!("message-item[data-message-id={anns}]");
    page.run(&format!("document.querySelector('{own}').focus()")).await;
    page.press(&format!("{}{}", char::from(Key::Shift), char::from(Key::F10))).await;
    page.focuses("row-menu .message-react").await;
    let offered = page.offered().await;
    assert_eq!(offered.as_array().unwrap().last().unwrap(), "message-delete");
    page.key(Key::Down).await;
    page.key(Key::Down).await;
    page.focuses("row-menu .message-edit").await;
    page.key(Key::Enter).await;
    page.focuses(WRITES).await;
    page.reads("message-composer .context", "mine").await;
    page.key(Key::Escape).await;
    page.lacks("message-composer .context").await;
    page.run(&format!("document.querySelector('{own}').focus()")).await;
    page.press("l").await;
    page.wait(
        "the link of the message in focus",
        "return document.querySelector('.toast').checkVisibility()",
    )
    .await;
    assert_eq!(page.pasted().await, format!("http://{}/#/{room}/{anns}", server.address()));
    page.run(&format!("document.querySelector('{own}').focus()")).await;
    page.key(Key::Delete).await;
    page.has("room-dialog dialog[open] button.danger").await;
    page.key(Key::Escape).await;
    page.focuses(&own).await;

    // Reacting from the menu opens the picker beside the message.
    page.menu_of(&bobs).await;
    page.key(Key::Enter).await;
    page.focuses("reaction-picker button").await;
    page.key(Key::Enter).await;
    page.has(&format!("message-item[data-message-id={bobs}] .reactions button")).await;
    page.menu_of(&anns).await;
    page.click("row-menu .message-readers").await;
    page.has("reader-list dialog[open]").await;
    page.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pinned_messages_are_marked_listed_and_lead_to_their_place() {
    let (server, [ann, bob], room, [bobs, anns]) = scene().await;
    let driver = Driver::start();
    let page = Browser::at_home(&driver, "pins", server.address(), "1440,900", &ann).await;
    let other = Browser::at_home(&driver, "pins-bob", server.address(), "390,844", &bob).await;
    for browser in [&page, &other] {
        browser.go(&format!("#/{room}")).await;
        browser.shows(&["the plan", "mine"]).await;
    }
    page.menu_of(&bobs).await;
    page.click("row-menu .message-pin").await;
    let mark = format!("message-item[data-message-id={bobs}] .pinned");
    // The other page hears of it.
    page.reads(&mark, "Pinned by ann").await;
    other.reads(&mark, "Pinned by ann").await;
    bob.put(&format!("/api/chatrooms/{room}/pins/{anns}")).await.is(204);
    page.reads(&format!("message-item[data-message-id={anns}] .pinned"), "Pinned by bob").await;

    page.click("room-header .count").await;
    page.has("room-pins li + li").await;
    page.picture("list").await;
    page.click(&format!("room-pins a[href$='{bobs}']")).await;
    page.has(&format!("message-item.is-target[data-message-id={bobs}]")).await;

    // Taken away in the list, by the menu, and with the message.
    page.click("room-pins .unpin").await;
    page.lacks(&format!("message-item[data-message-id={anns}] .pinned")).await;
    other.lacks(&format!("message-item[data-message-id={anns}] .pinned")).await;
    page.menu_of(&bobs).await;
    page.click("row-menu .message-unpin").await;
    page.lacks("message-item .pinned").await;
    page.hides("room-pins").await;
    let pins = ann.get(&format!("/api/chatrooms/{room}/pins")).await.is(200);
    assert_eq!(pins["pins"], json!([]));
    ann.put(&format!("/api/chatrooms/{room}/pins/{bobs}")).await.is(204);
    page.reads("room-pins li", "the plan").await;
    bob.delete(&format!("/api/chatrooms/{room}/messages/{bobs}")).await.is(204);
    page.hides("room-pins").await;
    page.lacks("message-item .pinned").await;
    page.close().await;
    other.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_long_press_offers_the_same() {
    let (server, [ann, _bob], room, [bobs, _anns]) = scene().await;
    let driver = Driver::start();
    let page = Browser::at_home(&driver, "sheet", server.address(), "390,844", &ann).await;
    page.go(&format!("#/{room}")).await;
    page.shows(&["the plan", "mine"]).await;
    let press = format!(
        "document.querySelector('message-item[data-message-id={bobs}]').dispatchEvent(new \
         PointerEvent('pointerdown', {{pointerType: 'touch', bubbles: true}}))"
    );
    page.run(&press).await;
    page.has("action-sheet dialog[open] .message-pin").await;
    page.picture("open").await;
    page.click("action-sheet .message-pin").await;
    page.reads(&format!("message-item[data-message-id={bobs}] .pinned"), "Pinned by ann").await;
    page.run(&press).await;
    page.click("action-sheet .message-link").await;
    page.reads(".toast", "Link copied").await;
    assert_eq!(page.pasted().await, format!("http://{}/#/{room}/{bobs}", server.address()));
    page.close().await;
}
