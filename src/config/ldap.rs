//! The LDAP directory that checks passwords.

use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{Config, Masked};

/// What stands for the typed name in filters.
pub const LOGIN: &str = "{login}";
/// What stands for the DN of a user's entry in the filter of groups.
pub const DN: &str = "{dn}";

/// `[ldap]`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Ldap {
    /// Address of the directory, `ldaps://HOST` or `ldap://HOST`. Unset: no directory is asked.
    pub url: Option<String>,
    /// Encrypt connections to an `ldap://` address with StartTLS.
    pub starttls: bool,
    /// PEM file with certificates of authorities that are trusted in addition to those of the
    /// system.
    pub tls_ca: Option<PathBuf>,
    /// DN with which entries are looked for. Unset: anonymously.
    pub bind_dn: Option<String>,
    /// Password of that DN.
    pub bind_password: Option<Masked>,
    /// DN below which the entries of users are.
    pub base: Option<String>,
    /// Filter that finds the entry of a user. `{login}` stands for the name typed at log-in. Users
    /// whose entries it does not match cannot log in.
    pub user_filter: String,
    /// Attribute with the login name of new accounts.
    pub login_attribute: String,
    /// Attribute with the display name.
    pub name_attribute: String,
    /// Attribute with the e-mail address.
    pub email_attribute: String,
    /// Attribute with an id that an entry keeps when it is renamed or moved. Entries without it are
    /// recognised by their DN.
    pub id_attribute: String,
    /// Attribute of a user's entry with the DNs of its groups. Only used without `group_filter`.
    pub groups_attribute: String,
    /// Filter that finds the groups of a user. `{dn}` stands for the DN of the user's entry,
    /// `{login}` for the value of `login_attribute`. Unset: `groups_attribute` has them.
    pub group_filter: Option<String>,
    /// DN below which groups are. Default: `base`.
    pub group_base: Option<String>,
    /// DNs of the groups whose members are administrators of the server. Empty: the directory does
    /// not decide who is.
    pub administrators: Vec<String>,
    /// Rooms that members of groups join at log-in, each as `ROOM: DN OF A GROUP`, with the id or
    /// the unique name of the room.
    pub rooms: Vec<String>,
    /// Create accounts at the first log-in. `false`: only accounts that an administrator has linked
    /// can log in with the directory.
    pub create_accounts: bool,
    /// Minutes between checks that the entries of users are still there. The sessions of others
    /// end. 0: entries are only checked at log-in.
    pub recheck_minutes: u64,
    /// Seconds after which the directory counts as unavailable.
    pub timeout_seconds: u64,
    /// Maximum number of connections to the directory.
    pub max_connections: usize,
}

impl Default for Ldap {
    fn default() -> Self {
        Self {
            url: None,
            starttls: false,
            tls_ca: None,
            bind_dn: None,
            bind_password: None,
            base: None,
            user_filter: "(&(objectClass=person)(uid={login}))".to_owned(),
            login_attribute: "uid".to_owned(),
            name_attribute: "cn".to_owned(),
            email_attribute: "mail".to_owned(),
            id_attribute: "entryUUID".to_owned(),
            groups_attribute: "memberOf".to_owned(),
            group_filter: None,
            group_base: None,
            administrators: Vec::new(),
            rooms: Vec::new(),
            create_accounts: true,
            recheck_minutes: 60,
            timeout_seconds: 10,
            max_connections: 8,
        }
    }
}

impl Ldap {
    /// Returns whether a directory is configured.
    pub fn is_on(&self) -> bool {
        self.url.is_some()
    }

    /// Returns how long the directory may take.
    pub fn patience(&self) -> Duration {
        Duration::from_secs(self.timeout_seconds)
    }

    /// Returns each room with its group, as they are written.
    pub fn rooms_of_groups(&self) -> impl Iterator<Item = (&str, &str)> {
        self.rooms.iter().filter_map(|entry| room_and_group(entry))
    }

    /// Returns whether anything depends on the groups of a user.
    pub fn needs_groups(&self) -> bool {
        !self.administrators.is_empty() || !self.rooms.is_empty()
    }
}

