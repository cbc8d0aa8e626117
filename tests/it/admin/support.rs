//! `chatctl support bundle`: its content, and above all what it must not contain.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::{Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use crate::support::{Ctl, Json, Person, Server, texts};

/// Returns the files of a bundle.
fn unpack(path: &Path) -> BTreeMap<String, String> {
    let mut archive = tar::Archive::new(flate2::read::GzDecoder::new(File::open(path).unwrap()));
    let read = |entry: std::io::Result<tar::Entry<'_, _>>| {
        let mut entry = entry.unwrap();
        let name = entry
            .path()
            .unwrap()
            .strip_prefix("chatctl-support")
            .unwrap()
            .to_str()
            .unwrap()
            .to_owned();
        let mut text = String::new();
        Read::read_to_string(&mut entry, &mut text).unwrap();
        (name, text)
    };
    archive.entries().unwrap().map(read).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bundle_has_what_helps_and_nothing_that_is_nobodys_business() {
    let hidden_url = "https://hidden-user:hidden-word@chat.example/";
    let mut server = Server::start().await;
    let ctl = Ctl::of(&server);
    ctl.create("ben", &["--email", "ben.hidden@example.org"]);
    let ann = Person::new(&server, "ann").await;
    let room = ann.public_room("hidden room").await;
    ann.say(&room, "hidden words").await;
    let log = fs::read_dir(server.data().join("logs")).unwrap().next().unwrap().unwrap().path();
    let mut log = OpenOptions::new().append(true).open(log).unwrap();
    writeln!(
        log,
        "[2025-01-01T00:00:00.000Z] [INFO] [PID:1] - A line with cyd.hidden@example.org and {} in \
         it, {hidden_url}.",
        ann.token
    )
    .unwrap();
    let home = tempfile::tempdir().unwrap();
    for running in [true, false] {
        if !running {
            assert!(server.terminate().await.success());
        }
        let path = home.path().join(format!("{running}.tar.gz"));
        let said = ctl.one(&["support", "bundle", path.to_str().unwrap()]);
        assert_eq!(said["bytes"], fs::metadata(&path).unwrap().len());
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        let files = unpack(&path);
        for (name, text) in &files {
            for secret in ["hidden", "secret of", &ann.token] {
                assert!(!text.contains(secret), "{secret:?} is in {name}: {text}");
            }
        }
        let mut wanted = vec![
            "README.txt",
            "config.toml",
            "doctor.json",
            "log.txt",
            "stats.json",
            "status.json",
            "system.json",
        ];
        if running {
            wanted.insert(4, "metrics.txt");
            assert!(
                files["metrics.txt"].contains("chatctl_messages_total 1"),
                "{}",
                files["metrics.txt"]
            );
        }
        assert_eq!(files.keys().collect::<Vec<_>>(), wanted);
        for name in wanted.iter().filter(|name| **name != "README.txt") {
            assert!(files["README.txt"].contains(name), "{name} is listed");
        }
        let value = |name: &str| serde_json::from_str::<Json>(&files[name]).unwrap();
        assert_eq!(
            (&value("stats.json")["messages"], &value("status.json")["running"]),
            (&Json::from(1), &Json::from(running))
        );
        assert!(value("system.json")["memory"]["MemTotal"].is_string());
        assert!(texts(&value("doctor.json"), "check").contains(&"database"));
        assert!(
            files["log.txt"].contains("https://…@chat.example/")
                && files["config.toml"].contains("password_min_length = 8")
        );
        assert!(
            files["log.txt"].contains("started on")
                && files["log.txt"].contains("A line with … and"),
            "{}",
            files["log.txt"]
        );
    }
    ctl.run(&["support", "bundle", home.path().join("true.tar.gz").to_str().unwrap()])
        .fails(4, "already exists");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bundle_is_made_of_what_is_broken() {
    let mut server = Server::start().await;
    assert!(server.terminate().await.success());
    fs::write(server.data().join("chat.db"), "something else").unwrap();
    let home = tempfile::tempdir().unwrap();
    let here = |ctl: &Ctl| {
        let output = ctl.command(&["support", "bundle"]).current_dir(home.path()).output().unwrap();
        assert!(output.status.success(), "{output:?}");
        let mut made: Vec<_> =
            fs::read_dir(home.path()).unwrap().map(|entry| entry.unwrap().path()).collect();
        assert_eq!(made.len(), 1, "{made:?}");
        let made = made.remove(0);
        assert!(
            made.file_name().unwrap().to_str().unwrap().starts_with("chatctl-support-20"),
            "{}",
            made.display()
        );
        let files = unpack(&made);
        fs::remove_file(made).unwrap();
        files
    };
    let ctl = Ctl::of(&server);
    let files = here(&ctl);
    assert!(
        files["stats.json"].contains("damaged")
            && files["doctor.json"].contains("The file is damaged")
            && files["log.txt"].contains("Server stopped")
    );
    let files = here(&ctl.set("ROOMS__NOTHING", "1"));
    assert_eq!(files.keys().collect::<Vec<_>>(), ["README.txt", "doctor.json"]);
    assert!(files["doctor.json"].contains("unknown key nothing in [rooms]"), "{files:?}");
    Ctl::at(Path::new("/nowhere/at/all"))
        .run(&["support", "bundle", home.path().join("x").to_str().unwrap()])
        .fails(3, "/nowhere/at/all");
    assert_eq!(
        fs::read_dir(home.path()).unwrap().count(),
        0,
        "nothing is left of a bundle that was not made"
    );
}
