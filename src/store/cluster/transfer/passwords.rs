//! Users who were imported without a password and have none yet.

use std::collections::BTreeMap;

use crate::model::UserId;
use crate::store::StoreError;
use crate::store::cluster::tables::schema::people::IMPORTED;
use crate::store::cluster::{Cluster, users};
use crate::store::transfer::{PASSWORDLESS, fingerprint};

/// Rows of one page.
const ROWS: u32 = 500;

impl Cluster {
    /// Returns the login names of users who could log in if they had a password, by their ids.
    /// Reads all results of imports.
    pub async fn without_password(&self) -> Result<Vec<String>, StoreError> {
        let mut found: BTreeMap<UserId, i64> = BTreeMap::new();
        let mut from: Option<Vec<u8>> = None;
        loop {
            let page = self.tables().scan(&IMPORTED, from.as_deref(), ROWS).await?;
            let rows = page.rows.iter().filter(|row| row.text("kind") == Some(PASSWORDLESS));
            found.extend(
                rows.filter_map(|row| {
                    Some((UserId(row.text("key")?.parse().ok()?), row.int("id")?))
                }),
            );
            from = page.next;
            if from.is_none() {
                break;
            }
        }
        let mut logins = Vec::new();
        for (user, stored) in found {
            let Some(kept) = users::read(self, user).await? else { continue };
            let account = kept.account();
            if !account.user.disabled && fingerprint(&account.password) == stored {
                logins.push(account.user.login);
            }
        }
        Ok(logins)
    }
}
