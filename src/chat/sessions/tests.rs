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
            code: None,
        };
        let answer = world.chat.open_session(account, offer, &Client::default()).await;
        assert_eq!(answer.err(), Some(Error::BadCredentials { known: true }), "{login}");
    }
}
