//! Uploads in normal use and failures: names, metadata of pictures, limits, ownership.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod bucket;
mod damaged;
mod limits;
mod mistakes;
mod names;
mod pictures;
mod previews;

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use crate::support::{Body, Json, Person, Server};

/// Uploads a file, possibly with a name.
async fn upload(person: &Person, name: &str, bytes: &[u8]) -> Json {
    let query = if name.is_empty() { String::new() } else { format!("?fileName={name}") };
    person.post(&format!("/api/media{query}"), Body::Raw(bytes.to_vec())).await.is(201)
}

/// Returns the path for downloading a file.
fn path(media: &Json) -> String {
    format!("/api/media/{}", media["name"].as_str().unwrap())
}

/// Returns the path of a stored file.
fn stored(media: &Path, name: &str) -> PathBuf {
    media.join(&name[..2]).join(name)
}

/// Returns all stored files, known or not.
fn kept(media: &Path) -> Vec<PathBuf> {
    let folders = fs::read_dir(media)
        .unwrap()
        .map(|entry| entry.unwrap())
        .filter(|entry| entry.file_name().len() == 2);
    folders
        .flat_map(|folder| fs::read_dir(folder.path()).unwrap().map(|file| file.unwrap().path()))
        .collect()
}

/// Makes files and rows this number of hours older.
fn age(server: &Server, hours: u64) {
    for path in kept(&server.data().join("media")) {
        File::options()
            .write(true)
            .open(path)
            .unwrap()
            .set_modified(SystemTime::now() - Duration::from_hours(hours))
            .unwrap();
    }
    let database = rusqlite::Connection::open(server.data().join("chat.db")).unwrap();
    database
        .execute(
            "UPDATE media SET created = created - ?1 * 3600000",
            [i64::try_from(hours).unwrap()],
        )
        .unwrap();
}
