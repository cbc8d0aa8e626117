//! Writing: formats, emoji, pictures before they are sent, and how that looks when it is read.

use fantoccini::Locator;
use fantoccini::key::Key;
use serde_json::json;

use super::WRITES;
use crate::support::{Browser, Driver, Person, RoomPlan, Server, people, picture};

/// Returns a key pressed together with Ctrl; a capital letter also with Shift.
fn with_control(key: char) -> String {
    let held =
        if key.is_ascii_uppercase() { vec![Key::Control, Key::Shift] } else { vec![Key::Control] };
    let mut keys: String = held.into_iter().map(char::from).collect();
    keys.push(key.to_ascii_lowercase());
    keys.push(char::from(Key::Null));
    keys
}

impl Browser {
    /// Selects a part of the text being written.
    async fn select(&self, words: &str) {
        self.run(&format!(
            "const field = document.querySelector('{WRITES}'); const words = {}; const at = \
             field.value.indexOf(words); field.focus(); field.setSelectionRange(at, at + \
             words.length)",
            json!(words)
        ))
        .await;
    }

    /// Waits until this is the text being written.
    async fn writes(&self, text: &str) {
        let script = format!("return document.querySelector('{WRITES}').value === {}", json!(text));
        self.wait(&format!("the text {text:?}"), &script).await;
    }

