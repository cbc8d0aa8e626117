//! Timestamps in UTC with millisecond precision, and the formats of the documents.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use time::{OffsetDateTime, UtcDateTime};

/// Milliseconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(pub i64);

impl Timestamp {
    /// Current time. Messages get theirs from the store, which keeps it monotonic per room.
    pub fn now() -> Self {
        Self::from(SystemTime::now())
    }

    /// Returns whole seconds since the epoch.
    pub fn unix_seconds(self) -> i64 {
        self.0.div_euclid(1000)
    }

    /// Returns the timestamp later by `span`.
    #[must_use]
    pub fn plus(self, span: Duration) -> Self {
        Self(self.0.saturating_add(i64::try_from(span.as_millis()).unwrap_or(i64::MAX)))
    }

    /// Returns the timestamp earlier by `span`.
    #[must_use]
    pub fn minus(self, span: Duration) -> Self {
        Self(self.0.saturating_sub(i64::try_from(span.as_millis()).unwrap_or(i64::MAX)))
    }

    /// Formats as `2025-07-15T14:32:10Z`.
    pub fn seconds(self) -> String {
        let mut text = self.seconds_without_zone();
        text.push('Z');
        text
    }

    /// Formats as `2025-07-15T14:32:10.245Z`.
    pub fn millis(self) -> String {
        let mut text = self.seconds_without_zone();
        text.push('.');
        push_padded::<3>(&mut text, self.0.rem_euclid(1000));
        text.push('Z');
        text
    }

    /// Formats as `2015-08-05T22:18:45`: UTC without a zone.
    pub fn seconds_without_zone(self) -> String {
        let t = self.date_time();
        let mut text = Self::of_day(t);
        for (before, number) in [('T', t.hour()), (':', t.minute()), (':', t.second())] {
            text.push(before);
            push_padded::<2>(&mut text, number.into());
        }
        text
    }

    /// Formats as `2025-07-15`.
    pub fn date(self) -> String {
        Self::of_day(self.date_time())
    }

    fn of_day(t: UtcDateTime) -> String {
        let mut text = String::with_capacity("2025-07-15T14:32:10.245Z".len());
        push_padded::<4>(&mut text, t.year().into());
        for number in [u8::from(t.month()), t.day()] {
            text.push('-');
            push_padded::<2>(&mut text, number.into());
        }
        text
    }

    /// Returns the day in UTC.
    pub fn day(self) -> time::Date {
        self.date_time().date()
    }

    fn date_time(self) -> UtcDateTime {
        UtcDateTime::from_unix_timestamp(self.unix_seconds()).unwrap_or(UtcDateTime::UNIX_EPOCH)
    }
}

/// Appends a number with leading zeros. A page of history has hundreds of them, for which the
/// formatting of the standard library is slow.
fn push_padded<const WIDTH: usize>(text: &mut String, number: i64) {
    if number < 0 {
        text.push('-');
    }
    let mut rest = number.unsigned_abs();
    let mut digits = [b'0'; WIDTH];
    for digit in digits.iter_mut().rev() {
        *digit += u8::try_from(rest % 10).unwrap_or(0);
        rest /= 10;
    }
    text.extend(digits.map(char::from));
}

impl From<SystemTime> for Timestamp {
    fn from(at: SystemTime) -> Self {
        let since = at.duration_since(UNIX_EPOCH).unwrap_or_default();
        Self(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
    }
}

impl From<OffsetDateTime> for Timestamp {
    fn from(at: OffsetDateTime) -> Self {
        Self(i64::try_from(at.unix_timestamp_nanos() / 1_000_000).unwrap_or(i64::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_are_those_of_the_documents() {
        let t = Timestamp(1_752_589_930_245);
        assert_eq!(t.seconds(), "2025-07-15T14:32:10Z");
        assert_eq!(t.millis(), "2025-07-15T14:32:10.245Z");
        assert_eq!(t.seconds_without_zone(), "2025-07-15T14:32:10");
        assert_eq!(t.date(), "2025-07-15");
        assert_eq!(Timestamp(5).millis(), "1970-01-01T00:00:00.005Z");
        assert_eq!(Timestamp(-1).millis(), "1969-12-31T23:59:59.999Z");
        assert_eq!(Timestamp(253_402_300_799_999).millis(), "9999-12-31T23:59:59.999Z");
    }
}
