//! The server below a path of a host that nginx serves, in both ways that its documentation shows.

use fantoccini::Locator;
use serde_json::json;

use super::proxies::{Running, documented_below, free_port, nginx, with};
use crate::support::{Browser, Client, Ctl, Driver, Person, Server, picture};

/// A server and the proxy below whose `/chat/` it is.
struct Site {
    server: Server,
    proxy: Running,
    _folder: tempfile::TempDir,
}

impl Site {
    /// `pass` is the address after that of the server in `proxy_pass`.
    async fn start(pass: &str) -> Self {
        let (folder, port) = (tempfile::tempdir().unwrap(), free_port());
        let public = format!("http://127.0.0.1:{port}/chat");
        let server = Server::start_with(&[
            ("SERVER__TRUSTED_PROXIES", "127.0.0.1,::1"),
            ("SERVER__PUBLIC_URL", &public),
        ])
        .await;
        let map = documented_below("### nginx", "nginx");
        let map = map.split("server {").next().unwrap();
        let upstream = format!("{}{pass};", server.address());
        let locations =
            with(&documented_below("### Below a path", "nginx"), &[("127.0.0.1:8080;", &upstream)]);
        let blocks = format!("{map} server {{ listen 127.0.0.1:{port}; {locations} }}");
        let proxy = nginx(folder.path(), &blocks, port).await;
        Self { server, proxy, _folder: folder }
    }

    /// `127.0.0.1:PORT/chat`.
    fn address(&self) -> String {
        format!("{}/chat", self.proxy.address)
    }

    /// Clients of all kinds find their way.
    async fn works(&self) {
        let client = Client::at(&self.address());
        client.get("/health").await.is(200);
        client.get("/metrics").await.is_text(404);
        client.get("/").await.is_text(200);
        // Followed by the client: without the last slash.
        for (path, part) in [("", "<app-root>"), ("/docs/", "docs/main.js")] {
            let page = client.get(path).await;
            page.is_text(200);
            assert!(page.text.contains(part), "{path}: {}", page.text);
        }
        let described = client.get("/api/openapi.json").await.is(200);
        assert_eq!(described["servers"], json!([{"url": "/chat"}]));
        let setup = self.server.wait_for_log(&["no administrator yet"]).await;
        assert!(setup.contains(&format!("http://{}/#setup=", self.address())), "{setup}");

        let ann = Person::new(&self.server, "ann").await.at(&self.address());
        let body = json!({"userId": "ann", "password": ann.password});
        let login = ann.bare().post("/api/login", body).await;
        assert!(login.header("set-cookie").contains("; Path=/chat;"));
        let room = ann.post("/api/chatrooms", json!({"targetUserIds": [], "name": "x"})).await;
        assert_eq!(room.header("location"), "/chat/api/chatrooms/room001");
        let whole = ann.moved_to(&self.proxy.address);
        whole.get(room.header("location")).await.is(200);
        let file = ann.post("/api/media", "some text").await;
        whole.get(file.header("location")).await.is_text(200);
        ann.enter("room001").await.say("through a proxy").await;
        let direct = ann.moved_to(self.server.address());
        assert_eq!(direct.get("/api/chatrooms/room001").await.status, 200);
        assert_eq!(direct.get("/chat/api/chatrooms/room001").await.status, 200);
        assert_eq!(direct.get("/chat/chat/api/chatrooms/room001").await.status, 404);

        let doctor = Ctl::of(&self.server)
            .set("SERVER__PUBLIC_URL", &format!("http://{}", self.address()))
            .run(&["doctor", "--only", "websocket"]);
        assert!(doctor.ends(0).out.contains("a WebSocket opens"), "{}", doctor.out);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn clients_work_if_the_proxy_passes_the_path_on() {
    Site::start("").await.works().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn clients_work_if_the_proxy_removes_the_path() {
    Site::start("/").await.works().await;
}

/// A user logs in, talks, and sees a picture.
async fn scene(site: &Site, name: &'static str) {
    let driver = Driver::start();
    let ann = Browser::open(&driver, name, &site.address(), "1280,800").await;
    ann.register("ann", "Ann Lee").await;
    ann.click("room-list button.new-room").await;
    ann.fill("room-dialog #room-name", "Study").await;
    ann.click("room-dialog button[type=submit]").await;
    ann.say("hello").await;
    ann.shows(&["hello"]).await;
    ann.connection_is("online").await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("chart.png");
    std::fs::write(&file, picture(72, 24)).unwrap();
    let input = "message-composer input[type=file]";
    let path = file.to_str().unwrap();
    ann.page.find(Locator::Css(input)).await.unwrap().send_keys(path).await.unwrap();
    ann.has("upload-list li[data-state=done]").await;
    ann.say("").await;
    let seen = "return document.querySelector('message-item .picture img')?.naturalWidth === 72";
    ann.wait("the picture", seen).await;
    ann.picture("picture").await;
    // The worker is there for what is below the path.
    ann.wait(
        "the page to be kept",
        &format!(
            "return navigator.serviceWorker.controller?.scriptURL === 'http://{}/sw.js'",
            site.address()
        ),
    )
    .await;
    // The cookie is found again, and everything that was fetched is below the path.
    ann.page.refresh().await.unwrap();
    ann.wait("the picture after a reload", seen).await;
    ann.connection_is("online").await;
    let below = format!("http://{}/", site.address());
    for address in ann.fetched().await {
        assert!(address.starts_with(&below), "{address}");
    }
    ann.page.goto(&format!("{below}docs")).await.unwrap();
    ann.has("main:not([aria-busy]) details.operation").await;
    ann.page.goto(&format!("{below}#/profile")).await.unwrap();
    ann.click("button.sign-out").await;
    ann.has("login-form").await;
    ann.sign_in("ann").await;
    ann.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_page_works_if_the_proxy_passes_the_path_on() {
    scene(&Site::start("").await, "below").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_page_works_if_the_proxy_removes_the_path() {
    scene(&Site::start("/").await, "below-removed").await;
}
