//! The checker finds what it looks for: each fault is planted into a run without any.

use std::time::Duration;

use super::{Verdict, check};
use crate::cluster::journal::{Entry, Finals, Journal, Kind, Seen, Stored};

const ROOM: i64 = 7;

fn sent(text: &str) -> Entry {
    Entry::Sent { room: ROOM, text: text.to_owned() }
}

fn acknowledged(text: &str, place: Option<(i64, i64)>) -> Entry {
    Entry::Acknowledged { room: ROOM, text: text.to_owned(), place }
}

fn heard(text: &str) -> Entry {
    Entry::Heard { room: ROOM, text: text.to_owned() }
}

fn event(rev: i64, seq: i64, text: &str) -> Entry {
    Entry::Event { room: ROOM, rev, message: Some((seq, text.to_owned())) }
}

fn stands(rev: i64) -> Entry {
    Entry::Stands { room: ROOM, rev, reset: false }
}

fn seen(seq: i64, rev: i64, text: &str) -> Seen {
    Seen { seq, rev, text: text.to_owned() }
}

fn connected() -> Entry {
    Entry::Connected { server: 0 }
}

fn journal(client: &str, kind: Kind, entries: Vec<Entry>) -> Journal {
    let entries = entries.into_iter().map(|entry| (Duration::ZERO, entry)).collect();
    Journal { entries, ..Journal::new(client, kind) }
}

/// A run with nothing wrong: five messages, one of them edited, by four clients.
struct Run {
    journals: Vec<Journal>,
    finals: Finals,
}

/// Indices of the clients.
const NATIVE: usize = 0;
const HEARING: usize = 1;
const OTHERS: usize = 2;
const NAMING: usize = 3;

fn good() -> Run {
    let native = vec![
        connected(),
        stands(0),
        sent("n-1"),
        event(1, 1, "n-1"),
        acknowledged("n-1", Some((1, 1))),
        event(2, 2, "h-1"),
        // The connection is cut, and the client resumes.
        sent("n-2"),
        connected(),
        Entry::Changes { room: ROOM, rev: 4, messages: vec![seen(3, 3, "o-1"), seen(4, 4, "n-2")] },
        stands(4),
        sent("n-2"),
        acknowledged("n-2", Some((4, 4))),
        sent("n-2~1"),
        acknowledged("n-2~1", Some((4, 5))),
        event(5, 4, "n-2~1"),
        event(6, 5, "h-2"),
    ];
    let hearing = vec![
        connected(),
        heard("n-1"),
        sent("h-1"),
        heard("h-1"),
        acknowledged("h-1", None),
        heard("o-1"),
        connected(),
        heard("n-2"),
        sent("h-2"),
        heard("h-2"),
        acknowledged("h-2", None),
    ];
    let others = vec![
        connected(),
        heard("h-1"),
        sent("o-1"),
        acknowledged("o-1", None),
        heard("n-2"),
        heard("h-2"),
        sent("o-2"),
    ];
    let naming = vec![
        Entry::Sent { room: 9, text: "x-1".to_owned() },
        Entry::Acknowledged { room: 9, text: "x-1".to_owned(), place: None },
        Entry::Sent { room: 0, text: "x-2".to_owned() },
        Entry::Acknowledged { room: 0, text: "x-2".to_owned(), place: None },
        Entry::Sent { room: 9, text: "x-3".to_owned() },
    ];
    let texts = ["n-1", "h-1", "o-1", "n-2~1", "h-2"];
    let history = texts.iter().zip([1, 2, 3, 5, 6]).zip(1..).map(|((text, rev), seq)| Stored {
        seq,
        rev,
        text: (*text).to_owned(),
        at: format!("12:00:0{seq}"),
    });
    let history: Vec<_> = history.collect();
    let mut changes: Vec<_> =
        history.iter().map(|stored| seen(stored.seq, stored.rev, &stored.text)).collect();
    changes.sort_by_key(|seen| seen.rev);
    let finals = Finals {
        rooms: vec![(ROOM, history, texts.map(str::to_owned).to_vec())],
        changes: vec![(ROOM, changes)],
        names: vec![("x".to_owned(), vec![(9, "x-1".to_owned()), (10, "x-2".to_owned())])],
    };
    let journals = vec![
        journal("n", Kind::Resumes, native),
        journal("h", Kind::Hears, hearing),
        journal("o", Kind::HearsOthers, others),
        journal("x", Kind::Names, naming),
    ];
    Run { journals, finals }
}

impl Run {
    fn verdict(&self) -> Verdict {
        check(&self.journals, &self.finals)
    }

