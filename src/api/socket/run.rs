//! The loop of one socket: reads frames, runs commands and writes what is queued.

use std::sync::Arc;
use std::time::Duration;

use futures_util::stream::FuturesOrdered;
use futures_util::{FutureExt, SinkExt, StreamExt};
use metrics::{Counter, Gauge, counter, gauge};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::{Instant, sleep_until};
use tokio_tungstenite::tungstenite::{self, Message};

use super::super::{Greeting, RequestContext, SocketDialect};
use super::Stream;
use super::end::End;
use super::queued::Direct;
use super::tracker::SocketGuard;
use crate::chat::{Chat, Connection};
use crate::live::{CloseReason, Due, Frames, Outbox};
use crate::model::{Command, Error, Outcome, Result, RoomId, Timestamp};

/// Maximum number of posts of one socket waiting for the disk.
const MAX_LATER: usize = 64;
/// Maximum number of frames read before the results are written.
const MAX_READ: usize = 64;
/// Number of unanswered pings that end a socket.
const MISSED: u32 = 2;

/// Time-outs of the loop.
pub(super) struct Times {
    pub(super) heartbeat: Duration,
}

/// Entry of a socket with a single room.
pub(super) struct Entry {
    pub(super) room: RoomId,
    /// Close reason if the entry is refused.
    pub(super) refused: CloseReason,
}

/// State of one socket's task.
pub(super) struct Loop<D: SocketDialect, S> {
    stream: Stream<S>,
    outbox: Arc<Outbox>,
    connection: Connection,
    state: D::State,
    times: Times,
    member: SocketGuard,
    /// Posts in progress, in order.
    later: FuturesOrdered<Begun>,
    /// Request answered by the replay in progress.
    subscription: RequestContext,
    /// Whether control frames wait to be flushed.
    owes_flush: bool,
    /// Nothing is read before this time: the peer has sent too much, so its connection fills up.
    reads_from: Instant,
    heard: bool,
    missed: u32,
    counted: Counted,
}

/// Metrics of one socket.
struct Counted {
    open: Gauge,
    delivered: Counter,
}

impl Counted {
    fn new(dialect: &'static str) -> Self {
        let open = gauge!("chatctl_sockets", "dialect" => dialect);
        open.increment(1);
        Self { open, delivered: counter!("chatctl_deliveries_total", "dialect" => dialect) }
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.open.decrement(1);
    }
}

type Begun = std::pin::Pin<Box<dyn Future<Output = (RequestContext, Result<Outcome>)> + Send>>;

impl<D: SocketDialect, S: AsyncRead + AsyncWrite + Direct + Unpin + Send> Loop<D, S> {
    pub(super) fn new(
        stream: Stream<S>,
        connection: Connection,
        state: D::State,
        times: Times,
        member: SocketGuard,
    ) -> Box<Self> {
        // Boxed, because futures keep their arguments twice.
        Box::new(Self {
            stream,
            outbox: connection.outbox(),
            connection,
            state,
            times,
            member,
            later: FuturesOrdered::new(),
            subscription: RequestContext::default(),
            owes_flush: false,
            reads_from: Instant::now(),
            heard: true,
            missed: 0,
            counted: Counted::new(D::NAME),
        })
    }

    pub(super) async fn run(mut self: Box<Self>, chat: &Chat, enter: Option<Entry>) {
        // A session that ended before the socket was registered did not close it.
        if let Err(reason) = Box::pin(self.connection.check_opened()).await {
            return Box::pin(self.finish(End::Close(reason))).await;
        }
        let hello = Greeting {
            session: self.connection.session(),
            heartbeat_seconds: self.times.heartbeat.as_secs(),
            epoch: chat.epoch(),
            now: Timestamp::now(),
        };
        // Pongs sent before the user was known must not follow the frames of the outbox.
        if !matches!(self.stream.flush().now_or_never(), Some(Ok(()))) {
            return Box::pin(self.finish(End::Lost)).await;
        }
        // Before the fan-out can write: events of rooms and people may wait already.
        if let Some(frame) = D::greet(&mut self.state, &hello) {
            self.counted.delivered.increment(1);
            self.outbox.greet(Frames::text(&frame));
        }
        self.stream.get_mut().inner().attach(Arc::clone(&self.outbox));
        let end = match Box::pin(self.open(enter)).await {
            Ok(()) => self.talk().await,
            Err(end) => end,
        };
        Box::pin(self.finish(end)).await;
    }

