//! Posting: no gaps, no duplicates, nothing on a stale basis, and the event before the reply.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;

use chatctl::model::{Change, Event, MediaId, Role, RoomId, Seq, SocketId, Timestamp, UserId};
use chatctl::store::{
    Basis, Draft, MessageChange, Missing, RoomChange, RoomQuery, RoomSettings, StoreError, Whose,
};
use tokio::task::{coop::consume_budget, yield_now};

use super::{World, contract, draft};

contract!(
    fifty_posters_leave_no_gap_and_are_told_in_order,
    posts_keep_the_order_of_their_first_poll,
    the_event_is_there_before_the_answer,
    a_client_id_is_stored_once,
    a_removed_participant_says_nothing_more,
    what_was_decided_before_a_room_was_archived_is_decided_again,
    only_standing_messages_are_answered,
    foreign_files_cannot_be_attached,
    whoever_is_named_is_mentioned,
    the_first_name_that_is_a_participants_is_mentioned,
    what_is_posted_survives_a_restart,
);

async fn fifty_posters_leave_no_gap_and_are_told_in_order(mut world: World) {
    let users = world.users(50).await;
    let rooms = [
        world.private(&users.iter().collect::<Vec<_>>()).await.room.id,
        world.private(&users.iter().collect::<Vec<_>>()).await.room.id,
    ];
    world.events();
    let mut posters = Vec::new();
    for user in users {
        let (store, basis) = (world.store.clone(), world.member(rooms[0], user.id).await);
        posters.push(tokio::spawn(async move {
            for n in 0..20 {
                let posted =
                    store.post(rooms[n % 2], basis, draft(&user, &n.to_string())).await.unwrap();
                // Own writes are visible, whoever else writes.
                let seen = store
                    .messages(rooms[n % 2], chatctl::model::Window::One(posted.message.seq), 1)
                    .await
                    .unwrap();
                assert_eq!(seen, [posted.message]);
            }
        }));
    }
    for poster in posters {
        poster.await.unwrap();
    }
    let steps = world.steps();
    for room in rooms {
        let told: Vec<_> = steps.iter().filter(|step| step.room == room).collect();
        assert_eq!(told.len(), 500);
        let mut time = Timestamp(0);
        for (n, step) in (1..).zip(told) {
            let [Change::Posted(message)] = &step.changes[..] else { panic!("{step:?}") };
            assert_eq!((message.seq.0, message.rev, step.rev.0), (n, step.rev, n + 1));
            assert!(message.created >= time);
            time = message.created;
        }
        let facts = world.facts(room).await;
        assert_eq!(
            (facts.room.last_seq.0, facts.room.rev.0, facts.room.facts_rev.0),
            (500, 501, 1)
        );
    }
}

/// Also those of a task that the runtime has pause, since it did much at once.
async fn posts_keep_the_order_of_their_first_poll(world: World) {
    let ann = world.user("ann").await;
    let id = world.private(&[&ann]).await.room.id;
    let (store, basis) = (world.store.clone(), world.member(id, ann.id).await);
    let posts = async move {
        let mut early = store.post(id, basis, draft(&ann, "early"));
        poll_fn(|context| {
            while pin!(consume_budget()).poll(context).is_ready() {}
            assert!(early.as_mut().poll(context).is_pending());
            Poll::Ready(())
        })
        .await;
        yield_now().await;
        let late = store.post(id, basis, draft(&ann, "late"));
        let (late, early) = tokio::join!(late, early);
        [early, late].map(|posted| posted.unwrap().message.seq)
    };
    assert_eq!(tokio::spawn(posts).await.unwrap(), [Seq(1), Seq(2)]);
}

