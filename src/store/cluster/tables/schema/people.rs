//! Tables of users, names, sessions, files, outgoing webhooks, slash commands, settings and jobs.

use crate::store::cluster::tables::{Column, Kind, Order, Table};

/// Numbers that were given out: `next` is the first free one of a kind.
pub static IDS: Table = Table {
    name: "ids",
    kind: Kind::Conditional,
    partition: &[Column::text("kind")],
    clustering: &[],
    order: Order::Ascending,
    statics: &[],
    columns: &[Column::int("next")],
};

/// Everything that must be unique: login names, look-alikes, e-mail addresses, names of public
/// rooms, the sets of people of unnamed rooms.
pub static CLAIMS: Table = Table {
    name: "claims",
    kind: Kind::Conditional,
    partition: &[Column::text("kind"), Column::text("key")],
    clustering: &[],
    order: Order::Ascending,
    statics: &[],
    columns: &[Column::int("holder"), Column::int("at")],
};

/// Users. `version` guards changes; 0: the account was never completed. Rows are never removed;
/// `gone`: deleted, or never to be completed.
pub static USERS: Table = Table {
    name: "users",
    kind: Kind::Conditional,
    partition: &[Column::int("id")],
    clustering: &[],
    order: Order::Ascending,
    statics: &[],
    columns: &[Column::int("version"), Column::flag("gone"), Column::bytes("body")],
};

/// Folded names of users, in partitions of 1,000 ids; the timestamp is the user's version. A row may
/// be of a user who was never completed.
pub static DIRECTORY: Table = Table {
    name: "directory",
    kind: Kind::Plain,
    partition: &[Column::int("bucket")],
    clustering: &[Column::int("user")],
    order: Order::Ascending,
    statics: &[],
    columns: &[Column::flag("present"), Column::text("login"), Column::text("name")],
};

/// Users who may be administrators, in one partition; the timestamp is the user's version.
pub static ADMINISTRATORS: Table = Table {
    name: "administrators",
    kind: Kind::Plain,
    partition: &[Column::text("role")],
    clustering: &[Column::int("user")],
    order: Order::Ascending,
    statics: &[],
    columns: &[Column::flag("present")],
};

/// Partitions of a table by ids that may have rows: which of them to read for all rows.
pub static BUCKETS: Table = Table {
    name: "buckets",
    kind: Kind::Plain,
    partition: &[Column::text("kind")],
    clustering: &[Column::int("bucket")],
    order: Order::Ascending,
    statics: &[],
    columns: &[Column::flag("present")],
};

/// Sessions by the hash of their secret. The timestamp is the time of the last use since their
/// creation, so that the latest use wins, and that of `ended` is larger than any.
pub static SESSIONS: Table = Table {
    name: "sessions",
    kind: Kind::Plain,
    partition: &[Column::bytes("token")],
    clustering: &[],
    order: Order::Ascending,
    statics: &[],
    columns: &[
        Column::bytes("body"),
        Column::int("seen"),
        Column::int("expires"),
        Column::flag("ended"),
        Column::flag("vouched"),
    ],
};

/// The same sessions by user.
pub static SESSIONS_BY_USER: Table = Table {
    name: "sessions_by_user",
    kind: Kind::Plain,
    partition: &[Column::int("user")],
    clustering: &[Column::int("id")],
    order: Order::Descending,
    statics: &[],
    columns: &[
        Column::bytes("body"),
        Column::int("seen"),
        Column::int("expires"),
        Column::flag("ended"),
        Column::flag("vouched"),
    ],
};

/// One-time tickets by the hash of their secret; rows expire.
pub static TICKETS: Table = Table {
    name: "tickets",
    kind: Kind::Conditional,
    partition: &[Column::bytes("secret")],
    clustering: &[],
    order: Order::Ascending,
    statics: &[],
    columns: &[
        Column::int("user"),
        Column::int("session"),
        Column::int("room"),
        Column::int("until"),
    ],
};

/// Invitations, in one partition, by the hash of their secret in hexadecimal digits. `version` guards
/// changes, among them each use.
pub static INVITATIONS: Table = Table {
    name: "invitations",
    kind: Kind::Conditional,
    partition: &[Column::text("list")],
    clustering: &[Column::text("secret")],
    order: Order::Ascending,
    statics: &[],
    columns: &[
        Column::int("version"),
        Column::bytes("body"),
        Column::int("revoked"),
        Column::text("mailed_to"),
    ],
};

