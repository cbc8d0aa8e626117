//! Changes that only their user sees.

use super::{Level, Personal, QuietHours};
use crate::model::{self, MessageId, NotifyLevel, OwnSettings, Preferences, RoomId, Seq};

impl From<NotifyLevel> for Level {
    fn from(level: NotifyLevel) -> Self {
        match level {
            NotifyLevel::All => Self::All,
            NotifyLevel::Mentions => Self::Mentions,
            NotifyLevel::Nothing => Self::Nothing,
        }
    }
}

impl From<Level> for NotifyLevel {
    fn from(level: Level) -> Self {
        match level {
            Level::All => Self::All,
            Level::Mentions => Self::Mentions,
            Level::Nothing => Self::Nothing,
        }
    }
}

impl From<&model::Personal> for Personal {
    fn from(change: &model::Personal) -> Self {
        match change {
            model::Personal::Room(room, OwnSettings { notify, favourite }) => {
                Self::Room { room: room.0, notify: notify.map(Level::from), favourite: *favourite }
            }
            model::Personal::Preferences(Preferences { notify, keywords, quiet }) => {
                let quiet = quiet.clone().map(|model::QuietHours { from, to, zone }| QuietHours {
                    from,
                    to,
                    zone,
                });
                Self::Preferences { notify: (*notify).into(), keywords: keywords.clone(), quiet }
            }
            model::Personal::Saved(MessageId { room, seq }, saved) => {
                Self::Saved { room: room.0, seq: seq.0, saved: *saved }
            }
            model::Personal::Mark(mark, login) => {
                Self::Mark { mark: mark.into(), login: login.clone() }
            }
        }
    }
}

impl From<Personal> for model::Personal {
    fn from(change: Personal) -> Self {
        match change {
            Personal::Room { room, notify, favourite } => {
                let own = OwnSettings { notify: notify.map(NotifyLevel::from), favourite };
                Self::Room(RoomId(room), own)
            }
            Personal::Preferences { notify, keywords, quiet } => {
                let quiet =
                    quiet.map(|QuietHours { from, to, zone }| model::QuietHours { from, to, zone });
                Self::Preferences(Preferences { notify: notify.into(), keywords, quiet })
            }
            Personal::Saved { room, seq, saved } => {
                Self::Saved(MessageId { room: RoomId(room), seq: Seq(seq) }, saved)
            }
            Personal::Mark { mark, login } => Self::Mark(mark.into(), login),
        }
    }
}
