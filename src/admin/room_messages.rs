//! Messages of any room: reads them, which is logged, and purges old ones.

use futures_util::{TryStreamExt, stream};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use std::time::{Duration, Instant};
use utoipa::ToSchema;

use super::outcome::Failure;
use super::{Admin, Call, Operator, items};
use crate::model::{
    AuditNote, AuditTarget, Error, Message, MessageId, MessageRef, Room, Seq, Timestamp, Window,
};

/// Number of messages per page.
const PAGE: u32 = 200;
/// Number of messages purged concurrently, so that they share commits.
const TOGETHER: usize = 16;
/// Number of messages examined between two pauses.
const BATCH: u32 = 32;
const DAY: Duration = Duration::from_hours(24);

/// The JSON form of a message. The keys are stable.
#[derive(Serialize)]
struct Shown {
    id: String,
    seq: i64,
    time: String,
    user: String,
    content: String,
    edited: Option<String>,
    deleted: Option<String>,
    reply_to: Option<i64>,
    reactions: Vec<Reacted>,
    media: Vec<Attached>,
}

#[derive(Serialize)]
struct Reacted {
    reaction: String,
    users: Vec<String>,
}

#[derive(Serialize)]
struct Attached {
    name: String,
    file_name: Option<String>,
    bytes: u64,
}

impl From<&Message> for Shown {
    fn from(message: &Message) -> Self {
        Self {
            id: message.id().key(),
            seq: message.seq.0,
            time: message.created.millis(),
            user: message.author.login().to_owned(),
            content: message.text.clone(),
            edited: message.edited.map(Timestamp::millis),
            deleted: message.deleted.map(Timestamp::millis),
            reply_to: message.reply_to.map(|seq| seq.0),
            reactions: message
                .reactions
                .iter()
                .map(|one| Reacted {
                    reaction: one.reaction.as_str().to_owned(),
                    users: one.users.clone(),
                })
                .collect(),
            media: message
                .media
                .iter()
                .map(|one| Attached {
                    name: one.name.clone(),
                    file_name: one.file_name.clone(),
                    bytes: one.size,
                })
                .collect(),
        }
    }
}

/// Read the newest messages; command line only. The access is logged.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RoomMessages {
    pub room: String,
    #[serde(default)]
    pub limit: Option<u32>,
    /// Only messages below this seq.
    #[serde(default)]
    pub before: Option<i64>,
}

impl RoomMessages {
    /// Sends the newest messages, oldest first.
    pub(super) async fn run(self, call: Call<'_>) -> Result<(), Failure> {
        let Call { admin, operator, output, .. } = call;
        let Self { room, limit, before } = self;
        let room = &*room;
        let facts = admin.find_room(operator, room).await?;
        call.record(about(&facts.room, json!({"limit": limit, "before": before}))).await;
        let room = facts.room.id;
        let mut left = limit.unwrap_or(50);
        let mut window = before.map_or(Window::Latest, |seq| Window::Before(Seq(seq)));
        let mut pages = Vec::new();
        while left > 0 {
            let page = admin.chat().messages_of(operator, room, window, left.min(PAGE)).await?;
            left -= u32::try_from(page.len()).unwrap_or(left).min(left);
            let Some(first) = page.first() else { break };
            window = Window::Before(first.seq);
            pages.push(page);
        }
        for message in pages.iter().rev().flatten() {
            output.item(Shown::from(message)).await?;
        }
        Ok(())
    }
}

/// Export a room with its messages; command line only. The access is logged.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RoomExport {
    pub room: String,
}

