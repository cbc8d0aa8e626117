//! The authorization matrix: every route and every frame of every dialect, requested by every kind
//! of caller (`authorisation/table.txt`).

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering};

use reqwest::Method;
use serde_json::json;

use crate::support::{
    Body, Client, Ctl, Json, Person, RoomPlan, Server, Socket, line_of, number, people,
};

/// Order of the results of a route.
const CALLERS: [&str; 8] =
    ["nobody", "ended", "stranger", "removed", "member", "sub", "admin", "server"];
/// Index of callers who can open a socket of `chatrooms`; the results of a frame start with them.
const SIGNED_IN: usize = 2;

/// One line of the table.
struct Row {
    what: String,
    private: Vec<String>,
    public: Vec<String>,
    body: String,
    spends: bool,
}

impl Row {
    fn read(line: &str) -> Self {
        let mut parts = line.splitn(3, '|').map(str::trim);
        let (Some(what), Some(answers), Some(body)) = (parts.next(), parts.next(), parts.next())
        else {
            panic!("three parts: {line}")
        };
        let (private, public) = answers.split_once(" / ").unwrap_or((answers, answers));
        let spends = body.starts_with("spends");
        let body = body.strip_prefix("spends").unwrap_or(body).trim();
        Self {
            what: what.to_owned(),
            private: repeated(private),
            public: repeated(public),
            body: body.to_owned(),
            spends,
        }
    }

    fn answers(&self, public: bool) -> &[String] {
        if public { &self.public } else { &self.private }
    }

    fn is_frame(&self) -> bool {
        self.what.starts_with("FRAME ")
    }

    /// Returns whether the result may depend on the room.
    fn rooms(&self) -> &[bool] {
        if self.what.contains("{key}")
            || self.what.contains("{num}")
            || self.what.contains("{media}")
            || self.is_frame()
        {
            &[false, true]
        } else {
            &[false]
        }
    }
}

/// Expands `=`, which repeats the previous result.
fn repeated(answers: &str) -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    for answer in answers.split_whitespace() {
        let answer = if answer == "=" {
            all.last().expect("an answer before =").clone()
        } else {
            answer.to_owned()
        };
        all.push(answer);
    }
    all
}

fn table() -> Vec<Row> {
    include_str!("authorisation/table.txt")
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .map(Row::read)
        .collect()
}

/// The users of all cases. Rooms are created for each case.
struct World {
    server: Server,
    stranger: Person,
    removed: Person,
    member: Person,
    /// The member with an API token that only reads.
    reader: Person,
    sub: Person,
    admin: Person,
    root: Person,
    victim: Person,
    ended: Client,
    session: String,
    made: AtomicUsize,
}

/// The room of one case.
struct Stage {
    key: String,
    msg: String,
    media: String,
    fresh: String,
}

impl World {
    async fn new() -> Self {
        let server = Server::start_with(&[("LIMITS__ENABLED", "false")]).await;
        let [stranger, removed, member, sub, admin, root, victim, _] = people(
            &server,
            ["stranger", "removed", "member", "sub", "admin", "root", "victim", "newcomer"],
        )
        .await;
        let ctl = Ctl::of(&server);
        ctl.run(&["user", "promote", "root"]).ends(0);
        let reader = member.with_token(&ctl, "reader", "read");
        let leaving = stranger.again().await;
        leaving.post("/api/logout", Body::Nothing).await.is_text(204);
        let ended = leaving.bearer(&leaving.token);
        let sessions = victim.get("/api/sessions").await.is(200);
        let session = sessions["sessions"][0]["id"].to_string().trim_matches('"').to_owned();
        Self {
            server,
            stranger,
            removed,
            member,
            reader,
            sub,
            admin,
            root,
            victim,
            ended,
            session,
            made: AtomicUsize::new(0),
        }
    }

