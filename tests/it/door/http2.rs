//! HTTP/2: chosen in the TLS handshake, with the same answers as HTTP/1.1; its limits and its end.

use bytes::Bytes;
use h2::client::{Builder, ResponseFuture, SendRequest};
use h2::{Reason, SendStream};
use http::{HeaderMap, Request};
use serde_json::json;
use tokio::net::TcpStream;
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::pki_types::CertificateDer;
use tokio_tungstenite::client_async;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;

use super::tls::{issue, open_offering, start_with};
use crate::support::{Client, Json, PATIENCE, Server};

const BOTH: &[&str] = &["h2", "http/1.1"];

/// A server with a certificate.
struct Site {
    server: Server,
    certificate: CertificateDer<'static>,
    _folder: tempfile::TempDir,
}

impl Site {
    async fn start(keys: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let certificate = issue(folder.path());
        let server = start_with(folder.path(), keys).await;
        Self { server, certificate, _folder: folder }
    }

    async fn stream(&self, protocols: &[&str]) -> TlsStream<TcpStream> {
        open_offering(&self.server, &self.certificate, protocols).await.unwrap()
    }

    /// Opens a connection.
    async fn open(&self) -> Connection {
        self.open_with(&Builder::new()).await
    }

    async fn open_with(&self, builder: &Builder) -> Connection {
        let (send, connection) = builder.handshake(self.stream(BOTH).await).await.unwrap();
        Connection { send, ended: tokio::spawn(connection) }
    }
}

/// A connection of HTTP/2.
struct Connection {
    send: SendRequest<Bytes>,
    ended: JoinHandle<Result<(), h2::Error>>,
}

/// The answer to a request.
#[derive(Debug)]
struct Answer {
    status: u16,
    headers: HeaderMap,
    body: Vec<u8>,
}

impl Answer {
    #[track_caller]
    fn is(&self, status: u16) -> Json {
        let body = String::from_utf8_lossy(&self.body);
        assert_eq!(self.status, status, "{body}");
        serde_json::from_str(&body).unwrap_or_default()
    }
}

fn get(path: &str) -> http::request::Builder {
    Request::get(format!("https://localhost{path}"))
}

fn post(path: &str) -> http::request::Builder {
    Request::post(format!("https://localhost{path}"))
}

impl Connection {
    /// Begins a request with a body that follows.
    async fn begin(&self, request: http::request::Builder) -> (ResponseFuture, SendStream<Bytes>) {
        let mut send = self.send.clone().ready().await.unwrap();
        send.send_request(request.body(()).unwrap(), false).unwrap()
    }

    async fn ask(&self, request: http::request::Builder, body: impl Into<Bytes>) -> Answer {
        let (response, mut stream) = self.begin(request).await;
        stream.send_data(body.into(), true).unwrap();
        read(response).await.unwrap()
    }

    async fn get(&self, path: &str) -> Answer {
        self.ask(get(path), "").await
    }
}

/// Returns whether the server has ended a connection. It does not wait for what the client says
/// after its goodbye, so the client may fail to write that.
fn is_end(ended: &Result<(), h2::Error>) -> bool {
    ended.as_ref().map_or_else(h2::Error::is_io, |()| true)
}

async fn read(response: ResponseFuture) -> Result<Answer, h2::Error> {
    let (head, mut stream) = timeout(PATIENCE, response).await.expect("an answer")?.into_parts();
    let mut body = Vec::new();
    while let Some(part) = timeout(PATIENCE, stream.data()).await.expect("the answer goes on") {
        let part = part?;
        stream.flow_control().release_capacity(part.len())?;
        body.extend_from_slice(&part);
    }
    Ok(Answer { status: head.status.as_u16(), headers: head.headers, body })
}

#[tokio::test]
async fn the_client_chooses_the_protocol() {
    let site = Site::start(&[]).await;
    for (offered, chosen) in [
        (BOTH, Some("h2")),
        (&["http/1.1", "h2"], Some("h2")),
        (&["http/1.1"], Some("http/1.1")),
        (&[], None),
    ] {
        let stream = site.stream(offered).await;
        let protocol = stream.get_ref().1.alpn_protocol();
        assert_eq!(protocol, chosen.map(str::as_bytes), "{offered:?}");
    }
    let refused = open_offering(&site.server, &site.certificate, &["spdy/3"]).await;
    assert!(refused.is_err(), "RFC 7301, 3.2");
}

