//! A Mattermost bulk export: what it holds of people and channels first, then its posts and their replies in the order of their times.

mod input;
mod posts;
mod wire;

use std::collections::{BTreeMap, HashMap, HashSet};

pub(super) use self::input::{Input, is_bulk};

use self::posts::{Entry, Posts};
use self::wire::{Bot, Channel, DirectChannel, Line, User};
use super::foreign::{Person, Place};
use super::take::Taker;
use crate::admin::Failure;
use crate::model::Timestamp;
use crate::store::transfer::Reason;

/// What the first reading has found.
#[derive(Default)]
struct Found {
    channels: Vec<Channel>,
    users: Vec<User>,
    bots: Vec<Bot>,
    direct: BTreeMap<String, Vec<String>>,
    /// Who has said something.
    authors: HashSet<String>,
    entries: Vec<Entry>,
}

/// Takes a whole export in.
pub(super) fn read(mut input: Input, taker: &mut Taker<'_>) -> Result<(), Failure> {
    let mut found = look(&mut input, taker)?;
    let people = people(&mut found, taker)?;
    places(&found, &people, taker)?;
    taker.flush()?;
    let mut entries = found.entries;
    entries.sort_unstable();
    let mut posts = Posts::new(input, taker, people);
    for entry in entries {
        posts.take(entry)?;
    }
    Ok(())
}

/// Reads all lines, keeps people and channels, and notes where the posts are.
fn look(input: &mut Input, taker: &mut Taker<'_>) -> Result<Found, Failure> {
    let (mut found, mut at) = (Found::default(), 0);
    input.seek(0)?;
    while let Some((length, line)) = input.next()? {
        match line {
            Ok(Line::Version { .. } | Line::Team {} | Line::Other) => {}
            Ok(Line::Channel { channel }) => found.channels.push(channel),
            Ok(Line::User { user }) => found.users.push(user),
            Ok(Line::Bot { bot }) => found.bots.push(bot),
            Ok(Line::DirectChannel { direct_channel }) => {
                let members = members(direct_channel);
                found.direct.insert(direct_key(&members), members);
            }
            Ok(Line::Post { post } | Line::DirectPost { direct_post: post }) => {
                if let Some(members) = &post.channel_members {
                    found.direct.entry(direct_key(members)).or_insert_with(|| members.clone());
                }
                for (reply, said) in std::iter::once(&post).chain(post.replies.iter().flatten()).enumerate() {
                    found.authors.insert(said.user.clone());
                    found.entries.push(Entry { time: said.create_at, line: at, reply });
                }
            }
            Err(why) => taker.report.note(Reason::NotUnderstood, format!("byte {at}: {why}")),
        }
        at += length;
    }
    Ok(found)
}

fn members(channel: DirectChannel) -> Vec<String> {
    let named = channel.participants.into_iter().flatten().map(|participant| participant.username);
    let mut members: Vec<String> = channel.members.into_iter().flatten().chain(named).collect();
    members.sort();
    members.dedup();
    members
}

/// Direct channels have no name; they are who is in them.
fn direct_key(members: &[String]) -> String {
    let mut members: Vec<&str> = members.iter().map(String::as_str).collect();
    members.sort_unstable();
    members.dedup();
    format!("direct:{}", members.join(","))
}

fn people(found: &mut Found, taker: &mut Taker<'_>) -> Result<HashSet<String>, Failure> {
    let mut known = HashSet::new();
    for user in &found.users {
        if !user.username.is_empty() && known.insert(user.username.clone()) {
            taker.person(person(user))?;
        }
    }
    for bot in &found.bots {
        if !bot.username.is_empty() && known.insert(bot.username.clone()) {
            let name = bot.display_name.clone().unwrap_or_default();
            taker.person(Person { name, ..stranger(&bot.username) })?;
        }
    }
    let others: std::collections::BTreeSet<&String> = found.authors.iter().chain(found.direct.values().flatten()).collect();
    for other in others {
        if !other.is_empty() && known.insert(other.clone()) {
            taker.person(stranger(other))?;
        }
    }
    Ok(known)
}

fn person(user: &User) -> Person {
    let full = [&user.first_name, &user.last_name].into_iter().flatten().map(String::as_str).filter(|name| !name.is_empty()).collect::<Vec<_>>().join(" ");
    let nickname = user.nickname.clone().filter(|name| !name.trim().is_empty());
    Person {
        key: user.username.clone(),
        login: user.username.clone(),
        name: nickname.unwrap_or(full),
        email: user.email.clone(),
        disabled: user.delete_at.is_some_and(|at| at > 0),
        admin: user.roles.as_ref().is_some_and(|roles| roles.split_whitespace().any(|role| role == "system_admin")),
        created: Timestamp::now(),
    }
}

/// A program, or somebody who has gone from the list of users.
fn stranger(name: &str) -> Person {
    Person { key: name.to_owned(), login: name.to_owned(), name: name.to_owned(), disabled: true, created: Timestamp::now(), ..Person::default() }
}

fn places(found: &Found, people: &HashSet<String>, taker: &mut Taker<'_>) -> Result<(), Failure> {
    let mut inside: HashMap<String, Vec<(String, bool)>> = HashMap::new();
    for user in &found.users {
        for team in user.teams.iter().flatten() {
            for channel in team.channels.iter().flatten() {
                let admin = channel.roles.as_ref().is_some_and(|roles| roles.split_whitespace().any(|role| role == "channel_admin"));
                inside.entry(channel_key(&team.name, &channel.name)).or_default().push((user.username.clone(), admin));
            }
        }
    }
    for channel in &found.channels {
        let key = channel_key(&channel.team, &channel.name);
        let members = inside.remove(&key).unwrap_or_default();
        let name = if channel.display_name.trim().is_empty() { &channel.name } else { &channel.display_name };
        let created = Timestamp::now();
        taker.place(Place { key, name: Some(name.clone()), public: channel.kind == "O", creator: None, created, members }, |_| false)?;
    }
    for (key, members) in &found.direct {
        let members = members.iter().filter(|member| people.contains(*member)).map(|member| (member.clone(), false)).collect();
        taker.place(Place { key: key.clone(), members, created: Timestamp::now(), ..Place::default() }, |_| false)?;
    }
    Ok(())
}

fn channel_key(team: &str, channel: &str) -> String {
    format!("{team}/{channel}")
}
