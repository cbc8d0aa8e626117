//! Turns the content of a foreign file into records, checked and cleaned like an upload.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use sha2::{Digest, Sha512};

use crate::model::{FileKind, SNIFFED, Shown, Size, Timestamp, clean_file_name, clean_picture};
use crate::store::transfer::{FileRecord, Key, MediaRecord, Record};

/// Size of a part in bytes.
const PART: usize = 768 * 1024;

/// A file of an export.
pub(super) struct Foreign<'f> {
    /// Key of the file in the export.
    pub(super) key: String,
    /// Key of its owner.
    pub(super) owner: Key,
    /// Its file name.
    pub(super) name: &'f str,
    /// Upload time.
    pub(super) created: Timestamp,
    /// Its content, which must not be empty.
    pub(super) bytes: Vec<u8>,
}

impl Foreign<'_> {
    /// The records of its parts, then of the file.
    pub(super) fn records(self) -> Vec<Record> {
        let mut bytes = Bytes::from(self.bytes);
        let mut kind = FileKind::sniff(bytes.get(..SNIFFED).unwrap_or(&bytes));
        let picture = if kind.shown == Shown::Picture { clean_picture(kind, &bytes) } else { None };
        if let Some(picture) = &picture {
            bytes = picture.bytes.clone();
        } else if kind.shown == Shown::Picture {
            kind = FileKind::of("bin");
        }
        // A picture with too many pixels for browsers is cleaned, but offered as a download only.
        let size = picture.map(|picture| picture.size).filter(|size| !size.is_too_large());
        let name = hex::encode(Sha512::digest(&bytes));
        let count = bytes.len().div_ceil(PART);
        let parts = bytes.chunks(PART).zip(0_u32..).map(|(data, part)| {
            let last = part as usize + 1 == count;
            Record::File(FileRecord { name: name.clone(), part, last, data: STANDARD.encode(data) })
        });
        let mut records: Vec<Record> = parts.collect();
        records.push(Record::Media(MediaRecord {
            id: Key::Text(self.key),
            name: name.clone(),
            owner: self.owner,
            kind: kind.ending.to_owned(),
            image: size.is_some(),
            size: i64::try_from(bytes.len()).unwrap_or(i64::MAX),
            width: size.map(|size: Size| size.width),
            height: size.map(|size| size.height),
            file_name: clean_file_name(self.name),
            created: self.created,
        }));
        records
    }
}
