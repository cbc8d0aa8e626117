//! `POST /api/admin` and `GET /api/admin/log`: the same commands for server administrators, and 404
//! for others.

use serde_json::json;

use crate::support::{Client, Ctl, Json, PATIENCE, Person, Server, http, texts};

async fn admin(server: &Server) -> Person {
    Ctl::of(server).create("root", &["--admin"]);
    let root = Person::known(server, "root").await;
    assert_eq!(root.get("/api/users/me").await.is(200)["admin"], true);
    root
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn administrators_give_commands_over_http() {
    let server = Server::start().await;
    let root = admin(&server).await;
    let bob = Person::new(&server, "bob").await;
    let mut bobs = bob.open().await;
    let done = root.post("/api/admin", json!({"user.disable": {"name": "bob"}})).await.is(200);
    assert_eq!(
        (&done["items"][0]["name"], &done["items"][0]["disabled"]),
        (&json!("bob"), &json!(true))
    );
    assert_eq!(bobs.closed().await, 4401);
    let list = root.post("/api/admin", json!({"user.list": {}})).await.is(200);
    assert_eq!(texts(&list["items"], "name"), ["root", "bob"]);
    server.wait_for_log(&["[root] - Command: user.disable bob"]).await;
    root.post("/api/admin", json!({"user.show": {"name": "nobody"}})).await.fails(404, "not_found");
    root.post("/api/admin", json!({"user.create": {"name": "bob", "password": "long enough"}}))
        .await
        .fails(409, "conflict");
    root.post("/api/admin", json!({"user.create": {"name": "x y", "password": "long enough"}}))
        .await
        .fails(400, "usage");
    for files in [
        json!({"user.export": {"name": "bob"}}),
        json!({"room.export": {"room": "1"}}),
        json!({"room.messages": {"room": "1"}}),
        json!({"log.tail": {}}),
    ] {
        root.post("/api/admin", files).await.fails(403, "not_permitted");
    }
    for bad in [
        "{",
        "[]",
        "{}",
        r#"{"user.fly":{}}"#,
        r#"{"user.show":{}}"#,
        r#"{"user.show":{"name":1}}"#,
        r#"{"status":{},"user.list":{}}"#,
    ] {
        assert_eq!(root.post("/api/admin", bad).await.status, 400, "{bad}");
    }
    assert_eq!(root.get("/api/admin").await.header("allow"), "POST");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn for_everybody_else_there_is_nothing() {
    let server = Server::start().await;
    let root = admin(&server).await;
    let bob = Person::new(&server, "bob").await;
    let command = json!({"user.promote": {"name": "bob"}});
    for client in
        [Client::new(&server), Client::new(&server).bearer("nonsense"), bob.bearer(&bob.token)]
    {
        client.post("/api/admin", command.clone()).await.fails(404, "not_found");
        client.get("/api/admin/log").await.fails(404, "not_found");
    }
    let by_cookie = root.bare().with("cookie", &format!("jwt_token={}", root.token));
    by_cookie
        .with("origin", "https://evil.example")
        .post("/api/admin", command)
        .await
        .fails(403, "forbidden");
    assert_eq!(bob.get("/api/users/me").await.is(200)["admin"], false);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_log_is_read_along_until_one_may_not_any_more() {
    let server = Server::start().await;
    let root = admin(&server).await;
    let url = format!("{}/api/admin/log?level=info&user=eve", server.url());
    let mut answer =
        http().build().unwrap().get(url).bearer_auth(&root.token).send().await.unwrap();
    assert_eq!(
        (answer.status().as_u16(), &answer.headers()["content-type"]),
        (200, &reqwest::header::HeaderValue::from_static("application/x-ndjson"))
    );
    Person::new(&server, "eve").await;
    let mut read = Vec::new();
    while !read.contains(&b'\n') {
        read.extend(answer.chunk().await.unwrap().expect("a line"));
    }
    let line: Json =
        serde_json::from_slice(read.split(|byte| *byte == b'\n').next().unwrap()).unwrap();
    assert_eq!((&line["user"], &line["level"]), (&json!("eve"), &json!("info")), "{line}");
    assert!(line["time"].is_string() && line["message"].is_string(), "{line}");

    Ctl::of(&server).run(&["user", "demote", "root", "--yes"]).ends(0);
    Person::known(&server, "eve").await;
    while answer.chunk().await.unwrap().is_some() {}
    root.get("/api/admin/log?level=loud").await.fails(404, "not_found");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reader_of_the_log_that_is_gone_is_noticed_without_a_line() {
    let server = Server::start_with(&[("SERVER__HEARTBEAT_SECONDS", "1")]).await;
    let root = admin(&server).await;
    let client = Client::new(&server);
    let connections = async || {
        let text = client.get("/metrics").await.text;
        let line = text.lines().find_map(|line| line.strip_prefix("chatctl_connections "));
        line.unwrap().parse::<u32>().unwrap()
    };
    let before = connections().await;
    let url = format!("{}/api/admin/log?user=nobody", server.url());
    let reader = http().build().unwrap();
    let mut answer = reader.get(url).bearer_auth(&root.token).send().await.unwrap();
    assert_eq!(answer.chunk().await.unwrap().unwrap(), " ");
    assert_eq!(connections().await, before + 1);
    drop((answer, reader));
    let gone = async {
        while connections().await > before {
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(PATIENCE, gone).await.expect("the connection ends");
}
