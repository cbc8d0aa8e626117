//! Shared by the imports of other products: turns their users, rooms and messages into records.
//! `attached` renders message attachments, `emoji` imports custom emoji (`aliases` their names), `heir` chooses the admin of a
//! room.

pub(super) mod aliases;
pub(super) mod attached;
mod emoji;
pub(super) mod heir;

pub(super) use self::heir::Member;
use self::heir::Standing;
use super::files;
use super::importer::Taker;
use super::sanitize::visible;
use crate::admin::Failure;
use crate::model::{FileKind, SNIFFED, Shown, Timestamp, is_blank};
use crate::store::transfer::{
    Key, MessageRecord, ParticipantRecord, PinRecord, ReactionRecord, Reason, Record, RoomRecord,
    UserRecord,
};

/// Maximum number of files per message.
const MAX_MEDIA: usize = 10;
/// Minimum number of members of a private room with an admin.
const MANY: usize = 3;

/// A user of another product.
#[derive(Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a mark of its own, in any combination")]
pub(super) struct Person {
    pub(super) key: String,
    pub(super) login: String,
    pub(super) name: String,
    pub(super) email: Option<String>,
    pub(super) disabled: bool,
    /// Was an administrator of the server or workspace.
    pub(super) admin: bool,
    /// A guest, who sees only their own rooms.
    pub(super) guest: bool,
    /// A bot.
    pub(super) bot: bool,
    /// Only mentioned in messages; a later export may contain the full account.
    pub(super) stranger: bool,
    /// Profile picture: the key of a file that follows.
    pub(super) picture: Option<String>,
    pub(super) created: Timestamp,
}

/// A room of another product.
#[derive(Default)]
pub(super) struct Place {
    pub(super) key: String,
    /// None for direct messages.
    pub(super) name: Option<String>,
    pub(super) topic: String,
    pub(super) description: String,
    pub(super) public: bool,
    /// Archived: can only be read.
    pub(super) archived: bool,
    /// Only admins may post.
    pub(super) read_only: bool,
    pub(super) creator: Option<String>,
    pub(super) created: Timestamp,
    pub(super) members: Vec<Member>,
    /// Users who posted there, for rooms without a member list.
    pub(super) writers: Vec<(String, Timestamp)>,
}

/// A message of another product with translated text.
#[derive(Default)]
pub(super) struct Post {
    pub(super) room: String,
    pub(super) key: String,
    pub(super) author: String,
    pub(super) text: String,
    pub(super) time: Timestamp,
    pub(super) edited: Option<Timestamp>,
    pub(super) answers: Option<String>,
    pub(super) pinned: bool,
    /// Keys of files imported before.
    pub(super) media: Vec<String>,
    pub(super) mentions: Vec<String>,
    /// Users and emoji short names.
    pub(super) reactions: Vec<(String, String, Timestamp)>,
}

