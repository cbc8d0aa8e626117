//! What the browser calls each page, and the tabs of the server page: the chosen one is in view.

use fantoccini::key::Key;
use serde_json::json;

use crate::support::{Browser, Ctl, Driver, Person, Server};

impl Browser {
    /// Waits until the browser calls the page so.
    async fn is_called(&self, title: &str) {
        self.wait(title, &format!("return document.title === {}", json!(title))).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_page_has_a_title_of_its_own() {
    let server = Server::start_with(&[("SERVER__NAME", "Pier")]).await;
    Ctl::of(&server).create("ada", &["--admin"]);
    let ada = Person::known(&server, "ada").await;
    let room = ada.public_room("Study").await;
    let driver = Driver::start();
    let page = Browser::open(&driver, "titles", server.address(), "1280,800").await;
    page.is_called("Register — Pier").await;
    page.go("#/sign-in").await;
    page.is_called("Sign in — Pier").await;
    page.go("#invite=none").await;
    page.is_called("Invitation — Pier").await;
    page.go("#reset=none").await;
    page.is_called("Set a new password — Pier").await;
    page.close().await;

    let page = Browser::at_home(&driver, "titles-in", server.address(), "1280,800", &ada).await;
    page.is_called("Pier").await;
    for (hash, title) in [
        (room.as_str(), "Study"),
        ("search?q=word", "Search"),
        ("saved", "Saved messages"),
        ("threads", "Threads"),
        ("directory", "Public rooms"),
        ("profile", "Profile and settings"),
        ("server", "Overview — Server"),
        ("server/log", "Log — Server"),
    ] {
        page.go(&format!("#/{hash}")).await;
        page.is_called(&format!("{title} — Pier")).await;
    }
    page.close().await;
}

/// Whether the chosen tab is in view with a sign on each side where there are more.
const IN_VIEW: &str = "
    const strip = document.querySelector('server-page .tablist');
    const tab = strip?.querySelector('[aria-selected=true]');
    if (!tab) return false;
    const [inner, outer] = [tab, strip].map((one) => one.getBoundingClientRect());
    const {scrollLeft, scrollWidth, clientWidth} = strip;
    const shown = (side) => document.querySelector(`server-page .strip .${side}`).checkVisibility();
    return tab.id === arguments[0] && inner.left >= outer.left && inner.right <= outer.right + 1 &&
        shown('left') === scrollLeft >= 1 &&
        shown('right') === scrollLeft + clientWidth <= scrollWidth - 1";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_chosen_tab_of_the_server_page_is_in_view() {
    let server = Server::start().await;
    Ctl::of(&server).create("ada", &["--admin"]);
    let ada = Person::known(&server, "ada").await;
    let driver = Driver::start();
    for (name, size) in [("tabs-wide", "1280,800"), ("tabs-phone", "390,844")] {
        let page = Browser::at_home(&driver, name, server.address(), size, &ada).await;
        page.run("localStorage.setItem('lang', 'ru')").await;
        page.go("#/server/log").await;
        page.page.refresh().await.unwrap();
        let seen =
            |tab: &str| IN_VIEW.replace("arguments[0]", &json!(format!("tab-{tab}")).to_string());
        page.wait("the last tab", &seen("log")).await;
        page.has("server-page .strip .left:not([hidden])").await;
        page.picture("last").await;
        // Keys go on from one to the next, and around.
        page.run("document.querySelector('#tab-log').focus()").await;
        for (key, tab) in [(Key::Right, "overview"), (Key::Right, "look"), (Key::End, "log")] {
            page.key(key).await;
            page.focuses(&format!("#tab-{tab}")).await;
            page.wait(tab, &seen(tab)).await;
        }
        page.key(Key::Home).await;
        page.wait("the first tab", &seen("overview")).await;
        page.click("server-page .strip .right").await;
        page.has("server-page .strip .left:not([hidden])").await;
        page.close().await;
    }
}
