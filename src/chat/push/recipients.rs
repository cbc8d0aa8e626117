//! Who is notified of a message, and of what: participants with a device, by their levels, keywords,
//! hours and followed threads.

use std::collections::HashSet;

use jiff::tz::TimeZone;

use super::inbox::Post;
use crate::chat::Chat;
use crate::chat::access::{self, Actor};
use crate::model::rules::{Call, Concern, call, first_words, has_keyword, is_pushed, is_quiet};
use crate::model::{
    Message, MessageId, Notice, NotifyLevel, Participant, Preferences, PushSubscription, Result,
    RoomCard, RoomFacts, UserId, Who, Window, fold, mentioned_names,
};
use crate::store::RoomQuery;

/// Characters of a text that are sent.
const TEXT: usize = 120;
/// Names in the title of an unnamed room.
const NAMES: usize = 3;

/// Participants who may have a device.
#[derive(Default)]
pub(super) struct Candidates {
    /// Those without a connection.
    pub(super) away: Vec<UserId>,
    /// Those who are connected, on any device, and may be reading.
    pub(super) present: Vec<UserId>,
}

/// What is sent to a device.
#[derive(Clone, Debug)]
pub(super) struct Planned {
    pub(super) subscription: PushSubscription,
    pub(super) notice: Notice,
    /// It is meant for the user, not only for the room.
    pub(super) urgent: bool,
}

/// Whom a message mentions.
#[derive(Default)]
struct Mentioned {
    logins: HashSet<String>,
    call: Option<Call>,
    /// Those who are connected, if they are called.
    here: HashSet<UserId>,
}

impl Chat {
    /// Returns the participants of the room, except the author and bots, who may have a device.
    pub(super) async fn push_candidates(&self, post: Post) -> Result<Candidates> {
        let mut candidates = Candidates::default();
        let subscribers = self.0.push.subscribers.get(self.sessions()).await?;
        if subscribers.is_empty() {
            return Ok(candidates);
        }
        let facts = self.facts(post.id.room).await?;
        let possible = facts.participants.iter().filter(|participant| {
            participant.user != post.author
                && !participant.account.bot
                && subscribers.contains(&participant.user)
        });
        let possible: Vec<&Participant> = possible.collect();
        let connected = if possible.is_empty() { HashSet::new() } else { self.connected(&facts) };
        for participant in possible {
            if connected.contains(&participant.user) {
                candidates.present.push(participant.user);
            } else {
                candidates.away.push(participant.user);
            }
        }
        Ok(candidates)
    }

    /// Returns the participants who have a socket on this server, or are in the room through
    /// another.
    fn connected(&self, facts: &RoomFacts) -> HashSet<UserId> {
        let hub = &self.0.hub;
        let online: HashSet<String> =
            hub.online(facts.room.id, facts.participants.len()).0.into_iter().collect();
        let here = facts.participants.iter().filter(|participant| {
            online.contains(&participant.login) || !hub.sockets(participant.user).is_empty()
        });
        here.map(|participant| participant.user).collect()
    }

    /// Returns what is sent to the devices of these users, as everything is now: who may read the
    /// room, what the message says, and what was read.
    pub(super) async fn push_plan(&self, id: MessageId, users: &[UserId]) -> Result<Vec<Planned>> {
        let facts = self.facts(id.room).await?;
        let Some(message) = self.store().messages(id.room, Window::One(id.seq), 1).await?.pop()
        else {
            return Ok(Vec::new());
        };
        if message.deleted.is_some() {
            return Ok(Vec::new());
        }
        let mut mentioned = mentioned(&facts, &message);
        if mentioned.call == Some(Call::Here) {
            mentioned.here = self.connected(&facts);
        }
        let mut planned = Vec::new();
        for user in users {
            let Some(participant) = facts.participant(*user) else { continue };
            planned.extend(self.plan_for(&facts, &message, &mentioned, participant).await?);
        }
        Ok(planned)
    }

    async fn plan_for(
        &self,
        facts: &RoomFacts,
        message: &Message,
        mentioned: &Mentioned,
        participant: &Participant,
    ) -> Result<Vec<Planned>> {
        let user = participant.user;
        let mut subscriptions = self.sessions().subscriptions(user).await?;
        if subscriptions.is_empty() {
            return Ok(Vec::new());
        }
        let cards = self.store().rooms(RoomQuery::These(user, &[facts.room.id])).await?;
        let Some(card) = cards.first().filter(|card| card.mark < message.seq) else {
            return Ok(Vec::new());
        };
        let preferences = self.store().preferences(user).await?;
        if is_quiet_now(&preferences) {
            return Ok(Vec::new());
        }
        let meant = mentioned.includes(participant)
            || has_keyword(&message.text, &preferences.keywords)
            || self.follows_unread(user, message).await?;
        let concern = Concern {
            own: card.own.notify,
            usual: preferences.notify,
            direct: is_direct(card),
            meant,
        };
        subscriptions.retain(|subscription| is_pushed(concern, subscription.given.all));
        if subscriptions.is_empty() {
            return Ok(Vec::new());
        }
        let unread = self.push_unread(user, &preferences).await?;
        let with_text = self.config().push.show_text;
        let notice = |text: bool| Notice {
            message: message.id(),
            room_name: title(facts, user),
            sender: sender(facts, message),
            text: (text && with_text).then(|| words(message)),
            unread,
        };
        let planned = subscriptions.into_iter().map(|subscription| Planned {
            notice: notice(subscription.given.text),
            urgent: concern.direct || meant,
            subscription,
        });
        Ok(planned.collect())
    }

