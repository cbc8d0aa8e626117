//! Outgoing webhooks: the events of rooms are sent to an address, at least once, and in the order of
//! each room.
//!
//! The store has the place of each webhook in each of its rooms. A task for each webhook
//! ([`sender`]) reads what changed after it, sends it and moves the place; [`supervisor`] runs these
//! tasks. Only an [`Operator`] may create or see webhooks.

mod event;
mod owner;
mod replies;
mod request;
mod retry;
mod scope;
mod sender;
pub(super) mod sign;
mod signals;
mod supervisor;

use std::time::Instant;

use reqwest::Url;
use tracing::info;

pub(super) use self::request::pause as retry_after;
pub(super) use self::signals::Signals;

use self::request::Requests;
use super::api_tokens::check_name;
use super::{Chat, Operator, access};
use crate::egress::Egress;
use crate::model::{
    Claim, Error, NewOutgoingWebhook, OutgoingWebhook, Result, Room, RoomId, Timestamp, UserId,
    WebhookChange, WebhookEvent, WebhookPlace, WebhookSecret,
};

/// Maximum number of webhooks.
const MAX_WEBHOOKS: usize = 100;
/// Maximum number of rooms of a webhook.
const MAX_ROOMS: usize = 50;
/// Maximum length of an address in bytes.
const MAX_URL: usize = 2000;

/// An outgoing webhook to be created.
#[derive(Clone, Debug)]
pub struct NewOutgoing {
    /// Its name, unique on the server.
    pub name: String,
    /// Address of the receiver.
    pub url: String,
    /// Its rooms; at least one, unless it is for all public rooms.
    pub rooms: Vec<RoomId>,
    /// All public rooms that are not archived, also those that are created or opened later.
    pub all_public: bool,
    /// What is sent; everything that happens to messages if empty.
    pub events: Vec<WebhookEvent>,
    /// Whether answers of the receiver are posted, by a bot that is created for it.
    pub replies: bool,
}

impl NewOutgoing {
    /// Returns its rooms, each once; none for all public rooms.
    fn checked_rooms(&self) -> Result<Vec<RoomId>> {
        let mut rooms = self.rooms.clone();
        rooms.sort_unstable();
        rooms.dedup();
        if self.all_public && !rooms.is_empty() {
            return Err(Error::invalid("rooms", "must be left out for all public rooms"));
        }
        if self.all_public && self.replies {
            return Err(Error::invalid("replies", "cannot be posted in all public rooms"));
        }
        if !self.all_public && (rooms.is_empty() || rooms.len() > MAX_ROOMS) {
            return Err(Error::invalid("rooms", format!("must be 1 to {MAX_ROOMS} rooms")));
        }
        Ok(rooms)
    }
}

/// The outcome of a test.
#[derive(Clone, Debug)]
pub struct Tested {
    /// Status of the answer, if there was one.
    pub status: Option<u16>,
    /// Milliseconds until the answer, or the failure.
    pub milliseconds: u64,
    /// Why the request was not accepted.
    pub problem: Option<String>,
}

impl Chat {
    /// Creates an outgoing webhook, which begins with the next change of its rooms. `Taken` if there
    /// is one of this name. Returns it with its secret, as receivers enter it.
    pub async fn create_outgoing(
        &self,
        operator: &Operator,
        new: NewOutgoing,
    ) -> Result<(OutgoingWebhook, String)> {
        let name = check_name(&new.name)?;
        let url = self.check_url(&new.url)?;
        let rooms = new.checked_rooms()?;
        let others = self.store().webhooks().await?;
        if others.iter().any(|other| other.name == name) {
            return Err(Error::Taken(Claim::Token));
        }
        if others.len() >= MAX_WEBHOOKS {
            let why = format!("cannot be added: there are {MAX_WEBHOOKS} outgoing webhooks");
            return Err(Error::invalid("name", why));
        }
        for room in &rooms {
            access::not_archived(&self.facts(*room).await?)?;
        }
        let mut events = new.events;
        if events.is_empty() {
            events = WebhookEvent::OF_MESSAGES.to_vec();
        }
        events.sort_unstable();
        events.dedup();
        let mut secret = [0; 32];
        getrandom::fill(&mut secret).map_err(|_| Error::Internal)?;
        let secret = WebhookSecret(secret);
        let shown = sign::shown(&secret);
        let bot = if new.replies {
            Some(self.create_reply_bot(operator, &name, &rooms).await?)
        } else {
            None
        };
        let creator = operator.name().to_owned();
        let (bot_of_it, all_public, places) = (bot.clone(), new.all_public, Vec::new());
        let new = NewOutgoingWebhook {
            name,
            url,
            secret,
            events,
            all_public,
            creator,
            bot: bot_of_it,
            places,
        };
        let made = match self.add_outgoing(operator, new, &rooms).await {
            Ok(made) => made,
            Err(error) => {
                if let Some(bot) = bot {
                    self.abandon(operator, &bot).await;
                }
                return Err(error);
            }
        };
        self.0.outgoing.changed.notify_one();
        info!(user = operator.name(), "Outgoing webhook {} created.", made.name);
        Ok((made, shown))
    }

