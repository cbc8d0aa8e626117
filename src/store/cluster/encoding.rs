//! Encoding of what is stored as bytes: a version, then the fields of the type of that version in
//! their order.
//!
//! The encoding names no fields, so a stored type never changes: a new field is a new type with the
//! next version, and enums grow at their end only.

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::store::StoreError;

/// Encodes a value of the type with this version. Fails only for types that can never be stored,
/// which their tests notice.
pub(super) fn encode<T: Serialize>(version: u8, value: &T) -> Result<Vec<u8>, StoreError> {
    postcard::to_extend(value, vec![version]).map_err(|error| {
        tracing::error!(%error, "A value cannot be encoded");
        StoreError::Unavailable
    })
}

/// Decodes a value of the type with this version. `Unavailable` for anything else, such as the row
/// of a newer server.
pub(super) fn decode<T: DeserializeOwned>(version: u8, bytes: &[u8]) -> Result<T, StoreError> {
    let Some((_, body)) = bytes.split_first().filter(|(found, _)| **found == version) else {
        tracing::error!(found = bytes.first(), "A row has an unknown version");
        return Err(StoreError::Unavailable);
    };
    match postcard::take_from_bytes(body) {
        Ok((value, [])) => Ok(value),
        Ok((_, rest)) => {
            tracing::error!(rest = rest.len(), "A row is longer than what it contains");
            Err(StoreError::Unavailable)
        }
        Err(error) => {
            tracing::error!(%error, "A row cannot be decoded");
            Err(StoreError::Unavailable)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_same_version_without_a_rest_is_read() {
        let bytes = encode(1, &(7_i64, "ann")).unwrap();
        assert_eq!(decode(1, &bytes), Ok((7_i64, "ann".to_owned())));
        assert_eq!(decode::<(i64, String)>(2, &bytes), Err(StoreError::Unavailable));
        let longer = [&bytes[..], &[0]].concat();
        assert_eq!(decode::<(i64, String)>(1, &longer), Err(StoreError::Unavailable));
        assert_eq!(decode::<(i64, String)>(1, &bytes[..3]), Err(StoreError::Unavailable));
        assert_eq!(decode::<()>(1, &[]), Err(StoreError::Unavailable));
    }
}
