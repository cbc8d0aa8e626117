//! How long messages are kept, in the web UI: an administrator sets it, participants read it, and what
//! has expired leaves the page.

use rusqlite::{Connection, params};
use serde_json::Value;

use super::people::choose;
use crate::support::{Browser, Ctl, Driver, Person, Server, number};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn old_messages_are_deleted_as_an_administrator_says() {
    let mut server = Server::start().await;
    let ctl = Ctl::of(&server);
    ctl.create("ada", &["--admin"]);
    let ada = Person::known(&server, "ada").await;
    let room = ada.public_room("Study").await;
    ada.say_all(&room, &["long ago", "today"]).await;
    assert!(server.terminate().await.success());
    let old = "UPDATE messages SET created = created - 8640000000 WHERE room = ?1 AND seq = 1";
    let conn = Connection::open(server.data().join("chat.db")).unwrap();
    assert_eq!(conn.execute(old, params![number(&room)]).unwrap(), 1);
    drop(conn);
    server.restart().await;
    let ada = Person::known(&server, "ada").await;
    let driver = Driver::start();
    let page = Browser::at_home(&driver, "retention", server.address(), "1440,900", &ada).await;
    page.go("#/server/rooms").await;
    choose(&page, &format!("server-rooms tr[data-room={room}]"), "keep-messages").await;
    page.reads("room-dialog #keep-days", "Server setting: Do not delete").await;
    let chosen = "const days = document.querySelector('room-dialog #keep-days'); \
                  if (days.value !== '' || days.selectedIndex !== 0) return false; \
                  days.value = '30'; return true";
    page.wait("the choice", chosen).await;
    page.picture("asks").await;
    page.click("room-dialog .foot .primary").await;
    // What is lost is said before anything is set.
    let lost = "Messages older than 30 days will be deleted permanently, within a day, for \
                everyone. Pinned messages are kept.";
    page.reads("room-dialog .content", lost).await;
    page.picture("warns").await;
    assert_eq!(ctl.one(&["room", "show", &room])["retention_days"], Value::Null);
    page.click("room-dialog .foot .danger").await;
    page.wait("no question", "return document.querySelector('dialog[open]') === null").await;
    assert_eq!(ctl.one(&["room", "show", &room])["retention_days"], 30);
    // Keeping them for longer loses nothing, and is not asked.
    choose(&page, &format!("server-rooms tr[data-room={room}]"), "keep-messages").await;
    let longer = "const days = document.querySelector('room-dialog #keep-days'); \
                  if (days?.value !== '30') return false; days.value = '90'; return true";
    page.wait("the choice", longer).await;
    page.click("room-dialog .foot .primary").await;
    page.wait("no question", "return document.querySelector('dialog[open]') === null").await;
    assert_eq!(ctl.one(&["room", "show", &room])["retention_days"], 90);

    page.go(&format!("#/{room}")).await;
    page.shows(&["long ago", "today"]).await;
    page.click("room-header .count").await;
    let kept = "Messages are deleted after 90 days. Pinned messages are kept.";
    page.reads("room-details room-retention", kept).await;
    page.picture("details").await;
    ctl.run(&["retention", "run", "--yes"]).ends(0);
    let gone = "return document.querySelectorAll('message-item').length === 1";
    page.wait("what has expired is gone", gone).await;
    page.shows(&["today"]).await;
    page.errors().await;
}
