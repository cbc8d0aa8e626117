//! What the name, the accent colour and the message of the day of a server must be like, whether the
//! configuration or an administrator says them.

use crate::model::rules::hidden;

/// Maximum length of the name, as of those of rooms.
const MAX_NAME: usize = 64;
/// Maximum number of characters of the message of the day.
const MAX_MOTD: usize = 300;

/// Returns what is wrong with a name.
pub fn wrong_name(name: &str) -> Option<&'static str> {
    if name.trim().is_empty() {
        return Some("must not be empty; without it, pages are called Chat");
    }
    let fits = name.chars().count() <= MAX_NAME && hidden(name).is_none();
    (!fits).then_some("must be one line of at most 64 characters, without invisible characters")
}

/// Returns what is wrong with a colour.
pub fn wrong_accent(accent: &str) -> Option<&'static str> {
    let digits = accent.strip_prefix('#').unwrap_or_default();
    let is_colour = digits.len() == 6 && digits.bytes().all(|digit| digit.is_ascii_hexdigit());
    (!is_colour).then_some("must be a colour such as #2a6fdb")
}

/// Returns what is wrong with a message of the day.
pub fn wrong_motd(motd: &str) -> Option<&'static str> {
    let line = motd.replace(['\n', '\r', '\t'], " ");
    let fits = line.chars().count() <= MAX_MOTD && hidden(&line).is_none();
    (!fits).then_some("must have at most 300 characters, without invisible characters")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_one_line() {
        for good in ["Pier Nine", "집", &"가".repeat(MAX_NAME)] {
            assert_eq!(wrong_name(good), None, "{good}");
        }
        for bad in ["", " ", "a\nb", "a\u{202e}b", "a\u{200b}", &"a".repeat(MAX_NAME + 1)] {
            assert!(wrong_name(bad).is_some(), "{bad}");
        }
    }

    #[test]
    fn colours_have_six_digits() {
        assert_eq!(wrong_accent("#2a6FdB"), None);
        for bad in ["", "2a6fdb", "#2a6fd", "#2a6fdg", "red"] {
            assert!(wrong_accent(bad).is_some(), "{bad}");
        }
    }

    #[test]
    fn messages_are_short() {
        let longest = "가".repeat(MAX_MOTD);
        assert_eq!(wrong_motd(&longest), None);
        assert!(wrong_motd(&format!("{longest}.")).is_some());
        assert_eq!(wrong_motd("one\r\ntwo"), None);
        assert!(wrong_motd("one\n\u{2067}two").is_some());
    }
}
