//! Imported users who have no password yet.

use sha2::{Digest, Sha256};

use crate::store::StoreError;
use crate::store::sqlite::Sqlite;

const WITHOUT: &str = "SELECT u.login, u.password, i.id FROM imported i JOIN users u ON u.id = \
                       CAST(i.key AS INTEGER)
    WHERE i.kind = 'passwordless' AND u.deleted IS NULL AND NOT u.disabled ORDER BY u.id";

#[cfg(test)]
pub(super) const STATEMENTS: &[&str] = &[WITHOUT];

/// Returns a fingerprint of a stored password, which changes when a password is set.
pub(super) fn fingerprint(password: &str) -> i64 {
    let digest = Sha256::digest(password.as_bytes());
    digest.iter().take(8).fold(0, |number, byte| number << 8 | i64::from(*byte))
}

impl Sqlite {
    /// Returns the login names of users who could log in if they had a password.
    pub async fn without_password(&self) -> Result<Vec<String>, StoreError> {
        self.read(|conn| {
            let mut statement = conn.prepare_cached(WITHOUT)?;
            let rows = statement.query_map((), |row| {
                Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?, row.get::<_, i64>(2)?))
            })?;
            let all = rows.collect::<Result<Vec<_>, _>>()?;
            let mut without: Vec<String> = Vec::new();
            for (login, password, stored) in all {
                if fingerprint(&password) == stored && !without.contains(&login) {
                    without.push(login);
                }
            }
            Ok(without)
        })
        .await
    }
}

#[cfg(test)]
mod tests {
    use super::fingerprint;

    #[test]
    fn fingerprints_differ() {
        assert_eq!(fingerprint("a"), fingerprint("a"));
        assert_ne!(fingerprint("a"), fingerprint("b"));
    }
}
