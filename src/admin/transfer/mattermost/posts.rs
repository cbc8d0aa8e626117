//! Imports posts and replies.

use std::collections::HashMap;

use super::input::Input;
use super::wire::{Attachment, Line, Post};
use super::{channel_key, direct_key};
use crate::admin::Failure;
use crate::admin::transfer::files::Foreign;
use crate::admin::transfer::foreign::{self, attached};
use crate::admin::transfer::importer::Taker;
use crate::admin::transfer::sanitize::file_name;
use crate::model::emoji_names;
use crate::model::{Timestamp, mention_places};
use crate::store::transfer::{Key, Reason};

/// Position of a post or reply in the export.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Entry {
    /// Milliseconds since 1970.
    pub(super) time: i64,
    /// Offset of its line.
    pub(super) line: u64,
    /// 0 is the post; 1, 2 … are its replies.
    pub(super) reply: usize,
}

/// State while posts are read.
pub(super) struct Posts<'d, 'p> {
    input: Input,
    taker: &'d mut Taker<'p>,
    /// The last line read: a thread is often written in one go.
    last: Option<(u64, Box<Post>)>,
    /// Keys of the current millisecond, since one user may post twice in it.
    moment: (i64, HashMap<String, u32>),
}

impl<'d, 'p> Posts<'d, 'p> {
    pub(super) fn new(input: Input, taker: &'d mut Taker<'p>) -> Self {
        Self { input, taker, last: None, moment: (0, HashMap::new()) }
    }

    /// Imports the post or reply at this position.
    pub(super) fn take(&mut self, entry: Entry) -> Result<(), Failure> {
        let post = if let Some((_, post)) = self.last.take().filter(|(line, _)| *line == entry.line)
        {
            post
        } else {
            self.input.seek(entry.line)?;
            match self.input.next()? {
                Some((_, Ok((Line::Post(post) | Line::DirectPost(post), _)))) => post,
                _ => return Err(Failure::failed("the export changed while it was read")),
            }
        };
        self.said(&post, entry)?;
        self.last = Some((entry.line, post));
        Ok(())
    }

    fn said(&mut self, post: &Post, entry: Entry) -> Result<(), Failure> {
        let said = if entry.reply == 0 {
            Some(post)
        } else {
            post.replies.get(entry.reply - 1).map(AsRef::as_ref)
        };
        let Some(said) = said else { return Ok(()) };
        let key = self.key(&said.user, entry.time);
        if let Some(event) = is_event(said) {
            self.taker.report.note(Reason::NotAMessage, event);
            return Ok(());
        }
        let room = match &post.channel_members {
            Some(members) => direct_key(members),
            None => channel_key(&post.team, &post.channel),
        };
        let (mut text, mentions) = self.text(&content(said));
        let (author, time) = (author(said).key, Timestamp(entry.time));
        let mut media = Vec::new();
        for attachment in &said.attachments {
            match self.file(attachment, &author, time)? {
                Some(key) if media.contains(&key) => {}
                Some(key) => media.push(key),
                None => foreign::add_line(&mut text, &format!("📎 {}", name(attachment))),
            }
        }
        if text.trim().is_empty() && !media.is_empty() {
            text = said.attachments.iter().map(name).collect::<Vec<_>>().join(", ");
        }
        let at = |given: i64| if given > 0 { Timestamp(given) } else { time };
        let reactions = said
            .reactions
            .iter()
            .map(|given| (given.user.clone(), given.emoji_name.clone(), at(given.create_at)))
            .collect();
        self.taker.post(foreign::Post {
            room,
            key,
            author,
            text,
            time,
            edited: Some(said.edit_at).filter(|at| *at > 0).map(Timestamp),
            answers: (entry.reply > 0).then(|| plain_key(&post.user, post.create_at)),
            pinned: said.is_pinned,
            media,
            mentions,
            reactions,
        })
    }

    /// Posts have no id in the export: the key consists of author, time, and a number for posts of
    /// the same millisecond.
    fn key(&mut self, user: &str, time: i64) -> String {
        if self.moment.0 != time {
            self.moment = (time, HashMap::new());
        }
        let count = self.moment.1.entry(user.to_owned()).or_default();
        *count += 1;
        if *count == 1 {
            plain_key(user, time)
        } else {
            format!("{}~{count}", plain_key(user, time))
        }
    }

    /// The text with the new login names, and the mentioned users.
    fn text(&self, message: &str) -> (String, Vec<String>) {
        let (mut out, mut mentions, mut done) =
            (String::with_capacity(message.len()), Vec::new(), 0);
        for place in mention_places(message) {
            if place.at < done {
                continue;
            }
            let Some(written) =
                place.candidates.iter().find(|name| self.taker.knows(&name.to_lowercase()))
            else {
                continue;
            };
            let (key, name) = (written.to_lowercase(), place.at + 1);
            out.push_str(message.get(done..name).unwrap_or_default());
            out.push_str(self.taker.login(&key).unwrap_or(written));
            done = name + written.len();
            if !mentions.contains(&key) {
                mentions.push(key);
            }
        }
        out.push_str(message.get(done..).unwrap_or_default());
        (emoji_names::in_text(&out), mentions)
    }

    /// The file, if its content is in the archive.
    fn file(
        &mut self,
        attachment: &Attachment,
        author: &str,
        created: Timestamp,
    ) -> Result<Option<String>, Failure> {
        let place = self.input.find(&attachment.path);
        let (Some(archive), Some(place)) = (&mut self.input.archive, place) else {
            self.taker.report.note(Reason::FileElsewhere, attachment.path.as_str());
            return Ok(None);
        };
        let Ok(bytes) = archive.read(place, self.taker.target.max_bytes) else {
            self.taker.report.note(Reason::FileUnreadable, attachment.path.as_str());
            return Ok(None);
        };
        let key = attachment.path.clone();
        let taken = self.taker.attachment(Foreign {
            key,
            owner: Key::from(author),
            name: &name(attachment),
            created,
            bytes,
        })?;
        Ok(taken.then(|| attachment.path.clone()))
    }
}

/// Author of a post.
pub(super) struct Author {
    pub(super) key: String,
    pub(super) name: String,
    pub(super) bot: bool,
}

/// The author of a post. A webhook post with its own name is not attributed to the user who created
/// the webhook.
pub(super) fn author(said: &Post) -> Author {
    let called =
        said.props.override_username.as_ref().filter(|name| {
            said.props.from_webhook && !name.trim().is_empty() && **name != said.user
        });
    match (called, said.user.is_empty()) {
        (Some(name), _) => Author { key: format!("webhook:{name}"), name: name.clone(), bot: true },
        (None, true) => Author { key: "unknown".to_owned(), name: "unknown".to_owned(), bot: true },
        (None, false) => Author { key: said.user.clone(), name: said.user.clone(), bot: false },
    }
}

/// The kind of room event, if this is not a message.
pub(super) fn is_event(said: &Post) -> Option<&str> {
    said.kind.as_deref().filter(|kind| kind.starts_with("system_"))
}

/// The text with its attachments.
fn content(said: &Post) -> String {
    let attached =
        said.props.attachments.iter().filter(|attachment| !attachment.is_preview_in(&said.message));
    attached::with_lines(
        &said.message,
        attached.flat_map(|attachment| attachment.lines("")).collect(),
    )
}

fn plain_key(user: &str, time: i64) -> String {
    format!("{time}@{user}")
}

fn name(attachment: &Attachment) -> String {
    file_name(&attachment.path).unwrap_or_else(|| "file".to_owned())
}