/// Uploaded files. `fresh` is the time from which their age is counted.
pub static MEDIA: Table = Table {
    name: "media",
    kind: Kind::Conditional,
    partition: &[Column::int("id")],
    clustering: &[],
    order: Order::Ascending,
    statics: &[],
    columns: &[Column::int("fresh"), Column::bytes("body")],
};

/// Files with the same bytes.
pub static MEDIA_BY_NAME: Table = Table {
    name: "media_by_name",
    kind: Kind::Plain,
    partition: &[Column::text("name")],
    clustering: &[Column::int("id")],
    order: Order::Descending,
    statics: &[],
    columns: &[Column::flag("present")],
};

/// Files of an owner.
pub static MEDIA_BY_OWNER: Table = Table {
    name: "media_by_owner",
    kind: Kind::Plain,
    partition: &[Column::int("owner")],
    clustering: &[Column::int("id")],
    order: Order::Ascending,
    statics: &[],
    columns: &[Column::flag("present")],
};

/// All files, in partitions of 1,000 ids; what else lists a file can be found from here when its
/// own row is gone.
pub static MEDIA_IDS: Table = Table {
    name: "media_ids",
    kind: Kind::Plain,
    partition: &[Column::int("bucket")],
    clustering: &[Column::int("id")],
    order: Order::Ascending,
    statics: &[],
    columns: &[Column::text("name"), Column::int("owner")],
};

/// Uploaded files that nothing has used yet, by owner and the day of the upload. Rows expire.
pub static MEDIA_UNUSED: Table = Table {
    name: "media_unused",
    kind: Kind::Plain,
    partition: &[Column::int("owner"), Column::int("day")],
    clustering: &[Column::int("id")],
    order: Order::Ascending,
    statics: &[],
    columns: &[Column::flag("present"), Column::text("name"), Column::int("size")],
};

/// Rooms in which a file was about to be attached to a message. Rows expire with the room's log.
pub static MEDIA_INTENTS: Table = Table {
    name: "media_intents",
    kind: Kind::Plain,
    partition: &[Column::int("media")],
    clustering: &[Column::int("room")],
    order: Order::Ascending,
    statics: &[],
    columns: &[Column::flag("present")],
};

/// Preferences of users; the timestamp is `version`, the time in microseconds or more. `keywords`
/// and `quiet` are JSON.
pub static PREFERENCES: Table = Table {
    name: "preferences",
    kind: Kind::Plain,
    partition: &[Column::int("user")],
    clustering: &[],
    order: Order::Ascending,
    statics: &[],
    columns: &[
        Column::text("notify"),
        Column::text("keywords"),
        Column::text("quiet"),
        Column::text("language"),
        Column::int("version"),
    ],
};

/// Messages that a user has saved; the timestamp is `version`, the time in microseconds or more.
pub static SAVED: Table = Table {
    name: "saved",
    kind: Kind::Plain,
    partition: &[Column::int("user")],
    clustering: &[Column::int("room"), Column::int("seq")],
    order: Order::Ascending,
    statics: &[],
    columns: &[Column::flag("present"), Column::int("at"), Column::int("version")],
};

/// Threads that a user follows, by the messages with which they begin. Posts write `caused` and
/// `answered` (the user's newest reply) with their rev as the timestamp. `read` is the last reply
/// read in the thread, and its timestamp. A choice is `chosen`, with the newest message of the room
/// at that time; its timestamp is `version`, the time in microseconds or more.
pub static FOLLOWS: Table = Table {
    name: "follows",
    kind: Kind::Plain,
    partition: &[Column::int("user")],
    clustering: &[Column::int("room"), Column::int("root")],
    order: Order::Ascending,
    statics: &[],
    columns: &[
        Column::flag("caused"),
        Column::int("answered"),
        Column::int("read"),
        Column::flag("chosen"),
        Column::int("chosen_at"),
        Column::int("version"),
        Column::int("unread_from"),
        Column::int("unread_read"),
        Column::int("unread_version"),
    ],
};
/// What users have begun to write; the timestamp is `version`, the time in microseconds or more.
/// `thread` and `reply_to` are 0 for none, and `text` is empty once the draft was removed.
pub static DRAFTS: Table = Table {
    name: "drafts",
    kind: Kind::Plain,
    partition: &[Column::int("user")],
    clustering: &[Column::int("room"), Column::int("thread")],
    order: Order::Ascending,
    statics: &[],
    columns: &[
        Column::text("text"),
        Column::int("reply_to"),
        Column::int("at"),
        Column::int("version"),
    ],
};

