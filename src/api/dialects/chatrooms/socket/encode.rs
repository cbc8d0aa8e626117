//! Encodes events for the sockets of this dialect.

use super::text;
use crate::api::chatrooms::wire::{
    Frame, ParticipantNow, Reacted, Room, media_of, reply_key, thread_key,
};
use crate::live::{Audience, Encoded};
use crate::model::{
    Availability, Change, EmojiPicture, Event, Look, Message, MessageId, NotifyLevel, Participant,
    Person, Personal, Reaction, ReadMark, RoomEvent, Seq, Status, Timestamp, Unsent, UserId,
};

/// Encodes an event.
pub(crate) fn encode(event: &Event) -> Vec<Encoded> {
    match event {
        Event::Room(event) => of_room(event),
        Event::RoomAdded { user, facts, state, at } => {
            let frame = Frame::RoomAdded {
                room: Room::in_frame(facts, *state),
                unread_count: 0,
                timestamp: at.into(),
            };
            vec![Encoded::to_all(text(&frame)).only_for(Audience::Only(*user))]
        }
        Event::Marked { mark, person, .. } => marked(mark, person),
        Event::Personal { user, change, at } => vec![personal(*user, change, *at)],
        Event::StatusChanged { person, status, at, .. } => new_status(person, status.as_ref(), *at),
        Event::Entered { room, person, socket, at } => {
            let frame = Frame::UserJoined {
                user_id: &person.login,
                room_id: room.into(),
                timestamp: at.into(),
            };
            vec![Encoded::to_all(text(&frame)).only_for(Audience::AllBut(*socket))]
        }
        Event::Left { room, person, at } => {
            let frame = Frame::UserLeft {
                user_id: &person.login,
                room_id: room.into(),
                timestamp: at.into(),
            };
            vec![Encoded::to_all(text(&frame)).only_for(Audience::AllButUser(person.id))]
        }
        Event::Presence { room, joined, left, online, at } => {
            let frame = Frame::Presence {
                room_id: room.into(),
                joined,
                left,
                online_count: *online,
                timestamp: at.into(),
            };
            vec![Encoded::to_all(text(&frame))]
        }
        Event::Typing { room, person } => {
            let frame = Frame::UserTyping { user_id: &person.login, room_id: room.into() };
            vec![Encoded::to_all(text(&frame)).only_for(Audience::AllButUser(person.id))]
        }
        Event::CaughtUp { changes, .. } => {
            vec![Encoded::to_all(text(&Frame::Changes {
                room_id: changes.room.into(),
                changes: changes.as_ref().into(),
            }))]
        }
        Event::LookChanged { look, at } => vec![server_updated(look, *at)],
        Event::Availability { users, at } => told(&presence_of(users, *at)),
        Event::Emoji { name, picture, at } => vec![emoji(name, picture.as_ref(), *at)],
        Event::UserChanged { .. }
        | Event::AvailableElsewhere { .. }
        | Event::SessionEnded { .. }
        | Event::Head { .. }
        | Event::Lost { .. }
        | Event::LostPersonal { .. } => Vec::new(),
    }
}

/// Encodes a step of a room, with what it is for a thread.
fn of_room(event: &RoomEvent) -> Vec<Encoded> {
    let frames = event.changes.iter();
    let frames = frames.flat_map(|change| [Some(changed(event, change)), of_thread(event, change)]);
    frames.flatten().map(|frame| Encoded::to_all(text(&frame))).collect()
}

fn told(frame: &Frame<'_>) -> Vec<Encoded> {
    vec![Encoded::to_all(text(frame))]
}

fn server_updated(look: &Look, at: Timestamp) -> Encoded {
    Encoded::to_all(text(&Frame::ServerUpdated {
        name: look.name.as_deref(),
        accent: look.accent.as_deref(),
        motd: look.motd.as_deref(),
        icon: look.icon.as_deref(),
        timestamp: at.into(),
    }))
}

