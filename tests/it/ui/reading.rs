//! Reading: what people wrote looks as it should, and stays in its place.

use serde_json::json;

use crate::support::{Browser, Driver, Server, people};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn texts_have_links_lists_and_only_real_mentions() {
    let server = Server::start().await;
    let [ann, bob] = people(&server, ["ann", "bob"]).await;
    let room = bob.room(&[&ann]).await;
    bob.say(
        &room,
        "@here @all @channel @nobody, but @ann and @bob: [the plan](https://example.org/p) \
                    [bad](javascript:alert) ~~old~~",
    )
    .await;
    bob.say(&room, "- one\n  - two\n- [x] done\n- [ ] open").await;
    let driver = Driver::start();
    let page = Browser::at_home(&driver, "texts", server.address(), "1280,800", &ann).await;
    page.go(&format!("#/{room}")).await;
    page.has("message-item li.task").await;
    let all = |selector: &str, what: &str| {
        format!("return [...document.querySelectorAll('{selector}')].map((e) => e.{what})")
    };
    assert_eq!(
        page.run(&all("message-item .mention", "className + e.textContent")).await,
        json!(["mention@here", "mention@all", "mention me@ann", "mention@bob"])
    );
    assert_eq!(
        page.run(&all("message-item .text a", "href + e.rel + e.textContent")).await,
        json!(["https://example.org/pnoopener noreferrerthe plan"])
    );
    assert_eq!(page.run(&all("message-item del", "textContent")).await, json!(["old"]));
    assert_eq!(page.run(&all("message-item li li", "textContent")).await, json!(["two"]));
    assert_eq!(
        page.run(&all("message-item li input", "checked + e.disabled")).await,
        json!([2, 1]),
        "true + true, false + true"
    );
    page.picture("light").await;
    page.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_stays_in_its_place_whatever_it_is_made_of() {
    let server = Server::start().await;
    let [ann, bob] = people(&server, ["ann", "bob"]).await;
    let room = bob.room(&[&ann]).await;
    let long: Vec<_> = (1..=60).map(|n| format!("line {n}")).collect();
    let target = bob.say(&room, &long.join("\n")).await["messageId"].as_str().unwrap().to_owned();
    bob.say(&room, &format!("Z{}", "\u{300}\u{316}".repeat(75))).await;
    bob.say(&room, &"שלום לכולם ".repeat(20)).await;
    bob.say(&room, "short").await;
    let driver = Driver::start();
    for size in ["1280,800", "390,844"] {
        let page = Browser::at_home(&driver, "place", server.address(), size, &ann).await;
        page.go(&format!("#/{room}")).await;
        page.has("message-item .fold").await;
        // A long text is cut off, and unfolds.
        let height = "return document.querySelector('message-item .said').offsetHeight";
        let folded = page.run(height).await.as_i64().unwrap();
        assert!(folded <= 480, "{folded} pixels");
        page.picture("folded").await;
        page.click("message-item .fold").await;
        let whole = page.run(height).await.as_i64().unwrap();
        assert!(whole > 1000, "{whole} pixels");
        page.click("message-item .fold").await;
        assert_eq!(page.run(height).await, json!(folded));
        // Who comes from a search sees all of it.
        page.go(&format!("#/{room}/{target}")).await;
        page.has("message-item.is-target").await;
        assert_eq!(page.run(height).await, json!(whole));

        // Piled marks are not painted over other messages; Hebrew begins at the right.
        let looks = "const [, marks, hebrew] = [...document.querySelectorAll('message-item .said')]; \
                     const style = getComputedStyle(marks); const range = document.createRange(); \
                     range.selectNodeContents(hebrew); const ends = {}; for (const \
                     {top, right} of range.getClientRects()) ends[top] = Math.max(right, ends[top] ?? \
                     0); const lines = Object.values(ends); const right = hebrew.getBoundingClientRect().right; return [style.overflowX, \
                     style.overflowY, getComputedStyle(hebrew).direction, lines.length > 1 && \
                     lines.every((end) => Math.abs(end - right) < 8)]";
        assert_eq!(page.run(looks).await, json!(["clip", "clip", "rtl", true]), "{size}");
        page.picture("scripts").await;
        page.close().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn copied_messages_have_author_time_and_text() {
    let server = Server::start().await;
    let [ann, bob] = people(&server, ["ann", "bob"]).await;
    let room = bob.room(&[&ann]).await;
    for text in ["first **bold**", "- a\n- b", "third"] {
        bob.say(&room, text).await;
    }
    ann.say(&room, "mine").await;
    let driver = Driver::start();
    let page = Browser::at_home(&driver, "copy", server.address(), "1280,800", &ann).await;
    page.go(&format!("#/{room}")).await;
    page.wait("all", "return document.querySelectorAll('message-item').length === 4").await;
    let copied = |from: &str, to: &str| {
        format!(
            "const all = [...document.querySelectorAll('message-item .text')]; const word = (at, \
             text) => {{ const walk = document.createTreeWalker(all[at], NodeFilter.SHOW_TEXT); \
             while (walk.nextNode()) {{ const index = walk.currentNode.data.indexOf(text); if (index \
             >= 0) return [walk.currentNode, index]; }} }}; const [begin, first] = {from}; const \
             [end, last] = {to}; getSelection().setBaseAndExtent(begin, first, end, last); let text; \
             document.addEventListener('copy', (event) => {{ text = \
             event.clipboardData.getData('text/plain'); }}, {{once: true}}); \
             document.execCommand('copy'); return text"
        )
    };
    let text = page.run(&copied("[all[0], 0]", "[all[3], 1]")).await;
    let text = text.as_str().unwrap();
    let parts: Vec<_> = text.split("\n\n").collect();
    let of =
        |part: &str| part.split_once('\n').map(|(head, text)| (head.to_owned(), text.to_owned()));
    let heads: Vec<_> = parts.iter().filter_map(|part| of(part)).collect();
    assert_eq!(
        heads.iter().map(|(_, text)| text.as_str()).collect::<Vec<_>>(),
        ["first **bold**", "- a\n- b", "third", "mine"],
        "{text}"
    );
    assert!(heads[..3].iter().all(|(head, _)| head.starts_with("bob, ")), "{text}");
    assert!(heads[3].0.starts_with("ann, "), "{text}");
    // A part of the first message, and of the last.
    let text = page.run(&copied("word(0, 'bold')", "[word(2, 'third')[0], 2]")).await;
    let text = text.as_str().unwrap();
    assert!(text.contains("\nbold\n\n") && text.ends_with("\nth"), "{text}");
    // A part of one message is copied as the browser does.
    let text = page.run(&copied("word(0, 'first')", "[word(0, 'first')[0], 5]")).await;
    assert!(text.is_null() || text == json!(""), "nothing of ours: {text}");
    page.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_has_a_name_and_shows_its_buttons_only_when_it_is_meant() {
    let server = Server::start().await;
    let [ann, bob] = people(&server, ["ann", "bob"]).await;
    let room = bob.room(&[&ann]).await;
    bob.say(&room, "hello").await;
    let driver = Driver::start();
    let page = Browser::at_home(&driver, "names", server.address(), "1280,800", &ann).await;
    page.go(&format!("#/{room}")).await;
    page.has("message-item").await;
    let name = page.run("return document.querySelector('message-item').ariaLabel").await;
    assert!(name.as_str().unwrap().starts_with("bob, "), "{name}");
    // The mouse rests where it has clicked last.
    page.point_at("room-header h1").await;
    let seen = "return document.querySelector('message-item .tools').checkVisibility()";
    assert_eq!(page.run(seen).await, json!(false));
    page.run("document.querySelector('message-item').focus()").await;
    assert_eq!(page.run(seen).await, json!(true));
    page.close().await;
}

/// Whether the message of the address is in view, with the conversation at rest.
const AT_TARGET: &str = "const target = document.querySelector('message-item.is-target'); const view = \
                         document.querySelector('message-list .scroll').getBoundingClientRect(); if \
                         (!target) return false; const {top, bottom} = target.getBoundingClientRect(); \
                         return top >= view.top && bottom <= view.bottom";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_link_opens_a_room_at_its_message() {
    let server = Server::start().await;
    let [ann, bob] = people(&server, ["ann", "bob"]).await;
    let room = bob.room(&[&ann]).await;
    let texts: Vec<String> = (1..=300).map(|n| format!("line {n}")).collect();
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    let keys = bob.say_all(&room, &texts).await;
    let driver = Driver::start();
    for size in ["1280,800", "390,844"] {
        let page = Browser::at_home(&driver, "linked", server.address(), size, &ann).await;
        page.connection_is("online").await;
        // With everything unread, with nothing, and with what the browser has kept of an earlier visit:
        // of the newest page, in the middle, at the begin.
        for reads in [false, true] {
            for at in [284, 262, 150, 3] {
                page.go("#/rooms").await;
                page.go(&format!("#/{room}/{}", keys[at])).await;
                page.page.refresh().await.unwrap();
                page.wait(&format!("message {at} of {size}"), AT_TARGET).await;
                page.connection_is("online").await;
                let settled = "const done = arguments[0]; setTimeout(() => requestAnimationFrame(() => \
                               requestAnimationFrame(() => done())), 0)";
                page.page.execute_async(settled, Vec::new()).await.unwrap();
                assert_eq!(page.run(AT_TARGET).await, json!(true), "{at} of {size}");
                // Asked for again, after something else was read.
                page.go(&format!("#/{room}")).await;
                page.run("document.querySelector('message-list .scroll').scrollTop = 0").await;
                page.go(&format!("#/{room}/{}", keys[at])).await;
                page.wait(&format!("message {at} of {size} again"), AT_TARGET).await;
            }
            if !reads {
                ann.post(&format!("/api/chatrooms/{room}/messages/{}/read", keys[299]), json!({}))
                    .await;
            }
        }
        page.picture("target").await;
        page.close().await;
    }
}
