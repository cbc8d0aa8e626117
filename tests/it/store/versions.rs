//! Versions of rooms: each change of what is read has a new one as soon as it is answered.

use std::time::Instant;

use chatctl::model::{OwnChange, Reaction, Role, RoomFacts, RoomId, Seq, Window};
use chatctl::store::{
    Basis, MessageChange, MessagePage, RoomChange, StoreError, UserChange, Version, Whose,
};

use super::sessions::new_session;
use super::{PATIENCE, World, contract_of_sqlite};

contract_of_sqlite!(a_version_is_new_after_each_change_that_is_read);

/// What is read of a room, and the version that it has.
#[derive(Debug, PartialEq)]
struct Read {
    page: Result<MessagePage, StoreError>,
    facts: Option<RoomFacts>,
}

async fn read(world: &World, room: RoomId) -> (Version, Read) {
    let until = Instant::now() + PATIENCE;
    // None while a background job commits.
    let version = loop {
        if let Some(version) = world.store.version(room) {
            break version;
        }
        assert!(Instant::now() < until, "no commit takes so long");
        tokio::task::yield_now().await;
    };
    let page = world.store.page(room, Window::Latest, 50).await;
    (version, Read { page, facts: world.store.room(room).await.unwrap() })
}

async fn a_version_is_new_after_each_change_that_is_read(world: World) {
    let [ann, ben, cyd] =
        [world.user("ann").await, world.user("ben").await, world.user("cyd").await];
    let id = world.private(&[&ann, &ben]).await.room.id;
    let other = world.private(&[&ann, &ben]).await.room.id;
    world.say(id, &ben, "of ben").await;
    // Jobs of the start are done, and the writer is past them.
    world.settle().await;
    world.user("last").await;
    let mut before = read(&world, id).await;
    let mut compare = async |what: &str, read_differently: bool| {
        let now = read(&world, id).await;
        assert_eq!(now.1 != before.1, read_differently, "what is read after {what}");
        assert_eq!(now.0 != before.0, read_differently, "the version after {what}");
        before = now;
    };
    let act = async |seq, change| {
        let basis = Basis::Nobody;
        let done = world.store.change_message(id, seq, basis, Some(ann.id), Whose::Any, change);
        done.await.unwrap();
    };
    let change = async |change| {
        world.store.change_room(id, Basis::Nobody, Some(ann.id), change).await.unwrap();
    };
    let rename = async |name: &str| {
        let change = UserChange { name: Some(name.to_owned()), ..UserChange::default() };
        world.store.change_user(ben.id, change).await.unwrap();
    };
    let like = || Reaction::parse("like").unwrap();

    let seq = world.say(id, &ann, "hello").await.message.seq;
    compare("a post", true).await;
    act(seq, MessageChange::Edit { text: "Hello".to_owned(), mentions: Vec::new() }).await;
    compare("an edit", true).await;
    act(seq, MessageChange::React(like())).await;
    compare("a reaction", true).await;
    act(seq, MessageChange::Unreact(like())).await;
    compare("a removed reaction", true).await;
    act(seq, MessageChange::Delete).await;
    compare("a deletion", true).await;
    change(RoomChange::Rename(Some("other".to_owned()))).await;
    compare("a name of the room", true).await;
    change(RoomChange::EditedName(ben.id, "Benny".to_owned())).await;
    compare("a name in the room", true).await;
    change(RoomChange::EditedName(ben.id, String::new())).await;
    compare("no name in the room", true).await;
    rename("Ben").await;
    // Its job is done too.
    world.settle().await;
    world.user("one").await;
    compare("a display name", true).await;
    change(RoomChange::Add(cyd.id, Role::Member)).await;
    compare("an added participant", true).await;
    change(RoomChange::Remove { user: cyd.id, successor: None, socket: None }).await;
    compare("a removed participant", true).await;

    world.store.mark_read(id, ben.id, Seq(2)).await.unwrap();
    compare("a read mark", false).await;
    world.store.change_mine(id, ben.id, OwnChange::mute(true)).await.unwrap();
    compare("a muted room", false).await;
    world.sessions.start(new_session(&ann, 1)).await.unwrap();
    compare("a log-in", false).await;
    world.user("dan").await;
    world.private(&[&ann]).await;
    world.say(other, &ann, "elsewhere").await;
    compare("changes of others", false).await;

    world.store.remove_user(ben.id).await.unwrap();
    compare("a deleted author", true).await;
    change(RoomChange::Delete).await;
    compare("a deleted room", true).await;
    assert_eq!(before.1.facts, None);
}
