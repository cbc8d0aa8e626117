//! Whether what clients received is the log of each room, in order, without gap or repetition.

use std::collections::BTreeMap;

use super::{Room, Verdict};
use crate::cluster::journal::{Entry, Journal, Kind, Seen, identity};

/// What all clients were told of each `rev` of a room.
#[derive(Default)]
pub(super) struct Log {
    /// `seq` and text by room and `rev`; none if it is no message.
    events: BTreeMap<(i64, i64), Option<(i64, String)>>,
}

impl Log {
    fn note(&mut self, room: i64, rev: i64, message: Option<(i64, &str)>, verdict: &mut Verdict) {
        let message = message.map(|(seq, text)| (seq, text.to_owned()));
        let known = self.events.entry((room, rev)).or_insert_with(|| message.clone());
        if *known != message {
            let both = format!("{known:?} and {message:?}");
            verdict.disorder.push(format!("rev {rev} of {room} was told as {both}"));
        }
    }

    /// New messages have ascending `rev` as they have ascending `seq`; the last event of each message
    /// is what is stored.
    pub(super) fn check(&self, rooms: &BTreeMap<i64, Room>, verdict: &mut Verdict) {
        let mut highest: BTreeMap<i64, i64> = BTreeMap::new();
        let mut last: BTreeMap<(i64, i64), (i64, &str)> = BTreeMap::new();
        for ((room, rev), message) in &self.events {
            let Some((seq, text)) = message else { continue };
            last.insert((*room, *seq), (*rev, text));
            if text.contains('~') {
                continue;
            }
            let before = highest.insert(*room, *seq).unwrap_or(0);
            if before >= *seq {
                let both = format!("seq {seq} after {before}");
                verdict.disorder.push(format!("rev {rev} of {room} has {both}"));
            }
        }
        for ((id, seq), (rev, text)) in last {
            let stored = rooms.get(&id).and_then(|room| room.stored.get(&seq));
            if stored.is_none_or(|stored| (stored.rev, stored.text.as_str()) != (rev, text)) {
                let told = format!("{text} with seq {seq} and rev {rev}");
                verdict.disorder.push(format!("{told} was told in {id}, stored is {stored:?}"));
            }
        }
    }
}

/// Checks one client's stream of each room.
pub(super) fn check(
    journal: &Journal,
    rooms: &BTreeMap<i64, Room>,
    log: &mut Log,
    verdict: &mut Verdict,
) {
    match journal.kind {
        Kind::Resumes => resuming(journal, rooms, log, verdict),
        Kind::Hears | Kind::HearsOthers => hearing(journal, rooms, verdict),
        Kind::Names => (),
    }
}

/// How a client is called while it is connected to this server.
fn at_server(journal: &Journal, server: usize) -> String {
    format!("{} on server {server}", journal.client)
}

/// What a client knows of a room.
#[derive(Default)]
struct Position {
    rev: i64,
    /// Since where it knows everything.
    base: i64,
    messages: BTreeMap<i64, Seen>,
}

