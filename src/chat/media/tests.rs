//! Uploads and the collector of unused files at the same time.

use std::time::Duration;

use bytes::Bytes;
use futures_util::{TryStreamExt, stream};

use crate::chat::world::World;
use crate::config::Config;
use crate::model::{Media, MediaId, Result, Session, Timestamp};
use crate::store::{NewMedia, Store};

const CONTENT: &[u8] = b"the same bytes";

async fn upload(world: &World, session: &Session) -> Media {
    let mut body = stream::iter([Ok(Bytes::from_static(CONTENT))]);
    world.chat.upload(session, None, None, &mut body).await.unwrap()
}

/// Removes the rows of unused files, as the collector does first; returns the names of the files
/// that it would remove next.
async fn without_rows(world: &World) -> Vec<String> {
    let later = Timestamp::now().plus(Duration::from_secs(1));
    world.store.drop_unused_media(later, MediaId(0), 10).await.unwrap().0
}

async fn read(world: &World, session: &Session, media: &Media) -> Result<Vec<u8>> {
    let download = world.chat.download(session, &media.name, None).await?;
    let parts: Vec<Bytes> =
        download.read(0..media.size).await?.try_collect().await.expect("it is read to its end");
    Ok(parts.concat())
}

/// Returns the number of files that are in their place, and in the trash.
async fn places(world: &World) -> (usize, usize) {
    let files = &world.chat.0.uploads.files;
    let kept: Vec<_> = files.kept().try_concat().await.unwrap();
    let thrown: Vec<_> = files.thrown().try_concat().await.unwrap();
    (kept.len(), thrown.len())
}

#[tokio::test]
async fn bytes_that_are_uploaded_again_before_they_are_removed_stay() {
    let world = World::new(&Config::default()).await;
    let ann = world.user("ann").await;
    upload(&world, &ann).await;
    let names = without_rows(&world).await;
    let again = upload(&world, &ann).await;
    assert_eq!(names, [again.name.as_str()]);
    assert_eq!(world.chat.discard(&names).await.unwrap(), 0);
    assert_eq!(places(&world).await, (1, 0));
    assert_eq!(read(&world, &ann, &again).await.unwrap(), CONTENT);
}

#[tokio::test]
async fn bytes_that_are_removed_while_they_are_uploaded_again_come_back() {
    let world = World::new(&Config::default()).await;
    let ann = world.user("ann").await;
    let first = upload(&world, &ann).await;
    let names = without_rows(&world).await;
    // Another server has put them, and not yet added the row.
    assert_eq!(world.chat.discard(&names).await.unwrap(), 1);
    assert_eq!(places(&world).await, (0, 1));
    let new = NewMedia {
        owner: ann.user,
        name: first.name.clone(),
        kind: first.kind.clone(),
        is_image: false,
        size: first.size,
        width: None,
        height: None,
        file_name: None,
    };
    let added = world.store.add_media(new).await.unwrap().value;
    world.chat.make_sure(&added.name).await.unwrap();
    assert_eq!(places(&world).await, (1, 0));
    assert_eq!(read(&world, &ann, &added).await.unwrap(), CONTENT);
}

#[tokio::test]
async fn a_file_in_use_is_not_deleted_from_the_trash() {
    let world = World::new(&Config::default()).await;
    let ann = world.user("ann").await;
    let media = upload(&world, &ann).await;
    let files = &world.chat.0.uploads.files;
    files.discard(std::slice::from_ref(&media.name)).await.unwrap();
    let trash = files.directory().unwrap().join("trash");
    let today = std::fs::read_dir(&trash).unwrap().next().unwrap().unwrap().path();
    std::fs::rename(today, trash.join("2020-02-03")).unwrap();
    world.chat.empty_trash().await.unwrap();
    assert_eq!(places(&world).await, (1, 0));
    assert_eq!(without_rows(&world).await, [media.name.as_str()]);
    assert_eq!(world.chat.discard(std::slice::from_ref(&media.name)).await.unwrap(), 1);
    let today = std::fs::read_dir(&trash).unwrap().next().unwrap().unwrap().path();
    std::fs::rename(today, trash.join("2020-02-03")).unwrap();
    world.chat.empty_trash().await.unwrap();
    assert_eq!(places(&world).await, (0, 0));
}
