//! Listeners and connections: time-outs, limits, TLS and a graceful end are in our hands, warp answers what arrives.

use std::collections::HashMap;
use std::io;
use std::net::IpAddr;
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use metrics::gauge;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream, UnixListener, UnixStream};
use tokio::sync::watch;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::server::TlsStream;
use tower_service::Service as _;
use tracing::{debug, warn};
use warp::Filter;
use warp::filters::BoxedFilter;
use warp::reply::Response;

use crate::config;

/// The whole head of a request must be there within this time; it also ends idle keep-alive connections.
const HEADER_TIME: Duration = Duration::from_secs(30);
/// Largest head of a request.
const HEADER_BYTES: usize = 16 * 1024;
const HANDSHAKE_TIME: Duration = Duration::from_secs(10);
/// How long to rest when the system has no descriptor left.
const ACCEPT_REST: Duration = Duration::from_millis(50);

/// Why a listener could not be made.
#[derive(Debug, thiserror::Error)]
pub enum BindError {
    /// The address is busy, not ours, or not an address.
    #[error("cannot listen on {address}: {source}")]
    Listen {
        /// As configured.
        address: String,
        /// The system's word.
        source: io::Error,
    },
    /// Certificate or key cannot be used.
    #[error("cannot use {file}: {why}")]
    Tls {
        /// Which file.
        file: PathBuf,
        /// What is wrong with it.
        why: String,
    },
}

/// The other end of a connection.
#[derive(Clone, Debug, Default)]
pub struct Peer {
    /// None for a Unix socket.
    pub address: Option<IpAddr>,
    /// TLS ended here.
    pub secure: bool,
}

/// A bound address.
pub struct Listener {
    socket: Socket,
    tls: Option<TlsAcceptor>,
    /// What people and clients use: `http://127.0.0.1:8080`, `https://…` or `unix:PATH`.
    pub address: String,
}

enum Socket {
    Tcp(TcpListener),
    Unix(UnixListener),
}

/// Binds every configured address; port 0 takes a free one.
pub async fn bind(server: &config::Server) -> Result<Vec<Listener>, BindError> {
    let tls = tls(server)?;
    let mut listeners = Vec::new();
    for address in &server.listen {
        let failed = |source| BindError::Listen { address: address.clone(), source };
        if let Some(path) = address.strip_prefix("unix:") {
            let socket = Socket::Unix(bind_unix(Path::new(path)).map_err(failed)?);
            listeners.push(Listener { socket, tls: None, address: address.clone() });
        } else {
            let socket = TcpListener::bind(address.as_str()).await.map_err(failed)?;
            let scheme = if tls.is_some() { "https" } else { "http" };
            let address = format!("{scheme}://{}", socket.local_addr().map_err(failed)?);
            listeners.push(Listener { socket: Socket::Tcp(socket), tls: tls.clone(), address });
        }
    }
    Ok(listeners)
}

/// A socket file that nobody answers on any more is replaced. Everybody on the machine may connect, as with a port.
fn bind_unix(path: &Path) -> io::Result<UnixListener> {
    let stale = std::fs::symlink_metadata(path).is_ok_and(|meta| meta.file_type().is_socket()) && std::os::unix::net::UnixStream::connect(path).is_err();
    if stale {
        std::fs::remove_file(path)?;
    }
    let listener = UnixListener::bind(path)?;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o666))?;
    Ok(listener)
}

fn tls(server: &config::Server) -> Result<Option<TlsAcceptor>, BindError> {
    let (Some(cert), Some(key)) = (&server.tls_cert, &server.tls_key) else { return Ok(None) };
    let bad = |file: &Path, why: &dyn std::fmt::Display| BindError::Tls { file: file.to_owned(), why: why.to_string() };
    let chain = CertificateDer::pem_file_iter(cert).and_then(Iterator::collect::<Result<Vec<_>, _>>).map_err(|why| bad(cert, &why))?;
    let key_der = PrivateKeyDer::from_pem_file(key).map_err(|why| bad(key, &why))?;
    let config = ServerConfig::builder().with_no_client_auth().with_single_cert(chain, key_der).map_err(|why| bad(cert, &why))?;
    Ok(Some(TlsAcceptor::from(Arc::new(config))))
}

/// What all connections share.
struct Shared {
    service: BoxedFilter<(Response,)>,
    connections: AtomicUsize,
    per_address: Mutex<HashMap<IpAddr, usize>>,
    max_connections: usize,
    max_per_address: usize,
    stop: watch::Receiver<bool>,
}

/// A place among the connections; given back when the connection, or the WebSocket that it became, ends.
struct Place {
    shared: Arc<Shared>,
    address: Option<IpAddr>,
}

impl Drop for Place {
    fn drop(&mut self) {
        gauge!("chatctl_connections").decrement(1);
        self.shared.connections.fetch_sub(1, Ordering::Relaxed);
        if let Some(address) = self.address {
            let mut all = self.shared.per_address.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(count) = all.get_mut(&address) {
                *count -= 1;
                if *count == 0 {
                    all.remove(&address);
                }
            }
        }
    }
}

