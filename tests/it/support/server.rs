//! The real server as a child process, including its log.

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;

use tempfile::TempDir;
use tokio::sync::watch;
use tokio::time::timeout;

use super::PATIENCE;

/// A running server with a temporary data directory.
pub(crate) struct Server {
    data: TempDir,
    env: Vec<(String, String)>,
    running: Running,
}

struct Running {
    child: Child,
    address: String,
    output: Arc<Output>,
}

/// Output of the process so far; `count` announces more, `None` its end.
struct Output {
    lines: Mutex<Vec<String>>,
    count: watch::Sender<Option<usize>>,
}

impl Server {
    /// Starts a server with the default configuration.
    pub(crate) async fn start() -> Self {
        Self::start_with(&[]).await
    }

    /// Starts a server with configuration keys: `("ROOMS__IDLE_TIMEOUT_SECONDS", "1")`.
    pub(crate) async fn start_with(env: &[(&str, &str)]) -> Self {
        Self::start_in(tempfile::Builder::new().prefix("chatctl-").tempdir().unwrap(), env).await
    }

    /// Starts a server on existing data.
    pub(crate) async fn start_in(data: TempDir, env: &[(&str, &str)]) -> Self {
        Self::start_under(data, env, &[]).await
    }

    /// Starts a server on existing data, with configuration keys and with variables that a service
    /// manager sets.
    pub(crate) async fn start_under(
        data: TempDir,
        env: &[(&str, &str)],
        manager: &[(&str, &str)],
    ) -> Self {
        let env: Vec<_> = env
            .iter()
            .map(|(key, value)| (format!("CHATCTL_{key}"), (*value).to_owned()))
            .chain(manager.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())))
            .chain(super::cluster::of_a_new_server(data.path()))
            .collect();
        let running = Running::spawn(data.path(), &env).await;
        Self { data, env, running }
    }

    /// `http://127.0.0.1:PORT`.
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.running.address)
    }

    /// `127.0.0.1:PORT`.
    pub(crate) fn address(&self) -> &str {
        &self.running.address
    }

    /// Returns `127.0.0.1:PORT` of all listeners, if `SERVER__LISTEN` has several.
    pub(crate) async fn addresses(&self) -> Vec<String> {
        // Printed after the last address.
        self.wait_for_log(&["Data in "]).await;
        self.output()
            .iter()
            .filter_map(|line| Some(line.split_once("Listening on http://")?.1.trim().to_owned()))
            .collect()
    }

    /// Changes a configuration key for the next start.
    pub(crate) fn set(&mut self, key: &str, value: &str) {
        let key = format!("CHATCTL_{key}");
        self.env.retain(|(known, _)| *known != key);
        self.env.push((key, value.to_owned()));
    }

    /// Returns the process id.
    pub(crate) fn pid(&self) -> u32 {
        self.running.child.id()
    }

    /// Returns the data directory.
    pub(crate) fn data(&self) -> &Path {
        self.data.path()
    }

    /// Returns the output of the process, line by line.
    pub(crate) fn output(&self) -> Vec<String> {
        self.running.output.lines.lock().unwrap().clone()
    }

    /// Returns the content of the log files.
    pub(crate) fn log_files(&self) -> String {
        let mut paths: Vec<PathBuf> = fs::read_dir(self.data().join("logs"))
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .collect();
        paths.sort();
        paths.iter().map(|path| fs::read_to_string(path).unwrap()).collect()
    }

    /// Waits for the first line with all these parts.
    pub(crate) async fn wait_for_log(&self, parts: &[&str]) -> String {
        self.running.output.wait_for(parts).await.unwrap_or_else(|| {
            panic!("no line with {parts:?} in the output");
        })
    }

    /// Kills the process.
    pub(crate) fn kill9(&mut self) {
        self.running.child.kill().unwrap();
        self.running.child.wait().unwrap();
    }

    /// Asks the process to stop.
    pub(crate) fn ask_to_stop(&self) {
        let sent = Command::new("sh")
            .args(["-c", "kill -TERM \"$0\"", &self.pid().to_string()])
            .status()
            .unwrap();
        assert!(sent.success(), "no signal could be sent");
    }

    /// Waits for the end of the process.
    pub(crate) async fn exit(&mut self) -> ExitStatus {
        let mut count = self.running.output.count.subscribe();
        let ended = timeout(PATIENCE, count.wait_for(Option::is_none)).await.is_ok();
        assert!(ended, "the server did not stop");
        self.running.child.wait().unwrap()
    }

    /// Stops the process gracefully.
    pub(crate) async fn terminate(&mut self) -> ExitStatus {
        self.ask_to_stop();
        self.exit().await
    }

    /// Starts the server again on the same directory, with a new port; a running one is killed.
    pub(crate) async fn restart(&mut self) {
        self.running.end();
        self.running = Running::spawn(self.data.path(), &self.env).await;
    }
}

impl Running {
    async fn spawn(data: &Path, env: &[(String, String)]) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_chatctl"));
        for (name, _) in
            std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("CHATCTL_"))
        {
            command.env_remove(name);
        }
        command
            .env("CHATCTL_AUTH__HASH_THREADS", "2")
            // The web UI as optimised builds show it.
            .env("CHATCTL_UI", "joined")
            .envs(env.iter().map(|(key, value)| (key, value)));
        command.args(["serve", "--data-dir"]).arg(data).current_dir(data);
        if env.iter().all(|(key, _)| key != "CHATCTL_SERVER__LISTEN") {
            command.args(["--listen", "127.0.0.1:0"]);
        }
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let output =
            Arc::new(Output { lines: Mutex::default(), count: watch::Sender::new(Some(0)) });
        let errors = follow(child.stderr.take().unwrap(), &output);
        let lines = follow(child.stdout.take().unwrap(), &output);
        let of_both = Arc::clone(&output);
        thread::spawn(move || {
            drop(lines.join());
            drop(errors.join());
            of_both.count.send_replace(None);
        });
        let mut running = Self { child, address: String::new(), output };
        let Some(line) = running.output.wait_for(&["Listening on http"]).await else {
            panic!("the server did not start")
        };
        line.split("://")
            .nth(1)
            .unwrap()
            .trim()
            .trim_end_matches('/')
            .clone_into(&mut running.address);
        running
    }

    fn end(&mut self) {
        // It may have ended by itself.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.end();
        if thread::panicking() {
            let lines = self.output.lines.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            eprintln!("--- what the server wrote ---\n{}\n---", lines.join("\n"));
        }
    }
}

impl Output {
    async fn wait_for(&self, parts: &[&str]) -> Option<String> {
        let mut count = self.count.subscribe();
        let mut seen = 0;
        let found = async {
            loop {
                let last = count.borrow_and_update().is_none();
                {
                    let lines = self.lines.lock().unwrap();
                    if let Some(line) = lines[seen..]
                        .iter()
                        .find(|line| parts.iter().all(|part| line.contains(part)))
                    {
                        return Some(line.clone());
                    }
                    seen = lines.len();
                }
                if last || count.changed().await.is_err() {
                    return None;
                }
            }
        };
        timeout(PATIENCE, found).await.ok().flatten()
    }
}

fn follow(pipe: impl Read + Send + 'static, output: &Arc<Output>) -> thread::JoinHandle<()> {
    let output = Arc::clone(output);
    thread::spawn(move || {
        for line in BufReader::new(pipe).split(b'\n').map_while(Result::ok) {
            let count = {
                let mut lines = output.lines.lock().unwrap();
                lines.push(String::from_utf8_lossy(&line).into_owned());
                lines.len()
            };
            output.count.send_replace(Some(count));
        }
    })
}
