//! Backups of a small world, whole and damaged in every way.

use std::fs::{self, File};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use rusqlite::Connection;
use serde_json::json;
use sha2::{Digest, Sha256};

use super::format::{DATABASE, Entry, HEAD, MANIFEST};
use super::seal::Sealing;
use super::*;
use crate::model::EventSink;
use crate::store::files::place;
use crate::store::sqlite::upkeep::inspect;
use crate::store::sqlite::{Options, Sqlite};
use crate::store::{NewMedia, NewUser, Store};

/// A data directory with a user and two uploaded files, and a place for backups.
struct World {
    dir: tempfile::TempDir,
    store: Sqlite,
}

/// A file's name, made of a number.
fn name(n: u8) -> String {
    format!("{n:02x}").repeat(64)
}

impl World {
    async fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join("data")).unwrap();
        let store = Sqlite::open(&dir.path().join("data/chat.db"), &Options::default(), EventSink::new(|_| ())).unwrap();
        let text = String::from;
        let (login, folded, look_alike, shown) = (text("ann"), text("ann"), text("ann"), text("Ann"));
        let new = NewUser { login, folded, look_alike, name: shown, email: None, birth: None, password: text("x"), md5: None, sha1: None, admin: false };
        let ann = store.add_user(new).await.unwrap();
        let world = Self { dir, store };
        for n in 1..=2 {
            let path = place(&world.path("data/media"), &name(n)).unwrap();
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, vec![n; 5000 * usize::from(n)]).unwrap();
            let size = 5000 * u64::from(n);
            let new = NewMedia { name: name(n), owner: ann.id, kind: text("image/png"), is_image: true, size, width: None, height: None, file_name: None };
            world.store.add_media(new).await.unwrap();
        }
        world
    }

    fn path(&self, path: &str) -> PathBuf {
        self.dir.path().join(path)
    }

    fn source(&self) -> Source {
        Source { store: self.store.clone(), data: self.path("data"), media: self.path("data/media"), hold: None }
    }

    async fn backup(&self) -> PathBuf {
        create(&self.source(), &self.path("backups"), |_, _| true).await.unwrap().path
    }

    fn verify(&self, path: &Path) -> Verified {
        verify(path, self.dir.path(), &mut |_, _| true).unwrap()
    }

    fn restore(&self, path: &Path, to: &str, replace: bool) -> Result<Restored, Failure> {
        let target = Target { data: &self.path(to), database: Path::new("chat.db"), media: Path::new("media"), replace };
        restore(path, target, &mut |_, _| true)
    }

    /// What lies in a directory.
    fn names(&self, path: &str) -> Vec<String> {
        let mut names: Vec<_> = fs::read_dir(self.path(path)).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    /// What verify finds is what restore refuses for, and the place of the data stays as it was.
    fn is_bad(&self, path: &Path, problem: &str) {
        let verified = self.verify(path);
        assert!(verified.problems.iter().any(|line| line.contains(problem)), "{problem}: {:?}", verified.problems);
        fs::create_dir_all(self.path("kept")).unwrap();
        fs::write(self.path("kept/chat.db"), "old").unwrap();
        let before = self.names("");
        for (to, replace) in [("nowhere", false), ("kept", true)] {
            let refused = self.restore(path, to, replace).unwrap_err();
            assert!(refused.kind == Kind::Failed && refused.message.contains(problem), "{refused:?}");
        }
        assert_eq!((self.names(""), self.names("kept")), (before, vec!["chat.db".to_owned()]));
        assert_eq!(fs::read(self.path("kept/chat.db")).unwrap(), b"old");
    }

    /// A backup with other entries than `of` has.
    fn forge(&self, of: &Path, change: impl FnOnce(&mut Vec<(Vec<u8>, tar::EntryType, Vec<u8>)>)) -> PathBuf {
        let mut entries = parts(of);
        change(&mut entries);
        let path = self.path("forged.tar.zst");
        let mut tar = tar::Builder::new(zstd::Encoder::new(Sealing::new(File::create(&path).unwrap()), 1).unwrap());
        for (name, kind, bytes) in entries {
            let mut header = tar::Header::new_gnu();
            header.set_size(bytes.len() as u64);
            header.set_mode(0o600);
            header.set_entry_type(kind);
            if kind == tar::EntryType::Symlink {
                header.set_link_name("/etc/passwd").unwrap();
            }
            if name.len() < 100 {
                // Written as it is: the library would not write what must not be read.
                header.as_old_mut().name[..name.len()].copy_from_slice(&name);
                header.set_cksum();
                tar.append(&header, &*bytes).unwrap();
            } else {
                tar.append_data(&mut header, String::from_utf8(name).unwrap(), &*bytes).unwrap();
            }
        }
        tar.into_inner().unwrap().finish().unwrap().seal().unwrap();
        path
    }
}

