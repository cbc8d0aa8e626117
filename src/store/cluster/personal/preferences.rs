//! Preferences of users.

use super::next_version;
use crate::model::{
    Event, Missing, NotifyLevel, Personal, Preferences, PreferencesChange, QuietHours, Timestamp,
    UserId,
};
use crate::store::StoreError;
use crate::store::cluster::tables::schema::people::PREFERENCES;
use crate::store::cluster::tables::{Put, Row, Slice};
use crate::store::cluster::{Cluster, users};

/// Returns the preferences of a user.
pub(in crate::store::cluster) async fn of_user(
    at: &Cluster,
    user: UserId,
) -> Result<Preferences, StoreError> {
    Ok(read(at, user).await?.as_ref().map(from_row).unwrap_or_default())
}

/// Changes the preferences of a user.
pub(in crate::store::cluster) async fn change(
    at: &Cluster,
    user: UserId,
    change: PreferencesChange,
) -> Result<Preferences, StoreError> {
    if users::these(at, &[user]).await?.is_empty() {
        return Err(StoreError::NotFound(Missing::User));
    }
    let row = read(at, user).await?;
    let before = row.as_ref().map(from_row).unwrap_or_default();
    let new = before.clone().with(change);
    if new != before {
        let version = next_version(row.and_then(|row| row.int("version")));
        at.tables().write(vec![put(user, &new, version)]).await?;
        let change = Personal::Preferences(new.clone());
        at.emit(Event::Personal { user, change, at: Timestamp::now() }).await;
    }
    Ok(new)
}

async fn read(at: &Cluster, user: UserId) -> Result<Option<Row>, StoreError> {
    let rows = at.tables().read(Slice::of(&PREFERENCES, [user.0.into()])).await?;
    Ok(rows.into_iter().next())
}

pub(super) fn from_row(row: &Row) -> Preferences {
    let quiet: Option<[String; 3]> =
        row.text("quiet").and_then(|json| serde_json::from_str(json).ok());
    let keywords = row.text("keywords").and_then(|json| serde_json::from_str(json).ok());
    Preferences {
        notify: row.text("notify").and_then(NotifyLevel::parse).unwrap_or_default(),
        keywords: keywords.unwrap_or_default(),
        quiet: quiet.map(|[from, to, zone]| QuietHours { from, to, zone }),
        language: row.text("language").filter(|tag| !tag.is_empty()).map(str::to_owned),
    }
}

pub(super) fn put(user: UserId, new: &Preferences, version: i64) -> Put {
    let json = |words: &[String]| serde_json::Value::from(words).to_string();
    let quiet = new.quiet.clone().map(|QuietHours { from, to, zone }| json(&[from, to, zone]));
    let cells = [
        ("notify", new.notify.as_str().into()),
        ("keywords", json(&new.keywords).into()),
        ("quiet", quiet.unwrap_or_default().into()),
        ("language", new.language.clone().unwrap_or_default().into()),
        ("version", version.into()),
    ];
    Put::plain(&PREFERENCES, version, [user.0.into()], [], cells)
}
