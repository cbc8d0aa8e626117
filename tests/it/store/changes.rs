//! `changes`: missed changes, once each, in rev order, page by page.

use chatctl::model::{Reaction, Rev, RoomId, Seq};
use chatctl::store::{Basis, MessageChange, Missing, RoomChange, StoreError, Whose};

use super::{World, contract};

contract!(
    changed_messages_come_once_in_rev_order,
    pages_join_without_gap,
    large_texts_end_a_page,
    another_past_is_reset
);

async fn changed_messages_come_once_in_rev_order(world: World) {
    let (ann, ben) = (world.user("ann").await, world.user("ben").await);
    let id = world.private(&[&ann, &ben]).await.room.id;
    for n in 1..=3 {
        world.say(id, &ann, &n.to_string()).await;
    }
    let like = MessageChange::React(Reaction::parse("like").unwrap());
    world
        .store
        .change_message(id, Seq(1), Basis::Nobody, Some(ben.id), Whose::Any, like)
        .await
        .unwrap();
    world
        .store
        .change_message(id, Seq(2), Basis::Nobody, Some(ann.id), Whose::Any, MessageChange::Delete)
        .await
        .unwrap();
    let all = world.store.changes(id, Rev(0), None, 100).await.unwrap();
    assert_eq!(
        all.messages.iter().map(|m| (m.seq.0, m.rev.0)).collect::<Vec<_>>(),
        [(3, 4), (1, 5), (2, 6)]
    );
    assert_eq!((all.rev, all.more, all.reset), (Rev(6), false, false));
    assert_eq!(all.room, Some(world.facts(id).await));
    assert_eq!(all.messages[1].reactions[0].users, ["ben"]);
    assert_eq!((all.messages[2].text.as_str(), all.messages[2].deleted.is_some()), ("", true));
    let rest = world.store.changes(id, Rev(5), None, 100).await.unwrap();
    assert_eq!((rest.messages.len(), rest.room), (1, None));
    world
        .store
        .change_room(id, Basis::Nobody, Some(ann.id), RoomChange::Rename(None))
        .await
        .unwrap();
    let named = world.store.changes(id, Rev(6), None, 100).await.unwrap();
    assert_eq!((named.messages.len(), named.rev, named.room.unwrap().room.name), (0, Rev(7), None));
    assert_eq!(
        world.store.changes(RoomId(99), Rev(0), None, 10).await.unwrap_err(),
        StoreError::NotFound(Missing::Room)
    );
}

async fn pages_join_without_gap(world: World) {
    let ann = world.user("ann").await;
    let id = world.private(&[&ann]).await.room.id;
    for n in 1..=10 {
        world.say(id, &ann, &n.to_string()).await;
    }
    let (mut since, mut seen, mut pages) = (Rev(1), Vec::new(), 0);
    loop {
        let page = world.store.changes(id, since, None, 4).await.unwrap();
        seen.extend(page.messages.iter().map(|message| message.seq.0));
        since = page.rev;
        pages += 1;
        if !page.more {
            break;
        }
    }
    assert_eq!((seen, pages, since), ((1..=10).collect(), 3, Rev(11)));
}

async fn large_texts_end_a_page(world: World) {
    let ann = world.user("ann").await;
    let id = world.private(&[&ann]).await.room.id;
    for _ in 0..5 {
        world.say(id, &ann, &"책".repeat(40_000)).await;
    }
    let page = world.store.changes(id, Rev(1), None, 100).await.unwrap();
    assert_eq!((page.messages.len(), page.more, page.rev), (3, true, Rev(4)));
    let rest = world.store.changes(id, page.rev, None, 100).await.unwrap();
    assert_eq!((rest.messages.len(), rest.more, rest.rev), (2, false, Rev(6)));
}

async fn another_past_is_reset(world: World) {
    let ann = world.user("ann").await;
    let id = world.private(&[&ann]).await.room.id;
    world.say(id, &ann, "hello").await;
    let epoch = world.store.settings().await.unwrap().epoch;
    let ours = world.store.changes(id, Rev(1), Some(&epoch), 10).await.unwrap();
    assert_eq!((ours.reset, ours.messages.len(), ours.epoch), (false, 1, epoch.clone()));
    for (since, theirs) in [(Rev(1), "another"), (Rev(3), epoch.as_str())] {
        let reset = world.store.changes(id, since, Some(theirs), 10).await.unwrap();
        assert_eq!(
            (reset.reset, reset.messages.len(), reset.rev, reset.more),
            (true, 0, Rev(2), false)
        );
    }
}
