//! The message files of an archive: one per channel and day.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use unicode_normalization::UnicodeNormalization;

use super::moment::Moment;
use super::wire::Message;
use crate::admin::transfer::archive::{Archive, MAX_ENTRY};
use crate::admin::transfer::json;
use crate::admin::transfer::lenient::{Lenient, Oddities};
use crate::store::transfer::{Reason, Report};

/// Message files of a day.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Part {
    folder: String,
    room: String,
    place: usize,
}

/// An archive and its message files by day.
pub(super) struct Days {
    pub(super) archive: Archive,
    days: BTreeMap<String, Vec<Part>>,
}

impl Days {
    /// Finds the message files. `rooms` maps folder names to room ids. Folders without a room are
    /// reported.
    pub(super) fn find(
        archive: Archive,
        rooms: &HashMap<String, String>,
        report: &mut Report,
    ) -> Self {
        let (mut days, mut unknown) = (BTreeMap::<String, Vec<Part>>::new(), BTreeSet::new());
        for name in archive.names() {
            let Some((folder, day)) = name
                .rsplit_once('/')
                .and_then(|(folder, file)| Some((folder, file.strip_suffix(".json")?)))
            else {
                continue;
            };
            if !is_day(day) {
                continue;
            }
            match (rooms.get(&folder.nfc().collect::<String>()), archive.find(name)) {
                (Some(room), Some(place)) => days.entry(day.to_owned()).or_default().push(Part {
                    folder: folder.to_owned(),
                    room: room.clone(),
                    place,
                }),
                _ => drop(unknown.insert(folder)),
            }
        }
        for folder in unknown {
            report.note(Reason::NotUnderstood, format!("folder {folder}: no such channel"));
        }
        for parts in days.values_mut() {
            parts.sort();
        }
        Self { archive, days }
    }

    /// All days in chronological order.
    pub(super) fn all(&self) -> Vec<String> {
        self.days.keys().cloned().collect()
    }

    /// The messages of a day with their room ids in chronological order. Invalid entries are
    /// reported.
    pub(super) fn messages(
        &mut self,
        day: &str,
        mut report: Option<&mut Report>,
    ) -> Vec<(Moment, String, Message)> {
        let mut note = |example: String| {
            if let Some(report) = &mut report {
                report.note(Reason::NotUnderstood, example);
            }
        };
        let mut messages = Vec::new();
        for part in self.days.get(day).cloned().unwrap_or_default() {
            let name = format!("{}/{day}.json", part.folder);
            let bytes = match self.archive.read(part.place, MAX_ENTRY) {
                Ok(bytes) => bytes,
                Err(why) => {
                    note(format!("{name}: {}", why.words()));
                    continue;
                }
            };
            let (entries, broken) = json::list(&bytes);
            for entry in entries {
                let mut odd = Oddities::default();
                let message = Message::read(entry, &mut odd);
                for odd in odd.take() {
                    note(format!("{name}: {odd}"));
                }
                let Some(message) = message else { continue };
                match Moment::parse(&message.ts) {
                    Some(moment) => messages.push((moment, part.room.clone(), message)),
                    None => note(format!("{name}: a message without time")),
                }
            }
            if let Some(broken) = broken {
                note(format!("{name}: {broken}"));
            }
        }
        messages.sort_by_key(|(moment, ..)| *moment);
        messages
    }
}

/// Whether a file name is a date.
fn is_day(name: &str) -> bool {
    name.len() == 10
        && name.bytes().enumerate().all(|(place, byte)| {
            if matches!(place, 4 | 7) { byte == b'-' } else { byte.is_ascii_digit() }
        })
}
