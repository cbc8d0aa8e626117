//! Rooms: one change, one rev, on a valid basis, emitted in order.

use chatctl::model::{Change, Claim, Event, OwnChange, Rev, Role, RoomId, UserId, Visibility};
use chatctl::store::{Basis, Missing, NewRoom, RoomChange, RoomQuery, RoomSettings, StoreError};

use super::{World, contract};

contract!(
    a_new_room_is_told_to_each_participant,
    public_names_are_unique_and_private_ones_are_not,
    a_nameless_room_of_the_same_people_is_found_again,
    each_change_takes_one_rev_and_one_event,
    the_same_again_changes_nothing,
    a_decision_on_what_has_changed_is_stale,
    a_replacement_is_one_step,
    the_last_one_out_of_a_private_room_ends_it,
    who_enters_an_empty_public_room_becomes_its_admin,
    a_deleted_room_is_gone_at_once,
    cards_show_the_rooms_of_a_user,
    rooms_are_paged_in_the_order_of_their_ids,
);

async fn a_new_room_is_told_to_each_participant(mut world: World) {
    let (ann, ben) = (world.user("ann").await, world.user("ben").await);
    let facts = world.private(&[&ann, &ben]).await;
    assert_eq!(
        (facts.room.rev, facts.room.facts_rev, facts.room.owner_login.as_str()),
        (Rev(1), Rev(1), "ann")
    );
    assert_eq!(facts.participants.iter().map(|p| p.user).collect::<Vec<_>>(), [ann.id, ben.id]);
    let told: Vec<UserId> = world
        .events()
        .iter()
        .filter_map(|e| if let Event::RoomAdded { user, .. } = e { Some(*user) } else { None })
        .collect();
    assert_eq!(told, [ann.id, ben.id]);
    assert_eq!(world.facts(facts.room.id).await, facts);
    let strangers = vec![(ann.id, Role::Member), (UserId(99), Role::Member)];
    let new = NewRoom {
        name: None,
        visibility: Visibility::Private,
        owner: ann.id,
        participants: strangers,
        reuse: true,
    };
    assert_eq!(world.store.add_room(new).await.unwrap_err(), StoreError::NotFound(Missing::User));
    assert_eq!(world.store.room(RoomId(99)).await.unwrap(), None);
}

async fn public_names_are_unique_and_private_ones_are_not(world: World) {
    let ann = world.user("ann").await;
    let general = world.public("General", &ann).await;
    let other = world.public("other", &ann).await;
    world.private(&[&ann]).await;
    let secret = world.private(&[&ann]).await;
    let taken = StoreError::Taken(Claim::RoomName);
    let again = NewRoom {
        name: Some("GENERAL".to_owned()),
        visibility: Visibility::Public,
        owner: ann.id,
        participants: vec![(ann.id, Role::Admin)],
        reuse: false,
    };
    assert_eq!(world.store.add_room(again).await.unwrap_err(), taken);
    let rename = |name: &str| RoomChange::Rename(Some(name.to_owned()));
    assert_eq!(
        world
            .store
            .change_room(other.room.id, Basis::Nobody, Some(ann.id), rename("general"))
            .await
            .unwrap_err(),
        taken
    );
    world
        .store
        .change_room(secret.room.id, Basis::Nobody, Some(ann.id), rename("general"))
        .await
        .unwrap();
    let open = RoomChange::Settings(RoomSettings {
        visibility: Some(Visibility::Public),
        ..RoomSettings::default()
    });
    assert_eq!(
        world
            .store
            .change_room(secret.room.id, Basis::Nobody, Some(ann.id), open)
            .await
            .unwrap_err(),
        taken
    );
    // A room's own name in another case is not taken, and a deleted room releases its name.
    world
        .store
        .change_room(general.room.id, Basis::Nobody, Some(ann.id), rename("GENERAL"))
        .await
        .unwrap();
    world
        .store
        .change_room(general.room.id, Basis::Nobody, Some(ann.id), RoomChange::Delete)
        .await
        .unwrap();
    world
        .store
        .change_room(other.room.id, Basis::Nobody, Some(ann.id), rename("general"))
        .await
        .unwrap();
}