#[tokio::test]
async fn requests_mean_the_same_as_in_http_1() {
    let site = Site::start(&[]).await;
    let connection = site.open().await;
    let ann = json!({"userId": "ann", "password": "long enough"}).to_string();
    connection.ask(post("/api/users"), ann.clone()).await.is(201);
    let login = connection.ask(post("/api/login"), ann.clone()).await;
    let cookie = login.headers["set-cookie"].to_str().unwrap().to_owned();
    assert!(cookie.contains("; Secure"), "{cookie}");
    let cookie = cookie.split(';').next().unwrap();
    // Cookies may be several fields (RFC 9113, 8.2.3).
    let me = get("/api/users/me").header("cookie", "theme=dark").header("cookie", cookie);
    assert_eq!(connection.ask(me, "").await.is(200)["userId"], "ann");
    connection.get("/api/users/me").await.is(401);
    connection.get("/api/no-such").await.is(404);
    // The host is that of the target.
    let rename = |origin: &str, host: Option<&str>| {
        let request = post("/api/login").header("origin", origin);
        host.into_iter().fold(request, |request, host| request.header("host", host))
    };
    connection.ask(rename("https://localhost", None), ann.clone()).await.is(200);
    connection.ask(rename("https://localhost", Some("localhost")), ann.clone()).await.is(200);
    connection.ask(rename("https://evil.example", None), ann.clone()).await.is(403);
    let evil = rename("https://evil.example", Some("evil.example"));
    connection.ask(evil, ann.clone()).await.is(400);
    let named = connection.ask(Request::get("https://chat.example/health"), "").await;
    assert!(named.headers.contains_key("strict-transport-security"), "{:?}", named.headers);
    let local = connection.get("/health").await;
    assert!(!local.headers.contains_key("strict-transport-security"), "{:?}", local.headers);
    let head = Request::head("https://localhost/");
    let head = connection.ask(head, "").await;
    assert!(head.status == 200 && head.body.is_empty(), "{head:?}");
}

#[tokio::test]
async fn a_websocket_needs_http_1() {
    let site = Site::start(&[]).await;
    let connection = site.open().await;
    let ann = json!({"userId": "ann", "password": "long enough"}).to_string();
    connection.ask(post("/api/users"), ann.clone()).await.is(201);
    let token = connection.ask(post("/api/login"), ann).await.is(200)["token"].clone();
    let bearer = format!("Bearer {}", token.as_str().unwrap());
    connection.ask(get("/chat").header("authorization", &bearer), "").await.is(426);
    let stream = site.stream(&["http/1.1"]).await;
    let mut request = "wss://localhost/chat".into_client_request().unwrap();
    request.headers_mut().insert("authorization", bearer.parse().unwrap());
    let (stream, answer) = client_async(request, stream).await.unwrap();
    assert_eq!(answer.status().as_u16(), 101);
    drop(stream);
}

#[tokio::test]
async fn large_files_go_both_ways_at_the_same_time() {
    let site = Site::start(&[]).await;
    let connection = site.open().await;
    let ann = json!({"userId": "ann", "password": "long enough"}).to_string();
    connection.ask(post("/api/users"), ann.clone()).await.is(201);
    let token = connection.ask(post("/api/login"), ann).await.is(200)["token"].clone();
    let bearer = format!("Bearer {}", token.as_str().unwrap());
    let files: Vec<Vec<u8>> = (1..=3).map(|number| noise(number, 8 << 20)).collect();
    let both_ways = |file: Vec<u8>| {
        let (connection, bearer) = (&connection, &bearer);
        async move {
            let upload = post("/api/media").header("authorization", bearer);
            let media = connection.ask(upload, file.clone()).await.is(201);
            let path = format!("/api/media/{}", media["name"].as_str().unwrap());
            let found = connection.ask(get(&path).header("authorization", bearer), "").await;
            assert!(found.status == 200 && found.body == file, "{path}");
        }
    };
    let [one, two, three] = files.try_into().unwrap();
    tokio::join!(both_ways(one), both_ways(two), both_ways(three));
    // Refused before it is complete.
    let upload = post("/api/media").header("authorization", &bearer);
    connection.ask(upload.header("content-length", 26 << 20), vec![7; 26 << 20]).await.is(413);
    connection.get("/health").await.is(200);
}