/// Divides `ROOM: DN OF A GROUP`.
fn room_and_group(entry: &str) -> Option<(&str, &str)> {
    // A DN may contain a colon and a space, and the name of a room does not contain an equals sign
    // before them.
    let (room, group) = entry.split_once(": ")?;
    let (room, group) = (room.trim(), group.trim());
    (!room.is_empty() && group.contains('=')).then_some((room, group))
}

/// Returns what is wrong with the section, each as a sentence that begins with the key.
pub(super) fn problems(config: &Config) -> Vec<String> {
    let ldap = &config.ldap;
    let mut found = Vec::new();
    let mut bad = |key: &str, why: &str| found.push(format!("[ldap] {key} {why}"));
    if let Some(why) = ldap.url.as_deref().and_then(wrong_url) {
        bad("url", &why);
    }
    if ldap.url.is_some() && ldap.base.is_none() {
        bad("base", "is required with url, such as \"ou=people,dc=example,dc=org\"");
    }
    let is_ldaps = ldap.url.as_deref().is_some_and(|url| url.starts_with("ldaps:"));
    if ldap.starttls && is_ldaps {
        bad("starttls", "must be false with an address that begins with ldaps://, which has TLS");
    }
    if ldap.bind_dn.is_some() != ldap.bind_password.is_some() {
        bad("bind_dn", "and bind_password must be given together");
    }
    // A bind without a password succeeds as nobody.
    if ldap.bind_password.as_ref().is_some_and(|password| password.0.is_empty()) {
        bad("bind_password", "must not be empty; to search anonymously, remove it and bind_dn");
    }
    if let Some(why) = wrong_filter(&ldap.user_filter, &[LOGIN]) {
        bad("user_filter", &why);
    }
    if let Some(why) = ldap.group_filter.as_deref().and_then(|f| wrong_filter(f, &[DN, LOGIN])) {
        bad("group_filter", &why);
    }
    for (key, name) in [
        ("login_attribute", &ldap.login_attribute),
        ("name_attribute", &ldap.name_attribute),
        ("email_attribute", &ldap.email_attribute),
        ("id_attribute", &ldap.id_attribute),
        ("groups_attribute", &ldap.groups_attribute),
    ] {
        if !is_attribute(name) {
            bad(key, &format!("must be the name of an attribute: {name:?}"));
        }
    }
    for entry in ldap.rooms.iter().filter(|entry| room_and_group(entry).is_none()) {
        bad(
            "rooms",
            &format!("contains {entry:?}, which has not the form \"ROOM: DN OF A GROUP\""),
        );
    }
    for dn in ldap.administrators.iter().filter(|dn| !dn.contains('=')) {
        bad("administrators", &format!("contains {dn:?}, which is not the DN of a group"));
    }
    if ldap.timeout_seconds == 0 || ldap.timeout_seconds > 300 {
        bad("timeout_seconds", &format!("must be from 1 to 300: {}", ldap.timeout_seconds));
    }
    if ldap.max_connections == 0 || ldap.max_connections > 1000 {
        bad("max_connections", &format!("must be from 1 to 1000: {}", ldap.max_connections));
    }
    if ldap.recheck_minutes > 365 * 24 * 60 {
        bad("recheck_minutes", &format!("must be at most a year: {}", ldap.recheck_minutes));
    }
    found
}

fn is_attribute(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-;.".contains(&b))
}

fn wrong_url(text: &str) -> Option<String> {
    let example = "such as \"ldaps://ldap.example.org\"";
    // What stands before an @ is a secret.
    if text.contains('@') {
        return Some(format!("must not contain a name or a password; use bind_dn, {example}"));
    }
    let url = reqwest::Url::parse(text).ok();
    let fits = url.is_some_and(|url| {
        ["ldap", "ldaps"].contains(&url.scheme())
            && url.host_str().is_some_and(|host| !host.is_empty())
            && ["", "/"].contains(&url.path())
            && url.query().is_none()
            && url.fragment().is_none()
    });
    (!fits).then(|| format!("is {text:?}; it must be ldaps://HOST or ldap://HOST, {example}"))
}

