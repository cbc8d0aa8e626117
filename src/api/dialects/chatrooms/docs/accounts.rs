//! Users, log-in, log-out, sessions.

use super::{bad, limit};
use crate::api::chatrooms::wire;
use crate::api::openapi::{Described, Shape, types};
use crate::model::{Claim, Error};

const COOKIE: &str =
    "`jwt_token`, HttpOnly, SameSite=Lax, Secure under TLS; as long as the session";
const CLEARED: &str = "Clears `jwt_token`";

fn users_own() -> Shape {
    Shape::of::<wire::User<'_>>()
}

pub(super) fn register() -> Described {
    Described::new("Register")
        .open()
        .body::<wire::NewUser>()
        .answers(201, "The user", users_own())
        .fails([Error::Taken(Claim::Login), Error::RegistrationClosed])
}

pub(super) fn find_users() -> Described {
    Described::new("Find users")
        .query(
            "q",
            types::text(),
            "Beginning or part of a login or display name; none or empty: everybody",
        )
        .query("limit", limit(), "How many")
        .answers(200, "Those who were found, as others see them", Shape::of::<wire::Users<'_>>())
        .fails([bad("limit")])
}

pub(super) fn me() -> Described {
    Described::new("Who I am").answers(200, "My profile", users_own())
}

pub(super) fn change_me() -> Described {
    Described::new("Change my profile")
        .text(
            "What is absent stays; null takes `email`, `birth` and `mediaId` (the picture: an \
             upload of my own, PNG, JPEG or GIF) away. A new password needs `currentPassword` and \
             ends all my other sessions.",
        )
        .body::<wire::ChangeMe>()
        .answers(200, "My profile", users_own())
        .fails([Error::Forbidden, Error::Taken(Claim::Email), Error::MediaNotFound])
}

pub(super) fn delete_me() -> Described {
    Described::new("Delete my account")
        .text(
            "Ends my sessions. My messages stay, shown as from a deleted user; the login name is \
             free again.",
        )
        .empty(204, "It is gone")
        .header("Set-Cookie", CLEARED)
}

pub(super) fn user() -> Described {
    Described::new("A user")
        .path("userId", types::login(), "Login name, in any case")
        .answers(200, "The public profile", users_own())
        .fails([Error::UserNotFound])
}

pub(super) fn log_in() -> Described {
    Described::new("Log in")
        .open()
        .body::<wire::LogIn>()
        .answers(200, "The token", Shape::of::<wire::LoggedIn<'_>>())
        .header("Set-Cookie", COOKIE)
        .fails([Error::BadCredentials { known: true }, Error::ForeignOrigin])
}

pub(super) fn log_out() -> Described {
    Described::new("End the session and its sockets")
        .empty(204, "It has ended")
        .header("Set-Cookie", CLEARED)
}

pub(super) fn refresh() -> Described {
    Described::new("A fresh token")
        .text(
            "Takes a token whose only fault is its expiry while its session lives, and prolongs \
             the session's open sockets.",
        )
        .answers(200, "The token", Shape::of::<wire::LoggedIn<'_>>())
        .header("Set-Cookie", COOKIE)
}

pub(super) fn verify() -> Described {
    Described::new("Whether the token holds")
        .half_open()
        .answers(200, "It does", Shape::of::<wire::Verified<'_>>())
        .answers(401, "It does not, or there is none", Shape::of::<wire::NotVerified>())
}

pub(super) fn sessions() -> Described {
    Described::new("My sessions").answers(
        200,
        "Of all dialects; `id` is public and opens nothing",
        Shape::of::<wire::Sessions<'_>>(),
    )
}

pub(super) fn end_session() -> Described {
    Described::new("End one of my sessions and its sockets")
        .path("id", types::natural(), "Its public id")
        .empty(204, "It has ended")
        .header("Set-Cookie", "Clears `jwt_token` when it was the session of this request")
        .fails([Error::SessionNotFound])
}
