//! Compares what was promised with what is stored.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Mutex;

use super::client::Journal;
use super::run::{Figures, Heard, lock};
use crate::model::{Change, Event, Message, Rev, RoomEvent, RoomId, Seq, Timestamp, Window};
use crate::store::Store;
use crate::store::cluster::Cluster;
use crate::store::cluster::rooms::log;
use crate::store::cluster::rooms::logged::{Step, StoredChange};
use crate::store::cluster::rooms::open::bring_up_to_date;
use crate::store::cluster::tables::Consistency;

/// Returns the promises that were broken.
pub(super) async fn check(
    reader: &Cluster,
    rooms: &[RoomId],
    journal: &Mutex<Journal>,
    heard: &[Heard],
    figures: &mut Figures,
) -> Vec<String> {
    let journal = std::mem::take(&mut *lock(journal));
    let mut broken = journal.broken.clone();
    (figures.repeated, figures.unanswered) = (journal.repeated, journal.unanswered);
    for room in rooms {
        let Ok(Some(facts)) = reader.room(*room).await else {
            broken.push(format!("room {room} is gone"));
            continue;
        };
        let page = reader.messages(*room, Window::Latest, 10_000).await.unwrap_or_default();
        // This finishes a commit of unknown outcome, of which nobody was told and nothing is
        // derived yet: the room above is as the log was before.
        let tail = log::tail(reader, *room, Rev(0), Consistency::Serial).await;
        let Ok(tail) = tail else {
            broken.push(format!("the log of room {room} cannot be read"));
            continue;
        };
        let changes: Vec<StoredChange> =
            tail.into_iter().flat_map(|commit| commit.changes).collect();
        figures.changes += changes.len();
        let until = changes.iter().take_while(|change| change.rev <= facts.room.rev.0).count();
        let derived = History::of(&changes[..until], &mut broken);
        derived.same(*room, facts.room.last_seq, &page, &mut broken);
        told(*room, &derived, &journal, &mut broken);
        // Whoever opens the room derives what is missing.
        let settled = bring_up_to_date(reader, *room).await;
        let (Ok(()), Ok(Some(facts))) = (settled, reader.room(*room).await) else {
            broken.push(format!("room {room} cannot be opened"));
            continue;
        };
        let page = reader.messages(*room, Window::Latest, 10_000).await.unwrap_or_default();
        let stored = History::of(&changes, &mut Vec::new());
        figures.messages += stored.messages.len();
        stored.same(*room, facts.room.last_seq, &page, &mut broken);
        events(*room, &changes, heard, &journal, &mut broken);
    }
    broken
}

/// A message as the log has it.
struct Known {
    text: String,
    rev: i64,
    likes: HashSet<i64>,
}

/// The room as its log has it.
struct History {
    messages: BTreeMap<i64, Known>,
    first_texts: HashMap<i64, String>,
}

impl History {
    fn of(changes: &[StoredChange], broken: &mut Vec<String>) -> Self {
        let mut history = Self { messages: BTreeMap::new(), first_texts: HashMap::new() };
        let (mut ids, mut texts, mut last) = (HashSet::new(), HashSet::new(), Timestamp(0));
        let mut inside = HashSet::new();
        for (change, rev) in changes.iter().zip(1..) {
            if change.rev != rev {
                broken.push(format!("rev {} where {rev} belongs", change.rev));
            }
            for step in &change.steps {
                match step {
                    Step::ParticipantAdded { user, .. } => drop(inside.insert(*user)),
                    Step::ParticipantRemoved { user, .. } => drop(inside.remove(user)),
                    Step::Posted { seq, message } if !inside.contains(&message.author) => {
                        broken.push(format!("seq {seq} is of somebody who is not in the room"));
                    }
                    _ => {}
                }
                if let Step::Posted { seq, message } = step {
                    let next = history.count() + 1;
                    if *seq != next {
                        broken.push(format!("seq {seq} where {next} belongs"));
                    }
                    if Timestamp(message.created) < last {
                        broken.push(format!("seq {seq} is older than the one before"));
                    }
                    last = Timestamp(message.created);
                    let id = message.client_id.clone().map(|id| (message.author, id));
                    // The text of a deleted message is erased.
                    let text = message.text.clone();
                    if id.is_some_and(|id| !ids.insert(id))
                        || (!text.is_empty() && !texts.insert(text))
                    {
                        broken.push(format!("{} is stored twice", message.text));
                    }
                    history.first_texts.insert(*seq, message.text.clone());
                }
                history.step(change.rev, step);
            }
        }
        history
    }

    fn count(&self) -> i64 {
        i64::try_from(self.messages.len()).unwrap_or(i64::MAX)
    }

    fn step(&mut self, rev: i64, step: &Step) {
        if let Step::Posted { seq, message } = step {
            let text = message.text.clone();
            self.messages.insert(*seq, Known { text, rev, likes: HashSet::new() });
        }
        let Some(known) = step.seq().and_then(|seq| self.messages.get_mut(&seq.0)) else { return };
        known.rev = rev;
        match step {
            Step::Edited { message, .. } => known.text.clone_from(&message.text),
            Step::Deleted { .. } => {
                known.text.clear();
                known.likes.clear();
            }
            Step::Reacted { user, .. } => drop(known.likes.insert(*user)),
            Step::Unreacted { user, .. } => drop(known.likes.remove(user)),
            _ => {}
        }
    }