impl Taker<'_> {
    /// Imports a user, who cannot log in until an administrator sets a password.
    pub(super) fn person(&mut self, person: Person) -> Result<(), Failure> {
        if person.admin {
            self.report.note(Reason::AdminNotTaken, person.login.as_str());
        }
        if person.guest {
            self.report.note(Reason::Guest, person.login.as_str());
        }
        let standing = Standing {
            usable: !person.disabled && !person.bot && !person.guest,
            guest: person.guest,
            chief: person.admin,
        };
        self.people.insert(person.key.clone(), standing);
        self.take(Record::User(UserRecord {
            id: person.key.into(),
            name: if person.name.trim().is_empty() { person.login.clone() } else { person.name },
            login: person.login,
            email: person.email.filter(|email| !email.is_empty()),
            birth: None,
            media: person.picture.map(Key::Text),
            status: None,
            password: String::new(),
            md5: None,
            sha1: None,
            second_factor: None,
            identities: Vec::new(),
            admin: false,
            // Bots have no password here.
            disabled: person.disabled || person.bot,
            bot: person.bot,
            guest: person.guest,
            deleted: None,
            created: person.created,
            no_password: true,
            stranger: person.stranger,
        }))
    }

    /// Whether the user with this key was imported.
    pub(super) fn knows(&self, key: &str) -> bool {
        self.people.contains_key(key)
    }

    /// Imports a room and its members. A public room, or one of three people or more, gets an admin
    /// who can log in if it has none. False if it was skipped, since it has no members and nobody
    /// could join it.
    pub(super) fn place(&mut self, mut place: Place) -> Result<bool, Failure> {
        let shown = place.name.clone().unwrap_or_else(|| place.key.clone());
        if place.members.is_empty() {
            place.fill();
            let (reason, taken) = match (place.members.is_empty(), place.public && !place.archived)
            {
                (true, false) => (Reason::RoomLeftOut, false),
                (false, _) => (Reason::ParticipantsGuessed, true),
                (true, true) => (Reason::RoomEmpty, true),
            };
            self.report.note(reason, shown.as_str());
            if !taken {
                return Ok(false);
            }
        }
        if place.archived {
            self.report.note(Reason::Archived, shown.as_str());
            place.public = false;
        }
        place.members.sort_by_key(|member| member.joined);
        self.give_an_admin(&mut place, &shown);
        let room = Key::Text(place.key);
        self.take(Record::Room(RoomRecord {
            id: room.clone(),
            name: place.name.map(|name| visible(&name, "room")),
            topic: Some(place.topic).filter(|topic| !topic.is_empty()),
            description: Some(place.description).filter(|text| !text.is_empty()),
            visibility: if place.public { "public" } else { "private" }.to_owned(),
            // Exports do not contain the time of archiving.
            archived: place.archived.then_some(place.created),
            read_only: place.read_only,
            retention_days: None,
            keep_pinned: None,
            expired: 0,
            owner: place.creator.map(Key::Text),
            rev: 1,
            facts_rev: 1,
            created: place.created,
        }))?;
        for member in place.members {
            self.take(Record::Participant(ParticipantRecord {
                room: room.clone(),
                user: member.user.into(),
                role: if member.admin { "admin" } else { "member" }.to_owned(),
                edited_name: String::new(),
                since: 1,
                joined: member.joined,
                mark: None,
                mark_at: place.created,
                unread_from: None,
                muted: false,
                notify: None,
                favourite: false,
            }))?;
        }
        Ok(true)
    }

    fn give_an_admin(&mut self, place: &mut Place, shown: &str) {
        let people = &self.people;
        for member in &mut place.members {
            member.admin &= !people.get(&member.user).is_some_and(|standing| standing.guest);
        }
        let had =
            place.members.iter().find(|member| member.admin).map(|member| member.user.clone());
        let wanted =
            place.name.is_some() && (place.public || place.members.len() >= MANY || had.is_some());
        if !wanted || heir::has_admin(&place.members, people) {
            return;
        }
        let heir = heir::heir(&place.members, place.creator.as_deref(), people);
        let creator = place
            .creator
            .clone()
            .filter(|creator| place.members.iter().any(|member| member.user == *creator));
        let Some(heir) = heir.and_then(|heir| place.members.get_mut(heir)) else {
            if !place.members.is_empty() {
                self.report.note(Reason::NoAdmin, shown);
            }
            return;
        };
        heir.admin = true;
        if let Some(instead_of) = had.or(creator.filter(|creator| *creator != heir.user)) {
            let name = |key: &str| self.login(key).unwrap_or(key).to_owned();
            let example = format!("{shown}: {} instead of {}", name(&heir.user), name(&instead_of));
            self.report.note(Reason::AdminGiven, example);
        }
    }

    /// Imports a file; false if that failed and the message must mention it.
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

    /// Imports the content of an announced profile picture.
    pub(super) fn picture(&mut self, owner: &str, bytes: Option<Vec<u8>>) -> Result<(), Failure> {
        let bytes = bytes.filter(|bytes| {
            bytes.len() as u64 <= self.target.max_bytes
                && FileKind::sniff(bytes.get(..SNIFFED).unwrap_or(bytes)).shown == Shown::Picture
        });
        let Some(bytes) = bytes else {
            self.report.note(Reason::FileUnreadable, format!("profile picture of {owner}"));
            return Ok(());
        };
        let key = format!("picture:{owner}");
        for record in (files::Foreign {
            key,
            owner: owner.into(),
            name: "",
            created: Timestamp::now(),
            bytes,
        })
        .records()
        {
            self.take(record)?;
        }
        Ok(())
    }

    /// Imports a message; one that is too long or has too many files is split into several: `key`,
    /// `key#2`, `key#3` …
    pub(super) fn post(&mut self, mut post: Post) -> Result<(), Failure> {
        let text = self.with_emoji(clean(&post.text));
        if is_blank(&text) && post.media.is_empty() {
            self.report.note(Reason::Empty, format!("{}/{}", post.room, post.key));
            return Ok(());
        }
        let mut texts =
            if is_blank(&text) { Vec::new() } else { split(&text, self.target.max_chars) };
        if texts.len() > 1 {
            self.report.note(
                Reason::TextSplit,
                format!("{}/{}: {} messages", post.room, post.key, texts.len()),
            );
        }
        if post.media.len() > MAX_MEDIA {
            self.report.note(
                Reason::FilesSplit,
                format!("{}/{}: {} files", post.room, post.key, post.media.len()),
            );
        }
        let count = texts.len().max(post.media.len().div_ceil(MAX_MEDIA));
        texts.resize(count, "📎".to_owned());
        for (number, text) in texts.into_iter().enumerate() {
            let key =
                if number == 0 { post.key.clone() } else { format!("{}#{}", post.key, number + 1) };
            let media =
                post.media.drain(..post.media.len().min(MAX_MEDIA)).map(Key::Text).collect();
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
                mentions_all: false,
                reactions: self.reactions(reactions),
                // Exports do not contain who pinned it, and when.
                pinned: (post.pinned && number == 0)
                    .then_some(PinRecord { user: None, at: post.time }),
            };
            self.take(Record::Message(message))?;
        }
        Ok(())
    }

    fn reactions(&mut self, given: Vec<(String, String, Timestamp)>) -> Vec<ReactionRecord> {
        let mut reactions = Vec::with_capacity(given.len());
        for (user, name, at) in given {
            if let Some(reaction) = self.reaction(&name) {
                reactions.push(ReactionRecord { user: user.into(), reaction, at });
            }
        }
        reactions
    }
}

