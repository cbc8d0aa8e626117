//! One line of an export. The names of fields and types are a promise (docs/import-export.md,
//! "Export format").

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{FactorRecord, IdentityRecord, Key, SlashCommandRecord, serde_time};
use crate::model::rules::check_preferences;
use crate::model::{
    NotifyLevel, OwnSettings, Preferences, PreferencesChange, QuietHours, Status, Timestamp,
};

/// A line of an export.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "lowercase")]
pub enum Record {
    /// The first line.
    Header(Header),
    /// A user, also a deleted one.
    User(UserRecord),
    /// A part of the content of an uploaded file; comes before the file.
    File(FileRecord),
    /// An uploaded file.
    Media(MediaRecord),
    /// A room.
    Room(RoomRecord),
    /// A participant.
    Participant(ParticipantRecord),
    /// A message with its reactions and attachments.
    Message(MessageRecord),
    /// Preferences of a user; only of users who changed them.
    Preferences(PreferencesRecord),
    /// A saved message.
    Saved(SavedRecord),
    /// A thread that a user follows, or has chosen not to.
    Follow(FollowRecord),
    /// A custom emoji.
    Emoji(EmojiRecord),
    /// A slash command.
    #[serde(rename = "slash_command")]
    SlashCommand(SlashCommandRecord),
    /// Result of an import into the exported instance.
    Imported(ImportedRecord),
    /// Unfinished work.
    Job(JobRecord),
    /// The last line.
    End(End),
}

/// Format and origin of the export.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    /// [`Header::FORMAT`].
    pub format: String,
    /// [`Header::VERSION`].
    pub version: u32,
    /// Program and version.
    pub product: String,
    /// Time of the export.
    #[serde(with = "serde_time")]
    pub created: Timestamp,
    /// Name of the source instance.
    pub source: String,
    /// The highest ids ever given, so that an empty instance does not give them again.
    pub ids: LastIds,
}

impl Header {
    /// Name of the format.
    pub const FORMAT: &'static str = "chatctl-export";
    /// Incremented when an older program could misinterpret the format.
    pub const VERSION: u32 = 1;
}

/// The highest ids ever given.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LastIds {
    /// Highest user id.
    pub users: i64,
    /// Highest room id.
    pub rooms: i64,
    /// Highest media id.
    pub media: i64,
}

/// The status of a user.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StatusRecord {
    /// One emoji.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub emoji: Option<String>,
    /// May be empty if there is an emoji.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub text: String,
    /// End; absent: until the user removes it.
    #[serde(default, with = "serde_time::option", skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
}

impl From<Status> for StatusRecord {
    fn from(Status { emoji, text, until }: Status) -> Self {
        Self { emoji, text, until }
    }
}

impl From<StatusRecord> for Status {
    fn from(StatusRecord { emoji, text, until }: StatusRecord) -> Self {
        Self { emoji, text, until }
    }
}

/// A user.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[expect(clippy::struct_excessive_bools, reason = "each is a separate field")]
pub struct UserRecord {
    /// Id of the user.
    pub id: Key,
    /// Empty when deleted.
    pub login: String,
    /// Display name.
    pub name: String,
    /// E-mail address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// Birth date, `YYYY-MM-DD`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub birth: Option<String>,
    /// Profile picture.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub media: Option<Key>,
    /// What the user says about themselves for a time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<StatusRecord>,
    /// Argon2id of the password, as a PHC string; empty when deleted.
    pub password: String,
    /// Argon2id of the MD5 of the password.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub md5: Option<String>,
    /// Argon2id of the SHA-1 of the password.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha1: Option<String>,
    /// What the codes of the user are checked with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub second_factor: Option<FactorRecord>,
    /// What the user is in other systems, with which they log in.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub identities: Vec<IdentityRecord>,
    /// Server administrator.
    #[serde(default, skip_serializing_if = "is_false")]
    pub admin: bool,
    /// Log-in is disabled.
    #[serde(default, skip_serializing_if = "is_false")]
    pub disabled: bool,
    /// The account belongs to a program.
    #[serde(default, skip_serializing_if = "is_false")]
    pub bot: bool,
    /// Limited to the rooms they participate in.
    #[serde(default, skip_serializing_if = "is_false")]
    pub guest: bool,
    /// Time of deletion.
    #[serde(default, with = "serde_time::option", skip_serializing_if = "Option::is_none")]
    pub deleted: Option<Timestamp>,
    /// Time of creation.
    #[serde(with = "serde_time")]
    pub created: Timestamp,
    /// The password is unknown; not part of the format.
    #[serde(skip)]
    pub no_password: bool,
    /// Known only from messages, until a later import has the account; not part of the format.
    #[serde(skip)]
    pub stranger: bool,
}

/// A part of the content of a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileRecord {
    /// SHA-512 of the complete file in hexadecimal.
    pub name: String,
    /// Number of the part: 0, 1, 2 …
    pub part: u32,
    /// Whether it is the last part.
    pub last: bool,
    /// Content in Base64.
    pub data: String,
}

