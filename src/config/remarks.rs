//! Values that work together, but probably not as they were meant.

use super::check::{is_own_host, is_this_machine};
use super::{Config, MailSecurity};

/// Returns what works but is probably a mistake, each as a sentence without a full stop.
pub fn all(config: &Config) -> Vec<String> {
    let all = [
        without_certificate(config),
        reset_without_mail(config),
        guessed_redirect(config),
        unencrypted_directory(config),
        authority_without_tls(config),
        groups_without_filter(config),
        unencrypted_mail(config),
    ];
    let mut found: Vec<String> = all.into_iter().flatten().collect();
    found.extend(unencrypted_servers(config));
    found.extend(everybody(config));
    found
}

/// Returns whether the directory is asked without TLS.
fn is_plain_directory(config: &Config) -> bool {
    let url = config.ldap.url.as_deref();
    url.is_some_and(|url| url.starts_with("ldap:")) && !config.ldap.starttls
}

fn unencrypted_directory(config: &Config) -> Option<String> {
    let url = config.ldap.url.as_deref().filter(|_| is_plain_directory(config))?;
    (!is_this_machine(url)).then(|| {
        format!(
            "passwords are sent to {url} without encryption: use ldaps://, or set starttls in \
             [ldap]"
        )
    })
}

fn authority_without_tls(config: &Config) -> Option<String> {
    let unused = config.ldap.tls_ca.is_some() && is_plain_directory(config);
    unused.then(|| {
        "[ldap] tls_ca has no effect: url begins with ldap://, and starttls is false".to_owned()
    })
}

fn groups_without_filter(config: &Config) -> Option<String> {
    let unused = config.ldap.group_base.is_some() && config.ldap.group_filter.is_none();
    unused.then(|| "[ldap] group_base has no effect without group_filter".to_owned())
}

fn unencrypted_mail(config: &Config) -> Option<String> {
    let host = config.mail.host.as_deref()?;
    let plain = config.mail.security == MailSecurity::None && !is_own_host(host);
    plain.then(|| {
        format!(
            "[mail] security is \"none\": letters, and the links for new passwords in them, are \
             sent to {host} without encryption"
        )
    })
}

/// Servers that receive secrets or data of users by plain HTTP.
fn unencrypted_servers(config: &Config) -> Vec<String> {
    let webhook = config.log_alerts.slack_webhook.as_ref();
    let servers = [
        (
            "[log.alerts] slack_webhook",
            webhook.map(|url| &*url.0),
            "alerts, and the secret in it, are",
        ),
        ("[log.ship] otlp_endpoint", config.log_ship.otlp_endpoint.as_deref(), "the log is"),
        ("[backup.s3] endpoint", config.backup_s3.endpoint.as_deref(), "backups are"),
        ("[media.s3] endpoint", config.media_s3.endpoint.as_deref(), "uploaded files are"),
    ];
    let plain = servers.into_iter().filter(|(_, url, _)| {
        url.is_some_and(|url| url.starts_with("http:") && !is_this_machine(url))
    });
    // The addresses may be secrets.
    let said = |(key, _, what)| {
        format!("{key} begins with http://, so that {what} sent without encryption")
    };
    plain.map(said).collect()
}

/// Networks that contain every address.
fn everybody(config: &Config) -> Vec<String> {
    let lists = [
        (
            "[server] trusted_proxies",
            &config.server.trusted_proxies,
            "every client can pretend to have another address",
        ),
        (
            "[egress] allowed_networks",
            &config.egress.allowed_networks,
            "users can have the server connect to itself and to every machine of its network",
        ),
    ];
    let mut found = Vec::new();
    for (key, networks, so) in lists {
        let all = networks.iter().filter(|network| network.trim().ends_with("/0"));
        found.extend(all.map(|network| format!("{key} contains {network}, so that {so}")));
    }
    found
}

fn without_certificate(config: &Config) -> Option<String> {
    let server = &config.server;
    let public = server.public_url.as_deref().and_then(|url| reqwest::Url::parse(url).ok());
    let host = public.as_ref().and_then(reqwest::Url::host_str).unwrap_or_default();
    let names = server.acme_names();
    // Without certificates of files, browsers would get one for another name.
    let is_alone = server.tls_cert.is_none() && server.tls_directory.is_none();
    if names.is_empty() || host.is_empty() || !is_alone || names.iter().any(|name| name == host) {
        return None;
    }
    Some(format!(
        "[server] acme_domains does not contain {host}, the host of public_url, so that there will \
         be no certificate for it"
    ))
}

fn guessed_redirect(config: &Config) -> Option<String> {
    let guessed = config.oidc.is_on() && config.server.public_url.is_none();
    guessed.then(|| {
        "[oidc] is set without [server] public_url: the redirect URI that the provider must know \
         depends on the address that each browser uses"
            .to_owned()
    })
}

fn reset_without_mail(config: &Config) -> Option<String> {
    let missing = [
        ("[mail] host", config.mail.host.is_none()),
        ("[mail] from", config.mail.from.is_none()),
        ("[server] public_url", config.server.public_url.is_none()),
    ];
    let missing: Vec<_> =
        missing.iter().filter(|(_, is_missing)| *is_missing).map(|(key, _)| *key).collect();
    if !config.auth.reset_by_mail || missing.is_empty() {
        return None;
    }
    Some(format!("[auth] reset_by_mail has no effect without {}", missing.join(" and ")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Masked;

    #[test]
    fn what_is_sent_without_encryption_is_told_unless_it_stays_here() {
        assert_eq!(all(&Config::default()), [""; 0]);
        let some = |text: &str| Some(text.to_owned());
        for (host, told) in [("localhost", false), ("127.0.0.1", false), ("a.example", true)] {
            let mut config = Config::default();
            config.ldap.url = Some(format!("ldap://{host}"));
            config.mail.host = some(host);
            config.mail.security = MailSecurity::None;
            config.log_alerts.slack_webhook = Some(Masked(format!("http://{host}/secret")));
            config.log_ship.otlp_endpoint = Some(format!("http://{host}"));
            config.backup_s3.endpoint = Some(format!("http://{host}"));
            config.media_s3.endpoint = Some(format!("http://{host}:9000"));
            let found = all(&config);
            assert_eq!(found.len(), if told { 6 } else { 0 }, "{host}: {found:?}");
            assert!(!found.concat().contains("secret,") && !found.concat().contains("/secret"));
            config.ldap.starttls = true;
            assert!(!all(&config).concat().contains("passwords are sent"), "{host}");
        }
    }

    #[test]
    fn keys_without_effect_and_networks_of_everybody_are_told() {
        let mut config = Config::default();
        config.ldap.url = Some("ldap://127.0.0.1".to_owned());
        config.ldap.tls_ca = Some("ca.pem".into());
        config.ldap.group_base = Some("ou=groups".to_owned());
        config.server.trusted_proxies = vec!["10.0.0.0/8".to_owned(), "0.0.0.0/0".to_owned()];
        config.egress.allowed_networks = vec!["::/0".to_owned()];
        let found = all(&config);
        let wanted = ["tls_ca has no", "group_base has no", "contains 0.0.0.0/0", "contains ::/0"];
        assert_eq!(found.len(), wanted.len(), "{found:?}");
        for (found, wanted) in found.iter().zip(wanted) {
            assert!(found.contains(wanted), "{found}");
        }
    }
}