    /// What is derived, and the room's state, must be what the log says.
    fn same(&self, room: RoomId, last: Seq, page: &[Message], broken: &mut Vec<String>) {
        self.compare(page, broken);
        if last.0 != self.count() {
            broken.push(format!("room {room}: its state has {last}"));
        }
    }

    /// What is derived must be what the log says.
    fn compare(&self, page: &[Message], broken: &mut Vec<String>) {
        if page.len() != self.messages.len() {
            broken.push(format!("{} of {} messages are derived", page.len(), self.messages.len()));
        }
        for message in page {
            let Some(known) = self.messages.get(&message.seq.0) else {
                broken.push(format!("{message:?} is not in the log"));
                continue;
            };
            let likes: usize = message.reactions.iter().map(|count| count.users.len()).sum();
            if (message.text.as_str(), message.rev.0, likes)
                != (known.text.as_str(), known.rev, known.likes.len())
            {
                let Known { text, rev, likes } = known;
                broken.push(format!("{message:?}, in the log {text} {rev} {likes:?}"));
            }
        }
    }
}

/// What clients were told must be stored.
fn told(room: RoomId, stored: &History, journal: &Journal, broken: &mut Vec<String>) {
    let mut seqs: HashMap<Seq, &str> = HashMap::new();
    for message in journal.posted.iter().filter(|message| message.room == room) {
        let first = stored.first_texts.get(&message.seq.0);
        // A repeated message is returned as it is now.
        let changed = message.edited.is_some() || message.deleted.is_some();
        let same = |first: &String| changed || first.is_empty() || *first == message.text;
        if !first.is_some_and(same) {
            broken.push(format!("acknowledged {message:?}, stored {first:?}"));
        }
        if let Some(other) = seqs.insert(message.seq, &message.text)
            && other != message.text
        {
            broken.push(format!("seq {} was acknowledged twice: {other}", message.seq));
        }
    }
    for (_, seq, rev) in journal.changed.iter().filter(|(of, ..)| *of == room) {
        if stored.messages.get(&seq.0).is_none_or(|known| known.rev < rev.0) {
            broken.push(format!("the change of seq {seq} with rev {rev} is lost"));
        }
    }
}

/// Each server's events of a room are in the order of its log, and say what it says; those of what
/// was acknowledged were emitted.
fn events(
    room: RoomId,
    changes: &[StoredChange],
    heard: &[Heard],
    journal: &Journal,
    broken: &mut Vec<String>,
) {
    let mut posted: HashSet<Seq> = HashSet::new();
    // Others read what they may have missed.
    let mut told = Rev(0);
    for heard in heard {
        let mut last = Rev(0);
        for event in lock(heard).iter() {
            if let Event::Head { room: of, rev } = event
                && *of == room
            {
                told = told.max(*rev);
            }
            let Event::Room(event) = event else { continue };
            if event.room != room {
                continue;
            }
            if event.rev <= last {
                broken.push(format!("an event of rev {} after {last}", event.rev));
            }
            last = event.rev;
            if !says(changes, event) {
                broken.push(format!("{event:?} is not what the log says"));
            }
            posted.extend(event.changes.iter().filter_map(|change| match change {
                Change::Posted(message) => Some(message.seq),
                _ => None,
            }));
        }
    }
    for message in journal.posted.iter().filter(|message| message.room == room) {
        // The event of a message that was found again may be one of a server that died.
        let is_known = posted.contains(&message.seq) || message.rev <= told;
        if !is_known && message.client_id.is_none() {
            broken.push(format!("no event of acknowledged {message:?}"));
        }
    }
}

fn says(changes: &[StoredChange], event: &RoomEvent) -> bool {
    let place = usize::try_from(event.rev.0 - 1).unwrap_or(usize::MAX);
    let Some(change) = changes.get(place) else { return false };
    match (event.changes.first(), change.steps.first()) {
        (Some(Change::Posted(message)), Some(Step::Posted { seq, message: stored }))
        | (Some(Change::Edited(message)), Some(Step::Edited { seq, message: stored })) => {
            message.seq.0 == *seq && (message.text == stored.text || stored.text.is_empty())
        }
        (Some(Change::Deleted(message)), Some(Step::Deleted { seq, .. })) => message.seq.0 == *seq,
        (Some(Change::Reacted { seq: of, .. }), Some(Step::Reacted { seq, .. }))
        | (Some(Change::Unreacted { seq: of, .. }), Some(Step::Unreacted { seq, .. })) => {
            of.0 == *seq
        }
        (Some(Change::ParticipantChanged(_)), Some(Step::ParticipantChanged { .. }))
        | (Some(Change::ParticipantAdded(_)), Some(Step::ParticipantAdded { .. }))
        | (Some(Change::ParticipantRemoved(_)), Some(Step::ParticipantRemoved { .. })) => true,
        _ => false,
    }
}
