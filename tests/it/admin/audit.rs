//! The audit log: every administrative change leaves one entry, with who, from where, and what
//! changed; nothing else does, and nothing removes entries but age.

mod kept;
mod reading;
mod reloading;

use std::collections::BTreeSet;

use serde_json::json;

use crate::support::{Client, Ctl, Json, Person, Server, each, is_millis, texts};

/// The commands that leave no entry: they change nothing, and read no messages.
const SILENT: [&str; 26] = [
    "user.list",
    "user.show",
    "user.without_password",
    "user.sessions",
    "bot.list",
    "token.list",
    "webhook.list",
    "invite.list",
    "outgoing_webhook.list",
    "outgoing_webhook.show",
    "outgoing_webhook.test",
    "slash_command.list",
    "server.show",
    "emoji.list",
    "ldap.test",
    "room.list",
    "room.show",
    "room.members",
    "log.tail",
    "log.rotate",
    "log.alert-test",
    "db.status",
    "db.check",
    "db.stats",
    "backup.list",
    "status",
];

/// Nobody answers there, and the end of it is a secret.
const PLACE: &str = "https://receiver.invalid/nobody-s-secret";

/// A picture.
const ICON: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/assets/icons/icon-48.png");

fn who() -> String {
    let id = std::process::Command::new("id").arg("-un").output().unwrap();
    String::from_utf8(id.stdout).unwrap().trim().to_owned()
}

