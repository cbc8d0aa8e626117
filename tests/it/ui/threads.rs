//! A thread beside the conversation: read, answered, followed.

use fantoccini::key::Key;
use serde_json::json;

use crate::support::{Browser, Driver, Person, RoomPlan, Server, people};

/// The text field of the thread.
const ANSWERS: &str = "thread-panel message-composer textarea";

impl Browser {
    /// Waits until the thread shows exactly these replies.
    async fn has_replies(&self, texts: &[&str]) {
        let script = format!(
            "const all = [...document.querySelectorAll('thread-panel .replies message-item')]; \
             const texts = all.map((m) => m.querySelector('.text')?.textContent.trim() ?? \
             '(deleted)'); return JSON.stringify(texts) === {}",
            json!(json!(texts).to_string())
        );
        self.wait(&format!("the replies {texts:?}"), &script).await;
    }
}

/// Answers a message, and returns the key of the reply.
async fn answer(person: &Person, room: &str, to: &str, text: &str) -> String {
    let body = json!({"content": text, "replyTo": to});
    let reply = person.post(&format!("/api/chatrooms/{room}/messages"), body).await.is(201);
    reply["messageId"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thread_is_read_and_answered_beside_the_conversation() {
    let server = Server::start().await;
    let [ann, bob] = people(&server, ["ann", "bob"]).await;
    let plan = RoomPlan { name: Some("Study"), public: false };
    let room = bob.room_like(&[&ann], plan).await;
    let asked = ann.say_all(&room, &["Who brings cake?", "something else"]).await.remove(0);
    let first = answer(&bob, &room, &asked, "I do").await;
    answer(&bob, &room, &first, "With cherries").await;
    let driver = Driver::start();
    let page = Browser::at_home(&driver, "thread", server.address(), "1280,800", &ann).await;
    page.go(&format!("#/{room}")).await;
    page.shows(&["Who brings cake?", "something else", "I do", "With cherries"]).await;

    page.menu_of(&asked).await;
    page.click("row-menu .message-thread").await;
    page.focuses(ANSWERS).await;
    page.reads("thread-panel .first message-item", "Who brings cake?").await;
    page.reads("thread-panel .count", "2 replies").await;
    page.has_replies(&["I do", "With cherries"]).await;
    page.picture("open").await;

    page.press(&format!("Lovely{}", char::from(Key::Enter))).await;
    page.has_replies(&["I do", "With cherries", "Lovely"]).await;
    page.reads("message-list message-item", "Lovely").await;
    page.lacks("message-item[data-state=pending]").await;
    page.reads("thread-panel .count", "3 replies").await;
    let thread = format!("/api/chatrooms/{room}/messages/{asked}/thread");
    assert_eq!(bob.get(&thread).await.is(200)["messages"][2]["replyTo"], json!(asked));

    // What the others write, change and delete meanwhile.
    let last = answer(&bob, &room, &first, "And plates").await;
    bob.say(&room, "not of the thread").await;
    page.reads("message-list message-item", "not of the thread").await;
    page.has_replies(&["I do", "With cherries", "Lovely", "And plates"]).await;
    let messages = format!("/api/chatrooms/{room}/messages");
    bob.patch(&format!("{messages}/{last}"), json!({"newContent": "And forks"})).await.is(200);
    bob.delete(&format!("{messages}/{first}")).await.is(204);
    page.has_replies(&["(deleted)", "With cherries", "Lovely", "And forks"]).await;
    page.reads("thread-panel .count", "3 replies").await;

    page.focuses(ANSWERS).await;
    page.key(Key::Escape).await;
    page.hides("thread-panel").await;
    page.focuses(&format!("message-list message-item[data-message-id={asked}]")).await;

    // Any of its messages leads to it, and the browser's button for going back leads away.
    page.menu_of(&last).await;
    page.click("row-menu .message-thread").await;
    page.focuses(ANSWERS).await;
    page.has_replies(&["(deleted)", "With cherries", "Lovely", "And forks"]).await;
    page.run("history.back()").await;
    page.hides("thread-panel").await;
    page.focuses(&format!("message-list message-item[data-message-id={last}]")).await;
    page.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_a_phone_a_thread_lies_over_the_conversation() {
    let server = Server::start().await;
    let [ann, bob] = people(&server, ["ann", "bob"]).await;
    let room = bob.room(&[&ann]).await;
    let asked = ann.say_all(&room, &["Who brings cake?"]).await.remove(0);
    answer(&bob, &room, &asked, "I do").await;
    let driver = Driver::start();
    let page = Browser::at_home(&driver, "thread-phone", server.address(), "390,844", &ann).await;
    page.go(&format!("#/{room}/{asked}/thread")).await;
    page.has_replies(&["I do"]).await;
    page.hides("main").await;
    page.fill(ANSWERS, &format!("Lovely{}", char::from(Key::Enter))).await;
    page.has_replies(&["I do", "Lovely"]).await;
    page.picture("open").await;
    page.click("thread-panel .back").await;
    page.hides("thread-panel").await;
    page.reads("message-list message-item", "Lovely").await;
    page.close().await;
}
