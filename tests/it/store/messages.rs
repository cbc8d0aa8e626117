//! Changes of messages, and windows of history.

use chatctl::model::{Change, Event, Person, Reaction, Rev, Seq, Timestamp, Who, Window};
use chatctl::store::{
    Basis, Draft, MessageChange, Missing, RoomChange, StoreError, UserChange, Whose,
};

use super::{World, contract, draft};

contract!(
    an_edit_and_a_deletion_are_one_step_each,
    reactions_count_once,
    windows_ascend_and_keep_their_limits,
    authors_are_called_as_they_are_now
);

fn reaction(word: &str) -> Reaction {
    Reaction::parse(word).unwrap()
}

async fn an_edit_and_a_deletion_are_one_step_each(mut world: World) {
    let (ann, ben) = (world.user("ann").await, world.user("ben").await);
    let id = world.private(&[&ann, &ben]).await.room.id;
    let basis = world.member(id, ann.id).await;
    let seq = world.say(id, &ann, "frist").await.message.seq;
    world.events();
    let edit = |text: &str| MessageChange::Edit { text: text.to_owned(), mentions: Vec::new() };
    let done = world
        .store
        .change_message(id, seq, basis, Some(ann.id), Whose::Any, edit("first"))
        .await
        .unwrap();
    let [Event::Room(step)] = &world.events()[..] else { panic!("one event") };
    let [Change::Edited(message)] = &step.changes[..] else { panic!("{step:?}") };
    assert_eq!(
        (message.text.as_str(), message.edited, message.rev, done.rev),
        ("first", Some(step.at), Rev(3), Rev(3))
    );
    world
        .store
        .change_message(
            id,
            seq,
            basis,
            Some(ben.id),
            Whose::Any,
            MessageChange::React(reaction("like")),
        )
        .await
        .unwrap();
    world
        .store
        .change_message(id, seq, basis, Some(ann.id), Whose::Any, MessageChange::Delete)
        .await
        .unwrap();
    let shown = world.store.messages(id, Window::One(seq), 1).await.unwrap().remove(0);
    assert_eq!(
        (shown.text.as_str(), shown.rev, shown.reactions.len(), shown.deleted.is_some()),
        ("", Rev(5), 0, true)
    );
    let steps = world.steps();
    assert!(matches!(&steps[1].changes[..], [Change::Deleted(message)] if *message == shown));
    for change in [
        edit("x"),
        MessageChange::Delete,
        MessageChange::React(reaction("like")),
        MessageChange::Unreact(reaction("like")),
    ] {
        for target in [seq, Seq(99)] {
            assert_eq!(
                world
                    .store
                    .change_message(id, target, basis, Some(ann.id), Whose::Any, change.clone())
                    .await
                    .unwrap_err(),
                StoreError::NotFound(Missing::Message)
            );
        }
    }
    world
        .store
        .change_room(id, basis, Some(ann.id), RoomChange::EditedName(ann.id, "A".to_owned()))
        .await
        .unwrap();
    assert_eq!(
        world
            .store
            .change_message(id, seq, basis, Some(ann.id), Whose::Any, MessageChange::Delete)
            .await
            .unwrap_err(),
        StoreError::Stale
    );
}

async fn reactions_count_once(mut world: World) {
    let (ann, ben) = (world.user("ann").await, world.user("ben").await);
    let id = world.private(&[&ann, &ben]).await.room.id;
    let seq = world.say(id, &ann, "hello").await.message.seq;
    world.events();
    let give = |user: &chatctl::model::User, change: MessageChange| {
        let (store, user) = (world.store.clone(), user.id);
        async move {
            let done = store
                .change_message(id, seq, Basis::Nobody, Some(user), Whose::Any, change)
                .await
                .unwrap();
            (done.changed(), done.rev.0)
        }
    };
    let like = || MessageChange::React(reaction("like"));
    assert_eq!(give(&ben, like()).await, (true, 3));
    assert_eq!(give(&ben, like()).await, (false, 3));
    assert_eq!(give(&ann, MessageChange::React(reaction("👍"))).await, (true, 4));
    assert_eq!(give(&ann, like()).await, (true, 5));
    let counts = |messages: &[chatctl::model::Message]| -> Vec<(String, Vec<String>)> {
        messages[0]
            .reactions
            .iter()
            .map(|count| (count.reaction.as_str().to_owned(), count.users.clone()))
            .collect()
    };
    let names = |names: &[&str]| names.iter().map(ToString::to_string).collect::<Vec<_>>();
    let shown = world.store.messages(id, Window::Latest, 10).await.unwrap();
    assert_eq!(
        counts(&shown),
        [("like".to_owned(), names(&["ben", "ann"])), ("👍".to_owned(), names(&["ann"]))]
    );
    assert_eq!(give(&ben, MessageChange::Unreact(reaction("like"))).await, (true, 6));
    assert_eq!(give(&ben, MessageChange::Unreact(reaction("like"))).await, (false, 6));
    let shown = world.store.messages(id, Window::Latest, 10).await.unwrap();
    assert_eq!(counts(&shown)[1], ("like".to_owned(), names(&["ann"])));
    assert_eq!(world.steps().len(), 4);
    let laugh = || MessageChange::React(reaction("laugh"));
    let react =
        || world.store.change_message(id, seq, Basis::Nobody, Some(ann.id), Whose::Any, laugh());
    let first = react().await.unwrap();
    while Timestamp::now() <= first.at {
        tokio::task::yield_now().await;
    }
    let again = react().await.unwrap();
    assert_eq!((again.changed(), again.at), (false, first.at), "it was given then");
}

