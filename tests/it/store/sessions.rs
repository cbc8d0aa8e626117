//! Sessions, tickets, attempts.

use std::time::Duration;

use chatctl::model::{
    Event, Grant, Hash32, RoomId, Scope, SecondFactor, SessionId, Timestamp, User, UserId,
};
use chatctl::store::{
    Device, Ended, FactorChange, Missing, NewPassword, NewSession, StoreError, Ticket, UserChange,
    UserKey, grants,
};

use super::{World, contract};

contract!(
    a_session_is_proven_by_a_second_factor_or_another_system,
    a_session_lives_while_it_is_used,
    ended_sessions_are_gone_and_told,
    one_of_several_callers_ends_a_session,
    devices_are_known_beyond_the_end_of_their_sessions,
    a_new_password_spares_the_session_that_made_it,
    a_disabled_user_has_no_session,
    a_token_ends_when_its_owner_said_so,
    tokens_of_all_users_and_their_last_visits_are_listed,
    a_ticket_opens_once,
    attempts_are_counted_by_key,
);

const LIFE: Duration = Duration::from_hours(24);

pub(crate) fn new_session(user: &User, secret: u8) -> NewSession {
    let address = Some("192.0.2.7".parse().unwrap());
    NewSession {
        user: user.id,
        token: Hash32([secret; 32]),
        device: "test".to_owned(),
        address,
        now: Timestamp::now(),
        life: LIFE,
        grant: None,
        vouched: false,
    }
}

async fn a_session_lives_while_it_is_used(world: World) {
    let ann = world.user("ann").await;
    let new = new_session(&ann, 1);
    let started = world.sessions.start(new.clone()).await.unwrap();
    assert_eq!((started.login.as_str(), started.expires), ("ann", new.now.plus(LIFE)));
    assert_eq!(world.sessions.find(new.token, new.now, LIFE).await.unwrap(), Some(started.clone()));
    assert_eq!(world.sessions.find(Hash32([9; 32]), new.now, LIFE).await.unwrap(), None);
    // Within five minutes nothing is written.
    let soon = new.now.plus(Duration::from_mins(4));
    assert_eq!(world.sessions.find(new.token, soon, LIFE).await.unwrap(), Some(started.clone()));
    let later = new.now.plus(Duration::from_hours(23));
    let slid = world.sessions.find(new.token, later, LIFE).await.unwrap().unwrap();
    assert_eq!((slid.seen, slid.expires), (later, later.plus(LIFE)));
    // The update is not awaited, but comes before later writes.
    world.user("ben").await;
    assert_eq!(world.sessions.list(ann.id).await.unwrap(), [slid]);
    let old = new.now.plus(Duration::from_hours(46));
    assert!(world.sessions.find(new.token, old, LIFE).await.unwrap().is_some());
    world.user("cleo").await;
    let too_old = old.plus(LIFE);
    assert_eq!(world.sessions.find(new.token, too_old, LIFE).await.unwrap(), None);
    assert_eq!(
        world
            .sessions
            .start(NewSession { user: UserId(99), ..new_session(&ann, 2) })
            .await
            .unwrap_err(),
        StoreError::NotFound(Missing::User)
    );
}

async fn one_of_several_callers_ends_a_session(world: World) {
    let (ann, ben) = (world.user("ann").await, world.user("ben").await);
    let started = world.sessions.start(new_session(&ann, 1)).await.unwrap();
    assert!(!world.sessions.end_once(ben.id, started.id).await.unwrap(), "it is not his");
    let end = || world.sessions.end_once(ann.id, started.id);
    let (one, two, three) = tokio::join!(end(), end(), end());
    let ended = [one, two, three].map(Result::unwrap);
    assert_eq!(ended.iter().filter(|ended| **ended).count(), 1, "{ended:?}");
    assert!(!end().await.unwrap());
    assert_eq!(world.sessions.find(started.token, Timestamp::now(), LIFE).await.unwrap(), None);
}

