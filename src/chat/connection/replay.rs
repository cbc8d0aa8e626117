//! Changes that a subscriber missed: pulled page by page by the socket's own task, never pushed
//! into its queue.
//!
//! All rooms are held until the last page is read; then they become live together, and `subscribed`
//! is sent before any newer event.

use std::collections::{HashMap, VecDeque};

use super::{Connection, MAX_CHANGES};
use crate::live::Ready;
use crate::model::{Changes, Outcome, Result, Rev, RoomCard, RoomChanges, RoomId, Subscription};
use crate::store::RoomQuery;

/// Maximum number of messages per frame.
const PAGE: usize = 100;
/// Maximum number of changes per replay; remaining rooms are reset.
const MAX_IN_ALL: u32 = 2_000;

/// A replay in progress.
pub(super) struct Replay {
    epoch: Option<String>,
    /// Rooms with possibly missed changes, with the rev reached and the changes sent.
    rooms: VecDeque<(RoomId, Reached)>,
    /// Rooms that are complete or must be reset.
    done: HashMap<RoomId, Reached>,
    told: u32,
    /// Pages that were read but not sent yet.
    pages: VecDeque<RoomChanges>,
    /// Answers once all rooms are live; later frames of the rooms are kept back behind them.
    last: Option<VecDeque<Outcome>>,
}

#[derive(Clone, Copy)]
struct Reached {
    rev: Rev,
    told: u32,
    reset: bool,
}

impl Connection {
    /// Returns whether a replay is in progress.
    pub fn replaying(&self) -> bool {
        self.replay.is_some()
    }

    /// Starts listening to all rooms of the user; [`replay`](Self::replay) returns the missed
    /// changes and then the reply.
    pub(super) async fn subscribe(
        &mut self,
        mut since: HashMap<RoomId, Rev>,
        epoch: Option<String>,
    ) -> Result<()> {
        self.socket.subscribe();
        // Listening starts before participation is read, so that a removal in between is either
        // seen here or arrives as an event.
        let cards = self.cards().await;
        for card in cards.as_deref().unwrap_or_default() {
            let room = card.facts.room.id;
            if let Some(heard) = self.chat.0.hub.listen(room, &self.socket) {
                // It continues where it is, and misses nothing meanwhile.
                since.entry(room).or_insert(heard);
            }
        }
        self.socket.listens_to_all();
        cards?;
        let rooms = since
            .into_iter()
            .map(|(room, rev)| (room, Reached { rev, told: 0, reset: false }))
            .collect();
        self.replay = Some(Replay {
            epoch,
            rooms,
            done: HashMap::new(),
            told: 0,
            pages: VecDeque::new(),
            last: None,
        });
        Ok(())
    }

    /// Returns the next page of a replay (`Outcome::Changes`…, then `Outcome::Subscribed`); None:
    /// no replay is in progress.
    pub async fn replay(&mut self) -> Option<Result<Outcome>> {
        let mut replay = self.replay.take()?;
        match self.next_page(&mut replay).await {
            Ok(Some(outcome)) => {
                self.replay = Some(replay);
                Some(Ok(outcome))
            }
            Ok(None) => None,
            Err(error) => Some(Err(error)),
        }
    }

    async fn next_page(&self, replay: &mut Replay) -> Result<Option<Outcome>> {
        loop {
            if let Some(page) = replay.pages.pop_front() {
                return Ok(Some(Outcome::Changes(Box::new(page))));
            }
            let Some((room, mut reached)) = replay.rooms.pop_front() else { break };
            // The user was removed, or the room cannot be read now. If the user is still a
            // participant, the client resets the room.
            if !self.chat.0.hub.is_listening(room, &self.socket) {
                replay.done.insert(room, Reached { reset: true, ..reached });
                continue;
            }
            let Ok(page) = self
                .chat
                .changes(&self.session, room, reached.rev, replay.epoch.as_deref(), MAX_CHANGES)
                .await
            else {
                replay.done.insert(room, Reached { reset: true, ..reached });
                continue;
            };
            let count = u32::try_from(page.changes.messages.len()).unwrap_or(u32::MAX);
            let too_much = (page.changes.more && count >= MAX_CHANGES)
                || reached.told + count > MAX_CHANGES
                || replay.told + count > MAX_IN_ALL;
            if too_much {
                reached.reset = true;
                replay.done.insert(room, reached);
                continue;
            }
            reached = Reached {
                rev: page.changes.rev,
                told: reached.told + count,
                reset: page.changes.reset,
            };
            replay.told += count;
            if page.changes.more && !reached.reset {
                replay.rooms.push_front((room, reached));
            } else {
                replay.done.insert(room, reached);
            }
            if says_something(&page.changes) {
                replay.pages.extend(split(page));
            }
        }
        if replay.last.is_none() {
            replay.last = Some(self.turn_live(replay).await?);
        }
        Ok(replay.last.as_mut().and_then(VecDeque::pop_front))
    }

