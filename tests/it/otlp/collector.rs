//! A collector of logs that decodes OTLP/HTTP.

use std::collections::{BTreeMap, VecDeque};
use std::io::Read;
use std::sync::{Arc, Mutex};

use flate2::read::GzDecoder;
use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::common::v1::KeyValue;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::logs::v1::LogRecord;
use prost::Message;
use tokio::io::{
    AsyncBufRead, AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader,
};
use tokio::net::TcpListener;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;

use crate::support::PATIENCE;

/// A request to the collector.
pub(super) struct Request {
    pub(super) head: Vec<String>,
    pub(super) resource: BTreeMap<String, String>,
    pub(super) records: Vec<LogRecord>,
}

/// What the collector answers: the prepared answers first, then that it accepts everything.
#[derive(Default)]
pub(super) struct Answers(Mutex<VecDeque<Vec<u8>>>);

impl Answers {
    pub(super) fn then(&self, status: &str, headers: &str, body: &[u8]) {
        let head = format!("HTTP/1.1 {status}\r\n{headers}content-length: {}\r\n\r\n", body.len());
        self.0.lock().unwrap().push_back([head.as_bytes(), body].concat());
    }

    fn next(&self) -> Vec<u8> {
        let accepted = || b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n".to_vec();
        self.0.lock().unwrap().pop_front().unwrap_or_else(accepted)
    }
}

/// A collector.
pub(super) struct Collector {
    pub(super) address: String,
    pub(super) answers: Arc<Answers>,
    /// Whether requests are answered now.
    pub(super) open: watch::Sender<bool>,
    pub(super) received: mpsc::UnboundedReceiver<Request>,
    serving: JoinHandle<()>,
}

impl Collector {
    pub(super) async fn at(address: &str, tls: Option<TlsAcceptor>) -> Self {
        let listener = TcpListener::bind(address).await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let (sender, received) = mpsc::unbounded_channel();
        let (open, opened) = watch::channel(true);
        let answers = Arc::new(Answers::default());
        let prepared = Arc::clone(&answers);
        let serving = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (sender, opened) = (sender.clone(), opened.clone());
                let (answers, tls) = (Arc::clone(&prepared), tls.clone());
                tokio::spawn(async move {
                    match tls {
                        None => serve(stream, opened, &answers, &sender).await,
                        Some(tls) => {
                            let Ok(stream) = tls.accept(stream).await else { return };
                            serve(stream, opened, &answers, &sender).await;
                        }
                    }
                });
            }
        });
        Self { address, answers, open, received, serving }
    }

    pub(super) async fn start() -> Self {
        Self::at("127.0.0.1:0", None).await
    }

    pub(super) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(super) async fn request(&mut self) -> Request {
        // After a request that was not answered, the exporter rests for some time.
        timeout(3 * PATIENCE, self.received.recv()).await.expect("a request").unwrap()
    }

    /// All records up to the first whose text begins so, in their order.
    pub(super) async fn until(&mut self, begin: &str) -> Vec<LogRecord> {
        let mut all = Vec::new();
        while !all.iter().any(|record| text(record).starts_with(begin)) {
            all.extend(self.request().await.records);
        }
        all
    }
}

impl Drop for Collector {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

/// Answers one request.
async fn serve(
    stream: impl AsyncRead + AsyncWrite + Unpin,
    mut opened: watch::Receiver<bool>,
    answers: &Answers,
    sender: &mpsc::UnboundedSender<Request>,
) {
    let mut stream = BufReader::new(stream);
    let Some((head, body)) = receive(&mut stream).await else { return };
    tokio::select! {
        _ = opened.wait_for(|open| *open) => {}
        // The client gave up.
        _ = stream.read_u8() => return,
    }
    let answer = answers.next();
    // First received, then answered: what is sent again was not received.
    if answer.starts_with(b"HTTP/1.1 200") {
        drop(sender.send(decoded(head, &body)));
    }
    drop(stream.write_all(&answer).await);
    drop(stream.shutdown().await);
}

/// The head of a request and its body.
async fn receive(stream: &mut (impl AsyncBufRead + Unpin)) -> Option<(Vec<String>, Vec<u8>)> {
    let mut head = Vec::new();
    loop {
        let mut line = String::new();
        stream.read_line(&mut line).await.ok()?;
        if line.trim().is_empty() {
            break;
        }
        head.push(line.trim().to_owned());
    }
    let length = head.iter().find_map(|line| line.strip_prefix("content-length: "))?;
    let mut body = vec![0; length.parse().ok()?];
    stream.read_exact(&mut body).await.ok()?;
    Some((head, body))
}

fn decoded(head: Vec<String>, body: &[u8]) -> Request {
    let mut plain = Vec::new();
    GzDecoder::new(body).read_to_end(&mut plain).unwrap();
    let mut decoded = ExportLogsServiceRequest::decode(&*plain).unwrap();
    assert_eq!(decoded.resource_logs.len(), 1);
    let mut logs = decoded.resource_logs.remove(0);
    assert_eq!(logs.scope_logs.len(), 1);
    let scoped = logs.scope_logs.remove(0);
    assert_eq!(scoped.scope.unwrap().name, "chatctl");
    let resource = values(&logs.resource.unwrap().attributes);
    assert!(!scoped.log_records.is_empty(), "a request has records");
    Request { head, resource, records: scoped.log_records }
}

pub(super) fn shown(value: &Value) -> String {
    match value {
        Value::StringValue(text) => text.clone(),
        Value::IntValue(number) => format!("{number} as a number"),
        other => panic!("{other:?}"),
    }
}

pub(super) fn values(attributes: &[KeyValue]) -> BTreeMap<String, String> {
    let pairs = attributes.iter().map(|pair| {
        let value = pair.value.as_ref().unwrap().value.as_ref().unwrap();
        (pair.key.clone(), shown(value))
    });
    let all: BTreeMap<String, String> = pairs.collect();
    assert_eq!(all.len(), attributes.len(), "a key twice: {attributes:?}");
    all
}

pub(super) fn text(record: &LogRecord) -> String {
    shown(record.body.as_ref().unwrap().value.as_ref().unwrap())
}
