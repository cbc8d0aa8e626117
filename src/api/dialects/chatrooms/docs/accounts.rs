//! Users, log-in, log-out, sessions.

use super::{bad, limit};
use crate::api::chatrooms::wire;
use crate::api::openapi::{Described, Shape, types};
use crate::model::{Claim, Error, UserId};

const COOKIE: &str =
    "`jwt_token`, HttpOnly, SameSite=Lax, Secure under TLS; lives as long as the session";
const CLEARED: &str = "Clears `jwt_token`";

fn users_own() -> Shape {
    Shape::of::<wire::User<'_>>()
}

pub(super) fn register() -> Described {
    Described::new("Register an account")
        .text(
            "With an `invitation`, the user has joined its rooms. Without one, it is refused like \
             closed registration if `[auth] registration` is `invite`.",
        )
        .open()
        .body::<wire::NewUser>()
        .answers(201, "The user", users_own())
        .fails([Error::Taken(Claim::Login), Error::RegistrationClosed])
}

pub(super) fn find_users() -> Described {
    Described::new("Find users")
        .query("q", types::text(), "Start or part of a login or display name; empty: all users")
        .query("limit", limit(), "Maximum number of users")
        .answers(200, "Matching users, as others see them", Shape::of::<wire::Users<'_>>())
        .fails([bad("limit")])
}

pub(super) fn me() -> Described {
    Described::new("Get my account").answers(200, "My profile", users_own())
}

pub(super) fn change_me() -> Described {
    Described::new("Update my profile")
        .text(
            "Absent fields stay unchanged; null removes `email`, `birth`, `status` and \
             `mediaId` (the picture: one of my own uploads, PNG, JPEG or GIF). Changing the password requires \
             `currentPassword` and ends all my other sessions.",
        )
        .body::<wire::ChangeMe>()
        .answers(200, "My profile", users_own())
        .fails([Error::Forbidden, Error::Taken(Claim::Email), Error::MediaNotFound])
}

pub(super) fn delete_me() -> Described {
    Described::new("Delete my account")
        .text(
            "Ends my sessions. My messages stay, shown as from a deleted user; the login name \
             becomes available again.",
        )
        .empty(204, "The account is deleted")
        .header("Set-Cookie", CLEARED)
}

pub(super) fn user() -> Described {
    Described::new("Get a user")
        .path("userId", types::login(), "Login name, in any case")
        .answers(200, "The public profile", users_own())
        .fails([Error::UserNotFound])
}

pub(super) fn statuses() -> Described {
    Described::new("List the statuses of the people of my rooms")
        .text(
            "Of users who share a room with me, and my own, as long as they last: at most 1,000. \
             `status_changed` tells sockets of each later change.",
        )
        .answers(200, "Users with a status", Shape::of::<wire::Statuses<'_>>())
}

pub(super) fn log_in() -> Described {
    Described::new("Log in")
        .open()
        .text(
            "An account with a second factor needs a `code`; a wrong one is a failed log-in. \
             `second_factor_setup_required`: the person must set one up first, with `POST \
             /api/login/second_factor`.",
        )
        .body::<wire::LogIn>()
        .answers(200, "The token", Shape::of::<wire::LoggedIn<'_>>())
        .header("Set-Cookie", COOKIE)
        .fails([
            Error::BadCredentials { known: true },
            Error::SecondFactorRequired,
            Error::SecondFactorMissing(UserId(0)),
            Error::ForeignOrigin,
        ])
}

pub(super) fn log_out() -> Described {
    Described::new("Log out")
        .empty(204, "The session and its sockets have ended")
        .header("Set-Cookie", CLEARED)
}

pub(super) fn refresh() -> Described {
    Described::new("Refresh the token")
        .text(
            "Accepts a valid token, or an expired one whose session is still open, and extends the \
             session's open sockets.",
        )
        .answers(200, "The token", Shape::of::<wire::LoggedIn<'_>>())
        .header("Set-Cookie", COOKIE)
}

pub(super) fn verify() -> Described {
    Described::new("Check the token")
        .half_open()
        .answers(200, "The token is valid", Shape::of::<wire::Verified<'_>>())
        .answers(401, "The token is missing or invalid", Shape::of::<wire::NotVerified>())
}

pub(super) fn sessions() -> Described {
    Described::new("List my sessions").answers(
        200,
        "Sessions of all dialects; `id` is public and grants no access",
        Shape::of::<wire::Sessions<'_>>(),
    )
}

pub(super) fn end_session() -> Described {
    Described::new("End one of my sessions")
        .path("id", types::natural(), "Public id of the session")
        .empty(204, "The session and its sockets have ended")
        .header("Set-Cookie", "Clears `jwt_token` when it was the session of this request")
        .fails([Error::SessionNotFound])
}