    /// Returns whether the message is a reply in a thread that the user follows and has not read so
    /// far.
    async fn follows_unread(&self, user: UserId, message: &Message) -> Result<bool> {
        let Some(root) = message.thread else { return Ok(false) };
        let root = MessageId { room: message.room, seq: root };
        let follows = self.store().follows(user).await?;
        Ok(follows
            .iter()
            .any(|follow| follow.root == root && follow.following && follow.read < message.seq))
    }

    /// Returns the number that the title of the web UI shows.
    async fn push_unread(&self, user: UserId, preferences: &Preferences) -> Result<u32> {
        let cards = self.store().rooms(RoomQuery::Of { user, participants: 0 }).await?;
        let of_room = |card: &RoomCard| {
            let usual = match preferences.notify {
                NotifyLevel::Mentions if is_direct(card) => NotifyLevel::All,
                usual => usual,
            };
            match card.own.notify.unwrap_or(usual) {
                NotifyLevel::All => card.unread,
                NotifyLevel::Mentions => card.mentions,
                NotifyLevel::Nothing => 0,
            }
        };
        Ok(cards.iter().map(of_room).fold(0, u32::saturating_add))
    }

    /// Returns what is sent instead of a planned notification, as everything is now; None: nothing.
    pub(super) async fn push_again(&self, planned: &Planned) -> Result<Option<Planned>> {
        let before = &planned.subscription;
        let all = self.push_plan(planned.notice.message, &[before.user]).await?;
        Ok(all.into_iter().find(|now| {
            let now = &now.subscription;
            now.session == before.session && now.given.endpoint == before.given.endpoint
        }))
    }
}

impl Mentioned {
    fn includes(&self, participant: &Participant) -> bool {
        self.logins.contains(&fold(&participant.login))
            || match self.call {
                Some(Call::All) => true,
                Some(Call::Here) => self.here.contains(&participant.user),
                None => false,
            }
    }
}

fn mentioned(facts: &RoomFacts, message: &Message) -> Mentioned {
    let mut mentioned = Mentioned::default();
    if !message.text.contains('@') {
        return mentioned;
    }
    let logins: HashSet<String> =
        facts.participants.iter().map(|participant| fold(&participant.login)).collect();
    let named = mentioned_names(&message.text);
    mentioned.logins = named
        .into_iter()
        .filter_map(|names| names.into_iter().find(|n| logins.contains(n)))
        .collect();
    if let Who::User(author) = &message.author {
        let author = Actor { user: Some(author.id), server_admin: false, guest: false };
        if access::may_call(facts, author) {
            mentioned.call = call(&message.text, |name| logins.contains(name));
        }
    }
    mentioned
}

/// Returns whether a room is an unnamed conversation of two.
fn is_direct(card: &RoomCard) -> bool {
    card.facts.room.name.is_none() && card.user_count <= 2
}

/// Returns the name of a room as this user sees it; None: a conversation of two.
fn title(facts: &RoomFacts, user: UserId) -> Option<String> {
    if let Some(name) = &facts.room.name {
        return Some(name.clone());
    }
    let others = facts.participants.iter().filter(|participant| participant.user != user);
    let names: Vec<&str> = others.map(Participant::shown_name).take(NAMES).collect();
    (names.len() > 1).then(|| names.join(", "))
}

fn sender(facts: &RoomFacts, message: &Message) -> String {
    let Who::User(author) = &message.author else { return String::new() };
    let here = facts.participant(author.id);
    here.map_or_else(|| author.name.clone(), |here| here.shown_name().to_owned())
}

/// Returns the beginning of the text, or the name of the first file of a message without one.
fn words(message: &Message) -> String {
    let words = first_words(&message.text, TEXT);
    let file = message.media.first().and_then(|file| file.file_name.as_deref());
    match file {
        Some(name) if words.is_empty() => first_words(name, TEXT),
        _ => words,
    }
}

/// Returns whether it is an hour without notifications. A time zone that is not known has none.
fn is_quiet_now(preferences: &Preferences) -> bool {
    let Some(quiet) = &preferences.quiet else { return false };
    TimeZone::get(&quiet.zone).is_ok_and(|zone| {
        let now = jiff::Timestamp::now().to_zoned_datetime(zone);
        is_quiet(&quiet.from, &quiet.to, &now.strftime("%H:%M").to_string())
    })
}
