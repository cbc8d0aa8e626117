//! Administration by the members of a group, with real users: the data directory is closed to them,
//! so every command goes through the control socket. These tests run as root, like the suite.

use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use serde_json::Value;
use tempfile::TempDir;

/// Users without an entry in the user database.
const OWNER: u32 = 64_001;
const MEMBER: u32 = 64_002;
const STRANGER: u32 = 64_003;
/// A group that every Debian system has, and its number.
const GROUP: (&str, u32) = ("daemon", 1);

/// A service as a package installs it, in a directory of its own.
struct Service {
    home: TempDir,
    server: Child,
}

impl Drop for Service {
    fn drop(&mut self) {
        drop(self.server.kill());
        drop(self.server.wait());
    }
}

fn directory(path: &Path, mode: u32, owner: u32, group: u32) {
    fs::create_dir_all(path).unwrap();
    chown(path, Some(owner), Some(group)).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

/// A command of a user with these supplementary groups.
fn run_as(user: u32, groups: &str, home: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new("setpriv");
    command.args([format!("--reuid={user}"), format!("--regid={user}")]);
    command.arg(if groups.is_empty() {
        "--clear-groups".to_owned()
    } else {
        format!("--groups={groups}")
    });
    command.arg(home.join("bin/chatctl")).arg("--config").arg(home.join("etc/config.toml"));
    command.args(arguments).current_dir("/").stdin(Stdio::null());
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("CHATCTL_") {
            command.env_remove(name);
        }
    }
    command
}

impl Service {
    /// Starts it with this line in `[server]`; None unless the tests run as root.
    fn start(line: &str) -> Option<Self> {
        let home = tempfile::Builder::new().prefix("chatctl-group-").tempdir().unwrap();
        if home.path().metadata().unwrap().uid() != 0 {
            eprintln!("only root can run commands as other users");
            return None;
        }
        directory(home.path(), 0o755, 0, 0);
        directory(&home.path().join("bin"), 0o755, 0, 0);
        directory(&home.path().join("etc"), 0o755, 0, 0);
        // Members cannot even read who owns the data directory.
        directory(&home.path().join("closed"), 0o700, OWNER, OWNER);
        directory(&home.path().join("closed/data"), 0o700, OWNER, OWNER);
        directory(&home.path().join("run"), 0o750, OWNER, GROUP.1);
        directory(&home.path().join("member"), 0o700, MEMBER, MEMBER);
        fs::copy(env!("CARGO_BIN_EXE_chatctl"), home.path().join("bin/chatctl")).unwrap();
        let socket = home.path().join("run/control.sock");
        let configuration = format!(
            "[server]\nlisten = [\"127.0.0.1:0\"]\ndata_dir = \"{}\"\ncontrol_socket = \"{}\"\n\
             {line}\n",
            home.path().join("closed/data").display(),
            socket.display()
        );
        let file = home.path().join("etc/config.toml");
        fs::write(&file, configuration).unwrap();
        let groups = format!("{OWNER},{}", GROUP.1);
        let mut serve = run_as(OWNER, &groups, home.path(), &["serve"]);
        let mut server = serve.stdout(Stdio::piped()).spawn().unwrap();
        let mut output = BufReader::new(server.stdout.take().unwrap()).lines();
        let started = output.by_ref().map_while(Result::ok).any(|line| line.contains("Data in "));
        assert!(started, "the server did not start");
        // Nobody reads the rest; a full pipe does not stop the server.
        std::thread::spawn(move || output.for_each(drop));
        Some(Self { home, server })
    }

    fn socket(&self) -> PathBuf {
        self.home.path().join("run/control.sock")
    }

    fn run(&self, user: u32, groups: &str, arguments: &[&str]) -> Output {
        run_as(user, groups, self.home.path(), arguments).output().unwrap()
    }