/// The entries of a backup.
fn parts(path: &Path) -> Vec<(Vec<u8>, tar::EntryType, Vec<u8>)> {
    let mut archive = tar::Archive::new(zstd::Decoder::new(File::open(path).unwrap()).unwrap());
    let all = archive.entries().unwrap().map(|entry| {
        let mut entry = entry.unwrap();
        let mut bytes = Vec::new();
        std::io::Read::read_to_end(&mut entry, &mut bytes).unwrap();
        (entry.path_bytes().into_owned(), entry.header().entry_type(), bytes)
    });
    all.collect()
}

/// Makes the manifest say what the entries are, so that only what is in them can be wrong.
fn set_right(entries: &mut [(Vec<u8>, tar::EntryType, Vec<u8>)]) {
    let named: serde_json::Map<_, _> = entries[..entries.len() - 1]
        .iter()
        .map(|(name, _, bytes)| (String::from_utf8(name.clone()).unwrap(), json!({"bytes": bytes.len(), "sha256": hex::encode(Sha256::digest(bytes))})))
        .collect();
    entries.last_mut().unwrap().2 = serde_json::to_vec(&json!({"entries": named, "missing": []})).unwrap();
}

#[tokio::test]
async fn a_backup_holds_everything_in_its_order_and_is_for_its_owner_alone() {
    let world = World::new().await;
    let path = world.backup().await;
    let names: Vec<_> = parts(&path).into_iter().map(|(name, ..)| String::from_utf8(name).unwrap()).collect();
    assert_eq!(names, [HEAD.to_owned(), DATABASE.to_owned(), format!("media/{}", name(1)), format!("media/{}", name(2)), MANIFEST.to_owned()]);
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    let verified = world.verify(&path);
    assert_eq!((verified.entries, &verified.problems, &verified.notes), (5, &Vec::new(), &Vec::new()));
    let head = verified.head.unwrap();
    assert_eq!((head.counts.users, head.counts.media, head.media_bytes, head.epoch), (1, 2, 15_000, world.store.settings().await.unwrap().epoch));
    assert_eq!(world.names("backups"), [path.file_name().unwrap().to_str().unwrap()]);
    assert!(world.names("data").iter().all(|name| !name.starts_with("backup-")), "the copy is gone");
}

#[tokio::test]
async fn whoever_is_interrupted_leaves_nothing() {
    let world = World::new().await;
    // Once in the copy and once in the archive.
    for most in [0, 12] {
        let mut steps = 0;
        let stop = move |_, _| {
            steps += 1;
            steps <= most
        };
        let failure = create(&world.source(), &world.path("backups"), stop).await.unwrap_err();
        assert_eq!(failure.kind, Kind::Interrupted, "{failure:?}");
        assert!(world.names("backups").is_empty() && world.names("data").iter().all(|name| !name.starts_with("backup-")));
    }
    let path = world.backup().await;
    let failure = verify(&path, world.dir.path(), &mut |_, _| false).unwrap_err();
    assert_eq!(failure.kind, Kind::Interrupted);
    let target = Target { data: &world.path("new"), database: Path::new("chat.db"), media: Path::new("media"), replace: false };
    assert_eq!(restore(&path, target, &mut |_, _| false).unwrap_err().kind, Kind::Interrupted);
    assert_eq!(world.names(""), ["backups", "data"]);
}

