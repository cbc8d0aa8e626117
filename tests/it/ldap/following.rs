//! What accounts have from their entries.

use serde_json::json;

use super::{asking, enter, log_in};
use crate::support::{Client, Ctl, Json, PEOPLE, Person, Server, Slapd, group_dn, texts};

/// The entries of the audit log of this action.
fn audited(server: &Server, action: &str) -> Vec<Json> {
    let said = Ctl::of(server).run(&["audit", "export", "--action", action]);
    said.ends(0).out.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn names_and_addresses_follow_at_log_in() {
    let slapd = Slapd::start();
    let server = asking(&slapd, &[]).await;
    let ann = enter(&server, "ann", "ann's secret").await;
    slapd.set("ann", "cn", "Ann  Other");
    slapd.set("ann", "mail", "ann.other@corp.example");
    log_in(&server, "ann", "ann's secret").await.is(200);
    let me = ann.get("/api/users/me").await.is(200);
    assert_eq!(
        (&me["name"], &me["email"]),
        (&json!("Ann Other"), &json!("ann.other@corp.example"))
    );
    // What an entry does not say stays; what cannot be used too.
    slapd.change(&format!(
        "dn: uid=ann,{PEOPLE}\nchangetype: modify\ndelete: mail\n-\nreplace: cn\ncn: {}\n",
        "x".repeat(65)
    ));
    log_in(&server, "ann", "ann's secret").await.is(200);
    assert_eq!(ann.get("/api/users/me").await.is(200), me);
    // An address of somebody else is left to them.
    log_in(&server, "bob", "bob's secret").await.is(200);
    slapd.set("ann", "mail", "bob@corp.example");
    slapd.set("ann", "cn", "Ann Third");
    log_in(&server, "ann", "ann's secret").await.is(200);
    let me = ann.get("/api/users/me").await.is(200);
    assert_eq!(
        (&me["name"], &me["email"]),
        (&json!("Ann Third"), &json!("ann.other@corp.example"))
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_account_stays_with_an_entry_that_is_renamed() {
    let slapd = Slapd::start();
    let server = asking(&slapd, &[]).await;
    log_in(&server, "ann", "ann's secret").await.is(200);
    slapd.change(&format!(
        "dn: uid=ann,{PEOPLE}\nchangetype: modrdn\nnewrdn: uid=anna\ndeleteoldrdn: 1\n"
    ));
    for typed in ["ann", "anna"] {
        let client = enter(&server, typed, "ann's secret").await;
        assert_eq!(client.get("/api/users/me").await.is(200)["userId"], "ann");
    }
    // Another person who gets the old name does not get the account, whose name is taken.
    slapd.add_person("ann");
    slapd.set("ann", "userPassword", "another secret");
    log_in(&server, "ann", "another secret").await.fails(401, "invalid_credentials");
    assert_eq!(Ctl::of(&server).all(&["user", "list"]).len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn entries_without_an_id_are_known_by_their_dn() {
    let slapd = Slapd::start();
    let server = asking(&slapd, &[("LDAP__ID_ATTRIBUTE", "employeeNumber")]).await;
    for _ in 0..2 {
        log_in(&server, "ann", "ann's secret").await.is(200);
    }
    log_in(&server, "ann", "wrong").await.fails(401, "invalid_credentials");
    assert_eq!(Ctl::of(&server).all(&["user", "list"]).len(), 1);
    slapd.delete("ann");
    log_in(&server, "ann", "ann's secret").await.fails(401, "invalid_credentials");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn administrators_are_the_members_of_groups_but_never_none() {
    let slapd = Slapd::start();
    let ops = group_dn("ops").to_uppercase();
    for groups in [vec![], vec![("LDAP__GROUP_FILTER", "(member={dn})"), BASE_OF_GROUPS]] {
        let more = [vec![("LDAP__ADMINISTRATORS__0", ops.as_str())], groups].concat();
        let server = asking(&slapd, &lists(&more)).await;
        let ann = enter(&server, "ann", "ann's secret").await;
        assert_eq!(ann.get("/api/users/me").await.is(200)["admin"], true);
        let bob = enter(&server, "bob", "bob's secret").await;
        assert_ne!(bob.get("/api/users/me").await.is(200)["admin"], true);
        let entries = audited(&server, "user.log_in");
        let entry = entries.iter().find(|entry| entry["target"]["name"] == "ann").unwrap();
        assert_eq!(
            (&entry["actor"]["name"], &entry["target"]["name"], &entry["after"]["admin"]),
            (&json!("ldap"), &json!("ann"), &json!(true)),
            "{entry}"
        );

        slapd.set_member("ops", "ann", false);
        log_in(&server, "ann", "ann's secret").await.is(200);
        server.wait_for_log(&["[ann]", "there is no other administrator: it stays"]).await;
        assert_eq!(ann.get("/api/users/me").await.is(200)["admin"], true);
        Ctl::of(&server).create("root", &["--admin"]);
        log_in(&server, "ann", "ann's secret").await.is(200);
        assert_ne!(ann.get("/api/users/me").await.is(200)["admin"], true);
        let entries = audited(&server, "user.log_in");
        assert!(
            entries.iter().any(|entry| entry["after"] == json!({"admin": false})),
            "{entries:?}"
        );
        // Local accounts are none of its business.
        log_in(&server, "root", "secret of root").await.is(200);
        assert_eq!(Ctl::of(&server).one(&["user", "show", "root"])["admin"], true);
        slapd.set_member("ops", "ann", true);
    }
}

const BASE_OF_GROUPS: (&str, &str) = ("LDAP__GROUP_BASE", "ou=groups,dc=example,dc=org");

/// Writes settings that are lists as TOML, since a DN contains commas.
fn lists<'a>(settings: &[(&'a str, &str)]) -> Vec<(&'a str, &'static str)> {
    settings
        .iter()
        .map(|(key, value)| match key.strip_suffix("__0") {
            Some(key) => (key, &*Box::leak(format!("[{value:?}]").into_boxed_str())),
            None => (*key, &*Box::leak((*value).to_owned().into_boxed_str())),
        })
        .collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn members_of_groups_join_rooms() {
    let slapd = Slapd::start();
    let rooms = format!(
        "[\"Developers: {}\", \"room002: {}\", \"Nowhere: {}\"]",
        group_dn("dev"),
        group_dn("ops"),
        group_dn("dev")
    );
    let server = asking(&slapd, &[("LDAP__ROOMS", &rooms)]).await;
    let root = Person::new(&server, "root").await;
    let developers = root.public_room("Developers").await;
    let operators = root.public_room("Operators").await;
    assert_eq!(operators, "room002");
    for (name, wanted) in [
        ("ann", vec![developers.as_str(), operators.as_str()]),
        ("bob", vec![developers.as_str()]),
        ("cyd", vec![]),
    ] {
        for _ in 0..2 {
            let client = enter(&server, name, &format!("{name}'s secret")).await;
            let rooms = client.get("/api/chatrooms").await.is(200);
            let mut rooms = texts(&rooms["chatrooms"], "roomId");
            rooms.sort_unstable();
            assert_eq!(rooms, wanted, "{name}");
        }
    }
    server.wait_for_log(&["was not added to the room \"Nowhere\""]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_has_left_the_directory_cannot_log_in_and_loses_sessions() {
    let slapd = Slapd::start();
    let filter = ("LDAP__USER_FILTER", "(&(uid={login})(!(employeeType=left)))");
    let server = asking(&slapd, &[filter, ("LIMITS__ENABLED", "false")]).await;
    let ctl = Ctl::of(&server);
    let [ann, bob, cyd] = ["ann", "bob", "cyd"];
    let secret = |name: &str| format!("{name}'s secret");
    let mut clients: Vec<Client> = Vec::new();
    for name in [ann, bob, cyd] {
        clients.push(enter(&server, name, &secret(name)).await);
    }
    let token = ctl.one(&["token", "create", "ann", "--name", "ci", "--scope", "read"]);
    let program = Client::new(&server).bearer(token["token"].as_str().unwrap());
    let root = Person::new(&server, "root").await;
    slapd.delete("ann");
    slapd.set("bob", "employeeType", "left");
    slapd.set("cyd", "cn", "Cyd Other");
    for (name, reason) in [(ann, "reason=disabled"), (bob, "reason=disabled")] {
        log_in(&server, name, &secret(name)).await.fails(401, "invalid_credentials");
        server.wait_for_log(&["Authentication failed.", &format!("[{name}]"), reason]).await;
    }
    // Until then, sessions stay.
    clients[0].get("/api/users/me").await.is(200);
    let mut synced = ctl.all(&["ldap", "sync"]);
    synced.sort_by_key(|one| one["name"].to_string());
    assert_eq!(
        synced,
        [
            json!({"name": "ann", "entry": false, "sessions_ended": 2}),
            json!({"name": "bob", "entry": false, "sessions_ended": 1}),
            json!({"name": "cyd", "entry": true, "sessions_ended": 0}),
        ]
    );
    clients[0].get("/api/users/me").await.is(401);
    program.get("/api/users/me").await.is(401);
    clients[1].get("/api/users/me").await.is(401);
    assert_eq!(clients[2].get("/api/users/me").await.is(200)["name"], "Cyd Other");
    root.get("/api/users/me").await.is(200);
    assert_eq!(audited(&server, "user.logout").len(), 2);
    assert_eq!(ctl.all(&["ldap", "sync"]), [] as [Json; 0]);
    // Who comes back may come in.
    slapd.set("bob", "employeeType", "back");
    log_in(&server, bob, &secret(bob)).await.is(200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wrong_filter_ends_no_sessions() {
    let slapd = Slapd::start();
    let names: Vec<String> = (0..6).map(|n| format!("user{n}")).collect();
    let mut server = asking(&slapd, &[("LIMITS__ENABLED", "false")]).await;
    let mut clients = Vec::new();
    for name in &names {
        slapd.add_person(name);
        clients.push(enter(&server, name, &format!("{name}'s secret")).await);
    }
    server.set("LDAP__USER_FILTER", "(&(uid={login})(employeeType=staff))");
    server.restart().await;
    let said = Ctl::of(&server).run(&["ldap", "sync"]);
    said.fails(1, "6 of 6 linked accounts have no entry in the LDAP directory");
    for client in clients {
        client.moved_to(server.address()).get("/api/users/me").await.is(200);
    }
}
