//! Limits that all servers count together, and sessions that hold on all of them.

use futures_util::future::join_all;
use serde_json::json;

use super::{Common, until};
use crate::store::cassandra::is_wanted;
use crate::support::{Client, Person};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn attempts_are_counted_by_all_servers_together() {
    if !is_wanted() {
        return;
    }
    let common = Common::new();
    // Addresses of this machine itself are not counted.
    let few = [
        ("SERVER__TRUSTED_PROXIES", "127.0.0.1"),
        ("LIMITS__REGISTRATIONS_PER_HOUR_PER_ADDRESS", "3"),
    ];
    let (one, two) = (common.server(&few).await, common.server(&few).await);
    let clients = [Client::new(&one), Client::new(&two)];
    let ann = Person::new(&one, "ann").await;
    let mut statuses = Vec::new();
    for (n, client) in clients.iter().cycle().take(6).enumerate() {
        let new = json!({"userId": format!("user{n}"), "password": "long enough"});
        let from_afar = client.with("x-forwarded-for", "203.0.113.7");
        statuses.push(from_afar.post("/api/users", new).await.status);
    }
    let wanted = [201, 201, 201, 429, 429, 429];
    assert_eq!(statuses, wanted, "three an hour, wherever they come");
    let guesses = clients.iter().cycle().take(24).enumerate().map(|(n, client)| {
        let guess = json!({"userId": "ann", "password": format!("guess {n}")});
        async move { client.post("/api/login", guess).await.status }
    });
    let mut statuses = join_all(guesses).await;
    statuses.sort_unstable();
    assert_eq!(statuses, [vec![401_u16; 10], vec![429; 14]].concat(), "ten a minute together");
    for client in &clients {
        let right = json!({"userId": "ann", "password": ann.password});
        client.post("/api/login", right).await.fails(429, "rate_limited");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_holds_on_all_servers_and_ends_on_all() {
    if !is_wanted() {
        return;
    }
    let common = Common::new();
    let (one, two) = (common.server(&[]).await, common.server(&[]).await);
    let ann = Person::new(&one, "ann").await;
    let there = ann.at(two.address());
    there.get("/api/users/me").await.is(200);
    let other = there.again().await;
    let sessions = |person: Person| async move {
        person.get("/api/sessions").await.is(200)["sessions"].as_array().unwrap().len()
    };
    assert_eq!((sessions(ann.clone()).await, sessions(other.clone()).await), (2, 2));
    let mut socket = ann.open().await;
    // Ended on the other server: the socket here is closed, and the token is refused.
    ann.at(two.address()).post("/api/logout", "").await.is(204);
    assert_eq!(socket.closed().await, 4401);
    until("the session has ended here", async || {
        (ann.get("/api/users/me").await.status == 401).then_some(())
    })
    .await;
    assert_eq!(sessions(other.at(one.address())).await, 1);
}
