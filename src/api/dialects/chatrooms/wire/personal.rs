//! What only its user sees: own settings of rooms, preferences, saved messages, drafts.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Message;
use super::bodies::{Given, given};
use crate::api::openapi::types;
use crate::api::wire::{MessageKey, Millis, RoomKey};
use crate::model::{
    self, Error, MessageId, NotifyLevel, OwnChange, PreferencesChange, Result, Unsent,
};

fn parse_level(word: &str) -> Result<NotifyLevel> {
    NotifyLevel::parse(word)
        .ok_or_else(|| Error::invalid("notify", "must be all, mentions or nothing"))
}

/// PATCH …/settings; null for `notify`: the default of the user.
#[derive(Deserialize, ToSchema)]
pub(crate) struct ChangeOwn {
    #[serde(default, deserialize_with = "given")]
    #[schema(schema_with = types::notify_if_any, required = false)]
    notify: Given<String>,
    favourite: Option<bool>,
}

impl TryFrom<ChangeOwn> for OwnChange {
    type Error = Error;

    fn try_from(new: ChangeOwn) -> Result<Self> {
        let level = |word: Option<String>| word.as_deref().map(parse_level).transpose();
        Ok(Self { notify: new.notify.map(level).transpose()?, favourite: new.favourite })
    }
}

/// Own settings of a room; `notify` is absent where the default of the user applies.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct OwnSettings {
    room_id: RoomKey,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(schema_with = types::notify_level, required = false)]
    notify: Option<&'static str>,
    favourite: bool,
    /// Whether `notify` is `nothing`.
    muted: bool,
}

impl OwnSettings {
    /// Builds the settings of a room.
    pub(crate) fn new(room: model::RoomId, own: model::OwnSettings) -> Self {
        Self {
            room_id: room.into(),
            notify: own.notify.map(NotifyLevel::as_str),
            favourite: own.favourite,
            muted: own.muted(),
        }
    }
}

/// Hours of each day without notifications.
#[derive(Deserialize, Serialize, ToSchema)]
pub(crate) struct QuietHours {
    /// Begin.
    #[schema(schema_with = types::time_of_day)]
    from: String,
    /// End; the next day if it is earlier than `from`.
    #[schema(schema_with = types::time_of_day)]
    to: String,
    /// Time zone of both, as in the IANA database.
    #[schema(schema_with = types::time_zone)]
    zone: String,
}

impl From<model::QuietHours> for QuietHours {
    fn from(model::QuietHours { from, to, zone }: model::QuietHours) -> Self {
        Self { from, to, zone }
    }
}

/// PATCH /api/users/me/settings; null for `quiet`: no quiet hours; null for `language`: none.
#[derive(Deserialize, ToSchema)]
pub(crate) struct ChangePreferences {
    #[schema(schema_with = types::notify_if_changed, required = false)]
    notify: Option<String>,
    #[schema(schema_with = types::keywords_if_changed, required = false)]
    keywords: Option<Vec<String>>,
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<QuietHours>, required = false)]
    quiet: Given<QuietHours>,
    #[serde(default, deserialize_with = "given")]
    #[schema(schema_with = types::language_if_any, required = false)]
    language: Given<String>,
}

impl TryFrom<ChangePreferences> for PreferencesChange {
    type Error = Error;

    fn try_from(new: ChangePreferences) -> Result<Self> {
        let quiet = |QuietHours { from, to, zone }| model::QuietHours { from, to, zone };
        Ok(Self {
            notify: new.notify.as_deref().map(parse_level).transpose()?,
            keywords: new.keywords,
            quiet: new.quiet.map(|given| given.map(quiet)),
            language: new.language,
        })
    }
}

/// Settings of a user for all rooms and devices.
#[derive(Serialize, ToSchema)]
pub(crate) struct Preferences {
    #[schema(schema_with = types::notify_level)]
    notify: &'static str,
    /// Words that notify like a mention.
    keywords: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    quiet: Option<QuietHours>,
    /// Language that they have chosen, in which letters to them are written; absent: none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    language: Option<String>,
}

impl From<model::Preferences> for Preferences {
    fn from(preferences: model::Preferences) -> Self {
        Self {
            notify: preferences.notify.as_str(),
            keywords: preferences.keywords,
            quiet: preferences.quiet.map(QuietHours::from),
            language: preferences.language,
        }
    }
}

/// `GET /api/users/me/saved`
#[derive(Serialize, ToSchema)]
pub(crate) struct SavedMessages<'a> {
    messages: Vec<SavedMessage<'a>>,
    /// `before` of the next page; absent at the end.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    cursor: Option<String>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct SavedMessage<'a> {
    #[serde(flatten)]
    message: Message<'a>,
    /// Name of the author in the room.
    sender_name: &'a str,
    saved_at: Millis,
}

impl<'a> SavedMessages<'a> {
    /// Builds a page of at most `limit` messages.
    pub(crate) fn new(saved: &'a [model::Saved], limit: u32) -> Self {
        let full = saved.len() >= limit as usize;
        Self {
            messages: saved
                .iter()
                .map(|saved| SavedMessage {
                    message: (&saved.message).into(),
                    sender_name: saved.message.author.name(),
                    saved_at: saved.at.into(),
                })
                .collect(),
            cursor: saved.last().filter(|_| full).map(|last| last.place().to_string()),
        }
    }
}

/// `GET /api/users/me/drafts`
#[derive(Serialize, ToSchema)]
pub(crate) struct Drafts<'a> {
    drafts: Vec<Draft<'a>>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Draft<'a> {
    room_id: RoomKey,
    /// A message of the thread; absent: the draft belongs to the room itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    thread: Option<MessageKey>,
    content: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    reply_to: Option<MessageKey>,
    saved_at: Millis,
}

impl<'a> From<&'a [Unsent]> for Drafts<'a> {
    fn from(drafts: &'a [Unsent]) -> Self {
        let draft = |draft: &'a Unsent| {
            let room = draft.place.room;
            let key = |seq| MessageKey(MessageId { room, seq });
            Draft {
                room_id: room.into(),
                thread: draft.place.thread.map(key),
                content: &draft.text,
                reply_to: draft.reply_to.map(key),
                saved_at: draft.at.into(),
            }
        };
        Self { drafts: drafts.iter().map(draft).collect() }
    }
}
