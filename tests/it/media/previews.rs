//! Previews of pictures: their size, who may see them, and what is kept of them.

use std::fs;
use std::path::PathBuf;

use image::{DynamicImage, GenericImageView, ImageFormat};
use serde_json::json;

use super::{path, upload};
use crate::support::{Answer, Client, Person, Server, encoded, people, photo};

/// Returns all kept previews.
fn kept(server: &Server) -> Vec<PathBuf> {
    let Ok(folders) = fs::read_dir(server.data().join("media/previews")) else { return Vec::new() };
    let mut kept: Vec<_> = folders
        .flat_map(|folder| fs::read_dir(folder.unwrap().path()).unwrap())
        .map(|file| file.unwrap().path())
        .collect();
    kept.sort();
    kept
}

/// Returns an answer with this status.
async fn got(client: &Client, path: &str, status: u16) -> Answer {
    let answer = client.get(path).await;
    answer.is_text(status);
    answer
}

async fn seen(person: &Person, path: &str, pixels: u32) -> (String, DynamicImage) {
    let answer = got(person, &format!("{path}/preview?pixels={pixels}"), 200).await;
    let kind = answer.header("content-type").to_owned();
    (kind, image::load_from_memory(&answer.bytes).unwrap())
}

#[tokio::test]
async fn a_preview_is_as_large_as_it_is_shown_and_made_once() {
    let server = Server::start().await;
    let ann = Person::new(&server, "ann").await;
    let picture = photo(2_000, 1_000, ImageFormat::Png);
    let media = upload(&ann, "photo.png", &picture).await;
    let path = path(&media);
    assert!(kept(&server).is_empty());
    for (pixels, size) in [(1, (320, 160)), (321, (640, 320)), (1_280, (1_280, 640))] {
        for _ in 0..2 {
            let (kind, preview) = seen(&ann, &path, pixels).await;
            assert_eq!((&*kind, preview.dimensions()), ("image/jpeg", size), "{pixels}");
        }
    }
    assert_eq!(kept(&server).len(), 3);
    // What nobody could tell from the preview, and all that is larger, is the picture itself.
    let (kind, whole) = seen(&ann, &path, 1_281).await;
    assert_eq!((&*kind, whole.dimensions()), ("image/png", (2_000, 1_000)));
    // Made again when it is lost or damaged.
    for (number, file) in kept(&server).into_iter().enumerate() {
        if number == 0 { fs::remove_file(file).unwrap() } else { fs::write(file, b"").unwrap() }
    }
    assert_eq!(seen(&ann, &path, 320).await.1.dimensions(), (320, 160));
    assert_eq!(seen(&ann, &path, 640).await.1.dimensions(), (640, 320));
}

#[tokio::test]
async fn a_preview_stands_upright() {
    let server = Server::start().await;
    let ann = Person::new(&server, "ann").await;
    // "Turn by 90 degrees", as phones write it before the pixels.
    let mut picture = photo(1_200, 600, ImageFormat::Jpeg);
    let exif = b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0";
    let length = u16::try_from(exif.len() + 2).unwrap().to_be_bytes();
    picture.splice(2..2, [&b"\xff\xe1"[..], &length, exif].concat());
    let media = upload(&ann, "photo.jpg", &picture).await;
    assert_eq!((&media["width"], &media["height"]), (&json!(600), &json!(1_200)));
    assert_eq!(seen(&ann, &path(&media), 640).await.1.dimensions(), (320, 640));
}

#[tokio::test]
async fn what_has_no_preview_is_sent_itself() {
    let server = Server::start().await;
    let ann = Person::new(&server, "ann").await;
    let large = DynamicImage::new_luma8(6_500, 4_000);
    let clear = DynamicImage::new_rgba8(900, 900);
    for (name, bytes) in [
        ("small.png", photo(200, 300, ImageFormat::Png)),
        ("large.png", encoded(&large, ImageFormat::Png)),
        ("smaller.png", encoded(&clear, ImageFormat::Png)),
    ] {
        let media = upload(&ann, name, &bytes).await;
        assert_eq!(media["isImage"], true, "{name}");
        let asked = format!("{}/preview?pixels=320", path(&media));
        let (itself, preview) = (got(&ann, &path(&media), 200).await, got(&ann, &asked, 200).await);
        assert!(preview.bytes.len() <= itself.bytes.len(), "{name}");
        if name == "smaller.png" {
            continue;
        }
        assert_eq!(preview.bytes, itself.bytes, "{name}");
        assert_eq!(preview.header("etag"), itself.header("etag"), "{name}");
    }
    // A known answer is kept too: the large one is not examined again.
    assert!(kept(&server).iter().any(|file| fs::read(file).unwrap() == b"-"));
}

#[tokio::test]
async fn only_pictures_have_previews_and_only_for_those_who_may_see_them() {
    let server = Server::start().await;
    let [ann, ben] = people(&server, ["ann", "ben"]).await;
    let text = path(&upload(&ann, "a.txt", b"no picture").await);
    ann.get(&format!("{text}/preview?pixels=320")).await.fails(404, "media_not_found");
    let picture = path(&upload(&ann, "a.png", &photo(700, 700, ImageFormat::Png)).await);
    let asked = format!("{picture}/preview?pixels=320");
    let first = got(&ann, &asked, 200).await;
    ben.get(&asked).await.fails(404, "media_not_found");
    let tag = first.header("etag");
    assert_ne!(tag, ann.get(&picture).await.header("etag"), "other bytes, another tag");
    got(&ann.with("If-None-Match", tag), &asked, 304).await;
    let part = got(&ann.with("Range", "bytes=0-9"), &asked, 206).await;
    assert_eq!(part.bytes, first.bytes[..10]);
    assert_eq!(part.header("content-range"), format!("bytes 0-9/{}", first.bytes.len()));
    for wrong in ["", "?pixels=", "?pixels=0", "?pixels=-1", "?pixels=65536", "?pixels=wide"] {
        let answer = ann.get(&format!("{picture}/preview{wrong}")).await;
        answer.fails(400, "invalid_request");
    }
}

#[tokio::test]
async fn without_room_for_previews_pictures_are_sent_in_full() {
    let server = Server::start_with(&[("MEDIA__PREVIEW_BYTES", "0")]).await;
    let ann = Person::new(&server, "ann").await;
    let media = upload(&ann, "photo.png", &photo(700, 700, ImageFormat::Png)).await;
    assert_eq!(seen(&ann, &path(&media), 320).await.1.dimensions(), (700, 700));
    assert!(kept(&server).is_empty());
}
