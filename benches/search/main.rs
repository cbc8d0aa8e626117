//! Search benchmark: the duration of queries in 200,000 messages of three scripts, and whether the
//! index slows down posts.
//!
//! `cargo bench --bench search`; `BENCH_MESSAGES` (200,000) is their number, and with 0 only the
//! splitting of messages into words is measured. Each result is compared to a floor of the same
//! run: the newest 50 messages of a room, by key. Uses a temporary directory and ends by itself;
//! with `BENCH_DIRECTORY`, the database is created there, and used again by the next run.
#![expect(clippy::print_stdout, reason = "prints its results")]
#![expect(clippy::unwrap_used, reason = "a failed measurement stops")]

mod fill;
mod texts;
mod words;

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use chatctl::model::{
    MessageQuery, Role, RoomId, UserId, Visibility, Window, WordQuery, fold, skeleton,
};
use chatctl::store::engine::{Embedded, Options};
use chatctl::store::{Basis, Draft, NewRoom, NewUser, Store};
use futures_util::stream::{self, StreamExt};

use fill::fill;
use texts::{COMMON, Dice, RARE};

const ROOMS: usize = 300;
const PAGE: u32 = 50;
/// Number of runs per query.
const TIMES: usize = 60;
/// Single characters contained in many words.
const ONE: [&str; 2] = ["가", "人"];
/// Two characters that follow each other in many words.
const TWO: &str = "가나";
/// Number of posts in flight.
const IN_FLIGHT: usize = 200;
const PROBES: usize = 40_000;

fn main() {
    let count =
        std::env::var("BENCH_MESSAGES").ok().and_then(|n| n.parse().ok()).unwrap_or(200_000);
    words::measure();
    if count == 0 {
        return;
    }
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        let temporary = tempfile::tempdir().unwrap();
        let directory = std::env::var_os("BENCH_DIRECTORY")
            .map_or_else(|| temporary.path().to_owned(), PathBuf::from);
        let path = directory.join("chat.db");
        let (author, rooms) = create(&path, count).await;
        let store = open(&path);
        let began = Instant::now();
        wait_for_index(&store, &rooms).await;
        println!("{:.1} s later all are in the index", began.elapsed().as_secs_f64());
        questions(&store, &rooms).await;
        store.close().await;
        sends(&path, author, &rooms).await;
    });
}

fn open(path: &Path) -> Embedded {
    Embedded::open(path, &Options::default(), tokio::sync::mpsc::channel(1).0).unwrap()
}

/// Creates a database with this number of messages, or finds the one of an earlier run.
async fn create(path: &Path, count: usize) -> (UserId, Vec<RoomId>) {
    if path.exists() {
        return (UserId(1), (1..).take(ROOMS).map(RoomId).collect());
    }
    let store = open(path);
    let author = store.add_user(user("ann")).await.unwrap().id;
    let mut rooms = Vec::new();
    for n in 0..ROOMS {
        let new = NewRoom {
            name: Some(format!("room {n}")),
            visibility: Visibility::Private,
            owner: author,
            participants: vec![(author, Role::Member)],
            reuse: false,
        };
        rooms.push(store.add_room(new).await.unwrap().value.room.id);
    }
    store.close().await;
    let began = Instant::now();
    let numbers: Vec<i64> = rooms.iter().map(|room| room.0).collect();
    fill(path, author.0, &numbers, 0..count);
    println!("{count} messages added in {:.1} s", began.elapsed().as_secs_f64());
    (author, rooms)
}

/// Posts all messages with a number in flight; returns the total duration and each latency.
async fn send(
    store: &Embedded,
    author: UserId,
    texts: Vec<(RoomId, String)>,
    at_once: usize,
) -> (Duration, Vec<Duration>) {
    let began = Instant::now();
    let sent = stream::iter(texts).map(|(room, text)| async move {
        let began = Instant::now();
        let draft = Draft {
            author,
            text,
            client_id: None,
            reply_to: None,
            media: Vec::new(),
            socket: None,
            mentions: Vec::new(),
        };
        store.post(room, Basis::Nobody, draft).await.unwrap();
        began.elapsed()
    });
    let mut each: Vec<_> = sent.buffer_unordered(at_once).collect().await;
    let took = began.elapsed();
    each.sort_unstable();
    (took, each)
}