async fn the_event_is_there_before_the_answer(mut world: World) {
    let ann = world.user("ann").await;
    let id = world.private(&[&ann]).await.room.id;
    world.events();
    let mut new = draft(&ann, "hello");
    (new.socket, new.client_id) = (Some(SocketId(7)), Some("c1".to_owned()));
    let posted = world.store.post(id, world.member(id, ann.id).await, new).await.unwrap();
    let events = world.events();
    let [Event::Room(step)] = &events[..] else { panic!("{events:?}") };
    assert_eq!(
        (step.socket, step.by.login(), step.at),
        (Some(SocketId(7)), "ann", posted.message.created)
    );
    assert!(matches!(&step.changes[..], [Change::Posted(message)] if *message == posted.message));
    assert_eq!(posted.message.client_id.as_deref(), Some("c1"));
}

async fn a_client_id_is_stored_once(mut world: World) {
    let (ann, ben) = (world.user("ann").await, world.user("ben").await);
    let id = world.private(&[&ann, &ben]).await.room.id;
    let basis = world.member(id, ann.id).await;
    world.events();
    let named = |text: &str| Draft { client_id: Some("c1".to_owned()), ..draft(&ann, text) };
    let tries = (0..10).map(|n| {
        let (store, draft) = (world.store.clone(), named(&n.to_string()));
        tokio::spawn(async move { store.post(id, basis, draft).await.unwrap() })
    });
    let mut answers = Vec::new();
    for attempt in tries.collect::<Vec<_>>() {
        answers.push(attempt.await.unwrap());
    }
    assert_eq!(answers.iter().filter(|posted| !posted.repeated).count(), 1);
    assert!(answers.iter().all(|posted| posted.message == answers[0].message));
    assert_eq!(world.steps().len(), 1);
    // The same client id of another user, or in another room, is another message.
    let bens = Draft { author: ben.id, ..named("ben") };
    assert!(!world.store.post(id, world.member(id, ben.id).await, bens).await.unwrap().repeated);
    let other = world.private(&[&ann]).await.room.id;
    assert!(
        !world
            .store
            .post(other, world.member(other, ann.id).await, named("x"))
            .await
            .unwrap()
            .repeated
    );
    // A repeated reply to a message deleted since is still the first one.
    let target = world.say(id, &ben, "target").await.message.seq;
    let answer =
        Draft { client_id: Some("c2".to_owned()), reply_to: Some(target), ..draft(&ann, "answer") };
    let first = world.store.post(id, basis, answer.clone()).await.unwrap();
    world
        .store
        .change_message(id, target, Basis::Nobody, Some(ben.id), Whose::Any, MessageChange::Delete)
        .await
        .unwrap();
    let second = world.store.post(id, basis, answer).await.unwrap();
    assert_eq!((second.repeated, second.message), (true, first.message));
}

async fn a_removed_participant_says_nothing_more(mut world: World) {
    let (ann, ben) = (world.user("ann").await, world.user("ben").await);
    let facts = world.private(&[&ann, &ben]).await;
    let (id, basis) = (facts.room.id, world.member(facts.room.id, ben.id).await);
    // Fills the store's counters of the room.
    world.say(id, &ben, "before").await;
    world
        .store
        .change_room(
            id,
            Basis::Nobody,
            Some(ann.id),
            RoomChange::Remove { user: ben.id, successor: None, socket: None },
        )
        .await
        .unwrap();
    world.events();
    let refused = [basis, Basis::Facts(facts.room.facts_rev)];
    for basis in refused {
        assert_eq!(
            world.store.post(id, basis, draft(&ben, "after")).await.unwrap_err(),
            StoreError::Stale
        );
    }
    world
        .store
        .change_room(id, Basis::Nobody, Some(ann.id), RoomChange::Add(ben.id, Role::Member))
        .await
        .unwrap();
    assert_eq!(
        world.store.post(id, basis, draft(&ben, "back, but decided before")).await.unwrap_err(),
        StoreError::Stale
    );
    assert_eq!(world.say(id, &ben, "back").await.message.seq, Seq(2));
    assert_eq!(
        world.store.post(RoomId(99), Basis::Nobody, draft(&ann, "x")).await.unwrap_err(),
        StoreError::NotFound(Missing::Room)
    );
    let nobody = Draft { author: UserId(99), ..draft(&ann, "x") };
    assert_eq!(
        world.store.post(id, Basis::Nobody, nobody).await.unwrap_err(),
        StoreError::NotFound(Missing::Participant)
    );
}

