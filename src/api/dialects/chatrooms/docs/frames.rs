//! The WebSocket and its frames.

use crate::api::chatrooms::wire;
use crate::api::openapi::{Described, Shape, types};
use crate::model::Error;

const SOCKET: &str = "\
     Requests are refused before the upgrade, with the statuses below; without a WebSocket \
     handshake the status is 426. The first frame of the server is `connection_established`. \
     Every frame has a `type`. A client may add a `ref` (any text) to its frames; the reply \
     carries the same `ref`. A frame without `room_id` applies to the room joined last. \
     Replies: `ping` → `pong`; `join_room` → `room_joined`, with the latest messages or what \
     changed after `since_rev`; `leave_room` → `room_left`; `chat_message`, `edit_message`, \
     `delete_message`, `add_reaction`, `remove_reaction` → `message_sent` once the change is \
     durable; `mark_read` → `read_marked`, to all sockets of the user; `save_draft` → `draft_saved`, \
     to all sockets of the user; `watch_presence` → `user_presence`; `typing`, `set_idle` → no reply; \
     `subscribe` → the missed changes as `changes`, then `subscribed`, and from then on the \
     events of all current and future rooms of the user. A frame that fails is answered with \
     an error, and the connection stays open. A message is delivered to everybody in the room, \
     the sender included. Events of a room arrive in the order of `rev`, messages in the order \
     of `seq`, without gaps. `room_added` is sent to all sockets of a user who becomes a \
     participant, before any other event of that room. `room_settings`, `my_settings`, \
     `message_saved`, `message_unsaved`, `draft_saved` and `thread_changed` tell all sockets of a user \
     what the user has changed for themselves, and `thread_changed` also that a thread is followed from \
     now on. `thread_updated` follows `chat_message` and `message_deleted` of replies, and names the \
     message with which their thread begins. `status_changed` tells of the status of people with whom \
     the user shares a room; nothing is sent when a status ends at its time. `server_updated` tells all \
     sockets that administrators have changed the name, accent colour, message of the day or icon of \
     the server, with those that are in force, as in `GET /api/server`. `command_response` is what a \
     program answers later to a slash command of the user; it is not stored. `watch_presence` names \
     at most 500 users, instead of those named before, and its reply says who of them is online, \
     away or offline; users whom the caller may not see are omitted like unknown ones. Later \
     changes come as `user_presence`, those of two seconds together. A user is away while all of \
     their connected devices are idle, which clients tell with `set_idle` after each connection; \
     programs with API tokens do not make their user online. In rooms with many users online, \
     `presence` replaces `user_joined` and `user_left`. `reset` means that too many changes \
     were missed, or that they belong to another `epoch`: fetch the room again. Close codes: \
     1009 frame too large, 1013 client too slow (catch up with `rev`), 1001 server stopping, \
     4401 session ended.";

/// Server frames that reply to a client frame and carry its `ref`.
const ANSWERS: [&str; 10] = [
    "pong",
    "room_joined",
    "room_left",
    "message_sent",
    "read_marked",
    "draft_saved",
    "user_presence",
    "changes",
    "subscribed",
    "error",
];

/// `GET /chat`
pub(super) fn socket() -> Described {
    let frame = |verb: &str, fields: Option<Shape>| {
        Shape::from(Shape::frame("type", verb, fields).with("ref", types::text()))
    };
    let client = vec![
        frame("ping", None),
        frame("join_room", Some(Shape::of::<wire::Join>())),
        frame("leave_room", Some(Shape::of::<wire::RoomOnly>())),
        frame("chat_message", Some(Shape::of::<wire::Say>())),
        frame("edit_message", Some(Shape::of::<wire::Rewrite>())),
        frame("delete_message", Some(Shape::of::<wire::Erase>())),
        frame("add_reaction", Some(Shape::of::<wire::ReactTo>())),
        frame("remove_reaction", Some(Shape::of::<wire::ReactTo>())),
        frame("mark_read", Some(Shape::of::<wire::ReadUpTo>())),
        frame("typing", Some(Shape::of::<wire::RoomOnly>())),
        frame("save_draft", Some(Shape::of::<wire::KeepDraft>())),
        frame("set_idle", Some(Shape::of::<wire::SetIdle>())),
        frame("watch_presence", Some(Shape::of::<wire::WatchPresence>())),
        frame("subscribe", Some(Shape::of::<wire::Since>())),
    ];
    // An error frame has no type of its own: it repeats the unknown type it answers.
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
    Described::new("Open a WebSocket for all my rooms")
        .text(SOCKET)
        .fails([Error::UpgradeRequired])
        .frames(client, server.collect())
}
