//! The type of an uploaded file, detected from its content.

/// How a browser may display a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shown {
    /// As a picture in the page.
    Picture,
    /// As audio or video, played in the page.
    Played,
    /// Only as a download, whatever type it claims to be.
    Downloaded,
}

/// A file type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FileKind {
    /// The usual extension; stored in the database.
    pub ending: &'static str,
    /// The media type to respond with.
    pub mime: &'static str,
    /// How a browser may display it.
    pub shown: Shown,
}

/// File types that a browser may display.
const SAFE: [FileKind; 13] = [
    FileKind { ending: "png", mime: "image/png", shown: Shown::Picture },
    FileKind { ending: "jpg", mime: "image/jpeg", shown: Shown::Picture },
    FileKind { ending: "gif", mime: "image/gif", shown: Shown::Picture },
    FileKind { ending: "webp", mime: "image/webp", shown: Shown::Picture },
    FileKind { ending: "mp4", mime: "video/mp4", shown: Shown::Played },
    FileKind { ending: "m4v", mime: "video/mp4", shown: Shown::Played },
    FileKind { ending: "webm", mime: "video/webm", shown: Shown::Played },
    FileKind { ending: "mp3", mime: "audio/mpeg", shown: Shown::Played },
    FileKind { ending: "m4a", mime: "audio/mp4", shown: Shown::Played },
    FileKind { ending: "ogg", mime: "audio/ogg", shown: Shown::Played },
    // Voice messages: Opus in Ogg.
    FileKind { ending: "opus", mime: "audio/ogg", shown: Shown::Played },
    FileKind { ending: "wav", mime: "audio/wav", shown: Shown::Played },
    FileKind { ending: "flac", mime: "audio/flac", shown: Shown::Played },
];

/// Known extensions; for other files their own name is more informative.
const KNOWN: [&str; 26] = [
    "pdf", "zip", "gz", "tar", "7z", "txt", "html", "xml", "rtf", "doc", "docx", "xls", "xlsx",
    "ppt", "pptx", "odt", "ods", "odp", "heic", "avif", "tif", "mov", "mkv", "avi", "3gp", "epub",
];

/// Text formats, which text may begin like.
const WRITTEN: [&str; 7] = ["html", "xml", "sh", "pdf", "rtf", "ps", "pem"];

/// Number of bytes needed to detect the type.
pub const SNIFFED: usize = 8_192;

impl FileKind {
    /// Detects the type from the start of a file; its name and declared type are ignored.
    pub fn sniff(head: &[u8]) -> Self {
        // Text of any kind; a character cut off at the end does not matter.
        let text = match std::str::from_utf8(head) {
            Ok(_) => true,
            Err(error) => error.error_len().is_none() && head.len() >= SNIFFED,
        };
        let printable =
            text && !head.iter().any(|byte| byte.is_ascii_control() && !byte.is_ascii_whitespace());
        match infer::get(head).map(|found| found.extension()) {
            // Two or three letters at the start do not make a text a picture or a song.
            Some(found) if printable && !WRITTEN.contains(&found) => Self::of("txt"),
            Some("heif") => Self::of("heic"),
            Some(found) => Self::of(found),
            None => match family(head) {
                Some(kind) => Self::of(kind),
                None => Self::of(if text && !head.contains(&0) { "txt" } else { "bin" }),
            },
        }
    }

    /// Returns the type of a stored extension.
    pub fn of(ending: &str) -> Self {
        if let Some(kind) = SAFE.iter().find(|kind| kind.ending == ending) {
            return *kind;
        }
        let ending = KNOWN.iter().find(|known| **known == ending).copied().unwrap_or("bin");
        Self::downloaded(ending)
    }

    /// Returns the type, or that of a download if it is not a valid picture.
    #[must_use]
    pub fn unless_shown(self, is_image: bool) -> Self {
        if self.shown == Shown::Picture && !is_image { Self::downloaded(self.ending) } else { self }
    }

    /// Returns whether it can be a profile picture.
    pub fn is_portrait(self) -> bool {
        matches!(self.ending, "png" | "jpg" | "gif")
    }

    /// Returns whether it can be the picture of a custom emoji.
    pub fn is_emoji(self) -> bool {
        matches!(self.ending, "png" | "jpg" | "gif" | "webp")
    }