async fn what_was_decided_before_a_room_was_archived_is_decided_again(world: World) {
    let (ann, ben) = (world.user("ann").await, world.user("ben").await);
    let id = world.private(&[&ann, &ben]).await.room.id;
    world.say(id, &ben, "before").await;
    for settings in [
        RoomSettings { archived: Some(true), ..RoomSettings::default() },
        RoomSettings { archived: Some(false), read_only: Some(true), ..RoomSettings::default() },
    ] {
        let basis = world.member(id, ben.id).await;
        world
            .store
            .change_room(id, Basis::Nobody, Some(ann.id), RoomChange::Settings(settings.clone()))
            .await
            .unwrap();
        assert_eq!(
            world.store.post(id, basis, draft(&ben, "after")).await.unwrap_err(),
            StoreError::Stale,
            "{settings:?}"
        );
        let edit = MessageChange::Edit { text: "after".to_owned(), mentions: Vec::new() };
        assert_eq!(
            world
                .store
                .change_message(id, Seq(1), basis, Some(ben.id), Whose::Any, edit)
                .await
                .unwrap_err(),
            StoreError::Stale,
            "{settings:?}"
        );
    }
    // Who may post in a read-only room depends on the roles of others, too: the first admin takes
    // the right from the rest.
    let basis = world.member(id, ben.id).await;
    world
        .store
        .change_room(id, Basis::Nobody, Some(ann.id), RoomChange::Role(ann.id, Role::Admin))
        .await
        .unwrap();
    assert_eq!(
        world.store.post(id, basis, draft(&ben, "after")).await.unwrap_err(),
        StoreError::Stale
    );
    // A topic does not make decisions stale.
    let open = RoomSettings { read_only: Some(false), ..RoomSettings::default() };
    world
        .store
        .change_room(id, Basis::Nobody, Some(ann.id), RoomChange::Settings(open))
        .await
        .unwrap();
    let basis = world.member(id, ben.id).await;
    let topic = RoomSettings { topic: Some(Some("tea".to_owned())), ..RoomSettings::default() };
    world
        .store
        .change_room(id, Basis::Nobody, Some(ann.id), RoomChange::Settings(topic))
        .await
        .unwrap();
    assert_eq!(
        world.store.post(id, basis, draft(&ben, "still here")).await.unwrap().message.seq,
        Seq(2)
    );
}

async fn only_standing_messages_are_answered(world: World) {
    let ann = world.user("ann").await;
    let id = world.private(&[&ann]).await.room.id;
    let basis = world.member(id, ann.id).await;
    let first = world.say(id, &ann, "first").await.message.seq;
    let answer = |seq| Draft { reply_to: Some(seq), ..draft(&ann, "answer") };
    assert_eq!(
        world.store.post(id, basis, answer(first)).await.unwrap().message.reply_to,
        Some(first)
    );
    world
        .store
        .change_message(id, first, basis, Some(ann.id), Whose::Any, MessageChange::Delete)
        .await
        .unwrap();
    for gone in [first, Seq(99), Seq(0)] {
        assert_eq!(
            world.store.post(id, basis, answer(gone)).await.unwrap_err(),
            StoreError::NotFound(Missing::Message)
        );
    }
    assert_eq!(world.say(id, &ann, "no gap").await.message.seq, Seq(3));
}

async fn foreign_files_cannot_be_attached(world: World) {
    let ann = world.user("ann").await;
    let id = world.private(&[&ann]).await.room.id;
    let with = Draft { media: vec![MediaId(1)], ..draft(&ann, "file") };
    assert_eq!(
        world.store.post(id, Basis::Nobody, with).await.unwrap_err(),
        StoreError::NotFound(Missing::Media)
    );
}

