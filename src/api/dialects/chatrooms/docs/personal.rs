//! What only its user sees: own settings of rooms, preferences, saved messages, drafts.

use super::{bad, in_room, limit};
use crate::api::chatrooms::wire;
use crate::api::openapi::{Described, Shape, types};
use crate::model::Error;

fn own() -> Shape {
    Shape::of::<wire::OwnSettings>()
}

pub(super) fn own_settings() -> Described {
    in_room(Described::new("Get my settings of a room"))
        .answers(200, "My settings", own())
        .fails([Error::Forbidden])
}

pub(super) fn change_own_settings() -> Described {
    in_room(Described::new("Change my settings of a room"))
        .text(
            "Which new messages notify me: `all`, `mentions` (those that mention me or contain one \
             of my keywords) or `nothing`; null: the default of `/api/users/me/settings`. Absent \
             fields stay unchanged. Nobody else sees these settings, and they end when I leave. My \
             sockets are notified with `room_settings`.",
        )
        .body::<wire::ChangeOwn>()
        .answers(200, "My settings", own())
        .fails([bad("notify"), Error::Forbidden])
}

pub(super) fn mark_unread() -> Described {
    of_message(Described::new("Mark a message and all later ones as unread"))
        .text(
            "Only for me: others still see how far I had read. It ends when I read on or post. My \
             sockets are notified with `read_marked`.",
        )
        .body_if_any::<wire::Caller>()
        .answers(200, "My read mark and unread count", Shape::of::<wire::Read<'_>>())
}

fn preferences_of_mine() -> Shape {
    Shape::of::<wire::Preferences>()
}

pub(super) fn preferences() -> Described {
    Described::new("Get my settings for all rooms").answers(
        200,
        "My settings",
        preferences_of_mine(),
    )
}

pub(super) fn change_preferences() -> Described {
    Described::new("Change my settings for all rooms")
        .text(
            "`notify` applies to rooms without a level of their own. `keywords` (at most 20) and \
             `quiet`, the hours of each day without notifications, are kept for clients, which \
             apply them. Absent fields stay unchanged; null removes `quiet`. My sockets are \
             notified with `my_settings`.",
        )
        .body::<wire::ChangePreferences>()
        .answers(200, "My settings", preferences_of_mine())
        .fails([bad("keywords")])
}

pub(super) fn saved() -> Described {
    Described::new("List my saved messages")
        .query("limit", limit(), "Maximum number of messages")
        .query("before", types::text(), "`cursor` of the page before")
        .answers(
            200,
            "Saved messages of my rooms, most recently saved first, without deleted ones",
            Shape::of::<wire::SavedMessages<'_>>(),
        )
        .fails([bad("before")])
}

pub(super) fn drafts() -> Described {
    Described::new("List my drafts")
        .text(
            "What I have begun to write, on any device: at most one for each room and each thread, \
             200 in all. Nobody else sees them. They are changed with `save_draft` over the \
             WebSocket, where the change comes before the message that is sent next, and all my \
             sockets are notified with `draft_saved`.",
        )
        .answers(
            200,
            "My drafts in rooms in which I participate, the latest first",
            Shape::of::<wire::Drafts<'_>>(),
        )
}

fn of_message(described: Described) -> Described {
    in_room(described)
        .path("messageId", types::message_key(), "Key of the message")
        .fails([Error::MessageNotFound, Error::Forbidden])
}

pub(super) fn save() -> Described {
    of_message(Described::new("Save a message for later"))
        .text(
            "At most 1,000 messages; only I see them. My sockets are notified with `message_saved`.",
        )
        .empty(204, "The message is saved, or was saved already")
        .fails([bad("messageId")])
}

pub(super) fn unsave() -> Described {
    of_message(Described::new("Remove a message from the saved ones"))
        .text("My sockets are notified with `message_unsaved`.")
        .empty(204, "The message is not saved")
}
