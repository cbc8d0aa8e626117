//! What to do about failures that are mistakes in the configuration.

use ldap3::LdapError;

use crate::config::Ldap;
use crate::egress::chain;

/// What TLS says of the certificate of another authority, and of one for another name.
const UNKNOWN: &str = "UnknownIssuer";
const OTHER_NAME: &str = "not valid for name";
/// Of a server that ends the connection, or does not speak TLS.
const NO_TLS: [&str; 4] = ["corrupt message", "handshake eof", "unexpected EOF", "reset by peer"];

/// Returns why no connection was opened, with a way out if there is a likely one.
pub(super) fn of_connection(error: &LdapError, ldap: &Ldap) -> String {
    let why = chain(error);
    if let LdapError::LdapResult { .. } = error {
        return format!(
            "it refuses StartTLS: {why}; switch TLS on in the directory, or use an ldaps:// address \
             with starttls = false"
        );
    }
    if why.contains(UNKNOWN) {
        return format!(
            "{why}: its certificate is of an authority that this server does not trust; set \
             [ldap] tls_ca to the certificate of that authority"
        );
    }
    if why.contains(OTHER_NAME) {
        return format!(
            "{why}: its certificate is for another name; use a host in [ldap] url that the \
             certificate names"
        );
    }
    let is_ldaps = ldap.url.as_deref().is_some_and(|url| url.starts_with("ldaps:"));
    if is_ldaps && NO_TLS.iter().any(|text| why.contains(text)) {
        return format!(
            "{why}: TLS does not begin at this port; ldaps:// mostly has port 636, and at the port \
             of ldap:// only StartTLS is possible (starttls = true)"
        );
    }
    why
}
