//! Programs that do not answer as they should: the sender is told why, and nothing is posted.

use serde_json::json;

use super::{House, OPEN, send};
use crate::outgoing::receiver::{answer, says, says_as};
use crate::support::Json;

fn failed(problem: &str) -> Json {
    json!({"command": "deploy", "result": "failed", "problem": problem})
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_program_fails_with_is_told_to_the_sender() {
    let mut house = House::new(&OPEN).await;
    house.command("deploy", &[]);
    let mut told = Vec::new();
    for said in [
        answer(500, ""),
        answer(302, "location: http://127.0.0.1:1/\r\n"),
        says_as("application/json", "{"),
        says_as("text/plain", &"x".repeat(70_000)),
        "HTTP/1.1 200 OK\r\ncontent-length: 9\r\nconnection: close\r\n\r\ncut".to_owned(),
    ] {
        house.program.answers(&said);
        told.push(send(&house.ann, &house.hall, "deploy", "").await.is(200));
        house.program.next().await;
    }
    let status = |status: u16| json!({"command": "deploy", "result": "failed", "problem": "status", "status": status});
    let wanted =
        [status(500), status(302), failed("unreadable"), failed("too_long"), failed("unreadable")];
    assert_eq!(told, wanted);
    house.program.never_answers();
    let outcome = send(&house.ann, &house.hall, "deploy", "").await.is(200);
    assert_eq!(outcome, failed("timed_out"));
    house.server.wait_for_log(&["The slash command /deploy failed", "within 3 s"]).await;
    // A program that is not there.
    let gone =
        std::mem::replace(&mut house.program, crate::outgoing::receiver::Receiver::start().await);
    gone.stop().await;
    let outcome = send(&house.ann, &house.hall, "deploy", "").await.is(200);
    assert_eq!(outcome, failed("unreachable"));
    assert!(house.ann.contents(&house.hall).await.is_empty());
    assert!(house.server.output().iter().all(|line| !line.contains("SECRET")));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn plain_text_is_an_answer_and_a_long_one_is_cut() {
    let house = House::new(&OPEN).await;
    house.command("deploy", &[]);
    house.program.answers(&says_as("text/plain", "It *works*"));
    let outcome = send(&house.ann, &house.hall, "deploy", "").await.is(200);
    assert_eq!(outcome["content"], "It **works**");
    house.program.answers(&says(&json!({"text": "x".repeat(5000)})));
    let outcome = send(&house.ann, &house.hall, "deploy", "").await.is(200);
    assert_eq!(outcome["content"].as_str().unwrap().chars().count(), 4000);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_private_address_is_not_connected_to_unless_permitted() {
    let mut house = House::new(&[]).await;
    let name = house.program.url().replace("127.0.0.1", "localhost");
    let url = house.program.url();
    house.ctl.run(&["slash-command", "create", "direct", &url]).fails(2, "[egress]");
    house.ctl.one(&["slash-command", "create", "deploy", &name]);
    let outcome = send(&house.ann, &house.hall, "deploy", "").await.is(200);
    assert_eq!(outcome, failed("unreachable"));
    assert!(house.program.is_empty());
    house.server.wait_for_log(&["The slash command /deploy failed", "private address"]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_user_sends_so_many_commands_a_minute() {
    let limit = ("LIMITS__COMMANDS_PER_MINUTE_PER_USER", "2");
    let mut house = House::new(&[OPEN[0], limit]).await;
    house.command("deploy", &[]);
    for _ in 0..2 {
        send(&house.ann, &house.hall, "deploy", "").await.is(200);
        house.program.next().await;
    }
    send(&house.ann, &house.hall, "deploy", "").await.fails(429, "rate_limited");
    send(&house.bob, &house.hall, "deploy", "").await.is(200);
    house.program.next().await;
    assert!(house.program.is_empty());
}
