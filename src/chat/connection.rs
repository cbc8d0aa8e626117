//! One open socket: what it has entered, and its commands.
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use super::{Authenticated, Chat};
use crate::live::{CloseReason, Outbox, Voice};
use crate::model::{Command, Outcome, Result, RoomId, Session};

/// One open socket. Dropping it leaves every room.
pub struct Connection {}

/// A command that was begun in order and is answered later.
pub type Later = Pin<Box<dyn Future<Output = Result<Outcome>> + Send>>;

impl Chat {
    /// Before an upgrade to a socket of one room: the caller may enter it. Public rooms are joined, so that afterwards the caller is a participant.
    /// Rooms that they may not see: `RoomNotFound`.
    pub async fn may_enter(&self, session: &Session, room: RoomId) -> Result<()> {
        todo!()
    }
    /// Registers a socket. `RateLimited` when the user has too many.
    pub fn open(&self, who: Authenticated, voice: Voice) -> Result<Connection> {
        todo!()
    }
}

impl Connection {
    /// Whose socket it is.
    pub fn session(&self) -> &Session {
        todo!()
    }
    /// What is to be sent.
    pub fn outbox(&self) -> Arc<Outbox> {
        todo!()
    }
    /// Carries out a command. The reply goes out after exactly the frames before the position, when one is given.
    pub async fn run(&mut self, command: Command) -> (Result<Outcome>, Option<u64>) {
        todo!()
    }
    /// Begins a post without waiting for the disk, where everything it needs is in memory: many may be under way, in order.
    /// Gives the command back where it must be `run`.
    pub fn begin(&mut self, command: Command) -> Result<Later, Command> {
        todo!()
    }
    /// The next page of a replay that a `Subscribe` has begun (`Outcome::Changes`…, then `Outcome::Subscribed`); None: there is none under way.
    pub async fn replay(&mut self) -> Option<(Result<Outcome>, Option<u64>)> {
        todo!()
    }
    /// Whether a replay is under way.
    pub fn replaying(&self) -> bool {
        todo!()
    }
    /// Counts a frame against `frames_per_minute_per_socket`.
    pub fn count_frame(&mut self) -> Result<()> {
        todo!()
    }
    /// Checks token and session again; Err says how to close.
    pub async fn recheck(&mut self) -> Result<(), CloseReason> {
        todo!()
    }
    /// The room entered last.
    pub fn current_room(&self) -> Option<RoomId> {
        todo!()
    }
    /// The socket has ended for this reason: logged at WARN where it is abnormal.
    pub fn ended(&self, reason: CloseReason) {
        todo!()
    }
}
