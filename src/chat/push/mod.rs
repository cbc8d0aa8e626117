//! Web Push: messages reach devices on which no page is open.
//!
//! Each log-in can have one subscription, which its browser got from a push service and which ends
//! with it. [`PushInbox`] takes note of what this server commits, never waiting for anything;
//! [`worker`] reads the notes, has [`recipients`] decide who is notified of what, and [`request`]
//! sends it, encrypted for the one browser ([`encryption`]). What waits is lost when the server
//! stops: a notification that is late is worth little, and the message itself is stored.

mod encryption;
mod inbox;
mod recipients;
mod request;
mod subscribers;
mod vapid;
mod worker;

pub use inbox::{PushInbox, PushNumbers};

use reqwest::Url;

use self::request::Requests;
use self::subscribers::Subscribers;
use self::vapid::Vapid;
use super::{Chat, Operator, access};
use crate::config::Config;
use crate::egress::Egress;
use crate::model::{
    Error, MAX_ENDPOINT, NewSubscription, PUSH_KEY_BYTES, PUSH_SECRET_BYTES, PushSubscription,
    Result, Session, SessionId, UserId,
};

/// What is needed to send notifications.
pub(super) struct Push {
    pub(super) inbox: PushInbox,
    vapid: Vapid,
    subscribers: Subscribers,
    requests: Requests,
}

impl Push {
    /// Reads the key of the settings.
    pub(super) fn new(inbox: PushInbox, key: &[u8]) -> Result<Self> {
        Ok(Self {
            inbox,
            vapid: Vapid::new(key)?,
            subscribers: Subscribers::default(),
            requests: Requests::default(),
        })
    }
}

/// What a browser needs to subscribe, and what it has subscribed to.
#[derive(Clone, Debug)]
pub struct PushState {
    /// Public key of the server, in base64url; None: the server sends no notifications.
    pub key: Option<String>,
    /// Whether the server sends the text of messages at all.
    pub text: bool,
    /// The subscription of the session.
    pub subscription: Option<PushSubscription>,
}

impl Chat {
    /// Returns what the browser of the caller needs to subscribe.
    pub async fn push_state(&self, session: &Session) -> Result<PushState> {
        let config = self.config();
        let all = self.sessions().subscriptions(session.user).await?;
        Ok(PushState {
            key: config.push_contact().map(|_| self.0.push.vapid.public_key()),
            text: config.push.show_text,
            subscription: all.into_iter().find(|found| found.session == session.id),
        })
    }

    /// Subscribes the log-in of the caller, instead of what it had.
    pub async fn subscribe_push(&self, session: &Session, new: NewSubscription) -> Result<()> {
        access::manage_account(session)?;
        let config = self.config();
        if config.push_contact().is_none() {
            let why = "cannot be used: this server sends no push notifications";
            return Err(Error::invalid("endpoint", why));
        }
        check_subscription(&config, &new)?;
        self.sessions().subscribe(session.user, session.id, Some(new)).await?;
        self.0.push.subscribers.forget();
        Ok(())
    }

    /// Ends the subscription of the caller's log-in. Does not fail if there is none.
    pub async fn unsubscribe_push(&self, session: &Session) -> Result<()> {
        access::manage_account(session)?;
        Ok(self.sessions().subscribe(session.user, session.id, None).await?)
    }

    /// Returns the log-ins of a user that have a subscription.
    pub async fn push_sessions_of(&self, _: &Operator, user: UserId) -> Result<Vec<SessionId>> {
        self.push_sessions(user).await
    }

    pub(super) async fn push_sessions(&self, user: UserId) -> Result<Vec<SessionId>> {
        let all = self.sessions().subscriptions(user).await?;
        Ok(all.into_iter().map(|found| found.session).collect())
    }

    /// Returns what became of notifications since this server was started.
    pub fn push_numbers(&self) -> PushNumbers {
        self.0.push.inbox.numbers()
    }
}

fn check_subscription(config: &Config, new: &NewSubscription) -> Result<()> {
    check_endpoint(config, &new.endpoint)?;
    let bad = |field, why: &str| Err(Error::invalid(field, why));
    if new.secret.len() != PUSH_SECRET_BYTES {
        return bad("keys.auth", "must be 16 bytes in base64url");
    }
    let is_point =
        new.key.len() == PUSH_KEY_BYTES && encryption::encrypt(&new.key, &new.secret, b"").is_ok();
    if !is_point {
        return bad("keys.p256dh", "must be a public key of P-256, 65 bytes in base64url");
    }
    Ok(())
}

