//! Identities of users in other systems, with which they log in.

/// The system that knows an identity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum IdentitySource {
    /// The provider of OpenID Connect.
    Oidc,
    /// The LDAP directory.
    Ldap,
}

impl IdentitySource {
    /// Both sources.
    pub const ALL: [Self; 2] = [Self::Oidc, Self::Ldap];

    /// Returns the name, as stored, exported and shown.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Oidc => "oidc",
            Self::Ldap => "ldap",
        }
    }

    /// Returns the source with this name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|source| source.as_str() == name)
    }
}

/// What one person is in another system. It belongs to at most one account here.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Identity {
    /// The system.
    pub source: IdentitySource,
    /// What the system calls the person, permanently: see [`Identity::oidc`]; the directory's
    /// permanent id of an entry for LDAP.
    pub subject: String,
}

/// Maximum number of bytes of a subject.
pub const MAX_SUBJECT: usize = 1024;

impl Identity {
    /// Returns the identity of a subject of an OpenID Connect provider: the issuer and the subject,
    /// separated by `#`, which no issuer contains (OpenID Connect Core 1.0, section 2: an issuer has
    /// neither query nor fragment).
    pub fn oidc(issuer: &str, subject: &str) -> Self {
        Self { source: IdentitySource::Oidc, subject: format!("{issuer}#{subject}") }
    }

    /// Returns whether it can be stored: the subject is not blank, not too long, and has no control
    /// characters.
    pub fn is_sound(&self) -> bool {
        let length = 1..=MAX_SUBJECT;
        let named = self.subject.rsplit('#').next().is_some_and(|name| !name.trim().is_empty());
        named && length.contains(&self.subject.len()) && !self.subject.chars().any(char::is_control)
    }

    /// Returns a text that is different for each identity.
    pub fn key(&self) -> String {
        format!("{}:{}", self.source.as_str(), self.subject)
    }
}

/// A person, as another system describes them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExternalUser {
    /// Who it is, permanently.
    pub identity: Identity,
    /// Login name of a new account.
    pub login: Option<String>,
    /// Display name of a new account.
    pub name: Option<String>,
    /// E-mail address; one that is not valid counts as none.
    pub email: Option<String>,
    /// The other system has verified that the address is theirs.
    pub email_verified: bool,
    /// Whether they are to be an administrator of the server; None: the other system does not
    /// decide it.
    pub admin: Option<bool>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identities_of_different_people_differ() {
        let one = Identity::oidc("https://id.example.org", "1#2");
        assert_eq!(one.key(), "oidc:https://id.example.org#1#2");
        assert_ne!(one, Identity::oidc("https://id.example.org/", "1#2"));
        let ldap = Identity { source: IdentitySource::Ldap, subject: one.subject.clone() };
        assert_ne!(one.key(), ldap.key());
        for source in IdentitySource::ALL {
            assert_eq!(IdentitySource::parse(source.as_str()), Some(source));
        }
        assert_eq!(IdentitySource::parse("saml"), None);
    }

    #[test]
    fn subjects_that_are_empty_long_or_invisible_are_not_stored() {
        let sound = |subject: &str| {
            Identity { source: IdentitySource::Ldap, subject: subject.to_owned() }.is_sound()
        };
        assert!(sound("a") && sound(&"a".repeat(MAX_SUBJECT)));
        assert!(!sound("") && !sound("a\nb") && !sound(&"a".repeat(MAX_SUBJECT + 1)));
    }
}