async fn wait_for_index(store: &Embedded, rooms: &[RoomId]) {
    let any = MessageQuery::from(WordQuery::parse(RARE[0]).unwrap());
    while store.find_messages(rooms, &any, None, 1).await.map_or(true, |found| found.behind) {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

async fn questions(store: &Embedded, rooms: &[RoomId]) {
    let floor = median(store, |store| async move {
        store.messages(rooms[0], Window::Latest, PAGE).await.unwrap().len()
    })
    .await;
    println!(
        "\nfloor: the newest {PAGE} of a room by key: {:.2} ms (slowest {:.2})",
        ms(floor[0]),
        ms(floor[2])
    );
    println!(
        "{:<34} {:>22} {:>6} {:>9} {:>9} {:>9} {:>8}",
        "question", "rooms", "found", "median ms", "p95 ms", "slowest", "x floor"
    );
    let (all, loud, quiet, three) = (rooms, &rooms[..1], &rooms[7..8], &rooms[10..13]);
    let two = format!("{} {}", COMMON[0], "book1");
    let two_cjk = format!("{} {}", COMMON[1], ONE[0]);
    let kinds = [
        ("rare word", RARE[0]),
        ("rare word, Korean", RARE[1]),
        ("common word, English", COMMON[0]),
        ("common word, Korean", COMMON[1]),
        ("common word, Chinese", COMMON[2]),
        ("two characters, Korean", TWO),
        ("one character, Korean", ONE[0]),
        ("one character, Chinese", ONE[1]),
        ("two words", &two),
        ("two words, Korean", &two_cjk),
        ("a word that nobody wrote", "nonesuch"),
        ("a Chinese word that nobody wrote", "龘靐"),
    ];
    for (what, text) in kinds {
        let words = MessageQuery::from(WordQuery::parse(text).unwrap());
        for (which, rooms) in [
            ("one of 300, loud", loud),
            ("one of 300, quiet", quiet),
            ("3 of 300", three),
            ("all 300", all),
        ] {
            let found =
                store.find_messages(rooms, &words, None, PAGE).await.unwrap().messages.len();
            let [middle, p95, slowest] = median(store, |store| {
                let words = words.clone();
                async move {
                    store.find_messages(rooms, &words, None, PAGE).await.unwrap().messages.len()
                }
            })
            .await;
            println!(
                "{what:<34} {which:>22} {found:>6} {:>9.2} {:>9.2} {:>9.2} {:>8.1}",
                ms(middle),
                ms(p95),
                ms(slowest),
                middle.as_secs_f64() / floor[0].as_secs_f64()
            );
        }
    }
}

/// Returns the median, the 95th percentile and the slowest of several runs, after one warm-up.
async fn median<'a, F: Future<Output = usize>>(
    store: &'a Embedded,
    ask: impl Fn(&'a Embedded) -> F,
) -> [Duration; 3] {
    ask(store).await;
    let mut all = Vec::new();
    for _ in 0..TIMES {
        let began = Instant::now();
        ask(store).await;
        all.push(began.elapsed());
    }
    all.sort_unstable();
    [all[TIMES / 2], all[TIMES * 95 / 100], all[TIMES - 1]]
}

/// Measures posts while the index is rebuilt from all messages, and while it only follows.
async fn sends(path: &Path, author: UserId, rooms: &[RoomId]) {
    for ending in ["", "-wal", "-shm"] {
        let file = path.with_file_name(format!("search.db{ending}"));
        if file.exists() {
            std::fs::remove_file(file).unwrap();
        }
    }
    println!(
        "\n{:<42} {:>11} {:>9} {:>9} {:>9}",
        "sends", "messages/s", "p50 ms", "p99 ms", "worst ms"
    );
    let store = open(path);
    let mut dice = Dice::new();
    for (what, wait) in [("while the index is rebuilt", false), ("while it only follows", true)] {
        if wait {
            wait_for_index(&store, rooms).await;
        }
        let texts = (0..PROBES).map(|n| (rooms[n % ROOMS], texts::message(&mut dice, n))).collect();
        let (took, each) = send(&store, author, texts, IN_FLIGHT).await;
        let rate = f64::from(u32::try_from(PROBES).unwrap()) / took.as_secs_f64();
        println!(
            "{what:<42} {rate:>11.0} {:>9.2} {:>9.2} {:>9.2}",
            ms(each[PROBES / 2]),
            ms(each[PROBES * 99 / 100]),
            ms(each[PROBES - 1])
        );
    }
    store.close().await;
}

fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

fn user(login: &str) -> NewUser {
    let folded = fold(login);
    NewUser {
        login: login.to_owned(),
        look_alike: skeleton(&folded),
        folded,
        name: login.to_owned(),
        email: None,
        birth: None,
        password: String::new(),
        md5: None,
        sha1: None,
        admin: false,
        bot: false,
        guest: false,
        identity: None,
    }
}
