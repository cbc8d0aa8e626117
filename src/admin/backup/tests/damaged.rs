//! Problems of a backup are found before existing data is touched.

use super::*;
use crate::admin::backup::format::Entry;
use crate::store::engine::upkeep::{inspect, specimens};

#[tokio::test]
async fn damage_is_found_wherever_it_is() {
    let world = World::new().await;
    let path = world.backup().await;
    let bytes = fs::read(&path).unwrap();
    let bad = world.path("bad.tar.zst");
    // The sixth byte is the memory requirement, which does not affect the decompressed content.
    for place in [
        0,
        5,
        bytes.len() / 3,
        bytes.len() / 2,
        bytes.len() - 41,
        bytes.len() - 40,
        bytes.len() - 1,
    ] {
        let mut flipped = bytes.clone();
        flipped[place] ^= 0x10;
        fs::write(&bad, flipped).unwrap();
        world.is_bad(&bad, "");
    }
    for length in [0, 1, 100, bytes.len() / 2, bytes.len() - 1] {
        fs::write(&bad, &bytes[..length]).unwrap();
        world.is_bad(&bad, "The file is damaged or truncated");
    }
    for more in [&b"more"[..], &bytes[bytes.len() - 40..]] {
        fs::write(&bad, [&bytes, more].concat()).unwrap();
        world.is_bad(&bad, "The file ");
    }
    fs::write(&bad, &bytes[..bytes.len() - 40]).unwrap();
    world.is_bad(&bad, "The file has changed");
    assert_eq!(
        Input::file(&world.path("none"), &Identities::default()).unwrap_err().kind,
        Kind::NotFound
    );
}

#[tokio::test]
async fn what_is_missing_or_too_much_or_elsewhere_is_found() {
    let world = World::new().await;
    let path = world.backup().await;
    let file =
        (format!("media/{}", name(9)).into_bytes(), tar::EntryType::Regular, b"nine".to_vec());
    let plain = |name: &str| (name.as_bytes().to_vec(), tar::EntryType::Regular, b"x".to_vec());
    let bad = |problem: &str, change: &dyn Fn(&mut Vec<_>)| {
        world.is_bad(&world.forge(&path, |entries| change(entries)), problem);
    };
    assert!(world.verify(&world.forge(&path, |_| ())).problems.is_empty());
    bad(&format!("media/{} is missing.", name(1)), &|entries| drop(entries.remove(2)));
    bad("chat.db is missing.", &|entries| drop(entries.remove(1)));
    bad("manifest.json is missing", &|entries| drop(entries.pop()));
    let longer = |entries: &mut Vec<(Vec<u8>, tar::EntryType, Vec<u8>)>| {
        let mut head: serde_json::Value = serde_json::from_slice(&entries[0].2).unwrap();
        head["media_bytes"] = json!(1_000_000);
        entries[0].2 = head.to_string().into_bytes();
        entries.insert(3, file.clone());
    };
    bad(&format!("media/{} is not in manifest.json.", name(9)), &longer);
    // The header limits how much is written to disk.
    bad("has 4 bytes instead of the 15000 in backup.json", &|entries| {
        entries.insert(4, file.clone());
    });
    bad(" instead of the 1 in backup.json", &|entries| {
        let mut head: serde_json::Value = serde_json::from_slice(&entries[0].2).unwrap();
        head["database_bytes"] = json!(1);
        entries[0].2 = head.to_string().into_bytes();
        set_right(entries);
    });
    bad("its SHA-256 does not match", &|entries| entries[2].2[7] ^= 1);
    bad("has 4999 bytes instead of 5000", &|entries| entries[2].2.truncate(4999));
    for name in ["../x", "/etc/x", "media/../../x", "search.db", "media/x"] {
        bad(&format!("Unexpected entry {name}."), &|entries| {
            entries.insert(2, plain(name));
        });
    }
    bad("is not a regular file", &|entries| entries[1].1 = tar::EntryType::Symlink);
    bad("is not a regular file", &|entries| entries[1].1 = tar::EntryType::Link);
    bad("is in the wrong position", &|entries| entries.swap(0, 1));
    bad("is in the wrong position", &|entries| entries.push(plain("chat.db")));
    bad("is in the wrong position", &|entries| entries.insert(2, entries[1].clone()));
    // The checksums are correct, but the content is wrong.
    bad(&format!("The uploaded file {} is missing.", name(2)), &|entries| {
        entries.remove(3);
        set_right(entries);
    });
    bad(&format!("The uploaded file {} is not in the database", name(9)), &|entries| {
        longer(entries);
        set_right(entries);
    });
    bad("The database cannot be used", &|entries| {
        entries[1].2 = b"no database at all".to_vec();
        let mut head: serde_json::Value = serde_json::from_slice(&entries[0].2).unwrap();
        head["database_bytes"] = json!(entries[1].2.len());
        entries[0].2 = head.to_string().into_bytes();
        set_right(entries);
    });
    bad("its format version is 7", &|entries| {
        entries[0].2 = json!({"product": "chatctl", "format": 7}).to_string().into_bytes();
        set_right(entries);
    });
    assert!(!world.path("x").exists() && Entry::parse(b"../x").is_none());
}

