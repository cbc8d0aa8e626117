//! What an uploaded file is, judged by its own bytes, and what must not stay in it.
//!
//! Pictures that browsers show lose everything that tells where and with what they were taken (Exif but for its orientation, XMP, IPTC, comments).

use bytes::Bytes;
use img_parts::jpeg::{Jpeg, markers};
use img_parts::png::Png;
use img_parts::webp::WebP;
use img_parts::{DynImage, ImageEXIF, ImageICC};

/// How a file may be handed to a browser.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shown {
    /// A picture in the page.
    Picture,
    /// Sound or film, played in the page.
    Played,
    /// Only as a download, whatever it claims to be.
    Downloaded,
}

/// A type of files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FileKind {
    /// The usual ending; what is stored.
    pub ending: &'static str,
    /// The media type to answer with.
    pub mime: &'static str,
    /// What a browser may do with it.
    pub shown: Shown,
}

/// Everything that a browser may do more with than download.
const SAFE: [FileKind; 11] = [
    FileKind { ending: "png", mime: "image/png", shown: Shown::Picture },
    FileKind { ending: "jpg", mime: "image/jpeg", shown: Shown::Picture },
    FileKind { ending: "gif", mime: "image/gif", shown: Shown::Picture },
    FileKind { ending: "webp", mime: "image/webp", shown: Shown::Picture },
    FileKind { ending: "mp4", mime: "video/mp4", shown: Shown::Played },
    FileKind { ending: "webm", mime: "video/webm", shown: Shown::Played },
    FileKind { ending: "mp3", mime: "audio/mpeg", shown: Shown::Played },
    FileKind { ending: "m4a", mime: "audio/mp4", shown: Shown::Played },
    FileKind { ending: "ogg", mime: "audio/ogg", shown: Shown::Played },
    FileKind { ending: "wav", mime: "audio/wav", shown: Shown::Played },
    FileKind { ending: "flac", mime: "audio/flac", shown: Shown::Played },
];

/// Bytes that are enough to tell what a file is.
pub const SNIFFED: usize = 8_192;

impl FileKind {
    /// Judges the beginning of a file; its name and what the uploader says of it count for nothing.
    pub fn sniff(head: &[u8]) -> Self {
        if let Some(found) = infer::get(head) {
            return Self::of(found.extension());
        }
        // Text of whatever kind; cut in the middle of a character it is text all the same.
        let text = match std::str::from_utf8(head) {
            Ok(_) => true,
            Err(error) => error.error_len().is_none() && head.len() >= SNIFFED,
        };
        Self::of(if text && !head.contains(&0) { "txt" } else { "bin" })
    }

    /// The type of a stored ending.
    pub fn of(ending: &str) -> Self {
        if let Some(kind) = SAFE.iter().find(|kind| kind.ending == ending) {
            return *kind;
        }
        let ending = KNOWN.iter().find(|known| **known == ending).copied().unwrap_or("bin");
        Self { ending, mime: "application/octet-stream", shown: Shown::Downloaded }
    }

    /// Whether it can be a profile picture.
    pub fn is_portrait(self) -> bool {
        matches!(self.ending, "png" | "jpg" | "gif")
    }
}

/// Endings that say something to people; of what else there is, the file's own name tells more.
const KNOWN: [&str; 16] = ["pdf", "zip", "gz", "tar", "7z", "txt", "html", "xml", "doc", "docx", "xls", "xlsx", "ppt", "pptx", "heic", "epub"];

/// A picture as it is stored.
#[derive(Debug, PartialEq, Eq)]
pub struct Picture {
    /// Its bytes without what they told of their making.
    pub bytes: Bytes,
    /// Pixels, as it is shown.
    pub width: u32,
    /// Pixels, as it is shown.
    pub height: u32,
}

/// Cleans a picture of this kind. None: it is none.
pub fn clean_picture(kind: FileKind, bytes: Bytes) -> Option<Picture> {
    match kind.ending {
        "jpg" => jpeg(bytes),
        "png" => png(bytes),
        "webp" => webp(bytes),
        "gif" => gif(bytes),
        _ => None,
    }
}

