//! Changes that only their user sees.

use super::{Level, Personal, QuietHours, Status};
use crate::model::{
    self, CommandAnswer, DraftPlace, Follow, MessageId, NotifyLevel, OwnSettings, Preferences,
    RoomId, Seq, SocketId, Timestamp, Unsent,
};

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
            model::Personal::Preferences(Preferences { notify, keywords, quiet, language }) => {
                let quiet = quiet.clone().map(|model::QuietHours { from, to, zone }| QuietHours {
                    from,
                    to,
                    zone,
                });
                let (notify, keywords) = ((*notify).into(), keywords.clone());
                match language.clone() {
                    Some(language) => Self::SpokenPreferences { notify, keywords, quiet, language },
                    None => Self::Preferences { notify, keywords, quiet },
                }
            }
            model::Personal::Saved(MessageId { room, seq }, saved) => {
                Self::Saved { room: room.0, seq: seq.0, saved: *saved }
            }
            model::Personal::Mark(mark, login) => {
                Self::Mark { mark: mark.into(), login: login.clone() }
            }
            model::Personal::Thread(Follow { root, following, read, unread }) => Self::Thread {
                room: root.room.0,
                root: root.seq.0,
                following: *following,
                read: read.0,
                unread: unread.map(|seq| seq.0),
            },
            model::Personal::Draft(Unsent { place, text, reply_to, at }, socket) => Self::Draft {
                room: place.room.0,
                thread: place.thread.map(|seq| seq.0),
                text: text.clone(),
                reply_to: reply_to.map(|seq| seq.0),
                at: at.0,
                socket: socket.map(|socket| socket.0),
            },
            model::Personal::Answer(CommandAnswer { room, command, text }) => {
                Self::Answer { room: room.0, command: command.clone(), text: text.clone() }
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
                let (notify, language) = (notify.into(), None);
                Self::Preferences(Preferences { notify, keywords, quiet, language })
            }
            Personal::SpokenPreferences { notify, keywords, quiet, language } => {
                let quiet =
                    quiet.map(|QuietHours { from, to, zone }| model::QuietHours { from, to, zone });
                let (notify, language) = (notify.into(), Some(language));
                Self::Preferences(Preferences { notify, keywords, quiet, language })
            }
            Personal::Saved { room, seq, saved } => {
                Self::Saved(MessageId { room: RoomId(room), seq: Seq(seq) }, saved)
            }
            Personal::Mark { mark, login } => Self::Mark(mark.into(), login),
            Personal::Thread { room, root: first, following, read, unread } => {
                Self::Thread(Follow {
                    root: MessageId { room: RoomId(room), seq: Seq(first) },
                    following,
                    read: Seq(read),
                    unread: unread.map(Seq),
                })
            }
            Personal::Draft { room, thread, text, reply_to, at, socket } => {
                let place = DraftPlace { room: RoomId(room), thread: thread.map(Seq) };
                let (reply_to, at) = (reply_to.map(Seq), Timestamp(at));
                Self::Draft(Unsent { place, text, reply_to, at }, socket.map(SocketId))
            }
            Personal::Answer { room, command, text } => {
                Self::Answer(CommandAnswer { room: RoomId(room), command, text })
            }
        }
    }
}

impl From<&model::Status> for Status {
    fn from(status: &model::Status) -> Self {
        let model::Status { emoji, text, until } = status;
        Self { emoji: emoji.clone(), text: text.clone(), until: until.map(|until| until.0) }
    }
}

impl From<Status> for model::Status {
    fn from(Status { emoji, text, until }: Status) -> Self {
        Self { emoji, text, until: until.map(Timestamp) }
    }
}
