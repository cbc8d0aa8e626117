//! Tables of users, names, sessions, files, settings and jobs.

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

/// Users. `version` guards changes; 0: the account was never completed.
pub static USERS: Table = Table {
    name: "users",
    kind: Kind::Conditional,
    partition: &[Column::int("id")],
    clustering: &[],
    order: Order::Ascending,
    statics: &[],
    columns: &[Column::int("version"), Column::flag("gone"), Column::bytes("body")],
};

/// Settings that all servers share: signing key, epoch, id of the instance.
pub static SETTINGS: Table = Table {
    name: "settings",
    kind: Kind::Conditional,
    partition: &[Column::text("key")],
    clustering: &[],
    order: Order::Ascending,
    statics: &[],
    columns: &[Column::bytes("value")],
};

/// All tables of this file.
pub static TABLES: &[&Table] = &[&IDS, &CLAIMS, &USERS, &SETTINGS];
