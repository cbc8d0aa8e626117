//! Imported users who have no password yet.

use crate::store::StoreError;
use crate::store::sqlite::Sqlite;
use crate::store::transfer::fingerprint;

const WITHOUT: &str = "SELECT u.login, u.password, i.id FROM imported i JOIN users u ON u.id = \
                       CAST(i.key AS INTEGER)
    WHERE i.kind = 'passwordless' AND u.deleted IS NULL AND NOT u.disabled ORDER BY u.id";

#[cfg(test)]
pub(super) const STATEMENTS: &[&str] = &[WITHOUT];

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