    /// Removes a message from everything that servers show, and moves up what follows.
    fn without(&mut self, text: &str) {
        let (_, history, elsewhere) = &mut self.finals.rooms[0];
        history.retain(|stored| stored.text != text);
        elsewhere.retain(|stored| stored != text);
        for (stored, seq) in history.iter_mut().zip(1..) {
            stored.seq = seq;
        }
        self.tell_again();
    }

    /// Makes the changes those of the history.
    fn tell_again(&mut self) {
        let history = &self.finals.rooms[0].1;
        let mut changes: Vec<_> =
            history.iter().map(|stored| seen(stored.seq, stored.rev, &stored.text)).collect();
        changes.sort_by_key(|seen| seen.rev);
        self.finals.changes[0].1 = changes;
    }

    fn entries(&mut self, client: usize) -> &mut Vec<(Duration, Entry)> {
        &mut self.journals[client].entries
    }

    fn set(&mut self, client: usize, at: usize, entry: Entry) {
        self.entries(client)[at].1 = entry;
    }

    /// Adds a message at the end, as its client and all others were told.
    fn add(&mut self, text: &str) {
        let (_, history, elsewhere) = &mut self.finals.rooms[0];
        let seq = i64::try_from(history.len()).unwrap() + 1;
        let stored = Stored { seq, rev: seq + 1, text: text.to_owned(), at: "13".to_owned() };
        history.push(stored);
        elsewhere.push(text.to_owned());
        self.tell_again();
        let told = event(seq + 1, seq, text);
        self.entries(NATIVE).push((Duration::ZERO, told));
        for client in [HEARING, OTHERS] {
            self.entries(client).push((Duration::ZERO, heard(text)));
        }
    }
}

fn good_with(plant: impl FnOnce(&mut Run)) -> Verdict {
    let mut run = good();
    plant(&mut run);
    let verdict = run.verdict();
    assert!(!verdict.is_good(), "the fault was not found");
    verdict
}

#[test]
fn a_run_without_faults_is_good() {
    let verdict = good().verdict();
    assert!(verdict.is_good(), "{verdict:?}");
    assert_eq!((verdict.acknowledged, verdict.unknown, verdict.again), (8, 2, 0));
}

#[test]
fn a_lost_message_is_found() {
    for text in ["n-1", "h-1", "o-1", "h-2"] {
        let verdict = good_with(|run| run.without(text));
        assert!(verdict.lost.iter().any(|what| what.contains(text)), "{verdict:?}");
    }
}

#[test]
fn a_message_elsewhere_than_acknowledged_is_found() {
    let verdict = good_with(|run| run.set(NATIVE, 4, acknowledged("n-1", Some((2, 1)))));
    assert_eq!(verdict.lost.len(), 1, "{verdict:?}");
}

#[test]
fn a_lost_edit_is_found() {
    let verdict = good_with(|run| {
        run.finals.rooms[0].1[3].text = "n-2".to_owned();
        run.finals.rooms[0].2[3] = "n-2".to_owned();
        run.tell_again();
    });
    assert!(verdict.lost.iter().any(|what| what.contains("n-2~1")), "{verdict:?}");
}

#[test]
fn a_doubled_message_is_found() {
    for text in ["n-1", "h-1", "o-1"] {
        let verdict = good_with(|run| run.add(text));
        assert!(verdict.doubled.iter().any(|what| what.contains(text)), "{verdict:?}");
    }
    // A send that was repeated, and then acknowledged with two places.
    let twice = || (Duration::ZERO, acknowledged("n-1", Some((5, 6))));
    let verdict = good_with(|run| run.entries(NATIVE).push(twice()));
    assert!(!verdict.doubled.is_empty(), "{verdict:?}");
}

#[test]
fn a_message_that_nobody_sent_is_found() {
    let verdict = good_with(|run| run.add("z-1"));
    assert!(verdict.disorder.iter().any(|what| what.contains("nobody")), "{verdict:?}");
}

#[test]
fn what_was_sent_without_an_answer_may_be_stored() {
    let mut run = good();
    // The socket that sent it does not hear it.
    run.add("o-2");
    run.entries(OTHERS).pop();
    let verdict = run.verdict();
    assert!(verdict.is_good(), "{verdict:?}");
}

#[test]
fn a_swapped_order_is_found() {
    // In a stream without positions.
    let verdict = good_with(|run| run.entries(HEARING).swap(1, 3));
    assert!(!verdict.doubled.is_empty() || !verdict.disorder.is_empty(), "{verdict:?}");
    // In one with.
    let verdict = good_with(|run| run.entries(NATIVE).swap(3, 5));
    assert!(!verdict.disorder.is_empty(), "{verdict:?}");
    // In the other dialect's history.
    let verdict = good_with(|run| run.finals.rooms[0].2.swap(1, 2));
    assert!(!verdict.disorder.is_empty(), "{verdict:?}");
    // In the changes.
    let verdict = good_with(|run| run.finals.changes[0].1.swap(1, 2));
    assert!(!verdict.disorder.is_empty(), "{verdict:?}");
    // Of seq and rev.
    let verdict = good_with(|run| {
        run.set(NATIVE, 3, event(1, 2, "h-1"));
        run.set(NATIVE, 5, event(2, 1, "n-1"));
    });
    assert!(verdict.disorder.iter().any(|what| what.contains("after 2")), "{verdict:?}");
}

