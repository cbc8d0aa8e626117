//! Tells a room who enters and leaves: each entry for itself, or all of a second together in rooms
//! with many users present.

use std::collections::HashMap;
use std::time::Duration;

use super::Elsewhere;
use super::hub::Hub;
use super::live_room::LiveRoom;
use crate::model::{Event, Person, RoomId, SocketId, Timestamp};

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
        if let Some(live) = &mut watch.live
            && !live.note(event, self.bus.number())
        {
            return;
        }
        let many = watch.live.as_ref().is_some_and(|live| live.online() > self.presence_up_to);
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
        let online = u32::try_from(live.online()).unwrap_or(u32::MAX);
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

    /// Returns a mark to be taken before the users present on other servers are read; None: there
    /// is no live room.
    pub fn presence_mark(&self, room: RoomId) -> Option<u64> {
        self.slot(room)?.peek().live.as_ref().map(|live| live.others.changes)
    }

    /// Replaces what is known of other servers by what was read, and tells the room the
    /// difference. False: somebody has entered or left since the mark was taken, so that it must
    /// be read again.
    pub fn present_elsewhere(&self, room: RoomId, mark: u64, read: Elsewhere) -> bool {
        let at = Timestamp::now();
        let mut events = Vec::new();
        {
            let Some(slot) = self.slot(room) else { return true };
            let mut watch = slot.peek();
            let Some(live) = &mut watch.live else { return true };
            if live.others.changes != mark {
                return false;
            }
            let people: HashMap<_, _> = read.people.into_iter().map(|p| (p.id, p)).collect();
            let before = std::mem::replace(&mut live.others.people, people);
            let known = std::mem::replace(&mut live.others.known, true);
            live.others.more = read.more;
            if known && read.more == 0 {
                let here = |user| live.present.contains_key(user);
                let after = &live.others.people;
                let left = before.iter().filter(|(user, _)| !after.contains_key(user));
                for (_, person) in left.filter(|(user, _)| !here(user)) {
                    events.push(Event::Left { room, person: person.clone(), at });
                }
                let entered = after.iter().filter(|(user, _)| !before.contains_key(user));
                for (_, person) in entered.filter(|(user, _)| !here(user)) {
                    let (person, socket) = (person.clone(), SocketId(0));
                    events.push(Event::Entered { room, person, socket, at });
                }
            }
        }
        for event in &events {
            self.hint(room, event);
        }
        true
    }
}

impl LiveRoom {
    /// Notes an entry or a leave on another server; false: it was known, or is not told.
    fn note(&mut self, event: &Event, server: u32) -> bool {
        match event {
            Event::Entered { person, socket, .. } if socket.0 >> 32 != u64::from(server) => {
                self.others.changes += 1;
                let new = self.others.people.insert(person.id, person.clone()).is_none();
                new && !self.present.contains_key(&person.id)
            }
            Event::Left { person, .. } => {
                self.others.changes += 1;
                if self.others.people.remove(&person.id).is_none()
                    && !self.present.contains_key(&person.id)
                {
                    self.others.more = self.others.more.saturating_sub(1);
                }
                true
            }
            _ => true,
        }
    }
}
