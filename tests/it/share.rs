//! The web UI in Chromium: sharing, searching, and profiles.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use fantoccini::Locator;
use fantoccini::key::Key;
use serde_json::json;

use crate::support::{Browser, Driver, Json, Person, Proxy, Server, heavy_picture, picture};

const WRITES: &str = "message-composer textarea";

/// Opens two browsers with two users in one room.
async fn two_in_a_room(driver: &Driver, server: &Server) -> (Browser, Browser) {
    let ann = Browser::open(driver, "share-ann", server.address(), "1440,900").await;
    let bob = Browser::open(driver, "share-bob", server.address(), "390,844").await;
    ann.register("ann", "Ann Lee").await;
    bob.register("민지", "김민지").await;
    ann.click("room-list button.new-room").await;
    ann.fill("room-dialog #room-name", "Study").await;
    ann.fill("room-dialog #people", "민지").await;
    ann.click("room-dialog li[data-user=민지]").await;
    ann.click("room-dialog button[type=submit]").await;
    ann.has(WRITES).await;
    (ann, bob)
}

/// Writes files into the directory of the test and adds them to the page.
async fn attach(
    browser: &Browser,
    folder: &tempfile::TempDir,
    input: &str,
    files: &[(&str, &[u8])],
) {
    let mut paths = Vec::new();
    for (name, contents) in files {
        let path = folder.path().join(name);
        std::fs::write(&path, contents).unwrap();
        paths.push(path.display().to_string());
    }
    browser.has(input).await;
    browser
        .page
        .find(Locator::Css(input))
        .await
        .unwrap()
        .send_keys(&paths.join("\n"))
        .await
        .unwrap();
}

