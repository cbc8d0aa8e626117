//! What commands report to people: counts, sizes, summaries, verdicts and refusals.

use std::fs;

use serde_json::json;

use crate::cli::{chatctl, code, errors};
use crate::support::{Ctl, Person, Server};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn counts_have_their_plural_and_sizes_one_unit() {
    let server = Server::start().await;
    let ctl = Ctl::of(&server);
    let ann = Person::new(&server, "ann").await;
    let room = ann.public_room("lobby").await;
    ann.say(&room, "one").await;
    let refused = ctl.run(&["room", "delete", "lobby"]);
    refused.fails(2, "room001 (lobby): 1 member, 1 message, 0 files (0 B).");
    refused.fails(2, "there is no terminal for confirmation; add --yes");
    ctl.run(&["room", "purge", "lobby", "--older-than", "0d"]).fails(2, "1 message from before");
    ctl.run(&["user", "delete", "ann"]).fails(
        2,
        "ann: leaves 1 room; deletes 0 private rooms without other members, with 0 messages; ends \
         1 session and 0 API tokens.",
    );
    let status = ctl.run(&["status"]);
    let size = status.ends(0).out.lines().find(|line| line.starts_with("database bytes")).unwrap();
    assert!(size.ends_with("iB"), "{size}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_temporary_log_level_shows_the_time_that_is_left() {
    let server = Server::start().await;
    let ctl = Ctl::of(&server);
    let table = |arguments: &[&str]| ctl.run(arguments).ends(0).out.clone();
    assert_eq!(table(&["log", "level"]), "level  info\n");
    assert_eq!(table(&["log", "level", "debug", "--for", "10m"]), "level  debug\nfor    10 min\n");
    let left = table(&["log", "level"]);
    let (level, time) = left.split_once('\n').unwrap();
    assert_eq!(level, "level  debug");
    assert!(time.starts_with("for    ") && time.contains("min"), "{left}");
    let shown = ctl.one(&["log", "level"]);
    let seconds = shown["for_seconds"].as_u64().unwrap();
    assert!(shown["level"] == "debug" && (1..=600).contains(&seconds), "{shown}");
    assert_eq!(table(&["log", "level", "info"]), "level  info\n");
    assert_eq!(ctl.one(&["log", "level"]), json!({"level": "info", "for_seconds": null}));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_guest_and_an_administrator_exclude_each_other() {
    let server = Server::start().await;
    let ctl = Ctl::of(&server);
    ctl.create("ann", &["--admin"]);
    ctl.create("gus", &[]);
    ctl.run(&["user", "mark", "gus", "--guest"]).ends(0);
    ctl.run(&["user", "promote", "gus"])
        .fails(7, "gus is a guest, and guests cannot be administrators");
    ctl.run(&["user", "mark", "ann", "--guest"]).fails(7, "chatctl user demote ann");
    assert_eq!(ctl.one(&["user", "show", "gus"])["admin"], false);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_writes_a_file_sums_it_up_on_standard_error() {
    let server = Server::start().await;
    let ctl = Ctl::of(&server);
    let ann = Person::new(&server, "ann").await;
    ann.public_room("lobby").await;
    let dir = tempfile::tempdir().unwrap();
    let file = |name: &str| dir.path().join(name).to_str().unwrap().to_owned();
    // Silent in scripts, and never on standard output.
    for arguments in [
        vec!["export", &*file("a")],
        vec!["room", "export", "lobby", &*file("b")],
        vec!["log", "rotate"],
    ] {
        let silent = ctl.run(&arguments);
        assert_eq!((silent.ends(0).out.as_str(), silent.err.as_str()), ("", ""), "{arguments:?}");
    }
    for (arguments, wanted) in [
        (vec!["export", &*file("c"), "-v"], "/c."),
        (vec!["room", "export", "lobby", &*file("d"), "-v"], "/d."),
        (vec!["room", "export", "lobby", "-v"], " to standard output."),
        (vec!["log", "rotate", "-v"], "The log continues in a new file."),
    ] {
        let told = ctl.run(&arguments);
        let last = told.ends(0).err.lines().last().unwrap().to_owned();
        assert!(last.ends_with(wanted), "{arguments:?}: {last}");
        if arguments[0] == "room" {
            assert!(last.starts_with("Wrote 2 lines (") && last.contains(" B) to "), "{last}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_is_verified_restored_and_pruned_in_plain_words() {
    let mut server = Server::start().await;
    let ctl = Ctl::of(&server);
    let ann = Person::new(&server, "ann").await;
    ann.public_room("lobby").await;
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("one.tar.zst");
    let file = path.to_str().unwrap();
    ctl.run(&["backup", "create", file]).ends(0);
    let verified = ctl.run(&["backup", "verify", file]);
    let out = &verified.ends(0).out;
    assert!(
        out.starts_with(&format!(
            "{file} can be restored: checksums, sizes and database are correct (1 account, 1 \
             room, 0 messages, 0 uploaded files; created 2"
        )) && out.lines().count() == 1,
        "{out}"
    );
    assert_eq!(ctl.one(&["backup", "verify", file])["problems"], json!([]));
    server.terminate().await;
    let data = server.data().to_str().unwrap().to_owned();
    // What is kept aside is named before, and where it is afterwards.
    let rehearsed = ctl.run(&["backup", "restore", file, "--replace", "--dry-run"]);
    let kept = |out: &str| {
        out.lines().find(|line| line.starts_with("kept aside")).unwrap_or_default().to_owned()
    };
    assert_eq!(kept(&rehearsed.ends(0).out), format!("kept aside  {data}"));
    let refused = ctl.run(&["backup", "restore", file, "--replace"]);
    refused.fails(2, &format!("To be replaced, and kept aside: {data}."));
    let restored = ctl.run(&["backup", "restore", file, "--replace", "--yes"]);
    let line = kept(&restored.ends(0).out);
    assert!(line.starts_with(&format!("kept aside  {data}.replaced-")), "{line}");
    assert_eq!(restored.err, "");
    assert!(!restored.out.contains("replaced  "), "{}", restored.out);
    fs::write(&path, b"nothing").unwrap();
    let bad = ctl.run(&["backup", "verify", file]);
    assert!(
        bad.ends(6).out.contains("damaged") && bad.err.contains("1 problem was found"),
        "{bad:?}"
    );
    ctl.run(&["backup", "prune", "--keep", "0", "--yes"]).fails(2, "0 would delete every backup");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_import_asks_with_counts_in_words() {
    let mut server = Server::start().await;
    let ann = Person::new(&server, "ann").await;
    let room = ann.public_room("lobby").await;
    ann.say(&room, "one").await;
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("all.jsonl");
    let ctl = Ctl::of(&server);
    ctl.run(&["export", file.to_str().unwrap()]).ends(0);
    server.terminate().await;
    let other = Ctl::at(&dir.path().join("other"));
    other.create("ben", &["--admin", "--init"]);
    let asked = other.run(&["import", file.to_str().unwrap()]);
    asked.fails(2, "1 account, 0 files, 1 room, 1 room member, 1 message, 0 reactions");
}

#[test]
fn serve_and_the_check_agree_on_the_configuration() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    fs::create_dir(&data).unwrap();
    fs::write(data.join("backups"), "").unwrap();
    for (arguments, wanted) in
        [(&["config", "check"][..], 6), (&["serve", "--listen", "127.0.0.1:0"], 2)]
    {
        let output = chatctl(dir.path(), &[], arguments);
        let text = errors(&output);
        assert_eq!(code(&output), Some(wanted), "{text}");
        assert!(
            text.contains("1 problem in the configuration:\n  [backup] directory is"),
            "{text}"
        );
    }
    fs::remove_file(data.join("backups")).unwrap();
    // A value that cannot be read gets the same heading.
    fs::write(dir.path().join("config.toml"), "[server]\nheartbeat_seconds = 0\n").unwrap();
    for (arguments, wanted) in [(&["config", "check"][..], 6), (&["serve"], 2)] {
        let output = chatctl(dir.path(), &[], arguments);
        let text = errors(&output);
        assert_eq!(code(&output), Some(wanted), "{text}");
        assert!(text.contains("1 problem in the configuration:\n  "), "{text}");
    }
}

#[test]
fn global_options_stand_last_in_every_help() {
    let dir = tempfile::tempdir().unwrap();
    let help =
        |arguments: &[&str]| String::from_utf8(chatctl(dir.path(), &[], arguments).stdout).unwrap();
    let mut pending = vec![Vec::<String>::new()];
    while let Some(path) = pending.pop() {
        let arguments: Vec<&str> =
            path.iter().map(String::as_str).chain(std::iter::once("--help")).collect();
        let text = help(&arguments);
        let (own, global) = text.split_once("\nGlobal options:\n").expect("the heading");
        for option in
            ["--config <FILE>", "--data-dir <DIR>", "--verbose", "--output <FORMAT>", "--wide"]
        {
            assert!(!own.contains(option) && global.contains(option), "{path:?} {option}:\n{text}");
        }
        assert!(text.contains("Examples:\n  chatctl "), "{path:?}:\n{text}");
        let Some((_, commands)) = own.split_once("\nCommands:\n") else { continue };
        for line in commands.lines().take_while(|line| !line.is_empty()) {
            let name = line.split_whitespace().next().unwrap();
            if name != "help" && line.starts_with("  ") && !line.starts_with("   ") {
                pending.push([path.clone(), vec![name.to_owned()]].concat());
            }
        }
    }
    let root = help(&["--help"]);
    assert!(root.starts_with("A chat server in a single binary\n"), "{root}");
}
