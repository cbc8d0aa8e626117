//! Outgoing webhooks, and how far they have sent the events of their rooms.
//!
//! The webhooks are the rows of one partition, whose static `version` guards every change. Places are
//! plain rows: their timestamp grows with what is sent, so that a server that was paused and sends
//! on for a moment, although another one has taken over, moves nothing back.

use serde::{Deserialize, Serialize};

use super::encoding::{decode, encode};
use super::lists::{self, LIST};
use super::rooms::Opened;
use super::tables::schema::people::{OUTGOING_PLACES, OUTGOING_WEBHOOKS};
use super::tables::{Consistency, Put, Row, Slice, Value};
use super::{Cluster, audit, ids, rooms};
use crate::model::{
    Claim, NewOutgoingWebhook, OutgoingWebhook, Rev, RoomId, Seq, Timestamp, UserId, WebhookBot,
    WebhookChange, WebhookEvent, WebhookId, WebhookPlace, WebhookProblem, WebhookSecret,
};
use crate::store::{StoreError, audit_notes};

const VERSION: u8 = 1;
/// Attempts, each of which another change may overtake.
const TRIES: usize = 20;
/// Places that are written together.
const PART: usize = 100;
/// Timestamp of the end of a place: above everything that is ever sent.
const END: i64 = i64::MAX - 1;

/// Version 1 of a stored webhook.
#[derive(PartialEq, Serialize, Deserialize)]
struct Stored {
    name: String,
    url: String,
    secret: [u8; 32],
    events: String,
    creator: String,
    created: i64,
    bot: Option<(i64, String)>,
    restarts: i64,
    failing: Option<(i64, String)>,
    disabled: Option<(i64, String)>,
}

impl Stored {
    fn of(webhook: &OutgoingWebhook) -> Self {
        let problem = |problem: &Option<WebhookProblem>| {
            problem.clone().map(|WebhookProblem { since, reason }| (since.0, reason))
        };
        Self {
            name: webhook.name.clone(),
            url: webhook.url.clone(),
            secret: webhook.secret.0,
            events: WebhookEvent::list(&webhook.events),
            creator: webhook.creator.clone(),
            created: webhook.created.0,
            bot: webhook.bot.as_ref().map(|bot| (bot.id.0, bot.login.clone())),
            restarts: webhook.restarts,
            failing: problem(&webhook.failing),
            disabled: problem(&webhook.disabled),
        }
    }

    fn webhook(
        self,
        id: WebhookId,
        all_public: bool,
        places: Vec<WebhookPlace>,
    ) -> OutgoingWebhook {
        let problem = |problem: Option<(i64, String)>| {
            problem.map(|(since, reason)| WebhookProblem { since: Timestamp(since), reason })
        };
        OutgoingWebhook {
            id,
            name: self.name,
            url: self.url,
            secret: WebhookSecret(self.secret),
            events: WebhookEvent::parse_list(&self.events),
            all_public,
            creator: self.creator,
            created: Timestamp(self.created),
            bot: self.bot.map(|(id, login)| WebhookBot { id: UserId(id), login }),
            restarts: self.restarts,
            failing: problem(self.failing),
            disabled: problem(self.disabled),
            places,
        }
    }
}

/// All webhooks, and the version of their partition.
struct Listed {
    version: Option<i64>,
    webhooks: Vec<OutgoingWebhook>,
}

impl Listed {
    fn take(&mut self, id: WebhookId) -> Option<OutgoingWebhook> {
        let place = self.webhooks.iter().position(|webhook| webhook.id == id)?;
        Some(self.webhooks.swap_remove(place))
    }
}

async fn list(at: &Cluster, consistency: Consistency) -> Result<Listed, StoreError> {
    let slice = Slice::of(&OUTGOING_WEBHOOKS, [LIST.into()]).at(consistency);
    // After a write of unknown outcome even a failed read says nothing.
    let rows = at.tables().read(slice).await.map_err(|_| StoreError::Unavailable)?;
    let mut listed = Listed { version: None, webhooks: Vec::new() };
    for row in rows {
        listed.version = row.int("version");
        let (Some(id), Some(body)) = (row.int("id").map(WebhookId), row.bytes("body")) else {
            continue;
        };
        let stored: Stored = decode(VERSION, body)?;
        let all_public = row.flag("all_public") == Some(true);
        listed.webhooks.push(stored.webhook(id, all_public, places(at, id).await?));
    }
    Ok(listed)
}

/// Returns all webhooks.
pub(super) async fn all(at: &Cluster) -> Result<Vec<OutgoingWebhook>, StoreError> {
    Ok(list(at, Consistency::Quorum).await?.webhooks)
}

async fn places(at: &Cluster, id: WebhookId) -> Result<Vec<WebhookPlace>, StoreError> {
    let rows = at.tables().read(Slice::of(&OUTGOING_PLACES, [id.0.into()])).await?;
    Ok(rows.iter().filter_map(place).collect())
}

