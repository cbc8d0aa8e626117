//! Backups and database maintenance on the command line, with a busy server.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod bucket;
mod encrypted;
mod interrupted;
mod killed;
mod left;
mod scheduled;
mod schema;

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Output;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use serde_json::json;
use tokio::sync::Mutex;
use tokio::task::JoinHandle;

use crate::cli::{chatctl, code, errors};
use crate::support::{Body, Json, PATIENCE, Person, Server, people, picture};

/// Runs a command on a data directory with JSON output.
async fn run(data: &Path, arguments: &[&str]) -> Output {
    let data = data.to_owned();
    let arguments: Vec<String> = arguments
        .iter()
        .map(|text| (*text).to_owned())
        .chain(["-o".to_owned(), "json".to_owned()])
        .collect();
    let running = tokio::task::spawn_blocking(move || {
        let mut all: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let data = data.to_str().unwrap();
        all.extend(["--data-dir", data]);
        chatctl(Path::new("/"), &[], &all)
    });
    running.await.unwrap()
}

/// Runs a command that must succeed; returns its output.
async fn done(data: &Path, arguments: &[&str]) -> Json {
    let output = run(data, arguments).await;
    assert_eq!(code(&output), Some(0), "{arguments:?}: {}", errors(&output));
    serde_json::from_slice(&output.stdout).unwrap_or(Json::Null)
}

/// Runs a command that must fail with this exit code; returns its error text.
async fn fails(data: &Path, arguments: &[&str], wanted: i32) -> String {
    let output = run(data, arguments).await;
    assert_eq!(code(&output), Some(wanted), "{arguments:?}: {}", errors(&output));
    errors(&output)
}

/// What a subscriber of everything has received in each room: rev, seq, and the new text of the
/// message.
type Heard = BTreeMap<String, Vec<(i64, i64, Option<String>)>>;

/// Users who continuously post, edit, delete, upload, enter and leave.
struct Load {
    stop: Arc<AtomicBool>,
    count: Arc<AtomicUsize>,
    uploads: Arc<Mutex<BTreeMap<String, Vec<u8>>>>,
    tasks: Vec<JoinHandle<()>>,
}

