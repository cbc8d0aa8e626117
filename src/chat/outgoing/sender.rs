//! The task of one outgoing webhook: reads what changed in its rooms, and sends one event after the
//! other. What was accepted is stored before the next one is sent.

use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use metrics::counter;
use tracing::{info, warn};

use super::event;
use super::request::Requests;
use super::retry::{self, Failure, Next};
use super::signals::Waker;
use crate::chat::{Chat, Operator};
use crate::egress::Egress;
use crate::model::{
    Membership, Message, OutgoingWebhook, Rev, RoomId, Seq, Timestamp, UserId, WebhookChange,
    WebhookEvent, WebhookPlace, Window,
};
use crate::store::{Missing, StoreError};

/// Changed messages that are read together.
const PAGE: u32 = 50;
/// Pause before the store is asked again.
const PAUSE: Duration = Duration::from_secs(2);
/// Events that are known to have been accepted, so that a reaction to an edited message does not
/// repeat the edit.
const KNOWN: usize = 512;

/// Why a task does not go on.
pub(super) enum Halt {
    /// The store does not answer; later it does.
    Later,
    /// The webhook was disabled or removed.
    Ended,
    /// The room is no longer open, and the webhook sends public rooms only.
    Closed,
}

/// Sends the events of one webhook.
pub(super) struct Sender {
    pub(super) chat: Chat,
    pub(super) webhook: OutgoingWebhook,
    pub(super) waker: Arc<Waker>,
    /// After this time all rooms are read, in case that nobody told of a change.
    look: Duration,
    pub(super) places: BTreeMap<RoomId, WebhookPlace>,
    /// Rooms that are known not to be open, of a webhook that sends all public rooms.
    pub(super) closed: HashSet<RoomId>,
    /// Names of rooms.
    pub(super) names: HashMap<RoomId, Option<String>>,
    requests: Requests,
    known: VecDeque<String>,
}

impl Sender {
    pub(super) fn new(
        chat: Chat,
        webhook: OutgoingWebhook,
        waker: Arc<Waker>,
        look: Duration,
    ) -> Self {
        // Of all rooms, reading what nobody told of takes longer.
        let look = if webhook.all_public { look * 5 } else { look };
        let places = webhook.places.iter().map(|place| (place.room, *place)).collect();
        Self {
            chat,
            webhook,
            waker,
            look,
            places,
            closed: HashSet::new(),
            names: HashMap::new(),
            requests: Requests::default(),
            known: VecDeque::new(),
        }
    }

    /// Sends until the webhook is disabled or removed.
    pub(super) async fn run(mut self) {
        let mut due: VecDeque<RoomId> = self.changed().await.into();
        loop {
            while let Some(room) = due.pop_front() {
                match self.page(room).await {
                    Ok(false) => {}
                    // After the other rooms that wait.
                    Ok(true) => add(&mut due, [room]),
                    Err(Halt::Later) => {
                        add(&mut due, [room]);
                        tokio::time::sleep(PAUSE).await;
                    }
                    Err(Halt::Closed) => self.close(room),
                    Err(Halt::Ended) => return,
                }
                add(&mut due, self.woken());
            }
            if tokio::time::timeout(self.look, self.waker.woken()).await.is_err() {
                add(&mut due, self.changed().await);
            }
            add(&mut due, self.woken());
        }
    }

