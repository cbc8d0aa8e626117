//! Commands on accounts and their sessions.

use super::outcome::{Failure, Output};
use super::{Acting, Admin, items};
use crate::chat::{AccountChange, Registration};
use crate::model::{Error, SessionId};

/// Number of users per page.
const PAGE: u32 = 500;

impl Admin {
    pub(super) async fn user_list(&self, acting: &Acting, output: &Output) -> Result<(), Failure> {
        let mut after = None;
        loop {
            let page = self.chat().all_users(acting, after, PAGE).await?;
            for user in &page {
                output.item(items::User::from(user)).await?;
            }
            match page.last() {
                Some(last) if page.len() == PAGE as usize => after = Some(last.id),
                _ => return Ok(()),
            }
        }
    }

    pub(super) async fn user_show(
        &self,
        acting: &Acting,
        name: &str,
        output: &Output,
    ) -> Result<(), Failure> {
        let account =
            self.chat().account_of(acting, name).await.map_err(|error| unknown(error, name))?;
        let rooms = self.chat().rooms_of(acting, account.user.id).await?.len();
        let sessions = self.chat().sessions_of(acting, name).await?.len();
        let digests = account.md5.is_some() && account.sha1.is_some();
        output
            .item(items::Account {
                user: items::User::from(&account.user),
                birth: account.user.birth.clone(),
                rooms,
                sessions,
                digests,
            })
            .await
    }

    pub(super) async fn user_without_password(
        &self,
        acting: &Acting,
        output: &Output,
    ) -> Result<(), Failure> {
        for login in self.0.parts.store.without_password().await? {
            let account = self
                .chat()
                .account_of(acting, &login)
                .await
                .map_err(|error| unknown(error, &login))?;
            output.item(items::User::from(&account.user)).await?;
        }
        Ok(())
    }

    pub(super) async fn user_create(
        &self,
        acting: &Acting,
        new: Registration,
        admin: bool,
        if_not_exists: bool,
        output: &Output,
    ) -> Result<(), Failure> {
        if if_not_exists && let Ok(there) = self.chat().account_of(acting, &new.login).await {
            return output.item(items::User::from(&there.user)).await;
        }
        let name = new.login.clone();
        let user =
            self.chat().create_account(acting, new, admin).await.map_err(|error| match error {
                Error::Taken(claim) => Failure::new(super::Kind::Conflict, taken(claim, &name)),
                Error::Invalid { field, why } if field == "userId" => {
                    Failure::usage(format!("the name {why}"))
                }
                other => other.into(),
            })?;
        output.item(items::User::from(&user)).await
    }

    pub(super) async fn user_change(
        &self,
        acting: &Acting,
        name: &str,
        change: AccountChange,
        output: &Output,
    ) -> Result<(), Failure> {
        let promoted = change.admin == Some(true);
        let succeeded = change.disabled == Some(true) || change.guest == Some(true);
        let user =
            self.chat().change_account(acting, name, change).await.map_err(
                |error| match error {
                    Error::Invalid { field, .. } if field == "guest" => {
                        guest_and_administrator(name, promoted)
                    }
                    other => unknown(other, name),
                },
            )?;
        if succeeded {
            // Wait until rooms that only this account administered have another admin.
            self.settle().await;
        }
        output.item(items::User::from(&user)).await
    }

    pub(super) async fn user_delete(
        &self,
        acting: &Acting,
        name: &str,
        dry_run: bool,
        if_exists: bool,
        output: &Output,
    ) -> Result<(), Failure> {
        let account = match self.chat().account_of(acting, name).await {
            Err(Error::UserNotFound) if if_exists => return Ok(()),
            other => other.map_err(|error| unknown(error, name))?,
        };
        let rooms = self.chat().rooms_of(acting, account.user.id).await?;
        let (mut rooms_deleted, mut messages_deleted) = (0, 0);
        for room in &rooms {
            let facts = self.chat().room(acting, *room).await?.facts;
            if facts.room.visibility == crate::model::Visibility::Private
                && facts.participants.len() == 1
            {
                rooms_deleted += 1;
                messages_deleted += facts.room.last_seq.0;
            }
        }
        let sessions_ended = self.chat().sessions_of(acting, name).await?.len();
        if !dry_run {
            self.chat().delete_account(acting, name).await?;
            self.settle().await;
        }
        let name = account.user.login;
        output
            .item(items::Leaving {
                name,
                rooms_left: rooms.len() - rooms_deleted,
                rooms_deleted,
                messages_deleted,
                sessions_ended,
                done: !dry_run,
            })
            .await
    }

    pub(super) async fn user_sessions(
        &self,
        acting: &Acting,
        name: &str,
        output: &Output,
    ) -> Result<(), Failure> {
        for session in
            self.chat().sessions_of(acting, name).await.map_err(|error| unknown(error, name))?
        {
            let shown = items::Session {
                id: session.id.0,
                device: session.device,
                address: session.address.map(|address| address.to_string()),
                created: session.created.seconds(),
                last_seen: session.seen.seconds(),
                expires: session.expires.seconds(),
            };
            output.item(shown).await?;
        }
        Ok(())
    }

    pub(super) async fn user_logout(
        &self,
        acting: &Acting,
        name: &str,
        session: Option<i64>,
        output: &Output,
    ) -> Result<(), Failure> {
        let ended =
            self.chat().end_sessions_of(acting, name, session.map(SessionId)).await.map_err(
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

fn taken(claim: crate::model::Claim, name: &str) -> String {
    match claim {
        crate::model::Claim::Email => "the e-mail address belongs to another account".to_owned(),
        _ => format!("the name {name:?} is already taken, or looks like an existing name"),
    }
}

pub(super) fn unknown(error: Error, name: &str) -> Failure {
    match error {
        Error::UserNotFound => Failure::not_found(format!("the user {name:?} does not exist")),
        other => other.into(),
    }
}
