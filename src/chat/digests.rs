//! Log-in by digest: old clients send the MD5 or SHA-1 of the password in hexadecimal instead of
//! the password.
//!
//! Only the Argon2id hash of the lower-case digest is stored, so that a leaked hash cannot be used
//! to log in.

use std::borrow::Cow;

use md5::Md5;
use sha1::{Digest as _, Sha1};
use tracing::{debug, info};

use super::Chat;
use crate::model::{Account, Result, UserId};
use crate::store::Digests;

/// The kind of secret that a log-in matched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shown {
    /// The password itself.
    Password,
    /// A digest of the password.
    Digest,
}

/// The kind of digest a text can be, judged by length and alphabet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Md5,
    Sha1,
}

impl Kind {
    fn of(secret: &str) -> Option<Self> {
        let hexadecimal = secret.bytes().all(|byte| byte.is_ascii_hexdigit());
        match secret.len() {
            32 if hexadecimal => Some(Self::Md5),
            40 if hexadecimal => Some(Self::Sha1),
            _ => None,
        }
    }

    fn stored(self, account: &Account) -> Option<&str> {
        match self {
            Self::Md5 => account.md5.as_deref(),
            Self::Sha1 => account.sha1.as_deref(),
        }
    }
}

/// One hash computation of a log-in.
struct Attempt<'a> {
    secret: Cow<'a, str>,
    hash: Option<&'a str>,
    shown: Shown,
}

/// Attempts in order until one matches: a secret that looks like a digest is tried as a digest
/// first, then as the password. Unknown accounts cost the same number of attempts, so that timing
/// does not reveal them.
fn attempts<'a>(account: Option<&'a Account>, secret: &'a str, digests: bool) -> Vec<Attempt<'a>> {
    let mut all = Vec::with_capacity(2);
    if let Some(kind) = Kind::of(secret).filter(|_| digests) {
        all.push(Attempt {
            secret: secret.to_ascii_lowercase().into(),
            hash: account.and_then(|account| kind.stored(account)),
            shown: Shown::Digest,
        });
    }
    all.push(Attempt {
        secret: secret.into(),
        hash: account.map(|account| account.password.as_str()),
        shown: Shown::Password,
    });
    all
}

/// Returns whether a text can be the digest of a password.
pub(super) fn may_be_digest(secret: &str) -> bool {
    Kind::of(secret).is_some()
}

/// MD5 and SHA-1 of a password in lower-case hexadecimal, in this order.
pub(super) fn digests(password: &str) -> [String; 2] {
    [hex::encode(Md5::digest(password)), hex::encode(Sha1::digest(password))]
}

impl Chat {
    /// Checks a secret against an account; digests count if they are `welcome` and configured.
    pub(super) async fn check_secret(
        &self,
        account: Option<&Account>,
        secret: &str,
        welcome: bool,
    ) -> Result<Option<Shown>> {
        for Attempt { secret, hash, shown } in
            attempts(account, secret, welcome && self.config().auth.digest_login)
        {
            if self.0.hasher.verify(&secret, hash).await? {
                return Ok(Some(shown));
            }
        }
        Ok(None)
    }

    /// Stores the digests that an account lacks (after an import, or after digests were disabled)
    /// while the password is available.
    pub(super) fn complete_digests(&self, account: &Account, password: &str) {
        if !self.config().auth.digest_login || (account.md5.is_some() && account.sha1.is_some()) {
            return;
        }
        let (chat, user, of, digests) =
            (self.clone(), account.user.id, account.password.clone(), digests(password));
        tokio::spawn(async move {
            if chat.add_digests(user, of, digests).await.is_err() {
                debug!("digests were not added; the next log-in tries again");
            }
        });
    }

    async fn add_digests(&self, user: UserId, of: String, digests: [String; 2]) -> Result<()> {
        let hashes = self.0.hasher.hash(digests.to_vec()).await?;
        let Ok([md5, sha1]) = <[String; 2]>::try_from(hashes) else { return Ok(()) };
        Ok(self.store().add_digests(user, Digests { of, md5, sha1 }).await?)
    }

    /// Removes stored digests if log-in by digest is disabled; called once, before any log-in.
    pub async fn settle_digests(&self) -> Result<()> {
        if !self.config().auth.digest_login {
            let removed = self.store().forget_digests().await?;
            if removed > 0 {
                info!("The digests of {removed} passwords were removed.");
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Timestamp, User};

    fn account() -> Account {
        let (login, name) = ("ann".to_owned(), "Ann".to_owned());
        let user = User {
            id: UserId(1),
            login,
            name,
            email: None,
            birth: None,
            media: None,
            status: None,
            admin: false,
            disabled: false,
            bot: false,
            guest: false,
            second_factor: false,
            created: Timestamp(0),
        };
        Account {
            user,
            password: "p".to_owned(),
            md5: Some("m".to_owned()),
            sha1: None,
            second_factor: None,
        }
    }

    #[test]
    fn as_much_is_computed_for_unknown_accounts() {
        let account = account();
        let (md5, sha1) = ("AB".repeat(16), "AB".repeat(20));
        let table = [
            (md5.as_str(), true, vec![("ab".repeat(16), Some("m")), (md5.clone(), Some("p"))]),
            (&sha1, true, vec![("ab".repeat(20), None), (sha1.clone(), Some("p"))]),
            (&md5, false, vec![(md5.clone(), Some("p"))]),
            ("correct horse", true, vec![("correct horse".to_owned(), Some("p"))]),
            ("", true, vec![(String::new(), Some("p"))]),
        ];
        for (secret, digests, wanted) in table {
            let tried = |account| {
                attempts(account, secret, digests)
                    .into_iter()
                    .map(|one| (one.secret.into_owned(), one.hash))
                    .collect::<Vec<_>>()
            };
            assert_eq!(tried(Some(&account)), wanted);
            assert_eq!(
                tried(None),
                wanted.iter().map(|(secret, _)| (secret.clone(), None)).collect::<Vec<_>>()
            );
        }
    }

    #[test]
    fn digests_are_those_of_everybody_else() {
        assert_eq!(
            digests("correct horse"),
            ["3cb4e732631f47e6eb961f34554b7cde", "2f9e53523b62abc141a2b4d6019d23cba835dbd0"]
        );
    }

    #[test]
    fn only_so_many_hexadecimal_digits_may_be_a_digest() {
        assert_eq!(Kind::of(&"aF09".repeat(8)), Some(Kind::Md5));
        assert_eq!(Kind::of(&"aF09".repeat(10)), Some(Kind::Sha1));
        for text in [
            String::new(),
            "a".repeat(31),
            "a".repeat(33),
            "a".repeat(39),
            "a".repeat(41),
            "g".repeat(32),
            "à".repeat(16),
            format!(" {}", "a".repeat(31)),
        ] {
            assert_eq!(Kind::of(&text), None, "{text}");
        }
    }
}
