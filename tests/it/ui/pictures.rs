//! Pictures of every page, for inspection: in four languages, light and dark, wide and on a phone.
//! Taken only if `CHATCTL_TEST_PICTURES` names some: `all`, or parts of the names of runs, such as
//! `ko` or `ru-dark-phone`, separated by commas. They are in `target/screenshots`. Shows the files
//! of `assets/` as they are in the folder, so that no build is needed after a change in them.

#![expect(clippy::print_stdout, reason = "prints what is cut off")]

mod scene;

use fantoccini::key::Key;
use serde_json::{Value, json};

use self::scene::{Scene, scene};
use super::WRITES;
use crate::support::{Browser, Driver, Person};

/// What is cut off, and what sticks out of the page; texts that say so with an ellipsis excepted.
const CLIPPED: &str = "const found = [];
    const wide = document.documentElement.scrollWidth;
    if (wide > innerWidth) found.push(`the page is ${wide} wide`);
    for (const element of document.body.querySelectorAll('*')) {
        if (!element.checkVisibility({visibilityProperty: true}) || element.closest('svg, pre, .visually-hidden')) \
                       continue;
        const {overflowX, textOverflow} = getComputedStyle(element);
        const box = element.getBoundingClientRect();
        if (box.width <= 1 || box.height <= 1) continue;
        const name = `${element.localName}.${element.className} ${element.textContent.slice(0, 40)}`;
        if (element.scrollWidth > element.clientWidth + 1 && textOverflow !== 'ellipsis' && \
                       ['hidden', 'clip'].includes(overflowX)) found.push(`cut off: ${name}`);
        if (element.matches('button, a, input, select, h1, h2, h3, label, p') && (box.right > \
                       innerWidth + 1 || box.left < -1) && !element.closest('.skip, \
                       [role=tablist], .frame')) found.push(`outside: ${name}`);
    }
    return found";

/// One series: a language, a colour scheme and a size.
struct Run {
    name: &'static str,
    language: &'static str,
    scheme: &'static str,
    phone: bool,
}

impl Run {
    /// All that the variable names.
    fn wanted(names: &str) -> Vec<Self> {
        let mut all = Vec::new();
        for language in ["en", "ko", "ru", "zh"] {
            for scheme in ["light", "dark"] {
                for (size, phone) in [("wide", false), ("phone", true)] {
                    let name = format!("{language}-{scheme}-{size}");
                    if names == "all" || names.split(',').any(|part| name.contains(part)) {
                        let name: &'static str = name.leak();
                        all.push(Self { name, language, scheme, phone });
                    }
                }
            }
        }
        all
    }

    fn size(&self) -> (u32, u32) {
        if self.phone { (390, 844) } else { (1280, 800) }
    }
}

/// A browser that takes pictures, and the number of the next one.
struct Album<'a> {
    run: &'a Run,
    page: Browser,
    taken: usize,
}

impl Album<'_> {
    /// Sets the size of the view; a phone is touched.
    async fn resize(&self, height: u32) {
        let (width, _) = self.run.size();
        let size = json!({"width": width, "height": height, "deviceScaleFactor": 1,
            "mobile": self.run.phone});
        self.page.ask("Emulation.setDeviceMetricsOverride", size).await;
    }

    async fn take(&mut self, what: &str) {
        // Two frames later everything is painted.
        let painted = "const done = arguments[0]; requestAnimationFrame(() => \
                       requestAnimationFrame(() => done()))";
        self.page.page.execute_async(painted, Vec::new()).await.unwrap();
        self.taken += 1;
        self.page.picture(&format!("{:02}-{what}", self.taken)).await;
        for fault in self.page.run(CLIPPED).await.as_array().unwrap() {
            println!("{} {what}: {}", self.run.name, fault.as_str().unwrap());
        }
    }

    /// Goes to an address, waits for an element, takes a picture.
    async fn at(&mut self, hash: &str, there: &str, what: &str) {
        self.page.go(hash).await;
        self.page.has(there).await;
        self.take(what).await;
    }

    /// The same of a long page, all of it.
    async fn long(&mut self, hash: &str, there: &str, what: &str) {
        self.resize(2400).await;
        self.at(hash, there, what).await;
        self.resize(self.run.size().1).await;
    }

    /// Emits an event of an element, waits for what it opens, takes a picture, closes it.
    async fn opened(&mut self, event: &str, detail: &Value, there: &str, what: &str) {
        self.emit(event, detail).await;
        self.page.has(there).await;
        self.take(what).await;
        self.page
            .run(
                "for (const dialog of document.querySelectorAll('dialog[open]')) dialog.close(); \
                 for (const popover of document.querySelectorAll(':popover-open')) \
                 popover.hidePopover()",
            )
            .await;
    }

    async fn emit(&self, event: &str, detail: &Value) {
        let event = json!(event);
        self.page
            .run(&format!(
                "document.querySelector('chat-app').dispatchEvent(new CustomEvent({event}, \
                 {{detail: {detail}}}))"
            ))
            .await;
    }
}

