//! The messages of one day of all channels.

use std::collections::{HashMap, HashSet};

use super::text::{Names, translate};
use super::wire::{File, Message};
use super::{Room, entries, stranger};
use crate::admin::Failure;
use crate::admin::transfer::archive::{Archive, MAX_ENTRY, Unread};
use crate::admin::transfer::files::Foreign;
use crate::admin::transfer::foreign::{Post, add_line};
use crate::admin::transfer::sound::file_name;
use crate::admin::transfer::take::Taker;
use crate::model::Timestamp;
use crate::store::transfer::{Key, Reason};

/// Subtypes that somebody said; all others tell of the room.
const SAID: [&str; 6] = ["bot_message", "me_message", "thread_broadcast", "file_share", "file_comment", "slackbot_response"];

/// What is needed while days are read.
pub(super) struct Days<'d, 'p> {
    pub(super) archive: Archive,
    pub(super) taker: &'d mut Taker<'p>,
    /// By folder.
    pub(super) rooms: HashMap<String, Room>,
    /// Who was taken in.
    pub(super) people: HashSet<String>,
}

impl Days<'_, '_> {
    /// Takes the messages of a day in the order of their times.
    pub(super) fn read(&mut self, day: &str, folders: &[(String, usize)]) -> Result<(), Failure> {
        let mut messages: Vec<(Moment, &str, Message)> = Vec::new();
        for (folder, place) in folders {
            let name = format!("{folder}/{day}.json");
            let bytes = match self.archive.read(*place, MAX_ENTRY) {
                Ok(bytes) => bytes,
                Err(why) => {
                    self.taker.report.note(Reason::NotUnderstood, format!("{name}: {}", if why == Unread::TooLarge { "too large" } else { "damaged" }));
                    continue;
                }
            };
            for message in entries::<Message>(&bytes, &name, self.taker)? {
                match Moment::parse(&message.ts) {
                    Some(moment) => messages.push((moment, folder, message)),
                    None => self.taker.report.note(Reason::NotUnderstood, format!("{name}: a message without time")),
                }
            }
        }
        messages.sort_by_key(|(moment, ..)| *moment);
        for (moment, folder, message) in messages {
            self.message(moment, folder, message)?;
        }
        Ok(())
    }

    fn message(&mut self, moment: Moment, folder: &str, message: Message) -> Result<(), Failure> {
        if let Some(subtype) = message.subtype.as_deref().filter(|subtype| !SAID.contains(subtype)) {
            self.taker.report.note(Reason::NotAMessage, subtype);
            return Ok(());
        }
        if message.kind != "message" {
            self.taker.report.note(Reason::NotAMessage, message.kind);
            return Ok(());
        }
        let Some(room) = self.rooms.get(folder).map(|room| room.id.clone()) else { return Ok(()) };
        let author = self.author(&message)?;
        let time = moment.time();
        let (mut text, mentions) = self.text(&message);
        let mut media = Vec::new();
        for file in &message.files {
            match self.file(folder, file, &author, time)? {
                Some(key) => media.push(key),
                None => add_line(&mut text, &elsewhere(file)),
            }
        }
        if text.trim().is_empty() && !media.is_empty() {
            let names: Vec<&str> = message.files.iter().filter_map(|file| file.name.as_deref()).collect();
            text = names.join(", ");
        }
        let reactions = message.reactions.iter().flat_map(|reaction| reaction.users.iter().map(|user| (user.clone(), reaction.name.clone(), time)));
        let answers = message.thread_ts.as_ref().filter(|thread| **thread != message.ts).cloned();
        let edited = message.edited.as_ref().and_then(|edited| Moment::parse(&edited.ts)).map(Moment::time);
        let reactions = reactions.collect();
        self.taker.post(Post { room, key: message.ts, author, text, time, edited, answers, media, mentions, reactions })
    }

    /// Whose message it is; programs and strangers come in when they first speak.
    fn author(&mut self, message: &Message) -> Result<String, Failure> {
        let program = || message.bot_id.clone().or_else(|| message.username.clone()).unwrap_or_else(|| "unknown".to_owned());
        let key = message.user.clone().filter(|user| !user.is_empty()).unwrap_or_else(|| format!("bot:{}", program()));
        if self.people.insert(key.clone()) {
            let name = if message.user.is_some() {
                message.user_profile.as_ref().and_then(|profile| profile.name.clone().or_else(|| profile.real_name.clone()))
            } else {
                let of_bot = message.bot_profile.as_ref().and_then(|profile| profile.name.clone());
                message.username.clone().filter(|name| !name.is_empty()).or(of_bot).or_else(|| Some("bot".to_owned()))
            };
            self.taker.person(stranger(&key, name.as_deref()))?;
            self.taker.flush()?;
        }
        Ok(key)
    }

