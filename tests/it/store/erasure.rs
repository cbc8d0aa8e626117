//! What a user has left, and removing it: messages and reactions in rooms, files, rows that outlive
//! the account.

use chatctl::model::{Change, MediaId, NewEmoji, Reaction, RoomId, Seq, UserId};
use chatctl::store::{Basis, MessageChange, OwnFile, RoomChange, RoomQuery, Whose};

use super::media::{name, upload, upload_as, with};
use super::sessions::new_session;
use super::{World, contract};

contract!(
    what_a_user_has_left_is_found_part_by_part,
    own_files_go_unless_they_are_used,
    rows_that_outlive_a_user_are_forgotten
);

/// Returns all traces of a user in a room, read in parts of this many messages.
async fn traces(
    world: &World,
    user: UserId,
    room: RoomId,
    count: u32,
) -> (Vec<i64>, Vec<(i64, String)>) {
    let (mut written, mut reactions, mut next) = (Vec::new(), Vec::new(), Some(Seq(0)));
    while let Some(from) = next {
        let found = world.store.traces(user, room, from, count).await.unwrap();
        assert!(found.next.is_none_or(|next| next > from), "{found:?}");
        written.extend(found.written.iter().map(|seq| seq.0));
        let given = found.reactions.iter();
        reactions.extend(given.map(|(seq, given, _)| (seq.0, given.as_str().to_owned())));
        next = found.next;
    }
    (written, reactions)
}

async fn what_a_user_has_left_is_found_part_by_part(mut world: World) {
    let (ann, ben) = (world.user("ann").await, world.user("ben").await);
    let room = world.private(&[&ann, &ben]).await.room.id;
    for n in 0..5 {
        world.say(room, &ann, &format!("{n} of ann")).await;
        world.say(room, &ben, &format!("{n} of ben")).await;
    }
    let change = async |seq: i64, by: UserId, change: MessageChange| {
        let (seq, store) = (Seq(seq), &world.store);
        store.change_message(room, seq, Basis::Nobody, Some(by), Whose::Any, change).await.unwrap();
    };
    let react = |text: &str| MessageChange::React(Reaction::parse(text).unwrap());
    for (seq, by, text) in [
        (2, ann.id, "like"),
        (2, ann.id, "sad"),
        (2, ben.id, "love"),
        (4, ann.id, "like"),
        (6, ann.id, "angry"),
        (1, ben.id, "like"),
    ] {
        change(seq, by, react(text)).await;
    }
    change(6, ann.id, MessageChange::Unreact(Reaction::parse("angry").unwrap())).await;
    change(3, ann.id, MessageChange::Delete).await;
    // The reaction goes with the message.
    change(4, ben.id, MessageChange::Delete).await;
    let reactions = vec![(2, "like".to_owned()), (2, "sad".to_owned())];
    for count in [1, 3, 10, 500] {
        let found = traces(&world, ann.id, room, count).await;
        assert_eq!(found, (vec![1, 5, 7, 9], reactions.clone()), "{count}");
    }
    // Of those who have left and who are deleted, too.
    let leave = RoomChange::Remove { user: ann.id, successor: None, socket: None };
    world.store.change_room(room, Basis::Nobody, Some(ann.id), leave).await.unwrap();
    world.store.remove_user(ann.id).await.unwrap();
    assert_eq!(traces(&world, ann.id, room, 4).await, (vec![1, 5, 7, 9], reactions));
    let nothing = (Vec::new(), Vec::new());
    assert_eq!(traces(&world, UserId(999), room, 4).await, nothing);
    assert_eq!(traces(&world, ann.id, RoomId(999), 4).await, nothing);
    world.open_again_after_close().await;
    assert_eq!(traces(&world, ben.id, room, 4).await.0, [2, 6, 8, 10]);
}

