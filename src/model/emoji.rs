//! Custom emoji: pictures with names, which messages and reactions contain as `:name:`.

use super::{Media, MediaId, Timestamp};

/// Maximum number of custom emoji of a server.
pub const MAX_EMOJI: usize = 1000;
/// Maximum size of the picture of a custom emoji, in bytes.
pub const MAX_EMOJI_BYTES: u64 = 256 * 1024;
/// Maximum length of a side of such a picture, in pixels.
pub const MAX_EMOJI_SIDE: u32 = 1024;

/// A custom emoji.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CustomEmoji {
    /// Its name, without colons. Imported ones may break the rule for new names.
    pub name: String,
    /// Login name of the user who has added it, the owner of the file; empty: deleted.
    pub creator: String,
    /// Its picture.
    pub media: Media,
    /// When it was added.
    pub created: Timestamp,
}

/// A custom emoji to add.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewEmoji {
    /// Its name, without colons.
    pub name: String,
    /// Its picture: an uploaded file.
    pub media: MediaId,
}
