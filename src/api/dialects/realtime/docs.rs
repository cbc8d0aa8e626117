//! What the API reference says of `realtime`.

use super::{Operation, wire};
use crate::api::openapi::{About, Described, Shape, carriers, types};
use crate::model::{Claim, Error};

/// The dialect as a whole.
pub(super) const ABOUT: About = About {
    text: "REST at `/User`, `/Login`, `/Logout` and `/Room`, and the WebSocket on `/`, beside the \
           web UI (clients that want a port of their own: add it to `listen`). A login travels in \
           the cookie `chat_session`; the WebSocket needs none: its first frame shows a room \
           token. Rooms made here are public.",
    carriers: &[carriers::CHAT_COOKIE],
    failure: Shape::of::<wire::Failure>,
};

const SOCKET: &str = "Without a handshake `/` is the web UI. On the WebSocket the first frame must be `Ticket`, \
     with a token of GET /Room/{id}, within 10 seconds: it is answered by `Status` true, and the \
     socket is in that room; otherwise by `Status` false, then close 1008. Then every `Say` is \
     answered by `Status`: true when the message is stored, false when not (empty, too long, too \
     frequent, malformed, removed from the room, room gone); the connection stays. The others in \
     the room hear it as `Message` (other sockets of the same user too, the sending socket not), \
     and as `Presence` when a user's first socket of any dialect enters the room or their last \
     one goes. Closing the socket leaves the chat room, not the participants. Further close \
     codes: 1009 frame too large, 1013 too slow, 1001 the server stops, 4401 the session ended.";

/// A route.
pub(super) fn describe(operation: Operation) -> Described {
    let status = Shape::of::<wire::Status>;
    let room = |described: Described| {
        described.path("id", types::natural(), "Number of the room").fails([Error::RoomNotFound])
    };
    match operation {
        Operation::Register => Described::new("Register")
            .open()
            .body::<wire::NewUser>()
            .empty(201, "The account is there")
            .fails([Error::Taken(Claim::Login), Error::RegistrationClosed]),
        Operation::User => Described::new("A user")
            .open()
            .path("username", types::login(), "Login name, in any case")
            .answers(200, "The user", Shape::of::<wire::User<'_>>())
            .fails([Error::UserNotFound]),
        Operation::LogIn => Described::new("Log in with the password or its digest")
            .text(
                "32 or 40 hexadecimal digits are tried as MD5 or SHA-1 of the password first, \
                 then as plain text.",
            )
            .open()
            .body::<wire::Credentials>()
            .answers(200, "Whether it worked", status())
            .header(
                "Set-Cookie",
                "`chat_session`, HttpOnly, SameSite=Lax, Secure under `https`; only where it \
                 worked",
            )
            .fails([Error::ForeignOrigin]),
        Operation::LogOut => Described::new("End the session and its sockets")
            .half_open()
            .answers(200, "Whether there was a session", status())
            .header("Set-Cookie", "Clears `chat_session`"),
        Operation::Rooms => Described::new("Public rooms, and those that I am in").answers(
            200,
            "Newest first",
            Shape::list_of::<wire::Room<'_>>(),
        ),
        Operation::CreateRoom => Described::new("Make a public room")
            .body::<wire::NewRoom>()
            .empty(201, "It is there")
            .header("Location", "Where it is: `/Room/{id}`")
            .fails([Error::Taken(Claim::RoomName)]),
        Operation::RoomToken => room(Described::new("A token that opens one WebSocket")).answers(
            200,
            "It works once, for this user and room, within 60 seconds, and dies with the session",
            Shape::of::<wire::Token<'_>>(),
        ),
        Operation::DeleteRoom => {
            room(Described::new("Delete a room")).empty(204, "It is gone").fails([Error::Forbidden])
        }
        Operation::Socket => Described::new("WebSocket of a room, or the web UI")
            .text(SOCKET)
            .open()
            .answers_as(200, "The web UI", "text/html", Some(Shape::plain(types::text())))
            .empty(304, "The web UI, unchanged since the version of `If-None-Match`")
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
