//! Parts that the configuration places outside of the data directory.

use std::os::unix::fs::PermissionsExt;

use super::*;
use crate::store::engine::upkeep::inspect;

/// Restores with these paths.
fn restored(
    world: &World,
    path: &Path,
    database: &Path,
    media: &Path,
    replace: bool,
) -> Result<Restored, Failure> {
    let (data, backups, operator) = (&world.path("new"), Path::new("backups"), &operator());
    let target = Target { data, database, media, bucket: None, backups, replace, operator };
    restore(input(path), target, &mut |_, _| true)
}

fn is_whole(database: &Path, media: &Path) {
    assert_eq!(inspect(database).unwrap().counts.media, 2);
    for n in 1..=2 {
        assert_eq!(fs::read(place(media, &name(n)).unwrap()).unwrap(), bytes_of(n));
    }
    assert_eq!(fs::metadata(database).unwrap().permissions().mode() & 0o077, 0);
}

#[tokio::test]
async fn each_part_goes_where_the_configuration_has_it_and_what_was_there_is_kept() {
    let world = World::new().await;
    let path = world.backup().await;
    let (outer_db, outer_media) = (world.path("fast/chat.db"), world.path("big/media"));
    for (database, media) in [
        (outer_db.as_path(), outer_media.as_path()),
        (Path::new("chat.db"), outer_media.as_path()),
        (outer_db.as_path(), Path::new("media")),
        (Path::new("../fast/chat.db"), Path::new("../big/media")),
    ] {
        for folder in ["fast", "big", "new"] {
            drop(fs::remove_dir_all(world.path(folder)));
        }
        let (there_db, there_media) =
            (world.path("new").join(database), world.path("new").join(media));
        let first = restored(&world, &path, database, media, false).unwrap();
        assert!(first.replaced.is_none() && first.kept_aside.is_empty(), "{first:?}");
        is_whole(&there_db, &there_media);
        assert_eq!(
            restored(&world, &path, database, media, false).unwrap_err().kind,
            Kind::Conflict
        );
        fs::write(there_media.join("mine"), "mine").unwrap();
        fs::write(world.path("new/lock"), "1").unwrap();
        let second = restored(&world, &path, database, media, true).unwrap();
        is_whole(&there_db, &there_media);
        let kept: Vec<_> = second.kept_aside.iter().chain(&second.replaced).collect();
        let found =
            kept.iter().any(|kept| kept.join("mine").exists() || kept.join("media/mine").exists());
        assert!(found && !there_media.join("mine").exists(), "{second:?}");
        let databases =
            kept.iter().filter(|kept| kept.is_file() || kept.join("chat.db").exists()).count();
        assert_eq!(databases, 1, "{second:?}");
        for folder in ["", "fast", "big"].iter().filter(|folder| world.path(folder).exists()) {
            assert!(
                world.names(folder).iter().all(|name| !name.contains(".restoring-")),
                "{:?}",
                world.names(folder)
            );
        }
    }
}

#[tokio::test]
async fn a_backup_that_is_bad_touches_no_part() {
    let world = World::new().await;
    let path = world.backup().await;
    fs::create_dir_all(world.path("big/media")).unwrap();
    fs::write(world.path("big/media/mine"), "mine").unwrap();
    let bytes = fs::read(&path).unwrap();
    fs::write(&path, &bytes[..bytes.len() / 2]).unwrap();
    restored(&world, &path, Path::new("chat.db"), &world.path("big/media"), true).unwrap_err();
    assert_eq!(
        (world.names("big"), world.names("big/media")),
        (vec!["media".to_owned()], vec!["mine".to_owned()])
    );
    assert!(!world.path("new").exists());
}
