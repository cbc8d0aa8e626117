//! Rows of uploaded files: one per name and owner, readable if used by something of the reader's,
//! removed when unused.

use chatctl::model::{Media, MediaId, Role, Seq, Timestamp, User};
use chatctl::store::{
    Basis, Draft, MessageChange, Missing, NewMedia, RoomChange, StoreError, UserChange, Whose,
};

use super::{World, contract, contract_of_sqlite, draft};

contract!(
    a_name_belongs_to_its_upload,
    unused_files_are_summed_up,
    a_file_is_one_for_its_owner,
    who_may_read_a_file,
    only_own_files_hang_on_messages,
    what_nothing_refers_to_is_forgotten,
    pictures_reach_the_rooms
);

contract_of_sqlite!(a_post_and_the_collector_never_both_win);

pub(super) fn name(n: u8) -> String {
    format!("{n:02x}").repeat(64)
}

pub(super) async fn upload(world: &World, owner: &User, n: u8, kind: &str) -> Media {
    upload_as(world, owner, n, kind, Some("책.png")).await
}

pub(super) async fn upload_as(
    world: &World,
    owner: &User,
    n: u8,
    kind: &str,
    file_name: Option<&str>,
) -> Media {
    let new = NewMedia {
        owner: owner.id,
        name: name(n),
        kind: kind.to_owned(),
        is_image: kind == "png",
        size: 9,
        width: Some(3),
        height: Some(4),
        file_name: file_name.map(str::to_owned),
    };
    world.store.add_media(new).await.unwrap().value
}

pub(super) fn with(author: &User, media: &[MediaId]) -> Draft {
    Draft { media: media.to_vec(), ..draft(author, "look") }
}

async fn a_file_is_one_for_its_owner(world: World) {
    let (ann, ben) = (world.user("ann").await, world.user("ben").await);
    let first = upload(&world, &ann, 1, "png").await;
    assert_eq!(
        (first.name.as_str(), first.size, first.width, first.height, first.file_name.as_deref()),
        (name(1).as_str(), 9, Some(3), Some(4), Some("책.png"))
    );
    assert_eq!(upload(&world, &ann, 1, "png").await.id, first.id);
    let other = upload(&world, &ben, 1, "png").await;
    assert_ne!(other.id, first.id);
    assert_eq!(other.owner, ben.id);
    assert_eq!(world.store.known_media(&[name(1), name(2)]).await.unwrap(), [name(1)]);
}

async fn a_name_belongs_to_its_upload(world: World) {
    let (ann, ben) = (world.user("ann").await, world.user("ben").await);
    let room = world.private(&[&ann, &ben]).await.room.id;
    let secret = upload_as(&world, &ann, 1, "pdf", Some("salaries.pdf")).await;
    let shown = upload_as(&world, &ann, 1, "pdf", Some("agenda.pdf")).await;
    let bare = upload_as(&world, &ann, 1, "pdf", None).await;
    assert_eq!(
        [&secret, &shown, &bare].map(|file| file.file_name.as_deref()),
        [Some("salaries.pdf"), Some("agenda.pdf"), None]
    );
    let posted = world
        .store
        .post(room, world.member(room, ann.id).await, with(&ann, &[shown.id, bare.id]))
        .await
        .unwrap();
    assert_eq!(posted.message.media, [shown.clone(), bare.clone()], "each under its own name");
    assert_eq!(upload_as(&world, &ann, 1, "pdf", None).await, bare, "the same again is the same");
    let read = async |id: Option<MediaId>, user: &User| {
        world.store.media(&name(1), id, user.id).await.unwrap().map(|file| file.id)
    };
    assert_eq!(
        (read(Some(shown.id), &ben).await, read(Some(bare.id), &ben).await),
        (Some(shown.id), Some(bare.id))
    );
    assert_eq!(
        (read(Some(secret.id), &ben).await, read(Some(secret.id), &ann).await),
        (None, Some(secret.id))
    );
    assert_eq!(
        (read(None, &ben).await, read(None, &ann).await),
        (Some(bare.id), Some(bare.id)),
        "the newest that may be read"
    );
    let other = upload(&world, &ann, 2, "pdf").await;
    assert_eq!(
        world.store.media(&name(1), Some(other.id), ann.id).await.unwrap(),
        None,
        "of other bytes"
    );
}

