//! Commands on invitations: links with which people create accounts.

use std::collections::HashSet;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tracing::warn;
use utoipa::ToSchema;

use super::outcome::{Failure, Kind};
use super::{Call, items, mail};
use crate::chat::{CreatedInvitation, INVITATION_LIFE, InvitationLetter, Language, NewInvite};
use crate::model::{Error, InvitationId, fold};
use crate::qr;

/// Longest address of the web UI.
const LONGEST: usize = 300;
/// Addresses that one command mails invitations to.
const MAX_ADDRESSES: usize = 50;
/// Letters that are sent at the same time.
const AT_ONCE: usize = 8;

/// Create an invitation, or one for each address that it is mailed to; the output contains the link,
/// this once.
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
    /// E-mail addresses: an invitation is created for each, and mailed to it. At most 50. Requires
    /// `[mail]`, and `page` or `[server] public_url`. If one of them is wrong, none is created.
    #[serde(default)]
    pub mail: Vec<String>,
    /// Language of the letters: `en`, `ko`, `ru` or `zh`; absent: English.
    #[serde(default)]
    pub language: Option<String>,
}

impl InviteCreate {
    pub(super) async fn run(self, call: Call<'_>) -> Result<(), Failure> {
        let Call { admin, operator, .. } = call;
        let Self { rooms, guest, uses, expires_seconds, page, mail: addresses, language } = self;
        if guest && rooms.is_empty() {
            return Err(Failure::usage(
                "a guest sees only their rooms, so the invitation needs at least one room (--room)",
            ));
        }
        if let Some(page) = &page {
            check_page(page)?;
        }
        let language = mail::parse_language(language.as_deref())?;
        let addresses = checked(&addresses)?;
        if !addresses.is_empty() {
            admin.check_mail()?;
            let config = admin.0.parts.config.get();
            if page.is_none() && config.server.public_url.is_none() {
                return Err(Failure::usage(
                    "the links of mailed invitations need an address that everybody can open; set \
                     [server] public_url",
                ));
            }
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
        let each = if addresses.is_empty() {
            vec![None]
        } else {
            addresses.into_iter().map(Some).collect()
        };
        let made = admin.chat().create_invitations(operator, new, each).await;
        let made = made.map_err(|error| match error {
            Error::RegistrationClosed => Failure::conflict(
                "registration is closed, so nobody could use an invitation; set [auth] \
                 registration = \"invite\" and run chatctl reload",
            ),
            other => other.into(),
        })?;
        hand_out(call, &made, page.as_deref(), language).await
    }
}

/// Mails invitations to their addresses, and shows the link of each, also of those whose letters
/// were not sent.
async fn hand_out(
    call: Call<'_>,
    made: &[CreatedInvitation],
    page: Option<&str>,
    language: Language,
) -> Result<(), Failure> {
    let Call { admin, operator, output } = call;
    let base = page.map_or_else(|| without_slash(&admin.base_url()), without_slash);
    let mut unsent = Vec::new();
    for some in made.chunks(AT_ONCE) {
        let mut sending = Vec::with_capacity(some.len());
        for made in some {
            let link = format!("{base}/#invite={}", made.secret);
            // Without the name, the letter is still a good one.
            let by = admin.chat().inviter(operator, &made.invitation).await.unwrap_or_default();
            let letter = made.invitation.mailed_to.clone().map(|to| InvitationLetter {
                to,
                link: link.clone(),
                by,
                expires: made.invitation.expires,
            });
            let chat = admin.chat().clone();
            let task = tokio::spawn(async move {
                chat.send_invitation(&letter?, language).await.err().map(|why| why.to_string())
            });
            sending.push((made, link, task));
        }
        for (made, url, task) in sending {
            let problem = task.await.unwrap_or_else(|broken| Some(broken.to_string()));
            if let (Some(why), Some(to)) = (&problem, &made.invitation.mailed_to) {
                warn!(user = operator.name(), "An invitation was not mailed: {why}.");
                unsent.push(format!("{to}: {why}"));
            }
            let invitation = items::Invitation {
                qr: page.and_then(|_| qr::svg(&url)),
                url: Some(url),
                problem,
                ..items::Invitation::of(&made.invitation, None)
            };
            output.item(invitation).await?;
        }
    }
    if unsent.is_empty() {
        return Ok(());
    }
    let why = unsent.join("; ");
    Err(Failure::new(Kind::Problems, format!("the invitation was not mailed to {why}")))
}

/// Returns the addresses, each once, if all of them are valid.
fn checked(addresses: &[String]) -> Result<Vec<String>, Failure> {
    let mut known = HashSet::new();
    let mut found = Vec::new();
    for text in addresses {
        let address = mail::check_address(text)?;
        if known.insert(fold(address)) {
            found.push(address.to_owned());
        }
    }
    if found.len() > MAX_ADDRESSES {
        let why = format!("an invitation can be mailed to at most {MAX_ADDRESSES} addresses");
        return Err(Failure::usage(why));
    }
    Ok(found)
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
