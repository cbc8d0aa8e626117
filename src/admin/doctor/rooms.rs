//! Rooms that nobody can administer: all their admins are disabled, guests or bots.

use super::Installation;
use super::report::Report;
use crate::model::RoomId;
use crate::store::engine::upkeep::checkup::rooms_without_admin;

/// So many are named.
const NAMED: usize = 10;

pub(super) fn look(ground: &Installation, report: &mut Report) {
    match rooms_without_admin(&ground.database(), ground.is_live()) {
        Err(error) => report.skip(format!("the rooms cannot be read: {error}")),
        Ok(rooms) if rooms.is_empty() => {
            report.ok("every room that has admins has one who can log in");
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
                    "{} rooms have only admins who cannot log in, or are guests or bots: \
                     {named}{more}",
                    rooms.len()
                ),
                "Give somebody else the role: chatctl room role ROOM NAME admin",
            );
        }
    }
}
