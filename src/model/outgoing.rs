//! Outgoing webhooks: addresses to which the events of rooms are sent.

use super::{Person, Rev, RoomId, Seq, Timestamp, UserId, WebhookId, Who};

/// A kind of event that a webhook sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum WebhookEvent {
    /// A message was posted.
    Posted,
    /// The text of a message was edited.
    Edited,
    /// A message was deleted.
    Deleted,
    /// Somebody became a participant of the room.
    Joined,
    /// A participant left the room or was removed.
    Left,
}

impl WebhookEvent {
    /// All kinds.
    pub const ALL: [Self; 5] =
        [Self::Posted, Self::Edited, Self::Deleted, Self::Joined, Self::Left];
    /// What is sent unless something else is chosen: all that happens to messages.
    pub const OF_MESSAGES: [Self; 3] = [Self::Posted, Self::Edited, Self::Deleted];
    /// What happens to participants.
    pub const OF_PEOPLE: [Self; 2] = [Self::Joined, Self::Left];

    /// Returns the name in the database and in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Posted => "posted",
            Self::Edited => "edited",
            Self::Deleted => "deleted",
            Self::Joined => "joined",
            Self::Left => "left",
        }
    }

    /// Parses the name.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|event| event.as_str() == text)
    }

    /// Joins names, as the stores keep them: `posted,edited`.
    pub fn list(events: &[Self]) -> String {
        events.iter().map(|event| event.as_str()).collect::<Vec<_>>().join(",")
    }

    /// Reads joined names; unknown ones are left out.
    pub fn parse_list(text: &str) -> Vec<Self> {
        text.split(',').filter_map(Self::parse).collect()
    }
}

/// The key with which a webhook signs. Its debug format does not show it.
#[derive(Clone, PartialEq, Eq)]
pub struct WebhookSecret(pub [u8; 32]);

impl std::fmt::Debug for WebhookSecret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("WebhookSecret(…)")
    }
}

/// How far a webhook has sent the events of a room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WebhookPlace {
    /// The room.
    pub room: RoomId,
    /// All changes up to this rev have been sent.
    pub rev: Rev,
    /// All messages up to this one have been sent as posted, unless they were deleted before.
    pub seq: Seq,
    /// Time of the last request that was accepted.
    pub sent: Option<Timestamp>,
}

impl WebhookPlace {
    /// Grows with everything that is sent, so that of two places the further one is known.
    pub fn progress(self) -> i64 {
        self.rev.0.saturating_add(self.seq.0)
    }
}

/// Somebody joined or left a room.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Membership {
    /// Rev of the room at which it happened.
    pub rev: Rev,
    /// Seq of the newest message at that time.
    pub seq: Seq,
    /// Who joined or left.
    pub person: Person,
    /// Joined; otherwise left or removed.
    pub joined: bool,
    /// Who did it: the person, or somebody who added or removed them.
    pub by: Who,
    /// Time of the change.
    pub at: Timestamp,
}

/// Since when a webhook fails or is disabled, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebhookProblem {
    /// Time of the first failure, or of the end.
    pub since: Timestamp,
    /// Explanation for people.
    pub reason: String,
}

/// The account under which the answers of a receiver are posted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebhookBot {
    /// Id of the user.
    pub id: UserId,
    /// Its login name, which never changes.
    pub login: String,
}

/// An outgoing webhook.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutgoingWebhook {
    /// Never reused.
    pub id: WebhookId,
    /// Unique name.
    pub name: String,
    /// Address of the receiver; may contain a secret of the receiver.
    pub url: String,
    /// The key of the signatures.
    pub secret: WebhookSecret,
    /// What is sent, ascending, each once.
    pub events: Vec<WebhookEvent>,
    /// Its rooms are all public ones that are not archived, also later ones.
    pub all_public: bool,
    /// Name of the person who created it.
    pub creator: String,
    /// Time of creation.
    pub created: Timestamp,
    /// Who posts the answers of the receiver; None: they are not read.
    pub bot: Option<WebhookBot>,
    /// How often it was enabled again.
    pub restarts: i64,
    /// Set while requests fail and are repeated.
    pub failing: Option<WebhookProblem>,
    /// Set while nothing is sent.
    pub disabled: Option<WebhookProblem>,
    /// Its rooms, ascending by id; deleted rooms disappear.
    pub places: Vec<WebhookPlace>,
}

