//! Checks before any work is done for a request: addresses, limits, time-outs, origins, TLS, and
//! real proxies in front.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod addresses;
mod below;
mod bodies;
mod connections;
mod descriptors;
mod gzip;
mod http2;
mod origins;
#[cfg(debug_assertions)]
mod panics;
mod proxies;
mod slow;
mod strangers;
mod tls;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::support::{PATIENCE, Server};

/// Opens a raw connection.
async fn connect(server: &Server) -> TcpStream {
    TcpStream::connect(server.address()).await.unwrap()
}

/// Sends a text and reads until the server ends the connection.
async fn exchange(server: &Server, said: &str) -> String {
    let mut stream = connect(server).await;
    stream.write_all(said.as_bytes()).await.unwrap();
    rest(&mut stream).await
}

/// Reads the rest of the stream.
async fn rest(stream: &mut TcpStream) -> String {
    let mut answer = Vec::new();
    // A connection that is reset has ended too.
    drop(timeout(PATIENCE, stream.read_to_end(&mut answer)).await.expect("the connection ends"));
    String::from_utf8_lossy(&answer).into_owned()
}
