//! Report of an import: what was imported, and what was changed or omitted.

use std::collections::BTreeMap;

use serde::Serialize;

/// Number of examples kept for each reason.
const EXAMPLES: usize = 10;

/// Conditions of an import, the same for all its batches.
#[derive(Clone, Debug)]
pub struct Terms {
    /// Name of the source.
    pub source: String,
    /// Ids and seqs are those of a chatctl instance.
    pub native: bool,
    /// Ids are kept.
    pub keep: bool,
    /// Login names that look like existing ones are changed.
    pub refuse_look_alikes: bool,
}

/// Kind of objects counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Accounts.
    Users,
    /// Uploaded files.
    Media,
    /// Rooms.
    Rooms,
    /// Participants.
    Participants,
    /// Messages.
    Messages,
    /// Reactions.
    Reactions,
    /// Custom emoji.
    Emoji,
    /// Slash commands.
    SlashCommands,
}

/// Numbers of one kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Count {
    /// Objects added.
    pub taken: u64,
    /// Objects added by an earlier import.
    pub known: u64,
}

/// Why an object was changed or omitted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// Not understood; the only reason for which an import counts as failed.
    NotUnderstood,
    /// The login name is taken or invalid here; a similar one was given.
    LoginChanged,
    /// The display name was shortened or cleaned.
    NameChanged,
    /// The e-mail address is taken or invalid; omitted.
    EmailLeftOut,
    /// The birth date is invalid; omitted.
    BirthLeftOut,
    /// The second factor is not understood; omitted.
    SecondFactorLeftOut,
    /// The identity in another system is another user's or not understood; omitted.
    IdentityLeftOut,
    /// The password cannot be imported; an administrator has to set one.
    PasswordUnusable,
    /// The user was an administrator; imports never create administrators.
    AdminNotTaken,
    /// The name of a public room is taken or too long; a similar one was given.
    RoomRenamed,
    /// The room was imported before and has been deleted here since.
    RoomGone,
    /// A message about the room only (somebody joined, the topic changed …).
    NotAMessage,
    /// The message has no content.
    Empty,
    /// The text was too long for one message and was split.
    TextSplit,
    /// Characters that cannot be stored were removed.
    TextCleaned,
    /// The time was set to that of the message before, since times in a room never decrease.
    TimeMoved,
    /// The message replied to is missing.
    AnswerWithoutTarget,
    /// A reaction with an emoji whose picture is missing, or that cannot be one.
    ReactionUnknown,
    /// The name of a custom emoji is taken or not allowed; omitted.
    EmojiLeftOut,
    /// The name of a slash command is taken, or it cannot work here; omitted.
    SlashCommandLeftOut,
    /// A file that is not in the export; its name and address are in the text.
    FileElsewhere,
    /// A file that is too large or unreadable.
    FileUnreadable,
    /// More than ten files in one message; the others became separate messages.
    FilesSplit,
    /// The content of a file is missing.
    BytesMissing,
    /// It refers to a missing user, room or file.
    Dangling,
    /// An account known only from messages of an earlier import was completed.
    Completed,
    /// A guest, who is limited to their rooms.
    Guest,
    /// An archived room, which became private and read-only.
    Archived,
    /// The participants of a room are unknown; the authors of its messages were added.
    ParticipantsGuessed,
    /// A public room without participants.
    RoomEmpty,
    /// A room without participants that nobody could enter.
    RoomLeftOut,
    /// The admin of a room cannot log in; another participant became admin too.
    AdminGiven,
    /// A room without anybody who can log in and administer it.
    NoAdmin,
    /// Not supported by this product.
    NoPlace,
}

