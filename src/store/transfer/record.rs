//! One line of an export. The names of the keys and of the types are a promise
//! (docs/import-export.md, "Export format").

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::serde_time;
use crate::model::Timestamp;

/// What something is called at its source: a number in our own exports, a word in those of others.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Key {
    /// An id, or the seq of a message.
    Number(i64),
    /// Anything else.
    Text(String),
}

impl Key {
    /// The number, if it is one.
    pub fn number(&self) -> Option<i64> {
        match self {
            Self::Number(number) => Some(*number),
            Self::Text(_) => None,
        }
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => number.fmt(f),
            Self::Text(text) => text.fmt(f),
        }
    }
}

impl From<&str> for Key {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Key {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

/// A line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "lowercase")]
pub enum Record {
    /// The first.
    Header(Header),
    /// A user, deleted ones included.
    User(UserRecord),
    /// A part of the bytes of a medium; they come before it.
    File(FileRecord),
    /// An uploaded file.
    Media(MediaRecord),
    /// A room.
    Room(RoomRecord),
    /// A user in a room.
    Participant(ParticipantRecord),
    /// A message with all that hangs on it.
    Message(MessageRecord),
    /// A custom emoji.
    Emoji(EmojiRecord),
    /// What an import had brought to the exported instance.
    Imported(ImportedRecord),
    /// Work that is promised.
    Job(JobRecord),
    /// The last.
    End(End),
}

/// What the export is and where it comes from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    /// [`Header::FORMAT`].
    pub format: String,
    /// [`Header::VERSION`].
    pub version: u32,
    /// The program and its version.
    pub product: String,
    /// When it was made.
    #[serde(with = "serde_time")]
    pub created: Timestamp,
    /// What the instance calls itself.
    pub source: String,
    /// The highest ids ever given, so that an empty instance gives none of them again.
    pub ids: LastIds,
}

impl Header {
    /// What every export calls itself.
    pub const FORMAT: &'static str = "chatctl-export";
    /// Grows when an older program could misunderstand it.
    pub const VERSION: u32 = 1;
}

/// The highest ids ever given.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LastIds {
    /// Of users.
    pub users: i64,
    /// Of rooms.
    pub rooms: i64,
    /// Of media.
    pub media: i64,
}

/// A user.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[expect(clippy::struct_excessive_bools, reason = "each is a key of its own")]
pub struct UserRecord {
    /// Who.
    pub id: Key,
    /// Empty when deleted.
    pub login: String,
    /// Display name.
    pub name: String,
    /// E-mail address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// `YYYY-MM-DD`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub birth: Option<String>,
    /// Profile picture.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub media: Option<Key>,
    /// Argon2id, PHC string; empty when deleted.
    pub password: String,
    /// Argon2id of the MD5 of the password.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub md5: Option<String>,
    /// Argon2id of the SHA-1 of the password.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha1: Option<String>,
    /// May administer the server.
    #[serde(default, skip_serializing_if = "is_false")]
    pub admin: bool,
    /// May not log in.
    #[serde(default, skip_serializing_if = "is_false")]
    pub disabled: bool,
    /// Is a program.
    #[serde(default, skip_serializing_if = "is_false")]
    pub bot: bool,
    /// Is kept to the rooms that they take part in.
    #[serde(default, skip_serializing_if = "is_false")]
    pub guest: bool,
    /// When the account was deleted.
    #[serde(default, with = "serde_time::option", skip_serializing_if = "Option::is_none")]
    pub deleted: Option<Timestamp>,
    /// When the account was made.
    #[serde(with = "serde_time")]
    pub created: Timestamp,
    /// Nobody knows the password; not a part of the format.
    #[serde(skip)]
    pub no_password: bool,
    /// Known only from what somebody said, until a later import knows them; not a part of the
    /// format.
    #[serde(skip)]
    pub stranger: bool,
}

/// A part of a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileRecord {
    /// SHA-512 of the whole file, hexadecimal.
    pub name: String,
    /// 0, 1, 2 …
    pub part: u32,
    /// No part follows.
    pub last: bool,
    /// Base64.
    pub data: String,
}

/// An uploaded file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MediaRecord {
    /// Which.
    pub id: Key,
    /// SHA-512 of its bytes, hexadecimal.
    pub name: String,
    /// Who uploaded it.
    pub owner: Key,
    /// The usual ending of its type.
    pub kind: String,
    /// Can be shown as a picture.
    pub image: bool,
    /// Bytes.
    pub size: i64,
    /// Pixels.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub width: Option<u32>,
    /// Pixels.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub height: Option<u32>,
    /// What its uploader called it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file_name: Option<String>,
    /// When it was uploaded.
    #[serde(with = "serde_time")]
    pub created: Timestamp,
}

