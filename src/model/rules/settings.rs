//! Settings of a room and their changes.

use crate::model::{Room, RoomRetention, Timestamp, Visibility};

/// Changes of a room's settings; None leaves a field unchanged, `Some(None)` removes it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RoomSettings {
    /// Current topic.
    pub topic: Option<Option<String>>,
    /// Purpose of the room.
    pub description: Option<Option<String>>,
    /// Visibility; `Taken` if another public room has the name.
    pub visibility: Option<Visibility>,
    /// Only admins and sub-admins may post.
    pub read_only: Option<bool>,
    /// Nobody may post or be added.
    pub archived: Option<bool>,
    /// How long messages are kept.
    pub retention: Option<RoomRetention>,
}

impl RoomSettings {
    /// Applies the settings to a room. `archived` and `read_only` change what participants may do;
    /// `room.rev` must be that of the change.
    pub fn apply(&self, room: &mut Room, now: Timestamp) {
        let modes = |room: &Room| (room.archived.is_some(), room.read_only);
        let before = modes(room);
        if let Some(topic) = &self.topic {
            room.topic.clone_from(topic);
        }
        if let Some(description) = &self.description {
            room.description.clone_from(description);
        }
        room.visibility = self.visibility.unwrap_or(room.visibility);
        room.read_only = self.read_only.unwrap_or(room.read_only);
        room.retention = self.retention.unwrap_or(room.retention);
        if let Some(archived) = self.archived {
            room.archived = if archived { room.archived.or(Some(now)) } else { None };
        }
        if modes(room) != before {
            room.mode_rev = room.rev;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Rev, RoomId, Seq};

    fn room() -> Room {
        Room {
            id: RoomId(1),
            name: None,
            topic: Some("tea".to_owned()),
            description: None,
            visibility: Visibility::Private,
            archived: None,
            read_only: false,
            owner: None,
            owner_login: String::new(),
            created: Timestamp(0),
            last_seq: Seq(3),
            rev: Rev(7),
            facts_rev: Rev(7),
            mode_rev: Rev(2),
            retention: RoomRetention::default(),
            expired: Seq(0),
        }
    }

    #[test]
    fn only_what_participants_may_do_moves_the_mode() {
        let now = Timestamp(5);
        let change = |settings: RoomSettings| {
            let mut changed = room();
            settings.apply(&mut changed, now);
            changed
        };
        assert_eq!(change(RoomSettings::default()), room());
        let topic = change(RoomSettings {
            topic: Some(None),
            visibility: Some(Visibility::Public),
            ..RoomSettings::default()
        });
        assert_eq!(topic, Room { topic: None, visibility: Visibility::Public, ..room() });
        let archived = change(RoomSettings { archived: Some(true), ..RoomSettings::default() });
        assert_eq!(archived, Room { archived: Some(now), mode_rev: Rev(7), ..room() });
        let read_only = change(RoomSettings { read_only: Some(true), ..RoomSettings::default() });
        assert_eq!(read_only, Room { read_only: true, mode_rev: Rev(7), ..room() });
        let open = change(RoomSettings {
            read_only: Some(false),
            archived: Some(false),
            ..RoomSettings::default()
        });
        assert_eq!(open, room(), "unchanged settings");
    }

    #[test]
    fn a_room_stays_archived_since_it_was() {
        let mut archived = Room { archived: Some(Timestamp(1)), ..room() };
        RoomSettings { archived: Some(true), ..RoomSettings::default() }
            .apply(&mut archived, Timestamp(9));
        assert_eq!((archived.archived, archived.mode_rev), (Some(Timestamp(1)), Rev(2)));
    }
}
