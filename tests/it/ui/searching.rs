//! Searching: filters beside the words, and what is typed before there is a field for it.

use fantoccini::key::Key;
use serde_json::json;

use crate::support::{Body, Browser, Driver, Faulty, RoomPlan, Server, line_of, people};

use super::WRITES;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn filters_narrow_what_is_found() {
    let server = Server::start().await;
    let [ann, ben] = people(&server, ["ann", "ben"]).await;
    let plan = |name| RoomPlan { name: Some(name), public: false };
    let study = ann.room_like(&[&ben], plan("Study group")).await;
    let ops = ann.room_like(&[&ben], plan("Ops")).await;
    for room in [&study, &ops] {
        ann.say(room, "the plan of ann").await;
        ben.say(room, "the plan of ben").await;
    }
    let picture = Body::Raw(line_of("budget"));
    let file = ann.post("/api/media?fileName=budget.png", picture).await.is(201);
    let post = json!({"content": "see this", "mediaIds": [file["id"]]});
    ann.post(&format!("/api/chatrooms/{ops}/messages"), post).await.is(201);

    let driver = Driver::start();
    let page = Browser::at_home(&driver, "filters", server.address(), "1280,800", &ann).await;
    // Before logging in, the page asks who is there.
    page.errors().await;
    page.go("#/search?q=").await;
    page.has("search-results input").await;
    for (typed, wanted) in [
        ("plan", 4),
        ("plan from:ben", 2),
        ("plan from:ben in:\"study group\"", 1),
        ("has:image", 1),
        ("budget", 1),
        ("is:mine in:ops", 2),
        ("plan before:2020-01-01", 0),
        ("after:2020-01-01 plan", 4),
    ] {
        let types = "const field = document.querySelector('search-results input'); field.value = ";
        let told = "; field.dispatchEvent(new Event('input', {bubbles: true}))";
        page.run(&format!("{types}{}{told}", json!(typed))).await;
        page.wait(
            &format!("{wanted} hits of {typed}"),
            &format!(
                "return document.querySelectorAll('search-results a.hit').length === {wanted} && \
                 location.hash.includes({})",
                json!(urlencode(typed))
            ),
        )
        .await;
    }
    assert_eq!(page.errors().await, [""; 0]);
    page.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn hits_read_as_they_do_in_the_conversation() {
    let server = Server::start().await;
    let [ann] = people(&server, ["ann"]).await;
    let room = ann.room_like(&[], RoomPlan { name: Some("Plans"), public: false }).await;
    for text in [
        "The **budget** of _May_, see [the budget page](https://example.org/may)",
        "Run `budget --all` now",
        "[May](https://example.org/budget)",
    ] {
        ann.say(&room, text).await;
    }
    let driver = Driver::start();
    let page = Browser::at_home(&driver, "hits", server.address(), "1280,800", &ann).await;
    page.errors().await;
    page.go("#/search?q=budget").await;
    let shown = "const shown = (p) => [...p.childNodes].map((n) => n.localName === 'mark' ? \
                 `<${n.textContent}>` : n.textContent).join(''); return \
                 [...document.querySelectorAll('search-results .said')].map(shown)";
    page.wait("three hits", &format!("{shown}.length === 3")).await;
    let expected = [
        // Found in an address only, so that it is shown.
        "[May](https://example.org/<budget>)",
        "Run <budget> --all now",
        "The <budget> of May, see the <budget> page",
    ];
    assert_eq!(page.run(shown).await, json!(expected));
    page.picture("hits").await;
    assert_eq!(page.errors().await, [""; 0]);
    page.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_typed_before_a_field_is_loaded_is_in_it_afterwards() {
    let server = Server::start().await;
    let [ann, ben] = people(&server, ["ann", "ben"]).await;
    let plan = |name| RoomPlan { name: Some(name), public: false };
    ann.room_like(&[&ben], plan("Deploys")).await;
    let ops = ann.room_like(&[&ben], plan("Ops")).await;
    ben.say(&ops, "the budget").await;
    let faulty = Faulty::to(server.address()).await;
    // It would keep all files of the page before they are needed.
    faulty.fail("sw.js", usize::MAX);
    let driver = Driver::start();
    let page = Browser::at_home(&driver, "ahead", faulty.address(), "1280,800", &ann).await;
    page.errors().await;
    page.go(&format!("#/{ops}")).await;
    page.click(WRITES).await;

    // What cannot be loaded keeps no keys.
    let chord = format!("{}k", char::from(Key::Control));
    faulty.fail("quick-switcher", 1);
    page.press(&chord).await;
    page.reads(".toast", "cannot be reached").await;
    page.focuses(WRITES).await;
    page.lacks("input.ahead").await;
    page.errors().await;

    let held = faulty.hold("quick-switcher");
    page.press(&chord).await;
    page.focuses("input.ahead").await;
    page.press("depl").await;
    drop(held);
    page.focuses("quick-switcher dialog[open] input").await;
    page.lacks("input.ahead").await;
    assert_eq!(page.run("return document.activeElement.value").await, json!("depl"));
    page.reads("quick-switcher [aria-selected=true] .name", "Deploys").await;
    // It closes to where the focus was before.
    page.key(Key::Escape).await;
    page.focuses(WRITES).await;

    let held = faulty.hold("search-results");
    page.run("document.activeElement.blur()").await;
    page.press("/").await;
    page.focuses("input.ahead").await;
    page.press("budget").await;
    drop(held);
    page.focuses("search-results input").await;
    page.lacks("input.ahead").await;
    page.wait(
        "what was typed, and its hit",
        "return document.activeElement.value === 'budget' && \
         document.querySelectorAll('search-results a.hit').length === 1",
    )
    .await;
    assert_eq!(page.run(&format!("return document.querySelector('{WRITES}')")).await, json!(null));
    let errors = page.errors().await;
    assert!(errors.iter().all(|error| error.contains("sw.js")), "{errors:?}");
    page.close().await;
}

/// A query as it stands in the address.
fn urlencode(text: &str) -> String {
    let mut url = reqwest::Url::parse("http://localhost").unwrap();
    url.query_pairs_mut().append_pair("q", text);
    url.query().unwrap_or_default().to_owned()
}
