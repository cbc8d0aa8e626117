//! Slash commands of several servers: the program may answer later at any of them.

use serde_json::json;

use super::Common;
use crate::outgoing::receiver::Receiver;
use crate::slash_commands::{fields, send};
use crate::store::cassandra::is_wanted;
use crate::support::{Client, Ctl, Person};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_late_answer_to_another_server_reaches_the_sender() {
    if !is_wanted() {
        return;
    }
    let common = Common::new();
    let open = [("EGRESS__ALLOWED_NETWORKS", "127.0.0.1")];
    let servers = [common.server(&open).await, common.server(&open).await];
    let ctl = common.ctl(Ctl::of(&servers[0]));
    let ann = Person::new(&servers[0], "ann").await;
    let ben = Person::new(&servers[1], "ben").await;
    let room = ann.room(&[&ben]).await;
    let mut program = Receiver::start().await;
    let secret = ctl.one(&["slash-command", "create", "deploy", &program.url()]);
    send(&ann, &room, "deploy", "now").await.is(200);
    let request = program.next().await;
    request.check_signature(secret["secret"].as_str().unwrap());
    let url = fields(&request)["response_url"].clone();
    let path = url.strip_prefix(&servers[0].url()).unwrap();
    let (mut sender, mut other) = (ann.open().await, ben.enter(&room).await);
    let elsewhere = Client::new(&servers[1]);
    for number in 1..=4 {
        let said = json!({"text": format!("Step {number}")});
        elsewhere.post(path, said).await.is_text(200);
        let told = sender.until("command_response").await;
        assert_eq!(told["content"], format!("Step {number}"), "{told}");
    }
    let said = json!({"response_type": "in_channel", "text": "Done"});
    elsewhere.post(path, said).await.is_text(200);
    let message = other.hears("Done").await;
    assert_eq!(message["sender_id"], "hook-deploy", "{message}");
    // They are counted on all servers together.
    for server in &servers {
        Client::new(server).post(path, json!({"text": "late"})).await.is_text(404);
    }
}
