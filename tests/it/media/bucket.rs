//! Uploaded files in a bucket of an S3 server.

mod broken;
mod shared;
mod upkeep;

use std::path::Path;
use std::time::Duration;

use chatctl::s3::{Patience, Place};
use chatctl::store::files::{Files, Spool};
use reqwest::Method;
use serde_json::json;
use sha2::{Digest, Sha256, Sha512};

use super::{path, upload};
use crate::support::{Body, Ctl, Json, Person, S3, Server, http, people, picture};

/// More than a part of an upload.
const LARGE: usize = 20_000_000;

/// Bytes that are like no others.
fn noise(seed: u8, length: usize) -> Vec<u8> {
    let block = |n: usize| Sha256::digest([&[seed][..], &n.to_le_bytes()].concat());
    let mut bytes: Vec<u8> = (0..length.div_ceil(32)).flat_map(block).collect();
    bytes.truncate(length);
    bytes
}

/// The key of a file.
fn key(media: &Json) -> String {
    let name = media["name"].as_str().unwrap();
    format!("files/{}/{name}", &name[..2])
}

/// Starts a server that keeps its files in the bucket, found at `endpoint`.
async fn start(s3: &S3, endpoint: &str) -> Server {
    start_with(s3, endpoint, &[]).await
}

async fn start_with(s3: &S3, endpoint: &str, more: &[(&str, &str)]) -> Server {
    let settings = s3.media(endpoint);
    let env = settings.iter().map(|(key, value)| (key.as_str(), value.as_str()));
    Server::start_with(&env.chain(more.iter().copied()).collect::<Vec<_>>()).await
}

/// The command line with the settings of such a server.
fn with(s3: &S3, ctl: Ctl) -> Ctl {
    s3.media(s3.url()).iter().fold(ctl, |ctl, (key, value)| ctl.set(key, value))
}

/// Files in the bucket of this server, found at `endpoint`, without a chat.
fn place(s3: &S3, endpoint: &str, spool: &Path) -> Files {
    let server = chatctl::s3::Server {
        section: "media.s3",
        endpoint: Some(endpoint.to_owned()),
        region: "us-east-1".to_owned(),
        access_key_id: s3.keys.0.clone(),
        secret_access_key: s3.keys.1.clone(),
        session_token: None,
        tls_ca: None,
    };
    let second = Duration::from_secs(1);
    let patience =
        Patience { connect: second, request: None, silence: None, retries: 0, retrying: second };
    let files = Files::in_bucket(Place::open(&server, "backups", "", patience).unwrap(), spool);
    files.prepare(Spool::Own).unwrap();
    files
}

/// The keys of the files.
fn files(s3: &S3) -> Vec<String> {
    let mut keys = s3.objects();
    keys.retain(|key| key.starts_with("files/") && !key.starts_with("files/owners/"));
    keys
}

