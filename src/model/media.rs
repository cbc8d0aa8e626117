//! Uploaded files as the chat refers to them; what is known of their types is in `files`.

use super::{MediaId, Timestamp, UserId};

/// An uploaded file as messages and profiles refer to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Media {
    /// Its number.
    pub id: MediaId,
    /// SHA-512 of the stored bytes, hexadecimal.
    pub name: String,
    /// `png`, `jpg`, `pdf` …: the usual ending of its sniffed type.
    pub kind: String,
    /// Who uploaded it.
    pub owner: UserId,
    /// Whether it can be shown as a picture.
    pub is_image: bool,
    /// Bytes.
    pub size: u64,
    /// Pixels, of pictures.
    pub width: Option<u32>,
    /// Pixels, of pictures.
    pub height: Option<u32>,
    /// What its uploader called it.
    pub file_name: Option<String>,
    /// When it was uploaded.
    pub created: Timestamp,
}
