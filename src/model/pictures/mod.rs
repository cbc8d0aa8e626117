//! Pictures without what tells where, when and with what they were taken, or by whom.
//!
//! For each format there is a list of what *stays*: whatever is not needed to show the picture
//! goes, known or not, and everything behind its end. Of Exif the orientation stays, alone.
//! Pictures are gone through piece by piece: however large one is, and whatever it claims to be, it
//! takes no more memory than its largest small part (64 KiB).

mod exif;
mod gif;
mod input;
mod jpeg;
mod png;
#[cfg(test)]
mod tests;
mod webp;

use std::io::{self, BufRead, Cursor, Seek, Write};

use bytes::Bytes;

use super::FileKind;

/// Pixels of the largest picture that is shown: a browser takes four bytes for each.
pub const MAX_PIXELS: u64 = 100_000_000;

/// Pixels, as a picture is shown; neither is 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    /// From left to right.
    pub width: u32,
    /// From top to bottom.
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

    /// Whether a browser should not be asked to show it.
    pub fn is_too_large(self) -> bool {
        self.pixels() > MAX_PIXELS
    }
}

/// A picture as it is stored.
#[derive(Debug, PartialEq, Eq)]
pub struct Picture {
    /// Its bytes without what they told of their making.
    pub bytes: Bytes,
    /// Its pixels.
    pub size: Size,
}

/// Copies a picture of this kind with what stays of it. None: it is no such picture; what was
/// written by then is nothing.
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

/// The same in memory.
pub fn clean_picture(kind: FileKind, bytes: &[u8]) -> Option<Picture> {
    let mut cleaned = Vec::with_capacity(bytes.len());
    let size = copy_picture(kind, &mut Cursor::new(bytes), &mut cleaned).ok()??;
    Some(Picture { bytes: cleaned.into(), size })
}
