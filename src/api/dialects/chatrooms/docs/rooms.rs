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
    Described::new("List my rooms or the public rooms")
        .query(
            "scope",
            types::word(&["mine", "public"], "mine"),
            "`mine`: rooms I participate in; `public`: the directory of public rooms",
        )
        .answers(
            200,
            "Most recently active rooms first; `participants` has the first 10, `userCount` is the \
             number of all participants",
            Shape::of::<wire::Rooms<'_>>(),
        )
        .fails([bad("scope")])
}

pub(super) fn create() -> Described {
    Described::new("Create a room, or find an existing direct room")
        .text(
            "With `direct: true`, returns the unnamed private room of exactly these users if it \
             exists. The creator of a public room, or of a private room with three or more \
             participants, becomes its admin; otherwise all participants are `member`.",
        )
        .body::<wire::NewRoom>()
        .answers(201, "The new room", room())
        .header("Location", "URL of the room")
        .answers(200, "The existing room", room())
        .header("Location", "URL of the room")
        .fails([bad("targetUserIds"), Error::Forbidden, Error::Taken(Claim::RoomName)])
}

pub(super) fn one() -> Described {
    in_room(Described::new("Get a room")).answers(200, "The room with all participants", room())
}

pub(super) fn change_settings() -> Described {
    in_room(Described::new("Update topic, description, visibility or posting rights"))
        .text(
            "Absent fields stay unchanged; null removes `topic` and `description`. Users who may \
             rename the room may change these two; the other fields are for its admins. In an \
             archived room nobody can post, edit, react, join or be added, and only `archived` can \
             be changed; its participants can read it. In a read-only room only admins and \
             sub-admins can post. Sockets are notified with `room_updated`.",
        )
        .body::<wire::ChangeSettings>()
        .answers(200, "The room", room())
        .fails([Error::Forbidden, Error::Archived, Error::Taken(Claim::RoomName)])
}

pub(super) fn pins() -> Described {
    in_room(Described::new("List pinned messages"))
        .answers(200, "Pinned messages, most recently pinned first", Shape::of::<wire::Pins<'_>>())
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
            "Any participant may pin messages; in a read-only room only admins and sub-admins. A \
             room can have at most 100 pins. Sockets are notified with `room_updated`.",
        )
        .empty(204, "The message is pinned, or was pinned already")
        .fails([bad("messageId")])
}

pub(super) fn unpin() -> Described {
    of_message(Described::new("Unpin a message")).empty(204, "The message is not pinned")
}

pub(super) fn delete() -> Described {
    in_room(Described::new("Delete a room"))
        .empty(204, "The room is deleted")
        .fails([Error::Forbidden])
}

pub(super) fn rename() -> Described {
    in_room(Described::new("Rename a room"))
        .body::<wire::Rename>()
        .answers(200, "The room", room())
        .fails([Error::Forbidden, Error::Taken(Claim::RoomName)])
}

pub(super) fn join() -> Described {
    in_room(Described::new("Join a public room"))
        .answers(200, "The room; the caller is a participant", room())
        .fails([Error::Forbidden, Error::RoomClosing])
}

pub(super) fn connect() -> Described {
    in_room(Described::new("Activate a room"))
        .body_if_any::<wire::Caller>()
        .answers(
            200,
            "State of the live room and the users in it",
            Shape::of::<wire::Connected<'_>>(),
        )
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
    of_participant(Described::new("Remove a participant, or leave a room"))
        .text(
            "The last admin may leave only after making another participant admin, or as the \
               last participant.",
        )
        .empty(204, "The user is no longer a participant")
}

pub(super) fn change_role() -> Described {
    of_participant(Described::new("Change a participant's role")).body::<wire::SetRole>().answers(
        200,
        "The participant",
        participant(),
    )
}

pub(super) fn change_edited_name() -> Described {
    of_participant(Described::new("Change a participant's name in a room"))
        .body::<wire::SetEditedName>()
        .answers(200, "The participant", participant())
}

pub(super) fn change_mine() -> Described {
    in_room(Described::new("Mute or unmute a room"))
        .body::<wire::ChangeMine>()
        .answers(200, "Whether the room is muted", Shape::of::<wire::Muted>())
        .fails([Error::Forbidden])
}