#[tokio::test]
async fn what_a_crash_has_left_is_swept_up() {
    let world = World::new().await;
    let path = world.backup().await;
    fs::create_dir(world.path("data/backup-0123abcd.tmp")).unwrap();
    fs::write(world.path("data/backup-0123abcd.tmp/chat.db"), "half").unwrap();
    let (left, fresh) = (world.path("backups/chatctl-20250101T000000Z.tar.zst.part"), world.path("backups/chatctl-20250102T000000Z.tar.zst.part"));
    fs::write(&fresh, "").unwrap();
    File::create(&left).unwrap().set_modified(SystemTime::now() - Duration::from_hours(2)).unwrap();
    fs::write(world.path("backups/notes.part"), "").unwrap();
    sweep(&world.path("data"), &world.path("backups")).unwrap();
    sweep(&world.path("data"), &world.path("nowhere")).unwrap();
    assert!(!world.path("data/backup-0123abcd.tmp").exists() && world.path("data/chat.db").exists());
    assert!(!left.exists() && fresh.exists() && path.exists() && world.path("backups/notes.part").exists());
}

#[tokio::test]
async fn a_restored_directory_has_everything_and_another_epoch() {
    let world = World::new().await;
    let path = world.backup().await;
    let epoch = world.store.settings().await.unwrap().epoch;
    let restored = world.restore(&path, "deep/new", false).unwrap();
    assert_eq!(world.names("deep"), ["new"]);
    assert_eq!(world.names("deep/new"), ["chat.db", "media"]);
    assert!(restored.epoch != epoch && restored.head.epoch == epoch && restored.replaced.is_none());
    let inspected = inspect(&world.path("deep/new/chat.db")).unwrap();
    assert_eq!((inspected.epoch, inspected.counts), (restored.epoch, restored.head.counts));
    for n in 1..=2 {
        assert_eq!(fs::read(place(&world.path("deep/new/media"), &name(n)).unwrap()).unwrap(), vec![n; 5000 * usize::from(n)]);
    }
    for file in ["deep/new", "deep/new/chat.db", "deep/new/media"] {
        assert_eq!(fs::metadata(world.path(file)).unwrap().permissions().mode() & 0o077, 0, "{file}");
    }
}

#[tokio::test]
async fn only_an_empty_place_is_taken_and_what_is_replaced_is_kept() {
    let world = World::new().await;
    let path = world.backup().await;
    fs::create_dir(world.path("new")).unwrap();
    fs::write(world.path("new/lock"), "1").unwrap();
    assert!(world.restore(&path, "new", false).unwrap().replaced.is_none(), "a lock alone is nothing");
    assert_eq!(world.names("new"), ["chat.db", "media"]);
    fs::write(world.path("new/mine"), "mine").unwrap();
    let refused = world.restore(&path, "new", false).unwrap_err();
    assert_eq!(refused.kind, Kind::Conflict);
    let aside = world.restore(&path, "new", true).unwrap().replaced.unwrap();
    assert!(aside.file_name().unwrap().to_str().unwrap().starts_with("new.replaced-"), "{aside:?}");
    assert_eq!((fs::read(aside.join("mine")).unwrap(), world.names("new")), (b"mine".to_vec(), vec!["chat.db".to_owned(), "media".to_owned()]));
    assert_eq!(world.names("").len(), 4, "backups, data, new and what was new before");
    let outside = Target { data: &world.path("other"), database: Path::new("../chat.db"), media: Path::new("media"), replace: false };
    assert_eq!(restore(&path, outside, &mut |_, _| true).unwrap_err().kind, Kind::Usage);
}

