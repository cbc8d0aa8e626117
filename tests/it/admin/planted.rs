//! The superuser on another user's data directory: works as its owner, follows no planted link,
//! leaves no files of root, and trusts neither configuration nor control sockets of strangers.
//! These tests run as root, like the suite.

use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown, symlink};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};

use tempfile::TempDir;

use crate::support::{Ctl, Person, Server};

const NOBODY: u32 = 65_534;
const STRANGER: u32 = 12_345;

/// The data directory of a stopped server that belongs to `nobody`, in a directory that everybody
/// may enter.
struct Theirs {
    home: TempDir,
    data: PathBuf,
}

impl Theirs {
    async fn make() -> Option<Self> {
        if !nix_is_root() {
            eprintln!("only root can give files away");
            return None;
        }
        let mut server = Server::start().await;
        let ann = Person::new(&server, "ann").await;
        let room = ann.public_room("lobby").await;
        ann.say(&room, "hello").await;
        server.terminate().await;
        let home = open_to_all();
        let data = home.path().join("data");
        fs::rename(server.data(), &data).unwrap();
        mode(&data, 0o700);
        give(&data, NOBODY);
        Some(Self { home, data })
    }

    fn ctl(&self) -> Ctl {
        Ctl::at(&self.data)
    }

    /// Creates a file that only root may read and write.
    fn treasure(&self, name: &str) -> PathBuf {
        let path = self.home.path().join(name);
        fs::write(&path, "precious").unwrap();
        mode(&path, 0o600);
        path
    }
}

fn nix_is_root() -> bool {
    fs::metadata("/proc/self").unwrap().uid() == 0
}

fn open_to_all() -> TempDir {
    let home = tempfile::tempdir().unwrap();
    mode(home.path(), 0o755);
    home
}

fn mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

fn give(path: &Path, to: u32) {
    std::os::unix::fs::lchown(path, Some(to), Some(to)).unwrap();
    if path.symlink_metadata().unwrap().is_dir() {
        for entry in fs::read_dir(path).unwrap() {
            give(&entry.unwrap().path(), to);
        }
    }
}

/// Returns everything that does not belong to `nobody`.
fn foreign(path: &Path) -> Vec<PathBuf> {
    let meta = path.symlink_metadata().unwrap();
    let mut found = if meta.uid() == NOBODY { Vec::new() } else { vec![path.to_owned()] };
    if meta.is_dir() {
        found.extend(fs::read_dir(path).unwrap().flat_map(|entry| foreign(&entry.unwrap().path())));
    }
    found
}