    /// Returns the texts of all elements that match.
    async fn texts(&self, selector: &str) -> serde_json::Value {
        let script = format!(
            "return [...document.querySelectorAll({})].map((e) => e.textContent)",
            json!(selector)
        );
        self.run(&script).await
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keys_and_buttons_format_what_is_selected_and_can_be_undone() {
    let server = Server::start().await;
    let ann = Person::new(&server, "ann").await;
    let room = ann.public_room("Study").await;
    let driver = Driver::start();
    let page = Browser::at_home(&driver, "format", server.address(), "1280,800", &ann).await;
    page.go(&format!("#/{room}")).await;
    page.fill(WRITES, "one two three").await;
    for (key, marked) in [
        ('b', "one **two** three"),
        ('i', "one *two* three"),
        ('e', "one `two` three"),
        ('X', "one ~~two~~ three"),
        ('U', "one [two](https://) three"),
    ] {
        page.select("two").await;
        page.press(&with_control(key)).await;
        page.writes(marked).await;
        // Once more takes it away; so does undoing it.
        if !marked.contains('[') {
            page.press(&with_control(key)).await;
            page.writes("one two three").await;
            page.press(&with_control('z')).await;
            page.writes(marked).await;
        }
        page.press(&with_control('z')).await;
        page.writes("one two three").await;
    }

    // What is pasted over words is where they lead; other text replaces them.
    page.select("two").await;
    let paste = |text: &str| {
        format!(
            "const data = new DataTransfer(); data.setData('text/plain', {}); const event = new \
             ClipboardEvent('paste', {{bubbles: true, cancelable: true, clipboardData: data}}); \
             document.querySelector('{WRITES}').dispatchEvent(event); return event.defaultPrevented",
            json!(text)
        )
    };
    assert_eq!(page.run(&paste("no address")).await, json!(false));
    assert_eq!(page.run(&paste("https://example.org/a")).await, json!(true));
    page.writes("one [two](https://example.org/a) three").await;

    // The buttons: not there until they are wanted, then also after a reload.
    page.lacks("format-bar").await;
    page.click("message-composer .format").await;
    page.has("format-bar .strong").await;
    page.select("one").await;
    page.click("format-bar .strong").await;
    page.writes("**one** [two](https://example.org/a) three").await;
    page.click("format-bar .bullets").await;
    page.writes("- **one** [two](https://example.org/a) three").await;
    page.picture("bar").await;
    page.select(" three").await;
    page.key(Key::Right).await;
    let new_line =
        format!("{}{}{}", char::from(Key::Shift), char::from(Key::Enter), char::from(Key::Null));
    page.press(&format!("{new_line}four{new_line}{new_line}end")).await;
    page.writes("- **one** [two](https://example.org/a) three\n- four\nend").await;
    page.key(Key::Enter).await;
    page.reads("message-item li strong", "one").await;
    assert_eq!(page.texts("message-item li").await, json!(["one two three", "four"]));
    page.page.refresh().await.unwrap();
    page.has("format-bar .strong").await;
    page.click("message-composer .format").await;
    page.wait("no bar", "return document.querySelector('format-bar').hidden").await;
    page.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn emoji_are_found_by_word_category_and_key_in_the_tone_once_chosen() {
    let server = Server::start().await;
    let ann = Person::new(&server, "ann").await;
    let room = ann.public_room("Study").await;
    ann.say(&room, "hello").await;
    let driver = Driver::start();
    let page = Browser::open_in(&driver, "emoji", server.address(), "1280,800", "ko").await;
    page.go("#/sign-in").await;
    page.lacks("login-form #name").await;
    page.fill("login-form #user", &ann.login).await;
    page.fill("login-form #password", &ann.password).await;
    page.click("login-form button[type=submit]").await;
    page.click("room-list a.row").await;
    page.has(WRITES).await;
    let fetched = || async {
        let all = page.fetched().await;
        all.into_iter().filter(|url| url.contains("/emoji/")).count()
    };
    assert_eq!(fetched().await, 0, "nothing is loaded before it is needed");

    // In the language of the page and in English; Enter takes the first.
    for (word, glyph) in [("로켓", "🚀"), ("tada", "🎉")] {
        page.click("message-composer .emoji").await;
        page.has("emoji-picker section[data-group=flags] button").await;
        page.focuses("emoji-picker input").await;
        page.press(word).await;
        page.has("emoji-picker section[data-group=found] button").await;
        page.key(Key::Enter).await;
        page.wait(
            glyph,
            &format!("return document.querySelector('{WRITES}').value.endsWith('{glyph}')"),
        )
        .await;
    }
    page.writes("🚀🎉").await;
    assert_eq!(fetched().await, 2);
    page.press(&with_control('z')).await;
    page.writes("🚀").await;

    // Those used last come first; keys lead from there into the next category.
    page.click("message-composer .emoji").await;
    page.has("emoji-picker section[data-group=flags] button").await;
    assert_eq!(page.texts("emoji-picker [data-group=recent] button").await, json!(["🎉", "🚀"]));
    page.key(Key::Down).await;
    page.key(Key::Right).await;
    page.key(Key::Down).await;
    page.focuses("emoji-picker [data-group=smileys] button:nth-child(2)").await;
    page.picture("picker").await;
    page.click("emoji-picker nav [data-group=people]").await;
    page.focuses("emoji-picker [data-group=people] button:first-child").await;

    // The tone holds for all people, and for later.
    page.click("emoji-picker .head > button").await;
    page.click("emoji-picker .tones button:nth-child(4)").await;
    page.wait(
        "the tone",
        "return document.querySelector('emoji-picker [data-group=people] button').textContent === \
         '👋🏽'",
    )
    .await;
    page.key(Key::Escape).await;
    page.page.refresh().await.unwrap();
    page.fill(WRITES, "안녕 :wave").await;
    page.has("text-completion li").await;
    page.key(Key::Enter).await;
    page.wait(
        "the hand in the tone",
        &format!("return document.querySelector('{WRITES}').value.endsWith('안녕 👋🏽 ')"),
    )
    .await;

    // Also as a reaction.
    page.point_at("message-item").await;
    page.click("message-item .tools .react").await;
    page.click("reaction-picker .more").await;
    page.has("emoji-picker section[data-group=flags] button").await;
    page.focuses("emoji-picker input").await;
    page.press("대한민국").await;
    page.has("emoji-picker section[data-group=found] button").await;
    page.key(Key::Enter).await;
    page.reads("message-item .reactions button", "🇰🇷").await;
    let message = ann.history(&room).await.remove(0);
    assert_eq!(message["reactions"][0]["reactionType"], "🇰🇷");
    page.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pictures_are_shown_before_they_are_sent() {
    let server = Server::start().await;
    let ann = Person::new(&server, "ann").await;
    let room = ann.public_room("Study").await;
    let folder = tempfile::tempdir().unwrap();
    let driver = Driver::start();
    let page = Browser::at_home(&driver, "thumb", server.address(), "390,844", &ann).await;
    page.go(&format!("#/{room}")).await;
    page.has(WRITES).await;
    page.run(
        "window.open_urls = new Set(); const {createObjectURL, revokeObjectURL} = URL; \
         URL.createObjectURL = (file) => { const url = createObjectURL.call(URL, file); \
         open_urls.add(url); return url; }; URL.revokeObjectURL = (url) => { \
         open_urls.delete(url); revokeObjectURL.call(URL, url); }",
    )
    .await;
    let files = [
        ("wide.png", picture(300, 100)),
        ("broken.png", b"no picture".to_vec()),
        ("notes.txt", b"words".to_vec()),
    ];
    for (name, bytes) in files {
        std::fs::write(folder.path().join(name), bytes).unwrap();
        let input = Locator::Css("message-composer input[type=file]");
        let path = folder.path().join(name).display().to_string();
        page.page.find(input).await.unwrap().send_keys(&path).await.unwrap();
    }
    page.wait(
        "three files",
        "return document.querySelectorAll('upload-list li:is([data-state=done], \
         [data-state=failed])').length === 3",
    )
    .await;
    // What is no picture has an icon; no address stays open.
    page.wait(
        "one small picture",
        "const all = [...document.querySelectorAll('upload-list .thumb')]; return all.length === 1 \
         && all[0].naturalWidth === 300 && open_urls.size === 0",
    )
    .await;
    page.wait(
        "no bar that looks as if it still ran",
        "return [...document.querySelectorAll('upload-list progress')].every((bar) => \
         !bar.checkVisibility())",
    )
    .await;
    page.picture("files").await;
    page.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn code_has_colours_and_a_button_that_copies_it() {
    let server = Server::start().await;
    let [ann, bob] = people(&server, ["ann", "bob"]).await;
    let room = bob.room_like(&[&ann], RoomPlan::default()).await;
    let code = "fn main() {\n    let n = 64; // \"all\"\n}";
    bob.say(&room, &format!("```rust\n{code}\n```\nand\n```\nplain text\n```")).await;
    let driver = Driver::start();
    let page = Browser::at_home(&driver, "code", server.address(), "1280,800", &ann).await;
    // Before the colours are there, the code stands where it stays.
    page.run(
        "new MutationObserver(() => { const block = document.querySelector('code-block'); if (block \
         && window.before === undefined) window.before = block.offsetHeight; }).observe(document, \
         {subtree: true, childList: true})",
    )
    .await;
    page.go(&format!("#/{room}")).await;
    page.has("code-block .keyword").await;
    assert_eq!(page.texts("code-block .keyword").await, json!(["fn", "let"]));
    assert_eq!(page.texts("code-block .comment").await, json!(["// \"all\""]));
    assert_eq!(page.texts("code-block code").await, json!([code, "plain text"]));
    let heights = "return [window.before, document.querySelector('code-block').offsetHeight]";
    let heights = page.run(heights).await;
    assert!(heights[0].as_i64().unwrap() > 0 && heights[0] == heights[1], "{heights}");
    page.picture("light").await;
    page.run("document.documentElement.dataset.theme = 'dark'").await;
    page.picture("dark").await;

    // With and without the newer interface of the clipboard, which needs https.
    page.run(
        "navigator.clipboard.writeText = async (text) => { window.copied = text; }; \
         document.addEventListener('copy', (event) => { window.copied = event.target.value; })",
    )
    .await;
    let is_copied =
        |text: &str| format!("return window.copied === {} && !(window.copied = '')", json!(text));
    page.click("code-block .copy").await;
    page.wait("the code", &is_copied(code)).await;
    page.has("code-block .copy[aria-label=Copied]").await;
    page.run("navigator.clipboard.writeText = () => Promise.reject(new Error('denied'))").await;
    page.click("code-block:last-of-type .copy").await;
    page.wait("the other code", &is_copied("plain text")).await;
    page.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tables_and_headings_are_shown_as_such_at_every_width() {
    let server = Server::start().await;
    let [ann, bob] = people(&server, ["ann", "bob"]).await;
    let room = bob.room_like(&[&ann], RoomPlan::default()).await;
    let wide = "| a wide cell with many words in it that are not broken ".repeat(6);
    let rule = "|--".repeat(5);
    bob.say(
        &room,
        "# Plan\n| Task | Owner | Hours |\n|:--|:-:|--:|\n| Docs | @ann | **4** |\n| more |",
    )
    .await;
    bob.say(&room, &format!("{wide}|\n{rule}|--|\n{wide}|")).await;
    let driver = Driver::start();
    for size in ["1280,800", "390,844"] {
        let page = Browser::at_home(&driver, "table", server.address(), size, &ann).await;
        page.go(&format!("#/{room}")).await;
        page.has("message-item table").await;
        assert_eq!(page.texts("message-item .heading").await, json!(["Plan"]));
        assert_eq!(
            page.texts("message-item[data-seq='1'] th").await,
            json!(["Task", "Owner", "Hours"])
        );
        assert_eq!(
            page.texts("message-item[data-seq='1'] td").await,
            json!(["Docs", "@ann", "4", "more", "", ""])
        );
        let aligned = "return [...document.querySelectorAll('message-item th')].slice(0, 3).map((cell) \
                       => getComputedStyle(cell).textAlign)";
        assert_eq!(page.run(aligned).await, json!(["start", "center", "end"]));
        // A wide one scrolls by itself.
        let page_scrolls = "return [...document.querySelectorAll('message-list .scroll, html')].some((e) \
                            => e.scrollWidth > e.clientWidth)";
        assert_eq!(page.run(page_scrolls).await, json!(false), "{size}");
        page.picture(&format!("at-{}", &size[..3])).await;
        page.close().await;
    }
}
