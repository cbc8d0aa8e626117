//! Entering rooms: finds or creates the live room, joins public rooms, and reads missed changes
//! until they meet the live events.

use tracing::info;

use super::{Connection, MAX_CHANGES};
use crate::chat::rooms::{DECISIONS, MAX_ONLINE};
use crate::chat::{Chat, Use, access, actor};
use crate::live::{Begin, First, Ready};
use crate::model::{
    Entered, Error, Event, Message, Missing, Result, Rev, Role, RoomFacts, RoomId, RoomState, Seq,
    Session, Timestamp, Window,
};
use crate::store::{Basis, RoomChange, StoreError};

/// An activated live room.
#[derive(Clone, Debug)]
pub struct ConnectedRoom {
    /// The room and its state.
    pub room: RoomState,
    /// Login names of users present, at most 200.
    pub online: Vec<String>,
    /// Number of users present.
    pub online_count: u32,
}

/// The live room exists, and the caller may enter it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::chat) struct Up {
    /// Whether the caller has just become a participant.
    pub(in crate::chat) joined: bool,
    /// Rev of the room at which the caller was seen as a participant.
    rev: Rev,
}

impl Chat {
    /// Checks before the upgrade to a socket of one room that the caller may enter it. Joins a
    /// public room, so that the caller is a participant afterwards. Rooms they may not see:
    /// `RoomNotFound`.
    pub async fn may_enter(&self, session: &Session, room: RoomId) -> Result<()> {
        self.join(session, room).await.map(|_| ())
    }

    /// The same check without joining, for dialects in which the entry itself reports whether it
    /// was the user's first.
    pub async fn check_entry(&self, session: &Session, room: RoomId) -> Result<()> {
        access::enter(&self.facts(room).await?, actor(session))
    }

    /// Joins a public room (or finds the caller in it): the caller is a participant afterwards. The
    /// bool tells whether they became one now.
    pub async fn join(&self, session: &Session, room: RoomId) -> Result<(RoomState, bool)> {
        let (facts, joined) = self.join_from(session, self.facts(room).await?).await?;
        self.reach_memory(room, facts.room.facts_rev).await;
        Ok((self.with_state(facts), joined))
    }

    /// Joins a room whose facts have been read. Returns the facts after joining.
    async fn join_from(
        &self,
        session: &Session,
        mut facts: RoomFacts,
    ) -> Result<(RoomFacts, bool)> {
        let room = facts.room.id;
        for _ in 0..DECISIONS {
            access::enter(&facts, actor(session))?;
            if facts.participant(session.user).is_some() {
                return Ok((facts, false));
            }
            // The socket may be older than the guest flag of its user.
            if self.me(session).await?.guest && !session.admin {
                return Err(Error::RoomNotFound);
            }
            access::use_session(session, Use::Write)?;
            let change = RoomChange::Add(session.user, Role::Member);
            let basis = Basis::Facts(facts.room.facts_rev);
            match self.store().change_room(room, basis, Some(session.user), change).await {
                Ok(done) => {
                    info!(user = session.login, room = room.key(), "User joined the chat room.");
                    return Ok((done.applied_to(facts), true));
                }
                Err(StoreError::Stale | StoreError::Taken(_)) => (),
                // The account was deleted just now.
                Err(StoreError::NotFound(Missing::User)) => return Err(Error::BadSession),
                Err(other) => return Err(other.into()),
            }
            facts = self.facts(room).await?;
        }
        Err(Error::Unavailable)
    }

    /// Activates the live room, joining a public room.
    pub async fn connect_room(&self, session: &Session, room: RoomId) -> Result<ConnectedRoom> {
        loop {
            let up = self.bring_up(session, room, false, First::Nobody).await?;
            self.0.hub.applied(room, up.rev).await;
            // The live room may have closed again.
            let Some(facts) = self.0.hub.current(room) else { continue };
            let (online, online_count) = self.0.hub.online(room, MAX_ONLINE);
            return Ok(ConnectedRoom { room: self.with_state(facts), online, online_count });
        }
    }

