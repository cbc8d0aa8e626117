//! The configuration in effect, and which of its keys take effect without a restart.

use std::sync::{Arc, Mutex, PoisonError};

use arc_swap::ArcSwap;
use serde_json::Value;

use super::Config;

/// The keys that a reload brings into force. Their readers ask [`Current`] each time, or follow it.
const LIVE: [(&str, &[&str]); 14] = [
    (
        "server",
        &[
            "name",
            "accent",
            "motd",
            "allowed_origins",
            "trusted_proxies",
            "heartbeat_seconds",
            "shutdown_grace_seconds",
            "hsts_seconds",
        ],
    ),
    (
        "auth",
        &[
            "registration",
            "local_login",
            "show_emails",
            "password_min_length",
            "session_days",
            "access_token_minutes",
            "token_recheck_seconds",
            "personal_tokens",
            "reset_by_mail",
            "confusable_names",
            "second_factor",
        ],
    ),
    ("oidc", &[]),
    ("rooms", &["custom_emoji"]),
    ("limits", &[]),
    ("log", &["level"]),
    ("log.alerts", &[]),
    ("log.ship", &[]),
    ("mail", &[]),
    ("ldap", &[]),
    ("link_previews", &[]),
    ("push", &[]),
    ("retention", &[]),
    ("egress", &[]),
];
/// Keys that are only live while TLS stays on or off, since listeners are bound for one of them.
const TLS: [&str; 8] = [
    "tls_cert",
    "tls_key",
    "tls_directory",
    "acme_domains",
    "acme_accept_terms",
    "acme_contact",
    "acme_directory",
    "acme_ca",
];

/// Returns whether a reload brings a key into force. A section without listed keys is live as a
/// whole.
fn is_live(section: &str, key: &str, tls_stays: bool) -> bool {
    (section == "server" && tls_stays && TLS.contains(&key))
        || LIVE
            .iter()
            .any(|(live, keys)| *live == section && (keys.is_empty() || keys.contains(&key)))
}

/// The effect of a changed configuration.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    /// The configuration to use from now on: the one in effect with the live keys of the new one.
    pub config: Config,
    /// Changed keys that are in force, as `section.key`.
    pub in_force: Vec<String>,
    /// Changed keys that need a restart, as `section.key`.
    pub need_restart: Vec<String>,
}

/// Returns the effect of replacing a configuration while it is in use.
pub fn change(old: &Config, new: &Config) -> Change {
    let mut change = Change { config: old.clone(), in_force: Vec::new(), need_restart: Vec::new() };
    // Both consist of sections of plain values, so that they can be converted and compared.
    let (Ok(mut before), Ok(after)) = (serde_json::to_value(old), serde_json::to_value(new)) else {
        return change;
    };
    let tls_stays = old.server.has_tls() == new.server.has_tls();
    for (section, keys) in after.as_object().into_iter().flatten() {
        for (key, value) in keys.as_object().into_iter().flatten() {
            let old: &mut Value = &mut before[section][key];
            if old == value {
                continue;
            }
            let name = format!("{section}.{key}");
            if is_live(section, key, tls_stays) {
                old.clone_from(value);
                change.in_force.push(name);
            } else {
                change.need_restart.push(name);
            }
        }
    }
    if let Ok(config) = serde_json::from_value(before) {
        change.config = config;
    }
    change
}

/// What is told about a new configuration.
type Follower = Box<dyn Fn(&Config) + Send + Sync>;

/// The configuration in effect. Clones share it.
#[derive(Clone)]
pub struct Current(Arc<Inner>);

struct Inner {
    config: ArcSwap<Config>,
    followers: Mutex<Vec<Follower>>,
}

impl Current {
    /// Starts with this configuration.
    pub fn new(config: Config) -> Self {
        Self(Arc::new(Inner { config: ArcSwap::from_pointee(config), followers: Mutex::default() }))
    }

    /// Returns the configuration as it is now.
    pub fn get(&self) -> Arc<Config> {
        self.0.config.load_full()
    }

    /// Calls `follower` with each later configuration, for values that are derived from it. It must
    /// be quick and must not keep this handle.
    pub fn follow(&self, follower: impl Fn(&Config) + Send + Sync + 'static) {
        let mut followers = self.0.followers.lock().unwrap_or_else(PoisonError::into_inner);
        followers.push(Box::new(follower));
    }

    /// Replaces the configuration.
    pub fn replace(&self, config: Config) {
        let config = Arc::new(config);
        let followers = self.0.followers.lock().unwrap_or_else(PoisonError::into_inner);
        self.0.config.store(Arc::clone(&config));
        for follower in followers.iter() {
            follower(&config);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{LogLevel, Registration, keys};

    #[test]
    fn live_keys_exist() {
        let known = keys::all();
        for (section, keys) in LIVE.into_iter().chain([("server", &TLS[..])]) {
            assert!(known.iter().any(|(known, ..)| known == section), "{section}");
            for key in keys {
                assert!(known.iter().any(|(s, k, _)| s == section && k == key), "{section}.{key}");
            }
        }
    }

    #[test]
    fn live_keys_are_taken_over_and_others_are_named() {
        let old = Config::default();
        let mut new = old.clone();
        new.auth.registration = Registration::Closed;
        new.limits.max_sockets_per_user = 3;
        new.log.level = LogLevel::Debug;
        new.server.listen = vec!["127.0.0.1:9".to_owned()];
        new.rooms.recent_messages = 7;
        let change = change(&old, &new);
        assert_eq!(
            change.in_force,
            ["auth.registration", "limits.max_sockets_per_user", "log.level"]
        );
        assert_eq!(change.need_restart, ["rooms.recent_messages", "server.listen"]);
        let wanted = Config { rooms: old.rooms, server: old.server, ..new };
        assert_eq!(change.config, wanted);
    }

    #[test]
    fn a_certificate_is_replaced_and_tls_is_not_turned_on() {
        let plain = Config::default();
        let mut one = plain.clone();
        one.server.tls_cert = Some("one.pem".into());
        let mut two = plain.clone();
        two.server.tls_cert = Some("two.pem".into());
        assert_eq!(change(&one, &two).in_force, ["server.tls_cert"]);
        assert_eq!(change(&plain, &one).need_restart, ["server.tls_cert"]);
        assert_eq!(change(&one, &plain).need_restart, ["server.tls_cert"]);
    }

    #[test]
    fn followers_hear_of_later_configurations() {
        let current = Current::new(Config::default());
        let heard = Arc::new(Mutex::new(Vec::new()));
        let into = Arc::clone(&heard);
        current.follow(move |config| into.lock().unwrap().push(config.rooms.recent_messages));
        let mut new = Config::default();
        new.rooms.recent_messages = 7;
        current.replace(new);
        assert_eq!(
            (heard.lock().unwrap().clone(), current.get().rooms.recent_messages),
            (vec![7], 7)
        );
    }
}
