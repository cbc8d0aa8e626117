//! A Slack export: users and channels first, then day by day the messages of all channels, in the order of their times.

mod messages;
mod text;
mod wire;

use std::collections::{BTreeMap, HashMap, HashSet};

use serde::de::DeserializeOwned;
use unicode_normalization::UnicodeNormalization;

use self::messages::Days;
use self::wire::{Channel, User};
use super::archive::{Archive, MAX_ENTRY, Unread};
use super::foreign::{Person, Place};
use super::take::Taker;
use crate::admin::Failure;
use crate::model::Timestamp;
use crate::store::transfer::Reason;

/// A room whose messages are read.
struct Room {
    id: String,
    name: String,
}

/// Takes a whole export in.
pub(super) fn read(mut archive: Archive, taker: &mut Taker<'_>) -> Result<(), Failure> {
    let users: Vec<User> = list(&mut archive, "users.json", taker)?;
    let chiefs: HashSet<String> = users.iter().filter(|user| (user.is_admin || user.is_owner) && !user.deleted).map(|user| user.id.clone()).collect();
    let mut people: HashSet<String> = HashSet::new();
    for user in users.into_iter().filter(|user| !user.id.is_empty()) {
        people.insert(user.id.clone());
        taker.person(person(user))?;
    }
    // The folder of a channel is called by its name, that of a direct conversation by its id.
    let mut rooms: HashMap<String, Room> = HashMap::new();
    for (file, public, named) in [("channels.json", true, true), ("groups.json", false, true), ("mpims.json", false, false), ("dms.json", false, false)] {
        for channel in list::<Channel>(&mut archive, file, taker)?.into_iter().filter(|channel| !channel.id.is_empty()) {
            for member in channel.members.iter().chain(&channel.creator) {
                if people.insert(member.clone()) {
                    // Of another workspace, or of a user who has gone from the list.
                    taker.person(stranger(member, None))?;
                }
            }
            let folder = if channel.name.is_empty() { channel.id.clone() } else { channel.name.clone() };
            rooms.insert(folder.nfc().collect(), Room { id: channel.id.clone(), name: folder });
            taker.place(place(channel, public, named), |user| chiefs.contains(user))?;
        }
    }
    taker.flush()?;
    let days = days(&archive, &rooms, taker);
    let mut reading = Days { archive, taker, rooms, people };
    for (day, folders) in days {
        reading.read(&day, &folders)?;
    }
    Ok(())
}

/// The days, and the folders that have a file for each.
fn days(archive: &Archive, rooms: &HashMap<String, Room>, taker: &mut Taker<'_>) -> BTreeMap<String, Vec<(String, usize)>> {
    let mut days: BTreeMap<String, Vec<(String, usize)>> = BTreeMap::new();
    let mut unknown: HashSet<&str> = HashSet::new();
    for name in archive.names() {
        let Some((folder, day)) = name.rsplit_once('/').and_then(|(folder, file)| Some((folder, file.strip_suffix(".json")?))) else { continue };
        let is_day = day.len() == 10 && day.bytes().enumerate().all(|(place, byte)| if matches!(place, 4 | 7) { byte == b'-' } else { byte.is_ascii_digit() });
        if !is_day {
            continue;
        }
        match (rooms.contains_key(folder), archive.find(name)) {
            (true, Some(place)) => days.entry(day.to_owned()).or_default().push((folder.to_owned(), place)),
            _ => {
                unknown.insert(folder);
            }
        }
    }
    for folder in unknown {
        taker.report.note(Reason::NotUnderstood, format!("folder {folder}: no such channel"));
    }
    for folders in days.values_mut() {
        folders.sort();
    }
    days
}

/// A list at the top of the archive; one that is not there is empty.
fn list<T: DeserializeOwned>(archive: &mut Archive, name: &str, taker: &mut Taker<'_>) -> Result<Vec<T>, Failure> {
    match archive.read_named(name, MAX_ENTRY) {
        Ok(bytes) => entries(&bytes, name, taker),
        Err(Unread::Missing) => Ok(Vec::new()),
        Err(Unread::TooLarge) => Err(Failure::failed(format!("{name} in the archive is too large; nothing was taken"))),
        Err(Unread::Damaged) => Err(Failure::failed(format!("{name} in the archive is damaged; nothing was taken"))),
    }
}

/// The entries of a list, without those that are not understood.
fn entries<T: DeserializeOwned>(bytes: &[u8], name: &str, taker: &mut Taker<'_>) -> Result<Vec<T>, Failure> {
    let values: Vec<serde_json::Value> =
        serde_json::from_slice(bytes).map_err(|error| Failure::failed(format!("{name} in the archive cannot be read: {error}")))?;
    let mut read = Vec::with_capacity(values.len());
    for value in values {
        match serde_json::from_value(value) {
            Ok(entry) => read.push(entry),
            Err(error) => taker.report.note(Reason::NotUnderstood, format!("{name}: {error}")),
        }
    }
    Ok(read)
}

fn person(user: User) -> Person {
    let names = [user.profile.real_name, user.real_name, user.profile.display_name];
    let name = names.into_iter().flatten().find(|name| !name.trim().is_empty()).unwrap_or_default();
    Person {
        key: user.id,
        login: user.name,
        name,
        email: user.profile.email,
        disabled: user.deleted,
        admin: user.is_admin || user.is_owner,
        created: Timestamp::now(),
    }
}

/// Somebody whom only a message or a channel names.
fn stranger(id: &str, name: Option<&str>) -> Person {
    let login = name.map_or_else(|| format!("user-{}", id.to_lowercase()), str::to_owned);
    Person { key: id.to_owned(), name: login.clone(), login, disabled: true, created: Timestamp::now(), ..Person::default() }
}

#[expect(clippy::cast_possible_truncation, reason = "seconds since 1970 fit")]
fn place(channel: Channel, public: bool, named: bool) -> Place {
    let mut members: Vec<(String, bool)> = Vec::new();
    for member in channel.members {
        if !members.iter().any(|(known, _)| *known == member) {
            members.push((member, false));
        }
    }
    Place {
        key: channel.id,
        name: named.then_some(channel.name),
        public,
        creator: channel.creator,
        created: Timestamp((channel.created * 1000.0) as i64),
        members,
    }
}
