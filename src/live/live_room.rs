//! A live room: facts, latest messages and presence of a room in which somebody was present.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::Arc;

use crate::model::{
    Change, LiveState, Message, Person, ReactionCount, Rev, RoomEvent, RoomFacts, Seq, UserId,
};

/// The live room.
pub(super) struct LiveRoom {
    pub(super) state: LiveState,
    /// Room and participants as of the newest event applied. Their `rev` and `last_seq` may lag;
    /// [`LiveRoom::rev`] does not. None while it is being created.
    pub(super) facts: Option<Arc<RoomFacts>>,
    pub(super) rev: Rev,
    /// The latest messages, oldest first.
    pub(super) recent: VecDeque<Message>,
    /// Users present, with the number of their sockets.
    pub(super) present: HashMap<UserId, (Person, u32)>,
    /// Those of them that are bots: present, but not counted as online.
    pub(super) bots: HashSet<UserId>,
    /// Users present on other servers, as far as known.
    pub(super) others: Others,
    /// Incremented when the idle timer starts or stops; a timer that finds another number is
    /// cancelled.
    pub(super) timer: u64,
    /// Events received while the facts were being read.
    pub(super) backlog: Vec<Arc<RoomEvent>>,
    /// Entries and leaves to be sent together.
    pub(super) merged: Merged,
}

/// Users present on other servers.
#[derive(Default)]
pub(super) struct Others {
    pub(super) people: HashMap<UserId, Person>,
    /// Number of users who are not named.
    pub(super) more: u32,
    /// Incremented with every entry and leave: what was read before may be out of date.
    pub(super) changes: u64,
    /// They were read.
    pub(super) known: bool,
}

/// Entries and leaves of one second, in rooms with many users present.
#[derive(Default)]
pub(super) struct Merged {
    pub(super) joined: Vec<String>,
    pub(super) left: Vec<String>,
    pub(super) scheduled: bool,
}

impl LiveRoom {
    pub(super) fn creating() -> Self {
        Self {
            state: LiveState::Creating,
            rev: Rev(0),
            facts: None,
            recent: VecDeque::new(),
            present: HashMap::new(),
            bots: HashSet::new(),
            others: Others::default(),
            timer: 0,
            backlog: Vec::new(),
            merged: Merged::default(),
        }
    }

    /// Returns the number of users present on all servers, without bots.
    pub(super) fn online(&self) -> usize {
        let elsewhere =
            self.others.people.keys().filter(|user| !self.present.contains_key(user)).count();
        self.present.len() - self.bots.len() + elsewhere + self.others.more as usize
    }

    /// Returns the newest message of the events applied.
    pub(super) fn newest(&self) -> Seq {
        let stored = self.facts.as_ref().map_or(Seq(0), |facts| facts.room.last_seq);
        self.recent.back().map_or(stored, |message| message.seq.max(stored))
    }

    /// Updates facts and latest messages. Applying an event twice changes nothing.
    pub(super) fn apply(&mut self, event: &RoomEvent, keep: usize) {
        if event.rev <= self.rev {
            return;
        }
        self.rev = event.rev;
        for change in &event.changes {
            match change {
                Change::Posted(message) => self.remember(message, keep),
                Change::Edited(message) | Change::Deleted(message) => {
                    if let Some(known) = self.recent.iter_mut().find(|m| m.seq == message.seq) {
                        *known = message.clone();
                    }
                }
                Change::Reacted { seq, reaction } => self.react(*seq, event, |reactions, login| {
                    match reactions.iter_mut().find(|r| r.reaction == *reaction) {
                        Some(known) if !known.users.contains(&login) => known.users.push(login),
                        Some(_) => (),
                        None => reactions
                            .push(ReactionCount { reaction: reaction.clone(), users: vec![login] }),
                    }
                }),
                Change::Unreacted { seq, reaction } => {
                    self.react(*seq, event, |reactions, login| {
                        for known in reactions.iter_mut().filter(|r| r.reaction == *reaction) {
                            known.users.retain(|user| *user != login);
                        }
                        reactions.retain(|r| !r.users.is_empty());
                    });
                }
                Change::Updated(_)
                | Change::ParticipantAdded(_)
                | Change::ParticipantChanged(_)
                | Change::ParticipantRemoved(_)
                | Change::RoomDeleted => {
                    if let Some(facts) = &mut self.facts {
                        Arc::make_mut(facts).apply(event.rev, change);
                    }
                }
            }
        }
    }

    /// Updates a message to its current version.
    pub(super) fn apply_now(&mut self, message: &Message, keep: usize) {
        let known = self.recent.iter().any(|m| m.seq == message.seq);
        let newer = self.recent.back().is_none_or(|m| m.seq < message.seq);
        if known || newer {
            self.remember(message, keep);
        }
    }

    /// Replaces or appends a message, and drops the oldest beyond `keep`.
    fn remember(&mut self, message: &Message, keep: usize) {
        match self.recent.iter_mut().find(|m| m.seq == message.seq) {
            Some(known) => *known = message.clone(),
            None => self.recent.push_back(message.clone()),
        }
        while self.recent.len() > keep {
            self.recent.pop_front();
        }
    }

    fn react(
        &mut self,
        seq: Seq,
        event: &RoomEvent,
        change: impl FnOnce(&mut Vec<ReactionCount>, String),
    ) {
        if let Some(message) = self.recent.iter_mut().find(|m| m.seq == seq) {
            message.rev = event.rev;
            change(&mut message.reactions, event.by.login().to_owned());
        }
    }
}
