//! Changes of a room, and the messages they carry.

use super::{Change, Media, Message, Person, Retention, RoomEvent, Who};
use crate::model::{self, MediaId, RoomId, Seq, SocketId, Timestamp, UserId};

impl From<&model::RoomEvent> for RoomEvent {
    fn from(event: &model::RoomEvent) -> Self {
        Self {
            room: event.room.0,
            rev: event.rev.0,
            at: event.at.0,
            by: (&event.by).into(),
            socket: event.socket.map(|socket| socket.0),
            changes: event.changes.iter().map(Into::into).collect(),
        }
    }
}

impl From<RoomEvent> for model::RoomEvent {
    fn from(event: RoomEvent) -> Self {
        Self {
            room: RoomId(event.room),
            rev: model::Rev(event.rev),
            at: Timestamp(event.at),
            by: event.by.into(),
            socket: event.socket.map(SocketId),
            changes: event.changes.into_iter().map(Into::into).collect(),
        }
    }
}

impl From<&model::Change> for Change {
    fn from(change: &model::Change) -> Self {
        use model::Change as Of;
        match change {
            Of::Posted(message) => match message.thread {
                None => Self::Posted(message.into()),
                Some(root) => Self::Replied(message.into(), root.0),
            },
            Of::Edited(message) => match message.thread {
                None => Self::Edited(message.into()),
                Some(root) => Self::ReplyEdited(message.into(), root.0),
            },
            Of::Deleted(message) => match message.thread {
                None => Self::Deleted(message.into()),
                Some(root) => Self::ReplyDeleted(message.into(), root.0),
            },
            Of::Reacted { seq, reaction } => {
                Self::Reacted { seq: seq.0, reaction: reaction.as_str().to_owned() }
            }
            Of::Unreacted { seq, reaction } => {
                Self::Unreacted { seq: seq.0, reaction: reaction.as_str().to_owned() }
            }
            Of::Updated(room) => match Retention::from(room) {
                retention if retention == Retention::default() => Self::Updated(room.into()),
                retention => Self::RetentionUpdated(room.into(), retention),
            },
            Of::ParticipantAdded(participant) => Self::ParticipantAdded(participant.into()),
            Of::ParticipantChanged(participant) => Self::ParticipantChanged(participant.into()),
            Of::ParticipantRemoved(person) => Self::ParticipantRemoved(person.into()),
            Of::RoomDeleted => Self::RoomDeleted,
        }
    }
}

impl From<Change> for model::Change {
    fn from(change: Change) -> Self {
        let reaction = model::Reaction::stored;
        match change {
            Change::Posted(message) => Self::Posted(message.into()),
            Change::Edited(message) => Self::Edited(message.into()),
            Change::Deleted(message) => Self::Deleted(message.into()),
            Change::Reacted { seq, reaction: text } => {
                Self::Reacted { seq: Seq(seq), reaction: reaction(text) }
            }
            Change::Unreacted { seq, reaction: text } => {
                Self::Unreacted { seq: Seq(seq), reaction: reaction(text) }
            }
            Change::Updated(room) => Self::Updated(room.into()),
            Change::RetentionUpdated(room, retention) => {
                let mut room = model::Room::from(room);
                retention.add_to(&mut room);
                Self::Updated(room)
            }
            Change::ParticipantAdded(participant) => Self::ParticipantAdded(participant.into()),
            Change::ParticipantChanged(participant) => Self::ParticipantChanged(participant.into()),
            Change::ParticipantRemoved(person) => Self::ParticipantRemoved(person.into()),
            Change::RoomDeleted => Self::RoomDeleted,
            Change::Replied(message, root) => Self::Posted(in_thread(message, root)),
            Change::ReplyEdited(message, root) => Self::Edited(in_thread(message, root)),
            Change::ReplyDeleted(message, root) => Self::Deleted(in_thread(message, root)),
        }
    }
}

fn in_thread(message: Message, root: i64) -> model::Message {
    model::Message { thread: Some(Seq(root)), ..message.into() }
}

impl From<&model::Person> for Person {
    fn from(person: &model::Person) -> Self {
        Self { id: person.id.0, login: person.login.clone(), name: person.name.clone() }
    }
}

impl From<Person> for model::Person {
    fn from(person: Person) -> Self {
        Self { id: UserId(person.id), login: person.login, name: person.name }
    }
}

impl From<&model::Who> for Who {
    fn from(who: &model::Who) -> Self {
        match who {
            model::Who::User(person) => Self::User(person.into()),
            model::Who::Deleted => Self::Deleted,
            model::Who::Server => Self::Server,
        }
    }
}

impl From<Who> for model::Who {
    fn from(who: Who) -> Self {
        match who {
            Who::User(person) => Self::User(person.into()),
            Who::Deleted => Self::Deleted,
            Who::Server => Self::Server,
        }
    }
}

impl From<&model::Message> for Message {
    fn from(message: &model::Message) -> Self {
        Self {
            room: message.room.0,
            seq: message.seq.0,
            rev: message.rev.0,
            author: (&message.author).into(),
            text: message.text.clone(),
            created: message.created.0,
            edited: message.edited.map(|at| at.0),
            deleted: message.deleted.map(|at| at.0),
            reply_to: message.reply_to.map(|seq| seq.0),
            client_id: message.client_id.clone(),
            reactions: message
                .reactions
                .iter()
                .map(|count| (count.reaction.as_str().to_owned(), count.users.clone()))
                .collect(),
            media: message.media.iter().map(Into::into).collect(),
        }
    }
}

impl From<Message> for model::Message {
    fn from(message: Message) -> Self {
        Self {
            room: RoomId(message.room),
            seq: Seq(message.seq),
            rev: model::Rev(message.rev),
            author: message.author.into(),
            text: message.text,
            created: Timestamp(message.created),
            edited: message.edited.map(Timestamp),
            deleted: message.deleted.map(Timestamp),
            reply_to: message.reply_to.map(Seq),
            thread: None,
            client_id: message.client_id,
            reactions: message
                .reactions
                .into_iter()
                .map(|(reaction, users)| model::ReactionCount {
                    reaction: model::Reaction::stored(reaction),
                    users,
                })
                .collect(),
            media: message.media.into_iter().map(Into::into).collect(),
        }
    }
}

impl From<&model::Media> for Media {
    fn from(media: &model::Media) -> Self {
        Self {
            id: media.id.0,
            name: media.name.clone(),
            kind: media.kind.clone(),
            owner: media.owner.0,
            is_image: media.is_image,
            size: media.size,
            width: media.width,
            height: media.height,
            file_name: media.file_name.clone(),
            created: media.created.0,
        }
    }
}

impl From<Media> for model::Media {
    fn from(media: Media) -> Self {
        Self {
            id: MediaId(media.id),
            name: media.name,
            kind: media.kind,
            owner: UserId(media.owner),
            is_image: media.is_image,
            size: media.size,
            width: media.width,
            height: media.height,
            file_name: media.file_name,
            created: Timestamp(media.created),
        }
    }
}