    fn person(&self, caller: &str) -> &Person {
        match caller {
            "stranger" => &self.stranger,
            "removed" => &self.removed,
            "member" => &self.member,
            "reader" => &self.reader,
            "sub" => &self.sub,
            "admin" => &self.admin,
            "server" => &self.root,
            other => panic!("no person: {other}"),
        }
    }

    /// Creates a room with all its participants, a message and a file.
    async fn stage(&self, public: bool, with_file: bool) -> Stage {
        let fresh = format!("fresh-{}", self.made.fetch_add(1, Ordering::Relaxed));
        let others = [&self.sub, &self.member, &self.victim, &self.removed];
        let key = self
            .admin
            .room_like(&others, RoomPlan { name: Some(&format!("Room of {fresh}")), public })
            .await;
        let people = format!("/api/chatrooms/{key}/participants");
        self.admin.patch(&format!("{people}/sub/role"), json!({"role": "sub-admin"})).await.is(200);
        let (mut media, mut post) = (String::new(), json!({"content": "hello"}));
        if with_file {
            let bytes = Body::Raw(line_of(&fresh));
            let file = self.member.post("/api/media?fileName=a.png", bytes).await.is(201);
            (media, post["mediaIds"]) = (text(&file, "name"), json!([file["id"]]));
        }
        let said = self.member.post(&format!("/api/chatrooms/{key}/messages"), post).await.is(201);
        self.admin.delete(&format!("{people}/removed")).await.is_text(204);
        Stage { key, msg: text(&said, "messageId"), media, fresh }
    }

    fn fill(&self, stage: &Stage, template: &str) -> String {
        let number = number(&stage.key).to_string();
        let values = [
            ("{key}", stage.key.as_str()),
            ("{num}", &number),
            ("{msg}", &stage.msg),
            ("{media}", &stage.media),
            ("{fresh}", &stage.fresh),
            ("{victim}", "victim"),
            ("{victim_id}", &self.victim.id.to_string()),
            ("{newcomer}", "newcomer"),
            ("{hook}", "cct_0123456789012345678901234567890123456789"),
            ("{session}", &self.session),
        ];
        values.iter().fold(template.to_owned(), |text, (name, value)| text.replace(name, value))
    }

    /// Returns the status of a route for a caller.
    async fn route(&self, row: &Row, caller: &str, public: bool) -> String {
        let stage = self.stage(public, row.what.contains("{media}")).await;
        let (verb, path) = row.what.split_once(' ').expect("a method and a path");
        let path = self.fill(&stage, path);
        let client = match caller {
            "nobody" => Client::new(&self.server),
            "ended" => self.ended.clone(),
            _ if row.spends && caller != "reader" => self.spent(&stage, caller).await,
            _ => self.person(caller).bearer(&self.person(caller).token),
        };
        if verb == "SOCKET" {
            return client.handshake(&path).await.status.to_string();
        }
        let method: Method = verb.parse().expect("a method");
        let body = self.fill(&stage, &row.body);
        client.status(method, &path, &body).await.to_string()
    }

    /// Returns a user like the caller whose session may end; their role is irrelevant for such
    /// routes.
    async fn spent(&self, stage: &Stage, caller: &str) -> Client {
        let login = format!("{caller}-{}", stage.fresh);
        let person = Person::new(&self.server, &login).await;
        if caller == "server" {
            Ctl::of(&self.server).run(&["user", "promote", &login]).ends(0);
        }
        person.bearer(&person.token)
    }

