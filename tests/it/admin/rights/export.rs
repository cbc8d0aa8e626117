//! `user export`: a ZIP file with everything of one person.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use serde_json::json;
use zip::ZipArchive;

use super::{DOCUMENT, Scene, TEXTS};
use crate::support::{Ctl, Json, Server, texts};

struct Opened(ZipArchive<File>);

impl Opened {
    fn open(path: &Path) -> Self {
        Self(ZipArchive::new(File::open(path).unwrap()).unwrap())
    }

    fn bytes(&mut self, name: &str) -> Vec<u8> {
        let mut bytes = Vec::new();
        self.0.by_name(name).unwrap().read_to_end(&mut bytes).unwrap();
        bytes
    }

    fn lines(&mut self, name: &str) -> Vec<Json> {
        let text = String::from_utf8(self.bytes(name)).unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }
}

/// Exports Ann, and checks that nothing is missing.
fn complete(scene: &Scene, ctl: &Ctl, path: &Path) -> Vec<Json> {
    let said = ctl.run(&["user", "export", "ANN", path.to_str().unwrap(), "--verbose"]);
    said.ends(0);
    assert!(said.err.contains("Wrote 13 messages and 4 files"), "{said:?}");
    let mut zip = Opened::open(path);
    let account = zip.lines("account.json").remove(0);
    assert_eq!((&account["type"], &account["version"]), (&json!("chatctl.user"), &json!(1)));
    let user = &account["account"];
    assert_eq!(
        (&user["name"], &user["email"], &user["status"]["text"]),
        (&json!("ann"), &json!("ann@example.org"), &json!("at lunch"))
    );
    assert!(!zip.bytes(user["picture"].as_str().unwrap()).is_empty());
    let all = serde_json::to_string(&account).unwrap();
    assert!(!all.contains("argon2") && !all.contains("password"), "{all}");

    let rooms = zip.lines("rooms.jsonl");
    let hall = rooms.iter().find(|room| room["room"] == json!(scene.hall)).unwrap();
    assert_eq!((&hall["name"], &hall["role"]), (&json!("Hall"), &json!("member")));
    let messages = zip.lines("messages.jsonl");
    let in_room = |room: &str| -> Vec<&Json> {
        messages.iter().filter(|message| message["room"] == json!(room)).collect()
    };
    assert_eq!(texts(&json!(in_room(&scene.left)), "content"), TEXTS, "rooms that were left too");
    let hall = in_room(&scene.hall);
    assert_eq!(hall.len(), TEXTS.len() + 2);
    let edited = hall.iter().find(|message| message["edited"].is_string()).unwrap();
    assert_eq!(edited["content"], "xylozanzibar after the edit");
    assert!(messages.iter().all(|message| message["time"].is_string()));

    let files = zip.lines("files.jsonl");
    assert_eq!(files.len(), 4, "{files:?}");
    let document = files.iter().find(|file| file["file_name"] == "notes.pdf").unwrap();
    assert_eq!(zip.bytes(document["path"].as_str().unwrap()), DOCUMENT);
    let with = hall.iter().find(|message| message["files"] != json!([])).unwrap();
    assert!(with["files"].as_array().unwrap().contains(&document["path"]), "{with}");

    let reactions = zip.lines("reactions.jsonl");
    assert_eq!(texts(&json!(reactions), "reaction"), ["like"]);
    assert_eq!(texts(&json!(reactions), "message"), [scene.bens.as_str()]);
    let both = [scene.bens.as_str(), scene.lefts.as_str()];
    assert_eq!(texts(&json!(zip.lines("saved.jsonl")), "message"), both);
    assert_eq!(texts(&json!(zip.lines("threads.jsonl")), "message"), both);
    let drafts = zip.lines("drafts.jsonl");
    assert_eq!(drafts.len(), 3, "{drafts:?}");
    let left = drafts.iter().find(|draft| draft["room"] == json!(scene.left)).unwrap();
    assert_eq!(
        (&left["content"], &left["thread"]),
        (&json!("xylozanzibar too"), &json!(scene.lefts))
    );
    let begun = drafts.iter().find(|draft| draft["room"] == json!(scene.hall)).unwrap();
    assert_eq!(
        (&begun["content"], &begun["thread"], &begun["reply_to"]),
        (&json!("xylozanzibar is not finished"), &Json::Null, &Json::Null)
    );
    assert!(begun["time"].is_string());
    let sessions = zip.lines("sessions.jsonl");
    assert!(sessions.iter().all(|session| session["created"].is_string()));
    assert_eq!(texts(&json!(zip.lines("tokens.jsonl")), "name"), ["laptop"]);
    let audit = zip.lines("audit.jsonl");
    assert!(audit.iter().any(|entry| entry["action"] == "token.create"), "{audit:?}");
    messages
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everything_of_a_person_is_in_one_file() {
    let mut scene = Scene::new().await;
    let ctl = Ctl::of(&scene.server);
    let token = ctl.one(&["token", "create", "ann", "--name", "laptop"])["token"].clone();
    let folder = tempfile::tempdir().unwrap();
    let (one, other) = (folder.path().join("1.zip"), folder.path().join("2.zip"));
    let running = complete(&scene, &ctl, &one);
    ctl.run(&["user", "export", "ann", one.to_str().unwrap()]).fails(4, "already exists");
    ctl.run(&["user", "export", "nobody", "-"]).fails(3, "\"nobody\" does not exist");
    let mut secret = Opened::open(&one);
    assert!(!json!(secret.lines("tokens.jsonl")).to_string().contains(token.as_str().unwrap()));
    assert!(scene.server.terminate().await.success());
    assert_eq!(complete(&scene, &ctl, &other), running, "the same on a stopped server");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn somebody_without_anything_has_an_export_too() {
    let server = Server::start().await;
    let ctl = Ctl::of(&server);
    ctl.create("dan", &[]);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("dan.zip");
    ctl.run(&["user", "export", "dan", path.to_str().unwrap()]).ends(0);
    let mut zip = Opened::open(&path);
    assert_eq!(zip.lines("account.json")[0]["account"]["name"], "dan");
    assert_eq!(zip.lines("messages.jsonl"), [Json::Null; 0]);
    let entry = ctl.all(&["audit", "list", "--action", "user.export"]).remove(0);
    assert_eq!(entry["target"]["name"], "dan");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_log_says_of_an_earlier_owner_of_the_name_is_not_in_it() {
    let server = Server::start().await;
    let ctl = Ctl::of(&server);
    let earlier = ctl.create("dora", &[]);
    ctl.run(&["user", "disable", "dora"]).ends(0);
    ctl.run(&["user", "delete", "dora", "--yes"]).ends(0);
    let now = ctl.create("dora", &[]);
    assert_ne!(earlier, now, "another account");
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("dora.zip");
    ctl.run(&["user", "export", "dora", path.to_str().unwrap()]).ends(0);
    let entries = Opened::open(&path).lines("audit.jsonl");
    let all = json!(entries);
    assert_eq!(texts(&all, "action"), ["user.create", "user.export"], "{entries:?}");
    assert_eq!(entries[0]["from"], "", "where an administrator was is theirs");
}
