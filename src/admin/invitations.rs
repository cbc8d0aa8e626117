//! Commands on invitations: links with which people create accounts.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::outcome::Failure;
use super::{Call, items};
use crate::chat::{INVITATION_LIFE, NewInvite};
use crate::model::{Error, InvitationId};
use crate::qr;

/// Longest address of the web UI.
const LONGEST: usize = 300;

/// Create an invitation; the output contains its link, this once.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct InviteCreate {
    /// Rooms that new users join as members.
    #[serde(default)]
    pub rooms: Vec<String>,
    /// New users are guests, who see only their rooms and the people in them: at least one room is
    /// required.
    #[serde(default)]
    pub guest: bool,
    /// Number of accounts that can be created with it; absent: 1; 0: any number.
    #[serde(default)]
    pub uses: Option<u32>,
    /// Seconds until it ends; absent: seven days. At most 365 days.
    #[serde(default)]
    pub expires_seconds: Option<u64>,
    /// Address at which the caller reaches the web UI: the link begins with it, and the output has
    /// its QR code. Absent: `[server] public_url`, or the address at which the server listens.
    #[serde(default)]
    pub page: Option<String>,
}

impl InviteCreate {
    pub(super) async fn run(self, call: Call<'_>) -> Result<(), Failure> {
        let Call { admin, operator, output, .. } = call;
        let Self { rooms, guest, uses, expires_seconds, page } = self;
        if guest && rooms.is_empty() {
            return Err(Failure::usage(
                "a guest sees only their rooms, so the invitation needs at least one room (--room)",
            ));
        }
        if let Some(page) = &page {
            check_page(page)?;
        }
        let mut found = Vec::new();
        for room in &rooms {
            found.push(admin.find_room(operator, room).await?.room.id);
        }
        let new = NewInvite {
            rooms: found,
            guest,
            uses: Some(uses.unwrap_or(1)).filter(|uses| *uses > 0),
            life: expires_seconds.map_or(INVITATION_LIFE, Duration::from_secs),
        };
        let made = admin.chat().create_invitation(operator, new).await;
        let made = made.map_err(|error| match error {
            Error::RegistrationClosed => Failure::conflict(
                "registration is closed, so nobody could use an invitation; set [auth] \
                 registration = \"invite\" and run chatctl reload",
            ),
            other => other.into(),
        })?;
        let base = page.as_deref().map_or_else(|| admin.base_url(), without_slash);
        let url = format!("{base}/#invite={}", made.secret);
        output
            .item(items::Invitation {
                qr: page.and_then(|_| qr::svg(&url)),
                url: Some(url),
                ..items::Invitation::of(&made.invitation, None)
            })
            .await
    }
}

/// List the invitations, newest first, with those that expired or were used up in
/// the last 30 days.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct InviteList {
    /// Also those that were revoked in the last 30 days.
    #[serde(default)]
    pub all: bool,
}

impl InviteList {
    pub(super) async fn run(self, call: Call<'_>) -> Result<(), Failure> {
        let Call { admin, operator, output, .. } = call;
        for (invitation, spent) in &admin.chat().invitations(operator).await? {
            if self.all || invitation.revoked.is_none() {
                output.item(items::Invitation::of(invitation, *spent)).await?;
            }
        }
        Ok(())
    }
}

/// Revoke an invitation; accounts that were created with it stay.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct InviteRevoke {
    pub id: i64,
    /// Succeed if it does not exist.
    #[serde(default)]
    pub if_exists: bool,
}

impl InviteRevoke {
    pub(super) async fn run(self, call: Call<'_>) -> Result<(), Failure> {
        let Call { admin, operator, output, .. } = call;
        let Self { id, if_exists } = self;
        match admin.chat().revoke_invitation(operator, InvitationId(id)).await? {
            Some(gone) => {
                let revoked = items::Invitation::of(&gone, None);
                output.item(items::Invitation { state: "revoked", ..revoked }).await
            }
            None if if_exists => Ok(()),
            None => Err(Failure::not_found(format!("the invitation {id} does not exist"))),
        }
    }
}

/// The address becomes the begin of a link, and nothing else.
fn check_page(page: &str) -> Result<(), Failure> {
    let is_web = page.starts_with("https://") || page.starts_with("http://");
    let is_plain = page.chars().all(|c| c.is_ascii_graphic() && !"#?\"<>".contains(c));
    if is_web && is_plain && page.len() <= LONGEST {
        return Ok(());
    }
    Err(Failure::usage(format!(
        "the page must be the address of the web UI, such as \"https://chat.example.org\", of at \
         most {LONGEST} characters"
    )))
}

fn without_slash(page: &str) -> String {
    page.trim_end_matches('/').to_owned()
}
