//! Reading while rooms change: whoever follows a room by its changes has what is stored, and pages
//! have no gaps, while tables fail.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::mpsc::channel;
use tokio::time::sleep;

use super::directory::Listing;
use super::model_tests::Dice;
use super::stored::shard_of;
use crate::model::{
    Event, Message, Reaction, Rev, Role, RoomId, Seq, UserId, Visibility, Window, fold, skeleton,
};
use crate::store::cluster::Cluster;
use crate::store::cluster::tables::memory::{Faults, Link, Memory};
use crate::store::cluster::tables::schema::rooms::ALL_ROOMS;
use crate::store::cluster::tables::{
    Compare, Outcome, Page, Put, Row, Slice, Table, TableReply, Tables,
};
use crate::store::{
    Basis, Draft, MessageChange, NewRoom, NewUser, RoomQuery, Store, StoreError, UserChange, Whose,
};

/// Changes that each of the writers makes.
const DEEDS: u64 = 60;
const WRITERS: u64 = 3;

/// Acknowledged changes: the newest rev of each message.
type Acknowledged = Arc<Mutex<HashMap<Seq, Rev>>>;

async fn server(memory: &Memory) -> (Link, Cluster) {
    let link = memory.link();
    let (sink, mut events) = channel(64);
    tokio::spawn(async move { while events.recv().await.is_some() {} });
    loop {
        let tables: Arc<dyn Tables> = Arc::new(link.clone());
        if let Ok(cluster) = Cluster::open(tables, sink.clone()).await {
            return (link, cluster);
        }
        sleep(Duration::from_millis(50)).await;
    }
}

async fn user(at: &Cluster, login: &str) -> UserId {
    let folded = fold(login);
    let new = NewUser {
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
    };
    at.add_user(new).await.unwrap().id
}

async fn room(at: &Cluster, users: &[UserId]) -> RoomId {
    let new = NewRoom {
        name: Some("room".to_owned()),
        visibility: Visibility::Private,
        owner: users[0],
        participants: users.iter().map(|user| (*user, Role::Member)).collect(),
        reuse: false,
    };
    at.add_room(new).await.unwrap().value.room.id
}

fn draft(author: UserId, text: String, mentions: Vec<Vec<String>>) -> Draft {
    Draft {
        author,
        client_id: Some(text.clone()),
        text,
        reply_to: None,
        media: Vec::new(),
        socket: None,
        mentions,
    }
}

/// Posts and changes messages on any server.
async fn write(
    servers: Vec<Cluster>,
    room: RoomId,
    user: UserId,
    mut dice: Dice,
    acknowledged: Acknowledged,
) {
    for deed in 0..DEEDS {
        let at = dice.pick(&servers);
        let known: Vec<Seq> = acknowledged.lock().unwrap().keys().copied().collect();
        let done = if known.is_empty() || dice.roll(3) > 0 {
            let draft = draft(user, format!("{user} {deed}"), Vec::new());
            let posted = at.post(room, Basis::Nobody, draft).await;
            posted.map(|posted| (posted.message.seq, posted.message.rev))
        } else {
            let seq = *dice.pick(&known);
            let like = || Reaction::parse("like").unwrap();
            let change = match dice.roll(5) {
                0 => MessageChange::Delete,
                1 => MessageChange::React(like()),
                2 => MessageChange::Unreact(like()),
                _ => MessageChange::Edit { text: format!("edit {deed}"), mentions: Vec::new() },
            };
            let changed =
                at.change_message(room, seq, Basis::Nobody, Some(user), Whose::Any, change).await;
            changed.map(|done| (seq, if done.changed() { done.rev } else { Rev(0) }))
        };
        if let Ok((seq, rev)) = done {
            let mut acknowledged = acknowledged.lock().unwrap_or_else(PoisonError::into_inner);
            let known = acknowledged.entry(seq).or_default();
            *known = rev.max(*known);
        }
        sleep(Duration::from_millis(dice.roll(30))).await;
    }
}

/// A client that only knows the changes.
struct Follower {
    room: RoomId,
    since: Rev,
    messages: HashMap<Seq, Message>,
}

impl Follower {
    async fn catch_up(&mut self, at: &Cluster, limit: u32) -> Result<(), StoreError> {
        loop {
            let page = at.changes(self.room, self.since, None, limit).await?;
            assert!(!page.reset && page.rev >= self.since, "{page:?}");
            let revs: Vec<Rev> =
                page.messages.iter().map(|m| m.rev).filter(|rev| *rev <= page.rev).collect();
            assert!(
                revs.is_sorted() && revs.first().is_none_or(|rev| *rev > self.since),
                "{revs:?}"
            );
            assert!(page.messages.len() <= limit as usize);
            for message in page.messages {
                self.messages.insert(message.seq, message);
            }
            self.since = page.rev;
            if !page.more {
                return Ok(());
            }
        }
    }
}