async fn unused_files_are_summed_up(world: World) {
    let (ann, ben) = (world.user("ann").await, world.user("ben").await);
    let room = world.private(&[&ann, &ben]).await.room.id;
    let used = upload(&world, &ann, 1, "png").await;
    upload(&world, &ann, 2, "png").await;
    upload_as(&world, &ann, 2, "png", None).await;
    upload(&world, &ben, 3, "png").await;
    let sum = async |user: &User| world.store.unused_media_bytes(user.id).await.unwrap();
    assert_eq!(
        (sum(&ann).await, sum(&ben).await),
        (2 * 4_096, 4_096),
        "a block each, the same bytes once"
    );
    world.store.post(room, world.member(room, ann.id).await, with(&ann, &[used.id])).await.unwrap();
    assert_eq!(sum(&ann).await, 4_096);
    let later = Timestamp::now().plus(std::time::Duration::from_secs(1));
    assert_eq!(
        world.store.count_unused_media(later, MediaId(0), 3).await.unwrap(),
        (3, 2, Some(MediaId(3)))
    );
    assert_eq!(world.store.count_unused_media(later, MediaId(3), 3).await.unwrap(), (1, 1, None));
}

async fn who_may_read_a_file(world: World) {
    let (ann, ben, eve) =
        (world.user("ann").await, world.user("ben").await, world.user("eve").await);
    let room = world.private(&[&ann, &ben]).await.room.id;
    let file = upload(&world, &ann, 1, "pdf").await;
    let may = async |user: &User, n: u8| {
        world.store.media(&name(n), None, user.id).await.unwrap().is_some()
    };
    assert_eq!((may(&ann, 1).await, may(&ben, 1).await), (true, false));
    let posted = world
        .store
        .post(room, world.member(room, ann.id).await, with(&ann, &[file.id]))
        .await
        .unwrap();
    assert_eq!(posted.message.media, [file]);
    assert_eq!((may(&ben, 1).await, may(&eve, 1).await), (true, false));
    world
        .store
        .change_room(
            room,
            Basis::Nobody,
            Some(ann.id),
            RoomChange::Remove { user: ben.id, successor: None, socket: None },
        )
        .await
        .unwrap();
    assert!(!may(&ben, 1).await, "out of the room, out of its files");
    world
        .store
        .change_room(room, Basis::Nobody, Some(ann.id), RoomChange::Add(ben.id, Role::Member))
        .await
        .unwrap();
    assert!(may(&ben, 1).await);
    world
        .store
        .change_message(
            room,
            posted.message.seq,
            Basis::Nobody,
            Some(ann.id),
            Whose::Any,
            MessageChange::Delete,
        )
        .await
        .unwrap();
    assert_eq!((may(&ann, 1).await, may(&ben, 1).await), (true, false), "deleted with the message");
    let picture = upload(&world, &ann, 2, "png").await;
    world
        .store
        .change_user(ann.id, UserChange { media: Some(Some(picture.id)), ..UserChange::default() })
        .await
        .unwrap();
    assert!(may(&eve, 2).await, "profile pictures are for everybody");
}

async fn only_own_files_hang_on_messages(world: World) {
    let (ann, ben) = (world.user("ann").await, world.user("ben").await);
    let room = world.private(&[&ann, &ben]).await.room.id;
    let (own, foreign, paper) = (
        upload(&world, &ann, 1, "png").await,
        upload(&world, &ben, 2, "png").await,
        upload(&world, &ann, 3, "pdf").await,
    );
    for media in [vec![foreign.id], vec![own.id, foreign.id], vec![MediaId(99)]] {
        let refused = world
            .store
            .post(room, world.member(room, ann.id).await, with(&ann, &media))
            .await
            .unwrap_err();
        assert_eq!(refused, StoreError::NotFound(Missing::Media), "{media:?}");
    }
    assert_eq!(world.facts(room).await.room.last_seq, Seq(0));
    for picture in [foreign.id, paper.id, MediaId(99)] {
        let change = UserChange { media: Some(Some(picture)), ..UserChange::default() };
        assert_eq!(
            world.store.change_user(ann.id, change).await.unwrap_err(),
            StoreError::NotFound(Missing::Media)
        );
    }
}

