//! Encrypted backups, together with the programs `age` and `age-keygen`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::json;
use sha2::{Digest, Sha256};

use super::{done, fails};
use crate::support::{Body, Ctl, Json, Person, Server};

/// Runs a program of age; returns its output.
fn age(program: &str, arguments: &[&str]) -> Vec<u8> {
    let output = Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .output()
        .expect("age is installed");
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

/// A new key file; second: its public key.
pub(super) fn key(folder: &Path, name: &str) -> (String, String) {
    let path = folder.join(name).to_str().unwrap().to_owned();
    age("age-keygen", &["-o", &path]);
    let public = String::from_utf8(age("age-keygen", &["-y", &path])).unwrap();
    (path, public.trim().to_owned())
}

/// A server with one message, an empty folder, and the keys of a recipient.
struct World {
    server: Server,
    dir: tempfile::TempDir,
    key: String,
    public: String,
}

impl World {
    async fn new() -> Self {
        let server = Server::start().await;
        let ann = Person::new(&server, "ann").await;
        let room = ann.room(&[]).await;
        ann.say(&room, "sealed").await;
        // Larger than a chunk of age, and not to be compressed.
        let noise: Vec<u8> = (0..3_000_u32).flat_map(|n| Sha256::digest(n.to_le_bytes())).collect();
        ann.post("/api/media", Body::Raw(noise)).await.is(201);
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join("backups")).unwrap();
        let (key, public) = key(dir.path(), "key.txt");
        Self { server, dir, key, public }
    }

    fn at(&self, name: &str) -> String {
        self.dir.path().join(name).to_str().unwrap().to_owned()
    }

    /// Creates an encrypted backup; returns its path.
    async fn backup(&self, recipients: &[&str]) -> String {
        let folder = self.at("backups");
        let mut arguments = vec!["backup", "create", &folder];
        arguments.extend(recipients.iter().flat_map(|key| ["--recipient", key]));
        let made = done(self.server.data(), &arguments).await;
        made["path"].as_str().unwrap().to_owned()
    }

    /// Restores a file to an empty place, which must then have the message.
    async fn restores(&self, file: &str, key: &str) {
        let target = tempfile::tempdir().unwrap();
        let restored = done(target.path(), &["backup", "restore", file, "--identity", key]).await;
        assert_eq!((&restored["done"], &restored["counts"]["messages"]), (&json!(true), &json!(1)));
        assert_eq!(done(target.path(), &["db", "check"]).await, json!([]));
    }

    /// A file that neither `verify` nor `restore` accepts; nothing is restored.
    async fn refuses(&self, file: &str, key: &str, codes: (i32, i32), words: &str) {
        let target = self.dir.path().join("refused");
        for (verb, code) in [("verify", codes.0), ("restore", codes.1)] {
            let arguments = ["backup", verb, file, "--identity", key];
            let output = super::run(&target, &arguments).await;
            let printed = String::from_utf8_lossy(&output.stdout).into_owned();
            let told = format!("{printed}{}", crate::cli::errors(&output));
            assert_eq!(crate::cli::code(&output), Some(code), "{arguments:?}: {told}");
            assert!(told.contains(words), "{arguments:?}: {words:?} is not in {told}");
            assert!(!target.exists(), "{arguments:?} left something behind");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_encrypted_backup_is_opened_by_age_and_restored_with_any_key_of_its_recipients() {
    let world = World::new().await;
    let (other_key, other_public) = key(world.dir.path(), "other.txt");
    let file = world.backup(&[&world.public, &other_public]).await;
    assert!(file.ends_with(".tar.zst.age"), "{file}");
    assert!(fs::read(&file).unwrap().starts_with(b"age-encryption.org/v1\n"));

    let plain = world.at("plain.tar.zst");
    age("age", &["--decrypt", "--identity", &world.key, "-o", &plain, &file]);
    let verified = done(world.server.data(), &["backup", "verify", &plain]).await;
    assert_eq!((&verified["problems"], &verified["encrypted"]), (&json!([]), &json!(false)));

    // A key file as `age-keygen` writes it, with a key of somebody else before.
    let (stranger, _) = key(world.dir.path(), "stranger.txt");
    let both = world.at("both.txt");
    let content = [fs::read(&stranger).unwrap(), fs::read(&other_key).unwrap()].concat();
    fs::write(&both, content).unwrap();
    for key in [&world.key, &other_key, &both] {
        let verified =
            done(world.server.data(), &["backup", "verify", &file, "--identity", key]).await;
        assert_eq!((&verified["problems"], &verified["encrypted"]), (&json!([]), &json!(true)));
        world.restores(&file, key).await;
    }
    // Each key in its own file.
    let keys = ["--identity", &stranger, "--identity", &world.key];
    done(world.server.data(), &[&["backup", "verify", &file], &keys[..]].concat()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_age_has_encrypted_is_restored() {
    let world = World::new().await;
    let plain = world.at("plain.tar.zst");
    done(world.server.data(), &["backup", "create", &plain]).await;
    for (name, more) in [("b.tar.zst.age", &[][..]), ("a.tar.zst.age", &["--armor"][..])] {
        let file = world.at(name);
        let arguments = [&["-r", &world.public, "-o", &file][..], more, &[&plain]].concat();
        age("age", &arguments);
        world.restores(&file, &world.key).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_the_right_key_or_the_whole_file_nothing_is_restored() {
    let world = World::new().await;
    let file = world.backup(&[&world.public]).await;
    let (stranger, _) = key(world.dir.path(), "stranger.txt");
    world.refuses(&file, &stranger, (1, 1), "it was encrypted for other recipients").await;

    let target = world.dir.path().join("refused");
    for verb in ["verify", "restore"] {
        let told = fails(&target, &["backup", verb, &file], 2).await;
        assert!(told.contains("is encrypted: add --identity KEYFILE"), "{told}");
    }
    assert!(!target.exists());

    let whole = fs::read(&file).unwrap();
    let header = whole.windows(5).position(|some| some == b"\n--- ").unwrap();
    let broken = world.at("broken.tar.zst.age");
    let flipped = |at: usize| {
        let mut bytes = whole.clone();
        bytes[at] ^= 1;
        bytes
    };
    // The content begins after the code of the header and a nonce, in chunks of 64 KiB.
    let begin = header + 5 + 43 + 1 + 16;
    let first_chunk = begin + 64 * 1024 + 16;
    let cases = [
        whole[..first_chunk].to_vec(),
        whole[..whole.len() - 1].to_vec(),
        whole[..whole.len() / 2].to_vec(),
        whole[..begin + 3].to_vec(),
        whole[..header].to_vec(),
        whole[..25].to_vec(),
        flipped(whole.len() - 1),
        flipped(whole.len() / 2),
        flipped(begin),
        flipped(header + 7),
        [&whole[..], b"more"].concat(),
    ];
    for bytes in cases {
        fs::write(&broken, bytes).unwrap();
        world.refuses(&broken, &world.key, (6, 1), "damaged or truncated").await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_that_is_no_key_file_is_named_with_its_reason() {
    let world = World::new().await;
    let file = world.backup(&[&world.public]).await;
    let sealed = world.at("sealed-key");
    age("age", &["-r", &world.public, "-o", &sealed, &world.key]);
    let write = |name: &str, content: &str| {
        let path = world.at(name);
        fs::write(&path, content).unwrap();
        path
    };
    for (path, code, words) in [
        (world.at("nowhere"), 3, "cannot read"),
        (write("empty", "# nothing\n"), 2, "contains no key"),
        (write("notes", "hello\n"), 2, "is not a key file"),
        (write("public", &world.public), 2, "is not a key file"),
        (write("ssh", "-----BEGIN OPENSSH PRIVATE KEY-----\nx\n"), 2, "is an SSH key"),
        (sealed, 2, "is itself encrypted"),
    ] {
        let arguments = ["backup", "verify", &file, "--identity", &path];
        let told = fails(world.server.data(), &arguments, code).await;
        assert!(told.contains(words) && told.contains(&path), "{path}: {told}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_configured_recipients_encrypt_every_backup_of_the_schedule_and_the_command_line() {
    let dir = tempfile::tempdir().unwrap();
    let (key_file, public) = key(dir.path(), "key.txt");
    let daily = [
        ("BACKUP__EVERY_HOURS", "24"),
        ("BACKUP__KEEP", "2"),
        ("BACKUP__RECIPIENTS", public.as_str()),
    ];
    let server = Server::start_with(&daily).await;
    server.wait_for_log(&["Created the backup chatctl-", ".tar.zst.age"]).await;
    let ctl = Ctl::of(&server).set("BACKUP__RECIPIENTS", &public).set("BACKUP__EVERY_HOURS", "24");
    let listed = ctl.all(&["backup", "list"]);
    let told = (&listed[0]["encrypted"], &listed[0]["problem"], &listed[0]["users"]);
    assert_eq!((listed.len(), told), (1, (&json!(true), &Json::Null, &Json::Null)), "{listed:?}");
    assert!(listed[0]["created"].as_str().unwrap().ends_with('Z'));
    let checked = ctl.run(&["doctor", "--only", "backup", "-o", "json"]);
    assert!(checked.out.contains("the newest backup"), "{checked:?}");
    checked.ends(0);

    // Of this instance only the newest stay; another one's are not counted.
    let folder = server.data().join("backups");
    let name = listed[0]["name"].as_str().unwrap();
    let older = |at: &str, from: &str, to: &str| {
        let name = format!("chatctl-{at}{}", name[24..].replace(from, to));
        fs::copy(folder.join(listed[0]["name"].as_str().unwrap()), folder.join(&name)).unwrap();
        name
    };
    let instance = name.rsplit('-').next().unwrap().split('.').next().unwrap().to_owned();
    let (first, second) = (older("20250101T000000Z", "", ""), older("20250102T000000Z", "", ""));
    let foreign = older("20250101T000000Z", &instance, "00000000");
    let gone = ctl.all(&["backup", "prune", "--keep", "2", "--yes"]);
    assert_eq!(gone.iter().map(|one| &one["name"]).collect::<Vec<_>>(), [&json!(first)]);
    assert!(folder.join(second).exists() && folder.join(foreign).exists());

    let said = ctl.run(&["backup", "create", dir.path().join("a.tar.zst").to_str().unwrap()]);
    said.fails(2, "ends in .tar.zst.age");
    let named = dir.path().join("a.tar.zst.age");
    ctl.one(&["backup", "create", named.to_str().unwrap()]);
    let output = ctl.command(&["backup", "create", "-"]).output().unwrap();
    assert!(output.status.success());
    let piped = dir.path().join("piped");
    fs::write(&piped, output.stdout).unwrap();
    for path in [named, piped] {
        let path = path.to_str().unwrap();
        let verified = ctl.one(&["backup", "verify", path, "--identity", &key_file]);
        assert_eq!((&verified["problems"], &verified["encrypted"]), (&json!([]), &json!(true)));
    }
}

#[test]
fn a_recipient_that_cannot_work_is_refused_and_a_secret_key_is_not_shown() {
    let dir = tempfile::tempdir().unwrap();
    let (key_file, _) = key(dir.path(), "key.txt");
    let content = fs::read_to_string(&key_file).unwrap();
    let secret = content.lines().find(|line| line.starts_with("AGE-SECRET-KEY-1")).unwrap();
    let ctl = Ctl::at(&dir.path().join("data"));
    for (key, words) in
        [("age1abc", "\"age1abc\", which is not a public key"), (secret, "a secret key")]
    {
        for said in [
            ctl.clone().set("BACKUP__RECIPIENTS", key).run(&["config", "check"]),
            ctl.run(&["backup", "create", "--recipient", key]),
        ] {
            assert_ne!(said.code, 0, "{said:?}");
            assert!(said.err.contains(words) && !said.err.contains(secret), "{said:?}");
        }
    }
    let named: PathBuf = dir.path().join("a.tar.zst.age");
    let server = ctl.run(&["user", "create", "ann", "--admin", "--init", "--generate"]);
    server.ends(0);
    let said = ctl.run(&["backup", "create", named.to_str().unwrap()]);
    said.fails(2, "there is no recipient to encrypt the backup for");
}
