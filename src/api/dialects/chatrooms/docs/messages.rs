//! Messages, reactions, read marks, changes, search, files.

use utoipa::openapi::schema::{Object, ObjectBuilder, Type};

use super::{bad, in_room, limit};
use crate::api::chatrooms::wire;
use crate::api::openapi::{Described, Shape, types};
use crate::model::Error;

fn message() -> Shape {
    Shape::of::<wire::Message<'_>>()
}

fn for_participants(described: Described) -> Described {
    in_room(described).fails([Error::NotInRoom])
}

fn of_message(described: Described) -> Described {
    for_participants(described)
        .path("messageId", types::message_key(), "Key of the message")
        .fails([Error::MessageNotFound])
}

fn place() -> Object {
    ObjectBuilder::new().schema_type(Type::String).pattern(Some("^(msg)?[0-9]+$")).build()
}

pub(super) fn history() -> Described {
    for_participants(Described::new("Messages of a room"))
        .text("The newest, or a page by at most one of `before`, `after` and `around`.")
        .query("before", place(), "Key of a message, or its bare `seq`: what is older")
        .query("after", place(), "Key of a message, or its bare `seq`: what is newer")
        .query(
            "around",
            place(),
            "Key of a message, or its bare `seq`: what is on both sides of it, itself included",
        )
        .query("limit", limit(), "How many")
        .answers(200, "Ascending by `seq`", Shape::of::<wire::History<'_>>())
        .fails([bad("limit"), Error::MessageNotFound])
}

pub(super) fn post() -> Described {
    for_participants(Described::new("Send a message"))
        .text(
            "A send with a `clientId` that the user has used in this room before answers the \
             first message and stores nothing.",
        )
        .body::<wire::Post>()
        .answers(201, "The message, durable", message())
        .answers(200, "The message that was sent before", message())
        .fails([bad("content"), Error::MessageNotFound])
}

pub(super) fn edit() -> Described {
    of_message(Described::new("Edit my message"))
        .body::<wire::Edit>()
        .answers(200, "The message", message())
        .fails([bad("newContent")])
}

pub(super) fn delete() -> Described {
    of_message(Described::new("Delete a message"))
        .text(
            "It keeps its place and loses its content. Its author may, and an admin, sub-admin or \
             server administrator.",
        )
        .body_if_any::<wire::Caller>()
        .empty(204, "It is deleted")
}

pub(super) fn mark_read() -> Described {
    of_message(Described::new("Mark everything up to a message as read"))
        .text("The mark never moves back.")
        .body_if_any::<wire::Caller>()
        .answers(200, "The mark", Shape::of::<wire::Read<'_>>())
}

pub(super) fn readers() -> Described {
    of_message(Described::new("Who has read a message")).answers(
        200,
        "All marks at or above it",
        Shape::of::<wire::Readers<'_>>(),
    )
}

pub(super) fn react() -> Described {
    let given = Shape::of::<wire::ReactionGiven<'_>>;
    of_message(Described::new("React to a message"))
        .text(
            "An emoji with and without its variation selector is one reaction; skin tones differ. \
             A message has at most 50 kinds, 20 of one user.",
        )
        .body::<wire::NewReaction>()
        .answers(201, "The reaction", given())
        .answers(200, "The reaction that was there", given())
        .fails([bad("reactionType"), Error::TooManyReactions])
}

pub(super) fn unreact() -> Described {
    of_message(Described::new("Take my reaction back"))
        .path("reactionType", types::reaction(), "Which")
        .empty(204, "It is gone")
        .fails([bad("reactionType")])
}

pub(super) fn changes() -> Described {
    for_participants(Described::new("What has changed in a room"))
        .text(
            "Everything after `since`, edits and reactions included; `rev` is what to send as the \
             next `since`. `reset` says that `since` lies too far back, above the room's, or is \
             of another `epoch`: fetch the room anew.",
        )
        .query("since", types::number(0, None, Some(0)), "The `rev` that the client has")
        .query("epoch", types::text(), "The `epoch` that came with it")
        .query("limit", limit(), "How many")
        .answers(200, "One page in the order of `rev`", Shape::of::<wire::Changes<'_>>())
        .fails([bad("since")])
}

pub(super) fn search() -> Described {
    Described::new("Find messages of my rooms")
        .text(
            "Words of every script; the last may be the beginning of a longer one. Every part \
             between spaces must be there. The first ten different parts count, with at most 24 \
             words in all, and further ones are ignored. One search of a user runs at a time; up \
             to seven more wait for it.",
        )
        .query_needed("q", types::text(), "What to look for")
        .query("roomId", types::room(), "In this room only")
        .query("before", types::text(), "The `cursor` of the page before")
        .query("limit", limit(), "How many")
        .answers(200, "Newest first", Shape::of::<wire::Found<'_>>())
        .fails([bad("q"), Error::RoomNotFound, Error::NotInRoom])
}

pub(super) fn upload() -> Described {
    Described::new("Upload a file")
        .text(
            "The body is the file, of any type, at most `[media] max_bytes` long. What it is, its \
             bytes say. PNG, JPEG, GIF and WebP pictures lose everything that is not needed to \
             show them: place, time, camera, author. Of more than 100 million pixels they are \
             downloads. 413 before the body is read, where it says how long it is; 429 while the \
             caller's files that no message holds take up more than `[media] \
             max_unused_bytes_per_user`; 503 while the disk is nearly full.",
        )
        .query(
            "fileName",
            types::text(),
            "What it is called when it is downloaded; no invisible characters, none that turn \
             text around",
        )
        .raw_body()
        .answers(201, "The file", Shape::of::<wire::Media<'_>>())
        .header("Location", "Where it is")
        .fails([bad("fileName")])
}

pub(super) fn download() -> Described {
    let bytes = || Some(Shape::plain(Object::new()));
    Described::new("Download a file")
        .text(
            "For its owner and for participants of a room with a message that holds it; profile \
             pictures for every signed-in user. Ranges are served.",
        )
        .path("name", types::file_name(), "SHA-512 of what is stored, in hexadecimal")
        .query(
            "id",
            types::number(1, None, None),
            "The `id` that goes with it, where the same bytes have several names; else it has its \
             newest",
        )
        .answers_as(200, "The file; its type is that of its bytes", "*/*", bytes())
        .header("ETag", "What `If-None-Match` and `If-Range` take")
        .header(
            "Content-Disposition",
            "`inline` for what is safe to show in a page, else `attachment`",
        )
        .answers_as(206, "The range that `Range` asks for", "*/*", bytes())
        .header("Content-Range", "Which part of how much")
        .empty(304, "Unchanged since the version of `If-None-Match`")
        .empty(416, "The range lies outside of the file")
        .header("Content-Range", "How much there is")
        .fails([bad("id"), Error::MediaNotFound])
}
