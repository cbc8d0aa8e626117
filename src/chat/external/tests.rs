//! Tests of accounts that another system decides on.

use super::*;
use crate::chat::world::World;
use crate::chat::{AccountChange, Operator};
use crate::config::Config;
use crate::model::{Identity, IdentitySource};

fn terms() -> Terms {
    Terms { create: true, link_by_email: false, rooms: Vec::new() }
}

fn person(subject: &str, login: &str) -> ExternalUser {
    ExternalUser {
        identity: Identity::oidc("https://id.example.org", subject),
        login: Some(login.to_owned()),
        name: Some("Ann  Lee".to_owned()),
        email: Some(format!("{login}@example.org")),
        email_verified: true,
        admin: None,
    }
}

async fn log_in(
    world: &World,
    who: &ExternalUser,
    terms: &Terms,
) -> std::result::Result<User, NoAccount> {
    let found = world.chat.account_of_external(who, terms, &Client::default()).await;
    found.map(|account| account.user)
}

#[tokio::test]
async fn an_account_is_created_once_and_found_by_its_identity() {
    let world = World::new(&Config::default()).await;
    let who = person("1", "ann");
    let none = Terms { create: false, ..terms() };
    assert_eq!(log_in(&world, &who, &none).await, Err(NoAccount::Unknown));
    let ann = log_in(&world, &who, &terms()).await.unwrap();
    assert_eq!((ann.login.as_str(), ann.name.as_str(), ann.admin), ("ann", "Ann Lee", false));
    assert_eq!(ann.email.as_deref(), Some("ann@example.org"));
    // Login name and display name are those of the account from then on, the address follows.
    let moved = ExternalUser { name: None, email: Some("new@example.org".into()), ..who.clone() };
    let moved = ExternalUser { login: Some("other".to_owned()), ..moved };
    let again = log_in(&world, &moved, &none).await.unwrap();
    assert_eq!((again.id, again.login, again.name), (ann.id, ann.login, ann.name));
    assert_eq!(again.email.as_deref(), Some("new@example.org"));
    // An address that is not valid, or none, changes nothing.
    for email in [None, Some("nonsense".to_owned())] {
        let again = log_in(&world, &ExternalUser { email, ..who.clone() }, &none).await.unwrap();
        assert_eq!(again.email.as_deref(), Some("new@example.org"));
    }
}

#[tokio::test]
async fn names_and_addresses_of_others_are_not_taken() {
    let world = World::new(&Config::default()).await;
    world.user("ann").await;
    let taken = log_in(&world, &person("1", "Ann"), &terms()).await;
    assert_eq!(taken, Err(NoAccount::NameTaken("Ann".to_owned())));
    let invalid = log_in(&world, &person("1", "a b/c"), &terms()).await;
    assert_eq!(invalid, Err(NoAccount::InvalidName("a b/c".to_owned())));
    let nameless = ExternalUser { login: None, ..person("1", "ben") };
    assert_eq!(log_in(&world, &nameless, &terms()).await, Err(NoAccount::NoName));
    let ben = person("1", "ben");
    log_in(&world, &ben, &terms()).await.unwrap();
    let double = ExternalUser { email: ben.email.clone(), ..person("2", "cat") };
    assert_eq!(log_in(&world, &double, &terms()).await, Err(NoAccount::EmailTaken));
    let cat = log_in(&world, &person("2", "cat"), &terms()).await.unwrap();
    // Whoever changes to an address of somebody else keeps the old one.
    let changed = log_in(&world, &double, &terms()).await.unwrap();
    assert_eq!((changed.id, changed.email), (cat.id, cat.email));
}

#[tokio::test]
async fn only_a_verified_address_links_an_account_and_only_if_configured() {
    let world = World::new(&Config::default()).await;
    let session = world.user("ann").await;
    let email = Some(Some("Ann@example.org".to_owned()));
    let change = crate::chat::ProfileChange { email, ..Default::default() };
    world.chat.change_me(&session, change).await.unwrap();
    let who = person("1", "ann");
    let linking = Terms { link_by_email: true, ..terms() };
    let unverified = ExternalUser { email_verified: false, ..who.clone() };
    for (who, terms) in [(&unverified, &linking), (&who, &terms())] {
        let taken = log_in(&world, who, terms).await;
        assert_eq!(taken, Err(NoAccount::NameTaken("ann".to_owned())));
    }
    let account = world.chat.store().account(UserKey::Id(session.user)).await;
    let password = account.unwrap().unwrap().password;
    let linked = log_in(&world, &who, &linking).await.unwrap();
    assert_eq!((linked.id, linked.email.as_deref()), (session.user, Some("ann@example.org")));
    // Nobody knows who has entered the address.
    assert_eq!(world.chat.session_of(session.token).await, Ok(None));
    let before = world.chat.store().account(UserKey::Id(session.user)).await.unwrap().unwrap();
    assert_ne!(before.password, password);
    // A second identity of the same system is another person's.
    let other = ExternalUser { identity: person("2", "").identity, ..who.clone() };
    assert!(log_in(&world, &other, &linking).await.is_err());
    let ldap = Identity { source: IdentitySource::Ldap, subject: "1".to_owned() };
    let ldap = ExternalUser { identity: ldap, ..who };
    assert_eq!(log_in(&world, &ldap, &linking).await.unwrap().id, session.user);
}

#[tokio::test]
async fn the_role_is_given_and_taken_and_the_last_administrator_stays() {
    let world = World::new(&Config::default()).await;
    let with = |admin| ExternalUser { admin, ..person("1", "ann") };
    assert!(log_in(&world, &with(Some(true)), &terms()).await.unwrap().admin, "created as one");
    assert!(log_in(&world, &with(Some(false)), &terms()).await.unwrap().admin, "the last one");
    world.user("ben").await;
    let (chat, operator) = (&world.chat, Operator::server("test"));
    let admin = |admin| AccountChange { admin: Some(admin), ..AccountChange::default() };
    chat.change_account(&operator, "ben", admin(true)).await.unwrap();
    let disabled = |is| AccountChange { disabled: Some(is), ..AccountChange::default() };
    chat.change_account(&operator, "ben", disabled(true)).await.unwrap();
    assert!(log_in(&world, &with(Some(false)), &terms()).await.unwrap().admin, "ben is disabled");
    chat.change_account(&operator, "ben", disabled(false)).await.unwrap();
    assert!(log_in(&world, &with(None), &terms()).await.unwrap().admin, "not decided");
    assert!(!log_in(&world, &with(Some(false)), &terms()).await.unwrap().admin);
    assert!(log_in(&world, &with(Some(true)), &terms()).await.unwrap().admin);
    let query = crate::store::AuditQuery { limit: 50, ..crate::store::AuditQuery::default() };
    let entries = chat.audit_log(&operator, &query).await.unwrap();
    let own = entries.iter().filter(|entry| entry.by.action == LOGGED_IN).count();
    assert_eq!(own, 3, "created, taken, given: {entries:#?}");
    // Nothing of a disabled account changes.
    chat.change_account(&operator, "ann", disabled(true)).await.unwrap();
    let ann = log_in(&world, &with(Some(false)), &terms()).await.unwrap();
    assert!(ann.disabled && ann.admin);
}
