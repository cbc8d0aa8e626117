//! Previews of links: what the server fetches, and what it does not.

use encoding_rs::{EUC_KR, GBK, SHIFT_JIS};
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use image::ImageFormat;
use serde_json::json;

use crate::support::{
    Json, Person, Server, Site, has_exactly, heavy_picture, people, photo, texts,
};

/// Previews are on, and pages of this machine may be fetched.
const ON: [(&str, &str); 2] =
    [("LINK_PREVIEWS__ENABLED", "true"), ("EGRESS__ALLOWED_NETWORKS", "127.0.0.1")];

/// A message, for asking for its previews.
struct Post {
    path: String,
}

impl Post {
    async fn new(author: &Person, room: &str, text: &str) -> Self {
        let message = author.say(room, text).await;
        let key = message["messageId"].as_str().expect("a key");
        Self { path: format!("/api/chatrooms/{room}/messages/{key}") }
    }

    /// Returns the previews that somebody is answered.
    async fn previews(&self, reader: &Person) -> Json {
        let answer = reader.get(&format!("{}/previews", self.path)).await.is(200);
        has_exactly(&answer, &["previews"]);
        answer["previews"].clone()
    }

    async fn titles(&self, reader: &Person) -> Vec<String> {
        let previews = self.previews(reader).await;
        texts(&previews, "title").into_iter().map(str::to_owned).collect()
    }

    fn picture(&self, preview: &Json) -> String {
        format!("{}/previews/{}", self.path, preview["picture"]["key"].as_str().expect("a key"))
    }
}

fn titled(title: &str) -> String {
    format!("<!doctype html><title>{title}</title>")
}

#[tokio::test]
async fn nothing_is_fetched_unless_previews_are_enabled() {
    let server = Server::start_with(&ON[1..]).await;
    let site = Site::start().await;
    let [ann] = people(&server, ["ann"]).await;
    let room = ann.room(&[]).await;
    let post = Post::new(&ann, &room, &site.html("/", &titled("Page"))).await;
    assert_eq!(post.previews(&ann).await, json!([]));
    ann.get(&format!("{}/previews/0", post.path)).await.fails(404, "media_not_found");
    assert_eq!(site.requests(), 0);
    assert_eq!(ann.get("/api/server").await.is(200).get("linkPreviews"), None);
}

#[tokio::test]
async fn a_preview_has_title_description_site_and_a_picture_of_this_server() {
    let server = Server::start_with(&ON).await;
    assert_eq!(
        crate::support::Client::new(&server).get("/api/server").await.is(200)["linkPreviews"],
        true
    );
    let site = Site::start().await;
    let [ann, ben] = people(&server, ["ann", "ben"]).await;
    let room = ann.room(&[&ben]).await;
    let photo = photo(1_000, 500, ImageFormat::Jpeg);
    site.page("/a/photo", "application/octet-stream", photo);
    let target = site.html(
        "/a/page",
        "<title>Plain</title><meta property=og:title content='The &lt;plan&gt;'><meta \
         name=description content='What\n  it is'><meta property=og:site_name content=Pier>\
         <meta property=og:image content=photo>",
    );
    let link = format!("{}#part", site.redirect("/old", "/a/page"));
    let bare = site.html("/bare", &titled("Bare"));
    let post = Post::new(&ann, &room, &format!("see {link}, and ({bare}).")).await;
    let previews = post.previews(&ben).await;
    let key = previews[0]["picture"]["key"].clone();
    assert_eq!(
        previews,
        json!([
            {
                "url": link,
                "title": "The <plan>",
                "description": "What it is",
                "siteName": "Pier",
                "picture": {"key": key, "width": 320, "height": 160},
            },
            {"url": bare, "title": "Bare", "siteName": "127.0.0.1"},
        ])
    );
    let picture = post.picture(&previews[0]);
    let sent = ben.get(&picture).await;
    sent.is_text(200);
    let seen = image::load_from_memory(&sent.bytes).unwrap();
    assert_eq!((seen.width(), seen.height()), (320, 160));
    assert_eq!(sent.header("content-type"), "image/jpeg");
    assert_eq!(sent.header("x-content-type-options"), "nosniff");
    assert!(sent.header("content-security-policy").contains("sandbox"));
    assert_eq!(sent.header("cache-control"), "private, no-cache");
    let same = ben.with("if-none-match", sent.header("etag"));
    assert_eq!(same.get(&picture).await.status, 304);
    // Asked again, by whomever and in whatever message, nothing is fetched again.
    assert_eq!(post.previews(&ann).await, previews);
    let again = Post::new(&ben, &room, &target).await;
    assert_eq!(again.titles(&ann).await, ["The <plan>"]);
    Post::new(&ben, &room, &link).await.previews(&ann).await;
    let asked = ["/old", "/a/photo", "/bare"].map(|path| site.asked(path));
    assert_eq!((asked, site.asked("/a/page")), ([1, 2, 1], 2), "the page has two addresses");
}

