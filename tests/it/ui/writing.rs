//! Writing: formats, emoji, pictures before they are sent, and how that looks when it is read.

use fantoccini::Locator;
use fantoccini::key::Key;
use serde_json::json;

use super::WRITES;
use crate::support::{Browser, Driver, Person, RoomPlan, Server, people, picture};

/// Every emoji is in the picker.
const ALL: &str = "emoji-picker section[data-group=flags] button";

/// Returns a key pressed together with Ctrl; a capital letter also with Shift.
fn with_control(key: char) -> String {
    let held: &[Key] =
        if key.is_ascii_uppercase() { &[Key::Control, Key::Shift] } else { &[Key::Control] };
    let mut keys: String = held.iter().copied().map(char::from).collect();
    keys.push(key.to_ascii_lowercase());
    keys.push(char::from(Key::Null));
    keys
}

/// Creates a room with these messages, and opens it in a language.
async fn at_room(driver: &Driver, name: &'static str, language: &str, texts: &[&str]) -> Scene {
    let server = Server::start().await;
    let ann = Person::new(&server, "ann").await;
    let room = ann.public_room("Study").await;
    ann.say_all(&room, texts).await;
    let page = Browser::open_in(driver, name, server.address(), "1280,800", language).await;
    page.go("#/sign-in").await;
    page.lacks("login-form #name").await;
    page.fill("login-form #user", &ann.login).await;
    page.fill("login-form #password", &ann.password).await;
    page.click("login-form button[type=submit]").await;
    page.click("room-list a.row").await;
    page.has(WRITES).await;
    Scene { ann, room, page, _server: server }
}

/// A room that is open in a browser.
struct Scene {
    ann: Person,
    room: String,
    page: Browser,
    _server: Server,
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

    /// Waits until the text being written ends so.
    async fn ends(&self, text: &str) {
        let script =
            format!("return document.querySelector('{WRITES}').value.endsWith({})", json!(text));
        self.wait(&format!("the text that ends with {text:?}"), &script).await;
    }

    /// Opens all emoji from the composer.
    async fn opens_emoji(&self) {
        self.click("message-composer .emoji").await;
        self.has(ALL).await;
        self.focuses("emoji-picker input").await;
    }

    /// Searches in the picker and takes the first that is found.
    async fn takes_emoji(&self, word: &str) {
        self.press(word).await;
        self.has("emoji-picker section[data-group=found] button").await;
        self.key(Key::Enter).await;
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
async fn keys_format_what_is_selected_and_can_be_undone() {
    let driver = Driver::start();
    let Scene { page, _server, .. } = at_room(&driver, "keys", "en", &[]).await;
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
        if key != 'U' {
            page.press(&with_control(key)).await;
            page.writes("one two three").await;
            page.press(&with_control('z')).await;
            page.writes(marked).await;
        }
        page.press(&with_control('z')).await;
        page.writes("one two three").await;
    }
    page.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn buttons_and_lists_format_what_is_written() {
    let driver = Driver::start();
    let Scene { page, _server, .. } = at_room(&driver, "bar", "en", &[]).await;
    page.fill(WRITES, "one two three").await;
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

    // The buttons are not there until they are wanted, then also after a reload.
    page.lacks("format-bar").await;
    page.click("message-composer .format").await;
    page.has("format-bar .strong").await;
    page.select("one").await;
    page.click("format-bar .strong").await;
    page.writes("**one** [two](https://example.org/a) three").await;
    page.click("format-bar .bullets").await;
    page.writes("- **one** [two](https://example.org/a) three").await;
    page.picture("shown").await;
    page.select(" three").await;
    page.key(Key::Right).await;
    let new_line: String = [Key::Shift, Key::Enter, Key::Null].map(char::from).iter().collect();
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
async fn emoji_are_found_by_word_category_and_key() {
    let driver = Driver::start();
    let Scene { page, _server, .. } = at_room(&driver, "emoji", "ko", &[]).await;
    let fetched = async || {
        let all = page.fetched().await;
        all.into_iter().filter(|url| url.contains("/emoji/")).count()
    };
    assert_eq!(fetched().await, 0, "nothing is loaded before it is needed");
    // In the language of the page and in English; Enter takes the first.
    for (word, glyph) in [("로켓", "🚀"), ("tada", "🎉")] {
        page.opens_emoji().await;
        page.takes_emoji(word).await;
        page.ends(glyph).await;
    }
    page.writes("🚀🎉").await;
    assert_eq!(fetched().await, 2);
    page.press(&with_control('z')).await;
    page.writes("🚀").await;

    // Those used last come first; keys lead from there into the next category.
    page.opens_emoji().await;
    assert_eq!(page.texts("emoji-picker [data-group=recent] button").await, json!(["🎉", "🚀"]));
    for key in [Key::Down, Key::Right, Key::Down] {
        page.key(key).await;
    }
    page.focuses("emoji-picker [data-group=smileys] button:nth-child(2)").await;
    page.picture("picker").await;
    page.click("emoji-picker nav [data-group=people]").await;
    page.focuses("emoji-picker [data-group=people] button:first-child").await;
    page.key(Key::Escape).await;
    page.focuses("message-composer .emoji").await;

    // A short name as elsewhere, which can be undone; not in the middle of a word.
    page.fill(WRITES, " :wav").await;
    page.has("text-completion li").await;
    page.press("e: 12:30: :tada:").await;
    page.writes("🚀 👋 12:30: 🎉").await;
    page.press(&with_control('z')).await;
    page.writes("🚀 👋 12:30: :tada:").await;
    page.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn emoji_have_the_skin_tone_once_chosen_also_as_reactions() {
    let driver = Driver::start();
    let Scene { ann, room, page, _server } = at_room(&driver, "tone", "ko", &["hello"]).await;
    page.opens_emoji().await;
    page.click("emoji-picker .head > button").await;
    page.click("emoji-picker .tones button:nth-child(4)").await;
    let hand = "return document.querySelector('emoji-picker [data-group=people] button').textContent \
                === '👋🏽'";
    page.wait("the tone", hand).await;
    page.key(Key::Escape).await;
    page.page.refresh().await.unwrap();
    page.fill(WRITES, "안녕 :wave").await;
    page.has("text-completion li").await;
    page.key(Key::Enter).await;
    page.writes("안녕 👋🏽 ").await;

    for (word, glyph) in [("대한민국", "🇰🇷"), ("좋아요", "👍🏽")] {
        page.point_at("message-item .text").await;
        page.click("message-item .tools .react").await;
        page.click("reaction-picker .more").await;
        page.has(ALL).await;
        page.focuses("emoji-picker input").await;
        page.takes_emoji(word).await;
        page.reads("message-item .reactions button", glyph).await;
    }
    let message = ann.history(&room).await.remove(0);
    assert_eq!(message["reactions"][0]["reactionType"], "🇰🇷");
    assert_eq!(message["reactions"][1]["reactionType"], "👍🏽");
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
