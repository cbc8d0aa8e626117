//! Reads what the bus has lost: many rooms at a time, each in a task of its own, so that no room
//! waits for another. The dispatcher delivers what they read.

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use metrics::counter;
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio::task::JoinSet;
use tracing::debug;

use crate::chat::Chat;
use crate::live::Hub;
use crate::model::{
    Change, Changes, Event, LiveState, Rev, RoomChanges, RoomEvent, RoomFacts, RoomId, Seq,
    Timestamp, UserId, Who,
};
use crate::store::{Missing, StoreError};

/// Maximum number of rooms read at a time.
const AT_ONCE: usize = 32;
/// Maximum number of pages read and not delivered.
const QUEUE: usize = 32;
/// Messages per page.
const PAGE: u32 = 200;
/// Time for events that are only late: those of several servers arrive in any order.
const LATE: Duration = Duration::from_millis(50);
/// Time until the store is asked again.
const PAUSE: Duration = Duration::from_secs(1);

/// What is missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Need {
    /// Changes of a room.
    Room(RoomId),
    /// Rooms that a user was added to (None: any user).
    User(Option<UserId>),
}

/// What a recovery brings.
pub(super) enum Step {
    /// A page of changes, with the room as it was at the end of the page or later.
    Changes(Box<RoomChanges>, Box<RoomFacts>),
    /// An event to deliver.
    Event(Event),
    /// It has ended.
    Done(Need, Outcome),
}

/// How a recovery has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    Complete,
    /// The store could not be read.
    Failed,
}

/// Until which rev something is missing; None: unknown.
type Upto = Option<Rev>;

/// Recoveries in progress and those that wait for their turn.
pub(super) struct Recovery {
    waiting: VecDeque<Need>,
    /// Until where those that wait have to read.
    needs: HashMap<Need, Upto>,
    /// Those in progress, and what was found missing since they began.
    running: HashMap<Need, Option<Upto>>,
    tasks: JoinSet<()>,
    sender: Sender<Step>,
    steps: Receiver<Step>,
}

impl Default for Recovery {
    fn default() -> Self {
        let (sender, steps) = channel(QUEUE);
        Self {
            waiting: VecDeque::new(),
            needs: HashMap::new(),
            running: HashMap::new(),
            tasks: JoinSet::new(),
            sender,
            steps,
        }
    }
}

impl Recovery {
    /// Notes that events of a room are missing, up to this rev or an unknown one.
    pub(super) fn room(&mut self, room: RoomId, upto: Upto) {
        self.need(Need::Room(room), upto);
    }

    /// Notes that events of a user (None: of any user) are missing.
    pub(super) fn user(&mut self, user: Option<UserId>) {
        self.need(Need::User(user), None);
    }

    fn need(&mut self, need: Need, upto: Upto) {
        if let Some(again) = self.running.get_mut(&need) {
            *again = Some(again.map_or(upto, |known| further(known, upto)));
        } else if let Some(known) = self.needs.get_mut(&need) {
            *known = further(*known, upto);
        } else {
            self.needs.insert(need, upto);
            self.waiting.push_back(need);
        }
    }

    /// Starts what may run.
    pub(super) fn start(&mut self, chat: &Chat) {
        while self.running.len() < AT_ONCE
            && let Some(need) = self.waiting.pop_front()
        {
            let Some(upto) = self.needs.remove(&need) else { continue };
            let of = if matches!(need, Need::Room(_)) { "room" } else { "user" };
            counter!("chatctl_bus_recoveries_total", "of" => of).increment(1);
            self.running.insert(need, None);
            let (chat, steps) = (chat.clone(), self.sender.clone());
            self.tasks.spawn(async move {
                let outcome = match need {
                    Need::Room(room) => chat.read_missing(room, upto, &steps).await,
                    Need::User(user) => chat.read_added(user, &steps).await,
                };
                // Without a receiver the dispatcher has ended.
                drop(steps.send(Step::Done(need, outcome)).await);
            });
            // Removes tasks that have ended.
            while self.tasks.try_join_next().is_some() {}
        }
    }

    /// Returns the next step; waits for ever if nothing is missing.
    pub(super) async fn next(&mut self) -> Step {
        match self.steps.recv().await {
            Some(step) => step,
            // Never, since this holds a sender.
            None => std::future::pending().await,
        }
    }

    /// Notes an end; begins again if more is missing.
    pub(super) fn done(&mut self, need: Need, outcome: Outcome, hub: &Hub) {
        let again = self.running.remove(&need).flatten();
        if outcome == Outcome::Failed {
            return self.need(need, None);
        }
        let Some(upto) = again else { return };
        let there = match (need, upto) {
            (Need::Room(room), Some(upto)) => hub.reached(room).is_none_or(|rev| rev >= upto),
            _ => false,
        };
        if !there {
            self.need(need, upto);
        }
    }

