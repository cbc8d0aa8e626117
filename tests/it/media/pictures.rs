//! Stored files, examined with another program.

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::json;

use super::{path, stored, upload};
use crate::support::{Json, Person, Server};

/// Groups that exiftool may still find: the type, the meaning of colours, the orientation.
const STAYS: [&str; 5] = ["SourceFile", "ExifTool", "File", "Composite", "ICC"];
/// Names that it may find in the groups of the formats.
const FACTS: [&str; 39] = [
    "IFD0:Orientation",
    "JFIF:JFIFVersion",
    "JFIF:ResolutionUnit",
    "JFIF:XResolution",
    "JFIF:YResolution",
    "PNG:ImageWidth",
    "PNG:ImageHeight",
    "PNG:BitDepth",
    "PNG:ColorType",
    "PNG:Compression",
    "PNG:Filter",
    "PNG:Interlace",
    "PNG:AnimationFrames",
    "PNG:AnimationPlays",
    "PNG:Palette",
    "PNG:Transparency",
    "GIF:GIFVersion",
    "GIF:ImageWidth",
    "GIF:ImageHeight",
    "GIF:HasColorMap",
    "GIF:ColorResolutionDepth",
    "GIF:BitsPerPixel",
    "GIF:BackgroundColor",
    "GIF:AnimationIterations",
    "GIF:TransparentColor",
    "GIF:TransparencyColor",
    "GIF:FrameCount",
    "GIF:Duration",
    "RIFF:WebP_Flags",
    "RIFF:WebPFlags",
    "RIFF:ImageWidth",
    "RIFF:ImageHeight",
    "RIFF:VP8Version",
    "RIFF:HorizontalScale",
    "RIFF:VerticalScale",
    "RIFF:BackgroundColor",
    "RIFF:AnimationLoopCount",
    "RIFF:Duration",
    "RIFF:AlphaPreprocessing",
];

/// Returns everything that exiftool finds in a file.
fn told(path: &Path) -> Json {
    let said = Command::new("exiftool")
        .args(["-j", "-G1", "-a", "-u", "-ee3"])
        .arg(path)
        .output()
        .expect("exiftool (libimage-exiftool-perl)");
    let all: Json = serde_json::from_slice(&said.stdout)
        .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&said.stderr)));
    all[0].clone()
}

fn fixture(name: &str) -> Vec<u8> {
    fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name)).unwrap()
}

#[tokio::test]
async fn pictures_tell_nobody_where_when_and_with_what_they_were_taken() {
    let server = Server::start().await;
    let ann = Person::new(&server, "ann").await;
    for (name, width, height) in [
        ("photo.jpg", 30, 40),
        ("profile.jpg", 30, 40),
        ("photo.png", 30, 40),
        ("film.png", 30, 40),
        ("photo.webp", 40, 30),
        ("profile.webp", 40, 30),
        ("film.webp", 40, 30),
        ("drawing.gif", 40, 30),
        ("film.gif", 40, 30),
    ] {
        let bytes = fixture(&format!("pictures/{name}"));
        let media = upload(&ann, name, &bytes).await;
        assert_eq!(
            (&media["isImage"], &media["width"], &media["height"]),
            (&json!(true), &json!(width), &json!(height)),
            "{name}"
        );
        let told = told(&stored(&server.data().join("media"), media["name"].as_str().unwrap()));
        for key in told.as_object().unwrap().keys() {
            let group = key.split([':', '-', '_']).next().unwrap();
            let stays = STAYS.contains(&group)
                || key.starts_with("System:")
                || FACTS.contains(&key.as_str());
            assert!(stays && !key.ends_with("Warning"), "{name} tells {key}: {}", told[key]);
        }
        let turned = told.get("IFD0:Orientation").is_some_and(|turn| turn == "Rotate 90 CW");
        assert_eq!(turned, !name.ends_with("gif"), "{name}: {told}");
        let answer = ann.get(&path(&media)).await;
        assert_eq!(json!(answer.bytes.len()), media["size"], "{name}");
    }
}

#[tokio::test]
async fn files_of_phones_and_messengers_are_what_they_are() {
    let server = Server::start().await;
    let ann = Person::new(&server, "ann").await;
    for (name, kind, mime, how) in [
        ("voice.ogg", "opus", "audio/ogg", "inline"),
        ("music.ogg", "ogg", "audio/ogg", "inline"),
        ("film.m4v", "m4v", "video/mp4", "inline"),
        ("photo.heic", "heic", "application/octet-stream", "attachment"),
    ] {
        let media = upload(&ann, name, &fixture(&format!("files/{name}"))).await;
        let answer = ann.get(&path(&media)).await;
        assert_eq!(
            (media["type"].as_str().unwrap(), answer.header("content-type")),
            (kind, mime),
            "{name}"
        );
        assert!(answer.header("content-disposition").starts_with(how), "{name}");
    }
    for text in ["BM is short for bowel movement", "ID3 tags, and how to read them", "GIF89a"] {
        assert_eq!(upload(&ann, "", text.as_bytes()).await["type"], "txt", "{text}");
    }
}

#[tokio::test]
async fn a_picture_of_too_many_pixels_is_a_download_and_no_profile_picture() {
    let server = Server::start().await;
    let ann = Person::new(&server, "ann").await;
    let large = |width: u32, height: u32| {
        let mut bytes = fixture("pictures/photo.png");
        bytes[16..20].copy_from_slice(&width.to_be_bytes());
        bytes[20..24].copy_from_slice(&height.to_be_bytes());
        bytes
    };
    for (width, height) in [(10_001, 10_000), (1 << 31, 1 << 31)] {
        let media = upload(&ann, "large.png", &large(width, height)).await;
        assert_eq!(
            (&media["isImage"], media.get("width"), &media["type"]),
            (&json!(false), None, &json!("png"))
        );
        let answer = ann.get(&path(&media)).await;
        assert_eq!(answer.header("content-type"), "application/octet-stream");
        assert!(answer.header("content-disposition").starts_with("attachment"));
        assert!(!answer.bytes.windows(5).any(|part| part == b"PHONE"), "cleaned all the same");
        assert_eq!(
            ann.patch("/api/users/me", json!({"mediaId": media["id"]}))
                .await
                .fails(400, "invalid_request")["field"],
            "mediaId"
        );
    }
    assert_eq!(upload(&ann, "", &large(10_000, 10_000)).await["isImage"], true);
}
