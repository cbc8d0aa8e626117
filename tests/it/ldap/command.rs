//! `chatctl ldap test`, `doctor`, and the configuration.

use serde_json::json;

use super::{asking, ctl, log_in};
use crate::service::reload::Configured;
use crate::support::{Ctl, Json, READER, Slapd, group_dn};

/// Each step with what was found.
fn steps(said: &[Json]) -> Vec<(&str, bool, &str)> {
    let text = |value: &'static str, one: &Json| one[value].as_str().unwrap_or_default().to_owned();
    said.iter()
        .map(|one| {
            let (step, found) = (text("step", one), text("found", one));
            (&*step.leak(), one["ok"].as_bool().unwrap(), &*found.leak())
        })
        .collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_step_is_told() {
    let slapd = Slapd::start();
    let groups = format!("[{:?}]", group_dn("ops"));
    let rooms = format!("[\"Nowhere: {}\"]", group_dn("dev"));
    let more = [("LDAP__ADMINISTRATORS", groups.as_str()), ("LDAP__ROOMS", rooms.as_str())];
    let mut server = asking(&slapd, &more).await;
    let id = slapd.id("ann");
    let found = Ctl::of(&server).all(&["ldap", "test"]);
    let wanted = [
        ("connect", true, "not encrypted"),
        ("bind", true, READER),
        ("base", true, "ou=people,dc=example,dc=org"),
    ];
    assert_eq!(steps(&found), wanted);
    let said = Ctl::of(&server)
        .run_with(&["ldap", "test", "ann", "--password-stdin", "-o", "jsonl"], "ann's secret\n");
    // A room of a group does not exist.
    said.ends(6);
    let lines: Vec<Json> =
        said.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let all = steps(&lines);
    assert_eq!(&all[..3], wanted);
    for wanted in [
        ("entry", true, "uid=ann,ou=people,dc=example,dc=org"),
        ("id", true, id.as_str()),
        ("login name", true, "ann"),
        ("display name", true, "Ann Example"),
        ("e-mail", true, "ann@corp.example"),
        ("groups", true, "2 groups"),
        ("password", true, "the password is right"),
        ("administrator", true, "yes"),
        ("room", false, "\"Nowhere\" does not exist, or not once"),
        ("account", true, "ann, which is created at the first log-in"),
    ] {
        assert!(all.contains(&wanted), "{wanted:?} is not in {all:?}");
    }
    assert!(Ctl::of(&server).all(&["user", "list"]).is_empty(), "nothing is created");
    let wrong = Ctl::of(&server).run_with(&["ldap", "test", "ann", "--password-stdin"], "wrong\n");
    assert!(wrong.ends(6).out.contains("the password is refused"), "{wrong:?}");
    let nobody = Ctl::of(&server).run(&["ldap", "test", "*"]);
    assert!(nobody.ends(6).out.contains("no entry matches user_filter"), "{nobody:?}");
    Ctl::of(&server).create("ann", &[]);
    let taken = Ctl::of(&server).run(&["ldap", "test", "ann", "--wide"]);
    let advice = format!("chatctl user link ann --ldap {id}");
    assert!(taken.ends(6).out.contains(&advice), "{taken:?}");
    // Without a running server too.
    assert!(server.terminate().await.success());
    let stopped = ctl(&server, &slapd, &more);
    assert_eq!(steps(&stopped.all(&["ldap", "test"])), wanted);
    Ctl::of(&server).run(&["ldap", "test"]).fails(2, "no LDAP directory is configured");
    Ctl::of(&server).run(&["ldap", "sync"]).fails(2, "no LDAP directory is configured");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn doctor_and_config_check_find_what_is_wrong() {
    let mut slapd = Slapd::start();
    let server = asking(&slapd, &[]).await;
    let doctor = |ctl: &Ctl| {
        let said = ctl.run(&["doctor", "--only", "ldap", "-o", "jsonl"]);
        let finding: Json = serde_json::from_str(said.out.lines().next().unwrap()).unwrap();
        (said.code, finding)
    };
    let (code, finding) = doctor(&Ctl::of(&server));
    assert_eq!((code, &finding["status"]), (0, &json!("ok")), "{finding}");
    slapd.stop();
    let (code, finding) = doctor(&Ctl::of(&server));
    assert_eq!((code, &finding["status"]), (6, &json!("failed")), "{finding}");
    assert!(finding["found"].as_str().unwrap().contains("Connection refused"), "{finding}");
    slapd.restart();
    let plain = Ctl::of(&server);
    plain.clone().set("LDAP__URL", "http://ldap").run(&["config", "check"]).ends(6);
    let shown = ctl(&server, &slapd, &[]).run(&["config", "show", "--effective"]);
    assert!(shown.ends(0).out.contains("bind_password = \"********\""), "{}", shown.out);
    log_in(&server, "ann", "ann's secret").await.is(200);
    assert!(!server.log_files().contains("secret"), "{}", server.log_files());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_file_on_disk_is_tried_out_loaded_or_not() {
    let slapd = Slapd::start();
    let file = |password: &str| {
        format!(
            "[ldap]\nurl = {:?}\nbase = \"ou=people,dc=example,dc=org\"\nbind_dn = {READER:?}\n\
             bind_password = {password:?}\n",
            slapd.url()
        )
    };
    let it = Configured::start(&file("wrong")).await;
    let ctl = it.ctl();
    let said = ctl.run(&["ldap", "test"]);
    assert!(said.ends(6).out.contains("result code 49"), "{said:?}");
    let failed = ctl.run(&["doctor", "--only", "ldap"]);
    assert!(failed.ends(6).out.contains("result code 49"), "{failed:?}");
    // Mended, and not yet loaded.
    it.write(&file("read me"));
    let all = ctl.all(&["ldap", "test"]);
    let (step, ok, found) = steps(&all)[0];
    assert_eq!((step, ok), ("configuration", true));
    assert!(found.contains("has not loaded ldap.bind_password yet: chatctl reload"), "{found}");
    assert!(steps(&all).contains(&("bind", true, READER)), "{all:?}");
    let looked = ctl.run(&["doctor", "--only", "ldap", "--wide"]).ends(0).out.clone();
    assert!(looked.contains("changed, but not yet loaded: ldap.bind_password"), "{looked}");
    assert!(looked.contains("answers, and the entry of base can be read"), "{looked}");
    ctl.run(&["reload"]).ends(0);
    assert_eq!(steps(&ctl.all(&["ldap", "test"]))[0], ("connect", true, "not encrypted"));
    // One that cannot be loaded.
    it.write(&file("read me").replace("base =", "bas ="));
    let said = ctl.run(&["ldap", "test"]);
    assert!(said.code != 0 && said.err.contains("unknown key bas in [ldap]"), "{said:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_file_is_tried_out_beside_the_server() {
    let slapd = Slapd::start();
    // This server has no configuration file.
    let server = asking(&slapd, &[]).await;
    let folder = tempfile::tempdir().unwrap();
    let other = folder.path().join("other.toml");
    let text = format!("[ldap]\nurl = {:?}\nbase = \"ou=nobody,dc=example,dc=org\"\n", slapd.url());
    std::fs::write(&other, text).unwrap();
    let named = Ctl::of(&server).set("CONFIG", other.to_str().unwrap());
    let told = "other.toml. The running server uses no configuration file.";
    let said = named.run(&["ldap", "test", "-o", "jsonl"]);
    assert!(said.ends(6).err.contains(told), "{said:?}");
    let lines: Vec<Json> =
        said.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let all = steps(&lines);
    assert_eq!(all[..2], [("connect", true, "not encrypted"), ("bind", true, "anonymous")]);
    assert!(!all[2].1 && all[2].2.contains("it has no entry \"ou=nobody,"), "{all:?}");
    // Doctor tries it out too, and has the server check what is its own.
    let said = named.run(&["doctor", "-o", "jsonl"]);
    assert!(said.ends(6).err.contains(told), "{said:?}");
    let status = |check: &str| {
        let lines = said.out.lines().map(|line| serde_json::from_str::<Json>(line).unwrap());
        let of_check = lines.filter(|line| line["check"] == check);
        of_check.map(|line| line["status"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    for check in ["changes", "server", "schema", "database", "search", "rooms"] {
        assert_eq!(status(check), ["ok"], "{check}: {said:?}");
    }
    assert!(status("ldap").contains(&"failed".to_owned()), "{said:?}");
}