    /// Returns the result of a frame for a caller: type and error of the reply, or the fate of the
    /// socket.
    async fn frame(&self, row: &Row, caller: &str, public: bool) -> String {
        let stage = self.stage(public, false).await;
        let person = self.person(caller);
        let num = number(&stage.key);
        let frame: Json = serde_json::from_str(&self.fill(&stage, &row.body)).expect("a frame");
        let dialect = row.what.trim_start_matches("FRAME ").split('.').next().expect("a dialect");
        match dialect {
            "chatrooms" => native(person.open().await, frame).await,
            "rooms" => {
                let path = format!("/rooms/{}", stage.key);
                let Some(mut socket) = open(person, &path).await else { return "shut".to_owned() };
                socket.send(frame).await;
                loop {
                    let Some(answer) = socket.next_or_end().await else {
                        return "closed".to_owned();
                    };
                    match text(&answer, "action").as_str() {
                        "enter" | "join" => (),
                        action => return action.to_owned(),
                    }
                }
            }
            "v1" => {
                let Some(mut socket) = open(person, &format!("/v1/rooms/{num}/chat")).await else {
                    return "shut".to_owned();
                };
                socket.send(frame).await;
                let answer = socket.next().await;
                if answer["error"].is_null() {
                    "message".to_owned()
                } else {
                    answer["error"]["code"].to_string()
                }
            }
            "realtime" => {
                let ticket = person.get(&format!("/Room/{num}")).await;
                if ticket.status != 200 {
                    return "shut".to_owned();
                }
                let mut socket = person.bare().socket(caller, "/").await;
                socket.send(json!({"token": ticket.is(200)["token"]})).await;
                assert_eq!(socket.next().await["status"], true);
                socket.send(frame).await;
                socket.next().await["status"].to_string()
            }
            other => panic!("no dialect: {other}"),
        }
    }
}

/// Opens a socket, unless the handshake is refused.
async fn open(person: &Person, path: &str) -> Option<Socket> {
    if person.handshake(path).await.status == 101 {
        Some(person.socket(&person.login, path).await)
    } else {
        None
    }
}

/// Returns the reply to a frame of `chatrooms`; `silence` if there is none before the reply to a
/// later `ping`.
async fn native(mut socket: Socket, mut frame: Json) -> String {
    frame["ref"] = json!("asked");
    socket.send(frame).await;
    socket.send(json!({"type": "ping", "ref": "later"})).await;
    let (before, _) = socket.all_until(|frame| frame["ref"] == "later").await;
    let answer = before
        .iter()
        .find(|frame| frame["ref"] == "asked")
        .or_else(|| before.iter().find(|frame| frame["type"] == "subscribed"));
    match answer {
        Some(answer) if answer["error"].is_string() => text(answer, "error"),
        Some(answer) => text(answer, "type"),
        None => "silence".to_owned(),
    }
}

fn text(object: &Json, key: &str) -> String {
    object[key].as_str().unwrap_or_else(|| panic!("no {key} in {object}")).to_owned()
}

