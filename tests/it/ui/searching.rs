//! Searching: filters beside the words.

use serde_json::json;

use crate::support::{Body, Browser, Driver, RoomPlan, Server, line_of, people};

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
}

/// A query as it stands in the address.
fn urlencode(text: &str) -> String {
    let mut url = reqwest::Url::parse("http://localhost").unwrap();
    url.query_pairs_mut().append_pair("q", text);
    url.query().unwrap_or_default().to_owned()
}