/// Returns bytes that are no known type of file.
fn noise(seed: u32, size: usize) -> Vec<u8> {
    let mut state = seed;
    let next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        state.to_be_bytes()[0] | 0x80
    };
    std::iter::repeat_with(next).take(size).collect()
}

#[tokio::test]
async fn a_stop_answers_what_is_pending_and_ends_the_connection() {
    let mut site = Site::start(&[("SERVER__SHUTDOWN_GRACE_SECONDS", "3600")]).await;
    let connection = site.open().await;
    let (response, mut stream) = connection.begin(post("/api/users")).await;
    let body = json!({"userId": "ann", "password": "long enough"}).to_string();
    let (begin, end) = body.split_at(10);
    stream.send_data(Bytes::from(begin.to_owned()), false).unwrap();
    // Answered after the request before it has arrived.
    connection.get("/health").await.is(200);
    site.server.ask_to_stop();
    let mut send = connection.send.clone();
    let told = async {
        while let Ok(ready) = send.ready().await {
            send = ready;
            tokio::task::yield_now().await;
        }
    };
    timeout(PATIENCE, told).await.expect("the client is told that nothing more is accepted");
    stream.send_data(Bytes::from(end.to_owned()), true).unwrap();
    read(response).await.unwrap().is(201);
    drop(connection.send);
    let ended = timeout(PATIENCE, connection.ended).await.expect("an end").unwrap();
    assert!(is_end(&ended), "{ended:?}");
    assert!(site.server.exit().await.success());
}

#[tokio::test]
async fn a_client_that_is_gone_does_not_delay_the_stop() {
    let mut site = Site::start(&[
        ("LIMITS__KEEP_ALIVE_SECONDS", "3600"),
        ("SERVER__SHUTDOWN_GRACE_SECONDS", "3600"),
    ])
    .await;
    let (mut send, mut connection) = h2::client::handshake(site.stream(BOTH).await).await.unwrap();
    let (response, _) = send.send_request(get("/health").body(()).unwrap(), true).unwrap();
    let answer = tokio::select! {
        answer = read(response) => answer.unwrap(),
        _ = &mut connection => panic!("the connection ended"),
    };
    answer.is(200);
    // Nobody reads what the server sends on this connection.
    assert!(site.server.terminate().await.success());
}

#[tokio::test]
async fn an_idle_connection_is_closed_after_its_time() {
    let site = Site::start(&[("LIMITS__KEEP_ALIVE_SECONDS", "1")]).await;
    let connection = site.open().await;
    connection.get("/health").await.is(200);
    connection.get("/health").await.is(200);
    let ended = timeout(PATIENCE, connection.ended).await.expect("an end").unwrap();
    assert!(is_end(&ended), "{ended:?}");
}

#[tokio::test]
async fn pings_do_not_keep_an_idle_connection() {
    let site = Site::start(&[("LIMITS__KEEP_ALIVE_SECONDS", "1")]).await;
    let stream = site.stream(BOTH).await;
    let (send, mut connection) = Builder::new().handshake(stream).await.unwrap();
    let mut pings = connection.ping_pong().unwrap();
    let connection = Connection { send, ended: tokio::spawn(connection) };
    connection.get("/health").await.is(200);
    let alive = async { while pings.ping(h2::Ping::opaque()).await.is_ok() {} };
    timeout(PATIENCE, alive).await.expect("an end");
    assert!(is_end(&connection.ended.await.unwrap()));
}

#[tokio::test]
async fn a_response_to_head_has_no_body() {
    let site = Site::start(&[]).await;
    let connection = site.open().await;
    for (path, status) in
        [("/", 200), ("/health", 200), ("/api/openapi.json", 200), ("/api/users/me", 405)]
    {
        let head = Request::head(format!("https://localhost{path}"));
        let answer = connection.ask(head, "").await;
        assert_eq!((answer.status, answer.body.len()), (status, 0), "{path}");
        if status == 200 {
            let whole = connection.get(path).await.body.len().to_string();
            assert_eq!(answer.headers["content-length"], whole, "{path}");
        }
    }
}

