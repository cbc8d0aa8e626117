//! Values that work together, but probably not as they were meant.

use super::Config;

/// Returns what works but is probably a mistake, each as a sentence without a full stop.
pub fn all(config: &Config) -> Vec<String> {
    let all = [without_certificate(config), reset_without_mail(config), guessed_redirect(config)];
    all.into_iter().flatten().collect()
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
