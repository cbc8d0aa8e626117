//! What a person may ask for: everything of them in one file, and to be erased. Other people's
//! messages stay as they are.

mod erase;
mod export;

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use image::ImageFormat;
use serde_json::json;

use crate::support::{Body, Json, PATIENCE, Person, RoomPlan, Server, people, photo};

/// A text that only Ann writes, in every script; `lozanzibar` is in no other word.
const TEXTS: [&str; 5] = [
    "xylozanzibar speaks",
    "xylozanzibar: 만화책을 샀다",
    "xylozanzibar: Привет, сервер!",
    "xylozanzibar: 我爱读书",
    "xylozanzibar: 👍🏽 مرحبا",
];
/// What is looked for in files: the begin of a word may be shared with another one in an index.
const NEEDLE: &str = "lozanzibar";
/// An earlier version of a message.
const EARLIER: &str = "qymonderful before the edit";
/// The content of Ann's document.
const DOCUMENT: &[u8] = b"%PDF-1.7 a document that contains wyverntext";

/// Ann, who has left something everywhere, and others, who have too.
struct Scene {
    server: Server,
    ann: Person,
    ben: Person,
    cyd: Person,
    /// A public room with all of them.
    hall: String,
    /// A private room that Ann has left.
    left: String,
    /// Ben's messages in the hall and in the room that Ann has left, and Ann's first one.
    bens: String,
    lefts: String,
    anns: String,
    /// The picture of a message, and the same bytes uploaded by Cyd.
    picture: Json,
    shared: Json,
    document: Json,
}

async fn upload(person: &Person, name: &str, bytes: &[u8]) -> Json {
    person.post(&format!("/api/media?fileName={name}"), Body::Raw(bytes.to_vec())).await.is(201)
}

impl Scene {
    async fn new() -> Self {
        Self::on(Server::start().await).await
    }

