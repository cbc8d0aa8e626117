//! Data exchanged in exports and imports: records, and the report of an import.
//!
//! Contains the types only; `sqlite/transfer` reads and writes them.

mod factor;
mod identity;
mod key;
mod passwordless;
mod record;
mod report;
mod serde_time;
mod slash_command;

pub use factor::FactorRecord;
pub use identity::IdentityRecord;
pub use key::Key;
pub use passwordless::{PASSWORDLESS, fingerprint};
pub use record::{
    EmojiRecord, End, FileRecord, FollowRecord, Header, ImportedRecord, JobRecord, LastIds,
    MediaRecord, MessageRecord, ParticipantRecord, PinRecord, PreferencesRecord, ReactionRecord,
    Record, RoomRecord, SavedRecord, StatusRecord, UserRecord,
};
pub use report::{Count, Kind, Note, Reason, Report, Taken, Terms};
pub use slash_command::SlashCommandRecord;
