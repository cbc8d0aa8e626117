//! Secrets of sessions, and the JSON web tokens that carry them. Only the `sid` of a token is
//! decisive; the other claims are for clients.

mod hs256;

use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, encode};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::model::{Credential, Error, Hash32, Result, Timestamp};

/// Bytes of a session's secret: 160 bits, 40 hexadecimal digits.
const SECRET_BYTES: usize = 20;

/// How an API token begins, before its secret: scanners for secrets find it by that.
pub(super) const API_TOKEN: &str = "cct_";

/// Signs and verifies tokens.
pub(super) struct Keys {
    encoding: EncodingKey,
    decoding: DecodingKey,
    set_up: [u8; 32],
    answers: [u8; 32],
}

/// The claims of a token.
#[derive(Serialize, Deserialize)]
struct Claims {
    /// Login name.
    user_id: String,
    /// Expiry time in seconds.
    exp: i64,
    /// Issue time in seconds.
    iat: i64,
    /// Secret of the session.
    sid: String,
}

/// The content of a credential, as far as it can be verified without the store.
pub(super) struct Opened {
    /// SHA-256 of the session's secret.
    pub(super) hash: Hash32,
    /// The secret itself.
    pub(super) secret: String,
    /// Expiry of the token.
    pub(super) expires: Option<Timestamp>,
    /// Login name in the token; for the log.
    pub(super) login: Option<String>,
    /// Whether it is an API token: only a session with a grant belongs to it, and to no other.
    pub(super) granted: bool,
}

/// What the secret of the set-up link is derived from, beside the key. No token begins like this.
const SET_UP: &[u8] = b"the first administrator";
/// What the key of addresses for late answers to slash commands is derived from, beside the key.
const ANSWERS: &[u8] = b"answers to slash commands";

impl Keys {
    pub(super) fn new(key: &[u8; 32]) -> Self {
        hs256::install();
        Self {
            encoding: EncodingKey::from_secret(key),
            decoding: DecodingKey::from_secret(key),
            set_up: hs256::derived(key, SET_UP),
            answers: hs256::derived(key, ANSWERS),
        }
    }

    /// The secret of the link that creates the first administrator: the same on all servers with
    /// these data, and at each start.
    pub(super) fn set_up_secret(&self) -> String {
        hex::encode(&self.set_up[..SECRET_BYTES])
    }

    /// The key that signs addresses for late answers to slash commands: the same on all servers.
    pub(super) fn answers(&self) -> &[u8; 32] {
        &self.answers
    }

    /// Signs a token for this session.
    pub(super) fn sign(
        &self,
        login: &str,
        secret: &str,
        issued: Timestamp,
        expires: Timestamp,
    ) -> Result<String> {
        let claims = Claims {
            user_id: login.to_owned(),
            exp: expires.unix_seconds(),
            iat: issued.unix_seconds(),
            sid: secret.to_owned(),
        };
        encode(&Header::new(Algorithm::HS256), &claims, &self.encoding).map_err(|_| Error::Internal)
    }

    /// Verifies a credential; a token must have our signature and must not be expired unless
    /// `expired_too`.
    pub(super) fn open(&self, credential: &Credential, expired_too: bool) -> Result<Opened> {
        let (Credential::Opaque(text) | Credential::Token(text)) = credential;
        if let Some(secret) = text.strip_prefix(API_TOKEN) {
            return Ok(Opened {
                hash: hash(secret)?,
                secret: secret.to_owned(),
                expires: None,
                login: None,
                granted: true,
            });
        }
        match credential {
            Credential::Opaque(secret) => Ok(Opened {
                hash: hash(secret)?,
                secret: secret.clone(),
                expires: None,
                login: None,
                granted: false,
            }),
            Credential::Token(token) => {
                let mut rules = Validation::new(Algorithm::HS256);
                rules.leeway = 0;
                rules.validate_exp = !expired_too;
                rules.set_required_spec_claims(&["exp"]);
                let claims = decode::<Claims>(token, &self.decoding, &rules)
                    .map_err(|_| Error::BadSession)?
                    .claims;
                let expires = Some(Timestamp(claims.exp.saturating_mul(1000)));
                // The library accepts a token in the second of its expiry; there should be no
                // leeway.
                if !expired_too && expires <= Some(Timestamp::now()) {
                    return Err(Error::BadSession);
                }
                Ok(Opened {
                    hash: hash(&claims.sid)?,
                    secret: claims.sid,
                    expires,
                    login: Some(claims.user_id),
                    granted: false,
                })
            }
        }
    }

    /// Returns the login name in an unusable token signed by us; for the log.
    pub(super) fn named(&self, credential: &Credential) -> Option<String> {
        self.open(credential, true).ok()?.login
    }
}

/// Returns the API token with this secret.
pub(super) fn of_secret(secret: &str) -> String {
    format!("{API_TOKEN}{secret}")
}

/// Creates a secret with the operating system's generator.
pub(super) fn new_secret() -> Result<String> {
    let mut bytes = [0; SECRET_BYTES];
    getrandom::fill(&mut bytes).map_err(|_| Error::Internal)?;
    Ok(hex::encode(bytes))
}

/// Returns the stored hash of a secret; anything but 40 hexadecimal digits is refused.
pub(super) fn hash(secret: &str) -> Result<Hash32> {
    if secret.len() != SECRET_BYTES * 2 || !secret.bytes().all(|b| b.is_ascii_hexdigit()) {
        return Err(Error::BadSession);
    }
    Ok(Hash32(Sha256::digest(secret.to_ascii_lowercase()).into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_turn_back_into_their_session_until_they_expire() {
        let keys = Keys::new(&[7; 32]);
        let secret = new_secret().unwrap();
        let now = Timestamp::now();
        let fresh = keys.sign("ann", &secret, now, Timestamp(now.0 + 60_000)).unwrap();
        let opened = keys.open(&Credential::Token(fresh), false).unwrap();
        assert_eq!(
            (opened.secret.as_str(), opened.login.as_deref()),
            (secret.as_str(), Some("ann"))
        );
        let expired =
            Credential::Token(keys.sign("ann", &secret, now, Timestamp(now.0 - 2_000)).unwrap());
        assert_eq!(keys.open(&expired, false).err(), Some(Error::BadSession));
        assert!(keys.open(&expired, true).is_ok());
    }

    #[test]
    fn foreign_keys_other_algorithms_and_odd_secrets_open_nothing() {
        let (keys, secret, now) = (Keys::new(&[7; 32]), new_secret().unwrap(), Timestamp::now());
        let foreign =
            Keys::new(&[8; 32]).sign("ann", &secret, now, Timestamp(now.0 + 60_000)).unwrap();
        let unsigned = "eyJhbGciOiJub25lIn0.\
                        eyJ1c2VyX2lkIjoiYW5uIiwiZXhwIjo5OTk5OTk5OTk5LCJpYXQiOjAsInNpZCI6IjAwIn0."
            .to_owned();
        for token in [foreign, unsigned, String::new(), "a.b.c".to_owned()] {
            assert_eq!(keys.open(&Credential::Token(token), true).err(), Some(Error::BadSession));
        }
        for opaque in ["", "xyz", &"g".repeat(40), &"a".repeat(41)] {
            assert_eq!(
                keys.open(&Credential::Opaque((*opaque).to_owned()), false).err(),
                Some(Error::BadSession)
            );
        }
    }
}
