//! Subscriptions of devices to push notifications.

use std::time::Duration;

use chatctl::model::{
    Hash32, MAX_SUBSCRIPTIONS, NewSubscription, Session, SessionId, Timestamp, User,
};
use chatctl::store::{Ended, Missing, NewPassword, NewSession, StoreError, UserChange};

use super::{World, contract};

contract!(
    a_subscription_belongs_to_a_session_and_ends_with_it,
    subscriptions_end_with_a_password_and_with_their_user,
    a_device_has_one_subscription_and_a_user_a_bounded_number,
    a_browser_belongs_to_who_subscribed_it_last,
    only_the_subscription_that_is_gone_is_removed,
    the_key_for_push_services_stays
);

fn given(endpoint: &str) -> NewSubscription {
    NewSubscription {
        endpoint: format!("https://push.example/{endpoint}"),
        key: vec![4; 65],
        secret: vec![7; 16],
        all: false,
        text: true,
    }
}

async fn log_in(world: &World, user: &User, secret: u8) -> Session {
    let new = NewSession {
        user: user.id,
        token: Hash32([secret; 32]),
        device: String::new(),
        address: None,
        now: Timestamp::now(),
        life: Duration::from_hours(24),
        grant: None,
        vouched: false,
    };
    world.sessions.start(new).await.unwrap()
}

async fn subscribe(world: &World, session: &Session, endpoint: &str) {
    world.sessions.subscribe(session.user, session.id, Some(given(endpoint))).await.unwrap();
}

/// The sessions of the subscriptions of a user, in order, with the last part of their addresses.
async fn subscribed(world: &World, user: &User) -> Vec<(SessionId, String)> {
    let all = world.sessions.subscriptions(user.id).await.unwrap();
    let last = |endpoint: &str| endpoint.rsplit('/').next().unwrap().to_owned();
    all.iter().map(|found| (found.session, last(&found.given.endpoint))).collect()
}

async fn a_subscription_belongs_to_a_session_and_ends_with_it(mut world: World) {
    let (ann, ben) = (world.user("ann").await, world.user("ben").await);
    let phone = log_in(&world, &ann, 1).await;
    let laptop = log_in(&world, &ann, 2).await;
    assert_eq!(world.sessions.subscribers().await.unwrap(), []);
    subscribe(&world, &phone, "a").await;
    world.sessions.subscribe(ann.id, laptop.id, None).await.unwrap();
    let all = world.sessions.subscriptions(ann.id).await.unwrap();
    assert_eq!(all.len(), 1);
    assert_eq!((all[0].session, all[0].user, &all[0].given), (phone.id, ann.id, &given("a")));
    assert_eq!(world.sessions.subscribers().await.unwrap(), [ann.id]);
    let of_another = world.sessions.subscribe(ben.id, phone.id, Some(given("b"))).await;
    assert_eq!(of_another, Err(StoreError::NotFound(Missing::Session)));
    // A change of what was chosen replaces it.
    let all_of_it = NewSubscription { all: true, text: false, ..given("a2") };
    world.sessions.subscribe(ann.id, phone.id, Some(all_of_it.clone())).await.unwrap();
    world.open_again_after_close().await;
    assert_eq!(world.sessions.subscriptions(ann.id).await.unwrap()[0].given, all_of_it);
    world.sessions.end(ann.id, Ended::One(phone.id)).await.unwrap();
    assert_eq!(subscribed(&world, &ann).await, []);
    let late = world.sessions.subscribe(ann.id, phone.id, Some(given("c"))).await;
    assert_eq!(late, Err(StoreError::NotFound(Missing::Session)));
    assert_eq!(subscribed(&world, &ann).await, []);
}

async fn subscriptions_end_with_a_password_and_with_their_user(world: World) {
    let ann = world.user("ann").await;
    let kept = log_in(&world, &ann, 1).await;
    let other = log_in(&world, &ann, 2).await;
    subscribe(&world, &kept, "kept").await;
    subscribe(&world, &other, "other").await;
    let password =
        NewPassword { password: "new".to_owned(), md5: None, sha1: None, keep: Some(kept.id) };
    let change = UserChange { password: Some(password), ..UserChange::default() };
    world.store.change_user(ann.id, change).await.unwrap();
    assert_eq!(subscribed(&world, &ann).await, [(kept.id, "kept".to_owned())]);
    let disable = UserChange { disabled: Some(true), ..UserChange::default() };
    world.store.change_user(ann.id, disable).await.unwrap();
    assert_eq!(subscribed(&world, &ann).await, []);
    let ben = world.user("ben").await;
    subscribe(&world, &log_in(&world, &ben, 3).await, "b").await;
    world.store.remove_user(ben.id).await.unwrap();
    world.settle().await;
    assert_eq!(world.sessions.subscriptions(ben.id).await.unwrap(), []);
    assert!(!world.sessions.subscribers().await.unwrap().contains(&ben.id));
}

