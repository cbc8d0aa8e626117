//! A Redis server that keeps nothing on disk.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// The server as a child process; it forgets everything at its end.
pub(crate) struct Redis {
    child: Child,
    port: u16,
    tls: Option<u16>,
}

impl Redis {
    /// Starts a server on a free port.
    pub(crate) fn start() -> Self {
        loop {
            let port = free_port();
            // Somebody else may take the port first.
            if let Some(child) = run(port, &[]) {
                return Self { child, port, tls: None };
            }
        }
    }

    /// Starts a server that also listens with TLS, with the certificate and key of this file.
    pub(crate) fn with_tls(pem: &Path) -> Self {
        let pem = pem.to_str().unwrap();
        loop {
            let (port, tls) = (free_port(), free_port());
            let number = tls.to_string();
            let options = [
                ["--tls-port", &number],
                ["--tls-cert-file", pem],
                ["--tls-key-file", pem],
                ["--tls-ca-cert-file", pem],
                ["--tls-auth-clients", "no"],
            ];
            if let Some(child) = run(port, options.as_flattened()) {
                return Self { child, port, tls: Some(tls) };
            }
        }
    }

    /// `rediss://127.0.0.1:PORT` of a server with TLS.
    pub(crate) fn tls_url(&self) -> String {
        format!("rediss://127.0.0.1:{}", self.tls.expect("a server with TLS"))
    }

    /// `redis://127.0.0.1:PORT`.
    pub(crate) fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// Runs a command; returns the first line of the reply, or the bulk string.
    pub(crate) fn command(&self, words: &[&str]) -> String {
        ask(self.port, words).expect("Redis answers")
    }

    /// Stops the process without ending it: it keeps its connections and says nothing.
    pub(crate) fn pause(&self) {
        self.signal("-STOP");
    }

    /// Continues a stopped process.
    pub(crate) fn resume(&self) {
        self.signal("-CONT");
    }

    /// Kills the process.
    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Starts it again, empty, on the same port.
    pub(crate) fn restart(&mut self) {
        self.kill();
        self.child = run(self.port, &[]).expect("the port is still free");
    }

    fn signal(&self, signal: &str) {
        let sent = Command::new("kill").args([signal, &self.child.id().to_string()]).status();
        assert!(sent.unwrap().success());
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        // Ends a stopped process too.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// Starts a server and waits until it answers; None: it has ended.
fn run(port: u16, options: &[&str]) -> Option<Child> {
    let mut child = Command::new("redis-server")
        .args(["--port", &port.to_string(), "--bind", "127.0.0.1", "--save", ""])
        .args(["--appendonly", "no", "--daemonize", "no", "--maxmemory-policy", "noeviction"])
        .args(options)
        .current_dir(std::env::temp_dir())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("redis-server is installed");
    let begun = Instant::now();
    while ask(port, &["PING"]).is_none_or(|answer| answer != "PONG") {
        if child.try_wait().unwrap().is_some() {
            return None;
        }
        assert!(begun.elapsed() < super::PATIENCE, "Redis does not start");
        std::thread::yield_now();
    }
    Some(child)
}

/// Sends one command over a connection of its own.
fn ask(port: u16, words: &[&str]) -> Option<String> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).ok()?;
    stream.set_read_timeout(Some(Duration::from_secs(5))).ok()?;
    let arguments = words.iter().map(|word| format!("${}\r\n{word}\r\n", word.len()));
    let command = format!("*{}\r\n{}", words.len(), arguments.collect::<String>());
    stream.write_all(command.as_bytes()).ok()?;
    let mut answer = BufReader::new(stream);
    let mut line = String::new();
    answer.read_line(&mut line).ok()?;
    let line = line.trim_end();
    if let Some(length) = line.strip_prefix('$').and_then(|length| length.parse().ok()) {
        let mut bytes = vec![0; length];
        answer.read_exact(&mut bytes).ok()?;
        return String::from_utf8(bytes).ok();
    }
    Some(line.trim_start_matches(['+', ':']).to_owned())
}
