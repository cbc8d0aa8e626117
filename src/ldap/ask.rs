//! Requests: binding, and searching for entries.

use ldap3::{LdapResult, Scope, SearchEntry, SearchOptions};

use super::connection::Connection;
use super::dn::normalised;
use super::filter;
use super::person::{Person, attributes};
use super::{Found, Unavailable, Who};
use crate::config::{Ldap, Masked};
use crate::egress::chain;

/// Entries that a search for one person returns at most: one more than is right.
const ENTRIES: i32 = 2;
/// Asks for no attribute (RFC 4511, 4.5.1.8).
const NO_ATTRIBUTES: &str = "1.1";

// Result codes (RFC 4511, appendix A).
const SUCCESS: u32 = 0;
const SIZE_LIMIT_EXCEEDED: u32 = 4;
const REFERRAL: u32 = 10;
const CONFIDENTIALITY_REQUIRED: u32 = 13;
const NO_SUCH_OBJECT: u32 = 32;
const INVALID_CREDENTIALS: u32 = 49;
/// Codes with which directories refuse a password, an account or its state: `constraintViolation`
/// (of a locked account), `noSuchObject`, `inappropriateAuthentication` (an entry without a
/// password), `invalidCredentials`, `insufficientAccessRights`, `unwillingToPerform`.
const REFUSED: [u32; 6] = [19, NO_SUCH_OBJECT, 48, INVALID_CREDENTIALS, 50, 53];

/// The answer to a bind with the password of a user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Bound {
    Yes,
    /// With what the directory says, for the log.
    No(String),
}

impl Connection {
    /// Binds as the configured DN; without one, the connection is anonymous. Also after another
    /// bind.
    pub(super) async fn bind_as_service(&mut self, ldap: &Ldap) -> Result<(), Unavailable> {
        let (dn, password) = match (&ldap.bind_dn, &ldap.bind_password) {
            (Some(dn), Some(Masked(password))) if !password.is_empty() => (&**dn, &**password),
            _ => ("", ""),
        };
        let bound = self.handle.simple_bind(dn, password).await.map_err(|error| failed(&error))?;
        if bound.rc == SUCCESS {
            return Ok(());
        }
        let said = said(&bound);
        Err(Unavailable::new(match (dn.is_empty(), bound.rc) {
            (true, _) => {
                format!("it refuses anonymous log-in: {said}; set bind_dn and bind_password")
            }
            (false, INVALID_CREDENTIALS) => {
                format!("it refuses {dn:?}: {said}: bind_dn or bind_password in [ldap] is wrong")
            }
            (false, CONFIDENTIALITY_REQUIRED) => format!(
                "it refuses {dn:?}: {said}: it wants an encrypted connection; use an ldaps:// \
                 address, or set starttls in [ldap]"
            ),
            (false, _) => format!("it refuses {dn:?}: {said}"),
        }))
    }

    /// Binds as a user. An empty password would be accepted for everybody, as nobody (RFC 4513,
    /// 5.1.2); it never gets here.
    pub(super) async fn bind_as(&mut self, dn: &str, password: &str) -> Result<Bound, Unavailable> {
        if password.is_empty() || dn.is_empty() {
            return Ok(Bound::No("an empty password".to_owned()));
        }
        let bound = self.handle.simple_bind(dn, password).await.map_err(|error| failed(&error))?;
        match bound.rc {
            SUCCESS => Ok(Bound::Yes),
            code if REFUSED.contains(&code) => Ok(Bound::No(said(&bound))),
            _ => Err(Unavailable::new(said(&bound))),
        }
    }

