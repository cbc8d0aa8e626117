//! What is sent: the JSON of an event, and its id, which is the same whenever it is repeated.

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::model::{
    Media, Membership, Message, MessageId, Person, RoomId, Timestamp, WebhookEvent, WebhookId, Who,
};

/// Bytes of an id.
const ID: usize = 16;

/// Returns the id of an event. It follows from what is told, so that every server gives the same
/// one; `epoch` distinguishes it from what was told before the database was restored.
pub(super) fn id(
    epoch: &str,
    webhook: WebhookId,
    event: WebhookEvent,
    message: &Message,
) -> String {
    let mut digest = Sha256::new();
    digest.update(format!("{epoch}/{webhook}/{}/{}", message.id().key(), event.as_str()));
    if event == WebhookEvent::Edited {
        let edited = message.edited.map_or(0, |edited| edited.0);
        digest.update(format!("/{edited}/{}", message.text));
    }
    shown(digest)
}

/// Returns the id of the event that somebody joined or left a room.
pub(super) fn id_of_people(
    epoch: &str,
    webhook: WebhookId,
    room: RoomId,
    told: &Membership,
) -> String {
    let Membership { rev, person, .. } = told;
    let event = kind(told).as_str();
    let text = format!("{epoch}/{webhook}/{}/{event}/{}/{}", room.key(), rev.0, person.id.0);
    shown(Sha256::new_with_prefix(text))
}

/// Returns what a membership is told as.
pub(super) fn kind(told: &Membership) -> WebhookEvent {
    if told.joined { WebhookEvent::Joined } else { WebhookEvent::Left }
}

fn shown(digest: Sha256) -> String {
    format!("msg_{}", hex::encode(digest.finalize().get(..ID).unwrap_or_default()))
}

/// Returns the body of an event of a message in a room of this name.
pub(super) fn body(event: WebhookEvent, room: Option<&str>, message: &Message) -> String {
    let at = match event {
        WebhookEvent::Posted | WebhookEvent::Joined | WebhookEvent::Left => Some(message.created),
        WebhookEvent::Edited => message.edited,
        WebhookEvent::Deleted => message.deleted,
    };
    let reply_to = message.reply_to.map(|seq| MessageId { room: message.room, seq }.key());
    let told = json!({
        "id": message.id().key(),
        "author": author(&message.author),
        "text": message.text,
        "files": message.media.iter().map(file).collect::<Vec<_>>(),
        "reply_to": reply_to,
        "created": message.created.millis(),
        "edited": message.edited.map(Timestamp::millis),
        "deleted": message.deleted.map(Timestamp::millis),
    });
    json!({
        "type": format!("message.{}", event.as_str()),
        "timestamp": at.unwrap_or(message.created).millis(),
        "data": {"room": {"key": message.room.key(), "name": room}, "message": told},
    })
    .to_string()
}

/// Returns the body of the event that somebody joined or left a room of this name.
pub(super) fn body_of_people(room: RoomId, name: Option<&str>, told: &Membership) -> String {
    json!({
        "type": format!("participant.{}", kind(told).as_str()),
        "timestamp": told.at.millis(),
        "data": {
            "room": {"key": room.key(), "name": name},
            "user": person(&told.person),
            "by": author(&told.by),
        },
    })
    .to_string()
}

/// Returns the body of a test.
pub(super) fn test(webhook: &str, now: Timestamp) -> String {
    json!({"type": "test", "timestamp": now.millis(), "data": {"webhook": webhook}}).to_string()
}

fn author(who: &Who) -> Value {
    match who {
        Who::User(who) => person(who),
        Who::Deleted | Who::Server => Value::Null,
    }
}

fn person(person: &Person) -> Value {
    json!({"id": person.id.0, "name": person.login, "display_name": person.name})
}

