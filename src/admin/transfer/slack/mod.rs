//! Imports a Slack export: users and channels first, then the messages of all channels day by day
//! in chronological order.

mod blocks;
mod content;
mod days;
mod emoji;
mod files;
mod messages;
mod moment;
mod people;
mod survey;
mod text;
mod wire;

use std::collections::{HashMap, HashSet};

use unicode_normalization::UnicodeNormalization;

use self::days::Days;
use self::files::Files;
use self::messages::Messages;
use self::moment::Moment;
use self::survey::Survey;
use self::text::{Names, translate};
use self::wire::{Channel, User};
use super::archive::{Archive, MAX_ENTRY, Unread};
use super::foreign::{Member, Place};
use super::importer::Taker;
use super::json;
use super::lenient::{Lenient, Oddities};
use crate::admin::Failure;
use crate::model::Timestamp;
use crate::store::transfer::Reason;

/// A channel and the kind of its list.
struct Listed {
    channel: Channel,
    public: bool,
    named: bool,
}

/// Imports a whole export.
pub(super) fn read(mut archive: Archive, taker: &mut Taker<'_>) -> Result<(), Failure> {
    let mut users: Vec<User> = list(&mut archive, "users.json", taker)?;
    users.extend(list::<User>(&mut archive, "org_users.json", taker)?);
    let mut channels = Vec::new();
    for (file, public, named) in [
        ("channels.json", true, true),
        ("groups.json", false, true),
        ("mpims.json", false, false),
        ("dms.json", false, false),
    ] {
        for channel in list::<Channel>(&mut archive, file, taker)? {
            if channel.id.is_empty() {
                taker.report.note(Reason::NotUnderstood, format!("{file}: a channel without id"));
            } else {
                channels.push(Listed { public: public && !channel.is_private, named, channel });
            }
        }
    }
    let folders = folders(&channels, taker);
    let files = Files::of(&archive);
    let mut days = Days::find(archive, &folders, &mut taker.report);
    let bots: HashMap<_, _> = users
        .iter()
        .filter_map(|user| Some((user.profile.bot_id.clone()?, user.id.clone())))
        .collect();
    let survey = Survey::make(&mut days, &bots, &mut taker.report);
    let chief = users.iter().find(|user| (user.is_admin || user.is_owner) && !user.deleted);
    let owner = chief.or(users.first()).map(|user| user.id.clone());
    people::read(users, &channels, &survey, &files, &mut days.archive, taker)?;
    emoji::read(&mut days.archive, owner.as_deref(), taker)?;
    let pinned = pinned(&channels);
    let names: HashMap<_, _> = channels
        .iter()
        .map(|listed| (listed.channel.id.clone(), folder(&listed.channel).to_owned()))
        .collect();
    let mut rooms = HashMap::new();
    for listed in channels {
        let id = listed.channel.id.clone();
        let made = place(listed, &survey, &names, taker);
        if taker.place(made)? {
            rooms.insert(id.clone(), names.get(&id).cloned().unwrap_or_default());
        }
    }
    taker.flush()?;
    Messages { days, taker, files, rooms, pinned, bots }.read()
}

/// Folder name of a channel: its name, or the id of a direct conversation.
fn folder(channel: &Channel) -> &str {
    if channel.name.is_empty() { &channel.id } else { &channel.name }
}

/// Channel ids by folder name. Some programs use ids as folder names.
fn folders(channels: &[Listed], taker: &mut Taker<'_>) -> HashMap<String, String> {
    let mut folders: HashMap<String, String> = HashMap::new();
    for Listed { channel, .. } in channels {
        let name: String = folder(channel).nfc().collect();
        if let Some(first) = folders.get(&name).filter(|first| **first != channel.id) {
            taker.report.note(
                Reason::NotUnderstood,
                format!(
                    "{first} and {}: both have the name and the folder {name}; its messages were \
                     imported into {first}",
                    channel.id
                ),
            );
            continue;
        }
        folders.insert(name, channel.id.clone());
    }
    for Listed { channel, .. } in channels {
        folders.entry(channel.id.clone()).or_insert_with(|| channel.id.clone());
    }
    folders
}

/// A list at the top of the archive, without invalid entries; empty if it is missing.
fn list<T: Lenient>(
    archive: &mut Archive,
    name: &str,
    taker: &mut Taker<'_>,
) -> Result<Vec<T>, Failure> {
    let bytes = match archive.read_named(name, MAX_ENTRY) {
        Ok(bytes) => bytes,
        Err(Unread::Missing) => return Ok(Vec::new()),
        Err(why) => {
            return Err(Failure::failed(format!(
                "{name} in the archive is {}; nothing was imported",
                why.words()
            )));
        }
    };
    let (values, broken) = json::list(&bytes);
    if let Some(broken) = broken {
        return Err(Failure::failed(format!(
            "{name} in the archive cannot be read: {broken}; nothing was imported"
        )));
    }
    let mut odd = Oddities::default();
    let entries = values.into_iter().filter_map(|value| T::read(value, &mut odd)).collect();
    for example in odd.take() {
        taker.report.note(Reason::NotUnderstood, format!("{name}: {example}"));
    }
    Ok(entries)
}

/// Pinned messages of all channels.
fn pinned(channels: &[Listed]) -> HashSet<(String, String)> {
    let pins = channels.iter().flat_map(|listed| {
        listed.channel.pins.iter().map(|pin| (listed.channel.id.clone(), &pin.id))
    });
    pins.filter_map(|(room, pin)| Some((room, Moment::parse(pin)?.key()))).collect()
}

#[expect(clippy::cast_possible_truncation, reason = "seconds since 1970 fit")]
fn place(
    listed: Listed,
    survey: &Survey,
    names: &HashMap<String, String>,
    taker: &Taker<'_>,
) -> Place {
    let Listed { channel, public, named } = listed;
    let writers = survey.writers.get(&channel.id).cloned().unwrap_or_default();
    let first = writers.first().map(|(_, time)| *time);
    let created = if channel.created > 0.0 {
        Timestamp((channel.created * 1000.0) as i64)
    } else {
        first.unwrap_or_else(Timestamp::now)
    };
    let (mut members, mut known) = (Vec::<Member>::new(), HashSet::new());
    for user in channel.members {
        if known.insert(user.clone()) {
            let joined = survey
                .joined
                .get(&(channel.id.clone(), user.clone()))
                .copied()
                .unwrap_or(created)
                .max(created);
            members.push(Member { user, admin: false, joined });
        }
    }
    let called = Names {
        user: |id: &str| taker.login(id).map(str::to_owned),
        room: |id: &str| names.get(id).cloned(),
    };
    let plain = |text: &str| translate(text, &called).0;
    let name = if channel.name.trim().is_empty() { channel.id.clone() } else { channel.name };
    Place {
        key: channel.id,
        name: named.then_some(name),
        topic: plain(&channel.topic.value),
        description: plain(&channel.purpose.value),
        public,
        archived: channel.is_archived,
        read_only: channel.is_read_only,
        creator: channel.creator.filter(|creator| !creator.is_empty()),
        created,
        members,
        writers,
    }
}
