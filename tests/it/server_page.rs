//! The administration page of the web UI in Chromium, and that other users do not see it.

use serde_json::json;

use crate::support::{Browser, Ctl, Driver, Person, RoomPlan, Server};

/// Waits until the row of a user has the expected state.
async fn row(page: &Browser, user: &str, what: &str) {
    page.wait(
        &format!("{user}: {what}"),
        &format!(
            "const row = document.querySelector('server-users tr[data-user={user}]'); const says = \
             (text) => row.querySelector('.role').textContent === text; return Boolean(row) && {what}"
        ),
    )
    .await;
}

/// Chooses from the menu of a row, and answers the question if there is one.
async fn choose(page: &Browser, row: &str, item: &str, asks: bool) {
    page.click(&format!("{row} .more")).await;
    page.click(&format!("row-menu .{item}")).await;
    if asks {
        page.click("room-dialog dialog[open] .foot .primary").await;
        page.wait("no question", "return document.querySelector('dialog[open]') === null").await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[expect(clippy::too_many_lines, reason = "one scenario")]
async fn administrators_look_after_users_and_rooms_and_others_find_nothing() {
    let server = Server::start().await;
    Ctl::of(&server).create("root", &["--admin"]);
    let root = Person::known(&server, "root").await;
    let bob = Person::new(&server, "bob").await;
    let kept = bob.public_room("Kept").await;
    let gone = bob.room_like(&[], RoomPlan { name: Some("Gone"), public: false }).await;
    let driver = Driver::start();
    let (admin, other) = tokio::join!(
        Browser::at_home(&driver, "server", server.address(), "1280,800", &root),
        Browser::at_home(&driver, "server-bob", server.address(), "390,844", &bob)
    );
    let address = |hash: &str| format!("http://{}/#/{hash}", server.address());

    // Other users have neither a link to it nor the page.
    other.page.goto(&address("profile")).await.unwrap();
    other.has("session-list li").await;
    other
        .wait(
            "no way to it",
            "return document.querySelector('settings-page .server').checkVisibility() === false",
        )
        .await;
    other.page.goto(&address("server")).await.unwrap();
    other
        .wait(
            "the page is another one",
            "return document.querySelector('chat-app')?.dataset.view === 'page' && \
             document.querySelector('main empty-state') !== null",
        )
        .await;
    assert_eq!(
        other
            .page
            .execute("return customElements.get('server-page') === undefined", Vec::new())
            .await
            .unwrap(),
        json!(true)
    );
    other.page.goto(&address(&kept)).await.unwrap();
    other.has("message-composer").await;

    // The link in the settings; the state of the server.
    admin.page.goto(&address("profile")).await.unwrap();
    admin.click("settings-page a.server").await;
    admin
        .wait(
            "figures",
            "return document.querySelectorAll('server-status .figures dd').length >= 6",
        )
        .await;
    admin.click("#tab-people").await;
    row(&admin, "bob", "says('User') && row.dataset.disabled === undefined").await;
    row(&admin, "root", "says('Administrator')").await;

    // An ended session stops immediately, and the log reports it.
    let bobs = "server-users tr[data-user=bob]";
    choose(&admin, bobs, "end-sessions", false).await;
    other.has("login-form .notice.info:not([hidden])").await;
    admin.click("#tab-log").await;
    admin
        .wait(
            "the log",
            "return document.querySelector('server-log .log').textContent.includes('user.logout \
             bob')",
        )
        .await;
    admin.picture("administration").await;
    admin.click("#tab-people").await;
    let verbs = [
        ("promote", "says('Administrator')"),
        ("demote", "says('User')"),
        ("disable", "row.dataset.disabled === ''"),
    ];
    for (verb, then) in verbs {
        choose(&admin, bobs, verb, true).await;
        row(&admin, "bob", then).await;
    }
    bob.post("/api/login", json!({"userId": "bob", "password": bob.password})).await.is(401);
    choose(&admin, bobs, "enable", false).await;
    row(&admin, "bob", "row.dataset.disabled === undefined").await;

    // A new user logs in with the password shown once.
    admin.click("server-page .add-user").await;
    admin.fill("room-dialog #new-user", "bob").await;
    admin.click("room-dialog button[type=submit]").await;
    admin.has("room-dialog #new-user[aria-invalid]").await;
    admin.fill("room-dialog #new-user", "by").await;
    admin.click("room-dialog button[type=submit]").await;
    let password = admin
        .wait("the password", "return document.querySelector('room-dialog #new-password')?.value")
        .await;
    admin.picture("password").await;
    bob.bare().post("/api/login", json!({"userId": "bobby", "password": password})).await.is(200);
    admin.click("room-dialog .foot .button").await;
    row(&admin, "bobby", "row.textContent.includes('@bobby')").await;
    admin
        .wait("the password is nowhere", "return document.querySelector('.secret') === null")
        .await;

    // Deleting a room requires confirmation.
    admin.click("#tab-rooms").await;
    admin
        .wait(
            "both rooms",
            "return document.querySelectorAll('server-rooms tbody tr').length === 2",
        )
        .await;
    choose(&admin, &format!("server-rooms tr[data-room={gone}]"), "delete-room", true).await;
    admin
        .wait("one room", "return document.querySelectorAll('server-rooms tbody tr').length === 1")
        .await;
    bob.again().await.get(&format!("/api/chatrooms/{gone}")).await.is(404);

    // A user who is no longer an administrator is told so.
    Ctl::of(&server).run(&["user", "demote", "root", "--yes"]).ends(0);
    admin.click("#tab-people").await;
    choose(&admin, "server-users tr[data-user=bobby]", "end-sessions", false).await;
    admin.has("server-users .notice:not([hidden])").await;
    admin.close().await;
    other.close().await;
}

/// Waits until the audit log shows exactly these actions, newest first.
async fn actions(page: &Browser, wanted: &[&str]) {
    page.wait(
        &format!("{wanted:?}"),
        &format!(
            "return JSON.stringify([...document.querySelectorAll('server-audit li code')].map((c) \
             => c.textContent)) === '{}'",
            json!(wanted)
        ),
    )
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn administrators_read_who_changed_what() {
    let server = Server::start().await;
    let ctl = Ctl::of(&server);
    ctl.create("ada", &["--admin"]);
    let ada = Person::known(&server, "ada").await;
    let bob = Person::new(&server, "bob").await;
    for _ in 0..10 {
        ctl.run(&["user", "mark", "bob", "--bot"]).ends(0);
        ctl.run(&["user", "mark", "bob", "--no-bot"]).ends(0);
    }
    let room = bob.public_room("<b>Hall</b>").await;
    ctl.run(&["room", "topic", &room, "Boxes and bags"]).ends(0);
    let driver = Driver::start();
    let admin = Browser::at_home(&driver, "audit", server.address(), "1280,800", &ada).await;
    // Those of the time before the log-in.
    admin.errors().await;
    admin.page.goto(&format!("http://{}/#/server/audit", server.address())).await.unwrap();
    admin
        .wait(
            "a page of entries, and a way to the rest",
            "return document.querySelectorAll('server-audit li').length === 20 && \
             !document.querySelector('server-audit .older').hidden",
        )
        .await;
    admin.click("server-audit .older").await;
    admin
        .wait(
            "all entries",
            "return document.querySelectorAll('server-audit li').length === 22 && \
             document.querySelector('server-audit .older').hidden",
        )
        .await;

    // What somebody does on this page is there, with what was before and after.
    admin.click("#tab-people").await;
    choose(&admin, "server-users tr[data-user=bob]", "disable", true).await;
    admin.click("#tab-audit").await;
    admin
        .wait(
            "the newest entry",
            "const entry = document.querySelector('server-audit li'); const of = (part) => \
             entry?.querySelector(part)?.textContent; return of('code') === 'user.disable' && \
             of('b') === 'ada' && of('.entry span') === '@bob' && of('del') === 'false' && \
             of('ins') === 'true' && of('small').includes('127.0.0.1')",
        )
        .await;
    admin.picture("light").await;

    // By subject, by person, and both.
    let choose = async |subject: &str| {
        let script = format!(
            "const select = document.querySelector('server-page section select'); select.value = \
             '{subject}'; select.dispatchEvent(new Event('change'))"
        );
        admin.page.execute(&script, vec![]).await.unwrap();
    };
    choose("room").await;
    actions(&admin, &["room.settings"]).await;
    admin
        .wait(
            "text, not HTML",
            "return document.querySelector('server-audit .entry span').textContent === \
             '<b>Hall</b> (room001)'",
        )
        .await;
    choose("user").await;
    let person = async |name: &str| {
        let script = format!(
            "const field = document.querySelector('input[aria-label=\"Person\"]'); \
             field.value = '{name}'; field.dispatchEvent(new Event('input'))"
        );
        admin.page.execute(&script, vec![]).await.unwrap();
    };
    person("ADA").await;
    actions(&admin, &["user.disable", "user.create"]).await;
    person("nobody").await;
    admin
        .wait(
            "nothing",
            "return document.querySelector('server-audit ul').hidden && \
             document.querySelector('server-audit [role=status]').textContent === 'No entries.'",
        )
        .await;
    person("").await;
    choose("all").await;
    admin.has("server-audit li").await;

    admin.page.set_window_size(390, 844).await.unwrap();
    admin
        .page
        .execute(
            "document.documentElement.dataset.theme = 'dark'; \
             document.querySelector('server-audit').closest('section').scrollIntoView()",
            vec![],
        )
        .await
        .unwrap();
    admin
        .wait(
            "no part is wider than the page",
            "return document.querySelector('server-page .body').scrollWidth <= innerWidth",
        )
        .await;
    admin.picture("dark-narrow").await;
    assert_eq!(admin.errors().await, [""; 0]);
    admin.close().await;
}
