//! A user as stored in their row.

use serde::{Deserialize, Serialize};

use crate::model::{
    Account, Hash32, Identity, IdentitySource, Media, MediaId, SecondFactor, SessionId, Status,
    Timestamp, User, UserId,
};
use crate::store::cluster::claims;
use crate::store::cluster::encoding::decode;
use crate::store::cluster::media::StoredMedia;
use crate::store::{Ended, NewUser, StoreError, UserChange};

/// Version of [`Stored`].
pub(super) const VERSION: u8 = 4;

/// A stored user: version 4.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[expect(clippy::struct_excessive_bools, reason = "the flags of a user")]
pub(in crate::store::cluster) struct Stored {
    pub(super) login: String,
    pub(super) folded: String,
    pub(super) look_alike: String,
    pub(super) name: String,
    pub(super) email: Option<String>,
    pub(super) birth: Option<String>,
    pub(super) media: Option<StoredMedia>,
    pub(super) password: String,
    pub(super) md5: Option<String>,
    pub(super) sha1: Option<String>,
    pub(super) admin: bool,
    pub(super) disabled: bool,
    pub(super) bot: bool,
    pub(super) guest: bool,
    pub(super) created: i64,
    /// Sessions of an earlier generation have ended, except `kept`.
    pub(super) generation: u32,
    pub(super) kept: Option<i64>,
    /// Time of deletion.
    pub(super) deleted: Option<i64>,
    pub(super) status: Option<StoredStatus>,
    pub(super) second_factor: Option<StoredFactor>,
    pub(super) identities: Vec<StoredIdentity>,
}

/// The second factor of a user: version 1.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct StoredFactor {
    secret: Vec<u8>,
    confirmed: bool,
    step: u64,
    recovery: Vec<[u8; 32]>,
    /// Random at each change. Two servers that take the same code at once would otherwise write the
    /// same row, and each would find its own there.
    write: u64,
}

impl StoredFactor {
    pub(super) fn new(factor: &SecondFactor, write: u64) -> Self {
        Self {
            secret: factor.secret.clone(),
            confirmed: factor.confirmed,
            step: factor.step,
            recovery: factor.recovery.iter().map(|hash| hash.0).collect(),
            write,
        }
    }

    pub(super) fn factor(&self) -> SecondFactor {
        SecondFactor {
            secret: self.secret.clone(),
            confirmed: self.confirmed,
            step: self.step,
            recovery: self.recovery.iter().copied().map(Hash32).collect(),
        }
    }
}

/// What a user is in another system: version 1.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct StoredIdentity {
    source: String,
    subject: String,
    /// Random at each link. Two servers that link at once would otherwise write the same row, and
    /// each would find its own there.
    write: u64,
}

impl StoredIdentity {
    pub(super) fn new(identity: &Identity, write: u64) -> Self {
        let (source, subject) = (identity.source.as_str().to_owned(), identity.subject.clone());
        Self { source, subject, write }
    }

    /// Returns whether both are the same identity.
    fn same(&self, other: &Self) -> bool {
        (&self.source, &self.subject) == (&other.source, &other.subject)
    }

    fn identity(&self) -> Option<Identity> {
        let source = IdentitySource::parse(&self.source)?;
        Some(Identity { source, subject: self.subject.clone() })
    }
}

/// The status of a user: version 1.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct StoredStatus {
    emoji: Option<String>,
    text: String,
    until: Option<i64>,
}

impl From<Status> for StoredStatus {
    fn from(Status { emoji, text, until }: Status) -> Self {
        Self { emoji, text, until: until.map(|until| until.0) }
    }
}

impl From<StoredStatus> for Status {
    fn from(StoredStatus { emoji, text, until }: StoredStatus) -> Self {
        Self { emoji, text, until: until.map(Timestamp) }
    }
}

/// Version 3: before users had identities in other systems.
#[derive(Debug, Serialize, Deserialize)]
struct Stored3 {
    first: Stored2,
    second_factor: Option<StoredFactor>,
}

impl From<Stored3> for Stored {
    fn from(old: Stored3) -> Self {
        Self { second_factor: old.second_factor, ..old.first.into() }
    }
}

/// Version 2: before users had a second factor.
#[derive(Debug, Serialize, Deserialize)]
struct Stored2 {
    first: Stored1,
    status: Option<StoredStatus>,
}

impl From<Stored2> for Stored {
    fn from(old: Stored2) -> Self {
        Self { status: old.status, ..old.first.into() }
    }
}

/// Version 1: before users had a status.
#[derive(Debug, Serialize, Deserialize)]
#[expect(clippy::struct_excessive_bools, reason = "the flags of a user")]
struct Stored1 {
    login: String,
    folded: String,
    look_alike: String,
    name: String,
    email: Option<String>,
    birth: Option<String>,
    media: Option<StoredMedia>,
    password: String,
    md5: Option<String>,
    sha1: Option<String>,
    admin: bool,
    disabled: bool,
    bot: bool,
    guest: bool,
    created: i64,
    /// Sessions of an earlier generation have ended, except `kept`.
    generation: u32,
    kept: Option<i64>,
    /// Time of deletion.
    deleted: Option<i64>,
}

