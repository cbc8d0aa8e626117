//! Invitations: a use is counted with the account or not at all, and the last one is had once.

use std::time::Duration;

use chatctl::model::{
    ActorKind, Attribution, AuditActor, Claim, Hash32, Invitation, InvitationId, RoomId, Timestamp,
    UserId,
};
use chatctl::store::{AuditQuery, ENDED_KEPT, Missing, NewInvitation, StoreError, UserKey};

use super::{World, contract, new_user};

contract!(
    an_invitation_is_found_by_its_secret_until_it_is_revoked,
    each_account_is_a_use,
    the_last_use_is_had_once,
    people_with_an_account_use_it_too,
    guests_stay_in_it,
    what_fails_uses_nothing_up,
    uses_and_revocations_are_recorded,
    what_ended_long_ago_is_forgotten,
);

const NONE: StoreError = StoreError::NotFound(Missing::Invitation);

fn new_invitation(secret: u8, uses: Option<u32>) -> NewInvitation {
    NewInvitation {
        secret: Hash32([secret; 32]),
        by: None,
        maker: "root".to_owned(),
        rooms: vec![RoomId(3), RoomId(5)],
        guest: false,
        uses,
        now: Timestamp::now(),
        life: Duration::from_hours(1),
        mailed_to: None,
    }
}

async fn made(world: &World, secret: u8, uses: Option<u32>) -> Invitation {
    world.store.add_invitation(new_invitation(secret, uses)).await.unwrap()
}

async fn used(world: &World, secret: u8) -> u32 {
    world.store.invitation(Hash32([secret; 32])).await.unwrap().unwrap().used
}

async fn an_invitation_is_found_by_its_secret_until_it_is_revoked(mut world: World) {
    let ann = world.user("ann").await;
    let mut new = new_invitation(1, Some(2));
    (new.by, new.maker) = (Some(ann.id), "ann".to_owned());
    new.mailed_to = Some("ben@example.org".to_owned());
    let first = world.store.add_invitation(new).await.unwrap();
    assert_eq!((first.by, first.maker.as_str()), (Some(ann.id), "ann"));
    assert_eq!(first.mailed_to.as_deref(), Some("ben@example.org"));
    assert_eq!((first.uses, first.used), (Some(2), 0));
    assert_eq!(first.rooms, [RoomId(3), RoomId(5)]);
    assert_eq!(first.expires, first.created.plus(Duration::from_hours(1)));
    let second = made(&world, 2, None).await;
    assert!(second.id > first.id);
    world.open_again_after_close().await;
    assert_eq!(world.store.invitations().await.unwrap(), [second.clone(), first.clone()]);
    assert_eq!(world.store.invitation(Hash32([1; 32])).await.unwrap(), Some(first.clone()));
    assert_eq!(world.store.invitation(Hash32([3; 32])).await.unwrap(), None);
    assert_eq!(world.store.revoke_invitation(first.id).await.unwrap(), first);
    assert_eq!(world.store.revoke_invitation(first.id).await.unwrap_err(), NONE);
    assert_eq!(world.store.revoke_invitation(InvitationId(99)).await.unwrap_err(), NONE);
    assert_eq!(world.store.invitation(Hash32([1; 32])).await.unwrap(), None);
    let listed = world.store.invitations().await.unwrap();
    let revoked = listed[1].revoked.unwrap();
    assert!(revoked >= first.created, "{listed:?}");
    assert_eq!(listed, [second, Invitation { revoked: Some(revoked), ..first }]);
    let late = world.store.add_invited(new_user("ben"), Hash32([1; 32])).await;
    assert_eq!(late.map(drop).unwrap_err(), NONE);
}

async fn each_account_is_a_use(world: World) {
    made(&world, 1, Some(2)).await;
    made(&world, 2, None).await;
    for (login, uses) in [("ann", 1), ("ben", 2)] {
        let added = world.store.add_invited(new_user(login), Hash32([1; 32])).await;
        let (user, invitation) = added.unwrap();
        assert_eq!((user.login.as_str(), invitation.used), (login, uses));
        let found = world.store.account(UserKey::Folded(login)).await.unwrap().unwrap();
        assert_eq!(found.user, user);
    }
    let refused = world.store.add_invited(new_user("cyd"), Hash32([1; 32])).await;
    assert_eq!(refused.map(drop).unwrap_err(), NONE);
    assert!(world.store.account(UserKey::Folded("cyd")).await.unwrap().is_none());
    for n in 0..5 {
        let login = format!("user{n}");
        world.store.add_invited(new_user(&login), Hash32([2; 32])).await.unwrap();
    }
    assert_eq!((used(&world, 1).await, used(&world, 2).await), (2, 5));
}

async fn the_last_use_is_had_once(world: World) {
    made(&world, 1, Some(3)).await;
    let tries = (0..12).map(|n| {
        let store = world.store.clone();
        let new = new_user(&format!("user{n}"));
        tokio::spawn(async move { store.add_invited(new, Hash32([1; 32])).await.map(drop) })
    });
    let mut added = 0;
    for attempt in tries.collect::<Vec<_>>() {
        match attempt.await.unwrap() {
            Ok(()) => added += 1,
            Err(error) => assert_eq!(error, NONE),
        }
    }
    assert_eq!((added, used(&world, 1).await), (3, 3));
    assert_eq!(world.store.find_users("user", false, None, 99).await.unwrap().len(), 3);
}

