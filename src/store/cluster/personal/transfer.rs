//! Preferences and saved messages in exports and imports.

use super::{preferences, saved};
use crate::model::{MessageId, RoomId, Seq, UserId};
use crate::store::cluster::tables::{Put, Row};
use crate::store::transfer::{Key, PreferencesRecord, Record, SavedRecord};

/// Version of rows that are loaded.
const LOADED: i64 = 1;

/// Returns the record of a row of preferences.
pub(in crate::store::cluster) fn preferences_record(row: &Row) -> Option<Record> {
    let record = PreferencesRecord::new(row.int("user")?, preferences::from_row(row));
    Some(Record::Preferences(record))
}

/// Returns the record of a row of a saved message.
pub(in crate::store::cluster) fn saved_record(row: &Row) -> Option<Record> {
    let place = saved::place(row)?;
    Some(Record::Saved(SavedRecord {
        user: Key::Number(row.int("user")?),
        room: Key::Number(place.room.0),
        seq: Key::Number(place.seq.0),
        at: place.at,
    }))
}

/// Returns the row of preferences of an export.
pub(in crate::store::cluster) fn load_preferences(record: &PreferencesRecord) -> Option<Put> {
    let user = UserId(record.user.number()?);
    Some(preferences::put(user, &record.preferences(), LOADED))
}

/// Returns the row of a saved message of an export.
pub(in crate::store::cluster) fn load_saved(record: &SavedRecord) -> Option<Put> {
    let user = UserId(record.user.number()?);
    let message = MessageId { room: RoomId(record.room.number()?), seq: Seq(record.seq.number()?) };
    Some(saved::put(user, message, true, record.at, LOADED))
}
