//! Compares journals with what servers show after the run.

mod planted;
mod streams;

use std::collections::{BTreeMap, BTreeSet};

use super::journal::{END, Entry, Finals, Journal, Kind, Seen, identity};

/// What is wrong, in words. Nothing: the promises were kept.
#[derive(Debug, Default)]
pub(super) struct Verdict {
    /// Acknowledged and not there, or not where it was said to be.
    pub(super) lost: Vec<String>,
    /// There more than once, or told more than once.
    pub(super) doubled: Vec<String>,
    /// Gaps, wrong order, two texts, servers that disagree.
    pub(super) disorder: Vec<String>,
    /// Answers that must not be.
    pub(super) strange: Vec<String>,
    /// Number of acknowledged operations.
    pub(super) acknowledged: usize,
    /// Number of operations whose outcome was never told.
    pub(super) unknown: usize,
    /// Number of events that clients received.
    pub(super) received: usize,
    /// Number of messages that a client without positions heard again after it had reconnected.
    pub(super) again: usize,
}

impl Verdict {
    pub(super) fn is_good(&self) -> bool {
        self.faults().all(|(_, list)| list.is_empty())
    }

    /// Everything that is wrong, by kind.
    pub(super) fn faults(&self) -> impl Iterator<Item = (&'static str, &[String])> {
        [
            ("lost", &self.lost[..]),
            ("doubled", &self.doubled),
            ("disorder", &self.disorder),
            ("strange", &self.strange),
        ]
        .into_iter()
    }
}

/// A room after the run.
pub(super) struct Room {
    /// By `seq`, without gaps.
    stored: BTreeMap<i64, Seen>,
    /// `seq` by the part of the text that does not change.
    places: BTreeMap<String, i64>,
    /// `seq` and `rev` of the first of the messages that say that the run is over, else of the last
    /// message.
    end: (i64, i64),
}

/// Sends and acknowledgements of all clients, by room and text.
#[derive(Default)]
struct Asked {
    sent: BTreeSet<(i64, String)>,
    acknowledged: BTreeMap<(i64, String), Option<(i64, i64)>>,
    /// Texts of a message in the order in which they were sent.
    editions: BTreeMap<(i64, String), Vec<String>>,
}

/// Judges a run.
pub(super) fn check(journals: &[Journal], finals: &Finals) -> Verdict {
    let mut verdict = Verdict::default();
    let mut asked = Asked::default();
    for journal in journals {
        note(journal, &mut asked, &mut verdict);
    }
    verdict.acknowledged = asked.acknowledged.len();
    verdict.unknown = asked.sent.len() - asked.acknowledged.len();
    let rooms = rooms(finals, &asked, &mut verdict);
    acknowledged(&asked, &rooms, &mut verdict);
    names(journals, finals, &mut verdict);
    let mut log = streams::Log::default();
    for journal in journals {
        streams::check(journal, &rooms, &mut log, &mut verdict);
    }
    log.check(&rooms, &mut verdict);
    verdict
}

fn note(journal: &Journal, asked: &mut Asked, verdict: &mut Verdict) {
    for (at, entry) in &journal.entries {
        match entry {
            Entry::Sent { room, text } => {
                // Those that repeat a send use the same text.
                if asked.sent.insert((*room, text.clone())) {
                    let of = (*room, identity(text).to_owned());
                    asked.editions.entry(of).or_default().push(text.clone());
                }
            }
            Entry::Acknowledged { room, text, place } => {
                let before = asked.acknowledged.insert((*room, text.clone()), *place);
                if let (Some(Some(before)), Some(now)) = (before, place)
                    && before.0 != now.0
                {
                    let both = format!("seq {} and {}", before.0, now.0);
                    verdict.doubled.push(format!("{text} in {room} was acknowledged with {both}"));
                }
            }
            Entry::Strange(what) => {
                verdict.strange.push(format!("{} after {at:.1?}: {what}", journal.client));
            }
            Entry::Heard { .. } | Entry::Event { .. } => verdict.received += 1,
            Entry::Changes { messages, .. } => verdict.received += messages.len(),
            Entry::Connected { .. } | Entry::Stands { .. } => (),
        }
    }
}

