//! Slack timestamps, which also identify messages within their channel.

use crate::model::Timestamp;

/// Seconds and microseconds: `1752589930.245019`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Moment(i64, i64);

impl Moment {
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (seconds, fraction) = text.trim().split_once('.').unwrap_or((text.trim(), "0"));
        let fraction: String = fraction.chars().chain("000000".chars()).take(6).collect();
        let seconds =
            seconds.parse().ok().filter(|seconds| (0..100_000_000_000).contains(seconds))?;
        Some(Self(seconds, fraction.parse().ok()?))
    }

    pub(super) fn time(self) -> Timestamp {
        Timestamp(self.0 * 1000 + self.1 / 1000)
    }

    /// In Slack notation. Exports that use numbers lose trailing zeros.
    pub(super) fn key(self) -> String {
        format!("{}.{:06}", self.0, self.1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_keep_their_order_to_the_microsecond() {
        let [first, second] =
            ["1752589930.245019", "1752589930.245020"].map(|text| Moment::parse(text).unwrap());
        assert!(first < second);
        assert_eq!(first.time(), Timestamp(1_752_589_930_245));
        assert_eq!(Moment::parse("1752589930.2").unwrap().time(), Timestamp(1_752_589_930_200));
        assert_eq!(Moment::parse("1752589930.24502").unwrap().key(), second.key());
        for bad in ["", "x", "-1.0", "1.x", "99999999999999999999.0"] {
            assert_eq!(Moment::parse(bad), None, "{bad}");
        }
    }
}
