//! Custom emoji.

use serde::Serialize;
use utoipa::ToSchema;

use crate::api::wire::Seconds;
use crate::{chat, model};

/// `GET /api/emoji`
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct EmojiList<'a> {
    emoji: Vec<Emoji<'a>>,
    /// Whether the caller may add emoji, and delete their own.
    may_add: bool,
}

/// A custom emoji.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Emoji<'a> {
    /// Its name, without colons.
    name: &'a str,
    /// The user who has added it: only for server administrators and that user; absent: deleted.
    #[serde(skip_serializing_if = "Option::is_none")]
    user_id: Option<&'a str>,
    /// Name of the picture, for `GET /api/media/{name}`.
    media_name: &'a str,
    /// Id of the picture.
    media_id: i64,
    created_at: Seconds,
}

impl<'a> From<&'a chat::EmojiList> for EmojiList<'a> {
    fn from(list: &'a chat::EmojiList) -> Self {
        Self { emoji: list.emoji.iter().map(Emoji::from).collect(), may_add: list.may_add }
    }
}

impl<'a> From<&'a model::CustomEmoji> for Emoji<'a> {
    fn from(emoji: &'a model::CustomEmoji) -> Self {
        Self {
            name: &emoji.name,
            user_id: Some(emoji.creator.as_str()).filter(|login| !login.is_empty()),
            media_name: &emoji.media.name,
            media_id: emoji.media.id.0,
            created_at: emoji.created.into(),
        }
    }
}