/// A room.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoomRecord {
    /// Which.
    pub id: Key,
    /// None: nameless.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// What it is about at the moment; one line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub topic: Option<String>,
    /// What it is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// `public` or `private`.
    pub visibility: String,
    /// Since when nobody may write in it or be added to it.
    #[serde(default, with = "serde_time::option", skip_serializing_if = "Option::is_none")]
    pub archived: Option<Timestamp>,
    /// Only admins and sub-admins post.
    #[serde(default, skip_serializing_if = "is_false")]
    pub read_only: bool,
    /// Whose it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<Key>,
    /// Its newest change.
    pub rev: i64,
    /// The newest change of its facts.
    pub facts_rev: i64,
    /// When it was made.
    #[serde(with = "serde_time")]
    pub created: Timestamp,
}

/// A user in a room; in the order in which they came.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ParticipantRecord {
    /// The room.
    pub room: Key,
    /// Who.
    pub user: Key,
    /// `admin`, `sub-admin`, `member`.
    pub role: String,
    /// The name inside this room.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub edited_name: String,
    /// The room's rev at their last change.
    pub since: i64,
    /// When they came.
    #[serde(with = "serde_time")]
    pub joined: Timestamp,
    /// Up to which message they have read; absent: all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mark: Option<i64>,
    /// When the mark was set.
    #[serde(with = "serde_time")]
    pub mark_at: Timestamp,
    /// Wants no notifications.
    #[serde(default, skip_serializing_if = "is_false")]
    pub muted: bool,
}

/// A message; those of a room in the order of seq.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MessageRecord {
    /// The room.
    pub room: Key,
    /// Its seq, or what another product calls it.
    pub seq: Key,
    /// The room's rev at its last change; 0: not known.
    #[serde(default)]
    pub rev: i64,
    /// Its author.
    pub author: Key,
    /// Empty when deleted.
    pub text: String,
    /// When it was stored.
    #[serde(with = "serde_time")]
    pub time: Timestamp,
    /// When it was last edited.
    #[serde(default, with = "serde_time::option", skip_serializing_if = "Option::is_none")]
    pub edited: Option<Timestamp>,
    /// When it was deleted.
    #[serde(default, with = "serde_time::option", skip_serializing_if = "Option::is_none")]
    pub deleted: Option<Timestamp>,
    /// The message that it answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reply_to: Option<Key>,
    /// What the client called it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_id: Option<String>,
    /// Attachments in their order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub media: Vec<Key>,
    /// Whom it names.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub mentions: Vec<Key>,
    /// In the order in which they were given.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reactions: Vec<ReactionRecord>,
    /// It is pinned to the room.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pinned: Option<PinRecord>,
}

/// That a message is pinned.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PinRecord {
    /// Who has pinned it, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<Key>,
    /// When.
    #[serde(with = "serde_time")]
    pub at: Timestamp,
}

/// A custom emoji.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EmojiRecord {
    /// What stands between colons.
    pub name: String,
    /// Its picture; the file comes before it.
    pub media: Key,
    /// When it was made.
    #[serde(with = "serde_time")]
    pub created: Timestamp,
}

/// A reaction.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReactionRecord {
    /// Who gave it.
    pub user: Key,
    /// `like`, `love`, `laugh`, `sad`, `angry` or an emoji.
    pub reaction: String,
    /// When.
    #[serde(with = "serde_time")]
    pub at: Timestamp,
}

/// What an import had brought.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportedRecord {
    /// From where.
    pub source: String,
    /// What.
    pub kind: String,
    /// What it is called there.
    pub key: String,
    /// What it became: the id of a user, room or medium, the seq of a message.
    pub id: i64,
}

/// A deleted user who has still to leave their rooms.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobRecord {
    /// Who.
    pub user: Key,
    /// Their login name as it was.
    pub login: String,
    /// Their display name as it was.
    pub name: String,
}

/// Shows that nothing is missing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct End {
    /// Lines of each type.
    pub counts: BTreeMap<String, u64>,
    /// SHA-256 of every line before this one, line feeds included, hexadecimal.
    pub sha256: String,
}

impl Record {
    /// The word in `type`.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Header(_) => "header",
            Self::User(_) => "user",
            Self::File(_) => "file",
            Self::Media(_) => "media",
            Self::Room(_) => "room",
            Self::Participant(_) => "participant",
            Self::Message(_) => "message",
            Self::Emoji(_) => "emoji",
            Self::Imported(_) => "imported",
            Self::Job(_) => "job",
            Self::End(_) => "end",
        }
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for it")]
fn is_false(value: &bool) -> bool {
    !*value
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_keeps_its_keys() {
        let line = r#"{"type":"message","room":1,"seq":2,"rev":5,"author":3,"text":"책","time":"2025-07-15T14:32:10.245Z","edited":"2025-07-15T14:32:11.000Z","reply_to":1,"reactions":[{"user":3,"reaction":"👍","at":"2025-07-15T14:32:12.000Z"}]}"#;
        let record: Record = serde_json::from_str(line).unwrap();
        let Record::Message(message) = &record else { panic!("{record:?}") };
        assert_eq!(
            (message.time, &message.reply_to),
            (Timestamp(1_752_589_930_245), &Some(Key::Number(1)))
        );
        assert_eq!(serde_json::to_string(&record).unwrap(), line);
        assert_eq!(record.kind(), "message");
        assert!(serde_json::from_str::<Record>(&line.replace("14:32:10", "25:32:10")).is_err());
    }
}