/// Searches, and waits for the only match, which contains the word.
async fn finds(browser: &Browser, word: &str) {
    browser.clear("search-results input").await;
    browser.fill("search-results input", word).await;
    let marked = "[...document.querySelectorAll('search-results .hit mark')].map((mark) => \
                  mark.textContent)";
    browser
        .wait(
            &format!("a hit for {word}"),
            &format!(
                "const found = {marked}; return found.length === 1 && found[0].toLowerCase() === \
                 {}",
                json!(word)
            ),
        )
        .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[expect(clippy::too_many_lines, reason = "one scenario")]
async fn files_reach_the_others_and_words_of_every_script_are_found() {
    let server = Server::start().await;
    let driver = Driver::start();
    let folder = tempfile::tempdir().unwrap();
    let (ann, bob) = two_in_a_room(&driver, &server).await;
    bob.click("room-list a.row").await;

    // Two files are sent with one message; the picture has its space before it is loaded.
    attach(
        &ann,
        &folder,
        "message-composer input[type=file]",
        &[("chart.png", &picture(720, 240)), ("notes 노트.txt", b"plain words")],
    )
    .await;
    ann.wait(
        "both files are there",
        "return document.querySelectorAll('upload-list li[data-state=done]').length === 2",
    )
    .await;
    ann.say("the chart").await;
    bob.wait(
        "the picture",
        "const image = document.querySelector('message-item .picture img'); return \
         image?.naturalWidth === 720 && image.getAttribute('width') === '360' && \
         image.getAttribute('height') === '120'",
    )
    .await;
    bob.wait(
        "the file",
        "return document.querySelector('message-item .file a')?.textContent === 'notes 노트.txt'",
    )
    .await;
    bob.picture("media").await;
    bob.click("message-item .picture").await;
    bob.wait(
        "the picture alone",
        "return document.querySelector('picture-viewer dialog[open] img')?.naturalWidth === 720",
    )
    .await;
    bob.click("picture-viewer button.close").await;
    ann.wait("an empty list of files", "return document.querySelector('upload-list').hidden").await;
    // One file too many is refused beside its name, and can be removed.
    let many: Vec<_> = (0..11).map(|n| format!("{n}.txt")).collect();
    attach(
        &ann,
        &folder,
        "message-composer input[type=file]",
        &many.iter().map(|name| (name.as_str(), name.as_bytes())).collect::<Vec<_>>(),
    )
    .await;
    ann.wait(
        "ten and one refused",
        "return document.querySelectorAll('upload-list li[data-state=done]').length === 10 && \
         document.querySelector('upload-list li[data-state=failed] .error span').textContent !== \
         ''",
    )
    .await;
    ann.picture("uploads").await;
    ann.page
        .execute(
            "for (const button of document.querySelectorAll('upload-list .icon-button')) \
             button.click()",
            Vec::new(),
        )
        .await
        .unwrap();

    for text in ["우리 만화책을 읽자", "我爱读书", "look at the lighthouse", "nothing else"]
    {
        ann.say(text).await;
    }
    bob.shows(&[
        "the chart",
        "우리 만화책을 읽자",
        "我爱读书",
        "look at the lighthouse",
        "nothing else",
    ])
    .await;
    bob.click("room-header a.find").await;
    bob.has("search-results input").await;
    for word in ["만화", "书", "lighthouse"] {
        finds(&bob, word).await;
    }
    bob.picture("search").await;
    bob.click("search-results a.hit").await;
    bob.wait(
        "the message that was found",
        "return document.querySelector('message-item.is-target .text')?.textContent === 'look at \
         the lighthouse'",
    )
    .await;
    ann.click("room-list .search-field button").await;
    ann.fill("search-results input", "nowhere").await;
    ann.has("search-results empty-state").await;
    // Escape as the search for what was typed is due: it leaves all the same.
    ann.page
        .execute(
            "const input = document.querySelector('search-results input'); const escape = new \
             KeyboardEvent('keydown', {key: 'Escape', bubbles: true}); setTimeout(() => \
             input.dispatchEvent(escape), 200); input.value = 'else'; input.dispatchEvent(new \
             Event('input')); const due = performance.now() + 300; while (performance.now() < due);",
            Vec::new(),
        )
        .await
        .unwrap();
    ann.has(WRITES).await;

    // Readers are shown on the message.
    ann.wait(
        "the mark of the reader",
        "const all = document.querySelectorAll('message-item'); return all[all.length - \
         1].querySelector('.marks') !== null",
    )
    .await;
    ann.page
        .execute("document.querySelector('message-item .tools .more').click()", Vec::new())
        .await
        .unwrap();
    ann.click("row-menu .message-readers").await;
    ann.has("reader-list li[data-user=민지]").await;
    ann.picture("readers").await;
    ann.close().await;
    bob.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn mentions_replies_and_muted_rooms() {
    let server = Server::start().await;
    let driver = Driver::start();
    let (ann, bob) = two_in_a_room(&driver, &server).await;
    bob.has("room-list a.row").await;

    // A user name is completed; Enter selects it and does not send.
    ann.fill(WRITES, "look, @김").await;
    ann.has("text-completion li.is-active").await;
    ann.fill(WRITES, &char::from(Key::Enter).to_string()).await;
    ann.wait(
        "the name in the text",
        &format!("return document.querySelector('{WRITES}').value === 'look, @민지 '"),
    )
    .await;
    ann.say("**here** https://example.org/a_b.").await;
    bob.wait(
        "a mention, counted apart",
        "return document.querySelector('room-list .badge.mention')?.textContent === '@1'",
    )
    .await;
    bob.wait(
        "the title counts",
        "return document.title.startsWith('(1)') && \
         document.querySelector('link[rel=icon]').getAttribute('href').includes('unread')",
    )
    .await;
    bob.click("room-list a.row").await;
    bob.has("message-item[data-mentions-me] .mention.me").await;
    bob.wait(
        "bold, and a link that leads outside safely",
        "const link = document.querySelector('message-item .text a'); \
         return document.querySelector('message-item .text strong').textContent === 'here' && \
         link.href === 'https://example.org/a_b' && link.rel === 'noopener noreferrer' && \
         link.target === '_blank'",
    )
    .await;
    bob.picture("mention").await;

    // A reply has a quote, which leads to the message.
    bob.page
        .execute("document.querySelector('message-item .tools .reply').click()", Vec::new())
        .await
        .unwrap();
    bob.has("message-composer .context").await;
    bob.say("I see").await;
    ann.wait(
        "the quote",
        "return document.querySelector('message-item .quote')?.textContent.includes('look, @민지 \
         here')",
    )
    .await;
    ann.click("message-item .quote").await;
    ann.wait(
        "the quoted message",
        "return document.querySelector('message-item.is-target .text strong') !== null",
    )
    .await;

    // A draft survives a reload and is shown in the list.
    ann.fill(WRITES, "half a thought").await;
    ann.page.goto(&format!("http://{}/#/rooms", server.address())).await.unwrap();
    ann.page.refresh().await.unwrap();
    ann.wait(
        "the draft in the list",
        "return document.querySelector('room-list .snippet')?.textContent === 'half a thought'",
    )
    .await;
    ann.click("room-list a.row").await;
    ann.wait(
        "the draft",
        &format!("return document.querySelector('{WRITES}')?.value === 'half a thought'"),
    )
    .await;
    ann.clear(WRITES).await;

    // A muted room shows unread messages and counts nowhere.
    bob.page.goto(&format!("http://{}/#/room001/details", server.address())).await.unwrap();
    bob.has("room-details #notify").await;
    let mute = "const level = document.querySelector('room-details #notify'); level.value = \
                'nothing'; level.dispatchEvent(new Event('change'))";
    bob.page.execute(mute, Vec::new()).await.unwrap();
    bob.page.goto(&format!("http://{}/#/rooms", server.address())).await.unwrap();
    bob.has("room-list a.muted-room").await;
    ann.say("anybody?").await;
    bob.wait(
        "unread without a number in the title",
        "return document.querySelector('room-list .badge.quiet')?.textContent === '1' && \
         !document.title.startsWith('(')",
    )
    .await;
    bob.page.refresh().await.unwrap();
    bob.has("room-list a.muted-room .badge.quiet").await;
    bob.picture("muted").await;
    ann.close().await;
    bob.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn people_say_who_they_are_and_end_their_sessions() {
    let server = Server::start().await;
    let driver = Driver::start();
    let folder = tempfile::tempdir().unwrap();
    let (ann, bob) = two_in_a_room(&driver, &server).await;
    let profile = format!("http://{}/#/profile", server.address());

    bob.page.goto(&profile).await.unwrap();
    attach(&bob, &folder, "profile-form input[type=file]", &[("me.png", &picture(80, 120))]).await;
    bob.has("profile-form user-avatar img").await;
    bob.fill("#email", "minji@example.org").await;
    bob.fill("#status-text", "at lunch").await;
    bob.fill("#status-emoji", "🍜").await;
    bob.click("profile-form button[type=submit]").await;
    bob.wait(
        "it is saved",
        "return document.querySelector('profile-form form [role=status]').textContent !== ''",
    )
    .await;
    bob.picture("profile").await;
    bob.wait(
        "the status beside the own name",
        "return document.querySelector('room-list .me .status')?.title === '🍜 at lunch'",
    )
    .await;
    bob.page.goto(&format!("http://{}/#/room001", server.address())).await.unwrap();
    bob.say("hello").await;

    // Others see the picture after a reload, and not the address.
    ann.shows(&["hello"]).await;
    ann.page.refresh().await.unwrap();
    ann.wait(
        "the author's picture",
        "return document.querySelector('message-item user-avatar img')?.naturalWidth === 80",
    )
    .await;
    ann.click("message-item button.author").await;
    ann.has("person-dialog user-avatar img").await;
    ann.wait(
        "the status",
        "return document.querySelector('.person-status')?.textContent === '🍜 at lunch'",
    )
    .await;
    ann.wait(
        "no address",
        "return !document.querySelector('person-dialog').textContent.includes('example.org')",
    )
    .await;
    ann.picture("person").await;
    ann.click("person-dialog button.message").await;
    ann.wait(
        "a conversation of two",
        "return document.querySelectorAll('room-list a.row').length === 2 && location.hash === \
         '#/room002'",
    )
    .await;

    // And among the people who can be added to a room.
    ann.page.execute("document.querySelector('chat-app').newRoom()", Vec::new()).await.unwrap();
    ann.fill("room-dialog #people", "민지").await;
    ann.wait(
        "the status beside the name",
        "return document.querySelector('room-dialog li[data-user=민지] .status')?.ariaLabel === \
         '🍜 at lunch'",
    )
    .await;
    ann.page.execute("document.querySelector('dialog[open]').close()", Vec::new()).await.unwrap();

    // A second session of Ann's is listed and ended from the first.
    let other = Browser::open(&driver, "share-other", server.address(), "1024,768").await;
    other.page.goto(&format!("http://{}/#/sign-in", server.address())).await.unwrap();
    other.sign_in("ann").await;
    ann.page.goto(&profile).await.unwrap();
    ann.wait(
        "two sessions",
        "return document.querySelectorAll('session-list li').length === 2 && \
         document.querySelectorAll('session-list .end').length === 1",
    )
    .await;
    ann.picture("sessions").await;
    other.page.goto(&format!("http://{}/#/room001", server.address())).await.unwrap();
    other.fill(WRITES, "half a thou").await;
    ann.click("session-list button.end").await;
    other.has("login-form .notice.info:not([hidden])").await;
    other.picture("ended").await;
    ann.wait("one session", "return document.querySelectorAll('session-list li').length === 1")
        .await;

    // After logging in again, the page is the same, and nothing is lost.
    other.sign_in("ann").await;
    other
        .wait(
            "the same room and the draft",
            &format!(
                "return location.hash === '#/room001' && \
                 document.querySelector('{WRITES}')?.value === 'half a thou'"
            ),
        )
        .await;

    // Everywhere includes this session; no explanation is necessary.
    ann.click("settings-page button.everywhere").await;
    ann.click("room-dialog button.danger").await;
    ann.wait(
        "no explanation",
        "const form = document.querySelector('login-form'); return location.hash === '#/sign-in' \
         && form !== null && !form.textContent.includes('You were signed out')",
    )
    .await;
    other.has("login-form .notice.info:not([hidden])").await;

    // A deleted account is gone.
    ann.sign_in("ann").await;
    ann.page.goto(&profile).await.unwrap();
    ann.click("settings-page button.delete-account").await;
    ann.click("room-dialog button.danger").await;
    ann.fill("login-form #user", "ann").await;
    ann.fill("login-form #password", "correct horse").await;
    ann.click("login-form button[type=submit]").await;
    ann.has("login-form .error:not([hidden])").await;
    for browser in [ann, bob, other] {
        browser.close().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_that_is_refused_says_why_and_one_that_was_interrupted_arrives_once() {
    let server = Server::start_with(&[("MEDIA__MAX_BYTES", "600000")]).await;
    let proxy = Proxy::to(server.address()).await;
    let driver = Driver::start();
    let folder = tempfile::tempdir().unwrap();
    let words: Json = serde_json::from_str(include_str!("../../assets/i18n/lazy/ru.json")).unwrap();
    let ann = Browser::open_in(&driver, "refused", proxy.address(), "390,844", "ru").await;
    ann.register("ann", "Ann Lee").await;
    let bob = Person::new(&server, "bob").await;
    let room = bob
        .post("/api/chatrooms", json!({"targetUserIds": ["ann"], "name": "Study"}))
        .await
        .is(201);
    let room = room["roomId"].as_str().unwrap();
    ann.click("room-list a.row").await;
    let input = "message-composer input[type=file]";
    let says = |name: &str, key: &str, again: bool| {
        format!(
            "const item = [...document.querySelectorAll('upload-list \
             li[data-state=failed]')].find((item) => item.textContent.includes({}));
            return item?.querySelector('.error span').textContent === {} && \
             item.querySelector('.retry').hidden !== {again}",
            json!(name),
            words[key]
        )
    };

    attach(
        &ann,
        &folder,
        input,
        &[("empty.txt", b""), ("large.bin", &vec![7; 700_000]), ("small.txt", b"fits")],
    )
    .await;
    ann.wait("a word for the empty one", &says("empty.txt", "upload.empty", false)).await;
    ann.wait("a word for the large one", &says("large.bin", "upload.tooLarge", false)).await;
    ann.wait(
        "what fits is there",
        "return document.querySelectorAll('upload-list li[data-state=done]').length === 1",
    )
    .await;
    ann.picture("words").await;
    ann.page
        .execute(
            "for (const button of document.querySelectorAll('upload-list .icon-button')) \
             button.click()",
            Vec::new(),
        )
        .await
        .unwrap();

    // The network fails in the middle of the file.
    proxy.cut_after(100_000);
    attach(&ann, &folder, input, &[("chart.png", &heavy_picture(720, 240, 500_000))]).await;
    ann.wait("the interruption and another try", &says("chart.png", "upload.interrupted", true))
        .await;
    ann.connection_is("offline").await;
    proxy.heal();
    ann.connection_is("online").await;
    ann.click("upload-list .retry").await;
    ann.wait(
        "the file is there",
        "return document.querySelectorAll('upload-list li').length === 1 && \
         document.querySelectorAll('upload-list li[data-state=done]').length === 1",
    )
    .await;
    ann.say("the chart").await;
    ann.wait(
        "the preview of the picture",
        "return document.querySelector('message-item .picture img')?.naturalWidth === 640",
    )
    .await;
    ann.wait(
        "it is sent",
        "return document.querySelector('message-item[data-state=pending]') === null",
    )
    .await;
    let history = bob.history(room).await;
    assert_eq!(history.len(), 1, "{history:?}");
    let media = history[0]["media"].as_array().unwrap();
    assert_eq!(
        (media.len(), &media[0]["fileName"], &media[0]["width"]),
        (1, &json!("chart.png"), &json!(720))
    );
    ann.close().await;
}
