//! API reference texts of `rooms`.

use utoipa::openapi::schema::ObjectBuilder;

use super::{Operation, wire};
use crate::api::openapi::{About, Described, Shape, carriers, types};
use crate::model::{Claim, Error};

/// Description of the dialect.
pub(super) const ABOUT: About = About {
    text: "REST at `/rooms`, `/users`, `/login` and `/logout`, and one WebSocket per room. \
           Credentials are sent as the cookie `session`. A request without a session is 403 \
           `Forbidden`, one with an invalid or expired session 401 `Unauthorized`; any other \
           problem with a request, unknown rooms included, is 400 `InvalidParameter`. Rooms \
           created with this dialect are public.",
    carriers: &[carriers::SESSION_COOKIE],
    failure: Shape::of::<wire::Failure>,
};

const SOCKET: &str = "\
     Requests are refused before the upgrade, with the statuses below; without a WebSocket \
     handshake the status is 405. The first frame is `enter`, with the user list; `first` is \
     true if this was the user's first entry, which makes them a participant. The `action` of \
     every frame names its kind. `message` is sent to every socket of the room, the sender's \
     included; `join` to the others at a user's first entry; `leave` to the others when a user \
     leaves for good or is removed; `deleted` to all, followed by close 1000; `error` answers \
     an invalid frame, and the connection stays open. The client's `leave` removes the user \
     from the list, and the server closes with 1000; disconnecting leaves the list unchanged. \
     Other close codes: 1009 frame too large, 1013 client too slow, 1001 server stopping, 4401 \
     session ended.";

/// Describes an operation.
pub(super) fn describe(operation: Operation) -> Described {
    let user = Shape::of::<wire::User<'_>>;
    match operation {
        Operation::Register => Described::new("Register an account")
            .open()
            .body::<wire::NewUser>()
            .answers(201, "The user, with a masked password", user())
            .fails([Error::Taken(Claim::Login), Error::RegistrationClosed]),
        Operation::Me => {
            Described::new("Get my account").answers(200, "The user of the session", user())
        }
        Operation::DeleteMe => Described::new("Delete my account")
            .text(
                "Ends the user's sessions. Ownership of their rooms passes to the longest-standing \
                 admin, or participant if there is no admin; their messages stay, shown as from a \
                 deleted user.",
            )
            .empty(204, "The account is deleted")
            .header("Set-Cookie", "Clears `session`"),
        Operation::LogIn => Described::new("Log in")
            .open()
            .body::<wire::LogIn>()
            .answers(205, "The new session", Shape::of::<wire::Opened<'_>>())
            .header("Set-Cookie", "`session`, HttpOnly, SameSite=Lax, Secure under `https`")
            .fails([Error::BadCredentials { known: true }, Error::ForeignOrigin]),
        Operation::LogOut => Described::new("Log out")
            .empty(204, "The session and its sockets have ended")
            .header("Set-Cookie", "Clears `session`"),
        Operation::CreateRoom => Described::new("Create a public room")
            .body::<wire::NewRoom>()
            .answers(201, "The room", Shape::of::<wire::Room<'_>>())
            .fails([Error::Taken(Claim::RoomName)]),
        Operation::VisibleRooms => Described::new("List public rooms and my rooms").answers(
            200,
            "Rooms, oldest first",
            Shape::list_of::<wire::Room<'_>>(),
        ),
        Operation::DeleteRoom => Described::new("Delete a room")
            .path("room_id", types::room(), "Key of the room")
            .empty(204, "The room is deleted")
            .fails([Error::RoomNotFound, Error::Forbidden]),
        Operation::Socket => Described::new("Open a WebSocket in a room")
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

/// Frames sent by clients.
fn client() -> Vec<Shape> {
    let fields =
        ObjectBuilder::new().property("message", types::content()).required("message").build();
    vec![
        Shape::frame("action", "message", Some(Shape::plain(fields))).into(),
        Shape::frame("action", "leave", None).into(),
    ]
}
