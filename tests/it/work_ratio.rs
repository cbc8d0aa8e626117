//! How much work a client can cause with one request or frame: the processor time of the server for
//! the largest valid input relative to that for the smallest. Quadratic costs show as a ratio of
//! hundreds or thousands.

use std::fs;
use std::time::Duration;

use serde_json::json;

use crate::support::{Client, Json, Person, Realtime, Rooms, Server, Socket, V1, number};

/// Minimum processor time of a measurement, for a clock that ticks every 10 ms.
const ENOUGH: Duration = Duration::from_millis(150);
/// Maximum number of repetitions of one input.
const MOST: u32 = 300;
/// Number of repetitions between checks of the clock.
const STEP: u32 = 10;
/// No input is repeated once it has taken this long.
const LONGEST: Duration = Duration::from_secs(10);

/// Returns the processor time used by all threads of the server.
fn used(server: &Server) -> Duration {
    let stat = fs::read_to_string(format!("/proc/{}/stat", server.pid())).expect("the server runs");
    // After the name, which may contain anything, in parentheses: utime and stime are the 12th and
    // 13th.
    let fields: Vec<&str> = stat.rsplit_once(')').expect("a name").1.split_whitespace().collect();
    let ticks: u64 =
        fields[11..13].iter().map(|ticks| ticks.parse::<u64>().expect("a number")).sum();
    Duration::from_millis(ticks * 10)
}

/// Table of comparisons.
struct Table<'a> {
    server: &'a Server,
    rows: Vec<(String, f64, f64, f64)>,
}

impl<'a> Table<'a> {
    fn new(server: &'a Server) -> Self {
        Self { server, rows: Vec::new() }
    }

    /// Returns the processor time of one repetition, in milliseconds.
    async fn work(&self, mut once: impl AsyncFnMut()) -> f64 {
        once().await;
        let before = used(self.server);
        let mut times = 0;
        let mut spent = Duration::ZERO;
        while spent < ENOUGH && times < MOST {
            for _ in 0..STEP {
                once().await;
                times += 1;
                if used(self.server).saturating_sub(before) > LONGEST {
                    break;
                }
            }
            spent = used(self.server).saturating_sub(before);
        }
        // A clock that ticks every 10 ms may have missed as much.
        (spent + Duration::from_millis(5)).as_secs_f64() * 1000.0 / f64::from(times)
    }

    /// Compares an input with the smallest, whose work is known.
    async fn row(&mut self, name: &str, smallest: f64, most: f64, once: impl AsyncFnMut()) {
        let work = self.work(once).await;
        self.rows.push((name.to_owned(), smallest, work, most));
    }

    /// Prints the table, and fails if a ratio is above its bound.
    fn judge(self) {
        let mut over = Vec::new();
        for (name, smallest, work, most) in self.rows {
            let ratio = work / smallest;
            let line = format!(
                "{name:<44} {smallest:>8.2} ms {work:>8.2} ms  × {ratio:>6.1} (at most {most})"
            );
            eprintln!("{line}");
            if ratio > most {
                over.push(line);
            }
        }
        assert!(over.is_empty(), "{}", over.join("\n"));
    }
}

/// Returns this number of characters of a pattern.
fn fill(pattern: &str, count: usize) -> String {
    pattern.chars().cycle().take(count).collect()
}

/// Texts of 4,000 characters: pasted ones, and malicious ones.
fn texts() -> Vec<(&'static str, String)> {
    let of = |pattern: &str| fill(pattern, 4000);
    vec![
        ("plain", of("a")),
        ("words", of("lorem ipsum ")),
        ("@a.a.a", format!("@{}", fill("a.", 3999))),
        ("@가.가.가", format!("@{}", fill("가.", 3999))),
        ("@a @a @a", of("@a ")),
        ("@@@@", of("@")),
        ("@가가가", format!("@{}", fill("가", 3999))),
        ("@a-b_c'd", of("@a-b_c'd")),
        ("emoji", of("👍🏽")),
        ("joined emoji", of("👨\u{200d}")),
        ("combining marks", format!("a{}", fill("\u{301}", 3999))),
        ("@ with combining marks", format!("@a{}", fill("\u{301}", 3998))),
        ("Korean", of("가나다라")),
        ("decomposed Korean", of("\u{1112}\u{1161}\u{11ab}")),
        ("Arabic ligatures", of("ﷺ")),
        ("flags", of("🇰🇷")),
    ]
}

