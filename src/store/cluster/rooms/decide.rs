//! Decides a batch of posts and changes of messages, each after those before it. Everything they
//! rest on was read before.

#![expect(clippy::similar_names, reason = "a room and the root of a thread are called so")]

mod mentions;
mod target;

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::Arc;

use self::mentions::mentioned;
use self::target::Target;
use super::batch::{Batch, user_of};
use super::logged::{Step, StoredChange, StoredWho};
use super::orders::{Decided, Done, Order, Ready, Waiting};
use super::state::gone;
use super::stored::{ALL, StoredMedia, StoredMessage, bucket_of_rev, last_rev_of};
use crate::model::{
    Change, Event, MessageId, Rev, RoomEvent, Seq, SocketId, Timestamp, UserId, Who,
};
use crate::store::{
    Basis, Committed, Draft, MessageChange, Missing, StoreError, Whose, audit_notes,
};

/// Decides the orders one after the other.
pub(super) fn decide(batch: &Batch<'_>, orders: &VecDeque<Waiting>) -> Decided {
    let mut draft = Deciding {
        batch,
        seq: batch.room.seq,
        rev: batch.room.rev,
        at: batch.room.at,
        changed: HashSet::new(),
        roots: HashMap::new(),
        posted: HashMap::new(),
        sent: HashMap::new(),
        decided: Decided::default(),
    };
    let last = last_rev_of(bucket_of_rev(batch.room.rev.next()));
    for (place, waiting) in orders.iter().enumerate() {
        let Some(done) = (draft.rev < last).then(|| draft.order(place, waiting)).flatten() else {
            break;
        };
        draft.decided.done.push(done);
    }
    draft.decided
}

/// A batch that is being decided, with the room as it is after the orders so far.
struct Deciding<'a> {
    batch: &'a Batch<'a>,
    seq: Seq,
    rev: Rev,
    at: Timestamp,
    /// Messages that were changed.
    changed: HashSet<Seq>,
    /// Replies so far, with the messages with which their threads begin.
    roots: HashMap<Seq, Seq>,
    /// Authors of the posts so far, and whom they mention.
    posted: HashMap<Seq, (i64, Vec<i64>)>,
    sent: HashMap<(UserId, &'a str), Seq>,
    decided: Decided,
}

impl<'a> Deciding<'a> {
    /// Decides an order; None: only after the commit of those before it.
    fn order(&mut self, place: usize, waiting: &'a Waiting) -> Option<Done> {
        match &waiting.order {
            Order::Post { basis, draft } => {
                if draft.reply_to.is_some_and(|target| self.changed.contains(&target)) {
                    return None;
                }
                Some(self.post(place, *basis, draft, waiting.elsewhere).into())
            }
            Order::Message { seq, basis, by, whose, change } => {
                let posted_now = *seq > self.batch.room.seq && *seq <= self.seq;
                if posted_now || self.changed.contains(seq) {
                    return None;
                }
                Some(
                    self.change(*seq, *basis, *by, *whose, change)
                        .unwrap_or_else(|error| Err(error).into()),
                )
            }
            Order::Room { .. } | Order::Planned { .. } => None,
        }
    }

    fn post(
        &mut self,
        place: usize,
        basis: Basis,
        draft: &'a Draft,
        elsewhere: Option<Seq>,
    ) -> Result<Ready, StoreError> {
        let room = self.batch.room;
        if !room.stands() {
            return Err(gone(basis));
        }
        let key = draft.client_id.as_deref().map(|id| (draft.author, id));
        let first = key.and_then(|key| self.first_with(key));
        // Another server may have posted it while its basis held.
        if let (Some(known), Some(seq)) = (elsewhere, first) {
            return Ok(Ready::Known { seq, repeated: seq <= known });
        }
        let Some(account) = self.batch.accounts.get(&draft.author) else {
            let decided = user_of(basis) == Some(draft.author);
            return Err(if decided {
                StoreError::Stale
            } else {
                StoreError::NotFound(Missing::Participant)
            });
        };
        room.on_basis(basis, &self.batch.accounts)?;
        if let Some(seq) = first {
            return Ok(Ready::Known { seq, repeated: true });
        }
        if draft.reply_to.is_some_and(|target| !self.stands(target)) {
            return Err(StoreError::NotFound(Missing::Message));
        }
        let media = self.batch.media.get(&place).cloned().unwrap_or(Ok(Vec::new()))?;
        let now = Timestamp::now().max(self.at);
        let (seq, rev) = (self.seq.next(), self.rev.next());
        let body = StoredMessage {
            author: draft.author.0,
            text: draft.text.clone(),
            created: now.0,
            edited: None,
            deleted: None,
            reply_to: draft.reply_to.map(|seq| seq.0),
            client_id: draft.client_id.clone(),
            media: media.into_iter().map(StoredMedia::from).collect(),
            mentions: mentioned(room, draft.author, &draft.mentions),
            logged: vec![rev.0],
        };
        let by = Who::User(room.person(account));
        let mut message = body.clone().message(room.id, seq, rev, by.clone());
        (self.seq, self.at) = (seq, now);
        self.sent.extend(key.map(|key| (key, seq)));
        self.posted.insert(seq, (body.author, body.mentions.clone()));
        let mut steps = vec![Step::Posted { seq: seq.0, message: body }];
        if let Some(target) = draft.reply_to {
            let root = self.root_of(target);
            self.roots.insert(seq, root);
            message.thread = Some(root);
            steps.push(Step::Threaded { seq: seq.0, root: root.0, at: now.0, gone: false });
            steps.push(self.followed(seq, root, target));
        }
        self.store(now, by, draft.socket, steps, Change::Posted(message.clone()));
        Ok(Ready::Posted(Box::new(message)))
    }

