//! The web UI in Chromium, used by keyboard only, and checked by axe for accessibility.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use fantoccini::key::Key;
use serde_json::json;

use crate::support::{Browser, Ctl, Driver, Person, Server};

/// Installed by `tests/run`. Relative to the package, in which cargo runs tests: an absolute path
/// would be wrong in a copied target directory.
const AXE: &str = "target/test-tools/node_modules/axe-core/axe.min.js";
/// Every rule of WCAG 2.2 up to AA, the best practices, and those that axe still tries out.
const FOUND: &str = "const done = arguments[arguments.length - 1];
    const kept = axe.getRules().filter(({tags}) => !tags.includes('wcag2aaa') && \
                     !tags.includes('deprecated') && !tags.includes('wcag2a-obsolete'));
    const rules = Object.fromEntries(kept.map(({ruleId}) => [ruleId, {enabled: true}]));
    axe.run(document, {rules, resultTypes: ['violations']}).then(
        ({violations}) => done(violations.map(({id, impact, nodes}) => `${impact} ${id}: \
                     ${nodes.map(({target}) => target.join(' ')).join(', ')}`)),
        (error) => done([String(error)]))";
const WRITES: &str = "message-composer textarea";

impl Browser {
    /// Fails if axe finds problems on the current page.
    async fn is_accessible(&self, what: &str) {
        let axe = std::fs::read_to_string(AXE).expect("axe-core, which tests/run installs");
        self.page.execute(&axe, Vec::new()).await.unwrap();
        let found = self.page.execute_async(FOUND, Vec::new()).await.unwrap();
        self.picture(what).await;
        assert_eq!(found, json!([]), "{what}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keys_alone_do_everything() {
    let server = Server::start().await;
    let driver = Driver::start();
    let bob = Browser::open(&driver, "keys-bob", server.address(), "800,600").await;
    bob.register("bob", "Bob").await;
    let ann = Browser::open(&driver, "keys", server.address(), "1280,800").await;
    ann.focuses("#user").await;
    ann.press("ann\tAnn\tcorrect horse").await;
    ann.key(Key::Enter).await;
    ann.has("room-list").await;

    // A room with Bob.
    ann.go_to(Key::Tab, "button.new-room").await;
    ann.key(Key::Enter).await;
    ann.focuses("room-dialog #room-name").await;
    ann.press("Study").await;
    ann.go_to(Key::Tab, "room-dialog #people").await;
    ann.press("bob").await;
    ann.has("room-dialog li[data-user=bob]").await;
    ann.key(Key::Enter).await;
    ann.wait("Bob is chosen", "return document.querySelector('room-dialog .token') !== null").await;
    ann.go_to(Key::Tab, "room-dialog button[type=submit]").await;
    ann.key(Key::Enter).await;
    ann.has("message-composer textarea").await;
    ann.go_to(Key::Tab, "message-composer textarea").await;
    ann.press("first").await;
    ann.key(Key::Enter).await;
    ann.press("second").await;
    ann.key(Key::Enter).await;
    ann.shows(&["first", "second"]).await;
    ann.wait(
        "all is sent",
        "return document.querySelector('message-item[data-state=pending]') === null",
    )
    .await;

    // Into the conversation, to a message and to its buttons.
    for _ in 0..2 {
        ann.press(&format!("{}{}", char::from(Key::Shift), char::from(Key::Tab))).await;
    }
    ann.focuses("message-list .scroll").await;
    ann.go_to(Key::Up, "message-item").await;
    ann.key(Key::Up).await;
    ann.wait(
        "the first message",
        "return document.activeElement.querySelector('.text')?.textContent === 'first'",
    )
    .await;
    ann.go_to(Key::Tab, "message-item .tools .react").await;
    ann.key(Key::Enter).await;
    ann.focuses("reaction-picker button").await;
    ann.key(Key::Enter).await;
    ann.has("message-item .reactions button").await;

    // Deleting asks for confirmation, and a second Enter deletes nothing.
    ann.go_to(Key::Tab, "message-item .tools .more").await;
    ann.key(Key::Enter).await;
    ann.focuses("row-menu button").await;
    ann.go_to(Key::Up, "row-menu .message-delete").await;
    ann.key(Key::Enter).await;
    ann.has("room-dialog dialog[open] button.danger").await;
    ann.key(Key::Enter).await;
    ann.wait(
        "nothing was deleted",
        "return document.querySelector('dialog[open]') === null && \
         document.activeElement.matches('.more')",
    )
    .await;
    ann.key(Key::Enter).await;
    ann.focuses("row-menu button").await;
    ann.go_to(Key::Up, "row-menu .message-delete").await;
    ann.key(Key::Enter).await;
    ann.go_to(Key::Tab, "room-dialog button.danger").await;
    ann.key(Key::Enter).await;
    ann.shows(&["(deleted)", "second"]).await;

    // A slash searches, arrows move to the match, Enter opens its message.
    ann.page.execute("document.activeElement.blur()", Vec::new()).await.unwrap();
    ann.press("/").await;
    ann.focuses("search-results input[type=search]").await;
    ann.press("second").await;
    ann.has("search-results a.hit").await;
    ann.key(Key::Down).await;
    ann.focuses("search-results a.hit").await;
    ann.key(Key::Enter).await;
    ann.has("message-item.is-target").await;
    bob.wait(
        "the room at the other side",
        "return document.querySelector('room-list a.row .snippet')?.textContent.includes('second')",
    )
    .await;
    ann.close().await;
    bob.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn axe_objects_to_nothing() {
    let server = Server::start().await;
    let driver = Driver::start();
    let url = |hash: &str| format!("http://{}/#/{hash}", server.address());
    for (name, size, scheme) in
        [("axe-wide", "1280,800", "light"), ("axe-phone", "390,844", "dark")]
    {
        let ann = Browser::open(&driver, name, server.address(), size).await;
        ann.has("login-form #name").await;
        ann.is_accessible("register").await;
        ann.register(name, "Ann Lee").await;
        // A setting that is stored.
        ann.page
            .execute(&format!("localStorage.setItem('theme', '{scheme}')"), Vec::new())
            .await
            .unwrap();
        ann.page.refresh().await.unwrap();
        ann.has("room-list empty-state").await;
        assert_eq!(
            ann.page
                .execute("return document.documentElement.dataset.theme", Vec::new())
                .await
                .unwrap(),
            json!(scheme)
        );
        ann.is_accessible("no-rooms").await;
        let body = json!({"targetUserIds": [], "name": name, "visibility": "public"}).to_string();
        ann.page
            .execute(
                &format!("fetch('/api/chatrooms', {{method: 'POST', body: {}}})", json!(body)),
                Vec::new(),
            )
            .await
            .unwrap();
        ann.click("room-list a.row").await;
        let long =
            format!("```\n{}\n```\nand @{name} *said*: https://example.org/", "code ".repeat(80));
        for (sent, text) in ["hello", "> quoted\n- a\n- b", long.as_str()].into_iter().enumerate() {
            let body = json!({"content": text}).to_string();
            let post = format!(
                "fetch(`/api/chatrooms/${{location.hash.slice(2)}}/messages`, {{method: 'POST', \
                 body: {}}})",
                json!(body)
            );
            ann.page.execute(&post, Vec::new()).await.unwrap();
            ann.wait(
                "the message",
                &format!(
                    "return document.querySelectorAll('message-item').length === {}",
                    sent + 1
                ),
            )
            .await;
        }
        ann.has("message-item pre").await;
        ann.is_accessible("room").await;
        let room = ann.page.execute("return location.hash.slice(2)", Vec::new()).await.unwrap();
        // A menu, then a topic, a pinned message and the files in the details.
        let change = "const room = `/api/chatrooms/${location.hash.slice(2)}`;
            const ids = [...document.querySelectorAll('message-item')].map((m) => \
                      m.dataset.messageId);
            document.querySelector('message-item').focus();
            return fetch(room, {method: 'PATCH', body: JSON.stringify({topic: 'Release', \
                      description: 'All of it'})}).then(() => fetch(`${room}/pins/${ids[0]}`, \
                      {method: 'PUT'}))";
        ann.page.execute(change, Vec::new()).await.unwrap();
        ann.has("message-item .pinned").await;
        ann.press(&format!("{}{}", char::from(Key::Shift), char::from(Key::F10))).await;
        ann.focuses("row-menu button").await;
        ann.is_accessible("menu").await;
        ann.key(Key::Escape).await;
        for (hash, there) in [
            (format!("{}/details", room.as_str().unwrap()), "room-details"),
            ("profile".to_owned(), "session-list li"),
            ("search?q=hello".to_owned(), "search-results a.hit"),
            ("search?q=nowhere".to_owned(), "search-results empty-state"),
            ("directory".to_owned(), "room-directory li"),
        ] {
            ann.page.goto(&url(&hash)).await.unwrap();
            ann.has(there).await;
            if there == "room-details" {
                ann.click("room-details summary").await;
                ann.has("room-pins li").await;
                ann.has("room-files li").await;
            }
            ann.is_accessible(hash.split(['/', '?']).next().unwrap()).await;
        }
        Ctl::of(&server).run(&["user", "promote", name]).ends(0);
        ann.page.goto(&url("server")).await.unwrap();
        ann.page.refresh().await.unwrap();
        ann.has("server-status .figures dd").await;
        ann.is_accessible("server").await;
        for tab in [
            "look",
            "people",
            "invitations",
            "rooms",
            "emoji",
            "integrations",
            "storage",
            "audit",
            "log",
        ] {
            ann.page.goto(&url(&format!("server/{tab}"))).await.unwrap();
            ann.has(&format!("#tab-{tab}[aria-selected=true]")).await;
            ann.has("server-page :is(tbody tr, .figures dd, li[data-entry], .log p, #look-name, [role=status]:not(:empty))").await;
            ann.is_accessible(tab).await;
        }
        for (tab, opens) in [
            ("rooms", "tbody .more, row-menu .keep-messages"),
            ("people", ".add-user"),
            ("invitations", ".add-invitation"),
            ("emoji", ".add-emoji"),
            ("integrations", ".add-command"),
            ("integrations", ".add-outgoing"),
        ] {
            ann.page.goto(&url(&format!("server/{tab}"))).await.unwrap();
            for click in opens.split(", ") {
                ann.click(click).await;
            }
            ann.has("room-dialog dialog[open]").await;
            ann.is_accessible(opens.rsplit('.').next().unwrap()).await;
            // The driver takes keys for a file input as the name of a file.
            ann.page.execute("document.activeElement.blur()", Vec::new()).await.unwrap();
            ann.key(Key::Escape).await;
        }
        ann.page.execute("document.querySelector('chat-app').newRoom()", Vec::new()).await.unwrap();
        ann.has("room-dialog dialog[open] #people").await;
        ann.is_accessible("dialog").await;
        ann.key(Key::Escape).await;
        for (key, there) in [("k", "quick-switcher li"), ("?", "shortcut-help kbd")] {
            let held =
                if key == "k" { char::from(Key::Control).to_string() } else { String::new() };
            ann.page.execute("document.activeElement.blur()", Vec::new()).await.unwrap();
            ann.press(&format!("{held}{key}")).await;
            ann.has(there).await;
            ann.is_accessible(there.split(' ').next().unwrap()).await;
            ann.key(Key::Escape).await;
        }
        ann.page.goto(&url("profile")).await.unwrap();
        ann.click("button.sign-out").await;
        ann.has("login-form #password").await;
        ann.is_accessible("sign-in").await;
        ann.close().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_first_tab_leads_to_the_messages_and_the_focus_outlives_a_room() {
    let server = Server::start().await;
    let driver = Driver::start();
    let bob = Person::new(&server, "bob").await;
    let ann = Browser::open(&driver, "focus", server.address(), "1280,800").await;
    ann.register("ann", "Ann").await;
    let mut rooms = Vec::new();
    for name in ["One", "Two"] {
        let room = bob
            .post("/api/chatrooms", json!({"targetUserIds": ["ann"], "name": name}))
            .await
            .is(201);
        rooms.push(room["roomId"].as_str().unwrap().to_owned());
    }
    bob.say(&rooms[0], "see https://example.org/").await;
    let open = |room: &str| format!("http://{}/#/{room}", server.address());
    ann.page.goto(&open(&rooms[0])).await.unwrap();
    ann.shows(&["see https://example.org/"]).await;

    // From the start of the page, the first key leads to the skip link, and that to the messages.
    ann.page
        .execute("document.body.tabIndex = -1; document.body.focus()", Vec::new())
        .await
        .unwrap();
    ann.key(Key::Tab).await;
    ann.focuses("chat-app > .skip").await;
    ann.picture("skip").await;
    ann.key(Key::Enter).await;
    ann.focuses("message-list .scroll").await;

    // Backwards from the composer: its button, then the messages as one stop; links of a message
    // follow the message.
    ann.page
        .execute(&format!("document.querySelector('{WRITES}').focus()"), Vec::new())
        .await
        .unwrap();
    for place in ["message-composer .attach", "message-list .scroll"] {
        ann.press(&format!("{}{}", char::from(Key::Shift), char::from(Key::Tab))).await;
        ann.focuses(place).await;
    }
    ann.key(Key::Up).await;
    ann.focuses("message-item").await;
    ann.go_to(Key::Tab, "message-item .text a").await;

    // A user removed while writing is told where they are.
    ann.page
        .execute(&format!("document.querySelector('{WRITES}').focus()"), Vec::new())
        .await
        .unwrap();
    bob.delete(&format!("/api/chatrooms/{}/participants/ann", rooms[0])).await.is(204);
    ann.focuses("main empty-state h1").await;
    ann.is_accessible("removed").await;

    // Closing a dialog of a deleted room leads there too.
    ann.page.goto(&open(&rooms[1])).await.unwrap();
    ann.click("room-header .count").await;
    ann.click("member-list button").await;
    ann.has("person-dialog dialog[open]").await;
    bob.delete(&format!("/api/chatrooms/{}", rooms[1])).await.is(204);
    ann.has("main empty-state h1").await;
    ann.key(Key::Escape).await;
    ann.focuses("main empty-state h1").await;
    ann.close().await;
}