    /// Makes all rooms live and returns their states, after the changes made since the pages were
    /// read.
    async fn turn_live(&self, replay: &Replay) -> Result<VecDeque<Outcome>> {
        let mut outcomes = VecDeque::new();
        let mut rooms = Vec::new();
        self.socket.outbox.hold();
        for mut card in self.cards().await? {
            let room = card.facts.room.id;
            let mut reached = replay.done.get(&room).copied();
            if !self.chat.0.hub.is_listening(room, &self.socket) {
                // The user was added between the two reads: `room_added` has been or will be sent.
                self.chat.0.hub.listen(room, &self.socket);
            }
            loop {
                if let Some(known) = &mut reached
                    && !known.reset
                    && known.rev < card.facts.room.rev
                {
                    match self.chat.changes(&self.session, room, known.rev, None, MAX_CHANGES).await
                    {
                        Ok(page) => {
                            *known = Reached {
                                rev: page.changes.rev,
                                told: known.told,
                                reset: page.changes.reset || page.changes.more,
                            };
                            if says_something(&page.changes) {
                                let pages = split(page).into_iter();
                                outcomes.extend(pages.map(|page| Outcome::Changes(Box::new(page))));
                            }
                        }
                        Err(_) => known.reset = true,
                    }
                }
                // The changes may have been read after the card.
                if let Some(known) = reached.filter(|known| !known.reset) {
                    card.facts.room.rev = card.facts.room.rev.max(known.rev);
                }
                let rev = card.facts.room.rev;
                match self.chat.0.hub.make_ready(room, &self.socket, rev, card.facts.room.last_seq)
                {
                    Ready::Gone => break,
                    Ready::Now => {
                        rooms.push(subscription(&card, reached.is_some_and(|known| known.reset)));
                        break;
                    }
                    Ready::Behind => match self
                        .chat
                        .store()
                        .rooms(RoomQuery::These(self.session.user, &[room]))
                        .await?
                        .pop()
                    {
                        Some(newer) => card = newer,
                        None => break,
                    },
                }
            }
        }
        outcomes.push_back(Outcome::Subscribed(rooms));
        Ok(outcomes)
    }

    async fn cards(&self) -> Result<Vec<RoomCard>> {
        Ok(self
            .chat
            .store()
            .rooms(RoomQuery::Of { user: self.session.user, participants: 0 })
            .await?)
    }
}

/// Splits changes into frames of at most [`PAGE`] messages; each frame has the rev it reaches, the
/// last one that of the whole page.
fn split(mut page: RoomChanges) -> Vec<RoomChanges> {
    let mut frames = Vec::new();
    while page.changes.messages.len() > PAGE {
        let rest = page.changes.messages.split_off(PAGE);
        let reached = page.changes.messages.last().map_or(page.changes.rev, |message| message.rev);
        let mut first = page.clone();
        first.changes = Changes { rev: reached, more: true, room: None, ..first.changes };
        frames.push(first);
        page.changes.messages = rest;
    }
    frames.push(page);
    frames
}

fn says_something(changes: &Changes) -> bool {
    changes.reset || changes.room.is_some() || !changes.messages.is_empty()
}

fn subscription(card: &RoomCard, reset: bool) -> Subscription {
    let room = &card.facts.room;
    Subscription {
        room: room.id,
        rev: room.rev,
        last_seq: room.last_seq,
        unread: card.unread,
        mentions: card.mentions,
        reset,
    }
}
