//! Listeners and connections: this module controls time-outs, limits, TLS and graceful shutdown;
//! warp answers the requests.

mod heads;
mod http2;
pub(in crate::api) mod peer;
pub(in crate::api) mod places;
mod shared;
mod stop;
pub(in crate::api) mod stream;
mod streams;
mod tls;

use std::convert::Infallible;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::os::fd::AsFd;
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper_util::rt::TokioIo;
use metrics::counter;
use tokio::net::{TcpListener, UnixListener};
use tokio::sync::watch;
use tracing::{debug, warn};

pub use tls::Certificate;

use heads::Heads;
use peer::Peer;
use places::{AddressPlace, Full, Place};
use stop::stopped;
use stream::{Connected, Forwarded, Requests, Stream, prepare};
use streams::Streams;
use tls::Acceptor;

use super::door::Door;
use crate::admin::descriptors;
use crate::config;
use crate::model::rules::Fold;
use crate::service::sockets;

/// Maximum size of the head of a request.
const HEADER_BYTES: usize = 16 * 1024;
const HANDSHAKE_TIME: Duration = Duration::from_secs(10);
/// Pause when the system has run out of file descriptors.
const ACCEPT_REST: Duration = Duration::from_millis(50);
/// Sent without reading the request if no more connections are allowed.
const REFUSAL: &[u8] = b"HTTP/1.1 503 Service Unavailable\r\n\
    Connection: close\r\nRetry-After: 1\r\nContent-Length: 0\r\n\r\n";

/// An address that cannot be listened on: in use, not local, or not an address.
#[derive(Debug, thiserror::Error)]
#[error("cannot listen on {address}: {source}")]
pub struct BindError {
    /// The address as configured.
    address: String,
    /// Error of the operating system.
    source: io::Error,
}

/// A bound address.
pub struct Listener {
    socket: Socket,
    tls: Option<Acceptor>,
    /// Address for users and clients: `http://127.0.0.1:8080`, `https://…` or `unix:PATH`.
    pub address: String,
    /// File to remove when nobody listens on it any more.
    file: Option<PathBuf>,
}

enum Socket {
    Tcp(TcpListener),
    Unix(UnixListener),
}

/// Binds all configured addresses; port 0 selects a free port.
pub async fn bind(
    server: &config::Server,
    certificate: Option<&Certificate>,
) -> Result<Vec<Listener>, BindError> {
    let tls = certificate.map(Certificate::acceptor);
    let mut listeners = Vec::new();
    for address in &server.listen {
        let failed = |source| BindError { address: address.clone(), source };
        if let Some(path) = address.strip_prefix("unix:") {
            let mode = server.socket_mode().unwrap_or(0o600);
            let socket = Socket::Unix(bind_unix(Path::new(path), mode).map_err(failed)?);
            let (address, file) = (address.clone(), Some(PathBuf::from(path)));
            listeners.push(Listener { socket, tls: None, address, file });
        } else {
            let socket = TcpListener::bind(address.as_str()).await.map_err(failed)?;
            listeners.push(Listener::of(socket, tls.clone()).map_err(failed)?);
        }
    }
    Ok(listeners)
}

/// Listens on sockets that the service manager has opened. TCP sockets use TLS if there is a
/// certificate.
pub fn adopt(
    sockets: Vec<sockets::Socket>,
    certificate: Option<&Certificate>,
) -> Result<Vec<Listener>, BindError> {
    let tls = certificate.map(Certificate::acceptor);
    let adopted = sockets.into_iter().map(|socket| match socket {
        sockets::Socket::Tcp(socket) => {
            socket.set_nonblocking(true)?;
            Listener::of(TcpListener::from_std(socket)?, tls.clone())
        }
        sockets::Socket::Unix(socket) => {
            socket.set_nonblocking(true)?;
            let path = socket.local_addr()?.as_pathname().map(Path::to_path_buf);
            let address = format!("unix:{}", path.unwrap_or_default().display());
            let socket = Socket::Unix(UnixListener::from_std(socket)?);
            // The service manager keeps listening on its file.
            Ok(Listener { socket, tls: None, address, file: None })
        }
    });
    adopted.collect::<io::Result<_>>().map_err(|source| BindError {
        address: "a socket of the service manager".to_owned(),
        source,
    })
}

