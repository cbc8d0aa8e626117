//! The second factor of a log-in: a code of an authenticator app (RFC 6238), or a recovery code.

use std::fmt::{self, Debug, Formatter};

use sha2::{Digest, Sha256};
use totp_rs::{Builder, Secret};

use super::{Hash32, Timestamp};

/// Bytes of the secret that the app shares: as many as its SHA-1 has, as RFC 4226 recommends.
pub const SECRET_BYTES: usize = 20;
/// Bytes of a recovery code: so many that a fast hash of it tells nothing.
pub const RECOVERY_BYTES: usize = 10;
/// Recovery codes that are given out together.
pub const RECOVERY_CODES: usize = 10;

/// Digits of a code.
const DIGITS: usize = 6;
/// Steps by which the clock of the app may be ahead or behind.
const SKEW: u16 = 1;
/// Characters of a group of a code or a secret that people read.
const GROUP: usize = 4;

/// What a second factor is checked with. Never leaves the server, except once when it is set up.
#[derive(Clone, PartialEq, Eq)]
pub struct SecondFactor {
    /// Shared with the app.
    pub secret: Vec<u8>,
    /// A code has confirmed that the app has the secret: it is in force. Otherwise it is only set up.
    pub confirmed: bool,
    /// The last step of 30 seconds, counted from 1970, whose code was used. Codes of this step and
    /// of earlier ones are refused.
    pub step: u64,
    /// SHA-256 of the recovery codes that have not been used.
    pub recovery: Vec<Hash32>,
}

impl Debug for SecondFactor {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.debug_struct("SecondFactor").field("confirmed", &self.confirmed).finish_non_exhaustive()
    }
}

impl SecondFactor {
    /// One that is set up with this secret, and not in force yet.
    pub fn new(secret: impl Into<Vec<u8>>) -> Self {
        Self { secret: secret.into(), confirmed: false, step: 0, recovery: Vec::new() }
    }

    /// Returns the factor after this code was used; None: the code is wrong, or was used before.
    /// White space and hyphens in it are ignored.
    pub fn spend(&self, code: &str, now: Timestamp) -> Option<Self> {
        let code: String =
            code.chars().filter(|c| !c.is_whitespace() && *c != '-').take(64).collect();
        if code.len() == DIGITS && code.bytes().all(|digit| digit.is_ascii_digit()) {
            let step = self.step_of(&code, now).filter(|step| *step > self.step)?;
            return Some(Self { step, ..self.clone() });
        }
        let spent = recovery_hash(&code);
        let place = self.recovery.iter().position(|hash| *hash == spent)?;
        let mut after = self.clone();
        after.recovery.remove(place);
        Some(after)
    }

    /// Returns the factor in force, with these recovery codes; None: the code is wrong.
    pub fn confirm(&self, code: &str, now: Timestamp, recovery: Vec<Hash32>) -> Option<Self> {
        Some(Self { confirmed: true, recovery, ..self.spend(code, now)? })
    }

    /// Returns the step of a code that is right now.
    fn step_of(&self, code: &str, now: Timestamp) -> Option<u64> {
        let secret = Secret::from(self.secret.clone());
        let totp = Builder::new().with_secret(secret).with_skew(SKEW).build().ok()?;
        totp.check(code, u64::try_from(now.unix_seconds()).ok()?)
    }
}

/// Returns a secret as authenticator apps take it: Base32 without padding.
pub fn secret_text(secret: &[u8]) -> String {
    Secret::from(secret.to_vec()).to_base32()
}

/// Returns a recovery code as people read it: groups of four, in lower case.
pub fn recovery_code(random: [u8; RECOVERY_BYTES]) -> String {
    let text = secret_text(&random).to_lowercase();
    let groups: Vec<&str> =
        (0..text.len()).step_by(GROUP).filter_map(|at| text.get(at..at + GROUP)).collect();
    groups.join("-")
}

