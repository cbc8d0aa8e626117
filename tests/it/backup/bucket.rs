//! Backups in a bucket of an S3 server.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::json;
use sha2::{Digest, Sha256};

use super::encrypted::key;
use crate::support::{Body, Client, Ctl, Json, PATIENCE, Person, Proxy, S3, Server, Stalled};

/// The place of the backups in these tests.
const PLACE: &str = "s3://backups/chat/";

/// Uploads files of this many megabytes in all, that cannot be compressed.
async fn fill(server: &Server, login: &str, megabytes: u32) {
    let ann = Person::new(server, login).await;
    let room = ann.room(&[]).await;
    ann.say(&room, "kept elsewhere").await;
    for file in 0..megabytes.div_ceil(10) {
        let noise = |n: u32| Sha256::digest([file.to_le_bytes(), n.to_le_bytes()].concat());
        let blocks = megabytes.min(10) * 1_000_000 / 32;
        let bytes: Vec<u8> = (0..blocks).flat_map(noise).collect();
        ann.post("/api/media", Body::Raw(bytes)).await.is(201);
    }
}

/// Restores a backup to an empty place, which must then be whole.
fn restores(ctl: impl Fn(Ctl) -> Ctl, arguments: &[&str]) {
    let target = tempfile::tempdir().unwrap();
    let at = ctl(Ctl::at(target.path()));
    let restored = at.one(&[&["backup", "restore"], arguments].concat());
    assert_eq!(restored["counts"]["messages"], 1, "{restored}");
    assert_eq!(at.all(&["db", "check"]), [Json::Null; 0]);
}

