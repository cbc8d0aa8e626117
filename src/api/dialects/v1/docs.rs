//! API reference texts of `v1`.

use super::{Operation, wire};
use crate::api::openapi::{About, Described, Shape, carriers, types};
use crate::model::{Claim, Error};

/// Description of the dialect.
pub(super) const ABOUT: About = About {
    text: "REST and WebSocket under `/v1`. Credentials are sent as `X-Session-Id`, on the \
           WebSocket also as `?session_id=`. Any problem with a body is 422 `invalid_json`; the \
           session is checked before the body is read.",
    carriers: &[carriers::SESSION_HEADER],
    failure: Shape::of::<wire::Failure>,
};

const SOCKET: &str = "\
     Requests are refused before the upgrade, with the statuses below; without a WebSocket \
     handshake the status is 426. Every text frame of the client is `Say`, and every socket of \
     the room, the sender's included, receives each message as `Message`: a stored message is \
     acknowledged by its own broadcast. A frame that is malformed, too long or too frequent is \
     answered with `Failure` to its sender only (`invalid_json`, `rate_limited`, …), and the \
     connection stays open. When the user is removed from the room or the room is deleted, \
     the server sends `Failure` with `room_not_found` and closes with 1000. Entering a public \
     room makes the user a participant. Other close codes: 1009 frame too large, 1013 client \
     too slow, 1001 server stopping, 4401 session ended.";

/// Describes an operation.
#[expect(clippy::too_many_lines, reason = "one branch for each operation")]
pub(super) fn describe(operation: Operation) -> Described {
    let room = |described: Described| {
        described.path("id", types::natural(), "Number of the room").fails([Error::RoomNotFound])
    };
    match operation {
        Operation::Register => Described::new("Register and log in")
            .open()
            .body::<wire::Credentials>()
            .answers(200, "The new session", Shape::of::<wire::Opened<'_>>())
            .fails([Error::Taken(Claim::Login), Error::RegistrationClosed]),
        Operation::LogIn => Described::new("Log in")
            .open()
            .body::<wire::LogIn>()
            .answers(200, "The new session", Shape::of::<wire::Opened<'_>>())
            .fails([
                Error::BadCredentials { known: true },
                Error::BadCredentials { known: false },
                Error::ForeignOrigin,
            ]),
        Operation::LogOut => Described::new("Log out").body_if_any::<wire::Nothing>().answers(
            200,
            "The session and its sockets have ended",
            Shape::of::<wire::Nothing>(),
        ),
        Operation::Info => Described::new("Get my account").answers(
            200,
            "The user of the session",
            Shape::of::<wire::User<'_>>(),
        ),
        Operation::FindUsers => Described::new("Find users")
            .query("q", types::text(), "Part of a login name, in any case; empty: no results")
            .answers(200, "At most 50 users, ordered by id", Shape::list_of::<wire::User<'_>>()),
        Operation::Rooms => Described::new("List my rooms").answers(
            200,
            "Rooms ordered by id",
            Shape::list_of::<wire::Room<'_>>(),
        ),
        Operation::CreateRoom => Described::new("Create a room, or find an existing one")
            .text(
                "The caller is added to the users. Returns the existing unnamed room of exactly \
                 these users if there is one.",
            )
            .body::<wire::NewRoom>()
            .answers(200, "The room", Shape::of::<wire::Room<'_>>())
            .fails([Error::UserNotFound]),
        Operation::Room => room(Described::new("Get one of my rooms")).answers(
            200,
            "The room",
            Shape::of::<wire::Room<'_>>(),
        ),
        Operation::History => room(Described::new("List messages of a room"))
            .query("limit", types::number(1, Some(1000), Some(50)), "Maximum number of messages")
            .query(
                "offset",
                types::number(0, Some(i64::from(u32::MAX)), Some(0)),
                "Number of newest messages to skip",
            )
            .answers(
                200,
                "Messages, oldest first, without deleted ones",
                Shape::list_of::<wire::Message<'_>>(),
            )
            .fails([Error::invalid("limit", "must be 1 to 1000")]),
        Operation::Socket => room(Described::new("Open a WebSocket in a room").text(SOCKET))
            .fails([Error::UpgradeRequired])
            .frames(
                vec![Shape::of::<wire::Say>()],
                vec![Shape::of::<wire::Message<'_>>(), Shape::of::<wire::Failure>()],
            ),
    }
}