/// Returns what is stored of a recovery code. It is the same however the code is written: in groups
/// or not, in upper case, and with the digits that its alphabet lacks for the letters they look like.
pub fn recovery_hash(code: &str) -> Hash32 {
    let alike = |c: char| match c.to_ascii_lowercase() {
        '0' => 'o',
        '1' => 'l',
        c => c,
    };
    let plain: String =
        code.chars().filter(|c| !c.is_whitespace() && *c != '-').map(alike).collect();
    Hash32(Sha256::digest(plain.as_bytes()).into())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    /// The secret and the codes of RFC 6238, appendix B, of which the last six digits are shown.
    const SECRET: &[u8] = b"12345678901234567890";

    fn at(seconds: i64) -> Timestamp {
        Timestamp(seconds * 1000)
    }

    #[test]
    fn codes_are_those_of_the_standard() {
        for (seconds, code) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
            (20_000_000_000, "353130"),
        ] {
            let factor = SecondFactor::new(SECRET);
            let after = factor.spend(code, at(seconds)).expect(code);
            assert_eq!(after.step, u64::try_from(seconds / 30).unwrap());
            assert_eq!(factor.spend("287083", at(seconds)), None);
        }
    }

    #[test]
    fn a_code_works_once_and_for_one_step_before_and_after_its_own() {
        let factor = SecondFactor::new(SECRET);
        let step = Duration::from_secs(30);
        let shown = at(59);
        for (now, right) in [
            (at(29), true),
            (shown, true),
            (shown.plus(step), true),
            (shown.plus(2 * step), false),
            (at(1_111_111_109), false),
        ] {
            assert_eq!(factor.spend("287 082", now).is_some(), right, "{now:?}");
        }
        let used = factor.spend(" 287-082 ", shown).unwrap();
        assert_eq!(used.spend("287082", shown), None);
        assert_eq!(used.spend("287082", shown.plus(step)), None);
        // The code of the step before it, which may still be shown elsewhere.
        let earlier = SecondFactor { step: 37_037_036, ..factor.clone() };
        let later = earlier.spend("050471", at(1_111_111_111)).unwrap();
        assert_eq!(later.step, 37_037_037);
        assert_eq!(later.spend("081804", at(1_111_111_111)), None);
        assert_eq!(factor.spend("", shown), None);
        assert_eq!(factor.spend("28708２", shown), None);
    }

    #[test]
    fn a_recovery_code_works_once_however_it_is_written() {
        let code = recovery_code([7; RECOVERY_BYTES]);
        assert_eq!(code, "a4dq-obyh-a4dq-obyh");
        let other = recovery_code([8; RECOVERY_BYTES]);
        let factor = SecondFactor {
            recovery: vec![recovery_hash(&other), recovery_hash(&code)],
            ..SecondFactor::new(SECRET)
        };
        for written in [code.as_str(), "A4DQ OBYH A4DQ OBYH", "a4dq0byha4dq0byh"] {
            let after = factor.spend(written, at(0)).expect(written);
            assert_eq!(after.recovery, [recovery_hash(&other)]);
            assert_eq!(after.spend(written, at(0)), None);
            assert_eq!(after.step, factor.step);
        }
        assert_eq!(factor.spend(&recovery_code([9; RECOVERY_BYTES]), at(0)), None);
    }

    #[test]
    fn a_code_confirms_a_secret_and_is_used_then() {
        let factor = SecondFactor::new(SECRET);
        assert_eq!(factor.confirm("000000", at(59), Vec::new()), None);
        let codes = vec![recovery_hash("a4dq-obyh-a4dq-obyh")];
        let confirmed = factor.confirm("287082", at(59), codes.clone()).unwrap();
        assert!(confirmed.confirmed && confirmed.recovery == codes);
        assert_eq!(confirmed.spend("287082", at(59)), None);
        assert!(!format!("{confirmed:?}").contains("49"), "no secret in a log");
    }
}
