//! Compares responses with the golden samples.

use std::sync::Arc;

use serde::Serialize;

use super::*;
use crate::api::golden::{self, ANN, NOW, PETR};
use crate::chat::{CreatorRole, LoggedIn, Membership, People, Replacement, RoomPlan, Token};
use crate::model::{Error, Hash32, Session, SessionId, User, UserId, Visibility};

#[track_caller]
fn same(name: &str, data: &impl Serialize) {
    golden::same("chats", name, &Success::new(data));
}

fn session() -> Session {
    Session {
        id: SessionId(9),
        user: ANN,
        login: "ann".to_owned(),
        name: "Ann Lee".to_owned(),
        admin: false,
        guest: false,
        token: Hash32([0; 32]),
        device: String::new(),
        address: None,
        peer: None,
        created: NOW,
        seen: NOW,
        expires: NOW,
        grant: None,
        unproven: false,
    }
}

fn named() -> Membership {
    Membership {
        room: golden::room(),
        users: vec![Arc::new(golden::ann()), Arc::new(golden::petr())],
        count: 2,
    }
}

fn nameless(users: Vec<User>) -> Membership {
    Membership {
        room: golden::bare_facts().room,
        count: users.len(),
        users: users.into_iter().map(Arc::new).collect(),
    }
}

fn called(id: i64, name: &str) -> User {
    User { id: UserId(id), name: name.to_owned(), ..golden::petr() }
}

#[test]
fn a_log_in_is_three_keys_and_a_refresh_is_one() {
    let login = LoggedIn {
        session: session(),
        secret: "0123456789abcdef0123456789abcdef01234567".to_owned(),
        user: golden::ann(),
    };
    let token = Token {
        text: "a.b.c".to_owned(),
        expires: NOW,
        session_expires: NOW,
        login: "ann".to_owned(),
    };
    same("rest.login.json", &Opened::new(&login, &token));
    same("rest.token.json", &Refreshed::from(&token));
}

#[test]
fn a_chat_has_users_with_stand_ins_for_what_they_have_not_told() {
    same("rest.chat.json", &Chat::new(&named(), &session()));
    let (named, nameless) = (named(), nameless(vec![golden::ann(), golden::petr()]));
    same("rest.chats.json", &[Chat::new(&named, &session()), Chat::new(&nameless, &session())]);
    same("rest.deleted.json", &());
}

#[test]
fn a_nameless_chat_is_called_by_its_other_people() {
    let name = |users: Vec<User>| {
        serde_json::to_value(Chat::new(&nameless(users), &session())).unwrap()["name"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    assert_eq!(name(vec![golden::ann(), called(3, "Ben"), called(4, "Cyd")]), "Ben, Cyd");
    assert_eq!(name(vec![golden::ann()]), "Ann Lee");
    assert_eq!(name(Vec::new()), "Ann Lee");
    let long = name(vec![called(3, &"я".repeat(60)), called(4, "Петр"), called(5, "x")]);
    assert_eq!(long, format!("{}, Пе", "я".repeat(60)));
    let many = name((2..=200).map(|id| called(id, "👋")).collect());
    assert_eq!(many.chars().count(), 64);
    assert!(many.starts_with("👋, 👋, "), "{many}");
}

#[test]
fn a_picture_is_png_jpg_or_gif() {
    let kind = |kind: &str| {
        let mut ann = golden::ann();
        ann.media = Some(crate::model::Media { kind: kind.to_owned(), ..golden::picture() });
        serde_json::to_value(Chat::new(&nameless(vec![ann]), &session())).unwrap()["users"][0]
            ["user"]["media"]["type"]
            .clone()
    };
    for (stored, shown) in [("png", "png"), ("jpg", "jpg"), ("jpeg", "jpg"), ("gif", "gif")] {
        assert_eq!(kind(stored), shown);
    }
    assert!(kind("pdf").is_null());
}

#[test]
fn a_new_chat_is_private_and_of_members() {
    let plan = |body: &str| RoomPlan::try_from(serde_json::from_str::<NewChat>(body).unwrap());
    let made = plan(r#"{"name": "Study", "userIds": [2, 2, 3], "visibility": "public"}"#).unwrap();
    assert!(matches!(made.people, People::Ids(ids) if ids == [PETR, PETR, UserId(3)]));
    assert_eq!(
        (made.name.as_deref(), made.visibility, made.creator, made.reuse),
        (Some("Study"), Visibility::Private, CreatorRole::Member, false)
    );
    assert_eq!(plan(r#"{"name": "Study", "userIds": []}"#).unwrap_err(), Error::TooFew("userIds"));
    assert_eq!(plan(r#"{"name": "", "userIds": []}"#).unwrap_err(), Error::Empty("name"));
    for bad in [
        "{}",
        r#"{"name": "x"}"#,
        r#"{"userIds": [1]}"#,
        r#"{"name": null, "userIds": [1]}"#,
        r#"{"name": "x", "userIds": [0]}"#,
    ] {
        assert!(serde_json::from_str::<NewChat>(bad).is_err(), "{bad}");
    }
}

#[test]
fn what_is_not_named_stays_and_null_names_nothing() {
    let change = |body: &str| serde_json::from_str::<ChangeChat>(body).map(Replacement::from);
    let nothing = change("{}").unwrap();
    assert!(nothing.name.is_none() && nothing.users.is_none());
    let all = change(r#"{"name": "Study", "userIds": [1, 2]}"#).unwrap();
    assert_eq!(
        (all.name.as_deref(), all.users.as_deref()),
        (Some("Study"), Some(&[ANN, PETR][..]))
    );
    for bad in [
        r#"{"name": null}"#,
        r#"{"userIds": null}"#,
        r#"{"userIds": ["1"]}"#,
        r#"{"userIds": [1.5]}"#,
        r#"{"userIds": [-1]}"#,
    ] {
        assert!(change(bad).is_err(), "{bad}");
    }
}

#[test]
fn a_log_in_names_an_address_or_a_login() {
    let read = |body: &str| LogIn::try_from(serde_json::from_str::<Credentials>(body).unwrap());
    let by_login = read(r#"{"login": "ann", "password": "x"}"#).unwrap();
    assert!(matches!(by_login.name, LogInName::Login(login) if login == "ann"));
    let both = read(r#"{"login": "ann", "email": "a@b", "password": "x"}"#).unwrap();
    assert!(matches!(both.name, LogInName::Email(email) if email == "a@b") && both.password == "x");
    let unnamed = read(r#"{"password": "x"}"#);
    assert!(matches!(unnamed, Err(Error::Invalid { field, .. }) if field == "email"));
}