impl Reason {
    /// Returns a text for users.
    #[expect(clippy::too_many_lines, reason = "a table: one text for each reason")]
    pub fn words(self) -> &'static str {
        match self {
            Self::LoginChanged => {
                "the login name is taken or invalid here; a similar one was given"
            }
            Self::NameChanged => "the display name was shortened or cleaned",
            Self::EmailLeftOut => "the e-mail address is taken or invalid; omitted",
            Self::BirthLeftOut => "the birth date is invalid; omitted",
            Self::SecondFactorLeftOut => "the second factor is not understood; omitted",
            Self::IdentityLeftOut => {
                "the identity for log-ins is another user's or not understood; omitted"
            }
            Self::PasswordUnusable => {
                "passwords are not imported; set them with chatctl user passwd --all-without \
                 --generate --to FILE"
            }
            Self::AdminNotTaken => "administrators are only created with chatctl user promote",
            Self::RoomRenamed => "the room name is taken or invalid here; a similar one was given",
            Self::RoomGone => "the room was imported before and has been deleted here",
            Self::NotAMessage => "a notice about the room, not a message",
            Self::Empty => "no content",
            Self::TextSplit => "the text was too long for one message and was split",
            Self::TextCleaned => "characters that cannot be stored were removed",
            Self::TimeMoved => {
                "older than messages already in the room; the time was set to that of the message \
                 before"
            }
            Self::AnswerWithoutTarget => "the message replied to is missing",
            Self::ReactionUnknown => {
                "the emoji is not available here; the reaction shows its name until it is added \
                 with chatctl emoji add"
            }
            Self::SlashCommandLeftOut => "its name is taken, or it has no room or bot; omitted",
            Self::EmojiLeftOut => {
                "the name of the emoji belongs to another one here, or is not allowed; omitted"
            }
            Self::FileElsewhere => {
                "the file is not in the export; its name and address are in the text"
            }
            Self::FileUnreadable => "the file is empty, too large or damaged",
            Self::FilesSplit => "more than ten files in one message; it was split",
            Self::BytesMissing => "the content of the file is not in the export",
            Self::Dangling => "refers to something that is missing",
            Self::NotUnderstood => "not understood; omitted",
            Self::Completed => {
                "known from messages of an earlier import; the account is complete now"
            }
            Self::Guest => "guests: limited to their rooms",
            Self::Archived => "archived rooms: imported as private and read-only",
            Self::ParticipantsGuessed => {
                "the participants of the room are unknown; the authors of its messages were added"
            }
            Self::RoomEmpty => "the room has no participants",
            Self::RoomLeftOut => "the room has no participants and nobody could enter it; omitted",
            Self::AdminGiven => {
                "the admin of the room cannot log in; another participant became admin"
            }
            Self::NoAdmin => {
                "nobody in the room can log in and administer it; make somebody admin with chatctl \
                 room role ROOM NAME admin"
            }
            Self::NoPlace => "not supported here; omitted",
        }
    }
}

/// Number of occurrences, with examples.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Note {
    /// Number of occurrences.
    pub count: u64,
    /// The first ten examples.
    pub examples: Vec<String>,
}

/// Result of an import.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Report {
    /// Numbers of imported objects.
    pub counts: BTreeMap<Kind, Count>,
    /// Reasons for changes and omissions.
    pub notes: BTreeMap<Reason, Note>,
}

impl Report {
    /// Counts an added object.
    pub fn taken(&mut self, kind: Kind) {
        self.counts.entry(kind).or_default().taken += 1;
    }

    /// Counts an object added before.
    pub fn known(&mut self, kind: Kind) {
        self.counts.entry(kind).or_default().known += 1;
    }

    /// Notes an object that was changed or omitted.
    pub fn note(&mut self, reason: Reason, example: impl Into<String>) {
        let note = self.notes.entry(reason).or_default();
        note.count += 1;
        if note.examples.len() < EXAMPLES {
            note.examples.push(example.into());
        }
    }

    /// Notes a kind of objects that were changed or omitted; each kind is one example.
    pub fn note_once(&mut self, reason: Reason, example: impl Into<String>) {
        let (note, example) = (self.notes.entry(reason).or_default(), example.into());
        note.count += 1;
        if note.examples.len() < EXAMPLES && !note.examples.contains(&example) {
            note.examples.push(example);
        }
    }

    /// Returns the number of objects added.
    pub fn count(&self, kind: Kind) -> u64 {
        self.counts.get(&kind).map_or(0, |count| count.taken)
    }

    /// Adds another report to this one.
    pub fn add(&mut self, other: Self) {
        for (kind, count) in other.counts {
            let sum = self.counts.entry(kind).or_default();
            sum.taken += count.taken;
            sum.known += count.known;
        }
        for (reason, note) in other.notes {
            let sum = self.notes.entry(reason).or_default();
            sum.count += note.count;
            let room = EXAMPLES - sum.examples.len();
            sum.examples.extend(note.examples.into_iter().take(room));
        }
    }
}

/// Result of a batch.
#[derive(Debug, Default)]
pub struct Taken {
    /// Report of the batch.
    pub report: Report,
    /// Users in it: keys in the source, and login names here.
    pub logins: Vec<(String, String)>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn examples_are_ten_and_counts_go_on() {
        let mut report = Report::default();
        for n in 0..8 {
            report.note(Reason::Empty, n.to_string());
        }
        report.add(report.clone());
        let note = &report.notes[&Reason::Empty];
        assert_eq!((note.count, note.examples.len()), (16, 10));
        assert_eq!(serde_json::to_value(&report).unwrap()["notes"]["empty"]["count"], 16);
    }
}
