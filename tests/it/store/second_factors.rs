//! Second factors: what is stored, who wins of two uses of a code, and which sessions end.

use chatctl::model::{Account, Hash32, SecondFactor, SessionId, UserId};
use chatctl::store::{FactorChange, NewPassword, StoreError, UserChange, UserKey};

use super::sessions::new_session;
use super::{World, contract};

contract!(
    others_end_when_a_factor_comes_into_force,
    of_uses_of_one_code_at_once_one_is_made,
    a_factor_outlives_a_password_and_a_restart_and_not_its_account,
);

fn in_force() -> SecondFactor {
    let recovery = vec![Hash32([1; 32]), Hash32([2; 32])];
    SecondFactor { confirmed: true, step: 1, recovery, ..SecondFactor::new([7; 20]) }
}

fn change(
    before: Option<&SecondFactor>,
    after: Option<&SecondFactor>,
    keep: Option<SessionId>,
) -> UserChange {
    let new = FactorChange { before: before.cloned(), after: after.cloned(), keep };
    UserChange { second_factor: Some(new), ..UserChange::default() }
}

async fn known(world: &World, user: UserId) -> Account {
    world.store.account(UserKey::Id(user)).await.unwrap().unwrap()
}

async fn sessions_of(world: &World, user: UserId) -> Vec<SessionId> {
    let mut all: Vec<_> =
        world.sessions.list(user).await.unwrap().iter().map(|session| session.id).collect();
    all.sort_unstable();
    all
}

async fn others_end_when_a_factor_comes_into_force(world: World) {
    let ann = world.user("ann").await;
    let kept = world.sessions.start(new_session(&ann, 1)).await.unwrap().id;
    let other = world.sessions.start(new_session(&ann, 2)).await.unwrap().id;
    let set_up = SecondFactor::new([7; 20]);
    let first = change(None, Some(&set_up), Some(kept));
    assert!(!world.store.change_user(ann.id, first.clone()).await.unwrap().second_factor);
    let again = world.store.change_user(ann.id, first).await;
    assert_eq!(again.unwrap_err(), StoreError::Stale, "it is not what it was");
    let account = known(&world, ann.id).await;
    assert_eq!(
        (account.user.second_factor, account.second_factor.as_ref()),
        (false, Some(&set_up)),
        "set up, and not in force"
    );
    assert_eq!(sessions_of(&world, ann.id).await, [kept, other]);
    let factor = in_force();
    let comes = change(Some(&set_up), Some(&factor), Some(kept));
    assert!(world.store.change_user(ann.id, comes).await.unwrap().second_factor);
    assert_eq!(sessions_of(&world, ann.id).await, [kept]);
    let used = SecondFactor { step: 2, ..factor.clone() };
    world.store.change_user(ann.id, change(Some(&factor), Some(&used), None)).await.unwrap();
    assert_eq!(sessions_of(&world, ann.id).await, [kept], "a use ends none");
}

async fn of_uses_of_one_code_at_once_one_is_made(world: World) {
    let ann = world.user("ann").await;
    let mut factor = in_force();
    world.store.change_user(ann.id, change(None, Some(&factor), None)).await.unwrap();
    for step in 2..12 {
        // What each writes is the same.
        let after = SecondFactor { step, ..factor.clone() };
        let uses = (0..4).map(|_| {
            let (store, used) = (world.store.clone(), change(Some(&factor), Some(&after), None));
            tokio::spawn(async move { store.change_user(ann.id, used).await })
        });
        let mut made = 0;
        for used in uses.collect::<Vec<_>>() {
            match used.await.unwrap() {
                Ok(_) => made += 1,
                Err(error) => assert_eq!(error, StoreError::Stale),
            }
        }
        assert_eq!(made, 1, "step {step}");
        factor = after;
    }
    assert_eq!(known(&world, ann.id).await.second_factor, Some(factor));
}

async fn a_factor_outlives_a_password_and_a_restart_and_not_its_account(mut world: World) {
    let (ann, ben) = (world.user("ann").await, world.user("ben").await);
    let factor = in_force();
    for user in [ann.id, ben.id] {
        world.store.change_user(user, change(None, Some(&factor), None)).await.unwrap();
    }
    let password = NewPassword { password: "new".to_owned(), md5: None, sha1: None, keep: None };
    let new = UserChange { password: Some(password), ..UserChange::default() };
    assert!(world.store.change_user(ann.id, new).await.unwrap().second_factor);
    world.close().await;
    world.open_again().await;
    assert_eq!(known(&world, ann.id).await.second_factor.as_ref(), Some(&factor));
    let off = change(Some(&factor), None, None);
    assert!(!world.store.change_user(ann.id, off).await.unwrap().second_factor);
    assert_eq!(known(&world, ann.id).await.second_factor, None);
    world.store.remove_user(ben.id).await.unwrap();
    assert!(world.store.account(UserKey::Id(ben.id)).await.unwrap().is_none());
}
