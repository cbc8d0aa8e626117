//! Names of custom emoji.

use crate::model::{Error, Result, emoji_names};

/// Lengths of a name, in characters: the shortest of Slack, the longest of Mattermost.
const LENGTHS: std::ops::RangeInclusive<usize> = 2..=64;

/// Checks the name of a new custom emoji: what both Slack and Mattermost allow, and no name of a
/// built-in emoji.
pub fn check_emoji_name(field: &'static str, name: &str) -> Result<()> {
    if !is_emoji_name(name) {
        return Err(Error::invalid(
            field,
            "must be 2 to 64 lower-case Latin letters, digits, _, - or +",
        ));
    }
    match emoji_names::by_name(name) {
        Some(emoji) => {
            Err(Error::invalid(field, format!("must not be that of the built-in emoji {emoji}")))
        }
        None => Ok(()),
    }
}

/// Returns the name in `:name:` if a custom emoji could have it.
pub fn emoji_in_colons(text: &str) -> Option<&str> {
    text.strip_prefix(':')?.strip_suffix(':').filter(|name| is_emoji_name(name))
}

fn is_emoji_name(name: &str) -> bool {
    let is_letter =
        |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, b'_' | b'-' | b'+');
    LENGTHS.contains(&name.len()) && name.bytes().all(is_letter)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_that_slack_and_mattermost_allow() {
        let longest = "x".repeat(64);
        for good in ["party_parrot", "c++", "2-2", "__", "shipit", &longest] {
            assert_eq!(check_emoji_name("name", good), Ok(()), "{good}");
        }
        let too_long = "x".repeat(65);
        for bad in ["", "x", "Parrot", "party parrot", ":shipit:", "caf\u{e9}", "a.b", &too_long] {
            assert!(check_emoji_name("name", bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn names_of_built_in_emoji_are_refused() {
        for taken in ["tada", "+1", "thumbsup", "flag-kr", "slightly_smiling_face"] {
            let refused = check_emoji_name("name", taken).unwrap_err().to_string();
            assert!(refused.contains("that of the built-in emoji"), "{taken}: {refused}");
        }
    }

    #[test]
    fn a_name_stands_between_two_colons() {
        assert_eq!(emoji_in_colons(":party_parrot:"), Some("party_parrot"));
        for other in ["party_parrot", ":party_parrot", "::", ":x:", ":a b:", ":a:b:", "\u{1f389}"] {
            assert_eq!(emoji_in_colons(other), None, "{other}");
        }
    }
}