#[tokio::test]
async fn pages_of_all_encodings_are_read() {
    let server = Server::start_with(&ON).await;
    let site = Site::start().await;
    let [ann] = people(&server, ["ann"]).await;
    let room = ann.room(&[]).await;
    for (path, encoding, title) in
        [("/ko", EUC_KR, "부산항 시간표"), ("/zh", GBK, "时间表"), ("/ja", SHIFT_JIS, "時刻表ソ")]
    {
        let html = format!("<meta charset={}><title>{title}</title>", encoding.name());
        let declared = site.page(path, "text/html", encoding.encode(&html).0.into_owned());
        let kind = format!("text/html; charset={}", encoding.name());
        let bytes = encoding.encode(&titled(title)).0.into_owned();
        let sent = site.page(&format!("{path}2"), &kind, bytes);
        let post = Post::new(&ann, &room, &format!("{declared} {sent}")).await;
        assert_eq!(post.titles(&ann).await, [title, title], "{}", encoding.name());
    }
}

#[tokio::test]
async fn what_is_too_slow_too_large_or_no_page_has_no_preview() {
    let patience = [("LINK_PREVIEWS__TIMEOUT_SECONDS", "3")];
    let server = Server::start_with(&[&ON[..], &patience].concat()).await;
    let site = Site::start().await;
    let [ann] = people(&server, ["ann"]).await;
    let room = ann.room(&[]).await;
    let (late, _permits) = site.late("/late", "text/html", titled("Late").into_bytes());
    let with_picture = |address: &str| {
        format!("<title>Picture</title><meta property=og:image content='{address}'>")
    };
    let huge = heavy_picture(400, 400, 4 << 20);
    let huge = site.page("/huge.png", "image/png", huge);
    let script =
        site.page("/a.svg", "image/svg+xml", b"<svg xmlns='http://www.w3.org/2000/svg'/>".to_vec());
    let (late_picture, _picture_permits) =
        site.late("/late.png", "image/png", photo(9, 9, ImageFormat::Png));
    let endless = format!("{}<body>", titled("Endless"));
    for (link, titles) in [
        (site.html("/none", "<p>No title</p>"), &[][..]),
        (site.page("/data", "application/json", titled("Data").into_bytes()), &[]),
        (site.page("/text", "text/plain", titled("Text").into_bytes()), &[]),
        (site.url("/nothing"), &[]),
        (late, &[]),
        (site.redirect("/ftp", "ftp://127.0.0.1/"), &[]),
        (site.redirect("/loop", "/loop"), &[]),
        ("http://nowhere.invalid/".to_owned(), &[]),
        // Their first part is enough.
        (site.endless("/endless", &endless), &["Endless"]),
        (site.html("/long", &format!("{}{}", titled("Long"), " ".repeat(1 << 20))), &["Long"]),
        // The page is shown without its picture.
        (site.html("/p1", &with_picture(&huge)), &["Picture"]),
        (site.html("/p2", &with_picture(&script)), &["Picture"]),
        (site.html("/p3", &with_picture(&late_picture)), &["Picture"]),
        (site.html("/p4", &with_picture("data:image/png;base64,AAAA")), &["Picture"]),
    ] {
        let post = Post::new(&ann, &room, &link).await;
        let previews = post.previews(&ann).await;
        assert_eq!(texts(&previews, "title"), titles, "{link}");
        assert_eq!(previews[0].get("picture"), None, "{link}");
        // That it has none is remembered, too.
        assert_eq!(post.previews(&ann).await, previews, "{link}");
    }
    assert_eq!(["/none", "/late", "/nothing", "/p1"].map(|path| site.asked(path)), [1; 4]);
    assert_eq!(site.asked("/loop"), 6, "five redirects are followed");
}

