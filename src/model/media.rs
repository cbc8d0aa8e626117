//! Uploaded files as the chat refers to them; their types are in `files`.

use super::{MediaId, Timestamp, UserId};

/// An uploaded file as messages and profiles refer to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Media {
    /// Its number.
    pub id: MediaId,
    /// SHA-512 of the stored bytes in hexadecimal.
    pub name: String,
    /// The usual extension of its detected type: `png`, `jpg`, `pdf` …
    pub kind: String,
    /// The user who uploaded it.
    pub owner: UserId,
    /// Whether it can be displayed as a picture.
    pub is_image: bool,
    /// Bytes.
    pub size: u64,
    /// Pixels, of pictures.
    pub width: Option<u32>,
    /// Pixels, of pictures.
    pub height: Option<u32>,
    /// File name given by the uploader.
    pub file_name: Option<String>,
    /// Time of the upload.
    pub created: Timestamp,
}
