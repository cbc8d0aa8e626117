//! Connections that the server opens: the receiver of the log, push services, alerts and mail.

use crate::config::{Config, MailSecurity, Push, Ship, check};
use crate::model::rules::Network;

/// Maximum time that people have to read a message before their other devices are notified.
const MOST_PUSH_DELAY: u64 = 3600;
/// Headers of a request to the receiver of the log that depend on its content or connection.
const OF_THE_SERVER: [&str; 6] = [
    "connection",
    "content-encoding",
    "content-length",
    "content-type",
    "host",
    "transfer-encoding",
];

/// Returns what is wrong with the receiver of the log.
pub(super) fn wrong_shipping(ship: &Ship) -> Vec<String> {
    let mut found = Vec::new();
    let mut bad = |key: &str, why: &str| found.push(format!("[log.ship] {key} {why}"));
    if let Some(endpoint) = &ship.otlp_endpoint {
        if let Some(why) = check::wrong_web_address(endpoint) {
            bad("otlp_endpoint", why);
        } else if endpoint.contains('@') {
            // Not shown: it is a secret, and nothing would mask it.
            bad("otlp_endpoint", "must not contain a password; give it in headers");
        }
    }
    for (n, header) in ship.headers.iter().enumerate() {
        let place = format!("entry {} of {}", n + 1, ship.headers.len());
        match check::header(&header.0) {
            // Not shown: it may be a secret.
            None => bad("headers", &format!("{place} must have the form \"NAME: VALUE\"")),
            Some((name, _)) if OF_THE_SERVER.iter().any(|own| name.eq_ignore_ascii_case(own)) => {
                bad(
                    "headers",
                    &format!("{place} is {name}, which the server sets itself; remove it"),
                );
            }
            Some(_) => {}
        }
    }
    if ship.queue == 0 {
        bad("queue", "must be at least 1");
    }
    found
}

/// Returns what is wrong with push services.
pub(super) fn wrong_push(push: &Push) -> Vec<String> {
    let mut found = Vec::new();
    let mut bad = |key: &str, why: &str| found.push(format!("[push] {key} {why}"));
    let is_contact = |text: &&String| match text.strip_prefix("mailto:") {
        Some(mailbox) => check::is_mailbox(mailbox) && !mailbox.contains('<'),
        None => text.starts_with("https://") && check::wrong_web_address(text).is_none(),
    };
    if let Some(contact) = push.contact.as_ref().filter(|text| !is_contact(text)) {
        let why = format!(
            "must be such as \"mailto:ops@example.org\" or \"https://example.org/\": {contact:?}"
        );
        bad("contact", &why);
    }
    if push.delay_seconds > MOST_PUSH_DELAY {
        let why = format!("must be at most {MOST_PUSH_DELAY}: {}", push.delay_seconds);
        bad("delay_seconds", &why);
    }
    for service in push.services.iter().filter(|service| !is_service(service)) {
        let why = format!(
            "contains {service:?}; it must contain host names without scheme or port, such as \
             \"fcm.googleapis.com\", or all below a domain, such as \"*.push.apple.com\"; to \
             permit every public host, leave the list empty"
        );
        bad("services", &why);
    }
    if push.ports.is_empty() || push.ports.contains(&0) {
        bad("ports", "must contain ports from 1 to 65535, such as 443");
    }
    found
}

/// Returns whether it is a host, or stands for all hosts below a domain, not a top-level one.
fn is_service(service: &str) -> bool {
    match service.strip_prefix("*.") {
        Some(domain) => check::is_bare_host(domain) && domain.contains('.'),
        None => check::is_bare_host(service),
    }
}

/// Returns the problems of alerts, mail and the addresses that may be connected to.
pub(super) fn wrong_alerts(config: &Config) -> Vec<String> {
    let Config { log_alerts: alerts, mail, egress, .. } = config;
    let mut found = Vec::new();
    let mut bad =
        |section: &str, key: &str, why: &str| found.push(format!("[{section}] {key} {why}"));
    // Not shown: it is a secret.
    let webhook = alerts.slack_webhook.as_ref();
    if let Some(why) = webhook.and_then(|url| check::wrong_web_address(&url.0)) {
        let why = format!("{why}, such as \"https://hooks.slack.com/services/T000/B000/XXXX\"");
        bad("log.alerts", "slack_webhook", &why);
    }
    if alerts.at_most_per_hour == 0 {
        let why = "must be at least 1; to send no alerts, remove slack_webhook and mail_to";
        bad("log.alerts", "at_most_per_hour", why);
    }
    if !alerts.mail_to.is_empty() && (mail.host.is_none() || mail.from.is_none()) {
        bad("log.alerts", "mail_to", "requires host and from in [mail]");
    }
    for recipient in alerts.mail_to.iter().filter(|text| !check::is_mailbox(text)) {
        bad(
            "log.alerts",
            "mail_to",
            &format!("contains {recipient:?}, which is no e-mail address"),
        );
    }
    if let Some(host) = mail.host.as_deref().filter(|host| !check::is_bare_host(host)) {
        let why = format!("must be a name without port or scheme; use port: {host:?}");
        bad("mail", "host", &why);
    }
    if mail.port == Some(0) {
        bad("mail", "port", "must be from 1 to 65535");
    }
    if let Some(from) = mail.from.as_deref().filter(|text| !check::is_mailbox(text)) {
        bad("mail", "from", &format!("must be an e-mail address: {from:?}"));
    }
    if mail.user.is_some() != mail.password.is_some() {
        bad("mail", "user", "and password must be given together");
    }
    if mail.user.is_some() && mail.security == MailSecurity::None {
        bad("mail", "security", "must not be none with a password, which everybody could read");
    }
    for network in egress.allowed_networks.iter().filter(|text| Network::parse(text).is_none()) {
        let why = format!(
            "contains {network:?}, which is neither an address nor a network such as 10.0.0.0/8"
        );
        bad("egress", "allowed_networks", &why);
    }
    found
}