    #[cfg(test)]
    pub(super) fn is_idle(&self) -> bool {
        self.waiting.is_empty() && self.running.is_empty()
    }
}

/// Returns the further of two revs; an unknown one is the furthest.
fn further(a: Upto, b: Upto) -> Upto {
    Some(a?.max(b?))
}

impl Chat {
    /// Reads missed changes of a room, page by page.
    async fn read_missing(&self, room: RoomId, upto: Upto, steps: &Sender<Step>) -> Outcome {
        if let Some(upto) = upto {
            tokio::time::sleep(LATE).await;
            if self.0.hub.reached(room).is_none_or(|rev| rev >= upto) {
                return Outcome::Complete;
            }
        }
        let Some(mut since) = self.0.hub.reached(room) else { return Outcome::Complete };
        debug!(room = room.key(), "Events may be missing; reading what changed since {since}.");
        // Pages whose messages are not all there up to the newest one: dialects without edits tell
        // messages in their order, and one that was edited since comes later among the changes.
        let mut held: Option<Changes> = None;
        let mut known = self.0.hub.newest(room);
        loop {
            let page = match self.store().changes(room, since, None, PAGE).await {
                Ok(page) => page,
                Err(StoreError::NotFound(Missing::Room)) => return gone(room, since, steps).await,
                Err(_) => return failed(room).await,
            };
            if !page.reset && page.rev <= since && held.is_none() {
                break;
            }
            let moved = page.rev > since;
            let changes = match held.take() {
                Some(held) => held.followed_by(page),
                None => page,
            };
            if moved && changes.more && changes.has_gap_after(known) {
                since = changes.rev;
                held = Some(changes);
                continue;
            }
            let facts = match &changes.room {
                Some(facts) => facts.clone(),
                None => match self.store().room(room).await {
                    Ok(Some(facts)) => facts,
                    Ok(None) => return gone(room, since, steps).await,
                    Err(_) => return failed(room).await,
                },
            };
            known = changes.messages.iter().map(|message| message.seq).fold(known, Seq::max);
            let (more, rev) = (changes.more && !changes.reset, changes.rev);
            let state = self.0.hub.state(room);
            let changes = Box::new(RoomChanges { room, changes, state });
            if steps.send(Step::Changes(changes, Box::new(facts))).await.is_err() || !more {
                break;
            }
            since = rev;
        }
        if upto.is_none() {
            self.read_presence(room).await;
        }
        Outcome::Complete
    }

    /// Reads who is present in a live room on other servers.
    pub(in crate::chat) async fn read_presence(&self, room: RoomId) {
        if self.0.bus.number() == 0 {
            return;
        }
        // Again if somebody enters or leaves meanwhile; in a very lively room what was read before
        // remains.
        for _ in 0..3 {
            let Some(mark) = self.0.hub.presence_mark(room) else { return };
            // Without the bus, presence is that of this server and what was known before.
            let Ok(read) = self.0.bus.elsewhere(room).await else { return };
            if self.0.hub.present_elsewhere(room, mark, read) {
                return;
            }
        }
    }

    /// Looks for rooms that users were added to without their sockets learning of it.
    async fn read_added(&self, user: Option<UserId>, steps: &Sender<Step>) -> Outcome {
        let hub = &self.0.hub;
        let users = user.map_or_else(|| hub.subscribers(), |user| vec![user]);
        for user in users {
            if !hub.is_subscriber(user) {
                continue;
            }
            let Ok(rooms) = self.store().rooms_of(user).await else {
                tokio::time::sleep(PAUSE).await;
                return Outcome::Failed;
            };
            for room in hub.unheard(user, &rooms) {
                let Ok(Some(facts)) = self.store().room(room).await else { continue };
                let Some(at) = facts.participant(user).map(|p| p.joined) else { continue };
                let (facts, state) = (facts.into(), LiveState::Closed);
                let added = Event::RoomAdded { user, facts, state, at };
                if steps.send(Step::Event(added)).await.is_err() {
                    return Outcome::Complete;
                }
            }
        }
        Outcome::Complete
    }
}

/// The room was deleted.
async fn gone(room: RoomId, since: Rev, steps: &Sender<Step>) -> Outcome {
    let gone = RoomEvent {
        room,
        rev: since.next(),
        at: Timestamp::now(),
        by: Who::Server,
        socket: None,
        changes: vec![Change::RoomDeleted],
    };
    // Without a receiver the dispatcher has ended.
    drop(steps.send(Step::Event(Event::Room(gone.into()))).await);
    Outcome::Complete
}

async fn failed(room: RoomId) -> Outcome {
    // The store says that it cannot be read; this is tried again every second for each room.
    debug!(room = room.key(), "Lost changes of the room could not be read.");
    tokio::time::sleep(PAUSE).await;
    Outcome::Failed
}
