//! Promises of SQLite only: its files, its faults, its migrations.

use std::os::unix::fs::PermissionsExt;
use std::time::Instant;

use chatctl::model::{Change, MediaId, RoomId, Window};
use chatctl::store::engine::{Embedded, OpenError, Options};
use chatctl::store::{Basis, Draft, Missing, RoomChange, RoomQuery, StoreError};
use rusqlite::Connection;

use super::{World, draft};

fn open(world: &World) -> Result<Embedded, OpenError> {
    Embedded::open(&world.path(), &Options::default(), tokio::sync::mpsc::channel(1).0)
}

fn beside(world: &World) -> Connection {
    let conn = Connection::open(world.path()).unwrap();
    conn.busy_timeout(super::PATIENCE).unwrap();
    conn
}

#[tokio::test]
async fn files_are_for_their_owner_alone() {
    let world = World::on_sqlite();
    world.user("ann").await;
    for ending in ["", "-wal", "-shm"] {
        let path = format!("{}{ending}", world.path().display());
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600, "{path}");
    }
}

#[tokio::test]
async fn a_newer_or_foreign_file_is_refused_and_left_alone() {
    let world = World::on_sqlite();
    world.close().await;
    beside(&world).pragma_update(None, "user_version", 99).unwrap();
    let error = open(&world).unwrap_err();
    assert!(
        error.to_string().contains("was made by a newer chatctl (schema 99, this one knows "),
        "{error}"
    );
    beside(&world).execute_batch("PRAGMA application_id = 7; PRAGMA user_version = 1").unwrap();
    assert!(matches!(open(&world), Err(OpenError::Foreign(_))));
    std::fs::write(world.path(), "this is no database, and it is long enough to be seen as such")
        .unwrap();
    assert!(matches!(open(&world), Err(OpenError::Damaged { .. })));
    let nowhere = world.path().join("nowhere").join("chat.db");
    assert!(matches!(
        Embedded::open(&nowhere, &Options::default(), tokio::sync::mpsc::channel(1).0),
        Err(OpenError::Io { .. })
    ));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_failing_operation_leaves_the_others_whole() {
    let mut world = World::on_sqlite();
    let ann = world.user("ann").await;
    let id = world.private(&[&ann]).await.room.id;
    let trap = "CREATE TRIGGER trap AFTER INSERT ON messages WHEN new.text = 'poison' BEGIN \
                SELECT RAISE(ABORT, 'poison'); END";
    beside(&world).execute_batch(trap).unwrap();
    world.events();
    let posts: Vec<_> = (0..200)
        .map(|n| {
            let text = if n % 40 == 7 { "poison".to_owned() } else { n.to_string() };
            let (store, draft) = (
                world.store.clone(),
                Draft { client_id: Some(n.to_string()), ..draft(&ann, &text) },
            );
            tokio::spawn(
                async move { (draft.text.clone(), store.post(id, Basis::Nobody, draft).await) },
            )
        })
        .collect();
    for post in posts {
        let (text, answer) = post.await.unwrap();
        match answer {
            Ok(posted) => assert_eq!(posted.message.text, text),
            Err(error) => assert_eq!((text.as_str(), error), ("poison", StoreError::Unavailable)),
        }
    }
    let steps = world.steps();
    let told: Vec<i64> = steps
        .iter()
        .flat_map(|step| &step.changes)
        .map(|change| if let Change::Posted(message) = change { message.seq.0 } else { 0 })
        .collect();
    assert_eq!(told, (1..=195).collect::<Vec<_>>());
    assert_eq!(world.store.messages(id, Window::Latest, 1000).await.unwrap().len(), 195);
    assert_eq!(world.facts(id).await.room.last_seq.0, 195);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deleted_room_is_carried_away_in_steps() {
    let world = World::on_sqlite();
    let ann = world.user("ann").await;
    let id = world.private(&[&ann]).await.room.id;
    let kept = world.private(&[&ann]).await.room.id;
    world.say(kept, &ann, "kept").await;
    let posts: Vec<_> = (0..1_200)
        .map(|n| {
            let (store, draft) = (world.store.clone(), draft(&ann, &n.to_string()));
            tokio::spawn(async move { store.post(id, Basis::Nobody, draft).await.unwrap() })
        })
        .collect();
    for post in posts {
        post.await.unwrap();
    }
    world.store.change_room(id, Basis::Nobody, Some(ann.id), RoomChange::Delete).await.unwrap();
    let conn = beside(&world);
    let count = |sql: &str| conn.query_row(sql, (), |row| row.get::<_, i64>(0)).unwrap();
    let started = Instant::now();
    while count("SELECT count(*) FROM jobs") > 0 {
        assert!(started.elapsed() < super::PATIENCE);
        world.user(&format!("u{}", started.elapsed().as_nanos())).await;
    }
    assert_eq!(count("SELECT count(*) FROM messages"), 1);
    assert_eq!(count("SELECT count(*) FROM participants"), 1);
    assert_eq!(count("SELECT count(*) FROM rooms"), 1);
    assert!(
        conn.prepare("PRAGMA foreign_key_check")
            .unwrap()
            .query(())
            .unwrap()
            .next()
            .unwrap()
            .is_none()
    );
}

#[tokio::test]
async fn a_job_that_a_crash_left_is_finished() {
    let mut world = World::on_sqlite();
    let ann = world.user("ann").await;
    let id = world.private(&[&ann]).await.room.id;
    world.close().await;
    beside(&world)
        .execute("INSERT INTO jobs (kind, target) VALUES ('name', ?1)", [ann.id.0])
        .unwrap();
    world.open_again().await;
    world
        .wait_for_step(
            id,
            |change| matches!(change, Change::ParticipantChanged(p) if p.user == ann.id),
        )
        .await;
}

#[tokio::test]
async fn old_client_ids_and_sessions_are_forgotten() {
    let mut world = World::on_sqlite();
    let ann = world.user("ann").await;
    let id = world.private(&[&ann]).await.room.id;
    let named = Draft { client_id: Some("c1".to_owned()), ..draft(&ann, "old") };
    for _ in 0..2 {
        world.store.post(id, Basis::Nobody, named.clone()).await.unwrap();
    }
    let young = Draft { client_id: Some("c2".to_owned()), ..draft(&ann, "young") };
    world.store.post(id, Basis::Nobody, young.clone()).await.unwrap();
    world.sessions.start(super::sessions::new_session(&ann, 1)).await.unwrap();
    world.close().await;
    beside(&world)
        .execute_batch(
            "UPDATE messages SET created = 5 WHERE seq = 1; UPDATE sessions SET expires = 5",
        )
        .unwrap();
    world.open_again().await;
    let conn = beside(&world);
    let started = Instant::now();
    while conn.query_row("SELECT count(*) FROM sessions", (), |row| row.get::<_, i64>(0)).unwrap()
        > 0
    {
        assert!(started.elapsed() < super::PATIENCE);
        world.store.ping().await.unwrap();
    }
    assert!(!world.store.post(id, Basis::Nobody, named).await.unwrap().repeated);
    assert!(world.store.post(id, Basis::Nobody, young).await.unwrap().repeated);
}

#[tokio::test]
async fn attachments_come_with_their_messages() {
    let world = World::on_sqlite();
    let (ann, ben) = (world.user("ann").await, world.user("ben").await);
    let id = world.private(&[&ann, &ben]).await.room.id;
    let files = "INSERT INTO media (name, owner, kind, is_image, size, width, created) VALUES \
                 ('a', 1, 'png', 1, 10, 3, 5), ('b', 1, 'pdf', 0, 20, NULL, 5)";
    beside(&world).execute_batch(files).unwrap();
    let with = |author| Draft { media: vec![MediaId(2), MediaId(1)], ..draft(author, "files") };
    let posted = world.store.post(id, Basis::Nobody, with(&ann)).await.unwrap().message;
    assert_eq!(
        posted.media.iter().map(|file| (file.id.0, file.size, file.width)).collect::<Vec<_>>(),
        [(2, 20, None), (1, 10, Some(3))]
    );
    assert_eq!(world.store.messages(id, Window::Latest, 5).await.unwrap(), [posted]);
    assert_eq!(
        world.store.post(id, Basis::Nobody, with(&ben)).await.unwrap_err(),
        StoreError::NotFound(Missing::Media)
    );
    assert_eq!(world.facts(id).await.room.last_seq.0, 1);
    assert_ne!(id, RoomId(0));
}

/// A measurement, not a promise: `CHATCTL_TEST_LONG=1 cargo test --test it posts_a_second --
/// --nocapture`.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[expect(clippy::print_stdout, reason = "prints its results")]
async fn posts_a_second() {
    const POSTS: u32 = 200;
    if std::env::var_os("CHATCTL_TEST_LONG").is_none() {
        return;
    }
    for producers in [1, 10, 100, 1_000] {
        let mut world = World::on_sqlite();
        world.close().await;
        world.open_unheard().await;
        let users = world.users(20).await;
        let mut rooms = Vec::new();
        for _ in 0..10 {
            rooms.push(world.private(&users.iter().collect::<Vec<_>>()).await.room.id);
        }
        let basis = world.member(rooms[0], users[0].id).await;
        let Basis::Member { since, .. } = basis else { unreachable!("a member's basis") };
        let started = Instant::now();
        let tasks: Vec<_> = (0..producers)
            .map(|n| {
                let (store, room, user) =
                    (world.store.clone(), rooms[n % 10], users[n % 20].clone());
                tokio::spawn(async move {
                    for m in 0..POSTS {
                        let draft = Draft {
                            client_id: Some(format!("{n}-{m}-0123456789abcdef")),
                            ..draft(&user, &"x".repeat(200))
                        };
                        store
                            .post(room, Basis::Member { user: user.id, since }, draft)
                            .await
                            .unwrap();
                    }
                })
            })
            .collect();
        for task in tasks {
            task.await.unwrap();
        }
        let posts = f64::from(POSTS) * f64::from(u32::try_from(producers).unwrap());
        println!("{producers} producers: {:.0} posts/s", posts / started.elapsed().as_secs_f64());
    }
}

/// A measurement, not a promise, as above: `reads_take`.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[expect(clippy::print_stdout, reason = "prints its results")]
async fn reads_take() {
    const TIMES: u32 = 50;
    if std::env::var_os("CHATCTL_TEST_LONG").is_none() {
        return;
    }
    let mut world = World::on_sqlite();
    world.close().await;
    world.open_unheard().await;
    let users = world.users(50).await;
    for _ in 0..200 {
        let id = world.private(&users.iter().collect::<Vec<_>>()).await.room.id;
        let posts = (0..200).map(|n| {
            let (store, draft) = (world.store.clone(), draft(&users[n % 50], &"x".repeat(200)));
            tokio::spawn(async move { store.post(id, Basis::Nobody, draft).await.unwrap() })
        });
        for post in posts.collect::<Vec<_>>() {
            post.await.unwrap();
        }
    }
    let cards = RoomQuery::Of { user: users[1].id, participants: 10 };
    assert_eq!(world.store.rooms(cards).await.unwrap().len(), 200);
    let started = Instant::now();
    for _ in 0..TIMES {
        world.store.rooms(cards).await.unwrap();
    }
    println!("200 cards: {:?}", started.elapsed() / TIMES);
    let started = Instant::now();
    for _ in 0..TIMES {
        world.store.messages(RoomId(7), Window::Latest, 50).await.unwrap();
    }
    println!("50 messages: {:?}", started.elapsed() / TIMES);
    let started = Instant::now();
    for _ in 0..TIMES {
        world.store.room(RoomId(7)).await.unwrap();
    }
    println!("facts of 50 participants: {:?}", started.elapsed() / TIMES);
}
