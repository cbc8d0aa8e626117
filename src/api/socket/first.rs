//! The time before the loop for dialects without authentication in the handshake: the first frame
//! identifies the user and the room.

use futures_util::{SinkExt, StreamExt};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::{Message, Utf8Bytes};
use tracing::{Span, debug};

use super::end::End;
use super::queued::Direct;
use super::run::{Entry, Loop, Times};
use super::tracker::SocketGuard;
use super::{Stream, voice};
use crate::api::{FirstFrameAuth, RequestContext};
use crate::chat::{Chat, Connection};
use crate::live::CloseReason;
use crate::model::{Client, Error, Outcome, Result};

/// Maximum number of frames before the first text frame.
const MAX_BEFORE: u32 = 64;

/// A socket that is not authenticated yet.
pub(super) struct PendingSocket<D: FirstFrameAuth, S> {
    pub(super) stream: Stream<S>,
    pub(super) client: Client,
    pub(super) state: D::State,
    pub(super) times: Times,
    pub(super) member: SocketGuard,
}

impl<D: FirstFrameAuth, S: AsyncRead + AsyncWrite + Direct + Unpin + Send> PendingSocket<D, S> {
    /// Waits for the first frame; runs the loop if it is accepted, otherwise closes the socket.
    pub(super) async fn receive(mut self, chat: &Chat) {
        let first = tokio::select! {
            first = timeout(D::PATIENCE, first_text(&mut self.stream)) => {
                first.unwrap_or_else(|_| Ok(Utf8Bytes::default()))
            }
            () = self.member.stopped() => Err(End::Close(CloseReason::GoingAway)),
        };
        let frame = match first {
            Ok(frame) => frame,
            Err(end) => return end.say(self.stream).await,
        };
        let (connection, entry) = match Box::pin(admit::<D>(chat, &self.client, &frame)).await {
            Ok(admitted) => admitted,
            Err(error) => return self.refuse(error).await,
        };
        Span::current().record("user", &connection.session().login);
        Loop::<D, _>::new(self.stream, connection, self.state, self.times, self.member)
            .run(chat, Some(entry))
            .await;
    }

    async fn refuse(mut self, error: Error) {
        debug!(%error, "a socket was refused");
        let outcome: Result<Outcome> = Err(error);
        if let Some(answer) = D::reply(&mut self.state, &RequestContext::default(), outcome)
            && self.stream.feed(Message::Text(answer)).await.is_err()
        {
            return;
        }
        End::Close(CloseReason::Policy).say(self.stream).await;
    }
}

async fn admit<D: FirstFrameAuth>(
    chat: &Chat,
    client: &Client,
    frame: &str,
) -> Result<(Connection, Entry)> {
    let (who, room) = D::admit(chat, client, frame).await?;
    Ok((chat.open(who, voice::<D>())?, Entry { room, refused: CloseReason::Policy }))
}

/// Returns the first text frame; other frames are answered as the protocol requires, or ignored.
async fn first_text<S: AsyncRead + AsyncWrite + Unpin>(
    stream: &mut Stream<S>,
) -> Result<Utf8Bytes, End> {
    let mut before = 0_u32;
    while before < MAX_BEFORE {
        let frame = stream.next().await;
        if let Some(Ok(message)) = &frame {
            before = before.saturating_add(stream.get_mut().charge(message.len()));
        }
        match frame {
            Some(Ok(Message::Text(text))) => return Ok(text),
            // tungstenite has queued the reply.
            Some(Ok(Message::Ping(_))) => stream.flush().await?,
            Some(Ok(Message::Close(_))) => return Err(End::Closed),
            Some(Ok(Message::Pong(_) | Message::Binary(_) | Message::Frame(_))) => (),
            Some(Err(error)) => return Err(error.into()),
            None => return Err(End::Lost),
        }
    }
    Err(End::Close(CloseReason::Policy))
}
