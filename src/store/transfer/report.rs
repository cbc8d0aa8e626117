//! What came of an import: how much was taken, and what could not be taken as it was.

use std::collections::BTreeMap;

use serde::Serialize;

/// How many examples are kept of each reason.
const EXAMPLES: usize = 10;

/// How an import goes, the same for all its batches.
#[derive(Clone, Debug)]
pub struct Terms {
    /// What the source calls itself.
    pub source: String,
    /// Ids and seqs are those of an instance of ours.
    pub native: bool,
    /// Ids stay as they are.
    pub keep: bool,
    /// Login names that look like another are not taken.
    pub refuse_look_alikes: bool,
}

/// What is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Accounts.
    Users,
    /// Files.
    Media,
    /// Rooms.
    Rooms,
    /// People in rooms.
    Participants,
    /// Messages.
    Messages,
    /// Reactions.
    Reactions,
    /// Custom emoji.
    Emoji,
}

/// How many of a kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Count {
    /// Were added.
    pub taken: u64,
    /// Had been added by an earlier import.
    pub known: u64,
}

/// Why something was not taken as it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// What this program does not understand; the only reason for which an import ends as failed.
    NotUnderstood,
    /// The login name is another's, or none by our rules; a similar one was given.
    LoginChanged,
    /// The display name was cut or cleaned.
    NameChanged,
    /// The e-mail address is another's or none; left out.
    EmailLeftOut,
    /// The birth date is none; left out.
    BirthLeftOut,
    /// No password can be taken over; an administrator has to set one.
    PasswordUnusable,
    /// It was an administrator of its server; nobody becomes one by an import.
    AdminNotTaken,
    /// The name of a public room is another's, or too long; a similar one was given.
    RoomRenamed,
    /// The room was imported before and has been deleted here since.
    RoomGone,
    /// A kind of message that only tells of the room (somebody joined, the topic changed …).
    NotAMessage,
    /// It says nothing.
    Empty,
    /// The text was too long for one message and became several.
    TextSplit,
    /// Characters that cannot be stored were left out.
    TextCleaned,
    /// The time was set to that of the message before it, since times of a room do not go back.
    TimeMoved,
    /// The message that was answered is not there.
    AnswerWithoutTarget,
    /// A reaction that this product does not have.
    ReactionUnknown,
    /// A file that is not in the export; its name and address stand in the text.
    FileElsewhere,
    /// A file over the limit, or one that cannot be read.
    FileUnreadable,
    /// More than ten files at one message; the others became messages of their own.
    FilesSplit,
    /// The bytes of a file are missing.
    BytesMissing,
    /// It refers to a user, room or file that is not there.
    Dangling,
    /// Somebody whom an earlier export only mentioned.
    Completed,
    /// A guest, who saw only their rooms.
    Guest,
    /// An archived room, which came private and read-only.
    Archived,
    /// A room that says of nobody that they are in it; whoever has written there is.
    ParticipantsGuessed,
    /// A public room that nobody is in.
    RoomEmpty,
    /// A room that nobody is in and nobody could enter.
    RoomLeftOut,
    /// The admin of a room cannot log in; somebody else became one too.
    AdminGiven,
    /// A room in which nobody who could administer it can log in.
    NoAdmin,
    /// This product has no place for it.
    NoPlace,
}

impl Reason {
    /// For people.
    pub fn words(self) -> &'static str {
        match self {
            Self::LoginChanged => {
                "the login name is taken or not possible here; a similar one was given"
            }
            Self::NameChanged => "the display name was cut or cleaned",
            Self::EmailLeftOut => "the e-mail address is another's or none; left out",
            Self::BirthLeftOut => "the birth date is none; left out",
            Self::PasswordUnusable => {
                "no password comes along; chatctl user passwd --all-without --generate --to FILE \
                 gives one to everybody"
            }
            Self::AdminNotTaken => "administrators are made with chatctl user promote only",
            Self::RoomRenamed => {
                "the name of the room is taken or not possible here; a similar one was given"
            }
            Self::RoomGone => "the room was imported before and deleted here since",
            Self::NotAMessage => "tells of the room, nobody said it",
            Self::Empty => "says nothing",
            Self::TextSplit => "the text is too long for one message and became several",
            Self::TextCleaned => "characters that cannot be stored were left out",
            Self::TimeMoved => {
                "older than what the room holds already; got the time of the message before"
            }
            Self::AnswerWithoutTarget => "the message that is answered is not there",
            Self::ReactionUnknown => "no such emoji here",
            Self::FileElsewhere => {
                "the export does not hold the file; its name and address stand in the text"
            }
            Self::FileUnreadable => "the file is empty, too large or damaged",
            Self::FilesSplit => "more than ten files at one message; it became several",
            Self::BytesMissing => "the export does not hold the bytes of the file",
            Self::Dangling => "refers to what is not there",
            Self::NotUnderstood => "not understood and left out",
            Self::Completed => {
                "only mentioned by an earlier import; now the whole account has come"
            }
            Self::Guest => "guests: kept to the rooms that they are in",
            Self::Archived => "archived rooms: private, and there to be read only",
            Self::ParticipantsGuessed => {
                "the export names nobody who is in the room; whoever has written in it was put in"
            }
            Self::RoomEmpty => "nobody is in the room",
            Self::RoomLeftOut => "nobody is in the room and nobody could enter it; left out",
            Self::AdminGiven => {
                "whoever administered the room cannot log in; somebody else became its admin"
            }
            Self::NoAdmin => {
                "nobody in the room can log in and administer it; chatctl room role ROOM NAME \
                 admin gives the role"
            }
            Self::NoPlace => "there is no place for it here; left out",
        }
    }
}

/// How often, and some of them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Note {
    /// How often.
    pub count: u64,
    /// The first ten.
    pub examples: Vec<String>,
}

/// What came of an import.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Report {
    /// What was taken.
    pub counts: BTreeMap<Kind, Count>,
    /// What was not, or not as it was.
    pub notes: BTreeMap<Reason, Note>,
}

impl Report {
    /// Something was added.
    pub fn taken(&mut self, kind: Kind) {
        self.counts.entry(kind).or_default().taken += 1;
    }

    /// Something had been added before.
    pub fn known(&mut self, kind: Kind) {
        self.counts.entry(kind).or_default().known += 1;
    }

    /// Something was not taken as it was.
    pub fn note(&mut self, reason: Reason, example: impl Into<String>) {
        let note = self.notes.entry(reason).or_default();
        note.count += 1;
        if note.examples.len() < EXAMPLES {
            note.examples.push(example.into());
        }
    }

    /// Something of a kind was not taken; each kind is one example.
    pub fn note_once(&mut self, reason: Reason, example: impl Into<String>) {
        let (note, example) = (self.notes.entry(reason).or_default(), example.into());
        note.count += 1;
        if note.examples.len() < EXAMPLES && !note.examples.contains(&example) {
            note.examples.push(example);
        }
    }

    /// How many were added.
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

/// What came of a batch.
#[derive(Debug, Default)]
pub struct Taken {
    /// Its part of the report.
    pub report: Report,
    /// The users in it, by what the source calls them, and their login names here.
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
