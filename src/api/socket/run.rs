//! The loop itself.

use std::time::Duration;

use futures_util::stream::FuturesOrdered;
use futures_util::{FutureExt, SinkExt, StreamExt};
use metrics::{Counter, Gauge, Histogram, counter, gauge, histogram};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite};
use tokio::time::{Instant, sleep_until, timeout};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::{self, Message, Utf8Bytes};

use super::super::{Hello, Question, Speaks};
use super::tracker::Member;
use crate::chat::{Chat, Connection};
use crate::live::CloseReason;
use crate::model::{Command, Outcome, Result, RoomId, Timestamp};

/// Posts of one socket that may wait for the disk.
const MAX_LATER: usize = 64;
/// Frames that are read before what they caused is written.
const MAX_READ: usize = 64;
/// How long a close may take, and how much is read and thrown away meanwhile so that it arrives.
const CLOSE_TIME: Duration = Duration::from_secs(5);
const CLOSE_BYTES: u64 = 64 * 1024 * 1024;
/// Pings without an answer that end a socket.
const MISSED: u32 = 2;
/// A queue that has grown beyond this is given back.
const KEEP_FRAMES: usize = 32;

/// What the loop waits for.
pub(super) struct Times {
    pub(super) heartbeat: Duration,
    pub(super) recheck: Duration,
}

/// One socket's task.
pub(super) struct Loop<D: Speaks, S> {
    stream: WebSocketStream<S>,
    connection: Connection,
    state: D::State,
    times: Times,
    member: Member,
    /// Frames to be written.
    out: Vec<Utf8Bytes>,
    /// Posts under way, in order.
    later: FuturesOrdered<Begun>,
    /// What the replay under way answers.
    subscription: Question,
    /// Control frames wait to be flushed.
    owes_flush: bool,
    heard: bool,
    missed: u32,
    counted: Counted,
}

/// What is counted of a socket.
struct Counted {
    open: Gauge,
    delivered: Counter,
    flushes: Histogram,
}

impl Counted {
    fn new(dialect: &'static str) -> Self {
        let open = gauge!("chatctl_sockets", "dialect" => dialect);
        open.increment(1);
        Self { open, delivered: counter!("chatctl_deliveries_total", "dialect" => dialect), flushes: histogram!("chatctl_flush_frames", "dialect" => dialect) }
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.open.decrement(1);
    }
}

type Begun = std::pin::Pin<Box<dyn Future<Output = (Question, Result<Outcome>)> + Send>>;

/// Why the loop ends.
enum End {
    /// With a close frame of ours.
    Close(CloseReason),
    /// With one of the protocol's codes.
    Protocol(CloseCode),
    /// The peer closed.
    Closed,
    /// The peer is gone without a word.
    Lost,
}

impl<D: Speaks, S: AsyncRead + AsyncWrite + Unpin + Send> Loop<D, S> {
    pub(super) fn new(stream: WebSocketStream<S>, connection: Connection, state: D::State, times: Times, member: Member) -> Self {
        Self {
            stream,
            connection,
            state,
            times,
            member,
            out: Vec::new(),
            later: FuturesOrdered::new(),
            subscription: Question::default(),
            owes_flush: false,
            heard: true,
            missed: 0,
            counted: Counted::new(D::NAME),
        }
    }

    pub(super) async fn run(mut self, chat: &Chat, enter: Option<RoomId>) {
        let hello = Hello { session: self.connection.session(), heartbeat_seconds: self.times.heartbeat.as_secs(), epoch: chat.epoch(), now: Timestamp::now() };
        self.out.extend(D::greet(&mut self.state, &hello));
        let end = match self.open(enter).await {
            Ok(()) => self.talk().await,
            Err(end) => end,
        };
        self.finish(end).await;
    }

