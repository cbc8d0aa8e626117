//! Rooms and their participants.

use super::{bad, in_room};
use crate::api::chatrooms::wire;
use crate::api::openapi::{Described, Shape, types};
use crate::model::{Claim, Error};

fn room() -> Shape {
    Shape::of::<wire::Room<'_>>()
}

fn participant() -> Shape {
    Shape::of::<wire::Participant<'_>>()
}

pub(super) fn list() -> Described {
    Described::new("My rooms, or the directory of public rooms")
        .query("scope", types::word(&["mine", "public"], "mine"), "Which")
        .answers(
            200,
            "Newest activity first; `participants` holds the first 10, `userCount` says how many \
             there are",
            Shape::of::<wire::Rooms<'_>>(),
        )
        .fails([bad("scope")])
}

pub(super) fn create() -> Described {
    Described::new("Make a room, or find the direct one")
        .text(
            "With `direct: true` the nameless private room of exactly these users, where there is \
             one. The creator of a public room, or of a private one with three or more \
             participants, is its admin; otherwise everybody is `member`.",
        )
        .body::<wire::NewRoom>()
        .answers(201, "The new room", room())
        .header("Location", "Where it is")
        .answers(200, "The room that existed", room())
        .header("Location", "Where it is")
        .fails([bad("targetUserIds"), Error::Forbidden, Error::Taken(Claim::RoomName)])
}

pub(super) fn one() -> Described {
    in_room(Described::new("A room")).answers(200, "The room with everybody in it", room())
}

pub(super) fn change_settings() -> Described {
    in_room(Described::new("Change topic, description, visibility, or who may write"))
        .text(
            "Keys that are absent stay as they are; null takes `topic` and `description` away. \
             Whoever may rename the room may change these two; the others are for its admins. In \
             an archived room nobody posts, edits, reacts, joins or is added, and nothing but \
             `archived` changes; its participants read it. In a read-only room only admins and \
             sub-admins post. Sockets are told with `room_updated`.",
        )
        .body::<wire::ChangeSettings>()
        .answers(200, "The room", room())
        .fails([Error::Forbidden, Error::Archived, Error::Taken(Claim::RoomName)])
}

pub(super) fn pins() -> Described {
    in_room(Described::new("Pinned messages"))
        .answers(200, "Those pinned last first", Shape::of::<wire::Pins<'_>>())
        .fails([Error::Forbidden])
}

fn of_message(described: Described) -> Described {
    in_room(described).path("messageId", types::message_key(), "Key of the message").fails([
        Error::MessageNotFound,
        Error::Forbidden,
        Error::Archived,
    ])
}

pub(super) fn pin() -> Described {
    of_message(Described::new("Pin a message"))
        .text(
            "Any participant may; in a read-only room admins and sub-admins. A room has at most \
             100 pins. Sockets are told with `room_updated`.",
        )
        .empty(204, "It is pinned, or was already")
        .fails([bad("messageId")])
}

pub(super) fn unpin() -> Described {
    of_message(Described::new("Take a pin off a message")).empty(204, "It is pinned no longer")
}

pub(super) fn delete() -> Described {
    in_room(Described::new("Delete a room")).empty(204, "It is gone").fails([Error::Forbidden])
}

pub(super) fn rename() -> Described {
    in_room(Described::new("Rename a room"))
        .body::<wire::Rename>()
        .answers(200, "The room", room())
        .fails([Error::Forbidden, Error::Taken(Claim::RoomName)])
}

pub(super) fn join() -> Described {
    in_room(Described::new("Enter a public room"))
        .answers(200, "The room; the caller takes part in it", room())
        .fails([Error::Forbidden, Error::RoomClosing])
}

pub(super) fn connect() -> Described {
    in_room(Described::new("Bring the live room up"))
        .body_if_any::<wire::Caller>()
        .answers(200, "Its state, and who is there", Shape::of::<wire::Connected<'_>>())
        .fails([Error::Forbidden, Error::RoomClosing])
}

pub(super) fn add_participant() -> Described {
    in_room(Described::new("Add a participant"))
        .body::<wire::NewParticipant>()
        .answers(201, "The participant", participant())
        .fails([Error::UserNotFound, Error::Forbidden, Error::Taken(Claim::Participant)])
}

fn of_participant(described: Described) -> Described {
    in_room(described)
        .path("userId", types::login(), "Login name of the participant")
        .fails([Error::ParticipantNotFound, Error::Forbidden])
}

pub(super) fn remove_participant() -> Described {
    of_participant(Described::new("Remove a participant, or leave"))
        .text("The last admin may leave only when another admin has been named, or alone.")
        .empty(204, "They are out")
}

pub(super) fn change_role() -> Described {
    of_participant(Described::new("Change a participant's role")).body::<wire::SetRole>().answers(
        200,
        "The participant",
        participant(),
    )
}

pub(super) fn change_edited_name() -> Described {
    of_participant(Described::new("Change a participant's name in this room"))
        .body::<wire::SetEditedName>()
        .answers(200, "The participant", participant())
}

pub(super) fn change_mine() -> Described {
    in_room(Described::new("Mute a room for me"))
        .body::<wire::ChangeMine>()
        .answers(200, "Whether it is", Shape::of::<wire::Muted>())
        .fails([Error::Forbidden])
}