#[tokio::test]
async fn every_caller_is_answered_what_the_table_says_on_every_route_and_frame() {
    let world = World::new().await;
    let mut wrong = Vec::new();
    for row in table() {
        for &public in row.rooms() {
            let (callers, room) = (
                if row.is_frame() { &CALLERS[SIGNED_IN..] } else { &CALLERS[..] },
                if public { "public" } else { "private" },
            );
            let mut seen = Vec::new();
            for caller in callers {
                seen.push(if row.is_frame() {
                    world.frame(&row, caller, public).await
                } else {
                    world.route(&row, caller, public).await
                });
            }
            if seen != row.answers(public) {
                wrong.push(format!(
                    "{} ({room}) {}\n  {}\n  table  {}\n  server {}",
                    row.what,
                    row.body,
                    callers.join(" "),
                    row.answers(public).join(" "),
                    seen.join(" ")
                ));
            }
        }
    }
    drop(world);
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// How each dialect says that an action is forbidden: by the first part of the path, or by frame.
const FORBIDDEN: [(&str, &str); 13] = [
    ("api", "403"),
    ("chats", "401"),
    ("users", "401"),
    ("logout", "401"),
    ("rooms", "401"),
    ("v1", "422"),
    ("User", "403"),
    ("Room", "403"),
    ("rooms.message", "error"),
    ("rooms.leave", "error"),
    ("v1.message", "\"room_not_found\""),
    ("realtime.message", "false"),
    ("chatrooms", "forbidden"),
];

#[tokio::test]
async fn a_token_that_reads_is_refused_every_change_and_nothing_else() {
    let world = World::new().await;
    let (mut wrong, mut refused) = (Vec::new(), 0);
    // What an API token does not change, or what needs no session.
    let harmless = ["POST /api/refresh", "POST /api/admin"];
    for row in table() {
        let (kind, rest) = row.what.split_once(' ').expect("two words");
        let open = !row.is_frame() && row.private[0] == row.private[4];
        if open || harmless.contains(&&*row.what) {
            continue;
        }
        let reads = matches!(kind, "GET" | "SOCKET")
            || ["ping", "join_room", "leave_room", "watch_presence", "subscribe"]
                .iter()
                .any(|frame| row.what == format!("FRAME chatrooms.{frame}"));
        let member = row.private[if row.is_frame() { 2 } else { 4 }].clone();
        let part = rest.split(['/', '.']).find(|part| !part.is_empty()).expect("a part");
        let part = if row.is_frame() && part != "chatrooms" { rest } else { part };
        let forbidden = FORBIDDEN.iter().find(|(name, _)| *name == part);
        let wanted = if reads { member } else { forbidden.expect(part).1.to_owned() };
        let seen = if row.is_frame() {
            world.frame(&row, "reader", false).await
        } else {
            world.route(&row, "reader", false).await
        };
        refused += usize::from(!reads);
        if seen != wanted {
            wrong.push(format!("{} {}: {seen} instead of {wanted}", row.what, row.body));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(refused > 40, "{refused}");
    // Entering a public room is joining it.
    let hall = world.admin.public_room("Hall of readers").await;
    world
        .reader
        .open()
        .await
        .refused(json!({"type": "join_room", "room_id": hall}), "join_failed")
        .await;
    let before = world.admin.see(&hall).await;
    assert_eq!(before["participants"].as_array().expect("a list").len(), 1, "{before}");
}

#[tokio::test]
async fn every_route_and_frame_of_the_api_description_has_a_row() {
    let server = Server::start().await;
    let described = Client::new(&server).get("/api/openapi.json").await.is(200);
    let mut wanted = BTreeSet::new();
    for (path, methods) in described["paths"].as_object().expect("paths") {
        for (method, operation) in methods.as_object().expect("methods") {
            if !text(operation, "operationId").starts_with("operator.") {
                let verb = if operation["x-frames"].is_null() {
                    method.to_uppercase()
                } else {
                    "SOCKET".to_owned()
                };
                wanted.insert(format!("{verb} {}", shape(path)));
            }
        }
    }
    for name in described["components"]["schemas"].as_object().expect("schemas").keys() {
        if let Some((dialect, frame)) = name.split_once(".client.") {
            wanted.insert(format!("FRAME {dialect}.{frame}"));
        }
    }
    // Dialects with a single kind of frame describe it without a name.
    wanted.extend(["FRAME v1.message".to_owned(), "FRAME realtime.message".to_owned()]);
    let rows: BTreeSet<_> = table()
        .iter()
        .map(|row| if row.is_frame() { row.what.clone() } else { shape(&row.what) })
        .collect();
    let missing: Vec<_> = wanted.difference(&rows).collect();
    assert!(missing.is_empty(), "without a row in tests/it/authorisation/table.txt: {missing:#?}");
    let unknown: Vec<_> = rows.difference(&wanted).collect();
    assert!(unknown.is_empty(), "rows of nothing that the description knows: {unknown:#?}");
}

/// Returns a path without its query, with `{}` for each parameter.
fn shape(path: &str) -> String {
    let path = path.split('?').next().expect("a path");
    let part = |part: &str| {
        let stands_for_any = part.starts_with('{') || matches!(part, "like" | "shipit");
        if stands_for_any { "{}".to_owned() } else { part.to_owned() }
    };
    path.split('/').map(part).collect::<Vec<_>>().join("/")
}
