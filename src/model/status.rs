//! What users say about themselves for a time.

use super::rules::{hidden, one_emoji};
use super::{Error, Result, Timestamp, is_blank, with_single_spaces};

/// Maximum length of the text, in characters.
pub const MAX_STATUS: usize = 100;

/// The status of a user: an emoji, a text, or both.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Status {
    /// One emoji in its fully qualified form.
    pub emoji: Option<String>,
    /// May be empty if there is an emoji.
    pub text: String,
    /// End; None: until the user removes it. Nothing is written then: readers ignore a status that
    /// has ended.
    pub until: Option<Timestamp>,
}

impl Status {
    /// Checks a status that is set at `now`, and returns it as it is stored; errors name the field.
    pub fn new(
        emoji: Option<&str>,
        text: &str,
        until: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<Self> {
        let emoji = match emoji.filter(|emoji| !emoji.is_empty()) {
            None => None,
            Some(emoji) => Some(
                one_emoji(emoji)
                    .ok_or_else(|| Error::invalid("status.emoji", "must be one emoji"))?
                    .to_owned(),
            ),
        };
        let text = if is_blank(text) { String::new() } else { with_single_spaces(text) };
        if text.chars().count() > MAX_STATUS || hidden(&text).is_some() {
            return Err(Error::invalid(
                "status.text",
                "must have at most 100 characters, without control or invisible characters",
            ));
        }
        if emoji.is_none() && text.is_empty() {
            return Err(Error::invalid("status", "must have an emoji or a text"));
        }
        if until.is_some_and(|until| until <= now) {
            return Err(Error::invalid("status.until", "must be in the future"));
        }
        Ok(Self { emoji, text, until })
    }

    /// Returns whether the status has not ended.
    pub fn lasts(&self, now: Timestamp) -> bool {
        self.until.is_none_or(|until| now < until)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp(1_000);

    fn set(emoji: Option<&str>, text: &str, until: Option<i64>) -> Result<Status> {
        Status::new(emoji, text, until.map(Timestamp), NOW)
    }

    #[test]
    fn a_status_has_an_emoji_or_a_text() {
        let lunch = set(Some("🍜"), " at  lunch ", None).unwrap();
        assert_eq!((lunch.emoji.as_deref(), lunch.text.as_str()), (Some("🍜"), "at lunch"));
        assert!(set(Some("🍜"), "", None).is_ok() && set(None, "away", None).is_ok());
        assert!(set(None, " ", None).is_err() && set(Some(""), "", None).is_err());
        assert!(set(Some("x"), "a", None).is_err());
        assert!(set(None, &"가".repeat(100), None).is_ok());
        assert!(set(None, &"a".repeat(101), None).is_err());
        assert!(set(None, "a\tb\u{7}", None).is_err());
        assert!(set(None, "a\u{202e}b", None).is_err() && set(None, "a\u{200b}", None).is_err());
    }

    #[test]
    fn a_status_ends_at_its_time() {
        assert!(set(None, "away", Some(1_000)).is_err());
        let status = set(None, "away", Some(1_001)).unwrap();
        assert!(status.lasts(NOW) && !status.lasts(Timestamp(1_001)));
        assert!(set(None, "away", None).unwrap().lasts(Timestamp(i64::MAX)));
    }
}
