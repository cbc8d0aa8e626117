//! Users: uniqueness, atomic changes, and all ways to find them.

use std::slice::from_ref;

use chatctl::model::{Change, Claim, Event, Status, Timestamp, User, UserId};
use chatctl::store::{
    Digests, Missing, NewPassword, NewUser, StoreError, UserChange, UserKey, UserQuery,
};

use super::{World, contract, new_user};

contract!(
    names_are_unique_in_every_form,
    concurrent_registrations_of_one_name_leave_one,
    users_are_found_in_every_way,
    a_change_is_all_or_nothing,
    statuses_are_those_of_the_own_rooms,
    a_new_display_name_reaches_every_room,
    digests_belong_to_one_password,
    settings_survive_a_restart,
);

async fn names_are_unique_in_every_form(world: World) {
    let mut ann = new_user("Ann");
    ann.email = Some("Ann@example.org".to_owned());
    let ann = world.store.add_user(ann).await.unwrap();
    for login in ["ann", "ANN", "аnn"] {
        assert_eq!(
            world.store.add_user(new_user(login)).await.unwrap_err(),
            StoreError::Taken(Claim::Login),
            "{login}"
        );
    }
    let mut ben = new_user("ben");
    ben.email = Some("aNN@EXAMPLE.org".to_owned());
    assert_eq!(
        world.store.add_user(ben.clone()).await.unwrap_err(),
        StoreError::Taken(Claim::Email)
    );
    ben.email = None;
    let ben = world.store.add_user(ben).await.unwrap();
    assert!(ben.id > ann.id);
}

async fn concurrent_registrations_of_one_name_leave_one(world: World) {
    let tries = (0..20).map(|_| {
        let store = world.store.clone();
        tokio::spawn(async move { store.add_user(new_user("ann")).await })
    });
    let mut made = 0;
    for attempt in tries.collect::<Vec<_>>() {
        match attempt.await.unwrap() {
            Ok(_) => made += 1,
            Err(error) => assert_eq!(error, StoreError::Taken(Claim::Login)),
        }
    }
    assert_eq!(made, 1);
}

async fn users_are_found_in_every_way(world: World) {
    let store = &world.store;
    let mut new = new_user("Василий");
    new.email = Some("V@example.org".to_owned());
    let new = NewUser { name: "Вася Пупкин".to_owned(), ..new };
    let vasily = store.add_user(new).await.unwrap();
    let ann = world.user("ann").await;
    for key in [UserKey::Id(vasily.id), UserKey::Folded("василий"), UserKey::Email("v@EXAMPLE.org")]
    {
        assert_eq!(store.account(key).await.unwrap().unwrap().user, vasily, "{key:?}");
    }
    assert!(store.account(UserKey::Folded("nobody")).await.unwrap().is_none());
    assert_eq!(
        store.users(UserQuery::Ids(&[ann.id, UserId(99), vasily.id])).await.unwrap(),
        [vasily.clone(), ann.clone()]
    );
    assert_eq!(
        store.users(UserQuery::Folded(&["ann".to_owned(), "x".to_owned()])).await.unwrap(),
        from_ref(&ann)
    );
    assert_eq!(store.users(UserQuery::After(Some(vasily.id), 10)).await.unwrap(), from_ref(&ann));
    assert_eq!(store.find_users("АСИ", false, None, 10).await.unwrap(), from_ref(&vasily));
    assert_eq!(store.find_users("пупкин", true, None, 10).await.unwrap(), [vasily]);
    assert!(store.find_users("пупкин", false, None, 10).await.unwrap().is_empty());
    assert_eq!(store.find_users("", false, None, 1).await.unwrap().len(), 1);
}

async fn a_change_is_all_or_nothing(mut world: World) {
    let mut new = new_user("ann");
    new.email = Some("ann@example.org".to_owned());
    world.store.add_user(new).await.unwrap();
    let ben = world.user("ben").await;
    world.events();
    let change = UserChange {
        name: Some("Benjamin".to_owned()),
        email: Some(Some("ANN@example.org".to_owned())),
        ..UserChange::default()
    };
    assert_eq!(
        world.store.change_user(ben.id, change).await.unwrap_err(),
        StoreError::Taken(Claim::Email)
    );
    assert_eq!(world.store.account(UserKey::Id(ben.id)).await.unwrap().unwrap().user, ben);
    assert!(world.events().is_empty());
    let status = Status {
        emoji: Some("🍜".to_owned()),
        text: "at lunch".to_owned(),
        until: Some(Timestamp(9_999_999_999_999)),
    };
    let change = UserChange {
        birth: Some(Some("1999-01-31".to_owned())),
        status: Some(Some(status.clone())),
        admin: Some(true),
        disabled: Some(true),
        ..UserChange::default()
    };
    let changed = world.store.change_user(ben.id, change).await.unwrap();
    assert_eq!(
        (changed.birth.as_deref(), changed.admin, changed.disabled),
        (Some("1999-01-31"), true, true)
    );
    assert!(matches!(world.events()[..], [Event::UserChanged { user }] if user == ben.id));
    assert_eq!(world.store.account(UserKey::Id(ben.id)).await.unwrap().unwrap().user, changed);
    let found = world.store.users(UserQuery::Ids(&[ben.id])).await.unwrap();
    assert_eq!(found[0].status, Some(status));
    let change = UserChange { status: Some(None), ..UserChange::default() };
    assert_eq!(world.store.change_user(ben.id, change).await.unwrap().status, None);
    assert_eq!(
        world.store.change_user(UserId(99), UserChange::default()).await.unwrap_err(),
        StoreError::NotFound(Missing::User)
    );
}