async fn a_nameless_room_of_the_same_people_is_found_again(world: World) {
    let (ann, ben, cleo) =
        (world.user("ann").await, world.user("ben").await, world.user("cleo").await);
    let new = |users: &[UserId]| NewRoom {
        name: None,
        visibility: Visibility::Private,
        owner: users[0],
        participants: users.iter().map(|user| (*user, Role::Member)).collect(),
        reuse: true,
    };
    let first = world.store.add_room(new(&[ann.id, ben.id])).await.unwrap();
    assert!(!first.existed);
    let again = world.store.add_room(new(&[ben.id, ann.id])).await.unwrap();
    assert!(again.existed);
    assert_eq!(again.value, first.value);
    let three = world.store.add_room(new(&[ann.id, ben.id, cleo.id])).await.unwrap();
    assert!(!three.existed);
    // A user joins, so these two have no room of their own any more; in the other room they are
    // left alone.
    let id = first.value.room.id;
    world
        .store
        .change_room(id, Basis::Nobody, Some(ann.id), RoomChange::Rename(Some("named".to_owned())))
        .await
        .unwrap();
    assert!(!world.store.add_room(new(&[ann.id, ben.id])).await.unwrap().existed);
    let leave = RoomChange::Remove { user: cleo.id, successor: None, socket: None };
    world
        .store
        .change_room(three.value.room.id, Basis::Nobody, Some(cleo.id), leave)
        .await
        .unwrap();
    assert!(!world.store.add_room(new(&[ann.id, ben.id, cleo.id])).await.unwrap().existed);
}

async fn each_change_takes_one_rev_and_one_event(mut world: World) {
    let (ann, ben) = (world.user("ann").await, world.user("ben").await);
    let id = world.public("general", &ann).await.room.id;
    world.say(id, &ann, "before").await;
    world.events();
    let changes = [
        RoomChange::Rename(Some("lounge".to_owned())),
        RoomChange::Add(ben.id, Role::Member),
        RoomChange::Role(ben.id, Role::SubAdmin),
        RoomChange::EditedName(ben.id, "Benny".to_owned()),
        RoomChange::Settings(RoomSettings {
            visibility: Some(Visibility::Private),
            ..RoomSettings::default()
        }),
        RoomChange::Remove { user: ann.id, successor: Some(ben.id), socket: None },
    ];
    for (n, change) in (3..).zip(changes) {
        let done =
            world.store.change_room(id, Basis::Nobody, Some(ann.id), change.clone()).await.unwrap();
        assert!(done.changed());
        let facts = world.facts(id).await;
        assert_eq!(
            (done.rev, facts.room.rev, facts.room.facts_rev),
            (Rev(n), Rev(n), Rev(n)),
            "{change:?}"
        );
        let events = world.events();
        let Some(Event::Room(step)) = events.last() else { panic!("{events:?}") };
        assert_eq!((step.rev, step.by.id(), step.room), (Rev(n), Some(ann.id), id));
        match (&change, &step.changes[..]) {
            (RoomChange::Rename(_), [Change::Updated(room)]) => {
                assert_eq!(room.name.as_deref(), Some("lounge"));
            }
            (RoomChange::Settings(_), [Change::Updated(room)]) => assert_eq!(*room, facts.room),
            (RoomChange::Add(..), [Change::ParticipantAdded(p)]) => {
                assert_eq!(facts.participant(ben.id), Some(p));
                assert!(matches!(
                    &events[0],
                    Event::RoomAdded { user, facts: told, .. }
                        if *user == ben.id && **told == facts
                ));
            }
            (RoomChange::Role(..), [Change::ParticipantChanged(p)]) => {
                assert_eq!((p.role, p.since), (Role::SubAdmin, Rev(n)));
            }
            (RoomChange::EditedName(..), [Change::ParticipantChanged(p)]) => {
                assert_eq!(p.shown_name(), "Benny");
            }
            (
                RoomChange::Remove { .. },
                [Change::ParticipantRemoved(gone), Change::ParticipantChanged(heir)],
            ) => {
                assert_eq!((gone.id, heir.user, heir.role), (ann.id, ben.id, Role::Admin));
            }
            other => panic!("{other:?}"),
        }
    }
}

