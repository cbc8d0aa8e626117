//! Custom emoji: names are unique, everybody may read their pictures, nothing removes these files,
//! and changes are told and recorded.

use chatctl::model::{
    ActorKind, Attribution, AuditActor, Claim, CustomEmoji, EmojiPicture, Event, MAX_EMOJI,
    MediaId, NewEmoji, Timestamp,
};
use chatctl::store::{AuditQuery, Missing, StoreError};
use futures_util::future::join_all;

use super::media::{name, upload, upload_as};
use super::{World, contract, contract_of_sqlite};

contract!(
    emoji_have_names_of_their_own_and_are_listed_by_them,
    a_picture_of_an_emoji_is_a_picture_of_its_owner,
    everybody_reads_the_picture_of_an_emoji_and_nothing_removes_it,
    changes_of_emoji_are_recorded,
);

fn new(name: &str, media: MediaId) -> NewEmoji {
    NewEmoji { name: name.to_owned(), media }
}

async fn names(world: &World) -> Vec<String> {
    world.store.emoji().await.unwrap().into_iter().map(|emoji| emoji.name).collect()
}

async fn emoji_have_names_of_their_own_and_are_listed_by_them(mut world: World) {
    assert_eq!(world.store.emoji().await.unwrap(), []);
    let ann = world.user("ann").await;
    let picture = upload(&world, &ann, 1, "png").await;
    world.events();
    let parrot = world.store.add_emoji(ann.id, new("parrot", picture.id)).await.unwrap();
    assert_eq!((&*parrot.name, &*parrot.creator, parrot.media.id), ("parrot", "ann", picture.id));
    let told = EmojiPicture { file: name(1), id: picture.id };
    assert!(matches!(&world.events()[..], [Event::Emoji { name, picture: Some(picture), .. }]
            if name == "parrot" && *picture == told));
    let again = world.store.add_emoji(ann.id, new("parrot", picture.id)).await;
    assert_eq!(again.unwrap_err(), StoreError::Taken(Claim::Emoji));
    // An alias has the same picture.
    world.store.add_emoji(ann.id, new("bird", picture.id)).await.unwrap();
    world.store.add_emoji(ann.id, new("1up", picture.id)).await.unwrap();
    world.events();
    world.open_again_after_close().await;
    assert_eq!(names(&world).await, ["1up", "bird", "parrot"]);
    assert_eq!(world.store.emoji_named("parrot").await.unwrap(), Some(parrot.clone()));
    assert_eq!(world.store.emoji_named("parro").await.unwrap(), None);
    assert_eq!(world.store.remove_emoji("parrot").await.unwrap(), parrot);
    assert!(matches!(&world.events()[..], [Event::Emoji { name, picture: None, .. }]
        if name == "parrot"));
    let gone = world.store.remove_emoji("parrot").await;
    assert_eq!(gone.unwrap_err(), StoreError::NotFound(Missing::Emoji));
    world.store.add_emoji(ann.id, new("parrot", picture.id)).await.unwrap();
    assert_eq!(names(&world).await, ["1up", "bird", "parrot"]);
}

async fn a_picture_of_an_emoji_is_a_picture_of_its_owner(world: World) {
    let (ann, ben) = (world.user("ann").await, world.user("ben").await);
    let picture = upload(&world, &ann, 1, "png").await;
    let paper = upload(&world, &ann, 2, "pdf").await;
    for (owner, media) in [(ben.id, picture.id), (ann.id, paper.id), (ann.id, MediaId(1 << 40))] {
        let refused = world.store.add_emoji(owner, new("parrot", media)).await;
        assert_eq!(refused.unwrap_err(), StoreError::NotFound(Missing::Media));
    }
    assert_eq!(names(&world).await, Vec::<String>::new());
}

async fn everybody_reads_the_picture_of_an_emoji_and_nothing_removes_it(world: World) {
    let (ann, ben) = (world.user("ann").await, world.user("ben").await);
    let picture = upload_as(&world, &ann, 1, "png", None).await;
    let may_read = async || world.store.media(&name(1), None, ben.id).await.unwrap().is_some();
    assert!(!may_read().await);
    world.store.add_emoji(ann.id, new("parrot", picture.id)).await.unwrap();
    world.store.add_emoji(ann.id, new("bird", picture.id)).await.unwrap();
    let later = Timestamp(Timestamp::now().0 + 1_000_000_000);
    let collect = async || world.store.drop_unused_media(later, MediaId(0), 100).await.unwrap().0;
    for gone in ["bird", "parrot"] {
        assert!(may_read().await, "before {gone} is deleted");
        assert_eq!(collect().await, Vec::<String>::new());
        world.store.drop_own_files(ann.id, &[picture.id]).await.unwrap();
        world.store.remove_emoji(gone).await.unwrap();
    }
    assert!(!may_read().await);
    assert_eq!(collect().await, [name(1)]);
}

async fn changes_of_emoji_are_recorded(world: World) {
    let ann = world.user("ann").await;
    let picture = upload(&world, &ann, 1, "png").await;
    let doing = |action: &str| Attribution {
        actor: AuditActor {
            kind: ActorKind::Cli,
            user: None,
            name: "root".to_owned(),
            from: "socket".to_owned(),
        },
        action: action.to_owned(),
    };
    let adding = world.store.attributed(doing("emoji.add"));
    adding.add_emoji(ann.id, new("parrot", picture.id)).await.unwrap();
    adding.add_emoji(ann.id, new("parrot", picture.id)).await.unwrap_err();
    let deleting = world.store.attributed(doing("emoji.delete"));
    deleting.remove_emoji("parrot").await.unwrap();
    deleting.remove_emoji("parrot").await.unwrap_err();
    // Users may change their own unrecorded.
    world.store.add_emoji(ann.id, new("parrot", picture.id)).await.unwrap();
    let query = AuditQuery { limit: 9, oldest_first: true, ..AuditQuery::default() };
    let log = world.store.audit(&query).await.unwrap();
    let entry = |at: usize| {
        let note = &log[at].note;
        let target = note.target.clone().unwrap();
        assert_eq!((&*target.kind, &*target.id), ("emoji", "parrot"));
        (&*log[at].by.action, note.before.is_some(), note.after.is_some())
    };
    assert_eq!(log.len(), 2, "{log:?}");
    assert_eq!([entry(0), entry(1)], [("emoji.add", false, true), ("emoji.delete", true, false)]);
}

contract_of_sqlite!(there_can_be_so_many_emoji_and_no_more);

async fn there_can_be_so_many_emoji_and_no_more(world: World) {
    let ann = world.user("ann").await;
    let picture = upload(&world, &ann, 1, "png").await;
    let adding =
        (0..MAX_EMOJI).map(|n| world.store.add_emoji(ann.id, new(&format!("n{n}"), picture.id)));
    join_all(adding).await.into_iter().for_each(|added| drop(added.unwrap()));
    let refused = world.store.add_emoji(ann.id, new("more", picture.id)).await;
    assert_eq!(refused.unwrap_err(), StoreError::TooManyEmoji);
    let all: Vec<CustomEmoji> = world.store.emoji().await.unwrap();
    assert_eq!(all.len(), MAX_EMOJI);
}
