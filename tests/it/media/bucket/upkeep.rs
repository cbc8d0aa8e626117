//! Removing unused files from a bucket, its owners, and backups of a server with files in a bucket.

use std::time::Duration;

use chatctl::model::Timestamp;
use chatctl::store::files::{Listed, Pages};
use futures_util::TryStreamExt;
use serde_json::json;

use super::{files, key, path, place, start, upload, with};
use crate::media::age;
use crate::support::{Ctl, Json, Person, S3, Server};

/// Attaches files to a message in a new room.
async fn attach(person: &Person, all: &[&Json]) {
    let room = person.room(&[]).await;
    let ids: Vec<_> = all.iter().map(|media| &media["id"]).collect();
    let body = json!({"content": "x", "mediaIds": ids});
    person.post(&format!("/api/chatrooms/{room}/messages"), body).await.is(201);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn unused_files_go_to_the_trash_and_come_back_when_they_are_wanted() {
    let s3 = S3::start();
    let mut server = start(&s3, s3.url()).await;
    let ann = Person::new(&server, "ann").await;
    let (used, unused) = (upload(&ann, "1.bin", b"used").await, upload(&ann, "2.bin", b"no").await);
    attach(&ann, &[&used]).await;
    assert!(server.terminate().await.success());
    age(&server, 48);
    let (database, before) = (server.data().join("chat.db"), server.data().join("before.db"));
    std::fs::copy(&database, &before).unwrap();
    server.restart().await;
    server.wait_for_log(&["1 unused files were removed", "s3://backups/files/trash"]).await;
    let trash = format!("files/trash/{}", unused["name"].as_str().unwrap());
    let mut wanted = [key(&used), trash];
    wanted.sort();
    assert_eq!(files(&s3), wanted);
    // An older database knows it still.
    assert!(server.terminate().await.success());
    std::fs::copy(&before, &database).unwrap();
    let checked = with(&s3, Ctl::of(&server)).run(&["doctor", "--only", "uploads", "-o", "json"]);
    assert!(checked.ends(6).out.contains("1 uploaded file is in the trash"), "{}", checked.out);
    let fixed =
        with(&s3, Ctl::of(&server)).run(&["doctor", "--only", "uploads", "--fix", "-o", "json"]);
    assert!(fixed.ends(0).out.contains("restored"), "{}", fixed.out);
    let mut wanted = [key(&used), key(&unused)];
    wanted.sort();
    assert_eq!(files(&s3), wanted);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bucket_of_another_instance_is_left_alone() {
    let s3 = S3::start();
    let mut first = start(&s3, s3.url()).await;
    let ann = Person::new(&first, "ann").await;
    let file = upload(&ann, "1.bin", b"of the first").await;
    assert!(first.terminate().await.success());
    age(&first, 48);
    let second = start(&s3, s3.url()).await;
    let told = second.wait_for_log(&["ERROR", "belongs to another instance", "owners/"]).await;
    assert!(told.contains("s3://backups/files/"), "{told}");
    let ben = Person::new(&second, "ben").await;
    upload(&ben, "2.bin", b"of the second").await;
    first.restart().await;
    first.wait_for_log(&["ERROR", "belongs to another instance"]).await;
    assert_eq!(files(&s3).len(), 2, "neither removes anything");
    // Made the only owner by hand, it removes what nobody uses.
    assert!(first.terminate().await.success());
    drop(second);
    let instance = told.split("this one is ").nth(1).unwrap().split(')').next().unwrap().to_owned();
    s3.python(&format!(
        "s3.delete_object(Bucket=bucket, Key='files/owners/{instance}')\nresult = 0"
    ));
    first.restart().await;
    first.wait_for_log(&["1 unused files were removed"]).await;
    assert!(!files(&s3).contains(&key(&file)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_does_not_contain_files_of_a_bucket_and_says_so() {
    let s3 = S3::start();
    let mut server = start(&s3, s3.url()).await;
    let ann = Person::new(&server, "ann").await;
    let file = upload(&ann, "1.bin", &super::noise(1, 3_000_000)).await;
    attach(&ann, &[&file]).await;
    let ctl = with(&s3, Ctl::of(&server));
    let made = ctl.one(&["backup", "create"]);
    assert!(made["bytes"].as_u64() < Some(1_000_000), "{made}");
    let backup = made["path"].as_str().unwrap().to_owned();
    let verified = ctl.one(&["backup", "verify", &backup]);
    let elsewhere =
        "The uploaded files are not part of the backup: they are in s3://backups/files/.";
    assert_eq!((&verified["problems"], &verified["notes"]), (&json!([]), &json!([elsewhere])));
    assert!(server.terminate().await.success());
    let restored = ctl.one(&["backup", "restore", &backup, "--replace", "--yes"]);
    assert_eq!(restored["notes"], json!([elsewhere]));
    server.restart().await;
    let ann = Person::known(&server, "ann").await;
    assert_eq!(ann.get(&path(&file)).await.bytes.len(), 3_000_000);
    assert_eq!(files(&s3), [key(&file)]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_with_files_is_restored_to_the_directory() {
    let (s3, server) = (S3::start(), Server::start().await);
    let ann = Person::new(&server, "ann").await;
    attach(&ann, &[&upload(&ann, "1.bin", b"x").await]).await;
    let made = Ctl::of(&server).one(&["backup", "create"]);
    let target = tempfile::tempdir().unwrap();
    let data = target.path().join("new");
    let ctl = with(&s3, Ctl::at(&data));
    let restored = ctl.one(&["backup", "restore", made["path"].as_str().unwrap()]);
    let told = restored["notes"][0].as_str().unwrap();
    let directory = data.join("media");
    assert!(
        told.contains(directory.to_str().unwrap()) && told.contains("s3://backups/files/"),
        "{told}"
    );
    assert_eq!(crate::media::kept(&directory).len(), 1);
    // They are not yet where the server looks for them.
    ctl.run(&["db", "check"]).ends(6);
}

async fn names(pages: Pages<'_>) -> Vec<String> {
    let pages: Vec<Vec<Listed>> = pages.try_collect().await.unwrap();
    let mut names: Vec<_> = pages.concat().into_iter().map(|file| file.name).collect();
    names.sort();
    names
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bucket_keeps_the_promises_of_a_directory() {
    let (s3, dir) = (S3::start(), tempfile::tempdir().unwrap());
    let files = place(&s3, s3.url(), dir.path());
    files.probe().await.unwrap();
    let all = [1, 2, 3].map(|n| format!("{n:02x}").repeat(64));
    for name in &all {
        let mut incoming = files.begin().await.unwrap();
        incoming.write(name.as_bytes()).await.unwrap();
        incoming.keep(name).await.unwrap();
    }
    // What others put there is none of ours.
    s3.python(
        "for key in ['notes.txt', 'ab/short', 'trash/notes', 'zz/' + 'ab' * 64]:\n\
         \x20   s3.put_object(Bucket=bucket, Key=key, Body=b'x')\nresult = 0",
    );
    assert_eq!(names(files.kept()).await, all);
    files.discard(&all[..2]).await.unwrap();
    files.discard(&["../../x".to_owned(), "77".repeat(64)]).await.unwrap();
    assert_eq!(
        (names(files.thrown()).await, names(files.kept()).await),
        (all[..2].to_vec(), all[2..].to_vec())
    );
    assert!(files.has(&all[0]).await.unwrap(), "it was restored");
    assert_eq!(files.take_back(&all).await.unwrap(), 1, "the second; the others are there");
    assert!(names(files.thrown()).await.is_empty());
    files.discard(&all[..1]).await.unwrap();
    let thrown: Vec<_> = files.thrown().try_concat().await.unwrap();
    let now = Timestamp::now();
    assert!(
        thrown[0].at <= now.plus(Duration::from_secs(2))
            && thrown[0].at > now.minus(Duration::from_mins(5))
    );
    files.forget(&all[..1], now).await.unwrap();
    assert!(!files.has(&all[0]).await.unwrap());
    assert!(files.read(&all[0], 0..128, 128).await.unwrap().is_none());
    assert!(files.owners().await.unwrap().is_empty());
    for instance in ["aa", "bb", "aa"] {
        files.join(instance).await.unwrap();
    }
    assert_eq!(files.owners().await.unwrap(), ["aa", "bb"]);
    assert!(!files.take_mark("remove-anyway").await.unwrap());
    s3.python("s3.put_object(Bucket=bucket, Key='remove-anyway', Body=b'')\nresult = 0");
    assert!(files.take_mark("remove-anyway").await.unwrap());
    assert!(!files.take_mark("remove-anyway").await.unwrap());
    assert_eq!(files.url("trash"), "s3://backups/trash");
}