    /// Sends a page of changes of a room; true if there are more.
    async fn page(&mut self, room: RoomId) -> Result<bool, Halt> {
        if self.webhook.all_public && !self.places.contains_key(&room) {
            self.enter(room).await?;
        }
        let Some(place) = self.places.get(&room).copied() else { return Ok(false) };
        let page = match self.chat.store().changes(room, place.rev, None, PAGE).await {
            Ok(page) => page,
            Err(error) => return self.unread(room, &error).await.map(|()| false),
        };
        if self.webhook.all_public && (page.reset || page.room.is_some()) {
            self.enter(room).await?;
            if self.places.get(&room).is_none_or(|now| (now.rev, now.seq) != (place.rev, place.seq))
            {
                // It was closed meanwhile, and opened again.
                return Ok(true);
            }
        }
        if page.reset {
            warn!(
                room = room.key(),
                "The outgoing webhook {} is so far behind that edits and deletions are no longer \
                 known; new messages are sent.",
                self.webhook.name
            );
            self.need_name(room).await?;
            self.posted_below(room, Seq(i64::MAX)).await?;
            self.restart(room, page.rev);
            return Ok(true);
        }
        let mut people = Vec::new();
        if let Some(facts) = page.room {
            self.names.insert(room, facts.room.name);
            if self.webhook.tells_of_people() {
                people = self.people(room, place.rev, page.rev).await?;
            }
        }
        if !page.messages.is_empty() {
            self.need_name(room).await?;
        }
        let mut people = people.as_slice();
        for message in &page.messages {
            people = self.people_below(room, people, message.rev).await?;
            self.message(message).await?;
        }
        self.people_below(room, people, page.rev.next()).await?;
        self.reach(room, page.rev, None).await?;
        Ok(page.more)
    }

    /// Goes on without a room that was deleted.
    async fn unread(&mut self, room: RoomId, error: &StoreError) -> Result<(), Halt> {
        if *error != StoreError::NotFound(Missing::Room) {
            return Err(Halt::Later);
        }
        self.chat.store().leave_webhook(self.webhook.id, room).await.map_err(|_| Halt::Later)?;
        self.places.remove(&room);
        self.names.remove(&room);
        info!(
            room = room.key(),
            "The outgoing webhook {} leaves out a deleted room.", self.webhook.name
        );
        Ok(())
    }

    /// Returns who joined or left between two revs.
    async fn people(&self, room: RoomId, since: Rev, upto: Rev) -> Result<Vec<Membership>, Halt> {
        self.chat.store().memberships(room, since, upto).await.map_err(|_| Halt::Later)
    }

    /// Learns the name of a room, unless it is known.
    async fn need_name(&mut self, room: RoomId) -> Result<(), Halt> {
        if !self.names.contains_key(&room) {
            let facts = self.chat.store().room(room).await.map_err(|_| Halt::Later)?;
            self.names.insert(room, facts.and_then(|facts| facts.room.name));
        }
        Ok(())
    }

    /// Goes on from this rev, whatever was known before.
    fn restart(&mut self, room: RoomId, rev: Rev) {
        if let Some(place) = self.places.get_mut(&room) {
            place.rev = rev;
        }
    }

    /// Sends what has happened to a message since it was last told.
    async fn message(&mut self, message: &Message) -> Result<(), Halt> {
        let room = message.room;
        let Some(place) = self.places.get(&room).copied() else { return Ok(()) };
        if message.seq > place.seq {
            // Those before it that have changed since come later among the changes.
            self.posted_below(room, message.seq).await?;
            if message.deleted.is_some() {
                self.send(WebhookEvent::Deleted, message).await?;
            } else if self.webhook.events.contains(&WebhookEvent::Posted) {
                self.post(message).await?;
            } else if message.edited.is_some() {
                self.send(WebhookEvent::Edited, message).await?;
            }
        } else if message.deleted.is_some() {
            self.send(WebhookEvent::Deleted, message).await?;
        } else if message.edited.is_some() {
            self.send(WebhookEvent::Edited, message).await?;
        }
        self.reach(room, message.rev, Some(message.seq)).await
    }

    /// Sends the messages below this one that have not been sent as posted.
    async fn posted_below(&mut self, room: RoomId, end: Seq) -> Result<(), Halt> {
        while let Some(place) = self.places.get(&room).copied()
            && place.seq.next() < end
        {
            let window = Window::After(place.seq);
            let mut found = match self.chat.store().messages(room, window, PAGE).await {
                Ok(found) => found,
                Err(error) => return self.unread(room, &error).await,
            };
            found.retain(|message| message.seq < end);
            if found.is_empty() {
                break;
            }
            for message in &found {
                if message.deleted.is_none() {
                    self.post(message).await?;
                }
                self.reach(room, place.rev, Some(message.seq)).await?;
            }
        }
        Ok(())
    }