async fn the_same_again_changes_nothing(mut world: World) {
    let (ann, ben) = (world.user("ann").await, world.user("ben").await);
    let facts = world.private(&[&ann, &ben]).await;
    world.events();
    let same = [
        RoomChange::Rename(Some("private".to_owned())),
        RoomChange::Role(ben.id, Role::Member),
        RoomChange::EditedName(ben.id, String::new()),
        RoomChange::Settings(RoomSettings {
            visibility: Some(Visibility::Private),
            ..RoomSettings::default()
        }),
        RoomChange::Replace { name: None, users: vec![ben.id, ann.id] },
    ];
    for change in same {
        let done = world
            .store
            .change_room(facts.room.id, Basis::Nobody, Some(ann.id), change.clone())
            .await
            .unwrap();
        assert_eq!((done.changed(), done.rev), (false, Rev(1)), "{change:?}");
    }
    let taken = world
        .store
        .change_room(
            facts.room.id,
            Basis::Nobody,
            Some(ann.id),
            RoomChange::Add(ben.id, Role::Member),
        )
        .await;
    assert_eq!(taken.unwrap_err(), StoreError::Taken(Claim::Participant));
    for (stranger, missing) in [
        (RoomChange::Add(UserId(99), Role::Member), Missing::User),
        (RoomChange::Role(UserId(99), Role::Admin), Missing::Participant),
        (RoomChange::EditedName(UserId(99), "x".to_owned()), Missing::Participant),
        (
            RoomChange::Remove { user: UserId(99), successor: None, socket: None },
            Missing::Participant,
        ),
        (
            RoomChange::Remove { user: ann.id, successor: Some(UserId(99)), socket: None },
            Missing::Participant,
        ),
        (
            RoomChange::Replace { name: Some("new".to_owned()), users: vec![ann.id, UserId(99)] },
            Missing::User,
        ),
    ] {
        let refused = world
            .store
            .change_room(facts.room.id, Basis::Nobody, Some(ann.id), stranger.clone())
            .await;
        assert_eq!(refused.unwrap_err(), StoreError::NotFound(missing), "{stranger:?}");
    }
    assert_eq!(world.facts(facts.room.id).await, facts);
    assert!(world.events().is_empty());
}

async fn a_decision_on_what_has_changed_is_stale(world: World) {
    let (ann, ben) = (world.user("ann").await, world.user("ben").await);
    let facts = world.private(&[&ann, &ben]).await;
    let id = facts.room.id;
    let (member, room) = (world.member(id, ben.id).await, Basis::Facts(facts.room.facts_rev));
    world.say(id, &ann, "messages are no facts").await;
    let edit = |name: &str| RoomChange::EditedName(ben.id, name.to_owned());
    world.store.change_room(id, member, Some(ben.id), edit("Benny")).await.unwrap();
    for basis in [member, room] {
        assert_eq!(
            world.store.change_room(id, basis, Some(ben.id), edit("Benno")).await.unwrap_err(),
            StoreError::Stale,
            "{basis:?}"
        );
    }
    // Ann herself has not changed.
    world
        .store
        .change_room(id, Basis::Member { user: ann.id, since: Rev(1) }, Some(ann.id), edit("Benno"))
        .await
        .unwrap();
    let gone = Basis::Member { user: UserId(99), since: Rev(1) };
    assert_eq!(
        world.store.change_room(id, gone, Some(UserId(99)), edit("x")).await.unwrap_err(),
        StoreError::Stale
    );
    assert_eq!(
        world
            .store
            .change_room(RoomId(99), Basis::Nobody, Some(ann.id), edit("x"))
            .await
            .unwrap_err(),
        StoreError::NotFound(Missing::Room)
    );
}