impl RoomExport {
    /// Sends the room, its members and its messages, oldest first.
    pub(super) async fn run(self, call: Call<'_>) -> Result<(), Failure> {
        let Call { admin, operator, output, .. } = call;
        let room = &*self.room;
        let facts = admin.find_room(operator, room).await?;
        let room = &facts.room;
        call.record(about(room, json!({"messages": room.last_seq.0}))).await;
        let head = json!({"type": "room", "room": room.id.key(), "name": room.name, "visibility": room.visibility.as_str(),
            "owner": room.owner_login, "created": room.created.seconds(), "messages": room.last_seq.0});
        output.item(head).await?;
        for member in &facts.participants {
            output.item(json!({"type": "member", "name": member.login, "display_name": member.shown_name(), "role": member.role.as_str()})).await?;
        }
        // History begins after the expired messages, of which pinned ones are kept.
        let pins = admin.chat().pins_of(operator, room.id).await?.into_iter();
        let mut kept: Vec<Message> = pins.map(|pin| pin.message).collect();
        kept.retain(|message| message.seq <= room.expired);
        kept.sort_by_key(|message| message.seq);
        for message in &kept {
            output.item(tagged("message", &Shown::from(message))).await?;
        }
        let mut after = Seq(0);
        loop {
            let page =
                admin.chat().messages_of(operator, room.id, Window::After(after), PAGE).await?;
            let Some(last) = page.last() else { return Ok(()) };
            after = last.seq;
            for message in &page {
                output.item(tagged("message", &Shown::from(message))).await?;
            }
            output
                .progress(
                    u64::try_from(after.0).unwrap_or(0),
                    u64::try_from(room.last_seq.0).unwrap_or(0),
                )
                .await?;
        }
    }
}

/// Delete the content of old messages.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RoomPurge {
    pub room: String,
    /// Minimum age in days.
    pub older_than_days: u32,
    #[serde(default)]
    pub dry_run: bool,
}

impl RoomPurge {
    /// Deletes the content of messages older than `older_than_days`; connected clients see the
    /// change.
    pub(super) async fn run(self, call: Call<'_>) -> Result<(), Failure> {
        let Call { admin, operator, output, .. } = call;
        let Self { room, older_than_days, dry_run } = self;
        let room = &*room;
        let facts = admin.find_room(operator, room).await?;
        let room = facts.room.id;
        let (inner, mut recorded) = (operator.within_recorded(), false);
        let before = Timestamp::now().minus(DAY * older_than_days);
        let (mut after, mut messages, mut bytes) = (Seq(0), 0_u64, 0_u64);
        loop {
            let began = Instant::now();
            let page =
                admin.chat().messages_of(operator, room, Window::After(after), BATCH).await?;
            let Some(last) = page.last() else { break };
            after = last.seq;
            let ended = last.created >= before;
            let old: Vec<&Message> = page
                .iter()
                .filter(|message| message.created < before && message.deleted.is_none())
                .collect();
            messages += old.len() as u64;
            bytes +=
                old.iter().flat_map(|message| &message.media).map(|media| media.size).sum::<u64>();
            if !dry_run && !old.is_empty() && !recorded {
                let details = json!({"older_than": before.seconds()});
                admin.chat().record(operator, about(&facts.room, details)).await?;
                recorded = true;
            }
            if !dry_run {
                stream::iter(old.iter().map(|message| Ok::<_, Failure>(message.seq)))
                    .try_for_each_concurrent(TOGETHER, |seq| {
                        admin.purge_one(&inner, MessageId { room, seq })
                    })
                    .await?;
                output.progress(messages, 0).await?;
                if admin.running().is_some() {
                    // Leave half of the write capacity to users who send messages.
                    tokio::time::sleep(began.elapsed()).await;
                }
            }
            if ended {
                break;
            }
        }
        let before = before.seconds();
        output
            .item(items::Purged {
                room: room.key(),
                older_than: before,
                messages,
                media_bytes: bytes,
                done: !dry_run,
            })
            .await
    }
}

impl Admin {
    async fn purge_one(&self, operator: &Operator, id: MessageId) -> Result<(), Failure> {
        match self.chat().delete_message(operator, id.room, MessageRef::Id(id)).await {
            // Deleted by somebody else meanwhile.
            Ok(_) | Err(Error::MessageNotFound) => Ok(()),
            Err(other) => Err(other.into()),
        }
    }
}

/// What the audit log says of an action on the messages of a room.
fn about(room: &Room, details: Value) -> AuditNote {
    let details = match details {
        Value::Object(all) => all.into_iter().filter(|(_, value)| !value.is_null()).collect(),
        _ => Map::new(),
    };
    AuditNote {
        target: Some(AuditTarget::new("room", room.id.key(), room.name.as_deref())),
        before: None,
        after: (!details.is_empty()).then(|| Value::Object(details).to_string()),
    }
}

fn tagged(kind: &str, shown: &Shown) -> Value {
    let mut value = json!(shown);
    if let Some(object) = value.as_object_mut() {
        object.insert("type".to_owned(), kind.into());
    }
    value
}
