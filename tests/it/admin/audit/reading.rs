//! Reading the log: pages, filters and exports.

use serde_json::json;

use super::{entries, root_and_bob};
use crate::support::{Ctl, Json, Server};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pages_and_filters() {
    let server = Server::start().await;
    let (root, bob) = root_and_bob(&server).await;
    let ctl = Ctl::of(&server);
    for _ in 0..3 {
        root.post("/api/admin", json!({"user.promote": {"name": "bob"}})).await.is(200);
        root.post("/api/admin", json!({"user.demote": {"name": "bob"}})).await.is(200);
    }
    root.post("/api/admin", json!({"db.reindex": {}})).await.is(200);
    let (mut path, mut seen) = ("/api/admin/audit?limit=3".to_owned(), Vec::new());
    loop {
        let page = root.get(&path).await.is(200);
        seen.extend(page["entries"].as_array().unwrap().clone());
        let Some(cursor) = page["cursor"].as_str() else { break };
        assert_eq!(page["entries"].as_array().unwrap().len(), 3);
        path = format!("/api/admin/audit?limit=3&before={cursor}");
    }
    seen.reverse();
    assert_eq!(seen, entries(&ctl), "newest first, and the same as on the command line");
    assert_eq!(seen.len(), 8);
    for (query, count) in [
        ("action=user", 7),
        ("action=user.promote", 3),
        ("action=use", 0),
        ("user=ROOT", 8),
        ("user=bob", 6),
        ("user=bob&action=user.demote", 3),
        ("user=nobody", 0),
        ("since=2000-01-01", 8),
        ("until=2000-01-01T00:00:00Z", 0),
        ("action=%00", 0),
    ] {
        let page = root.get(&format!("/api/admin/audit?{query}")).await.is(200);
        // Root's own account was created by the command line.
        let found = page["entries"].as_array().unwrap().len();
        assert_eq!((found, &page["cursor"]), (count, &Json::Null), "{query}");
    }
    for (bad, field) in [
        ("limit=0", "limit"),
        ("limit=201", "limit"),
        ("before=x", "before"),
        ("before=-1", "before"),
        ("since=yesterday", "since"),
        ("until=1", "until"),
    ] {
        root.get(&format!("/api/admin/audit?{bad}")).await.blames(field);
    }
    bob.get("/api/admin/audit").await.fails(404, "not_found");
    assert_eq!(root.post("/api/admin/audit", json!({})).await.status, 405);
    assert_eq!(ctl.all(&["audit", "list", "--limit", "2"]).len(), 2);
    assert_eq!(ctl.all(&["audit", "list", "--user", "bob", "--since", "1h"]).len(), 6);
    assert_eq!(ctl.all(&["audit", "list", "--until", "1h"]).len(), 0);
    ctl.run(&["audit", "list", "--since", "soon"]).fails(2, "7d");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn exports_are_complete_and_safe_in_a_spreadsheet() {
    let mut server = Server::start().await;
    let ctl = Ctl::of(&server);
    ctl.create("ann", &[]);
    let name = "=HYPERLINK(\"https://evil.example\";\"A, b\")";
    ctl.run(&["room", "create", name, "--owner", "ann"]).ends(0);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("audit.csv");
    let csv = ["audit", "export", "--format", "csv", path.to_str().unwrap()];
    ctl.run(&csv).ends(0);
    ctl.run(&csv).fails(4, "already exists");
    let text = std::fs::read_to_string(&path).unwrap();
    let lines: Vec<&str> = text.split_terminator("\r\n").collect();
    assert_eq!(
        lines[0],
        "id,time,actor_kind,actor_id,actor,from,action,target_kind,target_id,target,before,after"
    );
    assert_eq!(lines.len(), 3);
    let quoted = format!(",\"'{}\",,\"{{", name.replace('"', "\"\""));
    assert!(lines[2].contains(&quoted), "{text}");
    assert!(server.terminate().await.success());
    assert_eq!(ctl.run(&["audit", "export", "--format", "csv", "-"]).ends(0).out, text);
    assert_eq!(ctl.run(&["audit", "export", "--user", "nobody"]).ends(0).out, "");
    let none =
        ctl.run(&["audit", "export", "--format", "csv", "--user", "nobody"]).ends(0).out.clone();
    assert_eq!(none.lines().count(), 1, "the heading alone: {none}");
}