#[tokio::test]
async fn pending_requests_count_like_connections() {
    let site = Site::start(&[("LIMITS__MAX_CONNECTIONS_PER_ADDRESS", "4")]).await;
    let mut builder = Builder::new();
    let connection = site.open_with(builder.initial_window_size(0)).await;
    let mut pending = Vec::new();
    for _ in 0..3 {
        let (response, mut stream) = connection.begin(get("/api/openapi.json")).await;
        stream.send_data(Bytes::new(), true).unwrap();
        pending.push(response.await.unwrap());
    }
    let refused = async || {
        let (response, mut stream) = connection.begin(Request::head("https://localhost/")).await;
        stream.send_data(Bytes::new(), true).unwrap();
        response.await.unwrap().status().as_u16() == 503
    };
    assert!(refused().await);
    pending.clear();
    let freed = async { while refused().await {} };
    timeout(PATIENCE, freed).await.expect("what is given up counts no more");
}

#[tokio::test]
async fn a_response_that_the_client_does_not_take_is_given_up_alone() {
    let site = Site::start(&[("LIMITS__STALL_SECONDS", "1")]).await;
    let mut builder = Builder::new();
    let connection = site.open_with(builder.initial_window_size(0)).await;
    let (response, mut stream) = connection.begin(get("/api/openapi.json")).await;
    stream.send_data(Bytes::new(), true).unwrap();
    let (head, mut body) = timeout(PATIENCE, response).await.unwrap().unwrap().into_parts();
    assert_eq!(head.status.as_u16(), 200);
    let end = timeout(PATIENCE, body.data()).await.expect("it is given up").unwrap();
    assert_eq!(end.unwrap_err().reason(), Some(Reason::CANCEL));
    let (response, mut stream) = connection.begin(Request::head("https://localhost/")).await;
    stream.send_data(Bytes::new(), true).unwrap();
    assert_eq!(response.await.unwrap().status().as_u16(), 200, "the others go on");
}

#[tokio::test]
async fn requests_have_limits() {
    let site = Site::start(&[]).await;
    let connection = site.open().await;
    connection.get("/health").await.is(200);
    assert_eq!(connection.send.current_max_send_streams(), 100);
    let large = get("/health").header("x-large", "x".repeat(20_000));
    let (response, mut stream) = connection.begin(large).await;
    // The server may have refused it already.
    drop(stream.send_data(Bytes::new(), true));
    assert_eq!(read(response).await.unwrap().status, 431);
    connection.get("/health").await.is(200);
}

#[tokio::test]
async fn a_flood_of_cancelled_requests_disturbs_nobody() {
    let site = Site::start(&[("LIMITS__ENABLED", "false")]).await;
    let (flood, other) = (site.open().await, site.open().await);
    let mut send = flood.send.clone();
    for _ in 0..2000 {
        // The server may close the connection.
        let Ok(ready) = send.ready().await else { break };
        send = ready;
        let request = get("/api/openapi.json").body(()).unwrap();
        let Ok((_, mut stream)) = send.send_request(request, false) else { break };
        stream.send_reset(Reason::CANCEL);
        tokio::task::yield_now().await;
    }
    other.get("/health").await.is(200);
    site.open().await.get("/health").await.is(200);
}

#[tokio::test]
async fn without_tls_the_server_speaks_http_1_only() {
    let server = Server::start().await;
    let stream = TcpStream::connect(server.address()).await.unwrap();
    let (mut send, connection) = h2::client::handshake(stream).await.unwrap();
    let connection = tokio::spawn(connection);
    let asked = send.send_request(get("/health").body(()).unwrap(), true);
    let answered = match asked {
        Ok((response, _)) => timeout(PATIENCE, response).await.expect("an answer").is_ok(),
        Err(_) => false,
    };
    assert!(!answered);
    drop(timeout(PATIENCE, connection).await.expect("an end"));
    Client::new(&server).get("/health").await.is(200);
}
