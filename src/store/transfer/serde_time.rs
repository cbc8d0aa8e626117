//! Serializes timestamps as `2025-07-15T14:32:10.245Z`.

use serde::{Deserialize, Deserializer, Serializer, de::Error};
use time::format_description::well_known::Rfc3339;
use time::{OffsetDateTime, UtcDateTime};

use crate::model::Timestamp;

#[expect(clippy::trivially_copy_pass_by_ref, reason = "required by serde")]
pub(super) fn serialize<S: Serializer>(at: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&at.millis())
}

pub(super) fn deserialize<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Timestamp, D::Error> {
    let text = String::deserialize(deserializer)?;
    OffsetDateTime::parse(&text, &Rfc3339)
        .ok()
        // In UTC the year may differ, and could be impossible to write.
        .filter(|at| {
            UtcDateTime::from_unix_timestamp(at.unix_timestamp())
                .is_ok_and(|utc| (0..=9999).contains(&utc.year()))
        })
        .map(Timestamp::from)
        .ok_or_else(|| D::Error::custom(format!("{text:?} is not a timestamp")))
}

pub(super) mod option {
    use super::{Deserializer, Serializer, Timestamp};

    #[expect(clippy::ref_option, reason = "required by serde")]
    pub(in crate::store::transfer) fn serialize<S: Serializer>(
        at: &Option<Timestamp>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        match at {
            Some(at) => super::serialize(at, serializer),
            None => serializer.serialize_none(),
        }
    }

    pub(in crate::store::transfer) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<Timestamp>, D::Error> {
        super::deserialize(deserializer).map(Some)
    }
}

#[cfg(test)]
mod tests {
    use serde::de::IntoDeserializer;
    use serde::de::value::{Error, StrDeserializer};

    use super::*;

    #[test]
    fn only_times_that_can_be_written_again_are_read() {
        let read = |text: &str| {
            let from: StrDeserializer<'_, Error> = text.into_deserializer();
            deserialize(from).ok().map(Timestamp::millis)
        };
        for (text, written) in [
            ("2025-07-15T14:32:10.245Z", Some("2025-07-15T14:32:10.245Z")),
            ("2025-07-15T14:32:10+09:00", Some("2025-07-15T05:32:10.000Z")),
            ("0000-01-01T00:00:00Z", Some("0000-01-01T00:00:00.000Z")),
            ("0000-01-01T00:00:00+00:01", None),
            ("9999-12-31T23:59:59Z", Some("9999-12-31T23:59:59.000Z")),
            ("9999-12-31T23:59:59-00:01", None),
            ("yesterday", None),
        ] {
            assert_eq!(read(text).as_deref(), written, "{text}");
        }
    }
}
