//! One open socket: the rooms it has entered, and its commands.

mod enter;
mod replay;

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use tracing::{debug, info, warn};

pub use self::enter::ConnectedRoom;
use self::replay::Replay;
use super::access::{self, take_part};
use super::messages::{posted, poster};
use super::{Authenticated, Chat, Use, actor};
use crate::live::{CloseReason, Encoder, Outbox, Socket};
use crate::model::{
    Command, Error, Event, MessageRef, NewMessage, Outcome, Result, RoomId, Session, Stored,
    Timestamp,
};
use crate::store::Posted;

/// At most one typing notice per user and interval is passed on.
const TYPING_EVERY: Duration = Duration::from_secs(2);
/// Changes sent individually on re-entry; beyond, the client is told to reset.
const MAX_CHANGES: u32 = 200;
const MINUTE: Duration = Duration::from_mins(1);

/// One open socket. Dropping it leaves every room.
pub struct Connection {
    chat: Chat,
    pub(super) socket: Arc<Socket>,
    session: Session,
    /// Rooms it has entered, the latest entry last.
    entered: Vec<RoomId>,
    replay: Option<Replay>,
    frames: Frames,
}

/// Frames counted in the current minute.
struct Frames {
    since: Instant,
    count: u32,
    /// The client has been told that it exceeds the limit.
    told: bool,
}

impl Frames {
    fn new() -> Self {
        Self { since: Instant::now(), count: 0, told: false }
    }
}

/// A command that was started in order and is answered later.
pub type Later = Pin<Box<dyn Future<Output = Result<Outcome>> + Send>>;

impl Chat {
    /// Registers a socket. `RateLimited` if the user has too many.
    pub fn open(&self, who: Authenticated, voice: Encoder) -> Result<Connection> {
        let socket = self.0.hub.connect(&who.session, voice, who.token_expires)?;
        Ok(Connection {
            chat: self.clone(),
            socket,
            session: who.session,
            entered: Vec::new(),
            replay: None,
            frames: Frames::new(),
        })
    }
}

impl Connection {
    /// The session of the socket.
    pub fn session(&self) -> &Session {
        &self.session
    }

    /// The queue of frames to be sent.
    pub fn outbox(&self) -> Arc<Outbox> {
        Arc::clone(&self.socket.outbox)
    }

    /// The room entered last.
    pub fn current_room(&self) -> Option<RoomId> {
        self.entered.last().copied()
    }

    /// Runs a command. Afterwards the answer goes to the outbox, which may keep back frames that
    /// belong behind it: they are [released](Outbox::release) once no replay is in progress.
    pub async fn run(&mut self, command: Command) -> Result<Outcome> {
        let for_what = if command.changes() { Use::Write } else { Use::Read };
        access::use_session(&self.session, for_what)?;
        match command {
            Command::Enter { room, since, epoch } => self
                .enter(room, since, epoch.as_deref())
                .await
                .map(|entered| Outcome::Entered(Box::new(entered))),
            Command::Subscribe { since, epoch } => {
                self.subscribe(since, epoch).await.map(|()| Outcome::Silent)
            }
            Command::Ping => Ok(Outcome::Pong),
            Command::Leave { room } => self.leave(room),
            Command::Quit => self.quit().await,
            Command::Post { room, message } => self.post(room, message).await,
            Command::Edit { message, text } => self.edit(message, &text).await,
            Command::Delete { message } => {
                let room = room_of(message);
                match room {
                    Ok(room) => {
                        stored(self.chat.delete_message(&self.session, room, message).await)
                    }
                    Err(error) => Err(error),
                }
            }
            Command::React { message, reaction, give } => match room_of(message) {
                Ok(room) => {
                    stored(self.chat.react(&self.session, room, message, reaction, give).await)
                }
                Err(error) => Err(error),
            },
            Command::MarkRead { room, message } => self.mark_read(room, message).await,
            Command::Typing { room } => self.typing(room).await,
            Command::SetIdle { idle } => {
                self.chat.0.hub.set_idle(&self.socket, idle);
                Ok(Outcome::Silent)
            }
            Command::Watch { users } => {
                self.chat.watch(&self.session, &self.socket, &users).await.map(Outcome::Watched)
            }
            Command::SaveDraft { room, draft } => {
                let room = room.or(self.current_room()).ok_or(Error::MissingRoom)?;
                let saved = self.chat.save_draft(&self.session, room, draft, self.socket.id).await;
                saved.map(Outcome::Draft)
            }
        }
    }

