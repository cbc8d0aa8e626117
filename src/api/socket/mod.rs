//! The one WebSocket loop of all dialects: handshake, limits, heartbeat, queue, replay, close.
//!
//! A task a socket. It takes all that waits in the queue and flushes once; it never waits for another socket.

mod run;
mod tracker;

use std::time::Duration;

use hyper_util::rt::TokioIo;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocketConfig};
use tracing::{Instrument, debug};
use warp::http::header::{CONNECTION, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_VERSION, UPGRADE};
use warp::http::{HeaderValue, StatusCode};
use warp::reply::Response;

pub use tracker::Sockets;

use super::accept::Connected;
use super::request::Request;
use super::{Speaks, respond};
use crate::chat::{Authenticated, Chat};
use crate::live::Voice;
use crate::model::{Error, Result, RoomId};

/// tungstenite fills its read buffer with zeros at each read: a large one costs time and, per idle socket, memory.
const READ_BUFFER: usize = 4 * 1024;
/// Frames are gathered up to this before they are written.
const WRITE_BUFFER: usize = 16 * 1024;
const MAX_WRITE_BUFFER: usize = 4 * 1024 * 1024;

/// Answers a handshake with 101 and runs the loop in a task of its own.
pub(super) fn upgrade<D: Speaks>(mut request: Request, chat: &Chat, who: Authenticated, state: D::State, enter: Option<RoomId>) -> Result<Response> {
    let version = request.headers().get(SEC_WEBSOCKET_VERSION).is_some_and(|v| v == "13");
    let key = request.headers().get(SEC_WEBSOCKET_KEY).filter(|_| request.is_upgrade() && version).cloned();
    let (Some(key), Some(on)) = (key, request.upgrade.take()) else { return Err(Error::UpgradeRequired) };
    request.check_origin(true)?;
    let voice = Voice { name: D::NAME, encode: D::encode, personal: D::PERSONAL };
    let connection = chat.open(who, voice)?;
    let config = &request.config;
    let limits = WebSocketConfig::default()
        .read_buffer_size(READ_BUFFER)
        .write_buffer_size(WRITE_BUFFER)
        .max_write_buffer_size(MAX_WRITE_BUFFER)
        .max_message_size(Some(config.limits.max_frame_bytes))
        .max_frame_size(Some(config.limits.max_frame_bytes));
    let times = run::Times { heartbeat: Duration::from_secs(config.server.heartbeat_seconds), recheck: Duration::from_secs(config.auth.token_recheck_seconds) };
    let (chat, member) = (chat.clone(), request.sockets.join());
    let task = async move {
        let upgraded = match on.await {
            Ok(upgraded) => upgraded,
            Err(error) => return debug!(%error, "the protocol was not switched"),
        };
        // The type is the one that accept.rs serves.
        let Ok(parts) = upgraded.downcast::<TokioIo<Connected>>() else { return };
        let io = parts.io.into_inner();
        let stream = WebSocketStream::from_partially_read(io, parts.read_buf.to_vec(), Role::Server, Some(limits)).await;
        drop(parts.read_buf);
        run::Loop::<D, _>::new(stream, connection, state, times, member).run(&chat, enter).await;
    };
    tokio::spawn(task.instrument(request.span.clone()));
    let mut response = respond::empty(StatusCode::SWITCHING_PROTOCOLS);
    let headers = response.headers_mut();
    headers.clear();
    headers.insert(CONNECTION, HeaderValue::from_static("upgrade"));
    headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
    let accept = derive_accept_key(key.as_bytes());
    headers.insert(SEC_WEBSOCKET_ACCEPT, HeaderValue::from_str(&accept).map_err(|_| Error::Internal)?);
    Ok(response)
}
