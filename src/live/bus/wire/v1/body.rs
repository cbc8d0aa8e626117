//! Events as messages between servers.

use super::{Availability, Body, EmojiPicture, Look, Retention};
use crate::model::{self, Event, MediaId, RoomId, SessionId, SocketId, Timestamp, UserId};

impl Body {
    /// Returns the form of an event; None for those that stay on their server.
    pub(in crate::live::bus::wire) fn of(event: &Event) -> Option<Self> {
        Some(match event {
            Event::Room(event) => Self::Room((&**event).into()),
            Event::RoomAdded { user, facts, at, .. } => {
                let (user, at, retention) = (user.0, at.0, Retention::from(&facts.room));
                let facts = (&**facts).into();
                if retention == Retention::default() {
                    Self::RoomAdded { user, facts, at }
                } else {
                    Self::RetainedRoomAdded { user, facts, retention, at }
                }
            }
            Event::Marked { mark, person, author, participants } => Self::Marked {
                mark: mark.into(),
                person: person.into(),
                author: author.0,
                participants: *participants,
            },
            Event::Personal { user, change, at } => {
                Self::Personal { user: user.0, change: change.into(), at: at.0 }
            }
            Event::UserChanged { user } => Self::UserChanged { user: user.0 },
            Event::StatusChanged { person, status, rooms, at } => Self::StatusChanged {
                person: person.into(),
                status: status.as_ref().map(Into::into),
                rooms: rooms.iter().map(|room| room.0).collect(),
                at: at.0,
            },
            Event::Emoji { name, picture, at } => Self::Emoji {
                name: name.clone(),
                picture: picture
                    .clone()
                    .map(|model::EmojiPicture { file, id }| EmojiPicture { file, id: id.0 }),
                at: at.0,
            },
            Event::SessionEnded { user, sessions } => Self::SessionEnded {
                user: user.0,
                sessions: sessions.iter().map(|session| session.0).collect(),
            },
            Event::LookChanged { look, at } => {
                Self::LookChanged { look: (&**look).into(), at: at.0 }
            }
            Event::Entered { room, person, socket, at } => {
                Self::Entered { room: room.0, person: person.into(), socket: socket.0, at: at.0 }
            }
            Event::Left { room, person, at } => {
                Self::Left { room: room.0, person: person.into(), at: at.0 }
            }
            Event::Typing { room, person } => Self::Typing { room: room.0, person: person.into() },
            Event::Head { room, rev } => Self::Head { room: room.0, rev: rev.0 },
            Event::Presence { .. }
            | Event::Availability { .. }
            | Event::AvailableElsewhere { .. }
            | Event::CaughtUp { .. }
            | Event::Lost { .. }
            | Event::LostPersonal { .. } => return None,
        })
    }

    /// Returns the event; None for messages that only concern the bus.
    pub(in crate::live::bus::wire) fn event(self) -> Option<Event> {
        Some(match self {
            Self::Room(event) => Event::Room(std::sync::Arc::new(event.into())),
            Self::RoomAdded { user, facts, at } => room_added(user, facts.into(), at),
            Self::RetainedRoomAdded { user, facts, retention, at } => {
                let mut facts = model::RoomFacts::from(facts);
                retention.add_to(&mut facts.room);
                room_added(user, facts, at)
            }
            Self::Marked { mark, person, author, participants } => Event::Marked {
                mark: mark.into(),
                person: person.into(),
                author: UserId(author),
                participants,
            },
            Self::Personal { user, change, at } => {
                Event::Personal { user: UserId(user), change: change.into(), at: Timestamp(at) }
            }
            Self::UserChanged { user } => Event::UserChanged { user: UserId(user) },
            Self::StatusChanged { person, status, rooms, at } => Event::StatusChanged {
                person: person.into(),
                status: status.map(Into::into),
                rooms: rooms.into_iter().map(RoomId).collect(),
                at: Timestamp(at),
            },
            Self::Emoji { name, picture, at } => {
                Event::Emoji { name, picture: picture.map(Into::into), at: Timestamp(at) }
            }
            Self::SessionEnded { user, sessions } => Event::SessionEnded {
                user: UserId(user),
                sessions: sessions.into_iter().map(SessionId).collect(),
            },
            Self::LookChanged { look, at } => {
                Event::LookChanged { look: std::sync::Arc::new(look.into()), at: Timestamp(at) }
            }
            Self::Entered { room, person, socket, at } => Event::Entered {
                room: RoomId(room),
                person: person.into(),
                socket: SocketId(socket),
                at: Timestamp(at),
            },
            Self::Left { room, person, at } => {
                Event::Left { room: RoomId(room), person: person.into(), at: Timestamp(at) }
            }
            Self::Typing { room, person } => {
                Event::Typing { room: RoomId(room), person: person.into() }
            }
            Self::Head { room, rev } => Event::Head { room: RoomId(room), rev: model::Rev(rev) },
            Self::Lost => Event::Lost { room: None },
            Self::Beat
            | Self::Repeat { .. }
            | Self::Ask { .. }
            | Self::Answer { .. }
            | Self::Available { .. }
            | Self::AskAvailable
            | Self::Leaving => return None,
        })
    }
}

fn room_added(user: i64, facts: model::RoomFacts, at: i64) -> Event {
    let (user, facts, at) = (UserId(user), std::sync::Arc::new(facts), Timestamp(at));
    Event::RoomAdded { user, facts, state: model::LiveState::Closed, at }
}

impl From<EmojiPicture> for model::EmojiPicture {
    fn from(picture: EmojiPicture) -> Self {
        let EmojiPicture { file, id } = picture;
        Self { file, id: MediaId(id) }
    }
}

impl From<model::Availability> for Availability {
    fn from(availability: model::Availability) -> Self {
        match availability {
            model::Availability::Offline => Self::Offline,
            model::Availability::Away => Self::Away,
            model::Availability::Online => Self::Online,
        }
    }
}

impl From<Availability> for model::Availability {
    fn from(availability: Availability) -> Self {
        match availability {
            Availability::Offline => Self::Offline,
            Availability::Away => Self::Away,
            Availability::Online => Self::Online,
        }
    }
}

impl From<&model::Look> for Look {
    fn from(look: &model::Look) -> Self {
        let model::Look { name, accent, motd, icon } = look.clone();
        Self { name, accent, motd, icon }
    }
}

impl From<Look> for model::Look {
    fn from(look: Look) -> Self {
        let Look { name, accent, motd, icon } = look;
        Self { name, accent, motd, icon }
    }
}
