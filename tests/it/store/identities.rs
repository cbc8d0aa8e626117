//! Identities of users in other systems: whose they are, and what becomes of them.

use chatctl::model::{Claim, Identity, IdentitySource, UserId};
use chatctl::store::{NewUser, StoreError, UserChange, UserKey};

use super::{World, contract, new_user};

contract!(
    an_identity_belongs_to_one_user,
    of_links_at_once_one_is_made,
    identities_outlive_a_restart_and_not_their_account,
);

fn oidc(subject: &str) -> Identity {
    Identity::oidc("https://id.example.org", subject)
}

fn ldap(subject: &str) -> Identity {
    Identity { source: IdentitySource::Ldap, subject: subject.to_owned() }
}

fn link(identity: &Identity) -> UserChange {
    UserChange { link: vec![identity.clone()], ..UserChange::default() }
}

fn unlink(identity: &Identity) -> UserChange {
    UserChange { unlink: vec![identity.clone()], ..UserChange::default() }
}

async fn holder(world: &World, identity: &Identity) -> Option<UserId> {
    let found = world.store.account(UserKey::Identity(identity)).await.unwrap();
    found.map(|account| account.user.id)
}

async fn an_identity_belongs_to_one_user(world: World) {
    let (ann, ben) = (world.user("ann").await, world.user("ben").await);
    let taken = StoreError::Taken(Claim::Identity);
    let (one, two) = (oidc("1"), ldap("1"));
    assert_eq!(holder(&world, &one).await, None);
    for identity in [&two, &one, &one] {
        world.store.change_user(ann.id, link(identity)).await.unwrap();
    }
    assert_eq!(world.store.identities(ann.id).await.unwrap(), [one.clone(), two.clone()]);
    assert_eq!(holder(&world, &one).await, Some(ann.id));
    // Nothing else of a change is made if it is refused.
    let change = UserChange { name: Some("Benjamin".to_owned()), ..link(&one) };
    assert_eq!(world.store.change_user(ben.id, change).await.unwrap_err(), taken);
    let name = world.store.account(UserKey::Id(ben.id)).await.unwrap().unwrap().user.name;
    assert_eq!(name, ben.name);
    let new = NewUser { identity: Some(one.clone()), ..new_user("cat") };
    assert_eq!(world.store.add_user(new).await.unwrap_err(), taken);
    assert!(world.store.account(UserKey::Folded("cat")).await.unwrap().is_none());
    world.store.change_user(ben.id, unlink(&one)).await.unwrap();
    assert_eq!(holder(&world, &one).await, Some(ann.id), "it is not ben's to unlink");
    world.store.change_user(ann.id, unlink(&one)).await.unwrap();
    assert_eq!(holder(&world, &one).await, None);
    assert_eq!(world.store.identities(ann.id).await.unwrap(), [two]);
    let new = NewUser { identity: Some(one.clone()), ..new_user("cat") };
    let cat = world.store.add_user(new).await.unwrap();
    assert_eq!(holder(&world, &one).await, Some(cat.id));
    assert_eq!(holder(&world, &oidc("1 ")).await, None);
    assert_eq!(holder(&world, &ldap(&one.subject)).await, None, "sources are told apart");
}

async fn of_links_at_once_one_is_made(world: World) {
    let mut people = Vec::new();
    for login in ["ann", "ben", "cat", "dan"] {
        people.push(world.user(login).await.id);
    }
    for round in 0..10 {
        let identity = oidc(&round.to_string());
        let links = people.iter().map(|user| {
            let (store, user, link) = (world.store.clone(), *user, link(&identity));
            tokio::spawn(async move { store.change_user(user, link).await })
        });
        let mut made = 0;
        for linked in links.collect::<Vec<_>>() {
            match linked.await.unwrap() {
                Ok(_) => made += 1,
                Err(error) => assert_eq!(error, StoreError::Taken(Claim::Identity)),
            }
        }
        assert_eq!(made, 1, "round {round}");
        assert!(holder(&world, &identity).await.is_some_and(|user| people.contains(&user)));
    }
}

async fn identities_outlive_a_restart_and_not_their_account(mut world: World) {
    let ann = world.user("ann").await;
    let (one, two) = (oidc("가 나#1"), ldap("entryUUID"));
    for identity in [&one, &two] {
        world.store.change_user(ann.id, link(identity)).await.unwrap();
    }
    world.close().await;
    world.open_again().await;
    assert_eq!(world.store.identities(ann.id).await.unwrap(), [one.clone(), two.clone()]);
    world.store.remove_user(ann.id).await.unwrap();
    assert_eq!(world.store.identities(ann.id).await.unwrap(), []);
    let ben = world.user("ben").await;
    for identity in [&one, &two] {
        assert_eq!(holder(&world, identity).await, None);
        world.store.change_user(ben.id, link(identity)).await.unwrap();
        assert_eq!(holder(&world, identity).await, Some(ben.id));
    }
}