#[test]
fn a_gap_in_a_history_is_found() {
    let verdict = good_with(|run| {
        run.finals.rooms[0].1[4].seq = 6;
        run.tell_again();
    });
    assert!(verdict.disorder.iter().any(|what| what.contains("seq 6 for 5")), "{verdict:?}");
}

#[test]
fn a_gap_in_a_stream_is_found() {
    let verdict = good_with(|run| drop(run.entries(HEARING).remove(3)));
    assert!(verdict.disorder.iter().any(|what| what.contains("without")), "{verdict:?}");
    let verdict = good_with(|run| drop(run.entries(NATIVE).remove(5)));
    assert!(!verdict.disorder.is_empty(), "{verdict:?}");
    // Missing in what is replayed.
    let verdict = good_with(|run| {
        let messages = vec![seen(4, 4, "n-2")];
        run.set(NATIVE, 8, Entry::Changes { room: ROOM, rev: 4, messages });
    });
    assert!(verdict.disorder.iter().any(|what| what.contains("knows None")), "{verdict:?}");
    // Missing at the end.
    for client in [NATIVE, OTHERS] {
        let verdict = good_with(|run| {
            run.entries(client).retain(|(_, entry)| {
                !matches!(entry, Entry::Heard { text, .. } if text == "h-2")
                    && !matches!(entry, Entry::Event { rev: 6, .. })
            });
        });
        assert!(verdict.disorder.iter().any(|what| what.contains("the end")), "{verdict:?}");
    }
}

#[test]
fn a_repetition_in_a_stream_is_found() {
    let verdict = good_with(|run| run.entries(HEARING).insert(3, (Duration::ZERO, heard("n-1"))));
    assert!(!verdict.doubled.is_empty(), "{verdict:?}");
    let again = (Duration::ZERO, event(2, 2, "h-1"));
    let verdict = good_with(|run| run.entries(NATIVE).insert(6, again));
    assert!(!verdict.doubled.is_empty(), "{verdict:?}");
    // A client without positions may hear something again after it has reconnected.
    let mut run = good();
    run.entries(HEARING).insert(7, (Duration::ZERO, heard("o-1")));
    let verdict = run.verdict();
    assert!(verdict.is_good(), "{verdict:?}");
    assert_eq!(verdict.again, 1);
}

#[test]
fn two_texts_of_one_message_are_found() {
    let verdict = good_with(|run| {
        let entries = vec![connected(), stands(0), event(1, 1, "h-1"), event(2, 2, "h-1")];
        let entries = journal("m", Kind::Resumes, entries);
        run.journals.push(entries);
    });
    assert!(verdict.disorder.iter().any(|what| what.contains("was told as")), "{verdict:?}");
}

#[test]
fn a_server_that_resumes_elsewhere_is_found() {
    let verdict = good_with(|run| run.set(NATIVE, 9, stands(5)));
    assert!(verdict.disorder.iter().any(|what| what.contains("became")), "{verdict:?}");
}

#[test]
fn time_that_goes_back_is_found() {
    let verdict = good_with(|run| run.finals.rooms[0].1[2].at = "11:00:00".to_owned());
    assert!(verdict.disorder.iter().any(|what| what.contains("time")), "{verdict:?}");
}

#[test]
fn lost_and_doubled_rooms_are_found() {
    let verdict = good_with(|run| drop(run.finals.names[0].1.remove(1)));
    assert!(verdict.lost.iter().any(|what| what.contains("x-2")), "{verdict:?}");
    let verdict = good_with(|run| run.finals.names[0].1.push((11, "x-2".to_owned())));
    assert!(!verdict.doubled.is_empty(), "{verdict:?}");
    let verdict = good_with(|run| run.finals.names[0].1[0].1 = "x-0".to_owned());
    assert!(!verdict.lost.is_empty(), "{verdict:?}");
    // The outcome of this one was not told.
    let mut run = good();
    run.finals.names[0].1[0].1 = "x-3".to_owned();
    assert!(run.verdict().is_good());
}

#[test]
fn answers_that_must_not_be_are_found() {
    let strange = (Duration::ZERO, Entry::Strange("401".to_owned()));
    let verdict = good_with(|run| run.entries(NAMING).push(strange));
    assert_eq!(verdict.strange.len(), 1, "{verdict:?}");
}