    /// Runs a command as a member of the group. Returns its output.
    #[track_caller]
    fn member(&self, arguments: &[&str]) -> String {
        let output = self.run(MEMBER, &GROUP.1.to_string(), arguments);
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(0), "chatctl {}: {error}", arguments.join(" "));
        String::from_utf8(output.stdout).unwrap()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_member_administers_the_server_and_a_stranger_does_not() {
    let line = format!("control_socket_group = {:?}", GROUP.0);
    let Some(service) = Service::start(&line) else { return };
    let meta = service.socket().metadata().unwrap();
    assert_eq!((meta.mode() & 0o777, meta.uid(), meta.gid()), (0o660, OWNER, GROUP.1));
    let file = |name: &str| service.home.path().join("member").join(name).display().to_string();
    let (backup, export) = (file("one.backup.tar.zst"), file("all.jsonl"));
    let bundle = file("bundle.tar.gz");
    service.member(&["user", "create", "ann", "--generate"]);
    for arguments in [
        &["user", "promote", "ann"][..],
        &["user", "list"],
        &["room", "create", "plans", "--owner", "ann"],
        &["room", "members", "plans"],
        &["room", "messages", "plans"],
        &["log", "level", "debug"],
        &["log", "tail", "--for", "1s"],
        &["log", "rotate"],
        &["db", "status"],
        &["db", "stats"],
        &["db", "check"],
        &["db", "migrate", "--plan"],
        &["backup", "create"],
        &["backup", "create"],
        &["backup", "list"],
        &["backup", "prune", "--keep", "1", "--yes"],
        &["backup", "create", &backup],
        &["backup", "verify", &backup],
        &["export", &export],
        &["support", "bundle", &bundle],
        &["config", "show", "--effective"],
        &["config", "check"],
        &["doctor", "--only", "server", "--only", "permissions", "--only", "database"],
    ] {
        service.member(arguments);
    }
    let backups: Value =
        serde_json::from_str(&service.member(&["backup", "list", "-o", "json"])).unwrap();
    assert_eq!(backups.as_array().map(Vec::len), Some(1), "{backups}");
    let status: Value = serde_json::from_str(&service.member(&["status", "-o", "json"])).unwrap();
    assert_eq!(status["running"], true, "{status}");
    let log = service.member(&["log", "tail", "--lines", "200", "--for", "1s"]);
    assert!(log.contains(&format!("[cli:{MEMBER}]")), "{log}");
    assert!(log.contains(&format!("of the user id {MEMBER} uses the control socket")), "{log}");
    let refused = service.run(STRANGER, "", &["user", "list"]);
    let error = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert_eq!(refused.status.code(), Some(7), "{error}");
    assert!(error.contains("no access to the control socket"), "{error}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_member_is_told_that_the_server_is_stopped() {
    let line = format!("control_socket_group = {:?}", GROUP.0);
    let Some(mut service) = Service::start(&line) else { return };
    service.server.kill().unwrap();
    service.server.wait().unwrap();
    for arguments in [&["user", "list"][..], &["backup", "list"], &["backup", "create"]] {
        let refused = service.run(MEMBER, &GROUP.1.to_string(), arguments);
        let error = String::from_utf8_lossy(&refused.stderr).into_owned();
        assert_eq!(refused.status.code(), Some(7), "{arguments:?}: {error}");
        assert!(error.contains("no server is running at the control socket"), "{error}");
    }
}

/// Answers at a socket as a user who is neither the owner nor the caller.
const PLANT: &str = "my $socket = IO::Socket::UNIX->new(Local => $ARGV[0], Listen => 9) or die; \
                     chmod 0777, $ARGV[0]; $| = 1; print \"ready\\n\"; \
                     while (my $caller = $socket->accept()) {}";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_planted_socket_gets_no_command() {
    let line = format!("control_socket_group = {:?}", GROUP.0);
    let Some(mut service) = Service::start(&line) else { return };
    service.server.kill().unwrap();
    service.server.wait().unwrap();
    let home = service.home.path();
    fs::remove_file(service.socket()).unwrap();
    fs::set_permissions(home.join("run"), fs::Permissions::from_mode(0o1777)).unwrap();
    let mut planted = Command::new("setpriv");
    planted.args([format!("--reuid={STRANGER}"), format!("--regid={STRANGER}")]);
    planted
        .args(["--clear-groups", "perl", "-MIO::Socket::UNIX", "-e", PLANT])
        .arg(service.socket());
    let mut planted = planted.stdout(Stdio::piped()).spawn().unwrap();
    let mut ready = String::new();
    BufReader::new(planted.stdout.take().unwrap()).read_line(&mut ready).unwrap();
    let refused = service.run(MEMBER, &GROUP.1.to_string(), &["user", "list"]);
    planted.kill().unwrap();
    planted.wait().unwrap();
    let error = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert_eq!((ready.as_str(), refused.status.code()), ("ready\n", Some(7)), "{error}");
    assert!(error.contains("nothing was sent"), "{error}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_group_the_socket_is_for_its_owner_even_in_an_open_directory() {
    let Some(service) = Service::start("") else { return };
    assert_eq!(service.socket().metadata().unwrap().mode() & 0o777, 0o600);
    let refused = service.run(MEMBER, &format!("{},{OWNER}", GROUP.1), &["status"]);
    let error = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert_eq!(refused.status.code(), Some(7), "{error}");
    assert!(error.contains("control_socket_group"), "{error}");
    let own = service.run(OWNER, &OWNER.to_string(), &["status"]);
    assert_eq!(own.status.code(), Some(0));
}

#[test]
fn a_group_that_does_not_exist_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let ctl =
        crate::support::Ctl::at(folder.path()).set("SERVER__CONTROL_SOCKET_GROUP", "nobodies");
    ctl.run(&["config", "check"]).fails(6, "control_socket_group is \"nobodies\"");
    ctl.run(&["serve", "--listen", "127.0.0.1:0"]).fails(2, "control_socket_group is \"nobodies\"");
}
