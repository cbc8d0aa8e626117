//! What the tables of rooms hold as bytes, where the rows are, and the conversions from and to the
//! types of the model. The log has its own types in [`logged`](super::logged).
//!
//! Nothing here names a user except by id and login name, which never change: display names,
//! pictures and flags of accounts are joined when a row is read.

use serde::{Deserialize, Serialize};

use super::client_ids;
use crate::model::rules::shown_name;
use crate::model::{
    AccountFlags, Media, MediaId, Message, Participant, Person, Rev, Role, Room, RoomId,
    RoomRetention, Searchable, Seq, Timestamp, User, UserId, Visibility, Who,
};
use crate::store::StoreError;
use crate::store::cluster::encoding;
use crate::store::cluster::tables::Value;

/// Revs per partition of the log.
pub(super) const LOG_BUCKET: i64 = 500;
/// Messages per partition of the history.
pub(super) const MESSAGE_BUCKET: i64 = 1000;
/// Partitions of lists of rooms.
pub(super) const SHARDS: i64 = 16;

/// Returns the partition of the log with this rev; revs begin with 1.
pub(super) fn bucket_of_rev(rev: Rev) -> i64 {
    (rev.0.max(1) - 1) / LOG_BUCKET
}

/// Returns the last rev of a partition of the log.
pub(super) fn last_rev_of(bucket: i64) -> Rev {
    Rev((bucket + 1) * LOG_BUCKET)
}

/// Returns the partition of the history with this message; seqs begin with 1.
pub(super) fn bucket_of_seq(seq: Seq) -> i64 {
    (seq.0.max(1) - 1) / MESSAGE_BUCKET
}

/// Partition key of [`ROOM_LOG`](crate::store::cluster::tables::schema::rooms::ROOM_LOG).
pub(super) fn log_partition(room: RoomId, bucket: i64) -> [Value; 2] {
    [room.0.into(), bucket.into()]
}

/// Partition key of the messages and reactions around this seq.
pub(super) fn history_partition(room: RoomId, seq: Seq) -> [Value; 2] {
    [room.0.into(), bucket_of_seq(seq).into()]
}

/// Partition key of the lists of rooms.
pub(super) fn shard_of(room: RoomId) -> [Value; 1] {
    [room.0.rem_euclid(SHARDS).into()]
}

/// A type that is stored as bytes, with the version of its encoding.
pub(super) trait Stored: Serialize + for<'a> Deserialize<'a> {
    /// Version of the encoding: a new field is a new type with the next one.
    const VERSION: u8 = 1;

    /// Returns the bytes.
    fn encode(&self) -> Result<Vec<u8>, StoreError> {
        encoding::encode(Self::VERSION, self)
    }

    /// Reads the bytes; `Unavailable` if they are anything else.
    fn decode(bytes: &[u8]) -> Result<Self, StoreError> {
        encoding::decode(Self::VERSION, bytes)
    }
}

/// `body` of a message: everything but reactions and the names of its author. Of a deleted message
/// `text`, `media` and `mentions` are empty.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct StoredMessage {
    pub(super) author: i64,
    pub(super) text: String,
    pub(super) created: i64,
    pub(super) edited: Option<i64>,
    pub(super) deleted: Option<i64>,
    pub(super) reply_to: Option<i64>,
    pub(super) client_id: Option<String>,
    pub(super) media: Vec<StoredMedia>,
    /// Users it mentions, without its author; or [`ALL`].
    pub(super) mentions: Vec<i64>,
    /// Revs of the log that contain its texts, oldest first.
    pub(super) logged: Vec<i64>,
}

impl Stored for StoredMessage {}

impl StoredMessage {
    /// Returns what stays of it once it is deleted; `at` is when.
    pub(super) fn blank(&self, at: i64) -> Self {
        let (text, media, mentions) = (String::new(), Vec::new(), Vec::new());
        Self { text, media, mentions, deleted: self.deleted.or(Some(at)), ..self.clone() }
    }

    /// Returns what can be found of it.
    pub(super) fn searchable(self) -> Searchable {
        let names: Vec<&str> =
            self.media.iter().filter_map(|file| file.file_name.as_deref()).collect();
        Searchable {
            author: Some(UserId(self.author)),
            created: Timestamp(self.created),
            file_names: names.join("\n"),
            files: !self.media.is_empty(),
            images: self.media.iter().any(|file| file.is_image),
            text: self.text,
        }
    }

