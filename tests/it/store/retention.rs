//! Messages that expire: they leave history and counts at once, and then step by step their content.

use chatctl::model::{
    Change, Event, MediaId, MessageId, Reaction, RoomId, RoomRetention, Seq, User, Window,
    WordQuery,
};
use chatctl::store::{
    Basis, Draft, MessageChange, Missing, RoomChange, RoomQuery, RoomSettings, StoreError, Whose,
};

use super::media::{upload, with};
use super::{PATIENCE, World, contract, draft};

contract!(
    what_has_expired_cannot_be_changed_before_it_is_removed,
    pinned_replies_that_have_expired_are_not_unread,
    files_that_others_use_are_known,
    what_has_expired_is_gone_from_history_and_counts,
    content_is_removed_step_by_step,
    pinned_messages_stay_until_they_are_deleted,
    clients_learn_it_from_the_facts,
    threads_go_on_without_what_has_expired,
    what_has_expired_is_not_found,
    a_room_keeps_its_own_retention,
    what_is_remembered_stays,
);

async fn expire(world: &World, room: RoomId, upto: i64) {
    let change = RoomChange::Expire(Seq(upto));
    world.store.change_room(room, Basis::Nobody, None, change).await.unwrap();
}

/// Removes the content of everything that has expired, in steps of this many messages; returns how
/// many messages lost theirs.
async fn erase(world: &World, room: RoomId, count: u32) -> u64 {
    let mut erased = 0;
    loop {
        let step = world.store.erase_expired(room, count).await.unwrap();
        assert!(step.messages <= count.into(), "{step:?}");
        erased += step.messages;
        if !step.more {
            return erased;
        }
    }
}

async fn seqs(world: &World, room: RoomId, window: Window) -> Vec<i64> {
    let page = world.store.messages(room, window, 4).await.unwrap();
    page.iter().map(|message| message.seq.0).collect()
}

async fn text(world: &World, room: RoomId, seq: i64) -> String {
    let found = world.store.messages(room, Window::One(Seq(seq)), 1).await.unwrap();
    let message = &found[0];
    assert_eq!(message.text.is_empty(), message.deleted.is_some(), "{message:?}");
    message.text.clone()
}

/// A room with ten messages of Ann, and Ben, who has read none.
async fn ten(world: &World) -> (User, User, RoomId) {
    let (ann, ben) = (world.user("ann").await, world.user("ben").await);
    let room = world.private(&[&ann, &ben]).await.room.id;
    for n in 1..=10 {
        world.say(room, &ann, &format!("tea {n}")).await;
    }
    (ann, ben, room)
}

async fn pin(world: &World, room: RoomId, seq: i64, pinned: bool) {
    let change = RoomChange::Pin(Seq(seq), pinned);
    world.store.change_room(room, Basis::Nobody, None, change).await.unwrap();
}

