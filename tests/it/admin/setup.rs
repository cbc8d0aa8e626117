//! The first administrator: created with a link that is only shown to the operator, or on the
//! command line.

use std::os::unix::fs::PermissionsExt;

use serde_json::json;

use crate::support::{Browser, Client, Ctl, Driver, Person, Server};

async fn token(server: &Server) -> String {
    let line = server.wait_for_log(&["The first administrator", "/#setup="]).await;
    line.split_once("/#setup=").unwrap().1.trim().to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_link_makes_one_administrator_once() {
    let server = Server::start().await;
    let client = Client::new(&server);
    let token = token(&server).await;
    let ask = |token: &str, password: &str| {
        json!({
            "token": token, "userId": "root", "password": password,
        })
    };
    client.post("/api/setup", ask(&"0".repeat(40), "long enough")).await.fails(403, "forbidden");
    client.post("/api/setup", ask("", "long enough")).await.fails(403, "forbidden");
    let check = |token: &str| json!({"token": token});
    client.post("/api/setup/check", check(&"0".repeat(40))).await.fails(403, "forbidden");
    client.post("/api/setup/check", check("")).await.fails(403, "forbidden");
    client.post("/api/setup/check", json!({})).await.fails(400, "invalid_request");
    client.post("/api/setup/check", check(&token)).await.is(204);
    assert_eq!(
        client.get("/api/server").await.is(200),
        json!({"registration": true, "setup": true})
    );
    assert_eq!(
        client.post("/api/setup", ask(&token, "short")).await.status,
        400,
        "and the link stays good"
    );
    assert_eq!(client.post("/api/setup", json!({"token": token})).await.status, 400);
    let mut made = Vec::new();
    for answer in futures_util::future::join_all(
        (0..5).map(|_| client.post("/api/setup", ask(&token, "long enough"))),
    )
    .await
    {
        made.push(answer.status);
    }
    made.sort_unstable();
    assert_eq!(made, [201, 403, 403, 403, 403]);
    let login = client
        .post("/api/login", json!({"userId": "root", "password": "long enough"}))
        .await
        .is(200);
    let root = client.bearer(login["token"].as_str().unwrap());
    root.post("/api/admin", json!({"status": {}})).await.is(200);
    client.post("/api/setup/check", check(&token)).await.fails(403, "forbidden");
    assert_eq!(
        client.get("/api/server").await.is(200),
        json!({"registration": true, "setup": false})
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_link_is_good_until_there_is_an_administrator_and_never_in_a_file() {
    let mut server = Server::start().await;
    let token = token(&server).await;
    let client = Client::new(&server);
    Person::new(&server, "ann").await;
    let ask = |token: &str, user: &str| {
        json!({
            "token": token, "userId": user, "password": "long enough",
        })
    };
    // Other users are not administrators; a taken name is refused.
    client.post("/api/setup", ask(&token, "ann")).await.fails(409, "already_exists");
    assert!(!server.log_files().contains(&token));
    server.restart().await;
    let client = Client::new(&server);
    client.post("/api/setup", ask(&"0".repeat(40), "root")).await.fails(403, "forbidden");
    assert_eq!(self::token(&server).await, token, "a restart prints the same link");
    let elsewhere = Server::start().await;
    assert_ne!(self::token(&elsewhere).await, token);
    client.post("/api/setup", ask(&token, "root")).await.is(201);
    client.post("/api/setup", ask(&token, "other")).await.fails(403, "forbidden");
    server.restart().await;
    server.wait_for_log(&["Data in "]).await;
    assert!(
        !server.output().iter().any(|line| line.contains("setup=")),
        "there is an administrator"
    );
    // An administrator created on the command line counts as well.
    let second = Server::start().await;
    let token = self::token(&second).await;
    Ctl::of(&second).run(&["user", "create", "boss", "--admin", "--generate"]).ends(0);
    Client::new(&second).post("/api/setup", ask(&token, "root")).await.fails(403, "forbidden");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_link_opens_in_a_browser() {
    let server = Server::start().await;
    let token = token(&server).await;
    let driver = Driver::start();
    let address = format!("{}/#setup={token}", server.address());
    let browser = Browser::open_at(&driver, "setup", &address, "1280,800").await;
    browser.fill("#user", "root").await;
    browser.fill("#password", "long enough").await;
    browser.picture("asks").await;
    browser.click("login-form button[type=submit]").await;
    browser.has("chat-app room-list").await;
    browser.close().await;
    assert_eq!(Ctl::of(&server).one(&["user", "show", "root"])["admin"], true);
}

#[test]
fn the_command_line_makes_the_first_administrator_and_the_directory() {
    let home = tempfile::tempdir().unwrap();
    let data = home.path().join("deep/data");
    let ctl = Ctl::at(&data);
    ctl.run(&["user", "list"]).fails(3, &data.display().to_string());
    ctl.run_with(&["user", "create", "root", "--admin", "--password-stdin"], "long enough\n")
        .fails(3, "there is no database in");
    ctl.run_with(&["user", "create", "root", "--init", "--password-stdin"], "long enough\n")
        .fails(2, "--admin");
    assert!(!data.exists(), "nothing is made by a command that may not");
    let said = ctl.run_with(
        &["user", "create", "root", "--admin", "--init", "--password-stdin"],
        "long enough\n",
    );
    said.ends(0);
    assert_eq!(data.metadata().unwrap().permissions().mode() & 0o777, 0o700);
    assert_eq!(data.join("chat.db").metadata().unwrap().permissions().mode() & 0o777, 0o600);
    let said = ctl.run(&["user", "create", "second", "--generate"]);
    assert!(
        said.ends(0).err.starts_with("Password: ") && !said.out.contains("assword"),
        "{said:?}"
    );
    let file = home.path().join("password");
    std::fs::write(&file, "long enough\n").unwrap();
    ctl.run(&["user", "create", "third", "--password-file", file.to_str().unwrap()]).ends(0);
    ctl.run(&["user", "create", "fourth", "--password-file", "/nowhere"]).fails(3, "/nowhere");
    ctl.run(&["user", "create", "fourth"]).fails(2, "--password-stdin");
    ctl.run(&["user", "create", "fourth", "--generate", "--password-stdin"])
        .fails(2, "cannot be used with");
    ctl.run_with(&["user", "create", "fourth", "--password-stdin"], "short\n").fails(2, "password");
    assert_eq!(ctl.all(&["user", "list"]).len(), 3);
}
