//! Custom emoji: names of pictures, which are uploaded files.

use rusqlite::{Connection, Result, params};

use super::error::Fault;
use super::work::Work;
use super::{audit, media, sql};
use crate::model::{
    Claim, CustomEmoji, EmojiPicture, Event, FileKind, MAX_EMOJI, Missing, NewEmoji, UserId,
};
use crate::store::{StoreError, audit_notes};

macro_rules! emoji_sql {
    ($rest:literal) => {
        concat!(
            "SELECT e.name AS emoji, e.created AS added, u.login AS creator, f.* FROM emoji e
    JOIN media f ON f.id = e.media JOIN users u ON u.id = f.owner ",
            $rest
        )
    };
}

const ALL: &str = emoji_sql!("ORDER BY e.name");
const ONE: &str = emoji_sql!("WHERE e.name = ?1");
const COUNT: &str = "SELECT count(*) FROM emoji";
const ADD: &str = "INSERT INTO emoji (name, media, created) VALUES (?1, ?2, ?3)";
const REMOVE: &str = "DELETE FROM emoji WHERE name = ?1";

#[cfg(test)]
pub(super) const STATEMENTS: &[&str] = &[ALL, ONE, COUNT, ADD, REMOVE];

fn from_row(row: &sql::Row<'_>) -> Result<CustomEmoji> {
    Ok(CustomEmoji {
        name: row.get("emoji")?,
        creator: row.get("creator")?,
        created: row.get("added")?,
        media: media::media_from_row(row)?,
    })
}

/// Returns all custom emoji, ascending by name.
pub(super) fn all(conn: &Connection) -> Result<Vec<CustomEmoji>> {
    sql::all(conn, ALL, (), from_row)
}

/// Returns the custom emoji of this name.
pub(super) fn one(conn: &Connection, name: &str) -> Result<Option<CustomEmoji>> {
    sql::one(conn, ONE, [name], from_row)
}

/// Adds a custom emoji, whose picture is a file of this user.
pub(super) fn add(
    work: &mut Work<'_>,
    owner: UserId,
    new: &NewEmoji,
) -> Result<CustomEmoji, Fault> {
    let conn = work.conn;
    if one(conn, &new.name)?.is_some() {
        return Err(StoreError::Taken(Claim::Emoji).into());
    }
    let count = sql::one(conn, COUNT, (), |row| row.get::<_, i64>(0))?.unwrap_or_default();
    if usize::try_from(count).unwrap_or(usize::MAX) >= MAX_EMOJI {
        return Err(StoreError::TooManyEmoji.into());
    }
    media::owned(conn, new.media, owner)?
        .filter(|file| file.is_image && FileKind::of(&file.kind).is_emoji())
        .ok_or(StoreError::NotFound(Missing::Media))?;
    sql::run(conn, ADD, params![new.name, new.media, work.now])?;
    let added = one(conn, &new.name)?.ok_or(rusqlite::Error::QueryReturnedNoRows)?;
    let picture = Some(EmojiPicture::of(&added));
    work.emit(Event::Emoji { name: added.name.clone(), picture, at: work.now });
    audit::record(work, || Ok(audit_notes::emoji_added(&added)))?;
    Ok(added)
}

/// Removes a custom emoji; its picture stays its owner's file.
pub(super) fn remove(work: &mut Work<'_>, name: &str) -> Result<CustomEmoji, Fault> {
    let gone = one(work.conn, name)?.ok_or(StoreError::NotFound(Missing::Emoji))?;
    sql::run(work.conn, REMOVE, [name])?;
    work.emit(Event::Emoji { name: gone.name.clone(), picture: None, at: work.now });
    audit::record(work, || Ok(audit_notes::emoji_removed(&gone)))?;
    Ok(gone)
}
