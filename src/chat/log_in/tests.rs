//! Tests of log-ins.

use super::*;
use crate::chat::world::World;
use crate::config::Config;

#[tokio::test]
async fn an_account_disabled_during_the_password_check_is_refused_like_a_disabled_one() {
    let world = World::new(&Config::default()).await;
    for (login, gone) in [("ann", false), ("ben", true)] {
        let user = world.user(login).await.user;
        let account = world.chat.store().account(UserKey::Id(user)).await.unwrap();
        if gone {
            world.chat.store().remove_user(user).await.unwrap();
        } else {
            let disabled = crate::store::UserChange { disabled: Some(true), ..Default::default() };
            world.chat.store().change_user(user, disabled).await.unwrap();
        }
        let offer = Offer {
            counted: login,
            logged: Some(login),
            secret: "correct horse",
            digests: false,
            code: Code::default(),
        };
        let answer = world.chat.log_in_by_password(account, offer, &Client::default()).await;
        assert_eq!(answer.err(), Some(Error::BadCredentials { known: true }), "{login}");
    }
}

#[tokio::test]
async fn a_log_in_under_way_ends_with_what_it_was_checked_with() {
    let config = Config {
        auth: crate::config::Auth {
            second_factor: crate::config::SecondFactors::Optional,
            ..crate::config::Auth::default()
        },
        ..Config::default()
    };
    let world = World::new(&config).await;
    for new_password in [true, false] {
        let login = if new_password { "ann" } else { "ben" };
        let session = world.user(login).await;
        let (chat, client) = (&world.chat, Client::default());
        let account = chat.store().account(UserKey::Id(session.user)).await.unwrap();
        let open = async |account| {
            let offer = Offer {
                counted: login,
                logged: Some(login),
                secret: "correct horse",
                digests: false,
                code: Code::default(),
            };
            chat.log_in_by_password(account, offer, &client).await
        };
        assert!(open(account.clone()).await.is_ok());
        if new_password {
            let change = crate::chat::ProfileChange {
                password: Some("another horse".to_owned()),
                current_password: Some("correct horse".to_owned()),
                ..Default::default()
            };
            chat.change_me(&session, change).await.unwrap();
        } else {
            let made = chat.set_up_second_factor(&session, "correct horse").await.unwrap();
            let secret = totp_rs::Secret::try_from_base32(&made.secret).unwrap();
            let totp = totp_rs::Builder::new().with_secret(secret).build().unwrap();
            let now = u64::try_from(Timestamp::now().unix_seconds()).unwrap();
            let code = totp.generate(now).to_string();
            chat.confirm_second_factor(&session, &code).await.unwrap();
        }
        let sessions = async || chat.sessions().list(session.user).await.unwrap().len();
        let before = sessions().await;
        let late = open(account).await;
        assert_eq!(late.err(), Some(Error::BadCredentials { known: true }), "{login}");
        assert_eq!(sessions().await, before, "{login}");
    }
}
