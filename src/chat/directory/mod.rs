//! Log-ins that the LDAP directory checks: whose password it is asked for, which account belongs to
//! an entry, and what follows from the entry.
//!
//! An account that is linked to an entry is only checked by the directory; its own password, if it
//! has one, counts again when the link is removed. Other accounts are never checked by it. A name
//! that no account has is looked for in the directory, and its account is created if `[ldap]
//! create_accounts` permits it.

mod follow;
mod outlook;
mod sync;

use tracing::{error, info, warn};

pub use outlook::{AccountOutlook, Outlook};
pub use sync::{Synced, Unsynced};

use super::digests::may_be_digest;
use super::external::NoAccount;
use super::log_in::{Attempt, CheckedBy, Offer, Proof};
use super::refusals::Reason;
use super::{Chat, LoggedIn, Operator};
use crate::ldap::{Checked, Directory, Found, Person, Unavailable, Who};
use crate::model::{
    Account, Client, Error, Identity, IdentitySource, Result, UserId, check_email, check_login,
};

/// What is said of the password of a linked account; continues a sentence.
const ELSEWHERE: &str = "is kept by the LDAP directory; change it there";

/// What a server has of the directory.
#[derive(Default)]
pub(super) struct Directories {
    /// The connections to it.
    directory: Directory,
}

/// The answer to a password.
enum Answer {
    /// The password is right, and this is the account with its link.
    Proven(Box<Account>, Identity),
    /// It is wrong, or there is no account: the reason for the log, and whether the directory knows
    /// the user.
    Refused(Reason, bool),
}

impl Chat {
    /// Returns the entry that an account is linked to.
    pub(super) async fn ldap_identity(&self, user: UserId) -> Result<Option<Identity>> {
        let all = self.store().identities(user).await?;
        Ok(all.into_iter().find(|identity| identity.source == IdentitySource::Ldap))
    }

    /// Returns whether the LDAP directory checks the password of a user.
    pub async fn has_password_elsewhere(&self, user: UserId) -> Result<bool> {
        Ok(self.ldap_identity(user).await?.is_some())
    }

    /// Refuses a new password of an account whose password the directory keeps.
    pub(super) async fn check_password_is_here(&self, user: UserId) -> Result<()> {
        if self.has_password_elsewhere(user).await? {
            return Err(Error::invalid("password", ELSEWHERE));
        }
        Ok(())
    }

    /// Returns what checks the password of an account: the directory if it is linked to an entry, or
    /// if there is no account and a directory is configured.
    pub(super) async fn checked_by(&self, account: Option<&Account>) -> Result<CheckedBy> {
        let identity = match account {
            Some(account) => self.ldap_identity(account.user.id).await?,
            None => None,
        };
        let asks = identity.is_some() || (account.is_none() && self.config().ldap.is_on());
        Ok(if asks { CheckedBy::Directory(identity) } else { CheckedBy::Account })
    }

    /// Opens a session by a password that the directory checks: of the entry that an account is
    /// linked to, or of the entry that the name finds.
    pub(super) async fn log_in_by_directory(
        &self,
        attempt: Attempt<'_>,
        linked: Option<(Account, Identity)>,
        offer: &Offer<'_>,
        client: &Client,
    ) -> Result<LoggedIn> {
        // Nobody can tell a digest from a password that looks like one, and the directory cannot
        // check digests.
        if offer.digests && self.config().auth.digest_login && may_be_digest(offer.secret) {
            return Err(attempt.refuse(Reason::Password, linked.is_some()));
        }
        let answer = match linked {
            Some((account, identity)) => {
                self.ask_of_linked(account, identity, offer.secret, client).await
            }
            None => self.ask_of_name(offer, client).await,
        };
        match answer {
            Ok(Answer::Proven(account, identity)) => {
                let proof = Proof::Identity { identity: &identity, trusted: false };
                attempt.accept(*account, proof, offer.code).await
            }
            Ok(Answer::Refused(reason, known)) => Err(attempt.refuse(reason, known)),
            Err(error) => Err(attempt.undecided(error).await),
        }
    }