/// An uploaded file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MediaRecord {
    /// Id of the file.
    pub id: Key,
    /// SHA-512 of its bytes in hexadecimal.
    pub name: String,
    /// The user who uploaded it.
    pub owner: Key,
    /// The usual extension of its type.
    pub kind: String,
    /// Whether it can be displayed as a picture.
    pub image: bool,
    /// Size in bytes.
    pub size: i64,
    /// Width of a picture in pixels.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub width: Option<u32>,
    /// Height of a picture in pixels.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub height: Option<u32>,
    /// File name given by the uploader.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file_name: Option<String>,
    /// Time of the upload.
    #[serde(with = "serde_time")]
    pub created: Timestamp,
}

/// A room.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoomRecord {
    /// Id of the room.
    pub id: Key,
    /// Name; None: unnamed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Current topic, one line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub topic: Option<String>,
    /// Purpose of the room.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// `public` or `private`.
    pub visibility: String,
    /// Time of archiving; nobody may post in an archived room or be added to it.
    #[serde(default, with = "serde_time::option", skip_serializing_if = "Option::is_none")]
    pub archived: Option<Timestamp>,
    /// Only admins and sub-admins may post.
    #[serde(default, skip_serializing_if = "is_false")]
    pub read_only: bool,
    /// Days for which messages are kept, 0: for ever; None: as the server says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retention_days: Option<u32>,
    /// Whether pinned messages are kept for longer; None: as the server says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub keep_pinned: Option<bool>,
    /// Seq of the newest expired message.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub expired: i64,
    /// Owner of the room.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<Key>,
    /// Rev of its newest change.
    pub rev: i64,
    /// Rev of the newest change of its facts.
    pub facts_rev: i64,
    /// Time of creation.
    #[serde(with = "serde_time")]
    pub created: Timestamp,
}

/// A participant; those of a room in the order of joining.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ParticipantRecord {
    /// The room.
    pub room: Key,
    /// Id of the user.
    pub user: Key,
    /// `admin`, `sub-admin`, `member`.
    pub role: String,
    /// Name inside this room.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub edited_name: String,
    /// Rev of the room at their last change.
    pub since: i64,
    /// Time of joining.
    #[serde(with = "serde_time")]
    pub joined: Timestamp,
    /// Last message read; absent: all messages.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mark: Option<i64>,
    /// Time of setting the mark.
    #[serde(with = "serde_time")]
    pub mark_at: Timestamp,
    /// Messages from this one on were marked as unread; only valid for this `mark`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unread_from: Option<i64>,
    /// Whether the user has muted the room.
    #[serde(default, skip_serializing_if = "is_false")]
    pub muted: bool,
    /// `all` or `mentions`: level of notifications of a room that is not muted; absent: the user's
    /// default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notify: Option<String>,
    /// Whether the room is one of the user's favourites.
    #[serde(default, skip_serializing_if = "is_false")]
    pub favourite: bool,
}

impl ParticipantRecord {
    /// Returns the participant's own settings.
    pub fn own(&self) -> OwnSettings {
        let notify = if self.muted {
            Some(NotifyLevel::Nothing)
        } else {
            self.notify.as_deref().and_then(NotifyLevel::parse)
        };
        OwnSettings { notify, favourite: self.favourite }
    }

    /// Sets the participant's own settings.
    #[must_use]
    pub fn with(mut self, own: OwnSettings) -> Self {
        self.muted = own.muted();
        self.notify = own.notify.filter(|_| !self.muted).map(|level| level.as_str().to_owned());
        self.favourite = own.favourite;
        self
    }
}

/// Preferences of a user.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PreferencesRecord {
    /// The user.
    pub user: Key,
    /// Default level of notifications: `all`, `mentions` or `nothing`.
    pub notify: String,
    /// Words that notify like a mention.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub keywords: Vec<String>,
    /// Hours without notifications: from, to, time zone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quiet: Option<[String; 3]>,
    /// Language that they have chosen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
}

impl PreferencesRecord {
    /// Builds the record of a user.
    pub fn new(user: i64, preferences: Preferences) -> Self {
        let Preferences { notify, keywords, quiet, language } = preferences;
        Self {
            user: Key::Number(user),
            notify: notify.as_str().to_owned(),
            keywords,
            quiet: quiet.map(|QuietHours { from, to, zone }| [from, to, zone]),
            language,
        }
    }

    /// Returns the preferences; those of a damaged record that break a rule are left out.
    pub fn preferences(&self) -> Preferences {
        let quiet = self.quiet.clone();
        let quiet = quiet.map(|[from, to, zone]| QuietHours { from, to, zone });
        let change = PreferencesChange {
            notify: NotifyLevel::parse(&self.notify),
            keywords: Some(self.keywords.clone()),
            quiet: Some(quiet),
            language: Some(self.language.clone()),
        };
        check_preferences(change)
            .map_or_else(|_| Preferences::default(), |change| Preferences::default().with(change))
    }
}

