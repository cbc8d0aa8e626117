//! Tests of a receiver, and addresses that are refused.

use serde_json::json;

use super::receiver::{Receiver, answer};
use super::{House, OPEN};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_test_tells_what_the_receiver_answers() {
    let house = House::new(&OPEN).await;
    let mut receiver = Receiver::start().await;
    let secret = house.webhook("CI", &receiver, &[]);
    let test = ["outgoing-webhook", "test", "CI"];
    let tested = house.ctl.one(&test);
    assert_eq!((&tested["accepted"], &tested["status"]), (&json!(true), &json!(200)));
    assert!(tested["milliseconds"].is_u64(), "{tested}");
    let request = receiver.next().await;
    request.check(&secret);
    assert_eq!(request.body()["type"], "test");
    assert_eq!(request.body()["data"], json!({"webhook": "CI"}));
    // A redirect is not followed.
    let mut elsewhere = Receiver::start().await;
    receiver.answers(&answer(307, &format!("location: {}\r\n", elsewhere.url())));
    let said = house.ctl.run(&test);
    said.ends(1);
    assert!(
        said.out.contains("the receiver answered 307, and redirects are not followed"),
        "{said:?}"
    );
    assert!(said.err.contains("did not accept the test"), "{said:?}");
    assert!(elsewhere.is_empty());
    // Over HTTP the outcome is part of the answer.
    let command = json!({"outgoing_webhook.test": {"name": "CI"}});
    let answered = house.ann.post("/api/admin", command).await.is(200);
    assert_eq!(answered["items"][0]["status"], 307, "{answered}");
    assert_eq!(house.show("CI")["state"], "active", "a test changes nothing");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn private_addresses_are_refused_unless_they_are_permitted() {
    let house = House::new(&[]).await;
    let receiver = Receiver::start().await;
    let create = |url: &str, room: &str| {
        house.ctl.run(&["outgoing-webhook", "create", url, "--room", room, "--name", "CI"])
    };
    create(&receiver.url(), "hall").fails(2, "add it to [egress] allowed_networks");
    for bad in ["ftp://example.org/", "example.org", "https://ann:x@example.org/", "https://"] {
        create(bad, "hall").ends(2);
    }
    create("https://example.org/", "cellar").ends(3);
    // A name is resolved when it is connected to.
    let port = receiver.url().rsplit(':').next().unwrap().to_owned();
    create(&format!("http://localhost:{port}"), "hall").ends(0);
    create("https://example.org/", "hall").ends(4);
    let said = house.ctl.run(&["outgoing-webhook", "test", "CI"]);
    said.ends(1);
    assert!(said.out.contains("add it to [egress] allowed_networks"), "{said:?}");
    house.ann.say(&house.hall, "1").await;
    let shown = house.until("CI", "failing").await;
    assert!(shown["problem"].as_str().unwrap().contains("private address"), "{shown}");
    let mut receiver = receiver;
    assert!(receiver.is_empty());
}