async fn whoever_is_named_is_mentioned(world: World) {
    let (ann, ben, cleo) =
        (world.user("ann").await, world.user("ben").await, world.user("cleo").await);
    let id = world.private(&[&ann, &ben]).await.room.id;
    let names =
        |names: &[&str]| names.iter().map(|name| vec![name.to_string()]).collect::<Vec<_>>();
    let call =
        Draft { mentions: names(&["ben", "ann", "cleo", "ben", "nobody"]), ..draft(&ann, "@ben") };
    let first = world.store.post(id, Basis::Nobody, call.clone()).await.unwrap().message.seq;
    let second = world.store.post(id, Basis::Nobody, call).await.unwrap().message.seq;
    let store = Arc::clone(&world.store);
    let mentions = |user: UserId| {
        let store = Arc::clone(&store);
        async move {
            store
                .rooms(RoomQuery::These(user, &[id]))
                .await
                .unwrap()
                .first()
                .map(|card| card.mentions)
        }
    };
    assert_eq!(
        (mentions(ann.id).await, mentions(ben.id).await, mentions(cleo.id).await),
        (Some(0), Some(2), None)
    );
    let edit = MessageChange::Edit { text: "never mind".to_owned(), mentions: Vec::new() };
    world
        .store
        .change_message(id, first, Basis::Nobody, Some(ann.id), Whose::Any, edit)
        .await
        .unwrap();
    assert_eq!(mentions(ben.id).await, Some(1));
    world
        .store
        .change_message(id, second, Basis::Nobody, Some(ann.id), Whose::Any, MessageChange::Delete)
        .await
        .unwrap();
    assert_eq!(mentions(ben.id).await, Some(0));
    let edit = MessageChange::Edit { text: "@ben".to_owned(), mentions: names(&["ben"]) };
    world
        .store
        .change_message(id, first, Basis::Nobody, Some(ann.id), Whose::Any, edit)
        .await
        .unwrap();
    assert_eq!(mentions(ben.id).await, Some(1));
    world.store.mark_read(id, ben.id, second).await.unwrap();
    assert_eq!(mentions(ben.id).await, Some(0));
}

async fn the_first_name_that_is_a_participants_is_mentioned(world: World) {
    let (ann, ben, longer) =
        (world.user("ann").await, world.user("ben").await, world.user("ben.lee").await);
    let id = world.private(&[&ann, &ben]).await.room.id;
    let names = || vec![vec!["ben.lee.".to_owned(), "ben.lee".to_owned(), "ben".to_owned()]];
    let call = || Draft { mentions: names(), ..draft(&ann, "@ben.lee.") };
    let mentions = async |user: UserId| {
        world.store.rooms(RoomQuery::These(user, &[id])).await.unwrap()[0].mentions
    };
    world.store.post(id, Basis::Nobody, call()).await.unwrap();
    assert_eq!(mentions(ben.id).await, 1, "ben.lee is not there");
    world
        .store
        .change_room(id, Basis::Nobody, Some(ann.id), RoomChange::Add(longer.id, Role::Member))
        .await
        .unwrap();
    world.store.post(id, Basis::Nobody, call()).await.unwrap();
    assert_eq!((mentions(ben.id).await, mentions(longer.id).await), (1, 1));
    // Authors who name themselves are not notified, and nobody else is.
    world
        .store
        .post(id, Basis::Nobody, Draft { mentions: names(), ..draft(&longer, "@ben.lee.") })
        .await
        .unwrap();
    assert_eq!((mentions(ben.id).await, mentions(longer.id).await), (1, 0));
}

async fn what_is_posted_survives_a_restart(mut world: World) {
    let ann = world.user("ann").await;
    let id = world.private(&[&ann]).await.room.id;
    let waiting: Vec<_> = (0..100)
        .map(|n| {
            let (store, draft) = (world.store.clone(), draft(&ann, &n.to_string()));
            tokio::spawn(async move { store.post(id, Basis::Nobody, draft).await.is_ok() })
        })
        .collect();
    world.close().await;
    let mut stored = 0;
    for post in waiting {
        stored += i64::from(post.await.unwrap());
    }
    world.open_again().await;
    assert_eq!(world.facts(id).await.room.last_seq, Seq(stored));
    assert_eq!(world.say(id, &ann, "next").await.message.seq, Seq(stored + 1));
}
