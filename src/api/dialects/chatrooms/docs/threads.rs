//! Threads: what the conversation shows of them, and those that a user follows.

use super::messages::place;
use super::{bad, in_room, limit};
use crate::api::chatrooms::wire;
use crate::api::openapi::{Described, Shape, types};
use crate::model::Error;

pub(super) fn summaries() -> Described {
    in_room(Described::new("List the threads of a part of a room"))
        .text(
            "For what a conversation shows below a message: how many replies its thread has, when \
             the newest was written, and by whom. Messages without replies are left out. Live, \
             `thread_updated` tells of every reply that is posted or deleted.",
        )
        .query_needed("from", place(), "Key or `seq` of the first message")
        .query_needed(
            "to",
            place(),
            "Key or `seq` of the last message, less than 1,000 above `from`",
        )
        .answers(
            200,
            "The threads that begin with these messages, ascending by `seq`",
            Shape::of::<wire::ThreadSummaries<'_>>(),
        )
        .fails([bad("from"), bad("to"), Error::Forbidden, Error::MessageNotFound])
}

pub(super) fn followed() -> Described {
    Described::new("List the threads that I follow")
        .text(
            "Whoever starts a thread, answers in it or is mentioned in it follows it, until they \
             unfollow it; whoever answers again follows it again. A reply is unread until it was \
             read in the thread or in the conversation of its room.",
        )
        .query("limit", limit(), "Maximum number of threads")
        .query("before", types::text(), "`cursor` of the page before")
        .answers(
            200,
            "Threads of my rooms with at least one reply, the newest reply first",
            Shape::of::<wire::FollowedThreads<'_>>(),
        )
        .fails([bad("before")])
}

pub(super) fn follows() -> Described {
    Described::new("List which threads I follow, and what is unread in them")
        .text(
            "Short and complete, for clients that keep it up to date with `thread_changed` and \
             `thread_updated`.",
        )
        .answers(
            200,
            "All threads that I follow in my rooms, in no order",
            Shape::of::<wire::Follows>(),
        )
}

pub(super) fn read_all() -> Described {
    Described::new("Mark all threads that I follow as read")
        .empty(204, "Everything in them that I had not read is read")
}

fn of_message(described: Described) -> Described {
    in_room(described)
        .path("messageId", types::message_key(), "Key of a message of the thread")
        .fails([Error::MessageNotFound, Error::Forbidden])
}

pub(super) fn follow() -> Described {
    of_message(Described::new("Follow a thread"))
        .text("My sockets are notified with `thread_changed`.")
        .empty(204, "I follow the thread")
}

pub(super) fn unfollow() -> Described {
    of_message(Described::new("Unfollow a thread"))
        .text(
            "Mentions in it do not make me follow it again, an own reply does. My sockets are \
             notified with `thread_changed`.",
        )
        .empty(204, "I do not follow the thread")
}

pub(super) fn read() -> Described {
    of_message(Described::new("Mark a thread as read up to a message"))
        .text(
            "The mark never moves back, and the read mark of the room stays where it is. My \
             sockets are notified with `thread_changed`.",
        )
        .empty(204, "The thread is read up to this message")
}
