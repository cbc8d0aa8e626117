//! What the translations of other products share: how a person, a room and a message of theirs become ours.

use super::files;
use super::sound::visible;
use super::take::Taker;
use crate::admin::Failure;
use crate::model::Timestamp;
use crate::store::transfer::{Key, MessageRecord, ParticipantRecord, ReactionRecord, Reason, Record, RoomRecord, UserRecord};

/// Attachments of one message.
const MAX_MEDIA: usize = 10;
/// From so many people on a room has an admin.
const MANY: usize = 3;

/// A user of another product.
#[derive(Default)]
pub(super) struct Person {
    pub(super) key: String,
    pub(super) login: String,
    pub(super) name: String,
    pub(super) email: Option<String>,
    pub(super) disabled: bool,
    pub(super) admin: bool,
    pub(super) created: Timestamp,
}

/// A room of another product.
#[derive(Default)]
pub(super) struct Place {
    pub(super) key: String,
    /// None: direct messages.
    pub(super) name: Option<String>,
    pub(super) public: bool,
    pub(super) creator: Option<String>,
    pub(super) created: Timestamp,
    /// Who is in it, and whether they administer it.
    pub(super) members: Vec<(String, bool)>,
}

/// A message of another product, its text translated.
#[derive(Default)]
pub(super) struct Post {
    pub(super) room: String,
    pub(super) key: String,
    pub(super) author: String,
    pub(super) text: String,
    pub(super) time: Timestamp,
    pub(super) edited: Option<Timestamp>,
    pub(super) answers: Option<String>,
    /// Keys of files that were taken in before.
    pub(super) media: Vec<String>,
    pub(super) mentions: Vec<String>,
    /// Who, and the short name of the emoji.
    pub(super) reactions: Vec<(String, String, Timestamp)>,
}

impl Taker<'_> {
    /// Somebody; they cannot log in until an administrator has set a password.
    pub(super) fn person(&mut self, person: Person) -> Result<(), Failure> {
        if person.admin {
            self.report.note(Reason::AdminNotTaken, person.login.as_str());
        }
        self.take(Record::User(UserRecord {
            id: person.key.into(),
            name: if person.name.trim().is_empty() { person.login.clone() } else { person.name },
            login: person.login,
            email: person.email.filter(|email| !email.is_empty()),
            birth: None,
            media: None,
            password: String::new(),
            md5: None,
            sha1: None,
            admin: false,
            disabled: person.disabled,
            bot: false,
            guest: false,
            deleted: None,
            created: person.created,
        }))
    }

    /// A room and who is in it. A public one, or one of three people and more, gets an admin if it has none: who made it, else `first`
    /// of those in it.
    pub(super) fn place(&mut self, mut place: Place, first: impl Fn(&str) -> bool) -> Result<(), Failure> {
        if (place.public || place.members.len() >= MANY) && !place.members.iter().any(|(_, admin)| *admin) && place.name.is_some() {
            let made = place.members.iter().position(|(user, _)| Some(user) == place.creator.as_ref());
            let heir = made.or_else(|| place.members.iter().position(|(user, _)| first(user))).or(if place.members.is_empty() { None } else { Some(0) });
            if let Some((_, admin)) = heir.and_then(|heir| place.members.get_mut(heir)) {
                *admin = true;
            }
        }
        let room = Key::Text(place.key);
        self.take(Record::Room(RoomRecord {
            id: room.clone(),
            name: place.name.map(|name| visible(&name, "room")),
            topic: None,
            description: None,
            visibility: if place.public { "public" } else { "private" }.to_owned(),
            archived: None,
            read_only: false,
            owner: place.creator.map(Key::Text),
            rev: 1,
            facts_rev: 1,
            created: place.created,
        }))?;
        for (user, admin) in place.members {
            self.take(Record::Participant(ParticipantRecord {
                room: room.clone(),
                user: user.into(),
                role: if admin { "admin" } else { "member" }.to_owned(),
                edited_name: String::new(),
                since: 1,
                joined: place.created,
                mark: None,
                mark_at: place.created,
                muted: false,
            }))?;
        }
        Ok(())
    }

    /// A file; false when it could not be taken and the message has to say so.
    pub(super) fn attachment(&mut self, file: files::Foreign<'_>) -> Result<bool, Failure> {
        if file.bytes.is_empty() || file.bytes.len() as u64 > self.target.max_bytes {
            self.report.note(Reason::FileUnreadable, file.name);
            return Ok(false);
        }
        for record in file.records() {
            self.take(record)?;
        }
        Ok(true)
    }

    /// A message; one that is too long or holds too many files becomes several, `key`, `key#2`, `key#3` …
    pub(super) fn post(&mut self, mut post: Post) -> Result<(), Failure> {
        let text = clean(&post.text);
        if text.trim().is_empty() && post.media.is_empty() {
            self.report.note(Reason::Empty, format!("{}/{}", post.room, post.key));
            return Ok(());
        }
        let mut texts = if text.trim().is_empty() { Vec::new() } else { split(&text, self.target.max_chars) };
        if texts.len() > 1 {
            self.report.note(Reason::TextSplit, format!("{}/{}: {} messages", post.room, post.key, texts.len()));
        }
        if post.media.len() > MAX_MEDIA {
            self.report.note(Reason::FilesSplit, format!("{}/{}: {} files", post.room, post.key, post.media.len()));
        }
        let count = texts.len().max(post.media.len().div_ceil(MAX_MEDIA));
        texts.resize(count, "📎".to_owned());
        for (number, text) in texts.into_iter().enumerate() {
            let key = if number == 0 { post.key.clone() } else { format!("{}#{}", post.key, number + 1) };
            let media = post.media.drain(..post.media.len().min(MAX_MEDIA)).map(Key::Text).collect();
            let reactions = std::mem::take(&mut post.reactions);
            let message = MessageRecord {
                room: post.room.as_str().into(),
                seq: key.into(),
                rev: 0,
                author: post.author.as_str().into(),
                text,
                time: post.time,
                edited: post.edited,
                deleted: None,
                reply_to: post.answers.as_deref().map(Key::from),
                client_id: None,
                media,
                mentions: std::mem::take(&mut post.mentions).into_iter().map(Key::Text).collect(),
                reactions: self.reactions(reactions),
                pinned: None,
            };
            self.take(Record::Message(message))?;
        }
        Ok(())
    }

    fn reactions(&mut self, given: Vec<(String, String, Timestamp)>) -> Vec<ReactionRecord> {
        let mut reactions = Vec::with_capacity(given.len());
        for (user, name, at) in given {
            match super::emoji::by_name(&name) {
                Some(emoji) => reactions.push(ReactionRecord { user: user.into(), reaction: emoji.to_owned(), at }),
                None => self.report.note(Reason::ReactionUnknown, name),
            }
        }
        reactions
    }
}

