//! The audit log: who administered what. Reading it is a command; entries are removed only by age.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use time::format_description::well_known::Rfc3339;
use time::{Date, OffsetDateTime};
use utoipa::ToSchema;

use super::Call;
use super::outcome::Failure;
use crate::chat::AuditQuery;
use crate::model::{AuditEntry, Timestamp};

/// Number of entries per page.
const PAGE: u32 = 500;

/// Who makes an administrative change.
#[derive(Serialize, ToSchema)]
pub struct Actor {
    /// `user`, `cli`, `setup` (the link for the first administrator) or `server`.
    kind: &'static str,
    /// Number of the account, for `user`.
    id: Option<i64>,
    /// Name at that time.
    name: String,
}

/// What an administrative change was about.
#[derive(Serialize, ToSchema)]
pub struct Target {
    /// `user`, `room`, `message`, `database`, `backup`, `config`, `log` or `instance`.
    kind: String,
    /// Number of an account, key of a room or a message, or name of a file.
    id: String,
    /// Name at that time.
    name: Option<String>,
}

/// An entry of the audit log: `audit.list`.
#[derive(Serialize, ToSchema)]
pub struct Entry {
    id: i64,
    time: String,
    actor: Actor,
    /// Address of the client, or `unix socket`, `socket` (the control socket), `stopped server`,
    /// `signal`, `start`.
    from: String,
    /// Name of the action, such as `user.disable`.
    action: String,
    target: Option<Target>,
    /// Properties before the change, as far as they changed.
    #[schema(value_type = Option<Object>)]
    before: Option<Value>,
    /// Properties after the change, as far as they changed.
    #[schema(value_type = Option<Object>)]
    after: Option<Value>,
}

impl Entry {
    /// Returns its id, which is the cursor of the next page.
    pub fn id(&self) -> i64 {
        self.id
    }
}

impl From<AuditEntry> for Entry {
    fn from(entry: AuditEntry) -> Self {
        let json = |text: Option<String>| text.and_then(|text| serde_json::from_str(&text).ok());
        let (by, note) = (entry.by, entry.note);
        Self {
            id: entry.id,
            time: entry.at.millis(),
            actor: Actor {
                kind: by.actor.kind.as_str(),
                id: by.actor.user.map(|user| user.0),
                name: by.actor.name,
            },
            from: by.actor.from,
            action: by.action,
            target: note.target.map(|target| Target {
                kind: target.kind,
                id: target.id,
                name: target.name,
            }),
            before: json(note.before),
            after: json(note.after),
        }
    }
}

/// Read the audit log, newest entries first.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AuditList {
    /// An action such as `user.disable`, or a noun such as `user` for all its actions.
    #[serde(default)]
    pub action: Option<String>,
    /// Only what this person did, or what was done to their account.
    #[serde(default)]
    pub user: Option<String>,
    /// Only entries from this time on, such as `2026-11-29` or `2026-11-29T08:00:00Z`.
    #[serde(default)]
    pub since: Option<String>,
    /// Only entries before this time.
    #[serde(default)]
    pub until: Option<String>,
    /// Only entries after this one in the order of the list.
    #[serde(default)]
    pub after: Option<i64>,
    #[serde(default)]
    pub oldest_first: bool,
    /// Maximum number of entries; all if absent.
    #[serde(default)]
    pub limit: Option<u32>,
}

impl AuditList {
    pub(super) async fn run(self, call: Call<'_>) -> Result<(), Failure> {
        let Call { admin, operator, output, .. } = call;
        let time = |name: &str, text: Option<&str>| {
            let parsed = text.map(|text| instant(text).ok_or_else(|| not_a_time(name, text)));
            parsed.transpose()
        };
        let mut query = AuditQuery {
            since: time("since", self.since.as_deref())?,
            until: time("until", self.until.as_deref())?,
            action: self.action,
            person: self.user,
            cursor: self.after,
            oldest_first: self.oldest_first,
            limit: PAGE,
        };
        let mut left = self.limit.unwrap_or(u32::MAX);
        while left > 0 {
            query.limit = left.min(PAGE);
            let page = admin.chat().audit_log(operator, &query).await?;
            let Some(last) = page.last() else { break };
            query.cursor = Some(last.id);
            let count = u32::try_from(page.len()).unwrap_or(PAGE);
            let is_last = count < query.limit;
            left -= count.min(left);
            for entry in page {
                output.item(Entry::from(entry)).await?;
            }
            if is_last {
                break;
            }
        }
        Ok(())
    }
}

fn not_a_time(name: &str, text: &str) -> Failure {
    Failure::usage(format!(
        "{name} {text:?} must be a time such as 2026-11-29 or 2026-11-29T08:00:00Z"
    ))
}

/// Parses a day (its beginning in UTC) or a timestamp.
pub fn instant(text: &str) -> Option<Timestamp> {
    let day = time::macros::format_description!("[year]-[month]-[day]");
    Date::parse(text, &day)
        .map(|day| day.midnight().assume_utc())
        .or_else(|_| OffsetDateTime::parse(text, &Rfc3339))
        .ok()
        .map(Timestamp::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_days_or_timestamps() {
        let of = |text| instant(text).map(Timestamp::millis);
        assert_eq!(of("2026-11-29").unwrap(), "2026-11-29T00:00:00.000Z");
        assert_eq!(of("2026-11-29T08:00:00+09:00").unwrap(), "2026-11-28T23:00:00.000Z");
        for bad in ["", "yesterday", "2026-13-01", "2026-11-29 08:00", "1"] {
            assert_eq!(of(bad), None, "{bad}");
        }
    }
}
