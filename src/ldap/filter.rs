//! Filters of searches: what users typed is escaped (RFC 4515), so that it is only a value.

use ldap3::ldap_escape;

use super::person::{self, BYTES};
use crate::config::ldap::{DN, LOGIN};

/// Returns the filter that finds the entry of a typed name.
pub(super) fn of_login(user_filter: &str, typed: &str) -> String {
    user_filter.replace(LOGIN, &ldap_escape(typed))
}

/// Returns the filter that an entry must match, whatever its login name is.
pub(super) fn of_anybody(user_filter: &str) -> String {
    user_filter.replace(LOGIN, "*")
}

/// Returns the filter that finds an entry by its id.
pub(super) fn of_id(user_filter: &str, attribute: &str, id: &str) -> String {
    let value = match person::bytes_of(attribute, id) {
        Some(bytes) => {
            bytes.iter().fold(String::new(), |escaped, byte| escaped + "\\" + &hex::encode([*byte]))
        }
        None => ldap_escape(id).into_owned(),
    };
    format!("(&({attribute}={value}){})", of_anybody(user_filter))
}

/// Returns the filter that finds the groups of an entry.
pub(super) fn of_groups(group_filter: &str, dn: &str, login: Option<&str>) -> String {
    // In one pass: a name may contain a placeholder.
    let (mut filled, mut rest) = (String::new(), group_filter);
    while let Some(at) = rest.find('{') {
        filled.push_str(&rest[..at]);
        rest = &rest[at..];
        let (value, length) = match rest {
            _ if rest.starts_with(DN) => (ldap_escape(dn), DN.len()),
            _ if rest.starts_with(LOGIN) => (ldap_escape(login.unwrap_or_default()), LOGIN.len()),
            _ => ("{".into(), 1),
        };
        filled.push_str(&value);
        rest = &rest[length..];
    }
    filled + rest
}

/// Returns whether an id is a DN, as entries without the configured attribute have.
pub(super) fn is_dn(id: &str) -> bool {
    !id.starts_with(BYTES) && id.contains('=')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_typed_is_only_a_value() {
        let filter = "(&(objectClass=person)(|(uid={login})(mail={login})))";
        assert_eq!(
            of_login(filter, "*)(uid=*"),
            "(&(objectClass=person)(|(uid=\\2a\\29\\28uid=\\2a)(mail=\\2a\\29\\28uid=\\2a)))"
        );
        assert_eq!(of_login("(uid={login})", "a\\b\0"), "(uid=a\\5cb\\00)");
        for typed in ["*", ")(", "\\", "\0", "{login}", "Ånn", "a)(|(uid=*))", "\\2a"] {
            let filled = of_login("(uid={login})", typed);
            assert!(ldap3::parse_filter(&filled).is_ok(), "{filled}");
            assert_eq!(filled.matches(['(', ')', '*']).count(), 2, "{filled}");
        }
    }

    #[test]
    fn an_id_is_text_or_bytes() {
        assert_eq!(of_id("(uid={login})", "entryUUID", "0a-*"), "(&(entryUUID=0a-\\2a)(uid=*))");
        assert_eq!(
            of_id("(cn={login})", "objectGUID", "33221100-5544-7766-8899-aabbccddeeff"),
            "(&(objectGUID=\\00\\11\\22\\33\\44\\55\\66\\77\\88\\99\\aa\\bb\\cc\\dd\\ee\\ff)(cn=*))"
        );
        assert_eq!(of_id("(cn={login})", "objectSid", "hex:01ff"), "(&(objectSid=\\01\\ff)(cn=*))");
    }

    #[test]
    fn groups_are_found_by_the_entry_or_its_login() {
        let filter = "(|(member={dn})(memberUid={login}){)";
        assert_eq!(
            of_groups(filter, "cn={login}(1),dc=x", Some("a*")),
            "(|(member=cn={login}\\281\\29,dc=x)(memberUid=a\\2a){)"
        );
    }
}