fn names(listed: &[Json]) -> Vec<&str> {
    listed.iter().map(|one| one["name"].as_str().unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_is_uploaded_listed_verified_restored_and_deleted() {
    let (s3, server) = (S3::start(), Server::start().await);
    // Of more than one part.
    fill(&server, "ann", 20).await;
    let ctl = s3.of(Ctl::of(&server), s3.url());
    s3.python(
        "s3.put_object(Bucket=bucket, Key='chat/notes.txt', Body=b'x')\n\
         s3.put_object(Bucket=bucket, Key='chat/old/chatctl-20250101T000000Z.tar.zst', Body=b'x')\n\
         s3.put_object(Bucket=bucket, Key='chatctl-20250101T000000Z.tar.zst', Body=b'x')\n\
         result = 0",
    );
    let made = ctl.one(&["backup", "create", "--to", PLACE]);
    let url = made["path"].as_str().unwrap();
    assert!(url.starts_with("s3://backups/chat/chatctl-") && url.ends_with(".tar.zst"), "{url}");
    assert!(made["bytes"].as_u64() > Some(20_000_000), "{made}");
    assert!(!server.data().join("backups").exists(), "no copy here");
    assert_eq!(s3.unfinished(), 0);

    // Also with the usual variables of the environment, and without the last slash.
    let (key_id, secret) = &s3.keys;
    let output = Ctl::of(&server)
        .command(&["backup", "list", "--from", "s3://backups/chat", "-o", "json"])
        .envs([("AWS_ACCESS_KEY_ID", key_id.as_str()), ("AWS_SECRET_ACCESS_KEY", secret)])
        .envs([("AWS_ENDPOINT_URL", s3.url()), ("AWS_REGION", "us-east-1")])
        .output()
        .unwrap();
    let listed: Json = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(listed.as_array().unwrap().len(), 1, "{listed}");
    let fields = [
        ("path", json!(url)),
        ("messages", json!(1)),
        ("files", json!(2)),
        ("bytes", made["bytes"].clone()),
    ];
    for (field, wanted) in fields {
        assert_eq!(listed[0][field], wanted, "{listed}");
    }
    assert_eq!(ctl.one(&["backup", "verify", url])["problems"], json!([]));
    restores(|ctl| s3.of(ctl, s3.url()), &[url]);

    // Only backups of this instance are deleted, here or there.
    let again = ctl.one(&["backup", "create", PLACE]);
    let gone = ctl.all(&["backup", "prune", PLACE, "--keep", "1", "--yes"]);
    assert_eq!(names(&gone), [url.rsplit('/').next().unwrap()]);
    let mut wanted = vec![
        "chat/notes.txt".to_owned(),
        "chat/old/chatctl-20250101T000000Z.tar.zst".to_owned(),
        "chatctl-20250101T000000Z.tar.zst".to_owned(),
        again["path"].as_str().unwrap().replace("s3://backups/", ""),
    ];
    wanted.sort();
    assert_eq!(s3.objects(), wanted);

    // An altered object is found, and nothing is restored from it.
    let key = again["path"].as_str().unwrap().replace("s3://backups/", "");
    s3.python(&format!(
        "body = bytearray(s3.get_object(Bucket=bucket, Key='{key}')['Body'].read())\n\
         body[len(body) // 2] ^= 1\n\
         s3.put_object(Bucket=bucket, Key='{key}', Body=bytes(body))\nresult = 0"
    ));
    ctl.run(&["backup", "verify", again["path"].as_str().unwrap()]).ends(6);
    let target = tempfile::tempdir().unwrap();
    let new = target.path().join("new");
    let url = again["path"].as_str().unwrap();
    let said = s3.of(Ctl::at(&new), s3.url()).run(&["backup", "restore", url]);
    said.fails(1, "cannot be restored");
    assert!(!new.exists());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_mistake_has_its_words_and_its_code() {
    let (s3, server) = (S3::start(), Server::start().await);
    let data = || Ctl::of(&server);
    let right = s3.of(data(), s3.url());
    let with = |key: &str, value: &str| s3.of(data(), s3.url()).set(key, value);
    let wrong_secret = with("BACKUP__S3__SECRET_ACCESS_KEY", "wrong");
    let wrong_key = with("BACKUP__S3__ACCESS_KEY_ID", "AKIANOBODY");
    let nowhere = s3.of(data(), "http://127.0.0.1:1");
    let missing = "s3://backups/chat/chatctl-20250101T000000Z.tar.zst";
    for (ctl, place, code, words) in [
        (&wrong_secret, PLACE, 7, "the secret access key is wrong"),
        (&wrong_key, PLACE, 7, "the access key id is unknown"),
        (&right, "s3://nobody/chat/", 3, "there is no bucket nobody"),
        (&nowhere, PLACE, 5, "no answer from http://127.0.0.1:1: Connection refused"),
        (&data(), PLACE, 2, "the keys of the S3 server are not known"),
        (&right, "s3:///chat/", 2, "does not contain the name of a bucket"),
    ] {
        for arguments in [["backup", "create", place], ["backup", "list", place]] {
            let said = ctl.run(&arguments);
            said.fails(code, words);
            assert!(!said.err.contains(&s3.keys.1), "{said:?}");
        }
    }
    right.run(&["backup", "restore", missing]).ends(4);
    let target = tempfile::tempdir().unwrap();
    let new = s3.of(Ctl::at(&target.path().join("new")), s3.url());
    new.run(&["backup", "restore", missing]).fails(3, "it does not exist");
    new.run(&["backup", "verify", PLACE]).fails(2, "does not name a backup");
    assert!(!target.path().join("new").exists());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_upload_that_ends_early_leaves_nothing() {
    let (s3, server) = (S3::start(), Server::start().await);
    fill(&server, "ann", 20).await;
    let proxy = Proxy::to(s3.address()).await;
    let endpoint = format!("http://{}", proxy.address());
    let ctl = s3.of(Ctl::of(&server), &endpoint);
    // The server dies within the second part.
    proxy.cut_after(12_000_000);
    let cut = ctl.clone();
    let said = tokio::task::spawn_blocking(move || cut.run(&["backup", "create", PLACE])).await;
    said.unwrap().fails(5, "no answer from http://127.0.0.1:");
    assert_eq!(s3.objects(), [""; 0]);
    proxy.heal();

    // Nobody answers any more when Ctrl-C comes; then the parts are dropped.
    let before = s3.unfinished();
    let stalled = Stalled::before(s3.address()).await;
    let ctl = s3.of(Ctl::of(&server), &format!("http://{}", stalled.address()));
    let child = ctl
        .command(&["backup", "create", PLACE])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    stalled.reached().await;
    let pid = child.id().to_string();
    let sent = Command::new("sh").args(["-c", "kill -INT \"$0\"", &pid]).status().unwrap();
    assert!(sent.success(), "no signal could be sent");
    let ended = tokio::task::spawn_blocking(move || child.wait_with_output()).await.unwrap();
    assert_eq!(ended.unwrap().status.code(), Some(130));
    assert_eq!((s3.objects(), s3.unfinished()), (Vec::<String>::new(), before));

    // Another attempt is not impaired.
    let ctl = s3.of(Ctl::of(&server), &endpoint);
    ctl.one(&["backup", "create", "--to", PLACE]);
    assert_eq!(s3.objects().len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn automatic_backups_are_encrypted_copied_and_pruned_there_too() {
    let (s3, dir) = (S3::start(), tempfile::tempdir().unwrap());
    let (key_file, public) = key(dir.path(), "key.txt");
    let proxy = Proxy::to(s3.address()).await;
    proxy.cut();
    let endpoint = format!("http://{}", proxy.address());
    let mut settings = s3.settings(&endpoint);
    let more = [
        ("BACKUP__EVERY_HOURS", "24"),
        ("BACKUP__KEEP", "1"),
        ("BACKUP__TO", PLACE),
        ("BACKUP__RECIPIENTS", public.as_str()),
    ];
    settings.extend(more.map(|(key, value)| (key.to_owned(), value.to_owned())));
    let env: Vec<_> = settings.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
    let server = Server::start_with(&env).await;
    let ctl = settings.iter().fold(Ctl::of(&server), |ctl, (key, value)| ctl.set(key, value));

    // The S3 server is down: an error, and the local backup is kept.
    server.wait_for_log(&["[ERROR]", "Cannot copy the backup", "no answer from"]).await;
    let local = ctl.all(&["backup", "list"]);
    assert_eq!((local.len(), &local[0]["problem"]), (1, &Json::Null), "{local:?}");
    let metrics = Client::new(&server).get("/metrics").await.text;
    let failures = metrics.lines().find(|line| line.starts_with("chatctl_backup_failures_total "));
    assert!(failures.is_some_and(|line| !line.ends_with(" 0")), "{failures:?}");
    let unset = "\nchatctl_backup_copy_last_success_timestamp_seconds 0\n";
    assert!(metrics.contains(unset), "{metrics}");
    let checked = ctl.clone();
    let checked = tokio::task::spawn_blocking(move || {
        checked.run(&["doctor", "--only", "copies", "-o", "json"])
    });
    let checked = checked.await.unwrap();
    assert!(checked.out.contains("no answer from"), "{checked:?}");
    checked.ends(6);

    // Older backups of this instance, and one of another.
    let name = local[0]["name"].as_str().unwrap().to_owned();
    let (stamp, rest) = (&name[8..24], &name[24..]);
    let instance = rest.rsplit('-').next().unwrap().split('.').next().unwrap().to_owned();
    let old = name.replace(stamp, "20250101T000000Z");
    let foreign = old.replace(&instance, "00000000");
    let file = server.data().join("backups").join(&name);
    let put =
        |key: &str| format!("s3.upload_file({:?}, bucket, 'chat/{key}')\n", file.to_str().unwrap());
    s3.python(&format!("{}{}{}result = 0", put(&old), put(&foreign), put("notes.age")));

    // Once it answers, the same backup is copied.
    proxy.heal();
    server.wait_for_log(&["Copied the backup to s3://backups/chat/chatctl-", ".age"]).await;
    server.wait_for_log(&["Deleted the backup s3://backups/chat/chatctl-20250101T"]).await;
    let mut wanted =
        [name.as_str(), foreign.as_str(), "notes.age"].map(|name| format!("chat/{name}"));
    wanted.sort();
    assert_eq!(s3.objects(), wanted);
    let told = async {
        let client = Client::new(&server);
        while client.get("/metrics").await.text.contains(unset) {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, told).await.expect("the time of the copy is told");
    let checked = ctl.run(&["doctor", "--only", "copies", "-o", "json"]);
    checked.ends(0);
    assert!(checked.out.contains("the newest backup"), "{checked:?}");

    // A command copies as well; and both are read with the key.
    let made = ctl.one(&["backup", "create"]);
    let url = made["copy"].as_str().unwrap();
    let verified = ctl.one(&["backup", "verify", url, "--identity", &key_file]);
    assert_eq!((&verified["problems"], &verified["encrypted"]), (&json!([]), &json!(true)));
    ctl.run(&["backup", "verify", url]).fails(2, "add --identity KEYFILE");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn doctor_says_why_a_bucket_was_not_tried() {
    let mut server = Server::start().await;
    server.terminate().await;
    let said = Ctl::of(&server)
        .set("BACKUP__TO", "s3://backups/chat/")
        .run(&["doctor", "--only", "copies", "-o", "jsonl"]);
    let why = "s3://backups/chat/ was not tried, because the keys of the S3 server are not known";
    assert!(said.ends(0).out.contains(why), "{said:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_private_authority_is_trusted_if_it_is_configured() {
    let (dir, server) = (tempfile::tempdir().unwrap(), Server::start().await);
    let path = |name: &str| dir.path().join(name);
    let pair = rcgen::KeyPair::generate().unwrap();
    let names = vec!["127.0.0.1".to_owned()];
    let certificate = rcgen::CertificateParams::new(names).unwrap().self_signed(&pair).unwrap();
    fs::write(path("cert.pem"), certificate.pem()).unwrap();
    fs::write(path("key.pem"), pair.serialize_pem()).unwrap();
    let s3 = S3::start_tls(&path("cert.pem"), &path("key.pem"));
    assert!(s3.url().starts_with("https://"));
    let ctl = s3.of(Ctl::of(&server), s3.url());
    ctl.run(&["backup", "list", PLACE]).fails(5, "certificate");
    let trusting = ctl.set("BACKUP__S3__TLS_CA", path("cert.pem").to_str().unwrap());
    let made = trusting.one(&["backup", "create", PLACE]);
    assert_eq!(trusting.all(&["backup", "list", PLACE])[0]["path"], made["path"]);
    let empty = path("key.pem");
    let ctl = trusting.set("BACKUP__S3__TLS_CA", empty.to_str().unwrap());
    ctl.run(&["backup", "list", PLACE]).fails(2, "it contains no certificate");
}

#[test]
fn the_secret_key_is_shown_nowhere() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("config.toml");
    let text = "[backup]\nto = \"s3://backups/chat/\"\n[backup.s3]\naccess_key_id = \"AKIAKEY\"\n\
                secret_access_key = \"hush-hush-hush\"\n[media.s3]\naccess_key_id = \"AKIAKEY\"\n\
                secret_access_key = \"hush-hush-hush\"\n";
    fs::write(&file, text).unwrap();
    let config = file.to_str().unwrap();
    let ctl = Ctl::at(&dir.path().join("data"));
    ctl.run(&["user", "create", "ann", "--admin", "--init", "--generate"]).ends(0);
    for arguments in [
        &["config", "show", "--config", config][..],
        &["config", "show", "--effective", "--config", config],
        &["config", "show", "--config", config, "-o", "json"],
        &["config", "show", "--effective", "--config", config, "-o", "json"],
    ] {
        let said = ctl.run(arguments);
        said.ends(0);
        assert!(said.out.contains("AKIAKEY") && said.out.contains("********"), "{said:?}");
        assert!(!said.out.contains("hush"), "{said:?}");
    }
    let said = ctl.run(&["config", "show", "--effective", "--config", config]);
    assert!(said.out.contains("\n[backup.s3]\n"), "{said:?}");
    // The masked text is a configuration that can be read.
    fs::write(dir.path().join("again.toml"), &said.out).unwrap();
    let again = dir.path().join("again.toml");
    ctl.run(&["config", "check", "--config", again.to_str().unwrap()]).ends(0);
    let bundle = dir.path().join("bundle.tar.gz");
    ctl.run(&["support", "bundle", bundle.to_str().unwrap(), "--config", config]).ends(0);
    let unpacked = unpack(&bundle);
    assert!(unpacked.contains("s3://backups/chat/") && !unpacked.contains("hush"), "{unpacked}");
    // A file that everybody can read is told.
    let checked = ctl.run(&["doctor", "--only", "config", "--config", config, "-o", "json"]);
    assert!(checked.out.contains("contains a secret, and other users can read it"), "{checked:?}");
}

fn unpack(bundle: &Path) -> String {
    let output = Command::new("tar").arg("-xzOf").arg(bundle).output().unwrap();
    String::from_utf8_lossy(&output.stdout).into_owned()
}
