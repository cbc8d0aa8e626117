//! A forgotten password without an administrator: the server mails the link to the address of the
//! account. Whoever asks is never told whether there is such an account.

mod words;

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use tracing::{field, info, warn};

use super::Chat;
use super::letters::{Language, patiently};
use super::reset_links::BY_MAIL;
use crate::mail::{self, Letter, Unsent};
use crate::model::{Client, Error, Result, User, check_email, check_login, fold};
use crate::store::UserKey;

/// Life of a mailed link.
const LIFE: Duration = Duration::from_hours(1);
/// Window of the limits.
const HOUR: Duration = Duration::from_hours(1);
/// Requests an hour from one address.
const PER_ADDRESS: u32 = 10;
/// Letters an hour to one account.
const PER_ACCOUNT: u32 = 3;
/// Requests whose letters may be under way.
pub(super) const AT_ONCE: usize = 32;

impl Chat {
    /// Returns whether a link can be mailed: `[auth] reset_by_mail`, and a mail server and a public
    /// address are configured.
    pub fn mails_reset_links(&self) -> bool {
        let config = self.config();
        config.auth.reset_by_mail
            && config.auth.local_login
            && config.mail.is_on()
            && config.server.public_url.is_some()
    }

    /// Mails a link to the address of an account, found by login name or e-mail address. Returns
    /// before the account is looked for. `NotFound` if the server does not do this, `RateLimited`
    /// after too many requests from one address, `Unavailable` while too many letters are under
    /// way.
    pub async fn mail_reset_link(
        &self,
        who: &str,
        language: Language,
        client: &Client,
    ) -> Result<()> {
        if !self.mails_reset_links() {
            return Err(Error::NotFound);
        }
        self.count_reset_mail(client.counted).await?;
        let letters = Arc::clone(&self.0.letters);
        let permit = letters.try_acquire_owned().map_err(|_| Error::Unavailable)?;
        let (chat, who, address) = (self.clone(), who.trim().to_owned(), client.address);
        tokio::spawn(async move {
            if let Err(error) = chat.answer_by_mail(&who, language, address).await {
                warn!("A link for a new password cannot be created: {error}.");
            }
            drop(permit);
        });
        Ok(())
    }

    async fn count_reset_mail(&self, address: Option<IpAddr>) -> Result<()> {
        let Some(address) = address.filter(|_| self.config().limits.enabled) else { return Ok(()) };
        self.attempt(&format!("reset-mail-from:{address}"), PER_ADDRESS, HOUR)
            .await
            .map_err(|wait| Error::RateLimited(wait.0))
    }

    async fn answer_by_mail(
        &self,
        who: &str,
        language: Language,
        asker: Option<IpAddr>,
    ) -> Result<()> {
        let ip = asker.map(field::display);
        let Some((user, to)) = self.recipient(who).await? else {
            info!(ip, "A new password was asked for: no account that a link can be mailed to.");
            return Ok(());
        };
        let key = format!("reset-mail-to:{}", user.id.0);
        let limited = self.config().limits.enabled;
        if limited && self.attempt(&key, PER_ACCOUNT, HOUR).await.is_err() {
            info!(user = user.login, ip, "A new password was asked for too often: no mail.");
            return Ok(());
        }
        let link = self.issue_reset_link(&user, BY_MAIL, LIFE, None).await?;
        let letter = self.reset_letter(&user, to, &link.secret, language).await;
        let sent = patiently(|| async {
            if self.check_reset_link(&link.secret).await.is_err() {
                return Err(Unsent::Refused("the link has ended meanwhile".to_owned()));
            }
            let sent = mail::send(&self.config(), &letter).await;
            if let Err(Unsent::ForNow(why)) = &sent {
                warn!(user = user.login, "A link for a new password is not mailed yet: {why}.");
            }
            sent
        });
        match sent.await {
            Ok(()) => info!(user = user.login, ip, "Link for a new password mailed."),
            Err(why) => {
                warn!(user = user.login, "A link for a new password cannot be mailed: {why}.");
            }
        }
        Ok(())
    }

    /// Returns whom a letter can be sent to, and the address.
    async fn recipient(&self, who: &str) -> Result<Option<(User, String)>> {
        // The address first: somebody may have taken it as a login name.
        let mut found = None;
        if check_email("user", who).is_ok() {
            found = self.store().account(UserKey::Email(who)).await?;
        }
        if found.is_none() && check_login("user", who).is_ok() {
            found = self.store().account(UserKey::Folded(&fold(who))).await?;
        }
        let user = found.map(|account| account.user).filter(|user| !user.disabled && !user.bot);
        if let Some(user) = &user
            && self.has_password_elsewhere(user.id).await?
        {
            return Ok(None);
        }
        Ok(user.and_then(|user| user.email.clone().map(|to| (user, to))))
    }

    async fn reset_letter(
        &self,
        user: &User,
        to: String,
        secret: &str,
        language: Language,
    ) -> Letter {
        let config = self.config();
        let base = config.server.public_url.as_deref().unwrap_or_default().trim_end_matches('/');
        let server = self.name_in_letters().await;
        let (subject, text) =
            words::of(language, &server, &user.login, &format!("{base}/#reset={secret}"));
        Letter { to, subject, text }
    }
}
