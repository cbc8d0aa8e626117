//! The tables for administrators: tabs with addresses, search, sorting, pages, several accounts at
//! once, sessions, rooms and their archive.

use fantoccini::key::Key;
use serde_json::json;

use crate::support::{Browser, Ctl, Driver, Person, RoomPlan, Server};

/// The login names in the table, in its order.
const NAMES: &str = "return [...document.querySelectorAll('server-users tbody tr')].map((row) => \
                     row.dataset.user).join(' ')";

async fn lists(page: &Browser, names: &str) {
    page.wait(
        names,
        &format!("const names = (() => {{ {NAMES} }})(); return names === {}", json!(names)),
    )
    .await;
}

pub(super) async fn choose(page: &Browser, row: &str, item: &str) {
    page.click(&format!("{row} .more")).await;
    page.click(&format!("row-menu .{item}")).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tabs_have_addresses_and_follow_the_arrows() {
    let server = Server::start().await;
    Ctl::of(&server).create("ada", &["--admin"]);
    let ada = Person::known(&server, "ada").await;
    let driver = Driver::start();
    let page = Browser::at_home(&driver, "tabs", server.address(), "1280,800", &ada).await;
    page.go("#/server/storage").await;
    page.has("#tab-storage[aria-selected=true]").await;
    page.reads("server-storage .figures", "Messages").await;
    page.has("#server-panel[role=tabpanel][aria-labelledby=tab-storage]").await;
    page.run("document.querySelector('#tab-storage').focus()").await;
    page.key(Key::Right).await;
    page.has("#tab-audit[aria-selected=true]").await;
    page.focuses("#tab-audit").await;
    page.wait("its address", "return location.hash === '#/server/audit'").await;
    page.key(Key::Home).await;
    page.has("server-overview server-status .figures dd").await;
    page.wait("its address", "return location.hash === '#/server'").await;
    page.has("server-overview [role=status]:not(:empty)").await;
    page.key(Key::Left).await;
    page.focuses("#tab-log").await;
    page.has("server-log").await;
    page.run("history.back()").await;
    page.has("#tab-overview[aria-selected=true]").await;
    // One tab stop for all of them.
    assert_eq!(
        page.run("return document.querySelectorAll('[role=tab][tabindex=\"0\"]').length").await,
        json!(1)
    );
    page.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn accounts_are_found_sorted_and_changed_several_at_once() {
    let server = Server::start().await;
    let ctl = Ctl::of(&server);
    ctl.create("ada", &["--admin"]);
    let ada = Person::known(&server, "ada").await;
    let bob = Person::new(&server, "bob").await;
    let eve = Person::new(&server, "eve").await;
    ctl.create("zoe", &[]);
    ctl.run(&["bot", "create", "ci"]).ends(0);
    let driver = Driver::start();
    let page = Browser::at_home(&driver, "people", server.address(), "1440,900", &ada).await;
    // Those of the time before the log-in.
    page.errors().await;
    page.go("#/server/people").await;
    // Bots stand among the integrations.
    lists(&page, "ada bob eve zoe").await;
    page.reads("tr[data-user=zoe] .seen", "Never").await;
    page.has("tr[data-user=bob] .seen time").await;
    page.picture("light").await;
    page.click("server-users thead .name button").await;
    page.has("thead .name[aria-sort=ascending]").await;
    page.click("server-users thead .name button").await;
    lists(&page, "zoe eve bob ada").await;
    page.fill("server-page .search-field input", "OB").await;
    lists(&page, "bob").await;
    page.run(
        "const field = document.querySelector('server-page .search-field input'); field.value = \
         ''; field.dispatchEvent(new Event('input'))",
    )
    .await;
    lists(&page, "zoe eve bob ada").await;

    // Oneself is never among those who are chosen.
    page.click("server-users thead .choose input").await;
    page.reads(".several", "3 selected").await;
    page.has("tr[data-user=ada] .choose input:disabled:not(:checked)").await;
    page.click("tr[data-user=zoe] .choose input").await;
    page.reads(".several", "2 selected").await;
    page.picture("several").await;
    page.click(".several .end-all").await;
    page.reads("room-dialog h2", "Sign out 2 people everywhere?").await;
    page.click("room-dialog .foot .primary").await;
    page.reads("server-users .said", "2 sessions ended").await;
    page.has(".several[hidden]").await;
    for person in [&bob, &eve] {
        person.get("/api/users/me").await.is(401);
    }
    for user in ["bob", "eve"] {
        page.click(&format!("tr[data-user={user}] .choose input")).await;
    }
    page.click(".several .disable-all").await;
    page.click("room-dialog .foot .primary").await;
    page.has("tr[data-user=bob][data-disabled]").await;
    page.has("tr[data-user=eve][data-disabled]").await;
    page.lacks("tr[data-user=zoe][data-disabled]").await;
    assert_eq!(ctl.one(&["user", "show", "eve"])["disabled"], true);

    // Sessions of a person, one by one.
    choose(&page, "tr[data-user=ada]", "sessions").await;
    page.has("room-dialog .sessions li").await;
    page.picture("sessions").await;
    page.click("room-dialog .foot .button").await;
    page.lacks("dialog[open]").await;
    assert_eq!(page.errors().await, [""; 0]);
    page.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_accounts_have_pages_and_a_phone_shows_cards() {
    let server = Server::start().await;
    let ctl = Ctl::of(&server);
    ctl.create("ada", &["--admin"]);
    let ada = Person::known(&server, "ada").await;
    for number in 0..59 {
        let name = format!("bot-{number:02}");
        ctl.run(&["bot", "create", &name]).ends(0);
        ctl.run(&["user", "mark", &name, "--no-bot"]).ends(0);
    }
    let driver = Driver::start();
    let page = Browser::at_home(&driver, "cards", server.address(), "390,844", &ada).await;
    page.go("#/server/people").await;
    page.reads(".turn", "1–50 of 60").await;
    page.picture("first").await;
    page.wait(
        "no part is wider than the page",
        "return document.querySelector('server-page .body').scrollWidth <= innerWidth",
    )
    .await;
    page.has(".turn .back:disabled").await;
    page.click(".turn .forward").await;
    page.reads(".turn", "51–60 of 60").await;
    page.wait(
        "ten rows",
        "return document.querySelectorAll('server-users tbody tr').length === 10",
    )
    .await;
    page.has("tr[data-user=bot-58]").await;
    page.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rooms_are_archived_and_what_a_deletion_takes_is_said_before() {
    let server = Server::start().await;
    let ctl = Ctl::of(&server);
    ctl.create("ada", &["--admin"]);
    let ada = Person::known(&server, "ada").await;
    let (bob, eve) = (Person::new(&server, "bob").await, Person::new(&server, "eve").await);
    let room = bob.room_like(&[&eve], RoomPlan { name: Some("Study"), public: false }).await;
    let own = bob.room_like(&[], RoomPlan { name: Some("Diary"), public: false }).await;
    for text in ["one", "two", "three"] {
        bob.say(&own, text).await;
    }
    let driver = Driver::start();
    let page = Browser::at_home(&driver, "archive", server.address(), "1440,900", &ada).await;
    page.go("#/server/rooms").await;
    let row = format!("server-rooms tr[data-room={own}]");
    page.reads(&format!("{row} .messages"), "3").await;
    page.has(&format!("{row} .last time")).await;
    page.picture("rooms").await;
    let row = format!("server-rooms tr[data-room={room}]");
    choose(&page, &row, "archive-room").await;
    page.click("room-dialog .foot .primary").await;
    page.reads(&format!("{row} .facts"), "Archived").await;
    assert_eq!(ctl.one(&["room", "show", &room])["mode"], "archived");
    choose(&page, &row, "unarchive-room").await;
    page.lacks(&format!("{row} .facts .tag")).await;

    page.go("#/server/people").await;
    choose(&page, "tr[data-user=bob]", "delete-user").await;
    page.reads("room-dialog .facts", "Room memberships ended1").await;
    page.reads("room-dialog .facts", "nobody else is in them1").await;
    page.reads("room-dialog .facts", "Messages deleted3").await;
    page.picture("deletes").await;
    page.click("room-dialog .foot .primary").await;
    page.lacks("tr[data-user=bob]").await;
    page.close().await;
}
