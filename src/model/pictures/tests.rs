//! Small real pictures with all kinds of metadata, and broken ones.

use super::*;

macro_rules! fixture {
    ($name:literal) => {
        ($name, include_bytes!(concat!("../../../tests/fixtures/pictures/", $name)) as &[u8])
    };
}

/// Each has 40 × 30 pixels. Those that support it are rotated by 90 degrees.
const PICTURES: [(&str, &[u8]); 9] = [
    fixture!("photo.jpg"),
    fixture!("profile.jpg"),
    fixture!("photo.png"),
    fixture!("film.png"),
    fixture!("photo.webp"),
    fixture!("profile.webp"),
    fixture!("film.webp"),
    fixture!("drawing.gif"),
    fixture!("film.gif"),
];

/// Metadata about the author, in Exif, XMP, IPTC, comments, content credentials, private parts, and
/// after the end.
const TELLTALES: [&str; 5] =
    ["PHONE MODEL 9", "ANN AUTHOR", "SECRET PLACE", "2024:01:02", "Berlin"];

fn kind(name: &str) -> FileKind {
    FileKind::of(name.rsplit('.').next().unwrap())
}

fn holds(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|part| part == text.as_bytes())
}

#[test]
fn pictures_lose_what_tells_on_people_and_keep_what_shows_them() {
    for (name, bytes) in PICTURES {
        assert_eq!(FileKind::sniff(bytes), kind(name), "{name}");
        let clean = clean_picture(kind(name), bytes).unwrap();
        assert!(TELLTALES.iter().any(|text| holds(bytes, text)), "{name}");
        for text in TELLTALES {
            assert!(!holds(&clean.bytes, text), "{name}: {text}");
        }
        let is_turned = clean.bytes.windows(26).any(|part| part == exif::only(6));
        assert_eq!(is_turned, !name.ends_with("gif"), "{name}: the orientation");
        // Browsers rotate JPEG and PNG by their Exif, and never WebP.
        let sideways = name.ends_with("jpg") || name.ends_with("png");
        assert_eq!(
            (clean.size.width, clean.size.height),
            if sideways { (30, 40) } else { (40, 30) },
            "{name}"
        );
        assert_eq!(
            clean_picture(kind(name), &clean.bytes).as_ref(),
            Some(&clean),
            "{name}: cleaning again changes nothing"
        );
    }
}

#[test]
fn colour_profiles_and_animations_stay() {
    for (name, part) in [
        ("profile.jpg", &b"ICC_PROFILE\0"[..]),
        ("profile.webp", b"ICCP"),
        ("film.png", b"acTL"),
        ("film.png", b"fdAT"),
        ("film.webp", b"ANIM"),
        ("film.webp", b"ANMF"),
        ("film.gif", b"NETSCAPE2.0\x03\x01\x03\0\0"),
        ("film.gif", b"\x21\xf9\x04"),
    ] {
        let bytes = PICTURES.iter().find(|picture| picture.0 == name).unwrap().1;
        let clean = clean_picture(kind(name), bytes).unwrap();
        assert!(
            clean.bytes.windows(part.len()).any(|seen| seen == part),
            "{name}: {}",
            String::from_utf8_lossy(part)
        );
    }
}

#[test]
fn no_picture_however_cut_or_changed_does_more_than_fail() {
    for (name, bytes) in PICTURES {
        for end in (0..bytes.len()).step_by(3) {
            if let Some(clean) = clean_picture(kind(name), &bytes[..end]) {
                assert!(clean.bytes.len() <= end + 64, "{name} cut at {end}");
            }
        }
        for at in (0..bytes.len().min(1_500)).step_by(5) {
            for change in [0x00, 0x01, 0x7f, 0xff] {
                let mut changed = bytes.to_vec();
                changed[at] = change;
                if let Some(clean) = clean_picture(kind(name), &changed) {
                    assert!(clean.bytes.len() <= bytes.len() + 64, "{name} changed at {at}");
                }
            }
        }
    }
}

#[test]
fn what_only_begins_like_a_picture_is_none() {
    for (ending, bytes) in [
        ("jpg", &b"\xff\xd8\xff\xe0"[..]),
        ("jpg", b"\xff\xd8\xff\xd9"),
        ("png", b"\x89PNG\r\n\x1a\n\0\0"),
        ("webp", b"RIFF\x04\0\0\0WEBP"),
        ("webp", b"RIFF\x0c\0\0\0WEBPXXXX\0\0\0\0"),
        ("gif", b"GIF89a"),
        ("gif", b"GIF89a\x28\0\x1e\0\0\0\0;"),
        ("gif", b"GIF89a\x28\0\x1e\0\0\0\0alert(1)"),
        ("pdf", b"%PDF-1.7"),
    ] {
        assert_eq!(clean_picture(FileKind::of(ending), bytes), None, "{ending}");
    }
}

#[test]
fn a_jpeg_of_nothing_but_empty_segments_is_no_picture() {
    let mut bytes = vec![0xff, 0xd8];
    bytes.extend([0xff, 0xdb, 0, 2].repeat(1_000_000));
    assert_eq!(clean_picture(FileKind::of("jpg"), &bytes), None);
}

#[test]
fn more_pixels_than_a_browser_should_hold_are_told() {
    let png = |width: u32, height: u32| {
        let mut bytes = PICTURES[2].1.to_vec();
        bytes[16..20].copy_from_slice(&width.to_be_bytes());
        bytes[20..24].copy_from_slice(&height.to_be_bytes());
        clean_picture(FileKind::of("png"), &bytes).map(|picture| picture.size.is_too_large())
    };
    assert_eq!(
        (png(10_000, 10_000), png(10_001, 10_000), png(1 << 31, 1 << 31)),
        (Some(false), Some(true), Some(true))
    );
    assert_eq!((png(0, 10), png(10, 0)), (None, None));
}

#[test]
fn a_gif_keeps_the_timing_of_its_images_and_loses_that_of_its_texts() {
    let head = b"GIF89a\x02\0\x02\0\0\0\0";
    let image = b"\x2c\0\0\0\0\x02\0\x02\0\0\x02\x02\x84\x51\0";
    let control = |delay: u8| [0x21, 0xf9, 4, 0, delay, 0, 0, 0];
    let comment = b"\x21\xfe\x05hello\0";
    let text = b"\x21\x01\x0c\0\0\0\0\x02\0\x02\0\x01\x01\0\0\x02hi\0";
    let bytes =
        [&head[..], &control(7), comment, image, &control(9), text, image, b"more"].concat();
    let clean = clean_picture(FileKind::of("gif"), &bytes).unwrap();
    assert_eq!(clean.bytes, [&head[..], &control(7), image, image, b";"].concat());
}