    /// Enters the room of a socket with a single room.
    async fn open(&mut self, enter: Option<Entry>) -> Result<(), End> {
        if let Some(Entry { room, refused }) = enter {
            let question = RequestContext { reference: None, verb: "enter".to_owned() };
            let enter = Command::Enter { room: Some(room), since: None, epoch: None };
            let outcome = Box::pin(self.connection.run(enter)).await;
            let failed = outcome.is_err();
            self.answer(&question, outcome);
            self.outbox.release();
            if failed {
                self.write().await?;
                return Err(End::Close(refused));
            }
        }
        self.write().await
    }

    async fn talk(&mut self) -> End {
        match self.converse().await {
            Err(end) => end,
            Ok(never) => match never {},
        }
    }

    async fn converse(&mut self) -> Result<std::convert::Infallible, End> {
        let mut next_ping = Instant::now() + self.times.heartbeat;
        let mut checked = Instant::now();
        let outbox = Arc::clone(&self.outbox);
        loop {
            if self.connection.replaying() {
                Box::pin(self.replay_page()).await;
                self.read_waiting().await?;
                self.write().await?;
                continue;
            }
            // Read each time: a shorter interval applies at the latest after the next heartbeat.
            let next_check = checked + self.connection.recheck_after();
            tokio::select! {
                frame = self.stream.next(), if self.later.len() < MAX_LATER && self.reads() => {
                    self.take(frame).await?;
                    self.read_waiting().await?;
                }
                () = outbox.changed() => (),
                Some((question, outcome)) = self.later.next(), if !self.later.is_empty() => {
                    self.answer(&question, outcome);
                    while let Some(Some((question, outcome))) = self.later.next().now_or_never() {
                        self.answer(&question, outcome);
                    }
                }
                () = sleep_until(self.reads_from), if !self.reads() => (),
                () = sleep_until(next_ping.min(next_check)) => {
                    let now = Instant::now();
                    if now >= next_ping {
                        next_ping = now + self.times.heartbeat;
                        Box::pin(self.beat()).await?;
                    }
                    if now >= next_check {
                        checked = now;
                        Box::pin(self.connection.recheck()).await.map_err(End::Close)?;
                    }
                }
                () = self.member.stopped() => {
                    // Posts in progress are finished, committed and answered first.
                    Box::pin(self.settle()).await;
                    outbox.close(CloseReason::GoingAway);
                }
            }
            self.write().await?;
        }
    }

    /// Reads frames that have already arrived, so that their results are written together.
    async fn read_waiting(&mut self) -> Result<(), End> {
        for _ in 0..MAX_READ {
            let busy = self.later.len() >= MAX_LATER || self.connection.replaying();
            if busy || !self.reads() || self.outbox.has_many_answers() {
                break;
            }
            let Some(frame) = self.stream.next().now_or_never() else { break };
            self.take(frame).await?;
        }
        Ok(())
    }

    async fn take(&mut self, frame: Option<tungstenite::Result<Message>>) -> Result<(), End> {
        if self.connection.has_ended() {
            return Err(End::Close(CloseReason::SessionEnded));
        }
        self.heard = true;
        let over = match &frame {
            Some(Ok(message)) => {
                let frames = self.stream.get_mut().charge(message.len());
                self.connection.count_frames(frames)
            }
            _ => None,
        };
        if let Some(pause) = over {
            self.reads_from = Instant::now() + pause;
        }
        match frame {
            Some(Ok(Message::Text(text))) => {
                let refused = over.and_then(|_| self.connection.warns());
                self.command(&text, refused).await;
            }
            // tungstenite has queued the reply; it is sent with the next flush.
            Some(Ok(Message::Ping(_) | Message::Pong(_))) => self.owes_flush = true,
            Some(Ok(Message::Close(_))) => return Err(End::Closed),
            Some(Ok(Message::Binary(_) | Message::Frame(_))) => (),
            Some(Err(error)) => return Err(error.into()),
            None => return Err(End::Lost),
        }
        Ok(())
    }

    /// Returns whether the peer may be read.
    fn reads(&self) -> bool {
        Instant::now() >= self.reads_from
    }