/// All entries, oldest first.
#[track_caller]
fn entries(ctl: &Ctl) -> Vec<Json> {
    let said = ctl.run(&["audit", "export"]);
    said.ends(0);
    said.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn actions(ctl: &Ctl) -> Vec<String> {
    let action = |entry: &Json| entry["action"].as_str().unwrap().to_owned();
    entries(ctl).iter().map(action).collect()
}

/// Creates the administrator `root`, and returns them with `bob`.
async fn root_and_bob(server: &Server) -> (Person, Person) {
    Ctl::of(server).create("root", &["--admin"]);
    (Person::known(server, "root").await, Person::new(server, "bob").await)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_command_is_recorded_or_changes_nothing() {
    // Nobody logs in there.
    let oidc = [("OIDC__ISSUER", "https://id.invalid"), ("OIDC__CLIENT_ID", "chat")];
    let server = Server::start_with(&oidc).await;
    let ctl = Ctl::of(&server);
    ctl.create("ann", &[]);
    let ann = Person::known(&server, "ann").await;
    let talk =
        ann.room_like(&[], crate::support::RoomPlan { name: Some("talk"), public: true }).await;
    ann.say(&talk, "a text that is nobody's business").await;
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let (export, bundle, backup) = (file("e.jsonl"), file("b.tar.gz"), file("c.tar.zst"));
    let zip = file("d.zip");
    // The command, the arguments that run it, and the action that is recorded.
    let table: &[(&str, &[&str], &str)] = &[
        ("user.create", &["user", "create", "bob", "--password-stdin"], "user.create"),
        ("user.passwd", &["user", "passwd", "bob", "--password-stdin"], "user.passwd"),
        ("user.reset_link", &["user", "reset-link", "bob"], "user.reset_link"),
        ("user.rename", &["user", "rename", "bob", "Bob"], "user.rename"),
        ("user.email", &["user", "email", "bob", "bob@example.org"], "user.email"),
        ("user.link", &["user", "link", "bob", "--oidc", "7"], "user.link"),
        ("user.unlink", &["user", "unlink", "bob"], "user.unlink"),
        ("user.promote", &["user", "promote", "bob"], "user.promote"),
        ("user.demote", &["user", "demote", "bob", "--yes"], "user.demote"),
        ("user.mark", &["user", "mark", "bob", "--bot"], "user.mark"),
        ("user.logout", &["user", "logout", "ann"], "user.logout"),
        ("user.disable", &["user", "disable", "bob"], "user.disable"),
        ("user.enable", &["user", "enable", "bob"], "user.enable"),
        ("room.create", &["room", "create", "hall", "--owner", "ann"], "room.create"),
        ("room.rename", &["room", "rename", "hall", "attic"], "room.rename"),
        ("room.settings", &["room", "topic", "attic", "Boxes"], "room.settings"),
        ("room.add", &["room", "add", "attic", "bob"], "room.add"),
        ("room.role", &["room", "role", "attic", "bob", "sub-admin"], "room.role"),
        ("room.remove", &["room", "remove", "attic", "bob"], "room.remove"),
        ("room.delete", &["room", "delete", "attic", "--yes"], "room.delete"),
        ("bot.create", &["bot", "create", "deploy"], "bot.create"),
        ("token.create", &["token", "create", "deploy", "--name", "ci"], "token.create"),
        ("token.revoke", &["token", "revoke", "deploy", "ci"], "token.revoke"),
        ("bot.delete", &["bot", "delete", "deploy", "--yes"], "bot.delete"),
        ("webhook.create", &["webhook", "create", "talk", "--name", "CI"], "webhook.create"),
        ("webhook.delete", &["webhook", "delete", "talk", "CI", "--yes"], "webhook.delete"),
        ("user.export", &["user", "export", "ann", &zip], "user.export"),
        ("invite.create", &["invite", "create", "--room", "talk"], "invite.create"),
        ("invite.revoke", &["invite", "revoke", "1"], "invite.revoke"),
        (
            "outgoing_webhook.create",
            &["outgoing-webhook", "create", PLACE, "--room", "talk", "--name", "CI"],
            "outgoing_webhook.create",
        ),
        (
            "outgoing_webhook.disable",
            &["outgoing-webhook", "disable", "CI"],
            "outgoing_webhook.disable",
        ),
        (
            "outgoing_webhook.enable",
            &["outgoing-webhook", "enable", "CI"],
            "outgoing_webhook.enable",
        ),
        (
            "outgoing_webhook.delete",
            &["outgoing-webhook", "delete", "CI", "--yes"],
            "outgoing_webhook.delete",
        ),
        ("server.set", &["server", "set", "--name", "Pier"], "server.set"),
        ("server.reset", &["server", "reset", "name"], "server.reset"),
        ("emoji.add", &["emoji", "add", "logo", ICON, "--owner", "ann"], "emoji.add"),
        ("emoji.delete", &["emoji", "delete", "logo", "--yes"], "emoji.delete"),
        ("room.messages", &["room", "messages", "talk"], "room.messages"),
        ("room.export", &["room", "export", "talk"], "room.export"),
        ("room.retention", &["room", "retention", "talk", "90"], "room.retention"),
        ("retention.run", &["retention", "run", "--yes"], "retention.run"),
        ("room.purge", &["room", "purge", "talk", "--older-than", "0d", "--yes"], "room.purge"),
        ("export", &["export", &export], "instance.export"),
        ("log.level", &["log", "level", "debug"], "log.level"),
        ("db.vacuum", &["db", "vacuum"], "db.vacuum"),
        ("db.reindex", &["db", "reindex"], "db.reindex"),
        ("backup.create", &["backup", "create", &backup], "backup.create"),
        ("doctor", &["doctor", "--only", "schema", "--fix"], "doctor.fix"),
        ("support", &["support", "bundle", &bundle], "support.bundle"),
        ("user.delete", &["user", "delete", "bob", "--yes"], "user.delete"),
        ("user.erase", &["user", "erase", "ann", "--yes"], "user.erase"),
    ];
    for (command, arguments, action) in table {
        let before = entries(&ctl).len();
        ctl.run_with(arguments, "a long password\n").ends(0);
        let found = entries(&ctl).split_off(before);
        let changes = if command.starts_with("webhook.") { 3 } else { 1 };
        assert_eq!(texts(&json!(found), "action"), vec![*action; changes], "{command}");
    }
    // One that does not exist is refused with the names of those that do.
    let unknown = ctl.run(&["audit", "list", "--action", "user.fly"]);
    unknown.ends(2);
    for (.., action) in table {
        assert!(unknown.err.contains(action), "{action}: {unknown:?}");
    }
    let some = ctl.run(&["audit", "list", "--limit", "3"]);
    assert_eq!(some.ends(0).out.lines().count(), 4, "{some:?}");
    assert!(some.err.contains("The newest 3 entries; there are more"), "{some:?}");
    let none = ctl.run(&["audit", "list", "--until", "2001-01-01"]);
    assert_eq!(none.ends(0).out, "", "{none:?}");
    assert!(none.err.contains("The audit log has no such entries"), "{none:?}");
    let all = ctl.run(&["audit", "list", "--limit", "0"]);
    assert_eq!((all.out.lines().count(), all.err.as_str()), (entries(&ctl).len() + 1, ""));
    // A new command must be in one of these lists.
    let reference = Client::new(&server).get("/api/openapi.json").await.is(200);
    let known = &reference["components"]["schemas"]["administration.Command"]["oneOf"];
    let known: BTreeSet<&str> =
        known.as_array().unwrap().iter().map(|one| one["required"][0].as_str().unwrap()).collect();
    let elsewhere = [
        "backup.store",
        "backup.prune",
        "reload",
        "audit.list",
        // Needs a second factor: tests/it/second_factor.rs.
        "user.reset_second_factor",
        // tests/it/slash_commands.rs
        "slash_command.create",
        "slash_command.delete",
        // Needs a directory: tests/it/ldap/following.rs.
        "ldap.sync",
        // Needs a mail server: tests/it/mail.rs.
        "mail.test",
    ];
    let tested: BTreeSet<&str> =
        table.iter().map(|(command, ..)| *command).chain(SILENT).chain(elsewhere).collect();
    assert_eq!(known, tested);

    let all = entries(&ctl);
    assert!(
        each(&json!(all), "id").windows(2).all(|pair| pair[0].as_i64() < pair[1].as_i64())
            && each(&json!(all), "time").iter().all(|time| is_millis(time)),
        "{all:?}"
    );
    let text = json!(all).to_string();
    for secret in
        ["a long password", "nobody-s-secret", "whsec_", "secret of", "nobody's business", "argon2"]
    {
        assert!(!text.contains(secret), "{secret}: {text}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_changes_nothing_leaves_no_entry() {
    let server = Server::start().await;
    let ctl = Ctl::of(&server);
    ctl.create("ann", &[]);
    ctl.run(&["room", "create", "hall", "--owner", "ann", "--public"]).ends(0);
    let before = entries(&ctl).len();
    for (arguments, code) in [
        (&["user", "enable", "ann"][..], 0),
        (&["user", "demote", "ann"], 0),
        (&["user", "rename", "ann", "ann"], 0),
        (&["user", "logout", "ann"], 0),
        (&["user", "reset-second-factor", "ann"], 0),
        (&["server", "reset"], 0),
        (&["server", "set", "--accent", "red"], 2),
        (&["user", "disable", "nobody"], 3),
        (&["user", "create", "ann", "--generate"], 4),
        (&["user", "create", "ann", "--generate", "--if-not-exists"], 0),
        (&["user", "delete", "ann", "--dry-run"], 0),
        (&["user", "erase", "ann", "--dry-run"], 0),
        (&["room", "create", "hall", "--owner", "ann", "--public"], 4),
        (&["room", "rename", "hall", "hall"], 0),
        (&["room", "role", "hall", "ann", "admin"], 0),
        (&["room", "delete", "hall", "--dry-run"], 0),
        (&["room", "purge", "hall", "--older-than", "0d", "--yes"], 0),
        (&["room", "retention", "hall"], 0),
        (&["room", "retention", "hall", "default"], 0),
        (&["room", "retention", "hall", "soon"], 2),
        (&["retention", "run", "--dry-run"], 0),
        (&["room", "messages", "cellar"], 3),
        (&["log", "level"], 0),
        (&["doctor", "--only", "schema"], 0),
        (&["backup", "list"], 0),
        (&["audit", "list"], 0),
    ] {
        ctl.run(arguments).ends(code);
        assert_eq!(entries(&ctl).len(), before, "{arguments:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_entry_names_who_from_where_and_what_changed() {
    let mut server = Server::start().await;
    let (root, bob) = root_and_bob(&server).await;
    let ctl = Ctl::of(&server);
    root.post("/api/admin", json!({"user.disable": {"name": "BOB"}})).await.is(200);
    ctl.run(&["user", "enable", "bob"]).ends(0);
    let key = bob.again().await.public_room("Hall").await;
    ctl.run(&["room", "add", &key, "root", "--role", "sub-admin"]).ends(0);
    ctl.run(&["room", "role", &key, "root", "admin"]).ends(0);
    ctl.run(&["room", "archive", &key]).ends(0);
    assert!(server.terminate().await.success());
    ctl.run_with(&["user", "passwd", "bob", "--password-stdin"], "quite another one\n").ends(0);
    ctl.run(&["user", "delete", "bob", "--yes"]).ends(0);

    let cli = |from: &str| json!({"kind": "cli", "id": null, "name": who(), "from": from});
    let user = json!({"kind": "user", "id": bob.id.to_string(), "name": "bob"});
    let hall = json!({"kind": "room", "id": key, "name": "Hall"});
    let by = |entry: &Json| {
        let mut actor = entry["actor"].clone();
        actor["from"] = entry["from"].clone();
        actor
    };
    let wanted = [
        (
            json!({"kind": "user", "id": root.id, "name": "root", "from": "127.0.0.1"}),
            "user.disable",
            &user,
            json!({"disabled": false}),
            json!({"disabled": true, "sessions_ended": 1}),
        ),
        (
            cli("socket"),
            "user.enable",
            &user,
            json!({"disabled": true}),
            json!({"disabled": false}),
        ),
        (cli("socket"), "room.add", &hall, Json::Null, json!({"roles": {"root": "sub-admin"}})),
        (
            cli("socket"),
            "room.role",
            &hall,
            json!({"roles": {"root": "sub-admin"}}),
            json!({"roles": {"root": "admin"}}),
        ),
        (
            cli("socket"),
            "room.settings",
            &hall,
            json!({"archived": false}),
            json!({"archived": true}),
        ),
        (
            cli("stopped server"),
            "user.passwd",
            &user,
            Json::Null,
            json!({"password": "changed", "sessions_ended": 1}),
        ),
        (cli("stopped server"), "user.delete", &user, json!({"display_name": "bob"}), Json::Null),
    ];
    let found = entries(&ctl).split_off(1);
    assert_eq!(found.len(), wanted.len(), "{found:?}");
    for (entry, (actor, action, target, before, after)) in found.iter().zip(wanted) {
        assert_eq!(
            (&by(entry), &entry["action"], &entry["target"], &entry["before"], &entry["after"]),
            (&actor, &json!(action), target, &before, &after)
        );
    }
    // The table is for people.
    let table = ctl.run(&["audit", "list", "--action", "user.disable"]).ends(0).out.clone();
    let row = table.lines().last().unwrap();
    for part in ["root", "127.0.0.1", "user bob", "disabled no → yes, sessions ended 1"] {
        assert!(row.contains(part), "{part}: {table}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_only_an_administrator_may_do_in_a_room_is_recorded() {
    let server = Server::start().await;
    let (root, bob) = root_and_bob(&server).await;
    let ctl = Ctl::of(&server);
    let (own, bobs) = (root.public_room("Roots").await, bob.public_room("Bobs").await);
    let foreign = |room: &str| format!("/api/chatrooms/{room}");
    let said = |message: Json| message["messageId"].as_str().unwrap().to_owned();
    let theirs = said(bob.say(&bobs, "a text that is nobody's business").await);
    // As the admin of a room, and as the author of a message, everybody may do this.
    root.enter(&bobs).await;
    let mine = said(root.say(&bobs, "my own").await);
    root.delete(&format!("{}/messages/{mine}", foreign(&bobs))).await.is_text(204);
    root.patch(&foreign(&own), json!({"topic": "roots"})).await.is(200);
    bob.patch(&foreign(&bobs), json!({"topic": "bobs"})).await.is(200);
    assert_eq!(actions(&ctl), ["user.create"]);

    root.delete(&format!("{}/messages/{theirs}", foreign(&bobs))).await.is_text(204);
    root.patch(&format!("{}/name", foreign(&bobs)), json!({"name": "Ours"})).await.is(200);
    root.patch(&format!("{}/participants/bob/role", foreign(&bobs)), json!({"role": "member"}))
        .await
        .fails(403, "forbidden");
    root.post(
        &format!("{}/participants", foreign(&bobs)),
        json!({"userId": "root", "role": "admin"}),
    )
    .await;
    root.delete(&foreign(&bobs)).await.is_text(204);
    let found = entries(&ctl).split_off(1);
    let found: Vec<&Json> = found.iter().filter(|entry| entry["action"] != "room.add").collect();
    assert_eq!(texts(&json!(found), "action"), ["message.delete", "room.rename", "room.delete"]);
    for entry in &found {
        assert_eq!(entry["actor"], json!({"kind": "user", "id": root.id, "name": "root"}));
        assert_eq!(entry["from"], "127.0.0.1");
    }
    assert_eq!(found[0]["target"], json!({"kind": "message", "id": theirs, "name": null}));
    assert_eq!(found[0]["before"], json!({"room": bobs, "author": "bob"}));
    assert_eq!(
        (&found[1]["before"]["name"], &found[1]["after"]["name"]),
        (&json!("Bobs"), &json!("Ours"))
    );
    assert_eq!((&found[2]["before"]["name"], &found[2]["after"]), (&json!("Ours"), &Json::Null));
    assert!(!json!(found).to_string().contains("business"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_first_administrator_is_recorded() {
    let server = Server::start().await;
    let line = server.wait_for_log(&["The first administrator", "/#setup="]).await;
    let token = line.split_once("/#setup=").unwrap().1.trim().to_owned();
    let ask = json!({"token": token, "userId": "root", "password": "long enough"});
    Client::new(&server).post("/api/setup", ask).await.is(201);
    let found = entries(&Ctl::of(&server));
    assert_eq!(texts(&json!(found), "action"), ["user.setup"]);
    assert_eq!(found[0]["actor"], json!({"kind": "setup", "id": null, "name": "setup"}));
    assert_eq!(
        (&found[0]["from"], &found[0]["after"]["admin"]),
        (&json!("127.0.0.1"), &json!(true))
    );
    assert!(!json!(found).to_string().contains(&token));
}