    /// Starts a post without waiting for the disk, if everything it needs is in memory: many may be
    /// in progress, in order. Returns the command if it must be [`run`](Self::run) instead.
    pub fn begin(&mut self, command: Command) -> Result<Later, Command> {
        let Command::Post { room, message: new } = command else {
            return Err(command);
        };
        if access::use_session(&self.session, Use::Write).is_err() {
            return Err(Command::Post { room, message: new });
        }
        let known = room
            .or(self.current_room())
            .filter(|_| !self.socket.is_shut_out())
            .and_then(|room| Some((room, self.chat.0.hub.facts(room)?)));
        let basis = known.and_then(|(room, facts)| {
            let basis = poster(&facts, &self.session).ok()?;
            Some((room, basis, facts))
        });
        let Some((room, basis, facts)) = basis else {
            return Err(Command::Post { room, message: new });
        };
        let (chat, session, socket) = (self.chat.clone(), self.session.clone(), self.socket.id);
        let mut later: Later = Box::pin(async move {
            let mut draft = chat.draft(&session, room, new.clone(), Some(socket))?;
            draft.mentions = chat.mentions(&facts, actor(&session), &draft.text);
            match chat.store().post(room, basis, draft).await {
                // The facts in memory were out of date: decide again with the stored facts.
                Err(crate::store::StoreError::Stale) => {
                    said(chat.post_from(&session, room, new, Some(socket)).await)
                }
                answer => said(posted(answer)),
            }
        });
        // The first poll puts the post into the writer's queue, which fixes its place.
        match later.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(outcome) => Ok(Box::pin(std::future::ready(outcome))),
            Poll::Pending => Ok(later),
        }
    }

    /// Counts frames of any kind against `frames_per_minute_per_socket`. Beyond the limit, returns
    /// how long the socket must not be read.
    pub fn count_frames(&mut self, number: u32) -> Option<Duration> {
        let config = self.chat.config();
        let limits = &config.limits;
        let frames = &mut self.frames;
        if frames.since.elapsed() >= MINUTE {
            *frames = Frames::new();
        }
        frames.count = frames.count.saturating_add(number);
        (limits.enabled && frames.count > limits.frames_per_minute_per_socket)
            .then(|| MINUTE / limits.frames_per_minute_per_socket.max(1))
    }

    /// Returns the rate limit error if the client has not been told yet: once a minute.
    pub fn warns(&mut self) -> Option<Error> {
        let left = MINUTE.saturating_sub(self.frames.since.elapsed());
        (!std::mem::replace(&mut self.frames.told, true)).then_some(Error::RateLimited(left))
    }

    /// How long a check of token and session holds, by the configuration in effect.
    pub fn recheck_after(&self) -> Duration {
        Duration::from_secs(self.chat.config().auth.token_recheck_seconds)
    }

    /// Checks token and session again, and updates the user's flags; Err is the reason to close.
    pub async fn recheck(&mut self) -> Result<(), CloseReason> {
        if self.socket.token_expires().is_some_and(|expires| expires <= Timestamp::now()) {
            return Err(CloseReason::SessionEnded);
        }
        match self.chat.as_stored(&self.session).await {
            Ok(None) => Err(CloseReason::SessionEnded),
            Ok(Some(session)) => {
                self.session = Session { peer: self.session.peer, ..session };
                // A store that does not respond is asked with the next check.
                drop(self.chat.watch_again(&self.session, &self.socket).await);
                Ok(())
            }
            // A store that does not respond closes no sockets.
            Err(_) => Ok(()),
        }
    }

    /// Must be called first once the socket is registered: a session that ended before did not
    /// close this socket. If the store does not respond, the client must reconnect.
    pub async fn check_opened(&self) -> Result<(), CloseReason> {
        match self.chat.as_stored(&self.session).await {
            Ok(Some(_)) => Ok(()),
            Ok(None) => Err(CloseReason::SessionEnded),
            Err(_) => Err(CloseReason::GoingAway),
        }
    }

    /// Returns whether its session has ended: later commands are not executed.
    pub fn has_ended(&self) -> bool {
        self.socket.outbox.is_closed_by(CloseReason::SessionEnded)
    }

    /// Logs the end of the socket, at WARN if it is abnormal.
    pub fn ended(&self, reason: CloseReason) {
        let user = &self.session.login;
        match reason {
            CloseReason::TimedOut => warn!(user, "WebSocket timed out."),
            CloseReason::Lost => warn!(user, "WebSocket connection lost."),
            CloseReason::TooSlow => warn!(user, "WebSocket closed: too slow to keep up."),
            CloseReason::TooBig => warn!(user, "WebSocket closed: frame over the limit."),
            CloseReason::Policy => warn!(user, "WebSocket closed: protocol violation."),
            CloseReason::Normal | CloseReason::GoingAway | CloseReason::SessionEnded => {
                debug!(user, "WebSocket closed.");
            }
        }
    }

    fn leave(&mut self, room: Option<RoomId>) -> Result<Outcome> {
        let room = room.or(self.current_room()).ok_or(Error::MissingRoom)?;
        if !self.entered.contains(&room) {
            return Err(Error::NotJoined);
        }
        self.entered.retain(|known| *known != room);
        if let Some(person) = self.chat.0.hub.leave(room, &self.socket) {
            info!(user = self.session.login, room = room.key(), "User left the room.");
            self.chat.leave_bus(room, person);
        }
        Ok(Outcome::Left(room))
    }

    async fn quit(&mut self) -> Result<Outcome> {
        let room = self.current_room().ok_or(Error::MissingRoom)?;
        self.chat.quit(&self.session, room, self.socket.id).await?;
        Ok(Outcome::Left(room))
    }

    async fn post(&self, room: Option<RoomId>, new: NewMessage) -> Result<Outcome> {
        let room = room.or(self.current_room()).ok_or(Error::MissingRoom)?;
        if self.socket.is_shut_out() {
            return Err(Error::NotInRoom);
        }
        said(
            self.chat
                .post_from(&self.session, room, new, Some(self.socket.id))
                .await
                .map_err(foreign_room),
        )
    }

    async fn edit(&self, message: MessageRef, text: &str) -> Result<Outcome> {
        let room = room_of(message)?;
        let edited =
            self.chat.edit(&self.session, room, message, text).await.map_err(foreign_message)?;
        let at = edited.edited.unwrap_or(edited.created);
        Ok(Outcome::Stored(Stored {
            message: edited.id(),
            rev: edited.rev,
            at,
            client_id: None,
            repeated: false,
        }))
    }

    /// A message key names its room; a room named beside it must be the same.
    async fn mark_read(&self, room: Option<RoomId>, message: MessageRef) -> Result<Outcome> {
        let marked = match room {
            Some(room) => self.chat.mark_read(&self.session, room, message).await,
            None => self
                .chat
                .mark_read(&self.session, room_of(message)?, message)
                .await
                .map_err(foreign_message),
        };
        marked.map(Outcome::Marked)
    }

    async fn typing(&self, room: Option<RoomId>) -> Result<Outcome> {
        let room = room.or(self.current_room()).ok_or(Error::MissingRoom)?;
        let facts = self.chat.known_facts(room, true).await?;
        let participant = take_part(&facts, actor(&self.session)).map_err(|refused| {
            if refused == Error::Forbidden { Error::NotInRoom } else { refused }
        })?;
        // Typing of users who may not post is ignored.
        if access::post(&facts, actor(&self.session)).is_ok() && self.may_type().await {
            self.chat.0.bus.publish(Event::Typing { room, person: participant.person() });
        }
        Ok(Outcome::Silent)
    }

    async fn may_type(&self) -> bool {
        let key = format!("typing:{}", self.session.user);
        !self.chat.config().limits.enabled
            || self.chat.sessions().attempt(&key, 1, TYPING_EVERY).await.is_ok()
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        for room in std::mem::take(&mut self.entered) {
            let Some(person) = self.chat.0.hub.leave(room, &self.socket) else { continue };
            info!(user = self.session.login, room = room.key(), "User left the room.");
            self.chat.leave_bus(room, person);
        }
        self.chat.0.hub.disconnect(&self.socket);
    }
}

/// Returns the room that a message key names.
fn room_of(message: MessageRef) -> Result<RoomId> {
    message.id().map(|id| id.room).ok_or(Error::MessageNotFound)
}

/// Makes a message of a room the caller may not see as unknown as one that does not exist.
fn foreign_message(error: Error) -> Error {
    if error == Error::RoomNotFound { Error::MessageNotFound } else { error }
}

/// Refuses posts of non-participants alike, whether the room exists or not.
fn foreign_room(error: Error) -> Error {
    if matches!(error, Error::RoomNotFound | Error::Forbidden) { Error::NotInRoom } else { error }
}

fn stored(done: Result<Stored>) -> Result<Outcome> {
    done.map(Outcome::Stored).map_err(foreign_message)
}

fn said(posted: Result<Posted>) -> Result<Outcome> {
    posted.map(|Posted { message, repeated }| {
        let (id, rev, at) = (message.id(), message.rev, message.created);
        Outcome::Stored(Stored { message: id, rev, at, client_id: message.client_id, repeated })
    })
}