#[tokio::test]
async fn private_addresses_are_not_fetched_unless_permitted() {
    let other = Site::start_at("127.0.0.2").await;
    let secret = other.html("/secret", &titled("Secret"));
    other.page("/photo", "image/png", photo(20, 20, ImageFormat::Png));
    for (networks, titles) in [
        ("", vec![]),
        ("127.0.0.1", vec!["Page"]),
        ("127.0.0.0/8", vec!["Secret", "Secret", "Secret", "Secret", "Page"]),
    ] {
        let permitted = ("EGRESS__ALLOWED_NETWORKS", networks);
        let env = if networks.is_empty() { vec![ON[0]] } else { vec![ON[0], permitted] };
        let server = Server::start_with(&env).await;
        let (site, before) = (Site::start().await, other.requests());
        let [ann] = people(&server, ["ann"]).await;
        let room = ann.room(&[]).await;
        let picture = format!("<meta property=og:image content='{}'>", other.url("/photo"));
        let mut found = Vec::new();
        let mut pictures = 0;
        for link in [
            secret.clone(),
            // The same address as one number, and in hexadecimal.
            format!("http://2130706434:{}/secret", other.port()),
            format!("http://0x7f.2:{}/secret", other.port()),
            site.redirect("/there", &secret),
            site.html("/page", &format!("{}{picture}", titled("Page"))),
        ] {
            let previews = Post::new(&ann, &room, &link).await.previews(&ann).await;
            pictures += usize::from(previews[0].get("picture").is_some());
            found.extend(texts(&previews, "title").into_iter().map(str::to_owned));
        }
        assert_eq!(found, titles, "{networks}");
        let may = networks == "127.0.0.0/8";
        assert_eq!(pictures, usize::from(may), "{networks}");
        assert_eq!(other.requests() > before, may, "{networks}");
        assert_eq!(site.requests() > 0, !networks.is_empty(), "{networks}");
    }
}

#[tokio::test]
async fn only_links_of_a_message_that_one_may_read_are_fetched() {
    let server = Server::start_with(&ON).await;
    let site = Site::start().await;
    let [ann, ben, cyd] = people(&server, ["ann", "ben", "cyd"]).await;
    let (room, other) = (ann.room(&[&ben]).await, ann.room(&[&cyd]).await);
    site.page("/photo", "image/png", photo(20, 20, ImageFormat::Png));
    let picture = "<meta property=og:image content=/photo>";
    let link = site.html("/", &format!("{}{picture}", titled("Page")));
    let post = Post::new(&ann, &room, &link).await;
    let elsewhere = Post { path: post.path.replace(&room, &other) };
    for (reader, post, code) in
        [(&cyd, &post, "room_not_found"), (&cyd, &elsewhere, "message_not_found")]
    {
        reader.get(&format!("{}/previews", post.path)).await.fails(404, code);
        reader.get(&format!("{}/previews/0", post.path)).await.fails(404, code);
    }
    let hall = ann.public_room("Hall").await;
    let public = Post::new(&ann, &hall, &link).await;
    cyd.get(&format!("{}/previews", public.path)).await.is(403);
    assert_eq!(site.requests(), 0);

    let address = post.picture(&post.previews(&ben).await[0]);
    ben.get(&address).await.is_text(200);
    // The key of a link in another message.
    let plain = Post::new(&ann, &room, "no link").await;
    let key = address.rsplit('/').next().unwrap();
    ben.get(&format!("{}/previews/{key}", plain.path)).await.fails(404, "media_not_found");
    cyd.get(&address).await.fails(404, "room_not_found");
    ann.delete(&format!("/api/chatrooms/{room}/participants/ben")).await.is(204);
    ben.get(&address).await.fails(404, "room_not_found");
    ann.delete(&post.path).await.is(204);
    ann.get(&address).await.fails(404, "message_not_found");
    ann.get(&format!("{}/previews", post.path)).await.fails(404, "message_not_found");
}