impl Load {
    fn begin(people: &[Person], rooms: &[String]) -> Self {
        let (stop, count, uploads) =
            (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)), Arc::default());
        let mut load = Self { stop, count, uploads, tasks: Vec::new() };
        for room in rooms {
            for person in people.iter().take(2) {
                let worker = load.worker(person, room);
                load.tasks.push(tokio::spawn(worker.talk()));
            }
            load.tasks
                .push(tokio::spawn(load.worker(&people[0], room).come_and_go(people[2].clone())));
        }
        load
    }

    fn worker(&self, person: &Person, room: &str) -> Worker {
        let (stop, count, uploads) =
            (Arc::clone(&self.stop), Arc::clone(&self.count), Arc::clone(&self.uploads));
        Worker { person: person.clone(), room: room.to_owned(), stop, count, uploads }
    }

    /// Waits for this number of further actions.
    async fn more(&self, wanted: usize) {
        let goal = self.count.load(Ordering::SeqCst) + wanted;
        let waiting = async {
            while self.count.load(Ordering::SeqCst) < goal {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(PATIENCE, waiting).await.expect("the load goes on");
    }

    async fn end(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
        for task in self.tasks.drain(..) {
            task.await.unwrap();
        }
    }
}

struct Worker {
    person: Person,
    room: String,
    stop: Arc<AtomicBool>,
    count: Arc<AtomicUsize>,
    uploads: Arc<Mutex<BTreeMap<String, Vec<u8>>>>,
}

impl Worker {
    fn goes_on(&self) -> bool {
        self.count.fetch_add(1, Ordering::SeqCst);
        !self.stop.load(Ordering::SeqCst)
    }

    async fn talk(self) {
        let (ann, at) = (&self.person, format!("/api/chatrooms/{}/messages", self.room));
        let mut number = 0;
        while self.goes_on() {
            number += 1;
            let text = format!("{} says {number} {}", ann.login, "and more ".repeat(number % 40));
            let mut body = json!({"content": text});
            if number % 5 == 0 {
                let mut bytes = picture(8, 8);
                // Bytes after the end of a picture are arbitrary; they make each file different.
                bytes =
                    [bytes, format!("{} {} {number}", ann.login, self.room).into_bytes()].concat();
                let media = ann
                    .post(
                        "/api/media?fileName=a.bin",
                        Body::Raw([b"no picture: ".to_vec(), bytes.clone()].concat()),
                    )
                    .await
                    .is(201);
                let name = media["name"].as_str().unwrap().to_owned();
                self.uploads.lock().await.insert(name, [b"no picture: ".to_vec(), bytes].concat());
                body["mediaIds"] = json!([media["id"]]);
            }
            let said = ann.post(&at, body).await.is(201);
            let key = said["messageId"].as_str().unwrap();
            match number % 7 {
                2 => drop(
                    ann.patch(
                        &format!("{at}/{key}"),
                        json!({"newContent": format!("edited {text}")}),
                    )
                    .await
                    .is(200),
                ),
                4 => drop(ann.delete(&format!("{at}/{key}")).await.is(204)),
                _ => {}
            }
        }
    }

    async fn come_and_go(self, other: Person) {
        let at = format!("/api/chatrooms/{}/participants", self.room);
        while self.goes_on() {
            self.person.delete(&format!("{at}/{}", other.login)).await.is(204);
            self.person.post(&at, json!({"userId": other.login, "role": "member"})).await.is(201);
        }
    }
}

/// Collects everything a subscribed socket receives, until the last message in each room.
async fn witness(mut socket: crate::support::Socket, rooms: usize) -> Heard {
    let mut heard = Heard::new();
    let mut ended = 0;
    while ended < rooms {
        let frame = socket.next().await;
        let (room, rev, seq) = (
            frame["room_id"].as_str().unwrap_or_default().to_owned(),
            frame["rev"].as_i64(),
            frame["seq"].as_i64(),
        );
        let text = frame["content"].as_str().map(str::to_owned);
        ended += usize::from(text.as_deref() == Some("the end"));
        if let ("chat_message" | "message_edited" | "message_deleted", Some(rev), Some(seq)) =
            (frame["type"].as_str().unwrap(), rev, seq)
        {
            heard.entry(room).or_default().push((rev, seq, text));
        }
    }
    heard
}

/// Returns all messages of the room.
async fn whole_history(person: &Person, room: &str) -> Vec<Json> {
    let mut all: Vec<Json> = Vec::new();
    loop {
        let after = all.last().map_or(0, |message| message["seq"].as_i64().unwrap());
        let page = person
            .get(&format!("/api/chatrooms/{room}/messages?after={after}&limit=200"))
            .await
            .is(200);
        let page = page["messages"].as_array().unwrap().clone();
        if page.is_empty() {
            return all;
        }
        all.extend(page);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_under_load_is_one_moment_of_everything() {
    let quiet = [("LIMITS__ENABLED", "false"), ("LOG__LEVEL", "warn")];
    let server = Server::start_with(&quiet).await;
    let all = people(&server, ["ann", "ben", "cyd", "dan"]).await;
    let mut rooms = Vec::new();
    for _ in 0..3 {
        rooms.push(all[0].room(&[&all[1], &all[2], &all[3]]).await);
    }
    let listener = all[3].open().await;
    let mut listener = listener;
    listener.send(json!({"type": "subscribe"})).await;
    let greeted = listener.until("subscribed").await;
    assert!(greeted["error"].is_null());
    let old_epoch = all[3].socket("dan", "/chat").await.next().await["epoch"].clone();
    let hearing = tokio::spawn(witness(listener, rooms.len()));
    let mut load = Load::begin(&all, &rooms);
    load.more(150).await;
    let before = load.count.load(Ordering::SeqCst);
    let backups = tempfile::tempdir().unwrap();
    let made = done(server.data(), &["backup", "create", backups.path().to_str().unwrap()]).await;
    assert!(load.count.load(Ordering::SeqCst) > before, "the load went on");
    load.more(50).await;
    load.end().await;
    for room in &rooms {
        all[0].say(room, "the end").await;
    }
    let heard = hearing.await.unwrap();
    let uploads = load.uploads.lock().await.clone();

    let file = made["path"].as_str().unwrap().to_owned();
    let verified = done(server.data(), &["backup", "verify", &file]).await;
    assert_eq!((&verified["problems"], &verified["notes"]), (&json!([]), &json!([])));
    let target = tempfile::tempdir().unwrap();
    let restored = done(target.path(), &["backup", "restore", &file]).await;
    assert_ne!(restored["epoch"], old_epoch);
    let new = Server::start_in(target, &quiet).await;
    let dan = all[3].at(new.address());
    let mut files = 0;
    let mut revs = serde_json::Map::new();
    for room in &rooms {
        let rev = dan.see(room).await["rev"].as_i64().unwrap();
        revs.insert(room.clone(), json!(rev));
        let mut wanted: BTreeMap<i64, Option<String>> = BTreeMap::new();
        for (_, seq, text) in heard[room].iter().filter(|(at, ..)| *at <= rev) {
            wanted.insert(*seq, text.clone());
        }
        let last = heard[room].last().unwrap().1;
        assert!(
            wanted.len() > 5 && i64::try_from(wanted.len()).unwrap() < last,
            "a moment in the middle: {} of {last}",
            wanted.len()
        );
        let history = whole_history(&dan, room).await;
        let found: BTreeMap<i64, Option<String>> = history
            .iter()
            .map(|message| {
                (message["seq"].as_i64().unwrap(), message["content"].as_str().map(str::to_owned))
            })
            .collect();
        assert_eq!(found, wanted, "{room} as it was at rev {rev}");
        let unread = wanted.values().filter(|text| text.is_some()).count();
        assert_eq!(dan.card(room).await["unreadCount"], json!(unread));
        for media in history.iter().filter_map(|message| message["media"].as_array()).flatten() {
            let name = media["name"].as_str().unwrap();
            assert_eq!(dan.get(&format!("/api/media/{name}")).await.bytes, uploads[name], "{name}");
            files += 1;
        }
    }
    assert!(files > 3, "{files} files");
    // The restored data works: a log-in, a post, a search; and clients of the old epoch fetch
    // everything again.
    all[0].at(new.address()).again().await.say(&rooms[0], "after the restoration").await;
    let mut socket = dan.open().await;
    socket
        .send(json!({"type": "subscribe", "since": revs, "epoch": old_epoch, "ref": "sub"}))
        .await;
    let (_, answer) = socket.all_until(|frame| frame["ref"] == "sub").await;
    assert!(
        answer["rooms"].as_array().unwrap().iter().all(|room| room["reset"] == true),
        "{answer}"
    );
    let search = async {
        while dan.get("/api/search?q=restoration").await.is(200)["messages"]
            .as_array()
            .is_none_or(Vec::is_empty)
        {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, search).await.expect("the search index is fed anew");
    assert_eq!(done(new.data(), &["db", "check"]).await, json!([]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn backups_are_made_listed_pruned_and_restored_by_the_command_line() {
    let mut server = Server::start().await;
    let ann = Person::new(&server, "ann").await;
    let room = ann.room(&[]).await;
    ann.say(&room, "before").await;
    let first = done(server.data(), &["backup", "create"]).await;
    let file = first["path"].as_str().unwrap().to_owned();
    assert!(
        file.starts_with(server.data().join("backups").to_str().unwrap())
            && first["counts"]["messages"] == 1,
        "{first}"
    );
    fails(server.data(), &["backup", "create", &file], 4).await;
    let absent = server.data().join("absent");
    assert!(
        fails(server.data(), &["backup", "create", absent.to_str().unwrap()], 3)
            .await
            .contains("does not exist; create it first")
    );
    assert!(!absent.exists());
    let named = server.data().join("backups/chatctl-20250101T000000Z.tar.zst");
    done(server.data(), &["backup", "create", named.to_str().unwrap()]).await;
    let listed = done(server.data(), &["backup", "list"]).await;
    assert_eq!(
        (listed.as_array().unwrap().len(), &listed[1]["messages"], &listed[1]["problem"]),
        (2, &json!(1), &Json::Null)
    );
    fails(server.data(), &["backup", "prune"], 2).await;
    fails(server.data(), &["backup", "prune", "--keep", "1"], 2).await;
    let dry = done(server.data(), &["backup", "prune", "--keep", "1", "--dry-run"]).await;
    assert_eq!(dry.as_array().unwrap().len(), 1);
    // Both are of the same day and month, of which only the newer one is kept.
    for rule in ["--keep-daily", "--keep-weekly", "--keep-monthly"] {
        assert_eq!(done(server.data(), &["backup", "prune", rule, "3", "--dry-run"]).await, dry);
    }
    let two = ["backup", "prune", "--keep", "2", "--keep-daily", "1", "--dry-run"];
    assert_eq!(done(server.data(), &two).await, json!([]));
    assert_eq!(done(server.data(), &["backup", "prune", "--keep", "1", "--yes"]).await, dry);
    let kept = done(server.data(), &["backup", "list"]).await;
    assert_eq!(kept.as_array().unwrap().len(), 1);
    // The newer of the two by its own timestamp was kept.
    let file = kept[0]["path"].as_str().unwrap().to_owned();
    let safe = tempfile::tempdir().unwrap();
    let copy = safe.path().join("copy.tar.zst");
    std::fs::copy(&file, &copy).unwrap();
    let copy = copy.to_str().unwrap();

    ann.say(&room, "after").await;
    assert!(
        fails(server.data(), &["backup", "restore", copy, "--replace", "--yes"], 4)
            .await
            .contains("a server is running on")
    );
    server.terminate().await;
    fails(server.data(), &["backup", "restore", copy], 4).await;
    fails(server.data(), &["backup", "restore", copy, "--replace"], 2).await;
    let mut bytes = std::fs::read(copy).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    let bad = safe.path().join("bad.tar.zst");
    std::fs::write(&bad, bytes).unwrap();
    let bad = bad.to_str().unwrap();
    assert!(fails(server.data(), &["backup", "verify", bad], 6).await.contains("problems"));
    fails(server.data(), &["backup", "restore", bad, "--replace", "--yes"], 1).await;
    fails(server.data(), &["backup", "verify", "/nowhere"], 3).await;
    // A dry run predicts the result, and changes nothing.
    fails(server.data(), &["backup", "restore", copy, "--dry-run"], 4).await;
    fails(server.data(), &["backup", "restore", bad, "--replace", "--dry-run"], 6).await;
    let rehearsed =
        done(server.data(), &["backup", "restore", copy, "--replace", "--dry-run"]).await;
    assert_eq!(
        (&rehearsed["kept_aside"], &rehearsed["done"]),
        (&json!(true), &json!(false)),
        "{rehearsed}"
    );
    let restored = done(server.data(), &["backup", "restore", copy, "--replace", "--yes"]).await;
    let aside = Path::new(restored["replaced"].as_str().unwrap()).to_owned();
    assert!(aside.join("chat.db").exists() && !aside.join("backups").exists());
    assert_eq!(done(server.data(), &["backup", "list"]).await, kept, "backups stay in their place");
    server.restart().await;
    assert_eq!(ann.at(server.address()).contents(&room).await, ["before"], "sessions of then hold");
    std::fs::remove_dir_all(aside).unwrap();
    // Stopped, the same works on the data itself.
    server.terminate().await;
    let offline = done(server.data(), &["backup", "create", safe.path().to_str().unwrap()]).await;
    let path = offline["path"].as_str().unwrap();
    let verified = done(server.data(), &["backup", "verify", path]).await;
    assert_eq!(verified["problems"], json!([]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_database_is_looked_after_with_and_without_a_server() {
    let mut server = Server::start().await;
    let ann = Person::new(&server, "ann").await;
    let room = ann.room(&[]).await;
    ann.say(&room, "hello").await;
    let media = ann.post("/api/media", Body::Raw(b"some bytes".to_vec())).await.is(201);
    for running in [true, false] {
        if !running {
            server.terminate().await;
        }
        let status = done(server.data(), &["db", "status"]).await;
        assert!(
            status["schema"] == status["known"]
                && status["bytes"].as_u64() > Some(0)
                && status["epoch"].is_string(),
            "{status}"
        );
        let figures = done(server.data(), &["db", "stats"]).await;
        assert_eq!(
            (&figures["users"], &figures["messages"], &figures["media"], &figures["media_bytes"]),
            (&json!(1), &json!(1), &json!(1), &json!(10))
        );
        assert_eq!(done(server.data(), &["db", "check"]).await, json!([]));
        assert!(done(server.data(), &["db", "vacuum"]).await["pages"].is_u64());
        assert!(done(server.data(), &["db", "reindex"]).await["search_bytes"].as_u64() > Some(0));
        let plan = done(server.data(), &["db", "migrate", "--plan"]).await;
        assert_eq!((&plan["migrations"], &plan["migrated"]), (&json!([]), &json!(false)));
        assert_eq!(done(server.data(), &["db", "migrate"]).await, plan);
    }
    let name = media["name"].as_str().unwrap();
    std::fs::remove_file(server.data().join("media").join(&name[..2]).join(name)).unwrap();
    let found = run(server.data(), &["db", "check"]).await;
    assert_eq!(code(&found), Some(6));
    let problems: Json = serde_json::from_slice(&found.stdout).unwrap();
    assert_eq!(problems, json!([{"problem": format!("The uploaded file {name} is missing.")}]));
}
