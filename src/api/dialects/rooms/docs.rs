//! What the API reference says of `rooms`.

use utoipa::openapi::schema::ObjectBuilder;

use super::{Operation, wire};
use crate::api::openapi::{About, Described, Shape, carriers, types};
use crate::model::{Claim, Error};

/// The dialect as a whole.
pub(super) const ABOUT: About = About {
    text: "REST at `/rooms`, `/users`, `/login` and `/logout`, a WebSocket a room. A login \
           travels as the cookie `session`. No session at all is 403 `Forbidden`, one that is \
           invalid or expired 401 `Unauthorized`; whatever is wrong with a request, unknown rooms \
           included, is 400 `InvalidParameter`. Rooms made here are public.",
    carriers: &[carriers::SESSION_COOKIE],
    failure: Shape::of::<wire::Failure>,
};

const SOCKET: &str = "Before the upgrade the request is refused as below; without a handshake it is 405. The first \
     frame is `enter`, with the user list; `first` says whether the entry was the user's first, \
     which makes them a participant. Then each side sends its frames, which tell in `action` what \
     they are. `message` goes to every socket of the room, the sender's included; `join` to the \
     others at a user's first entry; `leave` to the others when somebody really leaves or is \
     removed; `deleted` to all, then close 1000; `error` answers a bad frame, and the connection \
     stays. After the client's `leave` the user is out of the list and the server closes with \
     1000; disconnecting changes nothing in the list. Further close codes: 1009 frame too large, \
     1013 too slow, 1001 the server stops, 4401 the session ended.";

/// A route.
pub(super) fn describe(operation: Operation) -> Described {
    let user = Shape::of::<wire::User<'_>>;
    match operation {
        Operation::Register => Described::new("Register")
            .open()
            .body::<wire::NewUser>()
            .answers(201, "The user; the password is a mask", user())
            .fails([Error::Taken(Claim::Login), Error::RegistrationClosed]),
        Operation::Me => Described::new("Who I am").answers(200, "The user of the session", user()),
        Operation::DeleteMe => Described::new("Delete my account")
            .text(
                "Ends the user's sessions. Rooms that they own pass to the longest-standing \
                 admin, else participant; their messages stay, shown as from a deleted user.",
            )
            .empty(204, "It is gone")
            .header("Set-Cookie", "Clears `session`"),
        Operation::LogIn => Described::new("Log in")
            .open()
            .body::<wire::LogIn>()
            .answers(205, "The new session", Shape::of::<wire::Opened<'_>>())
            .header("Set-Cookie", "`session`, HttpOnly, SameSite=Lax, Secure under `https`")
            .fails([Error::BadCredentials { known: true }, Error::ForeignOrigin]),
        Operation::LogOut => Described::new("End the session and its sockets")
            .empty(204, "It has ended")
            .header("Set-Cookie", "Clears `session`"),
        Operation::CreateRoom => Described::new("Make a public room")
            .body::<wire::NewRoom>()
            .answers(201, "The room", Shape::of::<wire::Room<'_>>())
            .fails([Error::Taken(Claim::RoomName)]),
        Operation::VisibleRooms => Described::new("Public rooms, and those that I am in").answers(
            200,
            "Oldest first",
            Shape::list_of::<wire::Room<'_>>(),
        ),
        Operation::DeleteRoom => Described::new("Delete a room")
            .path("room_id", types::room(), "Key of the room")
            .empty(204, "It is gone")
            .fails([Error::RoomNotFound, Error::Forbidden]),
        Operation::Socket => Described::new("WebSocket of a room")
            .text(SOCKET)
            .path("room_id", types::room(), "Key of the room")
            .fails([Error::RoomNotFound, Error::UpgradeRequired])
            .frames(
                client(),
                Shape::frames_of::<wire::Frame<'_>>("action")
                    .into_iter()
                    .map(Shape::from)
                    .collect(),
            ),
    }
}

/// What clients say.
fn client() -> Vec<Shape> {
    let said =
        ObjectBuilder::new().property("message", types::content()).required("message").build();
    vec![
        Shape::frame("action", "message", Some(Shape::plain(said))).into(),
        Shape::frame("action", "leave", None).into(),
    ]
}
