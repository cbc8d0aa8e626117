//! Navigation in the web UI in Chromium: links, back and forward, scrolling up.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use serde_json::json;

use crate::support::{Browser, Driver, Person, Server};

async fn go(browser: &Browser, hash: &str) {
    browser.page.execute(&format!("location.hash = {}", json!(hash)), Vec::new()).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_question_and_a_search_follow_the_address() {
    let server = Server::start().await;
    let ann = Person::new(&server, "ann").await;
    let (one, two) = (
        ann.public_room("One").await,
        ann.public_room(&format!("Two {}", "very long name ".repeat(4))).await,
    );
    let driver = Driver::start();
    let page = Browser::at_home(&driver, "pages", server.address(), "1280,800", &ann).await;

    // A confirmation about one room is not shown for the next.
    for room in [&one, &two] {
        go(&page, &format!("#/{room}")).await;
        page.wait(
            "the room",
            &format!(
                "return document.querySelector('room-list a[aria-current]')?.getAttribute('href') \
                 === '#/{room}'"
            ),
        )
        .await;
    }
    page.click("room-header .count").await;
    page.click("room-details .room-menu").await;
    page.click("row-menu .delete-room").await;
    page.has("room-dialog dialog[open]").await;
    page.page.back().await.unwrap();
    page.wait(
        "no question, and the first room",
        &format!(
            "return document.querySelector('dialog[open]') === null && location.hash === '#/{one}'"
        ),
    )
    .await;
    page.click("room-details .room-menu").await;
    page.click("row-menu .delete-room").await;
    page.click("room-dialog button.danger").await;
    page.wait(
        "only that room is gone",
        "return document.querySelectorAll('room-list a.row').length === 1",
    )
    .await;
    ann.see(&two).await;

    // The search field shows the current query, also after back and forward.
    let says = |text: &str| {
        format!("return document.querySelector('search-results input')?.value === {}", json!(text))
    };
    go(&page, "#/search?q=first").await;
    page.wait("the first search", &says("first")).await;
    go(&page, "#/search?q=second").await;
    page.wait("the second search", &says("second")).await;
    page.page.back().await.unwrap();
    page.wait("the first search again", &says("first")).await;
    page.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_long_name_and_a_long_history_keep_their_place() {
    let server = Server::start_with(&[("LIMITS__ENABLED", "false")]).await;
    let ann = Person::new(&server, "ann").await;
    let room = ann.public_room(&"long name ".repeat(6)).await;
    let texts: Vec<_> = (1..=200).map(|n| format!("number {n}")).collect();
    ann.say_all(&room, &texts.iter().map(String::as_str).collect::<Vec<_>>()).await;
    let driver = Driver::start();
    let page = Browser::at_home(&driver, "scroll", server.address(), "390,844", &ann).await;
    page.click("room-list a.row").await;
    page.has("message-item").await;
    page.wait(
        "a title that ends before the buttons",
        "const title = document.querySelector('room-header h1').getBoundingClientRect(); return \
         title.width > 0 && title.right <= document.querySelector('room-header \
         .find').getBoundingClientRect().left",
    )
    .await;

    // At the top of the loaded messages another page is loaded, and the visible position is kept.
    let climb = "const scroll = document.querySelector('message-list .scroll');
        scroll.scrollTop = -scroll.scrollHeight;
        const top = scroll.getBoundingClientRect().top + 100;
        const seen = [...document.querySelectorAll('message-item')].find((item) => \
                 item.getBoundingClientRect().top > top);
        window.seen = {seen, at: seen.getBoundingClientRect().top, first: \
                 Number(document.querySelector('message-item').dataset.seq)};
        return window.seen.first";
    let stayed = "const {seen, at, first} = window.seen;
        const now = Number(document.querySelector('message-item')?.dataset.seq);
        if (now >= first || !seen.isConnected) return false;
        return `${Math.round(seen.getBoundingClientRect().top - at)}`";
    let mut pages = 0;
    while page.page.execute(climb, Vec::new()).await.unwrap() != json!(1) {
        let moved = page.wait("older messages", stayed).await;
        // The first message of a group may lose its header to one loaded above it.
        let moved: i64 = moved.as_str().unwrap().parse().unwrap();
        assert!(moved.abs() <= 48, "the message moved by {moved} pixels");
        pages += 1;
    }
    assert!(pages > 1, "{pages} pages");
    page.picture("top").await;
    page.close().await;
}
