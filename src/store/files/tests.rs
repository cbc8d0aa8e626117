//! Files in a directory: arriving, kept, removed and restored.

use std::io::{self, Write};
use std::time::Duration;

use futures_util::TryStreamExt;

use super::incoming::UNFINISHED;
use super::{FileStream, Files, Listed, Pages, Spool, kept, place};
use crate::model::Timestamp;

fn open(root: &std::path::Path) -> Files {
    let files = Files::in_directory(root);
    files.prepare(Spool::Own).unwrap();
    files
}

async fn put(files: &Files, name: &str, bytes: &[u8]) {
    let mut incoming = files.begin().await.unwrap();
    incoming.write(bytes).await.unwrap();
    incoming.keep(name).await.unwrap();
}

async fn bytes(found: Option<FileStream>) -> Option<Vec<u8>> {
    let parts: Vec<_> = found?.try_collect().await.unwrap();
    Some(parts.concat())
}

async fn names(pages: Pages<'_>) -> Vec<String> {
    let pages: Vec<Vec<Listed>> = pages.try_collect().await.unwrap();
    let mut names: Vec<_> = pages.concat().into_iter().map(|listed| listed.name).collect();
    names.sort();
    names
}

#[tokio::test]
async fn what_is_kept_is_there_and_what_is_not_leaves_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let files = open(dir.path());
    let name = "ab".repeat(64);
    let mut incoming = files.begin().await.unwrap();
    incoming.write(b"some ").await.unwrap();
    incoming.write(b"bytes").await.unwrap();
    let seen = incoming.rewrite(|from, to| {
        io::copy(from, to)?;
        to.write_all(b"!")?;
        Ok(None::<()>)
    });
    assert_eq!(seen.await.unwrap(), None, "left as it is");
    assert!(
        incoming
            .rewrite(|_, _| -> io::Result<Option<()>> { panic!("a fault of the reader") })
            .await
            .unwrap()
            .is_none()
    );
    let read = incoming.rewrite(|from, to| {
        let read = io::read_to_string(from)?;
        to.write_all(b"other")?;
        Ok(Some(read))
    });
    assert_eq!(read.await.unwrap().as_deref(), Some("some bytes"));
    incoming.write(b" bytes").await.unwrap();
    incoming.keep(&name).await.unwrap();
    assert_eq!(bytes(files.read(&name, 0..11, 11).await.unwrap()).await.unwrap(), b"other bytes");
    assert_eq!(bytes(files.read(&name, 6..8, 11).await.unwrap()).await.unwrap(), b"by");
    let mut dropped = files.begin().await.unwrap();
    dropped.write(b"x").await.unwrap();
    drop(dropped);
    assert_eq!(std::fs::read_dir(dir.path().join(UNFINISHED)).unwrap().count(), 0);
    let listed: Vec<_> = files.kept().try_concat().await.unwrap();
    assert_eq!((listed.len(), listed[0].bytes), (1, 11));
    assert!(listed[0].at <= Timestamp::now());
    for _ in 0..2 {
        files.discard(std::slice::from_ref(&name)).await.unwrap();
    }
    assert!(kept(dir.path()).unwrap().is_empty());
    assert!(files.read(&name, 0..11, 11).await.unwrap().is_some(), "out of the trash again");
    assert_eq!(kept(dir.path()).unwrap(), [name]);
    for bad in ["", "../../etc/passwd", &"AB".repeat(64), &"zz".repeat(64)] {
        assert!(files.read(bad, 0..1, 1).await.unwrap().is_none(), "{bad}");
        assert!(!files.has(bad).await.unwrap(), "{bad}");
        assert!(files.begin().await.unwrap().keep(bad).await.is_err(), "{bad}");
    }
}

#[tokio::test]
async fn what_a_crash_has_left_goes_at_the_next_start() {
    let dir = tempfile::tempdir().unwrap();
    let files = open(dir.path());
    let left = files.begin().await.unwrap();
    let path = left.path().to_owned();
    std::mem::forget(left);
    // It may be another server's upload.
    files.prepare(Spool::Shared).unwrap();
    assert!(path.exists());
    let old = std::time::SystemTime::now() - Duration::from_hours(2);
    std::fs::File::options().write(true).open(&path).unwrap().set_modified(old).unwrap();
    files.prepare(Spool::Shared).unwrap();
    assert!(!path.exists());
    let left = files.begin().await.unwrap();
    let path = left.path().to_owned();
    std::mem::forget(left);
    files.prepare(Spool::Own).unwrap();
    assert!(!path.exists());
}

#[tokio::test]
async fn what_was_removed_comes_back_until_its_time_is_over() {
    let dir = tempfile::tempdir().unwrap();
    let (root, files) = (dir.path(), open(dir.path()));
    let all = [1, 2, 3].map(|n| format!("{n:02x}").repeat(64));
    for name in &all {
        put(&files, name, name.as_bytes()).await;
    }
    files.discard(&all[..2]).await.unwrap();
    files.discard(&["../../x".to_owned(), "77".repeat(64)]).await.unwrap();
    assert_eq!(names(files.thrown()).await, all[..2]);
    assert_eq!(names(files.kept()).await, all[2..]);
    assert_eq!(files.take_back(&all[..1]).await.unwrap(), 1);
    assert_eq!(files.take_back(&all).await.unwrap(), 1, "the second; the others are there");
    assert!(names(files.thrown()).await.is_empty());
    files.discard(&all).await.unwrap();
    put(&files, &all[0], b"again").await;
    assert_eq!(files.take_back(&all[..1]).await.unwrap(), 0, "it was put again");
    let trash = root.join("trash");
    std::fs::create_dir(trash.join("notes")).unwrap();
    let day = trash.join("2020-01-01");
    std::fs::create_dir(&day).unwrap();
    std::fs::write(day.join(&all[2]), "old").unwrap();
    let month_ago = Timestamp::now().minus(super::KEPT_FOR);
    let thrown: Vec<_> = files.thrown().try_concat().await.unwrap();
    let old: Vec<_> = thrown.iter().filter(|file| file.at <= month_ago).collect();
    assert_eq!((thrown.len(), old.len(), old[0].name.as_str()), (4, 1, all[2].as_str()));
    files.forget(&all, month_ago).await.unwrap();
    assert!(!day.exists() && trash.join("notes").exists());
    assert_eq!(names(files.thrown()).await, all, "removed today");
    files.forget(&all, Timestamp::now().plus(Duration::from_hours(24))).await.unwrap();
    assert!(names(files.thrown()).await.is_empty());
    assert!(place(root, &all[0]).unwrap().exists());
}

#[tokio::test]
async fn a_mark_counts_once() {
    let dir = tempfile::tempdir().unwrap();
    let files = open(dir.path());
    assert!(!files.take_mark("remove-anyway").await.unwrap());
    std::fs::write(files.url("remove-anyway"), "").unwrap();
    assert!(files.take_mark("remove-anyway").await.unwrap());
    assert!(!files.take_mark("remove-anyway").await.unwrap());
    files.join("aa").await.unwrap();
    assert_eq!(files.owners().await.unwrap(), ["aa"]);
}
