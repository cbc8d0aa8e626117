//! Imports the messages of one day of all channels.

use std::collections::{HashMap, HashSet};

use super::content::{author, content, is_no_message};
use super::days::Days;
use super::files::{Files, elsewhere};
use super::moment::Moment;
use super::text::{Names, translate};
use super::wire::{File, Message};
use crate::admin::Failure;
use crate::admin::transfer::files::Foreign;
use crate::admin::transfer::foreign::{Post, add_line};
use crate::admin::transfer::importer::Taker;
use crate::model::Timestamp;
use crate::store::transfer::{Key, Reason};

/// State while days are read.
pub(super) struct Messages<'d, 'p> {
    pub(super) days: Days,
    pub(super) taker: &'d mut Taker<'p>,
    pub(super) files: Files,
    /// Names of rooms by id.
    pub(super) rooms: HashMap<String, String>,
    /// Pinned messages: room and key.
    pub(super) pinned: HashSet<(String, String)>,
    /// Users of bots, by bot id.
    pub(super) bots: HashMap<String, String>,
}

impl Messages<'_, '_> {
    /// Imports the messages of all days in chronological order.
    pub(super) fn read(&mut self) -> Result<(), Failure> {
        for day in self.days.all() {
            for (moment, room, message) in self.days.messages(&day, None) {
                self.message(moment, room, &message)?;
            }
        }
        Ok(())
    }

    fn message(&mut self, moment: Moment, room: String, message: &Message) -> Result<(), Failure> {
        if let Some(event) = is_no_message(message) {
            self.taker.report.note(Reason::NotAMessage, event);
            return Ok(());
        }
        // A skipped room is reported already.
        if !self.rooms.contains_key(&room) {
            return Ok(());
        }
        let (author, time, key) = (author(message, &self.bots).key, moment.time(), moment.key());
        let (mut text, mentions) = translate(&content(message), &self.names());
        let mut media = Vec::new();
        for file in message.files.iter().chain(&message.file) {
            match self.file(&room, file, &author, time)? {
                Some(key) if media.contains(&key) => {}
                Some(key) => media.push(key),
                None => add_line(&mut text, &elsewhere(file)),
            }
        }
        if text.trim().is_empty() && !media.is_empty() {
            let names: Vec<&str> = message
                .files
                .iter()
                .chain(&message.file)
                .filter_map(|file| file.name.as_deref())
                .collect();
            text = names.join(", ");
        }
        let reactions = message
            .reactions
            .iter()
            .flat_map(|reaction| {
                reaction.users.iter().map(|user| (user.clone(), reaction.name.clone(), time))
            })
            .collect();
        let answers = message
            .thread_ts
            .as_deref()
            .and_then(Moment::parse)
            .filter(|thread| *thread != moment)
            .map(Moment::key);
        let edited =
            message.edited.as_ref().and_then(|edited| Moment::parse(&edited.ts)).map(Moment::time);
        let pinned =
            !message.pinned_to.is_empty() || self.pinned.contains(&(room.clone(), key.clone()));
        self.taker.post(Post {
            room,
            key,
            author,
            text,
            time,
            edited,
            answers,
            pinned,
            media,
            mentions,
            reactions,
        })
    }

    fn names(&self) -> Names<impl Fn(&str) -> Option<String>, impl Fn(&str) -> Option<String>> {
        Names {
            user: |id: &str| self.taker.login(id).map(str::to_owned),
            room: |id: &str| self.rooms.get(id).cloned(),
        }
    }

    /// The file, if its content is in the archive.
    fn file(
        &mut self,
        room: &str,
        file: &File,
        author: &str,
        time: Timestamp,
    ) -> Result<Option<String>, Failure> {
        let name = file.name.as_deref().unwrap_or(&file.id);
        let folder = self.rooms.get(room).map(String::as_str).unwrap_or_default();
        let Some(place) = self.files.find(&self.days.archive, folder, file) else {
            self.taker.report.note(Reason::FileElsewhere, name);
            return Ok(None);
        };
        let Ok(bytes) = self.days.archive.read(place, self.taker.target.max_bytes) else {
            self.taker.report.note(Reason::FileUnreadable, name);
            return Ok(None);
        };
        let taken = self.taker.attachment(Foreign {
            key: file.id.clone(),
            owner: Key::from(author),
            name,
            created: time,
            bytes,
        })?;
        Ok(taken.then(|| file.id.clone()))
    }
}
