//! Tests of second factors.

use super::*;
use crate::chat::world::World;
use crate::config::Config;
use crate::model::Client;

const PASSWORD: &str = "correct horse";

fn optional() -> Config {
    let mut config = Config::default();
    config.auth.second_factor = SecondFactors::Optional;
    config
}

/// The code that an app shows this many steps from now.
fn shown(set_up: &FactorSetUp, steps: i64) -> String {
    let secret = totp_rs::Secret::try_from_base32(&set_up.secret).unwrap();
    let totp = totp_rs::Builder::new().with_secret(secret).build().unwrap();
    let now = Timestamp::now().unix_seconds() + 30 * steps;
    totp.generate(u64::try_from(now).unwrap()).to_string()
}

#[test]
fn addresses_have_no_colon_in_a_name() {
    assert_eq!(
        otpauth(Some("Chat: Büro"), "a:b@x", "ABC"),
        "otpauth://totp/Chat%20%20B%C3%BCro:a%20b@x?secret=ABC&issuer=Chat%20%20B%C3%BCro"
    );
    assert_eq!(otpauth(None, "ann", "A"), otpauth(Some(" : "), "ann", "A"));
    assert_eq!(otpauth(None, "ann", "A"), "otpauth://totp/chatctl:ann?secret=A&issuer=chatctl");
}

#[tokio::test]
async fn it_is_in_force_once_a_code_has_confirmed_it() {
    let world = World::new(&optional()).await;
    let (chat, session) = (&world.chat, world.user("ann").await);
    let client = Client::default();
    let log_in = async |code: Option<&str>| {
        chat.log_in("ann", PASSWORD, code, &client).await.map(|opened| opened.session.id)
    };
    assert_eq!(
        chat.set_up_second_factor(&session, "wrong").await.err(),
        Some(Error::Forbidden),
        "the password is asked for again"
    );
    let first = chat.set_up_second_factor(&session, PASSWORD).await.unwrap();
    let set_up = chat.set_up_second_factor(&session, PASSWORD).await.unwrap();
    assert!(log_in(None).await.is_ok(), "it is only set up");
    let other = chat.confirm_second_factor(&session, &shown(&first, 0)).await;
    assert_eq!(other.err(), Some(wrong_code()), "the second secret replaced the first");
    let first = shown(&set_up, -1);
    let codes = chat.confirm_second_factor(&session, &first).await.unwrap();
    assert_eq!(codes.len(), RECOVERY_CODES);
    let again = chat.set_up_second_factor(&session, PASSWORD).await;
    assert_eq!(again.err(), Some(Error::Taken(Claim::SecondFactor)));

    assert_eq!(log_in(None).await, Err(Error::SecondFactorRequired));
    assert_eq!(log_in(Some("  ")).await, Err(Error::SecondFactorRequired));
    let wrong = Err(Error::BadCredentials { known: true });
    assert_eq!(log_in(Some(&first)).await, wrong, "it has confirmed");
    let code = shown(&set_up, 0);
    let (one, two) = tokio::join!(log_in(Some(&code)), log_in(Some(&code)));
    assert_eq!([&one, &two].iter().filter(|done| done.is_ok()).count(), 1, "{one:?} {two:?}");
    assert_eq!(log_in(Some(&code)).await, wrong);
    let (one, two) = tokio::join!(log_in(Some(&codes[3])), log_in(Some(&codes[3])));
    assert_eq!([&one, &two].iter().filter(|done| done.is_ok()).count(), 1, "{one:?} {two:?}");
    let state = chat.second_factor(&session).await.unwrap();
    assert_eq!(
        state,
        FactorState { available: true, enabled: true, required: false, recovery_codes: 9 }
    );

    let renewed = chat.renew_recovery_codes(&session, PASSWORD, &codes[0]).await.unwrap();
    assert_eq!(log_in(Some(&codes[1])).await, wrong);
    assert!(log_in(Some(&renewed[1])).await.is_ok());
    let off = async |code| chat.turn_off_second_factor(&session, PASSWORD, code).await;
    assert_eq!(off(None).await, Err(Error::invalid("code", "is required")));
    assert_eq!(off(Some("000000")).await, Err(wrong_code()));
    assert_eq!(off(Some(&renewed[2])).await, Ok(()));
    assert!(log_in(None).await.is_ok());
}

#[tokio::test]
async fn wrong_codes_are_counted_for_an_hour_and_right_ones_are_not() {
    let mut config = optional();
    config.limits.login_failures_per_minute_per_account = 1000;
    let world = World::new(&config).await;
    let (chat, session) = (&world.chat, world.user("ann").await);
    let set_up = chat.set_up_second_factor(&session, PASSWORD).await.unwrap();
    let codes = chat.confirm_second_factor(&session, &shown(&set_up, 0)).await.unwrap();
    let client = Client::default();
    let log_in =
        async |code: Option<&str>| chat.log_in("ann", PASSWORD, code, &client).await.map(drop);
    assert_eq!(log_in(Some(&codes[0])).await, Ok(()));
    let wrong = Err(Error::BadCredentials { known: true });
    for _ in 0..WRONG_CODES {
        assert_eq!(log_in(Some("no code")).await, wrong);
        assert_eq!(log_in(None).await, Err(Error::SecondFactorRequired));
    }
    assert!(matches!(log_in(Some(&codes[1])).await, Err(Error::RateLimited(_))));
    // Guesses at a log-in do not keep its user from turning it off.
    assert_eq!(chat.turn_off_second_factor(&session, PASSWORD, Some(&codes[2])).await, Ok(()));
    assert_eq!(log_in(None).await, Ok(()));
}
