//! What administrators let appear: the look of the server, and API tokens of one's own.

use serde_json::json;

use image::ImageFormat;

use crate::support::{Browser, Client, Ctl, Driver, Person, Server, photo};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_has_its_colour_and_its_message() {
    let motd = "Maintenance on <b>Sunday</b>.\nAsk Ann.";
    let settings =
        [("SERVER__NAME", "Pier Nine"), ("SERVER__ACCENT", "#7a2fd0"), ("SERVER__MOTD", motd)];
    let server = Server::start_with(&settings).await;
    let driver = Driver::start();
    let page = Browser::open(&driver, "own", server.address(), "1280,800").await;
    page.reads("login-form .motd", motd).await;
    // Violet, where the default is green.
    let hue = "const canvas = document.createElement('canvas').getContext('2d'); \
               canvas.fillStyle = getComputedStyle(document.querySelector('.logo'))\
               .backgroundColor; canvas.fillRect(0, 0, 1, 1); const [r, g, b] = \
               canvas.getImageData(0, 0, 1, 1).data; return b > r && r > g";
    page.wait("violet", hue).await;
    page.picture("sign-in").await;
    let manifest = Client::new(&server).get("/manifest.webmanifest").await.is(200);
    assert_eq!(
        (&manifest["name"], &manifest["theme_color"]),
        (&json!("Pier Nine"), &json!("#7a2fd0"))
    );
    page.register("ann", "Ann").await;
    // Until it is closed; a new one is shown again.
    page.reads("motd-notice p", motd).await;
    page.picture("start").await;
    page.click("motd-notice button").await;
    page.hides("motd-notice").await;
    page.page.refresh().await.unwrap();
    page.has("chat-app motd-notice").await;
    page.hides("motd-notice").await;
    Ctl::of(&server).run(&["server", "set", "--motd", "All is well."]).ends(0);
    page.reads("motd-notice p", "All is well.").await;
    page.picture("new").await;
    Ctl::of(&server).run(&["server", "set", "--motd", ""]).ends(0);
    page.hides("motd-notice").await;
    page.close().await;
}

