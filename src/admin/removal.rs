//! `user.delete`: deleting an account, and what goes with it.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::outcome::Failure;
use super::users::unknown;
use super::{Call, items};
use crate::model::{Account, Error, User, Visibility};

/// Delete an account; its messages stay, without an author.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UserDelete {
    pub name: String,
    /// Only report what would be deleted.
    #[serde(default)]
    pub dry_run: bool,
    /// Succeed if it does not exist.
    #[serde(default)]
    pub if_exists: bool,
}

impl UserDelete {
    pub(super) async fn run(self, call: Call<'_>) -> Result<(), Failure> {
        let Call { admin, operator, output, .. } = call;
        let Self { name, dry_run, if_exists } = self;
        let Some(account) = call.account(&name, if_exists).await? else { return Ok(()) };
        let leaving = call.leaving(&account.user).await?;
        if !dry_run {
            admin.chat().delete_account(operator, &name).await?;
            admin.settle().await;
        }
        output.item(items::Leaving { done: !dry_run, ..leaving }).await
    }
}

impl Call<'_> {
    /// Returns an account; None: it does not exist, which is no failure with `if_exists`.
    pub(super) async fn account(
        &self,
        name: &str,
        if_exists: bool,
    ) -> Result<Option<Account>, Failure> {
        match self.admin.chat().account_of(self.operator, name).await {
            Err(Error::UserNotFound) if if_exists => Ok(None),
            other => other.map(Some).map_err(|error| unknown(error, name)),
        }
    }

    /// Returns what goes with an account.
    pub(super) async fn leaving(&self, user: &User) -> Result<items::Leaving, Failure> {
        let (chat, operator) = (self.admin.chat(), self.operator);
        let rooms = chat.rooms_of(operator, user.id).await?;
        let (mut rooms_deleted, mut messages_deleted) = (0, 0);
        for room in &rooms {
            let facts = chat.room(operator, *room).await?.facts;
            if facts.room.visibility == Visibility::Private && facts.participants.len() == 1 {
                rooms_deleted += 1;
                messages_deleted += facts.room.last_seq.0;
            }
        }
        Ok(items::Leaving {
            name: user.login.clone(),
            rooms_left: rooms.len() - rooms_deleted,
            rooms_deleted,
            messages_deleted,
            sessions_ended: chat.sessions_of(operator, &user.login).await?.len(),
            tokens_ended: chat.tokens_of(operator, &user.login).await?.len(),
            done: false,
        })
    }
}
