//! How imports remember users without a known password.

use sha2::{Digest, Sha256};

/// Kind of the records of [`ImportedRecord`](super::ImportedRecord) that do: the key is the user's
/// id, and `id` the fingerprint of the value stored instead of a password.
pub const PASSWORDLESS: &str = "passwordless";

/// Returns a fingerprint of a stored password, which changes when a password is set.
pub fn fingerprint(password: &str) -> i64 {
    let digest = Sha256::digest(password.as_bytes());
    digest.iter().take(8).fold(0, |number, byte| number << 8 | i64::from(*byte))
}

#[cfg(test)]
mod tests {
    use super::fingerprint;

    #[test]
    fn fingerprints_differ() {
        assert_eq!(fingerprint("a"), fingerprint("a"));
        assert_ne!(fingerprint("a"), fingerprint("b"));
    }
}
