//! The command for a link with which a user sets a new password.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::outcome::Failure;
use super::users::unknown;
use super::{Call, items};
use crate::chat::LINK_LIFE;
use crate::model::{Error, Timestamp};

/// Create a link with which the user sets a new password, once; it ends earlier links.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UserResetLink {
    pub name: String,
    /// Seconds until the link ends; absent: 24 hours. At most seven days.
    #[serde(default)]
    pub expires_seconds: Option<u64>,
}

impl UserResetLink {
    pub(super) async fn run(self, call: Call<'_>) -> Result<(), Failure> {
        let Call { admin, operator, output, .. } = call;
        let Self { name, expires_seconds } = self;
        let life = expires_seconds.map_or(LINK_LIFE, Duration::from_secs);
        let link = admin.chat().create_reset_link(operator, &name, life).await;
        let link = link.map_err(|error| match error {
            Error::Invalid { field, why } if field == "name" => {
                Failure::conflict(format!("{name} {why}"))
            }
            other => unknown(other, &name),
        })?;
        output
            .item(items::ResetLink {
                name: link.session.login.clone(),
                url: format!("{}/#reset={}", admin.base_url(), link.secret),
                expires: link.session.fixed_expiry().map(Timestamp::seconds),
            })
            .await
    }
}
