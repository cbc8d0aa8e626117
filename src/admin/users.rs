//! Commands on accounts and their sessions.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::outcome::Failure;
use super::secret::Secret;
use super::{Call, items};
use crate::chat::{AccountChange, Registration};
use crate::model::{Error, SessionId, Timestamp, UserId};

/// Number of users per page.
const PAGE: u32 = 500;

/// List all accounts.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UserList {}

impl UserList {
    pub(super) async fn run(self, call: Call<'_>) -> Result<(), Failure> {
        let Call { admin, operator, output, .. } = call;
        let mut after = None;
        loop {
            let page = admin.chat().all_users(operator, after, PAGE).await?;
            let ids: Vec<UserId> = page.iter().map(|user| user.id).collect();
            let seen = admin.chat().last_seen(operator, &ids).await?;
            for (user, seen) in page.iter().zip(seen) {
                let last_seen = seen.map(Timestamp::seconds);
                output.item(items::ListedUser { user: items::User::from(user), last_seen }).await?;
            }
            match page.last() {
                Some(last) if page.len() == PAGE as usize => after = Some(last.id),
                _ => return Ok(()),
            }
        }
    }
}

/// Show an account.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UserShow {
    pub name: String,
}

impl UserShow {
    pub(super) async fn run(self, call: Call<'_>) -> Result<(), Failure> {
        let Call { admin, operator, output, .. } = call;
        let Self { name } = self;
        let name = &*name;
        let account =
            admin.chat().account_of(operator, name).await.map_err(|error| unknown(error, name))?;
        let rooms = admin.chat().rooms_of(operator, account.user.id).await?.len();
        let sessions = admin.chat().sessions_of(operator, name).await?.len();
        let seen = admin.chat().last_seen(operator, &[account.user.id]).await?;
        let identities = admin.chat().identities_of(operator, account.user.id).await?;
        let digests = account.md5.is_some() && account.sha1.is_some();
        output
            .item(items::Account {
                user: items::User::from(&account.user),
                birth: account.user.birth.clone(),
                rooms,
                sessions,
                last_seen: seen.into_iter().flatten().next().map(Timestamp::seconds),
                digests,
                identities: identities.into_iter().map(Into::into).collect(),
            })
            .await
    }
}

/// Create an account.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UserCreate {
    pub name: String,
    pub password: Secret,
    #[serde(default)]
    pub display_name: Option<String>,
    #[serde(default)]
    pub email: Option<String>,
    #[serde(default)]
    pub admin: bool,
    /// Succeed if it exists, and leave it unchanged.
    #[serde(default)]
    pub if_not_exists: bool,
}

impl UserCreate {
    pub(super) async fn run(self, call: Call<'_>) -> Result<(), Failure> {
        let Call { admin, operator, output, .. } = call;
        let Self { name, password, display_name, email, admin: is_admin, if_not_exists } = self;
        let new = Registration {
            login: name,
            password: password.0,
            name: display_name,
            email,
            birth: None,
        };
        if if_not_exists && let Ok(there) = admin.chat().account_of(operator, &new.login).await {
            return output.item(items::User::from(&there.user)).await;
        }
        let name = new.login.clone();
        let user =
            admin.chat().create_account(operator, new, is_admin).await.map_err(
                |error| match error {
                    Error::Taken(claim) => Failure::new(super::Kind::Conflict, taken(claim, &name)),
                    Error::Invalid { field, why } if field == "userId" => {
                        Failure::usage(format!("the name {why}"))
                    }
                    other => other.into(),
                },
            )?;
        output.item(items::User::from(&user)).await
    }
}

/// Set the password; ends all sessions.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UserPasswd {
    pub name: String,
    pub password: Secret,
}

impl UserPasswd {
    pub(super) async fn run(self, call: Call<'_>) -> Result<(), Failure> {
        let new = AccountChange { password: Some(self.password.0), ..AccountChange::default() };
        change(call, &self.name, new).await
    }
}

/// Remove the second factor of an account; log-ins need the password only.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UserResetSecondFactor {
    pub name: String,
}

impl UserResetSecondFactor {
    pub(super) async fn run(self, call: Call<'_>) -> Result<(), Failure> {
        let Call { admin, operator, output, .. } = call;
        let user = admin.chat().reset_second_factor(operator, &self.name).await;
        let user = user.map_err(|error| unknown(error, &self.name))?;
        output.item(items::User::from(&user)).await
    }
}

/// List imported accounts that have no password yet.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UserWithoutPassword {}

impl UserWithoutPassword {
    pub(super) async fn run(self, call: Call<'_>) -> Result<(), Failure> {
        let Call { admin, operator, output, .. } = call;
        for login in admin.0.parts.engine.without_password().await? {
            let account = admin
                .chat()
                .account_of(operator, &login)
                .await
                .map_err(|error| unknown(error, &login))?;
            output.item(items::User::from(&account.user)).await?;
        }
        Ok(())
    }
}

/// Change the display name.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UserRename {
    pub name: String,
    pub to: String,
}

impl UserRename {
    pub(super) async fn run(self, call: Call<'_>) -> Result<(), Failure> {
        let new = AccountChange { name: Some(self.to), ..AccountChange::default() };
        change(call, &self.name, new).await
    }
}

/// Disable an account and end its sessions.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UserDisable {
    pub name: String,
}