/// Checks what servers show for itself and among each other.
fn rooms(finals: &Finals, asked: &Asked, verdict: &mut Verdict) -> BTreeMap<i64, Room> {
    let mut all = BTreeMap::new();
    for (id, history, elsewhere) in &finals.rooms {
        let (mut stored, mut places) = (BTreeMap::new(), BTreeMap::new());
        let mut at = "";
        for (message, seq) in history.iter().zip(1..) {
            let text = &message.text;
            if message.seq != seq {
                verdict.disorder.push(format!("room {id} has seq {} for {seq}", message.seq));
            }
            if message.at.as_str() < at {
                verdict.disorder.push(format!("time goes back at {text} in {id}"));
            }
            at = &message.at;
            if !asked.sent.contains(&(*id, text.clone())) {
                verdict.disorder.push(format!("nobody sent {text:?} into {id}"));
            }
            if places.insert(identity(text).to_owned(), message.seq).is_some() {
                verdict.doubled.push(format!("{text} is in {id} twice"));
            }
            let seen = Seen { seq: message.seq, rev: message.rev, text: text.clone() };
            stored.insert(message.seq, seen);
        }
        if !elsewhere.iter().eq(history.iter().map(|message| &message.text)) {
            let both = format!("{} and {} messages", history.len(), elsewhere.len());
            verdict.disorder.push(format!("dialects show room {id} differently: {both}"));
        }
        let mut ends = history.iter().filter(|message| message.text.starts_with(END));
        let end = ends.next().map(|message| (message.seq, message.rev));
        let last = (
            stored.keys().last().copied().unwrap_or(0),
            stored.values().map(|seen| seen.rev).max().unwrap_or(0),
        );
        all.insert(*id, Room { stored, places, end: end.unwrap_or(last) });
    }
    for (id, changes) in &finals.changes {
        let revs: Vec<_> = changes.iter().map(|change| change.rev).collect();
        if !revs.is_sorted_by(|a, b| a < b) {
            verdict.disorder.push(format!("changes of {id} are not in the order of rev"));
        }
        let mut sorted = changes.clone();
        sorted.sort();
        if all.get(id).is_none_or(|room| !sorted.iter().eq(room.stored.values())) {
            verdict.disorder.push(format!("changes of {id} are not its history"));
        }
    }
    all
}

/// Each acknowledged text is there, where it was said to be, or was edited after.
fn acknowledged(asked: &Asked, rooms: &BTreeMap<i64, Room>, verdict: &mut Verdict) {
    for ((id, text), place) in &asked.acknowledged {
        let Some(room) = rooms.get(id) else { continue };
        let name = identity(text);
        let Some(seq) = room.places.get(name) else {
            verdict.lost.push(format!("{text} in {id} was acknowledged and is not there"));
            continue;
        };
        if let Some((told, _)) = place
            && told != seq
        {
            verdict.lost.push(format!("{text} in {id} was acknowledged as {told} and is {seq}"));
        }
    }
    // The text of a message is the last one that was acknowledged, or one of unknown outcome: that may
    // also be stored late.
    for ((id, name), editions) in &asked.editions {
        let Some(room) = rooms.get(id) else { continue };
        let Some(found) = room.places.get(name).and_then(|seq| room.stored.get(seq)) else {
            continue;
        };
        let is_known = |text: &&String| asked.acknowledged.contains_key(&(*id, (*text).clone()));
        let last = editions.iter().rfind(is_known);
        let open = editions.iter().filter(|text| !is_known(text)).any(|text| *text == found.text);
        if !open && last.is_some_and(|last| *last != found.text) {
            let now = &found.text;
            verdict.lost.push(format!("edit {last:?} in {id} was acknowledged and it is {now}"));
        }
    }
}

/// Rooms of clients that have no messages: `room` 0 stands for a room that was created.
fn names(journals: &[Journal], finals: &Finals, verdict: &mut Verdict) {
    for journal in journals.iter().filter(|journal| journal.kind == Kind::Names) {
        let client = &journal.client;
        let Some((_, found)) = finals.names.iter().find(|(name, _)| name == client) else {
            verdict.lost.push(format!("all rooms of {client}"));
            continue;
        };
        let (mut sent, mut known) = (BTreeMap::new(), BTreeMap::new());
        for (_, entry) in &journal.entries {
            match entry {
                Entry::Sent { room, text } => {
                    sent.entry(*room).or_insert_with(Vec::new).push(text.clone());
                }
                Entry::Acknowledged { room, text, .. } => {
                    known.entry(*room).or_insert_with(Vec::new).push(text.clone());
                }
                _ => (),
            }
        }
        for (room, asked) in &sent {
            let known = known.get(room).cloned().unwrap_or_default();
            if *room == 0 {
                for name in asked {
                    let count = found.iter().filter(|(_, found)| found == name).count();
                    if count > 1 {
                        verdict.doubled.push(format!("there are {count} rooms {name}"));
                    }
                    if count == 0 && known.contains(name) {
                        verdict.lost.push(format!("the room {name} was acknowledged"));
                    }
                }
                continue;
            }
            let now = found.iter().find(|(id, _)| id == room).map(|(_, name)| name.as_str());
            let unknown =
                asked.iter().any(|name| Some(name.as_str()) == now && !known.contains(name));
            if !unknown && known.last().is_some_and(|last| Some(last.as_str()) != now) {
                let last = known.last();
                verdict.lost.push(format!("name {last:?} of {room} was acknowledged, is {now:?}"));
            }
        }
    }
}
