//! `chatctl cluster`: creating the tables, looking at everything, trying the database, restoring.

use serde_json::json;

use super::Common;
use crate::store::cassandra::{DATACENTER, cassandra, is_wanted};
use crate::support::{Client, Ctl, Json, Redis, Server};

/// The parts of `cluster status` of a kind.
fn parts<'a>(all: &'a [Json], kind: &str) -> Vec<&'a Json> {
    all.iter().filter(|part| part["part"] == kind).collect()
}

#[test]
fn without_a_cluster_its_commands_say_what_is_missing() {
    let data = tempfile::tempdir().unwrap();
    let ctl = Ctl::at(data.path());
    for verb in ["init", "status", "check", "new-epoch"] {
        ctl.run(&["cluster", verb]).fails(2, "[cluster] cassandra names no node");
    }
    let nowhere = ctl.clone().set("CLUSTER__CASSANDRA", "127.0.0.1:1");
    for verb in ["init", "status", "new-epoch"] {
        let said = nowhere.run(&["cluster", verb]);
        said.fails(1, "the nodes of [cluster] cassandra (127.0.0.1:1) cannot be used");
        assert!(said.err.contains("refused"), "{}", said.err);
    }
    let odd = nowhere.set("CLUSTER__KEYSPACE", "Drop Table");
    odd.run(&["cluster", "init"]).fails(2, "[cluster] keyspace must be 1 to 48 lowercase letters");
    for (arguments, words) in [
        (&["cluster", "innit"][..], "init"),
        (&["cluster", "init", "--replicas", "0"], "0 is not in 1..=10"),
        (&["cluster", "init", "--replicas", "many"], "invalid digit"),
        (&["cluster", "status", "now"], "unexpected argument 'now'"),
        (&["cluster"], "Usage: chatctl cluster"),
    ] {
        ctl.run(arguments).fails(2, words);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cluster_is_created_looked_at_and_tried() {
    if !is_wanted() {
        return;
    }
    let (data, redis) = (tempfile::tempdir().unwrap(), Redis::start());
    let ctl = Ctl::at(data.path())
        .set("DATABASE__ENGINE", "cluster")
        .set("CLUSTER__CASSANDRA", &cassandra().address)
        .set("CLUSTER__KEYSPACE", "looked_at")
        .set("CLUSTER__REDIS", &redis.url());
    // Before there is a keyspace.
    let all = ctl.all(&["cluster", "status"]);
    let [keyspace] = parts(&all, "keyspace")[..] else { panic!("{all:?}") };
    assert_eq!((&keyspace["up"], &keyspace["details"]), (&json!(false), &json!("does not exist")));
    let said = ctl.run(&["serve", "--listen", "127.0.0.1:0"]);
    assert_eq!(said.code, 1, "{said:?}");
    assert!(said.err.contains("create what is missing with chatctl cluster init"), "{}", said.err);
    ctl.run(&["cluster", "init", "--replicas", "2"])
        .fails(2, "2 replicas cannot be kept by 1 node of the data centre datacenter1");
    let elsewhere = ctl.clone().set("CLUSTER__DATACENTER", "elsewhere");
    elsewhere.run(&["cluster", "init"]).ends(1);
    let made = ctl.one(&["cluster", "init"]);
    assert_eq!((&made["created"], &made["replicas"]), (&json!(true), &json!("datacenter1: 1")));
    assert_eq!(made["changed"], made["tables"]);
    let again = ctl.one(&["cluster", "init"]);
    assert_eq!((&again["created"], &again["changed"]), (&json!(false), &json!(0)));
    ctl.run(&["cluster", "init", "--replicas", "1"]).fails(4, "change its replicas with ALTER");
    let all = ctl.all(&["cluster", "status"]);
    assert!(all.iter().all(|part| part["up"] == true), "{all:?}");
    let [node] = parts(&all, "cassandra")[..] else { panic!("{all:?}") };
    assert_eq!(node["name"], json!(cassandra().address));
    assert!(node["details"].as_str().unwrap().contains(DATACENTER), "{node}");
    assert_eq!(parts(&all, "redis").len(), 1);
    assert!(parts(&all, "server").is_empty(), "none was started");
    let kept = ctl.all(&["cluster", "check"]);
    assert!(kept.len() > 5 && kept.iter().all(|promise| promise["kept"] == true), "{kept:?}");
    drop(redis);
    let all = ctl.all(&["cluster", "status"]);
    let [redis] = parts(&all, "redis")[..] else { panic!("{all:?}") };
    assert_eq!(redis["up"], json!(false));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_epoch_resets_clients_and_all_servers_are_listed() {
    if !is_wanted() {
        return;
    }
    let common = Common::new();
    let (mut one, two) = (common.server(&[]).await, common.server(&[]).await);
    let ctl = common.ctl(Ctl::of(&one));
    let status = |server: &Server| Ctl::of(server).one(&["status"]);
    let (first, second) = (status(&one), status(&two));
    assert_eq!(first["epoch"], second["epoch"]);
    assert_ne!(first["server_id"], second["server_id"]);
    assert_eq!((&first["store"], &first["bus"]), (&json!("ok"), &json!("ok")));
    assert_eq!((&first["database_bytes"], &first["wal_bytes"]), (&Json::Null, &Json::Null));

    let servers = async || {
        let all = ctl.all(&["cluster", "status"]);
        parts(&all, "server").into_iter().cloned().collect::<Vec<_>>()
    };
    let listed = super::until("both servers are listed", async || {
        let found = servers().await;
        (found.len() == 2).then_some(found)
    })
    .await;
    let mut ids: Vec<&Json> = listed.iter().map(|server| &server["server_id"]).collect();
    ids.sort_unstable_by_key(|id| id.as_str());
    let mut wanted = vec![&first["server_id"], &second["server_id"]];
    wanted.sort_unstable_by_key(|id| id.as_str());
    assert_eq!(ids, wanted);
    for server in &listed {
        assert_eq!((&server["up"], &server["version"]), (&json!(true), &first["version"]));
        assert!(server["details"].as_str().unwrap().contains("last heartbeat"), "{server}");
    }
    one.terminate().await;
    let left = servers().await;
    assert_eq!(left.len(), 1, "{left:?}");
    assert_eq!(left[0]["server_id"], second["server_id"]);

    let renewed = ctl.one(&["cluster", "new-epoch"])["epoch"].clone();
    assert_ne!(renewed, first["epoch"]);
    assert_ne!(ctl.one(&["cluster", "new-epoch"])["epoch"], renewed);
    let epoch = ctl.one(&["cluster", "new-epoch"])["epoch"].clone();
    one.restart().await;
    assert_eq!(status(&one)["epoch"], epoch);
    assert_eq!(status(&two)["epoch"], first["epoch"], "until it is started again");
    assert_eq!(Client::new(&one).get("/health").await.is(200)["server"], first["server_id"]);
}