#[tokio::test]
async fn files_that_are_missing_or_altered_are_told_and_no_reason_to_lose_the_rest() {
    for altered in [false, true] {
        let world = World::new().await;
        let sound = world.backup().await;
        let file = place(&world.path("data/media"), &name(1)).unwrap();
        if altered {
            let mut bytes = bytes_of(1);
            bytes[2500] ^= 1;
            fs::write(&file, [bytes, b"longer".to_vec()].concat()).unwrap();
        } else {
            fs::remove_file(&file).unwrap();
        }
        let (failure, path) = world.damaged_backup().await;
        assert!(
            failure.kind == Kind::Problems && failure.message.contains(&name(1)),
            "{failure:?}"
        );
        let verified = world.verify(&path);
        assert_eq!((verified.problems.len(), verified.notes.len()), (0, 1), "{verified:?}");
        assert_eq!(world.restore(&path, "new", false).unwrap().notes, verified.notes);
        // It replaces no valid backup, and only the newest damaged one is kept.
        let (_, again) = world.damaged_backup().await;
        assert!(!path.exists() || path == again, "{path:?} {again:?}");
        assert_eq!(world.names("backups").len(), 2);
        let pruned = prune(&world.path("backups"), newest(1), None, false).unwrap();
        assert!(pruned.gone.is_empty() && pruned.kept == 1 && sound.exists());
        let listed = list(&world.path("backups")).unwrap();
        assert_eq!(listed.iter().filter(|backup| backup.is_sound()).count(), 1);
    }
}

#[tokio::test]
async fn a_database_that_is_not_whole_is_no_backup() {
    let world = World::new().await;
    let sound = world.backup().await;
    {
        let conn = rusqlite::Connection::open(world.path("data/chat.db")).unwrap();
        conn.execute_batch("PRAGMA foreign_keys = OFF; UPDATE media SET owner = 77").unwrap();
    }
    let (failure, path) = world.damaged_backup().await;
    assert!(
        failure.kind == Kind::Problems
            && failure.message.contains("refers to a missing row of users"),
        "{failure:?}"
    );
    assert!(!world.verify(&path).problems.is_empty() && sound.exists());
}

#[tokio::test]
async fn nothing_that_acts_by_itself_comes_with_a_database() {
    let world = World::new().await;
    let path = world.backup().await;
    let known = inspect(&world.path("data/chat.db")).unwrap().plan.schema;
    for (change, problem) in [
        (
            "CREATE TRIGGER t AFTER INSERT ON messages BEGIN UPDATE users SET admin = 1; END",
            "The trigger t does not belong",
        ),
        ("CREATE VIEW v AS SELECT 1", "The view v does not belong"),
    ] {
        let forged = with_database(&world, &path, known, |database| {
            rusqlite::Connection::open(database).unwrap().execute_batch(change).unwrap();
        });
        world.is_bad(&forged, problem);
    }
}

/// The same backup with a database of this schema.
fn with_database(world: &World, path: &Path, schema: u32, make: impl FnOnce(&Path)) -> PathBuf {
    let database = world.path("other.db");
    world.forge(path, |entries| {
        fs::write(&database, &entries[1].2).unwrap();
        make(&database);
        entries[1].2 = fs::read(&database).unwrap();
        fs::remove_file(&database).unwrap();
        let mut head: serde_json::Value = serde_json::from_slice(&entries[0].2).unwrap();
        head["schema"] = json!(schema);
        head["database_bytes"] = json!(entries[1].2.len());
        if schema == 1 {
            head["counts"]["media"] = json!(0);
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
    let old = with_database(&world, &path, 1, |database| {
        fs::remove_file(database).unwrap();
        specimens::of_the_first_schema(database);
    });
    assert_eq!(world.verify(&old).problems, [""; 0]);
    world.restore(&old, "new", false).unwrap();
    assert_eq!(world.names("new"), ["chat.db", "media"]);
    let inspected = inspect(&world.path("new/chat.db")).unwrap();
    assert!(inspected.plan.schema == inspected.plan.known && inspected.counts.users == 1);
    let store = Embedded::open(
        &world.path("new/chat.db"),
        &Options::default(),
        tokio::sync::mpsc::channel(1).0,
    )
    .unwrap();
    assert_eq!(store.users(crate::store::UserQuery::After(None, 9)).await.unwrap()[0].login, "old");
    let newer =
        with_database(&world, &path, 99, |database| specimens::of_a_later_schema(database, 99));
    world.is_bad(&newer, "was made by a newer chatctl");
}