#[tokio::test]
async fn damage_is_found_wherever_it_is() {
    let world = World::new().await;
    let path = world.backup().await;
    let bytes = fs::read(&path).unwrap();
    let bad = world.path("bad.tar.zst");
    // The sixth byte says how much memory is wanted, and changes nothing of what comes out.
    for place in [0, 5, bytes.len() / 3, bytes.len() / 2, bytes.len() - 41, bytes.len() - 40, bytes.len() - 1] {
        let mut flipped = bytes.clone();
        flipped[place] ^= 0x10;
        fs::write(&bad, flipped).unwrap();
        world.is_bad(&bad, "");
    }
    for length in [0, 1, 100, bytes.len() / 2, bytes.len() - 1] {
        fs::write(&bad, &bytes[..length]).unwrap();
        world.is_bad(&bad, "The file is damaged or cut off");
    }
    for more in [&b"more"[..], &bytes[bytes.len() - 40..]] {
        fs::write(&bad, [&bytes, more].concat()).unwrap();
        world.is_bad(&bad, "The file is ");
    }
    fs::write(&bad, &bytes[..bytes.len() - 40]).unwrap();
    world.is_bad(&bad, "The file is not what it was");
    assert_eq!(verify(&world.path("none"), world.dir.path(), &mut |_, _| true).unwrap_err().kind, Kind::NotFound);
}

#[tokio::test]
async fn what_is_missing_or_too_much_or_elsewhere_is_found() {
    let world = World::new().await;
    let path = world.backup().await;
    let file = (format!("media/{}", name(9)).into_bytes(), tar::EntryType::Regular, b"nine".to_vec());
    let plain = |name: &str| (name.as_bytes().to_vec(), tar::EntryType::Regular, b"x".to_vec());
    let bad = |problem: &str, change: &dyn Fn(&mut Vec<_>)| world.is_bad(&world.forge(&path, |entries| change(entries)), problem);
    assert!(world.verify(&world.forge(&path, |_| ())).problems.is_empty());
    bad(&format!("media/{} is missing.", name(1)), &|entries| drop(entries.remove(2)));
    bad("chat.db is missing.", &|entries| drop(entries.remove(1)));
    bad("manifest.json is missing", &|entries| drop(entries.pop()));
    bad(&format!("media/{} is not in manifest.json.", name(9)), &|entries| entries.insert(3, file.clone()));
    bad("its SHA-256 is another", &|entries| entries[2].2[7] ^= 1);
    bad("has 4999 bytes instead of 5000", &|entries| entries[2].2.truncate(4999));
    for name in ["../x", "/etc/x", "media/../../x", "search.db", "media/x"] {
        bad(&format!("{name} does not belong in a backup."), &|entries| entries.insert(2, plain(name)));
    }
    bad("is no plain file", &|entries| entries[1].1 = tar::EntryType::Symlink);
    bad("is no plain file", &|entries| entries[1].1 = tar::EntryType::Link);
    bad("stands where it must not be", &|entries| entries.swap(0, 1));
    bad("stands where it must not be", &|entries| entries.push(plain("chat.db")));
    bad("stands where it must not be", &|entries| entries.insert(2, entries[1].clone()));
    // The sums are right, and what they are of is not.
    bad(&format!("The uploaded file {} is missing.", name(2)), &|entries| {
        entries.remove(3);
        set_right(entries);
    });
    bad(&format!("does not know of the uploaded file {}", name(9)), &|entries| {
        entries.insert(3, file.clone());
        set_right(entries);
    });
    bad("Its database cannot be used", &|entries| {
        entries[1].2 = b"no database at all".to_vec();
        set_right(entries);
    });
    bad("it is of format 7", &|entries| {
        entries[0].2 = json!({"product": "chatctl", "format": 7}).to_string().into_bytes();
        set_right(entries);
    });
    assert!(!world.path("x").exists() && Entry::parse(b"../x").is_none());
}

#[tokio::test]
async fn a_file_that_was_missing_already_is_told_and_no_reason_to_lose_the_rest() {
    let world = World::new().await;
    fs::remove_file(place(&world.path("data/media"), &name(1)).unwrap()).unwrap();
    let path = world.backup().await;
    let verified = world.verify(&path);
    assert_eq!((verified.problems.len(), verified.notes.len()), (0, 1), "{verified:?}");
    assert_eq!(world.restore(&path, "new", false).unwrap().notes, verified.notes);
}