    async fn on(server: Server) -> Self {
        let [ann, ben, cyd] = people(&server, ["ann", "ben", "cyd"]).await;
        let hall = ben.public_room("Hall").await;
        let left =
            ben.room_like(&[&ann, &cyd], RoomPlan { name: Some("left"), public: false }).await;
        let own = ann.room(&[]).await;
        for person in [&ann, &cyd] {
            person.enter(&hall).await;
        }
        let key = |message: &Json| message["messageId"].as_str().unwrap().to_owned();
        let bens = key(&ben.say(&hall, "stays: written by ben").await);
        let mut keys = Vec::new();
        for text in TEXTS {
            keys.push(key(&ann.say(&hall, text).await));
            ann.say(&left, text).await;
        }
        ann.say(&own, TEXTS[0]).await;
        cyd.say(&hall, "stays: written by cyd").await;
        let edited = key(&ann.say(&hall, EARLIER).await);
        let path = |message: &str| format!("/api/chatrooms/{hall}/messages/{message}");
        let edit = json!({"newContent": "xylozanzibar after the edit"});
        ann.patch(&path(&edited), edit).await.is(200);
        let react = json!({"reactionType": "like"});
        ann.post(&format!("{}/reactions", path(&bens)), react.clone()).await.is(201);
        cyd.post(&format!("{}/reactions", path(&bens)), react.clone()).await.is(201);
        cyd.post(&format!("{}/reactions", path(&keys[0])), react).await.is(201);
        ann.put(&format!("{}/saved", path(&bens))).await.is(204);
        ben.put(&format!("{}/saved", path(&keys[0]))).await.is(204);
        ann.put(&format!("{}/thread/follow", path(&bens))).await.is(204);
        ben.put(&format!("{}/thread/follow", path(&keys[0]))).await.is(204);
        for (room, text) in [(&hall, "xylozanzibar is not finished"), (&own, "nor is this")] {
            let draft = json!({"type": "save_draft", "room_id": room, "content": text});
            ann.open().await.ask(draft).await;
        }
        let lefts = key(&ben.say(&left, "in the room that Ann has left").await);
        let path = format!("/api/chatrooms/{left}/messages/{lefts}");
        ann.put(&format!("{path}/saved")).await.is(204);
        ann.put(&format!("{path}/thread/follow")).await.is(204);
        let draft = json!({
            "type": "save_draft", "room_id": left, "thread": lefts, "content": "xylozanzibar too",
        });
        ann.open().await.ask(draft).await;
        ann.put(&format!("/api/chatrooms/{hall}/pins/{bens}")).await;
        ben.put(&format!("/api/chatrooms/{hall}/pins/{}", keys[0])).await.is(204);

        let picture = upload(&ann, "photo.png", &photo(800, 600, ImageFormat::Png)).await;
        let document = upload(&ann, "notes.pdf", DOCUMENT).await;
        let shared = b"the same bytes of two people";
        let both = upload(&ann, "both.txt", shared).await;
        let shared = upload(&cyd, "both.txt", shared).await;
        let ids = json!([picture["id"], document["id"], both["id"]]);
        let body = json!({"content": "xylozanzibar has files", "mediaIds": ids});
        ann.post(&format!("/api/chatrooms/{hall}/messages"), body).await.is(201);
        let body = json!({"content": "stays: with a file", "mediaIds": [shared["id"]]});
        cyd.post(&format!("/api/chatrooms/{hall}/messages"), body).await.is(201);
        let portrait = upload(&ann, "me.png", &photo(64, 64, ImageFormat::Png)).await;
        let profile = json!({
            "mediaId": portrait["id"], "email": "ann@example.org",
            "status": {"emoji": "🍜", "text": "at lunch"},
        });
        ann.patch("/api/users/me", profile).await.is(200);
        let preview =
            format!("/api/media/{}/preview?pixels=320", picture["name"].as_str().unwrap());
        ben.get(&preview).await.is_text(200);
        ann.delete(&format!("/api/chatrooms/{left}/participants/ann")).await.is_text(204);
        let anns = keys.remove(0);
        Self { server, ann, ben, cyd, hall, left, bens, lefts, anns, picture, shared, document }
    }

    /// Starts the server again; everybody else logs in again.
    async fn again(mut self) -> Self {
        self.server.restart().await;
        let address = self.server.address().to_owned();
        let ben = self.ben.at(&address).again().await;
        let cyd = self.cyd.at(&address).again().await;
        Self { ben, cyd, ..self }
    }

    /// Waits until a search by Ben finds this number of messages.
    async fn finds(&self, words: &str, count: usize) {
        let search = async {
            loop {
                let page = self.ben.get(&format!("/api/search?q={words}")).await.is(200);
                if page["messages"].as_array().unwrap().len() == count {
                    return;
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::time::timeout(PATIENCE, search).await.expect("the search index follows");
    }

    /// Returns the files below the data directory that contain these bytes.
    fn holds(&self, needle: &[u8]) -> Vec<PathBuf> {
        let mut found = Vec::new();
        walk(self.server.data(), &mut |path| {
            let bytes = fs::read(path).unwrap_or_default();
            if bytes.windows(needle.len()).any(|window| window == needle) {
                found.push(path.to_owned());
            }
        });
        found
    }

    /// Returns the paths of stored files, in the trash and previews too, with this name.
    fn files_named(&self, media: &Json) -> Vec<PathBuf> {
        let name = media["name"].as_str().unwrap();
        let mut found = Vec::new();
        walk(&self.server.data().join("media"), &mut |path| {
            if path.file_name().is_some_and(|file| file.to_string_lossy().starts_with(name)) {
                found.push(path.to_owned());
            }
        });
        found
    }
}

fn walk(folder: &Path, see: &mut dyn FnMut(&Path)) {
    for entry in fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        if entry.file_type().unwrap().is_dir() {
            walk(&entry.path(), see);
        } else if entry.file_type().unwrap().is_file() {
            see(&entry.path());
        }
    }
}