    fn text(&self, message: &Message) -> (String, Vec<String>) {
        let user = |id: &str| self.taker.login(id).map(str::to_owned);
        let room = |id: &str| self.rooms.values().find(|room| room.id == id).map(|room| room.name.clone());
        let names = Names { user: &user, room: &room };
        let said = message.text.as_deref().unwrap_or_default();
        if !said.trim().is_empty() {
            return translate(said, &names);
        }
        let mut lines = Vec::new();
        for attachment in &message.attachments {
            let parts = [&attachment.pretext, &attachment.title, &attachment.text];
            let before = lines.len();
            lines.extend(parts.into_iter().flatten().filter(|part| !part.is_empty()).map(String::as_str));
            if lines.len() == before {
                lines.extend(attachment.fallback.as_deref());
            }
        }
        translate(&lines.join("\n"), &names)
    }

    /// The file if its bytes are in the archive, where the tools that fetch files put them.
    fn file(&mut self, folder: &str, file: &File, author: &str, time: Timestamp) -> Result<Option<String>, Failure> {
        let name = file.name.as_deref().and_then(file_name).unwrap_or_else(|| file.id.clone());
        let places = [format!("__uploads/{}/{name}", file.id), format!("{folder}/attachments/{}-{name}", file.id), format!("attachments/{}/{name}", file.id)];
        let Some(place) = places.iter().filter(|_| !file.id.is_empty()).find_map(|path| self.archive.find(path)) else {
            self.taker.report.note(Reason::FileElsewhere, name);
            return Ok(None);
        };
        let Ok(bytes) = self.archive.read(place, self.taker.target.max_bytes) else {
            self.taker.report.note(Reason::FileUnreadable, name);
            return Ok(None);
        };
        let taken = self.taker.attachment(Foreign { key: file.id.clone(), owner: Key::from(author), name: &name, created: time, bytes })?;
        Ok(taken.then(|| file.id.clone()))
    }
}

/// Name and address of a file, without the secret that Slack hangs on the address.
fn elsewhere(file: &File) -> String {
    let name = file.name.as_ref().or(file.title.as_ref()).map_or("file", String::as_str);
    let address = file.permalink.as_ref().or(file.url_private.as_ref()).map(|address| address.split('?').next().unwrap_or_default());
    match address {
        Some(address) => format!("📎 {name}: {address}"),
        None => format!("📎 {name}"),
    }
}

/// Seconds and microseconds, as in `1752589930.245019`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Moment(i64, i64);

impl Moment {
    fn parse(text: &str) -> Option<Self> {
        let (seconds, fraction) = text.split_once('.').unwrap_or((text, "0"));
        let fraction: String = fraction.chars().chain("000000".chars()).take(6).collect();
        let seconds = seconds.parse().ok().filter(|seconds| (0..100_000_000_000).contains(seconds))?;
        Some(Self(seconds, fraction.parse().ok()?))
    }

    fn time(self) -> Timestamp {
        Timestamp(self.0 * 1000 + self.1 / 1000)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_keep_their_order_to_the_microsecond() {
        let [first, second] = ["1752589930.245019", "1752589930.245020"].map(|text| Moment::parse(text).unwrap());
        assert!(first < second);
        assert_eq!(first.time(), Timestamp(1_752_589_930_245));
        assert_eq!(Moment::parse("1752589930.2").unwrap().time(), Timestamp(1_752_589_930_200));
        for bad in ["", "x", "-1.0", "1.x", "99999999999999999999.0"] {
            assert_eq!(Moment::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn addresses_lose_their_secret() {
        let file = File { name: Some("보고서.pdf".to_owned()), url_private: Some("https://files.slack.com/a.pdf?t=xoxe-1".to_owned()), ..File::default() };
        assert_eq!(elsewhere(&file), "📎 보고서.pdf: https://files.slack.com/a.pdf");
    }
}