async fn devices_are_known_beyond_the_end_of_their_sessions(world: World) {
    let (ann, ben) = (world.user("ann").await, world.user("ben").await);
    assert!(world.sessions.devices(ann.id).await.unwrap().is_empty());
    let started = world.sessions.start(new_session(&ann, 1)).await.unwrap();
    let grant = Grant { name: "ci".to_owned(), scope: Scope::Read, fixed: true };
    let token = NewSession { grant: Some(grant), ..new_session(&ann, 2) };
    world.sessions.start(token).await.unwrap();
    world.sessions.start(new_session(&ben, 3)).await.unwrap();
    world.sessions.end(ann.id, Ended::One(started.id)).await.unwrap();
    let address = started.address;
    let known = [Device { session: started.id, name: "test".to_owned(), address }];
    assert_eq!(world.sessions.devices(ann.id).await.unwrap(), known);
}

async fn ended_sessions_are_gone_and_told(mut world: World) {
    let (ann, ben) = (world.user("ann").await, world.user("ben").await);
    let mut started = Vec::new();
    for secret in 1..=3 {
        started.push(world.sessions.start(new_session(&ann, secret)).await.unwrap());
    }
    world.sessions.start(new_session(&ben, 4)).await.unwrap();
    let ids: Vec<SessionId> =
        world.sessions.list(ann.id).await.unwrap().iter().map(|session| session.id).collect();
    assert_eq!(ids, [started[2].id, started[1].id, started[0].id]);
    world.events();
    assert_eq!(
        world.sessions.end(ben.id, Ended::One(started[0].id)).await.unwrap(),
        0,
        "it is not his"
    );
    assert!(world.events().is_empty());
    assert_eq!(world.sessions.end(ann.id, Ended::AllBut(started[0].id)).await.unwrap(), 2);
    let events = world.events();
    let [Event::SessionEnded { user, sessions }] = &events[..] else { panic!("{events:?}") };
    assert_eq!((*user, sessions.len()), (ann.id, 2));
    assert_eq!(world.sessions.find(started[1].token, Timestamp::now(), LIFE).await.unwrap(), None);
    assert!(world.sessions.find(started[0].token, Timestamp::now(), LIFE).await.unwrap().is_some());
    assert_eq!(world.sessions.end(ann.id, Ended::One(started[0].id)).await.unwrap(), 1);
    assert_eq!(world.sessions.end(ann.id, Ended::All).await.unwrap(), 0);
    assert!(world.sessions.find(Hash32([4; 32]), Timestamp::now(), LIFE).await.unwrap().is_some());
}

async fn a_new_password_spares_the_session_that_made_it(mut world: World) {
    let ann = world.user("ann").await;
    let kept = world.sessions.start(new_session(&ann, 1)).await.unwrap();
    let other = world.sessions.start(new_session(&ann, 2)).await.unwrap();
    world.events();
    let password = NewPassword {
        password: "new".to_owned(),
        md5: None,
        sha1: Some("s".to_owned()),
        keep: Some(kept.id),
    };
    world
        .store
        .change_user(ann.id, UserChange { password: Some(password), ..UserChange::default() })
        .await
        .unwrap();
    assert!(matches!(
        &world.events()[..],
        [Event::UserChanged { .. }, Event::SessionEnded { sessions, .. }]
            if *sessions == [other.id]
    ));
    assert_eq!(world.sessions.list(ann.id).await.unwrap(), [kept]);
    let account = world.store.account(UserKey::Id(ann.id)).await.unwrap().unwrap();
    assert_eq!((account.password.as_str(), account.sha1.as_deref()), ("new", Some("s")));
}

