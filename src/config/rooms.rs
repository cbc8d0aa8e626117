//! `[rooms]` and `[media]`: rooms, messages and uploaded files.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// `administrators` or `everyone`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum EmojiAdders {
    /// Only administrators of the server add custom emoji.
    Administrators,
    /// Everybody but guests adds custom emoji.
    Everyone,
}

/// `[rooms]`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Rooms {
    /// Seconds after the last participant has left until a live room is closed in memory.
    pub idle_timeout_seconds: u64,
    /// Number of recent messages that a live room keeps in memory.
    pub recent_messages: u32,
    /// Maximum length of a message, in Unicode code points.
    pub max_message_chars: usize,
    /// Maximum number of participants of a room for read receipts to everyone. Above it, only the
    /// author of the message receives them.
    pub receipts_up_to: u32,
    /// Maximum number of people online in a room for individual presence and typing events. Above
    /// it, presence events are merged and typing events are dropped.
    pub presence_up_to: u32,
    /// Who may add custom emoji: `administrators` of the server, or `everyone` but guests.
    pub custom_emoji: EmojiAdders,
}

impl Default for Rooms {
    fn default() -> Self {
        Self {
            idle_timeout_seconds: 1800,
            recent_messages: 20,
            max_message_chars: 4000,
            receipts_up_to: 100,
            presence_up_to: 200,
            custom_emoji: EmojiAdders::Administrators,
        }
    }
}

/// `[media]`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Media {
    /// Maximum size of an uploaded file, in bytes.
    pub max_bytes: u64,
    /// Maximum total size of one user's uploads that no message or profile uses yet, in bytes.
    pub max_unused_bytes_per_user: u64,
    /// Free disk space below which uploads are refused, in bytes. Default: 256 MiB, at most a
    /// twentieth of the disk.
    pub min_free_bytes: Option<u64>,
    /// Where uploaded files are kept: `directory`, or a bucket of an S3 server with a prefix,
    /// `s3://BUCKET/PREFIX/`. `[media.s3]` is the server.
    pub store: String,
    /// Directory of the uploaded files, relative to the data directory. If they are kept in a
    /// bucket: directory in which uploads arrive.
    pub directory: PathBuf,
    /// Maximum total size of the previews of pictures, in bytes. They are kept in that directory
    /// and made again when needed; 0: pictures are always sent in full.
    pub preview_bytes: u64,
}

impl Default for Media {
    fn default() -> Self {
        Self {
            max_bytes: 25 * 1024 * 1024,
            max_unused_bytes_per_user: 256 * 1024 * 1024,
            min_free_bytes: None,
            store: DIRECTORY.to_owned(),
            directory: PathBuf::from("media"),
            preview_bytes: 1024 * 1024 * 1024,
        }
    }
}

/// Value of `[media] store` for files in a directory.
pub const DIRECTORY: &str = "directory";

impl Media {
    /// URL of the bucket in which files are kept, if they are in one.
    pub fn bucket(&self) -> Option<&str> {
        (self.store != DIRECTORY).then_some(&*self.store)
    }
}
