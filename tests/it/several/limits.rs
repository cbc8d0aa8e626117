//! Sessions that hold on all servers.

use super::{Common, until};
use crate::store::cassandra::is_wanted;
use crate::support::Person;

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
