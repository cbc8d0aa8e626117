//! Tells a room who enters and leaves: each entry for itself, or all of a second together in rooms
//! with many users present.

use std::time::Duration;

use super::hub::Hub;
use crate::model::{Event, Person, RoomId, Timestamp};

/// Interval of merged presence events.
const MERGE_EVERY: Duration = Duration::from_secs(1);

impl Hub {
    /// Delivers entries and leaves one by one, or merged in rooms with many users present.
    pub(super) fn deliver_presence(
        &self,
        event: &Event,
        room: RoomId,
        person: &Person,
        entered: bool,
        at: Timestamp,
    ) {
        let Some(slot) = self.slot(room) else { return };
        let mut watch = slot.lock();
        let many = watch.live.as_ref().is_some_and(|live| live.present.len() > self.presence_up_to);
        if !many {
            watch.hint(event);
            return;
        }
        let Some(live) = &mut watch.live else { return };
        let (add, drop) = if entered {
            (&mut live.merged.joined, &mut live.merged.left)
        } else {
            (&mut live.merged.left, &mut live.merged.joined)
        };
        if let Some(undone) = drop.iter().position(|login| *login == person.login) {
            drop.remove(undone);
        } else {
            add.push(person.login.clone());
        }
        if !live.merged.scheduled {
            live.merged.scheduled = true;
            let hub = self.me.clone();
            tokio::spawn(async move {
                tokio::time::sleep(MERGE_EVERY).await;
                if let Some(hub) = hub.upgrade() {
                    hub.tell_merged(room, at.plus(MERGE_EVERY));
                }
            });
        }
    }

    fn tell_merged(&self, room: RoomId, at: Timestamp) {
        let Some(slot) = self.slot(room) else { return };
        let mut watch = slot.lock();
        let Some(live) = &mut watch.live else { return };
        let merged = std::mem::take(&mut live.merged);
        let online = u32::try_from(live.present.len()).unwrap_or(u32::MAX);
        if !merged.joined.is_empty() || !merged.left.is_empty() {
            watch.hint(&Event::Presence {
                room,
                joined: merged.joined,
                left: merged.left,
                online,
                at,
            });
        }
    }
}
