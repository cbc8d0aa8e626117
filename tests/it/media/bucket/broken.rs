//! A bucket that is missing, forbidden, or not reached.

use std::fs;

use serde_json::json;

use super::{LARGE, files, key, noise, path, place, start, upload, with};
use crate::support::{Body, Ctl, PATIENCE, Person, Proxy, S3, Stalled};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bucket_that_is_down_refuses_files_and_nothing_else() {
    let s3 = S3::start();
    let proxy = Proxy::to(s3.address()).await;
    let server = start(&s3, &format!("http://{}", proxy.address())).await;
    let ann = Person::new(&server, "ann").await;
    let room = ann.room(&[]).await;
    let media = upload(&ann, "1.bin", b"before").await;
    proxy.cut();
    let down = ann.post("/api/media", Body::Raw(b"meanwhile".to_vec())).await;
    down.fails(503, "unavailable");
    ann.get(&path(&media)).await.fails(503, "unavailable");
    server
        .wait_for_log(&["ERROR", "Uploaded files cannot be read or written", "no answer from"])
        .await;
    ann.say(&room, "messages go on").await;
    proxy.heal();
    assert_eq!(files(&s3), [key(&media)]);
    assert_eq!(ann.get(&path(&media)).await.bytes[..], b"before"[..]);
    upload(&ann, "2.bin", b"meanwhile").await;
    // In the middle of the second part.
    proxy.cut_after(12_000_000);
    ann.post("/api/media", Body::Raw(noise(1, LARGE))).await.fails(503, "unavailable");
    proxy.heal();
    assert_eq!(files(&s3).len(), 2);
    let unfinished = server.data().join("media/unfinished");
    assert_eq!(fs::read_dir(unfinished).unwrap().count(), 0);
    let metrics = ann.get("/metrics").await.text;
    let counted = metrics.lines().find(|line| line.contains("unavailable_total{cause=\"media\"}"));
    assert!(counted.is_some_and(|line| !line.ends_with(" 0")), "{counted:?}");
    upload(&ann, "3.bin", &noise(1, LARGE)).await;
    assert_eq!(files(&s3).len(), 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn parts_of_an_upload_that_nobody_waits_for_are_dropped() {
    let (s3, dir) = (S3::start(), tempfile::tempdir().unwrap());
    let stalled = Stalled::before(s3.address()).await;
    let files = place(&s3, &format!("http://{}", stalled.address()), dir.path());
    let mut incoming = files.begin().await.unwrap();
    incoming.write(&noise(1, LARGE)).await.unwrap();
    let name = "ab".repeat(64);
    let mut keeping = Box::pin(incoming.keep(&name));
    tokio::select! {
        kept = &mut keeping => panic!("{kept:?}"),
        () = stalled.reached() => {}
    }
    assert_eq!(s3.unfinished(), 1);
    drop(keeping);
    until("the parts are dropped", || s3.unfinished() == 0).await;
    assert_eq!(s3.objects(), [""; 0]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_missing_object_is_a_missing_file() {
    let s3 = S3::start();
    let server = start(&s3, s3.url()).await;
    let ann = Person::new(&server, "ann").await;
    let room = ann.room(&[]).await;
    let (lost, short) =
        (upload(&ann, "1.bin", b"lost").await, upload(&ann, "2.bin", b"short").await);
    let body = json!({"content": "x", "mediaIds": [lost["id"], short["id"]]});
    ann.post(&format!("/api/chatrooms/{room}/messages"), body).await.is(201);
    let ctl = with(&s3, Ctl::of(&server));
    assert_eq!(ctl.all(&["db", "check"]), [json!(null); 0]);
    let said = ctl.run(&["doctor", "--only", "uploads", "-o", "json"]);
    assert!(said.ends(0).out.contains("2 uploaded files, all complete"), "{}", said.out);
    s3.python(&format!(
        "s3.delete_object(Bucket=bucket, Key='{}')\n\
         s3.put_object(Bucket=bucket, Key='{}', Body=b'shor')\nresult = 0",
        key(&lost),
        key(&short)
    ));
    ann.get(&path(&lost)).await.fails(404, "media_not_found");
    server
        .wait_for_log(&["ERROR", "A known file is missing", lost["name"].as_str().unwrap()])
        .await;
    ann.get(&path(&short)).await.fails(503, "unavailable");
    server.wait_for_log(&["ERROR", "has 4 bytes instead of 5"]).await;
    let problems = ctl.run(&["db", "check", "-o", "jsonl"]);
    assert_eq!(problems.ends(6).out.lines().count(), 2, "{}", problems.out);
    let said = ctl.run(&["doctor", "--only", "uploads", "-o", "json"]);
    assert!(said.ends(6).out.contains("2 uploaded files are missing or truncated"), "{}", said.out);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_mistake_at_the_start_has_its_words() {
    let s3 = S3::start();
    let dir = tempfile::tempdir().unwrap();
    let right = || with(&s3, Ctl::at(&dir.path().join("data")));
    let reader = right()
        .set("MEDIA__S3__ACCESS_KEY_ID", &s3.reader.0)
        .set("MEDIA__S3__SECRET_ACCESS_KEY", &s3.reader.1);
    let bare = Ctl::at(&dir.path().join("data")).set("MEDIA__STORE", "s3://backups/files/");
    for (ctl, words) in [
        (right().set("MEDIA__S3__SECRET_ACCESS_KEY", "wrong"), "the secret access key is wrong"),
        (right().set("MEDIA__S3__ACCESS_KEY_ID", "AKIANOBODY"), "the access key id is unknown"),
        (right().set("MEDIA__STORE", "s3://nobody/files"), "there is no bucket nobody"),
        (right().set("MEDIA__STORE", "bucket"), "must be \"directory\" or a bucket"),
        (right().set("MEDIA__S3__ENDPOINT", "127.0.0.1:1"), "[media.s3] endpoint is"),
        (right().set("MEDIA__MAX_BYTES", "6000000000"), "[media] max_bytes must be at most"),
        (bare.clone(), "set access_key_id and secret_access_key in [media.s3]"),
        (reader, "cannot write s3://backups/files/probe-"),
    ] {
        let ctl = ctl.set("MEDIA__MAX_UNUSED_BYTES_PER_USER", "6000000000");
        let said = refused(&ctl, words);
        assert!(!said.contains(&s3.keys.1) && !said.contains(&s3.reader.1), "{said}");
    }
    // What needs no files works without the keys.
    bare.run(&["user", "create", "ann", "--admin", "--init", "--new", "--generate"]).ends(0);
    let said = bare.run(&["doctor", "--only", "uploads", "-o", "json"]);
    assert!(
        said.ends(0).out.contains("the bucket of uploaded files was not tried"),
        "{}",
        said.out
    );
    bare.run(&["db", "check"]).fails(2, "set access_key_id");
    assert_eq!(s3.objects(), [""; 0], "probes leave nothing");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_starts_without_its_bucket_and_uses_it_later() {
    let s3 = S3::start();
    let proxy = Proxy::to(s3.address()).await;
    proxy.cut();
    let server = start(&s3, &format!("http://{}", proxy.address())).await;
    server.wait_for_log(&["ERROR", "[media] store", "no answer from"]).await;
    let ann = Person::new(&server, "ann").await;
    ann.post("/api/media", Body::Raw(vec![1])).await.fails(503, "unavailable");
    let ctl = with(&s3, Ctl::of(&server))
        .set("MEDIA__S3__ENDPOINT", &format!("http://{}", proxy.address()));
    let said =
        tokio::task::block_in_place(|| ctl.run(&["doctor", "--only", "uploads", "-o", "json"]));
    assert!(said.ends(6).out.contains("no answer from"), "{}", said.out);
    proxy.heal();
    upload(&ann, "1.bin", b"later").await;
    assert_eq!(files(&s3).len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_certificate_of_an_own_authority_is_trusted() {
    let dir = tempfile::tempdir().unwrap();
    let (certificate, key_file) = (dir.path().join("cert.pem"), dir.path().join("key.pem"));
    let pair = rcgen::KeyPair::generate().unwrap();
    let names = vec!["127.0.0.1".to_owned()];
    let made = rcgen::CertificateParams::new(names).unwrap().self_signed(&pair).unwrap();
    fs::write(&certificate, made.pem()).unwrap();
    fs::write(&key_file, pair.serialize_pem()).unwrap();
    let s3 = S3::start_tls(&certificate, &key_file);
    let ca = ("MEDIA__S3__TLS_CA", certificate.to_str().unwrap());
    let server = super::start_with(&s3, s3.url(), &[ca]).await;
    let ann = Person::new(&server, "ann").await;
    let media = upload(&ann, "1.bin", b"over TLS").await;
    assert_eq!(ann.get(&path(&media)).await.bytes[..], b"over TLS"[..]);
    let ctl = with(&s3, Ctl::at(&dir.path().join("data")));
    let ctl = ctl.set(ca.0, key_file.to_str().unwrap());
    refused(&ctl, "key.pem: it contains no certificate");
}

/// Fails unless the server refuses to start with these words; returns all that it wrote.
fn refused(ctl: &Ctl, words: &str) -> String {
    let said = ctl.run(&["serve", "--listen", "127.0.0.1:0"]);
    assert!(said.ends(2).err.contains(words), "{words}: {said:?}");
    said.out.clone() + &said.err
}

/// Waits until something is so.
async fn until(what: &str, done: impl Fn() -> bool) {
    let waiting = async {
        while !tokio::task::block_in_place(&done) {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, waiting).await.unwrap_or_else(|_| panic!("{what}"));
}