async fn own_files_go_unless_they_are_used(world: World) {
    let (ann, ben) = (world.user("ann").await, world.user("ben").await);
    let room = world.private(&[&ann, &ben]).await.room.id;
    let used = upload(&world, &ann, 1, "png").await;
    let twice = upload_as(&world, &ann, 1, "png", Some("again.png")).await;
    let shared = upload(&world, &ann, 2, "png").await;
    let bens = upload(&world, &ben, 2, "png").await;
    let alone = upload(&world, &ann, 3, "png").await;
    let emoji = upload(&world, &ann, 4, "png").await;
    let same = upload_as(&world, &ann, 4, "png", Some("emoji.png")).await;
    let new = NewEmoji { name: "parrot".to_owned(), media: emoji.id };
    world.store.add_emoji(ann.id, new).await.unwrap();
    let posted = world.store.post(room, world.member(room, ann.id).await, with(&ann, &[used.id]));
    let posted = posted.await.unwrap().message;
    let list = async || {
        let (mut all, mut next) = (Vec::new(), Some(MediaId(0)));
        while let Some(from) = next {
            let (page, more) = world.store.own_files(ann.id, from, 2).await.unwrap();
            all.extend(page.into_iter().map(|OwnFile { media, needed, stays, bytes_stay }| {
                (media.id, [needed, stays, bytes_stay])
            }));
            next = more;
        }
        all
    };
    let of_emoji = (emoji.id, [true, true, true]);
    let all = [
        (used.id, [true, false, false]),
        (twice.id, [true, false, false]),
        (shared.id, [true, false, true]),
        (alone.id, [false, false, false]),
        of_emoji,
        (same.id, [true, false, true]),
    ];
    assert_eq!(list().await, all);
    let ids = [used.id, twice.id, shared.id, bens.id, alone.id, emoji.id, same.id];
    world.store.drop_own_files(ann.id, &ids).await.unwrap();
    let left = [(used.id, [true, false, false]), of_emoji];
    assert_eq!(list().await, left, "only what a message or an emoji has");
    let known = world.store.known_media(&[name(1), name(2), name(3), name(4)]).await.unwrap();
    assert_eq!(known, [name(1), name(2), name(4)], "the same bytes of another user stay");
    let delete = MessageChange::Delete;
    let deleted =
        world.store.change_message(room, posted.seq, Basis::Nobody, None, Whose::Any, delete);
    deleted.await.unwrap();
    assert_eq!(list().await, [(used.id, [false, false, false]), of_emoji]);
    world.store.drop_own_files(ann.id, &[used.id]).await.unwrap();
    world.store.drop_own_files(ann.id, &[used.id]).await.unwrap();
    assert_eq!(list().await, [of_emoji]);
    assert_ne!(upload(&world, &ann, 3, "png").await.id, alone.id, "uploaded anew");
}

async fn rows_that_outlive_a_user_are_forgotten(mut world: World) {
    let (ann, ben) = (world.user("ann").await, world.user("ben").await);
    let room = world.private(&[&ann, &ben]).await.room.id;
    for n in 0..3 {
        world.say(room, &ben, &n.to_string()).await;
    }
    world.store.mark_read(room, ann.id, Seq(2)).await.unwrap();
    let session = new_session(&ann, 1);
    world.sessions.start(session.clone()).await.unwrap();
    let bens = new_session(&ben, 2);
    world.sessions.start(bens.clone()).await.unwrap();
    // Nothing is lost of a user who is there.
    world.store.forget_user(ann.id).await.unwrap();
    let card = async |world: &World, user: UserId| {
        let mut cards = world.store.rooms(RoomQuery::These(user, &[room])).await.unwrap();
        cards.remove(0)
    };
    assert_eq!(card(&world, ann.id).await.mark, Seq(2));
    world.store.remove_user(ann.id).await.unwrap();
    let gone =
        |change: &Change| matches!(change, Change::ParticipantRemoved(gone) if gone.id == ann.id);
    world.wait_for_step(room, gone).await;
    let seen = async |world: &World| world.sessions.last_seen(&[ann.id, ben.id]).await.unwrap();
    assert!(seen(&world).await[0].is_some(), "ended sessions are remembered");
    for _ in 0..2 {
        world.store.forget_user(ann.id).await.unwrap();
        let [anns, bens] = seen(&world).await[..] else { panic!("one of each") };
        assert!(anns.is_none() && bens.is_some());
    }
    assert_eq!(world.sessions.find(session.token, session.now, session.life).await, Ok(None));
    let found = world.sessions.find(bens.token, bens.now, bens.life).await.unwrap();
    assert_eq!(found.map(|session| session.user), Some(ben.id));
    // The room is as before, also for a server that reads it anew.
    world.say(room, &ben, "and on").await;
    world.open_again_after_close().await;
    let facts = world.facts(room).await;
    assert_eq!((facts.participants.len(), facts.room.last_seq), (1, Seq(4)));
    let readers = world.store.readers(room, Seq(1)).await.unwrap();
    assert_eq!(
        readers.iter().map(|(mark, login)| (mark.seq, &**login)).collect::<Vec<_>>(),
        [(Seq(4), "ben")]
    );
    let page = world.store.messages(room, chatctl::model::Window::Latest, 10).await.unwrap();
    assert_eq!(page.len(), 4);
}
