//! Facts of a room, and read marks.

use super::{Facts, Mark, Participant, Retention, Role, Room};
use crate::model::{self, AccountFlags, RoomId, RoomRetention, Seq, Timestamp, UserId};

impl From<&model::Room> for Room {
    fn from(room: &model::Room) -> Self {
        Self {
            id: room.id.0,
            name: room.name.clone(),
            topic: room.topic.clone(),
            description: room.description.clone(),
            public: room.visibility == model::Visibility::Public,
            archived: room.archived.map(|at| at.0),
            read_only: room.read_only,
            owner: room.owner.map(|user| user.0),
            owner_login: room.owner_login.clone(),
            created: room.created.0,
            last_seq: room.last_seq.0,
            rev: room.rev.0,
            facts_rev: room.facts_rev.0,
            mode_rev: room.mode_rev.0,
        }
    }
}

impl From<Room> for model::Room {
    fn from(room: Room) -> Self {
        Self {
            id: RoomId(room.id),
            name: room.name,
            topic: room.topic,
            description: room.description,
            visibility: if room.public {
                model::Visibility::Public
            } else {
                model::Visibility::Private
            },
            archived: room.archived.map(Timestamp),
            read_only: room.read_only,
            owner: room.owner.map(UserId),
            owner_login: room.owner_login,
            created: Timestamp(room.created),
            last_seq: Seq(room.last_seq),
            rev: model::Rev(room.rev),
            facts_rev: model::Rev(room.facts_rev),
            mode_rev: model::Rev(room.mode_rev),
            retention: RoomRetention::default(),
            expired: Seq(0),
        }
    }
}

impl From<&model::Room> for Retention {
    fn from(room: &model::Room) -> Self {
        let RoomRetention { days, keep_pinned } = room.retention;
        Self { days, keep_pinned, expired: room.expired.0 }
    }
}

impl Retention {
    /// Adds it to a room.
    pub(super) fn add_to(self, room: &mut model::Room) {
        room.retention = RoomRetention { days: self.days, keep_pinned: self.keep_pinned };
        room.expired = Seq(self.expired);
    }
}

impl From<&model::Participant> for Participant {
    fn from(participant: &model::Participant) -> Self {
        Self {
            user: participant.user.0,
            login: participant.login.clone(),
            name: participant.name.clone(),
            media: participant.media.as_ref().map(Into::into),
            edited_name: participant.edited_name.clone(),
            role: match participant.role {
                model::Role::Member => Role::Member,
                model::Role::SubAdmin => Role::SubAdmin,
                model::Role::Admin => Role::Admin,
            },
            since: participant.since.0,
            joined: participant.joined.0,
            bot: participant.account.bot,
            guest: participant.account.guest,
            disabled: participant.account.disabled,
        }
    }
}

impl From<Participant> for model::Participant {
    fn from(participant: Participant) -> Self {
        Self {
            user: UserId(participant.user),
            login: participant.login,
            name: participant.name,
            media: participant.media.map(Into::into),
            edited_name: participant.edited_name,
            role: match participant.role {
                Role::Member => model::Role::Member,
                Role::SubAdmin => model::Role::SubAdmin,
                Role::Admin => model::Role::Admin,
            },
            since: model::Rev(participant.since),
            joined: Timestamp(participant.joined),
            account: AccountFlags {
                bot: participant.bot,
                guest: participant.guest,
                disabled: participant.disabled,
            },
        }
    }
}

impl From<&model::RoomFacts> for Facts {
    fn from(facts: &model::RoomFacts) -> Self {
        Self {
            room: (&facts.room).into(),
            participants: facts.participants.iter().map(Into::into).collect(),
        }
    }
}

impl From<Facts> for model::RoomFacts {
    fn from(facts: Facts) -> Self {
        Self {
            room: facts.room.into(),
            participants: facts.participants.into_iter().map(Into::into).collect(),
        }
    }
}

impl From<&model::ReadMark> for Mark {
    fn from(mark: &model::ReadMark) -> Self {
        Self {
            room: mark.room.0,
            user: mark.user.0,
            seq: mark.seq.0,
            at: mark.at.0,
            unread: mark.unread,
        }
    }
}

impl From<Mark> for model::ReadMark {
    fn from(mark: Mark) -> Self {
        Self {
            room: RoomId(mark.room),
            user: UserId(mark.user),
            seq: Seq(mark.seq),
            at: Timestamp(mark.at),
            unread: mark.unread,
        }
    }
}