/// A message that a user has saved for later.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SavedRecord {
    /// The user.
    pub user: Key,
    /// The room of the message.
    pub room: Key,
    /// Its seq, or its key in another product.
    pub seq: Key,
    /// Time of saving.
    #[serde(with = "serde_time")]
    pub at: Timestamp,
}

/// A thread that a user follows, or has chosen not to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FollowRecord {
    /// The user.
    pub user: Key,
    /// The room of the thread.
    pub room: Key,
    /// Seq of the message with which it begins, or its key in another product.
    pub root: Key,
    /// Whether the user follows it.
    pub following: bool,
    /// The last reply that the user has read in the thread itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub read: Option<Key>,
}

/// A message; those of a room in the order of seq.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MessageRecord {
    /// The room.
    pub room: Key,
    /// Its seq, or its key in another product.
    pub seq: Key,
    /// Rev of the room at its last change; 0: unknown.
    #[serde(default)]
    pub rev: i64,
    /// Its author.
    pub author: Key,
    /// Empty when deleted.
    pub text: String,
    /// Time of posting.
    #[serde(with = "serde_time")]
    pub time: Timestamp,
    /// Time of the last edit.
    #[serde(default, with = "serde_time::option", skip_serializing_if = "Option::is_none")]
    pub edited: Option<Timestamp>,
    /// Time of deletion.
    #[serde(default, with = "serde_time::option", skip_serializing_if = "Option::is_none")]
    pub deleted: Option<Timestamp>,
    /// The message it replies to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reply_to: Option<Key>,
    /// Id given by the client.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_id: Option<String>,
    /// Attachments in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub media: Vec<Key>,
    /// Mentioned users.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub mentions: Vec<Key>,
    /// Whether it mentions all participants.
    #[serde(default, skip_serializing_if = "is_false")]
    pub mentions_all: bool,
    /// Reactions in the order of adding.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reactions: Vec<ReactionRecord>,
    /// Present if it is pinned.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pinned: Option<PinRecord>,
}

/// Pin of a message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PinRecord {
    /// The user who pinned it, if known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<Key>,
    /// Time of pinning.
    #[serde(with = "serde_time")]
    pub at: Timestamp,
}

/// A custom emoji.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EmojiRecord {
    /// The name between colons.
    pub name: String,
    /// Its picture; the file comes before it.
    pub media: Key,
    /// Time of creation.
    #[serde(with = "serde_time")]
    pub created: Timestamp,
}

/// A reaction.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReactionRecord {
    /// The user who added it.
    pub user: Key,
    /// `like`, `love`, `laugh`, `sad`, `angry` or an emoji.
    pub reaction: String,
    /// Time of adding.
    #[serde(with = "serde_time")]
    pub at: Timestamp,
}

/// An imported object.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportedRecord {
    /// Name of its source.
    pub source: String,
    /// Kind of the object.
    pub kind: String,
    /// Its key in the source.
    pub key: String,
    /// Its id here: of a user, room or medium, or the seq of a message.
    pub id: i64,
}

/// A deleted user who still has to leave their rooms.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobRecord {
    /// Id of the user.
    pub user: Key,
    /// Former login name.
    pub login: String,
    /// Former display name.
    pub name: String,
}

/// Proves that the export is complete.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct End {
    /// Number of lines of each type.
    pub counts: BTreeMap<String, u64>,
    /// SHA-256 of all lines before this one, including line feeds, in hexadecimal.
    pub sha256: String,
}

impl Record {
    /// Returns the value of `type`.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Header(_) => "header",
            Self::User(_) => "user",
            Self::File(_) => "file",
            Self::Media(_) => "media",
            Self::Room(_) => "room",
            Self::Participant(_) => "participant",
            Self::Message(_) => "message",
            Self::Preferences(_) => "preferences",
            Self::Saved(_) => "saved",
            Self::Follow(_) => "follow",
            Self::Emoji(_) => "emoji",
            Self::SlashCommand(_) => "slash_command",
            Self::Imported(_) => "imported",
            Self::Job(_) => "job",
            Self::End(_) => "end",
        }
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "required by serde")]
fn is_false(value: &bool) -> bool {
    !*value
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
fn is_zero(value: &i64) -> bool {
    *value == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_keeps_its_keys() {
        let line = concat!(
            r#"{"type":"message","room":1,"seq":2,"rev":5,"author":3,"text":"책","#,
            r#""time":"2025-07-15T14:32:10.245Z","edited":"2025-07-15T14:32:11.000Z","#,
            r#""reply_to":1,"#,
            r#""reactions":[{"user":3,"reaction":"👍","at":"2025-07-15T14:32:12.000Z"}]}"#
        );
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
