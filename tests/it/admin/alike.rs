//! The same commands on a running and on a stopped server have the same result.

use serde_json::json;

use crate::support::{Client, Ctl, Json, Person, Server, texts};

/// Nobody answers there.
const CREATE_WEBHOOK: [&str; 9] = [
    "outgoing-webhook",
    "create",
    "https://receiver.invalid/chat",
    "--room",
    "hall",
    "--name",
    "CI",
    "--event",
    "posted",
];

/// A picture.
const ICON: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/assets/icons/icon-48.png");

/// Removes parts of an output that differ from run to run.
fn plain(mut value: Json) -> Json {
    if let Some(object) = value.as_object_mut() {
        for key in [
            "created",
            "joined",
            "last_seen",
            "last_message",
            "expires",
            "time",
            "edited",
            "deleted",
            "older_than",
            "archived",
            // The secret of a link.
            "url",
            "since",
            "secret",
            // The socket of the running server, or the stopped one.
            "from",
        ] {
            if object.get(key).is_some_and(Json::is_string) {
                object.insert(key.to_owned(), json!("TIME"));
            }
        }
        // The times in entries of the audit log.
        for side in ["before", "after"] {
            if let Some(changed) = object.get_mut(side) {
                *changed = plain(changed.take());
            }
        }
    }
    value
}