async fn what_has_expired_is_gone_from_history_and_counts(mut world: World) {
    let (ann, ben, room) = ten(&world).await;
    let mention = Draft { mentions: vec![vec!["ben".to_owned()]], ..draft(&ann, "@ben") };
    let member = world.member(room, ann.id).await;
    world.store.post(room, member, mention).await.unwrap();
    let delete = MessageChange::Delete;
    world
        .store
        .change_message(room, Seq(9), Basis::Nobody, Some(ann.id), Whose::Any, delete)
        .await
        .unwrap();
    let card = async || {
        let query = RoomQuery::Of { user: ben.id, participants: 0 };
        world.store.rooms(query).await.unwrap().remove(0)
    };
    let before = card().await;
    assert_eq!((before.unread, before.mentions), (10, 1));
    expire(&world, room, 7).await;
    // Before and after the content is removed, it is the same.
    for erased in [0, 7] {
        assert_eq!(seqs(&world, room, Window::Latest).await, [8, 9, 10, 11]);
        assert_eq!(seqs(&world, room, Window::Before(Seq(10))).await, [8, 9]);
        assert!(seqs(&world, room, Window::Before(Seq(8))).await.is_empty());
        assert_eq!(seqs(&world, room, Window::After(Seq(0))).await, [8, 9, 10, 11]);
        assert_eq!(seqs(&world, room, Window::After(Seq(9))).await, [10, 11]);
        assert_eq!(seqs(&world, room, Window::Around(Seq(8))).await, [8, 9, 10]);
        assert_eq!(seqs(&world, room, Window::Offset(0)).await, [8, 10, 11]);
        assert_eq!(seqs(&world, room, Window::Offset(2)).await, [8]);
        assert!(seqs(&world, room, Window::Offset(3)).await.is_empty());
        let now = card().await;
        assert_eq!((now.unread, now.mentions, now.mark), (3, 1, Seq(0)));
        let last = now.last_message.map(|message| message.seq);
        assert_eq!((last, now.facts.room.last_seq), (Some(Seq(11)), Seq(11)));
        assert_eq!(erase(&world, room, 3).await, if erased == 0 { 7 } else { 0 });
    }
    assert_eq!(world.store.mark_read(room, ben.id, Seq(3)).await.unwrap().unread, 3);
    assert_eq!(world.store.mark_read(room, ben.id, Seq(10)).await.unwrap().unread, 1);
    assert_eq!(world.store.mark_unread(room, ben.id, Seq(2)).await.unwrap().unread, 3);
    let readers = world.store.readers(room, Seq(1)).await.unwrap();
    assert_eq!(readers.iter().map(|(mark, _)| mark.seq.0).max(), Some(11));
    expire(&world, room, 99).await;
    let now = card().await;
    assert_eq!((now.unread, now.mentions, now.last_message), (0, 0, None));
    assert_eq!(now.facts.room.expired, Seq(11), "no message of the future expires");
    erase(&world, room, 500).await;
    world.open_again_after_close().await;
    let query = RoomQuery::Of { user: ben.id, participants: 0 };
    let now = world.store.rooms(query).await.unwrap().remove(0);
    assert_eq!((now.unread, now.mentions, now.last_message), (0, 0, None));
    assert!(seqs(&world, room, Window::Latest).await.is_empty());
    // Numbers go on.
    assert_eq!(world.say(room, &ann, "again").await.message.seq, Seq(12));
    assert_eq!(seqs(&world, room, Window::Latest).await, [12]);
}

async fn content_is_removed_step_by_step(mut world: World) {
    let (ann, ben, room) = ten(&world).await;
    let file = upload(&world, &ann, 1, "png").await;
    let member = world.member(room, ann.id).await;
    let posted = world.store.post(room, member, with(&ann, &[file.id])).await.unwrap().message;
    let like = MessageChange::React(Reaction::parse("like").unwrap());
    world
        .store
        .change_message(room, Seq(2), Basis::Nobody, Some(ben.id), Whose::Any, like.clone())
        .await
        .unwrap();
    expire(&world, room, posted.seq.0).await;
    let first = world.store.erase_expired(room, 4).await.unwrap();
    assert_eq!((first.messages, first.more, first.media.len()), (4, true, 0));
    assert_eq!(
        (text(&world, room, 4).await, text(&world, room, 5).await.as_str()),
        (String::new(), "tea 5")
    );
    // It goes on where it was.
    world.open_again_after_close().await;
    let mut media = Vec::new();
    loop {
        let step = world.store.erase_expired(room, 4).await.unwrap();
        media.extend(step.media);
        if !step.more {
            break;
        }
    }
    assert_eq!(media, [file.id]);
    for seq in 1..=posted.seq.0 {
        assert_eq!(text(&world, room, seq).await, "");
    }
    let found = world.store.messages(room, Window::One(Seq(2)), 1).await.unwrap();
    assert!(found[0].reactions.is_empty() && found[0].rev < rev(&world, room).await);
    assert_eq!(world.store.files_of(room).await.unwrap(), (0, 0));
    let again = world.store.erase_expired(room, 4).await.unwrap();
    assert_eq!((again.messages, again.more), (0, false));
    // What is gone cannot be changed or answered.
    let gone = StoreError::NotFound(Missing::Message);
    let late =
        world.store.change_message(room, Seq(2), Basis::Nobody, Some(ben.id), Whose::Any, like);
    assert_eq!(late.await.map(drop).unwrap_err(), gone);
    let reply = Draft { reply_to: Some(Seq(3)), ..draft(&ann, "what?") };
    let member = world.member(room, ann.id).await;
    assert_eq!(world.store.post(room, member, reply).await.map(drop).unwrap_err(), gone);
    let missing = world.store.erase_expired(RoomId(99), 4).await;
    assert_eq!(missing.unwrap_err(), StoreError::NotFound(Missing::Room));
}

async fn rev(world: &World, room: RoomId) -> chatctl::model::Rev {
    world.facts(room).await.room.rev
}

