//! Maintenance of a database in use.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use chatctl::model::{RoomId, User, WordQuery};
use chatctl::store::engine::upkeep::{UpkeepError, examine, inspect};
use chatctl::store::{Basis, Store, Whose};
use tokio::task::JoinHandle;

use super::{World, draft};

/// Posts until told to stop; returns how many posts were acknowledged.
fn keep_posting(
    world: &World,
    room: RoomId,
    author: &User,
) -> (Arc<AtomicBool>, Arc<AtomicUsize>, JoinHandle<()>) {
    let (stop, count) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
    let (store, author, stopped, counted) =
        (world.backend().clone(), author.clone(), Arc::clone(&stop), Arc::clone(&count));
    let task = tokio::spawn(async move {
        while !stopped.load(Ordering::SeqCst) {
            let text = format!("message {}", counted.load(Ordering::SeqCst));
            store.post(room, Basis::Nobody, draft(&author, &text)).await.unwrap();
            counted.fetch_add(1, Ordering::SeqCst);
        }
    });
    (stop, count, task)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_copy_is_of_one_moment_however_much_is_written_meanwhile() {
    let world = World::on_sqlite();
    let ann = world.user("ann").await;
    let room = world.private(&[&ann]).await.room.id;
    for _ in 0..300 {
        world.store.post(room, Basis::Nobody, draft(&ann, &"ballast ".repeat(400))).await.unwrap();
    }
    let (stop, count, task) = keep_posting(&world, room, &ann);
    let to = world.path().with_file_name("copy.db");
    let written = Arc::clone(&count);
    let mut steps = 0;
    let progress = move |done: u64, all: u64| {
        assert!(done <= all);
        // Something is committed between any two steps: a copy that restarted each time would not
        // end.
        steps += 1;
        let before = written.load(Ordering::SeqCst);
        while written.load(Ordering::SeqCst) == before {
            std::thread::yield_now();
        }
        assert!(steps < 100, "the copy goes on");
        true
    };
    world.backend().copy(to.clone(), progress).await.unwrap();
    stop.store(true, Ordering::SeqCst);
    task.await.unwrap();
    assert_eq!(examine(&to).unwrap(), [""; 0]);
    let copied = inspect(&to).unwrap();
    let all = 300 + count.load(Ordering::SeqCst) as u64;
    assert!((300..all).contains(&copied.counts.messages), "{} of {all}", copied.counts.messages);
    assert_eq!(copied.epoch, world.store.settings().await.unwrap().epoch);
    assert!(
        matches!(world.backend().copy(to, |_, _| true).await, Err(UpkeepError::Io { .. })),
        "no file is written over"
    );
}

#[tokio::test]
async fn an_interrupted_copy_leaves_nothing() {
    let world = World::on_sqlite();
    let to = world.path().with_file_name("copy.db");
    let stopped = world.backend().copy(to.clone(), |_, _| false).await;
    assert!(matches!(stopped, Err(UpkeepError::Interrupted)));
    let left: Vec<_> = std::fs::read_dir(world.path().parent().unwrap())
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    assert!(left.iter().all(|name| !name.to_string_lossy().starts_with("copy.db")), "{left:?}");
    world.close().await;
    let closed = world.backend().copy(to, |_, _| true).await;
    assert!(matches!(closed, Err(UpkeepError::Unavailable)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn space_is_given_back_while_sends_go_on() {
    let world = World::on_sqlite();
    let ann = world.user("ann").await;
    let (gone, room) = (world.private(&[&ann]).await.room.id, world.private(&[&ann]).await.room.id);
    for _ in 0..600 {
        world.store.post(gone, Basis::Nobody, draft(&ann, &"ballast ".repeat(400))).await.unwrap();
    }
    world
        .store
        .change_room(gone, Basis::Nobody, Some(ann.id), chatctl::store::RoomChange::Delete)
        .await
        .unwrap();
    wait_until(async || world.backend().stats().await.unwrap().messages == 0).await;
    let before = world.backend().status().await.unwrap();
    assert!(before.free_pages > 300, "{before:?}");
    let (stop, count, task) = keep_posting(&world, room, &ann);
    let posted = Arc::clone(&count);
    let (mut steps, mut last) = (0, 0);
    let given = world.backend().vacuum(|done, all| {
        steps += 1;
        assert!(last <= done && done <= all);
        last = done;
        // Each step leaves time for a post.
        let now = posted.load(Ordering::SeqCst);
        while posted.load(Ordering::SeqCst) == now {
            std::thread::yield_now();
        }
        true
    });
    let given = given.await.unwrap();
    stop.store(true, Ordering::SeqCst);
    task.await.unwrap();
    let after = world.backend().status().await.unwrap();
    assert!(
        given > 300 && steps > 4 && after.free_pages < before.free_pages - 250,
        "{given} pages in {steps} steps: {after:?}"
    );
    assert_eq!(world.backend().check().await.unwrap(), [""; 0]);
    assert!(matches!(
        world.backend().vacuum(|_, _| false).await,
        Ok(0) | Err(UpkeepError::Interrupted)
    ));
    assert_eq!(
        world.facts(room).await.room.last_seq.0,
        i64::try_from(count.load(Ordering::SeqCst)).unwrap()
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_search_index_that_is_made_anew_finds_everything_again() {
    let world = World::on_sqlite();
    let ann = world.user("ann").await;
    let room = world.private(&[&ann]).await.room.id;
    for n in 0..50 {
        world.say(room, &ann, &format!("needle {n}")).await;
    }
    let mut told = Vec::new();
    world
        .backend()
        .reindex(|done, all| {
            told.push((done, all));
            true
        })
        .await
        .unwrap();
    assert_eq!(told.last(), Some(&(50, 50)));
    let found = world
        .store
        .find_messages(&[room], &WordQuery::parse("needle").unwrap().into(), None, 100)
        .await
        .unwrap();
    assert_eq!((found.messages.len(), found.behind), (50, false));
    assert!(matches!(world.backend().reindex(|_, _| false).await, Err(UpkeepError::Interrupted)));
}

#[tokio::test]
async fn figures_tell_what_is_there() {
    let world = World::on_sqlite();
    let (ann, ben) = (world.user("ann").await, world.user("ben").await);
    let quiet = world.public("Quiet", &ann).await.room.id;
    let loud = world.private(&[&ann, &ben]).await.room.id;
    for text in ["one", "two", "three"] {
        world.say(loud, &ann, text).await;
    }
    world.say(quiet, &ann, "here").await;
    let change = chatctl::store::MessageChange::Delete;
    world
        .store
        .change_message(
            loud,
            chatctl::model::Seq(2),
            Basis::Nobody,
            Some(ann.id),
            Whose::Any,
            change,
        )
        .await
        .unwrap();
    let figures = world.backend().stats().await.unwrap();
    assert_eq!(
        (
            figures.users,
            figures.disabled,
            figures.public_rooms,
            figures.private_rooms,
            figures.participants
        ),
        (2, 0, 1, 1, 3)
    );
    assert_eq!(
        (figures.messages, figures.deleted_messages, figures.messages_day, figures.messages_month),
        (4, 1, 4, 4)
    );
    let largest: Vec<_> = figures
        .largest_rooms
        .iter()
        .map(|room| (room.id, room.name.as_deref(), room.messages, room.participants))
        .collect();
    assert_eq!(largest, [(loud.0, Some("private"), 3, 2), (quiet.0, Some("Quiet"), 1, 1)]);
    let status = world.backend().status().await.unwrap();
    assert!(
        status.schema == status.known
            && status.pages > 10
            && status.wal_bytes > 0
            && status.page_bytes == 4096,
        "{status:?}"
    );
    assert_eq!(status.epoch, world.store.settings().await.unwrap().epoch);
    assert_eq!(world.backend().check().await.unwrap(), [""; 0]);
}

async fn wait_until(mut done: impl AsyncFnMut() -> bool) {
    let looking = async {
        while !done().await {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(super::PATIENCE, looking).await.expect("it comes true");
}