/// Starts a server without rate limits, which would distort the measurement.
async fn unlimited(more: &[(&str, &str)]) -> Server {
    let mut env = vec![("LIMITS__ENABLED", "false"), ("LOG__LEVEL", "warn")];
    env.extend_from_slice(more);
    Server::start_with(&env).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn texts_cost_what_they_are_long() {
    let server = unlimited(&[]).await;
    let [ann, ben] = crate::support::people(&server, ["ann", "ben"]).await;
    let (room, foreign) = (ann.room(&[]).await, ben.room(&[]).await);
    let mut table = Table::new(&server);
    let (own, other) =
        (format!("/api/chatrooms/{room}/messages"), format!("/api/chatrooms/{foreign}/messages"));
    let message = ann.say_all(&room, &["to be edited"]).await.remove(0);
    let place = format!("{own}/{message}");
    let post = async |text: &str| drop(ann.post(&own, json!({"content": text})).await.is(201));
    let edit =
        async |text: &str| drop(ann.patch(&place, json!({"newContent": text})).await.is(200));
    let stray = async |text: &str| {
        drop(ann.post(&other, json!({"content": text})).await.fails(404, "room_not_found"));
    };
    let (posted, edited, refused) = (
        table.work(async || post("a").await).await,
        table.work(async || edit("a").await).await,
        table.work(async || stray("a").await).await,
    );
    for (name, text) in texts() {
        table.row(&format!("post {name}"), posted, 25.0, async || post(&text).await).await;
    }
    for (name, text) in texts().into_iter().skip(2).take(4) {
        table.row(&format!("edit {name}"), edited, 25.0, async || edit(&text).await).await;
        table
            .row(&format!("refused post {name}"), refused, 12.0, async || stray(&text).await)
            .await;
    }
    table.judge();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn questions_cost_what_they_are_long() {
    let server = unlimited(&[]).await;
    let ann = Person::new(&server, "ann").await;
    let room = ann.room(&[]).await;
    for n in 0..300 {
        ann.post(
            &format!("/api/chatrooms/{room}/messages"),
            json!({"content": format!("hello hello 가나다라 number {n}")}),
        )
        .await
        .is(201);
    }
    let mut table = Table::new(&server);
    let ask = async |path: &str, text: &str| {
        assert!(ann.get(&format!("{path}{}", percent(text))).await.status < 500);
    };
    let search = "/api/search?limit=1&q=";
    let one = table.work(async || ask(search, "hello").await).await;
    let asked = [
        ("33 × hello", "hello ".repeat(33)),
        ("100 letters", "a b c d e f g h i j k l m n o p q r s t u v w x y z ".repeat(4)),
        ("a phrase of 100 words", "a-".repeat(100)),
        ("200 characters of Korean", "가나다라".repeat(50)),
        ("20,000 characters", "hello가".repeat(3300)),
        ("quotes and stars", "\"* ".repeat(1000)),
        ("combining marks", format!("a{}", "\u{301}".repeat(3000))),
    ];
    for (name, text) in &asked {
        table.row(&format!("search {name}"), one, 20.0, async || ask(search, text).await).await;
    }
    for (path, what) in [("/api/users?q=", "directory"), ("/v1/users?q=", "v1 directory")] {
        let short = table.work(async || ask(path, "ann").await).await;
        for (name, text) in [
            ("long", "a".repeat(10_000)),
            ("%", "%".repeat(5_000)),
            ("combining marks", format!("a{}", "\u{301}".repeat(3000))),
        ] {
            table
                .row(&format!("{what} {name}"), short, 20.0, async || ask(path, &text).await)
                .await;
        }
    }
    let page = |offset: u64, limit: u32| {
        format!("/v1/rooms/{}/messages?offset={offset}&limit={limit}", number(&room))
    };
    let first = table.work(async || ask(&page(0, 1), "").await).await;
    for offset in [250, 4_000_000_000] {
        table
            .row(&format!("offset {offset}"), first, 10.0, async || ask(&page(offset, 1), "").await)
            .await;
    }
    table.row("a page of 300", first, 40.0, async || ask(&page(0, 1000), "").await).await;
    table.judge();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[expect(clippy::too_many_lines, reason = "one row for each route")]
async fn bodies_names_and_headers_cost_what_they_are_long() {
    let server = unlimited(&[("SERVER__TRUSTED_PROXIES", "127.0.0.1")]).await;
    let ann = Person::new(&server, "ann").await;
    let room = ann.room(&[]).await;
    let here = format!("/api/chatrooms/{room}");
    let message = ann.say_all(&room, &["react to me"]).await.remove(0);
    let mut table = Table::new(&server);
    let send = async |path: &str, body: &str| assert!(ann.post(path, body).await.status < 500);
    let messages = format!("{here}/messages");
    let tiny = table.work(async || send(&messages, "{}").await).await;
    let bodies = [
        (
            "nested as deep as it goes",
            format!(r#"{{"content":"x","more":{}{}}}"#, "[".repeat(120), "]".repeat(120)),
            15.0,
        ),
        ("nested deeper", "[".repeat(1024 * 1024 - 1), 60.0),
        ("a megabyte of text", format!(r#"{{"z":"{}"}}"#, "x".repeat(1024 * 1024 - 10)), 60.0),
        ("a megabyte of escapes", format!(r#"{{"z":"{}"}}"#, r"\u0041".repeat(170_000)), 120.0),
        (
            "a megabyte of keys",
            format!(
                "{{{}}}",
                (0..80_000).map(|n| format!(r#""k{n}":0"#)).collect::<Vec<_>>().join(",")
            ),
            1500.0,
        ),
        ("a megabyte of numbers", format!(r#"{{"z":[{}0]}}"#, "1e9,".repeat(250_000)), 1000.0),
    ];
    for (name, body, most) in &bodies {
        table.row(&format!("body {name}"), tiny, *most, async || send(&messages, body).await).await;
    }
    let rename = async |name: &str| {
        assert!(ann.patch(&format!("{here}/name"), json!({"name": name})).await.status < 500);
    };
    let short = table.work(async || rename("a").await).await;
    for (kind, name) in [
        ("marks", format!("a{}", "\u{301}".repeat(200_000))),
        ("long", "a".repeat(900_000)),
        ("Arabic ligatures", "ﷺ".repeat(100_000)),
    ] {
        table
            .row(&format!("name of a room: {kind}"), short, 250.0, async || rename(&name).await)
            .await;
    }
    let people = async |login: &str| {
        assert!(
            ann.post(&format!("{here}/participants"), json!({"userId": login})).await.status < 500
        );
    };
    let short = table.work(async || people("nobody").await).await;
    table
        .row("a login name of 100,000 marks", short, 100.0, async || {
            people(&format!("a{}", "\u{301}".repeat(100_000))).await;
        })
        .await;
    let react = async |kind: &str| {
        assert!(
            ann.post(&format!("{messages}/{message}/reactions"), json!({"reactionType": kind}))
                .await
                .status
                < 500
        );
    };
    let like = table.work(async || react("like").await).await;
    for (kind, text) in [
        ("a long emoji", "🏴󠁧󠁢󠁷󠁬󠁳󠁿".to_owned()),
        ("100,000 thumbs", "👍".repeat(100_000)),
        ("100,000 selectors", format!("❤{}", "\u{fe0f}".repeat(100_000))),
    ] {
        table.row(&format!("reaction: {kind}"), like, 100.0, async || react(&text).await).await;
    }
    let asking = async |client: &Client| assert!(client.get("/api/users/me").await.status < 500);
    let bare = table.work(async || asking(&ann).await).await;
    let headers = [
        ("x-forwarded-for", fill("127.0.0.1, ", 12 * 1024 - 12)),
        ("x-forwarded-for", fill(",", 12 * 1024)),
        ("x-forwarded-for", fill("nonsense, ", 12 * 1024)),
        ("forwarded", fill("for=1.2.3.4;", 12 * 1024)),
        ("cookie", fill("a=b; ", 12 * 1024)),
        ("cookie", fill(";", 12 * 1024)),
        ("connection", fill("x,", 12 * 1024)),
        ("origin", format!("http://{}", fill("a", 12 * 1024))),
        ("if-none-match", fill("\"a\",", 12 * 1024)),
        ("user-agent", fill("a", 12 * 1024)),
    ];
    for (name, value) in &headers {
        let client = ann.with(name, value);
        table
            .row(&format!("12 KiB of {name}: {}…", &value[..6]), bare, 10.0, async || {
                asking(&client).await;
            })
            .await;
    }
    let path = async |path: &str| assert!(ann.get(path).await.status < 500);
    table
        .row("a query of 12 KiB", bare, 15.0, async || {
            path(&format!("/api/users/me?{}", fill("%41&", 12 * 1024))).await;
        })
        .await;
    table
        .row("a path of 8,000 parts", bare, 15.0, async || {
            path(&format!("/api{}", "/a".repeat(8000))).await;
        })
        .await;
    table.judge();
}

/// Frames to be sent to a dialect; the last one is always answered.
async fn frames(
    table: &mut Table<'_>,
    dialect: &str,
    socket: &mut Socket,
    small: Json,
    word: impl Fn(&str) -> Json,
) {
    let turn = async |socket: &mut Socket, text: &str| {
        socket.send_text(text).await;
        drop(socket.next().await);
    };
    let small = small.to_string();
    let smallest = table.work(async || turn(socket, &small).await).await;
    let kinds = [
        ("garbage", fill("{[\"", 64 * 1024), 40.0),
        ("nesting", "[".repeat(64 * 1024), 40.0),
        (
            "unknown keys",
            format!(
                "{{{}}}",
                (0..5000).map(|n| format!(r#""k{n}":0"#)).collect::<Vec<_>>().join(",")
            ),
            60.0,
        ),
        (
            "a long unknown type",
            json!({"type": "x".repeat(60_000), "action": "x".repeat(1000)}).to_string(),
            40.0,
        ),
        ("text over its limit", word(&fill("@a.", 20_000)).to_string(), 40.0),
        ("@a.a.a", word(&format!("@{}", fill("a.", 3999))).to_string(), 40.0),
        ("@가.가.가", word(&format!("@{}", fill("가.", 3999))).to_string(), 40.0),
        ("combining marks", word(&format!("a{}", fill("\u{301}", 3999))).to_string(), 40.0),
    ];
    for (kind, text, most) in kinds {
        table
            .row(&format!("{dialect}: {kind}"), smallest, most, async || turn(socket, &text).await)
            .await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn frames_cost_what_they_are_long() {
    let server = unlimited(&[]).await;
    let mut table = Table::new(&server);
    let ann = Person::new(&server, "ann").await;
    let room = ann.room(&[]).await;
    // Not entered: only the reply is received.
    let mut socket = ann.open().await;
    socket.settle().await;
    let message = |text: &str| json!({"type": "chat_message", "room_id": room, "content": text});
    frames(&mut table, "chatrooms", &mut socket, message("a"), message).await;
    let many = json!({
        "type": "subscribe",
        "since": (1..2000).map(|n| (format!("room{n:03}"), json!(1))).collect::<serde_json::Map<_,
        _>>(),
    })
    .to_string();
    let small = json!({"type": "subscribe"}).to_string();
    let subscribe = async |socket: &mut Socket, text: &str| {
        socket.send_text(text).await;
        drop(socket.until("subscribed").await);
    };
    let smallest = table.work(async || subscribe(&mut socket, &small).await).await;
    table
        .row("chatrooms: a past of 2,000 rooms", smallest, 300.0, async || {
            subscribe(&mut socket, &many).await;
        })
        .await;

    let guest = V1::log_in(&ann, "ann", &ann.password).await;
    let mut socket = guest.open(guest.room(&[]).await).await;
    frames(&mut table, "v1", &mut socket, json!({"text": "a"}), |text| json!({"text": text})).await;
    let guest = Rooms::log_in(&ann, "ann", &ann.password).await;
    let lounge = guest.room("Lounge").await;
    let mut socket = guest.open(&lounge).await;
    frames(
        &mut table,
        "rooms",
        &mut socket,
        json!({"action": "message", "message": "a"}),
        |text| json!({"action": "message", "message": text}),
    )
    .await;
    let guest = Realtime::log_in(&ann, "ann", &ann.password).await;
    let lobby = guest.room("Lobby").await;
    let mut socket = guest.open(lobby).await;
    frames(&mut table, "realtime", &mut socket, json!({"msg": "a"}), |text| json!({"msg": text}))
        .await;
    table.judge();
}

/// Percent-encodes a text for a query.
fn percent(text: &str) -> String {
    text.bytes()
        .map(|byte| {
            if byte.is_ascii_alphanumeric() {
                char::from(byte).to_string()
            } else {
                format!("%{byte:02X}")
            }
        })
        .collect()
}