impl Place {
    /// The members of a room without a member list: everybody who posted, else its creator.
    fn fill(&mut self) {
        let made = self
            .creator
            .iter()
            .filter(|_| self.writers.is_empty())
            .map(|creator| (creator.clone(), self.created));
        let inside = self.writers.iter().cloned().chain(made);
        self.members = inside.map(|(user, joined)| Member { user, admin: false, joined }).collect();
    }
}

/// Appends a line to a text.
pub(super) fn add_line(text: &mut String, line: &str) {
    if !text.is_empty() {
        text.push('\n');
    }
    text.push_str(line);
}

/// The text without NUL characters and with Unix line ends.
fn clean(text: &str) -> String {
    text.replace("\r\n", "\n").replace('\0', "")
}

/// Splits a text into parts of at most `max` code points, at a line end or space if there is one in
/// the last quarter.
fn split(text: &str, max: usize) -> Vec<String> {
    let mut parts = Vec::new();
    let mut rest = text.trim_end();
    while let Some((end, _)) = rest.char_indices().nth(max) {
        let head = rest.get(..end).unwrap_or(rest);
        let earliest = head.len() - head.len() / 4;
        let cut = head
            .rfind('\n')
            .filter(|at| *at >= earliest)
            .or_else(|| head.rfind(' ').filter(|at| *at >= earliest))
            .unwrap_or(head.len());
        let (part, after) = rest.split_at(cut);
        if !is_blank(part) {
            parts.push(part.to_owned());
        }
        rest = after.trim_start_matches(['\n', ' ']);
    }
    if !is_blank(rest) {
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
        assert_eq!(
            split(&"책".repeat(25), 10).iter().map(|part| part.chars().count()).collect::<Vec<_>>(),
            [10, 10, 5]
        );
        let long = format!("{}\n{}", "a".repeat(9), "b".repeat(9));
        assert_eq!(split(&long, 10), ["a".repeat(9), "b".repeat(9)]);
        assert_eq!(clean("a\r\nb\0"), "a\nb");
        // Must be linear, not quadratic.
        assert_eq!(split(&"책".repeat(2_000_000), 10).len(), 200_000);
    }
}
