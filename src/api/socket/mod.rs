//! The WebSocket loop of all dialects: handshake, limits, heartbeat, queue, replay, close.
//!
//! Each socket has a task, which reads frames, runs commands and writes what the fan-out could not
//! write without waiting; it never waits for another socket.

mod end;
mod first;
mod metered;
mod queued;
mod run;
#[cfg(test)]
mod tests;
mod tracker;

use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocketConfig};
use tracing::{Instrument, debug};
use warp::http::header::{
    CONNECTION, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_VERSION, UPGRADE,
};
use warp::http::{HeaderValue, StatusCode};
use warp::reply::Response;

pub use tracker::Sockets;

use self::metered::Metered;
use self::queued::Queued;
use super::accept::stream::Connected;
use super::request::Request;
use super::{FirstFrameAuth, SocketDialect, respond};
use crate::chat::{Authenticated, Chat};
use crate::live::{CloseReason, Encoder};
use crate::model::{Error, Result, RoomId};

/// tungstenite fills its read buffer with zeros at each read: a large buffer costs time and, per
/// idle socket, memory.
const READ_BUFFER: usize = 1024;
/// A WebSocket over one of our connections, or in tests over another stream.
type Stream<S = Connected> = WebSocketStream<Metered<Queued<S>>>;

impl Request {
    /// Switches protocols and runs the socket loop in a task of its own; with `Some(room)` the
    /// socket enters that room immediately.
    pub fn upgrade<D: SocketDialect>(
        mut self,
        chat: &Chat,
        who: Authenticated,
        state: D::State,
        enter: Option<RoomId>,
    ) -> Result<Response> {
        let handshake = Handshake::of(&mut self)?;
        let connection = chat.open(who, voice::<D>())?;
        let entry = enter.map(|room| run::Entry { room, refused: CloseReason::Normal });
        let (chat, times, member) = (chat.clone(), times(&self), self.sockets.join());
        handshake.switch(&self, async move |stream| {
            run::Loop::<D, _>::new(stream, connection, state, times, member)
                .run(&chat, entry)
                .await;
        })
    }

    /// Switches protocols for a socket that is authenticated by its first frame.
    pub fn upgrade_unknown<D: FirstFrameAuth>(
        mut self,
        chat: &Chat,
        state: D::State,
    ) -> Result<Response> {
        let handshake = Handshake::of(&mut self)?;
        let (chat, times, member, client) =
            (chat.clone(), times(&self), self.sockets.join(), self.client.clone());
        handshake.switch(&self, async move |stream| {
            first::PendingSocket::<D, _> { stream, client, state, times, member }
                .receive(&chat)
                .await;
        })
    }
}

/// Returns whether the key of a handshake is valid by RFC 6455: 16 bytes in Base64.
fn is_key(key: &HeaderValue) -> bool {
    BASE64_STANDARD.decode(key.as_bytes()).is_ok_and(|key| key.len() == 16)
}

fn voice<D: SocketDialect>() -> Encoder {
    Encoder { name: D::NAME, encode: D::encode, personal: D::PERSONAL }
}

fn times(request: &Request) -> run::Times {
    let config = &request.config;
    run::Times { heartbeat: Duration::from_secs(config.server.heartbeat_seconds) }
}

/// A valid handshake.
struct Handshake {
    key: HeaderValue,
    on: OnUpgrade,
}

impl Handshake {
    fn of(request: &mut Request) -> Result<Self> {
        let version = request.headers().get(SEC_WEBSOCKET_VERSION).is_some_and(|v| v == "13");
        let key = request
            .headers()
            .get(SEC_WEBSOCKET_KEY)
            .filter(|key| request.is_upgrade() && version && is_key(key))
            .cloned();
        let (Some(key), Some(on)) = (key, request.upgrade.take()) else {
            return Err(Error::UpgradeRequired);
        };
        request.check_origin(true)?;
        Ok(Self { key, on })
    }

    /// Answers with 101 and handles the connection in a task of its own.
    fn switch<F: Future<Output = ()> + Send>(
        self,
        request: &Request,
        talk: impl FnOnce(Stream) -> F + Send + 'static,
    ) -> Result<Response> {
        let Self { key, on } = self;
        let max_frame = request.config.limits.max_frame_bytes;
        let limits = WebSocketConfig::default()
            .read_buffer_size(READ_BUFFER)
            // The outbox collects frames.
            .write_buffer_size(0)
            .max_message_size(Some(max_frame))
            .max_frame_size(Some(max_frame));
        let socket = async move {
            let upgraded = match on.await {
                Ok(upgraded) => upgraded,
                Err(error) => return debug!(%error, "the protocol was not switched"),
            };
            // The type served by accept.rs.
            let Ok(parts) = upgraded.downcast::<TokioIo<Connected>>() else { return };
            let io = Metered::new(Queued::new(parts.io.into_inner().upgraded()), max_frame);
            let stream = WebSocketStream::from_partially_read(
                io,
                parts.read_buf.to_vec(),
                Role::Server,
                Some(limits),
            )
            .await;
            drop(parts.read_buf);
            talk(stream).await;
        };
        tokio::spawn(socket.instrument(request.span.clone()));
        let mut response = respond::empty(StatusCode::SWITCHING_PROTOCOLS);
        let headers = response.headers_mut();
        headers.clear();
        headers.insert(CONNECTION, HeaderValue::from_static("upgrade"));
        headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
        let accept = derive_accept_key(key.as_bytes());
        headers.insert(
            SEC_WEBSOCKET_ACCEPT,
            HeaderValue::from_str(&accept).map_err(|_| Error::Internal)?,
        );
        Ok(response)
    }
}
