//! What a user wants to be notified of, and which messages they have saved. Nobody else sees it.

use super::{
    CommandAnswer, Follow, Message, MessageId, ReadMark, RoomId, Seq, SocketId, Timestamp, Unsent,
};

/// Which new messages of a room notify a user.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum NotifyLevel {
    /// Every message.
    #[default]
    All,
    /// Messages that mention the user or contain one of their keywords.
    Mentions,
    /// None; the room does not count in totals either.
    Nothing,
}

impl NotifyLevel {
    /// Returns the name used in the documents and in the store.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Mentions => "mentions",
            Self::Nothing => "nothing",
        }
    }

    /// Parses the name.
    pub fn parse(word: &str) -> Option<Self> {
        [Self::All, Self::Mentions, Self::Nothing].into_iter().find(|level| level.as_str() == word)
    }
}

/// A participant's own settings of a room. They end with the membership.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OwnSettings {
    /// None: the default of the user ([`Preferences::notify`]).
    pub notify: Option<NotifyLevel>,
    /// The room is one of the user's favourites.
    pub favourite: bool,
}

impl OwnSettings {
    /// Returns whether the user has muted the room.
    pub fn muted(self) -> bool {
        self.notify == Some(NotifyLevel::Nothing)
    }

    /// Returns the settings after a change.
    #[must_use]
    pub fn with(self, change: OwnChange) -> Self {
        Self {
            notify: change.notify.unwrap_or(self.notify),
            favourite: change.favourite.unwrap_or(self.favourite),
        }
    }
}

/// A change of [`OwnSettings`]; None leaves a setting unchanged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OwnChange {
    /// `Some(None)`: the default of the user.
    pub notify: Option<Option<NotifyLevel>>,
    /// Whether the room is a favourite.
    pub favourite: Option<bool>,
}

impl OwnChange {
    /// Mutes a room, or sets it back to the user's default.
    pub fn mute(muted: bool) -> Self {
        Self { notify: Some(muted.then_some(NotifyLevel::Nothing)), favourite: None }
    }
}

/// Hours of each day in which nothing notifies a user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QuietHours {
    /// Begin, `HH:MM`.
    pub from: String,
    /// End, `HH:MM`; the next day if it is earlier than `from`.
    pub to: String,
    /// Time zone of both, as in the IANA database, for example `Asia/Seoul`.
    pub zone: String,
}

/// A user's settings for all of their rooms and devices.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Preferences {
    /// Level of rooms without one of their own.
    pub notify: NotifyLevel,
    /// Words that notify like a mention, as entered.
    pub keywords: Vec<String>,
    /// Hours without notifications.
    pub quiet: Option<QuietHours>,
    /// Language that they have chosen, such as `ko` or `zh-CN`.
    pub language: Option<String>,
}

impl Preferences {
    /// Returns the preferences after a change.
    #[must_use]
    pub fn with(self, change: PreferencesChange) -> Self {
        Self {
            notify: change.notify.unwrap_or(self.notify),
            keywords: change.keywords.unwrap_or(self.keywords),
            quiet: change.quiet.unwrap_or(self.quiet),
            language: change.language.unwrap_or(self.language),
        }
    }
}

/// A change of [`Preferences`]; None leaves a setting unchanged.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PreferencesChange {
    /// Default level.
    pub notify: Option<NotifyLevel>,
    /// All keywords.
    pub keywords: Option<Vec<String>>,
    /// `Some(None)`: no quiet hours.
    pub quiet: Option<Option<QuietHours>>,
    /// `Some(None)`: no language.
    pub language: Option<Option<String>>,
}

/// Maximum number of messages that a user can have saved.
pub const MAX_SAVED: u32 = 1_000;

/// A message that a user has saved for later.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Saved {
    /// The message as it is now.
    pub message: Message,
    /// Time of saving.
    pub at: Timestamp,
}

/// Position in the list of saved messages, which is descending by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SavedPlace {
    /// Time of saving.
    pub at: Timestamp,
    /// Room of the message.
    pub room: RoomId,
    /// Its place in the room.
    pub seq: Seq,
}

impl Saved {
    /// Returns its position in the list.
    pub fn place(&self) -> SavedPlace {
        SavedPlace { at: self.at, room: self.message.room, seq: self.message.seq }
    }
}

impl std::fmt::Display for SavedPlace {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}-{}-{}", self.at.0, self.room.0, self.seq.0)
    }
}

impl std::str::FromStr for SavedPlace {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let parts: Result<Vec<i64>, _> = text.split('-').map(str::parse).collect();
        match parts.map_err(|_| ())?[..] {
            [at, room, seq] => Ok(Self { at: Timestamp(at), room: RoomId(room), seq: Seq(seq) }),
            _ => Err(()),
        }
    }
}

/// A change of something that only its user sees.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Personal {
    /// Own settings of a room.
    Room(RoomId, OwnSettings),
    /// Preferences.
    Preferences(Preferences),
    /// A message was saved (true) or removed from the saved ones.
    Saved(MessageId, bool),
    /// The user with this login name has marked messages as unread, or read on in them.
    Mark(ReadMark, String),
    /// The user follows a thread, or no longer, or has read on in it.
    Thread(Follow),
    /// A draft was changed, or removed (an empty text); the socket that has saved it has the answer
    /// already.
    Draft(Unsent, Option<SocketId>),
    /// Transient: a program has answered later to a slash command of the user.
    Answer(CommandAnswer),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_are_parsed_as_they_are_written() {
        for level in [NotifyLevel::All, NotifyLevel::Mentions, NotifyLevel::Nothing] {
            assert_eq!(NotifyLevel::parse(level.as_str()), Some(level));
        }
        assert_eq!(NotifyLevel::parse("none"), None);
    }

    #[test]
    fn places_are_read_as_they_are_written() {
        let place = SavedPlace { at: Timestamp(5), room: RoomId(7), seq: Seq(12) };
        assert_eq!(place.to_string().parse(), Ok(place));
        for bad in ["", "1-2", "1-2-3-4", "a-1-2", "1--2"] {
            assert_eq!(bad.parse::<SavedPlace>(), Err(()), "{bad}");
        }
    }

    #[test]
    fn a_change_leaves_the_rest_as_it_is() {
        let own = OwnSettings { notify: Some(NotifyLevel::Mentions), favourite: true };
        assert_eq!(own.with(OwnChange::default()), own);
        let muted = own
            .with(OwnChange { notify: Some(Some(NotifyLevel::Nothing)), ..OwnChange::default() });
        assert!(muted.muted() && muted.favourite && !own.muted());
    }
}