    /// Looks for the entry of a person.
    pub(super) async fn find(&mut self, ldap: &Ldap, who: &Who) -> Result<Found, Unavailable> {
        let base = ldap.base.as_deref().unwrap_or_default();
        let (base, scope, filter) = match who {
            Who::Login(typed) => (base, Scope::Subtree, filter::of_login(&ldap.user_filter, typed)),
            Who::Id(id) if filter::is_dn(id) => {
                (&**id, Scope::Base, filter::of_anybody(&ldap.user_filter))
            }
            Who::Id(id) => {
                let filter = filter::of_id(&ldap.user_filter, &ldap.id_attribute, id);
                (base, Scope::Subtree, filter)
            }
        };
        let wanted = attributes(ldap);
        let options = SearchOptions::new().sizelimit(ENTRIES);
        let (entries, result) = self.search(base, scope, &filter, wanted, options).await?;
        match result.rc {
            SUCCESS | SIZE_LIMIT_EXCEEDED => (),
            NO_SUCH_OBJECT if scope == Scope::Base => return Ok(Found::Nobody),
            NO_SUCH_OBJECT => {
                let why = format!("it has no entry {base:?}, or does not show it; check base");
                return Err(Unavailable::new(why));
            }
            _ => return Err(Unavailable::new(said(&result))),
        }
        let mut people = entries.iter().map(|entry| Person::of(entry, ldap));
        match (people.next(), people.next()) {
            (None, _) => Ok(Found::Nobody),
            (Some(person), None) => Ok(Found::One(person)),
            (Some(_), Some(_)) => Ok(Found::Several),
        }
    }

    /// Adds the groups that a search finds, if one is configured.
    pub(super) async fn find_groups(
        &mut self,
        ldap: &Ldap,
        person: &mut Person,
    ) -> Result<(), Unavailable> {
        let Some(group_filter) = ldap.group_filter.as_ref().filter(|_| ldap.needs_groups()) else {
            return Ok(());
        };
        let base = ldap.group_base.as_ref().or(ldap.base.as_ref()).map_or("", String::as_str);
        let filter = filter::of_groups(group_filter, &person.dn, person.login.as_deref());
        let (options, wanted) = (SearchOptions::new(), vec![NO_ATTRIBUTES]);
        let (groups, result) = self.search(base, Scope::Subtree, &filter, wanted, options).await?;
        // Too many groups to list are no reason to take rights away, nor to give them.
        if result.rc != SUCCESS {
            return Err(Unavailable::new(format!("the search for groups: {}", said(&result))));
        }
        person.groups = groups.iter().map(|group| normalised(&group.dn)).collect();
        Ok(())
    }

    /// Returns whether the base exists and may be read.
    pub(super) async fn has_base(&mut self, ldap: &Ldap) -> Result<(), Unavailable> {
        let base = ldap.base.as_deref().unwrap_or_default();
        let (options, wanted) = (SearchOptions::new(), vec![NO_ATTRIBUTES]);
        let (found, result) =
            self.search(base, Scope::Base, "(objectClass=*)", wanted, options).await?;
        match result.rc {
            SUCCESS if !found.is_empty() => Ok(()),
            SUCCESS | NO_SUCH_OBJECT => {
                Err(Unavailable::new(format!("it has no entry {base:?}, or does not show it")))
            }
            _ => Err(Unavailable::new(said(&result))),
        }
    }

    async fn search(
        &mut self,
        base: &str,
        scope: Scope,
        filter: &str,
        attributes: Vec<&str>,
        options: SearchOptions,
    ) -> Result<(Vec<SearchEntry>, LdapResult), Unavailable> {
        let searching = self.handle.with_search_options(options);
        let found = searching
            .search(base, scope, filter, attributes)
            .await
            .map_err(|error| failed(&error))?;
        // References to other servers are not followed.
        let entries =
            found.0.into_iter().filter(|entry| !entry.is_ref() && !entry.is_intermediate());
        Ok((entries.map(SearchEntry::construct).collect(), found.1))
    }
}

fn failed(error: &ldap3::LdapError) -> Unavailable {
    Unavailable::new(chain(error))
}

/// Returns what the directory says of a failure, in one line.
fn said(result: &LdapResult) -> String {
    let text: String =
        result.text.chars().filter(|c| !c.is_control()).take(200).collect::<String>();
    let meaning = match result.rc {
        REFERRAL => " (a referral to another server, which is not followed)".to_owned(),
        _ if text.trim().is_empty() => String::new(),
        _ => format!(" ({})", text.trim()),
    };
    format!("result code {}{meaning}", result.rc)
}