async fn pinned_messages_stay_until_they_are_deleted(world: World) {
    let (ann, _, room) = ten(&world).await;
    pin(&world, room, 3, true).await;
    pin(&world, room, 5, true).await;
    expire(&world, room, 8).await;
    assert_eq!(erase(&world, room, 3).await, 6);
    let pins = world.store.pins(room).await.unwrap();
    let mut pinned: Vec<i64> = pins.iter().map(|pin| pin.message.seq.0).collect();
    pinned.sort_unstable();
    assert_eq!(pinned, [3, 5]);
    assert_eq!(
        (text(&world, room, 3).await, text(&world, room, 4).await.as_str()),
        ("tea 3".to_owned(), "")
    );
    // In history only if it is asked for.
    assert_eq!(seqs(&world, room, Window::Latest).await, [9, 10]);
    assert_eq!(seqs(&world, room, Window::Around(Seq(5))).await, [5, 9, 10]);
    assert_eq!(seqs(&world, room, Window::Around(Seq(4))).await, [9, 10]);
    // It lives on as before.
    let like = MessageChange::React(Reaction::parse("like").unwrap());
    let change = |seq, change| {
        world.store.change_message(room, Seq(seq), Basis::Nobody, Some(ann.id), Whose::Any, change)
    };
    change(3, like).await.unwrap();
    change(3, MessageChange::Delete).await.unwrap();
    assert_eq!(text(&world, room, 3).await, "");
    pin(&world, room, 5, false).await;
    change(5, MessageChange::Delete).await.unwrap();
    assert!(world.store.pins(room).await.unwrap().is_empty());
}

async fn clients_learn_it_from_the_facts(mut world: World) {
    let (_, _, room) = ten(&world).await;
    let since = rev(&world, room).await;
    drop(world.events());
    expire(&world, room, 8).await;
    expire(&world, room, 8).await;
    expire(&world, room, 5).await;
    erase(&world, room, 3).await;
    let events: Vec<Event> = world.events();
    let told: Vec<&Change> = events
        .iter()
        .filter_map(|event| match event {
            Event::Room(step) if step.room == room => Some(&step.changes),
            _ => None,
        })
        .flatten()
        .collect();
    assert!(
        matches!(&told[..], [Change::Updated(now)] if now.expired == Seq(8)),
        "one event however many expire: {told:?}"
    );
    let changes = world.store.changes(room, since, None, 100).await.unwrap();
    assert_eq!((changes.reset, changes.more, changes.rev), (false, false, since.next()));
    assert!(changes.messages.is_empty(), "{:?}", changes.messages);
    assert_eq!(changes.room.unwrap().room.expired, Seq(8));
}

async fn threads_go_on_without_what_has_expired(world: World) {
    let (ann, ben) = (world.user("ann").await, world.user("ben").await);
    let room = world.private(&[&ann, &ben]).await.room.id;
    world.say(room, &ann, "root").await;
    for n in 2..=5 {
        let member = world.member(room, ben.id).await;
        let reply = Draft { reply_to: Some(Seq(1)), ..draft(&ben, &format!("reply {n}")) };
        world.store.post(room, member, reply).await.unwrap();
    }
    pin(&world, room, 2, true).await;
    expire(&world, room, 4).await;
    erase(&world, room, 10).await;
    let thread = world.store.thread(room, Seq(5), None, 10).await.unwrap();
    assert!(thread.root.seq == Seq(1) && thread.root.deleted.is_some(), "{thread:?}");
    assert_eq!(thread.replies, 2);
    let shown: Vec<i64> = thread.messages.iter().map(|message| message.seq.0).collect();
    assert_eq!(shown, [2, 5]);
    let (_, summaries) = world.store.thread_summaries(room, Seq(1), Seq(5)).await.unwrap();
    assert_eq!((summaries.len(), summaries[0].replies), (1, 2));
    expire(&world, room, 5).await;
    erase(&world, room, 10).await;
    let id = MessageId { room, seq: Seq(5) };
    assert_eq!(text(&world, id.room, id.seq.0).await, "");
}

