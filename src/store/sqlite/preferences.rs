//! A participant's own settings of a room, and the preferences of a user.

use rusqlite::{Connection, Result, params};

use super::error::Fault;
use super::sql;
use super::work::Work;
use crate::model::{
    Event, NotifyLevel, OwnChange, OwnSettings, Personal, Preferences, PreferencesChange,
    QuietHours, RoomId, UserId,
};
use crate::store::{Missing, StoreError};

const OWN: &str = "SELECT notify, favourite FROM participants WHERE room = ?1 AND user = ?2";
const SET_OWN: &str =
    "UPDATE participants SET notify = ?3, favourite = ?4 WHERE room = ?1 AND user = ?2";
const PREFERENCES: &str =
    "SELECT notify, keywords, quiet, language FROM preferences WHERE user = ?1";
const EXISTS: &str = "SELECT 1 FROM users WHERE id = ?1 AND deleted IS NULL";
const SET_PREFERENCES: &str =
    "INSERT INTO preferences (user, notify, keywords, quiet, language) VALUES (?1, ?2, ?3, ?4, ?5)
    ON CONFLICT (user) DO UPDATE SET notify = excluded.notify, keywords = excluded.keywords, \
     quiet = excluded.quiet, language = excluded.language";
const FORGET: &str = "DELETE FROM preferences WHERE user = ?1";

#[cfg(test)]
pub(super) const STATEMENTS: &[&str] =
    &[OWN, SET_OWN, PREFERENCES, EXISTS, SET_PREFERENCES, FORGET];

/// Reads the columns `notify` and `favourite`.
pub(super) fn own_from_row(row: &sql::Row<'_>) -> Result<OwnSettings> {
    Ok(OwnSettings { notify: level_from_row(row)?, favourite: row.get("favourite")? })
}

fn level_from_row(row: &sql::Row<'_>) -> Result<Option<NotifyLevel>> {
    let word: Option<String> = row.get("notify")?;
    Ok(word.as_deref().and_then(NotifyLevel::parse))
}

/// Changes a participant's own settings.
pub(super) fn change_own(
    work: &mut Work<'_>,
    room: RoomId,
    user: UserId,
    change: OwnChange,
) -> Result<OwnSettings, Fault> {
    let before = sql::one(work.conn, OWN, params![room, user], own_from_row)?
        .ok_or(StoreError::NotFound(Missing::Participant))?;
    let own = before.with(change);
    if own != before {
        let notify = own.notify.map(NotifyLevel::as_str);
        sql::run(work.conn, SET_OWN, params![room, user, notify, own.favourite])?;
        work.emit(Event::Personal { user, change: Personal::Room(room, own), at: work.now });
    }
    Ok(own)
}

/// Returns the preferences of a user.
pub(super) fn of_user(conn: &Connection, user: UserId) -> Result<Preferences> {
    let found = sql::one(conn, PREFERENCES, [user], from_row)?;
    Ok(found.unwrap_or_default())
}

pub(super) fn from_row(row: &sql::Row<'_>) -> Result<Preferences> {
    let keywords: String = row.get("keywords")?;
    let quiet: Option<String> = row.get("quiet")?;
    let quiet: Option<[String; 3]> = quiet.and_then(|json| serde_json::from_str(&json).ok());
    Ok(Preferences {
        notify: level_from_row(row)?.unwrap_or_default(),
        keywords: serde_json::from_str(&keywords).unwrap_or_default(),
        quiet: quiet.map(|[from, to, zone]| QuietHours { from, to, zone }),
        language: row.get("language")?,
    })
}

/// Changes the preferences of a user.
pub(super) fn change(
    work: &mut Work<'_>,
    user: UserId,
    change: PreferencesChange,
) -> Result<Preferences, Fault> {
    if !sql::any(work.conn, EXISTS, [user])? {
        return Err(StoreError::NotFound(Missing::User).into());
    }
    let before = of_user(work.conn, user)?;
    let new = before.clone().with(change);
    if new != before {
        write(work.conn, user, &new)?;
        let change = Personal::Preferences(new.clone());
        work.emit(Event::Personal { user, change, at: work.now });
    }
    Ok(new)
}

/// Stores the preferences of a user.
pub(super) fn write(conn: &Connection, user: UserId, new: &Preferences) -> Result<()> {
    let json = |words: &[String]| serde_json::Value::from(words).to_string();
    let quiet = new.quiet.clone().map(|QuietHours { from, to, zone }| json(&[from, to, zone]));
    let values = params![user, new.notify.as_str(), json(&new.keywords), quiet, new.language];
    sql::run(conn, SET_PREFERENCES, values).map(drop)
}

/// Removes the preferences of a user.
pub(super) fn forget(conn: &Connection, user: UserId) -> Result<()> {
    sql::run(conn, FORGET, [user]).map(drop)
}
