//! Check `rooms`: rooms whose admins are all disabled, guests or bots.

use super::Installation;
use super::report::{Report, count};
use crate::model::RoomId;
use crate::store::engine::upkeep::checkup::rooms_without_admin;

/// Maximum number of listed rooms.
const NAMED: usize = 10;

pub(super) fn look(ground: &Installation, report: &mut Report) {
    match rooms_without_admin(&ground.database(), ground.is_live()) {
        Err(error) => report.skip(format!("the rooms cannot be read: {error}")),
        Ok(rooms) if rooms.is_empty() => {
            report.ok("each room with admins has one who can log in");
        }
        Ok(rooms) => {
            let named = rooms
                .iter()
                .take(NAMED)
                .map(|room| RoomId::key(*room))
                .collect::<Vec<_>>()
                .join(", ");
            let more = if rooms.len() > NAMED { ", …" } else { "" };
            report.warn(
                format!(
                    "all admins of {} cannot log in, or are guests or bots: {named}{more}",
                    count(rooms.len(), "room")
                ),
                "Make another member admin: chatctl room role ROOM NAME admin",
            );
        }
    }
}
