//! What administrators have set of the look of the server: one row.

use std::sync::Arc;

use rusqlite::{Connection, Result, params};

use super::error::Fault;
use super::work::Work;
use super::{audit, sql};
use crate::model::{Event, Look, LookChange, LookIcon};
use crate::store::audit_notes;

const SET: &str = "SELECT name, accent, motd, icon_tag FROM look WHERE id = 1";
const ICON: &str = "SELECT icon_tag, icon FROM look WHERE id = 1";
const CHANGE: &str = "UPDATE look SET name = ?1, accent = ?2, motd = ?3 WHERE id = 1";
const CHANGE_ICON: &str = "UPDATE look SET icon_tag = ?1, icon = ?2 WHERE id = 1";

#[cfg(test)]
pub(super) const STATEMENTS: &[&str] = &[SET, ICON, CHANGE, CHANGE_ICON];

/// Returns what is set.
pub(super) fn set(conn: &Connection) -> Result<Look> {
    let found = sql::one(conn, SET, (), |row| {
        Ok(Look {
            name: row.get("name")?,
            accent: row.get("accent")?,
            motd: row.get("motd")?,
            icon: row.get("icon_tag")?,
        })
    })?;
    Ok(found.unwrap_or_default())
}

/// Returns the icon.
pub(super) fn icon(conn: &Connection) -> Result<Option<LookIcon>> {
    let found = sql::one(conn, ICON, (), |row| {
        let (tag, png): (Option<String>, Option<Vec<u8>>) =
            (row.get("icon_tag")?, row.get("icon")?);
        Ok(tag.zip(png).map(|(tag, png)| LookIcon { tag, png }))
    })?;
    Ok(found.flatten())
}

/// Changes what is set.
pub(super) fn change(work: &mut Work<'_>, change: &LookChange) -> Result<Look, Fault> {
    let before = set(work.conn)?;
    let after = before.with(change);
    if after == before {
        return Ok(after);
    }
    let Look { name, accent, motd, .. } = &after;
    sql::run(work.conn, CHANGE, params![name, accent, motd])?;
    if let Some(icon) = &change.icon {
        let (tag, png) = icon.as_ref().map(|icon| (&icon.tag, &icon.png)).unzip();
        sql::run(work.conn, CHANGE_ICON, params![tag, png])?;
    }
    audit::record(work, || Ok(audit_notes::look_changed(&before, &after)))?;
    work.emit(Event::LookChanged { look: Arc::new(after.clone()), at: work.now });
    Ok(after)
}