impl Listener {
    /// Returns the address if it is one for `https`.
    pub fn tls_address(&self) -> Option<SocketAddr> {
        match &self.socket {
            Socket::Tcp(socket) if self.tls.is_some() => socket.local_addr().ok(),
            _ => None,
        }
    }

    fn of(socket: TcpListener, tls: Option<Acceptor>) -> io::Result<Self> {
        let scheme = if tls.is_some() { "https" } else { "http" };
        let address = format!("{scheme}://{}", socket.local_addr()?);
        Ok(Self { socket: Socket::Tcp(socket), tls, address, file: None })
    }
}

/// Binds a Unix socket, replacing a socket file without a listener. The mode of the file decides
/// who may connect.
fn bind_unix(path: &Path, mode: u32) -> io::Result<UnixListener> {
    let stale = std::fs::symlink_metadata(path).is_ok_and(|meta| meta.file_type().is_socket())
        && std::os::unix::net::UnixStream::connect(path).is_err();
    if stale {
        std::fs::remove_file(path)?;
    }
    let listener = UnixListener::bind(path)?;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode))?;
    Ok(listener)
}

/// State shared by all connections.
struct Shared {
    door: Door,
    stop: watch::Receiver<bool>,
    /// Refused connections, reported once a minute.
    refused: Mutex<Fold>,
}

impl Shared {
    /// Takes a place for a connection of this peer. A trusted proxy is only limited by the total:
    /// its clients are counted individually where they are known.
    fn place(&self, peer: &Peer) -> Result<(Place, Option<AddressPlace>), Full> {
        let place = self.door.places().take()?;
        let counted = peer.address.filter(|_| !self.door.is_trusted(peer));
        Ok((place, counted.map(|address| self.door.places().take_of(address)).transpose()?))
    }

    fn tell(&self, full: Full, address: Option<IpAddr>) {
        let left_out =
            self.refused.lock().unwrap_or_else(PoisonError::into_inner).happened(Instant::now());
        let Some(left_out) = left_out else { return };
        let from =
            address.map_or_else(|| "a Unix socket".to_owned(), |address| address.to_string());
        let key = match full {
            Full::Server => "max_connections",
            Full::Address => "max_connections_per_address",
        };
        warn!(
            "A connection from {from} was refused: [limits] {key} is reached ({left_out} more \
             since the last such line)."
        );
    }
}

/// Serves until `stop` becomes true; then accepts no connections and returns when the last plain
/// HTTP request is answered.
pub async fn serve(listeners: Vec<Listener>, door: Door, stop: watch::Receiver<bool>) {
    let shared = Arc::new(Shared { door, stop, refused: Mutex::default() });
    let mut tasks = tokio::task::JoinSet::new();
    for listener in listeners {
        tasks.spawn(accept(listener, Arc::clone(&shared)));
    }
    while tasks.join_next().await.is_some() {}
}

async fn accept(listener: Listener, shared: Arc<Shared>) {
    let mut stop = shared.stop.clone();
    let mut connections = tokio::task::JoinSet::new();
    let mut failures = Fold::new();
    loop {
        let accepted = tokio::select! {
            accepted = listener.socket.accept() => accepted,
            Some(_) = connections.join_next(), if !connections.is_empty() => continue,
            () = stopped(&mut stop) => break,
        };
        match accepted {
            Ok((stream, address)) => {
                let peer = Peer { address, secure: false };
                let (place, of_address) = match shared.place(&peer) {
                    Ok(places) => places,
                    Err(full) => {
                        shared.tell(full, address);
                        refuse(&stream, listener.tls.is_some());
                        continue;
                    }
                };
                let (tls, shared) = (listener.tls.clone(), Arc::clone(&shared));
                connections.spawn(async move {
                    if let Some(stream) = encrypt(stream, tls).await {
                        let peer = Peer { secure: matches!(stream, Stream::Tls(_)), ..peer };
                        converse(stream, peer, (place, of_address), &shared).await;
                    }
                });
            }
            Err(error) => {
                counter!("chatctl_accept_failures_total").increment(1);
                if let Some(left_out) = failures.happened(Instant::now()) {
                    warn!(
                        "A connection could not be accepted: {error} ({left_out} more since the \
                         last such line)."
                    );
                }
                tokio::time::sleep(ACCEPT_REST).await;
            }
        }
    }
    if let Some(file) = &listener.file {
        // A file left behind is replaced at the next start.
        drop(std::fs::remove_file(file));
    }
    drop(listener);
    while connections.join_next().await.is_some() {}
}

