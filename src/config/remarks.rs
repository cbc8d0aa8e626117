//! Values that work together, but probably not as they were meant.

use super::Config;

/// Returns what works but is probably a mistake, each as a sentence without a full stop.
pub fn all(config: &Config) -> Vec<String> {
    let server = &config.server;
    let public = server.public_url.as_deref().and_then(|url| reqwest::Url::parse(url).ok());
    let host = public.as_ref().and_then(reqwest::Url::host_str).unwrap_or_default();
    let names = server.acme_names();
    // Without certificates of files, browsers would get one for another name.
    let is_alone = server.tls_cert.is_none() && server.tls_directory.is_none();
    if names.is_empty() || host.is_empty() || !is_alone || names.iter().any(|name| name == host) {
        return Vec::new();
    }
    vec![format!(
        "[server] acme_domains does not contain {host}, the host of public_url, so that there will \
         be no certificate for it"
    )]
}
