//! Tables of rooms: the log of each, which is the truth, and what is derived from it. Derived rows
//! carry the rev of the change as their timestamp.

use crate::store::cluster::tables::{Column, Kind, Order, Table};

/// The log of a room, in partitions of 500 revs: `bucket` is `(rev - 1) / 500`. One row a commit,
/// with the last rev of it; rows expire, static columns stay.
pub static ROOM_LOG: Table = Table {
    name: "room_log",
    kind: Kind::Conditional,
    partition: &[Column::int("room"), Column::int("bucket")],
    clustering: &[Column::int("rev")],
    order: Order::Ascending,
    statics: &[
        Column::int("head_rev"),
        Column::int("head_seq"),
        Column::int("facts_rev"),
        Column::int("head_at"),
    ],
    columns: &[Column::bytes("body")],
};

/// History, in partitions of 1,000 messages: `bucket` is `(seq - 1) / 1000`. `author`, `gone` and
/// `mentions` (ids of 8 bytes each) are what counting unread messages reads. `thread` is the message
/// with which the chain of replies of a reply begins.
pub static MESSAGES: Table = Table {
    name: "messages",
    kind: Kind::Plain,
    partition: &[Column::int("room"), Column::int("bucket")],
    clustering: &[Column::int("seq")],
    order: Order::Descending,
    statics: &[],
    columns: &[
        Column::int("rev"),
        Column::int("author"),
        Column::flag("gone"),
        Column::bytes("mentions"),
        Column::bytes("body"),
        Column::int("thread"),
    ],
};

/// One row per reaction of a user; taking it back writes `present = false`.
pub static REACTIONS: Table = Table {
    name: "reactions",
    kind: Kind::Plain,
    partition: &[Column::int("room"), Column::int("bucket")],
    clustering: &[Column::int("seq"), Column::text("reaction"), Column::int("user")],
    order: Order::Descending,
    statics: &[],
    columns: &[Column::flag("present"), Column::int("at"), Column::int("rev")],
};

/// What lists of rooms show. `rev` is the one up to which everything is derived: the row is written
/// after all others of a commit and before the commit is answered, so that everything that was
/// acknowledged is at or below it. `at` is the time of the newest message (or of the creation).
/// `erased` is the seq up to which the content of expired messages is removed, and the timestamp of
/// that cell.
pub static ROOM_STATE: Table = Table {
    name: "room_state",
    kind: Kind::Plain,
    partition: &[Column::int("room")],
    clustering: &[],
    order: Order::Ascending,
    statics: &[],
    columns: &[
        Column::int("rev"),
        Column::int("seq"),
        Column::int("facts_rev"),
        Column::int("at"),
        Column::flag("gone"),
        Column::bytes("body"),
        Column::bytes("last"),
        Column::bytes("retention"),
        Column::int("erased"),
    ],
};

/// Participants of a room; `entered` ascends in the order of joining. Whoever left stays, not
/// `present`.
pub static PARTICIPANTS: Table = Table {
    name: "participants",
    kind: Kind::Plain,
    partition: &[Column::int("room")],
    clustering: &[Column::int("user")],
    order: Order::Ascending,
    statics: &[],
    columns: &[Column::flag("present"), Column::int("entered"), Column::bytes("body")],
};

/// Rooms in which a user takes part (`present`) or which they own (`owned`).
pub static ROOMS_BY_USER: Table = Table {
    name: "rooms_by_user",
    kind: Kind::Plain,
    partition: &[Column::int("user")],
    clustering: &[Column::int("room")],
    order: Order::Ascending,
    statics: &[],
    columns: &[
        Column::flag("present"),
        Column::flag("owned"),
        Column::int("since"),
        Column::int("role"),
    ],
};

/// Read marks of a room; their timestamp is the seq, so that a mark never moves back.
pub static MARKS: Table = Table {
    name: "marks",
    kind: Kind::Plain,
    partition: &[Column::int("room")],
    clustering: &[Column::int("user")],
    order: Order::Ascending,
    statics: &[],
    columns: &[Column::int("seq"), Column::int("at")],
};

/// The same marks by user.
pub static MARKS_BY_USER: Table = Table {
    name: "marks_by_user",
    kind: Kind::Plain,
    partition: &[Column::int("user")],
    clustering: &[Column::int("room")],
    order: Order::Ascending,
    statics: &[],
    columns: &[Column::int("seq"), Column::int("at")],
};

/// What a user chose for a room; the timestamp is `version`, the time in microseconds or more. It is
/// valid for one membership, that of the time of `joined`: whoever returns starts anew. Messages
/// from `unread_from` on are unread as long as the user's mark is `unread_mark`.
pub static MINE: Table = Table {
    name: "mine",
    kind: Kind::Plain,
    partition: &[Column::int("user")],
    clustering: &[Column::int("room")],
    order: Order::Ascending,
    statics: &[],
    columns: &[
        Column::text("notify"),
        Column::flag("favourite"),
        Column::int("unread_from"),
        Column::int("unread_mark"),
        Column::int("joined"),
        Column::int("version"),
    ],
};