/// Devices that receive messages through Web Push, by the session of each; the timestamp is
/// `version`, the time in microseconds or more. `body` is empty once it was removed.
pub static PUSH_SUBSCRIPTIONS: Table = Table {
    name: "push_subscriptions",
    kind: Kind::Plain,
    partition: &[Column::int("user")],
    clustering: &[Column::int("session")],
    order: Order::Ascending,
    statics: &[],
    columns: &[Column::bytes("body"), Column::int("version")],
};

/// Who may have subscribed a browser, by the digest of its address; the timestamp is `version`, the
/// time in microseconds. What counts is the subscription itself.
pub static PUSH_ENDPOINTS: Table = Table {
    name: "push_endpoints",
    kind: Kind::Plain,
    partition: &[Column::text("endpoint")],
    clustering: &[Column::int("user"), Column::int("session")],
    order: Order::Ascending,
    statics: &[],
    columns: &[Column::flag("present")],
};

/// Users who may have such a device, in one partition; the timestamp is `version`, the time in
/// microseconds.
pub static PUSH_USERS: Table = Table {
    name: "push_users",
    kind: Kind::Plain,
    partition: &[Column::text("list")],
    clustering: &[Column::int("user")],
    order: Order::Ascending,
    statics: &[],
    columns: &[Column::flag("present")],
};

/// Users who may have a status, in one partition; the timestamp is the user's version. Rows expire
/// with the status.
pub static STATUSES: Table = Table {
    name: "statuses",
    kind: Kind::Plain,
    partition: &[Column::text("list")],
    clustering: &[Column::int("user")],
    order: Order::Ascending,
    statics: &[],
    columns: &[Column::flag("present")],
};

/// Outgoing webhooks, in one partition; `version` guards changes of it.
pub static OUTGOING_WEBHOOKS: Table = Table {
    name: "outgoing_webhooks",
    kind: Kind::Conditional,
    partition: &[Column::text("list")],
    clustering: &[Column::int("id")],
    order: Order::Ascending,
    statics: &[Column::int("version")],
    columns: &[Column::bytes("body"), Column::flag("all_public")],
};

/// How far outgoing webhooks have sent the events of rooms; the timestamp grows with what is sent.
pub static OUTGOING_PLACES: Table = Table {
    name: "outgoing_places",
    kind: Kind::Plain,
    partition: &[Column::int("webhook")],
    clustering: &[Column::int("room")],
    order: Order::Ascending,
    statics: &[],
    columns: &[Column::int("rev"), Column::int("seq"), Column::int("at"), Column::flag("gone")],
};

/// Slash commands, in one partition; `version` guards changes of it.
pub static SLASH_COMMANDS: Table = Table {
    name: "slash_commands",
    kind: Kind::Conditional,
    partition: &[Column::text("list")],
    clustering: &[Column::int("id")],
    order: Order::Ascending,
    statics: &[Column::int("version")],
    columns: &[Column::bytes("body")],
};

/// How often programs have answered a slash command later, by the nonce of the command; rows expire.
pub static LATE_ANSWERS: Table = Table {
    name: "late_answers",
    kind: Kind::Conditional,
    partition: &[Column::text("nonce")],
    clustering: &[],
    order: Order::Ascending,
    statics: &[],
    columns: &[Column::int("answers")],
};

/// Custom emoji by name, in one partition; `version` guards changes of it. `body` is the picture.
pub static EMOJI_NAMES: Table = Table {
    name: "emoji_names",
    kind: Kind::Conditional,
    partition: &[Column::text("list")],
    clustering: &[Column::text("name")],
    order: Order::Ascending,
    statics: &[Column::int("version")],
    columns: &[Column::int("created"), Column::bytes("body")],
};