async fn a_disabled_user_has_no_session(world: World) {
    let ann = world.user("ann").await;
    let session = world.sessions.start(new_session(&ann, 1)).await.unwrap();
    let disable = |disabled| UserChange { disabled: Some(disabled), ..UserChange::default() };
    world.store.change_user(ann.id, disable(true)).await.unwrap();
    assert_eq!(world.sessions.find(session.token, Timestamp::now(), LIFE).await.unwrap(), None);
    assert_eq!(
        world.sessions.start(new_session(&ann, 2)).await.unwrap_err(),
        StoreError::NotFound(Missing::User)
    );
    world.store.change_user(ann.id, disable(false)).await.unwrap();
    assert_eq!(
        world.sessions.find(session.token, Timestamp::now(), LIFE).await.unwrap(),
        None,
        "ended for good"
    );
}

async fn a_token_ends_when_its_owner_said_so(world: World) {
    let ann = world.user("ann").await;
    let admin = UserChange { admin: Some(true), ..UserChange::default() };
    world.store.change_user(ann.id, admin).await.unwrap();
    let grant = |scope, fixed| Some(Grant { name: "ci".to_owned(), scope, fixed });
    let mut secret = 0;
    for scope in [Scope::Read, Scope::Write, Scope::Admin, Scope::Hook(RoomId(5))] {
        for fixed in [true, false] {
            secret += 1;
            let new = NewSession { grant: grant(scope, fixed), ..new_session(&ann, secret) };
            let started = world.sessions.start(new.clone()).await.unwrap();
            assert_eq!((&started.grant, started.admin), (&new.grant, scope == Scope::Admin));
            let found = world.sessions.find(new.token, new.now, LIFE).await.unwrap();
            assert_eq!(found.as_ref(), Some(&started));
            let later = new.now.plus(LIFE / 2);
            let used = world.sessions.find(new.token, later, LIFE).await.unwrap().unwrap();
            let expires = if fixed { started.expires } else { later.plus(grants::UNUSED) };
            assert_eq!((used.seen, used.expires), (later, expires));
            assert_eq!(used.fixed_expiry(), fixed.then_some(started.expires));
            // The update is not awaited, but comes before later writes.
            world.user(&format!("after{secret}")).await;
            let late = new.now.plus(LIFE);
            let found = world.sessions.find(new.token, late, LIFE).await.unwrap();
            assert_eq!(found.is_some(), !fixed, "{scope:?}");
        }
    }
    let listed = world.sessions.list(ann.id).await.unwrap();
    assert_eq!((listed.len(), listed[0].grant.clone()), (8, grant(Scope::Hook(RoomId(5)), false)));
    assert_eq!(world.sessions.end(ann.id, Ended::One(listed[0].id)).await.unwrap(), 1);
}

async fn tokens_of_all_users_and_their_last_visits_are_listed(world: World) {
    let (ann, ben, cleo) =
        (world.user("ann").await, world.user("ben").await, world.user("cleo").await);
    let grant = |name: &str, scope| Some(Grant { name: name.to_owned(), scope, fixed: false });
    let mut secret = 0;
    let mut started = Vec::new();
    for (user, grant) in [
        (&ben, grant("b", Scope::Read)),
        (&ann, None),
        (&ann, grant("a", Scope::Hook(RoomId(7)))),
        (&ann, grant("r", Scope::Reset)),
    ] {
        secret += 1;
        let new = NewSession { grant, ..new_session(user, secret) };
        started.push(world.sessions.start(new).await.unwrap());
    }
    let [of_ben, log_in, hook, reset] = <[_; 4]>::try_from(started).unwrap();
    let granted = world.sessions.granted().await.unwrap();
    assert_eq!(granted, [reset, hook.clone(), of_ben]);
    // Programs are no visits; a session that has ended was one.
    let users = [cleo.id, ann.id, ben.id];
    let seen = [None, Some(log_in.seen), None];
    assert_eq!(world.sessions.last_seen(&users).await.unwrap(), seen);
    world.sessions.end(ann.id, Ended::All).await.unwrap();
    assert_eq!(world.sessions.last_seen(&users).await.unwrap(), seen);
    assert_eq!(world.sessions.granted().await.unwrap().len(), 1);
    assert!(world.sessions.last_seen(&[]).await.unwrap().is_empty());
}