#[tokio::test]
async fn an_author_removes_a_preview_by_angle_brackets() {
    let server = Server::start_with(&ON).await;
    let site = Site::start().await;
    let [ann, ben] = people(&server, ["ann", "ben"]).await;
    let room = ann.room(&[&ben]).await;
    let links: Vec<_> =
        (1..=4).map(|n| site.html(&format!("/{n}"), &titled(&n.to_string()))).collect();
    let post = Post::new(&ann, &room, &links.join(" ")).await;
    assert_eq!(post.titles(&ben).await, ["1", "2", "3"], "at most three");
    let edit = async |text: &str| {
        ann.patch(&post.path, json!({"newContent": text})).await.is(200);
    };
    edit(&format!("<{}> {} `{}`", links[0], links[1], links[2])).await;
    assert_eq!(post.titles(&ben).await, ["2"]);
    edit(&format!("<{}>", links[1])).await;
    assert_eq!(post.previews(&ben).await, json!([]));
    assert_eq!(site.asked("/4"), 0);
}

#[tokio::test]
async fn links_to_this_server_have_no_preview() {
    let site = Site::start().await;
    let own = site.url("");
    let server = Server::start_with(&[ON[0], ON[1], ("SERVER__PUBLIC_URL", &own)]).await;
    let [ann] = people(&server, ["ann"]).await;
    let room = ann.room(&[]).await;
    let post = Post::new(&ann, &room, &site.html("/x", &titled("Chat"))).await;
    assert_eq!(post.previews(&ann).await, json!([]));
    assert_eq!(site.requests(), 0);
}

#[tokio::test]
async fn a_page_is_fetched_once_for_all_who_ask_at_the_same_time() {
    let server = Server::start_with(&ON).await;
    let site = Site::start().await;
    let [ann, ben] = people(&server, ["ann", "ben"]).await;
    let room = ann.room(&[&ben]).await;
    let (link, permits) = site.late("/late", "text/html", titled("Late").into_bytes());
    let post = Post::new(&ann, &room, &link).await;
    let both = futures_util::future::join(post.titles(&ann), post.titles(&ben));
    let permit = async {
        site.until_asked("/late").await;
        permits.add_permits(1);
    };
    let (titles, ()) = futures_util::future::join(both, permit).await;
    assert_eq!(titles, (vec!["Late".to_owned()], vec!["Late".to_owned()]));
    assert_eq!(post.titles(&ben).await, ["Late"]);
    assert_eq!(site.asked("/late"), 1);
}

#[tokio::test]
async fn one_user_does_not_have_many_links_fetched_at_once() {
    let server = Server::start_with(&ON).await;
    let site = Site::start().await;
    let [ann] = people(&server, ["ann"]).await;
    let room = ann.room(&[]).await;
    let mut permits = Vec::new();
    let mut posts = Vec::new();
    for number in 0..9 {
        let path = format!("/{number}");
        let (link, permit) = site.late(&path, "text/html", titled("Late").into_bytes());
        permits.push(permit);
        posts.push(Post::new(&ann, &room, &link).await);
    }
    let ask = |post: &Post| {
        let path = format!("{}/previews", post.path);
        async { ann.get(&{ path }).await }
    };
    let mut asked: FuturesUnordered<_> = posts.iter().map(ask).collect();
    // Eight run or wait; the ninth does not.
    let refused = asked.next().await.unwrap();
    refused.fails(429, "rate_limited");
    assert_ne!(refused.header("retry-after"), "");
    assert!(site.requests() <= 1, "one at a time");
    for permit in permits {
        permit.add_permits(1);
    }
    let mut found = 0;
    while let Some(answer) = asked.next().await {
        // Whose turn does not come in time is refused as well.
        if answer.status == 200 {
            assert_eq!(texts(&answer.json()["previews"], "title"), ["Late"]);
            found += 1;
        } else {
            answer.fails(429, "rate_limited");
        }
    }
    assert!(found > 0, "those who wait get their turn");
}
