//! What is handed over when a whole instance is exported or something is imported: records, and the
//! report of an import.
//!
//! What may live here: the types. How they are read from and written to the database stands in
//! `sqlite/transfer`.

mod record;
mod report;
mod serde_time;

pub use record::{
    EmojiRecord, End, FileRecord, Header, ImportedRecord, JobRecord, Key, LastIds, MediaRecord,
    MessageRecord, ParticipantRecord, PinRecord, ReactionRecord, Record, RoomRecord, UserRecord,
};
pub use report::{Count, Kind, Note, Reason, Report, Taken, Terms};