async fn windows_ascend_and_keep_their_limits(world: World) {
    let ann = world.user("ann").await;
    let id = world.private(&[&ann]).await.room.id;
    for n in 1..=10 {
        world.say(id, &ann, &n.to_string()).await;
    }
    world
        .store
        .change_message(id, Seq(9), Basis::Nobody, Some(ann.id), Whose::Any, MessageChange::Delete)
        .await
        .unwrap();
    for (window, limit, expected) in [
        (Window::Latest, 3, vec![8, 9, 10]),
        (Window::Before(Seq(4)), 2, vec![2, 3]),
        (Window::Before(Seq(1)), 2, vec![]),
        (Window::After(Seq(4)), 2, vec![5, 6]),
        (Window::After(Seq(10)), 2, vec![]),
        (Window::Around(Seq(5)), 4, vec![4, 5, 6, 7]),
        (Window::Around(Seq(5)), 5, vec![3, 4, 5, 6, 7]),
        (Window::Around(Seq(5)), 1, vec![5]),
        (Window::Around(Seq(10)), 4, vec![9, 10]),
        (Window::One(Seq(9)), 1, vec![9]),
        (Window::One(Seq(99)), 1, vec![]),
        (Window::Offset(0), 3, vec![7, 8, 10]),
        (Window::Offset(2), 2, vec![6, 7]),
        (Window::Offset(20), 2, vec![]),
    ] {
        let found = world.store.messages(id, window, limit).await.unwrap();
        assert_eq!(
            found.iter().map(|message| message.seq.0).collect::<Vec<_>>(),
            expected,
            "{window:?}"
        );
    }
}

async fn authors_are_called_as_they_are_now(world: World) {
    let (ann, ben) = (world.user("ann").await, world.user("ben").await);
    let id = world.private(&[&ann, &ben]).await.room.id;
    world.say(id, &ann, "hello").await;
    let author = |store: std::sync::Arc<dyn chatctl::store::Store>| async move {
        store.messages(id, Window::Latest, 1).await.unwrap().remove(0).author
    };
    world
        .store
        .change_room(
            id,
            Basis::Nobody,
            Some(ann.id),
            RoomChange::EditedName(ann.id, "Annie".to_owned()),
        )
        .await
        .unwrap();
    assert_eq!(author(world.store.clone()).await.name(), "Annie");
    world
        .store
        .change_user(ann.id, UserChange { name: Some("Anna".to_owned()), ..UserChange::default() })
        .await
        .unwrap();
    assert_eq!(author(world.store.clone()).await.name(), "Annie");
    world
        .store
        .change_room(
            id,
            Basis::Nobody,
            Some(ann.id),
            RoomChange::Remove { user: ann.id, successor: None, socket: None },
        )
        .await
        .unwrap();
    assert_eq!(
        author(world.store.clone()).await,
        Who::User(Person { id: ann.id, login: "ann".to_owned(), name: "Anna".to_owned() })
    );
    world.store.remove_user(ann.id).await.unwrap();
    assert_eq!(author(world.store.clone()).await, Who::Deleted);
    let outsider = Draft { author: ben.id, ..draft(&ben, "still here") };
    assert_eq!(
        world.store.post(id, Basis::Nobody, outsider).await.unwrap().message.author.login(),
        "ben"
    );
}
