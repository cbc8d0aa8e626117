//! A letter to people whose account is used on a device for the first time.
//!
//! A device is known if the account has logged in with its program before, and from its network.
//! What is known are the sessions that are still stored: the open ones, and for some weeks those
//! that have ended.

use std::sync::Arc;
use std::time::Duration;

use tracing::{field, info, warn};

use super::Chat;
use super::letters::{DeviceLetter, Language, patiently};
use crate::mail;
use crate::model::rules::{near, program_of};
use crate::model::{Client, Result, Session, User};
use crate::store::Device;

/// Window of the limit.
const HOUR: Duration = Duration::from_hours(1);
/// Letters an hour to one account.
const PER_ACCOUNT: u32 = 3;

impl Chat {
    /// Mails the user of a session that has just been opened by a log-in, if it is of a device that
    /// is not known. Returns at once.
    pub(super) fn tell_of_device(&self, user: &User, session: &Session, client: &Client) {
        let config = self.config();
        if !config.mail.is_on() || !config.mail.new_device || user.bot || user.email.is_none() {
            return;
        }
        let Ok(permit) = Arc::clone(&self.0.letters).try_acquire_owned() else {
            warn!(user = user.login, "A letter about a new device is omitted: too many wait.");
            return;
        };
        let (chat, user, session) = (self.clone(), user.clone(), session.clone());
        let client = client.clone();
        tokio::spawn(async move {
            if let Err(error) = chat.examine_device(&user, &session, &client).await {
                warn!(user = user.login, "A letter about a new device is omitted: {error}.");
            }
            drop(permit);
        });
    }

    async fn examine_device(&self, user: &User, session: &Session, client: &Client) -> Result<()> {
        let mut known = self.sessions().devices(user.id).await?;
        // Later ones may have been opened meanwhile.
        known.retain(|device| device.session < session.id);
        if !is_new(&known, session) {
            return Ok(());
        }
        let Some(to) = user.email.clone() else { return Ok(()) };
        let key = format!("device-mail-to:{}", user.id.0);
        let limited = self.config().limits.enabled;
        if limited && self.attempt(&key, PER_ACCOUNT, HOUR).await.is_err() {
            info!(user = user.login, "Too many log-ins on new devices: no mail.");
            return Ok(());
        }
        let letter = DeviceLetter {
            login: user.login.clone(),
            at: session.created,
            program: program_of(&session.device),
            address: session.address,
            base: self.public_page(),
            resets: self.mails_reset_links(),
        };
        let language = self.language_of(user, client).await;
        let letter = letter.written(language, &self.name_in_letters().await, to);
        let ip = session.address.map(field::display);
        match patiently(|| async { mail::send(&self.config(), &letter).await }).await {
            Ok(()) => info!(user = user.login, ip, "Letter about a new device mailed."),
            Err(why) => {
                warn!(user = user.login, "A letter about a new device cannot be mailed: {why}.");
            }
        }
        Ok(())
    }

    /// Returns the language of letters to a user: the one they have chosen, or else the one that
    /// their client asks for.
    async fn language_of(&self, user: &User, client: &Client) -> Language {
        let chosen = self.store().preferences(user.id).await.ok();
        let chosen = chosen.and_then(|preferences| preferences.language);
        chosen
            .and_then(|tag| Language::known(&tag))
            .or_else(|| Language::accepted(&client.languages))
            .unwrap_or_default()
    }

    /// Returns the public address of the web UI.
    fn public_page(&self) -> Option<String> {
        let config = self.config();
        config.server.public_url.as_deref().map(|url| url.trim_end_matches('/').to_owned())
    }
}

/// Returns whether a session is of a device with which its user has not logged in before. Without
/// an earlier session, it is the first log-in of the account, or the first for long.
fn is_new(known: &[Device], session: &Session) -> bool {
    if known.is_empty() {
        return false;
    }
    let program = program_of(&session.device);
    let has_program = known.iter().any(|device| program_of(&device.name) == program);
    let has_network = known.iter().any(|device| match (device.address, session.address) {
        (Some(known), Some(address)) => near(known, address),
        (known, address) => known == address,
    });
    !has_program || !has_network
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Hash32, SessionId, Timestamp, UserId};

    #[test]
    fn a_device_is_known_by_its_program_and_its_network() {
        let session = |device: &str, address: &str| Session {
            id: SessionId(9),
            user: UserId(1),
            login: "ann".to_owned(),
            name: "ann".to_owned(),
            admin: false,
            guest: false,
            token: Hash32([0; 32]),
            device: device.to_owned(),
            address: address.parse().ok(),
            peer: None,
            created: Timestamp(0),
            seen: Timestamp(0),
            expires: Timestamp(0),
            grant: None,
            unproven: false,
        };
        let device = |name: &str, address: &str| Device {
            session: SessionId(1),
            name: name.to_owned(),
            address: address.parse().ok(),
        };
        let known = [device("curl/8.0", "203.0.113.5"), device("Python/3", "198.51.100.7")];
        for (name, address, new) in [
            ("curl/8.9", "203.0.113.5", false),
            ("curl/8.9", "203.0.1.1", false),
            ("curl/8.9", "198.51.100.1", false),
            ("curl/8.9", "192.0.2.1", true),
            ("wget/1", "203.0.113.5", true),
            ("", "203.0.113.5", true),
            ("curl/8.0", "", true),
        ] {
            assert_eq!(is_new(&known, &session(name, address)), new, "{name} {address}");
        }
        assert!(!is_new(&[], &session("wget/1", "192.0.2.1")), "the first log-in of an account");
        let local = [device("curl/8.0", "")];
        assert!(!is_new(&local, &session("curl/8.0", "")), "through a Unix socket");
    }
}
