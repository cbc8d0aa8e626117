//! Whom a text mentions.

use std::collections::HashMap;

use crate::model::rules::EVERYONE;
use crate::model::{UserId, fold};
use crate::store::cluster::rooms::state::Snapshot;
use crate::store::cluster::rooms::stored::ALL;

/// Returns whom a text mentions: at each place the first name of a participant, except the author;
/// or [`ALL`] alone.
pub(super) fn mentioned(room: &Snapshot, author: UserId, places: &[Vec<String>]) -> Vec<i64> {
    if places.is_empty() {
        return Vec::new();
    }
    if places.iter().flatten().any(|name| name == EVERYONE) {
        return vec![ALL.0];
    }
    let members = room.members.list().iter();
    let logins: HashMap<String, UserId> =
        members.map(|member| (fold(&member.body.login), member.user)).collect();
    let mut found: Vec<i64> = Vec::new();
    for names in places {
        let user = names.iter().find_map(|name| logins.get(name));
        if let Some(user) = user.filter(|user| **user != author && !found.contains(&user.0)) {
            found.push(user.0);
        }
    }
    found
}
