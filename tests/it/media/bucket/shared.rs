//! Two servers of a cluster that keep their files in one bucket, on a real Cassandra.

use serde_json::json;

use super::{LARGE, files, key, noise, path, upload};
use crate::store::cassandra::{cassandra, is_wanted};
use crate::support::{Ctl, Person, Redis, S3, Server};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_that_one_server_took_is_had_from_the_other() {
    if !is_wanted() {
        return;
    }
    let (s3, redis) = (S3::start(), Redis::start());
    let node = tokio::task::block_in_place(|| cassandra().address.clone());
    let mut settings = s3.media(s3.url());
    let more = [
        ("DATABASE__ENGINE", "cluster"),
        ("CLUSTER__CASSANDRA", &node),
        ("CLUSTER__KEYSPACE", "files_in_a_bucket"),
        ("CLUSTER__REDIS", &redis.url()),
    ];
    settings.extend(more.map(|(key, value)| (key.to_owned(), value.to_owned())));
    let env: Vec<_> = settings.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
    let dir = tempfile::tempdir().unwrap();
    let ctl = env.iter().fold(Ctl::at(dir.path()), |ctl, (key, value)| ctl.set(key, value));
    ctl.run(&["cluster", "init"]).ends(0);
    let (one, two) = (Server::start_with(&env).await, Server::start_with(&env).await);
    let (ann, ben) = (Person::new(&one, "ann").await, Person::new(&two, "ben").await);
    let room = ann.room(&[&ben]).await;
    let (small, large) = (noise(1, 1_000), noise(2, LARGE));
    let mut ids = Vec::new();
    for (name, bytes) in [("1.bin", &small), ("2.bin", &large)] {
        let media = upload(&ann, name, bytes).await;
        ben.get(&path(&media)).await.fails(404, "media_not_found");
        ids.push(media);
    }
    let body = json!({"content": "x", "mediaIds": [ids[0]["id"], ids[1]["id"]]});
    ann.post(&format!("/api/chatrooms/{room}/messages"), body).await.is(201);
    for (media, bytes) in ids.iter().zip([&small, &large]) {
        assert!(ben.get(&path(media)).await.bytes == bytes, "{media}");
    }
    let picture = upload(&ben, "p.png", &crate::support::picture(40, 30)).await;
    ben.request(reqwest::Method::PATCH, "/api/users/me", json!({"mediaId": picture["id"]}))
        .await
        .is(200);
    ann.get(&path(&picture)).await.is_text(200);
    let mut wanted: Vec<_> = ids.iter().chain([&picture]).map(key).collect();
    wanted.sort();
    assert_eq!((files(&s3), s3.unfinished()), (wanted, 0));
    // Both are the same instance, and the owner of the bucket.
    let owners = s3.objects().into_iter().filter(|key| key.starts_with("files/owners/"));
    assert_eq!(owners.count(), 1);
    for server in [&one, &two] {
        let ctl = env.iter().fold(Ctl::of(server), |ctl, (key, value)| ctl.set(key, value));
        let said = ctl.run(&["doctor", "--only", "uploads", "-o", "json"]);
        assert!(
            said.ends(0).out.contains("3 uploaded files in s3://backups/files/"),
            "{}",
            said.out
        );
    }
    // Uploads of the other server do not end when one starts.
    let export = dir.path().join("chat.jsonl");
    let ctl = env.iter().fold(Ctl::of(&two), |ctl, (key, value)| ctl.set(key, value));
    ctl.run(&["export", export.to_str().unwrap()]).ends(0);
    let lines = std::fs::read_to_string(&export).unwrap();
    let parts = lines.lines().filter(|line| line.contains("\"file\""));
    assert!(parts.count() > LARGE / (1 << 20), "the export contains the files");
}
