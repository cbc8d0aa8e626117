//! First pass over all lines: keeps users and channels; of posts only their users and positions.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::input::Input;
use super::posts::{Author, Entry, author, is_event};
use super::wire::{Bot, Channel, DirectChannel, Emoji, Line, Post, User};
use super::{channel_key, direct_key};
use crate::admin::Failure;
use crate::admin::transfer::importer::Taker;
use crate::model::Timestamp;
use crate::store::transfer::Reason;

/// Result of the first pass.
#[derive(Default)]
pub(super) struct Survey {
    pub(super) channels: Vec<Channel>,
    pub(super) users: Vec<User>,
    pub(super) bots: Vec<Bot>,
    pub(super) emoji: Vec<Emoji>,
    /// Direct channels by key.
    pub(super) direct: BTreeMap<String, Direct>,
    /// Users who posted or reacted.
    pub(super) people: BTreeMap<String, Seen>,
    /// Users who posted in a room, in order of the export, by room key.
    pub(super) writers: HashMap<String, Vec<(String, Timestamp)>>,
    /// Join times, by room key and user name.
    pub(super) joined: HashMap<(String, String), Timestamp>,
    /// Time of the first post in a room.
    pub(super) began: HashMap<String, Timestamp>,
    /// Positions of posts and replies.
    pub(super) entries: Vec<Entry>,
    heard: HashSet<(String, String)>,
}

/// A conversation without a name.
#[derive(Default)]
pub(super) struct Direct {
    pub(super) members: Vec<String>,
    pub(super) topic: String,
}

/// A user who appears in posts.
pub(super) struct Seen {
    pub(super) name: String,
    pub(super) bot: bool,
    pub(super) first: Timestamp,
}

impl Survey {
    /// Reads all lines. Invalid entries, and those without an equivalent here, are reported.
    pub(super) fn make(input: &mut Input, taker: &mut Taker<'_>) -> Result<Self, Failure> {
        let (mut survey, mut at, mut number) = (Self::default(), 0, 0_u64);
        input.seek(0)?;
        while let Some((length, line)) = input.next()? {
            number += 1;
            match line {
                Ok((line, odd)) => {
                    for odd in odd {
                        taker.report.note(Reason::NotUnderstood, format!("line {number}: {odd}"));
                    }
                    survey.line(line, at, number, taker);
                }
                Err(why) => {
                    taker.report.note(Reason::NotUnderstood, format!("line {number}: {why}"));
                }
            }
            at += length;
        }
        Ok(survey)
    }

    fn line(&mut self, line: Line, at: u64, number: u64, taker: &mut Taker<'_>) {
        let report = &mut taker.report;
        match line {
            Line::Version(_) | Line::Other => {}
            Line::Team(team) => report.note_once(Reason::NoPlace, format!("team {}", team.name)),
            Line::Emoji(emoji) => self.emoji.push(emoji),
            Line::Channel(channel) if channel.name.is_empty() => {
                report
                    .note(Reason::NotUnderstood, format!("line {number}: a channel without name"));
            }
            Line::Channel(channel) => self.channels.push(channel),
            Line::User(user) if user.username.is_empty() => report
                .note(Reason::NotUnderstood, format!("line {number}: a user without username")),
            Line::User(user) => self.users.push(user),
            Line::Bot(bot) if bot.username.is_empty() => {
                report
                    .note(Reason::NotUnderstood, format!("line {number}: a bot without username"));
            }
            Line::Bot(bot) => self.bots.push(bot),
            Line::DirectChannel(channel) => {
                let topic = channel.header.clone();
                let members = members(channel);
                self.direct.insert(direct_key(&members), Direct { members, topic });
            }
            Line::Post(post) | Line::DirectPost(post) => {
                if let Some(members) = &post.channel_members {
                    self.direct.entry(direct_key(members)).or_insert_with(|| Direct {
                        members: members.clone(),
                        topic: String::new(),
                    });
                }
                self.post(&post, at, number, taker);
            }
        }
    }

    fn post(&mut self, post: &Post, at: u64, number: u64, taker: &mut Taker<'_>) {
        let room = match &post.channel_members {
            Some(members) => direct_key(members),
            None => channel_key(&post.team, &post.channel),
        };
        for (reply, said) in
            std::iter::once(post).chain(post.replies.iter().map(AsRef::as_ref)).enumerate()
        {
            // A reply without a time gets the time of its post.
            let time = if said.create_at > 0 { said.create_at } else { post.create_at };
            if time <= 0 {
                taker.report.note(
                    Reason::NotUnderstood,
                    format!("line {number}: a post without create_at"),
                );
                continue;
            }
            for (there, what) in [
                (!said.flagged_by.is_empty(), "saved posts"),
                (!said.thread_followers.is_empty(), "followers of threads"),
                (!said.priority.is_null(), "priorities of posts"),
            ] {
                if there {
                    taker.report.note_once(Reason::NoPlace, what);
                }
            }
            self.said(&room, said, Timestamp(time));
            self.entries.push(Entry { time, line: at, reply });
        }
    }

    fn said(&mut self, room: &str, said: &Post, time: Timestamp) {
        let Author { key, name, bot } = author(said);
        self.see(&key, name, bot, time);
        for given in &said.reactions {
            self.see(&given.user, given.user.clone(), false, time);
        }
        if is_event(said).is_some() {
            let added = said
                .props
                .added_username
                .clone()
                .or_else(|| said.props.username.clone())
                .unwrap_or_else(|| said.user.clone());
            if matches!(said.kind.as_deref(), Some("system_join_channel" | "system_add_to_channel"))
            {
                let joined = self.joined.entry((room.to_owned(), added)).or_insert(time);
                *joined = time.min(*joined);
            }
            return;
        }
        let began = self.began.entry(room.to_owned()).or_insert(time);
        *began = time.min(*began);
        if self.heard.insert((room.to_owned(), key.clone())) {
            self.writers.entry(room.to_owned()).or_default().push((key, time));
        }
    }

    fn see(&mut self, key: &str, name: String, bot: bool, time: Timestamp) {
        let seen = self.people.entry(key.to_owned()).or_insert(Seen { name, bot, first: time });
        seen.first = time.min(seen.first);
    }
}

fn members(channel: DirectChannel) -> Vec<String> {
    let named = channel.participants.into_iter().map(|participant| participant.username);
    let mut members: Vec<String> =
        channel.members.into_iter().chain(named).filter(|name| !name.is_empty()).collect();
    members.sort();
    members.dedup();
    members
}
