//! A node of Cassandra as a child process.

use std::collections::VecDeque;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Sender, channel};

/// A running node. The kernel ends it with this process, whatever becomes of that.
pub(crate) struct Node {
    /// `127.A.B.C:9042`.
    pub(crate) address: String,
    process: u32,
}

impl Node {
    /// Starts a node in a directory of its own, with a random address; it loses everything at its
    /// end.
    pub(crate) fn temporary() -> Self {
        // The script removes the directory.
        Self::start("TERM", &["--temporary"], &[])
    }

    /// Starts a node with the data of this directory; `seed`: the first node of its cluster. With
    /// these variables in its environment.
    pub(crate) fn at(
        directory: &Path,
        address: &str,
        seed: &str,
        variables: &[(String, String)],
    ) -> Self {
        Self::start("KILL", &[directory.to_str().unwrap(), address, seed], variables)
    }

    /// As [`Self::temporary`], with passwords: there is the user `cassandra` with the password
    /// `cassandra`.
    pub(crate) fn with_passwords() -> Self {
        let passwords = [("CASSANDRA_PASSWORDS".to_owned(), "1".to_owned())];
        Self::start("TERM", &["--temporary"], &passwords)
    }

    /// Id of its process.
    pub(crate) fn pid(&self) -> u32 {
        self.process
    }

    fn start(signal: &'static str, arguments: &[&str], variables: &[(String, String)]) -> Self {
        let mut command = Command::new("setpriv");
        command
            .envs(variables.iter().map(|(name, value)| (name, value)))
            .args(["--pdeathsig", signal])
            .arg(root().join("tests/cassandra/node"))
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null());
        let (found, started) = channel();
        // The signal comes when the thread that started the node ends, so that thread stays.
        std::thread::spawn(move || {
            let mut child = command.spawn().expect("setpriv is there");
            listen(&mut child, &found);
            drop(child.wait());
        });
        started.recv().unwrap().unwrap_or_else(|log| panic!("{log}"))
    }

    /// Stops its process (SIGSTOP) until [`Self::go_on`].
    pub(crate) fn stop(&self) {
        self.signal("STOP");
    }

    /// Lets its process go on.
    pub(crate) fn go_on(&self) {
        self.signal("CONT");
    }

    /// Kills it, as a loss of power would; a temporary one is gone with its directory.
    pub(crate) fn kill(&self) {
        self.signal("KILL");
    }

    /// Kills it, if it is not dead already.
    pub(crate) fn kill_if_running(&self) {
        self.try_signal("KILL");
    }

    /// Ends it cleanly.
    pub(crate) fn end(&self) {
        self.signal("TERM");
    }

    fn signal(&self, name: &str) {
        assert!(self.try_signal(name), "{name} to {}", self.process);
    }

    fn try_signal(&self, name: &str) -> bool {
        let process = self.process.to_string();
        let mut kill = Command::new("kill");
        kill.args([&format!("-{name}"), &process]).stderr(Stdio::null());
        kill.status().unwrap().success()
    }
}

/// Reads what a node writes; sends it when it has started, or the last lines if it ends.
fn listen(child: &mut Child, found: &Sender<Result<Node, String>>) {
    let (mut last, mut address) = (VecDeque::new(), None);
    for line in BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok) {
        if let Some((_, rest)) = line.split_once("Starting listening for CQL clients on /") {
            address = rest.split_whitespace().next().map(str::to_owned);
        }
        // It says that it listens before it does.
        if line.contains("Startup complete") {
            let node = Node { address: address.take().unwrap(), process: child.id() };
            drop(found.send(Ok(node)));
        }
        last.push_back(line);
        if last.len() > 50 {
            last.pop_front();
        }
    }
    let log = last.make_contiguous().join("\n");
    // Nobody listens any more if it had started.
    drop(found.send(Err(format!("Cassandra does not run (tests/run installs it):\n{log}"))));
}

/// The checkout.
pub(super) fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let root = here.ancestors().find(|path| path.join("tests/cassandra/node").exists());
    root.expect("the tests are in a checkout").to_path_buf()
}
