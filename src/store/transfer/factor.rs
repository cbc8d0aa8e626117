//! The second factor of a user, in exports and in databases of one server.

use std::fmt::{self, Debug, Formatter};

use serde::{Deserialize, Serialize};

use crate::model::{Hash32, SecondFactor};

/// The shortest secret, in bytes: shorter ones have no codes (RFC 4226).
const LEAST_SECRET: usize = 16;

/// The second factor of a user.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FactorRecord {
    /// The secret that the app shares, in hexadecimal.
    pub secret: String,
    /// It is in force; otherwise it is only set up.
    pub confirmed: bool,
    /// The last step of 30 seconds whose code was used.
    pub step: u64,
    /// SHA-256 of the recovery codes that have not been used, in hexadecimal.
    pub recovery: Vec<String>,
}

impl Debug for FactorRecord {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.debug_struct("FactorRecord").field("confirmed", &self.confirmed).finish_non_exhaustive()
    }
}

impl From<&SecondFactor> for FactorRecord {
    fn from(factor: &SecondFactor) -> Self {
        Self {
            secret: hex::encode(&factor.secret),
            confirmed: factor.confirmed,
            step: factor.step,
            recovery: factor.recovery.iter().map(|hash| hex::encode(hash.0)).collect(),
        }
    }
}

impl TryFrom<FactorRecord> for SecondFactor {
    type Error = hex::FromHexError;

    fn try_from(record: FactorRecord) -> Result<Self, Self::Error> {
        let hash = |text: &String| {
            let mut bytes = [0; 32];
            hex::decode_to_slice(text, &mut bytes).map(|()| Hash32(bytes))
        };
        let secret = hex::decode(&record.secret)?;
        if secret.len() < LEAST_SECRET {
            return Err(hex::FromHexError::InvalidStringLength);
        }
        let recovery = record.recovery.iter().map(hash).collect::<Result<_, _>>()?;
        Ok(Self { secret, confirmed: record.confirmed, step: record.step, recovery })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn factors_are_read_as_they_were_written() {
        let factor = SecondFactor {
            secret: vec![1; 20],
            confirmed: true,
            step: 7,
            recovery: vec![Hash32([2; 32])],
        };
        let record = FactorRecord::from(&factor);
        let json = serde_json::to_string(&record).unwrap();
        let (secret, hash) = ("01".repeat(20), "02".repeat(32));
        assert_eq!(
            json,
            format!(
                "{{\"secret\":\"{secret}\",\"confirmed\":true,\"step\":7,\"recovery\":[\"{hash}\"]}}"
            )
        );
        assert_eq!(serde_json::from_str::<FactorRecord>(&json).unwrap(), record);
        assert_eq!(SecondFactor::try_from(record.clone()), Ok(factor));
        assert!(!format!("{record:?}").contains("01"), "no secret in a log");
        for wrong in ["", "0101", "no hexadecimal digits, and long"] {
            let record = FactorRecord { secret: wrong.to_owned(), ..record.clone() };
            assert!(SecondFactor::try_from(record).is_err(), "{wrong}");
        }
        let record = FactorRecord { recovery: vec!["02".to_owned()], ..record };
        assert!(SecondFactor::try_from(record).is_err());
    }
}