/// Data of a new outgoing webhook.
#[derive(Clone, Debug)]
pub struct NewOutgoingWebhook {
    /// Unique name.
    pub name: String,
    /// Address of the receiver.
    pub url: String,
    /// The key of the signatures.
    pub secret: WebhookSecret,
    /// What is sent, ascending, each once.
    pub events: Vec<WebhookEvent>,
    /// Its rooms are all public ones that are not archived, also later ones.
    pub all_public: bool,
    /// Name of the person who creates it.
    pub creator: String,
    /// Who posts the answers of the receiver; None: they are not read.
    pub bot: Option<WebhookBot>,
    /// Its rooms, ascending by id, and where it begins in each.
    pub places: Vec<WebhookPlace>,
}

/// A change of an outgoing webhook.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WebhookChange {
    /// It sends again, from where it was.
    Enable,
    /// It sends no more, for this reason.
    Disable(String),
    /// A request has failed for this reason and will be repeated.
    Failing(String),
    /// A request was accepted.
    Working,
}

impl OutgoingWebhook {
    /// Returns whether it sends who joins or leaves.
    pub fn tells_of_people(&self) -> bool {
        self.events.iter().any(|event| WebhookEvent::OF_PEOPLE.contains(event))
    }

    /// Returns the webhook after a change; the same one if nothing has to be done.
    #[must_use]
    pub fn with(&self, change: WebhookChange, now: Timestamp) -> Self {
        let mut new = self.clone();
        match change {
            WebhookChange::Enable if self.disabled.is_some() || self.failing.is_some() => {
                (new.disabled, new.failing) = (None, None);
                new.restarts += 1;
            }
            WebhookChange::Disable(reason) if self.disabled.is_none() => {
                new.disabled = Some(WebhookProblem { since: now, reason });
                new.failing = None;
            }
            WebhookChange::Failing(reason) if self.disabled.is_none() => {
                let since = self.failing.as_ref().map_or(now, |failing| failing.since);
                new.failing = Some(WebhookProblem { since, reason });
            }
            WebhookChange::Working => new.failing = None,
            WebhookChange::Enable | WebhookChange::Disable(_) | WebhookChange::Failing(_) => {}
        }
        new
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_webhook_fails_from_the_first_failure_and_ends_once() {
        let new = OutgoingWebhook {
            id: WebhookId(1),
            name: "CI".to_owned(),
            url: "https://example.org".to_owned(),
            secret: WebhookSecret([7; 32]),
            events: WebhookEvent::ALL.to_vec(),
            all_public: false,
            creator: "ann".to_owned(),
            created: Timestamp(1),
            bot: None,
            restarts: 0,
            failing: None,
            disabled: None,
            places: Vec::new(),
        };
        assert_eq!(new.with(WebhookChange::Enable, Timestamp(2)), new);
        assert_eq!(new.with(WebhookChange::Working, Timestamp(2)), new);
        let problem = |since, reason: &str| {
            Some(WebhookProblem { since: Timestamp(since), reason: reason.to_owned() })
        };
        let failing = new.with(WebhookChange::Failing("one".to_owned()), Timestamp(3));
        let failing = failing.with(WebhookChange::Failing("two".to_owned()), Timestamp(4));
        assert_eq!(failing.failing, problem(3, "two"));
        assert_eq!(failing.with(WebhookChange::Working, Timestamp(5)), new);
        let ended = failing.with(WebhookChange::Disable("gone".to_owned()), Timestamp(6));
        assert_eq!((&ended.failing, &ended.disabled), (&None, &problem(6, "gone")));
        for late in [WebhookChange::Failing("x".to_owned()), WebhookChange::Disable("x".to_owned())]
        {
            assert_eq!(ended.with(late, Timestamp(7)), ended);
        }
        let again = ended.with(WebhookChange::Enable, Timestamp(8));
        assert_eq!(again, OutgoingWebhook { restarts: 1, ..new });
        assert!(!format!("{again:?}").contains("7, 7"), "the secret is not shown");
    }

    #[test]
    fn events_are_read_as_they_are_written() {
        assert_eq!(WebhookEvent::list(&WebhookEvent::ALL), "posted,edited,deleted,joined,left");
        let kept = WebhookEvent::parse_list("posted,edited,deleted");
        assert_eq!(kept, WebhookEvent::OF_MESSAGES);
        assert_eq!(WebhookEvent::parse_list("later,deleted"), [WebhookEvent::Deleted]);
        assert_eq!(WebhookEvent::parse_list(""), []);
    }
}
