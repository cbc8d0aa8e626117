//! API reference texts of `realtime`.

use super::{Operation, wire};
use crate::api::openapi::{About, Described, Shape, carriers, types};
use crate::model::{Claim, Error};

/// Description of the dialect.
pub(super) const ABOUT: About = About {
    text: "REST at `/User`, `/Login`, `/Logout` and `/Room`, and a WebSocket at `/`, where the web \
           UI is too (for clients that expect a port of their own, add it to `listen`). \
           Credentials are sent as the cookie `chat_session`; the WebSocket needs none: its first \
           frame carries a room token. Rooms created with this dialect are public.",
    carriers: &[carriers::CHAT_COOKIE],
    failure: Shape::of::<wire::Failure>,
};

const SOCKET: &str = "\
     Without a WebSocket handshake `/` is the web UI. The first frame of the client must be \
     `Ticket`, with a token from GET /Room/{id}, within 10 seconds: the reply is `Status` true, \
     and the socket is in that room; otherwise `Status` false, then close 1008. Every `Say` is \
     answered with `Status`: true when the message is stored, false when not (empty, too long, \
     too frequent, malformed, removed from the room, room deleted); the connection stays open. \
     The others in the room receive it as `Message` (other sockets of the same user too, the \
     sending socket not), and `Presence` when a user's first socket of any dialect enters the \
     room or the last one leaves it. Closing the socket leaves the live room; the user stays a \
     participant. Other close codes: 1009 frame too large, 1013 client too slow, 1001 server \
     stopping, 4401 session ended.";

/// Describes an operation.
#[expect(clippy::too_many_lines, reason = "one branch for each operation")]
pub(super) fn describe(operation: Operation) -> Described {
    let status = Shape::of::<wire::Status>;
    let room = |described: Described| {
        described.path("id", types::natural(), "Number of the room").fails([Error::RoomNotFound])
    };
    match operation {
        Operation::Register => Described::new("Register an account")
            .open()
            .body::<wire::NewUser>()
            .empty(201, "The account is created")
            .fails([Error::Taken(Claim::Login), Error::RegistrationClosed]),
        Operation::User => Described::new("Get a user")
            .open()
            .path("username", types::login(), "Login name, in any case")
            .answers(200, "The user", Shape::of::<wire::User<'_>>())
            .fails([Error::UserNotFound]),
        Operation::LogIn => Described::new("Log in with a password or its digest")
            .text(
                "32 or 40 hexadecimal digits are tried as MD5 or SHA-1 of the password first, then \
                 as the password itself.",
            )
            .open()
            .body::<wire::Credentials>()
            .answers(200, "Whether the log-in succeeded", status())
            .header(
                "Set-Cookie",
                "`chat_session`, HttpOnly, SameSite=Lax, Secure under `https`; only after a \
                 successful log-in",
            )
            .fails([Error::ForeignOrigin]),
        Operation::LogOut => Described::new("Log out")
            .half_open()
            .answers(200, "Whether there was a session", status())
            .header("Set-Cookie", "Clears `chat_session`"),
        Operation::Rooms => Described::new("List public rooms and my rooms").answers(
            200,
            "Rooms, newest first",
            Shape::list_of::<wire::Room<'_>>(),
        ),
        Operation::CreateRoom => Described::new("Create a public room")
            .body::<wire::NewRoom>()
            .empty(201, "The room is created")
            .header("Location", "URL of the room: `/Room/{id}`")
            .fails([Error::Taken(Claim::RoomName)]),
        Operation::RoomToken => room(Described::new("Create a token for one WebSocket")).answers(
            200,
            "Valid once, for this user and room, for 60 seconds, and only as long as the session",
            Shape::of::<wire::Token<'_>>(),
        ),
        Operation::DeleteRoom => room(Described::new("Delete a room"))
            .empty(204, "The room is deleted")
            .fails([Error::Forbidden]),
        Operation::Socket => Described::new("Open a WebSocket in a room, or get the web UI")
            .text(SOCKET)
            .open()
            .answers_as(200, "The web UI", "text/html", Some(Shape::plain(types::text())))
            .empty(304, "The web UI, unchanged since the version in `If-None-Match`")
            .frames(
                vec![Shape::of::<wire::Ticket>(), Shape::of::<wire::Say>()],
                vec![
                    Shape::of::<wire::Status>(),
                    Shape::of::<wire::Message<'_>>(),
                    Shape::of::<wire::Presence<'_>>(),
                ],
            ),
    }
}
