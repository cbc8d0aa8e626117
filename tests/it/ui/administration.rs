//! The page for administrators: a menu for each row, questions, passwords, names of rooms.

use serde_json::json;

use crate::support::{Browser, Ctl, Driver, Person, RoomPlan, Server};

/// Chooses from the menu of an account.
async fn choose(page: &Browser, user: &str, item: &str) {
    page.click(&format!("server-users tr[data-user={user}] .more")).await;
    page.click(&format!("server-users row-menu .{item}")).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_happens_to_an_account_without_a_question() {
    let server = Server::start().await;
    Ctl::of(&server).create("ada", &["--admin"]);
    let ada = Person::known(&server, "ada").await;
    let bob = Person::new(&server, "bob").await;
    let state = || Ctl::of(&server).one(&["user", "show", "bob"]);
    let driver = Driver::start();
    let page = Browser::at_home(&driver, "menu", server.address(), "1280,800", &ada).await;
    page.go("#/server/people").await;
    for (item, key) in [("promote", "admin"), ("disable", "disabled")] {
        choose(&page, "bob", item).await;
        page.has("room-dialog dialog[open]").await;
        page.picture(item).await;
        // Cancelled, also by an Enter that comes too early.
        page.wait(
            "the focus on the way out",
            "return document.activeElement.matches('room-dialog .foot .button:not(.primary)')",
        )
        .await;
        page.click("room-dialog .foot .button").await;
        page.lacks("dialog[open]").await;
        assert_eq!(state()[key], false, "{item}");
        choose(&page, "bob", item).await;
        page.click("room-dialog .foot .primary").await;
        page.lacks("dialog[open]").await;
        assert_eq!(state()[key], true, "{item}");
        let back = if item == "promote" { "demote" } else { "enable" };
        choose(&page, "bob", back).await;
        if back == "demote" {
            page.click("room-dialog .foot .primary").await;
        }
        page.lacks("server-users .more[aria-busy]").await;
        page.lacks("dialog[open]").await;
        assert_eq!(state()[key], false, "{back}");
    }

    // A forgotten password: the sessions end, and the new one is shown once.
    choose(&page, "bob", "reset-password").await;
    page.click("room-dialog .foot .primary").await;
    let password = page
        .wait("the password", "return document.querySelector('room-dialog #new-password')?.value")
        .await;
    bob.get("/api/users/me").await.is(401);
    bob.bare().post("/api/login", json!({"userId": "bob", "password": password})).await.is(200);
    page.click("room-dialog .foot .button").await;
    page.lacks(".secret").await;

    choose(&page, "bob", "rename-user").await;
    page.page
        .find(fantoccini::Locator::Css("room-dialog #new-name"))
        .await
        .unwrap()
        .clear()
        .await
        .unwrap();
    page.click("room-dialog .foot .primary").await;
    page.has("room-dialog #new-name[aria-invalid]").await;
    page.fill("room-dialog #new-name", "Bob Miller").await;
    // What is typed may be right.
    page.lacks("room-dialog #new-name[aria-invalid]").await;
    page.click("room-dialog .foot .primary").await;
    page.reads("server-users tr[data-user=bob] th b", "Bob Miller").await;
    choose(&page, "bob", "delete-user").await;
    page.click("room-dialog .foot .primary").await;
    page.lacks("server-users tr[data-user=bob]").await;
    Ctl::of(&server).run(&["user", "show", "bob"]).fails(3, "bob");

    // The login name must be entered before everything of a person goes.
    let eve = Person::new(&server, "eve").await;
    let room = eve.public_room("Lobby").await;
    eve.say(&room, "to be erased").await;
    page.page.refresh().await.unwrap();
    choose(&page, "eve", "erase-user").await;
    page.reads("room-dialog .facts", "Messages erased1").await;
    page.picture("erase").await;
    page.fill("room-dialog #erased-name", "bob").await;
    page.click("room-dialog .foot .primary").await;
    page.has("room-dialog #erased-name[aria-invalid]").await;
    page.clear("room-dialog #erased-name").await;
    page.fill("room-dialog #erased-name", "eve").await;
    page.click("room-dialog .foot .primary").await;
    page.lacks("server-users tr[data-user=eve]").await;
    ada.enter(&room).await;
    assert_eq!(ada.contents(&room).await, [""]);

    // One's own account: nobody locks themselves out.
    page.click("server-users tr[data-user=ada] .more").await;
    page.has("server-users row-menu .rename-user").await;
    for item in ["reset-password", "demote", "disable", "delete-user", "erase-user", "end-sessions"]
    {
        page.lacks(&format!("server-users row-menu .{item}")).await;
    }
    page.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rooms_without_a_name_are_called_by_their_people() {
    let server = Server::start().await;
    Ctl::of(&server).create("ada", &["--admin"]);
    let ada = Person::known(&server, "ada").await;
    let (bob, eve) = (Person::new(&server, "bob").await, Person::new(&server, "eve").await);
    let direct = bob.room(&[&eve]).await;
    let plan = RoomPlan { name: Some("Study"), public: false };
    let named = bob.room_like(&[&eve], plan).await;
    let listed = Ctl::of(&server).all(&["room", "list"]);
    let people =
        |room: &str| listed.iter().find(|item| item["room"] == room).unwrap()["people"].clone();
    assert_eq!(people(&direct), json!(["bob", "eve"]));
    assert_eq!(people(&named), json!([]));
    let driver = Driver::start();
    let page = Browser::at_home(&driver, "rooms", server.address(), "390,844", &ada).await;
    page.go("#/server/rooms").await;
    let row = format!("server-rooms tr[data-room={direct}]");
    page.reads(&format!("{row} th b"), "bob, eve").await;
    page.reads(&format!("{row} .facts"), "Direct message").await;
    page.click(&format!("{row} .more")).await;
    page.picture("menu").await;
    page.click("server-rooms row-menu .delete-room").await;
    page.reads("room-dialog p", "bob, eve").await;
    page.click("room-dialog .foot .primary").await;
    page.lacks(&row).await;
    bob.get(&format!("/api/chatrooms/{direct}")).await.is(404);
    page.close().await;
}