    async fn add_outgoing(
        &self,
        operator: &Operator,
        mut new: NewOutgoingWebhook,
        rooms: &[RoomId],
    ) -> Result<OutgoingWebhook> {
        for room in rooms {
            new.places.push(behind_all(&self.facts(*room).await?.room));
        }
        if new.all_public {
            new.places = self.open_rooms().await?.iter().map(behind_all).collect();
        }
        Ok(self.store_for(operator.attribution()).add_webhook(new).await?)
    }

    /// Checks the address of a program to which the server sends requests.
    pub(super) fn check_url(&self, text: &str) -> Result<String> {
        let bad = |why: &str| Error::invalid("url", why);
        let url = Url::parse(text).ok().filter(|url| ["http", "https"].contains(&url.scheme()));
        let url = url.filter(|_| text.len() <= MAX_URL);
        let url = url.ok_or_else(|| bad("must be a URL that begins with https:// or http://"))?;
        if !url.username().is_empty() || url.password().is_some() {
            return Err(bad("must not contain a user name or a password"));
        }
        let egress = Egress::of(&self.config().egress);
        match url.host_str().map(|host| egress.refuses_number(host)) {
            Some(None) => Ok(text.to_owned()),
            Some(Some(refused)) => Err(bad(&format!("cannot be used: {refused}"))),
            None => Err(bad("must have a host")),
        }
    }

    /// Returns all outgoing webhooks, ascending by id.
    pub async fn outgoing(&self, _: &Operator) -> Result<Vec<OutgoingWebhook>> {
        Ok(self.store().webhooks().await?)
    }

    /// Returns the bots of outgoing webhooks.
    pub(super) async fn reply_bots(&self) -> Result<Vec<UserId>> {
        let all = self.store().webhooks().await?;
        Ok(all.into_iter().filter_map(|webhook| Some(webhook.bot?.id)).collect())
    }

    /// Returns how many changes of its rooms a webhook has not sent yet.
    pub async fn unsent(&self, _: &Operator, webhook: &OutgoingWebhook) -> Result<u64> {
        let mut unsent = 0;
        for place in &webhook.places {
            if let Some(facts) = self.store().room(place.room).await? {
                unsent += u64::try_from(facts.room.rev.0 - place.rev.0).unwrap_or_default();
            }
        }
        Ok(unsent)
    }

    /// Makes an outgoing webhook send again, at once: from where it was, or only what is committed
    /// from now on. None if it was removed.
    pub async fn enable_outgoing(
        &self,
        operator: &Operator,
        webhook: &OutgoingWebhook,
        from_now: bool,
    ) -> Result<Option<OutgoingWebhook>> {
        if from_now && (webhook.disabled.is_some() || webhook.failing.is_some()) {
            let mut rooms = Vec::new();
            if webhook.all_public {
                rooms = self.open_rooms().await?;
            } else {
                for place in &webhook.places {
                    // The webhook itself finds out that a room was deleted.
                    rooms.extend(self.store().room(place.room).await?.map(|facts| facts.room));
                }
            }
            for room in &rooms {
                self.store().move_webhook(webhook.id, behind_all(room)).await?;
            }
        }
        self.change_outgoing(operator, webhook, WebhookChange::Enable).await
    }

    /// Makes an outgoing webhook send nothing until it is enabled. None if it was removed.
    pub async fn disable_outgoing(
        &self,
        operator: &Operator,
        webhook: &OutgoingWebhook,
    ) -> Result<Option<OutgoingWebhook>> {
        let reason = format!("by {}", operator.name());
        self.change_outgoing(operator, webhook, WebhookChange::Disable(reason)).await
    }

    async fn change_outgoing(
        &self,
        operator: &Operator,
        webhook: &OutgoingWebhook,
        change: WebhookChange,
    ) -> Result<Option<OutgoingWebhook>> {
        let store = self.store_for(operator.attribution());
        let changed = store.change_webhook(webhook.id, change).await?;
        self.0.outgoing.changed.notify_one();
        Ok(changed)
    }

    /// Removes an outgoing webhook, and disables its bot, whose messages stay. None if that was done
    /// already.
    pub async fn delete_outgoing(
        &self,
        operator: &Operator,
        webhook: &OutgoingWebhook,
    ) -> Result<Option<OutgoingWebhook>> {
        let gone = self.store_for(operator.attribution()).remove_webhook(webhook.id).await?;
        self.0.outgoing.changed.notify_one();
        if let Some(gone) = &gone {
            self.retire(operator, gone).await?;
        }
        Ok(gone)
    }

    /// Sends a signed test to the receiver, whether the webhook is enabled or not.
    pub async fn test_outgoing(&self, _: &Operator, webhook: &OutgoingWebhook) -> Result<Tested> {
        let mut random = [0; 16];
        getrandom::fill(&mut random).map_err(|_| Error::Internal)?;
        let id = format!("msg_{}", hex::encode(random));
        let body = event::test(&webhook.name, Timestamp::now());
        let egress = Egress::of(&self.config().egress);
        let begun = Instant::now();
        let sent = Requests::default().send(egress, webhook, &id, &body).await;
        let milliseconds = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
        Ok(match sent {
            Ok(accepted) => Tested { status: Some(accepted.status), milliseconds, problem: None },
            Err(failure) => {
                Tested { status: failure.status, milliseconds, problem: Some(failure.reason) }
            }
        })
    }
}

/// The place behind everything that was committed in a room.
fn behind_all(room: &Room) -> WebhookPlace {
    WebhookPlace { room: room.id, rev: room.rev, seq: room.last_seq, sent: None }
}
