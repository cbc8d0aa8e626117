//! Figures of the web UI in Chromium, printed and not tested, since they depend on the machine; they
//! take minutes. `CHATCTL_TEST_FIGURES=1 cargo test --test it the_web_ui_is_measured -- --nocapture`
//! on a machine that does nothing else. What a first visit fetches is in `first_visit.rs`.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
#![expect(clippy::print_stdout, reason = "prints figures")]

use std::time::Duration;

use futures_util::{StreamExt, stream};
use serde_json::json;

use crate::busy::{burst, heap, rooms};
use crate::support::{Browser, Driver, Line, Person, Server, people};

/// Number of rooms of the list.
const ROOMS: usize = 500;
/// Number of messages while frames are counted, at 50 a second.
const MESSAGES: u32 = 1000;
/// Number of messages that pass an open page.
const MANY: usize = 100_000;
/// A slow mobile network: round trip, and bytes per second in each direction (1.6 Mbit/s).
const SLOW: (Duration, u32) = (Duration::from_millis(150), 200_000);
/// Returns the milliseconds since the visit began as soon as one can read and write.
const USABLE: &str = "return document.querySelector('message-item') && \
                      document.querySelector('message-composer textarea') && \
                      document.querySelectorAll('room-list a.row').length > 8 && performance.now()";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_web_ui_is_measured() {
    if std::env::var_os("CHATCTL_TEST_FIGURES").is_none() {
        return;
    }
    let server = Server::start_with(&[("LIMITS__ENABLED", "false")]).await;
    let [ann, bob] = people(&server, ["ann", "bob"]).await;
    let rooms = rooms(&bob, &ann, ROOMS).await;
    bob.say(&rooms[0], "hello").await;
    let driver = Driver::start();
    visits(&driver, &server, &ann, &rooms[0]).await;

    let page = Browser::at_home(&driver, "figures", server.address(), "1440,900", &ann).await;
    let open = format!("location.hash = '#/{}'", rooms[0]);
    page.page.execute(&open, Vec::new()).await.unwrap();
    page.wait("the room", USABLE).await;
    println!("{ROOMS} rooms: heap {:.1} MB", heap(&page).await);
    let others: Vec<_> = rooms[1..].iter().step_by(7).map(String::as_str).collect();
    burst(&page, &bob, &others, MESSAGES, "50 messages a second in other rooms").await;
    burst(&page, &bob, &[&rooms[0]], MESSAGES, "50 messages a second in the open room").await;
    pass(&page, &bob, &rooms[0]).await;
    page.close().await;
}

/// Time until a signed-in user can read and write, on a slow network.
async fn visits(driver: &Driver, server: &Server, ann: &Person, room: &str) {
    let line = Line::to(server.address(), SLOW.0, Some(SLOW.1)).await;
    let page = Browser::at_home(driver, "slow", line.address(), "1440,900", ann).await;
    let origin = format!("http://{}", line.address());
    let visit = async || {
        page.page.goto("about:blank").await.unwrap();
        page.page.goto(&format!("{origin}/#/{room}")).await.unwrap();
        page.wait("the room", USABLE).await.as_f64().unwrap() / 1000.0
    };
    // Nothing is kept but the session.
    page.ask("Network.clearBrowserCache", json!({})).await;
    let kept =
        json!({"origin": origin, "storageTypes": "service_workers,cache_storage,local_storage"});
    page.ask("Storage.clearDataForOrigin", kept).await;
    let cold = visit().await;
    page.connection_is("online").await;
    let warm = visit().await;
    page.is_kept("").await;
    let kept = visit().await;
    println!(
        "{ROOMS} rooms, 150 ms, 1.6 Mbit/s, HTTP/1.1: usable after {cold:.2} s, then {warm:.2} s, and \
         {kept:.2} s when the page and its state are kept"
    );
    page.close().await;
}

/// Posts many messages into the open room, as fast as the server takes them.
async fn pass(page: &Browser, bob: &Person, room: &str) {
    let posts = (0..MANY).map(async |number| bob.say(room, &format!("passing {number}")).await);
    stream::iter(posts).buffer_unordered(16).for_each(|_| std::future::ready(())).await;
    let held = page
        .wait(
            "all messages",
            &format!(
                "const {{rooms, timelines}} = document.querySelector('chat-app').chat.store.state;
                 const {{messages}} = timelines.{room};
                 return rooms.{room}.lastSeq >= {MANY} && messages.at(-1)?.seq === \
                 rooms.{room}.lastSeq && messages.length"
            ),
        )
        .await;
    let elements = "return document.querySelectorAll('*').length";
    println!(
        "After {MANY} messages in the open room: heap {:.1} MB, {held} messages held, {} elements",
        heap(page).await,
        page.page.execute(elements, Vec::new()).await.unwrap()
    );
}
