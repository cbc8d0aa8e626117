//! What the contract of the store does not show: what stays in the tables, and several servers.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc::channel;
use tokio::time::{sleep, timeout};

use super::logged::{Step, StoredChange};
use super::stored::{history_partition, log_partition, shard_of};
use super::{log, messages, model_tests};
use crate::model::{Event, Rev, Role, RoomId, Seq, User, UserId, Visibility};
use crate::store::cluster::Cluster;
use crate::store::cluster::faulty::open;
use crate::store::cluster::tables::memory::{Faults, Memory};
use crate::store::cluster::tables::schema::rooms::{
    ERASURE_ROOMS, ERASURES, GONE_ROOMS, MESSAGES, PARTICIPANTS, REACTIONS, ROOM_LOG, ROOMS_BY_USER,
};
use crate::store::cluster::tables::{Consistency, Slice, Table, Tables, Value};
use crate::store::{
    Basis, MessageChange, NewRoom, RoomChange, Store, StoreError, UserChange, Whose,
};

async fn server(memory: &Memory) -> Cluster {
    let (sink, mut events) = channel(64);
    tokio::spawn(async move { while events.recv().await.is_some() {} });
    Cluster::open(Arc::new(memory.clone()), sink).await.unwrap()
}

async fn room_of(server: &Cluster) -> (User, RoomId) {
    let user = server.add_user(model_tests::new_user("ann")).await.unwrap();
    let new = NewRoom {
        name: Some("tea".to_owned()),
        visibility: Visibility::Private,
        owner: user.id,
        participants: vec![(user.id, Role::Admin)],
        reuse: false,
    };
    let room = server.add_room(new).await.unwrap().value.room.id;
    (user, room)
}

async fn say(server: &Cluster, room: RoomId, author: UserId, text: &str) -> Seq {
    let draft = model_tests::draft(author, text.to_owned(), None);
    server.post(room, Basis::Nobody, draft).await.unwrap().message.seq
}

async fn rows<const N: usize>(
    memory: &Memory,
    table: &'static Table,
    partition: [Value; N],
) -> usize {
    memory.read(Slice::of(table, partition)).await.unwrap().len()
}

#[tokio::test(start_paused = true)]
async fn what_a_deleted_room_leaves_is_removed() {
    let memory = Memory::new();
    let one = server(&memory).await;
    let (ann, room) = room_of(&one).await;
    let seq = say(&one, room, ann.id, "hello").await;
    assert_eq!(rows(&memory, &MESSAGES, history_partition(room, seq)).await, 1);
    one.change_room(room, Basis::Nobody, Some(ann.id), RoomChange::Delete).await.unwrap();
    while rows(&memory, &GONE_ROOMS, shard_of(room)).await > 0 {
        sleep(Duration::from_millis(10)).await;
    }
    for table in [&MESSAGES, &REACTIONS] {
        assert_eq!(rows(&memory, table, history_partition(room, seq)).await, 0, "{}", table.name);
    }
    assert_eq!(rows(&memory, &PARTICIPANTS, [room.0.into()]).await, 0);
    assert_eq!(rows(&memory, &ROOMS_BY_USER, [ann.id.0.into()]).await, 0);
    let log = memory.read(Slice::of(&ROOM_LOG, log_partition(room, 0))).await.unwrap();
    assert_eq!((log.len(), log[0].int("rev"), log[0].int("head_rev")), (1, None, Some(3)));

    let two = server(&memory).await;
    assert_eq!(two.room(room).await.unwrap(), None);
    let draft = model_tests::draft(ann.id, "again".to_owned(), None);
    let refused = two.post(room, Basis::Facts(Rev(1)), draft).await;
    assert_eq!(refused.map(|_| ()), Err(StoreError::Stale));
}

#[tokio::test(start_paused = true)]
async fn deleted_texts_leave_the_log() {
    let memory = Memory::new();
    let one = server(&memory).await;
    let (ann, room) = room_of(&one).await;
    let seq = say(&one, room, ann.id, "secret").await;
    say(&one, room, ann.id, "public").await;
    let change =
        |change| one.change_message(room, seq, Basis::Nobody, Some(ann.id), Whose::Own, change);
    let edit = MessageChange::Edit { text: "secret, too".to_owned(), mentions: Vec::new() };
    change(edit).await.unwrap();
    change(MessageChange::Delete).await.unwrap();
    while rows(&memory, &ERASURE_ROOMS, shard_of(room)).await > 0 {
        sleep(Duration::from_millis(10)).await;
    }
    let texts: Vec<String> = logged(&one, room).await.into_iter().map(|(_, text)| text).collect();
    assert_eq!(texts, ["", "public", "", ""]);
    assert_eq!(rows(&memory, &ERASURES, [room.0.into()]).await, 0);
}

