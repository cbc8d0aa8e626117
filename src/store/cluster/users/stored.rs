//! A user as stored in their row.

use serde::{Deserialize, Serialize};

use crate::model::{Account, Media, MediaId, SessionId, Timestamp, User, UserId};
use crate::store::cluster::claims;
use crate::store::cluster::media::StoredMedia;
use crate::store::{NewUser, UserChange};

/// Version of [`Stored`].
pub(super) const VERSION: u8 = 1;

/// Version 1 of a stored user.
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
        }
    }

    /// Returns what is kept of a deleted user.
    pub(super) fn buried(&self, at: Timestamp) -> Self {
        Self { created: self.created, deleted: Some(at.0), ..Self::default() }
    }

    /// Returns the user after a change; `picture` is the file of [`UserChange::media`].
    pub(super) fn changed(&self, change: &UserChange, picture: Option<&Media>) -> Self {
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
        if let Some(new) = &change.password {
            after.password.clone_from(&new.password);
            after.md5.clone_from(&new.md5);
            after.sha1.clone_from(&new.sha1);
            after.end_sessions(new.keep);
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
        names
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
            admin: self.admin,
            disabled: self.disabled,
            bot: self.bot,
            guest: self.guest,
            created: Timestamp(self.created),
        }
    }

    pub(super) fn account(&self, id: UserId) -> Account {
        Account {
            user: self.user(id),
            password: self.password.clone(),
            md5: self.md5.clone(),
            sha1: self.sha1.clone(),
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
    use crate::store::cluster::encoding::{decode, encode};

    #[test]
    fn stored_users_of_version_1_are_read() {
        let stored = Stored {
            login: "Ann".to_owned(),
            email: Some("a@example.org".to_owned()),
            disabled: true,
            created: 7,
            generation: 3,
            kept: Some(5),
            ..Stored::default()
        };
        let bytes = encode(VERSION, &stored).unwrap();
        assert_eq!(
            hex::encode(&bytes),
            "0103416e6e000000010d61406578616d706c652e6f7267000000000000010000\
             0e03010a00"
        );
        assert_eq!(decode::<Stored>(VERSION, &bytes), Ok(stored));
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
        let after = before.changed(&change, None);
        assert!(after.admits(0, SessionId(1)) && !after.admits(0, SessionId(2)));
        assert!(after.admits(1, SessionId(3)));
        let disabled = UserChange { disabled: Some(true), ..UserChange::default() };
        let enabled = UserChange { disabled: Some(false), ..UserChange::default() };
        let after = after.changed(&disabled, None).changed(&enabled, None);
        assert!(!after.admits(0, SessionId(1)) && !after.admits(1, SessionId(3)));
    }
}
