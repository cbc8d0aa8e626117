//! Creates, lists, restores and prunes backups.

use std::os::unix::fs::PermissionsExt;
use std::time::{Duration, SystemTime};

use super::*;
use crate::admin::backup::format::{DATABASE, HEAD, MANIFEST};
use crate::store::engine::upkeep::inspect;

#[tokio::test]
async fn a_backup_holds_everything_in_its_order_and_is_for_its_owner_alone() {
    let world = World::new().await;
    let path = world.backup().await;
    let names: Vec<_> =
        parts(&path).into_iter().map(|(name, ..)| String::from_utf8(name).unwrap()).collect();
    assert_eq!(
        names,
        [
            HEAD.to_owned(),
            DATABASE.to_owned(),
            format!("media/{}", name(1)),
            format!("media/{}", name(2)),
            MANIFEST.to_owned()
        ]
    );
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    let verified = world.verify(&path);
    assert_eq!(
        (verified.entries, &verified.problems, &verified.notes),
        (5, &Vec::new(), &Vec::new())
    );
    let head = verified.head.unwrap();
    assert_eq!(
        (head.counts.users, head.counts.media, head.media_bytes, head.epoch),
        (1, 2, 15_000, world.store.settings().await.unwrap().epoch)
    );
    assert_eq!(world.names("backups"), [path.file_name().unwrap().to_str().unwrap()]);
    assert!(
        world.names("data").iter().all(|name| !name.starts_with("backup-")),
        "the copy is gone"
    );
}

#[tokio::test]
async fn whoever_is_interrupted_leaves_nothing() {
    let world = World::new().await;
    // Interrupt it during the copy and during the archive.
    for most in [0, 12] {
        let mut steps = 0;
        let stop = move |_, _| {
            steps += 1;
            steps <= most
        };
        let failure = create(&world.source(), &world.path("backups"), &Recipients::default(), stop)
            .await
            .unwrap_err();
        assert_eq!(failure.kind, Kind::Interrupted, "{failure:?}");
        assert!(
            world.names("backups").is_empty()
                && world.names("data").iter().all(|name| !name.starts_with("backup-"))
        );
    }
    let path = world.backup().await;
    let failure = verify(input(&path), world.dir.path(), &mut |_, _| false).unwrap_err();
    assert_eq!(failure.kind, Kind::Interrupted);
    let target = Target {
        data: &world.path("new"),
        database: Path::new("chat.db"),
        media: Path::new("media"),
        bucket: None,
        backups: Path::new("backups"),
        replace: false,
        operator: &operator(),
    };
    assert_eq!(
        restore(input(&path), target, &mut |_, _| false).unwrap_err().kind,
        Kind::Interrupted
    );
    assert_eq!(world.names(""), ["backups", "data"]);
}

#[tokio::test]
async fn what_a_crash_has_left_is_swept_up() {
    let world = World::new().await;
    let path = world.backup().await;
    fs::create_dir(world.path("data/backup-0123abcd.tmp")).unwrap();
    fs::write(world.path("data/backup-0123abcd.tmp/chat.db"), "half").unwrap();
    fs::create_dir(world.path("data/export-0123abcd.tmp")).unwrap();
    let (left, fresh) = (
        world.path("backups/chatctl-20250101T000000Z.tar.zst.part"),
        world.path("backups/chatctl-20250102T000000Z.tar.zst.part"),
    );
    fs::write(&fresh, "").unwrap();
    File::create(&left).unwrap().set_modified(SystemTime::now() - Duration::from_hours(2)).unwrap();
    fs::write(world.path("backups/notes.part"), "").unwrap();
    sweep(&world.path("data"), &world.path("backups")).unwrap();
    sweep(&world.path("data"), &world.path("nowhere")).unwrap();
    assert!(
        !world.path("data/backup-0123abcd.tmp").exists()
            && !world.path("data/export-0123abcd.tmp").exists()
    );
    assert!(world.path("data/chat.db").exists());
    assert!(
        !left.exists()
            && fresh.exists()
            && path.exists()
            && world.path("backups/notes.part").exists()
    );
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
        assert_eq!(
            fs::read(place(&world.path("deep/new/media"), &name(n)).unwrap()).unwrap(),
            bytes_of(n)
        );
    }
    for file in ["deep/new", "deep/new/chat.db", "deep/new/media"] {
        assert_eq!(
            fs::metadata(world.path(file)).unwrap().permissions().mode() & 0o077,
            0,
            "{file}"
        );
    }
}