fn jpeg(bytes: Bytes) -> Option<Picture> {
    let mut jpeg = Jpeg::from_bytes(bytes).ok()?;
    let (width, height) = jpeg.dimensions()?;
    let turned = jpeg.exif().and_then(|exif| orientation(&exif));
    let profile = jpeg.icc_profile();
    // What is needed to show it stays: the frame, the tables, JFIF (APP0) and Adobe's colours (APP14).
    let kept = |marker: u8| !(markers::APP1..=markers::APP15).contains(&marker) || marker == markers::APP14;
    jpeg.segments_mut().retain(|segment| kept(segment.marker()) && segment.marker() != markers::COM);
    jpeg.set_icc_profile(profile);
    if let Some(turned) = turned {
        jpeg.set_exif(Some(only_orientation(turned)));
    }
    let sideways = turned.is_some_and(|turned| turned >= 5);
    let (width, height) = if sideways { (height, width) } else { (width, height) };
    let whole = jpeg.encoder().bytes();
    // After the end of the picture phones keep films and further pictures, with places of their own.
    let end = end_of_jpeg(&whole).unwrap_or(whole.len());
    Some(Picture { bytes: whole.slice(..end), width: width.into(), height: height.into() })
}

/// Where the first picture of a JPEG file ends, its EOI marker included.
fn end_of_jpeg(bytes: &[u8]) -> Option<usize> {
    let mut at = 2;
    loop {
        at += bytes.get(at..)?.iter().position(|byte| *byte == 0xff)?;
        match *bytes.get(at + 1)? {
            markers::EOI => return Some(at + 2),
            // Stuffed bytes, restarts and fill bytes belong to the scan.
            0 | 0xd0..=0xd7 => at += 2,
            0xff => at += 1,
            _ => at += 2 + usize::from(u16::from_be_bytes(bytes.get(at + 2..at + 4)?.try_into().ok()?)),
        }
    }
}

fn png(bytes: Bytes) -> Option<Picture> {
    let mut png = Png::from_bytes(bytes).ok()?;
    let (width, height) = png.dimensions()?;
    png.chunks_mut().retain(|chunk| !matches!(&chunk.kind(), b"eXIf" | b"tEXt" | b"iTXt" | b"zTXt" | b"tIME"));
    Some(Picture { bytes: png.encoder().bytes(), width, height })
}

fn webp(bytes: Bytes) -> Option<Picture> {
    let mut webp = WebP::from_bytes(bytes).ok()?;
    let (width, height) = webp.dimensions()?;
    webp.remove_chunks_by_id(*b"XMP ");
    let mut image = DynImage::from(webp);
    image.set_exif(None);
    Some(Picture { bytes: image.encoder().bytes(), width, height })
}

/// GIFs have no Exif; their size stands behind the signature.
fn gif(bytes: Bytes) -> Option<Picture> {
    let size = |at: usize| Some(u32::from(u16::from_le_bytes(bytes.get(at..at + 2)?.try_into().ok()?)));
    let (width, height) = (size(6)?, size(8)?);
    Some(Picture { bytes, width, height })
}

/// How the picture is to be turned, 2 to 8; None: not at all.
fn orientation(exif: &[u8]) -> Option<u8> {
    let fields = exif::Reader::new().read_raw(exif.to_vec()).ok()?;
    let value = fields.get_field(exif::Tag::Orientation, exif::In::PRIMARY)?.value.get_uint(0)?;
    u8::try_from(value).ok().filter(|value| (2..=8).contains(value))
}