impl From<Stored1> for Stored {
    fn from(old: Stored1) -> Self {
        Self {
            login: old.login,
            folded: old.folded,
            look_alike: old.look_alike,
            name: old.name,
            email: old.email,
            birth: old.birth,
            media: old.media,
            password: old.password,
            md5: old.md5,
            sha1: old.sha1,
            admin: old.admin,
            disabled: old.disabled,
            bot: old.bot,
            guest: old.guest,
            created: old.created,
            generation: old.generation,
            kept: old.kept,
            deleted: old.deleted,
            status: None,
            second_factor: None,
            identities: Vec::new(),
        }
    }
}

/// Decodes a user of any version.
pub(super) fn read(bytes: &[u8]) -> Result<Stored, StoreError> {
    match bytes.first() {
        Some(1) => Ok(decode::<Stored1>(1, bytes)?.into()),
        Some(2) => Ok(decode::<Stored2>(2, bytes)?.into()),
        Some(3) => Ok(decode::<Stored3>(3, bytes)?.into()),
        _ => decode(VERSION, bytes),
    }
}

impl Stored {
    pub(super) fn new(new: &NewUser, at: Timestamp) -> Self {
        Self {
            login: new.login.clone(),
            folded: new.folded.clone(),
            look_alike: new.look_alike.clone(),
            name: new.name.clone(),
            email: new.email.clone(),
            birth: new.birth.clone(),
            media: None,
            password: new.password.clone(),
            md5: new.md5.clone(),
            sha1: new.sha1.clone(),
            admin: new.admin,
            disabled: false,
            bot: new.bot,
            guest: new.guest,
            created: at.0,
            generation: 0,
            kept: None,
            deleted: None,
            status: None,
            second_factor: None,
            identities: new.identity.iter().map(|one| StoredIdentity::new(one, 0)).collect(),
        }
    }

    /// Returns what is kept of a deleted user.
    pub(super) fn buried(&self, at: Timestamp) -> Self {
        Self { created: self.created, deleted: Some(at.0), ..Self::default() }
    }

    /// Returns the user after a change; `picture` is the file of [`UserChange::media`], and `write`
    /// a number that no other write has.
    pub(super) fn changed(&self, change: &UserChange, picture: Option<&Media>, write: u64) -> Self {
        let mut after = self.clone();
        if let Some(name) = &change.name {
            after.name.clone_from(name);
        }
        if let Some(email) = &change.email {
            after.email.clone_from(email);
        }
        if let Some(birth) = &change.birth {
            after.birth.clone_from(birth);
        }
        if change.media.is_some() {
            after.media = picture.map(StoredMedia::from);
        }
        if let Some(status) = &change.status {
            after.status = status.clone().map(StoredStatus::from);
        }
        if let Some(new) = &change.password {
            after.password.clone_from(&new.password);
            after.md5.clone_from(&new.md5);
            after.sha1.clone_from(&new.sha1);
            after.end_sessions(new.keep);
        }
        if let Some(new) = &change.second_factor {
            after.second_factor = new.after.as_ref().map(|factor| StoredFactor::new(factor, write));
            match new.ending() {
                Some(Ended::AllBut(keep)) => after.end_sessions(Some(keep)),
                Some(_) => after.end_sessions(None),
                None => {}
            }
        }
        let unlinked: Vec<_> =
            change.unlink.iter().map(|one| StoredIdentity::new(one, 0)).collect();
        after.identities.retain(|known| !unlinked.iter().any(|one| one.same(known)));
        for new in change.link.iter().map(|one| StoredIdentity::new(one, write)) {
            if !after.identities.iter().any(|known| known.same(&new)) {
                after.identities.push(new);
            }
        }
        for (flag, new) in [
            (&mut after.disabled, change.disabled),
            (&mut after.admin, change.admin),
            (&mut after.bot, change.bot),
            (&mut after.guest, change.guest),
        ] {
            *flag = new.unwrap_or(*flag);
        }
        if change.disabled == Some(true) {
            after.end_sessions(None);
        }
        after
    }

    /// Ends all sessions started so far, except this one.
    fn end_sessions(&mut self, keep: Option<SessionId>) {
        self.generation += 1;
        self.kept = keep.map(|id| id.0);
    }

    /// Returns what this user claims.
    pub(super) fn names(&self) -> Vec<(claims::Kind, String)> {
        let mut names = vec![
            (claims::Kind::Login, self.folded.clone()),
            (claims::Kind::LookAlike, self.look_alike.clone()),
        ];
        names.extend(self.email_key().map(|email| (claims::Kind::Email, email)));
        let keys = self.identities().into_iter().map(|one| one.key());
        names.extend(keys.map(|key| (claims::Kind::Identity, key)));
        names
    }