/// Waits until the logo, the icon of the page and its title are those of the server.
async fn looks(page: &Browser, name: &str, own: bool) {
    let script = format!(
        "const logo = getComputedStyle(document.querySelector('.logo')).backgroundImage; const icon \
         = document.querySelector('link[rel=icon]').href; return document.title.includes({}) && \
         logo.includes('/api/server/icon') === {own} && icon.includes('/api/server/icon') === {own}",
        json!(name)
    );
    page.wait(&format!("{name}, {own}"), &script).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn administrators_set_name_colour_message_and_icon_for_open_pages() {
    let server = Server::start_with(&[("SERVER__NAME", "Harbour")]).await;
    Ctl::of(&server).create("root", &["--admin"]);
    let root = Person::known(&server, "root").await;
    let ann = Person::new(&server, "ann").await;
    let driver = Driver::start();
    let (page, other, stranger) = tokio::join!(
        Browser::at_home(&driver, "look", server.address(), "1280,900", &root),
        Browser::at_home(&driver, "look-ann", server.address(), "390,844", &ann),
        Browser::open(&driver, "look-nobody", server.address(), "390,844")
    );
    for browser in [&page, &other, &stranger] {
        // Those of the time before the log-in.
        browser.errors().await;
    }
    looks(&other, "Harbour", false).await;
    page.go("#/server/look").await;
    page.wait("the name", "return document.querySelector('#look-name')?.value === 'Harbour'").await;
    page.reads("server-look .origin", "From the configuration file.").await;
    page.clear("#look-name").await;
    page.fill("#look-name", "Pier Nine").await;
    page.fill("#look-motd", "Welcome aboard").await;
    let choose = "const field = document.querySelector('#look-accent'); field.value = '#7a2fd0'; \
                  field.dispatchEvent(new Event('input', {bubbles: true}))";
    page.run(choose).await;
    // Both themes are readable, and are shown before anything is saved.
    let readable = "return [...document.querySelectorAll('server-look .sample')].map((one) => \
                    one.dataset.readable).join() === 'yes,yes'";
    page.wait("contrast", readable).await;
    page.reads("server-look .sample small", "easy to read").await;
    page.click("server-look .form button[type=submit]").await;
    page.reads("server-look .form [role=status]", "Saved.").await;
    page.has("server-look .reset-name").await;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("logo.png");
    // Larger than a request may be.
    std::fs::write(&path, photo(900, 700, ImageFormat::Png)).unwrap();
    page.fill("server-look input[type=file]", path.to_str().unwrap()).await;
    page.has("server-look .reset-icon").await;
    page.picture("set").await;

    // Open pages have changed, and the next visit has it.
    for browser in [&page, &other] {
        looks(browser, "Pier Nine", true).await;
        browser.reads("motd-notice p", "Welcome aboard").await;
    }
    other.picture("shown").await;
    stranger.page.refresh().await.unwrap();
    looks(&stranger, "Pier Nine", true).await;
    stranger.reads("login-form .motd", "Welcome aboard").await;
    stranger.picture("sign-in").await;
    // Something unread is a dot on the icon.
    let talk = root.room(&[&ann]).await;
    other.go("#/rooms").await;
    root.say(&talk, "hello").await;
    let dotted =
        "return document.querySelector('link[rel=icon]').href.startsWith('data:image/png')";
    other.wait("a dot", dotted).await;
    other.go(&format!("#/{talk}")).await;
    looks(&other, "Pier Nine", true).await;

    // What is typed and not saved gives way to the configured value.
    page.fill("#look-name", " and more").await;
    for part in ["name", "motd", "accent", "icon"] {
        page.click(&format!("server-look .reset-{part}")).await;
        page.lacks(&format!("server-look .reset-{part}")).await;
    }
    page.wait("the name", "return document.querySelector('#look-name').value === 'Harbour'").await;
    for browser in [&page, &other] {
        looks(browser, "Harbour", false).await;
        browser.hides("motd-notice").await;
    }
    page.picture("reset").await;
    for browser in [page, other, stranger] {
        let errors = browser.errors().await;
        assert!(errors.iter().all(|error| error.contains("401")), "{errors:?}");
        browser.close().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn people_create_and_revoke_tokens_in_their_settings() {
    let server = Server::start_with(&[("AUTH__PERSONAL_TOKENS", "true")]).await;
    let ann = Person::new(&server, "ann").await;
    let driver = Driver::start();
    let page = Browser::at_home(&driver, "tokens", server.address(), "1280,900", &ann).await;
    // Those of the time before the log-in.
    page.errors().await;
    page.go("#/profile").await;
    page.click("token-list .create-token").await;
    page.click("room-dialog .foot .primary").await;
    page.has("room-dialog #token-name[aria-invalid]").await;
    page.fill("room-dialog #token-name", "Laptop").await;
    page.lacks("room-dialog #token-scope option[value=admin]").await;
    page.click("room-dialog .foot .primary").await;
    let secret = page
        .wait("the token", "return document.querySelector('room-dialog #new-secret')?.value")
        .await;
    page.click("room-dialog .foot .button").await;
    page.has("token-list li[data-token=Laptop]").await;
    page.run("document.querySelector('token-list').scrollIntoView()").await;
    page.picture("list").await;
    let program = ann.bearer(secret.as_str().unwrap());
    assert_eq!(program.get("/api/users/me").await.is(200)["userId"], "ann");
    page.click("token-list li[data-token=Laptop] .end").await;
    page.lacks("token-list li").await;
    program.get("/api/users/me").await.is(401);
    assert_eq!(page.errors().await, [""; 0]);
    page.close().await;

    // Where it is not permitted, there is nothing to see.
    let server = Server::start().await;
    let ann = Person::new(&server, "ann").await;
    let page = Browser::at_home(&driver, "no-tokens", server.address(), "1280,900", &ann).await;
    page.go("#/profile").await;
    page.has("session-list li").await;
    page.has("token-list[hidden]").await;
    page.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_status_has_an_emoji_from_the_picker() {
    let server = Server::start().await;
    let ann = Person::new(&server, "ann").await;
    let driver = Driver::start();
    let page = Browser::at_home(&driver, "status", server.address(), "1280,900", &ann).await;
    page.errors().await;
    page.go("#/profile").await;
    page.fill("#status-emoji", "not one").await;
    page.fill("#status-text", "at lunch").await;
    page.click("profile-form .form button[type=submit]").await;
    page.has("#status-emoji[aria-invalid]").await;
    page.reads("profile-form .field:has(#status-emoji) .error", "Choose one emoji.").await;
    page.picture("wrong").await;
    page.click("profile-form .pick-emoji").await;
    page.has("emoji-picker section[data-group=food] button").await;
    page.lacks("emoji-picker section[data-group=custom]").await;
    let wide = "const scroll = document.querySelector('emoji-picker .scroll'); return \
                [scroll.scrollWidth - scroll.clientWidth, getComputedStyle(scroll).overflowX]";
    assert_eq!(page.run(wide).await, json!([0, "hidden"]));
    page.picture("picker").await;
    page.fill("emoji-picker input[type=search]", "ramen").await;
    page.click("emoji-picker section[data-group=found] button").await;
    page.wait("ramen", "return document.querySelector('#status-emoji').value === '🍜'").await;
    page.lacks("#status-emoji[aria-invalid]").await;
    page.click("profile-form .form button[type=submit]").await;
    page.reads("profile-form .form [role=status]", "Saved.").await;
    let me = ann.get("/api/users/me").await.is(200);
    assert_eq!(me["status"], json!({"emoji": "🍜", "text": "at lunch"}));
    let errors = page.errors().await;
    assert!(errors.iter().all(|error| error.contains("400")), "{errors:?}");
    page.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_name_of_the_server_has_its_place() {
    let server = Server::start_with(&[("SERVER__NAME", "Pier Nine Port")]).await;
    let ann = Person::new(&server, "ann").await;
    let room = ann.room(&[]).await;
    let driver = Driver::start();
    for size in ["1280,800", "390,700"] {
        let page = Browser::at_home(&driver, "named", server.address(), size, &ann).await;
        page.go("#/rooms").await;
        page.reads("room-list .top h1", "Pier Nine Port").await;
        let whole = "const name = document.querySelector('room-list .top h1'); return name.title === \
                     name.textContent && name.scrollWidth <= name.clientWidth";
        page.wait("the whole name", whole).await;
        page.picture("rooms").await;
        // One thing scrolls, if anything does.
        for (hash, there) in [
            ("#/rooms".to_owned(), "room-list a.row"),
            (format!("#/{room}"), "message-list empty-state"),
            ("#/threads".to_owned(), "threads-list empty-state"),
            ("#/saved".to_owned(), "saved-list empty-state"),
            ("#/profile".to_owned(), "session-list li"),
        ] {
            page.go(&hash).await;
            page.has(there).await;
            let scrolls = "const page = document.scrollingElement; const list = \
                           document.querySelector('message-list .scroll'); return [page.scrollHeight \
                           - page.clientHeight, list?.querySelector('empty-state') ? \
                           list.scrollHeight - list.clientHeight : 0]";
            assert_eq!(page.run(scrolls).await, json!([0, 0]), "{hash} of {size}");
        }
        page.close().await;
    }
}