/// Exif of one field: a TIFF header, one directory, one entry (tag 0x0112, one SHORT).
fn only_orientation(value: u8) -> Bytes {
    let head = [b'M', b'M', 0, 42, 0, 0, 0, 8, 0, 1, 0x01, 0x12, 0, 3, 0, 0, 0, 1, 0];
    head.into_iter().chain([value, 0, 0, 0, 0, 0, 0]).collect::<Vec<_>>().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLACE: &[u8] = b"52.5N 13.4E";

    fn segment(marker: u8, contents: &[u8]) -> Vec<u8> {
        let length = u16::try_from(contents.len() + 2).unwrap().to_be_bytes();
        [&[0xff, marker], &length[..], contents].concat()
    }

    /// Not a picture of anything, but put together like one: 40 wide, 30 high, turned by 90 degrees.
    fn photo() -> Bytes {
        let mut exif = b"Exif\0\0".to_vec();
        // Two entries: the orientation 6, and an ASCII field that holds the place.
        exif.extend([b'M', b'M', 0, 42, 0, 0, 0, 8, 0, 2, 0x01, 0x0f, 0, 2, 0, 0, 0, 11, 0, 0, 0, 38, 0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, 6, 0, 0, 0, 0, 0, 0]);
        exif.extend(PLACE);
        let frame = [8, 0, 30, 0, 40, 1, 1, 0x11, 0];
        let parts = [
            vec![0xff, 0xd8],
            segment(0xe0, b"JFIF\0\x01\x01\0\0\x01\0\x01\0\0"),
            segment(0xe1, &exif),
            segment(0xe1, &[b"http://ns.adobe.com/xap/1.0/\0", PLACE].concat()),
            segment(0xed, &[b"Photoshop 3.0\0", PLACE].concat()),
            segment(0xfe, PLACE),
            segment(0xc0, &frame),
            segment(0xda, &[1, 1, 0, 0, 63, 0]),
            vec![1, 2, 3, 0xff, 0xd9],
            PLACE.to_vec(),
        ];
        parts.concat().into()
    }

    fn tells_place(bytes: &[u8]) -> bool {
        bytes.windows(PLACE.len()).any(|part| part == PLACE)
    }

    #[test]
    fn photos_lose_their_place_and_keep_their_orientation() {
        let photo = photo();
        assert!(tells_place(&photo));
        assert_eq!(FileKind::sniff(&photo).ending, "jpg");
        let clean = clean_picture(FileKind::of("jpg"), photo).unwrap();
        assert!(!tells_place(&clean.bytes), "{:?}", clean.bytes);
        assert_eq!((clean.width, clean.height), (30, 40), "as it is shown");
        let exif = Jpeg::from_bytes(clean.bytes.clone()).unwrap().exif().unwrap();
        assert_eq!(orientation(&exif), Some(6));
        assert!(clean.bytes.windows(5).any(|part| part == [1, 2, 3, 0xff, 0xd9]), "the picture itself is whole");
        assert_eq!(clean_picture(FileKind::of("jpg"), clean.bytes.clone()), Some(clean), "cleaning again changes nothing");
    }

    #[test]
    fn other_pictures_lose_it_too() {
        let chunk = |kind: [u8; 4], contents: &[u8]| img_parts::png::PngChunk::new(kind, Bytes::copy_from_slice(contents)).encoder().bytes();
        let header = [0, 0, 0, 40, 0, 0, 0, 30, 8, 6, 0, 0, 0];
        let png = [
            Bytes::from_static(b"\x89PNG\r\n\x1a\n"),
            chunk(*b"IHDR", &header),
            chunk(*b"eXIf", PLACE),
            chunk(*b"iTXt", PLACE),
            chunk(*b"IDAT", b"pixels"),
            chunk(*b"IEND", b""),
        ];
        let clean = clean_picture(FileKind::sniff(&png.concat()), png.concat().into()).unwrap();
        assert!(!tells_place(&clean.bytes) && (clean.width, clean.height) == (40, 30));
        assert!(clean.bytes.windows(6).any(|part| part == b"pixels"));
        let part = |id: &[u8; 4], contents: &[u8]| {
            let mut part = [id, &u32::try_from(contents.len()).unwrap().to_le_bytes()[..], contents].concat();
            part.extend(vec![0; contents.len() % 2]);
            part
        };
        let body = [
            b"WEBP".to_vec(),
            part(b"VP8X", &[0x0c, 0, 0, 0, 39, 0, 0, 29, 0, 0]),
            part(b"VP8 ", &[0x30, 0, 0, 0x9d, 1, 0x2a, 40, 0, 30, 0]),
            part(b"EXIF", PLACE),
            part(b"XMP ", PLACE),
        ]
        .concat();
        let webp = part(b"RIFF", &body);
        let clean = clean_picture(FileKind::sniff(&webp), webp.into()).unwrap();
        assert!(!tells_place(&clean.bytes) && (clean.width, clean.height) == (40, 30));
        let gif = Bytes::from_static(b"GIF89a\x28\0\x1e\0\0\0\0;");
        let clean = clean_picture(FileKind::sniff(&gif), gif.clone()).unwrap();
        assert_eq!((clean.bytes, clean.width, clean.height), (gif, 40, 30));
    }

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
            assert_eq!((kind.ending, kind.shown), (ending, shown), "{}", String::from_utf8_lossy(head));
            assert_eq!(kind.mime == "application/octet-stream", shown == Shown::Downloaded);
        }
    }

    #[test]
    fn what_only_begins_like_a_picture_is_none() {
        for (ending, bytes) in [("jpg", &b"\xff\xd8\xff\xe0"[..]), ("png", b"\x89PNG\r\n\x1a\n\0\0"), ("webp", b"RIFF\x04\0\0\0WEBP"), ("gif", b"GIF89a")] {
            assert_eq!(clean_picture(FileKind::of(ending), Bytes::from_static(bytes)), None, "{ending}");
        }
    }
}