async fn texts_of(world: &World, near: &User, at: Timestamp) -> Vec<String> {
    let users = world.store.statuses(near.id, at).await.unwrap();
    users.into_iter().map(|user| user.status.unwrap().text).collect()
}

async fn statuses_are_those_of_the_own_rooms(mut world: World) {
    let [ann, ben, cyd, dan] = [
        world.user("ann").await,
        world.user("ben").await,
        world.user("cyd").await,
        world.user("dan").await,
    ];
    world.private(&[&ann, &ben]).await;
    world.private(&[&ann, &cyd, &ben]).await;
    let now = Timestamp::now();
    let later = Timestamp(now.0 + 3_600_000);
    let set = async |user: &User, until: Option<Timestamp>| {
        let status = Status { emoji: None, text: user.login.clone(), until };
        let change = UserChange { status: Some(Some(status)), ..UserChange::default() };
        world.store.change_user(user.id, change).await.unwrap();
    };
    for (user, until) in [(&ann, None), (&ben, Some(later)), (&dan, None)] {
        set(user, until).await;
    }
    let texts = async |near: &User, at: Timestamp| texts_of(&world, near, at).await;
    assert_eq!(texts(&ann, now).await, ["ann", "ben"]);
    assert_eq!(texts(&cyd, now).await, ["ann", "ben"]);
    assert_eq!(texts(&dan, now).await, ["dan"], "one's own, and of nobody else");
    assert_eq!(texts(&ann, later).await, ["ann"], "one that has ended is none");
    let remove = UserChange { status: Some(None), ..UserChange::default() };
    world.store.change_user(ann.id, remove).await.unwrap();
    assert_eq!(texts(&ben, now).await, ["ben"]);
    set(&ann, Some(later)).await;
    world.open_again_after_close().await;
    let found = world.store.statuses(cyd.id, now).await.unwrap();
    assert_eq!(found.iter().map(|user| user.id).collect::<Vec<_>>(), [ann.id, ben.id]);
    let disable = |disabled| UserChange { disabled: Some(disabled), ..UserChange::default() };
    world.store.change_user(ben.id, disable(true)).await.unwrap();
    assert_eq!(texts_of(&world, &cyd, now).await, ["ann"], "disabled users show none");
    world.store.change_user(ben.id, disable(false)).await.unwrap();
    world.store.remove_user(ann.id).await.unwrap();
    assert_eq!(texts_of(&world, &cyd, now).await, ["ben"], "deleted users have none");
}

async fn a_new_display_name_reaches_every_room(mut world: World) {
    let (ann, ben) = (world.user("ann").await, world.user("ben").await);
    let rooms = [world.private(&[&ann, &ben]).await, world.private(&[&ben, &ann]).await];
    let before = world.say(rooms[0].room.id, &ann, "hello").await;
    assert_eq!(before.message.author.name(), "ann");
    world
        .store
        .change_user(ann.id, UserChange { name: Some("Anna".to_owned()), ..UserChange::default() })
        .await
        .unwrap();
    for facts in &rooms {
        let step = world
            .wait_for_step(
                facts.room.id,
                |change| matches!(change, Change::ParticipantChanged(p) if p.user == ann.id),
            )
            .await;
        assert_eq!(step.by.name(), "Anna");
        let now = world.facts(facts.room.id).await;
        assert_eq!(
            (now.room.rev, now.room.facts_rev, now.participant(ann.id).unwrap().since),
            (step.rev, step.rev, step.rev)
        );
        assert_eq!(
            now.participant(ben.id).unwrap().since,
            facts.participant(ben.id).unwrap().since
        );
    }
    let shown =
        world.store.messages(rooms[0].room.id, chatctl::model::Window::Latest, 1).await.unwrap();
    assert_eq!(shown[0].author.name(), "Anna");
    assert_eq!(world.say(rooms[0].room.id, &ann, "again").await.message.author.name(), "Anna");
}

async fn digests_belong_to_one_password(world: World) {
    let ann = world.user("ann").await;
    let kept = async || {
        let account = world.store.account(UserKey::Id(ann.id)).await.unwrap().unwrap();
        (account.password, account.md5, account.sha1)
    };
    let digests =
        |of: &str| Digests { of: of.to_owned(), md5: "m".to_owned(), sha1: "s".to_owned() };
    let password = NewPassword { password: "new".to_owned(), md5: None, sha1: None, keep: None };
    world
        .store
        .change_user(ann.id, UserChange { password: Some(password), ..UserChange::default() })
        .await
        .unwrap();
    world.store.add_digests(ann.id, digests("old")).await.unwrap();
    assert_eq!(
        kept().await,
        ("new".to_owned(), None, None),
        "made of a password that is no longer the one"
    );
    world.store.add_digests(ann.id, digests("new")).await.unwrap();
    assert_eq!(kept().await, ("new".to_owned(), Some("m".to_owned()), Some("s".to_owned())));
    assert_eq!(world.store.forget_digests().await.unwrap(), 1);
    assert_eq!(kept().await, ("new".to_owned(), None, None));
    assert_eq!(world.store.forget_digests().await.unwrap(), 0);
}

async fn settings_survive_a_restart(mut world: World) {
    let before = world.store.settings().await.unwrap();
    assert_ne!(before.signing_key, [0; 32]);
    let server = world.server_id().await;
    world.close().await;
    assert_eq!(world.store.ping().await, Err(StoreError::Unavailable));
    assert_eq!(world.store.add_user(new_user("late")).await, Err(StoreError::Unavailable));
    world.open_again().await;
    let after = world.store.settings().await.unwrap();
    assert_eq!((before.signing_key, before.epoch), (after.signing_key, after.epoch));
    assert_eq!(server, world.server_id().await);
}