/// Returns what is wrong with a filter that must contain one of these placeholders.
fn wrong_filter(filter: &str, placeholders: &[&str]) -> Option<String> {
    if !placeholders.iter().any(|placeholder| filter.contains(placeholder)) {
        return Some(format!("must contain {}: {filter:?}", placeholders.join(" or ")));
    }
    let filled =
        placeholders.iter().fold(filter.to_owned(), |text, place| text.replace(place, "x"));
    // It becomes part of other filters.
    let fits = filled.starts_with('(') && ldap3::parse_filter(&filled).is_ok();
    (!fits).then(|| format!("is not a filter of LDAP, such as \"(uid={{login}})\": {filter:?}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(ldap: Ldap) -> String {
        problems(&Config { ldap, ..Config::default() }).join("\n")
    }

    fn good() -> Ldap {
        Ldap {
            url: Some("ldaps://ldap.example.org:1636".to_owned()),
            base: Some("dc=example,dc=org".to_owned()),
            ..Ldap::default()
        }
    }

    #[test]
    fn an_address_is_a_scheme_and_a_host() {
        assert_eq!(said(good()), "");
        assert_eq!(said(Ldap::default()), "");
        for url in ["ldap://127.0.0.1", "ldaps://[::1]:636", "ldap://ldap.example.org/"] {
            assert_eq!(said(Ldap { url: Some(url.to_owned()), ..good() }), "", "{url}");
        }
        for url in ["ldap.example.org", "https://a", "ldap://", "ldap://a/dc=b", "ldap://a?x"] {
            let said = said(Ldap { url: Some(url.to_owned()), ..good() });
            assert!(said.starts_with("[ldap] url is"), "{url}: {said}");
        }
        let secret = said(Ldap { url: Some("ldap://u:hunter2@a".to_owned()), ..good() });
        assert!(secret.contains("bind_dn") && !secret.contains("hunter2"), "{secret}");
    }

    #[test]
    fn each_value_that_cannot_work_is_told() {
        let text = |text: &str| Some(text.to_owned());
        let cases: [(Ldap, &str); 12] = [
            (Ldap { base: None, ..good() }, "base is required"),
            (Ldap { starttls: true, ..good() }, "starttls must be false"),
            (Ldap { bind_dn: text("cn=a"), ..good() }, "bind_dn and bind_password"),
            (
                Ldap {
                    bind_dn: text("cn=a"),
                    bind_password: Some(Masked(String::new())),
                    ..good()
                },
                "bind_password must not be empty",
            ),
            (Ldap { user_filter: "(uid=ann)".to_owned(), ..good() }, "must contain {login}"),
            (Ldap { user_filter: "uid={login})".to_owned(), ..good() }, "is not a filter"),
            (Ldap { group_filter: text("(member={DN})"), ..good() }, "{dn} or {login}"),
            (Ldap { id_attribute: "a b".to_owned(), ..good() }, "id_attribute must be the name"),
            (Ldap { rooms: vec!["dev".to_owned()], ..good() }, "rooms contains \"dev\""),
            (Ldap { administrators: vec!["ops".to_owned()], ..good() }, "administrators contains"),
            (Ldap { timeout_seconds: 0, ..good() }, "timeout_seconds must be from 1"),
            (Ldap { max_connections: 0, ..good() }, "max_connections must be from 1"),
        ];
        for (ldap, wanted) in cases {
            let said = said(ldap);
            assert!(said.contains(wanted), "{wanted} is not in {said}");
            assert_eq!(said.lines().count(), 1, "{said}");
        }
    }

    #[test]
    fn a_room_stands_before_its_group() {
        let entry = "Team: A: cn=x: y,dc=example";
        assert_eq!(room_and_group("dev: cn=dev,dc=example"), Some(("dev", "cn=dev,dc=example")));
        assert_eq!(room_and_group(entry), Some(("Team", "A: cn=x: y,dc=example")));
        assert_eq!(room_and_group(": cn=x"), None);
    }
}
