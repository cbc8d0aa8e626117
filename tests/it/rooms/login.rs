//! Log-in with a client in another language: 205 with a body, which not every library expects.

use std::process::Command;

use serde_json::json;

use crate::support::{Client, Json, Rooms, Server};

/// Logs in with Python's standard library, and requests the user on the same connection.
const PYTHON: &str = r#"
import http.client, json, sys
server, login, password = sys.argv[1:]
connection = http.client.HTTPConnection(server, timeout=20)
body = json.dumps({"user_id": login, "password": password})
connection.request("POST", "/login", body, {"Content-Type": "application/json"})
answer = connection.getresponse()
body = answer.read()
said = {
    "status": answer.status,
    "length": answer.getheader("Content-Length") == str(len(body)),
    "cookie": answer.getheader("Set-Cookie"),
}
said["session"] = json.loads(body)["session"]
connection.request("GET", "/users/me", headers={"Cookie": "session=" + said["session"]})
answer = connection.getresponse()
said["me"] = json.loads(answer.read())["user_id"] if answer.status == 200 else answer.status
print(json.dumps(said))
"#;

#[tokio::test]
async fn python_reads_the_session_out_of_a_205() {
    let server = Server::start().await;
    let ann = Rooms::new(&server, "ann").await;
    let arguments = ["-c", PYTHON, server.address(), "ann", ann.password.as_str()];
    let output = Command::new("python3").args(arguments).output().expect("python3");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let said: Json = serde_json::from_slice(&output.stdout).expect("JSON");
    let session = said["session"].as_str().expect("a text");
    let cookie = format!("session={session}; Path=/; HttpOnly; SameSite=Lax");
    assert_eq!(
        said,
        json!({"status": 205, "length": true, "cookie": cookie, "session": session, "me": "ann"})
    );
    Client::new(&server)
        .with("cookie", &format!("session={session}"))
        .get("/users/me")
        .await
        .is(200);
}
