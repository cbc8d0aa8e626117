//! The documented log format, `[time] [LEVEL] [PID:n] [user] [room] - message`, and content that
//! must never be logged.

use serde_json::json;

use crate::support::{Client, Json, Person, Server, fits, people};

/// A parsed line.
struct Line {
    level: String,
    pid: String,
    /// User and room, if present.
    names: Vec<String>,
    message: String,
}

/// Parses a line in the documented format; `None` otherwise.
fn line(text: &str) -> Option<Line> {
    let (head, message) = text.split_once(" - ")?;
    let mut parts = head.strip_prefix('[')?.strip_suffix(']')?.split("] [");
    let time = Json::from(parts.next()?);
    let (level, pid) = (parts.next()?.to_owned(), parts.next()?.strip_prefix("PID:")?.to_owned());
    let known = ["ERROR", "WARN", "INFO", "DEBUG", "TRACE"].contains(&level.as_str());
    let names: Vec<_> = parts.map(str::to_owned).collect();
    (fits(&time, "0000-00-00T00:00:00.000Z") && known && names.len() <= 2 && !message.is_empty())
        .then(|| Line { level, pid, names, message: message.to_owned() })
}

fn is_stack(text: &str) -> bool {
    text.starts_with("    ")
}

#[tokio::test]
async fn every_line_has_the_documented_form_on_the_terminal_and_in_the_file() {
    let mut server = Server::start_with(&[("LOG__LEVEL", "debug")]).await;
    let [ann, ben] = people(&server, ["ann", "ben"]).await;
    let room = ann.room(&[&ben]).await;
    let mut socket = ann.enter(&room).await;
    socket.say("hello").await;
    socket.close().await;
    ann.bearer("x.y.z").get("/api/users/me").await.is(401);
    server.terminate().await;
    let names: Vec<_> = std::fs::read_dir(server.data().join("logs"))
        .expect("a folder")
        .map(|entry| entry.expect("an entry").file_name())
        .collect();
    assert!(
        names.iter().any(|name| name
            .to_str()
            .and_then(|name| name.strip_prefix("chatctl.log."))
            .is_some_and(|date| fits(&json!(date), "0000-00-00"))),
        "{names:?}"
    );
    let file = server.log_files();
    let pid = server.pid().to_string();
    for text in file.lines().filter(|text| !is_stack(text)) {
        let line = line(text).unwrap_or_else(|| panic!("not the documented form: {text}"));
        assert_eq!(line.pid, pid, "{text}");
    }
    let told: Vec<_> = server
        .output()
        .into_iter()
        .filter(|text| text.starts_with('[') || is_stack(text))
        .collect();
    assert_eq!(told.join("\n"), file.trim_end(), "the terminal shows the same lines");
    for level in ["INFO", "DEBUG", "ERROR"] {
        assert!(file.contains(&format!("] [{level}] [PID:{pid}]")), "no line of {level}");
    }
}

#[tokio::test]
async fn what_happens_to_rooms_and_users_is_told_with_their_names() {
    let server = Server::start_with(&[("ROOMS__IDLE_TIMEOUT_SECONDS", "1")]).await;
    let [ann, ben] = people(&server, ["ann", "ben"]).await;
    let room = ann.room(&[&ben]).await;
    let names = async |level: &str, parts: &[&str]| {
        let text = server.wait_for_log(parts).await;
        let line = line(&text).unwrap_or_else(|| panic!("not the documented form: {text}"));
        assert_eq!(line.level, level, "{text}");
        line.names
    };
    let both = |login: &str| vec![login.to_owned(), room.clone()];
    let socket = ben.enter(&room).await;
    assert_eq!(
        names("INFO", &["Room created successfully."]).await,
        both("ben"),
        "who brought it up is named"
    );
    assert_eq!(names("INFO", &["[ben]", "entered"]).await, both("ben"));
    socket.close().await;
    assert_eq!(names("INFO", &["[ben]", "left"]).await, both("ben"));
    assert_eq!(names("INFO", &["Room closed"]).await, std::slice::from_ref(&room));
    let quiet = server.output();
    assert!(!quiet.iter().any(|text| text.contains("[DEBUG]")), "INFO is the default");
}

#[tokio::test]
async fn a_refused_credential_is_an_error_without_a_stack_trace_and_none_at_all_is_not() {
    let server = Server::start().await;
    let ann = Person::new(&server, "ann").await;
    ann.bare().get("/api/users/me").await.is(401);
    ann.bare().handshake("/chat").await.is(401);
    ann.bearer("x.y.z").get("/api/users/me").await.is(401);
    ann.post("/api/logout", json!({})).await.is(204);
    ann.get("/api/users/me").await.is(401);
    ann.bare()
        .post("/api/login", json!({"userId": "ann", "password": "not the one"}))
        .await
        .is(401);
    // All lines written before this one are present with it.
    Person::new(&server, "last").await;
    server.wait_for_log(&["[last]", "registered"]).await;
    let output = server.output();
    let errors: Vec<_> = output.iter().filter(|text| text.contains("[ERROR]")).collect();
    assert_eq!(errors.len(), 3, "{errors:?}");
    assert!(!output.iter().any(|text| is_stack(text)), "it is no fault of the program");
    let names: Vec<_> =
        errors.iter().map(|text| line(text).expect("the documented form").names).collect();
    assert_eq!(
        names,
        [vec![], vec!["ann".to_owned()], vec!["ann".to_owned()]],
        "the user stands there when known"
    );
}