    async fn ask_of_linked(
        &self,
        account: Account,
        identity: Identity,
        password: &str,
        client: &Client,
    ) -> Result<Answer> {
        let user = &account.user.login;
        match self.ask(Who::Id(identity.subject.clone()), password).await? {
            Checked::Right(person) => {
                let account = self.follow_entry(account, &identity, &person, client).await?;
                Ok(Answer::Proven(Box::new(account), identity))
            }
            Checked::Wrong(why) => {
                info!(user, "The LDAP directory refuses a password: {why}.");
                Ok(Answer::Refused(Reason::Password, true))
            }
            Checked::Nobody => {
                warn!(user, "The LDAP directory has no entry of a user any more.");
                Ok(Answer::Refused(Reason::Disabled, true))
            }
            Checked::Several => {
                error!(user, "The LDAP directory has several entries of the same id.");
                Ok(Answer::Refused(Reason::Directory, true))
            }
        }
    }

    async fn ask_of_name(&self, offer: &Offer<'_>, client: &Client) -> Result<Answer> {
        let (typed, user) = (offer.counted, offer.logged);
        // What can be no login name and no address is not asked for.
        if check_login("user", typed).is_err() && check_email("user", typed).is_err() {
            return Ok(Answer::Refused(Reason::Unknown, false));
        }
        match self.ask(Who::Login(typed.to_owned()), offer.secret).await? {
            Checked::Right(person) => self.answer_of(&person, client).await,
            Checked::Wrong(why) => {
                info!(user, "The LDAP directory refuses a password: {why}.");
                Ok(Answer::Refused(Reason::Password, true))
            }
            Checked::Nobody => Ok(Answer::Refused(Reason::Unknown, false)),
            Checked::Several => {
                error!(
                    user,
                    "The LDAP directory has several entries for a name; [ldap] user_filter must \
                     find one."
                );
                Ok(Answer::Refused(Reason::Directory, true))
            }
        }
    }

    /// Checks the password of a linked account. False: it is wrong, or the entry is gone.
    pub(super) async fn is_password_of_entry(
        &self,
        identity: &Identity,
        password: &str,
    ) -> Result<bool> {
        let checked = self.ask(Who::Id(identity.subject.clone()), password).await?;
        Ok(matches!(checked, Checked::Right(_)))
    }

    /// Returns whether the directory has an entry with this id.
    pub async fn has_entry(
        &self,
        _: &Operator,
        id: &str,
    ) -> std::result::Result<bool, Unavailable> {
        let config = self.config();
        let who = Who::Id(id.to_owned());
        let found = self.0.directories.directory.find(&config.ldap, who).await?;
        Ok(found != Found::Nobody)
    }

    async fn ask(&self, who: Who, password: &str) -> Result<Checked> {
        let config = self.config();
        if !config.ldap.is_on() {
            error!("An account is linked to an LDAP directory, but [ldap] url is not set.");
            return Err(Error::Unavailable);
        }
        let checked = self.0.directories.directory.check(&config.ldap, who, password).await;
        checked.map_err(|why| {
            error!("The LDAP directory cannot be asked: {why}.");
            Error::Unavailable
        })
    }

    /// Returns the account of an entry whose password was right; creates it if it may.
    async fn answer_of(&self, person: &Person, client: &Client) -> Result<Answer> {
        let identity = identity(&person.id);
        let (dn, id) = (&person.dn, &person.id);
        let create = self.config().ldap.create_accounts;
        match self.account_of_entry(&identity, person, create, client).await {
            Ok(account) => return Ok(Answer::Proven(Box::new(account), identity)),
            Err(NoAccount::Failed(error)) => return Err(error),
            Err(NoAccount::Unknown) => warn!(
                "No account is linked to {dn:?}, and [ldap] create_accounts is false; to link one: \
                 chatctl user link NAME --ldap {id}"
            ),
            Err(NoAccount::NoName) => error!(
                "No account can be created for {dn:?}: it has no attribute {}; check [ldap] \
                 login_attribute.",
                self.config().ldap.login_attribute
            ),
            Err(NoAccount::InvalidName(name)) => {
                error!("No account can be created for {dn:?}: {name:?} is no valid login name.");
            }
            Err(NoAccount::NameTaken(name)) => error!(
                "No account can be created for {dn:?}: the name {name:?} is taken, or looks like \
                 one that is; to link that account: chatctl user link {name} --ldap {id}"
            ),
            Err(NoAccount::EmailTaken) => error!(
                "No account can be created for {dn:?}: its e-mail address belongs to another \
                 account; to link that account: chatctl user link NAME --ldap {id}"
            ),
        }
        Ok(Answer::Refused(Reason::Directory, true))
    }
}

/// The identity of an entry.
fn identity(id: &str) -> Identity {
    Identity { source: IdentitySource::Ldap, subject: id.to_owned() }
}