/// Names of custom emoji by their picture; the timestamp grows with the version of the list.
pub static EMOJI: Table = Table {
    name: "emoji",
    kind: Kind::Plain,
    partition: &[Column::int("media")],
    clustering: &[Column::text("name")],
    order: Order::Ascending,
    statics: &[],
    columns: &[Column::int("created")],
};

/// Origin of imported objects, which exports pass on.
pub static IMPORTED: Table = Table {
    name: "imported",
    kind: Kind::Plain,
    partition: &[Column::text("source"), Column::text("kind")],
    clustering: &[Column::text("key")],
    order: Order::Ascending,
    statics: &[],
    columns: &[Column::int("id")],
};

/// The audit log, in partitions of 1,000 ids.
pub static AUDIT: Table = Table {
    name: "audit",
    kind: Kind::Plain,
    partition: &[Column::int("bucket")],
    clustering: &[Column::int("id")],
    order: Order::Descending,
    statics: &[],
    columns: &[Column::bytes("body")],
};

/// Entries of the audit log by action, group of actions and person, in partitions of 100,000 ids.
pub static AUDIT_INDEX: Table = Table {
    name: "audit_index",
    kind: Kind::Plain,
    partition: &[Column::text("key"), Column::int("bucket")],
    clustering: &[Column::int("id")],
    order: Order::Descending,
    statics: &[],
    columns: &[Column::flag("present")],
};

/// Work of many steps that is not done yet, in partitions by user.
pub static JOBS: Table = Table {
    name: "jobs",
    kind: Kind::Conditional,
    partition: &[Column::int("shard")],
    clustering: &[Column::int("id")],
    order: Order::Ascending,
    statics: &[],
    columns: &[Column::bytes("body"), Column::int("cursor")],
};

/// Which server does what only one should do at a time; rows expire.
pub static LEASES: Table = Table {
    name: "leases",
    kind: Kind::Conditional,
    partition: &[Column::text("name")],
    clustering: &[],
    order: Order::Ascending,
    statics: &[],
    columns: &[Column::text("owner")],
};

/// Settings that all servers share: signing key, epoch, id of the instance; the look of the server.
pub static SETTINGS: Table = Table {
    name: "settings",
    kind: Kind::Conditional,
    partition: &[Column::text("key")],
    clustering: &[],
    order: Order::Ascending,
    statics: &[],
    columns: &[Column::bytes("value")],
};

/// Numbers of accounts and rooms, as counted last, in one row.
pub static CENSUS: Table = Table {
    name: "census",
    kind: Kind::Plain,
    partition: &[Column::text("name")],
    clustering: &[],
    order: Order::Ascending,
    statics: &[],
    columns: &[
        Column::int("users"),
        Column::int("public_rooms"),
        Column::int("private_rooms"),
        Column::int("at"),
    ],
};

/// Servers, in one partition; rows expire.
pub static SERVERS: Table = Table {
    name: "servers",
    kind: Kind::Plain,
    partition: &[Column::text("list")],
    clustering: &[Column::text("id")],
    order: Order::Ascending,
    statics: &[],
    columns: &[Column::bytes("body")],
};

/// All tables of this file.
pub static TABLES: &[&Table] = &[
    &IDS,
    &CLAIMS,
    &USERS,
    &DIRECTORY,
    &ADMINISTRATORS,
    &BUCKETS,
    &SETTINGS,
    &SESSIONS,
    &SESSIONS_BY_USER,
    &TICKETS,
    &INVITATIONS,
    &MEDIA,
    &MEDIA_BY_NAME,
    &MEDIA_BY_OWNER,
    &MEDIA_IDS,
    &MEDIA_UNUSED,
    &MEDIA_INTENTS,
    &PREFERENCES,
    &SAVED,
    &FOLLOWS,
    &DRAFTS,
    &PUSH_SUBSCRIPTIONS,
    &PUSH_ENDPOINTS,
    &PUSH_USERS,
    &STATUSES,
    &OUTGOING_WEBHOOKS,
    &OUTGOING_PLACES,
    &SLASH_COMMANDS,
    &LATE_ANSWERS,
    &EMOJI_NAMES,
    &EMOJI,
    &IMPORTED,
    &AUDIT,
    &AUDIT_INDEX,
    &JOBS,
    &LEASES,
    &CENSUS,
    &SERVERS,
];