async fn a_device_has_one_subscription_and_a_user_a_bounded_number(world: World) {
    let ann = world.user("ann").await;
    let first = log_in(&world, &ann, 1).await;
    let again = log_in(&world, &ann, 2).await;
    // The same browser, signed in again.
    subscribe(&world, &first, "same").await;
    subscribe(&world, &again, "same").await;
    assert_eq!(subscribed(&world, &ann).await, [(again.id, "same".to_owned())]);
    let mut sessions = vec![again];
    for number in 0..MAX_SUBSCRIPTIONS {
        let session = log_in(&world, &ann, u8::try_from(10 + number).unwrap()).await;
        subscribe(&world, &session, &number.to_string()).await;
        sessions.push(session);
    }
    let found = subscribed(&world, &ann).await;
    assert_eq!(found.len(), MAX_SUBSCRIPTIONS);
    let newest = sessions.last().unwrap();
    assert!(found.iter().any(|(session, _)| *session == newest.id), "{found:?}");
    assert!(found.iter().all(|(session, _)| *session != sessions[0].id), "{found:?}");
}

async fn a_browser_belongs_to_who_subscribed_it_last(world: World) {
    let (ann, ben) = (world.user("ann").await, world.user("ben").await);
    let hers = log_in(&world, &ann, 1).await;
    let phone = log_in(&world, &ann, 2).await;
    let his = log_in(&world, &ben, 3).await;
    subscribe(&world, &hers, "shared").await;
    subscribe(&world, &phone, "phone").await;
    let of_phone = (phone.id, "phone".to_owned());
    subscribe(&world, &his, "shared").await;
    assert_eq!(subscribed(&world, &ann).await, std::slice::from_ref(&of_phone));
    assert_eq!(subscribed(&world, &ben).await, [(his.id, "shared".to_owned())]);
    // A cluster orders writes by milliseconds.
    let subscribe = async |world: &World, session: &Session, endpoint: &str| {
        let now = Timestamp::now();
        while Timestamp::now() <= now {
            tokio::task::yield_now().await;
        }
        subscribe(world, session, endpoint).await;
    };
    // And back, several times, with another address in between, and with what has ended.
    for _ in 0..2 {
        subscribe(&world, &hers, "shared").await;
        let of_hers = (hers.id, "shared".to_owned());
        assert_eq!(subscribed(&world, &ann).await, [of_phone.clone(), of_hers]);
        assert_eq!(subscribed(&world, &ben).await, []);
        subscribe(&world, &his, "his").await;
        subscribe(&world, &his, "shared").await;
        assert_eq!(subscribed(&world, &ann).await, std::slice::from_ref(&of_phone));
        assert_eq!(subscribed(&world, &ben).await, [(his.id, "shared".to_owned())]);
    }
    world.sessions.subscribe(ben.id, his.id, None).await.unwrap();
    let later = log_in(&world, &ben, 4).await;
    subscribe(&world, &later, "shared").await;
    world.sessions.end(ben.id, Ended::One(later.id)).await.unwrap();
    subscribe(&world, &hers, "shared").await;
    assert_eq!(subscribed(&world, &ann).await.len(), 2);
    assert_eq!(subscribed(&world, &ben).await, []);
}

async fn only_the_subscription_that_is_gone_is_removed(world: World) {
    let ann = world.user("ann").await;
    let phone = log_in(&world, &ann, 1).await;
    subscribe(&world, &phone, "old").await;
    let old = world.sessions.subscriptions(ann.id).await.unwrap().remove(0);
    subscribe(&world, &phone, "new").await;
    world.sessions.unsubscribe(&old).await.unwrap();
    assert_eq!(subscribed(&world, &ann).await, [(phone.id, "new".to_owned())]);
    let new = world.sessions.subscriptions(ann.id).await.unwrap().remove(0);
    world.sessions.unsubscribe(&new).await.unwrap();
    world.sessions.unsubscribe(&new).await.unwrap();
    assert_eq!(subscribed(&world, &ann).await, []);
}

async fn the_key_for_push_services_stays(mut world: World) {
    let key = world.store.settings().await.unwrap().push_key;
    assert!(key.len() > 100, "{} bytes", key.len());
    world.open_again_after_close().await;
    assert_eq!(world.store.settings().await.unwrap().push_key, key);
}