    async fn post(&mut self, message: &Message) -> Result<(), Halt> {
        self.send(WebhookEvent::Posted, message).await?;
        if message.edited.is_some() && self.webhook.events.contains(&WebhookEvent::Posted) {
            // It was told with its present text.
            self.remember(self.id(WebhookEvent::Edited, message));
        }
        Ok(())
    }

    /// Sends an event, if it is one that the webhook sends and not known to have been accepted.
    async fn send(&mut self, event: WebhookEvent, message: &Message) -> Result<(), Halt> {
        let id = self.id(event, message);
        let author = message.author.id();
        if author.is_some() && author == self.webhook.bot.as_ref().map(|bot| bot.id) {
            // It would answer itself without end.
            return Ok(());
        }
        if !self.webhook.events.contains(&event) || self.known.contains(&id) {
            return Ok(());
        }
        let name = self.names.get(&message.room).and_then(Option::as_deref);
        let body = event::body(event, name, message);
        self.tell(message.room, author, id, &body).await
    }

    /// Sends who joined or left below this rev; returns the others.
    async fn people_below<'a>(
        &mut self,
        room: RoomId,
        mut people: &'a [Membership],
        end: Rev,
    ) -> Result<&'a [Membership], Halt> {
        while let Some((told, others)) = people.split_first()
            && told.rev < end
        {
            self.membership(room, told).await?;
            if others.first().is_none_or(|next| next.rev > told.rev) {
                self.reach(room, told.rev, None).await?;
            }
            people = others;
        }
        Ok(people)
    }

    /// Sends that somebody joined or left, after the messages that were posted before.
    async fn membership(&mut self, room: RoomId, told: &Membership) -> Result<(), Halt> {
        if self.webhook.events.contains(&WebhookEvent::Posted) {
            self.need_name(room).await?;
            self.posted_below(room, told.seq.next()).await?;
        }
        let who = told.person.id;
        let is_own = self.webhook.bot.as_ref().is_some_and(|bot| bot.id == who);
        if self.webhook.events.contains(&event::kind(told)) && !is_own {
            let id = event::id_of_people(self.chat.epoch(), self.webhook.id, room, told);
            if !self.known.contains(&id) {
                let name = self.names.get(&room).and_then(Option::as_deref);
                let body = event::body_of_people(room, name, told);
                return self.tell(room, told.by.id(), id, &body).await;
            }
        }
        Ok(())
    }

    /// Delivers an event of a room, and posts what the receiver answers.
    async fn tell(
        &mut self,
        room: RoomId,
        author: Option<UserId>,
        id: String,
        body: &str,
    ) -> Result<(), Halt> {
        let reply = self.deliver(room, &id, body).await?;
        if let (Some(bot), Some(text)) = (&self.webhook.bot, reply) {
            // Webhooks that answer each other would do so without end.
            let bots = self.chat.reply_bots().await.map_err(|_| Halt::Later)?;
            if !author.is_some_and(|author| bots.contains(&author)) {
                let posted = self.chat.post_reply(bot, room, text, &id).await;
                posted.map_err(|_| Halt::Later)?;
            }
        }
        self.remember(id);
        if let Some(place) = self.places.get_mut(&room) {
            place.sent = Some(Timestamp::now());
        }
        Ok(())
    }

    /// Repeats a request until it is accepted; returns what the receiver wants to be posted.
    async fn deliver(
        &mut self,
        room: RoomId,
        id: &str,
        body: &str,
    ) -> Result<Option<String>, Halt> {
        let mut attempt = 0;
        loop {
            self.need_open(room).await?;
            let egress = Egress::of(&self.chat.config().egress);
            let sent = self.requests.send(egress, &self.webhook, id, body).await;
            let result = if sent.is_ok() { "sent" } else { "failed" };
            counter!("chatctl_outgoing_webhook_requests_total", "result" => result).increment(1);
            match sent {
                Ok(accepted) => {
                    if self.webhook.failing.is_some() {
                        info!("The outgoing webhook {} is accepted again.", self.webhook.name);
                        self.change(WebhookChange::Working).await?;
                    }
                    return Ok(accepted.text);
                }
                Err(failure) => {
                    attempt += 1;
                    let pause = self.failed(failure, attempt).await?;
                    tokio::time::sleep(pause).await;
                }
            }
        }
    }

    /// Notes a failure, and returns the time until the next attempt.
    async fn failed(&mut self, failure: Failure, attempt: u32) -> Result<Duration, Halt> {
        let (name, now) = (self.webhook.name.clone(), Timestamp::now());
        let since = self.webhook.failing.as_ref().map_or(now, |failing| failing.since);
        let failing = Duration::from_millis(u64::try_from(now.0 - since.0).unwrap_or_default());
        match retry::next(&failure, attempt, failing, chance()) {
            Next::Repeat(pause) => {
                if self.webhook.failing.is_none() {
                    warn!(
                        "The outgoing webhook {name} could not be delivered, and is tried again: {}.",
                        failure.reason
                    );
                }
                self.change(WebhookChange::Failing(failure.reason)).await?;
                Ok(pause)
            }
            Next::Disable(reason) => {
                let by = Operator::server("webhook").doing("outgoing_webhook.disable");
                let store = self.chat.store_for(by.attribution());
                let change = WebhookChange::Disable(reason.clone());
                store.change_webhook(self.webhook.id, change).await.map_err(|_| Halt::Later)?;
                warn!(
                    "The outgoing webhook {name} was disabled: {reason}. To send again: chatctl \
                     outgoing-webhook enable {name}."
                );
                self.chat.tell_owner(&self.webhook, &reason).await;
                Err(Halt::Ended)
            }
        }
    }

    async fn change(&mut self, change: WebhookChange) -> Result<(), Halt> {
        let id = self.webhook.id;
        match self.chat.store().change_webhook(id, change.clone()).await {
            Ok(Some(new)) if new.disabled.is_none() => self.webhook = new,
            Ok(_) => return Err(Halt::Ended),
            // It only says how it is.
            Err(_) => self.webhook = self.webhook.with(change, Timestamp::now()),
        }
        Ok(())
    }

    /// Moves the place in a room forward, and stores it if it has moved.
    async fn reach(&mut self, room: RoomId, rev: Rev, seq: Option<Seq>) -> Result<(), Halt> {
        let Some(place) = self.places.get_mut(&room) else { return Ok(()) };
        let before = *place;
        place.rev = place.rev.max(rev);
        place.seq = seq.map_or(place.seq, |seq| place.seq.max(seq));
        if *place == before {
            return Ok(());
        }
        let place = *place;
        self.chat.store().move_webhook(self.webhook.id, place).await.map_err(|_| Halt::Later)
    }

    fn id(&self, event: WebhookEvent, message: &Message) -> String {
        event::id(self.chat.epoch(), self.webhook.id, event, message)
    }

    fn remember(&mut self, id: String) {
        if self.known.len() == KNOWN {
            self.known.pop_front();
        }
        self.known.push_back(id);
    }
}

/// Adds rooms that do not wait already.
fn add(due: &mut VecDeque<RoomId>, rooms: impl IntoIterator<Item = RoomId>) {
    for room in rooms {
        if !due.contains(&room) {
            due.push_back(room);
        }
    }
}

/// A random number from 0 to 1.
fn chance() -> f64 {
    let mut bytes = [0; 4];
    if getrandom::fill(&mut bytes).is_err() {
        // Then the pause is the shortest.
        return 0.0;
    }
    f64::from(u32::from_ne_bytes(bytes)) / f64::from(u32::MAX)
}
