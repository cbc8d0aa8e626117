//! Guessing passwords: parallel guesses are limited like consecutive ones, and an overloaded server
//! is distinguished from a used-up limit.

use futures_util::future::join_all;
use serde_json::json;

use crate::support::{Client, Person, Server};

#[tokio::test]
async fn ten_wrong_passwords_a_minute_are_ten_when_they_come_at_once() {
    let server = Server::start().await;
    let ann = Person::new(&server, "ann").await;
    let client = Client::new(&server);
    let guess = |path: &'static str, name: &'static str, key: &'static str, n: usize| {
        let body = json!({key: name, "password": format!("guess {n}")});
        let client = client.clone();
        async move { client.post(path, body).await.status }
    };
    let mut statuses = join_all((0..40).map(|n| guess("/api/login", "nobody", "userId", n))).await;
    statuses.sort_unstable();
    assert_eq!(statuses, [vec![401_u16; 10], vec![429; 30]].concat());
    // Correct passwords are not failures, however many arrive at once.
    let again =
        join_all((0..20).map(|_| {
            client.post("/api/login", json!({"userId": "ann", "password": ann.password}))
        }))
        .await;
    assert!(
        again.iter().all(|answer| answer.status == 200),
        "{:?}",
        again.iter().map(|answer| answer.status).collect::<Vec<_>>()
    );
    // The password of a logged-in user.
    let change = |n: usize| {
        ann.patch(
            "/api/users/me",
            json!({"password": "another secret", "currentPassword": format!("guess {n}")}),
        )
    };
    let mut statuses: Vec<u16> =
        join_all((0..30).map(change)).await.iter().map(|answer| answer.status).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [vec![403_u16; 10], vec![429; 20]].concat());
}

#[tokio::test]
async fn more_log_ins_than_can_wait_are_told_to_come_again() {
    let server =
        Server::start_with(&[("AUTH__HASH_THREADS", "1"), ("LIMITS__ENABLED", "false")]).await;
    let client = Client::new(&server);
    let answers = join_all((0..150).map(|n| {
        client
            .post("/api/login", json!({"userId": format!("nobody{n}"), "password": "wrong wrong"}))
    }))
    .await;
    let mut busy = 0;
    for answer in &answers {
        if answer.status == 401 {
            continue;
        }
        answer.fails(503, "unavailable");
        assert!(answer.header("retry-after").parse::<u32>().is_ok_and(|seconds| seconds >= 1));
        busy += 1;
    }
    assert!(busy > 0 && busy < answers.len(), "{busy}");
}
