//! What binds a log-in to the browser that began it.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

/// Bytes of a secret.
const LENGTH: usize = 32;

/// A random secret that only the browser and this server know. State, nonce and the verifier of
/// PKCE are derived from it, and do not reveal it or each other.
#[derive(Clone)]
pub struct Secret([u8; LENGTH]);

impl Secret {
    /// Returns a new secret; None without random numbers.
    pub fn new() -> Option<Self> {
        let mut bytes = [0; LENGTH];
        getrandom::fill(&mut bytes).ok()?;
        Some(Self(bytes))
    }

    /// Reads the value of a cookie.
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        bytes.try_into().ok().map(Self)
    }

    /// Returns the value of a cookie.
    pub fn text(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.0)
    }

    /// `state`
    pub(super) fn state(&self) -> String {
        self.derived("state")
    }

    /// `nonce`
    pub(super) fn nonce(&self) -> String {
        self.derived("nonce")
    }

    /// `code_verifier`: 43 characters (RFC 7636, section 4.1).
    pub(super) fn verifier(&self) -> String {
        self.derived("verifier")
    }

    /// Returns whether an answer with this state belongs to the log-in that this browser began.
    pub fn has_state(&self, state: &str) -> bool {
        self.state().as_bytes().ct_eq(state.as_bytes()).into()
    }

    fn derived(&self, what: &str) -> String {
        let digest = Sha256::new().chain_update(self.0).chain_update(what).finalize();
        URL_SAFE_NO_PAD.encode(digest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_of_a_log_in_follows_from_its_secret() {
        let secret = Secret::new().unwrap();
        let again = Secret::parse(&secret.text()).unwrap();
        let derived = [secret.state(), secret.nonce(), secret.verifier()];
        assert_eq!(derived, [again.state(), again.nonce(), again.verifier()]);
        for (n, one) in derived.iter().enumerate() {
            assert_eq!(one.len(), 43);
            assert!(!derived[n + 1..].contains(one) && *one != secret.text());
        }
        assert!(again.has_state(&derived[0]));
        let other = Secret::new().unwrap();
        assert!(!other.has_state(&derived[0]) && !other.has_state(""));
        for wrong in ["", "a", &"a".repeat(42), &format!("{}a", secret.text())] {
            assert!(Secret::parse(wrong).is_none(), "{wrong}");
        }
    }
}
