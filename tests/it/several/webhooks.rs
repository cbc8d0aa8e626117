//! Outgoing webhooks of several servers: one of them sends, and when it dies, another one goes on.

use super::{Common, until};
use crate::outgoing::receiver::Receiver;
use crate::store::cassandra::is_wanted;
use crate::support::{Ctl, Person, Server};

/// Whether this server has begun to send the webhook.
fn sends(server: &Server) -> bool {
    server.output().iter().any(|line| line.contains("Sending the outgoing webhook CI"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_server_goes_on_when_the_one_that_sends_dies() {
    if !is_wanted() {
        return;
    }
    let common = Common::new();
    let open = [("EGRESS__ALLOWED_NETWORKS", "127.0.0.1")];
    let mut servers = [common.server(&open).await, common.server(&open).await];
    let ctl = common.ctl(Ctl::of(&servers[0]));
    let people = [Person::new(&servers[0], "ann").await, Person::new(&servers[1], "ben").await];
    let room = people[0].room(&[&people[1]]).await;
    let mut receiver = Receiver::start().await;
    let create = ["outgoing-webhook", "create", &receiver.url(), "--room", &room, "--name", "CI"];
    let secret = ctl.one(&create)["secret"].as_str().unwrap().to_owned();
    let sender = until("one of them sends", async || servers.iter().position(sends)).await;
    let other = 1 - sender;
    // What one has committed, and what the other has.
    for number in 0..6 {
        people[number % 2].say(&room, &number.to_string()).await;
    }
    // What was accepted and not yet noted when its sender died comes again.
    let (mut expected, mut ids) = (0, Vec::new());
    let mut hear = async |upto: i32| {
        while expected < upto {
            let request = receiver.next().await;
            request.check(&secret);
            if ids.contains(&request.id) {
                continue;
            }
            let body = request.body();
            assert_eq!(body["data"]["message"]["text"], expected.to_string(), "{body}");
            ids.push(request.id);
            expected += 1;
        }
    };
    hear(6).await;
    assert!(!sends(&servers[other]), "one at a time");
    servers[sender].kill9();
    for number in 6..9 {
        people[other].say(&room, &number.to_string()).await;
    }
    until("the other one sends", async || sends(&servers[other]).then_some(())).await;
    hear(9).await;
}
