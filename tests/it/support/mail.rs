//! A real mail server, which requires STARTTLS and the password `let me in` of `chat`.

use std::fs;
use std::io::{BufRead, BufReader, Lines};
use std::path::PathBuf;
use std::process::{Child, ChildStdout, Command, Stdio};

use tempfile::TempDir;

use super::Json;

/// A running mail server, and the letters that it has taken.
pub(crate) struct MailServer {
    child: Child,
    pub(crate) port: String,
    messages: Lines<BufReader<ChildStdout>>,
    folder: TempDir,
}

impl MailServer {
    /// Starts one for the name `localhost`.
    pub(crate) fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let [certificate, key] = ["cert.pem", "key.pem"].map(|name| folder.path().join(name));
        let pair = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
        fs::write(&certificate, pair.cert.pem()).unwrap();
        fs::write(&key, pair.signing_key.serialize_pem()).unwrap();
        let mut child = Command::new("target/test-tools/schemathesis/bin/python")
            .arg("tests/smtp/server.py")
            .args([certificate, key])
            .args(["chat", "let me in"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            // A client that refuses its certificate is a long stack trace there.
            .stderr(Stdio::null())
            .spawn()
            .expect("the tools that tests/run installs");
        let mut messages = BufReader::new(child.stdout.take().unwrap()).lines();
        let port = messages.next().unwrap().unwrap();
        Self { child, port, messages, folder }
    }

    /// The certificate, which `SSL_CERT_FILE` makes a trusted one.
    pub(crate) fn certificate(&self) -> PathBuf {
        self.folder.path().join("cert.pem")
    }

    /// The settings of a server that sends its mail through this one.
    pub(crate) fn settings(&self) -> [(&'static str, &str); 6] {
        [
            ("MAIL__HOST", "localhost"),
            ("MAIL__PORT", &self.port),
            ("MAIL__USER", "chat"),
            ("MAIL__PASSWORD", "let me in"),
            ("MAIL__FROM", "Chat <chat@example.org>"),
            ("EGRESS__ALLOWED_NETWORKS", "127.0.0.1,::1"),
        ]
    }

    /// The next letter; waits for it.
    pub(crate) fn next(&mut self) -> Json {
        serde_json::from_str(&self.messages.next().unwrap().unwrap()).unwrap()
    }
}

impl Drop for MailServer {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
