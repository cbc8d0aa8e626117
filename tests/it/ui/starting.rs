//! The first page: without an administrator, with a name, and when files or rooms cannot be loaded.

use serde_json::json;

use crate::support::{Browser, Ctl, Driver, Faulty, Person, Server};

const PHONE: &str = "390,844";

/// Returns the fragment of the link that the server printed.
async fn link(server: &Server) -> String {
    let line = server.wait_for_log(&["The first administrator", "/#setup="]).await;
    line.split_once("/#").unwrap().1.trim().to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_link_stays_good_while_others_register_and_the_page_points_to_it() {
    let server = Server::start().await;
    let link = link(&server).await;
    let driver = Driver::start();
    let page = Browser::open(&driver, "first", server.address(), "1280,800").await;
    page.reads("login-form .notice.info", "no administrator yet").await;
    page.picture("no-administrator").await;
    page.register("ann", "Ann").await;
    page.errors().await;

    // Somebody who is signed in opens the link; a wrong one is told at once.
    page.go("#setup=0123456789").await;
    page.reads("login-form .notice", "not the setup link").await;
    page.lacks("login-form input").await;
    page.picture("wrong-link").await;
    page.go(&format!("#{link}")).await;
    page.fill("login-form #user", "root").await;
    page.fill("login-form #password", "long enough").await;
    page.click("login-form button[type=submit]").await;
    page.has("chat-app room-list").await;
    assert_eq!(Ctl::of(&server).one(&["user", "show", "root"])["admin"], true);

    // Now it is not needed any more.
    let other =
        Browser::open_at(&driver, "late", &format!("{}/#{link}", server.address()), PHONE).await;
    other.reads("login-form .notice", "has an administrator").await;
    other.picture("used-link").await;
    other.click("login-form a.button").await;
    other.has("login-form #password").await;
    assert_eq!(
        other.run("return document.querySelector('login-form .notice.info:not([hidden])')").await,
        json!(null)
    );
    page.close().await;
    other.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_name_of_the_server_is_shown_before_and_after_signing_in() {
    let server = Server::start_with(&[
        ("SERVER__NAME", "Pier <b>Nine</b>"),
        ("AUTH__REGISTRATION", "closed"),
    ])
    .await;
    let ctl = Ctl::of(&server);
    ctl.create("ada", &["--admin"]);
    let ada = Person::known(&server, "ada").await;
    let driver = Driver::start();
    let page = Browser::at_home(&driver, "named", server.address(), "1280,800", &ada).await;
    page.reads("room-list h1", "Pier <b>Nine</b>").await;
    page.wait("the title", "return document.title === 'Pier <b>Nine</b>'").await;
    page.go("#/profile").await;
    page.click("button.sign-out").await;
    page.reads("login-form h1", "Pier <b>Nine</b>").await;
    // Nobody can register, and nobody is asked to.
    page.has("login-form #password").await;
    page.lacks("login-form a[href='#/register']").await;
    page.lacks("login-form .notice.info:not([hidden])").await;
    page.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_server_says_of_itself_leaves_what_is_being_typed_alone() {
    let server = Server::start().await;
    let driver = Driver::start();
    let page = Browser::open(&driver, "typing", server.address(), "1280,800").await;
    page.has("login-form a[href='#/register']").await;
    page.fill("login-form #name", "김민").await;
    page.wait(
        "the field to stay",
        "const form = document.querySelector('login-form'), field = form.querySelector('#name'); \
         field.setSelectionRange(1, 1); \
         form.server = { name: 'Pier', registration: false, setup: true }; \
         return form.querySelector('#name') === field && document.activeElement === field \
         && field.value === '김민' && field.selectionStart === 1",
    )
    .await;
    page.reads("login-form h1", "Pier").await;
    page.has("login-form .notice.info:not([hidden])").await;
    page.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_list_of_rooms_that_fails_is_said_and_asked_for_again() {
    let server = Server::start().await;
    let ann = Person::new(&server, "ann").await;
    let room = ann.public_room("Study").await;
    ann.say(&room, "hello").await;
    let faulty = Faulty::to(server.address()).await;
    let driver = Driver::start();
    let page = Browser::at_home(&driver, "list", faulty.address(), "1280,800", &ann).await;
    page.has("room-list a.row").await;
    // Else what the last visit has left would be shown meanwhile.
    let forget = "localStorage.removeItem('signedIn')";
    for hash in ["/", &format!("/{room}")] {
        page.page.execute(forget, Vec::new()).await.unwrap();
        faulty.fail("scope=mine", 2);
        page.page.goto("about:blank").await.unwrap();
        page.page.goto(&format!("http://{}/#{hash}", faulty.address())).await.unwrap();
        page.has("room-list .problem:not([hidden])").await;
        page.reads("main empty-state", "could not be loaded").await;
        page.has("room-list a.row").await;
        page.lacks("room-list .problem").await;
        assert!(faulty.has_failed());
    }
    page.shows(&["hello"]).await;
    // A message to a room of the late list arrives.
    ann.say(&room, "still here").await;
    page.shows(&["hello", "still here"]).await;

    // Waiting is not necessary. After three failures the next request is seconds away.
    page.page.execute(forget, Vec::new()).await.unwrap();
    faulty.fail("scope=mine", 3);
    page.page.refresh().await.unwrap();
    page.has("room-list .problem:not([hidden])").await;
    faulty.until_failed().await;
    page.click("room-list .problem button").await;
    page.shows(&["hello", "still here"]).await;
    page.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_that_cannot_be_loaded_is_asked_for_again_and_then_said() {
    let server = Server::start().await;
    Person::new(&server, "ann").await;
    let driver = Driver::start();
    for (file, failures) in [("js/main.js", 1), ("styles/main.css", 1), ("i18n/ko.json", 1)] {
        let faulty = Faulty::to(server.address()).await;
        faulty.fail(file, failures);
        let page = Browser::open_in(&driver, "retry", faulty.address(), PHONE, "ko").await;
        page.has("login-form #user").await;
        assert!(faulty.has_failed(), "{file}");
        page.close().await;
    }
    // What stays away is said in the language of the page, and a button tries again.
    let faulty = Faulty::to(server.address()).await;
    faulty.fail("js/main.js", 2);
    let page = Browser::open_in(&driver, "says", faulty.address(), PHONE, "ko").await;
    page.reads(".unloaded h1", "페이지를 불러오지 못했습니다").await;
    page.picture("failed").await;
    page.click(".unloaded button").await;
    page.has("login-form #user").await;
    page.close().await;
}
