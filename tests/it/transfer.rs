//! Exports and imports with the binary: our own exports, and those of other products.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod content;
mod emoji;
mod formats;
mod mattermost;
pub(crate) mod native;
mod odd;
mod passwords;
mod refused;
mod repeated;
mod rooms;
mod settings;
mod slack;
mod slow;

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::json;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use crate::support::{Json, PATIENCE, Person, Server};

/// The smallest picture.
const GIF: &[u8] = b"GIF89a\x28\0\x1e\0\0\0\0;";

/// Runs the binary on a data directory.
fn chatctl(data: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_chatctl"));
    for (name, _) in
        std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("CHATCTL_"))
    {
        command.env_remove(name);
    }
    command.arg("--data-dir").arg(data).args(arguments).output().unwrap()
}

/// Runs it and fails unless it ends with this code.
#[track_caller]
fn ends(code: i32, data: &Path, arguments: &[&str]) -> String {
    let output = chatctl(data, arguments);
    let (said, errors) =
        (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert_eq!(output.status.code(), Some(code), "{arguments:?}: {said}\n{errors}");
    if code == 0 { said.into_owned() } else { errors.into_owned() }
}

/// Imports a file and returns the report, by subject.
#[track_caller]
fn import(data: &Path, file: &Path, more: &[&str]) -> serde_json::Map<String, Json> {
    import_ends(0, data, file, more)
}

/// Imports a file of which parts are omitted and reported.
#[track_caller]
fn import_in_part(data: &Path, file: &Path) -> serde_json::Map<String, Json> {
    import_ends(1, data, file, &[])
}

#[track_caller]
fn import_ends(
    code: i32,
    data: &Path,
    file: &Path,
    more: &[&str],
) -> serde_json::Map<String, Json> {
    let output =
        chatctl(data, &[&["-o", "json", "import", file.to_str().unwrap(), "--yes"], more].concat());
    let errors = String::from_utf8_lossy(&output.stderr);
    assert_eq!(
        output.status.code(),
        Some(code),
        "{}\n{errors}",
        String::from_utf8_lossy(&output.stdout)
    );
    let said: Json = serde_json::from_slice(&output.stdout).unwrap();
    if code == 1 {
        assert!(errors.contains("--skip-bad"), "{errors}");
        assert_eq!(said[0]["what"], "not_understood", "it stands first");
    }
    said.as_array()
        .unwrap()
        .iter()
        .map(|item| (item["what"].as_str().unwrap().to_owned(), item.clone()))
        .collect()
}

/// Fails unless these objects were imported or known already.
#[track_caller]
fn counts(report: &serde_json::Map<String, Json>, wanted: &[(&str, u64, u64)]) {
    for (what, taken, known) in wanted {
        assert_eq!(
            (&report[*what]["taken"], &report[*what]["known"]),
            (&Json::from(*taken), &Json::from(*known)),
            "{what}: {report:#?}"
        );
    }
}

/// Fails unless the report has exactly these reasons and numbers.
#[track_caller]
fn notes(report: &serde_json::Map<String, Json>, wanted: &[(&str, u64)]) {
    let mut found: Vec<(&str, u64)> = report
        .iter()
        .filter_map(|(what, item)| Some((what.as_str(), item.get("count")?.as_u64()?)))
        .collect();
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

/// Packs a Slack export: users, channels, further lists, and days by `folder/date`.
pub(crate) fn slack_export(
    path: &Path,
    users: &Json,
    channels: &Json,
    lists: &[(&str, Json)],
    days: &[(&str, Json)],
) {
    let lists = [("users", users.clone()), ("channels", channels.clone())]
        .into_iter()
        .chain(lists.iter().cloned())
        .chain(days.iter().cloned());
    let files: Vec<_> = lists
        .map(|(name, content)| (format!("{name}.json"), content.to_string().into_bytes()))
        .collect();
    pack(path, &files);
}

/// A Slack export of one person and one channel with one message.
pub(crate) fn small_slack_export(path: &Path) {
    slack_export(
        path,
        &json!([slack_user("U1", "carol")]),
        &json!([slack_channel("C1", "news", &json!(["U1"]))]),
        &[],
        &[("news/2025-07-15", json!([slack_message("1752588730.000100", "U1", "hello")]))],
    );
}

/// Returns a user of Slack.
pub(crate) fn slack_user(id: &str, name: &str) -> Json {
    json!({"id": id, "name": name, "profile": {"real_name": name}})
}

/// Returns a channel of Slack.
fn slack_channel(id: &str, name: &str, members: &Json) -> Json {
    json!({"id": id, "name": name, "created": 1_700_000_000, "creator": "U1", "members": members})
}

/// Returns a message of Slack.
fn slack_message(ts: &str, user: &str, text: &str) -> Json {
    json!({"type": "message", "user": user, "text": text, "ts": ts})
}

/// Returns the object with additional fields.
fn with(mut object: Json, more: &Json) -> Json {
    object.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    object
}

/// Returns the lines of a Mattermost bulk export; the first is added here.
fn mattermost_lines(lines: &[(&str, Json)]) -> Vec<u8> {
    let first = json!({"type": "version", "version": 1});
    let others = lines.iter().map(|(kind, content)| json!({"type": kind, *kind: content}));
    std::iter::once(first)
        .chain(others)
        .map(|line| line.to_string() + "\n")
        .collect::<Vec<_>>()
        .concat()
        .into_bytes()
}

/// Returns a Mattermost user in channels of the team `t`.
fn mattermost_user(name: &str, channels: &[(&str, &str)]) -> Json {
    let channels: Vec<_> =
        channels.iter().map(|(name, roles)| json!({"name": name, "roles": roles})).collect();
    json!({
        "username": name, "roles": "system_user", "teams": [{"name": "t", "channels": channels}],
    })
}

/// Returns the output items of a command.
#[track_caller]
fn items(data: &Path, arguments: &[&str]) -> Vec<Json> {
    let said = ends(0, data, &[arguments, &["-o", "jsonl"]].concat());
    said.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// Returns the texts of the messages in a room.
#[track_caller]
fn contents(data: &Path, room: &str) -> Vec<String> {
    items(data, &["room", "messages", room, "--limit", "1000"])
        .iter()
        .map(|message| message["content"].as_str().unwrap().to_owned())
        .collect()
}

/// Returns the participants of a room, as `name role`.
#[track_caller]
fn members(data: &Path, room: &str) -> Vec<String> {
    let found = items(data, &["room", "members", room]);
    found
        .iter()
        .map(|member| {
            format!("{} {}", member["name"].as_str().unwrap(), member["role"].as_str().unwrap())
        })
        .collect()
}

/// Sets the password of an imported user, starts the server and logs in.
async fn arrive(server: &mut Server, login: &str) -> Person {
    let password = server.data().join("password");
    std::fs::write(&password, format!("secret of {login}\n")).unwrap();
    ends(
        0,
        server.data(),
        &["user", "passwd", login, "--password-file", password.to_str().unwrap()],
    );
    server.restart().await;
    Person::known(server, login).await
}

/// Returns a stopped and empty server.
pub(crate) async fn stopped() -> Server {
    let mut server = Server::start().await;
    server.terminate().await;
    server
}

/// Returns the card of the room of this name.
async fn room(person: &Person, name: &str) -> Json {
    let list = person.get("/api/chatrooms").await.is(200);
    let found = list["chatrooms"].as_array().unwrap().iter().find(|card| card["name"] == name);
    found.unwrap_or_else(|| panic!("no {name} in {list}")).clone()
}

/// Waits until a search returns this number of matches.
async fn finds(person: &Person, query: &str, count: usize) {
    let search = async {
        while person.get(&format!("/api/search?q={query}")).await.is(200)["messages"]
            .as_array()
            .unwrap()
            .len()
            != count
        {
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(PATIENCE, search)
        .await
        .unwrap_or_else(|_| panic!("{query} never finds {count}"));
}
