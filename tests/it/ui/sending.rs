//! Sending: files on their way, whatever else happens meanwhile, and what was not sent.

use std::time::{Duration, Instant};

use fantoccini::Locator;
use fantoccini::key::Key;
use serde_json::json;

use super::WRITES;
use crate::support::{BROWSER_PATIENCE, Browser, Driver, Faulty, Json, Person, Proxy, Server};

/// A file that takes a while.
const LARGE: usize = 3_000_000;

/// Uploads do not begin before `release` is called; `letGo` ends that for those that follow.
const HOLD: &str = "const send = XMLHttpRequest.prototype.send; window.letGo = () => { \
                    XMLHttpRequest.prototype.send = send; }; XMLHttpRequest.prototype.send = \
                    function (body) { window.release = () => send.call(this, body); }";

/// Chooses a file for the message being written.
async fn choose(page: &Browser, folder: &tempfile::TempDir, name: &str, size: usize) {
    let path = folder.path().join(name);
    std::fs::write(&path, vec![b'a'; size]).unwrap();
    let input = "message-composer input[type=file]";
    page.has(input).await;
    let found = page.page.find(Locator::Css(input)).await.unwrap();
    found.send_keys(&path.display().to_string()).await.unwrap();
}

/// Types into whatever has the focus.
async fn types(page: &Browser, text: &str) {
    page.page.active_element().await.unwrap().send_keys(text).await.unwrap();
}

