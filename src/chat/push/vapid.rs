//! The signature with which the server identifies itself to push services (RFC 8292).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use reqwest::Url;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use serde_json::json;

use crate::model::{Error, Result, Timestamp};

/// How long a signature is valid, in seconds; services refuse more than a day.
const LIFE: i64 = 12 * 60 * 60;

/// The key of this server, or of all servers of a cluster.
pub(super) struct Vapid {
    key: EcdsaKeyPair,
}

impl Vapid {
    /// Reads the key of the settings.
    pub(super) fn new(pkcs8: &[u8]) -> Result<Self> {
        let algorithm = &ECDSA_P256_SHA256_FIXED_SIGNING;
        let key = EcdsaKeyPair::from_pkcs8(algorithm, pkcs8, &SystemRandom::new());
        key.map(|key| Self { key }).map_err(|error| {
            tracing::error!(%error, "The key for push services in the database cannot be read");
            Error::Internal
        })
    }

    /// Returns the public key as browsers take it (`applicationServerKey`).
    pub(super) fn public_key(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.key.public_key().as_ref())
    }

    /// Returns the header `Authorization` of a request to this address. `contact` is a URL whose
    /// owner the service can turn to.
    pub(super) fn header(&self, to: &Url, contact: &str, now: Timestamp) -> Result<String> {
        let claims = json!({
            "aud": to.origin().ascii_serialization(),
            "exp": now.unix_seconds() + LIFE,
            "sub": contact,
        });
        let head = URL_SAFE_NO_PAD.encode(r#"{"typ":"JWT","alg":"ES256"}"#);
        let signed = format!("{head}.{}", URL_SAFE_NO_PAD.encode(claims.to_string()));
        let signature =
            self.key.sign(&SystemRandom::new(), signed.as_bytes()).map_err(|_| Error::Internal)?;
        let signature = URL_SAFE_NO_PAD.encode(signature.as_ref());
        Ok(format!("vapid t={signed}.{signature}, k={}", self.public_key()))
    }
}