    /// Returns the message without reactions; `rev` is that of its row.
    pub(super) fn message(self, room: RoomId, seq: Seq, rev: Rev, author: Who) -> Message {
        Message {
            room,
            seq,
            rev,
            author,
            text: self.text,
            created: Timestamp(self.created),
            edited: self.edited.map(Timestamp),
            deleted: self.deleted.map(Timestamp),
            reply_to: self.reply_to.map(Seq),
            thread: None,
            client_id: client_ids::shown(self.client_id),
            reactions: Vec::new(),
            media: self.media.into_iter().map(Media::from).collect(),
        }
    }

    /// Returns `mentions` as the column of that name has them: 8 bytes each.
    pub(super) fn mentions_column(&self) -> Vec<u8> {
        self.mentions.iter().flat_map(|user| user.to_be_bytes()).collect()
    }
}

/// Stands for all participants but the author among the users that a message mentions. No user has
/// this id.
pub(super) const ALL: UserId = UserId(0);

/// Returns whether the column `mentions` has this user.
pub(super) fn mentions(column: &[u8], user: UserId) -> bool {
    column.chunks_exact(8).any(|id| id == user.0.to_be_bytes())
}

/// An uploaded file inside another row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct StoredMedia {
    id: i64,
    name: String,
    kind: String,
    owner: i64,
    is_image: bool,
    size: u64,
    width: Option<u32>,
    height: Option<u32>,
    file_name: Option<String>,
    created: i64,
}

impl StoredMedia {
    /// Returns the number of the file.
    pub(super) fn id(&self) -> MediaId {
        MediaId(self.id)
    }

    /// Returns its bytes.
    pub(super) fn size(&self) -> u64 {
        self.size
    }
}

impl From<Media> for StoredMedia {
    fn from(media: Media) -> Self {
        let Media { id, name, kind, owner, is_image, size, width, height, file_name, created } =
            media;
        let (id, owner, created) = (id.0, owner.0, created.0);
        Self { id, name, kind, owner, is_image, size, width, height, file_name, created }
    }
}

impl From<StoredMedia> for Media {
    fn from(stored: StoredMedia) -> Self {
        let StoredMedia {
            id,
            name,
            kind,
            owner,
            is_image,
            size,
            width,
            height,
            file_name,
            created,
        } = stored;
        let (id, owner, created) = (MediaId(id), UserId(owner), Timestamp(created));
        Self { id, name, kind, owner, is_image, size, width, height, file_name, created }
    }
}

/// `body` of a participant. Of one who has left (`present` false) `since` is the rev of leaving.
/// The column `entered` has the order of joining.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct StoredParticipant {
    pub(super) login: String,
    pub(super) role: u8,
    pub(super) edited_name: String,
    pub(super) since: i64,
    pub(super) joined: i64,
}

impl Stored for StoredParticipant {}

impl StoredParticipant {
    /// Returns what is stored of a participant.
    pub(super) fn of(participant: &Participant) -> Self {
        Self {
            login: participant.login.clone(),
            role: role_to(participant.role),
            edited_name: participant.edited_name.clone(),
            since: participant.since.0,
            joined: participant.joined.0,
        }
    }

    /// Returns the participant with the account as it is now; None: the user was deleted, and has
    /// not left the room yet.
    pub(super) fn participant(&self, user: UserId, account: Option<&User>) -> Participant {
        let gone = AccountFlags { disabled: true, ..AccountFlags::default() };
        Participant {
            user,
            login: self.login.clone(),
            name: account.map_or_else(|| self.login.clone(), |account| account.name.clone()),
            media: account.and_then(|account| account.media.clone()),
            edited_name: self.edited_name.clone(),
            role: self.role(),
            since: Rev(self.since),
            joined: Timestamp(self.joined),
            account: account.map_or(gone, User::flags),
        }
    }

    /// Returns the role.
    pub(super) fn role(&self) -> Role {
        role_from(self.role)
    }
}