/// The texts in the log of a room, with the seqs of their messages.
async fn logged(server: &Cluster, room: RoomId) -> Vec<(Seq, String)> {
    let commits = log::tail(server, room, Rev(0), Consistency::Quorum).await.unwrap();
    let changes: Vec<StoredChange> = commits.into_iter().flat_map(|c| c.changes).collect();
    changes
        .into_iter()
        .flat_map(|change| change.steps)
        .filter_map(|step| match step {
            Step::Posted { seq, message }
            | Step::Edited { seq, message }
            | Step::Deleted { seq, message, .. } => Some((Seq(seq), message.text)),
            _ => None,
        })
        .collect()
}

#[tokio::test(start_paused = true)]
async fn deleted_texts_leave_the_log_although_a_server_dies() {
    let (mut erased, mut left) = (0, 0);
    for seed in 0..30 {
        eprintln!("seed {seed}");
        let memory = Memory::with_faults(Faults::often(seed));
        memory.calm();
        let ((one, link), (two, _)) = (open(&memory).await, open(&memory).await);
        let (ann, room) = room_of(&one).await;
        for number in 0..20 {
            say(&one, room, ann.id, &format!("secret {number}")).await;
        }
        memory.set_faults(Faults { compares: 300, ..Faults::often(seed) });
        let delete = |server: &Cluster, seq| {
            let server = server.clone();
            async move {
                let (basis, delete) = (Basis::Nobody, MessageChange::Delete);
                let done = server.change_message(room, seq, basis, None, Whose::Any, delete);
                // Whatever it is: only what is deleted in the end counts.
                drop(timeout(Duration::from_secs(5), done).await);
            }
        };
        let deleting = (1..=15).map(|seq| delete(&one, Seq(seq)));
        let killed = async {
            sleep(Duration::from_millis(50 + 10 * seed)).await;
            link.kill();
        };
        futures_util::join!(futures_util::future::join_all(deleting), killed);
        memory.calm();
        // Whoever looks at the room derives what is not derived yet.
        two.room(room).await.unwrap().unwrap();
        left += usize::from(rows(&memory, &ERASURES, [room.0.into()]).await > 0);
        // Longer than from one sweep to the next.
        sleep(Duration::from_mins(11)).await;
        let page = messages::range(&two, room, Seq(1), Seq(20)).await.unwrap();
        let deleted: Vec<Seq> =
            page.iter().filter(|bare| bare.is_deleted()).map(|bare| bare.seq).collect();
        erased += deleted.len();
        for (seq, text) in logged(&two, room).await {
            assert_eq!(text.is_empty(), deleted.contains(&seq), "seed {seed}: {seq} {text}");
        }
        assert_eq!(rows(&memory, &ERASURES, [room.0.into()]).await, 0, "seed {seed}");
        assert_eq!(rows(&memory, &ERASURE_ROOMS, shard_of(room)).await, 0, "seed {seed}");
    }
    assert!(erased > 100 && left > 5, "erased: {erased}, rooms left to a sweep: {left}");
}

#[tokio::test(start_paused = true)]
async fn names_are_at_most_a_moment_old_on_other_servers() {
    let memory = Memory::new();
    let (one, two) = (server(&memory).await, server(&memory).await);
    let (ann, room) = room_of(&one).await;
    let name = async |server: &Cluster| {
        server.room(room).await.unwrap().unwrap().participants[0].name.clone()
    };
    let rename = async |name: &str| {
        let change = UserChange { name: Some(name.to_owned()), ..UserChange::default() };
        one.change_user(ann.id, change).await.unwrap();
    };
    assert_eq!((name(&one).await, name(&two).await), ("ann".to_owned(), "ann".to_owned()));
    rename("Anna").await;
    assert_eq!(name(&one).await, "Anna");
    sleep(Duration::from_secs(5)).await;
    assert_eq!(name(&two).await, "Anna");
    rename("Annie").await;
    two.noticed(&Event::UserChanged { user: ann.id });
    assert_eq!(name(&two).await, "Annie");
}

#[tokio::test(start_paused = true)]
async fn servers_write_to_a_room_in_turn() {
    let memory = Memory::new();
    let (one, two) = (server(&memory).await, server(&memory).await);
    let (ann, room) = room_of(&one).await;
    for number in 1..=4 {
        let server = if number % 2 == 0 { &one } else { &two };
        assert_eq!(say(server, room, ann.id, "hello").await, Seq(number));
    }
    // A change of facts on one server is the basis of decisions on the other.
    let known = one.room(room).await.unwrap().unwrap();
    let change = RoomChange::Rename(Some("coffee".to_owned()));
    two.change_room(room, Basis::Facts(known.room.facts_rev), None, change).await.unwrap();
    let draft = model_tests::draft(ann.id, "late".to_owned(), None);
    let refused = one.post(room, Basis::Facts(known.room.facts_rev), draft).await;
    assert_eq!(refused.map(|_| ()), Err(StoreError::Stale));
}