async fn a_ticket_opens_once(world: World) {
    let ann = world.user("ann").await;
    let session = world.sessions.start(new_session(&ann, 1)).await.unwrap();
    let ticket = Ticket { user: ann.id, session: session.id, room: RoomId(1) };
    let secret = Hash32([7; 32]);
    world.sessions.issue_ticket(ticket.clone(), secret, LIFE).await.unwrap();
    let takers: Vec<_> = (0..10)
        .map(|_| {
            let sessions = world.sessions.clone();
            tokio::spawn(async move { sessions.take_ticket(secret).await.unwrap() })
        })
        .collect();
    let mut taken = Vec::new();
    for taker in takers {
        taken.extend(taker.await.unwrap());
    }
    assert_eq!(taken, [(session, RoomId(1))]);
    let (late, orphan) = (Hash32([8; 32]), Hash32([9; 32]));
    world.sessions.issue_ticket(ticket.clone(), late, Duration::ZERO).await.unwrap();
    assert_eq!(world.sessions.take_ticket(late).await.unwrap(), None);
    world.sessions.issue_ticket(ticket, orphan, LIFE).await.unwrap();
    world.sessions.end(ann.id, Ended::All).await.unwrap();
    assert_eq!(world.sessions.take_ticket(orphan).await.unwrap(), None, "it dies with its session");
}

async fn attempts_are_counted_by_key(world: World) {
    let minute = Duration::from_mins(1);
    for _ in 0..3 {
        world.sessions.attempt("ann", 3, minute).await.unwrap();
    }
    assert!(world.sessions.attempt("ann", 3, minute).await.unwrap_err().0 <= minute);
    world.sessions.attempt("ben", 1, minute).await.unwrap();
    world.sessions.give_back("ann").await.unwrap();
    world.sessions.attempt("ann", 3, minute).await.unwrap();
    world.sessions.attempt("ann", 3, minute).await.unwrap_err();
}

async fn a_session_is_proven_by_a_second_factor_or_another_system(mut world: World) {
    let ann = world.user("ann").await;
    let start = async |world: &World, secret, vouched| {
        let new = NewSession { vouched, ..new_session(&ann, secret) };
        world.sessions.start(new).await.unwrap().unproven
    };
    assert!(start(&world, 1, false).await);
    assert!(!start(&world, 2, true).await);
    let find = async |world: &World, secret: u8| {
        let (now, life) = (Timestamp::now(), Duration::from_hours(1));
        let found = world.sessions.find(Hash32([secret; 32]), now, life).await;
        found.unwrap().map(|session| session.unproven)
    };
    world.open_again_after_close().await;
    assert_eq!((find(&world, 1).await, find(&world, 2).await), (Some(true), Some(false)));
    let listed = world.sessions.list(ann.id).await.unwrap();
    assert_eq!(listed.iter().filter(|session| session.unproven).count(), 1);
    let change = |bot| UserChange { bot: Some(bot), ..UserChange::default() };
    world.store.change_user(ann.id, change(true)).await.unwrap();
    assert_eq!(find(&world, 1).await, Some(false), "a program");
    world.store.change_user(ann.id, change(false)).await.unwrap();
    let mut factor = SecondFactor::new(vec![7; 20]);
    for (confirmed, unproven) in [(false, true), (true, false)] {
        let before = world.store.account(UserKey::Id(ann.id)).await.unwrap().unwrap();
        factor.confirmed = confirmed;
        let keep = Some(listed.iter().find(|session| session.unproven).unwrap().id);
        let new = FactorChange { before: before.second_factor, after: Some(factor.clone()), keep };
        let change = UserChange { second_factor: Some(new), ..UserChange::default() };
        world.store.change_user(ann.id, change).await.unwrap();
        assert_eq!(find(&world, 1).await, Some(unproven), "confirmed: {confirmed}");
    }
}
