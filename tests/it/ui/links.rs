//! Previews of links: they come when they are looked at, move nothing, and only from this server.

use image::ImageFormat;
use serde_json::json;

use crate::support::{Browser, Driver, RoomPlan, Server, Site, people, photo};

/// Previews are on, and pages of this machine may be fetched.
const ON: [(&str, &str); 2] =
    [("LINK_PREVIEWS__ENABLED", "true"), ("EGRESS__ALLOWED_NETWORKS", "127.0.0.1")];
const CARD: &str = "link-previews .card";

/// Fails if something went wrong in the page, after it has asked whether somebody is signed in.
async fn no_errors(page: &Browser) {
    let errors = page.errors().await;
    assert!(errors.iter().all(|error| error.contains("401")), "{errors:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_link_shows_what_it_leads_to_and_nothing_moves() {
    let server = Server::start_with(&ON).await;
    let site = Site::start().await;
    let [ann, bob] = people(&server, ["ann", "bob"]).await;
    site.page("/photo", "image/png", photo(600, 300, ImageFormat::Png));
    let html = "<title>The plan <b></title><meta name=description content='What we build, and when.'>\
                <meta property=og:site_name content='Pier Nine'><meta property=og:image content=/photo>";
    let filler: Vec<_> = (1..=60).map(|n| format!("- line {n}")).collect();
    let filler = filler.join("\n");
    let driver = Driver::start();
    for size in ["1280,800", "390,844"] {
        let room = bob.room_like(&[&ann], RoomPlan { name: Some(size), public: false }).await;
        let (plan, early) = (format!("/plan{size}"), format!("/early{size}"));
        let (late, permits) = site.late(&plan, "text/html", html.as_bytes().to_vec());
        let first = site.html(&early, "<title>Early</title>");
        let last = format!("see {late}!");
        let keys = bob.say_all(&room, &[first.as_str(), &filler, &filler, "before", &last]).await;
        // A conversation with unread messages would open at the first of them.
        let read = format!("/api/chatrooms/{room}/messages/{}/read", keys[4]);
        ann.post(&read, json!({})).await.is(200);
        let page = Browser::at_home(&driver, "links", server.address(), size, &ann).await;
        page.go(&format!("#/{room}")).await;
        // It has its room before anything is known of it.
        page.has("link-previews > span").await;
        site.until_asked(&plan).await;
        let places = "return [...document.querySelectorAll('message-item')].map((e) => \
                      Math.round(e.getBoundingClientRect().top))";
        let before = page.run(places).await;
        permits.add_permits(1);
        for text in ["The plan <b>", "Pier Nine", "What we build, and when."] {
            page.reads(CARD, text).await;
        }
        let picture = "const image = document.querySelector('link-previews img'); return \
                       image?.complete && image.naturalWidth === 320 && \
                       new URL(image.src).origin === location.origin";
        page.wait("the picture", picture).await;
        assert_eq!(page.run(places).await, before, "nothing moves");
        let link = "const {href, rel, target} = document.querySelector('link-previews a'); \
                    return [href, rel, target]";
        assert_eq!(page.run(link).await, json!([late, "noopener noreferrer", "_blank"]));
        page.lacks("link-previews button").await;
        page.picture("card").await;
        let own = format!("http://{}/", server.address());
        let fetched = page.fetched().await;
        assert!(fetched.iter().all(|url| url.starts_with(&own)), "{fetched:?}");
        assert_eq!(site.asked(&early), 0, "what is not in view is not asked for");
        page.run("document.querySelector('#messages').scrollTop = -1e6").await;
        page.reads(CARD, "Early").await;
        no_errors(&page).await;
        page.close().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_author_removes_a_preview_and_keeps_the_link() {
    let server = Server::start_with(&ON).await;
    let site = Site::start().await;
    let [ann, bob] = people(&server, ["ann", "bob"]).await;
    let room = ann.room(&[&bob]).await;
    let links = ["/1", "/2", "/none"].map(|path| {
        let title = if path == "/none" { "" } else { path };
        site.html(path, &format!("<title>{title}</title>"))
    });
    ann.say(&room, &format!("{} {} {}", links[0], links[1], links[2])).await;
    let driver = Driver::start();
    let page = Browser::at_home(&driver, "remove", server.address(), "1280,800", &ann).await;
    page.go(&format!("#/{room}")).await;
    let titles = |titles: &str| {
        format!(
            "return [...document.querySelectorAll('link-previews .card')].map((e) => \
             e.querySelector('b').textContent).join(' ') === '{titles}'"
        )
    };
    page.wait("two cards", &titles("/1 /2")).await;
    let name = page.run("return document.querySelector('link-previews button').title").await;
    assert_eq!(name, "Remove preview");
    page.click("link-previews button").await;
    page.wait("one card", &titles("/2")).await;
    let text = "return document.querySelector('message-item .text').textContent";
    assert_eq!(page.run(text).await, json!(links.join(" ")), "the link looks as before");
    let stored = format!("<{}> {} {}", links[0], links[1], links[2]);
    assert_eq!(bob.contents(&room).await, [stored]);
    // With the keyboard: the buttons of a message are reached once it has the focus.
    page.run("document.querySelector('message-item').focus()").await;
    page.run("document.querySelector('link-previews button').focus()").await;
    page.press("\u{e007}").await;
    page.wait("no card", &titles("")).await;
    no_errors(&page).await;
    page.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_link_without_a_preview_moves_nothing_that_is_read() {
    let server = Server::start_with(&ON).await;
    let site = Site::start().await;
    let [ann, bob] = people(&server, ["ann", "bob"]).await;
    let room = bob.room(&[&ann]).await;
    let (late, permits) = site.late("/late", "text/html", b"<title></title>".to_vec());
    let good = site.html("/good", "<title>Good</title>");
    let filler: Vec<_> = (1..=60).map(|n| format!("- line {n}")).collect();
    let filler = filler.join("\n");
    let links = format!("{late} and {good}");
    let texts = [&filler, &filler, &links, "after", &filler, &filler, "end"];
    let keys = bob.say_all(&room, &texts).await;
    // A conversation with unread messages would open at the first of them.
    let read = format!("/api/chatrooms/{room}/messages/{}/read", keys[6]);
    ann.post(&read, json!({})).await.is(200);
    let driver = Driver::start();
    let page = Browser::at_home(&driver, "empty", server.address(), "1280,800", &ann).await;
    page.go(&format!("#/{room}/{}", keys[2])).await;
    page.has("message-item.is-target link-previews > span").await;
    page.run("document.querySelector('.is-target').scrollIntoView({block: 'center'})").await;
    site.until_asked("/late").await;
    let places = "return [...document.querySelectorAll('message-item')].map((e) => \
                  Math.round(e.getBoundingClientRect().top))";
    let before = page.run(places).await;
    permits.add_permits(1);
    page.reads(CARD, "Good").await;
    assert_eq!(page.run(places).await, before, "nothing moves in view");
    page.has("link-previews > span").await;
    // Out of view, its place is given back, and what is in view stays where it is.
    page.run("document.querySelector('#messages').scrollTop = 0").await;
    page.lacks("link-previews > span").await;
    let end = format!(
        "const end = document.querySelector('message-item[data-message-id={}]'); const edge = \
         document.querySelector('#messages').getBoundingClientRect().bottom; return \
         Math.abs(end.getBoundingClientRect().bottom - edge) < 60",
        keys[6]
    );
    page.wait("the end", &end).await;
    no_errors(&page).await;
    page.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_without_previews_is_not_asked_for_them() {
    let server = Server::start().await;
    let [ann] = people(&server, ["ann"]).await;
    let room = ann.room(&[]).await;
    ann.say(&room, "https://example.org/ and <https://example.org/a>").await;
    let driver = Driver::start();
    let page = Browser::at_home(&driver, "none", server.address(), "1280,800", &ann).await;
    page.go(&format!("#/{room}")).await;
    page.reads("message-item .text", "https://example.org/ and https://example.org/a").await;
    page.lacks("link-previews").await;
    let fetched = page.fetched().await;
    assert!(!fetched.iter().any(|url| url.contains("preview")), "{fetched:?}");
    page.close().await;
}
