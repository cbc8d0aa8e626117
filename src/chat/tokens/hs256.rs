//! The signature of our tokens, HMAC with SHA-256 (RFC 7518, section 3.2), by the cryptography that
//! TLS uses anyway. The providers of the token library bring every algorithm with them, which takes
//! much longer to compile.

use jsonwebtoken::Algorithm;
use jsonwebtoken::crypto::{CryptoProvider, JwtSigner, JwtVerifier, KeyUtils};
use jsonwebtoken::errors::{ErrorKind, Result};
use jsonwebtoken::signature::{Error, Signer, Verifier};
use ring::hmac::{self, HMAC_SHA256, Key};

static PROVIDER: CryptoProvider = CryptoProvider {
    signer_factory: |algorithm, key| Ok(Box::new(Hs256::new(*algorithm, key.as_bytes())?)),
    verifier_factory: |algorithm, key| {
        Ok(Box::new(Hs256::new(*algorithm, key.try_get_as_bytes()?)?))
    },
    key_utils: KeyUtils::new_unimplemented(),
};

/// Makes the token library use it, in the whole process.
pub(super) fn install() {
    // Installed already: by an earlier call.
    PROVIDER.install_default().unwrap_or(());
}

/// Derives a secret for one purpose from the key of the tokens.
pub(super) fn derived(key: &[u8; 32], purpose: &[u8]) -> [u8; 32] {
    let tag = hmac::sign(&Key::new(HMAC_SHA256, key), purpose);
    let mut secret = [0; 32];
    secret.copy_from_slice(tag.as_ref());
    secret
}

struct Hs256(Key);

impl Hs256 {
    fn new(algorithm: Algorithm, key: &[u8]) -> Result<Self> {
        match algorithm {
            Algorithm::HS256 => Ok(Self(Key::new(HMAC_SHA256, key))),
            _ => Err(ErrorKind::InvalidAlgorithm.into()),
        }
    }
}

impl Signer<Vec<u8>> for Hs256 {
    fn try_sign(&self, message: &[u8]) -> std::result::Result<Vec<u8>, Error> {
        Ok(hmac::sign(&self.0, message).as_ref().to_vec())
    }
}

impl JwtSigner for Hs256 {
    fn algorithm(&self) -> Algorithm {
        Algorithm::HS256
    }
}

impl Verifier<Vec<u8>> for Hs256 {
    /// In constant time.
    fn verify(&self, message: &[u8], signature: &Vec<u8>) -> std::result::Result<(), Error> {
        hmac::verify(&self.0, message, signature).map_err(|_| Error::new())
    }
}

impl JwtVerifier for Hs256 {
    fn algorithm(&self) -> Algorithm {
        Algorithm::HS256
    }
}

#[cfg(test)]
mod tests {
    use jsonwebtoken::crypto::{sign, verify};
    use jsonwebtoken::{DecodingKey, EncodingKey};

    use super::*;

    /// RFC 7515, appendix A.1.
    const KEY: &str =
        "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow";
    const SIGNED: &str = "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.\
                          eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNv\
                          bS9pc19yb290Ijp0cnVlfQ";
    const SIGNATURE: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";

    fn key() -> Vec<u8> {
        use base64::Engine;
        base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(KEY).unwrap()
    }

    #[test]
    fn it_signs_as_the_standard_shows() {
        install();
        let signed =
            sign(SIGNED.as_bytes(), &EncodingKey::from_secret(&key()), Algorithm::HS256).unwrap();
        assert_eq!(signed, SIGNATURE);
    }

    #[test]
    fn another_signature_message_key_or_algorithm_is_refused() {
        install();
        let (ours, other) = (DecodingKey::from_secret(&key()), DecodingKey::from_secret(b"other"));
        let accepted = |signature: &str, message: &str, key| {
            verify(signature, message.as_bytes(), key, Algorithm::HS256).unwrap()
        };
        assert!(accepted(SIGNATURE, SIGNED, &ours));
        assert!(!accepted(SIGNATURE, SIGNED, &other));
        assert!(!accepted(SIGNATURE, &SIGNED[1..], &ours));
        assert!(!accepted("", SIGNED, &ours));
        assert!(!accepted(&SIGNATURE[..40], SIGNED, &ours));
        assert!(verify(SIGNATURE, SIGNED.as_bytes(), &ours, Algorithm::HS512).is_err());
    }
}