/// Runs every command that works both ways, in a meaningful order; returns the output lines and
/// exit code of each.
fn story(ctl: &Ctl) -> Vec<(String, i32, Vec<Json>, String)> {
    let script: &[&[&str]] = &[
        &["user", "list"],
        &["user", "show", "ANN"],
        &["user", "show", "nobody"],
        &[
            "user",
            "create",
            "dan",
            "--display-name",
            "Dan D.",
            "--email",
            "dan@example.org",
            "--password-stdin",
        ],
        &["user", "create", "dan", "--password-stdin"],
        &["user", "create", "DAN", "--password-stdin", "--if-not-exists"],
        &["user", "create", "not a name", "--password-stdin"],
        &["user", "rename", "dan", "Дан 단"],
        &["user", "email", "dan", "dan@example.net"],
        &["user", "email", "dan", "nonsense"],
        &["user", "email", "dan", "--remove"],
        &["user", "link", "dan", "--oidc", "7"],
        &["user", "unlink", "dan"],
        &["user", "passwd", "dan", "--password-stdin"],
        &["user", "passwd", "--all-without", "--generate", "--to", "/nowhere/passwords.csv"],
        &["user", "reset-link", "nobody"],
        &["user", "reset-link", "dan", "--expires", "8d"],
        &["user", "reset-second-factor", "nobody"],
        &["user", "reset-second-factor", "dan"],
        &["user", "promote", "dan"],
        &["user", "demote", "dan"],
        &["user", "demote", "dan", "--yes"],
        &["user", "disable", "dan"],
        &["user", "enable", "dan"],
        &["user", "sessions", "dan"],
        &["user", "logout", "dan"],
        &["user", "logout", "dan", "--session", "99999"],
        &["room", "list"],
        &["room", "create", "general", "--owner", "ann", "--public", "--member", "ben"],
        &["room", "create", "general", "--owner", "ann", "--public"],
        &["room", "create", "general", "--owner", "ann", "--public", "--if-not-exists"],
        &["room", "create", "attic", "--owner", "ann", "--member", "nobody"],
        &["room", "create", "attic", "--owner", "ann", "--member", "ben", "--member", "cyd"],
        &["room", "show", "general"],
        &["room", "rename", "general", "hall"],
        &["room", "show", "general"],
        &["room", "topic", "hall", "What we read"],
        &["room", "description", "hall", "Books, and where to find them"],
        &["room", "description", "hall", ""],
        &["room", "visibility", "hall", "private"],
        &["room", "visibility", "hall", "secret"],
        &["room", "visibility", "hall", "public"],
        &["room", "read-only", "hall"],
        &["room", "read-only", "hall", "--off"],
        &["room", "archive", "hall"],
        &["room", "rename", "hall", "cellar"],
        &["room", "unarchive", "hall"],
        &["user", "mark", "dan", "--bot"],
        &["user", "mark", "dan", "--no-bot", "--guest"],
        &["user", "promote", "dan"],
        &["user", "mark", "dan", "--no-guest"],
        &["room", "add", "hall", "cyd", "--role", "sub-admin"],
        &["room", "add", "hall", "cyd"],
        &["room", "add", "hall", "cyd", "--if-not-exists"],
        &["room", "add", "hall", "nobody"],
        &["room", "add", "hall", "dan", "--role", "king"],
        &["room", "role", "hall", "cyd", "admin"],
        &["room", "role", "hall", "dan", "admin"],
        &["invite", "create", "--room", "hall", "--uses", "unlimited"],
        &["invite", "create", "--room", "nowhere"],
        &["invite", "create", "--expires", "366d"],
        &["invite", "list"],
        &["invite", "revoke", "1"],
        &["invite", "revoke", "1"],
        &["invite", "revoke", "1", "--if-exists"],
        &["room", "remove", "hall", "ben"],
        &["room", "remove", "hall", "ben"],
        &["room", "remove", "hall", "ben", "--if-exists"],
        &["room", "members", "hall"],
        &["room", "messages", "talk"],
        &["room", "messages", "talk", "--limit", "1"],
        &["room", "messages", "talk", "--before", "2"],
        &["room", "export", "talk"],
        &["room", "retention", "talk", "90", "--no-keep-pinned"],
        &["room", "retention", "talk", "soon"],
        &["room", "show", "talk"],
        &["room", "retention", "talk", "default"],
        &["retention", "run", "--dry-run"],
        &["retention", "run", "--yes"],
        &["room", "purge", "talk", "--older-than", "0d", "--dry-run"],
        &["room", "purge", "talk", "--older-than", "365d", "--yes"],
        &["room", "delete", "attic", "--dry-run"],
        &["room", "delete", "attic"],
        &["room", "delete", "attic", "--yes"],
        &["room", "delete", "attic", "--yes"],
        &["room", "delete", "attic", "--yes", "--if-exists"],
        &["user", "delete", "ben", "--dry-run"],
        &["user", "delete", "ben"],
        &["user", "delete", "ben", "--yes"],
        &["user", "delete", "ben", "--yes"],
        &["user", "delete", "ben", "--yes", "--if-exists"],
        &["user", "create", "eve", "--password-stdin"],
        &["room", "add", "hall", "eve"],
        &["user", "erase", "eve", "--dry-run"],
        &["user", "erase", "eve"],
        &["user", "erase", "eve", "--yes"],
        &["user", "erase", "eve", "--yes"],
        &["user", "erase", "eve", "--yes", "--if-exists"],
        &["user", "export", "eve", "/nowhere/eve.zip"],
        &["room", "purge", "talk", "--older-than", "0d", "--yes"],
        &["room", "export", "talk"],
        &CREATE_WEBHOOK,
        &CREATE_WEBHOOK,
        &["outgoing-webhook", "create", "ftp://receiver.invalid/", "--room", "hall", "--name", "x"],
        &["outgoing-webhook", "list"],
        &["outgoing-webhook", "show", "CI"],
        &["outgoing-webhook", "show", "nothing"],
        &["outgoing-webhook", "disable", "CI"],
        &["outgoing-webhook", "enable", "CI", "--from-now"],
        &["outgoing-webhook", "delete", "CI"],
        &["outgoing-webhook", "delete", "CI", "--yes"],
        &["outgoing-webhook", "delete", "CI", "--yes"],
        &["outgoing-webhook", "delete", "CI", "--yes", "--if-exists"],
        &["slash-command", "create", "deploy", "https://receiver.invalid/x", "--room", "hall"],
        &["slash-command", "create", "deploy", "https://receiver.invalid/x"],
        &["slash-command", "create", "Deploy", "https://receiver.invalid/x"],
        &["slash-command", "list"],
        &["slash-command", "delete", "deploy"],
        &["slash-command", "delete", "deploy", "--yes"],
        &["slash-command", "delete", "deploy", "--yes"],
        &["slash-command", "delete", "deploy", "--yes", "--if-exists"],
        &["server", "show"],
        &["server", "set", "--name", "Pier", "--accent", "#2a6fdb", "--motd", ""],
        &["server", "set", "--accent", "red"],
        &["server", "set"],
        &["server", "reset", "motd", "icon"],
        &["emoji", "add", "logo", ICON, "--owner", "ann"],
        &["emoji", "add", "logo", ICON, "--owner", "ann", "--if-not-exists"],
        &["emoji", "add", "logo", "/nowhere/logo.png"],
        &["emoji", "list"],
        &["emoji", "delete", "logo"],
        &["emoji", "delete", "logo", "--yes"],
        &["emoji", "delete", "logo", "--yes"],
        &["emoji", "delete", "logo", "--yes", "--if-exists"],
        &["user", "link", "ann", "--ldap", "uid=ann,dc=example"],
        &["user", "link", "ann", "--ldap", "uid=ann,dc=example"],
        &["user", "link", "dan", "--ldap", "uid=ann,dc=example"],
        &["user", "link", "ann", "--ldap", "uid=other,dc=example"],
        &["user", "passwd", "ann", "--password-stdin"],
        &["user", "show", "ann"],
        &["user", "unlink", "ann"],
        &["user", "unlink", "ann"],
        &["ldap", "test", "ann"],
        &["ldap", "sync"],
        &["mail", "test", "ann@example.org"],
        &["invite", "create", "--mail", "ann@example.org"],
        &["user", "list"],
        &["room", "list", "--sizes"],
        &["audit", "list", "--limit", "0"],
        &["audit", "export", "--action", "room"],
    ];
    let run = |arguments: &&[&str]| {
        let said = ctl.run_with(&[arguments, &["-o", "jsonl"][..]].concat(), "a long password\n");
        let items =
            said.out.lines().map(|line| plain(serde_json::from_str(line).unwrap())).collect();
        (arguments.join(" "), said.code, items, said.err)
    };
    script.iter().map(run).collect()
}

