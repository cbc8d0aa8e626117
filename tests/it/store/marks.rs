//! Read marks: a maximum, with an unread count that deletions lower.

use chatctl::model::{Event, Rev, Role, Seq, UserId, fold};
use chatctl::store::{
    Basis, Draft, MessageChange, Missing, NewUser, RoomChange, RoomQuery, StoreError, Whose,
};

use super::{World, contract, draft, new_user};

contract!(
    a_bot_has_nothing_unread,
    a_mark_only_rises,
    unread_leaves_deleted_messages_out,
    marks_are_told_with_what_an_encoder_needs,
    newcomers_have_read_everything
);

async fn a_mark_only_rises(mut world: World) {
    let (ann, ben) = (world.user("ann").await, world.user("ben").await);
    let id = world.private(&[&ann, &ben]).await.room.id;
    for n in 1..=5 {
        world.say(id, &ann, &n.to_string()).await;
    }
    world.events();
    let mark = world.store.mark_read(id, ben.id, Seq(3)).await.unwrap();
    assert_eq!((mark.seq, mark.unread), (Seq(3), 2));
    let told = world.events().len();
    assert_eq!(told, 1);
    let lower = world.store.mark_read(id, ben.id, Seq(1)).await.unwrap();
    assert_eq!(lower, mark);
    assert!(world.events().is_empty());
    let beyond = world.store.mark_read(id, ben.id, Seq(99)).await.unwrap();
    assert_eq!((beyond.seq, beyond.unread), (Seq(5), 0));
    assert_eq!(world.facts(id).await.room.rev, Rev(6));
    assert_eq!(
        world.store.mark_read(id, UserId(99), Seq(1)).await.unwrap_err(),
        StoreError::NotFound(Missing::Participant)
    );
    let tries = (1..=5).map(|seq| {
        let store = world.store.clone();
        tokio::spawn(async move { store.mark_read(id, ann.id, Seq(seq)).await.unwrap().seq })
    });
    for mark in tries.collect::<Vec<_>>() {
        assert_eq!(mark.await.unwrap(), Seq(5), "her own messages are read");
    }
    let readers = world.store.readers(id, Seq(5)).await.unwrap();
    assert_eq!(
        readers.iter().map(|(mark, login)| (mark.seq.0, login.as_str())).collect::<Vec<_>>(),
        [(5, "ann"), (5, "ben")]
    );
}

async fn unread_leaves_deleted_messages_out(world: World) {
    let (ann, ben) = (world.user("ann").await, world.user("ben").await);
    let id = world.private(&[&ann, &ben]).await.room.id;
    for n in 1..=6 {
        world.say(id, &ann, &n.to_string()).await;
    }
    for seq in [2, 5, 6] {
        world
            .store
            .change_message(
                id,
                Seq(seq),
                Basis::Nobody,
                Some(ann.id),
                Whose::Any,
                MessageChange::Delete,
            )
            .await
            .unwrap();
    }
    let card = |user| {
        let store = world.store.clone();
        async move { store.rooms(RoomQuery::Of { user, participants: 1 }).await.unwrap().remove(0) }
    };
    let bens = card(ben.id).await;
    assert_eq!(
        (bens.mark, bens.unread, bens.last_message.map(|m| m.seq)),
        (Seq(0), 3, Some(Seq(4)))
    );
    assert_eq!(world.store.mark_read(id, ben.id, Seq(3)).await.unwrap().unread, 1);
    assert_eq!(card(ben.id).await.unread, 1);
    let anns = card(ann.id).await;
    assert_eq!((anns.mark, anns.unread), (Seq(6), 0));
    // Posting a message marks all before it as read.
    world.say(id, &ben, "mine").await;
    assert_eq!(card(ben.id).await.unread, 0);
    assert_eq!(card(ann.id).await.unread, 1);
}

async fn marks_are_told_with_what_an_encoder_needs(mut world: World) {
    let (ann, ben) = (world.user("ann").await, world.user("ben").await);
    let id = world.private(&[&ann, &ben]).await.room.id;
    world
        .store
        .change_room(
            id,
            Basis::Nobody,
            Some(ben.id),
            RoomChange::EditedName(ben.id, "Benny".to_owned()),
        )
        .await
        .unwrap();
    world.say(id, &ann, "hello").await;
    world.events();
    world.store.mark_read(id, ben.id, Seq(1)).await.unwrap();
    let events = world.events();
    let [Event::Marked { mark, person, author, participants }] = &events[..] else {
        panic!("{events:?}")
    };
    assert_eq!(
        (mark.user, person.name.as_str(), *author, *participants),
        (ben.id, "Benny", ann.id, 2)
    );
}

async fn newcomers_have_read_everything(world: World) {
    let (ann, ben) = (world.user("ann").await, world.user("ben").await);
    let id = world.public("general", &ann).await.room.id;
    world.say(id, &ann, "hello").await;
    world
        .store
        .change_room(id, Basis::Nobody, Some(ben.id), RoomChange::Add(ben.id, Role::Member))
        .await
        .unwrap();
    let card = world.store.rooms(RoomQuery::These(ben.id, &[id])).await.unwrap().remove(0);
    assert_eq!((card.mark, card.unread), (Seq(1), 0));
}

async fn a_bot_has_nothing_unread(world: World) {
    let ann = world.user("ann").await;
    let new = NewUser { bot: true, ..new_user("bot") };
    let bot = world.store.add_user(new).await.unwrap();
    let room = world.private(&[&ann, &bot]).await.room.id;
    let start = draft(&bot, "start");
    world.store.post(room, Basis::Nobody, start).await.unwrap();
    for text in ["one", "two"] {
        let reply_to = Some(Seq(1));
        let mentions = vec![vec![fold("bot")]];
        let draft = Draft { reply_to, mentions, ..draft(&ann, text) };
        world.store.post(room, Basis::Nobody, draft).await.unwrap();
    }
    let counts = async |user: UserId| {
        let cards = world.store.rooms(RoomQuery::Of { user, participants: 0 }).await.unwrap();
        (cards[0].unread, cards[0].mentions)
    };
    assert_eq!(counts(bot.id).await, (0, 0));
    let mark = world.store.mark_read(room, bot.id, Seq(2)).await.unwrap();
    assert_eq!((mark.seq, mark.unread), (Seq(2), 0));
    let mark = world.store.mark_unread(room, bot.id, Seq(1)).await.unwrap();
    assert_eq!(mark.unread, 0);
    let readers = world.store.readers(room, Seq(1)).await.unwrap();
    let of_bot = readers.iter().find(|(mark, _)| mark.user == bot.id).unwrap();
    assert_eq!(of_bot.0.unread, 0);
    let follows = world.store.follows(bot.id).await.unwrap();
    assert!(follows.iter().all(|follow| follow.unread.is_none()), "{follows:?}");
    let followed = world.store.followed(bot.id, None, 5).await.unwrap();
    assert_eq!((followed.len(), followed[0].unread, followed[0].replies), (1, 0, 2));
    // Those who read have something unread.
    world.store.mark_unread(room, ann.id, Seq(1)).await.unwrap();
    assert_eq!(counts(ann.id).await.0, 3);
}