fn changed<'a>(event: &'a RoomEvent, change: &'a Change) -> Frame<'a> {
    let (room_id, rev, timestamp) = (event.room.into(), event.rev.0, event.at.into());
    match change {
        Change::Posted(message) => posted(event, message),
        Change::Edited(message) => Frame::MessageEdited {
            room_id,
            message_id: message.id().into(),
            seq: message.seq.0,
            rev,
            sender_id: message.author.login(),
            content: &message.text,
            edited_at: message.edited.unwrap_or(event.at).into(),
            timestamp,
        },
        Change::Deleted(message) => Frame::MessageDeleted {
            room_id,
            message_id: message.id().into(),
            seq: message.seq.0,
            rev,
            user_id: event.by.login(),
            timestamp,
        },
        Change::Reacted { seq, reaction } => Frame::ReactionAdded(reacted(event, *seq, reaction)),
        Change::Unreacted { seq, reaction } => {
            Frame::ReactionRemoved(reacted(event, *seq, reaction))
        }
        Change::Updated(room) => Frame::RoomUpdated {
            room_id,
            rev,
            name: room.name.as_deref(),
            visibility: room.visibility.as_str(),
            owner_id: &room.owner_login,
            expired_seq: Some(room.expired.0).filter(|seq| *seq > 0),
            timestamp,
        },
        Change::ParticipantAdded(participant) => Frame::ParticipantAdded(now(event, participant)),
        Change::ParticipantChanged(participant) => {
            Frame::ParticipantChanged(now(event, participant))
        }
        Change::ParticipantRemoved(person) => {
            Frame::ParticipantRemoved { room_id, rev, user_id: &person.login, timestamp }
        }
        Change::RoomDeleted => Frame::RoomDeleted { room_id, rev, timestamp },
    }
}

/// Returns what is told of a thread in which a reply was posted or deleted.
fn of_thread<'a>(event: &RoomEvent, change: &'a Change) -> Option<Frame<'a>> {
    let (message, deleted) = match change {
        Change::Posted(message) => (message, false),
        Change::Deleted(message) => (message, true),
        Change::Edited(_)
        | Change::Reacted { .. }
        | Change::Unreacted { .. }
        | Change::Updated(_)
        | Change::ParticipantAdded(_)
        | Change::ParticipantChanged(_)
        | Change::ParticipantRemoved(_)
        | Change::RoomDeleted => return None,
    };
    Some(Frame::ThreadUpdated {
        room_id: event.room.into(),
        message_id: thread_key(message)?,
        reply_id: message.id().into(),
        seq: message.seq.0,
        sender_id: message.author.login(),
        created_at: message.created.into(),
        deleted,
        timestamp: event.at.into(),
    })
}

fn posted<'a>(event: &RoomEvent, message: &'a Message) -> Frame<'a> {
    Frame::ChatMessage {
        room_id: event.room.into(),
        message_id: message.id().into(),
        seq: message.seq.0,
        rev: event.rev.0,
        sender_id: message.author.login(),
        sender_name: message.author.name(),
        content: &message.text,
        timestamp: message.created.into(),
        created_at: message.created.into(),
        client_id: message.client_id.as_deref(),
        reply_to: reply_key(message),
        media: media_of(message),
    }
}

fn reacted<'a>(event: &'a RoomEvent, seq: Seq, reaction: &'a Reaction) -> Reacted<'a> {
    Reacted {
        room_id: event.room.into(),
        message_id: MessageId { room: event.room, seq }.into(),
        seq: seq.0,
        rev: event.rev.0,
        user_id: event.by.login(),
        reaction_type: reaction.as_str(),
        timestamp: event.at.into(),
    }
}

fn now<'a>(event: &RoomEvent, participant: &'a Participant) -> ParticipantNow<'a> {
    ParticipantNow {
        room_id: event.room.into(),
        rev: event.rev.0,
        user_id: &participant.login,
        name: &participant.name,
        edited_name: &participant.edited_name,
        role: participant.role.as_str(),
        timestamp: event.at.into(),
    }
}

/// Encodes a change of custom emoji, which everybody sees.
fn emoji(name: &str, picture: Option<&EmojiPicture>, at: Timestamp) -> Encoded {
    let timestamp = at.into();
    let frame = match picture {
        Some(EmojiPicture { file, id }) => {
            Frame::EmojiAdded { name, media_name: file, media_id: id.0, timestamp }
        }
        None => Frame::EmojiRemoved { name, timestamp },
    };
    Encoded::to_all(text(&frame))
}

