//! Custom emoji in the page: added by an administrator, found, written, read and deleted.

use fantoccini::Locator;
use fantoccini::key::Key;
use serde_json::json;

use super::WRITES;
use crate::support::{Body, Browser, Ctl, Driver, Person, Server, people, picture};

/// The picture in a message.
const SHOWN: &str = "message-item .text custom-emoji img[alt=':our_logo:']";

impl Browser {
    /// Waits until the pictures of all custom emoji in view have arrived.
    async fn draws(&self, selector: &str) {
        let script = format!(
            "const all = [...document.querySelectorAll({})]; return all.length > 0 && \
             all.every((one) => one.complete && one.naturalWidth > 0)",
            json!(selector)
        );
        self.wait(&format!("the picture {selector}"), &script).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_emoji_is_added_written_read_and_deleted() {
    let server = Server::start().await;
    let ctl = Ctl::of(&server);
    ctl.create("ada", &["--admin"]);
    let ada = Person::known(&server, "ada").await;
    let [bob] = people(&server, ["bob"]).await;
    let room = ada.room(&[&bob]).await;
    let first = "early :our_logo: and `:our_logo:` at 10:30:45";
    bob.say(&room, first).await;
    let driver = Driver::start();
    let page = Browser::at_home(&driver, "emoji", server.address(), "1280,800", &ada).await;
    let other = Browser::at_home(&driver, "emoji-other", server.address(), "1280,800", &bob).await;
    other.go(&format!("#/{room}")).await;
    // Without an emoji of this name it is text.
    other.reads("message-item .text custom-emoji", ":our_logo:").await;
    other.lacks("message-item custom-emoji img").await;

    // The server page: a picture that is too large is made smaller, the name is that of the file.
    page.errors().await;
    page.go("#/server/emoji").await;
    page.reads("server-emoji", "No custom emoji yet.").await;
    page.click(".add-emoji").await;
    page.has("room-dialog #emoji-file").await;
    let large = server.data().join("Our Logo!.png");
    std::fs::write(&large, picture(2000, 1000)).unwrap();
    let input = page.page.find(Locator::Css("room-dialog #emoji-file")).await.unwrap();
    input.send_keys(&large.display().to_string()).await.unwrap();
    let script = "return document.querySelector('room-dialog #emoji-name').value === 'our_logo'";
    page.wait("a name", script).await;
    page.draws("room-dialog .emoji-preview img").await;
    page.picture("dialog").await;
    page.clear("room-dialog #emoji-name").await;
    page.fill("room-dialog #emoji-name", "tada").await;
    page.click("room-dialog .foot .primary").await;
    page.has("room-dialog #emoji-name[aria-invalid]").await;
    page.errors().await;
    page.clear("room-dialog #emoji-name").await;
    page.fill("room-dialog #emoji-name", "our_logo").await;
    page.click("room-dialog .foot .primary").await;
    page.lacks("dialog[open]").await;
    page.has("tr[data-emoji=our_logo]").await;
    page.draws("tr[data-emoji=our_logo] img").await;
    let stored = ctl.all(&["emoji", "list"]);
    assert_eq!((&stored[0]["width"], &stored[0]["height"]), (&json!(128), &json!(64)));
    page.picture("server").await;

    // The open page of the other one draws it without being loaded again.
    other.draws(SHOWN).await;
    let texts = "return [...document.querySelectorAll('message-item .text')].map((one) => \
                 one.textContent)";
    assert_eq!(other.run(texts).await, json!(["early  and :our_logo: at 10:30:45"]));

    // The picker has it in a group of its own, and finds it.
    other.click("message-composer .emoji").await;
    other.has("emoji-picker section[data-group=flags] button").await;
    other.draws("emoji-picker section[data-group=custom] button img").await;
    let groups = "return [...document.querySelectorAll('emoji-picker section')].map((one) => \
                  one.dataset.group).slice(0, 2)";
    assert_eq!(other.run(groups).await, json!(["custom", "smileys"]));
    other.lacks("emoji-picker .add").await;
    other.press("logo").await;
    other.has("emoji-picker section[data-group=found] button img").await;
    other.picture("picker").await;
    other.key(Key::Enter).await;
    let written = format!("return document.querySelector('{WRITES}').value === ':our_logo:'");
    other.wait("the short name", &written).await;
    // The composer completes it.
    other.fill(WRITES, " and :our").await;
    other.draws("text-completion li img").await;
    other.key(Key::Tab).await;
    let written =
        format!("return document.querySelector('{WRITES}').value === ':our_logo: and :our_logo: '");
    other.wait("the completed name", &written).await;
    other.key(Key::Enter).await;
    other
        .wait("both", &format!("return document.querySelectorAll(\"{SHOWN}\").length === 3"))
        .await;

    // A reaction with it.
    let said = bob.history(&room).await;
    let path = format!(
        "/api/chatrooms/{room}/messages/{}/reactions",
        said[0]["messageId"].as_str().unwrap()
    );
    bob.post(&path, json!({"reactionType": ":our_logo:"})).await.is(201);
    let reaction = "message-item .reactions button[data-reaction=':our_logo:']";
    other.draws(&format!("{reaction} custom-emoji img")).await;
    other.click(reaction).await;
    other.lacks(reaction).await;
    other.picture("read").await;

    // In lists and quotes it is a picture, too.
    let key = said[0]["messageId"].as_str().unwrap();
    bob.put(&format!("/api/chatrooms/{room}/messages/{key}/saved")).await.is(204);
    let body = json!({"content": "I like :our_logo: too", "replyTo": key});
    ada.post(&format!("/api/chatrooms/{room}/messages"), body).await.is(201);
    for (hash, line) in [
        ("#/saved", "saved-list .said"),
        ("#/threads", "threads-list .said"),
        ("#/search?q=our_logo", "search-results .said"),
    ] {
        other.go(hash).await;
        other.draws(&format!("{line} custom-emoji img[alt=':our_logo:']")).await;
        other.picture(hash.trim_start_matches("#/").split('?').next().unwrap()).await;
    }
    other.draws("search-results mark custom-emoji img").await;
    other.draws("room-list .snippet custom-emoji img[alt=':our_logo:']").await;
    other.go("#/threads").await;
    other.reads("threads-list .said", "ada: I like").await;
    other.go(&format!("#/{room}")).await;
    other.draws("message-item .quote custom-emoji img").await;

    // Once it is deleted, its name is there again.
    page.click("tr[data-emoji=our_logo] .more").await;
    page.click("row-menu .delete-emoji").await;
    page.click("room-dialog .foot .primary").await;
    page.lacks("tr[data-emoji=our_logo]").await;
    other.lacks("message-item custom-emoji img").await;
    other.reads("message-item .text custom-emoji", ":our_logo:").await;
    page.close().await;
    other.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_everybody_may_the_picker_leads_to_emoji_of_ones_own() {
    let server = Server::start_with(&[("ROOMS__CUSTOM_EMOJI", "everyone")]).await;
    let [ann, bob] = people(&server, ["ann", "bob"]).await;
    ann.room(&[&bob]).await;
    for (person, name) in [(&ann, "ours"), (&bob, "theirs")] {
        person.post(&format!("/api/emoji?name={name}"), Body::Raw(picture(20, 20))).await.is(201);
    }
    let driver = Driver::start();
    let page = Browser::at_home(&driver, "own-emoji", server.address(), "1024,800", &ann).await;
    page.click("room-list a.row").await;
    page.click("message-composer .emoji").await;
    page.click("emoji-picker section[data-group=custom] .add").await;
    page.has("room-dialog #emoji-file").await;
    let mine = "return [...document.querySelectorAll('.emoji-mine li')].map((one) => \
                one.textContent)";
    assert_eq!(page.run(mine).await, json!([":ours:"]));
    page.picture("own").await;
    page.click(".emoji-mine button").await;
    page.click("dialog button.primary.danger").await;
    page.lacks(".emoji-mine li").await;
    let list = ann.get("/api/emoji").await.is(200);
    assert_eq!(crate::support::texts(&list["emoji"], "name"), ["theirs"]);
    page.close().await;
}
