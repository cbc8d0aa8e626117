//! The command line, used with a running server or on the data of a stopped one.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::{Json, Server};

/// `chatctl` with a data directory.
#[derive(Clone)]
pub(crate) struct Ctl {
    data: PathBuf,
    env: Vec<(String, String)>,
}

/// Output and exit code of a command.
#[derive(Debug)]
pub(crate) struct Said {
    asked: String,
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Ctl {
    /// Uses this data directory.
    pub(crate) fn at(data: &Path) -> Self {
        Self { data: data.to_owned(), env: Vec::new() }
    }

    /// Uses the data directory of a server, running or not.
    pub(crate) fn of(server: &Server) -> Self {
        Self::at(server.data())
    }

    /// Sets a configuration key: `("BACKUP__KEEP", "2")`.
    pub(crate) fn set(mut self, key: &str, value: &str) -> Self {
        self.env.push((format!("CHATCTL_{key}"), value.to_owned()));
        self
    }

    /// Returns the command before it runs, with only those variables of ours that were set.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_chatctl"));
        for (name, _) in
            std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("CHATCTL_"))
        {
            command.env_remove(name);
        }
        let folder = self.data.parent().filter(|folder| folder.is_dir()).unwrap_or(Path::new("/"));
        command.envs(self.env.iter().map(|(key, value)| (key, value))).current_dir(folder);
        command.arg("--data-dir").arg(&self.data).args(arguments);
        command
    }

    /// Runs a command without a terminal.
    pub(crate) fn run(&self, arguments: &[&str]) -> Said {
        self.run_with(arguments, "")
    }

    /// Runs a command with text on standard input.
    pub(crate) fn run_with(&self, arguments: &[&str], input: &str) -> Said {
        let mut child = self
            .command(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // A command that reads no input may have ended before it gets any.
        drop(child.stdin.take().unwrap().write_all(input.as_bytes()));
        let output = child.wait_with_output().unwrap();
        Said {
            asked: arguments.join(" "),
            code: output.status.code().unwrap_or(-1),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// Returns the only JSON object printed by a command.
    #[track_caller]
    pub(crate) fn one(&self, arguments: &[&str]) -> Json {
        let said = self.run(&[arguments, &["-o", "json"]].concat());
        said.ends(0);
        serde_json::from_str(&said.out).unwrap_or_else(|error| panic!("{error}: {said:?}"))
    }

    /// Returns all JSON objects printed by a command.
    #[track_caller]
    pub(crate) fn all(&self, arguments: &[&str]) -> Vec<Json> {
        let said = self.run(&[arguments, &["-o", "jsonl"]].concat());
        said.ends(0);
        said.out
            .lines()
            .map(|line| {
                serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"))
            })
            .collect()
    }

    /// Creates an account with the password `secret of NAME`, like [`super::Person`].
    #[track_caller]
    pub(crate) fn create(&self, name: &str, more: &[&str]) -> Json {
        let arguments =
            [&["user", "create", name, "--password-stdin", "-o", "json"], more].concat();
        let said = self.run_with(&arguments, &format!("secret of {name}\n"));
        said.ends(0);
        serde_json::from_str(&said.out).unwrap()
    }
}

impl Said {
    /// Fails unless it ended with this code.
    #[track_caller]
    pub(crate) fn ends(&self, code: i32) -> &Self {
        assert_eq!(self.code, code, "chatctl {}\n{}{}", self.asked, self.out, self.err);
        self
    }

    /// Fails unless it ended with this code, this text on standard error, and nothing on standard
    /// output.
    #[track_caller]
    pub(crate) fn fails(&self, code: i32, words: &str) -> &Self {
        self.ends(code);
        assert!(
            self.err.contains(words),
            "chatctl {}: {words:?} is not in {:?}",
            self.asked,
            self.err
        );
        assert_eq!(self.out, "", "chatctl {}", self.asked);
        self
    }
}