async fn a_replacement_is_one_step(mut world: World) {
    let users = world.users(4).await;
    let facts = world.private(&[&users[0], &users[1]]).await;
    let promote = RoomChange::Role(users[0].id, Role::Admin);
    world
        .store
        .change_room(facts.room.id, Basis::Nobody, Some(users[0].id), promote)
        .await
        .unwrap();
    world.events();
    let change = RoomChange::Replace {
        name: Some("new".to_owned()),
        users: vec![users[3].id, users[0].id, users[2].id, users[3].id],
    };
    let done = world
        .store
        .change_room(facts.room.id, Basis::Nobody, Some(users[0].id), change)
        .await
        .unwrap();
    let events = world.events();
    assert!(matches!(&events[0], Event::RoomAdded { user, .. } if *user == users[3].id));
    assert!(matches!(&events[1], Event::RoomAdded { user, .. } if *user == users[2].id));
    let [_, _, Event::Room(step)] = &events[..] else { panic!("{events:?}") };
    assert_eq!(step.rev, done.rev);
    assert!(matches!(
        &step.changes[..],
        [
            Change::Updated(_),
            Change::ParticipantAdded(_),
            Change::ParticipantAdded(_),
            Change::ParticipantRemoved(gone),
        ] if gone.id == users[1].id
    ));
    let now = world.facts(facts.room.id).await;
    assert_eq!(
        now.participants.iter().map(|p| (p.user, p.role)).collect::<Vec<_>>(),
        [(users[0].id, Role::Admin), (users[3].id, Role::Member), (users[2].id, Role::Member)]
    );
}

async fn the_last_one_out_of_a_private_room_ends_it(mut world: World) {
    let ann = world.user("ann").await;
    let id = world.private(&[&ann]).await.room.id;
    world.say(id, &ann, "alone").await;
    world.events();
    let basis = world.member(id, ann.id).await;
    world
        .store
        .change_room(
            id,
            basis,
            Some(ann.id),
            RoomChange::Remove { user: ann.id, successor: None, socket: None },
        )
        .await
        .unwrap();
    let steps = world.steps();
    assert!(matches!(
        &steps[0].changes[..],
        [Change::ParticipantRemoved(gone), Change::RoomDeleted] if gone.id == ann.id
    ));
    assert_eq!(world.store.room(id).await.unwrap(), None);
    // A decision about a deleted room is stale.
    assert_eq!(
        world.store.change_room(id, basis, Some(ann.id), RoomChange::Delete).await.unwrap_err(),
        StoreError::Stale
    );
}

async fn who_enters_an_empty_public_room_becomes_its_admin(mut world: World) {
    let (ann, ben) = (world.user("ann").await, world.user("ben").await);
    let id = world.public("general", &ann).await.room.id;
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
    assert!(world.facts(id).await.participants.is_empty());
    world.events();
    world
        .store
        .change_room(id, Basis::Nobody, Some(ben.id), RoomChange::Add(ben.id, Role::Member))
        .await
        .unwrap();
    let facts = world.facts(id).await;
    assert_eq!((facts.participants[0].role, facts.room.owner), (Role::Admin, Some(ann.id)));
    assert!(matches!(
        &world.steps()[0].changes[..],
        [Change::ParticipantAdded(p)] if p.role == Role::Admin
    ));
}

async fn a_deleted_room_is_gone_at_once(mut world: World) {
    let (ann, ben) = (world.user("ann").await, world.user("ben").await);
    let id = world.private(&[&ann, &ben]).await.room.id;
    let basis = world.member(id, ann.id).await;
    let posted = world.say(id, &ann, "gone soon").await;
    world.events();
    world.store.change_room(id, basis, Some(ann.id), RoomChange::Delete).await.unwrap();
    assert!(matches!(&world.steps()[0].changes[..], [Change::RoomDeleted]));
    assert_eq!(world.store.room(id).await.unwrap(), None);
    assert_eq!(
        world.store.messages(id, chatctl::model::Window::Latest, 10).await.unwrap_err(),
        StoreError::NotFound(Missing::Room)
    );
    assert_eq!(
        world.store.changes(id, Rev(0), None, 10).await.unwrap_err(),
        StoreError::NotFound(Missing::Room)
    );
    assert_eq!(
        world.store.post(id, basis, super::draft(&ann, "late")).await.unwrap_err(),
        StoreError::Stale
    );
    assert_eq!(
        world.store.mark_read(id, ben.id, posted.message.seq).await.unwrap_err(),
        StoreError::NotFound(Missing::Participant)
    );
    assert!(
        world
            .store
            .rooms(RoomQuery::Of { user: ann.id, participants: 10 })
            .await
            .unwrap()
            .is_empty()
    );
    assert!(world.store.rooms(RoomQuery::After(None, 10)).await.unwrap().is_empty());
    assert!(world.private(&[&ann]).await.room.id > id);
}