    /// Enters the room of a socket that has only one.
    async fn open(&mut self, enter: Option<RoomId>) -> Result<(), End> {
        if let Some(room) = enter {
            let question = Question { reference: None, verb: "enter".to_owned() };
            let (outcome, position) = Box::pin(self.connection.run(Command::Enter { room: Some(room), since: None, epoch: None })).await;
            let failed = outcome.is_err();
            self.answer(&question, outcome, position);
            if failed {
                self.write().await?;
                return Err(End::Close(CloseReason::Normal));
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
        let mut next_check = Instant::now() + self.times.recheck;
        let outbox = self.connection.outbox();
        loop {
            if self.connection.replaying() {
                self.replay_page().await;
                self.read_waiting().await?;
                self.write().await?;
                continue;
            }
            tokio::select! {
                frame = self.stream.next(), if self.later.len() < MAX_LATER => {
                    self.take(frame).await?;
                    self.read_waiting().await?;
                }
                () = outbox.changed() => (),
                Some((question, outcome)) = self.later.next(), if !self.later.is_empty() => {
                    self.answer(&question, outcome, None);
                    while let Some(Some((question, outcome))) = self.later.next().now_or_never() {
                        self.answer(&question, outcome, None);
                    }
                }
                () = sleep_until(next_ping.min(next_check)) => {
                    let now = Instant::now();
                    if now >= next_ping {
                        next_ping = now + self.times.heartbeat;
                        self.beat().await?;
                    }
                    if now >= next_check {
                        next_check = now + self.times.recheck;
                        Box::pin(self.connection.recheck()).await.map_err(End::Close)?;
                    }
                }
                () = self.member.stopped() => {
                    // What was begun is finished, committed and answered first.
                    self.settle().await;
                    outbox.close(CloseReason::GoingAway);
                }
            }
            self.write().await?;
        }
    }

    /// Takes the frames that have arrived already, so that what they cause is written together.
    async fn read_waiting(&mut self) -> Result<(), End> {
        for _ in 0..MAX_READ {
            if self.later.len() >= MAX_LATER || self.connection.replaying() {
                break;
            }
            let Some(frame) = self.stream.next().now_or_never() else { break };
            self.take(frame).await?;
        }
        Ok(())
    }

    async fn take(&mut self, frame: Option<tungstenite::Result<Message>>) -> Result<(), End> {
        self.heard = true;
        match frame {
            Some(Ok(Message::Text(text))) => self.command(&text).await,
            // tungstenite has prepared the answer; it goes out with the next flush.
            Some(Ok(Message::Ping(_) | Message::Pong(_))) => self.owes_flush = true,
            Some(Ok(Message::Close(_))) => return Err(End::Closed),
            Some(Ok(Message::Binary(_) | Message::Frame(_))) => (),
            Some(Err(tungstenite::Error::Capacity(_))) => return Err(End::Close(CloseReason::TooBig)),
            Some(Err(tungstenite::Error::Utf8(_))) => return Err(End::Protocol(CloseCode::Invalid)),
            Some(Err(tungstenite::Error::Protocol(tungstenite::error::ProtocolError::ResetWithoutClosingHandshake))) => return Err(End::Lost),
            Some(Err(tungstenite::Error::Protocol(_))) => return Err(End::Protocol(CloseCode::Protocol)),
            Some(Err(_)) | None => return Err(End::Lost),
        }
        Ok(())
    }

    async fn command(&mut self, text: &str) {
        let asked = D::decode(&mut self.state, text);
        let question = asked.question;
        let command = match self.connection.count_frame().and(asked.command) {
            Ok(command) => command,
            Err(error) => {
                self.settle().await;
                return self.answer(&question, Err(error), None);
            }
        };
        match self.connection.begin(command) {
            Ok(later) => self.later.push_back(Box::pin(async move { (question, later.await) })),
            Err(command) => {
                self.settle().await;
                if matches!(command, Command::Subscribe { .. }) {
                    self.subscription = question.clone();
                }
                let (outcome, position) = Box::pin(self.connection.run(command)).await;
                self.answer(&question, outcome, position);
            }
        }
    }

    /// Waits for the posts under way: answers keep the order of the questions.
    async fn settle(&mut self) {
        while let Some((question, outcome)) = self.later.next().await {
            self.answer(&question, outcome, None);
        }
    }

    async fn replay_page(&mut self) {
        if let Some((outcome, position)) = Box::pin(self.connection.replay()).await {
            let question = self.subscription.clone();
            self.answer(&question, outcome, position);
        }
    }

    /// Puts an answer behind what belongs before it.
    fn answer(&mut self, question: &Question, outcome: Result<Outcome>, position: Option<u64>) {
        if position.is_some() {
            // Whether the socket is to close is seen when everything is taken.
            let _later = self.connection.outbox().take(&mut self.out, position);
        }
        self.out.extend(D::reply(&mut self.state, question, outcome));
    }

    /// Pings a silent peer; one that stays silent is gone.
    async fn beat(&mut self) -> Result<(), End> {
        if std::mem::take(&mut self.heard) {
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

    /// Writes everything that waits, with one flush.
    async fn write(&mut self) -> Result<(), End> {
        let outbox = self.connection.outbox();
        let close = outbox.take(&mut self.out, None);
        if close == Some(CloseReason::TooSlow) {
            return Err(End::Close(CloseReason::TooSlow));
        }
        if !self.out.is_empty() || self.owes_flush {
            self.owes_flush = false;
            self.counted.delivered.increment(self.out.len() as u64);
            #[expect(clippy::cast_precision_loss, reason = "queues are short")]
            self.counted.flushes.record(self.out.len() as f64);
            let (stream, out) = (&mut self.stream, &mut self.out);
            let written = async {
                for frame in out.drain(..) {
                    stream.feed(Message::Text(frame)).await?;
                }
                stream.flush().await
            };
            tokio::select! {
                written = written => written.map_err(|_| End::Lost)?,
                // A peer that reads nothing fills its queue, or is silent for as long as one that is gone.
                () = outbox.overflowed() => return Err(End::Close(CloseReason::TooSlow)),
                () = tokio::time::sleep(self.times.heartbeat * (MISSED + 1)) => return Err(End::Close(CloseReason::TimedOut)),
            }
            self.out.shrink_to(KEEP_FRAMES);
        }
        close.map_or(Ok(()), |reason| Err(End::Close(reason)))
    }

    /// Says why, reads on for a while so that it arrives, and leaves the rooms.
    async fn finish(self, end: End) {
        let (code, reason) = match end {
            End::Close(reason) => (Some(reason.code().into()), reason),
            End::Protocol(code) => (Some(code), CloseReason::Policy),
            End::Closed => (None, CloseReason::Normal),
            End::Lost => (None, CloseReason::Lost),
        };
        let number = code.map_or(reason.code(), u16::from);
        counter!("chatctl_closes_total", "dialect" => D::NAME, "code" => number.to_string()).increment(1);
        self.connection.ended(reason);
        // Others see the user leave before the peer has answered the close.
        drop(self.connection);
        let lost = matches!(reason, CloseReason::Lost | CloseReason::TimedOut);
        let mut stream = self.stream;
        let farewell = async {
            if let Some(code) = code.filter(|_| !lost) {
                drop(stream.close(Some(CloseFrame { code, reason: Utf8Bytes::default() })).await);
            }
            drop(stream.flush().await);
            if reason != CloseReason::Normal || code.is_some() {
                drop(tokio::io::copy(&mut stream.get_mut().take(CLOSE_BYTES), &mut tokio::io::sink()).await);
            }
        };
        if !lost {
            drop(timeout(CLOSE_TIME, farewell).await);
        }
        drop(self.member);
    }
}
