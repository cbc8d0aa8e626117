//! How engines store what an API token may do, and how long such a session lives.

use std::time::Duration;

use serde::de::Error;
use serde::{Deserialize, Serialize};

use crate::model::{Grant, RoomId, Scope, Session, Timestamp};

/// Life without use of a token without an expiry: so long that it only ends what is forgotten, and
/// short enough for databases whose rows expire.
pub const UNUSED: Duration = Duration::from_hours(10 * 365 * 24);

/// Minimum interval of writing last use and expiry.
const RECORD_EVERY: Duration = Duration::from_mins(5);

/// The stored form: JSON.
#[derive(Serialize, Deserialize)]
struct Stored {
    name: String,
    scope: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    room: Option<i64>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    fixed: bool,
}

/// Returns the stored form.
pub(super) fn to_stored(grant: &Grant) -> String {
    let Grant { name, scope, fixed } = grant.clone();
    let room = scope.room().map(|room| room.0);
    let stored = Stored { name, scope: scope.as_str().to_owned(), room, fixed };
    serde_json::to_string(&stored).unwrap_or_default()
}

/// Reads the stored form. What is not understood grants nothing: the session is not found.
pub(super) fn from_stored(text: &str) -> Result<Grant, serde_json::Error> {
    let stored: Stored = serde_json::from_str(text)?;
    let scope = match stored.room {
        Some(room) => Some(Scope::Hook(RoomId(room))),
        None if stored.scope == Scope::Reset.as_str() => Some(Scope::Reset),
        None => Scope::parse(&stored.scope),
    };
    let scope = scope.ok_or_else(|| serde_json::Error::custom("unknown scope"))?;
    Ok(Grant { name: stored.name, scope, fixed: stored.fixed })
}

/// Returns whether a session of an administrator with this grant may administer the server.
pub(super) fn administers(grant: Option<&Grant>) -> bool {
    grant.is_none_or(|grant| grant.scope == Scope::Admin)
}

/// Returns whether a use of a session is recorded: at most every five minutes, but always the first
/// use of an API token.
pub(super) fn is_recorded(
    grant: Option<&Grant>,
    created: Timestamp,
    seen: Timestamp,
    now: Timestamp,
) -> bool {
    let first = grant.is_some() && seen == created && now > created;
    first || now >= seen.plus(RECORD_EVERY)
}

/// Returns the expiry of a session that is used now; `life` is that of a log-in.
pub(super) fn used(
    grant: Option<&Grant>,
    expires: Timestamp,
    now: Timestamp,
    life: Duration,
) -> Timestamp {
    match grant {
        Some(grant) if grant.fixed => expires,
        Some(_) => now.plus(UNUSED).max(expires),
        None => now.plus(life).max(expires),
    }
}

impl Session {
    /// Returns the last use of an API token, accurate to five minutes; None: it was not used yet.
    pub fn last_use(&self) -> Option<Timestamp> {
        (self.seen > self.created).then_some(self.seen)
    }

    /// Returns the expiry that its owner has set; None: it only ends unused or revoked.
    pub fn fixed_expiry(&self) -> Option<Timestamp> {
        self.grant.as_ref().is_some_and(|grant| grant.fixed).then_some(self.expires)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grants_are_read_as_they_were_stored() {
        for (scope, fixed, stored) in [
            (Scope::Read, true, r#"{"name":"ci","scope":"read","fixed":true}"#),
            (Scope::Write, false, r#"{"name":"ci","scope":"write"}"#),
            (Scope::Admin, false, r#"{"name":"ci","scope":"admin"}"#),
            (Scope::Reset, true, r#"{"name":"ci","scope":"reset","fixed":true}"#),
            (Scope::Hook(RoomId(7)), false, r#"{"name":"ci","scope":"webhook","room":7}"#),
        ] {
            let grant = Grant { name: "ci".to_owned(), scope, fixed };
            assert_eq!(to_stored(&grant), stored);
            assert_eq!(from_stored(stored).unwrap(), grant);
        }
        for odd in ["", "{}", r#"{"name":"ci","scope":"webhook"}"#, r#"{"name":"x","scope":"all"}"#]
        {
            assert!(from_stored(odd).is_err(), "{odd}");
        }
    }

    #[test]
    fn the_first_use_of_a_token_is_recorded() {
        let grant = Grant { name: String::new(), scope: Scope::Read, fixed: false };
        let (created, soon) = (Timestamp(1_000), Timestamp(2_000));
        let late = soon.plus(RECORD_EVERY);
        for (grant, seen, now, recorded) in [
            (Some(&grant), created, created, false),
            (Some(&grant), created, soon, true),
            (Some(&grant), soon, Timestamp(3_000), false),
            (Some(&grant), soon, late, true),
            (None, created, soon, false),
            (None, created, late, true),
        ] {
            assert_eq!(is_recorded(grant, created, seen, now), recorded, "{seen:?} {now:?}");
        }
    }

    #[test]
    fn a_fixed_expiry_stays() {
        let (now, life) = (Timestamp(1_000), Duration::from_secs(5));
        let grant = |fixed| Grant { name: String::new(), scope: Scope::Read, fixed };
        assert_eq!(used(None, Timestamp(0), now, life), now.plus(life));
        assert_eq!(used(Some(&grant(true)), Timestamp(2_000), now, life), Timestamp(2_000));
        assert_eq!(used(Some(&grant(false)), Timestamp(0), now, life), now.plus(UNUSED));
    }
}
