//! Removes from pictures where, when, by whom and with which device they were taken.
//!
//! For each format there is a list of what is *kept*: everything not needed to display the picture
//! is removed, known or not, and everything after its end. Only the orientation is kept of Exif.
//! Pictures are processed piece by piece: regardless of its size and of what it claims, a picture
//! takes no more memory than its largest small part (64 KiB).

mod exif;
mod gif;
mod icon;
mod input;
mod jpeg;
mod png;
mod preview;
#[cfg(test)]
mod tests;
mod webp;

use std::io::{self, BufRead, Cursor, Seek, Write};

use bytes::Bytes;

use super::FileKind;

pub use icon::{ICON_SIDES, IconPurpose, icon, icon_of};
pub use preview::{MAX_SIDE, Preview, Thumbnail, preview, side_for, thumbnail};

/// Maximum number of pixels of a displayed picture: a browser takes four bytes for each.
pub const MAX_PIXELS: u64 = 100_000_000;

/// Dimensions of a displayed picture; neither is 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    /// Width in pixels.
    pub width: u32,
    /// Height in pixels.
    pub height: u32,
}

impl Size {
    fn new(width: u32, height: u32) -> Option<Self> {
        (width > 0 && height > 0).then_some(Self { width, height })
    }

    fn sideways(self) -> Self {
        Self { width: self.height, height: self.width }
    }

    fn pixels(self) -> u64 {
        u64::from(self.width) * u64::from(self.height)
    }

    /// Returns whether a browser should not be asked to display it.
    pub fn is_too_large(self) -> bool {
        self.pixels() > MAX_PIXELS
    }
}

/// A picture as it is stored.
#[derive(Debug, PartialEq, Eq)]
pub struct Picture {
    /// Its bytes without metadata.
    pub bytes: Bytes,
    /// Its dimensions.
    pub size: Size,
}

/// Copies a picture of this kind without metadata. None: it is not such a picture; anything written
/// until then is invalid.
pub fn copy_picture(
    kind: FileKind,
    from: &mut (impl BufRead + Seek),
    to: &mut impl Write,
) -> io::Result<Option<Size>> {
    let cleaned = match kind.ending {
        "jpg" => jpeg::clean(from, to),
        "png" => png::clean(from, to),
        "webp" => webp::clean(from, to),
        "gif" => gif::clean(from, to),
        _ => Err(input::broken()),
    };
    match cleaned {
        Err(error) if input::is_broken(&error) => Ok(None),
        cleaned => cleaned.map(Some),
    }
}

/// Removes metadata from a picture in memory.
pub fn clean_picture(kind: FileKind, bytes: &[u8]) -> Option<Picture> {
    let mut cleaned = Vec::with_capacity(bytes.len());
    let size = copy_picture(kind, &mut Cursor::new(bytes), &mut cleaned).ok()??;
    Some(Picture { bytes: cleaned.into(), size })
}