async fn people_with_an_account_use_it_too(world: World) {
    let (ann, ben) = (world.user("ann").await, world.user("ben").await);
    made(&world, 1, Some(2)).await;
    let accept = async |user, secret| {
        let accepted = world.store.accept_invitation(user, Hash32([secret; 32])).await;
        accepted.map(|invitation| invitation.used)
    };
    assert_eq!(accept(ann.id, 9).await, Err(NONE));
    assert_eq!(accept(UserId(99), 1).await, Err(StoreError::NotFound(Missing::User)));
    assert_eq!(accept(ann.id, 1).await, Ok(1));
    world.store.add_invited(new_user("cyd"), Hash32([1; 32])).await.unwrap();
    assert_eq!(accept(ben.id, 1).await, Err(NONE));
    assert_eq!(used(&world, 1).await, 2);
    assert_eq!(world.store.account(UserKey::Id(ann.id)).await.unwrap().unwrap().user, ann);
}

async fn guests_stay_in_it(mut world: World) {
    let ann = world.user("ann").await;
    let new = NewInvitation { guest: true, ..new_invitation(1, Some(2)) };
    let added = world.store.add_invitation(new).await.unwrap();
    assert!(added.guest && !made(&world, 2, None).await.guest);
    let guest = chatctl::store::NewUser { guest: true, ..new_user("gil") };
    let (user, invitation) = world.store.add_invited(guest, Hash32([1; 32])).await.unwrap();
    assert!(user.guest && invitation.guest);
    assert!(world.store.accept_invitation(ann.id, Hash32([1; 32])).await.unwrap().guest);
    world.open_again_after_close().await;
    let kept: Vec<_> =
        world.store.invitations().await.unwrap().iter().map(|one| (one.guest, one.used)).collect();
    assert_eq!(kept, [(false, 0), (true, 2)]);
    world.store.revoke_invitation(added.id).await.unwrap();
    assert!(world.store.invitations().await.unwrap()[1].guest);
}

async fn what_fails_uses_nothing_up(world: World) {
    made(&world, 1, Some(1)).await;
    world.user("ann").await;
    let taken = world.store.add_invited(new_user("ANN"), Hash32([1; 32])).await;
    assert_eq!(taken.map(drop).unwrap_err(), StoreError::Taken(Claim::Login));
    assert_eq!(used(&world, 1).await, 0);
    let mut over = new_invitation(2, Some(1));
    over.now = over.now.minus(Duration::from_hours(2));
    world.store.add_invitation(over).await.unwrap();
    let late = world.store.add_invited(new_user("ben"), Hash32([2; 32])).await;
    assert_eq!(late.map(drop).unwrap_err(), NONE);
    // The name is free.
    world.store.add_invited(new_user("ben"), Hash32([1; 32])).await.unwrap();
}

async fn uses_and_revocations_are_recorded(world: World) {
    let acting = |action: &str| {
        let actor = AuditActor {
            kind: ActorKind::User,
            user: Some(UserId(7)),
            name: "root".to_owned(),
            from: "192.0.2.7".to_owned(),
        };
        world.store.attributed(Attribution { actor, action: action.to_owned() })
    };
    let made = acting("invite.create").add_invitation(new_invitation(1, Some(1))).await.unwrap();
    acting("invite.use").add_invited(new_user("ann"), Hash32([1; 32])).await.unwrap();
    let refused = acting("invite.use").add_invited(new_user("ben"), Hash32([1; 32])).await;
    assert_eq!(refused.map(drop).unwrap_err(), NONE);
    acting("invite.revoke").revoke_invitation(made.id).await.unwrap();
    acting("invite.revoke").revoke_invitation(made.id).await.unwrap_err();
    let query = AuditQuery { oldest_first: true, limit: 99, ..AuditQuery::default() };
    let told: Vec<_> = world
        .store
        .audit(&query)
        .await
        .unwrap()
        .into_iter()
        .map(|entry| {
            let target = entry.note.target.unwrap();
            (entry.by.action, target.kind, target.id, entry.note.before, entry.note.after)
        })
        .collect();
    let id = made.id.to_string();
    let ann = world.store.account(UserKey::Folded("ann")).await.unwrap().unwrap().user;
    let what = format!(
        r#"{{"expires":"{}","rooms":["room003","room005"],"uses":1}}"#,
        made.expires.seconds()
    );
    let entry =
        |action: &str, kind: &str, id: &str| (action.to_owned(), kind.to_owned(), id.to_owned());
    assert_eq!(told.len(), 3, "{told:?}");
    let (action, kind, target, before, after) = told[0].clone();
    assert_eq!((action, kind, target), entry("invite.create", "invitation", &id));
    assert_eq!((before, after), (None, Some(what.clone())));
    let (action, kind, target, before, after) = told[1].clone();
    assert_eq!((action, kind, target), entry("invite.use", "user", &ann.id.to_string()));
    assert_eq!(before, None);
    assert!(after.unwrap().contains(&format!(r#""invitation":{id}"#)));
    let (action, kind, target, before, after) = told[2].clone();
    assert_eq!((action, kind, target), entry("invite.revoke", "invitation", &id));
    assert_eq!((before, after), (Some(what.replace("],", r#"],"used":1,"#)), None));
}

async fn what_ended_long_ago_is_forgotten(world: World) {
    let mut old = new_invitation(1, None);
    old.now = old.now.minus(ENDED_KEPT + Duration::from_hours(2));
    let old = world.store.add_invitation(old).await.unwrap();
    assert_eq!(world.store.invitations().await.unwrap(), [old]);
    let new = made(&world, 2, None).await;
    assert_eq!(world.store.invitations().await.unwrap(), [new]);
}