impl UserDisable {
    pub(super) async fn run(self, call: Call<'_>) -> Result<(), Failure> {
        let new = AccountChange { disabled: Some(true), ..AccountChange::default() };
        change(call, &self.name, new).await
    }
}

/// Enable a disabled account.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UserEnable {
    pub name: String,
}

impl UserEnable {
    pub(super) async fn run(self, call: Call<'_>) -> Result<(), Failure> {
        let new = AccountChange { disabled: Some(false), ..AccountChange::default() };
        change(call, &self.name, new).await
    }
}

/// Grant the administrator role.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UserPromote {
    pub name: String,
}

impl UserPromote {
    pub(super) async fn run(self, call: Call<'_>) -> Result<(), Failure> {
        let new = AccountChange { admin: Some(true), ..AccountChange::default() };
        change(call, &self.name, new).await
    }
}

/// Remove the administrator role.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UserDemote {
    pub name: String,
}

impl UserDemote {
    pub(super) async fn run(self, call: Call<'_>) -> Result<(), Failure> {
        let new = AccountChange { admin: Some(false), ..AccountChange::default() };
        change(call, &self.name, new).await
    }
}

/// Set or remove the bot and guest marks.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UserMark {
    pub name: String,
    /// Marks the account as a program.
    #[serde(default)]
    pub bot: Option<bool>,
    /// Restricts the account to its rooms, as a plain member.
    #[serde(default)]
    pub guest: Option<bool>,
}

impl UserMark {
    pub(super) async fn run(self, call: Call<'_>) -> Result<(), Failure> {
        let Self { name, bot, guest } = self;
        change(call, &name, AccountChange { bot, guest, ..AccountChange::default() }).await
    }
}

/// List the sessions of an account.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UserSessions {
    pub name: String,
}

impl UserSessions {
    pub(super) async fn run(self, call: Call<'_>) -> Result<(), Failure> {
        let Call { admin, operator, output, .. } = call;
        let name = &*self.name;
        let chat = admin.chat();
        let sessions = chat.sessions_of(operator, name).await;
        let sessions = sessions.map_err(|error| unknown(error, name))?;
        let push = match sessions.first() {
            Some(first) => chat.push_sessions_of(operator, first.user).await?,
            None => Vec::new(),
        };
        for session in sessions {
            let shown = items::Session {
                id: session.id.0,
                device: session.device,
                address: session.address.map(|address| address.to_string()),
                created: session.created.seconds(),
                last_seen: session.seen.seconds(),
                expires: session.expires.seconds(),
                push: push.contains(&session.id),
            };
            output.item(shown).await?;
        }
        Ok(())
    }
}

/// End one session, or all.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UserLogout {
    pub name: String,
    #[serde(default)]
    pub session: Option<i64>,
}

impl UserLogout {
    pub(super) async fn run(self, call: Call<'_>) -> Result<(), Failure> {
        let Call { admin, operator, output, .. } = call;
        let Self { name, session } = self;
        let name = &*name;
        let ended =
            admin.chat().end_sessions_of(operator, name, session.map(SessionId)).await.map_err(
                |error| match (error, session) {
                    (Error::SessionNotFound, Some(id)) => {
                        Failure::not_found(format!("{name} has no session {id}"))
                    }
                    (other, _) => unknown(other, name),
                },
            )?;
        output.item(items::LoggedOut { name: name.to_owned(), sessions_ended: ended }).await
    }
}

/// Changes an account and says what it is now.
pub(super) async fn change(
    call: Call<'_>,
    name: &str,
    change: AccountChange,
) -> Result<(), Failure> {
    let Call { admin, operator, output, .. } = call;
    let promoted = change.admin == Some(true);
    let succeeded = change.disabled == Some(true) || change.guest == Some(true);
    let user =
        admin.chat().change_account(operator, name, change).await.map_err(|error| match error {
            Error::Invalid { field, .. } if field == "guest" => {
                guest_and_administrator(name, promoted)
            }
            Error::Taken(claim) => Failure::conflict(taken(claim, name)),
            other => unknown(other, name),
        })?;
    if succeeded {
        // Wait until rooms that only this account administered have another admin.
        admin.settle().await;
    }
    output.item(items::User::from(&user)).await
}

/// A guest cannot be an administrator, nor an administrator a guest.
fn guest_and_administrator(name: &str, promoted: bool) -> Failure {
    let message = if promoted {
        format!(
            "{name} is a guest, and guests cannot be administrators; remove the mark first \
             (chatctl user mark {name} --no-guest)"
        )
    } else {
        format!(
            "{name} is an administrator, and administrators cannot be guests; remove the role \
             first (chatctl user demote {name})"
        )
    };
    Failure::new(super::Kind::NotPermitted, message)
}

pub(super) fn taken(claim: crate::model::Claim, name: &str) -> String {
    match claim {
        crate::model::Claim::Email => "the e-mail address belongs to another account".to_owned(),
        crate::model::Claim::Identity => "the identity belongs to another account".to_owned(),
        _ => format!("the name {name:?} is already taken, or looks like an existing name"),
    }
}

pub(super) fn unknown(error: Error, name: &str) -> Failure {
    match error {
        Error::UserNotFound => Failure::not_found(format!("the user {name:?} does not exist")),
        other => other.into(),
    }
}
