//! A server that fails at some requests, and lets others wait.

use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::PATIENCE;

/// Maximum length of a request's head.
const HEAD: usize = 16 << 10;

/// Part of a path, and whose end lets its requests pass.
type Gate = (String, watch::Receiver<()>);

/// Forwards requests to a server. Answers some of them itself, with 503.
pub(crate) struct Faulty {
    address: String,
    faults: Arc<watch::Sender<Vec<Fault>>>,
    held: Arc<Mutex<Vec<Gate>>>,
    listening: JoinHandle<()>,
}

/// Requests wait until it is dropped.
pub(crate) struct Held {
    _gate: watch::Sender<()>,
}

/// Requests that fail.
struct Fault {
    /// Part of their paths.
    path: String,
    /// How many are left.
    left: usize,
}

impl Faulty {
    /// Creates one in front of this address.
    pub(crate) async fn to(target: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let faults = Arc::new(watch::Sender::new(Vec::new()));
        let held = Arc::new(Mutex::new(Vec::new()));
        let all = (target.to_owned(), Arc::clone(&faults), Arc::clone(&held));
        let listening = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let (target, faults, held) = all.clone();
                tokio::spawn(async move { drop(carry(client, &target, &faults, &held).await) });
            }
        });
        Self { address, faults, held, listening }
    }

    /// Returns the address for clients.
    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    /// Fails the next requests whose path contains a text.
    pub(crate) fn fail(&self, path: &str, times: usize) {
        let fault = Fault { path: path.to_owned(), left: times };
        self.faults.send_modify(|faults| faults.push(fault));
    }

    /// Lets requests whose path contains a text wait.
    pub(crate) fn hold(&self, path: &str) -> Held {
        let (gate, closed) = watch::channel(());
        self.held.lock().unwrap().push((path.to_owned(), closed));
        Held { _gate: gate }
    }

    /// Waits until no failure is left.
    pub(crate) async fn until_failed(&self) {
        let mut faults = self.faults.subscribe();
        let none = faults.wait_for(Vec::is_empty);
        assert!(timeout(PATIENCE, none).await.is_ok(), "not all requests came that should fail");
    }

    /// Returns whether no failure is left.
    pub(crate) fn has_failed(&self) -> bool {
        self.faults.borrow().is_empty()
    }
}

impl Drop for Faulty {
    fn drop(&mut self) {
        self.listening.abort();
    }
}

/// Carries one request: the connection is closed after its response, so that each request has one.
async fn carry(
    mut client: TcpStream,
    target: &str,
    faults: &watch::Sender<Vec<Fault>>,
    gates: &Mutex<Vec<Gate>>,
) -> std::io::Result<()> {
    let mut head = Vec::new();
    let end = loop {
        if let Some(at) = head.windows(4).position(|four| four == b"\r\n\r\n") {
            break at;
        }
        if client.read_buf(&mut head).await? == 0 || head.len() > HEAD {
            return Ok(());
        }
    };
    let text = String::from_utf8_lossy(&head[..end]).into_owned();
    let path = text.split(' ').nth(1).unwrap_or_default();
    let gate = gates.lock().unwrap().iter().find(|(part, _)| path.contains(part)).cloned();
    if let Some((_, mut gate)) = gate {
        // Nothing is ever sent: it ends with an error when the other side is dropped.
        drop(gate.changed().await);
    }
    if fails(path, faults) {
        let answer = "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nConnection: \
                      close\r\n\r\n";
        client.write_all(answer.as_bytes()).await?;
        return client.shutdown().await;
    }
    let mut server = TcpStream::connect(target).await?;
    let upgrade = text.to_ascii_lowercase().contains("\r\nupgrade:");
    server.write_all(&head[..end]).await?;
    if !upgrade {
        server.write_all(b"\r\nConnection: close").await?;
    }
    server.write_all(&head[end..]).await?;
    copy_bidirectional(&mut client, &mut server).await.map(drop)
}

fn fails(path: &str, faults: &watch::Sender<Vec<Fault>>) -> bool {
    faults.send_if_modified(|faults| {
        let at = faults.iter().position(|fault| path.contains(&fault.path));
        if let Some(at) = at {
            faults[at].left -= 1;
            if faults[at].left == 0 {
                faults.remove(at);
            }
        }
        at.is_some()
    })
}