    /// Ensures that the live room exists and that the caller is a participant. While the room is
    /// closing: `RoomClosing`; with `patient`, waits and creates a new live room.
    ///
    /// For a participant in memory the store is not read; creating a live room reads the room once.
    pub(in crate::chat) async fn bring_up(
        &self,
        session: &Session,
        room: RoomId,
        patient: bool,
        first: First,
    ) -> Result<Up> {
        loop {
            match self.0.hub.begin(room).await {
                Begin::Ready => {
                    let known = self.0.hub.facts(room);
                    if let Some(facts) = known.filter(|f| f.participant(session.user).is_some()) {
                        return Ok(Up { joined: false, rev: facts.room.rev });
                    }
                    let (facts, joined) = self.join_from(session, self.facts(room).await?).await?;
                    return Ok(Up { joined, rev: facts.room.rev });
                }
                Begin::Closing => {
                    let known = self.0.hub.facts(room);
                    if known.is_none_or(|facts| access::enter(&facts, actor(session)).is_err()) {
                        access::enter(&self.facts(room).await?, actor(session))?;
                    }
                    if !patient {
                        return Err(Error::RoomClosing);
                    }
                    self.0.hub.closed(room).await;
                }
                Begin::Load(loading) => {
                    let (facts, joined) = self.join_from(session, self.facts(room).await?).await?;
                    let rev = facts.room.rev;
                    let recent = self
                        .store()
                        .messages(room, Window::Latest, self.0.rooms.recent_messages)
                        .await?;
                    loading.finish(facts, recent, first);
                    self.read_presence(room).await;
                    return Ok(Up { joined, rev });
                }
            }
        }
    }
}

impl Connection {
    pub(super) async fn enter(
        &mut self,
        room: Option<RoomId>,
        since: Option<Rev>,
        epoch: Option<&str>,
    ) -> Result<Entered> {
        let room = room.ok_or(Error::MissingRoom)?;
        // A socket of one room waits for a closing live room; in dialects whose frames name rooms,
        // the client gets an error.
        let patient = !self.socket.voice.personal;
        let mut first = false;
        for _ in 0..DECISIONS {
            let up = self.chat.bring_up(&self.session, room, patient, First::Socket).await?;
            first |= up.joined;
            let snapshot = match self.chat.0.hub.enter(room, &self.socket, since.is_some()) {
                Ok(Some(snapshot)) => snapshot,
                Ok(None) => continue,
                // Already stored, but not yet delivered by the dispatcher.
                Err(Error::NotInRoom) => {
                    self.chat.0.hub.applied(room, up.rev).await;
                    continue;
                }
                Err(Error::RoomClosing) if patient => continue,
                Err(error) => return Err(error),
            };
            self.entered.retain(|known| *known != room);
            self.entered.push(room);
            if snapshot.entered && !snapshot.bot {
                let entered = Event::Entered {
                    room,
                    person: snapshot.person.clone(),
                    socket: self.socket.id,
                    at: Timestamp::now(),
                };
                self.chat.0.bus.present(room, self.session.user, true, entered);
                info!(user = self.session.login, room = room.key(), "User entered the room.");
            }
            let missed = match since {
                None => Missed { messages: snapshot.recent, rev: snapshot.rev, reset: false },
                Some(since) => self.missed(room, since, epoch).await?,
            };
            let (online, online_count) = self.chat.0.hub.online(room, MAX_ONLINE);
            let Missed { messages, rev, reset } = missed;
            let entered = Entered {
                facts: snapshot.facts,
                state: snapshot.state,
                rev,
                online,
                online_count,
                messages,
                reset,
                first,
            };
            return Ok(entered);
        }
        Err(Error::NotInRoom)
    }

    /// Reads the changes since a rev until they meet the live events.
    async fn missed(&self, room: RoomId, since: Rev, epoch: Option<&str>) -> Result<Missed> {
        let mut changes =
            self.chat.changes(&self.session, room, since, epoch, MAX_CHANGES).await?.changes;
        let mut reset = changes.reset;
        let mut messages: Vec<Message> = changes.messages;
        loop {
            if reset || changes.more {
                reset = true;
                // Read after the rev: newer messages arrive again as events, and clients recognize
                // their rev.
                messages = self
                    .chat
                    .history(&self.session, room, Window::Latest, self.chat.0.rooms.recent_messages)
                    .await?;
                if changes.more {
                    changes.rev = self.chat.facts(room).await?.room.rev;
                    changes.more = false;
                    messages = self
                        .chat
                        .history(
                            &self.session,
                            room,
                            Window::Latest,
                            self.chat.0.rooms.recent_messages,
                        )
                        .await?;
                }
            }
            let last = messages.iter().map(|m| m.seq).max().unwrap_or(Seq(0));
            match self.chat.0.hub.make_ready(room, &self.socket, changes.rev, last) {
                Ready::Now => return Ok(Missed { messages, rev: changes.rev, reset }),
                Ready::Gone => return Err(Error::NotInRoom),
                Ready::Behind => {
                    let next = self
                        .chat
                        .changes(&self.session, room, changes.rev, None, MAX_CHANGES)
                        .await?
                        .changes;
                    messages.retain(|m| next.messages.iter().all(|newer| newer.seq != m.seq));
                    messages.extend(next.messages.iter().cloned());
                    changes = next;
                }
            }
        }
    }
}

struct Missed {
    messages: Vec<Message>,
    rev: Rev,
    reset: bool,
}