/// Encodes a change that only its user sees.
fn personal(user: UserId, change: &Personal, at: Timestamp) -> Encoded {
    let timestamp = at.into();
    let frame = match change {
        Personal::Room(room, own) => Frame::RoomSettings {
            room_id: (*room).into(),
            notify: own.notify.map(NotifyLevel::as_str),
            favourite: own.favourite,
            muted: own.muted(),
            timestamp,
        },
        Personal::Preferences(new) => Frame::MySettings { settings: new.clone().into(), timestamp },
        Personal::Saved(message, true) => Frame::MessageSaved {
            room_id: message.room.into(),
            message_id: (*message).into(),
            timestamp,
        },
        Personal::Saved(message, false) => Frame::MessageUnsaved {
            room_id: message.room.into(),
            message_id: (*message).into(),
            timestamp,
        },
        Personal::Mark(mark, login) => own_mark(mark, login),
        Personal::Thread(follow) => Frame::ThreadChanged {
            room_id: follow.root.room.into(),
            message_id: follow.root.into(),
            following: follow.following,
            last_read_seq: follow.read.0,
            unread_seq: follow.unread.map(|seq| seq.0),
            timestamp,
        },
        Personal::Draft(draft, _) => own_draft(draft),
        Personal::Answer(answer) => Frame::CommandResponse {
            room_id: answer.room.into(),
            command: &answer.command,
            content: &answer.text,
            timestamp,
        },
    };
    Encoded::to_all(text(&frame)).only_for(Audience::Only(user))
}

fn new_status(person: &Person, status: Option<&Status>, at: Timestamp) -> Vec<Encoded> {
    let frame = Frame::StatusChanged {
        user_id: &person.login,
        status: status.map(Into::into),
        timestamp: at.into(),
    };
    vec![Encoded::to_all(text(&frame))]
}

/// The frame of users who are available, also in reply to the client that watches them.
pub(super) fn presence_of(users: &[(String, Availability)], at: Timestamp) -> Frame<'_> {
    let those = |which: Availability| {
        users.iter().filter(|(_, now)| *now == which).map(|(login, _)| login.as_str()).collect()
    };
    Frame::UserPresence {
        online: those(Availability::Online),
        away: those(Availability::Away),
        offline: those(Availability::Offline),
        timestamp: at.into(),
    }
}

/// The frame of a draft, also in reply to the client that has saved it.
pub(super) fn own_draft(draft: &Unsent) -> Frame<'_> {
    let room = draft.place.room;
    let key = |seq| MessageId { room, seq }.into();
    Frame::DraftSaved {
        room_id: room.into(),
        thread: draft.place.thread.map(key),
        content: &draft.text,
        reply_to: draft.reply_to.map(key),
        saved_at: draft.at.into(),
        timestamp: draft.at.into(),
    }
}

fn own_mark<'a>(mark: &ReadMark, user_id: &'a str) -> Frame<'a> {
    Frame::ReadMarked {
        room_id: mark.room.into(),
        message_id: MessageId { room: mark.room, seq: mark.seq }.into(),
        user_id,
        last_read_seq: mark.seq.0,
        unread_count: mark.unread,
        timestamp: mark.at.into(),
    }
}

/// Encodes a read mark: the reader's sockets get the unread count, other sockets the mark (in large
/// rooms only the author's; `live` selects them).
fn marked(mark: &ReadMark, person: &Person) -> Vec<Encoded> {
    let (user_id, last_read_seq) = (person.login.as_str(), mark.seq.0);
    let message = || MessageId { room: mark.room, seq: mark.seq }.into();
    let own = own_mark(mark, user_id);
    let mut said = vec![Encoded::to_all(text(&own)).only_for(Audience::Only(mark.user))];
    let read = Frame::MessageRead {
        room_id: mark.room.into(),
        message_id: message(),
        user_id,
        last_read_seq,
        timestamp: mark.at.into(),
    };
    said.push(Encoded::to_all(text(&read)).only_for(Audience::AllButUser(mark.user)));
    said
}
