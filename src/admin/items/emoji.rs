//! Custom emoji.

use serde::Serialize;
use utoipa::ToSchema;

use crate::model;

/// A custom emoji: `emoji.list`, `emoji.add`, `emoji.delete`.
#[derive(Serialize, ToSchema)]
pub struct Emoji {
    /// Its name, without colons.
    pub(in crate::admin) name: String,
    /// Login name of the user who has added it, or whose file its picture is; empty: deleted.
    pub(in crate::admin) added_by: String,
    /// Type of the picture: `png`, `jpg`, `gif` or `webp`.
    #[serde(rename = "type")]
    pub(in crate::admin) kind: String,
    /// Pixels.
    pub(in crate::admin) width: Option<u32>,
    /// Pixels.
    pub(in crate::admin) height: Option<u32>,
    pub(in crate::admin) bytes: u64,
    /// Name of the uploaded file: SHA-512 of its bytes in hexadecimal.
    pub(in crate::admin) file: String,
    pub(in crate::admin) created: String,
}

impl From<&model::CustomEmoji> for Emoji {
    fn from(emoji: &model::CustomEmoji) -> Self {
        let model::CustomEmoji { name, creator, media, created } = emoji;
        Self {
            name: name.clone(),
            added_by: creator.clone(),
            kind: media.kind.clone(),
            width: media.width,
            height: media.height,
            bytes: media.size,
            file: media.name.clone(),
            created: created.seconds(),
        }
    }
}