fn file(media: &Media) -> Value {
    json!({"id": media.name, "name": media.file_name, "kind": media.kind, "bytes": media.size})
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Rev, Seq, UserId};

    fn message() -> Message {
        Message {
            room: RoomId(7),
            seq: Seq(12),
            rev: Rev(20),
            author: Who::User(Person {
                id: UserId(3),
                login: "ann".to_owned(),
                name: "Ann".to_owned(),
            }),
            text: "hello".to_owned(),
            created: Timestamp(1_752_589_930_245),
            edited: None,
            deleted: None,
            reply_to: Some(Seq(9)),
            thread: None,
            client_id: None,
            reactions: Vec::new(),
            media: Vec::new(),
        }
    }

    #[test]
    fn an_event_is_told_with_its_room_and_its_message() {
        let body = body(WebhookEvent::Posted, Some("Hall"), &message());
        let told: Value = serde_json::from_str(&body).unwrap();
        let wanted = json!({
            "type": "message.posted",
            "timestamp": "2025-07-15T14:32:10.245Z",
            "data": {
                "room": {"key": "room007", "name": "Hall"},
                "message": {
                    "id": "msg7000000012",
                    "author": {"id": 3, "name": "ann", "display_name": "Ann"},
                    "text": "hello",
                    "files": [],
                    "reply_to": "msg7000000009",
                    "created": "2025-07-15T14:32:10.245Z",
                    "edited": null,
                    "deleted": null,
                },
            },
        });
        assert_eq!(told, wanted);
    }

    #[test]
    fn a_membership_is_told_with_its_room_its_user_and_who_did_it() {
        let person = |id, login: &str| Person {
            id: UserId(id),
            login: login.to_owned(),
            name: login.to_uppercase(),
        };
        let left = Membership {
            rev: Rev(9),
            seq: Seq(2),
            person: person(4, "bob"),
            joined: false,
            by: Who::User(person(3, "ann")),
            at: Timestamp(1_752_589_930_245),
        };
        let told: Value =
            serde_json::from_str(&body_of_people(RoomId(7), Some("Hall"), &left)).unwrap();
        let wanted = json!({
            "type": "participant.left",
            "timestamp": "2025-07-15T14:32:10.245Z",
            "data": {
                "room": {"key": "room007", "name": "Hall"},
                "user": {"id": 4, "name": "bob", "display_name": "BOB"},
                "by": {"id": 3, "name": "ann", "display_name": "ANN"},
            },
        });
        assert_eq!(told, wanted);
        let id = |room, told: &Membership| id_of_people("e", WebhookId(1), RoomId(room), told);
        let again = Membership { rev: Rev(10), ..left.clone() };
        let joined = Membership { joined: true, ..left.clone() };
        let other = Membership { person: person(5, "cyd"), ..left.clone() };
        let mut ids =
            vec![id(7, &left), id(8, &left), id(7, &again), id(7, &joined), id(7, &other)];
        ids.sort();
        ids.dedup();
        assert_eq!(ids.len(), 5);
        assert_eq!(id(7, &left), id(7, &left.clone()));
    }

    #[test]
    fn an_id_differs_where_something_else_is_told_and_only_there() {
        let id = |epoch: &str, webhook, event, message: &Message| {
            id(epoch, WebhookId(webhook), event, message)
        };
        let first = message();
        let posted = id("e", 1, WebhookEvent::Posted, &first);
        assert!(posted.starts_with("msg_") && posted.len() == 36, "{posted}");
        let edit = |at, text: &str| Message {
            rev: Rev(at),
            edited: Some(Timestamp(at)),
            text: text.to_owned(),
            ..first.clone()
        };
        assert_eq!(posted, id("e", 1, WebhookEvent::Posted, &edit(5, "hallo")));
        let edited = id("e", 1, WebhookEvent::Edited, &edit(5, "hallo"));
        let reacted = Message { rev: Rev(9), ..edit(5, "hallo") };
        assert_eq!(edited, id("e", 1, WebhookEvent::Edited, &reacted));
        let others = [
            id("f", 1, WebhookEvent::Posted, &first),
            id("e", 2, WebhookEvent::Posted, &first),
            id("e", 1, WebhookEvent::Deleted, &first),
            id("e", 1, WebhookEvent::Posted, &Message { seq: Seq(13), ..first.clone() }),
            id("e", 1, WebhookEvent::Edited, &edit(6, "hallo")),
            id("e", 1, WebhookEvent::Edited, &edit(5, "hullo")),
            edited,
            posted,
        ];
        let mut different = others.to_vec();
        different.sort();
        different.dedup();
        assert_eq!(different.len(), others.len());
    }
}