    /// Runs the command of a frame, or replies why not. Exceeding the rate limit is reported once;
    /// after that reading is delayed.
    async fn command(&mut self, text: &str, refused: Option<Error>) {
        let asked = D::decode(&mut self.state, text);
        let question = asked.question;
        let command = match refused.map_or(asked.command, Err) {
            Ok(command) => command,
            Err(error) => {
                self.settle().await;
                return self.answer(&question, Err(error));
            }
        };
        match self.connection.begin(command) {
            Ok(later) => self.later.push_back(Box::pin(async move { (question, later.await) })),
            Err(command) => {
                self.settle().await;
                if matches!(command, Command::Subscribe { .. }) {
                    self.subscription = question.clone();
                }
                let outcome = Box::pin(self.connection.run(command)).await;
                self.answer(&question, outcome);
                if !self.connection.replaying() {
                    self.outbox.release();
                }
            }
        }
    }

    /// Waits for posts in progress: replies keep the order of requests.
    async fn settle(&mut self) {
        while let Some((question, outcome)) = self.later.next().await {
            self.answer(&question, outcome);
        }
    }

    async fn replay_page(&mut self) {
        let outcome = Box::pin(self.connection.replay()).await;
        if let Some(outcome) = outcome {
            let failed = outcome.is_err();
            let question = self.subscription.clone();
            self.answer(&question, outcome);
            if failed {
                // Its rooms do not continue: the client must reconnect.
                self.outbox.close(CloseReason::GoingAway);
            }
        }
        if !self.connection.replaying() {
            self.outbox.release();
        }
    }

    /// Queues a reply.
    fn answer(&mut self, question: &RequestContext, outcome: Result<Outcome>) {
        if let Some(frame) = D::reply(&mut self.state, question, outcome) {
            self.send(&frame);
        }
    }

    fn send(&self, frame: &str) {
        self.counted.delivered.increment(1);
        self.outbox.answer(Frames::text(frame));
    }

    /// Pings a silent peer; a peer that remains silent is lost.
    async fn beat(&mut self) -> Result<(), End> {
        // A peer that is not read cannot be heard.
        if std::mem::take(&mut self.heard) || !self.reads() {
            self.missed = 0;
            return Ok(());
        }
        if self.missed >= MISSED {
            return Err(End::Close(CloseReason::TimedOut));
        }
        self.missed += 1;
        self.stream.feed(Message::Ping(bytes::Bytes::new())).await.map_err(|_| End::Lost)?;
        self.owes_flush = true;
        Ok(())
    }

    /// Writes all waiting frames, with one flush.
    async fn write(&mut self) -> Result<(), End> {
        let due = self.outbox.due();
        if due == Due::Write || self.owes_flush {
            self.owes_flush = false;
            match self.stream.flush().now_or_never() {
                Some(written) => written.map_err(|_| End::Lost)?,
                None => Box::pin(self.wait_for_peer()).await?,
            }
        }
        match self.outbox.due() {
            Due::Close(reason) => Err(End::Close(reason)),
            Due::Nothing | Due::Write => Ok(()),
        }
    }

    /// Writes to a peer that does not read at once: it fills its queue, or is silent as long as a
    /// lost one.
    async fn wait_for_peer(&mut self) -> Result<(), End> {
        let patience = self.times.heartbeat * (MISSED + 1);
        let mut written = self.outbox.progress().0;
        loop {
            tokio::select! {
                flushed = self.stream.flush() => return flushed.map_err(|_| End::Lost),
                reason = self.outbox.overflowed() => return Err(End::Close(reason)),
                () = tokio::time::sleep(patience) => {
                    let now = self.outbox.progress().0;
                    if now == written {
                        return Err(End::Close(CloseReason::TimedOut));
                    }
                    written = now;
                }
            }
        }
    }

    /// Leaves the rooms and closes the socket.
    async fn finish(self: Box<Self>, end: End) {
        counter!("chatctl_closes_total", "dialect" => D::NAME, "code" => end.number().to_string())
            .increment(1);
        self.connection.ended(end.reason());
        // Nothing follows the close.
        self.outbox.close(end.reason());
        // Other users see the user leave before the peer answers the close.
        let Self { connection, stream, member, .. } = *self;
        drop(connection);
        end.say(stream).await;
        drop(member);
    }
}
