//! The web UI with many rooms and many messages: what is in the DOM and in memory stays small, and
//! nothing is drawn more often than the screen shows it. Times are printed, not tested.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
#![expect(clippy::print_stdout, reason = "prints figures")]

use std::collections::BTreeMap;
use std::time::Duration;

use fantoccini::key::Key;
use futures_util::StreamExt;
use futures_util::stream;
use serde_json::{Value, json};

use crate::support::{Browser, Driver, Person, RoomPlan, Server, people};

/// Number of rooms of the list.
const ROOMS: usize = 500;
/// Of a window of 900 pixels, those in view and those just beyond it.
const MOST_ROWS: u64 = 40;
/// Number of messages that are posted, and how many of them a second.
const MESSAGES: u32 = 400;
const A_SECOND: u64 = 50;
/// Counts frames, and how often the list and the conversation are drawn.
const COUNT: &str = "window.counted = {frames: 0, list: 0, room: 0, changes: 0, times: []};
    const count = (tag, name) => {
        const type = customElements.get(tag).prototype;
        const {update} = type;
        type.update = function (data) { counted[name] += 1; return update.call(this, data); };
    };
    count('room-list', 'list');
    count('message-list', 'room');
    document.querySelector('chat-app').chat.store.addEventListener('change', () => \
                     counted.changes++);
    let last = performance.now();
    const frame = (now) => {
        counted.frames += 1; counted.times.push(now - last); last = now;
        requestAnimationFrame(frame);
    };
    requestAnimationFrame(frame);";
const COUNTED: &str = "counted.times.sort((a, b) => a - b);
    const {times, ...all} = counted;
    return {...all, elements: document.querySelectorAll('*').length,
        fps: 1000 * times.length / times.reduce((a, b) => a + b), p50: times[times.length >> 1],
        p99: times[Math.floor(times.length * 0.99)]}";

/// Processor time of the page's main thread in milliseconds, and its heap in bytes.
pub(crate) async fn metrics(browser: &Browser) -> BTreeMap<String, f64> {
    browser.ask("Performance.enable", json!({"timeDomain": "threadTicks"})).await;
    let found = browser.ask("Performance.getMetrics", json!({})).await;
    let all = found["metrics"].as_array().unwrap().iter();
    let pair = |one: &Value| {
        (one["name"].as_str().unwrap().to_owned(), one["value"].as_f64().unwrap() * 1000.0)
    };
    all.map(pair).collect()
}

/// Memory of the page's scripts in megabytes, without garbage.
pub(crate) async fn heap(browser: &Browser) -> f64 {
    browser.ask("HeapProfiler.collectGarbage", json!({})).await;
    metrics(browser).await["JSHeapUsedSize"] / 1e9
}

/// Creates rooms with both users; returns their ids.
pub(crate) async fn rooms(bob: &Person, ann: &Person, count: usize) -> Vec<String> {
    let all = (0..count).map(async |number| {
        let name = format!("Room {number}");
        bob.room_like(&[ann], RoomPlan { name: Some(&name), public: false }).await
    });
    // The first ones one after the other: they stand in this order at the end of the list.
    let (first, rest) = (all.clone().take(4), all.skip(4));
    let mut rooms: Vec<_> = stream::iter(first).buffered(1).collect().await;
    rooms.extend(stream::iter(rest).buffered(8).collect::<Vec<_>>().await);
    rooms
}

/// Posts this number of messages at an even rate, while counting frames; prints the figures.
pub(crate) async fn burst(
    page: &Browser,
    bob: &Person,
    rooms: &[&str],
    messages: u32,
    what: &str,
) -> Value {
    page.page.execute(COUNT, Vec::new()).await.unwrap();
    let before = metrics(page).await;
    let mut clock = tokio::time::interval(Duration::from_millis(1000 / A_SECOND));
    for (number, room) in rooms.iter().cycle().take(messages as usize).enumerate() {
        clock.tick().await;
        bob.say(room, &format!("message {number} about the deploy")).await;
    }
    page.wait(
        "the last message",
        &format!(
            "const {{rooms}} = document.querySelector('chat-app').chat.store.state; return \
             Object.values(rooms).some((room) => room.lastMessage?.content === 'message {} about \
             the deploy')",
            messages - 1
        ),
    )
    .await;
    let after = metrics(page).await;
    let counted = page.page.execute(COUNTED, Vec::new()).await.unwrap();
    let of = |name: &str| (after[name] - before[name]) / f64::from(messages);
    println!(
        "{what}: {:.0} fps (p50 {:.0} ms, p99 {:.0} ms), {:.1} ms a message on the main thread, \
         of them {:.1} in scripts, {:.1} layout, {:.1} style; {} elements, heap {:.1} MB",
        counted["fps"].as_f64().unwrap(),
        counted["p50"].as_f64().unwrap(),
        counted["p99"].as_f64().unwrap(),
        of("TaskDuration"),
        of("ScriptDuration"),
        of("LayoutDuration"),
        of("RecalcStyleDuration"),
        counted["elements"],
        after["JSHeapUsedSize"] / 1e9,
    );
    counted
}

