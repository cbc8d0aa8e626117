//! Threads: one beside the conversation, the list of those that are followed, and the number of
//! replies below their first messages.

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

/// The number of threads with unread replies, above the list of rooms.
const BADGE: &str = "room-list .places .threads .badge";

impl Browser {
    /// Waits until the list of threads has these, each with its newest reply and whether something
    /// of it is unread.
    async fn has_threads(&self, wanted: &[(&str, &str, bool)]) {
        let script = format!(
            "const all = [...document.querySelectorAll('threads-list a.thread')].map((a) => \
             [a.querySelector('.root').lastChild.textContent.trim(), \
             a.querySelector('.said').lastChild.textContent.trim(), \
             a.querySelector('.badge') !== null]);
             return JSON.stringify(all) === {}",
            json!(json!(wanted).to_string())
        );
        self.wait(&format!("the threads {wanted:?}"), &script).await;
    }

    /// Waits until this stands below a message: how many replies, and how many faces.
    async fn counts_below(&self, message: &str, replies: &str, faces: u32) {
        let script = format!(
            "const below = document.querySelector('message-list \
             message-item[data-message-id={message}] thread-counts');
             return below?.querySelector('b').textContent === {} && \
             below.querySelectorAll('user-avatar').length === {faces}",
            json!(replies)
        );
        self.wait(&format!("{replies} below {message}"), &script).await;
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

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[expect(clippy::too_many_lines, reason = "one scene, on two devices")]
async fn followed_threads_are_in_one_list_on_every_device() {
    let server = Server::start().await;
    let [ann, bob] = people(&server, ["ann", "bob"]).await;
    let plan = |name| RoomPlan { name: Some(name), public: false };
    let study = bob.room_like(&[&ann], plan("Study")).await;
    let ops = bob.room_like(&[&ann], plan("Ops")).await;
    let cake = ann.say_all(&study, &["Who brings cake?"]).await.remove(0);
    let disk = bob.say_all(&ops, &["The disk is full"]).await.remove(0);
    let driver = Driver::start();
    let page = Browser::at_home(&driver, "threads", server.address(), "1280,800", &ann).await;
    let phone = Browser::at_home(&driver, "threads", server.address(), "390,844", &ann).await;
    for browser in [&page, &phone] {
        browser.connection_is("online").await;
        // Before logging in, the page asks who is there.
        browser.errors().await;
    }
    page.lacks(BADGE).await;

    // Of her own question, of one in which she answers, and of one in which she is mentioned.
    answer(&bob, &study, &cake, "I do").await;
    page.reads(BADGE, "1").await;
    phone.reads(BADGE, "1").await;
    answer(&ann, &ops, &disk, "On it").await;
    answer(&bob, &ops, &disk, "Thanks").await;
    page.reads(BADGE, "2").await;
    page.click("room-list .places .threads").await;
    page.has_threads(&[("The disk is full", "Thanks", true), ("Who brings cake?", "I do", true)])
        .await;
    page.picture("list").await;
    answer(&bob, &study, &cake, "With cherries").await;
    page.has_threads(&[
        ("Who brings cake?", "With cherries", true),
        ("The disk is full", "Thanks", true),
    ])
    .await;
    // What was counted is there after a reload, and after an interruption.
    page.go("#/rooms").await;
    page.page.refresh().await.unwrap();
    page.reads(BADGE, "2").await;
    page.click("room-list .places .threads").await;
    page.has_threads(&[
        ("Who brings cake?", "With cherries", true),
        ("The disk is full", "Thanks", true),
    ])
    .await;

    // An answer that was begun has a mark, here and below the first message.
    let begun = json!({
        "type": "save_draft", "room_id": study, "thread": cake, "content": "And tea?",
    });
    ann.open().await.ask(begun).await;
    page.has("threads-list li:first-child .draft[aria-label=Draft]").await;
    page.lacks("threads-list li:last-child .draft").await;
    page.picture("draft").await;
    page.go(&format!("#/{study}")).await;
    page.has(&format!("message-item[data-message-id={cake}] thread-counts .draft")).await;
    page.picture("draft-below").await;
    let gone = json!({"type": "save_draft", "room_id": study, "thread": cake, "content": ""});
    ann.open().await.ask(gone).await;
    page.lacks("thread-counts .draft").await;
    page.go("#/threads").await;
    page.lacks("threads-list .draft").await;

    // Opened to its end it is read, on the phone too.
    page.click("threads-list a.thread").await;
    page.has_replies(&["I do", "With cherries"]).await;
    page.reads(BADGE, "1").await;
    phone.reads(BADGE, "1").await;
    phone.click("room-list .places .threads").await;
    phone
        .has_threads(&[
            ("Who brings cake?", "With cherries", false),
            ("The disk is full", "Thanks", true),
        ])
        .await;
    phone.picture("list").await;
    phone.click("threads-list .read-all").await;
    phone.hides("threads-list .read-all").await;
    page.lacks(BADGE).await;

    // What is read in the conversation is read in its thread.
    answer(&bob, &ops, &disk, "Done").await;
    page.reads(BADGE, "1").await;
    page.go(&format!("#/{ops}")).await;
    page.reads("message-list", "Done").await;
    page.lacks(BADGE).await;
    phone
        .has_threads(&[
            ("The disk is full", "Done", false),
            ("Who brings cake?", "With cherries", false),
        ])
        .await;

    // Unfollowed, it is not in the list, until she follows it again.
    page.go(&format!("#/{study}/{cake}/thread")).await;
    page.reads("thread-panel .follow", "Unfollow").await;
    page.click("thread-panel .follow").await;
    page.reads("thread-panel .follow", "Follow").await;
    phone.has_threads(&[("The disk is full", "Done", false)]).await;
    page.click("thread-panel .follow").await;
    phone
        .has_threads(&[
            ("The disk is full", "Done", false),
            ("Who brings cake?", "With cherries", false),
        ])
        .await;
    // Of a room that she has left nothing is shown.
    ann.delete(&format!("/api/chatrooms/{ops}/participants/ann")).await.is(204);
    phone.has_threads(&[("Who brings cake?", "With cherries", false)]).await;
    for browser in [page, phone] {
        assert_eq!(browser.errors().await, [""; 0]);
        browser.close().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn replies_are_counted_below_the_first_message() {
    let server = Server::start().await;
    let [ann, bob, cyd] = people(&server, ["ann", "bob", "cyd"]).await;
    let room = bob.room(&[&ann, &cyd]).await;
    let asked = ann.say_all(&room, &["Who brings cake?"]).await.remove(0);
    let first = answer(&bob, &room, &asked, "I do").await;
    answer(&cyd, &room, &first, "And I").await;
    let driver = Driver::start();
    let page = Browser::at_home(&driver, "counts", server.address(), "1280,800", &ann).await;
    page.errors().await;
    page.go(&format!("#/{room}")).await;
    page.counts_below(&asked, "2 replies", 2).await;
    page.picture("loaded").await;
    // Live: one more, one more to a reply, one that is deleted, and the first to another message.
    let own = answer(&ann, &room, &asked, "Lovely").await;
    page.counts_below(&asked, "3 replies", 3).await;
    answer(&bob, &room, &own, "With cherries").await;
    page.counts_below(&asked, "4 replies", 3).await;
    ann.delete(&format!("/api/chatrooms/{room}/messages/{own}")).await.is(204);
    page.counts_below(&asked, "3 replies", 2).await;
    let other = bob.say_all(&room, &["Something else"]).await.remove(0);
    page.reads("message-list", "Something else").await;
    answer(&cyd, &room, &other, "Indeed").await;
    page.counts_below(&other, "1 reply", 1).await;
    // It is a link to the thread, in which it does not stand again.
    let link = format!("message-list message-item[data-message-id={asked}] thread-counts a");
    page.run(&format!("document.querySelector('{link}').click()")).await;
    page.has_replies(&["I do", "And I", "(deleted)", "With cherries"]).await;
    page.lacks("thread-panel thread-counts").await;
    assert_eq!(page.errors().await, [""; 0]);

    // A hit of a search leads to the thread.
    page.go("#/search?q=cherries").await;
    page.reads("search-results a.hit .in-thread", "In a thread").await;
    page.click("search-results a.hit").await;
    page.has_replies(&["I do", "And I", "(deleted)", "With cherries"]).await;
    page.close().await;
}