    fn first_with(&self, key: (UserId, &'a str)) -> Option<Seq> {
        let stored = || self.batch.sent.get(&(key.0, key.1.to_owned()));
        self.sent.get(&key).or_else(stored).copied()
    }

    /// Returns whether the message exists and is not deleted.
    fn stands(&self, seq: Seq) -> bool {
        let posted_now = seq > self.batch.room.seq && seq <= self.seq;
        posted_now || self.batch.rows.get(&seq).is_some_and(|row| !row.is_deleted())
    }

    /// Returns the message with which the thread of this message begins.
    fn root_of(&self, seq: Seq) -> Seq {
        let stored = || self.batch.rows.get(&seq).and_then(|row| row.thread);
        self.roots.get(&seq).copied().or_else(stored).unwrap_or(seq)
    }

    /// Whoever answers, whoever has started the thread and whoever is mentioned follows it. The first
    /// reply answers the message with which the thread begins, so that later ones need not know it.
    fn followed(&self, reply: Seq, root: Seq, target: Seq) -> Step {
        let of = |seq: &Seq| {
            let stored = || {
                let row = self.batch.rows.get(seq)?;
                Some((row.body.author, row.body.mentions.clone()))
            };
            self.posted.get(seq).cloned().or_else(stored)
        };
        let mut users = Vec::new();
        if let Some((starter, mentions)) = of(&target).filter(|_| target == root) {
            users.push(starter);
            users.extend(mentions);
        }
        let mut author = None;
        if let Some((writer, mentions)) = of(&reply) {
            users.extend(mentions);
            users.retain(|user| *user != writer);
            author = Some((writer, reply.0));
        }
        Step::Followed { root: root.0, users: named(users), author }
    }

    fn change(
        &mut self,
        seq: Seq,
        basis: Basis,
        by: Option<UserId>,
        whose: Whose,
        change: &MessageChange,
    ) -> Result<Done, StoreError> {
        let (room, accounts) = (self.batch.room, &self.batch.accounts);
        room.on_basis(basis, accounts)?;
        // An expired message that is not pinned is gone, even if its content is not removed yet.
        let stays = seq > room.expired() || self.batch.pinned.contains(&seq);
        let erasing = matches!(change, MessageChange::Delete);
        let found = self.batch.rows.get(&seq).filter(|row| !row.is_deleted() && (stays || erasing));
        let row = found.ok_or(StoreError::NotFound(Missing::Message))?;
        let author = UserId(row.body.author);
        if whose == Whose::Own && Some(author) != by {
            return Err(StoreError::NotAuthor);
        }
        let (now, rev) = (Timestamp::now(), self.rev.next());
        let target = Target { batch: self.batch, row, by, now, rev };
        let (step, event) = match change {
            MessageChange::Edit { text, mentions } => target.edit(text, mentions),
            MessageChange::Delete => target.delete(self.batch.pinned.contains(&seq)),
            MessageChange::React(reaction) => match target.react(reaction)? {
                Ok(changed) => changed,
                Err(at) => return Ok(Ok(self.unchanged(at)).into()),
            },
            MessageChange::Unreact(reaction) => match target.unreact(reaction) {
                Some(changed) => changed,
                None => return Ok(Ok(self.unchanged(now)).into()),
            },
        };
        // What authors do to their own messages is not administration.
        let foreign = Some(author) != by && matches!(change, MessageChange::Delete);
        let note = foreign.then(|| {
            let login = accounts.get(&author).map_or("", |account| &account.login);
            audit_notes::message_deleted(MessageId { room: room.id, seq }, login)
        });
        self.changed.insert(seq);
        let who = by.map_or(Who::Server, |user| room.who(user, accounts));
        let mut steps = vec![step];
        if let (Some(Step::Edited { message, .. }), Some(root)) = (steps.first(), row.thread) {
            let users = named(message.mentions.clone());
            steps.push(Step::Followed { root: root.0, users, author: None });
        }
        if let (MessageChange::Delete, Some(root)) = (change, row.thread) {
            let (seq, root, at) = (seq.0, root.0, row.body.created);
            steps.push(Step::Threaded { seq, root, at, gone: true });
        }
        self.store(now, who, None, steps, event.clone());
        let changes = vec![event];
        let committed = Committed { rev, last_seq: self.seq, at: now, changes };
        Ok(Done {
            ready: Ok(Ready::Committed(committed)),
            note: note.flatten(),
            release: Vec::new(),
        })
    }

    fn unchanged(&self, at: Timestamp) -> Ready {
        let changes = Vec::new();
        Ready::Committed(Committed { rev: self.rev, last_seq: self.seq, at, changes })
    }

    /// Adds a change of these steps, with its event, as the next rev.
    fn store(
        &mut self,
        at: Timestamp,
        by: Who,
        socket: Option<SocketId>,
        steps: Vec<Step>,
        change: Change,
    ) {
        self.rev = self.rev.next();
        self.decided.changes.push(StoredChange {
            rev: self.rev.0,
            at: at.0,
            by: StoredWho::from(&by),
            steps,
            room: None,
        });
        let event = RoomEvent {
            room: self.batch.room.id,
            rev: self.rev,
            at,
            by,
            socket,
            changes: vec![change],
        };
        self.decided.events.push(Event::Room(Arc::new(event)));
    }
}

/// Returns these users, each once. A mention of everybody has nobody follow a thread.
fn named(mut users: Vec<i64>) -> Vec<i64> {
    users.retain(|user| *user != ALL.0);
    users.sort_unstable();
    users.dedup();
    users
}