/// One more line at the end of a text.
pub(super) fn add_line(text: &mut String, line: &str) {
    if !text.is_empty() {
        text.push('\n');
    }
    text.push_str(line);
}

/// Without what cannot be stored, and lines that end as ours do.
fn clean(text: &str) -> String {
    text.replace("\r\n", "\n").replace('\0', "")
}

/// Parts of at most `max` code points, ended at the end of a line or at a space where there is one in the last quarter.
fn split(text: &str, max: usize) -> Vec<String> {
    let mut parts = Vec::new();
    let mut rest = text.trim_end();
    while rest.chars().count() > max {
        let end = rest.char_indices().nth(max).map_or(rest.len(), |(at, _)| at);
        let head = rest.get(..end).unwrap_or(rest);
        let earliest = head.len() - head.len() / 4;
        let cut = head.rfind('\n').filter(|at| *at >= earliest).or_else(|| head.rfind(' ').filter(|at| *at >= earliest)).unwrap_or(head.len());
        let (part, after) = rest.split_at(cut);
        if !part.trim().is_empty() {
            parts.push(part.to_owned());
        }
        rest = after.trim_start_matches(['\n', ' ']);
    }
    if !rest.trim().is_empty() {
        parts.push(rest.to_owned());
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_texts_are_split_where_lines_or_words_end() {
        assert_eq!(split("short", 10), ["short"]);
        assert_eq!(split("aaaaaaaa bbbbbbb", 10), ["aaaaaaaa", "bbbbbbb"]);
        assert_eq!(split(&"책".repeat(25), 10).iter().map(|part| part.chars().count()).collect::<Vec<_>>(), [10, 10, 5]);
        let long = format!("{}\n{}", "a".repeat(9), "b".repeat(9));
        assert_eq!(split(&long, 10), ["a".repeat(9), "b".repeat(9)]);
        assert_eq!(clean("a\r\nb\0"), "a\nb");
    }
}