/// The same backup with its database at another schema.
fn of_schema(world: &World, path: &Path, schema: u32, sql: &str) -> PathBuf {
    let database = world.path("other.db");
    drop(fs::remove_file(&database));
    world.forge(path, |entries| {
        if sql.is_empty() {
            fs::write(&database, &entries[1].2).unwrap();
        }
        let conn = Connection::open(&database).unwrap();
        conn.execute_batch(sql).unwrap();
        conn.pragma_update(None, "application_id", 0x6368_6174).unwrap();
        conn.pragma_update(None, "user_version", schema).unwrap();
        drop(conn);
        entries[1].2 = fs::read(&database).unwrap();
        let mut head: serde_json::Value = serde_json::from_slice(&entries[0].2).unwrap();
        head["schema"] = json!(schema);
        if !sql.is_empty() {
            head["counts"] = json!({"users": 1, "rooms": 0, "messages": 0, "media": 0});
            entries.drain(2..4);
        }
        entries[0].2 = head.to_string().into_bytes();
        set_right(entries);
    })
}

#[tokio::test]
async fn an_older_schema_is_migrated_and_a_newer_one_refused() {
    let world = World::new().await;
    let path = world.backup().await;
    let first = include_str!("../../store/sqlite/migrations/0001_start.sql");
    let user = "INSERT INTO users (login, name, name_folded, password, created) VALUES ('old', 'Old', 'old', '', 0);";
    let old = of_schema(&world, &path, 1, &format!("{first};{user}"));
    assert_eq!(world.verify(&old).problems, [""; 0]);
    world.restore(&old, "new", false).unwrap();
    assert_eq!(world.names("new"), ["chat.db", "media"]);
    let inspected = inspect(&world.path("new/chat.db")).unwrap();
    assert!(inspected.plan.schema == inspected.plan.known && inspected.counts.users == 1);
    let store = Sqlite::open(&world.path("new/chat.db"), &Options::default(), EventSink::new(|_| ())).unwrap();
    assert_eq!(store.users(crate::store::UserQuery::After(crate::model::UserId(0), 9)).await.unwrap()[0].login, "old");
    let newer = of_schema(&world, &path, 99, "");
    world.is_bad(&newer, "was made by a newer chatctl");
}

#[tokio::test]
async fn lists_name_what_is_there_and_only_backups_are_pruned() {
    let world = World::new().await;
    let path = world.backup().await;
    let backups = world.path("backups");
    assert!(list(&world.path("nowhere")).unwrap().is_empty());
    for (day, created) in [("01", "2025-01-01T00:00:00Z"), ("02", "2025-01-02T00:00:00Z"), ("03", "2025-01-03T00:00:00Z")] {
        let forged = world.forge(&path, |entries| {
            let mut head: serde_json::Value = serde_json::from_slice(&entries[0].2).unwrap();
            head["created"] = json!(created);
            entries[0].2 = head.to_string().into_bytes();
        });
        fs::rename(forged, backups.join(format!("chatctl-202501{day}T000000Z.tar.zst"))).unwrap();
    }
    fs::write(backups.join("chatctl-20240101T000000Z.tar.zst"), "no backup").unwrap();
    fs::write(backups.join("notes.tar.zst"), "mine").unwrap();
    let listed = list(&backups).unwrap();
    assert_eq!(listed.len(), 5);
    assert!(listed[0].head.is_none() && listed[0].problem.is_some() && listed[1..].iter().all(|backup| backup.problem.is_none()));
    assert_eq!((listed[1].head.as_ref().unwrap().created.as_str(), listed[4].path.as_path()), ("2025-01-01T00:00:00Z", path.as_path()));
    let dry = prune(&backups, 2, true).unwrap();
    let gone = |pruned: &Pruned| pruned.gone.iter().map(|backup| backup.name.clone()).collect::<Vec<_>>();
    assert_eq!((gone(&dry), dry.kept), (vec!["chatctl-20250101T000000Z.tar.zst".to_owned(), "chatctl-20250102T000000Z.tar.zst".to_owned()], 2));
    assert_eq!(list(&backups).unwrap().len(), 5);
    let pruned = prune(&backups, 2, false).unwrap();
    assert_eq!(gone(&pruned), gone(&dry));
    assert_eq!(world.names("backups").len(), 4, "what is no backup stays");
    assert!(path.exists());
}
