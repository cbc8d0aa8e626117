//! Deleting a user: immediate effects, then room by room, whatever happens in between.

use std::collections::HashSet;

use chatctl::model::{Change, Event, Role, RoomId, Visibility};
use chatctl::store::{
    Basis, Missing, NewRoom, RoomChange, RoomQuery, StoreError, UserKey, UserQuery,
};

use super::sessions::new_session;
use super::{World, contract, new_user};

contract!(
    a_removed_user_is_gone_at_once,
    the_longest_standing_takes_over,
    empty_rooms_go_or_stay,
    removal_goes_on_after_a_restart
);

async fn a_removed_user_is_gone_at_once(mut world: World) {
    let mut new = new_user("ann");
    new.email = Some("ann@example.org".to_owned());
    let ann = world.store.add_user(new.clone()).await.unwrap();
    let session = world.sessions.start(new_session(&ann, 1)).await.unwrap();
    world.events();
    world.store.remove_user(ann.id).await.unwrap();
    let events = world.events();
    assert!(matches!(
        &events[..2],
        [Event::UserChanged { user }, Event::SessionEnded { sessions, .. }]
            if *user == ann.id && *sessions == [session.id]
    ));
    for key in [UserKey::Id(ann.id), UserKey::Folded("ann"), UserKey::Email("ann@example.org")] {
        assert!(world.store.account(key).await.unwrap().is_none());
    }
    assert!(world.store.users(UserQuery::Ids(&[ann.id])).await.unwrap().is_empty());
    assert_eq!(
        world.store.remove_user(ann.id).await.unwrap_err(),
        StoreError::NotFound(Missing::User)
    );
    assert!(world.store.add_user(new).await.unwrap().id > ann.id);
}

async fn the_longest_standing_takes_over(mut world: World) {
    let users = world.users(4).await;
    let id = world.public("general", &users[0]).await.room.id;
    for (user, role) in
        [(&users[1], Role::Member), (&users[2], Role::SubAdmin), (&users[3], Role::SubAdmin)]
    {
        world
            .store
            .change_room(id, Basis::Nobody, Some(user.id), RoomChange::Add(user.id, role))
            .await
            .unwrap();
    }
    world.events();
    world.store.remove_user(users[0].id).await.unwrap();
    let step =
        world.wait_for_step(id, |change| matches!(change, Change::ParticipantRemoved(_))).await;
    let changes = &step.changes[..];
    let [Change::ParticipantRemoved(gone), Change::ParticipantChanged(heir), Change::Updated(room)] =
        changes
    else {
        panic!("{step:?}")
    };
    // The row has lost the name, but the room must receive it.
    assert_eq!((gone.id, gone.login.as_str(), step.by.login()), (users[0].id, "user0", "user0"));
    assert_eq!((heir.user, heir.role, heir.since), (users[2].id, Role::Admin, step.rev));
    assert_eq!((room.owner, room.owner_login.as_str()), (Some(users[2].id), "user2"));
    let facts = world.facts(id).await;
    assert_eq!((facts.room.rev, facts.participants.len()), (step.rev, 3));
    // Now a room with another admin, and another owner.
    world
        .store
        .change_room(
            id,
            Basis::Nobody,
            Some(users[2].id),
            RoomChange::Role(users[3].id, Role::Admin),
        )
        .await
        .unwrap();
    world.store.remove_user(users[3].id).await.unwrap();
    let step =
        world.wait_for_step(id, |change| matches!(change, Change::ParticipantRemoved(_))).await;
    assert_eq!(step.changes.len(), 1, "{step:?}");
}

async fn empty_rooms_go_or_stay(mut world: World) {
    let (ann, ben) = (world.user("ann").await, world.user("ben").await);
    let private = world.private(&[&ann]).await.room.id;
    let public = world.public("general", &ann).await.room.id;
    let left = world.private(&[&ann, &ben]).await.room.id;
    world
        .store
        .change_room(
            left,
            Basis::Nobody,
            Some(ann.id),
            RoomChange::Remove { user: ann.id, successor: None, socket: None },
        )
        .await
        .unwrap();
    world.store.remove_user(ann.id).await.unwrap();
    world.wait_for_step(private, |change| matches!(change, Change::RoomDeleted)).await;
    world.wait_for_step(public, |change| matches!(change, Change::ParticipantRemoved(_))).await;
    // She owned this one without being in it.
    world
        .wait_for_step(
            left,
            |change| matches!(change, Change::Updated(room) if room.owner == Some(ben.id)),
        )
        .await;
    assert_eq!(world.store.room(private).await.unwrap(), None);
    let facts = world.facts(public).await;
    assert_eq!(
        (facts.participants.len(), facts.room.owner, facts.room.owner_login.as_str()),
        (0, None, "")
    );
    world
        .store
        .change_room(public, Basis::Nobody, Some(ben.id), RoomChange::Add(ben.id, Role::Member))
        .await
        .unwrap();
    let facts = world.facts(public).await;
    assert_eq!((facts.room.owner, facts.participants[0].role), (Some(ben.id), Role::Admin));
    let step =
        world.wait_for_step(public, |change| matches!(change, Change::ParticipantAdded(_))).await;
    assert!(matches!(
        &step.changes[..],
        [Change::ParticipantAdded(_), Change::Updated(room)] if room.owner_login == "ben"
    ));
}

async fn removal_goes_on_after_a_restart(mut world: World) {
    let (ann, ben) = (world.user("ann").await, world.user("ben").await);
    let mut rooms = HashSet::new();
    for _ in 0..60 {
        let participants = vec![(ann.id, Role::Admin), (ben.id, Role::Member)];
        rooms.insert(
            world
                .room(NewRoom {
                    name: None,
                    visibility: Visibility::Private,
                    owner: ann.id,
                    participants,
                    reuse: false,
                })
                .await
                .room
                .id,
        );
    }
    world.events();
    world.store.remove_user(ann.id).await.unwrap();
    world.close().await;
    world.open_again().await;
    let mut left: Vec<RoomId> = Vec::new();
    while left.len() < rooms.len() {
        let event = world
            .wait_for(|event| {
                let Event::Room(step) = event else { return false };
                matches!(step.changes[0], Change::ParticipantRemoved(_))
            })
            .await;
        let Event::Room(step) = event else { unreachable!("only steps are wanted") };
        assert!(step.changes.iter().any(|change| matches!(
            change,
            Change::ParticipantChanged(heir) if heir.user == ben.id && heir.role == Role::Admin
        )));
        left.push(step.room);
    }
    assert_eq!(left.iter().copied().collect::<HashSet<_>>(), rooms, "each room is left once");
    for card in world.store.rooms(RoomQuery::Of { user: ben.id, participants: 10 }).await.unwrap() {
        assert_eq!(
            (card.user_count, card.facts.room.owner, card.facts.participants[0].role),
            (1, Some(ben.id), Role::Admin)
        );
    }
}