    /// Returns what the user is in other systems, in order.
    pub(super) fn identities(&self) -> Vec<Identity> {
        let mut all: Vec<_> = self.identities.iter().filter_map(StoredIdentity::identity).collect();
        all.sort();
        all
    }

    /// Returns the e-mail address as it is claimed.
    pub(super) fn email_key(&self) -> Option<String> {
        self.email.as_ref().map(|email| email.to_lowercase())
    }

    /// Returns the user without secrets.
    pub(in crate::store::cluster) fn user(&self, id: UserId) -> User {
        User {
            id,
            login: self.login.clone(),
            name: self.name.clone(),
            email: self.email.clone(),
            birth: self.birth.clone(),
            media: self.media.clone().map(Media::from),
            status: self.status.clone().map(Status::from),
            admin: self.admin,
            disabled: self.disabled,
            bot: self.bot,
            guest: self.guest,
            second_factor: self.second_factor.as_ref().is_some_and(|factor| factor.confirmed),
            created: Timestamp(self.created),
        }
    }

    /// Returns what the codes of the user are checked with.
    pub(super) fn factor(&self) -> Option<SecondFactor> {
        self.second_factor.as_ref().map(StoredFactor::factor)
    }

    pub(super) fn account(&self, id: UserId) -> Account {
        Account {
            user: self.user(id),
            password: self.password.clone(),
            md5: self.md5.clone(),
            sha1: self.sha1.clone(),
            second_factor: self.factor(),
        }
    }

    /// Returns the number of the profile picture.
    pub(in crate::store::cluster) fn picture(&self) -> Option<MediaId> {
        self.media.clone().map(|media| Media::from(media).id)
    }

    /// Returns whether a session of this generation is still valid.
    pub(in crate::store::cluster) fn admits(&self, generation: u32, session: SessionId) -> bool {
        !self.disabled && (generation == self.generation || self.kept == Some(session.0))
    }

    /// Returns the generation of sessions that start now; None: the user may not log in.
    pub(in crate::store::cluster) fn generation(&self) -> Option<u32> {
        (!self.disabled).then_some(self.generation)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::NewPassword;
    use crate::store::cluster::encoding::encode;

    #[test]
    fn stored_users_are_read() {
        let stored = Stored {
            login: "Ann".to_owned(),
            email: Some("a@example.org".to_owned()),
            disabled: true,
            created: 7,
            generation: 3,
            kept: Some(5),
            ..Stored::default()
        };
        let fields = "03416e6e000000010d61406578616d706c652e6f72670000000000000100000e03010a00";
        let first = hex::decode(format!("01{fields}")).unwrap();
        assert_eq!(read(&first), Ok(stored.clone()));
        let status = Status { emoji: None, text: "away".to_owned(), until: Some(Timestamp(7)) };
        let stored = Stored { status: Some(status.into()), ..stored };
        let second = hex::decode(format!("02{fields}01000461776179010e")).unwrap();
        assert_eq!(read(&second), Ok(stored.clone()));
        let factor = SecondFactor {
            secret: vec![1, 2],
            confirmed: true,
            step: 3,
            recovery: vec![Hash32([4; 32])],
        };
        let stored = Stored { second_factor: Some(StoredFactor::new(&factor, 5)), ..stored };
        let hash = "04".repeat(32);
        let fields = format!("{fields}01000461776179010e01020102010301{hash}05");
        let third = hex::decode(format!("03{fields}")).unwrap();
        assert_eq!(read(&third), Ok(stored.clone()));
        assert_eq!(stored.factor(), Some(factor));
        let identity = Identity::oidc("i", "s");
        let stored = Stored { identities: vec![StoredIdentity::new(&identity, 6)], ..stored };
        let bytes = encode(VERSION, &stored).unwrap();
        assert_eq!(hex::encode(&bytes), format!("04{fields}01046f6964630369237306"));
        assert_eq!(read(&bytes), Ok(stored.clone()));
        assert_eq!(stored.identities(), [identity]);
    }

    #[test]
    fn a_new_password_ends_all_sessions_but_one() {
        let before = Stored::default();
        assert!(before.admits(0, SessionId(1)));
        let password = NewPassword {
            password: "new".to_owned(),
            md5: None,
            sha1: None,
            keep: Some(SessionId(1)),
        };
        let change = UserChange { password: Some(password), ..UserChange::default() };
        let after = before.changed(&change, None, 0);
        assert!(after.admits(0, SessionId(1)) && !after.admits(0, SessionId(2)));
        assert!(after.admits(1, SessionId(3)));
        let disabled = UserChange { disabled: Some(true), ..UserChange::default() };
        let enabled = UserChange { disabled: Some(false), ..UserChange::default() };
        let after = after.changed(&disabled, None, 0).changed(&enabled, None, 0);
        assert!(!after.admits(0, SessionId(1)) && !after.admits(1, SessionId(3)));
    }
}