#[track_caller]
fn untouched(treasure: &Path) {
    assert_eq!(fs::read_to_string(treasure).unwrap(), "precious");
    assert_eq!(treasure.metadata().unwrap().uid(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn planted_links_are_not_followed() {
    let Some(theirs) = Theirs::make().await else { return };
    let ctl = theirs.ctl();
    let treasure = theirs.treasure("treasure");
    let lock = theirs.data.join("lock");
    fs::remove_file(&lock).unwrap();
    symlink(&treasure, &lock).unwrap();
    assert_ne!(ctl.run(&["user", "list"]).code, 0);
    untouched(&treasure);
    fs::remove_file(&lock).unwrap();

    let log = fs::read_dir(theirs.data.join("logs")).unwrap().next().unwrap().unwrap().path();
    let aside = log.with_extension("aside");
    fs::rename(&log, &aside).unwrap();
    symlink(&treasure, &log).unwrap();
    assert_ne!(
        ctl.run_with(&["user", "create", "x;id>&2;", "--password-stdin"], "a long password\n").code,
        0
    );
    untouched(&treasure);
    fs::remove_file(&log).unwrap();

    let vault = theirs.home.path().join("vault");
    fs::create_dir(&vault).unwrap();
    mode(&vault, 0o755);
    symlink(&vault, theirs.data.join("backups")).unwrap();
    assert_ne!(ctl.run(&["backup", "create"]).code, 0);
    let within = theirs.data.join("backups/mine.tar.zst");
    assert_ne!(ctl.run(&["backup", "create", within.to_str().unwrap()]).code, 0);
    assert_eq!(fs::read_dir(&vault).unwrap().count(), 0);
    fs::remove_file(theirs.data.join("backups")).unwrap();
    // Without the links everything works.
    ctl.run(&["user", "list"]).ends(0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_configuration_is_checked_with_the_permissions_of_the_owner() {
    let Some(theirs) = Theirs::make().await else { return };
    let key = rcgen::KeyPair::generate().unwrap();
    let names = vec!["chat.example".to_owned()];
    let made = rcgen::CertificateParams::new(names).unwrap().self_signed(&key).unwrap();
    let (cert, key_file) = (theirs.home.path().join("cert.pem"), theirs.treasure("key.pem"));
    fs::write(&cert, made.pem()).unwrap();
    fs::write(&key_file, key.serialize_pem()).unwrap();
    let config = theirs.home.path().join("config.toml");
    fs::write(&config, "").unwrap();
    let ctl = theirs
        .ctl()
        .set("CONFIG", config.to_str().unwrap())
        .set("SERVER__TLS_CERT", cert.to_str().unwrap())
        .set("SERVER__TLS_KEY", key_file.to_str().unwrap());
    ctl.run(&["config", "check"]).fails(6, "key.pem: Permission denied");
    give(&key_file, NOBODY);
    let said = ctl.run(&["config", "check"]);
    let owner = "Checked with the permissions of nobody, the owner of the data directory.";
    assert!(said.ends(0).out.contains(owner), "{said:?}");
    mode(&config, 0o600);
    ctl.run(&["config", "check"]).fails(6, "nobody, as whom the server runs, cannot read");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_of_roots_is_left_behind() {
    let Some(theirs) = Theirs::make().await else { return };
    let ctl = theirs.ctl();
    ctl.create("ben", &[]);
    let commands: [&[&str]; 9] = [
        &["user", "list"],
        &["backup", "create"],
        &["backup", "list"],
        &["backup", "prune", "--keep", "1", "--yes"],
        &["db", "vacuum"],
        &["db", "reindex"],
        &["doctor", "--only", "permissions"],
        &["db", "stats"],
        &["room", "purge", "lobby", "--older-than", "0d", "--yes"],
    ];
    for command in commands {
        let said = ctl.run(command);
        assert!(matches!(said.code, 0 | 5), "{said:?}");
        assert_eq!(foreign(&theirs.data), Vec::<PathBuf>::new(), "{command:?}");
    }
    let log = fs::read_dir(theirs.data.join("logs"))
        .unwrap()
        .map(|file| fs::read_to_string(file.unwrap().path()).unwrap())
        .collect::<String>();
    assert!(
        log.contains("[cli:root] - Command: user.create ben"),
        "the log names who gave the command: {log}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn files_that_root_names_are_roots() {
    let Some(theirs) = Theirs::make().await else { return };
    let private = theirs.home.path().join("private");
    fs::create_dir(&private).unwrap();
    mode(&private, 0o700);
    let at = |name: &str| private.join(name).to_str().unwrap().to_owned();
    fs::write(at("password"), "a long password\n").unwrap();
    fs::write(at("config.toml"), format!("[server]\ndata_dir = {:?}\n", theirs.data)).unwrap();
    let run = |arguments: &[&str]| {
        let output = crate::cli::chatctl(
            &private,
            &[],
            &[&["--config", &at("config.toml")], arguments].concat(),
        );
        assert_eq!(
            output.status.code(),
            Some(0),
            "{arguments:?}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
    };
    run(&["user", "create", "cyd", "--password-file", &at("password"), "--if-not-exists"]);
    run(&["export", &at("all.jsonl")]);
    run(&["room", "export", "lobby", &at("lobby.jsonl")]);
    run(&["support", "bundle", &at("bundle.tar.gz")]);
    run(&["backup", "create", &at("all.tar.zst")]);
    run(&["import", &at("all.jsonl"), "--yes"]);
    run(&["import", &at("all.jsonl"), "--dry-run"]);
    for name in ["all.jsonl", "lobby.jsonl", "bundle.tar.gz"] {
        assert_eq!(fs::metadata(at(name)).unwrap().uid(), 0, "{name}");
    }
    assert_eq!(foreign(&theirs.data), Vec::<PathBuf>::new());
    assert_eq!(fs::read_dir(&private).unwrap().count(), 6, "nothing else");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lock_that_root_has_left_is_given_back() {
    let Some(theirs) = Theirs::make().await else { return };
    let lock = theirs.data.join("lock");
    chown(&lock, Some(0), Some(0)).unwrap();
    theirs.ctl().run(&["user", "list"]).ends(0);
    assert_eq!(foreign(&theirs.data), Vec::<PathBuf>::new());
    // Leftovers are found and repaired.
    let left = theirs.data.join("media/left");
    fs::write(&left, "").unwrap();
    assert!(
        theirs.ctl().run(&["doctor", "--only", "permissions"]).ends(6).out.contains("media/left")
    );
    theirs.ctl().run(&["doctor", "--only", "permissions", "--fix"]).ends(0);
    assert_eq!(foreign(&theirs.data), Vec::<PathBuf>::new());
}

/// Starts a server and waits until it is ready; None if its user may not run this binary.
fn serve(command: &mut std::process::Command) -> Option<Child> {
    command
        .env("CHATCTL_SERVER__LISTEN", "127.0.0.1:0")
        .env("CHATCTL_LOG__STDOUT", "no")
        .stdout(Stdio::piped());
    let mut child = match command.spawn() {
        Err(error) if error.kind() == std::io::ErrorKind::PermissionDenied => {
            eprintln!("the binary lies where only its owner may go");
            return None;
        }
        spawned => spawned.unwrap(),
    };
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    assert!(lines.any(|line| line.unwrap().starts_with("Data in ")));
    Some(child)
}

fn stop(mut child: Child) {
    let sent = std::process::Command::new("sh")
        .args(["-c", "kill -TERM \"$0\"", &child.id().to_string()])
        .status()
        .unwrap();
    assert!(sent.success());
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_root_starts_works_as_the_owner() {
    let Some(theirs) = Theirs::make().await else { return };
    let Some(child) = serve(&mut theirs.ctl().command(&["serve"])) else { return };
    let status = fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap();
    let uids: Vec<&str> = status
        .lines()
        .find_map(|line| line.strip_prefix("Uid:"))
        .unwrap()
        .split_whitespace()
        .collect();
    assert_eq!(uids, ["65534"; 4]);
    // Root may send it commands, and it learns who sent them.
    theirs.ctl().create("ben", &[]);
    stop(child);
    assert_eq!(foreign(&theirs.data), Vec::<PathBuf>::new());
    // Its owner can start it afterwards.
    if let Some(child) = serve(theirs.ctl().command(&["serve"]).uid(NOBODY).gid(NOBODY)) {
        stop(child);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_configuration_that_the_owner_cannot_read_is_told_at_the_start() {
    let Some(theirs) = Theirs::make().await else { return };
    let file = theirs.home.path().join("config.toml");
    fs::write(&file, "").unwrap();
    mode(&file, 0o600);
    let ctl = theirs.ctl().set("CONFIG", file.to_str().unwrap());
    let Some(child) = serve(&mut ctl.command(&["serve"])) else { return };
    let log = fs::read_dir(theirs.data.join("logs")).unwrap();
    let log: String = log.map(|file| fs::read_to_string(file.unwrap().path()).unwrap()).collect();
    let warned = log.lines().any(|line| {
        line.contains("[WARN]") && line.contains("cannot read") && line.contains("config.toml")
    });
    assert!(warned, "{log}");
    ctl.run(&["reload"]).fails(1, "cannot read");
    stop(child);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_configuration_of_strangers_is_not_believed() {
    let Some(theirs) = Theirs::make().await else { return };
    let trap = theirs.home.path().join("trap");
    fs::create_dir(&trap).unwrap();
    fs::write(trap.join("config.toml"), format!("[server]\ndata_dir = {:?}\n", theirs.data))
        .unwrap();
    give(&trap, NOBODY);
    let run = |arguments: &[&str]| crate::cli::chatctl(&trap, &[], arguments);
    let output = run(&["user", "list"]);
    let errors = String::from_utf8(output.stderr).unwrap();
    assert!(
        output.status.code() == Some(3)
            && errors.contains("config.toml was ignored: it belongs to nobody"),
        "{errors}"
    );
    // A file that is named explicitly is used.
    assert_eq!(run(&["user", "list", "--config", "config.toml"]).status.code(), Some(0));
    fs::rename(&theirs.data, trap.join("data")).unwrap();
    fs::remove_file(trap.join("config.toml")).unwrap();
    let output = run(&["user", "list"]);
    let errors = String::from_utf8(output.stderr).unwrap();
    assert!(
        output.status.code() == Some(7)
            && errors.contains("belongs to nobody, and was not configured explicitly"),
        "{errors}"
    );
    assert_eq!(run(&["user", "list", "--data-dir", "data"]).status.code(), Some(0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_sent_to_a_socket_of_strangers() {
    let Some(theirs) = Theirs::make().await else { return };
    give(&theirs.data, STRANGER);
    mode(&theirs.data, 0o700);
    let socket = theirs.data.join("control.sock");
    let Some(child) = serve(theirs.ctl().command(&["serve"]).uid(STRANGER).gid(STRANGER)) else {
        return;
    };
    let mut own = Server::start().await;
    own.terminate().await;
    let misled = Ctl::of(&own).set("SERVER__CONTROL_SOCKET", socket.to_str().unwrap());
    let said = misled.run_with(&["user", "create", "eve", "--password-stdin"], "a long password\n");
    said.fails(7, "nothing was sent");
    // Only the owner of the data directory is trusted.
    assert!(theirs.ctl().all(&["user", "list"]).iter().all(|user| user["name"] != "eve"));
    stop(child);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn roots_directory_in_a_strangers_folder_is_left_alone() {
    if !nix_is_root() {
        return;
    }
    let mut server = Server::start().await;
    server.terminate().await;
    let home = open_to_all();
    let folder = home.path().join("folder");
    let data = folder.join("data");
    fs::create_dir(&folder).unwrap();
    fs::rename(server.data(), &data).unwrap();
    let ctl = Ctl::at(&data);
    ctl.run(&["user", "list"]).ends(0);
    chown(&folder, Some(STRANGER), Some(STRANGER)).unwrap();
    ctl.run(&["user", "list"]).fails(7, "which belongs to 12345");
    ctl.run(&["serve"]).fails(7, "which belongs to 12345");
    chown(&folder, Some(0), Some(0)).unwrap();
    mode(&folder, 0o777);
    ctl.run(&["user", "list"]).fails(7, "which can be written by everybody");
    // As in /tmp: nobody can rename files of root.
    mode(&folder, 0o1777);
    ctl.run(&["user", "list"]).ends(0);
    fs::rename(&data, server.data()).unwrap();
}
