//! A push service that answers what a test wants, and keeps what it received.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use crate::support::PATIENCE;

/// A push service.
pub(crate) struct Service {
    origin: String,
    answers: Arc<Mutex<VecDeque<String>>>,
    received: mpsc::UnboundedReceiver<Push>,
    serving: JoinHandle<()>,
}

/// A notification that was received.
#[derive(Debug)]
pub(crate) struct Push {
    pub(crate) origin: String,
    /// The last part of the path.
    pub(crate) name: String,
    head: HashMap<String, String>,
    /// In base64.
    pub(crate) body: String,
}

impl Push {
    #[track_caller]
    pub(crate) fn header(&self, name: &str) -> &str {
        self.head.get(name).unwrap_or_else(|| panic!("{name}: {self:?}"))
    }
}

impl Service {
    /// Starts one that answers 201.
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let origin = format!("http://{}", listener.local_addr().unwrap());
        let (sender, received) = mpsc::unbounded_channel();
        let answers = Arc::new(Mutex::new(VecDeque::new()));
        let (from, queue) = (origin.clone(), Arc::clone(&answers));
        let serving = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, from.clone(), sender.clone(), Arc::clone(&queue)));
            }
        });
        Self { origin, answers, received, serving }
    }

    /// The address of a device.
    pub(crate) fn url(&self, name: &str) -> String {
        format!("{}/push/{name}", self.origin)
    }

    /// Answers the next request with this status and these lines of its head, after what was said
    /// before; otherwise with 201.
    pub(crate) fn then_answers(&self, status: u16, head: &str) {
        let answer = format!(
            "HTTP/1.1 {status} Answer\r\n{head}content-length: 0\r\nconnection: close\r\n\r\n"
        );
        self.answers.lock().unwrap().push_back(answer);
    }

    /// The next notification.
    pub(crate) async fn next(&mut self) -> Push {
        timeout(PATIENCE, self.received.recv()).await.expect("a notification").unwrap()
    }

    /// A notification, if one has arrived.
    pub(crate) fn arrived(&mut self) -> Option<Push> {
        self.received.try_recv().ok()
    }

    /// Fails if something has arrived that was not asked for.
    pub(crate) fn is_empty(&mut self) {
        if let Ok(push) = self.received.try_recv() {
            panic!("{push:?}");
        }
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

async fn serve(
    stream: TcpStream,
    origin: String,
    sender: mpsc::UnboundedSender<Push>,
    answers: Arc<Mutex<VecDeque<String>>>,
) {
    let mut stream = BufReader::new(stream);
    let Some(push) = read(&mut stream, origin).await else { return };
    // Before the test can change it, having seen the request.
    let usual = "HTTP/1.1 201 Created\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
    let answer = answers.lock().unwrap().pop_front().unwrap_or_else(|| usual.to_owned());
    drop(sender.send(push));
    drop(stream.write_all(answer.as_bytes()).await);
}

async fn read(stream: &mut BufReader<TcpStream>, origin: String) -> Option<Push> {
    let mut first = String::new();
    stream.read_line(&mut first).await.ok()?;
    let path = first.strip_prefix("POST ")?.split(' ').next()?;
    let name = path.rsplit('/').next()?.to_owned();
    let mut head = HashMap::new();
    loop {
        let mut line = String::new();
        stream.read_line(&mut line).await.ok()?;
        if line.trim().is_empty() {
            break;
        }
        let (key, value) = line.trim().split_once(':')?;
        head.insert(key.to_ascii_lowercase(), value.trim().to_owned());
    }
    let mut body = vec![0; head.get("content-length")?.parse().ok()?];
    stream.read_exact(&mut body).await.ok()?;
    Some(Push { origin, name, head, body: STANDARD.encode(body) })
}
