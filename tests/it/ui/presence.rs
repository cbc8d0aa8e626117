//! Who is online, away or offline, wherever people are shown.

use fantoccini::key::Key;
use serde_json::json;

use crate::support::{Browser, Driver, Person, Server, people};

/// Opens a conversation of two, in which the first says something.
async fn direct(one: &Person, other: &Person) -> String {
    let body = json!({"targetUserIds": [other.login], "direct": true});
    let room = one.post("/api/chatrooms", body).await.is(201)["roomId"].clone();
    let room = room.as_str().unwrap().to_owned();
    one.say(&room, "hello").await;
    room
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn people_who_have_not_used_any_tab_for_ten_minutes_are_away() {
    let server = Server::start_with(&[("LIMITS__ENABLED", "false")]).await;
    let [ann, bob] = people(&server, ["ann", "bob"]).await;
    let bobs = direct(&ann, &bob).await;
    // More conversations than fit above it, none of which is opened.
    for login in ["c1", "c2", "c3", "c4", "c5", "c6"] {
        direct(&ann, &Person::new(&server, login).await).await;
    }
    let driver = Driver::start();
    let page = Browser::at_home(&driver, "away", server.address(), "1440,900", &ann).await;
    let other = Browser::at_home(&driver, "away-bob", server.address(), "1280,800", &bob).await;
    let row = format!("room-list a.row[href='#/{bobs}']");
    page.has(&format!("{row} [data-presence=here]")).await;
    page.reads(&format!("{row} .name .visually-hidden"), "Online").await;
    page.has("room-list a.row [data-presence=offline]").await;

    // Ten minutes pass for Bob's browser, and a timer of his page ends.
    let passes = "const now = Date.now; Date.now = () => now() + 11 * 60_000;
         dispatchEvent(new StorageEvent('storage', {key: 'active'}))";
    other.page.execute(passes, Vec::new()).await.unwrap();
    page.has(&format!("{row} [data-presence=away]")).await;
    page.reads(&format!("{row} .name .visually-hidden"), "Away").await;
    page.picture("list").await;
    page.click(&row).await;
    page.reads("room-header .presence", "Away").await;
    page.click("room-header .count").await;
    page.reads("member-list h3:nth-of-type(1)", "Online 1").await;
    page.reads("member-list h3:nth-of-type(2)", "Away 1").await;
    page.has("member-list [data-user=bob] [data-presence=away]").await;
    page.press(&format!("{}k", char::from(Key::Control))).await;
    page.has("quick-switcher dialog[open]").await;
    page.press("bob").await;
    page.has("quick-switcher [data-presence=away]").await;
    page.picture("switcher").await;
    page.press(&String::from(char::from(Key::Escape))).await;

    // A profile that is open changes with the person.
    page.click("member-list [data-user=bob]").await;
    page.reads("person-dialog .person-presence", "Away").await;
    other.page.execute("dispatchEvent(new Event('keydown'))", Vec::new()).await.unwrap();
    page.reads("person-dialog .person-presence", "Online").await;
    page.picture("profile").await;
    page.reads("room-header .presence", "Online").await;
    other.close().await;
    page.reads("person-dialog .person-presence", "Offline").await;
    page.close().await;
}