/// Pages of those who are not signed in.
async fn outside(album: &mut Album<'_>, scene: &Scene) {
    album.page.has("login-form #name").await;
    let theme = format!("localStorage.setItem('theme', '{}')", album.run.scheme);
    album.page.run(&theme).await;
    album.page.page.refresh().await.unwrap();
    album.at("#/register", "login-form #name", "register").await;
    album.page.click("login-form button[type=submit]").await;
    album.page.has("login-form [aria-invalid]").await;
    album.take("register-errors").await;
    album.at("#/sign-in", "login-form #password", "sign-in").await;
    album.page.fill("login-form #user", "ada").await;
    album.page.fill("login-form #password", "wrong").await;
    album.page.click("login-form button[type=submit]").await;
    album.page.has("login-form #password[aria-invalid]").await;
    album.take("sign-in-refused").await;
    album.at("#setup=0123456789", "login-form .notice:not([hidden])", "setup-wrong").await;
    album.at("#reset=0123456789", "reset-form", "reset-wrong").await;
    album.page.go("#/sign-in").await;
    album.page.has("login-form #password").await;
    for field in ["#user", "#password"] {
        album.page.clear(&format!("login-form {field}")).await;
    }
    album.page.fill("login-form #user", &scene.ada.login).await;
    album.page.fill("login-form #password", &scene.ada.password).await;
    album.page.click("login-form button[type=submit]").await;
    album.page.has("chat-app room-list a.row").await;
}

/// The conversation and what is beside it and above it.
async fn conversation(album: &mut Album<'_>, scene: &Scene) {
    let Scene { room, quiet, archived, asked, told, .. } = scene;
    album.at("#/rooms", "room-list a.row", "rooms").await;
    album.at(&format!("#/{room}"), "message-item .picture img", "room").await;
    let item = |key: &str| format!("document.querySelector('message-item[data-message-id={key}]')");
    album.page.run(&format!("{}.focus()", item(told))).await;
    album.take("message-focused").await;
    album.page.press(&format!("{}{}", char::from(Key::Shift), char::from(Key::F10))).await;
    album.page.has(":is(row-menu, action-sheet) button").await;
    album.take("message-menu").await;
    album.page.key(Key::Escape).await;
    // The keyboard of a phone has emoji of its own.
    if !album.run.phone {
        album.page.click("message-composer .emoji").await;
        album.page.has("emoji-picker section button").await;
        album.take("emoji").await;
        album.page.key(Key::Escape).await;
    }
    album.page.click("message-composer .format").await;
    album.page.has("format-bar .strong").await;
    album.page.fill(WRITES, "Hello @i").await;
    album.page.has("text-completion li").await;
    album.take("completion").await;
    album.page.clear(WRITES).await;
    album.page.click("message-composer .format").await;
    for (event, what) in [("message-reply", "reply"), ("message-edit", "edit")] {
        let row = json!({"messageId": asked, "author": "Benedict Cumberbatch-Featherstonehaugh",
            "content": "Who checks the packages before we publish them?"});
        album.emit(event, &row).await;
        album.page.has("message-composer .context").await;
        album.take(what).await;
        album.emit("context-leave", &Value::Null).await;
    }
    let row = json!({"messageId": asked, "content": ""});
    for (event, detail, there, what) in [
        ("message-readers", &row, "reader-list dialog[open]", "readers"),
        ("message-delete", &row, "room-dialog dialog[open]", "delete"),
        ("person-open", &json!("ben"), "person-dialog dialog[open]", "person"),
        ("room-new", &json!(null), "room-dialog dialog[open]", "new-room"),
        ("people-add", &json!(null), "room-dialog dialog[open]", "add-people"),
        ("room-leave", &json!(null), "room-dialog dialog[open]", "leave"),
        ("places-show", &json!(null), "quick-switcher li", "switcher"),
        ("shortcuts-show", &json!(null), "shortcut-help dialog[open]", "shortcuts"),
    ] {
        album.opened(event, detail, there, what).await;
    }
    album.page.go(&format!("#/{room}/details")).await;
    if !album.run.phone {
        album.page.click("room-header .count").await;
    }
    album.page.has("room-details member-list li").await;
    album.page.click("room-details summary").await;
    album.page.has("room-files li").await;
    album.take("details").await;
    album.page.click("room-details .room-menu").await;
    album.page.has("row-menu button").await;
    album.take("room-menu").await;
    album.page.key(Key::Escape).await;
    album.at(&format!("#/{room}/{asked}/thread"), "thread-panel message-item", "thread").await;
    album.at(&format!("#/{quiet}"), "message-list empty-state", "room-empty").await;
    album.at(&format!("#/{archived}"), ".cannot-write", "room-archived").await;
    album.at("#/room999", "room-absent h1", "room-absent").await;
    // Without a network.
    album.page.go(&format!("#/{room}")).await;
    album.page.has("message-item").await;
    let network = |offline: bool| json!({"offline": offline, "latency": 0, "downloadThroughput": -1, "uploadThroughput": -1});
    album.page.ask("Network.enable", json!({})).await;
    album.page.ask("Network.emulateNetworkConditions", network(true)).await;
    album.page.connection_is("offline").await;
    album.page.has("connection-banner > :not([hidden])").await;
    album.page.say("Written without a network").await;
    album.take("offline").await;
    album.page.ask("Network.emulateNetworkConditions", network(false)).await;
    album.page.run("dispatchEvent(new Event('online'))").await;
    album.page.connection_is("online").await;
    album.page.lacks("message-item[data-state=pending]").await;
}