/// Waits until the room has this message, and returns it.
async fn arrives(person: &Person, room: &str, content: &str) -> Json {
    let began = Instant::now();
    loop {
        let history = person.history(room).await;
        if let Some(message) = history.into_iter().find(|message| message["content"] == content) {
            return message;
        }
        assert!(began.elapsed() < BROWSER_PATIENCE, "{content:?} does not arrive");
        // There is no event to wait for, and what is asked too often is refused.
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_focus_goes_to_the_text_after_choosing_pasting_and_dropping_a_file() {
    let server = Server::start().await;
    let ann = Person::new(&server, "ann").await;
    let room = ann.public_room("Study").await;
    let folder = tempfile::tempdir().unwrap();
    let driver = Driver::start();
    for size in ["1280,800", "390,844"] {
        let page = Browser::at_home(&driver, "focus", server.address(), size, &ann).await;
        page.go(&format!("#/{room}")).await;
        page.has(WRITES).await;
        page.run("document.querySelector('message-composer .attach').focus()").await;
        choose(&page, &folder, "report.txt", 10).await;
        page.wait(
            "the focus on the text",
            &format!("return document.activeElement.matches('{WRITES}')"),
        )
        .await;
        types(&page, &format!("caption of {size}{}", char::from(Key::Enter))).await;
        let sent = arrives(&ann, &room, &format!("caption of {size}")).await;
        assert_eq!(sent["media"][0]["fileName"], "report.txt");

        let events = [
            (
                "message-composer .attach",
                "new ClipboardEvent('paste', {bubbles: true, cancelable: true, clipboardData: data})",
            ),
            (
                "message-list .scroll",
                "new DragEvent('drop', {bubbles: true, cancelable: true, dataTransfer: data})",
            ),
        ];
        for (place, event) in events {
            let done = format!(
                "const data = new DataTransfer(); data.items.add(new File(['hi'], 'a.txt')); const \
                 place = document.querySelector('{place}'); place.focus(); const event = {event}; \
                 place.dispatchEvent(event); return event.defaultPrevented && \
                 document.activeElement.matches('{WRITES}')"
            );
            assert_eq!(page.run(&done).await, json!(true), "{event}");
            page.has("upload-list li[data-state=done]").await;
            page.click("upload-list li button").await;
            page.lacks("upload-list li").await;
        }
        page.close().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_whole_conversation_takes_dropped_files_and_nothing_else_does() {
    let server = Server::start().await;
    let ann = Person::new(&server, "ann").await;
    let room = ann.public_room("Study").await;
    ann.say(&room, "hello").await;
    let driver = Driver::start();
    let page = Browser::at_home(&driver, "drop", server.address(), "1280,800", &ann).await;
    let drag = |kind: &str, place: &str| {
        format!(
            "const data = new DataTransfer(); data.items.add(new File(['hi'], 'a.txt')); const event \
             = new DragEvent('{kind}', {{bubbles: true, cancelable: true, dataTransfer: data}}); \
             document.querySelector('{place}').dispatchEvent(event); return \
             [event.defaultPrevented, document.querySelector('.drop-veil')?.textContent ?? null]"
        )
    };
    // Without a room the browser must not leave the page for the file.
    assert_eq!(page.run(&drag("dragover", "main")).await, json!([true, null]));
    assert_eq!(page.run(&drag("drop", "main")).await, json!([true, null]));
    page.go(&format!("#/{room}")).await;
    page.has("message-item").await;
    for place in ["message-item", "room-header h1", "message-composer"] {
        let shown = page.run(&drag("dragover", place)).await;
        assert_eq!(shown, json!([true, "Drop to attach to Study"]), "{place}");
        assert_eq!(page.run(&drag("dragover", "room-list")).await, json!([true, null]), "{place}");
    }
    page.run(&drag("dragover", "message-item")).await;
    page.picture("veil").await;
    assert_eq!(page.run(&drag("drop", "message-item")).await, json!([true, null]));
    page.has("upload-list li[data-state=done]").await;
    // Not while a sent message is edited, and not beside a dialog.
    page.run("document.querySelector('chat-app').newRoom()").await;
    page.has("room-dialog dialog[open]").await;
    assert_eq!(page.run(&drag("dragover", "message-item")).await, json!([true, null]));
    page.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_that_waits_for_its_file_is_sent_from_whatever_room_is_open_by_then() {
    let server = Server::start().await;
    let ann = Person::new(&server, "ann").await;
    let (one, two) = (ann.public_room("One").await, ann.public_room("Two").await);
    ann.say(&two, "elsewhere").await;
    let proxy = Proxy::to(server.address()).await;
    let driver = Driver::start();
    let folder = tempfile::tempdir().unwrap();
    let page = Browser::at_home(&driver, "upload", proxy.address(), "1280,800", &ann).await;
    page.go(&format!("#/{one}")).await;
    page.has(WRITES).await;
    // The file is on its way for as long as the test needs.
    page.run(HOLD).await;
    choose(&page, &folder, "report.txt", LARGE).await;
    types(&page, &format!("the report{}", char::from(Key::Enter))).await;
    page.has("message-item[data-state=uploading] progress").await;
    page.wait(
        "an empty composer",
        &format!("return document.querySelector('{WRITES}').value === ''"),
    )
    .await;
    page.picture("uploading").await;
    let asks = "const event = new Event('beforeunload', {cancelable: true}); return \
                !dispatchEvent(event)";
    assert_eq!(page.run(asks).await, json!(true), "leaving the page would lose the file");

    // Messages sent after it do not wait for it.
    page.go(&format!("#/{two}")).await;
    page.shows(&["elsewhere"]).await;
    page.say("meanwhile").await;
    arrives(&ann, &two, "meanwhile").await;
    assert!(ann.contents(&one).await.is_empty());
    page.run("window.release()").await;
    let sent = arrives(&ann, &one, "the report").await;
    assert_eq!(sent["media"][0]["size"], LARGE);
    page.wait("nothing to ask", &format!("return !(() => {{ {asks} }})()")).await;
    page.go(&format!("#/{one}")).await;
    page.has("message-item .file").await;
    page.shows(&["the report"]).await;

    // A file without words, and a connection that breaks meanwhile.
    choose(&page, &folder, "alone.txt", 100).await;
    types(&page, &char::from(Key::Enter).to_string()).await;
    page.has("message-item[data-state=uploading]").await;
    proxy.cut();
    page.connection_is("offline").await;
    page.run("window.release()").await;
    page.reads("message-item .failed", "connection was lost").await;
    proxy.heal();
    page.connection_is("online").await;
    page.run("window.letGo()").await;
    page.click("message-item .failed .retry").await;
    let sent = arrives(&ann, &one, "alone.txt").await;
    assert_eq!(sent["media"][0]["fileName"], "alone.txt");
    page.lacks("message-item .failed").await;
    page.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_not_sent_can_be_written_again() {
    let server = Server::start_with(&[("MEDIA__MAX_BYTES", "1000")]).await;
    let ann = Person::new(&server, "ann").await;
    let room = ann.public_room("Study").await;
    let faulty = Faulty::to(server.address()).await;
    let driver = Driver::start();
    let folder = tempfile::tempdir().unwrap();
    let page = Browser::at_home(&driver, "again", faulty.address(), "1280,800", &ann).await;
    page.go(&format!("#/{room}")).await;
    page.has(WRITES).await;

    // A file that the server refuses cannot be tried again; the rest goes back to the composer.
    choose(&page, &folder, "small.txt", 10).await;
    page.has("upload-list li[data-state=done]").await;
    page.run(HOLD).await;
    choose(&page, &folder, "large.txt", 5000).await;
    types(&page, &format!("two files{}", char::from(Key::Enter))).await;
    page.has("message-item[data-state=uploading]").await;
    page.run("window.letGo(); window.release()").await;
    page.reads("message-item .failed", "too large").await;
    page.lacks("message-item .failed .retry").await;
    page.picture("refused").await;
    page.fill(WRITES, "begun since").await;
    page.click("message-item .failed .edit").await;
    page.wait(
        "both texts, and the files",
        &format!(
            "return document.querySelector('{WRITES}').value === 'two files\\nbegun since' && \
             document.querySelectorAll('upload-list li').length === 2"
        ),
    )
    .await;
    page.lacks("message-item").await;
    page.click("upload-list li[data-state=failed] button").await;
    types(&page, &char::from(Key::Enter).to_string()).await;
    let sent = arrives(&ann, &room, "two files\nbegun since").await;
    assert_eq!(sent["media"].as_array().unwrap().len(), 1);

    // A page that was closed has lost the file, and not the text.
    page.run("XMLHttpRequest.prototype.send = () => {}").await;
    choose(&page, &folder, "lost.txt", 10).await;
    types(&page, &format!("with a file{}", char::from(Key::Enter))).await;
    page.has("message-item[data-state=uploading]").await;
    page.run("addEventListener('beforeunload', (event) => event.stopImmediatePropagation(), true)")
        .await;
    page.page.goto("about:blank").await.unwrap();
    page.page.goto(&format!("http://{}/#/{room}", faulty.address())).await.unwrap();
    page.reads("message-item .failed", "Attach them again").await;
    page.click("message-item .failed .edit").await;
    page.wait(
        "the text",
        &format!("return document.querySelector('{WRITES}').value === 'with a file'"),
    )
    .await;
    assert_eq!(ann.contents(&room).await.len(), 1);
    page.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_completed_name_has_one_space_after_it() {
    let server = Server::start().await;
    let ann = Person::new(&server, "ann").await;
    let bob = Person::new(&server, "bob").await;
    let room = ann.room(&[&bob]).await;
    let driver = Driver::start();
    let page = Browser::at_home(&driver, "space", server.address(), "1280,800", &ann).await;
    page.go(&format!("#/{room}")).await;
    page.fill(WRITES, "@bo").await;
    page.has("text-completion li").await;
    types(&page, &format!("{} hi  there", char::from(Key::Enter))).await;
    page.wait(
        "one space after the name",
        &format!("return document.querySelector('{WRITES}').value === '@bob hi  there'"),
    )
    .await;
    page.close().await;
}
