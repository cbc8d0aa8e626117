//! What the API reference says of `v1`.

use super::{Operation, wire};
use crate::api::openapi::{About, Described, Shape, carriers, types};
use crate::model::{Claim, Error};

/// The dialect as a whole.
pub(super) const ABOUT: About = About {
    text: "REST and WebSocket below `/v1`. A login travels as `X-Session-Id`, on the WebSocket \
           also as `?session_id=`. Whatever is wrong with a body is 422 `invalid_json`; whether \
           there is a session is decided before the body is read.",
    carriers: &[carriers::SESSION_HEADER],
    failure: Shape::of::<wire::Failure>,
};

const SOCKET: &str = "Before the upgrade the request is refused as below; without a handshake it is 426. Then \
     every text frame of the client is `Say`, and every socket of the room, the sender's \
     included, hears each message as `Message`: a message that was stored is answered by its own \
     broadcast. A frame that is bad, too long or too frequent is answered with `Failure` to its \
     sender only (`invalid_json`, `rate_limited`, …), and the connection stays. When the user is \
     removed from the room or the room is deleted, `Failure` with `room_not_found` comes, then \
     close 1000. Entering a public room makes the user a participant. Further close codes: 1009 \
     frame too large, 1013 too slow, 1001 the server stops, 4401 the session ended.";

/// A route.
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
        Operation::LogOut => Described::new("End the session and its sockets")
            .body_if_any::<wire::Nothing>()
            .answers(200, "It has ended", Shape::of::<wire::Nothing>()),
        Operation::Info => Described::new("Who I am").answers(
            200,
            "The user of the session",
            Shape::of::<wire::User<'_>>(),
        ),
        Operation::FindUsers => Described::new("Find users")
            .query("q", types::text(), "Part of a login, in any case; none or empty: nobody")
            .answers(200, "At most 50, ordered by id", Shape::list_of::<wire::User<'_>>()),
        Operation::Rooms => Described::new("Rooms that I am in").answers(
            200,
            "Ordered by id",
            Shape::list_of::<wire::Room<'_>>(),
        ),
        Operation::CreateRoom => Described::new("Make a room, or find it")
            .text(
                "The caller is added. Where a nameless room of exactly these users exists, it is \
                 that one.",
            )
            .body::<wire::NewRoom>()
            .answers(200, "The room", Shape::of::<wire::Room<'_>>())
            .fails([Error::UserNotFound]),
        Operation::Room => room(Described::new("A room that I am in")).answers(
            200,
            "The room",
            Shape::of::<wire::Room<'_>>(),
        ),
        Operation::History => room(Described::new("Messages of a room"))
            .query("limit", types::number(1, Some(1000), Some(50)), "How many")
            .query(
                "offset",
                types::number(0, Some(i64::from(u32::MAX)), Some(0)),
                "How many of the newest to leave out",
            )
            .answers(
                200,
                "Oldest first; deleted messages are left out",
                Shape::list_of::<wire::Message<'_>>(),
            )
            .fails([Error::invalid("limit", "must be 1 to 1000")]),
        Operation::Socket => room(Described::new("WebSocket of a room").text(SOCKET))
            .fails([Error::UpgradeRequired])
            .frames(
                vec![Shape::of::<wire::Say>()],
                vec![Shape::of::<wire::Message<'_>>(), Shape::of::<wire::Failure>()],
            ),
    }
}