async fn follow(seed: u64) {
    let memory = Memory::with_faults(Faults::often(seed));
    memory.calm();
    let mut servers = Vec::new();
    for _ in 0..3 {
        servers.push(server(&memory).await.1);
    }
    let mut users = Vec::new();
    for n in 0..WRITERS {
        users.push(user(&servers[0], &format!("user{n}")).await);
    }
    let room = room(&servers[0], &users).await;
    memory.set_faults(Faults::often(seed));
    let acknowledged = Acknowledged::default();
    let writers: Vec<_> = (1..)
        .zip(&users)
        .map(|(n, user)| {
            let dice = Dice::new(seed * 10 + n);
            tokio::spawn(write(servers.clone(), room, *user, dice, Arc::clone(&acknowledged)))
        })
        .collect();
    let mut dice = Dice::new(seed);
    let mut follower = Follower { room, since: Rev(0), messages: HashMap::new() };
    while writers.iter().any(|writer| !writer.is_finished()) {
        let at = dice.pick(&servers);
        let before = acknowledged.lock().unwrap().clone();
        if let Ok(page) = at.messages(room, Window::Latest, 20).await {
            let seqs: Vec<i64> = page.iter().map(|message| message.seq.0).collect();
            assert!(seqs.windows(2).all(|two| two[0] + 1 == two[1]), "seed {seed}: {seqs:?}");
            let last = before.keys().max().copied().unwrap_or_default();
            assert!(seqs.last().copied().unwrap_or(0) >= last.0, "seed {seed}: {seqs:?}, {last}");
        }
        let limit = 1 + u32::try_from(dice.roll(20)).unwrap();
        if follower.catch_up(at, limit).await.is_ok() {
            for (seq, rev) in before {
                let known = follower.messages.get(&seq).map(|message| message.rev);
                assert!(known >= Some(rev), "seed {seed}: {seq} is {known:?}, not {rev}");
            }
        }
        sleep(Duration::from_millis(dice.roll(50))).await;
    }
    for writer in writers {
        writer.await.unwrap();
    }
    memory.calm();
    for at in &servers {
        follower.catch_up(at, 7).await.unwrap();
        let stored = at.messages(room, Window::After(Seq(0)), 10_000).await.unwrap();
        assert!(stored.len() > 20, "seed {seed}: only {} messages", stored.len());
        let mut known: Vec<&Message> = follower.messages.values().collect();
        known.sort_by_key(|message| message.seq);
        assert_eq!(known, stored.iter().collect::<Vec<_>>(), "seed {seed}");
    }
}

#[test]
fn whoever_follows_the_changes_has_what_is_stored() {
    for seed in 0..10 {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .unwrap();
        runtime.block_on(follow(seed));
    }
}

#[tokio::test(start_paused = true)]
async fn counts_and_windows_reach_over_partitions() {
    let memory = Memory::new();
    let (_, at) = server(&memory).await;
    let (ann, ben) = (user(&at, "ann").await, user(&at, "ben").await);
    let id = room(&at, &[ann, ben]).await;
    let post = |n: i64| {
        let (at, calls) = (at.clone(), n == 1_500 || n == 2_400);
        let mentions = if calls { vec![vec!["ben".to_owned()]] } else { Vec::new() };
        async move { at.post(id, Basis::Nobody, draft(ann, n.to_string(), mentions)).await.unwrap() }
    };
    for n in 1..=2_500 {
        post(n).await;
    }
    let card = async |user| at.rooms(RoomQuery::These(user, &[id])).await.unwrap().remove(0);
    assert_eq!((card(ann).await.unread, card(ann).await.mentions), (0, 0));
    assert!(card(ben).await.unread >= 999, "above 999 it may count what is deleted");
    let mark = at.mark_read(id, ben, Seq(1_499)).await.unwrap();
    assert_eq!((mark.unread, card(ben).await.unread), (1_001, 1_001));
    for seq in [1_500, 1_999, 2_000, 2_001, 2_500] {
        let delete = MessageChange::Delete;
        let deleted =
            at.change_message(id, Seq(seq), Basis::Nobody, Some(ann), Whose::Own, delete).await;
        deleted.unwrap();
    }
    let bens = card(ben).await;
    assert_eq!((bens.unread, bens.mentions), (996, 1));
    assert_eq!(bens.last_message.unwrap().seq, Seq(2_499));
    assert_eq!(at.readers(id, Seq(1_499)).await.unwrap()[1].0.unread, 996);
    for (window, limit, first, last) in [
        (Window::Latest, 600, 1_901, 2_500),
        (Window::Before(Seq(2_001)), 1_500, 501, 2_000),
        (Window::After(Seq(999)), 2, 1_000, 1_001),
        (Window::Around(Seq(1_000)), 4, 999, 1_002),
        (Window::Offset(400), 300, 1_797, 2_099),
    ] {
        let found = at.messages(id, window, limit).await.unwrap();
        let (from, to) = (found[0].seq.0, found[found.len() - 1].seq.0);
        assert_eq!((found.len(), from, to), (limit as usize, first, last), "{window:?}");
    }
}

