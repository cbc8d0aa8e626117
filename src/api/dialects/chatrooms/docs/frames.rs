//! The WebSocket and its frames.

use crate::api::chatrooms::wire;
use crate::api::openapi::{Described, Shape, types};
use crate::model::Error;

const SOCKET: &str = "Before the upgrade the request is refused as below; without a handshake it is 426. The first \
     frame of the server is `connection_established`. Every frame has `type`; a client may give \
     its frames a `ref` (any text), and the answer carries the same. `room_id` of a frame is the \
     room joined last when it is left out. Answers: `ping` → `pong`; `join_room` → `room_joined`, \
     with the latest messages or what changed after `since_rev`; `leave_room` → `room_left`; \
     `chat_message`, `edit_message`, `delete_message`, `add_reaction`, `remove_reaction` → \
     `message_sent` once it is durable; `mark_read` → `read_marked`, to all sockets of the user; \
     `typing` → nothing; `subscribe` → the missed changes as `changes`, then `subscribed`, and \
     from then on the events of all rooms of the user, present and future. A frame that fails is \
     answered with an error, and the connection stays. A message is heard by everybody in the \
     room, the sender included. Events of a room come in the order of `rev`, messages in the \
     order of `seq`, without gaps. `room_added` comes to all sockets of a user who becomes a \
     participant, before any other event of that room. Where many are present, `presence` stands \
     for `user_joined` and `user_left`. `reset` says that what was missed is too much, or of \
     another `epoch`: fetch the room anew. Close codes: 1009 frame too large, 1013 too slow \
     (catch up with `rev`), 1001 the server stops, 4401 the session ended.";

/// Frames that answer one of the client and carry its `ref`.
const ANSWERS: [&str; 8] = [
    "pong",
    "room_joined",
    "room_left",
    "message_sent",
    "read_marked",
    "changes",
    "subscribed",
    "error",
];

/// `GET /chat`
pub(super) fn socket() -> Described {
    let said = |verb: &str, fields: Option<Shape>| {
        Shape::from(Shape::frame("type", verb, fields).with("ref", types::text()))
    };
    let client = vec![
        said("ping", None),
        said("join_room", Some(Shape::of::<wire::Join>())),
        said("leave_room", Some(Shape::of::<wire::RoomOnly>())),
        said("chat_message", Some(Shape::of::<wire::Say>())),
        said("edit_message", Some(Shape::of::<wire::Rewrite>())),
        said("delete_message", Some(Shape::of::<wire::Erase>())),
        said("add_reaction", Some(Shape::of::<wire::ReactTo>())),
        said("remove_reaction", Some(Shape::of::<wire::ReactTo>())),
        said("mark_read", Some(Shape::of::<wire::ReadUpTo>())),
        said("typing", Some(Shape::of::<wire::RoomOnly>())),
        said("subscribe", Some(Shape::of::<wire::Since>())),
    ];
    // An error has no type of its own: it repeats the one that is not known.
    let typed =
        Shape::frames_of::<wire::Frame<'_>>("type").into_iter().filter(|frame| !frame.is("error"));
    let server = typed.chain([Shape::server_frame::<wire::Complaint<'_>>("error")]);
    let server = server.map(|frame| {
        if ANSWERS.iter().any(|verb| frame.is(verb)) {
            frame.with("ref", types::text()).into()
        } else {
            frame.into()
        }
    });
    Described::new("WebSocket of the user")
        .text(SOCKET)
        .fails([Error::UpgradeRequired])
        .frames(client, server.collect())
}