async fn what_nothing_refers_to_is_forgotten(world: World) {
    let (ann, ben) = (world.user("ann").await, world.user("ben").await);
    let room = world.private(&[&ann, &ben]).await.room.id;
    let mut files = Vec::new();
    for n in 1..=5 {
        files.push(upload(&world, &ann, n, "png").await);
    }
    upload(&world, &ben, 4, "png").await;
    world
        .store
        .post(room, world.member(room, ann.id).await, with(&ann, &[files[0].id]))
        .await
        .unwrap();
    world
        .store
        .change_user(ann.id, UserChange { media: Some(Some(files[1].id)), ..UserChange::default() })
        .await
        .unwrap();
    let sweep = async |before: Timestamp| {
        let (mut names, mut after) = (Vec::new(), Some(MediaId(0)));
        while let Some(from) = after {
            let (some, next) = world.store.drop_unused_media(before, from, 2).await.unwrap();
            names.extend(some);
            after = next;
        }
        names
    };
    assert!(
        sweep(Timestamp::now().minus(std::time::Duration::from_hours(24))).await.is_empty(),
        "a day is not over"
    );
    let later = Timestamp::now().plus(std::time::Duration::from_secs(1));
    assert_eq!(
        sweep(later).await,
        [name(3), name(5), name(4)],
        "the last owner's row takes the name with it"
    );
    assert!(sweep(later).await.is_empty());
    assert_eq!(
        world.store.known_media(&(1..=5).map(name).collect::<Vec<_>>()).await.unwrap(),
        [name(1), name(2)]
    );
    world
        .store
        .change_message(
            room,
            Seq(1),
            Basis::Nobody,
            Some(ann.id),
            Whose::Any,
            MessageChange::Delete,
        )
        .await
        .unwrap();
    world
        .store
        .change_user(ann.id, UserChange { media: Some(None), ..UserChange::default() })
        .await
        .unwrap();
    assert_eq!(sweep(later).await, [name(1), name(2)]);
}

async fn pictures_reach_the_rooms(mut world: World) {
    let ann = world.user("ann").await;
    let room = world.private(&[&ann]).await.room.id;
    let picture = upload(&world, &ann, 1, "png").await;
    world.events();
    world
        .store
        .change_user(ann.id, UserChange { media: Some(Some(picture.id)), ..UserChange::default() })
        .await
        .unwrap();
    world
        .wait_for_step(room, |change| {
            matches!(change, chatctl::model::Change::ParticipantChanged { .. })
        })
        .await;
    let there = world.facts(room).await;
    assert_eq!(
        there.participant(ann.id).unwrap().media.as_ref().map(|media| media.id),
        Some(picture.id)
    );
}

async fn a_post_and_the_collector_never_both_win(world: World) {
    let ann = world.user("ann").await;
    let room = world.private(&[&ann]).await.room.id;
    let basis = world.member(room, ann.id).await;
    let (mut kept, mut gone) = (0, 0);
    for n in 0..200 {
        let file = upload(&world, &ann, n, "png").await;
        let before = Timestamp::now().plus(std::time::Duration::from_secs(1));
        let (posting, collecting) = (std::sync::Arc::clone(&world.store), &world.store);
        let post = async { posting.post(room, basis, with(&ann, &[file.id])).await };
        let collect = collecting.drop_unused_media(before, MediaId(file.id.0 - 1), 1);
        let (posted, removed) = if n % 4 == 0 {
            let removed = collect.await;
            (post.await, removed)
        } else {
            // The collector looks before it removes.
            tokio::join!(post, collect)
        };
        let removed = removed.unwrap().0;
        let known = world.store.known_media(&[name(n)]).await.unwrap();
        match posted {
            Ok(_) => {
                assert_eq!((removed.len(), known.len()), (0, 1));
                kept += 1;
            }
            Err(error) => {
                assert_eq!(error, StoreError::NotFound(Missing::Media));
                assert_eq!((removed, known.len()), (vec![name(n)], 0));
                gone += 1;
            }
        }
    }
    assert!(kept > 0 && gone >= 50, "{kept} were kept, {gone} removed");
}
