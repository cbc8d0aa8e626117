//! Messages, reactions, read marks, changes, search, files.

use utoipa::openapi::schema::{Object, ObjectBuilder, Type};

use super::{bad, in_room, limit};
use crate::api::chatrooms::wire;
use crate::api::openapi::{Described, Shape, types};
use crate::model::{Error, MAX_SIDE};

fn message() -> Shape {
    Shape::of::<wire::Message<'_>>()
}

fn for_participants(described: Described) -> Described {
    in_room(described).fails([Error::NotInRoom])
}

pub(super) fn of_message(described: Described) -> Described {
    for_participants(described)
        .path("messageId", types::message_key(), "Key of the message")
        .fails([Error::MessageNotFound])
}

pub(super) fn place() -> Object {
    ObjectBuilder::new().schema_type(Type::String).pattern(Some("^(msg)?[0-9]+$")).build()
}

pub(super) fn history() -> Described {
    for_participants(Described::new("List messages of a room"))
        .text("The newest messages, or a page given by one of `before`, `after` and `around`.")
        .query("before", place(), "Key or `seq` of a message: return older messages")
        .query("after", place(), "Key or `seq` of a message: return newer messages")
        .query(
            "around",
            place(),
            "Key or `seq` of a message: return it with messages on both sides",
        )
        .query("limit", limit(), "Maximum number of messages")
        .answers(200, "Messages in ascending order of `seq`", Shape::of::<wire::History<'_>>())
        .fails([bad("limit"), Error::MessageNotFound])
}

pub(super) fn post() -> Described {
    for_participants(Described::new("Send a message"))
        .text(
            "Sending a `clientId` again that the user has used in this room stores nothing and \
             returns the first message.",
        )
        .body::<wire::Post>()
        .answers(201, "The message, stored durably", message())
        .answers(200, "The message sent earlier with this `clientId`", message())
        .fails([bad("content"), Error::MessageNotFound])
}

pub(super) fn edit() -> Described {
    of_message(Described::new("Edit one of my messages"))
        .body::<wire::Edit>()
        .answers(200, "The message", message())
        .fails([bad("newContent")])
}

pub(super) fn delete() -> Described {
    of_message(Described::new("Delete a message"))
        .text(
            "The message keeps its place and loses its content. Allowed for its author, and for an \
             admin, sub-admin or server administrator.",
        )
        .body_if_any::<wire::Caller>()
        .empty(204, "The message is deleted")
}

pub(super) fn mark_read() -> Described {
    of_message(Described::new("Mark a room as read up to a message"))
        .text("The read mark never moves back.")
        .body_if_any::<wire::Caller>()
        .answers(200, "The read mark", Shape::of::<wire::Read<'_>>())
}

pub(super) fn readers() -> Described {
    of_message(Described::new("List who has read a message")).answers(
        200,
        "All read marks at or after the message",
        Shape::of::<wire::Readers<'_>>(),
    )
}

pub(super) fn thread() -> Described {
    of_message(Described::new("List the replies of a thread"))
        .text(
            "A thread is a message with the replies to it and the replies to those. `messageId` \
             may be any message of it; a message without replies is a thread of its own. The page \
             has the newest replies, or those before `before`. `replyCount` counts replies that \
             are not deleted; pages have deleted ones, too.",
        )
        .query("before", place(), "Key or `seq` of a message: return older replies")
        .query("limit", limit(), "Maximum number of replies")
        .answers(
            200,
            "The first message, and replies in ascending order of `seq`",
            Shape::of::<wire::Thread<'_>>(),
        )
        .fails([bad("limit")])
}

pub(super) fn react() -> Described {
    let given = Shape::of::<wire::ReactionGiven<'_>>;
    of_message(Described::new("React to a message"))
        .text(
            "An emoji with and without its variation selector is the same reaction; different skin \
             tones are different reactions. A custom emoji is its name between colons. A message can \
             have at most 50 different reactions, 20 \
             of them from one user.",
        )
        .body::<wire::NewReaction>()
        .answers(201, "The new reaction", given())
        .answers(200, "The reaction existed already", given())
        .fails([bad("reactionType"), Error::TooManyReactions])
}

pub(super) fn unreact() -> Described {
    of_message(Described::new("Remove my reaction"))
        .path("reactionType", types::reaction(), "Reaction to remove")
        .empty(204, "The reaction is removed")
        .fails([bad("reactionType")])
}

pub(super) fn changes() -> Described {
    for_participants(Described::new("List changes of a room"))
        .text(
            "All changes after `since`, edits and reactions included; send `rev` as the next \
             `since`. `reset` means that `since` is too old, greater than the room's `rev`, or \
             from another `epoch`: fetch the room again.",
        )
        .query("since", types::number(0, None, Some(0)), "Latest `rev` known to the client")
        .query("epoch", types::text(), "The `epoch` received with that `rev`")
        .query("limit", limit(), "Maximum number of changes")
        .answers(200, "One page of changes in the order of `rev`", Shape::of::<wire::Changes<'_>>())
        .fails([bad("since")])
}

pub(super) fn search() -> Described {
    Described::new("Search messages in my rooms")
        .text(
            "At least one of `q`, `from`, `has`, `since` and `until` is needed; a message matches if \
             all of them hold. `q` finds words of any script; the last word may be a prefix. All parts separated by \
             spaces must occur, in the text or in the names of files. The first ten different parts count, with at most 24 words in \
             total; the rest is ignored. One search of a user runs at a time; up to seven more \
             wait for it.",
        )
        .query("q", types::text(), "Text to search for")
        .query("from", types::text(), "The `userId` of the author")
        .query("has", types::text(), "`file`, `image` or `link`; several are separated by commas")
        .query("since", types::number(0, None, None), "Created then or later: Unix time, seconds")
        .query("until", types::number(0, None, None), "Created earlier: Unix time, seconds")
        .query("roomId", types::room(), "Search this room only")
        .query("before", types::text(), "The `cursor` of the previous page")
        .query("limit", limit(), "Maximum number of messages")
        .answers(200, "Matching messages, newest first", Shape::of::<wire::Found<'_>>())
        .fails([bad("q"), Error::RoomNotFound, Error::NotInRoom, Error::UserNotFound])
}

pub(super) fn upload() -> Described {
    Described::new("Upload a file")
        .text(
            "The body is the file, of any type, at most `[media] max_bytes` long. Its type is \
             detected from the content. Metadata not needed to show a PNG, JPEG, GIF or WebP \
             picture (place, time, camera, author) is removed. Pictures of more than 100 million \
             pixels are served as downloads. 413 is answered before the body is read if \
             `Content-Length` exceeds the limit; 429 while the caller's files that no message \
             refers to exceed `[media] max_unused_bytes_per_user`; 503 while the disk is nearly \
             full.",
        )
        .query(
            "fileName",
            types::text(),
            "File name for downloads; no invisible characters, no characters that change the text \
             direction",
        )
        .raw_body()
        .answers(201, "The file", Shape::of::<wire::Media<'_>>())
        .header("Location", "URL of the file")
        .fails([bad("fileName")])
}

pub(super) fn download() -> Described {
    let bytes = || Some(Shape::plain(Object::new()));
    Described::new("Download a file")
        .text(
            "Available to its owner, to participants of a room with a message that has it \
             attached, and, if it is a profile picture or that of a custom emoji, to every signed-in \
             user. Range requests are supported, and `HEAD`.",
        )
        .path("name", types::file_name(), "SHA-512 of the stored bytes, in hexadecimal")
        .query(
            "id",
            types::number(1, None, None),
            "The `id` of the upload, if the same bytes were uploaded under several names; without \
             it the newest name is used",
        )
        .answers_as(200, "The file, with the type detected from its content", "*/*", bytes())
        .header("ETag", "Value for `If-None-Match` and `If-Range`")
        .header(
            "Content-Disposition",
            "`inline` for types that are safe to show in a page, else `attachment`",
        )
        .answers_as(206, "The range requested with `Range`", "*/*", bytes())
        .header("Content-Range", "The range and the size of the file")
        .empty(304, "Unchanged since the version in `If-None-Match`")
        .empty(416, "The range is outside the file")
        .header("Content-Range", "Size of the file")
        .fails([bad("id"), Error::MediaNotFound])
}

pub(super) fn preview() -> Described {
    let bytes = || Some(Shape::plain(Object::new()));
    Described::new("Download a preview of a picture")
        .text(
            "A copy whose longer side has 320, 640 or 1280 pixels: the smallest one that is not \
             smaller than `pixels`, in JPEG, or WebP if the picture has transparent parts. The \
             picture itself is sent if it is not larger, if more than 1280 pixels are wanted, if it \
             is a GIF or moves, if it has more than 25 million pixels, and if `[media] \
             preview_bytes` is 0. Permission, ranges and `HEAD` are as for the file. 404 for files \
             that are not pictures (`isImage`).",
        )
        .path("name", types::file_name(), "SHA-512 of the stored bytes, in hexadecimal")
        .query_needed(
            "pixels",
            types::number(1, Some(MAX_SIDE.into()), None),
            "Pixels of the screen on which the longer side is shown",
        )
        .query("id", types::number(1, None, None), "As for the file")
        .answers_as(200, "The preview or the picture", "*/*", bytes())
        .header("ETag", "Value for `If-None-Match` and `If-Range`")
        .answers_as(206, "The range requested with `Range`", "*/*", bytes())
        .header("Content-Range", "The range and the size of what is sent")
        .empty(304, "Unchanged since the version in `If-None-Match`")
        .empty(416, "The range is outside of it")
        .header("Content-Range", "Size of what is sent")
        .fails([bad("pixels"), Error::MediaNotFound])
}
