//! A receiver of webhooks that answers what a test wants, and checks signatures by itself.

use std::sync::{Arc, Mutex};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use crate::support::{Json, PATIENCE};

/// Bytes of a block of SHA-256.
const BLOCK: usize = 64;

/// A receiver of webhooks.
pub(crate) struct Receiver {
    address: String,
    answer: Arc<Mutex<Option<String>>>,
    received: mpsc::UnboundedReceiver<Request>,
    serving: JoinHandle<()>,
}

/// A request that was received.
#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) id: String,
    timestamp: String,
    signature: String,
    pub(crate) kind: String,
    pub(crate) text: String,
}

/// An answer with this status and these lines of its head.
pub(crate) fn answer(status: u16, head: &str) -> String {
    format!("HTTP/1.1 {status} Answer\r\n{head}content-length: 0\r\nconnection: close\r\n\r\n")
}

/// An answer 200 with this JSON.
pub(crate) fn says(body: &Json) -> String {
    let body = body.to_string();
    format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{body}", body.len())
}

/// An answer 200 with this body of this type.
pub(crate) fn says_as(kind: &str, body: &str) -> String {
    let length = body.len();
    format!("HTTP/1.1 200 OK\r\ncontent-type: {kind}\r\ncontent-length: {length}\r\n\r\n{body}")
}

impl Receiver {
    pub(crate) async fn start() -> Self {
        Self::at("127.0.0.1:0").await
    }

    /// Starts one at this address, which answers 200.
    pub(crate) async fn at(address: &str) -> Self {
        let listener = TcpListener::bind(address).await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let (sender, received) = mpsc::unbounded_channel();
        let answer = Arc::new(Mutex::new(Some(answer(200, ""))));
        let answers = Arc::clone(&answer);
        let serving = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, sender.clone(), Arc::clone(&answers)));
            }
        });
        Self { address, answer, received, serving }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}/SECRET", self.address)
    }

    /// Answers like this from now on.
    pub(crate) fn answers(&self, answer: &str) {
        *self.answer.lock().unwrap() = Some(answer.to_owned());
    }

    /// Receives requests, and keeps them open.
    pub(crate) fn never_answers(&self) {
        *self.answer.lock().unwrap() = None;
    }

    /// Stops, and returns the address, which is free then.
    pub(crate) async fn stop(mut self) -> String {
        self.serving.abort();
        assert!((&mut self.serving).await.is_err_and(|error| error.is_cancelled()));
        self.address.clone()
    }

    /// The next request.
    pub(crate) async fn next(&mut self) -> Request {
        timeout(PATIENCE, self.received.recv()).await.expect("a request").unwrap()
    }

    /// Whether nothing more has arrived.
    pub(crate) fn is_empty(&mut self) -> bool {
        self.received.try_recv().is_err()
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

impl Request {
    pub(crate) fn body(&self) -> Json {
        serde_json::from_str(&self.text).unwrap()
    }

    /// Fails unless it is an event that was signed with this secret.
    #[track_caller]
    pub(crate) fn check(&self, secret: &str) {
        self.check_signature(secret);
        assert_eq!(self.kind, "application/json", "{self:?}");
    }

    /// Fails unless it was signed with this secret, as the specification says.
    #[track_caller]
    pub(crate) fn check_signature(&self, secret: &str) {
        let key = STANDARD.decode(secret.strip_prefix("whsec_").unwrap()).unwrap();
        assert!((24..=64).contains(&key.len()), "{} bytes", key.len());
        let signed = format!("{}.{}.{}", self.id, self.timestamp, self.text);
        let expected = format!("v1,{}", STANDARD.encode(hmac(&key, signed.as_bytes())));
        assert_eq!(self.signature, expected, "{self:?}");
        let sent: i64 = self.timestamp.parse().unwrap();
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
        assert!((now.as_secs().cast_signed() - sent).abs() < 300, "{self:?}");
        assert!(self.id.starts_with("msg_"), "{self:?}");
    }
}

/// HMAC with SHA-256 (RFC 2104), for keys of at most a block.
fn hmac(key: &[u8], text: &[u8]) -> Vec<u8> {
    let padded = |with: u8| {
        let mut block = [with; BLOCK];
        for (byte, key) in block.iter_mut().zip(key) {
            *byte ^= key;
        }
        block
    };
    let inner = Sha256::new().chain_update(padded(0x36)).chain_update(text).finalize();
    Sha256::new().chain_update(padded(0x5c)).chain_update(inner).finalize().to_vec()
}

async fn serve(
    stream: TcpStream,
    sender: mpsc::UnboundedSender<Request>,
    answers: Arc<Mutex<Option<String>>>,
) {
    let mut stream = BufReader::new(stream);
    let Some(request) = read(&mut stream).await else { return };
    // Before the test can change it, having seen the request.
    let answer = answers.lock().unwrap().clone();
    drop(sender.send(request));
    match answer {
        Some(answer) => drop(stream.write_all(answer.as_bytes()).await),
        // Until the sender gives up.
        None => drop(stream.read_to_end(&mut Vec::new()).await),
    }
}

async fn read(stream: &mut BufReader<TcpStream>) -> Option<Request> {
    let (mut head, mut length) = (Vec::new(), 0);
    loop {
        let mut line = String::new();
        stream.read_line(&mut line).await.ok()?;
        let Some((name, value)) = line.trim().split_once(':') else {
            if line.trim().is_empty() {
                break;
            }
            continue;
        };
        let (name, value) = (name.to_ascii_lowercase(), value.trim().to_owned());
        if name == "content-length" {
            length = value.parse().ok()?;
        }
        head.push((name, value));
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await.ok()?;
    let mut take = |wanted: &str| {
        let place = head.iter().position(|(name, _)| name == wanted)?;
        Some(head.swap_remove(place).1)
    };
    Some(Request {
        id: take("webhook-id")?,
        timestamp: take("webhook-timestamp")?,
        signature: take("webhook-signature")?,
        kind: take("content-type")?,
        text: String::from_utf8(body).ok()?,
    })
}