/// Client ids used by an author in a room, with the first message; rows expire.
pub static SENT: Table = Table {
    name: "sent",
    kind: Kind::Plain,
    partition: &[Column::int("room"), Column::int("author")],
    clustering: &[Column::text("client_id")],
    order: Order::Ascending,
    statics: &[],
    columns: &[Column::int("seq")],
};

/// Pinned messages of a room.
pub static PINS: Table = Table {
    name: "pins",
    kind: Kind::Plain,
    partition: &[Column::int("room")],
    clustering: &[Column::int("seq")],
    order: Order::Ascending,
    statics: &[],
    columns: &[Column::flag("present"), Column::int("rev"), Column::bytes("body")],
};

/// Replies by the thread that they belong to: `root` is the message with which it begins, `at` the
/// time of the reply. Rows of older releases have no author.
pub static THREADS: Table = Table {
    name: "threads",
    kind: Kind::Plain,
    partition: &[Column::int("room")],
    clustering: &[Column::int("root"), Column::int("seq")],
    order: Order::Ascending,
    statics: &[],
    columns: &[Column::flag("gone"), Column::int("at"), Column::int("author")],
};

/// Rooms in which a file is attached to a message.
pub static MEDIA_ROOMS: Table = Table {
    name: "media_rooms",
    kind: Kind::Plain,
    partition: &[Column::int("media")],
    clustering: &[Column::int("room"), Column::int("seq")],
    order: Order::Ascending,
    statics: &[],
    columns: &[Column::flag("present")],
};

/// Files attached to messages of a room, with their bytes.
pub static ROOM_MEDIA: Table = Table {
    name: "room_media",
    kind: Kind::Plain,
    partition: &[Column::int("room")],
    clustering: &[Column::int("media"), Column::int("seq")],
    order: Order::Ascending,
    statics: &[],
    columns: &[Column::flag("present"), Column::int("size")],
};

/// The directory of public rooms, in 16 partitions by id.
pub static PUBLIC_ROOMS: Table = Table {
    name: "public_rooms",
    kind: Kind::Plain,
    partition: &[Column::int("shard")],
    clustering: &[Column::int("room")],
    order: Order::Ascending,
    statics: &[],
    columns: &[Column::flag("present"), Column::text("name"), Column::int("owner")],
};

/// All rooms in the order of their ids, in 16 partitions by id (`id % 16`); written when a room is
/// added and when it is deleted.
pub static ALL_ROOMS: Table = Table {
    name: "all_rooms",
    kind: Kind::Plain,
    partition: &[Column::int("shard")],
    clustering: &[Column::int("room")],
    order: Order::Ascending,
    statics: &[],
    columns: &[Column::flag("present")],
};

/// Unnamed private rooms by the set of their participants (SHA-256 of the ascending ids).
pub static ROOMS_BY_PEOPLE: Table = Table {
    name: "rooms_by_people",
    kind: Kind::Plain,
    partition: &[Column::bytes("people")],
    clustering: &[Column::int("room")],
    order: Order::Ascending,
    statics: &[],
    columns: &[Column::flag("present")],
};

/// Deleted rooms whose contents are not removed yet, in 16 partitions by id.
pub static GONE_ROOMS: Table = Table {
    name: "gone_rooms",
    kind: Kind::Plain,
    partition: &[Column::int("shard")],
    clustering: &[Column::int("room")],
    order: Order::Ascending,
    statics: &[],
    columns: &[Column::flag("present")],
};

/// Deleted messages whose texts may still be in the log of their room, by the rev of the deletion.
pub static ERASURES: Table = Table {
    name: "erasures",
    kind: Kind::Plain,
    partition: &[Column::int("room")],
    clustering: &[Column::int("seq")],
    order: Order::Ascending,
    statics: &[],
    columns: &[Column::int("rev")],
};

/// Rooms that have such messages, in 16 partitions by id.
pub static ERASURE_ROOMS: Table = Table {
    name: "erasure_rooms",
    kind: Kind::Plain,
    partition: &[Column::int("shard")],
    clustering: &[Column::int("room")],
    order: Order::Ascending,
    statics: &[],
    columns: &[Column::flag("present")],
};

/// All tables of rooms.
pub static TABLES: &[&Table] = &[
    &ROOM_LOG,
    &MESSAGES,
    &REACTIONS,
    &ROOM_STATE,
    &PARTICIPANTS,
    &ROOMS_BY_USER,
    &MARKS,
    &MARKS_BY_USER,
    &MINE,
    &SENT,
    &PINS,
    &THREADS,
    &MEDIA_ROOMS,
    &ROOM_MEDIA,
    &PUBLIC_ROOMS,
    &ALL_ROOMS,
    &ROOMS_BY_PEOPLE,
    &GONE_ROOMS,
    &ERASURES,
    &ERASURE_ROOMS,
];
