//! Commands on bots: accounts of programs, to which nobody can log in.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::outcome::{Failure, Kind};
use super::removal::UserDelete;
use super::users::{taken, unknown};
use super::{Call, items};
use crate::chat::NewBot;
use crate::model::{Error, Role};

/// Create an account for a program; nobody can log in to it.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BotCreate {
    pub name: String,
    #[serde(default)]
    pub display_name: Option<String>,
    /// Rooms to which it is added as a member.
    #[serde(default)]
    pub rooms: Vec<String>,
    /// Restricts it to its rooms.
    #[serde(default)]
    pub guest: bool,
    /// Succeed if a bot of this name exists, and leave it unchanged.
    #[serde(default)]
    pub if_not_exists: bool,
}

impl BotCreate {
    pub(super) async fn run(self, call: Call<'_>) -> Result<(), Failure> {
        let Call { admin, operator, output, .. } = call;
        let Self { name, display_name, rooms, guest, if_not_exists } = self;
        if if_not_exists
            && let Ok(there) = admin.chat().account_of(operator, &name).await
            && there.user.bot
        {
            return output.item(items::User::from(&there.user)).await;
        }
        let mut found = Vec::new();
        for room in &rooms {
            found.push(admin.find_room(operator, room).await?.room.id);
        }
        let new = NewBot { login: name.clone(), name: display_name, guest };
        let bot = admin.chat().create_bot(operator, new).await.map_err(|error| match error {
            Error::Taken(claim) => Failure::conflict(taken(claim, &name)),
            Error::Invalid { field, why } if field == "userId" => {
                Failure::usage(format!("the name {why}"))
            }
            other => other.into(),
        })?;
        for room in found {
            match admin.chat().add_participant(operator, room, &bot.login, Role::Member).await {
                // Named twice.
                Ok(_) | Err(Error::Taken(_)) => (),
                Err(error) => {
                    let done = format!("{name} was created, but not added to {}", room.key());
                    return Err(Failure::from(error).after(&done));
                }
            }
        }
        output.item(items::User::from(&bot)).await
    }
}

/// List the bots.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BotList {}

impl BotList {
    pub(super) async fn run(self, call: Call<'_>) -> Result<(), Failure> {
        let Call { admin, operator, output, .. } = call;
        let mut after = None;
        loop {
            let (bots, more) = admin.chat().bots(operator, after).await?;
            for bot in &bots {
                output.item(items::User::from(bot)).await?;
            }
            if more.is_none() {
                return Ok(());
            }
            after = more;
        }
    }
}

/// Delete a bot; its messages stay, without an author.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BotDelete {
    pub name: String,
    /// Only report what would be deleted.
    #[serde(default)]
    pub dry_run: bool,
    /// Succeed if it does not exist.
    #[serde(default)]
    pub if_exists: bool,
}

impl BotDelete {
    pub(super) async fn run(self, call: Call<'_>) -> Result<(), Failure> {
        let Self { name, dry_run, if_exists } = self;
        match call.admin.chat().account_of(call.operator, &name).await {
            Err(Error::UserNotFound) if if_exists => return Ok(()),
            Err(error) => return Err(unknown(error, &name)),
            Ok(account) if !account.user.bot => {
                let why = format!(
                    "{name} is no bot; the account of a person is deleted with: chatctl user \
                     delete {name}"
                );
                return Err(Failure::new(Kind::NotPermitted, why));
            }
            Ok(_) => (),
        }
        UserDelete { name, dry_run, if_exists }.run(call).await
    }
}
