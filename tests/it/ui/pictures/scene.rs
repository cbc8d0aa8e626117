//! What the pictures show: rooms and people with names in four scripts, and messages of all kinds.

use serde_json::{Value, json};

use crate::support::{Body, Ctl, Person, RoomPlan, Server, encoded, people};

/// What the pictures show.
pub(super) struct Scene {
    pub(super) server: Server,
    pub(super) ada: Person,
    pub(super) room: String,
    pub(super) quiet: String,
    pub(super) archived: String,
    pub(super) asked: String,
    pub(super) told: String,
}

async fn rename(person: &Person, name: &str) {
    person.patch("/api/users/me", json!({"name": name})).await.is(200);
}

async fn upload(person: &Person, name: &str, bytes: Vec<u8>) -> Value {
    let url = format!("/api/media?fileName={name}");
    person.post(&url, Body::Raw(bytes)).await.is(201)["id"].clone()
}

/// A gradient, so that something can be seen.
fn sunset() -> Vec<u8> {
    let picture = image::RgbImage::from_fn(960, 600, |x, y| {
        let [x, y] = [x, y].map(|at| u8::try_from(at / 4).unwrap_or(u8::MAX));
        image::Rgb([200 - y / 2, 90 + x / 4, 80 + y])
    });
    encoded(&picture.into(), image::ImageFormat::Png)
}

/// Sets up a server with all of it.
pub(super) async fn scene() -> Scene {
    let limits = ("LIMITS__ENABLED", "false");
    let server =
        Server::start_with(&[limits, ("UI", "files"), ("SERVER__NAME", "Northwind")]).await;
    Ctl::of(&server).create("ada", &["--admin"]);
    let ada = Person::known(&server, "ada").await;
    let [ben, kim, ivan, mei] = people(&server, ["ben", "minjun", "ivan", "mei"]).await;
    rename(&ada, "Ada Lovelace").await;
    rename(&ben, "Benedict Cumberbatch-Featherstonehaugh").await;
    rename(&kim, "김민준").await;
    rename(&ivan, "Иван Петров").await;
    rename(&mei, "王小梅").await;
    ada.patch("/api/users/me", json!({"status": {"emoji": "🍜", "text": "At lunch"}}))
        .await
        .is(200);
    let all = [&ben, &kim, &ivan, &mei];
    let room = ada.room_like(&all, RoomPlan { name: Some("Harbour release"), public: true }).await;
    let here = format!("/api/chatrooms/{room}");
    let topic = json!({"topic": "Release 2.4 on Thursday: docs, packages, announcement",
        "description": "Everything about the releases of Harbour."});
    ada.patch(&here, topic).await.is(200);
    let asked = ben.say_all(&room, &["Who checks the packages before we publish them?"]).await;
    let asked = asked[0].clone();
    for (person, text) in [
        (&kim, "제가 할게요. 점심 먹고 바로 시작하겠습니다."),
        (&ivan, "Я посмотрю сборку для **Debian** и пришлю список изменений до вечера."),
        (&mei, "文档已经更新了，请大家看一下第三章和安装说明。"),
    ] {
        let reply = json!({"content": text, "replyTo": asked});
        person.post(&format!("{here}/messages"), reply).await.is(201);
    }
    ada.say(&room, "Great. The list:\n- [x] changelog\n- [ ] packages\n  - Debian\n  - container\n\n> Measure twice, cut once.\n\nand `cargo build --release`, see [the plan](https://example.org/plan)").await;
    ada.say(&room, "```rust\nfn main() {\n    let total: u64 = (1..=10).sum();\n    println!(\"{total}\"); // 55\n}\n```").await;
    let media = upload(&ben, "sunset.png", sunset()).await;
    let body = json!({"content": "The view from the office", "mediaIds": [media]});
    let told = ben.post(&format!("{here}/messages"), body).await.is(201)["messageId"].clone();
    let told = told.as_str().unwrap().to_owned();
    let media = upload(&ivan, "release-notes-2.4.txt", b"plain words".repeat(400)).await;
    ivan.post(&format!("{here}/messages"), json!({"content": "The notes", "mediaIds": [media]}))
        .await
        .is(201);
    let at = |key: &str, what: &str| format!("{here}/messages/{key}/{what}");
    for (person, kind) in [(&ada, "like"), (&kim, "like"), (&mei, "love"), (&ivan, "laugh")] {
        person.post(&at(&told, "reactions"), json!({"reactionType": kind})).await.is(201);
    }
    ada.put(&format!("{here}/pins/{asked}")).await.is(204);
    ada.put(&at(&asked, "saved")).await.is(204);
    let gone = ben.say_all(&room, &["Wrong room, sorry"]).await;
    ben.delete(&format!("{here}/messages/{}", gone[0])).await.is(204);
    ada.say(&room, "@minjun @mei please look at the last paragraph once more").await;

    let quiet = ada.room_like(&[&ben], RoomPlan { name: Some("Empty room"), public: false }).await;
    let archived = ada.room_like(&[&ben], RoomPlan { name: Some("Old plans"), public: true }).await;
    ben.say(&archived, "This one is over.").await;
    ada.patch(&format!("/api/chatrooms/{archived}"), json!({"archived": true})).await.is(200);
    let rules =
        ben.room_like(&[&ada], RoomPlan { name: Some("Announcements"), public: true }).await;
    ben.say(&rules, "The office is closed on Friday.").await;
    ben.patch(&format!("/api/chatrooms/{rules}"), json!({"readOnly": true})).await.is(200);
    for person in all {
        let direct = json!({"targetUserIds": ["ada"], "direct": true});
        let direct = person.post("/api/chatrooms", direct).await.is(201);
        let direct = direct["roomId"].as_str().unwrap().to_owned();
        person.say(&direct, "Do you have a minute? @ada").await;
    }
    for name in ["Design review", "Выпуск и документация", "产品讨论", "회사 전체 공지"]
    {
        mei.public_room(name).await;
    }
    let ctl = Ctl::of(&server);
    ctl.create("zoe", &[]);
    ctl.run(&["user", "disable", "zoe"]).ends(0);
    ctl.run(&["bot", "create", "deploy", "--name", "Deployments"]).ends(0);
    ctl.run(&["token", "create", "deploy", "--name", "CI", "--scope", "write"]).ends(0);
    ctl.run(&["webhook", "create", &room, "--name", "Builds"]).ends(0);
    Scene { server, ada, room, quiet, archived, asked, told }
}