    fn downloaded(ending: &'static str) -> Self {
        Self { ending, mime: "application/octet-stream", shown: Shown::Downloaded }
    }
}

/// Detects less common videos and pictures of the MP4 family by their brand.
fn family(head: &[u8]) -> Option<&'static str> {
    match (head.get(4..8)?, head.get(8..11)?) {
        (b"ftyp", b"iso") => Some("mp4"),
        (b"ftyp", b"3gp" | b"3g2") => Some("3gp"),
        (b"ftyp", b"hei" | b"hev") => Some("heic"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_harmless_kinds_are_shown() {
        for (head, ending, shown) in [
            (&b"<!DOCTYPE html><script>"[..], "html", Shown::Downloaded),
            (b"<svg xmlns='http://www.w3.org/2000/svg'>", "txt", Shown::Downloaded),
            (b"<?xml version='1.0'?><svg>", "xml", Shown::Downloaded),
            (b"%PDF-1.7", "pdf", Shown::Downloaded),
            (b"MZ\x90\0", "bin", Shown::Downloaded),
            (b"hello", "txt", Shown::Downloaded),
            (b"", "txt", Shown::Downloaded),
            (b"\0\x01\x02", "bin", Shown::Downloaded),
            (b"GIF89a\x01\0\x01\0", "gif", Shown::Picture),
            (b"ID3\x03\0\0\0\0\0\0", "mp3", Shown::Played),
        ] {
            let kind = FileKind::sniff(head);
            assert_eq!(
                (kind.ending, kind.shown),
                (ending, shown),
                "{}",
                String::from_utf8_lossy(head)
            );
            assert_eq!(kind.mime == "application/octet-stream", shown == Shown::Downloaded);
        }
    }

    #[test]
    fn files_of_phones_and_messengers_are_known() {
        let ogg = |codec: &[u8]| {
            [
                b"OggS\0\x02\0\0\0\0\0\0\0\0\x01\0\0\0\0\0\0\0\0\0\0\0\x01\x13",
                codec,
                b"\x01\x02\x38\x01",
            ]
            .concat()
        };
        let brand = |brand: &[u8]| [b"\0\0\0\x18ftyp", brand, b"\0\0\0\0", brand].concat();
        for (head, ending, mime) in [
            (ogg(b"OpusHead"), "opus", "audio/ogg"),
            (ogg(b"\x01vorbis"), "ogg", "audio/ogg"),
            (brand(b"M4V "), "m4v", "video/mp4"),
            (brand(b"M4A "), "m4a", "audio/mp4"),
            (brand(b"mp42"), "mp4", "video/mp4"),
            (brand(b"iso8"), "mp4", "video/mp4"),
            (brand(b"3gp4"), "3gp", "application/octet-stream"),
            (brand(b"qt  "), "mov", "application/octet-stream"),
            (brand(b"heic"), "heic", "application/octet-stream"),
        ] {
            let kind = FileKind::sniff(&head);
            assert_eq!(
                (kind.ending, kind.mime),
                (ending, mime),
                "{}",
                String::from_utf8_lossy(&head)
            );
        }
    }

    #[test]
    fn a_text_is_a_text_however_it_begins() {
        for text in [
            "BM is a name",
            "BM ",
            "ID3 tags, explained",
            "GIF89a is a format",
            "PK\n",
            "Rar! cried the lion",
            "II*",
            "8BPS",
            "FLV",
            "OggS",
            "MZ",
            "책 BM",
        ] {
            assert_eq!(FileKind::sniff(text.as_bytes()).ending, "txt", "{text}");
        }
        let long = "ID3 가".repeat(4_000);
        assert_eq!(FileKind::sniff(&long.as_bytes()[..SNIFFED]).ending, "txt");
    }

    #[test]
    fn a_picture_that_must_not_be_shown_is_a_download() {
        let kind = FileKind::of("jpg").unless_shown(false);
        assert_eq!(
            (kind.ending, kind.mime, kind.shown),
            ("jpg", "application/octet-stream", Shown::Downloaded)
        );
        assert_eq!(FileKind::of("jpg").unless_shown(true), FileKind::of("jpg"));
        assert_eq!(FileKind::of("mp3").unless_shown(false).shown, Shown::Played);
    }
}
