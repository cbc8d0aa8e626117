//! Push notifications of several servers: the one that has stored a message sends them, once, with
//! the key that all of them have.

use serde_json::json;

use super::{Common, until};
use crate::push::service::Service;
use crate::push::{Device, ON};
use crate::store::cassandra::is_wanted;
use crate::support::Person;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_message_is_sent_once_whichever_server_has_it() {
    if !is_wanted() {
        return;
    }
    let common = Common::new();
    let servers = [common.server(&ON).await, common.server(&ON).await];
    let ann = Person::new(&servers[0], "ann").await;
    let ben = Person::new(&servers[1], "ben").await;
    let room = ann.room(&[&ben]).await;
    let mut service = Service::start().await;
    let state = ann.get("/api/users/me/push").await.is(200);
    let key = state["key"].as_str().unwrap().to_owned();
    let phone = Device::subscribed(&ann, &service, "phone", json!({})).await;
    // The other server knows within moments that she has a device.
    let mut sent = 0;
    let first = until("a notification", async || {
        ben.say(&room, &sent.to_string()).await;
        sent += 1;
        service.arrived()
    })
    .await;
    phone.opens(&first, &key);
    for number in 0..4 {
        let text = format!("after {number}");
        ben.at(servers[number % 2].address()).say(&room, &text).await;
        // Those of the beginning may be under way.
        loop {
            let told = phone.opens(&service.next().await, &key);
            if told["text"] == text {
                break;
            }
            assert!(number == 0 && !told["text"].as_str().unwrap().starts_with("after"), "{told}");
        }
    }
    service.is_empty();
}
