//! Identities of users in other systems, as they are exported.

use serde::{Deserialize, Serialize};

use crate::model::{Identity, IdentitySource};

/// What a user is in another system.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct IdentityRecord {
    /// [`IdentitySource::as_str`].
    pub source: String,
    /// [`Identity::subject`].
    pub subject: String,
}

impl From<&Identity> for IdentityRecord {
    fn from(Identity { source, subject }: &Identity) -> Self {
        Self { source: source.as_str().to_owned(), subject: subject.clone() }
    }
}

impl IdentityRecord {
    /// Returns the identity; None: it is not understood, or cannot be stored.
    pub fn identity(&self) -> Option<Identity> {
        let source = IdentitySource::parse(&self.source)?;
        Some(Identity { source, subject: self.subject.clone() }).filter(Identity::is_sound)
    }
}