impl Shared {
    /// None: the server, or this address, has as many connections as it may.
    fn place(self: &Arc<Self>, address: Option<IpAddr>) -> Option<Place> {
        let place = Place { shared: Arc::clone(self), address };
        gauge!("chatctl_connections").increment(1);
        let total = self.connections.fetch_add(1, Ordering::Relaxed) + 1;
        let here = address.map_or(0, |address| {
            let mut all = self.per_address.lock().unwrap_or_else(PoisonError::into_inner);
            let count = all.entry(address).or_default();
            *count += 1;
            *count
        });
        (total <= self.max_connections && here <= self.max_per_address).then_some(place)
    }
}

/// Serves until `stop` turns true; then accepts nothing more and returns when the last plain HTTP request is answered.
pub async fn serve(listeners: Vec<Listener>, service: BoxedFilter<(Response,)>, limits: config::Limits, stop: watch::Receiver<bool>) {
    let shared = Arc::new(Shared {
        service,
        connections: AtomicUsize::new(0),
        per_address: Mutex::default(),
        max_connections: limits.max_connections,
        max_per_address: limits.max_connections_per_address,
        stop,
    });
    let mut tasks = tokio::task::JoinSet::new();
    for listener in listeners {
        tasks.spawn(accept(listener, Arc::clone(&shared)));
    }
    while tasks.join_next().await.is_some() {}
}

async fn accept(listener: Listener, shared: Arc<Shared>) {
    let mut stop = shared.stop.clone();
    let mut connections = tokio::task::JoinSet::new();
    loop {
        let accepted = tokio::select! {
            accepted = listener.socket.accept() => accepted,
            Some(_) = connections.join_next(), if !connections.is_empty() => continue,
            () = stopped(&mut stop) => break,
        };
        match accepted {
            Ok((stream, address)) => {
                let Some(place) = shared.place(address) else {
                    debug!("connection refused: too many");
                    continue;
                };
                let (tls, shared) = (listener.tls.clone(), Arc::clone(&shared));
                connections.spawn(async move {
                    if let Some(stream) = encrypt(stream, tls).await {
                        let peer = Peer { address, secure: matches!(stream, Stream::Tls(_)) };
                        converse(Connected { stream, _place: place }, peer, &shared).await;
                    }
                });
            }
            Err(error) => {
                warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(ACCEPT_REST).await;
            }
        }
    }
    if let Some(path) = listener.address.strip_prefix("unix:") {
        // Nobody answers on it any more; a file that is left behind is replaced at the next start.
        drop(std::fs::remove_file(path));
    }
    drop(listener);
    while connections.join_next().await.is_some() {}
}

impl Socket {
    async fn accept(&self) -> io::Result<(Stream, Option<IpAddr>)> {
        match self {
            Self::Tcp(socket) => {
                let (stream, peer) = socket.accept().await?;
                stream.set_nodelay(true)?;
                Ok((Stream::Tcp(stream), Some(peer.ip().to_canonical())))
            }
            Self::Unix(socket) => Ok((Stream::Unix(socket.accept().await?.0), None)),
        }
    }
}

async fn encrypt(stream: Stream, tls: Option<TlsAcceptor>) -> Option<Stream> {
    match (stream, tls) {
        (Stream::Tcp(stream), Some(tls)) => {
            let stream = tokio::time::timeout(HANDSHAKE_TIME, tls.accept(stream)).await.ok()?.ok()?;
            Some(Stream::Tls(Box::new(stream)))
        }
        (stream, _) => Some(stream),
    }
}

async fn converse(stream: Connected, peer: Peer, shared: &Shared) {
    let service = warp::service(shared.service.clone().map(|response: Response| response));
    let answer = hyper::service::service_fn(move |mut request: hyper::Request<Incoming>| {
        request.extensions_mut().insert(peer.clone());
        let mut service = service.clone();
        async move { service.call(request).await }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_TIME)
        .max_buf_size(HEADER_BYTES)
        .serve_connection(TokioIo::new(stream), answer)
        .with_upgrades();
    let mut connection = std::pin::pin!(connection);
    let mut stop = shared.stop.clone();
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = stopped(&mut stop) => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        debug!(%error, "a connection ended early");
    }
}

/// Waits for the stop; a sender that is gone has stopped too.
async fn stopped(stop: &mut watch::Receiver<bool>) {
    drop(stop.wait_for(|stop| *stop).await);
}

/// A connection with its place.
pub(super) struct Connected {
    stream: Stream,
    _place: Place,
}

enum Stream {
    Tcp(TcpStream),
    Unix(UnixStream),
    Tls(Box<TlsStream<TcpStream>>),
}

macro_rules! on_stream {
    ($self:ident, $stream:ident => $call:expr) => {
        match &mut $self.get_mut().stream {
            Stream::Tcp($stream) => $call,
            Stream::Unix($stream) => $call,
            Stream::Tls($stream) => $call,
        }
    };
}

impl AsyncRead for Connected {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        on_stream!(self, stream => Pin::new(stream).poll_read(cx, buf))
    }
}

impl AsyncWrite for Connected {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        on_stream!(self, stream => Pin::new(stream).poll_write(cx, bytes))
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        on_stream!(self, stream => Pin::new(stream).poll_flush(cx))
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        on_stream!(self, stream => Pin::new(stream).poll_shutdown(cx))
    }
}