/// Checks the address of a push service, which a user has given.
fn check_endpoint(config: &Config, text: &str) -> Result<Url> {
    let bad = |why: &str| Error::invalid("endpoint", why);
    let url = Url::parse(text).ok().filter(|_| text.len() <= MAX_ENDPOINT);
    let url = url.ok_or_else(|| bad("must be a URL of at most 2,000 bytes"))?;
    let host = url.host_str().unwrap_or_default();
    let egress = Egress::of(&config.egress);
    // Without TLS only to networks that the operator has named.
    let is_safe = url.scheme() == "https" || (url.scheme() == "http" && egress.names(host));
    if !is_safe {
        return Err(bad("must begin with https://"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(bad("must not contain a user name or a password"));
    }
    if let Some(refused) = egress.refuses_number(host) {
        return Err(bad(&format!("cannot be used: {refused}")));
    }
    if !is_service(&config.push.services, host) {
        return Err(bad("is not at one of the push services that this server permits"));
    }
    // So that users cannot have the server knock at any port of any host.
    let port = url.port_or_known_default().unwrap_or_default();
    if !config.push.ports.contains(&port) && !egress.names(host) {
        return Err(bad(&format!("is at port {port}, which this server does not permit")));
    }
    Ok(url)
}

/// Returns whether a host is one of the push services: all are if none is named.
fn is_service(services: &[String], host: &str) -> bool {
    let services: Vec<String> = services.iter().map(|name| name.to_ascii_lowercase()).collect();
    services.is_empty()
        || services.iter().any(|service| match service.strip_prefix("*.") {
            Some(domain) => host
                .strip_suffix(domain)
                .is_some_and(|before| before.len() > 1 && before.ends_with('.')),
            None => host == service,
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(config: &Config, endpoint: &str) -> String {
        match check_endpoint(config, endpoint) {
            Ok(_) => "taken".to_owned(),
            Err(Error::Invalid { why, .. }) => why,
            Err(other) => panic!("{other:?}"),
        }
    }

    #[test]
    fn addresses_of_push_services_are_public_and_encrypted() {
        let config = Config::default();
        assert_eq!(check(&config, "https://fcm.googleapis.com/fcm/send/a:b"), "taken");
        for (endpoint, why) in [
            ("nothing", "must be a URL"),
            ("http://fcm.googleapis.com/x", "must begin with https://"),
            ("http://127.0.0.1/x", "must begin with https://"),
            ("ftp://push.example/x", "must begin with https://"),
            ("https://a:b@push.example/x", "a user name or a password"),
            ("https://127.0.0.1/x", "private address"),
            ("https://[::1]/x", "private address"),
            ("https://169.254.169.254/latest", "private address"),
            ("https://push.example:22/x", "port 22"),
            ("https://push.example:8443/x", "port 8443"),
            ("https://1.1.1.1:80/x", "port 80"),
        ] {
            let found = check(&config, endpoint);
            assert!(found.contains(why), "{endpoint}: {found}");
        }
        let long = format!("https://push.example/{}", "x".repeat(MAX_ENDPOINT));
        assert!(check(&config, &long).contains("2,000"));
    }

    #[test]
    fn an_operator_permits_networks_and_names_services() {
        let mut config = Config::default();
        config.egress.allowed_networks = vec!["127.0.0.0/8".to_owned()];
        assert_eq!(check(&config, "http://127.0.0.1:9/x"), "taken");
        assert!(check(&config, "http://10.0.0.1/x").contains("https"));
        assert!(check(&config, "https://push.example:8443/x").contains("port 8443"));
        config.push.ports = vec![443, 8443];
        for endpoint in ["https://push.example:8443/x", "https://push.example/x"] {
            assert_eq!(check(&config, endpoint), "taken", "{endpoint}");
        }
        config.push.services = vec!["Push.Example".to_owned(), "*.push.apple.com".to_owned()];
        for (endpoint, taken) in [
            ("https://push.example/x", true),
            ("https://web.push.apple.com/x", true),
            ("https://push.apple.com/x", false),
            ("https://evilpush.apple.com/x", false),
            ("https://not.push.example/x", false),
            ("https://push.example.org/x", false),
        ] {
            assert_eq!(check(&config, endpoint) == "taken", taken, "{endpoint}");
        }
    }
}
