//! Several servers whose backups are in one directory.

use super::*;

/// A backup of another time, created by the instance `of`; without an instance, as earlier versions
/// created it.
fn forged(world: &World, path: &Path, created: &str, of: Option<&str>) -> PathBuf {
    let forged = world.forge(path, |entries| {
        let mut head: serde_json::Value = serde_json::from_slice(&entries[0].2).unwrap();
        head["created"] = json!(created);
        if let Some(of) = of {
            head["instance"] = json!(of);
        } else {
            head.as_object_mut().unwrap().remove("instance");
        }
        entries[0].2 = head.to_string().into_bytes();
    });
    let head = list_head(&forged);
    let to = unused_name(&world.path("backups"), &head, "");
    fs::rename(forged, &to).unwrap();
    to
}

fn list_head(path: &Path) -> Head {
    read::peek(File::open(path).unwrap()).unwrap().unwrap()
}

#[tokio::test]
async fn a_backup_says_whose_it_is_and_two_of_a_second_are_two() {
    let world = World::new().await;
    let (first, second) = (world.backup().await, world.backup().await);
    assert_ne!(first, second);
    let head = list_head(&first);
    let settings = world.store.settings().await.unwrap();
    assert_eq!(
        (head.instance.as_str(), head.host.as_str()),
        (settings.instance.as_str(), format::host().as_str())
    );
    let name = first.file_name().unwrap().to_str().unwrap();
    assert!(name.contains(&settings.instance[..8]) && name.contains(&head.host), "{name}");
}

#[tokio::test]
async fn nobody_prunes_what_is_another_instances() {
    let world = World::new().await;
    let own = world.backup().await;
    let settings = world.store.settings().await.unwrap();
    let owner = Owner { instance: settings.instance.clone(), epoch: settings.epoch };
    let old = forged(&world, &own, "2025-01-01T00:00:00Z", Some(&settings.instance));
    let older = forged(&world, &own, "2024-01-01T00:00:00Z", None);
    let others: Vec<_> = ["2025-02-01T00:00:00Z", "2025-02-02T00:00:00Z"]
        .map(|at| forged(&world, &own, at, Some("another")))
        .into();
    let pruned = prune(&world.path("backups"), newest(1), Some(&owner), false).unwrap();
    assert_eq!(
        pruned.gone.iter().map(|backup| backup.path.clone()).collect::<Vec<_>>(),
        [older, old]
    );
    assert!(own.exists() && others.iter().all(|other| other.exists()));
    // Without an owner, the newest backup of each instance is kept.
    let pruned = prune(&world.path("backups"), newest(1), None, false).unwrap();
    assert_eq!((pruned.gone.len(), pruned.gone[0].path == others[0], pruned.kept), (1, true, 2));
}