/// Replies that no more connections are allowed. If the reply cannot be sent immediately, the
/// connection is just closed.
fn refuse(stream: &Stream, encrypted: bool) {
    match stream {
        Stream::Tcp(stream) if !encrypted => drop(stream.try_write(REFUSAL)),
        Stream::Unix(stream) => drop(stream.try_write(REFUSAL)),
        _ => (),
    }
}

impl Socket {
    async fn accept(&self) -> io::Result<(Stream, Option<IpAddr>)> {
        match self {
            Self::Tcp(socket) => {
                let (stream, peer) = socket.accept().await?;
                keep_some(&stream)?;
                prepare(&stream)?;
                Ok((Stream::Tcp(stream), Some(peer.ip().to_canonical())))
            }
            Self::Unix(socket) => {
                let (stream, _) = socket.accept().await?;
                keep_some(&stream)?;
                Ok((Stream::Unix(stream), None))
            }
        }
    }
}

/// Fails like the system does without free file descriptors while a few are left: those are
/// reserved for other purposes than connections.
fn keep_some(stream: &impl AsFd) -> io::Result<()> {
    if descriptors::is_among_the_last(stream) {
        return Err(nix::errno::Errno::EMFILE.into());
    }
    Ok(())
}

async fn encrypt(stream: Stream, tls: Option<Acceptor>) -> Option<Stream> {
    match (stream, tls) {
        (Stream::Tcp(stream), Some(tls)) => {
            let stream =
                tokio::time::timeout(HANDSHAKE_TIME, tls.accept(stream)).await.ok()?.ok()??;
            Some(Stream::Tls(Box::new(stream)))
        }
        (stream, _) => Some(stream),
    }
}

async fn converse(
    stream: Stream,
    peer: Peer,
    places: (Place, Option<AddressPlace>),
    shared: &Shared,
) {
    let door = &shared.door;
    let (forwarded, stall) = (Forwarded::default(), door.clone());
    let connected = |stream, requests| {
        let stall = move || stall.stall();
        Connected::new(stream, stall, requests, places, forwarded.clone())
    };
    if stream.is_http2() {
        let stall = door.clone();
        let streams = Streams::new(move || stall.stall());
        let stream = connected(stream, Requests::Streams(streams.clone()));
        let caller = (door.clone(), peer, forwarded);
        let stop = shared.stop.clone();
        // Boxed, so that other connections do not need more memory.
        return Box::pin(http2::converse(stream, streams, caller, HEADER_BYTES, stop)).await;
    }
    let idle = door.clone();
    let heads = Heads::new(move || idle.keep_alive());
    let stream = connected(stream, Requests::Heads(heads.clone()));
    let answer = hyper::service::service_fn(|request: hyper::Request<Incoming>| {
        let (door, peer, forwarded) = (door.clone(), peer.clone(), forwarded.clone());
        async move { Ok::<_, Infallible>(door.enter(request, &peer, &forwarded).await) }
    });
    let connection = http1::Builder::new()
        .timer(heads)
        // Turns the time limit on; `Heads` decides how long it is.
        .header_read_timeout(Duration::ZERO)
        .max_buf_size(HEADER_BYTES)
        // A client that ends its side after the request still waits for the answer.
        .half_close(true)
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