fn number(value: &Value, key: &str) -> u64 {
    value[key].as_u64().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_list_of_many_rooms_stays_small_and_still() {
    let server = Server::start_with(&[("LIMITS__ENABLED", "false")]).await;
    let [ann, bob] = people(&server, ["ann", "bob"]).await;
    let rooms = rooms(&bob, &ann, ROOMS).await;
    let driver = Driver::start();
    let page = Browser::at_home(&driver, "busy", server.address(), "1440,900", &ann).await;
    let rows = "return document.querySelectorAll('room-list a.row').length";
    let few = async || {
        let rows = page.page.execute(rows, Vec::new()).await.unwrap().as_u64().unwrap();
        assert!((8..=MOST_ROWS).contains(&rows), "{rows} rows");
    };
    page.wait(
        "the first of all rooms",
        &format!(
            "const row = document.querySelector('room-list li'); return row?.ariaPosInSet === '1' \
             && row.ariaSetSize === '{ROOMS}'"
        ),
    )
    .await;
    few().await;

    // The other end.
    page.page
        .execute("document.querySelector('room-list nav').scrollTop = 1e9", Vec::new())
        .await
        .unwrap();
    let last = format!("room-list li[aria-posinset='{ROOMS}'] a.row");
    page.has(&last).await;
    page.picture("end").await;
    few().await;
    page.click(&last).await;
    page.wait("the oldest room", &format!("return location.hash === '#/{}'", rooms[0])).await;
    page.has("message-composer").await;
    page.has(&format!("{last}[aria-current]")).await;

    // While the mouse is over the list, nothing moves below it; afterwards everything stands where
    // it belongs.
    bob.say(&rooms[1], "hello").await;
    page.wait(
        "the message at its old place",
        &format!(
            "const row = document.querySelector('room-list a[href=\"#/{}\"]'); return \
             row?.querySelector('.badge') && row.closest('li').ariaPosInSet === '{}'",
            rooms[1],
            ROOMS - 1
        ),
    )
    .await;
    page.point_at("message-composer textarea").await;
    page.wait(
        "the room with the newest message at the top",
        &format!(
            "const row = document.querySelector('room-list a[href=\"#/{}\"]'); return !row || \
             row.closest('li').ariaPosInSet === '1'",
            rooms[1]
        ),
    )
    .await;

    // The open room may be far away; it is in the tab order, and arrows lead from it.
    page.press(&format!("{}{}", char::from(Key::Alt), char::from(Key::Up))).await;
    page.wait("the room before it", &format!("return location.hash === '#/{}'", rooms[2])).await;
    few().await;

    // Messages everywhere.
    let all: Vec<_> = rooms[3..].iter().step_by(7).map(String::as_str).collect();
    let counted = burst(&page, &bob, &all, MESSAGES, "50 messages a second in other rooms").await;
    assert!(number(&counted, "list") <= number(&counted, "frames") + 2, "{counted}");
    assert!(number(&counted, "list") <= number(&counted, "changes") + 2, "{counted}");
    page.wait(
        "all of them are counted",
        &format!("return document.title.startsWith('({})')", MESSAGES + 1),
    )
    .await;
    few().await;
    page.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn messages_that_pass_leave_no_trace() {
    let server = Server::start_with(&[("LIMITS__ENABLED", "false")]).await;
    let [ann, bob] = people(&server, ["ann", "bob"]).await;
    let rooms = rooms(&bob, &ann, 3).await;
    let first: Vec<_> = (0..120).map(|number| format!("early {number}")).collect();
    bob.say_all(&rooms[0], &first.iter().map(String::as_str).collect::<Vec<_>>()).await;
    let driver = Driver::start();
    let page = Browser::at_home(&driver, "passing", server.address(), "1440,900", &ann).await;
    page.page.execute(&format!("location.hash = '#/{}'", rooms[0]), Vec::new()).await.unwrap();
    page.click("message-list .jump:not([hidden])").await;
    page.has("message-list .jump[hidden]").await;
    let open = [rooms[0].as_str()];
    let counted =
        burst(&page, &bob, &open, MESSAGES, "50 messages a second in the open room").await;
    // Once for a change, and once more when the view has to be filled.
    assert!(number(&counted, "room") <= 2 * number(&counted, "frames") + 2, "{counted}");
    let items = "return document.querySelectorAll('message-item').length";
    let shown = page.page.execute(items, Vec::new()).await.unwrap().as_u64().unwrap();
    assert!((20..=160).contains(&shown), "{shown} messages at the end");

    // Who reads above keeps the place, and what comes below is not drawn.
    let place = "const scroll = document.querySelector('message-list .scroll');
        const top = scroll.getBoundingClientRect().top;
        const item = [...scroll.querySelectorAll('message-item')].find((item) => \
                 item.getBoundingClientRect().top >= top);
        return `${item.dataset.seq} ${Math.round(item.getBoundingClientRect().top - top)}`";
    page.page
        .execute("document.querySelector('message-list .scroll').scrollTop = -700", Vec::new())
        .await
        .unwrap();
    page.has("message-list .jump:not([hidden])").await;
    let before = page.page.execute(place, Vec::new()).await.unwrap();
    burst(&page, &bob, &open, MESSAGES, "50 messages a second below the view").await;
    let after = page.page.execute(place, Vec::new()).await.unwrap();
    assert_eq!(before, after, "the message in view and where it is");
    let shown = page.page.execute(items, Vec::new()).await.unwrap().as_u64().unwrap();
    assert!(shown <= 300, "{shown} messages");
    page.picture("above").await;
    page.click("message-list .jump").await;
    page.wait(
        "the last message",
        &format!(
            "return document.querySelector('message-item:last-of-type \
             .text')?.textContent.startsWith('message {} ')",
            MESSAGES - 1
        ),
    )
    .await;

    // Many more, in the open room and in one that was open: what is held stays small.
    page.page.execute(&format!("location.hash = '#/{}'", rooms[1]), Vec::new()).await.unwrap();
    page.wait(
        "the other room",
        &format!(
            "return document.querySelector('room-list a[aria-current]')?.getAttribute('href') === \
             '#/{}'",
            rooms[1]
        ),
    )
    .await;
    let many: Vec<_> = (0..2500).map(|number| format!("late {number}")).collect();
    let many: Vec<_> = many.iter().map(String::as_str).collect();
    for room in &rooms[..2] {
        stream::iter(many.iter().map(async |text| bob.say(room, text).await))
            .buffer_unordered(16)
            .for_each(|_| std::future::ready(()))
            .await;
    }
    let held = page
        .wait(
            "all messages",
            "const {rooms, timelines} = document.querySelector('chat-app').chat.store.state;
             const all = Object.keys(timelines);
             return all.length === 2 && all.every((id) => timelines[id].messages.at(-1)?.seq === \
             rooms[id].lastSeq && rooms[id].lastSeq >= 2500) && all.map((id) => \
             timelines[id].messages.length)",
        )
        .await;
    for count in held.as_array().unwrap() {
        assert!(count.as_u64().unwrap() <= 2001, "{held}");
    }
    println!(
        "After {} messages: heap {:.1} MB, held {held}",
        2 * MESSAGES as usize + 2 * many.len(),
        heap(&page).await
    );

    // What was let go is fetched again.
    page.page.execute(&format!("location.hash = '#/{}'", rooms[0]), Vec::new()).await.unwrap();
    page.wait(
        "older messages while scrolling up",
        "const scroll = document.querySelector('message-list .scroll');
         scroll.scrollTop = -scroll.scrollHeight;
         const first = document.querySelector('message-item');
         return first?.dataset.messageId && Number(first.dataset.seq) < 1900",
    )
    .await;
    page.close().await;
}
