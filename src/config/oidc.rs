//! `[oidc]`: log-in through a provider of OpenID Connect.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::{Config, Masked, check};

/// Maximum number of characters of a label.
const MAX_LABEL: usize = 64;

/// `[oidc]`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Oidc {
    /// Issuer of the provider, exactly as the provider writes it, with or without a slash at the
    /// end. Unset: nobody logs in through a provider.
    pub issuer: Option<String>,
    /// Id of this server as a client of the provider.
    pub client_id: Option<String>,
    /// Secret of this client. Unset: it is a public client, which has only PKCE.
    pub client_secret: Option<Masked>,
    /// Scopes that are asked for.
    pub scopes: Vec<String>,
    /// Label of the button on the sign-in page. Default: "Sign in with SSO", in the language of the
    /// reader.
    pub label: Option<String>,
    /// Claim with the login name of a new account.
    pub login_claim: String,
    /// Claim with the display name of a new account.
    pub name_claim: String,
    /// Claim with the e-mail address, which is taken over at each log-in.
    pub email_claim: String,
    /// Claim that decides at each log-in who is an administrator, such as `groups` or
    /// `realm_access.roles`. Unset: the provider does not decide it.
    pub admin_claim: Option<String>,
    /// Value that makes an administrator: the claim is this value, or a list that contains it.
    pub admin_value: Option<String>,
    /// Names of public rooms, or room keys, that new accounts join.
    pub rooms: Vec<String>,
    /// Create an account for people who have none.
    pub create_accounts: bool,
    /// At the first log-in, link an existing account that has the same e-mail address, if the
    /// provider has verified it (claim `email_verified`). Its password no longer counts then, and
    /// its sessions and API tokens end. Whoever can get an address verified by the provider gets the
    /// account with it.
    pub link_by_email: bool,
    /// PEM file with certificates of authorities that are trusted in addition to those of the
    /// system.
    pub tls_ca: Option<PathBuf>,
}

impl Default for Oidc {
    fn default() -> Self {
        Self {
            issuer: None,
            client_id: None,
            client_secret: None,
            scopes: ["openid", "profile", "email"].map(str::to_owned).to_vec(),
            label: None,
            login_claim: "preferred_username".to_owned(),
            name_claim: "name".to_owned(),
            email_claim: "email".to_owned(),
            admin_claim: None,
            admin_value: None,
            rooms: Vec::new(),
            create_accounts: true,
            link_by_email: false,
            tls_ca: None,
        }
    }
}

impl Oidc {
    /// Returns whether people can log in through a provider.
    pub fn is_on(&self) -> bool {
        self.issuer.is_some() && self.client_id.is_some()
    }
}

/// Returns what cannot work, each as key and the rest of a sentence.
pub(super) fn problems(config: &Config) -> Vec<(&'static str, String)> {
    let Oidc { issuer, client_id, scopes, label, admin_claim, admin_value, .. } = &config.oidc;
    let mut found = Vec::new();
    let mut bad = |key, why: &str| found.push((key, why.to_owned()));
    if let Some(url) = issuer {
        if let Some(why) = check::wrong_web_address(url) {
            bad("issuer", why);
        } else if url.contains(['?', '#', '@']) {
            bad("issuer", "must have no query, fragment or password");
        } else if url.starts_with("http:") && !check::is_this_machine(url) {
            bad(
                "issuer",
                "must begin with https://: without encryption, everybody between could log in as \
                 anybody; http:// is only possible for a provider on this machine",
            );
        }
    }
    if issuer.is_some() != client_id.is_some() {
        bad("issuer", "and client_id must be given together");
    }
    if scopes.iter().any(|scope| scope.is_empty() || scope.contains(char::is_whitespace)) {
        bad("scopes", "must be a list of names without spaces");
    } else if !scopes.iter().any(|scope| scope == "openid") {
        bad("scopes", "must contain \"openid\": without it, providers do not say who logs in");
    }
    if label.as_ref().is_some_and(|label| {
        label.trim().is_empty()
            || label.chars().count() > MAX_LABEL
            || label.chars().any(char::is_control)
    }) {
        bad("label", &format!("must be 1 to {MAX_LABEL} characters in one line"));
    }
    if admin_claim.is_some() != admin_value.is_some() {
        bad("admin_claim", "and admin_value must be given together");
    }
    found
}

/// Returns what cannot work of log-in as a whole, as the rest of a sentence about `local_login`.
pub(super) fn wrong_local_login(config: &Config) -> Option<&'static str> {
    let nobody = !config.auth.local_login && !config.oidc.is_on() && !config.ldap.is_on();
    nobody.then_some("must not be false without another way to log in: configure [oidc] or [ldap]")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(oidc: Oidc) -> Vec<&'static str> {
        let found = problems(&Config { oidc, ..Config::default() });
        found.into_iter().map(|(key, _)| key).collect()
    }

    #[test]
    fn a_provider_needs_issuer_and_client() {
        let some = |text: &str| Some(text.to_owned());
        let base = || Oidc {
            issuer: some("https://id.example.org/realms/a"),
            client_id: some("chat"),
            ..Oidc::default()
        };
        assert!(found(Oidc::default()).is_empty() && !Oidc::default().is_on());
        assert!(found(base()).is_empty() && base().is_on());
        for own in ["http://127.0.0.1:8080/realms/a", "http://localhost", "http://[::1]:8080"] {
            assert!(found(Oidc { issuer: some(own), ..base() }).is_empty(), "{own}");
        }
        for (wrong, key) in [
            (Oidc { client_id: None, ..base() }, "issuer"),
            (Oidc { issuer: None, ..base() }, "issuer"),
            (Oidc { issuer: some("id.example.org"), ..base() }, "issuer"),
            (Oidc { issuer: some("https://id.example.org/#a"), ..base() }, "issuer"),
            (Oidc { issuer: some("http://id.example.org"), ..base() }, "issuer"),
            (Oidc { issuer: some("http://10.0.0.1:8080/realms/a"), ..base() }, "issuer"),
            (Oidc { scopes: vec!["profile".to_owned()], ..base() }, "scopes"),
            (Oidc { scopes: Vec::new(), ..base() }, "scopes"),
            (Oidc { scopes: vec!["openid profile".to_owned()], ..base() }, "scopes"),
            (Oidc { label: some(" "), ..base() }, "label"),
            (Oidc { label: some(&"a".repeat(65)), ..base() }, "label"),
            (Oidc { admin_claim: some("groups"), ..base() }, "admin_claim"),
        ] {
            assert_eq!(found(wrong), [key]);
        }
    }

    #[test]
    fn there_is_always_a_way_to_log_in() {
        let mut config = Config::default();
        assert_eq!(wrong_local_login(&config), None);
        config.auth.local_login = false;
        assert!(wrong_local_login(&config).is_some());
        config.oidc.issuer = Some("https://id.example.org".to_owned());
        config.oidc.client_id = Some("chat".to_owned());
        assert_eq!(wrong_local_login(&config), None);
    }
}