#[tokio::test]
async fn only_an_empty_place_is_taken_and_what_is_replaced_is_kept() {
    let world = World::new().await;
    let path = world.backup().await;
    fs::create_dir(world.path("new")).unwrap();
    fs::write(world.path("new/lock"), "1").unwrap();
    assert!(
        world.restore(&path, "new", false).unwrap().replaced.is_none(),
        "a lock alone is nothing"
    );
    assert_eq!(world.names("new"), ["chat.db", "media"]);
    fs::write(world.path("new/mine"), "mine").unwrap();
    let refused = world.restore(&path, "new", false).unwrap_err();
    assert_eq!(refused.kind, Kind::Conflict);
    let aside = world.restore(&path, "new", true).unwrap().replaced.unwrap();
    assert!(aside.file_name().unwrap().to_str().unwrap().starts_with("new.replaced-"), "{aside:?}");
    assert_eq!(
        (fs::read(aside.join("mine")).unwrap(), world.names("new")),
        (b"mine".to_vec(), vec!["chat.db".to_owned(), "media".to_owned()])
    );
    assert_eq!(world.names("").len(), 4, "backups, data, new and what was new before");
}

#[tokio::test]
async fn an_empty_place_that_cannot_be_exchanged_is_filled_from_within() {
    let world = World::new().await;
    let path = world.backup().await;
    let data = world.path("mounted");
    fs::create_dir_all(data.join(".restoring-old/media")).unwrap();
    fs::write(data.join("lock"), "1").unwrap();
    let staged = restore::stage_within(&data, restore::Occupied::Empty).unwrap();
    let target = Target {
        data: &data,
        database: Path::new("chat.db"),
        media: Path::new("media"),
        bucket: None,
        backups: Path::new("backups"),
        replace: false,
        operator: &operator(),
    };
    let places = restore::Places {
        database: staged.path().join(target.database),
        media: staged.path().join(target.media),
    };
    let (head, epoch, _) = restore::fill(input(&path), &places, &mut |_, _| true).unwrap();
    assert_eq!(
        restore::Occupied::look(&data).unwrap(),
        restore::Occupied::Empty,
        "an attempt that has ended early is in nobody's way"
    );
    restore::move_in(staged.path(), &data, target.database).unwrap();
    drop(staged);
    assert_eq!(world.names("mounted"), ["chat.db", "lock", "media"]);
    let inspected = inspect(&data.join("chat.db")).unwrap();
    assert_eq!((inspected.epoch, inspected.counts), (epoch, head.counts));
    assert_eq!(
        restore::stage_within(&data, restore::Occupied::Data).unwrap_err().kind,
        Kind::Conflict
    );
}

#[tokio::test]
async fn lists_name_what_is_there_and_only_backups_are_pruned() {
    let world = World::new().await;
    let path = world.backup().await;
    let backups = world.path("backups");
    assert!(list(&world.path("nowhere")).unwrap().is_empty());
    for (day, created) in [
        ("01", "2025-01-01T00:00:00Z"),
        ("02", "2025-01-02T00:00:00Z"),
        ("03", "2025-01-03T00:00:00Z"),
    ] {
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
    assert!(
        listed[0].head.is_none()
            && listed[0].problem.is_some()
            && listed[1..].iter().all(|backup| backup.problem.is_none())
    );
    assert_eq!(
        (listed[1].head.as_ref().unwrap().created.as_str(), listed[4].path.as_path()),
        ("2025-01-01T00:00:00Z", path.as_path())
    );
    let dry = prune(&backups, newest(2), None, true).unwrap();
    let gone =
        |pruned: &Pruned| pruned.gone.iter().map(|backup| backup.name.clone()).collect::<Vec<_>>();
    assert_eq!(
        (gone(&dry), dry.kept),
        (
            vec![
                "chatctl-20250101T000000Z.tar.zst".to_owned(),
                "chatctl-20250102T000000Z.tar.zst".to_owned()
            ],
            2
        )
    );
    assert_eq!(list(&backups).unwrap().len(), 5);
    let pruned = prune(&backups, newest(2), None, false).unwrap();
    assert_eq!(gone(&pruned), gone(&dry));
    assert_eq!(world.names("backups").len(), 4, "what is no backup stays");
    assert!(path.exists());
}
