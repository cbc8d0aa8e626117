//! Posts and replies.

use std::collections::{HashMap, HashSet};

use super::input::Input;
use super::wire::{Attachment, Line, Post};
use super::{channel_key, direct_key};
use crate::admin::Failure;
use crate::admin::transfer::emoji;
use crate::admin::transfer::files::Foreign;
use crate::admin::transfer::foreign;
use crate::admin::transfer::sound::file_name;
use crate::admin::transfer::take::Taker;
use crate::model::{Timestamp, mention_places};
use crate::store::transfer::{Key, Reason};

/// Where something that was said stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Entry {
    /// Milliseconds since 1970.
    pub(super) time: i64,
    /// Where its line begins.
    pub(super) line: u64,
    /// 0: the post; 1, 2 … its replies.
    pub(super) reply: usize,
}

/// What is needed while posts are read.
pub(super) struct Posts<'d, 'p> {
    input: Input,
    taker: &'d mut Taker<'p>,
    people: HashSet<String>,
    /// The line that was read last: a thread is often written in one go.
    last: Option<(u64, Post)>,
    /// Keys of this moment, since somebody may say two things in one.
    moment: (i64, HashMap<String, u32>),
}

impl<'d, 'p> Posts<'d, 'p> {
    pub(super) fn new(input: Input, taker: &'d mut Taker<'p>, people: HashSet<String>) -> Self {
        Self { input, taker, people, last: None, moment: (0, HashMap::new()) }
    }

    /// Takes what stands there.
    pub(super) fn take(&mut self, entry: Entry) -> Result<(), Failure> {
        let post = if let Some((_, post)) = self.last.take().filter(|(line, _)| *line == entry.line) {
            post
        } else {
            self.input.seek(entry.line)?;
            match self.input.next()? {
                Some((_, Ok(Line::Post { post } | Line::DirectPost { direct_post: post }))) => post,
                _ => return Err(Failure::failed("the export has changed while it was read")),
            }
        };
        self.said(&post, entry.reply)?;
        self.last = Some((entry.line, post));
        Ok(())
    }

    fn said(&mut self, post: &Post, reply: usize) -> Result<(), Failure> {
        let Some(said) = (if reply == 0 { Some(post) } else { post.replies.iter().flatten().nth(reply - 1) }) else { return Ok(()) };
        let key = self.key(&said.user, said.create_at);
        if let Some(kind) = said.kind.as_deref().filter(|kind| kind.starts_with("system_")) {
            self.taker.report.note(Reason::NotAMessage, kind);
            return Ok(());
        }
        let room = match &post.channel_members {
            Some(members) => direct_key(members),
            None => channel_key(&post.team, &post.channel),
        };
        let (mut text, mentions) = self.text(&said.message);
        let mut media = Vec::new();
        for attachment in said.attachments.iter().flatten() {
            match self.file(attachment, said)? {
                Some(key) => media.push(key),
                None => foreign::add_line(&mut text, &format!("📎 {}", name(attachment))),
            }
        }
        if text.trim().is_empty() && !media.is_empty() {
            text = said.attachments.iter().flatten().map(name).collect::<Vec<_>>().join(", ");
        }
        let reactions = said.reactions.iter().flatten().map(|given| (given.user.clone(), given.emoji_name.clone(), Timestamp(given.create_at))).collect();
        self.taker.post(foreign::Post {
            room,
            key,
            author: said.user.clone(),
            text,
            time: Timestamp(said.create_at),
            edited: said.edit_at.filter(|at| *at > 0).map(Timestamp),
            answers: (reply > 0).then(|| plain_key(&post.user, post.create_at)),
            media,
            mentions,
            reactions,
        })
    }

    /// A post has no id there: who and when, and a number for those of the same moment.
    fn key(&mut self, user: &str, time: i64) -> String {
        if self.moment.0 != time {
            self.moment = (time, HashMap::new());
        }
        let count = self.moment.1.entry(user.to_owned()).or_default();
        *count += 1;
        if *count == 1 { plain_key(user, time) } else { format!("{}~{count}", plain_key(user, time)) }
    }

    /// The text with people called as they are called here, and whom it names.
    fn text(&self, message: &str) -> (String, Vec<String>) {
        let (mut out, mut mentions, mut done) = (String::with_capacity(message.len()), Vec::new(), 0);
        for place in mention_places(message) {
            if place.at < done {
                continue;
            }
            let Some(written) = place.candidates.iter().find(|name| self.people.contains(&name.to_lowercase())) else { continue };
            let (key, name) = (written.to_lowercase(), place.at + 1);
            out.push_str(message.get(done..name).unwrap_or_default());
            out.push_str(self.taker.login(&key).unwrap_or(written));
            done = name + written.len();
            if !mentions.contains(&key) {
                mentions.push(key);
            }
        }
        out.push_str(message.get(done..).unwrap_or_default());
        (emoji::in_text(&out), mentions)
    }

    /// The file if its bytes are in the archive.
    fn file(&mut self, attachment: &Attachment, said: &Post) -> Result<Option<String>, Failure> {
        let paths = [format!("data/{}", attachment.path), attachment.path.clone()];
        let place = self.input.archive.as_ref().and_then(|archive| paths.iter().find_map(|path| archive.find(path)));
        let (Some(archive), Some(place)) = (&mut self.input.archive, place) else {
            self.taker.report.note(Reason::FileElsewhere, attachment.path.as_str());
            return Ok(None);
        };
        let Ok(bytes) = archive.read(place, self.taker.target.max_bytes) else {
            self.taker.report.note(Reason::FileUnreadable, attachment.path.as_str());
            return Ok(None);
        };
        let (key, created) = (attachment.path.clone(), Timestamp(said.create_at));
        let taken = self.taker.attachment(Foreign { key, owner: Key::from(said.user.as_str()), name: &name(attachment), created, bytes })?;
        Ok(taken.then(|| attachment.path.clone()))
    }
}

fn plain_key(user: &str, time: i64) -> String {
    format!("{time}@{user}")
}

fn name(attachment: &Attachment) -> String {
    file_name(&attachment.path).unwrap_or_else(|| "file".to_owned())
}
