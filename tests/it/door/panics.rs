//! A panic in a handler: that request gets a 500, the log one line, and the server continues.
//! Panics can only be injected in builds with debug assertions.

use crate::support::{Server, people};

#[tokio::test]
async fn a_panic_is_a_500_and_one_line_in_the_log() {
    let server = Server::start_with(&[("PLANTED_PANIC", "/api/users/me")]).await;
    let [ann, ben] = people(&server, ["ann", "ben"]).await;
    let mut socket = ann.open().await;
    for _ in 0..3 {
        ann.get("/api/users/me").await.fails(500, "internal");
    }
    ben.get("/api/users/me").await.fails(500, "internal");
    let room = ann.room(&[&ben]).await;
    ann.say(&room, "the chat goes on").await;
    socket.settle().await;
    server.wait_for_log(&["[ERROR]", "panicked at ", ": planted"]).await;
    let told = server.output().iter().filter(|line| line.contains("panicked at")).count();
    assert_eq!(told, 1, "once a minute");
}