#[tokio::test]
async fn a_flood_of_bad_tokens_does_not_flood_the_log() {
    let server = Server::start().await;
    let client = Client::new(&server);
    for number in 0..30 {
        client.bearer(&format!("x.{number}.z")).get("/api/users/me").await.is(401);
    }
    Person::new(&server, "last").await;
    server.wait_for_log(&["[last]", "registered"]).await;
    let errors = server.output().iter().filter(|text| text.contains("[ERROR]")).count();
    assert!((1..=11).contains(&errors), "{errors} lines");
}

#[tokio::test]
async fn no_text_password_token_or_query_ever_stands_in_the_log() {
    let mut server = Server::start_with(&[("LOG__LEVEL", "trace")]).await;
    let ann = Person::new(&server, "ann").await;
    let session = ann
        .bare()
        .post("/v1/login", json!({"login": "ann", "password": ann.password}))
        .await
        .is(200);
    let session = session["session_id"].as_str().expect("a text").to_owned();
    let room = ann.room(&[]).await;
    let number = crate::support::number(&room);
    let message =
        ann.say(&room, "BODY by REST").await["messageId"].as_str().expect("a key").to_owned();
    ann.patch(
        &format!("/api/chatrooms/{room}/messages/{message}"),
        json!({"newContent": "BODY edited"}),
    )
    .await
    .is(200);
    ann.post(&format!("/api/chatrooms/{room}/messages"), "{\"content\": \"BODY broken")
        .await
        .is(400);
    let mut socket = ann.enter(&room).await;
    socket.say("BODY by socket").await;
    socket.send_text("BODY that is no JSON").await;
    socket.send_text(r#"{"type": "chat_message", "content": ["BODY of the wrong type"]}"#).await;
    socket.settle().await;
    let mut foreign =
        ann.bare().socket("ann", &format!("/v1/rooms/{number}/chat?session_id={session}")).await;
    foreign.send(json!({"text": "BODY in v1"})).await;
    foreign.next().await;
    ann.get("/api/users?q=QUERY").await.is(200);
    ann.get("/api/nothing?x=QUERY").await.is(404);
    ann.bare().get("/v1/info?session_id=QUERY").await.is(401);
    ann.bare()
        .post("/api/login", json!({"userId": "ann", "password": "PASSWORD that is wrong"}))
        .await
        .is(401);
    ann.bare()
        .post("/api/users", json!({"userId": "ben", "password": "PASSWORD of ben"}))
        .await
        .is(201);
    ann.bare()
        .post("/api/users", json!({"userId": 7, "password": "PASSWORD broken"}))
        .await
        .is(400);
    ann.bearer("BEARER.y.z").get("/api/users/me").await.is(401);
    ann.bare().with("cookie", "jwt_token=COOKIE").get("/api/users/me").await.is(401);
    server.terminate().await;
    let all = format!("{}\n{}", server.log_files(), server.output().join("\n"));
    assert!(all.contains("[DEBUG]"), "the level is low enough to tell");
    for secret in [
        "BODY",
        "QUERY",
        "PASSWORD",
        "BEARER",
        "COOKIE",
        "secret of ann",
        &session,
        &ann.token,
        ann.token.split('.').nth(2).expect("a signature"),
    ] {
        let found = all.lines().find(|text| text.contains(secret));
        assert_eq!(found, None, "{secret} stands in the log");
    }
}

#[tokio::test]
async fn names_cannot_make_lines_or_brackets_of_their_own() {
    let mut server = Server::start().await;
    for login in ["a]b", "[admin]", "a\\b", "x]-[room001]-"] {
        let person = Person::new(&server, login).await;
        let room = person.room(&[]).await;
        person.enter(&room).await.settle().await;
        person
            .bare()
            .post("/api/login", json!({"userId": login, "password": "not the one"}))
            .await
            .is(401);
    }
    server.terminate().await;
    let file = server.log_files();
    for text in file.lines().filter(|text| !is_stack(text)) {
        let line = line(text).unwrap_or_else(|| panic!("not the documented form: {text}"));
        assert!(
            line.names
                .iter()
                .all(|name| !name.replace("\\[", "").replace("\\]", "").contains(['[', ']'])),
            "{text}"
        );
        assert!(!line.message.is_empty());
    }
    assert!(
        !file.contains("[[admin]]") && !file.contains("[a]b]"),
        "brackets of names are escaped"
    );
}

#[tokio::test]
async fn lines_may_be_json() {
    let mut server = Server::start_with(&[("LOG__FORMAT", "json")]).await;
    let ann = Person::new(&server, "ann").await;
    let room = ann.room(&[]).await;
    ann.enter(&room).await.settle().await;
    ann.bearer("x.y.z").get("/api/users/me").await.is(401);
    server.terminate().await;
    let lines: Vec<Json> = server
        .log_files()
        .lines()
        .map(|text| serde_json::from_str(text).expect("one object a line"))
        .collect();
    for line in &lines {
        assert!(
            fits(&line["time"], "0000-00-00T00:00:00.000Z")
                && line["level"].is_string()
                && line["message"].is_string(),
            "{line}"
        );
    }
    assert!(lines.iter().any(|line| line["user"] == "ann" && line["room"] == json!(room)));
}