/// Asks for a file with a header.
async fn ask(
    server: &Server,
    ann: &Person,
    method: Method,
    path: &str,
    header: &str,
) -> reqwest::Response {
    let (name, value) = header.split_once(": ").unwrap_or(("x-nothing", ""));
    let client = http().build().unwrap();
    let request = client.request(method, format!("{}{path}", server.url()));
    let request = request.bearer_auth(&ann.token).header(name, value);
    request.send().await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn files_of_all_sizes_go_there_and_come_back() {
    let s3 = S3::start();
    let mut server = start(&s3, s3.url()).await;
    let [ann, ben] = people(&server, ["ann", "ben"]).await;
    let room = ann.room(&[&ben]).await;
    let mut all = Vec::new();
    // One part, exactly one and a byte, and several.
    for (n, length) in [(1, 1), (2, 8 * 1024 * 1024), (3, 8 * 1024 * 1024 + 1), (4, LARGE)] {
        let bytes = noise(n, length);
        let media = upload(&ann, &format!("{n}.bin"), &bytes).await;
        assert_eq!(media["name"], hex::encode(Sha512::digest(&bytes)));
        all.push((media, bytes));
    }
    let picture = picture(40, 30);
    all.push((upload(&ann, "p.png", &picture).await, picture));
    let keys: Vec<_> = all.iter().map(|(media, _)| key(media)).collect();
    let mut there = files(&s3);
    there.retain(|there| !keys.contains(there));
    assert_eq!((there, files(&s3).len(), s3.unfinished()), (Vec::<String>::new(), 5, 0));
    // Another client of S3 reads the same bytes.
    let sums = s3.python(
        "import hashlib\nresult = {o['Key']: \
         hashlib.sha512(s3.get_object(Bucket=bucket, Key=o['Key'])['Body'].read()).hexdigest() \
         for o in s3.list_objects_v2(Bucket=bucket)['Contents']}",
    );
    for (media, _) in &all {
        assert_eq!(sums[key(media)], media["name"]);
    }
    assert_eq!(super::kept(&server.data().join("media")).len(), 0, "nothing stays on this machine");
    let unfinished = server.data().join("media/unfinished");
    assert_eq!(std::fs::read_dir(unfinished).unwrap().count(), 0);
    let ids: Vec<_> = all.iter().map(|(media, _)| &media["id"]).collect();
    ann.post(&format!("/api/chatrooms/{room}/messages"), json!({"content": "x", "mediaIds": ids}))
        .await
        .is(201);
    server.restart().await;
    let ben = Person::known(&server, "ben").await;
    for (media, bytes) in &all {
        let answer = ben.get(&path(media)).await;
        assert!(answer.status == 200 && answer.bytes == bytes, "{media}");
    }
    // The same bytes of another user are another row of the same object.
    upload(&ben, "mine.bin", &all[0].1).await;
    assert_eq!(files(&s3).len(), 5);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn parts_of_a_file_are_asked_for_and_heads_need_no_bucket() {
    let s3 = S3::start();
    let proxy = crate::support::Proxy::to(s3.address()).await;
    let server = start(&s3, &format!("http://{}", proxy.address())).await;
    let ann = Person::new(&server, "ann").await;
    let bytes = noise(1, LARGE);
    let path = path(&upload(&ann, "1.bin", &bytes).await);
    let size = bytes.len();
    for (range, from, to) in [
        ("bytes=0-0", 0, 1),
        ("bytes=7000000-9000000", 7_000_000, 9_000_001),
        ("bytes=-5", size - 5, size),
        ("bytes=19999999-30000000", size - 1, size),
    ] {
        let answer = ask(&server, &ann, Method::GET, &path, &format!("range: {range}")).await;
        assert_eq!(answer.status(), 206, "{range}");
        let told = format!("bytes {from}-{}/{size}", to - 1);
        assert_eq!(answer.headers()["content-range"], told.as_str());
        assert_eq!(answer.bytes().await.unwrap()[..], bytes[from..to], "{range}");
    }
    // Without the bucket.
    proxy.cut();
    let outside = ask(&server, &ann, Method::GET, &path, &format!("range: bytes={size}-")).await;
    assert_eq!(outside.status(), 416);
    let head = ask(&server, &ann, Method::HEAD, &path, "").await;
    let headers = head.headers();
    assert_eq!(
        (head.status().as_u16(), &headers["content-length"], &headers["accept-ranges"]),
        (200, &size.to_string().parse().unwrap(), &"bytes".parse().unwrap())
    );
    let tag = format!("if-none-match: {}", headers["etag"].to_str().unwrap());
    assert_eq!(ask(&server, &ann, Method::GET, &path, &tag).await.status(), 304);
    let part = ask(&server, &ann, Method::HEAD, &path, "range: bytes=1-9").await;
    assert_eq!(
        (part.status().as_u16(), &part.headers()["content-length"]),
        (206, &"9".parse().unwrap())
    );
    ask(&server, &ann, Method::HEAD, "/api/media/nothing", "")
        .await
        .error_for_status()
        .unwrap_err();
    proxy.heal();
    let answer = ask(&server, &ann, Method::GET, &path, "").await;
    assert_eq!(answer.bytes().await.unwrap(), bytes);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn exports_contain_the_files_and_imports_put_them_there() {
    let (s3, other) = (S3::start(), S3::start());
    let server = start(&s3, s3.url()).await;
    let ann = Person::new(&server, "ann").await;
    let room = ann.room(&[]).await;
    let bytes = noise(1, 3_000_000);
    let media = upload(&ann, "1.bin", &bytes).await;
    ann.post(
        &format!("/api/chatrooms/{room}/messages"),
        json!({"content": "x", "mediaIds": [media["id"]]}),
    )
    .await
    .is(201);
    let dir = tempfile::tempdir().unwrap();
    let export = dir.path().join("chat.jsonl");
    let export = export.to_str().unwrap();
    with(&s3, Ctl::of(&server)).run(&["export", export]).ends(0);
    let data = tempfile::Builder::new().prefix("chatctl-").tempdir().unwrap();
    let ctl = with(&other, Ctl::at(data.path()));
    // A rehearsal needs no bucket.
    ctl.run(&["import", export, "--dry-run"]).ends(0);
    assert_eq!(other.objects(), [""; 0]);
    ctl.run(&["import", export, "--yes"]).ends(0);
    assert_eq!(files(&other), [key(&media)]);
    let settings = other.media(other.url());
    let env: Vec<_> = settings.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
    let there = Server::start_in(data, &env).await;
    let ann = Person::known(&there, "ann").await;
    assert!(ann.get(&path(&media)).await.bytes == bytes);
    ann.post("/api/media", Body::Raw(vec![1])).await.is(201);
}
