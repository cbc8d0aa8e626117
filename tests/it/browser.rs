//! The web UI in Chromium: two users in two browsers chat, and one loses the connection without
//! missing anything.

use std::time::Instant;

use fantoccini::key::Key;
use serde_json::json;

use crate::support::{BROWSER_PATIENCE, Browser, Driver, Proxy, Server};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_people_talk_in_two_browsers_and_an_interruption_loses_nothing() {
    let server = Server::start().await;
    let proxy = Proxy::to(server.address()).await;
    let driver = Driver::start();
    let ann = Browser::open(&driver, "ann", server.address(), "1440,900").await;
    let bob = Browser::open(&driver, "bob", proxy.address(), "1440,900").await;
    ann.register("ann", "Ann Lee").await;
    bob.register("bob", "김민지").await;

    ann.click("room-list button.new-room").await;
    ann.fill("room-dialog #room-name", "Study").await;
    ann.fill("room-dialog #people", "bob").await;
    ann.click("room-dialog li[data-user=bob]").await;
    ann.click("room-dialog button[type=submit]").await;
    ann.has("message-composer textarea").await;
    bob.click("room-list a.row").await;
    ann.say("hello").await;
    bob.shows(&["hello"]).await;
    bob.say("안녕하세요").await;
    ann.shows(&["hello", "안녕하세요"]).await;
    ann.click("room-header .count").await;
    ann.has("member-list [data-presence=here]").await;
    // Typing is sent at most once in two seconds: keys are pressed until it is.
    let sees_typing = "return document.querySelector('typing-line').textContent.includes('김민지')";
    let began = Instant::now();
    while ann.page.execute(sees_typing, Vec::new()).await.unwrap() != json!(true) {
        assert!(began.elapsed() < BROWSER_PATIENCE, "nobody is seen typing");
        bob.fill("message-composer textarea", "x").await;
    }
    bob.clear("message-composer textarea").await;
    ann.picture("talks").await;

    proxy.cut();
    bob.connection_is("offline").await;
    ann.say("one").await;
    ann.say("two").await;
    ann.say("three").await;
    ann.shows(&["hello", "안녕하세요", "one", "two", "three"]).await;
    // Up edits the last message.
    ann.wait(
        "all is sent",
        "return document.querySelector('message-item[data-state=pending]') === null",
    )
    .await;
    ann.fill("message-composer textarea", &char::from(Key::Up).to_string()).await;
    ann.fill("message-composer textarea", &format!(", edited{}", char::from(Key::Enter))).await;
    ann.shows(&["hello", "안녕하세요", "one", "two", "three, edited"]).await;
    ann.wait(
        "the tools",
        "const m = document.querySelectorAll('message-item')[3]; m.querySelector('.tools \
         .more')?.click(); return document.querySelector('row-menu .message-delete') !== null",
    )
    .await;
    ann.click("row-menu .message-delete").await;
    ann.click("dialog[open] button.danger").await;
    ann.shows(&["hello", "안녕하세요", "one", "(deleted)", "three, edited"]).await;
    bob.say("while away").await;
    bob.has("message-item[data-state=pending]").await;
    bob.picture("offline").await;

    proxy.heal();
    bob.connection_is("online").await;
    let all = ["hello", "안녕하세요", "one", "(deleted)", "three, edited", "while away"];
    bob.shows(&all).await;
    ann.shows(&all).await;
    bob.wait(
        "all is sent",
        "return document.querySelector('message-item[data-state=pending]') === null",
    )
    .await;
    bob.picture("back").await;

    // The same after a reload: everything was stored.
    bob.page.refresh().await.unwrap();
    bob.shows(&all).await;
    bob.page.goto(&format!("http://{}/#/profile", proxy.address())).await.unwrap();
    bob.click("button.sign-out").await;
    bob.has("login-form").await;
    ann.close().await;
    bob.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn half_composed_words_are_not_sent_and_a_phone_has_room_for_everything() {
    let server = Server::start().await;
    let driver = Driver::start();
    let ann = Browser::open(&driver, "phone", server.address(), "390,844").await;
    ann.register("ann", "Ann").await;
    ann.page.goto(&format!("http://{}/#/rooms", server.address())).await.unwrap();
    ann.has("room-list button.new").await;
    ann.wait(
        "a room",
        "window.made ??= fetch('/api/chatrooms', {method: 'POST', body: \
         '{\"targetUserIds\":[],\"name\":\"방\"}'}); return document.querySelector('room-list \
         a.row') !== null",
    )
    .await;
    ann.click("room-list a.row").await;
    ann.fill("message-composer textarea", "만화책").await;
    // Enter that ends a composition belongs to the input method.
    let composing = "const box = document.querySelector('message-composer textarea');
        box.dispatchEvent(new KeyboardEvent('keydown', {key: 'Enter', isComposing: true, bubbles: \
                     true, cancelable: true}));
        return box.value === '만화책' && document.querySelector('message-item') === null";
    ann.wait("the half-composed word stays", composing).await;
    ann.say("").await;
    ann.shows(&["만화책"]).await;
    let overflow = ann
        .page
        .execute(
            "return document.documentElement.scrollWidth > document.documentElement.clientWidth",
            Vec::new(),
        )
        .await
        .unwrap();
    assert_eq!(overflow, json!(false), "the page is wider than the phone");
    ann.picture("conversation").await;
    ann.close().await;
}