/// The other pages.
async fn pages(album: &mut Album<'_>) {
    for (hash, there, what) in [
        ("#/search?q=", "search-results empty-state", "search-start"),
        ("#/search?q=packages", "search-results a.hit", "search"),
        ("#/search?q=nowhere", "search-results empty-state", "search-none"),
        ("#/directory", "room-directory li", "directory"),
        ("#/saved", "saved-list .saved", "saved"),
        ("#/threads", "threads-list li", "threads"),
    ] {
        album.at(hash, there, what).await;
    }
    album.at("#/profile", "session-list li", "profile").await;
    album.long("#/profile", "session-list li", "profile-whole").await;
    let there = "server-page :is(tbody tr, .figures dd, li[data-entry], .log p, \
                 [role=status]:not(:empty))";
    album.long("#/server", "server-status .figures dd", "server").await;
    for tab in ["people", "rooms", "integrations", "storage", "audit", "log"] {
        album.page.go(&format!("#/server/{tab}")).await;
        album.page.has(&format!("#tab-{tab}[aria-selected=true]")).await;
        album.long(&format!("#/server/{tab}"), there, tab).await;
    }
    for (tab, there) in [
        ("invitations", "server-invitations button"),
        ("emoji", "server-emoji button"),
        ("look", "server-look .origin:not(:empty)"),
    ] {
        album.long(&format!("#/server/{tab}"), there, tab).await;
    }
    album.page.go("#/server/people").await;
    album.page.click("tr[data-user=ben] .more").await;
    album.page.has("server-users row-menu button").await;
    album.take("people-menu").await;
    for (item, what) in [("reset-password", "people-password"), ("delete-user", "people-delete")] {
        album.page.run("document.querySelector(':popover-open')?.hidePopover()").await;
        album.page.click("tr[data-user=ben] .more").await;
        album.page.click(&format!("row-menu .{item}")).await;
        album.page.has("room-dialog dialog[open]").await;
        album.take(what).await;
        album.page.run("document.querySelector('dialog[open]').close()").await;
    }
    album.page.go("#/server/integrations").await;
    for (button, what) in
        [(".add-webhook", "add-webhook"), (".add-bot", "add-bot"), (".add-token", "add-token")]
    {
        album.page.click(button).await;
        album.page.has("room-dialog dialog[open]").await;
        album.take(what).await;
        album.page.run("document.querySelector('dialog[open]').close()").await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_page_is_pictured() {
    let Ok(names) = std::env::var("CHATCTL_TEST_PICTURES") else { return };
    let runs = Run::wanted(&names);
    assert!(!runs.is_empty(), "no run is called {names}");
    let scene = scene().await;
    let driver = Driver::start();
    let address = scene.server.address();
    for run in runs {
        let (width, height) = run.size();
        let size = format!("{width},{height}");
        let page = Browser::open_in(&driver, run.name, address, &size, run.language).await;
        let mut album = Album { run: &run, page, taken: 0 };
        if run.phone {
            let touch = json!({"enabled": true, "maxTouchPoints": 5});
            album.page.ask("Emulation.setTouchEmulationEnabled", touch).await;
        }
        album.resize(height).await;
        outside(&mut album, &scene).await;
        conversation(&mut album, &scene).await;
        pages(&mut album).await;
        // Somebody who is new.
        let new = Person::new(&scene.server, &format!("new-{}", run.name)).await;
        album.page.run("localStorage.clear()").await;
        album.page.ask("Network.clearBrowserCookies", json!({})).await;
        let theme = format!("localStorage.setItem('theme', '{}')", run.scheme);
        album.page.run(&theme).await;
        album.page.page.goto(&format!("http://{address}/#/sign-in")).await.unwrap();
        album.page.page.refresh().await.unwrap();
        album.page.has("login-form #password").await;
        album.page.fill("login-form #user", &new.login).await;
        album.page.fill("login-form #password", &new.password).await;
        album.page.click("login-form button[type=submit]").await;
        album.at("#/rooms", "room-list empty-state", "welcome").await;
        album.at("#/saved", "saved-list empty-state", "saved-none").await;
        album.page.close().await;
    }
}
