//! Sockets that outlive the server: a parent opens them, as a service manager does.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::os::fd::OwnedFd;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::support::{Client, Ctl, PATIENCE};

const HEALTH: &str = "GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";

/// Moves standard input to the descriptors that follow it, and becomes the server.
const PASS: &str =
    r#"exec 3<&0 0</dev/null; LISTEN_PID=${FOR_PID:-$$} LISTEN_FDS=${FDS:-1} exec "$@" 2>&1"#;

/// A server that was started with a socket, and is killed in the end.
struct Started {
    child: Child,
}

impl Started {
    /// Returns the output up to the first line with this text, or to the end.
    async fn output_until(&mut self, text: &'static str) -> String {
        let output = self.child.stdout.take().unwrap();
        let read = tokio::task::spawn_blocking(move || {
            let mut all = String::new();
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                all.push_str(&line);
                all.push('\n');
                if line.contains(text) {
                    break;
                }
            }
            all
        });
        timeout(PATIENCE, read).await.expect("output").unwrap()
    }
}

impl Drop for Started {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// Starts a server with a copy of this socket, meant for this process or for another one.
fn start(data: &Path, socket: impl Into<OwnedFd>, process: Option<&str>) -> Started {
    pass(&Ctl::at(data).command(&["serve", "--listen", "127.0.0.1:0"]), socket, process)
}

/// Like [`start`], with this command of the server.
fn pass(serve: &Command, socket: impl Into<OwnedFd>, process: Option<&str>) -> Started {
    let mut command = Command::new("sh");
    command.args(["-c", PASS, "sh"]).arg(serve.get_program()).args(serve.get_args());
    command.envs(serve.get_envs().filter_map(|(name, value)| Some((name, value?))));
    if let Some(process) = process {
        command.env("FOR_PID", process);
    }
    command.stdin(Stdio::from(socket.into())).stdout(Stdio::piped());
    Started { child: command.spawn().unwrap() }
}

fn data() -> TempDir {
    tempfile::Builder::new().prefix("chatctl-").tempdir().unwrap()
}

/// Sends a request and reads until the end.
async fn ask(mut stream: TcpStream) -> String {
    stream.write_all(HEALTH.as_bytes()).await.unwrap();
    let mut answer = String::new();
    timeout(PATIENCE, stream.read_to_string(&mut answer)).await.expect("an answer").unwrap();
    answer
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restart_refuses_no_connection() {
    let (data, socket) = (data(), TcpListener::bind("127.0.0.1:0").unwrap());
    let address = socket.local_addr().unwrap();
    let connect = || TcpStream::connect(address);
    let early = connect().await.unwrap();
    let first = start(data.path(), socket.try_clone().unwrap(), None);
    let answer = ask(early).await;
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    drop(first);
    let waiting = connect().await.unwrap();
    let mut second = start(data.path(), socket.try_clone().unwrap(), None);
    let answer = ask(waiting).await;
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    let output = second.output_until("Data in ").await;
    assert!(output.contains("instead of [server] listen"), "{output}");
    let shown = Ctl::at(data.path()).one(&["status"]);
    assert_eq!(shown["addresses"], serde_json::json!([format!("http://{address}")]), "{shown}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn metrics_are_closed_behind_a_proxy_whose_socket_the_manager_opened() {
    let (data, socket) = (data(), TcpListener::bind("127.0.0.1:0").unwrap());
    let address = socket.local_addr().unwrap().to_string();
    let config = data.path().join("config.toml");
    // The configured address is open to everybody, but not used.
    let text = "[server]\nlisten = [\"0.0.0.0:1\"]\npublic_url = \"https://chat.example\"\n";
    std::fs::write(&config, text).unwrap();
    let serve = Ctl::at(data.path()).set("CONFIG", config.to_str().unwrap()).command(&["serve"]);
    let _started = pass(&serve, socket, None);
    let client = Client::at(&address);
    client.get("/health").await.is(200);
    client.get("/metrics").await.fails(404, "not_found");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_unix_socket_of_the_manager_keeps_its_file() {
    let data = data();
    let path = data.path().join("http.sock");
    let socket = UnixListener::bind(&path).unwrap();
    let mut started = start(data.path(), socket.try_clone().unwrap(), None);
    let asked = path.clone();
    let answer = tokio::task::spawn_blocking(move || {
        let mut stream = UnixStream::connect(asked).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.write_all(HEALTH.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    });
    let answer = answer.await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    let sent =
        Command::new("kill").args(["-TERM", &started.child.id().to_string()]).status().unwrap();
    assert!(sent.success());
    assert!(started.child.wait().unwrap().success());
    assert!(path.exists(), "the manager still listens on it");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_starter_of_systemd_is_understood() {
    let data = data();
    let path = data.path().join("http.sock");
    let serve = Ctl::at(data.path()).command(&["serve"]);
    let mut command = Command::new("systemd-socket-activate");
    command.arg("--listen").arg(&path).arg(serve.get_program()).args(serve.get_args());
    let Ok(child) = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn() else {
        eprintln!("systemd-socket-activate is not installed");
        return;
    };
    let mut started = Started { child };
    // Its first line says that it listens.
    let mut line = [0; 1];
    started.child.stderr.as_mut().unwrap().read_exact(&mut line).unwrap();
    let mut stream = UnixStream::connect(&path).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.write_all(HEALTH.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_number_of_sockets_that_cannot_be_right_is_refused() {
    let data = data();
    for count in ["abc", "-1", "30000", "18446744073709551615", "99999999999999999999999"] {
        let socket = TcpListener::bind("127.0.0.1:0").unwrap();
        let serve = Ctl::at(data.path()).command(&["serve", "--listen", "127.0.0.1:0"]);
        let mut command = Command::new("sh");
        command.args(["-c", PASS, "sh"]).arg(serve.get_program()).args(serve.get_args());
        command.env("FDS", count).stdin(Stdio::from(OwnedFd::from(socket)));
        let mut started = Started { child: command.stdout(Stdio::piped()).spawn().unwrap() };
        let output = started.output_until("Data in ").await;
        assert!(output.contains(&format!("LISTEN_FDS is \"{count}\"")), "{output}");
        assert_eq!(started.child.wait().unwrap().code(), Some(1));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_invitation_needs_an_address_that_a_browser_opens() {
    let data = data();
    let socket = UnixListener::bind(data.path().join("http.sock")).unwrap();
    let mut started = start(data.path(), socket, None);
    let output = started.output_until("chatctl user create NAME --admin").await;
    assert!(output.contains("There is no administrator yet. Create one: chatctl"), "{output}");
    assert!(!output.contains("#setup="), "{output}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sockets_for_another_process_are_left_alone_and_unfit_ones_refused() {
    let (data, socket) = (data(), TcpListener::bind("127.0.0.1:0").unwrap());
    let mut foreign = start(data.path(), socket, Some("1"));
    let output = foreign.output_until("Data in ").await;
    assert!(output.contains("Listening on http://127.0.0.1:"), "{output}");
    assert!(output.contains("passed to the process 1, and this is "), "{output}");
    drop(foreign);
    let server = TcpListener::bind("127.0.0.1:0").unwrap();
    let connected = std::net::TcpStream::connect(server.local_addr().unwrap()).unwrap();
    let mut unfit = start(data.path(), connected, None);
    let output = unfit.output_until("nothing that it prints").await;
    assert!(output.contains("descriptor 3, which is not a listening stream socket"), "{output}");
    assert_eq!(unfit.child.wait().unwrap().code(), Some(1));
}
