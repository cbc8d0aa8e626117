//! How a socket ends: what is said last, and how long it may take.

use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite};
use tokio::time::timeout;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::error::ProtocolError;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::{self, Message, Utf8Bytes};

use crate::live::CloseReason;

/// How long a close may take, and how much is read and thrown away meanwhile so that it arrives.
const CLOSE_TIME: Duration = Duration::from_secs(5);
const CLOSE_BYTES: u64 = 64 * 1024 * 1024;

/// Why a socket ends.
pub(super) enum End {
    /// With a close frame of ours.
    Close(CloseReason),
    /// With one of the protocol's codes.
    Protocol(CloseCode),
    /// The peer closed.
    Closed,
    /// The peer is gone without a word.
    Lost,
}

impl From<tungstenite::Error> for End {
    /// What is to be said to a peer of whom nothing more can be read.
    fn from(error: tungstenite::Error) -> Self {
        match error {
            tungstenite::Error::Capacity(_) => Self::Close(CloseReason::TooBig),
            tungstenite::Error::Utf8(_) => Self::Protocol(CloseCode::Invalid),
            tungstenite::Error::Protocol(ProtocolError::ResetWithoutClosingHandshake) => Self::Lost,
            tungstenite::Error::Protocol(_) => Self::Protocol(CloseCode::Protocol),
            _ => Self::Lost,
        }
    }
}

impl End {
    /// What the end was, for the log.
    pub(super) fn reason(&self) -> CloseReason {
        match self {
            Self::Close(reason) => *reason,
            Self::Protocol(_) => CloseReason::Policy,
            Self::Closed => CloseReason::Normal,
            Self::Lost => CloseReason::Lost,
        }
    }

    /// The code of the close, said or not.
    pub(super) fn number(&self) -> u16 {
        match self {
            Self::Protocol(code) => (*code).into(),
            other => other.reason().code(),
        }
    }

    /// Says why, and reads on for a while so that it arrives.
    pub(super) async fn say<S: AsyncRead + AsyncWrite + Unpin>(self, mut stream: WebSocketStream<S>) {
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
            if let Some(code) = code {
                drop(stream.close(Some(CloseFrame { code, reason: Utf8Bytes::default() })).await);
            }
            drop(stream.flush().await);
            if code.is_some() && !answered(&mut stream).await {
                drop(tokio::io::copy(&mut stream.get_mut().take(CLOSE_BYTES), &mut tokio::io::sink()).await);
            }
        };
        drop(timeout(CLOSE_TIME, farewell).await);
    }
}

/// Reads until the peer has answered our close: then nothing is on its way any more, and a browser tells its page only when the
/// connection is gone. False when its frames cannot be read: then only the end of its bytes says that it has gone.
async fn answered<S: AsyncRead + AsyncWrite + Unpin>(stream: &mut WebSocketStream<S>) -> bool {
    let mut left = CLOSE_BYTES;
    while left > 0 {
        match stream.next().await {
            Some(Ok(Message::Close(_))) => return true,
            Some(Ok(message)) => left = left.saturating_sub(message.len() as u64 + 2),
            Some(Err(_)) | None => return false,
        }
    }
    false
}