fn resuming(journal: &Journal, rooms: &BTreeMap<i64, Room>, log: &mut Log, verdict: &mut Verdict) {
    let mut client = journal.client.clone();
    let mut known: BTreeMap<i64, Position> = BTreeMap::new();
    for (at, entry) in &journal.entries {
        match entry {
            Entry::Connected { server } => client = at_server(journal, *server),
            Entry::Stands { room, rev, reset } => {
                let position = known.get(room).map(|position| position.rev);
                if *reset || position.is_none() {
                    let fresh = Position { rev: *rev, base: *rev, messages: BTreeMap::new() };
                    known.insert(*room, fresh);
                } else if position != Some(*rev) {
                    let both = format!("{position:?} became {rev}");
                    verdict
                        .disorder
                        .push(format!("{client} resumed {room} after {at:.1?}: {both}"));
                }
            }
            Entry::Changes { room, rev, messages } => {
                let Some(position) = known.get_mut(room) else { continue };
                let mut before = position.rev;
                for seen in messages {
                    // One that changed again while the page was read stands where it was, and comes
                    // once more with that change.
                    if seen.rev <= *rev {
                        if seen.rev <= before {
                            let both = format!("rev {} after {before}", seen.rev);
                            verdict.disorder.push(format!("{client} was replayed {room}: {both}"));
                        }
                        before = seen.rev;
                    }
                    log.note(*room, seen.rev, Some((seen.seq, &seen.text)), verdict);
                    position.messages.insert(seen.seq, seen.clone());
                }
                position.rev = *rev;
            }
            Entry::Event { room, rev, message } => {
                let Some(position) = known.get_mut(room) else { continue };
                let before = position.rev;
                if *rev <= before {
                    let what = format!("rev {rev} of {room} at {before}");
                    verdict.doubled.push(format!("{client} heard {what} after {at:.1?}"));
                } else if *rev > before + 1 {
                    let what = format!("rev {rev} of {room} after {before}");
                    verdict.disorder.push(format!("{client} heard {what} after {at:.1?}"));
                }
                position.rev = *rev;
                let message = message.as_ref().map(|(seq, text)| (*seq, text.as_str()));
                log.note(*room, *rev, message, verdict);
                if let Some((seq, text)) = message {
                    let seen = Seen { seq, rev: *rev, text: text.to_owned() };
                    position.messages.insert(seq, seen);
                }
            }
            _ => (),
        }
    }
    for (id, position) in known {
        let Some(room) = rooms.get(&id) else { continue };
        if position.rev < room.end.1 {
            let both = format!("rev {} of {}", position.rev, room.end.1);
            verdict.disorder.push(format!("{client} did not hear the end of {id}: {both}"));
        }
        let received = position.base + 1..=position.rev;
        for stored in room.stored.values().filter(|stored| received.contains(&stored.rev)) {
            if position.messages.get(&stored.seq) != Some(stored) {
                let found = position.messages.get(&stored.seq);
                verdict.disorder.push(format!("{client} knows {found:?} instead of {stored:?}"));
            }
        }
    }
}

fn hearing(journal: &Journal, rooms: &BTreeMap<i64, Room>, verdict: &mut Verdict) {
    let mut client = journal.client.clone();
    let is_own = |room: &Room, seq: i64| {
        journal.kind == Kind::HearsOthers
            && room.stored.get(&seq).is_some_and(|seen| {
                seen.text.rsplit_once('-').is_some_and(|(author, _)| author == journal.client)
            })
    };
    // The last `seq` heard in this connection, and in all.
    let (mut here, mut ever) = (None, 0);
    let mut heard_in = None;
    for (at, entry) in &journal.entries {
        match entry {
            Entry::Connected { server } => {
                client = at_server(journal, *server);
                here = None;
            }
            Entry::Heard { room: id, text } => {
                heard_in = Some(*id);
                let Some(room) = rooms.get(id) else { continue };
                let Some(seq) = room.places.get(identity(text)).copied() else {
                    verdict.disorder.push(format!("{client} heard {text}, which is not in {id}"));
                    continue;
                };
                match here {
                    Some(before) if seq <= before => verdict.doubled.push(format!(
                        "{client} heard {text} ({seq} of {id}) after {before}, after {at:.1?}"
                    )),
                    Some(before) => {
                        if let Some(gap) = (before + 1..seq).find(|seq| !is_own(room, *seq)) {
                            verdict.disorder.push(format!(
                                "{client} heard {seq} of {id} after {before}, without {gap}, after \
                                 {at:.1?}"
                            ));
                        }
                    }
                    None if seq <= ever => verdict.again += 1,
                    None => (),
                }
                here = Some(seq.max(here.unwrap_or(0)));
                ever = ever.max(seq);
            }
            _ => (),
        }
    }
    if let Some(room) = heard_in.and_then(|id| rooms.get(&id))
        && (here.unwrap_or(0) + 1..=room.end.0).any(|seq| !is_own(room, seq))
    {
        let end = room.end.0;
        verdict.disorder.push(format!("{client} did not hear the end: {here:?} of {end}"));
    }
}
