//! A connection with its place: reads and writes, and fails when the peer does not read for too
//! long.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpStream, UnixStream};
use tokio::time::Sleep;
use tokio_rustls::server::TlsStream;

use super::heads::Heads;
use super::places::{AddressPlace, Place};
use super::shared::Shared;
use super::streams::Streams;
use super::tls::HTTP2;
use crate::api::patience::Patience;
use crate::live::TryWrite;

/// Maximum number of unsent bytes in the system's buffer, which would otherwise hold megabytes for
/// a peer that does not read.
const UNSENT: u32 = 128 * 1024;

/// The underlying stream.
pub(super) enum Stream {
    Tcp(TcpStream),
    /// A WebSocket, which the fan-out writes too.
    Shared(Shared),
    Unix(UnixStream),
    Tls(Box<TlsStream<TcpStream>>),
}

/// A connection with its place.
pub(in crate::api) struct Connected {
    stream: Stream,
    writes: Option<Writes>,
    requests: Option<Requests>,
    _place: Place,
    _of_address: Option<AddressPlace>,
    _forwarded: Forwarded,
}

/// What waits for the requests of a connection.
#[derive(Clone)]
pub(super) enum Requests {
    /// HTTP/1.1.
    Heads(Heads),
    /// HTTP/2.
    Streams(Streams),
}

/// Place of the client for whom a proxy opened the WebSocket on this connection.
#[derive(Clone, Debug, Default)]
pub(in crate::api) struct Forwarded(Arc<Mutex<Option<AddressPlace>>>);

impl Forwarded {
    /// Keeps the place as long as the connection exists.
    pub(in crate::api) fn hold(&self, place: AddressPlace) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(place);
    }
}

/// How long the peer may keep a write waiting.
struct Writes {
    /// The time for a peer that does not read at all, by the configuration in effect.
    stall: Box<dyn Fn() -> Duration + Send>,
    patience: Patience,
    timer: Option<Pin<Box<Sleep>>>,
}

impl Stream {
    /// Returns whether the client chose HTTP/2.
    pub(super) fn is_http2(&self) -> bool {
        match self {
            Self::Tls(stream) => stream.get_ref().1.alpn_protocol() == Some(HTTP2),
            _ => false,
        }
    }
}

impl Connected {
    pub(super) fn new(
        stream: Stream,
        stall: impl Fn() -> Duration + Send + 'static,
        requests: Requests,
        (place, of_address): (Place, Option<AddressPlace>),
        forwarded: Forwarded,
    ) -> Self {
        let patience = Patience::new(stall());
        let writes = Some(Writes { stall: Box::new(stall), patience, timer: None });
        let requests = Some(requests);
        Self {
            stream,
            writes,
            requests,
            _place: place,
            _of_address: of_address,
            _forwarded: forwarded,
        }
    }

    /// Ends the time-outs for a WebSocket, whose loop has its own.
    pub(in crate::api) fn upgraded(mut self) -> Self {
        self.writes = None;
        self.requests = None;
        self.stream = match self.stream {
            Stream::Tcp(stream) => Stream::Shared(Shared::from(stream)),
            other => other,
        };
        self
    }

    /// Returns the writing side for those who do not wait; None: only the owner can write, because
    /// the connection is encrypted or is a Unix socket.
    pub(in crate::api) fn direct(&self) -> Option<Arc<dyn TryWrite>> {
        match &self.stream {
            Stream::Shared(stream) => Some(stream.writer()),
            Stream::Tcp(_) | Stream::Unix(_) | Stream::Tls(_) => None,
        }
    }
}

impl Writes {
    /// Waits for the peer until its time is used up.
    fn wait(&mut self, cx: &mut Context<'_>) -> Poll<io::Error> {
        self.patience.limit_to((self.stall)());
        let deadline = self.patience.wait(Instant::now()).into();
        let timer = self.timer.get_or_insert_with(|| Box::pin(tokio::time::sleep_until(deadline)));
        if timer.deadline() != deadline {
            timer.as_mut().reset(deadline);
        }
        ready!(timer.as_mut().poll(cx));
        Poll::Ready(io::Error::new(io::ErrorKind::TimedOut, "the peer does not read"))
    }
}

/// Configures a new connection: small writes are sent immediately, and few unsent bytes are
/// buffered in the system for a peer that does not read.
pub(super) fn prepare(stream: &TcpStream) -> io::Result<()> {
    stream.set_nodelay(true)?;
    socket2::SockRef::from(stream).set_tcp_notsent_lowat(UNSENT)
}

macro_rules! on_stream {
    ($self:ident, $stream:ident => $call:expr) => {
        match &mut $self.stream {
            Stream::Tcp($stream) => $call,
            Stream::Shared($stream) => $call,
            Stream::Unix($stream) => $call,
            Stream::Tls($stream) => $call,
        }
    };
}

impl AsyncRead for Connected {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        let read = on_stream!(self, stream => Pin::new(stream).poll_read(cx, buf));
        if let Some(Requests::Heads(heads)) = &self.requests
            && buf.filled().len() > before
        {
            heads.received(tokio::time::Instant::now());
        }
        read
    }
}

impl AsyncWrite for Connected {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let wrote = on_stream!(self, stream => Pin::new(stream).poll_write(cx, bytes));
        self.wrote(wrote, cx)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let wrote = on_stream!(self, stream => Pin::new(stream).poll_write_vectored(cx, slices));
        self.wrote(wrote, cx)
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = on_stream!(self, stream => Pin::new(stream).poll_flush(cx));
        self.waited(flushed, cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let ended = on_stream!(self, stream => Pin::new(stream).poll_shutdown(cx));
        self.waited(ended, cx)
    }
}

impl Connected {
    fn wrote(
        &mut self,
        wrote: Poll<io::Result<usize>>,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<usize>> {
        let Some(writes) = &mut self.writes else { return wrote };
        match wrote {
            Poll::Pending => writes.wait(cx).map(Err),
            Poll::Ready(Ok(count)) => {
                let now = Instant::now();
                writes.patience.went_on(count, now);
                if let Some(Requests::Streams(streams)) = &self.requests {
                    streams.sent(count, now.into());
                }
                Poll::Ready(Ok(count))
            }
            failed @ Poll::Ready(Err(_)) => failed,
        }
    }

    fn waited(&mut self, done: Poll<io::Result<()>>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match (&mut self.writes, done) {
            (Some(writes), Poll::Pending) => writes.wait(cx).map(Err),
            (_, done) => done,
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::net::TcpListener;

    use super::*;

    #[tokio::test]
    async fn little_waits_in_the_system_for_a_peer_that_does_not_read() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (deaf, accepted) = tokio::join!(TcpStream::connect(address), listener.accept());
        let (_deaf, (stream, _)) = (deaf.unwrap(), accepted.unwrap());
        prepare(&stream).unwrap();
        assert_eq!(socket2::SockRef::from(&stream).tcp_notsent_lowat().unwrap(), UNSENT);
        let (mut taken, bytes) = (0, vec![0; 16 * 1024]);
        loop {
            stream.writable().await.unwrap();
            match stream.try_write(&bytes) {
                Ok(count) => taken += count,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                Err(error) => panic!("{error}"),
            }
        }
        assert!(taken < 1024 * 1024, "the system accepted {taken} bytes");
    }
}
