//! A client: posts and changes messages, each time on any server, and writes down what it is told.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::time::{sleep, timeout};

use super::run::{Dice, World, lock};
use crate::model::{Message, Reaction, Rev, Role, RoomId, Seq, User, UserId, Window};
use crate::store::cluster::Cluster;
use crate::store::{Basis, Draft, MessageChange, Posted, RoomChange, Store, StoreError, Whose};

/// Things that a client does.
const DEEDS: u64 = 14;
/// How long a client waits for an answer.
const PATIENCE: Duration = Duration::from_secs(4);
/// Attempts of what must be done in the end.
const TRIES: usize = 60;

/// What clients were told.
#[derive(Default)]
pub(super) struct Journal {
    /// Acknowledged messages, as they were posted, with whether another client may have changed
    /// the text since.
    pub(super) posted: Vec<Message>,
    /// Texts that were sent once without a client id, and may be stored or not.
    pub(super) once: Vec<String>,
    /// Acknowledged changes of messages: room, seq, rev.
    pub(super) changed: Vec<(RoomId, Seq, Rev)>,
    /// Promises that a client saw broken.
    pub(super) broken: Vec<String>,
    pub(super) repeated: usize,
    pub(super) unanswered: usize,
}

/// A client.
pub(super) struct Client {
    pub(super) number: usize,
    pub(super) user: User,
    pub(super) world: Arc<World>,
    pub(super) rooms: Vec<RoomId>,
    pub(super) journal: Arc<Mutex<Journal>>,
    pub(super) dice: Dice,
}

impl Client {
    /// Does all its deeds.
    pub(super) async fn work(mut self) {
        for deed in 0..DEEDS {
            let room = *self.dice.pick(&self.rooms);
            match self.dice.roll(10) {
                0..=5 => self.post(room, deed).await,
                6 => self.post_once(room, deed).await,
                7 | 8 => self.change(room, deed).await,
                _ if self.number == 0 && self.dice.roll(2) == 0 => self.remove(room).await,
                _ => self.rename(room, deed).await,
            }
            sleep(Duration::from_millis(self.dice.roll(40))).await;
        }
    }

    /// Asks any server.
    async fn ask<T, F: Future<Output = Result<T, StoreError>>>(
        &mut self,
        ask: impl FnOnce(Cluster) -> F,
    ) -> Result<T, StoreError> {
        let server = self.world.pick(&mut self.dice);
        let answer = timeout(PATIENCE, ask(server)).await.unwrap_or(Err(StoreError::Unknown));
        if matches!(answer, Err(StoreError::Unknown)) {
            lock(&self.journal).unanswered += 1;
        }
        answer
    }

    /// Posts until it is acknowledged.
    async fn post(&mut self, room: RoomId, deed: u64) {
        let text = format!("client {} deed {deed}", self.number);
        let client_id = Some(format!("{}-{deed}", self.number));
        for _ in 0..TRIES {
            match self.post_as(room, text.clone(), client_id.clone()).await {
                Ok(posted) => {
                    self.told(&posted);
                    return self.look(&posted.message).await;
                }
                Err(StoreError::Unavailable | StoreError::Unknown | StoreError::Stale) => {
                    sleep(Duration::from_millis(self.dice.roll(150))).await;
                }
                Err(other) => return self.breaks(format!("post: {other:?}")),
            }
        }
        // The last user may have been removed for good.
        if self.user.id != UserId(3) {
            self.breaks(format!("{text} was never acknowledged"));
        }
    }

    /// Posts without a client id: never repeated.
    async fn post_once(&mut self, room: RoomId, deed: u64) {
        let text = format!("client {} once {deed}", self.number);
        match self.post_as(room, text.clone(), None).await {
            Ok(posted) => {
                self.told(&posted);
                self.look(&posted.message).await;
            }
            Err(_) => lock(&self.journal).once.push(text),
        }
    }

    fn told(&self, posted: &Posted) {
        let mut journal = lock(&self.journal);
        journal.repeated += usize::from(posted.repeated);
        journal.posted.push(posted.message.clone());
    }

    async fn post_as(
        &mut self,
        room: RoomId,
        text: String,
        client_id: Option<String>,
    ) -> Result<Posted, StoreError> {
        let user = self.user.id;
        let draft = draft(user, text, client_id);
        self.ask(|server| async move {
            let basis = member(&server, room, user).await?;
            server.post(room, basis, draft).await
        })
        .await
    }

    /// Looks for an acknowledged message on another server.
    async fn look(&mut self, message: &Message) {
        let (room, seq) = (message.room, message.seq);
        let found =
            self.ask(|server| async move { server.messages(room, Window::One(seq), 1).await });
        if let Ok(found) = found.await
            && found.first().is_none_or(|found| found.client_id != message.client_id)
        {
            self.breaks(format!("{message:?} was acknowledged, and another server has {found:?}"));
        }
    }

    /// Changes some message of the room.
    async fn change(&mut self, room: RoomId, deed: u64) {
        let known: Vec<Seq> = {
            let journal = lock(&self.journal);
            journal.posted.iter().filter(|m| m.room == room).map(|m| m.seq).collect()
        };
        if known.is_empty() {
            return;
        }
        let (seq, user) = (*self.dice.pick(&known), self.user.id);
        let change = match self.dice.roll(4) {
            0 => MessageChange::Edit {
                text: format!("client {} edit {deed}", self.number),
                mentions: Vec::new(),
            },
            1 => MessageChange::Delete,
            2 => MessageChange::React(Reaction::parse("like").expect("a reaction")),
            _ => MessageChange::Unreact(Reaction::parse("like").expect("a reaction")),
        };
        let done = self.ask(|server| async move {
            let basis = member(&server, room, user).await?;
            server.change_message(room, seq, basis, Some(user), Whose::Any, change).await
        });
        if let Ok(done) = done.await
            && done.changed()
        {
            lock(&self.journal).changed.push((room, seq, done.rev));
        }
    }

    /// Changes the facts, on which decisions of others rest.
    async fn rename(&mut self, room: RoomId, deed: u64) {
        let (user, name) = (self.user.id, format!("client {} name {deed}", self.number));
        let done = self.ask(|server| async move {
            let basis = member(&server, room, user).await?;
            let change = RoomChange::EditedName(user, name);
            server.change_room(room, basis, Some(user), change).await
        });
        drop(done.await);
    }

    /// Removes the last user from the room, or adds them again.
    async fn remove(&mut self, room: RoomId) {
        let other = UserId(3);
        let done = self.ask(|server| async move {
            let facts = server.room(room).await?.ok_or(StoreError::Stale)?;
            let change = if facts.participant(other).is_some() {
                RoomChange::Remove { user: other, successor: None, socket: None }
            } else {
                RoomChange::Add(other, Role::Admin)
            };
            let basis = Basis::Facts(facts.room.facts_rev);
            server.change_room(room, basis, None, change).await
        });
        drop(done.await);
    }

    fn breaks(&self, promise: String) {
        lock(&self.journal).broken.push(promise);
    }
}

pub(in super::super) fn draft(author: UserId, text: String, client_id: Option<String>) -> Draft {
    Draft {
        author,
        text,
        client_id,
        reply_to: None,
        media: Vec::new(),
        socket: None,
        mentions: Vec::new(),
    }
}

async fn member(server: &Cluster, room: RoomId, user: UserId) -> Result<Basis, StoreError> {
    let facts = server.room(room).await?.ok_or(StoreError::Stale)?;
    let participant = facts.participant(user).ok_or(StoreError::Stale)?;
    Ok(Basis::Member { user, since: facts.basis_of(participant) })
}