#[tokio::test]
async fn pages_of_a_list_join_whatever_its_partitions_have() {
    let memory = Memory::new();
    let (_, at) = server(&memory).await;
    // Most rooms are in one partition, and some are no longer listed.
    let ids: Vec<i64> = (1..=200).filter(|id| id % 16 == 3 || id % 10 == 0).collect();
    let puts = ids.iter().map(|id| {
        let cells = [("present", (id % 7 != 0).into())];
        Put::plain(&ALL_ROOMS, 1, shard_of(RoomId(*id)), [(*id).into()], cells)
    });
    memory.write(puts.collect()).await.unwrap();
    let wanted: Vec<i64> = ids.iter().copied().filter(|id| id % 7 != 0).collect();
    for count in [1, 3, 16, 100, 10_000] {
        let all = async |mut listing: Listing| {
            let mut found = Vec::new();
            while let Some(rooms) = listing.next(&at, count).await.unwrap() {
                found.extend(rooms.into_iter().map(|room| room.0));
            }
            found
        };
        assert_eq!(all(Listing::after(&ALL_ROOMS, None)).await, wanted);
        let above: Vec<i64> = wanted.iter().copied().filter(|id| *id > 83).collect();
        assert_eq!(all(Listing::after(&ALL_ROOMS, Some(RoomId(83)))).await, above);
        let mut descending = wanted.clone();
        descending.reverse();
        assert_eq!(all(Listing::newest(&ALL_ROOMS)).await, descending);
    }
}

/// Tables that count reads.
struct Counted {
    memory: Memory,
    reads: AtomicUsize,
}

impl Tables for Counted {
    fn read(&self, slice: Slice) -> TableReply<'_, Vec<Row>> {
        self.reads.fetch_add(1, Ordering::Relaxed);
        self.memory.read(slice)
    }

    fn write(&self, puts: Vec<Put>) -> TableReply<'_, ()> {
        self.memory.write(puts)
    }

    fn compare(&self, compare: Compare) -> TableReply<'_, Outcome> {
        self.memory.compare(compare)
    }

    fn scan<'a>(
        &'a self,
        table: &'static Table,
        from: Option<&'a [u8]>,
        limit: u32,
    ) -> TableReply<'a, Page> {
        self.memory.scan(table, from, limit)
    }

    fn ping(&self) -> TableReply<'_, ()> {
        self.memory.ping()
    }
}

#[tokio::test(start_paused = true)]
async fn a_page_costs_few_reads_however_many_authors_it_has() {
    let tables = Arc::new(Counted { memory: Memory::new(), reads: AtomicUsize::new(0) });
    let (sink, mut events) = channel(64);
    tokio::spawn(async move { while events.recv().await.is_some() {} });
    let counted: Arc<dyn Tables> = Arc::clone(&tables) as Arc<dyn Tables>;
    let at = Cluster::open(counted, sink).await.unwrap();
    let mut users = Vec::new();
    for n in 0..50 {
        users.push(user(&at, &format!("user{n}")).await);
    }
    let id = room(&at, &users).await;
    for user in &users {
        at.post(id, Basis::Nobody, draft(*user, user.to_string(), Vec::new())).await.unwrap();
    }
    let reads = async |of: &str| {
        let before = tables.reads.load(Ordering::Relaxed);
        match of {
            "page" => assert_eq!(at.messages(id, Window::Latest, 50).await.unwrap().len(), 50),
            "changes" => drop(at.changes(id, Rev(45), None, 100).await.unwrap()),
            _ => drop(at.rooms(RoomQuery::Of { user: users[0], participants: 10 }).await.unwrap()),
        }
        tables.reads.load(Ordering::Relaxed) - before
    };
    reads("page").await;
    assert_eq!(reads("page").await, 4, "state, messages, reactions, and state again");
    assert_eq!(reads("changes").await, 4, "state, log, messages, reactions");
    let list = reads("list").await;
    assert_eq!(list, 7, "rooms, marks, choices; state, message, its reactions, unread ones");
    // Another server renames a user.
    let (_, other) = server(&tables.memory).await;
    let name = |name: &str| UserChange { name: Some(name.to_owned()), ..UserChange::default() };
    other.change_user(users[49], name("Other")).await.unwrap();
    at.noticed(&Event::UserChanged { user: users[49] });
    assert_eq!(reads("page").await, 5);
    let page = at.messages(id, Window::Latest, 1).await.unwrap();
    assert_eq!(page[0].author.name(), "Other");
}
