//! HTTP/2, for TLS clients that offer it: limits, idle connections and the graceful stop.
//!
//! WebSockets stay on HTTP/1.1: extended CONNECT (RFC 8441) is not offered, so browsers open a
//! connection without `h2` for them.

use std::convert::Infallible;
use std::pin::{Pin, pin};
use std::time::Duration;

use bytes::Bytes;
use hyper::body::{Body, Incoming};
use hyper::header::CONTENT_LENGTH;
use hyper::server::conn::http2;
use hyper::{Method, Response};
use hyper_util::rt::TokioIo;
use tokio::sync::watch;
use tracing::debug;

use super::peer::Peer;
use super::stop::stopped;
use super::stream::{Connected, Forwarded};
use super::streams::{Measured, Streams};
use crate::api::Door;

/// Maximum number of pending requests on a connection; further ones wait in the client (RFC 9113,
/// 6.5.2 recommends at least this number).
const STREAMS: u32 = 100;
/// What a client may send of a body before the server reads it; uploads are as fast as this divided
/// by the round-trip time.
const STREAM_WINDOW: u32 = 512 * 1024;
/// The same for all requests of a connection.
const CONNECTION_WINDOW: u32 = 1024 * 1024;
/// Maximum size of the unsent part of a response.
const SEND_BYTES: usize = 64 * 1024;
/// Number of requests that a client may cancel before they are read.
const CANCELLED: usize = 20;
/// Number of streams that are reset because the client breaks the protocol, until its connection
/// is closed.
const FAULTS: usize = 100;
/// How long nothing must happen on a connection that is to be closed, until it is: the client has
/// been told, and the last response has been sent.
const GOODBYE: Duration = Duration::from_secs(2);

/// Answers the requests of a connection until it ends.
pub(super) async fn converse(
    stream: Connected,
    streams: Streams,
    (door, peer, forwarded): (Door, Peer, Forwarded),
    header_bytes: usize,
    mut stop: watch::Receiver<bool>,
) {
    let asked = door.clone();
    let answer = hyper::service::service_fn(move |request: hyper::Request<Incoming>| {
        let (door, peer, forwarded) = (asked.clone(), peer.clone(), forwarded.clone());
        async move {
            let is_head = request.method() == Method::HEAD;
            let response = door.enter(request, &peer, &forwarded).await;
            Ok::<_, Infallible>(if is_head {
                head_of(response)
            } else {
                response.map(Measured::new)
            })
        }
    });
    let connection = http2::Builder::new(streams.clone())
        .max_concurrent_streams(STREAMS)
        .max_header_list_size(u32::try_from(header_bytes).unwrap_or(u32::MAX))
        .initial_stream_window_size(STREAM_WINDOW)
        .initial_connection_window_size(CONNECTION_WINDOW)
        .max_send_buf_size(SEND_BYTES)
        .max_pending_accept_reset_streams(CANCELLED)
        .max_local_error_reset_streams(FAULTS)
        .serve_connection(TokioIo::new(stream), answer);
    let mut connection = pin!(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = stopped(&mut stop) => {
            connection.as_mut().graceful_shutdown();
            finish(connection, &streams).await
        }
        () = streams.idle(|| door.keep_alive()) => {
            connection.as_mut().graceful_shutdown();
            finish(connection, &streams).await
        }
    };
    if let Err(error) = ended {
        debug!(%error, "a connection ended early");
    }
}

/// Removes the body of a response to `HEAD` and leaves its size, as hyper does in HTTP/1.1.
fn head_of<B: Body<Data = Bytes> + Unpin>(response: Response<B>) -> Response<Measured<B>> {
    let size = response.body().size_hint().exact();
    let mut response = response.map(|_| Measured::none());
    if let Some(size) = size.filter(|size| *size > 0) {
        response.headers_mut().entry(CONTENT_LENGTH).or_insert_with(|| size.into());
    }
    response
}

/// Waits until pending requests are answered. A client that is gone does not confirm the end.
async fn finish<C: Future<Output = hyper::Result<()>>>(
    connection: Pin<&mut C>,
    streams: &Streams,
) -> hyper::Result<()> {
    tokio::select! {
        ended = connection => ended,
        () = streams.quiet(GOODBYE) => Ok(()),
    }
}
