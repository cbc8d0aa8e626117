//! Exports and imports through the binary: what goes out comes in, and what others export.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod mattermost;
mod native;
mod refused;
mod slack;
mod slow;

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use crate::support::{Json, PATIENCE, Person, Server};

/// The smallest picture.
const GIF: &[u8] = b"GIF89a\x28\0\x1e\0\0\0\0;";

/// Runs the binary on a data directory.
fn chatctl(data: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_chatctl"));
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("CHATCTL_")) {
        command.env_remove(name);
    }
    command.arg("--data-dir").arg(data).args(arguments).output().unwrap()
}

/// Runs it and fails unless it ends with this code.
#[track_caller]
fn ends(code: i32, data: &Path, arguments: &[&str]) -> String {
    let output = chatctl(data, arguments);
    let (said, errors) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert_eq!(output.status.code(), Some(code), "{arguments:?}: {said}\n{errors}");
    if code == 0 { said.into_owned() } else { errors.into_owned() }
}

/// The report of an import, by what it is about.
#[track_caller]
fn import(data: &Path, file: &Path, more: &[&str]) -> serde_json::Map<String, Json> {
    let arguments = [&["-o", "json", "import", file.to_str().unwrap(), "--yes"], more].concat();
    let said: Json = serde_json::from_str(&ends(0, data, &arguments)).unwrap();
    said.as_array().unwrap().iter().map(|item| (item["what"].as_str().unwrap().to_owned(), item.clone())).collect()
}

/// Fails unless these were taken and so many were known.
#[track_caller]
fn counts(report: &serde_json::Map<String, Json>, wanted: &[(&str, u64, u64)]) {
    for (what, taken, known) in wanted {
        assert_eq!((&report[*what]["taken"], &report[*what]["known"]), (&Json::from(*taken), &Json::from(*known)), "{what}: {report:#?}");
    }
}

/// Fails unless the report has these reasons, so often, and no others.
#[track_caller]
fn notes(report: &serde_json::Map<String, Json>, wanted: &[(&str, u64)]) {
    let mut found: Vec<(&str, u64)> = report.iter().filter_map(|(what, item)| Some((what.as_str(), item.get("count")?.as_u64()?))).collect();
    found.sort_unstable();
    let mut wanted = wanted.to_vec();
    wanted.sort_unstable();
    assert_eq!(found, wanted, "{report:#?}");
}

fn fixtures(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name)
}

/// Packs files into an archive.
fn pack(path: &Path, files: &[(String, Vec<u8>)]) {
    let mut zip = ZipWriter::new(File::create(path).unwrap());
    for (name, bytes) in files {
        zip.start_file(name.as_str(), SimpleFileOptions::default()).unwrap();
        zip.write_all(bytes).unwrap();
    }
    zip.finish().unwrap();
}

/// Sets a password of somebody who has come without, starts the server and logs them in.
async fn arrive(server: &mut Server, login: &str) -> Person {
    let password = server.data().join("password");
    std::fs::write(&password, format!("secret of {login}\n")).unwrap();
    ends(0, server.data(), &["user", "passwd", login, "--password-file", password.to_str().unwrap()]);
    server.restart().await;
    Person::known(server, login).await
}

/// A server that has stopped and holds nothing.
async fn stopped() -> Server {
    let mut server = Server::start().await;
    server.terminate().await;
    server
}

/// The card of the room of this name.
async fn room(person: &Person, name: &str) -> Json {
    let list = person.get("/api/chatrooms").await.is(200);
    let found = list["chatrooms"].as_array().unwrap().iter().find(|card| card["name"] == name);
    found.unwrap_or_else(|| panic!("no {name} in {list}")).clone()
}

/// Waits until a search finds so many.
async fn finds(person: &Person, query: &str, count: usize) {
    let search = async {
        while person.get(&format!("/api/search?q={query}")).await.is(200)["messages"].as_array().unwrap().len() != count {
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(PATIENCE, search).await.unwrap_or_else(|_| panic!("{query} never finds {count}"));
}
