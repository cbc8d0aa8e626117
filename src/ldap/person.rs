//! What an entry says of a person.

use ldap3::SearchEntry;

use super::dn::normalised;
use crate::config::Ldap;

/// Begin of an id whose attribute is not text: its bytes follow in hexadecimal.
pub(super) const BYTES: &str = "hex:";
/// Attributes that Active Directory writes as 16 bytes, and everybody shows as a GUID.
const GUIDS: [&str; 2] = ["objectGUID", "mS-DS-ConsistencyGuid"];

/// An entry of the directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// DN of the entry, as the directory writes it.
    pub dn: String,
    /// The id that the entry keeps, or its normalised DN.
    pub id: String,
    /// Login name.
    pub login: Option<String>,
    /// Display name.
    pub name: Option<String>,
    /// E-mail address.
    pub email: Option<String>,
    /// Normalised DNs of its groups; empty if no group is configured.
    pub groups: Vec<String>,
}

impl Person {
    /// Reads an entry; groups that are found by a search are not among its groups yet.
    pub(super) fn of(entry: &SearchEntry, ldap: &Ldap) -> Self {
        let id = bytes(entry, &ldap.id_attribute).map(|id| shown(&ldap.id_attribute, &id));
        let groups = if ldap.group_filter.is_none() && ldap.needs_groups() {
            texts(entry, &ldap.groups_attribute).iter().map(|dn| normalised(dn)).collect()
        } else {
            Vec::new()
        };
        Self {
            dn: entry.dn.clone(),
            id: id.unwrap_or_else(|| normalised(&entry.dn)),
            login: text(entry, &ldap.login_attribute),
            name: text(entry, &ldap.name_attribute),
            email: text(entry, &ldap.email_attribute),
            groups,
        }
    }

    /// Returns whether the person is a member of a group.
    pub fn is_in(&self, group: &str) -> bool {
        self.groups.contains(&normalised(group))
    }
}

/// The attributes that are asked for.
pub(super) fn attributes(ldap: &Ldap) -> Vec<&str> {
    let mut all: Vec<&str> = vec![
        &ldap.login_attribute,
        &ldap.name_attribute,
        &ldap.email_attribute,
        &ldap.id_attribute,
    ];
    if ldap.group_filter.is_none() && ldap.needs_groups() {
        all.push(&ldap.groups_attribute);
    }
    all
}

/// Returns the id of these bytes as it is stored and shown.
fn shown(attribute: &str, id: &[u8]) -> String {
    if is_guid(attribute)
        && let Ok(guid) = <[u8; 16]>::try_from(id)
    {
        return guid_text(guid);
    }
    match std::str::from_utf8(id) {
        Ok(text) if !text.chars().any(char::is_control) && !text.starts_with(BYTES) => {
            text.to_owned()
        }
        _ => format!("{BYTES}{}", hex::encode(id)),
    }
}

/// Returns the bytes of an id that is not stored as it is.
pub(super) fn bytes_of(attribute: &str, id: &str) -> Option<Vec<u8>> {
    if let Some(digits) = id.strip_prefix(BYTES) {
        return hex::decode(digits).ok();
    }
    if !is_guid(attribute) {
        return None;
    }
    let bytes = hex::decode(id.replace('-', "")).ok()?;
    let mut guid = <[u8; 16]>::try_from(bytes).ok()?;
    for number in [0..4, 4..6, 6..8] {
        guid[number].reverse();
    }
    Some(guid.to_vec())
}

/// Writes a GUID: its first three numbers begin with their lowest byte.
fn guid_text(mut guid: [u8; 16]) -> String {
    for number in [0..4, 4..6, 6..8] {
        guid[number].reverse();
    }
    [0..4, 4..6, 6..8, 8..10, 10..16].map(|part| hex::encode(&guid[part])).join("-")
}

fn is_guid(attribute: &str) -> bool {
    GUIDS.iter().any(|guid| guid.eq_ignore_ascii_case(attribute))
}

/// Returns the first value of an attribute that is text and not blank.
fn text(entry: &SearchEntry, attribute: &str) -> Option<String> {
    let all = texts(entry, attribute);
    all.into_iter().map(|value| value.trim().to_owned()).find(|value| !value.is_empty())
}

fn texts(entry: &SearchEntry, attribute: &str) -> Vec<String> {
    let found = entry.attrs.iter().find(|(name, _)| name.eq_ignore_ascii_case(attribute));
    found.map(|(_, values)| values.clone()).unwrap_or_default()
}

fn bytes(entry: &SearchEntry, attribute: &str) -> Option<Vec<u8>> {
    let binary = entry.bin_attrs.iter().find(|(name, _)| name.eq_ignore_ascii_case(attribute));
    let found = match binary {
        Some((_, values)) => values.first().cloned(),
        None => texts(entry, attribute).into_iter().next().map(String::into_bytes),
    };
    found.filter(|id| !id.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(attributes: &[(&str, &[&[u8]])]) -> SearchEntry {
        let mut entry = SearchEntry {
            dn: "UID=Ann, dc=x".to_owned(),
            attrs: std::collections::HashMap::new(),
            bin_attrs: std::collections::HashMap::new(),
        };
        for (name, values) in attributes {
            let texts = values.iter().map(|value| String::from_utf8(value.to_vec()));
            if let Ok(texts) = texts.collect::<Result<Vec<_>, _>>() {
                entry.attrs.insert((*name).to_owned(), texts);
            } else {
                let values = values.iter().map(|value| value.to_vec()).collect();
                entry.bin_attrs.insert((*name).to_owned(), values);
            }
        }
        entry
    }

    #[test]
    fn names_of_attributes_have_no_case() {
        let ldap = Ldap { administrators: vec!["cn=ops".to_owned()], ..Ldap::default() };
        let entry = entry(&[
            ("UID", &[b"ann"]),
            ("CN", &[b" ", b" Ann "]),
            ("entryuuid", &[b"0a-1b"]),
            ("memberof", &[b"CN=Ops, DC=x"]),
        ]);
        let person = Person::of(&entry, &ldap);
        assert_eq!(person.login.as_deref(), Some("ann"));
        assert_eq!((person.name.as_deref(), person.email.as_deref()), (Some("Ann"), None));
        assert_eq!(person.id, "0a-1b");
        assert!(person.is_in("cn=ops,dc=X") && !person.is_in("cn=ops"));
    }

    #[test]
    fn an_id_of_bytes_has_one_text_and_leads_back() {
        let of = |attribute: &str, id: &[u8]| {
            let ldap = Ldap { id_attribute: attribute.to_owned(), ..Ldap::default() };
            Person::of(&entry(&[(attribute, &[id])]), &ldap).id
        };
        let guid: Vec<u8> = (0..16).map(|n| n * 0x11).collect();
        let text = of("ObjectGuid", &guid);
        assert_eq!(text, "33221100-5544-7766-8899-aabbccddeeff");
        assert_eq!(bytes_of("objectGUID", &text), Some(guid));
        // A GUID whose bytes happen to be text.
        assert_eq!(of("objectGUID", b"abcdefghijklmnop"), "64636261-6665-6867-696a-6b6c6d6e6f70");
        assert_eq!(of("objectSid", &[1, 0xff]), "hex:01ff");
        assert_eq!(bytes_of("objectSid", "hex:01ff"), Some(vec![1, 0xff]));
        assert_eq!(of("employeeNumber", b"42"), "42");
        assert_eq!(bytes_of("employeeNumber", "42"), None);
        assert_eq!(of("entryUUID", b""), "uid=ann,dc=x", "without an id, the DN");
    }
}
