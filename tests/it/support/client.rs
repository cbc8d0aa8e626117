//! An HTTP client.

use std::convert::Infallible;
use std::fmt::Debug;

use bytes::Bytes;
use futures_util::stream;
use http_body_util::StreamBody;
use hyper::body::Frame;
use reqwest::Method;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use tokio::net::TcpStream;
use tokio_rustls::rustls::{ClientConfig, RootCertStore};
use tokio_tungstenite::client_async;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;

use super::{Answer, Json, PATIENCE, Server, Socket};

/// Sends requests to one address, with the same headers each time.
#[derive(Clone)]
pub(crate) struct Client {
    http: reqwest::Client,
    address: String,
    headers: HeaderMap,
}

/// Body of a request.
pub(crate) enum Body {
    Nothing,
    Json(Json),
    Raw(Vec<u8>),
    /// Sent in chunks, without a length.
    Chunked(Vec<u8>),
}

impl From<Json> for Body {
    fn from(json: Json) -> Self {
        Self::Json(json)
    }
}

impl From<&str> for Body {
    fn from(text: &str) -> Self {
        Self::Raw(text.as_bytes().to_vec())
    }
}

/// A client of the library, without TLS: it would look for a cryptography that the server chooses.
pub(crate) fn http() -> reqwest::ClientBuilder {
    let roots = RootCertStore::empty();
    let tls = ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
    reqwest::Client::builder().no_proxy().tls_backend_preconfigured(tls)
}

impl Client {
    /// A client without credentials.
    pub(crate) fn new(server: &Server) -> Self {
        Self::at(server.address())
    }

    /// A client for any address, for example that of a proxy; a path in it is put before those of
    /// requests.
    pub(crate) fn at(address: &str) -> Self {
        let http = http().timeout(PATIENCE).build().unwrap();
        Self { http, address: address.to_owned(), headers: HeaderMap::new() }
    }

    /// A client with another local address, as if from elsewhere.
    pub(crate) fn at_from(address: &str, local: std::net::IpAddr) -> Self {
        let http = http().timeout(PATIENCE).local_address(local).build().unwrap();
        Self { http, ..Self::at(address) }
    }

    /// The same client for another address.
    pub(crate) fn moved_to(&self, address: &str) -> Self {
        Self { address: address.to_owned(), ..self.clone() }
    }

    /// The same client with an additional header.
    pub(crate) fn with(&self, name: &str, value: &str) -> Self {
        let mut client = self.clone();
        client
            .headers
            .insert(name.parse::<HeaderName>().unwrap(), HeaderValue::from_str(value).unwrap());
        client
    }

    /// The same client without any headers.
    pub(crate) fn bare(&self) -> Self {
        Self { headers: HeaderMap::new(), ..self.clone() }
    }

    /// The same client with a JSON web token.
    pub(crate) fn bearer(&self, token: &str) -> Self {
        self.bare().with("authorization", &format!("Bearer {token}"))
    }

    /// Sends any request.
    pub(crate) async fn request(
        &self,
        method: Method,
        path: &str,
        body: impl Into<Body>,
    ) -> Answer {
        self.try_request(method, path, body).await.unwrap_or_else(|failure| panic!("{failure}"))
    }

    /// Sends any request to a server that may not answer.
    pub(crate) async fn try_request(
        &self,
        method: Method,
        path: &str,
        body: impl Into<Body>,
    ) -> Result<Answer, String> {
        let asked = format!("{method} {path}");
        let request = self
            .http
            .request(method, format!("http://{}{path}", self.address))
            .headers(self.headers.clone());
        let request = match body.into() {
            Body::Nothing => request,
            Body::Json(json) => request.json(&json),
            Body::Raw(bytes) => request.body(bytes),
            Body::Chunked(bytes) => request.body(pieces(bytes)),
        };
        let failed = |error: reqwest::Error| format!("{asked}: {error:?}");
        let response = request.send().await.map_err(failed)?;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let bytes = response.bytes().await.map_err(failed)?;
        let text = String::from_utf8_lossy(&bytes).into_owned();
        Ok(Answer { asked, status, headers, bytes, text })
    }

    /// Returns only the status, for endless responses.
    pub(crate) async fn status(&self, method: Method, path: &str, body: &str) -> u16 {
        let request = self
            .http
            .request(method, format!("http://{}{path}", self.address))
            .headers(self.headers.clone());
        let request = if body.is_empty() { request } else { request.body(body.to_owned()) };
        request.send().await.unwrap_or_else(|error| panic!("{path}: {error:?}")).status().as_u16()
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.request(Method::GET, path, Body::Nothing).await
    }

    pub(crate) async fn post(&self, path: &str, body: impl Into<Body>) -> Answer {
        self.request(Method::POST, path, body).await
    }

    pub(crate) async fn patch(&self, path: &str, body: impl Into<Body>) -> Answer {
        self.request(Method::PATCH, path, body).await
    }

    pub(crate) async fn put(&self, path: &str) -> Answer {
        self.request(Method::PUT, path, Body::Nothing).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Answer {
        self.request(Method::DELETE, path, Body::Nothing).await
    }

    /// Returns the response to a handshake; a socket it opens is dropped.
    pub(crate) async fn handshake(&self, path: &str) -> Answer {
        let asking = self
            .with("connection", "Upgrade")
            .with("upgrade", "websocket")
            .with("sec-websocket-version", "13");
        asking.with("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==").get(path).await
    }

    /// Opens a socket.
    pub(crate) async fn socket(&self, name: &str, path: &str) -> Socket {
        self.try_socket(name, path).await.unwrap_or_else(|failure| panic!("{failure}"))
    }

    /// Opens a socket to a server that may not answer.
    pub(crate) async fn try_socket(&self, name: &str, path: &str) -> Result<Socket, String> {
        let mut request = format!("ws://{}{path}", self.address).into_client_request().unwrap();
        request.headers_mut().extend(self.headers.clone());
        let host = self.address.split('/').next().unwrap();
        let failed = |error: &dyn Debug| format!("{name} could not open {path}: {error:?}");
        let stream = TcpStream::connect(host).await.map_err(|error| failed(&error))?;
        let (stream, _) = client_async(request, stream).await.map_err(|error| failed(&error))?;
        Ok(Socket::new(name, stream))
    }
}

/// A body without an announced length.
fn pieces(bytes: Vec<u8>) -> reqwest::Body {
    let bytes = Bytes::from(bytes);
    let starts = (0..bytes.len()).step_by(64 * 1024);
    let pieces: Vec<_> = starts
        .map(|start| {
            Ok::<_, Infallible>(Frame::data(bytes.slice(start..bytes.len().min(start + 64 * 1024))))
        })
        .collect();
    reqwest::Body::wrap(StreamBody::new(stream::iter(pieces)))
}