async fn cards_show_the_rooms_of_a_user(world: World) {
    let (ann, ben, cleo) =
        (world.user("ann").await, world.user("ben").await, world.user("cleo").await);
    let quiet = world.private(&[&ann, &ben, &cleo]).await.room.id;
    let busy = world.public("busy", &ben).await.room.id;
    world
        .store
        .change_room(busy, Basis::Nobody, Some(ann.id), RoomChange::Add(ann.id, Role::Member))
        .await
        .unwrap();
    let last = world.say(busy, &ben, "one").await.message;
    world.store.change_mine(quiet, ann.id, OwnChange::mute(true)).await.unwrap();
    assert_eq!(
        world.store.change_mine(busy, cleo.id, OwnChange::mute(true)).await.unwrap_err(),
        StoreError::NotFound(Missing::Participant)
    );
    let cards = world.store.rooms(RoomQuery::Of { user: ann.id, participants: 2 }).await.unwrap();
    let seen: Vec<_> = cards
        .iter()
        .map(|c| {
            (c.facts.room.id, c.user_count, c.facts.participants.len(), c.unread, c.own.muted())
        })
        .collect();
    assert_eq!(seen, [(busy, 2, 2, 1, false), (quiet, 3, 2, 0, true)]);
    assert_eq!(cards[0].last_message.as_ref(), Some(&last));
    assert_eq!(cards[1].last_message, None);
    let public = world
        .store
        .rooms(RoomQuery::Public { user: cleo.id, after: None, limit: 10 })
        .await
        .unwrap();
    // She has not entered: the messages are hidden from her.
    assert_eq!((public.len(), public[0].unread, &public[0].last_message), (1, 0, &None));
    assert_eq!(public[0].facts.participants.len(), 2);
    let these =
        world.store.rooms(RoomQuery::These(cleo.id, &[quiet, busy, RoomId(99)])).await.unwrap();
    assert_eq!(these.iter().map(|c| c.facts.room.id).collect::<Vec<_>>(), [quiet]);
    let all = world.store.rooms(RoomQuery::After(Some(quiet), 10)).await.unwrap();
    assert_eq!(all.iter().map(|c| (c.facts.room.id, c.mark.0)).collect::<Vec<_>>(), [(busy, 0)]);
    let alone = world.private(&[&cleo]).await.room.id;
    for (user, limit, ids) in [
        (cleo.id, 10, vec![quiet, busy, alone]),
        (cleo.id, 2, vec![busy, alone]),
        (ben.id, 10, vec![quiet, busy]),
    ] {
        let visible = world.store.rooms(RoomQuery::Visible { user, limit }).await.unwrap();
        assert_eq!(
            visible.iter().map(|c| c.facts.room.id).collect::<Vec<_>>(),
            ids,
            "mine and public ones, ascending"
        );
    }
}

async fn rooms_are_paged_in_the_order_of_their_ids(world: World) {
    let (ann, ben, cleo) =
        (world.user("ann").await, world.user("ben").await, world.user("cleo").await);
    let mut ids = Vec::new();
    for others in [
        vec![&ann, &ben, &cleo],
        vec![&ben, &ann],
        vec![&ben, &cleo],
        vec![&ann],
        vec![&ann, &cleo],
    ] {
        ids.push(world.private(&others).await.room.id);
    }
    world.store.change_room(ids[3], Basis::Nobody, Some(ann.id), RoomChange::Delete).await.unwrap();
    world.say(ids[0], &ann, "activity moves nothing").await;
    let page = async |descending, offset, limit| {
        let query = RoomQuery::Page { user: ann.id, descending, offset, limit, participants: 2 };
        world
            .store
            .rooms(query)
            .await
            .unwrap()
            .into_iter()
            .map(|card| (card.facts.room.id, card.user_count, card.facts.participants.len()))
            .collect::<Vec<_>>()
    };
    let (first, second, last) = ((ids[0], 3, 2), (ids[1], 2, 2), (ids[4], 2, 2));
    assert_eq!(page(false, 0, 100).await, [first, second, last]);
    assert_eq!(page(true, 0, 100).await, [last, second, first]);
    assert_eq!(page(true, 0, 2).await, [last, second]);
    assert_eq!(page(true, 2, 2).await, [first]);
    assert_eq!(page(false, 1, 1).await, [second]);
    assert_eq!(page(true, 3, 2).await, []);
    assert_eq!(page(true, u64::MAX, 2).await, []);
}