async fn what_has_expired_is_not_found(world: World) {
    let (_, _, room) = ten(&world).await;
    pin(&world, room, 2, true).await;
    let found = async || {
        let query = WordQuery::parse("tea").unwrap().into();
        let found = world.store.find_messages(&[room], &query, None, 50).await.unwrap();
        let mut seqs: Vec<i64> = found.messages.iter().map(|message| message.seq.0).collect();
        seqs.sort_unstable();
        seqs
    };
    let until = async |wanted: &[i64]| {
        let look = async {
            while found().await != wanted {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(PATIENCE, look).await.unwrap();
    };
    until(&(1..=10).collect::<Vec<_>>()).await;
    expire(&world, room, 7).await;
    erase(&world, room, 3).await;
    until(&[2, 8, 9, 10]).await;
}

async fn a_room_keeps_its_own_retention(mut world: World) {
    let (ann, _, room) = ten(&world).await;
    assert_eq!(world.facts(room).await.room.retention, RoomRetention::default());
    let own = RoomRetention { days: Some(0), keep_pinned: Some(false) };
    let settings = RoomSettings { retention: Some(own), ..RoomSettings::default() };
    let change = RoomChange::Settings(settings.clone());
    let done = world.store.change_room(room, Basis::Nobody, Some(ann.id), change).await.unwrap();
    assert!(matches!(&done.changes[..], [Change::Updated(now)] if now.retention == own));
    let change = RoomChange::Settings(settings);
    let again = world.store.change_room(room, Basis::Nobody, Some(ann.id), change).await.unwrap();
    assert!(!again.changed());
    world.open_again_after_close().await;
    assert_eq!(world.facts(room).await.room.retention, own);
    let cards = world.store.rooms(RoomQuery::After(None, 10)).await.unwrap();
    assert_eq!(cards[0].facts.room.retention, own);
}

async fn what_is_remembered_stays(mut world: World) {
    assert_eq!(world.store.retention_memo().await.unwrap(), None);
    for memo in ["one", "two", "two"] {
        world.store.set_retention_memo(memo.to_owned()).await.unwrap();
        assert_eq!(world.store.retention_memo().await.unwrap().as_deref(), Some(memo));
    }
    world.open_again_after_close().await;
    assert_eq!(world.store.retention_memo().await.unwrap().as_deref(), Some("two"));
}

async fn what_has_expired_cannot_be_changed_before_it_is_removed(world: World) {
    let (ann, _, room) = ten(&world).await;
    let pin = |seq| RoomChange::Pin(Seq(seq), true);
    let change = async |change| world.store.change_room(room, Basis::Nobody, None, change).await;
    change(pin(2)).await.unwrap();
    expire(&world, room, 5).await;
    let missing = StoreError::NotFound(Missing::Message);
    assert_eq!(change(pin(3)).await.unwrap_err(), missing);
    let edit = MessageChange::Edit { text: "new".to_owned(), mentions: Vec::new() };
    let react = MessageChange::React(Reaction::parse("like").unwrap());
    for what in [edit, react] {
        let of = async |seq| {
            let whose = Whose::Any;
            let (by, what) = (Some(ann.id), what.clone());
            world.store.change_message(room, Seq(seq), Basis::Nobody, by, whose, what).await
        };
        assert_eq!(of(3).await.unwrap_err(), missing);
        // A pinned one stays.
        of(2).await.unwrap();
        of(6).await.unwrap();
    }
    assert!(!change(pin(2)).await.unwrap().changed());
}

async fn pinned_replies_that_have_expired_are_not_unread(world: World) {
    let (ann, ben, room) = ten(&world).await;
    for text in ["first", "second"] {
        let draft = Draft { reply_to: Some(Seq(1)), ..draft(&ben, text) };
        world.store.post(room, Basis::Nobody, draft).await.unwrap();
    }
    let pin = RoomChange::Pin(Seq(11), true);
    world.store.change_room(room, Basis::Nobody, None, pin).await.unwrap();
    let threads = async || world.store.followed(ann.id, None, 10).await.unwrap();
    let unread = async || threads().await.iter().map(|thread| thread.unread).sum::<u32>();
    assert_eq!(unread().await, 2);
    expire(&world, room, 11).await;
    assert_eq!(unread().await, 1);
    expire(&world, room, 12).await;
    assert_eq!(unread().await, 0);
}

async fn files_that_others_use_are_known(world: World) {
    let (ann, _, room) = ten(&world).await;
    let (one, two) = (upload(&world, &ann, 1, "png").await, upload(&world, &ann, 2, "png").await);
    let post = async |room, files: &[MediaId]| {
        world.store.post(room, Basis::Nobody, with(&ann, files)).await.unwrap();
    };
    post(room, &[one.id, two.id]).await;
    let other = world.public("other", &ann).await.room.id;
    post(other, &[two.id]).await;
    let elsewhere = async |room| world.store.used_elsewhere(&[one.id, two.id], room).await.unwrap();
    assert_eq!(elsewhere(room).await, [two.id]);
    let mut found = elsewhere(other).await;
    found.sort_unstable();
    assert_eq!(found, [one.id, two.id]);
}