fn place(row: &Row) -> Option<WebhookPlace> {
    if row.flag("gone") == Some(true) {
        return None;
    }
    Some(WebhookPlace {
        room: RoomId(row.int("room")?),
        rev: Rev(row.int("rev")?),
        seq: Seq(row.int("seq")?),
        sent: row.int("at").map(Timestamp),
    })
}

fn put(id: WebhookId, place: WebhookPlace) -> Put {
    let mut cells: Vec<(&'static str, Value)> =
        vec![("rev", place.rev.0.into()), ("seq", place.seq.0.into())];
    cells.extend(place.sent.map(|sent| ("at", sent.0.into())));
    Put::plain(&OUTGOING_PLACES, place.progress(), [id.0.into()], [place.room.0.into()], cells)
}

/// Writes one webhook, or removes it, if the partition still has the version that was read. A write
/// that is refused may have been made by an earlier attempt: `is_made` looks for it.
async fn make(
    at: &Cluster,
    before: Option<i64>,
    put: Put,
    is_made: impl Fn(&Listed) -> bool,
) -> Result<bool, StoreError> {
    let is_written = lists::write(at, &OUTGOING_WEBHOOKS, before, vec![put]).await?;
    Ok(is_written || is_made(&list(at, Consistency::Serial).await?))
}

fn row(webhook: &OutgoingWebhook) -> Result<Put, StoreError> {
    let body = encode(VERSION, &Stored::of(webhook))?;
    let mut cells: Vec<(&'static str, Value)> = vec![("body", body.into())];
    if webhook.all_public {
        cells.push(("all_public", true.into()));
    }
    Ok(Put::conditional(&OUTGOING_WEBHOOKS, [LIST.into()], [webhook.id.0.into()], cells))
}

/// Adds a webhook.
pub(super) async fn add(
    at: &Cluster,
    new: NewOutgoingWebhook,
) -> Result<OutgoingWebhook, StoreError> {
    let id = WebhookId(ids::take(at, ids::Kind::Webhook).await?);
    let NewOutgoingWebhook { name, url, secret, events, all_public, creator, bot, places } = new;
    let added = OutgoingWebhook {
        id,
        name,
        url,
        secret,
        events,
        all_public,
        creator,
        created: Timestamp::now(),
        bot,
        restarts: 0,
        failing: None,
        disabled: None,
        places,
    };
    if list(at, Consistency::Serial).await?.webhooks.iter().any(|other| other.name == added.name) {
        return Err(StoreError::Taken(Claim::Token));
    }
    // Nobody reads them before the webhook is there.
    for some in added.places.chunks(PART) {
        at.tables().write(some.iter().map(|place| put(id, *place)).collect()).await?;
    }
    let entry = audit::begin(at, || audit_notes::webhook_added(&added)).await?;
    let made = insert(at, &added).await;
    audit::settle(at, entry, made, |()| true).await?;
    Ok(added)
}

async fn insert(at: &Cluster, added: &OutgoingWebhook) -> Result<(), StoreError> {
    for _ in 0..TRIES {
        let listed = list(at, Consistency::Serial).await?;
        if listed.webhooks.iter().any(|other| other.name == added.name) {
            return Err(StoreError::Taken(Claim::Token));
        }
        let is_there =
            |listed: &Listed| listed.webhooks.iter().any(|webhook| webhook.id == added.id);
        if make(at, listed.version, row(added)?, is_there).await? {
            return Ok(());
        }
    }
    Err(StoreError::Unavailable)
}

/// Changes a webhook.
pub(super) async fn change(
    at: &Cluster,
    id: WebhookId,
    change: WebhookChange,
) -> Result<Option<OutgoingWebhook>, StoreError> {
    for _ in 0..TRIES {
        let mut listed = list(at, Consistency::Serial).await?;
        let Some(before) = listed.take(id) else { return Ok(None) };
        let after = before.with(change.clone(), Timestamp::now());
        if after == before {
            return Ok(Some(after));
        }
        let entry = audit::begin(at, || audit_notes::webhook_changed(&before, &after)).await?;
        let is_there = |listed: &Listed| {
            let mut found = listed.webhooks.iter();
            found.any(|found| Stored::of(found) == Stored::of(&after) && found.id == id)
        };
        let made = make(at, listed.version, row(&after)?, is_there).await;
        if audit::settle(at, entry, made, |made| *made).await? {
            return Ok(Some(after));
        }
    }
    Err(StoreError::Unavailable)
}

/// Removes a webhook.
pub(super) async fn remove(
    at: &Cluster,
    id: WebhookId,
) -> Result<Option<OutgoingWebhook>, StoreError> {
    for _ in 0..TRIES {
        let mut listed = list(at, Consistency::Serial).await?;
        let Some(gone) = listed.take(id) else { return Ok(None) };
        let entry = audit::begin(at, || audit_notes::webhook_removed(&gone)).await?;
        let put = Put::conditional(&OUTGOING_WEBHOOKS, [LIST.into()], [id.0.into()], []).deleted();
        let is_gone = |listed: &Listed| listed.webhooks.iter().all(|other| other.id != id);
        let made = make(at, listed.version, put, is_gone).await;
        if audit::settle(at, entry, made, |made| *made).await? {
            let rest = Put::plain(&OUTGOING_PLACES, END, [id.0.into()], [], []).deleted();
            if let Err(error) = at.tables().write(vec![rest]).await {
                // Nobody reads them.
                tracing::warn!(%error, "The places of an outgoing webhook were not removed");
            }
            return Ok(Some(gone));
        }
    }
    Err(StoreError::Unavailable)
}

/// Moves a place forward.
pub(super) async fn advance(
    at: &Cluster,
    id: WebhookId,
    place: WebhookPlace,
) -> Result<(), StoreError> {
    Ok(at.tables().write(vec![put(id, place)]).await?)
}

/// Returns the place of a webhook of all public rooms in one of them. A room that is closed keeps its
/// row; the log says when it was opened again.
pub(super) async fn enter(
    at: &Cluster,
    id: WebhookId,
    room: RoomId,
) -> Result<Option<WebhookPlace>, StoreError> {
    let slice = Slice::of(&OUTGOING_PLACES, [id.0.into()]).under([room.0.into()]);
    let known = at.tables().read(slice).await?.iter().find_map(place);
    let since = known.map_or(Rev(0), |known| known.rev);
    let entered = match (rooms::opened(at, room, since).await?, known) {
        (Opened::Closed, _) => return Ok(None),
        (Opened::Before, Some(known)) => return Ok(Some(known)),
        (Opened::Before, None) => WebhookPlace { room, rev: Rev(1), seq: Seq(0), sent: None },
        (Opened::At(rev, seq), known) => {
            let sent = known.and_then(|known| known.sent);
            WebhookPlace { room, rev, seq, sent }
        }
    };
    at.tables().write(vec![put(id, entered)]).await?;
    Ok(Some(entered))
}

/// Removes a place.
pub(super) async fn leave(at: &Cluster, id: WebhookId, room: RoomId) -> Result<(), StoreError> {
    let cells = [("gone", true.into())];
    let put = Put::plain(&OUTGOING_PLACES, END, [id.0.into()], [room.0.into()], cells);
    Ok(at.tables().write(vec![put]).await?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::cluster::faulty::open;
    use crate::store::cluster::tables::memory::{Faults, Memory};

    #[tokio::test(start_paused = true)]
    async fn of_servers_that_add_the_same_name_at_once_one_wins_under_faults() {
        let mut won = 0;
        for seed in 0..20 {
            eprintln!("seed {seed}");
            let memory = Memory::with_faults(Faults::often(seed));
            let (one, two) = (open(&memory).await.0, open(&memory).await.0);
            let new = || NewOutgoingWebhook {
                name: "CI".to_owned(),
                url: "https://example.org".to_owned(),
                secret: WebhookSecret([1; 32]),
                events: WebhookEvent::ALL.to_vec(),
                all_public: false,
                creator: "ann".to_owned(),
                bot: None,
                places: Vec::new(),
            };
            let (first, second) = tokio::join!(add(&one, new()), add(&two, new()));
            let added = [first, second].iter().filter(|added| added.is_ok()).count();
            let found = loop {
                if let Ok(found) = all(&one).await {
                    break found;
                }
            };
            assert!(added <= 1 && found.len() >= added && found.len() <= 1, "{found:?}");
            won += added;
        }
        assert!(won > 10, "{won}");
    }

    #[test]
    fn a_stored_webhook_of_version_1_is_read() {
        let webhook = OutgoingWebhook {
            id: WebhookId(3),
            name: "CI".to_owned(),
            url: "https://example.org/x".to_owned(),
            secret: WebhookSecret([9; 32]),
            events: vec![WebhookEvent::Posted, WebhookEvent::Deleted],
            all_public: false,
            creator: "ann".to_owned(),
            created: Timestamp(5),
            bot: Some(WebhookBot { id: UserId(4), login: "hook".to_owned() }),
            restarts: 2,
            failing: Some(WebhookProblem { since: Timestamp(6), reason: "no".to_owned() }),
            disabled: None,
            places: Vec::new(),
        };
        let bytes = encode(VERSION, &Stored::of(&webhook)).unwrap();
        let read: Stored = decode(VERSION, &bytes).unwrap();
        assert_eq!(read.webhook(WebhookId(3), false, Vec::new()), webhook);
        let kept = concat!(
            "01",
            "024349",
            "15",
            "68747470733a2f2f6578616d706c652e6f72672f78",
            "0909090909090909090909090909090909090909090909090909090909090909",
            "0e",
            "706f737465642c64656c65746564",
            "03",
            "616e6e",
            "0a",
            "01",
            "08",
            "04686f6f6b",
            "04",
            "01",
            "0c",
            "02",
            "6e6f",
            "00"
        );
        assert_eq!(hex::encode(bytes), kept);
    }
}
