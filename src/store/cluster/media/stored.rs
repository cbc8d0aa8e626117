//! A file as it is stored: in its own row, and in the row of the user whose picture it is.

use serde::{Deserialize, Serialize};

use crate::model::{Media, MediaId, Timestamp, UserId};

/// Version 1 of a stored file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::store::cluster) struct StoredMedia {
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

impl From<&Media> for StoredMedia {
    fn from(media: &Media) -> Self {
        Self {
            id: media.id.0,
            name: media.name.clone(),
            kind: media.kind.clone(),
            owner: media.owner.0,
            is_image: media.is_image,
            size: media.size,
            width: media.width,
            height: media.height,
            file_name: media.file_name.clone(),
            created: media.created.0,
        }
    }
}

impl From<StoredMedia> for Media {
    fn from(stored: StoredMedia) -> Self {
        Self {
            id: MediaId(stored.id),
            name: stored.name,
            kind: stored.kind,
            owner: UserId(stored.owner),
            is_image: stored.is_image,
            size: stored.size,
            width: stored.width,
            height: stored.height,
            file_name: stored.file_name,
            created: Timestamp(stored.created),
        }
    }
}