/// Returns a user as named in a room in which they have this name of their own; empty: none.
pub(super) fn named(account: &User, edited_name: &str) -> Person {
    Person {
        id: account.id,
        login: account.login.clone(),
        name: shown_name(edited_name, &account.name).to_owned(),
    }
}

/// Returns the number of a role in columns and bytes.
pub(super) fn role_to(role: Role) -> u8 {
    match role {
        Role::Member => 0,
        Role::SubAdmin => 1,
        Role::Admin => 2,
    }
}

/// Returns the role of a number; the least one for an unknown number.
pub(super) fn role_from(number: u8) -> Role {
    match number {
        2 => Role::Admin,
        1 => Role::SubAdmin,
        _ => Role::Member,
    }
}

/// Returns the place of a participant in the order of joining: those of one change by their place
/// in it.
pub(super) fn entered(rev: Rev, place: usize) -> i64 {
    const PLACES: i64 = 1 << 20;
    rev.0 * PLACES + i64::try_from(place).unwrap_or(PLACES).min(PLACES - 1)
}

/// `body` of a room's state: its facts without participants.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct StoredRoom {
    pub(super) name: Option<String>,
    pub(super) topic: Option<String>,
    pub(super) description: Option<String>,
    pub(super) public: bool,
    pub(super) archived: Option<i64>,
    pub(super) read_only: bool,
    pub(super) owner: Option<i64>,
    pub(super) created: i64,
    pub(super) facts_rev: i64,
    pub(super) mode_rev: i64,
    /// Number of participants.
    pub(super) users: u32,
}

impl Stored for StoredRoom {}

impl StoredRoom {
    /// Returns what is stored of a room with this number of participants.
    pub(super) fn of(room: &Room, users: usize) -> Self {
        Self {
            name: room.name.clone(),
            topic: room.topic.clone(),
            description: room.description.clone(),
            public: room.visibility == Visibility::Public,
            archived: room.archived.map(|at| at.0),
            read_only: room.read_only,
            owner: room.owner.map(|owner| owner.0),
            created: room.created.0,
            facts_rev: room.facts_rev.0,
            mode_rev: room.mode_rev.0,
            users: u32::try_from(users).unwrap_or(u32::MAX),
        }
    }

    /// Returns the room; `owner` is the account of its owner, None if it was deleted.
    pub(super) fn room(
        &self,
        id: RoomId,
        (rev, last_seq): (Rev, Seq),
        kept: StoredRetention,
        owner: Option<&User>,
    ) -> Room {
        Room {
            id,
            name: self.name.clone(),
            topic: self.topic.clone(),
            description: self.description.clone(),
            visibility: if self.public { Visibility::Public } else { Visibility::Private },
            archived: self.archived.map(Timestamp),
            read_only: self.read_only,
            owner: owner.map(|owner| owner.id),
            owner_login: owner.map(|owner| owner.login.clone()).unwrap_or_default(),
            created: Timestamp(self.created),
            last_seq,
            rev,
            facts_rev: Rev(self.facts_rev),
            mode_rev: Rev(self.mode_rev),
            retention: RoomRetention { days: kept.days, keep_pinned: kept.keep_pinned },
            expired: Seq(kept.expired),
        }
    }
}

/// `retention` of a room's state: how long its messages are kept, and the newest one that has
/// expired.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct StoredRetention {
    pub(super) days: Option<u32>,
    pub(super) keep_pinned: Option<bool>,
    pub(super) expired: i64,
}

impl Stored for StoredRetention {}

impl StoredRetention {
    /// Returns what is stored of a room.
    pub(super) fn of(room: &Room) -> Self {
        let RoomRetention { days, keep_pinned } = room.retention;
        Self { days, keep_pinned, expired: room.expired.0 }
    }
}

/// `last` of a room's state: its newest message, which may be deleted by now. Its `rev` is that of
/// its newest text: reactions are in their own rows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct StoredLast {
    pub(super) seq: i64,
    pub(super) rev: i64,
    pub(super) message: StoredMessage,
}

impl Stored for StoredLast {}

/// `body` of a pin.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct StoredPin {
    /// The user who pinned it; None: the server or its operator.
    pub(super) by: Option<i64>,
    pub(super) at: i64,
}

impl Stored for StoredPin {}

#[cfg(test)]
mod tests;