/// Creates three users and a room with a message.
async fn world() -> Server {
    let server = Server::start().await;
    let ctl = Ctl::of(&server);
    for name in ["ann", "ben", "cyd"] {
        ctl.create(name, &[]);
    }
    let ann = log_in(&server, "ann").await;
    let room = ann
        .post("/api/chatrooms", json!({"name": "talk", "targetUserIds": ["ben", "cyd"]}))
        .await
        .is(201)["roomId"]
        .clone();
    let messages = format!("/api/chatrooms/{}/messages", room.as_str().unwrap());
    let first = ann.post(&messages, json!({"content": "one"})).await.is(201);
    ann.post(&messages, json!({"content": "둘", "replyTo": first["messageId"]})).await.is(201);
    ann.post(&messages, json!({"content": "три"})).await.is(201);
    server
}

async fn log_in(server: &Server, name: &str) -> Client {
    let client = Client::new(server);
    let login = client
        .post("/api/login", json!({"userId": name, "password": format!("secret of {name}")}))
        .await
        .is(200);
    client.bearer(login["token"].as_str().unwrap())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_running_and_a_stopped_server_answer_alike() {
    let running = world().await;
    let mut stopped = world().await;
    assert!(stopped.terminate().await.success());
    let told = story(&Ctl::of(&running));
    let silent = story(&Ctl::of(&stopped));
    for (live, still) in told.iter().zip(&silent) {
        assert_eq!(live, still, "{}", live.0);
    }
    let codes: Vec<_> = told
        .iter()
        .map(|(asked, code, _, _)| (asked.as_str(), *code))
        .filter(|(_, code)| *code != 0)
        .collect();
    assert_eq!(
        codes,
        [
            ("user show nobody", 3),
            ("user create dan --password-stdin", 4),
            ("user create not a name --password-stdin", 2),
            ("user email dan nonsense", 2),
            ("user link dan --oidc 7", 2),
            ("user unlink dan", 3),
            ("user reset-link nobody", 3),
            ("user reset-link dan --expires 8d", 2),
            ("user reset-second-factor nobody", 3),
            ("user demote dan", 2),
            ("user logout dan --session 99999", 3),
            ("room create general --owner ann --public", 4),
            ("room create attic --owner ann --member nobody", 3),
            ("room show general", 3),
            ("room visibility hall secret", 2),
            ("room rename hall cellar", 7),
            ("user promote dan", 7),
            ("room add hall cyd", 4),
            ("room add hall nobody", 3),
            ("room add hall dan --role king", 2),
            ("room role hall dan admin", 3),
            ("invite create --room nowhere", 3),
            ("invite create --expires 366d", 2),
            ("invite revoke 1", 3),
            ("room remove hall ben", 3),
            ("room retention talk soon", 2),
            ("room delete attic", 2),
            ("room delete attic --yes", 3),
            ("user delete ben", 2),
            ("user delete ben --yes", 3),
            ("user erase eve", 2),
            ("user erase eve --yes", 3),
            ("user export eve /nowhere/eve.zip", 3),
            (
                "outgoing-webhook create https://receiver.invalid/chat --room hall --name CI --event \
                 posted",
                4
            ),
            ("outgoing-webhook create ftp://receiver.invalid/ --room hall --name x", 2),
            ("outgoing-webhook show nothing", 3),
            ("outgoing-webhook delete CI", 2),
            ("outgoing-webhook delete CI --yes", 3),
            ("slash-command create deploy https://receiver.invalid/x", 4),
            ("slash-command create Deploy https://receiver.invalid/x", 2),
            ("slash-command delete deploy", 2),
            ("slash-command delete deploy --yes", 3),
            ("server set --accent red", 2),
            ("server set", 2),
            ("emoji add logo /nowhere/logo.png", 3),
            ("emoji delete logo", 2),
            ("emoji delete logo --yes", 3),
            ("user link ann --ldap uid=ann,dc=example", 2),
            ("user link ann --ldap uid=ann,dc=example", 2),
            ("user link dan --ldap uid=ann,dc=example", 2),
            ("user link ann --ldap uid=other,dc=example", 2),
            ("user unlink ann", 3),
            ("user unlink ann", 3),
            ("ldap test ann", 2),
            ("ldap sync", 2),
            ("mail test ann@example.org", 2),
            ("invite create --mail ann@example.org", 2),
        ]
    );
    for (asked, code, items, errors) in &told {
        match code {
            0 => assert_eq!(errors, "", "{asked}"),
            _ if asked.ends_with("attic")
                || asked.ends_with("delete ben")
                || asked.ends_with("erase eve")
                || asked.ends_with("delete CI")
                || asked.ends_with("delete deploy")
                || asked.ends_with("delete logo")
                || asked.ends_with("demote dan") =>
            {
                assert!(errors.contains("--yes"), "{asked}: {errors}");
            }
            _ => {
                let error: Json = serde_json::from_str(errors).unwrap();
                assert!(
                    error["error"].is_string() && error["message"].is_string(),
                    "{asked}: {errors}"
                );
                assert!(items.is_empty(), "{asked}");
            }
        }
    }
    let said = |asked: &str| told.iter().rfind(|(command, ..)| command == asked).unwrap().2.clone();
    // The bot of a command that was deleted stays.
    assert_eq!(texts(&json!(said("user list")), "name"), ["ann", "cyd", "dan", "hook-deploy"]);
    assert_eq!(texts(&json!(said("room list --sizes")), "name"), ["talk", "hall"]);
    let export = said("room export talk");
    assert_eq!(
        texts(&json!(export), "type"),
        ["room", "member", "member", "message", "message", "message"],
        "{export:?}"
    );
    assert!(
        export[3..]
            .iter()
            .all(|message| message["deleted"].is_string() && message["content"] == ""),
        "{export:?}"
    );

    // Changes made on the stopped server are visible when it runs again, including those by
    // background jobs.
    stopped.restart().await;
    let (one, other) = (Ctl::of(&running), Ctl::of(&stopped));
    for list in [
        &["user", "list"][..],
        &["room", "list"],
        &["room", "members", "talk"],
        &["room", "members", "hall"],
    ] {
        let plain = |ctl: &Ctl| ctl.all(list).into_iter().map(plain).collect::<Vec<_>>();
        assert_eq!(plain(&one), plain(&other), "{list:?}");
    }
    for server in [&running, &stopped] {
        Client::new(server)
            .post("/api/login", json!({"userId": "dan", "password": "a long password"}))
            .await
            .is(200);
        Client::new(server)
            .post("/api/login", json!({"userId": "ben", "password": "secret of ben"}))
            .await
            .fails(401, "invalid_credentials");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn changes_are_in_the_log_with_who_made_them_and_secrets_are_not() {
    let mut server = Server::start().await;
    let ctl = Ctl::of(&server);
    ctl.create("ann", &["--admin"]);
    ctl.all(&["user", "list"]);
    assert!(server.terminate().await.success());
    ctl.create("ben", &[]);
    let log = server.log_files();
    let who =
        String::from_utf8(std::process::Command::new("id").arg("-un").output().unwrap().stdout)
            .unwrap();
    let by = format!("[cli:{}] - Command: ", who.trim());
    assert!(
        log.contains(&format!("{by}user.create ann"))
            && log.contains(&format!("{by}user.create ben")),
        "{log}"
    );
    assert!(!log.contains("secret of"), "{log}");
    assert!(!log.contains("user.list"), "looking changes nothing: {log}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tables_are_for_people_and_json_for_programs() {
    let server = Server::start().await;
    let ctl = Ctl::of(&server);
    let ann = Person::new(&server, "ann").await;
    ann.patch("/api/users/me", json!({"name": "Ann 🙂"})).await.is(200);
    let table = ctl.run(&["user", "list"]);
    let lines: Vec<Vec<&str>> = table
        .ends(0)
        .out
        .lines()
        .map(|line| line.split("  ").map(str::trim).filter(|cell| !cell.is_empty()).collect())
        .collect();
    assert_eq!(lines[0], ["NAME", "DISPLAY NAME", "E-MAIL", "MARKS", "LAST SEEN"]);
    assert_eq!(lines[1][..4], ["ann", "Ann 🙂", "-", "-"]);
    ctl.run(&["user", "mark", "ann", "--guest", "--bot"]).ends(0);
    ctl.run(&["user", "disable", "ann"]).ends(0);
    ctl.create("root", &["--admin"]);
    let marked = ctl.run(&["user", "list"]).ends(0).out.clone();
    assert!(marked.lines().any(|line| line.contains("  guest, bot, disabled  ")), "{marked}");
    assert!(marked.lines().any(|line| line.contains("  admin  ")), "{marked}");
    assert!(marked.lines().all(|line| line.chars().count() <= 80), "{marked}");
    assert!(
        !table.out.contains('\u{1b}') && table.err.is_empty(),
        "no colour where there is no terminal"
    );
    let list: Json =
        serde_json::from_str(&ctl.run(&["user", "list", "-o", "json"]).ends(0).out).unwrap();
    assert_eq!(texts(&list, "name"), ["ann", "root"]);
    assert!(list[0].get("marks").is_none(), "a column of the table only: {list}");
    assert!(ctl.run(&["user", "list", "--verbose"]).ends(0).err.contains("control socket"));
    assert!(ctl.run(&["user", "show", "ann"]).ends(0).out.contains("display name   Ann 🙂"));
}
