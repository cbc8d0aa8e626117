//! Ends a socket: the last frames, and how long they may take.

use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::error::ProtocolError;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::{self, Message, Utf8Bytes};

use super::Stream;
use super::metered::Endless;
use crate::live::CloseReason;

/// Time limit for a close, and maximum number of bytes read and discarded meanwhile so that it
/// arrives.
const CLOSE_TIME: Duration = Duration::from_secs(5);
const CLOSE_BYTES: u64 = 64 * 1024 * 1024;

/// Reason for the end of a socket.
pub(super) enum End {
    /// The server closes with this reason.
    Close(CloseReason),
    /// The server closes with a code of the protocol.
    Protocol(CloseCode),
    /// The peer closed.
    Closed,
    /// The connection was lost.
    Lost,
}

impl From<tungstenite::Error> for End {
    /// Chooses the close for a peer whose data can no longer be read.
    fn from(error: tungstenite::Error) -> Self {
        match error {
            tungstenite::Error::Capacity(_) => Self::Close(CloseReason::TooBig),
            tungstenite::Error::Io(error)
                if error.get_ref().is_some_and(
                    <dyn std::error::Error + Send + Sync + 'static>::is::<Endless>,
                ) =>
            {
                Self::Close(CloseReason::TooBig)
            }
            tungstenite::Error::Utf8(_) => Self::Protocol(CloseCode::Invalid),
            tungstenite::Error::Protocol(ProtocolError::ResetWithoutClosingHandshake) => Self::Lost,
            tungstenite::Error::Protocol(_) => Self::Protocol(CloseCode::Protocol),
            _ => Self::Lost,
        }
    }
}

impl End {
    /// Returns the reason for the log.
    pub(super) fn reason(&self) -> CloseReason {
        match self {
            Self::Close(reason) => *reason,
            Self::Protocol(_) => CloseReason::Policy,
            Self::Closed => CloseReason::Normal,
            Self::Lost => CloseReason::Lost,
        }
    }

    /// Returns the close code, even if it was not sent.
    pub(super) fn number(&self) -> u16 {
        match self {
            Self::Protocol(code) => (*code).into(),
            other => other.reason().code(),
        }
    }

    /// Sends the close and continues to read, so that it arrives: until the peer has answered, or
    /// for a limited time. Then the server ends the connection (RFC 6455, section 7.1.1); clients
    /// wait for that.
    pub(super) async fn say<S: AsyncRead + AsyncWrite + Unpin>(self, mut stream: Stream<S>) {
        let reason = self.reason();
        if matches!(reason, CloseReason::Lost | CloseReason::TimedOut) {
            return;
        }
        let code = match self {
            Self::Close(reason) => Some(reason.code().into()),
            Self::Protocol(code) => Some(code),
            Self::Closed | Self::Lost => None,
        };
        let farewell = async {
            let Some(code) = code else {
                drop(stream.flush().await);
                // The library ends the flush with an error before the reply to a close is written.
                return drop(AsyncWriteExt::flush(stream.get_mut()).await);
            };
            drop(stream.close(Some(CloseFrame { code, reason: Utf8Bytes::default() })).await);
            drop(stream.flush().await);
            if !answered(&mut stream).await {
                // Bytes that are not valid frames are discarded.
                stream.get_mut().lift();
                drop(
                    tokio::io::copy(
                        &mut stream.get_mut().take(CLOSE_BYTES),
                        &mut tokio::io::sink(),
                    )
                    .await,
                );
            }
        };
        drop(timeout(CLOSE_TIME, farewell).await);
    }
}

/// Reads frames until the peer answers the close; false if they cannot be read.
async fn answered<S: AsyncRead + AsyncWrite + Unpin>(stream: &mut Stream<S>) -> bool {
    let mut read = 0;
    while read <= CLOSE_BYTES {
        match stream.next().await {
            Some(Ok(Message::Close(_))) => return true,
            Some(Ok(frame)) => read += frame.len() as u64,
            Some(Err(_)) | None => return false,
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;
    use tokio::io::{DuplexStream, duplex};
    use tokio_tungstenite::WebSocketStream;
    use tokio_tungstenite::tungstenite::protocol::Role;

    use super::super::metered::Metered;
    use super::super::queued::Queued;
    use super::*;

    async fn pair() -> (Stream<DuplexStream>, WebSocketStream<DuplexStream>) {
        let (near, far) = duplex(64 * 1024);
        (
            WebSocketStream::from_raw_socket(
                Metered::new(Queued::new(near), 65_536),
                Role::Server,
                None,
            )
            .await,
            WebSocketStream::from_raw_socket(far, Role::Client, None).await,
        )
    }

    #[tokio::test]
    async fn a_connection_ends_when_the_peer_has_answered_the_close() {
        let (server, mut client) = pair().await;
        let mut farewell = Box::pin(End::Close(CloseReason::Normal).say(server));
        assert!(farewell.as_mut().now_or_never().is_none(), "the peer has not answered");
        client.send(Message::text("sent before the close was read")).await.unwrap();
        assert!(farewell.as_mut().now_or_never().is_none());
        let told = client.next().await.unwrap().unwrap();
        assert!(
            matches!(&told, Message::Close(Some(close)) if close.code == CloseCode::Normal),
            "{told:?}"
        );
        client.flush().await.unwrap();
        assert!(farewell.as_mut().now_or_never().is_some(), "nothing is left to wait for");
        assert!(client.next().await.is_none());
    }
}
